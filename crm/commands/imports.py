"""``crm import`` and ``crm export``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from crm.cli_support import AsJson, Desk, Workspace, complain, desk, print_json
from crm.errors import Invalid
from crm.imports import actions, queries
from crm.imports.addressbooks import mapped, table_of
from crm.imports.columns import FIELDS, fingerprint
from crm.imports.export import export_files
from crm.imports.records import FILE_LIMIT, ParsedFile, UnreadableFile
from crm.imports.report import FileReport, has_errors, is_anything_usable
from crm.imports.run import Progress as Told
from crm.imports.sniff import KINDS, read_file
from crm.interactions.queries import channels
from crm.storage.text import fold

Kind = StrEnum("Kind", {kind: kind for kind in KINDS})  # type: ignore[misc]


def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Exchange CSVs, rules.toml, vCards.")],
    kind: Annotated[
        Kind | None, typer.Option("--as", metavar="KIND", help=f"What they are: {', '.join(KINDS)}.")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="COLUMN=FIELD", help="What a column of another program's CSV is; remembered."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")] = False,
    as_json: AsJson = False,
    workspace: Workspace = None,
) -> None:
    """Import files; the same ones again change nothing."""
    contents = [(path, _read(path)) for path in files]
    with desk(workspace) as at_desk:
        mappings = _mappings(at_desk, contents, columns or [], dry_run)
        parsed = _parse(at_desk, contents, kind.value if kind else None, mappings)
        rows = sum(len(one.records) for one in parsed if isinstance(one, ParsedFile))
        with _bar(rows, "Checking" if dry_run else "Importing") as told:
            reports = actions.apply(
                at_desk.database, at_desk.principal, parsed, at_desk.now, dry_run=dry_run, progress=told
            )
    if as_json:
        print_json([report.as_json() for report in reports])
    else:
        for report in reports:
            _print(report, dry_run)
    if has_errors(reports):
        _complain(reports)
        raise typer.Exit(1)
    if not is_anything_usable(reports):
        _complain_of_skipped(reports)
        raise typer.Exit(1)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise Invalid(f"{path} has more than {FILE_LIMIT // 2**20} MiB. Split it and import the parts.")
        return path.read_bytes()
    except FileNotFoundError:
        raise Invalid(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise Invalid(f"{path} is a folder; name the files in it.") from None
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or str(fault)
        raise Invalid(f"{path} cannot be read: {reason}.") from None


def _mappings(
    at_desk: Desk, contents: list[tuple[Path, bytes]], said: list[str], dry_run: bool
) -> dict[str, list[str]]:
    """What the columns of other programs mean: as remembered, and as said now, which is remembered from now on."""
    with at_desk.database.read() as connection:
        found = queries.mappings(connection, at_desk.principal)
    wanted = dict(_mapping(one) for one in said)
    tables = [table for _, data in contents if (table := table_of(data, found))] if wanted else []
    unknown = {fold(name) for name in wanted} - {fold(name) for one in tables for name in one.header}
    if unknown:
        raise Invalid(f"No file has a column called {', '.join(sorted(unknown))}.")
    for table in tables:
        fields = mapped(table, wanted)
        found[fingerprint(table.header)] = fields
        if not dry_run:
            with at_desk.database.write() as connection:
                actions.remember_columns(connection, at_desk.principal, table.header, fields, at_desk.now)
    return found


def _mapping(words: str) -> tuple[str, str]:
    name, _, field = words.rpartition("=")
    if not name or field not in FIELDS:
        raise Invalid(f"--map takes COLUMN=FIELD, where FIELD is one of {', '.join(FIELDS)}.")
    return name, field


def _parse(
    at_desk: Desk, contents: list[tuple[Path, bytes]], kind: str | None, mappings: dict[str, list[str]]
) -> list[ParsedFile | FileReport]:
    with at_desk.database.read() as connection:
        keys = [one.key for one in channels(connection, at_desk.principal)]
    settings: dict[str, Any] = {
        "zone": at_desk.principal.zone,
        "now": at_desk.now,
        "channels": keys,
        "kind": kind,
    }
    found: list[ParsedFile | FileReport] = []
    for path, data in contents:
        try:
            found.append(read_file(str(path), data, **settings, mappings=mappings))
        except UnreadableFile as fault:
            found.append(FileReport.unreadable(path.name, fault))
    return found


@contextmanager
def _bar(rows: int, words: str) -> Iterator[Told]:
    """A bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words, total=rows)
        yield lambda done: bar.advance(task, done)


def _print(report: FileReport, dry_run: bool) -> None:
    if not report.errors:
        typer.echo(f"{report.file}: {summary(report, dry_run)}")
    for skipped in report.skipped:
        typer.echo(f"  {skipped.where}: {skipped.why}")
    for question in report.uncertain:
        typer.echo(f"  {question.where}: {question.question}")


def summary(report: FileReport, dry_run: bool) -> str:
    """The counts in words."""
    parts = [
        f"{count} {words if count != 1 else words.removesuffix('s')} {state}"
        for state, counts in (
            ("new", report.new),
            ("changed", report.changed),
            ("unchanged", report.unchanged),
        )
        for words, count in counts.items()
        if count
    ]
    said = ", ".join(parts) or "nothing to import"
    return f"would be {said} (nothing was written)" if dry_run else said


def _complain(reports: list[FileReport]) -> None:
    problems = [problem for report in reports for problem in report.errors]
    failed = [report.file for report in reports if report.errors]
    together = f"Nothing was imported from files given together with {', '.join(failed)}."
    if len(reports) > 1 and len(problems) == 1:
        complain(f"{problems[0].where}: {problems[0].message} {together}")
        return
    for problem in problems:
        complain(f"{problem.where}: {problem.message}")
    if len(reports) > 1:
        complain(together)


def _complain_of_skipped(reports: list[FileReport]) -> None:
    left_out = [one for report in reports for one in report.skipped]
    more = f" {len(left_out) - 1} more could not be read either." if len(left_out) > 1 else ""
    complain(f"{left_out[0].where}: nothing here could be read. {left_out[0].why}{more}")


def export_folder(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; made if it is not there.")],
    workspace: Workspace = None,
) -> None:
    """Write everything as exchange files, vCards and a calendar."""
    with desk(workspace) as at_desk, at_desk.database.read() as connection:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, data in export_files(connection, at_desk.principal):
                (folder / name).write_bytes(data)
        except OSError as fault:
            raise Invalid(f"{folder} cannot be written to: {fault.strerror}.") from None
    typer.echo(f"{at_desk.workspace} is in {folder}.")
