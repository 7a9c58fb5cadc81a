"""Links that anybody may ask for: few fill no inbox, and none takes from its owner what they wait for."""

from datetime import timedelta

import pytest

from crm.accounts import actions
from crm.errors import NotFound
from tests.builders import NOW, World


def ask(world: World, user_id: int, minutes: float, purpose: str = "sign_in") -> str | None:
    """A link that somebody asks for so many minutes from now; None where it has to wait."""
    at = NOW + timedelta(minutes=minutes)
    with world.database.write() as connection:
        if actions.asked_lately(connection, world.workspace_id, user_id, purpose, at):
            return None
        return actions.make_link(connection, world.workspace_id, user_id, purpose, at)


def test_whoever_goes_on_asking_gets_a_link_ever_more_rarely(world: World) -> None:
    alice, bob = world.user().user_id or 0, world.user("Bob Stone").user_id or 0
    got = [minute for minute in range(120) if ask(world, alice, minute)]
    assert got == [0, 2, 6, 14, 29, 44, 59, 74, 89, 104, 119]
    assert ask(world, alice, 120, "reset")
    assert ask(world, bob, 120)


@pytest.mark.parametrize("purpose", ["sign_in", "reset"])
def test_however_often_a_stranger_asks_a_link_holds_or_can_be_had(world: World, purpose: str) -> None:
    alice, token = world.user().user_id or 0, ""
    with world.database.write() as connection:
        for minute in (*range(200), *range(1400, 1500)):
            at = NOW + timedelta(minutes=minute)
            if not actions.asked_lately(connection, world.workspace_id, alice, purpose, at):
                token = actions.make_link(connection, world.workspace_id, alice, purpose, at)
            assert actions.link_of(connection, token, [purpose], at)


def test_who_uses_their_links_does_not_wait_longer(world: World) -> None:
    alice = world.user().user_id or 0
    for number in range(12):
        token = ask(world, alice, number * 3)
        assert token
        with world.database.write() as connection:
            actions.use_link(connection, token, ["sign_in"], NOW + timedelta(minutes=number * 3 + 1))


def test_a_stranger_who_asks_ends_no_link_that_somebody_waits_for(world: World) -> None:
    alice = world.user().user_id or 0
    tokens = [token for minute in (0, 2, 6) if (token := ask(world, alice, minute))]
    for minutes in (7, 14):
        with world.database.read() as connection:
            at = NOW + timedelta(minutes=minutes)
            assert actions.link_of(connection, tokens[0], ["sign_in"], at).name == "Alice Meyer"
    with world.database.write() as connection:
        actions.use_link(connection, tokens[0], ["sign_in"], at)
        for token in tokens:
            with pytest.raises(NotFound):
                actions.link_of(connection, token, ["sign_in"], at)


def test_of_invitations_the_newest_counts(world: World) -> None:
    alice = world.user().user_id or 0
    with world.database.write() as connection:
        first, second = (
            actions.make_link(connection, world.workspace_id, alice, "invitation", NOW + timedelta(minutes=n))
            for n in (0, 1)
        )
        at = NOW + timedelta(minutes=2)
        with pytest.raises(NotFound):
            actions.link_of(connection, first, ["invitation"], at)
        assert actions.link_of(connection, second, ["invitation"], at)
