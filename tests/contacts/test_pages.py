"""The pages of people and organisations, through the whole application."""

import json
import re
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import select

from crm.contacts import many, queries
from crm.contacts.actions import add_contact
from crm.contacts.drafts import NewContact, Occasion, Way, one_line
from crm.contacts.queries import Person
from crm.storage.stored_metrics import refresh_stale, scope_of
from crm.storage.tables import contact
from crm.storage.text import fold
from tests.builders import World
from tests.thorough import some_of
from tests.web.filled_in import fields_of
from tests.web.site import client

NEW = {"name": "Marta Kowalczyk", "tier": "key", "kind": "partner"}


@pytest.fixture
def alice(world: World):
    return client(world, world.user())


def person(world: World, contact_id: int) -> Person:
    with world.database.write() as connection:
        refresh_stale(connection, scope_of(connection, world.principal, world.now))
    with world.database.read() as connection:
        return queries.person(connection, world.principal, contact_id)


def add(browser, **written) -> int:
    answer = browser.post("/people/new", data={**NEW, **written})
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rpartition("/")[2])


def after(browser, answer) -> str:
    """The page a browser shows after an action, with what it then says."""
    assert answer.status_code == 303
    left = "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
    cookies = f"{browser.headers['Cookie']}; {left}"
    return str(browser.get(answer.headers["location"], headers={"Cookie": cookies}).text)


def test_the_form_preselects_regular_and_oneself(alice) -> None:
    page = alice.get("/people/new").text
    assert 'value="regular" checked' in page
    assert "selected>Alice Meyer" in page


def test_several_may_be_written_down_one_after_the_other(world: World, alice) -> None:
    answer = alice.post("/people/new", data={"name": "Marta Kowalczyk", "then": "another"})
    assert answer.headers["location"] == "/people/new"
    assert "Marta Kowalczyk is added." in after(alice, answer)


def test_a_person_written_down_is_on_every_page(world: World, alice) -> None:
    marta = add(
        alice,
        organisation="Northgate Logistics",
        title="VP Alliances",
        city="Boston",
        email_value=["marta@northgate.example", ""],
        email_label=["work", ""],
        phone_value="+1 617 555 0142",
        phone_label="before 9",
        address_value="40 Dorchester Ave\nBoston MA",
        address_label="",
        date_kind=["birthday", "renewal"],
        date_day=["29", "11"],
        date_month=["2", "1"],
        date_year=["", "2027"],
        date_yearly=["yes", "once"],
        date_label=["", "Contract"],
        tags="golf, Boston",
        target_any="14",
    )
    kept = person(world, marta)
    assert [way.value for way in kept.emails] == ["marta@northgate.example"]
    assert [(one.kind, one.month, one.day, one.year, one.yearly) for one in kept.dates] == [
        ("renewal", 1, 11, 2027, False),
        ("birthday", 2, 29, None, True),
    ]
    assert (kept.tags, kept.target_any, kept.tier, kept.owner) == (
        ("Boston", "golf"),
        14,
        "key",
        "Alice Meyer",
    )
    assert kept.metrics["days_to_renewal"] == 49
    page = alice.get(f"/people/{marta}").text
    for words in ("Northgate Logistics", "VP Alliances", "before 9", "40 Dorchester Ave", "golf", "Contract"):
        assert words in page
    assert "Marta Kowalczyk" in alice.get("/people?q=northgate").text
    assert "Northgate Logistics" in alice.get("/organisations").text
    assert "Marta Kowalczyk" in alice.get(f"/organisations/{kept.organisation_id}").text
    (offered,) = alice.get("/people/suggest?q=mar").json()
    assert offered == {
        "id": marta,
        "name": "Marta Kowalczyk",
        "detail": "Northgate Logistics · no contact on record yet",
    }


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "   ", "This is needed."),
        ("name", "x" * 1001, "At most 1,000 characters."),
        ("tier", "royal", "Choose one from the list."),
        ("kind", "k" * 41, "At most 40 characters."),
        ("owner", "999999", "Choose somebody on your team."),
        ("time_zone", "Mars/Olympus", "There is no such time zone."),
        ("email_value", "no address", "no address is not an email address."),
        ("email_value", "a@b@c", "a@b@c is not an email address."),
        ("email_value", "a@b.example;c@d.example", "is not an email address."),
        ("target_any", "-1", "At least 0."),
        ("target_personal", "soon", "Enter a whole number."),
        ("notes", "n" * 100_001, "At most 100,000 characters."),
        ("tags", "t" * 81, "longer than 80 characters"),
    ],
)
def test_a_form_that_does_not_fit_comes_back_whole(world: World, alice, field, value, sentence) -> None:
    answer = alice.post("/people/new", data={**NEW, "city": "Łódź", field: value})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="Łódź"' in answer.text
    assert "error-summary" in answer.text
    assert f'id="{field}-error"' in answer.text
    if field == "notes":
        assert 'href="#notes">Notes: at most 100,000 characters.' in answer.text
    with world.database.read() as connection:
        assert connection.execute(select(contact.c.id)).all() == []


