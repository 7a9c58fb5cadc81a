"""The log: one form for what happened, in one line or in full; edit, delete and undo."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from starlette.datastructures import FormData
from starlette.responses import Response

from crm.contacts import taken_back
from crm.contacts.searching import suggest
from crm.domain.channels import OUTCOME_WORDS, Channel, by_key, is_broadcast
from crm.domain.expressions import Facts, evaluate
from crm.domain.heard import LABELS
from crm.domain.language import N_, ngettext, plurals
from crm.domain.language import gettext as _
from crm.domain.log_sentences import keeps_sentence, short_label
from crm.domain.manner import clock_words
from crm.domain.quick_line import QuickLine
from crm.domain.spans import count, day_and_time, day_phrase, join
from crm.domain.told import due_doubt
from crm.domain.weeks import whole_day
from crm.domain.whatif import once_dated_back, once_more
from crm.errors import Conflict
from crm.interactions import (
    actions,
    channel_pages,
    drafts,
    kept_pages,
    matter_pages,
    queries,
    reading,
    signal_pages,
)
from crm.interactions.actions import Entry
from crm.interactions.drafts import Draft, Row
from crm.interactions.forms import HEARD_ROWS, SPEAK_AGAIN, LogForm, moment_of, read_log
from crm.interactions.left_behind import Along
from crm.interactions.logged_before import Before, Saying, logged_before, saved_as
from crm.interactions.once import already, is_same
from crm.interactions.queries import Logged, Person
from crm.interactions.quickline import understood
from crm.interactions.reading import Problem, Sent
from crm.interactions.saving import keep_the_rest, save, undo_of, with_newcomers
from crm.interactions.saying import FORESEEN
from crm.storage.stored_metrics import targets_of
from crm.web.forms import Errors
from crm.web.routing import Router, Visit

router = Router()
for pages in (kept_pages, matter_pages, signal_pages, channel_pages):
    router.routes += pages.router.routes

NEW_WENT = plurals("{who}, added with it, is archived.", "{who}, added with it, are archived.")
NEW_STAYS = plurals(
    "{who}, added with it, stays: more has been recorded about them.",
    "{who}, added with it, stay: more has been recorded about them.",
)
MOST_NAMED = 3
KNOWN = 30
"""Names in the plain list that is there without scripts."""
KINDS_OF_DIRECTION = (
    ("mutual", N_("Mutual")),
    ("outbound", N_("We did")),
    ("inbound", N_("They did")),
)


@router.page("/log", access="member", fresh=True)
def new(visit: Visit) -> Response:
    """The empty form, or one filled in from the address."""
    draft = drafts.from_address(visit.connection, visit.principal, visit.query, reading.back_of(visit))
    return _form(visit, draft)


@router.page("/log/once-saved", access="member", fresh=True)
def once_saved(visit: Visit) -> Response:
    """The column beside the form, for the people and the channel chosen so far."""
    draft = drafts.from_form(visit.connection, visit.principal, _typed(visit), "")
    before = _before_shown(visit, _draft_before(visit, draft))
    return visit.render(
        "interactions/_once_saved.html", _beside(visit, draft) | {"before": before, "is_part": True}
    )


def _typed(visit: Visit) -> FormData:
    """The form as it stands, which a part of the page asks about in its address."""
    return FormData([*visit.query.multi_items()])


@router.action("/log")
def log(visit: Visit) -> Response:
    """Log what was sent, or give the form back with what is to be put right."""
    sent = reading.read(visit)
    if isinstance(sent, Problem):
        return _form(visit, sent.draft, sent)
    where = _another(visit, sent) if sent.form.then == "another" else reading.back_of(visit)
    once = str(sent.form.once) if sent.form.once else None
    known = already(visit.connection, visit.principal, once)
    if known and is_same(visit.connection, visit.principal, known, sent):
        return visit.redirect(where, _("This was already saved, and only once."), undo_of(known))
    before = _before(visit, sent) if once and not known else None
    saved = save(visit, sent, None if known else once)
    words = [saved.words, _before_words(visit, before)] if before else [saved.words]
    return visit.redirect(where, " ".join(words), saved.undo)


def _before(visit: Visit, sent: Sent) -> Before | None:
    """The same of a moment ago. Programs, whose forms carry no key, are not told."""
    entry = sent.entry
    if sent.newcomers:
        return None
    day = drafts.wall(entry.occurred_at, visit.principal)[0]
    return _same(visit, entry, entry.contact_ids, day, sent.form.time_of_day)


def _same(
    visit: Visit, said: Entry | Draft, ids: Collection[int], day: date, at: time | None
) -> Before | None:
    how = (said.channel, said.direction, said.outcome)
    saying = Saying(ids, *how, day, at, said.summary)
    return logged_before(visit.connection, visit.principal, saying, visit.at)


@router.action("/log/line")
def line(visit: Visit) -> Response:
    """One line, read into the form; nothing is saved before somebody says so."""
    typed = str(visit.form.get("line", "")).strip()
    written = visit.principal.own_day(reading.written_at(visit))
    said = understood(visit.connection, visit.principal, typed, written)
    said = said if said.no_day else replace(said, day=said.day or written)
    draft = drafts.from_line(visit.connection, visit.principal, said, visit.today, reading.back_of(visit))
    draft = replace(draft, once=str(visit.form.get("once", "")))
    _people, who = reading.whom(visit, _people_of(draft), draft)
    known = already(visit.connection, visit.principal, draft.once or None)
    before = saved_as(visit.connection, visit.principal, known) if known else None
    problem = Problem(_doubts(said), draft, who.choices, who.strangers, status=200)
    read = _line(visit, draft, who.unclear) | {"is_new": True} if typed else None
    return _form(visit, draft, problem, line=read, before=before)


@router.page("/log/will-save", access="member")
def will_save(visit: Visit) -> Response:
    """What stands above the form that a line was read into, for what the form says by now."""
    sent = _typed(visit)
    draft = drafts.from_form(visit.connection, visit.principal, sent, "")
    form = read_log(sent)
    if isinstance(form, Errors):
        form = _people_of(draft)
    people, who = reading.whom(visit, form, draft)
    draft = replace(draft, people=people, new_names=who.new_names)
    return visit.render("interactions/_line.html", {"line": _line(visit, draft, who.unclear)})


def _people_of(draft: Draft) -> LogForm:
    """A form that says no more than whom a draft is about."""
    return LogForm(contact_ids=[person.id for person in draft.people], who=draft.who)


def _doubts(said: QuickLine) -> dict[str, str]:
    """Sentences beside the fields of days that were said and are none."""
    doubts = {"day": said.no_day} | {
        f"heard_due_{number}": due_doubt(one) for number, one in enumerate(said.heard[:HEARD_ROWS], 1)
    }
    return {name: words for name, words in doubts.items() if words}


def _line(visit: Visit, draft: Draft, unclear: Sequence[str]) -> dict[str, Any]:
    """What will be saved, a piece each, and what is to be said before it can be."""
    way = by_key(queries.channels(visit.connection, visit.principal)).get(draft.channel)
    day = drafts.day_in(draft, visit.today)
    at = drafts.time_in(draft)
    missing = [_("Choose whom you mean by “{who}”.").format(who=", ".join(unclear))] if unclear else []
    if not (draft.people or draft.new_names or unclear):
        missing.append(_("Say who it was with."))
    missing += [] if way else [_("Say how you were in touch.")]
    missing += [] if day else [_("Say which day it was.")]
    parts = [short_label(way)] if way else []
    parts += [_(dict(OUTCOME_WORDS)["attempted"])] if draft.outcome == "attempted" else []
    parts += [_(word) for key, word in KINDS_OF_DIRECTION if key == draft.direction != "mutual"]
    parts += [*(person.name for person in draft.people), *draft.new_names]
    parts += [day_phrase(day, visit.today) + (f", {clock_words(at)}" if at else "")] if day else []
    parts += [f"“{draft.summary[:60]}”"] if draft.summary else []
    parts += [_heard_words(row, visit.today) for row in draft.heard if row.text]
    return {"parts": parts, "missing": missing, "is_new": False}


def _heard_words(row: Row, today: date) -> str:
    said = f"{_(LABELS[row.sort])}: {row.text[:60]}" if row.sort in LABELS else row.text[:60]
    due = whole_day(row.due)
    return said + _(", due {day}").format(day=day_phrase(due, today)) if due else said


def _draft_before(visit: Visit, draft: Draft) -> Before | None:
    """The same as the form says so far, saved a moment ago."""
    day = drafts.day_in(draft, visit.today)
    if draft.who or draft.new_names or not draft.channel or day is None:
        return None
    return _same(visit, draft, [person.id for person in draft.people], day, drafts.time_in(draft))


@router.page("/log/{interaction_id}", access="member")
def edit(visit: Visit) -> Response:
    """The form with what was logged."""
    entry = queries.logged(visit.connection, visit.principal, visit.number("interaction_id"))
    return _form(visit, drafts.from_logged(entry, visit.principal, reading.back_of(visit)), entry=entry)


@router.action("/log/{interaction_id}")
def change(visit: Visit) -> Response:
    """Save what was changed, unless somebody else was quicker: then both are shown."""
    entry = queries.logged(visit.connection, visit.principal, visit.number("interaction_id"))
    sent = reading.read(visit, entry)
    if isinstance(sent, Problem):
        return _form(visit, sent.draft, sent, entry=entry)
    whole = with_newcomers(visit, sent)
    version = sent.form.version or entry.version
    try:
        went = actions.edit_interaction(
            visit.connection, visit.principal, entry.id, whole.entry, visit.at, version=version
        )
    except Conflict as conflict:
        draft = replace(reading.typed(visit), version=str(entry.version))
        return _form(visit, draft, Problem({}, draft, status=conflict.status, conflict=True), entry=entry)
    stays = keep_the_rest(visit, sent, whole, entry.id)
    said = _("{channel} on {day} is changed.")
    said = said.format(channel=short_label(sent.way), day=_day_words(visit, whole.entry))
    opened = [_("What it settled is open again.")] if went.matters else []
    words = " ".join([said, *opened, *stays, *_new_ones(went.away.values(), NEW_WENT)])
    undo = taken_back.archived(went.away, visit.at)
    return visit.redirect(reading.back_of(visit), words, undo, link=f"/log/{entry.id}")


@router.action("/log/{interaction_id}/delete")
def delete(visit: Visit) -> Response:
    """Take it out of the log; Undo brings it back."""
    interaction_id = visit.number("interaction_id")
    went = actions.delete_interaction(visit.connection, visit.principal, interaction_id, visit.at)
    return visit.redirect(reading.back_of(visit), _taken_out(went), f"/log/{interaction_id}/restore")


def _taken_out(went: Along) -> str:
    said = [_("Removed from the log.")]
    if went.matters:
        said = [_("Removed from the log, with what was noted along with it.")]
    return " ".join([*said, *_new_ones(went.away.values(), NEW_WENT), *_new_ones(went.stay, NEW_STAYS)])


def _new_ones(names: Collection[str], words: tuple[str, str]) -> list[str]:
    """What became of those who were new with an entry; no sentence for nobody."""
    many = len(names) > MOST_NAMED
    who = count(len(names), "person", "people") if many else join([name[:60] for name in names])
    return [ngettext(*words, len(names)).format(who=who)] if names else []


@router.action("/log/{interaction_id}/restore")
def restore(visit: Visit) -> Response:
    """Bring it back as it was."""
    interaction_id = visit.number("interaction_id")
    actions.restore_interaction(visit.connection, visit.principal, interaction_id, visit.at)
    return visit.redirect(reading.back_of(visit), _("Back in the log."))


def _day_words(visit: Visit, entry: Entry) -> str:
    return day_phrase(drafts.wall(entry.occurred_at, visit.principal)[0], visit.today)


def _another(visit: Visit, sent: Sent) -> str:
    """The form for the next entry, with how and on which day already said."""
    day = drafts.wall(sent.entry.occurred_at, visit.principal)[0]
    when = {0: "", 1: "yesterday"}.get((visit.today - day).days, day.isoformat())
    back = reading.back_of(visit)
    kept = {"channel": sent.entry.channel, "when": when, "back": "" if back == reading.HOME else back}
    return "/log?" + urlencode({name: value for name, value in kept.items() if value})


# Showing the form


def _form(
    visit: Visit,
    draft: Draft,
    problem: Problem | None = None,
    *,
    entry: Logged | None = None,
    line: Mapping[str, Any] | None = None,
    before: Before | None = None,
) -> Response:
    today = visit.team_day
    draft = replace(draft, once=draft.once or str(uuid4()))
    context = {
        "draft": draft,
        "problem": problem,
        "errors": dict(problem.errors) if problem else {},
        "entry": entry,
        "arranged": draft.is_arranged(visit.today),
        "line": line,
        "labels": {sort: _(label) for sort, label in LABELS.items()},
        "directions": [(value, _(words)) for value, words in KINDS_OF_DIRECTION],
        "outcomes": [(value, _(words)) for value, words in OUTCOME_WORDS],
        "again": _again(today, visit.today),
        "latest": (visit.today + timedelta(days=366)).isoformat(),
        "heard": queries.heard_in(visit.connection, visit.principal, entry.id) if entry else [],
        "differences": _differences(visit, entry, draft) if problem and problem.conflict and entry else [],
        "known_names": [one.name for one in suggest(visit.connection, visit.principal, "", visit.at, KNOWN)],
        "recent": () if entry else queries.recently_logged(visit.connection, visit.principal),
        "action": f"/log/{entry.id}" if entry else "/log",
        **_beside(visit, draft),
        "is_part": False,
        "before": _before_shown(visit, before or _draft_before(visit, draft)) if entry is None else None,
    }
    status = problem.status if problem else 200
    return visit.render("interactions/log.html", context, active="people", status=status)


def _before_shown(visit: Visit, before: Before | None) -> dict[str, Any] | None:
    return {"id": before.id, "words": _before_words(visit, before)} if before else None


def _before_words(visit: Visit, before: Before) -> str:
    local = before.saved_at.astimezone(visit.principal.user_zone)
    is_today = local.date() == visit.today
    when = clock_words(local) if is_today else day_and_time(local, visit.today)
    if not before.is_own:
        return _("It is already in the log, since {moment}.").format(moment=when)
    if is_today:
        return _("You already logged this at {time}.").format(time=when)
    return _("You already logged this on {moment}.").format(moment=when)


def _again(today: date, shown_from: date) -> list[tuple[str, str, str]]:
    days = {key: day_phrase(today + timedelta(days=days), shown_from) for key, days in SPEAK_AGAIN.items()}
    words = {"3w": _("3 weeks"), "6w": _("6 weeks"), "3m": _("3 months")}
    return [(key, words[key], day) for key, day in days.items()]


def _differences(visit: Visit, entry: Logged, draft: Draft) -> list[tuple[str, str, str]]:
    """Where what is saved now and what was typed differ: label, theirs, yours."""
    theirs = drafts.from_logged(entry, visit.principal, "")
    ways = {way.key: _(way.label) for way in queries.channels(visit.connection, visit.principal)}

    def sides(one: Draft) -> dict[str, str]:
        return {
            _("Who"): ", ".join(sorted([*(person.name for person in one.people), *one.new_names])),
            _("How"): ways.get(one.channel, one.channel),
            _("Day"): one.day or one.when,
            _("Time"): one.time_of_day,
            _("Direction"): _(dict(KINDS_OF_DIRECTION).get(one.direction, one.direction)),
            _("Outcome"): _(dict(OUTCOME_WORDS).get(one.outcome, one.outcome)),
            _("Summary"): one.summary,
            _("Note"): one.note.replace("\r\n", "\n"),
        }

    saved, typed = sides(theirs), sides(draft)
    hidden = {_("Note")} if entry.note_hidden else set()
    return [
        (name, saved[name], typed[name])
        for name in saved
        if saved[name] != typed[name] and name not in hidden
    ]


@dataclass(frozen=True)
class Foreseen:
    """One person's score and zone today and once this is saved; missing where there is no score."""

    person: Person
    score: int | None
    zone: str | None
    then_score: int | None
    then_zone: str | None


