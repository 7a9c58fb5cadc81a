"""Reading plans: what one user's week holds, how it stands at a moment, and what a plan made now would hold."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select

from crm.domain import planner
from crm.domain.planner import GROUPS, Budget, LeftOut, plan_week, weekly_limits
from crm.domain.principal import Principal
from crm.domain.sentences import reason
from crm.domain.slots import Interval, Slot, Wanted, propose_slots, public_holidays
from crm.domain.weeks import IsoWeek
from crm.errors import Forbidden, NotFound
from crm.planning.candidates import Facts, Home, facts_of, zone_named
from crm.planning.contacted import Reached, reached_since, was_contacted
from crm.planning.talking import TalkingPoint, talking_points
from crm.rules.queries import Flag, active_rules, flags, rule_states
from crm.storage.metrics import as_of
from crm.storage.participation import is_live
from crm.storage.stored_metrics import scope_of
from crm.storage.tables import (
    contact,
    contact_address,
    contact_email,
    interaction_contact,
    interaction_user,
    organisation,
    plan,
    response,
    suggestion,
    user,
)
from crm.storage.text import fold

STATES = ("planned", "done", "contacted", "snoozed", "skipped", "not_this_person")
ACTED_ON = ("done", "contacted")
ALWAYS_OFFERED = ("call", "note")
"""What a suggestion may be swapped for whatever its reason is."""

MANY = 5_000
"""Whoever owns more contacts than this has the metrics of the whole workspace looked through."""

_STATE_OF = {
    "done": "done",
    "snooze": "snoozed",
    "skip": "skipped",
    "not_this_person": "not_this_person",
}


@dataclass(frozen=True)
class Suggestee:
    """The person a suggestion is about; ``short_name`` is what to call them in a sentence."""

    id: int
    name: str
    given_name: str | None
    email: str | None
    title: str | None
    organisation_id: int | None
    organisation: str | None
    kind: str
    tier: str
    city: str | None
    time_zone: str | None
    has_address: bool

    @property
    def short_name(self) -> str:
        """The given name, else the whole name."""
        return self.given_name or self.name


@dataclass(frozen=True)
class Suggested:
    """One suggestion as it stands. ``id`` is missing in a plan that is not stored.

    ``state`` is one of `STATES`; ``state_day`` the day it was done, or comes back. ``response_id`` is what *undo* takes
    back; *contacted* has none, since nobody answered: ``interaction_id`` is what was logged. ``swaps``: other acts.
    ``place`` is "Both in Boston" where meeting is suggested.
    """

    id: int | None
    contact: Suggestee
    act: str
    slot: Slot
    needs_address: bool
    reason: str
    rules: tuple[str, ...]
    evidence: Mapping[str, Any]
    talking_points: tuple[TalkingPoint, ...]
    state: str = "planned"
    state_day: date | None = None
    response_id: int | None = None
    interaction_id: int | None = None
    swaps: tuple[str, ...] = ()
    place: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still waits to be done."""
        return self.state == "planned"

    @property
    def acted_on(self) -> bool:
        """Done, or taken care of by itself."""
        return self.state in ACTED_ON


@dataclass(frozen=True)
class PlanView:
    """One user's week. ``id`` and ``made_at`` are missing where the plan is not stored."""

    id: int | None
    user_id: int
    week: IsoWeek
    made_at: datetime | None
    budget: Budget
    suggestions: tuple[Suggested, ...]

    @property
    def open(self) -> tuple[Suggested, ...]:
        """Those still to be done."""
        return tuple(one for one in self.suggestions if one.is_open)


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


# Making


