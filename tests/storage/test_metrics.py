"""Every metric, score, zone and flag equals what an independent oracle works out, on both databases."""

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import RowMapping, Select, Subquery, select

from crm.accounts.workspaces import create_workspace
from crm.domain.expressions import Metric
from crm.domain.metrics import COUNTED, METRICS
from crm.domain.principal import Principal
from crm.domain.rules import EVERYONE, SHIPPED, Rule
from crm.interactions.actions import Entry, interaction_values, participation_rows
from crm.interactions.queries import channels
from crm.storage import tables
from crm.storage.database import Database, new_ids
from crm.storage.flags import matches
from crm.storage.metrics import as_of, kept, rows_of
from crm.storage.stored_metrics import current, refresh, scope_of
from tests import oracle
from tests.oracle import Ask, Happening, Log, Marks, Occasion, Person, Promise
from tests.thorough import TIMES

PARTS = tuple(f"part_{name}" for name in ("any", "personal", "in_person", "balance"))
EXACT = (*COUNTED, "tier", "kind", "score", "zone")
CLOSE = (*(name for name in METRICS if name not in COUNTED), *PARTS)
ABOUT_CONTACTS = tuple(rule for rule in SHIPPED if rule.key != "fragile_account")
ANYBODY = Rule("anybody", "Anybody", EVERYONE, Metric("known_days").ge(-9), ("call",), "low")
"""Matches every row, so that one statement brings all metrics and all flags."""

ANCHORS = {
    "UTC": (date(2026, 11, 23), date(2028, 2, 29), date(2027, 3, 1)),
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25), date(2026, 12, 31)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1), date(2027, 2, 28)),
    "Asia/Kolkata": (date(2026, 1, 1), date(2024, 2, 29)),
    "Pacific/Apia": (date(2011, 12, 29), date(2011, 12, 31), date(2026, 6, 1)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
    "America/Santiago": (date(2026, 9, 6), date(2026, 4, 5)),
}
TIMES_OF_DAY = (
    time(0),
    time(0, 0, 0, 1),
    time(1, 59, 59),
    time(2, 15),
    time(2, 30, fold=1),
    time(12),
    time(23, 59, 59, 999_999),
)
EDGES = tuple(
    edge + shift for edge in (0, 7, 30, 60, 90, 180, 365, 455) for shift in (-1, 0, 1) if edge + shift >= 0
)
TIERS = ("key", "key", "regular", "warm", "none")
KINDS = ("partner", "customer", "vendor", "other", "press")
CHANNELS = (*oracle.CHANNELS, "email", "email", "video", "pigeon")
DIRECTIONS = ("outbound", "inbound", "mutual")
CROWDS = (11, 12, 13, 50, 51)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
names = count(1)


