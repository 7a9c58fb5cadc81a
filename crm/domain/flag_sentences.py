"""The evidence of a flag in words: one sentence for each shipped rule, and the reason for a suggestion.

Only what is on record is said ("no meeting on record", never "you never met"), and counts come before advice.
"You" is the team. User text stays as typed, its spaces and last full stop tidied.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from math import floor, isfinite

from crm.domain.evidence_words import metrics_sentence
from crm.domain.flag_facts import CHANNEL_NOUNS, FlagFacts
from crm.domain.metric_words import Evidence
from crm.domain.on_record import FROM_SILENCE, asked
from crm.domain.post import post_words
from crm.domain.spans import (
    ago,
    ahead,
    beside,
    capital,
    count,
    day_phrase,
    every,
    in_words,
    join,
    short_day,
    span,
)

_BY: Mapping[str, str] = {
    "email": "by email",
    "chat": "by chat",
    "sms": "by text message",
    "social": "through social media",
    "video": "by video call",
}
_MET: Mapping[str, str] = {
    "meeting": ", at a meeting",
    "lunch": ", over lunch or coffee",
    "visit": ", on a visit",
    "event": ", at an event",
}
_SPOKE = ("phone", "meeting", "lunch", "visit", "video")


def _whole(evidence: Evidence, key: str) -> int | None:
    value = evidence.get(key)
    return int(value) if isinstance(value, int | float) and isfinite(value) else None


def _real(evidence: Evidence, key: str) -> float | None:
    value = evidence.get(key)
    return float(value) if isinstance(value, int | float) and isfinite(value) else None


def _first(known: int | None, counted: int | None) -> int | None:
    return counted if known is None else known


def _tidy(text: str | None) -> str:
    """User text for the middle of a sentence: one line, without a full stop, cut where it is too long."""
    line = " ".join((text or "").split()).rstrip(". ")
    return line if len(line) <= 160 else line[:160].rsplit(" ", 1)[0].rstrip(",;:. ") + " …"


def _closed(text: str) -> str:
    return text if text.endswith(("?", "!", "…")) else f"{text}."


def _today(day: date | None, days_to: int | None) -> date | None:
    """The day the evidence was counted on, worked back from a date and the days to it."""
    return day - timedelta(days=days_to) if day and days_to is not None else None


def _who(facts: FlagFacts) -> str:
    return _tidy(facts.given_name) or _tidy(facts.name) or "They"


# Evidence of the shipped rules. Each gives None where the facts do not carry its sentence.


def _digital_counts(since: Mapping[str, int]) -> str:
    """ "14 emails and 3 chats": the most frequent first, a workspace's own channels as one last count."""
    known = [(number, key) for key, number in since.items() if key in CHANNEL_NOUNS and number > 0]
    order = list(CHANNEL_NOUNS)
    known.sort(key=lambda pair: (-pair[0], order.index(pair[1])))
    parts = [count(number, CHANNEL_NOUNS[key]) for number, key in known]
    rest = sum(number for key, number in since.items() if key not in CHANNEL_NOUNS and number > 0)
    if rest:
        parts.append(count(rest, "other digital contact" if parts else "digital contact"))
    return join(parts)


def _nothing_personal(since: Mapping[str, int]) -> str:
    """ "no call, meeting or note", without naming what the same sentence counts as digital."""
    call = "phone call" if since.get("video") else "call"
    missing = [
        word
        for key, word in (("phone", call), ("meeting", "meeting"), ("note", "note"))
        if not since.get(key)
    ]
    return f"no {', '.join(missing[:-1])} or {missing[-1]}" if len(missing) > 1 else "nothing personal"


def _last_personal(channel: str | None, is_doubtful: bool) -> str:
    if is_doubtful:
        return f"the last {CHANNEL_NOUNS.get(channel or '', 'personal contact')} on record"
    if channel in _SPOKE:
        return "you last spoke"
    if channel == "event":
        return "you last met"
    return (
        f"the last {CHANNEL_NOUNS[channel]}" if channel in ("note", "gift") else "the last personal contact"
    )


