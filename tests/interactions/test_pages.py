"""The log's pages, walked as a site walks them."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from crm import clock
from crm.domain.principal import Principal
from crm.storage.database import new_id
from crm.storage.tables import (
    ask,
    contact,
    contact_date,
    contact_metrics,
    interaction,
    interaction_contact,
    interaction_user,
    promise,
    signal,
)
from tests.builders import World
from tests.thorough import some_of
from tests.web.site import signed_in

NAUGHTY = Path(__file__).parents[3] / "shared/data/suites/blns/blns.json"


@pytest.fixture
def alice(world: World) -> Principal:
    world.now = clock.now()
    return world.user()


@pytest.fixture
def site(world: World, alice: Principal) -> TestClient:
    return signed_in(world, alice)


def post(site: TestClient, path: str, **fields: Any) -> Any:
    return site.post(path, data=fields, headers={"Sec-Fetch-Site": "same-origin"})


def newest(world: World) -> Any:
    with world.database.read() as connection:
        return connection.execute(select(interaction).order_by(interaction.c.id.desc()).limit(1)).one()


def people_of(world: World, interaction_id: int) -> set[int]:
    with world.database.read() as connection:
        took_part = interaction_contact.c
        found = select(took_part.contact_id).where(took_part.interaction_id == interaction_id)
        return set(connection.execute(found).scalars())


def count(world: World, table: Any = interaction) -> int:
    with world.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def zone_of(world: World, contact_id: int) -> str | None:
    with world.database.read() as connection:
        return connection.execute(
            select(contact_metrics.c.zone).where(contact_metrics.c.contact_id == contact_id)
        ).scalar_one_or_none()


def said(site: TestClient) -> str:
    """The toast on the next page."""
    page = site.get("/log").text
    found = re.search(r"data-toast>.*?<span>(.*?)</span>", page, re.DOTALL)
    return found[1] if found else ""


def undo_of(site: TestClient) -> str:
    found = re.search(r'data-toast>.*?action="(.*?)"', site.get("/log").text, re.DOTALL)
    assert found
    return found[1]


def an_ask(world: World, contact_id: int) -> int:
    with world.database.write() as connection:
        row_id = new_id(connection)
        shared = {"workspace_id": world.workspace_id, "id": row_id, "contact_id": contact_id}
        connection.execute(ask.insert(), {**shared, "text": "Ask for a reference", "opened_on": world.today})
    return row_id


def naughty() -> Sequence[str]:
    """Strings of the list, each once."""
    return some_of(list(dict.fromkeys(json.loads(NAUGHTY.read_text(encoding="utf-8")))), 3)


def test_who_and_how_are_enough(world: World, site: TestClient) -> None:
    marta = world.contact(given_name="Marta")
    world.log("email", 100, marta)
    answer = post(site, "/log", contact_ids=marta, channel="lunch")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    row = newest(world)
    assert (row.channel, row.direction, row.outcome) == ("lunch", "mutual", "reached")
    assert said(site) == "Lunch with Marta logged. Marta is back in touch."


def test_undo_takes_it_out_and_undoing_that_brings_it_back(world: World, site: TestClient) -> None:
    marta = world.contact()
    world.log("email", 100, marta)
    before = zone_of(world, marta)
    post(site, "/log", contact_ids=marta, channel="lunch")
    assert zone_of(world, marta) == "in_touch"
    post(site, undo_of(site))
    assert zone_of(world, marta) == before
    post(site, undo_of(site))
    assert zone_of(world, marta) == "in_touch"


def test_the_form_is_filled_from_the_address(world: World, site: TestClient) -> None:
    marta = world.contact()
    page = site.get(
        f"/log?contact={marta}&channel=call&when=2026-11-19&at=15:30",
        headers={"Referer": "http://testserver/people/7?tab=1"},
    )
    assert f'name="contact_ids" value="{marta}" checked' in page.text
    assert re.search(r'value="phone" checked', page.text)
    assert 'value="2026-11-19"' in page.text
    assert 'value="15:30"' in page.text
    assert site.get(f"/log?contact={marta}&when=2026-11-19&at=noonish").status_code == 200
    past = site.get(f"/log?contact={marta}&when=2026-11-19").text
    assert "<h1>Log an interaction</h1>" in past
    ahead = site.get(f"/log?contact={marta}&channel=meeting&when=2026-12-07").text
    assert "<h1>Log what is arranged</h1>" in ahead
    later = site.get(f"/log?contact={marta}&channel=meeting&when={world.today}&at=23:30").text
    assert "<h1>Log an interaction</h1>" in later
    assert "It lies in the future: no clock moves until then." in later
    for page_text in (past, ahead, later):  # nothing but a script hides what it can show again
        assert re.search(r'<div data-outcome(="arranged")?>.*?Outcome', page_text, re.DOTALL)
    assert 'name="back" value="/people/7?tab=1"' in page.text


def test_what_nobody_answered_is_not_called_arranged(world: World, site: TestClient) -> None:
    marta = world.contact("Marta Kowalczyk")
    line = post(site, "/log/line", line="called Marta tomorrow, no answer").text
    assert "<h1>Log an interaction</h1>" in line
    assert 'value="attempted" checked' in line
    entry = world.log("phone", -2, marta, outcome="attempted")
    assert 'value="attempted" checked' in site.get(f"/log/{entry}").text


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_one_goes_back_only_to_pages_of_ours(world: World, site: TestClient, back: str) -> None:
    marta = world.contact()
    assert post(site, "/log", contact_ids=marta, channel="lunch", back=back).headers["location"] == "/"
    assert (
        post(site, "/log", contact_ids=marta, channel="lunch", back="/people/7").headers["location"]
        == "/people/7"
    )


def test_what_is_missing_is_said_beside_its_field_and_nothing_typed_is_lost(
    world: World, site: TestClient
) -> None:
    answer = post(site, "/log", when="day", note="a long note", summary="short", direction="inbound")
    assert answer.status_code == 422
    for sentence in (
        "Say who it was with.",
        "Choose how you were in touch.",
        "Choose the day, or Today or Yesterday.",
    ):
        assert answer.text.count(sentence) == 2  # in the summary and beside the field
    assert "a long note" in answer.text
    assert 'value="short"' in answer.text
    assert 'value="inbound" checked' in answer.text
    assert count(world) == 0


def test_several_people_and_new_ones_on_the_fly(world: World, site: TestClient) -> None:
    marta, jonas = world.contact(), world.contact("Jonas Reuter")
    answer = post(site, "/log", contact_ids=[marta, jonas], new_names="Zoë Quinn", channel="meeting")
    assert answer.status_code == 303
    with world.database.read() as connection:
        zoe = connection.execute(select(contact).where(contact.c.name == "Zoë Quinn")).one()
    assert (zoe.kind, zoe.tier) == ("other", "regular")
    assert people_of(world, newest(world).id) == {marta, jonas, zoe.id}


@pytest.mark.parametrize("first", ["Ann Bell", "Marta Kowalczyk"])
def test_what_was_heard_is_kept_with_whoever_stands_first(world: World, site: TestClient, first: str) -> None:
    marta = world.contact()
    people = {"new_names": "Ann Bell", "contact_ids": str(marta)}
    if first != "Ann Bell":
        people = dict(reversed(people.items()))
    heard = {"heard_sort_1": "competitor", "heard_text_1": "Routely", "again": "3w"}
    assert post(site, "/log", **people, channel="phone", **heard).status_code == 303
    with world.database.read() as connection:
        for table in (signal, ask):
            theirs = select(contact.c.name).join(table, table.c.contact_id == contact.c.id)
            assert connection.execute(theirs).scalar_one() == first


def test_a_whole_name_typed_without_scripts_is_that_person(world: World, site: TestClient) -> None:
    marta, jonas = world.contact(), world.contact("Jonas Reuter")
    assert post(site, "/log", who="marta kowalczyk; Jonas Reuter", channel="phone").status_code == 303
    assert people_of(world, newest(world).id) == {marta, jonas}


def test_a_name_that_fits_several_or_nobody_is_asked_about(world: World, site: TestClient) -> None:
    sousa, lima = world.contact("Ana Sousa"), world.contact("Ana Lima")
    who = "Ana, Bo Stranger"
    asked = post(site, "/log", who=who, channel="phone")
    assert asked.status_code == 422
    assert f'value="{sousa}"' in asked.text
    assert f'value="{lima}"' in asked.text
    assert "Add “<bdi>Bo Stranger</bdi>” as a new person" in asked.text
    half = post(site, "/log", who=who, asked_who=who, contact_ids=lima, channel="phone")
    assert half.status_code == 422
    again = post(
        site,
        "/log",
        who=who,
        asked_who=who,
        contact_ids=lima,
        new_names="Bo Stranger",
        channel="phone",
    )
    assert again.status_code == 303
    assert lima in people_of(world, newest(world).id)
    assert len(people_of(world, newest(world).id)) == 2
    assert count(world) == 1


def test_a_broadcast_is_said_before_it_is_saved(world: World, site: TestClient) -> None:
    people = [world.contact(f"Person {number}") for number in range(14)]
    asked = post(site, "/log", contact_ids=people, channel="email")
    assert asked.status_code == 422
    assert (
        "This goes to 14 people by email: it will be shown on timelines but move no clock. Save it as a broadcast?"
        in asked.text
    )
    assert count(world) == 0
    assert post(site, "/log", contact_ids=people, channel="email", broadcast="yes").status_code == 303
    assert newest(world).broadcast
    assert zone_of(world, people[0]) == "no_record"
    assert said(site) == "Email to 14 people logged as a broadcast. It moves no clock."
    assert post(site, "/log", contact_ids=people, channel="meeting").status_code == 303
    assert not newest(world).broadcast


def test_an_attempt_moves_no_clock(world: World, site: TestClient) -> None:
    marta = world.contact(given_name="Marta")
    post(site, "/log", contact_ids=marta, channel="phone", outcome="attempted")
    assert zone_of(world, marta) == "no_record"
    assert said(site) == "Phone call to Marta logged as unanswered. It moves no clock."


def test_something_may_be_arranged_but_not_in_a_far_future(world: World, site: TestClient) -> None:
    marta = world.contact(given_name="Marta")
    soon, far = world.now + timedelta(days=10), world.now + timedelta(days=400)
    assert (
        post(site, "/log", contact_ids=marta, channel="lunch", when="day", day=soon.date()).status_code == 303
    )
    assert said(site).startswith("Lunch with Marta is arranged for ")
    assert zone_of(world, marta) == "no_record"
    refused = post(site, "/log", contact_ids=marta, channel="lunch", when="day", day=far.date())
    assert refused.status_code == 422
    assert "That is more than a year ahead. Choose an earlier day." in refused.text


def test_a_day_alone_is_noon_where_the_team_is_and_a_time_is_the_users(world: World) -> None:
    team = World.create(world.database, "Auckland", "Pacific/Auckland")
    team.now = clock.now()
    site = signed_in(team, team.user(time_zone="Europe/Berlin"))
    marta = team.contact()
    post(site, "/log", contact_ids=marta, channel="lunch", when="day", day="2026-03-20")
    row = newest(team)
    assert (row.occurred_at, row.day) == (datetime(2026, 3, 19, 23, tzinfo=UTC), date(2026, 3, 20))
    post(site, "/log", contact_ids=marta, channel="lunch", when="day", day="2026-03-20", time_of_day="20:00")
    row = newest(team)
    assert (row.occurred_at, row.day) == (datetime(2026, 3, 20, 19, tzinfo=UTC), date(2026, 3, 21))
    post(site, "/log", contact_ids=marta, channel="lunch", when="day", day="2026-03-29", time_of_day="02:30")
    assert newest(team).occurred_at == datetime(
        2026, 3, 29, 1, tzinfo=UTC
    )  # the hour that never was ends at 3


def test_yesterday_is_never_ahead_where_the_team_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    team = World.create(world.database, "Los Angeles", "America/Los_Angeles")
    team.now = clock.now()
    site = signed_in(team, team.user(time_zone="Pacific/Auckland"))
    marta = team.contact()
    for hours in (0, 6, 12, 18):
        now = team.now + timedelta(hours=hours)
        monkeypatch.setattr(clock, "now", lambda now=now: now)
        post(site, "/log", contact_ids=marta, channel="lunch", when="yesterday")
        assert newest(team).occurred_at <= now


def test_edit_shows_what_was_logged_and_keeps_the_moment_to_the_second(
    world: World, site: TestClient, alice: Principal
) -> None:
    marta, bob = world.contact(), world.user("Bob Stone", "member")
    at = datetime(2026, 11, 2, 10, 30, 17, 5, tzinfo=UTC)
    logged = world.log(
        "lunch",
        None,
        marta,
        by=alice,
        occurred_at=at,
        user_ids=(alice.user_id, bob.user_id),
        summary="fish place",
    )
    page = site.get(f"/log/{logged}").text
    assert 'value="2026-11-02"' in page
    assert 'value="10:30"' in page
    assert 'value="fish place"' in page
    answer = post(
        site,
        f"/log/{logged}",
        contact_ids=marta,
        channel="visit",
        when="day",
        day="2026-11-02",
        time_of_day="10:30",
        summary="depot",
        version=1,
        back="/people/3",
    )
    assert answer.headers["location"] == "/people/3"
    row = newest(world)
    assert (row.channel, row.summary, row.occurred_at, row.version) == ("visit", "depot", at, 2)
    with world.database.read() as connection:
        assert len(connection.execute(select(interaction_user)).all()) == 2


def test_two_who_edit_at_once_see_both_sides(world: World, site: TestClient, alice: Principal) -> None:
    marta = world.contact()
    logged = world.log("lunch", 3, marta, by=alice, summary="first")
    fields = {"contact_ids": marta, "channel": "lunch", "when": "yesterday", "version": 1}
    assert post(site, f"/log/{logged}", **fields, summary="theirs").status_code == 303
    answer = post(site, f"/log/{logged}", **fields, summary="mine")
    assert answer.status_code == 409
    assert ">theirs<" in answer.text
    assert ">mine<" in answer.text
    assert newest(world).summary == "theirs"
    assert post(site, f"/log/{logged}", **{**fields, "version": 2}, summary="mine").status_code == 303
    assert newest(world).summary == "mine"


def test_a_private_note_is_never_shown_to_others(world: World, site: TestClient, alice: Principal) -> None:
    marta = world.contact()
    post(site, "/log", contact_ids=marta, channel="lunch", note="about the illness", note_private="yes")
    logged = newest(world)
    assert logged.note_private
    assert "about the illness" in site.get(f"/log/{logged.id}").text
    assert "about the illness" in site.get(f"/log?contact={marta}").text
    bob = signed_in(world, world.user("Bob Stone", "member"))
    assert "about the illness" not in bob.get(f"/log/{logged.id}").text
    assert "about the illness" not in bob.get(f"/log?contact={marta}").text
    assert post(bob, f"/log/{logged.id}", contact_ids=marta, channel="visit", note="").status_code == 303
    assert (newest(world).note, newest(world).note_private) == ("about the illness", True)


def test_viewers_may_not_and_others_find_nothing(world: World, site: TestClient, alice: Principal) -> None:
    marta = world.contact()
    logged = world.log("lunch", 3, marta, by=alice)
    vera = signed_in(world, world.user("Vera Kind", "viewer"))
    other = World.create(world.database, "Another team")
    charlie = signed_in(other, other.user("Charlie Fox"))
    paths = [f"/log/{logged}", f"/log/{logged}/delete", f"/log/{logged}/restore"]
    assert {post(vera, path).status_code for path in [*paths, "/log", "/log/line"]} == {403}
    assert {post(charlie, path).status_code for path in paths} == {404}
    assert charlie.get(f"/log/{logged}").status_code == 404
    assert "Marta" not in charlie.get(f"/log?contact={marta}").text
    theirs = post(charlie, "/log", contact_ids=marta, channel="lunch")
    assert theirs.status_code == 422
    assert "Marta" not in theirs.text
    line = post(charlie, "/log/line", line="lunch with Marta Kowalczyk")
    assert 'name="contact_ids"' not in line.text
    assert count(world) == 1


def test_two_of_one_given_name_are_told_apart_once_saved(world: World, site: TestClient) -> None:
    bianca, marta = world.contact("Bianca Bellandi"), world.contact("Marta Kowalczyk")
    world.contact("Bianca Cattaneo"), world.contact("Martas Reuter")
    post(site, "/log", contact_ids=[bianca, marta], channel="meeting")
    assert "Meeting with Bianca Bellandi and Marta logged." in site.get("/").text


def test_what_was_changed_can_be_opened_from_the_sentence_that_says_so(
    world: World, site: TestClient, alice: Principal
) -> None:
    marta = world.contact()
    logged = world.log("lunch", 3, marta, by=alice)
    post(site, f"/log/{logged}", contact_ids=marta, channel="visit")
    assert f'<a href="/log/{logged}">Open it</a>' in site.get("/").text


def test_one_line_fills_the_form_and_saves_nothing(world: World, site: TestClient) -> None:
    marta = world.contact()
    page = post(site, "/log/line", line="lunch yesterday with Marta, pilot moves to Worcester")
    assert page.status_code == 200
    assert count(world) == 0
    assert f'name="contact_ids" value="{marta}" checked' in page.text
    assert re.search(r'value="lunch" checked', page.text)
    assert re.search(r'value="yesterday" checked', page.text)
    assert 'value="pilot moves to Worcester"' in page.text
    for part in ("Will save:", "<bdi>Lunch</bdi>", "<bdi>Marta Kowalczyk</bdi>"):
        assert part in page.text


def test_one_line_shows_who_did_it_and_that_nobody_answered(world: World, site: TestClient) -> None:
    world.contact()
    page = post(site, "/log/line", line="rang Marta but no answer").text
    assert re.search(r'value="attempted" checked', page)
    shown = page[page.index("Will save:") : page.index("Marta Kowalczyk")]
    assert "<bdi>No answer</bdi>" in shown
    assert "<bdi>We did</bdi>" in shown
    page = post(site, "/log/line", line="Marta emailed about the pilot").text
    shown = page[page.index("Will save:") : page.index("Marta Kowalczyk")]
    assert "<bdi>They did</bdi>" in shown
    assert "No answer" not in shown


def test_a_promise_in_the_line_stands_among_what_was_heard(world: World, site: TestClient) -> None:
    world.contact()
    due = (world.now + timedelta(days=300)).date()
    line = f"call Marta, pilot moves. promise: send the plan by {due}"
    page = post(site, "/log/line", line=line).text
    assert f"<bdi>My promise: send the plan, due {due:%a} {due.day}" in page
    assert 'value="pilot moves."' in page
    assert (
        'name="heard_text_1" type="text" dir="auto" autocomplete="off" aria-label="In words" value="send the plan"'
        in page
    )
    assert f'aria-label="Day" value="{due}"' in page
    assert re.search(r'<option value="promise" selected>', page)


def test_what_a_line_leaves_open_is_asked(world: World, site: TestClient) -> None:
    world.contact("Ana Sousa"), world.contact("Ana Lima")
    page = post(site, "/log/line", line="with Ana").text
    for sentence in ("Choose whom you mean by “Ana”.", "Say how you were in touch."):
        assert sentence in page
    assert "Ana Sousa" in page
    ids = re.findall(r'name="contact_ids" value="(\d+)"', page)
    assert len(ids) == 2
    fields = {"who": "Ana", "asked_who": "Ana", "channel": "lunch", "when": "today"}
    asked = site.get("/log/will-save", params=fields).text
    assert "Choose whom" in asked
    assert ">Save" not in asked
    settled = site.get("/log/will-save", params={**fields, "contact_ids": ids[0]}).text
    assert "Choose whom" not in settled
    assert "<bdi>Ana Lima</bdi>" in settled
    assert 'form="log-form"' in settled
    assert post(site, "/log/line", line="").status_code == 200


def test_a_day_that_there_is_not_is_to_be_chosen(world: World, site: TestClient) -> None:
    marta = world.contact()
    page = post(
        site, "/log/line", line="lunch with Marta on 31 february, promise: send the plan by 31 feb"
    ).text
    assert page.count("There is no 31 February.") == 4  # beside each field, and above
    assert "Say which day it was." in page
    assert re.search(r'value="day" checked', page)
    refused = post(site, "/log", contact_ids=marta, channel="lunch", when="day", day="")
    assert refused.status_code == 422
    assert count(world) == 0


def test_the_column_beside_says_what_will_change(world: World, site: TestClient) -> None:
    marta = world.contact(given_name="Marta")
    for days in (10, 40, 70):
        world.log("email", days, marta)
    an_ask(world, marta)
    page = site.get(f"/log/once-saved?contact_ids={marta}&channel=lunch").text
    now, then = re.search(r"(\d+)</span> → <strong class=\"good\">(\d+)<", page).groups()  # type: ignore[union-attr]
    assert int(now) < int(then)
    assert "zone-in_touch" in page
    assert "For a key partner, one lunch keeps the in-person clock for 90 days." in page
    assert "Ask for a reference" in page
    post(site, "/log", contact_ids=marta, channel="lunch")
    with world.database.read() as connection:
        stored = connection.execute(select(contact_metrics.c.score)).scalar_one()
    assert stored == int(then)


def test_the_column_beside_foretells_what_is_dated_back(world: World, site: TestClient) -> None:
    marta = world.contact(given_name="Marta")
    for days in range(60, 160):
        world.log("email", days, marta)
    day = (world.today - timedelta(days=20)).isoformat()
    page = site.get(f"/log/once-saved?contact_ids={marta}&channel=lunch&day={day}").text
    assert "zone-in_touch" in page
    post(site, "/log", contact_ids=marta, channel="lunch", day=day)
    with world.database.read() as connection:
        assert connection.execute(select(contact_metrics.c.zone)).scalar_one() == "in_touch"


def test_asks_brought_up_are_closed_and_speak_again_opens_one(world: World, site: TestClient) -> None:
    marta = world.contact()
    old = an_ask(world, marta)
    post(site, "/log", contact_ids=marta, channel="lunch", closed_asks=old, again="6w")
    with world.database.read() as connection:
        asks = {row.text: row for row in connection.execute(select(ask))}
    assert asks["Ask for a reference"].closed_on == world.today
    assert asks["Speak again"].due == world.today + timedelta(days=42)
    undo = f"/log/{newest(world).id}/delete"
    assert undo in site.get("/").text
    post(site, undo)
    assert "Removed from the log, with what was noted along with it." in site.get("/").text
    with world.database.read() as connection:
        assert [(row.text, row.closed_on) for row in connection.execute(select(ask))] == [
            ("Ask for a reference", None)
        ]


def ask_of(world: World, ask_id: int) -> Any:
    """The day an ask was closed on, and how many its person's figures count as open."""
    with world.database.read() as connection:
        row = connection.execute(select(ask).where(ask.c.id == ask_id)).one()
        figures = select(contact_metrics.c.open_asks).where(contact_metrics.c.contact_id == row.contact_id)
        return row.closed_on, connection.execute(figures).scalar_one()


