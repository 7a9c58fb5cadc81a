"""How reading a place elsewhere ended, in words."""

from typing import Final

from crm.domain.language import N_
from crm.domain.mailbox_words import READINGS
from crm.domain.own_calendar import GOOD, SENTENCES, WAITING

SYNCED: Final = {
    **SENTENCES,
    **READINGS,
    WAITING: N_("{host} has not been read yet."),
    "too_big": N_("{host} sends more than any address book or calendar would hold, so it was not read."),
    "gone": N_("{host} has nothing at this address. It may have been moved."),
    "no_carddav": N_(
        "{host} has no CardDAV address book at this address. Try the address of the address book itself."
    ),
    "key": N_(
        "This server’s secret key has changed, so the address can no longer be read. Remove the "
        "source and add it again."
    ),
}
"""By the state that is kept; ``host`` is all of an address that is ever shown."""

__all__ = ["GOOD", "SYNCED", "WAITING"]
