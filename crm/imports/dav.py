"""A WebDAV server asked as one user: what CalDAV and CardDAV have in common. Nothing here writes to a server."""

import time
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from crm.imports.dav_xml import NoDav, Resource, resources
from crm.outgoing.client import Answer, Asked, send
from crm.outgoing.failures import Failed, Failure
from crm.outgoing.wire import Network

SECONDS = 60.0
"""For everything together."""
_ANSWER_SECONDS = 30.0
_SMALL = 2 * 2**20
_NO_DAV = (200, 204, 400, 405, 501)
"""What servers say to a question they have never heard of."""
_SHARING_OUT = (".icloud.com", ".icloud.com.cn")
"""Under which a provider keeps its users on servers of several names: p42-caldav.icloud.com."""


class Refused(Exception):
    """The server answered, but not with what was asked for; ``status`` is that of its answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass
class Server:
    """A server to ask as one user, for a while."""

    typed: str
    signed_in: tuple[str, str] | None
    network: Network
    limit: int
    ends_at: float = field(default_factory=lambda: time.monotonic() + SECONDS)

    def ask(self, method: str, url: str, body: str, depth: int, limit: int = _SMALL) -> Answer:
        """One request; the password goes along only to the host it was typed for and those beside it."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise Failed(Failure.SLOW)
        headers = {"Content-Type": 'application/xml; charset="utf-8"', "Depth": str(depth)}
        signed_in = self.signed_in if _is_beside(url, self.typed) else None
        document = f'<?xml version="1.0" encoding="utf-8"?>{body}'.encode()
        seconds = min(left, _ANSWER_SECONDS)
        return send(Asked(url, method, headers, document, signed_in, limit, seconds), self.network)

    def find(self, url: str, body: str, depth: int) -> list[Resource]:
        """What is at an address, with whole addresses; Refused or NoDav where nothing is told."""
        answer = self.ask("PROPFIND", url, body, depth)
        if answer.status in _NO_DAV:
            raise NoDav
        if answer.status != 207:
            raise Refused(answer.status)
        return [Resource(urljoin(answer.url, one.href), one.told) for one in resources(answer.body)]


def _is_beside(url: str, typed: str) -> bool:
    """Whether two addresses are of one host, of a host and one below it, or of a provider that shares out its users.

    Two names side by side may be of two owners, as under a suffix that anybody may have a name under.
    """
    one, other = urlsplit(url), urlsplit(typed)
    if (one.scheme, one.netloc) == (other.scheme, other.netloc):
        return True
    upper, lower = sorted(((each.hostname or "") for each in (one, other)), key=len)
    below = upper.count(".") >= 2 and f".{lower}".endswith(f".{upper}")
    shared_out = any(upper.endswith(suffix) and lower.endswith(suffix) for suffix in _SHARING_OUT)
    return one.scheme == "https" and (below or shared_out) and not upper.rpartition(".")[2].isdigit()


@dataclass(frozen=True)
class Sort:
    """What is looked for on a server: its namespace, the property that names where a user keeps such things, the name
    under which RFC 6764 says where it begins, and the properties to ask collections for."""

    space: str
    home: str
    well_known: str
    asked: str = ""

    @property
    def spaces(self) -> str:
        """The namespaces of a question."""
        return f'xmlns="DAV:" xmlns:C="{self.space}"'

    @property
    def where(self) -> str:
        """The question where the user's things are."""
        props = f"<resourcetype/><current-user-principal/><C:{self.home}/>"
        return f"<propfind {self.spaces}><prop>{props}</prop></propfind>"

    @property
    def which(self) -> str:
        """The question what there is."""
        return f"<propfind {self.spaces}><prop><resourcetype/>{self.asked}</prop></propfind>"


def first(server: Server, sort: Sort) -> Resource:
    """The typed address; of a bare host, where it says that such things begin (RFC 6764)."""
    try:
        found = server.find(server.typed, sort.where, 0)
    except (NoDav, Refused) as fault:
        bare = urlsplit(server.typed).path in ("", "/")
        if not bare or (isinstance(fault, Refused) and fault.status in (401, 403)):
            raise
        found = server.find(urljoin(server.typed, f"/.well-known/{sort.well_known}"), sort.where, 0)
    if not found:
        raise NoDav
    return found[0]


def beside(server: Server, here: Resource, sort: Sort) -> list[Resource]:
    """What is kept at this address, by whom it belongs to, or by the user who signed in."""
    home = here.href_of(sort.home, sort.space)
    if home is None and (principal := here.href_of("current-user-principal")):
        (whose, *_) = server.find(urljoin(here.href, principal), sort.where, 0) or [here]
        home = whose.href_of(sort.home, sort.space)
    return server.find(urljoin(here.href, home or here.href), sort.which, 1)
