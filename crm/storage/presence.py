"""Who is with us: contacts that are neither archived nor deceased, whom lists, rules, plans and mails are about."""

from typing import Any

from sqlalchemy import ColumnElement, and_

from crm.storage.tables import contact


def is_present(of: Any = contact) -> ColumnElement[bool]:
    """Whether a row of ``contact``, or of an alias of it, is neither archived nor deceased."""
    return and_(of.c.archived_at.is_(None), of.c.deceased_on.is_(None))
