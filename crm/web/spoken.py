"""For whom a request is answered: in which language, and how days and numbers are written."""

from starlette.requests import Request

from crm.domain.language import accepted
from crm.domain.manner import Manner, write_for


def for_browser(request: Request) -> None:
    """Write for somebody unknown: in the language their browser asks for, days and numbers as they ship."""
    write_for(Manner(language=accepted(request.headers.get("accept-language", ""))))


def for_user(request: Request, manner: Manner) -> None:
    """Write for somebody who signed in; known outside of this request's thread as well (``again``)."""
    request.state.manner = manner
    write_for(manner)


def again(request: Request) -> None:
    """Write for whoever it was found to be in one of the request's threads, if that came about."""
    manner = getattr(request.state, "manner", None)
    if manner is not None:
        write_for(manner)
