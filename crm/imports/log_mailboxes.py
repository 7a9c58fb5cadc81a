"""A mailbox to which mails are forwarded to be logged: which of its mails are, and what was forwarded."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Self
from zoneinfo import ZoneInfo

from crm.domain.folding import fold
from crm.domain.language import N_
from crm.imports.forwarded import Unclear, is_forward, original_of
from crm.imports.mail_heads import (
    DELIVERED,
    Headers,
    addresses,
    digest_of,
    key_of,
    moment_of,
    sender_of,
    subject_of,
)
from crm.imports.mailboxes import RawMail
from crm.imports.sightings import FeedSetting, Party

FORWARDED = "forward:"
"""How the keys of mails begin of which only the lines above their text are known."""


def may_be_forwarded(head: bytes, login: str) -> bool:
    """Whether a mail of this head may have been forwarded to be logged: it says so, or is for the mailbox alone."""
    headers = Headers(head)
    if is_forward(subject_of(headers.first("subject")) or ""):
        return True
    named = {one.email for name in ("to", "cc") for one in addresses(headers, name)}
    return bool(named) and all(_is_login(one, login) for one in named)


def _is_login(email: str, login: str) -> bool:
    """Whether a mailbox of that address is signed in to by that name."""
    return login in (email, email.partition("@")[0])


@dataclass(frozen=True)
class Forwarded:
    """The mail that was forwarded. ``named`` are people of whom it has the names alone."""

    key: str
    headers: Headers
    sender: Party
    moment: datetime
    named: tuple[Party, ...] = ()


@dataclass(frozen=True)
class LogMailbox:
    """The mailbox: by what name one signs in, which addresses are the team's, and the clock of its people."""

    login: str
    own: frozenset[str]
    zone: ZoneInfo

    @classmethod
    def of(cls, setting: FeedSetting) -> Self:
        """The mailbox that is being read."""
        own = frozenset(word.casefold() for word in (*setting.mine, *setting.ours) if "@" in word)
        return cls(setting.log_mailbox.casefold(), own, setting.own_zone or setting.zone)

    def is_for_it(self, headers: Headers, sender: Party) -> bool:
        """Whether one of us wrote this mail to the mailbox alone: then it is what is forwarded that counts."""
        if sender.email not in self.own:
            return False
        here = {one.email for name in DELIVERED for one in addresses(headers, name)}
        others = {one.email for name in ("to", "cc") for one in addresses(headers, name)} - self.own - here
        return all(_is_login(one, self.login) for one in others)

    def original(self, headers: Headers, mail: RawMail) -> Forwarded | None:
        """What was forwarded; None for a mail with nothing in it. Unclear where it does not tell who wrote and when."""
        found = original_of(bytes(mail.head), bytes(mail.body), _sent(headers), self.zone)
        if found is None:
            if is_forward(subject_of(headers.first("subject")) or ""):
                raise Unclear(
                    N_(
                        "{mail} was forwarded here, but the lines that say who wrote it, to whom and when are "
                        "missing. Log it by hand, or forward it again."
                    )
                )
            return None
        inner = Headers(found.head)
        sender, moment = sender_of(inner) or _named(inner.first("from")), moment_of(inner.first("date"))
        if sender is None or moment is None:
            raise Unclear(
                N_(
                    "{mail} was forwarded here, but it does not say who wrote it, or when. Log it by hand, "
                    "or forward it again."
                )
            )
        if found.is_whole:
            return Forwarded(key_of(inner, sender), inner, sender, moment)
        return Forwarded(_key(inner, sender, moment), inner, sender, moment, tuple(_names(inner)))


def _sent(headers: Headers) -> datetime:
    """When it was forwarded, by the clock there."""
    return parsedate_to_datetime(headers.first("date"))


def _key(headers: Headers, sender: Party, moment: datetime) -> str:
    said = [f"{moment:%Y%m%dT%H%M}", sender.email or fold(sender.name), fold(headers.first("subject"))]
    return FORWARDED + digest_of(repr(said))


def _names(headers: Headers) -> Iterable[Party]:
    """Whom it went to, of those of whom a program wrote only the name."""
    for name in ("to", "cc"):
        value = headers.first(name)
        if "@" not in value:
            pieces = value.split(";") if ";" in value or value.count(",") == 1 else value.split(",")
            yield from (party for piece in pieces if (party := _named(piece)) is not None)


def _named(written: str) -> Party | None:
    """Somebody by name alone; “Doe, Alice” is Alice Doe."""
    name = " ".join(re.sub(r"[\"'<>\[\]]", " ", written).split())
    family, comma, given = name.partition(",")
    shown = f"{given.strip()} {family.strip()}" if comma and given.strip() and "," not in given else name
    return Party(name=shown) if any(map(str.isalpha, shown)) else None
