"""Handwritten notes: the desk, the sheet as a PDF, posting and taking back."""

import re
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from crm import clock
from crm.domain.note_prompts import OCCASIONS, prompts, usual_occasion
from crm.domain.post import PAPERS
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.errors import Forbidden, Invalid, NotFound
from crm.planning import note_actions, notes
from crm.planning.actions import make_plan, swap
from crm.planning.queries import plan_of
from crm.planning.stationery import Fact, Sheet, pdf, without_letters
from crm.storage.database import new_id
from crm.storage.tables import contact_address, contact_date, interaction, promise
from tests.builders import World
from tests.today.test_week_page import said
from tests.web.site import client

POINTS_PER_MM = 72 / 25.4


@pytest.fixture
def alice(world: World) -> Principal:
    return world.user(country="US", first_run_done=True)


def address(world: World, contact_id: int, *values: str) -> None:
    with world.database.write() as connection:
        for position, value in enumerate(values):
            row = {"workspace_id": world.workspace_id, "contact_id": contact_id, "position": position}
            connection.execute(contact_address.insert(), {**row, "value": value})


def birthday(world: World, contact_id: int, day: date) -> None:
    with world.database.write() as connection:
        values = {"workspace_id": world.workspace_id, "id": new_id(connection), "contact_id": contact_id}
        leap = date(2000, day.month, day.day).timetuple().tm_yday
        more = {"kind": "birthday", "month": day.month, "day": day.day, "leap_day": leap, "yearly": True}
        connection.execute(contact_date.insert(), {**values, **more})


def desk(world: World, by: Principal) -> notes.Desk:
    with world.database.read() as connection:
        return notes.desk(connection, by, world.now)


def post(world: World, by: Principal, contact_id: int, days_ago: int = 0, *, ring: bool = True) -> int:
    with world.database.write() as connection:
        day = world.today - timedelta(days=days_ago)
        return note_actions.posted(connection, by, contact_id, day, world.now, ring=ring).interaction_id


def rows(world: World, table: Any) -> list[Any]:
    with world.database.read() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key)))


def planned_note(world: World, by: Principal) -> tuple[int, int]:
    """Somebody whom the plan of the week suggests to write to; the contact and the suggestion."""
    marta = world.contact(owner_id=by.user_id)
    address(world, marta, "12 Mill Lane\nBoston MA 02110")
    for days_ago in (5, 20, 40, 60):
        world.log("email", days_ago, marta)
    with world.database.write() as connection:
        week = IsoWeek.of(world.today)
        make_plan(connection, by, week, world.now)
        plan = plan_of(connection, by, week, world.now)
        assert plan
        one = plan.suggestions[0]
        assert one.id
        if one.act != "note":
            swap(connection, by, one.id, "note", world.now)
    return marta, one.id


def test_the_desk_holds_the_weeks_notes_and_dates_a_card_can_be_in_time_for(
    world: World, alice: Principal
) -> None:
    marta, _ = planned_note(world, alice)
    soon, late, other = (world.contact(name, owner_id=alice.user_id) for name in ("Soon", "Late", "Other"))
    abroad = world.contact("Abroad", owner_id=alice.user_id, country="DE")
    birthday(world, soon, world.today + timedelta(days=14))
    birthday(world, abroad, world.today + timedelta(days=14))
    birthday(world, late, world.today + timedelta(days=5))
    birthday(world, other, world.today + timedelta(days=60))
    birthday(world, world.contact("Nobody’s"), world.today + timedelta(days=14))
    found = desk(world, alice)
    assert [one.contact_id for one in found.planned] == [marta]
    assert found.planned[0].has_address
    assert found.as_of == ""
    assert [(one.name, one.post_by, one.has_address) for one in found.dates] == [
        ("Soon", date(2026, 11, 30), False)
    ]  # five working days before 7 December; ten to Germany would have been 20 November, past Thanksgiving


def test_once_the_day_of_the_plan_is_over_a_card_is_posted_by_the_last_one_in_time(
    world: World, alice: Principal
) -> None:
    marta, _ = planned_note(world, alice)
    birthday(world, marta, world.today + timedelta(days=14))

    def post_by(days: int) -> date | None:
        with world.database.read() as connection:
            return notes.note_to(connection, alice, marta, world.now + timedelta(days=days)).post_by

    planned = post_by(0)
    assert planned
    assert planned < world.today + timedelta(days=5)
    with world.database.read() as connection:
        later = notes.desk(connection, alice, world.now + timedelta(days=5))
    assert later.as_of == "The reasons are as of Mon 23 Nov, when the week was planned."
    assert post_by(5) == date(2026, 11, 30), "on Saturday the planned day is over, and the post still in time"


