"""Sources of the team are read by the clock: once an hour, once a day where only a person mends what is wrong, or when asked."""

from datetime import datetime, timedelta
from unittest.mock import patch

from sqlalchemy import select

from crm.domain.synced import GOOD
from crm.imports import synced, synced_kinds
from crm.imports.busy_fetch import Source
from crm.imports.synced_kinds import Fetched
from crm.imports.synced_reading import is_any_due, read_due
from crm.outgoing.wire import Network
from crm.storage.tables import contact, synced_source
from tests.builders import World
from tests.imports.files import rows
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
    assert "does not let us in" in page or "dav.example" in page
    (source_id,) = [row.id for row in rows(world, synced_source)]
    assert f'action="/import/sources/{source_id}/read"' in page
    assert browser.post(f"/import/sources/{source_id + 1}/read").status_code == 404
    with world.database.read() as connection:
        assert not is_any_due(connection, world.now)
    browser.post(f"/import/sources/{source_id}/read")
    with world.database.read() as connection:
        assert is_any_due(connection, world.now)
        assert connection.execute(select(synced_source.c.state)).scalar_one() == "password"
