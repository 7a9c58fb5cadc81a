"""Everything derived follows when what it is derived from changes: marks of a channel, the zone, targets.

Counts are written again from the log in the transaction of the change, then every contact's metrics.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Connection, Integer, Select, Table, cast, func, select, type_coerce

from crm.domain.channels import DIRECTIONS, Channel, is_broadcast, is_contact, most_at_once, tally
from crm.domain.zone_moves import Standing, Upshot, upshot
from crm.storage.blocks import blocks
from crm.storage.frame import Scope, only
from crm.storage.presence import is_present
from crm.storage.stored_metrics import refresh, refresh_stale
from crm.storage.tables import channel, contact, contact_metrics, interaction, interaction_contact
from crm.storage.types import DAY_MICROS, EPOCH_ORDINAL, from_micros, to_micros


def standings(
    connection: Connection, workspace_id: int, contact_ids: Sequence[int] | None = None
) -> dict[int, Standing]:
    """How every contact, or each of those, that is kept in touch with stands; refresh stale rows first."""
    table = contact_metrics.c
    same = (contact.c.workspace_id == table.workspace_id) & (contact.c.id == table.contact_id)
    rows = connection.execute(
        select(table.contact_id, table.zone, table.score)
        .join(contact, same)
        .where(table.workspace_id == workspace_id, is_present(), *only(table.contact_id, contact_ids))
    )
    return {row.contact_id: Standing(row.zone, row.score) for row in rows}


def refresh_everyone(connection: Connection, scope: Scope) -> None:
    """Work out the metrics of every contact of the workspace as of ``scope.at``."""
    everyone = select(contact.c.id).where(contact.c.workspace_id == scope.workspace_id)
    refresh(connection, scope, list(connection.execute(everyone).scalars()))


def recompute(connection: Connection, before: Scope, change: Callable[[], Scope]) -> Upshot:
    """Make a change and work everybody out anew; returns what it did to people.

    ``before`` is the scope as it was, so that only this change counts; ``change`` returns the scope as it is then.
    """
    refresh_stale(connection, before)
    stood = standings(connection, before.workspace_id)
    refresh_everyone(connection, change())
    return upshot(stood, standings(connection, before.workspace_id))


def recount_channel(connection: Connection, workspace_id: int, before: Channel, way: Channel) -> None:
    """Write again what every interaction by this channel counts as, after its marks changed.

    Heads are counted only where the limit of a broadcast changed, for whoever was erased is missing among them.
    """
    took_part = interaction_contact.c
    mine = (took_part.workspace_id == workspace_id, took_part.channel == way.key)
    for direction in DIRECTIONS:
        counted = tally(way, direction)
        connection.execute(
            interaction_contact.update()
            .where(*mine, took_part.direction == direction)
            .values(reach=counted.reach, flow=counted.flow)
        )
    if most_at_once(before) != most_at_once(way):
        _recount_broadcasts(connection, workspace_id, way)
    counting = select(interaction.c.id).where(
        interaction.c.workspace_id == workspace_id,
        interaction.c.channel == way.key,
        interaction.c.outcome == "reached",
        ~interaction.c.broadcast,
        interaction.c.deleted_at.is_(None),
    )
    connection.execute(
        interaction_contact.update().where(*mine).values(counts=took_part.interaction_id.in_(counting))
    )


def _recount_broadcasts(connection: Connection, workspace_id: int, way: Channel) -> None:
    mine = (interaction.c.workspace_id == workspace_id, interaction.c.channel == way.key)
    most = most_at_once(way)
    if most is None:
        connection.execute(interaction.update().where(*mine).values(broadcast=False))
        return
    crowds = (
        select(interaction_contact.c.interaction_id)
        .where(
            interaction_contact.c.workspace_id == workspace_id,
            interaction_contact.c.channel == way.key,
        )
        .group_by(interaction_contact.c.interaction_id)
        .having(func.count() > most)
    )
    connection.execute(interaction.update().where(*mine).values(broadcast=interaction.c.id.in_(crowds)))


def recount_days(connection: Connection, workspace_id: int, zone: ZoneInfo) -> None:
    """Write again the calendar day of every interaction, after the workspace moved to another time zone."""
    for table in (interaction, interaction_contact):
        first, last = connection.execute(
            select(func.min(table.c.occurred_at), func.max(table.c.occurred_at)).where(
                table.c.workspace_id == workspace_id
            )
        ).one()
        if first is not None:
            for start, end, offset in offsets(zone, first, last):
                _redate(connection, table, workspace_id, start, end, offset)


def _redate(
    connection: Connection, table: Table, workspace_id: int, start: datetime, end: datetime, offset: timedelta
) -> None:
    at = type_coerce(table.c.occurred_at, BigInteger)
    shift = EPOCH_ORDINAL * DAY_MICROS + offset // timedelta(microseconds=1)
    day = cast((at + shift) // DAY_MICROS, Integer)
    connection.execute(
        table.update()
        .where(
            table.c.workspace_id == workspace_id,
            at >= to_micros(start),
            at <= to_micros(end),
            type_coerce(table.c.day, Integer) != day,
        )
        .values({"day": type_coerce(day, table.c.day.type)})
    )


def offsets(
    zone: ZoneInfo, first: datetime, last: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The stretches between two instants in which the zone's offset from UTC stays the same: from, to (both inside), offset."""
    start = at = to_micros(first)
    end = to_micros(last)
    while at < end:
        ahead = min(at + DAY_MICROS // 2, end)
        if _offset(zone, ahead) == _offset(zone, start):
            at = ahead
            continue
        low, high = at, ahead
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(zone, middle) == _offset(zone, start) else (low, middle)
        yield from_micros(start), from_micros(low), _offset(zone, start)
        start = at = high
    yield from_micros(start), from_micros(end), _offset(zone, start)


def _offset(zone: ZoneInfo, micros: int) -> timedelta:
    found = from_micros(micros).astimezone(UTC).astimezone(zone).utcoffset()
    assert found is not None
    return found


def recount_interactions(
    connection: Connection, workspace_id: int, interaction_ids: list[int], joined: int
) -> set[int]:
    """Write again whether these are broadcasts and count, after that many people joined each (below 0: left it);
    returns who takes part.

    A broadcast stays one unless they cross the limit, for whoever was erased is missing among the heads.
    """
    for block in blocks(interaction_ids):
        _recount(connection, workspace_id, block, joined)
    return participants(connection, workspace_id, interaction_ids)


def _recount(connection: Connection, workspace_id: int, interaction_ids: list[int], joined: int) -> None:
    are_broadcast: dict[bool, list[int]] = {True: [], False: []}
    count: dict[bool, list[int]] = {True: [], False: []}
    for row in connection.execute(_with_heads(workspace_id, interaction_ids)):
        way = Channel(*row[5:])
        was, crowd = is_broadcast(way, row.heads - joined), is_broadcast(way, row.heads)
        broadcast = row.broadcast if was == crowd else crowd
        if broadcast != row.broadcast:
            are_broadcast[broadcast].append(row.id)
        count[is_contact(row.outcome, deleted=row.deleted_at is not None, broadcast=broadcast)].append(row.id)
    took_part = interaction_contact.c
    for value in (True, False):
        these = (interaction.c.workspace_id == workspace_id, interaction.c.id.in_(are_broadcast[value]))
        connection.execute(interaction.update().where(*these).values(broadcast=value))
        theirs = (took_part.workspace_id == workspace_id, took_part.interaction_id.in_(count[value]))
        connection.execute(
            interaction_contact.update().where(*theirs, took_part.counts != value).values(counts=value)
        )


def _with_heads(workspace_id: int, interaction_ids: list[int]) -> Select[Any]:
    """These interactions, each with how many take part and with its channel."""
    log, way, took_part = interaction.c, channel.c, interaction_contact.c
    heads = (
        select(func.count())
        .where(took_part.workspace_id == log.workspace_id, took_part.interaction_id == log.id)
        .scalar_subquery()
        .label("heads")
    )
    marks = (way[name] for name in ("key", "label", "digital", "live", "in_person", "by_hand"))
    return (
        select(log.id, log.outcome, log.deleted_at, log.broadcast, heads, *marks)
        .join_from(interaction, channel, (way.workspace_id == log.workspace_id) & (way.key == log.channel))
        .where(log.workspace_id == workspace_id, log.id.in_(interaction_ids))
    )


def participants(connection: Connection, workspace_id: int, interaction_ids: Sequence[int]) -> set[int]:
    """Who takes part in any of these interactions."""
    took_part = interaction_contact.c
    found = set[int]()
    for block in blocks(interaction_ids):
        mine = (took_part.workspace_id == workspace_id, took_part.interaction_id.in_(block))
        found.update(connection.execute(select(took_part.contact_id).where(*mine)).scalars())
    return found
