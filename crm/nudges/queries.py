"""What the heartbeat page shows: does the mail really go out? Admins see everybody's, the others their own."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select

from crm.domain import mailbox_words
from crm.domain.language import gettext as _
from crm.domain.principal import EDITORS, Principal
from crm.domain.weeks import IsoWeek
from crm.errors import NotFound
from crm.nudges.due import PURPOSE, Recipient
from crm.nudges.outbox import STALE_AFTER
from crm.storage.tables import inbox, outbox, outbox_event, scheduler_pulse, user

WEEKS_SHOWN = 12
PAGE = 30
ALIVE_FOR = timedelta(minutes=3)
"""The clock ticks every half minute; a process that was silent for six ticks has stopped or hangs."""

WAITING = ("due", "claimed", "handing_over", "retry", "held")
MARKS = {
    "sent": "sent",
    "failed": "failed",
    "unknown": "unknown",
    "nothing_due": "nothing",
    "skipped": "skipped",
    **dict.fromkeys(WAITING, "waiting"),
}
FILTERS = {"waiting": WAITING, "failed": ("failed",), "unknown": ("unknown",), "skipped": ("skipped",)}


@dataclass(frozen=True)
class Mail:
    """One mail of the outbox. Subject and words are there for its own user only: a plan is nobody else's to read."""

    id: int
    user_id: int
    name: str
    purpose: str
    week: str
    state: str
    mark: str
    reason: str | None
    subject: str | None
    text: str | None
    message_id: str
    due_at: datetime
    next_try_at: datetime | None
    changed_at: datetime
    sent_at: datetime | None
    attempts: int

    @property
    def may_stop(self) -> bool:
        """Whether it waits, and nobody works on it."""
        return self.state in ("due", "retry")

    def may_go_again(self, at: datetime) -> bool:
        """Whether somebody may decide that it is sent after all: the advice is fresh, and it did not surely arrive."""
        return self.state in ("failed", "unknown", "skipped") and self.due_at > at - STALE_AFTER

    @property
    def moment(self) -> datetime:
        """When it was sent, is tried next, or came to its state."""
        if self.state in ("due", "retry") and self.next_try_at is not None:
            return self.next_try_at
        return self.sent_at or self.changed_at


@dataclass(frozen=True)
class Beat:
    """One user's mail: when it goes out, how the past weeks went, and when the next one is due.

    ``weeks`` are (week, mark or none), oldest first. Without ``goes_out`` there is ``why_not``.
    """

    user_id: int
    name: str
    goes_out: Recipient | None
    why_not: str | None
    weeks: tuple[tuple[str, str | None], ...]
    last_sent: datetime | None
    last_failed: datetime | None
    next_run: datetime | None


@dataclass(frozen=True)
class Clock:
    """The processes that look for what is due: how many do, and when one last did."""

    alive: int
    seen_at: datetime | None


def _visible(principal: Principal) -> ColumnElement[bool]:
    here = outbox.c.workspace_id == principal.workspace_id
    return here if principal.may_administer else and_(here, outbox.c.user_id == principal.user_id)


def mails_before(
    connection: Connection, principal: Principal, which: str | None, before: int | None
) -> list[Mail]:
    """The newest mails, at most a page and one; ``before`` is the id of the last one shown, ``which`` one of FILTERS."""
    asked = _mails(principal).order_by(outbox.c.id.desc()).limit(PAGE + 1)
    if which is not None:
        asked = asked.where(outbox.c.state.in_(FILTERS[which]))
    if before is not None:
        asked = asked.where(outbox.c.id < before)
    return [_mail(row, principal) for row in connection.execute(asked)]


def _mails(principal: Principal) -> Select[Any]:
    same = and_(user.c.workspace_id == outbox.c.workspace_id, user.c.id == outbox.c.user_id)
    return select(outbox, user.c.name).join(user, same).where(_visible(principal))


def _mail(row: Row[Any], principal: Principal) -> Mail:
    is_theirs = row.user_id == principal.user_id
    has_words = row.html is not None  # of one that may have named somebody erased only its links are left
    return Mail(
        row.id,
        row.user_id,
        row.name,
        row.purpose,
        row.week,
        row.state,
        MARKS[row.state],
        row.reason,
        row.subject if is_theirs else None,
        row.text if is_theirs and has_words else None,
        row.message_id,
        row.due_at,
        row.next_try_at,
        row.changed_at,
        row.sent_at,
        row.attempts,
    )


@dataclass(frozen=True)
class Step:
    """One state a mail came to, when, and why."""

    state: str
    reason: str | None
    at: datetime