def test_an_ask_stays_open_while_nobody_was_reached(world: World, site: TestClient) -> None:
    marta = world.contact("Marta Kowalczyk", given_name="Marta")
    old = an_ask(world, marta)
    ahead = (world.today + timedelta(days=5)).isoformat()
    for fields, words in (
        ({"channel": "phone", "outcome": "attempted"}, "Phone call to Marta logged as unanswered."),
        ({"channel": "lunch", "when": "day", "day": ahead}, "Lunch with Marta is arranged for "),
    ):
        post(site, "/log", contact_ids=marta, closed_asks=old, **fields)
        told = said(site)
        assert told.startswith(words)
        assert told.endswith(" What you meant to bring up stays open.")
        assert ask_of(world, old) == (None, 1)
        beside = site.get("/log/once-saved", params={"contact_ids": marta, **fields}).text
        assert "Nobody has been reached yet, so these stay open." in beside
    assert "so these stay open" not in site.get(f"/log/once-saved?contact_ids={marta}&channel=phone").text
    post(site, "/log", contact_ids=marta, channel="phone", closed_asks=old)
    assert ask_of(world, old) == (world.today, 0)
    post(site, "/log", contact_ids=marta, channel="phone", outcome="attempted", closed_asks=old)
    assert "stays open" not in said(site)


