"""Two records become one and two again: every row is as it was, and the metrics are those of one log."""

import json
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Table, select

from crm.__main__ import run
from crm.contacts import duplicates
from crm.contacts.actions import add_contact
from crm.contacts.drafts import NewContact, NewOrganisation, Occasion, Way, own_birthday
from crm.contacts.duplicates import ask_again, keep_apart, suspected
from crm.contacts.erasing import erase
from crm.contacts.many import add_tags, set_tier
from crm.contacts.merging import merge_contacts
from crm.contacts.organisation_actions import edit_organisation
from crm.contacts.queries import person
from crm.contacts.searching import suggest
from crm.contacts.unmerging import undo_merge
from crm.domain.principal import Principal
from crm.errors import Conflict, Forbidden, Invalid, NotFound
from crm.imports.undoing import undo as undo_import
from crm.interactions.actions import Entry, edit_interaction
from crm.storage.database import Database, new_id
from crm.storage.stored_metrics import refresh_stale, scope_of
from crm.storage.tables import (
    contact,
    contact_metrics,
    import_batch,
    interaction_contact,
    left_out,
    mail_reply,
    merge,
    metadata,
    plan,
)
from tests import oracle
from tests.accounts.test_at_once import beside
from tests.builders import World
from tests.imports.files import bring
from tests.oracle import Happening
from tests.web.site import client

CHANGING = {"id_counter", "contact_metrics"}
CHOICES = dict.fromkeys(("name", "title", "birthday", "kind", "tier", "city"), "first")


VERSIONS = {"contact": "version", "import_trace": "after"}
"""What never comes again."""


def dump(world: World) -> dict[str, list[Any]]:
    """Every row of every table, but for counters of ids and versions; of stored metrics what is no cache of a month before."""
    with world.database.write() as connection:
        refresh_stale(connection, scope_of(connection, world.principal, world.now))
        found = {
            one.name: sorted(map(tuple, connection.execute(select(*_steady(one)))), key=repr)
            for one in metadata.sorted_tables
            if one.name not in CHANGING
        }
        figures = [column for column in contact_metrics.c if not column.name.startswith("then_")]
        found["contact_metrics"] = sorted(map(tuple, connection.execute(select(*figures))), key=repr)
    return found


def _steady(table: Table) -> list[Any]:
    return [column for column in table.c if column.name != VERSIONS.get(table.name)]


def add(world: World, new: NewContact) -> int:
    with world.database.write() as connection:
        return add_contact(connection, world.principal, new, world.now)


def merged(world: World, kept: int, gone: int, **choices: str) -> int:
    with world.database.write() as connection:
        return merge_contacts(connection, world.principal, kept, gone, CHOICES | choices, world.now)


def undone(world: World, merge_id: int) -> None:
    with world.database.write() as connection:
        undo_merge(connection, world.principal, merge_id, world.now)


LOGS = st.lists(
    st.tuples(st.sampled_from(["email", "phone", "lunch", "gift"]), st.integers(0, 500), st.integers(1, 15)),
    max_size=8,
)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(log=LOGS)
def test_merging_and_undoing_restores_every_row(database: Database, log: list[tuple[str, int, int]]):
    world = World.create(database, f"Team {len(log)}{log}"[:80])
    first = add(world, liam())
    second = add(world, william())
    third = world.contact("Third Person")
    crowd = (
        [world.contact(f"Guest {number}") for number in range(11)] if any(s == 15 for *_, s in log) else []
    )
    for channel, days, who in log:
        present = [one for bit, one in ((1, first), (2, second), (4, third)) if who & bit] or [third]
        world.log(channel, days, *present, *(crowd if who == 15 else ()))
    with database.write() as connection:
        keep_apart(connection, world.principal, second, third, world.now)
    before = dump(world)
    agrees_with_the_oracle(world, log, {first: 1, second: 2, third: 4})
    merge_id = merged(world, first, second)
    assert dump(world) != before
    agrees_with_the_oracle(world, log, {first: 3, third: 4})
    with database.read() as connection:
        took_part = interaction_contact.c
        theirs = select(took_part.interaction_id).where(took_part.contact_id == first)
        assert len(connection.execute(theirs).all()) == sum(1 for *_, who in log if who & 3)
    undone(world, merge_id)
    assert dump(world) == before
    agrees_with_the_oracle(world, log, {first: 1, second: 2, third: 4})


