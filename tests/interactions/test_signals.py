"""What people told us: counted by month, theme and account, listed, and as a file no spreadsheet runs."""

import csv
import io
import re
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from starlette.testclient import TestClient

from crm import clock
from crm.domain.heard import SIGNAL_TYPES
from crm.domain.principal import Principal
from crm.interactions import matters, signals
from crm.interactions.matters import SORTS
from crm.interactions.signals import FEATURED, Wanted
from tests.builders import World
from tests.rules.organisations import account
from tests.web.site import signed_in


@pytest.fixture
def alice(world: World) -> Principal:
    world.now = clock.now()
    return world.user()


@pytest.fixture
def site(world: World, alice: Principal) -> TestClient:
    return signed_in(world, alice)


def heard(
    world: World,
    by: Principal,
    who: int,
    kind: str,
    text: str,
    days_ago: int = 3,
    theme: str | None = None,
    **more: Any,
) -> int:
    values = {
        "type": kind,
        "text": text,
        "theme": theme,
        "heard_on": world.today - timedelta(days=days_ago),
        **more,
    }
    with world.database.write() as connection:
        return matters.add(connection, by, SORTS["signals"], who, values, world.now)


@pytest.fixture
def people(world: World, alice: Principal) -> tuple[int, int, int]:
    north, fern = account(world, "Northgate"), account(world, "Fernhill")
    ada = world.contact("Ada Berg", organisation_id=north)
    bo = world.contact("Bo Lind", organisation_id=fern)
    cy = world.contact("Cy Moss")
    visit, mail = world.log("visit", 3, ada), world.log("email", 3, bo)
    heard(
        world,
        alice,
        ada,
        "pain point",
        "Drivers share a password",
        3,
        "Shared passwords",
        interaction_id=visit,
    )
    heard(
        world, alice, ada, "pain point", "One password for six", 40, "Shared passwords", interaction_id=visit
    )
    heard(world, alice, bo, "pain point", "Labels by hand", 41, "Labels", interaction_id=mail)
    heard(world, alice, bo, "competitor", "Routely offered a year", 70, "Routely")
    heard(world, alice, cy, "competitor", "=HYPERLINK(1)", 5)
    heard(world, alice, cy, "praise", "Lovely", 5)
    heard(world, alice, cy, "risk", "Old risk", 800)
    return ada, bo, cy


def summary(world: World, wanted: Wanted | None = None) -> signals.Summary:
    with world.database.read() as connection:
        return signals.summary(connection, world.principal, wanted or Wanted(), world.today)


def test_counted_by_theme_and_account(world: World, people: tuple[int, int, int]) -> None:
    found = summary(world)
    assert (found.total, found.people, found.account_number) == (5, 3, 2)
    assert [name for _, name in found.accounts] == ["Northgate", "Fernhill"]
    assert [(line.type, line.theme, line.by_account, line.others, line.total) for line in found.lines] == [
        ("pain point", "Shared passwords", (2, 0), 0, 2),
        ("pain point", "Labels", (0, 1), 0, 1),
        ("competitor", "Routely", (0, 1), 0, 1),
        ("competitor", "", (0, 0), 1, 1),
    ]
    assert found.lines[0].last == world.today - timedelta(days=3)
    assert (found.personally, found.by_screen) == (2, 1)
    assert (
        sum(line.total for line in found.lines) == found.total == sum(month.total for month in found.months)
    )


def test_filters_narrow_everything(world: World, people: tuple[int, int, int]) -> None:
    _, bo, _ = people
    assert summary(world, Wanted(SIGNAL_TYPES)).total == 7
    assert summary(world, Wanted(SIGNAL_TYPES, since=world.today - timedelta(days=10))).total == 3
    assert summary(world, Wanted(theme="Labels")).total == 1
    assert summary(world, Wanted(theme="")).total == 1
    assert summary(world, Wanted(contact=bo)).total == 2
    fern = summary(world).accounts[1][0]
    assert summary(world, Wanted(("pain point",), organisation=fern)).total == 1
    assert summary(world, Wanted(kind="other")).total == 0
    assert summary(world, Wanted(kind="press")).total == 0
    assert summary(world, Wanted(heard_by=world.user("Bob Stone").user_id)).total == 0
    assert summary(world, Wanted(SIGNAL_TYPES, words=("PASSWORD",))).total == 2
    assert summary(world, Wanted(SIGNAL_TYPES, words=("drivers", "passwords"))).total == 1, (
        "in the text or theme"
    )
    assert summary(world, Wanted(SIGNAL_TYPES, words=("%",))).total == 0


def test_words_are_found_whatever_their_capitals_and_accents(
    world: World, alice: Principal, people: tuple[int, int, int]
) -> None:
    heard(world, alice, people[0], "request", "ÜBERGABE in Łódź  am Montag", theme="Öffnungszeiten")
    for words in (("übergabe",), ("ubergabe", "LODZ"), ("ÖFFNUNG", "montag")):
        assert summary(world, Wanted(SIGNAL_TYPES, words=words)).total == 1, words
    assert summary(world, Wanted(SIGNAL_TYPES, words=("übergabe", "dienstag"))).total == 0


