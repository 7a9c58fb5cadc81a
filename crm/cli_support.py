"""What every command shares: its workspace and moment, JSON, and one line for whatever went wrong."""

import dataclasses
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from crm import clock, settings
from crm.accounts import actions, queries
from crm.domain.principal import Principal
from crm.domain.weeks import moment_said
from crm.errors import UsageError
from crm.settings import Settings
from crm.storage.database import Database
from crm.storage.migrate import migrate

Workspace = Annotated[
    str | None, typer.Option("--workspace", metavar="NAME", help="Which workspace, if there are several.")
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DATE-OR-TIME",
        help="As things were, or will be, then; a date means the end of that day.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True)
class Desk:
    """Where a command works: one workspace of a migrated database, at one moment.

    ``principal`` is the command line's: no user, all rights. ``at`` is ``--as-of`` or now, aware and in UTC;
    ``now`` is the present whatever ``--as-of`` says.
    """

    settings: Settings
    database: Database
    workspace: str
    principal: Principal
    at: datetime
    now: datetime


@contextmanager
def open_database() -> Iterator[tuple[Settings, Database]]:
    """The settings and the database, migrated and with its first workspace."""
    chosen = settings.load()
    database = Database(chosen.database)
    try:
        migrate(database)
        with database.read() as connection:
            is_empty = not queries.workspaces(connection)
        if is_empty:
            with database.write() as connection:
                actions.ensure_workspace(connection, chosen.workspace, chosen.time_zone, clock.now())
        yield chosen, database
    finally:
        database.close()


@contextmanager
def desk(workspace: str | None = None, as_of: str | None = None) -> Iterator[Desk]:
    """Open the database, choose the workspace, and read ``--as-of`` in its zone."""
    with open_database() as (chosen, database):
        with database.read() as connection:
            row = _choose(queries.workspaces(connection), workspace)
            principal = queries.command_line(connection, row.id)
        now = clock.now()
        at = now if as_of is None else parse_moment(as_of, principal.zone)
        yield Desk(chosen, database, row.name, principal, at, now)


def _choose(rows: list[Any], name: str | None) -> Any:
    names = ", ".join(row.name for row in rows)
    if name is None:
        if len(rows) > 1:
            raise UsageError(f"There are several workspaces ({names}). Choose one with --workspace NAME.")
        return rows[0]
    found = next((row for row in rows if row.name == name), None)
    if found is None:
        raise UsageError(f"No workspace is called {name}. The workspaces are: {names}.")
    return found


def parse_moment(text: str, zone: ZoneInfo) -> datetime:
    """``2026-11-23`` is the end of that day in ``zone``; a time without offset is one of ``zone``. In UTC."""
    try:
        return moment_said(text, zone)
    except ValueError as fault:
        raise UsageError(f"--as-of takes {fault}") from None


def print_json(data: Any) -> None:
    """One JSON value on standard output: dataclasses are objects, dates and moments ISO 8601."""
    escaped = (sys.stdout.encoding or "utf-8").lower() not in ("utf-8", "utf8")
    typer.echo(json.dumps(data, ensure_ascii=escaped, indent=2, default=_plain, allow_nan=False))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def complain(sentence: str, more: int = 0) -> None:
    """One line on standard error; ``more`` counts what else went wrong and is listed on standard output."""
    listed = f" {more} more {'is' if more == 1 else 'are'} listed." if more else ""
    print("crm: " + " ".join(sentence.split()) + listed, file=sys.stderr)