def _beside(visit: Visit, draft: Draft) -> dict[str, Any]:
    """What stands beside the form."""
    connection, principal = visit.connection, visit.principal
    ways = queries.channels(connection, principal)
    way = by_key(ways).get(draft.channel)
    people = list(draft.people[:FORESEEN])
    ids = [person.id for person in people]
    facts = queries.standing(connection, principal, ids)
    number = len(draft.people) + len(draft.new_names)
    days_ago = _days_ago(visit, draft)
    counts = draft.outcome == "reached" and days_ago is not None
    moves = way if way and counts and not is_broadcast(way, number) else None
    days = queries.contact_days(connection, principal, ids, visit.at) if moves and days_ago else {}
    return {
        "channels": ways,
        "ways": by_key(ways),
        "foreseen": [
            _foreseen(visit, one, facts[one.id], moves, days_ago or 0, days.get(one.id, ()))
            for one in people
            if one.id in facts
        ],
        "chosen": way,
        "broadcast": bool(way and is_broadcast(way, number)),
        "count": number,
        "ahead": days_ago is None,
        "keeps": _keeps(visit, facts[ids[0]], moves) if moves and ids and ids[0] in facts else None,
        "asks": queries.open_asks(connection, principal, ids, principal.team_day(visit.at)),
        "last_time": queries.last_together(connection, principal, ids, visit.at),
        "asks_stay": not counts,
        "closed_asks": draft.closed_asks,
        "names": {person.id: person.given for person in people},
    }


