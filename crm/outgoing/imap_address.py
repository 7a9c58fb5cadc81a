"""Where a mailbox lies, as one line says it: ``imaps://user:password@host:port/FOLDER``."""

import hashlib
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from crm.errors import UsageError

SETTING = "CRM_IMAP_URL"
INBOX = "INBOX"
_PORTS = {"imaps": 993, "imap": 143}


@dataclass(frozen=True)
class ImapAddress:
    """A mailbox and how to get in. ``tls``: encrypted from the first byte; else ``starttls`` must follow, unless it is
    false, which sends the password in the clear and has to be asked for in so many words."""

    host: str
    port: int
    user: str = field(repr=False)
    password: str = field(repr=False)
    folder: str = INBOX
    tls: bool = True
    starttls: bool = True

    @property
    def is_encrypted(self) -> bool:
        """Whether the password travels encrypted."""
        return self.tls or self.starttls

    @property
    def named(self) -> str:
        """The host with its port, as an admin allows it."""
        return f"{self.host}:{self.port}"

    @property
    def place(self) -> str:
        """What tells this folder of this mailbox from every other, without saying which it is."""
        return hashlib.sha256("\n".join((self.named, self.user, self.folder)).encode()).hexdigest()[:32]

    @classmethod
    def parse(cls, url: str) -> "ImapAddress":
        """From CRM_IMAP_URL; without a port 993 for imaps, 143 for imap, without a folder INBOX.

        Raises UsageError with a sentence that says what is wrong and shows neither user nor password.
        """
        try:
            parts = urlsplit(url)
            port, host = parts.port, (parts.hostname or "").rstrip(".").encode("idna").decode("ascii").lower()
        except ValueError:
            raise _wrong(
                "the host or port cannot be read; in a password write @ as %40, / as %2F, # as %23, ? as %3F"
            ) from None
        if parts.scheme not in _PORTS:
            raise _wrong("it must begin with imaps:// or imap://")
        if not host or port == 0:
            raise _wrong("it names no host, as in imaps://user:password@mail.example.org")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if not user or not password:
            raise _wrong("user and password are missing, as in imaps://user:password@mail.example.org")
        folder = unquote(parts.path.strip("/")) or INBOX
        if not (user + password + folder).isprintable() or parts.fragment:
            raise _wrong("user, password and folder may hold no control characters and no bare #")
        tls = parts.scheme == "imaps"
        return cls(
            host, port or _PORTS[parts.scheme], user, password, folder, tls, _starttls(parts.query, tls)
        )


def _starttls(query: str, tls: bool) -> bool:
    options = parse_qsl(query, keep_blank_values=True)
    if query and (tls or options not in ([("starttls", "require")], [("starttls", "never")])):
        raise _wrong("the only option is ?starttls=require or never, after imap://")
    return not tls and options != [("starttls", "never")]


def _wrong(what: str) -> UsageError:
    return UsageError(f"{SETTING}: {what}.")
