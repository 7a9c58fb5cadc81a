"""``crm erase``: one person for good, with what goes said first."""

import sys
from typing import Annotated

import typer

from crm.cli_support import Desk, Workspace, desk
from crm.commands.whom import contact_meant
from crm.contacts.erasing import erase as erase_person
from crm.contacts.erasing import what_goes
from crm.errors import Unavailable, UsageError
from crm.storage.wiping import wipe


def erase(
    who: Annotated[
        str | None,
        typer.Argument(metavar="EMAIL-OR-ID", help="Who; an email, or the id in the page's address."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be erased, without erasing it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    clean: Annotated[
        bool, typer.Option("--clean", help="Only rewrite the file, without what was deleted earlier.")
    ] = False,
    workspace: Workspace = None,
) -> None:
    """Erase one person from every table, and from the database file; there is no undo."""
    if clean == (who is not None) or (clean and dry_run):
        raise UsageError("Give one person by email or id, or --clean alone.")
    with desk(workspace) as at_desk:
        if who is not None and not _erase(at_desk, who, dry_run=dry_run, yes=yes):
            return
        if not wipe(at_desk.database):
            raise Unavailable(
                "The file of the database is being read, so what was deleted may still be in it. "
                "Run `crm erase --clean` in a moment."
            )
    typer.echo("Erased. Earlier backups still contain them." if who else "The file is clean.")


def _erase(at_desk: Desk, who: str, *, dry_run: bool, yes: bool) -> bool:
    """Whether it was done."""
    with at_desk.database.read() as connection:
        contact_id = contact_meant(connection, at_desk.principal, who)
        goes = what_goes(connection, at_desk.principal, contact_id)
    typer.echo(f"{goes.name}:")
    for sentence in goes.sentences:
        typer.echo(f"  {sentence}")
    if dry_run:
        return False
    if not yes and not sys.stdin.isatty():
        raise UsageError("Nothing was erased: give --yes to erase without being asked.")
    if not yes and not typer.confirm("Erase them for good?"):
        return False
    with at_desk.database.write() as connection:
        erase_person(connection, at_desk.principal, contact_id, at_desk.now)
    return True
