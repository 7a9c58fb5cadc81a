"""Whom the benchmarks are about, and what is known of them beside the log: dates, asks, promises, signals, favours."""

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Table

from crm import clock
from crm.contacts.drafts import NewContact, Occasion, Way
from crm.domain.heard import SIGNAL_TYPES
from crm.storage.tables import ask, favour, promise, signal

NOW = clock.now().replace(minute=0, second=0, microsecond=0)
"""The hour of the run, where all data end: servers go by the clock, and windows must not empty with the years."""
YEARS = 4
TAGS = ("pilot", "golf", "board", "conference", "reference", "press")
GIVEN = (
    "Marta",
    "Jonas",
    "Priya",
    "Elena",
    "Kwame",
    "Aiko",
    "Liam",
    "Chloé",
    "Ruth",
    "Daniel",
    "Łukasz",
    "Søren",
)
FAMILY = (
    "Kowalczyk",
    "Reuter",
    "Raman",
    "Duarte",
    "Mensah",
    "Tanabe",
    "Byrne",
    "Fontaine",
    "Abernathy",
    "Osei",
)


def people(chance: random.Random, number: int, firms: Sequence[int]) -> Iterator[NewContact]:
    """Drafts of that many people, each with an email, many with tags, a birthday or a renewal."""
    for place in range(number):
        name = f"{chance.choice(GIVEN)} {chance.choice(FAMILY)} {place}"
        yield NewContact(
            name=name,
            kind=chance.choice(("partner", "vendor", "customer", "other")),
            tier=chance.choices(("key", "regular", "warm", "none"), (2, 4, 2, 2))[0],
            organisation_id=chance.choice(firms),
            city=chance.choice(("Boston", "Berlin", "Pune", None)),
            emails=(Way(f"person{place}@firm.example"),),
            tags=tuple(tag for tag in TAGS if chance.random() < 0.1),
            dates=tuple(_dates(chance)),
            created_on=_long_ago(chance, YEARS * 365),
        )


def _dates(chance: random.Random) -> Iterator[Occasion]:
    if chance.random() < 0.3:
        yield Occasion("birthday", chance.randint(1, 12), chance.randint(1, 28), chance.randint(1950, 2000))
    if chance.random() < 0.1:
        ends = NOW.date() + timedelta(days=chance.randrange(365))
        yield Occasion("renewal", ends.month, ends.day, ends.year, yearly=False)


def _long_ago(chance: random.Random, days: int) -> date:
    return NOW.date() - timedelta(days=chance.randrange(days))


def matters(
    chance: random.Random, workspace_id: int, user_id: int, ids: Sequence[int]
) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """Rows without ids for each table: some people have a few of them, most have none."""

    def about(share: float, text: str) -> Iterator[dict[str, Any]]:
        for one in ids:
            if chance.random() < share:
                for number in range(1 + int(chance.expovariate(1))):
                    yield {
                        "workspace_id": workspace_id,
                        "contact_id": one,
                        "author_id": user_id,
                        "text": f"{text}, no. {number + 1}",
                    }

    asks = [{**row, **_open(chance, "opened_on", "closed_on")} for row in about(0.1, "How the rollout goes")]
    yield ask, asks
    promises = about(0.1, "Send the roadmap")
    yield (
        promise,
        [
            {**row, **_open(chance, "made_on", "kept_on"), "by": chance.choice(("us", "them"))}
            for row in promises
        ],
    )
    heard = about(0.2, "Onboarding takes too long")
    told = [
        {**row, "type": chance.choice(SIGNAL_TYPES), "heard_on": _long_ago(chance, 400), "theme": None}
        for row in heard
    ]
    yield signal, told
    yield (
        favour,
        [{**row, "received_on": _long_ago(chance, 400)} for row in about(0.05, "Put us in touch with Pune")],
    )


def _open(chance: random.Random, begun: str, ended: str) -> dict[str, Any]:
    """Two in three are done with; of the others every second is due, within a month before and two after."""
    day = _long_ago(chance, 300)
    is_done, due = chance.random() < 2 / 3, chance.randrange(-30, 60)
    return {
        begun: day,
        ended: min(day + timedelta(days=20), NOW.date()) if is_done else None,
        "due": NOW.date() + timedelta(days=due) if due % 2 else None,
    }
