"""The log: one form for what happened, in one line or in full; edit, delete and undo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.responses import Response

from crm.contacts.actions import create_people
from crm.contacts.drafts import the_name
from crm.contacts.queries import suggest
from crm.domain.channels import Channel, by_key, is_broadcast
from crm.domain.expressions import Facts, evaluate
from crm.domain.heard import LABELS, Heard
from crm.domain.log_sentences import broadcast_question, keeps_sentence, short_label
from crm.domain.spans import day_phrase
from crm.domain.whatif import once_more
from crm.errors import Conflict, Invalid
from crm.interactions import actions, channel_pages, drafts, matter_pages, met_pages, queries, signal_pages
from crm.interactions.actions import Entry
from crm.interactions.drafts import Draft
from crm.interactions.forms import SPEAK_AGAIN, LogForm, moment_of, read_heard, read_log
from crm.interactions.heard import close_asks, keep_heard
from crm.interactions.queries import Logged, Person
from crm.interactions.quickline import understood
from crm.interactions.saying import FORESEEN, said_of
from crm.storage.stored_metrics import targets_of
from crm.web.addresses import local_path
from crm.web.forms import Errors
from crm.web.routing import Router, Visit

router = Router()
for pages in (met_pages, matter_pages, signal_pages, channel_pages):
    router.routes += pages.router.routes

KNOWN = 30
"""Names in the plain list that is there without scripts."""
EVERYWHERE = "/"
KINDS_OF_DIRECTION = (("mutual", "Mutual"), ("outbound", "We asked"), ("inbound", "They asked"))
OUTCOMES = (("reached", "Reached"), ("attempted", "No answer"))


@router.page("/log", access="member", fresh=True)
def new(visit: Visit) -> Response:
    """The empty form, or one filled in from the address."""
    draft = drafts.from_address(visit.connection, visit.principal, visit.query, _back(visit))
    return _form(visit, draft)


@router.page("/log/once-saved", access="member", fresh=True)
def once_saved(visit: Visit) -> Response:
    """The column beside the form, for the people and the channel chosen so far."""
    query = visit.query
    draft = replace(
        drafts.from_address(visit.connection, visit.principal, query, ""),
        people=queries.named(visit.connection, visit.principal, drafts.ids_in(query.getlist("contact_ids"))),
        when=query.get("when", "today"),
        day=query.get("day", ""),
        outcome=query.get("outcome", "reached"),
        closed_asks=frozenset(query.getlist("closed_asks")),
    )
    return visit.render("interactions/_once_saved.html", _beside(visit, draft))


@router.action("/log")
def save(visit: Visit) -> Response:
    """Log what was sent, or give the form back with what is to be put right."""
    sent = _read(visit)
    if isinstance(sent, Problem):
        return _form(visit, sent.draft, sent)
    entry, heard = _entry_with_newcomers(visit, sent)
    before = queries.zones(visit.connection, visit.principal, entry.contact_ids[:FORESEEN])
    interaction_id = actions.log_interaction(visit.connection, visit.principal, entry, visit.at)
    _keep_the_rest(visit, sent.form, entry, interaction_id, heard)
    where = _another(visit) if sent.form.then == "another" else _back(visit)
    return visit.redirect(where, said_of(visit, sent.way, entry, before), f"/log/{interaction_id}/delete")


@router.action("/log/line")
def line(visit: Visit) -> Response:
    """One line, read into the form; nothing is saved before somebody says so."""
    typed = str(visit.form.get("line", "")).strip()
    today = visit.today
    said = understood(visit.connection, visit.principal, typed, today)
    draft = drafts.from_line(visit.connection, visit.principal, said, today, _back(visit))
    named = by_key(queries.channels(visit.connection, visit.principal)).get(said.channel or "")
    parts = [short_label(named)] if named else []
    parts += [person.name for person in draft.people]
    parts.append(day_phrase(said.day or today, today) + (f", {said.at:%H:%M}" if said.at else ""))
    parts += [_heard_words(one, today) for one in said.heard]
    return _form(visit, draft, line={"typed": typed, "parts": parts} if typed else None)


def _heard_words(one: Heard, today: date) -> str:
    due = f", due {day_phrase(one.due, today)}" if one.due else ""
    return f"{LABELS[one.sort]}: {one.text[:60]}{due}"


@router.page("/log/{interaction_id}", access="member")
def edit(visit: Visit) -> Response:
    """The form with what was logged."""
    entry = queries.logged(visit.connection, visit.principal, visit.number("interaction_id"))
    return _form(visit, drafts.from_logged(entry, visit.principal, _back(visit)), entry=entry)


@router.action("/log/{interaction_id}")
def change(visit: Visit) -> Response:
    """Save what was changed, unless somebody else was quicker: then both are shown."""
    entry = queries.logged(visit.connection, visit.principal, visit.number("interaction_id"))
    sent = _read(visit, entry)
    if isinstance(sent, Problem):
        return _form(visit, sent.draft, sent, entry=entry)
    changed, heard = _entry_with_newcomers(visit, sent)
    version = sent.form.version or entry.version
    try:
        actions.edit_interaction(
            visit.connection, visit.principal, entry.id, changed, visit.at, version=version
        )
    except Conflict as conflict:
        draft = replace(_typed(visit), version=str(entry.version))
        return _form(visit, draft, Problem({}, draft, status=conflict.status, conflict=True), entry=entry)
    _keep_the_rest(visit, sent.form, changed, entry.id, heard)
    return visit.redirect(
        _back(visit), f"{short_label(sent.way)} on {_day_words(visit, changed)} is changed."
    )


@router.action("/log/{interaction_id}/delete")
def delete(visit: Visit) -> Response:
    """Take it out of the log; Undo brings it back."""
    interaction_id = visit.number("interaction_id")
    went = actions.delete_interaction(visit.connection, visit.principal, interaction_id, visit.at)
    said = "Taken out of the log, with what was written down with it." if went else "Taken out of the log."
    return visit.redirect(_back(visit), said, f"/log/{interaction_id}/restore")


@router.action("/log/{interaction_id}/restore")
def restore(visit: Visit) -> Response:
    """Bring it back as it was."""
    interaction_id = visit.number("interaction_id")
    actions.restore_interaction(visit.connection, visit.principal, interaction_id, visit.at)
    return visit.redirect(_back(visit), "Back in the log.")


# Reading the form


@dataclass(frozen=True)
class Problem:
    """Why the form comes back: sentences by field, a question, or somebody else's change."""

    errors: Mapping[str, str]
    draft: Draft
    choices: Sequence[Person] = ()
    strangers: Sequence[str] = ()
    question: str | None = None
    conflict: bool = False
    status: int = 422


