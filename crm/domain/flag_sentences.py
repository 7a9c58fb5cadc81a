"""The evidence of a flag in words: one sentence for each shipped rule, and the reason for a suggestion.

Only what is on record is said ("no meeting on record", never "you never met"), and counts come before advice.
"You" is the team. User text stays as typed, its spaces and last full stop tidied.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from math import floor, isfinite

from crm.domain.calling import called
from crm.domain.evidence_words import metrics_sentence
from crm.domain.flag_facts import CHANNEL_NOUNS, FlagFacts, is_told_for_its_age
from crm.domain.language import N_, ngettext
from crm.domain.language import gettext as _
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
    holding,
    in_words,
    join,
    short_day,
    span,
)
from crm.domain.vocabulary import word

_LAST_YEAR: Mapping[str, str] = {
    "email": N_("Around that day last year you wrote by email."),
    "chat": N_("Around that day last year you wrote by chat."),
    "sms": N_("Around that day last year you wrote a text message."),
    "social": N_("Around that day last year you wrote through social media."),
    "video": N_("Around that day last year you spoke by video call."),
}
_MET: Mapping[str, str] = {
    "meeting": N_("at a meeting"),
    "lunch": N_("over lunch or coffee"),
    "visit": N_("on a visit"),
    "event": N_("at an event"),
}
_SINCE: Mapping[str, str] = {
    **dict.fromkeys(
        ("phone", "meeting", "lunch", "visit", "video"), N_("{counts} since you last spoke, {ago}.")
    ),
    "event": N_("{counts} since you last met, {ago}."),
    "note": N_("{counts} since the last handwritten note, {ago}."),
    "gift": N_("{counts} since the last gift, {ago}."),
}
_SINCE_RECORDED: Mapping[str, str] = {
    "email": N_("{counts} since the last email on record, {ago}."),
    "chat": N_("{counts} since the last chat on record, {ago}."),
    "sms": N_("{counts} since the last text message on record, {ago}."),
    "social": N_("{counts} since the last social media message on record, {ago}."),
    "video": N_("{counts} since the last video call on record, {ago}."),
    "phone": N_("{counts} since the last phone call on record, {ago}."),
    "meeting": N_("{counts} since the last meeting on record, {ago}."),
    "lunch": N_("{counts} since the last lunch on record, {ago}."),
    "visit": N_("{counts} since the last visit on record, {ago}."),
    "event": N_("{counts} since the last event on record, {ago}."),
    "note": N_("{counts} since the last handwritten note on record, {ago}."),
    "gift": N_("{counts} since the last gift on record, {ago}."),
}
_NO_ANSWER: Mapping[str, str] = {
    "email": N_("Your last email, {ago}, has had no answer."),
    "chat": N_("Your last chat, {ago}, has had no answer."),
    "sms": N_("Your last text message, {ago}, has had no answer."),
    "social": N_("Your last social media message, {ago}, has had no answer."),
    "video": N_("Your last video call, {ago}, has had no answer."),
    "phone": N_("Your last phone call, {ago}, has had no answer."),
    "meeting": N_("Your last meeting, {ago}, has had no answer."),
    "lunch": N_("Your last lunch, {ago}, has had no answer."),
    "visit": N_("Your last visit, {ago}, has had no answer."),
    "event": N_("Your last event, {ago}, has had no answer."),
    "note": N_("Your last handwritten note, {ago}, has had no answer."),
    "gift": N_("Your last gift, {ago}, has had no answer."),
}
_FITS_SINCE: Mapping[str, str] = {
    "email": N_("{fits}; the last email was {ago}."),
    "chat": N_("{fits}; the last chat was {ago}."),
    "sms": N_("{fits}; the last text message was {ago}."),
    "social": N_("{fits}; the last social media message was {ago}."),
    "video": N_("{fits}; the last video call was {ago}."),
    "phone": N_("{fits}; the last phone call was {ago}."),
    "meeting": N_("{fits}; the last meeting was {ago}."),
    "lunch": N_("{fits}; the last lunch was {ago}."),
    "visit": N_("{fits}; the last visit was {ago}."),
    "event": N_("{fits}; the last event was {ago}."),
    "note": N_("{fits}; the last handwritten note was {ago}."),
    "gift": N_("{fits}; the last gift was {ago}."),
}
_NOTHING: Mapping[tuple[str, ...], str] = {
    ("phone", "meeting", "note"): N_("no call, meeting or note"),
    ("phone", "meeting"): N_("no call or meeting"),
    ("phone", "note"): N_("no call or note"),
    ("meeting", "note"): N_("no meeting or note"),
}
_NOTHING_BESIDE_VIDEO: Mapping[tuple[str, ...], str] = {
    ("phone", "meeting", "note"): N_("no phone call, meeting or note"),
    ("phone", "meeting"): N_("no phone call or meeting"),
    ("phone", "note"): N_("no phone call or note"),
    ("meeting", "note"): N_("no meeting or note"),
}
"""What there was none of; where video calls are counted beside it, a call is a phone call."""


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


NEAR_DAYS = 28
"""A day ahead that is nearer is named, since "in 2 weeks" soon means one; of days gone by those that are counted in days."""


def _near(days: int, facts: FlagFacts) -> str:
    """For a sentence that is kept: the day that lies so many days ahead (gone by: negative), where counting them would be
    wrong later in the week; else empty.
    """
    if facts.kept_on is None or not -14 < days < NEAR_DAYS:
        return ""
    return day_phrase(facts.kept_on + timedelta(days=days), facts.kept_on)


def _ago(days: int, facts: FlagFacts) -> str:
    """ "yesterday", "7 months ago"; "on Mon 16 Nov" where the sentence is kept."""
    day = _near(-days, facts)
    return _("on {day}").format(day=day) if day else ago(days)


def _who(facts: FlagFacts) -> str:
    return _tidy(called(facts.name, facts.given_name)) or _("They")


# Evidence of the shipped rules. Each gives None where the facts do not carry its sentence.


def _digital_counts(since: Mapping[str, int]) -> list[str]:
    """ "14 emails", "3 chats": the most frequent first, a workspace's own channels as one last count."""
    known = [(number, key) for key, number in since.items() if key in CHANNEL_NOUNS and number > 0]
    order = list(CHANNEL_NOUNS)
    known.sort(key=lambda pair: (-pair[0], order.index(pair[1])))
    parts = [count(number, *CHANNEL_NOUNS[key]) for number, key in known]
    rest = sum(number for key, number in since.items() if key not in CHANNEL_NOUNS and number > 0)
    if rest and parts:
        parts.append(count(rest, "other digital contact", "other digital contacts"))
    elif rest:
        parts.append(count(rest, "digital contact", "digital contacts"))
    return parts


