"""Importing: idempotent, all or nothing, never a silent guess, and never against what people wrote since."""

import itertools
import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text, update

from crm.contacts import many
from crm.domain.rules import ALL
from crm.errors import Forbidden
from crm.imports.log import _digest_of
from crm.imports.records import InteractionRecord, ParsedFile
from crm.imports.sightings import FeedSetting
from crm.imports.stored import contact_records
from crm.interactions.actions import Entry, delete_interaction, edit_interaction
from crm.rules.states import rule_states
from crm.storage.metrics import as_of
from crm.storage.stored_metrics import current, scope_of
from crm.storage.tables import (
    ask,
    contact,
    contact_date,
    contact_email,
    import_batch,
    interaction,
    interaction_contact,
    interaction_user,
    metadata,
    organisation,
    signal,
    source_record,
)
from tests.builders import World
from tests.imports.files import (
    CONTACTS,
    EVERYTHING,
    INTERACTIONS,
    bring,
    count,
    exported,
    good,
    news,
    read,
    rows,
    summed,
)

FILES = list(EVERYTHING.items())
BROUGHT = {
    "organisations": 1,
    "contacts": 6,
    "interactions": 5,
    "asks": 3,
    "promises": 1,
    "signals": 1,
    "favours": 1,
    "dates": 2,
}


def person(world: World, name: str):
    with world.database.read() as connection:
        found = contact_records(connection, world.principal)
    return next(one for one in found.values() if one.name == name)


def id_of(world: World, name: str) -> int:
    return int(next(row.id for row in rows(world, contact) if row.name == name))


# Once, twice, three times.


def test_everything_arrives_once_however_often_it_is_brought(world: World) -> None:
    assert news(good(bring(world, *FILES))) == BROUGHT
    first = exported(world)
    for later in (0, 1, 40):
        again = good(bring(world, *FILES, later=later))
        assert (news(again), summed(again, "changed")) == ({}, {})
        assert summed(again, "unchanged") == {**BROUGHT, "contacts": 3, "dates": 3}
    assert exported(world) == first


def test_the_stored_metrics_follow(world: World) -> None:
    good(bring(world, *FILES))
    with world.database.read() as connection:
        scope = scope_of(connection, world.principal, world.now)
        now, truth = current(world.workspace_id), as_of(scope)
        stored = {row.contact_id: row for row in connection.execute(select(now))}
        wanted = connection.execute(select(truth)).all()
    assert len(wanted) == 6
    for row in wanted:
        assert stored[row.contact_id].total_30 == row.total_30
        assert stored[row.contact_id].open_asks == row.open_asks
        assert stored[row.contact_id].score == (row.score if row.score is None else int(row.score))


def test_the_same_row_twice_in_a_file_is_two_interactions_and_stays_two(world: World) -> None:
    header, row = "occurred_at,channel,contacts\n", "2026-11-01,email,a@x.example\n"
    assert news(good(bring(world, header + row + row))) == {"contacts": 1, "interactions": 2}
    assert news(good(bring(world, header + row + row))) == {}
    assert news(good(bring(world, header + row))) == {}
    assert news(good(bring(world, header + row * 3))) == {"interactions": 1}


def test_files_that_overlap_bring_each_row_once(world: World) -> None:
    lines = INTERACTIONS.splitlines(keepends=True)
    good(bring(world, CONTACTS, lines[0] + "".join(lines[1:4])))
    good(bring(world, CONTACTS, lines[0] + "".join(lines[1:])))
    assert (count(world, interaction), count(world, contact)) == (5, 5)


@pytest.mark.parametrize("order", list(itertools.permutations(("contacts", "interactions", "asks"))))
def test_the_order_of_files_makes_no_difference(world: World, order: tuple[str, ...]) -> None:
    for kind in order:
        good(bring(world, EVERYTHING[f"{kind}.csv"]))
    assert (count(world, contact), count(world, interaction), count(world, ask)) == (5, 5, 3)
    marta = person(world, "Marta Kowalczyk")
    assert (marta.tier, marta.emails) == ("key", ("marta@fernhill.example", "m@home.example"))
    assert person(world, "Somebody Else").tier == "none"


