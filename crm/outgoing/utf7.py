"""Names of IMAP folders: the UTF-7 of RFC 3501, section 5.1.3."""

import binascii
import re

_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")
_PLAIN = re.compile(r"[\x20-\x7e]+|[^\x20-\x7e]+")


def encoded(name: str) -> str:
    """A name as servers are given it."""
    return "".join(
        piece.replace("&", "&-") if piece.isascii() and piece.isprintable() else _shifted(piece)
        for piece in _PLAIN.findall(name)
    )


def _shifted(letters: str) -> str:
    packed = binascii.b2a_base64(letters.encode("utf-16-be"), newline=False).decode()
    return "&" + packed.rstrip("=").replace("/", ",") + "-"


def decoded(name: bytes) -> str:
    """A name as people read it; what is not written so stays as it is, and UTF-8 is read as what it is."""
    return _SHIFTED.sub(_letters, name.decode("utf-8", "replace"))


def _letters(found: re.Match[str]) -> str:
    packed = found[1].replace(",", "/")
    if not packed:
        return "&"
    try:
        return binascii.a2b_base64(packed + "=" * (-len(packed) % 4)).decode("utf-16-be")
    except (ValueError, UnicodeDecodeError):
        return found[0]
