"""An export holds everything, and importing it into an empty workspace and exporting again gives the same bytes."""

import csv
import io
import json
import shutil
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import zip_longest
from pathlib import Path

import icalendar
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from crm.contacts.actions import add_contacts
from crm.contacts.drafts import NOBODY, NewContact, NewOrganisation, Occasion, Way
from crm.contacts.many import archive
from crm.contacts.organisation_actions import add_organisation, archive_organisation
from crm.domain.channels import SHIPPED
from crm.errors import Invalid
from crm.imports.undoing import undo
from crm.interactions.actions import Entry, delete_interaction, log_interaction
from crm.interactions.channel_actions import add_channel, change_marks
from crm.storage.database import Database, new_id
from crm.storage.tables import ask, contact, interaction, organisation, promise, signal
from crm.storage.text import fold
from tests.builders import NOW, World
from tests.imports.files import EVERYTHING, bring, count, exported, good, news, rows, summed
from tests.shipped import SHIPPED_KEYS
from tests.thorough import TIMES
from tests.web.site import program

NAUGHTY = Path(__file__).parents[3] / "shared" / "data" / "suites" / "blns" / "blns.json"


def again(world: World, files: dict[str, bytes], *, users: list[str]) -> dict[str, bytes]:
    """What an empty workspace with the same users exports after importing these files."""
    other = World.create(world.database, f"Team {uuid.uuid4()}", str(world.zone))
    for email in users:
        other.user(email, email=email)
    good(bring(other, *files.items()))
    return exported(other)


def test_what_was_imported_comes_back_byte_for_byte(world: World) -> None:
    world.user("Alice Meyer", email="alice@team.example")
    good(bring(world, *EVERYTHING.items()))
    files = exported(world)
    assert set(files) == {*EVERYTHING, "rules.toml", "contacts.vcf", "calendar.ics"}
    assert again(world, files, users=["alice@team.example"]) == files


def test_users_come_back_in_the_same_order_whoever_of_them_was_there_first(world: World) -> None:
    for name in ("zoe", "alice"):
        world.user(name, email=f"{name}@team.example")
    row = "2026-11-02T09:00:00Z,lunch,ruth@x.example,zoe@team.example;alice@team.example"
    good(bring(world, ("interactions.csv", f"occurred_at,channel,contacts,users\n{row}\n".encode())))
    files = exported(world)
    assert again(world, files, users=["alice@team.example", "zoe@team.example"]) == files


def test_an_export_brought_back_to_its_own_workspace_changes_nothing(world: World) -> None:
    good(bring(world, *EVERYTHING.items()))
    somebody = world.contact("Ruth Abernathy")
    world.log("lunch", 3, somebody, note="By hand")
    files = exported(world)
    reports = good(bring(world, *files.items()))
    assert (news(reports), summed(reports, "changed")) == ({}, {})
    assert exported(world) == files


def test_private_notes_go_to_their_author_and_the_command_line_alone(world: World) -> None:
    alice, bob = world.user(), world.user("Bob Stone")
    world.log("lunch", 1, world.contact(), by=alice, note="Secret plans", note_private=True)
    for by, sees in ((alice, True), (bob, False), (world.principal, True)):
        files = exported(world, by)
        assert any(b"Secret plans" in data for data in files.values()) == sees


def test_what_was_deleted_is_not_exported(world: World) -> None:
    deleted = world.log("lunch", 1, world.contact(), note="Told in error")
    with world.database.write() as connection:
        delete_interaction(connection, world.principal, deleted, world.now)
    assert not any(b"Told in error" in data for data in exported(world).values())


def test_formulas_are_not_run_and_come_back(world: World) -> None:
    good(bring(world, 'name,email,notes\n"=HYPERLINK(1)",a@x.example,+1+1\n'))
    files = exported(world)
    table = list(csv.reader(io.StringIO(files["contacts.csv"].decode())))
    assert table[1][0] == "'=HYPERLINK(1)"
    assert not any(cell.startswith(("=", "+", "@")) for row in table for cell in row)
    assert again(world, files, users=[]) == files