def agrees_with_the_oracle(world: World, log: list[tuple[str, int, int]], bits: dict[int, int]) -> None:
    """The figures of these people are those of one log told to the oracle, where each has the bits of those in it."""
    guests = [len(bits) + number for number in range(11)] if any(who == 15 for *_, who in log) else []
    happenings = []
    for channel, days, who in log:
        there = [place for place, own in enumerate(bits.values()) if who & 7 & own] or [len(bits) - 1]
        noon = datetime.combine(world.today, time(11), world.zone) - timedelta(days=days)
        happenings.append(Happening(noon, channel, (*there, *(guests if who == 15 else ()))))
    with world.database.write() as connection:
        refresh_stale(connection, scope_of(connection, world.principal, world.now))
        rows = connection.execute(select(contact).where(contact.c.id.in_(bits))).all()
        stored = {row.contact_id: row for row in connection.execute(select(contact_metrics))}
    known = {row.id: oracle.Person(row.created_on, row.tier, row.kind) for row in rows}
    people = [known[one] for one in bits] + [oracle.Person(world.today) for _ in guests]
    told = oracle.as_of(oracle.Log("UTC", tuple(people), tuple(happenings)), world.now)
    for place, one in enumerate(bits):
        for name in (
            "days_since_any",
            "days_since_personal",
            "total_365",
            "digital_90",
            "digital_streak",
            "score",
        ):
            assert getattr(stored[one], name) == told[place][name], (name, one)


def liam() -> NewContact:
    return NewContact(
        "Liam Byrne",
        title="Head of Claims",
        tier="key",
        kind="customer",
        emails=(Way("liam.byrne@carrick.example"),),
        phones=(Way("+1 860 555 0119"),),
        tags=("insurance",),
        dates=(Occasion("birthday", 3, 14, 1979), Occasion("anniversary", 5, 1)),
    )


def william() -> NewContact:
    return NewContact(
        "William Byrne",
        title="Claims",
        city="Hartford",
        emails=(Way("wbyrne@home.example"), Way("Liam.Byrne@carrick.example")),
        phones=(Way("+18605550119"),),
        tags=("insurance", "rowing"),
        dates=(Occasion("birthday", 12, 3), Occasion("anniversary", 5, 1)),
        notes="Rows on Sundays.",
    )


@pytest.mark.parametrize(
    ("first", "second", "parts", "told"),
    [
        (("Ana Ruiz", None, None), ("ana ruiz", "Ana", "Ruiz"), ("Ana", "Ruiz"), "name ana ruiz"),
        (("Ana Ruiz", None, None), ("Ana Ruiz", "Ana", "Ruiz"), ("Ana", "Ruiz"), None),
        (("Ana Ruiz", "Ana", None), ("Ana Ruiz", "A.", "Ruiz"), ("Ana", "Ruiz"), "given name A."),
        (("Ana Ruiz", None, None), ("Ana Gil", "Ana", "Gil"), (None, None), "name Ana Gil"),
    ],
)
def test_the_parts_of_a_name_are_kept_or_told(database: Database, first, second, parts, told):
    world = World.create(database)
    kept, gone = (
        add(world, NewContact(name, given_name=given, family_name=family))
        for name, given, family in (first, second)
    )
    with database.write() as connection:
        merge_contacts(connection, world.principal, kept, gone, {"name": "first"}, world.now)
    with database.read() as connection:
        found = person(connection, world.principal, kept)
    assert (found.given_name, found.family_name) == parts
    assert found.notes == (told and f"From the merged record of {second[0]}: {told}.")


def test_every_fact_is_kept_and_a_birthday_is_never_chosen_silently(database: Database):
    world = World.create(database)
    first, second = add(world, liam()), add(world, william())
    before = dump(world)
    with pytest.raises(Invalid, match="Choose the birthday: 14 March 1979 or 3 December"):
        merged(world, first, second, birthday="")
    assert dump(world) == before
    merged(world, first, second)
    with database.read() as connection:
        found = person(connection, world.principal, first)
    assert [way.value for way in found.emails] == ["liam.byrne@carrick.example", "wbyrne@home.example"]
    assert len(found.phones) == 1
    assert found.tags == ("insurance", "rowing")
    assert found.city == "Hartford"
    assert len(found.dates) == 2
    assert found.tier == "key"
    assert found.notes == (
        "Rows on Sundays.\n\nFrom the merged record of William Byrne: birthday 3 December; name William Byrne; "
        "title Claims."
    )


