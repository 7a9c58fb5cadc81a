"""The secret key and the ones before it: what they signed holds on, and is signed anew by the newest alone."""

import hmac
from collections.abc import Callable, Iterable


class Key(bytes):
    """What signs and seals. ``former``: keys before it, which sign nothing more and still open what they signed."""

    former: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, newest: bytes, former: Iterable[bytes]) -> "Key":
        """The newest key with those before it."""
        key = cls(newest)
        key.former = tuple(former)
        return key


def every(key: bytes) -> tuple[bytes, ...]:
    """The key and those before it, the newest first."""
    return (key, *key.former) if isinstance(key, Key) else (key,)


def is_signed(key: bytes, signature: str, sign: Callable[[bytes], str]) -> bool:
    """Whether the key, or one before it, gives this signature."""
    return any(hmac.compare_digest(signature.encode(), sign(one).encode()) for one in every(key))
