"""What the team digest counts: whom the team only knows through a screen, and accounts nobody has met."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from crm.domain.principal import Principal
from crm.domain.rules import SHIPPED
from crm.rules.accounts import accounts
from crm.rules.queries import Flag, flags, same_contact
from crm.storage.presence import is_present
from crm.storage.stored_metrics import current
from crm.storage.tables import contact, organisation

SCREEN_ONLY = next(one for one in SHIPPED if one.key == "screen_only")
"""It says of people in the zone of that name how they were reached, whatever became of the team's own rule."""


@dataclass(frozen=True)
class ScreenOnly:
    """Key people in the zone *screen-only*: how many there are, and what there is to say of the first by name."""

    number: int
    first: tuple[Flag, ...]


@dataclass(frozen=True)
class Accounts:
    """Key organisations with people: how many there are, and those where nobody was met in 365 days, by size and name.
    ``empty``: how many more have no people."""

    number: int
    unmet: tuple[tuple[str, int], ...]
    empty: int


def screen_only(connection: Connection, principal: Principal, at: datetime, most: int) -> ScreenOnly:
    """From the stored metrics, which are brought up to date before; at most so many are told of."""
    metrics = current(principal.workspace_id)
    ids = connection.execute(
        select(contact.c.id)
        .join(metrics, same_contact(principal.workspace_id, metrics))
        .where(metrics.c.tier == "key", metrics.c.zone == "screen_only", is_present())
        .order_by(func.lower(contact.c.name), contact.c.id)
    ).scalars()
    found = list(ids)
    told = flags(connection, principal, at, rules=[SCREEN_ONLY], relation=metrics, contact_ids=found[:most])
    return ScreenOnly(len(found), tuple(told))


def key_accounts(connection: Connection, principal: Principal) -> Accounts:
    """From the stored metrics, which are brought up to date before."""
    found = accounts(principal, current(principal.workspace_id))
    rows = connection.execute(
        select(found.c.name, found.c.contacts_count, found.c.met_count)
        .where(found.c.tier == "key")
        .order_by(found.c.contacts_count.desc(), func.lower(found.c.name), found.c.id)
    ).all()
    here = (organisation.c.workspace_id == principal.workspace_id, organisation.c.archived_at.is_(None))
    number = select(func.count()).select_from(organisation).where(*here, organisation.c.tier == "key")
    unmet = tuple((row.name, int(row.contacts_count)) for row in rows if not row.met_count)
    return Accounts(len(rows), unmet, int(connection.execute(number).scalar_one()) - len(rows))
