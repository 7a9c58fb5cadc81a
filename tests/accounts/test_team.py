"""Joining, leaving, roles, links and one's own settings."""

import re
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from crm.accounts import actions, mails, own_address, tokens
from crm.accounts.passwords import hashed
from crm.accounts.queries import own_words
from crm.domain.budgets import LARGEST_BUDGET
from crm.errors import Conflict
from crm.mail.transport import Delivery, DeliveryState, Phase
from crm.storage.tables import api_token, user, workspace
from tests.builders import World
from tests.web.site import PASSWORD, client, press_undo, signed_in

NEW = {"password": "a new lighthouse keeper"}


def link(text: str) -> str:
    found = re.search(r"http://testserver(/welcome/[\w.-]+)", text)
    assert found
    return found[1]


def row(world: World, user_id: int | None):
    with world.database.read() as connection:
        return connection.execute(select(user).where(user.c.id == user_id)).one()


def team_name(world: World) -> str:
    with world.database.read() as connection:
        name: str = connection.execute(select(workspace.c.name)).scalar_one()
        return name


def test_an_invitation_is_handed_over_and_used_once(world: World) -> None:
    admin = client(world, world.user())
    page = admin.post(
        "/team/invite", data={"name": "Theo Marsh", "email": "Theo@Team.example", "role": "viewer"}
    )
    assert page.status_code == 200
    assert 'data-copy="link"' in page.text
    theo = client(world)
    invited = theo.get(link(page.text)).text
    assert "theo@team.example" in invited
    assert f"You are invited to the team {team_name(world)}." in invited
    assert theo.get(link(page.text)).status_code == 200
    assert theo.post(link(page.text), data={"password": "short"}).status_code == 422
    assert theo.post(link(page.text), data=NEW).headers["location"] == "/"
    assert "Theo Marsh, viewer" in theo.get("/team").text
    assert theo.post(link(page.text), data=NEW).status_code == 404
    fresh = client(world)
    assert fresh.post("/sign-in", data={"email": "theo@team.example", **NEW}).status_code == 303


def test_a_link_for_somebody_with_a_password_says_that_it_replaces_it(world: World) -> None:
    bob = world.user("Bob Stone", "member", password_hash=hashed(PASSWORD))
    page = client(world, world.user()).post(f"/team/{bob.user_id}/link")
    asked = client(world).get(link(page.text)).text
    assert "Choose a new password" in asked
    assert "You are invited" not in asked


def test_the_last_admin_is_not_told_that_somebody_was_quicker(world: World) -> None:
    admin = world.user()
    answer = client(world, admin).post(f"/team/{admin.user_id}/deactivate")
    assert answer.status_code == 409
    assert "quicker" not in answer.text
    assert "That cannot be done now" in answer.text


def test_an_address_joins_once(world: World) -> None:
    admin = client(world, world.user())
    answer = admin.post("/team/invite", data={"name": "Again", "email": "ALICE@team.example"})
    assert answer.status_code == 422
    assert "alice@team.example is already a member." in answer.text
    assert admin.post("/team/invite", data={"name": "", "email": "x"}).status_code == 422


def test_links_run_out_and_serve_their_purpose_only(world: World) -> None:
    alice = world.user(password_hash=hashed(PASSWORD))
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False) as clock:
        from crm import clock as ours

        with world.database.write() as connection:
            tokens = {
                purpose: actions.make_link(
                    connection, world.workspace_id, alice.user_id or 0, purpose, ours.now()
                )
                for purpose in ("sign_in", "reset", "invitation")
            }
        visitor = client(world)
        paths = {"sign_in": "/sign-in/link/", "reset": "/reset/", "invitation": "/welcome/"}
        seen = {
            (purpose, kind): visitor.get(path + token).status_code
            for kind, token in tokens.items()
            for purpose, path in paths.items()
        }
        assert seen == {pair: 200 if pair[0] == pair[1] else 404 for pair in seen}
        clock.shift(15 * 60)
        assert visitor.post(paths["sign_in"] + tokens["sign_in"]).status_code == 404
        clock.shift(45 * 60)
        assert visitor.post(paths["reset"] + tokens["reset"], data=NEW).status_code == 404
        assert visitor.get(paths["invitation"] + tokens["invitation"]).status_code == 200


