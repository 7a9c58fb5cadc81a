"""``crm import`` and ``crm export``."""

from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from crm.accounts.actions import remember_own_words
from crm.accounts.queries import sole_user
from crm.cli_support import AsJson, Desk, Workspace, complain, desk, print_json
from crm.commands.import_options import (
    AddPeople,
    As,
    Dates,
    DryRun,
    Files,
    KeepText,
    Map,
    Mine,
    Who,
)
from crm.commands.progress import bar
from crm.commands.whom import contact_meant
from crm.contacts.drafts import is_email
from crm.errors import Invalid, UsageError
from crm.imports import actions, queries
from crm.imports.cells import excerpt
from crm.imports.choices import NAMES_DAYS, meant_by, remember
from crm.imports.columns import FIELDS, fingerprint
from crm.imports.export import export_files
from crm.imports.noticed import Wishes
from crm.imports.one_person import ALL_NAMES, names_of, person_files
from crm.imports.reading import Given, read_all, reading_for
from crm.imports.records import FILE_LIMIT, ParsedFile
from crm.imports.report import FileReport, has_errors, is_anything_usable, is_held_back
from crm.imports.tables import mapped, table_of
from crm.storage.text import fold


def import_files(
    files: Files,
    kind: As = None,
    columns: Map = None,
    dry_run: DryRun = False,
    add_people: AddPeople = False,
    keep_text: KeepText = False,
    mine: Mine = None,
    who: Who = None,
    days: Dates = None,
    as_json: AsJson = False,
    workspace: Workspace = None,
) -> None:
    """Import files; importing the same ones again changes nothing."""
    paths = [_readable(path) for path in files]
    with desk(workspace) as at_desk:
        own = _own_words(mine or [])
        people = _said_who(at_desk, who or [], dry_run=dry_run)
        mappings = _mappings(at_desk, paths, columns or [], dry_run)
        parse = partial(
            _parse, at_desk, paths, kind.value if kind else None, mappings, own, keep_text=keep_text
        )
        parsed = parse()
        if days and _answered(at_desk, parsed, mappings, f"{days.value} first", dry_run=dry_run):
            parsed = parse()
        rows = sum(one.items for one in parsed if isinstance(one, ParsedFile))
        with bar(rows, "Checking" if dry_run else "Importing") as told:
            reports = actions.apply(
                at_desk.database,
                at_desk.principal,
                parsed,
                at_desk.now,
                dry_run=dry_run,
                progress=told,
                wishes=Wishes(add_people, own, who=people),
            )
        if own and not dry_run:
            _remember_own(at_desk, own)
    _tell(reports, dry_run, as_json)


def _said_who(at_desk: Desk, said: list[str], *, dry_run: bool) -> tuple[tuple[str, str], ...]:
    """Whom names in chats mean, for this reading and, but in a trial, from now on."""
    pairs = [one.rpartition("=") for one in said]
    if any(not name.strip() or not person.strip() for name, _, person in pairs):
        raise UsageError("--who takes NAME=PERSON, where PERSON is an email or name of somebody here.")
    if not pairs:
        return ()
    with at_desk.database.read() as connection:
        found = dict(
            meant_by(connection, at_desk.principal, name, person.strip()) for name, _, person in pairs
        )
    if not dry_run:
        with at_desk.database.write() as connection:
            for key, person in found.items():
                remember(connection, at_desk.principal, key, person, at_desk.now)
    return tuple((key, reference) for key, (reference,) in found.items())


def _own_words(said: list[str]) -> tuple[str, ...]:
    """Addresses and names of whoever imports."""
    for word in said:
        if not word.strip() or ("@" in word and not is_email(word)):
            raise UsageError(f"--mine takes an email address or a name; “{excerpt(word)}” is neither.")
    return tuple(said)


def _remember_own(at_desk: Desk, words: tuple[str, ...]) -> None:
    """What is ours stays known, where there is one user whose it must be."""
    with at_desk.database.write() as connection:
        user_id = sole_user(connection, at_desk.principal)
        if user_id is not None:
            remember_own_words(connection, at_desk.principal, user_id, words)


def _tell(reports: list[FileReport], dry_run: bool, as_json: bool) -> None:
    """What came of it; nothing usable, or an error, is a failure."""
    if as_json:
        print_json([report.as_json() for report in reports])
    else:
        for report in reports:
            _print(report, dry_run)
        _list_errors(reports)
    if has_errors(reports):
        _complain(reports)
        raise typer.Exit(1)
    if any(report.choices for report in reports):
        _ask(reports)
        raise typer.Exit(1)
    if not is_anything_usable(reports):
        _complain_of_skipped(reports)
        raise typer.Exit(1)


def _readable(path: Path) -> Path:
    try:
        if path.is_dir():
            return path
        if path.exists() and not path.is_file():  # opening a pipe that nobody writes to would wait for ever
            raise Invalid(f"{path} is a pipe or a device. Save its contents as a file, and import that.")
        path.open("rb").close()
        return path
    except FileNotFoundError:
        raise Invalid(f"There is no file {path}.") from None
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or str(fault)
        raise Invalid(f"{path} cannot be read: {reason}.") from None


