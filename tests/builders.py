"""Builders that ask only for what matters to a test."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from crm.accounts.workspaces import create_workspace
from crm.domain.principal import Principal, Role
from crm.interactions import actions
from crm.interactions.actions import Entry
from crm.storage.database import Database, new_id
from crm.storage.insertion import insert_of
from crm.storage.stored_metrics import STALE
from crm.storage.tables import contact, contact_metrics, organisation, user
from crm.storage.text import fold

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""Monday noon, the moment of most tests."""


@dataclass
class World:
    """One workspace in a real database, and the moment it is looked at."""

    database: Database
    workspace_id: int
    zone: ZoneInfo
    now: datetime = NOW
    is_read_stored: bool = False
    """Whether stored figures are read as they are; else whoever reads them works them out once for all entries."""
    principal: Principal = field(init=False)

    def __post_init__(self) -> None:
        self.principal = Principal(self.workspace_id, None, "admin", self.zone, self.zone)

    @classmethod
    def create(cls, database: Database, name: str = "Our team", zone: str = "UTC") -> "World":
        with database.write() as connection:
            workspace_id = create_workspace(connection, name, zone, NOW)
        return cls(database, workspace_id, ZoneInfo(zone))

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def user(self, name: str = "Alice Meyer", role: Role = "admin", **columns: Any) -> Principal:
        """A user, as the principal that acts for them."""
        values = {
            "email": f"{name.split(maxsplit=1)[0].lower()}@team.example",
            "time_zone": str(self.zone),
            **columns,
        }
        with self.database.write() as connection:
            user_id = new_id(connection)
            connection.execute(
                user.insert(),
                {
                    "workspace_id": self.workspace_id,
                    "id": user_id,
                    "name": name,
                    "role": role,
                    "created_at": self.now,
                    **values,
                },
            )
        return Principal(self.workspace_id, user_id, role, self.zone, ZoneInfo(values["time_zone"]))

    def contact(self, name: str = "Marta Kowalczyk", **columns: Any) -> int:
        """A contact, known for two years unless said otherwise; returns the id."""
        values: dict[str, Any] = {
            "kind": "partner",
            "tier": "key",
            "created_on": self.today - timedelta(days=730),
            "created_at": self.now,
            "changed_at": self.now,
            "folded_name": fold(name),
            "search": fold(name),
            **columns,
        }
        with self.database.write() as connection:
            contact_id = new_id(connection)
            connection.execute(
                contact.insert(),
                {"workspace_id": self.workspace_id, "id": contact_id, "name": name, **values},
            )
            mark_stale(connection, self.workspace_id, [contact_id])
        return contact_id

    def organisation(self, name: str = "Northgate Logistics", **columns: Any) -> int:
        """An organisation, key unless said otherwise; returns the id."""
        values: dict[str, Any] = {"kind": "partner", "tier": "key", "created_at": self.now, **columns}
        values = {"folded_name": fold(name), "search": fold(name), **values}
        with self.database.write() as connection:
            organisation_id = new_id(connection)
            row = {"workspace_id": self.workspace_id, "id": organisation_id, "name": name, **values}
            connection.execute(organisation.insert(), row)
        return organisation_id

    def log(self, channel: str, days_ago: float | None = None, *contacts: int, **entry: Any) -> int:
        """Log one interaction, at noon that many days ago unless ``occurred_at`` is given; returns the id.

        ``logged_at`` is when it is written down, now if left out.
        """
        if days_ago is not None:
            noon = datetime.combine(self.today, time(11), self.zone)
            entry.setdefault("occurred_at", (noon - timedelta(days=days_ago)).astimezone(UTC))
        by, at = entry.pop("by", self.principal), entry.pop("logged_at", self.now)
        made = Entry(channel=channel, contact_ids=contacts, **entry)
        refresh = actions.refresh_people if self.is_read_stored else _leave_stale
        with self.database.write() as connection, patch.object(actions, "refresh_people", refresh):
            return actions.log_interaction(connection, by, made, at)


def mark_stale(connection: Connection, workspace_id: int, contact_ids: Iterable[int]) -> None:
    """Their stored metrics are worked out again before they are read."""
    rows = [{"workspace_id": workspace_id, "contact_id": one, "fresh_until": STALE} for one in contact_ids]
    connection.execute(_stale_statement(connection.dialect.name), rows)


@cache
def _stale_statement(dialect: str) -> Any:
    insert = insert_of(dialect, contact_metrics)
    changes = {"fresh_until": STALE, "then_on": None, "settled_on": None}
    return insert.on_conflict_do_update(index_elements=["workspace_id", "contact_id"], set_=changes)


def mark_everyone_stale(connection: Connection, workspace_id: int) -> None:
    """The same of everybody in the workspace."""
    mine = contact_metrics.c.workspace_id == workspace_id
    connection.execute(contact_metrics.update().where(mine).values(fresh_until=STALE, then_on=None))


def _leave_stale(
    connection: Connection, principal: Principal, contact_ids: Iterable[int], at: datetime, **changed: date
) -> dict[int, str | None]:
    mark_stale(connection, principal.workspace_id, list(contact_ids))
    return {}
