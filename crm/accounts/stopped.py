"""Addresses whose server said for good that it takes no mail for them: none goes there until an admin lets it."""

from sqlalchemy import Connection, select

from crm.accounts.addresses import normal_email
from crm.mail.kept_words import STOPPED, kept_words
from crm.storage.tables import mail_stop


def why_stopped(connection: Connection, workspace_id: int, address: str) -> str:
    """Why no mail goes to that address, as a sentence; empty where it does."""
    return kept_words(kept_stop(connection, workspace_id, address))


def kept_stop(connection: Connection, workspace_id: int, address: str) -> str:
    """The same as it is kept with a mail that did not go out."""
    here = (mail_stop.c.workspace_id == workspace_id, mail_stop.c.lifted_at.is_(None))
    of_this = mail_stop.c.address == normal_email(address)
    said = connection.execute(select(mail_stop.c.said).where(*here, of_this)).scalar_one_or_none()
    return "" if said is None else STOPPED.format(said=said)
