"""Asks, promises, signals, favours and dates: written down, changed, settled, taken away and brought back."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select, text
from starlette.testclient import TestClient

from crm import clock
from crm.domain.principal import Principal
from crm.errors import Conflict, Forbidden, Invalid, NotFound
from crm.interactions import matters
from crm.interactions.matters import SORTS, Sort
from crm.storage.stored_metrics import current
from crm.storage.tables import contact, removed_matter
from tests.builders import World
from tests.interactions.test_pages import post
from tests.web.site import signed_in

TEXT = "Will you host the summit?"


@pytest.fixture
def alice(world: World) -> Principal:
    world.now = clock.now()
    return world.user()


@pytest.fixture
def site(world: World, alice: Principal) -> TestClient:
    return signed_in(world, alice)


def fields(key: str, today: date) -> dict[str, Any]:
    """The smallest form of each sort."""
    return {
        "asks": {"text": TEXT, "due": (today + timedelta(days=9)).isoformat()},
        "promises": {"by": "us", "text": TEXT, "due": (today + timedelta(days=2)).isoformat()},
        "signals": {"type": "competitor", "text": TEXT, "theme": "Routely"},
        "favours": {"text": TEXT},
        "dates": {"kind": "birthday", "day": "29", "month": "2"},
    }[key]


def stored(world: World, sort: Sort) -> list[dict[str, Any]]:
    with world.database.read() as connection:
        rows = select(sort.table).where(sort.table.c.workspace_id == world.workspace_id)
        return [dict(row) for row in connection.execute(rows).mappings()]


def metrics(world: World, contact_id: int) -> dict[str, Any]:
    with world.database.read() as connection:
        relation = current(world.workspace_id)
        found = connection.execute(select(relation).where(relation.c.contact_id == contact_id))
        return dict(found.mappings().one())


@pytest.mark.parametrize("key", SORTS)
def test_written_down_taken_away_and_brought_back_whole(world: World, site: TestClient, key: str) -> None:
    one, sort = world.contact(), SORTS[key]
    assert site.get(f"/people/{one}/{key}/new").status_code == 200
    answer = post(site, f"/people/{one}/{key}", **fields(key, world.today))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/people/{one}#matters")
    (before,) = stored(world, sort)
    figures = metrics(world, one)
    shown = site.get(f"/people/{one}").text
    assert "29 Feb" in shown or "28 Feb" in shown if key == "dates" else TEXT in shown
    post(site, f"/{key}/{before['id']}/delete")
    assert stored(world, sort) == []
    undo = site.get(f"/people/{one}").text.partition('action="/removed/')[2].partition("/")[0]
    assert post(site, f"/removed/{undo}/restore").status_code == 303
    assert stored(world, sort) == [before]
    assert metrics(world, one) == figures
    assert post(site, f"/removed/{undo}/restore").status_code == 404


def undo_of(site: TestClient, contact_id: int) -> str:
    """Where the Undo of the last message leads; empty where none is offered."""
    found = re.findall(r'action="(/removed/\d+/restore)"', site.get(f"/people/{contact_id}").text)
    return found[0] if found else ""


@pytest.mark.parametrize("key", ["asks", "promises", "signals", "favours", "dates"])
def test_undo_takes_a_change_back(world: World, site: TestClient, key: str) -> None:
    one, sort = world.contact(), SORTS[key]
    post(site, f"/people/{one}/{key}", **fields(key, world.today))
    (before,) = stored(world, sort)
    figures = metrics(world, one)
    site.get(f"/people/{one}")
    word = "label" if key == "dates" else "text"
    first = fields(key, world.today) | {word: "Something else"}
    post(site, f"/{key}/{before['id']}/edit", **first)
    undo = undo_of(site, one)
    post(site, f"/{key}/{before['id']}/edit", **first)
    assert undo_of(site, one) == ""
    assert post(site, undo).status_code == 303
    assert f"{sort.said.as_before}" in site.get(f"/people/{one}").text
    assert (stored(world, sort), metrics(world, one)) == ([before], figures)


def test_undo_of_a_change_that_was_changed_again_is_refused(world: World, site: TestClient) -> None:
    one = world.contact()
    post(site, f"/people/{one}/asks", **fields("asks", world.today))
    (ask,) = stored(world, SORTS["asks"])
    post(site, f"/asks/{ask['id']}/edit", text="First", due="")
    undo = undo_of(site, one)
    with world.database.write() as connection:
        connection.execute(SORTS["asks"].table.update().values(text="By another way"))
    assert post(site, undo).status_code == 409
    for words in ("Second", "First"):
        post(site, f"/asks/{ask['id']}/edit", text=words, due="")
        refused = post(site, undo)
        assert (refused.status_code, "That has been changed again since" in refused.text) == (409, True)
    post(site, f"/asks/{ask['id']}/edit", text="Second", due="")
    assert stored(world, SORTS["asks"])[0]["text"] == "Second"


@pytest.mark.parametrize(("key", "settle"), [("asks", "close"), ("promises", "keep")])
def test_undo_of_settling_and_opening_restores_the_day(
    world: World, site: TestClient, key: str, settle: str
) -> None:
    one, sort = world.contact(), SORTS[key]
    assert sort.until
    post(site, f"/people/{one}/{key}", **fields(key, world.today))
    row_id = stored(world, sort)[0]["id"]
    site.get(f"/people/{one}")
    long_ago = world.today - timedelta(days=40)
    with world.database.write() as connection:
        connection.execute(sort.table.update().values({sort.until: long_ago}))
    post(site, f"/{key}/{row_id}/{settle}")
    assert undo_of(site, one) == ""
    post(site, f"/{key}/{row_id}/reopen")
    assert stored(world, sort)[0][sort.until] is None
    post(site, undo_of(site, one))
    assert stored(world, sort)[0][sort.until] == long_ago
    post(site, f"/{key}/{row_id}/reopen")
    site.get(f"/people/{one}")
    post(site, f"/{key}/{row_id}/{settle}")
    post(site, undo_of(site, one))
    assert stored(world, sort)[0][sort.until] is None


def test_metrics_follow_in_the_same_transaction(world: World, site: TestClient) -> None:
    one = world.contact()
    today = world.today
    for key in ("asks", "promises", "favours", "dates"):
        post(site, f"/people/{one}/{key}", **fields(key, today))
    found = metrics(world, one)
    assert (found["open_asks"], found["days_to_ask"]) == (1, 9)
    assert (found["open_promises"], found["days_to_our_promise"]) == (1, 2)
    assert found["days_since_favour"] == 0
    assert 0 <= found["days_to_date"] <= 366
    (ask,), (promise,) = stored(world, SORTS["asks"]), stored(world, SORTS["promises"])
    post(site, f"/asks/{ask['id']}/close")
    post(site, f"/promises/{promise['id']}/keep")
    assert (metrics(world, one)["open_asks"], metrics(world, one)["open_promises"]) == (0, 0)
    assert stored(world, SORTS["asks"])[0]["closed_on"] == today
    post(site, f"/asks/{ask['id']}/reopen")
    assert metrics(world, one)["days_to_ask"] == 9
    later = (today + timedelta(days=3)).isoformat()
    post(site, f"/asks/{ask['id']}/edit", text="Ask", due=later, back="/asks")
    assert metrics(world, one)["days_to_ask"] == 3
    assert stored(world, SORTS["asks"])[0]["opened_on"] == today


@pytest.mark.parametrize(
    ("key", "changes", "sentence"),
    [
        ("asks", {"text": "  "}, "This is needed."),
        ("asks", {"text": "x" * 100_001}, "At most 100,000 characters."),
        ("asks", {"due": "tomorrow"}, "Enter the day like 2026-11-23."),
        ("asks", {"due": "0001-01-01"}, "At least 1900-01-01."),
        ("promises", {"by": "nobody"}, "Choose one from the list."),
        ("signals", {"type": "gossip"}, "Choose one from the list."),
        ("signals", {"heard_on": "2199-01-01"}, "That day is still to come. Choose today or an earlier one."),
        (
            "favours",
            {"received_on": "2199-01-01"},
            "That day is still to come. Choose today or an earlier one.",
        ),
        ("dates", {"day": "31"}, "There is no 31 February."),
        ("dates", {"year": "2027"}, "There is no such day in the year 2027."),
        ("dates", {"yearly": "once"}, "A one-off date needs a year."),
    ],
)
def test_what_does_not_fit_comes_back_with_a_sentence(
    world: World, site: TestClient, key: str, changes: dict[str, str], sentence: str
) -> None:
    one = world.contact()
    answer = post(site, f"/people/{one}/{key}", **{**fields(key, world.today), **changes})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert stored(world, SORTS[key]) == []


def test_words_are_shown_as_they_are(world: World, site: TestClient) -> None:
    one = world.contact()
    for key in ("asks", "promises", "signals", "favours"):
        post(site, f"/people/{one}/{key}", **fields(key, world.today) | {"text": "<script>alert(1)</script>"})
    for path in (f"/people/{one}", "/asks", "/signals", "/signals/all"):
        shown = site.get(path).text
        assert "<script>alert(1)" not in shown
        assert "&lt;script&gt;alert(1)" in shown


def test_a_form_made_before_a_date_was_added_does_not_take_it_away(world: World, site: TestClient) -> None:
    one = world.contact()
    with world.database.read() as connection:
        before = connection.execute(select(contact.c.version).where(contact.c.id == one)).scalar_one()
    post(site, f"/people/{one}/dates", **fields("dates", world.today))
    answer = post(site, f"/people/{one}/edit", name="Marta", tier="key", kind="partner", version=before)
    assert answer.status_code == 409
    assert len(stored(world, SORTS["dates"])) == 1


def test_a_year_of_two_figures_is_asked_about(world: World, site: TestClient) -> None:
    one = world.contact()
    answer = post(site, f"/people/{one}/dates", **fields("dates", world.today) | {"year": "79"})
    assert answer.status_code == 422
    assert "Enter the year with four digits: did you mean 1979?" in answer.text
    assert stored(world, SORTS["dates"]) == []


def test_viewers_see_and_do_not_change(world: World, alice: Principal) -> None:
    one = world.contact()
    with world.database.write() as connection:
        values = {"text": TEXT, "due": None}
        ask = matters.add(connection, alice, SORTS["asks"], one, values, world.now)
    viewer = world.user("Vera Lund", role="viewer")
    shown = signed_in(world, viewer).get(f"/people/{one}").text
    assert TEXT in shown
    assert "/asks/" not in shown.partition('id="matters"')[2]
    with world.database.write() as connection:
        acts = (
            lambda: matters.add(connection, viewer, SORTS["asks"], one, values, world.now),
            lambda: matters.change(connection, viewer, SORTS["asks"], ask, values, world.now),
            lambda: matters.settle(connection, viewer, SORTS["asks"], ask, world.now),
            lambda: matters.reopen(connection, viewer, SORTS["asks"], ask, world.now),
            lambda: matters.remove(connection, viewer, SORTS["asks"], ask, world.now),
        )
        for act in acts:
            with pytest.raises(Forbidden):
                act()


def test_another_team_finds_nothing(world: World, alice: Principal) -> None:
    one = world.contact()
    other = World.create(world.database, "Another team")
    mallory = other.user("Mallory Fox")
    with world.database.write() as connection:
        for key, values in (
            ("asks", {"text": TEXT}),
            ("favours", {"text": TEXT, "received_on": world.today}),
        ):
            sort = SORTS[key]
            row = matters.add(connection, alice, sort, one, values, world.now)
            for act in (matters.remove, matters.matter):
                with pytest.raises(NotFound):
                    act(connection, mallory, sort, row, *([world.now] if act is matters.remove else []))
            with pytest.raises(NotFound):
                matters.add(connection, mallory, sort, one, values, world.now)
            removed = matters.remove(connection, alice, sort, row, world.now)
            with pytest.raises(NotFound):
                matters.bring_back(connection, mallory, removed, world.now)
        assert len(connection.execute(select(removed_matter)).all()) == 2


def test_bringing_back_twice_and_too_many_dates_are_refused(world: World, alice: Principal) -> None:
    one = world.contact()
    values = {"kind": "birthday", "month": 3, "day": 9, "leap_day": 69, "yearly": True}
    with world.database.write() as connection:
        where = (connection, alice, SORTS["dates"])
        first = matters.add(*where, one, values, world.now)
        removed = matters.remove(*where, first, world.now)
        connection.execute(
            SORTS["dates"].table.insert(),
            {"workspace_id": world.workspace_id, "id": first, "contact_id": one, **values},
        )
        with pytest.raises(Conflict):
            matters.bring_back(connection, alice, removed, world.now)
        for _ in range(49):
            matters.add(*where, one, values, world.now)
        with pytest.raises(Invalid):
            matters.add(*where, one, values, world.now)


def test_everything_open_is_listed_overdue_first_and_ones_own(
    world: World, site: TestClient, alice: Principal
) -> None:
    mine = world.contact("Ada Mine", owner_id=alice.user_id)
    theirs = world.contact("Bo Theirs")
    bob = world.user("Bob Stone", role="member")
    today = world.today
    with world.database.write() as connection:
        for who, by, text, due in (
            (mine, alice, "due later", today + timedelta(days=5)),
            (mine, alice, "without a day", None),
            (mine, alice, "overdue", today - timedelta(days=1)),
            (theirs, bob, "not mine", today),
        ):
            matters.add(connection, by, SORTS["asks"], who, {"text": text, "due": due}, world.now)
    shown = site.get("/asks").text
    order = [shown.index(text) for text in ("overdue", "due later", "without a day")]
    assert order == sorted(order)
    assert "not mine" not in shown
    assert "not mine" in site.get("/asks?whose=all").text
    assert "not mine" in signed_in(world, bob).get("/asks").text
    viewer = signed_in(world, world.user("Vera Lund", role="viewer"))
    assert "not mine" in viewer.get("/asks").text
    assert (
        "Nothing is waiting"
        in signed_in(world, World.create(world.database, "Other").user("Eve")).get("/asks").text
    )


def test_we_did_meet_asks_for_the_day(world: World, site: TestClient, alice: Principal) -> None:
    one = world.contact()
    world.log("email", 3, one)
    shown = site.get(f"/people/{one}").text
    assert "No meeting is logged" in shown
    link = f"/log?contact={one}&channel=meeting&when=day&back=/people/{one}"
    assert f'href="{link}"' in unescape(shown)
    assert not re.search("<form[^>]*/met", shown), "nothing is logged before a day is said"
    form = site.get(link).text
    assert 'value="meeting" checked' in form
    assert 'name="when" value="day" checked' in form
    assert 'name="when" value="today" checked' not in form
    assert "Marta Kowalczyk" in form
    world.log("meeting", 1, one)
    assert "We did meet" not in site.get(f"/people/{one}").text


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_undo_of_a_change_leaves_what_somebody_else_changed_at_the_same_moment(
    world: World, alice: Principal
) -> None:
    sort, today = SORTS["asks"], world.today
    with world.database.write() as connection:
        values = {"text": TEXT, "due": None}
        row_id = matters.add(connection, alice, sort, world.contact(), values, world.now)

    def change(**values: Any) -> int | None:
        with world.database.write() as connection:
            return matters.change(connection, alice, sort, row_id, values, world.now)

    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with ThreadPoolExecutor(1) as pool:
        with world.database.write() as connection:
            matters.change(connection, alice, sort, row_id, {"text": "Theirs"}, world.now)
            other = pool.submit(change, due=today)
            while not other.done():
                with world.database.read() as looking:
                    if looking.execute(waiting).scalar_one():
                        break
        kept = other.result(10)
    assert kept
    with world.database.write() as connection:
        matters.bring_back(connection, alice, kept, world.now)
    assert [(row["text"], row["due"]) for row in stored(world, sort)] == [("Theirs", None)]
