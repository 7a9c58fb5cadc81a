"""A hand-over while somebody is off: a colleague's plan takes in their people in weeks that hold nothing for them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, and_, func, select

from crm.domain.language import N_, ngettext, plurals
from crm.domain.language import gettext as _
from crm.domain.principal import EDITORS, Principal
from crm.domain.spans import join
from crm.domain.weeks import IsoWeek
from crm.errors import Invalid
from crm.planning.home import home_in
from crm.storage.statements import built_once
from crm.storage.tables import cover, time_off, user

NOBODY = N_("Choose a colleague who has a plan of their own.")


@dataclass(frozen=True)
class Away:
    """A colleague who is off in a week, and whose people the user looks after meanwhile."""

    user_id: int
    name: str


def colleagues(connection: Connection, principal: Principal) -> list[tuple[int, str]]:
    """(id, name) of those who could look after the user's people: active members and admins, by name."""
    rows = connection.execute(
        select(user.c.id, user.c.name)
        .where(
            user.c.workspace_id == principal.workspace_id,
            user.c.active,
            user.c.role.in_(EDITORS),
            user.c.id != principal.user_id,
        )
        .order_by(func.lower(user.c.name), user.c.id)
    )
    return [(row.id, row.name) for row in rows]


def hand_over(connection: Connection, principal: Principal, off_id: int, colleague_id: int) -> None:
    """These days off of the user's own are covered by that colleague; Invalid says who cannot."""
    if colleague_id not in dict(colleagues(connection, principal)):
        raise Invalid(_(NOBODY), fields={"cover_id": _(NOBODY)})
    row = {"workspace_id": principal.workspace_id, "time_off_id": off_id, "user_id": colleague_id}
    connection.execute(cover.insert(), row)


def away(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> list[Away]:
    """Whose people the user looks after in that week: they are off, and too little of it is left to plan for them."""
    own = (principal.workspace_id, principal.user_id)
    found = []
    for row in connection.execute(*_off_meanwhile(*own, week.monday, week.sunday)).all():
        who = Principal(principal.workspace_id, row.id, row.role, principal.zone, ZoneInfo(row.time_zone))
        if not home_in(connection, who, week, at).is_worked(week):
            found.append(Away(row.id, row.name))
    return found


@built_once
def _off_meanwhile(whose: Any, user_id: Any, first: Any, last: Any) -> Select[Any]:
    """Whose days off between two days are covered by the user."""
    return (
        select(user.c.id, user.c.name, user.c.role, user.c.time_zone)
        .distinct()
        .select_from(time_off)
        .join(
            cover,
            and_(cover.c.workspace_id == time_off.c.workspace_id, cover.c.time_off_id == time_off.c.id),
        )
        .join(user, and_(user.c.workspace_id == time_off.c.workspace_id, user.c.id == time_off.c.user_id))
        .where(time_off.c.workspace_id == whose, cover.c.user_id == user_id)
        .where(time_off.c.removed_at.is_(None), time_off.c.first_day <= last, time_off.c.last_day >= first)
        .order_by(user.c.id)
    )


_TAKEN_OVER = plurals(
    "{names} is away this week, so their people are in your plan.",
    "{names} are away this week, so their people are in your plan.",
)
_TAKEN_OVER_AHEAD = plurals(
    "{names} is away in the coming week, so their people are in your plan.",
    "{names} are away in the coming week, so their people are in your plan.",
)
_NOT_TAKEN = plurals(
    "{names} is away this week. None of their people are in this plan.",
    "{names} are away this week. None of their people are in this plan.",
)
_NOT_TAKEN_AHEAD = plurals(
    "{names} is away in the coming week. None of their people are in this plan.",
    "{names} are away in the coming week. None of their people are in this plan.",
)


def covering_sentences(found: Sequence[Away], owners: Collection[int | None], *, is_ahead: bool) -> list[str]:
    """For the page of the week: who is away, and whether their people are in the plan; ``owners`` are those of its people.

    A plan stays as it was made, so it holds nobody's people who wrote down their days off later.
    """
    taken_over = [one.name for one in found if one.user_id in owners]
    others = [one.name for one in found if one.user_id not in owners]
    words = (
        (taken_over, _TAKEN_OVER_AHEAD if is_ahead else _TAKEN_OVER),
        (others, _NOT_TAKEN_AHEAD if is_ahead else _NOT_TAKEN),
    )
    return [ngettext(*said, len(names)).format(names=join(names)) for names, said in words if names]


def covers(connection: Connection, principal: Principal) -> dict[int, str]:
    """Time off of the user's own → who looks after their people then."""
    rows = connection.execute(
        select(cover.c.time_off_id, user.c.name)
        .join(user, and_(user.c.workspace_id == cover.c.workspace_id, user.c.id == cover.c.user_id))
        .join(
            time_off,
            and_(time_off.c.workspace_id == cover.c.workspace_id, time_off.c.id == cover.c.time_off_id),
        )
        .where(cover.c.workspace_id == principal.workspace_id, time_off.c.user_id == principal.user_id)
    )
    return {row.time_off_id: row.name for row in rows}
