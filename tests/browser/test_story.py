"""The main job, lived from end to end in a browser."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Come, Visitor, sign_in
from tests.browser.product import PASSWORD
from tests.browser.worlds import MARTA


def zone_on_health_page(page: Page, name: str) -> str:
    """The word under which the health page lists somebody; empty if it does not list them among those to reconsider."""
    page.goto("/health")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))
    words = row.first.inner_text() if row.count() else ""
    return next((zone for zone in ("Screen-only", "Gone quiet", "Drifting", "In touch") if zone in words), "")


def choose_person(page: Page, typed: str, name: str) -> None:
    page.get_by_role("combobox", name="Who").press_sequentially(typed)
    expect(page.get_by_role("option", name=name).first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name=f"{name}, chosen")).to_be_checked()


def suggestion(page: Page, name: str):
    return page.get_by_role("article", name=name)


def test_a_lunch_takes_a_flagged_person_off_the_screen_and_taking_it_out_brings_that_back(
    change: Come,
) -> None:
    page = change().page()
    page.goto("/")
    expect(suggestion(page, MARTA)).to_contain_text(
        "14 emails and 3 chats since you last spoke, 7 months ago."
    )
    assert zone_on_health_page(page, MARTA) == "Screen-only"

    page.goto("/log")
    choose_person(page, "mart", MARTA)
    page.get_by_role("radio", name="Lunch").check()
    expect(page.locator("#once-saved")).to_contain_text("In touch")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Lunch with Marta logged")
    assert zone_on_health_page(page, MARTA) != "Screen-only"
    page.goto("/")
    expect(suggestion(page, MARTA)).to_contain_text("Logged, so already done")

    suggestion(page, MARTA).get_by_role("link", name="See it").click()
    page.get_by_role("button", name="Remove it from the log").click()
    expect(page.get_by_role("status")).to_contain_text("Removed from the log.")
    assert zone_on_health_page(page, MARTA) == "Screen-only"
    page.goto("/")
    expect(suggestion(page, MARTA).get_by_role("button", name="Done & log")).to_be_visible()


def test_a_suggestion_is_done_from_the_week_and_another_snoozed_swapped_and_skipped(change: Come) -> None:
    page = change().page()
    page.goto("/")
    suggestion(page, MARTA).get_by_role("button", name="Done & log").click()
    expect(page.get_by_role("status")).to_contain_text("Marta")
    expect(suggestion(page, MARTA)).to_contain_text("Done Mon 23 Nov")
    assert zone_on_health_page(page, MARTA) != "Screen-only"

    page.goto("/")
    suggestion(page, "Ruth Abernathy").locator("summary[data-shortcut=s]").click()
    suggestion(page, "Ruth Abernathy").get_by_role("button", name="1 week").click()
    expect(page.get_by_role("status")).to_contain_text("Ruth Abernathy is snoozed until Mon 30 Nov")
    expect(suggestion(page, "Ruth Abernathy")).to_contain_text("Back Mon 30 Nov")
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(suggestion(page, "Ruth Abernathy").get_by_role("button", name="Done & log")).to_be_visible()


def test_an_answer_leaves_the_page_where_it_was_and_its_toast_covers_no_menu(change: Come) -> None:
    page = change().page(PHONE)
    page.goto("/")
    suggestion(page, "Ruth Abernathy").locator("summary[data-shortcut=s]").click()
    week = suggestion(page, "Ruth Abernathy").get_by_role("button", name="1 week")
    week.scroll_into_view_if_needed()
    top = page.evaluate("scrollY")
    assert top > 200
    week.click()
    toast = page.get_by_role("status").get_by_text("Ruth Abernathy is snoozed until Mon 30 Nov")
    expect(toast).to_be_visible()
    assert abs(page.evaluate("scrollY") - top) < 2
    page.get_by_text("More", exact=True).click()
    expect(toast).to_be_hidden()
    page.keyboard.press("Escape")
    expect(toast).to_be_visible()
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("Undone")
    assert abs(page.evaluate("scrollY") - top) < 2
    page.goto("/people")
    assert page.evaluate("scrollY") == 0


def people_file(folder: Path) -> Path:
    rows = [
        ["name", "email", "organisation", "kind", "city", "address"],
        [
            "Sofia Marchetti",
            "sofia@carrick.example",
            "Carrick Insurance",
            "customer",
            "Boston",
            "1 High Street",
        ],
        ["Liam Byrne", "liam@carrick.example", "Carrick Insurance", "customer", "Boston", ""],
        ["Ticket Bot", "no-reply@helpline.example", "", "", "", ""],
    ]
    path = folder / "my people.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def set_up(newcomer: Visitor, page: Page) -> None:
    assert newcomer.place.setup
    page.goto(newcomer.place.setup)
    expect(page.get_by_label("Time zone")).to_have_value(
        page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    )
    page.get_by_label("Your name").fill("Nora Lindqvist")
    page.get_by_label("Email").fill("nora@team.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button").last.click()
    page.wait_for_url("**/")


@pytest.mark.parametrize("size", [(1280, 900), PHONE], ids=["desktop", "phone"])
def test_the_first_run_goes_from_nothing_to_a_first_week(newcomer: Visitor, tmp_path: Path, size) -> None:
    page, _watch = newcomer.window(size, timezone_id="Europe/Berlin")
    set_up(newcomer, page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Who would you be sorry to lose?")
    with page.expect_file_chooser() as chooser:
        page.get_by_text("vCards", exact=True).click()
    chooser.value.set_files(people_file(tmp_path))
    page.get_by_role("button", name="Look at these files").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Before anything is written")
    page.get_by_role("button", name="Import 1 organisation and 3 people").click()
    expect(page.get_by_role("status")).to_contain_text("3 people imported")
    expect(page.get_by_role("heading", level=1)).to_have_text("Who would you be sorry to lose?")
    for key, tier in (("k", "Key"), ("n", "None")):
        page.keyboard.press("j" if key == "k" else "Shift")
        page.keyboard.press(key)
        expect(page.locator("[data-key-item]").first.get_by_role("radio", name=tier)).to_be_checked()
    for name in ("Sofia Marchetti", "Liam Byrne"):
        page.get_by_role("group", name=name).get_by_text("Key", exact=True).click()
    page.get_by_role("button", name="Plan my first week").click()
    expect(suggestion(page, "Sofia Marchetti")).to_contain_text("Marked key, and no contact on record yet.")
    expect(suggestion(page, "Liam Byrne")).to_be_visible()
    expect(suggestion(page, "Ticket Bot")).to_have_count(0)


def test_the_whole_story_without_scripts(change: Come) -> None:
    visitor = change()
    visitor.cookies = None
    page = visitor.page(scripts=False)
    sign_in(page, "nora@team.example")
    assert zone_on_health_page(page, MARTA) == "Screen-only"

    page.goto("/log")
    page.get_by_label("Who", exact=True).fill(MARTA)
    page.get_by_role("radio", name="Lunch").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Lunch with Marta logged")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("Removed from the log.")
    assert zone_on_health_page(page, MARTA) == "Screen-only"

    page.goto("/")
    suggestion(page, MARTA).get_by_role("button", name="Done & log").click()
    expect(suggestion(page, MARTA)).to_contain_text("Done Mon 23 Nov")
    one = suggestion(page, "Jürgen Haas")
    one.locator("summary[data-shortcut=s]").click()
    one.get_by_role("button", name="1 month").click()
    expect(suggestion(page, "Jürgen Haas")).to_contain_text("Back")

    page.locator("[aria-label$='your account']").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
