"""The health page as somebody walks it: another day, a comparison, an order, a view of one's own, the table file."""

from datetime import date
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.auditing import complaints
from tests.browser.conftest import PHONE, Come
from tests.browser.worlds import MARTA


def open_menu(page: Page, words: str) -> None:
    page.locator("summary").filter(has_text=words).click()


def test_a_past_day_compared_sorted_kept_and_carried_out(change: Come) -> None:
    visitor = change()
    page, watch = visitor.window()
    page.goto("/health")
    open_menu(page, "As of")
    page.get_by_label("How it stood at the end of").fill("2026-09-01")
    page.get_by_label("Compared with the end of").fill("2026-04-30")
    page.get_by_role("button", name="Show that day").click()
    expect(page.get_by_role("heading", name="What changed since 30 Apr")).to_be_visible()
    expect(page.locator(".page-lede")).to_contain_text("as of Tuesday 1 September")
    page.get_by_text("Show who moved").click()
    assert complaints(page) == []
    page.set_viewport_size({"width": 1280, "height": 900})

    page.get_by_role("link", name="Person", exact=True).click()
    page.wait_for_url("**sort=name**")
    assert "as_of=2026-09-01&against=2026-04-30" in page.url
    names = page.locator("#people .person-name").all_inner_texts()
    assert MARTA in names
    assert names == sorted(names)

    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "health-2026-09-01.csv"
    assert MARTA in Path(download.value.path()).read_text(encoding="utf-8-sig")

    open_menu(page, "Views")
    page.get_by_label("Save this view as").fill("By name")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Saved as “By name”.")
    page.goto("/health")
    open_menu(page, "Views")
    page.get_by_role("link", name="By name", exact=True).click()
    page.wait_for_url("**/health?sort=name")
    with watch.expecting(422):
        open_menu(page, "View: By name")
        page.get_by_label("Save this view as").fill("\u202e")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("alert")).to_be_focused()
        assert complaints(page) == []


def test_the_slider_goes_back_by_hand_and_by_its_button(visit: Come) -> None:
    page = visit().page(PHONE)
    page.goto("/health")
    open_menu(page, "As of")
    slider = page.get_by_label("Or slide back, week by week")
    slider.press("ArrowLeft")
    expect(slider).to_have_value("1")
    expect(page.locator("[data-weeks-back-words]")).to_have_text("16 Nov 2026")
    assert "as_of" not in page.url
    page.get_by_role("button", name="Go there").click()
    page.wait_for_url("**as_of=*")
    assert date.fromisoformat(page.url.split("as_of=")[1]) == date(2026, 11, 16)
    open_menu(page, "As of")
    box = page.get_by_label("Or slide back, week by week").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url("**as_of=2025-11-*")


def test_the_health_page_prints_whole_without_its_menus(visit: Come) -> None:
    page = visit().page((720, 1000))
    page.goto("/health")
    page.emulate_media(media="print")
    for shown in (".map-wide", ".health-coverage", "#people table"):
        expect(page.locator(shown)).to_be_visible()
    for hidden in (".page-actions", ".map-lists", ".chart-table >> nth=0", "#people .menu"):
        expect(page.locator(hidden)).to_be_hidden()
    table = page.locator("#people table").bounding_box()
    assert table
    assert table["x"] + table["width"] <= 720
