"""Elements of an XML file one by one: no document type, no entities, nothing fetched, never more than one in memory."""

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, NamedTuple
from xml.parsers import expat

from crm.imports.phrases import phrase
from crm.imports.records import UnreadableFile

CHUNK = 4 * 1024 * 1024
_ELEMENT_LIMIT = 64 * 1024 * 1024
"""Bytes between the beginnings of two elements: a picture message is far smaller."""
_DEEPEST = 20
_PAIR = re.compile(rb"&#(5[56]\d{3});&#(5[67]\d{3});")
_CHARACTER = re.compile(rb"&#(x[0-9A-Fa-f]{1,8}|\d{1,9});")
_CONTROLS = bytes.maketrans(bytes(code for code in range(32) if code not in (9, 10, 13)), b" " * 29)
_TAIL = 24
"""Bytes kept back at the end of a chunk, in which a written character may be cut in two."""


class Element(NamedTuple):
    """The beginning of an element: its name, its attributes, how deep it lies (the root: 1) and its line."""

    name: str
    attributes: Mapping[str, str]
    depth: int
    line: int


class BrokenOff(Exception):
    """The file is no XML from this line on; what came before was read."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def elements(stream: BinaryIO, file: str) -> Iterator[Element]:
    """The elements of a file as they begin; raises BrokenOff where it ends to be XML.

    Characters that phones write and XML forbids (halves of emoji, control characters) are put right.
    """
    found: list[Element] = []
    parser = _parser(found, file)
    rest, is_wide, pending = b"", False, 0
    while True:
        read = stream.read(CHUNK)
        is_wide = is_wide or read.startswith((b"\xff\xfe", b"\xfe\xff"))
        text, rest = _whole(rest + read) if read else (rest, b"")
        try:
            parser.Parse(text if is_wide else _mended(text), not read)
        except expat.ExpatError as fault:
            yield from found
            raise BrokenOff(fault.lineno) from None
        if not found and pending > _ELEMENT_LIMIT:
            raise UnreadableFile(
                file,
                phrase("One part of this file is larger than {limit} MiB.", limit=_ELEMENT_LIMIT // 2**20),
            )
        pending = 0 if found else pending + len(read)
        yield from found
        found.clear()
        if not read:
            return


def _parser(found: list[Element], file: str) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    depth = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise UnreadableFile(
                file, phrase("This file is nested more than {limit} deep, as no backup is.", limit=_DEEPEST)
            )
        found.append(Element(name, attributes, depth, parser.CurrentLineNumber))

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_: object) -> None:
        raise UnreadableFile(file, phrase("This file declares its own document type, which no backup needs."))

    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    return parser


def _whole(text: bytes) -> tuple[bytes, bytes]:
    """The text without a written character that may be cut in two at its end, and that."""
    cut = text.find(b"&", max(0, len(text) - _TAIL))
    return (text, b"") if cut < 0 else (text[:cut], text[cut:])


def _mended(text: bytes) -> bytes:
    if b"&#" in text:
        text = _CHARACTER.sub(_character, _PAIR.sub(_emoji, text))
    return text.translate(_CONTROLS)


def _emoji(match: re.Match[bytes]) -> bytes:
    """Two halves as one character, if they are halves of one."""
    high, low = int(match[1]), int(match[2])
    if 0xD800 <= high < 0xDC00 <= low < 0xE000:
        return b"&#%d;" % (0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    return match[0]


def _character(match: re.Match[bytes]) -> bytes:
    """A written character, if XML has it; else the sign for one that is lost."""
    said = match[1]
    code = int(said[1:], 16) if said[:1] == b"x" else int(said)
    is_good = (
        code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    )
    return match[0] if is_good else b"&#65533;"