@pytest.mark.parametrize(
    ("day", "month", "year", "yearly", "sentence"),
    [
        ("30", "2", "", "yes", "There is no 30 February."),
        ("29", "2", "2023", "yes", "There is no such day in the year 2023."),
        ("1", "", "", "yes", "A date needs a day and a month"),
        ("1", "5", "", "once", "A one-off date needs a year."),
        ("1", "5", "0", "yes", "Choose a year between 1600 and 2200."),
        ("14", "3", "79", "yes", "Enter the year with four digits: did you mean 1979?"),
        ("14", "3", "1599", "yes", "Choose a year between 1600 and 2200."),
        ("x", "5", "", "yes", "x is not a day or a year."),
    ],
)
def test_a_date_that_is_none_is_said(alice, day, month, year, yearly, sentence) -> None:
    sent = {"kind": "birthday", "day": day, "month": month, "year": year, "yearly": yearly, "label": ""}
    answer = alice.post("/people/new", data={**NEW, **{f"date_{name}": word for name, word in sent.items()}})
    assert answer.status_code == 422
    assert sentence in answer.text


@pytest.mark.parametrize(
    "name",
    [
        "X" * 250,
        "محمد بن سلمان",
        "山田 太郎",
        "<script>alert(1)</script>",
        'O’Neil "Ann" & Söhne',
        "👩‍👩‍👧 Fam",
        "a/b?c=d",
    ],
)
def test_names_in_any_script_are_kept_as_they_are(world: World, alice, name: str) -> None:
    one = add(alice, name=name, organisation=name)
    assert person(world, one).name == name
    page = alice.get(f"/people/{one}")
    assert page.status_code == 200
    assert 'dir="auto"' in page.text
    assert "<script>alert" not in page.text
    assert alice.get("/people").status_code == 200
    assert alice.get(f"/people/{one}/edit").status_code == 200
    assert alice.get(f"/organisations/{person(world, one).organisation_id}").status_code == 200


def test_two_who_edit_at_once_see_both_sides(world: World, alice) -> None:
    marta = add(alice, city="Boston")
    bob = client(world, world.user("Bob Stone", "member"))
    version = person(world, marta).version
    assert (
        bob.post(f"/people/{marta}/edit", data={**NEW, "city": "Worcester", "version": version}).status_code
        == 303
    )
    late = alice.post(f"/people/{marta}/edit", data={**NEW, "city": "Quincy", "version": version})
    assert late.status_code == 409
    assert "Worcester" in late.text
    assert 'value="Quincy"' in late.text
    assert person(world, marta).city == "Worcester"
    again = alice.post(f"/people/{marta}/edit", data={**NEW, "city": "Quincy", "version": version + 1})
    assert again.status_code == 303
    assert person(world, marta).city == "Quincy"


def test_editing_without_a_change_changes_nothing(world: World, alice) -> None:
    marta = add(
        alice,
        date_kind="birthday",
        date_day="3",
        date_month="4",
        date_year="",
        date_yearly="yes",
        date_label="",
        tags="a,b",
        phone_value="1 2",
        phone_label="",
        notes="two\nlines",
    )
    before = person(world, marta)
    page = alice.get(f"/people/{marta}/edit").text
    assert alice.post(f"/people/{marta}/edit", data=fields_of(page)).status_code == 303
    after = person(world, marta)
    assert (after.dates, after.tags, after.phones, after.notes, after.owner_id, after.tier) == (
        before.dates,
        before.tags,
        before.phones,
        before.notes,
        before.owner_id,
        before.tier,
    )


