"""``crm plan``: one user's suggestions for one week."""

from datetime import datetime
from typing import Annotated

import typer

from crm.accounts import queries as accounts
from crm.cli_support import AsJson, AsOf, Desk, Workspace, desk, print_json
from crm.commands.listing import print_table
from crm.domain.manner import clock_words
from crm.domain.principal import Principal
from crm.domain.spans import day_phrase
from crm.domain.weeks import IsoWeek
from crm.errors import UsageError
from crm.planning.asked import plan_for
from crm.planning.queries import PlanView, Suggested
from crm.planning.shapes import plan_shape

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
    """Show the week's suggestions for one user. The plan of the week on the home page is kept; others are only worked out."""
    with desk(workspace, as_of) as at_desk:
        email, principal = _whose(at_desk, user)
        moment = None if as_of is None else at_desk.at
        view = plan_for(at_desk.database, principal, _week(week), at_desk.now, moment)
    if as_json:
        print_json(plan_shape(view, email))
        return
    columns = ("Act", "Contact", "When", "Why", "State")
    print_table(columns, [_row(one, at_desk.at, principal) for one in view.suggestions], _nobody(view))


def _whose(at_desk: Desk, email: str | None) -> tuple[str, Principal]:
    """The user asked for, or the only one who has a plan."""
    with at_desk.database.read() as connection:
        if email is None:
            planners = [
                one for one in accounts.members(connection, at_desk.principal) if one.active and one.has_plan
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
            if not found.active or not found.has_plan:
                why = "is a viewer" if found.active else "is deactivated"
                raise UsageError(f"{found.email} {why} and has no plan.")
        return found.email, accounts.principal_of(connection, at_desk.principal, found.id)


def _week(text: str | None) -> IsoWeek | None:
    try:
        return None if text is None else IsoWeek.parse(text)
    except ValueError as fault:
        raise UsageError(f"--week: {fault}") from None


def _row(one: Suggested, at: datetime, principal: Principal) -> tuple[str, ...]:
    today = principal.own_day(at)
    when = day_phrase(one.slot.day, today) if one.slot.day else "–"
    if one.slot.starts_at:
        when += f", {clock_words(one.slot.starts_at.astimezone(one.zone))}"
    return (one.act, one.contact.name, when, one.reason, one.state.replace("_", " "))


def _nobody(view: PlanView) -> str:
    return f"Nobody is waiting in {view.week}."
