"""The outbox: one row a mail, claimed by the database, so that any number of processes send it at most once.

States: *due* → *claimed* → *handing over* → *sent*, or *retry* (later again), *failed*, *unknown*, *held*,
*nothing due*, *skipped*. A claim has a lease and a fence: a process that slept through its lease finds the fence moved
and sends nothing. A crash between the hand-over and the server's answer leaves the mail *handing over*; nobody can know
whether it arrived, so it ends *unknown* and is never sent again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from crm.domain.language import N_
from crm.mail.kept_words import GAVE_UP
from crm.storage.database import Database, new_id
from crm.storage.insertion import insert_unless_there
from crm.storage.tables import mail_hold, outbox, outbox_event

LEASE = timedelta(minutes=3)
"""Longer than the longest delivery, which ends within 60 seconds."""
STALE_AFTER = timedelta(hours=24)
"""A weekly mail is worth sending within a day of its time; after that the week has its own page."""
NOT_IN_TIME = N_("It could not be sent within a day of its time.")
TRIED_ONCE = N_("It could not be sent within a day of its time, despite one attempt.")
GIVEN_UP = N_("It could not be sent within a day of its time, despite several attempts.")
BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240))


class NoMail(Exception):
    """There is nothing to send: ``state`` is *nothing_due* or *skipped*."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


class LostClaim(Exception):
    """Another process has taken this mail over; it must not be sent from here."""


@dataclass(frozen=True)
class Claim:
    """The right to work on one mail until ``until``; ``fence`` proves it in every later step."""

    workspace_id: int
    id: int
    user_id: int
    purpose: str
    week: str
    message_id: str
    due_at: datetime
    fence: int
    attempts: int
    until: datetime


@dataclass(frozen=True)
class Body:
    """A mail as it was rendered, once."""

    to_address: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]


def put(
    connection: Connection,
    *,
    workspace_id: int,
    user_id: int,
    purpose: str,
    week: str,
    to_address: str,
    message_id: str,
    due_at: datetime,
    at: datetime,
    state: str = "due",
    reason: str | None = None,
) -> bool:
    """Put a mail into the outbox; false if this user already has one for this purpose and week."""
    mail_id = new_id(connection)
    row = {
        "workspace_id": workspace_id,
        "id": mail_id,
        "user_id": user_id,
        "purpose": purpose,
        "week": week,
        "message_id": message_id,
        "to_address": to_address,
        "state": state,
        "reason": reason,
        "due_at": due_at,
        "next_try_at": due_at,
        "fence": 0,
        "attempts": 0,
        "changed_at": at,
    }
    if not insert_unless_there(connection, outbox, row, ["workspace_id", "user_id", "purpose", "week"]):
        return False
    _record(connection, workspace_id, mail_id, state, reason, at)
    return True


def claim_next(
    database: Database, at: datetime, process: str, *, only: ColumnElement[bool] | None = None
) -> Claim | None:
    """Claim the mail that has waited longest among those that may be worked on at ``at``; none while mail is held."""
    table = outbox.c
    held = exists().where(mail_hold.c.released_at.is_(None))
    ready = or_(
        and_(table.state.in_(("due", "retry")), table.next_try_at <= at),
        and_(table.state == "claimed", table.claim_until <= at),
    )
    oldest = (
        select(table.workspace_id, table.id)
        .where(ready, ~held)
        .order_by(table.next_try_at, table.id)
        .limit(1)
    )
    if only is not None:
        oldest = oldest.where(only)
    with database.write() as connection:
        if not database.is_sqlite:
            oldest = oldest.with_for_update(skip_locked=True)
        chosen = connection.execute(oldest).one_or_none()
        if chosen is None:
            return None
        return _take(connection, chosen.workspace_id, chosen.id, at, process)


def _take(connection: Connection, workspace_id: int, mail_id: int, at: datetime, process: str) -> Claim:
    row = connection.execute(
        outbox.update()
        .where(outbox.c.workspace_id == workspace_id, outbox.c.id == mail_id)
        .values(
            state="claimed",
            claimed_by=process,
            claim_until=at + LEASE,
            fence=outbox.c.fence + 1,
            attempts=outbox.c.attempts + 1,
            changed_at=at,
        )
        .returning(*outbox.c)
    ).one()
    _record(connection, workspace_id, mail_id, "claimed", None, at)
    return Claim(
        workspace_id,
        mail_id,
        row.user_id,
        row.purpose,
        row.week,
        row.message_id,
        row.due_at,
        row.fence,
        row.attempts,
        row.claim_until,
    )


def body_of(connection: Connection, claim: Claim) -> Body | None:
    """The mail as rendered by an earlier attempt, if there was one."""
    row = connection.execute(select(outbox).where(_is(claim))).one()
    if row.html is None:
        return None
    return Body(row.to_address, row.subject, row.text, row.html, row.headers or {})


