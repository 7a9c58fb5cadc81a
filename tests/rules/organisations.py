"""Organisations for tests of the rules about them."""

from typing import Any

from crm.storage.database import new_id
from crm.storage.tables import organisation
from crm.storage.text import fold
from tests.builders import World


def account(world: World, name: str, tier: str = "key", **columns: Any) -> int:
    """An organisation; returns the id."""
    values = {
        "folded_name": fold(name),
        "search": fold(name),
        "kind": "partner",
        "created_at": world.now,
        **columns,
    }
    with world.database.write() as connection:
        found = new_id(connection)
        row = {"workspace_id": world.workspace_id, "id": found, "name": name, "tier": tier, **values}
        connection.execute(organisation.insert(), row)
    return found
