"""Pages and actions: one request, one transaction.

A handler is a plain function from ``Visit`` to ``Response``. An action's transaction is committed before its answer is
sent; whatever is refused, or answered with a status of 400 or more, leaves the database as it was.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from functools import cached_property
from typing import Any, Literal, TypeAlias, TypeVar
from urllib.parse import urlencode

import anyio.to_thread
from sqlalchemy import Connection
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from crm import clock
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Forbidden, Invalid, NotFound, Refusal, Unavailable, require_admin
from crm.settings import Settings
from crm.storage import stored_metrics
from crm.storage.database import Database
from crm.web import body, faults, flashes, kept, sessions, spoken
from crm.web.addresses import is_id, local_path
from crm.web.site import Site

Access: TypeAlias = Literal["public", "viewer", "member", "admin"]
Handler: TypeAlias = Callable[["Visit"], Response]
Result = TypeVar("Result")


class Visit:
    """One request as a handler sees it."""

    def __init__(self, site: Site, request: Request, at: datetime, sent: body.Sent) -> None:
        self.site = site
        self.request = request
        self.at = at
        self.form: FormData = sent.fields
        self.files: FormData = sent.files
        self.signed_in: sessions.SignedIn | None = None
        self.flashes = flashes.Flashes(())
        self._connection: Connection | None = None
        self._after: list[Callable[[], None]] = []

    @property
    def connection(self) -> Connection:
        """The request's transaction. An action with ``own_transactions`` opens its own on ``database``."""
        if self._connection is None:
            raise RuntimeError("this handler opens its own transactions")
        return self._connection

    @property
    def database(self) -> Database:
        """The database, for handlers with ``own_transactions`` and for what happens after the commit."""
        return self.site.database

    @property
    def settings(self) -> Settings:
        """The program's settings."""
        return self.site.settings

    @property
    def principal(self) -> Principal:
        """The principal of the signed-in user; on public pages there may be none."""
        return self._present().principal

    @property
    def user(self) -> sessions.User:
        """The signed-in user; on public pages there may be none."""
        return self._present().user

    def _present(self) -> sessions.SignedIn:
        if self.signed_in is None:
            raise faults.SignInNeeded(_("Sign in to see this page."))
        return self.signed_in

    @property
    def today(self) -> date:
        """The calendar day where the user is."""
        return self.principal.own_day(self.at)

    @property
    def team_day(self) -> date:
        """The calendar day where the team is."""
        return self.principal.team_day(self.at)

    @property
    def query(self) -> QueryParams:
        """What stands behind the question mark."""
        return self.request.query_params

    @cached_property
    def sent(self) -> FormData:
        """What an action was asked: the fields of its form, and for what is not among them the address, as that of an Undo."""
        asked = [(name, value) for name, value in self.query.multi_items() if name not in self.form]
        return FormData([*asked, *self.form.multi_items()])

    @property
    def is_htmx(self) -> bool:
        """Whether htmx asks for a part of a page."""
        return faults.is_htmx(self.request)

    def text(self, name: str) -> str:
        """A part of the path as it stands there."""
        return str(self.request.path_params[name])

    def number(self, name: str) -> int:
        """A part of the path that is an id; anything else is NotFound."""
        value = self.text(name)
        if not is_id(value):
            raise NotFound
        return int(value)

    def render(
        self,
        template: str,
        context: dict[str, Any] | None = None,
        active: str | None = None,
        status: int = 200,
    ) -> Response:
        """A page. Templates see request, user, principal, today, active and flashes besides ``context``."""
        signed_in = self.signed_in
        words = {
            "request": self.request,
            "user": signed_in.user if signed_in else None,
            "principal": signed_in.principal if signed_in else None,
            "today": self.today if signed_in else self.at.date(),
            "active": active,
            "flashes": self.flashes,
            **(context or {}),
        }
        return HTMLResponse(self.site.templates.get_template(template).render(words), status)

    def redirect(
        self,
        url: str,
        message: str | None = None,
        undo: str | None = None,
        kind: str = "done",
        link: str | None = None,
    ) -> Response:
        """On to another page of ours (303), which then says ``message``; ``undo`` is posted to by its Undo, and ``link``
        leads to what it is about."""
        response = RedirectResponse(local_path(url), 303)
        if message:
            flashes.leave(self.site, self._owner, response, flashes.Flash(message, undo, kind, link))
        return response

    def json(self, data: Any) -> Response:
        """Data for a module of ours."""
        return JSONResponse(data)

    def after_commit(self, what: Callable[[], None]) -> None:
        """Do this once the transaction is committed and before the answer is sent; not at all if it is undone."""
        self._after.append(what)

    @property
    def _owner(self) -> str:
        return self.signed_in.token_hash if self.signed_in else ""

    def enter(self, connection: Connection) -> None:
        """Work on this transaction; the session is looked up in it."""
        self._connection = connection
        self.signed_in = sessions.find(connection, sessions.cookie_of(self.site, self.request), self.at)
        if self.signed_in:
            spoken.for_user(self.request, self.signed_in.principal.manner)
        else:
            spoken.for_browser(self.request)
        self.flashes = flashes.read(self.site, self._owner, self.request)

    def leave(self) -> None:
        """The transaction is over."""
        self._connection = None

    def finish(self) -> None:
        """Do what waited for the commit."""
        for what in self._after:
            what()


