"""A user's own calendar: connected, read from a real server, kept without titles, and gone when it is ended."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from crm import clock
from crm.accounts.actions import deactivate
from crm.domain.own_calendar import SENTENCES
from crm.domain.principal import Principal
from crm.imports import busy_fetch, busy_reader, calendar_pages, own_calendars, own_readings
from crm.imports.apart import TooMuch
from crm.imports.busy import Busy, Wanted
from crm.imports.busy_fetch import Source
from crm.jobs import Clockwork
from crm.outgoing.wire import Network
from crm.storage.tables import busy, calendar_stay, own_calendar, trip
from tests.builders import NOW, World
from tests.outgoing.servers import Server, saying, serving
from tests.web.site import client, settings
from tests.web.test_access import everything

HERE = "/settings/own-calendar"
SECRET = "s3cr3t-w0rd"


def entry(at: datetime, title: str = "Dentist", uid: str = "1") -> str:
    at = at.replace(microsecond=0)
    return f"BEGIN:VEVENT\r\nUID:{uid}\r\nSUMMARY:{title}\r\nDTSTART:{at:%Y%m%dT%H%M%SZ}\r\nDURATION:PT1H\r\nEND:VEVENT"


def calendar(*entries: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *entries, "END:VCALENDAR", ""]).encode()


@dataclass
class Feed:
    """A server that somebody's calendar lies on."""

    server: Server
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/{SECRET}/basic.ics"

    @property
    def named(self) -> str:
        return f"127.0.0.1:{self.server.port}"


@contextlib.contextmanager
def lying(**first: Any) -> Iterator[Feed]:
    answers: dict[str, Any] = {"status": "200 OK", "body": calendar(), **first}

    def talk(connection: socket.socket, head: bytes) -> None:
        now = dict(answers)
        condition = b"If-None-Match: " + now.get("ETag", "no").encode()
        status = "304 Not Modified" if condition in head else now.pop("status")
        body = b"" if condition in head else now.pop("body")
        saying(status, body, **{name: now[name] for name in now if name not in ("status", "body")})(
            connection, head
        )

    with serving(talk) as server:
        yield Feed(server, answers)


def connected(world: World, by: Principal, feed: Feed, **form: str) -> Any:
    browser = client(world, by, private_hosts=feed.named)
    return browser.post(HERE, data={"address": feed.url, **form})


def times(world: World) -> list[tuple[Any, ...]]:
    with world.database.read() as connection:
        found = connection.execute(
            select(busy.c.user_id, busy.c.starts_at, busy.c.ends_at).order_by(busy.c.starts_at)
        )
        return [tuple(row) for row in found]


def row(world: World) -> Any:
    with world.database.read() as connection:
        return connection.execute(select(own_calendar)).one()


def due(world: World, feed: Feed, at: datetime) -> int:
    chosen, network = settings(private_hosts=feed.named), Network({feed.named})
    return own_calendars.read_due(world.database, chosen, network, lambda: at, lambda: True)


