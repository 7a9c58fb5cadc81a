"""What was asked, promised, heard and received: rows beside the log."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, Table

from crm.demo.cast import Person
from crm.demo.habits import CLOSE
from crm.demo.log import Logged
from crm.demo.words import ASKS, FAVOURS, OUR_PROMISES, SIGNALS, THEIR_PROMISES, said
from crm.domain.principal import Principal
from crm.storage.database import new_ids
from crm.storage.tables import ask, favour, promise, signal

TALKS = ("lunch", "meeting", "visit", "phone")
"""Channels by which one hears something."""


@dataclass(frozen=True)
class Told:
    """One row to be: its table, about whom, in which words, and the rest; ``days`` before today it came up."""

    table: Table
    name: str
    text: str
    days: int
    rest: Mapping[str, Any]


def written_by_name(today: date) -> list[Told]:
    """What belongs to the featured people."""

    def asked(name: str, text: str, days: int, due: int | None = None) -> Told:
        return Told(ask, name, text, days, {"due": due if due is None else today + timedelta(days=due)})

    def promised(name: str, text: str, days: int, due: int, by: str = "us") -> Told:
        return Told(promise, name, text, days, {"by": by, "due": today + timedelta(days=due)})

    def heard(name: str, sort: str, text: str, days: int, theme: str) -> Told:
        return Told(signal, name, text, days, {"type": sort, "theme": theme})

    return [
        asked("Marta Kowalczyk", "Ask for a reference call with their Hartford team", 12),
        asked("Marta Kowalczyk", "Tell her the tablet fix ships in winter", 9),
        asked("Chloé Fontaine", "Ask about the marketplace listing", 43, 10),
        asked("Chloé Fontaine", "Ask who signs for the reseller agreement", 40),
        asked("Chloé Fontaine", "Invite her to open the partner day", 17),
        asked("Dana Whitcombe", "Ask whether the paper price holds for a year", 9, 16),
        asked("Ben Adeyemi", "Ask what happened to the storm plan", 25),
        asked("Liam Byrne", "Say what the renewal will cost", 11, 20),
        promised("Marta Kowalczyk", "A fix for shared tablets", 226, 22),
        promised("Marta Kowalczyk", "A quote for the case study", 60, -24, "them"),
        promised("Graham Pike", "Introduce Graham to Kwame", 72, -42),
        promised("Elena Duarte", "The report about the outage", 1, 8),
        promised("Liam Byrne", "Send Liam the audit checklist", 12, 3),
        promised("Rob Tanner", "Samples of the new wall charts", 30, -6),
        promised("Jürgen Haas", "A German manual", 150, 45),
        heard("Marta Kowalczyk", "pain point", "Six tablets, one password", 226, "Shared passwords"),
        heard(
            "Marta Kowalczyk",
            "request",
            "Single sign-on for drivers on shared tablets",
            33,
            "Shared passwords",
        ),
        heard("Elena Duarte", "risk", "The board asks whether to go back to paper", 2, "Paper on the side"),
        heard("Elena Duarte", "praise", "“Ward 4 would not give the screens back”", 76, "Night shift"),
        heard("Daniel Osei", "competitor", "Had a demo of Tallyboard at the fair", 158, "Tallyboard"),
        heard("Chloé Fontaine", "request", "A listing in their marketplace by spring", 43, "Marketplace"),
        Told(favour, "Kwame Mensah", "Introduced us to Fernhill Foods", 5, {}),
        Told(favour, "Hannah Voss", "Opened the door to two other boards", 190, {}),
    ]


def by_chance(rng: Random, everybody: Sequence[Person], logged: Sequence[Logged], today: date) -> list[Told]:
    """What belongs to the others: mostly settled, each heard in a talk that is in the log."""
    close = [one for one in everybody if one.habit in CLOSE and one.beats is None]
    talks = _talks(logged, today)

    def some(count: int, make: Callable[[Person, int], Told], since: int = 30) -> Iterable[Told]:
        for person in rng.sample(close, min(count, len(close))):
            days = [one for one in talks.get(person.name, ()) if since < one < 540]
            if days:
                yield make(person, rng.choice(days))

    def words(templates: Sequence[str], person: Person, days: int) -> str:
        return said(rng, rng.choice(templates), person, today - timedelta(days=days))

    def settled(days: int) -> date:
        return today - timedelta(days=max(1, days - rng.randint(4, 45)))

    def an_ask(person: Person, days: int) -> Told:
        return Told(ask, person.name, words(ASKS, person, days), days, {"closed_on": settled(days)})

    def ours(person: Person, days: int) -> Told:
        rest = {"by": "us", "due": today - timedelta(days=days - 21), "kept_on": settled(days)}
        return Told(promise, person.name, words(OUR_PROMISES, person, days), days, rest)

    def theirs(person: Person, days: int) -> Told:
        rest = {"by": "them", "due": today - timedelta(days=days - 30), "kept_on": settled(days)}
        return Told(promise, person.name, words(THEIR_PROMISES, person, days), days, rest)

    def a_signal(person: Person, days: int) -> Told:
        sort = rng.choice(tuple(SIGNALS))
        text, theme = rng.choice(SIGNALS[sort])
        rest = {"type": sort, "theme": theme if rng.random() < 0.85 else None}
        return Told(signal, person.name, words((text,), person, days), days, rest)

    def a_favour(person: Person, days: int) -> Told:
        return Told(favour, person.name, words(FAVOURS, person, days), days, {})

    found = [*some(24, an_ask), *some(22, ours), *some(10, theirs), *some(14, a_favour)]
    found += [*some(40, a_signal, 3), *some(40, a_signal, 3), *some(12, a_signal)]
    return [*found, *_still_open(rng, everybody, today)]


def _still_open(rng: Random, everybody: Sequence[Person], today: date) -> list[Told]:
    """A few of the others have something open too, one of them of tier *none*; and two did us a favour this week."""
    someone = {
        owner: [
            one
            for one in everybody
            if one.owner == owner and one.habit in ("steady", "luncher") and one.beats is None
        ]
        for owner in ("theo", "sam", "hana")
    }
    passing = next(one for one in everybody if one.owner == "nora" and one.habit == "passing")
    due = {days: today + timedelta(days=days) for days in (1, 7, 14, 25)}
    theo, sam, hana = (someone[owner] for owner in ("theo", "sam", "hana"))
    return [
        Told(ask, passing.name, said(rng, ASKS[4], passing, today), 20, {"due": due[7]}),
        Told(ask, sam[0].name, said(rng, ASKS[0], sam[0], today), 6, {"due": due[14]}),
        Told(
            promise, hana[0].name, said(rng, OUR_PROMISES[0], hana[0], today), 18, {"by": "us", "due": due[1]}
        ),
        Told(
            promise,
            theo[0].name,
            said(rng, OUR_PROMISES[5], theo[0], today),
            10,
            {"by": "us", "due": due[25]},
        ),
        Told(
            promise,
            theo[1].name,
            said(rng, THEIR_PROMISES[0], theo[1], today),
            26,
            {"by": "them", "due": due[7]},
        ),
        Told(favour, theo[2].name, said(rng, FAVOURS[0], theo[2], today), 4, {}),
        Told(favour, sam[1].name, said(rng, FAVOURS[2], sam[1], today), 2, {}),
    ]


def _talks(logged: Sequence[Logged], today: date) -> dict[str, list[int]]:
    """For each person, how many days ago there was a talk with them alone."""
    found: dict[str, list[int]] = {}
    for one in logged:
        happening = one.happening
        if happening.channel in TALKS and happening.outcome == "reached" and len(happening.people) == 1:
            found.setdefault(happening.people[0], []).append((today - happening.day).days)
    return found


_SINCE = {ask: "opened_on", promise: "made_on", signal: "heard_on", favour: "received_on"}
_LATER = {ask: ("due", "closed_on"), promise: ("due", "kept_on"), signal: (), favour: ()}


def write(
    connection: Connection,
    principal: Principal,
    told: Sequence[Told],
    logged: Sequence[Logged],
    everybody: Sequence[Person],
    contacts: Mapping[str, int],
    users: Mapping[str, int],
    today: date,
) -> None:
    """Insert the rows, each beside the talk of that day if there was one."""
    owners = {one.name: one.owner for one in everybody}
    by_voice_last = sorted(logged, key=lambda one: one.happening.channel in TALKS)
    talks = {(name, one.happening.day): one.id for one in by_voice_last for name in one.happening.people}
    for table, since in _SINCE.items():
        chosen = sorted(
            (one for one in told if one.table is table), key=lambda one: (-one.days, one.name, one.text)
        )
        rows = []
        for row_id, one in zip(new_ids(connection, len(chosen)), chosen, strict=True):
            day = today - timedelta(days=one.days)
            later = dict.fromkeys(_LATER[table])
            rows.append(
                {
                    "workspace_id": principal.workspace_id,
                    "id": row_id,
                    "contact_id": contacts[one.name],
                    "interaction_id": talks.get((one.name, day)),
                    "author_id": users[owners[one.name]],
                    "text": one.text,
                    since: day,
                    **later,
                    **one.rest,
                }
            )
        connection.execute(table.insert(), rows)
