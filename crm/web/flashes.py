"""What was just done, said on the next page: a signed cookie that lives until it is shown."""

import hashlib
import hmac
import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from crm.domain.keys import is_signed
from crm.web.addresses import cookie_name, local_path
from crm.web.site import Site

SECONDS = 120
LONGEST = 600
MOST_BYTES = 3_900
"""A browser drops a cookie of more than 4,096 bytes, name and signature included."""
LONGEST_UNDO = 8_000
"""An address of many like parts packs into a tenth of this."""


@dataclass(frozen=True)
class Flash:
    """One sentence; ``undo_url`` is posted to by its Undo button, ``link_url`` leads to what it is about; ``kind`` is
    ``done`` or ``error``."""

    message: str
    undo_url: str | None = None
    kind: str = "done"
    link_url: str | None = None


class Flashes:
    """The flashes that came with a request; a page that goes through them has shown them."""

    def __init__(self, flashes: tuple[Flash, ...]) -> None:
        self._flashes = flashes
        self.shown = False

    def __iter__(self) -> Iterator[Flash]:
        self.shown = self.shown or bool(self._flashes)
        return iter(self._flashes)


def leave(site: Site, owner: str, response: Response, flash: Flash) -> None:
    """Put a flash on the way to the next page of the same session (``owner`` is its token hash)."""
    body = _packed(replace(flash, message=flash.message[:LONGEST]))
    response.set_cookie(
        cookie_name("crm-flash", site.is_https),
        f"{body}.{_signature(site.settings.key, owner, body)}",
        max_age=SECONDS,
        path="/",
        secure=site.is_https,
        httponly=True,
        samesite="lax",
    )


def _packed(flash: Flash) -> str:
    """As the cookie holds it; of a message too long for it the end is cut, never the undo."""
    words = json.dumps(asdict(flash), ensure_ascii=False).encode("utf-8", "surrogatepass")
    body = urlsafe_b64encode(zlib.compress(words, 9)).decode()
    if len(body) + 80 <= MOST_BYTES or not flash.message:
        return body
    return _packed(replace(flash, message=flash.message[: len(flash.message) * 3 // 4]))


def read(site: Site, owner: str, request: Request) -> Flashes:
    """What was left for this page; whatever we did not sign for this session is nothing."""
    body, _, signature = request.cookies.get(cookie_name("crm-flash", site.is_https), "").partition(".")
    if not body or not is_signed(site.settings.key, signature, lambda key: _signature(key, owner, body)):
        return Flashes(())
    values = json.loads(zlib.decompress(urlsafe_b64decode(body)))
    undo = values["undo_url"] and local_path(values["undo_url"], longest=LONGEST_UNDO)
    link = values.get("link_url") and local_path(values["link_url"])
    return Flashes((Flash(values["message"], undo, values["kind"], link),))


def drop(site: Site, response: Response) -> None:
    """Take the flash from the browser: it was shown."""
    response.delete_cookie(
        cookie_name("crm-flash", site.is_https), path="/", secure=site.is_https, httponly=True, samesite="lax"
    )


def _signature(key: bytes, owner: str, body: str) -> str:
    return hmac.new(key, f"flash {owner} {body}".encode(), hashlib.sha256).hexdigest()
