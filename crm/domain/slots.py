"""A concrete moment for each suggestion of a week, inside the working hours of both.

Moments are looked for on the half hours of the user's day; the contact's hours, both calendars and clock changes are
judged at the instant itself. Nothing is proposed in the past, twice at the same time, or on a public holiday of
either.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from crm.domain.call_slots import call_slot, shared
from crm.domain.diary import HALF_HOURS, MINUTES, Diary, Interval, Slot, Wanted, end_of
from crm.domain.language import gettext as _
from crm.domain.post import post_by
from crm.domain.spans import day_phrase
from crm.domain.weeks import IsoWeek, local_instant
from crm.domain.working_hours import OFFICE_HOURS, WorkingHours, works

_NOTICE_DAYS = 2
"""Nobody is asked to lunch for tomorrow, unless the week leaves nothing else."""
_STARTS: Final = {
    "lunch": (time(12, 30), time(12), time(13)),
    "meeting": (time(15), *HALF_HOURS),
    "visit": (time(10), *HALF_HOURS),
}
"""When what happens in person begins, best first."""


def propose_slots(
    wanted: Iterable[Wanted],
    *,
    week: IsoWeek,
    now: datetime,
    zone: tzinfo,
    hours: WorkingHours = OFFICE_HOURS,
    holidays: Collection[date] = frozenset(),
    busy: Iterable[Interval] = (),
) -> dict[int, Slot]:
    """A slot for each wanted act, by contact id, in what is left of the user's week.

    ``now`` is aware; ``zone``, ``hours``, ``holidays`` and ``busy`` are the user's. The same question always has the
    same answer, in whatever order the acts are handed in.
    """
    diary = Diary(week, now, zone, hours, holidays, busy)
    asked = sorted(wanted, key=lambda one: (one.act, one.contact_id))
    calls = [one for one in asked if one.act == "call"]
    room = {one.contact_id: sum(1 for _ in shared(diary, one)) for one in calls}
    slots = {one.contact_id: _meet(one, diary) for one in asked if one.act in _STARTS}
    for one in sorted(
        calls, key=lambda call: (call.occasion_on is None, room[call.contact_id], call.contact_id)
    ):
        slots[one.contact_id] = call_slot(one, diary)
    posts = [one for one in asked if one.contact_id not in slots]
    for one in sorted(posts, key=lambda post: (post.occasion_on or date.max, post.contact_id)):
        slots[one.contact_id] = _post(one, diary)
    return slots


def _meet(wanted: Wanted, diary: Diary) -> Slot:
    """Lunch, meeting or visit: at its own time of day, with some days' notice where it can be, not two on a day."""
    act, minutes = wanted.act, MINUTES[wanted.act]
    place = diary.zone if wanted.only_on is None else wanted.zone
    soon = diary.today + timedelta(days=_NOTICE_DAYS)
    days = [
        day
        for day in sorted(diary.days, key=lambda day: (day < soon, day))
        if (wanted.only_on is None or day in wanted.only_on)
        and day not in wanted.not_on
        and day not in wanted.holidays
        and not diary.acts[act, day]
    ]
    for short_notice in (False, True):
        for at in _STARTS[act]:
            for day in (day for day in days if (day < soon) is short_notice):
                start = local_instant(day, at, place)
                if diary.free(start, act) and _fits_day(wanted, diary, start, place):
                    diary.take(act, day, start)
                    return Slot(day, start, minutes)
    return Slot(None, None, minutes, _("No free hour was found.") if diary.days else "")


def _fits_day(wanted: Wanted, diary: Diary, start: datetime, place: tzinfo) -> bool:
    """Lunch asks for a working day of both only; a meeting or visit lies within their hours, where it happens."""
    if wanted.act == "lunch":
        return start.astimezone(place).weekday() in wanted.hours.weekdays
    end = end_of(start, wanted.act)
    return works(diary.hours, place, (), start, end) and works(wanted.hours, place, (), start, end)


def _post(wanted: Wanted, diary: Diary) -> Slot:
    """A day to post by: the last one that is not taken yet, and for an occasion early enough."""
    if not diary.days:
        return Slot(None, None, 0)
    occasion = wanted.occasion_on
    in_time = diary.days
    note = ""
    if occasion is not None:
        latest = post_by(occasion, wanted.post_days, holidays=diary.holidays)
        in_time = [day for day in diary.days if day <= latest]
        arrives = day_phrase(occasion, diary.today)
        said = _("To arrive by {day}.") if in_time else _("It may arrive after {day}.")
        note = said.format(day=arrives)
    day = min(
        in_time or diary.days[:1],
        key=lambda day: (diary.acts["note", day] + diary.acts["gift", day], -day.toordinal()),
    )
    diary.take(wanted.act, day, None)
    return Slot(day, None, 0, note)
