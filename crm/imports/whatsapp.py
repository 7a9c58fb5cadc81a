"""Reading a chat that WhatsApp wrote as text: who wrote on which day, each person and day once."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from crm.domain.language import N_
from crm.domain.weeks import MONTHS
from crm.imports.cells import excerpt
from crm.imports.chat_folding import DAYS, Said
from crm.imports.chat_people import Cast, cast_of, fingerprint_of, party_of
from crm.imports.chat_stamps import (
    DAY_FIRST,
    EARLIEST,
    MONTH_FIRST,
    Stamp,
    day_of,
    hour_of,
    plain,
    possible_orders,
    split_line,
    unknown_halves,
)
from crm.imports.chat_threads import Threads
from crm.imports.phrases import phrase
from crm.imports.records import Choice, UnreadableFile, refuse_endless
from crm.imports.sightings import FeedSetting, Notices, Sighting, decode_text

APP = "whatsapp"
NAME_LIMIT = 60
"""Characters of a name before a message; longer ones are notices with a colon."""
_QUOTES = re.compile('["“”„«»]')
_ATTACHED = re.compile(r"<[^<>]{2,40}:\s?[^<>]+\.\w{1,5}>")
_LEFT_OUT = re.compile(
    r"omit|weggel|ausgel|absent|omis|ocultad|não revelad|omess|pominię|пропущ|отсутств|dahil edilmedi|utelämn|uteslut|"
    r"udelad|utelatt|jätetty|vynech|kihagy|παραλείφθ|הושמט|استبعاد|تضمين|حذف|省略|忽略|略去|無視|생략|제외|disertakan|"
    r"bỏ qua|ละเว้น|छोड़",
    re.IGNORECASE,
)
_PLACEHOLDER = 40
_CLOCKS_APART = timedelta(hours=26)
"""How far the clock of a phone may be ahead of ours, for its place on earth."""
_STEERING = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"

Numbers = tuple[tuple[int, int, int], str]
"""The three numbers of a day as written, and the era beside them."""


@dataclass(slots=True)
class _Written:
    """What one person wrote on one day."""

    line: int
    minute: int
    lines: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class _Chat:
    """A chat taken apart, its days still as written."""

    first: Stamp
    written: dict[tuple[Numbers, str], _Written] = field(default_factory=dict)
    days: list[Numbers] = field(default_factory=list)
    stamps: dict[tuple[str, str, bool], Stamp] = field(default_factory=dict)
    messages: Counter[str] = field(default_factory=Counter)
    is_group: bool = False

    @property
    def fingerprint(self) -> str:
        """What tells this chat, in the form of this phone, from others: answers are remembered under it."""
        return fingerprint_of(APP, self.first.form, sorted(self.messages))


def begins_as_chat(text: str) -> bool:
    """Whether a text begins with a moment as chats have it, in brackets or with a dash."""
    first = next((line for line in text[:2_000].splitlines() if line.strip(_STEERING + " ")), "")
    return split_line(first) is not None


def read_whatsapp(
    data: bytes, notices: Notices, setting: FeedSetting, name: str = "", app: str = APP, me: str = ""
) -> Iterator[Sighting]:
    """With whom was written on which day, by the clock of whoever brings the chat.

    Other programs write chats in the same form: ``app`` is which, ``me`` what it calls whoever exports.
    ``name`` is that of the archive, where it says more than the file's. What is open (who of them is us, which number
    is the day) is asked by ``notices``, and nothing is read.
    """
    refuse_endless(notices.file, data)
    chat = _taken_apart(decode_text(data), notices, keep_text=setting.keep_text)
    if me in chat.messages:
        cast = Cast(me, tuple(one for one in chat.messages if one != me))
    else:
        cast = cast_of(chat.messages, name or notices.file, setting, chat.fingerprint)
    order = _order(chat, notices, setting)
    if cast.question is not None:
        notices.choose(cast.question)
    if order is None or cast.question is not None:
        return
    yield from _Days(chat, cast, order, notices, setting).sightings(app)


def _taken_apart(text: str, notices: Notices, *, keep_text: bool) -> _Chat:
    chat: _Chat | None = None
    last: _Written | None = None
    for number, match in enumerate(re.finditer(r"[^\n]+|(?<=\n)(?=\n)", text), 1):
        line = match.group()
        split = split_line(line) if line[:1] in _STEERING + "[" or len(line) > 10 else None
        if split is None or (chat is not None and split[0].form != chat.first.form):
            if last is not None and keep_text and line:
                place, text = last.lines[-1]
                last.lines[-1] = (place, f"{text} / {line.strip()}")
            continue
        stamp, rest = split
        chat = chat or _Chat(stamp)
        last = _message(chat, stamp, rest, number, keep_text=keep_text)
    if chat is None or not chat.messages:
        raise UnreadableFile(notices.file, phrase("This chat contains no messages."))
    if words := unknown_halves(chat.stamps.values()):
        raise UnreadableFile(
            notices.file,
            phrase(
                "The hours of this chat are marked “{one}” and “{other}”, and In Person does not know "
                "which of them is the morning. Set the phone to the 24-hour clock and export the chat "
                "again.",
                one=excerpt(words[0]),
                other=excerpt(words[-1]),
            ),
        )
    return chat


def _message(chat: _Chat, stamp: Stamp, rest: str, number: int, *, keep_text: bool) -> _Written | None:
    """One line with a stamp: None where it is a notice."""
    chat.stamps.setdefault((stamp.words, stamp.half, stamp.hour > 12), stamp)
    day: Numbers = (stamp.numbers, stamp.era)
    if not chat.days or chat.days[-1] != day:
        chat.days.append(day)
    author, body = _author(rest)
    if not author:
        chat.is_group = chat.is_group or _QUOTES.search(rest) is not None
        return None
    if body.startswith("\u200e") and not _is_attachment(body):
        return None
    chat.messages[author] += 1
    minute = hour_of(stamp) * 60 + stamp.minute
    written = chat.written.setdefault((day, author), _Written(number, minute))
    written.minute = min(written.minute, minute)
    if keep_text:
        said = body.strip(_STEERING + " ")
        written.lines.append((number, f"{minute // 60:02}:{minute % 60:02} {author}: {said}"))
    return written


def _author(rest: str) -> tuple[str, str]:
    """Who wrote, and what; nobody for a notice."""
    name, colon, body = rest.partition(": ")
    if not colon and rest.endswith(":"):
        name, colon, body = rest[:-1], ":", ""
    tidy = " ".join(plain(name).split()).removeprefix("~").strip()
    if not colon or not 0 < len(tidy) <= NAME_LIMIT or _QUOTES.search(tidy):
        return "", rest
    return tidy, body


def _is_attachment(body: str) -> bool:
    """Whether what the app wrote in place of a message is a picture or the like, and no notice."""
    return bool(_ATTACHED.search(body)) or (len(body) <= _PLACEHOLDER and bool(_LEFT_OUT.search(body)))


def _order(chat: _Chat, notices: Notices, setting: FeedSetting) -> str | None:
    """Which number is the day; None where that has to be asked first."""
    today = setting.now.astimezone(setting.own_zone or setting.zone).date()
    orders = possible_orders(chat.days, today, chat.first.form)
    said = setting.said.get(chat.fingerprint + ":days", ())
    if len(orders) == 1 or (said and said[0] in orders):
        return said[0] if said and said[0] in orders else orders[0]
    open_ones = (numbers for numbers, _ in chat.days if numbers[0] != numbers[1])
    first, second, year = next(open_ones, chat.days[0][0])
    written = f"{first}/{second}/{year}"
    notices.choose(
        Choice(
            chat.fingerprint + ":days",
            phrase(
                "{date} could be two different days, and nothing in this chat says which. Which number "
                "comes first?",
                date=written,
            ),
            tuple((one, _shown(one, (first, second, year), today)) for one in (DAY_FIRST, MONTH_FIRST)),
        )
    )
    return None


def _shown(order: str, numbers: tuple[int, int, int], today: date) -> str:
    day = day_of(numbers, order, "", today)
    first = phrase("The day") if order == DAY_FIRST else phrase("The month")
    if day is None:
        return first
    meant = phrase("{day} {month} {year}", day=day.day, month=phrase(MONTHS[day.month - 1]), year=day.year)
    return phrase("{which}: {date}", which=first, date=meant)


class _Days:
    """One chat whose days and people are known, on its way to one sighting for each person and day."""

    def __init__(self, chat: _Chat, cast: Cast, order: str, notices: Notices, setting: FeedSetting) -> None:
        self.chat, self.cast, self.order, self.notices, self.setting = chat, cast, order, notices, setting
        self.zone = setting.own_zone or setting.zone
        self.ahead = self.absurd = 0

    def sightings(self, app: str) -> Iterator[Sighting]:
        """Every person and day, in the order of days."""
        me, others = self.cast.me, self.cast.others
        us = {me} if me else set()
        known = (party_of(me),) if self.cast.is_known and me else ()
        threads = Threads(self.notices, self.setting)
        thread = threads.within("", {*others, *us}, is_group=self.chat.is_group)
        for day, author, said in self._days():
            if author in thread.people:
                thread.days.setdefault(day, {})[author] = said
        self.notices.leave_out_all(DAYS, self.ahead, N_("dated in the future by the phone’s clock"))
        self.notices.leave_out_all(DAYS, self.absurd, N_("from before such chats existed"))
        yield from threads.sightings(f"chat:{app}", "chat", us, party_of, known)

    def _days(self) -> Iterator[tuple[date, str, Said]]:
        today = self.setting.now.astimezone(self.zone).date()
        for ((numbers, era), author), written in self.chat.written.items():
            day = day_of(numbers, self.order, era, today)
            if day is None:
                self.notices.leave_out(self.notices.line(written.line), phrase("There is no such day."))
            elif day < EARLIEST:
                self.absurd += 1
            elif (at := self._at(day, written.minute)) > self.setting.now + _CLOCKS_APART:
                self.ahead += 1
            else:
                yield day, author, Said(written.line, at, written.lines)

    def _at(self, day: date, minute: int) -> datetime:
        return datetime.combine(day, time(minute // 60, minute % 60), self.zone).astimezone(UTC)
