"""What was written down with an interaction goes and comes back with it; what somebody changed since stays."""

from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from crm.contacts import many
from crm.contacts.erasing import erase
from crm.contacts.merging import merge_contacts
from crm.domain.heard import DATE_KINDS, LABELS, Heard
from crm.domain.principal import Principal
from crm.errors import Conflict
from crm.interactions import actions, matters
from crm.interactions.heard import close_asks, keep_heard
from crm.interactions.matters import SORTS
from crm.storage.tables import (
    ask,
    contact,
    contact_date,
    contact_metrics,
    favour,
    left_behind,
    promise,
    signal,
)
from tests.builders import World
from tests.interactions.test_pages import newest, people_of, post, said, undo_of
from tests.web.site import signed_in

TABLES = (ask, promise, signal, favour, contact_date)


@pytest.fixture
def alice(world: World) -> Principal:
    return world.user()


def all_of(world: World) -> dict[str, list[dict[str, Any]]]:
    with world.database.read() as connection:
        return {
            table.name: [
                dict(row) for row in connection.execute(select(table).order_by(table.c.id)).mappings()
            ]
            for table in TABLES
        }


def figures(world: World, contact_id: int) -> dict[str, Any]:
    with world.database.read() as connection:
        mine = select(contact_metrics).where(contact_metrics.c.contact_id == contact_id)
        row = dict(connection.execute(mine).mappings().one())
    return {name: row[name] for name in ("open_asks", "open_promises", "days_since_favour", "total_30")}


def told(world: World, alice: Principal, marta: int) -> tuple[int, int]:
    """An ask, and a lunch at which that was said and one of every sort was heard: the ids of both."""
    with world.database.write() as connection:
        old = matters.add(connection, alice, SORTS["asks"], marta, {"text": "Old", "due": None}, world.now)
        entry = actions.Entry(world.now, "lunch", (marta,))
        lunch = actions.log_interaction(connection, alice, entry, world.now)
    before = all_of(world)
    with world.database.write() as connection:
        dated = (*DATE_KINDS, "promise", "their promise")
        heard = [Heard(sort, f"About {sort}", world.today if sort in dated else None) for sort in LABELS]
        keep_heard(connection, alice, marta, lunch, heard, world.today, world.now)
        close_asks(connection, alice, [old], [marta], lunch, world.now)
    assert sum(map(len, all_of(world).values())) == sum(map(len, before.values())) + len(LABELS)
    return lunch, old


def take_out(world: World, by: Principal, interaction_id: int) -> int:
    with world.database.write() as connection:
        return actions.delete_interaction(connection, by, interaction_id, world.now).matters


def bring_back(world: World, by: Principal, interaction_id: int) -> None:
    with world.database.write() as connection:
        actions.restore_interaction(connection, by, interaction_id, world.now)


def test_all_of_it_goes_and_comes_back_as_often_as_one_likes(world: World, alice: Principal) -> None:
    marta = world.contact()
    lunch, old = told(world, alice, marta)
    full, counted = all_of(world), figures(world, marta)
    for _ in range(2):
        assert take_out(world, alice, lunch) == len(LABELS) + 1
        (left,) = all_of(world)["ask"]
        assert (left["id"], left["closed_on"]) == (old, None)
        assert not any(all_of(world)[table.name] for table in TABLES[1:])
        assert (figures(world, marta)["open_asks"], figures(world, marta)["open_promises"]) == (1, 0)
        assert take_out(world, alice, lunch) == 0
        bring_back(world, alice, lunch)
        assert (all_of(world), figures(world, marta)) == (full, counted)


def test_what_somebody_changed_since_stays(world: World, alice: Principal) -> None:
    lunch, old = told(world, alice, world.contact())
    stored = all_of(world)
    kept, moved, reworded = stored["promise"][0]["id"], stored["ask"][1]["id"], stored["signal"][0]["id"]
    with world.database.write() as connection:
        matters.settle(connection, alice, SORTS["promises"], kept, world.now)
        matters.change(connection, alice, SORTS["asks"], moved, {"due": world.today}, world.now)
        matters.change(connection, alice, SORTS["signals"], reworded, {"text": "More"}, world.now)
        matters.reopen(connection, alice, SORTS["asks"], old, world.now)
        matters.settle(connection, alice, SORTS["asks"], old, world.now)
    changed = all_of(world)
    take_out(world, alice, lunch)
    left = all_of(world)
    assert {row["id"] for rows in left.values() for row in rows} == {kept, moved, reworded, old}
    assert next(row for row in left["ask"] if row["id"] == old)["closed_on"] == world.today
    bring_back(world, alice, lunch)
    assert all_of(world) == changed


