"""Fetching a calendar from where its user says it is, and reading when they are busy. Nothing is written here."""

import json
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

from crm.domain.own_calendar import GOOD
from crm.imports.busy import Busy, NoCalendar, Wanted
from crm.imports.busy_reader import TooMuch, read_apart
from crm.outgoing.client import Answer, Asked, send
from crm.outgoing.failures import Failed
from crm.outgoing.wire import Network

LIMIT = 20 * 2**20
"""Bytes of a calendar: ten busy years have less than half."""
SECONDS = 30.0
_STATES = {401: "password", 403: "password", 404: "gone", 410: "gone"}


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
    """How a reading ended. No ``busy``: nothing new was learnt; in state *good* it is as it was."""

    state: str
    busy: Busy | None = None
    seen: Seen = NOTHING_SEEN


class Refused(Exception):
    """The server answered, but not with what was asked for."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


def fetch(source: Source, wanted: Wanted, network: Network, seen: Seen = NOTHING_SEEN) -> Outcome:
    """Fetch and read it; never raises for anything a server does."""
    try:
        return _ics(source, wanted, network, seen)
    except Failed as failed:
        return Outcome(str(failed.failure))
    except Refused as refused:
        return Outcome(refused.state)
    except NoCalendar:
        return Outcome("not_a_calendar")
    except TooMuch:
        return Outcome("too_much")


def _ics(source: Source, wanted: Wanted, network: Network, seen: Seen) -> Outcome:
    conditions = {"If-None-Match": seen.etag, "If-Modified-Since": seen.modified}
    headers = {name: value for name, value in conditions.items() if value}
    signed_in = (source.name, source.password) if source.name or source.password else None
    answer = send(
        Asked(source.address, headers=headers, signed_in=signed_in, limit=LIMIT, seconds=SECONDS), network
    )
    if answer.status == 304 and headers:
        return Outcome(GOOD, None, seen)
    require(answer, 200)
    known = Seen(_short(answer.headers.get("etag")), _short(answer.headers.get("last-modified")))
    return Outcome(GOOD, read_apart(answer.body, wanted), known)


def require(answer: Answer, *statuses: int) -> None:
    """Refused for any other status."""
    if answer.status not in statuses:
        raise Refused(_STATES.get(answer.status, "refused"))


def _short(value: str | None) -> str | None:
    return value if value and len(value) <= 500 else None
