"""The log form as it is shown: from an address, a line, what was typed, or an interaction that is being edited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection
from starlette.datastructures import FormData, QueryParams

from crm.domain.heard import Heard
from crm.domain.lengths import LINE_LIMIT
from crm.domain.principal import Principal
from crm.domain.quick_line import QuickLine
from crm.domain.weeks import whole_day
from crm.interactions.forms import HEARD_ROWS, PEOPLE_LIMIT, day_meant
from crm.interactions.queries import Logged, Person, named
from crm.web.addresses import is_id

ACTS = {"call": "phone"}
"""Acts of a plan whose channel has another name."""


@dataclass(frozen=True)
class Row:
    """One row of what was heard, as typed."""

    sort: str = ""
    text: str = ""
    due: str = ""


@dataclass(frozen=True)
class Draft:
    """Every field of the log form as text, and the people by name."""

    people: Sequence[Person] = ()
    new_names: Sequence[str] = ()
    who: str = ""
    channel: str = ""
    when: str = "today"
    day: str = ""
    time_of_day: str = ""
    direction: str = "mutual"
    outcome: str = "reached"
    summary: str = ""
    note: str = ""
    note_private: bool = False
    once: str = ""
    suggestion: str = ""
    version: str = ""
    back: str = ""
    again: str = ""
    closed_asks: frozenset[str] = frozenset()
    heard: Sequence[Row] = field(default_factory=lambda: (Row(),) * HEARD_ROWS)

    def is_arranged(self, today: date) -> bool:
        """Whether it is something arranged for a later day, which has no outcome yet."""
        return self.when == "day" and self.day > today.isoformat() and self.outcome == "reached"


def from_address(connection: Connection, principal: Principal, query: QueryParams, back: str) -> Draft:
    """``/log?contact=17&channel=lunch&when=2026-11-19&at=15:00``; what fits nothing is left out. ``when=day`` asks for one.

    ``contact_ids`` are the people ticked in a list.
    """
    when, day = _when(query.get("when", ""))
    at = _time_said(query.get("at", ""))
    channel = query.get("channel", "")
    return Draft(
        people=named(
            connection, principal, ids_in([*query.getlist("contact"), *query.getlist("contact_ids")])
        ),
        channel=ACTS.get(channel, channel),
        when=when,
        day=day,
        time_of_day=f"{at:%H:%M}" if day and at else "",
        summary=query.get("summary", "")[:LINE_LIMIT],
        suggestion="".join(str(one) for one in ids_in([query.get("suggestion", "")])),
        back=back,
    )


def from_line(connection: Connection, principal: Principal, said: QuickLine, today: date, back: str) -> Draft:
    """What a line was understood to say."""
    when, day = ("day", "") if said.no_day else ("today", "")
    if said.day == today - timedelta(days=1):
        when = "yesterday"
    elif said.day and said.day != today:
        when, day = "day", said.day.isoformat()
    return Draft(
        people=named(connection, principal, said.people),
        who=", ".join(said.unclear),
        channel=said.channel or "",
        when=when,
        day=day,
        time_of_day=f"{said.at:%H:%M}" if said.at else "",
        direction=said.direction,
        outcome=said.outcome,
        summary=said.remark[:LINE_LIMIT],
        back=back,
        heard=_rows_of(said.heard),
    )


def _rows_of(heard: Sequence[Heard]) -> Sequence[Row]:
    rows = [Row(one.sort, one.text, one.due.isoformat() if one.due else "") for one in heard[:HEARD_ROWS]]
    return [*rows, *[Row()] * (HEARD_ROWS - len(rows))]


def from_form(connection: Connection, principal: Principal, form: FormData, back: str) -> Draft:
    """What was typed, whether it fits or not."""

    def text(name: str) -> str:
        return str(form.get(name, ""))

    return Draft(
        people=named(connection, principal, ids_in(_texts(form, "contact_ids"))),
        new_names=[name for name in _texts(form, "new_names") if name.strip()],
        who=text("who"),
        channel=text("channel"),
        when=text("when") or "today",
        day=text("day"),
        time_of_day=text("time_of_day"),
        direction=text("direction") or "mutual",
        outcome=text("outcome") or "reached",
        summary=text("summary"),
        note=text("note"),
        note_private=bool(text("note_private")),
        once=text("once"),
        suggestion=text("suggestion"),
        version=text("version"),
        back=back,
        again=text("again"),
        closed_asks=frozenset(_texts(form, "closed_asks")),
        heard=_typed_rows({name: text(name) for name in form}),
    )


def from_logged(entry: Logged, principal: Principal, back: str) -> Draft:
    """An interaction that is to be edited; its moment is shown in the user's zone."""
    day, at = wall(entry.occurred_at, principal)
    return Draft(
        people=entry.people,
        channel=entry.channel,
        when="day",
        day=day.isoformat(),
        time_of_day=f"{at:%H:%M}",
        direction=entry.direction,
        outcome=entry.outcome,
        summary=entry.summary or "",
        note=entry.note or "",
        note_private=entry.note_private,
        version=str(entry.version),
        back=back,
    )


def day_in(draft: Draft, today: date) -> date | None:
    """The day the form says so far; none where one is still to be picked."""
    return day_meant("day" if draft.day else draft.when, whole_day(draft.day), today)


def time_in(draft: Draft) -> time | None:
    """The time the form says, if any."""
    return _time_said(draft.time_of_day)


def wall(moment: datetime, principal: Principal) -> tuple[date, time]:
    """The day and the minute on the user's wall."""
    local = moment.astimezone(principal.user_zone)
    return local.date(), local.time().replace(second=0, microsecond=0)


def ids_in(texts: Sequence[str]) -> list[int]:
    """Those texts that may be ids."""
    return [int(one) for one in texts[:PEOPLE_LIMIT] if is_id(one)]


def _texts(form: FormData, name: str) -> list[str]:
    return [str(value) for value in form.getlist(name)]


def _when(said: str) -> tuple[str, str]:
    if said in ("today", "yesterday", "day"):
        return said, ""
    day = whole_day(said[:10])
    return ("day", day.isoformat()) if day else ("today", "")


def _time_said(text: str) -> time | None:
    try:
        return time.fromisoformat(text[:5])
    except ValueError:
        return None


def _typed_rows(typed: Mapping[str, str]) -> tuple[Row, ...]:
    return tuple(
        Row(*(typed.get(f"heard_{name}_{number}", "") for name in ("sort", "text", "due")))
        for number in range(1, HEARD_ROWS + 1)
    )
