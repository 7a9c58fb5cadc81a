"""Someone contacted since the plan was made drops out by itself: what counts as that."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from crm.domain import channels as packed
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek, local_instant
from crm.storage.tables import interaction, interaction_contact

_BY_ANY_WORD = frozenset({"unanswered", "they_wait", "no_record", "gone_quiet"})
"""Rules that a message settles as well: somebody answered, or the silence is over."""
_BY_ANY_VOICE = _BY_ANY_WORD | {"long_thread"}
"""Rules that a video call settles, though it is digital."""


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


def reached_since(
    connection: Connection, principal: Principal, suggestions: Sequence[Row[Any]], at: datetime
) -> dict[int, list[Reached]]:
    """The reached interactions with the suggested contacts since the earliest plan's day, the oldest first.

    ``suggestions`` are rows with ``contact_id`` and the plan's ``made_at``.
    """
    if not suggestions:
        return {}
    first = min(row.made_at for row in suggestions).astimezone(principal.zone).date()
    log = interaction_contact.c
    rows = connection.execute(
        select(
            log.contact_id,
            log.interaction_id,
            log.occurred_at,
            log.day,
            log.channel,
            log.reach,
            log.flow,
            interaction.c.created_at,
        )
        .join(
            interaction,
            and_(interaction.c.workspace_id == log.workspace_id, interaction.c.id == log.interaction_id),
        )
        .where(
            log.workspace_id == principal.workspace_id,
            log.contact_id.in_({row.contact_id for row in suggestions}),
            log.counts,
            log.occurred_at >= local_instant(first, time(), principal.zone),
            log.occurred_at <= at,
        )
        .order_by(log.contact_id, log.occurred_at, log.interaction_id)
    )
    found: dict[int, list[Reached]] = defaultdict(list)
    for row in rows:
        found[row.contact_id].append(_reached(row))
    return found


def _reached(row: Any) -> Reached:
    return Reached(
        row.interaction_id,
        row.occurred_at,
        row.day,
        row.created_at,
        row.channel,
        personal=bool(row.reach & (packed.MASK * packed.PERSONAL)),
        live=bool(row.flow & (packed.MASK * packed.LIVE)),
    )


def was_contacted(row: Row[Any], reached: Iterable[Reached], principal: Principal) -> Reached | None:
    """The first interaction that made the suggestion needless before its week was over.

    ``row`` has ``monday``, ``rules`` and the plan's ``made_at``. What was logged after the plan was made and happened
    earlier on the plan's own day counts too: a date without a time is noon.
    """
    made_day = row.made_at.astimezone(principal.zone).date()
    over = local_instant(IsoWeek.of(row.monday).next().monday, time(), principal.user_zone)
    for one in reached:
        since = one.occurred_at > row.made_at or (one.day >= made_day and one.logged_at > row.made_at)
        if since and one.occurred_at < over and _answers(one, frozenset(row.rules)):
            return one
    return None


def _answers(one: Reached, rules: frozenset[str]) -> bool:
    return (
        one.personal
        or (bool(rules) and rules <= _BY_ANY_WORD)
        or (one.live and bool(rules) and rules <= _BY_ANY_VOICE)
    )
