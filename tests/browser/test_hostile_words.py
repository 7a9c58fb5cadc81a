"""S2: whatever people call themselves, no script runs, no policy is broken, and the words are shown as words."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Connection, literal, select

from crm.accounts import saved_views
from crm.accounts.tokens import create_token
from crm.contacts.merge_fields import side_by_side
from crm.contacts.merging import merge_contacts
from crm.contacts.queries import person
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.imports import own_calendars, synced
from crm.imports.busy_fetch import Source
from crm.imports.phrases import packed, phrase
from crm.nudges import returns
from crm.planning.actions import make_plan
from crm.settings import Settings
from crm.storage.database import Database, new_id
from crm.storage.tables import (
    contact,
    mail_reply,
    mail_return,
    organisation,
    organisation_tag,
    outbox,
    own_calendar,
    user,
)
from tests.browser.auditing import too_wide
from tests.browser.conftest import Office, copied
from tests.browser.hostile import FREE, OURS, PAYLOADS, POISON, naughty, poison, words_of, written_columns
from tests.browser.places import addresses
from tests.browser.product import PASSWORD, Product, add_user, served
from tests.browser.worlds import MARTA, TODAY, UTC, ago, write_table
from tests.builders import NOW
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


UNSEEN = words_of(
    """
    import_batch.files import_upload.content import_upload.name import_upload.report merge.content outbox.text
    outbox.to_address removed_matter.content rule.definition
    """
)
"""Free columns that no page of the office shows as they are: what comes back when something is undone, the text of a mail.
Names of files and what a file brings are looked at by the tests below."""


def _what_no_file_brings(connection: Connection, key: bytes) -> None:
    nora = connection.execute(select(user).where(user.c.role == "admin")).one()
    principal = Principal(nora.workspace_id, nora.id, nora.role, UTC, UTC)
    create_token(connection, principal, nora.id, "Till", ("read",), NOW)
    saved_views.keep(connection, principal, "people", "Mine", "tier=key", NOW)
    tags = select(organisation.c.workspace_id, organisation.c.id, literal("alliance"))
    connection.execute(
        organisation_tag.insert().from_select(["workspace_id", "organisation_id", "tag"], tags)
    )
    make_plan(connection, principal, IsoWeek.of(NOW.date()), NOW)
    _what_came_by_mail(connection, principal)
    _what_was_merged(connection, principal)
    _what_is_read_from_elsewhere(connection, principal, key)


def _what_came_by_mail(connection: Connection, principal: Principal) -> None:
    sent = connection.execute(select(outbox).where(outbox.c.user_id == principal.user_id)).first()
    assert sent
    own = {"workspace_id": principal.workspace_id, "id": new_id(connection), "user_id": principal.user_id}
    reply = {
        "week": "2026-W48",
        "message_key": "reply",
        "part": 0,
        "state": "waiting",
        "text": "had lunch with somebody",
    }
    connection.execute(mail_reply.insert(), {**own, **reply, "written_at": NOW, "changed_at": NOW})
    back = {
        "outbox_id": sent.id,
        "message_key": "return",
        "for_good": True,
        "said": "No such mailbox",
        "at": NOW,
    }
    connection.execute(mail_return.insert(), {**own, "id": new_id(connection), **back})
    other = connection.execute(select(user.c.email).where(user.c.id != principal.user_id)).scalars().first()
    assert other
    returns.stop(connection, principal.workspace_id, other, "No such mailbox", "team.example", NOW)


def _what_was_merged(connection: Connection, principal: Principal) -> None:
    people = select(contact.c.id).where(contact.c.name.not_in([MARTA])).order_by(contact.c.id.desc()).limit(2)
    kept, gone = connection.execute(people).scalars()
    first, second = (person(connection, principal, one) for one in (kept, gone))
    choices = {one.field: "first" for one in side_by_side(first, second)}
    merge_contacts(connection, principal, kept, gone, choices, NOW)


def _what_is_read_from_elsewhere(connection: Connection, principal: Principal, key: bytes) -> None:
    synced.add(
        connection, principal, key, "Our address book", Source("carddav", "https://dav.example.com/"), NOW
    )
    own_calendars.connect(
        connection, principal, key, Source("ics", "https://calendar.example.com/me.ics"), NOW
    )
    said = phrase("{file} holds nothing.", file="the calendar of somebody")
    connection.execute(own_calendar.update().values(notes=[packed(said)], state="good", read_at=NOW))


def test_every_column_is_known_to_be_free_or_ours() -> None:
    known = {f"{table.name}.{column.name}" for table, column in written_columns()}
    assert known >= FREE
    unknown = {name for name in known - FREE if name.partition(".")[2] not in OURS}
    assert unknown == set()


@pytest.fixture(scope="module")
def poisoned(filled: Path, tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Office]:
    """The office of the other tests, in which everything anybody may write is hostile."""
    product = copied(filled, tmp_path_factory.mktemp("poisoned"))
    database = Database(f"sqlite:///{product.folder / 'in-person.sqlite3'}")
    with database.write() as connection:
        _what_no_file_brings(connection, Settings(data_dir=product.folder).key)
        poison(connection)
    database.close()
    with served(product) as place:
        yield Office(place, browser, product)


def test_no_page_runs_what_stands_in_any_field(poisoned: Office, filled: Path) -> None:
    visitor = poisoned.visitor("nora@team.example")
    page = visitor.page()
    shown = "".join(look(page, place) for place in addresses(filled))
    visitor.close()
    assert POISON in shown
    unseen = sorted(column for column in FREE if f"[{column}]" not in shown)
    assert unseen == sorted(UNSEEN), " ".join(unseen)


def test_no_preview_runs_what_a_file_brings(evil: Office) -> None:
    visitor = evil.visitor("nora@team.example")
    page = visitor.page()
    page.goto("/import")
    rows = "name,email,notes\n" + "".join(
        f'"{word.replace(chr(34), chr(34) * 2)}",new{n}@evil.example,x\n' for n, word in enumerate(PAYLOADS)
    )
    file = {"name": "<img src=x onerror=__pwned=9>.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Look at it first").click()
    page.wait_for_url("**/import/preview/*")
    words = look(page, page.url)
    assert PAYLOADS[0] in words
    assert "onerror=__pwned=9" in words
    visitor.close()


def test_no_list_runs_what_it_lists(evil: Office) -> None:
    visitor = evil.visitor("nora@team.example")
    page = visitor.page()
    shown = {place: look(page, place) for place in ("/people", "/organisations")}
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
    page = visitor.page()
    for word in PAYLOADS[:4]:
        page.goto("/log")
        page.get_by_role("combobox", name="Who").press_sequentially(word[:20])
        option = page.locator(".suggestion-new")
        option.wait_for()
        option.click()
        page.get_by_label("In a line").fill(word)
        page.get_by_role("radio", name="Lunch").click()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text(f"Lunch with {word[:20]} logged.")
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
