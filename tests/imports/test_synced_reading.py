"""Sources of the team are read by the clock: once an hour, once a day where only a person mends what is wrong, or when asked."""

import signal
import socket
import subprocess
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from sqlalchemy import select

from crm.domain.synced import GOOD, SYNCED
from crm.imports import reading, synced, synced_kinds
from crm.imports.busy_fetch import Source
from crm.imports.reading import Given, Reading, read_all
from crm.imports.report import FileReport
from crm.imports.synced_kinds import Fetched
from crm.imports.synced_reading import is_any_due, read, read_due
from crm.outgoing.wire import Network
from crm.storage.tables import contact, interaction, synced_source
from tests.builders import World
from tests.imports.files import bring, rows
from tests.outgoing.servers import saying, serving
from tests.web.site import client, settings

CARD = b"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:ada\r\nFN:Ada Byron\r\nEND:VCARD\r\n"


def keep(world: World) -> None:
    with world.database.write() as connection:
        source = Source("carddav", "https://dav.example/alice/", "alice", "secret")
        synced.add(connection, world.principal, settings().key, "Phones", source, world.now)


def tick(world: World, at: datetime, got: Fetched) -> int:
    with patch.dict(synced_kinds.KINDS, {"carddav": lambda *asked: got}):
        return read_due(world.database, settings(), Network(frozenset()), lambda: at, lambda: True)


def test_a_source_is_read_when_it_is_due_and_once(world: World) -> None:
    keep(world)
    good, refused = Fetched(GOOD, CARD), Fetched("password")
    hours = [(0, good, 1), (0.1, good, 0), (1.1, refused, 1), (3, good, 0), (26, good, 1), (26.5, good, 0)]
    read = [(after, got, tick(world, world.now + timedelta(hours=after), got)) for after, got, _ in hours]
    assert read == hours
    assert [row.name for row in rows(world, contact)] == ["Ada Byron"]
    assert tick(world, world.now + timedelta(hours=28), Fetched(GOOD, CARD, more=False)) == 1


def test_an_admin_sees_how_it_stands_and_has_it_read_now(world: World) -> None:
    keep(world)
    tick(world, world.now, Fetched("password"))
    page = client(world, world.user("Bob", role="member")).get("/import").text
    assert "Read now" not in page
    browser = client(world, world.user("Ada"))
    page = browser.get("/import").text
    assert unescape(SYNCED["password"].format(host="dav.example")) in unescape(page)
    (source_id,) = [row.id for row in rows(world, synced_source)]
    assert f'action="/import/sources/{source_id}/read"' in page
    assert browser.post(f"/import/sources/{source_id + 1}/read").status_code == 404
    with world.database.read() as connection:
        assert not is_any_due(connection, world.now)
    browser.post(f"/import/sources/{source_id}/read")
    with world.database.read() as connection:
        assert is_any_due(connection, world.now)
        assert connection.execute(select(synced_source.c.state)).scalar_one() == "password"


EVENT = (
    "BEGIN:VEVENT\r\nUID:{name}\r\nDTSTAMP:{stamp:%Y%m%dT%H%M%SZ}\r\nDTSTART:{at:%Y%m%dT%H%M%SZ}\r\n{more}"
    "SUMMARY:{name}\r\nORGANIZER:mailto:alice@team.example\r\nATTENDEE:mailto:{who}\r\nEND:VEVENT\r\n"
)


