"""CardDAV against a real server: found from any address, read only, and the same people as their vCard file."""

import io
import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from crm.__main__ import run
from crm.cli_support import desk
from crm.imports import synced, synced_reading
from crm.imports.busy_fetch import Source
from crm.imports.carddav import fetch_cards
from crm.imports.dav import Server
from crm.imports.dav_xml import NoDav
from crm.imports.records import UnreadableFile
from crm.imports.report import FileReport
from crm.outgoing.wire import Network
from crm.storage.tables import contact, import_batch, synced_source
from tests.builders import World
from tests.imports.radicale import PASSWORD, Radicale, running
from tests.outgoing.servers import saying, serving
from tests.web.site import client, settings

BOOK = (
    '<?xml version="1.0"?><mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><set><prop><resourcetype>'
    "<collection/><C:addressbook/></resourcetype></prop></set></mkcol>"
)
ADA = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:ada\r\nFN:Ada Byron\r\nN:Byron;Ada;;;\r\nEMAIL:ada@engine.example\r\nEND:VCARD\r\n"
GRACE = (
    "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:grace\r\nFN:Grace Höpper & Co\r\nTEL:+1 860 555 0119\r\nEND:VCARD\r\n"
)


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    with running(tmp_path_factory.mktemp("radicale")) as server:
        for book in ("people", "friends"):
            server.put("MKCOL", f"alice/{book}/", BOOK.encode(), Content_Type="text/xml")
        server.put("PUT", "alice/people/ada.vcf", ADA.encode(), Content_Type="text/vcard")
        server.put("PUT", "alice/friends/grace.vcf", GRACE.encode(), Content_Type="text/vcard")
        yield server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, radicale: Radicale) -> Path:
    monkeypatch.setenv("CRM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CRM_PRIVATE_HOSTS", radicale.host)
    return tmp_path


def keep(monkeypatch: pytest.MonkeyPatch, address: str, password: str = PASSWORD, name: str = "Phone") -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(password + "\n"))
    return run(["source", "add", "carddav", name, address, "--user", "alice", "--password-stdin"])


@pytest.mark.parametrize("typed", ["", "alice/", "alice/people/", ".well-known/carddav"])
def test_address_books_are_found_from_any_address(radicale: Radicale, typed: str) -> None:
    before = len(radicale.asked)
    server = Server(radicale.root + typed, ("alice", PASSWORD), Network({radicale.host}), 2**20)
    cards = fetch_cards(server)
    assert (b"Ada Byron" in cards, "Grace Höpper & Co".encode() in cards) == (True, "people" not in typed)
    assert {method for method, *_ in radicale.asked[before:]} <= {"PROPFIND", "REPORT"}


