"""Things to say, things owed, things heard, favours and dates of one person: written down, changed, settled, taken away.

Every change brings the person's metrics up to date in the same transaction. What is taken away or changed is kept
whole, so that Undo brings it back as it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, func, select

from crm.contacts.drafts import LISTED_LIMIT
from crm.contacts.may_change import require_editor
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Invalid, NotFound
from crm.interactions import left_behind
from crm.interactions.actions import refresh_people
from crm.interactions.removed import Back, Settlers, dates_changed, keep_before, put_back, take_away
from crm.storage.database import new_id
from crm.storage.keyset import read_cursor, write_cursor
from crm.storage.open_matters import COURSES, is_open
from crm.storage.stored_metrics import LOG_UNCHANGED
from crm.storage.tables import ask, contact, contact_date, favour, promise, signal


@dataclass(frozen=True)
class Said:
    """What a page says about one sort: two titles, and an answer to each verb."""

    new: str
    change: str
    written: str
    changed: str
    taken: str
    back: str
    as_before: str
    settled: str = ""
    open_again: str = ""


@dataclass(frozen=True)
class Sort:
    """One sort of matter. ``since`` is the day it began where a form does not ask for it, ``until`` the day it ended."""

    key: str
    table: Table
    noun: str
    since: str | None = None
    until: str | None = None
    settle: str = ""
    said: Said = field(kw_only=True)

    @property
    def id_name(self) -> str:
        """What its id is called in addresses."""
        return f"{self.table.name.removeprefix('contact_')}_id"


_OF_ASKS = Said(
    N_("Add an ask"),
    N_("Change the ask"),
    N_("Ask added."),
    N_("Ask changed."),
    N_("Ask removed."),
    N_("Ask restored."),
    N_("Ask changed back."),
    N_("Ask said."),
    N_("Ask is open again."),
)
_OF_PROMISES = Said(
    N_("Add a promise"),
    N_("Change the promise"),
    N_("Promise added."),
    N_("Promise changed."),
    N_("Promise removed."),
    N_("Promise restored."),
    N_("Promise changed back."),
    N_("Promise kept."),
    N_("Promise is open again."),
)
_OF_SIGNALS = Said(
    N_("Add a signal"),
    N_("Change the signal"),
    N_("Signal added."),
    N_("Signal changed."),
    N_("Signal removed."),
    N_("Signal restored."),
    N_("Signal changed back."),
)
_OF_FAVOURS = Said(
    N_("Add a favour"),
    N_("Change the favour"),
    N_("Favour added."),
    N_("Favour changed."),
    N_("Favour removed."),
    N_("Favour restored."),
    N_("Favour changed back."),
)
_OF_DATES = Said(
    N_("Add a date"),
    N_("Change the date"),
    N_("Date added."),
    N_("Date changed."),
    N_("Date removed."),
    N_("Date restored."),
    N_("Date changed back."),
)
SORTS: Mapping[str, Sort] = {
    sort.key: sort
    for sort in (
        Sort("asks", ask, "ask", *COURSES["ask"], "close", said=_OF_ASKS),
        Sort("promises", promise, "promise", *COURSES["promise"], "keep", said=_OF_PROMISES),
        Sort("signals", signal, "signal", said=_OF_SIGNALS),
        Sort("favours", favour, "favour", said=_OF_FAVOURS),
        Sort("dates", contact_date, "date", said=_OF_DATES),
    )
}
"""By the word their addresses begin with."""


def matter(connection: Connection, principal: Principal, sort: Sort, matter_id: int) -> Row[Any]:
    """The row of one matter of this workspace, or NotFound."""
    return _found(connection, select(sort.table).where(*_this(principal, sort, matter_id)))


def held(connection: Connection, principal: Principal, sort: Sort, matter_id: int) -> Row[Any]:
    """The same, as it stays until we commit: what is kept of it, and what a change leaves out, is how it was just before."""
    this = select(sort.table).where(*_this(principal, sort, matter_id))
    return _found(connection, this.with_for_update())


def _found(connection: Connection, this: Select[Any]) -> Row[Any]:
    row = connection.execute(this).one_or_none()
    if row is None:
        raise NotFound
    return row


@dataclass(frozen=True)
class MatterPage:
    """A page of matters of one sort, the newest first, and the cursor of the next (None on the last)."""

    rows: tuple[Row[Any], ...]
    next: str | None


def listed(
    connection: Connection,
    principal: Principal,
    sort: Sort,
    after: str | None = None,
    *,
    contact_id: int | None = None,
    opened: tuple[bool, date] | None = None,
    limit: int = 50,
) -> MatterPage:
    """A page of them, also of archived people; ``opened``: those open on that day of the workspace, or those that are not."""
    table = sort.table.c
    statement = select(sort.table).where(table.workspace_id == principal.workspace_id)
    if contact_id is not None:
        statement = statement.where(table.contact_id == contact_id)
    if opened is not None and sort.until:
        wanted, today = opened
        still = is_open(sort.table, today)
        statement = statement.where(still if wanted else ~still)
    if after:
        statement = statement.where(table.id < read_cursor(after, (int,))[0])
    found = connection.execute(statement.order_by(table.id.desc()).limit(limit + 1)).all()
    shown = tuple(found[:limit])
    return MatterPage(shown, write_cursor((shown[-1].id,)) if len(found) > limit else None)


def add(
    connection: Connection,
    principal: Principal,
    sort: Sort,
    contact_id: int,
    values: Mapping[str, Any],
    at: datetime,
) -> int:
    """Write something down about a person; returns its id. It begins on the workspace's today unless ``values`` says."""
    require_editor(principal)
    _require_contact(connection, principal, contact_id)
    _require_room(connection, principal, sort, contact_id)
    row = {
        "workspace_id": principal.workspace_id,
        "id": new_id(connection),
        "contact_id": contact_id,
        **({"author_id": principal.user_id} if "author_id" in sort.table.c else {}),
        **({sort.since: principal.team_day(at)} if sort.since else {}),
        **values,
    }
    connection.execute(sort.table.insert(), row)
    if row.get("interaction_id"):
        left_behind.wrote(connection, principal, row["interaction_id"], sort.table, row["id"])
    _follow_up(connection, principal, sort, contact_id, at)
    return int(row["id"])


