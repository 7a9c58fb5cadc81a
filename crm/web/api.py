"""What programs may do: operations under ``/api/v1``, each with its scope, what it takes and what it answers.

A handler is a plain function from ``Call`` to what ``answers`` describes; the description served at
``/api/v1/openapi.json`` is made of the same declarations. One request, one transaction, as on pages.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from sqlalchemy import Connection
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crm import clock
from crm.domain.principal import Principal
from crm.domain.weeks import moment_said
from crm.errors import Forbidden, Invalid, NotFound, Refusal, Unavailable
from crm.storage.database import Database
from crm.web import bearers, body, faults, idempotency
from crm.web.addresses import is_id
from crm.web.bearers import Bearer, TokenNeeded
from crm.web.declared import TooStrange, content_type, read_body, read_query
from crm.web.idempotency import Kept, Once
from crm.web.routing import freshen, in_thread, refuse_nul
from crm.web.site import Site

ROOT = "/api/v1"
Role: TypeAlias = Literal["viewer", "member"]
Id = Annotated[int, Field(ge=1, lt=2**63)]


class Sent(BaseModel):
    """The base of what a program sends: nothing but what is named, each of its own type."""

    model_config = ConfigDict(str_strip_whitespace=True, extra="forbid", frozen=True)


class Asked(BaseModel):
    """The base of what stands behind the question mark."""

    model_config = ConfigDict(str_strip_whitespace=True, extra="forbid", frozen=True)


class Paged(Asked):
    """A list that is read page by page."""

    cursor: str | None = Field(None, max_length=2_000, description="The `next` of the page before.")
    limit: int = Field(50, ge=1, le=200, description="How many at most.")


class AsOf(Asked):
    """A computation that can be asked for as of any moment."""

    as_of: str | None = Field(
        None,
        max_length=60,
        description="A day, which is its end in the workspace's time zone, or a time. Else now.",
    )

    def at(self, call: "Call") -> datetime:
        """The moment that is meant."""
        if self.as_of is None:
            return call.at
        try:
            return moment_said(self.as_of, call.principal.zone)
        except ValueError as fault:
            raise Invalid(f"as_of takes {fault}", fields={"as_of": f"Takes {fault}"}) from None


class Call:
    """One request of a program as a handler sees it."""

    def __init__(self, site: Site, request: Request, at: datetime, bearer: Bearer) -> None:
        self.site = site
        self.request = request
        self.at = at
        self.bearer = bearer
        self.query: Any = None
        self.sent: Any = None
        self.files = FormData()
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The request's transaction; an operation with ``own_transactions`` has none."""
        if self._connection is None:
            raise RuntimeError("this operation opens its own transactions")
        return self._connection

    @property
    def database(self) -> Database:
        """The database, for operations with ``own_transactions``."""
        return self.site.database

    @property
    def principal(self) -> Principal:
        """For whom the token acts."""
        return self.bearer.principal

    @property
    def team_day(self) -> date:
        """The calendar day where the team is."""
        return self.principal.team_day(self.at)

    @property
    def where(self) -> tuple[Connection, Principal]:
        """What queries and actions begin with."""
        return self.connection, self.principal

    def number(self, name: str) -> int:
        """A part of the path that is an id; anything else is NotFound."""
        value = str(self.request.path_params[name])
        if not is_id(value):
            raise NotFound
        return int(value)

    def text(self, name: str) -> str:
        """A part of the path as it stands there."""
        return str(self.request.path_params[name])

    def enter(self, connection: Connection) -> None:
        """Work on this transaction; the token is looked up in it, so that one that was revoked ends at once."""
        self._connection = connection
        self.bearer = bearers.find(connection, self.request.headers.get("authorization"))

    def leave(self) -> None:
        """The transaction is over."""
        self._connection = None


