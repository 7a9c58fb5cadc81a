"""Reading the log."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, case, func, or_, select

from crm.domain import calling
from crm.domain.channels import Channel, by_key
from crm.domain.expressions import Facts
from crm.domain.heard import Heard
from crm.domain.principal import Principal
from crm.domain.quick_line import Somebody, name_words
from crm.errors import NotFound
from crm.interactions.private_notes import is_authors, may_read_note, notes_to_read
from crm.storage.open_matters import in_order, is_open
from crm.storage.participation import counted
from crm.storage.statements import built_once
from crm.storage.stored_metrics import current, is_listed
from crm.storage.tables import (
    ask,
    channel,
    contact,
    contact_metrics,
    favour,
    interaction,
    interaction_contact,
    interaction_user,
    promise,
    signal,
)
from crm.storage.text import begins, end_of, escape_like, fold

NAME_WORDS = 24
"""Words of a line that are looked up as names."""
NAMESAKES = 200
LATELY = 500
"""How many of the workspace's newest entries are looked through for one's own."""
TOGETHER = 200


@dataclass(frozen=True)
class Person:
    """A contact as the log names it; ``given`` is what to call them in a sentence."""

    id: int
    name: str
    given: str


@dataclass(frozen=True)
class Logged:
    """One interaction with who took part. ``note`` is missing where it is private to somebody else."""

    id: int
    version: int
    occurred_at: datetime
    day: date
    channel: str
    direction: str
    outcome: str
    broadcast: bool
    summary: str | None
    note: str | None
    note_private: bool
    is_mine: bool
    people: tuple[Person, ...]
    user_ids: tuple[int, ...]
    source_id: str | None

    @property
    def note_hidden(self) -> bool:
        """A private note of somebody else: not shown, and not changed by others."""
        return self.note_private and not self.is_mine


@dataclass(frozen=True)
class LastTime:
    """What was written down the last time somebody was met, rung or written to by hand."""

    words: str
    channel: str
    day: date


@dataclass(frozen=True)
class OpenAsk:
    """Something to bring up with somebody."""

    id: int
    contact_id: int
    text: str
    due: date | None


def channels(connection: Connection, principal: Principal) -> list[Channel]:
    """The workspace's channels in the order it shows them."""
    return [Channel(*row) for row in connection.execute(*_channels(principal.workspace_id))]


@built_once
def _channels(whose: Any) -> Select[Any]:
    """The columns of ``Channel`` in its order."""
    columns = channel.c
    return (
        select(columns.key, columns.label, columns.digital, columns.live, columns.in_person, columns.by_hand)
        .where(columns.workspace_id == whose)
        .order_by(columns.position)
    )


# Who


def named(connection: Connection, principal: Principal, contact_ids: Sequence[int]) -> list[Person]:
    """These people in the order asked for; ids that are nobody's here are left out."""
    wanted = list(dict.fromkeys(contact_ids))
    if not wanted:
        return []
    rows = connection.execute(*_named(principal.workspace_id, wanted))
    found = {row.id: person_of(row) for row in rows}
    return [found[one] for one in wanted if one in found]


@built_once
def _named(whose: Any, ids: Any) -> Select[Any]:
    return _people(whose).where(contact.c.id.in_(ids))


def called(connection: Connection, principal: Principal, name: str, limit: int = 12) -> list[Person]:
    """Everybody whose name is this, or holds all of its words as beginnings; whole names first."""
    folded = fold(name)
    words = folded.split()
    if not words:
        return []
    exact = _people(principal.workspace_id).where(
        contact.c.folded_name == folded[:200], contact.c.archived_at.is_(None)
    )
    same = [person_of(row) for row in connection.execute(exact.order_by(contact.c.id).limit(limit))]
    if same:
        return same
    alike = _people(principal.workspace_id).where(
        contact.c.archived_at.is_(None), *(_has_word(word) for word in words[:8])
    )
    rows = connection.execute(alike.order_by(contact.c.folded_name, contact.c.id).limit(limit))
    return [person_of(row) for row in rows]


