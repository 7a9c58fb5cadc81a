"""A small IMAP server on this machine: as much of RFC 3501 as readers need, with mails that a test puts there."""

import contextlib
import re
import socket
import socketserver
import ssl
import threading
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field

USER = "crm@example.org"
PASSWORD = 'right "p@ss\\word'
_TOLD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


@dataclass
class Mail:
    """``day`` is when it arrived, as (year, month, day)."""

    uid: int
    data: bytes
    day: tuple[int, int, int] = (2026, 11, 23)
    seen: bool = False

    @property
    def head(self) -> bytes:
        head, blank, _ = self.data.partition(b"\r\n\r\n")
        return head + blank


@dataclass
class Box:
    """One folder."""

    uidvalidity: int = 1
    next_uid: int = 1
    mails: list[Mail] = field(default_factory=list)

    def put(self, data: bytes, day: tuple[int, int, int] = (2026, 11, 23)) -> int:
        lines = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        self.mails.append(Mail(self.next_uid, lines, day))
        self.next_uid += 1
        return self.next_uid - 1


class ImapServer(socketserver.ThreadingTCPServer):
    """``said`` are the commands that came, without what signs in; ``say`` answers a command in the server's place."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, tls: ssl.SSLContext | None, capabilities: str, implicit: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.tls, self.capabilities, self.implicit = tls, capabilities, implicit
        self.boxes = {"INBOX": Box()}
        self.said: list[str] = []
        self.answers: dict[str, bytes] = {}
        self.greeting = b"* OK ready\r\n"
        self.stopping = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def inbox(self) -> Box:
        return self.boxes["INBOX"]

    def url(self, host: str = "localhost", options: str = "?starttls=never", folder: str = "") -> str:
        password = PASSWORD.replace('"', "%22").replace("@", "%40").replace(" ", "%20").replace("\\", "%5C")
        scheme = "imaps" if self.implicit else "imap"
        return f"{scheme}://{USER.replace('@', '%40')}:{password}@{host}:{self.port}/{folder}{options}"


class _Conversation(socketserver.BaseRequestHandler):
    server: ImapServer
    request: socket.socket

    def handle(self) -> None:
        with contextlib.suppress(OSError, ssl.SSLError, StopIteration):
            self._file = self.request.makefile("rb")
            if self.server.implicit:
                self._encrypt()
            self.box: Box | None = None
            self.request.sendall(self.server.greeting)
            while line := self._file.readline():
                self._command(line.decode().rstrip("\r\n"))

    def finish(self) -> None:
        self._file.close()
        self.request.close()

    def _encrypt(self) -> None:
        assert self.server.tls
        self._file.close()
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self._file = self.request.makefile("rb")

    def _command(self, line: str) -> None:
        tag, _, rest = line.partition(" ")
        name, _, told = rest.partition(" ")
        name = name.upper()
        self.server.said.append(name if name in ("LOGIN", "AUTHENTICATE") else rest)
        for begins, answer in self.server.answers.items():
            if rest.upper().startswith(begins):
                self.request.sendall(answer.replace(b"TAG", tag.encode()))
                return
        if name == "LOGOUT":
            self.request.sendall(b"* BYE\r\n" + tag.encode() + b" OK\r\n")
            raise StopIteration
        lines, ended = getattr(self, "_" + name.lower(), self._unknown)(told)
        self.request.sendall(b"".join(one + b"\r\n" for one in lines) + f"{tag} {ended}\r\n".encode())
        if name == "STARTTLS":
            self._encrypt()

    def _unknown(self, told: str) -> tuple[list[bytes], str]:
        return [], "BAD unknown"

    def _capability(self, told: str) -> tuple[list[bytes], str]:
        return [f"* CAPABILITY IMAP4rev1 {self.server.capabilities}".encode()], "OK done"

    def _starttls(self, told: str) -> tuple[list[bytes], str]:
        return [], "OK begin"

    def _login(self, told: str) -> tuple[list[bytes], str]:
        words = [re.sub(r"\\(.)", r"\1", quoted) if quoted else bare for quoted, bare in _TOLD.findall(told)]
        return [], "OK in" if words == [USER, PASSWORD] else "NO [AUTHENTICATIONFAILED] wrong"

    def _authenticate(self, told: str) -> tuple[list[bytes], str]:
        self.request.sendall(b"+ \r\n")
        given = b64decode(self._file.readline())
        return [], "OK in" if given == f"\0{USER}\0{PASSWORD}".encode() else "NO wrong"

    def _list(self, told: str) -> tuple[list[bytes], str]:
        names = [f'* LIST (\\HasNoChildren) "/" "{name}"'.encode() for name in self.server.boxes]
        return [b'* LIST (\\Noselect) "/" "[Gmail]"', *names], "OK done"

    def _examine(self, told: str) -> tuple[list[bytes], str]:
        name = re.sub(r"\\(.)", r"\1", told[1:-1])
        self.box = self.server.boxes.get(name)
        if self.box is None:
            return [], "NO [NONEXISTENT] no such folder"
        return [
            f"* {len(self.box.mails)} EXISTS".encode(),
            f"* OK [UIDVALIDITY {self.box.uidvalidity}] kept".encode(),
            f"* OK [UIDNEXT {self.box.next_uid}] next".encode(),
        ], "OK [READ-ONLY] examined"

    def _uid(self, told: str) -> tuple[list[bytes], str]:
        assert self.box is not None
        what, _, rest = told.partition(" ")
        return self._found(rest) if what.upper() == "SEARCH" else self._fetched(rest)

    def _found(self, what: str) -> tuple[list[bytes], str]:
        assert self.box is not None
        mails = self.box.mails
        if begins := re.fullmatch(r"UID (\d+):\*", what):
            # "*" is the last one there is, and a range has no direction.
            low, high = sorted((int(begins[1]), mails[-1].uid if mails else 0))
            found = [one for one in mails if low <= one.uid <= high]
        else:
            day = re.fullmatch(r"SINCE (\d+)-(\w{3})-(\d{4})", what)
            assert day, what
            month = "JanFebMarAprMayJunJulAugSepOctNovDec".index(day[2]) // 3 + 1
            found = [one for one in mails if one.day >= (int(day[3]), month, int(day[1]))]
        return [b" ".join([b"* SEARCH", *(str(one.uid).encode() for one in found)])], "OK done"

    def _fetched(self, told: str) -> tuple[list[bytes], str]:
        assert self.box is not None
        uids, _, what = told.partition(" ")
        wanted = {int(one) for one in uids.split(",")}
        lines = []
        for number, one in enumerate(self.box.mails, 1):
            if one.uid not in wanted:
                continue
            if "PEEK" not in what:
                one.seen = True
            if "HEADER" in what:
                name, data = "BODY[HEADER]<0>", one.head
            else:
                name, data = "BODY[]<0>", one.data
            part = re.fullmatch(r"\(UID BODY\.PEEK\[(?:HEADER)?\]<0\.(\d+)>\)", what)
            assert part, what
            data = data[: int(part[1])]
            before = f"* {number} FETCH (UID {one.uid} {name} {{{len(data)}}}\r\n".encode()
            lines += [b"* 3 FETCH (FLAGS (\\Recent))", before + data + b")"]
        return lines, "OK done"


@contextlib.contextmanager
def imap_server(
    tls: ssl.SSLContext | None = None, capabilities: str = "AUTH=PLAIN", *, implicit: bool = False
) -> Iterator[ImapServer]:
    """A server on a free port; with ``tls`` it offers STARTTLS, or speaks it from the start where ``implicit``."""
    offered = f"{capabilities} STARTTLS" if tls and not implicit else capabilities
    with ImapServer(tls, offered, implicit) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stopping.set()
            server.shutdown()
            thread.join()
