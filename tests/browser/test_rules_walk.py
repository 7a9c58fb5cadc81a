"""Rules, signals and what is written down about a person, walked through by keyboard alone."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Come
from tests.browser.worlds import MARTA

MOST_TABS = 150
NAME_OF_FOCUS = """() => {
  const one = document.activeElement
  return (one.getAttribute("aria-label") || one.labels?.[0]?.innerText || one.innerText || "").trim()
}"""


def tab_to(page: Page, name: str) -> None:
    """On from where one is, to what is called so."""
    passed = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        passed.append(page.evaluate(NAME_OF_FOCUS))
        if passed[-1] == name:
            return
    raise AssertionError(f"no {name!r} among {passed}")


def press(page: Page, name: str, key: str = "Enter") -> None:
    tab_to(page, name)
    page.keyboard.press(key)


def fill(page: Page, name: str, words: str) -> None:
    tab_to(page, name)
    page.keyboard.press("Control+a")
    page.keyboard.type(words)


def test_the_rules_and_what_was_written_down_are_used_by_keyboard(change: Come) -> None:
    page = change().page()
    a_rule_is_tried_changed_and_taken_back(page)
    an_ask_is_written_down_settled_and_signals_are_read(page)


def a_rule_is_tried_changed_and_taken_back(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/rules")
    press(page, "Skip to the rule")
    page.keyboard.press("Tab")
    assert page.evaluate(NAME_OF_FOCUS) == "Name"
    press(page, "Try it on the past year")
    expect(page.locator("#backtest")).to_contain_text("too young to judge")
    expect(page.locator("#backtest")).to_be_focused()

    press(page, "Key people we reach only by screen", "Space")
    expect(page.get_by_role("status")).to_contain_text("is off.")
    press(page, "Undo")
    expect(page.get_by_role("status").first).to_contain_text("is on.")

    tab_to(page, "Condition 1: how compared")
    page.keyboard.type("no")
    expect(page.get_by_label("Condition 1: with what")).to_be_hidden()
    page.keyboard.press("ArrowDown")
    fill(page, "Condition 1: with what", "400")
    tab_to(page, "Condition 1: in how many days")
    page.keyboard.type("90")
    tab_to(page, "Preview")  # which is there without scripts: here what is changed is seen at once
    expect(page.locator("#preview")).to_contain_text("Would flag nobody today")
    press(page, "Try it on the past year")
    expect(page.locator("#backtest")).to_contain_text("it would have flagged nobody")
    press(page, "Save rule")
    expect(page.get_by_role("status")).to_contain_text("is saved.")
    expect(page.locator("#preview")).to_contain_text("at least 400 digital contacts in 90 days")
    press(page, "Undo")
    expect(page.get_by_role("status")).to_contain_text("The change is undone.")
    expect(page.locator("#preview")).to_contain_text("at least 3 digital contacts")
    expect(page.get_by_role("link", name=MARTA)).to_be_visible()


def an_ask_is_written_down_settled_and_signals_are_read(page: Page) -> None:
    page.goto("/people?q=Marta")
    page.get_by_role("link", name=MARTA, exact=True).first.press("Enter")
    page.wait_for_url("**/people/*")
    matters = page.locator("#matters")
    for add, field, text, shown, settle in (
        ("Add something", "To say or ask", "Ask who signs", "Ask who signs", "Said or asked"),
        ("Add a promise", "What was promised", "The price list", "We: The price list", "Kept"),
    ):
        press(page, add)
        fill(page, field, text)
        press(page, "Save")
        expect(matters).to_contain_text(shown)
        press(page, f"{settle}: {text}")
        expect(matters).not_to_contain_text(text)
        press(page, "Undo")
        expect(matters).to_contain_text(shown)

    press(page, "Add a date")
    fill(page, "Day", "29")
    tab_to(page, "Month")
    page.keyboard.press(
        "f"
    )  # a list forgets what was typed before after a second, and takes the next letter for a month
    press(page, "Save")
    expect(matters).to_contain_text("Birthday")

    page.goto("/signals")
    press(page, "Show as table")
    expect(page.get_by_role("table").first).to_be_visible()
