"""R8: from every schema there was, with data, to the newest: the tables the program expects, and the same rows."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from json import dumps
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, func, inspect, select, text

from crm.care import archive
from crm.care.archive import Manifest
from crm.care.backup import LEFT_OUT, plain_table
from crm.care.restore import CORE, VERSION_TABLE, _empty, restore
from crm.nudges.holds import TOO_OLD
from crm.nudges.outbox import NOT_IN_TIME
from crm.storage import journal
from crm.storage import migrate as migrating
from crm.storage.database import Database, new_id
from crm.storage.migrate import check_references, exclusive, is_newest, migrate, newest, upgrade
from crm.storage.tables import (
    contact,
    interaction_contact,
    left_out,
    mail_hold,
    merge,
    metadata,
    outbox,
    source_record,
    suggestion,
)
from crm.storage.types import to_micros
from tests.builders import NOW, World
from tests.thorough import some_of

ROOT = Path(__file__).parents[2]
Rows = dict[str, list[dict[str, Any]]]


def revisions() -> list[str]:
    """Every schema there was, oldest first."""
    found = ScriptDirectory.from_config(migrating._config()).walk_revisions()
    return [script.revision for script in found][::-1]


def busy(world: World) -> None:
    """Some rows in as many tables as a few calls reach."""
    world.user()
    people = [world.contact(name) for name in ("Marta Kowalczyk", "Łukasz O’Brien")]
    world.contact("Ana Lima", organisation_id=world.organisation())
    for days in (3, 30, 60):
        world.log("email", days, *people, summary="Rollout; “quoted”, \n and a second line")
    with world.database.write() as connection:
        connection.execute(
            mail_hold.insert(), {"id": new_id(connection), "held_at": NOW, "reason": "Restored"}
        )


def rows_of(connection: Connection) -> Rows:
    """Every row as it is kept, by table."""
    there = MetaData()
    there.reflect(connection)
    return {
        table.name: [
            dict(row._mapping)
            for row in connection.execute(select(table).order_by(*table.primary_key.columns))
        ]
        for table in there.sorted_tables
        if table.name != "alembic_version"
    }


def rewind(database: Database, revision: str) -> Rows:
    """Build the database anew as it was at a revision, with those of today's rows and columns that it knew."""
    with database.read() as connection:
        now = {
            table.name: [dict(row._mapping) for row in connection.execute(select(plain_table(table)))]
            for table in metadata.sorted_tables
        }
    with exclusive(database) as connection:
        _empty(connection)
        upgrade(connection, revision)
        there = MetaData()
        there.reflect(connection)
        for table in there.sorted_tables:
            names = set(table.columns.keys())
            known = [{name: row[name] for name in names & row.keys()} for row in now.get(table.name, [])]
            if known and table.name != "id_counter":
                connection.execute(table.insert(), known)
        return rows_of(connection)


def test_from_every_schema_there_was_all_rows_arrive(world: World) -> None:
    busy(world)
    for revision in some_of(revisions()[-2::-1], 6):  # the newest always, older ones by turns
        before = rewind(world.database, revision)
        assert sum(map(len, before.values())) > 30
        assert migrate(world.database)
        with world.database.read() as connection:
            after = rows_of(connection)
        for name, rows in before.items():
            kept = (
                [{column: row.get(column) for column in rows[0]} for row in after[name]]
                if rows
                else after[name]
            )
            assert kept == rows, (revision, name)
    assert is_newest(world.database)


def old_backup(database: Database, revision: str, path: Path) -> None:
    """A backup as a program of that schema made it."""
    with database.read() as connection, path.open("wb") as file:
        there = MetaData()
        there.reflect(connection)
        writer = archive.Writer(file)
        for table in there.sorted_tables:
            if table.name not in LEFT_OUT | {"alembic_version"}:
                rows = connection.execute(select(table).order_by(*table.primary_key.columns))
                writer.table(table.name, table.columns.keys(), rows)
        said = Manifest(archive.FORMAT, "0.0.1", revision, NOW.isoformat(), 5000, None, writer.tables)
        writer.close(said)
    archive.seal(path)


def test_a_backup_of_every_schema_there_was_is_restored_with_all_its_rows(
    world: World, tmp_path: Path
) -> None:
    busy(world)
    for hours, revision in enumerate(some_of(revisions()[-2::-1], 2), start=1):
        before = rewind(world.database, revision)
        old_backup(world.database, revision, tmp_path / "old.backup")
        restore(world.database, tmp_path / "old.backup", NOW + timedelta(hours=hours), replace=True)
        assert is_newest(world.database)
        with world.database.write() as connection:
            assert new_id(connection) == 5001
            after = rows_of(connection)
        for name in before.keys() - LEFT_OUT - {"mail_hold"}:
            columns = before[name][0] if before[name] else {}
            assert [{column: row.get(column) for column in columns} for row in after[name]] == before[name], (
                name
            )