class _Undo(Exception):
    """Carries an answer out of a transaction that is to be rolled back."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Endpoint:
    """A handler with what it asks of the visitor and of the database."""

    def __init__(
        self,
        handler: Handler,
        access: Access,
        *,
        writes: bool,
        fresh: bool = False,
        own_transactions: bool = False,
    ) -> None:
        self.handler = handler
        self.access = access
        self.writes = writes
        self.fresh = fresh
        self.own_transactions = own_transactions
        self.path = "-"

    async def answer(self, request: Request) -> Response:
        """Read the form, work in a thread, answer."""
        site: Site = request.app.state.site
        request.state.route = self.path
        at = clock.now()
        sent = body.Sent()
        try:
            if self.writes:
                limit = await self._limit(site, request, at)
                sent = await body.read(request, limit)
                faults.remember(request, kept.sent(request, sent.fields))
            return await in_thread(site, self._serve, site, request, at, sent)
        except (Refusal, body.Unread) as why:
            return await in_thread(site, self._turned_away, site, request, at, why)
        finally:
            await sent.close()

    async def _limit(self, site: Site, request: Request, at: datetime) -> int:
        """Long bodies are read only from those who may send them."""
        if self.access == "public" or body.is_small(request):
            return body.FORM_BYTES
        await in_thread(site, self._check, site, request, at)
        return (
            body.UPLOAD_BYTES if "multipart" in request.headers.get("content-type", "") else body.FORM_BYTES
        )

    def _check(self, site: Site, request: Request, at: datetime) -> None:
        with site.database.read() as connection:
            visit = Visit(site, request, at, body.Sent())
            visit.enter(connection)
            self._admit(visit)

    def _turned_away(
        self, site: Site, request: Request, at: datetime, why: Refusal | body.Unread
    ) -> Response:
        """The answer to a form that was not even read."""
        user = who(site, request, at)
        return faults.refused(site, request, why.refusal if isinstance(why, body.Unread) else why, user)

    def _serve(self, site: Site, request: Request, at: datetime, sent: body.Sent) -> Response:
        visit = Visit(site, request, at, sent)
        try:
            response = self._act(visit) if self.writes else self._show(visit)
        except faults.SignInNeeded as refusal:
            return self._to_sign_in(visit, refusal)
        except _Undo as undo:
            response = undo.response
        except Refusal as refusal:
            user = visit.signed_in.user if visit.signed_in else who(site, request, at)
            response = faults.refused(site, request, refusal, user)
        if visit.flashes.shown:
            flashes.drop(site, response)
        return response

    def _act(self, visit: Visit) -> Response:
        if self.own_transactions or self.fresh:
            with visit.database.read() as connection:
                visit.enter(connection)
                self._admit(visit)
            visit.leave()
        if self.fresh:
            freshen(visit.database, visit.principal, visit.at)
        if self.own_transactions:
            response = self.handler(visit)
        else:
            with visit.database.write() as connection:
                visit.enter(connection)
                self._admit(visit)
                response = self.handler(visit)
                if response.status_code >= 400:
                    raise _Undo(response)
                self._prolong(visit, connection, response)
            visit.leave()
        visit.finish()
        return response

    def _show(self, visit: Visit) -> Response:
        response = self._read(visit, must_be_fresh=self.fresh)
        if response is None:
            freshen(visit.database, visit.principal, visit.at)
            response = self._read(visit, must_be_fresh=False)
        assert response is not None
        visit.finish()
        if visit.signed_in and visit.signed_in.is_due(visit.at):
            with suppress(Unavailable), visit.database.write() as connection:
                self._prolong(visit, connection, response)
        return response

    def _read(self, visit: Visit, must_be_fresh: bool) -> Response | None:
        """The handler's answer; None where it must be fresh and some metrics are stale."""
        with visit.database.read() as connection:
            visit.enter(connection)
            self._admit(visit)
            is_stale = must_be_fresh and stored_metrics.anything_stale(
                connection, visit.principal.workspace_id, visit.at
            )
            response = None if is_stale else self.handler(visit)
        visit.leave()
        return response

    def _prolong(self, visit: Visit, connection: Connection, response: Response) -> None:
        signed_in = visit.signed_in
        cookie = sessions.cookie_of(visit.site, visit.request)
        if signed_in and cookie and signed_in.is_due(visit.at):
            sessions.touch(connection, signed_in, visit.at)
            sessions.set_cookie(visit.site, response, cookie)

    def _admit(self, visit: Visit) -> None:
        refuse_nul(visit.request)
        if self.access == "public":
            return
        principal = visit.principal
        if self.access == "member" and not principal.may_edit:
            raise Forbidden(
                _("You can read everything here. To change something, ask an admin to make you a member.")
            )
        if self.access == "admin":
            require_admin(principal)

    def _to_sign_in(self, visit: Visit, refusal: Refusal) -> Response:
        """Pages lead to the sign-in and back; a form that was sent comes along, so that nothing typed is lost."""
        site, request = visit.site, visit.request
        if faults.is_api(request):
            return faults.refused(site, request, refusal)
        written = kept.sent(request, visit.form) if self.writes and not visit.is_htmx else None
        if written is not None:
            context = {"email": "", "next": "", "error": None, "has_mail": False, "kept": written}
            return visit.render("accounts/sign_in.html", context, status=401)
        if self.writes or visit.is_htmx:
            words = _("Use another tab to sign in, then come back here and send it again.")
            return faults.refused(site, request, faults.SignInNeeded(words))
        with site.database.read() as connection:
            if not sessions.anybody(connection):
                return RedirectResponse("/setup", 303)
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse("/sign-in" + ("" if path == "/" else "?" + urlencode({"next": path})), 303)