def test_what_changed_since_stays_when_a_merge_is_undone(database: Database):
    world = World.create(database)
    first, second = add(world, liam()), add(world, william())
    shared = world.log("email", 3, first, second)
    moved = world.log("phone", 9, second)
    merge_id = merged(world, first, second)
    with database.write() as connection:
        set_tier(connection, world.principal, [first], "warm", world.now)
        add_tags(connection, world.principal, [first], ["later"], world.now)
        entry = Entry(channel="lunch", contact_ids=(first,), occurred_at=world.now)
        edit_interaction(connection, world.principal, moved, entry, world.now)
    undone(world, merge_id)
    with database.read() as connection:
        one, other = (person(connection, world.principal, row) for row in (first, second))
        took_part = interaction_contact.c
        rows = connection.execute(select(took_part.contact_id, took_part.interaction_id, took_part.channel))
        log = {tuple(row) for row in rows}
    assert (one.tier, one.tags, other.tags) == ("warm", ("insurance", "later"), ("insurance", "rowing"))
    assert log == {(first, shared, "email"), (second, shared, "email"), (second, moved, "lunch")}
    with pytest.raises(NotFound):
        undone(world, merge_id)


def test_both_are_found_by_their_own_words_when_the_organisation_was_renamed_since(database: Database):
    world = World.create(database)
    acme = world.organisation("Acme")
    kept = add(world, NewContact("Liam Byrne", organisation_id=acme))
    gone = add(world, NewContact("William Byrne", organisation_id=acme, tags=("rowing",)))
    merge_id = merged(world, kept, gone)
    with database.write() as connection:
        edit_organisation(connection, world.principal, acme, NewOrganisation("Zenith"))
    undone(world, merge_id)

    def found(words: str) -> set[int]:
        with database.read() as connection:
            return {one.id for one in suggest(connection, world.principal, words, world.now)}

    assert found("rowing") == {gone}
    assert found("Zenith") == {kept, gone}
    assert found("Acme") == set()


def test_merges_of_a_chain_are_undone_from_the_last_and_those_of_one_person_in_any_order(database: Database):
    world = World.create(database)
    one, two, three = (world.contact(f"Name {number}") for number in range(3))
    for who in (one, two, three):
        world.log("phone", 4, who)
    before = dump(world)
    inner = merged(world, two, three)
    outer = merged(world, one, two)
    with pytest.raises(Conflict, match="Name 1 has since been merged with somebody else"):
        undone(world, inner)
    undone(world, outer)
    undone(world, inner)
    assert dump(world) == before
    a, b = merged(world, one, two), merged(world, one, three)
    undone(world, a)
    undone(world, b)
    with database.read() as connection:
        assert [person(connection, world.principal, who).name for who in (one, two, three)] == [
            "Name 0",
            "Name 1",
            "Name 2",
        ]


def test_who_may_not_be_merged(database: Database):
    world, other = World.create(database), World.create(database, "Other")
    first, foreign = world.contact("Ann Lee"), other.contact("Ann Lee")
    with pytest.raises(Invalid):
        merged(world, first, first)
    with pytest.raises(NotFound):
        merged(world, first, foreign)
    viewer: Principal = world.user(role="viewer")
    with pytest.raises(Forbidden), database.write() as connection:
        merge_contacts(connection, viewer, first, foreign, {}, world.now)
    second = world.contact("Ann B Lee")
    with pytest.raises(Conflict), database.write() as connection:
        merge_contacts(connection, world.principal, first, second, CHOICES, world.now, versions=(1, 7))


def test_pairs_are_suspected_until_somebody_says_they_are_two(database: Database):
    world = World.create(database)
    first = add(world, liam())
    second = add(world, NewContact("Byrne, Liam", emails=(Way("liam.byrne@CARRICK.example"),)))
    world.contact("Liam Novak")
    with database.write() as connection:
        (pair,) = suspected(connection, world.principal)
        assert (pair.first.id, pair.second.id) == (first, second)
        assert pair.likeness.certainty == "almost certain"
        assert pair.likeness.sentence == "The same email and the same name in another order."
        keep_apart(connection, world.principal, second, first, world.now)
        assert suspected(connection, world.principal) == []
        ask_again(connection, world.principal, first, second)
        assert len(suspected(connection, world.principal)) == 1


