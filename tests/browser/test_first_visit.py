"""What a first visit fetches besides pages, as the browser counts it, and that later ones fetch nothing."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Come

MOST = 250_000
FETCHED = """() => performance.getEntriesByType("resource")
  .filter((one) => new URL(one.name).pathname.startsWith("/static/"))
  .map((one) => [new URL(one.name).pathname, one.encodedBodySize, one.transferSize])"""
SHIFTS = """async () => {
  await document.fonts.ready
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
  const seen = []
  new PerformanceObserver((found) => {
    for (const one of found.getEntries())
      seen.push([one.value, ...one.sources.map((source) => source.node?.outerHTML?.slice(0, 90))])
  }).observe({type: "layout-shift", buffered: true})
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
  return seen
}"""
SMALL = 0.05
"""Half of what Core Web Vitals call good: columns of a table grow by some pixels while its rows come."""
JUMP = """addEventListener("load", () => requestAnimationFrame(() => requestAnimationFrame(() =>
  document.body.style.paddingTop = "200px")))"""
HASHED = re.compile(r"/static/([0-9a-f]{12}|vendor/[a-z-]+/[0-9.]+)/")


def test_styles_scripts_and_fonts_are_small_and_fetched_once(visit: Come) -> None:
    page = visit().page()
    sizes: dict[str, int] = {}
    again: list[str] = []
    for place in ("/", "/log", "/health", "/people", "/rules", "/"):
        page.goto(place)
        page.evaluate("document.fonts.ready")
        for path, size, transferred in page.evaluate(FETCHED):
            assert HASHED.match(path), path
            if path in sizes and transferred:
                again.append(path)
            sizes.setdefault(path, size)
    fonts = sum(size for path, size in sizes.items() if path.endswith(".woff2"))
    assert fonts > 100_000  # it does count
    assert sum(sizes.values()) < MOST, sizes
    assert again == []


def jumps(page: Page, place: str) -> list[Any]:
    """How far things jumped on a page, and which; none if nobody would mind."""
    page.goto(place)
    page.goto(place)  # the fonts have come, which may be swapped in once
    seen: list[Any] = page.evaluate(SHIFTS)
    return seen if sum(one[0] for one in seen) > SMALL else []


@pytest.mark.parametrize("slower", [1, 6])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_jumps_while_a_page_appears(visit: Come, size: tuple[int, int], slower: int) -> None:
    page = visit().page(size)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    logs = ("/log", "/log?when=2026-12-07")
    for place in ("/", *logs, "/health", "/people", "/rules/screen_only", "/signals", "/trips", "/settings"):
        assert jumps(page, place) == [], place


def test_ticking_the_first_person_moves_no_row(visit: Come) -> None:
    for size in (DESKTOP, (820, 900), PHONE):
        page = visit().page(size)
        page.goto("/people")
        row, bar = page.locator("tbody tr").nth(1), page.locator("[data-bulk-bar]")
        before = row.bounding_box()
        expect(bar).to_be_hidden()
        page.locator(".row-select").first.check()
        expect(bar).to_be_visible()
        assert row.bounding_box() == before
        page.locator(".row-select").first.uncheck()
        expect(bar).to_be_hidden()


def test_a_jump_would_be_seen(visit: Come) -> None:
    page = visit().page()
    page.add_init_script(JUMP)
    assert jumps(page, "/people")