def test_a_source_id_is_the_row_whatever_it_says(world: World) -> None:
    header = "occurred_at,channel,contacts,source_id,summary\n"
    good(bring(world, header + "2026-11-01,email,a@x.example,s1,First\n"))
    again = good(bring(world, header + "2026-11-02,lunch,a@x.example;b@x.example,s1,Second\n"))
    assert (news(again), summed(again, "changed")) == ({"contacts": 1}, {"interactions": 1})
    (row,) = rows(world, interaction)
    assert (row.channel, row.summary, row.day) == ("lunch", "Second", date(2026, 11, 2))
    assert count(world, interaction_contact) == 2
    same = good(bring(world, header + "2026-11-02,lunch,a@x.example;b@x.example,s1,Second\n"))
    assert summed(same, "unchanged") == {"interactions": 1}


def test_a_source_id_twice_in_one_file_counts_once(world: World) -> None:
    header = "occurred_at,channel,contacts,source_id\n"
    text = header + "2026-11-01,email,a@x.example,s1\n2026-11-02,lunch,a@x.example,s1\n"
    for expected in ({"contacts": 1, "interactions": 1}, {}):
        (report,) = good(bring(world, text))
        assert news([report]) == expected
        assert [one.where for one in report.skipped] == ["file1.csv line 3"]
        assert summed([report], "changed") == {}


def test_what_was_deleted_here_stays_deleted(world: World) -> None:
    good(bring(world, *FILES))
    first = rows(world, interaction)[0]
    with world.database.write() as connection:
        delete_interaction(connection, world.principal, first.id, world.now)
    assert news(good(bring(world, *FILES))) == {}
    assert rows(world, interaction)[0].deleted_at is not None


# Cells.

HEADER = "name,email,title,city\n"


def test_changed_cells_change_the_record_and_missing_columns_leave_it(world: World) -> None:
    good(bring(world, CONTACTS))
    (report,) = good(bring(world, HEADER + "Marta Kowalczyk,marta@fernhill.example,CEO,Hamburg\n"))
    assert (news([report]), dict(report.changed)) == ({}, {"contacts": 1})
    shown = {(one.field, one.old, one.new) for one in report.changes}
    assert ("title", "CTO", "CEO") in shown
    marta = person(world, "Marta Kowalczyk")
    assert (marta.title, marta.city, marta.tier, marta.notes) == ("CEO", "Hamburg", "key", "Likes tea")
    assert marta.organisation == "Fernhill"


def test_empty_cells_empty_the_record(world: World) -> None:
    good(bring(world, CONTACTS))
    good(bring(world, "name,email,title,tags,birthday,notes\nMarta Kowalczyk,marta@fernhill.example,,,,\n"))
    marta = person(world, "Marta Kowalczyk")
    assert (marta.title, marta.tags, marta.birthday, marta.notes) == (None, (), None, None)
    assert marta.city == "Berlin"


def test_what_people_wrote_since_survives_the_same_file(world: World) -> None:
    good(bring(world, CONTACTS))
    with world.database.write() as connection:
        many.set_tier(connection, world.principal, [id_of(world, "Marta Kowalczyk")], "warm", world.now)
    assert summed(good(bring(world, CONTACTS)), "changed") == {}
    assert person(world, "Marta Kowalczyk").tier == "warm"


def test_only_the_cells_that_changed_are_written(world: World) -> None:
    good(bring(world, CONTACTS))
    with world.database.write() as connection:
        many.set_tier(connection, world.principal, [id_of(world, "Marta Kowalczyk")], "warm", world.now)
    good(bring(world, CONTACTS.replace("CTO", "CEO")))
    marta = person(world, "Marta Kowalczyk")
    assert (marta.title, marta.tier) == ("CEO", "warm")


def test_a_changed_record_keeps_its_labels_targets_and_dates(world: World) -> None:
    good(bring(world, *FILES))
    row_id = id_of(world, "Marta Kowalczyk")
    with world.database.write() as connection:
        connection.execute(update(contact).where(contact.c.id == row_id).values(target_any=14))
        connection.execute(
            update(contact_email)
            .where(contact_email.c.contact_id == row_id, contact_email.c.position == 0)
            .values(label="work")
        )
    good(bring(world, HEADER + "Marta Kowalczyk,marta@fernhill.example;new@x.example,CEO,\n"))
    assert next(row for row in rows(world, contact) if row.id == row_id).target_any == 14
    kept = [(row.value, row.label) for row in rows(world, contact_email) if row.contact_id == row_id]
    assert kept == [("marta@fernhill.example", "work"), ("new@x.example", None)]
    assert count(world, contact_date) == 4