def test_many_at_once(world: World, alice) -> None:
    ids = [world.contact(f"Person {number}", tier="none") for number in range(3)]
    answer = alice.post(
        "/people/tier", data={"contact_ids": ids[:2], "tier": "key", "next": "/people?tier=none"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/people?tier=none")
    assert "2 people are now key. 2 people went from no zone to no record." in after(alice, answer)
    assert [person(world, one).tier for one in ids] == ["key", "key", "none"]
    assert person(world, ids[0]).metrics["zone"] == "no_record"
    alice.post("/people/tags", data={"contact_ids": ids, "tag": "golf, wine"})
    alice.post("/people/tags", data={"contact_ids": ids[:1], "tag": "wine", "remove": "yes"})
    assert [person(world, one).tags for one in ids] == [("golf",), ("golf", "wine"), ("golf", "wine")]
    bob = world.user("Bob Stone", "member")
    alice.post("/people/owner", data={"contact_ids": ids, "owner": bob.user_id})
    assert {person(world, one).owner for one in ids} == {"Bob Stone"}
    said = after(alice, alice.post("/people/archive", data={"contact_ids": ids[:2]}))
    assert "2 people are archived." in said
    assert "Person 2" in said
    assert "Person 1" not in said
    (undo,) = re.findall(r'action="(/people/archive/undo[^"]+)"', said)
    assert alice.post(unescape(undo)).status_code == 303
    assert "Person 1" in alice.get("/people").text


def test_one_of_many_who_is_not_ours_stops_all(world: World, alice) -> None:
    ours, theirs = (
        world.contact("Ours", tier="none"),
        World.create(world.database, "Others").contact("Theirs"),
    )
    for path, data in (
        ("tier", {"tier": "key"}),
        ("archive", {}),
        ("tags", {"tag": "x"}),
        ("owner", {"owner": 0}),
    ):
        answer = alice.post(f"/people/{path}", data={"contact_ids": [ours, theirs], **data})
        assert answer.status_code == 404
    kept = person(world, ours)
    assert (kept.tier, kept.archived_at, kept.tags, kept.version) == ("none", None, (), 1)


def test_nobody_ticked_changes_nobody(alice) -> None:
    assert "You ticked nobody" in after(alice, alice.post("/people/archive", data={}))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("kowal", "Marta Kowalczyk"),
        ("marta kowalczyk", "Marta Kowalczyk"),
        ("Ana Ruiz", "Ana Ruiz"),
        ("ana", None),
        ("boston", None),
        ("nobody", None),
        ("  ", None),
    ],
)
def test_whoever_is_clearly_meant_is_found_at_once(
    world: World, alice, typed: str, found: str | None
) -> None:
    people = {
        name: world.contact(name, search=fold(f"{name} {city}"), city=city)
        for name, city in (("Marta Kowalczyk", "Boston"), ("Ana Ruiz", "Lyon"), ("Ana Ruizalez", "Lyon"))
    }
    there = alice.get("/people/find", params={"q": typed}).headers["location"]
    assert there == (f"/people/{people[found]}" if found else f"/people?{urlencode({'q': typed})}")


def test_of_two_called_just_so_nobody_is_clearly_meant(world: World, alice) -> None:
    """However many whose names begin so were in touch later."""
    world.log("email", 3, world.contact("Chris"))
    for name in ("Chris", *(f"Chris {family}" for family in "ABCDEFG")):
        world.log("email", 1, world.contact(name))
    assert alice.get("/people/find?q=chris").headers["location"] == "/people?q=chris"
    assert alice.get("/people/find?q=chris+a").headers["location"].startswith("/people/")


@pytest.mark.parametrize(
    ("city", "asked"),
    [
        ("Köln", "KÖLN"),
        ("Köln", "koln"),
        ("Övertorneå", "övertorneå"),
        ("Zürich", "Zurich"),
        ("Łódź", " lodz "),
    ],
)
def test_a_city_is_found_however_it_is_written(world: World, alice, city: str, asked: str) -> None:
    world.contact("Marta Kowalczyk", city=city)
    world.contact("Ana Ruiz", city="Lyon")
    page = alice.get("/people", params={"city": asked}).text
    assert "Marta Kowalczyk" in page
    assert "Ana Ruiz" not in page
    assert alice.get("/people", params={"city": "nowhere"}).status_code == 200


