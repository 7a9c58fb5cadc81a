"""How people keep in touch: for every habit, what happened on which days before today.

Each habit is a thinned-out background, quiet in August and around Christmas, with a few beats that are always there,
so that what a habit stands for (a zone, a rule) holds for every seed and on every day of the year.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

ALL_TIME = 728
"""Days: two years of log."""


@dataclass(frozen=True)
class Beat:
    """One thing that happened, ``days`` before today (negative: arranged ahead)."""

    days: int
    channel: str
    direction: str = "mutual"
    outcome: str = "reached"
    summary: str | None = None
    note: str | None = None
    private: bool = False


@dataclass(frozen=True)
class Setting:
    """Chance, the day, how long somebody has been known, and for ``revived`` how many weeks ago that was.

    ``reserve``: how many times rarer than usual somebody writes who is met often.
    """

    rng: Random
    today: date
    known: int
    weeks: int = 1
    reserve: float = 1.0

    def days(self, gap: float, start: int, end: int) -> Iterator[int]:
        """Days about ``gap`` apart from ``start`` days ago to ``end`` days ago, thinned out in quiet seasons."""
        day = start - self.rng.uniform(0.2, 1) * gap
        while day >= end:
            if not self._is_quiet(self.today - timedelta(days=round(day))):
                yield round(day)
            day -= gap * self.rng.uniform(0.6, 1.4)

    def _is_quiet(self, day: date) -> bool:
        if (day.month, day.day) >= (12, 20) or (day.month, day.day) <= (1, 3):
            return self.rng.random() < 0.85
        return day.month == 8 and self.rng.random() < 0.65

    def mails(self, gap: float, start: int, end: int, chat: float = 0.15) -> list[Beat]:
        """Threads that both sides end: one mail for both, or a question and the answer a day later."""
        found = []
        for day in self.days(gap, start, end):
            channel = "chat" if self.rng.random() < chat else "email"
            if self.rng.random() < 0.5 or day <= end:
                found.append(Beat(day, channel))
            else:
                asks, answers = self.rng.sample(("outbound", "inbound"), 2)
                found += [Beat(day, channel, asks), Beat(day - 1, channel, answers)]
        return found

    def some(self, channels: str, gap: float, start: int, end: int) -> list[Beat]:
        """Things of these channels, one after another by chance."""
        return [Beat(day, self.rng.choice(channels.split())) for day in self.days(gap, start, end)]

    def once(self, channels: str, low: int, high: int) -> Beat:
        """One beat that is always there."""
        return Beat(self.rng.randint(low, high), self.rng.choice(channels.split()))

    def cards(self) -> list[Beat]:
        """A card or a small gift before Christmas, to those who are close."""
        found = []
        for year in (self.today.year - 2, self.today.year - 1, self.today.year):
            days = (self.today - date(year, 12, self.rng.randint(8, 16))).days
            if 20 < days < self.known and self.rng.random() < 0.35:
                found.append(Beat(days, self.rng.choice(("note", "note", "gift")), "outbound"))
        return found


def _luncher(at: Setting) -> list[Beat]:
    """Lunch once a month, mails between."""
    return [
        *at.mails(9 * at.reserve, at.known, 5),
        *at.some("lunch lunch lunch meeting", 31, at.known, 45),
        *at.some("phone", 55, at.known, 40),
        *at.cards(),
        at.once("lunch", 16, 28),
        at.once("phone", 8, 12),
        Beat(3, "email"),
    ]


def _caller(at: Setting) -> list[Beat]:
    """A chat every week and a call every three."""
    return [
        *at.mails(6.5 * min(at.reserve, 3), at.known, 4, chat=0.8),
        *at.some("phone", 23, at.known, 25),
        *at.some("meeting lunch visit", 70, at.known, 70),
        *at.cards(),
        at.once("meeting lunch", 32, 60),
        at.once("phone", 9, 18),
        Beat(2, "chat"),
    ]


def _visitor(at: Setting) -> list[Beat]:
    """A visit each quarter, a call each month."""
    return [
        *at.mails(15 * at.reserve, at.known, 7),
        *at.some("phone video", 38, at.known, 30),
        *at.some("visit visit event", 80, at.known, 90),
        *at.cards(),
        at.once("visit", 22, 70),
        at.once("phone", 14, 26),
        Beat(5, "email"),
    ]


def _steady(at: Setting) -> list[Beat]:
    """Something each month, a meeting twice a year."""
    return [
        *at.mails(32, at.known, 25),
        *at.some("phone phone video", 90, at.known, 110),
        *at.some("meeting lunch event", 150, at.known, 260),
        *at.cards(),
        at.once("meeting lunch visit", 70, 240),
        at.once("phone", 25, 95),
        at.once("email", 4, 15),
    ]


def _chatter(at: Setting) -> list[Beat]:
    """Chats every week, and coffee now and then."""
    return [
        *at.mails(7, at.known, 5, chat=0.9),
        *at.some("lunch", 100, at.known, 130),
        *at.some("phone sms", 60, at.known, 60),
        at.once("lunch", 35, 120),
        at.once("phone", 20, 50),
        Beat(2, "chat"),
    ]


def _only_mail(at: Setting) -> list[Beat]:
    """Mails for years and never a voice."""
    return [
        *at.mails(24, at.known, 20, chat=0.1),
        Beat(100, "email"),
        Beat(50, "email"),
        at.once("email", 5, 14),
    ]


def _drift(at: Setting) -> list[Beat]:
    """Mails and calls go on; the last time at a table is half a year ago."""
    last = at.rng.randint(188, 235)
    return [
        *at.mails(10, at.known, 6),
        *at.some("phone", 60, at.known, 60),
        *at.some("lunch meeting", 45, at.known, last + 12),
        Beat(last, at.rng.choice(("lunch", "meeting", "visit"))),
        at.once("phone", 36, 50),
        Beat(4, "email"),
    ]


def _screen(at: Setting) -> list[Beat]:
    """Once met and rung, for seven months or more only mailed."""
    last = at.rng.randint(200, 310)
    return [
        *at.mails(13, at.known, 6, chat=0.25),
        *at.some("lunch meeting phone visit", 55, at.known, last + 12),
        Beat(last, at.rng.choice(("lunch", "meeting", "visit"))),
        Beat(120, "email"),
        Beat(45, "email"),
        Beat(4, "email"),
    ]


def _never_met(at: Setting) -> list[Beat]:
    """A familiar voice, and nobody has seen the face."""
    return [
        *at.mails(12, at.known, 6),
        *at.some("phone", 40, at.known, 45),
        at.once("phone", 20, 42),
        Beat(4, "email"),
    ]


def _screen_never(at: Setting) -> list[Beat]:
    """Mails every few days and never a word spoken."""
    return [*at.mails(6, at.known, 5, chat=0.2), Beat(90, "email"), Beat(40, "email"), Beat(3, "email")]


def _faded(at: Setting, since: int = 0) -> list[Beat]:
    """Lunches and calls every month once; for the last quarter before ``since`` nothing but mail."""
    rare = [Beat(day, "email") for day in at.days(90, at.known, since + 110)]
    warm = at.some("lunch phone meeting visit", 27, at.known, since + 118)
    regular = [
        Beat(since + day, at.rng.choice(("lunch", "phone", "meeting"))) for day in (112, 160, 205, 250, 300)
    ]
    recent = [Beat(since + day, "email") for day in (80, 56, 31, 5)]
    return [*rare, *warm, *regular, *at.mails(14, since + 85, since + 6), *recent]


def _revived(at: Setting) -> list[Beat]:
    """Faded until our plan of ``weeks`` ago asked for a lunch or a call, which ``crm.demo.weeks`` adds."""
    monday = at.today.weekday() + 7 * at.weeks
    return [*_faded(at, monday), *at.mails(15, monday - 4, 4), Beat(max(1, min(4, monday - 4)), "email")]


def _quiet(at: Setting) -> list[Beat]:
    """Every fortnight for long, and then nothing."""
    last = at.rng.randint(76, 140)
    return [
        *at.mails(14, at.known, last + 3),
        *at.some("lunch phone meeting", 45, at.known, last + 10),
        Beat(last + 20, "phone"),
        Beat(last, "email"),
    ]


def _lapsed(at: Setting) -> list[Beat]:
    """Nothing since more than half a year."""
    last = at.rng.randint(195, 290)
    return [
        *at.mails(35, at.known, last + 8),
        *at.some("phone meeting", 90, at.known, last + 15),
        Beat(last, "email"),
    ]


def _thread(at: Setting) -> list[Beat]:
    """One subject, eleven mails in four days and no call."""
    before = [beat for beat in _luncher(at) if beat.days >= 14]
    sides = ("inbound", "outbound")
    burst = [
        Beat(day, "email", sides[place % 2]) for place, day in enumerate((4, 4, 4, 3, 3, 3, 2, 2, 2, 1, 1))
    ]
    return [*before, *burst]


def _waiting(at: Setting) -> list[Beat]:
    """Wrote to us a week ago and has no answer."""
    before = [beat for beat in _steady(at) if beat.days >= 20]
    return [*before, Beat(30, "email"), Beat(at.rng.randint(8, 13), "email", "inbound")]


def _unanswered(at: Setting) -> list[Beat]:
    """Had a mail from us a fortnight ago and has not answered."""
    before = [beat for beat in _steady(at) if beat.days >= 22]
    return [*before, Beat(30, "email"), Beat(at.rng.randint(9, 18), "email", "outbound")]


def _drifting_regular(at: Setting) -> list[Beat]:
    """A call in spring, a table more than a year ago."""
    start = max(at.known, 480)
    return [
        *at.mails(40, start, 20),
        Beat(at.rng.randint(385, 450), "meeting"),
        at.once("phone", 110, 150),
        at.once("email", 6, 15),
    ]


def _warm(at: Setting) -> list[Beat]:
    """A few words every other month."""
    return [
        *at.mails(75, at.known, 50),
        *at.some("phone lunch event social", 170, at.known, 150),
        at.once("phone lunch", 70, 150),
        at.once("email social", 12, 36),
    ]


def _passing(at: Setting) -> list[Beat]:
    """A few mails, once."""
    return [Beat(day, "email") for day in at.days(60, min(at.known, 420), 60)][:6]


def _nothing(at: Setting) -> list[Beat]:
    """Nothing logged."""
    return []


HABITS: Mapping[str, Callable[[Setting], list[Beat]]] = {
    "luncher": _luncher,
    "caller": _caller,
    "visitor": _visitor,
    "steady": _steady,
    "chatter": _chatter,
    "only_mail": _only_mail,
    "drift": _drift,
    "screen": _screen,
    "never_met": _never_met,
    "screen_never": _screen_never,
    "faded": _faded,
    "revived": _revived,
    "quiet": _quiet,
    "lapsed": _lapsed,
    "thread": _thread,
    "waiting": _waiting,
    "unanswered": _unanswered,
    "drifting_regular": _drifting_regular,
    "warm": _warm,
    "passing": _passing,
    "fresh": _nothing,
    "silent": _nothing,
}

CLOSE = frozenset({"luncher", "caller", "visitor", "steady", "chatter"})
"""Habits that one more meeting does not change: these people come to events, and birthdays are rung."""