def test_a_calendar_that_is_the_same_is_not_looked_through_again_but_for_what_has_begun(world: World) -> None:
    """Servers that know no versions: only when the calendar was written out differs from one answer to the next."""
    world.user("Alice", email="alice@team.example")
    bring(world, "name,email\nMarta,marta@x.example\n")
    old, soon, clock = world.now - timedelta(days=90), world.now + timedelta(hours=1.5), [world.now]
    events = [
        ("Old lunch", "marta@x.example", old, ""),
        ("Weekly call", "marta@x.example", old + timedelta(hours=2), "RRULE:FREQ=DAILY;COUNT=3\r\n"),
        ("Old visit", "new@x.example", old, ""),
        ("Lunch today", "marta@x.example", soon, ""),
    ]

    def talk(connection: socket.socket, head: bytes) -> None:
        body = "".join(
            EVENT.format(name=name, who=who, at=at, more=more, stamp=clock[0])
            for name, who, at, more in events
        )
        calendar = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{body}END:VCALENDAR\r\n"
        saying("200 OK", calendar.encode())(connection, head)

    with serving(talk) as server:
        host = f"127.0.0.1:{server.port}"

        def looked(hours: float) -> tuple[int, int]:
            """How many interactions are new, and how many were looked at and are as they were."""
            clock[0] = at = world.now + timedelta(hours=hours)
            key = settings().key
            with world.database.read() as connection:
                (one,) = synced.kept(connection, world.principal, key)
            got, report = read(world.database, world.principal, one, Network({host}), at)
            assert got.state == GOOD
            assert report is not None
            return report.new["interactions"], report.unchanged["interactions"]

        with world.database.write() as connection:
            source = Source("ics", f"http://{host}/secret.ics")
            synced.add(connection, world.principal, settings().key, "Alice", source, world.now)
        assert looked(0) == (4, 0)
        assert looked(1) == (0, 0)
        assert looked(2) == (1, 0)
        bring(world, "name,email\nNew,new@x.example\n")
        assert looked(3) == (0, 1)
        assert looked(25) == (1, 5)
        events.append(("Old call", "marta@x.example", old, ""))
        assert looked(26) == (1, 6)
    assert len(rows(world, interaction)) == 7


def mails(name: str, uid: int) -> Fetched:
    written = (
        f"From: marta@x.example\nTo: alice@team.example\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n\n{name}\n"
    )
    content = f"From x Mon Nov  2 10:00:00 2026\nMessage-ID: <{name}@x>\n{written}".encode()
    return Fetched(GOOD, content, "mail", {"INBOX": [1, uid]}, log_mailbox="alice@team.example")


def stood(world: World) -> tuple[str, object, bool]:
    (row,) = rows(world, synced_source)
    return row.state, dict(row.seen), row.read_at is not None


def failing(returncode: int) -> Any:
    def ended(*order: object, **how: object) -> None:
        raise subprocess.CalledProcessError(returncode, "reader")

    return patch("crm.imports.reading.subprocess.run", ended)


def test_what_was_not_gone_through_is_fetched_again(world: World) -> None:
    """Nothing that a reader did not come to the end of counts as read, however often it was stopped."""
    keep(world)
    world.user("Alice", email="alice@team.example")
    bring(world, "name,email\nMarta,marta@x.example\n")
    for hours in (0, 2):
        with failing(-signal.SIGTERM):
            assert tick(world, world.now + timedelta(hours=hours), mails("one", 7)) == 1
        assert stood(world) == ("interrupted", {}, False)
    with failing(-signal.SIGXCPU):
        tick(world, world.now + timedelta(hours=4), mails("one", 7))
    assert stood(world) == ("unreadable", {}, False)
    page = client(world, world.user("Ada")).get("/import/sources").text
    assert "could not be understood" in page
    tick(world, world.now + timedelta(hours=6), mails("one", 7))
    assert stood(world) == (GOOD, {"INBOX": [1, 7]}, True)
    assert len(rows(world, interaction)) == 1


def test_mails_that_fail_twice_are_passed_over_and_that_stays_said(world: World) -> None:
    keep(world)
    for hours in (0, 2):
        with failing(-signal.SIGXCPU):
            tick(world, world.now + timedelta(hours=hours), mails("one", 7))
    assert stood(world) == ("passed_over", {"INBOX": [1, 7]}, False)
    tick(world, world.now + timedelta(hours=4), mails("two", 8))
    assert stood(world) == ("passed_over", {"INBOX": [1, 8]}, True)
    with world.database.write() as connection:
        connection.execute(synced_source.update().values(seen={}))
    tick(world, world.now + timedelta(hours=6), mails("one", 8))
    assert stood(world)[0] == GOOD


def test_a_reader_whom_a_signal_ended_met_no_limit(world: World) -> None:
    for returncode, said in (
        (-signal.SIGTERM, reading.INTERRUPTED),
        (-signal.SIGKILL, reading.INTERRUPTED),
        (-signal.SIGXCPU, reading.TOO_MUCH),
        (1, reading.TOO_MUCH),
    ):
        with failing(returncode):
            found = read_all(
                [Given("a.vcf", b"BEGIN:VCARD\r\n")], Reading(ZoneInfo("Europe/Berlin"), world.now, ())
            )
        assert isinstance(found[0], FileReport)
        assert [one.message for one in found[0].errors] == [said]
