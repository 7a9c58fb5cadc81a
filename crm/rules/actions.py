"""Changing rules."""

from datetime import datetime

from sqlalchemy import Connection

from crm.domain.principal import Principal
from crm.domain.rules import ALL
from crm.errors import Forbidden
from crm.rules.queries import one_rule
from crm.storage.insertion import insert_into
from crm.storage.tables import rule


def switch_rule(connection: Connection, principal: Principal, key: str, enabled: bool, at: datetime) -> None:
    """Switch a rule on or off for the whole workspace; doing it twice is doing it once."""
    if not principal.may_edit:
        raise Forbidden("Rules are changed by members. Ask an admin to make you one.")
    found = one_rule(key)
    insert = insert_into(connection, rule).values(
        workspace_id=principal.workspace_id,
        key=found.key,
        enabled=enabled,
        position=ALL.index(found),
        changed_at=at,
    )
    changes = {"enabled": insert.excluded.enabled, "changed_at": insert.excluded.changed_at}
    connection.execute(insert.on_conflict_do_update(index_elements=["workspace_id", "key"], set_=changes))
