"""One mail as a sighting: who wrote to whom, when, about what, and whether that is contact at all.

The standard library's parser of headers raises on some broken ones, and takes long over others; whatever it does
not read is read plainly, and what stays unreadable is left out with a reason.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from email import policy
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from crm.contacts.drafts import EMAIL_LIMIT, is_email, one_line
from crm.domain.correspondence import OLDEST, REASONS, is_machine, reason_of_mail
from crm.domain.lengths import LINE_LIMIT
from crm.domain.manner import numeral
from crm.imports.limits import TooLong, at_most
from crm.imports.mail_text import text_of
from crm.imports.mailboxes import BODY_LIMIT, RawMail
from crm.imports.sightings import Notices, Party, Sighting

MAIL_SECONDS = 2.0
VALUE_LIMIT = 16 * 1024
"""Characters of a header that the standard library is given; longer ones are read plainly."""
ADDRESSES = 2_000
KEY_LIMIT = 200

_PLAIN = re.compile(r"\s*([^\"<>@,;:\\()=]*?)\s*<([^<>@\s,;:\"()]+@[^<>@\s,;:\"()]+)>\s*")
_BARE = re.compile(r"\s*([^<>@\s,;:\"()=]+@[^<>@\s,;:\"()=]+)\s*(?:\(([^()=\\\"]*)\)\s*)?")
_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]]+@[^\s<>,;:\"()\[\]]+")
_DISGUISED = re.compile(r"\s*(\S+) (?:at|\(at\)|\[at\]) (\S+\.\S+?)(?:\s*\((.*)\))?\s*")
_COMMENT = re.compile(r"\([^()]*\)")
_COLON = re.compile(r"\s*:\s*")
_DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to")


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
    """Headers in UTF-8, else in the encoding of western Windows."""
    try:
        text = head.decode()
    except UnicodeDecodeError:
        text = head.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


class MailReader:
    """The mails of one source on their way to sightings; counts what is no contact."""

    def __init__(self, notices: Notices, now: datetime, *, keep_text: bool = False) -> None:
        self._notices, self._now, self._keep_text = notices, now, keep_text
        self._passed: Counter[str] = Counter()
        self._seen: set[bytes] = set()

    @property
    def body(self) -> int:
        """How many bytes of each body are needed."""
        return BODY_LIMIT if self._keep_text else 0

    def sightings(self, mails: Iterator[RawMail]) -> Iterator[Sighting]:
        """Those that are contact. The same mail in two folders is told once, unless the two differ in whom they name."""
        for mail in mails:
            found = self._sighting(mail)
            if found is not None and not self._is_told(found):
                yield found

    def tell(self) -> None:
        """Say what was passed over, and why."""
        for reason, words in REASONS.items():
            if count := self._passed[reason]:
                mails = "1 mail" if count == 1 else f"{numeral(count)} mails"
                self._notices.leave_out(self._notices.file, f"{mails} left out: {words}.")

    def _is_told(self, found: Sighting) -> bool:
        who = sorted({*found.parties, *found.delivered}, key=lambda one: one.email)
        emails = [one.email for one in who]
        said = repr([found.key, found.sender, emails, found.occurred_at, found.summary, found.note])
        mark = hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=8).digest()
        if mark in self._seen:
            return True
        self._seen.add(mark)
        return False

    def _sighting(self, mail: RawMail) -> Sighting | None:
        try:
            with at_most(MAIL_SECONDS):
                return self._read(mail)
        except TooLong:
            self._notices.leave_out(mail.where, "This mail takes too long to read, and was left out.")
        except Exception:  # whatever a broken mail makes of a parser, the others go on
            self._notices.leave_out(mail.where, "This mail is not written as mails are, and was left out.")
        return None

    def _read(self, mail: RawMail) -> Sighting | None:
        headers = Headers(bytes(mail.head))
        sender = _sender(headers)
        reason = mail.reason or reason_of_mail(headers.first, sender.email if sender else "")
        if reason is not None:
            self._passed[reason] += 1
            return None
        moment = moment_of(headers.first("date"))
        fault = _fault(sender, moment, headers.first("date"))
        if fault is not None or sender is None or moment is None:
            self._notices.leave_out(mail.where, f"{_named(headers)} {fault}, and was left out.")
            return None
        if moment > self._now:
            self._passed["ahead"] += 1
            return None
        note = text_of(bytes(mail.head), bytes(mail.body)) if self._keep_text else None
        return _seen(headers, sender, moment, mail.where, note)


def _seen(headers: Headers, sender: Party, moment: datetime, where: str, note: str | None) -> Sighting:
    """A mail that is contact, whoever turns out to be one of us."""
    named = [one for name in ("to", "cc", "bcc") for one in addresses(headers, name)]
    parties = {one.email: one for one in (sender, *named) if one == sender or not is_machine(one.email)}
    delivered = {one.email: one for name in _DELIVERED for one in addresses(headers, name)}
    private = headers.first("sensitivity").strip().casefold() in (
        "private",
        "personal",
        "company-confidential",
    )
    return Sighting(
        key_of(headers, sender),
        moment,
        "email",
        tuple(parties.values()),
        summary=None if private else subject_of(headers.first("subject")),
        note=None if private else note,
        where=where,
        sender=sender,
        delivered=tuple(one for email, one in delivered.items() if email not in parties),
    )


def _sender(headers: Headers) -> Party | None:
    for name in ("from", "sender"):
        for one in addresses(headers, name):
            return one
    return None


def _fault(sender: Party | None, moment: datetime | None, written: str) -> str | None:
    if sender is None:
        return "does not say who wrote it"
    if moment is None:
        return (
            f"has a date that is none (“{(one_line(written[:200]) or '')[:40]}”)"
            if written.strip()
            else "has no date"
        )
    if moment < OLDEST:
        return f"is dated {moment:%Y-%m-%d}, when its clock cannot have been set"
    return None


def _named(headers: Headers) -> str:
    subject = subject_of(headers.first("subject")) or ""
    return f"“{subject[:60]}{'…' if len(subject) > 60 else ''}”" if subject else "This mail"


# What makes a mail itself.


def key_of(headers: Headers, sender: Party) -> str:
    """Its Message-ID; where there is none, its date, sender, recipients and subject as written."""
    said = "".join(headers.first("message-id").split()).strip("<>")
    if len(said) > 2:
        long = len(said) > KEY_LIMIT or not said.isprintable()
        return "mail:" + (f"#{_digest(said)}" if long else said)
    to = sorted({one.email for name in ("to", "cc") for one in addresses(headers, name)})
    subject = " ".join(headers.first("subject").split())
    return "mail:?" + _digest(repr([" ".join(headers.first("date").split()), sender.email, to, subject]))


def _digest(words: str) -> str:
    return hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=16).hexdigest()


# What headers say.


def moment_of(written: str) -> datetime | None:
    """The instant of a Date header, in UTC; None where it is none. Without a zone it is read as UTC."""
    plain = " ".join(_COLON.sub(":", _COMMENT.sub(" ", written[:200])).split())
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(plain)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
            continue
    return None


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
def _parties(value: str) -> tuple[Party, ...]:
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
