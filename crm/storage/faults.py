"""Faults of the machine under the database, told in a sentence."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError

from crm.domain.language import N_
from crm.errors import Unavailable

log = logging.getLogger("crm.storage")
log.addHandler(logging.NullHandler())  # a command says it itself, once
LOST = N_("The connection to the database was lost, so nothing was saved. Try again in a moment.")
_LEANED_ON = N_(
    "Views or references of another program depend on the tables of In Person, so nothing was changed. "
    "Drop them first, and create them again afterwards."
)
KNOWN = {
    "readonly database": N_(
        "The database is read-only, so nothing was saved. Check the permissions of its file and folder."
    ),
    "disk is full": N_("The disk is full, so nothing was saved. Free some space and try again."),
    "no space left": N_("The disk is full, so nothing was saved. Free some space and try again."),
    "database is locked": N_("The database is busy, so nothing was saved. Try again in a moment."),
    "deadlock detected": N_(
        "Somebody changed the same thing at the same moment, so nothing was saved. Try again."
    ),
    "due to lock timeout": N_("The database is busy, so nothing was saved. Try again in a moment."),
    "disk i/o error": N_(
        "The disk could not be read or written, so nothing was saved. Check the disk of the database."
    ),
    "unable to open": N_(
        "The database file cannot be opened. Check that its folder exists and may be written."
    ),
    "malformed": N_(
        "The database file is damaged. Stop the program and restore the last backup: crm restore FILE --yes."
    ),
    "not a database": N_(
        "The database file is not a database. Check CRM_DATABASE_URL; if the file is yours, "
        "restore the last backup: crm restore FILE --yes."
    ),
    "read-only transaction": N_("The database is read-only at the moment, so nothing was saved."),
    'fatal:  database "': N_(
        "The database server has no database of the name in CRM_DATABASE_URL. Create it first."
    ),
    'fatal:  role "': N_("The database server does not know the user in CRM_DATABASE_URL. Check it."),
    "authentication failed": N_(
        "The database server refuses the user or password in CRM_DATABASE_URL. Check them."
    ),
    "no password supplied": N_(
        "The database server asks for a password, and CRM_DATABASE_URL has none. Add it."
    ),
    "no pg_hba.conf entry": N_(
        "The database server does not let this machine in as the user in CRM_DATABASE_URL. Check its pg_hba.conf."
    ),
    "permission denied for": N_(
        "The user in CRM_DATABASE_URL may not make or read tables in the database. Make that user its owner."
    ),
    "must be owner of": N_(
        "The user in CRM_DATABASE_URL does not own the tables in the database, so nothing was changed. "
        "Make that user their owner."
    ),
    "other objects depend on": _LEANED_ON,
    "used by a view or rule": _LEANED_ON,
    "too many clients": N_(
        "The database server takes no more connections, so nothing was saved. Try again, or raise its max_connections."
    ),
    "connection slots": N_(
        "The database server takes no more connections, so nothing was saved. Try again, or raise its max_connections."
    ),
    "invalid connection option": N_(
        "CRM_DATABASE_URL has an option after its ? that PostgreSQL does not know. Check it."
    ),
    "connection is bad: invalid": N_(
        "CRM_DATABASE_URL has an option after its ? that PostgreSQL does not know. Check it."
    ),
    "does not support ssl": N_(
        "The database server does not speak TLS, which CRM_DATABASE_URL asks for. Switch it on there, or change sslmode."
    ),
    "certificate verify failed": N_(
        "The certificate of the database server is not one that CRM_DATABASE_URL asks for. Check sslmode and sslrootcert."
    ),
    "root certificate file": N_(
        "The certificate of the database server is not one that CRM_DATABASE_URL asks for. Check sslmode and sslrootcert."
    ),
    "connection refused": N_(
        "The database server cannot be reached, so nothing was saved. Check that it runs."
    ),
    "connection failed": N_(
        "The database server cannot be reached, so nothing was saved. Check that it runs."
    ),
    "resolve host": N_(
        "No server has the name in CRM_DATABASE_URL, so nothing was saved. Check it; in a password write @ as %40."
    ),
    "connection is bad": N_(
        "The database server cannot be reached, so nothing was saved. Check that it runs."
    ),
    "timeout expired": N_("The database server cannot be reached, so nothing was saved. Check that it runs."),
}
"""What the database says → what people read. The first that fits."""
_DAMAGED = (KNOWN["malformed"], KNOWN["not a database"])


class Damaged(Unavailable):
    """The file of a database on SQLite cannot be read as one."""


@contextmanager
def plain_faults() -> Iterator[None]:
    """Faults of the machine under the database become a refusal with a sentence; mistakes of ours stay errors."""
    try:
        yield
    except DatabaseError as fault:
        sentence = _sentence(str(fault.orig).lower(), fault.connection_invalidated)
        if sentence is None:
            raise
        log.warning(sentence)
        raise (Damaged if sentence in _DAMAGED else Unavailable)(sentence) from fault


def _sentence(said: str, disconnected: bool) -> str | None:
    """In English, as it goes into the log."""
    found = next((sentence for words, sentence in KNOWN.items() if words in said), None)
    return LOST if found is None and disconnected else found