class Imagined:
    """A log made up from one source of chance: dense where definitions have edges, and rich in ties."""

    def __init__(self, chance: random.Random, people: int, most: int) -> None:
        self.chance = chance
        self.zone = chance.choice(sorted(ANCHORS))
        self.anchor = chance.choice(ANCHORS[self.zone])
        self.most = most
        self.people = tuple(self._person() for _ in range(people))
        self.instants = [self._instant() for _ in range(3)]
        self.happenings: list[Happening] = []
        for position in range(people):
            self._history(position)
        for size in CROWDS:
            self._crowd(size)

    def log(self) -> Log:
        largest = max((max(one.people) + 1 for one in self.happenings), default=0)
        extras = max(0, largest - len(self.people))
        crowd = tuple(Person(self.anchor, tier="none") for _ in range(extras))
        marks = {**oracle.CHANNELS, "pigeon": self._marks()}
        if self.chance.random() < 0.3:
            marks["video"] = Marks(live=True)
        targets = {}
        for _ in range(self.chance.choice((0, 0, 1, 4))):
            pair = (self.chance.choice(("key", "regular", "warm")), self.chance.choice(KINDS))
            targets[pair] = (self._days(), self._days(), self._days())
        return Log(self.zone, self.people + crowd, tuple(self.happenings), marks, targets)

    def moments(self) -> list[datetime]:
        """Past, present and future; exactly at something, and a microsecond before."""
        shifts = (0, 1, self.chance.choice((-1, -40, -400)), self.chance.choice((21, 42, 117, 500)))
        chosen = [self._at(self.anchor + timedelta(days=shift)) for shift in shifts]
        at = self.chance.choice(self.instants)
        return [*chosen, at, at - timedelta(microseconds=1)]

    def _at(self, day: date) -> datetime:
        wall = datetime.combine(day, self.chance.choice(TIMES_OF_DAY))
        return wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def _instant(self) -> datetime:
        ago = self.chance.choice((*EDGES, self.chance.randint(-20, 30), self.chance.randint(0, 900)))
        return self._at(self.anchor - timedelta(days=ago))

    def _day(self, least: int, most: int) -> date:
        return self.anchor + timedelta(days=self.chance.randint(least, most))

    def _maybe_day(self, least: int, most: int) -> date | None:
        return self._day(least, most) if self.chance.random() < 0.6 else None

    def _days(self) -> int | None:
        return self.chance.choice((None, 1, 7, 30, 45, 57, 90, 200))

    def _marks(self) -> Marks:
        return self.chance.choice((Marks(), Marks(digital=True), Marks(live=True, in_person=True)))

    def _person(self) -> Person:
        chance = self.chance
        some = chance.random() < 0.4
        own = {clock: self._days() for clock in oracle.CLOCKS if some and chance.random() < 0.5}
        return Person(
            self._day(-900, 30) if chance.random() < 0.8 else self._day(-91, -59),
            chance.choice(TIERS),
            chance.choice(KINDS),
            own,
            tuple(
                Ask(self._day(-40, 3), self._maybe_day(-5, 40), self._maybe_day(-20, 20))
                for _ in range(chance.choice((0, 0, 1, 3)))
            ),
            tuple(
                Promise(
                    self._day(-40, 3),
                    chance.choice(("us", "them")),
                    self._maybe_day(-5, 20),
                    self._maybe_day(-20, 20),
                )
                for _ in range(chance.choice((0, 0, 1, 3)))
            ),
            tuple(self._day(-30, 3) for _ in range(chance.choice((0, 0, 1, 2)))),
            tuple(self._occasion() for _ in range(chance.choice((0, 0, 1, 2)))),
        )

    def _occasion(self) -> Occasion:
        chance = self.chance
        sort = chance.choice(("birthday", "anniversary", "other", "renewal", "renewal"))
        day = chance.choice((self._day(-3, 63), date(2024, 2, 29), date(2028, 2, 29), date(2027, 3, 1)))
        yearly = chance.random() < 0.7
        year = None if yearly and chance.random() < 0.5 else day.year
        return Occasion(sort, day.month, day.day, year, yearly)

    def _history(self, position: int) -> None:
        """Nothing, scattered single things, or a steady run that stopped some time ago."""
        sort = self.chance.choice(("nothing", "scattered", "scattered", "run", "thread", "mixture"))
        if sort in ("scattered", "mixture"):
            for _ in range(self.chance.randint(1, self.most)):
                shared = self.chance.random() < 0.4
                self._add(self.chance.choice(self.instants) if shared else self._instant(), position)
        if sort in ("run", "mixture"):
            self._run(position)
        if sort == "thread":
            for _ in range(self.chance.randint(1, 2 * self.most)):
                self._add(self._at(self._day(-9, 0)), position, self.chance.choice(("email", "chat")))

    def _run(self, position: int) -> None:
        gap, last = self.chance.choice((1, 2, 7, 14, 14, 21, 30)), self.chance.choice((0, 2, 14, 21, 28, 42))
        channel = self.chance.choice(CHANNELS)
        for step in range(self.chance.randint(1, 3 * self.most)):
            self._add(self._at(self.anchor - timedelta(days=last + gap * step)), position, channel)

    def _add(self, at: datetime, position: int, channel: str | None = None) -> None:
        chance = self.chance
        others = [other for other in range(len(self.people)) if other != position and chance.random() < 0.1]
        self.happenings.append(
            Happening(
                at,
                channel or chance.choice(CHANNELS),
                (position, *others),
                chance.choice(DIRECTIONS),
                "attempted" if chance.random() < 0.08 else "reached",
                chance.random() < 0.08,
            )
        )

    def _crowd(self, size: int) -> None:
        if self.chance.random() < 0.15:
            self.happenings.append(
                Happening(
                    self.chance.choice(self.instants),
                    self.chance.choice(CHANNELS),
                    tuple(range(size)),
                    self.chance.choice(DIRECTIONS),
                )
            )


