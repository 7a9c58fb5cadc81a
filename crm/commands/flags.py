"""``crm flags``: whom the rules flag, and why."""

from typing import Annotated, Any

import typer

from crm.cli_support import AsJson, AsOf, Workspace, desk, print_json
from crm.commands.listing import person, print_table
from crm.domain.rules import SEVERITIES
from crm.rules.queries import Flag, OrganisationFlag, organisation_flags, state_of
from crm.rules.queries import flags as flags_of

RuleKey = Annotated[
    str | None, typer.Option("--rule", metavar="KEY", help="Only this rule, also if it is switched off.")
]


def flags(
    rule: RuleKey = None, as_json: AsJson = False, as_of: AsOf = None, workspace: Workspace = None
) -> None:
    """Whom the rules flag, strongest first, with the evidence."""
    with desk(workspace, as_of) as at_desk, at_desk.database.read() as connection:
        rules = None if rule is None else [state_of(connection, at_desk.principal, rule).rule]
        people = flags_of(connection, at_desk.principal, at_desk.at, rules=rules)
        accounts = organisation_flags(connection, at_desk.principal, at_desk.at, rules=rules)
    everything: list[Flag | OrganisationFlag] = [*people, *accounts]
    found = sorted(everything, key=lambda flag: SEVERITIES.index(flag.severity))
    if as_json:
        print_json([_as_json(one) for one in found])
        return
    columns = ("Who", "Rule", "Severity", "Why", "Suggests")
    print_table(columns, [_row(one) for one in found], "No rule flags anybody.")


def _as_json(flag: Flag | OrganisationFlag) -> dict[str, Any]:
    about: dict[str, Any] = (
        {"contact": person(flag.contact)}
        if isinstance(flag, Flag)
        else {"contact": None, "organisation": {"id": flag.id, "name": flag.name}}
    )
    return {
        **about,
        "rule": flag.rule,
        "severity": flag.severity,
        "sentence": flag.sentence,
        "evidence": flag.evidence,
        "suggests": list(flag.suggests),
    }


def _row(flag: Flag | OrganisationFlag) -> tuple[str, ...]:
    name = flag.contact.name if isinstance(flag, Flag) else flag.name
    return name, flag.rule, flag.severity, flag.sentence, ", ".join(flag.suggests)
