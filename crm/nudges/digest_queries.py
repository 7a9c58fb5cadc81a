"""What the team digest counts: whom the team only knows through a screen, and accounts nobody has met."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from crm.domain.principal import Principal
from crm.rules.accounts import accounts
from crm.rules.queries import Flag, flags
from crm.rules.states import active_rules
from crm.storage.stored_metrics import current

SCREEN_ONLY = "screen_only"


@dataclass(frozen=True)
class Accounts:
    """Key organisations with people: how many there are, and those where nobody was met in 365 days, by size and name."""

    number: int
    unmet: tuple[tuple[str, int], ...]


def screen_only(connection: Connection, principal: Principal, at: datetime) -> list[Flag]:
    """Key people only reached through a screen, as the rule says; none where the team has switched it off."""
    rules = [one for one in active_rules(connection, principal) if one.key == SCREEN_ONLY]
    return flags(connection, principal, at, rules=rules, relation=current(principal.workspace_id))


def key_accounts(connection: Connection, principal: Principal) -> Accounts:
    """From the stored metrics, which are brought up to date before."""
    found = accounts(principal, current(principal.workspace_id))
    rows = connection.execute(
        select(found.c.name, found.c.contacts_count, found.c.met_count)
        .where(found.c.tier == "key")
        .order_by(found.c.contacts_count.desc(), func.lower(found.c.name), found.c.id)
    ).all()
    return Accounts(
        len(rows), tuple((row.name, int(row.contacts_count)) for row in rows if not row.met_count)
    )
