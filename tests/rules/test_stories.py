"""Each shipped rule by a story: the shortest log that makes it speak, what it says, and the log that just does not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from crm.domain.rule_data import read_rule
from crm.domain.rules import SHIPPED
from crm.rules.queries import Flag, flag_counts, flagged, flags
from crm.storage.database import new_id
from crm.storage.metrics import as_of
from crm.storage.stored_metrics import scope_of
from crm.storage.tables import ask, contact_date, favour, promise
from tests.builders import World
from tests.shipped import one_rule


def write(world: World, table: Any, contact_id: int, **values: Any) -> None:
    with world.database.write() as connection:
        row = {
            "workspace_id": world.workspace_id,
            "id": new_id(connection),
            "contact_id": contact_id,
            **values,
        }
        connection.execute(table.insert(), row)


def on_day(world: World, contact_id: int, kind: str, day: date) -> None:
    leap_day = (date(2024, day.month, day.day) - date(2024, 1, 1)).days + 1
    values = {
        "month": day.month,
        "day": day.day,
        "leap_day": leap_day,
        "yearly": True,
        "year": None,
        "on_day": None,
    }
    write(world, contact_date, contact_id, kind=kind, label=None, **values)


def since(world: World, days: int) -> date:
    return world.today - timedelta(days=days)


def screen_only(world: World, enough: bool) -> int:
    one = world.contact()
    for days in (10, 20, 179 if enough else 180):
        world.log("email", days, one)
    return one


def never_met(world: World, enough: bool) -> int:
    one = world.contact(created_on=since(world, 90 if enough else 89))
    world.log("phone", 10, one)
    return one


def gone_digital(world: World, enough: bool) -> int:
    one = world.contact()
    for channel, days in (("phone", 100), ("lunch", 200), ("email", 150), ("email", 300)):
        world.log(channel, days, one)
    for days in (10, 20, 89 if enough else 90):
        world.log("email", days, one)
    return one


def in_person_overdue(world: World, enough: bool) -> int:
    one = world.contact()
    world.log("lunch", 91 if enough else 90, one)
    return one


def gone_quiet(world: World, enough: bool) -> int:
    one = world.contact()
    world.log("phone", 60 if enough else 59, one)
    return one


def no_record(world: World, enough: bool) -> int:
    one = world.contact()
    world.log("phone", 1, one, outcome="attempted" if enough else "reached")
    return one


def unanswered(world: World, enough: bool) -> int:
    one = world.contact()
    world.log("email", 5 if enough else 4, one, direction="outbound")
    return one


def they_wait(world: World, enough: bool) -> int:
    one = world.contact()
    world.log("email", 5, one, direction="inbound")
    if not enough:
        world.log("phone", 4, one, direction="outbound")
    return one


def long_thread(world: World, enough: bool) -> int:
    one = world.contact()
    for _ in range(8 if enough else 7):
        world.log("chat", 6, one)
    return one


def occasion(world: World, enough: bool) -> int:
    one = world.contact()
    on_day(world, one, "birthday", world.today + timedelta(days=14 if enough else 15))
    return one


def important_ask(world: World, enough: bool) -> int:
    one = world.contact(tier="none")
    opened = since(world, 14 if enough else 13)
    write(world, ask, one, text="Will you host the summit?", opened_on=opened)
    return one


def promise_due(world: World, enough: bool) -> int:
    one = world.contact(tier="none")
    due = world.today + timedelta(days=3 if enough else 4)
    write(world, promise, one, text="Send the plan.", by="us", made_on=since(world, 9), due=due)
    return one


def thank_you(world: World, enough: bool) -> int:
    one = world.contact(given_name="Marta")
    write(world, favour, one, text="Introduced us to Priya", received_on=since(world, 7 if enough else 8))
    return one


def renewal(world: World, enough: bool) -> int:
    one = world.contact()
    on_day(world, one, "renewal", world.today + timedelta(days=60))
    world.log("phone", 90 if enough else 89, one)
    return one


@dataclass(frozen=True)
class Story:
    """``tell(world, enough)`` writes the log and gives the contact."""

    tell: Callable[[World, bool], int]
    sentence: str
    severity: str

    @property
    def rule(self) -> str:
        return self.tell.__name__


STORIES = (
    Story(screen_only, "3 emails and no call, meeting or note on record.", "high"),
    Story(never_met, "1 contact in 13 weeks and no meeting on record.", "medium"),
    Story(
        gone_digital,
        "All 3 contacts in 90 days came through a screen; in the year before, 2 of 4 were personal.",
        "medium",
    ),
    Story(
        in_person_overdue,
        "Last met in person 13 weeks ago, over lunch or coffee: 1 day past the target.",
        "medium",
    ),
    Story(gone_quiet, "Silent for 8 weeks, twice the target.", "high"),
    Story(no_record, "Marked key, and no contact on record yet.", "low"),
    Story(unanswered, "Your last email, 5 days ago, has had no answer.", "low"),
    Story(they_wait, "They have waited 5 days for your answer.", "medium"),
    Story(long_thread, "8 messages in 7 days. A thread this long wants a voice.", "medium"),
    Story(occasion, "Birthday on Mon 7 Dec, in 2 weeks. Post a card by Mon 30 Nov.", "medium"),
    Story(important_ask, "Best in person: Will you host the summit? Open for 2 weeks.", "high"),
    Story(promise_due, "Promised for 26 Nov: Send the plan. Due in 3 days.", "high"),
    Story(
        thank_you,
        "Marta did you a favour 7 days ago: Introduced us to Priya. Worth a note of thanks.",
        "medium",
    ),
    Story(
        renewal,
        "Renewal on Fri 22 Jan 2027, in 8 weeks, and no call, meeting or note on record in 90 days.",
        "high",
    ),
)


def flags_of(world: World, rule: str, contact_id: int) -> list[Flag]:
    with world.database.read() as connection:
        found = flags(connection, world.principal, world.now, rules=[one_rule(rule)])
    assert all(flag.contact.id == contact_id for flag in found)
    return found


def test_every_shipped_rule_has_its_story() -> None:
    assert {story.rule for story in STORIES} == {rule.key for rule in SHIPPED}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.rule)
def test_the_shortest_log_that_makes_a_rule_speak(world: World, story: Story) -> None:
    one = story.tell(world, True)
    (flag,) = flags_of(world, story.rule, one)
    assert flag.sentence == story.sentence
    assert flag.severity == story.severity
    assert flag.suggests == one_rule(story.rule).suggests
    assert set(flag.evidence) == set(one_rule(story.rule).evidence_names())
    assert all(value is None or type(value) in (int, float) for value in flag.evidence.values())


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.rule)
def test_the_log_that_just_does_not(world: World, story: Story) -> None:
    one = story.tell(world, False)
    assert flags_of(world, story.rule, one) == []


Touch = tuple[str, float, str]


def test_an_own_rule_knows_the_workspaces_kinds_and_leaves_tier_none_alone(world: World) -> None:
    when = {"metric": "kind", "op": "=", "value": "influencer"}
    rule = read_rule("mine", {"name": "Mine", "kinds": ["influencer"], "when": when, "suggests": ["call"]})
    flagged = world.contact("Ann", kind="influencer", tier="warm")
    world.contact("Bo", kind="influencer", tier="none")
    world.contact("Cy", kind="partner", tier="key")
    with world.database.read() as connection:
        found = flags(connection, world.principal, world.now, rules=[rule])
    assert [one.contact.id for one in found] == [flagged]


def log(world: World, *touches: Touch, **about: Any) -> int:
    """Somebody with a log of channel, days ago, direction."""
    one = world.contact(**about)
    for channel, days, direction in touches:
        world.log(channel, days, one, direction=direction)
    return one


def mails(*days: float) -> list[Touch]:
    return [("email", one, "mutual") for one in days]


def other_logs_that_just_do_not(world: World) -> dict[str, list[int]]:
    """By rule, people whose log misses it by one thing."""
    old, prior = {"created_on": since(world, 700)}, [("phone", 100.0, "mutual"), ("lunch", 200.0, "mutual")]
    lists: dict[str, list[int]] = {
        "screen_only": [
            log(world, *mails(10, 20, 30), created_on=since(world, 59)),
            log(world, *mails(10, 20, 30), ("note", 179, "outbound")),
            log(world, *mails(10, 20, 30), tier="regular"),
        ],
        "never_met": [
            log(world, ("visit", 600, "mutual"), *mails(10), **old),
            log(world, *mails(365), **old),
            log(world, *mails(10), tier="warm", **old),
        ],
        "gone_digital": [
            log(world, *mails(10, 20, 30, 150, 300), ("phone", 40, "mutual"), *prior),
            log(world, *mails(10, 20, 30, 150), *prior),
            log(world, *mails(10, 20, 30, 150, 160, 300), *prior),
        ],
        "in_person_overdue": [log(world, ("phone", 400, "mutual"), **old)],
        "gone_quiet": [log(world, ("phone", 600, "mutual"), tier="warm", **old)],
        "no_record": [log(world, tier="warm"), log(world, *mails(600))],
        "unanswered": [
            log(world, ("email", 61, "outbound")),
            log(world, ("email", 9, "outbound"), ("video", 6, "outbound")),
        ],
        "they_wait": [
            log(world, ("email", 61, "inbound"), ("email", 9, "inbound")),
            log(world, ("email", 4, "inbound")),
        ],
        "long_thread": [log(world, *mails(*range(7)), ("video", 1, "mutual"))],
        "occasion": [log(world, tier="warm"), log(world), log(world)],
        "important_ask": [log(world), log(world)],
        "promise_due": [log(world), log(world)],
        "thank_you": [log(world, tier="none")],
        "renewal": [log(world)],
    }
    warm, renewed, wished = lists["occasion"]
    on_day(world, warm, "birthday", world.today)
    on_day(world, renewed, "renewal", world.today + timedelta(days=9))
    on_day(world, wished, "birthday", world.today - timedelta(days=1))
    for one, due, closed in zip(lists["important_ask"], (22, 1), (None, world.today), strict=True):
        when = {"due": world.today + timedelta(days=due), "opened_on": since(world, 13), "closed_on": closed}
        write(world, ask, one, text="Will you host?", **when)
    for one, by, kept in zip(lists["promise_due"], ("them", "us"), (None, world.today), strict=True):
        write(
            world, promise, one, text="A map", by=by, made_on=since(world, 9), due=world.today, kept_on=kept
        )
    write(world, favour, lists["thank_you"][0], text="Introduced us", received_on=world.today)
    on_day(world, lists["renewal"][0], "renewal", world.today + timedelta(days=61))
    return lists


def test_other_logs_that_just_do_not(world: World) -> None:
    missed = other_logs_that_just_do_not(world)
    assert set(missed) == {rule.key for rule in SHIPPED}
    with world.database.read() as connection:
        found = {(flag.rule, flag.contact.id) for flag in flags(connection, world.principal, world.now)}
    assert len(found) > len(missed)
    assert found.isdisjoint((rule, one) for rule, people in missed.items() for one in people)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.rule)
def test_the_log_was_silent_before_the_story_and_other_teams_hear_nothing(world: World, story: Story) -> None:
    story.tell(world, True)
    other = World.create(world.database, "Another team")
    with world.database.read() as connection:
        assert flags(connection, other.principal, world.now) == []
        before = world.now - timedelta(days=800)
        assert flags(connection, world.principal, before, rules=[one_rule(story.rule)]) == []


def test_counts_and_pages_agree_with_the_flags(world: World) -> None:
    for story in STORIES:
        for enough in (True, False):
            story.tell(world, enough)
    with world.database.read() as connection:
        relation = as_of(scope_of(connection, world.principal, world.now))
        everything = flags(connection, world.principal, world.now, rules=SHIPPED)
        counted = flag_counts(connection, world.principal, relation, SHIPPED)
        for rule in SHIPPED:
            expected = {flag.contact.id for flag in everything if flag.rule == rule.key}
            assert counted[rule.key] == len(expected) > 0
            found: list[int] = []
            after = None
            while True:
                page = flagged(connection, world.principal, world.now, relation, rule, after, limit=3)
                found += [flag.contact.id for flag in page.flags]
                after = page.next
                if after is None:
                    break
            assert sorted(found) == sorted(expected)


def test_one_flag_each_is_the_strongest_of_everybody(world: World) -> None:
    for story in STORIES:
        story.tell(world, True)
    strongest: dict[int, Any] = {}
    with world.database.read() as connection:
        for flag in flags(connection, world.principal, world.now, rules=SHIPPED):
            strongest.setdefault(flag.contact.id, flag)
        found = flags(connection, world.principal, world.now, rules=SHIPPED, one_each=True)
        several = flags(connection, world.principal, world.now, rules=SHIPPED)
    assert found == list(strongest.values())
    assert len(several) > len(found)