def _mappings(at_desk: Desk, paths: list[Path], said: list[str], dry_run: bool) -> dict[str, list[str]]:
    """What the columns of other programs mean: as remembered, and as said now, which is remembered from now on."""
    with at_desk.database.read() as connection:
        found = queries.mappings(connection, at_desk.principal)
    wanted = dict(_mapping(one) for one in said)
    tables = (
        [table for path in paths if not path.is_dir() and (table := table_of(_content(path), found))]
        if wanted
        else []
    )
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


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(FILE_LIMIT + 1)


def _mapping(words: str) -> tuple[str, str]:
    name, _, field = words.rpartition("=")
    if not name or field not in FIELDS:
        raise UsageError(f"--map takes COLUMN=FIELD, where FIELD is one of {', '.join(FIELDS)}.")
    return name, field


def _parse(
    at_desk: Desk,
    paths: list[Path],
    kind: str | None,
    mappings: dict[str, list[str]],
    own: tuple[str, ...],
    *,
    keep_text: bool,
) -> list[ParsedFile | FileReport]:
    with at_desk.database.read() as connection:
        reading = reading_for(
            connection, at_desk.principal, at_desk.now, kind=kind, keep_text=keep_text, mappings=mappings
        )
    reading = reading._replace(mine=(*reading.mine, *own))
    return read_all((Given(str(path), path) for path in paths), reading)


def _answered(
    at_desk: Desk,
    parsed: list[ParsedFile | FileReport],
    mappings: dict[str, list[str]],
    order: str,
    *,
    dry_run: bool,
) -> bool:
    """Remember which number of a date is the day in chats that ask; whether some of them are to be read again."""
    asked = [one for file in parsed if isinstance(file, ParsedFile) for one in file.choices]
    keys = [one.key for one in asked if one.key.endswith(NAMES_DAYS)]
    mappings.update({key: [order] for key in keys})
    if keys and not dry_run:
        with at_desk.database.write() as connection:
            for key in keys:
                remember(connection, at_desk.principal, key, [order], at_desk.now)
    return bool(keys)


def _print(report: FileReport, dry_run: bool) -> None:
    if not report.errors:
        typer.echo(f"{report.file}: {summary(report, dry_run)}")
    for skipped in report.skipped:
        typer.echo(f"  {skipped.where}: {skipped.why}")
    for question in (*report.open_questions(), *report.uncertain):
        typer.echo(f"  {question.where}: {question.question}")


def _list_errors(reports: list[FileReport]) -> None:
    """Every error, where one line does not hold them."""
    problems = [problem for report in reports for problem in report.errors]
    for problem in problems if len(problems) > 1 else ():
        typer.echo(f"  {problem.where}: {problem.message}")


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
    """One line: the first error, how many more there are, and what became of the rest."""
    problems = [problem for report in reports for problem in report.errors]
    words = [f"{problems[0].where}: {problems[0].message}"]
    if is_held_back(reports):
        failed = ", ".join(report.file for report in reports if report.errors)
        words.append(f"Nothing was imported from files given together with {failed}.")
    complain(" ".join(words), len(problems) - 1)


def _ask(reports: list[FileReport]) -> None:
    """What has to be said before some files can be read."""
    asked = [
        (question, choice)
        for report in reports
        for question, choice in zip(report.open_questions(), report.choices, strict=True)
    ]
    question, choice = asked[0]
    how = "--dates day or --dates month" if choice.key.endswith(NAMES_DAYS) else "--mine NAME"
    complain(f"{question.where}: {question.question} Say it with {how}.", len(asked) - 1)


def _complain_of_skipped(reports: list[FileReport]) -> None:
    left_out = [one for report in reports for one in report.skipped]
    more = f" {len(left_out) - 1} more could not be read either." if len(left_out) > 1 else ""
    complain(f"{left_out[0].where}: nothing here could be read. {left_out[0].why}{more}")


def export_folder(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; created if missing.")],
    contact: Annotated[
        str | None,
        typer.Option("--contact", metavar="EMAIL-or-ID", help="Only what is kept about one person."),
    ] = None,
    workspace: Workspace = None,
) -> None:
    """Write everything as exchange files, vCards and a calendar."""
    with desk(workspace) as at_desk, at_desk.database.read() as connection:
        if contact is None:
            files, what = export_files(connection, at_desk.principal), at_desk.workspace
        else:
            contact_id = contact_meant(connection, at_desk.principal, contact)
            files = person_files(connection, at_desk.principal, contact_id, at_desk.now)
            what = f"What is kept about {contact}"
        try:
            _refuse_leftovers(folder, names_of(connection, at_desk.principal, one_person=contact is not None))
            folder.mkdir(parents=True, exist_ok=True)
            for name, data in files:
                (folder / name).write_bytes(data)
        except OSError as fault:
            raise Invalid(f"{folder} cannot be written to: {fault.strerror}.") from None
    typer.echo(f"{what} is in {folder}.")


def _refuse_leftovers(folder: Path, written: Collection[str]) -> None:
    """What an earlier export left beside this one would be taken for a part of it."""
    left = [name for name in ALL_NAMES if name not in written and (folder / name).exists()]
    if left:
        raise Invalid(
            f"{folder} holds {', '.join(left)} from an earlier export, which this one does not write. "
            "Remove what is there, or name another folder."
        )
