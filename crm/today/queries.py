"""What stands beside the week: promises, things to say, dates ahead, and how last week went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, func, or_, select

from crm.domain.budgets import GROUPS
from crm.domain.flag_facts import CHANNEL_NOUNS
from crm.domain.language import N_, plurals
from crm.domain.language import gettext as _
from crm.domain.places.whereabouts import whereabouts
from crm.domain.post import last_post
from crm.domain.principal import Principal
from crm.domain.sentences import back_in_touch_sentence
from crm.domain.spans import capital, count, day_phrase, short_day, span
from crm.domain.vocabulary import word
from crm.domain.weeks import IsoWeek
from crm.domain.yearly import next_return
from crm.interactions.queries import zones
from crm.planning.arranged import next_arranged
from crm.planning.queries import PlanView, outcome, people
from crm.planning.talking import tidy
from crm.storage.open_matters import in_order, is_open
from crm.storage.presence import is_kept_by, is_present
from crm.storage.statements import built_once
from crm.storage.tables import ask, contact, contact_date, contact_metrics, interaction_contact, promise
from crm.storage.text import fold

LISTED = 5
DATES_AHEAD_DAYS = 30

_ABOUT_SILENCE = frozenset(
    {"screen_only", "never_met", "gone_digital", "in_person_overdue", "gone_quiet", "no_record", "renewal"}
)
"""Rules after which being in touch is news."""


@dataclass(frozen=True)
class Owed:
    """A promise of ours that is open: the words, whom they were given to, and how it stands."""

    id: int
    contact_id: int
    name: str
    text: str
    state: str
    late: bool


@dataclass(frozen=True)
class ToSay:
    """Something to say in person, and the next chance for it (empty if there is none)."""

    id: int
    contact_id: int
    name: str
    text: str
    chance: str


@dataclass(frozen=True)
class Ahead:
    """A date that comes up: what it is, and when, with the last day for the post."""

    contact_id: int
    name: str
    title: str
    words: str


@dataclass(frozen=True)
class Aside:
    """The right column of the home page."""

    owed: tuple[Owed, ...]
    to_say: tuple[ToSay, ...]
    ahead: tuple[Ahead, ...]
    last_week: str | None

    @property
    def is_open(self) -> bool:
        """Whether anything waits there."""
        return bool(self.owed or self.to_say or self.ahead)


def aside(
    connection: Connection, principal: Principal, plan: PlanView | None, country: str | None, at: datetime
) -> Aside:
    """What the user promised, wants to say, and should not miss; of the people the user keeps in touch with.

    ``country`` is the user's own, which the post leaves from.
    """
    today = principal.team_day(at)
    week = plan.week if plan else IsoWeek.of(principal.own_day(at))
    return Aside(
        _owed(connection, principal, today),
        _to_say(connection, principal, plan, today, at),
        _ahead(connection, principal, country, today),
        _last_week(connection, principal, week, at),
    )


def _of_mine(table: Any, whose: Any, user_id: Any, *more: ColumnElement[Any]) -> Select[Any]:
    """Rows about contacts whom the user owns, or which the user wrote down."""
    mine = contact.c.owner_id == user_id
    if "author_id" in table.c:
        mine = or_(mine, table.c.author_id == user_id)
    same = and_(contact.c.workspace_id == table.c.workspace_id, contact.c.id == table.c.contact_id)
    return (
        select(table, contact.c.name, *more)
        .join(contact, same)
        .where(
            table.c.workspace_id == whose,
            is_present(),
            mine,
        )
    )


@built_once
def _open(whose: Any, user_id: Any, today: Any, *, table: Table) -> Select[Any]:
    """What is open with those of the user's, the first of it."""
    of_ours = (table.c.by == "us",) if "by" in table.c else ()
    found = _of_mine(table, whose, user_id).where(*of_ours, is_open(table, today))
    return found.order_by(*in_order(table)).limit(LISTED)


def _owed(connection: Connection, principal: Principal, today: date) -> tuple[Owed, ...]:
    own = (principal.workspace_id, principal.user_id)
    rows = connection.execute(*_open(*own, today.toordinal(), table=promise))
    return tuple(_promise(row, today) for row in rows)


def _promise(row: Row[Any], today: date) -> Owed:
    late = row.due is not None and row.due < today
    if late:
        state = _("{time} late, promised {day}").format(
            time=capital(span((today - row.due).days, words=True)), day=short_day(row.made_on, today)
        )
    elif row.due == today:
        state = _("Due today")
    elif row.due:
        state = _("Due {day}").format(day=day_phrase(row.due, today))
    else:
        state = _("Promised {day}").format(day=short_day(row.made_on, today))
    return Owed(row.id, row.contact_id, row.name, tidy(row.text), state, late)


