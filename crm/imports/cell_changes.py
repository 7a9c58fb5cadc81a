"""What a row of a file changes of what is here: the cells that say something else than the last time."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm.imports.records import CONTACTS, ORGANISATIONS, PostalAddress
from crm.imports.report import Change, FileReport
from crm.imports.shown import lists_shown, shown
from crm.imports.sources import parse_marks
from crm.imports.stored import cells_of

LISTS = ("emails", "phones", "tags", "addresses")
STICKY = {"owner": None, "kind": "other", "tier": "none", "created_on": None, "archived_at": None}
"""Fields that are never empty here: an empty cell leaves them, unless it held something the last time."""


def changed_cells(kind: str, record: Any, before: str, said: str) -> dict[str, Any]:
    """The fields whose cells say something else than the last time, with their values; all where there was no last time."""
    last, now = parse_marks(before), parse_marks(said)
    found = {}
    for name in cells_of(kind, record, record.given):
        if last.get(name) == now.get(name):
            continue
        value = getattr(record, name)
        if name in STICKY and value in (None, "") and kind in (CONTACTS, ORGANISATIONS):
            if name not in last:
                continue
            value = STICKY[name]
            if name == "created_on":
                continue
        found[name] = value
    return found


def differences(kind: str, stored: Any, merged: Any, fields: frozenset[str]) -> list[str]:
    """The fields, of these, whose cells would be written otherwise now."""
    old, new = cells_of(kind, stored, fields), cells_of(kind, merged, fields)
    return [name for name in new if old[name] != new[name]]


def show_changes(
    report: FileReport, where: str, stored: Any, merged: Any, fields: Iterable[str], zone: ZoneInfo
) -> None:
    """Keep for the page what changed in these fields of somebody; moments are by the clocks of ``zone``."""
    for field in fields:
        old, new = (shown(field, getattr(one, field), zone) for one in (stored, merged))
        if isinstance(old, tuple) and isinstance(new, tuple):
            old, new = lists_shown(old, new)
        report.show(Change(where, stored.name, field.replace("_", " "), old, new))


def kept_value(value: Any) -> Any:
    """A value of a record as a trace keeps it."""
    if isinstance(value, tuple):
        return [[one.text, one.label] if isinstance(one, PostalAddress) else kept_value(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def restored_value(name: str, value: Any) -> Any:
    """A value of a record as a trace kept it."""
    if name == "addresses":
        return tuple(PostalAddress(text, label) for text, label in value)
    if name == "labels":
        return tuple((way, word) for way, word in value)
    if name in LISTS:
        return tuple(value)
    if name == "archived_at":
        return datetime.fromisoformat(value) if value else None
    return date.fromisoformat(value) if name in ("created_on", "deceased_on") and value else value