def test_nobody_is_written_where_an_empty_cell_would_be_somebody(world: World) -> None:
    world.user("Alice Meyer", email="alice@team.example")
    good(bring(world, "name,owner\nAna,nobody\nBen,\n"))
    files = exported(world)
    owners = {
        row["name"]: row["owner"] for row in csv.DictReader(io.StringIO(files["contacts.csv"].decode()))
    }
    assert owners == {"Ana": "nobody", "Ben": "alice@team.example"}
    assert again(world, files, users=["alice@team.example"]) == files


ODD_EMAILS = (
    "hello",
    "a@b@c",
    "a@",
    "@b.example",
    "a b@c.example",
    "a@b.example;c@d.example",
    "x" * 320 + "@y.example",
)


def test_what_no_file_would_take_as_an_email_is_refused_by_every_door(world: World) -> None:
    api = program(world, world.user())
    for email in ODD_EMAILS:
        draft = NewContact(name="Ana", emails=(Way("ana@x.example"), Way(email)))
        with pytest.raises(Invalid), world.database.write() as connection:
            add_contacts(connection, world.principal, [draft], world.now)
        refused = api.post("/api/v1/contacts", json={"name": "Ana", "emails": [{"value": email}]})
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["emails"]), email
    assert count(world, contact) == 0


def test_calendars_read_the_calendar(world: World) -> None:
    good(bring(world, *EVERYTHING.items()))
    calendar = icalendar.Calendar.from_ical(exported(world)["calendar.ics"])
    assert len(calendar.walk("VEVENT")) == 5 + 2 + 2


def test_a_backslash_and_an_n_in_an_address_break_no_line(world: World) -> None:
    _fill(world, [NewContact("Ana Horvat", addresses=(Way("[.!;\\n]"), Way("Dock 4\nGate \\n")))], [], [], [])
    files = exported(world)
    assert again(world, files, users=[]) == files


# Whatever people wrote down.

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
names = st.one_of(
    st.sampled_from(
        [
            "Jan Novák",
            "jan novak",
            "Ana",
            "=1+1",
            "a;b",
            'q"q',
            "x@y.example",
            "Jan Novák #2",
            "Ana <x@y.example>",
        ]
    ),
    words.filter(lambda text: any(sign.isalnum() for sign in text)),
)
emails = st.sampled_from(
    ["jan@x.example", "JAN@x.example", "office@x.example", "ana@x.example", "o'n@x.example"]
)
days = st.dates(date(1900, 1, 1), date(2100, 12, 31))
maybe = st.none() | words
occasions = st.builds(
    lambda kind, day, label, year: Occasion(
        kind, day.month, day.day, day.year if year else None, True, label
    ),
    st.sampled_from(["birthday", "anniversary", "renewal", "other"]),
    days,
    maybe,
    st.booleans(),
)
people = st.builds(
    NewContact,
    name=names,
    title=maybe,
    kind=st.sampled_from(["other", "partner", "press"]),
    tier=st.sampled_from(["key", "none"]),
    owner_id=st.sampled_from([None, NOBODY]),
    notes=maybe,
    city=maybe,
    emails=st.lists(st.builds(Way, emails, maybe), max_size=2).map(tuple),
    phones=st.lists(st.builds(Way, words, maybe), max_size=2).map(tuple),
    addresses=st.lists(words, max_size=2).map(lambda found: tuple(map(Way, found))),
    tags=st.lists(words, max_size=2).map(tuple),
    dates=st.lists(occasions, max_size=2).map(tuple),
    created_on=days,
    target_any=st.none() | st.sampled_from([0, 30]),
    target_in_person=st.none() | st.sampled_from([0, 90]),
    deceased_on=st.none() | st.dates(date(1900, 1, 1), date(2026, 11, 1)),
)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
entries = st.tuples(
    moments,
    st.sampled_from(SHIPPED_KEYS),
    st.lists(st.integers(0, 50), min_size=1, max_size=3),
    st.sampled_from(["mutual", "inbound"]),
    maybe,
    st.booleans(),
    st.booleans(),
)
facts = st.lists(st.tuples(st.integers(0, 50), words.filter(str.strip), days, st.none() | days), max_size=3)