def test_it_is_read_again_and_again_and_changes_nothing_there(
    home: Path, radicale: Radicale, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert keep(monkeypatch, radicale.root) == 0
    assert keep(monkeypatch, radicale.root, name="PHONE") == 1
    assert "already" in capsys.readouterr().err
    assert run(["sync", "--dry-run"]) == 0
    assert "would be 2 contacts new" in capsys.readouterr().out
    assert run(["sync", "phone"]) == 0
    assert capsys.readouterr().out == "Phone: 2 contacts new\n  new: Grace Höpper & Co and Ada Byron\n"
    assert run(["sync", "--json"]) == 0
    (again,) = json.loads(capsys.readouterr().out)
    assert (again["state"], again["report"]["new"]["contacts"]) == ("good", 0)
    (home / "phone.vcf").write_text(ADA)
    assert run(["import", str(home / "phone.vcf")]) == 0
    assert "1 contact unchanged" in capsys.readouterr().out
    with desk() as at_desk, at_desk.database.read() as connection:
        assert set(connection.execute(select(contact.c.name)).scalars()) == {"Ada Byron", "Grace Höpper & Co"}
        sealed = connection.execute(select(synced_source.c.sealed)).scalar_one()
        assert PASSWORD not in sealed
        assert connection.execute(select(import_batch.c.files)).scalars().first() == ["Phone.vcf"]
    assert run(["source", "list"]) == 0
    assert "127.0.0.1 was read." in capsys.readouterr().out
    assert run(["source", "remove", "phone"]) == 0
    assert run(["sync"]) == 1
    assert run(["source", "remove", "phone"]) == 1


def test_what_fails_is_said_in_a_sentence(
    home: Path, radicale: Radicale, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert keep(monkeypatch, radicale.root + "alice/people/", "wrong", "One") == 0
    assert keep(monkeypatch, "https://192.168.0.9/", name="Two") == 0
    assert keep(monkeypatch, "nowhere", name="Three") == 1
    capsys.readouterr()
    assert run(["sync"]) == 1
    out, err = capsys.readouterr()
    assert err.startswith("crm: One: 127.0.0.1 refused this name and password")
    assert (len(err.splitlines()), "1 more is listed" in err) == (1, True)
    assert "  Two: In Person may not read 192.168.0.9" in out
    assert run(["sync", "Nobody"]) == 1
    assert "There is no source called Nobody. The sources are: One, Two." in capsys.readouterr().err


def test_a_server_without_a_query_gives_cards_by_name() -> None:
    multi = '<?xml version="1.0"?><multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">{}</multistatus>'
    one = "<response><href>{}</href><propstat><prop>{}</prop><status>HTTP/1.1 200 OK</status></propstat></response>"
    book = one.format("/b/", "<resourcetype><collection/><C:addressbook/></resourcetype>")
    there = multi.format(book + one.format("/b/a.vcf", "<resourcetype/>"))
    card = multi.format(one.format("/b/a.vcf", f"<C:address-data>{ADA}</C:address-data>"))

    def talk(connection: socket.socket, head: bytes) -> None:
        if head.startswith(b"PROPFIND"):
            saying("207 Multi-Status", there.encode())(connection, head)
        elif b"addressbook-multiget" in head:
            saying("207 Multi-Status", card.encode())(connection, head)
        else:
            saying("501 Not Implemented")(connection, head)

    with serving(talk) as server:
        host = f"127.0.0.1:{server.port}"
        asked = Server(f"http://{host}/b/", None, Network({host}), 2**20)
        assert fetch_cards(asked).strip() == ADA.strip().replace("\r\n", "\n").encode()


def test_a_page_is_no_address_book() -> None:
    with serving(saying("200 OK", b"<html>")) as server:
        host = f"127.0.0.1:{server.port}"
        with pytest.raises(NoDav):
            fetch_cards(Server(f"http://{host}/b/", None, Network({host}), 2**20))


def test_an_access_says_nothing_of_itself() -> None:
    assert "secret" not in repr(Source("carddav", "https://x.example/secret", "secret", "secret"))


def test_admins_see_what_is_read_and_others_do_not(world: World) -> None:
    access = Source("carddav", "https://dav.example.com/secret", "alice", PASSWORD)
    with world.database.write() as connection:
        synced.add(connection, world.principal, settings().key, "Phone", access, world.now)
    page = client(world, world.user()).get("/import").text
    assert "dav.example.com has not been read yet." in page
    assert "secret" not in page
    assert "dav.example.com" not in client(world, world.user("Ben Ode", "member")).get("/import").text


def test_what_came_but_could_not_be_read_is_said_in_one_line(
    home: Path, radicale: Radicale, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("Phone", "Office"):
        assert keep(monkeypatch, radicale.root, name=name) == 0
    capsys.readouterr()
    fault = UnreadableFile("Phone.vcf", "Nobody can read this.")
    monkeypatch.setattr(
        synced_reading, "read_all", lambda given, _: [FileReport.unreadable(given[0].name, fault)]
    )
    assert run(["sync", "phone"]) == 1
    out, err = capsys.readouterr()
    assert len(err.splitlines()) == 1
    assert "Nobody can read this." in out
    assert run(["sync"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
