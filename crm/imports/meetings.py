"""Did these meetings happen? What a calendar left open, and what people answer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select

from crm.contacts.may_change import require_editor
from crm.domain.blanking import BLANK
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Invalid, NotFound
from crm.imports.records import digest
from crm.imports.retold import account_of, said_of, written
from crm.imports.run import Run
from crm.imports.sources import VERSION
from crm.interactions.actions import Entry, delete_interaction, log_interaction
from crm.storage.blocks import blocks
from crm.storage.database import new_id
from crm.storage.tables import contact, open_meeting, open_meeting_contact, source_record
from crm.storage.types import from_micros, to_micros

ANSWERS = ("meeting", "lunch", "video", "phone", "no")
OFF = "off"
"""The answer of a calendar that called the meeting off, put it off, or said where it was: nobody is asked until it says
otherwise."""
PAGE = 50


@dataclass(frozen=True)
class OpenMeeting:
    """One meeting that waits for an answer."""

    id: int
    occurred_at: datetime
    summary: str | None
    people: tuple[tuple[int, str], ...]


# Asking.


def asked(run: Run, keys: Sequence[str]) -> dict[str, bool]:
    """Which of these meetings were asked about before, and whether somebody answered; nobody answers until the import is
    done."""
    table = open_meeting.c
    found: dict[str, bool] = {}
    for block in blocks(keys):
        rows = (
            select(table.source_key, table.answer)
            .where(table.workspace_id == run.principal.workspace_id, table.source_key.in_(block))
            .order_by(table.id)
            .with_for_update()
        )
        found.update({key: answer not in (None, OFF) for key, answer in run.connection.execute(rows)})
    return found


def ask_about(run: Run, key: str, entry: Entry) -> str | None:
    """Keep the question, which nobody has answered (``asked``), and return the title under which it is asked.

    Asked again, it follows what the calendar says now, but for a title out of which somebody erased was taken.
    """
    mine = (open_meeting.c.workspace_id == run.principal.workspace_id, open_meeting.c.source_key == key)
    known = run.connection.execute(select(open_meeting).where(*mine)).one_or_none()
    title = known.summary if known and BLANK in (known.summary or "") else entry.summary
    says = {"occurred_at": entry.occurred_at, "summary": title, "answer": None}
    if known is None:
        row_id = new_id(run.connection)
        names = {"workspace_id": run.principal.workspace_id, "id": row_id, "source_key": key}
        owner = {"user_id": run.default_owner, "batch_id": run.batch_id}
        run.connection.execute(open_meeting.insert(), {**names, **says, **owner})
        run.sources.written += 1
    elif not _ask_anew(run, known, says, entry.contact_ids):
        return title
    else:
        row_id = known.id
    run.connection.execute(
        open_meeting_contact.insert(),
        [
            {"workspace_id": run.principal.workspace_id, "contact_id": one, "meeting_id": row_id}
            for one in entry.contact_ids
        ],
    )
    return title


def _ask_anew(run: Run, known: Any, says: Mapping[str, Any], people: Sequence[int]) -> bool:
    """Ask otherwise than before, if there is any difference, and of whom it was about nobody any more."""
    table, part = open_meeting.c, open_meeting_contact.c
    mine = select(part.contact_id).where(
        part.workspace_id == run.principal.workspace_id, part.meeting_id == known.id
    )
    is_other = known.summary != says["summary"] or {*run.connection.execute(mine).scalars()} != {*people}
    if not is_other and (known.answer, known.occurred_at) == (None, says["occurred_at"]):
        return False
    run.traces.changed(QUESTION, known.id, {**_found_as(known), **({OTHER: True} if is_other else {})})
    this = (table.workspace_id == run.principal.workspace_id, table.id == known.id)
    run.connection.execute(open_meeting.update().where(*this).values(**says))
    _remove_people(run.connection, run.principal, [known.id])
    return True


def ask_no_more(run: Run, keys: Sequence[str]) -> set[str]:
    """These meetings were called off or put off, or are in the log: whether they happened is not asked any more, where
    nobody has answered.

    Returns the keys of those that were asked about.
    """
    table, taken = open_meeting.c, set[str]()
    for block in blocks(keys):
        open_ones = (
            table.workspace_id == run.principal.workspace_id,
            table.source_key.in_(block),
            table.answer.is_(None),
        )
        for row in run.connection.execute(select(open_meeting).where(*open_ones)).all():
            run.traces.changed(QUESTION, row.id, _found_as(row))
            taken.add(row.source_key)
        run.connection.execute(open_meeting.update().where(*open_ones).values(answer=OFF))
    return taken


def _remove_people(connection: Connection, principal: Principal, ids: Sequence[int]) -> None:
    table = open_meeting_contact
    connection.execute(
        table.delete().where(table.c.workspace_id == principal.workspace_id, table.c.meeting_id.in_(ids))
    )


# Undoing.

QUESTION = "question"
"""The record under which an import keeps how it found a question that it changed."""


OTHER = "other"
"""In what is kept of it: it was asked of others, or under another title, of which nothing is kept that names anybody."""


def _found_as(row: Any) -> dict[str, Any]:
    return {VERSION: _stamp(row), "answer": row.answer, "occurred_at": to_micros(row.occurred_at)}


def _stamp(row: Any) -> str:
    return f"{row.answer or ''} {to_micros(row.occurred_at)} {digest(row.summary or '')}"


def question_stamps(connection: Connection, principal: Principal, ids: Sequence[int]) -> dict[int, str]:
    """The state of each of these questions, to tell whether somebody answered it, or another import changed it, since."""
    table, found = open_meeting.c, dict[int, str]()
    for block in blocks(ids):
        these = select(open_meeting).where(table.workspace_id == principal.workspace_id, table.id.in_(block))
        found.update({row.id: _stamp(row) for row in connection.execute(these)})
    return found


def put_questions_back(
    connection: Connection, principal: Principal, batch_id: int, found: Mapping[int, Mapping[str, Any]]
) -> set[int]:
    """The import is undone: what it ceased to ask is asked again, and what it asked again is not, and what it knew of
    meetings that were off is forgotten, so that the same file says it anew.

    What it asked of others, or under another title, is asked no more until a file says it anew; returns those.
    """
    table, source = open_meeting.c, source_record.c
    off = (
        source.workspace_id == principal.workspace_id,
        source.record == "interaction",
        source.row_id == 0,
    )
    connection.execute(source_record.delete().where(*off, source.batch_id == batch_id))
    for block in blocks(found):
        keys = select(table.source_key).where(
            table.workspace_id == principal.workspace_id, table.id.in_(block)
        )
        connection.execute(source_record.delete().where(*off, source.source_key.in_(keys)))
    others = {row_id for row_id, before in found.items() if before.get(OTHER)}
    for row_id in found.keys() - others:
        before = found[row_id]
        this = (table.workspace_id == principal.workspace_id, table.id == row_id)
        values = {"answer": before["answer"], "occurred_at": from_micros(before["occurred_at"])}
        connection.execute(open_meeting.update().where(*this).values(**values))
    _withdraw(connection, principal, others)
    return others


def _withdraw(connection: Connection, principal: Principal, ids: Collection[int]) -> None:
    for block in blocks(ids):
        _remove_people(connection, principal, block)
        these = (open_meeting.c.workspace_id == principal.workspace_id, open_meeting.c.id.in_(block))
        connection.execute(open_meeting.delete().where(*these))


def forget_questions(connection: Connection, principal: Principal, batch_id: int) -> int:
    """The import is undone: what it asked and nobody answered is not asked any more. Returns how many still were."""
    mine = (
        open_meeting.c.workspace_id == principal.workspace_id,
        open_meeting.c.batch_id == batch_id,
        or_(open_meeting.c.answer.is_(None), open_meeting.c.answer == OFF),
    )
    rows = connection.execute(select(open_meeting.c.id, open_meeting.c.answer).where(*mine)).all()
    _withdraw(connection, principal, [row.id for row in rows])
    return sum(row.answer is None for row in rows)


# Reading.


def _mine(principal: Principal) -> tuple[Any, ...]:
    """One's own calendar, and the command line's; the command line sees all."""
    table = open_meeting.c
    own = (
        ()
        if principal.user_id is None
        else (or_(table.user_id == principal.user_id, table.user_id.is_(None)),)
    )
    return (table.workspace_id == principal.workspace_id, *own)


def _waiting(principal: Principal) -> tuple[Any, ...]:
    """Not answered, and with somebody."""
    people = open_meeting_contact.c
    held = select(people.meeting_id).where(people.workspace_id == principal.workspace_id)
    return (*_mine(principal), open_meeting.c.answer.is_(None), open_meeting.c.id.in_(held))


def open_count(connection: Connection, principal: Principal) -> int:
    """How many meetings wait for an answer."""
    mine = select(func.count()).select_from(open_meeting).where(*_waiting(principal))
    return int(connection.execute(mine).scalar_one())


def open_meetings(connection: Connection, principal: Principal, limit: int = PAGE) -> list[OpenMeeting]:
    """Those that wait, newest first."""
    order = (open_meeting.c.occurred_at.desc(), open_meeting.c.id)
    rows = connection.execute(
        select(open_meeting).where(*_waiting(principal)).order_by(*order).limit(limit)
    ).all()
    people = _people(connection, principal, [row.id for row in rows])
    return [OpenMeeting(row.id, row.occurred_at, row.summary, tuple(people[row.id])) for row in rows]


def _people(
    connection: Connection, principal: Principal, ids: Sequence[int]
) -> dict[int, list[tuple[int, str]]]:
    part = open_meeting_contact.c
    rows = connection.execute(
        select(part.meeting_id, contact.c.id, contact.c.name)
        .join(contact, (contact.c.workspace_id == part.workspace_id) & (contact.c.id == part.contact_id))
        .where(part.workspace_id == principal.workspace_id, part.meeting_id.in_(ids))
        .order_by(contact.c.folded_name, contact.c.id)
    )
    found: dict[int, list[tuple[int, str]]] = {}
    for row in rows:
        found.setdefault(row.meeting_id, []).append((row.id, row.name))
    return found


# Answering.


def answer(
    connection: Connection, principal: Principal, ids: Collection[int], word: str, at: datetime
) -> int:
    """Answer for these meetings at once; returns the number under which that can be undone.

    Any channel logs them by it, *no* means that they did not happen. Those somebody answered in the meantime stay.
    """
    require_editor(principal)
    if word not in ANSWERS:
        raise Invalid(_("Choose how you met, or that it did not happen."))
    rows = connection.execute(
        select(open_meeting)
        .where(*_waiting(principal), open_meeting.c.id.in_(list(ids)))
        .order_by(open_meeting.c.id)
        .with_for_update()
    ).all()
    if not rows:
        raise NotFound(_("These meetings have already been answered."))
    people = _people(connection, principal, [row.id for row in rows])
    answer_id = new_id(connection)
    for row in rows:
        logged = None if word == "no" else _log(connection, principal, row, people[row.id], word, at)
        values = {"answer": word, "answer_id": answer_id, "interaction_id": logged}
        connection.execute(
            open_meeting.update().where(*_mine(principal), open_meeting.c.id == row.id).values(**values)
        )
    return answer_id


def _log(
    connection: Connection,
    principal: Principal,
    row: Any,
    people: Sequence[tuple[int, str]],
    channel: str,
    at: datetime,
) -> int:
    user_id = principal.user_id if row.user_id is None else row.user_id
    entry = Entry(
        row.occurred_at,
        channel,
        tuple(row_id for row_id, _ in people),
        user_ids=() if user_id is None else (user_id,),
        summary=row.summary,
        source_id=row.source_key,
    )
    row_id = log_interaction(connection, principal, entry, at)
    _is_that_meeting(connection, principal, row, row_id, entry)
    return row_id


def _is_that_meeting(
    connection: Connection, principal: Principal, row: Any, row_id: int, entry: Entry
) -> None:
    """The calendar's meeting is this interaction, as it was logged: what is written in it from now on is no word of the
    calendar. Which account of it was the last, of one that had been put off, stays known."""
    key = {
        "workspace_id": principal.workspace_id,
        "record": "interaction",
        "source_key": row.source_key,
    }
    same = [source_record.c[name] == value for name, value in key.items()]
    known = connection.execute(select(source_record.c.content_hash).where(*same)).scalar_one_or_none()
    revision = said_of(known or "").get("revision", "")
    values = {"row_id": row_id, "content_hash": written(account_of(entry, None, revision))}
    if known is None:
        connection.execute(source_record.insert(), {**key, **values, "batch_id": row.batch_id})
    else:
        connection.execute(source_record.update().where(*same).values(**values))


def undo_answer(connection: Connection, principal: Principal, answer_id: int, at: datetime) -> int:
    """Take one's own answers back; what they logged goes. Returns how many wait again."""
    require_editor(principal)
    mine = (*_mine(principal), open_meeting.c.answer_id == answer_id)
    rows = connection.execute(select(open_meeting).where(*mine).with_for_update()).all()
    if not rows:
        raise NotFound
    for row in rows:
        if row.interaction_id is not None:
            delete_interaction(connection, principal, row.interaction_id, at)
        table = source_record.c
        connection.execute(
            source_record.delete().where(
                table.workspace_id == principal.workspace_id,
                table.record == "interaction",
                table.source_key == row.source_key,
            )
        )
    none = {"answer": None, "answer_id": None, "interaction_id": None}
    connection.execute(open_meeting.update().where(*mine).values(**none))
    return len(rows)
