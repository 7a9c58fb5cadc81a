"""Reading plans: what one user's week holds, how it stands at a moment, and what a plan made now would hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select

from crm.domain.budgets import GROUPS, Budget
from crm.domain.calling import called
from crm.domain.candidates import CALM_DAYS, Frame, frame_of
from crm.domain.diary import Slot
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.left_out import LeftOut
from crm.domain.need_and_fit import arrives_by
from crm.domain.on_record import FROM_SILENCE, asks
from crm.domain.places.whereabouts import Whereabouts, whereabouts
from crm.domain.post import post_days
from crm.domain.principal import Principal
from crm.domain.rules import act_of
from crm.domain.weeks import IsoWeek
from crm.errors import NotFound
from crm.planning.arranged import next_arranged
from crm.planning.diary import has_calendar, taken_now
from crm.planning.drafting import Draft
from crm.planning.home import Home, home_in, homes_in, require_planner
from crm.planning.meant import occasion_on
from crm.planning.states import ACTED_ON, State, states_of
from crm.planning.talking import TalkingPoint, talking_points
from crm.rules.states import rule_states
from crm.storage.participation import counted, is_live
from crm.storage.presence import has_address, is_first_email, is_present
from crm.storage.statements import built_once
from crm.storage.tables import (
    contact,
    contact_email,
    contact_phone,
    interaction_contact,
    organisation,
    plan,
    suggestion,
)

ALWAYS_OFFERED = ("call", "note")
"""What a suggestion may be swapped for whatever its reason is."""
NO_LONGER_PLANNED = N_("This is in no plan of yours, or no longer: open the week again to see what is.")


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
    country: str | None
    time_zone: str | None
    has_address: bool
    phone: str | None
    owner_id: int | None

    @property
    def place(self) -> Whereabouts:
        """Where they are, as far as that is known."""
        return whereabouts(self.city, self.country, self.time_zone)

    @property
    def short_name(self) -> str:
        """What to call them in a sentence."""
        return called(self.name, self.given_name)


@dataclass(frozen=True)
class Suggested:
    """One suggestion as it stands. ``id`` is missing in a plan that is not stored.

    ``state`` is one of `STATES`; ``state_day`` the day it was done, or comes back. ``response_id`` is what *undo* takes
    back; *contacted* has none, since nobody answered: ``interaction_id`` is what was logged. ``swaps``: other acts.
    ``place`` is "Both in Boston" where meeting is suggested; ``zone``: by whose clock its moment is said. ``is_taken``:
    the user's calendar holds something else at its moment since the plan was made. ``arranged_for``: the day for which
    something live with them is logged ahead. ``absent``: "off" or "away", where days off or a trip that were written down
    since hold its day; "apart" where the trip is no more on which they were to meet. ``channel``: by which it was done,
    once it is. ``made_at``: when it was planned.
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
    zone: tzinfo
    week: IsoWeek
    state: str = "planned"
    state_day: date | None = None
    response_id: int | None = None
    interaction_id: int | None = None
    swaps: tuple[str, ...] = ()
    place: str | None = None
    is_taken: bool = False
    arranged_for: date | None = None
    absent: str = ""
    channel: str | None = None
    made_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still waits to be done."""
        return self.state == "planned"

    @property
    def has_lost_its_moment(self) -> bool:
        """Whether something came into the way of its moment since, so that another one may be found for the same act."""
        return self.is_taken or self.absent in ("off", "away")

    @property
    def may_be_unrecorded(self) -> bool:
        """Whether it speaks where the log says nothing, so that a meeting nobody wrote down would answer it."""
        return asks(self.reason) or not FROM_SILENCE.isdisjoint(self.rules)

    @property
    def acted_on(self) -> bool:
        """Done, or taken care of by itself."""
        return self.state in ACTED_ON

    @property
    def stamp(self) -> str:
        """How its stamp looks: as done once it is acted on."""
        if self.acted_on:
            return "done"
        return "skipped" if self.state == "not_this_person" else self.state

    @property
    def came_to(self) -> str:
        """The act that was done, or the channel of what is no act; before that the act that is suggested."""
        return self.act if self.channel is None else act_of(self.channel) or self.channel


@dataclass(frozen=True)
class PlanView:
    """One user's week. ``id`` and ``made_at`` are missing where the plan is not stored.

    ``homes``: where the user is in that week and the next, as far as is known now. ``left_out``: of a plan that is not stored,
    who found no place in it.
    """

    id: int | None
    user_id: int
    week: IsoWeek
    made_at: datetime | None
    budget: Budget
    homes: Sequence[Home]
    suggestions: tuple[Suggested, ...]
    left_out: tuple[LeftOut, ...] | None = None

    @property
    def open(self) -> tuple[Suggested, ...]:
        """Those still to be done."""
        return tuple(one for one in self.suggestions if one.is_open)


# Reading


def week_at_hand(connection: Connection, principal: Principal, at: datetime) -> IsoWeek:
    """The week that the user has before them: the present one.

    From Friday evening on it is the coming one, unless the present one was planned before its working days were over: no
    plan is made for days gone by.
    """
    week = IsoWeek.of(principal.own_day(at))
    if not week.is_over(principal.day_left(at)):
        return week
    made, coming = (_made_at(connection, principal, one, at) for one in (week, week.next()))
    in_time = made is not None and not week.is_over(principal.day_left(made))
    return week if in_time and coming is None else week.next()


def _made_at(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> datetime | None:
    """When that week's plan was made, if it was by then."""
    stored = stored_plan(connection, principal, week)
    return stored.made_at if stored is not None and stored.made_at <= at else None