@settings(
    max_examples=8 * TIMES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking a workspace takes minutes
)
@given(
    st.lists(people, min_size=1, max_size=5, unique_by=lambda one: (fold(one.name), _emails(one))),
    st.lists(entries, max_size=5),
    facts,
    st.integers(0, 2),
    st.sets(st.integers(0, 4)),
    st.booleans(),
)
def test_any_workspace_comes_back_byte_for_byte(
    sqlite_template, tmp_path_factory, people, entries, facts, users, archived, own
):
    path = tmp_path_factory.mktemp("roundtrip") / "workspace.sqlite3"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    try:
        world = World.create(database)
        team = [f"user{number}@team.example" for number in range(users)]
        principals = [world.user(email, email=email) for email in team]
        _fill(world, people, entries, facts, principals)
        _put_away(world, archived, own=own)
        files = exported(world)
        back = again(world, files, users=team)
        assert [name for name in files if back.get(name) != files[name]] == [], lines_apart(files, back)
        assert back == files
        reports = good(bring(world, *files.items()))
        assert (news(reports), summed(reports, "changed")) == ({}, {})
        assert exported(world) == files
    finally:
        database.close()


def lines_apart(files: dict[str, bytes], back: dict[str, bytes]) -> list[tuple[bytes, bytes]]:
    """The first lines that are not the same."""
    pairs = ((files[name].split(b"\n"), back.get(name, b"").split(b"\n")) for name in files)
    return [(one, other) for a, b in pairs for one, other in zip_longest(a, b) if one != other][:4]


def _emails(one: NewContact) -> object:
    """Two rows with the same name and emails are one person; without emails they are two."""
    return frozenset(way.value.casefold() for way in one.emails) or id(one)


def _fill(world, people, entries, facts, principals):
    by = principals[0] if principals else world.principal
    with world.database.write() as connection:
        add_organisation(connection, world.principal, NewOrganisation("Fernhill", tags=("a", "b")), NOW)
        ids = add_contacts(connection, by, people, NOW)
        for at, channel, who, direction, note, is_by, private in entries:
            contacts = tuple(dict.fromkeys(ids[one % len(ids)] for one in who))
            entry = Entry(at, channel, contacts, direction, note=note, note_private=private)
            log_interaction(connection, by if is_by else world.principal, entry, NOW)
        for who, text, day, due in facts:
            mine = {"workspace_id": world.workspace_id, "contact_id": ids[who % len(ids)], "text": text}
            made = [
                (ask, {"opened_on": day, "due": due}),
                (promise, {"by": "us", "made_on": day, "kept_on": due}),
                (signal, {"type": "pain point", "heard_on": day, "theme": "=Late invoices"}),
            ]
            for table, columns in made:
                connection.execute(table.insert(), {**mine, "id": new_id(connection), **columns})


def _put_away(world, archived, *, own):
    """Some people archived, an organisation too, and channels of the team's own."""
    with world.database.write() as connection:
        ids = sorted(connection.execute(select(contact.c.id)).scalars())
        archive(connection, world.principal, [ids[one] for one in archived if one < len(ids)], NOW)
        if own:
            (firm,) = connection.execute(select(organisation.c.id).limit(1)).scalars()
            archive_organisation(connection, world.principal, firm, NOW)
            fair = add_channel(connection, world.principal, "Trade fair", False, "in_person")
            entry = Entry(NOW, fair.key, tuple(ids[:1]), note="=Stand 4")
            log_interaction(connection, world.principal, entry, NOW)
            change_marks(connection, world.principal, [replace(SHIPPED[4], digital=False)], NOW)


