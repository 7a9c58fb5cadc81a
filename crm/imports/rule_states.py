"""rules.toml: every rule of a workspace in its order, whether it is on, and what it says."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from crm.domain.principal import Principal
from crm.domain.prose import rule_sentence
from crm.domain.rule_check import findings
from crm.domain.rule_data import Data, RuleFault, read_rule, rule_data
from crm.domain.rule_files import Entry, NotToml, read_entries
from crm.domain.rule_files import write_rules as written
from crm.domain.rules import Rule
from crm.imports.cells import excerpt
from crm.imports.phrases import phrase
from crm.imports.records import ParsedFile
from crm.imports.report import Change, FileReport
from crm.imports.run import Run
from crm.imports.sources import VERSION, stamp_of
from crm.rules import actions
from crm.rules.states import RuleState, rule_states
from crm.storage.flags import MOST_RULES
from crm.storage.tables import rule


@dataclass(frozen=True)
class Named:
    """A rule that a file names: what it is to be, whether it is to be on, and where it stands."""

    rule: Rule
    on: bool
    where: str


Wanted = dict[str, Named]
"""By key."""


def write_rules(connection: Connection, principal: Principal) -> bytes:
    """The rules of a workspace as rules.toml."""
    return written((state.rule, state.enabled) for state in rule_states(connection, principal)).encode()


def import_rules(run: Run, parsed: ParsedFile, report: FileReport) -> None:
    """Make rules what the file says and put them into its order; rules it does not name stay, and follow."""
    actions.take_turns_with_rules(run.connection, run.principal)
    now = {state.rule.key: state for state in rule_states(run.connection, run.principal)}
    wanted = _wanted(parsed, report, now)
    if report.errors:
        return
    order = _order(list(now), list(wanted))
    before = {
        VERSION: rules_stamp(run.connection, run.principal),
        "rows": states_before(run),
        "definitions": definitions_before(run),
    }
    places = {key: place for place, key in enumerate(now)}
    changed = [one.rule for key, one in wanted.items() if now.get(key) is None or now[key].rule != one.rule]
    actions.save_together(run.connection, run.principal, changed, run.at)
    for key, named in wanted.items():
        moved = key in now and order.index(key) != places[key]
        _make(run, report, now.get(key), named, moved)
        _show(parsed, report, now.get(key), named)
    run.progress(1)
    if report.changed["rules"] or report.new["rules"]:
        actions.put_in_order(run.connection, run.principal, order, run.at)
        run.traces.changed("rules", run.principal.workspace_id, before)


def _order(known: list[str], listed: list[str]) -> list[str]:
    """As it is where the file agrees with it, else those of the file first."""
    if listed == [key for key in [*known, *(key for key in listed if key not in known)] if key in listed]:
        return [*known, *(key for key in listed if key not in known)]
    return [*listed, *(key for key in known if key not in listed)]


def _make(run: Run, report: FileReport, state: RuleState | None, named: Named, moved: bool) -> None:
    one, on = named.rule, named.on
    if state is None:
        report.new["rules"] += 1
        report.name(one.name)
    else:
        is_same = state.rule == one and state.enabled == on and not moved
        report.changed["rules"] += not is_same
        report.unchanged["rules"] += is_same
    if state is None or state.rule != one:
        for found in findings(one):
            report.ask(named.where, found)
    if not on if state is None else state.enabled != on:
        actions.switch_rule(run.connection, run.principal, one.key, on, run.at)


def _show(parsed: ParsedFile, report: FileReport, state: RuleState | None, named: Named) -> None:
    one, on = named.rule, named.on
    if state is None:
        return
    if state.enabled != on:
        was, now = (phrase("on") if which else phrase("off") for which in (state.enabled, on))
        report.show(Change(parsed.file, state.rule.name, "state", was, now))
    if state.rule != one:
        old, new = rule_sentence(state.rule), rule_sentence(one)
        field = "rule" if old != new else "details"
        report.show(Change(parsed.file, state.rule.name, field, old, new))


def _wanted(parsed: ParsedFile, report: FileReport, now: dict[str, RuleState]) -> Wanted:
    try:
        entries = read_entries(parsed.text or "")
    except NotToml as fault:
        report.error(parsed.file, str(fault))
        return {}
    wanted: Wanted = {}
    for entry in entries:
        try:
            one, on = read_entry(entry, now)
            _refuse_twice(one, wanted)
            place = entry.where(RuleFault("", "name", one.name))
            wanted[one.key] = Named(one, on, f"{parsed.file} {place}")
        except RuleFault as fault:
            report.error(f"{parsed.file} {entry.where(fault)}", fault.sentence)
    if not wanted and not report.errors:
        report.error(
            parsed.file, phrase("This file names no rule; expected [[rule]] tables, each with a key.")
        )
    _refuse_together(parsed, report, wanted, now)
    return wanted


def read_entry(entry: Entry, now: dict[str, RuleState]) -> tuple[Rule, bool]:
    """A rule and whether it is on. Without a condition the entry only changes what it names; raises RuleFault.

    One that does not say whether it is on stays as it is; a new one is on.
    """
    if not isinstance(entry.data, dict):
        raise RuleFault(phrase("A rule is a [[rule]] table."), "key")
    data: Data = dict(entry.data)
    key, enabled = data.pop("key", None), data.pop("enabled", None)
    if not isinstance(key, str):
        raise RuleFault(phrase("This rule has no key."), "key")
    if not isinstance(enabled, bool | None):
        raise RuleFault(phrase("enabled is either true or false."), "enabled")
    state = now.get(key)
    if "when" not in data and state is None:
        raise RuleFault(
            phrase(
                "There is no rule “{key}”; to add it, write its name, when and suggests. The rules are {rules}.",
                key=excerpt(key),
                rules=", ".join(now),
            ),
            "key",
            key,
        )
    if state is not None and "when" not in data:
        data = {**rule_data(state.rule), **data}
    elif state is not None:
        data = {"name": state.rule.name, **data}
    if key in actions.RESERVED:
        raise RuleFault(phrase("No rule can have the key {key}; choose another.", key=key), "key", key)
    if enabled is None:
        enabled = state is None or state.enabled
    return read_rule(key, data), enabled


def _refuse_twice(one: Rule, wanted: Wanted) -> None:
    if one.key in wanted:
        raise RuleFault(phrase("The rule {key} is named twice.", key=one.key), "key", one.key)
    if any(actions.is_called_alike(other.rule, one) for other in wanted.values()):
        raise RuleFault(
            phrase("Another rule is called “{name}”; choose another name.", name=one.name), "name"
        )


def _refuse_together(
    parsed: ParsedFile, report: FileReport, wanted: Wanted, now: dict[str, RuleState]
) -> None:
    """What no rule of the file does alone: a name that a rule not in the file has, and too many rules."""
    kept = [state.rule for key, state in now.items() if key not in wanted]
    for one in wanted.values():
        holder = next((other for other in kept if actions.is_called_alike(other, one.rule)), None)
        if holder is not None:
            clash = phrase(
                "The rule {key} is already called “{name}”; choose another name.",
                key=holder.key,
                name=one.rule.name,
            )
            report.error(one.where, clash)
    if len({*now, *wanted}) > MOST_RULES:
        report.error(parsed.file, phrase("A workspace can have at most {limit} rules.", limit=MOST_RULES))


def states_before(run: Run) -> list[list[Any]]:
    """The rows as they are: key, enabled, position."""
    return [[row.key, row.enabled, row.position] for row in _rows(run)]


def definitions_before(run: Run) -> dict[str, Any]:
    """What each row says, by key."""
    return {row.key: row.definition for row in _rows(run)}


def rules_stamp(connection: Connection, principal: Principal) -> str:
    """The state of all rules, to tell whether somebody changed one."""
    mine = select(rule).where(rule.c.workspace_id == principal.workspace_id).order_by(rule.c.key)
    return stamp_of(tuple(map(tuple, connection.execute(mine))))  # type: ignore[arg-type]


def _rows(run: Run) -> list[Any]:
    mine = select(rule).where(rule.c.workspace_id == run.principal.workspace_id).order_by(rule.c.position)
    return list(run.connection.execute(mine))