def test_what_is_kept_is_when_and_nothing_else(world: World, caplog: pytest.LogCaptureFixture) -> None:
    alice = world.user()
    at = clock.now().replace(microsecond=0) + timedelta(days=3)
    caplog.set_level("DEBUG")
    with lying(body=calendar(entry(at))) as feed:
        page = connected(world, alice, feed, name="alice", password="p4ssw0rd")
        assert page.status_code == 303
        assert b"Authorization: Basic" in feed.server.asked[0]
    assert times(world) == [(alice.user_id, at, at + timedelta(hours=1))]
    shown = client(world, alice).get(HERE).text
    assert "127.0.0.1" in shown
    assert "1 busy stretch ahead" in shown
    kept = str(everything(world.database))
    for secret in ("Dentist", SECRET, "p4ssw0rd"):
        assert secret not in kept + shown + caplog.text


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"status": "401 Unauthorized"}, "password"),
        ({"status": "403 Forbidden"}, "password"),
        ({"status": "404 Not Found"}, "gone"),
        ({"status": "410 Gone"}, "gone"),
        ({"status": "503 Busy"}, "refused"),
        ({"status": "204 No Content"}, "refused"),
        ({"body": b"<!doctype html><title>Sign in</title>"}, "not_a_calendar"),
        ({"body": b"BEGIN:VCALENDAR" + b"\n" * 1_000_001}, "too_much"),
        ({"status": "302 Found", "Location": "https://10.0.0.1/"}, "forbidden"),
        ({"status": "302 Found", "Location": "file:///etc/passwd"}, "forbidden"),
        ({"status": "302 Found", "Location": "/again"}, "too_many_hops"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_said_and_not_kept(world: World, answer: dict[str, Any], state: str) -> None:
    alice = world.user()
    with lying(**answer) as feed:
        page = connected(world, alice, feed, password="p4ssw0rd")
    assert page.status_code == 422
    said = SENTENCES[state].format(host="127.0.0.1")
    assert said in page.text
    assert "p4ssw0rd" not in page.text
    assert times(world) == []
    assert HERE in page.text
    with world.database.read() as connection:
        assert connection.execute(select(own_calendar)).all() == []


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://localhost/x.ics", "In Person may not read"),
        ("webcal://169.254.169.254/latest", "In Person may not read"),
        ("[::1]:80/x", "In Person may not read"),
        ("http://example.org/x.ics", "In Person may not read"),
        ("https://me:word@example.org/x.ics", "in their own fields"),
        ("https://", "This is not an address"),
        ("https://a b/", "This is not an address"),
        ("https://[::1", "This is not an address"),
        ("", ""),
    ],
)
def test_a_wrong_address_is_refused_with_a_sentence_and_kept_as_typed(
    world: World, address: str, said: str
) -> None:
    page = client(world, world.user()).post(HERE, data={"address": address})
    assert page.status_code == 422
    assert said in page.text
    assert not address or address.replace("&", "&amp;") in page.text


def test_the_same_version_is_not_sent_again_and_the_window_moves_on(world: World) -> None:
    alice = world.user()
    now = clock.now()
    with lying(body=calendar(entry(now + timedelta(days=3))), ETag='"1"') as feed:
        connected(world, alice, feed)
        before = times(world)
        assert due(world, feed, now + timedelta(minutes=5)) == 0
        assert due(world, feed, now + timedelta(hours=2)) == 1
        assert b'If-None-Match: "1"' in feed.server.asked[-1]
        assert times(world) == before
        assert row(world).state == "good"
        # Weeks later what is known of it no longer reaches far enough, though it is the same version.
        assert due(world, feed, now + timedelta(days=40)) == 1
        assert b"If-None-Match" not in feed.server.asked[-1]
        assert times(world) == []


def test_a_server_that_knows_no_versions_is_known_by_what_it_sends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[bytes] = []

    def counted(data: bytes, wanted: Wanted) -> Busy:
        read.append(data)
        return busy_reader.read_apart(data, wanted)

    monkeypatch.setattr(busy_fetch, "read_apart", counted)
    alice, now = world.user(), clock.now()

    def written(stamp: int, *days: int) -> bytes:
        events = (entry(now + timedelta(days=day), uid=str(day)) for day in days)
        return calendar(*(one.replace("UID:", f"DTSTAMP:{stamp}T000000Z\r\nUID:") for one in events))

    with lying(body=written(20261101, 3)) as feed:
        connected(world, alice, feed)
        feed.answer["body"] = written(20261102, 3)
        assert due(world, feed, now + timedelta(hours=2)) == 1
        assert b"If-None-Match" not in feed.server.asked[-1]
        assert (len(read), len(times(world)), row(world).state) == (1, 1, "good")
        feed.answer["body"] = written(20261103, 3, 4)
        assert due(world, feed, now + timedelta(hours=4)) == 1
        assert (len(read), len(times(world))) == (2, 2)
        # Weeks later the window has moved on, though it is the same calendar.
        assert due(world, feed, now + timedelta(days=40)) == 1
        assert (len(read), times(world)) == (3, [])


