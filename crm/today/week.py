"""The home page: this week's plan, with what stands beside it; and the plans of other weeks."""

from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection
from starlette.responses import Response

from crm.accounts.schedules import coming, gets_mail
from crm.contacts.history import last_personal, ribbons
from crm.domain.budgets import GROUPS
from crm.domain.channels import SHIPPED, by_key
from crm.domain.language import gettext as _
from crm.domain.manner import clock_words, day_in_month, month_words
from crm.domain.places.whereabouts import whereabouts
from crm.domain.ribbon import Ribbon, ribbon
from crm.domain.rules import ACTS
from crm.domain.sentences import headline, meets
from crm.domain.spans import capital, count, day_phrase, short_day, span, week_label
from crm.domain.vocabulary import ACTS_COUNTED, word
from crm.domain.weeks import IsoWeek
from crm.domain.working_hours import is_weekend
from crm.errors import NotFound, Unavailable
from crm.inbox.queries import waiting_count
from crm.interactions.queries import channels
from crm.interactions.silence import caution
from crm.nudges.missed import of_week
from crm.nudges.quiet import why_empty
from crm.planning.actions import make_or_join, snooze_days
from crm.planning.asked import drafted
from crm.planning.covering import away, covering_sentences
from crm.planning.easing import easing
from crm.planning.home import holidays_in
from crm.planning.joining import is_behind
from crm.planning.queries import PlanView, Suggested, are_proposals, plan_of, week_at_hand
from crm.planning.talking import dated
from crm.planning.waiting import number_not_planned
from crm.planning.words import act_and_moment, beside_moment, moment_words, planned_on, still
from crm.today import first_run, queries
from crm.web.routing import Router, Visit

router = Router()

POINTS_SHOWN = 4
SCREEN_DAYS = 45
"""From how many days without a personal contact the ribbon says so."""
HARD_WORKING_DAYS = 5


@dataclass(frozen=True)
class Planned:
    """What one day of the strip shows: an act, or the channel of what was done, and its words."""

    act: str
    words: str


@dataclass(frozen=True)
class DayOfWeek:
    """One day of the strip."""

    day: date
    name: str
    is_today: bool
    is_holiday: bool
    is_off: bool
    planned: tuple[Planned, ...]


@dataclass(frozen=True)
class Room:
    """How much of one act the week holds, and how much of it is done."""

    act: str
    words: str
    planned: int
    done: int


@dataclass(frozen=True)
class Year:
    """The ribbon of the postcard's person with its captions."""

    view: Ribbon
    since: str
    last_personal: str | None
    screen_only: str | None
    shade_from: float | None


@router.page("/", fresh=True)
def home(visit: Visit) -> Response:
    """This week. Whoever has nobody yet begins with the first run."""
    week = week_at_hand(visit.connection, visit.principal, visit.at)
    if not visit.principal.may_edit:
        return _week_page(visit, visit.connection, week, None, is_now=True)
    marked = first_run.marked_so_far(visit)
    if first_run.is_due(visit, marked):
        return first_run.show(visit)
    plan = plan_of(visit.connection, visit.principal, week, visit.at)
    if is_behind(visit.connection, visit.principal, plan, visit.at) and _made(visit, week):
        with visit.database.read() as connection:
            plan = plan_of(connection, visit.principal, week, visit.at)
            return _week_page(visit, connection, week, plan, is_now=True, marked=marked)
    if plan is None:
        plan = drafted(visit.connection, visit.principal, week, visit.at)
    return _week_page(visit, visit.connection, week, plan, is_now=True, marked=marked)


@router.page("/week/{week}", fresh=True)
def other_week(visit: Visit) -> Response:
    """The plan of a week gone by, as it came out; nothing in it can be answered."""
    try:
        week = IsoWeek.parse(visit.text("week"))
    except ValueError:
        raise NotFound from None
    plan = plan_of(visit.connection, visit.principal, week, visit.at)
    if plan is None:
        raise NotFound(_("There was no plan for you in that week."))
    return _week_page(visit, visit.connection, week, plan, is_now=False)


def _made(visit: Visit, week: IsoWeek) -> bool:
    """Make the plan at the first look at the week, and let those join it who are new since; false where nothing can be written
    just now."""
    with suppress(Unavailable), visit.database.write() as connection:
        make_or_join(connection, visit.principal, week, visit.at)
        return True
    return False


