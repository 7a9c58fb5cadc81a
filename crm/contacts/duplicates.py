"""Records that may be one person: found by what they share, never by comparing everybody with everybody."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, select

from crm.contacts.drafts import own_birthday
from crm.contacts.may_change import require_editor, require_people
from crm.domain.language import gettext as _
from crm.domain.likeness import Face, Likeness, likeness
from crm.domain.phones import digits_of, region_of
from crm.domain.principal import Principal
from crm.errors import Invalid, NotFound
from crm.storage.insertion import insert_unless_there
from crm.storage.tables import (
    contact,
    contact_date,
    contact_email,
    contact_phone,
    kept_apart,
    merge,
    organisation,
    user,
)

CROWD = 12
"""More people than this under one email, whole name or surname of an organisation are no sign of one person."""

LOOKED_AT = 10_000
"""People looked at: what a page may load, and compare in about a second."""


@dataclass(frozen=True)
class Pair:
    """Two records that may be one person, the older first."""

    first: Face
    second: Face
    likeness: Likeness


def suspected(connection: Connection, principal: Principal) -> list[Pair]:
    """Every pair that looks like one person and was not said to be two, most certain first.

    In a workspace of more than ``LOOKED_AT`` people, among those who were changed last.
    """
    faces = _faces(connection, principal)
    apart = set(_kept_apart(connection, principal))
    found = []
    for low, high in sorted(_candidates(faces.values()) - apart):
        seen = likeness(faces[low], faces[high])
        if seen is not None:
            found.append(Pair(faces[low], faces[high], seen))
    return sorted(found, key=lambda pair: (-pair.likeness.points, pair.first.name, pair.first.id))


def _candidates(faces: Iterable[Face]) -> set[tuple[int, int]]:
    """Pairs with an email, all words of the name, or a word of it and the organisation, a phone or the birthday in common."""
    shared: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for face in faces:
        for key in _keys(face):
            shared[key].append(face.id)
    return {
        (low, high)
        for ids in shared.values()
        if len(ids) <= CROWD
        for low in ids
        for high in ids
        if low < high
    }


def _keys(face: Face) -> Iterator[tuple[Any, ...]]:
    for email in face.emails:
        yield "email", email
    yield ("name", *face.words)
    for word in face.words:
        if len(word) > 2 and face.organisation:
            yield "at", word, face.organisation.casefold()
        if face.birthday:
            yield "born", word, face.birthday
        for phone in {digits[-7:] for one in face.phones if (digits := digits_of(one))}:
            yield "phone", word, phone


def _faces(connection: Connection, principal: Principal) -> dict[int, Face]:
    emails = _grouped(connection, principal, contact_email, "folded")
    phones = _grouped(connection, principal, contact_phone, "value")
    birthdays = _birthdays(connection, principal)
    joined = contact.outerjoin(
        organisation,
        (organisation.c.workspace_id == contact.c.workspace_id)
        & (organisation.c.id == contact.c.organisation_id),
    )
    people = (
        select(
            contact.c.id, contact.c.name, contact.c.city, contact.c.country, organisation.c.name.label("at")
        )
        .select_from(joined)
        .where(contact.c.workspace_id == principal.workspace_id, contact.c.id.in_(_looked_at(principal)))
    )
    return {
        row.id: Face(
            row.id,
            row.name,
            frozenset(emails.get(row.id, ())),
            tuple(phones.get(row.id, ())),
            row.at,
            row.city,
            birthdays.get(row.id),
            region_of(row.country, principal.zone.key),
        )
        for row in connection.execute(people)
    }


def _looked_at(principal: Principal) -> Select[Any]:
    """The ids of the people compared."""
    mine = (contact.c.workspace_id == principal.workspace_id, contact.c.archived_at.is_(None))
    return (
        select(contact.c.id)
        .where(*mine)
        .order_by(contact.c.changed_at.desc(), contact.c.id.desc())
        .limit(LOOKED_AT)
    )


def _grouped(connection: Connection, principal: Principal, table: Table, column: str) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    mine = (table.c.workspace_id == principal.workspace_id, table.c.contact_id.in_(_looked_at(principal)))
    for contact_id, value in connection.execute(select(table.c.contact_id, table.c[column]).where(*mine)):
        found.setdefault(contact_id, []).append(value)
    return found


def _birthdays(connection: Connection, principal: Principal) -> dict[int, tuple[int, int]]:
    table = contact_date.c
    mine = select(contact_date).where(
        table.workspace_id == principal.workspace_id, table.kind == "birthday", table.label.is_(None)
    )
    found: dict[int, list[Any]] = {}
    for row in connection.execute(mine):
        found.setdefault(row.contact_id, []).append(row)
    own = {contact_id: own_birthday(rows) for contact_id, rows in found.items()}
    return {contact_id: (one.month, one.day) for contact_id, one in own.items()}


def _kept_apart(connection: Connection, principal: Principal) -> list[tuple[int, int]]:
    mine = select(kept_apart.c.contact_id, kept_apart.c.other_id).where(
        kept_apart.c.workspace_id == principal.workspace_id
    )
    return [(row.contact_id, row.other_id) for row in connection.execute(mine)]


def keep_apart(connection: Connection, principal: Principal, one: int, other: int, at: datetime) -> None:
    """Remember that these are two people; saying so twice is as good as once."""
    require_editor(principal)
    low, high = sorted((one, other))
    require_people(connection, principal, [low, high])
    if low == high:
        raise Invalid(_("That is the same record."))
    row = {
        "workspace_id": principal.workspace_id,
        "contact_id": low,
        "other_id": high,
        "said_by": principal.user_id,
        "said_at": at,
    }
    insert_unless_there(connection, kept_apart, row, ["workspace_id", "contact_id", "other_id"])


def ask_again(connection: Connection, principal: Principal, one: int, other: int) -> None:
    """Forget that these were said to be two people; NotFound where nobody said so."""
    require_editor(principal)
    low, high = sorted((one, other))
    table = kept_apart.c
    gone = connection.execute(
        kept_apart.delete().where(
            table.workspace_id == principal.workspace_id, table.contact_id == low, table.other_id == high
        )
    )
    if gone.rowcount == 0:
        raise NotFound


@dataclass(frozen=True)
class Merged:
    """A merge that can be undone: who stayed (None: gone by a later merge), who went, when and by whom."""

    id: int
    contact_id: int
    name: str | None
    gone_name: str
    merged_at: datetime
    by: str | None


def merged_lately(
    connection: Connection, principal: Principal, limit: int = 20, *, contact_id: int | None = None
) -> list[Merged]:
    """The latest merges that were not undone, newest first; with ``contact_id`` those of whom this person is made."""
    joined = merge.outerjoin(
        contact, (contact.c.workspace_id == merge.c.workspace_id) & (contact.c.id == merge.c.contact_id)
    ).outerjoin(user, (user.c.workspace_id == merge.c.workspace_id) & (user.c.id == merge.c.merged_by))
    asked = (
        select(
            *(merge.c[name] for name in ("id", "contact_id", "gone_name", "merged_at")),
            contact.c.name,
            user.c.name.label("by"),
        )
        .select_from(joined)
        .where(merge.c.workspace_id == principal.workspace_id)
        .order_by(merge.c.merged_at.desc(), merge.c.id.desc())
        .limit(limit)
    )
    rows = connection.execute(asked if contact_id is None else asked.where(merge.c.contact_id == contact_id))
    return [Merged(row.id, row.contact_id, row.name, row.gone_name, row.merged_at, row.by) for row in rows]


def apart_lately(
    connection: Connection, principal: Principal, limit: int = 20
) -> list[tuple[int, str, int, str]]:
    """The latest pairs that were said to be two people: id and name of each."""
    table, one, other = kept_apart.c, contact.alias(), contact.alias()
    joined = kept_apart.join(
        one, (one.c.workspace_id == table.workspace_id) & (one.c.id == table.contact_id)
    ).join(other, (other.c.workspace_id == table.workspace_id) & (other.c.id == table.other_id))
    rows = connection.execute(
        select(one.c.id, one.c.name, other.c.id, other.c.name)
        .select_from(joined)
        .where(table.workspace_id == principal.workspace_id)
        .order_by(table.said_at.desc(), table.contact_id, table.other_id)
        .limit(limit)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]
