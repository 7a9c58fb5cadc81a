"""Rules about what was written down speak when it is, and fall silent when it is settled, taken away or answered."""

from datetime import date, timedelta
from typing import Any

import pytest

from crm.interactions import matters
from crm.interactions.matters import SORTS
from crm.rules.queries import flags
from crm.storage.tables import contact, user
from tests.builders import World
from tests.shipped import one_rule


def told(world: World, rule: str, days_later: int = 0) -> list[str]:
    at = world.now + timedelta(days=days_later)
    with world.database.read() as connection:
        found = flags(connection, world.principal, at, rules=[one_rule(rule)])
    return [flag.sentence for flag in found]


def write(world: World, key: str, contact_id: int, **values: Any) -> int:
    with world.database.write() as connection:
        return matters.add(connection, world.principal, SORTS[key], contact_id, values, world.now)


def on(
    world: World, contact_id: int, kind: str, day: date, *, yearly: bool = True, dated: bool = False
) -> int:
    leap_day = (date(2024, day.month, day.day) - date(2024, 1, 1)).days + 1
    known = {"year": day.year, "on_day": day} if dated or not yearly else {}
    return write(
        world,
        "dates",
        contact_id,
        kind=kind,
        month=day.month,
        day=day.day,
        leap_day=leap_day,
        yearly=yearly,
        **known,
    )


def test_an_ask_speaks_until_it_is_said(world: World) -> None:
    one = world.contact(tier="none")
    ask = write(world, "asks", one, text="Will you host the summit?", due=world.today + timedelta(days=21))
    assert told(world, "important_ask") == ["Best in person: Will you host the summit? Due in 3 weeks."]
    with world.database.write() as connection:
        matters.settle(connection, world.principal, SORTS["asks"], ask, world.now)
    assert told(world, "important_ask") == []
    with world.database.write() as connection:
        matters.reopen(connection, world.principal, SORTS["asks"], ask, world.now)
    assert len(told(world, "important_ask")) == 1


def test_a_promise_of_ours_speaks_and_theirs_does_not(world: World) -> None:
    ours, theirs = world.contact("Ada"), world.contact("Bo")
    due = world.today + timedelta(days=3)
    kept = write(world, "promises", ours, by="us", text="Send the plan", due=due)
    write(world, "promises", theirs, by="them", text="Send a quote", due=due)
    assert len(told(world, "promise_due")) == 1
    with world.database.write() as connection:
        removed = matters.remove(connection, world.principal, SORTS["promises"], kept, world.now)
    assert told(world, "promise_due") == []
    with world.database.write() as connection:
        matters.bring_back(connection, world.principal, removed, world.now)
        matters.settle(connection, world.principal, SORTS["promises"], kept, world.now)
    assert told(world, "promise_due") == []


def test_a_favour_and_a_gift_ask_for_thanks_for_a_week(world: World) -> None:
    favour, gift = world.contact("Ada Berg"), world.contact("Bo Lind")
    write(world, "favours", favour, text="Introduced us to Priya", received_on=world.today)
    world.log("gift", 0, gift, direction="inbound")
    assert len(told(world, "thank_you")) == len(told(world, "thank_you", 7)) == 2
    assert told(world, "thank_you", 8) == []


def test_an_occasion_knows_that_last_years_wish_went_through_a_screen(world: World) -> None:
    day = world.today + timedelta(days=9)
    by_mail, by_phone, long_ago, by_both = (world.contact(name) for name in ("Ada", "Bo", "Cy", "Di"))
    for one in (by_mail, by_phone, long_ago, by_both):
        on(world, one, "birthday", day)
    last_year = (world.today - day.replace(year=day.year - 1)).days
    world.log("email", last_year, by_mail, direction="outbound")
    world.log("phone", last_year, by_phone, direction="outbound")
    world.log("email", last_year + 30, long_ago, direction="outbound")
    world.log("email", last_year, by_both, direction="outbound")
    world.log("note", last_year + 3, by_both, direction="outbound")
    spoken = told(world, "occasion")
    assert [sentence for sentence in spoken if "last year" in sentence] == [
        "Birthday on Wed 2 Dec, in 9 days. Around that day last year you wrote by email. Post a card by Wed 25 Nov."
    ]
    assert len(spoken) == 4


