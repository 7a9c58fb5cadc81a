"""What a new password leaves working is said before and after, and no device left open makes more of it."""

import io
import re

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from crm.__main__ import run
from crm.accounts import actions, tokens
from crm.accounts.passes import passes_of
from crm.accounts.passwords import hashed
from crm.domain.principal import Principal
from crm.nudges.feeds import make_feed
from crm.storage.tables import api_token, plan_feed
from tests.builders import World
from tests.web.site import client, signed_in

PASSWORD, NEW = "a lighthouse keeper", "a new lighthouse keeper"


def alice(world: World, made: int = 2, *, feed: bool = True, password: str | None = PASSWORD) -> Principal:
    """Somebody with a password, so many tokens, and a calendar address."""
    kept = hashed(password) if password else None
    one = world.user("Alice Meyer", email="alice@team.example", password_hash=kept)
    with world.database.write() as connection:
        for number in range(made):
            tokens.create_token(connection, one, one.user_id or 0, f"Till {number}", ["read"], world.now)
        if feed:
            make_feed(connection, one, world.now)
    return one


def change(browser: TestClient) -> str:
    """The page after a new password was chosen under Settings."""
    answer = browser.post("/settings/password", data={"current_password": PASSWORD, "password": NEW})
    assert answer.status_code == 303
    return browser.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    ("made", "feed", "what", "still", "page"),
    [
        (2, True, "2 tokens and your calendar address", "still work.", "/settings/tokens"),
        (1, False, "1 token", "still works.", "/settings/tokens"),
        (0, True, "Your calendar address", "still works.", "/settings/calendar"),
    ],
)
def test_what_a_new_password_leaves_is_said_before_and_after(
    world: World, made: int, feed: bool, what: str, still: str, page: str
) -> None:
    browser = signed_in(world, alice(world, made, feed=feed))
    before = browser.get("/settings/password").text
    assert f"{what} will still work." in before
    assert f'<a href="{page}">Your' in before
    after = change(browser)
    assert f"Other devices are signed out. {what} {still}" in after
    assert re.search(rf'<a href="{page}">Open it</a>', after)


def test_where_nothing_is_left_nothing_is_said(world: World) -> None:
    browser = signed_in(world, alice(world, 0, feed=False))
    assert "still work" not in browser.get("/settings/password").text + change(browser)


def test_a_reset_says_so_on_its_page_and_on_the_first_one_after(world: World) -> None:
    one, visitor = alice(world), client(world)
    with world.database.write() as connection:
        token = actions.make_link(connection, world.workspace_id, one.user_id or 0, "reset", world.now)
    what = "2 tokens and your calendar address"
    assert f"{what} will still work." in visitor.get(f"/reset/{token}").text
    assert visitor.post(f"/reset/{token}", data={"password": NEW}).headers["location"] == "/"
    after = visitor.get("/team").text
    assert f"Other devices are signed out. {what} still work." in after
    assert 'href="/settings/tokens">Open it' in after


@pytest.mark.parametrize(("purpose", "path"), [("reset", "reset"), ("invitation", "welcome")])
def test_whoever_never_had_a_password_is_not_told_that_theirs_was_changed(
    world: World, purpose: str, path: str
) -> None:
    one, visitor = alice(world, password=None), client(world)
    with world.database.write() as connection:
        token = actions.make_link(connection, world.workspace_id, one.user_id or 0, purpose, world.now)
    what, page = "2 tokens and your calendar address", visitor.get(f"/{path}/{token}").text
    assert (f"{what} will still work." in page, "the old one" in page) == (True, False)
    assert visitor.post(f"/{path}/{token}", data={"password": NEW}).headers["location"] == "/"
    after = visitor.get("/team").text
    assert (f"Your password is set. {what} still work." in after, "been changed" in after) == (True, False)


def test_a_first_password_is_set_under_settings_too(world: World) -> None:
    browser = signed_in(world, alice(world, 1, feed=False, password=None))
    assert 'name="current_password"' not in browser.get("/settings/password").text
    answer = browser.post("/settings/password", data={"password": NEW})
    assert "Your password is set. 1 token still works." in browser.get(answer.headers["location"]).text


def test_revoked_tokens_and_the_address_of_a_viewer_count_for_nothing(world: World) -> None:
    one = alice(world)
    with world.database.write() as connection:
        tokens.revoke_token(connection, world.principal, "Till 0", world.now)
        other = world.user("Ada Chief", email="ada@team.example")
        actions.change_user(connection, other, one.user_id or 0, world.now, role="viewer")
        left = passes_of(connection, world.workspace_id, one.user_id or 0)
    assert (left.tokens, left.feeds) == (1, 0)


def test_a_token_is_made_with_the_password_of_whoever_has_one(world: World) -> None:
    browser = client(world, alice(world, 0))
    form = {"name": "Till", "scope": "read"}
    assert 'name="current_password"' in browser.get("/settings/tokens").text
    for wrong in ({}, {"current_password": "not this one"}):
        answer = browser.post("/settings/tokens", data={**form, **wrong})
        assert (answer.status_code, "That is not your current password." in answer.text) == (422, True)
        assert 'value="Till"' in answer.text
    with world.database.read() as connection:
        assert connection.execute(select(api_token)).all() == []
    assert browser.post("/settings/tokens", data={**form, "current_password": PASSWORD}).status_code == 200

    invited = client(world, world.user("Ivy Invited", email="ivy@team.example"))
    assert 'name="current_password"' not in invited.get("/settings/tokens").text
    assert invited.post("/settings/tokens", data=form).status_code == 200


def test_a_calendar_address_is_made_with_the_password_of_whoever_has_one(world: World) -> None:
    browser, where = signed_in(world, alice(world, 0, feed=False)), "/settings/calendar"
    assert 'name="current_password"' in browser.get(where).text
    for wrong in ({}, {"current_password": "not this one"}):
        answer = browser.post(where, data=wrong)
        assert (answer.status_code, "That is not your current password." in answer.text) == (422, True)
    with world.database.read() as connection:
        assert connection.execute(select(plan_feed)).all() == []
    assert "/calendar/" in browser.post(where, data={"current_password": PASSWORD}).text

    invited = client(world, world.user("Ivy Invited", email="ivy@team.example"))
    assert 'name="current_password"' not in invited.get(where).text
    assert invited.post(where).status_code == 200


def test_the_command_says_it_too(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CRM_DATA_DIR", str(tmp_path))

    def typed(*words: str) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{NEW}\n"))
        assert run(list(words)) == 0
        return capsys.readouterr().out

    typed("user", "add", "nora@team.example", "--name", "Nora", "--role", "admin", "--password-stdin")
    edit = ("user", "edit", "nora@team.example", "--password-stdin")
    assert typed(*edit) == "nora@team.example is changed.\n"
    typed("token", "create", "Till", "--user", "nora@team.example")
    assert typed(*edit) == "nora@team.example is changed. 1 token still works.\n"
    assert typed(*edit[:3], "--name", "Nora Q.") == "nora@team.example is changed.\n"
