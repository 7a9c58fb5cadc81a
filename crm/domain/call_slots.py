"""A moment for a call: inside the working hours of both, else the one that costs them the least."""

from collections.abc import Iterator
from datetime import date, datetime, time

from crm.domain.diary import MINUTES, Diary, HalfHour, Slot, Wanted, end_of
from crm.domain.language import gettext as _
from crm.domain.manner import clock_words
from crm.domain.spans import day_phrase
from crm.domain.working_hours import minutes_outside, works

_GOOD_FOR_CALLS = ((time(10), time(11)), (time(14), time(16)))
"""The first and last good start of a call: between 10:00 and 11:30, and 14:00 and 16:30."""


def call_slot(call: Wanted, diary: Diary) -> Slot:
    """The best moment left in the week, which is taken by it."""
    found = sorted(shared(diary, call), key=lambda half: _call_rank(half[0], half[1], call, diary))
    if found:
        day, _at, start = found[0]
        diary.take("call", day, start)
        note = _join_notes(_their_time(call, diary, start), _day_note(call, diary, day))
        return Slot(day, start, MINUTES["call"], note)
    if not diary.days:
        return Slot(None, None, MINUTES["call"])
    if _ever_shared(diary, call):
        return Slot(None, None, MINUTES["call"], _("No free half hour was found."))
    return _least_bad(call, diary)


def _call_rank(
    day: date, at: time, call: Wanted, diary: Diary
) -> tuple[tuple[bool, int], int, int, bool, date, time]:
    """Near the occasion, not late, on the emptiest day, at a good hour, and soon."""
    good = any(first <= at <= last for first, last in _GOOD_FOR_CALLS)
    return _from_occasion(call, diary, day), _late(call, diary, day), diary.load[day], not good, day, at


def _late(call: Wanted, diary: Diary, day: date) -> int:
    """How many days after it is due, or after today where that day has passed."""
    return 0 if call.due_on is None else max(0, (day - max(call.due_on, diary.today)).days)


def _from_occasion(call: Wanted, diary: Diary, day: date) -> tuple[bool, int]:
    """A call belongs to the day itself; else the nearest before it, else the nearest after."""
    occasion = call.occasion_on
    if occasion is None or occasion not in diary.week:
        return False, 0
    return day > occasion, abs((day - occasion).days)


def _least_bad(call: Wanted, diary: Diary) -> Slot:
    """The two never work at the same time: the moment that costs them the least, as evenly as it can be."""

    def cost(half: HalfHour) -> tuple[int, int, tuple[bool, int], int, date, time]:
        day, at, start = half
        ours = minutes_outside(diary.hours, diary.zone, start, MINUTES["call"])
        theirs = minutes_outside(call.hours, call.zone, start, MINUTES["call"])
        return ours + theirs, max(ours, theirs), _from_occasion(call, diary, day), diary.load[day], day, at

    best = min(_odd(diary, call), key=cost, default=None)
    if best is None:
        return Slot(None, None, MINUTES["call"], _("No free half hour was found."))
    day, at, start = best
    diary.take("call", day, start)
    said = _("No shared working hours: {yours} for you, {theirs}")
    note = said.format(yours=clock_words(at), theirs=_for_them(call, diary, start))
    note = _join_notes(note, _day_note(call, diary, day))
    return Slot(day, start, MINUTES["call"], note, outside_hours=True)


def _their_time(call: Wanted, diary: Diary, start: datetime) -> str:
    """What the contact's clock shows, where it differs from the user's."""
    same = start.astimezone(call.zone).utcoffset() == start.astimezone(diary.zone).utcoffset()
    return "" if same else _for_them(call, diary, start)


def _for_them(call: Wanted, diary: Diary, start: datetime) -> str:
    there = start.astimezone(call.zone)
    other_day = there.date() != start.astimezone(diary.zone).date()
    said = _("{time} on {day} for them.") if other_day else _("{time} for them.")
    return said.format(time=clock_words(there), day=day_phrase(there.date(), diary.today))


def _day_note(call: Wanted, diary: Diary, day: date) -> str:
    occasion = call.occasion_on
    if occasion is None or occasion == day:
        return ""
    return _("The day itself is {day}.").format(day=day_phrase(occasion, diary.today))


def _join_notes(*notes: str) -> str:
    return " ".join(note for note in notes if note)


def shared(diary: Diary, call: Wanted) -> Iterator[HalfHour]:
    """Every free half hour that both work in."""
    for day, at, start in diary.office_half_hours:
        if day not in call.not_on and diary.free(start, "call") and both_work(call, diary, start):
            yield day, at, start


def _odd(diary: Diary, call: Wanted) -> Iterator[HalfHour]:
    """Every free half hour of the working days left, at any time of day, on no holiday of the contact's."""
    for day, at, start in diary.all_half_hours:
        there = (start.astimezone(call.zone), end_of(start, "call").astimezone(call.zone))
        holiday = any(moment.date() in call.holidays for moment in there)
        if day not in call.not_on and diary.free(start, "call") and not holiday:
            yield day, at, start


def _ever_shared(diary: Diary, call: Wanted) -> bool:
    """Whether the two would share a half hour in an empty week without holidays."""
    bare = Wanted(call.contact_id, call.act, call.zone, call.hours)
    working = [day for day in diary.week.days if day.weekday() in diary.hours.weekdays]
    return any(both_work(bare, diary, start) for _, _, start in diary.half_hours(working, within=diary.hours))


def both_work(wanted: Wanted, diary: Diary, start: datetime) -> bool:
    """Whether the user's hours and the contact's both hold the act; the user's holidays are no days of the diary."""
    end = end_of(start, wanted.act)
    return works(diary.hours, diary.zone, (), start, end) and works(
        wanted.hours, wanted.zone, wanted.holidays, start, end
    )
