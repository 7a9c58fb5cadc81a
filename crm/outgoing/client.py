"""The one client for requests to addresses that people typed. Nothing else in this program opens such a connection.

Every hop of a redirect is a request of its own: its host is looked up once, judged, and connected to by that very
address. Nothing here writes to a log, and no failure carries an address: addresses may be secret.
"""

import base64
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urljoin, urlsplit

import httpcore2

from crm.outgoing.failures import Failed, Failure
from crm.outgoing.wire import Network, Wire

MOST_HOPS = 5
LONGEST_ADDRESS = 4_000
_MOVED = (301, 302, 303, 307, 308)
_PORTS = {"https": 443, "http": 80}
_AGENT = "In-Person"
# What it tells of each step holds addresses.
logging.getLogger("httpcore2").setLevel(logging.WARNING)


@dataclass(frozen=True)
class Asked:
    """A request. ``signed_in`` is a user name and a password, which go to this host and to none it leads on to.

    ``limit`` is the most bytes of an answer, ``seconds`` the longest that all of it may take.
    """

    url: str = field(repr=False)
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = b""
    signed_in: tuple[str, str] | None = field(default=None, repr=False)
    limit: int = 16 * 2**20
    seconds: float = 30.0


@dataclass(frozen=True)
class Answer:
    """What came back; names of headers in lower case. ``url`` is where the last hop led."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = field(repr=False)


@dataclass(frozen=True)
class Place:
    """An address taken apart."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """Whom a password is for."""
        return self.scheme, self.host, self.port


def send(asked: Asked, network: Network) -> Answer:
    """The answer, after all redirects, whatever its status; Failed where there is none."""
    wire = Wire(network, time.monotonic() + asked.seconds)
    for _ in range(MOST_HOPS):
        place = taken_apart(asked.url, network)
        answer = _hop(asked, place, wire)
        led_to = answer.headers.get("location")
        if answer.status not in _MOVED or not led_to:
            return answer
        onward = _onward(asked.url, led_to)
        keeps = taken_apart(onward, network).origin == place.origin
        asked = replace(asked, url=onward, signed_in=asked.signed_in if keeps else None)
    raise Failed(Failure.TOO_MANY_HOPS)


def _onward(url: str, led_to: str) -> str:
    try:
        return urljoin(url, led_to)
    except ValueError:  # an address in brackets that is none
        raise Failed(Failure.FORBIDDEN) from None


def taken_apart(url: str, network: Network) -> Place:
    """The parts of an https address, or of an http one on the own network; Failed for any other."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii").lower()
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise Failed(Failure.FORBIDDEN) from None
    secure = parts.scheme == "https" or network.is_named(host, port)
    if not host or not secure or parts.username is not None or len(url) > LONGEST_ADDRESS:
        raise Failed(Failure.FORBIDDEN)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return Place(parts.scheme, host, port, f"{path}?{query}" if query else path)


def _hop(asked: Asked, place: Place, wire: Wire) -> Answer:
    url = httpcore2.URL(
        scheme=place.scheme.encode(), host=place.host.encode(), port=place.port, target=place.target.encode()
    )
    try:
        with (
            httpcore2.ConnectionPool(network_backend=wire) as pool,
            pool.stream(
                asked.method, url, headers=list(_headers(asked, place).items()), content=asked.body
            ) as response,
        ):
            headers = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
            }
            body = b"" if response.status in _MOVED else _body(response, headers, asked.limit)
            return Answer(response.status, headers, body, asked.url)
    except httpcore2.ProtocolError:
        raise Failed(Failure.GARBLED) from None
    except (httpcore2.NetworkError, httpcore2.TimeoutException):
        raise Failed(Failure.UNREACHABLE) from None


def _headers(asked: Asked, place: Place) -> dict[str, str]:
    standard = place.port == _PORTS[place.scheme]
    shown = f"[{place.host}]" if ":" in place.host else place.host
    headers = {
        "Host": shown if standard else f"{shown}:{place.port}",
        "User-Agent": _AGENT,
        # What is packed could unpack to any size.
        "Accept-Encoding": "identity",
        "Content-Length": str(len(asked.body)),
        **asked.headers,
    }
    if asked.signed_in is not None:
        packed = base64.b64encode(":".join(asked.signed_in).encode()).decode()
        headers["Authorization"] = f"Basic {packed}"
    return headers


def _body(response: httpcore2.Response, headers: Mapping[str, str], limit: int) -> bytes:
    """The body, refused as soon as it is too big: before it is read where its size is told."""
    told = headers.get("content-length", "0")
    if told.isdigit() and int(told) > limit:
        raise Failed(Failure.TOO_BIG)
    pieces, size = [], 0
    for piece in response.iter_stream():
        size += len(piece)
        if size > limit:
            raise Failed(Failure.TOO_BIG)
        pieces.append(piece)
    return b"".join(pieces)
