"""S3 and the pages behind a mail's buttons: opening changes nothing, pressing has one effect, everything can be undone."""

import re
from base64 import urlsafe_b64decode
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select
from starlette.testclient import TestClient

from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.nudges import links
from crm.nudges.links import Link
from crm.nudges.sending import into_folder
from crm.planning import actions as planning
from crm.planning.actions import make_plan
from crm.storage.database import new_id
from crm.storage.tables import ask, busy, contact, interaction, own_calendar, session, suggestion, user
from tests.builders import NOW, World
from tests.nudges.mailroom import member, only, postman
from tests.web.site import KEY, client
from tests.web.test_access import everything

HOST = "http://testserver"


class Mailed:
    """A user's mail as it was sent, and a browser without a session."""

    def __init__(self, world: World, folder: Path, at: datetime = NOW, **columns: Any) -> None:
        self.world = world
        self.principal: Principal = member(world, **columns)
        only(postman(world.database, at, into_folder(folder)).work())
        (path,) = folder.iterdir()
        message = message_from_bytes(path.read_bytes(), policy=default)
        assert isinstance(message, EmailMessage)
        self.message = message
        self.browser: TestClient = client(world)

    def body(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content())

    def link(self, label: str) -> str:
        """The path of the first link with this label."""
        found = re.search(rf"{re.escape(label)}\s+{HOST}(\S+)", self.body("plain"))
        assert found is not None
        return found[1]

    def get(self, path: str) -> Any:
        return self.browser.get(path)

    def press(self, path: str, **fields: str) -> Any:
        return self.browser.post(path, data=fields)

    def logged(self) -> int:
        """How many interactions stand in the log."""
        with self.world.database.read() as connection:
            asked = select(func.count()).select_from(interaction).where(interaction.c.deleted_at.is_(None))
            return int(connection.execute(asked).scalar_one())

    def forge(self, **values: Any) -> str:
        assert self.principal.user_id is not None
        parts: dict[str, Any] = {
            "workspace_id": self.world.workspace_id, "user_id": self.principal.user_id, "suggestion_id": 1,
            "verb": "done", "act": "", "week": "2026-W48", "expires_at": NOW + timedelta(days=9), **values,
        }  # fmt: skip
        return "/n/" + links.sign(KEY.encode(), Link(**parts))


@pytest.fixture
def mailed(world: World, tmp_path: Path) -> Any:
    folder = tmp_path / "mail"
    folder.mkdir()
    with time_machine.travel(NOW + timedelta(hours=3), tick=False):
        yield Mailed(world, folder)


def test_opening_any_link_of_the_mail_changes_nothing(mailed: Mailed) -> None:
    found = set(re.findall(rf"{HOST}([^\s\"<>]+)", mailed.body("plain") + mailed.body("html")))
    stop = re.search(rf"<{HOST}([^>]+)>", str(mailed.message["List-Unsubscribe"]))
    assert stop is not None
    assert stop[1] in found
    tokens = [path for path in found if path.startswith("/n/")]
    assert len(tokens) == 2 * 6 + 1
    before = everything(mailed.world.database)
    for path in sorted(found):
        for method in ("GET", "HEAD"):
            answer = mailed.browser.request(method, path)
            assert answer.status_code in (200, 303), path
            assert "set-cookie" not in answer.headers
    for path in tokens:
        assert mailed.get(path + "/event.ics").status_code in (200, 410)
    assert everything(mailed.world.database) == before


def test_without_a_calendar_the_mail_and_the_page_say_that_times_are_proposals(mailed: Mailed) -> None:
    said = "Times are proposals within working hours."
    assert said in mailed.body("plain")
    assert said in mailed.body("html")
    week = client(mailed.world, mailed.principal)
    assert said in week.get("/").text
    with mailed.world.database.write() as connection:
        row = {"workspace_id": mailed.world.workspace_id, "user_id": mailed.principal.user_id, "kind": "ics"}
        how = {
            "sealed": "",
            "host": "cal.example",
            "state": "good",
            "notes": [],
            "created_at": NOW,
            "next_at": NOW,
        }
        connection.execute(own_calendar.insert(), {**row, **how})
    assert said not in week.get("/").text


