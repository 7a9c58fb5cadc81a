"""Reading chats of Signal in the forms people have them: its own plain export (JSON lines), what signal-export and sigtop
make of its desktop program (JSON), and the text of signal-export, which is read like other texts of chats.
"""

import re
from collections.abc import Hashable, Iterator
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from crm.domain.language import N_
from crm.domain.lengths import LINE_LIMIT
from crm.imports.cells import tidy_line
from crm.imports.chat_people import party_of
from crm.imports.chat_threads import US, Threads
from crm.imports.json_stream import Path, Readable, values
from crm.imports.phrases import phrase
from crm.imports.records import UnreadableFile
from crm.imports.safe_xml import BrokenOff
from crm.imports.sightings import FeedSetting, Notices, Party, Sighting

APP, ME = "signal", "Me"
_TEXT = re.compile(r"\s*\[\d{4}-\d\d-\d\d,? \d\d:\d\d(?::\d\d)?\] ")
_FROM_US = re.compile(r"^\[\d{4}-\d\d-\d\d,? \d\d:\d\d(?::\d\d)?\] Me: ", re.MULTILINE)
_OWN_EXPORT = re.compile(r'\s*\{\s*"(version|account|recipient|chat|chatItem|backupTimeMs)"')
_OF_TOOLS = re.compile(r'\s*(?:\[\s*)?\{\s*"(date|timestamp|id|body|sender|conversationId|sent_at|type)"')


def begins_as_signal_text(text: str) -> bool:
    """Whether a text begins as signal-export writes it: days as in 2026-11-02, and whoever exports is “Me”."""
    return _TEXT.match(text) is not None and _FROM_US.search(text) is not None


def begins_as_signal(text: str) -> bool:
    """Whether a text begins as one of the JSON forms."""
    if _OWN_EXPORT.match(text):
        return any(sign in text for sign in ('"chatItem"', '"backupTimeMs"', '"e164"', '"profileKey"'))
    signs = ('"sender"', '"body"'), ('"sent_at"', '"conversationId"')
    return bool(_OF_TOOLS.match(text)) and any(all(one in text for one in both) for both in signs)