def unmistakable(connection: Connection, principal: Principal, people: Sequence[Person]) -> list[str]:
    """What to call these people where others may have the same given name: then the whole name."""
    return [one.name if _is_shared(connection, principal, one) else one.given for one in people]


def _is_shared(connection: Connection, principal: Principal, one: Person) -> bool:
    given = fold(one.given)
    if one.given == one.name or not given:
        return False
    first = f"{given} "
    asked = (principal.workspace_id, given, first, end_of(first), one.id)
    return connection.execute(*_begun_like(*asked, dialect=connection.dialect.name)).first() is not None


@built_once
def _begun_like(whose: Any, given: Any, first: Any, end: Any, but: Any, *, dialect: str) -> Select[Any]:
    name = contact.c.folded_name
    return (
        select(contact.c.id)
        .where(
            contact.c.workspace_id == whose,
            or_(name == given, begins(name, first, end, dialect)),
            contact.c.id != but,
            contact.c.archived_at.is_(None),
        )
        .limit(1)
    )


def namesakes(connection: Connection, principal: Principal, line: str) -> list[Somebody]:
    """Whom the words of a line may name: everybody with one of them in their name, whole, as the line is read.

    Where they are too many, those come first whose names hold the most of its words, and then its first ones: a name
    stands before the remark.
    """
    words = list(dict.fromkeys(filter(None, (fold(word) for word in name_words(line)[:NAME_WORDS]))))
    if not words:
        return []
    held = [_has_whole_word(word) for word in words]
    number = sum((case((one, 1), else_=0) for one in held[1:]), case((held[0], 1), else_=0))
    first = case(*((one, place) for place, one in enumerate(held)))
    rows = connection.execute(
        select(contact.c.id, contact.c.folded_name)
        .where(contact.c.workspace_id == principal.workspace_id, contact.c.archived_at.is_(None), or_(*held))
        .order_by(number.desc(), first, contact.c.id)
        .limit(NAMESAKES)
    )
    return [Somebody(row.id, row.folded_name) for row in rows]


def _has_whole_word(word: str) -> Any:
    """A word of the name is this one; most names are ruled out by the first, quick look."""
    name, sought = contact.c.folded_name, escape_like(word)
    return name.like(f"%{sought}%", escape="\\") & (" " + name + " ").like(f"% {sought} %", escape="\\")


def _has_word(word: str) -> Any:
    """A word of the name begins so."""
    start = escape_like(word)
    return or_(
        contact.c.folded_name.like(f"{start}%", escape="\\"),
        contact.c.folded_name.like(f"% {start}%", escape="\\"),
    )


def _people(workspace_id: Any) -> Select[Any]:
    return select(contact.c.id, contact.c.name, contact.c.given_name).where(
        contact.c.workspace_id == workspace_id
    )


def person_of(row: Row[Any]) -> Person:
    """The person of a row with id, name and given_name."""
    return Person(row.id, row.name, calling.called(row.name, row.given_name))


# Beside the form


def standing(connection: Connection, principal: Principal, contact_ids: Sequence[int]) -> dict[int, Facts]:
    """Today's stored metrics of these people, by contact id."""
    if not contact_ids:
        return {}
    rows = connection.execute(*_standing(list(contact_ids), workspace_id=principal.workspace_id))
    return {row["contact_id"]: dict(row) for row in rows.mappings()}


@built_once
def _standing(ids: Any, *, workspace_id: int) -> Select[Any]:
    stored = current(workspace_id)
    return select(stored).where(stored.c.contact_id.in_(ids))


def contact_days(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], at: datetime
) -> dict[int, set[int]]:
    """On which days these people were in touch by ``at``, each counted in days ago, by contact id."""
    today = principal.team_day(at)
    found: dict[int, set[int]] = defaultdict(set)
    for row in connection.execute(*_contact_days(principal.workspace_id, list(contact_ids), at)):
        found[row.contact_id].add((today - row.day).days)
    return found


