"""What holds on every page at every size: axe finds nothing, and nothing moves sideways."""

from itertools import product
from typing import Literal
from urllib.parse import urlsplit
from zlib import crc32

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.thorough import TIMES

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
NARROW = (320, 640)

_RUN = """async ([tags, contrast, structure]) => {
  const how = structure
    ? { runOnly: tags, rules: { "target-size": { enabled: true }, "color-contrast": { enabled: contrast } } }
    : { runOnly: ["color-contrast"] };
  const found = await axe.run(document, { ...how, resultTypes: ["violations"], preload: false });
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) =>
    `${id}: ${node.target.join(" ")}: ${node.failureSummary.replaceAll(/\\s+/g, " ")}`));
}"""
_WIDER = """() => {
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide <= 0) return "";
  const parts = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5);
  return `${wide} px too wide: ${parts.slice(0, 3).map((one) => one.outerHTML.slice(0, 90)).join(" | ")}`;
}"""


def complaints(page: Page) -> list[str]:
    """What axe finds on the page as it stands (WCAG 2.2 AA, both sizes); then sideways scroll, at 320 px too.

    That takes its time, so a page is looked at on a light desktop and a dark phone, or the other way round, whichever
    its address says; in the long form in all four (docs/contributing.md).
    """
    page.evaluate(AXE_SCRIPT)
    found = []
    for (name, (width, height)), scheme in product(SIZES.items(), SCHEMES):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        contrast = TIMES > 1 or _turn(page, name, scheme)
        structure = contrast if TIMES == 1 else scheme == "light"
        if contrast or structure:
            complained = page.evaluate(_RUN, [WCAG, contrast, structure])
            found += [f"{name}, {scheme}: {one}" for one in complained]
        found += [f"{name}: {wide}" for wide in [page.evaluate(_WIDER)] if wide]
    page.emulate_media(color_scheme="light")
    return found + too_wide(page)


def _turn(page: Page, size: str, scheme: str) -> bool:
    """Whether it is this size's and scheme's turn at this page."""
    odd = crc32(urlsplit(page.url).path.rstrip("0123456789").encode()) % 2
    return ((size == "desktop") == (scheme == "light")) == bool(odd)


def too_wide(page: Page) -> list[str]:
    """What makes the page scroll sideways on the narrowest screen."""
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    return [f"narrow: {wide}" for wide in [page.evaluate(_WIDER)] if wide]
