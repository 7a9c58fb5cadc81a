"""A small office that comes in through the front door: three users, files for ``crm import``."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from crm.domain.principal import Principal
from crm.nudges.due import OtherTime, put_due
from crm.planning.journey_actions import add_trip
from crm.planning.journey_forms import TripForm
from crm.storage.database import Database
from crm.storage.tables import user
from tests.browser.product import PASSWORD, Product, add_user
from tests.builders import NOW

TODAY = date(2026, 11, 23)
UTC = ZoneInfo("UTC")
CALENDAR = """\
BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:quarter
DTSTART:20261110T150000Z
SUMMARY:Quarterly review
ATTENDEE;PARTSTAT=ACCEPTED:mailto:graham.pike@pike.example
END:VEVENT
END:VCALENDAR
"""
"""One past meeting, of which nobody knows how it was."""

PEOPLE = "name,email,organisation,title,kind,tier,owner,tags,city,country,time_zone,address,birthday,created_on,phone"
BOSTON = ("Boston", "US", "America/New_York")
ADDRESS = "12 Water Street\nBoston, MA 02109"


def ago(days: int) -> str:
    """The ISO date that many days before the Monday of the tests."""
    return (TODAY - timedelta(days=days)).isoformat()


def _person(name: str, organisation: str, title: str, kind: str = "partner", tier: str = "key") -> list[str]:
    email = (
        ".".join(name.casefold().split()) + "@" + organisation.split(maxsplit=1)[0].casefold() + ".example"
    )
    city, country, zone = BOSTON
    known = "2024-10-01"
    return [
        name, email, organisation, title, kind, tier, "nora@team.example", "rollout", city, country, zone,
        ADDRESS, "", known, "+1 617 555 0100",
    ]  # fmt: skip


MARTA = "Marta Kowalczyk"
"""Key partner: a visit long ago, and since then fourteen emails and three chats."""

FEATURED = (
    _person(MARTA, "Northgate Logistics", "VP Alliances"),
    _person("Elena Duarte", "Brightwater Clinics", "COO", "customer"),
    _person("Daniel Osei", "Fernhill Foods", "Head of Operations", "customer"),
    _person("Jürgen Haas", "Haas Systemtechnik", "Geschäftsführer"),
    _person("Priya Raman", "Cobalt Metering", "CTO", "vendor"),
    _person("Kwame Mensah", "Tidewater Data", "Founder", "vendor"),
    _person("Ruth Abernathy", "Lowell Libraries", "Director", "customer"),
    _person("Graham Pike", "Pike & Daughters", "Owner", "customer", "regular"),
)


def _crowd() -> Iterable[list[str]]:
    """Enough people for a second page."""
    given = ("Ana", "Ben", "Chloé", "Dov", "Emre", "Fay", "Goro", "Hana")
    family = ("Lind", "Okafor", "Novák", "Silva", "Tanaka", "Weiss", "Young")
    for one in given:
        for other in family:
            yield _person(f"{one} {other}", "Harbour Trust", "", "other", "none")


def _touches() -> Iterable[Sequence[str]]:
    for days in (228, 400, 520):
        yield (
            ago(days),
            "visit",
            MARTA,
            "Walked through the depot",
            "Her daughter was about to start at McGill.",
        )
    for number in range(14):
        yield ago(5 + 15 * number), "email", MARTA, f"Worcester rollout, part {number + 1}", ""
    for days in (20, 60, 110):
        yield ago(days), "chat", MARTA, "Single sign-on for shared tablets", ""
    for days in (1, 1, 2, 2, 3, 3, 4, 4, 5):
        yield ago(days), "email", "Elena Duarte", "The outage on ward four", ""
    for days in (150, 300):
        yield ago(days), "lunch", "Elena Duarte", "Lunch at the harbour", ""
    for days in (30, 70, 190, 330):
        yield ago(days), "email", "Daniel Osei", "Renewal terms", ""
    for days in (160, 340):
        yield ago(days), "meeting", "Daniel Osei", "Half-year review", ""
    for days in range(280, 500, 28):
        yield ago(days), "phone", "Jürgen Haas", "Monthly call", ""
    for number in range(31):
        yield ago(2 + 5 * number), "email", "Priya Raman", "Meter firmware", ""
    for days in (10, 50, 100):
        yield ago(days), "lunch", "Graham Pike", "The usual table", ""
    for days in (100, 200):
        yield ago(days), "lunch", "Ruth Abernathy", "About her retirement", ""


def fill_office(product: Product) -> None:
    """Nora the admin who looks after everybody, Vera who only reads, and Olive the member with nobody."""
    team = (
        add_user("nora@team.example", "Nora Lindqvist", "admin"),
        add_user("vera@team.example", "Vera Stone", "viewer"),
        add_user("olive@team.example", "Olive Finch", "member"),
    )
    files = {
        "contacts.csv": [PEOPLE.split(","), *FEATURED, *_crowd()],
        "interactions.csv": [
            ["occurred_at", "channel", "contacts", "summary", "note", "users"],
            *([*row, "nora@team.example"] for row in _touches()),
        ],
        "promises.csv": [
            ["contact", "by", "text", "due", "made_on"],
            [MARTA, "us", "Introduce Kwame to Theo", ago(35), ago(42)],
        ],
        "asks.csv": [
            ["contact", "text", "due", "opened_on"],
            ["Graham Pike", "Ask for a reference call", "2026-12-20", ago(3)],
        ],
        "signals.csv": [
            ["contact", "type", "text", "heard_on"],
            [MARTA, "pain_point", "Shared tablets, shared passwords", ago(21)],
        ],
        "favours.csv": [["contact", "text", "on"], [MARTA, "Introduced us to Fernhill", ago(300)]],
        "dates.csv": [
            ["contact", "kind", "date", "label"],
            ["Ruth Abernathy", "birthday", "--12-02", ""],
        ],
    }
    paths = [str(write_table(product.folder / name, rows)) for name, rows in files.items()]
    calendar = product.folder / "work.ics"
    calendar.write_text(CALENDAR, encoding="utf-8")
    product.run(*team, ("import", *paths), ("import", str(calendar)), typed=f"{PASSWORD}\n" * len(team))
    _plan_a_trip(product)


def _plan_a_trip(product: Product) -> None:
    """Nora goes to Chicago in four weeks, and the week's mails wait."""
    database = Database(f"sqlite:///{product.folder / 'in-person.sqlite3'}")
    with database.write() as connection:
        nora = connection.execute(select(user).where(user.c.email == "nora@team.example")).one()
        principal = Principal(nora.workspace_id, nora.id, nora.role, UTC, UTC)
        days = {"first_day": TODAY + timedelta(days=28), "last_day": TODAY + timedelta(days=30)}
        add_trip(connection, principal, TripForm(city="Chicago", country="US", **days), NOW)
    put_due(database, "team.example", NOW, other=OtherTime())
    database.close()


def write_table(path: Path, rows: Iterable[Sequence[str]]) -> Path:
    """A CSV file; returns its path."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path
