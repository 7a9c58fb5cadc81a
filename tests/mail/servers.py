"""Mail servers for tests: a real one, and one that misbehaves exactly where it is told to."""

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

DROP = "drop"
SILENCE = "silence"
TRICKLE = "trickle"

GOOD = {
    "greeting": "220 ready",
    "hello": "250 hello",
    "starttls": "454 not now",
    "auth": "535 wrong",
    "sender": "250 ok",
    "recipient": "250 ok",
    "data": "354 go ahead",
    "body": "",
    "dot": "250 queued as 17",
}
VERBS = {
    "EHLO": "hello",
    "HELO": "hello",
    "STAR": "starttls",
    "AUTH": "auth",
    "MAIL": "sender",
    "RCPT": "recipient",
    "DATA": "data",
}


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Inbox:
    """What the real server took."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.encrypted: list[bool] = []
        self.user: bytes | None = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        self.encrypted.append(session.ssl is not None)
        return "250 queued as 17"

    def authenticate(self, server, session, envelope, mechanism, data) -> AuthResult:
        good = isinstance(data, LoginPassword) and data.password == b"right p@ss/word"
        self.user = data.login if good else None
        return AuthResult(success=good, handled=False)


@contextlib.contextmanager
def real_server(tls: ssl.SSLContext | None = None, *, signs_in: bool = False) -> Iterator[tuple[int, Inbox]]:
    """An aiosmtpd server on a free port, offering STARTTLS with ``tls``."""
    inbox, port = Inbox(), free_port()
    authenticator = inbox.authenticate if signs_in else None
    controller = Controller(
        inbox,
        hostname="127.0.0.1",
        port=port,
        tls_context=tls,
        authenticator=authenticator,
        auth_required=signs_in,
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield port, inbox
    finally:
        controller.stop()


class _Conversation(socketserver.StreamRequestHandler):
    server: "ScriptedServer"

    def handle(self) -> None:
        self.script = self.server.next_script()
        with contextlib.suppress(OSError, StopIteration):
            self.say("greeting")
            for line in self.rfile:
                phase = VERBS.get(line[:4].decode("latin-1").upper())
                if phase is None:
                    return
                self.server.seen.append(line.strip().decode("latin-1"))
                self.say(phase)
                if phase == "data" and self.script["data"].startswith("354"):
                    self.take_mail()

    def finish(self) -> None:
        self.server.left.set()
        with contextlib.suppress(OSError):
            super().finish()

    def take_mail(self) -> None:
        self.say("body")
        for line in self.rfile:
            if line == b".\r\n":
                self.server.dots += 1
                self.say("dot")
                return
            self.server.body += line

    def say(self, phase: str) -> None:
        reply = self.script[phase]
        if reply == DROP:
            raise StopIteration
        if reply == SILENCE:
            self.server.over.wait()
            raise StopIteration
        if reply == TRICKLE:
            self.trickle()
            return
        if reply:
            self.wfile.write(reply.encode() + b"\r\n")

    def trickle(self) -> None:
        """One byte at a time, and in the end a good answer, should anybody have waited that long."""
        for byte in b"250 " + b"." * 200 + b"\r\n":
            self.wfile.write(bytes([byte]))
            if self.server.over.wait(self.server.pace):
                raise StopIteration


class ScriptedServer(socketserver.ThreadingTCPServer):
    """Speaks SMTP well but for the phases named in ``script``.

    With ``hit`` only that connection (from 0) is spoken to so; ``pace`` is the seconds for each byte of a trickle.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, hit: int | None = None, pace: float = 0.05, /, **script: str) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.script = {**GOOD, **script}
        self.hit = hit
        self.pace = pace
        self.spoken = 0
        self.seen: list[str] = []
        self.body = b""
        self.dots = 0
        self.left = threading.Event()
        self.over = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def next_script(self) -> dict[str, str]:
        """What is said on the next connection."""
        number, self.spoken = self.spoken, self.spoken + 1
        return self.script if self.hit in (None, number) else GOOD


@contextlib.contextmanager
def scripted_server(hit: int | None = None, pace: float = 0.05, /, **script: str) -> Iterator[ScriptedServer]:
    with ScriptedServer(hit, pace, **script) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