def store(database: Database, log: Log) -> tuple[Principal, list[int]]:
    """The log in a workspace of its own; returns who may see it, and the contacts' ids by position."""
    zone = ZoneInfo(log.zone)
    with database.write() as connection:
        made_at = datetime(2026, 1, 1, tzinfo=UTC)
        workspace_id = create_workspace(connection, f"Workspace {next(names)}", log.zone, made_at)
        principal = Principal(workspace_id, None, "admin", zone, zone)
        ids = new_ids(connection, len(log.people))
        _store_channels(connection, workspace_id, log)
        people = [_contact(person) for person in log.people]
        _insert(connection, workspace_id, tables.contact, people, ids)
        targets = [
            {"tier": tier, "kind": kind, "any": days[0], "personal": days[1], "in_person": days[2]}
            for (tier, kind), days in log.targets.items()
        ]
        _insert(connection, workspace_id, tables.target, targets)
        _store_written_down(connection, workspace_id, log, ids)
        _store_happenings(connection, principal, log, ids)
    return principal, ids


def _insert(
    connection: Any, workspace_id: int, table: Any, rows: Sequence[dict[str, Any]], ids: Iterable[int] = ()
) -> None:
    if not rows:
        return
    if "id" in table.c:
        ids = list(ids) or new_ids(connection, len(rows))
        rows = [{"id": row_id, **row} for row_id, row in zip(ids, rows, strict=True)]
    connection.execute(table.insert(), [{"workspace_id": workspace_id, **row} for row in rows])


def _store_channels(connection: Any, workspace_id: int, log: Log) -> None:
    table = tables.channel
    connection.execute(table.delete().where(table.c.workspace_id == workspace_id))
    rows = [
        {
            "key": key,
            "label": key,
            "position": position,
            "digital": marks.digital,
            "live": marks.live,
            "in_person": marks.in_person,
            "by_hand": not (marks.digital or marks.live or marks.in_person),
        }
        for position, (key, marks) in enumerate(log.channels.items())
    ]
    _insert(connection, workspace_id, table, rows)


def _contact(person: Person) -> dict[str, Any]:
    own = person.own_targets
    return {
        "name": "Marta",
        "folded_name": "marta",
        "search": "marta",
        "tier": person.tier,
        "kind": person.kind,
        "created_on": person.created_on,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "changed_at": datetime(2026, 1, 1, tzinfo=UTC),
        **{f"target_{clock}": (own[clock] or 0) if clock in own else None for clock in oracle.CLOCKS},
    }


def _store_written_down(connection: Any, workspace_id: int, log: Log, ids: list[int]) -> None:
    def rows(name: str) -> list[tuple[int, Any]]:
        return [
            (contact_id, one)
            for contact_id, person in zip(ids, log.people, strict=True)
            for one in getattr(person, name)
        ]

    asks = [{"contact_id": who, "text": "a", **vars(one)} for who, one in rows("asks")]
    promises = [{"contact_id": who, "text": "p", **vars(one)} for who, one in rows("promises")]
    favours = [{"contact_id": who, "text": "f", "received_on": day} for who, day in rows("favours")]
    _insert(connection, workspace_id, tables.ask, asks)
    _insert(connection, workspace_id, tables.promise, promises)
    _insert(connection, workspace_id, tables.favour, favours)
    dates = [
        {
            "contact_id": who,
            "kind": one.sort,
            "year": one.year,
            "month": one.month,
            "day": one.day,
            "on_day": one.year and date(one.year, one.month, one.day),
            "leap_day": date(2024, one.month, one.day).timetuple().tm_yday,
            "yearly": one.yearly,
        }
        for who, one in rows("dates")
    ]
    _insert(connection, workspace_id, tables.contact_date, dates)


