"""What stands beside the log: dates, asks, promises and favours of each contact."""

from sqlalchemy import ColumnElement, Integer, Subquery, and_, case, cast, func, or_, select

from crm.storage.frame import Frame, only, whole_day
from crm.storage.open_matters import is_open
from crm.storage.tables import ask, contact_date, favour, promise

LEAP_DAY = 60


def next_dates(frame: Frame) -> Subquery:
    """Days to the next date and the next renewal of each contact."""
    table = contact_date.c
    written = whole_day(table.on_day)
    returns = and_(table.yearly, or_(table.on_day.is_(None), written < frame.today))
    days = case((returns, _days_to_yearly(frame)), else_=written - frame.today)
    ahead = select(table.contact_id, table.kind, days.label("days")).where(
        table.workspace_id == frame.workspace_id, *only(table.contact_id, frame.contact_ids)
    )
    dates = ahead.subquery()
    renewal = dates.c.kind == "renewal"
    return (
        select(
            dates.c.contact_id,
            func.min(case((~renewal, dates.c.days))).label("days_to_date"),
            func.min(case((renewal, dates.c.days))).label("days_to_renewal"),
        )
        .where(dates.c.days >= 0)
        .group_by(dates.c.contact_id)
        .subquery("next_dates")
    )


def _days_to_yearly(frame: Frame) -> ColumnElement[int]:
    """Days to the next return of a yearly date that has begun; 29 February is kept on the 28th where there is no 29th."""
    this_year = _in_year(frame.leap_now)
    return case(
        (this_year >= frame.day_of_year, this_year - frame.day_of_year),
        else_=_in_year(frame.leap_next) + frame.rest_of_year,
    )


def _in_year(is_leap: ColumnElement[int]) -> ColumnElement[int]:
    """The day of the year of a day counted in a leap year, where 29 February is day 60."""
    leap_day = contact_date.c.leap_day
    return case((and_(leap_day >= LEAP_DAY, is_leap == 0), leap_day - 1), else_=leap_day)


def ask_facts(frame: Frame) -> Subquery:
    """Open asks of each contact: how many, the nearest due date, the age of the oldest."""
    table, today = ask.c, frame.today
    return (
        select(
            table.contact_id,
            cast(func.count(), Integer).label("open_asks"),
            (func.min(whole_day(table.due)) - today).label("days_to_ask"),
            (today - func.min(whole_day(table.opened_on))).label("oldest_ask_days"),
        )
        .where(table.workspace_id == frame.workspace_id, *only(table.contact_id, frame.contact_ids))
        .where(is_open(ask, today))
        .group_by(table.contact_id)
        .subquery("ask_facts")
    )


def promise_facts(frame: Frame) -> Subquery:
    """Open promises of each contact, both ways, and the nearest due date of ours."""
    table, today = promise.c, frame.today
    ours = case((table.by == "us", whole_day(table.due)))
    return (
        select(
            table.contact_id,
            cast(func.count(), Integer).label("open_promises"),
            (func.min(ours) - today).label("days_to_our_promise"),
        )
        .where(table.workspace_id == frame.workspace_id, *only(table.contact_id, frame.contact_ids))
        .where(is_open(promise, today))
        .group_by(table.contact_id)
        .subquery("promise_facts")
    )


def favour_facts(frame: Frame) -> Subquery:
    """The last day each contact did us a favour."""
    table = favour.c
    return (
        select(table.contact_id, func.max(whole_day(table.received_on)).label("favour_day"))
        .where(table.workspace_id == frame.workspace_id, *only(table.contact_id, frame.contact_ids))
        .where(whole_day(table.received_on) <= frame.today)
        .group_by(table.contact_id)
        .subquery("favour_facts")
    )