def test_a_day_that_had_no_last_year_is_not_said_to_have_had_one(world: World) -> None:
    day = world.today + timedelta(days=9)
    last_year = (world.today - day.replace(year=day.year - 1)).days
    first, once, born = (world.contact(name) for name in ("Ada", "Bo", "Cy"))
    on(world, first, "anniversary", day, dated=True)
    on(world, once, "other", day, yearly=False)
    on(world, born, "birthday", day.replace(year=1980), dated=True)
    for one in (first, once, born):
        world.log("email", last_year, one, direction="outbound")
    assert [sentence.split(".")[0] for sentence in told(world, "occasion") if "last year" in sentence] == [
        "Birthday on Wed 2 Dec, in 9 days"
    ]


def test_of_several_the_nearest_to_last_years_day_is_told_then_the_newest(world: World) -> None:
    day = world.today + timedelta(days=9)
    last_year = (world.today - day.replace(year=day.year - 1)).days
    nearest, newest = world.contact("Ada"), world.contact("Bo")
    for one, log in (
        (nearest, (("chat", 0), ("email", -1), ("sms", 2))),
        (newest, (("sms", 1), ("chat", -1))),
    ):
        on(world, one, "birthday", day)
        for channel, days in log:
            world.log(channel, last_year + days, one, direction="outbound")
    assert all("last year you wrote by chat." in sentence for sentence in told(world, "occasion"))


def test_an_ask_open_for_long_is_told_before_one_that_is_due_in_half_a_year(world: World) -> None:
    one = world.contact()
    half_a_year, yesterday = world.today + timedelta(days=200), world.today - timedelta(days=1)
    write(world, "asks", one, text="Speak in June", due=half_a_year, opened_on=yesterday)
    write(world, "asks", one, text="Would they host us?", opened_on=world.today - timedelta(days=21))
    assert told(world, "important_ask") == [
        "Best in person: Would they host us? Open for 3 weeks; one more is open."
    ]
    soon = world.today + timedelta(days=21)
    write(world, "asks", one, text="Sign the renewal", due=soon)
    assert told(world, "important_ask") == [
        "Best in person: Sign the renewal. Due in 3 weeks; two more are open."
    ]


def test_an_occasion_knows_the_last_day_on_which_a_card_can_leave(world: World) -> None:
    alice = world.user()
    near, far = (world.contact(name, owner_id=alice.user_id) for name in ("Ada", "Bo"))
    with world.database.write() as connection:
        connection.execute(
            user.update().where(user.c.id == alice.user_id).values(city="Berlin", country="DE")
        )
        for one, country in ((near, "DE"), (far, "US")):
            connection.execute(contact.update().where(contact.c.id == one).values(country=country))
    for one in (near, far):
        on(world, one, "birthday", world.today + timedelta(days=12))
    assert told(world, "occasion") == [
        "Birthday on Sat 5 Dec, in 12 days. Post a card by Fri 27 Nov.",
        "Birthday on Sat 5 Dec, in 12 days. A card would arrive too late now.",
    ]


@pytest.mark.parametrize(("year", "expected"), [(2027, "Sun 28 Feb"), (2028, "Tue 29 Feb")])
def test_the_29th_of_february_is_kept_every_year(world: World, year: int, expected: str) -> None:
    one = world.contact()
    on(world, one, "birthday", date(2024, 2, 29))
    before = (date(year, 2, 20) - world.today).days
    (sentence,) = told(world, "occasion", before)
    assert expected in sentence


def test_a_renewal_that_comes_once_is_over_when_it_is_past(world: World) -> None:
    once, yearly = world.contact("Ada"), world.contact("Bo")
    for one, again in ((once, False), (yearly, True)):
        world.log("email", 5, one)
        on(world, one, "renewal", world.today + timedelta(days=30), yearly=again)
    assert len(told(world, "renewal")) == 2
    assert told(world, "renewal", 31) == []
    assert len(told(world, "renewal", 365)) == 1
    world.log("phone", 1, once)
    assert len(told(world, "renewal")) == 1
