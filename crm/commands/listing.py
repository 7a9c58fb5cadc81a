"""How listings look: tables for people, contacts as objects for programs."""

from collections.abc import Sequence
from typing import Any, Protocol

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


class Contact(Protocol):
    """What every listing says of a contact."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def tier(self) -> str: ...


def person(contact: Contact) -> dict[str, Any]:
    """A contact as every listing gives it."""
    return {
        "id": contact.id,
        "name": contact.name,
        "email": contact.email,
        "kind": contact.kind,
        "tier": contact.tier,
    }


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], if_empty: str) -> None:
    """Rows under their headings, or one line where there are none. Text is shown as it is, never as markup."""
    if not rows:
        typer.echo(if_empty)
        return
    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(_printable(cell)) for cell in row))
    Console().print(table)


def _printable(cell: str) -> str:
    """Names come from files: nothing in them may steer the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in cell)