def test_posting_answers_the_suggestion_and_promises_a_call_and_undo_takes_back_all(
    world: World, alice: Principal
) -> None:
    marta, suggestion_id = planned_note(world, alice)
    before = rows(world, interaction)
    note_id = post(world, alice, marta)
    assert post(world, alice, marta) == note_id, "twice is once"
    with world.database.read() as connection:
        plan = plan_of(connection, alice, IsoWeek.of(world.today), world.now)
    assert plan
    assert [(one.id, one.state) for one in plan.suggestions] == [(suggestion_id, "done")]
    found = desk(world, alice)
    assert not found.planned
    # Monday 23 November and five working days without Thanksgiving, then a week
    assert [(one.arrives, one.ring_on) for one in found.posted] == [(date(2026, 12, 1), date(2026, 12, 8))]
    assert [(row.by, row.text) for row in rows(world, promise)] == [
        ("us", "Ring about the note posted on Mon 23 Nov")
    ]
    with world.database.write() as connection:
        note_actions.take_back(connection, alice, note_id, world.now)
        note_actions.take_back(connection, alice, note_id, world.now)
    assert rows(world, promise) == []
    assert [row for row in rows(world, interaction) if row.deleted_at is None] == before
    assert [one.contact_id for one in desk(world, alice).planned] == [marta]


def test_a_suggested_note_is_done_on_the_day_it_was_posted(world: World, alice: Principal) -> None:
    marta, _ = planned_note(world, alice)
    world.now += timedelta(days=2)
    post(world, alice, marta, days_ago=2)
    with world.database.read() as connection:
        plan = plan_of(connection, alice, IsoWeek.of(world.today), world.now)
    assert plan
    (one,) = plan.suggestions
    assert (one.state, one.state_day) == ("done", world.today - timedelta(days=2))


def test_a_note_nobody_suggested_is_logged_on_its_day_and_can_be_taken_back(
    world: World, alice: Principal
) -> None:
    ruth = world.contact("Ruth", tier="none")
    note_id = post(world, alice, ruth, days_ago=3, ring=False)
    (row,) = rows(world, interaction)
    assert (row.channel, row.direction, row.day) == ("note", "outbound", world.today - timedelta(days=3))
    assert rows(world, promise) == []
    with world.database.write() as connection:
        note_actions.take_back(connection, alice, note_id, world.now)
    assert desk(world, alice).posted == ()


@pytest.mark.parametrize(
    ("team", "writer", "now"),
    [
        ("America/Los_Angeles", "Australia/Sydney", datetime(2026, 11, 23, 23, tzinfo=UTC)),
        ("Australia/Sydney", "America/Los_Angeles", datetime(2026, 11, 24, 18, tzinfo=UTC)),
    ],
)
def test_far_from_the_team_a_note_keeps_its_day_and_is_logged_once(
    world: World, team: str, writer: str, now: datetime
) -> None:
    there = World.create(world.database, "Far away", team)
    there.now = now
    alice = there.user(time_zone=writer)
    ruth, monday = there.contact("Ruth", owner_id=alice.user_id), date(2026, 11, 23)
    with there.database.write() as connection:
        first, second = (
            note_actions.posted(connection, alice, ruth, monday, now, ring=False) for _ in range(2)
        )
        today = note_actions.posted(connection, alice, ruth, alice.own_day(now), now, ring=False)
        again = note_actions.posted(connection, alice, ruth, alice.own_day(now), now, ring=False)
    assert (second.interaction_id, first.is_new, second.is_new) == (first.interaction_id, True, False)
    assert (again.interaction_id, again.is_new) == (today.interaction_id, False)
    assert {one.interaction_id: one.posted for one in desk(there, alice).posted} == {
        first.interaction_id: monday,
        today.interaction_id: alice.own_day(now),
    }
    kept = {row.id: row.day for row in rows(there, interaction)}
    assert kept[first.interaction_id] == monday, "and so it is for the team"


def test_a_note_of_the_evening_before_is_not_todays(world: World) -> None:
    """Posted at 17:00 in Los Angeles on Monday, which is Tuesday for the team."""
    alice = world.user(time_zone="America/Los_Angeles")
    ruth, monday = world.contact("Ruth", owner_id=alice.user_id), date(2026, 11, 23)
    evening, next_day = datetime(2026, 11, 24, 1, tzinfo=UTC), datetime(2026, 11, 24, 18, tzinfo=UTC)
    by_hand = world.contact("Elena", owner_id=alice.user_id)
    world.now = next_day
    log = {"by": alice, "direction": "outbound"}
    noon = world.log("note", None, by_hand, occurred_at=datetime(2026, 11, 24, 12, tzinfo=UTC), **log)
    with world.database.write() as connection:
        first = note_actions.posted(connection, alice, ruth, monday, evening, ring=False)
        second = note_actions.posted(connection, alice, ruth, date(2026, 11, 24), next_day, ring=False)
        again = note_actions.posted(connection, alice, ruth, monday, next_day, ring=False)
        dated = note_actions.posted(connection, alice, by_hand, date(2026, 11, 24), next_day, ring=False)
    assert (first.is_new, second.is_new, again.is_new) == (True, True, False)
    assert again.interaction_id == first.interaction_id
    assert (dated.interaction_id, dated.is_new) == (noon, False)


