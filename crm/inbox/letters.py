"""One mail of the mailbox: told by its head whether it may be about a mail of ours, then read and kept."""

import logging
from datetime import datetime

from crm.domain.correspondence import reason_of_mail
from crm.imports.mails import Headers, addresses, key_of
from crm.imports.sightings import Party
from crm.inbox import bounces
from crm.nudges.returns import Returned, keep_return, mail_of
from crm.nudges.sending import patiently, sender_of
from crm.outgoing.imap import Session
from crm.settings import Settings
from crm.storage.database import Database

log = logging.getLogger("crm.inbox")


def take(
    database: Database, settings: Settings, session: Session, uid: int, headers: Headers, at: datetime
) -> None:
    """Read a mail if it is about one of ours, and keep what it says; a broken one is passed over, and the log says so."""
    sender = next(iter(addresses(headers, "from")), Party(""))
    if reason_of_mail(headers.first, sender.email) != "bounce":
        return
    raw = session.mail(uid, bounces.LONGEST) or b""
    _take_bounce(database, settings, raw, key_of(headers, sender), at)


def _take_bounce(database: Database, settings: Settings, raw: bytes, key: str, at: datetime) -> None:
    with database.read() as connection:
        mail = mail_of(connection, bounces.our_ids(raw))
    if mail is None:
        return
    try:
        found = bounces.taken_apart(raw)
    except Exception as fault:  # whatever a broken mail makes of a parser, the others go on
        log.warning("a mail that came back could not be read (%s)", type(fault).__name__)
        return
    if found is None:
        return
    came, domain = Returned(key, found.said, found.for_good), sender_of(settings).domain

    def keep() -> None:
        with database.write() as connection:
            keep_return(connection, mail, came, domain, at)

    patiently(keep)