def test_an_ask_that_is_closed_in_the_file_is_closed_here(world: World) -> None:
    header = "contact,text,due,opened_on,closed_on\n"
    good(bring(world, header + "Ana,Renew?,,2026-10-01,\n"))
    report = good(bring(world, header + "Ana,Renew?,,2026-10-01,2026-11-01\n"))
    assert (news(report), summed(report, "changed")) == ({}, {"asks": 1})
    assert rows(world, ask)[0].closed_on == date(2026, 11, 1)
    with world.database.read() as connection:
        now = current(world.workspace_id)
        assert connection.execute(select(now.c.open_asks)).scalar_one() == 0


# Who is meant.


def test_any_email_finds_the_person_whatever_the_letters(world: World) -> None:
    good(bring(world, CONTACTS))
    good(bring(world, "occurred_at,channel,contacts\n2026-11-01,email,M@Home.Example\n"))
    assert count(world, contact) == 3


def test_a_name_finds_the_person_across_accents(world: World) -> None:
    good(bring(world, CONTACTS))
    good(bring(world, "occurred_at,channel,contacts\n2026-11-01,email,jan novak\n"))
    assert count(world, contact) == 3


def test_namesakes_in_one_file_are_two_people_and_stay_two(world: World) -> None:
    text = "name,organisation\nJan Novák,Alpha\nJan Novák,Beta\nJan Novák,\n"
    assert news(good(bring(world, text)))["contacts"] == 3
    assert news(good(bring(world, text))) == {}


def test_a_row_that_may_mean_two_people_waits_for_an_answer(world: World) -> None:
    good(bring(world, "name,organisation\nJan Novák,Alpha\nJan Novák,Beta\n"))
    report, log = good(
        bring(
            world,
            "name,title\nJan Novák,CEO\n",
            "occurred_at,channel,contacts\n2026-11-01,email,Jan Novák;New Person\n",
        )
    )
    assert (news([report, log]), dict(report.changed)) == ({}, {})
    assert [one.where for one in report.uncertain] == ["file1.csv line 2"]
    assert "Which one is meant?" in report.uncertain[0].question
    assert [one.where for one in log.uncertain] == ["file2.csv line 2, column contacts"]
    assert count(world, contact) == 2


def test_the_organisation_tells_namesakes_apart(world: World) -> None:
    good(bring(world, "name,organisation\nJan Novák,Alpha\nJan Novák,Beta\n"))
    good(bring(world, "name,organisation,title\nJan Novák,Beta,CEO\n"))
    titles = {row.title for row in rows(world, contact)}
    assert titles == {None, "CEO"}
    assert count(world, contact) == 2


def test_a_namesake_with_another_email_is_somebody_new_and_asked_about(world: World) -> None:
    good(bring(world, "name,email\nJan Novák,jan@alpha.example\n"))
    (report,) = good(bring(world, "name,email\nJan Novák,jan@beta.example\n"))
    assert news([report]) == {"contacts": 1}
    assert "jan@alpha.example" in report.uncertain[0].question
    (again,) = good(bring(world, "name,email\nJan Novák,jan@beta.example\n"))
    assert (news([again]), again.uncertain) == ({}, [])


def test_a_colleague_with_a_new_email_is_the_same_person(world: World) -> None:
    good(bring(world, "name,email,organisation\nJan Novák,jan@alpha.example,Alpha\n"))
    good(bring(world, "name,email,organisation\nJan Novák,novak@alpha.example,Alpha\n"))
    assert [row.value for row in rows(world, contact_email)] == ["novak@alpha.example"]


def test_the_same_person_twice_in_a_file_is_one_person(world: World) -> None:
    text = "name,email,title\nAna,ana@x.example,CTO\nAna,ana@x.example,CTO\n"
    assert news(good(bring(world, text))) == {"contacts": 1}
    assert summed(good(bring(world, text)), "unchanged") == {"contacts": 2}


def test_other_workspaces_are_never_met(world: World) -> None:
    other = World.create(world.database, "Another team")
    good(bring(other, *FILES))
    before = exported(other)
    assert news(good(bring(world, *FILES))) == BROUGHT
    assert exported(other) == before


# Owners and users.


def test_the_only_active_user_keeps_whom_the_command_line_brings(world: World) -> None:
    alice = world.user()
    world.user("Bob Stone", active=False)
    good(bring(world, CONTACTS, INTERACTIONS))
    assert {row.owner_id for row in rows(world, contact)} == {alice.user_id}
    assert {row.user_id for row in rows(world, interaction_user)} == {alice.user_id}


