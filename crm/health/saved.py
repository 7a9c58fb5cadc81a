"""Views of the health page that a user keeps under a name: filters and order, theirs alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from crm.domain.principal import Principal
from crm.errors import Forbidden, Invalid, NotFound
from crm.storage.database import new_id
from crm.storage.tables import saved_view

MOST_VIEWS = 50
NAME_LIMIT = 60


@dataclass(frozen=True)
class View:
    """One kept view; ``query`` is what stands behind the question mark."""

    id: int
    name: str
    query: str


def views(connection: Connection, principal: Principal) -> list[View]:
    """The user's own views, by name."""
    table = saved_view.c
    statement = (
        select(table.id, table.name, table.query)
        .where(*_own(principal), table.removed_at.is_(None))
        .order_by(func.lower(table.name), table.id)
    )
    return [View(*row) for row in connection.execute(statement)]


def keep(connection: Connection, principal: Principal, name: str, query: str, at: datetime) -> None:
    """Keep a view under a name; one of the same name is replaced."""
    name = " ".join(name.split())
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        raise Invalid(f"Give the view a name of 1 to {NAME_LIMIT} letters.")
    if principal.user_id is None:
        raise Forbidden("Views belong to a user. Sign in to keep one.")
    present = views(connection, principal)
    same = next((one for one in present if one.name.casefold() == name.casefold()), None)
    if same:
        _change(connection, principal, same.id, name=name, query=query)
        return
    if len(present) >= MOST_VIEWS:
        raise Invalid(f"You keep {MOST_VIEWS} views already. Take one away first.")
    keys = {"workspace_id": principal.workspace_id, "id": new_id(connection), "user_id": principal.user_id}
    connection.execute(saved_view.insert(), {**keys, "name": name, "query": query, "created_at": at})


def take_away(connection: Connection, principal: Principal, view_id: int, at: datetime) -> None:
    """Take a view away; ``bring_back`` undoes it."""
    _change(connection, principal, view_id, removed_at=at)


def bring_back(connection: Connection, principal: Principal, view_id: int) -> None:
    """The view is there again."""
    _change(connection, principal, view_id, removed_at=None)


def _change(connection: Connection, principal: Principal, view_id: int, **values: Any) -> None:
    changed = connection.execute(
        saved_view.update().where(*_own(principal), saved_view.c.id == view_id).values(**values)
    )
    if changed.rowcount == 0:
        raise NotFound


def _own(principal: Principal) -> tuple[Any, ...]:
    table = saved_view.c
    return table.workspace_id == principal.workspace_id, table.user_id == principal.user_id
