"""The desk of handwritten notes: which are to be written, what one needs, and those that are under way."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select

from crm.contacts.queries import Person, person
from crm.domain.note_prompts import usual_occasion
from crm.domain.places.whereabouts import whereabouts
from crm.domain.post import (
    address_lines,
    arrival,
    call_day,
    envelope_lines,
    last_post,
    missing_parts,
    post_days,
    usual_paper,
)
from crm.domain.principal import Principal
from crm.domain.working_hours import public_holidays
from crm.domain.yearly import next_return
from crm.planning.home import home_of, require_planner
from crm.planning.queries import Suggested, plan_of, suggestion_for, week_at_hand
from crm.planning.talking import TalkingPoint, date_words, talking_points
from crm.planning.words import planned_on
from crm.storage.open_matters import is_open
from crm.storage.tables import (
    contact,
    contact_address,
    contact_date,
    interaction,
    interaction_contact,
    promise,
    user,
)

AHEAD_DAYS = 35
"""How far ahead dates are looked at; a card must be able to leave within that time."""
UNDER_WAY_DAYS = 45
"""For how long a posted note stands on the desk."""
MOST = 50


@dataclass(frozen=True)
class Writer:
    """Who writes: what stands on the envelope's back, and what paper their printer holds."""

    name: str
    country: str | None
    return_address: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The sender as lines; none while the address is not known."""
        return (self.name, *address_lines(self.return_address)) if self.return_address else ()

    @property
    def paper(self) -> str:
        """The usual paper."""
        return usual_paper(self.country)

    def holidays(self, day: date) -> frozenset[date]:
        """Days on which no post goes, around a day."""
        if not self.country:
            return frozenset()
        return public_holidays(self.country, day.year) | public_holidays(self.country, day.year + 1)


def writer(connection: Connection, principal: Principal) -> Writer:
    """The user who writes; refused for viewers."""
    require_planner(principal)
    mine = (user.c.workspace_id == principal.workspace_id, user.c.id == principal.user_id)
    row = connection.execute(select(user.c.name, user.c.preferences).where(*mine)).one()
    country = home_of(connection, principal).place.country
    return Writer(row.name, country, str((row.preferences or {}).get("return_address", "")))


@dataclass(frozen=True)
class Address:
    """One postal address: its lines, its label, what stands on the envelope, and what is missing to post there."""

    lines: tuple[str, ...]
    label: str | None
    envelope: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Note:
    """A note to be written: to whom, where to, by when, and the facts that may help."""

    person: Person
    country: str | None
    addresses: tuple[Address, ...]
    points: tuple[TalkingPoint, ...]
    suggestion: Suggested | None
    post_by: date | None
    occasion: str
    arrives: date
    ring_on: date
    next_date: str = ""

    @property
    def about(self) -> str:
        """ "Director, Lowell Libraries. Retires after 31 years: Sun 6 Dec." As much of it as is known."""
        who = ", ".join(filter(None, (self.person.title, self.person.organisation)))
        return " ".join(f"{said}." for said in (who, self.next_date) if said)

    @property
    def missing(self) -> tuple[str, ...]:
        """What to ask for where there is no address at all."""
        return () if self.addresses else missing_parts((), self.country)


def note_to(connection: Connection, principal: Principal, contact_id: int, at: datetime) -> Note:
    """Everything a note to this person needs; NotFound for nobody of this workspace."""
    by = writer(connection, principal)
    today = principal.own_day(at)
    found = person(connection, principal, contact_id)
    one = suggestion_for(connection, principal, contact_id, at)
    one = one if one is not None and one.act == "note" and one.is_open else None
    country = whereabouts(found.city, found.country, found.time_zone).country
    days = post_days(by.country, country)
    coming = [row for row in _dates(connection, principal, today, contact_id) if row.day > today]
    in_time = [latest for row in coming if (latest := last_post(row.day, by.country, country)) >= today]
    arrives = arrival(today, days, holidays=by.holidays(today))
    return Note(
        found,
        country,
        _addresses(found, by, country),
        talking_points(connection, principal, [contact_id], at)[contact_id],
        one,
        _post_by(one.slot.day if one else None, in_time, today),
        usual_occasion(
            one.rules if one else (), [row.kind for row in coming], [row.label or "" for row in coming]
        ),
        arrives,
        call_day(arrives),
        next((date_words(row.kind, row.label, row.day, today) for row in coming), ""),
    )


def _post_by(planned: date | None, in_time: Sequence[date], today: date) -> date | None:
    """The day of the plan; once that is over, the last one in time for a date that comes, else today."""
    if planned is None or planned < today:
        return min(in_time, default=None if planned is None else today)
    return planned


def _addresses(found: Person, by: Writer, country: str | None) -> tuple[Address, ...]:
    cut = [(address_lines(way.value), way.label) for way in found.addresses]
    return tuple(
        Address(
            lines,
            label,
            envelope_lines(
                found.name, found.organisation, lines, label=label, home=by.country, there=country
            ),
            missing_parts(lines, country),
        )
        for lines, label in cut
    )


# The desk


@dataclass(frozen=True)
class ToWrite:
    """A note on the desk: to whom, why, by when, and how the address stands."""

    contact_id: int
    name: str
    why: str
    post_by: date | None
    has_address: bool


@dataclass(frozen=True)
class Posted:
    """A note that is under way or has arrived, and the day on which its writer means to ring."""

    interaction_id: int
    contact_id: int
    name: str
    posted: date
    arrives: date
    ring_on: date | None


@dataclass(frozen=True)
class Desk:
    """What is to be written, and what is posted, the newest first. ``as_of``: of which day the reasons are."""

    planned: tuple[ToWrite, ...]
    dates: tuple[ToWrite, ...]
    posted: tuple[Posted, ...]
    as_of: str = ""

    @property
    def is_empty(self) -> bool:
        """Nothing to write."""
        return not self.planned and not self.dates


def desk(connection: Connection, principal: Principal, at: datetime) -> Desk:
    """The notes of this week's plan, dates a card can still be in time for, and what was posted lately."""
    by = writer(connection, principal)
    today = principal.own_day(at)
    plan = plan_of(connection, principal, week_at_hand(connection, principal, at), at)
    notes = [one for one in (plan.open if plan else ()) if one.act == "note"]
    planned = tuple(
        ToWrite(one.contact.id, one.contact.name, one.reason, one.slot.day, not one.needs_address)
        for one in notes
    )
    posted = _posted(connection, principal, by, at)
    taken = {one.contact_id for one in planned} | {one.contact_id for one in posted if one.arrives >= today}
    dates = _in_time(connection, principal, by, today, taken)
    return Desk(planned, dates, posted, planned_on(notes, today, principal.user_zone))


