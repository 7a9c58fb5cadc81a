"""Reading a mailbox over IMAP, on the one wire: nothing is ever changed there, not even what is marked as read.

``imaplib`` speaks the protocol. Ours are the connection (judged before it is made, bounded by one deadline and one sum of
bytes), who may see a password, and that folders are only ever examined and mails only peeked at.
"""

import imaplib
import re
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from crm.outgoing import utf7
from crm.outgoing.failures import Failed, Failure
from crm.outgoing.imap_address import ImapAddress
from crm.outgoing.wire import Network, Wire

SECONDS = 120.0
"""The longest that one visit may take."""
LIMIT = 256 * 2**20
"""Bytes of one visit, so that a server cannot fill the memory or never end."""
LONGEST_LINE = 4 * 2**20
"""An answer to a search in a mailbox of half a million mails has that length."""
HEAD_LIMIT = 64 * 1024
PIECE = 64 * 1024

_UID = re.compile(rb"\bUID (\d+)")
_FOLDER = re.compile(rb'^\((?P<flags>[^)]*)\) (?:"(?:[^"\\]|\\.)*"|NIL) (?P<name>.*)$', re.DOTALL)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
Result = TypeVar("Result")


class Refused(Exception):
    """The server answered, and does not do it: ``state`` is *password*, *no_tls*, *no_folder* or *refused*."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


@dataclass(frozen=True)
class Folder:
    """A folder as it stands. A mail keeps its number as long as ``uidvalidity`` stays the same; ``next_uid`` may be
    untold (0)."""

    uidvalidity: int
    next_uid: int


class _Talk(imaplib.IMAP4):
    """The protocol on our wire. Every read and write is bounded; a deadline or a limit comes through as Failed."""

    def __init__(self, wire: Wire, address: ImapAddress, limit: int) -> None:
        self._wire, self._address, self._room = wire, address, limit
        self._kept = bytearray()
        super().__init__(address.host, address.port)

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        """Connect to the address that was judged."""
        self._stream = self._wire.connect_tcp(self._address.host, self._address.port)
        if self._address.tls:
            self._encrypt()

    def _encrypt(self) -> None:
        self._kept.clear()  # what came before the handshake was said by nobody in particular
        self._stream = self._stream.start_tls(ssl.create_default_context(), self._address.host)

    def encrypt(self) -> None:
        """From here on nobody listens in; Refused where the server offers no encryption."""
        if self.state != "NONAUTH" or "STARTTLS" not in self.capabilities:
            raise Refused("no_tls")
        answer, _ = self._simple_command("STARTTLS")
        if answer != "OK":
            raise Refused("no_tls")
        self._encrypt()
        self.relearn()

    @staticmethod
    def quoted(word: str) -> str:
        """A word as it stands in a command; Refused where the protocol has no way to say it."""
        if not word.isascii() or not word.isprintable():
            raise Refused("password")
        return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def relearn(self) -> None:
        """What the server can do, asked again."""
        answer, told = self.capability()
        words = told[-1].decode("ascii", "replace").upper().split() if told and told[-1] else ()
        self.capabilities = tuple(words) if answer == "OK" else ()

    def _fill(self) -> None:
        piece = self._stream.read(PIECE)
        self._room -= len(piece)
        if self._room < 0:
            raise Failed(Failure.TOO_BIG)
        if not piece:
            raise Failed(Failure.UNREACHABLE)
        self._kept += piece

    def read(self, size: int) -> bytes:
        """Exactly so many bytes."""
        if size > self._room + len(self._kept):
            raise Failed(Failure.TOO_BIG)
        while len(self._kept) < size:
            self._fill()
        return self._taken(size)

    def readline(self) -> bytes:
        """One line with its end."""
        searched = 0
        while (end := self._kept.find(b"\n", searched)) < 0:
            searched = len(self._kept)
            if searched > LONGEST_LINE:
                raise Failed(Failure.TOO_BIG)
            self._fill()
        return self._taken(end + 1)

    def _taken(self, size: int) -> bytes:
        taken = bytes(self._kept[:size])
        del self._kept[:size]
        return taken

    def send(self, data: bytes) -> None:  # type: ignore[override]
        """All of it."""
        self._stream.write(data)

    def shutdown(self) -> None:
        """Let go of the connection."""
        if stream := getattr(self, "_stream", None):
            stream.close()


class Session:
    """One visit to a mailbox, signed in. Its methods raise Failed or Refused, and nothing else."""

    def __init__(self, talk: _Talk) -> None:
        self._talk = talk

    def folders(self) -> list[str]:
        """The names of the folders that can be examined, as the server writes their levels (``Work/2025``)."""
        _, told = self._asked(self._talk.list)
        names = []
        for line in told:
            found = _FOLDER.match((line[0] if isinstance(line, tuple) else line) or b"")
            if found is not None and b"\\noselect" not in found["flags"].lower():
                names.append(utf7.decoded(line[1] if isinstance(line, tuple) else _unquoted(found["name"])))
        return names

    def examine(self, name: str) -> Folder:
        """Look into a folder without changing anything there; Refused where there is none."""
        quoted = self._talk.quoted(utf7.encoded(name))
        self._asked(lambda: self._talk.select(quoted, readonly=True), otherwise="no_folder")
        validity = self._number("UIDVALIDITY")
        if not validity:
            raise Failed(Failure.GARBLED)
        return Folder(validity, self._number("UIDNEXT"))

    def _number(self, name: str) -> int:
        _, told = self._talk.response(name)
        said = told[-1] if told else None
        return int(said) if isinstance(said, bytes) and said.isdigit() and len(said) < 16 else 0

    def after(self, uid: int) -> list[int]:
        """The numbers of the mails that came after that one, ascending."""
        # Whoever asks for a number beyond the last is told the last.
        return [one for one in self._search(f"UID {uid + 1}:*") if one > uid]

    def since(self, year: int, month: int, day: int) -> list[int]:
        """The numbers of the mails that arrived on that day or later, by the server's clock."""
        return self._search(f"SINCE {day}-{_MONTHS[month - 1]}-{year}")

    def _search(self, what: str) -> list[int]:
        _, told = self._asked(lambda: self._talk.uid("SEARCH", what))
        return sorted({int(one) for line in told if line for one in line.split() if one.isdigit()})

    def heads(self, uids: Iterable[int]) -> dict[int, bytes]:
        """The headers of these mails, of each at most HEAD_LIMIT bytes; those that are gone by now are left out."""
        return self._fetched(uids, f"(UID BODY.PEEK[HEADER]<0.{HEAD_LIMIT}>)")

    def mail(self, uid: int, most: int) -> bytes | None:
        """A mail as it lies there, up to so many bytes; None where it is gone by now."""
        return self._fetched([uid], f"(UID BODY.PEEK[]<0.{most}>)").get(uid)

    def _fetched(self, uids: Iterable[int], what: str) -> dict[int, bytes]:
        wanted = ",".join(map(str, uids))
        if not wanted:
            return {}
        _, told = self._asked(lambda: self._talk.uid("FETCH", wanted, what))
        found = {}
        for number, line in enumerate(told):
            if not isinstance(line, tuple) or b"BODY[" not in line[0].upper():
                continue
            after = told[number + 1] if number + 1 < len(told) else b""
            named = _UID.search(line[0]) or _UID.search(after if isinstance(after, bytes) else b"")
            if named:
                found[int(named[1])] = line[1]
        return found

    def _asked(
        self, what: Callable[[], tuple[str, list[Any]]], otherwise: str = "refused"
    ) -> tuple[str, list[Any]]:
        with _in_our_words(otherwise):
            answer, told = what()
            if answer != "OK":
                raise Refused(otherwise)
            return answer, told


