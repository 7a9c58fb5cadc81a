"""Someone contacted since the plan was made drops out by itself: what counts as that."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, select

from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek, local_instant
from crm.storage.participation import counted, is_live, is_personal
from crm.storage.statements import built_once
from crm.storage.tables import interaction, interaction_contact

_BY_ANY_WORD = frozenset({"unanswered", "they_wait", "no_record", "gone_quiet"})
"""Rules that a message settles as well: somebody answered, or the silence is over."""
_BY_ANY_VOICE = _BY_ANY_WORD | {"long_thread"}
"""Rules that a video call settles, though it is digital."""
_STILL_DUE = frozenset({"promise_due", "important_ask", "occasion", "thank_you", "they_wait", "long_thread"})
"""Rules whose matter stands although there was personal contact shortly before the plan."""
LATE_DAYS = 30
"""How far before its plan what is written down late still settles a suggestion: a busy month caught up on."""


@dataclass(frozen=True)
class Reached:
    """One reached interaction with a contact."""

    interaction_id: int
    occurred_at: datetime
    day: date
    logged_at: datetime
    channel: str
    personal: bool
    live: bool

    def was_told_late(self, made_at: datetime, zone: tzinfo) -> bool:
        """Whether it happened before the day of a suggestion made at ``made_at`` and was logged only after that."""
        return self.day < made_at.astimezone(zone).date() and self.logged_at > made_at


def reached_since(
    connection: Connection, principal: Principal, suggestions: Sequence[Row[Any]], at: datetime
) -> dict[int, list[Reached]]:
    """The reached interactions with the suggested contacts since `LATE_DAYS` before the earliest was made, the oldest first.

    ``suggestions`` are rows with ``contact_id`` and ``made_at``.
    """
    if not suggestions:
        return {}
    first = min(row.made_at for row in suggestions).astimezone(principal.zone).date() - timedelta(LATE_DAYS)
    ids = list({row.contact_id for row in suggestions})
    since = local_instant(first, time(), principal.zone)
    found: dict[int, list[Reached]] = defaultdict(list)
    for row in connection.execute(*_reached_between(principal.workspace_id, ids, since, at)):
        found[row.contact_id].append(_reached(row))
    return found


def were_reached(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], since: datetime, at: datetime
) -> set[int]:
    """Which of these contacts were reached after ``since``."""
    rows = connection.execute(*_reached_between(principal.workspace_id, list(contact_ids), since, at))
    return {row.contact_id for row in rows if row.occurred_at > since}


@built_once
def _reached_between(whose: Any, ids: Any, since: Any, at: Any) -> Select[Any]:
    log = interaction_contact.c
    return (
        select(
            log.contact_id,
            log.interaction_id,
            log.occurred_at,
            log.day,
            log.channel,
            is_personal(log).label("personal"),
            is_live(log).label("live"),
            interaction.c.created_at,
        )
        .join(
            interaction,
            and_(interaction.c.workspace_id == log.workspace_id, interaction.c.id == log.interaction_id),
        )
        .where(*counted(whose, ids, at, log), log.occurred_at >= since)
        .order_by(log.contact_id, log.occurred_at, log.interaction_id)
    )


def _reached(row: Any) -> Reached:
    return Reached(
        row.interaction_id,
        row.occurred_at,
        row.day,
        row.created_at,
        row.channel,
        personal=bool(row.personal),
        live=bool(row.live),
    )


def was_contacted(row: Row[Any], reached: Iterable[Reached], principal: Principal) -> Reached | None:
    """The first interaction that made the suggestion needless before its week was over.

    ``row`` has ``monday``, ``rules`` and ``made_at``. What was logged after it was planned and happened earlier on the same
    day counts too: a date without a time is noon. So does personal contact of the
    `LATE_DAYS` before, logged only after it was planned, unless something else is due.
    """
    rules = frozenset(row.rules)
    over = local_instant(IsoWeek.of(row.monday).next().monday, time(), principal.user_zone)
    earliest = principal.team_day(row.made_at) - timedelta(LATE_DAYS)
    for one in reached:
        if one.day < earliest or one.occurred_at >= over:
            continue
        if one.was_told_late(row.made_at, principal.zone):
            settles = one.personal and not rules & _STILL_DUE
        else:
            settles = (one.occurred_at > row.made_at or one.logged_at > row.made_at) and _answers(one, rules)
        if settles:
            return one
    return None


def _answers(one: Reached, rules: frozenset[str]) -> bool:
    return (
        one.personal
        or (bool(rules) and rules <= _BY_ANY_WORD)
        or (one.live and bool(rules) and rules <= _BY_ANY_VOICE)
    )
