"""What the browser fetches besides pages: styles, modules, fonts, icons.

Our own files are served below ``/static/<hash>/``, where the hash covers all of them: a changed file changes every
address, relative imports between modules keep working, and everything may be cached for ever. Vendored files carry
their version in the path already and are served below ``/static/vendor/``.
"""

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

STATIC = Path(__file__).resolve().parent / "static"
LAYERS = ("reset", "tokens", "base", "layout", "components", "pages", "print")
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
SERVICE_WORKER = "js/service-worker.js"
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """One file as it goes over the wire; ``packed`` is its gzip form where that is worth it."""

    body: bytes
    media_type: str
    packed: bytes | None


def stylesheet(folder: Path) -> bytes:
    """All styles in one file: ``css/<layer>.css`` or ``css/<layer>/*.css``, in the order of ``LAYERS``."""
    parts = [f"@layer {', '.join(LAYERS)};"]
    for layer in LAYERS:
        paths = [folder / f"{layer}.css", *sorted((folder / layer).glob("*.css"))]
        texts = (path.read_text(encoding="utf-8") for path in paths if path.is_file())
        parts.extend(f"@layer {layer} {{\n{text}}}" for text in texts)
    return "\n".join(parts).encode()


def _asset(body: bytes, suffix: str) -> Asset:
    text = suffix not in {".woff2", ".png"}
    packed = gzip.compress(body, mtime=0) if text and len(body) > 1000 else None
    return Asset(body, MEDIA_TYPES[suffix], packed)


class Assets:
    """Every static file in memory, and the address each has in this build."""

    def __init__(self, files: Mapping[str, Asset]) -> None:
        own = {name: file for name, file in files.items() if not name.startswith("vendor/")}
        digest = hashlib.sha256()
        for name, file in sorted(own.items()):
            digest.update(name.encode() + b"\0" + file.body + b"\0")
        self.version = digest.hexdigest()[:12]
        self._paths = {name: name if name not in own else f"{self.version}/{name}" for name in files}
        self._by_path = {self._paths[name]: file for name, file in files.items()}

    def url(self, name: str) -> str:
        """The address of a file, as ``app.css`` or ``js/toast.js``; an unknown name is a KeyError."""
        return f"/static/{self._paths[name]}"

    def modules(self) -> list[str]:
        """The names of all our modules that pages load."""
        return [name for name in self._paths if name.startswith("js/") and name != SERVICE_WORKER]

    def find(self, path: str) -> Asset | None:
        """The file at a path below ``/static/``, or nothing."""
        return self._by_path.get(path)


@cache
def load(static: Path = STATIC) -> Assets:
    """Read all static files once."""
    files = {"app.css": _asset(stylesheet(static / "css"), ".css")}
    for path in sorted(static.rglob("*")):
        name = path.relative_to(static).as_posix()
        wanted = path.suffix in MEDIA_TYPES and not name.startswith(("css/", "vendor/lucide/"))
        if path.is_file() and wanted:
            files[name] = _asset(path.read_bytes(), path.suffix)
    return Assets(files)


def serve(request: Request) -> Response:
    """Answer one request for a static file."""
    file = load().find(request.path_params["path"])
    if file is None:
        return Response("There is no such file.\n", status_code=404, media_type="text/plain")
    headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    if request.path_params["path"].endswith(SERVICE_WORKER):
        headers["Service-Worker-Allowed"] = "/"  # it looks after every page, not only its own folder
    body = file.body
    if file.packed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        body, headers["Content-Encoding"] = file.packed, "gzip"
    return Response(body, headers=headers, media_type=file.media_type)


def mount(app: Starlette) -> None:
    """Serve everything below ``/static/`` on the given application."""
    app.router.routes.append(Route("/static/{path:path}", serve, name="static"))


@cache
def _drawing(name: str) -> str:
    """The inner part of a Lucide icon; an icon that is not vendored is a KeyError."""
    found = sorted((STATIC / "vendor" / "lucide").glob(f"*/icons/{name}.svg"))
    if not found or not re.fullmatch(r"[a-z0-9-]+", name):
        raise KeyError(f"no icon called {name!r}; add it in tools/vendor.py")
    text = found[0].read_text(encoding="utf-8")
    inner = text[text.index("<svg") :].partition(">")[2].rpartition("</svg>")[0]
    return re.sub(r"\s+", " ", inner).strip()


@lru_cache(maxsize=1024)
def icon(name: str, size: int = 18, label: str | None = None) -> Markup:
    """A Lucide icon as inline SVG, ``size`` pixels wide; with a label it is an image, without it decoration."""
    meaning = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    drawing = Markup(_drawing(name))  # noqa: S704 (a vendored file, held to its hash by a test)
    return Markup(
        '<svg class="icon" width="{0}" height="{0}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        'stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" {1}>{2}</svg>'
    ).format(int(size), meaning, drawing)
