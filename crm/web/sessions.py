"""Who is asking: sessions in the database, their cookie, and the user behind them.

The cookie holds ``workspace.token``; the database holds only the token's hash. A session ends 30 days after it was
last used, when its user signs out, and when its user is deactivated.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, select
from starlette.requests import Request
from starlette.responses import Response

from crm.domain.manner import Manner
from crm.domain.principal import Principal, Role
from crm.storage.statements import built_once
from crm.storage.tables import session, user, workspace
from crm.templating import initials
from crm.web.addresses import cookie_name, is_id
from crm.web.site import Site

LIFETIME = timedelta(days=30)
TOUCH_AFTER = timedelta(hours=12)
"""How often a used session is prolonged: rarely, so that reading pages writes next to nothing."""


@dataclass(frozen=True)
class User:
    """The signed-in user as pages see them, with the name of their workspace."""

    id: int
    workspace_id: int
    workspace: str
    name: str
    email: str
    role: Role
    time_zone: str
    city: str | None
    country: str | None
    budget_call: int
    budget_in_person: int
    budget_by_hand: int
    budget_total: int
    budget_in_person_quarter: int | None
    nudge_on: bool
    nudge_weekday: int
    nudge_minute: int
    nudge_when_empty: bool
    digest_on: bool
    first_run_done: bool
    written: dict[str, str] | None

    @property
    def owner(self) -> str:
        """Whose is what a device keeps."""
        return f"{self.workspace_id}.{self.id}"

    @property
    def initials(self) -> str:
        """Up to two letters for the disc."""
        return initials(self.name)


@dataclass(frozen=True)
class SignedIn:
    """A session that holds: the user, the principal that acts for them, and when the session was last used."""

    user: User
    principal: Principal
    token_hash: str
    seen_at: datetime

    def is_due(self, at: datetime) -> bool:
        """Whether it is time to prolong it."""
        return at - self.seen_at > TOUCH_AFTER


def hash_token(token: str) -> str:
    """What the database keeps of a random token."""
    return hashlib.sha256(token.encode()).hexdigest()


def start(connection: Connection, workspace_id: int, user_id: int, at: datetime) -> str:
    """Open a session; returns the value of its cookie."""
    token = secrets.token_urlsafe(32)
    connection.execute(
        session.insert(),
        {
            "workspace_id": workspace_id,
            "token_hash": hash_token(token),
            "user_id": user_id,
            "created_at": at,
            "seen_at": at,
            "expires_at": at + LIFETIME,
        },
    )
    connection.execute(
        session.delete().where(session.c.workspace_id == workspace_id, session.c.expires_at <= at)
    )
    return f"{workspace_id}.{token}"


def owner_of(value: str) -> str:
    """Whose a flash is that waits for a session which begins now: the token hash of the cookie's value."""
    return hash_token(value.partition(".")[2])


def find(connection: Connection, cookie: str | None, at: datetime) -> SignedIn | None:
    """The session of a cookie's value, if it holds at ``at`` and its user is active."""
    number, _, token = (cookie or "").partition(".")
    if not (is_id(number) and token):
        return None
    found = connection.execute(*_session(int(number), hash_token(token), at)).one_or_none()
    return None if found is None else _signed_in(found)


@built_once
def _session(whose: Any, token_hash: Any, at: Any) -> Select[Any]:
    """The columns of ``User`` in its order, then those of the session."""
    named = {"workspace": workspace.c.name.label("workspace")}
    return (
        select(
            *(named[name] if name in named else user.c[name] for name in User.__dataclass_fields__),
            workspace.c.time_zone.label("zone"),
            workspace.c.written.label("team_written"),
            session.c.token_hash,
            session.c.seen_at,
        )
        .join(user, (user.c.workspace_id == session.c.workspace_id) & (user.c.id == session.c.user_id))
        .join(workspace, workspace.c.id == session.c.workspace_id)
        .where(
            session.c.workspace_id == whose,
            session.c.token_hash == token_hash,
            session.c.expires_at > at,
            user.c.active,
        )
    )


def _signed_in(row: Any) -> SignedIn:
    person = User(*row[: len(User.__dataclass_fields__)])
    manner = Manner.of(row.team_written, row.written)
    zones = (ZoneInfo(row.zone), ZoneInfo(row.time_zone))
    principal = Principal(row.workspace_id, row.id, row.role, *zones, manner)
    return SignedIn(person, principal, row.token_hash, row.seen_at)


def anybody(connection: Connection) -> bool:
    """Whether the database has any user at all."""
    return connection.execute(select(user.c.id).limit(1)).first() is not None


def touch(connection: Connection, signed_in: SignedIn, at: datetime) -> None:
    """Prolong a session."""
    connection.execute(session.update().where(*_this(signed_in)).values(seen_at=at, expires_at=at + LIFETIME))


def end(connection: Connection, signed_in: SignedIn) -> None:
    """Close one session."""
    connection.execute(session.delete().where(*_this(signed_in)))


def end_all(connection: Connection, workspace_id: int, user_id: int, keep: str | None = None) -> None:
    """Close every session of a user, but the one with the token hash ``keep``."""
    connection.execute(
        session.delete().where(
            session.c.workspace_id == workspace_id,
            session.c.user_id == user_id,
            session.c.token_hash != (keep or ""),
        )
    )


def _this(signed_in: SignedIn) -> tuple[Any, ...]:
    return session.c.workspace_id == signed_in.user.workspace_id, session.c.token_hash == signed_in.token_hash


def cookie_of(site: Site, request: Request) -> str | None:
    """The value of the session cookie."""
    return request.cookies.get(cookie_name("crm-session", site.is_https))


def set_cookie(site: Site, response: Response, value: str) -> None:
    """Give the browser its session."""
    response.set_cookie(
        cookie_name("crm-session", site.is_https),
        value,
        max_age=int(LIFETIME.total_seconds()),
        path="/",
        secure=site.is_https,
        httponly=True,
        samesite="lax",
    )


def drop_cookie(site: Site, response: Response) -> None:
    """Take the session from the browser."""
    response.delete_cookie(
        cookie_name("crm-session", site.is_https),
        path="/",
        secure=site.is_https,
        httponly=True,
        samesite="lax",
    )
