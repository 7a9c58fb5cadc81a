"""Making a week's plan: what it would hold if it were made now, and a moment for another act of it."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select

from crm.domain import planner
from crm.domain.budgets import GROUPS, Budget
from crm.domain.diary import MINUTES, Interval, Slot, Wanted
from crm.domain.language import gettext as _
from crm.domain.left_out import LeftOut
from crm.domain.places.whereabouts import Whereabouts, whereabouts
from crm.domain.planner import plan_week, weekly_limits
from crm.domain.post import post_days
from crm.domain.principal import Principal
from crm.domain.rules import act_of
from crm.domain.sentences import habit_sentence, reason
from crm.domain.slots import propose_slots
from crm.domain.weeks import IsoWeek, local_instant
from crm.planning.candidates import Facts, facts_of
from crm.planning.covering import Away, away
from crm.planning.diary import busy_by_calendar
from crm.planning.easing import eased_home
from crm.planning.home import Home, holidays_in, home_in, require_planner
from crm.planning.meant import due_on, occasion_on
from crm.planning.states import states_of
from crm.rules.queries import Flag, flags
from crm.rules.states import active_rules
from crm.storage.participation import is_in_person, is_live, with_user
from crm.storage.presence import has_address, is_present
from crm.storage.tables import (
    contact,
    interaction_contact,
    response,
    suggestion,
)

MANY = 5_000
"""Whoever owns more contacts than this has the metrics of the whole workspace looked through."""


@dataclass(frozen=True)
class Drafted:
    """A suggestion before it is stored."""

    contact_id: int
    act: str
    slot: Slot
    needs_address: bool
    reason: str
    rules: tuple[str, ...]
    evidence: Mapping[str, Any]
    need: int


@dataclass(frozen=True)
class Draft:
    """A plan before it is stored."""

    week: IsoWeek
    budget: Budget
    suggestions: tuple[Drafted, ...]
    left_out: tuple[LeftOut, ...]


def draft_plan(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> Draft:
    """What this user's plan for the week would hold if it were made at ``at``; nothing is written.

    Always the same for the same log and moment. Refused for viewers, who have no plan.
    """
    require_planner(principal)
    home = eased_home(connection, principal, home_in(connection, principal, week, at), week, at)
    absent = away(connection, principal, week, at)
    owned = _owned(connection, principal, absent, max(week.monday, principal.own_day(at)))
    return _drafted_for(connection, principal, week, at, home, owned, absent)


def draft_more(
    connection: Connection, principal: Principal, week: IsoWeek, at: datetime, contact_ids: Collection[int]
) -> Draft:
    """Whom of these people the user could meet in that week beside what stands in its plan: what a trip brings that was
    written down after the plan was made. Who is in it already with a call or a note that waits may be met instead.
    """
    user_id = require_planner(principal)
    standing = _standing_in(connection, principal, week)
    home = home_in(connection, principal, week, at)
    states = states_of(connection, principal, standing, at)
    meetings = [one for one in standing if GROUPS[one.act] == "in_person"]
    # Who was met has taken their place in the quarter already.
    ahead = sum(states[one.id].state == "planned" for one in meetings)
    quarter = home.budget.in_person_quarter_left
    room = home.budget.in_person - len(meetings)
    room = max(0, room if quarter is None else min(room, quarter - ahead))
    home = replace(home, budget=Budget(0, room, 0, room))
    settled = {
        one.contact_id
        for one in standing
        if GROUPS[one.act] == "in_person" or states[one.id].state != "planned"
    }
    owned = {one: user_id for one in contact_ids if one not in settled} if room else {}
    return _drafted_for(connection, principal, week, at, home, owned, (), _taken_by(standing))


def draft_beside(
    connection: Connection,
    principal: Principal,
    week: IsoWeek,
    budget: Budget,
    at: datetime,
    contact_ids: Collection[int],
) -> Draft:
    """Whom of these people the week would take in beside what stands in its plan, which was made with this budget."""
    user_id = require_planner(principal)
    standing = _standing_in(connection, principal, week)
    home = home_in(connection, principal, week, at)
    quarter = home.budget.in_person_quarter_left
    left = replace(budget, in_person_quarter_left=quarter).beside(one.act for one in standing)
    owned = dict.fromkeys(contact_ids, user_id)
    home = replace(home, budget=left)
    return _drafted_for(connection, principal, week, at, home, owned, (), _taken_by(standing), standing)


def _drafted_for(
    connection: Connection,
    principal: Principal,
    week: IsoWeek,
    at: datetime,
    home: Home,
    owned: Mapping[int, int],
    absent: Sequence[Away],
    taken: Sequence[Interval] = (),
    counted: Sequence[Row[Any]] = (),
) -> Draft:
    """The best week with these people; ``taken`` is kept clear beside what is known anyway, and the reasons of what is
    ``counted`` count for the limits of the rules."""
    rules = active_rules(connection, principal)
    named = len(owned) <= MANY or bool(absent)
    whom = {"contact_ids": list(owned)} if named else {"owner_id": principal.user_id}
    found = flags(connection, principal, at, rules=rules, for_later=True, **whom)
    facts = facts_of(connection, principal, found, home, week, at)
    made = plan_week(
        (one.candidate for one in facts.values()),
        home.budget,
        week=week,
        today=principal.own_day(at),
        holidays=home.not_worked(week),
        limits=_limits_left(weekly_limits(rules), counted),
    )
    slots = _slots(connection, principal, made.suggestions, facts, home, week, at, taken)
    by_contact: dict[int, list[Flag]] = defaultdict(list)
    for flag in found:
        by_contact[flag.contact.id].append(flag)
    names = {one.user_id: one.name for one in absent}
    drafted = tuple(
        _drafted(one, by_contact[one.contact_id], slots, names.get(owned[one.contact_id], ""))
        for one in made.suggestions
    )
    return Draft(week, home.budget, drafted, _told_off(made.left_out, home, week))


def _limits_left(limits: Mapping[str, int], counted: Sequence[Row[Any]]) -> dict[str, int]:
    told = Counter(rule for one in counted for rule in one.rules)
    return {rule: max(0, most - told[rule]) for rule, most in limits.items()}


def _told_off(left_out: Sequence[LeftOut], home: Home, week: IsoWeek) -> tuple[LeftOut, ...]:
    """In a week off, or of too few days of work, nobody is crowded out: there is no room at all."""
    if home.budget.total or home.is_worked(week):
        return tuple(left_out)
    why = "few_days" if home.working_days(week) else "off"
    return tuple(replace(one, reason=why) if one.reason == "budget" else one for one in left_out)


def _drafted(
    one: planner.Suggestion, found: Sequence[Flag], slots: Mapping[int, Slot], away_name: str
) -> Drafted:
    """``away_name``: whose contact it is, if not the user's own."""
    told = [flag for flag in found if flag.rule in one.rules]
    evidence: dict[str, Any] = {}
    for rule in one.rules:
        for flag in told:
            if flag.rule == rule:
                evidence = {**flag.evidence, **evidence}
    habit = habit_sentence(one.act, one.instead_of, one.was_chosen)
    said = (
        reason(told, one.act),
        habit,
        _("{away_name} is away.").format(away_name=away_name) if away_name else "",
    )
    return Drafted(
        one.contact_id,
        one.act,
        slots[one.contact_id],
        one.needs_address,
        " ".join(filter(None, said)),
        one.rules,
        evidence,
        one.need,
    )


