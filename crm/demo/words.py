"""What was said: summaries and notes that read like those of people who are in a hurry, filled with facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from crm.demo.cast import Person
from crm.demo.habits import Beat
from crm.demo.organisations import WORKS
from crm.domain.weeks import MONTHS

_MAIL = (
    "A question about {topic}",
    "{Project}: dates for {month}",
    "{Project} moves to {month}",
    "Minutes of the last call",
    "Invoice {number} and a word about {topic}",
    "{Topic}: who decides?",
    "Draft of the paper on {topic}",
    "Figures for {month}",
    "Comments on {project}, page by page",
    "Asked for a quote for {project}",
    "New colleague joins for {project}",
    "Thanks, and three questions about {topic}",
    "Dates that would do for a visit",
    "Contract, signed",
    "A list of open points, {number} of them",
    "{Project} went live on time",
    "Purchase order for {month}",
    "Slides from the meeting",
    "Holiday cover until the middle of {month}",
    "A correction to the last invoice",
    "{Topic} again, with photographs",
    "Reference for {project}",
)
_CHAT = (
    "Quick one about {topic}",
    "Screenshots from {project}",
    "Where is the latest list?",
    "{Topic}, nine messages",
    "Who is on site tomorrow?",
    "Good news about {project}",
    "A link, and thanks for it",
    "Asked for the release notes",
    "Sorted out {topic} in five minutes",
    "Running late for the call",
)
_SMS = ("Running ten minutes late", "Thanks for today", "Can we move to four?")
_SOCIAL = (
    "Congratulated on the anniversary post",
    "Shared their article",
    "Comment on the photo of {project}",
)
_VIDEO = (
    "Demo of {project}",
    "Weekly check on {project}",
    "Walked through {topic}",
    "Met the new team on screen",
)
_PHONE = (
    "{Project}, in ten minutes instead of ten mails",
    "{Topic} cleared up",
    "Rang back about {topic}",
    "How {project} is going",
    "Long talk, mostly about {month}",
    "Price of {project}",
    "Heard about {topic} first hand",
)
_MEETING = (
    "Review of {project}",
    "Plan for {month}",
    "{Topic}, with their team",
    "Steering group",
    "Terms for next year",
    "Kick-off of {project}",
)
_LUNCH = (
    "Lunch, mostly about {project}",
    "Coffee round the corner",
    "Lunch near the office",
    "Lunch after the review",
    "Breakfast before the train",
)
_VISIT = (
    "Visit in {city}",
    "A day with the team in {city}",
    "Saw {project} in use",
    "Visit, with {colleague}",
)
_EVENT = ("Trade fair, their stand", "Evening talk on {topic}", "Partner day")
_NOTE = (
    "Thanked for the help with {project}",
    "Card before the holidays",
    "A few lines about {month}",
    "Congratulations on {project}",
)
_GIFT = ("A book about {city}", "Honey from the roof", "Tea, with a card")

SUMMARIES: Mapping[str, tuple[str, ...]] = {
    "email": _MAIL,
    "chat": _CHAT,
    "sms": _SMS,
    "social": _SOCIAL,
    "video": _VIDEO,
    "phone": _PHONE,
    "meeting": _MEETING,
    "lunch": _LUNCH,
    "visit": _VISIT,
    "event": _EVENT,
    "note": _NOTE,
    "gift": _GIFT,
}

_OPENINGS = (
    "Good hour.",
    "Shorter than planned, but worth the way.",
    "In a good mood.",
    "Tired, the month has been long.",
    "Came with {colleague}.",
    "Straight to the point, as always.",
    "First time we talked without an agenda.",
    "Noisy place, good talk.",
    "",
    "",
)
_BUSINESS = (
    "{Project} is on track for {month}.",
    "{Project} slips to {month}; nobody is surprised.",
    "Worried about {topic}. Wants to hear from us before the board does.",
    "They lose two hours a day over {topic}.",
    "Would show {project} to others if we ask nicely.",
    "Budget for next year is decided in {month}.",
    "The new person for {topic} starts in {month}.",
    "{Topic} is solved, {project} is next.",
    "Wants fewer features and better training.",
    "Said plainly that our invoices are hard to read.",
    "Has {number} sites left and wants two a month.",
    "Compared us with two others; {project} decides.",
    "Asked what became of {topic}. We owe an answer.",
    "Happy with the support at night.",
)
_PRIVATE_LIFE = (
    "{Given} {life}.",
    "Talked about everything else too: {given} {life}.",
    "By the way, {given} {life}.",
    "",
    "",
)
_FOR_MYSELF = (
    "For myself: I spoke too long about {topic}.",
    "Between us: thinking of leaving {org} next year.",
    "Not for the file: the boss is against {project}.",
    "Hard to read today. Ring again in {month} without a reason.",
)
_ATTEMPTS = ("No answer", "Rang, engaged", "Left word with the front desk", "Voicemail is full")

_NOTED = {
    "lunch": 0.75,
    "visit": 0.8,
    "meeting": 0.6,
    "phone": 0.45,
    "event": 0.3,
    "video": 0.3,
    "email": 0.03,
}
"""How often there is a note beside the summary."""


@dataclass(frozen=True)
class Words:
    """What one interaction says."""

    summary: str | None
    note: str | None
    private: bool


def words_for(rng: Random, person: Person, beat: Beat, day: date, colleague: str) -> Words:
    """The beat's own words, else some that fit its channel, the person and the time of year."""
    facts = facts_of(rng, person, day, colleague)
    if beat.outcome == "attempted":
        return Words(rng.choice(_ATTEMPTS), None, private=False)
    summary = beat.summary
    if summary is None and (beat.note is None or beat.channel == "visit") and rng.random() < 0.93:
        summary = _filled(rng.choice(SUMMARIES[beat.channel]), facts)
    note, private = beat.note, beat.private
    if note is None and beat.summary is None and rng.random() < _NOTED.get(beat.channel, 0):
        private = rng.random() < 0.06
        note = _filled(rng.choice(_FOR_MYSELF) if private else _note(rng), facts)
    return Words(summary, note, private)


