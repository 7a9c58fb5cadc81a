"""Addresses whose server said for good that it takes no mail for them: none goes there until an admin lets it."""

from typing import Final

from sqlalchemy import Connection, select

from crm.accounts.addresses import normal_email
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.storage.tables import mail_stop

STOPPED: Final = N_("Nothing is sent to this address, because its server accepts no mail for it: {said}")


def why_stopped(connection: Connection, workspace_id: int, address: str) -> str:
    """Why no mail goes to that address, as a sentence; empty where it does."""
    here = (mail_stop.c.workspace_id == workspace_id, mail_stop.c.lifted_at.is_(None))
    of_this = mail_stop.c.address == normal_email(address)
    said = connection.execute(select(mail_stop.c.said).where(*here, of_this)).scalar_one_or_none()
    return "" if said is None else _(STOPPED).format(said=said)
