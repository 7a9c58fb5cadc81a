"""What is answered to a week's suggestions, and why somebody is not among them."""

from datetime import date, timedelta
from urllib.parse import urlencode

from starlette.responses import Response

from crm.domain.channels import by_key
from crm.domain.language import gettext as _
from crm.domain.left_out import LEFT_OUT
from crm.domain.log_sentences import saved_sentence
from crm.domain.rules import CHANNELS_OF_ACTS
from crm.domain.spans import day_phrase, week_label
from crm.errors import Invalid
from crm.interactions import queries as log
from crm.planning import actions, effects_pages, note_pages, queries, trip_pages, waiting
from crm.planning.words import act_and_moment
from crm.web.addresses import local_path
from crm.web.routing import Router, Visit

router = Router()
router.routes += note_pages.router.routes
router.routes += trip_pages.router.routes
router.routes += effects_pages.router.routes

GONE = "nothing_due"
SNOOZES = {"week": 7, "month": 30}


@router.action("/plan/suggestions/{suggestion_id}/done")
def done(visit: Visit) -> Response:
    """Log it by its channel, as done now."""
    suggestion_id = visit.number("suggestion_id")
    one = queries.suggested(visit.connection, visit.principal, suggestion_id, visit.at)
    person = one.contact
    before = _zone(visit, person.id)
    (name,) = log.unmistakable(
        visit.connection, visit.principal, [log.Person(person.id, person.name, person.short_name)]
    )
    answer = actions.done(visit.connection, visit.principal, suggestion_id, visit.at)
    if not answer.is_new:
        said = _("You have already been in touch with {name}, so nothing was logged twice.").format(name=name)
        return visit.redirect(_back(visit), said, _undo(visit, answer))
    way = by_key(log.channels(visit.connection, visit.principal))[CHANNELS_OF_ACTS[one.act]]
    said = saved_sentence(way, [name], [(before, _zone(visit, person.id))])
    back = _back(visit)
    where = f"/?done={suggestion_id}" if back == "/" else back
    return visit.redirect(where, said, _undo(visit, answer))


@router.action("/plan/suggestions/{suggestion_id}/swap")
def swap(visit: Visit) -> Response:
    """Another act for the same person."""
    suggestion_id = visit.number("suggestion_id")
    act = str(visit.form.get("act", ""))
    answer = actions.swap(visit.connection, visit.principal, suggestion_id, act, visit.at)
    one = queries.suggested(visit.connection, visit.principal, suggestion_id, visit.at)
    words = act_and_moment(one, visit.today)
    return visit.redirect(_back(visit), f"{one.contact.short_name}: {words}.", _undo(visit, answer))


@router.action("/plan/suggestions/{suggestion_id}/snooze")
def snooze(visit: Visit) -> Response:
    """Not for a week, a month, or until a date."""
    suggestion_id = visit.number("suggestion_id")
    until = _until(str(visit.form.get("until", "")), str(visit.form.get("day", "")), visit.today)
    answer = actions.snooze(visit.connection, visit.principal, suggestion_id, until, visit.at)
    name = _name(visit, suggestion_id)
    return visit.redirect(
        _back(visit),
        _("{name} is snoozed until {day}.").format(name=name, day=day_phrase(until, visit.today)),
        _undo(visit, answer),
    )


@router.action("/plan/suggestions/{suggestion_id}/skip")
def skip(visit: Visit) -> Response:
    """Not this week."""
    suggestion_id = visit.number("suggestion_id")
    answer = actions.skip(visit.connection, visit.principal, suggestion_id, visit.at)
    return visit.redirect(
        _back(visit),
        _("{name} is skipped this week.").format(name=_name(visit, suggestion_id)),
        _undo(visit, answer),
    )


@router.action("/plan/suggestions/{suggestion_id}/not-this-person")
def not_this_person(visit: Visit) -> Response:
    """Not any more, until that is undone."""
    suggestion_id = visit.number("suggestion_id")
    answer = actions.not_this_person(visit.connection, visit.principal, suggestion_id, visit.at)
    said = _("{name} will not be suggested to you again.").format(name=_name(visit, suggestion_id))
    return visit.redirect(_back(visit), said, _undo(visit, answer))


@router.action("/plan/answers/{response_id}/undo")
def undo(visit: Visit) -> Response:
    """Take one answer back."""
    actions.undo(visit.connection, visit.principal, visit.number("response_id"), visit.at)
    return visit.redirect(_back(visit), _("Undone. Everything is as it was."))


@router.page("/plan/why", fresh=True)
def why(visit: Visit) -> Response:
    """Everybody with a reason to be reached who found no place this week, and why."""
    week = queries.week_at_hand(visit.connection, visit.principal, visit.at)
    found = waiting.not_planned(visit.connection, visit.principal, week, visit.at)
    last = sorted(LEFT_OUT, key=lambda reason: reason == GONE)
    by_reason = {reason: [one for one in found if _why(one) == reason] for reason in last}
    context = {
        "by_reason": {reason: people for reason, people in by_reason.items() if people},
        "number": len(found),
        "label": week_label(week),
    }
    return visit.render("planning/why.html", context, active="week")


def _why(one: waiting.NotPlanned) -> str:
    """Whom nothing speaks for any more is not waiting, whatever kept them out; *not this person* holds all the same."""
    return one.reason if one.flagged or one.reason == "muted" else GONE


def _until(choice: str, day: str, today: date) -> date:
    if choice in SNOOZES:
        return today + timedelta(days=SNOOZES[choice])
    try:
        return date.fromisoformat(day)
    except ValueError:
        told = _("Choose a week, a month, or a day like 2026-11-23.")
        raise Invalid(told, fields={"until": told}) from None


def _zone(visit: Visit, contact_id: int) -> str | None:
    return log.zones(visit.connection, visit.principal, [contact_id]).get(contact_id)


def _name(visit: Visit, suggestion_id: int) -> str:
    return queries.suggested(visit.connection, visit.principal, suggestion_id, visit.at).contact.name


def _undo(visit: Visit, answer: actions.Answer) -> str | None:
    """Where Undo leads: back to the same page."""
    if answer.response_id is None:
        return None
    back = _back(visit)
    query = f"?{urlencode({'back': back})}" if back != "/" else ""
    return f"/plan/answers/{answer.response_id}/undo{query}"


def _back(visit: Visit) -> str:
    wanted = visit.sent.get("back")
    return local_path(str(wanted)) if wanted else "/"