def test_an_ask_is_open_while_the_entry_that_settled_it_reached_nobody_or_somebody_else(
    world: World, site: TestClient
) -> None:
    marta, jonas = world.contact(), world.contact("Jonas Reuter")
    old = an_ask(world, marta)
    post(site, "/log", contact_ids=[marta, jonas], channel="phone", closed_asks=old)
    call = newest(world).id
    as_it_was = {"contact_ids": [marta, jonas], "channel": "phone", "when": "today"}
    ahead = {"when": "day", "day": (world.today + timedelta(days=5)).isoformat()}
    for change in ({"outcome": "attempted"}, {"contact_ids": jonas}, ahead):
        post(site, f"/log/{call}", **as_it_was, summary="About the price")
        assert ask_of(world, old) == (world.today, 0)
        post(site, f"/log/{call}", **{**as_it_was, **change})
        assert "is changed. What it settled is open again." in said(site)
        assert ask_of(world, old) == (None, 1)
        for act in ("delete", "restore"):
            post(site, f"/log/{call}/{act}")
            assert ask_of(world, old) == (None, 1)


def test_an_ask_that_somebody_settled_since_is_not_opened_by_a_change_of_the_entry(
    world: World, site: TestClient
) -> None:
    marta = world.contact()
    old = an_ask(world, marta)
    post(site, "/log", contact_ids=marta, channel="phone", closed_asks=old)
    call = newest(world).id
    for act in ("reopen", "close"):
        assert post(site, f"/asks/{old}/{act}").status_code == 303
    post(site, f"/log/{call}", contact_ids=marta, channel="phone", when="today", outcome="attempted")
    assert ask_of(world, old) == (world.today, 0)


