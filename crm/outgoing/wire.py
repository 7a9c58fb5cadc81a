"""The wire under the one outgoing client: a name is looked up once, the address that was judged is the one that is
connected to, and everything together ends at a deadline."""

import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import httpcore2

from crm.outgoing.failures import Failed, Failure
from crm.outgoing.forbidden import is_forbidden

Resolve: TypeAlias = Callable[[str, int], list[str]]
"""The numeric addresses of a name; OSError where it has none."""
Dial: TypeAlias = Callable[[str, int, float], socket.socket]
"""A connection to a numeric address and port, in at most so many seconds."""

STEP_SECONDS = 10.0
"""The longest wait for one answer of the network."""
MOST_TRIED = 3
"""Addresses of one name that are tried."""


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a host as the system knows them, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def dial(address: str, port: int, seconds: float) -> socket.socket:
    """A connection to a numeric address, of which no resolver is asked again."""
    return socket.create_connection((address, port), seconds)


@dataclass(frozen=True)
class Network:
    """The network as the client sees it. ``named``: hosts, or ``host:port``, that an admin allowed on the own network."""

    named: Collection[str] = ()
    resolve: Resolve = look_up
    dial: Dial = dial

    def is_named(self, host: str, port: int) -> bool:
        """Whether an admin allowed this host, or this port of it."""
        return host in self.named or f"{host}:{port}" in self.named


@dataclass
class Wire(httpcore2.NetworkBackend):
    """The way out for one request and all that it is led on to; ``ends_at`` is of the monotonic clock."""

    network: Network
    ends_at: float
    _judged: dict[tuple[str, int], list[str]] = field(default_factory=dict)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address of the host that answers; Failed where one of them is forbidden."""
        failure = Failure.UNREACHABLE
        for address in self._addresses(host, port)[:MOST_TRIED]:
            try:
                connected = self.network.dial(address, port, self.left())
            except OSError as fault:
                failure = Failure.SLOW if isinstance(fault, TimeoutError) else Failure.UNREACHABLE
                continue
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return _Stream(connected, self)
        raise Failed(failure)

    def _addresses(self, host: str, port: int) -> list[str]:
        """Where the host is: looked up once, and none of them forbidden."""
        if (host, port) not in self._judged:
            try:
                found = self.network.resolve(host, port)
            except (OSError, ValueError):
                raise Failed(Failure.UNKNOWN_HOST) from None
            named = self.network.is_named(host, port)
            if any(is_forbidden(address, named=named) for address in found):
                raise Failed(Failure.FORBIDDEN)
            self._judged[host, port] = found
        return self._judged[host, port]

    def left(self) -> float:
        """Seconds that the next step may take; Failed once the time is up."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise Failed(Failure.SLOW)
        return min(left, STEP_SECONDS)


class _Stream(httpcore2.NetworkStream):
    """A connection on which every step is bound by the wire's deadline."""

    def __init__(self, connected: socket.socket, wire: Wire) -> None:
        self._socket, self._wire = connected, wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with self._step():
            return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with self._step():
            self._socket.sendall(buffer)

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        with self._step():
            return _Stream(ssl_context.wrap_socket(self._socket, server_hostname=server_hostname), self._wire)

    def get_extra_info(self, info: str) -> Any:
        return None

    @contextmanager
    def _step(self) -> Iterator[None]:
        self._socket.settimeout(self._wire.left())
        try:
            yield
        except TimeoutError:
            raise Failed(Failure.SLOW) from None
        except ssl.SSLError:
            raise Failed(Failure.UNTRUSTED) from None
        except OSError:
            raise Failed(Failure.UNREACHABLE) from None
