"""Whom a command is about: one person, by email or id."""

from sqlalchemy import Connection

from crm.contacts.queries import contact_named, with_email
from crm.domain.principal import Principal
from crm.errors import Invalid, NotFound
from crm.web.addresses import is_id


def contact_meant(connection: Connection, principal: Principal, who: str) -> int:
    """The id of the person with this email or id; Invalid, in a sentence, where there is none or are several."""
    if is_id(who):
        try:
            return contact_named(connection, principal, int(who))[0]
        except NotFound:
            raise Invalid(f"Nobody here has the id {who}.") from None
    found = with_email(connection, principal, who)
    if len(found) > 1:
        ids = ", ".join(map(str, found))
        raise Invalid(f"{len(found)} people have {who}. Say which by id: {ids}.")
    if not found:
        raise Invalid(f"Nobody here has the email {who}.")
    return found[0]