def test_who_found_no_place_in_a_plan_is_a_row_each_and_a_merge_can_still_be_undone(world: World) -> None:
    user_id, first, second = world.user().user_id, world.contact("Ann Lee"), world.contact("A Lee")
    rewind(world.database, "0024")
    shared = {"workspace_id": world.workspace_id, "id": 9000, "user_id": user_id}
    left = [[first, "resting", "2026-12-01"], [second, "budget", None], [8999, "budget", None]]
    row = {**shared, "week": "2026-W48", "monday": 1, "made_at": 1, "budget": "{}", "left_out": dumps(left)}
    before = {**row, "left_out": dumps([[first, "resting", "2026-12-01"], [8998, "muted", None]])}
    kept = {"moved": [], "shared": [], "changes": [["contact", None, None], ["plan", before, row]]}
    with exclusive(world.database) as connection:
        there = MetaData()
        there.reflect(connection, only=["plan", "merge"])
        connection.execute(there.tables["plan"].insert(), row)
        merged = {"contact_id": first, "gone_id": 8998, "gone_name": "A", "merged_at": 1}
        content = {"workspace_id": world.workspace_id, "id": 9001, "content": dumps(kept)}
        connection.execute(there.tables["merge"].insert(), {**merged, **content})
    assert migrate(world.database)
    shared = {"workspace_id": world.workspace_id, "plan_id": 9000, "user_id": user_id}
    with world.database.read() as connection:
        found = connection.execute(select(left_out).order_by(left_out.c.contact_id)).all()
        (changes,) = connection.execute(select(merge.c.content)).scalars()
    resting = (world.workspace_id, 9000, first, user_id, "resting", date(2026, 12, 1))
    assert found == [resting, (world.workspace_id, 9000, second, user_id, "budget", None)]
    moved = [one for one in changes["changes"] if one[0] != "contact"]
    assert sorted(moved, key=lambda one: one[1] is None) == [
        ["left_out", {**shared, "contact_id": 8998, "reason": "muted", "day": None}, None],
        *(
            ["left_out", None, {**shared, "contact_id": who, "reason": "budget", "day": None}]
            for who in (second, 8999)
        ),
    ]
    assert [one for one in changes["changes"] if one[0] == "contact"] == [["contact", None, None]]


def test_a_suggestion_was_made_with_its_plan_and_a_merge_that_took_one_away_can_still_be_undone(
    world: World,
) -> None:
    user = world.user()
    first, second = world.contact("Ann Lee"), world.contact("A Lee")
    rewind(world.database, "0033")
    whose = {"workspace_id": world.workspace_id, "user_id": user.user_id}
    week = {"week": "2026-W48", "monday": 1, "made_at": to_micros(NOW), "budget": "{}"}
    act = {"plan_id": 9000, "monday": 1, "position": 0, "act": "call", "needs_address": False}
    why = {"reason": "It is time.", "rules": "[]", "evidence": "{}", "need": 1.0}
    suggested = [
        {**whose, **act, **why, "id": row_id, "contact_id": one, "slot_at": None, "slot_day": None}
        | {"slot_minutes": None, "slot_note": None}
        for row_id, one in ((9001, first), (9002, second))
    ]
    changes = [["suggestion", suggested[1], None], ["suggestion", suggested[0], suggested[0]]]
    with exclusive(world.database) as connection:
        there = MetaData()
        there.reflect(connection, only=["plan", "suggestion", "merge"])
        connection.execute(there.tables["plan"].insert(), {**whose, **week, "id": 9000})
        connection.execute(there.tables["suggestion"].insert(), suggested[0])
        merged = {"contact_id": first, "gone_id": 8998, "gone_name": "A", "merged_at": 1, "id": 9003}
        content = {"content": dumps({"moved": [], "shared": [], "changes": changes})}
        told = {"workspace_id": world.workspace_id, **merged, **content}
        connection.execute(there.tables["merge"].insert(), told)
    assert migrate(world.database)
    with world.database.write() as connection:
        (row,) = connection.execute(select(merge.c.content)).scalars()
        journal.take_back(connection, [(name, old, new) for name, old, new in row["changes"]])
        found = connection.execute(
            select(suggestion.c.id, suggestion.c.contact_id, suggestion.c.made_at)
        ).all()
    assert sorted(found) == [(9001, first, NOW), (9002, second, NOW)]


def test_a_mail_that_was_missed_before_an_upgrade_is_missed_after_it(world: World) -> None:
    user = world.user()
    rewind(world.database, "0034")
    plan = " The week's page has the plan."
    with exclusive(world.database) as connection:
        there = MetaData()
        there.reflect(connection, only=["outbox"])
        told = {
            "workspace_id": world.workspace_id,
            "user_id": user.user_id,
            "to_address": "alice@team.example",
        }
        at = dict.fromkeys(("due_at", "created_at", "changed_at"), to_micros(NOW))
        whole = {name: value for name, value in at.items() if name in there.tables["outbox"].c}
        for row_id, (week, reason) in enumerate(
            zip(("2026-W47", "2026-W48"), (NOT_IN_TIME, TOO_OLD), strict=True), 9000
        ):
            row = {
                **told,
                **whole,
                "id": row_id,
                "purpose": "nudge",
                "week": week,
                "message_id": f"<{row_id}@team>",
            }
            connection.execute(
                there.tables["outbox"].insert(),
                {**row, "state": "skipped", "reason": reason + plan, "attempts": 0, "fence": 0},
            )
    assert migrate(world.database)
    with world.database.read() as connection:
        kept = connection.execute(select(outbox.c.reason).order_by(outbox.c.id)).scalars().all()
    assert kept == [NOT_IN_TIME, TOO_OLD]