def _nothing_personal(since: Mapping[str, int]) -> str:
    """ "no call, meeting or note", without naming what the same sentence counts as digital."""
    missing = tuple(key for key in ("phone", "meeting", "note") if not since.get(key))
    said = (_NOTHING_BESIDE_VIDEO if since.get("video") else _NOTHING).get(missing)
    return _(said) if said else _("nothing personal")


def _since_personal(channel: str, is_doubtful: bool) -> str:
    """The sentence to put counts and the time since then into."""
    if is_doubtful:
        return _(
            _SINCE_RECORDED.get(channel, N_("{counts} since the last personal contact on record, {ago}."))
        )
    return _(_SINCE.get(channel, N_("{counts} since the last personal contact, {ago}.")))


def _screen_only(evidence: Evidence, facts: FlagFacts) -> str | None:
    parts = _digital_counts(facts.since_personal)
    counts = join(parts)
    streak, in_window = _whole(evidence, "digital_streak"), _whole(evidence, "digital_180")
    if not counts and streak:
        counts = count(streak, "digital contact", "digital contacts")
    if not counts and in_window:
        counts = _("{counts} in 180 days").format(
            counts=count(in_window, "digital contact", "digital contacts")
        )
    if not counts:
        return None
    days = _first(facts.days_since_personal, _whole(evidence, "days_since_personal"))
    if days is None:
        said = (
            _("{counts}, and {nothing} on record.")
            if len(parts) > 1
            else _("{counts} and {nothing} on record.")
        )
        return said.format(counts=counts, nothing=_nothing_personal(facts.since_personal))
    said = _since_personal(facts.last_personal_channel or "", facts.is_doubtful)
    return said.format(counts=counts, ago=_ago(days, facts))


ELEVEN_MONTHS = 330
"""What is counted with whoever is known for more days than these is said to be in a year."""


def _never_met(evidence: Evidence, facts: FlagFacts) -> str | None:
    total, known = _whole(evidence, "total_365"), _whole(evidence, "known_days")
    if not total:
        return _("No meeting on record.") if total == 0 else None
    contacts = count(total, "contact", "contacts")
    if known is None or known > ELEVEN_MONTHS:
        return _("{contacts} in a year and no meeting on record.").format(contacts=contacts)
    return _("{contacts} in {span} and no meeting on record.").format(
        contacts=contacts, span=holding(max(1, known))
    )


