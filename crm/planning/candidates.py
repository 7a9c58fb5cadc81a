"""What the planner has to know about one user's contacts, read in a bounded number of rows' worth of statements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from crm.domain import candidates
from crm.domain.candidates import DAYS_TO, Candidate
from crm.domain.expressions import evaluate
from crm.domain.metrics import running
from crm.domain.places.whereabouts import Whereabouts, whereabouts
from crm.domain.post import post_days
from crm.domain.principal import Principal
from crm.domain.rests import Outcome, PastSuggestion, back_after_ignored, rest_until
from crm.domain.weeks import IsoWeek
from crm.planning.arranged import next_arranged
from crm.planning.contacted import Reached, reached_since, was_contacted
from crm.planning.home import Home
from crm.planning.states import held_at
from crm.rules.queries import Flag
from crm.storage.metrics import rows_of
from crm.storage.stored_metrics import scope_of
from crm.storage.tables import (
    contact,
    contact_address,
    contact_phone,
    response,
    suggestion,
)

HISTORY_DAYS = 420
"""How far back earlier suggestions and answers are looked at: more than a year, so that no rest is forgotten."""
BLOCK = 500
"""What is read of so many people is held at once: of one user's 10,000 together it took 40 MiB."""


@dataclass(frozen=True)
class Facts:
    """A candidate with what slots need beside it: where the contact lives."""

    candidate: Candidate
    place: Whereabouts


def facts_of(
    connection: Connection,
    principal: Principal,
    flags: Sequence[Flag],
    home: Home,
    week: IsoWeek,
    at: datetime,
) -> dict[int, Facts]:
    """The planner's view of every flagged contact, by id. ``flags`` are those of the user's own contacts."""
    by_contact: dict[int, list[Flag]] = defaultdict(list)
    for flag in flags:
        by_contact[flag.contact.id].append(flag)
    found: dict[int, Facts] = {}
    ids = sorted(by_contact)
    for start in range(0, len(ids), BLOCK):
        block = ids[start : start + BLOCK]
        found.update(_block(connection, principal, {one: by_contact[one] for one in block}, home, week, at))
    return found


def _block(
    connection: Connection,
    principal: Principal,
    flags: Mapping[int, list[Flag]],
    home: Home,
    week: IsoWeek,
    at: datetime,
) -> dict[int, Facts]:
    ids = list(flags)
    today = principal.own_day(at)
    metrics = _metrics(connection, principal, ids, at)
    people = {row.id: row for row in connection.execute(_these(contact, principal, ids, contact.c.id))}
    addresses = _having(connection, principal, contact_address, ids)
    phones = _having(connection, principal, contact_phone, ids)
    arranged = next_arranged(connection, principal, ids, at)
    answers = _answers(connection, principal, ids, at)
    past = _past_of_both(connection, principal, people, week, at, answers)
    left = principal.day_left(at)
    days_left = frozenset(home.days_left(week, today))
    at_home = not days_left or bool(days_left - home.away)
    places = {one: whereabouts(row.city, row.country, row.time_zone) for one, row in people.items()}
    return {
        one: Facts(
            Candidate(
                contact_id=one,
                tier=people[one].tier,
                flags=tuple(candidates.Flag(flag.rule, flag.severity, flag.suggests) for flag in flags[one]),
                has_address=one in addresses,
                has_phone=one in phones,
                same_city=home.place.near(places[one]) and at_home,
                travel=bool(home.there(places[one]) & days_left),
                arranged_on=principal.own_day(arranged[one].occurred_at) if one in arranged else None,
                post_days=post_days(home.place.country, places[one].country),
                **_resting(past[one], left),
                **_answered(answers.get(one, ())),
                **_counted(metrics[one], principal, at),
            ),
            places[one],
        )
        for one in ids
    }


def _these(table: Any, principal: Principal, ids: Sequence[int], column: Any) -> Any:
    return select(table).where(table.c.workspace_id == principal.workspace_id, column.in_(ids))


def _metrics(
    connection: Connection, principal: Principal, ids: Sequence[int], at: datetime
) -> dict[int, dict[str, Any]]:
    scope = scope_of(connection, principal, at, ids)
    target, clock = scope.targets.expression("personal"), running("personal")
    found = {}
    for row in rows_of(connection, scope):
        facts = dict(row)
        facts["personal_target"] = evaluate(target, facts)
        facts["personal_running"] = evaluate(clock, facts)
        found[row["contact_id"]] = facts
    return found


def _counted(metrics: Mapping[str, Any], principal: Principal, at: datetime) -> dict[str, Any]:
    """Clocks and dates, moved from the workspace's day to the user's where the two differ."""
    counted_on = principal.team_day(at)
    shift = (principal.own_day(at) - counted_on).days

    def on(name: str) -> date | None:
        days = metrics[name]
        return None if days is None else counted_on + timedelta(days=int(days))

    live = metrics["days_since_live"]
    target = metrics["personal_target"]
    return {
        "personal_days": int(metrics["personal_running"] or 0),
        "personal_target": None if target is None else int(target),
        "days_since_live": None if live is None else max(0, int(live) + shift),
        "occasion_on": on(DAYS_TO["occasion"]),
        "ask_due": on(DAYS_TO["important_ask"]),
        "promise_due": on(DAYS_TO["promise_due"]),
    }


