"""Mail that came back, and addresses that get none any more until somebody says otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select

from crm.accounts.addresses import normal_email
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import NotFound, require_admin
from crm.mail.message import clean_line, new_message_id
from crm.nudges import outbox as mails
from crm.storage.database import new_id
from crm.storage.insertion import insert_into, insert_unless_there
from crm.storage.tables import mail_return, mail_stop, outbox, user

NOTICE = "address stopped"
"""The purpose of the mail that tells an admin of an address that takes no mail."""
SAID_LIMIT = 300
MOST_STOPS = 50


@dataclass(frozen=True)
class Stop:
    """An address that gets no mail, since when, and what its server said; ``name`` is whose it is."""

    id: int
    address: str
    name: str
    said: str
    stopped_at: datetime


@dataclass(frozen=True)
class Returned:
    """A mail of ours that came back: ``said`` on one line, ``for_good`` if its address will take none."""

    key: str
    said: str
    for_good: bool


def mail_of(connection: Connection, message_ids: Sequence[str]) -> Row[Any] | None:
    """The mail of the outbox that has one of these Message-IDs, of whichever workspace: nobody can guess one."""
    found = select(outbox).where(outbox.c.message_id.in_(list(message_ids))).order_by(outbox.c.id.desc())
    return connection.execute(found.limit(1)).one_or_none() if message_ids else None


def keep_return(connection: Connection, mail: Row[Any], came: Returned, domain: str, at: datetime) -> bool:
    """A mail came back: shown beside it, and for good, the end of mail to that address. False if it was told before."""
    row = {
        "workspace_id": mail.workspace_id,
        "id": new_id(connection),
        "outbox_id": mail.id,
        "message_key": came.key,
        "for_good": came.for_good,
        "said": clean_line(came.said, SAID_LIMIT),
        "at": at,
    }
    if not insert_unless_there(connection, mail_return, row, ["workspace_id", "message_key"]):
        return False
    if came.for_good:
        stop(connection, mail.workspace_id, mail.to_address, came.said, domain, at)
    return True


def stop(
    connection: Connection, workspace_id: int, address: str, said: str, domain: str, at: datetime
) -> bool:
    """No more mail to that address; every admin whom mail reaches is told. False if none went there before.

    ``domain`` is what new Message-IDs end in.
    """
    taken = normal_email(address)
    row: dict[str, Any] = {
        "workspace_id": workspace_id,
        "id": new_id(connection),
        "address": taken,
        "said": clean_line(said, SAID_LIMIT),
        "stopped_at": at,
    }
    statement = insert_into(connection, mail_stop).on_conflict_do_nothing()
    kept = connection.execute(statement, row, execution_options={"preserve_rowcount": True})
    if kept.rowcount != 1:
        return False
    for admin in connection.execute(_admins(workspace_id, taken)):
        mails.put(
            connection,
            workspace_id=workspace_id,
            user_id=admin.id,
            purpose=NOTICE,
            week=str(row["id"]),
            to_address=admin.email,
            message_id=new_message_id(domain),
            due_at=at,
            at=at,
        )
    return True


def _admins(workspace_id: int, address: str) -> Any:
    """The admins but whoever has that address."""
    mine = (user.c.workspace_id == workspace_id, user.c.active, user.c.role == "admin")
    return select(user.c.id, user.c.email).where(*mine, user.c.email != address)


def of_user() -> ColumnElement[bool]:
    """Whose address a stop is about; who has left gets no mail anyway."""
    same = and_(user.c.workspace_id == mail_stop.c.workspace_id, user.c.email == mail_stop.c.address)
    return and_(same, user.c.active)


def _holds(workspace_id: int) -> ColumnElement[bool]:
    return and_(mail_stop.c.workspace_id == workspace_id, mail_stop.c.lifted_at.is_(None))


def stops(connection: Connection, principal: Principal) -> list[Stop]:
    """The users' addresses that get no mail, newest first; for others than admins, one's own."""
    asked = select(mail_stop, user.c.name).join(user, of_user()).where(_holds(principal.workspace_id))
    if not principal.may_administer:
        asked = asked.where(user.c.id == principal.user_id)
    rows = connection.execute(asked.order_by(mail_stop.c.id.desc()).limit(MOST_STOPS))
    return [Stop(row.id, row.address, row.name, row.said, row.stopped_at) for row in rows]


def lift(connection: Connection, principal: Principal, stop_id: int, at: datetime) -> str:
    """Mail goes to that address again, from the next one on; returns the address. Only an admin may."""
    require_admin(principal, _("Only an admin can let mail go to an address again."))
    lifted = connection.execute(
        mail_stop.update()
        .where(_holds(principal.workspace_id), mail_stop.c.id == stop_id)
        .values(lifted_at=at, lifted_by=principal.user_id)
        .returning(mail_stop.c.address)
    ).scalar_one_or_none()
    if lifted is None:
        raise NotFound(_("Mail already goes to that address."))
    return str(lifted)


def returns_of(connection: Connection, principal: Principal, mail_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """For those of these mails that came back, what was said last."""
    rows = connection.execute(
        select(mail_return)
        .where(
            mail_return.c.workspace_id == principal.workspace_id, mail_return.c.outbox_id.in_(list(mail_ids))
        )
        .order_by(mail_return.c.id)
    )
    return {row.outbox_id: row for row in rows}


def stop_count(connection: Connection) -> int:
    """How many users of all workspaces get no mail at their address."""
    held = select(func.count()).select_from(mail_stop).join(user, of_user())
    return int(connection.execute(held.where(mail_stop.c.lifted_at.is_(None))).scalar_one())
