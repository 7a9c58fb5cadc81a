"""A user's calendars on a CalDAV server (RFC 4791): found from whatever address was typed, and asked for what takes time
in the weeks ahead. Titles are not asked for.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC
from urllib.parse import urljoin, urlsplit

from crm.imports.busy import Wanted
from crm.imports.dav_xml import CALDAV, NoDav, Resource, resources
from crm.outgoing.client import Answer, Asked, send
from crm.outgoing.failures import Failed, Failure
from crm.outgoing.wire import Network

MOST_CALENDARS = 30
SECONDS = 60.0
"""For everything together."""
_ANSWER_SECONDS = 30.0
_SMALL = 2 * 2**20
_NO_DAV = (200, 204, 400, 405, 501)
"""What servers say to a question they have never heard of."""

_SPACES = f'xmlns="DAV:" xmlns:C="{CALDAV}"'
_WHERE = f"<propfind {_SPACES}><prop><resourcetype/><current-user-principal/><C:calendar-home-set/></prop></propfind>"
_WHICH = (
    f"<propfind {_SPACES}><prop><resourcetype/><C:supported-calendar-component-set/>"
    "<C:schedule-calendar-transp/></prop></propfind>"
)
_KEPT = (
    "UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "SEQUENCE", "STATUS", "TRANSP",
    "ATTENDEE", "LOCATION", "X-MICROSOFT-CDO-BUSYSTATUS",
)  # fmt: skip


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
    """Whether two addresses are of one host, or of two hosts of one domain, as where servers share out their users."""
    one, other = urlsplit(url), urlsplit(typed)
    if (one.scheme, one.netloc) == (other.scheme, other.netloc):
        return True
    hosts = [(each.hostname or "").split(".") for each in (one, other)]
    alike = hosts[0][-2:] == hosts[1][-2:] and min(map(len, hosts)) > 2
    return one.scheme == "https" and alike and not hosts[0][-1].isdigit()


def fetch_all(server: Server, wanted: Wanted) -> bytes:
    """Whatever takes time in the user's calendars, as iCalendar; NoDav where there is no calendar."""
    found = _calendars(server)
    if not found:
        raise NoDav
    parts: list[bytes] = []
    for url in found[:MOST_CALENDARS]:
        left = server.limit - sum(map(len, parts))
        parts.append(_of_one(server, url, wanted, left))
    return b"\r\n".join(part for part in parts if part.strip()) or b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


def _calendars(server: Server) -> list[str]:
    """The calendars at the typed address, of whom it belongs to, or of the user who signed in."""
    here = _first(server)
    if _is_calendar(here):
        return [here.href]
    home = here.href_of("calendar-home-set", CALDAV)
    if home is None and (principal := here.href_of("current-user-principal")):
        (whose, *_) = server.find(urljoin(here.href, principal), _WHERE, 0) or [here]
        home = whose.href_of("calendar-home-set", CALDAV)
    found = server.find(urljoin(here.href, home or here.href), _WHICH, 1)
    return [one.href for one in found if _is_calendar(one) and _counts(one)]


def _first(server: Server) -> Resource:
    """The typed address; of a bare host, where it says that CalDAV begins (RFC 6764)."""
    try:
        found = server.find(server.typed, _WHERE, 0)
    except (NoDav, Refused) as fault:
        bare = urlsplit(server.typed).path in ("", "/")
        if not bare or (isinstance(fault, Refused) and fault.status in (401, 403)):
            raise
        found = server.find(urljoin(server.typed, "/.well-known/caldav"), _WHERE, 0)
    if not found:
        raise NoDav
    return found[0]


def _is_calendar(one: Resource) -> bool:
    return one.has("resourcetype", "calendar", space=CALDAV)


def _counts(one: Resource) -> bool:
    """Whether it holds events that take its user's time: no list of tasks, and none marked as not counting."""
    kinds = one.told.first("supported-calendar-component-set", space=CALDAV)
    holds = {str(each.given.get("name", "")).upper() for each in kinds.holds} if kinds is not None else set()
    return (not holds or "VEVENT" in holds) and not one.has(
        "schedule-calendar-transp", "transparent", space=CALDAV
    )


def _of_one(server: Server, url: str, wanted: Wanted, limit: int) -> bytes:
    """Its events in the window, each occurrence for itself; from a server that will not, when it is busy."""
    begins, ends = (f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" for moment in (wanted.begins, wanted.ends))
    window = f'start="{begins}" end="{ends}"'
    props = "".join(f'<C:prop name="{name}"/>' for name in _KEPT)
    data = (
        f'<C:calendar-data><C:comp name="VCALENDAR"><C:comp name="VEVENT">{props}</C:comp>'
        f'<C:comp name="VTIMEZONE"/></C:comp><C:expand {window}/></C:calendar-data>'
    )
    query = (
        f'<C:calendar-query {_SPACES}><prop>{data}</prop><C:filter><C:comp-filter name="VCALENDAR">'
        f'<C:comp-filter name="VEVENT"><C:time-range {window}/></C:comp-filter></C:comp-filter></C:filter>'
        "</C:calendar-query>"
    )
    answer = server.ask("REPORT", url, query, 1, limit)
    if answer.status == 207:
        return _data_of(answer)
    free_busy = f"<C:free-busy-query {_SPACES}><C:time-range {window}/></C:free-busy-query>"
    answer = server.ask("REPORT", url, free_busy, 1, limit)
    if answer.status != 200:
        raise Refused(answer.status)
    return answer.body


def _data_of(answer: Answer) -> bytes:
    found = (one.told.first("calendar-data", space=CALDAV) for one in resources(answer.body))
    return "\r\n".join(each.text for each in found if each is not None).encode()
