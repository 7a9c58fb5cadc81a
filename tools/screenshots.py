"""Take the pictures of the documentation: ``./dev shots``. The demo on a fixed Monday, in Chromium, into docs/images.

The weekly mail and the team digest are the demo's own, as ``crm nudge --eml-dir`` writes them.
"""

import sys
import tempfile
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from crm.demo.cast import TEAM  # noqa: E402
from crm.demo.filling import PASSWORD  # noqa: E402
from crm.storage.database import Database  # noqa: E402
from crm.storage.tables import user  # noqa: E402
from tests.browser.conftest import FLAGS, installed  # noqa: E402
from tests.browser.product import Product, served  # noqa: E402
from tools.mails import as_text  # noqa: E402

AFTER_THE_MAIL = "2026-11-23T14:30:00+00:00"
"""Half past nine in Boston, on a Monday."""

IMAGES = ROOT / "docs" / "images"


@dataclass(frozen=True)
class Picture:
    """One picture: where, how large, and what to press first. ``whole``: as long as the page is."""

    name: str
    path: str
    press: str | None = None
    width: int = 1280
    height: int = 900
    dark: bool = False
    whole: bool = False


PICTURES = (
    Picture("this-week", "/", whole=True),
    Picture("this-week-dark", "/", dark=True, whole=True),
    Picture("this-week-phone", "/", width=390, height=844),
    Picture("health", "/health", height=1280),
    Picture("health-phone", "/health", width=390, height=844),
    Picture("contact", "/people?q=Marta", press="Marta Kowalczyk", height=1180),
    Picture("people", "/people"),
    Picture("organisation", "/organisations?q=Northgate", press="Northgate Logistics"),
    Picture("log", "/log"),
    Picture("log-phone", "/log", width=390, height=844),
    Picture("rules", "/rules"),
    Picture("signals", "/signals"),
    Picture("heartbeat", "/team/heartbeat"),
    Picture("import", "/import"),
)


MAIL_DUE = "2026-11-23T13:05:00+00:00"
"""Monday morning where the demo's first user is."""


@dataclass(frozen=True)
class MailPicture(Picture):
    """A mail as a mail program shows it; ``path`` is the purpose, ``plain`` its text twin."""

    width: int = 700
    whole: bool = True
    plain: bool = False


MAILS = (
    MailPicture("mail", "nudge"),
    MailPicture("mail-dark", "nudge", dark=True),
    MailPicture("mail-phone", "nudge", width=390),
    MailPicture("mail-phone-dark", "nudge", width=390, dark=True),
    MailPicture("mail-text", "nudge", plain=True),
    MailPicture("mail-digest", "digest"),
)


def main() -> None:
    """All pictures, or those whose names are given."""
    wanted = [one for one in PICTURES if not sys.argv[1:] or one.name in sys.argv[1:]]
    letters = [one for one in MAILS if not sys.argv[1:] or one.name in sys.argv[1:]]
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        product = Product(Path(folder), AFTER_THE_MAIL)
        product.run(["demo"])
        found = installed()
        browser = playwright.chromium.launch(executable_path=found, chromium_sandbox=False, args=list(FLAGS))
        if letters:
            take_mails(browser, product, letters)
        with served(product) as place:
            state = sign_in(browser, place.url)
            for picture in wanted:
                context = window(browser, place.url, picture, state)
                take(context, picture)
                context.close()
        browser.close()


def take_mails(browser: Browser, product: Product, pictures: list[MailPicture]) -> None:
    """The mails of the demo's first user, who wants the digest too."""
    folder = product.folder / "mails"
    ask_for_the_digest(product)
    product.run(["nudge", "--user", TEAM[0].email, "--eml-dir", str(folder), "--as-of", MAIL_DUE])
    mails = {}
    for path in folder.glob("*.eml"):
        message = message_from_bytes(path.read_bytes(), policy=default)
        assert isinstance(message, EmailMessage)
        mails["digest" if path.stem.endswith("digest") else "nudge"] = message
    for picture in pictures:
        part = mails[picture.path].get_body(("plain" if picture.plain else "html",))
        assert part is not None
        words = str(part.get_content())
        context = window(browser, "about:blank", picture)
        page = context.new_page()
        page.set_content(as_text(words) if picture.plain else words)
        page.screenshot(path=IMAGES / f"{picture.name}.png", full_page=True)
        print(f"docs/images/{picture.name}.png")
        context.close()


def ask_for_the_digest(product: Product) -> None:
    """As by the switch in the settings."""
    database = Database(f"sqlite:///{product.folder / 'in-person.sqlite3'}")
    with database.write() as connection:
        connection.execute(user.update().where(user.c.email == TEAM[0].email).values(digest_on=True))
    database.close()


def window(browser: Browser, url: str, picture: Picture, state: object = None) -> BrowserContext:
    """A window of the picture's size and colours, signed in."""
    return browser.new_context(
        base_url=url,
        viewport={"width": picture.width, "height": picture.height},
        device_scale_factor=2 if picture.width < 600 else 1,
        color_scheme="dark" if picture.dark else "light",
        reduced_motion="reduce",
        storage_state=state,
    )


def sign_in(browser: Browser, url: str) -> object:
    """Cookies of the demo's first user."""
    context = window(browser, url, Picture("", "/sign-in"))
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Email", exact=True).fill(TEAM[0].email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/")
    state = context.storage_state()
    context.close()
    return state


def take(context: BrowserContext, picture: Picture) -> None:
    """Go there and take it."""
    page = context.new_page()
    answer = page.goto(picture.path)
    if answer is None or not answer.ok:
        print(
            f"{picture.name}: {picture.path} answers {answer and answer.status}, no picture", file=sys.stderr
        )
        return
    if picture.press:
        page.get_by_role("link", name=picture.press).first.click()
        page.wait_for_load_state()
    page.evaluate("document.fonts.ready")
    page.screenshot(path=IMAGES / f"{picture.name}.png", full_page=picture.whole, animations="disabled")
    print(f"docs/images/{picture.name}.png")


if __name__ == "__main__":
    main()
