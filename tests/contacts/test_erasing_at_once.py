"""Somebody is erased beside everybody's work: what all work on is locked at the very end, and nobody waits in a ring."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from crm.contacts import erasing
from crm.domain.blanking import BLANK
from crm.errors import NotFound
from crm.interactions.actions import Entry, log_interaction
from crm.nudges.outbox import Claim, settle
from crm.storage import mentions
from crm.storage.database import Database
from crm.storage.tables import contact, outbox
from crm.web import idempotency
from crm.web.idempotency import Once
from tests.accounts.test_at_once import A_WHILE
from tests.builders import World
from tests.contacts.test_erasing import Crowd, erased, naming

NEXT_DAYS = timedelta(days=2)
"""After so long an answer that was kept for a program is to go."""
postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def before_the_look_through_texts(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Any]) -> None:
    """The slow part of the first erasing begins when this has happened."""
    first = threading.Lock()

    def meanwhile(*asked: Any) -> Any:
        if first.acquire(blocking=False):
            happens()
        return mentions.take_out(*asked)

    monkeypatch.setattr(erasing, "take_out", meanwhile)


def digest_of(crowd: Crowd) -> Claim:
    """The right to say what became of the digest, which is on its way."""
    now = crowd.world.now
    with crowd.world.database.read() as connection:
        row = connection.execute(select(outbox).where(outbox.c.purpose == "digest")).one()
    own = (row.workspace_id, row.id, row.user_id, row.purpose, row.week, row.message_id)
    return Claim(*own, due_at=row.due_at, fence=row.fence, attempts=1, until=now)


@postgresql
def test_mails_are_handed_over_and_programs_answered_while_texts_are_looked_through(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = Crowd(database)
    claim, later = digest_of(crowd), crowd.world.now + NEXT_DAYS

    def work() -> None:
        assert settle(database, claim, "sent", "250 ok", crowd.world.now)
        with database.write() as connection:
            idempotency.forget_old(connection, later)
            assert Once.of(crowd.colleague, "4711", "POST", "/api/v1/asks").begin(connection, later) is None

    before_the_look_through_texts(monkeypatch, work)
    erased(crowd)
    assert naming(crowd.world) == set()


@postgresql
def test_a_program_that_logs_something_with_them_meanwhile_is_told_that_they_are_gone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd, has_them = Crowd(database), threading.Event()
    later = crowd.world.now + NEXT_DAYS
    before_the_look_through_texts(monkeypatch, has_them.set)
    with ThreadPoolExecutor(1) as pool:
        with database.write() as connection:
            once = Once.of(crowd.colleague, "4711", "POST", "/api/v1/interactions")
            assert once.begin(connection, later) is None
            erasing_them = pool.submit(erased, crowd)
            has_them.wait(5)
            entry = Entry(crowd.world.now, "phone", (crowd.gone,))
            with pytest.raises(NotFound):
                log_interaction(connection, crowd.colleague, entry, later)
        erasing_them.result(20)
    assert naming(crowd.world) == set()


@postgresql
def test_two_whose_notes_name_each_other_are_erased_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World.create(database)
    ana = world.contact("Ana Quill", notes="A friend of Ben Stone")
    ben = world.contact("Ben Stone", notes="A friend of Ana Quill")
    stays = world.contact("Marta Kowalczyk", notes="Knows Ana Quill and Ben Stone")

    def erase(contact_id: int) -> None:
        with database.write() as connection:
            erasing.erase(connection, world.principal, contact_id, world.now)

    with ThreadPoolExecutor(1) as pool:
        other: list[Future[None]] = []

        def begin_the_other() -> None:
            other.append(pool.submit(erase, ben))
            threading.Event().wait(A_WHILE)

        before_the_look_through_texts(monkeypatch, begin_the_other)
        erase(ana)
        other[0].result(20)
    with database.read() as connection:
        left = connection.execute(select(contact.c.id, contact.c.notes)).all()
    assert left == [(stays, f"Knows {BLANK} and {BLANK}")]