@dataclass
class Operation:
    """One thing a program may do, with all that is promised about it."""

    method: str
    path: str
    handler: Callable[[Call], Any]
    role: Role
    answers: Any
    asks: type[Asked]
    sends: type[BaseModel] | None = None
    files: bool = False
    status: int = 200
    fresh: bool = False
    own_transactions: bool = False

    @property
    def scope(self) -> str:
        """What a token must be allowed to."""
        return bearers.READ if self.method == "GET" else bearers.WRITE

    @property
    def takes_body(self) -> bool:
        """Whether what is sent is looked at, be it only to refuse what nothing was declared for."""
        return self.method != "GET"

    async def answer(self, request: Request) -> Response:
        """Look at the token, read what was sent, work in a thread, answer."""
        site: Site = request.app.state.site
        request.state.route = ROOT + self.path
        uploaded = body.Sent()
        try:
            call = await in_thread(site, self._admitted, site, request, clock.now())
            raw = await body.raw(request) if self.takes_body and not self.files else b""
            if self.files:
                uploaded = await self._upload(request)
                _refuse_fields(uploaded)
                call.files = uploaded.files
            return await in_thread(site, self._serve, call, raw)
        except body.Unread as unread:
            return _refused(site, request, unread.refusal)
        except Refusal as refusal:
            return _refused(site, request, refusal)
        finally:
            await uploaded.close()

    async def _upload(self, request: Request) -> body.Sent:
        if not content_type(request) == "multipart/form-data":
            raise TooStrange("Send the files as multipart/form-data, as curl -F files=@NAME does.")
        return await body.read(request, body.UPLOAD_BYTES)

    def _admitted(self, site: Site, request: Request, at: datetime) -> Call:
        with site.database.read() as connection:
            bearer = bearers.find(connection, request.headers.get("authorization"))
        call = Call(site, request, at, bearer)
        self._admit(call)
        if bearer.used_on != bearer.principal.team_day(at):
            with suppress(Unavailable), site.database.write() as connection:
                bearers.note_use(connection, bearer, at)
        return call

    def _admit(self, call: Call) -> None:
        if not call.bearer.may(self.scope):
            raise Forbidden(f"This token does not have the scope {self.scope}. Make one that has it.")
        if self.role == "member" and self.method == "GET" and not call.principal.may_edit:
            raise Forbidden("This token acts for a viewer. Viewers have no plan.")
        if self.role == "member" and not call.principal.may_edit:
            raise Forbidden("This token acts for a viewer, who may read but not change anything.")

    def _serve(self, call: Call, raw: bytes) -> Response:
        refuse_nul(call.request)
        call.query = read_query(self.asks, call.request)
        if self.sends:
            call.sent = read_body(self.sends, call.request, raw)
        elif raw.strip() not in (b"", b"{}"):
            read_body(Sent, call.request, raw)
        once = self._once(call, raw)
        if self.own_transactions:
            return self._apart(call, once)
        if self.fresh:
            freshen(call.database, call.principal, call.at)
        open_transaction = call.database.read if self.method == "GET" else call.database.write
        with open_transaction() as connection:
            call.enter(connection)
            self._admit(call)
            before = once.begin(connection, call.at) if once else None
            kept = before or self._kept(call, self.handler(call))
            if once and not before:
                once.end(connection, kept)
        return _response(kept)

    def _apart(self, call: Call, once: Once | None) -> Response:
        """The key is taken in a transaction of its own, and given back where nothing was done.

        What was sent took its time to arrive: a token that ended meanwhile does nothing.
        """
        with call.database.read() as connection:
            call.enter(connection)
            self._admit(call)
        call.leave()
        if once is None:
            return _response(self._kept(call, self.handler(call)))
        with call.database.write() as connection:
            before = once.begin(connection, call.at)
        if before:
            return _response(before)
        try:
            kept = self._kept(call, self.handler(call))
        except Exception:
            with suppress(Unavailable), call.database.write() as connection:
                once.forget(connection)
            raise
        with call.database.write() as connection:
            once.end(connection, kept)
        return _response(kept)

    def _once(self, call: Call, raw: bytes) -> Once | None:
        key = call.request.headers.get(idempotency.HEADER)
        if self.method != "POST" or key is None:
            return None
        digests = [_file_digest(name, file) for name, file in call.files.multi_items()]
        said = (self.method, call.request.url.path, call.request.url.query)
        return Once.of(call.principal, key, *said, hashlib.sha256(raw).hexdigest(), *digests)

    def _kept(self, call: Call, found: Any) -> Kept:
        """The answer as JSON. What a shape leaves out of a plain dict stays out."""
        if self.status == HTTPStatus.NO_CONTENT:
            return Kept(self.status, "", None)
        shape = TypeAdapter(self.answers)
        made = shape.validate_python(found, from_attributes=True)
        location = None
        if self.status == HTTPStatus.CREATED:
            location = f"{call.request.url.path}/{made.id}"
        return Kept(self.status, shape.dump_json(made, exclude_unset=True).decode(), location)


