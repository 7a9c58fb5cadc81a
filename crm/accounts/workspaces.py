"""Making a workspace."""

from datetime import datetime

from sqlalchemy import Connection

from crm.domain.channels import SHIPPED
from crm.storage.database import new_id
from crm.storage.tables import channel, workspace


def create_workspace(connection: Connection, name: str, time_zone: str, at: datetime) -> int:
    """A new workspace with the shipped channels; returns its id. The name must be free."""
    workspace_id = new_id(connection)
    connection.execute(
        workspace.insert(), {"id": workspace_id, "name": name, "time_zone": time_zone, "created_at": at}
    )
    connection.execute(
        channel.insert(),
        [
            {
                "workspace_id": workspace_id,
                "key": one.key,
                "label": one.label,
                "digital": one.digital,
                "live": one.live,
                "in_person": one.in_person,
                "by_hand": one.by_hand,
                "position": position,
            }
            for position, one in enumerate(SHIPPED)
        ],
    )
    return workspace_id
