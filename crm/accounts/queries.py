"""Reading workspaces and the people who use them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import Connection, func, select

from crm.accounts.addresses import normal_email
from crm.domain.language import gettext as _
from crm.domain.manner import AS_IT_SHIPS, Manner
from crm.domain.principal import EDITORS, Principal, Role
from crm.errors import NotFound
from crm.storage.tables import session, user, workspace


@dataclass(frozen=True)
class Member:
    """A user of the workspace as the team page shows them; ``seen_at`` is when a session was last prolonged."""

    id: int
    name: str
    email: str
    role: Role
    active: bool
    time_zone: str
    has_password: bool
    created_at: datetime
    seen_at: datetime | None

    @property
    def has_plan(self) -> bool:
        """Whether a plan is made for them while they are active; viewers have none."""
        return self.role in EDITORS


def members(connection: Connection, principal: Principal) -> list[Member]:
    """Everybody of the workspace, active ones first, by name."""
    seen = (
        select(session.c.workspace_id, session.c.user_id, func.max(session.c.seen_at).label("seen_at"))
        .where(session.c.workspace_id == principal.workspace_id)
        .group_by(session.c.workspace_id, session.c.user_id)
        .subquery()
    )
    rows = connection.execute(
        select(user, seen.c.seen_at)
        .outerjoin(seen, (seen.c.workspace_id == user.c.workspace_id) & (seen.c.user_id == user.c.id))
        .where(user.c.workspace_id == principal.workspace_id)
        .order_by(user.c.active.desc(), func.lower(user.c.name), user.c.id)
    )
    return [_member(row) for row in rows]


def _member(row: Any) -> Member:
    return Member(
        row.id,
        row.name,
        row.email,
        row.role,
        row.active,
        row.time_zone,
        row.password_hash is not None,
        row.created_at,
        row.seen_at,
    )


def member(connection: Connection, principal: Principal, user_id: int) -> Member:
    """One of them, or NotFound."""
    found = next((one for one in members(connection, principal) if one.id == user_id), None)
    if found is None:
        raise NotFound
    return found


def own_words(connection: Connection, principal: Principal) -> dict[int, list[str]]:
    """For every user, also former ones, the addresses, numbers and names that are theirs in mail, chats and calendars."""
    mine = select(user.c.id, user.c.email, user.c.name, user.c.preferences).where(
        user.c.workspace_id == principal.workspace_id
    )
    return {
        row.id: [row.email, row.name, *(row.preferences or {}).get("also_me", ())]
        for row in connection.execute(mine.order_by(user.c.id))
    }


def sole_user(connection: Connection, principal: Principal) -> int | None:
    """The only active user, if there is just one."""
    mine = select(user.c.id).where(user.c.workspace_id == principal.workspace_id, user.c.active).limit(2)
    ids = connection.execute(mine).scalars().all()
    return ids[0] if len(ids) == 1 else None


def own_zone(connection: Connection, principal: Principal, user_id: int) -> ZoneInfo:
    """The time zone in which a user lives."""
    mine = select(user.c.time_zone).where(user.c.workspace_id == principal.workspace_id, user.c.id == user_id)
    return ZoneInfo(connection.execute(mine).scalar_one())


def by_email(connection: Connection, principal: Principal, email: str) -> Member:
    """The user with this address, or NotFound with a sentence."""
    wanted = normal_email(email)
    found = next((one for one in members(connection, principal) if one.email == wanted), None)
    if found is None:
        raise NotFound(_("Nobody here has the address {email}.").format(email=email))
    return found


def principal_of(connection: Connection, principal: Principal, user_id: int) -> Principal:
    """The principal that acts for an active user of the same workspace, for mail, plans and the command line."""
    row = connection.execute(
        select(user.c.role, user.c.time_zone, user.c.written, workspace.c.written.label("team_written"))
        .join(workspace, workspace.c.id == user.c.workspace_id)
        .where(user.c.workspace_id == principal.workspace_id, user.c.id == user_id, user.c.active)
    ).one_or_none()
    if row is None:
        raise NotFound
    zones = (principal.zone, ZoneInfo(row.time_zone))
    manner = Manner.of(row.team_written, row.written)
    return Principal(principal.workspace_id, user_id, row.role, *zones, manner)


def manner_of(connection: Connection, workspace_id: int, user_id: int | None) -> Manner:
    """How dates and numbers are written for a user; as it ships for somebody who is not there."""
    row = connection.execute(
        select(workspace.c.written.label("team"), user.c.written)
        .join(workspace, workspace.c.id == user.c.workspace_id)
        .where(user.c.workspace_id == workspace_id, user.c.id == user_id)
    ).one_or_none()
    return AS_IT_SHIPS if row is None else Manner.of(row.team, row.written)


def team_written(connection: Connection, principal: Principal) -> dict[str, str]:
    """What the team has chosen for everybody who chose nothing."""
    mine = select(workspace.c.written).where(workspace.c.id == principal.workspace_id)
    return connection.execute(mine).scalar_one() or {}


def known_by(connection: Connection, email: str) -> list[Any]:
    """The active users with this address, in whichever workspace: rows with workspace_id, id, name, email and team."""
    known = (
        select(user.c.workspace_id, user.c.id, user.c.name, user.c.email, workspace.c.name.label("team"))
        .join(workspace, workspace.c.id == user.c.workspace_id)
        .where(user.c.email == email, user.c.active)
    )
    return list(connection.execute(known))


def workspaces(connection: Connection) -> list[Any]:
    """All workspaces, oldest first: rows with id, name and time_zone."""
    return list(connection.execute(select(workspace).order_by(workspace.c.id)))


def command_line(connection: Connection, workspace_id: int) -> Principal:
    """The principal of the command line: no user, all rights in one workspace."""
    zone = ZoneInfo(
        connection.execute(select(workspace.c.time_zone).where(workspace.c.id == workspace_id)).scalar_one()
    )
    return Principal(workspace_id, None, "admin", zone, zone)


def zone_choices(present: str) -> list[tuple[str, str]]:
    """Zones for a form, as values and labels, and before them the present one where it has another name (US/Eastern)."""
    zones = time_zones()
    other = [present] if present not in zones and present in available_timezones() else []
    return [(zone, zone) for zone in other + zones]


def time_zones() -> list[str]:
    """Names of time zones to choose from, such as Europe/Berlin, and UTC."""
    places = (
        "Africa/",
        "America/",
        "Antarctica/",
        "Arctic/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    )
    return ["UTC", *sorted(name for name in available_timezones() if name.startswith(places))]