def test_naughty_strings_come_back(world: World) -> None:
    if not NAUGHTY.exists():
        pytest.skip("the shared data are not here")
    lines = [
        line.replace("\0", "") for line in json.loads(NAUGHTY.read_text(encoding="utf-8")) if line.strip()
    ]
    world.contact("Ana")
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(["occurred_at", "channel", "contacts", "note"])
    writer.writerows(["2026-11-01", "email", "Ana", line] for line in lines)
    good(bring(world, buffer.getvalue().encode("utf-8", "replace")))
    kept = [row.note for row in rows(world, interaction)]
    assert len(kept) == len(lines)
    files = exported(world)
    assert again(world, files, users=[]) == files


def test_private_notes_come_back_as_their_authors_alone(world: World) -> None:
    alice = world.user("alice")
    world.user("bob")
    world.log("lunch", 1, world.contact("Ruth"), by=alice, note="Secret plans", note_private=True)
    files = exported(world)
    other = World.create(world.database, "Another team")
    her, him = (other.user(name, email=f"{name}@team.example") for name in ("alice", "bob"))
    (report,) = bring(other, ("interactions.csv", files["interactions.csv"]), by=him)
    assert "Private notes can only be imported" in report.errors[0].message
    good(bring(other, *files.items()))
    seen = [b"Secret plans" in exported(other, who)["interactions.csv"] for who in (her, him)]
    assert seen == [True, False]
    for by in (him, her, None):
        good(bring(other, ("interactions.csv", exported(other, him)["interactions.csv"]), by=by))
        assert exported(other) == files


def test_what_a_colleague_exports_leaves_private_notes_alone(world: World) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    world.log("lunch", 1, world.contact("Ruth"), by=alice, note="Secret plans", note_private=True)
    files = exported(world)
    for by in (alice, bob, None):
        (report,) = good(bring(world, ("log.csv", exported(world, bob)["interactions.csv"]), by=by))
        assert (report.changes, exported(world)) == ([], files)
    hers = exported(world, alice)["interactions.csv"].decode()
    (report,) = good(bring(world, ("log.csv", hers.replace("Secret", "Other")), by=alice))
    assert [(one.field, one.old, one.new) for one in report.changes] == [
        ("note", "a private note", "another private note")
    ]
    assert b"Other plans" in exported(world, alice)["interactions.csv"]
    good(bring(world, ("log.csv", exported(world, bob)["interactions.csv"]), by=alice))
    (report,) = good(bring(world, ("log.csv", hers.replace("Secret", "Other")), by=alice))
    assert report.unchanged["interactions"] == 1


def test_a_channel_that_is_nowhere_is_an_error_with_its_place(world: World) -> None:
    (report,) = bring(world, ("log.csv", "occurred_at,channel,contacts\n2026-11-02,Pigeon,Ana\n"))
    ((where, words),) = [(one.where, one.message) for one in report.errors]
    assert where == "log.csv line 2, column channel"
    assert words.startswith("“Pigeon” is not a channel here; expected chat,")
    assert count(world, contact) == 0


def test_channels_of_ones_own_are_for_admins_and_undone_unless_used(world: World) -> None:
    files = (
        "channels.csv",
        "key,label,digital,live,in_person\nfair,Trade fair,no,yes,yes\nvideo,V,no,yes,no\n",
    )
    (report,) = bring(world, files, by=world.user(role="member"))
    assert ["Ask an admin" in one.message for one in report.errors] == [True, True]
    (report,) = good(bring(world, files, by=world.user("Ada")))
    assert (report.new["channels"], report.changed["channels"]) == (1, 1)
    assert news(good(bring(world, files))) == {}
    with world.database.write() as connection:
        undo(connection, world.principal, report.batch_id or 0, world.now)
    assert "channels.csv" not in exported(world)
    row = ("interactions.csv", "occurred_at,channel,contacts\n2026-11-02,fair,Ruth\n")
    report = good(bring(world, row, files))[0]
    world.log("fair", 1, world.contact("Ana"))
    with world.database.write() as connection:
        done = undo(connection, world.principal, report.batch_id or 0, world.now)
    assert (done.removed["interactions"], done.restored["channels"], done.kept["channels"]) == (1, 1, 1)
    assert exported(world)["channels.csv"].split(b"\r\n")[1:] == [b"fair,Trade fair,no,yes,yes,no", b""]
