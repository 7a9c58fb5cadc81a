"""What scripts add to forms that work without them: people found from any page, rows of what was heard."""

from collections.abc import Callable

from playwright.sync_api import Dialog, Page, Route, expect

from tests.browser.auditing import complaints
from tests.browser.conftest import DESKTOP, PHONE, Come
from tests.browser.worlds import MARTA


def test_anybody_is_found_from_any_page(visit: Come) -> None:
    page = visit().page()
    page.goto("/health")
    page.keyboard.press("/")
    page.keyboard.type("mart", delay=5)
    field = page.get_by_role("combobox", name="Find anyone")
    found = page.locator("find-field")
    expect(found.get_by_role("option", name=MARTA)).to_be_visible()
    expect(found.get_by_role("option", selected=True)).to_have_count(0)
    assert complaints(page) == []
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    page.keyboard.press("Escape")
    expect(found.get_by_role("option")).to_have_count(0)
    expect(field).to_have_value("mart")
    field.press("ArrowDown")
    expect(found.get_by_role("option", name=MARTA)).to_be_visible()
    field.press("ArrowDown")
    expect(found.get_by_role("option", name=MARTA, selected=True)).to_be_visible()
    field.press("Enter")
    expect(page.get_by_role("heading", name=MARTA, level=1)).to_be_visible()


def test_without_a_choice_comes_whoever_is_clearly_meant_or_the_list(visit: Come) -> None:
    page = visit().page()
    page.goto("/health")
    field = page.get_by_role("combobox", name="Find anyone")
    field.press_sequentially("mart", delay=5)
    expect(page.get_by_role("option", name=MARTA)).to_be_visible()
    field.press("Enter")
    expect(page.get_by_role("heading", name=MARTA, level=1)).to_be_visible()
    field.press_sequentially("a", delay=5)
    field.press("Enter")
    page.wait_for_url("**/people?q=a")
    field.press_sequentially("mart", delay=5)
    page.get_by_role("option", name="Everybody with “mart”").click()
    page.wait_for_url("**/people?q=mart")
    expect(page.get_by_role("link", name=MARTA)).not_to_have_count(0)


def test_what_was_heard_is_added_row_by_row(change: Come) -> None:
    visitor = change()
    for size, way in ((DESKTOP, "Lunch"), (PHONE, "Visit")):
        page = visitor.page(size)
        page.goto("/log")
        page.get_by_role("combobox", name="Who").press_sequentially("mart")
        page.get_by_role("option", name=MARTA).click()
        page.get_by_role("radio", name=way).click()
        rows = page.locator(".heard-row:visible")
        expect(rows).to_have_count(0)
        page.get_by_role("button", name="Competitor", exact=True).click()
        page.keyboard.type(f"Routely, free for a year, {size[0]}")
        for name in ("Favour", "My promise", "Birthday", "Request", "Pain point"):
            page.get_by_role("button", name=name, exact=True).click()
        expect(rows).to_have_count(6)
        expect(page.get_by_role("button", name="Pain point", exact=True)).to_be_disabled()
        assert complaints(page) == []
        for _ in range(5):
            page.get_by_role("button", name="Remove this").last.click()
        expect(rows).to_have_count(1)
        page.get_by_role("button", name="Save", exact=True).locator("visible=true").last.click()
        expect(page.get_by_role("status")).to_contain_text("logged")
        page.goto("/signals")
        expect(page.get_by_text(f"Routely, free for a year, {size[0]}").first).to_be_visible()


def late(page: Page) -> Callable[[], None]:
    """Suggestions come late from now on, until the call."""
    waiting: list[Route] = []

    def wait(route: Route) -> None:
        waiting.append(route)

    def come() -> None:
        for route in waiting:
            route.continue_()
        page.unroute("**/people/suggest**")

    page.route("**/people/suggest**", wait)
    return come