def _to_say(
    connection: Connection, principal: Principal, plan: PlanView | None, today: date, at: datetime
) -> tuple[ToSay, ...]:
    own = (principal.workspace_id, principal.user_id)
    rows = connection.execute(*_open(*own, today.toordinal(), table=ask)).all()
    chances = _arranged(connection, principal, [row.contact_id for row in rows], today, at)
    for one in plan.open if plan else ():
        if GROUPS[one.act] != "by_hand" and one.slot.day:
            chances.setdefault(one.contact.id, f"{word(one.act)} {day_phrase(one.slot.day, today)}")
    return tuple(
        ToSay(row.id, row.contact_id, row.name, tidy(row.text), _chance(row, chances, today)) for row in rows
    )


def _chance(row: Row[Any], chances: dict[int, str], today: date) -> str:
    if row.contact_id in chances:
        return _("Next chance: {when}").format(when=chances[row.contact_id])
    return _("Due {day}").format(day=day_phrase(row.due, today)) if row.due else ""


def _arranged(
    connection: Connection, principal: Principal, ids: Sequence[int], today: date, at: datetime
) -> dict[int, str]:
    """The next live interaction logged ahead with each: "visit Thu 3 Dec"."""
    found = {}
    for contact_id, one in next_arranged(connection, principal, ids, at).items():
        day = day_phrase(principal.own_day(one.occurred_at), today)
        what = {"phone": "call", "video": N_("video call")}.get(one.channel, one.channel)
        found[contact_id] = f"{word(what)} {day}"
    return found


def _ahead(
    connection: Connection, principal: Principal, country: str | None, today: date
) -> tuple[Ahead, ...]:
    last = today + timedelta(days=DATES_AHEAD_DAYS)
    months = sorted({today.month, last.month, (today + timedelta(days=15)).month})
    own = (principal.workspace_id, principal.user_id)
    coming = []
    for row in connection.execute(*_dates_in(*own, months, today)):
        day = next_return(row.month, row.day, row.on_day, row.yearly, today)
        if day is not None and day <= last:
            coming.append((day, row.name, row.id, row))
    coming.sort(key=lambda one: one[:3])
    return tuple(_coming(row, day, today, country) for day, _, _, row in coming[:LISTED])


@built_once
def _dates_in(whose: Any, user_id: Any, months: Any, today: Any) -> Select[Any]:
    dates, place = contact_date.c, (contact.c.city, contact.c.country, contact.c.time_zone)
    return _of_mine(contact_date, whose, user_id, *place).where(
        contact.c.tier != "none",
        dates.month.in_(months),
        or_(dates.yearly, dates.on_day >= today),
    )


def _coming(row: Row[Any], day: date, today: date, country: str | None) -> Ahead:
    title = _date_title(row)
    said = {0: _("Today"), 1: _("Tomorrow, {day}").format(day=day_phrase(day, today))}.get(
        (day - today).days, day_phrase(day, today)
    )
    if row.kind == "renewal":
        return Ahead(row.contact_id, row.name, title, f"{said}.")
    latest = last_post(day, country, whereabouts(row.city, row.country, row.time_zone).country)
    if latest < today:
        return Ahead(
            row.contact_id,
            row.name,
            title,
            _("{said}. A card had to leave by {day}, so ring.").format(
                said=said, day=short_day(latest, today)
            ),
        )
    by = _("Post today.") if latest == today else _("Post by {day}.").format(day=day_phrase(latest, today))
    return Ahead(row.contact_id, row.name, title, f"{said}. {by}")


def _date_title(row: Row[Any]) -> str:
    """ "Aiko Tanabe’s birthday", or the date's own label, with the name unless the label has it."""
    label = tidy(row.label or "")
    if label:
        named = any(part in fold(label) for part in fold(row.name).split())
        return label if named else f"{row.name}: {label}"
    if row.kind == "other":
        return _("{name}: a date to remember").format(name=row.name)
    return _("{name}’s {kind}").format(name=row.name, kind=word(row.kind))


