"""From habits to the log: everybody's beats, what many did together, and the rows of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from crm.demo.cast import TEAM, Person
from crm.demo.habits import CLOSE, HABITS, Beat, Setting
from crm.demo.places import CITIES
from crm.demo.words import words_for
from crm.domain.channels import SHIPPED, by_key
from crm.domain.principal import Principal
from crm.domain.rules import direction_of
from crm.domain.weeks import local_instant
from crm.interactions.actions import Entry, interaction_values, participation_rows
from crm.storage.database import new_ids
from crm.storage.tables import interaction, interaction_contact, interaction_user

ZONES = {mate.key: ZoneInfo(CITIES[mate.city].zone) for mate in TEAM}
_HOURS: Mapping[str, tuple[time, ...]] = {
    "lunch": (time(12), time(12, 30), time(12, 30), time(13)),
    "meeting": (time(10), time(11), time(14), time(15)),
    "visit": (time(9, 30), time(10), time(13, 30)),
    "event": (time(17), time(18)),
    "phone": tuple(time(hour, minute) for hour in (9, 10, 11, 14, 15, 16) for minute in (5, 20, 40)),
    "video": (time(9), time(10), time(15), time(16)),
}
_DESK_HOURS = tuple(time(hour, minute) for hour in range(8, 18) for minute in (4, 17, 31, 46, 58))
_ANY_DAY = ("event", "gift", "social", "sms")
"""Channels that know no weekend."""


@dataclass(frozen=True)
class Happening:
    """One interaction to be, on a calendar day of the team, with its people and users by name and key."""

    day: date
    at: time
    channel: str
    people: tuple[str, ...]
    users: tuple[str, ...]
    direction: str = "mutual"
    outcome: str = "reached"
    summary: str | None = None
    note: str | None = None
    private: bool = False


@dataclass(frozen=True)
class Logged:
    """An interaction that was written: its id, for the rows that refer to it."""

    id: int
    happening: Happening
    occurred_at: datetime


def happenings(rng: Random, everybody: Sequence[Person], today: date) -> list[Happening]:
    """Two years of log and what is arranged ahead, the oldest first."""
    colleagues = _colleagues(everybody)
    found = [one for person in everybody for one in _of_one(rng, person, today, colleagues)]
    found += _together(rng, everybody, today)
    found += _letters(everybody, today)
    found += _ahead(everybody, today)
    return sorted(found, key=lambda one: (one.day, one.at, one.people))


def _of_one(rng: Random, person: Person, today: date, colleagues: Mapping[str, list[str]]) -> list[Happening]:
    """One person's part of the log. What fell on one day keeps its order: the answer comes after the question."""
    beats = sorted(_beats(rng, person, today), key=lambda beat: -beat.days)
    found = [_happening(rng, person, beat, today, colleagues) for beat in beats]
    times: dict[date, list[time]] = defaultdict(list)
    for one in found:
        times[one.day].append(one.at)
    for on_day in times.values():
        on_day.sort(reverse=True)
    return [replace(one, at=times[one.day].pop()) for one in found]


def _beats(rng: Random, person: Person, today: date) -> list[Beat]:
    setting = Setting(rng, today, person.known, person.weeks, rng.uniform(1, 5))
    beats = list(person.beats) if person.beats is not None else HABITS[person.habit](setting)
    kept = [beat for beat in beats if beat.days <= max(person.known, 1)]
    if kept and person.tier != "none" and rng.random() < 0.2:
        kept += [
            Beat(day, "phone", "outbound", "attempted") for day in (rng.randint(1, 60), rng.randint(61, 300))
        ]
    return kept + _wishes(person, today)