def test_what_was_opened_again_and_settled_by_undo_is_settled_by_the_interaction(
    world: World, alice: Principal
) -> None:
    lunch, old = told(world, alice, world.contact())
    with world.database.write() as connection:
        kept = matters.reopen(connection, alice, SORTS["asks"], old, world.now)
        assert kept
        matters.bring_back(connection, alice, kept, world.now)
    assert next(row for row in all_of(world)["ask"] if row["id"] == old)["closed_on"] == world.today
    take_out(world, alice, lunch)
    assert [(row["id"], row["closed_on"]) for row in all_of(world)["ask"]] == [(old, None)]


def test_what_was_opened_again_is_settled_by_no_interaction_that_is_out_of_the_log(
    world: World, alice: Principal
) -> None:
    lunch, old = told(world, alice, world.contact())
    with world.database.write() as connection:
        kept = matters.reopen(connection, alice, SORTS["asks"], old, world.now)
    take_out(world, alice, lunch)
    assert kept
    with pytest.raises(Conflict, match="stays open"), world.database.write() as connection:
        matters.bring_back(connection, alice, kept, world.now)
    assert [(row["id"], row["closed_on"]) for row in all_of(world)["ask"]] == [(old, None)]
    bring_back(world, alice, lunch)
    with world.database.write() as connection:
        matters.bring_back(connection, alice, kept, world.now)
    take_out(world, alice, lunch)
    assert [(row["id"], row["closed_on"]) for row in all_of(world)["ask"]] == [(old, None)]


def test_what_was_taken_away_by_hand_does_not_come_back(world: World, alice: Principal) -> None:
    lunch, _ = told(world, alice, world.contact())
    gone = all_of(world)["promise"][0]["id"]
    with world.database.write() as connection:
        matters.remove(connection, alice, SORTS["promises"], gone, world.now)
    left = all_of(world)
    take_out(world, alice, lunch)
    bring_back(world, alice, lunch)
    assert all_of(world) == left


def test_it_comes_back_to_whoever_they_were_merged_into(world: World, alice: Principal) -> None:
    marta, other = world.contact(), world.contact("M. Kowalczyk")
    lunch, _ = told(world, alice, marta)
    full = all_of(world)
    take_out(world, alice, lunch)
    with world.database.write() as connection:
        merge_contacts(connection, alice, other, marta, {"name": "first"}, world.now)
    bring_back(world, alice, lunch)
    moved = {name: [{**row, "contact_id": other} for row in rows] for name, rows in full.items()}
    assert all_of(world) == moved
    assert take_out(world, alice, lunch) == len(LABELS) + 1


def standing(world: World, name: str) -> Any:
    with world.database.read() as connection:
        return connection.execute(select(contact).where(contact.c.name == name)).one()


def test_somebody_new_goes_and_comes_back_with_the_only_entry_that_names_them(
    world: World, alice: Principal
) -> None:
    site = signed_in(world, alice)
    marta = world.contact()
    birthday = {"heard_sort_1": "birthday", "heard_text_1": "", "heard_due_1": world.today.isoformat()}
    post(site, "/log", new_names="Mrata", contact_ids=marta, channel="phone", **birthday)
    call = newest(world).id
    for _ in range(2):
        post(site, f"/log/{call}/delete")
        assert said(site) == (
            "Removed from the log, with what was noted along with it. Mrata, added with it, is archived."
        )
        assert standing(world, "Mrata").archived_at is not None
        assert standing(world, "Marta Kowalczyk").archived_at is None
        post(site, f"/log/{call}/restore")
        assert standing(world, "Mrata").archived_at is None
    assert len(all_of(world)["contact_date"]) == 1


