"""Something to talk about: facts from the log, never invented prose."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Connection,
    Select,
    Table,
    bindparam,
    or_,
    select,
    true,
    union_all,
)

from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.domain.spans import day_phrase, short_day
from crm.domain.yearly import next_return
from crm.interactions.private_notes import may_read_note, notes_read_by
from crm.rules.facts import dates_of
from crm.storage.blocks import blocks
from crm.storage.open_matters import in_order, is_open
from crm.storage.participation import is_personal
from crm.storage.statements import built_once
from crm.storage.tables import (
    ask,
    favour,
    interaction,
    interaction_contact,
    promise,
    signal,
)

LOOK_BACK = 40
"""How many of a contact's latest interactions are looked through for words, and how many of the personal ones."""
HEARD_DAYS = 365
FAVOUR_DAYS = 30
DATE_DAYS = 60
LONGEST = 220
AT_ONCE = 8
"""For how many people words are looked for by one statement: more than a week holds."""

_OPEN, _SAID, _WRITTEN, _HEARD, _FAVOURS, _DATES = 2, 2, 2, 2, 1, 1
"""How many points of each sort one contact has at most."""


@dataclass(frozen=True)
class TalkingPoint:
    """One fact. ``kind``: *ask*, *promise*, *their promise*, *note* (from an interaction), a type of signal, *favour* or
    a kind of date. ``channel`` is that of a *note*; ``personal`` whether it was not through a screen. ``day`` is when it
    was said or heard, for asks and promises when it is due, for dates when it comes."""

    kind: str
    text: str
    day: date | None = None
    channel: str | None = None
    personal: bool = False


def talking_points(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], at: datetime
) -> dict[int, tuple[TalkingPoint, ...]]:
    """What to talk about with each of these people, most useful first: open asks and promises, then what was said in
    person, what was written, signals, favours and dates. A private note of somebody else is not there."""
    ids = list(dict.fromkeys(contact_ids))
    found: dict[int, list[TalkingPoint]] = defaultdict(list)
    if not ids:
        return {}
    today = principal.team_day(at)
    for part in (_asks, _promises):
        _add(found, part(connection, principal, ids, today))
    for block in blocks(ids, AT_ONCE):
        _add(found, _words(connection, principal, block, at))
    for part in (_signals, _favours, _dates):
        _add(found, part(connection, principal, ids, today))
    return {one: tuple(found[one]) for one in ids}


_Found = Mapping[int, list[TalkingPoint]]


def _add(found: dict[int, list[TalkingPoint]], more: _Found) -> None:
    for contact_id, points in more.items():
        found[contact_id] += points


def _asks(connection: Connection, principal: Principal, ids: Sequence[int], today: date) -> _Found:
    rows = connection.execute(*_open(principal.workspace_id, ids, today.toordinal(), table=ask))
    return _some(((row.contact_id, TalkingPoint("ask", tidy(row.text), row.due)) for row in rows), _OPEN)


def _promises(connection: Connection, principal: Principal, ids: Sequence[int], today: date) -> _Found:
    rows = connection.execute(*_open(principal.workspace_id, ids, today.toordinal(), table=promise))
    return _some(
        (
            (
                row.contact_id,
                TalkingPoint("promise" if row.by == "us" else "their promise", tidy(row.text), row.due),
            )
            for row in rows
        ),
        _OPEN,
    )


def _signals(connection: Connection, principal: Principal, ids: Sequence[int], today: date) -> _Found:
    since = today - timedelta(days=HEARD_DAYS)
    rows = connection.execute(
        *_between(principal.workspace_id, ids, since, today, table=signal, day="heard_on")
    )
    return _some(
        ((row.contact_id, TalkingPoint(row.type, tidy(row.text), row.heard_on)) for row in rows), _HEARD
    )


def _favours(connection: Connection, principal: Principal, ids: Sequence[int], today: date) -> _Found:
    since = today - timedelta(days=FAVOUR_DAYS)
    rows = connection.execute(
        *_between(principal.workspace_id, ids, since, today, table=favour, day="received_on")
    )
    return _some(
        ((row.contact_id, TalkingPoint("favour", tidy(row.text), row.received_on)) for row in rows), _FAVOURS
    )


@built_once
def _open(whose: Any, ids: Any, today: Any, *, table: Table) -> Select[Any]:
    return (
        select(table)
        .where(table.c.workspace_id == whose, table.c.contact_id.in_(ids), is_open(table, today))
        .order_by(*in_order(table))
    )


@built_once
def _between(whose: Any, ids: Any, after: Any, until: Any, *, table: Table, day: str) -> Select[Any]:
    """The newest first."""
    columns, when = table.c, table.c[day]
    return (
        select(table)
        .where(columns.workspace_id == whose, columns.contact_id.in_(ids), when <= until, when > after)
        .order_by(when.desc(), columns.id.desc())
    )


