"""Fetching a calendar from where its user says it is, and reading when they are busy. Nothing is written here."""

import json
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

from crm.domain.own_calendar import GOOD, WAITING
from crm.imports.apart import Interrupted, TooMuch
from crm.imports.busy import Busy, NoCalendar, Wanted
from crm.imports.busy_reader import read_apart
from crm.imports.caldav import fetch_all
from crm.imports.dav import Refused, Server
from crm.imports.dav_xml import NoDav
from crm.imports.ical import fingerprint
from crm.outgoing.client import Asked, send
from crm.outgoing.failures import Failed
from crm.outgoing.wire import Network

LIMIT = 20 * 2**20
"""Bytes of a calendar: ten busy years have less than half."""
SECONDS = 30.0
STATES = {401: "password", 403: "password", 404: "gone", 410: "gone"}


@dataclass(frozen=True)
class Source:
    """Where a calendar is, and how to get in: all of it but ``host`` and ``kind`` is secret."""

    kind: str
    address: str = field(repr=False)
    name: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """What of the address may be shown."""
        return urlsplit(self.address).hostname or ""

    @property
    def signed_in(self) -> tuple[str, str] | None:
        """Name and password, where one of them is given."""
        return (self.name, self.password) if self.name or self.password else None

    def packed(self) -> str:
        """All of it in one line, to be sealed."""
        return json.dumps(asdict(self))

    @classmethod
    def unpacked(cls, line: str) -> "Source":
        """The other way."""
        return cls(**json.loads(line))


@dataclass(frozen=True)
class Seen:
    """By what a server knows the version that was read last."""

    etag: str | None = None
    modified: str | None = None


NOTHING_SEEN = Seen()


@dataclass(frozen=True)
class Outcome:
    """How a reading ended. No ``busy``: nothing new was learnt; in state *good* it is as it was. *waiting*: interrupted."""

    state: str
    busy: Busy | None = None
    seen: Seen = NOTHING_SEEN


def fetch(source: Source, wanted: Wanted, network: Network, seen: Seen = NOTHING_SEEN) -> Outcome:
    """Fetch and read it; never raises for anything a server does."""
    try:
        if source.kind == "caldav":
            return _caldav(source, wanted, network)
        return _ics(source, wanted, network, seen)
    except Failed as failed:
        return Outcome(str(failed.failure))
    except Refused as refused:
        return Outcome(STATES.get(refused.status, "refused"))
    except NoDav:
        return Outcome("no_caldav")
    except NoCalendar:
        return Outcome("not_a_calendar")
    except TooMuch:
        return Outcome("too_much")
    except Interrupted:
        return Outcome(WAITING)


def _caldav(source: Source, wanted: Wanted, network: Network) -> Outcome:
    server = Server(source.address, source.signed_in, network, LIMIT)
    return Outcome(GOOD, read_apart(fetch_all(server, wanted), wanted))


def _ics(source: Source, wanted: Wanted, network: Network, seen: Seen) -> Outcome:
    conditions = {"If-None-Match": _tag(seen), "If-Modified-Since": seen.modified}
    headers = {name: value for name, value in conditions.items() if value}
    asked = Asked(source.address, headers=headers, signed_in=source.signed_in, limit=LIMIT, seconds=SECONDS)
    answer = send(asked, network)
    if answer.status == 304 and headers:
        return Outcome(GOOD, None, seen)
    if answer.status != 200:
        raise Refused(answer.status)
    known = Seen(_short(answer.headers.get("etag")), _short(answer.headers.get("last-modified")))
    if known == NOTHING_SEEN:
        known = Seen(_OWN_TAG + fingerprint(answer.body))
        if known == seen:
            return Outcome(GOOD, None, seen)
    return Outcome(GOOD, read_apart(answer.body, wanted), known)


_OWN_TAG = "ours "
"""How the mark of a version begins that we made, of a server that knows none."""


def _tag(seen: Seen) -> str | None:
    return None if seen.etag and seen.etag.startswith(_OWN_TAG) else seen.etag


def _short(value: str | None) -> str | None:
    return value if value and len(value) <= 500 else None
