"""DKIM (RFC 6376): a signature in the head of a mail by which other servers tell that the sender's domain vouches for it.

Optional: with ``CRM_DKIM_KEY`` every mail is signed before it is handed over, by RSA or Ed25519 (RFC 8463), relaxed in head
and body. The arithmetic is cryptography's; what is signed, and how it is written down, is here.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from crm import clock
from crm.errors import UsageError
from crm.mail.message import BadAddress, Mailbox
from crm.settings import Settings

SIGNED = (
    "from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version", "content-type",
    "list-unsubscribe", "list-unsubscribe-post", "reply-to",
)  # fmt: skip
LEAST_RSA_BITS = 1024
"""RFC 8301: receivers take no shorter key as valid."""
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_BLANKS = re.compile(rb"[ \t]+")


@dataclass(frozen=True)
class Signer:
    """Signs for ``domain`` under ``selector``; ``key`` is cryptography's private key, RSA or Ed25519."""

    domain: str
    selector: str
    key: Any

    @property
    def algorithm(self) -> str:
        """As the signature names it."""
        return "rsa-sha256" if hasattr(self.key, "key_size") else "ed25519-sha256"

    @property
    def record_name(self) -> str:
        """The name of the TXT record in DNS that holds the public key."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """What that record says."""
        return f"v=DKIM1; k={self.algorithm.partition('-')[0]}; p={b64encode(self._public()).decode()}"

    def signed(self, data: bytes, at: datetime) -> bytes:
        """The mail, as bytes with CRLF line ends, with its signature in front."""
        return self.header(data, int(at.timestamp())) + data

    def header(self, data: bytes, timestamp: int | None) -> bytes:
        """The ``DKIM-Signature`` of a mail as a folded header with its line end."""
        head, _, body = data.partition(b"\r\n\r\n")
        lines = list(_fields(head, SIGNED))
        names = ": ".join(name for name, _ in lines)
        tags = {
            "v": "1", "a": self.algorithm, "c": "relaxed/relaxed", "d": self.domain, "s": self.selector,
            "t": str(timestamp) if timestamp is not None else "", "h": names, "bh": body_hash(body), "b": "",
        }  # fmt: skip
        value = "; ".join(f"{tag}={said}" for tag, said in tags.items() if said or tag == "b")
        signed = b"".join(line for _, line in lines) + relaxed_header(f"DKIM-Signature: {value}".encode())
        signature = b64encode(self.signature(signed.removesuffix(b"\r\n"))).decode()
        return f"DKIM-Signature: {_folded(value + signature)}\r\n".encode()

    def signature(self, signed: bytes) -> bytes:
        """The key's signature of the canonical head."""
        if self.algorithm == "ed25519-sha256":
            return bytes(self.key.sign(hashlib.sha256(signed).digest()))
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        return bytes(self.key.sign(signed, PKCS1v15(), SHA256()))

    def _public(self) -> bytes:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = self.key.public_key()
        if self.algorithm == "ed25519-sha256":
            return bytes(public.public_bytes(Encoding.Raw, PublicFormat.Raw))
        return bytes(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def body_hash(body: bytes) -> str:
    """SHA-256 of the body, relaxed (RFC 6376, 3.4.4), in base64."""
    lines = [_BLANKS.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    whole = b"".join(line + b"\r\n" for line in lines)
    return b64encode(hashlib.sha256(whole).digest()).decode()


def relaxed_header(field: bytes) -> bytes:
    """One header field, relaxed (RFC 6376, 3.4.2), with its line end."""
    name, _, value = field.replace(b"\r\n", b"").partition(b":")
    return name.strip().lower() + b":" + _BLANKS.sub(b" ", value).strip(b" ") + b"\r\n"


def _fields(head: bytes, names: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Name and relaxed form of those header fields that are there, in the order of ``names``."""
    found = {
        field.partition(b":")[0].strip().lower().decode("ascii"): field
        for field in re.split(rb"\r\n(?![ \t])", head)
    }
    yield from ((name, relaxed_header(found[name])) for name in names if name in found)


def _folded(value: str) -> str:
    """In lines of about 75 characters, broken where there was a blank: a new one would be signed differently. Only the
    signature itself, which is signed as empty, may be cut."""
    lines = [""]
    for word in value.split(" "):
        pieces = (
            [word[place : place + 70] for place in range(0, len(word), 70)] if word[:2] == "b=" else [word]
        )
        for piece in pieces:
            if len(lines[-1]) + len(piece) > 70:
                lines.append("")
            lines[-1] += (" " if lines[-1] else "") + piece
    return "\r\n ".join(line for line in lines if line)


def signer_of(settings: Settings) -> Signer | None:
    """What signs by these settings; none without a key. Raises UsageError that names the wrong one."""
    return _signer(settings.dkim_key, settings.dkim_selector, settings.dkim_domain, settings.mail_from)


def signing(settings: Settings) -> Callable[[bytes], bytes] | None:
    """For ``deliver``: a mail's bytes with their signature, as of now; none without a key."""
    signer = signer_of(settings)
    return None if signer is None else lambda data: signer.signed(data, clock.now())


@lru_cache(maxsize=4)
def _signer(pem: str, selector: str, domain: str, mail_from: str) -> Signer | None:
    if not pem:
        return None
    try:
        where = domain or Mailbox.parse(mail_from).domain
    except BadAddress as fault:
        raise UsageError(f"CRM_MAIL_FROM: {fault}") from None
    for name, words in (("CRM_DKIM_SELECTOR", selector), ("CRM_DKIM_DOMAIN", where)):
        if not all(_LABEL.fullmatch(label) for label in words.split(".")):
            raise UsageError(f"{name}: this is no name that DNS can hold.")
    return Signer(where.lower(), selector, _key(pem))


def _key(pem: str) -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise UsageError(
            "CRM_DKIM_KEY: signing needs the package cryptography, which requirements/runtime.txt lists."
        ) from None
    try:
        key = load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    except (ValueError, TypeError):
        raise UsageError("CRM_DKIM_KEY: this is no private key in PEM form without a password.") from None
    if isinstance(key, RSAPrivateKey) and key.key_size < LEAST_RSA_BITS:
        raise UsageError(f"CRM_DKIM_KEY: an RSA key of {key.key_size} bits is too short; use 2048.")
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise UsageError("CRM_DKIM_KEY: only RSA and Ed25519 keys sign mail.")
    return key
