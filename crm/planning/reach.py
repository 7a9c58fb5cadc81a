"""Who can be met on a trip, those only reached through a screen first, and what its days hold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection, and_, select

from crm.domain.budgets import GROUPS
from crm.domain.language import gettext as _
from crm.domain.left_out import why_not
from crm.domain.places.whereabouts import whereabouts
from crm.domain.principal import Principal
from crm.domain.targets import TIERS_WITH_TARGETS
from crm.domain.weeks import IsoWeek
from crm.planning.drafting import Draft, draft_more, draft_plan
from crm.planning.journeys import Trip
from crm.planning.queries import PlanView, Suggested, Suggestee, drafted_view, people, plan_of, stored_plan
from crm.planning.waiting import not_planned
from crm.storage.participation import is_live
from crm.storage.presence import is_present
from crm.storage.stored_metrics import current
from crm.storage.tables import contact, interaction_contact

ZONES = ("screen_only", "gone_quiet", "drifting", "no_record", "in_touch")
"""In the order of the page."""
WEEKS_PLANNED = 2
"""How many weeks of a long trip are planned at once."""


@dataclass(frozen=True)
class InReach:
    """Somebody who lives near the trip's city, what the plan says of them, and the day they are met if they are."""

    contact: Suggestee
    zone: str
    words: str
    day: date | None = None
    arranged: bool = False


@dataclass(frozen=True)
class Meeting:
    """Something on a day of the trip. What is arranged says no end, so it is taken for an hour. ``suggestion_id``: the
    suggestion it is, if it stands in a plan.
    """

    at: datetime | None
    act: str
    contact: Suggestee
    arranged: bool
    minutes: int = 60
    suggestion_id: int | None = None


@dataclass(frozen=True)
class OnTrip:
    """The page of a trip. ``more``: how many of those shown as suggested stand in no plan yet, though their week is planned."""

    by_zone: tuple[tuple[str, tuple[InReach, ...]], ...]
    days: tuple[tuple[date, tuple[Meeting, ...]], ...]
    number: int
    more: int

    @property
    def meetings(self) -> tuple[Meeting, ...]:
        """All of them, by day."""
        return tuple(one for _, those in self.days for one in those)


def on_trip(connection: Connection, principal: Principal, trip: Trip, at: datetime) -> OnTrip:
    """Whom of the user's people the trip brings into reach, and the plan for its days as it stands at ``at``."""
    zones = _in_reach(connection, principal, trip)
    shown = people(connection, principal, list(zones))
    zone = trip.place.zone_or(principal.user_zone)
    arranged = _arranged(connection, principal, trip, list(zones), zone)
    suggested: list[Suggested] = []
    words: dict[int, str] = {}
    for week in _weeks(trip, principal.own_day(at)):
        plan, left = _plan(connection, principal, week, at)
        suggested += [one for one in plan.suggestions if one.contact.id in zones and _meets(one, trip)]
        words |= left | {one.contact.id: one.reason for one in plan.suggestions}
    more = [
        one
        for draft in more_on_trip(connection, principal, trip, at)
        for one in drafted_view(connection, principal, draft, at).suggestions
    ]
    words |= {one.contact.id: one.reason for one in more}
    meetings = [
        *(Meeting(moment, act, shown[one], True) for one, (moment, act) in arranged.items()),
        *(
            Meeting(one.slot.starts_at, one.act, one.contact, False, one.slot.minutes, one.id)
            for one in (*suggested, *more)
        ),
    ]
    met = {one.contact.id: one for one in reversed(meetings)}
    found = [
        _person(shown[one], zones[one], words.get(one), met.get(one), zone)
        for one in sorted(zones, key=lambda one: (shown[one].name, one))
    ]
    groups = tuple((key, tuple(one for one in found if one.zone == key)) for key in ZONES)
    return OnTrip(
        tuple(group for group in groups if group[1]), _by_day(trip, meetings, zone), len(zones), len(more)
    )


