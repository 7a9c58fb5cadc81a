"""What the headers of a mail say: who wrote to whom, when, about what, and what tells it from every other.

The standard library's parser of headers raises on some broken ones, and takes long over others; whatever it does
not read is read plainly.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import policy
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from crm.contacts.drafts import EMAIL_LIMIT, is_email, one_line
from crm.domain.lengths import LINE_LIMIT
from crm.imports.lettering import text_of
from crm.imports.sightings import Party
from crm.imports.written_days import month_of

VALUE_LIMIT = 16 * 1024
"""Characters of a header that the standard library is given; longer ones are read plainly."""
ADDRESSES = 2_000
KEY_LIMIT = 200

_PLAIN = re.compile(r"\s*([^\"<>@,;:\\()=]*?)\s*<([^<>@\s,;:\"()]+@[^<>@\s,;:\"()]+)>\s*")
_BARE = re.compile(r"\s*([^<>@\s,;:\"()=]+@[^<>@\s,;:\"()=]+)\s*(?:\(([^()=\\\"]*)\)\s*)?")
_ADDRESS = re.compile(r"(?<![^\s<>,;:\"()\[\]])[^\s<>,;:\"()\[\]]+@[^\s<>,;:\"()\[\]]+")
"""Tried only where a word begins: a word of 100,000 letters is looked through once."""
_DISGUISED = re.compile(r"\s*(\S+) (?:at|\(at\)|\[at\]) (\S+\.\S+?)(?:\s*\((.*)\))?\s*")
_COMMENT = re.compile(r"\([^()]*\)")
_IN_WORDS = re.compile(r"^(?:[^\W\d_]+\.?,?\s)?(\d{1,2})\.? ([^\W\d_]{3,12})\.? (\d{2,4}\b)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_COLON = re.compile(r"\s*:\s*")
DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to")
"""Headers in which servers say to whom they brought it."""


class Headers:
    """The headers of one mail, each unfolded, by its name in small letters."""

    def __init__(self, head: bytes) -> None:
        self._values: dict[str, list[str]] = {}
        name = ""
        for line in _text(head).split("\n"):
            if line[:1] in (" ", "\t"):
                if name:
                    self._values[name][-1] += " " + line.strip()
                continue
            name, colon, value = line.partition(":")
            name = name.strip().lower()
            if colon and name and " " not in name:
                self._values.setdefault(name, []).append(value.strip())
            else:
                name = ""

    def first(self, name: str) -> str:
        """The first of that name, or nothing."""
        return self._values.get(name, ("",))[0]

    def all(self, name: str) -> list[str]:
        """Every one of that name."""
        return self._values.get(name, [])


def _text(head: bytes) -> str:
    """Headers as text, though by the standard they are plain."""
    return text_of(head).replace("\r\n", "\n").replace("\r", "\n")


def sender_of(headers: Headers) -> Party | None:
    """Who wrote it, as far as it says."""
    for name in ("from", "sender"):
        for one in addresses(headers, name):
            return one
    return None


# What makes a mail itself.


def key_of(headers: Headers, sender: Party) -> str:
    """Its Message-ID; where there is none, its date, sender, recipients and subject as written."""
    said = "".join(headers.first("message-id").split()).strip("<>")
    if len(said) > 2:
        long = len(said) > KEY_LIMIT or not said.isprintable()
        return "mail:" + (f"#{digest_of(said)}" if long else said)
    to = sorted({one.email for name in ("to", "cc") for one in addresses(headers, name)})
    subject = " ".join(headers.first("subject").split())
    return "mail:?" + digest_of(repr([" ".join(headers.first("date").split()), sender.email, to, subject]))


def digest_of(words: str) -> str:
    """A digest of what makes a mail itself."""
    return hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=16).hexdigest()


# What headers say.


def moment_of(written: str) -> datetime | None:
    """The instant of a Date header, in UTC; None where it is none. Without a zone it is read as UTC."""
    plain = " ".join(_COLON.sub(":", _COMMENT.sub(" ", written[:200])).split())
    plain = _IN_WORDS.sub(_in_english, plain)
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(plain)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
            continue
    return None


def _in_english(day: re.Match[str]) -> str:
    """The day and month of a date that some program wrote in its own language."""
    month = month_of(day[2])
    return f"{day[1]} {_MONTHS[month - 1]} {day[3]}" if month else day.group()


def subject_of(written: str) -> str | None:
    """A subject on one line, decoded."""
    return one_line(_decoded(written)[:LINE_LIMIT])


def _decoded(written: str) -> str:
    """A header in words (RFC 2047); what cannot be decoded stays as it is written."""
    if "=?" not in written or len(written) > VALUE_LIMIT:
        return written[:VALUE_LIMIT]
    try:
        return _tidied(str(policy.default.header_factory("subject", written)))
    except Exception:  # the parser has known defects, and a subject is no reason to lose a mail
        return written


def _tidied(words: str) -> str:
    return words.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def addresses(headers: Headers, name: str) -> list[Party]:
    """Who is named in the headers of that name, each address once, in order."""
    found: dict[str, Party] = {}
    for value in headers.all(name)[:100]:
        for party in _parties(value):
            found.setdefault(party.email, party)
    return list(found.values())[:ADDRESSES]


@lru_cache(maxsize=20_000)
def _parties(written: str) -> tuple[Party, ...]:
    # Patterns would look for a name again and again within a run of spaces.
    value = " ".join(written.split())
    if ";" in value and ":" not in value:  # as Outlook parts them where somebody typed a list
        value = value.replace(";", ",")
    if (simple := _simple(value)) is not None:
        return simple
    if (disguised := _DISGUISED.fullmatch(value)) and "@" not in value:
        return tuple(_clean([(disguised[3] or "", f"{disguised[1]}@{disguised[2]}")]))
    if len(value) <= VALUE_LIMIT:
        try:
            read: Any = policy.default.header_factory("to", value)
            found = [(one.display_name or "", one.addr_spec or "") for one in read.addresses]
            if parties := tuple(_clean(found)):
                return parties
        except Exception:  # known defects of the parser: then the addresses are read plainly
            return tuple(_clean([("", one) for one in _ADDRESS.findall(value)]))
    return tuple(_clean([("", one) for one in _ADDRESS.findall(value)]))


def _simple(value: str) -> tuple[Party, ...] | None:
    """A list of plain addresses, as nearly all are; None for every other."""
    found = []
    for piece in value.split(","):
        if named := _PLAIN.fullmatch(piece):
            found.append((named[1], named[2]))
        elif bare := _BARE.fullmatch(piece):
            found.append((bare[2] or "", bare[1]))
        else:
            return None
    return tuple(_clean(found))


def _clean(found: list[tuple[str, str]]) -> Iterator[Party]:
    for name, written in found:
        email = "".join(written.split()).strip("'\".<>").casefold()
        if is_email(email) and email.isprintable() and len(email) <= EMAIL_LIMIT:
            shown = one_line(_tidied(_decoded(name))[:LINE_LIMIT]) or ""
            shown = shown.strip("'\" ")
            yield Party(email, name="" if shown.casefold() == email else shown[:LINE_LIMIT])
