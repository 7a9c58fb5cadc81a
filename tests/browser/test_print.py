"""On paper: light colours, what matters, and nothing that is pressed or filled in."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Come
from tests.browser.worlds import MARTA

PRESSED = "button, summary:not(.timeline-summary), input, textarea, select, .site-header, .tab-bar"


@pytest.mark.parametrize(
    ("place", "stays"),
    [("/people?q=marta", "To say or ask in person"), ("/", "To say in person"), ("/notes", "Notes to write")],
)
def test_a_printed_page_holds_words_and_no_buttons(visit: Come, place: str, stays: str) -> None:
    page = visit().page(dark=True)
    page.goto(place)
    if place.startswith("/people"):
        page.get_by_role("link", name=MARTA).first.click()
    page.emulate_media(media="print")
    expect(page.get_by_text(stays, exact=True).first).to_be_visible()
    seen = page.locator(PRESSED).evaluate_all(
        "all => all.filter((one) => one.checkVisibility() && one.offsetWidth > 1).map((one) => one.outerHTML.slice(0, 90))"
    )
    assert seen == []
    ink = page.evaluate("getComputedStyle(document.querySelector('h1')).color")
    assert ink == "rgb(27, 36, 55)"
