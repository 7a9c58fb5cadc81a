"""What one more interaction would do is what it does, once it is really logged."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.domain.channels import SHIPPED, by_key
from crm.domain.targets import Targets
from crm.domain.whatif import once_dated_back, once_more
from crm.interactions.queries import contact_days, standing
from crm.storage.stored_metrics import refresh_stale, scope_of
from tests.builders import World
from tests.thorough import TIMES

KEYS = sorted(by_key(SHIPPED))
LOGS = st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 500)), max_size=9)


def facts_of(world: World, contact_id: int) -> dict[str, object]:
    with world.database.write() as connection:
        refresh_stale(connection, scope_of(connection, world.principal, world.now))
    with world.database.read() as connection:
        return dict(standing(connection, world.principal, [contact_id])[contact_id])


def foreseen(world: World, contact_id: int, channel: str, days_ago: int) -> dict[str, object]:
    facts: Any = facts_of(world, contact_id)
    way = by_key(SHIPPED)[channel]
    if not days_ago:
        return dict(once_more(facts, Targets(), way))
    with world.database.read() as connection:
        days = contact_days(connection, world.principal, [contact_id], world.now)
    return dict(once_dated_back(facts, Targets(), way, days_ago, days[contact_id]))


def compare(world: World, person: int, channel: str, days_ago: int) -> dict[str, object]:
    told = foreseen(world, person, channel, days_ago)
    world.log(channel, days_ago, person)
    after = facts_of(world, person)
    names = [
        *("score", "zone", "known_days", "days_since_any", "days_since_in_person", "total_365"),
        *("digital_180", *(["gaps"] if days_ago else [])),
    ]
    assert {name: told[name] for name in names} == {name: after[name] for name in names}
    if days_ago:
        rhythm = [(told[name], after[name]) for name in ("rhythm_days", "quiet_p")]
        assert all(one == (None if other is None else pytest.approx(other)) for one, other in rhythm)
    return after


@settings(max_examples=10 * TIMES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    LOGS,
    st.sampled_from(["key", "regular", "warm", "none"]),
    st.sampled_from(["partner", "other"]),
    st.sampled_from([None, None, 2, 5, 13]),
    st.sampled_from(KEYS),
    st.integers(0, 13) | st.integers(0, 400),
)
def test_foreseen_is_what_comes(
    world: World,
    log: list[tuple[str, int]],
    tier: str,
    kind: str,
    target: int | None,
    channel: str,
    days_ago: int,
) -> None:
    person = world.contact(tier=tier, kind=kind, target_any=target)
    for way, ago in log:
        world.log(way, ago, person)
    compare(world, person, channel, days_ago)


def test_a_lunch_of_three_weeks_ago_after_daily_mail_is_no_silence(world: World) -> None:
    person = world.contact()
    for ago in range(60, 425):
        world.log("email", ago, person)
    assert compare(world, person, "lunch", 20)["zone"] == "in_touch"


def test_a_small_target_is_passed_by_what_is_dated_a_week_back(world: World) -> None:
    person = world.contact(target_any=3)
    for ago in (90, 91, 92, 93):
        world.log("phone", ago, person)
    compare(world, person, "phone", 7)


def test_what_is_still_to_come_changes_nothing(world: World) -> None:
    person = world.contact()
    world.log("email", 50, person)
    assert foreseen(world, person, "lunch", -2) == facts_of(world, person)
