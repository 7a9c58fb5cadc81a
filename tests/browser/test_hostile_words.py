"""S2: whatever people call themselves, no script runs, no policy is broken, and the words are shown as words."""

import re
from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.auditing import too_wide
from tests.browser.conftest import Office
from tests.browser.hostile import PAYLOADS, naughty
from tests.browser.product import PASSWORD, Product, add_user, served
from tests.browser.worlds import TODAY, ago, write_table
from tests.thorough import TIMES

NUMBER = 3 if TIMES == 1 else 12
UNBROKEN = "W" * 80
WORDS = [*PAYLOADS, *naughty(NUMBER), UNBROKEN]
STRANGE = ", ".join(
    [f"main {tag}" for tag in ("iframe", "style", "script", "object", "[onerror]", "[onload]", "[onclick]")]
    + ["a[href^='javascript' i]", "a[href^='http' i]", "a[href^='//']"]
)
"""Elements that only a string of ours could have made."""
COLUMNS = (
    "name",
    "email",
    "organisation",
    "title",
    "kind",
    "tier",
    "tags",
    "city",
    "address",
    "notes",
    "owner",
)


def fill(product: Product) -> None:
    """One person per string, who bears it in every field, and everything said about them says it too."""
    people = [
        (f"{n} {word}", f"p{n}@evil.example", f"{n} {word}", word, "partner", "key", word.replace(";", ","),
         word, word, word, "nora@team.example")
        for n, word in enumerate(WORDS)
    ]  # fmt: skip
    emails = [person[1] for person in people]
    about = list(zip(emails, WORDS, strict=True))
    tables: dict[str, list[Sequence[str]]] = {
        "contacts.csv": [COLUMNS, *people],
        "interactions.csv": [
            ("occurred_at", "channel", "contacts", "summary", "note"),
            *((ago(10 * n), "email", email, word, word) for email, word in about for n in range(1, 5)),
            *((ago(250), "visit", email, word, word) for email, word in about),
        ],
        "asks.csv": [("contact", "text", "due"), *((*one, "2026-12-01") for one in about)],
        "promises.csv": [("contact", "by", "text", "due"), *((e, "us", w, ago(3)) for e, w in about)],
        "signals.csv": [("contact", "type", "text"), *((e, "pain_point", w) for e, w in about)],
        "favours.csv": [("contact", "text", "on"), *((*one, ago(2)) for one in about)],
        "dates.csv": [
            ("contact", "kind", "date", "label"),
            *((e, "other", f"--{TODAY:%m-%d}", w) for e, w in about),
        ],
    }
    paths = [
        str(write_table(product.folder / f"<img src=x onerror=__pwned=8> {name}", rows))
        for name, rows in tables.items()
    ]
    nora = add_user("nora@team.example", "<b onclick=__pwned=9>Nora</b>", "admin")
    product.run(nora, ("import", *paths), typed=f"{PASSWORD}\n")


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Office]:
    product = Product(tmp_path_factory.mktemp("evil"))
    fill(product)
    with served(product) as place:
        yield Office(place, browser, product)


def visible_words(page: Page) -> str:
    """All text of a page, and what its fields hold."""
    return str(
        page.evaluate("""() => document.documentElement.textContent + "\\n" +
      [...document.querySelectorAll("input, textarea")].map((one) => one.value).join("\\n")""")
    )


def look(page: Page, place: str) -> str:
    """Open a page and every fold of it; nothing may have run."""
    page.goto(place)
    page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
    assert page.evaluate("window.__pwned") is None, place
    assert "1337" not in page.title()
    strange = page.locator(STRANGE).evaluate_all("all => all.map((one) => one.outerHTML.slice(0, 100))")
    assert strange == [], place
    return visible_words(page)


LISTS = (
    "/",
    "/people",
    "/organisations",
    "/health",
    "/plan/why",
    "/rules/screen_only",
    "/asks",
    "/signals",
    "/signals/all",
    "/log",
    "/import",
    "/team",
    "/welcome",
)


def test_no_list_runs_what_it_lists(evil: Office) -> None:
    visitor = evil.visitor("nora@team.example")
    page = visitor.page()
    shown = {place: look(page, place) for place in LISTS}
    visitor.close()
    for word in PAYLOADS[:8]:
        assert word in shown["/people"], word
        assert word in shown["/organisations"], word


def test_no_person_runs_what_is_said_about_them(evil: Office) -> None:
    visitor = evil.visitor("nora@team.example")
    page = visitor.page()
    page.goto("/people")
    links = page.locator("main a.person-name").evaluate_all(
        "all => all.map((one) => one.getAttribute('href'))"
    )
    people = list(dict.fromkeys(links))
    assert len(people) == len(WORDS)
    for number, place in enumerate(people):
        words = look(page, place)
        found = re.search(r"p(\d+)@evil\.example", words)
        assert found
        mine = WORDS[int(found[1])]
        assert words.count(mine) >= 3 or not mine.isprintable(), f"{mine} at {place}"
        if number < len(PAYLOADS):
            look(page, f"{place}/edit")
            look(page, f"/log?contact={place.rsplit('/', 1)[-1]}")
            look(page, f"/people?q={number}")
    visitor.close()


def test_typing_a_hostile_name_shows_it_as_words(evil: Office) -> None:
    visitor = evil.visitor("nora@team.example")
    page, watch = visitor.window()
    for word in PAYLOADS[:4]:
        page.goto("/log")
        page.get_by_role("combobox", name="Who").press_sequentially(word[:20])
        option = page.locator(".suggestion-new")
        option.wait_for()
        option.click()
        page.get_by_label("In a line").fill(word)
        page.get_by_role("radio", name="Lunch").click()
        with watch.expecting(422):
            page.get_by_role("button", name="Save", exact=True).click()
            page.wait_for_load_state()
        assert page.evaluate("window.__pwned") is None
    visitor.close()


def test_a_name_without_an_end_fits_the_narrowest_screen(evil: Office) -> None:
    visitor = evil.visitor("nora@team.example")
    page = visitor.page()
    page.goto(f"/people?q=p{len(WORDS) - 1}@evil.example")
    place = page.locator("main a.person-name").first.get_attribute("href")
    assert place
    contact = place.rsplit("/", 1)[-1]
    for one in ("/people", place, f"{place}/edit", f"{place}/merge", f"/log?contact={contact}"):
        page.goto(one)
        assert too_wide(page) == [], one
    visitor.close()
