"""Conditions on the rows of who took part in what: which of them count, and what a touch was."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    literal_column,
    select,
)

from crm.domain import channels as packed
from crm.storage.tables import contact, interaction, interaction_contact, interaction_user


def counted(
    workspace_id: int | ColumnElement[int],
    contact_ids: Sequence[int] | BindParameter[Any],
    at: datetime | ColumnElement[Any],
    log: Any,
) -> list[ColumnElement[bool]]:
    """What counts with these contacts by ``at``; ``log`` are the columns of the table or of an alias."""
    return [
        log.workspace_id == workspace_id,
        log.contact_id.in_(contact_ids),
        log.counts,
        log.occurred_at <= at,
    ]


def newest(
    connection: Connection,
    workspace_id: int,
    contact_ids: Sequence[int],
    at: datetime,
    which: Callable[[Any], ColumnElement[bool]],
) -> Sequence[Row[Any]]:
    """The newest row of each contact that counts and is one of ``which``; of several at one instant the last is it.

    Looked for from the end of each one's log, so that it does not grow with what lies before.
    """
    values = {"whose": workspace_id, "ids": list(contact_ids), "until": at}
    return connection.execute(_newest(which), values).all()


@lru_cache(maxsize=16)
def _newest(which: Callable[[Any], ColumnElement[bool]]) -> Select[Any]:
    """Built once for each sort of touch, since building it costs more than running it."""
    log, earlier = interaction_contact.c, interaction_contact.alias().c
    workspace_id = bindparam("whose", type_=BigInteger())
    ids: BindParameter[Any] = bindparam("ids", expanding=True)
    until = bindparam("until", type_=log.occurred_at.type)
    moment = (
        select(earlier.occurred_at)
        .where(earlier.workspace_id == workspace_id, earlier.contact_id == contact.c.id, earlier.counts)
        .where(earlier.occurred_at <= until, which(earlier))
        .order_by(earlier.occurred_at.desc())
        .limit(1)
        .correlate(contact)
        .scalar_subquery()
    )
    return (
        select(log.contact_id, log.channel, log.day)
        .select_from(contact)
        .join(
            interaction_contact,
            (log.workspace_id == workspace_id)
            & (log.contact_id == contact.c.id)
            & (log.occurred_at == moment),
        )
        .where(contact.c.workspace_id == workspace_id, contact.c.id.in_(ids), log.counts, which(log))
        .order_by(log.contact_id, log.interaction_id)
    )


def with_user(
    asked: Select[Any], of: tuple[int, int | None], since: datetime, until: datetime
) -> Select[Any]:
    """``asked`` of ``interaction_contact``, where that user (workspace and id) took part, from one moment to another.

    Found by the moment: it does not grow with what lies before, whoever logged it.
    """
    log, took_part = interaction_contact.c, interaction_user.c
    here = and_(log.workspace_id == interaction.c.workspace_id, log.interaction_id == interaction.c.id)
    theirs = and_(
        took_part.workspace_id == interaction.c.workspace_id,
        took_part.interaction_id == interaction.c.id,
        took_part.user_id == of[1],
    )
    return (
        asked.select_from(interaction)
        .join(interaction_user, theirs)
        .join(interaction_contact, here)
        .where(interaction.c.workspace_id == of[0], interaction.c.occurred_at.between(since, until))
    )


def is_personal(log: Any) -> ColumnElement[bool]:
    """Not through a screen."""
    return has(log.reach, packed.PERSONAL)


def is_in_person(log: Any) -> ColumnElement[bool]:
    """Face to face."""
    return has(log.reach, packed.IN_PERSON)


def is_live(log: Any) -> ColumnElement[bool]:
    """Both at the same moment."""
    return has(log.flow, packed.LIVE)


def has(packed_column: ColumnElement[int], place: int) -> ColumnElement[bool]:
    """Whether a packed column (``reach``, ``flow``) has the mark of that place."""
    found: ColumnElement[bool] = packed_column.op("&")(literal_column(str(packed.MASK * place))) != 0
    return found
