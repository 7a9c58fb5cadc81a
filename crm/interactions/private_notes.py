"""Whose a private note is: its author's alone, and of the command line, which has all rights."""

from typing import Any

from sqlalchemy import ColumnElement, Row, or_, true

from crm.domain.principal import Principal
from crm.storage.tables import interaction


def is_authors(principal: Principal, row: Row[Any]) -> bool:
    """Whether the note of this interaction is the principal's to keep private, or to make public."""
    return principal.user_id is None or row.author_id == principal.user_id


def may_read_note(principal: Principal, row: Row[Any]) -> bool:
    """Whether the principal may read the note of this interaction, and change it."""
    return not row.note_private or is_authors(principal, row)


def notes_to_read(principal: Principal) -> ColumnElement[bool]:
    """``may_read_note`` in SQL, of the row of ``interaction``."""
    return true() if principal.user_id is None else notes_read_by(principal.user_id)


def notes_read_by(user_id: Any) -> ColumnElement[bool]:
    """The same for a user: an id, or what stands for one in SQL."""
    return or_(~interaction.c.note_private, interaction.c.author_id == user_id)