def _week_page(
    visit: Visit,
    connection: Connection,
    week: IsoWeek,
    plan: PlanView | None,
    *,
    is_now: bool,
    marked: int | None = None,
) -> Response:
    """``marked``: how many people are, while the first run is left open."""
    country = whereabouts(visit.user.city, visit.user.country).country
    days = _days(plan, visit, holidays_in(country, week)) if plan else ()
    if plan and is_now:
        plan = _as_of_now(plan, visit.today)
    beside = queries.aside(connection, visit.principal, plan, country, visit.at) if is_now else None
    empty = _empty(visit, connection, plan, beside) if plan and is_now and not plan.suggestions else None
    context = {
        "plan": plan,
        "week": week,
        "label": week_label(week),
        "title": _title(plan, week, visit.today, is_now=is_now),
        "empty": empty,
        "is_now": is_now,
        "is_ahead": week.is_ahead(visit.today),
        "days": days,
        "room": _room(plan) if plan else (),
        "missed": of_week(connection, visit.principal, week, visit.at, visit.settings),
        "aside": beside,
        "previous": week.previous(),
        "landed": visit.query.get("done"),
        "once": str(uuid4()),
        "points_shown": POINTS_SHOWN,
        "snooze_days": snooze_days(visit.today),
        "begun": marked if marked is not None and marked < first_run.FEW else None,
        **_in_order(visit, connection, plan, is_now=is_now),
        **_said_of_now(visit, connection, plan if is_now else None, replies=is_now),
        **_sayings(visit),
    }
    return visit.render("today/week.html", context, active="week")


def _in_order(visit: Visit, connection: Connection, plan: PlanView | None, *, is_now: bool) -> dict[str, Any]:
    """The postcard of whoever is first, with what is said beside it, and the rest: whoever is open before the others."""
    first = plan.open[0] if plan and plan.open and is_now else None
    rest = [one for one in (plan.suggestions if plan else ()) if one is not first]
    return {
        "first": first,
        "rest": sorted(rest, key=lambda one: not one.is_open),
        "year": _year(visit, connection, first) if first else None,
        "caution": caution(connection, visit.principal, visit.at) if first else "",
    }


def _empty(
    visit: Visit, connection: Connection, plan: PlanView, beside: queries.Aside | None
) -> dict[str, str]:
    """Why the week holds nobody, in the words of the mail; that nobody waits only where nothing stands beside it."""
    is_ahead = plan.week.is_ahead(visit.today)
    found = why_empty(connection, visit.principal, plan, visit.at, is_ahead=is_ahead)
    is_quiet = found.why or is_ahead or not (beside and beside.is_open)
    title = found.title if is_quiet else _("Nothing is planned this week")
    return {"title": title, "sentence": found.sentence(connection, visit.principal)}


def _said_of_now(
    visit: Visit, connection: Connection, plan: PlanView | None, *, replies: bool
) -> dict[str, Any]:
    """What stands beside a plan only while its week goes on."""
    who = visit.principal
    return {
        "waiting": number_not_planned(connection, who, plan.week) if plan else 0,
        "replies": waiting_count(connection, who) if replies else 0,
        "light": _light(connection, visit, plan) if plan else (),
        "easing": easing(plan.budget) if plan else "",
        "planned_on": planned_on(plan.open, visit.today, who.user_zone) if plan else "",
        "proposed": plan is not None and are_proposals(connection, who, plan),
    }


def _sayings(visit: Visit) -> dict[str, Callable[..., str]]:
    """How the template says moments and days to this user."""
    today = visit.today
    return {
        "moment": lambda one: moment_words(one, today),
        "act_and_moment": lambda one: act_and_moment(one, today),
        "beside": lambda one: beside_moment(one.slot, one.place, one.needs_address),
        "dated": lambda point: dated(point, today),
        "day_phrase": lambda day: day_phrase(day, today),
    }


def _light(connection: Connection, visit: Visit, plan: PlanView) -> list[str]:
    """That the week is over, and why it or the next holds less than usual, or the people of somebody else."""
    week = plan.week
    is_ahead = week.is_ahead(visit.today)
    now, after = plan.homes
    owners = {one.contact.owner_id for one in plan.suggestions}
    light = (
        _week_over(connection, visit, week),
        now.lightness(week, _("The coming week") if is_ahead else _("This week"), plan.budget.days),
        "" if is_ahead else after.lightness(week.next(), _("Next week")),
        *covering_sentences(away(connection, visit.principal, week, visit.at), owners, is_ahead=is_ahead),
    )
    return [said for said in light if said]


def _week_over(connection: Connection, visit: Visit, week: IsoWeek) -> str:
    """From Saturday on, or once it is the coming one: which week this is, and when the next comes, by mail perhaps before its
    Monday."""
    if week.is_ahead(visit.today):
        return _("This week is over; this is the coming one.")
    if not is_weekend(visit.today):
        return ""
    day = week.next().monday
    if gets_mail(visit.settings, visit.principal, visit.user):
        day = min(day, visit.principal.own_day(coming(connection, visit.principal, visit.at)))
    said = _("This week is over. The next one is planned on {day}.")
    return said.format(day=day_phrase(day, visit.today))