def test_of_two_users_nobody_is_guessed(world: World) -> None:
    world.user()
    world.user("Bob Stone")
    good(bring(world, CONTACTS, INTERACTIONS))
    assert {row.owner_id for row in rows(world, contact)} == {None}
    assert count(world, interaction_user) == 0


def test_whoever_imports_keeps_the_new_people_and_owners_are_named_by_email(world: World) -> None:
    alice, bob = world.user(), world.user("Bob Stone")
    good(bring(world, "name,owner\nAna,\nBen,BOB@team.example\nCy,nobody\n", by=alice))
    owners = {row.name: row.owner_id for row in rows(world, contact)}
    assert owners == {"Ana": alice.user_id, "Ben": bob.user_id, "Cy": None}
    again = good(bring(world, "name,owner\nAna,\nBen,BOB@team.example\nCy,nobody\n", by=bob))
    assert summed(again, "unchanged") == {"contacts": 3}


def test_an_unknown_user_is_an_error_with_its_line(world: World) -> None:
    people, log = bring(
        world,
        "name,owner\nAna,eve@team.example\n",
        "occurred_at,channel,contacts,users\n2026-11-01,email,Ana,eve@team.example\n",
    )
    assert [one.where for one in people.errors] == ["file1.csv line 2, column owner"]
    assert [one.where for one in log.errors] == ["file2.csv line 2, column users"]
    assert "eve@team.example" in people.errors[0].message
    assert count(world, contact) == 0


def test_viewers_import_nothing(world: World) -> None:
    viewer = world.user(role="viewer")
    with pytest.raises(Forbidden):
        bring(world, CONTACTS, by=viewer)


# All or nothing.


def test_one_error_and_nothing_of_the_exchange_files_is_written(world: World) -> None:
    before = {
        table.name: count(world, table) for table in metadata.tables.values() if "workspace_id" in table.c
    }
    reports = bring(world, *FILES, ("more.csv", "contact,text,on\nAna,Help,31.12.2026\n"))
    assert [one.where for one in reports[-1].errors] == ["more.csv line 2, column on"]
    assert news(reports) == {}
    after = {
        table.name: count(world, table) for table in metadata.tables.values() if "workspace_id" in table.c
    }
    assert after == before


def test_a_damaged_file_among_them_stops_the_others(world: World) -> None:
    reports = bring(world, *FILES, ("latin.csv", "name\nJos\xe9\n".encode("latin-1")))
    assert "UTF-8" in reports[-1].errors[0].message
    assert (news(reports), count(world, contact)) == ({}, 0)


def test_a_vcard_stands_for_itself(world: World) -> None:
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:Ana\nEND:VCARD\n"
    bring(world, ("people.vcf", card), "name,birthday\nBen,tomorrow\n")
    assert [row.name for row in rows(world, contact)] == ["Ana"]


def test_a_dry_run_says_the_same_and_writes_nothing(world: World) -> None:
    dry = bring(world, *FILES, dry_run=True)
    assert all(count(world, table) == 0 for table in (contact, import_batch, source_record, organisation))
    assert [report.as_json() for report in dry] == [report.as_json() for report in bring(world, *FILES)]
    again = bring(world, *FILES, dry_run=True)
    assert [report.as_json() for report in again] == [report.as_json() for report in bring(world, *FILES)]


def test_an_import_that_brought_nothing_is_not_listed(world: World) -> None:
    good(bring(world, *FILES))
    good(bring(world, *FILES))
    assert count(world, import_batch) == 1


# vCards.

CARD = """BEGIN:VCARD
VERSION:3.0
UID:abc-1
FN:Marta Kowalczyk
EMAIL:marta@fernhill.example
TEL:+49 30 1234
TITLE:Engineer
ANNIVERSARY:2019-05-01
END:VCARD
BEGIN:VCARD
VERSION:3.0
TEL:123
END:VCARD
"""


def test_a_card_adds_to_whom_we_know_and_takes_nothing(world: World) -> None:
    good(bring(world, CONTACTS))
    (report,) = good(bring(world, ("phone.vcf", CARD)))
    assert (dict(report.changed), summed([report], "new")) == ({"contacts": 1}, {"dates": 1})
    assert [one.where for one in report.skipped] == ["phone.vcf card 2 (line 10)"]
    marta = person(world, "Marta Kowalczyk")
    assert (marta.title, marta.emails, marta.phones) == (
        "CTO",
        ("marta@fernhill.example", "m@home.example"),
        ("+49 30 1234",),
    )
    again = good(bring(world, ("phone.vcf", CARD)))
    assert (news(again), summed(again, "changed")) == ({}, {})