@contextmanager
def opened(
    address: ImapAddress, network: Network, seconds: float = SECONDS, limit: int = LIMIT
) -> Iterator[Session]:
    """A visit that ends with the block; Failed or Refused where it comes to nothing."""
    wire = Wire(network, time.monotonic() + seconds)
    with _in_our_words("refused"):
        talk = _Talk(wire, address, limit)
    try:
        with _in_our_words("password"):
            _sign_in(talk, address)
        yield Session(talk)
    finally:
        with suppress(Failed, OSError, imaplib.IMAP4.error):
            talk.logout()
        talk.shutdown()


def _sign_in(talk: _Talk, address: ImapAddress) -> None:
    if not address.tls and address.starttls:
        talk.encrypt()
    if talk.state == "AUTH":
        return
    if "AUTH=PLAIN" in talk.capabilities:
        secret = f"\0{address.user}\0{address.password}".encode()
        answer, _ = talk.authenticate("PLAIN", lambda _: secret)
    else:
        talk.quoted(address.password)
        answer, _ = talk.login(talk.quoted(address.user), address.password)
    if answer != "OK":
        raise Refused("password")
    talk.relearn()


@contextmanager
def _in_our_words(otherwise: str) -> Iterator[None]:
    """A refusal becomes ``otherwise``; what is no IMAP is garbled. No word of the server's comes through."""
    try:
        yield
    except imaplib.IMAP4.abort:
        raise Failed(Failure.GARBLED) from None
    except imaplib.IMAP4.error:
        raise Refused(otherwise) from None
    except (
        ValueError,
        IndexError,
        AttributeError,
        TypeError,
    ):  # what imaplib makes of an answer that is none
        raise Failed(Failure.GARBLED) from None


def _unquoted(name: bytes) -> bytes:
    if name.startswith(b'"') and name.endswith(b'"') and len(name) > 1:
        return re.sub(rb"\\(.)", rb"\1", name[1:-1])
    return name
