"""A server that is asked to stop while a request takes longer than it may wait: gone in time, and nothing is half-done."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from crm.storage.database import Database
from crm.storage.tables import scheduler_pulse, workspace
from tests.builders import World
from tests.mail.servers import free_port

SLOW = """
import threading
from crm import app
from crm.__main__ import main
from crm.storage.tables import workspace
from crm.web.routing import Router

rooms = app.routers()
slow = Router()


def work(connection):
    connection.execute(workspace.update().values(name="Half done"))
    print("working", flush=True)
    threading.Event().wait(20)


@slow.action("/saves-at-the-end", access="public")
def saves_at_the_end(visit):
    work(visit.connection)
    return visit.redirect("/")


@slow.action("/waits-for-others", access="public", own_transactions=True)
def waits_for_others(visit):
    print("working", flush=True)
    threading.Event().wait(20)
    with visit.database.write() as connection:
        work(connection)
    return visit.redirect("/")


app.routers = lambda: (*rooms, slow)
main()
"""


def environment(folder: Path, port: int, **more: str) -> dict[str, str]:
    """Of a server of its own, which no setting of ours reaches."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CRM_")}
    return {**ours, "CRM_DATA_DIR": str(folder), "CRM_PORT": str(port), **more}


@pytest.mark.parametrize(("path", "is_free"), [("/saves-at-the-end", False), ("/waits-for-others", True)])
def test_it_is_gone_within_ten_seconds_and_what_was_not_saved_is_rolled_back(
    database: Database, tmp_path: Path, path: str, is_free: bool
) -> None:
    World.create(database)
    port = free_port()
    env = environment(tmp_path, port, CRM_DATABASE_URL=database.url.render_as_string(hide_password=False))
    command = [sys.executable, "-u", "-c", SLOW, "serve"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            server.stdout.readline()  # where it is
            server.stdout.readline()  # the link for the first admin
            with socket.create_connection(("127.0.0.1", port), timeout=30) as visitor:
                visitor.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
                assert server.stdout.readline() == "working\n"
                server.send_signal(signal.SIGTERM)
                assert server.wait(10) == 0
        finally:
            server.kill()
    with database.read() as connection:
        assert connection.execute(select(workspace.c.name)).scalar_one() == "Our team"
        if is_free:
            assert connection.execute(select(scheduler_pulse)).all() == []


EARLY = """
import os
import signal
from crm import jobs
from crm.__main__ import main

start = jobs.start


def start_and_be_stopped(database, settings):
    running = start(database, settings)
    os.kill(os.getpid(), signal.SIGTERM)
    return running


jobs.start = start_and_be_stopped
main()
"""


def test_a_server_that_is_stopped_while_it_starts_ends_as_ever(tmp_path: Path) -> None:
    """Its clock may be handing over a mail by then."""
    env = environment(tmp_path, free_port())
    ended = subprocess.run([sys.executable, "-c", EARLY, "serve"], env=env, timeout=60, check=False)
    assert ended.returncode == 0
