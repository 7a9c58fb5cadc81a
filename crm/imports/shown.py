"""What an import changes, as the page says it: days and moments in the reader's manner, lists item by item."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm.domain.channels import DIRECTIONS, OUTCOMES, SHIPPED
from crm.domain.targets import KINDS, TIERS
from crm.imports.phrases import day_said, moment_said, phrase
from crm.imports.records import PostalAddress

Shown = str | tuple[str, ...]
"""A value in words, of which each may be a phrase; of a list one for each item."""
LENGTH = 200
"""Letters of a text that are shown."""
ITEMS = 20
"""Items of a list that are shown of each sort: what stays, what goes, and what is added."""
_DAYS = ("birthday",)
"""Fields whose text is a day, perhaps without its year."""
_STORED_WORDS = {
    "kind": KINDS,
    "tier": TIERS,
    "direction": DIRECTIONS,
    "outcome": OUTCOMES,
}
"""Fields that hold one of our own words."""
_CHANNELS = {one.key: one.label for one in SHIPPED}


def shown(field: str, value: Any, zone: ZoneInfo) -> Shown:
    """A value of that field; moments are by the clocks of ``zone``."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return tuple(_item(one)[:LENGTH] for one in value)
    if isinstance(value, datetime):
        return moment_said(value.astimezone(zone))
    if isinstance(value, date):
        return day_said(value.isoformat())
    if field in _DAYS and value:
        return day_said(value)
    if value in _STORED_WORDS.get(field, ()):
        return phrase(value)
    if field == "channel":
        return phrase(_CHANNELS[value]) if value in _CHANNELS else value.replace("_", " ")
    return str(value)[:LENGTH]


def _item(one: Any) -> str:
    if isinstance(one, PostalAddress):
        line = ", ".join(filter(None, (part.strip(" ,") for part in one.text.splitlines())))
        return f"{line} ({one.label})" if one.label else line
    if isinstance(one, tuple):  # what an email or a phone number is for
        return ": ".join(one)
    return str(one)


def lists_shown(old: Sequence[str], new: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Both lists, each sort of item cut where it is long, with a mark for the rest."""
    stays, goes, comes = (
        _cut(one for one in items if (one in other) is both)
        for items, other, both in ((new, {*old}, True), (old, {*new}, False), (new, {*old}, False))
    )
    return (*stays, *goes), (*stays, *comes)


def _cut(items: Iterable[str]) -> tuple[str, ...]:
    found = tuple(items)
    return found if len(found) <= ITEMS else (*found[:ITEMS], "…")
