"""What a first visit fetches besides pages, as the browser counts it, and that later ones fetch nothing."""

import re

import pytest

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


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_jumps_while_a_page_appears(visit: Come, size: tuple[int, int]) -> None:
    page = visit().page(size)
    for place in ("/", "/log", "/health", "/people", "/rules/screen_only", "/signals", "/trips", "/settings"):
        page.goto(place)
        page.goto(place)  # the fonts have come, which may be swapped in once
        assert page.evaluate(SHIFTS) == [], place
