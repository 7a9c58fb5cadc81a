"""``/api/v1/asks``, ``/promises`` and ``/signals``: what is to be said, what is owed, what was heard."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from crm.domain.heard import SIGNAL_TYPES, Promiser, SignalType
from crm.interactions import matters, signals
from crm.interactions.matter_forms import (
    THEME_LIMIT,
    AnyDay,
    AskForm,
    MatterForm,
    PromiseForm,
    SignalForm,
    Words,
)
from crm.interactions.matters import SORTS, Sort
from crm.interactions.signals import Told, Wanted
from crm.web.api import ApiRouter, Call, Id, Paged, Sent

router = ApiRouter()


class NewAsk(AskForm):
    """Something to say to, or ask of, somebody."""

    model_config = ConfigDict(extra="forbid")
    contact_id: Id


class NewPromise(PromiseForm):
    """Something one side said it would do."""

    model_config = ConfigDict(extra="forbid")
    contact_id: Id


class NewSignal(SignalForm):
    """Something heard; without a day, today."""

    model_config = ConfigDict(extra="forbid")
    contact_id: Id


class AskChange(Sent):
    """What becomes different about an ask."""

    text: Words = Field(default_factory=str)
    due: AnyDay | None = None


class PromiseChange(AskChange):
    """What becomes different about a promise."""

    by: Promiser = Field(default_factory=lambda: "us")


class SignalChange(Sent):
    """What becomes different about a signal."""

    type: SignalType = Field(default_factory=lambda: "pain point")
    text: Words = Field(default_factory=str)
    theme: str | None = Field(None, max_length=THEME_LIMIT)
    heard_on: AnyDay | None = None


class AskShape(BaseModel):
    """One ask; with ``closed_on`` it was brought up."""

    id: int
    contact_id: int
    text: str
    due: date | None
    opened_on: date
    closed_on: date | None


class PromiseShape(BaseModel):
    """One promise; with ``kept_on`` it was kept."""

    id: int
    contact_id: int
    by: Promiser
    text: str
    due: date | None
    made_on: date
    kept_on: date | None


class SignalShape(BaseModel):
    """One signal."""

    id: int
    contact_id: int
    type: SignalType
    text: str
    theme: str | None
    heard_on: date


class AskPage(BaseModel):
    """A page of asks."""

    items: list[AskShape]
    next: str | None


class PromisePage(BaseModel):
    """A page of promises."""

    items: list[PromiseShape]
    next: str | None


class SignalPage(BaseModel):
    """A page of signals."""

    items: list[SignalShape]
    next: str | None


class AskedMatters(Paged):
    """Which asks or promises."""

    contact: Id | None = None
    open: bool | None = Field(None, description="Those still open, or those that are settled.")


class AskedSignals(Paged):
    """Which signals."""

    contact: Id | None = None
    organisation: Id | None = None
    type: SignalType | None = None
    theme: str | None = Field(None, max_length=THEME_LIMIT)
    since: AnyDay | None = Field(None, description="Heard on this day or later.")


ASKS, PROMISES, SIGNALS = SORTS["asks"], SORTS["promises"], SORTS["signals"]


@router.get("/asks", AskPage, AskedMatters)
def asks(call: Call) -> dict[str, Any]:
    """Asks, the newest first, a page at a time."""
    return _page(call, ASKS)


@router.get("/promises", PromisePage, AskedMatters)
def promises(call: Call) -> dict[str, Any]:
    """Promises of both sides, the newest first, a page at a time."""
    return _page(call, PROMISES)


def _page(call: Call, sort: Sort) -> dict[str, Any]:
    asked: AskedMatters = call.query
    opened = None if asked.open is None else (asked.open, call.team_day)
    page = matters.listed(
        *call.where, sort, asked.cursor, contact_id=asked.contact, opened=opened, limit=asked.limit
    )
    return {"items": page.rows, "next": page.next}


@router.get("/signals", SignalPage, AskedSignals)
def heard(call: Call) -> dict[str, Any]:
    """Signals, the last heard first, a page at a time."""
    asked: AskedSignals = call.query
    types = (asked.type,) if asked.type else SIGNAL_TYPES
    wanted = Wanted(types, asked.since, asked.theme, asked.organisation, asked.contact)
    page = signals.told(*call.where, wanted, asked.cursor, asked.limit)
    return {"items": [_heard(one) for one in page.told], "next": page.next}


def _heard(told: Told) -> dict[str, Any]:
    kept = ("id", "contact_id", "type", "text", "theme")
    return {**{name: getattr(told, name) for name in kept}, "heard_on": told.day}


def _offer(
    sort: Sort,
    shape: type[BaseModel],
    form: type[MatterForm],
    new: type[MatterForm],
    change: type[Sent],
) -> None:
    """The operations that all three sorts have alike."""
    key, noun, path = sort.key, sort.noun, f"/{sort.key}/{{{sort.id_name}}}"

    def one(call: Call) -> Any:
        return matters.matter(*call.where, sort, call.number(sort.id_name))

    def add(call: Call) -> Any:
        values = call.sent.values(call.team_day)
        row_id = matters.add(*call.where, sort, call.sent.contact_id, values, call.at)
        return matters.matter(*call.where, sort, row_id)

    def alter(call: Call) -> Any:
        sent = {name: getattr(call.sent, name) for name in call.sent.model_fields_set}
        known = matters.held(*call.where, sort, call.number(sort.id_name))
        values = form.model_validate({**known._mapping, **sent}).values(call.team_day)
        matters.change(*call.where, sort, call.number(sort.id_name), values, call.at)
        return one(call)

    def remove(call: Call) -> None:
        matters.remove(*call.where, sort, call.number(sort.id_name), call.at)

    router.get(path, shape)(_named(one, f"one_{noun}", f"One {noun}."))
    router.post(f"/{key}", shape, new, status=201)(
        _named(add, f"add_{noun}", f"Write a {noun} down about a person.")
    )
    router.patch(path, shape, change)(
        _named(alter, f"change_{noun}", f"Change what the {noun} says; what is left out stays.")
    )
    router.delete(path)(_named(remove, f"remove_{noun}", f"Take the {noun} away."))


def _settles(sort: Sort, shape: type[BaseModel], verbs: Mapping[str, tuple[Any, str]]) -> None:
    """Asks and promises come to an end, and may be open after all."""
    for verb, (action, words) in verbs.items():

        def settle(call: Call, action: Any = action) -> Any:
            action(*call.where, sort, call.number(sort.id_name), call.at)
            return matters.matter(*call.where, sort, call.number(sort.id_name))

        path = f"/{sort.key}/{{{sort.id_name}}}/{verb}"
        router.post(path, shape)(_named(settle, f"{verb}_{sort.noun}", words))


def _named(handler: Callable[[Call], Any], name: str, words: str) -> Callable[[Call], Any]:
    handler.__name__, handler.__doc__ = name, words
    return handler


_offer(ASKS, AskShape, AskForm, NewAsk, AskChange)
_offer(PROMISES, PromiseShape, PromiseForm, NewPromise, PromiseChange)
_offer(SIGNALS, SignalShape, SignalForm, NewSignal, SignalChange)
_AGAIN = (matters.reopen, "It is open after all.")
_settles(ASKS, AskShape, {"close": (matters.settle, "It was brought up today."), "reopen": _AGAIN})
_settles(PROMISES, PromiseShape, {"keep": (matters.settle, "It was kept today."), "reopen": _AGAIN})