def _dates(connection: Connection, principal: Principal, ids: Sequence[int], today: date) -> _Found:
    coming = []
    for row in connection.execute(*dates_of(principal.workspace_id, ids)):
        day = next_return(row.month, row.day, row.on_day, row.yearly, today)
        if day is not None and day <= today + timedelta(days=DATE_DAYS):
            coming.append((day, row.id, row))
    return _some(
        (
            (row.contact_id, TalkingPoint(row.kind, date_words(row.kind, row.label, day, today), day))
            for day, _, row in sorted(coming, key=lambda found: found[:2])
        ),
        _DATES,
    )


def date_words(kind: str, label: str | None, day: date, today: date) -> str:
    """ "Birthday on Wed 2 Dec", or the date's own label: "Ten years of Haas on Tue 24 Nov". No full stop."""
    plain = {"birthday": _("Birthday"), "anniversary": _("Anniversary"), "renewal": _("Renewal")}
    what = tidy(label or "") or plain.get(kind, _("A date to remember"))
    return _("{what} on {day}").format(what=what, day=day_phrase(day, today))


def _some(pairs: Any, limit: int) -> _Found:
    """The first few of each contact."""
    found: dict[int, list[TalkingPoint]] = defaultdict(list)
    for contact_id, point in pairs:
        if len(found[contact_id]) < limit and point.text:
            found[contact_id].append(point)
    return found


def _words(connection: Connection, principal: Principal, ids: Sequence[int], at: datetime) -> _Found:
    """The last words written down about each, those said in person first; never more rows of one than `LOOK_BACK`."""
    people = {f"who_{place}": one for place, one in enumerate(ids)}
    values = {"whose": principal.workspace_id, "until": at, "reader": principal.user_id, **people}
    rows = connection.execute(_worded(len(ids), reads_all=principal.user_id is None), values)
    newest = sorted(rows, key=lambda row: (row.personal, row.occurred_at, row.id), reverse=True)
    return _some(((row.contact_id, _point(row, principal)) for row in newest), _SAID + _WRITTEN)


@cache
def _worded(people: int, *, reads_all: bool) -> CompoundSelect[Any]:
    """The newest with words of so many people, all of them by one statement."""
    return union_all(
        *(
            select(one.subquery())
            for place in range(people)
            for one in _worded_of(bindparam(f"who_{place}"), reads_all=reads_all)
        )
    )


def _worded_of(contact_id: Any, *, reads_all: bool) -> tuple[Select[Any], Select[Any]]:
    """A few that were personal, and a few that were not."""
    log, columns = interaction_contact.c, interaction.c
    whose, until = bindparam("whose", type_=BigInteger()), bindparam("until", type_=log.occurred_at.type)
    personal = is_personal(log)
    newest = (
        select(log.contact_id, log.occurred_at, log.interaction_id, personal.label("personal"))
        .where(log.workspace_id == whose, log.contact_id == contact_id, log.counts, log.occurred_at <= until)
        .order_by(log.occurred_at.desc(), log.interaction_id.desc())
        .limit(LOOK_BACK)
    )
    readable = true() if reads_all else notes_read_by(bindparam("reader", type_=BigInteger()))
    said = ("id", "day", "channel", "summary", "note", "note_private", "author_id")

    def worded(looked: Any, most: int) -> Select[Any]:
        return (
            select(looked.contact_id, *(columns[name] for name in said), looked.occurred_at, looked.personal)
            .where(columns.workspace_id == whose, columns.id == looked.interaction_id)
            .where(or_(columns.summary.is_not(None), columns.note.is_not(None) & readable))
            .order_by(looked.occurred_at.desc(), looked.interaction_id.desc())
            .limit(most)
        )

    spoken, latest = newest.where(personal).subquery().c, newest.subquery().c
    return worded(spoken, _SAID), worded(latest, _WRITTEN).where(~latest.personal)


def _point(row: Any, principal: Principal) -> TalkingPoint:
    words = tidy(row.summary or "") or (tidy(row.note or "") if may_read_note(principal, row) else "")
    return TalkingPoint("note", words, row.day, row.channel, bool(row.personal))


def tidy(text: str) -> str:
    """One line, cut at a word where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[:LONGEST].rsplit(" ", 1)[0].rstrip(",;:. ") + " …"


def dated(point: TalkingPoint, today: date) -> str:
    """The date to show beside a point: "due 2 Dec", "9 Apr"; nothing for dates, whose words name the day."""
    if point.day is None or point.kind in ("birthday", "anniversary", "renewal", "other"):
        return ""
    said = short_day(point.day, today)
    return _("due {said}").format(said=said) if point.kind in ("ask", "promise", "their promise") else said
