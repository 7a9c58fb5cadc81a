"""An answer to the weekly mail becomes what its writer would have logged; what it leaves open waits for them.

Its writer must be the user whose mail it was, by address and by the signed id that only their mail carries.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from crm.accounts.queries import command_line, own_words, principal_of
from crm.domain.heard import DATE_KINDS
from crm.domain.lengths import LINE_LIMIT
from crm.domain.mail_reply import LINK, Listed, Meant, Part, meant, parts, written
from crm.domain.manner import written_for
from crm.domain.principal import Principal
from crm.domain.quick_line import QuickLine, read_line
from crm.domain.rules import CHANNELS_OF_ACTS, direction_of
from crm.domain.told import written_out
from crm.domain.weeks import IsoWeek, local_instant, noon_of
from crm.errors import NotFound, Refusal
from crm.interactions.actions import Entry, answer_suggestion, log_interaction
from crm.interactions.heard import keep_heard
from crm.interactions.queries import channels, namesakes
from crm.interactions.quickline import understood
from crm.nudges import links
from crm.nudges.due import PURPOSE
from crm.nudges.reply_ids import Nudge
from crm.planning.queries import plan_of
from crm.storage.database import new_id
from crm.storage.insertion import insert_unless_there
from crm.storage.tables import mail_reply, outbox
from crm.storage.text import fold


@dataclass(frozen=True)
class Reply:
    """An answer as it came: ``text`` of its body, ``sender`` its address, ``key`` what makes it itself."""

    nudge: Nudge
    key: str
    sender: str
    written_at: datetime
    text: str


def writer_of(connection: Connection, reply: Reply) -> Principal | None:
    """The user whose mail was answered, if it is they who wrote and they still have a plan."""
    try:
        team = command_line(connection, reply.nudge.workspace_id)
        principal = principal_of(connection, team, reply.nudge.user_id)
    except (NotFound, LookupError):
        return None
    words = own_words(connection, principal)[reply.nudge.user_id]
    known = {word.strip().casefold() for word in words if "@" in word}
    return principal if reply.sender.casefold() in known and principal.may_edit else None


def take(connection: Connection, key: bytes, reply: Reply, at: datetime) -> int:
    """Log what the reply says for certain, and keep the rest for its writer; how many things it said. Once only."""
    principal = writer_of(connection, reply)
    if principal is None:
        return 0
    found = parts(written(reply.text))
    listed = listed_in(connection, key, principal, reply.nudge.week)
    for number, part in enumerate(found):
        row = {
            "workspace_id": principal.workspace_id,
            "id": new_id(connection),
            "user_id": principal.user_id,
            "week": reply.nudge.week,
            "message_key": reply.key,
            "part": number,
            "written_at": min(reply.written_at, at),
            "text": part.text,
            "state": "waiting",
            "why": "who",
            "changed_at": at,
        }
        if not insert_unless_there(connection, mail_reply, row, ["workspace_id", "message_key", "part"]):
            return 0
        _settle(connection, principal, row, part, listed, at)
    return len(found)


def _settle(
    connection: Connection,
    principal: Principal,
    row: dict[str, Any],
    part: Part,
    listed: Sequence[Listed | None],
    at: datetime,
) -> None:
    today = principal.own_day(row["written_at"])
    said = said_in(connection, principal, part, {one.contact_id for one in listed if one}, today)
    told = meant(part, said, listed, today)
    if told.why is None and _is_done(connection, principal, row["week"], told, at):
        told = replace(told, why="done")
    values: dict[str, Any] = {"why": told.why, "channel": said.channel or _channel_of(told)}
    values["contact_id"] = told.contact_ids[0] if told.contact_ids else None
    if told.why is None:
        try:
            logged = log(connection, principal, said, told, row["written_at"], at)
            values |= {"state": "logged", "interaction_id": logged}
        except Refusal:  # before anything was written: a channel or a person that is gone by now
            values["why"] = "how"
    change(connection, principal, row["id"], at, **values)


def said_in(
    connection: Connection, principal: Principal, part: Part, in_mail: Collection[int], today: date
) -> QuickLine:
    """The part as the quick line reads it; a name that several people have is that of whoever is in the mail."""
    with written_for(principal.manner):
        said = understood(connection, principal, part.line, today)
        if said.unclear:
            people = [one for one in namesakes(connection, principal, part.line) if one.id in in_mail]
            again = read_line(part.line, channels(connection, principal), people, today, fold)
            said = again if again.people and not again.unclear else said
    return said


def _channel_of(told: Meant) -> str | None:
    return CHANNELS_OF_ACTS[told.suggestions[0].act] if told.suggestions else None


def _is_done(connection: Connection, principal: Principal, week: str, told: Meant, at: datetime) -> bool:
    """Whether what it is about was logged before, by an answer or by hand: then it may be the same once more."""
    plan = plan_of(connection, principal, IsoWeek.parse(week), at)
    ids = {one.suggestion_id for one in told.suggestions}
    return plan is not None and any(one.id in ids and one.acted_on for one in plan.suggestions)


def _entry(principal: Principal, said: QuickLine, told: Meant, wrote: datetime, at: datetime) -> Entry:
    """What is logged: at the moment of the mail, unless it says another day or time."""
    way = told.channel or _channel_of(told) or ""
    direction = said.direction if said.direction != "mutual" else direction_of(way)
    text = said.remark
    return Entry(
        _moment(principal, said, wrote, at),
        way,
        told.contact_ids,
        direction,
        said.outcome,
        summary=text[:LINE_LIMIT] or None,
        note=text if len(text) > LINE_LIMIT else None,
    )


def _moment(principal: Principal, said: QuickLine, wrote: datetime, at: datetime) -> datetime:
    """When it happened, in UTC: a day alone is its noon in the team's zone. Never later than the mail, or on a day after
    it, than now."""
    day, written_on = said.day or principal.own_day(wrote), principal.own_day(wrote)
    if said.at is not None:
        return min(local_instant(day, said.at, principal.user_zone), at if day > written_on else wrote)
    if day == written_on:
        return wrote.astimezone(UTC)
    return noon_of(day, principal.zone, at)


def log(
    connection: Connection, principal: Principal, said: QuickLine, told: Meant, wrote: datetime, at: datetime
) -> int:
    """Log it as the form does, with what was heard and the suggestions it did; returns the interaction."""
    said = _with_days(said)
    entry = _entry(principal, said, told, wrote, at)
    interaction_id = log_interaction(connection, principal, entry, at)
    day = min(principal.team_day(at), principal.team_day(entry.occurred_at))
    keep_heard(connection, principal, entry.contact_ids[0], interaction_id, said.heard, day, at)
    if entry.outcome == "reached":
        for one in told.suggestions:
            answer_suggestion(connection, principal, one.suggestion_id, interaction_id, at, via="mail")
    return interaction_id


def _with_days(said: QuickLine) -> QuickLine:
    """The same, but a birthday or another date of which no day is said stays among the words: it is no date to keep."""
    dayless = [one for one in said.heard if one.sort in DATE_KINDS and one.due is None]
    heard = tuple(one for one in said.heard if one not in dayless)
    return replace(said, remark=" ".join(filter(None, (said.remark, *written_out(dayless)))), heard=heard)


def listed_in(connection: Connection, key: bytes, principal: Principal, week: str) -> list[Listed | None]:
    """The suggestions in the order in which that week's mail shows them, told by its own links; None where one is no more,
    lest those after it move up."""
    mail = connection.execute(
        select(outbox.c.text, outbox.c.sent_at, outbox.c.due_at).where(
            outbox.c.workspace_id == principal.workspace_id,
            outbox.c.user_id == principal.user_id,
            outbox.c.purpose == PURPOSE,
            outbox.c.week == week,
        )
    ).one_or_none()
    ids = [] if mail is None else list(dict.fromkeys(_linked(key, mail)))
    plan = plan_of(connection, principal, IsoWeek.parse(week), mail.due_at) if mail else None
    by_id = {one.id: one for one in plan.suggestions} if plan else {}
    return [Listed(one, by_id[one].contact.id, by_id[one].act) if one in by_id else None for one in ids]


def _linked(key: bytes, mail: Any) -> list[int]:
    found = []
    sent_at = mail.sent_at or mail.due_at
    for token in LINK.findall(mail.text or ""):
        try:
            link = links.read(key, token, sent_at - timedelta(days=1))
        except Refusal:
            continue
        if link.verb == "done":
            found.append(link.suggestion_id)
    return found


def change(connection: Connection, principal: Principal, reply_id: int, at: datetime, **values: Any) -> None:
    """Keep what became of one part of the user's own replies."""
    connection.execute(
        mail_reply.update()
        .where(
            mail_reply.c.workspace_id == principal.workspace_id,
            mail_reply.c.id == reply_id,
            mail_reply.c.user_id == principal.user_id,
        )
        .values(**values, changed_at=at)
    )