def test_a_calendar_that_fails_keeps_its_times_and_is_asked_less_and_less(world: World) -> None:
    alice = world.user()
    at = clock.now()
    with lying(body=calendar(entry(at + timedelta(days=3)))) as feed:
        connected(world, alice, feed)
        before = times(world)
        feed.answer["status"] = "503 Busy"
        waits = []
        for _ in range(7):
            at = row(world).next_at
            assert due(world, feed, at) == 1
            waits.append(row(world).next_at - at)
        assert times(world) == before
        assert row(world).state == "refused"
        assert SENTENCES["refused"].format(host="127.0.0.1") in client(world, alice).get(HERE).text
        assert all(later > earlier for earlier, later in pairwise(waits[:4]))
        assert max(waits) <= own_readings.LONGEST_WAIT * 7 / 6
        feed.answer["status"] = "200 OK"
        assert due(world, feed, row(world).next_at) == 1
        assert (row(world).state, row(world).failures) == ("good", 0)


def test_whoever_claims_a_calendar_has_it_alone_for_a_while(world: World) -> None:
    alice, now = world.user(), clock.now()
    with world.database.write() as connection:
        source = Source("ics", "https://calendar.example/x.ics")
        own_calendars.connect(connection, alice, b"key", source, now)
    assert own_calendars.claim_next(world.database, now) is not None
    assert own_calendars.claim_next(world.database, now) is None
    assert own_calendars.claim_next(world.database, now + own_calendars.LEASE) is not None


def test_a_reading_of_what_was_disconnected_meanwhile_is_dropped(world: World) -> None:
    alice, now = world.user(), clock.now()
    with lying(body=calendar(entry(now + timedelta(days=3)))) as feed:
        connected(world, alice, feed)
        claim = own_calendars.claim_next(world.database, now, alice)
        assert claim is not None
        assert client(world, alice).post(f"{HERE}/end").status_code == 303
        chosen, network = settings(private_hosts=feed.named), Network({feed.named})
        own_calendars.read(world.database, chosen, claim, network, now)
    assert times(world) == []
    assert str(everything(world.database)).count("127.0.0.1") == 0


def test_another_key_asks_to_connect_again(world: World) -> None:
    alice, now = world.user(), clock.now()
    with world.database.write() as connection:
        own_calendars.connect(connection, alice, b"another key", Source("ics", "https://x.example/"), now)
    own_calendars.read_due(world.database, settings(), Network(), lambda: now, lambda: True)
    assert row(world).state == "key"
    assert "Connect the calendar again" in client(world, alice).get(HERE).text


def test_it_is_ones_own_and_ends_with_its_user(world: World) -> None:
    alice, bob = world.user(), world.user("Bob Stone")
    with lying(body=calendar(entry(clock.now() + timedelta(days=3)))) as feed:
        connected(world, alice, feed)
        assert "127.0.0.1" not in client(world, bob).get(HERE).text
        client(world, bob).post(f"{HERE}/end")
        assert len(times(world)) == 1
        with world.database.write() as connection:
            assert alice.user_id is not None
            deactivate(connection, bob, alice.user_id, clock.now())
        assert due(world, feed, clock.now() + timedelta(days=2)) == 0


