"""How people stood before many of them were changed at once: carried in the address that takes the change back."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Connection, select
from starlette.datastructures import QueryParams

from crm.contacts.listing import PAGE
from crm.domain.principal import Principal
from crm.errors import NotFound
from crm.storage.tables import contact, contact_tag
from crm.web.addresses import is_id
from crm.web.flashes import LONGEST_UNDO

GIVE, TAKE = "+", "-"
"""Before a tag in an address: what is to be done with it."""


def to_tiers(connection: Connection, principal: Principal, ids: Sequence[int]) -> str | None:
    """The address that gives these people back the tiers they have now."""
    return _address(connection, principal, "/people/tier/undo", contact.c.tier, ids)


def to_owners(connection: Connection, principal: Principal, ids: Sequence[int]) -> str | None:
    """The address that gives these people back to whoever looks after them now."""
    return _address(connection, principal, "/people/owner/undo", contact.c.owner_id, ids)


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


def tags_asked(query: QueryParams) -> list[tuple[str, list[int], bool]]:
    """What such an address says: a tag, the people's ids, and whether they get it or lose it."""
    found = []
    for name, value in query.multi_items():
        ids = value.split(".")
        if name[:1] not in (GIVE, TAKE) or not all(map(is_id, ids)):
            raise NotFound
        found.append((name[1:], [int(one) for one in ids], name[0] == GIVE))
    return found


def asked(query: QueryParams) -> Mapping[str, list[int]]:
    """What such an address says: the tier or owner → the people's ids."""
    found: dict[str, list[int]] = defaultdict(list)
    for value, one in query.multi_items():
        if not is_id(one):
            raise NotFound
        found[value].append(int(one))
    return found


def _address(
    connection: Connection,
    principal: Principal,
    path: str,
    column: ColumnElement[str] | ColumnElement[int],
    ids: Sequence[int],
) -> str | None:
    """None for more people than a page of the list has: their address would be too long for a cookie."""
    if not ids or len(ids) > PAGE:
        return None
    stood = connection.execute(
        select(contact.c.id, column).where(
            contact.c.workspace_id == principal.workspace_id, contact.c.id.in_(ids)
        )
    )
    return f"{path}?{urlencode(sorted((str(value or 0), one) for one, value in stood))}"