def test_opening_a_sign_in_link_signs_nobody_in_and_its_button_does_once(world: World) -> None:
    alice = world.user()
    from crm import clock

    with world.database.write() as connection:
        token = actions.make_link(connection, world.workspace_id, alice.user_id or 0, "sign_in", clock.now())
    visitor = client(world)
    for _ in range(3):
        assert "set-cookie" not in visitor.get(f"/sign-in/link/{token}").headers
    assert visitor.get("/team").status_code == 303
    assert visitor.post(f"/sign-in/link/{token}").status_code == 303
    assert visitor.get("/team").status_code == 200
    assert client(world).post(f"/sign-in/link/{token}").status_code == 404


def test_deactivation_ends_sessions_links_and_tokens_at_once(world: World) -> None:
    admin = world.user()
    theo = world.user("Theo Marsh", role="member", password_hash=hashed(PASSWORD))
    visitor, desk = client(world, theo), client(world, admin)
    with world.database.write() as connection:
        tokens.create_token(connection, admin, theo.user_id or 0, "bridge", ["read"], world.now)
    welcome = link(desk.post(f"/team/{theo.user_id}/link").text)
    assert visitor.get("/team").status_code == 200
    answer = desk.post(f"/team/{theo.user_id}/deactivate")
    assert answer.status_code == 303
    asked = {"Cookie": f"{desk.headers['Cookie']}; crm-flash={answer.cookies['crm-flash']}"}
    assert "1 token ended for good, even if they are let in again." in desk.get("/team", headers=asked).text
    assert visitor.get("/team").status_code == 303
    assert client(world).get(welcome).status_code == 404
    assert (
        client(world).post("/sign-in", data={"email": "theo@team.example", "password": PASSWORD}).status_code
        == 422
    )
    with world.database.read() as connection:
        assert connection.execute(select(api_token.c.revoked_at)).scalar_one() is not None
    desk.post(f"/team/{theo.user_id}/activate")
    assert visitor.get("/team").status_code == 303
    assert (
        client(world).post("/sign-in", data={"email": "theo@team.example", "password": PASSWORD}).status_code
        == 303
    )


def test_a_team_keeps_an_admin(world: World) -> None:
    alice, bob = world.user(), world.user("Bob Stone", role="member")
    desk = client(world, alice)
    assert desk.post(f"/team/{alice.user_id}/deactivate").status_code == 409
    assert desk.post(f"/team/{alice.user_id}/role", data={"role": "viewer"}).status_code == 409
    assert desk.post(f"/team/{bob.user_id}/role", data={"role": "king"}).status_code == 422
    with pytest.raises(Conflict, match="A team needs an admin"), world.database.write() as connection:
        actions.deactivate(connection, world.principal, alice.user_id or 0, world.now)
    assert desk.post(f"/team/{bob.user_id}/role", data={"role": "admin"}).status_code == 303
    assert client(world, bob).post(f"/team/{alice.user_id}/role", data={"role": "viewer"}).status_code == 303
    assert desk.post(f"/team/{bob.user_id}/role", data={"role": "viewer"}).status_code == 403


def test_nobody_shuts_themselves_out_or_takes_their_own_role(world: World) -> None:
    alice, bob = world.user(), world.user("Bob Stone")
    desk = client(world, alice)
    page = desk.get("/team").text
    for path, form in (("deactivate", {}), ("role", {"role": "viewer"})):
        assert f'action="/team/{bob.user_id}/{path}"' in page
        assert f'action="/team/{alice.user_id}/{path}"' not in page
        refused = desk.post(f"/team/{alice.user_id}/{path}", data=form)
        assert (refused.status_code, "Another admin can." in refused.text) == (409, True)
    assert row(world, alice.user_id).role == "admin"


def test_another_role_can_be_undone(world: World) -> None:
    bob = world.user("Bob Stone", role="member")
    desk = signed_in(world, world.user())
    assert desk.post(f"/team/{bob.user_id}/role", data={"role": "viewer"}).status_code == 303
    assert press_undo(desk, desk.get("/team").text).status_code == 303
    assert row(world, bob.user_id).role == "member"


