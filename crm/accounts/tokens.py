"""Tokens for programs: made, listed and revoked by their user, or by an admin on the command line."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

from sqlalchemy import Connection, select

from crm.accounts import queries
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Invalid, NotFound, require_admin
from crm.storage.database import new_id
from crm.storage.tables import api_token
from crm.web.sessions import hash_token

Scope: TypeAlias = Literal["read", "write"]
MOST_TOKENS = 50


@dataclass(frozen=True)
class TokenListed:
    """A token that holds, as its user sees it; the secret itself is nowhere."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    used_on: date | None


def own_tokens(connection: Connection, principal: Principal) -> list[TokenListed]:
    """One's own tokens that hold, newest first."""
    table = api_token.c
    mine = (
        table.workspace_id == principal.workspace_id,
        table.user_id == principal.user_id,
        table.revoked_at.is_(None),
    )
    rows = connection.execute(select(api_token).where(*mine).order_by(table.id.desc()))
    return [TokenListed(row.id, row.name, tuple(row.scopes), row.created_at, row.used_on) for row in rows]


def own_token(connection: Connection, principal: Principal, token_id: int) -> TokenListed:
    """One of one's own tokens that holds; NotFound for every other."""
    found = next((one for one in own_tokens(connection, principal) if one.id == token_id), None)
    if found is None:
        raise NotFound
    return found


def create_token(
    connection: Connection, principal: Principal, user_id: int, name: str, scopes: Sequence[str], at: datetime
) -> str:
    """An API token for oneself, or by an admin for anybody; shown this once, the database keeps its hash."""
    if user_id != principal.user_id:
        require_admin(principal)
    queries.member(connection, principal, user_id)
    token = secrets.token_urlsafe(32)
    row = {
        "workspace_id": principal.workspace_id,
        "id": new_id(connection),
        "token_hash": hash_token(token),
        "user_id": user_id,
        "name": name,
        "scopes": list(scopes),
        "created_at": at,
    }
    connection.execute(api_token.insert(), row)
    return f"crm_{principal.workspace_id}_{token}"


def require_room(connection: Connection, principal: Principal) -> None:
    """Nobody needs more tokens than a page can show."""
    if len(own_tokens(connection, principal)) >= MOST_TOKENS:
        raise Invalid(_("You have {number} tokens. Revoke one first.").format(number=MOST_TOKENS))


def revoke_own(connection: Connection, principal: Principal, token_id: int, at: datetime) -> str:
    """End one of one's own tokens at once; returns its name. One that ended stays ended."""
    table = api_token.c
    mine = (
        table.workspace_id == principal.workspace_id,
        table.user_id == principal.user_id,
        table.id == token_id,
    )
    name = connection.execute(select(table.name).where(*mine)).scalar_one_or_none()
    if name is None:
        raise NotFound
    connection.execute(api_token.update().where(*mine, table.revoked_at.is_(None)).values(revoked_at=at))
    return str(name)


def revoke_token(
    connection: Connection, principal: Principal, name: str, at: datetime, email: str | None = None
) -> int:
    """Revoke the tokens of this name, of one user alone where several have some; returns how many. NotFound for none."""
    require_admin(principal)
    table = api_token.c
    mine = [table.workspace_id == principal.workspace_id, table.name == name, table.revoked_at.is_(None)]
    if email is not None:
        mine.append(table.user_id == queries.by_email(connection, principal, email).id)
    whose = set(connection.execute(select(table.user_id).where(*mine)).scalars())
    if len(whose) > 1:
        emails = ", ".join(sorted(queries.member(connection, principal, one).email for one in whose))
        raise Invalid(f"Several users have a token called {name}: {emails}. Say whose with --user EMAIL.")
    revoked = connection.execute(api_token.update().where(*mine).values(revoked_at=at)).rowcount
    if revoked == 0:
        raise NotFound(f"There is no token called {name}.")
    return revoked
