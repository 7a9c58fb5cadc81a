"""What one more interaction would do is what it does, once it is really logged."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.domain.channels import SHIPPED, by_key
from crm.domain.targets import Targets
from crm.domain.whatif import once_more
from crm.interactions.queries import standing
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


@settings(max_examples=8 * TIMES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    LOGS,
    st.sampled_from(["key", "regular", "warm", "none"]),
    st.sampled_from(["partner", "other"]),
    st.sampled_from(KEYS),
    st.integers(0, 13),
)
def test_foreseen_is_what_comes(
    world: World, log: list[tuple[str, int]], tier: str, kind: str, channel: str, days_ago: int
) -> None:
    person = world.contact(tier=tier, kind=kind)
    for way, ago in log:
        world.log(way, ago, person)
    before = facts_of(world, person)
    foreseen = once_more(before, Targets(), by_key(SHIPPED)[channel], days_ago=days_ago)  # type: ignore[arg-type]
    world.log(channel, days_ago, person)
    after = facts_of(world, person)
    names = (
        "score",
        "zone",
        "known_days",
        "days_since_any",
        "days_since_in_person",
        "total_365",
        "digital_180",
    )
    assert {name: foreseen[name] for name in names} == {name: after[name] for name in names}


def test_what_is_still_to_come_changes_nothing(world: World) -> None:
    person = world.contact()
    world.log("email", 50, person)
    before = facts_of(world, person)
    assert once_more(before, Targets(), by_key(SHIPPED)["lunch"], days_ago=-2) == before  # type: ignore[arg-type]
