"""What a flag's sentence tells beyond the metrics: counts by channel, last channels, texts of asks, promises, dates."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    func,
    select,
)

from crm.domain.flag_facts import FlagFacts, is_told_for_its_age
from crm.domain.places.whereabouts import whereabouts
from crm.domain.post import last_post
from crm.domain.principal import Principal
from crm.domain.yearly import in_year, next_return
from crm.storage.open_matters import COURSES, in_order, is_open
from crm.storage.participation import counted, is_in_person, is_personal, newest
from crm.storage.statements import built_once
from crm.storage.tables import (
    ask,
    contact,
    contact_date,
    favour,
    interaction_contact,
    organisation,
    promise,
    user,
)

NEAR_DAYS = 30
"""Farther dates are no reason to think of the post."""
AROUND_DAYS = 3
"""How many days on either side of last year's day are around it."""


@dataclass(frozen=True)
class ContactFacts:
    """One contact's facts; the date they tell of is a renewal only for the rule that asks for it."""

    plain: FlagFacts
    renewal: FlagFacts

    def of(self, rule_key: str, is_doubtful: bool, kept_on: date | None = None) -> FlagFacts:
        """The facts a rule's sentence may use; ``is_doubtful`` where its owner logs too little to assert anything.

        ``kept_on``: the day on which the sentence is kept for later ones.
        """
        facts = self.renewal if rule_key == "renewal" else self.plain
        return replace(facts, is_doubtful=is_doubtful, kept_on=kept_on) if is_doubtful or kept_on else facts


def facts_of(
    connection: Connection,
    principal: Principal,
    at: datetime,
    rows: Sequence[Row[Any]],
    told_of: Mapping[str, Sequence[int]],
) -> Mapping[int, ContactFacts]:
    """The facts of each flagged contact; ``rows`` carry the metrics, ``name``, ``given_name``, ``organisation_id``.

    ``told_of``: whom each rule flags, by its key. What the sentence of one rule alone tells is looked up for those.
    """
    told = {row.contact_id: _from_metrics(row) for row in rows}
    organisations = _organisations(connection, principal, {row.organisation_id for row in rows})
    for row in rows:
        told[row.contact_id]["organisation"] = organisations.get(row.organisation_id, "")
    today = principal.team_day(at)
    renewals: Mapping[int, dict[str, Any]] = {}
    _merge(told, _since_personal(connection, principal, at, sorted(told)))
    for name, which, rule in _LAST_CHANNELS:
        ids = told_of.get(rule, ()) if rule else sorted(told)
        _merge(told, _last_channel(connection, principal, at, ids, name, which))
    for rule, written in _WRITTEN_DOWN.items():
        if told_of.get(rule):
            _merge(told, written(connection, principal, today, told_of[rule]))
    if told_of.get("renewal"):
        renewals = _nearest(connection, principal, today, told_of["renewal"], is_renewal=True)
    if told_of.get("occasion"):
        _merge(told, _nearest(connection, principal, today, told_of["occasion"], is_renewal=False))
        days = {one: told[one].get("date_on") for one in told_of["occasion"]}
        _merge(told, _posts(connection, principal, today, days))
    return {one: _both(values, renewals.get(one)) for one, values in told.items()}


def _both(values: dict[str, Any], renewal: dict[str, Any] | None) -> ContactFacts:
    plain = FlagFacts(**values)
    return ContactFacts(plain, FlagFacts(**{**values, **renewal}) if renewal else plain)


def _from_metrics(row: Row[Any]) -> dict[str, Any]:
    return {
        "name": row.name,
        "given_name": row.given_name or "",
        "tier": row.tier,
        "days_since_personal": row.days_since_personal,
        "days_since_in_person": row.days_since_in_person,
    }


def _merge(told: dict[int, dict[str, Any]], more: Mapping[int, dict[str, Any]]) -> None:
    for contact_id, values in more.items():
        told[contact_id].update(values)


def _organisations(
    connection: Connection, principal: Principal, ids: Iterable[int | None]
) -> dict[int | None, str]:
    wanted = [one for one in set(ids) if one is not None]
    rows = connection.execute(*_organisation_names(principal.workspace_id, wanted))
    return {row.id: row.name for row in rows}


@built_once
def _organisation_names(whose: Any, ids: Any) -> Select[Any]:
    columns = organisation.c
    return select(columns.id, columns.name).where(columns.workspace_id == whose, columns.id.in_(ids))


