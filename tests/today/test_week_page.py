"""The home page: what it shows, what its forms do without scripts, and who sees which of it."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from starlette.testclient import TestClient

from crm import clock
from crm.domain.principal import Principal
from crm.domain.spans import day_phrase
from crm.domain.weeks import IsoWeek
from crm.planning import actions
from crm.planning.queries import PlanView, plan_of
from crm.storage.database import new_id
from crm.storage.tables import ask, contact, contact_date, contact_phone, interaction, promise, time_off, user
from tests.builders import World
from tests.web.site import client


@pytest.fixture
def world(world: World) -> World:
    """The world as it is looked at now, since pages ask the clock."""
    world.now = clock.now()
    return world


@pytest.fixture
def alice(world: World) -> Principal:
    return world.user(city="Boston", first_run_done=True)


def by_screen(world: World, owner: Principal, name: str = "Marta Kowalczyk", **columns: Any) -> int:
    contact_id = world.contact(name, given_name=name.split(maxsplit=1)[0], owner_id=owner.user_id, **columns)
    for days_ago in (5, 20, 40, 60):
        world.log("email", days_ago, contact_id, summary=f"{name} wrote {days_ago} days ago")
    return contact_id


def view(world: World, by: Principal, at: datetime | None = None) -> PlanView:
    with world.database.read() as connection:
        at = at or clock.now()
        found = plan_of(connection, by, IsoWeek.of(at.astimezone(by.user_zone).date()), at)
    assert found is not None
    return found


def words(page: str) -> str:
    """What a reader sees."""
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def said(browser: TestClient, answer: Any, path: str = "/") -> str:
    """The toast of the next page."""
    browser.cookies.update(answer.cookies)
    page = browser.get(path, headers={"Cookie": f"{browser.headers['Cookie']}; {cookies(answer)}"}).text
    return words("<main" + page[page.index('id="toasts"') :].split("</body>")[0] + "</main>")


def cookies(answer: Any) -> str:
    return "; ".join(f"{name}={value}" for name, value in answer.cookies.items())


def test_the_first_look_makes_the_plan_and_the_next_finds_it(world: World, alice: Principal) -> None:
    by_screen(world, alice, city="Boston")
    browser = client(world, alice)
    page = browser.get("/")
    assert page.status_code == 200
    shown = words(page.text)
    assert "One person to reach in person" in shown
    assert "4 emails and no call, meeting or note on record." in shown
    assert "Both in Boston" in shown
    assert "Marta Kowalczyk wrote 5 days ago" in shown
    first = view(world, alice)
    browser.get("/")
    assert view(world, alice).id == first.id


def test_whom_one_rang_lately_is_not_said_to_be_by_screen_only(world: World, alice: Principal) -> None:
    marta = by_screen(world, alice, tier="key", city="Boston")
    world.log("lunch", 200, marta)
    world.log("phone", 21, marta)
    shown = words(client(world, alice).get("/").text)
    assert "Marta Kowalczyk" in shown
    assert "by screen only" not in shown


def test_every_form_posts_without_scripts_and_can_be_undone(world: World, alice: Principal) -> None:
    by_screen(world, alice, city="Boston")
    browser = client(world, alice)
    browser.get("/")
    one = view(world, alice).suggestions[0]
    at = f"/plan/suggestions/{one.id}"
    sent: list[tuple[str, dict[str, str], str]] = [
        ("done", {}, "done"),
        ("swap", {"act": "call"}, "planned"),
        ("snooze", {"until": "week"}, "snoozed"),
        ("snooze", {"until": "month"}, "snoozed"),
        ("snooze", {"day": (clock.now().date() + timedelta(days=3)).isoformat()}, "snoozed"),
        ("skip", {}, "skipped"),
        ("not-this-person", {}, "not_this_person"),
    ]
    for verb, fields, state in sent:
        page = browser.get("/").text
        assert f'action="{at}/{verb}"' in page
        answer = browser.post(f"{at}/{verb}", data=fields)
        assert answer.status_code == 303, (verb, fields)
        after = view(world, alice).suggestions[0]
        assert after.state == state
        if verb == "swap":
            assert after.act == "call"
            continue
        assert f"/plan/answers/{after.response_id}/undo" in browser.get("/").text
        assert browser.post(f"/plan/answers/{after.response_id}/undo").status_code == 303
        assert view(world, alice).suggestions[0].state == "planned"


@pytest.mark.parametrize("answer", ["skip", "snooze", "not-this-person"])
def test_a_week_of_which_nothing_was_done_is_not_all_done(
    world: World, alice: Principal, answer: str
) -> None:
    for name in ("Marta Kowalczyk", "Bea Lindgren"):
        by_screen(world, alice, name, city="Boston")
    browser = client(world, alice)
    browser.get("/")
    first, second = view(world, alice).suggestions
    answered = browser.post(f"/plan/suggestions/{first.id}/{answer}", data={"until": "week"})
    assert answered.status_code == 303
    assert browser.post(f"/plan/suggestions/{second.id}/done").status_code == 303
    shown = words(browser.get("/").text)
    assert "Nothing is left for this week" in shown
    assert "All done" not in shown


def test_done_says_the_whole_name_where_two_have_the_given_one(world: World, alice: Principal) -> None:
    by_screen(world, alice, city="Boston")
    world.contact("Marta Reuter", tier="none")
    browser = client(world, alice)
    browser.get("/")
    one = view(world, alice).suggestions[0]
    answer = browser.post(f"/plan/suggestions/{one.id}/done")
    assert "Lunch with Marta Kowalczyk logged." in said(browser, answer)


def test_the_year_on_the_postcard_ends_with_the_last_personal_contact(world: World, alice: Principal) -> None:
    marta = by_screen(world, alice, city="Boston")
    world.log("lunch", 200, marta, summary="Spoke of the harbour")
    world.log("phone", 100, marta)
    page = client(world, alice).get("/").text
    caption = re.search(r'<span class="postcard-year-last[^>]*>([^<]*)<', page)
    last = world.today - timedelta(days=100)
    assert caption
    assert caption[1].startswith(f"Phone, {last.day} {last:%b}")


def test_done_says_what_it_changed(world: World, alice: Principal) -> None:
    by_screen(world, alice, city="Boston")
    browser = client(world, alice)
    browser.get("/")
    one = view(world, alice).suggestions[0]
    answer = browser.post(f"/plan/suggestions/{one.id}/done")
    assert answer.headers["location"] == f"/?done={one.id}"
    assert "Lunch with Marta logged. Marta is back in touch. Undo" in said(browser, answer)
    assert "All done for this week" in words(browser.get("/").text)
    twice = browser.post(f"/plan/suggestions/{one.id}/done")
    assert twice.status_code == 303
    with world.database.read() as connection:
        logged = connection.execute(select(interaction.c.id).where(interaction.c.channel == "lunch"))
        assert len(logged.all()) == 1


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("swap", {"act": "email"}),
        ("swap", {}),
        ("snooze", {"day": "soon"}),
        ("snooze", {"day": "2020-01-01"}),
        ("snooze", {}),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(
    world: World, alice: Principal, verb: str, fields: dict[str, str]
) -> None:
    by_screen(world, alice, city="Boston")
    browser = client(world, alice)
    browser.get("/")
    before = view(world, alice)
    answer = browser.post(f"/plan/suggestions/{before.suggestions[0].id}/{verb}", data=fields)
    assert answer.status_code == 422
    assert view(world, alice) == before


def test_nobody_due_is_good_news(world: World, alice: Principal) -> None:
    marta = world.contact(owner_id=alice.user_id)
    world.log("lunch", 3, marta)
    shown = words(client(world, alice).get("/").text)
    assert "Nobody is waiting for you" in shown
    assert "Your 1 key or regular person is in touch." in shown


def test_a_week_without_room_is_not_said_to_be_good_news(world: World) -> None:
    none: dict[str, Any] = {"budget_call": 0, "budget_in_person": 0, "budget_by_hand": 0, "budget_total": 0}
    alice = world.user(city="Boston", first_run_done=True, **none)
    by_screen(world, alice)
    shown = words(client(world, alice).get("/").text)
    assert "Your budget leaves no room this week One person has a reason to be reached" in shown
    assert "Nobody is waiting" not in shown


def test_in_a_week_off_the_page_says_who_waits(world: World, alice: Principal) -> None:
    by_screen(world, alice)
    off = {"workspace_id": world.workspace_id, "user_id": alice.user_id, "created_at": world.now}
    with world.database.write() as connection:
        days = {"first_day": world.today, "last_day": world.today + timedelta(days=6)}
        connection.execute(time_off.insert(), {**off, **days, "id": new_id(connection)})
    shown = words(client(world, alice).get("/").text)
    assert (
        "You are off this week One person has a reason to be reached, and will wait until you are back."
        in shown
    )
    assert "Nobody is waiting" not in shown


def test_beside_the_week(world: World, alice: Principal) -> None:
    marta = world.contact("Marta Kowalczyk", owner_id=alice.user_id)
    world.log("lunch", 3, marta)
    today = world.today
    keys = {"workspace_id": world.workspace_id, "contact_id": marta}
    birthday = today + timedelta(days=16)
    with world.database.write() as connection:
        late = {"text": "Send the checklist", "by": "us", "due": today - timedelta(days=35)}
        row = {"id": new_id(connection), "made_on": today - timedelta(days=40), **late}
        connection.execute(promise.insert(), keys | row)
        asked = {"text": "Ask about the listing", "opened_on": today}
        connection.execute(ask.insert(), keys | {"id": new_id(connection), **asked})
        date = {
            "kind": "birthday",
            "month": birthday.month,
            "day": birthday.day,
            "leap_day": 1,
            "yearly": True,
        }
        connection.execute(contact_date.insert(), keys | {"id": new_id(connection), **date})
    shown = words(client(world, alice).get("/").text)
    assert "Send the checklist Five weeks late, promised" in shown
    assert "To Marta Kowalczyk : Ask about the listing" in shown
    assert "Marta Kowalczyk’s birthday" in shown
    assert "Post by" in shown
    bob = world.user("Bob Stone", role="member", first_run_done=True)
    others = words(client(world, bob).get("/").text)
    assert "checklist" not in others
    assert "birthday" not in others


def test_late_in_the_week_what_has_passed_is_said_to_have(world: World, alice: Principal) -> None:
    monday = datetime(2026, 11, 23, 14, tzinfo=UTC)
    world.now = monday
    by_screen(world, alice, city="Boston")
    with time_machine.travel(monday, tick=False):
        browser = client(world, alice)
        shown = words(browser.get("/").text)
        (one,) = view(world, alice).suggestions
        assert "The reasons are as of" not in shown
        assert "has passed" not in shown
        assert one.slot.day is not None
    with time_machine.travel(monday + timedelta(days=4, hours=8), tick=False):
        page = browser.get("/").text
        shown = words(page)
        assert "The reasons are as of Mon 23 Nov, when the week was planned." in shown
        assert f"{day_phrase(one.slot.day, None)[:10]} has passed" in shown.replace(" 2026", "")
        assert "Any day this week" in shown
        assert f"/plan/suggestions/{one.id}/event.ics" not in page
        browser.post(f"/plan/suggestions/{one.id}/done")
        shown = words(browser.get("/").text)
        assert "has passed" not in shown
        assert "The reasons are as of" not in shown


def strip(page: str) -> list[str]:
    """What the days of the week say."""
    days = page[page.index('class="week-days') : page.index("</ol>")].split('<li class="week-day')
    return [" ".join(re.sub(r"<[^>]+>", " ", f"<{day}").split()) for day in days[1:]]


def test_what_is_done_stands_on_the_day_it_was(world: World, alice: Principal) -> None:
    monday = datetime(2026, 11, 23, 10, tzinfo=UTC)
    world.now = monday
    by_screen(world, alice, city="Boston")

    with time_machine.travel(monday, tick=False):
        browser = client(world, alice)
        assert [day for day in strip(browser.get("/").text) if "Marta" in day] == ["Wed 25 12:30 Marta"]
        (one,) = view(world, alice).suggestions
        browser.post(f"/plan/suggestions/{one.id}/done")
        assert [day for day in strip(browser.get("/").text) if "Marta" in day] == ["Today, Mon 23 Marta"]


@pytest.mark.parametrize(
    ("channel", "told"), [("lunch", "1 lunch 1 done"), ("event", ""), ("note", "1 note 1 done")]
)
def test_the_week_counts_what_was_done(world: World, alice: Principal, channel: str, told: str) -> None:
    marta = world.contact(owner_id=alice.user_id)
    browser = client(world, alice)
    browser.get("/")
    one = view(world, alice).suggestions[0]
    assert browser.post(f"/plan/suggestions/{one.id}/swap", data={"act": "note"}).status_code == 303
    assert "no contact on record yet" in words(browser.get("/").text)
    world.log(channel, None, marta, occurred_at=clock.now(), by=alice)
    page = browser.get("/").text
    shown = words(page)
    assert "In touch" in shown
    assert told in shown
    assert ("1 note" in shown) == (channel == "note")
    assert "no contact on record yet" not in shown
    days = page[page.index("week-days") : page.index("</ol>")]
    assert f'aria-label="{channel.capitalize()}"' in days


def test_what_is_said_to_be_done_days_later_stands_on_the_day_it_was(world: World, alice: Principal) -> None:
    monday = datetime(2026, 11, 23, 10, tzinfo=UTC)
    world.now = monday
    by_screen(world, alice, city="Boston")
    with time_machine.travel(monday, tick=False):
        browser = client(world, alice)
        browser.get("/")
        (one,) = view(world, alice).suggestions
        assert one.id is not None
        assert one.slot.starts_at is not None
    thursday, next_monday = monday + timedelta(days=3), monday + timedelta(days=7)
    for pressed, path in ((thursday, "/"), (next_monday, "/week/2026-W48")):
        with time_machine.travel(pressed, tick=False):
            with world.database.write() as connection:
                answer = actions.done(connection, alice, one.id, pressed, when=one.slot.starts_at)
                assert answer.response_id is not None
            page = browser.get(path).text
            assert [day for day in strip(page) if "Marta" in day] == ["Wed 25 Marta"], path
            assert "Done Wed 25 Nov" in words(page) or "Done yesterday" in words(page), path
            with world.database.write() as connection:
                actions.undo(connection, alice, answer.response_id, pressed)


def test_last_week_and_older_weeks(world: World, alice: Principal) -> None:
    marta = by_screen(world, alice)
    then = clock.now() - timedelta(days=7)
    week = IsoWeek.of(then.date())
    with world.database.write() as connection:
        actions.make_plan(connection, alice, week, then)
        old = plan_of(connection, alice, week, then)
        assert old is not None
        assert old.suggestions[0].id is not None
        actions.done(connection, alice, old.suggestions[0].id, then)
    browser = client(world, alice)
    shown = words(browser.get("/").text)
    assert "1 of 1 done." in shown
    page = browser.get(f"/week/{week}")
    assert page.status_code == 200
    assert "Marta Kowalczyk" in page.text
    assert f"/plan/suggestions/{old.suggestions[0].id}" not in page.text
    assert marta == old.suggestions[0].contact.id
    for path in ("/week/2020-W01", "/week/next", "/week/2026-W99"):
        assert browser.get(path).status_code == 404
    bob = world.user("Bob Stone", role="admin", first_run_done=True)
    assert client(world, bob).get(f"/week/{week}").status_code == 404


def give_phone(world: World, contact_id: int, value: str) -> None:
    row = {"workspace_id": world.workspace_id, "contact_id": contact_id, "position": 0, "digits": ""}
    with world.database.write() as connection:
        connection.execute(contact_phone.insert(), {**row, "value": value})


def test_whom_to_call_stands_there_with_the_number(world: World, alice: Principal) -> None:
    people = [by_screen(world, alice, name) for name in ("Marta Kowalczyk", "Jonas Reuter")]
    for number, one in enumerate(people):
        give_phone(world, one, f"+1 617 555 010{number}")
    browser = client(world, alice)
    home = browser.get("/").text
    assert {one.act for one in view(world, alice).suggestions} == {"call"}
    for number, one in enumerate(people):
        for page in (home, browser.get(f"/people/{one}").text):
            assert f'href="tel:%2B161755501{number:02}"' in page.partition("Reach")[0]


def test_why_not(world: World, alice: Principal) -> None:
    for number in range(7):
        by_screen(world, alice, f"Person {number}")
    browser = client(world, alice)
    assert "Two other people waiting, and why" in words(browser.get("/").text)
    shown = words(browser.get("/plan/why").text)
    assert "The week is full" in shown
    assert shown.count("no call, meeting or note on record") == 2
    assert len(re.findall(r"Person \d", shown)) == 2
    waiting = next(int(found) for found in re.findall(r"/people/(\d+)", browser.get("/plan/why").text))
    give_phone(world, waiting, "+1 617 555 0100")
    page = browser.get("/plan/why").text
    assert f'href="/log?contact={waiting}&amp;back=/plan/why"' in page
    assert 'href="tel:%2B16175550100"' in page
    world.log("lunch", 0, waiting)
    later = words(browser.get("/plan/why").text)
    assert "Two people had a reason to be reached when the week was planned" in later
    assert "Two other people waiting, and why" in words(browser.get("/").text), "one number on both pages"
    assert later.index("The week is full") < later.index("No longer due"), (
        "whoever was met since waits no more"
    )


def test_viewers_read_that_they_have_no_plan(world: World, alice: Principal) -> None:
    by_screen(world, alice)
    viewer = world.user("Vera Gill", role="viewer")
    shown = words(client(world, viewer).get("/").text)
    assert "Viewers have no plan" in shown
    assert "Marta" not in shown


def test_the_page_of_a_person_has_this_weeks_suggestion(world: World, alice: Principal) -> None:
    marta = by_screen(world, alice)
    browser = client(world, alice)
    browser.get("/")
    one = view(world, alice).suggestions[0]
    page = browser.get(f"/people/{marta}").text
    assert f"/plan/suggestions/{one.id}/done" in page
    answer = browser.post(f"/plan/suggestions/{one.id}/done", data={"back": f"/people/{marta}"})
    assert answer.headers["location"] == f"/people/{marta}"
    assert "Done this week" in browser.get(f"/people/{marta}").text


# The first run


def test_the_first_run_ends_in_a_plan(world: World) -> None:
    theo = world.user("Theo Marsh", role="member")
    browser = client(world, theo)
    assert "Who would you be sorry to lose?" in browser.get("/").text
    loved = world.contact("Marta Kowalczyk", tier="none", owner_id=None)
    for days_ago in (5, 20, 40):
        world.log("email", days_ago, loved)
    stranger = world.contact("Ticket Bot", tier="none", owner_id=None)
    shown = words(browser.get("/").text)
    assert "3 emails" in shown
    assert shown.index("Marta Kowalczyk") < shown.index("Ticket Bot")
    kept = browser.post("/welcome", data={f"tier_{loved}": "key", f"tier_{stranger}": "none", "call": "2"})
    assert kept.headers["location"] == "/welcome"
    fields = {f"tier_{loved}": "key", "call": "2", "in_person": "0", "by_hand": "1", "then": "plan"}
    assert browser.post("/welcome", data=fields).headers["location"] == "/"
    assert [one.contact.id for one in view(world, theo).suggestions] == [loved]
    assert view(world, theo).budget.call == 2
    with world.database.read() as connection:
        row = connection.execute(select(user).where(user.c.id == theo.user_id)).one()
    assert (row.first_run_done, row.budget_total, row.budget_in_person) == (True, 3, 0)
    assert "One person to reach" in browser.get("/").text


def test_people_with_a_tier_and_no_owner_come_into_the_first_week(world: World, alice: Principal) -> None:
    theo = world.user("Theo Marsh", role="member")
    brought = [world.contact(name, owner_id=None) for name in ("Bea Lindgren", "Marta Kowalczyk")]
    left = world.contact("Ticket Bot", owner_id=None)
    gone = world.contact("Old Friend", owner_id=theo.user_id, archived_at=world.now)
    hers = by_screen(world, alice, "Ann Hers")
    browser = client(world, theo)
    shown = words(browser.get("/").text)
    assert "Who would you be sorry to lose?" in shown, "nobody is theirs who could be in a week"
    assert "0 marked." in shown
    assert "Three people here have a tier and no owner." in shown
    fields = {"call": "2", "in_person": "1", "by_hand": "2", "then": "plan", f"tier_{left}": "none"}
    fields |= {f"tier_{one}": "key" for one in (*brought, hers, gone)}
    assert browser.post("/welcome", data=fields).status_code == 303
    assert {one.contact.id for one in view(world, theo).suggestions} == set(brought)
    with world.database.read() as connection:
        rows = connection.execute(select(contact.c.id, contact.c.owner_id, contact.c.tier))
        owners = {row.id: (row.owner_id, row.tier) for row in rows}
    assert owners[hers] == (alice.user_id, "key")
    assert owners[left] == (None, "none")
    again = words(browser.get("/welcome").text)
    assert "2 marked." in again
    assert "no owner" not in again


def test_whoever_left_the_first_run_finds_the_way_back(world: World) -> None:
    theo = world.user("Theo Marsh", role="member")
    world.contact("Marta Kowalczyk", owner_id=theo.user_id)
    browser = client(world, theo)
    left = browser.get("/").text
    assert "One person is marked so far. Most teams start with 10 to 20." in words(left)
    assert 'href="/welcome"' in left
    for number in range(9):
        world.contact(f"Person {number}", owner_id=theo.user_id)
    assert "marked so far" not in words(browser.get("/").text), "enough to go on with"


def test_the_end_of_the_first_run_plans_a_week_that_was_looked_at_before(world: World) -> None:
    theo = world.user("Theo Marsh", role="member")
    first = by_screen(world, theo, "Bea Lindgren")
    browser = client(world, theo)
    browser.get("/")
    looked = view(world, theo)
    assert [one.contact.id for one in looked.suggestions] == [first]
    loved = by_screen(world, theo, tier="none")
    fields = {f"tier_{loved}": "key", "call": "2", "in_person": "0", "by_hand": "0", "then": "plan"}
    assert browser.post("/welcome", data=fields).status_code == 303
    planned = view(world, theo)
    assert {one.contact.id for one in planned.suggestions} == {first, loved}
    assert browser.post("/welcome", data=fields).status_code == 303
    assert [one.id for one in view(world, theo).suggestions] == [one.id for one in planned.suggestions], (
        "once"
    )


def test_a_week_that_was_answered_stays_at_the_end_of_the_first_run(world: World) -> None:
    theo = world.user("Theo Marsh", role="member")
    by_screen(world, theo, "Bea Lindgren")
    browser = client(world, theo)
    browser.get("/")
    one = view(world, theo).suggestions[0]
    assert browser.post(f"/plan/suggestions/{one.id}/skip").status_code == 303
    loved = by_screen(world, theo, tier="none")
    browser.post(
        "/welcome",
        data={f"tier_{loved}": "key", "call": "2", "in_person": "0", "by_hand": "0", "then": "plan"},
    )
    assert [found.id for found in view(world, theo).suggestions] == [one.id]


def test_others_people_cannot_be_marked(world: World, alice: Principal) -> None:
    hers = world.contact("Hers", tier="none", owner_id=alice.user_id)
    other = World.create(world.database, "Another team")
    foreign = other.contact("Foreign", tier="none")
    theo = world.user("Theo Marsh", role="member")
    fields = {f"tier_{hers}": "key", f"tier_{foreign}": "key", "tier_x": "key", "then": "save"}
    assert client(world, theo).post("/welcome", data=fields).status_code == 303
    with world.database.read() as connection:
        assert set(connection.execute(select(contact.c.tier)).scalars()) == {"none"}


@pytest.mark.parametrize("value", ["-1", "21", "many"])
def test_a_budget_that_cannot_be_is_said_beside_its_field(world: World, value: str) -> None:
    theo = world.user("Theo Marsh", role="member")
    loved = world.contact("Marta Kowalczyk", tier="none", owner_id=theo.user_id)
    fields = {"call": value, "then": "plan", f"tier_{loved}": "key"}
    answer = client(world, theo).post("/welcome", data=fields)
    assert answer.status_code == 422
    assert f'name="tier_{loved}" value="key" checked' in answer.text, "the marks are still there"
    assert 'id="call-error"' in answer.text


def test_after_three_weeks_without_a_line_the_week_says_it_is_less_sure(
    world: World, alice: Principal
) -> None:
    marta = by_screen(world, alice, city="Boston")
    browser = client(world, alice)
    assert "less reliable" not in words(browser.get("/").text)
    world.log("email", 30, marta, by=alice)
    day = world.today - timedelta(days=30)
    year = "" if day.year == world.today.year else f" {day.year}"
    told = f"You have logged nothing since {day.day} {day:%B}{year}, so these may be less reliable."
    assert words(browser.get("/").text).count(told) == 1
    world.log("email", 2, marta, by=alice)
    assert "less reliable" not in words(browser.get("/").text)
