"""``crm working``: whether it is working, as the page of that name shows it."""

from typing import Annotated, Any

import typer

from crm.accounts import queries as accounts
from crm.cli_support import AsJson, AsOf, Workspace, desk, print_json
from crm.commands.listing import print_table
from crm.domain.fates import AFTER_DAYS
from crm.errors import UsageError
from crm.planning import effects_view as view
from crm.planning.effects import WEEKS, Effects, effects

User = Annotated[
    str | None, typer.Option("--user", metavar="EMAIL", help="For one user; for everybody if left out.")
]
Weeks = Annotated[int, typer.Option("--weeks", metavar="13|26|52", help="How far back.")]


def working(
    user: User = None,
    weeks: Weeks = WEEKS[-1],
    as_json: AsJson = False,
    as_of: AsOf = None,
    workspace: Workspace = None,
) -> None:
    """Key people reached personally over time, what became of suggestions, and what came after."""
    if weeks not in WEEKS:
        raise UsageError(f"--weeks is {', '.join(map(str, WEEKS[:-1]))} or {WEEKS[-1]}, not {weeks}.")
    with desk(workspace, as_of) as at_desk, at_desk.database.read() as connection:
        whose = None if user is None else accounts.by_email(connection, at_desk.principal, user).id
        found = effects(connection, at_desk.principal, at_desk.at, weeks, whose)
        today = at_desk.principal.team_day(at_desk.at)
    if as_json:
        print_json(_as_json(found))
        return
    typer.echo(view.lede(found, today))
    rows = [
        (one.act, str(one.suggested), str(one.done), str(one.otherwise), str(one.declined), str(one.untouched),
         view.days_words(one.usual_days))
        for one in found.acts
    ]  # fmt: skip
    columns = ("Act", "Suggested", "Done", "By another act", "Snoozed or skipped", "Untouched", "Usual time")
    print_table(columns, rows, "No week with suggestions is over yet.")


def _as_json(found: Effects) -> dict[str, Any]:
    after = found.after
    return {
        "shares": [
            {"day": one.day.isoformat(), "reached": one.reached, "people": one.people} for one in found.shares
        ],
        "first_mail": found.since and found.since.isoformat(),
        "acts": [
            {
                "act": one.act,
                "suggested": one.suggested,
                "done": one.done,
                "otherwise": one.otherwise,
                "declined": one.declined,
                "untouched": one.untouched,
                "usual_days": one.usual_days,
            }
            for one in found.acts
        ],
        "acted_on_by_day": list(found.days),
        "after": {
            "days": AFTER_DAYS,
            "acted_on": after.acted_on,
            "wrote": after.wrote,
            "personal": after.personal,
            "asks": after.asks,
            "heard": after.heard,
            "nothing": after.nothing,
        },
    }