def keep_body(connection: Connection, claim: Claim, body: Body) -> None:
    """Keep the rendered mail, so that every attempt sends the same; raises LostClaim."""
    kept = connection.execute(
        outbox.update()
        .where(_held_by(claim))
        .values(
            to_address=body.to_address,
            subject=body.subject,
            text=body.text,
            html=body.html,
            headers=body.headers,
        )
    )
    if kept.rowcount == 0:
        raise LostClaim


def begin_handover(database: Database, claim: Claim, now: Callable[[], datetime]) -> None:
    """The last step before the server may keep the mail; raises LostClaim if the claim is not ours any more."""
    with database.write() as connection:
        at = now()
        if at >= claim.until:
            raise LostClaim
        moved = connection.execute(
            outbox.update()
            .where(_held_by(claim), outbox.c.state == "claimed")
            .values(state="handing_over", claim_until=at + LEASE, changed_at=at)
        )
        if moved.rowcount == 0:
            raise LostClaim
        _record(connection, claim.workspace_id, claim.id, "handing_over", None, at)


def settle(database: Database, claim: Claim, state: str, reason: str | None, at: datetime) -> bool:
    """End the attempt in ``state``; false if another process holds the mail by now.

    A process that was stopped during the hand-over and wakes to find its mail *unknown* still says what it learned.
    """
    values: dict[str, Any] = {"state": state, "reason": reason, "changed_at": at, "claim_until": None}
    if state == "sent":
        values["sent_at"] = at
    if state == "retry":
        values["next_try_at"] = at + BACKOFF[min(claim.attempts, len(BACKOFF)) - 1]
    with database.write() as connection:
        changed = connection.execute(outbox.update().where(_held_by(claim)).values(**values))
        if changed.rowcount == 0:
            return False
        _record(connection, claim.workspace_id, claim.id, state, reason, at)
    return True


def retry_or_give_up(claim: Claim, reply: str, at: datetime) -> tuple[str, str]:
    """The state and reason after a temporary fault: try again, unless the advice would be stale by then."""
    next_try = at + BACKOFF[min(claim.attempts, len(BACKOFF)) - 1]
    if next_try > claim.due_at + STALE_AFTER:
        pattern = GAVE_UP[claim.attempts != 1]
        return "failed", pattern.format(n=claim.attempts, said=reply)
    return "retry", reply


def sweep(database: Database, at: datetime, *, only: ColumnElement[bool] | None = None) -> None:
    """Settle what nobody works on any more: hand-overs that broke off, and mails too late to be worth sending."""
    table = outbox.c
    broken_off = and_(table.state == "handing_over", table.claim_until <= at)
    waiting = or_(table.state.in_(("due", "retry")), and_(table.state == "claimed", table.claim_until <= at))
    late = and_(waiting, table.due_at <= at - STALE_AFTER)
    if only is not None:
        broken_off, late = and_(broken_off, only), and_(late, only)
    with database.read() as connection:
        if connection.execute(select(table.id).where(or_(broken_off, late)).limit(1)).first() is None:
            return
    with database.write() as connection:
        move(
            connection,
            broken_off,
            "unknown",
            N_(
                "The process stopped while the mail was being handed over, so it may or may not have "
                "arrived. It will not be sent again."
            ),
            at,
        )
        move(
            connection,
            and_(late, table.attempts == 0),
            "skipped",
            NOT_IN_TIME,
            at,
        )
        move(connection, and_(late, table.attempts == 1), "failed", TRIED_ONCE, at)
        move(connection, late, "failed", GIVEN_UP, at)


def move(
    connection: Connection, which: ColumnElement[bool], state: str, reason: str | None, at: datetime
) -> int:
    """Put the mails that ``which`` describes into ``state``; returns how many."""
    moved = connection.execute(
        outbox.update()
        .where(which)
        .values(state=state, reason=reason, changed_at=at, claim_until=None)
        .returning(outbox.c.workspace_id, outbox.c.id)
    ).all()
    for row in moved:
        _record(connection, row.workspace_id, row.id, state, reason, at)
    return len(moved)


def _is(claim: Claim) -> ColumnElement[bool]:
    return and_(outbox.c.workspace_id == claim.workspace_id, outbox.c.id == claim.id)


def _held_by(claim: Claim) -> ColumnElement[bool]:
    return and_(_is(claim), outbox.c.fence == claim.fence)


def _record(
    connection: Connection, workspace_id: int, mail_id: int, state: str, reason: str | None, at: datetime
) -> None:
    connection.execute(
        outbox_event.insert(),
        {
            "workspace_id": workspace_id,
            "id": new_id(connection),
            "outbox_id": mail_id,
            "state": state,
            "reason": reason,
            "at": at,
        },
    )
