"""The cable between a browser and a server, for tests that pull it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

State = Literal["plugged", "cut", "answers lost"]


@dataclass
class Cable:
    """A listener that carries bytes to the server and back.

    ``cut``: nobody takes a connection, as when the server is dead. ``answers lost``: a request reaches the server, which
    does what it asks; its answer reaches nobody.
    """

    server: tuple[str, int]
    listener: socket.socket
    state: State = "plugged"
    lost: int = 0
    _open: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the browser goes."""
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def set(self, state: State) -> None:
        """From now on; connections that are open end."""
        self.state = state
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def serve(self) -> None:
        """Until the listener is closed."""
        with suppress(OSError):
            while True:
                browser, _ = self.listener.accept()
                if self.state == "cut":
                    browser.close()
                else:
                    threading.Thread(target=self._carry, args=(browser,), daemon=True).start()

    def _carry(self, browser: socket.socket) -> None:
        with browser, socket.create_connection(self.server) as server:
            self._open += [browser, server]
            threading.Thread(target=self._pass, args=(browser, server), daemon=True).start()
            self._pass(server, browser, is_answer=True)

    def _pass(self, source: socket.socket, target: socket.socket, *, is_answer: bool = False) -> None:
        with suppress(OSError):
            while some := source.recv(65_536):
                if is_answer and self.state == "answers lost":
                    self.lost += 1
                    break
                target.sendall(some)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def cable(url: str) -> Iterator[Cable]:
    """A cable to the server at ``url``, plugged in."""
    place = urlsplit(url)
    assert place.hostname
    assert place.port
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        carried = Cable((place.hostname, place.port), listener)
        threading.Thread(target=carried.serve, daemon=True).start()
        yield carried
        carried.set("cut")
