"""``crm plan``: one user's suggestions for one week."""

from datetime import datetime, time
from typing import Annotated, Any

import typer

from crm.accounts import queries as accounts
from crm.cli_support import AsJson, AsOf, Desk, Workspace, desk, print_json
from crm.commands.listing import person, print_table
from crm.domain.principal import Principal
from crm.domain.slots import Slot
from crm.domain.spans import day_phrase
from crm.domain.weeks import IsoWeek, local_instant
from crm.errors import Unavailable, UsageError
from crm.planning.actions import make_plan
from crm.planning.drafting import draft_plan
from crm.planning.queries import PlanView, Suggested, drafted_view, plan_of
from crm.planning.talking import TalkingPoint

MORNING = time(8)

User = Annotated[
    str | None, typer.Option("--user", metavar="EMAIL", help="Whose plan, if there are several users.")
]
Week = Annotated[str | None, typer.Option("--week", metavar="WEEK", help="An ISO week, such as 2026-W48.")]


def plan(
    user: User = None,
    week: Week = None,
    as_json: AsJson = False,
    as_of: AsOf = None,
    workspace: Workspace = None,
) -> None:
    """The week's suggestions for one user. This week's plan is kept as it is first made; other weeks are only worked out."""
    with desk(workspace, as_of) as at_desk:
        email, principal = _whose(at_desk, user)
        chosen = _week(week, at_desk, principal)
        is_present = as_of is None and chosen == _week_of(at_desk.now, principal)
        view = (
            _kept(at_desk, principal, chosen)
            if is_present
            else _worked_out(at_desk, principal, chosen, as_of)
        )
    if as_json:
        print_json(_as_json(view, email, principal))
        return
    columns = ("Act", "Contact", "When", "Why", "State")
    print_table(columns, [_row(one, at_desk.at, principal) for one in view.suggestions], _nobody(view))


def _whose(at_desk: Desk, email: str | None) -> tuple[str, Principal]:
    """The user asked for, or the only one who has a plan."""
    with at_desk.database.read() as connection:
        if email is None:
            planners = [
                one
                for one in accounts.members(connection, at_desk.principal)
                if one.active and one.role != "viewer"
            ]
            if not planners:
                raise UsageError(
                    "Nobody has a plan yet. Add a user with crm user add EMAIL --name … --role member."
                )
            if len(planners) > 1:
                emails = ", ".join(one.email for one in planners)
                raise UsageError(f"Several users have a plan. Choose one with --user: {emails}.")
            found = planners[0]
        else:
            found = accounts.by_email(connection, at_desk.principal, email)
            if not found.active or found.role == "viewer":
                why = "is a viewer" if found.active else "is deactivated"
                raise UsageError(f"{found.email} {why} and has no plan.")
        return found.email, accounts.principal_of(connection, at_desk.principal, found.id)


def _week(text: str | None, at_desk: Desk, principal: Principal) -> IsoWeek:
    if text is None:
        return _week_of(at_desk.at, principal)
    try:
        return IsoWeek.parse(text)
    except ValueError as fault:
        raise UsageError(f"--week: {fault}") from None


def _week_of(at: datetime, principal: Principal) -> IsoWeek:
    return IsoWeek.of(at.astimezone(principal.user_zone).date())


def _kept(at_desk: Desk, principal: Principal, week: IsoWeek) -> PlanView:
    """The plan of the present week: made now unless it is there."""
    with at_desk.database.read() as connection:
        stored = plan_of(connection, principal, week, at_desk.at)
    if stored is None:
        with at_desk.database.write() as connection:
            make_plan(connection, principal, week, at_desk.at)
            stored = plan_of(connection, principal, week, at_desk.at)
    if stored is None:
        raise Unavailable("The plan was taken away while it was read. Try again.")
    return stored


def _worked_out(at_desk: Desk, principal: Principal, week: IsoWeek, as_of: str | None) -> PlanView:
    """The stored plan if there was one at that moment, else the one that would have been made; nothing is written.

    A week gone by is worked out as of its Monday morning, unless ``--as-of`` says when.
    """
    at = at_desk.at
    if as_of is None and week < _week_of(at, principal):
        at = local_instant(week.monday, MORNING, principal.user_zone)
    with at_desk.database.read() as connection:
        stored = plan_of(connection, principal, week, at_desk.at)
        if stored is not None and stored.made_at is not None and stored.made_at <= at_desk.at:
            return stored
        return drafted_view(connection, principal, draft_plan(connection, principal, week, at), at)


def _as_json(view: PlanView, email: str, principal: Principal) -> dict[str, Any]:
    budget = view.budget
    return {
        "user": email,
        "week": str(view.week),
        "budget": {"call": budget.call, "in_person": budget.in_person, "by_hand": budget.by_hand},
        "suggestions": [_suggestion(one, principal) for one in view.suggestions],
    }


def _suggestion(one: Suggested, principal: Principal) -> dict[str, Any]:
    return {
        "contact": person(one.contact),
        "act": one.act,
        "slot": _slot(one.slot, principal),
        "reason": one.reason,
        "rules": list(one.rules),
        "evidence": dict(one.evidence),
        "talking_points": [_point(point) for point in one.talking_points],
        "state": one.state,
    }


def _slot(slot: Slot, principal: Principal) -> dict[str, Any]:
    local = slot.starts_at and slot.starts_at.astimezone(principal.user_zone)
    return {
        "starts_at": local and local.isoformat(),
        "day": slot.day and slot.day.isoformat(),
        "minutes": slot.minutes,
        "note": slot.note,
    }


def _point(point: TalkingPoint) -> dict[str, Any]:
    return {
        "kind": point.kind,
        "text": point.text,
        "day": point.day and point.day.isoformat(),
        "channel": point.channel,
    }


def _row(one: Suggested, at: datetime, principal: Principal) -> tuple[str, ...]:
    today = at.astimezone(principal.user_zone).date()
    when = day_phrase(one.slot.day, today) if one.slot.day else "–"
    if one.slot.starts_at:
        when += f", {one.slot.starts_at.astimezone(principal.user_zone):%H:%M}"
    return (one.act, one.contact.name, when, one.reason, one.state.replace("_", " "))


def _nobody(view: PlanView) -> str:
    return f"Nobody is waiting in {view.week}."