def _since_personal(
    connection: Connection, principal: Principal, at: datetime, ids: list[int]
) -> Mapping[int, dict[str, Any]]:
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    values = {"whose": principal.workspace_id, "ids": ids, "until": at}
    for row in connection.execute(_since_personal_statement(), values):
        counts[row.contact_id][row.channel] = row.number
    return {contact_id: {"since_personal": found} for contact_id, found in counts.items()}


@cache
def _since_personal_statement() -> Select[Any]:
    """Built once, since building it costs more than running it."""
    log, last = interaction_contact.c, interaction_contact.alias()
    whose = bindparam("whose", type_=BigInteger())
    ids: BindParameter[Any] = bindparam("ids", expanding=True)
    until = bindparam("until", type_=log.occurred_at.type)
    last_personal = (
        select(last.c.contact_id, func.max(last.c.occurred_at).label("at"))
        .where(*counted(whose, ids, until, last.c), is_personal(last.c))
        .group_by(last.c.contact_id)
        .subquery()
    )
    return (
        select(log.contact_id, log.channel, func.count().label("number"))
        .select_from(
            interaction_contact.outerjoin(last_personal, last_personal.c.contact_id == log.contact_id)
        )
        .where(*counted(whose, ids, until, log))
        .where((last_personal.c.at.is_(None)) | (log.occurred_at > last_personal.c.at))
        .group_by(log.contact_id, log.channel)
    )


def _last_channel(
    connection: Connection,
    principal: Principal,
    at: datetime,
    ids: Sequence[int],
    name: str,
    which: Callable[[Any], ColumnElement[bool]],
) -> Mapping[int, dict[str, Any]]:
    rows = newest(connection, principal.workspace_id, ids, at, which) if ids else ()
    return {row.contact_id: {name: row.channel} for row in rows}


def _is_outbound_digital(log: Any) -> ColumnElement[bool]:
    return and_(log.direction == "outbound", ~is_personal(log))


_LAST_CHANNELS = (
    ("last_personal_channel", is_personal, ""),
    ("last_in_person_channel", is_in_person, "in_person_overdue"),
    ("last_outbound_channel", _is_outbound_digital, "unanswered"),
)
"""Which of somebody's interactions, and the rule that tells of it if it is one alone."""


@built_once
def _open(whose: Any, ids: Any, today: Any, *, table: Table) -> Select[Any]:
    """Asks or promises of ours that are open on that day, the earliest due first, then the oldest."""
    columns = table.c
    ours = [columns.by == "us"] if "by" in columns else []
    return (
        select(columns.contact_id, columns.text, columns.due, columns[COURSES[table.name][0]].label("since"))
        .where(columns.workspace_id == whose, columns.contact_id.in_(ids), is_open(table, today), *ours)
        .order_by(*in_order(table))
    )


def _asks(
    connection: Connection, principal: Principal, today: date, ids: Sequence[int]
) -> Mapping[int, dict[str, Any]]:
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(*_open(principal.workspace_id, ids, today.toordinal(), table=ask)):
        found[row.contact_id].append(row)
    return {one: _ask_to_tell(asks, today) for one, asks in found.items()}


def _ask_to_tell(asks: Sequence[Row[Any]], today: date) -> dict[str, Any]:
    """The ask that is due first, unless that is far off and another has been open for long."""
    first, oldest = asks[0], min(asks, key=lambda row: row.since)
    days_to, days_open = first.due and (first.due - today).days, (today - oldest.since).days
    if is_told_for_its_age(days_to, days_open):
        return {"ask_text": oldest.text, "ask_open_days": days_open}
    return {"ask_text": first.text}


