"""What tells of one person in the words of others: names, now and before, emails and numbers that are theirs alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select

from crm.contacts.queries import Person
from crm.domain.blanking import Marks, is_telling
from crm.domain.folding import fold
from crm.domain.phones import digits_of
from crm.domain.principal import Principal
from crm.storage.tables import (
    contact,
    contact_email,
    contact_phone,
    import_trace,
    interaction_contact,
    merge,
    user,
)

_SHORTEST_WORD = 3
_WAYS = {"contact_email": "emails", "contact_phone": "phones"}


@dataclass(frozen=True)
class Before:
    """The merges whose records became one person, their ids, and the names and ways they had, also before imports."""

    merges: list[int]
    ids: list[int]
    names: list[str]
    emails: list[str]
    phones: list[str]


def once_called(connection: Connection, principal: Principal, contact_id: int) -> Before:
    """Follow the merges that led to this person, and what imports changed."""
    found, waiting, seen = Before([], [], [], [], []), [contact_id], {contact_id}
    while waiting:
        found.ids.append(waiting.pop())
        mine = (merge.c.workspace_id == principal.workspace_id, merge.c.contact_id == found.ids[-1])
        for row in connection.execute(select(merge).where(*mine)).all():
            found.merges.append(row.id)
            found.names.append(row.gone_name)
            for table, before, _ in row.content["changes"]:
                if before is not None and table == contact.name:
                    found.names.extend(_full_names(before))
                elif before is not None and table in _WAYS:
                    getattr(found, _WAYS[table]).append(before["value"])
            if row.gone_id not in seen:
                seen.add(row.gone_id)
                waiting.append(row.gone_id)
    _add_replaced(connection, principal, found)
    return found


def _add_replaced(connection: Connection, principal: Principal, found: Before) -> None:
    table = import_trace.c
    traces = select(table.before).where(
        table.workspace_id == principal.workspace_id,
        table.record == "contact",
        table.row_id.in_(found.ids),
        table.before.is_not(None),
    )
    for before in connection.execute(traces).scalars():
        found.names.extend(_full_names(before or {}))
        found.emails.extend((before or {}).get("emails", ()))
        found.phones.extend((before or {}).get("phones", ()))


def names_of(one: Person, before: Before) -> set[str]:
    """What this person is and was called, also where somebody else is called so."""
    return {*_full_names(vars(one)), *before.names}


def marks_of(connection: Connection, principal: Principal, one: Person, before: Before) -> Marks:
    """What tells of this person anywhere: nothing that somebody else here is called, or has, too."""
    names = {name for name in names_of(one, before) if is_telling(name)}
    emails = {way.value for way in one.emails} | set(before.emails)
    phones = {way.value for way in one.phones} | set(before.phones)
    called = _others(connection, principal, contact, contact.c.folded_name, one.id)
    with_email = _others(connection, principal, contact_email, contact_email.c.folded, one.id)
    with_phone = _others(connection, principal, contact_phone, contact_phone.c.digits, one.id)
    us = connection.execute(
        select(user.c.name, user.c.email).where(user.c.workspace_id == principal.workspace_id)
    ).all()
    called |= {fold(row.name) for row in us}
    with_email |= {row.email.casefold() for row in us}
    return Marks(
        (name for name in names if fold(name) not in called),
        (email for email in emails if email.casefold() not in with_email),
        (phone for phone in phones if digits_of(phone) not in with_phone),
    )


def marks_beside(connection: Connection, principal: Principal, one: Person, before: Before) -> Marks:
    """What tells of this person in what they took part in: also one word of a name of now or before, where nobody else
    there has it."""
    called, beside = names_of(one, before), _names_beside(connection, principal, one.id)
    taken = {word for name in beside for word in name.split()}
    words = {word.strip(",.") for name in called for word in name.split()}
    alone = {word for word in words if len(word) >= _SHORTEST_WORD and fold(word) not in taken}
    once = {name for name in called if fold(name) not in beside}
    return Marks(
        {*_full_names(vars(one)), *once, *alone},
        (way.value for way in one.emails),
        (way.value for way in one.phones),
    )


def _names_beside(connection: Connection, principal: Principal, contact_id: int) -> set[str]:
    """The folded names of everybody who ever took part in the same as this person."""
    table, other = interaction_contact.c, interaction_contact.alias()
    beside = (
        select(contact.c.folded_name)
        .join(
            other,
            (other.c.workspace_id == contact.c.workspace_id) & (other.c.contact_id == contact.c.id),
        )
        .join(
            interaction_contact,
            (table.workspace_id == other.c.workspace_id) & (table.interaction_id == other.c.interaction_id),
        )
        .where(
            table.workspace_id == principal.workspace_id,
            table.contact_id == contact_id,
            other.c.contact_id != contact_id,
        )
    )
    return set(connection.execute(beside).scalars())


def _full_names(one: Mapping[str, Any]) -> set[str]:
    """The name, and given and family name where both are known."""
    given, family = one.get("given_name"), one.get("family_name")
    return {name for name in (one.get("name"), f"{given} {family}" if given and family else None) if name}


def _others(
    connection: Connection, principal: Principal, table: Table, column: object, contact_id: int
) -> set[str]:
    own = table.c.id if table is contact else table.c.contact_id
    theirs = select(column).where(table.c.workspace_id == principal.workspace_id, own != contact_id)  # type: ignore[call-overload]
    return set(connection.execute(theirs).scalars())
