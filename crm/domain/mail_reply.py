"""An answer to the weekly mail, read: what its writer wrote, taken apart by whom it is about, and whether it says for certain
that something happened. What is not certain is never guessed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from crm.domain.quick_line import QuickLine
from crm.domain.unanswered import may_be_reached_then, may_be_unanswered, without_it

MOST_PARTS = 12
LONGEST_PART = 2_000
WRAPPED = 55
"""A line as long as that without an end of sentence was cut by the mail program and goes on in the next."""

_WROTE = re.compile(
    r"(?:wrote|writes|schrieb|geschrieben|a écrit|escribió|escreveu|ha scritto|schreef|skrev|napisał|kirjoitti|написал)"
    r"[^\n]{0,120}:\s*$|<[^<>\s]+@[^<>\s]+>[^\n]{0,40}:\s*$",
    re.IGNORECASE,
)
_CUT = re.compile(
    r"-{2,}\s*$|_{8,}\s*$|-{3,} ?(?:original|ursprüngliche|message d|mensaje|messaggio|oorspronkelijk).*"
    r"|\*?(?:From|Von|De|Da|Van|Fra|Från|Od)\*?:\*? .*@.*"
    r"|(?:Sent|Get|Gesendet|Von meinem|Envoyé|Enviado|Inviato|Verzonden|Skickat|Sendt)\b.{0,40}\b(?:iPhone|iPad|Android|Outlook|"
    r"Samsung|mobile|phone|Mail|Gmail|Smartphone|gesendet)\b.*",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:many )?thanks(?: a lot)?|thank you|cheers|best(?: wishes| regards)?|(?:kind |warm )?regards|vg|lg|mfg|"
    r"viele grüße|danke|merci|gracias|talk soon)\b[\s,.!]*(?:\w+)?[\s,.!]*",
    re.IGNORECASE,
)
_GREETING = re.compile(r"(?:hi|hello|hey|dear|hallo|moin|bonjour|hola)(?: \w+)?[,.!:]*", re.IGNORECASE)
LINK = re.compile(r"/n/([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)")
"""A button of the mail, as its text holds it; what is signed in it names nobody."""
_NUMBER = re.compile(
    r"(?:#\s?|no\.? ?|nr\.? ?)?(\d{1,2})\s?(?:[.):]|-|–)\s+(?=\S)|#(\d{1,2})\s+(?=\S)", re.IGNORECASE
)
_DONE = re.compile(r"\W*done\b[\s,.:;!–—-]*", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?")

_UNREAD_DAY = re.compile(
    r"\d{1,2}[./]\d{1,2}(?:[./](?:\d{2}){0,2})?(?!\d|\s*(?:h|hrs?|hours?|min|minutes?|k|m|%|percent|million)\b)"
    r"|(?:last|this) (?:week|month|year|spring|summer|autumn|winter)\b|\d{1,2}(?:st|nd|rd|th)\b|(?:the other day|recently)\b"
    r"|\d{1,2}\.? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|(?:\w+ ){1,3}(?:days?|weeks?|months?|years?) ago\b",
    re.IGNORECASE,
)
"""It may be a day or a time: "12.10", "11/25", "last month"; not "1.5 hours"."""
_LONG_AGO = timedelta(days=90)
"""A day without a year that lies further back may as well be the next one."""
_AHEAD = re.compile(r"\bin (?:\w+ ){1,3}(?:days|weeks?|months?|fortnight)\b", re.IGNORECASE)
_HAPPENED_WORDS = """
had called rang phoned met visited wrote mailed emailed texted saw spoke talked lunched done sent gave did posted chatted tweeted
"""
_DOUBT_WORDS = """
not no never cancelled canceled cancel cancels postponed postpone rescheduled reschedule moved off tomorrow next will
shall should could would might may maybe perhaps if unless when planned planning plan going lets let's try trying want
wants later soon unanswered booked scheduled arranged pencilled snooze skip stop wait please instead can can't cannot
couldn't didn't won't wouldn't hasn't haven't isn't wasn't unable missed almost nearly tentatively todo yet need needs
"""
_DAY_WORDS = """
monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun
"""
_DAYS: Final = frozenset(_DAY_WORDS.split())
_HAPPENED: Final = frozenset(_HAPPENED_WORDS.split())
_DOUBT: Final = frozenset(_DOUBT_WORDS.split())


def links_alone(text: str | None) -> str | None:
    """What is left of a mail's text without its words: the buttons, by which an answer to it is still understood."""
    return "\n".join(found[0] for found in LINK.finditer(text or "")) or None


def written(text: str) -> str:
    """What the writer wrote, without what is quoted below it, the signature, greetings and good wishes."""
    lines = [line.strip(" \t\xa0") for line in text.split("\n")]
    kept: list[str] = []
    for number, line in enumerate(lines):
        joined = " ".join(lines[number : number + 3])
        if _CUT.fullmatch(line) or _WROTE.search(line) or (_opens(line) and _WROTE.search(joined)):
            break
        if not line.startswith(">"):
            kept.append(line)
    while kept and (not kept[0] or _GREETING.fullmatch(kept[0])):
        kept.pop(0)
    for number, line in enumerate(kept):
        if number and _CLOSING.fullmatch(line) and sum(map(bool, kept[number:])) <= 4:
            kept = kept[:number]
            break
    return "\n".join(kept).strip()


