"""Around every request: refuse forms from other sites, strict headers, an id, and one line in the log."""

import logging
import secrets
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm.domain.language import gettext as _
from crm.web import faults, spoken
from crm.web.logs import report
from crm.web.site import Site

log = logging.getLogger("crm.web")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; worker-src 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
ONLY_HTTPS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
"""Of the first, browsers complain on plain http. By the second nobody who was here comes over plain http for a year: for
this host alone, since others below it are not ours."""
SAFE = {"GET", "HEAD", "OPTIONS"}


def is_foreign(method: str, headers: Headers, own_url: str) -> bool:
    """Whether a form was sent by a page of another site.

    Browsers say so in Sec-Fetch-Site; older ones, and all of them on plain http, in Origin. Programs that send
    neither carry no cookies of somebody else.
    """
    if method in SAFE:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and not _is_ours(origin, headers.get("host", ""), own_url)


def _is_ours(origin: str, host: str, own_url: str) -> bool:
    own = urlsplit(own_url)
    if origin.lower() == f"{own.scheme}://{own.netloc}".lower():
        return True
    scheme, _, place = origin.partition("://")
    return scheme in ("http", "https") and bool(place) and place.lower() == host.lower()


class Guard:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self.app = app
        self.site = site
        self.headers = HEADERS | (ONLY_HTTPS if site.is_https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(6)
        # Shared with the copies of the scope that inner layers make.
        state = scope.setdefault("state", {})
        state.update(request_id=request_id, route="-")
        started, status = time.perf_counter(), 0

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._dress(MutableHeaders(scope=message), request_id)
            await send(message)

        try:
            is_page = not faults.is_api(
                Request(scope)
            )  # programs bring a token, never a cookie, and read English
            if is_page:
                spoken.for_browser(Request(scope))
            if is_page and is_foreign(scope["method"], Headers(scope=scope), self.site.settings.url):
                await self._refuse(scope, receive, guarded)
            else:
                await self.app(scope, receive, guarded)
        except Exception:
            report(log, f"request {request_id}")
            if status == 0:
                await self._apologise(scope, receive, guarded)
            raise
        finally:
            self._note(scope, status, time.perf_counter() - started, request_id)

    def _dress(self, headers: MutableHeaders, request_id: str) -> None:
        for name, value in self.headers.items():
            headers[name] = value
        headers.setdefault("Cache-Control", "no-store")
        headers["X-Request-Id"] = request_id

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        sentence = _(
            "This form came from another site, so nothing was done. Open the page here and send it again."
        )
        response = faults.answer(self.site, Request(scope), 403, sentence, words=faults.FOREIGN)
        await response(scope, receive, send)

    async def _apologise(self, scope: Scope, receive: Receive, send: Send) -> None:
        spoken.again(Request(scope))
        sentence = _(
            "Nothing was saved. Try again; if it happens again, tell the person who runs In Person "
            "this number: {number}."
        ).format(number=scope["state"]["request_id"])
        response = faults.answer(self.site, Request(scope), 500, sentence)
        await response(scope, receive, send)

    def _note(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        """The route's template stands for the path: paths and queries may hold names."""
        route, method = scope["state"]["route"], scope["method"][:10]
        self.site.vitals.count(route, method, status, seconds)
        milliseconds = round(seconds * 1000, 1)
        log.info(
            "%s %s %s %s ms %s", method, route, status, milliseconds, request_id,
            extra={"facts": {"method": method, "route": route, "status": status, "ms": milliseconds, "id": request_id}},
        )  # fmt: skip
