"""``crm serve`` and ``crm migrate``."""

import ctypes
import errno
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import FrameType
from typing import TYPE_CHECKING

import typer

from crm.accounts import actions
from crm.cli_support import open_database
from crm.errors import Unavailable, UsageError
from crm.nudges import sending
from crm.outgoing.imap_address import ImapAddress
from crm.settings import COMMA_IN_KEY, SHORT_KEY, Settings, unknown_settings
from crm.storage.database import Database
from crm.web import logs, sessions

if TYPE_CHECKING:
    import uvicorn

GRACE_SECONDS = 7
"""How long requests in progress may take; with what comes after it, the process is gone within ten."""
LAST_SECONDS = 0.25
log = logging.getLogger("crm.serve")


def serve() -> None:
    """Serve the pages, the API and the scheduler on one port."""
    _share_one_heap()
    with ExitStack() as serving:
        settings, database = serving.enter_context(open_database())
        from crm import jobs  # only the server waits for the scheduler and the web framework
        from crm.imports.resealing import reseal

        _refuse_wrong(settings)
        serving.enter_context(database.served())
        listener = _listen(settings.host, settings.port)
        logs.configure(settings.log_format)
        for sentence in _worth_a_word(settings):
            log.warning(sentence)
        _announce(settings, database)
        reseal(database, settings.key)
        stops: list[Callable[[], None]] = []
        server = _stoppable(settings, database, stops)
        running = jobs.start(database, settings) if settings.scheduler == "on" else None
        try:
            if running:
                stops.append(running.ask)
            server.run(sockets=[listener])
        finally:
            if running:
                running.stop()
            listener.close()
    _leave_nobody_working()


def _share_one_heap() -> None:
    """glibc would keep a heap for each thread, and in each what its largest page once took: 40 MiB for eight."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return
    for option, value in ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, 65_536), (_TRIM_THRESHOLD, 65_536)):
        mallopt(option, value)


_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1
"""Their numbers in malloc.h."""


def _refuse_wrong(settings: Settings) -> None:
    """A wrong setting of mail stops the server, not each of its pages and mails."""
    if settings.imap_url:
        ImapAddress.parse(settings.imap_url)
    sending.by_smtp(settings)
    sending.sender_of(settings)


def _worth_a_word(settings: Settings) -> Iterator[str]:
    """What the server bears, and whoever runs it should know."""
    yield from unknown_settings()
    if settings.has_short_key:
        yield " ".join(SHORT_KEY)
    if settings.has_comma_in_key:
        yield " ".join(COMMA_IN_KEY)


_NO_RIGHT = (errno.EACCES, errno.EPERM)
"""Another start does not bring the right to use a port."""


def _listen(host: str, port: int) -> socket.socket:
    """The bound port, or one sentence about why it cannot be had."""
    listener = None
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(2048)
    except OSError as fault:
        if listener is not None:
            listener.close()
        if fault.errno == errno.EADDRINUSE:
            raise Unavailable(f"Port {port} on {host} is in use. Choose another with CRM_PORT.") from None
        is_wrong = isinstance(fault, socket.gaierror) and fault.errno != socket.EAI_AGAIN
        refusal = UsageError if is_wrong or fault.errno in _NO_RIGHT else Unavailable
        raise refusal(
            f"{host} port {port} cannot be used: {fault.strerror}. See CRM_HOST and CRM_PORT."
        ) from None
    return listener


def _announce(settings: Settings, database: Database) -> None:
    _ = settings.key  # one that cannot sign is told now, not to the first who comes
    typer.echo(f"In Person is at {settings.url}")
    with database.read() as connection:
        if not sessions.anybody(connection):
            token = actions.setup_token(settings.key)
            typer.echo(f"Set up the first admin: {settings.url}/setup?token={token}")


def _stoppable(settings: Settings, database: Database, stops: list[Callable[[], None]]) -> "uvicorn.Server":
    """The server, which ends when it is asked to, from now on: requests in progress are answered first.

    ``stops`` are told as well. The server raises the signal again at its end, which must not cut our own end short.
    """
    import uvicorn

    from crm.app import create_app

    app = create_app(settings, database)
    stopping = app.state.site.stopping
    settle_memory()
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            stopping.set()
            for stop in stops:
                stop()
            super().handle_exit(sig, frame)

    server = Server(config)
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, server.handle_exit)
    return server


def settle_memory() -> None:
    """What is loaded stays as long as the process. A page makes some 20,000 objects and leaves hardly any behind: to look for
    those after every 700 took a tenth of its time."""
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def _leave_nobody_working() -> None:
    """End the process where a request outlasted the grace: its thread would keep it, and commit after all.

    What that request had not committed the database rolls back.
    """
    others = [one for one in threading.enumerate() if one is not threading.main_thread() and not one.daemon]
    until = time.monotonic() + LAST_SECONDS
    for one in others:
        one.join(max(0, until - time.monotonic()))
    if any(one.is_alive() for one in others):
        log.warning("a request was still being worked on; what it had not saved is rolled back")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def migrate() -> None:
    """Upgrade the database to the newest schema."""
    with open_database():
        typer.echo("The database is up to date.")