@dataclass(frozen=True)
class Sent:
    """A form that can be saved. ``entry`` lacks only the people who are yet to be written down."""

    form: LogForm
    entry: Entry
    way: Channel
    people: Sequence[Person]
    newcomers: Sequence[str]
    heard: Sequence[Heard]


def _read(visit: Visit, before: Logged | None = None) -> Sent | Problem:
    draft = _typed(visit)
    read = read_log(visit.form)
    heard, errors = read_heard(visit.form)
    if isinstance(read, Errors):
        return Problem(_about_people(read.fields) | errors, draft)
    people, who = _who(visit, read, draft)
    draft = replace(draft, people=people, who=read.who if who.errors else "", new_names=who.new_names)
    way = by_key(queries.channels(visit.connection, visit.principal)).get(read.channel)
    when = moment_of(read, visit.at, visit.principal)
    if way is None:
        errors["channel"] = "Choose how you were in touch."
    if isinstance(when, str):
        errors["day"] = when
    if who.errors or errors or way is None or isinstance(when, str):
        return Problem(_in_order({**who.errors, **errors}), draft, who.choices, who.strangers)
    newcomers = who.new_names
    if is_broadcast(way, len(people) + len(newcomers)) and not (
        read.broadcast or (before and before.broadcast)
    ):
        return Problem({}, draft, question=broadcast_question(way, len(people) + len(newcomers)))
    entry = Entry(
        when,
        way.key,
        tuple(person.id for person in people),
        read.direction,
        read.outcome,
        before.user_ids if before else (),
        read.summary,
        read.note,
        read.note_private,
    )
    return Sent(read, _same_moment(entry, before, visit), way, people, newcomers, heard)


def _about_people(fields: Mapping[str, str]) -> dict[str, str]:
    return {"who" if name in ("contact_ids", "new_names") else name: words for name, words in fields.items()}


def _same_moment(entry: Entry, before: Logged | None, visit: Visit) -> Entry:
    """The form shows minutes: where day and time were left alone, the moment stays to the second."""
    if before is None:
        return entry
    shown = (drafts.wall(one.occurred_at, visit.principal) for one in (entry, before))
    return replace(entry, occurred_at=before.occurred_at) if len(set(shown)) == 1 else entry


@dataclass(frozen=True)
class _Who:
    new_names: Sequence[str]
    errors: Mapping[str, str]
    choices: Sequence[Person] = ()
    strangers: Sequence[str] = ()


