"""A page for whoever asks what this is and how it goes."""

from starlette.responses import Response

from crm.web.routing import Router, Visit

router = Router()


@router.page("/help")
def help_page(visit: Visit) -> Response:
    """The few things worth knowing, each with the page where it is done, and the keys."""
    return visit.render("today/help.html")