def test_a_mail_later_in_the_week_says_which_days_have_passed(world: World, tmp_path: Path) -> None:
    """The plan was made when its user looked at the week on Monday; the mail goes out on Thursday."""
    alice = member(world, nudge_weekday=3)
    with world.database.write() as connection:
        make_plan(connection, alice, IsoWeek.of(NOW.date()), NOW - timedelta(hours=4))
    with time_machine.travel(NOW + timedelta(days=3, minutes=1), tick=False):
        only(postman(world.database, NOW + timedelta(days=3), into_folder(tmp_path)).work())
        (path,) = tmp_path.iterdir()
        mail = message_from_bytes(path.read_bytes(), policy=default)
        assert isinstance(mail, EmailMessage)
        for kind in ("plain", "html"):
            part = mail.get_body((kind,))
            assert part is not None
            words = " ".join(str(part.get_content()).split())
            assert "The reasons are as of Mon 23 Nov, when the week was planned." in words
            assert "Any day this week. Mon 23 Nov has passed." in words
            assert words.count("Add to calendar") == 2 - words.count("has passed")


def test_the_page_asks_and_has_one_button(mailed: Mailed) -> None:
    page = mailed.get(mailed.link("Done & log")).text
    assert re.search(r"<h1>Log .+ with (Marta|Elena)\?</h1>", page)
    assert "Opening this page changed nothing" in page
    assert page.count("<form") == page.count("<button class=") == 1
    assert "<script" not in page.partition("<body>")[2]


def test_done_logs_once_however_often_it_is_pressed_and_undo_takes_it_back(mailed: Mailed) -> None:
    path, before = mailed.link("Done & log"), mailed.logged()
    for _ in range(3):
        page = mailed.press(path)
        assert page.status_code == 200
        assert re.search(r"<h1>.+ is logged( already)?</h1>", page.text), page.text
    assert mailed.logged() == before + 1
    assert "Undo" in mailed.get(path).text
    for _ in range(2):
        assert "?</h1>" in mailed.press(path + "/undo").text
        assert mailed.logged() == before
    mailed.press(path)
    assert mailed.logged() == before + 1


def test_what_one_meant_to_say_is_asked_about_once_it_is_done(mailed: Mailed) -> None:
    path = mailed.link("Done & log")
    with mailed.world.database.write() as connection:
        about = connection.execute(select(suggestion).order_by(suggestion.c.position)).first()
        assert about is not None
        row = {"contact_id": about.contact_id, "text": "Ask for a reference", "opened_on": mailed.world.today}
        keys = {"workspace_id": mailed.world.workspace_id, "id": new_id(connection)}
        connection.execute(ask.insert(), {**keys, **row, "author_id": mailed.principal.user_id})
    assert "You meant to say" not in mailed.get(path).text
    page = mailed.press(path).text
    assert "You meant to say: Ask for a reference" in page
    assert f'<a href="/people/{about.contact_id}">Said it</a>' in page


def test_swap_and_back(mailed: Mailed) -> None:
    path = mailed.link("Call instead")
    before = acts(mailed)
    assert "It is a phone call now" in mailed.press(path).text
    assert "It is a phone call now" in mailed.press(path).text
    assert acts(mailed) != before
    mailed.press(path + "/undo")
    assert acts(mailed) == before


def test_swap_and_back_where_the_calendar_has_taken_the_new_moment(mailed: Mailed) -> None:
    path = mailed.link("Call instead")
    before = acts(mailed)
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        mailed.press(path)
        swapped = acts(mailed)
        (new,) = (row.slot_at for row in swapped if row not in before)
        assert new > NOW + timedelta(minutes=5)
        take(mailed, new)
        for _ in range(2):
            assert "It is a phone call now" in mailed.press(path).text
            assert acts(mailed) == swapped
        page = mailed.press(path + "/undo").text
    assert "Undone." in page
    assert "instead of" in page
    assert acts(mailed) == before


def test_a_link_offers_no_undo_of_what_the_page_did(mailed: Mailed) -> None:
    path = mailed.link("Call instead")
    with mailed.world.database.write() as connection:
        swap_id = links.read(KEY.encode(), path.removeprefix("/n/"), NOW).suggestion_id
        planning.swap(connection, mailed.principal, swap_id, "call", NOW)
    page = mailed.get(path).text
    assert "It is a phone call now" in page
    assert "Undo" not in page


def test_a_link_offers_no_undo_once_the_page_has_found_another_time(mailed: Mailed) -> None:
    path = mailed.link("Call instead")
    before = acts(mailed)
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        mailed.press(path)
        (new,) = (row for row in acts(mailed) if row not in before)
        take(mailed, new.slot_at)
        with mailed.world.database.write() as connection:
            later = planning.swap(connection, mailed.principal, new.id, "call", NOW + timedelta(minutes=5))
            assert later.response_id is not None
        moved = acts(mailed)
        page = mailed.get(path).text
        assert "It is a phone call now" in page
        assert "Undo" not in page
        assert mailed.press(path + "/undo").status_code == 200
        assert acts(mailed) == moved
        with mailed.world.database.write() as connection:
            planning.undo(connection, mailed.principal, later.response_id, NOW + timedelta(minutes=5))
        assert "Undo" in mailed.get(path).text
        mailed.press(path + "/undo")
    assert acts(mailed) == before


