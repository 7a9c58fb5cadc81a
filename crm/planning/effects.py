"""Is it working? Key people reached in person over time, what became of suggestions, and what came after."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, func, select

from crm.accounts.schedules import WEEKLY_MAIL
from crm.domain.fates import (
    ActCount,
    Aftermath,
    Became,
    Fate,
    Happened,
    Touch,
    aftermath,
    by_act,
    by_day,
    told_of,
)
from crm.domain.principal import Principal
from crm.domain.rules import ACTS, CHANNELS_OF_ACTS
from crm.domain.weeks import IsoWeek
from crm.health.shares import Share, personal_shares
from crm.planning.contacted import Reached, reached_since, was_contacted
from crm.planning.states import answers_to, held_at
from crm.storage.participation import is_personal
from crm.storage.tables import (
    ask,
    interaction,
    interaction_contact,
    outbox,
    response,
    signal,
    suggestion,
    user,
)

WEEKS = (13, 26, 52)
"""How far back one may look."""


@dataclass(frozen=True)
class Effects:
    """What is known of ``weeks`` weeks.

    ``shares`` are the ends of their Sundays and today; ``since`` is the day of the first mail if it lies among them.
    ``planned`` counts the weeks that are over and had suggestions, ``planners`` the users who had them.
    """

    shares: tuple[Share, ...]
    since: date | None
    acts: tuple[ActCount, ...]
    days: tuple[int, ...]
    after: Aftermath
    planned: int
    planners: int


def effects(
    connection: Connection, principal: Principal, at: datetime, weeks: int, user_id: int | None = None
) -> Effects:
    """The past weeks of one user, or of everybody: whose contacts, whose plans. Counts only, so that plans stay private."""
    today = principal.team_day(at)
    days = _days(today, weeks)
    shares = personal_shares(connection, principal, days, at, user_id)
    planners = _planners(connection, principal, days[0], user_id)
    theirs = [fates_of(connection, by, days[0], at) for by in planners]
    fates = [one for some in theirs for one in some]
    return Effects(
        shares=tuple(shares),
        since=_first_mail(connection, principal, days, user_id),
        acts=by_act(fates, ACTS),
        days=by_day(fates),
        after=aftermath(fates, _happened(connection, principal, fates, at), today),
        planned=len({one.monday for one in fates}),
        planners=sum(map(bool, theirs)),
    )


def _days(today: date, weeks: int) -> list[date]:
    """The Sundays of so many past weeks, and today."""
    monday = IsoWeek.of(today).monday
    return [monday - timedelta(days=1, weeks=back) for back in range(weeks - 1, -1, -1)] + [today]


def _planners(
    connection: Connection, principal: Principal, since: date, user_id: int | None
) -> list[Principal]:
    """Who had suggestions in that time, also those who have left the team."""
    rows = connection.execute(
        select(user.c.id, user.c.role, user.c.time_zone)
        .where(user.c.workspace_id == principal.workspace_id)
        .where(user.c.id == user_id if user_id is not None else user.c.id.is_not(None))
        .where(
            select(suggestion.c.id)
            .where(suggestion.c.workspace_id == user.c.workspace_id, suggestion.c.user_id == user.c.id)
            .where(suggestion.c.monday > since)
            .exists()
        )
        .order_by(user.c.id)
    )
    own = principal.workspace_id
    return [Principal(own, row.id, row.role, principal.zone, ZoneInfo(row.time_zone)) for row in rows]


def fates_of(connection: Connection, by: Principal, since: date, at: datetime) -> list[Fate]:
    """What became of one user's suggestions of the weeks that began after ``since`` and are over.

    One that contact before its plan had made needless, as was written down late, is neither acted on nor ignored.
    """
    this_week = IsoWeek.of(by.own_day(at)).monday
    rows = connection.execute(
        select(suggestion)
        .where(suggestion.c.workspace_id == by.workspace_id, suggestion.c.user_id == by.user_id)
        .where(suggestion.c.monday > since, suggestion.c.monday < this_week, suggestion.c.made_at <= at)
        .order_by(suggestion.c.id)
    ).all()
    answers = answers_to(connection, by, [row.id for row in rows], at)
    first = _acts_before_swaps(connection, by, [row.id for row in rows], at)
    reached = reached_since(connection, by, rows, at)
    fates = (
        _fate(row, first.get(row.id, row.act), answers.get(row.id), reached.get(row.contact_id, []), by)
        for row in rows
    )
    return [one for one in fates if one is not None]


def _fate(
    row: Row[Any], act: str, answer: Row[Any] | None, reached: Sequence[Reached], by: Principal
) -> Fate | None:
    touch = _touch(row, answer, reached, by)
    if answer is None and touch is not None and touch.was_told_late(row.made_at, by.zone):
        return None
    if answer is not None and answer.verb == "done":
        channel = touch.channel if touch else CHANNELS_OF_ACTS.get(answer.to_act)
        when = touch.occurred_at if touch else answer.made_at
    elif answer is None and touch is not None:
        channel, when = touch.channel, touch.occurred_at
    else:
        return Fate(row.contact_id, act, "untouched" if answer is None else "declined", row.monday)
    became: Became = "done" if channel == CHANNELS_OF_ACTS[act] else "otherwise"
    return Fate(row.contact_id, act, became, row.monday, when, by.own_day(when), by.team_day(when))


def _touch(
    row: Row[Any], answer: Row[Any] | None, reached: Sequence[Reached], by: Principal
) -> Reached | None:
    """The interaction that settled a suggestion: the one its *done* logged, else what made it needless."""
    if answer is None:
        return was_contacted(row, reached, by)
    return next((one for one in reached if one.interaction_id == answer.interaction_id), None)


def _acts_before_swaps(
    connection: Connection, by: Principal, suggestion_ids: Sequence[int], at: datetime
) -> dict[int, str]:
    """What was suggested first, where it was swapped."""
    rows = connection.execute(
        select(response.c.suggestion_id, response.c.from_act)
        .where(response.c.workspace_id == by.workspace_id, response.c.suggestion_id.in_(suggestion_ids))
        .where(response.c.verb == "swap", held_at(at))
        .order_by(response.c.made_at.desc(), response.c.id.desc())
    )
    return {row.suggestion_id: row.from_act for row in rows}


def _first_mail(
    connection: Connection, principal: Principal, days: Sequence[date], user_id: int | None
) -> date | None:
    """The day of the first weekly mail, if that lies within these days."""
    sent = select(func.min(outbox.c.sent_at)).where(
        outbox.c.workspace_id == principal.workspace_id,
        outbox.c.purpose == WEEKLY_MAIL,
        outbox.c.state == "sent",
    )
    if user_id is not None:
        sent = sent.where(outbox.c.user_id == user_id)
    moment = connection.execute(sent).scalar_one()
    day = moment and principal.team_day(moment)
    return day if day and days[0] <= day <= days[-1] else None


def _happened(
    connection: Connection, principal: Principal, fates: Iterable[Fate], at: datetime
) -> dict[int, list[Happened]]:
    """What happened with the contacts that were reached, from the first of those days on."""
    acted = [(one.contact_id, one.logged_on) for one in fates if one.logged_on is not None]
    if not acted:
        return {}
    ids, first = {whose for whose, _ in acted}, min(day for _, day in acted)
    own, today = principal.workspace_id, principal.team_day(at)
    closed = select(ask.c.contact_id, ask.c.closed_on).where(
        ask.c.workspace_id == own, ask.c.contact_id.in_(ids), ask.c.closed_on.between(first, today)
    )
    heard = select(signal.c.contact_id, signal.c.heard_on, signal.c.type).where(
        signal.c.workspace_id == own, signal.c.contact_id.in_(ids), signal.c.heard_on.between(first, today)
    )
    found: dict[int, list[Happened]] = defaultdict(list)
    for contact_id, touches in _touches(connection, own, ids, first, at).items():
        found[contact_id] = told_of(touches)
    for contact_id, day in connection.execute(closed):
        found[contact_id].append(Happened(day, ask=True))
    for contact_id, day, sort in connection.execute(heard):
        found[contact_id].append(Happened(day, heard=sort))
    return found


def _touches(
    connection: Connection, workspace_id: int, contact_ids: Collection[int], first: date, at: datetime
) -> dict[int, list[Touch]]:
    """The log of these contacts from that day on, with what our side tried or sent to many."""
    log = interaction_contact.c
    same = (interaction.c.workspace_id == log.workspace_id) & (interaction.c.id == log.interaction_id)
    is_ours = log.direction != "inbound"
    rows = connection.execute(
        select(log.contact_id, log.occurred_at, log.day, log.counts)
        .add_columns(is_ours.label("ours"), is_personal(log).label("personal"))
        .select_from(interaction_contact.join(interaction, same))
        .where(log.workspace_id == workspace_id, log.contact_id.in_(contact_ids))
        .where(
            log.day >= first, log.occurred_at <= at, interaction.c.deleted_at.is_(None), log.counts | is_ours
        )
        .order_by(log.contact_id, log.occurred_at, log.interaction_id)
    )
    found: dict[int, list[Touch]] = defaultdict(list)
    for row in rows:
        counts, personal = bool(row.counts), bool(row.personal)
        found[row.contact_id].append(Touch(row.occurred_at, row.day, bool(row.ours), counts, personal))
    return found