@dataclass(frozen=True)
class _Coming:
    contact_id: int
    name: str
    country: str | None
    kind: str
    label: str | None
    day: date
    has_address: bool


def _dates(
    connection: Connection, principal: Principal, today: date, contact_id: int | None = None
) -> list[_Coming]:
    """Dates that come up with one contact, or with the user's own; renewals are no occasion for a card."""
    found = [_coming(row, today) for row in connection.execute(_occasions(principal, contact_id))]
    last = today + timedelta(days=AHEAD_DAYS)
    near = [one for one in found if one is not None and one.day <= last]
    return sorted(near, key=lambda one: (one.day, one.name, one.contact_id))


def _occasions(principal: Principal, contact_id: int | None) -> Select[Any]:
    address = select(contact_address.c.contact_id).where(
        contact_address.c.workspace_id == contact.c.workspace_id, contact_address.c.contact_id == contact.c.id
    )
    people = [contact.c.name, contact.c.city, contact.c.country, contact.c.time_zone]
    same = and_(
        contact.c.workspace_id == contact_date.c.workspace_id, contact.c.id == contact_date.c.contact_id
    )
    return (
        select(contact_date, *people, address.exists().label("has_address"))
        .join(contact, same)
        .where(contact_date.c.workspace_id == principal.workspace_id, contact_date.c.kind != "renewal")
        .where(contact.c.deceased_on.is_(None), *_whose(principal, contact_id))
    )