def _screen_only(evidence: Evidence, facts: FlagFacts) -> str | None:
    counts = _digital_counts(facts.since_personal)
    streak, in_window = _whole(evidence, "digital_streak"), _whole(evidence, "digital_180")
    if not counts and streak:
        counts = count(streak, "digital contact")
    if not counts and in_window:
        counts = f"{count(in_window, 'digital contact')} in 180 days"
    if not counts:
        return None
    days = _first(facts.days_since_personal, _whole(evidence, "days_since_personal"))
    if days is None:
        comma = "," if " and " in counts else ""
        return f"{counts}{comma} and {_nothing_personal(facts.since_personal)} on record."
    return f"{counts} since {_last_personal(facts.last_personal_channel, facts.is_doubtful)}, {ago(days)}."


def _never_met(evidence: Evidence, facts: FlagFacts) -> str | None:
    total, known = _whole(evidence, "total_365"), _whole(evidence, "known_days")
    if not total:
        return "No meeting on record." if total == 0 else None
    during = "a year" if known is None or known >= 365 else span(max(1, known))
    return f"{count(total, 'contact')} in {during} and no meeting on record."


def _gone_digital(evidence: Evidence, facts: FlagFacts) -> str | None:
    total, digital = _whole(evidence, "total_90"), _whole(evidence, "digital_90")
    share = _real(evidence, "digital_share_90")
    before, personal = _whole(evidence, "prior_total_365"), _whole(evidence, "prior_personal_365")
    if digital is None and total and share is not None:
        digital = floor(share * total + 0.5)
    if not total or not before or digital is None or personal is None:
        return None
    now = f"{_part(digital, total, 'the only')} {'contact' if total == 1 else 'contacts'}"
    now += " on record" if facts.is_doubtful else ""
    then = f"{_part(personal, before, 'the only one')} {'was' if personal == 1 else 'were'} personal"
    return f"{capital(now)} in 90 days came through a screen; in the year before, {then}."


def _part(number: int, of: int, only: str) -> str:
    """ "8 of 9", "all 9", "both"; `only` stands for 1 of 1."""
    if number < of:
        return f"{number} of {of}"
    return {1: only, 2: "both"}.get(of) or f"all {of}"


def _in_person_overdue(evidence: Evidence, facts: FlagFacts) -> str | None:
    days = _first(facts.days_since_in_person, _whole(evidence, "days_since_in_person"))
    overdue = _real(evidence, "overdue_in_person")
    if days is None:
        return None
    last = f"{'The last meeting on record was' if facts.is_doubtful else 'Last met in person'} {ago(days)}"
    where = _MET.get(facts.last_in_person_channel or "", "")
    past = days - floor(days / overdue + 0.5) if overdue and overdue > 1 else 0
    if past <= 0 or facts.is_doubtful:
        return f"{last}{where}."
    return f"{last}{where}{':' if where else ','} {span(past)} past the target."


def _gone_quiet(evidence: Evidence, facts: FlagFacts) -> str | None:
    days, rhythm, overdue = (
        _whole(evidence, "days_since_any"),
        _real(evidence, "rhythm_days"),
        _real(evidence, "overdue_any"),
    )
    if days is None:
        return None
    silent = "nothing on record" if facts.is_doubtful else "silent"
    if rhythm:
        joined = ", and" if facts.is_doubtful else ","
        return f"Usually {every(rhythm)}{joined} {silent} for {beside(days, rhythm)}."
    if overdue is None or overdue < 2 or facts.is_doubtful:
        return f"{capital(silent)} for {span(days)}."
    times = "twice" if overdue < 3 else f"{in_words(floor(overdue))} times"
    return f"Silent for {span(days)}, {'more than ' if overdue > floor(overdue) else ''}{times} the target."


