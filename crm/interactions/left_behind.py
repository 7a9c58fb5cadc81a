"""What an interaction left behind: people and matters written down in it, and asks it settled. They go and come back with it.

What somebody changed since has a life of its own and stays as it is.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, or_, select

from crm.contacts import many
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Conflict
from crm.interactions.removed import Settlers, put_back, stamp, take_away
from crm.storage.tables import (
    MATTERS,
    ask,
    contact,
    interaction,
    interaction_contact,
    left_behind,
    metadata,
    removed_matter,
)

WRITTEN, SETTLED = "written", "settled"


@dataclass(frozen=True)
class Along:
    """What went with an interaction: the number of matters, and whose metrics changed by that. ``away`` and ``stay`` are
    the people who were new with it, nobody who was archived before: the names of those archived now, by id, and of those of
    whom more is known."""

    matters: int = 0
    about: frozenset[int] = frozenset()
    away: Mapping[int, str] = field(default_factory=dict)
    stay: tuple[str, ...] = ()


def wrote(
    connection: Connection, principal: Principal, interaction_id: int, table: Table, row_id: int
) -> None:
    """This row of ``table`` was written down with the interaction."""
    row = _row(connection, principal, table, row_id)
    if row is not None:
        _remember(connection, principal, interaction_id, WRITTEN, table, [(row_id, stamp(row))])


def settled(
    connection: Connection, principal: Principal, interaction_id: int, ask_ids: Sequence[int], day: date
) -> None:
    """These open asks were settled with the interaction, as of that day; one that settled them before speaks for them no
    longer."""
    for ask_id in ask_ids:
        decided_anew(connection, principal, ask, ask_id)
    marks = [(row_id, day.isoformat()) for row_id in ask_ids]
    _remember(connection, principal, interaction_id, SETTLED, ask, marks)


def decided_anew(connection: Connection, principal: Principal, settling: Table, row_id: int) -> Settlers:
    """Somebody said whether this row of ``settling`` is open; no interaction speaks for that any more.

    Returns those that did, for ``decided_as_before``.
    """
    table = left_behind.c
    gone = connection.execute(
        left_behind.delete()
        .where(
            table.workspace_id == principal.workspace_id,
            table.record == settling.name,
            table.row_id == row_id,
            table.what == SETTLED,
        )
        .returning(table.interaction_id, table.stamp)
    )
    return tuple((row.interaction_id, row.stamp) for row in gone)


def decided_as_before(
    connection: Connection, principal: Principal, settling: Table, row_id: int, settlers: Settlers
) -> None:
    """That was taken back: these interactions, where they are still there, speak for it again.

    Conflict where none of them is in the log any more: it went, and what it settled is open.
    """
    table = interaction.c
    mine = table.workspace_id == principal.workspace_id, table.id.in_([one for one, _mark in settlers])
    deleted = connection.execute(select(table.id, table.deleted_at).where(*mine))
    there = {row.id: row.deleted_at for row in deleted}
    if settlers and all(deleted_at is not None for deleted_at in there.values()):
        raise Conflict(_("What settled this was removed from the log, so it stays open."))
    for interaction_id, stamp_then in settlers:
        if interaction_id in there:
            _remember(connection, principal, interaction_id, SETTLED, settling, [(row_id, stamp_then)])


def take_along(connection: Connection, principal: Principal, interaction_id: int, at: datetime) -> Along:
    """With a deleted interaction: take away what it wrote down, open what it settled, archive who was new with it."""
    people, matters = _marks(connection, principal, interaction_id)
    untouched = _untouched(connection, principal, people)
    here = [row.id for row in _rows(connection, principal, people) if row.archived_at is None]
    about = _open_again(connection, principal, matters)
    for mark in [one for one in matters if one.what == WRITTEN]:
        table = metadata.tables[mark.record]
        row = _row(connection, principal, table, mark.row_id)
        if row is not None and stamp(row) == mark.stamp:
            removed_id = take_away(connection, principal, table, row, at)
            connection.execute(
                left_behind.update().where(*_this(principal, mark)).values(removed_id=removed_id)
            )
            about.append(row.contact_id)
    away = [one for one in untouched if not _known_otherwise(connection, principal, one)]
    many.archive(connection, principal, [one.row_id for one in away], at)
    mark_anew(connection, principal, untouched)
    stay = [one for one in people if one.row_id in here and one not in away]
    return Along(
        len(about),
        frozenset(about),
        _names(connection, principal, away),
        tuple(_names(connection, principal, stay).values()),
    )


def bring_along(
    connection: Connection, principal: Principal, interaction_id: int, reached: Collection[int], at: datetime
) -> set[int]:
    """With a restored interaction, which ``reached`` these people: what it took along is as it was before; returns the ids
    of the contacts concerned."""
    about = set()
    people, matters = _marks(connection, principal, interaction_id)
    untouched = _untouched(connection, principal, people)
    gone = [row.id for row in _rows(connection, principal, untouched) if row.archived_at]
    many.restore(connection, principal, gone, at)
    for mark in matters:
        if mark.removed_id and _row(connection, principal, removed_matter, mark.removed_id):
            about.add(put_back(connection, principal, mark.removed_id, at).contact_id)
    about.update(_settle_again(connection, principal, matters, reached))
    mark_anew(connection, principal, untouched)
    return about


def settle_anew(
    connection: Connection, principal: Principal, interaction_id: int, reached: Collection[int]
) -> Along:
    """With a changed interaction, which ``reached`` these people: what it settled is open again where it is to be brought
    up with somebody else, and settled again where with one of them. Returns how many are open."""
    _people, matters = _marks(connection, principal, interaction_id)
    opened = _open_again(connection, principal, matters, reached)
    again = _settle_again(connection, principal, matters, reached)
    return Along(len(opened), frozenset((*opened, *again)))


def _open_again(
    connection: Connection, principal: Principal, matters: Iterable[Row[Any]], reached: Collection[int] = ()
) -> list[int]:
    """Open the asks that are settled by an interaction which did not reach whom they are about, whose ids are returned."""
    found = _settled_asks(connection, principal, matters)
    wrong = [row for row, day in found if row.closed_on == day and row.contact_id not in reached]
    for row in wrong:
        _set_closed(connection, principal, row.id, None)
    return [row.contact_id for row in wrong]


def _settle_again(
    connection: Connection, principal: Principal, matters: Iterable[Row[Any]], reached: Collection[int]
) -> list[int]:
    """Settle the open asks that an interaction settled before, of those it ``reached``, whose ids are returned."""
    found = _settled_asks(connection, principal, matters)
    right = [(row, day) for row, day in found if row.closed_on is None and row.contact_id in reached]
    for row, day in right:
        _set_closed(connection, principal, row.id, day)
    return [row.contact_id for row, _day in right]


def _settled_asks(
    connection: Connection, principal: Principal, matters: Iterable[Row[Any]]
) -> list[tuple[Row[Any], date]]:
    """The asks that an interaction settled, where they are still there, and as of which day."""
    marks = [one for one in matters if one.what == SETTLED]
    rows = [(_row(connection, principal, ask, one.row_id), date.fromisoformat(one.stamp)) for one in marks]
    return [(row, day) for row, day in rows if row is not None]


def new_and_untouched(connection: Connection, principal: Principal, interaction_id: int) -> list[Row[Any]]:
    """Who was new with it and is as it left them, for ``mark_anew`` after a change of it that changes them too."""
    return _untouched(connection, principal, _marks(connection, principal, interaction_id)[0])


def part(
    connection: Connection,
    principal: Principal,
    interaction_id: int,
    contact_ids: Sequence[int],
    at: datetime,
) -> dict[int, str]:
    """With a changed interaction: archive who was new with it and takes part no longer; returns their names by id."""
    people, _matters = _marks(connection, principal, interaction_id)
    gone = [
        one
        for one in _untouched(connection, principal, people)
        if one.row_id not in contact_ids and not _known_otherwise(connection, principal, one)
    ]
    many.archive(connection, principal, [one.row_id for one in gone], at)
    for mark in gone:
        connection.execute(left_behind.delete().where(*_this(principal, mark)))
    return _names(connection, principal, gone)


def _rows(connection: Connection, principal: Principal, people: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Of those who are still there."""
    found = (_row(connection, principal, contact, mark.row_id) for mark in people)
    return [row for row in found if row is not None]