def test_who_said_it_and_how_often(world: World, alice: Principal, people: tuple[int, int, int]) -> None:
    with world.database.read() as connection:
        found = signals.tellers(connection, world.principal, Wanted())
        assert signals.listeners(connection, world.principal) == [(alice.user_id, "Alice Meyer")]
    assert [(one.name, one.organisation, one.number) for one in found] == [
        ("Ada Berg", "Northgate", 2),
        ("Bo Lind", "Fernhill", 2),
        ("Cy Moss", None, 1),
    ]
    assert found[1].last == world.today - timedelta(days=41)


def test_months_are_the_twelve_up_to_this_one() -> None:
    for today in (date(2026, 1, 31), date(2026, 12, 1), date(2024, 2, 29)):
        firsts = months(today)
        assert len(firsts) == 12
        assert firsts[-1] == today.replace(day=1)
        assert all((after - before).days in (28, 29, 30, 31) for before, after in pairwise(firsts))


def months(today: date) -> list[date]:
    return list(signals.last_months(today))


def test_a_list_that_goes_on(world: World, alice: Principal, people: tuple[int, int, int]) -> None:
    found: list[signals.Told] = []
    after = None
    with world.database.read() as connection:
        while True:
            page = signals.told(connection, world.principal, Wanted(SIGNAL_TYPES), after, limit=2)
            found += page.told
            after = page.next
            if after is None:
                break
    assert len({one.id for one in found}) == 7
    assert [one.day for one in found] == sorted((one.day for one in found), reverse=True)


def test_the_file_holds_what_is_shown_and_no_formula(
    world: World, site: TestClient, people: tuple[int, int, int]
) -> None:
    answer = site.get("/signals/export?type=competitor&since=all")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["contact"], row["organisation"], row["text"], row["theme"]) for row in rows] == [
        ("Bo Lind", "Fernhill", "Routely offered a year", "Routely"),
        ("Cy Moss", "", "'=HYPERLINK(1)", ""),
    ]
    assert {row["heard_by"] for row in rows} == {"Alice Meyer"}


def test_pages_show_counts_words_and_bad_filters(
    world: World, site: TestClient, people: tuple[int, int, int]
) -> None:
    shown = site.get("/signals").text
    assert (
        "5 pain points and competitors in 12 months, from 3 people at 2 accounts. 2 were heard in person"
        in shown
    )
    assert "Shared passwords" in shown
    assert "Lovely" not in shown
    assert "Lovely" in site.get("/signals?type=praise").text
    assert "Old risk" not in site.get("/signals/all?type=any").text
    assert "Old risk" in site.get("/signals/all?type=any&since=all").text
    assert "Old risk" in site.get("/signals/all?type=any&since=all&q=old").text
    assert "Lovely" not in site.get("/signals/all?type=any&q=old").text
    assert "something of another sort" in site.get("/signals?q=lovely").text
    assert "anything like that" in site.get("/signals?type=any&q=unheard").text
    assert len(site.get("/signals/export?type=any&q=labels").text.splitlines()) == 2
    assert f'value="{world.today.replace(month=1, day=1)}"' in shown
    for wrong in (
        "q=" + "x" * 101,
        "type=gossip",
        "since=soon",
        "organisation=x",
        "organisation=1e9",
        "contact=-1",
    ):
        for path in ("/signals", "/signals/all", "/signals/export"):
            assert site.get(f"{path}?{wrong}").status_code == 422
    assert site.get("/signals/all?after=nonsense").status_code == 422
    assert site.get("/signals?organisation=987654321").status_code == 200


def test_other_teams_hear_nothing(world: World, people: tuple[int, int, int]) -> None:
    other = World.create(world.database, "Another team")
    site = signed_in(world, other.user("Eve Holt", role="viewer"))
    assert "Nothing here yet" in site.get("/signals?type=any&since=all").text
    assert len(site.get("/signals/export?type=any&since=all").text.splitlines()) == 1
    assert "Give it a theme" not in site.get("/signals").text


def test_nothing_is_featured_but_pain_points_and_competitors() -> None:
    assert FEATURED == ("pain point", "competitor")


def test_all_of_somebodys_signals_are_as_many_as_their_page_says(
    world: World, site: TestClient, alice: Principal
) -> None:
    dee = world.contact("Dee Voss")
    for number in range(14):
        heard(world, alice, dee, "praise", f"Words {number:02}", 100 * number)
    shown = re.search(r'href="(/signals/all[^"]*)">All 14<', site.get(f"/people/{dee}").text)
    assert shown
    page = site.get(shown[1].replace("&amp;", "&")).text
    assert all(f"Words {number:02}" in page for number in range(14))
