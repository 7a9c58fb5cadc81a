"""The planner: its choice against trying everything, and each promise of the plan by name."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crm.domain.budgets import GROUP_ORDER, GROUPS, Budget
from crm.domain.candidates import Candidate, Flag
from crm.domain.left_out import LEFT_OUT, LeftOut, why_not
from crm.domain.need_and_fit import Option
from crm.domain.planner import SHIPPED_LIMITS, Plan, Suggestion, options, plan_week
from crm.domain.rests import PastSuggestion, rest_until
from crm.domain.rules import ACTS, SHIPPED
from crm.domain.weeks import IsoWeek
from tests.thorough import TIMES

WEEK = IsoWeek(2026, 47)
MONDAY = WEEK.monday
PLENTY = Budget(20, 20, 20, 20)
FLAGS = {rule.key: Flag(rule.key, rule.severity, rule.suggests) for rule in SHIPPED}

NEED_PARTS = {"severity", "more_flags", "tier", "at_stake", "late"}
FIT_PARTS = {"answers", "richness", "travel", "history", "no_address", "no_phone"}


def flags(*keys: str) -> tuple[Flag, ...]:
    return tuple(FLAGS[key] for key in keys)


def contact(number: int = 1, *keys: str, **more: object) -> Candidate:
    """A key contact in the same city, with an address and 70 days on a personal clock of 60."""
    plain = Candidate(number, "key", flags(*keys), 70, 60, has_address=True, same_city=True)
    return replace(plain, **more)  # type: ignore[arg-type]


def plan(*candidates: Candidate, budget: Budget = PLENTY, today: date = MONDAY, week: IsoWeek = WEEK) -> Plan:
    return plan_week(candidates, budget, week=week, today=today)


def only(candidate: Candidate, today: date = MONDAY, week: IsoWeek = WEEK) -> Suggestion:
    (found,) = plan(candidate, today=today, week=week).suggestions
    return found


def reason(candidate: Candidate, today: date = MONDAY, week: IsoWeek = WEEK) -> str:
    found = plan(candidate, today=today, week=week)
    assert not found.suggestions
    (left_out,) = found.left_out
    assert why_not(left_out, today).endswith(".")
    return left_out.reason


dates = st.none() | st.integers(-5, 25).map(lambda ahead: MONDAY + timedelta(days=ahead))


@st.composite
def contacts(draw: st.DrawFn, number: int, *, held: bool) -> Candidate:
    own = Flag("their_own", draw(st.sampled_from(["high", "low"])), tuple(draw(st.permutations(ACTS))[:3]))
    chosen = draw(
        st.lists(st.sampled_from([*FLAGS.values(), FLAGS["no_record"], own]), max_size=3, unique=True)
    )
    return Candidate(
        contact_id=number,
        tier=draw(st.sampled_from(["key", "key", "regular", "none"])),
        flags=tuple(chosen),
        personal_days=draw(st.sampled_from([0, 70, 70, 400])),
        personal_target=draw(st.sampled_from([60, 60, None])),
        has_address=draw(st.booleans()),
        has_phone=draw(st.booleans()),
        same_city=draw(st.booleans()),
        travel=draw(st.booleans()),
        history=draw(st.dictionaries(st.sampled_from(ACTS), st.integers(-9, 9), max_size=2)),
        occasion_on=draw(dates),
        ask_due=draw(dates),
        promise_due=draw(dates),
        days_since_live=draw(st.sampled_from([None, 0, 13, 14, 90])),
        arranged_on=draw(dates) if held else None,
        rest_until=draw(dates) if held else None,
        snoozed_until=draw(dates) if held else None,
        muted=held and draw(st.integers(0, 5)) == 0,
    )


@st.composite
def teams(draw: st.DrawFn, most: int, *, held: bool = False) -> list[Candidate]:
    """Contacts with many ties among them: some are the same but for their id."""
    distinct = [draw(contacts(number, held=held)) for number in range(draw(st.integers(1, 4)))]
    size = draw(st.integers(1, most))
    return [replace(draw(st.sampled_from(distinct)), contact_id=number) for number in range(size)]


def budgets(most: int) -> st.SearchStrategy[Budget]:
    amount, perhaps = st.integers(0, 3), st.none() | st.integers(0, 2)
    return st.builds(Budget, amount, amount, amount, st.integers(0, most), perhaps, at_home=perhaps)


def every_plan(ways: Mapping[int, Sequence[Any]], total: int) -> Iterator[dict[int, Any]]:
    for size in range(min(total, len(ways)) + 1):
        for chosen in combinations(ways, size):
            for acts in product(*(ways[number] for number in chosen)):
                yield dict(zip(chosen, acts, strict=True))


@dataclass(frozen=True)
class Place:
    """One way to serve a contact: for all its reasons but ``left``, with one act."""

    option: Option
    need: int
    told: frozenset[str]
    at_home: bool
    left: tuple[bool, ...]
    worth: tuple[int, int]


def without(one: Candidate, left: frozenset[str]) -> Candidate:
    return replace(one, flags=tuple(flag for flag in one.flags if flag.rule not in left))


def places(one: Candidate, limits: Mapping[str, int]) -> list[Place]:
    """Every place for one contact: leaving reasons aside opens no group and is worth at most what all of it is."""
    sparing = sorted({flag.rule for flag in one.flags} & set(limits))
    groups: dict[frozenset[str], dict[str, tuple[int, int]]] = {}
    found = []
    for number in range(len(sparing) + 1):
        for left in map(frozenset, combinations(sparing, number)):
            alone = plan_week([without(one, left)], PLENTY, week=WEEK, today=MONDAY, limits={}).suggestions
            fuller = [groups[subset] for subset in groups if subset < left]
            acts = options(without(one, left), week=WEEK, today=MONDAY) if alone else ()
            groups[left] = {}
            for option in acts:
                group = GROUPS[option.act]
                if all(group in known for known in fuller):
                    own = (alone[0].need * option.fit, alone[0].need)
                    worth = min([own, *(known[group] for known in fuller)])
                    groups[left][group] = max(worth, groups[left].get(group, worth))
                    told = frozenset(alone[0].rules) & set(limits)
                    aside = tuple(rule in left for rule in sparing)
                    at_home = group == "in_person" and one.same_city
                    found.append(Place(option, alone[0].need, told, at_home, aside, worth))
    return found


def preference(place: Place) -> tuple[Any, ...]:
    """Among equally good places of one contact: a call before meeting before the post, with the most reasons kept,
    by the act that answers them best."""
    group = GROUP_ORDER.index(GROUPS[place.option.act])
    kept = [not aside for aside in place.left]
    return (-group, kept, place.option.fit, -ACTS.index(place.option.act))


def best_of_all(
    team: Sequence[Candidate], budget: Budget, limits: Mapping[str, int]
) -> dict[int, tuple[str, int, frozenset[str]]]:
    """The oracle: look at every possible plan."""
    ways = {one.contact_id: found for one in team if (found := places(one, limits))}
    caps: dict[str, int] = {
        "call": budget.call,
        "in_person": budget.in_person,
        "by_hand": budget.by_hand,
    }
    if budget.in_person_quarter_left is not None:
        caps["in_person"] = min(caps["in_person"], budget.in_person_quarter_left)

    def allowed(found: dict[int, Place]) -> bool:
        used = Counter[str](GROUPS[place.option.act] for place in found.values())
        told = Counter(rule for place in found.values() for rule in place.told)
        at_home = sum(place.at_home for place in found.values())
        return (
            all(used[group] <= cap for group, cap in caps.items())
            and all(told[rule] <= most for rule, most in limits.items())
            and (budget.at_home is None or at_home <= budget.at_home)
        )

    def merit(found: dict[int, Place]) -> tuple[int, int, list[Any]]:
        order = [preference(found[number]) if number in found else () for number in sorted(ways)]
        worth = [place.worth for place in found.values()]
        return sum(one for one, _ in worth), sum(need for _, need in worth), order

    best: dict[int, Place] = {}
    for chosen in every_plan(ways, budget.total):
        if allowed(chosen) and merit(chosen) > merit(best):
            best = chosen
    return {number: (place.option.act, place.need, place.told) for number, place in best.items()}


def summary(found: Plan, limits: Mapping[str, int]) -> dict[int, tuple[str, int, frozenset[str]]]:
    return {
        one.contact_id: (one.act, one.need, frozenset(one.rules) & set(limits)) for one in found.suggestions
    }


class TestChoice:
    @given(teams(5), budgets(5))
    @settings(max_examples=75 * TIMES, deadline=None)
    def test_is_the_best_of_all_plans(self, team: list[Candidate], budget: Budget) -> None:
        assume(sum(1 for one in team if plan(one).suggestions) <= 5)
        found = plan(*team, budget=budget)
        assert summary(found, SHIPPED_LIMITS) == best_of_all(team, budget, SHIPPED_LIMITS)

    @given(teams(13), budgets(3))
    @settings(max_examples=40 * TIMES, deadline=None)
    def test_is_the_best_of_all_plans_also_among_many(self, team: list[Candidate], budget: Budget) -> None:
        found = plan(*team, budget=budget)
        assert summary(found, SHIPPED_LIMITS) == best_of_all(team, budget, SHIPPED_LIMITS)

    @given(
        teams(5),
        budgets(4),
        st.dictionaries(st.sampled_from([*FLAGS, "their_own"]), st.integers(1, 2), min_size=8),
    )
    @settings(max_examples=75 * TIMES, deadline=None)
    def test_is_the_best_of_all_plans_with_limits_on_any_rules(
        self, team: list[Candidate], budget: Budget, limits: dict[str, int]
    ) -> None:
        found = plan_week(team, budget, week=WEEK, today=MONDAY, limits=limits)
        assert summary(found, limits) == best_of_all(team, budget, limits)

    @given(teams(25), budgets(6), st.sampled_from(sorted(FLAGS)))
    @settings(max_examples=40 * TIMES, deadline=None)
    def test_a_limit_that_is_not_reached_changes_nothing(
        self, team: list[Candidate], budget: Budget, rule: str
    ) -> None:
        free = plan_week(team, budget, week=WEEK, today=MONDAY, limits={})
        told = sum(rule in one.rules for one in free.suggestions)
        held = plan_week(team, budget, week=WEEK, today=MONDAY, limits={rule: max(1, told)})
        assert held.suggestions == free.suggestions

    @given(teams(60), st.just(Budget()) | budgets(9), st.integers(1, 3))
    @settings(max_examples=30 * TIMES, deadline=None)
    def test_keeps_every_limit_when_each_rule_has_one(
        self, team: list[Candidate], budget: Budget, most: int
    ) -> None:
        limits = dict.fromkeys([*FLAGS, "their_own"], most)
        found = plan_week(team, budget, week=WEEK, today=MONDAY, limits=limits)
        told = Counter(rule for one in found.suggestions for rule in one.rules)
        assert all(places <= most for places in told.values())

    def test_beyond_the_limit_only_the_other_reason_counts(self) -> None:
        team = [contact(number, "screen_only", "they_wait") for number in (1, 2)]
        found = plan_week(team, PLENTY, week=WEEK, today=MONDAY, limits={"screen_only": 1})
        assert [set(one.rules) for one in found.suggestions] == [{"screen_only", "they_wait"}, {"they_wait"}]

    def test_who_is_left_out_by_a_limit_is_told_so(self) -> None:
        team = [contact(number, "screen_only") for number in (1, 2)]
        found = plan_week(team, PLENTY, week=WEEK, today=MONDAY, limits={"screen_only": 1})
        assert found.left_out == (LeftOut(2, "limit"),)
        assert why_not(found.left_out[0], MONDAY) == "Enough people for this reason for one week."

    @given(teams(40, held=True), st.just(Budget()) | budgets(6), st.integers(0, 6), st.randoms())
    @settings(max_examples=100 * TIMES, deadline=None)
    def test_keeps_every_promise(
        self, team: list[Candidate], budget: Budget, day: int, random: object
    ) -> None:
        today = MONDAY + timedelta(days=day)
        found = plan(*team, budget=budget, today=today)
        random.shuffle(team)  # type: ignore[attr-defined]
        assert plan(*team, budget=budget, today=today) == found
        by_id = {one.contact_id: one for one in team}
        places = [one.contact_id for one in found.suggestions] + [one.contact_id for one in found.left_out]
        assert sorted(places) == sorted(by_id)
        used = Counter(GROUPS[one.act] for one in found.suggestions)
        assert all(used[group] <= cap for group, cap in budget.caps().items())
        assert len(found.suggestions) <= budget.total
        near = sum(
            GROUPS[one.act] == "in_person" and by_id[one.contact_id].same_city for one in found.suggestions
        )
        assert budget.at_home is None or near <= budget.at_home
        assert sum("no_record" in one.rules for one in found.suggestions) <= 2
        for one in found.suggestions:
            self.check(one, by_id[one.contact_id], today)
        assert {one.reason for one in found.left_out} <= set(LEFT_OUT)

    def check(self, one: Suggestion, who: Candidate, today: date) -> None:
        suggested = {act for flag in who.flags for act in flag.suggests if flag.rule in one.rules}
        assert one.act in suggested
        assert set(one.rules) - {"unanswered"}
        assert set(one.rules) <= {flag.rule for flag in who.flags}
        assert who.tier != "none" or set(one.rules) <= {"important_ask", "promise_due"}
        assert not who.muted
        assert who.snoozed_until is None or who.snoozed_until <= today
        assert who.arranged_on is None or not timedelta(0) <= who.arranged_on - today <= timedelta(days=14)
        if who.rest_until is not None and who.rest_until > today:
            assert set(one.rules) <= {"important_ask", "promise_due", "occasion"}
            assert "important_ask" not in one.rules or who.ask_due is not None
        if GROUPS[one.act] == "in_person":
            assert who.same_city or who.travel
        if one.act == "call":
            assert who.days_since_live is None or who.days_since_live >= 14
        assert one.needs_address is (GROUPS[one.act] == "by_hand" and not who.has_address)
        assert one.need == sum(points for name, points in one.why if name in NEED_PARTS) > 0
        assert one.fit == max(1, sum(points for name, points in one.why if name in FIT_PARTS))
        assert {name for name, _ in one.why} <= NEED_PARTS | FIT_PARTS

    def test_equals_are_served_in_order_of_their_ids(self) -> None:
        team = [contact(number, "screen_only", "they_wait") for number in (9, 4, 7, 1, 3, 8)]
        found = plan(*team, budget=Budget(call=2, in_person=1, by_hand=0))
        assert [one.contact_id for one in found.suggestions] == [1, 3, 4]

    def test_of_equal_worth_more_need_wins(self) -> None:
        own = (Flag("their_own", "high", ("note", "call")), Flag("another", "high", ("gift", "call")))
        calm = contact(1, flags=(Flag("their_own", "high", ("call",)),), tier="warm", personal_days=0)
        needy = contact(2, flags=own, personal_days=0)
        assert [one.need * one.fit for one in plan(calm).suggestions] == [3600]
        found = plan(calm, needy, budget=Budget(call=1, in_person=0, by_hand=0))
        assert [(one.contact_id, one.need * one.fit) for one in found.suggestions] == [(2, 3600)]

    def test_of_equal_acts_the_first_is_taken(self) -> None:
        own = (Flag("their_own", "low", ("lunch", "visit")), Flag("another", "low", ("visit", "lunch")))
        assert only(contact(1, flags=own)).act == "lunch"

    def test_the_best_for_one_alone_need_not_be_the_best_for_the_week(self) -> None:
        """A lunch is worth more with the one, but both cannot have it: the sum decides, not the order."""
        rich, poor = contact(1, "screen_only", personal_days=200), contact(2, "in_person_overdue")
        found = plan(rich, poor, budget=Budget(call=1, in_person=1))
        assert {one.contact_id: one.act for one in found.suggestions} == {1: "call", 2: "lunch"}

    def test_default_budget_is_three_calls_one_meeting_two_notes(self) -> None:
        keys = ("screen_only", "gone_quiet", "they_wait", "thank_you", "long_thread")
        team = [contact(number, key) for number, key in enumerate(keys * 4)]
        found = plan(*team, budget=Budget())
        assert Counter(GROUPS[one.act] for one in found.suggestions) == {
            "call": 3,
            "in_person": 1,
            "by_hand": 2,
        }
        assert {one.reason for one in found.left_out} == {"budget"}
        assert [one.need for one in found.suggestions] == sorted(
            (one.need for one in found.suggestions), reverse=True
        )

    def test_knows_by_when_what_its_act_answers_is_due(self) -> None:
        soon, later = MONDAY + timedelta(days=1), MONDAY + timedelta(days=9)
        both = contact(1, "promise_due", "important_ask", promise_due=later, ask_due=soon, same_city=False)
        assert (only(both).act, only(both).due_on) == ("call", soon)
        posted = contact(1, "promise_due", "thank_you", promise_due=soon, days_since_live=1)
        assert (only(posted).act, only(posted).due_on) == ("note", None)

    def test_what_a_trip_adds_is_for_people_there(self) -> None:
        near = [contact(number, "in_person_overdue", personal_days=400) for number in (1, 2, 3)]
        there = [contact(number, "in_person_overdue", same_city=False, travel=True) for number in (4, 5, 6)]
        trip = Budget(call=0, by_hand=0).with_room_for(3)
        found = plan(*near, *there, budget=trip)
        assert sorted(one.contact_id for one in found.suggestions) == [1, 4, 5]
        assert {one.reason for one in found.left_out} == {"budget"}
        assert [one.contact_id for one in plan(*near, budget=trip).suggestions] == [1]

    def test_a_quarter_that_is_spent_leaves_no_lunch(self) -> None:
        found = plan(contact(1, "in_person_overdue"), budget=Budget(in_person_quarter_left=0))
        assert found.suggestions == ()

    def test_no_more_than_two_to_begin_with(self) -> None:
        found = plan(*(contact(number, "no_record") for number in range(4)))
        assert [one.contact_id for one in found.suggestions] == [0, 1]
        assert found.left_out == (LeftOut(2, "enough_new"), LeftOut(3, "enough_new"))

    def test_no_more_than_two_to_begin_with_whatever_the_act(self) -> None:
        ring = [contact(number, "no_record") for number in (1, 2)]
        write = [contact(number, "no_record", history={"note": 3, "call": -3}) for number in (3, 4)]
        found = plan(*ring, *write)
        assert [(one.contact_id, one.act) for one in found.suggestions] == [(3, "note"), (4, "note")]

    def test_the_rule_that_the_act_answers_comes_first(self) -> None:
        (found,) = plan(contact(1, "renewal", "thank_you"), budget=Budget(in_person=0)).suggestions
        assert (found.act, found.rules) == ("note", ("thank_you", "renewal"))

    def test_an_ask_of_somebody_new_does_not_use_up_their_places(self) -> None:
        asked = contact(9, "no_record", "important_ask")
        found = plan(contact(1, "no_record"), contact(2, "no_record"), asked)
        assert {one.contact_id: one.rules for one in found.suggestions} == {
            1: ("no_record",),
            2: ("no_record",),
            9: ("important_ask",),
        }

    @pytest.mark.parametrize("amount", [-1, 21])
    def test_a_budget_is_small(self, amount: int) -> None:
        for name in ("call", "in_person", "by_hand", "total", "in_person_quarter_left"):
            changed: dict[str, Any] = {name: amount}
            with pytest.raises(ValueError, match="budget"):
                replace(Budget(), **changed)


class TestNeed:
    @pytest.mark.parametrize(
        ("less", "more"),
        [
            (contact(1, "gone_digital"), contact(1, "screen_only")),
            (contact(1, "screen_only"), contact(1, "screen_only", "unanswered")),
            (contact(1, "they_wait", tier="regular"), contact(1, "they_wait")),
            (contact(1, "screen_only"), contact(1, "renewal")),
            (contact(1, "gone_quiet", personal_days=50), contact(1, "gone_quiet", personal_days=130)),
            (
                contact(1, "important_ask", ask_due=date(2026, 12, 1)),
                contact(1, "important_ask", ask_due=date(2026, 11, 22)),
            ),
            (
                contact(1, "promise_due", promise_due=date(2026, 11, 23)),
                contact(1, "promise_due", promise_due=MONDAY),
            ),
        ],
    )
    def test_grows_with_what_speaks_for_it(self, less: Candidate, more: Candidate) -> None:
        assert only(less).need < only(more).need

    def test_is_told_in_parts(self) -> None:
        found = only(contact(1, "screen_only", "unanswered", personal_days=221))
        assert (found.act, found.rules, found.need, found.fit) == (
            "lunch",
            ("screen_only", "unanswered"),
            92,
            65,
        )
        assert found.why == (
            *(("severity", 60), ("more_flags", 5), ("tier", 15), ("late", 12)),
            *(("answers", 45), ("richness", 20)),
        )


class TestWhichAct:
    def test_meeting_needs_the_same_city_or_a_trip(self) -> None:
        far = contact(1, "screen_only", same_city=False)
        assert only(contact(1, "screen_only")).act == "lunch"
        assert only(far).act == "call"
        assert only(replace(far, travel=True)).act == "lunch"
        assert reason(contact(1, "in_person_overdue", same_city=False)) == "out_of_reach"
        assert reason(contact(1, "in_person_overdue", "unanswered", same_city=False)) == "out_of_reach"

    def test_a_trip_brings_people_forward_and_those_behind_a_screen_first(self) -> None:
        home, away = contact(1, "screen_only"), contact(2, "screen_only", same_city=False, travel=True)
        met = contact(3, "important_ask", same_city=False, travel=True)
        lunch = Budget(call=0, in_person=1, by_hand=0)
        assert plan(home, away, budget=lunch).suggestions[0].contact_id == 2
        assert dict(only(away).why)["travel"] > dict(only(met).why)["travel"]

    def test_no_call_so_soon_after_speaking(self) -> None:
        assert reason(contact(1, "they_wait", days_since_live=13)) == "spoke_lately"
        assert only(contact(1, "they_wait", days_since_live=14)).act == "call"
        assert only(contact(1, "gone_quiet", days_since_live=13)).act == "note"
        next_week = plan(contact(1, "they_wait", days_since_live=7), week=WEEK.next())
        assert next_week.suggestions[0].act == "call"

    @given(st.sampled_from(sorted(set(FLAGS) - {"unanswered"})), st.integers(0, 400), st.integers(0, 400))
    @settings(deadline=None)
    def test_a_longer_clock_never_asks_for_less(self, key: str, one: int, other: int) -> None:
        richness = {"call": 0, "note": 1, "gift": 1, "lunch": 2, "meeting": 2, "visit": 2}
        short, long = sorted((one, other))
        first = only(contact(1, key, personal_days=short, occasion_on=MONDAY + timedelta(days=6)))
        then = only(contact(1, key, personal_days=long, occasion_on=MONDAY + timedelta(days=6)))
        assert richness[first.act] <= richness[then.act]

    def test_a_long_gap_asks_for_lunch_not_a_quick_call(self) -> None:
        quick = Flag("their_own", "medium", ("call", "lunch"))
        assert only(contact(1, flags=(quick,), personal_days=30)).act == "call"
        assert only(contact(1, flags=(quick,), personal_days=150)).act == "lunch"

    def test_what_the_user_chose_before_shifts_the_choice(self) -> None:
        before = contact(1, "gone_digital")
        assert only(before).act == "lunch"
        moved = only(replace(before, history={"lunch": -2, "call": 2}))
        assert (moved.act, moved.instead_of, moved.was_chosen) == ("call", "lunch", True)
        unmoved = only(replace(before, history={"lunch": 2}))
        assert (unmoved.act, unmoved.instead_of) == ("lunch", None)

    @given(contacts(1, held=False))
    def test_it_is_said_that_history_moved_the_act_only_where_it_did(self, one: Candidate) -> None:
        for found in plan(one).suggestions:
            otherwise = plan(replace(one, history={})).suggestions
            assert (found.instead_of is not None) == ([found.act] != [other.act for other in otherwise])

    def test_without_an_address_ask_for_it(self) -> None:
        known, unknown = contact(1, "thank_you"), contact(1, "thank_you", has_address=False)
        assert not only(known).needs_address
        assert only(unknown).needs_address
        assert only(unknown).act == "note"
        assert only(unknown).fit < only(known).fit

    def test_a_call_without_a_number_fits_less(self) -> None:
        assert only(contact(1, "they_wait", has_phone=False)).fit < only(contact(1, "they_wait")).fit

    def test_swap_offers_all_acts_that_would_do(self) -> None:
        found = options(contact(1, "screen_only", rest_until=date(2027, 1, 1)), week=WEEK, today=MONDAY)
        assert [option.act for option in found] == ["lunch", "call", "note"]

    @pytest.mark.parametrize(
        ("ahead", "act"),
        [(0, "call"), (6, "call"), (7, "note"), (14, "note")],
    )
    def test_a_call_on_the_day_or_a_note_in_time(self, ahead: int, act: str) -> None:
        day = MONDAY + timedelta(days=ahead)
        found = only(contact(1, "occasion", occasion_on=day))
        assert (found.act, found.occasion_on) == (act, day)

    def test_too_late_for_the_post_and_too_early_for_the_call(self) -> None:
        tuesday = contact(1, "occasion", occasion_on=date(2026, 11, 24))
        assert only(tuesday, today=date(2026, 11, 17)).act == "note"
        assert reason(tuesday, today=date(2026, 11, 18)) == "not_in_time"

    def test_the_day_is_this_week_but_they_spoke_lately(self) -> None:
        day = date(2026, 11, 20)
        spoke = contact(1, "occasion", occasion_on=day, days_since_live=3)
        assert reason(spoke, today=date(2026, 11, 19)) == "late_and_spoke"
        both = contact(1, "occasion", "they_wait", occasion_on=day, days_since_live=3)
        assert reason(both, today=date(2026, 11, 19)) == "late_and_spoke"
        later = replace(both, occasion_on=date(2026, 11, 24))
        assert reason(later, today=date(2026, 11, 19)) == "not_in_time"

    def test_a_rule_that_asks_for_no_post_is_not_late_for_it(self) -> None:
        ring = contact(1, flags=(Flag("occasion", "medium", ("call",)),), occasion_on=date(2026, 11, 27))
        assert reason(ring) == "not_the_day"

    def test_an_occasion_of_next_week_lends_no_call_its_day(self) -> None:
        found = only(contact(1, "they_wait", "occasion", occasion_on=date(2026, 11, 30), has_address=False))
        assert (found.act, found.occasion_on, found.rules[0]) == ("call", None, "they_wait")


class TestHeldBack:
    def test_says_why(self) -> None:
        later = date(2027, 1, 4)
        assert reason(contact(1, "they_wait", muted=True)) == "muted"
        assert reason(contact(1, "they_wait", snoozed_until=later)) == "snoozed"
        assert reason(contact(1, "they_wait", rest_until=later)) == "resting"
        assert reason(contact(1, "they_wait", arranged_on=date(2026, 11, 30))) == "arranged"
        assert reason(contact(1)) == "nothing_due"
        assert reason(contact(1, "unanswered")) == "only_unanswered"
        assert reason(contact(1, "they_wait", tier="none")) == "nothing_due"
        assert reason(contact(1, flags=(Flag("their_own", "low", ()),))) == "no_act"

    def test_says_it_in_sentences(self) -> None:
        assert why_not(LeftOut(1, "snoozed", date(2027, 1, 4)), MONDAY) == "Snoozed until Mon 4 Jan 2027."
        assert why_not(LeftOut(1, "budget"), MONDAY) == "The week is full."
        rested = LeftOut(1, "resting", MONDAY + timedelta(days=1))
        assert why_not(rested, MONDAY) == "Resting until Tue 17 Nov."
        assert (
            why_not(rested, MONDAY + timedelta(days=1))
            == "Was resting until Tue 17 Nov when the week was planned."
        )

    def test_comes_back_on_the_day(self) -> None:
        for name in ("snoozed_until", "rest_until"):
            assert only(contact(1, "they_wait", **{name: MONDAY})).act == "call"
        assert only(contact(1, "they_wait", arranged_on=date(2026, 12, 1))).act == "call"

    def test_promises_dated_asks_and_occasions_break_a_rest(self) -> None:
        rest = {"rest_until": date(2027, 1, 4)}
        assert only(contact(1, "they_wait", "promise_due", **rest)).rules == ("promise_due",)
        assert only(contact(1, "important_ask", ask_due=date(2026, 12, 7), **rest)).act == "lunch"
        assert only(contact(1, "occasion", occasion_on=date(2026, 11, 19), **rest)).act == "call"
        assert reason(contact(1, "important_ask", **rest)) == "resting"
        assert reason(contact(1, "important_ask", ask_due=date(2026, 12, 8), **rest)) == "resting"

    def test_tier_none_only_for_what_was_written_down(self) -> None:
        found = only(contact(1, "they_wait", "important_ask", tier="none"))
        assert found.rules == ("important_ask",)


class TestRest:
    def test_fourteen_days_after_done_or_dismissed(self) -> None:
        for outcome in ("done", "dismissed"):
            past = [PastSuggestion(WEEK, outcome, date(2026, 11, 18))]
            assert rest_until(past, date(2026, 12, 1)) == date(2026, 12, 2)
            assert rest_until(past, date(2026, 12, 2)) is None
            assert rest_until(past, date(2026, 11, 18)) == date(2026, 12, 2)

    def test_sixty_days_after_two_ignored_in_a_row(self) -> None:
        two = [PastSuggestion(WEEK), PastSuggestion(WEEK.previous())]
        friday = WEEK.days[4]
        assert rest_until(two, friday) is None
        for day in (1, 2, 3):  # the plan of the coming week is made from Saturday on
            assert rest_until(two, friday + timedelta(days=day)) == date(2027, 1, 22)
        assert rest_until(two, date(2027, 1, 22)) is None

    def test_anything_in_between_starts_the_count_again(self) -> None:
        first, second, third = WEEK, WEEK.next(), WEEK.next().next()
        after = third.next().monday
        snoozed = PastSuggestion(second, "snoozed", second.monday)
        assert rest_until([PastSuggestion(first), snoozed, PastSuggestion(third)], after) is None
        assert rest_until([PastSuggestion(first), PastSuggestion(third)], after) == after + timedelta(days=60)
        assert rest_until([PastSuggestion(first)], after) is None

    def test_does_not_know_the_future(self) -> None:
        later = PastSuggestion(WEEK, "done", date(2026, 11, 20))
        assert rest_until([later], date(2026, 11, 19)) is None
        assert rest_until([PastSuggestion(WEEK.next(), "done", MONDAY)], MONDAY) is None

    @given(
        st.lists(
            st.tuples(st.integers(0, 30), st.sampled_from([None, "done", "dismissed", "snoozed"])), max_size=8
        )
    )
    def test_agrees_with_counting_days(self, past: list[tuple[int, str | None]]) -> None:
        weeks = {IsoWeek.of(MONDAY + timedelta(weeks=count)): outcome for count, outcome in past}
        history = [
            PastSuggestion(week, outcome, week.days[2] if outcome else None)  # type: ignore[arg-type]
            for week, outcome in weeks.items()
        ]
        today = MONDAY + timedelta(weeks=31)
        in_order = [outcome for _, outcome in sorted(weeks.items())]
        resting = set()
        for week, outcome in weeks.items():
            if outcome in ("done", "dismissed"):
                resting |= {week.days[2] + timedelta(days=count) for count in range(14)}
        if len(in_order) >= 2 and in_order[-1] is None and in_order[-2] is None:
            resting |= {max(weeks).sunday + timedelta(days=count) for count in range(1, 61)}
        ahead = [day for day in resting if day >= today]
        expected = max(ahead) + timedelta(days=1) if ahead else None
        assert rest_until(history, today) == expected
