"""Keys: the sheet, menus and dialogs, where the focus goes afterwards, and that single keys can be switched off."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Come


def expect_focus(page: Page, label: str) -> None:
    """On what is called so, or is such an element; a dialog that closes gives it back a moment later."""
    now = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.tagName"
    page.wait_for_function(f"label => ({now}) === label", arg=label)


def test_the_sheet_of_keys_opens_closes_and_switches_them_off(visit: Come) -> None:
    page = visit().page()
    page.goto("/people")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    page.keyboard.press("?")
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.locator(".account-menu summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Keyboard shortcuts").press("Enter")
    expect(sheet).to_be_visible()
    sheet.get_by_label("Use single keys on this device").press("Space")
    page.keyboard.press("Escape")
    expect_focus(page, "Nora Lindqvist: your account")
    for keys in ("?", "g", "h"):
        page.keyboard.press(keys)
    expect(sheet).to_be_hidden()
    page.goto("/team")
    page.locator(".account-menu summary").press("Enter")
    page.get_by_role("button", name="Keyboard shortcuts").press("Enter")
    sheet.get_by_label("Use single keys on this device").press("Space")
    page.keyboard.press("Escape")
    for keys in ("g", "h"):
        page.keyboard.press(keys)
    page.wait_for_url("**/health")


def test_x_ticks_the_row_that_has_focus_also_on_its_own_box_and_with_caps_lock(visit: Come) -> None:
    page = visit().page()
    page.goto("/people")
    box = page.locator("input.row-select").first
    box.focus()
    for key, then in (("x", True), ("X", False)):
        page.keyboard.press(key)
        expect(box).to_be_checked(checked=then)


def test_every_menu_closes_with_escape_and_gives_the_focus_back(visit: Come) -> None:
    page = visit().page()
    for place in ("/people?tier=key", "/health", "/"):
        page.goto(place)
        menus = page.locator("details[data-menu] > summary:visible")
        assert menus.count()
        for number in range(min(8, menus.count())):
            menu = menus.nth(number)
            menu.press("Enter")
            assert menu.evaluate("menu => menu.parentElement.open")
            page.keyboard.press("Tab")
            assert menu.evaluate("menu => menu.parentElement.contains(document.activeElement)")
            page.keyboard.press("Escape")
            assert menu.evaluate("menu => !menu.parentElement.open && document.activeElement === menu")
