"""How reading a place elsewhere ended, in words."""

from typing import Final

from crm.domain.language import N_
from crm.domain.mailbox_words import READINGS
from crm.domain.own_calendar import GOOD, SENTENCES, WAITING

SYNCED: Final = {
    **SENTENCES,
    **READINGS,
    WAITING: N_("{host} has not been read yet."),
    "too_big": N_("What {host} sends is larger than any address book or calendar is, so it was not read."),
    "gone": N_("{host} has nothing at this address. It may have been moved."),
    "no_carddav": N_(
        "{host} shows no address book by CardDAV at this address. Try the address of the address book itself."
    ),
    "key": N_(
        "The key of this server has changed, so the address cannot be read any more. Take the source away and add it again."
    ),
}
"""By the state that is kept; ``host`` is all of an address that is ever shown."""

__all__ = ["GOOD", "SYNCED", "WAITING"]
