"""Secrets that must be read again, such as the address of somebody's calendar, sealed before they are stored.

A stream from HMAC-SHA256 in counter mode, then HMAC-SHA256 over all of it (encrypt-then-MAC), with keys derived from
the secret key for this purpose alone. Why not a package: docs/decisions/0009-sealed-secrets.md.
"""

import base64
import hashlib
import hmac
import secrets

from crm.domain.keys import every

_NONCE = 16
_TAG = 32


class Unsealable(Exception):
    """It was sealed with another key or for another place, or was changed since."""


def seal(key: bytes, place: str, secret: str) -> str:
    """The secret, readable only with this key and for this ``place``: whose it is, so that none can be moved."""
    nonce = secrets.token_bytes(_NONCE)
    hidden = _mixed(key, nonce, secret.encode())
    return base64.urlsafe_b64encode(nonce + hidden + _tag(key, place, nonce + hidden)).decode()


def unseal(key: bytes, place: str, sealed: str) -> str:
    """The secret again, by this key or one before it; or Unsealable."""
    try:
        whole = base64.urlsafe_b64decode(sealed)
    except ValueError:
        raise Unsealable from None
    body, tag = whole[:-_TAG], whole[-_TAG:]
    for one in every(key) if len(body) >= _NONCE else ():
        if hmac.compare_digest(tag, _tag(one, place, body)):
            return _mixed(one, body[:_NONCE], body[_NONCE:]).decode()
    raise Unsealable


def _mixed(key: bytes, nonce: bytes, data: bytes) -> bytes:
    own = _derived(key, b"stream")
    blocks = range((len(data) + 31) // 32)
    stream = b"".join(_mac(own, nonce + number.to_bytes(8)) for number in blocks)
    return bytes(one ^ other for one, other in zip(data, stream, strict=False))


def _tag(key: bytes, place: str, body: bytes) -> bytes:
    where = place.encode()
    return _mac(_derived(key, b"tag"), len(where).to_bytes(8) + where + body)


def _derived(key: bytes, purpose: bytes) -> bytes:
    return _mac(key, b"sealed secrets, " + purpose)


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()