def test_an_ask_is_settled_by_the_last_entry_that_did_so_alone(world: World, site: TestClient) -> None:
    marta = world.contact()
    old = an_ask(world, marta)
    post(site, "/log", contact_ids=marta, channel="phone", closed_asks=old)
    call = newest(world).id
    unanswered = {"contact_ids": marta, "channel": "phone", "when": "today", "outcome": "attempted"}
    post(site, f"/log/{call}", **unanswered)
    post(site, "/log", contact_ids=marta, channel="lunch", closed_asks=old)
    lunch = newest(world).id
    post(site, f"/log/{call}", **{**unanswered, "when": "yesterday"})
    post(site, f"/log/{call}/delete")
    assert ask_of(world, old) == (world.today, 0)
    post(site, f"/log/{lunch}/delete")
    assert ask_of(world, old) == (None, 1)


def test_what_was_heard_is_kept_or_given_back(world: World, site: TestClient) -> None:
    marta = world.contact()
    heard = {
        "heard_sort_1": "competitor",
        "heard_text_1": "Routely, free for a year",
        "heard_sort_2": "promise",
        "heard_text_2": "Send the timeline",
        "heard_due_2": "2026-12-02",
    }
    assert post(site, "/log", contact_ids=marta, channel="lunch", **heard).status_code == 303
    with world.database.read() as connection:
        assert connection.execute(select(signal.c.type, signal.c.text)).one() == (
            "competitor",
            "Routely, free for a year",
        )
        assert connection.execute(select(promise.c.by, promise.c.due)).one() == ("us", date(2026, 12, 2))
    assert "Routely, free for a year" in site.get(f"/log/{newest(world).id}").text
    wrong = post(
        site,
        "/log",
        contact_ids=marta,
        channel="lunch",
        **{**heard, "heard_due_2": "soon", "heard_sort_1": "gossip"},
    )
    assert wrong.status_code == 422
    assert "Enter the day like 2026-11-23." in wrong.text
    assert "Choose one from the list." in wrong.text


