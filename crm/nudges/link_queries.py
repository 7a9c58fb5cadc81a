"""What a mail's link is about, read afresh at every visit: the user, the suggestion and how both stand."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from crm.accounts.schedules import zone_of
from crm.domain import rules
from crm.domain.channels import Channel, by_key
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.manner import Manner
from crm.domain.principal import EDITORS, Principal
from crm.domain.weeks import IsoWeek
from crm.domain.whatif import once_more
from crm.errors import NotFound
from crm.interactions.queries import channels
from crm.nudges.due import DIGEST, PURPOSE
from crm.nudges.links import STOP_DIGEST, STOPS, Gone, Link
from crm.planning.actions import last_swap
from crm.planning.queries import Suggested, plan_of, suggested
from crm.storage.metrics import rows_of
from crm.storage.stored_metrics import scope_of
from crm.storage.tables import contact, outbox, user, workspace

VIA = "mail"
"""How an answer that a link gave is kept."""
NOBODY = N_("This link was mailed to somebody who is no longer on the team, so it no longer does anything.")
NO_PLAN = N_("This link was mailed to somebody who no longer has a weekly plan, so it does nothing.")
NO_SUGGESTION = N_("What this link is about is no longer there. The week's page shows what is open now.")


@dataclass(frozen=True)
class Addressee:
    """The user a link was mailed to, whoever opens it; ``mailed_on`` is the day of the mail in their zone."""

    principal: Principal
    name: str
    nudge_on: bool
    digest_on: bool
    mailed_on: date | None


@dataclass(frozen=True)
class Foreseen:
    """What logging the act would do: the score before and after, where there is one."""

    before: int | None
    after: int | None


def addressee(connection: Connection, link: Link) -> Addressee:
    """Who the link was mailed to; Gone where they cannot act any more."""
    row = connection.execute(
        select(user, workspace.c.time_zone.label("team_zone"), workspace.c.written.label("team_written"))
        .join(workspace, workspace.c.id == user.c.workspace_id)
        .where(user.c.workspace_id == link.workspace_id, user.c.id == link.user_id)
    ).one_or_none()
    if row is None or not row.active:
        raise Gone(_(NOBODY))
    if row.role not in EDITORS and link.verb not in STOPS:
        raise Gone(_(NO_PLAN))
    zone = zone_of(row.time_zone)
    manner = Manner.of(row.team_written, row.written)
    principal = Principal(link.workspace_id, row.id, row.role, ZoneInfo(row.team_zone), zone, manner)
    return Addressee(principal, row.name, row.nudge_on, row.digest_on, _mailed_on(connection, link, zone))


def _mailed_on(connection: Connection, link: Link, zone: ZoneInfo) -> date | None:
    sent = connection.execute(
        select(outbox.c.sent_at, outbox.c.due_at).where(
            outbox.c.workspace_id == link.workspace_id,
            outbox.c.user_id == link.user_id,
            outbox.c.purpose == (DIGEST if link.verb == STOP_DIGEST else PURPOSE),
            outbox.c.week == link.week,
        )
    ).one_or_none()
    return None if sent is None else (sent.sent_at or sent.due_at).astimezone(zone).date()


def suggestion_of(connection: Connection, who: Addressee, link: Link, at: datetime) -> Suggested:
    """The suggestion as it stands; Gone where it, or the person it is about, is not there any more."""
    try:
        found = suggested(connection, who.principal, link.suggestion_id, at)
    except NotFound:
        raise Gone(_(NO_SUGGESTION)) from None
    row = connection.execute(
        select(contact.c.archived_at, contact.c.deceased_on).where(
            contact.c.workspace_id == link.workspace_id, contact.c.id == found.contact.id
        )
    ).one()
    if row.archived_at is not None or row.deceased_on is not None:
        raise Gone(_(NO_SUGGESTION))
    return found


def way_of(connection: Connection, principal: Principal, act: str) -> Channel | None:
    """The channel that an act is logged by, unless the workspace has taken it away."""
    return by_key(channels(connection, principal)).get(channel_of(act))


def channel_of(act: str) -> str:
    """The key of the channel that an act is logged by."""
    return rules.CHANNELS_OF_ACTS[act]


def direction_of(act: str) -> str:
    """The direction that an act is logged with."""
    return rules.direction_of(channel_of(act))


def foreseen(connection: Connection, principal: Principal, one: Suggested, at: datetime) -> Foreseen:
    """The score now, and after the act."""
    way = way_of(connection, principal, one.act)
    scope = scope_of(connection, principal, at, [one.contact.id])
    rows = rows_of(connection, scope)
    if not rows or way is None:
        return Foreseen(None, None)
    facts: dict[str, Any] = dict(rows[0])
    after = once_more(facts, scope.targets, way, direction=direction_of(one.act))
    return Foreseen(_points(facts.get("score")), _points(after.get("score")))


def _points(value: Any) -> int | None:
    return None if value is None else int(value)


def swapped_by(connection: Connection, principal: Principal, link: Link) -> int | None:
    """The answer by which this link, of whichever mail, swapped its suggestion to its act, while it can be taken back:
    neither undone nor swapped again since."""
    newest = last_swap(connection, principal, link.suggestion_id)
    return newest.id if newest and (newest.via, newest.to_act) == (VIA, link.act) else None


def left_open(connection: Connection, principal: Principal, week: str, at: datetime) -> int:
    """How many of the week's suggestions still wait."""
    plan = plan_of(connection, principal, IsoWeek.parse(week), at)
    return len(plan.open) if plan else 0
