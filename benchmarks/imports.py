"""P10: the validated import of interactions, against raw ``executemany`` of the same rows."""

import csv
import io
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Connection, select

from benchmarks.data import Filled
from benchmarks.measure import Figure
from benchmarks.people import NOW
from crm.domain.channels import SHIPPED
from crm.imports.actions import apply
from crm.imports.sniff import read_file
from crm.storage.database import Database, new_ids
from crm.storage.tables import contact, interaction, interaction_contact, interaction_user

ROWS = 20_000
TURNS = 5
TARGET = 0.35


def imports(database: Database, filled: Filled) -> Iterator[Figure]:
    """How long a file about people who are there takes to be read, checked and committed."""
    turns = [(_read(database, filled, turn), _raw(database, filled)) for turn in range(TURNS + 1)]
    ours, floor = (statistics.median(seconds) * 1000 for seconds in zip(*turns[1:], strict=True))
    # 0.35 of the floor's rows a second is 1 / 0.35 of its time.
    yield Figure("P10 import of interactions", ours, floor, 1 / TARGET)


def _read(database: Database, filled: Filled, turn: int) -> float:
    """The seconds that a file of rows that are new takes."""
    data = _file(database, filled, turn)
    begun = time.perf_counter()
    keys = [way.key for way in SHIPPED]
    parsed = read_file("interactions.csv", data, zone=filled.principal.zone, now=NOW, channels=keys)
    report = apply(database, filled.principal, [parsed], NOW)[0]
    seconds = time.perf_counter() - begun
    assert report.new["interactions"] == ROWS, report
    return seconds


def _file(database: Database, filled: Filled, turn: int) -> bytes:
    with database.read() as connection:
        names = list(connection.execute(select(contact.c.name).order_by(contact.c.id).limit(500)).scalars())
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["occurred_at", "channel", "contacts", "summary", "source_id"])
    for number in range(ROWS):
        at = NOW - timedelta(minutes=13 * number)
        channel = SHIPPED[number % len(SHIPPED)].key
        writer.writerow(
            [
                at.isoformat(),
                channel,
                names[number % len(names)],
                "About the rollout",
                f"bench-{turn}-{number}",
            ]
        )
    return text.getvalue().encode()


def _raw(database: Database, filled: Filled) -> float:
    """The seconds that inserting the newest rows once more takes, in every table an interaction has rows in."""
    with database.write() as connection:
        shares = _rows(connection, filled)
        begun = time.perf_counter()
        for table, rows in shares:
            names = ", ".join(rows[0])
            marks = ", ".join("?" if database.is_sqlite else f"${place + 1}" for place in range(len(rows[0])))
            statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"
            connection.exec_driver_sql(statement, [tuple(row.values()) for row in rows])
        connection.commit()
        return time.perf_counter() - begun


def _rows(connection: Connection, filled: Filled) -> list[tuple[str, list[dict[str, object]]]]:
    from crm.care.backup import plain_table

    workspace = filled.principal.workspace_id
    first = min(new_ids(connection, ROWS))
    found = []
    for whole, key in (
        (interaction, "id"),
        (interaction_contact, "interaction_id"),
        (interaction_user, "interaction_id"),
    ):
        table = plain_table(whole)
        rows = connection.execute(
            select(table).where(table.c.workspace_id == workspace).order_by(table.c[key].desc()).limit(ROWS)
        )
        found.append(
            (whole.name, [{**row, key: first + place} for place, row in enumerate(rows.mappings().all())])
        )
    return found
