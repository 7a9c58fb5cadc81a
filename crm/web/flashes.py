"""What was just done, said on the next page: a signed cookie that lives until it is shown."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from starlette.requests import Request
from starlette.responses import Response

from crm.web.addresses import cookie_name, local_path
from crm.web.site import Site

SECONDS = 120
LONGEST = 600


@dataclass(frozen=True)
class Flash:
    """One sentence; ``undo_url`` is posted to by its Undo button; ``kind`` is ``done`` or ``error``."""

    message: str
    undo_url: str | None = None
    kind: str = "done"


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
    fitting = Flash(flash.message[:LONGEST], flash.undo_url, flash.kind)
    body = urlsafe_b64encode(json.dumps(asdict(fitting)).encode()).decode()
    response.set_cookie(
        cookie_name("crm-flash", site.is_https),
        f"{body}.{_signature(site, owner, body)}",
        max_age=SECONDS,
        path="/",
        secure=site.is_https,
        httponly=True,
        samesite="lax",
    )


def read(site: Site, owner: str, request: Request) -> Flashes:
    """What was left for this page; whatever we did not sign for this session is nothing."""
    body, _, signature = request.cookies.get(cookie_name("crm-flash", site.is_https), "").partition(".")
    if not body or not hmac.compare_digest(signature.encode(), _signature(site, owner, body).encode()):
        return Flashes(())
    values = json.loads(urlsafe_b64decode(body))
    undo = values["undo_url"] and local_path(values["undo_url"])
    return Flashes((Flash(values["message"], undo, values["kind"]),))


def drop(site: Site, response: Response) -> None:
    """Take the flash from the browser: it was shown."""
    response.delete_cookie(
        cookie_name("crm-flash", site.is_https), path="/", secure=site.is_https, httponly=True, samesite="lax"
    )


def _signature(site: Site, owner: str, body: str) -> str:
    return hmac.new(site.settings.key, f"flash {owner} {body}".encode(), hashlib.sha256).hexdigest()