def _gone_digital(evidence: Evidence, facts: FlagFacts) -> str | None:
    total, digital = _whole(evidence, "total_90"), _whole(evidence, "digital_90")
    share = _real(evidence, "digital_share_90")
    before, personal = _whole(evidence, "prior_total_365"), _whole(evidence, "prior_personal_365")
    if digital is None and total and share is not None:
        digital = floor(share * total + 0.5)
    if not total or not before or digital is None or personal is None:
        return None
    return _("{now}; in the year before, {then}.").format(
        now=_through_screens(digital, total, facts.is_doubtful), then=_were_personal(personal, before)
    )


def _through_screens(number: int, of: int, is_doubtful: bool) -> str:
    """ "8 of 9 contacts in 90 days came through a screen"; it begins a sentence."""
    if number < of and is_doubtful:
        said = ngettext(
            "{n} of {all} contact on record in 90 days came through a screen",
            "{n} of {all} contacts on record in 90 days came through a screen",
            of,
        )
    elif number < of:
        said = ngettext(
            "{n} of {all} contact in 90 days came through a screen",
            "{n} of {all} contacts in 90 days came through a screen",
            of,
        )
    elif of == 1:
        said = (
            _("The only contact on record in 90 days came through a screen")
            if is_doubtful
            else _("The only contact in 90 days came through a screen")
        )
    elif of == 2:
        said = (
            _("Both contacts on record in 90 days came through a screen")
            if is_doubtful
            else _("Both contacts in 90 days came through a screen")
        )
    elif is_doubtful:
        said = _("All {all} contacts on record in 90 days came through a screen")
    else:
        said = _("All {all} contacts in 90 days came through a screen")
    return said.format(n=number, all=of)


def _were_personal(number: int, of: int) -> str:
    """ "5 of 8 were personal", "all 9 were personal"."""
    if number < of:
        said = ngettext("{n} of {all} was personal", "{n} of {all} were personal", number)
    elif of == 1:
        said = _("the only one was personal")
    else:
        said = _("both were personal") if of == 2 else _("all {all} were personal")
    return said.format(n=number, all=of)


def _in_person_overdue(evidence: Evidence, facts: FlagFacts) -> str | None:
    days = _first(facts.days_since_in_person, _whole(evidence, "days_since_in_person"))
    overdue = _real(evidence, "overdue_in_person")
    if days is None:
        return None
    where = _MET.get(facts.last_in_person_channel or "", "")
    past = days - floor(days / overdue + 0.5) if overdue and overdue > 1 else 0
    if facts.is_doubtful:
        said = (
            _("The last meeting on record was {ago}, {where}.")
            if where
            else _("The last meeting on record was {ago}.")
        )
    elif past <= 0:
        said = _("Last met in person {ago}, {where}.") if where else _("Last met in person {ago}.")
    elif where:
        said = _("Last met in person {ago}, {where}: {span} past the target.")
    else:
        said = _("Last met in person {ago}, {span} past the target.")
    return said.format(ago=_ago(days, facts), where=_(where) if where else "", span=span(max(0, past)))


def _gone_quiet(evidence: Evidence, facts: FlagFacts) -> str | None:
    days, rhythm, overdue = (
        _whole(evidence, "days_since_any"),
        _real(evidence, "rhythm_days"),
        _real(evidence, "overdue_any"),
    )
    if days is None:
        return None
    if rhythm:
        said = (
            _("Usually {every}, and nothing on record for {span}.")
            if facts.is_doubtful
            else _("Usually {every}, silent for {span}.")
        )
        return said.format(every=every(rhythm), span=beside(days, rhythm))
    return _silent(days, overdue or 0, facts.is_doubtful)


def _silent(days: int, overdue: float, is_doubtful: bool) -> str:
    """ "Silent for 4 months, more than twice the target." """
    is_more = overdue > floor(overdue)
    if is_doubtful:
        said = _("Nothing on record for {span}.")
    elif overdue < 2:
        said = _("Silent for {span}.")
    elif overdue < 3:
        said = (
            _("Silent for {span}, more than twice the target.")
            if is_more
            else _("Silent for {span}, twice the target.")
        )
    elif is_more:
        said = _("Silent for {span}, more than {n} times the target.")
    else:
        said = _("Silent for {span}, {n} times the target.")
    return said.format(span=span(days), n=in_words(floor(overdue)))