@built_once
def _contact_days(whose: Any, ids: Any, at: Any) -> Select[Any]:
    log = interaction_contact.c
    return select(log.contact_id, log.day).where(*counted(whose, ids, at, log)).distinct()


def zones(connection: Connection, principal: Principal, contact_ids: Sequence[int]) -> dict[int, str | None]:
    """Today's zone of these people, by contact id."""
    if not contact_ids:
        return {}
    rows = connection.execute(*_zones(principal.workspace_id, list(contact_ids)))
    return {row.contact_id: row.zone for row in rows}


@built_once
def _zones(whose: Any, ids: Any) -> Select[Any]:
    stored = contact_metrics.c
    return select(stored.contact_id, stored.zone).where(
        stored.workspace_id == whose, stored.contact_id.in_(ids), is_listed()
    )


def last_together(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], at: datetime
) -> LastTime | None:
    """The newest words written down about a personal interaction with any of these people by ``at``."""
    personal = [way.key for way in channels(connection, principal) if way.personal]
    newest = max(
        filter(None, (_last_words(connection, principal, one, personal, at) for one in contact_ids)),
        key=lambda row: row.occurred_at,
        default=None,
    )
    if newest is None:
        return None
    words = newest.note if newest.note and may_read_note(principal, newest) else newest.summary
    return LastTime(words, newest.channel, newest.day)


def _last_words(
    connection: Connection, principal: Principal, contact_id: int, personal: list[str], at: datetime
) -> Row[Any] | None:
    """Looks through a bounded number of their interactions, the newest first."""
    took_part = interaction_contact.c
    recent = (
        select(took_part.interaction_id)
        .where(*counted(principal.workspace_id, [contact_id], at, took_part), took_part.channel.in_(personal))
        .order_by(took_part.occurred_at.desc(), took_part.interaction_id.desc())
        .limit(TOGETHER)
        .subquery()
    )
    said = or_(
        interaction.c.summary.is_not(None),
        interaction.c.note.is_not(None) & notes_to_read(principal),
    )
    return connection.execute(
        select(interaction)
        .where(
            interaction.c.workspace_id == principal.workspace_id,
            interaction.c.id.in_(select(recent.c.interaction_id)),
            said,
        )
        .order_by(interaction.c.occurred_at.desc(), interaction.c.id.desc())
        .limit(1)
    ).one_or_none()


def open_asks(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], today: date
) -> list[OpenAsk]:
    """What to bring up with these people, the earliest due first. ``today``: the workspace's."""
    if not contact_ids:
        return []
    rows = connection.execute(
        select(ask)
        .where(
            ask.c.workspace_id == principal.workspace_id,
            ask.c.contact_id.in_(list(contact_ids)),
            is_open(ask, today),
        )
        .order_by(*in_order(ask))
        .limit(20)
    )
    return [OpenAsk(row.id, row.contact_id, row.text, row.due) for row in rows]


# One and the newest