def _having(connection: Connection, principal: Principal, table: Any, ids: Sequence[int]) -> set[int]:
    rows = connection.execute(
        select(table.c.contact_id)
        .where(table.c.workspace_id == principal.workspace_id, table.c.contact_id.in_(ids))
        .distinct()
    )
    return set(rows.scalars())


def _answers(
    connection: Connection, principal: Principal, ids: Sequence[int], at: datetime
) -> dict[int, list[Row[Any]]]:
    """What this user answered about these contacts and had not undone, the oldest first."""
    rows = connection.execute(
        _these(response, principal, ids, response.c.contact_id)
        .where(response.c.user_id == principal.user_id, held_at(at))
        .order_by(response.c.made_at, response.c.id)
    )
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[row.contact_id].append(row)
    return found


def _answered(answers: Sequence[Row[Any]]) -> dict[str, Any]:
    """What the user chose for this contact, until when it is snoozed, and whether it is muted."""
    snoozed = (row.until_day for row in answers if row.verb == "snooze" and row.until_day)
    return {
        "history": _choices(answers),
        "snoozed_until": max(snoozed, default=None),
        "muted": any(row.verb == "not_this_person" for row in answers),
    }


def _resting(past: Sequence[PastSuggestion], left: date) -> dict[str, Any]:
    """Until when it rests, and whether because it was ignored, as of the first day on which something can be done."""
    until = rest_until(past, left)
    return {"rest_until": until, "ignored": until is not None and until == back_after_ignored(past, left)}


def _choices(answers: Iterable[Row[Any]]) -> dict[str, int]:
    """Act → how often it was chosen for this contact, less how often it was swapped away."""
    chosen: dict[tuple[int, str], int] = {}
    for row in answers:
        if row.verb == "swap":
            chosen[row.suggestion_id, row.from_act] = -1
        if row.verb in ("swap", "done") and row.to_act:
            chosen[row.suggestion_id, row.to_act] = 1
    tally: dict[str, int] = defaultdict(int)
    for (_, act), points in chosen.items():
        tally[act] += points
    return dict(tally)


_OUTCOMES: Mapping[str, Outcome] = {
    "done": "done",
    "snooze": "snoozed",
    "skip": "dismissed",
    "not_this_person": "dismissed",
}


def _past(
    connection: Connection,
    principal: Principal,
    ids: Sequence[int],
    week: IsoWeek,
    at: datetime,
    answers: Mapping[int, list[Row[Any]]],
) -> defaultdict[int, list[PastSuggestion]]:
    """Earlier weeks' suggestions of these contacts and what became of them."""
    since = week.monday - timedelta(days=HISTORY_DAYS)
    rows = connection.execute(
        _these(suggestion, principal, ids, suggestion.c.contact_id)
        .where(suggestion.c.user_id == principal.user_id, suggestion.c.made_at <= at)
        .where(suggestion.c.monday < week.monday, suggestion.c.monday >= since)
        .order_by(suggestion.c.monday)
    ).all()
    reached = reached_since(connection, principal, rows, at)
    found: defaultdict[int, list[PastSuggestion]] = defaultdict(list)
    for row in rows:
        given = [one for one in answers.get(row.contact_id, ()) if one.suggestion_id == row.id]
        found[row.contact_id].append(_past_one(row, given, reached.get(row.contact_id, ()), principal))
    return found


def _past_of_both(
    connection: Connection,
    principal: Principal,
    people: Mapping[int, Row[Any]],
    week: IsoWeek,
    at: datetime,
    answers: Mapping[int, list[Row[Any]]],
) -> defaultdict[int, list[PastSuggestion]]:
    """The same with those of the colleagues whose people these are: whom an owner lets rest, rests."""
    found = _past(connection, principal, list(people), week, at, answers)
    whose: dict[int, list[int]] = defaultdict(list)
    for one, row in people.items():
        if row.owner_id not in (None, principal.user_id):
            whose[row.owner_id].append(one)
    for owner_id, ids in whose.items():
        owner = replace(principal, user_id=owner_id)
        theirs = _past(connection, owner, ids, week, at, _answers(connection, owner, ids, at))
        for one in ids:
            found[one] += theirs[one]
    return found


def _past_one(
    row: Row[Any], given: Sequence[Row[Any]], reached: Sequence[Reached], principal: Principal
) -> PastSuggestion:
    week = IsoWeek.of(row.monday)
    last = next((one for one in reversed(given) if one.verb in _OUTCOMES), None)
    if last is not None:
        on = principal.own_day(last.made_at)
        return PastSuggestion(week, _OUTCOMES[last.verb], on)
    touch = was_contacted(row, reached, principal)
    return PastSuggestion(week, "done", touch.day) if touch else PastSuggestion(week)
