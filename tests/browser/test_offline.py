"""Without a network: what was logged is kept on the device and sent later, once; nothing of anybody is cached.

The cable to the server is really pulled, so the browser and the service worker see what they would see in a tunnel.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import create_engine, select

from crm.storage.tables import interaction, session
from tests.browser.auditing import complaints
from tests.browser.cable import Cable, cable
from tests.browser.conftest import PHONE, Office, Visitor, copied, sign_in
from tests.browser.product import Served, served
from tests.browser.watching import Watch
from tests.browser.worlds import MARTA

READY = "navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller !== null)"
CACHED = """async () => {
  const texts = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const path = new URL(request.url).pathname;
      texts.push([path, path.startsWith("/static/") ? "" : await (await cache.match(request)).text()]);
    }
  }
  return texts;
}"""
KEPT = """() => new Promise((resolve) => {
  const asked = indexedDB.open("in-person", 1);
  asked.onsuccess = () => {
    const all = asked.result.transaction("entries").objectStore("entries").getAll();
    all.onsuccess = () => resolve(all.result.length);
  };
})"""

A_DAY_LATER = """() => new Promise((resolve) => {
  const asked = indexedDB.open("in-person", 1);
  asked.onsuccess = () => {
    const work = asked.result.transaction("entries", "readwrite");
    const all = work.objectStore("entries").getAll();
    const before = new Date(Date.now() - 25 * 3600000).toISOString();
    all.onsuccess = () => all.result.forEach((one) => work.objectStore("entries").put({ ...one, saved_at: before }));
    work.oncomplete = resolve;
  };
})"""


@dataclass
class Device:
    """A phone at the end of a cable, and the log on the server."""

    page: Page
    watch: Watch
    cable: Cable
    folder: Path

    def logged(self) -> list[str | None]:
        """The summaries of what was logged by the form, oldest first."""
        engine = create_engine(f"sqlite:///{self.folder / 'in-person.sqlite3'}")
        with engine.connect() as connection:
            by_form = interaction.c.source_id.startswith("once:")
            found = list(
                connection.execute(
                    select(interaction.c.summary).where(by_form).order_by(interaction.c.id)
                ).scalars()
            )
        engine.dispose()
        return found

    def end_sessions(self) -> None:
        """As if thirty days had gone by."""
        engine = create_engine(f"sqlite:///{self.folder / 'in-person.sqlite3'}")
        with engine.begin() as connection:
            connection.execute(session.delete())
        engine.dispose()

    def log(self, who: str, summary: str) -> None:
        """On the form that is open."""
        self.page.locator("#who").fill(who)
        self.page.get_by_role("radio", name="Lunch").check()
        self.page.get_by_label("In a line").fill(summary)
        self.page.get_by_role("button", name="Save", exact=True).locator("visible=true").last.click()

    def entry(self, words: str) -> Locator:
        """A row of what is kept here."""
        return (
            self.page.get_by_role("list", name="Kept on this device")
            .get_by_role("listitem")
            .filter(has_text=words)
        )


@pytest.fixture
def device(filled: Path, tmp_path: Path, browser: Browser) -> Iterator[Device]:
    product = copied(filled, tmp_path)
    with served(product) as place, cable(place.url) as carried:
        office = Office(Served(carried.url, None), browser, product)
        visitor: Visitor = office.visitor("nora@team.example")
        page, watch = visitor.window(PHONE, service_workers="allow")
        page.goto("/")
        page.wait_for_function(READY)
        yield Device(page, watch, carried, tmp_path)
        visitor.close()


def test_what_is_logged_without_a_network_is_sent_later_once(device: Device) -> None:
    page = device.page
    page.goto("/log")
    with device.watch.cut():
        device.cable.set("cut")
        device.log(MARTA, "in a tunnel")
        expect(device.entry(MARTA)).to_contain_text("Waiting")
        page.goto("/people")
        expect(page.get_by_text("This page needs a connection, and there is none.")).to_be_visible()
        assert complaints(page) == []
        device.log(MARTA, "out of a tunnel")
        expect(page.get_by_role("listitem").filter(has_text="Waiting")).to_have_count(2)
        other = page.context.new_page()
        other.goto("/log/kept")
        device.cable.set("answers lost")
        for one in (page, other):
            one.evaluate("dispatchEvent(new Event('online'))")
        while not device.cable.lost:
            page.wait_for_timeout(20)
        device.cable.set("plugged")
        for one in (page, other):
            one.evaluate("dispatchEvent(new Event('online'))")
        for one in (page, other):
            expect(one.get_by_role("listitem").filter(has_text="Saved")).to_have_count(2)
    assert sorted(map(str, device.logged())) == ["in a tunnel", "out of a tunnel"]
    page.locator("[data-kept-off]").first.click()
    expect(page.get_by_role("listitem").filter(has_text="Saved")).to_have_count(1)
    page.evaluate(A_DAY_LATER)
    page.reload()
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    assert page.evaluate(KEPT) == 0
    cached = page.evaluate(CACHED)
    assert [path for path, text in cached if text] == ["/log/kept"]
    assert not any(word in text for _, text in cached for word in ("Nora", "Marta", "team.example"))


def test_a_line_a_namesake_and_an_ended_session_are_said_and_mended_and_signing_out_asks(
    device: Device,
) -> None:
    page = device.page
    with device.watch.cut():
        device.cable.set("cut")
        page.get_by_label("Log in one line").get_by_role("textbox").fill(f"rang {MARTA} yesterday, she signs")
        page.keyboard.press("Enter")
        expect(device.entry("she signs")).to_contain_text("Waiting")
        device.log("Nobody Known", "a stranger")
        expect(device.entry("Nobody Known")).to_contain_text("Waiting")
        device.end_sessions()
        with device.watch.expecting(401, 422):
            device.cable.set("plugged")
            page.evaluate("dispatchEvent(new Event('online'))")
            device.entry("she signs").get_by_role("link", name="Sign in to send it").click()
            page.get_by_label("Email", exact=True).wait_for()
            sign_in(page, "nora@team.example")
            expect(page.locator("#offline")).to_contain_text("2 entries on this device need a word from you.")
            page.get_by_role("link", name="See them").click()
            device.entry("Nobody Known").get_by_role("button", name="Look at it").click()
            page.get_by_label("Add “Nobody Known” as a new person").check()
            page.get_by_role("button", name="Save", exact=True).locator("visible=true").last.click()
            expect(page.get_by_role("status").filter(has_text="logged")).to_be_visible()
    page.goto("/log/kept")
    expect(device.entry("Nobody Known")).to_contain_text("Saved")
    assert device.logged() == ["a stranger"]

    page.goto("/")
    page.locator("[aria-label$='your account']").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_text("One entry on this device is not saved yet.")).to_be_visible()
    assert complaints(page) == []
    page.get_by_role("button", name="Stay").click()
    page.goto("/log/kept")
    device.entry("she signs").get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("checkbox", name=f"{MARTA}, chosen")).to_be_checked()
    page.goto("/")
    page.locator("[aria-label$='your account']").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign out and lose it").click()
    expect(page.get_by_label("Password")).to_be_visible()
    assert page.evaluate(KEPT) == 0


def test_going_back_shows_the_earlier_page_and_neither_keeps_nor_saves_anything_again(device: Device) -> None:
    page = device.page
    with device.watch.expecting(422):
        page.get_by_label("Log in one line").get_by_role("textbox").fill(f"call with {MARTA}, quick check")
        page.keyboard.press("Enter")
        _save(page)
        expect(page.get_by_role("status").filter(has_text="logged")).to_be_visible()
        page.go_back()
        expect(page.get_by_text("You already logged this")).to_be_visible()
        _save(page)
        expect(
            page.get_by_role("status").filter(has_text="This was already saved, and only once.")
        ).to_be_visible()

        page.goto("/people/new")
        page.get_by_label("Name", exact=True).fill("Edith Novak")
        page.locator("#email_value").fill("no address")
        _save(page)
        expect(page.locator("#email_value-error")).to_be_visible()
        page.locator("#email_value").fill("edith@novak.example")
        _save(page)
        expect(page.get_by_role("heading", name="Edith Novak")).to_be_visible()
        page.go_back()
        expect(page.get_by_role("heading", name="Add a person")).to_be_visible()

        page.goto("/rules/screen_only")
        page.get_by_role("button", name="Try it on the past year").click()
        expect(page.get_by_role("button", name="Try it again")).to_be_visible()
        page.goto("/people")
        page.go_back()
        expect(page.get_by_role("heading", name="If it had run for the past year")).to_be_visible()
        expect(page.get_by_text("connection")).to_have_count(0)
        page.goto("/people?q=Edith")
        expect(page.get_by_role("link", name="Edith Novak")).to_have_count(1)
    assert page.evaluate(KEPT) == 0
    assert device.logged() == ["quick check"]


def _save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).locator("visible=true").last.click()
