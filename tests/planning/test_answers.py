"""Done, swap, snooze, skip, not this person; each twice is once, and each can be taken back exactly."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek, local_instant
from crm.errors import Conflict, Forbidden, Invalid, NotFound
from crm.interactions.actions import Entry, answer_suggestion, delete_interaction, edit_interaction
from crm.planning import actions, waiting
from crm.planning.actions import Answer
from crm.planning.candidates import facts_of
from crm.planning.drafting import draft_plan
from crm.planning.home import home_in
from crm.planning.queries import Suggested
from crm.rules.queries import Flag, FlaggedContact
from crm.storage.database import new_id
from crm.storage.tables import ask, contact_metrics, interaction, interaction_contact, response, suggestion
from crm.web.routing import freshen
from tests.builders import NOW, World, mark_stale
from tests.planning.test_diary import keep_busy
from tests.planning.test_notes import birthday
from tests.planning.test_plan import WEEK, by_screen, make, shown, why_left_out

Give = Callable[[Connection, Principal, int], Answer]

ANSWERS: dict[str, Give] = {
    "done": lambda connection, by, one: actions.done(connection, by, one, NOW),
    "snoozed": lambda connection, by, one: actions.snooze(
        connection, by, one, NOW.date() + timedelta(days=7), NOW
    ),
    "skipped": lambda connection, by, one: actions.skip(connection, by, one, NOW),
    "not_this_person": lambda connection, by, one: actions.not_this_person(connection, by, one, NOW),
}


@pytest.fixture
def alice(world: World) -> Principal:
    return world.user(city="Boston")


@pytest.fixture
def one(world: World, alice: Principal) -> Suggested:
    by_screen(world, alice, city="Boston", given_name="Marta")
    return make(world, alice).suggestions[0]


def give(world: World, by: Principal, one: Suggested, what: Give) -> Answer:
    assert one.id is not None
    with world.database.write() as connection:
        return what(connection, by, one.id)


def undo(world: World, by: Principal, answer: Answer, at: datetime = NOW) -> None:
    assert answer.response_id is not None
    with world.database.write() as connection:
        actions.undo(connection, by, answer.response_id, at)


def now(world: World, by: Principal, at: datetime = NOW) -> Suggested:
    return shown(world, by, at=at).suggestions[0]


def what_counts(world: World) -> dict[str, Any]:
    """Everything that pages and metrics are made of; not the bookkeeping of what was undone."""
    with world.database.read() as connection:
        took_part = select(interaction_contact).where(interaction_contact.c.counts)
        live = select(interaction.c.id).where(interaction.c.deleted_at.is_(None))
        return {
            "metrics": sorted(map(repr, connection.execute(select(contact_metrics)))),
            "log": sorted(map(repr, connection.execute(took_part))),
            "interactions": sorted(connection.execute(live).scalars()),
            "suggestions": sorted(map(repr, connection.execute(select(suggestion)))),
        }


def interactions(world: World) -> list[Any]:
    with world.database.read() as connection:
        return list(connection.execute(select(interaction).where(interaction.c.deleted_at.is_(None))))


def test_done_logs_the_act_by_its_channel(world: World, alice: Principal, one: Suggested) -> None:
    answer = give(world, alice, one, ANSWERS["done"])
    logged = next(row for row in interactions(world) if row.id == answer.interaction_id)
    assert (logged.channel, logged.direction, logged.outcome) == ("lunch", "mutual", "reached")
    assert (logged.occurred_at, logged.author_id) == (NOW, alice.user_id)
    after = now(world, alice)
    assert (after.state, after.state_day, after.response_id) == ("done", NOW.date(), answer.response_id)


def test_done_may_say_how_when_and_what(world: World, alice: Principal, one: Suggested) -> None:
    when = NOW - timedelta(hours=3)
    answer = give(
        world,
        alice,
        one,
        lambda connection, by, this: actions.done(
            connection, by, this, NOW, channel="visit", when=when, note="Good talk.", via="mail"
        ),
    )
    logged = next(row for row in interactions(world) if row.id == answer.interaction_id)
    assert (logged.channel, logged.occurred_at, logged.note) == ("visit", when, "Good talk.")
    with world.database.read() as connection:
        assert connection.execute(select(response.c.via)).scalars().all() == ["mail"]


def test_a_note_goes_out(world: World, alice: Principal, one: Suggested) -> None:
    give(world, alice, one, lambda connection, by, this: actions.swap(connection, by, this, "note", NOW))
    answer = give(world, alice, one, ANSWERS["done"])
    logged = next(row for row in interactions(world) if row.id == answer.interaction_id)
    assert (logged.channel, logged.direction) == ("note", "outbound")


def test_a_meeting_in_place_of_the_note_goes_both_ways(
    world: World, alice: Principal, one: Suggested
) -> None:
    give(world, alice, one, lambda connection, by, this: actions.swap(connection, by, this, "note", NOW))
    answer = give(
        world,
        alice,
        one,
        lambda connection, by, this: actions.done(connection, by, this, NOW, channel="meeting"),
    )
    logged = next(row for row in interactions(world) if row.id == answer.interaction_id)
    assert (logged.channel, logged.direction) == ("meeting", "mutual")


@pytest.mark.parametrize("state", ANSWERS)
def test_twice_is_once(world: World, alice: Principal, one: Suggested, state: str) -> None:
    first = give(world, alice, one, ANSWERS[state])
    number = len(interactions(world))
    second = give(world, alice, one, ANSWERS[state])
    assert (second.response_id, second.is_new) == (first.response_id, False)
    assert len(interactions(world)) == number
    assert now(world, alice).state == state
    with world.database.read() as connection:
        assert len(connection.execute(select(response)).all()) == 1


@pytest.mark.parametrize("state", ANSWERS)
def test_undo_brings_back_exactly_what_was(
    world: World, alice: Principal, one: Suggested, state: str
) -> None:
    freshen(world.database, world.principal, world.now)
    before, shown_before = what_counts(world), now(world, alice)
    answer = give(world, alice, one, ANSWERS[state])
    undo(world, alice, answer)
    undo(world, alice, answer)
    assert what_counts(world) == before
    assert now(world, alice) == shown_before
    again = give(world, alice, one, ANSWERS[state])
    assert again.is_new
    assert again.response_id != answer.response_id


@pytest.mark.parametrize("act", ["call", "note", "meeting"])
def test_a_swap_has_a_moment_of_its_own_and_is_undone_to_the_minute(
    world: World, alice: Principal, one: Suggested, act: str
) -> None:
    before, shown_before = what_counts(world), now(world, alice)
    answer = give(
        world, alice, one, lambda connection, by, this: actions.swap(connection, by, this, act, NOW)
    )
    after = now(world, alice)
    assert (after.act, after.state) == (act, "planned")
    assert after.slot != one.slot
    assert after.slot.day in WEEK.days
    assert after.needs_address is (act == "note")
    assert "lunch" in after.swaps
    undo(world, alice, answer, NOW + timedelta(days=2))
    assert what_counts(world) == before
    assert now(world, alice) == shown_before


@pytest.mark.parametrize("act", ["call", "note"])
@pytest.mark.parametrize("days", [3, 9])
def test_a_swap_is_meant_for_the_same_occasion(world: World, alice: Principal, act: str, days: int) -> None:
    """A call belongs to the day; a card is there by then, or says that it may not be."""
    ruth = world.contact("Ruth Adler", owner_id=alice.user_id, tier="regular")
    world.log("lunch", 20, ruth)
    birthday(world, ruth, WEEK.monday + timedelta(days=days))
    one = make(world, alice).suggestions[0]
    planned_act = "call" if days < 7 else "note"
    assert (one.act, one.rules) == (planned_act, ("occasion",))
    assert one.swaps == (() if days < 7 else ("call",)), "a card for Thursday would come too late"
    if one.act == act:
        give(world, alice, one, lambda connection, by, this: actions.swap(connection, by, this, "gift", NOW))
    give(world, alice, one, lambda connection, by, this: actions.swap(connection, by, this, act, NOW))
    swapped = now(world, alice)
    if one.act == act:
        assert swapped.slot == one.slot
    elif act == "note":
        assert swapped.slot.note == "It may arrive after Thu 26 Nov."
    else:
        assert swapped.slot.note == "The day itself is Wed 2 Dec."


def test_a_card_that_something_else_asks_for_too_is_offered_though_it_comes_late(
    world: World, alice: Principal
) -> None:
    marta = by_screen(world, alice)
    birthday(world, marta, WEEK.monday + timedelta(days=3))
    one = make(world, alice).suggestions[0]
    assert set(one.rules) >= {"screen_only", "occasion"}
    assert "note" in one.swaps
    give(world, alice, one, lambda connection, by, this: actions.swap(connection, by, this, "note", NOW))
    assert now(world, alice).slot.note == "It may arrive after Thu 26 Nov."
    after = NOW + timedelta(days=4)
    one = now(world, alice, after)
    with world.database.write() as connection:
        actions.swap(connection, alice, one.id or 0, "gift", after)
    assert now(world, alice, after).slot.note == "", "the day is over"


def test_a_call_swapped_in_is_made_before_what_is_to_be_asked_is_due(world: World, alice: Principal) -> None:
    marta = by_screen(world, alice, city="Boston")
    with world.database.write() as connection:
        keys = {"workspace_id": world.workspace_id, "id": new_id(connection), "contact_id": marta}
        asked = {"text": "Ask about the listing", "opened_on": world.today, "due": world.today}
        connection.execute(ask.insert(), {**keys, **asked, "author_id": alice.user_id})
        mark_stale(connection, world.workspace_id, [marta])
    one = make(world, alice).suggestions[0]
    assert (one.act, "important_ask" in one.rules) == ("lunch", True)
    keep_busy(world, alice, (NOW + timedelta(hours=1), NOW + timedelta(hours=4, minutes=30)))
    give(world, alice, one, lambda connection, by, this: actions.swap(connection, by, this, "call", NOW))
    assert now(world, alice).slot.day == world.today, "though at no good hour"


def test_only_the_last_swap_can_be_undone(world: World, alice: Principal, one: Suggested) -> None:
    first = give(
        world, alice, one, lambda connection, by, this: actions.swap(connection, by, this, "call", NOW)
    )
    second = give(
        world, alice, one, lambda connection, by, this: actions.swap(connection, by, this, "note", NOW)
    )
    with pytest.raises(Conflict):
        undo(world, alice, first)
    undo(world, alice, second)
    undo(world, alice, first)
    assert now(world, alice).act == "lunch"


def test_a_snooze_ends_on_its_day(world: World, alice: Principal, one: Suggested) -> None:
    friday = NOW.date() + timedelta(days=4)
    give(world, alice, one, lambda connection, by, this: actions.snooze(connection, by, this, friday, NOW))
    assert now(world, alice, NOW + timedelta(days=3)).state == "snoozed"
    assert now(world, alice, NOW + timedelta(days=3)).state_day == friday
    assert now(world, alice, NOW + timedelta(days=4)).state == "planned"


def test_another_day_replaces_a_snooze(world: World, alice: Principal, one: Suggested) -> None:
    give(world, alice, one, ANSWERS["snoozed"])
    later = NOW.date() + timedelta(days=30)
    given = give(
        world, alice, one, lambda connection, by, this: actions.snooze(connection, by, this, later, NOW)
    )
    assert now(world, alice).state_day == later
    undo(world, alice, given)
    assert now(world, alice).state == "planned"


@pytest.mark.parametrize("days", [0, -1, 400])
def test_a_snooze_asks_for_a_day_ahead(world: World, alice: Principal, one: Suggested, days: int) -> None:
    until = NOW.date() + timedelta(days=days)
    with pytest.raises(Invalid):
        give(world, alice, one, lambda connection, by, this: actions.snooze(connection, by, this, until, NOW))


def test_what_is_done_is_not_answered_again(world: World, alice: Principal, one: Suggested) -> None:
    give(world, alice, one, ANSWERS["done"])
    for state in ("snoozed", "skipped", "not_this_person"):
        with pytest.raises(Conflict):
            give(world, alice, one, ANSWERS[state])
    with pytest.raises(Conflict):
        give(world, alice, one, lambda connection, by, this: actions.swap(connection, by, this, "call", NOW))
    assert now(world, alice).state == "done"


def test_an_act_that_is_none_is_refused(world: World, alice: Principal, one: Suggested) -> None:
    with pytest.raises(Invalid):
        give(world, alice, one, lambda connection, by, this: actions.swap(connection, by, this, "email", NOW))


def test_viewers_answer_nothing(world: World, one: Suggested) -> None:
    viewer = world.user("Vera Gill", role="viewer")
    for what in ANSWERS.values():
        with pytest.raises(Forbidden):
            give(world, viewer, one, what)


def test_another_team_finds_nothing(world: World, one: Suggested) -> None:
    mallory = World.create(world.database, "Another team").user("Mallory Fox")
    for what in ANSWERS.values():
        with pytest.raises(NotFound):
            give(world, mallory, one, what)


def test_deleting_what_was_logged_opens_the_suggestion_again(
    world: World, alice: Principal, one: Suggested
) -> None:
    answer = give(world, alice, one, ANSWERS["done"])
    assert answer.interaction_id is not None
    with world.database.write() as connection:
        delete_interaction(connection, alice, answer.interaction_id, NOW)
    assert now(world, alice).state == "planned"


def test_what_the_log_answers_is_done_and_can_be_undone(
    world: World, alice: Principal, one: Suggested
) -> None:
    before = now(world, alice)
    logged = world.log("phone", None, one.contact.id, occurred_at=NOW, by=alice)
    assert one.id is not None
    with world.database.write() as connection:
        answer_suggestion(connection, alice, one.id, logged, NOW)
    after = now(world, alice)
    assert (after.state, after.interaction_id) == ("done", logged)
    undo(world, alice, Answer(after.response_id))
    assert now(world, alice) == before


def test_undo_of_what_was_corrected_to_no_answer_takes_it_out_of_the_log(
    world: World, alice: Principal, one: Suggested
) -> None:
    before = now(world, alice), interactions(world)
    answer = give(world, alice, one, ANSWERS["done"])
    entry = Entry(NOW, "phone", (one.contact.id,), outcome="attempted")
    with world.database.write() as connection:
        edit_interaction(connection, alice, answer.interaction_id or 0, entry, NOW)
    assert now(world, alice).state == "planned"
    for _twice in range(2):
        undo(world, alice, answer)
        assert (now(world, alice), interactions(world)) == before


def test_undo_leaves_what_became_an_entry_about_others_and_says_so(
    world: World, alice: Principal, one: Suggested
) -> None:
    answer = give(world, alice, one, ANSWERS["done"])
    entry = Entry(NOW, "lunch", (world.contact("Another one"),))
    with world.database.write() as connection:
        edit_interaction(connection, alice, answer.interaction_id or 0, entry, NOW)
    with pytest.raises(Conflict, match="cannot be undone"):
        undo(world, alice, answer)
    assert answer.interaction_id in {row.id for row in interactions(world)}


@pytest.mark.parametrize(("way", "chosen"), [("note", {"note": 1}), ("phone", {"call": 1}), ("event", {})])
def test_what_was_done_with_somebody_counts_for_the_next_choice(
    world: World, alice: Principal, one: Suggested, way: str, chosen: dict[str, int]
) -> None:
    """By the log's form as by the link of a mail: what happened, not what was suggested."""
    person = FlaggedContact(one.contact.id, "Marta", None, "partner", "key", alice.user_id, None)
    flag = Flag(person, "screen_only", "high", "", {}, ("lunch",))

    def history() -> dict[str, int]:
        with world.database.read() as connection:
            home = home_in(connection, alice, WEEK, NOW)
            found = facts_of(connection, alice, [flag], home, WEEK, NOW)
        return dict(found[person.id].candidate.history)

    assert history() == {}
    answer = give(
        world, alice, one, lambda connection, by, this: actions.done(connection, by, this, NOW, channel=way)
    )
    assert history() == chosen
    undo(world, alice, answer)
    assert history() == {}
    logged = world.log(way, None, one.contact.id, occurred_at=NOW, by=alice)
    with world.database.write() as connection:
        answer_suggestion(connection, alice, one.id or 0, logged, NOW)
    assert history() == chosen


