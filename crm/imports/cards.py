"""The decoder for vCard 2.1, 3.0 and 4.0: bytes become cards, and cards their properties, whatever is broken.

It is our own: vobject refuses a whole card for one odd line, and turns a backslash at the end of a value into
the letters "eof" (docs/decisions/0006-own-vcard-decoder.md). In the tests it gives a second opinion on sound cards.
"""

import base64
import binascii
import io
import quopri
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from crm.domain.lengths import LINE_LIMIT, TEXT_LIMIT
from crm.imports.lettering import LIKELY, codec_of, likeliest, wide_codec

CARD_LINES_LIMIT = 200_000
VALUE_LIMIT = 10 * TEXT_LIMIT
"""What one card with its picture, and one value, may hold: far more than honest ones do."""

_UNREAD = frozenset(
    ["PHOTO", "LOGO", "SOUND", "KEY", "X-MS-CARDPICTURE", "X-MS-OL-DESIGN", "X-EVOLUTION-E-BOOK-LDIF-EDIT"]
)
_CHARSET = re.compile(
    r"(iso-8859-\d{1,2}|iso-2022-(jp|kr)|windows-?\d{3,4}|cp\d{3,4}|utf-?8|utf-?16([bl]e)?|us-ascii|ascii|latin-?1"
    r"|shift_?jis|euc-(jp|kr)|gb2312|gbk|gb18030|big5|koi8-[ru]|macintosh|mac-?roman)"
)


@dataclass
class Card:
    """One card as found: its number in the file, the line it begins on, and its lines with their numbers.

    ``codec`` is what the file seems to be written in where it is not UTF-8 and a value does not say.
    """

    number: int
    line: int
    codec: str = LIKELY[0]
    lines: list[tuple[int, str]] = field(default_factory=list)
    whole: bool = True
    overlong: bool = False

    def add(self, number: int, line: str) -> None:
        """Take in one more line; a run of empty ones counts as one, and what passes the limit is not kept."""
        if not line and self.lines and not self.lines[-1][1]:
            return
        if len(self.lines) >= CARD_LINES_LIMIT:
            self.overlong = True
            return
        self.lines.append((number, line))


@dataclass(frozen=True)
class Property:
    """One property of a card, decoded; its name and those of its parameters are in capitals."""

    name: str
    value: str
    parameters: dict[str, list[str]]
    group: str
    line: int
    version: str

    @property
    def types(self) -> frozenset[str]:
        """What the TYPE parameters say, such as home, work, fax, pref."""
        words = (word for value in self.parameters.get("TYPE", ()) for word in value.split(","))
        return frozenset(word.strip().lower() for word in words)

    @property
    def rank(self) -> int:
        """1 is what they prefer; 101 says nothing about it."""
        number = self.parameters.get("PREF", [""])[0]
        if number.isascii() and number.isdigit() and len(number) <= 3:
            return int(number)
        return 1 if "pref" in self.types or "PREF" in self.parameters else 101

    @property
    def text(self) -> str:
        """The whole value as one text, unescaped."""
        return _unescape(self.value, self.version)

    def parts(self, separator: str = ";") -> list[str]:
        """The components of a structured value, unescaped and trimmed."""
        pieces = re.findall(rf"(?:[^\\{separator}]|\\.|\\)+|{separator}", self.value, re.DOTALL)
        parts = [""]
        for piece in pieces:
            if piece == separator:
                parts.append("")
            else:
                parts[-1] += piece
        return [_unescape(part, self.version).strip() for part in parts]


def decode_cards(data: bytes) -> str:
    """Text of a file in UTF-8 or UTF-16; bytes that are neither stay recognisable for their own CHARSET."""
    return universal(_unmarked(data))


def universal(text: str) -> str:
    """Every line ending as one newline; some programs write two carriage returns before it."""
    return re.sub(r"\r{0,2}\n|\r", "\n", text) if "\r" in text else text


def _unmarked(data: bytes) -> str:
    wide = wide_codec(data)
    return data.decode(wide or "utf-8", "replace" if wide else "surrogateescape").removeprefix("\ufeff")


def split_cards(text: str) -> Iterator[Card]:
    """Each card, in the order in which they end. A card inside a card (AGENT) is a card of its own."""
    count, codec = 0, _codec(text)
    open_cards: list[Card] = []
    for number, ended in enumerate(io.StringIO(text), 1):
        line = ended.rstrip("\n")
        mark = line.strip(" \t\ufeff\0").upper().replace(" ", "") if len(line) < 40 else ""
        if mark == "BEGIN:VCARD":
            if open_cards and not _announces_agent(open_cards[-1]):
                yield _unfinished(open_cards.pop())
            count += 1
            open_cards.append(Card(count, number, codec))
        elif mark == "END:VCARD" and open_cards:
            yield open_cards.pop()
        elif open_cards:
            open_cards[-1].add(number, line)
    for card in reversed(open_cards):
        yield _unfinished(card)


def _codec(text: str) -> str:
    """The codec of what is not UTF-8 in these cards."""
    if text.isascii():
        return LIKELY[0]
    raw = text.encode("utf-8", "surrogateescape")
    return LIKELY[0] if codec_of(raw) == "utf-8" else likeliest(raw)


def _announces_agent(card: Card) -> bool:
    last = next((line for _, line in reversed(card.lines[-3:]) if line.strip()), "")
    return last.upper().startswith("AGENT") and last.rstrip().endswith(":")


def _unfinished(card: Card) -> Card:
    card.whole = False
    return card


