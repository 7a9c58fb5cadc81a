"""Servers on this machine that behave as badly as a test wants, each on a socket of its own."""

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from crm.outgoing.wire import Network, dial

Talk = Callable[[socket.socket, bytes], None]
"""What a server does with a connection and the request's head."""


@dataclass
class Server:
    """A listening socket; ``asked`` holds what arrived on each connection, ``sent`` how much went out."""

    port: int
    asked: list[bytes] = field(default_factory=list)
    sent: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def serving(talk: Talk) -> Iterator[Server]:
    """A server on a free port of the loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener.getsockname()[1])

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_one, args=(server, connection, talk), daemon=True).start()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _one(server: Server, connection: socket.socket, talk: Talk) -> None:
    with connection, contextlib.suppress(OSError):
        server.asked.append(b"")
        index = len(server.asked) - 1
        connection.settimeout(5)
        head = connection.recv(65_536)
        while b"\r\n\r\n" in head and len(head.partition(b"\r\n\r\n")[2]) < _told_length(head):
            head += connection.recv(65_536)
        server.asked[index] = head
        talk(connection, head)


def _told_length(head: bytes) -> int:
    told = re.search(rb"Content-Length: (\d+)", head)
    return int(told.group(1)) if told else 0


def saying(status: str, body: bytes = b"", **headers: str) -> Talk:
    """Always the same answer; underscores of header names are hyphens."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    whole = "\r\n".join([*lines, "", ""]).encode() + body
    return lambda connection, _: connection.sendall(whole)


def network(*named: str, **hosts: str) -> Network:
    """A network in which every name is this machine, unless it is said where it is (dots written as ``_``)."""
    places = {name.replace("_", "."): where.split() for name, where in hosts.items()}
    return Network(named, resolve=lambda host, port: places.get(host, ["127.0.0.1"]), dial=dial)
