"""What people say of files that can be read in several ways: asked once, and remembered."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from crm.accounts.actions import remember_own_words
from crm.accounts.queries import sole_user
from crm.contacts.actions import require_editor
from crm.domain.principal import Principal
from crm.errors import Invalid
from crm.imports.records import Choice
from crm.storage.tables import import_mapping

NAMES_US, NAMES_DAYS = ":me", ":days"
"""How the keys of the two questions end: which name is us, and which number of a date is the day."""


def choose(connection: Connection, principal: Principal, choice: Choice, value: str, at: datetime) -> None:
    """Remember an answer: a name of ours with the user, all else with the file it is about."""
    require_editor(principal)
    if value not in (one for one, _ in choice.options):
        raise Invalid("Choose one of the answers that are offered.")
    if choice.key.endswith(NAMES_US) and value:
        remember_own_name(connection, principal, value)
    else:
        remember(connection, principal, choice.key, [value], at)


def remember_own_name(connection: Connection, principal: Principal, name: str) -> None:
    """This is what the user is called in chats; on the command line the only active one, if there is one."""
    user_id = principal.user_id if principal.user_id is not None else sole_user(connection, principal)
    if user_id is not None:
        remember_own_words(connection, principal, user_id, [name])


def remember(
    connection: Connection, principal: Principal, fingerprint: str, fields: Sequence[str], at: datetime
) -> None:
    """Read files with this fingerprint so from now on, whoever brings one."""
    mine = (
        import_mapping.c.workspace_id == principal.workspace_id,
        import_mapping.c.fingerprint == fingerprint,
    )
    held = select(import_mapping.c.fingerprint).where(*mine)
    values = {"fields": list(fields), "changed_at": at}
    if connection.execute(held).first() is None:
        names = {"workspace_id": principal.workspace_id, "fingerprint": fingerprint}
        connection.execute(import_mapping.insert(), {**names, **values})
    else:
        connection.execute(import_mapping.update().where(*mine).values(**values))