def logged(connection: Connection, principal: Principal, interaction_id: int) -> Logged:
    """One interaction that is not deleted; NotFound where there is none of this workspace."""
    row = connection.execute(
        select(interaction).where(
            interaction.c.workspace_id == principal.workspace_id,
            interaction.c.id == interaction_id,
            interaction.c.deleted_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    return _logged(connection, principal, row)


def _logged(connection: Connection, principal: Principal, row: Row[Any]) -> Logged:
    people = named(connection, principal, contact_ids_of(connection, principal, row.id))
    return logged_as(principal, row, people, _users_of(connection, principal, row.id))


def logged_as(
    principal: Principal, row: Row[Any], people: Sequence[Person], user_ids: Sequence[int]
) -> Logged:
    """An interaction as this principal may see it."""
    return Logged(
        row.id,
        row.version,
        row.occurred_at,
        row.day,
        row.channel,
        row.direction,
        row.outcome,
        row.broadcast,
        row.summary,
        row.note if may_read_note(principal, row) else None,
        row.note_private,
        is_authors(principal, row),
        tuple(people),
        tuple(user_ids),
        row.source_id,
    )


def contact_ids_of(connection: Connection, principal: Principal, interaction_id: int) -> list[int]:
    """The ids of the contacts of an interaction."""
    took_part = interaction_contact.c
    found = connection.execute(
        select(took_part.contact_id)
        .where(took_part.workspace_id == principal.workspace_id, took_part.interaction_id == interaction_id)
        .order_by(took_part.contact_id)
    )
    return list(found.scalars())


def _users_of(connection: Connection, principal: Principal, interaction_id: int) -> tuple[int, ...]:
    found = connection.execute(
        select(interaction_user.c.user_id)
        .where(
            interaction_user.c.workspace_id == principal.workspace_id,
            interaction_user.c.interaction_id == interaction_id,
        )
        .order_by(interaction_user.c.user_id)
    )
    return tuple(found.scalars())


@dataclass(frozen=True)
class Recent:
    """One line of what a user logged lately."""

    id: int
    channel: Channel
    day: date
    names: tuple[str, ...]
    others: int
    summary: str | None
    attempted: bool


def recently_logged(connection: Connection, principal: Principal, limit: int = 5) -> list[Recent]:
    """What this user logged last, the newest first."""
    newest = (
        select(interaction)
        .where(interaction.c.workspace_id == principal.workspace_id)
        .order_by(interaction.c.id.desc())
        .limit(LATELY)
        .subquery()
    )
    mine = select(newest).where(newest.c.author_id == principal.user_id, newest.c.deleted_at.is_(None))
    rows = connection.execute(mine.order_by(newest.c.id.desc()).limit(limit)).all()
    people = _first_names(connection, principal, [row.id for row in rows])
    ways = by_key(channels(connection, principal))
    return [
        Recent(
            row.id,
            ways.get(row.channel) or Channel(row.channel, row.channel),
            row.day,
            *people.get(row.id, ((), 0)),
            row.summary,
            row.outcome == "attempted",
        )
        for row in rows
    ]


def _first_names(
    connection: Connection, principal: Principal, ids: Sequence[int]
) -> dict[int, tuple[tuple[str, ...], int]]:
    """The first two names of each interaction and how many more there are."""
    took_part = interaction_contact.c
    place = (
        func.row_number()
        .over(partition_by=took_part.interaction_id, order_by=took_part.contact_id)
        .label("place")
    )
    everyone = func.count().over(partition_by=took_part.interaction_id).label("everyone")
    those = (
        select(took_part.interaction_id, took_part.contact_id, place, everyone)
        .where(took_part.workspace_id == principal.workspace_id, took_part.interaction_id.in_(ids))
        .subquery()
    )
    rows = connection.execute(
        select(those.c.interaction_id, those.c.everyone, contact.c.name)
        .join(contact, contact.c.id == those.c.contact_id)
        .where(contact.c.workspace_id == principal.workspace_id, those.c.place <= 2)
        .order_by(those.c.interaction_id, those.c.place)
    )
    found: dict[int, tuple[tuple[str, ...], int]] = {}
    for row in rows:
        names = (*found.get(row.interaction_id, ((), 0))[0], row.name)
        found[row.interaction_id] = (names, row.everyone - len(names))
    return found


def heard_in(connection: Connection, principal: Principal, interaction_id: int) -> list[Heard]:
    """What was asked, promised, heard or received in an interaction."""
    found: list[Heard] = []
    for table in (ask, promise, signal, favour):
        rows = connection.execute(
            select(table)
            .where(table.c.workspace_id == principal.workspace_id, table.c.interaction_id == interaction_id)
            .order_by(table.c.id)
        ).mappings()
        found += [_heard(table.name, dict(row)) for row in rows]
    return found


def _heard(table: str, row: dict[str, Any]) -> Heard:
    if table == "signal":
        return Heard(row["type"], row["text"])
    if table == "promise":
        return Heard("promise" if row["by"] == "us" else "their promise", row["text"], row["due"])
    return Heard(table, row["text"], row.get("due"))
