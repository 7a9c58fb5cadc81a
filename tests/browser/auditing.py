"""What holds on every page at every size: axe finds nothing, and nothing moves sideways."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
NARROW = (320, 640)

_RUN = """async ([tags, only]) => {
  const rules = only ? { runOnly: only } : { runOnly: tags, rules: { "target-size": { enabled: true } } };
  const found = await axe.run(document, { ...rules, resultTypes: ["violations"] });
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
    """What axe finds on the page as it stands: WCAG 2.2 AA, in both schemes and sizes; then sideways scroll at 320 px.

    In the dark only colours differ, so only contrast is looked at again.
    """
    page.evaluate(AXE_SCRIPT)
    found = []
    for name, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            only = ["color-contrast"] if scheme == "dark" else None
            found += [f"{name}, {scheme}: {one}" for one in page.evaluate(_RUN, [WCAG, only])]
        found += [f"{name}: {wide}" for wide in [page.evaluate(_WIDER)] if wide]
    page.emulate_media(color_scheme="light")
    return found + too_wide(page)


def too_wide(page: Page) -> list[str]:
    """What makes the page scroll sideways on the narrowest screen."""
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    return [f"narrow: {wide}" for wide in [page.evaluate(_WIDER)] if wide]
