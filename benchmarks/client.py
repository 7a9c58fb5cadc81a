"""A client that costs next to nothing: one kept connection, requests made of bytes."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import urlencode

MOST_SAID = 10_000
"""So many bytes of what a server said are told."""


class Client:
    """One browser's connection, signed in by a cookie."""

    def __init__(self, port: int, cookie: str) -> None:
        self._port, self._cookie = port, cookie
        self._head = (
            f"Host: 127.0.0.1:{port}\r\nCookie: crm-session={cookie}\r\nSec-Fetch-Site: same-origin\r\n"
        )
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def another(self) -> "Client":
        """A further connection of the same browser."""
        return Client(self._port, self._cookie)

    def get(self, path: str) -> bytes:
        """The body of a page, which must be there."""
        status, body = self._exchange(f"GET {path} HTTP/1.1\r\n{self._head}\r\n".encode())
        assert status == 200, (path, status, body[:300])
        return body

    def post(self, path: str, fields: dict[str, str]) -> None:
        """Send a form, which must be taken."""
        sent = urlencode(fields).encode()
        kind = "Content-Type: application/x-www-form-urlencoded\r\n"
        head = f"POST {path} HTTP/1.1\r\n{self._head}{kind}Content-Length: {len(sent)}\r\n\r\n"
        status, body = self._exchange(head.encode() + sent)
        assert status == 303, (path, status, body[:300])

    def _exchange(self, request: bytes) -> tuple[int, bytes]:
        self._socket.sendall(request)
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._more()
        head, _, body = got.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        length = int(headers.get("content-length", "0"))
        while len(body) < length:
            body += self._more()
        return int(lines[0].split()[1]), body

    def _more(self) -> bytes:
        found = self._socket.recv(1 << 18)
        assert found, "the server closed the connection"
        return found


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], port: int, **environment: str) -> Iterator[tuple[int, float]]:
    """A server of its own process: its pid, and the seconds from its start to its first answer.

    If what is done with it goes wrong, the end of what it said is told.
    """
    begun = time.perf_counter()
    with TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        try:
            while not _answers(port):
                assert process.poll() is None, f"{command} did not start"
                time.sleep(0.01)
            yield process.pid, time.perf_counter() - begun
        except AssertionError:
            print(_end_of(said), file=sys.stderr)
            raise
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _end_of(said: IO[bytes]) -> str:
    length = said.seek(0, os.SEEK_END)
    said.seek(max(length - MOST_SAID, 0))
    return said.read().decode(errors="replace")


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
            probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return b"200" in probe.recv(100)
    except OSError:
        return False


def resident_mib(pid: int) -> float:
    """Memory a process holds now."""
    with Path(f"/proc/{pid}/status").open(encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))
