"""``crm user …`` and ``crm token …``."""

import sys
from enum import StrEnum
from typing import Annotated, Any, get_args

import typer
from sqlalchemy import Connection

from crm.accounts import actions, passwords, queries, tokens
from crm.accounts.checks import known_zone, plausible_email
from crm.accounts.passes import passes_of
from crm.cli_support import AsJson, Desk, Workspace, desk, print_json
from crm.domain.principal import Role
from crm.errors import Invalid, UsageError

user = typer.Typer(help="The users of the workspace.", no_args_is_help=True, rich_markup_mode=None)
token = typer.Typer(help="Tokens for programs.", no_args_is_help=True, rich_markup_mode=None)


ScopeName = StrEnum("ScopeName", get_args(tokens.Scope))  # type: ignore[misc]
Email = Annotated[str, typer.Argument(metavar="EMAIL")]
Zone = Annotated[str | None, typer.Option("--time-zone", metavar="ZONE", help="Such as Europe/Berlin.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@user.command("add")
def user_add(
    email: Email,
    name: Annotated[str, typer.Option("--name", help="Their name.")],
    role: Annotated[Role, typer.Option("--role", help="What they may do.")] = "member",
    time_zone: Zone = None,
    password_stdin: PasswordStdin = False,
    workspace: Workspace = None,
) -> None:
    """Add somebody; without a password, print a link for choosing one."""
    address, chosen_name = _checked(plausible_email, email), _named(name)
    password = _read_password() if password_stdin else None
    with desk(workspace) as at_desk:
        zone = _checked(known_zone, time_zone) if time_zone else str(at_desk.principal.zone)
        person = actions.NewUser(address, chosen_name, role, zone, password and passwords.hashed(password))
        with at_desk.database.write() as connection:
            user_id = actions.add_user(connection, at_desk.principal, person, at_desk.now)
            link = None if password else _invite(connection, at_desk, user_id)
        typer.echo(f"{chosen_name} ({address}) is {_article(role)} of {at_desk.workspace}.")
        if link:
            within = actions.valid_words("invitation")
            typer.echo(f"They choose a password here, within {within}: {link}")


def _invite(connection: Connection, at_desk: Desk, user_id: int) -> str:
    link = actions.make_link(connection, at_desk.principal.workspace_id, user_id, "invitation", at_desk.now)
    return f"{at_desk.settings.url}/welcome/{link}"


def _article(role: Role) -> str:
    return "an admin" if role == "admin" else f"a {role}"


def _named(name: str) -> str:
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > 120 or not cleaned.isprintable():
        raise UsageError("--name needs 1 to 120 characters.")
    return cleaned


def _checked(check: Any, value: str) -> str:
    try:
        return str(check(value))
    except ValueError as fault:
        raise UsageError(f"{value}: {fault}") from None


def _read_password() -> str:
    if sys.stdin is None:  # closed by whoever started the command
        raise Invalid("Standard input is closed, so no password can be read.")
    try:
        return passwords.check(sys.stdin.readline().rstrip("\r\n"))
    except OSError as fault:
        raise Invalid(f"The password cannot be read: {fault.strerror}.") from None
    except ValueError as fault:
        raise Invalid(str(fault)) from None


@user.command("list")
def user_list(as_json: AsJson = False, workspace: Workspace = None) -> None:
    """List the users of the workspace."""
    with desk(workspace) as at_desk, at_desk.database.read() as connection:
        people = queries.members(connection, at_desk.principal)
    shown = ("email", "name", "role", "time_zone", "active")
    rows = [{field: getattr(one, field) for field in shown} for one in people]
    if as_json:
        print_json(rows)
        return
    for one in people:
        state = "" if one.active else "  (deactivated)"
        typer.echo(f"{one.email}  {one.name}  {one.role}  {one.time_zone}{state}")


@user.command("edit")
def user_edit(
    email: Email,
    name: Annotated[str | None, typer.Option("--name", help="Another name.")] = None,
    role: Annotated[Role | None, typer.Option("--role", help="Another role.")] = None,
    time_zone: Zone = None,
    password_stdin: PasswordStdin = False,
    workspace: Workspace = None,
) -> None:
    """Change somebody's name, role, time zone or password."""
    password = _read_password() if password_stdin else None
    changes: dict[str, Any] = {
        "name": _named(name) if name is not None else None,
        "role": role,
        "time_zone": _checked(known_zone, time_zone) if time_zone else None,
    }
    values = {field: value for field, value in changes.items() if value is not None}
    if not values and password is None:
        raise UsageError("Nothing to change: give --name, --role, --time-zone or --password-stdin.")
    password_hash = passwords.hashed(password) if password else None
    said = ""
    with desk(workspace) as at_desk, at_desk.database.write() as connection:
        one = queries.by_email(connection, at_desk.principal, email)
        if values:
            actions.change_user(connection, at_desk.principal, one.id, at_desk.now, **values)
        if password_hash:
            whose = (at_desk.principal.workspace_id, one.id)
            actions.set_password(connection, *whose, password_hash, at_desk.now)
            said = passes_of(connection, *whose).of_them_still_work
    typer.echo(" ".join(filter(None, (f"{one.email} is changed.", said))))


@user.command("deactivate")
def user_deactivate(email: Email, workspace: Workspace = None) -> None:
    """Lock somebody out at once; what they logged stays."""
    with desk(workspace) as at_desk, at_desk.database.write() as connection:
        one = queries.by_email(connection, at_desk.principal, email)
        ended = actions.deactivate(connection, at_desk.principal, one.id, at_desk.now)
    typer.echo(" ".join(filter(None, (f"{one.email} is deactivated.", ended.ended))))


@user.command("activate")
def user_activate(email: Email, workspace: Workspace = None) -> None:
    """Let somebody in again."""
    with desk(workspace) as at_desk, at_desk.database.write() as connection:
        one = queries.by_email(connection, at_desk.principal, email)
        actions.activate(connection, at_desk.principal, one.id, at_desk.now)
    typer.echo(f"{one.email} is active.")


@token.command("create")
def token_create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The program's name.")],
    email: Annotated[str, typer.Option("--user", metavar="EMAIL", help="The user the program acts for.")],
    scope: Annotated[list[ScopeName] | None, typer.Option("--scope", help="What it may do.")] = None,
    workspace: Workspace = None,
) -> None:
    """Make a token and print it, just once."""
    scopes = sorted({one.value for one in scope or ()} or {"read"})
    with desk(workspace) as at_desk, at_desk.database.write() as connection:
        one = queries.by_email(connection, at_desk.principal, email)
        made = tokens.create_token(connection, at_desk.principal, one.id, _named(name), scopes, at_desk.now)
    typer.echo(made)


@token.command("revoke")
def token_revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The program's name.")],
    email: Annotated[
        str | None,
        typer.Option("--user", metavar="EMAIL", help="Whose token, if several users have one of that name."),
    ] = None,
    workspace: Workspace = None,
) -> None:
    """Revoke a token at once."""
    with desk(workspace) as at_desk, at_desk.database.write() as connection:
        tokens.revoke_token(connection, at_desk.principal, _named(name), at_desk.now, email)
    typer.echo(f"{name} is revoked.")