def one_mail(connection: Connection, principal: Principal, mail_id: int) -> tuple[Mail, list[Step]]:
    """A mail and its steps, oldest first; NotFound for others' mail, unless an admin asks."""
    row = connection.execute(_mails(principal).where(outbox.c.id == mail_id)).one_or_none()
    if row is None:
        raise NotFound
    steps = connection.execute(
        select(outbox_event)
        .where(outbox_event.c.workspace_id == principal.workspace_id, outbox_event.c.outbox_id == mail_id)
        .order_by(outbox_event.c.id)
    )
    return _mail(row, principal), [Step(one.state, one.reason, one.at) for one in steps]


def counts(connection: Connection, principal: Principal) -> dict[str, int]:
    """How many mails each filter has."""
    rows = connection.execute(
        select(outbox.c.state, func.count()).where(_visible(principal)).group_by(outbox.c.state)
    )
    found = {row[0]: int(row[1]) for row in rows}
    return {which: sum(found.get(state, 0) for state in states) for which, states in FILTERS.items()}


def beats(connection: Connection, principal: Principal, at: datetime) -> list[Beat]:
    """Everybody's mail (for others than admins: one's own), by name."""
    people = select(user).where(user.c.workspace_id == principal.workspace_id, user.c.active)
    if not principal.may_administer:
        people = people.where(user.c.id == principal.user_id)
    rows = connection.execute(people.order_by(func.lower(user.c.name), user.c.id)).all()
    week = IsoWeek.of(principal.own_day(at))
    weeks = [week]
    while len(weeks) < WEEKS_SHOWN:
        weeks.append(weeks[-1].previous())
    states = _states(connection, principal, str(weeks[-1]))
    is_begun = any(str(week.next()) in those for those in states.values())  # by a mail of the weekend before
    shown = [week.next(), *weeks[:-1]] if is_begun else weeks
    ends = _ends(connection, principal)
    return [_beat(row, [str(one) for one in reversed(shown)], states[row.id], ends, at) for row in rows]


def _states(connection: Connection, principal: Principal, oldest: str) -> dict[int, dict[str, Row[Any]]]:
    found: dict[int, dict[str, Row[Any]]] = defaultdict(dict)
    rows: Iterable[Row[Any]] = connection.execute(
        select(outbox.c.user_id, outbox.c.week, outbox.c.state, outbox.c.next_try_at).where(
            _visible(principal), outbox.c.purpose == PURPOSE, outbox.c.week >= oldest
        )
    )
    for row in rows:
        found[row.user_id][row.week] = row
    return found


def _ends(connection: Connection, principal: Principal) -> dict[tuple[int, str], datetime]:
    """(user, *sent* or *failed*) → when that last happened."""
    rows = connection.execute(
        select(outbox.c.user_id, outbox.c.state, func.max(outbox.c.changed_at).label("last"))
        .where(_visible(principal), outbox.c.purpose == PURPOSE, outbox.c.state.in_(("sent", "failed")))
        .group_by(outbox.c.user_id, outbox.c.state)
    )
    return {(row.user_id, row.state): row.last for row in rows}


def _beat(
    row: Row[Any],
    shown: list[str],
    states: dict[str, Row[Any]],
    ends: dict[tuple[int, str], datetime],
    at: datetime,
) -> Beat:
    why_not = None
    if row.role not in EDITORS:
        why_not = _("Viewer: no plan, so no mail")
    elif not row.nudge_on:
        why_not = _("Switched off in the settings")
    goes_out = Recipient.of(row) if why_not is None else None
    return Beat(
        row.id,
        row.name,
        goes_out,
        why_not,
        tuple((week, MARKS[states[week].state] if week in states else None) for week in shown),
        ends.get((row.id, "sent")),
        ends.get((row.id, "failed")),
        _next_run(goes_out, states, at) if goes_out else None,
    )


def _next_run(recipient: Recipient, states: dict[str, Row[Any]], at: datetime) -> datetime:
    waiting = [
        row.next_try_at for row in states.values() if row.state in ("due", "retry") and row.next_try_at
    ]
    return min(waiting, default=recipient.next_run(states, at))


def clock_of(connection: Connection, at: datetime) -> Clock:
    """How the clocks tick."""
    seen = connection.execute(select(scheduler_pulse.c.seen_at)).scalars().all()
    return Clock(sum(one > at - ALIVE_FOR for one in seen), max(seen, default=None))


def mailbox_of(connection: Connection, place: str) -> tuple[str, datetime | None]:
    """How the last reading of the mailbox that mail comes back to ended, and when one last went well."""
    mine = select(inbox.c.state, inbox.c.read_at).where(inbox.c.place == place)
    row = connection.execute(mine).one_or_none()
    return (row.state, row.read_at) if row else (mailbox_words.WAITING, None)
