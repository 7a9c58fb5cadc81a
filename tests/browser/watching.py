"""Nothing may go wrong unseen in a browser: every page of a test is watched for what a user would never report."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response

VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
REFUSED = "Failed to load resource: the server responded with a status of"
"""The console's own words on a refusal; ``Watch`` looks at the answer itself."""
LEFT_BEHIND = "net::ERR_ABORTED"
"""A request given up because its page was left, or because the next letter was typed."""

NO_NETWORK = ("net::ERR_", "Failed to fetch")


class Watch:
    """What went wrong on the pages of one browser context."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url = url
        self.faults: list[str] = []
        self._expected: set[int] = set()
        self._cut = False
        context.add_init_script(VIOLATIONS)
        context.on("console", self._console)
        context.on("weberror", lambda fault: self.faults.append(f"page error: {fault.error}"))
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)

    @contextmanager
    def expecting(self, *statuses: int) -> Iterator[None]:
        """Within the block a page may be refused with these statuses."""
        before, self._expected = self._expected, self._expected | set(statuses)
        yield
        self._expected = before

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Within the block there may be no network."""
        self._cut = True
        yield
        self._cut = False

    def _console(self, message: ConsoleMessage) -> None:
        is_lost = self._cut and any(words in message.text for words in NO_NETWORK)
        if message.type == "error" and not message.text.startswith(REFUSED) and not is_lost:
            self.faults.append(
                f"console at {_place(message.page.url if message.page else '')}: {message.text}"
            )

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.url + "/", "data:", "blob:", "about:")):
            self.faults.append(f"asks for {request.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != LEFT_BEHIND and not self._cut:
            self.faults.append(f"no answer: {request.method} {_place(request.url)}: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self.faults.append(f"{response.status}: {response.request.method} {_place(response.url)}")


def _place(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