def test_a_note_that_was_logged_by_hand_is_not_taken_back_by_the_page_that_found_it(world: World) -> None:
    world.now = clock.now()
    alice = world.user(first_run_done=True)
    ruth = world.contact("Ruth", owner_id=alice.user_id)
    by_hand = world.log("note", 3, ruth, by=alice, direction="outbound")
    browser = client(world, alice)
    day = (world.today - timedelta(days=3)).isoformat()
    answer = browser.post(f"/people/{ruth}/note/posted", data={"day": day})
    shown = said(browser, answer, "/notes")
    assert "is already in your log, so nothing was logged twice." in shown
    assert "logged twice. Undo" not in shown
    assert [row.id for row in rows(world, interaction)] == [by_hand]


@pytest.mark.parametrize("days_ago", [-1, 61])
def test_a_day_ahead_or_long_ago_is_refused(world: World, alice: Principal, days_ago: int) -> None:
    with pytest.raises(Invalid) as refusal:
        post(world, alice, world.contact("Ruth"), days_ago)
    assert set(refusal.value.fields) == {"day"}


def test_others_notes_are_not_there_and_viewers_write_none(world: World, alice: Principal) -> None:
    ruth = world.contact("Ruth")
    note_id = post(world, alice, ruth)
    bob = world.user("Bob Stone")
    with world.database.write() as connection, pytest.raises(NotFound):
        note_actions.take_back(connection, bob, note_id, world.now)
    assert desk(world, bob).posted == ()
    with pytest.raises(Forbidden):
        desk(world, world.user("Vera Grant", role="viewer"))


# The sheet


def streams(document: bytes) -> Iterator[bytes]:
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", document, re.DOTALL):
        try:
            yield zlib.decompress(found[1])
        except zlib.error:
            yield found[1]


def letters(document: bytes) -> str:
    """The letters that the fonts' maps name: everything that is written somewhere on the page."""
    said = b"\n".join(streams(document))
    codes = re.findall(rb"<[0-9a-fA-F]+> <([0-9a-fA-F]+)>", said)
    return "".join(bytes.fromhex(code.decode()).decode("utf-16-be") for code in codes)


def size(document: bytes) -> tuple[float, float]:
    """The one page's size in millimetres."""
    boxes = re.findall(
        rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", b"\n".join([document, *streams(document)])
    )
    assert len(boxes) == 1, "one page"
    return float(boxes[0][0]) / POINTS_PER_MM, float(boxes[0][1]) / POINTS_PER_MM


def sheet(**changes: Any) -> Sheet:
    values: dict[str, Any] = {
        "paper": PAPERS["a4"],
        "title": "Ruth",
        "post_by": "Post by Wed 18 Nov",
        "sender": ("Nora", "210 Summer St"),
        "address": ("Ruth", "401 Merrimack St", "Lowell MA 01852"),
        "prompts": prompts("farewell"),
        "facts": (Fact("Walks in spring", "3 Jun"),),
        "hints": prompts("sorry")[:3],
    }
    return Sheet(**{**values, **changes})


@pytest.mark.parametrize("key", sorted(PAPERS))
def test_the_page_is_as_large_as_its_paper_and_the_envelope_as_the_envelope(key: str) -> None:
    paper = PAPERS[key]
    assert size(pdf(sheet(paper=paper))) == pytest.approx((paper.width, paper.height), abs=0.05)
    alone = pdf(sheet(paper=paper, envelope_only=True))
    assert size(alone) == pytest.approx((paper.envelope_width, paper.envelope_height), abs=0.05)


def test_words_are_shown_as_they_are_and_never_read_as_markup() -> None:
    words = "#panic(1) $x$ *b* _i_ <a> \\ @x // ` ~ §"
    made = pdf(sheet(title=words, address=(words,), facts=(Fact(words, ""),)))
    assert set(words.replace(" ", "")) <= set(letters(made))
    assert size(made) == pytest.approx((210, 297), abs=0.05)


