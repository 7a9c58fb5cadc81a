"""Who is with us, neither archived nor deceased (whom lists, rules, plans and mails are about), and how to reach them."""

from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from crm.storage.tables import contact, contact_address, contact_email


def is_present(of: Any = contact) -> ColumnElement[bool]:
    """Whether a row of ``contact``, or of an alias of it, is neither archived nor deceased."""
    return and_(of.c.archived_at.is_(None), of.c.deceased_on.is_(None))


def is_kept_by(user_id: Any) -> ColumnElement[bool]:
    """Whom the user looks after and a week can hold. Whoever has a tier and no owner is in nobody's week."""
    return and_(is_present(), contact.c.owner_id == user_id, contact.c.tier != "none")


def is_gone() -> ColumnElement[bool]:
    """The opposite, in the words of the index of the few of whom it is true."""
    return or_(contact.c.archived_at.is_not(None), contact.c.deceased_on.is_not(None))


def is_first_email() -> ColumnElement[bool]:
    """Whether a row of ``contact_email`` is the first of the row of ``contact`` beside it: what an outer join is on."""
    return and_(
        contact_email.c.workspace_id == contact.c.workspace_id,
        contact_email.c.contact_id == contact.c.id,
        contact_email.c.position == 0,
    )


def has_address() -> ColumnElement[bool]:
    """Whether the row of ``contact`` beside it has a postal address."""
    table = contact_address.c
    theirs = and_(table.workspace_id == contact.c.workspace_id, table.contact_id == contact.c.id)
    return select(table.contact_id).where(theirs).exists()
