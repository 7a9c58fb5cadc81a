"""Who is asking, for programs: a token in the Authorization header, and the user it acts for.

A token reads ``crm_WORKSPACE_SECRET``; the database holds only the secret's hash. It ends when it is revoked and when its
user is deactivated. A session's cookie opens nothing here.
"""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from crm.domain.principal import Principal
from crm.errors import Refusal
from crm.storage.tables import api_token, user, workspace
from crm.web.addresses import is_id
from crm.web.sessions import hash_token

READ, WRITE = "read", "write"


class TokenNeeded(Refusal):
    """No token that holds came with the request."""

    status = 401


@dataclass(frozen=True)
class Bearer:
    """A token that holds, and for whom it acts."""

    id: int
    name: str
    scopes: tuple[str, ...]
    used_on: date | None
    principal: Principal
    email: str
    user_name: str
    workspace: str

    def may(self, scope: str) -> bool:
        """Whoever may write may read."""
        return scope in self.scopes or (scope == READ and WRITE in self.scopes)


def find(connection: Connection, header: str | None) -> Bearer:
    """The token of an Authorization header, if it holds."""
    scheme, _, sent = (header or "").partition(" ")
    if scheme.lower() != "bearer":
        raise TokenNeeded("This needs a token: send it in the header Authorization: Bearer TOKEN.")
    mark, number, secret = [*sent.strip().split("_", 2), "", ""][:3]
    if mark != "crm" or not (is_id(number) and secret):
        raise _unknown()
    row = connection.execute(
        select(
            api_token,
            user.c.role,
            user.c.time_zone,
            user.c.email,
            user.c.name.label("user_name"),
            workspace.c.name.label("workspace"),
            workspace.c.time_zone.label("zone"),
        )
        .join(user, (user.c.workspace_id == api_token.c.workspace_id) & (user.c.id == api_token.c.user_id))
        .join(workspace, workspace.c.id == api_token.c.workspace_id)
        .where(
            api_token.c.workspace_id == int(number),
            api_token.c.token_hash == hash_token(secret),
            api_token.c.revoked_at.is_(None),
            user.c.active,
        )
    ).one_or_none()
    if row is None:
        raise _unknown()
    acts_for = Principal(row.workspace_id, row.user_id, row.role, ZoneInfo(row.zone), ZoneInfo(row.time_zone))
    return Bearer(
        row.id, row.name, tuple(row.scopes), row.used_on, acts_for, row.email, row.user_name, row.workspace
    )


def _unknown() -> TokenNeeded:
    return TokenNeeded("This token is not known, or no longer works. Make a new one under Team, Tokens.")


def note_use(connection: Connection, bearer: Bearer, at: datetime) -> None:
    """Remember the day on which a token was last used."""
    connection.execute(
        api_token.update()
        .where(api_token.c.workspace_id == bearer.principal.workspace_id, api_token.c.id == bearer.id)
        .values(used_on=bearer.principal.team_day(at))
    )