def _owned(
    connection: Connection, principal: Principal, absent: Sequence[Away], first: date
) -> dict[int, int]:
    """The user's contacts and those of colleagues who are away, each with its owner; whom these let rest beyond the ``first``
    day of the plan rests, as in their own plans."""
    owners = [principal.user_id, *(one.user_id for one in absent)]
    asked = select(contact.c.id, contact.c.owner_id).where(
        contact.c.workspace_id == principal.workspace_id, contact.c.owner_id.in_(owners), is_present()
    )
    if absent:
        asked = asked.where(or_(contact.c.owner_id == principal.user_id, ~let_rest(first)))
    # Sorted here: asked to, SQLite reads everybody in the order of their keys.
    return {row.id: row.owner_id for row in sorted(connection.execute(asked), key=lambda row: row.id)}


def let_rest(day: date) -> ColumnElement[bool]:
    """Whether its owner said "not this person", or snoozed the contact beyond that day."""
    return (
        select(response.c.id)
        .where(
            response.c.workspace_id == contact.c.workspace_id,
            response.c.contact_id == contact.c.id,
            response.c.user_id == contact.c.owner_id,
            response.c.undone_at.is_(None),
            or_(
                response.c.verb == "not_this_person",
                and_(response.c.verb == "snooze", response.c.until_day > day),
            ),
        )
        .exists()
    )


