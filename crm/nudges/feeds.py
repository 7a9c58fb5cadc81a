"""A user's secret calendar address: made, replaced, ended, and read by whoever has it."""

import secrets
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select

from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.principal import EDITORS, Principal
from crm.errors import NotFound
from crm.planning.home import require_planner
from crm.storage.tables import plan_feed, user, workspace
from crm.web.sessions import hash_token

ENDED = N_("This calendar address is no longer in use. Its owner can make a new one under Settings.")


def make_feed(connection: Connection, principal: Principal, at: datetime) -> str:
    """A new address's token, told this once: the database keeps its hash. An earlier one ends."""
    end_feed(connection, principal)
    token = secrets.token_urlsafe(32)
    values = {"workspace_id": principal.workspace_id, "user_id": require_planner(principal)}
    connection.execute(insert(plan_feed).values(**values, token_hash=hash_token(token), created_at=at))
    return token


def end_feed(connection: Connection, principal: Principal) -> None:
    """Whoever had the address reads nothing any more."""
    connection.execute(
        delete(plan_feed).where(
            plan_feed.c.workspace_id == principal.workspace_id,
            plan_feed.c.user_id == require_planner(principal),
        )
    )


def feed_since(connection: Connection, principal: Principal) -> datetime | None:
    """When the user's address was made; none where there is none."""
    return connection.execute(
        select(plan_feed.c.created_at).where(
            plan_feed.c.workspace_id == principal.workspace_id, plan_feed.c.user_id == principal.user_id
        )
    ).scalar_one_or_none()


def reader_of(connection: Connection, token: str) -> Principal:
    """The active user with a plan whose address this is; NotFound for every other token."""
    row = connection.execute(
        select(
            user.c.workspace_id, user.c.id, user.c.role, user.c.time_zone, workspace.c.time_zone.label("zone")
        )
        .select_from(plan_feed)
        .join(user, (user.c.workspace_id == plan_feed.c.workspace_id) & (user.c.id == plan_feed.c.user_id))
        .join(workspace, workspace.c.id == plan_feed.c.workspace_id)
        .where(plan_feed.c.token_hash == hash_token(token), user.c.active, user.c.role.in_(EDITORS))
    ).one_or_none()
    if row is None:
        raise NotFound(_(ENDED))
    return Principal(row.workspace_id, row.id, row.role, ZoneInfo(row.zone), ZoneInfo(row.time_zone))