def test_a_shared_surname_and_birthday_are_compared_without_an_organisation(database: Database):
    world = World.create(database)
    for name, day in (("Liam Byrne", 14), ("William Byrne", 14), ("Una Byrne", 15)):
        add(world, NewContact(name, city="Hartford", dates=(Occasion("birthday", 3, day, 1979),)))
    with database.read() as connection:
        (pair,) = suspected(connection, world.principal)
    assert {pair.first.name, pair.second.name} == {"Liam Byrne", "William Byrne"}
    assert pair.likeness.points == 55


@pytest.mark.parametrize("childs_day", [(2, 6), (14, 3)])
def test_the_birthday_of_a_child_speaks_neither_for_nor_against_a_pair(
    database: Database, childs_day: tuple[int, int]
) -> None:
    world = World.create(database)
    day, month = childs_day
    lena = Occasion("birthday", month, day, 2015, label="daughter Lena")
    for dates in ((MARCH,), (MARCH, lena), (lena, DECEMBER)):
        add(world, NewContact("Liam Byrne", dates=dates))
    with database.read() as connection:
        points = sorted(pair.likeness.points for pair in suspected(connection, world.principal))
    assert points == [65]


def test_the_pages_ask_for_the_birthday_merge_and_undo(world: World):
    first, second = add(world, liam()), add(world, william())
    browser = client(world, world.user())
    assert "Almost certain. The same email" in browser.get("/people/duplicates").text
    assert f"/people/{first}/merge/{second}" in browser.get(f"/people/{first}/merge?q=william").text
    page = browser.get(f"/people/{first}/merge/{second}").text
    assert "14 March 1979" in page
    assert "3 December" in page
    sent = {**CHOICES, "birthday": "", "first_version": "1", "second_version": "1"}
    refused = browser.post(f"/people/{first}/merge/{second}", data=sent)
    assert refused.status_code == 422
    assert "Choose the birthday" in refused.text
    assert (
        browser.post(f"/people/{first}/merge/{second}", data=sent | {"second_version": "4"}).status_code
        == 409
    )
    sent["birthday"] = "second"
    assert browser.post(f"/people/{first}/merge/{second}", data=sent).status_code == 303
    moved = browser.get(f"/people/{second}")
    assert (moved.status_code, moved.headers["location"]) == (303, f"/people/{first}")
    assert browser.get(f"/people/{second}/edit").status_code == 404
    shown = browser.get("/people/duplicates").text
    assert "William Byrne</bdi>, now part of" in shown
    of_them = browser.get(f"/people/{first}").text
    assert "With <bdi>William Byrne</bdi>" in of_them
    undo = of_them.partition('action="/people/merges/')[2].partition('"')[0]
    assert f'action="/people/merges/{undo}"' in shown
    assert browser.post(f"/people/merges/{undo}").status_code == 303
    assert "/people/merges/" not in browser.get(f"/people/{first}").text
    assert browser.get(f"/people/{second}").status_code == 200
    assert browser.post(f"/people/{first}/apart/{second}").status_code == 303
    assert "Not asked about again" in browser.get("/people/duplicates").text


def test_an_old_link_leads_on_through_every_merge_for_their_own_team_alone(world: World) -> None:
    first, second, third = (add(world, NewContact(name)) for name in ("Liam Byrne", "Will Byrne", "W. Byrne"))
    merged(world, second, third)
    merged(world, first, second)
    assert client(world, world.user()).get(f"/people/{third}").headers["location"] == f"/people/{first}"
    others = World.create(world.database, "Their team")
    assert client(others, others.user()).get(f"/people/{third}").status_code == 404
    with world.database.write() as connection:
        erase(connection, world.principal, first, world.now)
    assert client(world, world.user("Bob Stone")).get(f"/people/{third}").status_code == 404


