"""Plain SQL for all metrics, as somebody would write it by hand: a sum for every metric, the rhythm by window functions."""

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
_SUMS = ",\n".join(
    f"SUM(day > :today - {days} AND {condition}) AS {name}_{days}"
    for name, condition in SORTS.items()
    for days in WINDOWS
)

ALL_METRICS = f"""
WITH log AS (
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
    SUM(day > :today - 455 AND day <= :today - 90) AS prior_total,
    SUM(day > :today - 455 AND day <= :today - 90 AND channel IN {PERSONAL}) AS prior_personal,
    {_SUMS}
  FROM log GROUP BY contact_id
), gaps AS (
  SELECT contact_id, day, day - LAG(day) OVER (PARTITION BY contact_id ORDER BY day) AS gap
  FROM (SELECT DISTINCT contact_id, day FROM log)
), rhythm AS (
  SELECT contact_id, COUNT(*) - 1 AS gaps, SUM(EXP((day - :today) / 180.0)) AS strength,
    SUM(CASE WHEN gap IS NOT NULL THEN EXP((day - :today) / 180.0) * LN(gap) END) AS gap_log,
    SUM(CASE WHEN gap IS NOT NULL THEN EXP((day - :today) / 180.0) END) AS gap_weight
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
"""Without score, zone, targets, dates, asks and promises, which ours work out as well."""


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