def _who(visit: Visit, form: LogForm, draft: Draft) -> tuple[list[Person], _Who]:
    """The chosen people, with those whose whole name was typed; a name that is nobody's or several people's is asked about."""
    people = list(draft.people)
    errors: dict[str, str] = {}
    if len(people) < len(set(form.contact_ids)):
        errors["who"] = "One of these people is not here any more. Choose again."
    choices: list[Person] = []
    strangers: list[str] = []
    for name in _typed_names(visit, form.who):
        found = _called(visit, name)
        if form.who == form.asked_who and _is_answered(name, found, form):
            continue
        if len(found) == 1 and found[0].name.casefold() == name.casefold():
            people.append(found[0])
            continue
        choices += found
        if not any(one.name.casefold() == name.casefold() for one in found):
            strangers.append(name)
    newcomers, fault = _newcomers(draft.new_names)
    if fault:
        errors["who"] = fault
    if choices or strangers:
        errors["who"] = _unclear(choices, strangers)
    if not people and not newcomers and not errors:
        errors["who"] = "Say who it was with."
    unique = list({person.id: person for person in people}.values())
    return unique, _Who(newcomers, errors, list(dict.fromkeys(choices)), strangers)


def _is_answered(name: str, found: Sequence[Person], form: LogForm) -> bool:
    """The form asked whom a name means, and one of its answers is ticked."""
    added = {one.casefold() for one in form.new_names}
    return name.casefold() in added or any(one.id in form.contact_ids for one in found)


def _typed_names(visit: Visit, who: str) -> list[str]:
    """What was typed and not chosen: one name, or several between commas."""
    if not who or _called_exactly(visit, who):
        return [who] if who else []
    return list(dict.fromkeys(filter(None, (name.strip() for name in who.replace(";", ",").split(",")))))[:20]


def _called(visit: Visit, name: str) -> list[Person]:
    return queries.called(visit.connection, visit.principal, name)


def _called_exactly(visit: Visit, name: str) -> bool:
    return any(one.name.casefold() == name.casefold() for one in _called(visit, name))


def _unclear(choices: Sequence[Person], strangers: Sequence[str]) -> str:
    if choices:
        return "Choose whom you mean."
    named = f"“{strangers[0][:80]}”" if len(strangers) == 1 else "some of these names"
    return f"Nobody here is called {named}. Choose somebody, or add them as a new person."


def _newcomers(names: Sequence[str]) -> tuple[list[str], str | None]:
    try:
        return list(dict.fromkeys(the_name(name) for name in names)), None
    except Invalid as fault:
        return list(names), fault.sentence


def _in_order(errors: Mapping[str, str]) -> dict[str, str]:
    order = ("who", "channel", "day")
    return {name: errors[name] for name in (*(one for one in order if one in errors), *errors)}


# Saving


def _entry_with_newcomers(visit: Visit, sent: Sent) -> tuple[Entry, Sequence[Heard]]:
    ids = create_people(visit.connection, visit.principal, sent.newcomers, visit.at) if sent.newcomers else []
    entry = sent.entry
    return replace(entry, contact_ids=tuple(dict.fromkeys((*entry.contact_ids, *ids)))), sent.heard


def _keep_the_rest(
    visit: Visit, form: LogForm, entry: Entry, interaction_id: int, heard: Sequence[Heard]
) -> None:
    """What was heard and is to be asked belongs to the first person named."""
    connection, principal, at = visit.connection, visit.principal, visit.at
    today = principal.team_day(at)
    day = min(today, principal.team_day(entry.occurred_at))
    again = SPEAK_AGAIN.get(form.again)
    asks = [Heard("ask", "Speak again", today + timedelta(days=again))] if again else []
    keep_heard(connection, principal, entry.contact_ids[0], interaction_id, [*heard, *asks], day, at)
    close_asks(connection, principal, form.closed_asks, entry.contact_ids, interaction_id, at)
    if form.suggestion and entry.outcome == "reached":
        actions.answer_suggestion(connection, principal, form.suggestion, interaction_id, at)


def _day_words(visit: Visit, entry: Entry) -> str:
    return day_phrase(drafts.wall(entry.occurred_at, visit.principal)[0], visit.today)


def _another(visit: Visit) -> str:
    back = _back(visit)
    return "/log" if back == EVERYWHERE else "/log?" + urlencode({"back": back})


