"""One mail as bytes: every header is cleaned and encoded here, because names come from imported files.

The standard library's header folding is not used. In the Python we run it decodes what looks like an encoded
word, folds what it decoded, and so lets a crafted subject add a ``Bcc``.
"""

import re
import secrets
import unicodedata
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from email_validator import EmailNotValidError, validate_email

from crm.domain.language import gettext as _

LONGEST_NAME = 120
LONGEST_SUBJECT = 240

# Lines are folded by us; the generator must leave them as they are.
POLICY = SMTP.clone(refold_source="none")

_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+>")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_VISIBLE = re.compile(r"[\x21-\x7e]+( [\x21-\x7e]+)*")
_PLAIN_WORDS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_JOINERS = {"\u200c", "\u200d"}
_OURS = {
    "auto-submitted", "bcc", "cc", "content-disposition", "content-transfer-encoding", "content-type", "date",
    "from", "message-id", "mime-version", "received", "reply-to", "return-path", "sender", "subject", "to",
}  # fmt: skip


class BadAddress(ValueError):
    """An address no mail can be sent to. The sentence never repeats the address."""


class BadHeader(ValueError):
    """A header that we were asked to write and that could not be written safely."""


def clean_line(text: str, longest: int = LONGEST_SUBJECT) -> str:
    """``text`` as one visible line of at most ``longest``: no breaks, controls or direction overrides.

    Joiners inside words and emoji stay. What would read as an encoded word (``=?``) is broken up.
    """
    shown = "".join(_visible(letter) for letter in text)
    line = " ".join(shown.split()).replace("=?", "= ?")
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _visible(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    if category == "Cs":
        return "\ufffd"
    if category == "Cf" and letter not in _JOINERS:
        return ""
    return letter


def clean_address(text: str) -> str:
    """``text`` as an address that goes into a header and an envelope; a domain in other letters as punycode.

    Raises BadAddress. Letters outside ASCII before the @ are refused: many servers still cannot carry them.
    """
    local, _at, domain = text.strip(" ").rpartition("@")
    if not _LOCAL_PART.fullmatch(local) or len(local) > 64:
        raise BadAddress(_("The part before the @ is not one that mail servers accept."))
    domain = domain if domain.isascii() else _punycode(domain)
    if not _DOMAIN.fullmatch(domain) or len(domain) > 253:
        raise BadAddress(_("The part after the @ is not the name of a mail domain."))
    return f"{local}@{domain}"


def _punycode(domain: str) -> str:
    try:
        found = validate_email(f"postmaster@{domain}", check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise BadAddress(_("The part after the @ is not the name of a mail domain.")) from None
    return found.ascii_domain or ""


@dataclass(frozen=True)
class Mailbox:
    """Somebody who sends or receives: a cleaned name (may be empty) and a validated address."""

    address: str
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", clean_address(self.address))
        object.__setattr__(self, "name", clean_line(self.name, LONGEST_NAME))

    @classmethod
    def parse(cls, text: str) -> "Mailbox":
        """From ``Name <address>`` or a bare address, as in CRM_MAIL_FROM. Raises BadAddress."""
        name, address = parseaddr(text)
        return cls(address, name)

    @property
    def domain(self) -> str:
        """What stands after the @."""
        return self.address.rpartition("@")[2]

    def header(self) -> str:
        """The mailbox as a header value, folded and in ASCII."""
        if not self.name:
            return self.address
        if not self.name.isascii():
            return f"{_encoded_words(self.name)}\r\n <{self.address}>"
        if _PLAIN_WORDS.fullmatch(self.name):
            return f"{self.name} <{self.address}>"
        quoted = self.name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{self.address}>'


def _encoded_words(text: str) -> str:
    """RFC 2047 words of at most 75 characters, one a line; no letter is cut in two."""
    words, rest = [], text
    while rest:
        size = 45
        while len(rest[:size].encode()) > 45:
            size -= 1
        words.append(f"=?utf-8?b?{b64encode(rest[:size].encode()).decode()}?=")
        rest = rest[size:]
    return "\r\n ".join(words)


def _subject(text: str) -> str:
    line = clean_line(text, LONGEST_SUBJECT)
    return line if line.isascii() and len(line) < 68 else _encoded_words(line)


def new_message_id(domain: str) -> str:
    """A fresh ``<…@domain>``. Choose it once and keep it with the mail, so that every attempt carries it."""
    address = clean_address(f"id@{domain}")
    return f"<{secrets.token_hex(16)}@{address.rpartition('@')[2]}>"


def unsubscribe_headers(url: str) -> dict[str, str]:
    """The two headers that let a mail program stop these mails by one POST to ``url`` (RFC 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def compose(
    *,
    sender: Mailbox,
    to: Mailbox,
    subject: str,
    text: str,
    html: str,
    message_id: str,
    date: datetime,
    headers: Mapping[str, str],
) -> EmailMessage:
    """One mail to one person, text first and HTML second. ``date`` is aware; ``headers`` are further ones.

    The subject is cleaned. Raises BadHeader for a message id, date or further header that cannot be written.
    """
    if date.tzinfo is None:
        raise BadHeader("The date of a mail needs a time zone.")
    if not _MESSAGE_ID.fullmatch(message_id) or len(message_id) > 200:
        raise BadHeader("A message id looks like <something@domain>.")
    message = EmailMessage(policy=POLICY)
    message.set_raw("From", sender.header())
    message.set_raw("To", to.header())
    message.set_raw("Subject", _subject(subject))
    message.set_raw("Date", format_datetime(date))
    message.set_raw("Message-ID", message_id)
    message.set_raw("Auto-Submitted", "auto-generated")
    for name, value in headers.items():
        message.set_raw(*_further(name, value))
    _attach(message, text, html)
    return message


def _further(name: str, value: str) -> tuple[str, str]:
    if not _HEADER_NAME.fullmatch(name) or name.lower() in _OURS or name.lower().startswith("resent-"):
        raise BadHeader(f"{name[:60]!r} is not a header that can be added to a mail.")
    if not _VISIBLE.fullmatch(value) or len(value) > 900:
        raise BadHeader(f"The header {name} must be one line of plain ASCII.")
    return name, value


def _attach(message: EmailMessage, text: str, html: str) -> None:
    # "=_" cannot occur in quoted-printable text, so no body can end a part early.
    message.set_raw("MIME-Version", "1.0")
    message.set_raw("Content-Type", f'multipart/alternative; boundary="=_{secrets.token_hex(12)}"')
    message.set_payload([_part("plain", text), _part("html", html)])


def _part(subtype: str, body: str) -> EmailMessage:
    part = EmailMessage(policy=POLICY)
    part.set_raw("Content-Type", f'text/{subtype}; charset="utf-8"')
    part.set_raw("Content-Transfer-Encoding", "quoted-printable")
    lines = body.replace("\r\n", "\n").replace("\r", "\n")
    part.set_payload(b2a_qp(lines.encode("utf-8", "replace"), istext=True).decode("ascii"))
    return part


def envelope_address(message: EmailMessage, header: str) -> str:
    """The one address in the ``From`` or ``To`` of a mail made by ``compose``. Raises BadAddress."""
    values = [str(value) for name, value in message.raw_items() if name.lower() == header.lower()]
    if len(values) != 1:
        raise BadAddress(f"A mail has one {header}.")
    return clean_address(values[0].rpartition("<")[2].rstrip("> \r\n"))


def serialise(message: EmailMessage) -> bytes:
    """The mail as it goes over the wire or into an ``.eml`` file, with CRLF line ends.

    Raises BadHeader if the bytes hold any header line that the message does not know.
    """
    data = message.as_bytes(policy=POLICY)
    head = data.partition(b"\r\n\r\n")[0]
    written = [
        line.partition(b":")[0].decode("ascii", "replace") for line in re.split(rb"\r\n(?![ \t])", head)
    ]
    if (
        written != list(message.keys())
        or b"\n" in head.replace(b"\r\n", b"")
        or b"\r" in head.replace(b"\r\n", b"")
    ):
        raise BadHeader("The mail would carry a header nobody asked for.")
    return data