def test_how_a_city_is_written_is_looked_up_once(world: World, alice, statements) -> None:
    world.contact("Marta Kowalczyk", city="Boston", kind="client")
    alice.get("/people")
    of_a_kind = statements(lambda: alice.get("/people?kind=client"))
    assert statements(lambda: alice.get("/people?city=boston")) == of_a_kind + 1


def test_people_are_narrowed_down_to_a_city(world: World, alice) -> None:
    there = world.contact("Marta Kowalczyk", city="Łódź")
    world.contact("Ana Ruiz", city="Lyon")
    page = alice.get("/people?city=Łódź&sort=name").text
    assert "Marta Kowalczyk" in page
    assert "Ana Ruiz" not in page
    assert "City: Łódź" in page
    assert '<input type="hidden" name="sort" value="name">' in page
    assert "Ana Ruiz" in alice.get("/people?city=LYON").text
    assert 'href="/people?city=%C5%81%C3%B3d%C5%BA"' in alice.get(f"/people/{there}").text


def test_a_viewer_reads_and_a_stranger_finds_nothing(world: World, alice) -> None:
    marta = add(alice, organisation="Haas")
    organisation = person(world, marta).organisation_id
    vera = client(world, world.user("Vera Blum", "viewer"))
    other = World.create(world.database, "Others")
    charlie = client(other, other.user("Charlie Other"))
    for path in (f"/people/{marta}", f"/organisations/{organisation}"):
        assert vera.get(path).status_code == 200
        assert charlie.get(path).status_code == 404
    assert "/people/new" not in vera.get("/people").text
    for path in (f"/people/{marta}", f"/organisations/{organisation}"):
        assert vera.get(f"{path}/edit").status_code == 403
        assert charlie.get(f"{path}/edit").status_code == 404
        for verb in ("edit", "archive", "restore"):
            assert vera.post(f"{path}/{verb}", data={**NEW, "version": 1}).status_code == 403
            assert charlie.post(f"{path}/{verb}", data={**NEW, "version": 1}).status_code == 404
    assert charlie.get("/people/suggest?q=marta").json() == []
    assert "Marta" not in charlie.get("/people").text


def test_a_private_note_is_its_authors_alone(world: World) -> None:
    alice, bob = world.user(), world.user("Bob Stone", "member")
    marta = world.contact()
    world.log("lunch", 3, marta, by=alice, note="Her son is ill.", note_private=True)
    assert "Her son is ill." in client(world, alice).get(f"/people/{marta}").text
    page = client(world, bob).get(f"/people/{marta}").text
    assert "Her son is ill." not in page
    assert "Somebody else’s private note." in page


def test_the_timeline_goes_on_where_it_stopped(world: World, alice) -> None:
    marta = world.contact()
    for number in range(55):
        world.log("lunch", number, marta, summary=f"Lunch number {number}.")
    seen, url = [], f"/people/{marta}"
    while url:
        page = alice.get(url).text
        seen += [number for number in range(55) if f"Lunch number {number}." in page]
        more = page.partition('id="earlier"><a href="')[2].partition('"')[0].replace("&amp;", "&")
        url = more
    assert seen == list(range(55))


@pytest.mark.parametrize(
    "asked",
    [
        "owner=99999999999999999999",
        "zone=moon",
        "tier=%00",
        "after=x",
        "after=WzFd",
        "q=%25_%5C",
        "sort=no",
        "tag=",
    ],
)
def test_no_address_breaks_the_list(alice, asked: str) -> None:
    assert alice.get(f"/people?{asked}").status_code < 500


def test_filters_stay_in_the_address_of_the_next_page(world: World, alice) -> None:
    for number in range(53):
        world.contact(f"Person {number:02}", tier="warm")
    page = alice.get("/people?tier=warm&sort=name").text
    assert page.count('class="row-select"') == 50
    following = page.partition('<div class="pager">')[2].partition('href="')[2].partition('"')[0]
    asked = parse_qs(urlsplit(following.replace("&amp;", "&")).query)
    assert (asked["tier"], asked["sort"]) == (["warm"], ["name"])
    rest = alice.get(following.replace("&amp;", "&")).text
    assert rest.count('class="row-select"') == 3


