"""Processor time of requests and their floors: ``python -m benchmarks.processor [sqlite] [postgresql]``.

All in one process and without a network, for a machine that others use too, where elapsed time says nothing. What a log
waits for its disk, and what a server spends on HTTP, is on neither side, so these ratios are higher than those of
``./dev bench``. Size S.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.types import ASGIApp, Message

from benchmarks.data import SIZES, Filled, fill
from benchmarks.measure import HEADING, Figure
from benchmarks.server import beside_floors
from benchmarks.web import earlier, form_of, sign_in
from crm.commands.serve import settle_memory
from crm.storage.database import Database
from tests.campaigns.frame import BACKENDS, databases

ROUNDS = 40
Asked = tuple[str, str, bytes]
"""Method, address, body."""


def pairs(filled: Filled, back: str) -> Iterator[tuple[str, float, Callable[[], Asked], Callable[[], Asked]]]:
    """Each figure's name and target, our request and its floor's, made anew each time since a log is saved once only;
    ``back`` leads to earlier entries."""
    pages = {
        "P6 home page": "/",
        "P6 health page": "/health",
        "P6 contact list": "/people",
        "P6 contact page, 100 entries": back,
        "P6 contact page, busiest": f"/people/{filled.busiest}",
        "P6 contact page, median": f"/people/{filled.median}",
    }
    for name, path in pages.items():
        yield name, 2.5, partial(_get, path), partial(_get, "/floor/show/page")
    plain = f"/floor/search?q=marta%20ko&workspace={filled.principal.workspace_id}"
    yield "P9 search as you type", 3, partial(_get, "/people/suggest?q=marta%20ko"), partial(_get, plain)
    yield "P4 log one interaction", 3, partial(_log, filled, "/log"), partial(_log, filled, "/floor/log")


def _get(path: str) -> Asked:
    return "GET", path, b""


def _log(filled: Filled, path: str) -> Asked:
    return "POST", path, urlencode(form_of(filled, filled.median)).encode()


async def answer(app: ASGIApp, cookie: str, asked: Asked) -> bytes:
    """The body of what a request is answered with."""
    method, address, body = asked
    path, _, query = address.partition("?")
    headers = {
        "host": "127.0.0.1",
        "cookie": f"crm-session={cookie}",
        "sec-fetch-site": "same-origin",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(len(body)),
    }
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "root_path": "",
    }
    scope |= {"path": path, "raw_path": path.encode(), "query_string": query.encode()}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]

    found = bytearray()

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        assert message.get("status", 200) in (200, 303), (asked, message)
        found.extend(message.get("body", b""))

    await app(scope, receive, send)
    return bytes(found)


async def measured(app: ASGIApp, cookie: str, filled: Filled) -> None:
    """Print the median of each figure and of its floor, taken in turn."""
    lively = await answer(app, cookie, _get(f"/people/{filled.lively}"))
    for name, target, ours, floor in pairs(filled, earlier(lively.decode())):
        await answer(app, cookie, ours())
        await answer(app, cookie, _get("/floor/keep/page"))
        taken: list[list[float]] = [[], []]
        for _ in range(ROUNDS):
            for place, asked in enumerate((ours(), floor())):
                begun = time.process_time()
                await answer(app, cookie, asked)
                taken[place].append((time.process_time() - begun) * 1000)
        print(Figure(name, statistics.median(taken[0]), statistics.median(taken[1]), target).line, flush=True)


def main(names: list[str]) -> None:
    """Measure on the databases named, or on both."""
    for backend in [name for name in BACKENDS if name in names] or BACKENDS:
        print(f"\n{backend}, processor time\n{HEADING}")
        with databases(backend) as fresh:
            database = Database(fresh())
            filled = fill(database, SIZES["S"])
            settle_memory()
            asyncio.run(measured(beside_floors(database), sign_in(database, filled), filled))
            database.close()


if __name__ == "__main__":
    main(sys.argv[1:])