def _store_happenings(connection: Any, principal: Principal, log: Log, ids: list[int]) -> None:
    ways = {way.key: way for way in channels(connection, principal)}
    row_ids = new_ids(connection, len(log.happenings))
    interactions, participations = [], []
    for row_id, one in zip(row_ids, log.happenings, strict=True):
        entry = Entry(
            one.at, one.channel, tuple(ids[place] for place in one.people), one.direction, one.outcome
        )
        way = ways[one.channel]
        values = interaction_values(principal, entry, way, one.at)
        rows = participation_rows(row_id, values, entry.contact_ids, way, deleted=one.deleted)
        participations += rows
        interactions.append(
            {
                "occurred_at": one.at,
                "day": rows[0]["day"],
                "channel": one.channel,
                "direction": one.direction,
                "outcome": one.outcome,
                "broadcast": oracle.is_broadcast(one, log.channels[one.channel]),
                "created_at": one.at,
                "changed_at": one.at,
                "deleted_at": one.at if one.deleted else None,
            }
        )
    _insert(connection, principal.workspace_id, tables.interaction, interactions, row_ids)
    if participations:
        connection.execute(tables.interaction_contact.insert(), participations)


def compare(database: Database, log: Log, moments: Iterable[datetime]) -> Counter[str]:
    """Assert that product and oracle agree; returns which zones and flags came up."""
    principal, ids = store(database, log)
    seen: Counter[str] = Counter()
    for moment in moments:
        with database.read() as connection:
            scope = scope_of(connection, principal, moment)
            found = _by_contact(connection.execute(_everything(kept(scope)), scope.parameters()).mappings())
        expected = {ids[place]: facts for place, facts in oracle.as_of(log, moment).items()}
        assert set(found) == set(expected), moment
        for contact_id, facts in expected.items():
            about = (log.zone, moment, log.people[ids.index(contact_id)])
            assert_same(found[contact_id], facts, about)
            flags = _flags(found[contact_id])
            assert flags == oracle.flags(facts), about
            seen.update([str(facts["zone"]), *flags])
    return seen


@lru_cache(maxsize=4)
def _everything(relation: Subquery) -> Select[Any]:
    return matches(relation, (*ABOUT_CONTACTS, ANYBODY))


def _by_contact(rows: Iterable[RowMapping]) -> dict[int, dict[str, Any]]:
    return {row["contact_id"]: dict(row) for row in rows}


def _flags(row: dict[str, Any]) -> dict[str, str]:
    return {
        rule.key: "high" if row["high_mask"] >> place & 1 else rule.severity
        for place, rule in enumerate(ABOUT_CONTACTS)
        if row["rule_mask"] >> place & 1
    }


def assert_same(found: dict[str, Any], expected: oracle.Facts, about: object) -> None:
    wrong = {}
    for name in EXACT:
        if found[name] != expected[name]:
            wrong[name] = (found[name], expected[name])
    for name in CLOSE:
        value, wanted = found[name], expected[name]
        if value is None or wanted is None:
            agree = value is wanted
        else:
            agree = math.isclose(value, float(wanted), rel_tol=1e-9, abs_tol=1e-12)
        if not agree:
            wrong[name] = (value, wanted)
    assert not wrong, ("(found, expected) as of", about, wrong)


SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=8 * TIMES, deadline=None, suppress_health_check=SLOW)
@given(chance=st.randoms(use_true_random=False))
def test_small_logs_of_every_shape_agree_with_the_oracle(database: Database, chance: random.Random) -> None:
    imagined = Imagined(chance, people=3, most=4)
    compare(database, imagined.log(), imagined.moments())


