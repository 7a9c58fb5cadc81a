"""One mail of the mailbox: told by its head whether it may be about a mail of ours, then read and kept.

Bounces, answers of machines and answers of people are told apart as everywhere (``crm.domain.correspondence``).
"""

import logging
from datetime import datetime

from sqlalchemy import Connection

from crm.domain.correspondence import reason_of_mail
from crm.imports.apart import TooMuch
from crm.imports.mail_heads import Headers, addresses, key_of, moment_of
from crm.imports.sightings import Party
from crm.inbox import bounces, replies
from crm.inbox.mail_reader import bounce_apart, text_apart
from crm.inbox.replies import Reply
from crm.nudges.due import PURPOSE
from crm.nudges.reply_ids import Nudge, answered
from crm.nudges.returns import Returned, keep_return, mail_of
from crm.nudges.sending import patiently, sender_of
from crm.outgoing.imap import Session
from crm.settings import Settings
from crm.storage.database import Database

log = logging.getLogger("crm.inbox")

LONGEST_REPLY = 512 * 1024
"""Bytes of an answer that are read: its text comes before what is attached."""


def take(
    database: Database, settings: Settings, session: Session, uid: int, headers: Headers, at: datetime
) -> None:
    """Read a mail if it is about one of ours, and keep what it says; a broken one is passed over, and the log says so.

    Interrupted where its reader was ended: it is to be read again.
    """
    sender = next(iter(addresses(headers, "from")), Party(""))
    reason = reason_of_mail(headers.first, sender.email)
    try:
        if reason == "bounce":
            raw = session.mail(uid, bounces.LONGEST) or b""
            _take_bounce(database, settings, raw, key_of(headers, sender), at)
        elif reason is None:
            _take_reply(database, settings, session, uid, headers, sender, at)
    except (TooMuch, ValueError, TypeError, LookupError, AttributeError, RecursionError) as fault:
        # Whatever a broken mail makes of a parser, the others go on.
        log.warning("a mail that came back could not be read (%s)", type(fault).__name__)


def _take_bounce(database: Database, settings: Settings, raw: bytes, key: str, at: datetime) -> None:
    with database.read() as connection:
        mail = mail_of(connection, bounces.our_ids(raw))
    found = bounce_apart(raw) if mail is not None else None
    if mail is None or found is None:
        return
    came, domain = Returned(key, found.said, found.for_good), sender_of(settings).domain

    def keep() -> None:
        with database.write() as connection:
            keep_return(connection, mail, came, domain, at)

    patiently(keep)


def _take_reply(
    database: Database,
    settings: Settings,
    session: Session,
    uid: int,
    headers: Headers,
    sender: Party,
    at: datetime,
) -> None:
    references = [*headers.all("references"), *headers.all("in-reply-to")]
    nudge = answered(settings.key, references)
    if nudge is None:
        with database.read() as connection:
            nudge = _by_message_id(connection, references)
    raw = session.mail(uid, LONGEST_REPLY) if nudge is not None else None
    if nudge is None or raw is None:
        return
    text = text_apart(raw)
    wrote = moment_of(headers.first("date")) or at
    reply = Reply(nudge, key_of(headers, sender), sender.email, wrote, text)

    def keep() -> None:
        with database.write() as connection:
            replies.take(connection, settings.key, reply, at)

    patiently(keep)


def _by_message_id(connection: Connection, references: list[str]) -> Nudge | None:
    """A mail program that keeps no References names the Message-ID, which is as hard to guess."""
    mail = mail_of(connection, bounces.our_ids(" ".join(references).encode("utf-8", "replace")))
    return Nudge(mail.workspace_id, mail.user_id, mail.week) if mail and mail.purpose == PURPOSE else None