def test_days_to_remember_are_kept_once(world: World, site: TestClient) -> None:
    marta = world.contact()
    ahead = world.today + timedelta(days=40)
    heard = {
        "heard_sort_1": "birthday",
        "heard_due_1": f"{world.today.year}-05-23",
        "heard_sort_2": "renewal",
        "heard_text_2": "The contract",
        "heard_due_2": ahead.isoformat(),
    }
    for _ in range(2):
        assert post(site, "/log", contact_ids=marta, channel="lunch", **heard).status_code == 303
    table = contact_date.c
    with world.database.read() as connection:
        found = connection.execute(
            select(table.kind, table.month, table.day, table.on_day, table.yearly, table.label).order_by(
                table.kind
            )
        ).all()
    assert [tuple(row) for row in found] == [
        ("birthday", 5, 23, None, True, None),
        ("renewal", ahead.month, ahead.day, ahead, False, "The contract"),
    ]
    wrong = post(
        site,
        "/log",
        contact_ids=marta,
        channel="lunch",
        heard_sort_1="anniversary",
        heard_text_1="First order",
    )
    assert (wrong.status_code, "Say which day it is." in wrong.text) == (422, True)


def test_save_and_log_another_comes_back_to_the_form(world: World, site: TestClient) -> None:
    answer = post(
        site, "/log", contact_ids=world.contact(), channel="lunch", then="another", back="/people/7"
    )
    assert answer.headers["location"] == "/log?channel=lunch&back=%2Fpeople%2F7"
    fields = {"contact_ids": world.contact("Ana Lima"), "channel": "visit", "then": "another"}
    answer = post(site, "/log", **fields, when="yesterday")
    assert answer.headers["location"] == "/log?channel=visit&when=yesterday"
    assert re.search(r'value="yesterday" checked', site.get(answer.headers["location"]).text)
    answer = post(site, "/log", **fields, when="day", day="2025-03-04")
    assert answer.headers["location"] == "/log?channel=visit&when=2025-03-04"