def is_plan_of(whose: Any, user_id: Any, week: Any) -> ColumnElement[bool]:
    """A user's own plan of a week ("2026-W48"), of which there is one at most."""
    return and_(plan.c.workspace_id == whose, plan.c.user_id == user_id, plan.c.week == week)


def plan_of(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> PlanView | None:
    """The user's stored plan of that week as it stands at ``at``; None if none was made. Others' plans are not there."""
    row = stored_plan(connection, principal, week)
    if row is None:
        return None
    homes = homes_in(connection, principal, (week, week.next()), at)
    rows = suggestions_of(connection, principal, row.id)
    suggestions = tuple(_stored(connection, principal, rows, homes[0], at))
    return PlanView(row.id, row.user_id, week, row.made_at, Budget(**row.budget), homes, suggestions)


def stored_plan(connection: Connection, principal: Principal, week: IsoWeek) -> Row[Any] | None:
    """The row of the user's plan of that week, without what it holds."""
    own = (principal.workspace_id, principal.user_id, str(week))
    return connection.execute(*_plan_of(*own)).one_or_none()


@built_once
def _plan_of(whose: Any, user_id: Any, week: Any) -> Select[Any]:
    columns = plan.c
    chosen = (columns.id, columns.user_id, columns.made_at, columns.budget)
    return select(*chosen).where(is_plan_of(whose, user_id, week))


def drafted_view(connection: Connection, principal: Principal, draft: Draft, at: datetime) -> PlanView:
    """A plan that is not stored, to be shown as if it were; nothing in it can be answered."""
    ids = [one.contact_id for one in draft.suggestions]
    shown = people(connection, principal, ids)
    points = talking_points(connection, principal, ids, at)
    homes = homes_in(connection, principal, (draft.week, draft.week.next()), at)
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
            homes[0].clock_of(one.act, shown[one.contact_id].place, draft.week, principal.user_zone),
            draft.week,
            place=_place(one.act, shown[one.contact_id], homes[0]),
        )
        for one in draft.suggestions
    )
    user_id = require_planner(principal)
    return PlanView(None, user_id, draft.week, None, draft.budget, homes, suggestions, draft.left_out)


