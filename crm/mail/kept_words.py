"""Why a mail is as it is: kept in English, since several read it and some on a command line, and worded anew for each.

A sentence with a value in it is found again by its pattern.
"""

import re
from functools import cache

from crm.domain.language import N_, ngettext, plurals
from crm.domain.language import gettext as _

NO_ANSWER_IN_TIME = N_("The mail server did not answer in time.")
NOT_TRUSTED = N_("The mail server's certificate is not trusted: {fault}.")
NOT_ENCRYPTED = N_("The encrypted connection to the mail server failed.")
NOT_LET_IN = N_("The mail server refused the connection.")
CLOSED = N_("The mail server closed the connection.")
NO_SMTP = N_("The mail server does not speak SMTP as expected.")
NOT_REACHED = N_("The mail server cannot be reached: {fault}.")
NO_STARTTLS = N_("The mail server offers no STARTTLS, and the settings require it.")
UNENCRYPTED = N_("The password would travel unencrypted. Use smtps://, or allow it with ?starttls=never.")
NO_SIGN_IN = N_("The mail server offers no way to sign in with a password.")
NOT_ASCII = N_("The mail server cannot take a user name or password with characters outside ASCII.")

NO_ADDRESS = N_("The mail cannot be addressed. {fault}")
BROKE = N_("The mail could not be written ({fault}). The server's log has the details.")
REFUSED = N_("The server refused it: {said}")
NO_ANSWER = N_("It was handed over but no answer came, so it may have arrived. {said}")
NOT_WRITTEN = N_("The file cannot be written: {fault}.")
WRITTEN = N_("Written to {file}, not sent.")
STOPPED = N_("Nothing is sent to this address, because its server accepts no mail for it: {said}")
STOPPED_BY = N_("Stopped by {name}.")
SENT_AGAIN = N_("{name} decided to send it again.")
GAVE_UP = plurals(
    "Gave up after {n} attempt in a day. The server last said: {said}",
    "Gave up after {n} attempts in a day. The server last said: {said}",
)
NO_REASON = N_("no reason given")

_PATTERNS = (
    NOT_TRUSTED,
    NOT_REACHED,
    NO_ADDRESS,
    BROKE,
    REFUSED,
    NO_ANSWER,
    NOT_WRITTEN,
    WRITTEN,
    STOPPED,
    STOPPED_BY,
    SENT_AGAIN,
)


def kept_words(kept: str) -> str:
    """A reason as it is kept, in the reader's language; what a server said stays as it is."""
    if found := next((match for one in GAVE_UP if (match := _matcher(one).fullmatch(kept))), None):
        number, said = found["n"], kept_words(found["said"])
        return ngettext(*GAVE_UP, int(number) if number.isdecimal() else 2).format(n=number, said=said)
    for pattern in _PATTERNS:
        if found := _matcher(pattern).fullmatch(kept):
            return _(pattern).format(**{name: kept_words(value) for name, value in found.groupdict().items()})
    return _(kept) if kept else ""


@cache
def _matcher(pattern: str) -> re.Pattern[str]:
    """What the pattern makes, with its values as groups."""
    pieces = re.split(r"\{(\w+)\}", pattern)
    return re.compile(
        "".join(f"(?P<{piece}>.*)" if place % 2 else re.escape(piece) for place, piece in enumerate(pieces)),
        re.DOTALL,
    )