def _opens(line: str) -> bool:
    """Whether an attribution that goes over several lines may begin here."""
    return bool(re.match(r"(?:On|Am|Le|El|Il|Op|Em|Den|Dnia|Op|W dniu|Em)\b.*\d", line))


@dataclass(frozen=True)
class Part:
    """One thing that a reply says. ``number`` is the place in the mail that it names, from 1."""

    text: str
    number: int | None = None

    @property
    def is_done(self) -> bool:
        """Whether it begins with *done*, as the mail's button is called."""
        return _DONE.match(self.text) is not None

    @property
    def line(self) -> str:
        """What the quick line is to read."""
        return _DONE.sub("", self.text, count=1)


def parts(text: str) -> list[Part]:
    """The reply by paragraphs, numbered lines and sentences that end with their line; at most MOST_PARTS."""
    found: list[Part] = []
    goes_on = False
    for line in text.split("\n"):
        if not line.strip():
            goes_on = False
            continue
        numbered = _NUMBER.match(line)
        if numbered:
            rest = line[numbered.end() :]
            found.append(Part(rest, int(numbered[1] or numbered[2])))
        elif goes_on:
            last = found.pop()
            found.append(Part(f"{last.text} {line}", last.number))
        else:
            found.append(Part(line))
        goes_on = len(line) >= WRAPPED and not line.endswith((".", "!", "?", ":"))
    return [Part(one.text[:LONGEST_PART], one.number) for one in found[:MOST_PARTS]]


@dataclass(frozen=True)
class Listed:
    """One suggestion of the mail, in its order."""

    suggestion_id: int
    contact_id: int
    act: str


@dataclass(frozen=True)
class Meant:
    """What a part means, or ``why`` it is not certain: *who*, *how*, *whether*, *when*. ``channel`` none: by the act."""

    why: str | None = None
    contact_ids: tuple[int, ...] = ()
    suggestions: tuple[Listed, ...] = ()
    channel: str | None = None


def meant(part: Part, said: QuickLine, listed: Sequence[Listed | None], today: date) -> Meant:
    """Whom and what a part of a reply is about. ``said`` is its ``line`` as the quick line understands it; ``listed`` holds
    the place of a suggestion that is no more."""
    people, own = _whom(part, said, listed)
    if not people:
        return Meant("who")
    channel = said.channel
    if channel is None and not (part.is_done and own):
        return Meant("how", people, own)
    if not _is_certain_when(part.line, said, today):
        return Meant("when", people, own, channel)
    if not happened(part, said):
        return Meant("whether", people, own, channel)
    return Meant(None, people, own, channel)


def _whom(
    part: Part, said: QuickLine, listed: Sequence[Listed | None]
) -> tuple[tuple[int, ...], tuple[Listed, ...]]:
    """The people, and which suggestions are about them; none where that is not said, or said in two ways."""
    by_number = listed[part.number - 1] if part.number and part.number <= len(listed) else None
    if said.unclear or (part.number is not None and by_number is None):
        return (), ()
    if by_number is not None:
        fits = not said.people or by_number.contact_id in said.people
        people = tuple(dict.fromkeys((by_number.contact_id, *said.people)))
        return (people, (by_number,)) if fits else ((), ())
    if said.people:
        return said.people, tuple(one for one in listed if one and one.contact_id in said.people)
    alone = listed[0] if len(listed) == 1 else None
    return ((alone.contact_id,), (alone,)) if alone else ((), ())


def _is_certain_when(text: str, said: QuickLine, today: date) -> bool:
    if said.no_day:
        return False
    if said.day is None:
        return not _UNREAD_DAY.match(said.remark)
    is_near = said.day >= today - _LONG_AGO or str(said.day.year) in text
    return said.day <= today and is_near and not _UNREAD_DAY.match(said.remark)


def happened(part: Part, said: QuickLine) -> bool:
    """Whether it says for certain that it took place, or was tried: by *done*, or not that it will, might, or did not."""
    return part.is_done or _took_place(part.line, said)


def _took_place(text: str, said: QuickLine) -> bool:
    at = text.rfind(said.remark) if said.remark else len(text)
    head, rest = (text[:at], text[at:]) if at >= 0 else (text, "")
    first = re.split(r"[.!;\n]", rest, maxsplit=1)[0]
    is_open = may_be_unanswered if said.outcome == "reached" else may_be_reached_then
    if "?" in head + first or is_open(said.remark):
        return False
    words = _words(head)
    if said.outcome == "attempted":
        words = _words(without_it(head))
    if not _DOUBT.isdisjoint(words):
        return False
    directly = head.rstrip() == "" or head.rstrip()[-1] not in ",.;:–—-"
    if not _HAPPENED.isdisjoint(words):
        begins = _words(rest)[:1]
        return not (directly and begins and begins[0] in _DOUBT)
    # "Lunch with Marta on Friday" may be the last one or the next.
    behind = _words(first.partition(",")[0]) if directly else []
    is_ahead = _AHEAD.search(head + first) is not None or behind[:1] == ["is"]
    return not is_ahead and _DOUBT.isdisjoint(_words(first)) and _DAYS.isdisjoint([*words, *behind])


def _words(text: str) -> list[str]:
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]