def test_ones_own_latest_five_can_be_edited(world: World, site: TestClient, alice: Principal) -> None:
    bob = world.user("Bob Stone", "member")
    people = [world.contact(f"Person {number}") for number in range(3)]
    mine = [world.log("lunch", days, *people, by=alice) for days in range(7)]
    theirs = world.log("lunch", 1, *people, by=bob)
    page = site.get("/log").text
    assert [int(found) for found in re.findall(r'href="/log/(\d+)"', page)] == mine[:1:-1]
    assert f"/log/{theirs}" not in page
    assert "Person 0, Person 1</bdi> and one other" in page


HOSTILE = (
    *(("contact_ids", value) for value in ("-1", "9" * 40, "1e9", "x")),
    *(("day", value) for value in ("0000-00-00", "99999-01-01", "1899-12-31")),
    *(("when", "later"), ("time_of_day", "25:61"), ("direction", "up"), ("outcome", "maybe")),
    *(("version", "-1"), ("suggestion", "no"), ("closed_asks", "9" * 30), ("channel", "telepathy")),
    *(("summary", "x" * 1001), ("note", "x" * 100_001), ("then", "explode"), ("again", "never")),
)


def test_values_no_browser_sends_are_refused_with_a_sentence(world: World, site: TestClient) -> None:
    marta = world.contact()
    fields = {"contact_ids": marta, "channel": "lunch"}
    answers = {
        (name, value[:20]): post(site, "/log", **{**fields, name: value}).status_code
        for name, value in HOSTILE
    }
    assert answers == dict.fromkeys(answers, 422)
    assert count(world) == 0


