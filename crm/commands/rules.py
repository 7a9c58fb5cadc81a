"""``crm rules``: the rules of a workspace as a list and as a file."""

from pathlib import Path
from typing import Annotated

import typer

from crm.cli_support import AsJson, Workspace, desk, print_json
from crm.commands.import_options import DryRun, Kind
from crm.commands.imports import import_files
from crm.commands.listing import print_table
from crm.domain.prose import rule_sentence
from crm.domain.rule_check import findings
from crm.errors import Invalid
from crm.imports.records import RULES
from crm.imports.rule_states import write_rules
from crm.rules.shapes import rule_shape
from crm.rules.states import rule_states

rules = typer.Typer(help="List, export and import rules.", no_args_is_help=True, rich_markup_mode=None)


@rules.command("list")
def list_rules(as_json: AsJson = False, workspace: Workspace = None) -> None:
    """List every rule in order, as a sentence; one that can never match says so."""
    with desk(workspace) as at_desk, at_desk.database.read() as connection:
        states = rule_states(connection, at_desk.principal)
    if as_json:
        print_json([rule_shape(state) for state in states])
        return
    rows = [
        (
            state.rule.key,
            "on" if state.enabled else "off",
            " ".join([rule_sentence(state.rule), *findings(state.rule)]),
        )
        for state in states
    ]
    print_table(("Rule", "State", "What it says"), rows, "There are no rules.")


@rules.command("export")
def export_rules(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Where to write; printed if left out.")
    ] = None,
    workspace: Workspace = None,
) -> None:
    """Write the rules as TOML, to edit and import again."""
    with desk(workspace) as at_desk, at_desk.database.read() as connection:
        data = write_rules(connection, at_desk.principal)
    if file is None:
        typer.echo(data, nl=False)
        return
    try:
        file.write_bytes(data)
    except OSError as fault:
        raise Invalid(f"{file} cannot be written: {fault.strerror}.") from None


@rules.command("import")
def import_rules(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="TOML as crm rules export writes it.")],
    dry_run: DryRun = False,
    as_json: AsJson = False,
    workspace: Workspace = None,
) -> None:
    """Change rules to what a file says; rules it does not name stay."""
    import_files([file], Kind(RULES), dry_run=dry_run, as_json=as_json, workspace=workspace)
