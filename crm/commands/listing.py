"""How listings look: tables for people."""

from collections.abc import Sequence

import typer

PIPED_WIDTH = 240
"""Columns of a listing that goes to a file or another program, which has no edge to wrap at."""


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], if_empty: str) -> None:
    """Rows under their headings, or one line where there are none. Text is shown as it is, never as markup."""
    if not rows:
        typer.echo(if_empty)
        return
    from rich import box  # a server needs no tables
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_printable(cell)) for cell in row))
    console.print(table)


def _printable(cell: str) -> str:
    """Names come from files: nothing in them may steer the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in cell)