def more_on_trip(connection: Connection, principal: Principal, trip: Trip, at: datetime) -> list[Draft]:
    """For each week of the trip that is planned already, whom the trip brings beside."""
    found = []
    for week in _weeks(trip, principal.own_day(at)):
        if stored_plan(connection, principal, week) is not None:
            draft = draft_more(connection, principal, week, at, list(_in_reach(connection, principal, trip)))
            there = tuple(one for one in draft.suggestions if one.slot.day in trip.days)
            found.append(replace(draft, suggestions=there))
    return found


def _person(
    person: Suggestee, zone: str, words: str | None, meeting: Meeting | None, there: tzinfo
) -> InReach:
    day = meeting.at.astimezone(there).date() if meeting and meeting.at else None
    return InReach(person, zone, words or _("Nothing is due."), day, bool(meeting and meeting.arranged))


def _by_day(
    trip: Trip, meetings: Sequence[Meeting], zone: tzinfo
) -> tuple[tuple[date, tuple[Meeting, ...]], ...]:
    held: dict[date, list[tuple[datetime, Meeting]]] = {day: [] for day in trip.days}
    for one in meetings:
        if one.at is not None:
            held[one.at.astimezone(zone).date()].append((one.at, one))
    return tuple(
        (day, tuple(one for _, one in sorted(those, key=lambda pair: pair[0]))) for day, those in held.items()
    )


def _weeks(trip: Trip, today: date) -> list[IsoWeek]:
    """The first weeks of what is left of the trip."""
    ahead = [day for day in trip.days if day >= today]
    return sorted({IsoWeek.of(day) for day in ahead})[:WEEKS_PLANNED]


def _meets(one: Suggested, trip: Trip) -> bool:
    return GROUPS[one.act] == "in_person" and one.slot.day in trip.days and (one.is_open or one.acted_on)


def _plan(
    connection: Connection, principal: Principal, week: IsoWeek, at: datetime
) -> tuple[PlanView, dict[int, str]]:
    """The stored plan, else what it would hold if it were made now; and why others are not in it."""
    stored = plan_of(connection, principal, week, at)
    if stored is not None:
        left = not_planned(connection, principal, week, at)
        return stored, {one.contact.id: one.sentence for one in left}
    draft = draft_plan(connection, principal, week, at)
    today = principal.own_day(at)
    view = drafted_view(connection, principal, draft, at)
    return view, {one.contact_id: why_not(one, today) for one in draft.left_out}


def _in_reach(connection: Connection, principal: Principal, trip: Trip) -> dict[int, str]:
    """The user's own people near the trip's city, with their zones."""
    standing = current(principal.workspace_id)
    rows: Any = connection.execute(
        select(contact.c.id, contact.c.city, contact.c.country, contact.c.time_zone, standing.c.zone)
        .outerjoin(standing, standing.c.contact_id == contact.c.id)
        .where(
            contact.c.workspace_id == principal.workspace_id,
            contact.c.owner_id == principal.user_id,
            contact.c.tier.in_(TIERS_WITH_TARGETS),
            contact.c.city.is_not(None),
            is_present(),
        )
    )
    return {
        row.id: row.zone or "no_record"
        for row in rows
        if trip.place.near(whereabouts(row.city, row.country, row.time_zone))
    }


def _arranged(
    connection: Connection, principal: Principal, trip: Trip, ids: Sequence[int], zone: tzinfo
) -> dict[int, tuple[datetime, str]]:
    """What is logged on the days of the trip with these people, ahead or already over: the moment and the channel."""
    log = interaction_contact.c
    rows = connection.execute(
        select(log.contact_id, log.occurred_at, log.channel)
        .where(
            and_(log.workspace_id == principal.workspace_id, log.contact_id.in_(ids), log.counts),
            log.day.between(trip.first_day - timedelta(days=1), trip.last_day + timedelta(days=1)),
            is_live(log),
        )
        .order_by(log.occurred_at)
    )
    return {
        row.contact_id: (row.occurred_at, row.channel)
        for row in rows
        if row.occurred_at.astimezone(zone).date() in trip.days
    }
