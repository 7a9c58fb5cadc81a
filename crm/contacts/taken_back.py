"""How people stood before many of them were changed at once: carried in the address that takes the change back."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Connection, select
from starlette.datastructures import QueryParams

from crm.contacts.listing import PAGE
from crm.domain.principal import Principal
from crm.errors import NotFound
from crm.storage.tables import contact
from crm.web.addresses import is_id


def to_tiers(connection: Connection, principal: Principal, ids: Sequence[int]) -> str | None:
    """The address that gives these people back the tiers they have now."""
    return _address(connection, principal, "/people/tier/undo", contact.c.tier, ids)


def to_owners(connection: Connection, principal: Principal, ids: Sequence[int]) -> str | None:
    """The address that gives these people back to whoever looks after them now."""
    return _address(connection, principal, "/people/owner/undo", contact.c.owner_id, ids)


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
