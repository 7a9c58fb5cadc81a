"""Where mails lie: in an mbox, a Maildir, a folder or a zip archive of either, or one by itself. Read piece by piece.

Of each mail its head is kept, and of its body as much as is asked for; the rest goes by. A mailbox of any size
needs the memory of one mail.
"""

import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from crm.domain.correspondence import reason_of_folder
from crm.imports.archives import others
from crm.imports.phrases import phrase
from crm.imports.sightings import Notices
from crm.imports.zips import entries, first_names
from crm.outgoing.utf7 import decoded

LINE = 64 * 1024
HEAD_LIMIT = 256 * 1024
"""Bytes of one mail's headers; what comes after them is not read."""
BODY_LIMIT = 1024 * 1024
"""Bytes of one mail's body, where its text is kept."""

_FIELD = re.compile(rb"[!-9;-~]{1,100}[ \t]*:")
_DATED = re.compile(
    rb"From .*(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:[A-Z][a-z]{2} +\d{1,2}|\d{1,2} +[A-Z][a-z]{2}).*\d{1,2}:\d{2}"
)
_ADDRESSED = re.compile(rb"From \S+@\S+( .*)?$")
_KNOWN = re.compile(
    rb"(?im)^(from|to|cc|date|subject|message-id|received|return-path|delivered-to|mime-version|content-type|sender"
    rb"|reply-to|x-[a-z-]+|references|in-reply-to|bcc|dkim-signature|authentication-results|user-agent)[ \t]*:"
)
_BEGINS = re.compile(rb"From [ \t]*[^ \t:]")
_DRAFT_FLAG = re.compile(r"[:;!]2,[A-Za-z]*D[A-Za-z]*$")
_MAILBOXES = re.compile(r"\.(mbox|eml)$", re.IGNORECASE)
_QUOTED = re.compile(rb">+From ")
_COUNTED = re.compile(rb"\A\d{1,10}[ \t]*\r?\n")
"""How Apple Mail's own files (.emlx) begin: with the bytes of the mail, after which comes more that is none."""
_CALENDAR = re.compile(rb"content-type:\s*text/calendar", re.IGNORECASE)
_METHOD = re.compile(
    rb"method=\W?(?:request|reply|cancel|counter|declinecounter|refresh|publish)", re.IGNORECASE
)
_PLACES = ("cur", "new")
_MAIL_NAMES = (".eml", ".mbox", ".emlx", ".mbx")


@dataclass
class RawMail:
    """One mail as it lies there. ``where`` names the file and the mail; ``reason`` why its folder is no contact."""

    where: str
    head: bytearray = field(default_factory=bytearray)
    body: bytearray = field(default_factory=bytearray)
    reason: str | None = None


# Which files are mail.


def is_mail(head: bytes) -> bool:
    """Whether a file that begins so is an mbox, a mail, or a zip archive with such in it."""
    if head.startswith(b"PK\x03\x04"):
        return any(_is_mail_name(name) for name in first_names(head))
    return _is_mbox(head) or _is_letter(_COUNTED.sub(b"", head, count=1))


def is_mail_folder(path: Path) -> bool:
    """Whether there is mail in a folder: a Maildir, or files with mail in them."""
    return next(_mail_files(path), None) is not None


def _is_mail_name(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/"))
    return parts.suffix.lower() in _MAIL_NAMES or (parts.parent.name in _PLACES and not name.endswith("/"))


def _is_mbox(head: bytes) -> bool:
    lines = head.lstrip(b"\r\n\xef\xbb\xbf").splitlines()
    if not lines or not _BEGINS.match(lines[0]):
        return False
    return len(lines) > 1 and (_FIELD.match(lines[1]) is not None or lines[1].startswith(b">From "))


def _is_letter(head: bytes) -> bool:
    """Headers come first, and some of them are those that mails have."""
    head = head.lstrip(b"\r\n\xef\xbb\xbf").replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    lines = head.split(b"\n")
    first = lines[0]
    if not _FIELD.match(first) or first.upper().startswith(b"BEGIN:"):
        return False
    fields = sum(1 for line in lines if _FIELD.match(line) or line[:1] in (b" ", b"\t"))
    return fields >= 0.8 * len(lines) and len({one.lower() for one in _KNOWN.findall(head)}) >= 2


# Reading them.


def mails_in(stream: BinaryIO, notices: Notices, *, body: int = 0) -> Iterator[RawMail]:
    """The mails of one file, whichever sort it is, with so many bytes of each body."""
    start = stream.read(4)
    stream.seek(0)
    if start == b"PK\x03\x04":
        for entry in entries(stream, notices.file):
            yield from _entry(entry.stream, entry.name, notices, body)
        if more := others(stream, notices.file, _MAILBOXES):
            notices.leave_out(notices.file, more)
    else:
        yield from _stream(stream, notices.file, body, reason_of_folder(PurePosixPath(notices.file).stem))


def mails_under(folder: Path, notices: Notices, *, body: int = 0) -> Iterator[RawMail]:
    """The mails of a folder and those below it, by name; links are not followed."""
    for path in _mail_files(folder):
        name = str(path.relative_to(folder))
        try:
            with path.open("rb") as stream:
                yield from _entry(stream, name, notices, body)
        except OSError as fault:
            notices.leave_out(
                _where(notices.file, name), phrase("This file cannot be read: {fault}.", fault=fault.strerror)
            )


def folder_size(folder: Path) -> int:
    """The bytes of the mail in a folder."""
    return sum(map(_size, _mail_files(folder)))


def _size(path: Path) -> int:
    """Of a mail that was moved meanwhile, nothing."""
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _mail_files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if _is_plain(path) and _holds_mail(path):
                yield path


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _holds_mail(path: Path) -> bool:
    if path.parent.name in _PLACES or path.suffix.lower() in _MAIL_NAMES:
        return True
    try:
        with path.open("rb") as stream:
            return _is_mbox(stream.read(4_096))
    except OSError:
        return False


def _entry(stream: BinaryIO, name: str, notices: Notices, body: int) -> Iterator[RawMail]:
    """The mails of one file among several."""
    where, parts = _where(notices.file, name), PurePosixPath(name.replace("\\", "/"))
    try:
        head = stream.read(LINE)
        stream.seek(0)
        if not head.strip():
            return
        if head.startswith(b"PK\x03\x04") or not (parts.parent.name in _PLACES or is_mail(head)):
            if _is_mail_name(name):
                notices.leave_out(where, phrase("This is not a mail, and was left out."))
            return
        yield from _stream(stream, where, body, _reason_of_place(parts))
    except (zipfile.BadZipFile, zlib.error, EOFError):
        notices.leave_out(where, phrase("This part of the archive is damaged, and was left out."))


def _reason_of_place(parts: PurePosixPath) -> str | None:
    """What the folders say, and the flags that a Maildir keeps in the name."""
    if parts.parent.name in _PLACES and _DRAFT_FLAG.search(parts.name):
        return "draft"
    return reason_of_folder(decoded("/".join((*parts.parent.parts, parts.stem)).encode("utf-8", "replace")))


def _where(file: str, name: str) -> str:
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in name)
    return f"{file}: {shown if len(shown) <= 120 else '…' + shown[-119:]}"