def test_a_new_password_signs_out_elsewhere(world: World) -> None:
    alice = world.user(password_hash=hashed(PASSWORD))
    here, there = client(world, alice), client(world, alice)
    wrong = here.post("/settings/password", data={"current_password": "something else", **NEW})
    assert wrong.status_code == 422
    assert "That is not your current password." in wrong.text
    assert here.post("/settings/password", data={"current_password": PASSWORD, **NEW}).status_code == 303
    assert here.get("/team").status_code == 200
    assert there.get("/team").status_code == 303


PREFERENCES = {
    "name": "Alice M.",
    "time_zone": "Asia/Kolkata",
    "city": "",
    "budget_call": "5",
    "budget_in_person": "0",
    "budget_by_hand": "2",
    "nudge_on": "yes",
    "nudge_weekday": "2",
    "nudge_time": "07:45",
    "theme": "dark",
}


def test_preferences_are_kept_and_shown(world: World) -> None:
    alice = world.user(city="Berlin")
    visitor = client(world, alice)
    answer = visitor.post("/settings", data=PREFERENCES)
    assert answer.status_code == 303
    assert "theme=dark" in str(answer.headers.get_list("set-cookie"))
    kept = row(world, alice.user_id)
    assert (kept.name, kept.time_zone, kept.city) == ("Alice M.", "Asia/Kolkata", None)
    assert (kept.budget_call, kept.budget_in_person, kept.budget_by_hand, kept.budget_total) == (5, 0, 2, 7)
    assert (kept.nudge_on, kept.nudge_weekday, kept.nudge_minute, kept.nudge_when_empty) == (
        True,
        2,
        465,
        False,
    )
    page = visitor.get("/settings").text
    assert 'value="07:45"' in page
    assert '<option value="Asia/Kolkata" selected>' in page


def test_ones_own_way_of_writing_goes_before_the_teams(world: World) -> None:
    alice, boss = world.user(), world.user("Ben Boss", role="admin")
    visitor = client(world, boss)
    assert (
        visitor.post("/settings/workspace/written", data={"dates": "iso", "hours": "12"}).status_code == 303
    )
    assert visitor.post("/settings/workspace/written", data={"dates": "roman"}).status_code == 422
    mine = client(world, alice)
    page = mine.get("/settings").text
    assert 'data-dates="iso" data-hours="12"' in page
    assert "Same as the team: 6:30\N{NO-BREAK SPACE}PM" in page
    mine.post("/settings", data={**PREFERENCES, "dates": "month_day"})
    page = mine.get("/settings").text
    assert 'data-dates="month_day" data-hours="12"' in page
    assert '<option value="month_day" selected>' in page