def are_proposals(connection: Connection, principal: Principal, plan: PlanView) -> bool:
    """Whether its open moments are only proposals: no calendar of the user says when they are free."""
    return any(one.slot.starts_at for one in plan.open) and not has_calendar(connection, principal)


def suggestions_of(connection: Connection, principal: Principal, plan_id: int) -> Sequence[Row[Any]]:
    """A plan's suggestions in their order; of who was archived or died since, none."""
    rows: Sequence[Row[Any]] = connection.execute(*_suggestions(principal.workspace_id, plan_id)).all()
    return rows


@built_once
def _suggestions(whose: Any, plan_id: Any) -> Select[Any]:
    same = and_(contact.c.workspace_id == suggestion.c.workspace_id, contact.c.id == suggestion.c.contact_id)
    found = select(suggestion).join(contact, same).where(is_present())
    mine = (suggestion.c.workspace_id == whose, suggestion.c.plan_id == plan_id)
    return found.where(*mine).order_by(suggestion.c.position)


@built_once
def _suggestions_in(whose: Any, user_id: Any, week: Any) -> Select[Any]:
    """The same of a user's week, whoever they are about."""
    same = and_(plan.c.workspace_id == suggestion.c.workspace_id, plan.c.id == suggestion.c.plan_id)
    mine = select(suggestion).join(plan, same).where(is_plan_of(whose, user_id, week))
    return mine.order_by(suggestion.c.position)


def _stored(
    connection: Connection, principal: Principal, rows: Sequence[Row[Any]], home: Home, at: datetime
) -> list[Suggested]:
    """Those of one plan as they stand; ``home`` is that of its week."""
    if not rows:
        return []
    ids = [row.contact_id for row in rows]
    shown = people(connection, principal, ids)
    points = talking_points(connection, principal, ids, at)
    states = states_of(connection, principal, rows, at)
    found = [
        _written(row, shown[row.contact_id], points[row.contact_id], states[row.id], home, principal)
        for row in rows
    ]
    return _as_of_now(connection, principal, rows, found, home, at)


def _written(
    row: Row[Any],
    person: Suggestee,
    points: tuple[TalkingPoint, ...],
    state: State,
    home: Home,
    principal: Principal,
) -> Suggested:
    """As it was written down, and what came of it."""
    week = IsoWeek.of(row.monday)
    return Suggested(
        row.id,
        person,
        row.act,
        Slot(row.slot_day, row.slot_at, row.slot_minutes or 0, row.slot_note or ""),
        row.needs_address,
        row.reason,
        tuple(row.rules),
        row.evidence,
        points,
        home.clock_of(row.act, person.place, week, principal.user_zone),
        week,
        state.state,
        state.day,
        state.response_id,
        state.interaction_id,
        place=_place(row.act, person, home),
        channel=state.channel,
        made_at=row.made_at,
    )


def _as_of_now(
    connection: Connection,
    principal: Principal,
    rows: Sequence[Row[Any]],
    found: Sequence[Suggested],
    home: Home,
    at: datetime,
) -> list[Suggested]:
    """The same with other acts that would do, and what has come into the way of those that wait."""
    week = IsoWeek.of(rows[0].monday)
    frame = frame_of(week, principal.own_day(at), home.not_worked(week))
    suggests = {state.rule.key: state.rule.suggests for state in rule_states(connection, principal)}
    live = _last_live(connection, principal, [row.contact_id for row in rows], at)
    waiting = [row for row, one in zip(rows, found, strict=True) if one.is_open]
    taken = taken_now(connection, principal, waiting, at)
    arranged = _arranged(connection, principal, waiting, frame, at)
    return [
        replace(
            one,
            swaps=_swaps(row, suggests, one.contact, home, frame, live.get(row.contact_id), principal),
            is_taken=row.id in taken,
            arranged_for=arranged.get(row.id),
            absent=_absent(row, one.contact, home, frame) if one.is_open else "",
        )
        for row, one in zip(rows, found, strict=True)
    ]


