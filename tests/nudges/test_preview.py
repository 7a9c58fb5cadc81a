"""The next weekly mail as its reader sees it beforehand, and when it comes."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from crm.storage.tables import left_out, mail_hold, outbox, plan, suggestion
from tests.builders import NOW, World
from tests.nudges.mailroom import mail_server, member, postman
from tests.nudges.test_quiet import MONDAY, be_off, by_screen, in_touch, owe, reader
from tests.web.site import client

SMTP = "smtp://127.0.0.1:9"


LONG = "Wants fewer features and better training, and said that the whole of next year hangs on the pilot in the spring"


def read(world: World, who: Any, path: str = "/settings/mail", **values: Any) -> str:
    """The page as it is on the Friday before the mail goes out, with its words in one line."""
    with time_machine.travel(NOW - timedelta(days=3), tick=False):
        page = client(world, who, **{"smtp_url": SMTP, **values}).get(path)
    assert page.status_code == 200, page.text
    return " ".join(page.text.split())


def test_the_preview_says_what_the_mail_will_say(world: World) -> None:
    admin = member(world, time_zone="America/New_York", nudge_weekday=2, nudge_minute=450)
    page = read(world, admin)
    assert "It goes out Wed 25 Nov, 07:30, America/New_York." in page
    assert "Marta Kowalczyk" in page
    assert "Done &amp; log" in page
    with mail_server() as (port, _):
        postman(world.database, NOW + timedelta(days=2, hours=3), port=port).work()
    with world.database.read() as connection:
        sent = connection.execute(select(outbox.c.subject).where(outbox.c.state == "sent")).scalar_one()
    assert sent in page


def test_looking_at_it_writes_nothing_and_hands_out_no_button(world: World) -> None:
    admin = member(world)
    for _time in range(2):
        page = read(world, admin)
    assert "Not this person" in page
    assert "/n/" not in page
    with world.database.read() as connection:
        for table in (plan, suggestion, left_out, outbox):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0, table.name


def test_its_paragraphs_break_where_the_screen_ends(world: World) -> None:
    alice = reader(world)
    owe(world, by_screen(world, alice), LONG)
    with time_machine.travel(NOW - timedelta(days=3), tick=False):
        page = client(world, alice, smtp_url=SMTP).get("/settings/mail").text
    assert LONG in page


def test_a_week_off_is_passed_over_and_said(world: World) -> None:
    alice = reader(world)
    owe(world, by_screen(world, alice), "Send the checklist", MONDAY + timedelta(days=11))
    be_off(world, alice)
    page = read(world, alice)
    assert "It goes out Mon 30 Nov, 12:00, UTC." in page
    assert "Nothing can be planned for the week of Mon 23 Nov" in page
    page = read(world, alice, "/settings")
    assert (
        "The next one goes out Mon 23 Nov, 12:00, UTC, unless nothing is due or you are off that week."
        in page
    )


def test_who_wants_to_hear_of_an_empty_week_hears_of_a_week_off(world: World) -> None:
    alice = reader(world, nudge_when_empty=True)
    by_screen(world, alice)
    be_off(world, alice)
    page = read(world, alice)
    assert "It goes out Mon 23 Nov, 12:00, UTC." in page
    assert "You are off this week" in page
    assert "One person has a reason to be reached, and will wait until you are back." in page


def test_a_week_in_which_nobody_is_due_is_said_to_bring_no_mail(world: World) -> None:
    alice = reader(world)
    in_touch(world, alice)
    page = read(world, alice)
    assert "As things stand, no mail" in page
    assert "Nobody is due in that week." in page


@pytest.mark.parametrize(
    ("role", "whom"), [("admin", "whoever runs In Person sets"), ("member", "Ask your admin about it")]
)
def test_settings_say_where_no_mail_can_be_sent_and_name_no_day(world: World, role: str, whom: str) -> None:
    who = reader(world, role=role)
    for path in ("/settings", "/settings/mail"):
        page = read(world, who, path, smtp_url="")
        assert "This server cannot send mail yet" in page
        assert whom in page
        assert "The next one goes out" not in page
        assert "It goes out" not in page
    assert "This server cannot send mail yet" not in read(world, who, "/settings")


def test_who_switched_it_off_may_look_and_is_told_so(world: World) -> None:
    alice = reader(world, nudge_on=False)
    by_screen(world, alice)
    page = read(world, alice)
    assert "it is switched off in your settings" in page
    assert "Marta Kowalczyk" in page
    assert "It goes out" not in page
    assert "The next one goes out" not in read(world, alice, "/settings")


def test_viewers_have_no_mail_to_look_at(world: World) -> None:
    viewer = world.user(role="viewer")
    page = client(world, viewer, smtp_url=SMTP).get("/settings/mail")
    assert page.status_code == 403


def test_the_heartbeat_promises_no_run_while_mail_is_not_set_up(world: World) -> None:
    alice = reader(world)
    page = read(world, alice, "/team/heartbeat", smtp_url="")
    assert "Mon 23 Nov" not in page
    assert "next run above" not in page
    assert "None goes out until mail is set up." in page
    assert "Mon 23 Nov, 12:00" in read(world, alice, "/team/heartbeat")


def test_the_heartbeat_names_its_zone_and_tells_of_ones_own_days_off_alone(world: World) -> None:
    alice = reader(world, time_zone="America/New_York")
    bob = world.user("Bob Stone", "member", created_at=NOW - timedelta(days=9))
    be_off(world, bob)
    page = read(world, alice, "/team/heartbeat")
    assert "times are in your zone, America/New_York." in page
    assert "Nothing can be planned" not in page
    assert "Nothing can be planned for the week of Mon 23 Nov" in read(world, bob, "/team/heartbeat")


@pytest.mark.parametrize("path", ["/settings/mail", "/settings"])
def test_no_mail_is_foretold_while_all_is_held(world: World, path: str) -> None:
    admin, bob = member(world), world.user("Bob Stone", "member")
    assert "goes out Mon 23 Nov" in read(world, admin, path)
    with world.database.write() as connection:
        connection.execute(mail_hold.insert(), {"held_at": NOW, "reason": "Restored from an old backup"})
    page = read(world, admin, path)
    assert "goes out Mon 23 Nov" not in page
    assert '<a href="/team/heartbeat">Heartbeat</a> says how to release it.' in page
    assert "until an admin releases it" in read(world, bob, path)
