"""``crm sync`` and ``crm source``: address books and mailboxes elsewhere, read again and again under a name."""

import json
import sys
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer

from crm.cli_support import AsJson, Desk, Workspace, complain, desk, print_json
from crm.commands.imports import summary
from crm.commands.listing import print_table
from crm.domain.spans import names_and_others
from crm.domain.synced import GOOD
from crm.errors import Invalid
from crm.imports import synced, synced_kinds
from crm.imports.busy_fetch import Source
from crm.imports.report import FileReport
from crm.imports.synced_reading import read
from crm.outgoing.wire import Network

Kind = StrEnum("Kind", {kind: kind for kind in synced_kinds.KINDS})  # type: ignore[misc]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of the source here.")]

source = typer.Typer(
    help="The address books, mailboxes and calendars that `crm sync` reads.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@source.command("add")
def add_source(
    kind: Annotated[
        Kind, typer.Argument(metavar="KIND", help=f"What it is: {', '.join(synced_kinds.KINDS)}.")
    ],
    name: Name,
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS", help="The server, the address book itself, or imaps://host/FOLDER."
        ),
    ],
    user: Annotated[
        str, typer.Option("--user", metavar="NAME", help="The user name to sign in with there.")
    ] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    workspace: Workspace = None,
) -> None:
    """Add an address book, mailbox or calendar under a name; address and password are encrypted."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin and sys.stdin else ""
    with desk(workspace) as at_desk, at_desk.database.write() as connection:
        access = Source(kind.value, address.strip(), user, password)
        synced.add(connection, at_desk.principal, at_desk.settings.key, name, access, at_desk.now)
    typer.echo(
        f"{name} is added. The server reads it once an hour; to read it now: crm sync {json.dumps(name)}"
    )


@source.command("list")
def list_sources(as_json: AsJson = False, workspace: Workspace = None) -> None:
    """List the sources, and how reading them went last time."""
    with desk(workspace) as at_desk, at_desk.database.read() as connection:
        found = synced.kept(connection, at_desk.principal, at_desk.settings.key)
    if as_json:
        shown = ("name", "kind", "host", "state", "read_at")
        print_json([{field: getattr(one, field) for field in shown} for one in found])
        return
    rows = [(one.name, one.kind, one.sentence) for one in found]
    print_table(("Source", "Kind", "Last"), rows, "There are no sources yet. Add one with crm source add.")


@source.command("remove")
def remove_source(name: Name, workspace: Workspace = None) -> None:
    """Remove a source and its password; what it brought in stays."""
    with desk(workspace) as at_desk, at_desk.database.write() as connection:
        synced.remove(connection, at_desk.principal, name)
    typer.echo(f"{name} is removed. What it brought in stays.")


def sync(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME…", help="Which sources; all of them if left out.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, without writing anything.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Read mailboxes again from the beginning, for people added since.")
    ] = False,
    as_json: AsJson = False,
    workspace: Workspace = None,
) -> None:
    """Read address books and mailboxes elsewhere, without changing them, and import them as their files would be."""
    with desk(workspace) as at_desk:
        with at_desk.database.read() as connection:
            found = synced.kept(connection, at_desk.principal, at_desk.settings.key, names or [])
        if not found:
            raise Invalid("There are no sources yet. Add one with: crm source add carddav NAME ADDRESS")
        ends = [_read(at_desk, replace(one, seen={}) if again else one, dry_run) for one in found]
    if as_json:
        print_json([_shape(*end) for end in ends])
    else:
        for end in ends:
            _tell(*end, dry_run)
    failed = [words for end in ends for words in _faults(*end)]
    if failed:
        for words in failed if len(failed) > 1 and not as_json else ():
            typer.echo(f"  {words}")
        complain(failed[0], len(failed) - 1)
        raise typer.Exit(1)


NOTHING = {
    "carddav": "the address book is empty.",
    synced_kinds.IMAP: "no new mail.",
    "caldav": "nothing new in the calendars.",
    "ics": "nothing new in the calendar.",
}
"""What is said where there was nothing to import."""
End = tuple[synced.Kept, synced_kinds.Fetched, FileReport | None]
"""A source, how reading it ended, and what came of it where there was anything."""


def _faults(one: synced.Kept, got: synced_kinds.Fetched, report: FileReport | None) -> list[str]:
    """Why a source could not be read, or not all of what it sent."""
    said = [one.said_of(got.state)] if got.state != GOOD else []
    errors = report.errors if report is not None else []
    return [
        f"{one.name}: {words}" for words in (*(f"{each.where}: {each.message}" for each in errors), *said)
    ]


def _read(at_desk: Desk, one: synced.Kept, dry_run: bool) -> End:
    network = Network(at_desk.settings.named_hosts)
    return one, *read(at_desk.database, at_desk.principal, one, network, at_desk.now, dry_run=dry_run)


def _shape(one: synced.Kept, got: synced_kinds.Fetched, report: FileReport | None) -> dict[str, object]:
    told = report.as_json() if report is not None else None
    return {"source": one.name, "kind": one.kind, "state": got.state, "more": got.more, "report": told}


def _tell(one: synced.Kept, got: synced_kinds.Fetched, report: FileReport | None, dry_run: bool) -> None:
    if got.state != GOOD:
        return
    if got.more:
        typer.echo(f"{one.name}: more mails are waiting there. Run crm sync again to continue.")
    if report is None:
        typer.echo(f"{one.name}: {NOTHING[one.kind]}")
        return
    typer.echo(f"{one.name}: {summary(report, dry_run)}")
    if report.names:
        typer.echo(f"  new: {names_and_others(report.names, shown=10)}")
    for skipped in report.skipped:
        typer.echo(f"  {skipped.where}: {skipped.why}")
    for question in report.uncertain:
        typer.echo(f"  {question.where}: {question.question}")