def _promises(
    connection: Connection, principal: Principal, today: date, ids: Sequence[int]
) -> Mapping[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for row in connection.execute(*_open(principal.workspace_id, ids, today.toordinal(), table=promise)):
        found.setdefault(row.contact_id, {"promise_text": row.text, "promise_due": row.due})
    return found


def _favours(
    connection: Connection, principal: Principal, today: date, ids: Sequence[int]
) -> Mapping[int, dict[str, Any]]:
    rows = connection.execute(*_received(principal.workspace_id, ids, today))
    return {
        row.contact_id: {"favour_text": row.text, "favour_days": (today - row.received_on).days}
        for row in rows
    }


_WRITTEN_DOWN = {"important_ask": _asks, "promise_due": _promises, "thank_you": _favours}
"""What is looked up for the rule that alone tells of it."""


@built_once
def _received(whose: Any, ids: Any, today: Any) -> Select[Any]:
    columns = favour.c
    return (
        select(columns.contact_id, columns.text, columns.received_on)
        .where(columns.workspace_id == whose, columns.contact_id.in_(ids), columns.received_on <= today)
        .order_by(columns.received_on, columns.id)
    )


@built_once
def dates_of(whose: Any, ids: Any) -> Select[Any]:
    """Everything that is written down of the dates of these people."""
    columns = contact_date.c
    return select(contact_date).where(columns.workspace_id == whose, columns.contact_id.in_(ids))


def _nearest(
    connection: Connection, principal: Principal, today: date, ids: Sequence[int], *, is_renewal: bool
) -> Mapping[int, dict[str, Any]]:
    """The nearest date, or renewal, that is ahead of each contact."""
    nearest: dict[int, tuple[date, Row[Any]]] = {}
    for row in connection.execute(*dates_of(principal.workspace_id, list(ids))).all():
        if (row.kind == "renewal") is not is_renewal:
            continue
        day = next_return(row.month, row.day, row.on_day, row.yearly, today)
        if day is not None and (row.contact_id not in nearest or day < nearest[row.contact_id][0]):
            nearest[row.contact_id] = (day, row)
    returning = {one: day for one, (day, row) in nearest.items() if _had_last_year(row, day)}
    last_year = _last_year(connection, principal, returning)
    return {
        one: {
            "date_kind": row.kind,
            "date_label": row.label,
            "date_on": day,
            "last_year_channel": last_year.get(one),
        }
        for one, (day, row) in nearest.items()
    }


def _posts(
    connection: Connection, principal: Principal, today: date, days: Mapping[int, date | None]
) -> Mapping[int, dict[str, Any]]:
    """The last day to post a card from where the owner lives to where the contact does, for dates that are near."""
    near = {one: day for one, day in days.items() if day and 0 < (day - today).days <= NEAR_DAYS}
    if not near:
        return {}
    rows = connection.execute(*_whereabouts(principal.workspace_id, list(near)))
    return {
        row.id: {
            "post_by": last_post(
                near[row.id],
                whereabouts(row.owner_city, row.owner_country).country,
                whereabouts(row.city, row.country, row.time_zone).country,
            )
        }
        for row in rows
    }


@built_once
def _whereabouts(whose: Any, ids: Any) -> Select[Any]:
    owner = and_(user.c.workspace_id == contact.c.workspace_id, user.c.id == contact.c.owner_id)
    there, here = [contact.c.city, contact.c.country, contact.c.time_zone], [user.c.city, user.c.country]
    return (
        select(contact.c.id, *there, *(column.label(f"owner_{column.name}") for column in here))
        .outerjoin(user, owner)
        .where(contact.c.workspace_id == whose, contact.c.id.in_(ids))
    )


def _had_last_year(row: Row[Any], day: date) -> bool:
    """Whether there was such a day a year before; where its year is not known there may have been."""
    return row.yearly and (row.year is None or row.year < day.year)


def _last_year(connection: Connection, principal: Principal, days: Mapping[int, date]) -> dict[int, str]:
    """The digital channel of what we did nearest to the same day last year, where we did not ring, meet or post around it.

    Of two as near the newer one is told.
    """
    if not days:
        return {}
    around = {one: in_year(day.year - 1, day.month, day.day) for one, day in days.items()}
    margin = timedelta(days=AROUND_DAYS)
    first, last = min(around.values()) - margin, max(around.values()) + margin
    rows = connection.execute(*_done_between(principal.workspace_id, list(around), first, last)).all()
    near = [row for row in rows if abs(row.day - around[row.contact_id]) <= margin]
    near.sort(key=lambda row: abs(row.day - around[row.contact_id]))
    personally = {row.contact_id for row in near if row.personal}
    found: dict[int, str] = {}
    for row in near:
        if row.contact_id not in personally:
            found.setdefault(row.contact_id, row.channel)
    return found


@built_once
def _done_between(whose: Any, ids: Any, first: Any, last: Any) -> Select[Any]:
    """What counts and came from us or from both, on days from the first to the last, newest first."""
    log = interaction_contact.c
    return (
        select(log.contact_id, log.channel, log.day, is_personal(log).label("personal"))
        .where(log.workspace_id == whose, log.contact_id.in_(ids), log.counts)
        .where(log.day.between(first, last), log.direction != "inbound")
        .order_by(log.occurred_at.desc(), log.interaction_id.desc())
    )
