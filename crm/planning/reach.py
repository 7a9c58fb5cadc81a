"""Who can be met on a trip, those only reached through a screen first, and what its days hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo

from sqlalchemy import Connection

from crm.accounts.queries import members
from crm.domain.budgets import GROUPS
from crm.domain.language import gettext as _
from crm.domain.left_out import why_not
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.planning.asked import drafted
from crm.planning.contacted import were_reached
from crm.planning.drafting import Draft, draft_more
from crm.planning.journeys import Trip
from crm.planning.near import OTHERS_SHOWN, arranged_on, others_near, own_near
from crm.planning.queries import PlanView, Suggested, Suggestee, drafted_view, people, plan_of, stored_plan
from crm.planning.waiting import not_planned

ZONES = ("screen_only", "gone_quiet", "drifting", "no_record", "in_touch")
"""In the order of the page."""
WEEKS_PLANNED = 2
"""How many weeks of a long trip are planned at once."""


@dataclass(frozen=True)
class InReach:
    """Somebody who lives near the trip's city, what the plan says of them, and the day they are met if they are.

    Of somebody whom the user does not look after, the words say who does.
    """

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
    """The page of a trip. ``more``: how many of those shown as suggested stand in no plan yet, though their week is planned.

    ``others``: whom else the user meets there, and the first of those whom colleagues look after; ``unshown`` are more.
    """

    by_zone: tuple[tuple[str, tuple[InReach, ...]], ...]
    days: tuple[tuple[date, tuple[Meeting, ...]], ...]
    number: int
    more: int
    others: tuple[InReach, ...] = ()
    unshown: int = 0

    @property
    def meetings(self) -> tuple[Meeting, ...]:
        """All of them, by day."""
        return tuple(one for _, those in self.days for one in those)


def on_trip(connection: Connection, principal: Principal, trip: Trip, at: datetime) -> OnTrip:
    """Whom of the user's people the trip brings into reach, and the plan for its days as it stands at ``at``."""
    zones = own_near(connection, principal, trip)
    zone = trip.place.zone_or(principal.user_zone)
    arranged = arranged_on(connection, principal, trip, list(zones), zone)
    others, unshown = _others(connection, principal, trip, [one for one in arranged if one not in zones])
    shown = people(connection, principal, [*zones, *others])
    suggested: list[Suggested] = []
    words: dict[int, str] = {}
    for week in _weeks(trip, principal.own_day(at)):
        plan, left = _plan(connection, principal, week, at)
        suggested += [one for one in plan.suggestions if one.contact.id in zones and _meets(one, trip)]
        words |= left | {one.contact.id: one.reason for one in plan.suggestions}
    more = [
        one
        for draft in more_on_trip(connection, principal, trip, list(zones), at)
        for one in drafted_view(connection, principal, draft, at).suggestions
    ]
    words |= {one.contact.id: one.reason for one in more}
    meetings = [
        *(Meeting(live.occurred_at, live.channel, shown[one], True) for one, live in arranged.items()),
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
    owners = {one.id: one.name for one in members(connection, principal)} if others else {}
    beside = tuple(
        _person(shown[one], "", _looked_after(shown[one], owners, principal), met.get(one), zone)
        for one in others
    )
    groups = tuple((key, tuple(one for one in found if one.zone == key)) for key in ZONES)
    by_zone = tuple(group for group in groups if group[1])
    days = _by_day(trip, meetings, zone)
    return OnTrip(by_zone, days, len(zones), len(more), beside, unshown)


def more_on_trip(
    connection: Connection, principal: Principal, trip: Trip, own: Sequence[int], at: datetime
) -> list[Draft]:
    """For each week of the trip that is planned already, whom of the user's ``own`` people there it brings beside: nobody
    who was reached since the plan was made, who would count as contacted at once."""
    found = []
    for week in _weeks(trip, principal.own_day(at)):
        plan = stored_plan(connection, principal, week)
        if plan is not None:
            reached = were_reached(connection, principal, own, plan.made_at, at)
            waiting = [one for one in own if one not in reached]
            draft = draft_more(connection, principal, week, at, waiting)
            there = tuple(one for one in draft.suggestions if one.slot.day in trip.days)
            found.append(replace(draft, suggestions=there))
    return found


def _others(
    connection: Connection, principal: Principal, trip: Trip, met: Sequence[int]
) -> tuple[list[int], int]:
    """Whom the page shows beside the user's own people, whoever is met before the rest; and how many it does not."""
    there = [one for one in others_near(connection, principal, trip) if one not in met]
    return [*met, *there[:OTHERS_SHOWN]], len(there[OTHERS_SHOWN:])


def _looked_after(person: Suggestee, owners: Mapping[int, str], principal: Principal) -> str:
    if person.owner_id == principal.user_id:
        return _("You look after them.")
    if person.owner_id is None:
        return _("Nobody looks after them.")
    return _("{owner} looks after them.").format(owner=owners[person.owner_id])


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
    view = drafted(connection, principal, week, at)
    today = principal.own_day(at)
    return view, {one.contact_id: why_not(one, today) for one in view.left_out or ()}
