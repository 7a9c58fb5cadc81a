"""When a user's own log falls silent, the plan says it is less sure; and it does not say so of anybody else's."""

from datetime import date, timedelta

from crm.domain.principal import Principal
from crm.interactions.actions import delete_interaction
from crm.interactions.silence import caution, silent_since
from tests.builders import NOW, World


def since(world: World, by: Principal) -> date | None:
    with world.database.read() as connection:
        return silent_since(connection, by, NOW)


def test_twenty_one_days_are_silence_and_twenty_are_not(world: World) -> None:
    alice, marta = world.user(), world.contact()
    world.log("phone", 21, marta, by=alice)
    assert since(world, alice) == date(2026, 11, 2)
    with world.database.read() as connection:
        said = caution(connection, alice, NOW)
    assert said == "You have logged nothing since 2 November, so these may be less reliable."
    world.log("phone", 20, marta, by=alice)
    assert since(world, alice) is None


def test_what_colleagues_log_is_not_their_log_unless_they_took_part(world: World) -> None:
    alice, bob, marta = world.user(), world.user("Bob Stone", role="member"), world.contact()
    world.log("phone", 30, marta, by=alice)
    world.log("phone", 2, marta, by=bob)
    assert since(world, alice) == date(2026, 10, 24)
    assert since(world, bob) is None
    assert alice.user_id is not None
    world.log("lunch", 1, marta, by=bob, user_ids=(alice.user_id,))
    assert since(world, alice) is None


def test_what_is_logged_ahead_is_no_silence(world: World) -> None:
    alice, marta = world.user(), world.contact()
    world.log("phone", 30, marta, by=alice)
    world.log("lunch", None, marta, by=alice, occurred_at=NOW + timedelta(days=5))
    assert since(world, alice) is None


def test_what_was_deleted_does_not_count(world: World) -> None:
    alice, marta = world.user(), world.contact()
    world.log("phone", 30, marta, by=alice)
    recent = world.log("phone", 1, marta, by=alice)
    with world.database.write() as connection:
        delete_interaction(connection, alice, recent, NOW)
    assert since(world, alice) == date(2026, 10, 24)


def test_a_log_never_kept_did_not_fall_silent(world: World) -> None:
    alice, marta = world.user(), world.contact()
    world.log("email", 300, marta)
    assert since(world, alice) is None
    world.log("email", 500, marta, by=alice)
    assert since(world, alice) is None