def test_names_of_many_alphabets_are_printed_and_what_cannot_be_is_told() -> None:
    names = ("Łukasz Żółć", "Ελένη", "Юлия Чехова", "Đặng Ünï")
    assert without_letters(names) == frozenset()
    made = letters(pdf(sheet(address=names)))
    assert set("ŁŻółćΕλένηЮлияЧĐặÜ") <= set(made)
    nobodys = "\ufdd0\ufdd1"
    assert without_letters(("Ruth", nobodys)) == {nobodys}
    assert size(pdf(sheet(address=(nobodys, "Boston")))) == pytest.approx((210, 297), abs=0.05)


def test_who_they_are_and_what_it_is_for_stands_under_the_name(world: World, alice: Principal) -> None:
    ruth = world.contact("Ruth Abernathy", title="Director", tier="regular")
    birthday(world, ruth, world.today + timedelta(days=20))
    with world.database.read() as connection:
        about = notes.note_to(connection, alice, ruth, world.now).about
    assert about == "Director. Birthday on Sun 13 Dec."
    made = letters(pdf(sheet(title="Ruth", about="Q 7")))
    assert {"Q", "7"} <= set(made)


def test_far_too_much_still_makes_one_page() -> None:
    long = "w" * 300 + " and so on" * 60
    made = pdf(
        sheet(title=long, about=long, sender=(long,) * 9, address=(long,) * 9, facts=(Fact(long, ""),) * 20)
    )
    assert size(made) == pytest.approx((210, 297), abs=0.05)


def test_every_occasion_asks_and_drafts_nothing() -> None:
    for occasion in OCCASIONS:
        asked = prompts(occasion)
        assert len(asked) == 5
        assert not any("Dear" in one.words for one in asked)


def test_a_note_is_for_what_comes_up_first_of_all_thanks() -> None:
    assert usual_occasion(["thank_you"], ["birthday"]) == "thank_you"
    assert usual_occasion(["occasion"], ["other"], ["Retires after 31 years"]) == "farewell"
    assert usual_occasion(["occasion"], ["other"], ["Ten years of Haas"]) == "hello"
    assert usual_occasion([], ["anniversary"]) == "well_done"


# The pages


def words(page: str) -> str:
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def test_from_the_desk_to_the_post_and_back(world: World, alice: Principal) -> None:
    world.now = clock.now()
    ruth = world.contact("Ruth Abernathy", given_name="Ruth", tier="regular")
    world.log("phone", 30, ruth, summary="Plans to walk in the Azores")
    browser = client(world, alice)
    assert "No notes are waiting" in words(browser.get("/notes").text)
    page = browser.get(f"/people/{ruth}/note").text
    assert "There is no postal address yet. Ask for the street and number and the town" in words(page)
    assert "Plans to walk in the Azores" in words(page)
    address(world, ruth, "401 Merrimack St", "9 Hill Rd\nBoston MA 02110")
    page = browser.get(
        f"/people/{ruth}/note?paper=letter&part=both&address=0&chosen=yes&fact=77&occasion=x"
    ).text
    assert "Ask for the town with its postcode before you post it." in words(page)
    picture = unescape(re.findall(r'src="(/people/\d+/note\.svg\?[^"]*)"', page)[0])
    assert browser.get(picture).headers["content-type"] == "image/svg+xml"
    printed = browser.get(picture.replace(".svg", ".pdf"))
    assert printed.headers["content-type"] == "application/pdf"
    assert size(printed.content) == pytest.approx((215.9, 279.4), abs=0.05)
    assert "Walks" not in picture
    answer = browser.post(f"/people/{ruth}/note/posted", data={"day": "soon", "ring": "yes"})
    assert answer.status_code == 422
    assert "Enter the day you posted it like 2026-11-23." in words(answer.text)
    answer = browser.post(f"/people/{ruth}/note/posted", data={"day": world.today.isoformat(), "ring": "yes"})
    assert answer.headers["location"] == "/notes"
    found = words(browser.get("/notes").text)
    assert "Posted lately" in found
    assert "You meant to ring on" in found
    (note_id,) = [row.id for row in rows(world, interaction) if row.channel == "note"]
    browser.post(f"/notes/{note_id}/undo")
    assert "Posted lately" not in words(browser.get("/notes").text)


def test_the_senders_address_is_kept_and_too_long_a_one_comes_back(world: World, alice: Principal) -> None:
    browser = client(world, alice)
    assert (
        browser.post("/notes/return-address", data={"return_address": "210 Summer St\r\nBoston"}).status_code
        == 303
    )
    with world.database.read() as connection:
        assert notes.writer(connection, alice).lines == ("Alice Meyer", "210 Summer St", "Boston")
    answer = browser.post("/notes/return-address", data={"return_address": "y" * 501})
    assert answer.status_code == 422
    assert "At most 500 characters." in words(answer.text)
    assert "y" * 501 in answer.text
