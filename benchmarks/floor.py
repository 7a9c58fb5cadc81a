"""Plain SQL as somebody would write it by hand: all metrics with a sum each, all rules in one WHERE."""

from typing import Any

from crm.domain.metrics import WINDOWS
from crm.storage.metrics import Scope
from crm.storage.types import to_micros

PERSONAL = "('phone','meeting','lunch','visit','event','note','gift')"
IN_PERSON = "('meeting','lunch','visit','event')"
LIVE = "('video','phone','meeting','lunch','visit','event')"

SORTS = {
    "total": "1=1",
    "personal": f"channel IN {PERSONAL}",
    "digital": f"channel NOT IN {PERSONAL}",
    "in_person": f"channel IN {IN_PERSON}",
    "live": f"channel IN {LIVE}",
    "inbound": "direction = 'inbound'",
    "outbound": "direction = 'outbound'",
}
PRIOR = "day > :today - 455 AND day <= :today - 90"


def _sum(condition: str, is_sqlite: bool) -> str:
    """Each database in its own quickest way."""
    return f"SUM({condition})" if is_sqlite else f"COUNT(*) FILTER (WHERE {condition})"


def all_metrics(is_sqlite: bool) -> str:
    """All metrics but score, zone, targets, dates, asks and promises, which ours work out as well."""
    sums = ",\n".join(
        f"{_sum(f'day > :today - {days} AND {condition}', is_sqlite)} AS {name}_{days}"
        for name, condition in SORTS.items()
        for days in WINDOWS
    )
    memory = "180.0" if is_sqlite else "CAST(180 AS double precision)"
    # PostgreSQL would keep the log as a table without an index, and read all of it twice for each person.
    kept = "" if is_sqlite else "NOT MATERIALIZED "
    return f"""
WITH log AS {kept}(
  SELECT contact_id, occurred_at, day, channel, direction FROM interaction_contact
  WHERE workspace_id = :workspace AND counts AND occurred_at <= :at
), facts AS (
  SELECT contact_id, MAX(day) AS last_day, MIN(day) AS first_day,
    MAX(CASE WHEN channel IN {PERSONAL} THEN day END) AS personal_day,
    MAX(CASE WHEN channel IN {PERSONAL} THEN occurred_at END) AS personal_at,
    MAX(CASE WHEN channel IN {IN_PERSON} THEN day END) AS in_person_day,
    MAX(CASE WHEN channel IN {LIVE} THEN day END) AS live_day,
    MAX(CASE WHEN direction = 'outbound' AND channel NOT IN {PERSONAL} THEN occurred_at END) AS outbound_at,
    MAX(CASE WHEN direction <> 'outbound' OR channel IN {LIVE} THEN occurred_at END) AS answer_at,
    MAX(CASE WHEN direction <> 'inbound' OR channel IN {LIVE} THEN occurred_at END) AS response_at,
    {_sum(PRIOR, is_sqlite)} AS prior_total,
    {_sum(f"{PRIOR} AND channel IN {PERSONAL}", is_sqlite)} AS prior_personal,
    {sums}
  FROM log GROUP BY contact_id
), gaps AS (
  SELECT contact_id, day, day - LAG(day) OVER (PARTITION BY contact_id ORDER BY day) AS gap
  FROM (SELECT DISTINCT contact_id, day FROM log)
), rhythm AS (
  SELECT contact_id, COUNT(*) - 1 AS gaps, SUM(EXP((day - :today) / {memory})) AS strength,
    SUM(CASE WHEN gap IS NOT NULL THEN EXP((day - :today) / {memory}) * LN(gap) END) AS gap_log,
    SUM(CASE WHEN gap IS NOT NULL THEN EXP((day - :today) / {memory}) END) AS gap_weight
  FROM gaps GROUP BY contact_id
)
SELECT c.id AS contact_id, :today - facts.last_day AS days_since_any, facts.*, rhythm.*,
  (SELECT COUNT(*) FROM log WHERE log.contact_id = c.id AND log.occurred_at > COALESCE(facts.personal_at, 0))
    AS digital_streak,
  (SELECT MIN(day) FROM log WHERE log.contact_id = c.id AND log.occurred_at > COALESCE(facts.response_at, 0)
    AND direction = 'inbound' AND channel NOT IN {PERSONAL}) AS waiting_day
FROM contact c LEFT JOIN facts ON facts.contact_id = c.id LEFT JOIN rhythm ON rhythm.contact_id = c.id
WHERE c.workspace_id = :workspace
"""


RULES = {
    "screen_only": "c.tier = 'key' AND digital_180 >= 3 AND personal_180 = 0 AND known_days >= 60",
    "never_met": "c.tier = 'key' AND overdue_in_person IS NOT NULL AND known_days >= 90"
    " AND days_since_in_person IS NULL AND total_365 >= 1",
    "gone_digital": "c.tier IN ('key','regular') AND total_90 >= 3 AND digital_90 >= 0.8 * total_90"
    " AND prior_total_365 >= 4 AND prior_personal_365 >= prior_total_365 / 2.0",
    "in_person_overdue": "c.tier = 'key' AND overdue_in_person > 1 AND days_since_in_person IS NOT NULL",
    "gone_quiet": "c.tier IN ('key','regular') AND zone = 'gone_quiet'",
    "no_record": "c.tier IN ('key','regular') AND zone = 'no_record'",
    "unanswered": "c.tier IN ('key','regular') AND unanswered_days BETWEEN 5 AND 60",
    "they_wait": "c.tier IN ('key','regular') AND waiting_days BETWEEN 5 AND 60",
    "long_thread": "c.tier IN ('key','regular') AND digital_7 >= 8 AND live_7 = 0",
    "occasion": "c.tier IN ('key','regular') AND days_to_date <= 14",
    "important_ask": "days_to_ask <= 21 OR oldest_ask_days >= 14",
    "promise_due": "days_to_our_promise <= 3",
    "thank_you": "c.tier IN ('key','regular','warm') AND days_since_favour <= 7",
    "renewal": "c.tier IN ('key','regular') AND days_to_renewal <= 60 AND personal_90 = 0",
}
"""The rules that ship, as somebody would write them by hand over stored metrics."""
_MASK = " + ".join(
    f"CASE WHEN {condition} THEN {1 << place} ELSE 0 END" for place, condition in enumerate(RULES.values())
)
ALL_RULES = f"""
SELECT m.contact_id, {_MASK} AS reasons
FROM contact_metrics m JOIN contact c ON c.workspace_id = m.workspace_id AND c.id = m.contact_id
WHERE m.workspace_id = :workspace AND ({" OR ".join(f"({condition})" for condition in RULES.values())})
"""


def parameters(scope: Scope) -> dict[str, Any]:
    """The values of the statement for a scope."""
    return {
        "workspace": scope.workspace_id,
        "at": to_micros(scope.at),
        "today": scope.today.toordinal(),
    }


def agree(ours: Any, plain: Any) -> None:
    """Both count the same, or the comparison means nothing."""
    names = [f"{name}_{days}" for name in SORTS for days in WINDOWS]
    theirs = {row._mapping["contact_id"]: row._mapping for row in plain}
    for row in ours:
        other = theirs[row.contact_id]
        for name in names:
            assert row._mapping[name] == (other[name] or 0), (row.contact_id, name)
