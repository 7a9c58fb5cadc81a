"""Reading the log."""

from sqlalchemy import Connection, select

from crm.domain.channels import Channel
from crm.domain.principal import Principal
from crm.storage.tables import channel


def channels(connection: Connection, principal: Principal) -> list[Channel]:
    """The workspace's channels in the order it shows them."""
    rows = connection.execute(
        select(channel).where(channel.c.workspace_id == principal.workspace_id).order_by(channel.c.position)
    )
    return [Channel(row.key, row.label, row.digital, row.live, row.in_person, row.by_hand) for row in rows]