def test_a_card_never_chooses_between_two_birthdays(world: World) -> None:
    bring(world, ("a.vcf", "BEGIN:VCARD\nFN:Ana\nBDAY:--03-14\nEND:VCARD\n"))
    (year,) = good(bring(world, ("b.vcf", "BEGIN:VCARD\nFN:Ana\nBDAY:1979-03-14\nEND:VCARD\n")))
    assert (year.uncertain, year.changed["contacts"]) == ([], 1)
    (other,) = good(bring(world, ("c.vcf", "BEGIN:VCARD\nFN:Ana\nBDAY:1979-12-03\nEND:VCARD\n")))
    assert "3 December 1979 in the file and 14 March 1979 here" in other.uncertain[0].question
    assert other.changed["contacts"] == 0


def test_a_phone_in_common_makes_namesakes_one_person(world: World) -> None:
    bring(world, "name,email,phone,country\nAna Ruiz,a@one.example,+34 600 00 00 01,\n")
    same = good(bring(world, "name,email,phone,country\nAna Ruiz,b@two.example,600000001,Spain\n"))
    assert (news(same), count(world, contact)) == ({}, 1)


def test_a_card_is_known_by_its_uid_when_all_else_changed(world: World) -> None:
    good(bring(world, ("phone.vcf", CARD)))
    renamed = CARD.replace("Marta Kowalczyk", "Marta Osei").replace("marta@fernhill", "osei@fernhill")
    (report,) = good(bring(world, ("phone.vcf", renamed)))
    assert (news([report]), count(world, contact)) == ({}, 1)
    assert person(world, "Marta Osei").emails == ("marta@fernhill.example", "osei@fernhill.example")


def book(*cards: str) -> tuple[str, str]:
    return ("book.vcf", "".join(f"BEGIN:VCARD\nVERSION:3.0\n{one}\nEND:VCARD\n" for one in cards))


def test_the_same_card_in_two_address_books_is_one_person(world: World) -> None:
    ana = "UID:u1\nFN:Ana\nANNIVERSARY:2019-05-01\n"
    twice = book(f"{ana}TITLE:CTO\nTEL:1234", f"{ana}TITLE:CEO\nTEL:5678")
    (report,) = good(bring(world, twice))
    assert (report.new["contacts"], person(world, "Ana").phones) == (1, ("1234", "5678"))
    for _ in range(2):  # neither book takes back what the other says
        again = good(bring(world, twice))
        assert (news(again), summed(again, "changed"), person(world, "Ana").title) == ({}, {}, "CTO")
        assert count(world, contact_date) == 1
    good(bring(world, ("book.vcf", twice[1].replace("CEO", "Chair"))))
    assert person(world, "Ana").title == "Chair"


def test_cards_of_one_file_that_share_a_name_and_a_number_are_one_person(world: World) -> None:
    cards = ["FN:Jan\nTEL:+44 20 7946 0018", "FN:Jan\nTEL:+44 20 7946 0019", "FN:Jan\nORG:Fernhill"]
    spelled = [one.replace(" 7946 ", "7946") for one in cards]
    (report,) = good(bring(world, book(*cards, *spelled)))
    assert (report.new["contacts"], count(world, contact)) == (3, 3)
    again = good(bring(world, book(*spelled, *cards)))
    assert (news(again), count(world, contact)) == ({}, 3)


def test_one_identity_for_two_names_is_two_people(world: World) -> None:
    good(bring(world, book("UID:0\nFN:Ana", "UID:0\nFN:Ben", "UID:0\nFN:Ana")))
    assert sorted(row.name for row in rows(world, contact)) == ["Ana", "Ben"]
    ids = {row.name: row.id for row in rows(world, contact)}
    more = book("UID:0\nFN:Zoe", "UID:0\nFN:Ben\nTITLE:CTO", "UID:0\nFN:Ana", "UID:0\nFN:Cleo")
    assert news(good(bring(world, more))) == {"contacts": 2}
    named = {row.name: row.id for row in rows(world, contact)}
    assert (set(named), {name: named[name] for name in ids}) == ({"Ana", "Ben", "Cleo", "Zoe"}, ids)
    assert [person(world, name).title for name in ("Ana", "Ben")] == [None, "CTO"]
    for file in (more, book("UID:0\nFN:Cleo"), book("UID:0\nFN:Ben\nTITLE:CTO", "UID:0\nFN:Ana")):
        again = good(bring(world, file))
        assert (news(again), summed(again, "changed")) == ({}, {})
    assert news(good(bring(world, book("UID:0\nFN:Dan")))) == {"contacts": 1}