def read_signal(stream: Readable, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    """Each person and day once."""
    export = _Export(notices, setting)
    try:
        for told in values(stream, notices.file, _is_whole):
            if isinstance(told.value, dict):
                export.take(told.value, told.line)
    except BrokenOff as broken:
        notices.broke_off(broken.line)
    if not export.seen:
        raise UnreadableFile(notices.file, phrase("This Signal export contains no messages."))
    yield from export.sightings()


def _is_whole(path: Path) -> bool:
    return path in ((), ("messages",))


class _Export:
    def __init__(self, notices: Notices, setting: FeedSetting) -> None:
        self.notices, self.setting = notices, setting
        self.threads = Threads(notices, setting)
        self.recipients: dict[str, Party] = {}
        self.groups: set[str] = set()
        self.chats: dict[str, str] = {}
        self.us = {US}
        self.named_by_file: set[Hashable] = set()
        self.seen = 0

    def take(self, said: dict[str, Any], line: int) -> None:
        """One line of Signal's own export, or one message of a tool's."""
        if isinstance(said.get("recipient"), dict):
            self._recipient(said["recipient"])
        elif isinstance(said.get("chat"), dict):
            self.chats[str(said["chat"].get("id"))] = str(said["chat"].get("recipientId"))
        elif isinstance(said.get("chatItem"), dict):
            self._item(said["chatItem"], line)
        elif "sender" in said or "sent_at" in said:
            self._of_tool(said, line)

    # Signal's own export: people first, then chats, then what was written in them.

    def _recipient(self, said: dict[str, Any]) -> None:
        mark, contact = str(said.get("id")), said.get("contact")
        if "self" in said:
            self.us.add(mark)
        elif isinstance(said.get("group"), dict):
            self.groups.add(mark)
        elif isinstance(contact, dict):
            phone = str(contact.get("e164") or "")
            party = Party(phone=f"+{phone.removeprefix('+')}" if phone else "", name=_called(contact))
            if party.phone or party.name:
                self.recipients[mark] = party

    def _item(self, said: dict[str, Any], line: int) -> None:
        self.seen += 1
        chat, author = str(said.get("chatId")), str(said.get("authorId"))
        other = self.chats.get(chat, "")
        if "updateMessage" in said or "directionless" in said:
            self.threads.passed[N_("notices from the app, and calls")] += 1
            return
        at = self.threads.moment(_seconds(said.get("dateSent")))
        if at is None:
            return
        sender = US if "outgoing" in said or author in self.us else author
        if sender != US and sender not in self.recipients:
            self.threads.passed[N_("from Signal itself, or from accounts that no longer exist")] += 1
            return
        is_group = other in self.groups
        people = [other] if other in self.recipients and not is_group else []
        thread = self.threads.within(chat, people, is_group=is_group)
        text = _inner(said, "standardMessage", "text", "body")
        name = ME if sender == US else self._party(sender).name
        self.threads.add(thread, sender, at, line, (name, text))

    # What tools make of the desktop program: one file a conversation, whose name is the other's.

    def _of_tool(self, said: dict[str, Any], line: int) -> None:
        self.seen += 1
        if said.get("type") not in (None, "incoming", "outgoing"):
            self.threads.passed[N_("notices from the app, and calls")] += 1
            return
        phone = _line(said.get("source"))
        name = _line(said.get("sender")) or (phone if phone.startswith("+") else self._name_of_file())
        sender = US if said.get("type") == "outgoing" or name == ME else name
        at = self.threads.moment(_seconds(said.get("sent_at")) or _written(said.get("date"), self.threads))
        if at is None:
            return
        key = str(said.get("conversationId", ""))
        thread = self.threads.within(key)
        if "sender" not in said:
            self.named_by_file.add(key)
        self.threads.add(thread, sender, at, line, (name or ME, str(said.get("body") or "")))

    def _name_of_file(self) -> str:
        """sigtop calls files “Marta Kowalczyk (+4917012345)”."""
        return PurePath(self.notices.file).stem.partition(" (")[0][:LINE_LIMIT]

    def sightings(self) -> Iterator[Sighting]:
        """Each person and day, or none of conversations with nobody."""
        for key, thread in self.threads.conversations.items():
            if key in self.named_by_file and thread.people <= self.us:  # only we wrote
                thread.people.add(self._name_of_file())
        yield from self.threads.sightings(f"chat:{APP}", "chat", self.us, self._party)

    def _party(self, who: str) -> Party:
        return self.recipients.get(who) or party_of(who)


def _called(contact: dict[str, Any]) -> str:
    """By the name we gave, else the one they gave themselves."""
    pairs = (("nickname", "given", "family"), ("", "systemGivenName", "systemFamilyName"))
    for group, given, family in (*pairs, ("", "profileGivenName", "profileFamilyName")):
        held = contact.get(group) if group else contact
        if isinstance(held, dict) and (name := _line(f"{held.get(given) or ''} {held.get(family) or ''}")):
            return name
    return ""


def _line(held: object) -> str:
    return tidy_line(held)[:LINE_LIMIT] if isinstance(held, str) else ""


def _seconds(held: object) -> float | None:
    text = str(held) if isinstance(held, int | str) else ""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _written(held: object, threads: Threads) -> datetime | float | None:
    """A day and time by the clock of the computer, or milliseconds."""
    if isinstance(held, int):
        return float(held) if abs(held) < 10**15 else None
    if not isinstance(held, str):
        return None
    try:
        at = datetime.fromisoformat(held[:40])
        return (at if at.tzinfo else at.replace(tzinfo=threads.zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _inner(held: Any, *path: str) -> str:
    for name in path:
        held = held.get(name) if isinstance(held, dict) else None
    return held if isinstance(held, str) else ""
