"""How a reply says which weekly mail it answers: by a signed id in the mail's ``References``, which mail programs carry into
every answer, and which nobody but the mail's reader has seen.

Servers that send in bulk may replace a Message-ID; References they leave alone.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from crm.domain.keys import is_signed

_ID = re.compile(
    r"<reply\.([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{4}-W[0-9]{2})\.([0-9a-f]{40})@[^<>\s]{1,253}>"
)


@dataclass(frozen=True)
class Nudge:
    """The weekly mail of a user."""

    workspace_id: int
    user_id: int
    week: str


def reply_id(key: bytes, nudge: Nudge, domain: str) -> str:
    """What stands in the mail's References."""
    words = f"{nudge.workspace_id}.{nudge.user_id}.{nudge.week}"
    return f"<reply.{words}.{_signature(key, words)}@{domain}>"


def answered(key: bytes, references: Iterable[str]) -> Nudge | None:
    """The mail that is answered, by the References of the answer; None where we signed none of them."""
    for found in _ID.finditer(" ".join(references)[:8_000]):
        workspace_id, user_id, week, signature = found.groups()
        words = f"{workspace_id}.{user_id}.{week}"
        if is_signed(key, signature, partial(_signature, words=words)):
            return Nudge(int(workspace_id), int(user_id), week)
    return None


def _signature(key: bytes, words: str) -> str:
    return hmac.new(key, f"mail reply {words}".encode(), hashlib.sha256).hexdigest()[:40]
