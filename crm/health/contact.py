"""One person's health in words and numbers: the score in its parts, what would raise it, and the rhythm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

from sqlalchemy import Connection

from crm.domain.channels import Channel, by_key
from crm.domain.expressions import Facts, evaluate
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.manner import month_words, numeral
from crm.domain.principal import Principal
from crm.domain.score import PERSONAL_SHARE_WANTED, WEIGHTS
from crm.domain.sentences import rhythm_sentence, screen_rhythm_sentence
from crm.domain.spans import count, join, short_day
from crm.domain.targets import CLOCKS, Targets
from crm.domain.vocabulary import within, word
from crm.domain.weeks import end_of
from crm.domain.whatif import once_more
from crm.health.comparison import scores
from crm.health.numbers import real, whole

PART_NAMES = {
    "any": N_("Any contact"),
    "personal": N_("Personal"),
    "in_person": N_("In person"),
    "balance": N_("Balance"),
}
RAISES = {
    "lunch": N_("Lunch"),
    "phone": N_("A phone call"),
    "note": N_("A handwritten note"),
    "email": N_("One more email"),
}

NEAR_DAYS = 14

_WAS = {
    "phone": N_("Was {score} after the phone call in {month}."),
    "meeting": N_("Was {score} after the meeting in {month}."),
    "lunch": N_("Was {score} after the lunch in {month}."),
    "visit": N_("Was {score} after the visit in {month}."),
    "event": N_("Was {score} after the event in {month}."),
    "note": N_("Was {score} after the note in {month}."),
    "gift": N_("Was {score} after the gift in {month}."),
}
_WAS_BY_ITS_NAME = N_("Was {score} after the {channel} in {month}.")
"""Of the channels that a team made itself."""


@dataclass(frozen=True)
class Part:
    """One of the four parts: "Personal 221 days, target 60", 0 of 30."""

    key: str
    name: str
    detail: str
    got: float
    of: int


@dataclass(frozen=True)
class Raise:
    """What one more contact today would make of the score."""

    channel: Channel
    words: str
    before: int | None
    after: int


@dataclass(frozen=True)
class PersonHealth:
    """What the page says about a person's health. Without a score (tier none, no record) ``parts`` is empty."""

    score: int | None
    zone: str | None
    parts: tuple[Part, ...]
    raises: tuple[Raise, ...]
    rhythm: str
    screen_rhythm: str | None
    still_kept: str | None
    was: str | None = None


def standing(
    facts: Facts, targets: Targets, ways: Sequence[Channel], today: date, was: str | None = None
) -> PersonHealth:
    """The health of one person from a row of the metrics relation of ``today``; ``was`` is a sentence about earlier."""
    score = facts.get("score")
    zone = facts.get("zone")
    days, quiet, rhythm = (facts.get(name) for name in ("days_since_any", "quiet_p", "rhythm_days"))
    personal = facts.get("days_since_personal")
    return PersonHealth(
        score=whole(score),
        zone=str(zone) if zone else None,
        parts=parts(facts, targets) if score is not None else (),
        raises=raises(facts, targets, ways),
        rhythm=rhythm_sentence(real(rhythm), whole(days), real(quiet), whole(facts.get("gaps")) or 0),
        screen_rhythm=screen_rhythm_sentence(whole(personal)) if zone == "screen_only" else None,
        still_kept=_still_kept(facts, targets, today) if score is not None else None,
        was=was,
    )


def parts(facts: Facts, targets: Targets) -> tuple[Part, ...]:
    """The four parts with what each is made of."""
    details = {clock: _clock(facts, targets, clock) for clock in CLOCKS} | {"balance": _balance(facts)}
    return tuple(
        Part(key, _(PART_NAMES[key]), details[key], real(facts[f"part_{key}"]) or 0.0, most)
        for key, most in WEIGHTS.items()
    )


def _clock(facts: Facts, targets: Targets, clock: str) -> str:
    days, target = facts[f"days_since_{clock}"], evaluate(targets.expression(clock), facts)
    known = count(whole(facts["known_days"]) or 0, "day", "days")
    said = (
        _("never, known for {days}").format(days=known)
        if days is None
        else count(whole(days) or 0, "day", "days")
    )
    if target is None:
        return _("{days}, no target").format(days=said)
    return _("{days}, target {target}").format(days=said, target=target)


def _still_kept(facts: Facts, targets: Targets, today: date) -> str | None:
    """Why a part is kept though it never happened: its clock runs from the day they were known."""
    kept = []
    for clock in CLOCKS:
        target = whole(evaluate(targets.expression(clock), facts))
        left = None if target is None else target - (whole(facts["known_days"]) or 0)
        if facts[f"days_since_{clock}"] is None and left is not None and left >= 0:
            until = short_day(today + timedelta(days=left), today)
            kept.append(_("{part} until {day}").format(part=_(PART_NAMES[clock]), day=until))
    said = _(
        "What has never happened counts from the day you came to know them: full points for {parts}, fewer after that."
    )
    return said.format(parts=join(kept)) if kept else None


def _balance(facts: Facts) -> str:
    total, personal = whole(facts["total_365"]) or 0, whole(facts["personal_365"]) or 0
    if total == 0:
        return _("no contact on record in a year")
    # Exact in whole numbers: a fifth of 15 is a hair above 3 in binary.
    wanted = ceil(round(total * PERSONAL_SHARE_WANTED, 6))
    return _("{personal} of {total} personal, wanted {wanted}").format(
        personal=numeral(personal), total=numeral(total), wanted=numeral(wanted)
    )


def raises(facts: Facts, targets: Targets, ways: Sequence[Channel]) -> tuple[Raise, ...]:
    """What a lunch, a call, a note and one more email today would do; nothing for tier none."""
    if not facts or facts["tier"] == "none":
        return ()
    known, before = by_key(ways), whole(facts["score"])
    found = []
    for key, words in RAISES.items():
        if key in known:
            after = whole(once_more(facts, targets, known[key])["score"])
            found.append(Raise(known[key], _(words), before, after or 0))
    return tuple(found)


def score_on(
    connection: Connection, principal: Principal, contact_id: int, day: date, at: datetime
) -> int | None:
    """The score at the end of a day, or now if that is today."""
    moment = min(at, end_of(day, principal.zone))
    return scores(connection, principal, [contact_id], moment).get(contact_id)


def is_near(day: date, today: date) -> bool:
    """Whether a day is too near for its score to be told."""
    return (today - day).days < NEAR_DAYS


def was_sentence(
    facts: Mapping[str, object], before: int | None, channel: Channel, day: date, today: date
) -> str | None:
    """ "Was 97 after the visit in April."; nothing where the score is the same or the day is near."""
    if before is None or before == facts.get("score") or is_near(day, today):
        return None
    month = month_words(day, year=(today - day).days >= 330)
    said = _(_WAS.get(channel.key, _WAS_BY_ITS_NAME))
    return said.format(score=before, month=month, channel=within(word(channel.label)))