# What an answer means for the weeks to come


def next_plan(world: World, by: Principal, weeks: int) -> tuple[set[int], dict[int, str]]:
    week, at = IsoWeek.of(NOW.date() + timedelta(weeks=weeks)), NOW + timedelta(weeks=weeks)
    view = make(world, by, week, at)
    return {one.contact.id for one in view.suggestions}, why_left_out(world, by, week, at)


@pytest.mark.parametrize(
    ("state", "weeks", "reason"),
    [
        ("skipped", 1, "resting"),
        ("skipped", 2, None),
        ("snoozed", 1, None),
        ("not_this_person", 1, "muted"),
        ("not_this_person", 8, "muted"),
    ],
)
def test_who_was_put_off_comes_back_when_it_is_time(
    world: World, alice: Principal, one: Suggested, state: str, weeks: int, reason: str | None
) -> None:
    give(world, alice, one, ANSWERS[state])
    planned, left_out = next_plan(world, alice, weeks)
    assert left_out.get(one.contact.id) == reason
    assert (one.contact.id in planned) is (reason is None)


def test_a_month_is_a_month(world: World, alice: Principal, one: Suggested) -> None:
    until = NOW.date() + timedelta(days=30)
    give(world, alice, one, lambda connection, by, this: actions.snooze(connection, by, this, until, NOW))
    assert next_plan(world, alice, 4)[1] == {one.contact.id: "snoozed"}
    assert one.contact.id in next_plan(world, alice, 5)[0]