def people(connection: Connection, principal: Principal, contact_ids: Sequence[int]) -> dict[int, Suggestee]:
    """These contacts as suggestions show them, by id."""
    if not contact_ids:
        return {}
    rows = connection.execute(*_people(principal.workspace_id, list(contact_ids)))
    return {row.id: Suggestee(*row) for row in rows}


@built_once
def _people(whose: Any, ids: Any) -> Select[Any]:
    """The columns of ``Suggestee`` in its order."""
    beside = {
        "organisation": organisation.c.name.label("organisation"),
        "email": contact_email.c.value.label("email"),
        "has_address": has_address().label("has_address"),
        "phone": contact_phone.c.value.label("phone"),
    }
    names = Suggestee.__dataclass_fields__
    return (
        select(*(beside[name] if name in beside else contact.c[name] for name in names))
        .select_from(contact)
        .outerjoin(
            organisation,
            and_(
                organisation.c.workspace_id == contact.c.workspace_id,
                organisation.c.id == contact.c.organisation_id,
            ),
        )
        .outerjoin(contact_email, is_first_email())
        .outerjoin(
            contact_phone,
            and_(
                contact_phone.c.workspace_id == contact.c.workspace_id,
                contact_phone.c.contact_id == contact.c.id,
                contact_phone.c.position == 0,
            ),
        )
        .where(contact.c.workspace_id == whose, contact.c.id.in_(ids))
    )


def _last_live(
    connection: Connection, principal: Principal, ids: Sequence[int], at: datetime
) -> dict[int, date]:
    rows = connection.execute(*_live(principal.workspace_id, list(ids), at))
    return {row.contact_id: principal.own_day(row.last) for row in rows}


@built_once
def _live(whose: Any, ids: Any, at: Any) -> Select[Any]:
    log = interaction_contact.c
    return (
        select(log.contact_id, func.max(log.occurred_at).label("last"))
        .where(*counted(whose, ids, at, log), is_live(log))
        .group_by(log.contact_id)
    )


def _absent(row: Row[Any], person: Suggestee, home: Home, frame: Frame) -> str:
    """Whether the user is off on its day, away from where they would meet, or no longer going there."""
    if row.slot_day is None or row.slot_day < frame.today:
        return ""
    if row.slot_day in frame.holidays:
        return "off"
    if GROUPS[row.act] != "in_person" or home.meets_on(person.place, [row.slot_day]):
        return ""
    return "away" if row.slot_day in home.away else "apart"


def _arranged(
    connection: Connection, principal: Principal, rows: Sequence[Row[Any]], frame: Frame, at: datetime
) -> dict[int, date]:
    """Suggestion → the day for which something live is arranged with its contact, so soon that none would be made now."""
    found = next_arranged(connection, principal, [row.contact_id for row in rows], at)
    days = {contact_id: principal.own_day(one.occurred_at) for contact_id, one in found.items()}
    return {
        row.id: days[row.contact_id]
        for row in rows
        if row.contact_id in days and frame.is_calm_before(days[row.contact_id])
    }


def _swaps(
    row: Row[Any],
    suggests: Mapping[str, Sequence[str]],
    person: Suggestee,
    home: Home,
    frame: Frame,
    last_live: date | None,
    principal: Principal,
) -> tuple[str, ...]:
    """Other acts that would do: what its rules now suggest, best first, then a call or a note; only what can be done,
    and no card that comes after the occasion which alone asks for it.
    """
    acts = [act for rule in row.rules for act in suggests.get(rule, ())]
    asked_anyway = {act for rule in row.rules if rule != "occasion" for act in suggests.get(rule, ())}
    occasion = occasion_on(row, principal, frame.today)
    under_way = post_days(home.place.country, person.place.country)
    is_late = occasion is not None and not arrives_by(occasion, under_way, frame)
    near = home.meets_on(person.place, home.days_left(frame.week, frame.today))
    spoke_lately = last_live is not None and (frame.today - last_live).days < CALM_DAYS
    return tuple(
        act
        for act in dict.fromkeys((*acts, *ALWAYS_OFFERED))
        if act != row.act
        and not (GROUPS[act] == "in_person" and not near)
        and not (act == "call" and spoke_lately)
        and not (GROUPS[act] == "by_hand" and is_late and act not in asked_anyway)
    )


