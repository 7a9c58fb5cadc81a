"""What people say of files that can be read in several ways: asked once, and remembered."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from crm.accounts.actions import remember_own_words
from crm.accounts.queries import sole_user
from crm.contacts.may_change import require_editor
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Invalid
from crm.imports.cells import excerpt
from crm.imports.chat_people import identity
from crm.imports.matching import Ambiguous, People
from crm.imports.phrases import worded
from crm.imports.records import Choice
from crm.storage.tables import import_mapping

NAMES_US, NAMES_DAYS = ":me", ":days"
"""How the keys of the two questions end: which name is us, and which number of a date is the day."""
NAMES_WHO = "who:"
"""How the keys of names begin of which somebody said whose they are."""


def choose(connection: Connection, principal: Principal, choice: Choice, value: str, at: datetime) -> None:
    """Remember an answer: a name of ours with the user, all else with the file it is about."""
    require_editor(principal)
    if value not in (one for one, _ in choice.options):
        raise Invalid(_("Choose one of the answers offered."))
    if choice.key.endswith(NAMES_US) and value:
        remember_own_name(connection, principal, value)
    else:
        remember(connection, principal, choice.key, [value], at)


def remember_own_name(connection: Connection, principal: Principal, name: str) -> None:
    """This is what the user is called in chats; on the command line the only active one, if there is one."""
    user_id = principal.user_id if principal.user_id is not None else sole_user(connection, principal)
    if user_id is not None:
        remember_own_words(connection, principal, user_id, [name])


def meant_by(connection: Connection, principal: Principal, name: str, person: str) -> tuple[str, list[str]]:
    """That whoever chats and phones call so is this person (an email, or a name), as it is remembered for the team."""
    people = People(connection, principal)
    people.load_references([person])
    try:
        known = people.refer(person)
    except Ambiguous as several:
        raise Invalid(worded(several.question)) from None
    if known is None:
        words = _("Nobody here is called “{name}”, and nobody has it as an email.")
        raise Invalid(words.format(name=excerpt(person)))
    return NAMES_WHO + identity(name), [person]


def remember_who(connection: Connection, principal: Principal, name: str, person: str, at: datetime) -> None:
    """Whoever chats and phones call so is this person from now on, for the whole team."""
    remember(connection, principal, *meant_by(connection, principal, name, person), at)


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