def test_not_this_person_holds_until_undone(world: World, alice: Principal, one: Suggested) -> None:
    given = give(world, alice, one, ANSWERS["not_this_person"])
    assert next_plan(world, alice, 3)[1] == {one.contact.id: "muted"}
    with world.database.read() as connection:
        assert waiting.muted_people(connection, alice) == {one.contact.id: given.response_id}
    undo(world, alice, given, NOW + timedelta(weeks=4))
    assert one.contact.id in next_plan(world, alice, 5)[0]


def test_two_ignored_in_a_row_rest_for_sixty_days(world: World, alice: Principal, one: Suggested) -> None:
    assert one.contact.id in next_plan(world, alice, 1)[0]
    assert next_plan(world, alice, 2)[1] == {one.contact.id: "ignored"}
    assert next_plan(world, alice, 10)[1] == {one.contact.id: "ignored"}
    assert one.contact.id in next_plan(world, alice, 11)[0]


def test_the_week_that_ends_on_friday_evening_counts_as_ignored(
    world: World, alice: Principal, one: Suggested
) -> None:
    assert one.contact.id in next_plan(world, alice, 1)[0]
    week = IsoWeek.of(NOW.date() + timedelta(weeks=2))
    friday = local_instant(week.previous().days[4], time(16, 59), alice.user_zone)
    for minutes, rests in ((0, False), (1, True)):
        with world.database.read() as connection:
            draft = draft_plan(connection, alice, week, friday + timedelta(minutes=minutes))
        assert (one.contact.id not in {each.contact_id for each in draft.suggestions}) is rests


def test_what_a_user_swaps_away_is_not_suggested_first_again(
    world: World, alice: Principal, one: Suggested
) -> None:
    assert one.act == "lunch"
    for weeks in (0, 4, 8, 12):
        week, at = IsoWeek.of(NOW.date() + timedelta(weeks=weeks)), NOW + timedelta(weeks=weeks)
        mine = make(world, alice, week, at).suggestions[0]
        if mine.act == "call":
            assert mine.reason.endswith(" A call, as you chose before.")
            return
        assert mine.id is not None
        with world.database.write() as connection:
            actions.swap(connection, alice, mine.id, "call", at)
            actions.skip(connection, alice, mine.id, at)
    pytest.fail("lunch was swapped for a call four times and is still suggested")
