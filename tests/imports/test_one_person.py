"""Everything about one person: every row that names them, in files that read back, and no private note of others."""

import csv
import io
import json
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select

from crm.contacts.actions import add_contact
from crm.contacts.drafts import NewContact, Way
from crm.contacts.erasing import what_goes
from crm.contacts.merging import merge_contacts
from crm.imports.one_person import THEIR_USERS_ALONE, person_files, rows_about
from crm.interactions.actions import Entry, edit_interaction
from crm.storage.database import Database
from crm.storage.tables import (
    ask,
    contact,
    import_batch,
    import_trace,
    interaction,
    metadata,
    source_record,
)
from crm.storage.types import to_micros
from tests.builders import World
from tests.contacts.test_erasing import CANARIES, EMAIL, NAME, Crowd, naming, put
from tests.imports.files import bring, exported, rows
from tests.web.site import client

OF_OTHERS = {
    "user",
    "organisation",
    "import_mapping",
    "rule",
    "saved_view",
    "api_token",
    "trip",
    "channel",
    "plan",
}
MAILS = {"outbox", "outbox_event", "mail_return", "mail_stop"}
NOT_THEIRS = OF_OTHERS | MAILS | {"idempotency_key", "import_upload"}
"""Tables that hold words of users, in which this person may be named; mails to users, and waiting files."""


def test_every_row_about_them_is_in_it(database: Database):
    crowd = Crowd(database)
    with database.read() as connection:
        found = rows_about(connection, crowd.world.principal, crowd.gone)
    assert naming(crowd.world) - set(found) <= NOT_THEIRS
    assert {one.name for one in metadata.sorted_tables if "contact_id" in one.c} - {"kept_apart"} <= set(
        found
    )
    assert {row["id"] for row in found["interaction"]} == {crowd.alone, crowd.shared}
    assert found["merge"][0]["gone_name"] == f"{NAME} Senior"


def test_answers_to_the_mail_that_erasing_empties_are_in_it_for_whoever_wrote_them(database: Database):
    crowd = Crowd(database)
    with database.read() as connection:
        goes = what_goes(connection, crowd.owner, crowd.gone)
        own = rows_about(connection, crowd.owner, crowd.gone)["mail_reply"]
        theirs = rows_about(connection, crowd.colleague, crowd.gone)
    assert {row["message_key"] for row in own} == set("mno")
    assert (goes.rows["mail_reply"], "mail_reply" in theirs) == (3, False)


def test_what_they_were_before_a_merge_and_what_imports_know_by_it_is_in_it(database: Database):
    world = World.create(database)
    reader, author = world.user("Ben Ode", "member"), world.user("Alice Meyer", "member")
    now = world.now
    oldest = NewContact(name="Zo Halloran", emails=(Way("zo@old.example"),), addresses=(Way("1 Old Lane"),))
    with database.write() as connection:
        first = add_contact(connection, world.principal, oldest, now)
    second, stays = world.contact("Z. Quill"), world.contact("Zoe Quill")
    log = {
        words: world.log("phone", 2, stays, note=words, note_private=is_private, by=author)
        for words, is_private in (("Our secret", True), ("Plain", False), ("Was private", False))
    }
    with database.write() as connection:
        write = partial(put, connection, world)
        asked = write(ask, contact_id=stays, text="The pilot", opened_on=world.today)
        batch_id, other = (
            write(import_batch, files=[f"{one}.csv"], counts={}, applied_at=now) for one in "ab"
        )
        traced: list[tuple[str, int, int, dict[str, Any]]] = [
            ("contact", first, batch_id, {"name": "Zo H."}),
            ("ask", asked, other, {"text": "A pilot"}),
        ]
        for words, row_id in log.items():
            said = {"note": f"Before: {words}", "note_private": "priv" in words}
            traced.append(("interaction", row_id, other, {"occurred_at": to_micros(now), **said}))
        for record, row_id, from_batch, before in traced:
            held = {"record": record, "row_id": row_id, "batch_id": from_batch}
            write(import_trace, **held, before=before, after="1")
            write(source_record, **held, content_hash=json.dumps(before), source_key=str(row_id))
        merge_contacts(connection, world.principal, second, first, {"name": "first"}, now)
        merge_contacts(connection, world.principal, stays, second, {"name": "first"}, now)
    with database.read() as connection:
        found = rows_about(connection, reader, stays)
        own = rows_about(connection, author, stays)
    assert [row["gone_name"] for row in found["merge"]] == ["Zo Halloran", "Z. Quill"]
    changes = [one for row in found["merge"] for one in row["content"]]
    was = [one["before"] for one in changes if one["table"] == "contact" and "before" in one]
    assert {"Zo Halloran", "Z. Quill", "Zoe Quill"} == {one["name"] for one in was}
    assert world.today in {one["created_on"] for one in was}
    assert {"1 Old Lane"} == {
        one["before"]["value"] for one in changes if one["table"] == "contact_address" and "before" in one
    }
    befores = {(row["record"], row["row_id"]): row["before"] for row in found["import_trace"]}
    assert befores["contact", first] == {"name": "Zo H."}
    assert befores["ask", asked] == {"text": "A pilot"}
    assert befores["interaction", log["Plain"]]["note"] == "Before: Plain"
    assert befores["interaction", log["Plain"]]["occurred_at"] == now
    assert {row["files"][0] for row in found["import_batch"]} == {"a.csv", "b.csv"}
    assert {row["record"] for row in found["source_record"]} == {"contact", "ask", "interaction"}
    secrets = ("Before: Our secret", "Our secret", "Before: Was private")
    assert all(words in str(own["import_trace"]) for words in secrets)
    assert not any(words in str(found["import_trace"]) for words in secrets)
    assert not any("Our secret" in str(rows) for rows in found.values())