def test_a_second_card_of_one_person_is_compared_with_itself_when_the_first_is_gone(world: World) -> None:
    first, second = "UID:u1\nFN:Ana\nTITLE:CTO\nTEL:1234", "UID:u1\nFN:Ana\nTITLE:CEO\nTEL:5678"
    good(bring(world, book(first, second)))
    again = good(bring(world, book(second)))
    assert (news(again), summed(again, "changed"), person(world, "Ana").title) == ({}, {}, "CTO")
    good(bring(world, book(first.replace("Ana", "Ana Ruiz"), second)))
    assert [row.name for row in rows(world, contact)] == ["Ana Ruiz"]


# Rules.


def test_rules_are_switched_and_put_in_order(world: World) -> None:
    text = '[[rule]]\nkey = "they_wait"\n\n[[rule]]\nkey = "screen_only"\nenabled = false\n'
    (report,) = good(bring(world, ("rules.toml", text)))
    assert report.changed["rules"] == 2
    with world.database.read() as connection:
        states = rule_states(connection, world.principal)
    assert [(one.rule.key, one.enabled) for one in states[:2]] == [
        ("they_wait", True),
        ("screen_only", False),
    ]
    assert len(states) >= len(ALL)
    (again,) = good(bring(world, ("rules.toml", text)))
    assert dict(again.unchanged) == {"rules": 2}


def test_a_rule_nobody_knows_is_an_error(world: World) -> None:
    (report,) = bring(world, ("rules.toml", '[[rule]]\nkey = "more_email"\n'))
    assert report.errors[0].where.startswith("rules.toml ")


# What the rows say.


def test_attempts_broadcasts_and_days_are_what_the_log_would_write(world: World) -> None:
    world = replace_zone(world)
    people = ";".join(f"p{number}@x.example" for number in range(13))
    text = "occurred_at,channel,outcome,contacts\n"
    text += f"2026-11-01T23:30:00Z,email,reached,{people}\n2026-11-01,phone,attempted,p1@x.example\n"
    good(bring(world, text))
    mail, call = rows(world, interaction)
    assert (mail.broadcast, mail.day, call.outcome) == (True, date(2026, 11, 2), "attempted")
    assert not any(row.counts for row in rows(world, interaction_contact))


def replace_zone(world: World) -> World:
    return World.create(world.database, "Tokyo", "Asia/Tokyo")


def test_a_name_like_an_email_is_the_name_until_somebody_knows_better(world: World) -> None:
    good(bring(world, "occurred_at,channel,contacts\n2026-11-01,email,ana@x.example\n"))
    assert [row.name for row in rows(world, contact)] == ["ana@x.example"]
    good(bring(world, "name,email\nAna Lima,ana@x.example\n"))
    assert [row.name for row in rows(world, contact)] == ["Ana Lima"]


def test_signals_are_spelled_as_everywhere_else(world: World) -> None:
    good(bring(world, *FILES))
    assert [row.type for row in rows(world, signal)] == ["pain point"]


def test_a_day_without_a_time_is_the_same_row_on_another_day(world: World) -> None:
    text = f"occurred_at,channel,contacts\n{world.today.isoformat()},lunch,Ana\n"
    good(bring(world, text, later=-0.3))
    good(bring(world, text, later=1))
    assert count(world, interaction) == 1
    assert rows(world, interaction)[0].occurred_at <= world.now + timedelta(days=1)


def test_a_calendar_tried_with_an_address_book_knows_its_people(world: World) -> None:
    """The page shows, before anything is written, what importing both will do, though each file is a transaction."""
    world.user()
    card = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ana Ruiz\r\nEMAIL:ana@x.example\r\nEND:VCARD\r\n"
    event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261109T090000Z\r\nSUMMARY:Lunch\r\nATTENDEE:mailto:ana@x.example\r\nEND:VEVENT"
    calendar = f"BEGIN:VCALENDAR\r\n{event}\r\nEND:VCALENDAR\r\n".encode()
    broken = ("log.csv", b"occurred_at,channel,contacts\n2026-02-30,email,x@y.example\n")
    given = [("a.ics", calendar), ("a.vcf", card), broken]
    tried = bring(world, *given, dry_run=True)
    assert count(world, contact) == count(world, interaction) == 0
    done = bring(world, *given)
    assert [(one.new, bool(one.errors)) for one in tried] == [(one.new, bool(one.errors)) for one in done]
    assert (count(world, contact), count(world, interaction)) == (1, 1)


