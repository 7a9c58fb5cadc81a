"""P4 to P9 and P12: pages, the log and the search through a real server, against bare handlers in the same process."""

import itertools
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from html import unescape
from uuid import uuid4

from benchmarks.client import Client, free_port, resident_mib, serving
from benchmarks.data import Filled, vacuum
from benchmarks.measure import Figure, in_turn, percentile
from benchmarks.people import NOW
from crm import clock
from crm.storage.database import Database
from crm.web import sessions

ROUNDS = 200
"""With 60 the medians of two pages differed by a tenth from run to run."""
DAYS = 40
"""Logs are about so many days; what is longer ago is summed up, and seldom logged."""
CLIENTS = 8
LOGS_A_CLIENT = 40
LOADED = 200


def web(database: Database, filled: Filled) -> Iterator[Figure]:
    """Every figure that is taken through the server."""
    with site(database, filled) as client:
        yield from _pages(client, filled)
        yield from _search(client, filled)
        yield from _log(client, filled)
        yield from _many(client, filled)
    yield from _server(database, filled)


@contextmanager
def site(database: Database, filled: Filled) -> Iterator[Client]:
    """A browser that is signed in at a server with the floors beside it."""
    cookie = sign_in(database, filled)
    port = free_port()
    with serving(("benchmarks.server", database.url.render_as_string(False), str(port)), port):
        client = Client(port, cookie)
        client.get("/people")  # brings the metrics up to date
        vacuum(database)
        yield client


def sign_in(database: Database, filled: Filled) -> str:
    """The cookie of a session of the workspace's user."""
    with database.write() as connection:
        assert filled.principal.user_id is not None
        return sessions.start(
            connection, filled.principal.workspace_id, filled.principal.user_id, clock.now()
        )


def addresses(client: Client, filled: Filled) -> dict[str, str]:
    """The pages that are measured, by name."""
    return {
        "home page": "/",
        "health page": "/health",
        "contact list": "/people",
        "contact page, 100 entries": earlier(client.get(f"/people/{filled.lively}").decode()),
        "contact page, busiest": f"/people/{filled.busiest}",
        "contact page, median": f"/people/{filled.median}",
    }


def _pages(client: Client, filled: Filled) -> Iterator[Figure]:
    pages = addresses(client, filled)
    for number, (name, path) in enumerate(pages.items()):
        page = client.get(path)
        client.get(f"/floor/keep/{number}")
        assert client.get(f"/floor/show/{number}") == page, f"the floor of the {name} renders something else"
        ours, floor = in_turn(
            (partial(client.get, path), partial(client.get, f"/floor/show/{number}")), ROUNDS
        )
        yield Figure(f"P6 {name}", ours, floor, 2.5)
    busiest, median = (partial(client.get, pages[f"contact page, {who}"]) for who in ("busiest", "median"))
    longest, usual = in_turn((busiest, median), ROUNDS)
    yield Figure("P8 contact page, busiest to median", longest, usual, 1.5)


def earlier(page: str) -> str:
    """The address behind *Show earlier*: the same page with the next 100 entries."""
    found = re.search(r'href="(/people/\d+\?before=[^"]+)"', page)
    assert found, "everything is on the first page"
    return unescape(found[1])


def _search(client: Client, filled: Filled) -> Iterator[Figure]:
    times: list[float] = []

    def ours() -> None:
        begun = time.perf_counter()
        client.get("/people/suggest?q=marta%20ko")
        times.append((time.perf_counter() - begun) * 1000)

    plain = f"/floor/search?q=marta%20ko&workspace={filled.principal.workspace_id}"
    mine, floor = in_turn((ours, lambda: client.get(plain)), ROUNDS)
    yield Figure("P9 search as you type", mine, floor, 3)
    yield Figure("P9 search, p99 to p50", percentile(times, 0.99), mine, 10)


_numbers = itertools.count()


def form_of(filled: Filled, contact_id: int) -> dict[str, str]:
    """A log of one phone call as a browser sends it, with a key, a day and words of its own, since the same again within an
    hour is remarked on; the floor asks for the workspace."""
    number = next(_numbers)
    return {
        "once": str(uuid4()),
        "contact_ids": str(contact_id),
        "channel": "phone",
        "when": "day",
        "day": (NOW.date() - timedelta(days=number % DAYS)).isoformat(),
        "summary": f"About the rollout, {number}",
        "workspace": str(filled.principal.workspace_id),
    }


def _log(client: Client, filled: Filled) -> Iterator[Figure]:
    ours, floor, busy = in_turn(
        (
            lambda: client.post("/log", form_of(filled, filled.median)),
            lambda: client.post("/floor/log", form_of(filled, filled.median)),
            lambda: client.post("/log", form_of(filled, filled.busiest)),
        ),
        ROUNDS,
    )
    yield Figure("P4 log one interaction", ours, floor, 3)
    yield Figure("P8 log, busiest to median", busy, ours, 1.5)


def _many(first: Client, filled: Filled) -> Iterator[Figure]:
    times: list[float] = []

    def work(client: Client, contact_ids: list[int]) -> None:
        for contact_id in contact_ids:
            begun = time.perf_counter()
            client.post("/log", form_of(filled, contact_id))
            times.append((time.perf_counter() - begun) * 1000)

    clients = [first.another() for _ in range(CLIENTS)]
    _together(
        [
            partial(work, one, filled.contact_ids[number::CLIENTS][:LOGS_A_CLIENT])
            for number, one in enumerate(clients)
        ]
    )
    yield Figure(
        f"P5 log at {CLIENTS} clients, p99 to p50", percentile(times, 0.99), percentile(times, 0.5), 10
    )


def _together(acts: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _server(database: Database, filled: Filled) -> Iterator[Figure]:
    cookie, port = sign_in(database, filled), free_port()
    address = database.url.render_as_string(False)
    settings = {
        "CRM_DATABASE_URL": address,
        "CRM_PORT": str(port),
        "CRM_SECRET_KEY": "benchmark " * 4,
        "CRM_BASE_URL": f"http://127.0.0.1:{port}",
    }
    with serving(("crm", "serve"), port, **settings) as (pid, seconds):

        def load(first: int) -> None:
            client = Client(port, cookie)
            for one in filled.contact_ids[first:LOADED:CLIENTS]:
                for path in ("/health", "/people", f"/people/{one}", f"/people/{filled.busiest}", "/"):
                    client.get(path)
                client.post("/log", form_of(filled, one))

        _together([partial(load, number) for number in range(CLIENTS)])
        yield Figure("P12 server, memory after load", resident_mib(pid), None, 150, "MiB")
        yield Figure("P12 server, start to first answer", seconds, None, 2, "s")
