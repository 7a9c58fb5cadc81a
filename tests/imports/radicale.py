"""A real CalDAV and CardDAV server, Radicale, in a thread of this process, with one user: alice."""

import base64
import contextlib
import io
import logging
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

PASSWORD = "s3cr3t"


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@dataclass
class Radicale:
    """The server; ``asked`` are the requests it got: method, path and body."""

    port: int
    asked: list[tuple[str, str, bytes]]

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def put(self, method: str, path: str, body: bytes = b"", **headers: str) -> None:
        packed = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(self.root + path, body, method=method)
        for name, value in {"Authorization": f"Basic {packed}", **headers}.items():
            request.add_header(name.replace("_", "-"), value)
        with contextlib.closing(urllib.request.urlopen(request)) as answer:
            assert answer.status in (200, 201, 204, 207)


@contextmanager
def running(folder: Path) -> Iterator[Radicale]:
    """The server, until the block ends; its collections lie in ``folder``."""
    from radicale import config
    from radicale.app import Application

    (folder / "users").write_text(f"alice:{PASSWORD}\n")
    chosen = config.load()
    auth = {
        "type": "htpasswd",
        "htpasswd_filename": str(folder / "users"),
        "htpasswd_encryption": "plain",
        "delay": "0",
    }
    storage = {"filesystem_folder": str(folder / "collections"), "_filesystem_fsync": "False"}
    chosen.update(
        {"auth": auth, "storage": storage, "logging": {"level": "critical"}}, "tests", privileged=True
    )
    application = Application(chosen)
    logging.getLogger("radicale").setLevel(logging.CRITICAL)
    asked: list[tuple[str, str, bytes]] = []

    def noted(environ: dict[str, Any], start: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)  # a refusal must not leave it unread
        asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], body))
        return application(environ, start)

    with make_server("127.0.0.1", 0, noted, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield Radicale(server.server_port, asked)
        server.shutdown()
        thread.join()
