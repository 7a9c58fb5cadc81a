"""One line of a log, read: "lunch yesterday with Marta and Jonas, pilot moves to Worcester".

What is understood is only a proposal that a person confirms. Nothing here fails: what fits nothing is the remark.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from itertools import takewhile

from crm.domain.channels import Channel
from crm.domain.heard import Heard
from crm.domain.said_days import day_of
from crm.domain.told import promised_in, told_in

LONGEST_NAME = 5
"""Words of a name that are tried together."""

_TOKEN = re.compile(r"(?P<word>[^\s,;:–—]+(?:(?<=\d):(?=\d)[^\s,;:–—]+)?)|(?P<break>[,;:–—])")

_CHANNEL_WORDS = {
    "lunch": "lunch coffee breakfast dinner drinks tea brunch lunched",
    "phone": "call called calling phone phoned rang ring",
    "meeting": "meeting met meet",
    "visit": "visit visited",
    "event": "event conference fair workshop",
    "video": "video videocall zoom facetime",
    "email": "email e-mail emailed mail mailed mails emails",
    "chat": "chat chatted slack teams whatsapp signal telegram",
    "sms": "sms text texted",
    "social": "tweet tweeted linkedin twitter facebook instagram mastodon",
    "note": "note letter card wrote handwritten",
    "gift": "gift present",
}
_OUR_DOING = frozenset(
    ["called", "phoned", "rang", "emailed", "mailed", "texted", "visited", "wrote", "tweeted"]
)
_THEIRS = frozenset(["me", "us"])
_GAVE = frozenset(["sent", "posted", "gave", "left"])
"""They say how only with what was sent or given: "sent Ruth a card"."""
_SPOKE = frozenset(["spoke", "talked", "saw"])
"""They say with whom, and leave open how."""
_TO_THEM = frozenset(["her", "him", "them"])
_PRONOUNS = frozenset(["he", "she", "they", "it", "this", "that", "there", "her", "his", "their"])
"""They begin a sentence about somebody, and are nobody's name."""
_SILENCE = frozenset(["voicemail", "unanswered"])
_FILLERS = frozenset(
    [
        "with",
        "and",
        "&",
        "+",
        "w/",
        "to",
        "from",
        "at",
        "on",
        "the",
        "a",
        "an",
        "had",
        "have",
        "was",
        "for",
        "my",
        "our",
        "in",
        "of",
        "over",
        "by",
        "i",
        "we",
    ]
)
_BEFORE_NAMES = frozenset(["with", "and", "&", "+", "w/", "to", "from", "for"])


@dataclass(frozen=True)
class Somebody:
    """A contact a name in the line may mean. ``folded`` is the folded full name."""

    id: int
    folded: str


@dataclass(frozen=True)
class QuickLine:
    """What the line seems to say. ``unclear`` are names that fit several people or nobody, as they were written."""

    channel: str | None = None
    people: tuple[int, ...] = ()
    unclear: tuple[str, ...] = ()
    day: date | None = None
    at: time | None = None
    direction: str = "mutual"
    outcome: str = "reached"
    remark: str = ""
    heard: tuple[Heard, ...] = ()


def name_words(line: str) -> list[str]:
    """The words of the line that may be part of a name, as written: what to look people up by."""
    words = [match["word"].strip(".'’!?") for match in _TOKEN.finditer(line) if match["word"]]
    found = [w for w in words if len(w) > 1 and w.lower() not in _FILLERS and not any(s.isdigit() for s in w)]
    return list(dict.fromkeys(found))


def read_line(
    line: str,
    channels: Sequence[Channel],
    people: Iterable[Somebody],
    today: date,
    fold: Callable[[str], str],
) -> QuickLine:
    """Read one line. ``people`` are those whom its words may name; ``fold`` folds a name as theirs are folded."""
    return _Reader(line, channels, people, today, fold).read()


@dataclass(frozen=True)
class _Token:
    text: str
    start: int
    is_break: bool

    @property
    def bare(self) -> str:
        return self.text.strip(".'’!?\"“”()").lower()


@dataclass
class _Found:
    channel: str | None = None
    people: list[int] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    day: date | None = None
    at: time | None = None
    direction: str | None = None
    outcome: str = "reached"


