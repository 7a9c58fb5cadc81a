"""What a JSON file says, piece by piece: never more than one message in memory, whatever the size of the file."""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, Protocol

from crm.domain.folding import storable
from crm.imports.phrases import phrase
from crm.imports.records import UnreadableFile
from crm.imports.safe_xml import BrokenOff

CHUNK = 1024 * 1024
_LONGEST = 16 * CHUNK
"""Characters of one value."""
_DEEPEST = 30
_SPACE = re.compile(r"[\s;]*")
_MORE_OF_A_NUMBER = ("", ".", "e", "E")
"""What follows a number of which only the beginning has been read yet."""
_ASSIGNED = re.compile(r"[\w.$\[\]\s]{1,200}=")
END: Final = object()
"""As a value: the object at this path is whole."""

Path = tuple[str, ...]


class Readable(Protocol):
    """A file, or one in an archive."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes more."""


class Told(NamedTuple):
    """One value, the names that lead to it (places in lists are not among them), and its line."""

    path: Path
    value: Any
    line: int


def values(stream: Readable, file: str, whole: Callable[[Path], bool]) -> Iterator[Told]:
    """Every word and number as it comes, each thing of the lists (and lines, for ``()``) that are ``whole`` at once,
    and END for every object.

    A name and a sign of equality before all else, as JavaScript has, are passed over. Raises BrokenOff where the file
    ends to be JSON.
    """
    reader = _Reader(_Text(stream), file, whole)
    reader.text.skip(_ASSIGNED)
    while reader.text.peek():
        yield from reader.value((), 0)


class _Text:
    """The text of a stream, of which only what is needed next is held."""

    def __init__(self, stream: Readable) -> None:
        self._stream, self._decoder = stream, codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._json = json.JSONDecoder(strict=False)
        self._text, self._at, self._done, self.line = "", 0, False, 1

    def _more(self) -> None:
        data = self._stream.read(CHUNK)
        self._done = not data
        self._text = self._text[self._at :] + self._decoder.decode(data, self._done)
        self._at = 0

    def peek(self) -> str:
        """The next sign that is no space; nothing at the end."""
        self.skip(_SPACE)
        while self._at == len(self._text) and not self._done:
            self._more()
            self.skip(_SPACE)
        return self._text[self._at : self._at + 1]

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Pass over what the pattern matches here."""
        if not self._text and not self._done:
            self._more()
        if match := pattern.match(self._text, self._at):
            self._go_to(match.end())

    def take(self, sign: str) -> None:
        """This sign is next; raises BrokenOff where it is not."""
        if self.peek() != sign:
            raise BrokenOff(self.line)
        self._at += 1

    def value(self) -> Any:
        """The next value, whole."""
        self.peek()
        while True:
            try:
                found, end = self._json.raw_decode(self._text, self._at)
            except (ValueError, RecursionError):
                end = -1
            if end >= 0 and (self._text[end : end + 1] not in _MORE_OF_A_NUMBER or self._done):
                self._go_to(end)
                return _as_stored(found)
            if self._done or len(self._text) - self._at > _LONGEST:
                raise BrokenOff(self.line)
            self._more()

    def _go_to(self, place: int) -> None:
        self.line += self._text.count("\n", self._at, place)
        self._at = place


class _Reader:
    def __init__(self, text: _Text, file: str, whole: Callable[[Path], bool]) -> None:
        self.text, self.file, self.whole = text, file, whole

    def value(self, path: Path, depth: int) -> Iterator[Told]:
        """One value, with all that is in it."""
        if depth > _DEEPEST:
            raise UnreadableFile(
                self.file,
                phrase("This file is nested more than {limit} deep, as no export is.", limit=_DEEPEST),
            )
        sign, line = self.text.peek(), self.text.line
        if sign == "{" and not (path == () and self.whole(path)):
            yield from self._object(path, depth)
        elif sign == "[":
            yield from self._list(path, depth)
        else:
            yield Told(path, self.text.value(), line)

    def _object(self, path: Path, depth: int) -> Iterator[Told]:
        self.text.take("{")
        while self.text.peek() != "}":
            name = self.text.value()
            if not isinstance(name, str):
                raise BrokenOff(self.text.line)
            self.text.take(":")
            yield from self.value((*path, name), depth + 1)
            if self.text.peek() != "}":
                self.text.take(",")
        self.text.take("}")
        yield Told(path, END, self.text.line)

    def _list(self, path: Path, depth: int) -> Iterator[Told]:
        self.text.take("[")
        while self.text.peek() != "]":
            if self.whole(path):
                line = self.text.line
                yield Told(path, self.text.value(), line)
            else:
                yield from self.value(path, depth + 1)
            if self.text.peek() != "]":
                self.text.take(",")
        self.text.take("]")


def _as_stored(held: Any) -> Any:
    """The same with every name and word in it as a database takes it."""
    if isinstance(held, str):
        return storable(held)
    if isinstance(held, list):
        return [_as_stored(one) for one in held]
    if isinstance(held, dict):
        return {_as_stored(name): _as_stored(one) for name, one in held.items()}
    return held
