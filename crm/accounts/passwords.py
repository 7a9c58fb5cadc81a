"""Passwords: twelve characters or more and no other rule, kept as argon2 hashes."""

from functools import cache

from pwdlib import PasswordHash

from crm.domain.language import gettext as _

SHORTEST = 12
LONGEST = 1024


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _nobodys() -> str:
    return _hasher().hash("the password of nobody")


def check(password: str) -> str:
    """The password itself, or a ``ValueError`` with a sentence."""
    if len(password) < SHORTEST:
        said = _("Use at least {number} characters.")
        raise ValueError(said.format(number=SHORTEST))
    if len(password) > LONGEST:
        raise ValueError(_("Use at most {number} characters.").format(number=LONGEST))
    return password


def hashed(password: str) -> str:
    """What the database keeps; takes some tens of milliseconds, so never call it inside a write transaction."""
    return _hasher().hash(password)


def fits(password: str, password_hash: str | None) -> bool:
    """Whether it is the password. Without a hash it takes as long and is false."""
    known = _hasher().verify(password[:LONGEST], password_hash or _nobodys())
    return known and password_hash is not None
