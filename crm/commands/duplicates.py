"""``crm duplicates`` and ``crm merge``: who may be one person, making them one, and taking that back."""

from typing import Annotated, Any

import typer

from crm.cli_support import AsJson, Workspace, desk, print_json
from crm.commands.listing import print_table
from crm.contacts.duplicates import Pair, suspected
from crm.contacts.merge_fields import LABELS, SIDES
from crm.contacts.merging import merge_contacts
from crm.contacts.unmerging import undo_merge
from crm.errors import UsageError

Choose = Annotated[
    list[str] | None,
    typer.Option("--choose", metavar="FIELD=first|second", help="Whose value to keep where the two differ."),
]


def duplicates(as_json: AsJson = False, workspace: Workspace = None) -> None:
    """List records that may be one person, with the reasons, most certain first."""
    with desk(workspace) as at_desk, at_desk.database.read() as connection:
        found = suspected(connection, at_desk.principal)
    if as_json:
        print_json([_shape(one) for one in found])
        return
    columns = ("Merge", "And", "Certainty", "Why")
    print_table(columns, [_row(one) for one in found], "Nobody seems to be here twice.")


def merge(
    kept: Annotated[int, typer.Argument(metavar="KEPT", help="The id of the record to keep.")],
    gone: Annotated[
        int | None, typer.Argument(metavar="OTHER", help="The id of the record merged into it.")
    ] = None,
    choose: Choose = None,
    undo: Annotated[bool, typer.Option("--undo", help="KEPT is the number of a merge: undo it.")] = False,
    workspace: Workspace = None,
) -> None:
    """Merge two records into one person, or split them again."""
    choices = dict(_choice(one) for one in choose or ())
    if undo == (gone is not None):
        raise UsageError("Give two people, or --undo and the number of a merge.")
    with desk(workspace) as at_desk, at_desk.database.write() as connection:
        if gone is None:
            first, second = undo_merge(connection, at_desk.principal, kept, at_desk.now)
            said = f"They are two people again: {first} and {second}."
        else:
            made = merge_contacts(connection, at_desk.principal, kept, gone, choices, at_desk.now)
            said = f"They are now one person. To undo it: crm merge --undo {made}"
    typer.echo(said)


def _choice(said: str) -> tuple[str, str]:
    field, _, side = said.partition("=")
    if field not in LABELS or side not in SIDES:
        raise UsageError(
            f"--choose takes FIELD=first or FIELD=second; a field is one of {', '.join(LABELS)}."
        )
    return field, side


def _shape(pair: Pair) -> dict[str, Any]:
    people = [{"id": one.id, "name": one.name} for one in (pair.first, pair.second)]
    seen = pair.likeness
    return {
        "contacts": people,
        "certainty": seen.certainty,
        "points": seen.points,
        "reasons": list(seen.reasons),
    }


def _row(pair: Pair) -> tuple[str, ...]:
    first, second = (f"{one.id} {one.name}" for one in (pair.first, pair.second))
    return first, second, pair.likeness.certainty, pair.likeness.sentence
