"""What the doctor asks about mail that comes back: is its mailbox read, and which addresses take none?"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import and_, select

from crm.care.findings import Finding
from crm.domain.mailbox_words import GOOD, READINGS, SENTENCES, WAITING
from crm.inbox.reading import network_of
from crm.nudges.returns import stop_count
from crm.outgoing.failures import Failed
from crm.outgoing.imap import Refused, opened
from crm.outgoing.imap_address import ImapAddress
from crm.settings import Settings
from crm.storage.database import Database
from crm.storage.tables import own_mailbox, synced_source, user

SECONDS = 15.0
OLD = timedelta(days=1)


def inbox(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    """Whether the mailbox of CRM_IMAP_URL lets us in and has the folder."""
    if not settings.imap_url:
        said = "No mailbox is read, so returned mail goes unnoticed."
        yield Finding("inbox", "note", said, "Set CRM_IMAP_URL to the mailbox of CRM_MAIL_FROM.")
        return
    address = ImapAddress.parse(settings.imap_url)
    try:
        with opened(address, network_of(settings, address), SECONDS) as session:
            session.examine(address.folder)
    except (Failed, Refused) as fault:
        state = str(fault.failure) if isinstance(fault, Failed) else fault.state
        yield Finding("inbox", "wrong", SENTENCES[state].format(host=address.host), "Check CRM_IMAP_URL.")
        return
    if not address.is_encrypted:
        yield Finding(
            "inbox",
            "note",
            "The mailbox is read without encryption.",
            "Use imaps:// if the server supports it.",
        )
        return
    yield Finding("inbox", "good", "The mailbox for returned mail accepts our sign-in.")


def own_mailboxes(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    """How many users' mailboxes were not read for a day; of whose they are and where they lie nothing is said."""
    of_active = and_(
        user.c.workspace_id == own_mailbox.c.workspace_id, user.c.id == own_mailbox.c.user_id, user.c.active
    )
    with database.read() as connection:
        asked = select(own_mailbox.c.created_at, own_mailbox.c.read_at, own_mailbox.c.state).join(
            user, of_active
        )
        rows = connection.execute(asked).all()
    old = sum((row.read_at or row.created_at) < at - OLD for row in rows)
    if old:
        said = f"{old} of {len(rows)} mailboxes have not been read for a day."
        yield Finding(
            "mailboxes", "note", said, "Their users can see why under Settings → Read your mailbox."
        )
        return
    faulty = sum(row.state in READINGS for row in rows)
    if faulty:
        said = f"{faulty} of {len(rows)} mailboxes sent mails that could not be processed."
        yield Finding(
            "mailboxes", "note", said, "Their users can see why under Settings → Read your mailbox."
        )
        return
    said = f"All {len(rows)} connected mailboxes were read within the last day."
    yield Finding("mailboxes", "good", said if rows else "Nobody has connected a mailbox.")


def sources(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    """How many of the places the team reads again and again could not be read, or not all of what they sent."""
    with database.read() as connection:
        states = connection.execute(select(synced_source.c.state)).scalars().all()
    faulty = sum(state not in (GOOD, WAITING) for state in states)
    if faulty:
        said = f"{faulty} of {len(states)} sources could not be read, or not completely."
        yield Finding("sources", "note", said, "`crm source list` says which, and why.")
        return
    said = (
        f"All {len(states)} sources were read without trouble." if states else "No sources have been added."
    )
    yield Finding("sources", "good", said)


def addresses(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    """How many addresses get no mail because their servers take none."""
    with database.read() as connection:
        number = stop_count(connection)
    if number:
        said = f"{number} address(es) get no mail: their servers accept none for them."
        yield Finding(
            "addresses", "wrong", said, "The heartbeat page says which, and lets an admin try again."
        )
    else:
        yield Finding("addresses", "good", "Every address accepts mail, as far as we know.")
