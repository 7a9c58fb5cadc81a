"""One person erased: whatever is about them goes, whatever is shared with others stays without them.

See docs/decisions/0012-erasing.md for what stays and why.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    false,
    func,
    or_,
    select,
)

from crm.accounts.schedules import TEAM_DIGEST, WEEKLY_MAIL
from crm.contacts.derived import refresh_metrics
from crm.contacts.erased_reports import take_out_of_reports
from crm.contacts.may_change import require_editor, require_people
from crm.contacts.naming import marks_beside, marks_of, names_of, once_called
from crm.contacts.queries import Person, person
from crm.contacts.theirs import log_of, records_of, replies_of
from crm.domain.blanking import FINAL, Marks
from crm.domain.language import gettext as _
from crm.domain.language import ngettext, plurals
from crm.domain.manner import numeral
from crm.domain.principal import Principal
from crm.domain.spans import count
from crm.errors import Forbidden
from crm.storage.blocks import blocks
from crm.storage.database import take_turns
from crm.storage.mentions import PUT_AWAY, put_away_mails, take_out
from crm.storage.recount import participants
from crm.storage.tables import (
    MATTERS,
    ask,
    contact,
    favour,
    idempotency_key,
    import_batch,
    import_trace,
    import_upload,
    interaction,
    interaction_contact,
    left_behind,
    mail_reply,
    merge,
    open_meeting,
    open_meeting_contact,
    outbox,
    plan,
    promise,
    removed_matter,
    response,
    signal,
    source_record,
    suggestion,
)

_COUNTED = {
    ask.name: plurals("ask", "asks"),
    promise.name: plurals("promise", "promises"),
    signal.name: plurals("signal", "signals"),
    favour.name: plurals("favour", "favours"),
}
"""What hangs on people, by table, as it is counted."""
_GOES_BESIDE = {
    suggestion.name: plurals("{n} suggestion.", "{n} suggestions."),
    outbox.name: plurals(
        "The words of {n} mail to your team that may name them: a weekly mail or a digest.",
        "The words of {n} mails to your team that may name them: weekly mails and digests.",
    ),
    mail_reply.name: plurals("{n} answer to the weekly mail.", "{n} answers to the weekly mail."),
    merge.name: plurals(
        "{n} merge, which can then no longer be undone.", "{n} merges, which can then no longer be undone."
    ),
    import_upload.name: plurals(
        "{n} file waiting in an import’s preview, as it may name them: choose it again.",
        "{n} files waiting in an import’s preview, as they may name them: choose them again.",
    ),
    idempotency_key.name: plurals(
        "{n} answer kept for a program, as it may be about them.",
        "{n} answers kept for programs, as they may be about them.",
    ),
}
"""What else goes, by table, a sentence each."""

_SAYS_NOTHING: dict[str, Any] = {
    "text": "",
    "state": "dropped",
    **dict.fromkeys(("why", "contact_id", "channel", "interaction_id")),
}
"""An answer to the mail that was about somebody erased."""
_ANY_DAY = date(1900, 1, 1)
"""Before everything that is known here."""
_WRITTEN_LATER = timedelta(days=2)
"""Longer after its time than any mail is written, in whatever zone."""


@dataclass(frozen=True)
class Goes:
    """What erasing somebody takes: interactions with nobody else, those that others keep, and the rest by table."""

    name: str
    alone: int
    shared: int
    rows: Counter[str]

    @property
    def sentences(self) -> list[str]:
        """What goes, a sentence each."""
        rows = self.rows
        found = [_("The record itself: name, addresses, numbers, tags, dates and notes.")]
        if self.alone:
            found.append(
                ngettext(
                    "{n} interaction with nobody else, notes included.",
                    "{n} interactions with nobody else, notes included.",
                    self.alone,
                ).format(n=numeral(self.alone))
            )
        if self.shared:
            found.append(
                ngettext(
                    "{n} interaction shared with others stays with them, without this name.",
                    "{n} interactions shared with others stay with them, without this name.",
                    self.shared,
                ).format(n=numeral(self.shared))
            )
        matters = [count(rows[table], *nouns) for table, nouns in _COUNTED.items() if rows[table]]
        if matters:
            found.append(_("What was recorded about them: {matters}.").format(matters=", ".join(matters)))
        return found + self._beside

    @property
    def _beside(self) -> list[str]:
        """What goes of plans, mails, files, answers and merges."""
        found = ((self.rows[table], sentences) for table, sentences in _GOES_BESIDE.items())
        return [ngettext(*sentences, many).format(n=numeral(many)) for many, sentences in found if many]


def may_erase(principal: Principal, owner_id: int | None) -> bool:
    """An admin, or whoever looks after the person."""
    if principal.may_administer:
        return True
    return principal.may_edit and principal.user_id is not None and principal.user_id == owner_id


def _require_eraser(connection: Connection, principal: Principal, contact_id: int) -> Person:
    """This person; refuses everybody but an admin and whoever looks after them."""
    require_editor(principal)
    found = person(connection, principal, contact_id)
    if not may_erase(principal, found.owner_id):
        raise Forbidden(
            _("Only an admin, or whoever looks after this person, can erase them. Ask an admin on your team.")
        )
    return found


def what_goes(connection: Connection, principal: Principal, contact_id: int) -> Goes:
    """What ``erase`` would take; refuses the same people."""
    one = _require_eraser(connection, principal, contact_id)
    before = once_called(connection, principal, contact_id)
    alone, shared = log_of(connection, principal, contact_id)
    about = {one: _about(one, principal, contact_id) for one in (*MATTERS, suggestion, response)}
    counted = about | _of_whomever(principal) | {outbox: _may_name(connection, principal, contact_id)}
    rows = {
        table.name: connection.execute(select(func.count()).select_from(table).where(which)).scalar_one()
        for table, which in counted.items()
    }
    told = marks_of(connection, principal, one, before)
    rows[mail_reply.name] = len(replies_of(connection, principal, before.ids, alone, told))
    rows[merge.name] = len(before.merges)
    return Goes(one.name, len(alone), len(shared), +Counter(rows))


def erase(connection: Connection, principal: Principal, contact_id: int, at: datetime) -> Counter[str]:
    """Erase one person for good, in the caller's transaction; clean the file after it (``crm.storage.wiping``).

    Returns how many rows that are not about them were changed, by table. Refuses (Forbidden) everybody but an admin and
    whoever looks after them.
    """
    take_turns(connection, f"erasing in {principal.workspace_id}")
    require_people(connection, principal, [contact_id])
    one = _require_eraser(connection, principal, contact_id)
    before = once_called(connection, principal, contact_id)
    told = marks_of(connection, principal, one, before)
    beside = marks_beside(connection, principal, one, before)
    alone, shared = log_of(connection, principal, contact_id)
    may_name = _may_name(connection, principal, contact_id)
    _empty_replies(connection, principal, replies_of(connection, principal, before.ids, alone, told))
    _sources(connection, principal, contact_id, before.ids, alone)
    _merges(connection, principal, before.merges)
    _meetings(connection, principal, contact_id, beside)
    _part(connection, principal, contact_id, alone)
    others = participants(connection, principal.workspace_id, shared)
    _blank_shared(connection, principal, shared, beside, at)
    connection.execute(delete(contact).where(_row(contact, principal, [contact_id])))
    refresh_metrics(connection, principal, sorted(others), at)
    reports = take_out_of_reports(connection, principal, told, names_of(one, before))
    changed = take_out(connection, principal.workspace_id, told)
    _put_away(connection, principal, may_name)
    return changed + Counter({import_batch.name: reports})


def _of_whomever(principal: Principal) -> dict[Table, ColumnElement[bool]]:
    """Files of any sort, and answers to programs, go whoever they are about: nobody can tell of all of them."""
    files, answers = import_upload.c, idempotency_key.c
    holds_words = answers.status.is_distinct_from(PUT_AWAY[idempotency_key]["status"])
    return {
        import_upload: files.workspace_id == principal.workspace_id,
        idempotency_key: and_(answers.workspace_id == principal.workspace_id, holds_words),
    }


def _put_away(connection: Connection, principal: Principal, may_name: ColumnElement[bool]) -> None:
    """What everybody works on all the time goes last of all: looking through all texts before it may take a minute."""
    which = _of_whomever(principal)
    put_away_mails(connection, may_name)
    connection.execute(import_upload.delete().where(which[import_upload]))
    answers = idempotency_key.update().where(which[idempotency_key])
    connection.execute(answers.values(**PUT_AWAY[idempotency_key]))


def _about(table: Table, principal: Principal, contact_id: int) -> ColumnElement[bool]:
    return and_(table.c.workspace_id == principal.workspace_id, table.c.contact_id == contact_id)


def _row(table: Table, principal: Principal, ids: Iterable[int]) -> ColumnElement[bool]:
    return and_(table.c.workspace_id == principal.workspace_id, table.c.id.in_(list(ids)))


def _part(connection: Connection, principal: Principal, contact_id: int, alone: Sequence[int]) -> None:
    """The log with them alone goes, whatever others keep leads there no more; they leave what is shared."""
    for block in blocks(alone):
        for table in (ask, promise, signal, favour, response):
            hung = (
                table.c.workspace_id == principal.workspace_id,
                table.c.interaction_id.in_(block),
                table.c.contact_id != contact_id,
            )
            connection.execute(table.update().where(*hung).values(interaction_id=None))
    connection.execute(interaction_contact.delete().where(_about(interaction_contact, principal, contact_id)))
    for block in blocks(alone):
        connection.execute(interaction.delete().where(_row(interaction, principal, block)))
    _forget_left_behind(connection, principal, contact_id)


def _forget_left_behind(connection: Connection, principal: Principal, contact_id: int) -> None:
    """That they were new with a shared interaction, and what such wrote down about them."""
    table = left_behind.c
    new = table.record == contact.name, table.row_id == contact_id
    connection.execute(left_behind.delete().where(table.workspace_id == principal.workspace_id, *new))
    for one in MATTERS:
        theirs = select(one.c.id).where(_about(one, principal, contact_id))
        connection.execute(
            left_behind.delete().where(
                table.workspace_id == principal.workspace_id,
                table.record == one.name,
                table.row_id.in_(theirs),
            )
        )
    removed = select(removed_matter.c.id).where(_about(removed_matter, principal, contact_id))
    connection.execute(
        left_behind.delete().where(
            table.workspace_id == principal.workspace_id, table.removed_id.in_(removed)
        )
    )


def _blank_shared(
    connection: Connection, principal: Principal, shared: Sequence[int], beside: Marks, at: datetime
) -> None:
    """In what they took part, and what imports and answers to the mail say of it, a first name alone tells of them as
    well."""
    table = interaction.c
    for block in blocks(shared):
        _blank_beside(connection, principal, block, beside)
        rows = connection.execute(
            select(table.id, table.summary, table.note).where(_row(interaction, principal, block))
        ).all()
        for row in rows:
            said = {"summary": beside.blank(row.summary), "note": beside.blank(row.note)}
            if said != {"summary": row.summary, "note": row.note}:
                values = {**said, "version": table.version + 1, "changed_at": at}
                connection.execute(
                    interaction.update().where(_row(interaction, principal, [row.id])).values(**values)
                )


def _blank_beside(connection: Connection, principal: Principal, shared: list[int], beside: Marks) -> None:
    _blank_sources(connection, principal, shared, beside)
    traces, replies = import_trace.c, mail_reply.c
    own = (traces.workspace_id == principal.workspace_id, traces.record == "interaction")
    kept = select(import_trace).where(*own, traces.row_id.in_(shared), traces.before.is_not(None))
    for row in connection.execute(kept).all():
        before = dict(row.before or {})
        said = {name: beside.blank(before.get(name)) for name in ("summary", "note") if name in before}
        this = (*own, traces.batch_id == row.batch_id, traces.row_id == row.row_id)
        connection.execute(import_trace.update().where(*this).values(before={**before, **said}))
    mine = replies.workspace_id == principal.workspace_id
    for row in connection.execute(
        select(replies.id, replies.text).where(mine, replies.interaction_id.in_(shared))
    ).all():
        this_one = mail_reply.update().where(mine, replies.id == row.id)
        connection.execute(this_one.values(text=beside.blank(row.text)))


def _blank_sources(connection: Connection, principal: Principal, shared: list[int], beside: Marks) -> None:
    """What a source said of it: a calendar or a mailbox that is read again still names them, so its words are final."""
    table = source_record.c
    own = (table.workspace_id == principal.workspace_id, table.record == "interaction")
    kept = select(table.source_key, table.content_hash).where(*own, table.row_id.in_(shared))
    for row in connection.execute(kept).all():
        this = (*own, table.source_key == row.source_key)
        values = {"content_hash": _final(row.content_hash, beside)}
        connection.execute(source_record.update().where(*this).values(**values))


def _final(content: str, beside: Marks) -> str:
    try:
        said = json.loads(content or "{}")
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return str(beside.blank(content))
    words = {name: beside.blank(said.get(name)) for name in ("summary", "note")}
    return json.dumps({**said, **words, FINAL: True}, ensure_ascii=False, separators=(",", ":"))


def _may_name(connection: Connection, principal: Principal, contact_id: int) -> ColumnElement[bool]:
    """Mails whose words may name them: those of the weeks in which they were suggested, weekly ones since anything was first
    promised them, and every digest, which keeps no record of whom it lists. Asked before what tells of it goes."""
    mail, weeks = outbox.c, defaultdict[int, set[str]](set)
    same = and_(plan.c.workspace_id == suggestion.c.workspace_id, plan.c.id == suggestion.c.plan_id)
    suggested = select(suggestion.c.user_id, plan.c.week).select_from(suggestion.join(plan, same))
    for row in connection.execute(suggested.where(_about(suggestion, principal, contact_id))):
        weeks[row.user_id].add(row.week)
    weekly = [and_(mail.user_id == user_id, mail.week.in_(named)) for user_id, named in weeks.items()]
    since = _promised_since(connection, principal, contact_id)
    if since is not None:
        weekly.append(mail.due_at >= since)
    told = or_(and_(mail.purpose == WEEKLY_MAIL, or_(false(), *weekly)), mail.purpose == TEAM_DIGEST)
    return and_(mail.workspace_id == principal.workspace_id, mail.html.is_not(None), told)


def _promised_since(connection: Connection, principal: Principal, contact_id: int) -> datetime | None:
    """When the first mail may have been due that reminds of a promise to them; None where nothing was promised.

    Until when, nobody can tell: that a promise is kept is often written down later than it was.
    """
    here = select(promise.c.made_on).where(_about(promise, principal, contact_id), promise.c.by == "us")
    days = list(connection.execute(here).scalars())
    mine = (_about(removed_matter, principal, contact_id), removed_matter.c.record == promise.name)
    gone = connection.execute(select(removed_matter.c.content).where(*mine)).scalars()
    of_us = [said for said in gone if said.get("by") != "them"]
    days += [date.fromisoformat(said.get("made_on", _ANY_DAY.isoformat())) for said in of_us]
    if not days:
        return None
    return datetime.combine(max(_ANY_DAY, min(days)), time(), UTC) - _WRITTEN_LATER


def _empty_replies(connection: Connection, principal: Principal, ids: Iterable[int]) -> None:
    """The row stays, lest the same answer is taken again."""
    for block in blocks(sorted(ids)):
        these = _row(mail_reply, principal, block)
        connection.execute(mail_reply.update().where(these).values(**_SAYS_NOTHING))


def _sources(
    connection: Connection,
    principal: Principal,
    contact_id: int,
    people: Sequence[int],
    alone: Sequence[int],
) -> None:
    """What files know them by, and what imports changed of them; ``people`` are the records that became them."""
    for record, ids in records_of(connection, principal, contact_id, people, alone):
        for block in blocks(ids):
            for table in (source_record, import_trace):
                own = (table.c.workspace_id == principal.workspace_id, table.c.record == record)
                connection.execute(table.delete().where(*own, table.c.row_id.in_(block)))


def _merges(connection: Connection, principal: Principal, ids: Sequence[int]) -> None:
    """Records that became theirs, and what those were before."""
    if ids:
        connection.execute(merge.delete().where(_row(merge, principal, ids)))


def _meetings(connection: Connection, principal: Principal, contact_id: int, beside: Marks) -> None:
    """Meetings of a calendar: with nobody else they go, of those with others the title stays without them."""
    other = open_meeting_contact.alias()
    theirs = select(open_meeting_contact.c.meeting_id).where(
        _about(open_meeting_contact, principal, contact_id)
    )
    with_others = select(other.c.meeting_id).where(
        other.c.workspace_id == principal.workspace_id, other.c.contact_id != contact_id
    )
    alone = and_(open_meeting.c.id.in_(theirs), open_meeting.c.id.not_in(with_others))
    connection.execute(
        open_meeting.delete().where(open_meeting.c.workspace_id == principal.workspace_id, alone)
    )
    shared = and_(open_meeting.c.workspace_id == principal.workspace_id, open_meeting.c.id.in_(theirs))
    for row in connection.execute(select(open_meeting.c.id, open_meeting.c.summary).where(shared)).all():
        values = {"summary": beside.blank(row.summary)}
        connection.execute(
            open_meeting.update().where(_row(open_meeting, principal, [row.id])).values(**values)
        )