def _no_record(evidence: Evidence, facts: FlagFacts) -> str | None:
    tier = facts.tier or evidence.get("tier")
    if not tier:
        return _("No contact on record yet.")
    return _("Marked {tier}, and no contact on record yet.").format(tier=word(str(tier)))


def _unanswered(evidence: Evidence, facts: FlagFacts) -> str | None:
    days = _whole(evidence, "unanswered_days")
    said = _NO_ANSWER.get(
        facts.last_outbound_channel or "", N_("Your last message, {ago}, has had no answer.")
    )
    return None if days is None else _(said).format(ago=_ago(days, facts))


def _they_wait(evidence: Evidence, facts: FlagFacts) -> str | None:
    days = _whole(evidence, "waiting_days")
    if days is None:
        return None
    day = _near(-days, facts)
    if day:
        return _("They wrote on {day} and wait for your answer.").format(day=day)
    if not days:
        return _("They wrote today and wait for your answer.")
    return _("They have waited {span} for your answer.").format(span=span(days))


def _long_thread(evidence: Evidence, facts: FlagFacts) -> str | None:
    messages = _whole(evidence, "digital_7")
    said = _("{messages} in 7 days. A thread this long wants a voice.")
    return said.format(messages=count(messages, "message", "messages")) if messages else None


def _occasion(evidence: Evidence, facts: FlagFacts) -> str | None:
    days = _whole(evidence, "days_to_date")
    day = None if facts.date_kind == "renewal" else facts.date_on
    if days is None and day is None:
        return None
    label = "" if facts.date_kind == "renewal" else _tidy(facts.date_label)
    if label:
        told = _("{label}: {when}.").format(label=label, when=_bare_day(day, days, facts))
    else:
        plain = {"birthday": _("Birthday {when}."), "anniversary": _("Anniversary {when}.")}
        told = plain.get(facts.date_kind or "", _("A date to remember {when}.")).format(
            when=_when(day, days, facts)
        )
    channel, today = facts.last_year_channel, _today(day, days)
    if channel:
        before = _LAST_YEAR.get(channel, N_("Around that day last year you were in touch through a screen."))
        told = f"{told} {_(before)}"
    if not (facts.post_by and today and days) or facts.kept_on:
        return told
    return f"{told} {post_words(facts.post_by, today)}"


def _when(day: date | None, days: int | None, facts: FlagFacts) -> str:
    """ "today", "tomorrow, Wed 2 Dec", "on Wed 2 Dec, in 9 days", "in 9 days"."""
    if day is None or (days in (0, 1) and not facts.kept_on):
        return _bare_day(day, days, facts)
    return _("on {day}").format(day=_bare_day(day, days, facts))


def _bare_day(day: date | None, days: int | None, facts: FlagFacts) -> str:
    """The same without the word that puts a day into a sentence: "Wed 2 Dec, in 9 days"; just the day where it is kept."""
    if day is not None and days is not None and _near(days, facts):
        return day_phrase(day, _today(day, days))
    if day is None or days == 0:
        return ahead(days or 0)
    said = day_phrase(day, _today(day, days))
    if days is None:
        return said
    return f"{ahead(days)}, {said}" if days == 1 else f"{said}, {ahead(days)}"


def _important_ask(evidence: Evidence, facts: FlagFacts) -> str | None:
    due, oldest, open_asks = (
        _whole(evidence, key) for key in ("days_to_ask", "oldest_ask_days", "open_asks")
    )
    text = _tidy(facts.ask_text)
    if not text:
        if not open_asks and due is None and oldest is None:
            return None
        text = _("{things} you noted").format(things=count(open_asks or 1, "thing", "things", words=True))
    open_for = facts.ask_open_days
    if open_for is None and not facts.ask_text and is_told_for_its_age(due, oldest):
        open_for = oldest
    if due is not None and open_for is None:
        state = _due(due, facts)
    elif oldest := open_for or oldest:
        state = _("Open for {span}").format(span=span(oldest))
    else:
        state = _("Noted today") if oldest == 0 and not facts.kept_on else _("Still open")
    more = (open_asks or 1) - 1 if facts.ask_text else 0
    said = _("Best in person: {ask} {state}.")
    if more > 0:
        said = ngettext(
            "Best in person: {ask} {state}; {n} more is open.",
            "Best in person: {ask} {state}; {n} more are open.",
            more,
        )
    return said.format(ask=_closed(text), state=state, n=in_words(max(0, more)))