def test_whole_days_in_another_city_are_offered_as_a_trip_and_never_written_down(world: World) -> None:
    alice, today = world.user(city="Boston"), clock.now().date()

    def days(uid: str, where: str, ahead: int) -> str:
        first, end = today + timedelta(days=ahead), today + timedelta(days=ahead + 3)
        return (
            f"BEGIN:VEVENT\r\nUID:{uid}\r\nSUMMARY:Dentists of the world\r\nLOCATION:{where}\r\nDTSTART;VALUE=DATE:"
            f"{first:%Y%m%d}\r\nDTEND;VALUE=DATE:{end:%Y%m%d}\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT"
        )

    def between(first: int, last: int) -> dict[str, str]:
        return {
            "first_day": str(today + timedelta(days=first)),
            "last_day": str(today + timedelta(days=last)),
        }

    entries = [days("a", "Hotel Adlon\\, 10117 Berlin", 5), days("b", "Boston", 12), days("c", "Zoom", 19)]
    entries.append(days("d", "Paris\\, France", 26))
    browser = client(world, alice)
    with lying(body=calendar(*entries)) as feed:
        connected(world, alice, feed)
        page = browser.get("/trips").text
        assert ("From your calendar" in page, "Berlin" in page, "Paris" in page, "Zoom" in page) == (
            True,
            True,
            True,
            False,
        )
        assert "A trip to Boston" not in page
        kept = str(everything(world.database))
        assert "Adlon" not in kept
        assert "Dentists" not in kept
        with world.database.read() as connection:
            assert connection.execute(select(trip)).all() == []
        berlin = {
            "city": "Berlin",
            "country": "DE",
            "first_day": today + timedelta(days=5),
            "last_day": today + timedelta(days=7),
        }
        assert f'name="first_day" value="{berlin["first_day"]}"' in page
        assert browser.post("/trips", data=berlin).status_code == 303
        paris = {
            "city": "Paris",
            "country": "FR",
            "first_day": today + timedelta(days=26),
            "last_day": today + timedelta(days=28),
        }
        assert browser.post("/trips/none", data=paris).status_code == 303
        assert browser.post("/trips/none", data={**paris, "city": "Nowhere at all"}).status_code == 422
        client(world, alice, private_hosts=feed.named).post(f"{HERE}/read")
    page = browser.get("/trips").text
    assert "From your calendar" not in page
    assert ("Berlin" in page, "Paris" in page) == (True, False)
    assert "From your calendar" not in client(world, world.user("Bob Stone")).get("/trips").text
    browser.post(f"{HERE}/end")
    with world.database.read() as connection:
        assert connection.execute(select(calendar_stay)).all() == []


def test_read_now_reads_now_and_whoever_finds_no_place_waits(world: World) -> None:
    alice = world.user()
    with lying() as feed:
        connected(world, alice, feed)
        feed.answer["body"] = calendar(entry(clock.now() + timedelta(days=3)))
        browser = client(world, alice, private_hosts=feed.named)
        assert browser.post(f"{HERE}/read").status_code == 303
        assert len(times(world)) == 1
        with calendar_pages._AT_ONCE, calendar_pages._AT_ONCE:
            assert connected(world, alice, feed).status_code == 303
        assert row(world).state == "waiting"
        assert times(world) == []
        assert due(world, feed, clock.now()) == 1
        assert len(times(world)) == 1


def test_the_clock_reads_what_is_due_and_leaves_the_rest(world: World) -> None:
    alice, now = world.user(), clock.now()
    with lying() as feed:
        connected(world, alice, feed)
        feed.answer["body"] = calendar(entry(now + timedelta(days=3)))
        work = Clockwork(world.database, settings(private_hosts=feed.named), "a test", now)
        work.read_calendars()
        assert work._readers == []
        with world.database.write() as connection:
            connection.execute(own_calendar.update().values(next_at=now))
        work.read_calendars()
        for reader in work._readers:
            reader.join()
    assert len(times(world)) == 1
    assert row(world).next_at > now + timedelta(minutes=50)


def test_a_reading_that_was_interrupted_says_nothing_of_the_calendar(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, run = world.user(), subprocess.run

    def ended(order: list[str], **how: Any) -> Any:
        return run([sys.executable, "-c", "import os; os.kill(os.getpid(), 15)"], **how)

    with lying(body=calendar(entry(clock.now() + timedelta(days=3)))) as feed:
        monkeypatch.setattr(subprocess, "run", ended)
        assert connected(world, alice, feed).status_code == 303
        before = row(world)
        assert client(world, alice, private_hosts=feed.named).post(f"{HERE}/read").status_code == 303
        assert "within a few minutes" in client(world, alice).get(HERE).text
        after = row(world)
        assert (after.state, after.failures, after.tried_at) == ("waiting", 0, before.tried_at)
        monkeypatch.setattr(subprocess, "run", run)
        due(world, feed, after.next_at)
    assert row(world).state == "good"
    assert len(times(world)) == 1


@pytest.mark.parametrize(
    "said", ["", "[]", "{}", '{"state":"good"}', '{"state":"good","busy":[[1]],"notes":[]}', "x"]
)
def test_the_reader_is_not_trusted_more_than_what_it_read(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Wanted(NOW, NOW + timedelta(days=9), ZoneInfo("UTC"))
    ended = subprocess.CompletedProcess([], 0, said.encode())
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: ended)
    with pytest.raises(TooMuch):
        busy_reader.read_apart(b"", wanted)