def _place(act: str, person: Suggestee, home: Home) -> str | None:
    if GROUPS[act] != "in_person" or not home.meets(person.place):
        return None
    if not home.place.near(person.place):
        return _("You are both in {city} then").format(city=person.city)
    return (
        _("Both in {city}").format(city=person.city)
        if person.place.words == home.place.words
        else _("In {city}, near you").format(city=person.city)
    )


@dataclass(frozen=True)
class Outcome:
    """How a week went: how many suggestions it had, and whom of them the user reached, with the rules that applied."""

    week: IsoWeek
    total: int
    reached: tuple[tuple[int, tuple[str, ...]], ...]


def outcome(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> Outcome | None:
    """How that week's plan came out; None if there was none, or nothing in it."""
    own = (principal.workspace_id, principal.user_id, str(week))
    rows = connection.execute(*_suggestions_in(*own)).all()
    if not rows:
        return None
    states = states_of(connection, principal, rows, at)
    reached = tuple((row.contact_id, tuple(row.rules)) for row in rows if states[row.id].state in ACTED_ON)
    return Outcome(week, len(rows), reached)


# One suggestion


def own_suggestion(connection: Connection, principal: Principal, suggestion_id: int) -> Row[Any]:
    """A suggestion of the user's own plan, locked until the end of the transaction."""
    row = connection.execute(
        select(suggestion)
        .where(
            suggestion.c.workspace_id == principal.workspace_id,
            suggestion.c.id == suggestion_id,
            suggestion.c.user_id == principal.user_id,
        )
        .with_for_update(of=suggestion)
    ).one_or_none()
    if row is None:
        raise NotFound(_(NO_LONGER_PLANNED))
    return row


def suggested(connection: Connection, principal: Principal, suggestion_id: int, at: datetime) -> Suggested:
    """One suggestion of the user's own plans as it stands; NotFound for anybody else's."""
    row = connection.execute(
        select(suggestion).where(
            suggestion.c.workspace_id == principal.workspace_id,
            suggestion.c.id == suggestion_id,
            suggestion.c.user_id == principal.user_id,
        )
    ).one_or_none()
    if row is None:
        raise NotFound(_(NO_LONGER_PLANNED))
    return _alone(connection, principal, row, at)


def _alone(connection: Connection, principal: Principal, row: Row[Any], at: datetime) -> Suggested:
    home = home_in(connection, principal, IsoWeek.of(row.monday), at)
    return _stored(connection, principal, [row], home, at)[0]


def suggestion_for(
    connection: Connection, principal: Principal, contact_id: int, at: datetime
) -> Suggested | None:
    """What the plan of the user's `week_at_hand` says of one contact, if anything."""
    week = week_at_hand(connection, principal, at)
    mine = _suggestion_for(principal.workspace_id, principal.user_id, contact_id, week.monday)
    row = connection.execute(*mine).one_or_none()
    return _alone(connection, principal, row, at) if row is not None else None


@built_once
def _suggestion_for(whose: Any, user_id: Any, contact_id: Any, monday: Any) -> Select[Any]:
    return select(suggestion).where(
        suggestion.c.workspace_id == whose,
        suggestion.c.user_id == user_id,
        suggestion.c.contact_id == contact_id,
        suggestion.c.monday == monday,
    )