def _back(visit: Visit) -> str:
    """Where one came from: said by the form or the address, else the page that led here."""
    said = visit.form.get("back") or visit.query.get("back")
    if said:
        return local_path(str(said))
    came = urlsplit(visit.request.headers.get("referer", ""))
    if came.netloc != visit.request.headers.get("host") or came.path.startswith(("/log", "/sign-in")):
        return EVERYWHERE
    return local_path(came.path + (f"?{came.query}" if came.query else ""))


# Showing the form


def _typed(visit: Visit) -> Draft:
    return drafts.from_form(visit.connection, visit.principal, visit.form, _back(visit))


def _form(
    visit: Visit,
    draft: Draft,
    problem: Problem | None = None,
    *,
    entry: Logged | None = None,
    line: Mapping[str, Any] | None = None,
) -> Response:
    today = visit.team_day
    context = {
        "draft": draft,
        "problem": problem,
        "errors": dict(problem.errors) if problem else {},
        "entry": entry,
        "line": line,
        "labels": LABELS,
        "directions": KINDS_OF_DIRECTION,
        "outcomes": OUTCOMES,
        "again": _again(today, visit.today),
        "latest": (visit.today + timedelta(days=366)).isoformat(),
        "heard": queries.heard_in(visit.connection, visit.principal, entry.id) if entry else [],
        "differences": _differences(visit, entry, draft) if problem and problem.conflict and entry else [],
        "known_names": [one.name for one in suggest(visit.connection, visit.principal, "", visit.at, KNOWN)],
        "recent": () if entry else queries.recently_logged(visit.connection, visit.principal),
        "action": f"/log/{entry.id}" if entry else "/log",
        **_beside(visit, draft),
    }
    status = problem.status if problem else 200
    return visit.render("interactions/log.html", context, active="people", status=status)


def _again(today: date, shown_from: date) -> list[tuple[str, str, str]]:
    days = {key: day_phrase(today + timedelta(days=days), shown_from) for key, days in SPEAK_AGAIN.items()}
    return [("3w", "3 weeks", days["3w"]), ("6w", "6 weeks", days["6w"]), ("3m", "3 months", days["3m"])]


def _differences(visit: Visit, entry: Logged, draft: Draft) -> list[tuple[str, str, str]]:
    """Where what is saved now and what was typed differ: label, theirs, yours."""
    theirs = drafts.from_logged(entry, visit.principal, "")
    ways = {way.key: way.label for way in queries.channels(visit.connection, visit.principal)}

    def sides(one: Draft) -> dict[str, str]:
        return {
            "Who": ", ".join(sorted([*(person.name for person in one.people), *one.new_names])),
            "How": ways.get(one.channel, one.channel),
            "Day": one.day or one.when,
            "Time": one.time_of_day,
            "Direction": dict(KINDS_OF_DIRECTION).get(one.direction, one.direction),
            "Outcome": dict(OUTCOMES).get(one.outcome, one.outcome),
            "Summary": one.summary,
            "Note": one.note.replace("\r\n", "\n"),
        }

    saved, typed = sides(theirs), sides(draft)
    hidden = {"Note"} if entry.note_hidden else set()
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
    count = len(draft.people) + len(draft.new_names)
    moves = way if way and draft.outcome == "reached" and not is_broadcast(way, count) else None
    days_ago = _days_ago(visit, draft)
    return {
        "channels": ways,
        "ways": by_key(ways),
        "foreseen": [
            _foreseen(visit, one, facts[one.id], moves, days_ago) for one in people if one.id in facts
        ],
        "chosen": way,
        "broadcast": bool(way and is_broadcast(way, count)),
        "count": count,
        "keeps": _keeps(visit, facts[ids[0]], moves) if moves and ids and ids[0] in facts else None,
        "asks": queries.open_asks(connection, principal, ids, principal.team_day(visit.at)),
        "last_time": queries.last_together(connection, principal, ids),
        "closed_asks": draft.closed_asks,
        "names": {person.id: person.given for person in people},
    }


def _days_ago(visit: Visit, draft: Draft) -> int:
    """Calendar days between the draft's day and today; what cannot be read counts as today."""
    if draft.when == "yesterday" and not draft.day:
        return 1
    try:
        return (visit.today - date.fromisoformat(draft.day)).days if draft.day else 0
    except ValueError:
        return 0


def _foreseen(visit: Visit, person: Person, facts: Facts, way: Channel | None, days_ago: int) -> Foreseen:
    then = facts
    if way:
        targets = targets_of(visit.connection, visit.principal.workspace_id)
        then = once_more(facts, targets, way, days_ago=days_ago)
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
