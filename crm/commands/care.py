"""``crm backup``, ``crm restore`` and ``crm doctor``."""

from pathlib import Path
from typing import Annotated

import typer

from crm import clock, settings
from crm.care.backup import back_up
from crm.care.doctor import examine
from crm.care.restore import restore as restore_from
from crm.cli_support import AsJson, complain, open_database, print_json
from crm.storage.database import Database

SIGNS = {"good": "✓", "note": "–", "wrong": "✗"}

BackupFile = Annotated[Path, typer.Argument(metavar="FILE")]


def backup(file: BackupFile) -> None:
    """Back up everything to one file, while people work; it restores into SQLite and PostgreSQL alike."""
    with open_database() as (_, database):
        manifest = back_up(database, file, clock.now())
    rows = sum(contents.rows for contents in manifest.tables.values())
    typer.echo(f"{file} holds {rows:,} rows and was read back in full.")
    if not manifest.tables["user"].rows:
        complain(
            "It contains no users. If yours is a different database, set CRM_DATA_DIR or CRM_DATABASE_URL."
        )


def restore(
    file: BackupFile,
    yes: Annotated[bool, typer.Option("--yes", help="Replace what is in the database.")] = False,
) -> None:
    """Replace the database with a backup, completely or not at all; no mail goes out until it is released."""
    database = Database(settings.load().database)
    try:
        restored = restore_from(database, file, clock.now(), replace=yes)
    finally:
        database.close()
    made_at = restored.manifest.made_at[:16].replace("T", " ")
    typer.echo(f"Restored the backup from {made_at} UTC. Everybody has to sign in again.")
    if restored.set_aside:
        typer.echo(
            f"The damaged file is now {restored.set_aside}. Remove it once you are sure nothing in it is missing."
        )
    typer.echo("Anybody erased after that day is back: erase them again (`crm erase`).")
    typer.echo(
        "No mail is sent until an admin releases it on the heartbeat page or with `crm nudge --release`."
    )


def doctor(as_json: AsJson = False) -> None:
    """Check that everything is in order, and say what to do where it is not; exit status 1 if something is wrong."""
    chosen = settings.load()
    database = Database(chosen.database)
    try:
        findings = examine(chosen, database, clock.now())
    finally:
        database.close()
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            typer.echo(f"{SIGNS[finding.state]} {finding.check}: {finding.sentence}")
            if finding.remedy:
                typer.echo(f"    {finding.remedy}")
    wrong = [finding for finding in findings if finding.state == "wrong"]
    if wrong:
        complain(f"{wrong[0].check}: {wrong[0].sentence} {wrong[0].remedy or ''}", len(wrong) - 1)
        raise typer.Exit(1)
