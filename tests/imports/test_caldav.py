"""CalDAV against a real server, Radicale, in a thread of this process; and against answers no server should give."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm.imports.busy import Wanted
from crm.imports.busy_fetch import Outcome, Source, fetch
from crm.imports.dav import _is_beside
from crm.imports.dav_xml import NoDav, resources
from crm.imports.synced import add, kept
from crm.imports.synced_kinds import KINDS, tried
from crm.imports.synced_reading import read
from crm.outgoing.wire import Network
from crm.storage.tables import interaction
from tests.builders import World
from tests.imports.files import bring, rows
from tests.imports.radicale import PASSWORD, Radicale, running
from tests.imports.test_busy import calendar, event, words
from tests.outgoing.servers import Talk, saying, serving
from tests.web.site import settings

BOSTON = ZoneInfo("America/New_York")
BEGINS = datetime(2026, 11, 23, 5, tzinfo=UTC)
WANTED = Wanted(BEGINS, BEGINS + timedelta(days=14), BOSTON)
HOUR = ("DTSTART:20261123T150000Z", "DURATION:PT1H")


@dataclass
class Calendars(Radicale):
    """The server with calendars in it."""

    def collection(self, path: str, kind: str = "VEVENT", extra: str = "") -> None:
        self.put(
            "MKCALENDAR",
            path,
            f'<?xml version="1.0"?><C:mkcalendar xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop>'
            f'<C:supported-calendar-component-set><C:comp name="{kind}"/></C:supported-calendar-component-set>{extra}'
            "</prop></set></C:mkcalendar>".encode(),
        )

    def event(self, path: str, *lines: str, uid: str) -> None:
        self.put("PUT", f"{path}{uid}.ics", calendar(event(*lines, uid=uid)), Content_Type="text/calendar")

    def read(self, path: str = "", password: str = PASSWORD) -> Outcome:
        source = Source("caldav", self.root + path, "alice", password)
        return fetch(source, WANTED, Network({f"127.0.0.1:{self.port}"}))


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calendars]:
    with running(tmp_path_factory.mktemp("radicale")) as server:
        yield filled(Calendars(server.port, server.asked))


def filled(server: Calendars) -> Calendars:
    server.collection("alice/work/")
    server.event("alice/work/", *HOUR, uid="once")
    server.event(
        "alice/work/",
        "DTSTART;TZID=America/New_York:20261102T130000",
        "DURATION:PT30M",
        "RRULE:FREQ=WEEKLY",
        uid="weekly",
    )
    server.event("alice/work/", "DTSTART:20300101T150000Z", "DURATION:PT1H", uid="years-ahead")
    server.event("alice/work/", "DTSTART:20261125T150000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT", uid="free")
    server.collection("alice/home/")
    server.event("alice/home/", "DTSTART;VALUE=DATE:20261127", uid="day")
    server.collection("alice/tasks/", "VTODO")
    return server


WORK = ["Mon 23 10:00-11:00", "Mon 23 13:00-13:30", "Mon 30 13:00-13:30"]
EVERYTHING = ["Mon 23 10:00-11:00", "Mon 23 13:00-13:30", "Fri 27 00:00-00:00", "Mon 30 13:00-13:30"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("alice/work/", WORK),
        ("alice/work", WORK),
        ("alice/", EVERYTHING),
        ("", EVERYTHING),
        (".well-known/caldav", EVERYTHING),
    ],
)
def test_the_calendars_are_found_from_any_address(
    radicale: Calendars, typed: str, expected: list[str]
) -> None:
    outcome = radicale.read(typed)
    assert outcome.state == "good"
    assert outcome.busy is not None
    assert words(outcome.busy) == expected
    assert outcome.busy.notes == []


def test_a_wrong_password_is_said(radicale: Calendars) -> None:
    assert radicale.read("alice/work/", "wrong").state == "password"


def test_nothing_is_changed_on_the_server_and_titles_are_not_asked_for(radicale: Calendars) -> None:
    before = len(radicale.asked)
    radicale.read()
    asked = radicale.asked[before:]
    assert {method for method, *_ in asked} == {"PROPFIND", "REPORT"}
    assert not any(b"SUMMARY" in body or b"DESCRIPTION" in body for *_, body in asked)


MULTI = (
    '<?xml version="1.0"?><multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{}</multistatus>'
)
HERE = MULTI.format(
    "<response><href>/c/</href><propstat><prop><resourcetype><C:calendar/></resourcetype></prop>"
    "<status>HTTP/1.1 200 OK</status></propstat></response>"
)


def read_from(talk: Talk, path: str = "c/") -> Outcome:
    with serving(talk) as server:
        source = Source("caldav", f"http://127.0.0.1:{server.port}/{path}", "alice", PASSWORD)
        return fetch(source, WANTED, Network({f"127.0.0.1:{server.port}"}))


def test_a_server_that_tells_only_when_somebody_is_busy() -> None:
    told = b"BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\nFREEBUSY:20261123T150000Z/PT1H\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"

    def talk(connection: Any, head: bytes) -> None:
        if head.startswith(b"PROPFIND"):
            saying("207 Multi-Status", HERE.encode())(connection, head)
        elif b"free-busy-query" in head:
            saying("200 OK", told)(connection, head)
        else:
            saying("403 Forbidden")(connection, head)

    outcome = read_from(talk)
    assert outcome.busy is not None
    assert words(outcome.busy) == ["Mon 23 10:00-11:00"]


def test_of_a_bare_host_it_is_asked_where_to_begin() -> None:
    def talk(connection: Any, head: bytes) -> None:
        if head.startswith(b"PROPFIND /.well-known/caldav "):
            saying("301 Moved Permanently", Location="/c/")(connection, head)
        elif head.startswith(b"PROPFIND /c/ "):
            saying("207 Multi-Status", HERE.encode())(connection, head)
        elif head.startswith(b"REPORT /c/ "):
            saying("207 Multi-Status", MULTI.format("").encode())(connection, head)
        else:
            saying("404 Not Found")(connection, head)

    outcome = read_from(talk, "")
    assert outcome.busy is not None
    assert words(outcome.busy) == []


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (saying("200 OK", b"<!doctype html><p>Welcome"), "no_caldav"),
        (saying("404 Not Found"), "gone"),
        (saying("207 Multi-Status", b"not xml"), "no_caldav"),
        (saying("207 Multi-Status", MULTI.format("").encode()), "no_caldav"),
        (
            saying("207 Multi-Status", b'<!DOCTYPE x [<!ENTITY a "aa">]><multistatus xmlns="DAV:"/>'),
            "no_caldav",
        ),
        (saying("207 Multi-Status", MULTI.format("<a>" * 50 + "</a>" * 50).encode()), "no_caldav"),
        (saying("503 Busy"), "refused"),
    ],
    ids=["page", "nothing", "words", "empty", "entities", "deep", "busy"],
)
def test_what_is_no_caldav_is_said(answer: Talk, state: str) -> None:
    assert read_from(answer).state == state


def test_entities_are_never_unfolded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + MULTI.format(
        "<response><href>&b;</href></response>"
    )
    with pytest.raises(NoDav):
        resources(bomb.encode())
    outside = '<!DOCTYPE x SYSTEM "file:///etc/passwd">' + MULTI.format("")
    with pytest.raises(NoDav):
        resources(outside.encode())
    for encoding in ("utf-16", "latin-1"):
        declared = bomb.replace('<?xml version="1.0"?>', "")
        with pytest.raises(NoDav):
            resources(f'<?xml version="1.0" encoding="{encoding}"?>{declared}'.encode(encoding))


@pytest.mark.parametrize(
    ("url", "typed", "beside"),
    [
        ("https://p42-caldav.icloud.com/1/", "https://caldav.icloud.com/", True),
        ("https://p42-contacts.icloud.com.cn/1/", "https://contacts.icloud.com.cn/", True),
        ("https://evil-icloud.com/1/", "https://caldav.icloud.com/", False),
        ("https://d1.dav.provider.example/", "https://dav.provider.example/", True),
        ("https://dav.provider.example/", "https://d1.dav.provider.example/", True),
        ("https://xdav.provider.example/", "https://dav.provider.example/", False),
        ("https://mallory.dyndns.example/", "https://alice.dyndns.example/", False),
        ("https://evil.co.example/", "https://dav.alice.co.example/", False),
        ("https://dav.example/1/", "https://dav.example/", True),
        ("http://dav.example/1/", "https://dav.example/", False),
        ("https://evil.example/", "https://dav.example/", False),
        ("https://evil.example/", "https://caldav.icloud.example/", False),
        ("https://10.0.0.1/", "https://10.9.0.1/", False),
        ("https://dav.example:8443/", "https://dav.example/", False),
    ],
)
def test_a_password_goes_only_to_hosts_of_one_domain(url: str, typed: str, beside: bool) -> None:
    assert _is_beside(url, typed) is beside


def test_past_meetings_come_as_they_are_written_of_every_calendar(radicale: Calendars) -> None:
    access = Source("caldav", radicale.root, "alice", PASSWORD)
    network = Network({f"127.0.0.1:{radicale.port}"})
    assert tried(access, network, BEGINS) == "good"
    before = len(radicale.asked)
    got = KINDS["caldav"](access, network, {}, BEGINS + timedelta(days=3))
    assert got.content.count(b"BEGIN:VEVENT") == 4  # not the one that is years ahead
    assert b"RRULE:FREQ=WEEKLY" in got.content
    assert b"SUMMARY" in got.content
    on = KINDS["caldav"](access, network, got.seen or {}, BEGINS + timedelta(days=90))
    assert on.content.count(b"BEGIN:VEVENT") == 4
    later = KINDS["caldav"](
        access, network, {"until": "2027-03-01T00:00:00+00:00"}, BEGINS + timedelta(days=120)
    )
    assert later.content.count(b"BEGIN:VEVENT") == 1  # the series goes on
    assert {method for method, *_ in radicale.asked[before:]} <= {"PROPFIND", "REPORT"}
    assert tried(Source("caldav", radicale.root, "alice", "wrong"), network, BEGINS) == "password"


def test_a_meeting_that_is_put_off_on_the_server_is_out_of_the_log_until_it_took_place(
    world: World, tmp_path: Path
) -> None:
    world.user("Alice", email="alice@team.example")
    bring(world, "name,email\nMarta,marta@x.example\n")
    with running(tmp_path) as server:
        calendars = Calendars(server.port, server.asked)
        calendars.collection("alice/work/")

        def planned(day: datetime, sequence: int) -> None:
            said = (f"SEQUENCE:{sequence}", "LOCATION:Cafe Central", "ATTENDEE:mailto:marta@x.example")
            starts = f"DTSTART:{day:%Y%m%dT%H%M%SZ}"
            calendars.event("alice/work/", starts, "DURATION:PT1H", *said, uid="lunch")

        def looked(days: float) -> list[datetime]:
            with world.database.read() as connection:
                (one,) = kept(connection, world.principal, settings().key)
            got, _ = read(
                world.database, world.principal, one, Network({server.host}), world.now + timedelta(days=days)
            )
            assert got.state == "good"
            return [row.occurred_at for row in rows(world, interaction) if row.deleted_at is None]

        with world.database.write() as connection:
            source = Source("caldav", server.root, "alice", PASSWORD)
            add(connection, world.principal, settings().key, "Alice", source, world.now)
        held, later = world.now - timedelta(days=1), world.now + timedelta(days=60)
        planned(held, 1)
        assert looked(0) == [held]
        planned(later, 2)
        for days in (1 / 24, 2 / 24):
            assert looked(days) == []
        assert looked(61) == [later]
