"""Every page, in both schemes and sizes, as axe and as somebody with a narrow phone sees it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from crm.app import routers
from tests.browser.auditing import complaints, too_wide
from tests.browser.conftest import Come, Look, Office, Visitor
from tests.browser.places import ELSEWHERE, NOT_PAGES, PLACES, addresses
from tests.browser.worlds import MARTA


def test_no_page_is_left_out() -> None:
    served = {route.path for router in routers() for route in router.routes if not route.writes}
    assert served == PLACES.keys() | ELSEWHERE.keys() | NOT_PAGES


@pytest.mark.parametrize("place", [path for paths in PLACES.values() for path in paths])
def test_a_page_is_for_everybody(look: Look, filled: Path, place: str) -> None:
    order = [path for paths in PLACES.values() for path in paths]
    assert complaints(look(addresses(filled)[order.index(place)])) == []


SEEN_BY_VIEWERS = ("/", "/people", "/rules", "/rules/screen_only", "/team", "/import")


@pytest.mark.parametrize("place", SEEN_BY_VIEWERS)
def test_a_page_is_for_viewers(look: Look, place: str) -> None:
    assert complaints(look(place, "vera@team.example")) == []


@pytest.mark.parametrize("place", ["/", "/people?owner=me", "/log"])
def test_a_page_is_for_somebody_with_nobody(look: Look, place: str) -> None:
    assert complaints(look(place, "olive@team.example")) == []


@pytest.mark.parametrize(
    "place", ["/sign-in", "/forgotten", "/welcome/no-such-invitation", "/n/no-such-link"]
)
def test_a_page_is_for_those_outside(office: Office, place: str) -> None:
    visitor = Visitor(office.browser, office.place)
    page, watch = visitor.window()
    with watch.expecting(404, 410):
        page.goto(place)
        assert complaints(page) == []
    visitor.close()


@pytest.mark.parametrize(("place", "status"), [("/people/987654321", 404), ("/nowhere", 404), ("/log", 403)])
def test_a_refusal_is_a_page(visit: Come, place: str, status: int) -> None:
    page, watch = visit("vera@team.example").window()
    with watch.expecting(status):
        answer = page.goto(place)
        assert answer is not None
        assert answer.status == status
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert complaints(page) == []


def test_a_form_that_came_back_says_what_to_do(visit: Come) -> None:
    page, watch = visit().window()
    with watch.expecting(422):
        page.goto("/log")
        page.get_by_label("Who", exact=True).fill("Nobody Known Here")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("alert")).to_be_focused()
        assert complaints(page) == []
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto("/people/new")
        page.get_by_role("textbox", name="Email 1", exact=True).fill("not an address")
        page.locator("main form").evaluate("form => form.noValidate = true")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("alert")).to_be_focused()
        assert complaints(page) == []


def test_two_who_write_at_once_see_both(change: Come) -> None:
    visitor = change()
    first, watch = visitor.window()
    second = visitor.page()
    for page in (first, second):
        page.goto("/people?q=marta")
        page.get_by_role("link", name=MARTA).first.click()
        page.locator("a.timeline-acts:visible").first.click()
    second.get_by_label("In a line").fill("Written by the second")
    second.get_by_role("button", name="Save", exact=True).click()
    expect(second.get_by_role("status")).to_contain_text("is changed")
    with watch.expecting(409):
        first.get_by_label("In a line").fill("Written by the first")
        first.get_by_role("button", name="Save", exact=True).click()
        expect(first.get_by_role("alert")).to_contain_text("Written by the second")
        expect(first.get_by_label("In a line")).to_have_value("Written by the first")
        assert complaints(first) == []


def test_the_first_pages_of_an_empty_workspace(newcomer: Visitor) -> None:
    page = newcomer.page()
    assert newcomer.place.setup
    page.goto(newcomer.place.setup)
    assert complaints(page) == []
    page.get_by_label("Your name").fill("Nora Lindqvist")
    page.get_by_label("Email").fill("nora@team.example")
    page.get_by_label("Password").fill("an old lighthouse keeper")
    page.get_by_role("button", name="Set up").click()
    for place in (
        "/",
        "/people",
        "/health",
        "/organisations",
        "/rules",
        "/import",
        "/log",
        "/plan/why",
        "/team",
    ):
        page.goto(place)
        found = complaints(page) if place in ("/", "/health", "/people") else too_wide(page)
        assert found == [], place


def test_the_pages_of_an_import(change: Come) -> None:
    page = change().page()
    page.goto("/import")
    rows = b"name,email,tier\nNew Person,new@evil.example,key\nMarta Kowalczyk,marta.kowalczyk@northgate.example,regular\n"
    page.locator("input[type=file]").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": rows}
    )
    page.get_by_role("button", name="Look at it first").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Before anything is written")
    assert complaints(page) == []
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("button", name=re.compile("^Import ")).click()
    expect(page.get_by_role("status")).to_contain_text("1 person imported")
    page.goto("/import")
    page.locator(".import-files").first.click()
    page.wait_for_url(re.compile(r"/import/\d+$"))
    assert complaints(page) == []


def test_an_invitation_is_a_page(change: Come, own_office: Office) -> None:
    page = change().page()
    page.goto("/team")
    page.get_by_label("Name").fill("Theo Marsh")
    page.get_by_label("Email").fill("theo@team.example")
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_text("/welcome/").inner_text()
    assert complaints(page) == []
    guest = Visitor(own_office.browser, own_office.place)
    invited = guest.page()
    invited.goto(f"/welcome/{link.rsplit('/', 1)[1]}")
    assert complaints(invited) == []
    invited.set_viewport_size({"width": 1280, "height": 900})
    invited.locator("input[type=password]").first.fill("another lighthouse keeper")
    invited.locator("main button").last.click()
    expect(invited.get_by_role("heading", level=1)).to_have_text("Who would you be sorry to lose?")
    guest.close()


ONE_PALE_ROW_OF_MANY = """() => {
  const list = document.createElement("ul");
  for (let place = 0; place < 20; place++) list.append(Object.assign(document.createElement("li"), { textContent: "A row" }));
  list.children[15].className = "pale";
  document.querySelector("main").append(list);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(".pale { color: #ccc !important; background: #fff !important }");
  document.adoptedStyleSheets = [sheet];
}"""
"""Rows that are built alike are judged by the first of them; this one is built otherwise."""


def test_the_audit_has_teeth(look: Look) -> None:
    page = look("/people/new")
    assert complaints(page) == []
    page.evaluate("document.querySelector('label[for=name]').remove()")
    page.evaluate("document.querySelector('h1').style.minWidth = '2000px'")
    page.evaluate(ONE_PALE_ROW_OF_MANY)
    found = complaints(page)
    assert any("label" in one for one in found)
    assert [one.partition(":")[0] for one in found if "color-contrast" in one and ".pale" in one] != []
    assert any("too wide" in one for one in found)


def fault_of(visitor: Visitor, page: Page, script: str) -> str:
    page.goto("/people")
    page.evaluate(script)
    page.wait_for_timeout(200)
    with pytest.raises(AssertionError) as caught:
        visitor.close()
    return str(caught.value)


def test_the_watch_has_teeth(office: Office) -> None:
    visitor = office.visitor("nora@team.example")
    style = "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')"
    assert "CSP style-src" in fault_of(visitor, visitor.page(), style)
    assert "page error" in fault_of(visitor, visitor.page(), "setTimeout(() => nobody.is.here())")
    assert "404" in fault_of(visitor, visitor.page(), "fetch('/nowhere')")