def _days_ago(visit: Visit, draft: Draft) -> int | None:
    """How many of the team's days ago the draft's moment is; nothing where it lies ahead.

    What cannot be read counts as now.
    """
    said = FormData([("when", draft.when), ("day", draft.day), ("time_of_day", draft.time_of_day)])
    form = read_log(said)
    when = visit.at if isinstance(form, Errors) else moment_of(form, visit.at, visit.principal)
    if isinstance(when, str):
        return 0
    team_day = visit.principal.team_day
    return None if when > visit.at else (team_day(visit.at) - team_day(when)).days


def _foreseen(
    visit: Visit,
    person: Person,
    facts: Facts,
    way: Channel | None,
    days_ago: int,
    contact_days: Collection[int],
) -> Foreseen:
    then = facts
    if way:
        targets = targets_of(visit.connection, visit.principal.workspace_id)
        then = (
            once_dated_back(facts, targets, way, days_ago, contact_days)
            if days_ago
            else once_more(facts, targets, way)
        )
    return Foreseen(
        person, _points(facts["score"]), _word(facts["zone"]), _points(then["score"]), _word(then["zone"])
    )


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _points(value: object) -> int | None:
    return int(value) if isinstance(value, (int, float)) else None


def _keeps(visit: Visit, facts: Facts, way: Channel) -> str | None:
    clock = "in_person" if way.in_person else "personal" if way.personal else "any"
    targets = targets_of(visit.connection, visit.principal.workspace_id)
    target = _points(evaluate(targets.expression(clock), facts))
    return keeps_sentence(way, str(facts["tier"]), str(facts["kind"]), target, clock)
