"""One SMTP connection for one mail, step by step and never longer than it may last.

``smtplib`` speaks the protocol; ours are the order of the steps, who may see a password, and the time limit:
its own timeout holds for one read, so a server that answers a byte a minute would hold a worker for hours.
"""

import queue
import re
import smtplib
import socket
import ssl
import threading
import time
from contextlib import suppress
from enum import StrEnum
from ipaddress import ip_address
from typing import Any

from crm.mail import kept_words
from crm.mail.smtp_settings import SmtpSettings, StartTls

# The longest one delivery may take, whatever the server does: no worker is stuck over a minute.
LONGEST_DELIVERY = 55.0

_Addresses = list[tuple[Any, ...]]


class Phase(StrEnum):
    """How far a delivery had come when it ended."""

    CONNECT = "connect"
    HELLO = "hello"
    STARTTLS = "starttls"
    SIGN_IN = "sign_in"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    BODY = "body"
    HANDED_OVER = "handed_over"


class Answered(Exception):
    """The server said no (then with its ``code``), or we did."""

    def __init__(self, words: str, code: int | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.code = code


class _WholeLines:
    """What the server says, line by line. A line cut off by the end of the connection was not said."""

    def __init__(self, sock: socket.socket) -> None:
        self._file = sock.makefile("rb")

    def readline(self, limit: int) -> bytes:
        """The next line, or at most ``limit`` bytes of it; nothing at the end."""
        line = self._file.readline(limit)
        return line if line.endswith(b"\n") or len(line) == limit else b""

    def close(self) -> None:
        """Let go of the socket."""
        self._file.close()


class Session:
    """Call ``transfer``, then ``hand_over``, and always ``close``. ``phase`` is the step being tried.

    The steps raise Answered, OSError, SMTPException or ValueError. ``expired`` says the time limit struck.
    """

    def __init__(self, settings: SmtpSettings, timeout: float) -> None:
        self.settings = settings
        self.timeout = timeout
        self.phase = Phase.CONNECT
        self.code: int | None = None
        self.reply = ""
        self.expired = False
        limit = min(2 * timeout, LONGEST_DELIVERY)
        self._ends = time.monotonic() + limit
        self._smtp = smtplib.SMTP(timeout=timeout, local_hostname="localhost")
        self._watchdog = threading.Timer(limit, self._expire)
        self._watchdog.daemon = True
        self._watchdog.start()

    def transfer(self, sender: str, recipient: str, data: bytes) -> None:
        """Everything up to the final dot: connect, greet, encrypt, sign in, name both sides, send."""
        self.greet()
        self.phase = Phase.SENDER
        self._expect(self._say(f"MAIL FROM:<{sender}>"), 250)
        self.phase = Phase.RECIPIENT
        self._expect(self._say(f"RCPT TO:<{recipient}>"), 250, 251)
        self.phase = Phase.DATA
        self._expect(self._say("DATA"), 354)
        self.phase = Phase.BODY
        self._smtp.send(_dot_stuffed(data))

    def greet(self) -> None:
        """Connect, greet, encrypt and sign in."""
        self._connect()
        if self.settings.tls:
            self._encrypt(trusted=True)
        self._expect(self._smtp.getreply(), 220)
        self.phase = Phase.HELLO
        self._hello()
        if not self.settings.tls and self.settings.starttls is not StartTls.NEVER:
            self._start_tls()
        if self.settings.user:
            self._sign_in()

    def hand_over(self) -> None:
        """Send the final dot and wait for the answer as long as this delivery may last."""
        if self.expired:
            raise TimeoutError
        # If this send raises, the dot has not left whole, and the server cannot have taken the mail.
        self._smtp.send(b".\r\n")
        self.phase = Phase.HANDED_OVER
        self._socket.settimeout(self._left())
        code, words = self._smtp.getreply()
        self._expect((code, words), *range(200, 300))
        self.code, self.reply = code, _text(words)

    def close(self) -> None:
        """Say goodbye if the server still listens, and let go of the connection."""
        with suppress(OSError, smtplib.SMTPException):
            # Inside the body, QUIT would be one more line of the mail.
            if self._smtp.sock is not None and self.phase is not Phase.BODY and not self.expired:
                self._socket.settimeout(1)
                self._smtp.docmd("QUIT")
        self._watchdog.cancel()
        self._smtp.close()

    @property
    def _socket(self) -> socket.socket:
        if self._smtp.sock is None:
            raise smtplib.SMTPServerDisconnected("The connection is closed.")
        return self._smtp.sock

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _expire(self) -> None:
        self.expired = True
        sock = self._smtp.sock
        if sock is not None:
            # Wakes a blocked read. The plain socket's shutdown: TLS's own would change what the read uses.
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _connect(self) -> None:
        fault = OSError(0, "the name leads to no address")
        for family, kind, protocol, _, address in _resolve(
            self.settings.host, self.settings.port, self._left()
        ):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(min(self.timeout, self._left()))
                sock.connect(address)
            except OSError as this_one:
                sock.close()
                fault = this_one
                continue
            sock.settimeout(self.timeout)
            self._smtp.sock, self._smtp.file = sock, _WholeLines(sock)
            self._smtp.local_hostname = _literal(sock)
            return
        raise fault

    def _encrypt(self, *, trusted: bool) -> None:
        context = ssl.create_default_context()
        if not trusted:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        # Kept before the handshake, so that the time limit can reach it; what came unencrypted is forgotten.
        sock = context.wrap_socket(
            self._socket, server_hostname=self.settings.host, do_handshake_on_connect=False
        )
        self._smtp.sock, self._smtp.file = sock, _WholeLines(sock)
        sock.do_handshake()

    def _hello(self) -> None:
        code, words = self._smtp.ehlo()
        if 500 <= code <= 599:
            code, words = self._smtp.helo()
        self._expect((code, words), 250)

    def _start_tls(self) -> None:
        self.phase = Phase.STARTTLS
        required = self.settings.starttls is StartTls.REQUIRE
        if not self._smtp.has_extn("starttls"):
            if required:
                raise Answered(kept_words.NO_STARTTLS)
            return
        self._expect(self._say("STARTTLS"), 220)
        # With no password to protect, any encryption is better than the plain text we would send without it.
        self._encrypt(trusted=required or bool(self.settings.user))
        self._smtp.esmtp_features = {}
        self._hello()

    def _sign_in(self) -> None:
        self.phase = Phase.SIGN_IN
        encrypted = isinstance(self._smtp.sock, ssl.SSLSocket)
        chosen = self.settings.starttls is StartTls.NEVER
        if not encrypted and not chosen and not _is_loopback(self._socket):
            raise Answered(kept_words.UNENCRYPTED)
        try:
            self._smtp.login(self.settings.user, self.settings.password)
        except smtplib.SMTPAuthenticationError as fault:
            raise Answered(_text(fault.smtp_error), fault.smtp_code) from None
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPException:
            raise Answered(kept_words.NO_SIGN_IN) from None
        except UnicodeError:
            raise Answered(kept_words.NOT_ASCII) from None

    def _say(self, command: str) -> tuple[int, bytes]:
        self._socket.settimeout(min(self.timeout, self._left()))
        return self._smtp.docmd(command)

    def _expect(self, answer: tuple[int, bytes], *good: int) -> None:
        code, words = answer
        if code not in good:
            raise Answered(_text(words), code if code > 0 else None)


def _dot_stuffed(data: bytes) -> bytes:
    """With CRLF at every line end and nowhere else, so that no server sees an end of mail inside it."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    lines = re.sub(rb"(?m)^\.", b"..", lines)
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def _resolve(host: str, port: int, seconds: float) -> _Addresses:
    """The addresses of ``host``. The system's resolver knows no time limit, so it works beside us."""
    found: queue.Queue[_Addresses | OSError] = queue.Queue()

    def look_up() -> None:
        try:
            found.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, UnicodeError):
            found.put(OSError(0, "no such host name"))

    threading.Thread(target=look_up, daemon=True).start()
    try:
        answer = found.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _address(name: tuple[Any, ...]) -> Any:
    return ip_address(str(name[0]).partition("%")[0])


def _literal(sock: socket.socket) -> str:
    """How we name ourselves: by our address, since asking for our own name may block and is often wrong."""
    address = _address(sock.getsockname())
    return f"[{address}]" if address.version == 4 else f"[IPv6:{address}]"


def _is_loopback(sock: socket.socket) -> bool:
    return bool(_address(sock.getpeername()).is_loopback)


def _text(words: bytes | str) -> str:
    return words if isinstance(words, str) else words.decode("utf-8", "replace")