def test_nobody_is_taken_for_what_was_typed_since(visit: Come) -> None:
    page = visit().page()
    page.goto("/log")
    field = page.get_by_role("combobox", name="Who")
    field.press_sequentially("m")
    expect(page.locator(".suggestion-option[aria-selected=true]")).to_be_visible()
    come = late(page)
    field.press_sequentially("arta")
    field.press("Enter")
    field.press("Tab")
    expect(page.locator(".token")).to_have_count(0)
    expect(field).to_have_value("marta")
    expect(page.locator("person-field .suggestions")).to_be_hidden()
    come()
    field.press_sequentially(" ")
    expect(page.get_by_role("option", name=MARTA, selected=True)).to_be_visible()
    field.press("Enter")
    expect(page.get_by_role("checkbox", name=f"{MARTA}, chosen")).to_be_checked()


def test_a_letter_typed_while_a_question_is_under_way_is_asked_for(visit: Come) -> None:
    page = visit().page()
    page.goto("/log")
    field = page.get_by_role("combobox", name="Who")
    come = late(page)
    with page.expect_request("**/people/suggest?q=m"):
        field.press_sequentially("m")
    with page.expect_request("**/people/suggest?q=ma"):
        field.press_sequentially("a")
    come()
    expect(page.get_by_role("option", name=MARTA)).to_be_visible()


def test_on_a_phone_the_loupe_leads_to_a_field_that_suggests(visit: Come) -> None:
    page = visit().page(PHONE)
    page.goto("/health")
    page.get_by_role("link", name="Find anyone").click()
    page.wait_for_url("**/people#q")
    field = page.get_by_role("combobox", name="Name, company, city, tag or email")
    field.press_sequentially("mart")
    page.locator("find-field").get_by_role("option", name=MARTA).click()
    expect(page.get_by_role("heading", name=MARTA, level=1)).to_be_visible()


def test_enter_after_escape_sends_the_name_as_it_was_typed(visit: Come) -> None:
    page, watch = visit().window()
    page.goto("/log")
    field = page.get_by_role("combobox", name="Who")
    field.press_sequentially("marta")
    expect(page.get_by_role("option", name=MARTA)).to_be_visible()
    field.press("Escape")
    with watch.expecting(422):
        field.press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()


