"""Each kind of place elsewhere that the team reads again and again: how it is read, tried, and told about."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from crm.domain import mailbox_words
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.synced import GOOD, SYNCED
from crm.imports.busy_fetch import LIMIT as CALENDAR_LIMIT
from crm.imports.busy_fetch import STATES, Source
from crm.imports.caldav import calendars, fetch_meetings
from crm.imports.calendars import WINDOW
from crm.imports.carddav import fetch_cards, find_books
from crm.imports.dav import Refused, Server
from crm.imports.dav_xml import NoDav
from crm.imports.ical import fingerprint
from crm.imports.mailbox_source import fetch_mails, try_out
from crm.imports.records import CALENDAR, FILE_LIMIT, MAIL, VCARD
from crm.outgoing import imap
from crm.outgoing.client import Asked, send
from crm.outgoing.failures import Failed
from crm.outgoing.wire import Network

WHOLE_AFTER = timedelta(days=1)
"""How often a calendar by its address is looked at as a whole though it is the same: people come in meanwhile."""
SLACK = timedelta(days=1)
LATE = timedelta(days=35)
"""How far back calendars are read anew: meetings are moved and called off after their time."""
AHEAD = timedelta(days=183)
"""How far ahead they are asked for: what was put off stands there, and says so of what is in the log."""


def sentence_of(kind: str, host: str, state: str) -> str:
    """How reading a source of that kind ended, in words."""
    words = mailbox_words.SENTENCES if kind == IMAP else SYNCED
    return _(words[state]).format(host=host)


@dataclass(frozen=True)
class Fetched:
    """How reading ended; ``content`` is what is to be imported, as a file of that ``kind``.

    ``seen`` is how far it was read by that, where it is read piece by piece; ``more``: the rest waits for the next time.
    ``log_mailbox`` is the name of a mailbox to which mails may be forwarded. Only what a calendar has from after ``since``
    is of interest: the rest was read when it was what it still is.
    """

    state: str
    content: bytes = b""
    kind: str = VCARD
    seen: Mapping[str, Any] | None = None
    more: bool = False
    log_mailbox: str = ""
    since: datetime | None = None


IMAP = "imap"
NAMES: Final = {
    "carddav": N_("Address book (CardDAV)"),
    IMAP: N_("Mailbox (IMAP)"),
    "caldav": N_("Calendars (CalDAV)"),
    "ics": N_("Calendar by its address"),
}
"""Every kind of source, as people call it."""


def _carddav(access: Source, network: Network, seen: Mapping[str, Any], at: datetime) -> Fetched:
    return Fetched(GOOD, fetch_cards(_server(access, network)))


def _imap(access: Source, network: Network, seen: Mapping[str, Any], at: datetime) -> Fetched:
    mails = fetch_mails(access, network, seen, with_forwarded=True)
    return Fetched(GOOD, mails.content, MAIL, mails.seen, mails.more, access.name)


def _caldav(access: Source, network: Network, seen: Mapping[str, Any], at: datetime) -> Fetched:
    begins = datetime.fromisoformat(seen["until"]) - LATE if "until" in seen else at - WINDOW
    found = fetch_meetings(_server(access, network), begins, at + AHEAD)
    return Fetched(GOOD, _with_events(found), CALENDAR, {"until": at.isoformat()})


def _ics(access: Source, network: Network, seen: Mapping[str, Any], at: datetime) -> Fetched:
    answer = send(Asked(access.address, signed_in=access.signed_in, limit=CALENDAR_LIMIT), network)
    if answer.status != 200:
        raise Refused(answer.status)
    if not re.match(rb"\s*BEGIN:VCALENDAR", answer.body.removeprefix(b"\xef\xbb\xbf"), re.IGNORECASE):
        return Fetched("not_a_calendar")
    body = _with_events(answer.body)
    read = {"digest": fingerprint(body), "until": at.isoformat()}
    if read["digest"] == seen.get("digest") and at - datetime.fromisoformat(seen["whole"]) < WHOLE_AFTER:
        since = datetime.fromisoformat(seen["until"]) - SLACK
        return Fetched(GOOD, body, CALENDAR, {**seen, **read}, since=since)
    return Fetched(GOOD, body, CALENDAR, {**read, "whole": at.isoformat()})


def _with_events(found: bytes) -> bytes:
    """What is to be imported; a calendar in which nothing happened is no file to complain about."""
    return found if b"BEGIN:VEVENT" in found else b""


def _server(access: Source, network: Network) -> Server:
    return Server(access.address, access.signed_in, network, FILE_LIMIT)


Reader = Callable[[Source, Network, Mapping[str, Any], datetime], Fetched]
KINDS: Final[dict[str, Reader]] = {"carddav": _carddav, IMAP: _imap, "caldav": _caldav, "ics": _ics}
"""How each kind of source is read."""


def tried(access: Source, network: Network, at: datetime) -> str:
    """How asking there ends, as a state; nothing is kept of it. No transaction may be open meanwhile."""
    if access.kind == IMAP:
        return try_out(access, network)
    return answered(access.kind, lambda: _looked(access, network, at)).state


def _looked(access: Source, network: Network, at: datetime) -> Fetched:
    if access.kind == "carddav":
        find_books(_server(access, network))
    elif access.kind == "caldav" and not calendars(_server(access, network)):
        raise NoDav
    return KINDS[access.kind](access, network, {}, at) if access.kind == "ics" else Fetched(GOOD)


def answered(kind: str, ask: Callable[[], Fetched]) -> Fetched:
    """What came of asking, whatever the server did."""
    try:
        return ask()
    except Failed as failed:
        return Fetched(str(failed.failure))
    except Refused as refused:
        return Fetched(STATES.get(refused.status, "refused"))
    except imap.Refused as refusal:
        return Fetched(refusal.state)
    except NoDav:
        return Fetched("no_caldav" if kind == "caldav" else "no_carddav")