# What people corrected here, and what is private.

CALLS = "source_id,occurred_at,channel,contacts,users,summary\n"


def test_a_row_that_changed_leaves_what_was_corrected_in_its_other_cells(world: World) -> None:
    alice, ben = world.user("Alice"), world.contact("Ben")
    first = CALLS + "s1,2026-11-02,video,ana@x.example;cy@x.example,,Call\n"
    good(bring(world, first))
    ids = {row.name: row.id for row in rows(world, contact)}
    (logged,) = rows(world, interaction)
    people = (ids["ana@x.example"], ids["cy@x.example"], ben)
    entry = Entry(logged.occurred_at, "phone", people, user_ids=(alice.user_id or 0,), summary="Call")
    with world.database.write() as connection:
        edit_interaction(connection, world.principal, logged.id, entry, world.now)
    good(bring(world, first.replace("Call", "Call about price").replace(";cy@x.example", ";dee@x.example")))
    (after,) = rows(world, interaction)
    assert (after.channel, after.summary) == ("phone", "Call about price")
    names = {row.id: row.name for row in rows(world, contact)}
    took_part = {names[row.contact_id] for row in rows(world, interaction_contact)}
    assert took_part == {"ana@x.example", "Ben", "dee@x.example"}
    assert [row.user_id for row in rows(world, interaction_user)] == [alice.user_id]
    (report,) = good(bring(world, first.replace("video", "visit").replace(";cy@x.example", ";dee@x.example")))
    (after,) = rows(world, interaction)
    assert (after.channel, after.summary, report.changed["interactions"]) == ("visit", "Call", 1)


def test_a_row_of_before_cells_were_told_apart_is_the_same_row(world: World) -> None:
    text = CALLS + "s1,2026-11-02,video,ana@x.example,,Call\n"
    good(bring(world, text))
    parsed = read(world, "log.csv", text.encode(), world.now, FeedSetting(world.zone, world.now))
    assert isinstance(parsed, ParsedFile)
    (record,) = parsed.records
    assert isinstance(record, InteractionRecord)
    with world.database.write() as connection:
        mine = source_record.c.record == "interaction"
        connection.execute(source_record.update().where(mine).values(content_hash=_digest_of(record)))
    (report,) = good(bring(world, text))
    assert report.unchanged["interactions"] == 1
    good(bring(world, text.replace("video", "lunch")))
    assert [row.channel for row in rows(world, interaction)] == ["lunch"]


def test_the_preview_says_who_takes_part_now(world: World) -> None:
    world.user("Alice")
    world.user("Bob")
    row = "source_id,occurred_at,channel,contacts,users\ns1,2026-11-02,lunch,{},{}@team.example\n"
    good(bring(world, row.format("Ana;Ben", "alice")))
    (report,) = good(bring(world, row.format("Ana;Cleo", "bob"), dry_run=True))
    assert [(one.field, one.old, one.new) for one in report.changes] == [
        ("contacts", ("Ana", "Ben"), ("Ana", "Cleo")),
        ("users", ("alice@team.example",), ("bob@team.example",)),
    ]


NOTES = "source_id,occurred_at,channel,contacts,summary,note,private_to\n"


def test_a_private_note_of_somebody_else_is_never_made_public(world: World) -> None:
    alice, bob = world.user("Alice"), world.user("Bob", role="member")
    ana = world.contact("Ana")
    world.log("email", 3, ana, source_id="mail:abc@x", note="Public")
    world.log("email", 4, ana, by=alice, source_id="s2", note="Public")
    row = "{},2026-11-02,email,Ana,Hello,He is ill,{}@team.example\n"
    (report,) = good(bring(world, NOTES + row.format("mail:abc@x", "alice") + row.format("s2", "bob")))
    assert [(one.note, one.note_private, one.summary) for one in rows(world, interaction)] == [
        ("Public", False, "Hello"),
        ("Public", False, "Hello"),
    ]
    assert len(report.uncertain) == 2
    assert "alice@team.example" in report.uncertain[0].question
    good(bring(world, NOTES + row.format("s2", "bob").replace("Hello", "Again"), by=bob))
    assert [one.note for one in rows(world, interaction)] == ["Public", "Public"]
    told = [one.report for one in rows(world, import_batch)]
    assert "He is ill" not in json.dumps(told)