def _title(plan: PlanView | None, week: IsoWeek, today: date, *, is_now: bool) -> str:
    if is_now and not (plan and plan.suggestions):
        return _("The coming week") if week.is_ahead(today) else _("This week")
    if not (is_now and plan):
        return _("Week {week} of {year}").format(week=week.week, year=week.year)
    if not plan.open:
        all_done = all(one.acted_on for one in plan.suggestions)
        return _("All done for this week") if all_done else _("Nothing is left for this week")
    return headline(len(plan.open), meets=meets(one.act for one in plan.open))


def _as_of_now(plan: PlanView, today: date) -> PlanView:
    """The same plan; what is open and was for a day that is over is for any day."""
    kept = (replace(one, slot=still(one.slot, today)) if one.is_open else one for one in plan.suggestions)
    return replace(plan, suggestions=tuple(kept))


def _days(plan: PlanView, visit: Visit, holidays: Collection[date]) -> tuple[DayOfWeek, ...]:
    """Monday to Friday, and a weekend day that something is planned on; what is done stands on the day it was."""
    week, today = plan.week, visit.today
    by_day: dict[date, list[tuple[str, Planned]]] = {}
    for one in plan.suggestions:
        day = one.state_day if one.acted_on else one.slot.day
        if day is not None and day in week and (one.is_open or one.acted_on):
            by_day.setdefault(day, []).append(_planned(one))
    return tuple(
        DayOfWeek(
            day,
            _("Today, {day}").format(day=day_in_month(day)) if day == today else day_in_month(day),
            day == today,
            day in holidays,
            day in plan.homes[0].days_off,
            tuple(planned for _, planned in sorted(by_day.get(day, ()), key=lambda pair: pair[0])),
        )
        for place, day in enumerate(week.days)
        if place < HARD_WORKING_DAYS or day in by_day
    )


def _planned(one: Suggested) -> tuple[str, Planned]:
    name = one.contact.short_name
    if one.acted_on:
        return "00", Planned(one.came_to, name)
    if one.slot.starts_at is not None:
        at = one.slot.starts_at.astimezone(one.zone)
        return f"{at:%H:%M}", Planned(one.act, f"{clock_words(at)} {name}")
    return "24", Planned(one.act, _("Post to {name}").format(name=name))


def _room(plan: PlanView) -> tuple[Room, ...]:
    """Rings for what is planned, filled for what was done in its stead, in the order lunch to note."""
    counted = [one for one in plan.suggestions if one.is_open or one.acted_on]
    planned = Counter(one.came_to for one in counted)
    done = Counter(one.came_to for one in counted if one.acted_on)
    order = sorted(
        (act for act in ACTS if planned[act]),
        key=lambda act: (GROUPS[act] != "in_person", GROUPS[act] != "call"),
    )
    return tuple(
        Room(act, count(planned[act], act, ACTS_COUNTED[act]), planned[act], done[act]) for act in order
    )


def _year(visit: Visit, connection: Connection, one: Suggested) -> Year:
    """The past year with this person, and since when only a screen kept it."""
    touches = ribbons(connection, visit.principal, [one.contact.id], visit.at).get(one.contact.id, ())
    view = ribbon(touches)
    last = max((touch.week for touch in touches if touch.personal), default=None)
    digital_after = any(touch.digital for touch in touches if last is None or touch.week > last)
    days = one.evidence.get("days_since_personal")
    silent = 7 * (51 - last) if last is not None else None
    year_ago = visit.today.replace(day=1, year=visit.today.year - 1)
    return Year(
        view,
        month_words(year_ago, year=True, long=False),
        _last_personal(visit, connection, one.contact.id) if last is not None else None,
        _by_screen(silent, days) if digital_after else None,
        max(view.discs, default=4.0) if digital_after and (silent is None or silent >= SCREEN_DAYS) else None,
    )


def _last_personal(visit: Visit, connection: Connection, contact_id: int) -> str | None:
    """ "Lunch, 4 May": of which the ribbon has the last disc."""
    found = last_personal(connection, visit.principal, [contact_id], visit.at).get(contact_id)
    if found is None:
        return None
    is_own = found.channel not in by_key(SHIPPED)
    way = by_key(channels(connection, visit.principal)).get(found.channel) if is_own else None
    return f"{capital(way.label if way else word(found.channel))}, {short_day(found.day, visit.today)}"


def _by_screen(silent: int | None, days: object) -> str | None:
    if isinstance(days, int | float) and days >= SCREEN_DAYS:
        return _("{time} by screen only").format(time=span(int(days)))
    if silent is None:
        return _("By screen only")
    return _("{time} by screen only").format(time=span(silent)) if silent >= SCREEN_DAYS else None
