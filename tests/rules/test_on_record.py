"""Whoever logs fewer than half of their calendar's meetings is asked whether they have met, and answers in one click."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from crm import clock
from crm.contacts.actions import add_contacts
from crm.contacts.drafts import NewContact, Way
from crm.domain.on_record import Recorded
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.interactions.on_record import meetings_on_record
from crm.planning.drafting import draft_plan
from crm.rules.queries import flags
from crm.storage.tables import interaction_contact
from tests.builders import World
from tests.imports.files import bring, good
from tests.shipped import one_rule
from tests.web.site import client

MEETINGS = 10
TOLD = "Last met in person 14 weeks ago, on a visit, 8 days past the target."


def calendar_of(world: World, email: str, meetings: int) -> tuple[str, list[datetime]]:
    """A calendar of so many meetings with somebody, ten days apart, the last 200 days ago."""
    begun = world.now.replace(hour=9, minute=0, second=0, microsecond=0)
    times = [begun - timedelta(days=200 + 10 * place) for place in range(meetings)]
    events = [
        f"BEGIN:VEVENT\r\nUID:{place}\r\nDTSTART:{at:%Y%m%dT%H%M%SZ}\r\nSUMMARY:Review\r\nLOCATION:Room 4\r\n"
        f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{email}\r\nEND:VEVENT"
        for place, at in enumerate(times)
    ]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR", ""]), times


def lives(world: World, by: Principal, logged: int, meetings: int = MEETINGS) -> int:
    """Somebody met often by the user's calendar, so many times also by their log, and not for 98 days."""
    marta = NewContact("Marta Kowalczyk", emails=(Way("marta@fernhill.example"),), tier="key", kind="partner")
    with world.database.write() as connection:
        (one,) = add_contacts(connection, by, [marta], world.now)
    file, times = calendar_of(world, "marta@fernhill.example", meetings)
    for at in times[:logged]:
        world.log("meeting", None, one, occurred_at=at, by=by)
    good(bring(world, ("work.ics", file), by=by))
    world.log("visit", 98, one, by=by)
    return one


def sentence(world: World, rule: str = "in_person_overdue") -> str:
    with world.database.read() as connection:
        (flag,) = flags(connection, world.principal, world.now, rules=[one_rule(rule)])
    return flag.sentence


@pytest.mark.parametrize(("logged", "is_asked"), [(4, True), (5, False)])
def test_below_a_half_it_asks(world: World, logged: int, is_asked: bool) -> None:
    alice = world.user()
    lives(world, alice, logged)
    with world.database.read() as connection:
        found = meetings_on_record(connection, world.principal, world.now)
        later = meetings_on_record(connection, world.principal, world.now + timedelta(days=366))
    assert (found, later) == ({alice.user_id: Recorded(MEETINGS, logged)}, {})
    assert sentence(world).endswith(" Have you met since?") == is_asked
    assert ("past the target" in sentence(world)) == (not is_asked)


def test_what_is_logged_after_the_calendar_brought_it_is_logged_by_hand_as_well(world: World) -> None:
    alice, bob = world.user(), world.user("Bob Stone", "member")
    one = lives(world, alice, 0)
    _, times = calendar_of(world, "marta@fernhill.example", MEETINGS)
    for place, at in enumerate(times):
        world.log("email", None, one, occurred_at=at, by=alice)
        world.log("lunch", None, one, occurred_at=at + timedelta(hours=3), by=bob)
        if place < 4:
            world.log("meeting", None, one, occurred_at=at + timedelta(hours=1), by=alice)
    assert sentence(world).endswith(" Have you met since?")
    world.log("phone", None, one, occurred_at=times[4] + timedelta(hours=1), by=alice)
    with world.database.read() as connection:
        found = meetings_on_record(connection, world.principal, world.now)
    assert found == {alice.user_id: Recorded(MEETINGS, 5)}
    assert "past the target" in sentence(world)


def test_nine_meetings_are_too_few_to_tell(world: World) -> None:
    lives(world, world.user(), 0, MEETINGS - 1)
    assert "past the target" in sentence(world)


def test_the_week_asks_and_a_logged_meeting_answers(world: World) -> None:
    world.now = clock.now()
    alice = world.user()
    one = lives(world, alice, 0)
    with world.database.read() as connection:
        (planned,) = draft_plan(connection, alice, IsoWeek.of(world.today), world.now).suggestions
    assert planned.reason.endswith(" Have you met since?")
    site = client(world, alice)
    for page in ("/", f"/people/{one}", "/rules/in_person_overdue"):
        assert (
            f'href="/log?contact={one}&amp;channel=meeting&amp;when=day&amp;back={page}"'
            in site.get(page).text
        )
    why = "Of the 10 meetings in your calendar in the past year, none was logged by hand as well."
    assert why in site.get("/rules/in_person_overdue").text
    assert why not in site.get("/rules/they_wait").text
    fields = {"contact_ids": str(one), "channel": "meeting", "when": "day", "back": "/"}
    assert site.post("/log", data=fields).status_code == 422, "without a day"
    answer = site.post("/log", data={**fields, "day": world.today.isoformat()})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    with world.database.read() as connection:
        log = interaction_contact.c
        newest = connection.execute(
            select(log.channel, log.day).where(log.contact_id == one).order_by(log.occurred_at.desc())
        ).first()
        assert newest == ("meeting", world.today)
        assert not flags(connection, alice, clock.now(), rules=[one_rule("in_person_overdue")])
    assert "All done for this week" in site.get("/").text
