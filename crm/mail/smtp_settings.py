"""Where mail is handed over, as CRM_SMTP_URL says it."""

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl, unquote, urlsplit

from crm.errors import UsageError

SETTING = "CRM_SMTP_URL"


class StartTls(StrEnum):
    """Whether an ``smtp://`` connection is encrypted before anything is said on it."""

    REQUIRE = "require"
    AUTO = "auto"
    NEVER = "never"


@dataclass(frozen=True)
class SmtpSettings:
    """Where mail is handed over. ``tls`` is encryption from the first byte (``smtps://``)."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    starttls: StartTls = StartTls.AUTO

    @classmethod
    def parse(cls, url: str) -> "SmtpSettings":
        """From CRM_SMTP_URL. Without a port: 465 for smtps, 587 with a user, else 25.

        Raises UsageError with a sentence that says what is wrong and never shows the password.
        """
        try:
            parts = urlsplit(url)
            port, host = parts.port, parts.hostname
        except ValueError:
            raise _wrong(
                "the host or port cannot be read; in a password write @ as %40, / as %2F, # as %23, ? as %3F"
            ) from None
        if parts.scheme not in ("smtp", "smtps"):
            raise _wrong("it must begin with smtp:// or smtps://")
        if not host or port == 0:
            raise _wrong("it names no host and port, as in smtp://mail.example.org:587")
        if parts.path not in ("", "/") or parts.fragment:
            raise _wrong(
                "only ?starttls=… may follow the port; in a password write / as %2F, # as %23, ? as %3F"
            )
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if bool(user) != bool(password):
            raise _wrong("user and password belong together, as in smtp://user:password@host:587")
        if not (user + password).isprintable():
            raise _wrong("user and password may hold no control characters")
        tls = parts.scheme == "smtps"
        usual = 465 if tls else 587 if user else 25
        return cls(host, port or usual, user, password, tls, _starttls(parts.query, tls))


def _starttls(query: str, tls: bool) -> StartTls:
    options = parse_qsl(query, keep_blank_values=True)
    if any(name != "starttls" for name, _ in options) or len(options) > 1 or (query and not options):
        raise _wrong("the only option is ?starttls=require, auto or never")
    if not options:
        return StartTls.NEVER if tls else StartTls.AUTO
    if tls:
        raise _wrong("smtps:// is encrypted from the start; leave ?starttls=… out")
    try:
        return StartTls(options[0][1])
    except ValueError:
        raise _wrong("starttls must be require, auto or never") from None


def _wrong(what: str) -> UsageError:
    return UsageError(f"{SETTING}: {what}.")
