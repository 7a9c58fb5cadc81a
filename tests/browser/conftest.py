"""A real server, a real Chromium, and a watch on every page.

The browser is ``CRM_CHROMIUM``, or Debian's, or the one Playwright brings. Nobody signs in twice: the session's cookies
are kept, and each test opens fresh contexts with them.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.product import PASSWORD, Product, Served, served
from tests.browser.watching import Watch
from tests.browser.worlds import fill_office

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
)
LAG = float(os.environ.get("CRM_TEST_LAG", "0"))
"""So many milliseconds each answer is late: shows tests that look before a page is there."""
DESKTOP = (1280, 900)
PHONE = (390, 844)


def installed() -> str | None:
    """The browser that is named, or the system's; None leaves it to Playwright's own."""
    return (
        os.environ.get("CRM_CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
    )


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Which browser, without a sandbox (the tests may run as root), and without calls home."""
    path = installed()
    return {
        **browser_type_launch_args,
        "chromium_sandbox": False,
        "args": list(FLAGS),
        **({"executable_path": path} if path else {}),
    }


def slow_down(page: Page) -> None:
    """As from far away."""
    session = page.context.new_cdp_session(page)
    late = {"offline": False, "latency": LAG, "downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditions", late)


@dataclass
class Visitor:
    """Somebody with a browser at one server. Each window is watched; ``close`` says what went wrong in any."""

    browser: Browser
    place: Served
    cookies: Any = None
    _windows: list[tuple[Any, Watch]] = field(default_factory=list)

    def window(
        self, size: tuple[int, int] = DESKTOP, *, dark: bool = False, scripts: bool = True, **more: Any
    ) -> tuple[Page, Watch]:
        """A fresh window, signed in if the visitor is."""
        more.setdefault("service_workers", "block")  # only tests about being offline need one
        context = self.browser.new_context(
            base_url=self.place.url,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            reduced_motion="reduce",
            storage_state=self.cookies,
            **more,
        )
        context.set_default_timeout(60_000)
        watch = Watch(context, self.place.url)
        self._windows.append((context, watch))
        page = context.new_page()
        if LAG:
            slow_down(page)
        return page, watch

    def page(self, size: tuple[int, int] = DESKTOP, **more: Any) -> Page:
        """The same, for tests that expect no refusal."""
        return self.window(size, **more)[0]

    def close(self) -> None:
        """Close every window; whatever went wrong fails the test."""
        for context, _ in self._windows:
            context.close()
        self.answer()
        self._windows.clear()

    def answer(self) -> None:
        """Whatever went wrong since it was last asked fails the test."""
        faults = [fault for _, watch in self._windows for fault in watch.faults]
        for _, watch in self._windows:
            watch.faults.clear()
        assert not faults, "\n".join(dict.fromkeys(faults))


def sign_in(page: Page, email: str) -> None:
    """Through the form, as everybody does."""
    page.goto("/sign-in")
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/")


@dataclass
class Office:
    """A filled workspace that is served, and the cookies of those who signed in."""

    place: Served
    browser: Browser
    product: Product
    cookies: dict[str, Any] = field(default_factory=dict)

    def visitor(self, email: str) -> Visitor:
        """Somebody who is signed in."""
        if email not in self.cookies:
            newcomer = Visitor(self.browser, self.place)
            page = newcomer.page()
            sign_in(page, email)
            self.cookies[email] = page.context.storage_state()
            newcomer.close()
        return Visitor(self.browser, self.place, self.cookies[email])


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of a filled installation that nobody serves; copy it. All workers of a run share it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "office"
    with (folder.parent / "office.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            folder.mkdir()
            fill_office(Product(folder))
    return folder


def copied(filled: Path, folder: Path) -> Product:
    """An installation with the same data."""
    shutil.copytree(filled, folder, dirs_exist_ok=True)
    return Product(folder)


@pytest.fixture(scope="session")
def office(filled: Path, tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Office]:
    """A filled workspace for tests that only look."""
    product = copied(filled, tmp_path_factory.mktemp("looked-at"))
    with served(product) as place:
        yield Office(place, browser, product)


@pytest.fixture
def own_office(filled: Path, tmp_path: Path, browser: Browser) -> Iterator[Office]:
    """A filled workspace for one test that changes it."""
    product = copied(filled, tmp_path)
    with served(product) as place:
        yield Office(place, browser, product)


Come = Callable[..., Visitor]


@pytest.fixture
def visit(office: Office) -> Iterator[Come]:
    """Call it for somebody signed in at the filled workspace: ``visit("nora@team.example")``."""
    yield from visits(office)


@pytest.fixture
def change(own_office: Office) -> Iterator[Come]:
    """The same at a workspace of the test's own."""
    yield from visits(own_office)


def visits(office: Office) -> Iterator[Come]:
    """Who comes to an office; all are asked at the end what went wrong."""
    come: list[Visitor] = []

    def visit(email: str = "nora@team.example") -> Visitor:
        come.append(office.visitor(email))
        return come[-1]

    yield visit
    for one in come:
        one.close()


@pytest.fixture(scope="session")
def regulars(office: Office) -> Iterator[dict[str, tuple[Visitor, Page]]]:
    """Visitors whose one window stays open from page to page: scripts, styles and fonts are fetched once."""
    known: dict[str, tuple[Visitor, Page]] = {}
    yield known
    for visitor, _ in known.values():
        visitor.close()


Look = Callable[..., Page]


@pytest.fixture
def look(office: Office, regulars: dict[str, tuple[Visitor, Page]]) -> Iterator[Look]:
    """Call it for a page of the filled workspace, as it stands on a desktop: ``look("/people")``."""
    seen: list[Visitor] = []

    def look(place: str, email: str = "nora@team.example") -> Page:
        if email not in regulars:
            visitor = office.visitor(email)
            regulars[email] = (visitor, visitor.page())
        visitor, page = regulars[email]
        seen.append(visitor)
        page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
        page.goto(place)
        return page

    yield look
    for visitor in seen:
        visitor.answer()


@pytest.fixture
def newcomer(tmp_path: Path, browser: Browser) -> Iterator[Visitor]:
    """Somebody at an installation with nothing in it, not even an admin."""
    with served(Product(tmp_path)) as place:
        visitor = Visitor(browser, place)
        yield visitor
        visitor.close()