def _refuse_fields(uploaded: body.Sent) -> None:
    """What is sent as a field would be passed over, a wish to try first among them."""
    for name, value in uploaded.fields.items():
        words = f"Send it behind the question mark: ?{name}={str(value)[:40]}"
        raise Invalid(f"{name}: {words}", fields={name: words})


def _response(kept: Kept) -> Response:
    headers = {"Location": kept.location} if kept.location else None
    media = None if kept.status == HTTPStatus.NO_CONTENT else "application/json"
    return Response(kept.body, kept.status, headers, media)


def _refused(site: Site, request: Request, refusal: Refusal) -> Response:
    response = faults.refused(site, request, refusal)
    if isinstance(refusal, TokenNeeded):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _file_digest(name: str, file: Any) -> str:
    file.file.seek(0)
    digest = hashlib.file_digest(file.file, "sha256").hexdigest()
    file.file.seek(0)
    return f"{name} {file.filename} {digest}"


class ApiRoute(Route):
    """A route of one operation; ``tests/web/test_access.py`` reads it."""

    def __init__(self, operation: Operation) -> None:
        super().__init__(ROOT + operation.path, operation.answer, methods=[operation.method])
        self.operation = operation


Made: TypeAlias = Callable[[Callable[[Call], Any]], Callable[[Call], Any]]


class ApiRouter:
    """The operations of a room."""

    def __init__(self) -> None:
        self.routes: list[ApiRoute] = []

    def get(
        self,
        path: str,
        answers: Any,
        asks: type[Asked] = Asked,
        *,
        fresh: bool = False,
        own_transactions: bool = False,
        role: Role = "viewer",
    ) -> Made:
        """Reading. ``fresh``: stale metrics are brought up to date first."""
        return self._add(
            "GET", path, answers, asks=asks, fresh=fresh, own_transactions=own_transactions, role=role
        )

    def post(
        self,
        path: str,
        answers: Any,
        sends: type[BaseModel] | None = None,
        *,
        asks: type[Asked] = Asked,
        status: int = 200,
        files: bool = False,
        own_transactions: bool = False,
    ) -> Made:
        """Making or doing something."""
        return self._add(
            "POST",
            path,
            answers,
            sends=sends,
            asks=asks,
            status=status,
            files=files,
            own_transactions=own_transactions,
        )

    def patch(self, path: str, answers: Any, sends: type[BaseModel]) -> Made:
        """Changing what is named in the body; everything else stays."""
        return self._add("PATCH", path, answers, sends=sends)

    def delete(self, path: str) -> Made:
        """Taking something away."""
        return self._add("DELETE", path, None, status=204)

    def _add(self, method: str, path: str, answers: Any, **promised: Any) -> Made:
        def add(handler: Callable[[Call], Any]) -> Callable[[Call], Any]:
            promised.setdefault("role", "member")
            promised.setdefault("asks", Asked)
            self.routes.append(ApiRoute(Operation(method, path, handler, answers=answers, **promised)))
            return handler

        return add