def test_long_logs_agree_with_the_oracle_and_reach_every_zone_and_rule(database: Database) -> None:
    seen: Counter[str] = Counter()
    for seed in range(8 * TIMES):
        imagined = Imagined(random.Random(seed), people=40, most=12)
        seen += compare(database, imagined.log(), imagined.moments())
    zones = {"None", "no_record", "gone_quiet", "screen_only", "drifting", "in_touch"}
    rare = {name for name in zones | {rule.key for rule in ABOUT_CONTACTS} if seen[name] < 5}
    assert not rare


def noons_ago(*ages: int, channel: str = "email", people: tuple[int, ...] = (0,)) -> tuple[Happening, ...]:
    return tuple(Happening(NOON - timedelta(days=age), channel, people) for age in ages)


def rows_at(database: Database, log: Log, moment: datetime = NOON) -> list[dict[str, Any]]:
    principal, ids = store(database, log)
    with database.read() as connection:
        found = _by_contact(rows_of(connection, scope_of(connection, principal, moment)))
    return [found[contact_id] for contact_id in ids]


LONG_KNOWN = date(2020, 1, 1)
EVERY_DAY_FOR_A_YEAR = tuple(range(366))


@pytest.mark.parametrize(
    ("ages", "strength", "quiet_p", "rhythm_days"),
    [
        ((0,), 1, 0.681, None),
        (tuple(14 + age for age in EVERY_DAY_FOR_A_YEAR), None, 0.362, None),
        (tuple(42 + age for age in EVERY_DAY_FOR_A_YEAR), None, 0.600, None),
        ((30, 60, 90, 120, 150), 3.118, 0.808, 25.0),
        (tuple(63 + 21 * number for number in range(8)), 3.883, 0.864, 19.6),
    ],
)
def test_the_check_values_of_the_rhythm(
    database: Database,
    ages: tuple[int, ...],
    strength: float | None,
    quiet_p: float,
    rhythm_days: float | None,
) -> None:
    (row,) = rows_at(database, Log("UTC", (Person(LONG_KNOWN),), noons_ago(*ages)))
    assert round(row["quiet_p"], 3) == quiet_p
    assert strength is None or round(row["strength"], 3) == strength
    assert rhythm_days is None or round(row["rhythm_days"], 1) == rhythm_days
    assert round(float(oracle.rhythm(list(ages))["quiet_p"] or 0), 3) == quiet_p


def test_every_bound_of_every_rule_is_on_the_right_side(database: Database) -> None:
    """People and things just before, on and just after each number that a rule or a definition names."""
    today = NOON.date()
    people: list[Person] = []
    happenings: list[Happening] = []
    for bound in (0, 3, 4, 5, 7, 14, 21, 60, 90, 180):
        for days in (bound - 1, bound, bound + 1):
            ahead, ago = today + timedelta(days=days), today - timedelta(days=days)
            renewal = Occasion("renewal", ahead.month, ahead.day, ahead.year, yearly=False)
            for sort in ("birthday", "anniversary"):
                occasion = Occasion(sort, ahead.month, ahead.day, None)
                asks, promises = (Ask(today, ahead), Ask(ago)), (Promise(today, "us", ahead),)
                own = {"any": None, "personal": None, "in_person": 30}
                people.append(Person(ago, "key", "vendor", own, asks, promises, (ago,), (occasion, renewal)))
            for channel, direction in (("email", "inbound"), ("email", "outbound"), ("lunch", "mutual")):
                at = NOON - timedelta(days=days)
                happenings += [Happening(at, channel, (len(people),), direction)] * 3
                people.append(Person(ago))
    for channel in ("email", "video", "lunch", "phone", "note"):
        for size in CROWDS:
            happenings.append(Happening(NOON, channel, tuple(range(len(people), len(people) + size))))
            people += [Person(LONG_KNOWN)] * size
    compare(database, Log("UTC", tuple(people), tuple(happenings)), [NOON])