def _no_record(evidence: Evidence, facts: FlagFacts) -> str | None:
    tier = facts.tier or evidence.get("tier")
    return f"Marked {tier}, and nothing logged yet." if tier else "Nothing logged yet."


def _unanswered(evidence: Evidence, facts: FlagFacts) -> str | None:
    days = _whole(evidence, "unanswered_days")
    noun = CHANNEL_NOUNS.get(facts.last_outbound_channel or "", "message")
    return None if days is None else f"Your last {noun}, {ago(days)}, has had no answer."


def _they_wait(evidence: Evidence, facts: FlagFacts) -> str | None:
    days = _whole(evidence, "waiting_days")
    if days is None:
        return None
    if not days:
        return "They wrote today and wait for your answer."
    return f"They have waited {span(days)} for your answer."


def _long_thread(evidence: Evidence, facts: FlagFacts) -> str | None:
    messages = _whole(evidence, "digital_7")
    return f"{count(messages, 'message')} in 7 days. A thread this long wants a voice." if messages else None


def _occasion(evidence: Evidence, facts: FlagFacts) -> str | None:
    days = _whole(evidence, "days_to_date")
    day = None if facts.date_kind == "renewal" else facts.date_on
    if days is None and day is None:
        return None
    label = "" if facts.date_kind == "renewal" else _tidy(facts.date_label)
    when = _when(day, days)
    plain = {"birthday": "Birthday", "anniversary": "Anniversary"}.get(
        facts.date_kind or "", "A date to remember"
    )
    told = f"{label}: {when.removeprefix('on ')}." if label else f"{plain} {when}."
    channel, today = facts.last_year_wish_channel, _today(day, days)
    if channel:
        told += f" Last year's wish went {_BY.get(channel, 'through a screen')}."
    return f"{told} {post_words(facts.post_by, today)}" if facts.post_by and today and days else told


def _when(day: date | None, days: int | None) -> str:
    """ "today", "tomorrow, Wed 2 Dec", "on Wed 2 Dec, in 9 days", "in 9 days"."""
    if day is None or days == 0:
        return ahead(days or 0)
    said = day_phrase(day, _today(day, days))
    if days is None:
        return f"on {said}"
    return f"{ahead(days)}, {said}" if days == 1 else f"on {said}, {ahead(days)}"


def _important_ask(evidence: Evidence, facts: FlagFacts) -> str | None:
    due, oldest, open_asks = (
        _whole(evidence, key) for key in ("days_to_ask", "oldest_ask_days", "open_asks")
    )
    text = _tidy(facts.ask_text)
    if not text:
        if not open_asks and due is None and oldest is None:
            return None
        text = f"{count(open_asks or 1, 'thing', words=True)} you noted"
    if due is not None:
        state = capital(_due(due))
    else:
        state = f"Open for {span(oldest)}" if oldest else "Noted today" if oldest == 0 else "Still open"
    more = (open_asks or 1) - 1 if facts.ask_text else 0
    others = f"; {in_words(more)} more {'is' if more == 1 else 'are'} open" if more > 0 else ""
    return f"Best in person: {_closed(text)} {state}{others}."


def _due(days: int) -> str:
    """ "due in 3 days", "due today", "five weeks late"."""
    return f"{span(-days, words=True)} late" if days < 0 else f"due {ahead(days)}"


def _promise_due(evidence: Evidence, facts: FlagFacts) -> str | None:
    days, due, text = _whole(evidence, "days_to_our_promise"), facts.promise_due, _tidy(facts.promise_text)
    if days is None and due is None and not text:
        return None
    promised = f"Promised for {short_day(due, _today(due, days))}" if due else "Promised"
    told = f"{promised}: {_closed(text)}" if text else f"{promised}."
    state = "Still open" if days is None else capital(_due(days))
    return f"{told} {state}."


