"""The user's own replies to the weekly mail: what waits for an answer, and what became of the last ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, select

from crm.domain.channels import Outcome
from crm.domain.mail_reply import Part, happened
from crm.domain.principal import Principal
from crm.domain.quick_line import QuickLine
from crm.domain.told import heard_in, written_out
from crm.domain.weeks import IsoWeek
from crm.errors import NotFound
from crm.inbox.replies import said_in
from crm.interactions.queries import Person, called, named
from crm.planning.queries import Suggested, plan_of
from crm.storage.statements import built_once
from crm.storage.tables import contact, interaction, mail_reply

PAGE = 30
SHOWN_DONE = 20


@dataclass(frozen=True)
class WaitingReply:
    """One thing that somebody wrote and that is not certain. ``choices``: whom it may be about; ``also``: whom it names
    besides. ``day``, ``outcome`` and ``kept`` are as it says; no outcome where it is not clear that it happened."""

    id: int
    text: str
    written_at: datetime
    why: str
    contact_id: int | None
    channel: str | None
    choices: tuple[Person, ...]
    also: tuple[Person, ...]
    day: date
    outcome: Outcome | None
    kept: str


@dataclass(frozen=True)
class SettledReply:
    """One thing that was logged, or dropped. ``channel``, ``attempted`` (nobody answered) and ``name`` are of what was logged,
    while it is in the log."""

    id: int
    text: str
    written_at: datetime
    state: str
    channel: str | None
    attempted: bool
    name: str | None
    interaction_id: int | None


def _mine(principal: Principal) -> tuple[Any, Any]:
    return (mail_reply.c.workspace_id == principal.workspace_id, mail_reply.c.user_id == principal.user_id)


def waiting_count(connection: Connection, principal: Principal) -> int:
    """How many replies of the user wait for an answer."""
    return int(connection.execute(*_number_waiting(principal.workspace_id, principal.user_id)).scalar_one())


@built_once
def _number_waiting(whose: Any, user_id: Any) -> Select[Any]:
    mine = (mail_reply.c.workspace_id == whose, mail_reply.c.user_id == user_id)
    return select(func.count()).select_from(mail_reply).where(*mine, mail_reply.c.state == "waiting")


def waiting(connection: Connection, principal: Principal, at: datetime) -> list[WaitingReply]:
    """Those that wait, the oldest first."""
    rows = connection.execute(
        select(mail_reply)
        .where(*_mine(principal), mail_reply.c.state == "waiting")
        .order_by(mail_reply.c.id)
        .limit(PAGE)
    ).all()
    in_week: dict[str, Sequence[Person]] = {}
    for week in dict.fromkeys(row.week for row in rows):
        ids = [one.contact.id for one in suggested_in(connection, principal, week, at)]
        in_week[week] = named(connection, principal, ids)
    return [_waiting(connection, principal, row, in_week[row.week]) for row in rows]


def suggested_in(
    connection: Connection, principal: Principal, week: str, at: datetime
) -> Sequence[Suggested]:
    """What that week suggested to the user."""
    plan = plan_of(connection, principal, IsoWeek.parse(week), at)
    return plan.suggestions if plan else ()


def said_by(
    connection: Connection, principal: Principal, row: Row[Any], in_week: Collection[int]
) -> QuickLine:
    """What a reply says, read again as on the day it was written; its people are first looked for ``in_week``."""
    day = principal.own_day(row.written_at)
    return said_in(connection, principal, Part(row.text), in_week, day)


def outcome_of(row: Row[Any], said: QuickLine) -> Outcome | None:
    """Whether they were reached; None where it does not say that for certain."""
    if not happened(Part(row.text), said):
        return None
    return "attempted" if said.outcome == "attempted" else "reached"


def _waiting(
    connection: Connection, principal: Principal, row: Row[Any], in_week: Sequence[Person]
) -> WaitingReply:
    said = said_by(connection, principal, row, {one.id for one in in_week})
    ids = [*([row.contact_id] if row.contact_id else ()), *said.people]
    meant = named(connection, principal, ids)
    maybe = [one for name in said.unclear for one in called(connection, principal, name)]
    is_with_them = row.contact_id is not None or bool(said.unclear)
    return WaitingReply(
        row.id,
        row.text,
        row.written_at,
        row.why or "who",
        row.contact_id,
        row.channel,
        choices=tuple({one.id: one for one in (*meant, *maybe, *in_week)}.values()),
        also=tuple(one for one in meant if is_with_them and one.id != row.contact_id),
        day=said.day or principal.own_day(row.written_at),
        outcome=outcome_of(row, said),
        kept=_kept(principal, row, said),
    )


def _kept(principal: Principal, row: Row[Any], said: QuickLine) -> str:
    """What of it is kept, as its writer may change it: all of it where it names somebody who may be nobody here."""
    remark, heard = said.remark, said.heard
    if said.unclear:
        remark, heard = heard_in(Part(row.text).line, principal.own_day(row.written_at))
    return "\n".join(filter(None, (remark, *written_out(heard))))


def settled(connection: Connection, principal: Principal) -> list[SettledReply]:
    """The last ones that were logged or dropped, newest first; those about somebody erased since say nothing any more."""
    logged = and_(
        interaction.c.workspace_id == mail_reply.c.workspace_id,
        interaction.c.id == mail_reply.c.interaction_id,
        interaction.c.deleted_at.is_(None),
    )
    who = and_(contact.c.workspace_id == mail_reply.c.workspace_id, contact.c.id == mail_reply.c.contact_id)
    rows = connection.execute(
        select(
            mail_reply,
            contact.c.name,
            interaction.c.channel.label("way"),
            interaction.c.outcome,
            interaction.c.id.label("log_id"),
        )
        .outerjoin(interaction, logged)
        .outerjoin(contact, who)
        .where(*_mine(principal), mail_reply.c.state != "waiting", mail_reply.c.text != "")
        .order_by(mail_reply.c.changed_at.desc(), mail_reply.c.id.desc())
        .limit(SHOWN_DONE)
    )
    return [
        SettledReply(
            row.id,
            row.text,
            row.written_at,
            row.state,
            row.way,
            row.outcome == "attempted",
            row.name,
            row.log_id,
        )
        for row in rows
    ]


def own_reply(connection: Connection, principal: Principal, reply_id: int) -> Row[Any]:
    """One of the user's own, locked until the end of the transaction; NotFound for anybody else's, and for one that says
    nothing any more."""
    mine = select(mail_reply).where(*_mine(principal), mail_reply.c.id == reply_id).with_for_update()
    row = connection.execute(mine).one_or_none()
    if row is None or not row.text:
        raise NotFound
    return row
