"""Signing in and out, and the brake on guessing."""

import re
from typing import Any

import pytest
import time_machine
from pwdlib import PasswordHash
from sqlalchemy import func, select
from starlette.testclient import TestClient

from crm.accounts import actions, address_pages, passwords, proof, settings_pages, sign_in, token_pages
from crm.accounts.passwords import hashed
from crm.nudges import feed_pages
from crm.storage.tables import address_change, api_token, plan_feed, session
from tests.builders import World
from tests.web.site import PASSWORD, client, cookie

HASH = hashed(PASSWORD)


def sessions(world: World) -> int:
    with world.database.read() as connection:
        return connection.execute(select(func.count()).select_from(session)).scalar_one()


def enter(visitor: TestClient, password: str = PASSWORD, email: str = "alice@team.example") -> int:
    return visitor.post("/sign-in", data={"email": email, "password": password}).status_code


def test_the_right_password_opens_a_session_and_signing_out_ends_it(world: World) -> None:
    world.user("Alice Meyer", password_hash=HASH)
    visitor = client(world)
    assert visitor.get("/sign-in").status_code == 200
    answer = visitor.post("/sign-in", data={"email": " Alice@Team.example", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert visitor.get("/team").status_code == 200
    kept = dict(visitor.cookies)
    visitor.post("/sign-out")
    assert visitor.get("/team").status_code == 303
    assert (
        client(world)
        .get("/team", cookies=None, headers={"Cookie": f"crm-session={kept['crm-session']}"})
        .status_code
        == 303
    )
    assert sessions(world) == 0


@pytest.mark.parametrize("smtp_url", ["", "smtp://127.0.0.1:9"])
def test_who_mistypes_is_shown_only_ways_that_are_there(world: World, smtp_url: str) -> None:
    world.user("Alice Meyer", password_hash=HASH)
    wrong = {"email": "alice@team.example", "password": "a wrong password"}
    page = client(world, smtp_url=smtp_url).post("/sign-in", data=wrong).text
    assert "Email or password is wrong." in page
    assert ('href="/forgotten"' in page) == bool(smtp_url)
    assert ("Email me a sign-in link" in page) == bool(smtp_url)
    assert ("Ask your admin for a link" in page) == (not smtp_url)


def test_signing_in_starts_a_new_session_and_ends_the_old_one(world: World) -> None:
    alice = world.user("Alice Meyer", password_hash=HASH)
    visitor = client(world)
    old = cookie(world, alice)
    answer = visitor.post(
        "/sign-in", data={"email": "alice@team.example", "password": PASSWORD}, headers={"Cookie": old}
    )
    assert answer.cookies["crm-session"] not in old
    assert client(world).get("/team", headers={"Cookie": old}).status_code == 303
    assert sessions(world) == 1


def test_known_and_unknown_addresses_look_alike(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.user("Alice Meyer", password_hash=HASH)
    world.user("Ivy Invited", password_hash=None)
    world.user("Dora Gone", password_hash=HASH, active=False)
    work: list[bool] = []

    def counted(password: str, known: str | None) -> bool:
        work.append(True)
        return passwords.fits(password, known)

    monkeypatch.setattr(sign_in, "fits", counted)
    visitor, texts, counts = client(world), set(), set()
    for name in ("alice", "ivy", "dora", "nobody"):
        work.clear()
        email = f"{name}@team.example"
        answer = visitor.post("/sign-in", data={"email": email, "password": "a wrong password"})
        assert answer.status_code == 422
        assert "set-cookie" not in answer.headers
        texts.add(answer.text.replace(email, ""))
        counts.add(len(work))
    assert len(texts) == 1
    assert counts == {1}
    assert enter(client(world), PASSWORD, "dora@team.example") == 422
    assert enter(client(world), "", "ivy@team.example") == 422


def test_guessing_is_braked_where_it_happens_and_nowhere_else(world: World) -> None:
    world.user("Alice Meyer", password_hash=HASH)
    world.user("Bob Stone", password_hash=HASH)
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False) as clock:
        attacker = TestClient(client(world).app, client=("192.0.2.66", 1), follow_redirects=False)
        answers = [enter(attacker, "a wrong password") for _ in range(sign_in.FOR_ACCOUNT + 2)]
        assert answers == [422] * sign_in.FOR_ACCOUNT + [429] * 2
        assert enter(attacker) == 429
        assert enter(attacker, email="bob@team.example") == 303
        owner = TestClient(client(world).app, client=("192.0.2.1", 1), follow_redirects=False)
        assert enter(owner) == 303
        assert enter(attacker) == 429
        clock.shift(sign_in.WINDOW)
        assert enter(attacker) == 303


def test_unknown_addresses_are_braked_alike_and_so_is_a_network(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "fits", lambda *_: False)
    visitor = client(world)
    answers = [enter(visitor, "x", "nobody@team.example") for _ in range(sign_in.FOR_ACCOUNT + 1)]
    assert answers == [422] * sign_in.FOR_ACCOUNT + [429]
    answers = [enter(visitor, "x", f"n{number}@team.example") for number in range(sign_in.FOR_NETWORK)]
    assert answers == [422] * (sign_in.FOR_NETWORK - sign_in.FOR_ACCOUNT) + [429] * sign_in.FOR_ACCOUNT


@pytest.mark.parametrize(
    ("address", "known_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        (None, "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_networks(address: str | None, known_as: str) -> None:
    assert sign_in.network(address) == known_as


def test_an_address_in_two_teams_leads_to_the_one_with_this_password(world: World) -> None:
    other = World.create(world.database, "Another team")
    world.user("Alice Meyer", password_hash=HASH)
    other.user("Alice Meyer", password_hash=hashed("another old password"))
    for password, team in ((PASSWORD, "Our team"), ("another old password", "Another team")):
        visitor = client(world)
        assert enter(visitor, password) == 303
        assert f"<h1>{team}</h1>" in visitor.get("/team").text


@pytest.mark.parametrize("by", ["sign-in", "settings"])
def test_whoever_is_known_in_another_team_under_an_address_has_no_more_guesses_at_it(
    world: World, by: str
) -> None:
    other = World.create(world.database, "Another team")
    world.user("Alice Meyer", password_hash=HASH)
    own = "another old password"
    mallory = client(other, other.user("Alice Meyer", password_hash=hashed(own)))
    guesser = client(world)
    with time_machine.travel(world.now, tick=False):
        for number in range(sign_in.FOR_ACCOUNT):
            assert enter(guesser, f"a guess, number {number}") == 422
            if number < sign_in.FOR_ACCOUNT - 1 and by == "sign-in":
                assert enter(guesser, own) == 303
            elif number < sign_in.FOR_ACCOUNT - 1:
                form = {"name": "Till", "current_password": own}
                assert mallory.post("/settings/tokens", data=form).status_code == 200
        assert enter(guesser) == 429


def test_in_how_many_teams_an_address_is_known_cannot_be_told_by_the_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = World.create(world.database, "Another team")
    for team in (world, other):
        team.user("Alice Meyer", password_hash=HASH)
    world.user("Bob Stone", password_hash=HASH)
    work: list[bool] = []

    def counted(password: str, known: str | None) -> bool:
        work.append(True)
        return passwords.fits(password, known)

    monkeypatch.setattr(sign_in, "fits", counted)
    counts = set()
    for name in ("alice", "bob", "nobody"):
        work.clear()
        assert enter(client(world), "a wrong password", f"{name}@team.example") == 422
        counts.add(len(work))
    assert counts == {2}


@pytest.mark.parametrize("how", ["reset", "deactivated"])
def test_a_password_that_ends_while_it_is_looked_at_opens_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    admin = world.user("Ada Chief")
    alice = world.user("Alice Meyer", password_hash=HASH)
    looked = sign_in.who

    def meanwhile(*asked: Any) -> Any:
        found = looked(*asked)
        with world.database.write() as connection:
            if how == "reset":
                new = hashed("another old password")
                actions.set_password(connection, world.workspace_id, alice.user_id or 0, new, world.now)
            else:
                actions.deactivate(connection, admin, alice.user_id or 0, world.now)
        return found

    monkeypatch.setattr(sign_in, "who", meanwhile)
    visitor = client(world)
    before = sessions(world)
    assert enter(visitor) == 422
    assert "crm-session" not in visitor.cookies
    assert sessions(world) == before


@pytest.mark.parametrize(
    ("path", "smtp"),
    [("password", ""), ("tokens", ""), ("calendar", ""), ("email", ""), ("email", "smtp://x:1")],
)
@pytest.mark.parametrize("had_one", [True, False])
def test_a_reset_is_not_undone_by_whoever_it_locks_out(
    world: World, monkeypatch: pytest.MonkeyPatch, path: str, smtp: str, had_one: bool
) -> None:
    alice = world.user("Alice Meyer", password_hash=HASH if had_one else None)
    intruder = client(world, alice, smtp_url=smtp)
    proven, new = proof.proven, "the owner's new password"

    def meanwhile(*asked: Any) -> Any:
        known = proven(*asked)
        with world.database.write() as connection:
            actions.set_password(connection, world.workspace_id, alice.user_id or 0, hashed(new), world.now)
        return known

    for module in (settings_pages, address_pages, token_pages, feed_pages):
        monkeypatch.setattr(module, "proven", meanwhile)
    form = {"current_password": PASSWORD, "password": "a password of theirs", "email": "eve@evil.example"}
    form |= {"name": "Eve"}
    answer = intruder.post(f"/settings/{path}", data=form)
    assert (answer.status_code, "That is not your current password." in answer.text) == (422, True)
    assert enter(client(world), new) == 303
    with world.database.read() as connection:
        assert connection.execute(select(address_change)).all() == []
        assert connection.execute(select(api_token)).all() == []
        assert connection.execute(select(plan_feed)).all() == []


def test_whoever_is_let_in_again_signs_in_again(world: World) -> None:
    admin, alice = world.user("Ada Chief"), world.user("Alice Meyer", password_hash=HASH, active=False)
    kept = cookie(world, alice)
    with world.database.write() as connection:
        actions.activate(connection, admin, alice.user_id or 0, world.now)
    assert client(world).get("/team", headers={"Cookie": kept}).status_code == 303
    assert enter(client(world)) == 303


@pytest.mark.parametrize(
    ("path", "done"),
    [
        ("/settings/password", 303),
        ("/settings/email", 303),
        ("/settings/tokens", 200),
        ("/settings/calendar", 200),
    ],
)
def test_guessing_from_a_device_left_open_is_braked_too(world: World, path: str, done: int) -> None:
    here = client(world, world.user("Alice Meyer", password_hash=HASH))
    form = {"password": "another old password", "email": "new@team.example", "name": "Till"}
    with time_machine.travel(world.now, tick=False) as clock:
        for _ in range(sign_in.FOR_ACCOUNT):
            assert (
                "That is not your current password."
                in here.post(path, data={**form, "current_password": "x"}).text
            )
        answer = here.post(path, data={**form, "current_password": PASSWORD})
        assert (answer.status_code, "Too many attempts" in answer.text) == (422, True)
        clock.shift(sign_in.WINDOW)
        assert here.post(path, data={**form, "current_password": PASSWORD}).status_code == done


def test_tokens_and_passwords_are_kept_as_hashes(world: World) -> None:
    world.user("Alice Meyer", password_hash=HASH)
    visitor = client(world)
    enter(visitor)
    token = visitor.cookies["crm-session"].partition(".")[2]
    with world.database.read() as connection:
        kept = repr(connection.execute(select(session)).all())
    assert token not in kept
    assert PASSWORD not in HASH


def test_guessing_a_hashed_password_costs_what_is_recommended(hasher_in_earnest: PasswordHash) -> None:
    """The second choice of RFC 9106, section 4: 64 MiB, three passes, four lanes."""
    assert hasher_in_earnest.hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize("value", ["", ".", "1.", "x.y", "1.x", "²." + "a" * 43, "9" * 40 + ".x"])
def test_a_made_up_session_is_none(world: World, value: str) -> None:
    world.user()
    headers = {"Cookie": f"crm-session={value}".encode()}
    assert client(world).get("/team", headers=headers).status_code == 303  # type: ignore[arg-type]


def test_passwords_have_one_rule() -> None:
    assert passwords.check("twelve chars") == "twelve chars"
    for word in ("eleven char", "x" * 1025):
        with pytest.raises(ValueError, match="characters"):
            passwords.check(word)


def test_the_sign_in_page_shows_no_password_again(world: World) -> None:
    world.user()
    answer = client(world).post("/sign-in", data={"email": "<b>", "password": "a wrong password"})
    assert "a wrong password" not in answer.text
    assert "<b>" not in answer.text
    assert re.search(r'value="&lt;b&gt;"', answer.text)
