"""Mail that comes back: whether an address takes no mail for good. One rule for what a mail server answers at once and for
what it sends back later.

Codes are those of RFC 5321, section 4.2.3, and RFC 3463.
"""

import re
from typing import Final

_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.]*\d)")
_ADDRESS_CODES: Final = ("550", "551", "553")
"""Without more words: no such mailbox, gone elsewhere, not a name. 552 is a full one, 554 may be anything."""
_NOT_THE_ADDRESS: Final = ("1.7", "1.8", "2.2", "2.3", "2.4")
"""About the sender (1.7, 1.8), a full mailbox, a mail too long for it, a list that does not expand."""
_UNROUTABLE: Final = ("4.1", "4.4")
"""Nobody answers for that domain, or there is no way to it."""
_NOBODY = re.compile(
    r"(?:no such (?:user|mailbox|recipient|address)|(?:user|recipient|mailbox|address)(?: \S{1,80})? (?:is )?"
    r"(?:unknown|not found|unavailable|does(?: not|n't) exist)|unknown (?:user|recipient|mailbox|address|local part)"
    r"|unrouteable address|does(?: not|n't) (?:exist|have an? \S+ account)|no mailbox here|account (?:is )?disabled"
    r"|no longer (?:exists|works|valid|available))",
    re.IGNORECASE,
)

_FULL = re.compile(
    r"quota|mailbox (?:is )?full|full mailbox|insufficient storage|out of storage", re.IGNORECASE
)
"""A mailbox that is full today is none that is gone, whatever code its server gives."""


def is_for_good(words: str, status: str = "", *, about_recipient: bool = True) -> bool:
    """Whether these ``words`` of a mail server, or the ``status`` of its report, mean that the address will take no mail.

    What the words say counts before the status, which many servers fill with a bare 5.0.0. ``about_recipient``: the words
    answer the name of the recipient; where they do not, a plain three-digit code is about something else.
    """
    if _FULL.search(words):
        return False
    for one in (words, status):
        for found in _ENHANCED.finditer(one):
            if found.group(2, 3) != ("0", "0"):
                return found[1] == "5" and _is_address(f"{int(found[2])}.{int(found[3])}")
    if about_recipient and (code := _CODE.search(words)):
        return code[1] in _ADDRESS_CODES
    if status.strip():
        return status.strip().startswith("5.")
    return _NOBODY.search(words) is not None and about_recipient


def _is_address(detail: str) -> bool:
    return detail in _UNROUTABLE or (detail[:2] in ("1.", "2.") and detail not in _NOT_THE_ADDRESS)
