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
from crm.domain.said_days import day_of, may_be_a_part, no_day
from crm.domain.told import heard_in
from crm.domain.unanswered import begins_unanswered, ends_unanswered

LONGEST_NAME = 5
"""Words of a name that are tried together."""

_TOKEN = re.compile(r"(?P<break>[,;:–—]|(?<!\S)-+(?!\S))|(?P<word>[^\s,;:–—]+(?:(?<=\d):(?=\d)[^\s,;:–—]+)?)")

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
    "note": "note letter card handwritten",
    "gift": "gift present",
}
_DOING = frozenset(["called", "phoned", "rang", "emailed", "mailed", "texted", "visited", "tweeted"])
_THEIRS = frozenset(["me", "us"])
_GAVE = frozenset(["sent", "posted", "gave", "left", "wrote"])
"""They say how only with what was sent or given: "sent Ruth a card"."""
_SPOKE = frozenset(["spoke", "talked", "saw", "wrote"])
"""They say with whom, and leave open how."""
_TO_THEM = frozenset(["her", "him", "them"])
_PRONOUNS = frozenset(["he", "she", "they", "it", "this", "that", "there", "her", "his", "their"])
"""They begin a sentence about somebody, and are nobody's name."""
_OURSELVES = frozenset(["i", "we", "i've", "we've"])
_NO_SUBJECT = _OURSELVES | {"with", "w/", "to", "for", "was", "were"}
"""Where one of them stands before the verb, it is not those named who did it."""
_BEFORE_TIMES = frozenset(["at", "@"])
_DOTTED = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}\.?")
_FILLERS = (
    _OURSELVES
    | _BEFORE_TIMES
    | frozenset(
        [
            "with",
            "and",
            "&",
            "+",
            "w/",
            "to",
            "from",
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
            "just",
        ]
    )
)
_BEFORE_NAMES = frozenset(["with", "and", "&", "+", "w/", "to", "from", "for"])
_AND = frozenset(["with", "and", "&", "+", "w/"])
_OF_SOMETHING = frozenset(["of", "the", "my", "our"])
"""After "last month" or "2/3" they begin what those words are about."""


@dataclass(frozen=True)
class Somebody:
    """A contact a name in the line may mean. ``folded`` is the folded full name."""

    id: int
    folded: str


@dataclass(frozen=True)
class QuickLine:
    """What the line seems to say. ``unclear`` are names that fit several people or nobody, as they were written;
    ``no_day`` says what is wrong with a day that was said and is none."""

    channel: str | None = None
    people: tuple[int, ...] = ()
    unclear: tuple[str, ...] = ()
    day: date | None = None
    no_day: str | None = None
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
        return self.text.strip(".'’!?\"“”()").lower().replace("’", "'")


