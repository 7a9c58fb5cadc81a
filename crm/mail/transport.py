"""Hand one mail to the SMTP server and say how that ended, and where.

Nothing here writes to a log: replies go back to the caller, addresses and bodies nowhere.
"""

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum

from crm.mail import kept_words
from crm.mail.message import clean_line, envelope_address, serialise
from crm.mail.smtp_session import Answered, Phase, Session
from crm.mail.smtp_settings import SmtpSettings, StartTls

__all__ = ["Delivery", "DeliveryState", "Phase", "SmtpSettings", "StartTls", "deliver"]

# A 5xx before the server has seen sender or recipient judges our account or its own set-up, which an admin
# can mend; the mail itself was not refused and may be tried again.
_ABOUT_THE_SESSION = {Phase.CONNECT, Phase.HELLO, Phase.STARTTLS, Phase.SIGN_IN}


GREETING_SECONDS = 10


class DeliveryState(StrEnum):
    """How a delivery ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    TEMPORARY = "temporary"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Delivery:
    """What became of one mail.

    accepted: the server has it. refused: it will never take it. temporary: it does not have it; try again
    later. unknown: the mail was handed over and no answer came, so it may or may not arrive: do not send it
    again.
    ``code`` is the server's number if it gave one; ``reply`` its words or our own, cleaned for display.
    """

    state: DeliveryState
    phase: Phase
    reply: str
    code: int | None = None


def deliver(
    settings: SmtpSettings,
    message: EmailMessage,
    *,
    timeout: float = 30,
    on_handover: Callable[[], None] | None = None,
    sign: Callable[[bytes], bytes] | None = None,
) -> Delivery:
    """Send ``message`` to its one recipient; never raises for anything the server or the network does.

    ``on_handover`` is called when all of the mail has been sent but the final dot, without which the server
    may not keep it; if it raises, nothing is delivered and what it raised comes through. ``timeout`` (seconds)
    holds for each step; all together ends after twice that, and never later than LONGEST_DELIVERY.
    ``sign`` puts a signature in front of the bytes (`crm.mail.dkim`).
    Raises BadHeader or BadAddress, before connecting, for a message that was not made by ``compose``.
    """
    data = serialise(message)
    data = sign(data) if sign is not None else data
    sender, recipient = envelope_address(message, "From"), envelope_address(message, "To")
    session = Session(settings, timeout)
    try:
        stopped = _attempt(session, lambda: session.transfer(sender, recipient, data))
        if stopped is not None:
            return stopped
        if on_handover is not None:
            on_handover()
        stopped = _attempt(session, session.hand_over)
        return stopped or Delivery(
            DeliveryState.ACCEPTED, session.phase, clean_line(session.reply, 300), session.code
        )
    finally:
        session.close()


def _attempt(session: Session, step: Callable[[], None]) -> Delivery | None:
    """Nothing if ``step`` went well, else how the delivery ended by it."""
    try:
        step()
    except Answered as end:
        return _ended(session.phase, end.words, end.code)
    except (OSError, smtplib.SMTPException, ValueError) as fault:
        return _ended(session.phase, _in_words(fault, session.expired), None)
    return None


def _ended(phase: Phase, words: str, code: int | None) -> Delivery:
    return Delivery(_state(phase, code), phase, clean_line(words, 300), code)


def _state(phase: Phase, code: int | None) -> DeliveryState:
    if code is not None and 400 <= code <= 499:
        return DeliveryState.TEMPORARY
    if code is not None and 500 <= code <= 599 and phase not in _ABOUT_THE_SESSION:
        return DeliveryState.REFUSED
    return DeliveryState.UNKNOWN if phase is Phase.HANDED_OVER else DeliveryState.TEMPORARY


def _in_words(fault: Exception, expired: bool) -> str:
    if expired or isinstance(fault, TimeoutError) or isinstance(fault.__context__, TimeoutError):
        return kept_words.NO_ANSWER_IN_TIME
    if isinstance(fault, ssl.SSLCertVerificationError):
        return kept_words.NOT_TRUSTED.format(fault=fault.verify_message)
    if isinstance(fault, ssl.SSLError):
        return kept_words.NOT_ENCRYPTED
    if isinstance(fault, ConnectionRefusedError):
        return kept_words.NOT_LET_IN
    if isinstance(fault, smtplib.SMTPServerDisconnected | ConnectionError):
        return kept_words.CLOSED
    # Only after these: SMTPException is itself an OSError.
    if isinstance(fault, smtplib.SMTPException | ValueError):
        return kept_words.NO_SMTP
    return kept_words.NOT_REACHED.format(fault=getattr(fault, "strerror", None) or type(fault).__name__)


def greet(settings: SmtpSettings) -> str | None:
    """Connect, encrypt and sign in, then leave without a mail; a sentence about what went wrong, if anything did."""
    session = Session(settings, GREETING_SECONDS)
    try:
        ended = _attempt(session, session.greet)
    finally:
        session.close()
    return ended.reply if ended else None