def who(site: Site, request: Request, at: datetime) -> sessions.User | None:
    """Whose session it is, for the navigation of a refusal, which is written for them from here on; nobody where the database
    cannot say."""
    cookie = sessions.cookie_of(site, request)
    if cookie is None or faults.is_api(request):
        return None
    with suppress(Unavailable), site.database.read() as connection:
        found = sessions.find(connection, cookie, at)
        if found:
            spoken.for_user(request, found.principal.manner)
            return found.user
    return None


def freshen(database: Database, principal: Principal, at: datetime) -> None:
    """Bring stale metrics up to date; where nothing can be written, they are shown as they are."""
    with suppress(Unavailable):
        stored_metrics.freshen(database, principal, at)


def refuse_nul(request: Request) -> None:
    """An address with a NUL is refused before any handler sees it."""
    if "\x00" in request.url.path or any(
        "\x00" in part for pair in request.query_params.multi_items() for part in pair
    ):
        raise Invalid(_("The address contains a character that is not allowed there."))


async def in_thread(site: Site, function: Callable[..., Result], *arguments: Any) -> Result:
    """Run it in one of the site's few threads."""
    return await anyio.to_thread.run_sync(function, *arguments, limiter=site.threads)


class VisitRoute(Route):
    """A route that says who may go there; ``tests/web/test_access.py`` reads it."""

    def __init__(self, path: str, endpoint: Endpoint) -> None:
        methods = ["POST"] if endpoint.writes else ["GET"]
        super().__init__(path, endpoint.answer, methods=methods, name=endpoint.handler.__name__)
        endpoint.path = path
        self.access = endpoint.access
        self.writes = endpoint.writes


class Router:
    """The pages and actions of a room."""

    def __init__(self) -> None:
        self.routes: list[VisitRoute] = []

    def page(
        self, path: str, *, access: Access = "viewer", fresh: bool = False
    ) -> Callable[[Handler], Handler]:
        """GET and HEAD, in a read transaction. ``fresh``: stale metrics are brought up to date first."""

        def add(handler: Handler) -> Handler:
            self.routes.append(VisitRoute(path, Endpoint(handler, access, writes=False, fresh=fresh)))
            return handler

        return add

    def action(
        self, path: str, *, access: Access = "member", fresh: bool = False, own_transactions: bool = False
    ) -> Callable[[Handler], Handler]:
        """POST, in one write transaction that is committed before the answer is sent.

        ``own_transactions``: for slow work that must not hold the writer (hashing a password, sending a mail); the
        handler opens ``visit.database.write()`` itself, and ``visit.connection`` is not there. ``fresh``: stale metrics are
        brought up to date first, in transactions of their own, so that whoever else writes waits for a block of them alone.
        """

        def add(handler: Handler) -> Handler:
            endpoint = Endpoint(handler, access, writes=True, fresh=fresh, own_transactions=own_transactions)
            self.routes.append(VisitRoute(path, endpoint))
            return handler

        return add