def _coming(row: Row[Any], today: date) -> _Coming | None:
    """The date's next return; none where it never comes again."""
    day = next_return(row.month, row.day, row.on_day, row.yearly, today)
    if day is None:
        return None
    country = whereabouts(row.city, row.country, row.time_zone).country
    return _Coming(row.contact_id, row.name, country, row.kind, row.label, day, bool(row.has_address))


def _whose(principal: Principal, contact_id: int | None) -> list[ColumnElement[bool]]:
    if contact_id is not None:
        return [contact.c.id == contact_id]
    return [
        contact.c.owner_id == principal.user_id,
        contact.c.tier != "none",
        contact.c.archived_at.is_(None),
    ]


def _in_time(
    connection: Connection, principal: Principal, by: Writer, today: date, taken: Collection[int]
) -> tuple[ToWrite, ...]:
    found = []
    for one in _dates(connection, principal, today):
        latest = last_post(one.day, by.country, one.country)
        if latest >= today and one.contact_id not in taken:
            why = f"{date_words(one.kind, one.label, one.day, today)}."
            found.append(ToWrite(one.contact_id, one.name, why, latest, one.has_address))
    return tuple(found[:MOST])


def _posted(connection: Connection, principal: Principal, by: Writer, at: datetime) -> tuple[Posted, ...]:
    today = principal.team_day(at)
    rows = connection.execute(_sent_since(principal, today - timedelta(days=UNDER_WAY_DAYS))).all()
    ring = _to_ring(connection, principal, [row.interaction_id for row in rows], today)
    found = []
    for row in rows:
        day = principal.own_day(row.occurred_at)
        country = whereabouts(row.city, row.country, row.time_zone).country
        arrives = arrival(day, post_days(by.country, country), holidays=by.holidays(day))
        found.append(
            Posted(row.interaction_id, row.contact_id, row.name, day, arrives, ring.get(row.interaction_id))
        )
    return tuple(found)


def _sent_since(principal: Principal, first: date) -> Select[Any]:
    """The notes this user sent since that day, newest first, each with where it goes."""
    log = interaction_contact.c
    where_to = (contact.c.name, contact.c.city, contact.c.country, contact.c.time_zone)
    return (
        select(log.interaction_id, log.contact_id, interaction.c.occurred_at, *where_to)
        .join(
            interaction,
            and_(interaction.c.workspace_id == log.workspace_id, interaction.c.id == log.interaction_id),
        )
        .join(contact, and_(contact.c.workspace_id == log.workspace_id, contact.c.id == log.contact_id))
        .where(
            log.workspace_id == principal.workspace_id,
            log.counts,
            log.channel == "note",
            log.direction == "outbound",
            log.day >= first,
            interaction.c.author_id == principal.user_id,
        )
        .order_by(interaction.c.occurred_at.desc(), log.interaction_id.desc(), contact.c.name)
        .limit(MOST)
    )


def _to_ring(
    connection: Connection, principal: Principal, interaction_ids: Sequence[int], today: date
) -> dict[int, date]:
    """Interaction → the day its writer means to ring, where that is still open."""
    rows = connection.execute(
        select(promise.c.interaction_id, func.min(promise.c.due).label("due"))
        .where(
            promise.c.workspace_id == principal.workspace_id,
            promise.c.interaction_id.in_(interaction_ids),
            promise.c.author_id == principal.user_id,
            promise.c.due.is_not(None),
            is_open(promise, today),
        )
        .group_by(promise.c.interaction_id)
    )
    return {row.interaction_id: row.due for row in rows}