def test_the_same_file_again_finds_the_merged_record(world: World):
    table = {
        "contacts.csv": "name,email,birthday\nAnn Lee,ann@x.example,1980-02-03\nA. Lee,lee@y.example,1981-04-05\n"
    }
    bring(world, ("contacts.csv", table["contacts.csv"]))
    with world.database.read() as connection:
        ids = {row.name: row.id for row in connection.execute(select(contact.c.id, contact.c.name))}
    merge_id = merged(world, ids["Ann Lee"], ids["A. Lee"])
    (report,) = bring(world, ("contacts.csv", table["contacts.csv"]))
    assert not any(report.new.values())
    assert not any(report.changed.values())
    with world.database.read() as connection:
        assert list(connection.execute(select(contact.c.id)).scalars()) == [ids["Ann Lee"]]
        batch_id = connection.execute(select(import_batch.c.id)).scalars().first()
    with world.database.write() as connection:
        undo_import(connection, world.principal, batch_id or 0, world.now)
    undone(world, merge_id)
    with world.database.read() as connection:
        assert set(connection.execute(select(contact.c.id)).scalars()) == set(ids.values())


@pytest.mark.parametrize("side", ["first", "second"])
@pytest.mark.parametrize("years", [(None, 1979), (1979, None), (1979, 1979), (None, None)])
def test_the_same_birthday_stays_once_and_with_its_year(
    world: World, years: tuple[int | None, int | None], side: str
) -> None:
    ids = [add(world, NewContact("Liam Byrne", dates=(Occasion("birthday", 3, 14, year),))) for year in years]
    merged(world, *ids, birthday=side)
    with world.database.read() as connection:
        (stays,) = person(connection, world.principal, ids[0]).dates
    assert (stays.month, stays.day, stays.year) == (3, 14, max(filter(None, years), default=None))


LENA = Occasion("birthday", 6, 2, 2015, label="daughter Lena")
MARCH, DECEMBER = Occasion("birthday", 3, 14, 1979), Occasion("birthday", 12, 3, 1979)


@pytest.mark.parametrize(
    ("ours", "theirs", "chosen", "stay", "noted"),
    [
        ((MARCH,), (MARCH, LENA), "", (MARCH, LENA), None),
        ((MARCH, LENA), (MARCH,), "", (MARCH, LENA), None),
        ((MARCH,), (LENA,), "", (MARCH, LENA), None),
        ((MARCH, LENA), (DECEMBER,), "second", (LENA, DECEMBER), "birthday 14 March 1979"),
        ((MARCH,), (DECEMBER, LENA), "first", (MARCH, LENA), "birthday 3 December 1979"),
        ((MARCH,), (Occasion("birthday", 3, 14), MARCH, LENA), "", (MARCH, LENA), None),
        (
            (Occasion("birthday", 3, 14),),
            (DECEMBER, Occasion("birthday", 3, 14, 2011)),
            "first",
            (Occasion("birthday", 3, 14),),
            "birthday 3 December 1979; birthday 14 March 2011",
        ),
        (
            (MARCH,),
            (
                Occasion("birthday", 1, 1, 1970),
                Occasion("birthday", 2, 2, 1975),
                Occasion("birthday", 6, 2, 2015),
            ),
            "first",
            (MARCH, Occasion("birthday", 6, 2, 2015)),
            "birthday 1 January 1970; birthday 2 February 1975",
        ),
        (
            (Occasion("birthday", 1, 1, 1970), Occasion("birthday", 2, 2, 1975)),
            (MARCH,),
            "second",
            (MARCH,),
            "birthday 1 January 1970; birthday 2 February 1975",
        ),
        ((MARCH, DECEMBER), (DECEMBER,), "second", (DECEMBER,), "birthday 14 March 1979"),
    ],
)
def test_only_the_persons_own_birthday_is_chosen_and_every_other_stays(
    world: World,
    ours: tuple[Occasion, ...],
    theirs: tuple[Occasion, ...],
    chosen: str,
    stay: tuple[Occasion, ...],
    noted: str | None,
) -> None:
    ids = [add(world, NewContact("Liam Byrne", dates=dates)) for dates in (ours, theirs)]
    before = dump(world)
    merge_id = merged(world, *ids, birthday=chosen)
    with world.database.read() as connection:
        found = person(connection, world.principal, ids[0])
    assert found.dates == stay
    assert own_birthday(found.dates) == own_birthday((ours, theirs)[chosen == "second"])
    assert found.notes == (noted and f"From the merged record of Liam Byrne: {noted}.")
    undone(world, merge_id)
    assert dump(world) == before


def test_notes_that_no_form_could_hold_together_are_refused(database: Database) -> None:
    world = World.create(database)
    kept, gone = (world.contact(name, notes=word * 60_000) for name, word in (("Ana", "a"), ("Anna", "b")))
    with pytest.raises(Invalid, match="Together their notes are longer than 100,000 characters"):
        merged(world, kept, gone, name="first")