def _thank_you(evidence: Evidence, facts: FlagFacts) -> str | None:
    days = _first(_whole(evidence, "days_since_favour"), facts.favour_days)
    if days is None:
        return None
    is_favour = facts.favour_days in (None, days) and bool(facts.favour_text)
    what = "did you a favour" if is_favour else "sent you a gift"
    told = f": {_closed(_tidy(facts.favour_text))}" if is_favour else "."
    return f"{_who(facts)} {what} {ago(days)}{told} Worth a note of thanks."


def _renewal(evidence: Evidence, facts: FlagFacts) -> str | None:
    days, personal = _whole(evidence, "days_to_renewal"), _whole(evidence, "personal_90")
    day = facts.date_on if facts.date_kind == "renewal" else None
    if days is None and day is None:
        return None
    contact = (
        f"with {count(personal, 'personal contact')} in 90 days"
        if personal
        else f"and {_nothing_personal(facts.since_personal)} logged in 90 days"
    )
    of = _tidy(facts.organisation)
    return f"Renewal{f' of {of}' if of else ''} {_when(day, days)}, {contact}."


def _fragile_account(evidence: Evidence, facts: FlagFacts) -> str | None:
    people = _first(facts.contacts_count, _whole(evidence, "contacts_count"))
    met = _first(facts.met_count, _whole(evidence, "met_count"))
    if people is None or met is None:
        return None
    at = f" at {_tidy(facts.organisation)}" if _tidy(facts.organisation) else ""
    of_them = "only one of them" if met == 1 else f"{in_words(met)} of them"
    met_with = f"meetings with {of_them}" if met else "no meeting with any of them"
    return f"{capital(count(people, 'person', words=True))}{at}, and {met_with} on record in a year."


_WRITERS: Mapping[str, Callable[[Evidence, FlagFacts], str | None]] = {
    "promise_due": _promise_due,
    "important_ask": _important_ask,
    "renewal": _renewal,
    "screen_only": _screen_only,
    "gone_quiet": _gone_quiet,
    "occasion": _occasion,
    "thank_you": _thank_you,
    "they_wait": _they_wait,
    "long_thread": _long_thread,
    "gone_digital": _gone_digital,
    "never_met": _never_met,
    "in_person_overdue": _in_person_overdue,
    "fragile_account": _fragile_account,
    "unanswered": _unanswered,
    "no_record": _no_record,
}
SAID_FIRST = tuple(_WRITERS)
"""The shipped rules, at equal severity the one most worth saying first: what is promised or has a date."""


def flag_sentence(rule_key: str, evidence: Evidence, facts: FlagFacts) -> str:
    """The evidence of a flag in words; a workspace's own is told by its metrics, else by its name."""
    writer = _WRITERS.get(rule_key)
    told = writer and writer(evidence, facts)
    if not told:
        return metrics_sentence(evidence) if evidence else _fits(facts)
    return asked(told, _tells_of_one(rule_key, facts)) if _is_asked(rule_key, facts) else told


def _fits(facts: FlagFacts) -> str:
    """For a rule of the workspace's own that asks for words alone: a tag, a city, a zone."""
    fits = f"Fits “{_tidy(facts.rule_name)}”" if facts.rule_name else "Fits a rule of yours"
    if facts.days_since_personal is None:
        return f"{fits}; nothing personal is on record."
    last = CHANNEL_NOUNS.get(facts.last_personal_channel or "", "personal contact")
    return f"{fits}; the last {last} was {ago(facts.days_since_personal)}."


def _is_asked(rule_key: str, facts: FlagFacts) -> bool:
    return facts.is_doubtful and rule_key in FROM_SILENCE


def _tells_of_one(rule_key: str, facts: FlagFacts) -> bool:
    """Whether the sentence tells of something personal, since which there may have been another."""
    is_told = rule_key in ("gone_digital", "in_person_overdue", "gone_quiet")
    return is_told or (rule_key == "screen_only" and facts.days_since_personal is not None)