def take(mailed: Mailed, starts_at: Any) -> None:
    """The user's calendar has something at that time by now."""
    whose = {"workspace_id": mailed.principal.workspace_id, "user_id": mailed.principal.user_id}
    with mailed.world.database.write() as connection:
        row = {**whose, "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=1)}
        connection.execute(busy.insert(), row)


def acts(mailed: Mailed) -> list[Any]:
    with mailed.world.database.read() as connection:
        return list(connection.execute(select(suggestion).order_by(suggestion.c.id)).all())


def test_a_link_of_an_older_mail_speaks_of_no_present_week(mailed: Mailed) -> None:
    path = mailed.link("Done & log")
    assert "leaves this week’s plan and rests for 14 days." in mailed.get(path).text
    with time_machine.travel(NOW + timedelta(days=14), tick=False):
        page = mailed.get(path).text
        assert "rests for 14 days." in page
        assert "this week" not in page
        page = mailed.press(path).text
        assert re.search(r"<h1>.+ is logged( already)?</h1>", page), page
        assert "left in your week" not in page
        assert "For Alice Meyer, from the mail of Mon 23 Nov." in page


def test_snooze_asks_until_when(mailed: Mailed) -> None:
    path = mailed.link("Snooze")
    assert mailed.press(path).status_code == 422
    wrong = mailed.press(path, until="date", day="yesterday")
    assert wrong.status_code == 422
    assert "Enter the day like" in wrong.text
    assert mailed.press(path, until="date", day="2026-11-01").status_code == 422
    assert "is back on Mon 30 Nov" in mailed.press(path, until="week").text
    assert "is back on Mon 30 Nov" in mailed.get(path).text
    assert "Snooze" in mailed.press(path + "/undo").text


def test_not_this_person_and_back(mailed: Mailed) -> None:
    path = mailed.link("Not this person")
    assert "is not suggested again" in mailed.press(path).text
    assert "Stop suggesting" in mailed.press(path + "/undo").text


def test_the_calendar_file(mailed: Mailed) -> None:
    path = mailed.link("Add to calendar")
    assert "event.ics" in mailed.get(path).text
    answer = mailed.get(path + "/event.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    lines = answer.content.split(b"\r\n")
    assert lines[0] == b"BEGIN:VCALENDAR"
    assert all(len(line) <= 75 for line in lines)
    assert sum(line.startswith(b"DTSTART") for line in lines) == 1


def test_one_click_unsubscribe_as_a_mail_program_does_it(mailed: Mailed) -> None:
    header = re.search(rf"<{HOST}([^>]+)>", str(mailed.message["List-Unsubscribe"]))
    assert header is not None
    answer = mailed.press(header[1], **{"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert not nudge_on(mailed)
    assert nudge_on(mailed) is (mailed.press(header[1]).status_code != 200)
    assert "Stop the weekly mail?" in mailed.press(header[1] + "/undo").text
    assert nudge_on(mailed)


def nudge_on(mailed: Mailed) -> bool:
    with mailed.world.database.read() as connection:
        return bool(connection.execute(select(user.c.nudge_on)).scalar_one())


def test_a_form_of_another_site_is_refused(mailed: Mailed) -> None:
    path = mailed.link("Done & log")
    before = everything(mailed.world.database)
    assert mailed.browser.post(path, headers={"Origin": "https://evil.example"}).status_code == 403
    assert everything(mailed.world.database) == before


def test_links_sign_nobody_in(mailed: Mailed) -> None:
    for label in ("Done & log", "Snooze", "Stop these emails"):
        mailed.get(mailed.link(label))
        mailed.press(mailed.link(label), until="week")
    with mailed.world.database.read() as connection:
        assert connection.execute(select(session)).all() == []
    assert mailed.get("/settings").status_code == 303


def refused(mailed: Mailed, path: str, status: int) -> None:
    before = everything(mailed.world.database)
    for answer in (mailed.get(path), mailed.press(path), mailed.press(path + "/undo")):
        assert answer.status_code == status
        assert "This link does nothing" in answer.text
    assert everything(mailed.world.database) == before


def test_cut_and_changed_links_do_nothing(mailed: Mailed) -> None:
    path = mailed.link("Done & log")
    for wrong in (
        path[:-1],
        path[:20],
        path[:-1] + ("A" if path[-1] != "A" else "B"),
        "/n/x",
        "/n/ä.ö",
        path + "x",
    ):
        refused(mailed, wrong, 404)
    body, _, signature = path.removeprefix("/n/").partition(".")
    refused(mailed, f"/n/X{body[1:]}.{signature}", 404)


def test_old_links_do_nothing(mailed: Mailed) -> None:
    path, stop = mailed.link("Done & log"), mailed.link("Stop these emails")
    with time_machine.travel(NOW + timedelta(days=31), tick=False):
        refused(mailed, path, 410)
        assert mailed.get(stop).status_code == 200


@pytest.mark.parametrize("change", [{"active": False}, {"role": "viewer"}])
def test_links_of_those_who_left_do_nothing(mailed: Mailed, change: dict[str, Any]) -> None:
    with mailed.world.database.write() as connection:
        connection.execute(user.update().values(**change))
    refused(mailed, mailed.link("Done & log"), 410)


def test_links_about_somebody_archived_or_gone_do_nothing(mailed: Mailed) -> None:
    with mailed.world.database.write() as connection:
        connection.execute(contact.update().values(archived_at=NOW))
    refused(mailed, mailed.link("Done & log"), 410)
    refused(mailed, mailed.forge(suggestion_id=999_999), 410)
    refused(mailed, mailed.forge(user_id=999_999), 410)


def test_a_link_of_one_user_says_nothing_of_anothers_suggestion(mailed: Mailed) -> None:
    other = mailed.world.user("Bob Stone", "member")
    with mailed.world.database.read() as connection:
        theirs = connection.execute(select(suggestion.c.id)).scalars().first()
    refused(mailed, mailed.forge(user_id=other.user_id, suggestion_id=theirs), 410)


def test_a_token_says_nothing_about_anybody(mailed: Mailed) -> None:
    with mailed.world.database.read() as connection:
        people = connection.execute(select(contact.c.name).union(select(user.c.name), select(user.c.email)))
        words = {word.casefold() for name in people.scalars() for word in re.split(r"\W+", name) if word}
    tokens = set(re.findall(rf"{HOST}/n/([\w.-]+)", mailed.body("plain") + mailed.body("html")))
    for token in tokens:
        said = urlsafe_b64decode(token.partition(".")[0] + "==").decode()
        assert not words & set(said.casefold().split())
        assert re.fullmatch(r"[0-9]+ [0-9]+ [0-9]+ [a-z_]+ [a-z]* 2026-W48 [0-9]+", said), said
    assert len(tokens) == 2 * 6 + 1


@pytest.mark.parametrize(("days", "times"), [(21, 1), (20, 0)])
def test_the_mail_says_where_it_is_less_sure_in_both_its_forms(
    world: World, tmp_path: Path, days: int, times: int
) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    alice = member(world)
    world.log("phone", days, world.contact("Somebody else", tier="none"), by=alice)
    only(postman(world.database, hand_over=into_folder(folder)).work())
    (path,) = folder.iterdir()
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        told = " ".join(str(part.get_content()).split())
        assert told.count("You have logged nothing since 2 November, so these may be less reliable.") == times


def test_the_links_of_a_weekends_mail_speak_of_the_coming_week(world: World, tmp_path: Path) -> None:
    saturday = NOW + timedelta(days=5)
    with time_machine.travel(saturday + timedelta(minutes=1), tick=False):
        mailed = Mailed(world, tmp_path, saturday, nudge_weekday=5, created_at=NOW)
        done = mailed.link("Done & log")
        one = links.read(KEY.encode(), done.removeprefix("/n/"), saturday)
        met = mailed.forge(
            verb="met", suggestion_id=one.suggestion_id, week=one.week, expires_at=one.expires_at
        )
        assert "leaves the coming week’s plan and rests for 14 days." in mailed.get(done).text
        assert "leaves the coming week’s plan." in mailed.get(met).text
        assert "One person is left in the coming week’s plan." in mailed.press(done).text
    with time_machine.travel(saturday + timedelta(days=2), tick=False):
        assert "One person is left in your week." in mailed.get(done).text


@pytest.mark.parametrize("verb", ["unsubscribe", "stop_digest"])
def test_an_old_link_that_stops_a_mail_says_how_long_it_held_and_where_the_switch_is(
    mailed: Mailed, verb: str
) -> None:
    path = mailed.forge(verb=verb, suggestion_id=0, expires_at=NOW - timedelta(days=1))
    ended = mailed.get(path)
    assert ended.status_code == 410
    assert "links that stop a mail work for 400 days" in ended.text
    assert 'href="/settings"' in ended.text
    other = mailed.get(mailed.forge(expires_at=NOW - timedelta(days=1)))
    assert "links in mails work for 30 days" in other.text
