"""Reading the direct messages of X's archive (direct-messages.js): JSON behind a JavaScript name.

The files name nobody: people are the numbers of their accounts, shown as addresses that open their pages.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from crm.domain.language import N_
from crm.domain.manner import numeral
from crm.imports.chat_people import fingerprint_of, is_one_of
from crm.imports.chat_threads import Conversation, Threads
from crm.imports.json_stream import END, Path, Readable, values
from crm.imports.phrases import phrase, phrases
from crm.imports.records import Choice, UnreadableFile
from crm.imports.safe_xml import BrokenOff
from crm.imports.sightings import FeedSetting, Notices, Party, Sighting

APP = "x"
PAGE = "x.com/i/user/"
"""Before the number of an account: the address of its page, whatever it is called by now."""
_SHOWN = 20
_BEGINS = re.compile(r"\s*window\.YTD\.direct_messages?(?:_group)?\.part\d+\s*=")
NAMED = re.compile(r"(?:^|/)direct-messages?(?:-group)?(?:-part\d+)?\.js$", re.IGNORECASE)


def begins_as_x(text: str) -> bool:
    """Whether a text begins as direct messages of such an archive."""
    return _BEGINS.match(text) is not None


def is_x_file(name: str, head: bytes) -> bool:
    """Whether a file of an archive holds direct messages."""
    return begins_as_x(head.decode("utf-8-sig", "replace"))


def read_x(streams: Iterable[Readable], notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    """Each person and day once, of one file or of all in an archive."""
    archive = _Archive(notices, setting)
    for stream in streams:
        try:
            archive.read(stream)
        except BrokenOff as broken:
            notices.broke_off(broken.line)
    if not archive.written:
        raise UnreadableFile(notices.file, phrase("This X archive contains no direct messages."))
    yield from archive.sightings()


class _Archive:
    def __init__(self, notices: Notices, setting: FeedSetting) -> None:
        self.notices, self.setting = notices, setting
        self.threads = Threads(notices, setting)
        self.written: Counter[str] = Counter()
        self.pairs: list[set[str]] = []

    def read(self, stream: Readable) -> None:
        """The conversations of one file."""
        thread, key = Conversation(), ""
        for told in values(stream, self.notices.file, _is_whole):
            if told.path[-1:] == ("conversationId",):
                key = str(told.value)
            elif told.path[-1:] == ("messages",) and isinstance(told.value, dict):
                self._message(thread, told.value.get("messageCreate"), told.line)
            elif told.value is END and told.path[-1:] == ("dmConversation",):
                self._keep(thread, key)
                thread, key = Conversation(), ""

    def _message(self, thread: Conversation, said: Any, line: int) -> None:
        if not isinstance(said, dict):
            self.threads.passed[N_("notices from the app")] += 1
            return
        sender, to = _number(said.get("senderId")), _number(said.get("recipientId"))
        if not sender:
            self.threads.passed[N_("from accounts that no longer exist")] += 1
            return
        at = self.threads.moment(_moment(said.get("createdAt")))
        if at is None:
            return
        self.written[sender] += 1
        thread.people.update({sender, to} - {""})
        text = said.get("text")
        self.threads.add(thread, sender, at, line, (PAGE + sender, text if isinstance(text, str) else ""))

    def _keep(self, thread: Conversation, key: str) -> None:
        pair = re.fullmatch(r"(\d{1,20})-(\d{1,20})", key)
        thread.is_group = pair is None
        if pair:
            thread.people.update(pair.groups())
            self.pairs.append(thread.people)
        if thread.days:
            self.threads.conversations[len(self.threads.conversations)] = thread

    def sightings(self) -> Iterator[Sighting]:
        """We are whoever is in every conversation; where that may be two, it is asked once."""
        words = (*self.setting.mine, *self.setting.ours)
        people = set[str]().union(*(one.people for one in self.threads.conversations.values()))
        me = next((one for one in people if is_one_of(PAGE + one, words)), None)
        always = sorted((set.intersection(*self.pairs) if self.pairs else set()) or self.written)
        if me is None and len(always) == 1:
            (me,) = always
        if me is None:
            self.notices.choose(_who_is_us(always[:_SHOWN], self.written))
            return
        yield from self.threads.sightings(f"chat:{APP}", "social", {me}, _party)


def _who_is_us(numbers: list[str], written: Counter[str]) -> Choice:
    options = tuple((PAGE + one, _account(one, written[one])) for one in numbers)
    question = phrase(
        "Which of these accounts is yours? Open them to see. It is remembered under “Also you” in your settings."
    )
    return Choice(f"{fingerprint_of(APP, numbers)}:me", question, options)


def _account(number: str, messages: int) -> str:
    return phrases(
        "{page} ({n} message)", "{page} ({n} messages)", messages, page=PAGE + number, n=numeral(messages)
    )


def _party(number: str) -> Party:
    return Party(name=PAGE + number)


def _is_whole(path: Path) -> bool:
    return path[-1:] == ("messages",)


def _number(held: object) -> str:
    text = str(held) if isinstance(held, int | str) else ""
    return text if re.fullmatch(r"\d{1,20}", text, re.ASCII) else ""


def _moment(held: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(held[:40]) if isinstance(held, str) else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)
