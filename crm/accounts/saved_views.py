"""Views of a list that a user keeps under a name: filters and order, theirs alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Forbidden, Invalid, NotFound
from crm.storage.database import new_id
from crm.storage.insertion import insert_into
from crm.storage.statements import built_once
from crm.storage.tables import saved_view
from crm.storage.text import fold

MOST_VIEWS = 50
NAME_LIMIT = 60
_KEY = ["workspace_id", "user_id", "page", "folded_name"]


@dataclass(frozen=True)
class View:
    """One kept view; ``query`` is what stands behind the question mark."""

    id: int
    name: str
    query: str


def views(connection: Connection, principal: Principal, page: str) -> list[View]:
    """The user's own views of a page of ``VIEWED``, by name."""
    rows = connection.execute(*_views(principal.workspace_id, principal.user_id, page))
    return [View(*row) for row in rows]


@built_once
def _views(whose: Any, user_id: Any, page: Any) -> Select[Any]:
    table = saved_view.c
    return (
        select(table.id, table.name, table.query)
        .where(*_own(whose, user_id, page), table.removed_at.is_(None))
        .order_by(table.folded_name)
    )


def keep(
    connection: Connection, principal: Principal, page: str, name: str, query: str, at: datetime
) -> View | None:
    """Keep a view of a page under a name; returns the one of the same name that it replaced, as it was."""
    name = " ".join(name.split())
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        said = _("Give the view a name of 1 to {most} characters.").format(most=NAME_LIMIT)
        raise Invalid(said, fields={"name": said})
    if principal.user_id is None:
        raise Forbidden(_("Views belong to a user. Sign in to keep one."))
    before = {fold(one.name): one for one in views(connection, principal, page)}
    replaced = before.pop(fold(name), None)
    if len(before) >= MOST_VIEWS:
        said = _("You already have {number} views. Remove one first.").format(number=MOST_VIEWS)
        raise Invalid(said, fields={"name": said})
    insert = insert_into(connection, saved_view)
    values = {"name": name, "query": query, "removed_at": None}
    connection.execute(
        insert.on_conflict_do_update(index_elements=_KEY, set_=values),
        {
            "workspace_id": principal.workspace_id,
            "id": new_id(connection),
            "user_id": principal.user_id,
            "page": page,
            "folded_name": fold(name),
            "created_at": at,
            **values,
        },
    )
    return replaced


def take_away(connection: Connection, principal: Principal, page: str, view_id: int, at: datetime) -> None:
    """Take a view away; ``bring_back`` undoes it."""
    _change(connection, principal, page, view_id, removed_at=at)


def bring_back(connection: Connection, principal: Principal, page: str, view_id: int) -> None:
    """The view is there again."""
    _change(connection, principal, page, view_id, removed_at=None)


def _change(connection: Connection, principal: Principal, page: str, view_id: int, **values: Any) -> None:
    changed = connection.execute(
        saved_view.update()
        .where(*_own(principal.workspace_id, principal.user_id, page), saved_view.c.id == view_id)
        .values(**values)
    )
    if changed.rowcount == 0:
        raise NotFound


def _own(whose: Any, user_id: Any, page: Any) -> tuple[Any, ...]:
    table = saved_view.c
    return table.workspace_id == whose, table.user_id == user_id, table.page == page