def properties(card: Card) -> Iterator[Property]:
    """The properties of a card. Lines that are none, and pictures, are passed over."""
    version = _version(card)
    for number, line in _logical_lines(card, version):
        head, value = _cut(line)
        if value is None:
            continue
        group, _, name = head[0].rpartition(".")
        name = name.strip().upper().replace("_", "-")
        if name in _UNREAD:
            continue
        parameters = _parameters(head[1:])
        decoded = _decoded(value[:VALUE_LIMIT], parameters, card.codec)
        if decoded is not None:
            yield Property(name, decoded, parameters, group.strip().lower(), number, version)


def _version(card: Card) -> str:
    for _, line in card.lines[:50]:
        match = re.match(r"\s*VERSION\s*:\s*(\d\.\d)", line, re.IGNORECASE)
        if match:
            return match.group(1)
    return "3.0"


def _logical_lines(card: Card, version: str) -> Iterator[tuple[int, str]]:
    """Lines put together again where they were folded, or broken softly as quoted-printable."""
    pieces: list[str] = []
    start, soft = 0, False
    for number, line in card.lines:
        if pieces and soft:
            pieces[-1] = pieces[-1].rstrip()[:-1]
            pieces.append(line)
        elif pieces and line[:1] in (" ", "\t"):
            pieces.append(line if version == "2.1" and not _is_base64(pieces[0]) else line[1:])
        else:
            if pieces:
                yield start, "".join(pieces)
            pieces, start = [line], number
        soft = line.rstrip().endswith("=") and _is_quoted_printable(pieces[0])
    if pieces:
        yield start, "".join(pieces)


def _is_quoted_printable(line: str) -> bool:
    return "QUOTED-PRINTABLE" in line[:LINE_LIMIT].partition(":")[0].upper()


def _is_base64(line: str) -> bool:
    return (
        re.search(r";(ENCODING=)?(B|BASE64)\b", line[:LINE_LIMIT].partition(":")[0], re.IGNORECASE)
        is not None
    )


def _cut(line: str) -> tuple[list[str], str | None]:
    """Name and parameters, and what follows the first colon outside quotation marks, or None."""
    head, at, quoted = [""], 0, False
    for at, letter in enumerate(line[: 4 * LINE_LIMIT]):
        if letter == '"':
            quoted = not quoted
        elif letter == ":" and not quoted:
            return head, line[at + 1 :]
        elif letter == ";" and not quoted:
            head.append("")
            continue
        head[-1] += letter
    if quoted:  # a quotation mark left open hides the colon: read again without quoting
        before, colon, value = line.partition(":")
        return before.replace('"', "").split(";"), value if colon else None
    return head, None


def _parameters(pieces: Iterable[str]) -> dict[str, list[str]]:
    """Parameters by name; the bare words of vCard 2.1 (``TEL;HOME``) are types or encodings."""
    found: dict[str, list[str]] = {}
    for piece in pieces:
        name, equals, value = piece.partition("=")
        name = name.strip().upper()
        if not equals:
            name, value = _bare(name)
        found.setdefault(name, []).append(_parameter_value(value))
    return found


def _bare(word: str) -> tuple[str, str]:
    if word in ("QUOTED-PRINTABLE", "BASE64", "B", "8BIT", "7BIT"):
        return "ENCODING", word
    return "TYPE", word.lower()


def _parameter_value(value: str) -> str:
    """Unquoted, with the escapes of RFC 6868 undone."""
    value = _text(value.encode("utf-8", "surrogateescape"), "").strip().replace('"', "").replace("\0", "")
    return re.sub(r"\^([n^'])", lambda match: {"n": "\n", "^": "^", "'": '"'}[match.group(1)], value)


def _decoded(value: str, parameters: dict[str, list[str]], codec: str) -> str | None:
    """The value as text, out of its transfer encoding and character set; None where it is no text."""
    encoding = parameters.get("ENCODING", [""])[0].upper()
    charset = parameters.get("CHARSET", [""])[0].strip().lower()
    raw = value.encode("utf-8", "surrogateescape")
    if encoding == "QUOTED-PRINTABLE":
        raw = quopri.decodestring(raw)
    elif encoding in ("B", "BASE64"):
        try:
            raw = base64.b64decode(raw)
        except (binascii.Error, ValueError):
            return None
    elif raw.isascii() and not charset.startswith("iso-2022"):
        return value.replace("\0", "")
    return _text(raw, charset, codec).replace("\0", "")


def _text(raw: bytes, charset: str, codec: str = LIKELY[0]) -> str:
    """Bytes as text: UTF-8 if they are, else the declared character set, else that of the file."""
    tries = ["utf-8", charset] if not charset.startswith(("iso-2022", "utf-16")) else [charset, "utf-8"]
    for name in tries:
        if _CHARSET.fullmatch(name):
            try:
                return raw.decode(name)
            except (UnicodeDecodeError, LookupError):
                continue
    return raw.decode(codec, "replace")


_ESCAPES: dict[str, str] = {"n": "\n", "N": "\n", "\\": "\\", ",": ",", ";": ";", ":": ":", '"': '"'}


def _unescape(value: str, version: str) -> str:
    """Backslash escapes undone; in vCard 2.1 a backslash before n is a backslash before n."""
    if "\\" not in value:
        return value

    def meant(match: re.Match[str]) -> str:
        letter = match.group(1)
        if letter in "nN" and version == "2.1":
            return match.group()
        return _ESCAPES.get(letter, match.group())

    return re.sub(r"\\(.)", meant, value, flags=re.DOTALL)
