"""The first run: bring in people, mark those who matter, say how much fits into a week."""

from dataclasses import replace

from starlette.datastructures import FormData
from starlette.responses import Response

from crm.domain.budgets import LARGEST_BUDGET
from crm.domain.language import gettext as _
from crm.domain.spans import capital
from crm.domain.targets import TIERS
from crm.domain.vocabulary import word
from crm.planning.actions import make_plan, plan_anew
from crm.planning.queries import week_at_hand
from crm.today import actions, queries
from crm.today.forms import FirstRun, marks
from crm.web.forms import Errors, read
from crm.web.routing import Router, Visit

router = Router()

SHOWN = 40
FEW = 10
"""Most teams start with so many people, or more."""


def marked_so_far(visit: Visit) -> int | None:
    """How many people the user has marked, counted up to `FEW`; None once their first run is over."""
    if visit.user.first_run_done:
        return None
    return queries.number_kept(visit.connection, visit.principal, FEW)


def is_due(visit: Visit, marked: int | None) -> bool:
    """Whether the workspace has nobody yet, or the user has neither finished the first run nor marked anybody."""
    if marked is None:
        return not queries.has_anybody(visit.connection, visit.principal)
    return marked == 0


@router.page("/welcome", access="member", fresh=True)
def welcome(visit: Visit) -> Response:
    """The first run, also for whoever comes back to it."""
    return show(visit)


def show(visit: Visit, errors: Errors | None = None) -> Response:
    """The page with what is there so far."""
    number, marked = queries.number_to_mark(visit.connection, visit.principal)
    typed = errors.typed if errors else FormData()
    chosen = marks(typed)
    people = queries.people_to_mark(visit.connection, visit.principal, SHOWN)
    context = {
        "of_others": not people and queries.has_anybody(visit.connection, visit.principal),
        "people": [replace(one, tier=chosen.get(one.id, one.tier)) for one in people],
        "number": number,
        "marked": marked,
        "unowned": sum(one.is_nobodys and one.tier != "none" for one in people),
        "budget": {
            "in_person": typed.get("in_person", visit.user.budget_in_person),
            "call": typed.get("call", visit.user.budget_call),
            "by_hand": typed.get("by_hand", visit.user.budget_by_hand),
        },
        "most": LARGEST_BUDGET,
        "errors": errors.fields if errors else {},
        "tiers": [(tier, capital(word(tier))) for tier in TIERS],
    }
    return visit.render("today/welcome.html", context, active="week", status=422 if errors else 200)


@router.action("/welcome")
def begin(visit: Visit) -> Response:
    """Keep the marks and the budget; and plan the first week if that was asked for."""
    sent = read(FirstRun, visit.form)
    if isinstance(sent, Errors):
        return show(visit, sent)
    planned = sent.then == "plan"
    actions.mark_people(visit.connection, visit.principal, marks(visit.form), visit.at, finished=planned)
    if planned and not queries.number_kept(visit.connection, visit.principal, 1):
        return show(visit, Errors(_whom_to_plan(visit), visit.form))
    actions.set_budget(
        visit.connection, visit.principal, sent.call, sent.in_person, sent.by_hand, finished=planned
    )
    if not planned:
        return visit.redirect("/welcome", _("Your marks are kept."))
    make = make_plan if visit.user.first_run_done else plan_anew
    make(
        visit.connection,
        visit.principal,
        week_at_hand(visit.connection, visit.principal, visit.at),
        visit.at,
    )
    return visit.redirect("/", _("Your first week is planned."))


def _whom_to_plan(visit: Visit) -> dict[str, str]:
    """What is missing for a first week, which holds the people one marked; by the part of the page where it is done."""
    number, _marked = queries.number_to_mark(visit.connection, visit.principal)
    return {"first-run": _("Mark somebody first.")} if number else {"files": _("Add somebody first.")}
