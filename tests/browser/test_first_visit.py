"""What a first visit fetches besides pages, as the browser counts it, and that later ones fetch nothing."""

import re

from tests.browser.conftest import Come

MOST = 250_000
FETCHED = """() => performance.getEntriesByType("resource")
  .filter((one) => new URL(one.name).pathname.startsWith("/static/"))
  .map((one) => [new URL(one.name).pathname, one.encodedBodySize, one.transferSize])"""
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