def _wishes(person: Person, today: date) -> list[Beat]:
    """Last year's birthday wish, posted on a wall."""
    for one in person.dates:
        if one.kind == "birthday" and one.month != 2 and person.known > 400:
            this_year = date(today.year, one.month, one.day)
            coming = this_year if this_year >= today else date(today.year + 1, one.month, one.day)
            days = (today - coming).days + 365
            if 0 < (coming - today).days <= 14 and days > 300:
                return [Beat(days, "social", "outbound", summary="Birthday wish on the wall")]
    return []


def _colleagues(everybody: Iterable[Person]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for person in everybody:
        if person.company:
            found[person.company.name].append(person.name)
    return found


def _happening(
    rng: Random, person: Person, beat: Beat, today: date, colleagues: Mapping[str, list[str]]
) -> Happening:
    day = _working(today - timedelta(days=beat.days), beat.channel, ahead=beat.days < 0)
    others = [
        one for one in colleagues.get(person.company.name if person.company else "", ()) if one != person.name
    ]
    said = words_for(rng, person, beat, day, rng.choice(others) if others else "a colleague")
    users: tuple[str, ...] = (person.owner,)
    if beat.channel in ("meeting", "visit", "lunch") and rng.random() < 0.12:
        users += (rng.choice([mate.key for mate in TEAM if mate.key != person.owner]),)
    return Happening(
        day,
        rng.choice(_HOURS.get(beat.channel, _DESK_HOURS)),
        beat.channel,
        (person.name,),
        users,
        _direction(rng, beat),
        beat.outcome,
        said.summary,
        said.note,
        said.private,
    )


def _direction(rng: Random, beat: Beat) -> str:
    """Who rang whom; a talk at a table is both's."""
    if beat.direction == "mutual" and beat.channel == "phone" and beat.outcome == "reached":
        return rng.choice(("outbound", "outbound", "inbound", "mutual"))
    return direction_of(beat.channel) if beat.direction == "mutual" else beat.direction


def _working(day: date, channel: str, *, ahead: bool = False) -> date:
    """The nearest working day before (for what is to come: after) a weekend."""
    while day.weekday() >= 5 and channel not in _ANY_DAY:
        day += timedelta(days=1 if ahead else -1)
    return day


def _together(rng: Random, everybody: Sequence[Person], today: date) -> list[Happening]:
    """Meetings with several of one organisation, and three evenings with many."""
    close = [one for one in everybody if one.habit in CLOSE and one.beats is None and one.known > 300]
    by_company: dict[tuple[str, str], list[Person]] = defaultdict(list)
    for one in close:
        by_company[one.company.name if one.company else "", one.owner].append(one)
    found = []
    for (company, owner), members in by_company.items():
        if not company or len(members) < 2:
            continue
        for days in (rng.randint(75, 180), rng.randint(190, 290)):
            day = _working(today - timedelta(days=days), "meeting")
            names = tuple(one.name for one in members)
            summary = f"{company}: review with everybody at one table"
            found.append(Happening(day, time(14), "meeting", names, (owner, "nora"), summary=summary))
    for days, summary in ((132, "Summer evening on the roof"), (271, "Partner day, talks and soup")):
        guests = tuple(sorted(one.name for one in rng.sample(close, min(18, len(close)))))
        users = tuple(mate.key for mate in TEAM)
        found.append(
            Happening(today - timedelta(days=days), time(18), "event", guests, users, summary=summary)
        )
    return found


def _letters(everybody: Sequence[Person], today: date) -> list[Happening]:
    """Three mails to many: shown on every timeline, and no substitute for a word."""
    christmas = _working(date(today.year - 1, 12, 17), "email")
    letters = (
        (_working(today - timedelta(days=47), "email"), "Letter to friends: what changed this year"),
        (_working(today - timedelta(days=210), "email"), "Letter to friends, with dates for a visit"),
        (christmas, "Season’s greetings to everybody"),
    )
    found = []
    for day, summary in letters:
        known = [one for one in everybody if one.tier != "none" and one.known > (today - day).days]
        readers = [one for one in known if day == christmas or one.tier == "warm" or "newsletter" in one.tags]
        names = tuple(one.name for one in readers)
        found.append(Happening(day, time(9), "email", names, ("nora",), "outbound", summary=summary))
    return found


_ARRANGED = (
    ("nora", "luncher", 3, "lunch", "Lunch at the wharf"),
    ("nora", "faded", 8, "meeting", "Back at one table"),
    ("nora", "visitor", 15, "visit", "Half a day on site"),
    ("theo", "luncher", 2, "lunch", "Lunch by the market"),
    ("theo", "drift", 9, "visit", "Visit, tickets are booked"),
    ("sam", "caller", 4, "phone", "Call about next year"),
    ("hana", "luncher", 5, "lunch", "Noodles near the station"),
)


def _ahead(everybody: Sequence[Person], today: date) -> list[Happening]:
    """What is arranged already."""
    found = []
    for owner, habit, days, channel, summary in _ARRANGED:
        who = next(
            one for one in everybody if one.owner == owner and one.habit == habit and one.beats is None
        )
        day = _working(today + timedelta(days=days), channel, ahead=True)
        at = _HOURS[channel][-1]
        found.append(Happening(day, at, channel, (who.name,), (owner,), summary=summary))
    return found


# Rows


def write(
    connection: Connection,
    principal: Principal,
    found: Sequence[Happening],
    contacts: Mapping[str, int],
    users: Mapping[str, int],
    midnight: datetime,
) -> list[Logged]:
    """Insert the log at once; returns what was written, in the same order. ``midnight`` is the start of today.

    Ids follow time, as if each had been logged when it happened: what was logged last is what happened last.
    """
    in_time = sorted(range(len(found)), key=lambda place: (found[place].day, found[place].at))
    ids = dict(zip(in_time, new_ids(connection, len(found)), strict=True))
    ways = by_key(SHIPPED)
    today = principal.team_day(midnight)
    rows, took_part, present = [], [], []
    logged = []
    for place, one in enumerate(found):
        row_id = ids[place]
        entry = _entry(one, contacts, users, midnight, today)
        author = Principal(
            principal.workspace_id, users[one.users[0]], "member", principal.zone, ZONES[one.users[0]]
        )
        written = min(entry.occurred_at + timedelta(hours=2), midnight)
        values = interaction_values(author, entry, ways[one.channel], written)
        rows.append({"id": row_id, "created_at": written, "version": 1, **values})
        took_part += participation_rows(row_id, values, entry.contact_ids, ways[one.channel])
        present += _present(principal, row_id, entry.user_ids)
        logged.append(Logged(row_id, one, entry.occurred_at))
    connection.execute(interaction.insert(), rows)
    connection.execute(interaction_contact.insert(), took_part)
    connection.execute(interaction_user.insert(), present)
    return logged


def _entry(
    one: Happening, contacts: Mapping[str, int], users: Mapping[str, int], midnight: datetime, today: date
) -> Entry:
    return Entry(
        occurred_at=_instant(one, midnight, today),
        channel=one.channel,
        contact_ids=tuple(contacts[name] for name in one.people),
        direction=one.direction,
        outcome=one.outcome,
        user_ids=tuple(dict.fromkeys(users[key] for key in one.users)),
        summary=one.summary,
        note=one.note,
        note_private=one.private,
    )


def _instant(one: Happening, midnight: datetime, today: date) -> datetime:
    """That time of day where the first user lives; what is past ended before today began, wherever that is."""
    moment = local_instant(one.day, one.at, ZONES[one.users[0]])
    while one.day < today and moment >= midnight:
        moment -= timedelta(days=1)
    return moment


def _present(principal: Principal, interaction_id: int, user_ids: Iterable[int]) -> list[dict[str, Any]]:
    return [
        {"workspace_id": principal.workspace_id, "interaction_id": interaction_id, "user_id": user_id}
        for user_id in user_ids
    ]