def _slots(
    connection: Connection,
    principal: Principal,
    chosen: Sequence[planner.Suggestion],
    facts: Mapping[int, Facts],
    home: Home,
    week: IsoWeek,
    at: datetime,
    taken: Sequence[Interval],
) -> dict[int, Slot]:
    wanted = [
        _wanted(
            one.contact_id,
            one.act,
            facts[one.contact_id].place,
            home,
            week,
            principal,
            at,
            one.occasion_on,
            one.due_on,
        )
        for one in chosen
    ]
    return propose_slots(
        wanted,
        week=week,
        now=at,
        zone=home.clock(week, principal.user_zone),
        holidays=home.not_worked(week),
        busy=[*busy_in(connection, principal, week, at), *taken],
    )


def _wanted(
    contact_id: int,
    act: str,
    place: Whereabouts,
    home: Home,
    week: IsoWeek,
    principal: Principal,
    at: datetime,
    occasion_on: date | None = None,
    due_on: date | None = None,
) -> Wanted:
    """What is asked of the slots: who lives near home is met on days at home, who lives at the trip's end on the trip.

    A call is made from home, if there is still a day for it.
    """
    there = home.there(place)
    meets = GROUPS[act] == "in_person"
    at_home = set(home.days_left(week, principal.own_day(at))) - home.away
    elsewhere = home.away - there if meets or at_home else frozenset()
    return Wanted(
        contact_id,
        act,
        place.zone_or(principal.user_zone),
        holidays=holidays_in(place.country, week),
        occasion_on=occasion_on,
        due_on=due_on,
        only_on=home.on_trips(act, place) or None,
        not_on=elsewhere if GROUPS[act] != "by_hand" else frozenset(),
        post_days=post_days(home.place.country, place.country),
    )


def busy_in(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> list[Interval]:
    """What the user has logged ahead in that week, an hour each, and what their calendar says."""
    log = interaction_contact.c
    latest = local_instant(week.sunday + timedelta(days=2), time(), UTC)
    asked = select(log.occurred_at, log.channel, is_in_person(log).label("in_person"))
    rows = connection.execute(
        with_user(asked, (principal.workspace_id, principal.user_id), at, latest)
        .where(
            log.counts,
            log.occurred_at > at,
            log.day.between(week.monday - timedelta(days=1), week.sunday + timedelta(days=1)),
            is_live(log),
        )
        .distinct()
    )
    hour = timedelta(minutes=60)
    logged = [
        Interval(row.occurred_at, row.occurred_at + hour, act_of(row.channel) or "", bool(row.in_person))
        for row in sorted(rows, key=lambda row: row.occurred_at)
    ]
    return logged + busy_by_calendar(connection, principal, week)


def another_slot(
    connection: Connection, principal: Principal, row: Row[Any], act: str, at: datetime
) -> tuple[Slot, bool]:
    """A moment for another act of a stored suggestion, beside those of its plan; and whether an address is missing.

    What it is for stays: the act is meant for the same occasion, and due by the same day.
    """
    week = IsoWeek.of(row.monday)
    home = home_in(connection, principal, week, at)
    person = connection.execute(
        select(
            contact.c.city, contact.c.country, contact.c.time_zone, has_address().label("has_address")
        ).where(contact.c.workspace_id == principal.workspace_id, contact.c.id == row.contact_id)
    ).one()
    others = [one for one in _standing_in(connection, principal, week) if one.id != row.id]
    place = whereabouts(person.city, person.country, person.time_zone)
    wanted = _wanted(
        row.contact_id,
        act,
        place,
        home,
        week,
        principal,
        at,
        occasion_on(row, principal, principal.own_day(at)),
        due_on(row, principal),
    )
    slots = propose_slots(
        [wanted],
        week=week,
        now=at,
        zone=home.clock(week, principal.user_zone),
        holidays=home.not_worked(week),
        busy=[*busy_in(connection, principal, week, at), *_taken_by(others)],
    )
    return slots[row.contact_id], GROUPS[act] == "by_hand" and not person.has_address


def _standing_in(connection: Connection, principal: Principal, week: IsoWeek) -> Sequence[Row[Any]]:
    """What stands in the user's stored plan of that week, answered or not."""
    mine = (suggestion.c.workspace_id == principal.workspace_id, suggestion.c.user_id == principal.user_id)
    return connection.execute(
        select(suggestion).where(*mine, suggestion.c.monday == week.monday).order_by(suggestion.c.position)
    ).all()


def _taken_by(rows: Sequence[Row[Any]]) -> list[Interval]:
    """The moments of suggestions that have one."""
    return [
        Interval(
            one.slot_at,
            one.slot_at + timedelta(minutes=one.slot_minutes or MINUTES["call"]),
            one.act,
            GROUPS[one.act] == "in_person",
        )
        for one in rows
        if one.slot_at is not None
    ]