def test_what_was_heard_is_reached_where_the_script_did_not_arrive(visit: Come) -> None:
    page, watch = visit().window()
    page.route("**/js/log.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto("/log")
    page.get_by_text("Pain point, ask, promise, favour, date …").click()
    expect(page.locator(".heard-row:visible")).to_have_count(6)
    assert watch.faults == []


def dialogs_of(page: Page) -> list[str]:
    """The sorts of what the page asks from now on; each is accepted."""
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    return asked


def test_leaving_a_form_with_something_unsaved_in_it_asks_first(visit: Come) -> None:
    page = visit().page()
    asked = dialogs_of(page)
    for place, field, there in (
        ("/people/new", "Notes", "Written by hand"),
        ("/rules/screen_only", "Name", "Only by screen"),
    ):
        page.goto(place)
        page.get_by_label(field, exact=True).click()
        page.goto("/people")
        assert asked == [], place
        page.goto(place)
        page.get_by_label(field, exact=True).click()
        page.get_by_label(field, exact=True).fill(there)
        page.goto("/people")
        assert asked == ["beforeunload"], place
        asked.clear()


KEPT_AND_SHOWN = """for (const name of ["pagehide", "pageshow"])
  dispatchEvent(new PageTransitionEvent(name, { persisted: true }))"""
"""What a page is told that the browser kept as it was and shows once more."""


def test_coming_back_to_a_form_that_was_saved_nothing_is_unsaved(visit: Come) -> None:
    page = visit().page()
    asked = dialogs_of(page)
    page.route("**/people/new", _sent)
    page.goto("/people/new")
    page.get_by_label("Name", exact=True).fill("Ana Ruiz")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#person-form")).to_have_attribute("data-sent", "true")
    page.evaluate(KEPT_AND_SHOWN)
    expect(page.locator("#person-form")).not_to_have_attribute("data-sent", "true")
    page.goto("/people")
    assert asked == []
    page.goto("/people/new")
    page.get_by_label("Name", exact=True).fill("Ana Ruiz")
    page.evaluate(KEPT_AND_SHOWN)
    page.goto("/people")
    assert asked == ["beforeunload"]


def _sent(route: Route) -> None:
    """What is sent is taken, and the page stays as the browser keeps one that was left."""
    if route.request.method == "POST":
        route.fulfill(status=204)
    else:
        route.continue_()


def test_what_is_asked_above_a_line_keeps_within_an_address(visit: Come) -> None:
    page = visit().page()
    page.goto("/")
    page.get_by_role("textbox", name="Log in one line").fill(f"lunch with {MARTA}")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Pain point").click()
    with page.expect_request("**/log/will-save*") as asked:
        page.get_by_role("textbox", name="In words").first.fill("words enough " * 1000)
        page.get_by_label("In a line").fill("x")
        page.keyboard.press("Tab")
    assert len(asked.value.url) < 2_000
    expect(page.locator("#will-save")).to_contain_text("Pain point: words enough words enough")


def test_another_row_comes_when_it_is_asked_for(change: Come) -> None:
    page = change().page(PHONE)
    page.goto("/people/new")
    emails = page.locator("[name=email_value]:visible")
    expect(emails).to_have_count(1)
    for number in (1, 2, 3):
        page.get_by_label(f"Email {number}", exact=True).fill(f"ana{number}@x.example")
        page.get_by_role("button", name="Add another: email").click()
        expect(page.get_by_label(f"Email {number + 1}", exact=True)).to_be_focused()
    page.get_by_label("Name", exact=True).fill("Ana Ruiz")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Ana Ruiz")).to_be_visible()
    expect(page.get_by_text("ana3@x.example")).to_be_visible()


def test_whom_a_line_means_is_chosen_from_a_list_and_settled_by_that(visit: Come) -> None:
    visitor = visit()
    for size in (DESKTOP, PHONE):
        page = visitor.page(size)
        page.goto("/")
        page.get_by_role("textbox", name="Log in one line").fill("met Ana yesterday, travel plans")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Choose whom you mean by “Ana”.")).to_be_visible()
        expect(page.get_by_role("checkbox", name="Ana Lind")).to_be_focused()
        page.keyboard.press("Space")
        expect(page.get_by_text("Choose whom you mean by “Ana”.")).to_have_count(0)
        expect(page.locator("#will-save")).to_contain_text("Ana Lind")
        above = page.locator("#will-save").get_by_role("button", name="Save")
        expect(above).to_have_count(1 if size == DESKTOP else 0)  # a phone has its own below
        assert complaints(page) == []


def test_a_day_that_a_line_says_and_there_is_not_is_highlighted(visit: Come) -> None:
    page, watch = visit().window()
    page.goto("/")
    page.get_by_role("textbox", name="Log in one line").fill(f"lunch with {MARTA} on 31 february")
    page.keyboard.press("Enter")
    expect(page.locator("#day-error")).to_have_text("There is no 31 February.")
    assert complaints(page) == []
    with watch.expecting(422):
        page.get_by_role("button", name="Save", exact=True).locator("visible=true").last.click()
        expect(page.locator("#day-error")).to_contain_text("Choose the day")


def go_to_marta(page: Page) -> None:
    """As people do: by the list."""
    page.goto("/people?q=marta")
    page.get_by_role("link", name=MARTA).click()


def test_by_thumb_who_is_there_already_or_offered_at_a_tap(visit: Come) -> None:
    page = visit().page(PHONE, has_touch=True)
    go_to_marta(page)
    page.get_by_role("link", name="Log", exact=True).last.click()
    expect(page.get_by_role("checkbox", name=f"{MARTA}, chosen")).to_be_checked()
    page.goto("/log")
    field = page.get_by_role("combobox", name="Who")
    expect(page.get_by_role("option")).to_have_count(0)
    field.click()
    expect(page.get_by_role("option")).not_to_have_count(0)
    expect(page.get_by_role("option", selected=True)).to_have_count(0)
    expect(page.get_by_text("as a new person")).to_have_count(0)
    page.get_by_role("option").first.click()
    expect(page.locator(".token")).to_have_count(1)
    expect(page.get_by_role("option")).to_have_count(0)
    assert complaints(page) == []


def test_a_form_that_unfolds_has_the_focus_in_what_it_asks_for(visit: Come) -> None:
    page = visit().page(PHONE)
    go_to_marta(page)
    for words in ("Add something", "Add a promise"):
        page.locator("summary", has_text=words).click()
        field = page.locator("details[open].matter-add textarea").last
        expect(field).to_be_focused()
        expect(field).to_be_in_viewport()
        page.locator("summary", has_text=words).click()


def test_an_entry_is_left_as_it_was_from_the_bar_of_a_phone(visit: Come) -> None:
    page = visit().page(PHONE)
    go_to_marta(page)
    page.locator("#log").get_by_role("link", name="Edit").first.click()
    page.wait_for_url("**/log/*")
    expect(page.locator(".fixed-save").get_by_role("link", name="Cancel")).to_be_in_viewport()
    assert complaints(page) == []
    page.locator(".fixed-save").get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", name=MARTA, level=1)).to_be_visible()


def test_the_next_entry_keeps_how_and_when(change: Come) -> None:
    page = change().page()
    page.goto("/log?channel=lunch&when=yesterday")
    page.get_by_role("combobox", name="Who").press_sequentially("mart")
    page.get_by_role("option", name=MARTA).click()
    page.keyboard.press("Control+Shift+Enter")
    expect(page.get_by_role("status").filter(has_text="logged")).to_be_visible()
    expect(page.get_by_role("radio", name="Lunch")).to_be_checked()
    expect(page.get_by_role("radio", name="Yesterday")).to_be_checked()
    expect(page.get_by_role("combobox", name="Who")).to_be_focused()
    expect(page.locator(".token")).to_have_count(0)


def test_where_no_names_can_be_offered_the_form_says_how_to_write_them(visit: Come) -> None:
    page, watch = visit().window(PHONE)
    page.goto("/log")
    hint = page.get_by_text("Full names, separated by commas.")
    expect(hint).to_be_hidden()
    page.route("**/people/suggest**", lambda route: route.abort("internetdisconnected"))
    with watch.cut():
        page.get_by_role("combobox", name="Who").press_sequentially("jon")
        expect(hint).to_be_visible()


def test_the_outcome_is_asked_unless_the_day_lies_ahead_and_changes_only_with_the_day(visit: Come) -> None:
    page = visit().page()
    page.goto("/")
    page.get_by_role("textbox", name="Log in one line").fill(f"called {MARTA} 2026-11-30, no answer")
    page.keyboard.press("Enter")
    outcome = page.locator("[data-outcome]")
    unanswered = outcome.get_by_role("radio", name="No answer")
    expect(unanswered).to_be_checked()  # as it was said, whatever the day
    expect(outcome).to_be_visible()
    day = page.get_by_label("The day", exact=True)
    day.fill("2026-12-01")
    expect(outcome).to_be_hidden()
    day.fill("2026-11-20")
    expect(outcome).to_be_visible()
    expect(unanswered).to_be_checked()
    page.goto("/log?when=2026-12-01")
    expect(page.get_by_role("heading", name="Log what is arranged")).to_be_visible()
    expect(outcome).to_be_hidden()
    page.get_by_role("radio", name="Today").check(force=True)
    expect(outcome).to_be_visible()