def test_private_notes_and_plans_of_others_are_not(database: Database):
    crowd = Crowd(database)
    crowd.world.log("phone", 2, crowd.gone, note="Bens secret", note_private=True, by=crowd.colleague)
    crowd.world.log("phone", 1, crowd.gone, note="Alices secret", note_private=True, by=crowd.owner)
    page = client(crowd.world, crowd.colleague).get(f"/people/{crowd.gone}/export")
    assert page.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(page.content)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert all("Bens secret" in files[name] for name in ("person.json", "person.txt", "interactions.csv"))
    assert not any(
        "Alices secret" in text or "Kowalczyk" in text
        for name, text in files.items()
        if name != "person.json"
    )
    assert "Alices secret" not in files["person.json"]
    held = json.loads(files["person.json"])
    assert "suggestion" not in held
    assert held["contact"][0]["owner"] == "Alice Meyer"
    assert f"name: {NAME}" in files["person.txt"]
    assert client(crowd.world, crowd.colleague).get("/people/999999/export").status_code == 404


def test_nothing_leads_to_what_is_its_users_alone(database: Database):
    crowd = Crowd(database)
    reaching = {
        table.name
        for table in metadata.sorted_tables
        if {key.column.table for key in table.foreign_keys} & set(THEIR_USERS_ALONE)
    }
    alone = reaching | {table.name for table in THEIR_USERS_ALONE}
    with database.read() as connection:
        own = rows_about(connection, crowd.owner, crowd.gone)
        theirs = rows_about(connection, crowd.colleague, crowd.gone)
        everything = rows_about(connection, crowd.world.principal, crowd.gone)
    assert "open_meeting_contact" in reaching
    assert "open_meeting_contact" in everything
    assert {"suggestion", "open_meeting_contact"} <= set(own)
    assert not alone & set(theirs)


def test_the_files_read_back(database: Database):
    crowd = Crowd(database)
    with database.read() as connection:
        files = dict(person_files(connection, crowd.world.principal, crowd.gone, crowd.world.now))
    assert any(canary in files["contacts.vcf"].decode().lower() for canary in CANARIES)
    there = World.create(database, "Elsewhere")
    there.user("Alice Meyer", role="member", email="alice@elsewhere.example")
    texts = {name: data.decode() for name, data in files.items() if name.endswith(".csv")}
    texts["contacts.csv"] = texts["contacts.csv"].replace("alice@team.example", "")
    texts["interactions.csv"] = texts["interactions.csv"].replace("alice@team.example", "")
    bring(there, *texts.values())
    with database.read() as connection:
        rows = connection.execute(select(contact.c.name).where(contact.c.workspace_id == there.workspace_id))
        assert rows.scalars().all() == [NAME]
        again = dict(person_files(connection, there.principal, rows_of(connection, there), there.now))
    assert EMAIL in again["contacts.csv"].decode()
    assert again["asks.csv"] == files["asks.csv"]


