"""Reading what Telegram Desktop exports as JSON (result.json): one chat, or all of them.

Everything lies in ``messages`` of a chat, and all chats in ``chats.list``; a whole export also says who we are
(``personal_information``) and the numbers of our contacts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from crm.domain.language import N_
from crm.domain.lengths import LINE_LIMIT
from crm.imports.cells import tidy_line
from crm.imports.chat_people import cast_of, fingerprint_of, party_of
from crm.imports.chat_threads import Conversation, Threads
from crm.imports.json_stream import END, Path, Readable, Told, values
from crm.imports.phrases import phrase
from crm.imports.records import UnreadableFile
from crm.imports.safe_xml import BrokenOff
from crm.imports.sightings import FeedSetting, Notices, Party, Sighting

APP = "telegram"
_SIGNS = ('"date_unixtime"', '"from_id"', '"personal_information"', '"personal_chat"')
_CHAT = ("chats", "list"), ("left_chats", "list"), ()
_WITH_ONE, _GROUPS = ("personal_chat",), ("private_group", "private_supergroup", "public_supergroup")
_NO_CONTACT = {
    "saved_messages": N_("notes to yourself"),
    "bot_chat": N_("with a bot"),
    "private_channel": N_("in a channel"),
    "public_channel": N_("in a channel"),
    "verification_codes": N_("with sign-in codes"),
    "replies": N_("comments on a channel"),
}


def begins_as_telegram(text: str) -> bool:
    """Whether a text begins as such an export."""
    return text.lstrip().startswith("{") and any(sign in text for sign in _SIGNS)


def read_telegram(stream: Readable, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    """With whom was written on which day; who of them is us is told by the file, by our names, or asked."""
    export = _Export(notices, setting)
    try:
        for told in values(stream, notices.file, _is_whole):
            export.take(told)
    except BrokenOff as broken:
        notices.broke_off(broken.line)
    export.close()
    if not export.seen:
        raise UnreadableFile(notices.file, phrase("This Telegram export contains no messages."))
    yield from export.sightings()


def _is_whole(path: Path) -> bool:
    return path[-1:] == ("messages",) or path in (("contacts", "list"), ("frequent_contacts", "list"))


@dataclass
class _Chat:
    """The chat that is being read; ``told`` are its name, type and id."""

    thread: Conversation
    told: dict[str, str] = field(default_factory=dict)


class _Export:
    """One export being read."""

    def __init__(self, notices: Notices, setting: FeedSetting) -> None:
        self.notices, self.setting = notices, setting
        self.threads = Threads(notices, setting)
        self.own: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.written: dict[str, int] = {}
        self.us: set[str] = set()
        self.chat = _Chat(Conversation())
        self.seen = 0

    def take(self, told: Told) -> None:
        """One value."""
        value, path = told.value, told.path
        if value is END:
            if path in _CHAT:
                self.close()
        elif path[-1:] == ("messages",) and path[:-1] in _CHAT:
            if isinstance(value, dict):
                self._message(value, told.line)
        elif path[:1] == ("personal_information",) and len(path) == 2:
            self.own[path[1]] = str(value)
        elif path[:1] == ("contacts",) and isinstance(value, dict):
            self._number(value)
        elif path[:-1] in _CHAT and path[-1:] in (("name",), ("type",), ("id",)):
            self.chat.told[path[-1]] = str(value)

    def _number(self, contact: dict[str, Any]) -> None:
        phone = str(contact.get("phone_number") or "").strip()
        name = _name(" ".join(str(contact.get(one) or "") for one in ("first_name", "last_name")))
        for mark in (f"user{contact.get('user_id')}", name):
            if mark and phone:
                self.numbers[mark] = phone[:LINE_LIMIT]

    def _message(self, said: dict[str, Any], line: int) -> None:
        self.seen += 1
        if self.chat.told.get("type") in _NO_CONTACT:
            self.threads.passed[_NO_CONTACT[self.chat.told["type"]]] += 1
            return
        if said.get("type") != "message":
            self.threads.passed[_passed_over(said)] += 1
            return
        name = _name(said.get("from"))
        sender = _id(said.get("from_id")) or name
        if not sender or (not name and sender not in self.names):
            self.threads.passed[N_("from accounts that no longer exist")] += 1
            return
        at = self.threads.moment(_moment(said, self.threads))
        if at is None:
            return
        self.names[sender] = name or self.names[sender]
        self.written[sender] = self.written.get(sender, 0) + 1
        text = _text(said.get("text")) if self.setting.keep_text else ""
        self.threads.add(self.chat.thread, sender, at, line, (self.names[sender], text))

    def close(self) -> None:
        """The chat is whole: it counts if it was with people, and we learn who they are."""
        chat, self.chat = self.chat, _Chat(Conversation())
        sort, thread = chat.told.get("type", ""), chat.thread
        if sort in _NO_CONTACT:
            self.threads.passed[_NO_CONTACT[sort]] += sum(map(len, thread.days.values()))
            return
        thread.is_group = sort in _GROUPS or len(thread.people) > 2
        if sort in _WITH_ONE and not thread.is_group:
            self._with_one(thread, chat.told)
        if thread.days:
            self.threads.conversations[len(self.threads.conversations)] = thread

    def _with_one(self, thread: Conversation, told: dict[str, str]) -> None:
        """Whoever the chat is called after is the other; whoever else writes in it is us."""
        name, known = _name(told.get("name")), f"user{told.get('id')}"
        other = next((one for one in thread.people if one == known), None) or next(
            (one for one in thread.people if name and self.names[one] == name), known
        )
        if name or other in self.names:
            self.names[other] = name or self.names[other]
            self.us |= thread.people - {other}
            thread.people.add(other)

    def sightings(self) -> Iterator[Sighting]:
        """Each person and day, or the question who of them is us."""
        known: tuple[Party, ...] = ()
        if self.own.get("user_id"):
            self.us = {f"user{self.own['user_id']}"}
        if not self.us:
            messages: dict[str, int] = {}
            for sender, number in self.written.items():
                messages[self.names[sender]] = messages.get(self.names[sender], 0) + number
            cast = cast_of(messages, self.notices.file, self.setting, fingerprint_of(APP, sorted(messages)))
            if cast.question is not None:
                self.notices.choose(cast.question)
                return
            self.us = {one for one in self.names if self.names[one] == cast.me}
            known = (party_of(cast.me),) if cast.me and cast.is_known else ()
        yield from self.threads.sightings(f"chat:{APP}", "chat", self.us, self._party, known)

    def _party(self, who: str) -> Party:
        name = self.names[who]
        return Party(phone=self.numbers.get(who) or self.numbers.get(name, ""), name=name)


def _passed_over(said: dict[str, Any]) -> str:
    if said.get("action") in ("phone_call", "conference_call"):
        return N_("calls, as Telegram does not say whether they were by phone or by video")
    return N_("notices from the app")


def _name(held: object) -> str:
    return tidy_line(held)[:LINE_LIMIT] if isinstance(held, str) else ""


def _id(held: object) -> str:
    """Older exports have numbers, later ones say whether it is a user or a channel."""
    return f"user{held}" if isinstance(held, int) else held[:80] if isinstance(held, str) else ""


def _moment(said: dict[str, Any], threads: Threads) -> datetime | float | None:
    """Seconds since 1970, or in older exports the clock of whoever exported."""
    seconds, written = str(said.get("date_unixtime", "")), str(said.get("date", ""))
    if seconds.isascii() and seconds.isdigit() and len(seconds) < 13:
        return float(seconds)
    try:
        at = datetime.fromisoformat(written[:40])
        return (at if at.tzinfo else at.replace(tzinfo=threads.zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(held: object) -> str:
    """What was written: text, or pieces of it with their looks."""
    if isinstance(held, list):
        return "".join(_text(one.get("text") if isinstance(one, dict) else one) for one in held)
    return held if isinstance(held, str) else ""
