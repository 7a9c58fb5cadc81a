"""What of the meetings in people's calendars they write down themselves."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    type_coerce,
)

from crm.domain.on_record import Recorded, why_asked
from crm.domain.principal import Principal
from crm.storage.participation import is_live
from crm.storage.statements import built_once
from crm.storage.tables import interaction, interaction_contact, interaction_user, source_record

CALENDAR = "ical:"
LOOKED_BACK_DAYS = 365
A_DAY = 25 * 3_600_000_000
"""What two moments of one day lie apart at the most, in microseconds: there a person's log is looked for by its index."""


def meetings_on_record(connection: Connection, principal: Principal, at: datetime) -> Mapping[int, Recorded]:
    """By user, the calendar meetings of the year before ``at``, and those of them that somebody logged by hand as well.

    A meeting that a calendar brought carries its key as ``source_id``; one that was here already, or came by a file of
    its own as well, does not. Whoever logs it after the calendar did has two records of that day.
    """
    since = at - timedelta(days=LOOKED_BACK_DAYS)
    rows = connection.execute(*_meetings(principal.workspace_id, since, at))
    return {row.user_id: Recorded(row.meetings, int(row.logged)) for row in rows}


@built_once
def _meetings(whose: Any, since: Any, until: Any) -> Select[Any]:
    keys, log, who = source_record.c, interaction.c, interaction_user.c
    by_hand = or_(log.source_id.is_(None), log.source_id != keys.source_key)
    return (
        select(
            who.user_id,
            func.count().label("meetings"),
            func.sum(case((or_(by_hand, _is_logged_as_well(whose)), 1), else_=0)).label("logged"),
        )
        .select_from(source_record)
        .join(interaction, (log.workspace_id == keys.workspace_id) & (log.id == keys.row_id))
        .join(interaction_user, (who.workspace_id == log.workspace_id) & (who.interaction_id == log.id))
        .where(
            *_of_calendars(source_record, whose),
            log.deleted_at.is_(None),
            log.occurred_at.between(since, until),
        )
        .group_by(who.user_id)
    )


def _of_calendars(keys: Any, whose: Any) -> tuple[ColumnElement[bool], ...]:
    in_range: ColumnElement[bool] = keys.c.source_key.between(CALENDAR, f"{CALENDAR}\U0010ffff")
    return keys.c.workspace_id == whose, keys.c.record == "interaction", in_range


def _is_logged_as_well(whose: Any) -> ColumnElement[bool]:
    """Whether the user wrote down another live contact, of no calendar, with somebody of the meeting on the same day."""
    there, theirs = interaction_contact.alias().c, interaction_contact.alias()
    again, who, own = interaction.alias(), interaction_user.alias(), source_record.alias()
    at = type_coerce(interaction.c.occurred_at, BigInteger)
    same = and_(again.c.workspace_id == theirs.c.workspace_id, again.c.id == theirs.c.interaction_id)
    by_them = and_(
        who.c.workspace_id == again.c.workspace_id,
        who.c.interaction_id == again.c.id,
        who.c.user_id == interaction_user.c.user_id,
    )
    people = select(there.contact_id).where(
        there.workspace_id == interaction.c.workspace_id, there.interaction_id == interaction.c.id
    )
    in_calendars = select(own.c.row_id).where(*_of_calendars(own, whose))
    return (
        select(literal(1))
        .select_from(theirs.join(again, same).join(who, by_them))
        .where(
            theirs.c.workspace_id == interaction.c.workspace_id,
            theirs.c.contact_id.in_(people.correlate(interaction)),
            theirs.c.day == interaction.c.day,
            type_coerce(theirs.c.occurred_at, BigInteger).between(at - A_DAY, at + A_DAY),
            theirs.c.interaction_id != interaction.c.id,
            is_live(theirs.c),
        )
        .where(again.c.source_id.is_(None), again.c.deleted_at.is_(None), again.c.id.not_in(in_calendars))
        .correlate(interaction, interaction_user)
        .exists()
    )


def why_you_are_asked(connection: Connection, principal: Principal, at: datetime) -> str:
    """Why flags about the user's people ask whether they have met; empty where they do not."""
    found = meetings_on_record(connection, principal, at).get(principal.user_id or -1)
    return why_asked(found) if found else ""


def forgetful_users(connection: Connection, principal: Principal, at: datetime) -> frozenset[int]:
    """Whoever logs fewer than half of their meetings: what is not on record may well have happened."""
    found = meetings_on_record(connection, principal, at)
    return frozenset(user for user, recorded in found.items() if recorded.is_doubtful)
