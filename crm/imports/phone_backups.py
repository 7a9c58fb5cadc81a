"""Reading what SMS Backup & Restore wrote of an Android phone: text messages folded by day, and calls one by one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from crm.contacts.drafts import is_email
from crm.domain.language import N_
from crm.domain.lengths import LINE_LIMIT
from crm.domain.phones import phone_mark
from crm.imports.cells import tidy_line
from crm.imports.chat_people import identity
from crm.imports.chat_threads import US, Threads
from crm.imports.phone_calls import call_of
from crm.imports.phrases import phrase
from crm.imports.records import UnreadableFile
from crm.imports.safe_xml import BrokenOff, Element, elements
from crm.imports.sightings import FeedSetting, Notices, Party, Sighting

_ROOT = re.compile(
    r"\s*(?:<\?[^>]*\?>\s*|<!--.*?-->\s*|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>\s*)*+<(?:smses|calls)[\s/>]",
    re.DOTALL,
)
EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
_RECEIVED, _SENT, _SENDER = "1", "2", "137"
_NO_NAMES = ("", "null", "(Unknown)", "(unknown)")


def begins_as_backup(text: str) -> bool:
    """Whether a text begins as such a backup."""
    return _ROOT.match(text) is not None


def read_backup(stream: BinaryIO, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    """The calls of a backup as they come, and then with whom texts were exchanged on which day."""
    backup = _Backup(notices, setting)
    try:
        for element in elements(stream, notices.file):
            if call := backup.take(element):
                yield call
    except BrokenOff as broken:
        where = notices.line(broken.line)
        if not backup.seen:
            raise UnreadableFile(
                where, phrase("From here on this is not XML. Make the backup again.")
            ) from None
        notices.broke_off(broken.line)
    yield from backup.days()


@dataclass(slots=True)
class _Message:
    """One text message; of an MMS its sender and its words come in elements within."""

    line: int
    at: datetime
    is_sent: bool
    names: dict[str, str]
    sender: str
    text: str


class _Backup:
    """One backup being read; counts what it passes over."""

    def __init__(self, notices: Notices, setting: FeedSetting) -> None:
        self.notices, self.setting = notices, setting
        self.own = {identity(word) for word in (*setting.mine, *setting.ours) if "@" not in word}
        self.threads = Threads(notices, setting, EARLIEST)
        self.passed = self.threads.passed
        self.parties: dict[str, Party] = {}
        self.current: _Message | None = None
        self.seen = 0

    def take(self, element: Element) -> Sighting | None:
        """One element; a call is a sighting at once."""
        said = element.attributes
        if element.depth == 2:
            self._finish()
        if element.name in ("sms", "mms"):
            self.current = self._message(
                element, said.get("type" if element.name == "sms" else "msg_box", "")
            )
        elif element.name == "call":
            return self._call(element)
        elif self.current is not None and element.name == "addr" and said.get("type") == _SENDER:
            self.current.sender = said.get("address", "")
        elif self.current is not None and element.name == "part" and said.get("ct") == "text/plain":
            self.current.text = f"{self.current.text} {said.get('text', '')}".strip()
        return None

    def days(self) -> Iterator[Sighting]:
        """With whom texts were exchanged on which day, each once, and what was passed over."""
        self._finish()
        yield from self.threads.sightings("chat:sms", "sms", {US}, self.parties.__getitem__)

    def _moment(self, element: Element) -> datetime | None:
        """When it was; None, counted, where that cannot be."""
        self.seen += 1
        text = element.attributes.get("date", "")
        return self.threads.moment(
            int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
        )

    def _who(self, address: str, name: str = "") -> str:
        """What a number or address goes by here; the first name the phone has for it is kept."""
        who = identity(address) if not is_email(address) else address.casefold()
        known = self.parties.get(who)
        if known is None or (not known.name and name not in _NO_NAMES):
            named = tidy_line(name)[:LINE_LIMIT] if name not in _NO_NAMES else ""
            is_mail = is_email(address)
            self.parties[who] = Party(
                address if is_mail else "", "" if is_mail else address[:LINE_LIMIT], named
            )
        return who

    def _call(self, element: Element) -> Sighting | None:
        at = self._moment(element)
        number = element.attributes.get("number", "")
        if at is None:
            return None
        if not _is_person(number):
            self.passed[N_("from or to hidden, short or service numbers")] += 1
            return None
        party = self.parties[self._who(number, element.attributes.get("contact_name", ""))]
        call = call_of(element.attributes, at, party, self.notices.line(element.line))
        if call is None:
            self.passed[N_("blocked calls, or of an unknown type")] += 1
        return call

    # Text messages.

    def _message(self, element: Element, box: str) -> _Message | None:
        at, said = self._moment(element), element.attributes
        if at is None:
            return None
        if box not in (_RECEIVED, _SENT):
            self.passed[N_("drafts, or messages that were not sent")] += 1
            return None
        addresses = [one.strip() for one in said.get("address", "").split("~") if one.strip()]
        name = said.get("contact_name", "")
        names = [name] if len(addresses) == 1 else name.split(", ")
        if len(names) != len(addresses):
            names = [""] * len(addresses)
        sender = addresses[0] if len(addresses) == 1 else ""
        return _Message(
            element.line,
            at,
            box == _SENT,
            dict(zip(addresses, names, strict=True)),
            sender,
            said.get("body", ""),
        )

    def _finish(self) -> None:
        """The message is whole."""
        message, self.current = self.current, None
        if message is None:
            return
        if not message.names or not all(_is_person(one) for one in message.names):
            self.passed[N_("with short numbers or services, which does not count as contact")] += 1
            return
        people = frozenset(self._who(*pair) for pair in message.names.items()) - self.own
        alone = next(iter(people)) if len(people) == 1 else ""
        side = US if message.is_sent else alone or self._who(message.sender)
        if not people or (side != US and side not in people):
            self.passed[N_("in groups, without saying who wrote")] += 1
        else:
            self._add(message, people, side)

    def _add(self, message: _Message, people: frozenset[str], side: str) -> None:
        party = Party(name="Me") if side == US else self.parties[side]
        thread = self.threads.within(people, people)
        words = (party.name or party.phone or party.email, message.text)
        self.threads.add(thread, side, message.at, message.line, words)


def _is_person(address: str) -> bool:
    """Whether an address may be somebody's: an email, or a number as long as those of people."""
    if is_email(address):
        return True
    return re.fullmatch(r"[+\d\s()./*#-]+", address) is not None and phone_mark(address) is not None