def test_somebody_new_stays_once_more_is_known_of_them(world: World, alice: Principal) -> None:
    site = signed_in(world, alice)
    names = ["Tagged", "Met again", "Asked", "Nothing more"]
    post(site, "/log", new_names=names, channel="phone")
    call = newest(world).id
    tagged, met, asked, plain = (standing(world, name).id for name in names)
    world.log("lunch", 1, met, by=alice)
    world.log("email", 1, plain, by=alice)
    with world.database.write() as connection:
        many.add_tags(connection, alice, [tagged], ["fair"], world.now)
        matters.add(connection, alice, SORTS["asks"], asked, {"text": "Why", "due": None}, world.now)
        actions.delete_interaction(connection, alice, newest(world).id, world.now)
    post(site, f"/log/{call}/delete")
    assert said(site) == (
        "Removed from the log. Nothing more, added with it, is archived."
        " Tagged, Met again and Asked, added with it, stay: more has been recorded about them."
    )
    assert [standing(world, name).archived_at is None for name in names] == [True, True, True, False]
    with world.database.write() as connection:
        many.restore(connection, alice, [plain], world.now)
        many.archive(connection, alice, [plain], world.now)
    post(site, f"/log/{call}/restore")
    assert standing(world, "Nothing more").archived_at is not None, "whoever was archived by hand stays so"


def test_somebody_new_whose_name_was_a_slip_goes_once_the_entry_names_another(
    world: World, alice: Principal
) -> None:
    site, marta = signed_in(world, alice), world.contact()
    post(site, "/log", new_names="Mrata", channel="phone")
    call = newest(world).id
    slip = standing(world, "Mrata").id
    post(site, f"/log/{call}", contact_ids=[slip, marta], channel="phone", when="today")
    assert standing(world, "Mrata").archived_at is None
    post(site, f"/log/{call}", contact_ids=marta, channel="phone", when="today")
    assert said(site).endswith(" is changed. Mrata, added with it, is archived.")
    assert standing(world, "Mrata").archived_at is not None
    for act in ("delete", "restore"):
        post(site, f"/log/{call}/{act}")
    assert standing(world, "Mrata").archived_at is not None


def test_whoever_went_with_a_change_of_the_entry_is_brought_back_by_undo(
    world: World, alice: Principal
) -> None:
    site, marta = signed_in(world, alice), world.contact()
    post(site, "/log", contact_ids=marta, new_names="Tom", channel="lunch")
    lunch = newest(world).id
    post(site, f"/log/{lunch}", contact_ids=marta, channel="lunch", when="today")
    assert standing(world, "Tom").archived_at is not None
    undo = unescape(undo_of(site))
    post(site, undo)
    assert said(site) == "Tom is back."
    assert standing(world, "Tom").archived_at is None
    assert people_of(world, lunch) == {marta}
    with world.database.write() as connection:
        many.archive(connection, alice, [standing(world, "Tom").id], world.now)
    post(site, undo)
    assert said(site) == "That has been changed again since, so it cannot be undone."
    assert standing(world, "Tom").archived_at is not None


def test_of_somebody_new_who_was_archived_by_hand_it_is_not_said_that_they_stay(
    world: World, alice: Principal
) -> None:
    site = signed_in(world, alice)
    post(site, "/log", new_names="Mrata", channel="phone")
    with world.database.write() as connection:
        many.archive(connection, alice, [standing(world, "Mrata").id], world.now)
    post(site, f"/log/{newest(world).id}/delete")
    assert said(site) == "Removed from the log."


def test_a_birthday_that_a_change_of_the_entry_adds_keeps_nobody_new(world: World, alice: Principal) -> None:
    site = signed_in(world, alice)
    post(site, "/log", new_names="Mrata", channel="phone")
    call, mrata = newest(world).id, standing(world, "Mrata").id
    birthday = {"heard_sort_1": "birthday", "heard_text_1": "", "heard_due_1": world.today.isoformat()}
    post(site, f"/log/{call}", contact_ids=mrata, channel="phone", when="today", **birthday)
    assert len(all_of(world)["contact_date"]) == 1
    post(site, f"/log/{call}/delete")
    assert "Mrata, added with it, is archived." in said(site)
    assert standing(world, "Mrata").archived_at is not None


def test_people_who_are_new_with_a_change_go_with_the_entry_too(world: World, alice: Principal) -> None:
    site, marta = signed_in(world, alice), world.contact()
    call = world.log("phone", 0, marta, by=alice)
    post(site, f"/log/{call}", contact_ids=marta, new_names="Bo", channel="phone", when="today")
    post(site, f"/log/{call}/delete")
    assert standing(world, "Bo").archived_at is not None
    with world.database.write() as connection:
        erase(connection, alice, standing(world, "Bo").id, world.now)
        assert connection.execute(select(left_behind)).all() == []
