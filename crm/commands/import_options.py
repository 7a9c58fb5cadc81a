"""What `crm import` may be told."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from crm.imports.sniff import KINDS

Kind = StrEnum("Kind", {kind: kind for kind in KINDS})  # type: ignore[misc]
DayOrder = StrEnum("DayOrder", ["day", "month"])

Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE…",
        help="Exchange CSVs, rules.toml, vCards, address books, calendars, mail, chats; or a folder of mail.",
    ),
]
As = Annotated[Kind | None, typer.Option("--as", metavar="KIND", help=f"What they are: {', '.join(KINDS)}.")]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map", metavar="COLUMN=FIELD", help="What a column of another program's CSV is; remembered."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, without writing anything.")]
AddPeople = Annotated[
    bool,
    typer.Option("--add-people", help="Bring in people from calendars, mail and chats who are not here yet."),
]
KeepText = Annotated[
    bool, typer.Option("--keep-text", help="Keep the text, as the note of each interaction.")
]
Mine = Annotated[
    list[str] | None,
    typer.Option(
        "--mine",
        metavar="WHO",
        help="Another address of yours, or your name in chats; remembered if there is one user.",
    ),
]
Who = Annotated[
    list[str] | None,
    typer.Option(
        "--who", metavar="NAME=PERSON", help="Who a name in chats is, by email or name; remembered."
    ),
]
Dates = Annotated[
    DayOrder | None,
    typer.Option(
        "--dates", metavar="ORDER", help="What comes first in a chat's dates, day or month; remembered."
    ),
]
