"""How people stood before many of them were changed at once: carried in the address that takes the change back.

The address names what the change made of them too (``MADE``): whoever is otherwise by then was changed since and stays so.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import BigInteger, ColumnElement, Connection, func, select, true, type_coerce
from starlette.datastructures import QueryParams

from crm.contacts.drafts import NOBODY
from crm.contacts.listing import PAGE
from crm.contacts.may_change import these
from crm.domain.principal import Principal
from crm.errors import NotFound
from crm.storage.blocks import blocks
from crm.storage.tables import contact, contact_tag
from crm.storage.types import to_micros
from crm.web.addresses import is_id
from crm.web.flashes import LONGEST_UNDO

GIVE, TAKE = "+", "-"
"""Before a tag in an address: what is to be done with it."""
MADE = "made"
PEOPLE = "contact_ids"

_looked_after_by = func.coalesce(contact.c.owner_id, NOBODY)


@dataclass(frozen=True)
class Back:
    """What such an address asks for (what they had → the people's ids), of those who are still as the change left them;
    ``stay`` is how many are here and are not."""

    to: Mapping[str, list[int]]
    stay: int

    @property
    def everybody(self) -> list[int]:
        """Whoever is to be as before, each once."""
        return list(dict.fromkeys(one for ids in self.to.values() for one in ids))


def to_tiers(connection: Connection, principal: Principal, ids: Sequence[int], tier: str) -> str | None:
    """The address that gives those of these people who are about to get a ``tier`` back the one they have now."""
    stood = _stood(connection, principal, ids, contact.c.tier)
    return _address("/people/tier/undo", tier, [(had, one) for one, had in stood if had != tier])


def to_owners(connection: Connection, principal: Principal, ids: Sequence[int], owner: int) -> str | None:
    """The address that gives those of these people whom ``owner`` is about to look after back to whoever does now."""
    stood = _stood(connection, principal, ids, _looked_after_by)
    return _address("/people/owner/undo", owner, [(had, one) for one, had in stood if had != owner])


def to_present(connection: Connection, principal: Principal, ids: Sequence[int], at: datetime) -> str | None:
    """The address that brings back those of these people who are about to be archived, and are not yet."""
    stood = _stood(connection, principal, ids, contact.c.archived_at)
    return archived([one for one, archived_at in stood if archived_at is None], at)


def archived(ids: Iterable[int], at: datetime) -> str | None:
    """The address that brings these people back, who were archived just now."""
    return _address("/people/archive/undo", to_micros(at), [(PEOPLE, one) for one in ids])


def to_tags(
    connection: Connection, principal: Principal, ids: Sequence[int], tags: Sequence[str], *, given: bool
) -> str | None:
    """The address that gives these tags back to those of these people who have them; or, where they are being ``given``,
    takes them away again from those who have not."""
    if not ids or len(ids) > PAGE:
        return None
    table = contact_tag.c
    theirs = select(table.tag, table.contact_id).where(
        table.workspace_id == principal.workspace_id, table.contact_id.in_(ids), table.tag.in_(tags)
    )
    have = {(row.tag, row.contact_id) for row in connection.execute(theirs)}
    changed = {tag: [one for one in dict.fromkeys(ids) if ((tag, one) in have) != given] for tag in tags}
    sign = TAKE if given else GIVE
    fields = [(sign + tag, ".".join(map(str, those))) for tag, those in changed.items() if those]
    address = f"/people/tags/undo?{urlencode(fields)}"
    return address if fields and len(address) < LONGEST_UNDO else None


def tiers_asked(connection: Connection, principal: Principal, query: QueryParams) -> Back:
    """Tiers, for those who have the one they were given."""
    return _still(connection, principal, _named(query), contact.c.tier == query.get(MADE, ""))


def owners_asked(connection: Connection, principal: Principal, query: QueryParams) -> Back:
    """Ids of users, for those whom the one they were given to looks after."""
    named = _named(query)
    if not all(map(is_id, named)):
        raise NotFound
    return _still(connection, principal, named, _looked_after_by == _number(query))


def present_asked(connection: Connection, principal: Principal, query: QueryParams) -> Back:
    """Those who are archived as of that change."""
    archived_at = type_coerce(contact.c.archived_at, BigInteger)
    return _still(connection, principal, _named(query), archived_at == _number(query))


def tags_asked(connection: Connection, principal: Principal, query: QueryParams) -> Back:
    """Tags, each with what is to be done with it, for those who are here: a tag that somebody gave or took since is as it
    was before."""
    named = {name: value.split(".") for name, value in query.multi_items()}
    for name, ids in named.items():
        if name[:1] not in (GIVE, TAKE) or not all(map(is_id, ids)):
            raise NotFound
    numbers = {name: list(map(int, ids)) for name, ids in named.items()}
    return _still(connection, principal, numbers, true())


def _stood(
    connection: Connection, principal: Principal, ids: Sequence[int], column: ColumnElement[Any]
) -> list[tuple[int, Any]]:
    """What these people have in a column, which nobody changes until the end of the transaction.

    Nothing for more people than a page of the list has: their address would be too long for a cookie.
    """
    if len(ids) > PAGE:
        return []
    theirs = select(contact.c.id, column).where(*these(principal, ids)).order_by(contact.c.id)
    return [(row[0], row[1]) for row in connection.execute(theirs.with_for_update())]


def _address(path: str, made: object, fields: Iterable[tuple[object, int]]) -> str | None:
    had = sorted((str(value), one) for value, one in fields)
    address = f"{path}?{urlencode([(MADE, made), *had])}"
    return address if had and len(address) < LONGEST_UNDO else None


def _named(query: QueryParams) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for value, one in query.multi_items():
        if not is_id(one) and value != MADE:
            raise NotFound
        if value != MADE:
            found[value].append(int(one))
    return found


def _number(query: QueryParams) -> int:
    made = query.get(MADE, "")
    if not is_id(made):
        raise NotFound
    return int(made)


def _still(
    connection: Connection,
    principal: Principal,
    named: Mapping[str, list[int]],
    left_so: ColumnElement[bool],
) -> Back:
    """Of the people named those who are here and as the change left them, which they are until the end of the
    transaction."""
    here: dict[int, bool] = {}
    for block in blocks(one for ids in named.values() for one in ids):
        asked = select(contact.c.id, left_so).where(*these(principal, block)).order_by(contact.c.id)
        here.update((one, bool(is_so)) for one, is_so in connection.execute(asked.with_for_update()))
    to = {value: [one for one in ids if here.get(one)] for value, ids in named.items()}
    return Back({value: ids for value, ids in to.items() if ids}, list(here.values()).count(False))
