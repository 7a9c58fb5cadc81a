"""rules.toml: which of the shipped rules are on, and their order."""

import tomllib
from typing import Any

from sqlalchemy import Connection, select

from crm.domain.principal import Principal
from crm.domain.rules import ALL
from crm.imports.cells import excerpt
from crm.imports.records import ParsedFile
from crm.imports.report import Change, FileReport
from crm.imports.run import Run
from crm.rules.queries import rule_states
from crm.storage.insertion import insert_into
from crm.storage.tables import rule

_HEAD = "# The rules of In Person in their order, and whether each is on.\n"
NAMES = {one.key: one.name for one in ALL}


def write_rules(connection: Connection, principal: Principal) -> bytes:
    """The rules of a workspace as rules.toml."""
    tables = [
        f'[[rule]]\nkey = "{state.rule.key}"\nenabled = {str(state.enabled).lower()}\n'
        for state in rule_states(connection, principal)
    ]
    return "\n".join([_HEAD, *tables]).encode()


def import_rules(run: Run, parsed: ParsedFile, report: FileReport) -> None:
    """Switch rules on and off, and put them into the order of the file; rules it does not name follow."""
    now = rule_states(run.connection, run.principal)
    names = {state.rule.key: state.rule.name for state in now}
    wanted = _wanted(parsed, report, names)
    if report.errors:
        return
    enabled = {state.rule.key: state.enabled for state in now}
    order = [state.rule.key for state in now]
    listed = [key for key in order if key in wanted]
    reordered = listed != list(wanted)
    new_order = [*wanted, *(key for key in order if key not in wanted)] if reordered else order
    for key, on in wanted.items():
        moved = reordered and order.index(key) != new_order.index(key)
        changed = enabled[key] != on or moved
        report.changed["rules"] += changed
        report.unchanged["rules"] += not changed
        if enabled[key] != on:
            old, new = ("on" if one else "off" for one in (enabled[key], on))
            report.show(Change(parsed.file, names[key], "state", old, new))
    run.progress(1)
    if report.changed["rules"]:
        _write(run, {**enabled, **wanted}, new_order)


def _wanted(parsed: ParsedFile, report: FileReport, names: dict[str, str]) -> dict[str, bool]:
    listed = tomllib.loads(parsed.text or "").get("rule", [])
    wanted: dict[str, bool] = {}
    for number, entry in enumerate(listed if isinstance(listed, list) else [listed], 1):
        where = f"{parsed.file} rule {number}"
        fault = _fault(entry, wanted, names)
        if fault:
            report.error(where, fault)
        else:
            wanted[entry["key"]] = entry.get("enabled", True)
    if not wanted and not report.errors:
        report.error(parsed.file, "This file names no rule; expected [[rule]] tables, each with a key.")
    return wanted


def _fault(entry: Any, seen: dict[str, bool], names: dict[str, str]) -> str | None:
    key = entry.get("key") if isinstance(entry, dict) else None
    if not isinstance(key, str):
        return "This rule has no key."
    if key not in names:
        return f"There is no rule “{excerpt(key)}”; expected one of {', '.join(names)}."
    if key in seen:
        return f"The rule {key} is named twice."
    if not isinstance(entry.get("enabled", True), bool):
        return "enabled is either true or false."
    return None


def _write(run: Run, enabled: dict[str, bool], order: list[str]) -> None:
    """Every rule gets a row: a position means nothing without the others'. The workspace's own definitions stay."""
    before = states_before(run)
    insert = insert_into(run.connection, rule)
    statement = insert.on_conflict_do_update(
        index_elements=["workspace_id", "key"],
        set_={name: insert.excluded[name] for name in ("enabled", "position", "changed_at")},
    )
    mine = {"workspace_id": run.principal.workspace_id, "changed_at": run.at}
    run.connection.execute(
        statement,
        [{**mine, "key": key, "enabled": enabled[key], "position": place} for place, key in enumerate(order)],
    )
    run.traces.changed("rules", run.principal.workspace_id, {"rows": before})


def states_before(run: Run) -> list[list[Any]]:
    """The rows as they are: key, enabled, position."""
    mine = select(rule).where(rule.c.workspace_id == run.principal.workspace_id).order_by(rule.c.position)
    return [[row.key, row.enabled, row.position] for row in run.connection.execute(mine)]