def test_a_chance_of_exactly_six_in_ten_is_gone_quiet_and_of_eight_in_ten_is_high(database: Database) -> None:
    for silence in (41, 42, 116, 117):
        run = noons_ago(*(silence + age for age in EVERY_DAY_FOR_A_YEAR), channel="phone")
        without_target = Person(LONG_KNOWN, own_targets={"any": None})
        compare(database, Log("UTC", (without_target,), run), [NOON])


@pytest.mark.parametrize("silence", [20, 21, 27, 28])
def test_a_steady_fortnight_is_a_rhythm_of_14_days_however_often_it_came(
    database: Database, silence: int
) -> None:
    """Sums of logarithms come out a hair above or below; whether someone is late may not hang on it."""
    steady = range(4, 44)
    people = tuple(
        Person(LONG_KNOWN, own_targets={"any": 10, "personal": None, "in_person": None}) for _ in steady
    )
    happenings = tuple(
        one
        for place, times in enumerate(steady)
        for one in noons_ago(*(silence + 14 * number for number in range(times)), people=(place,))
    )
    compare(database, Log("UTC", people, happenings, {**oracle.CHANNELS, "email": Marks()}), [NOON])


def test_a_mistyped_century_breaks_nothing(database: Database) -> None:
    """One date of the year 202 and a look far ahead, beside people with ordinary dates."""
    long_ago = datetime(202, 11, 23, 12, tzinfo=UTC)
    happenings = (
        *noons_ago(1, 8, 20, 40),
        Happening(long_ago, "email", (0, 1)),
        *noons_ago(1, 8, 20, 40, people=(2,)),
    )
    log = Log("UTC", (Person(LONG_KNOWN),) * 3, happenings)
    compare(database, log, [NOON, datetime(2300, 1, 1, tzinfo=UTC)])
    for row in rows_at(database, log, datetime(9990, 1, 1, tzinfo=UTC)):
        assert 0 < row["quiet_p"] <= 1


def test_a_workspace_may_drop_every_target(database: Database) -> None:
    pairs = [("key", kind) for kind in ("partner", "customer", "*")] + [("regular", "*"), ("warm", "*")]
    people = tuple(Person(LONG_KNOWN, tier) for tier in ("key", "regular", "warm", "none"))
    log = Log("UTC", people, noons_ago(400, people=(0, 1, 2, 3)), targets=dict.fromkeys(pairs, (None,) * 3))
    for row in rows_at(database, log)[:3]:
        assert row["overdue_any"] is row["overdue_personal"] is row["overdue_in_person"] is None
        assert (row["score"], row["zone"]) == (85, "in_touch")


def test_no_rules_flag_nobody(database: Database) -> None:
    principal, _ = store(database, Log("UTC", (Person(LONG_KNOWN),)))
    with database.read() as connection:
        relation = as_of(scope_of(connection, principal, NOON))
        assert not connection.execute(matches(relation, ())).all()


def test_thousands_of_contacts_are_refreshed_at_once(database: Database) -> None:
    principal, ids = store(database, Log("UTC", (Person(LONG_KNOWN),) * 5_500))
    with database.write() as connection:
        refresh(connection, scope_of(connection, principal, NOON), ids)
        stored = connection.execute(select(current(principal.workspace_id).c.zone)).scalars().all()
    assert Counter(stored) == {"no_record": 5_500}


def test_nothing_is_seen_across_workspaces(database: Database) -> None:
    log = Log("UTC", (Person(LONG_KNOWN),), noons_ago(3))
    assert len(rows_at(database, log)) == len(rows_at(database, log)) == 1
    _, ids = store(database, log)
    other, _ = store(database, log)
    with database.read() as connection:
        scope = scope_of(connection, other, NOON, ids)
        assert not connection.execute(select(as_of(scope))).all()
        assert not rows_of(connection, scope)