def test_a_zone_of_another_name_stays_the_chosen_one(world: World) -> None:
    """US/Eastern is not offered to choose from, but the command line and invitations take it."""
    visitor = client(world, world.user(time_zone="US/Eastern"))
    assert '<option value="US/Eastern" selected>' in visitor.get("/settings").text
    assert (
        '<option value="Mars/Olympus"'
        not in visitor.post("/settings", data={"time_zone": "Mars/Olympus"}).text
    )
    assert "US/Eastern" not in client(world, world.user("Cleo Roth")).get("/settings").text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "), ("name", "x" * 121), ("time_zone", "../etc"), ("budget_call", "-1"), ("budget_call", "21"),
        ("budget_by_hand", "two"), ("nudge_weekday", "7"), ("nudge_time", "25:00"), ("theme", "pink"),
    ],
)  # fmt: skip
def test_preferences_that_do_not_fit_come_back(world: World, field: str, value: str) -> None:
    alice = world.user()
    answer = client(world, alice).post("/settings", data={**PREFERENCES, field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert row(world, alice.user_id).name == "Alice Meyer"


def test_a_week_holds_no_more_in_all_than_of_one_act(world: World) -> None:
    alice = world.user()
    visitor = client(world, alice)
    full = {"budget_call": "20", "budget_in_person": "20", "budget_by_hand": "20"}
    assert visitor.post("/settings", data={**PREFERENCES, **full}).status_code == 303
    assert row(world, alice.user_id).budget_total == LARGEST_BUDGET
    assert f'max="{LARGEST_BUDGET}"' in visitor.get("/settings").text


def test_more_own_addresses_than_are_kept_are_said_at_the_field(world: World) -> None:
    alice = world.user()
    visitor = client(world, alice)
    lines = [f"alice{number}@home.example" for number in range(51)]
    refused = visitor.post("/settings", data={**PREFERENCES, "also_me": "\n".join(lines)})
    assert refused.status_code == 422
    assert "That is 51 lines." in refused.text
    assert 'id="also_me-error"' in refused.text
    assert lines[50] in refused.text, "nothing typed is lost"
    kept = "\r\n".join([*lines[:50], lines[0], " "])
    assert visitor.post("/settings", data={**PREFERENCES, "also_me": kept}).status_code == 303
    with world.database.write() as connection:
        own_address.move(connection, world.workspace_id, alice.user_id or 0, "new@team.example", world.now)
        known = own_words(connection, alice)[alice.user_id or 0]
    assert known[:3] == ["new@team.example", "Alice M.", "alice@team.example"]
    assert len(known) == 2 + 50
    page = visitor.get("/settings").text
    again = re.search(r'<textarea[^>]*name="also_me"[^>]*>([^<]*)<', page)
    assert again
    assert visitor.post("/settings", data={**PREFERENCES, "also_me": again[1]}).status_code == 303


def test_a_viewer_has_a_name_and_no_budget(world: World) -> None:
    vera = world.user("Vera View", role="viewer")
    visitor = client(world, vera)
    assert "Room in your week" not in visitor.get("/settings").text
    form = {"name": "Vera V.", "time_zone": "UTC", "budget_call": "9"}
    assert visitor.post("/settings", data=form).status_code == 303
    kept = row(world, vera.user_id)
    assert (kept.name, kept.budget_call) == ("Vera V.", 3)


def test_asking_for_a_link_looks_alike_and_mails_only_members_and_not_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.user()
    sent: list[tuple[str, str]] = []

    def accept(settings: object, message: Any, **_: object) -> Delivery:
        sent.append((str(message["To"]), message.as_string()))
        return Delivery(DeliveryState.ACCEPTED, Phase.HANDED_OVER, "250 OK")

    monkeypatch.setattr(mails, "deliver", accept)
    visitor = client(world, smtp_url="smtp://127.0.0.1:1")
    for path in ("/sign-in/link", "/forgotten"):
        texts = {
            visitor.post(path, data={"email": f"{name}@team.example"}).text.replace(name, "")
            for name in ("alice", "nobody", "alice")
        }
        assert len(texts) == 1
    assert len(sent) == 2
    assert all("alice@team.example" in to for to, _ in sent)
    assert "http://testserver/sign-in/link/" in sent[0][1].replace("=\n", "")
    assert "http://testserver/reset/" in sent[1][1].replace("=\n", "")


@pytest.mark.parametrize(
    ("path", "title"), [("/sign-in/link", "Welcome back"), ("/forgotten", "Choose a new")]
)
def test_a_link_asked_for_without_an_address_is_a_sentence_on_the_same_page(
    world: World, path: str, title: str
) -> None:
    world.user()
    visitor = client(world, smtp_url="smtp://127.0.0.1:1")
    answer = visitor.post(path, data={"email": " ", "next": "/people"})
    assert answer.status_code == 422
    assert title in answer.text
    assert "Enter your address first" in answer.text
    assert 'id="email-error"' in answer.text


def test_a_links_row_holds_no_password(world: World) -> None:
    alice = world.user(password_hash="a hash")
    with world.database.write() as connection:
        token = actions.make_link(connection, world.workspace_id, alice.user_id or 0, "reset", world.now)
        found = actions.link_of(connection, token, ["reset"], world.now)
    assert found.name == "Alice Meyer"
    assert "a hash" not in found


def test_without_mail_the_pages_say_so(world: World) -> None:
    world.user()
    visitor = client(world)
    assert "cannot send mail" in visitor.get("/forgotten").text
    assert "sign-in link" not in visitor.get("/sign-in").text
    assert visitor.post("/forgotten", data={"email": "alice@team.example"}).status_code == 422


def test_an_invitation_that_cannot_be_mailed_is_handed_over(world: World) -> None:
    admin = client(world, world.user(), smtp_url="smtp://127.0.0.1:1")
    page = admin.post("/team/invite", data={"name": "Theo", "email": "theo@team.example"})
    assert "could not be sent" in page.text
    assert link(page.text)
