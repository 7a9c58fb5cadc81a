"""Every text of every table: where one person is named in rows that are not about them, and taking that out.

Tables are read from the metadata, so that a new one is looked through without being named here.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    String,
    Table,
    Text,
    and_,
    bindparam,
    or_,
    select,
    type_coerce,
)

from crm.domain.blanking import Marks
from crm.domain.mail_reply import links_alone
from crm.storage.tables import idempotency_key, metadata, outbox, saved_view
from crm.storage.types import Json

NAMES_OF_OTHERS = {
    "contact": {"name", "given_name", "family_name", "folded_name", "search"},
    "organisation": {"name", "folded_name", "domain", "search"},
    "user": {"name", "email"},
    "workspace": {"name"},
}
"""What others are called is theirs, also where it sounds like whoever is erased."""

PUT_AWAY: dict[Table, dict[str, Any]] = {
    outbox: dict.fromkeys(("subject", "text", "html", "headers")),
    idempotency_key: {"status": 410, "body": None, "location": None, "request_hash": ""},
}
"""Rows of which the whole text goes, not the name alone: mails as they were written but for their links, and answers to
programs with the digest of what was sent."""


def texts_of(table: Table) -> list[Column[Any]]:
    """The columns of a table that may hold somebody's words."""
    left = NAMES_OF_OTHERS.get(table.name, set())
    return [
        column
        for column in table.c
        if isinstance(column.type, String | Text | Json) and column.name not in left
    ]


def take_out(connection: Connection, workspace_id: int, marks: Marks) -> Counter[str]:
    """Take the person out of every text of the workspace; returns how many rows of which table changed or went.

    A row whose key names them goes, since it would be another one without. Mails and answers to programs come last: others
    work on those all the time, and what is changed here is locked until the end.
    """
    changed: Counter[str] = Counter()
    for table in sorted(metadata.sorted_tables, key=lambda one: one in PUT_AWAY):
        if "workspace_id" in table.c:
            for row in _named_in(connection, table, workspace_id, marks):
                changed[table.name] += _settle(connection, table, row, marks)
    changed[saved_view.name] += _forget_views(connection, workspace_id, marks)
    return +changed


def _named_in(connection: Connection, table: Table, workspace_id: int, marks: Marks) -> Iterator[Row[Any]]:
    columns = texts_of(table)
    if not columns or not marks.patterns:
        return
    likely = or_(*(type_coerce(one, Text).ilike(like) for one in columns for like in marks.patterns))
    keys = [one for one in table.primary_key if one not in set(columns)]
    mine = select(*keys, *columns).where(table.c.workspace_id == workspace_id, likely)
    for row in connection.execute(mine).all():
        if any(marks.blank(value) != value for value in row):
            yield row


def _settle(connection: Connection, table: Table, row: Row[Any], marks: Marks) -> bool:
    before = dict(row._mapping)
    key = [each.name for each in table.primary_key]
    this = and_(*(table.c[name] == before[name] for name in key))
    values = {name: new for name, value in before.items() if (new := marks.blank(value)) != value}
    if values.keys() & set(key):
        connection.execute(table.delete().where(this))
        return True
    values |= PUT_AWAY.get(table, {})
    if table is outbox:
        values["text"] = links_alone(before["text"])
    if "version" in table.c:
        values = {**values, "version": table.c.version + 1}
    connection.execute(table.update().where(this).values(**values))
    return True


def put_away_mails(connection: Connection, which: ColumnElement[bool]) -> None:
    """The words of these mails go. Their links stay: an answer that says "2. done" is understood by them."""
    mail = outbox.c
    found = connection.execute(select(mail.workspace_id, mail.id, mail.text).where(which)).all()
    if found:
        this = (mail.workspace_id == bindparam("whose"), mail.id == bindparam("mail_id"))
        blank = outbox.update().where(*this).values(PUT_AWAY[outbox] | {"text": bindparam("links")})
        rows = [{"whose": one[0], "mail_id": one[1], "links": links_alone(one[2])} for one in found]
        connection.execute(blank, rows)


def _forget_views(connection: Connection, workspace_id: int, marks: Marks) -> int:
    """Addresses write names in their own way."""
    mine = saved_view.c.workspace_id == workspace_id
    views = connection.execute(select(saved_view.c.id, saved_view.c.query).where(mine)).all()
    gone = [row.id for row in views if marks.tell_in(unquote_plus(row.query))]
    if gone:
        connection.execute(saved_view.delete().where(mine, saved_view.c.id.in_(gone)))
    return len(gone)
