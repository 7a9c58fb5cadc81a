"""The addresses of a mail's buttons: signed, without personal data, good for one act and for a while.

A link lets whoever holds it do that one thing in the name of the user it was mailed to. It signs nobody in.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crm.domain.keys import is_signed
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import NotFound, Refusal
from crm.settings import Settings

STOP_MAIL, STOP_DIGEST = "unsubscribe", "stop_digest"
STOPS = (STOP_MAIL, STOP_DIGEST)
"""Links that are about no suggestion."""
VERBS = ("done", "met", "swap", "snooze", "not_this_person", "calendar", *STOPS)
VALID_FOR = timedelta(days=30)
UNSUBSCRIBE_VALID_FOR = timedelta(days=400)
"""Whoever finds an old mail and wants no more of them is not turned away."""

_PAYLOAD = re.compile(
    r"([0-9]{1,18}) ([0-9]{1,18}) ([0-9]{1,18}) ([a-z_]{1,20}) ([a-z]{0,10}) ([0-9W-]{8}) ([0-9]{1,12})"
)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}\.[A-Za-z0-9_-]{43}")
CUT = N_("This link is incomplete. Open it from the mail again, or go to the week's page.")
ENDED = N_(
    "This link has expired: links in mails work for 30 days. The week's page has everything that is open."
)
STOP_ENDED = N_(
    "This link has expired: links that stop a mail work for 400 days. You can still switch it off in your settings."
)


class Gone(Refusal):
    """What the link was for is not there any more."""

    status = 410


class StopEnded(Gone):
    """A link that stopped a mail has ended: what it did is a switch in the settings."""


@dataclass(frozen=True)
class Link:
    """What a link does, for whom, and until when. ``act`` is what *swap* swaps to; no suggestion: 0."""

    workspace_id: int
    user_id: int
    suggestion_id: int
    verb: str
    act: str
    week: str
    expires_at: datetime


def addresses(settings: Settings, principal: Principal, week: str, at: datetime) -> Callable[..., str]:
    """For a mail of that week to that user: a function of suggestion (0: none), verb and act that gives an address."""

    def address(suggestion_id: int | None, verb: str, act: str = "") -> str:
        assert principal.user_id is not None
        assert suggestion_id is not None
        link = Link(
            principal.workspace_id, principal.user_id, suggestion_id, verb, act, week, expiry(verb, at)
        )
        return f"{settings.url}/n/{sign(settings.key, link)}"

    return address


def withheld(settings: Settings, principal: Principal, week: str, at: datetime) -> Callable[..., str]:
    """The same for a mail that is only shown: its buttons lead nowhere."""
    return lambda *_button: ""


def expiry(verb: str, at: datetime) -> datetime:
    """Until when a link mailed at ``at`` holds, to the second."""
    return (at + (UNSUBSCRIBE_VALID_FOR if verb in STOPS else VALID_FOR)).replace(microsecond=0)


def sign(key: bytes, link: Link) -> str:
    """The token that stands in an address."""
    numbers = f"{link.workspace_id} {link.user_id} {link.suggestion_id}"
    words = f"{numbers} {link.verb} {link.act} {link.week} {int(link.expires_at.timestamp())}"
    body = _plain(words.encode())
    return f"{body}.{_signature(key, body)}"


def read(key: bytes, token: str, at: datetime) -> Link:
    """The link behind a token; NotFound for one we did not sign, Gone for one that has ended."""
    if not _TOKEN.fullmatch(token):
        raise NotFound(_(CUT))
    body, _dot, signature = token.partition(".")
    if not is_signed(key, signature, lambda one: _signature(one, body)):
        raise NotFound(_(CUT))
    words = _PAYLOAD.fullmatch(urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode())
    if words is None or words[4] not in VERBS:
        raise NotFound(_(CUT))
    expires_at = datetime.fromtimestamp(int(words[7]), UTC)
    if at >= expires_at:
        raise StopEnded(_(STOP_ENDED)) if words[4] in STOPS else Gone(_(ENDED))
    return Link(int(words[1]), int(words[2]), int(words[3]), words[4], words[5], words[6], expires_at)


def _signature(key: bytes, body: str) -> str:
    return _plain(hmac.new(key, f"mail link {body}".encode(), hashlib.sha256).digest())


def _plain(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