def draft_plan(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> Draft:
    """What this user's plan for the week would hold if it were made at ``at``; nothing is written.

    Always the same for the same log and moment. Refused for viewers, who have no plan.
    """
    require_planner(principal)
    home = home_of(connection, principal)
    owned = _owned(connection, principal)
    relation = as_of(scope_of(connection, principal, at, owned if len(owned) <= MANY else None))
    rules = active_rules(connection, principal)
    found = flags(connection, principal, at, rules=rules, relation=relation, owner_id=principal.user_id)
    facts = facts_of(connection, principal, found, home, week, at)
    made = plan_week(
        (one.candidate for one in facts.values()),
        home.budget,
        week=week,
        today=at.astimezone(principal.user_zone).date(),
        holidays=holidays_in(home.country, week),
        limits=weekly_limits(rules),
    )
    slots = _slots(connection, principal, made.suggestions, facts, home, week, at)
    by_contact: dict[int, list[Flag]] = defaultdict(list)
    for flag in found:
        by_contact[flag.contact.id].append(flag)
    drafted = tuple(_drafted(one, by_contact[one.contact_id], slots) for one in made.suggestions)
    return Draft(week, home.budget, drafted, made.left_out)


def _drafted(one: planner.Suggestion, found: Sequence[Flag], slots: Mapping[int, Slot]) -> Drafted:
    told = [flag for flag in found if flag.rule in one.rules]
    evidence: dict[str, Any] = {}
    for rule in one.rules:
        for flag in told:
            if flag.rule == rule:
                evidence = {**flag.evidence, **evidence}
    return Drafted(
        one.contact_id,
        one.act,
        slots[one.contact_id],
        one.needs_address,
        reason(told),
        one.rules,
        evidence,
        one.need,
    )


def require_planner(principal: Principal) -> int:
    """The user's id; Forbidden for viewers and for the command line, who have no plan."""
    if principal.user_id is None or not principal.may_edit:
        raise Forbidden("Only members and admins have a plan. Ask an admin for the role of member.")
    return principal.user_id


def home_of(connection: Connection, principal: Principal) -> Home:
    """The user's city, country and budget."""
    row = connection.execute(
        select(user).where(user.c.workspace_id == principal.workspace_id, user.c.id == principal.user_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    amounts = (row.budget_call, row.budget_in_person, row.budget_by_hand, row.budget_total)
    return Home(row.city, row.country, Budget(*(max(0, min(planner.LARGEST_BUDGET, one)) for one in amounts)))


def _owned(connection: Connection, principal: Principal) -> list[int]:
    rows = connection.execute(
        select(contact.c.id)
        .where(
            contact.c.workspace_id == principal.workspace_id,
            contact.c.owner_id == principal.user_id,
            contact.c.archived_at.is_(None),
            contact.c.deceased_on.is_(None),
        )
        .order_by(contact.c.id)
    )
    return list(rows.scalars())


def holidays_in(country: str | None, week: IsoWeek) -> frozenset[date]:
    """The public holidays of a country (ISO 3166 code) around that week; none where the country is not known."""
    if not country:
        return frozenset()
    years = {week.monday.year, (week.monday + timedelta(days=28)).year}
    return frozenset().union(*(public_holidays(country, year) for year in sorted(years)))


def _slots(
    connection: Connection,
    principal: Principal,
    chosen: Sequence[planner.Suggestion],
    facts: Mapping[int, Facts],
    home: Home,
    week: IsoWeek,
    at: datetime,
) -> dict[int, Slot]:
    wanted = [
        Wanted(
            one.contact_id,
            one.act,
            facts[one.contact_id].zone,
            holidays=holidays_in(facts[one.contact_id].country, week),
            occasion_on=one.occasion_on,
        )
        for one in chosen
    ]
    return propose_slots(
        wanted,
        week=week,
        now=at,
        zone=principal.user_zone,
        holidays=holidays_in(home.country, week),
        busy=busy_in(connection, principal, week, at),
    )


def busy_in(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> list[Interval]:
    """What the user has logged ahead in that week, an hour each."""
    log, took_part = interaction_contact.c, interaction_user.c
    rows = connection.execute(
        select(log.occurred_at)
        .join(
            interaction_user,
            and_(took_part.workspace_id == log.workspace_id, took_part.interaction_id == log.interaction_id),
        )
        .where(
            log.workspace_id == principal.workspace_id,
            took_part.user_id == principal.user_id,
            log.counts,
            log.occurred_at > at,
            log.day.between(week.monday - timedelta(days=1), week.sunday + timedelta(days=1)),
            is_live(log),
        )
        .distinct()
    )
    hour = timedelta(minutes=60)
    return [Interval(moment, moment + hour) for moment in sorted(rows.scalars())]


def another_slot(
    connection: Connection, principal: Principal, row: Row[Any], act: str, at: datetime
) -> tuple[Slot, bool]:
    """A moment for another act of a stored suggestion, beside those of its plan; and whether an address is missing."""
    home = home_of(connection, principal)
    week = IsoWeek.of(row.monday)
    person = people(connection, principal, [row.contact_id])[row.contact_id]
    others = connection.execute(
        select(suggestion.c.slot_at, suggestion.c.slot_minutes).where(
            suggestion.c.workspace_id == principal.workspace_id,
            suggestion.c.plan_id == row.plan_id,
            suggestion.c.id != row.id,
            suggestion.c.slot_at.is_not(None),
        )
    )
    taken = [Interval(one.slot_at, one.slot_at + timedelta(minutes=one.slot_minutes or 30)) for one in others]
    country = connection.execute(
        select(contact.c.country).where(
            contact.c.workspace_id == principal.workspace_id, contact.c.id == row.contact_id
        )
    ).scalar_one()
    wanted = Wanted(
        row.contact_id,
        act,
        zone_named(person.time_zone, principal.user_zone),
        holidays=holidays_in(country, week),
    )
    slots = propose_slots(
        [wanted],
        week=week,
        now=at,
        zone=principal.user_zone,
        holidays=holidays_in(home.country, week),
        busy=[*busy_in(connection, principal, week, at), *taken],
    )
    return slots[row.contact_id], GROUPS[act] == "by_hand" and not person.has_address


# Reading


def plan_of(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> PlanView | None:
    """The user's stored plan of that week as it stands at ``at``; None if none was made. Others' plans are not there."""
    row = connection.execute(
        select(plan.c.id, plan.c.user_id, plan.c.made_at, plan.c.budget).where(
            plan.c.workspace_id == principal.workspace_id,
            plan.c.user_id == principal.user_id,
            plan.c.week == str(week),
        )
    ).one_or_none()
    if row is None:
        return None
    return PlanView(
        row.id,
        row.user_id,
        week,
        row.made_at,
        Budget(**row.budget),
        tuple(_stored(connection, principal, suggestions_of(connection, principal, row.id), at)),
    )


def drafted_view(connection: Connection, principal: Principal, draft: Draft, at: datetime) -> PlanView:
    """A plan that is not stored, to be shown as if it were; nothing in it can be answered."""
    ids = [one.contact_id for one in draft.suggestions]
    shown = people(connection, principal, ids)
    points = talking_points(connection, principal, ids, at)
    home = fold(home_of(connection, principal).city or "")
    suggestions = tuple(
        Suggested(
            None,
            shown[one.contact_id],
            one.act,
            one.slot,
            one.needs_address,
            one.reason,
            one.rules,
            one.evidence,
            points[one.contact_id],
            place=_place(one.act, shown[one.contact_id], home),
        )
        for one in draft.suggestions
    )
    return PlanView(None, require_planner(principal), draft.week, None, draft.budget, suggestions)


def suggestions_of(connection: Connection, principal: Principal, plan_id: int) -> Sequence[Row[Any]]:
    """A plan's suggestions in their order, each with the plan's ``made_at``."""
    rows: Sequence[Row[Any]] = connection.execute(
        select(suggestion, plan.c.made_at)
        .join(plan, and_(plan.c.workspace_id == suggestion.c.workspace_id, plan.c.id == suggestion.c.plan_id))
        .where(suggestion.c.workspace_id == principal.workspace_id, suggestion.c.plan_id == plan_id)
        .order_by(suggestion.c.position)
    ).all()
    return rows


def _stored(
    connection: Connection, principal: Principal, rows: Sequence[Row[Any]], at: datetime
) -> list[Suggested]:
    ids = [row.contact_id for row in rows]
    shown = people(connection, principal, ids)
    points = talking_points(connection, principal, ids, at)
    states = states_of(connection, principal, rows, at)
    live = _last_live(connection, principal, ids, at)
    today = at.astimezone(principal.user_zone).date()
    home = fold(home_of(connection, principal).city or "")
    suggests = {state.rule.key: state.rule.suggests for state in rule_states(connection, principal)}
    return [
        Suggested(
            row.id,
            shown[row.contact_id],
            row.act,
            Slot(row.slot_day, row.slot_at, row.slot_minutes or 0, row.slot_note or ""),
            row.needs_address,
            row.reason,
            tuple(row.rules),
            row.evidence,
            points[row.contact_id],
            states[row.id].state,
            states[row.id].day,
            states[row.id].response_id,
            states[row.id].interaction_id,
            swaps=_swaps(row, suggests, shown[row.contact_id], home, live.get(row.contact_id), today),
            place=_place(row.act, shown[row.contact_id], home),
        )
        for row in rows
    ]


@dataclass(frozen=True)
class State:
    """How one suggestion stands; see `Suggested`."""

    state: str = "planned"
    day: date | None = None
    response_id: int | None = None
    interaction_id: int | None = None


def states_of(
    connection: Connection, principal: Principal, rows: Sequence[Row[Any]], at: datetime
) -> dict[int, State]:
    """How these suggestions stand at ``at``: the newest answer, else whether they were contacted anyway."""
    answers = _answers(connection, principal, [row.id for row in rows], at)
    reached = reached_since(connection, principal, rows, at)
    return {
        row.id: _state(row, answers.get(row.id), reached.get(row.contact_id, ()), principal, at)
        for row in rows
    }


def _answers(
    connection: Connection, principal: Principal, suggestion_ids: Sequence[int], at: datetime
) -> dict[int, Row[Any]]:
    """The newest answer to each suggestion that was not undone."""
    rows = connection.execute(
        select(response)
        .where(
            response.c.workspace_id == principal.workspace_id,
            response.c.suggestion_id.in_(suggestion_ids),
            response.c.verb.in_(_STATE_OF),
            response.c.made_at <= at,
            response.c.undone_at.is_(None) | (response.c.undone_at > at),
        )
        .order_by(response.c.made_at, response.c.id)
    )
    return {row.suggestion_id: row for row in rows}


def _state(
    row: Row[Any],
    answer: Row[Any] | None,
    reached: Sequence[Reached],
    principal: Principal,
    at: datetime,
) -> State:
    today = at.astimezone(principal.user_zone).date()
    came_back = answer is not None and answer.verb == "snooze" and answer.until_day <= today
    if answer is not None and not came_back:
        on = answer.made_at.astimezone(principal.user_zone).date()
        day = answer.until_day if answer.verb == "snooze" else on
        return State(_STATE_OF[answer.verb], day, answer.id, answer.interaction_id)
    touch = was_contacted(row, reached, principal)
    return State("contacted", touch.day, None, touch.interaction_id) if touch else State()


def people(connection: Connection, principal: Principal, contact_ids: Sequence[int]) -> dict[int, Suggestee]:
    """These contacts as suggestions show them, by id."""
    if not contact_ids:
        return {}
    address = select(contact_address.c.contact_id).where(
        contact_address.c.workspace_id == contact.c.workspace_id, contact_address.c.contact_id == contact.c.id
    )
    rows = connection.execute(
        select(
            contact,
            organisation.c.name.label("organisation"),
            contact_email.c.value.label("email"),
            address.exists().label("has_address"),
        )
        .outerjoin(
            organisation,
            and_(
                organisation.c.workspace_id == contact.c.workspace_id,
                organisation.c.id == contact.c.organisation_id,
            ),
        )
        .outerjoin(
            contact_email,
            and_(
                contact_email.c.workspace_id == contact.c.workspace_id,
                contact_email.c.contact_id == contact.c.id,
                contact_email.c.position == 0,
            ),
        )
        .where(contact.c.workspace_id == principal.workspace_id, contact.c.id.in_(contact_ids))
    )
    return {
        row.id: Suggestee(**{name: getattr(row, name) for name in Suggestee.__dataclass_fields__})
        for row in rows
    }


def _last_live(
    connection: Connection, principal: Principal, ids: Sequence[int], at: datetime
) -> dict[int, date]:
    log = interaction_contact.c
    rows = connection.execute(
        select(log.contact_id, func.max(log.occurred_at).label("last"))
        .where(
            log.workspace_id == principal.workspace_id,
            log.contact_id.in_(ids),
            log.counts,
            log.occurred_at <= at,
            is_live(log),
        )
        .group_by(log.contact_id)
    )
    return {row.contact_id: row.last.astimezone(principal.user_zone).date() for row in rows}


def _swaps(
    row: Row[Any],
    suggests: Mapping[str, Sequence[str]],
    person: Suggestee,
    home: str,
    last_live: date | None,
    today: date,
) -> tuple[str, ...]:
    """Other acts that would do: what its rules now suggest, best first, then a call or a note; only what can be done."""
    acts = [act for rule in row.rules for act in suggests.get(rule, ())]
    near = bool(home) and fold(person.city or "") == home
    spoke_lately = last_live is not None and (today - last_live).days < planner.CALM_DAYS
    return tuple(
        act
        for act in dict.fromkeys((*acts, *ALWAYS_OFFERED))
        if act != row.act
        and not (GROUPS[act] == "in_person" and not near)
        and not (act == "call" and spoke_lately)
    )


def _place(act: str, person: Suggestee, home: str) -> str | None:
    near = bool(home) and fold(person.city or "") == home
    return f"Both in {person.city}" if near and GROUPS[act] == "in_person" else None


@dataclass(frozen=True)
class Outcome:
    """How a week went: how many suggestions it had, and whom of them the user reached, with the rules that applied."""

    week: IsoWeek
    total: int
    reached: tuple[tuple[int, tuple[str, ...]], ...]


def outcome(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> Outcome | None:
    """How that week's plan came out; None if there was none, or nothing in it."""
    plan_id = connection.execute(
        select(plan.c.id).where(
            plan.c.workspace_id == principal.workspace_id,
            plan.c.user_id == principal.user_id,
            plan.c.week == str(week),
        )
    ).scalar_one_or_none()
    rows = suggestions_of(connection, principal, plan_id) if plan_id is not None else ()
    if not rows:
        return None
    states = states_of(connection, principal, rows, at)
    reached = tuple((row.contact_id, tuple(row.rules)) for row in rows if states[row.id].state in ACTED_ON)
    return Outcome(week, len(rows), reached)


# One suggestion


def own_suggestion(connection: Connection, principal: Principal, suggestion_id: int) -> Row[Any]:
    """A suggestion of the user's own plan with its plan's ``made_at``, locked until the end of the transaction."""
    row = connection.execute(
        select(suggestion, plan.c.made_at)
        .join(plan, and_(plan.c.workspace_id == suggestion.c.workspace_id, plan.c.id == suggestion.c.plan_id))
        .where(
            suggestion.c.workspace_id == principal.workspace_id,
            suggestion.c.id == suggestion_id,
            suggestion.c.user_id == principal.user_id,
        )
        .with_for_update(of=suggestion)
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def suggested(connection: Connection, principal: Principal, suggestion_id: int, at: datetime) -> Suggested:
    """One suggestion of the user's own plans as it stands; NotFound for anybody else's."""
    row = connection.execute(
        select(suggestion, plan.c.made_at)
        .join(plan, and_(plan.c.workspace_id == suggestion.c.workspace_id, plan.c.id == suggestion.c.plan_id))
        .where(
            suggestion.c.workspace_id == principal.workspace_id,
            suggestion.c.id == suggestion_id,
            suggestion.c.user_id == principal.user_id,
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    return _stored(connection, principal, [row], at)[0]


def suggestion_for(
    connection: Connection, principal: Principal, contact_id: int, at: datetime
) -> Suggested | None:
    """What this week's plan of the user says of one contact, if anything."""
    week = IsoWeek.of(at.astimezone(principal.user_zone).date())
    row = connection.execute(
        select(suggestion, plan.c.made_at)
        .join(plan, and_(plan.c.workspace_id == suggestion.c.workspace_id, plan.c.id == suggestion.c.plan_id))
        .where(
            suggestion.c.workspace_id == principal.workspace_id,
            suggestion.c.user_id == principal.user_id,
            suggestion.c.contact_id == contact_id,
            suggestion.c.monday == week.monday,
        )
    ).one_or_none()
    return _stored(connection, principal, [row], at)[0] if row is not None else None


# Why not


@dataclass(frozen=True)
class NotPlanned:
    """Somebody with a reason to be reached who is not in the plan, and the sentence why."""

    contact: Suggestee
    reason: str
    sentence: str
    response_id: int | None = None


def not_planned(
    connection: Connection, principal: Principal, week: IsoWeek, at: datetime
) -> list[NotPlanned]:
    """Everybody flagged when the plan of that week was made who found no place in it, by name."""
    stored = connection.execute(
        select(plan.c.left_out).where(
            plan.c.workspace_id == principal.workspace_id,
            plan.c.user_id == principal.user_id,
            plan.c.week == str(week),
        )
    ).scalar_one_or_none()
    today = at.astimezone(principal.user_zone).date()
    left = [LeftOut(one, why, day and date.fromisoformat(day)) for one, why, day in stored or ()]
    shown = people(connection, principal, [one.contact_id for one in left])
    muted = muted_people(connection, principal)
    found = [
        NotPlanned(
            shown[one.contact_id],
            one.reason,
            planner.why_not(one, today),
            muted.get(one.contact_id) if one.reason == "muted" else None,
        )
        for one in left
        if one.contact_id in shown
    ]
    return sorted(found, key=lambda one: (one.contact.name, one.contact.id))


def muted_people(connection: Connection, principal: Principal) -> dict[int, int]:
    """Contact → the answer *not this person* that still holds."""
    rows = connection.execute(
        select(response.c.contact_id, response.c.id)
        .where(
            response.c.workspace_id == principal.workspace_id,
            response.c.user_id == principal.user_id,
            response.c.verb == "not_this_person",
            response.c.undone_at.is_(None),
        )
        .order_by(response.c.id)
    )
    return {row.contact_id: row.id for row in rows}
