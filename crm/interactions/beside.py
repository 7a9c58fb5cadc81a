"""What stands beside one person's log: open asks and promises, what was heard, favours, and dates."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, func, select

from crm.contacts.drafts import Occasion
from crm.domain.principal import Principal
from crm.interactions.timeline import Matter, open_matters
from crm.storage.statements import built_once
from crm.storage.tables import contact_date, favour, signal

SHOWN = 5
DATES = 50
THEMES = 200


@dataclass(frozen=True)
class HeardSignal:
    """One signal as a person's page shows it."""

    id: int
    type: str
    text: str
    theme: str | None
    day: date


@dataclass(frozen=True)
class Favour:
    """Something they did for us."""

    id: int
    text: str
    day: date


@dataclass(frozen=True)
class KnownDate:
    """A date of theirs."""

    id: int
    occasion: Occasion


@dataclass(frozen=True)
class Beside:
    """Everything beside the log of one person; ``signals`` and ``favours`` are the newest of so many."""

    asks: tuple[Matter, ...] = ()
    promises: tuple[Matter, ...] = ()
    signals: tuple[HeardSignal, ...] = ()
    signal_number: int = 0
    favours: tuple[Favour, ...] = ()
    favour_number: int = 0
    dates: tuple[KnownDate, ...] = ()


def beside(connection: Connection, principal: Principal, contact_id: int, today: date) -> Beside:
    """What stands beside one person's log today."""
    matters = open_matters(connection, principal, contact_id, today)
    signals, signal_number = _newest(connection, principal, signal, "heard_on", contact_id)
    favours, favour_number = _newest(connection, principal, favour, "received_on", contact_id)
    dates = connection.execute(*_dates(principal.workspace_id, contact_id))
    return Beside(
        matters.asks,
        matters.promises,
        tuple(HeardSignal(row.id, row.type, row.text, row.theme, row.heard_on) for row in signals),
        signal_number,
        tuple(Favour(row.id, row.text, row.received_on) for row in favours),
        favour_number,
        tuple(
            KnownDate(row.id, Occasion(row.kind, row.month, row.day, row.year, row.yearly, row.label))
            for row in dates
        ),
    )


@built_once
def _dates(whose: Any, contact_id: Any) -> Select[Any]:
    table = contact_date.c
    return (
        select(contact_date)
        .where(table.workspace_id == whose, table.contact_id == contact_id)
        .order_by(table.leap_day, table.id)
        .limit(DATES)
    )


def _newest(
    connection: Connection, principal: Principal, table: Table, day: str, contact_id: int
) -> tuple[list[Row[Any]], int]:
    whose = (principal.workspace_id, contact_id)
    rows = connection.execute(*_newest_in(*whose, table=table, day=day)).all()
    if len(rows) < SHOWN:
        return list(rows), len(rows)
    number: int = connection.execute(*_number_in(*whose, table=table)).scalar_one()
    return list(rows), number


@built_once
def _newest_in(whose: Any, contact_id: Any, *, table: Table, day: str) -> Select[Any]:
    columns = table.c
    return (
        select(table)
        .where(columns.workspace_id == whose, columns.contact_id == contact_id)
        .order_by(columns[day].desc(), columns.id.desc())
        .limit(SHOWN)
    )


@built_once
def _number_in(whose: Any, contact_id: Any, *, table: Table) -> Select[Any]:
    return (
        select(func.count())
        .select_from(table)
        .where(table.c.workspace_id == whose, table.c.contact_id == contact_id)
    )


def themes(connection: Connection, principal: Principal) -> list[str]:
    """Themes in use, the most frequent first."""
    return list(connection.execute(*_themes(principal.workspace_id)).scalars())


@built_once
def _themes(whose: Any) -> Select[Any]:
    table = signal.c
    return (
        select(table.theme)
        .where(table.workspace_id == whose, table.theme.is_not(None))
        .group_by(table.theme)
        .order_by(func.count().desc(), table.theme)
        .limit(THEMES)
    )
