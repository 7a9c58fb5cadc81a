"""``crm flags``: whom the rules flag, and why."""

from typing import Annotated

import typer

from crm.cli_support import AsJson, AsOf, Workspace, desk, print_json
from crm.commands.listing import print_table
from crm.rules.accounts import OrganisationFlag, organisation_flags
from crm.rules.queries import Flag
from crm.rules.queries import flags as flags_of
from crm.rules.shapes import flag_shape, strongest_first
from crm.rules.states import state_of

RuleKey = Annotated[
    str | None, typer.Option("--rule", metavar="KEY", help="Only this rule, even if it is switched off.")
]


def flags(
    rule: RuleKey = None, as_json: AsJson = False, as_of: AsOf = None, workspace: Workspace = None
) -> None:
    """List everybody the rules flag, strongest first, with the evidence."""
    with desk(workspace, as_of) as at_desk, at_desk.database.read() as connection:
        rules = None if rule is None else [state_of(connection, at_desk.principal, rule).rule]
        people = flags_of(connection, at_desk.principal, at_desk.at, rules=rules)
        accounts = organisation_flags(connection, at_desk.principal, at_desk.at, rules=rules)
    found = strongest_first(people, accounts)
    if as_json:
        print_json([flag_shape(one) for one in found])
        return
    columns = ("Who", "Rule", "Severity", "Why", "Suggests")
    print_table(columns, [_row(one) for one in found], "No rule flags anybody.")


def _row(flag: Flag | OrganisationFlag) -> tuple[str, ...]:
    name = flag.contact.name if isinstance(flag, Flag) else flag.name
    return name, flag.rule, flag.severity, flag.sentence, ", ".join(flag.suggests)