@dataclass
class _Found:
    channel: str | None = None
    people: list[int] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    day: date | None = None
    no_day: str | None = None
    at: time | None = None
    direction: str | None = None
    outcome: str = "reached"
    named_at: int | None = None
    """The word that named somebody last."""
    whom_at: int | None = None
    """The word after what somebody named did: not to us, if it is a name."""


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
        self.live = {channel.key for channel in channels if channel.live}
        self.calls = {channel.key for channel in channels if channel.live and not channel.in_person}
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
                    remark_from = self.tokens[at].start + len(self.tokens[at].text)
                    break
                at += 1
                continue
            taken = self._silence(at) if self._begins_sentence(at) else self._take(at)
            if not taken:
                remark_from = self.tokens[at].start
                break
            at += taken
        found = self.found
        if ends_unanswered(self.line[remark_from:]):
            found.outcome = "attempted"
        if not self._may_be_unanswered():
            found.outcome = "reached"
        remark, heard = heard_in(_remark(self.line[remark_from:]), self.today)
        return QuickLine(
            found.channel,
            tuple(dict.fromkeys(found.people)),
            tuple(dict.fromkeys(found.unclear)),
            found.day,
            None if found.day else found.no_day,
            found.at,
            found.direction or "mutual",
            found.outcome,
            remark,
            heard,
        )

    def _begins_sentence(self, at: int) -> bool:
        """After "Marta." a new sentence is the remark; after "Dr." it is not."""
        before = self.tokens[at - 1].text if at else ""
        return before.endswith((".", "!", "?")) and len(before) > 3 and bool(self.found.people)

    def _goes_on(self, at: int) -> bool:
        """Whether what follows a comma is understood up to the next one, so that it is no remark yet."""
        kept = self._copy()
        understood = at < len(self.tokens)
        if understood and self._silence(at):
            self.found = kept
            return True
        while at < len(self.tokens) and not self.tokens[at].is_break and understood:
            taken = 0 if self._silence(at) else self._take(at)
            understood, at = bool(taken), at + taken
        understood = understood and self.found.unclear == kept.unclear
        self.found = kept
        return understood

    def _copy(self) -> _Found:
        """What was found so far, to come back to after a try."""
        return _Found(
            **{**vars(self.found), "people": [*self.found.people], "unclear": [*self.found.unclear]}
        )

    def _take(self, at: int) -> int:
        """How many words from here are understood together; what they say is kept."""
        readers = (
            *(self._verb, self._silence, self._day, self._time),
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
        is_theirs = self._is_subject(at)
        if self.found.channel or verb not in _GAVE | _SPOKE or (self.found.people and not is_theirs):
            return 0
        following = list(takewhile(lambda token: not token.is_break, self.tokens[at + 1 :]))
        if verb in _GAVE and self._is_given(following):
            self.found.direction = "inbound" if is_theirs else "outbound"
            return 2 if following[0].bare in _TO_THEM else 1
        said = next((one for one in following if one.bare not in _FILLERS), None)
        if verb not in _SPOKE or said is None or is_theirs:
            return 0
        return int(any(_is_named(one, self.fold(said.bare), 1) for one in self.people))

    def _is_given(self, following: list[_Token]) -> bool:
        """Whether what follows is something one gives or sends: a card, an email; not a lunch."""
        given = next((one for one in following if not self._is_beside_giving(one)), None)
        if given is None:
            return False
        if given.bare in self.ways:
            return self.ways[given.bare] not in self.live
        found = begins_unanswered(self.line[given.start :])
        return found is not None and found.has_machine

    def _is_beside_giving(self, token: _Token) -> bool:
        """Whether it may stand between the verb and what was given: small words, and to whom."""
        is_large = token.text[:1].isupper() and token.bare not in self.ways
        return token.bare in _FILLERS | _TO_THEM | _THEIRS or is_large

    def _is_subject(self, at: int) -> bool:
        """Whether it is those named who do what the verb here says: "Marta rang", not "Marta and I rang"."""
        named_at = self.found.named_at
        if named_at is None or any(token.is_break for token in self.tokens[named_at:at]):
            return False
        return _NO_SUBJECT.isdisjoint(token.bare for token in self.tokens[:at])

    def _is_large(self, at: int) -> bool:
        return at < len(self.tokens) and self.tokens[at].text[:1].isupper()

    def _may_be_unanswered(self) -> bool:
        """A mail that nobody answered was sent; a call was only tried."""
        return self.found.channel is None or self.found.channel in self.live

    def _silence(self, at: int) -> int:
        if not self._may_be_unanswered():
            return 0
        start = self.tokens[at].start
        said = begins_unanswered(self.line[start:])
        is_call = self.found.channel in self.calls
        is_by_machine = said is not None and (said.has_machine or said.has_message)
        if said and (is_call or not is_by_machine or (said.has_machine and self.found.channel is None)):
            taken = sum(start <= token.start < start + said.length for token in self.tokens)
        elif not self.found.people and self._words(at, 2) in (["no", "answer"], ["no", "reply"]):
            taken = 2
        else:
            return 0
        self.found.outcome = "attempted"
        if said and said.has_machine:
            self._machine(at + taken)
        return taken

    def _machine(self, following: int) -> None:
        after = self.tokens[following].bare if following < len(self.tokens) else ""
        if self.found.channel is None and after == "from":
            self.found.direction = "inbound"
        self.found.channel = self.found.channel or self.ways.get("phone")

    def _day(self, at: int) -> int:
        if self.found.day:
            return 0
        if _DOTTED.fullmatch(self.tokens[at].text) and not self._is_dotted_day(at):
            return 0
        for count in (5, 4, 3, 2, 1):
            words = self._words(at, count) or [""]
            day = day_of(words, self.today)
            doubt = None if day or self.found.no_day else no_day(words)
            is_doubtful = doubt is not None or (day is not None and may_be_a_part(words))
            if (day or doubt) and not (is_doubtful and self._is_about_more(at + count)):
                self.found.day, self.found.no_day = day, self.found.no_day or doubt
                return count
        return 0

    def _is_about_more(self, following: int) -> bool:
        """Whether words like "last month" are no day here but begin what follows: "last month invoice is missing"."""
        at = following
        while at < len(self.tokens) and self.tokens[at].bare in _FILLERS - _OF_SOMETHING:
            at += 1
        if at == len(self.tokens) or self.tokens[at].is_break or self.tokens[at].bare == "about":
            return False
        kept = self._copy()
        readers = [self._verb, self._silence, self._day, self._time, self._channel]
        if self._follows(at, _AND):
            readers += [self._person, self._stranger]
        elif not self.found.people:
            readers.append(self._person)
        understood = any(reader(at) for reader in readers)
        self.found = kept
        return not understood

    def _is_dotted_day(self, at: int) -> bool:
        """ "12.10." is one, and "on 12.10"; "at 12.10" is a time, and "1.5" anything."""
        is_time = self._follows(at, _BEFORE_TIMES)
        return not is_time and (self.tokens[at].text.count(".") > 1 or self._follows(at, frozenset(["on"])))

    def _time(self, at: int) -> int:
        between = "[:.]" if self._follows(at, _BEFORE_TIMES) else ":"
        half = [word for word in (self._words(at, 2) or [])[1:] if word in ("am", "pm")]
        whole = self.tokens[at].bare + "".join(half)
        said = re.fullmatch(rf"([0-9]{{1,2}})(?:{between}([0-9]{{2}}))?(am|pm)?", whole)
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
        return 1 + len(half)

    def _person(self, at: int) -> int:
        if at == self.found.whom_at:
            return self._stranger(at)
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
                self.found.named_at = at
                return count
            if meant:
                whole = [one.id for one in self.people if one.folded == said]
                if len(whole) == 1:
                    self.found.people.append(whole[0])
                else:
                    self.found.unclear.append(self._as_written(at, count))
                self.found.named_at = at
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
        said_day = any(day_of(self._words(at + count, many) or [], self.today) for many in (1, 2))
        return not (is_somebody or following.bare in _FILLERS or said_day)

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
                self._direction_of(words[-1], at, at + count)
                return count
        return 0

    def _remark_words(self) -> frozenset[str]:
        """Once the people are named, a word for a channel belongs to the remark."""
        return frozenset(self.ways) if self.found.people or self.found.unclear else frozenset()

    def _direction_of(self, word: str, at: int, following: int) -> None:
        after = self.tokens[following].bare if following < len(self.tokens) else ""
        to_us = (self._words(following, 2) or [""])[-1] in _THEIRS and after == "to"
        if after in _THEIRS or after == "from" or to_us:
            self.found.direction = "inbound"
        elif word in _DOING and self._is_subject(at) and (self.found.people or not self._is_large(following)):
            self.found.direction, self.found.whom_at = "inbound", following
        elif after == "to" or word in _DOING:
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
        self.found.named_at = at
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
