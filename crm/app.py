"""The web application, put together from the rooms."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Match, Route

from crm import clock
from crm.care import monitoring
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.errors import Unavailable
from crm.settings import Settings
from crm.storage.database import Database
from crm.storage.migrate import fault_of_schema
from crm.templating import environment
from crm.web import assets, faults
from crm.web.api import ROOT, ApiRoute
from crm.web.guard import Guard
from crm.web.openapi import document
from crm.web.routing import Router, in_thread, who
from crm.web.site import Site

ROOMS = (
    "accounts",
    "contacts",
    "interactions",
    "health",
    "rules",
    "planning",
    "nudges",
    "imports",
    "inbox",
    "today",
)


def create_app(settings: Settings, database: Database) -> Starlette:
    """The application on one database, which is expected to be migrated."""
    site = Site(settings, database, environment())
    app = Starlette()
    app.router.redirect_slashes = False
    app.state.site = site
    app.add_middleware(Guard, site=site)
    app.add_exception_handler(HTTPException, _refuse)
    app.router.routes.extend(
        [Route("/healthz", _healthz), Route("/readyz", _readyz), Route("/metrics", _metrics)]
    )
    for router in routers():
        app.router.routes.extend(router.routes)
    app.router.routes.append(Route(f"{ROOT}/openapi.json", _described))
    app.router.routes.extend(operations())
    assets.mount(app)
    return app


@cache
def routers() -> tuple[Router, ...]:
    """The pages of every room, in the order of the rooms."""
    return tuple(_doors("pages"))


@cache
def operations() -> tuple[ApiRoute, ...]:
    """What programs may do in every room, in the order of the rooms."""
    return tuple(route for router in _doors("api") for route in router.routes)


def _doors(name: str) -> Iterator[Any]:
    modules = [f"crm.{room}.{name}" for room in ROOMS]
    return (import_module(module).router for module in modules if find_spec(module) is not None)


def _described(request: Request) -> Response:
    """What programs may do, as OpenAPI."""
    site: Site = request.app.state.site
    return JSONResponse(_description(site.settings.url))


@cache
def _description(url: str) -> dict[str, Any]:
    """It never changes while the server runs, and making it takes a while."""
    return document(operations(), url)


async def _refuse(request: Request, fault: Exception) -> Response:
    """The router's own refusals: no such address, or not by this method."""
    assert isinstance(fault, HTTPException)
    site: Site = request.app.state.site
    response = await in_thread(site, _refusal, site, request, fault.status_code)
    response.headers.update({"Allow": _allowed(request)} if fault.status_code == 405 else fault.headers or {})
    return response


def _refusal(site: Site, request: Request, status: int) -> Response:
    user = who(site, request, clock.now())
    sentence = _(faults.SENTENCES.get(status, N_("The request could not be read.")))
    if status == 405 and faults.is_api(request):
        sentence = faults.NOT_THIS_METHOD
    return faults.answer(site, request, status, sentence, user)


def _allowed(request: Request) -> str:
    """Every method that some route takes at this address."""
    routes = [one for one in request.app.router.routes if isinstance(one, Route)]
    here = [one for one in routes if one.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for one in here for method in one.methods or ()}))


async def _healthz(request: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


def _metrics(request: Request) -> Response:
    """Figures for a monitor of the machine."""
    site: Site = request.app.state.site
    if not monitoring.may_read(site.settings, request):
        return PlainTextResponse(
            "These figures are for this machine, or for whoever has CRM_METRICS_TOKEN.\n", 403
        )
    return PlainTextResponse(monitoring.text(site, clock.now()), media_type="text/plain; version=0.0.4")


def _readyz(request: Request) -> Response:
    """The database answers and has the schema of this program."""
    site: Site = request.app.state.site
    state: dict[str, Any]
    try:
        fault = fault_of_schema(site.database)
        state = {"ready": fault is None, "reason": " ".join(fault) if fault else None}
    except Unavailable as refusal:
        state = {"ready": False, "reason": refusal.sentence}
    return JSONResponse(state, 200 if state["ready"] else 503)