def together(database: Database) -> tuple[World, dict[str, int]]:
    """A lunch that was logged here, and a call that a file brought, each with Ana and Ben."""
    world = World.create(database)
    ids = {name: world.contact(name) for name in ("Ana", "Ben")}
    world.log("lunch", 3, *ids.values())
    row = "2026-11-02,phone,Ana;Ben,x1"
    bring(world, ("log.csv", f"occurred_at,channel,contacts,source_id\n{row}\n"))
    return world, ids


def log_of(world: World, contact_id: int) -> tuple[str, str]:
    with world.database.read() as connection:
        files = dict(person_files(connection, world.principal, contact_id, world.now))
    return ("interactions.csv", files["interactions.csv"].decode())


def who(world: World) -> list[set[str]]:
    table = csv.DictReader(io.StringIO(exported(world)["interactions.csv"].decode()))
    return [set(row["contacts"].split(";")) for row in table]


def test_one_person_s_files_take_nobody_out_of_what_they_shared(database: Database):
    world, ids = together(database)
    files = exported(world)
    for name in ("Ana", "Ben", "Ana"):
        (report,) = bring(world, log_of(world, ids[name]))
        assert (report.unchanged["interactions"], exported(world)) == (2, files)
    hers = log_of(world, ids["Ana"])
    for there in ((ids["Ben"],), tuple(ids.values())):
        for row in rows(world, interaction):
            with world.database.write() as connection:
                entry = Entry(row.occurred_at, row.channel, there)
                edit_interaction(connection, world.principal, row.id, entry, world.now)
        (report,) = bring(world, hers)
        assert report.unchanged["interactions"] == 2
    whole = files["interactions.csv"].decode()
    (report,) = bring(world, ("log.csv", whole.replace("Ana;Ben", "Ana")))
    assert report.changed["interactions"] == 2
    assert [(one.field, one.old, one.new) for one in report.changes] == [
        ("contacts", ("Ana", "Ben"), ("Ana",))
    ] * 2
    assert who(world) == [{"Ana"}, {"Ana"}]


def test_elsewhere_two_persons_files_make_one_of_what_they_shared(database: Database):
    world, ids = together(database)
    there = World.create(database, "Elsewhere")
    for name in ids:
        bring(there, log_of(world, ids[name]))
    assert who(there) == [{"Ana", "Ben"}] * 2


def rows_of(connection: object, world: World) -> int:
    mine = select(contact.c.id).where(contact.c.workspace_id == world.workspace_id)
    return int(connection.execute(mine).scalar_one())  # type: ignore[attr-defined]


def test_the_command_line_writes_them(tmp_path: Path, monkeypatch, capsys):
    from crm.__main__ import run

    monkeypatch.setenv("CRM_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "contacts.csv").write_text(f"name,email\n{NAME},{EMAIL}\nMarta,marta@x.example\n")
    assert run(["import", str(tmp_path / "contacts.csv")]) == 0
    assert run(["export", str(tmp_path / "out"), "--contact", EMAIL.upper()]) == 0
    assert "Marta" not in (tmp_path / "out" / "person.json").read_text()
    assert NAME in (tmp_path / "out" / "person.txt").read_text()
    capsys.readouterr()
    assert run(["erase", EMAIL]) == 2
    assert "--yes" in capsys.readouterr().err
    assert run(["erase", EMAIL, "--dry-run"]) == 0
    assert run(["erase", EMAIL, "--yes"]) == 0
    assert run(["erase", EMAIL, "--yes"]) == 1
    assert "Nobody here has the email" in capsys.readouterr().err
    assert run(["erase", "--clean"]) == 0
    held = b"".join(one.read_bytes() for one in (tmp_path / "data").iterdir())
    assert b"marta@x.example" in held
    assert EMAIL.encode() not in held


def test_the_page_to_read_is_of_the_teams_day_and_without_signs_for_spreadsheets(database: Database):
    world = World.create(database, "Elsewhere", "Pacific/Auckland")
    ways = (Way("+49 30 1", "work"), Way("+49 171 2", "home"))
    with database.write() as connection:
        ana = add_contact(connection, world.principal, NewContact(name="Ana", phones=ways), world.now)
    with database.read() as connection:
        text = dict(person_files(connection, world.principal, ana, world.now))["person.txt"].decode()
    assert "What is kept about Ana, on 2026-11-24\n" in text
    assert "phone: +49 30 1; +49 171 2\n" in text
    assert "labels: +49 171 2=home; +49 30 1=work" in text
    assert "'" not in text