def _due(days: int, facts: FlagFacts) -> str:
    """ "Due in 3 days", "Due today", "Five weeks late"; "Due Wed 2 Dec" where the sentence is kept."""
    day = _near(days, facts)
    if day:
        return _("Due {day}").format(day=day)
    if days < 0:
        return capital(_("{span} late").format(span=span(-days, words=True)))
    return _("Due {ahead}").format(ahead=ahead(days))


def _promise_due(evidence: Evidence, facts: FlagFacts) -> str | None:
    days, due, text = _whole(evidence, "days_to_our_promise"), facts.promise_due, _tidy(facts.promise_text)
    if days is None and due is None and not text:
        return None
    if due and days is not None and _near(days, facts):
        said = _("Promised for {day}: {promise}") if text else _("Promised for {day}.")
        return said.format(day=day_phrase(due, facts.kept_on), promise=_closed(text))
    if text:
        said = _("Promised for {day}: {promise} {state}.") if due else _("Promised: {promise} {state}.")
    else:
        said = _("Promised for {day}. {state}.") if due else _("Promised. {state}.")
    return said.format(
        day=short_day(due, _today(due, days)) if due else "",
        promise=_closed(text),
        state=_("Still open") if days is None else _due(days, facts),
    )


def _thank_you(evidence: Evidence, facts: FlagFacts) -> str | None:
    days = _first(_whole(evidence, "days_since_favour"), facts.favour_days)
    if days is None:
        return None
    is_favour = facts.favour_days in (None, days) and bool(facts.favour_text)
    said = (
        _("{name} did you a favour {ago}: {favour} Worth a note of thanks.")
        if is_favour
        else _("{name} sent you a gift {ago}. Worth a note of thanks.")
    )
    return said.format(name=_who(facts), ago=_ago(days, facts), favour=_closed(_tidy(facts.favour_text)))


def _renewal(evidence: Evidence, facts: FlagFacts) -> str | None:
    days, personal = _whole(evidence, "days_to_renewal"), _whole(evidence, "personal_90")
    day = facts.date_on if facts.date_kind == "renewal" else None
    if days is None and day is None:
        return None
    of = _tidy(facts.organisation)
    if personal:
        said = (
            _("Renewal of {organisation} {when}, with {contacts} in 90 days.")
            if of
            else _("Renewal {when}, with {contacts} in 90 days.")
        )
    elif of:
        said = _("Renewal of {organisation} {when}, and {nothing} on record in 90 days.")
    else:
        said = _("Renewal {when}, and {nothing} on record in 90 days.")
    return said.format(
        organisation=of,
        when=_when(day, days, facts),
        contacts=count(personal or 0, "personal contact", "personal contacts"),
        nothing=_nothing_personal(facts.since_personal),
    )


def _fragile_account(evidence: Evidence, facts: FlagFacts) -> str | None:
    people = _first(facts.contacts_count, _whole(evidence, "contacts_count"))
    met = _first(facts.met_count, _whole(evidence, "met_count"))
    if people is None or met is None:
        return None
    there = capital(count(people, "person", "people", words=True))
    at = _tidy(facts.organisation)
    if at:
        there = _("{people} at {organisation}").format(people=there, organisation=at)
    if not met:
        said = _("{people}, and no meeting with any of them on record in a year.")
    elif met == 1:
        said = _("{people}, and meetings with only one of them on record in a year.")
    else:
        said = _("{people}, and meetings with {n} of them on record in a year.")
    return said.format(people=there, n=in_words(met))


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
    fits = (
        _("Fits “{rule}”").format(rule=_tidy(facts.rule_name))
        if facts.rule_name
        else _("Fits a rule of yours")
    )
    if facts.days_since_personal is None:
        return _("{fits}; nothing personal is on record.").format(fits=fits)
    said = _FITS_SINCE.get(
        facts.last_personal_channel or "", N_("{fits}; the last personal contact was {ago}.")
    )
    return _(said).format(fits=fits, ago=_ago(facts.days_since_personal, facts))


def _is_asked(rule_key: str, facts: FlagFacts) -> bool:
    return facts.is_doubtful and rule_key in FROM_SILENCE


def _tells_of_one(rule_key: str, facts: FlagFacts) -> bool:
    """Whether the sentence tells of something personal, since which there may have been another."""
    is_told = rule_key in ("gone_digital", "in_person_overdue", "gone_quiet")
    return is_told or (rule_key == "screen_only" and facts.days_since_personal is not None)