def change(
    connection: Connection,
    principal: Principal,
    sort: Sort,
    matter_id: int,
    values: Mapping[str, Any],
    at: datetime,
) -> int | None:
    """Replace what a matter says; returns the id under which ``bring_back`` finds how it was, None where it is the same."""
    require_editor(principal)
    row = held(connection, principal, sort, matter_id)
    connection.execute(sort.table.update().where(*_this(principal, sort, matter_id)).values(**values))
    settlers: Settlers = ()
    if sort.until and values.get(sort.until, before := getattr(row, sort.until)) != before:
        settlers = left_behind.decided_anew(connection, principal, sort.table, matter_id)
    _follow_up(connection, principal, sort, row.contact_id, at)
    return keep_before(connection, principal, sort.table, row, at, settlers)


def settle(
    connection: Connection, principal: Principal, sort: Sort, matter_id: int, at: datetime
) -> int | None:
    """An ask was brought up, or a promise was kept, today; one that is settled stays settled on its day.

    Returns what ``change`` does.
    """
    require_editor(principal)
    assert sort.until
    row = held(connection, principal, sort, matter_id)
    settled, today = getattr(row, sort.until), principal.team_day(at)
    if settled is not None and settled <= today:
        return None
    return change(connection, principal, sort, matter_id, {sort.until: today}, at)


def reopen(
    connection: Connection, principal: Principal, sort: Sort, matter_id: int, at: datetime
) -> int | None:
    """It is open after all; returns what ``change`` does."""
    assert sort.until
    return change(connection, principal, sort, matter_id, {sort.until: None}, at)


def remove(connection: Connection, principal: Principal, sort: Sort, matter_id: int, at: datetime) -> int:
    """Take a matter away; returns the id under which ``bring_back`` finds it."""
    require_editor(principal)
    row = held(connection, principal, sort, matter_id)
    removed_id = take_away(connection, principal, sort.table, row, at)
    refresh_people(connection, principal, [row.contact_id], at, changed_on=LOG_UNCHANGED)
    return removed_id


def bring_back(
    connection: Connection, principal: Principal, removed_id: int, at: datetime
) -> tuple[Sort, Back]:
    """Write a matter that was taken away or changed down again, as it was; returns its sort and what was put back."""
    require_editor(principal)
    back = put_back(connection, principal, removed_id, at)
    left_behind.decided_as_before(connection, principal, back.table, back.row_id, back.settled_by)
    refresh_people(connection, principal, [back.contact_id], at, changed_on=LOG_UNCHANGED)
    return next(one for one in SORTS.values() if one.table is back.table), back


def _follow_up(
    connection: Connection, principal: Principal, sort: Sort, contact_id: int, at: datetime
) -> None:
    if sort.table is contact_date:
        dates_changed(connection, principal, contact_id, at)
    refresh_people(connection, principal, [contact_id], at, changed_on=LOG_UNCHANGED)


def _this(principal: Principal, sort: Sort, matter_id: int) -> tuple[Any, ...]:
    table = sort.table.c
    return (table.workspace_id == principal.workspace_id, table.id == matter_id)


def _require_contact(connection: Connection, principal: Principal, contact_id: int) -> None:
    found = select(contact.c.id).where(
        contact.c.workspace_id == principal.workspace_id, contact.c.id == contact_id
    )
    if connection.execute(found).first() is None:
        raise NotFound


def _require_room(connection: Connection, principal: Principal, sort: Sort, contact_id: int) -> None:
    """A person's form takes a limited number of dates; other matters are closed in the end."""
    table = sort.table.c
    mine = (table.workspace_id == principal.workspace_id, table.contact_id == contact_id)
    if sort.table is contact_date:
        number = connection.execute(select(func.count()).where(*mine)).scalar_one()
        if number >= LISTED_LIMIT:
            raise Invalid(
                _("There are already {number} dates. Remove one first.").format(number=LISTED_LIMIT)
            )
