"""``crm demo``: a believable team with two years of log."""

import sys
from typing import Annotated

import typer

from crm.accounts import passwords
from crm.cli_support import AsOf, Workspace, desk
from crm.settings import Settings

Seed = Annotated[
    int, typer.Option("--seed", metavar="N", help="Another seed makes other people with another past.")
]


def demo(seed: Seed = 1, as_of: AsOf = None, workspace: Workspace = None) -> None:
    """Fill an empty workspace with a team of four and two years of interactions, and say how to sign in."""
    from crm.demo.filling import PASSWORD, fill, is_demo  # a team and its past, which no other command needs

    with desk(workspace, as_of) as at_desk:
        with at_desk.database.read() as connection:
            is_there = is_demo(connection, at_desk.principal)
        if is_there:
            _say("The demo is here already")
        else:
            password_hash = passwords.hashed(PASSWORD)
            with at_desk.database.write() as connection:
                fill(connection, at_desk.principal, seed, at_desk.at, password_hash, _say)
        typer.echo(_way_in(at_desk.settings))


def _say(line: str) -> None:
    """What happens now, beside the answer."""
    typer.echo(f"{line} …" if not line.endswith("already") else f"{line}.", file=sys.stderr)


def _way_in(settings: Settings) -> str:
    from crm.demo.cast import NEWCOMER, TEAM
    from crm.demo.filling import PASSWORD

    first, *others = TEAM
    names = ", ".join(mate.email for mate in others)
    return (
        f"Sign in at {settings.url} as {first.email} with the password: {PASSWORD}\n"
        f"The same password opens the door for {names}, and for {NEWCOMER.email}, who has nothing yet."
    )