class _Reader:
    """Goes through the words once; stops where the remark begins."""

    def __init__(
        self,
        line: str,
        channels: Sequence[Channel],
        people: Iterable[Somebody],
        today: date,
        fold: Callable[[str], str],
    ) -> None:
        self.line = line
        self.tokens = [_Token(m.group(), m.start(), m["break"] is not None) for m in _TOKEN.finditer(line)]
        self.ways = _channel_words(channels)
        self.people = list(people)
        self.today = today
        self.fold = fold
        self.found = _Found()

    def read(self) -> QuickLine:
        at = 0
        remark_from = len(self.line)
        while at < len(self.tokens):
            if self.tokens[at].is_break:
                if not self._goes_on(at + 1):
                    remark_from = self.tokens[at].start + 1
                    break
                at += 1
                continue
            taken = 0 if self._begins_sentence(at) else self._take(at)
            if not taken:
                remark_from = self.tokens[at].start
                break
            at += taken
        found = self.found
        remark, heard = told_in(_remark(self.line[remark_from:]), self.today)
        remark, promised = promised_in(remark, self.today)
        return QuickLine(
            found.channel,
            tuple(dict.fromkeys(found.people)),
            tuple(dict.fromkeys(found.unclear)),
            found.day,
            found.at,
            found.direction or "mutual",
            found.outcome,
            remark,
            (*promised, *heard),
        )

    def _begins_sentence(self, at: int) -> bool:
        """After "Marta." a new sentence is the remark; after "Dr." it is not."""
        before = self.tokens[at - 1].text if at else ""
        return before.endswith((".", "!", "?")) and len(before) > 3 and bool(self.found.people)

    def _goes_on(self, at: int) -> bool:
        """Whether what follows a comma is understood up to the next one, so that it is no remark yet."""
        kept = _Found(
            **{**vars(self.found), "people": [*self.found.people], "unclear": [*self.found.unclear]}
        )
        understood = at < len(self.tokens)
        while at < len(self.tokens) and not self.tokens[at].is_break and understood:
            taken = self._take(at)
            understood, at = bool(taken), at + taken
        understood = understood and self.found.unclear == kept.unclear
        self.found = kept
        return understood

    def _take(self, at: int) -> int:
        """How many words from here are understood together; what they say is kept."""
        readers = (
            *(self._silence, self._day, self._time, self._verb),
            *(self._person, self._channel, self._filler),
        )
        for reader in readers:
            taken = reader(at)
            if taken:
                return taken
        return self._stranger(at)

    def _words(self, at: int, count: int) -> list[str] | None:
        chosen = self.tokens[at : at + count]
        whole = len(chosen) == count and not any(token.is_break for token in chosen)
        return [token.bare for token in chosen] if whole else None

    def _verb(self, at: int) -> int:
        """ "Sent Ruth", "posted her", "spoke to" before what they stand for; elsewhere they belong to the remark."""
        verb = self.tokens[at].bare
        if self.found.channel or self.found.people or verb not in _GAVE | _SPOKE:
            return 0
        following = list(takewhile(lambda token: not token.is_break, self.tokens[at + 1 :]))
        said = next((one for one in following if not self._is_beside_a_verb(one, verb)), None)
        if said is None:
            return 0
        if verb in _SPOKE:
            return int(any(_is_named(one, self.fold(said.bare), 1) for one in self.people))
        if said.bare not in self.ways and said.bare not in _SILENCE:
            return 0
        self.found.direction = "outbound"
        return 2 if following[0].bare in _TO_THEM else 1

    def _is_beside_a_verb(self, token: _Token, verb: str) -> bool:
        """Whether it may stand between the verb and what was given: small words, and to whom."""
        to_whom = token.bare in _TO_THEM or (token.text[:1].isupper() and token.bare not in self.ways)
        return token.bare in _FILLERS or (verb in _GAVE and to_whom)

    def _silence(self, at: int) -> int:
        if self._words(at, 2) in (["no", "answer"], ["no", "reply"], ["left", "voicemail"]):
            taken = 2
        elif self.tokens[at].bare in _SILENCE:
            taken = 1
        else:
            return 0
        self.found.outcome = "attempted"
        if self.tokens[at + taken - 1].bare == "voicemail":
            self.found.channel = self.found.channel or self.ways.get("phone")
        return taken

    def _day(self, at: int) -> int:
        if self.found.day:
            return 0
        for count in (3, 2, 1):
            words = self._words(at, count)
            day = day_of(words, self.today) if words else None
            if day:
                self.found.day = day
                return count
        return 0

    def _time(self, at: int) -> int:
        said = re.fullmatch(r"([0-9]{1,2})(?::([0-9]{2}))?(am|pm)?", self.tokens[at].bare)
        if not said or not (said[2] or said[3]) or self.found.at:
            return 0
        hour, minute = int(said[1]), int(said[2] or 0)
        if said[3]:
            if not 1 <= hour <= 12:
                return 0
            hour = hour % 12 + 12 * (said[3] == "pm")
        if hour > 23 or minute > 59:
            return 0
        self.found.at = time(hour, minute)
        return 1

    def _person(self, at: int) -> int:
        for count in range(LONGEST_NAME, 0, -1):
            words = self._words(at, count)
            said = self.fold(
                " ".join(token.text.strip(".'’!?\"“”()") for token in self.tokens[at : at + count])
            )
            if not words or not said or (count == 1 and not self._may_be_a_name(at)):
                continue
            meant = [one.id for one in self.people if _is_named(one, said, count)]
            if meant and self._is_half_a_name(at, count):
                return self._stranger(at)
            if len(meant) == 1:
                self.found.people.append(meant[0])
                return count
            if meant:
                whole = [one.id for one in self.people if one.folded == said]
                if len(whole) == 1:
                    self.found.people.append(whole[0])
                else:
                    self.found.unclear.append(self._as_written(at, count))
                return count
        return 0

    def _is_half_a_name(self, at: int, count: int) -> bool:
        """ "Jonas Bauer" is not the Jonas we know as Jonas Reuter."""
        following = self.tokens[at + count] if at + count < len(self.tokens) else None
        if following is None or following.is_break or not following.text[:1].isupper():
            return False
        if self.tokens[at + count - 1].text.endswith((".", "!", "?")) or following.bare in self.ways:
            return False
        said = self.fold(following.bare)
        is_somebody = any(said in one.folded.split(" ") for one in self.people)
        return not (is_somebody or following.bare in _FILLERS or day_of([following.bare], self.today))

    def _may_be_a_name(self, at: int) -> bool:
        """A word that also says how or when is a name only where names stand, or written large after that was said."""
        word = self.tokens[at].bare
        if word in _FILLERS or word in _THEIRS:
            return False
        if word not in self.ways:
            return True
        return self.found.channel is not None or self._follows(at, _BEFORE_NAMES)

    def _follows(self, at: int, words: frozenset[str]) -> bool:
        return at > 0 and self.tokens[at - 1].bare in words

    def _channel(self, at: int) -> int:
        if self.found.channel:
            again = (
                self.ways.get(self.tokens[at].bare) == self.found.channel or self.tokens[at].bare == "note"
            )
            return int(again and self.tokens[at].bare not in self._remark_words())
        for count in (3, 2, 1):
            words = self._words(at, count)
            key = self.ways.get(" ".join(words)) if words else None
            if key and words:
                self.found.channel = key
                self._direction_of(words[-1], at + count)
                return count
        return 0

    def _remark_words(self) -> frozenset[str]:
        """Once the people are named, a word for a channel belongs to the remark."""
        return frozenset(self.ways) if self.found.people or self.found.unclear else frozenset()

    def _direction_of(self, word: str, following: int) -> None:
        after = self.tokens[following].bare if following < len(self.tokens) else ""
        if after in _THEIRS or after == "from":
            self.found.direction = "inbound"
        elif after == "to" or word in _OUR_DOING:
            self.found.direction = "outbound"

    def _filler(self, at: int) -> int:
        return int(self.tokens[at].bare in _FILLERS or self.tokens[at].bare in _THEIRS)

    def _stranger(self, at: int) -> int:
        """A name nobody here has: written large, or after a word that names follow."""
        token = self.tokens[at]
        is_large = token.text[:1].isupper()
        if (
            not token.bare
            or token.bare == "about"
            or token.bare in _PRONOUNS | _GAVE | _SPOKE
            or not (is_large or self._follows(at, _BEFORE_NAMES))
        ):
            return 0
        if self.found.people and not is_large:
            return 0
        count = 1
        while is_large and self._words(at, count + 1) and self.tokens[at + count].text[:1].isupper():
            count += 1
        self.found.unclear.append(self._as_written(at, count))
        return count

    def _as_written(self, at: int, count: int) -> str:
        last = self.tokens[at + count - 1]
        return self.line[self.tokens[at].start : last.start + len(last.text)].strip(".'’!?\"“”()")


def _is_named(one: Somebody, said: str, count: int) -> bool:
    """One word is a whole word of the name; several are the name or its beginning."""
    if count == 1:
        return said in one.folded.split(" ")
    return one.folded == said or one.folded.startswith(said + " ")


def _channel_words(channels: Sequence[Channel]) -> dict[str, str]:
    keys = {channel.key for channel in channels}
    words = {word: key for key, listed in _CHANNEL_WORDS.items() if key in keys for word in listed.split()}
    for channel in channels:
        words[channel.key.lower()] = channel.key
        label = channel.label.partition(" (")[0].lower()
        words[label] = channel.key
        for part in label.split(" or "):
            words.setdefault(part, channel.key)
    return words


def _remark(rest: str) -> str:
    kept = rest.strip(" ,;:–—\t\n")
    return re.sub(r"^about\s+", "", kept)