def test_of_meetings_called_off_before_an_upgrade_no_names_are_left(world: World) -> None:
    rewind(world.database, "0035")
    whole = {"at": 1, "note": "Marta is ailing", "who": [1], "revision": "2", "off": True, "ahead": True}
    kept = {
        "off": (0, dumps(whole), '{"revision":"2","off":true,"ahead":true}'),
        "digest": (0, "8d1f", ""),
        "list": (0, "[1]", ""),
        "in the log": (9000, dumps(whole), dumps(whole)),
    }
    own = {"workspace_id": world.workspace_id, "record": "interaction", "batch_id": 9001, "seen": 1}
    batch = {"workspace_id": world.workspace_id, "id": 9001, "files": "[]", "counts": "{}", "applied_at": 1}
    with exclusive(world.database) as connection:
        there = MetaData()
        there.reflect(connection, only=["import_batch", "source_record"])
        connection.execute(there.tables["import_batch"].insert(), batch)
        for key, (row_id, content, _) in kept.items():
            row = {**own, "source_key": key, "row_id": row_id, "content_hash": content}
            connection.execute(there.tables["source_record"].insert(), row)
    assert migrate(world.database)
    with world.database.read() as connection:
        found = connection.execute(select(source_record.c.source_key, source_record.c.content_hash)).all()
    assert {row.source_key: row.content_hash for row in found} == {
        key: after for key, (*_, after) in kept.items()
    }


def test_every_table_there_ever_was_is_known_as_ours(tmp_path: Path) -> None:
    """So that a restore over an older database takes none of them for another program's."""
    there: set[str] = set()
    with exclusive(Database(f"sqlite:///{tmp_path / 'step_by_step.sqlite3'}")) as connection:
        for revision in revisions():
            upgrade(connection, revision)
            there |= set(inspect(connection).get_table_names())
            assert there >= CORE
    assert there == {VERSION_TABLE, *metadata.tables}


def test_the_newest_is_the_one_alembic_ends_at() -> None:
    assert newest() == ScriptDirectory.from_config(migrating._config()).get_current_head()


def test_the_newest_schema_is_what_the_program_expects(database: Database) -> None:
    def own(item: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
        condition = getattr(item, "_ddl_if", None)
        return name != "alembic_version" and (condition is None or condition.dialect == dialect)

    with database.read() as connection:
        dialect = connection.dialect.name
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": own})
        assert compare_metadata(context, metadata) == []


def test_two_processes_at_once_are_one_migration(database: Database, database_url: str) -> None:
    with exclusive(database) as connection:
        _empty(connection)
    code = (
        "import sys; from crm.storage.database import Database; from crm.storage.migrate import migrate;"
        "sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.readline();"
        "sys.stdout.write(str(migrate(Database(sys.argv[1]))))"
    )
    command = [sys.executable, "-c", code, database_url]
    pair = [
        subprocess.Popen(command, cwd=ROOT, text=True, stdin=-1, stdout=-1, env=os.environ) for _ in range(2)
    ]
    try:
        for process in pair:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        said = sorted(process.communicate("go\n", 60)[0] for process in started(pair))
    finally:
        for process in pair:
            process.kill()
    assert said == ["False", "True"]
    assert is_newest(database)


def started(pair: "list[subprocess.Popen[str]]") -> "Iterator[subprocess.Popen[str]]":
    """Let all of them go before any is waited for."""
    for process in pair:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    yield from pair


def rebuild_the_log(database: Database) -> int:
    """Rebuild the table of interactions as a migration on SQLite does; how many took part in them then."""
    with exclusive(database) as connection:
        with Operations(MigrationContext.configure(connection)).batch_alter_table(
            "interaction", recreate="always"
        ):
            pass
        check_references(connection)
        return connection.execute(select(func.count()).select_from(interaction_contact)).scalar_one()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_table_that_is_rebuilt_takes_no_rows_with_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    busy(world)
    assert rebuild_the_log(world.database) == 6

    def awake(connection: Any, record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=ON")

    monkeypatch.setattr(migrating, "_without_cascades", awake)
    assert rebuild_the_log(world.database) == 0, "this test would not notice that children go"


def test_a_schema_of_tomorrow_is_refused_and_left_alone(world: World) -> None:
    world.contact()
    with world.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'tomorrow'"))
    with pytest.raises(Exception, match="newer version of In Person"):
        migrate(world.database)
    with world.database.write() as connection:
        assert connection.execute(select(func.count()).select_from(contact)).scalar_one() == 1
        connection.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest()})