def test_nul_is_refused(world: World, site: TestClient) -> None:
    assert post(site, "/log", contact_ids=world.contact(), channel="lunch", note="a\x00b").status_code == 422


@pytest.mark.skipif(not NAUGHTY.exists(), reason="the list of naughty strings is not here")
def test_naughty_strings_are_stored_unchanged_or_refused(world: World, site: TestClient) -> None:
    marta, strings, told = world.contact(), naughty(), set()
    for summary, note, heard in zip(strings[::3], strings[1::3], strings[2::3], strict=False):
        fields = {"summary": summary, "note": note, "heard_sort_1": "risk", "heard_text_1": heard}
        answer = post(site, "/log", contact_ids=marta, channel="note", **fields)
        assert answer.status_code in (303, 422), fields
        if answer.status_code == 303:
            row = newest(world)
            assert (row.summary, row.note) == (summary.strip() or None, note.strip() or None)
            told.add(heard.strip())
    with world.database.read() as connection:
        kept = set(connection.execute(select(signal.c.text)).scalars())
    assert len(told) > len(strings) / 4
    assert kept == told - {""}
    assert site.get(f"/log/{newest(world).id}").status_code == 200


@pytest.mark.skipif(not NAUGHTY.exists(), reason="the list of naughty strings is not here")
def test_naughty_names_and_lines_break_nothing(world: World, site: TestClient) -> None:
    world.contact()
    strings = naughty()
    for first, second, third in zip(strings[::3], strings[1::3], strings[2::3], strict=False):
        assert post(site, "/log/line", line=f"lunch with {first}").status_code in (200, 422)
        fields = {"who": second, "new_names": third, "channel": "lunch"}
        assert post(site, "/log", **fields).status_code in (303, 422)
