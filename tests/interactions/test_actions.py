"""Changing the log: metrics follow every change, and only one's own workspace is touched."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from crm.domain.heard import Heard
from crm.errors import Conflict, Forbidden, Invalid, NotFound
from crm.interactions import actions, queries
from crm.interactions.actions import Entry
from crm.interactions.heard import close_asks, keep_heard
from crm.storage.database import new_id
from crm.storage.tables import (
    ask,
    contact_metrics,
    favour,
    interaction,
    interaction_contact,
    plan,
    promise,
    response,
    signal,
    suggestion,
)
from tests.builders import World


def metrics(world: World, contact_id: int) -> dict[str, Any]:
    with world.database.write() as connection:
        actions.refresh_people(connection, world.principal, [contact_id], world.now)
        row = connection.execute(select(contact_metrics).where(contact_metrics.c.contact_id == contact_id))
        return dict(row.mappings().one())


def stored(world: World, contact_id: int) -> dict[str, Any]:
    """As the last change left them, without working anything out again."""
    with world.database.read() as connection:
        row = connection.execute(select(contact_metrics).where(contact_metrics.c.contact_id == contact_id))
        return dict(row.mappings().one())


def noon(world: World, days_ago: int) -> datetime:
    return datetime(2026, 11, 23, 11, tzinfo=UTC) - timedelta(days=days_ago)


def edit(world: World, interaction_id: int, entry: Entry, by: Any = None, **more: Any) -> None:
    with world.database.write() as connection:
        actions.edit_interaction(connection, by or world.principal, interaction_id, entry, world.now, **more)


def test_delete_and_undo_restore_the_metrics_exactly(world: World) -> None:
    marta, jonas = world.contact(), world.contact("Jonas Reuter")
    world.log("email", 40, marta)
    lunch = world.log("lunch", 5, marta, jonas)
    before = [stored(world, one) for one in (marta, jonas)]
    with world.database.write() as connection:
        actions.delete_interaction(connection, world.principal, lunch, world.now)
    assert [stored(world, one)["days_since_in_person"] for one in (marta, jonas)] == [None, None]
    with world.database.write() as connection:
        actions.restore_interaction(connection, world.principal, lunch, world.now)
    assert [stored(world, one) for one in (marta, jonas)] == before


@pytest.mark.parametrize("what", [{"outcome": "attempted"}, {"broadcast": True}])
def test_undo_brings_no_clock_to_what_never_moved_one(world: World, what: dict[str, Any]) -> None:
    people = [world.contact(f"Person {number}") for number in range(13 if "broadcast" in what else 1)]
    logged = world.log("email", 5, *people, outcome=what.get("outcome", "reached"))
    for act in (actions.delete_interaction, actions.restore_interaction):
        with world.database.write() as connection:
            act(connection, world.principal, logged, world.now)
    assert metrics(world, people[0])["days_since_any"] is None


def test_an_edit_moves_the_metrics_of_those_who_left_and_those_who_came(world: World) -> None:
    marta, jonas, ana = (world.contact(name) for name in ("Marta", "Jonas", "Ana"))
    logged = world.log("lunch", 5, marta, jonas)
    edit(world, logged, Entry(noon(world, 3), "phone", (jonas, ana)))
    seen = [
        (stored(world, one)["days_since_any"], stored(world, one)["days_since_in_person"])
        for one in (marta, jonas, ana)
    ]
    assert seen == [(None, None), (3, None), (3, None)]
    for one in (marta, jonas, ana):
        assert stored(world, one) == metrics(world, one)


def test_an_edit_to_an_attempt_stops_the_clock_and_back_again(world: World) -> None:
    marta = world.contact()
    logged = world.log("phone", 5, marta)
    edit(world, logged, Entry(noon(world, 5), "phone", (marta,), outcome="attempted"))
    assert stored(world, marta)["days_since_any"] is None
    edit(world, logged, Entry(noon(world, 5), "phone", (marta,)))
    assert stored(world, marta)["days_since_any"] == 5


def test_the_thirteenth_person_makes_a_broadcast_and_the_twelfth_unmakes_it(world: World) -> None:
    people = [world.contact(f"Person {number}") for number in range(13)]
    logged = world.log("email", 1, *people[:12])
    assert stored(world, people[0])["days_since_any"] == 1
    edit(world, logged, Entry(noon(world, 1), "email", tuple(people)))
    assert {stored(world, one)["days_since_any"] for one in people} == {None}
    edit(world, logged, Entry(noon(world, 1), "email", tuple(people[1:])))
    assert stored(world, people[0])["days_since_any"] is None
    assert stored(world, people[1])["days_since_any"] == 1


def test_a_stale_edit_is_refused_and_changes_nothing(world: World) -> None:
    marta = world.contact()
    logged = world.log("lunch", 5, marta)
    edit(world, logged, Entry(noon(world, 5), "visit", (marta,)), version=1)
    with pytest.raises(Conflict):
        edit(world, logged, Entry(noon(world, 5), "gift", (marta,)), version=1)
    with world.database.read() as connection:
        assert queries.logged(connection, world.principal, logged).channel == "visit"


def test_a_private_note_is_its_authors_alone(world: World) -> None:
    alice, bob, marta = world.user(), world.user("Bob Stone", "member"), world.contact()
    logged = world.log("lunch", 5, marta, by=alice, note="about the illness", note_private=True)
    with world.database.read() as connection:
        assert queries.logged(connection, alice, logged).note == "about the illness"
        assert queries.logged(connection, bob, logged).note is None
        assert queries.last_together(connection, bob, [marta], world.now) is None
    edit(world, logged, Entry(noon(world, 5), "visit", (marta,), note="wiped", note_private=False), by=bob)
    with world.database.read() as connection:
        kept = queries.logged(connection, alice, logged)
    assert (kept.channel, kept.note, kept.note_private) == ("visit", "about the illness", True)


def test_nobody_hides_somebody_elses_note(world: World) -> None:
    alice, bob, marta = world.user(), world.user("Bob Stone", "member"), world.contact()
    logged = world.log("lunch", 5, marta, by=alice, note="open to all")
    edit(world, logged, Entry(noon(world, 5), "lunch", (marta,), note="corrected", note_private=True), by=bob)
    with world.database.read() as connection:
        assert queries.logged(connection, alice, logged).note == "corrected"
        assert queries.logged(connection, alice, logged).note_private is False


def test_viewers_and_strangers_change_nothing(world: World) -> None:
    other = World.create(world.database, "Another team")
    marta, vera = world.contact(), world.user("Vera Kind", "viewer")
    logged = world.log("lunch", 5, marta)
    entry = Entry(noon(world, 5), "gift", (marta,))
    for act in (actions.delete_interaction, actions.restore_interaction):
        with pytest.raises(Forbidden), world.database.write() as connection:
            act(connection, vera, logged, world.now)
        with pytest.raises(NotFound), world.database.write() as connection:
            act(connection, other.principal, logged, world.now)
    with pytest.raises(Forbidden):
        edit(world, logged, entry, by=vera)
    with pytest.raises(NotFound):
        edit(world, logged, entry, by=other.principal)
    with pytest.raises(NotFound), world.database.read() as connection:
        queries.logged(connection, other.principal, logged)
    with pytest.raises(NotFound):
        other.log("lunch", 1, marta)
    with pytest.raises(Invalid):
        world.log("telepathy", 1, marta)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        # Berlin put its clocks back on 25 October 2026 and forward on 29 March.
        (datetime(2026, 10, 24, 22, 30, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), date(2026, 10, 26)),
        (datetime(2026, 3, 28, 22, 59, tzinfo=UTC), date(2026, 3, 28)),
        (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), date(2026, 3, 30)),
    ],
)
def test_the_day_is_the_workspaces_own_across_clock_changes(
    world: World, moment: datetime, day: date
) -> None:
    berlin = World.create(world.database, "Berlin", "Europe/Berlin")
    logged = berlin.log("lunch", None, berlin.contact(), occurred_at=moment)
    with berlin.database.read() as connection:
        tables = (interaction, interaction.c.id), (interaction_contact, interaction_contact.c.interaction_id)
        days = [
            connection.execute(select(table.c.day).where(key == logged)).scalar_one() for table, key in tables
        ]
    assert days == [day, day]


def test_what_was_heard_is_kept_with_the_person(world: World) -> None:
    marta, jonas, alice = world.contact(), world.contact("Jonas Reuter"), world.user()
    logged = world.log("lunch", 0, marta, by=alice)
    heard = [
        Heard("pain point", "Shared passwords"),
        Heard("promise", "Send the timeline", date(2026, 12, 2)),
        Heard("their promise", "Ask their counsel"),
        Heard("favour", "Introduced us"),
        Heard("ask", "A reference call", date(2026, 12, 1)),
    ]
    with world.database.write() as connection:
        keep_heard(connection, alice, marta, logged, heard, world.today, world.now)
    with world.database.read() as connection:
        kept = queries.heard_in(connection, alice, logged)
        counted = [len(connection.execute(select(table)).all()) for table in (signal, promise, favour, ask)]
    assert sorted(kept, key=lambda one: one.text) == sorted(heard, key=lambda one: one.text)
    assert counted == [1, 2, 1, 1]
    now = stored(world, marta)
    assert (now["open_asks"], now["days_to_ask"], now["days_to_our_promise"], now["days_since_favour"]) == (
        1,
        8,
        9,
        0,
    )
    with world.database.write() as connection:
        asked = connection.execute(select(ask.c.id)).scalar_one()
        close_asks(connection, alice, [asked], [jonas], logged, world.now)
        assert stored_open(connection, marta) == 1
        close_asks(connection, alice, [asked], [marta], logged, world.now)
        assert stored_open(connection, marta) == 0


def stored_open(connection: Any, contact_id: int) -> int:
    found = select(contact_metrics.c.open_asks).where(contact_metrics.c.contact_id == contact_id)
    return int(connection.execute(found).scalar_one())


def test_a_suggestion_is_done_by_its_users_log_and_open_again_when_that_is_deleted(world: World) -> None:
    alice, bob, marta = world.user(), world.user("Bob Stone", "member"), world.contact()
    lunch = world.log("lunch", 0, marta, by=alice)
    ours = a_suggestion(world, alice.user_id, marta)
    with world.database.write() as connection:
        actions.answer_suggestion(connection, bob, ours, lunch, world.now)
        assert connection.execute(select(response)).all() == []
        actions.answer_suggestion(connection, alice, ours, lunch, world.now)
        actions.delete_interaction(connection, alice, lunch, world.now)
        assert connection.execute(select(response.c.verb, response.c.undone_at)).one() == ("done", world.now)
        actions.restore_interaction(connection, alice, lunch, world.now)
        assert connection.execute(select(response.c.undone_at)).one() == (None,)


def test_a_suggestion_is_open_while_its_entry_reached_nobody_or_somebody_else(world: World) -> None:
    alice, marta, jonas = world.user(), world.contact(), world.contact("Jonas Reuter")
    call = world.log("phone", 0, marta, by=alice)
    ours = a_suggestion(world, alice.user_id, marta)
    with world.database.write() as connection:
        actions.answer_suggestion(connection, alice, ours, call, world.now)

    def is_done() -> bool:
        with world.database.read() as connection:
            return connection.execute(select(response.c.undone_at)).scalar_one() is None

    reached = Entry(world.now, "phone", (marta,))
    for entry, then in (
        (Entry(world.now, "phone", (marta,), outcome="attempted"), False),
        (reached, True),
        (Entry(world.now, "phone", (jonas,)), False),
        (Entry(world.now, "phone", (jonas, marta)), True),
        (Entry(world.now, "phone", (marta,), outcome="attempted"), False),
    ):
        edit(world, call, entry, by=alice)
        assert is_done() is then
    for act in (actions.delete_interaction, actions.restore_interaction):
        with world.database.write() as connection:
            act(connection, alice, call, world.now)
    assert not is_done(), "what comes back still reached nobody"


def a_suggestion(world: World, user_id: int | None, contact_id: int) -> int:
    shared = {"workspace_id": world.workspace_id, "user_id": user_id, "monday": world.today}
    with world.database.write() as connection:
        plan_id, row_id = new_id(connection), new_id(connection)
        connection.execute(
            plan.insert(),
            {**shared, "id": plan_id, "week": "2026-W48", "made_at": world.now, "budget": {}},
        )
        connection.execute(
            suggestion.insert(),
            {
                **shared,
                "id": row_id,
                "plan_id": plan_id,
                "contact_id": contact_id,
                "made_at": world.now,
                "position": 0,
                "act": "lunch",
                "reason": "It is time.",
                "rules": [],
                "evidence": {},
                "need": 1.0,
            },
        )
    return row_id