def test_any_tags_survive_a_form_in_which_something_else_changes(world: World, alice) -> None:
    many_tags = tuple(sorted(f"a tag of 23 letters {number:03}" for number in range(60)))
    odd = ("Boston, MA", '"quoted"', 'a", b', 'says "x", "y"', "plain")
    marta = add(alice)
    for tags in (many_tags, tuple(sorted(odd))):
        with world.database.write() as connection:
            many.remove_tags(connection, world.principal, [marta], many_tags, world.now)
            many.add_tags(connection, world.principal, [marta], tags, world.now)
        sent = fields_of(alice.get(f"/people/{marta}/edit").text) | {"phone_value": ["1 2 3"]}
        assert alice.post(f"/people/{marta}/edit", data=sent).status_code == 303
        assert person(world, marta).tags == tags
    sent = fields_of(alice.get(f"/people/{marta}/edit").text)
    sent["tags"] = [f'{sent["tags"][0]}, new, "never closed, after']
    assert alice.post(f"/people/{marta}/edit", data=sent).status_code == 303
    assert set(person(world, marta).tags) == {*odd, "new", '"never closed', "after"}


def test_the_tags_of_an_organisation_survive_its_form(alice) -> None:
    made = alice.post("/organisations/new", data={"name": "Haas", "tags": 'sea, "Boston, MA"'})
    shown = fields_of(alice.get(f"{made.headers['location']}/edit").text)
    assert shown["tags"] == ['"Boston, MA", sea']
    assert alice.post(f"{made.headers['location']}/edit", data=shown).status_code == 303
    assert fields_of(alice.get(f"{made.headers['location']}/edit").text)["tags"] == shown["tags"]


def test_an_organisation_is_written_down_once(world: World, alice) -> None:
    made = alice.post("/organisations/new", data={"name": "Haas & Söhne", "tier": "key", "tags": "b,a"})
    assert made.status_code == 303
    again = alice.post("/organisations/new", data={"name": "haas & sohne"})
    assert again.status_code == 422
    assert "There is already an organisation called haas &amp; sohne." in again.text
    place = made.headers["location"]
    marta = add(alice, organisation="HAAS & SOHNE")
    assert f"/organisations/{person(world, marta).organisation_id}" == place
    renamed = alice.post(f"{place}/edit", data={"name": "Haas Gruppe", "tier": "warm"})
    assert renamed.status_code == 303
    assert "Marta" in alice.get("/people?q=gruppe").text
    assert "Marta" not in alice.get("/people?q=sohne").text


def test_who_has_met_whom(world: World) -> None:
    alice, bob = world.user(), world.user("Bob Stone", "member")
    browser = client(world, alice)
    marta = add(browser, organisation="Haas")
    place = f"/organisations/{person(world, marta).organisation_id}"
    world.log("visit", 40, marta, by=alice)
    world.log("email", 1, marta, by=alice)
    for days in (1, 2, 3):
        world.log("email", days, marta, by=bob)
    page = " ".join(browser.get(place).text.split())
    assert "40 days" in page
    assert "3 emails" in page
    assert "1 of 1" in page
    assert "0 of 1" in page


def test_an_organisations_page_has_what_was_said_and_is_open_with_everybody_there(
    world: World, alice
) -> None:
    marta = add(alice, organisation="Haas")
    jo = add(alice, name="Jo Haas", organisation="Haas")
    place = f"/organisations/{person(world, marta).organisation_id}"
    for days in range(45):
        world.log("lunch", days, jo, summary=f"Lunch number {days:02}.")
    for key, typed in (
        ("asks", {"text": "Ask about the plant"}),
        ("signals", {"text": "Prices", "type": "risk"}),
    ):
        assert alice.post(f"/people/{marta}/{key}", data=typed).status_code == 303
    page = alice.get(place).text
    for words in ("with Jo Haas", "Lunch number 00.", "Ask about the plant", "Prices", "With all 2"):
        assert words in page
    assert "Lunch number 44." not in page
    earlier = re.search(r'href="(/organisations/\d+\?before=[^"]+)"', page)
    assert earlier
    older = alice.get(unescape(earlier[1]), headers={"HX-Request": "true"}).text
    assert "Lunch number 44." in older
    assert "<html" not in older


def test_all_of_an_organisation_are_those_there_and_nobody_called_so(world: World, alice) -> None:
    marta = add(alice, organisation="Haas")
    add(alice, name="Jo Haas", organisation="Elsewhere")
    page = alice.get(f"/people?organisation={person(world, marta).organisation_id}").text
    assert "1 person at" in page
    assert "Marta Kowalczyk" in page
    assert "Jo Haas" not in page
    assert alice.get("/people?organisation=999999").status_code == 404