# Taking a stream apart.


def _stream(stream: BinaryIO, where: str, body: int, reason: str | None) -> Iterator[RawMail]:
    lines = _lines(stream)
    first = next(lines, b"")
    if _COUNTED.fullmatch(first):
        yield from _one(_first_bytes(lines, int(first)), RawMail(where, reason=reason), body)
        return
    if not _BEGINS.match(first):
        yield from _one(chain([first], lines), RawMail(where, reason=reason), body)
        return
    parted = _Parted(lines)
    number = 0
    while not parted.is_over:
        number += 1
        yield from _one(parted.next_mail(), RawMail(f"{where} mail {number}", reason=reason), body)


def _first_bytes(lines: Iterator[bytes], count: int) -> Iterator[bytes]:
    for line in lines:
        if count <= 0:
            return
        yield line[:count]
        count -= len(line)


def _one(lines: Iterator[bytes], mail: RawMail, body: int) -> Iterator[RawMail]:
    """The mail that these lines are, if they are any."""
    for line in lines:
        if not line.strip(b"\r\n"):
            break
        if len(mail.head) < HEAD_LIMIT:
            mail.head += line
    mail.head += b"\n"
    rest = _watched(lines, mail) if b"multipart/" in mail.head.lower() else lines
    for line in rest:
        if len(mail.body) < body:
            mail.body += line[1:] if _QUOTED.match(line) else line
    if mail.head.strip():
        yield mail


def _watched(lines: Iterator[bytes], mail: RawMail) -> Iterator[bytes]:
    """The lines of a body of parts; one of a calendar that asks or answers makes the mail an invitation."""
    in_calendar = False
    for line in lines:
        yield line
        if line[:1] in (b"C", b"c"):
            in_calendar = in_calendar or _CALENDAR.match(line) is not None
        if in_calendar:
            mail.reason = mail.reason or ("invitation" if _METHOD.search(line) else None)
            in_calendar = bool(line.strip())


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream from the first that is not empty; what is longer than LINE comes in pieces."""
    begun = False
    while line := stream.readline(LINE):
        line = line if begun else line.removeprefix(b"\xef\xbb\xbf")
        if begun or line.strip():
            begun = True
            yield line


class _Parted:
    """The lines of an mbox, mail by mail. The first line, which begins the first mail, was taken already."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._kept: list[bytes] = []
        self.is_over = False

    def next_mail(self) -> Iterator[bytes]:
        """The lines of one mail up to the line that begins the next."""
        blank, at_start = False, True
        for line in self._rest():
            if line.startswith(b"From ") and at_start and (blank or _DATED.match(line)):
                following = next(self._lines, b"")
                if self._begins(line, following):
                    self._kept = [following]
                    return
                self._kept = [following]
            yield line
            at_start = line.endswith(b"\n")
            blank = at_start and not line.strip(b"\r\n")
        self.is_over = True

    def _rest(self) -> Iterator[bytes]:
        while True:
            line = self._kept.pop() if self._kept else next(self._lines, b"")
            if not line:
                return
            yield line

    @staticmethod
    def _begins(line: bytes, following: bytes) -> bool:
        """Whether a line “From …” begins a mail: headers follow it, and it has a day or an address."""
        bare = line.rstrip(b"\r\n")
        if not (_DATED.match(bare) or _ADDRESSED.match(bare)):
            return False
        return not following or _FIELD.match(following) is not None or following.startswith(b">From ")
