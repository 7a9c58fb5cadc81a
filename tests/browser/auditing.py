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
  const told = ({ id, nodes }) => nodes.map((node) =>
    `${id}: ${node.target.join(" ")}: ${node.failureSummary.replaceAll(/\\s+/g, " ")}`);
  const run = async (context, how) =>
    (await axe.run(context, { ...how, resultTypes: ["violations"], preload: false })).violations.flatMap(told);
  const found = structure
    ? await run(document, { runOnly: tags, rules: { "target-size": { enabled: true }, "color-contrast": { enabled: false } } })
    : [];
  // Colours follow from tags, classes and states alone (no inline style gets past the CSP), so that of rows that are
  // built alike the first one tells about the others.
  const told_apart = ["class", "type", "aria-current", "aria-selected", "aria-pressed", "aria-invalid", "aria-disabled"];
  const looks = (one) =>
    [one.tagName, ...told_apart.map((name) => one.getAttribute(name)), one.matches(":disabled, :checked")].join();
  const built = (row) => [...new Set([row, ...row.querySelectorAll("*")].map(looks))].sort().join(" ");
  const alike = (row, seen) => (seen.has(built(row)) ? true : void seen.add(built(row)));
  const exclude = [...document.querySelectorAll("tbody, ul, ol")].flatMap((list) => {
    const seen = new Set();
    return [...list.children].filter((row) => alike(row, seen));
  });
  const context = exclude.length ? { include: [document.documentElement], exclude } : document;
  return contrast ? [...found, ...(await run(context, { runOnly: ["color-contrast"] }))] : found;
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
        if TIMES == 1 and not _turn(page, name, scheme):
            continue
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        complained = page.evaluate(_RUN, [WCAG, True, TIMES == 1 or scheme == "light"])
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
