"""Another address for oneself: to sign in with, and for all mail. It holds once the link that was mailed there is used."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from crm.accounts import queries
from crm.accounts.actions import remember_own_words, require_free, void_links
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Conflict, NotFound
from crm.storage.tables import address_change, outbox, user, workspace
from crm.storage.tables.nudges import UNFINISHED
from crm.web.addresses import is_id
from crm.web.sessions import hash_token

VALID_FOR = timedelta(days=1)
VALID_WORDS = N_("a day")
PAUSE = timedelta(minutes=2)
"""Between two links, so that nobody can fill an inbox through us."""
SPENT = N_("This link has already been used or has expired. Ask for a new one under Settings.")


def require_new(connection: Connection, principal: Principal, email: str, at: datetime) -> None:
    """Conflict, with the sentence at ``email``, where the user cannot move to this address (in its normal form)."""
    if email == connection.execute(_email(principal.workspace_id, principal.user_id)).scalar_one():
        _refuse(_("That is already your address."))
    require_free(connection, principal.workspace_id, email)
    asked = select(address_change.c.created_at).where(*_of(principal.workspace_id, principal.user_id))
    last = connection.execute(asked).scalar_one_or_none()
    if last is not None and last > at - PAUSE:
        _refuse(_("A link went out a moment ago. Wait two minutes, then ask again."))


def _refuse(sentence: str) -> None:
    raise Conflict(sentence, fields={"email": sentence})


def ask(connection: Connection, principal: Principal, email: str, at: datetime) -> str:
    """The token of the link to mail to the new address; an earlier one ends, and nothing changes until it is used."""
    require_new(connection, principal, email, at)
    connection.execute(address_change.delete().where(*_of(principal.workspace_id, principal.user_id)))
    secret = secrets.token_urlsafe(32)
    connection.execute(
        address_change.insert(),
        {
            "workspace_id": principal.workspace_id,
            "user_id": principal.user_id,
            "email": email,
            "token_hash": hash_token(secret),
            "created_at": at,
            "expires_at": at + VALID_FOR,
        },
    )
    return f"{principal.workspace_id}.{secret}"


def forget(connection: Connection, principal: Principal, at: datetime) -> None:
    """The link that waits at a new address ends; nothing has changed, and the pause before the next one stays."""
    mine = address_change.update().where(*_of(principal.workspace_id, principal.user_id))
    connection.execute(mine.values(expires_at=at))


def waiting(connection: Connection, principal: Principal, at: datetime) -> str | None:
    """The address at which a link waits for its user, if one does."""
    mine = select(address_change.c.email).where(*_of(principal.workspace_id, principal.user_id))
    found: str | None = connection.execute(mine.where(address_change.c.expires_at > at)).scalar_one_or_none()
    return found


def change_of(connection: Connection, token: str, at: datetime) -> Any:
    """The row of a link that still holds, with its user's name, team and ``old`` address; NotFound for others."""
    number, _dot, secret = token.partition(".")
    here = (address_change.c.workspace_id == user.c.workspace_id) & (address_change.c.user_id == user.c.id)
    row = None
    if is_id(number) and secret:
        seen = (user.c.name, user.c.email.label("old"), workspace.c.name.label("team"))
        asked = select(address_change, *seen).join(user, here)
        asked = asked.join(workspace, workspace.c.id == user.c.workspace_id)
        of_link = (
            address_change.c.workspace_id == int(number),
            address_change.c.token_hash == hash_token(secret),
        )
        still = (address_change.c.expires_at > at, user.c.active)
        row = connection.execute(asked.where(*of_link, *still)).one_or_none()
    if row is None:
        raise NotFound(_(SPENT))
    return row


def use(connection: Connection, token: str, at: datetime) -> Any:
    """Spend the link: its user has the new address from now on. Returns its row."""
    row = change_of(connection, token, at)
    connection.execute(_email(row.workspace_id, row.user_id).with_for_update())
    # A new password may have ended it until we had its user to ourselves.
    row = change_of(connection, token, at)
    move(connection, row.workspace_id, row.user_id, row.email, at)
    return row


def move(connection: Connection, workspace_id: int, user_id: int, email: str, at: datetime) -> None:
    """The user signs in with ``email`` and gets their mail there, also what waits; the old address stays known as theirs."""
    old = connection.execute(_email(workspace_id, user_id).with_for_update()).scalar_one()
    require_free(connection, workspace_id, email)
    mine = (user.c.workspace_id == workspace_id, user.c.id == user_id)
    connection.execute(user.update().where(*mine).values(email=email))
    remember_own_words(connection, queries.command_line(connection, workspace_id), user_id, [old])
    void_links(connection, workspace_id, user_id, at)
    connection.execute(
        outbox.update()
        .where(
            outbox.c.workspace_id == workspace_id,
            outbox.c.user_id == user_id,
            outbox.c.state.in_(UNFINISHED),
        )
        .values(to_address=email)
    )


def _email(workspace_id: int, user_id: int | None) -> Any:
    return select(user.c.email).where(user.c.workspace_id == workspace_id, user.c.id == user_id)


def _of(workspace_id: int, user_id: int | None) -> tuple[Any, ...]:
    return address_change.c.workspace_id == workspace_id, address_change.c.user_id == user_id
