"""A process that bears servers on one database and one listening socket; ``kill.py`` kills them.

It has everything imported, so that a server is born in a moment, as after a restart.
"""

import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import uvicorn
from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.responses import RedirectResponse, Response
from starlette.testclient import TestClient

from crm.app import create_app
from crm.interactions import actions
from crm.settings import Settings
from crm.storage.database import Database
from crm.web.routing import Endpoint, Visit

A_WHILE = 0.03


def answers_first(act: Callable[[Endpoint, Visit], Response]) -> Callable[[Endpoint, Visit], Response]:
    """A broken build: says "saved" at once and saves a little later."""

    def later(endpoint: Endpoint, visit: Visit) -> None:
        time.sleep(A_WHILE)
        act(endpoint, visit)

    def answer(endpoint: Endpoint, visit: Visit) -> Response:
        threading.Thread(target=later, args=(endpoint, visit), daemon=True).start()
        return RedirectResponse("/", 303)

    return answer


def in_two_steps(write: Callable[..., None]) -> Callable[..., None]:
    """A broken build: what was logged is kept before who took part."""

    def write_later(connection: Connection, *arguments: Any) -> None:
        connection.exec_driver_sql("COMMIT")
        time.sleep(A_WHILE)
        connection.exec_driver_sql("BEGIN")
        write(connection, *arguments)

    return write_later


def break_it(variant: str) -> None:
    if variant == "answers first":
        Endpoint._act = answers_first(Endpoint._act)  # type: ignore[assignment, method-assign]
    if variant == "in two steps":
        actions._write_participants = in_two_steps(actions._write_participants)


def warmed(url: str, session: str, somebody: int) -> Starlette:
    """The product on its database, with its SQL built: servers are born with it and need not build it again."""
    settings = Settings(secret_key="a key for tests only", base_url="http://testserver", scheduler="off")
    database = Database(url)
    app = create_app(settings, database)
    browser = TestClient(app, headers={"Cookie": session}, follow_redirects=False)
    form = {"contact_ids": str(somebody), "channel": "phone", "summary": "warming up", "again": "3w"}
    assert browser.post("/log", data=form).status_code == 303
    database.close()
    return app


def serve(app: Starlette, listener: socket.socket) -> None:
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    uvicorn.Server(config).run(sockets=[listener])


def tell(pid: int) -> None:
    sys.stdout.write(f"{pid}\n")
    sys.stdout.flush()


def main(url: str, descriptor: int, session: str, somebody: int, variant: str) -> None:
    """Bear one server for each line read; say its number when it is born, and again when it is dead."""
    listener = socket.socket(fileno=descriptor)
    app = warmed(url, session, somebody)
    break_it(variant)
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                serve(app, listener)
            finally:
                os._exit(1)
        tell(pid)
        os.waitpid(pid, 0)
        tell(pid)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5])