def a_note(rng: Random, person: Person, day: date) -> str:
    """What one remembers of a talk."""
    return _filled(_note(rng), facts_of(rng, person, day, "a colleague"))


def _note(rng: Random) -> str:
    sentences = (rng.choice(_OPENINGS), rng.choice(_BUSINESS), rng.choice(_PRIVATE_LIFE))
    return " ".join(sentence for sentence in sentences if sentence)


def facts_of(rng: Random, person: Person, day: date, colleague: str) -> dict[str, str]:
    """What the templates may speak of."""
    trade = WORKS[person.company.trade if person.company else "trade"]
    month = MONTHS[(day + timedelta(days=rng.randint(15, 75))).month - 1]
    return {
        "topic": rng.choice(trade.topics),
        "project": rng.choice(trade.projects),
        "month": month,
        "number": str(rng.randint(3, 19)),
        "city": person.city.name,
        "given": person.given,
        "org": person.company.name if person.company else "the office",
        "life": person.life,
        "colleague": colleague,
    }


def _filled(template: str, facts: Mapping[str, str]) -> str:
    """The template with its facts; a name in capitals begins with a capital."""
    shown = {**facts, **{name.capitalize(): _capital(fact) for name, fact in facts.items()}}
    return _capital(template.format_map(shown))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def said(rng: Random, template: str, person: Person, day: date) -> str:
    """A template of an ask, a promise, a favour or a signal, filled."""
    return _filled(template, facts_of(rng, person, day, "a colleague"))


ASKS = (
    "Ask whether {org} would be a reference",
    "Tell {given} that {project} gets a second team",
    "Ask who decides about {topic} now",
    "Ask for an introduction to the parent company",
    "Say that prices rise in {month}",
    "Ask {given} to speak at the partner day",
    "Ask what it would take to begin {project} before {month}",
)
OUR_PROMISES = (
    "Send the paper on {topic}",
    "A fix for {topic}",
    "Two more demo accounts",
    "Introduce {given} to our support lead",
    "Dates for training in {city}",
    "A price for {number} sites",
)
THEIR_PROMISES = (
    "A quote for {project}",
    "The list of sites",
    "An answer from their lawyers",
    "Photographs of {project}",
    "A date with the works council",
)
FAVOURS = (
    "Recommended us to a neighbour in {city}",
    "Introduced us to the head of {topic}",
    "Tested the new version over a weekend",
    "Stood up for us in the tender",
    "Lent us their stand at the fair",
)
SIGNALS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "pain point": (
        ("{Topic}: two people spend a day a week on it", "Work done twice"),
        ("{Topic}: it still ends up on paper", "Paper on the side"),
        ("{Topic}: nobody trusts the figures", "Figures nobody trusts"),
        ("Every shift types the same list again", "Work done twice"),
        ("Six people share one password", "Shared passwords"),
    ),
    "competitor": (
        ("Had a demo of Shiftlark last month", "Shiftlark"),
        ("Tallyboard is cheaper for small sites", "Tallyboard"),
        ("Their parent company uses Tallyboard", "Tallyboard"),
    ),
    "request": (
        ("{Topic}: should work offline", "Offline"),
        ("{Topic}: an export for the auditors", "Exports"),
        ("Wants {project} in two languages", "Languages"),
    ),
    "praise": (
        ("“The night team would not go back”", "Night shift"),
        ("{Project} was the calmest go-live so far", "Go-live"),
        ("Support answers in minutes", "Support"),
    ),
    "risk": (
        ("{Org} is being restructured", "Restructuring"),
        ("The sponsor of {project} leaves in {month}", "Sponsor leaves"),
        ("Budget frozen until {month}", "Budget"),
    ),
}
"""By type: what was said, and the theme it is counted under."""