@pytest.mark.parametrize("number", [0, 1, 3, 20])
def test_a_year_of_everything_is_drawn_and_told(world: World, alice, number: int) -> None:
    marta = world.contact()
    for days in (1, 40, 200, 330):
        for channel in ("email", "chat", "video", "lunch", "note"):
            for _ in range(number):
                world.log(channel, days, marta)
    answer = alice.get(f"/people/{marta}")
    assert answer.status_code == 200
    if number:
        said = f"{8 * number} personal contacts and {12 * number} digital ones since December 2025"
        assert said in answer.text
        assert answer.text.count("url(#mix-wide)") > 1
    assert alice.get(f"/people/{marta}?show=personal").text.count("Video call") == 0


NAUGHTY = Path(__file__).resolve().parents[2].parent / "shared/data/suites/blns/blns.json"


@pytest.mark.skipif(not NAUGHTY.exists(), reason="the list of naughty strings is not here")
def test_naughty_words_are_kept_or_refused_and_never_break_a_page(world: World, alice) -> None:
    strings = json.loads(NAUGHTY.read_text(encoding="utf-8"))
    for number, words in enumerate(some_of(strings, 5)):
        written = {"name": words, "organisation": words, "city": words, "notes": words, "tags": words}
        answer = alice.post(
            "/people/new", data={**NEW, **written, "phone_value": words, "phone_label": words}
        )
        assert answer.status_code in (303, 422), words
        if number % 6 == 0:
            assert alice.get("/people", params={"q": words}).status_code in (200, 422)
        if answer.status_code == 303:
            one = int(answer.headers["location"].rpartition("/")[2])
            assert person(world, one).name.split() == (one_line(words) or "").split()
            if number % 6 == 0:
                assert alice.get(f"/people/{one}").status_code == 200
                assert alice.get(f"/people/{one}/edit").status_code == 200
    assert alice.get("/people?sort=name").status_code == 200
    assert alice.get("/organisations").status_code == 200


def test_somebody_who_died_is_in_no_list_and_the_log_stays(world: World, alice) -> None:
    marta = add(alice)
    page = alice.get(f"/people/{marta}/edit").text
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    sent = {**NEW, "version": version[1], "was": "{}"}
    refused = alice.post(f"/people/{marta}/edit", data={**sent, "deceased_on": "2031-01-01"})
    assert refused.status_code == 422
    assert "That day is still to come." in refused.text
    assert alice.post(f"/people/{marta}/edit", data={**sent, "deceased_on": "2026-05-03"}).status_code == 303
    assert "Died on 3 May" in alice.get(f"/people/{marta}").text
    assert "Marta Kowalczyk" not in alice.get("/people").text
    assert person(world, marta).deceased_on is not None
    again = {**sent, "version": str(int(version[1]) + 1), "deceased_on": ""}
    assert alice.post(f"/people/{marta}/edit", data=again).status_code == 303
    assert "Marta Kowalczyk" in alice.get("/people").text


def test_nobody_who_died_is_said_to_be_back(world: World, alice) -> None:
    died = world.contact("Marta Kowalczyk", deceased_on=date(2026, 5, 3))
    other = world.contact("Ida Lund", deceased_on=date(2025, 5, 3))
    away = world.contact("Bo Ek", archived_at=world.now)
    assert "3 people, archived or deceased" in alice.get("/people?archived=yes").text
    of_one = "Marta Kowalczyk died on 3 May and stays out of the lists. If that day is a mistake, clear it in the form."
    assert of_one in after(alice, alice.post(f"/people/{died}/restore"))
    assert of_one in after(alice, alice.post("/people/restore", data={"contact_ids": [died]}))
    said = after(alice, alice.post("/people/restore", data={"contact_ids": [died, other, away]}))
    assert "Bo Ek is back. 2 people died and stay out of the lists." in said
    assert [person(world, one).version for one in (died, other, away)] == [1, 1, 2]
    assert "Bo Ek is back." in after(alice, alice.post(f"/people/{away}/restore"))
    assert person(world, away).version == 2


