"""What is open is the same everywhere: in the figures, on pages, by API, in the mail and for the form of the log."""

import re
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table

from crm.domain.principal import Principal
from crm.interactions import matters
from crm.interactions.matters import SORTS
from crm.interactions.queries import open_asks
from crm.interactions.timeline import open_matters
from crm.nudges.sending import into_folder
from crm.storage.database import new_id
from crm.storage.metrics import rows_of
from crm.storage.stored_metrics import scope_of
from crm.storage.tables import ask, promise
from crm.today.open_queries import Among, everything_open
from tests.builders import NOW, World, mark_stale
from tests.nudges.mailroom import member, only, postman
from tests.web.site import program

COURSES = [
    (began, ended)
    for began, ended in product((-2, 0, 1), (None, -1, 0, 1))
    if ended is None or ended >= began
]
"""Days from today at which something began and was settled; an import may bring any."""
OPEN = {f"{began} {ended}" for began, ended in COURSES if began <= 0 and ended in (None, 1)}


def write_down(world: World, table: Table, contact_id: int, text: str, **values: Any) -> None:
    with world.database.write() as connection:
        row = {
            "workspace_id": world.workspace_id,
            "id": new_id(connection),
            "contact_id": contact_id,
            "text": text,
        }
        connection.execute(table.insert(), {**row, **({"by": "us"} if table is promise else {}), **values})
        mark_stale(connection, world.workspace_id, [contact_id])


def in_every_state(world: World, contact_id: int) -> None:
    for table, since, until in ((ask, "opened_on", "closed_on"), (promise, "made_on", "kept_on")):
        for began, ended in COURSES:
            days = {since: world.today + timedelta(days=began)}
            days |= {} if ended is None else {until: world.today + timedelta(days=ended)}
            write_down(world, table, contact_id, f"{began} {ended}", **days)


@pytest.fixture
def alice(world: World) -> Principal:
    return world.user()


def test_everybody_agrees_on_what_is_open(world: World, alice: Principal) -> None:
    marta = world.contact(owner_id=alice.user_id)
    in_every_state(world, marta)
    with world.database.read() as connection:
        (figures,) = rows_of(connection, scope_of(connection, alice, NOW, [marta]))
        here = open_matters(connection, alice, marta, world.today)
        team = everything_open(connection, alice, world.today, Among())
        asks = open_asks(connection, alice, [marta], world.today)
    lists = (here.asks, here.promises, team.asks, team.promises, asks)
    assert [{one.text for one in found} for found in lists] == [OPEN] * 5
    assert (figures["open_asks"], figures["open_promises"], team.ask_number) == (len(OPEN),) * 3


def test_programs_ask_for_what_is_open_and_settle_it(world: World, alice: Principal) -> None:
    in_every_state(world, world.contact())
    every = {f"{began} {ended}" for began, ended in COURSES}
    for sort in ("asks", "promises"):
        for opened, texts in ((True, OPEN), (False, every - OPEN)):
            with world.database.read() as connection:
                page = matters.listed(connection, alice, SORTS[sort], opened=(opened, world.today))
            assert {row.text for row in page.rows} == texts
    caller = program(world, alice)
    assert caller.get("/api/v1/asks?open=true").status_code == 200
    with world.database.write() as connection:
        for row in matters.listed(connection, alice, SORTS["asks"], opened=(True, world.today)).rows:
            matters.settle(connection, alice, SORTS["asks"], row.id, NOW)
        assert matters.listed(connection, alice, SORTS["asks"], opened=(True, world.today)).rows == ()


def test_the_mail_names_open_promises_of_the_living(world: World, tmp_path: Path) -> None:
    principal = member(world)
    living, dead = (
        world.contact(name, owner_id=principal.user_id, deceased_on=day)
        for name, day in (("Jan Novák", None), ("Ruth Abernathy", world.today))
    )
    tomorrow = world.today + timedelta(days=1)
    for contact_id, text, kept in (
        (living, "Kept tomorrow", tomorrow),
        (living, "Kept", world.today),
        (dead, "Of the dead", None),
    ):
        days = {"made_on": world.today, "due": world.today, "kept_on": kept}
        write_down(world, promise, contact_id, text, **days)
    words = mail(world, tmp_path)
    assert set(re.findall("Kept tomorrow|Kept|Of the dead", words)) == {"Kept tomorrow"}


def test_all_in_touch_counts_the_living(world: World, tmp_path: Path) -> None:
    alice = world.user(nudge_minute=720, nudge_when_empty=True, created_at=NOW - timedelta(days=90))
    for name, day in (("Jan Novák", None), ("Ruth Abernathy", world.today)):
        world.log("lunch", 1, world.contact(name, owner_id=alice.user_id, deceased_on=day))
    assert "Your 1 key or regular person is in touch." in mail(world, tmp_path)


def mail(world: World, folder: Path) -> str:
    """The plain text of the one mail that is due."""
    only(postman(world.database, hand_over=into_folder(folder)).work())
    (path,) = folder.glob("*.eml")
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    part = message.get_body(("plain",))
    assert part is not None
    return " ".join(str(part.get_content()).split())