def test_two_labels_of_one_number_are_both_kept(database: Database) -> None:
    world = World.create(database)
    one = NewContact("Liam Byrne", emails=(Way("l@x.example", "work"),), phones=(Way("+1 860 555 0119"),))
    other = NewContact(
        "Liam Byrne", emails=(Way("L@x.example", "home"),), phones=(Way("+18605550119", "car"),)
    )
    first, second = add(world, one), add(world, other)
    before = dump(world)
    merge_id = merged(world, first, second)
    with database.read() as connection:
        found = person(connection, world.principal, first)
    assert (found.emails, found.phones) == (
        (Way("l@x.example", "work, home"),),
        (Way("+1 860 555 0119", "car"),),
    )
    undone(world, merge_id)
    assert dump(world) == before


def test_the_labels_of_one_number_in_two_spellings_are_all_kept(database: Database) -> None:
    world = World.create(database)
    kept = NewContact("Lena Vogt", country="Germany", phones=(Way("+49 30 1234567", "work"),))
    spelled = (Way("030 1234567", "home"), Way("+49301234567", "office"), Way("0049 30 1234567", "Home"))
    first = add(world, kept)
    second = add(world, NewContact("Lena Vogt", country="Germany", phones=spelled))
    before = dump(world)
    merge_id = merged(world, first, second)
    with database.read() as connection:
        found = person(connection, world.principal, first)
    assert found.phones == (Way("+49 30 1234567", "work, home, office"),)
    undone(world, merge_id)
    assert dump(world) == before


def test_whoever_was_left_out_of_a_plan_was_the_person_that_stays(database: Database) -> None:
    world = World.create(database)
    first, second, third = (world.contact(f"Name {number}") for number in range(3))
    lefts = {
        "2026-W46": {second: "resting", third: "budget"},
        "2026-W47": {first: "muted", second: "snoozed"},
    }
    user_id = world.user().user_id
    with database.write() as connection:
        for week, left in lefts.items():
            shared = {"workspace_id": world.workspace_id, "user_id": user_id}
            plan_id = new_id(connection)
            told = {"id": plan_id, "week": week, "monday": world.today, "made_at": world.now, "budget": {}}
            connection.execute(plan.insert(), {**shared, **told})
            rows = [{"plan_id": plan_id, "contact_id": one, "reason": why} for one, why in left.items()]
            connection.execute(left_out.insert(), [{**shared, **row} for row in rows])
    before = dump(world)
    merge_id = merged(world, first, second)
    with database.read() as connection:
        of_plan = left_out.join(plan, plan.c.id == left_out.c.plan_id)
        asked = select(plan.c.week, left_out.c.contact_id, left_out.c.reason).select_from(of_plan)
        found = connection.execute(asked.order_by(plan.c.week, left_out.c.contact_id)).all()
    assert found == [
        ("2026-W46", first, "resting"),
        ("2026-W46", third, "budget"),
        ("2026-W47", first, "muted"),
    ]
    undone(world, merge_id)
    assert dump(world) == before


def test_a_form_opened_before_is_no_form_of_now(database: Database) -> None:
    world = World.create(database)
    (report,) = bring(world, "name,email\nAnn Lee,ann@x.example\nA Lee,al@x.example\n")
    with database.read() as connection:
        first, second = connection.execute(select(contact.c.id).order_by(contact.c.id)).scalars()
    merge_id = merged(world, first, second)
    with database.read() as connection:
        opened = person(connection, world.principal, first).version
    undone(world, merge_id)
    with database.write() as connection:
        versions = connection.execute(select(contact.c.version)).scalars().all()
        assert set(versions) == {opened + 1}
        assert (
            undo_import(connection, world.principal, report.batch_id or 0, world.now).removed["contacts"] == 2
        )


def test_two_who_merge_the_same_pair_at_once_make_one_merge(database: Database) -> None:
    world = World.create(database)
    first, second = world.contact("Ann Lee"), world.contact("Ann Lee")

    def merge_them(connection: Connection) -> int:
        return merge_contacts(connection, world.principal, first, second, CHOICES, world.now)

    def the_other_way(connection: Connection) -> int:
        return merge_contacts(connection, world.principal, second, first, CHOICES, world.now)

    with beside(database, merge_them, the_other_way) as outcome, pytest.raises(NotFound):
        outcome.result(20)
    with database.read() as connection:
        assert connection.execute(select(contact.c.id)).scalars().all() == [first]
        assert len(connection.execute(select(merge)).all()) == 1