@pytest.mark.parametrize("column", ["archived_at", "deceased_on"])
def test_what_a_tier_does_to_somebody_put_away_is_said_as_their_page_shows_it(
    world: World, alice, column: str
) -> None:
    put_away: dict[str, Any] = {column: world.now if column == "archived_at" else world.today}
    marta = world.contact(tier="regular", **put_away)
    world.log("email", 30, marta)
    score = person(world, marta).metrics["score"]
    assert f"<strong>{score}</strong>" in alice.get(f"/people/{marta}").text
    said = after(alice, alice.post(f"/people/{marta}/tier", data={"tier": "none"}))
    assert "The tier is saved. They went from drifting to no zone." in said


def test_a_form_shows_all_of_more_than_a_form_takes_and_keeps_it(world: World, alice) -> None:
    numbers = [f"+1 617 555 {place:04}" for place in range(60)]
    dates = tuple(
        Occasion("other", 1 + place // 28, 1 + place % 28, label=f"Day {place}") for place in range(55)
    )
    with world.database.write() as connection:
        new = NewContact("Marta Kowalczyk", phones=tuple(map(Way, numbers)), dates=dates)
        marta = add_contact(connection, world.principal, new, world.now)
    path = f"/people/{marta}/edit"
    shown = fields_of(alice.get(path).text)
    assert shown["phone_value"] == [*numbers, ""]
    assert alice.post(path, data={**shown, "title": "CTO"}).status_code == 303
    kept = person(world, marta)
    assert (kept.title, [way.value for way in kept.phones], kept.dates) == ("CTO", numbers, dates)

    shown = fields_of(alice.get(path).text)
    more = [*numbers, "+1 617 555 9999"]
    refused = alice.post(path, data={**shown, "phone_value": more, "phone_label": [""] * len(more)})
    assert refused.status_code == 422
    assert "At most 60 of them." in refused.text
    assert fields_of(refused.text)["phone_value"] == [*more, ""]
    fewer = alice.post(path, data={**shown, "phone_value": numbers[:58], "phone_label": [""] * 58})
    assert fewer.status_code == 303
    assert len(person(world, marta).phones) == 58


def test_a_new_person_has_at_most_fifty_of_a_sort_and_the_form_keeps_what_was_typed(alice) -> None:
    numbers = [f"+1 617 555 {place:04}" for place in range(51)]
    refused = alice.post("/people/new", data={**NEW, "phone_value": numbers, "phone_label": [""] * 51})
    assert refused.status_code == 422
    assert "At most 50 of them." in refused.text
    assert 'value="+1 617 555 0050"' in refused.text


def test_a_person_ticked_twice_is_one(world: World, alice) -> None:
    marta = world.contact()
    said = after(alice, alice.post("/people/archive", data={"contact_ids": [marta, marta]}))
    assert "Marta Kowalczyk is archived." in said


def test_two_who_edit_an_organisation_at_once_see_both_sides(world: World, alice) -> None:
    place = alice.post("/organisations/new", data={"name": "Haas"}).headers["location"]
    opened = {"name": "Haas", "tier": "warm", "version": "1"}
    assert 'name="version" value="1"' in alice.get(f"{place}/edit").text
    assert alice.post(f"{place}/edit", data={**opened, "notes": "Theirs"}).status_code == 303
    both = alice.post(f"{place}/edit", data={**opened, "notes": "Mine", "city": "Graz"})
    assert both.status_code == 409
    assert "Somebody changed this organisation while you were writing." in both.text
    assert '<td dir="auto">Theirs</td><td dir="auto">Mine</td>' in both.text
    assert 'name="version" value="2"' in both.text
    assert "Theirs" in alice.get(place + "/edit").text
    again = {**opened, "notes": "Mine", "city": "Graz", "version": "2"}
    assert alice.post(f"{place}/edit", data=again).status_code == 303
    assert alice.post(f"{place}/edit", data={**again, "name": ""}).status_code == 422


def test_the_name_of_an_archived_organisation_brings_it_back(world: World, alice) -> None:
    place = alice.post("/organisations/new", data={"name": "Haas & Söhne"}).headers["location"]
    alice.post(f"{place}/archive")
    refused = alice.post("/organisations/new", data={"name": "HAAS & SOHNE"})
    assert refused.status_code == 422
    assert "An organisation called HAAS &amp; SOHNE is archived." in refused.text
    assert f'action="{place}/restore"' in refused.text
    assert alice.post(f"{place}/restore").status_code == 303
    assert f"{place}/restore" not in alice.post("/organisations/new", data={"name": "Haas & Söhne"}).text
