"""Error pages for people, and problem details (RFC 9457) below ``/api``."""

import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.errors import NOTHING_HERE, Refusal
from crm.web import kept
from crm.web.addresses import local_path
from crm.web.sessions import User
from crm.web.site import Site


class SignInNeeded(Refusal):
    """Nobody is signed in, and this needs somebody."""

    status = 401


@dataclass(frozen=True)
class Words:
    """How a page for one status looks; ``href`` leads on. ``sentence`` says it where nobody said it better, or instead.

    Its words are marked, and translated when they are shown.
    """

    title: str
    icon: str
    href: str = "/"
    label: str = N_("Go to this week")
    sentence: str = ""
    instead: bool = False


WORDS = {
    400: Words(N_("That did not work"), "circle-alert"),
    401: Words(N_("You are signed out"), "circle-alert", "/sign-in", N_("Sign in")),
    403: Words(N_("That is not yours to do"), "lock"),
    404: Words(N_("Nothing here"), "search"),
    405: Words(N_("That cannot be done here"), "search"),
    409: Words(N_("That cannot be done now"), "circle-alert"),
    413: Words(N_("That is too large"), "circle-alert"),
    422: Words(N_("Something does not fit"), "circle-alert"),
    500: Words(N_("Something broke on our side"), "triangle-alert"),
    503: Words(N_("Not right now"), "triangle-alert"),
}
SENTENCES = {
    404: NOTHING_HERE,
    405: N_("A form was opened as a page, or a page was sent as a form. Go back and try from there."),
}
MISSING = {
    r"/people/\d+(/.*)?": Words(
        N_("Nobody lives here"), "search", "/people", N_("Find someone"),
        N_("The link is old, or the person was removed, or is not yours to see."),
    ),
    r"/organisations/\d+(/.*)?": Words(
        N_("No such account"), "search", "/organisations", N_("See the accounts"),
        N_("The link is old, or the account is not yours to see."),
    ),
    r"/rules/[^/]+(/.*)?": Words(
        N_("No such rule"), "search", "/rules", N_("See the rules"), N_("The link is old, or the rule was deleted."),
        instead=True,  # the refusal lists the rules by their keys, as the command line wants them
    ),
    r"/log/\d+(/.*)?": Words(
        N_("Not in the log"), "search", "/people", N_("Find the person"),
        N_("It was removed from the log, or is not yours to see."),
    ),
    r"/import/.+": Words(
        N_("No such import"), "search", "/import", N_("See the imports"),
        N_("The link is old, or the files were discarded."),
    ),
    r"/trips/\d+(/.*)?": Words(
        N_("No such trip"), "search", "/trips", N_("See your trips"), N_("It was removed, or is not yours to see."),
    ),
}  # fmt: skip
"""Where something of ours would be: what is missing, and where to look for it."""
FOREIGN = Words(N_("That came from another site"), "lock")
NOT_THIS_METHOD = "This address does not take this method; the header Allow names those it takes."
"""Said to programs alone."""


def is_api(request: Request) -> bool:
    """Whether a program is asking."""
    return request.url.path.startswith("/api/")


def is_htmx(request: Request) -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def answer(
    site: Site,
    request: Request,
    status: int,
    sentence: str,
    user: User | None = None,
    fields: dict[str, str] | None = None,
    words: Words | None = None,
) -> Response:
    """The page, the part of a page or the problem, for a status and a sentence."""
    if is_api(request):
        title = HTTPStatus(status).phrase
        problem = {"type": "about:blank", "title": title, "status": status, "detail": sentence}
        if fields:
            problem["errors"] = fields
        return JSONResponse(problem, status, media_type="application/problem+json")
    words = words or _words(request, status)
    if words.sentence and (words.instead or sentence == _(SENTENCES[404])):
        sentence = _(words.sentence)
    if fields:
        sentence = " ".join([sentence, *(one for one in fields.values() if one not in sentence)])
    is_part = is_htmx(request) and "HX-History-Restore-Request" not in request.headers
    page = site.templates.get_template("errors/_part.html" if is_part else "errors/error.html").render(
        request=request,
        user=user,
        active=None,
        title=_(words.title),
        sentence=sentence,
        icon_name=words.icon,
        href=words.href,
        label=_(words.label),
        kept=_written(request) if status in (500, 503) else None,
    )
    return HTMLResponse(page, status, {"HX-Reselect": "[role=alert]"} if is_part else None)


def remember(request: Request, written: kept.Kept | None) -> None:
    """What was sent, for the page that says why it could not be saved."""
    request.state.written = written


def _written(request: Request) -> kept.Kept | None:
    return getattr(request.state, "written", None)


def _words(request: Request, status: int) -> Words:
    """Those of the status; what is missing is looked for where it would be, a page that failed is asked for again,
    files that were too large are chosen again, and whoever pressed a button goes back to where it was."""
    words, path = WORDS.get(status, WORDS[400]), request.url.path
    if status == 404:
        return next((one for place, one in MISSING.items() if re.fullmatch(place, path)), words)
    if status == 413 and path.startswith("/import"):
        return replace(words, href="/import", label=N_("Choose other files"))
    if status in (500, 503) and request.method == "GET":
        here = path + (f"?{request.url.query}" if request.url.query else "")
        return replace(words, href=local_path(here), label=N_("Try again"))
    before = _before(request)
    return replace(words, href=before, label=N_("Back")) if words.href == "/" and before else words


def _before(request: Request) -> str | None:
    """The page of ours that led here; none where no other page did."""
    try:
        came = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return None
    path = came.path + (f"?{came.query}" if came.query else "")
    is_ours = came.netloc == request.headers.get("host") and local_path(path) == path
    return path if is_ours and came.path != request.url.path else None


def refused(site: Site, request: Request, refusal: Refusal, user: User | None = None) -> Response:
    """The answer to a refusal."""
    response = answer(site, request, refusal.status, refusal.sentence, user, refusal.fields)
    if refusal.status == 503:
        response.headers["Retry-After"] = "30"
    return response
