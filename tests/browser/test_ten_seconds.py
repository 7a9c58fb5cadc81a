"""U1: an interaction with a known person is logged with at most four interactions with the page.

What counts as one: a click; a field typed into, however many letters; a key press that does something by itself (a
shortcut, a choice, moving on, saving). Opening the browser at the home page counts nothing. ``Hands`` is the only way
these tests touch a page, so nothing is left uncounted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Come, Office, copied, visits
from tests.browser.product import served
from tests.browser.worlds import MARTA

MOST = 4


@dataclass
class Hands:
    """A user's hands on one page, counted."""

    page: Page
    used: int = 0

    def click(self, what: Locator) -> None:
        """With a mouse or a thumb."""
        self.used += 1
        what.click()

    def type(self, words: str) -> None:
        """Into whatever has the focus."""
        self.used += 1
        self.page.keyboard.type(words, delay=5)

    def press(self, key: str) -> None:
        """One key, or keys pressed together."""
        self.used += 1
        self.page.keyboard.press(key)


@pytest.fixture(scope="module")
def shared(filled: Path, tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Office]:
    """One office for all who log with the form; each in another way, since the same twice is asked about."""
    product = copied(filled, tmp_path_factory.mktemp("ten-seconds"))
    with served(product) as place:
        yield Office(place, browser, product)


@pytest.fixture
def log(shared: Office) -> Iterator[Come]:
    yield from visits(shared)


def offered(page: Page) -> Locator:
    return page.get_by_role("option", name=MARTA)


def is_logged(page: Page, hands: Hands) -> None:
    expect(page.get_by_role("status")).to_contain_text("Marta")
    expect(page.get_by_role("status")).to_contain_text("logged")
    assert hands.used <= MOST


@pytest.mark.parametrize(("size", "way"), [(DESKTOP, "Lunch"), (PHONE, "Visit")], ids=["mouse", "thumb"])
def test_by_pointer_from_the_log_page(log: Come, size: tuple[int, int], way: str) -> None:
    page = log().page(size, has_touch=size == PHONE)
    page.goto("/log")
    hands = Hands(page)
    hands.type("mart")  # the field has the focus already
    hands.click(offered(page))
    hands.click(page.get_by_role("radio", name=way))
    hands.click(page.get_by_role("button", name="Save", exact=True).locator("visible=true").last)
    is_logged(page, hands)


def test_by_keyboard_from_the_log_page(log: Come) -> None:
    page = log().page()
    page.goto("/log")
    hands = Hands(page)
    hands.type("mart")
    expect(offered(page)).to_be_visible()
    hands.press("Tab")  # takes the person that is marked, and moves on to the channels
    hands.press("6")
    expect(page.get_by_role("radio", name="Meeting")).to_be_checked()
    hands.press("Control+Enter")
    is_logged(page, hands)


def test_by_keyboard_from_the_home_page(log: Come) -> None:
    page = log().page()
    page.goto("/")
    hands = Hands(page)
    hands.press("l")
    hands.type("rang Marta")
    hands.press("Enter")
    expect(page.get_by_role("checkbox", name=f"{MARTA}, chosen")).to_be_checked()
    expect(page.get_by_role("button", name="Save", exact=True).first).to_be_focused()
    hands.press("Enter")
    is_logged(page, hands)


def test_by_mouse_from_the_home_page(log: Come) -> None:
    page = log().page()
    page.goto("/")
    hands = Hands(page)
    hands.click(page.get_by_role("link", name="Log: Gift"))
    expect(page.get_by_role("combobox", name="Who")).to_be_focused()
    hands.type("mart")
    hands.click(offered(page))
    hands.click(page.get_by_role("button", name="Save", exact=True).first)
    is_logged(page, hands)


def test_by_thumb_from_the_home_page(log: Come) -> None:
    page = log().page(PHONE, has_touch=True)
    page.goto("/")
    hands = Hands(page)
    hands.click(page.get_by_label("Log in one line").get_by_role("textbox"))
    hands.type("wrote Marta a card")
    hands.press("Enter")
    hands.click(page.get_by_role("button", name="Save", exact=True).locator("visible=true").last)
    is_logged(page, hands)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["mouse", "thumb"])
def test_a_suggestion_by_one_press_on_the_home_page(change: Come, size: tuple[int, int]) -> None:
    page = change().page(size)
    page.goto("/")
    hands = Hands(page)
    hands.click(page.get_by_role("article", name=MARTA).get_by_role("button", name="Done & log"))
    is_logged(page, hands)
    assert hands.used == 1


def test_a_suggestion_by_two_keys_on_the_home_page(change: Come) -> None:
    page = change().page()
    page.goto("/")
    hands = Hands(page)
    hands.press("j")
    hands.press("d")
    is_logged(page, hands)