def _untouched(connection: Connection, principal: Principal, people: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Those who are as the interaction, or its last going or coming back, left them."""
    stamps = {row.id: stamp(row) for row in _rows(connection, principal, people)}
    return [mark for mark in people if stamps.get(mark.row_id) == mark.stamp]


def _known_otherwise(connection: Connection, principal: Principal, mark: Row[Any]) -> bool:
    """Whether they take part in anything else that is in the log, or something is written down about them."""
    took_part, log = interaction_contact.c, interaction.c
    elsewhere = (
        select(took_part.contact_id)
        .join(
            interaction, (log.workspace_id == took_part.workspace_id) & (log.id == took_part.interaction_id)
        )
        .where(
            took_part.workspace_id == principal.workspace_id,
            took_part.contact_id == mark.row_id,
            took_part.interaction_id != mark.interaction_id,
            log.deleted_at.is_(None),
        )
    )
    written = [
        select(table.c.id).where(
            table.c.workspace_id == principal.workspace_id, table.c.contact_id == mark.row_id
        )
        for table in MATTERS
    ]
    asked = select(or_(elsewhere.exists(), *(one.exists() for one in written)))
    return bool(connection.execute(asked).scalar_one())


def mark_anew(connection: Connection, principal: Principal, people: Sequence[Row[Any]]) -> None:
    """What was just done to them is none of the changes that keep somebody."""
    stamps = {row.id: stamp(row) for row in _rows(connection, principal, people)}
    for mark in people:
        values = {"stamp": stamps[mark.row_id]}
        connection.execute(left_behind.update().where(*_this(principal, mark)).values(**values))


def _names(connection: Connection, principal: Principal, people: Sequence[Row[Any]]) -> dict[int, str]:
    return {row.id: row.name for row in _rows(connection, principal, people)}


def _marks(
    connection: Connection, principal: Principal, interaction_id: int
) -> tuple[list[Row[Any]], list[Row[Any]]]:
    """What it left behind: people, and matters."""
    table = left_behind.c
    found = connection.execute(
        select(left_behind).where(
            table.workspace_id == principal.workspace_id, table.interaction_id == interaction_id
        )
    ).all()
    people = [one for one in found if one.record == contact.name]
    return people, [one for one in found if one not in people]


def _remember(
    connection: Connection,
    principal: Principal,
    interaction_id: int,
    what: str,
    table: Table,
    marks: Sequence[tuple[int, str]],
) -> None:
    shared = {"workspace_id": principal.workspace_id, "interaction_id": interaction_id, "what": what}
    rows = [{**shared, "record": table.name, "row_id": row_id, "stamp": stamp} for row_id, stamp in marks]
    if rows:
        connection.execute(left_behind.insert(), rows)


def _row(connection: Connection, principal: Principal, table: Table, row_id: int) -> Row[Any] | None:
    mine = table.c.workspace_id == principal.workspace_id, table.c.id == row_id
    return connection.execute(select(table).where(*mine).with_for_update()).one_or_none()


def _set_closed(connection: Connection, principal: Principal, ask_id: int, day: date | None) -> None:
    mine = ask.c.workspace_id == principal.workspace_id, ask.c.id == ask_id
    connection.execute(ask.update().where(*mine).values(closed_on=day))


def _this(principal: Principal, mark: Row[Any]) -> tuple[Any, ...]:
    table = left_behind.c
    return (
        table.workspace_id == principal.workspace_id,
        table.interaction_id == mark.interaction_id,
        table.what == mark.what,
        table.record == mark.record,
        table.row_id == mark.row_id,
    )
