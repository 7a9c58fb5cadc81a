"""Faults of the machine under the database, told in a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError

from crm.domain.language import gettext as _
from crm.errors import Unavailable


@contextmanager
def plain_faults() -> Iterator[None]:
    """Faults of the machine under the database become a refusal with a sentence; mistakes of ours stay errors."""
    try:
        yield
    except DatabaseError as fault:
        sentence = _sentence(str(fault.orig).lower(), fault.connection_invalidated)
        if sentence is None:
            raise
        raise Unavailable(sentence) from fault


def _sentence(said: str, disconnected: bool) -> str | None:
    known = {
        "readonly database": _(
            "The database is read-only, so nothing was saved. Check the permissions of its file and folder."
        ),
        "disk is full": _("The disk is full, so nothing was saved. Free some space and try again."),
        "no space left": _("The disk is full, so nothing was saved. Free some space and try again."),
        "database is locked": _("The database is busy, so nothing was saved. Try again in a moment."),
        "deadlock detected": _(
            "Somebody changed the same at the same moment, so nothing was saved. Try again."
        ),
        "due to lock timeout": _("The database is busy, so nothing was saved. Try again in a moment."),
        "disk i/o error": _(
            "The disk could not be read or written, so nothing was saved. Check the disk of the database."
        ),
        "unable to open": _(
            "The database file cannot be opened. Check that its folder exists and may be written."
        ),
        "malformed": _("The database file is damaged. Stop the program and restore the last backup."),
        "not a database": _("The database file is not a database. Check CRM_DATABASE_URL."),
        "read-only transaction": _("The database only lets us read at the moment, so nothing was saved."),
        'fatal:  database "': _(
            "The database server has no database of the name in CRM_DATABASE_URL. Create it first."
        ),
        'fatal:  role "': _("The database server does not know the user in CRM_DATABASE_URL. Check it."),
        "authentication failed": _(
            "The database server refuses the user or password in CRM_DATABASE_URL. Check them."
        ),
        "connection refused": _(
            "The database server cannot be reached, so nothing was saved. Check that it runs."
        ),
        "connection failed": _(
            "The database server cannot be reached, so nothing was saved. Check that it runs."
        ),
        "resolve host": _("No server has the name in CRM_DATABASE_URL, so nothing was saved. Check it."),
    }
    found = next((sentence for words, sentence in known.items() if words in said), None)
    if found is None and disconnected:
        return _("The connection to the database was lost, so nothing was saved. Try again in a moment.")
    return found
