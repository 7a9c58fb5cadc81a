"""The sheets of the exchange format (PRODUCT.md section 9): nine CSV files, and how each cell is read and written.

One table of columns (``SHEETS``) serves reading in ``exchange.py`` and writing in ``writing.py``.

* Cells that hold lists separate their items by ``;``. A semicolon inside an item is written ``\\;``, a
  backslash ``\\\\``. On reading, a backslash before anything else stands for itself.
* Several postal addresses in one cell are separated by an empty line; ``[work]`` alone on the first line
  labels one.
* A cell that a spreadsheet would run as a formula is written with a leading apostrophe, read back without it.
* A time without an offset is taken in the workspace's zone; one skipped there in spring moves forward.
* Empty and missing ``yearly`` means yes for birthdays, anniversaries and dates without a year, else no.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from crm.domain.channels import DIRECTIONS, OUTCOMES
from crm.domain.formulas import neutralise
from crm.domain.heard import DATE_KINDS, PROMISERS, SIGNAL_TYPES
from crm.domain.targets import TIERS
from crm.imports import records as said
from crm.imports.cells import (
    Occurred,
    Setting,
    join_items,
    one_of,
    read_addresses,
    read_archived,
    read_channel,
    read_count,
    read_day,
    read_emails,
    read_heads,
    read_key,
    read_kind,
    read_labels,
    read_line,
    read_lines,
    read_moment,
    read_people,
    read_person,
    read_phones,
    read_recurring_day,
    read_text,
    read_time_zone,
    read_yes,
    write_addresses,
    write_day,
    write_labels,
    write_moment,
    write_words,
    write_yes,
)
from crm.imports.phrases import phrase


@dataclass(frozen=True)
class Column:
    """One column: its name in the header, the record's field, and how a cell is read and written.

    ``unique`` marks a column whose cells seldom repeat, so that remembering what they mean would only cost;
    ``spare`` one that is not among the columns others rely on, and is written only where some row fills it.
    """

    name: str
    field: str
    read: Callable[[str, Setting], Any]
    write: Callable[[Any], str]
    required: bool = False
    empty: Any = None
    unique: bool = False
    spare: bool = False

    def says(self, record: Any) -> bool:
        """Whether the record has something to write in this column."""
        return getattr(record, self.field) not in (None, ())


@dataclass(frozen=True)
class Sheet:
    """One exchange file. ``finish`` settles what needs more than one cell, or raises ValueError."""

    kind: str
    record: type[Any]
    columns: tuple[Column, ...]
    finish: Callable[[dict[str, Any]], None] | None = None

    @property
    def names(self) -> frozenset[str]:
        """The names its header may hold."""
        return frozenset(column.name for column in self.columns)

    @property
    def fields(self) -> frozenset[str]:
        """The ``given`` of a record that says everything its row can say."""
        return frozenset(column.field for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """The names its header must hold, in order."""
        return tuple(column.name for column in self.columns if column.required)


def _line(name: str, *, required: bool = False) -> Column:
    return Column(name, name, read_line, neutralise, required)


def _text(name: str, *, required: bool = False) -> Column:
    return Column(name, name, read_text, neutralise, required, unique=True)


def _date(name: str) -> Column:
    return Column(name, name, read_day, write_day)


def _choice(name: str, *choices: str, required: bool = False, empty: str | None = None) -> Column:
    return Column(name, name, one_of(*choices), write_words, required, empty)


def _list(
    name: str, field: str = "", read: Callable[[str, Setting], Any] = read_lines, *, required: bool = False
) -> Column:
    return Column(name, field or name, read, join_items, required, ())


_KIND = Column("kind", "kind", read_kind, neutralise)
_TIER = _choice("tier", *TIERS)
_ZONE = Column("time_zone", "time_zone", read_time_zone, neutralise)
_BIRTHDAY = Column("birthday", "birthday", read_recurring_day, str)
_RECURRING = Column("date", "date", read_recurring_day, str, required=True)
_OCCURRED = Column("occurred_at", "occurred_at", read_moment, write_moment, required=True, unique=True)
_CHANNEL = Column("channel", "channel", read_channel, neutralise, required=True)
_ARCHIVED = Column("archived_at", "archived_at", read_archived, write_moment, spare=True)
_CONTACT = Column("contact", "contact", read_person, neutralise, required=True)


def _mark(name: str) -> Column:
    return Column(name, name, read_yes, write_yes, empty=False)


def _days(name: str) -> Column:
    return Column(name, name, read_count, str, spare=True)


def _settle_contact(values: dict[str, Any]) -> None:
    if not values["name"]:
        parts = (values.get("given_name"), values.get("family_name"))
        values["name"] = " ".join(part for part in parts if part)
    if not values["name"]:
        raise ValueError(phrase("This row has no name."))


def _settle_interaction(values: dict[str, Any]) -> None:
    occurred: Occurred = values["occurred_at"]
    values["occurred_at"], values["on"] = occurred.at, occurred.on


def _settle_date(values: dict[str, Any]) -> None:
    yearless = values["date"].startswith("--")
    if values.get("yearly") is None:
        values["yearly"] = yearless or values["kind"] in ("birthday", "anniversary")
    if yearless and not values["yearly"]:
        raise ValueError(
            phrase(
                "This row has a date without a year, so it can only be yearly; expected yes or a full date."
            )
        )


SHEETS: Mapping[str, Sheet] = {
    sheet.kind: sheet
    for sheet in (
        Sheet(
            said.CHANNELS,
            said.ChannelRecord,
            (
                Column("key", "key", read_key, str, required=True),
                _line("label", required=True),
                Column("digital", "digital", read_yes, write_yes, required=True, empty=False),
                *map(_mark, ("live", "in_person", "by_hand")),
            ),
        ),
        Sheet(
            said.ORGANISATIONS,
            said.OrganisationRecord,
            (
                _line("name", required=True),
                _KIND,
                _TIER,
                _line("domain"),
                _line("city"),
                _line("country"),
                _list("tags"),
                _text("notes"),
                _ARCHIVED,
            ),
        ),
        Sheet(
            said.CONTACTS,
            said.ContactRecord,
            (
                _line("name", required=True),
                _line("given_name"),
                _line("family_name"),
                _list("email", "emails", read_emails),
                _list("phone", "phones", read_phones),
                _line("organisation"),
                _line("title"),
                _KIND,
                _TIER,
                _line("owner"),
                _list("tags"),
                _line("city"),
                _line("country"),
                _ZONE,
                Column("address", "addresses", read_addresses, write_addresses, empty=()),
                _BIRTHDAY,
                _date("created_on"),
                _text("notes"),
                *map(_days, ("target_any", "target_personal", "target_in_person")),
                Column("labels", "labels", read_labels, write_labels, empty=(), spare=True),
                _ARCHIVED,
            ),
            _settle_contact,
        ),
        Sheet(
            said.INTERACTIONS,
            said.InteractionRecord,
            (
                _OCCURRED,
                _CHANNEL,
                _choice("direction", *DIRECTIONS, empty="mutual"),
                _choice("outcome", *OUTCOMES, empty="reached"),
                _list("contacts", read=read_people, required=True),
                _list("users", read=read_people),
                _text("summary"),
                _text("note"),
                Column("source_id", "source_id", read_line, neutralise, unique=True),
                replace(_line("private_to"), spare=True),
                Column("others", "others", read_heads, str, spare=True),
            ),
            _settle_interaction,
        ),
        Sheet(
            said.ASKS,
            said.AskRecord,
            (_CONTACT, _text("text", required=True), _date("due"), _date("opened_on"), _date("closed_on")),
        ),
        Sheet(
            said.PROMISES,
            said.PromiseRecord,
            (
                _CONTACT,
                _choice("by", *PROMISERS, required=True),
                _text("text", required=True),
                _date("due"),
                _date("made_on"),
                _date("kept_on"),
            ),
        ),
        Sheet(
            said.SIGNALS,
            said.SignalRecord,
            (
                _CONTACT,
                _choice("type", *SIGNAL_TYPES, required=True),
                _text("text", required=True),
                _date("heard_on"),
                replace(_line("theme"), spare=True),
            ),
        ),
        Sheet(
            said.FAVOURS,
            said.FavourRecord,
            (_CONTACT, _text("text", required=True), Column("on", "on", read_day, write_day, required=True)),
        ),
        Sheet(
            said.DATES,
            said.DateRecord,
            (
                _CONTACT,
                _choice("kind", *DATE_KINDS, required=True),
                _RECURRING,
                Column("yearly", "yearly", read_yes, write_yes),
                _line("label"),
            ),
            _settle_date,
        ),
    )
}