def _last_week(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> str | None:
    """ "4 of 5 done. Graham Pike and Sofia Marchetti are back in touch." """
    found = outcome(connection, principal, week.previous(), at)
    if found is None:
        return None
    ids = [contact_id for contact_id, rules in found.reached if _ABOUT_SILENCE & set(rules)]
    zone_of = zones(connection, principal, ids)
    back = [one for one in ids if zone_of.get(one) == "in_touch"]
    names = [person.name for _, person in sorted(people(connection, principal, back).items())]
    said = _("{n} of {total} done.").format(n=len(found.reached), total=found.total)
    return f"{said} {back_in_touch_sentence(names)}" if names else said


# The first run


@dataclass(frozen=True)
class Known:
    """Somebody to mark: what the log holds of the past year, and the tier so far."""

    id: int
    name: str
    detail: str
    counts: str
    tier: str
    is_nobodys: bool


def people_to_mark(connection: Connection, principal: Principal, limit: int) -> tuple[Known, ...]:
    """Whom the user could look after (their own people and those of nobody), most contact first."""
    metrics = contact_metrics.c
    total = func.coalesce(metrics.total_365, 0)
    rows = connection.execute(
        select(contact.c.id, contact.c.tier, contact.c.owner_id)
        .outerjoin(
            contact_metrics,
            and_(metrics.workspace_id == contact.c.workspace_id, metrics.contact_id == contact.c.id),
        )
        .where(*_mine_or_nobodys(principal))
        .order_by((contact.c.tier == "none").desc(), total.desc(), contact.c.folded_name, contact.c.id)
        .limit(limit)
    ).all()
    ids = [row.id for row in rows]
    shown = people(connection, principal, ids)
    counts = _counts(connection, principal, ids)
    return tuple(
        Known(
            row.id,
            shown[row.id].name,
            shown[row.id].organisation or shown[row.id].email or "",
            counts.get(row.id, _("No contact on record yet")),
            row.tier,
            row.owner_id is None,
        )
        for row in rows
    )


def number_to_mark(connection: Connection, principal: Principal) -> tuple[int, int]:
    """How many people there are to mark, and how many of them are marked."""
    marked = func.count().filter(is_kept_by(principal.user_id))
    row = connection.execute(
        select(func.count().label("all"), marked.label("marked")).where(*_mine_or_nobodys(principal))
    ).one()
    return row.all, row.marked


class Standing(NamedTuple):
    """The tier somebody has so far, and whether nobody looks after them."""

    tier: str
    is_nobodys: bool


def standing_of(
    connection: Connection, principal: Principal, contact_ids: Sequence[int]
) -> dict[int, Standing]:
    """How those of these people stand whom the user could look after."""
    mine = (*_mine_or_nobodys(principal), contact.c.id.in_(contact_ids))
    rows = connection.execute(select(contact.c.id, contact.c.tier, contact.c.owner_id).where(*mine))
    return {row.id: Standing(row.tier, row.owner_id is None) for row in rows}


def _mine_or_nobodys(principal: Principal) -> list[ColumnElement[bool]]:
    return [
        contact.c.workspace_id == principal.workspace_id,
        is_present(),
        or_(contact.c.owner_id == principal.user_id, contact.c.owner_id.is_(None)),
    ]


OTHER_CONTACTS = plurals("other contact", "other contacts")


def _counts(connection: Connection, principal: Principal, ids: Sequence[int]) -> dict[int, str]:
    """ "61 emails, 1 visit": the three most frequent channels of all time."""
    log = interaction_contact.c
    number = func.count().label("number")
    rows = connection.execute(
        select(log.contact_id, log.channel, number)
        .where(log.workspace_id == principal.workspace_id, log.contact_id.in_(ids), log.counts)
        .group_by(log.contact_id, log.channel)
        .order_by(log.contact_id, number.desc(), log.channel)
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row.contact_id, []).append(
            count(row.number, *CHANNEL_NOUNS.get(row.channel, OTHER_CONTACTS))
        )
    return {contact_id: ", ".join(parts[:3]) for contact_id, parts in found.items()}


def has_anybody(connection: Connection, principal: Principal) -> bool:
    """Whether the workspace has any contact at all."""
    return connection.execute(*_anybody(principal.workspace_id)).first() is not None


@built_once
def _anybody(whose: Any) -> Select[Any]:
    return select(contact.c.id).where(contact.c.workspace_id == whose).limit(1)


def number_kept(connection: Connection, principal: Principal, most: int) -> int:
    """How many people the user has marked, counted up to ``most``."""
    return len(connection.execute(*_kept(principal.workspace_id, principal.user_id, most=most)).all())


@built_once
def _kept(whose: Any, user_id: Any, *, most: int) -> Select[Any]:
    return select(contact.c.id).where(contact.c.workspace_id == whose, is_kept_by(user_id)).limit(most)