def test_a_note_that_its_author_makes_private_is_not_told_in_the_report(world: World) -> None:
    alice = world.user("Alice")
    world.log("email", 3, world.contact("Ana"), by=alice, source_id="s1", note="Public")
    good(bring(world, NOTES + "s1,2026-11-02,email,Ana,,He is ill,alice@team.example\n", by=alice))
    assert [(one.note, one.note_private) for one in rows(world, interaction)] == [("He is ill", True)]
    (batch,) = rows(world, import_batch)
    assert "He is ill" not in json.dumps(batch.report)


def test_a_number_in_another_spelling_is_the_same_number(world: World) -> None:
    good(bring(world, ("contacts.csv", "name,phone,country\nAna,+44 20 7946 0018,GB\n")))
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:Ana\r\n{}END:VCARD\r\n"
    ways = ("020 7946 0018", "+442079460018", "020-7946-0019", "+44 20 79460019")
    good(bring(world, ("ana.vcf", card.format("".join(f"TEL:{way}\r\n" for way in ways)))))
    assert person(world, "Ana").phones == ("+44 20 7946 0018", "020-7946-0019")


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("Ana Ruz,a@x.example", "Ana Ruiz,a@x.example"),
        ("Ana Ruiz,a@x.example", "Ana Ruiz,a@x.example;b@x.example"),
        ("Ana Ruiz,", "Ana Ruiz,a@x.example"),
        ("Ana Ruiz,", "Ana Ruiz,"),
    ],
)
def test_a_mended_name_or_an_email_more_leaves_what_was_corrected(world: World, was: str, now: str) -> None:
    header = "name,email,title,city,tags\n"
    good(bring(world, header + was + ",CTO,Graz,a;b\n"))
    (ana,) = (row.id for row in rows(world, contact))
    with world.database.write() as connection:
        connection.execute(update(contact).values(title="CEO"))
        many.add_tags(connection, world.principal, [ana], ("mine",), world.now)
    good(bring(world, header + now + ",CTO,Linz,a;b\n"))
    (after,) = rows(world, contact)
    assert (after.name, after.title, after.city) == ("Ana Ruiz", "CEO", "Linz")
    assert person(world, "Ana Ruiz").tags == ("a", "b", "mine")
    good(bring(world, header + now + ",CFO,Linz,a;b\n"))
    assert person(world, "Ana Ruiz").title == "CFO"


@pytest.mark.parametrize(
    "files",
    [
        (
            "name,email,phone,city\nAnna Berg,a@x.example,1234567,Graz\n",
            "name,title,city\nAnna Berg,CTO,Wien\n",
        ),
        (
            "name,email,phone,city\nAnna Berg,a@x.example,1234567,Wien\n",
            "name,email,phone,city\nAnna Borg,a@x.example,1234567,Wien\n",
            "name,email,phone,city\nAnna Berg,a@x.example,1234567,Graz\n",
        ),
    ],
)
def test_a_mended_name_is_compared_with_the_row_most_like_it(world: World, files: tuple[str, ...]) -> None:
    for said in files:
        good(bring(world, said))
    with world.database.write() as connection:
        connection.execute(update(contact).values(city="Linz"))
    good(bring(world, "name,email,phone,city\nAnna Bergh,a@x.example,1234567,Graz\n"))
    (after,) = rows(world, contact)
    assert (after.name, after.city) == ("Anna Bergh", "Linz")


def test_a_number_beyond_those_of_a_name_makes_nobody_up(world: World) -> None:
    good(bring(world, "name,email,title\nAna Novak,a@x.example,\nAna Novak,a@x.example,\n"))
    log = "occurred_at,channel,contacts\n2026-11-02,lunch,Ana Novak #1\n2026-11-03,lunch,Ana Novak #2\n"
    (report,) = good(bring(world, log))
    assert "fewer are here" in report.uncertain[0].question
    assert [row.name for row in rows(world, contact)] == ["Ana Novak"]
    assert count(world, interaction) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_knows_at_once_how_much_a_large_import_wrote(world: World) -> None:
    """Until it knows, it reads all of a table to find the few rows that the next import asks for."""
    world.contact("Marta Kowalczyk")
    lines = [f"2026-10-{1 + place % 28:02},email,Marta Kowalczyk,About {place}" for place in range(1_100)]
    good(bring(world, ("log.csv", "\n".join(["occurred_at,channel,contacts,summary", *lines]))))
    known = text("SELECT reltuples FROM pg_class WHERE relname = 'source_record'")
    with world.database.read() as connection:
        assert connection.execute(known).scalar_one() == count(world, source_record) == 1_100