def test_more_than_can_be_compared_are_those_changed_last(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "LOOKED_AT", 2)
    world.contact("Ann Lee", changed_at=world.now - timedelta(days=1))
    for _ in range(2):
        world.contact("Liam Byrne")
    with world.database.read() as connection:
        (pair,) = suspected(connection, world.principal)
    assert pair.first.name == "Liam Byrne"
    assert "the 2 most recently changed people" in client(world, world.user()).get("/people/duplicates").text


def test_the_command_line_merges_and_takes_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CRM_DATA_DIR", str(tmp_path / "data"))
    rows = "name,email,title\nAnn Lee,ann@x.example,Buyer\nA. Lee,ANN@x.example,Seller\n"
    (tmp_path / "contacts.csv").write_text(rows)
    assert run(["import", str(tmp_path / "contacts.csv")]) == 0
    capsys.readouterr()
    assert run(["duplicates", "--json"]) == 0
    (pair,) = json.loads(capsys.readouterr().out)
    first, second = (str(one["id"]) for one in pair["contacts"])
    assert (pair["certainty"], pair["points"]) == ("almost certain", 90)
    assert run(["duplicates"]) == 0
    assert f"{first} Ann Lee" in capsys.readouterr().out
    assert run(["merge", first, second]) == 1
    assert "Choose the name: Ann Lee or A. Lee. Choose the title: Buyer or Seller." in capsys.readouterr().err
    assert run(["merge", first]) == 2
    assert run(["merge", first, second, "--choose", "colour=first"]) == 2
    assert run(["merge", first, second, "--choose", "title=second", "--choose", "name=first"]) == 0
    undo = capsys.readouterr().out.split("crm merge --undo ")[1].strip()
    assert run(["duplicates"]) == 0
    assert "Nobody seems to be here twice." in capsys.readouterr().out
    assert run(["merge", "--undo", undo]) == 0
    assert run(["merge", "--undo", undo]) == 1


def test_answers_to_the_mail_are_about_the_person_that_stays(database: Database) -> None:
    world = World.create(database)
    kept, gone = world.contact("Liam Byrne"), world.contact("William Byrne")
    row = {
        "workspace_id": world.workspace_id,
        "week": "2026-W48",
        "message_key": "m",
        "part": 0,
        "text": "rang him",
    }
    times = {"written_at": world.now, "changed_at": world.now, "user_id": world.user().user_id}
    with database.write() as connection:
        values = {**row, **times, "id": new_id(connection), "state": "waiting", "contact_id": gone}
        connection.execute(mail_reply.insert(), values)
    merge_id = merged(world, kept, gone, name="first")
    with database.read() as connection:
        assert connection.execute(select(mail_reply.c.contact_id)).scalars().all() == [kept]
    undone(world, merge_id)
    with database.read() as connection:
        assert connection.execute(select(mail_reply.c.contact_id)).scalars().all() == [gone]


def test_what_two_people_shared_takes_no_more_statements_where_there_is_more_of_it(
    world: World, statements: Callable[[Callable[[], Any]], int]
) -> None:
    def both_ways(shared: int) -> int:
        kept, gone = world.contact("Ann Lee"), world.contact("Anne Lee")
        for days in range(shared):
            world.log("lunch", days + 1, kept, gone)
        return statements(lambda: undone(world, merged(world, kept, gone)))

    assert both_ways(2) == both_ways(7)


def test_an_email_to_many_counts_once_two_of_them_are_one_and_not_when_they_are_two_again(
    world: World,
) -> None:
    def counts() -> list[bool]:
        mine = interaction_contact.c.contact_id == kept
        with world.database.read() as connection:
            return list(connection.execute(select(interaction_contact.c.counts).where(mine)).scalars())

    kept, gone = world.contact("Ann Lee"), world.contact("Anne Lee")
    world.log("email", 3, kept, gone, *(world.contact(f"Guest {number}") for number in range(11)))
    assert counts() == [False]
    merge_id = merged(world, kept, gone)
    assert counts() == [True]
    undone(world, merge_id)
    assert counts() == [False]
