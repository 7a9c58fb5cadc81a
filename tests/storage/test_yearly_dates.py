"""The next return of a yearly date is counted in SQL for everybody and in Python for one: the two say the same."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from crm.domain.yearly import next_return
from crm.rules.backtest import parameters
from crm.storage.database import Database
from crm.storage.frame import PARAMETERS
from crm.storage.list_facts import next_dates
from crm.storage.stored_metrics import scope_of
from crm.storage.tables import contact
from tests.oracle import Log, Occasion, Person
from tests.storage.test_metrics import store

LEAP_YEAR = [date(2028, 1, 1) + timedelta(days=day) for day in range(366)]
TODAYS = [
    *(date(year, 2, day) for year in (2026, 2027, 2028) for day in (27, 28)),
    *(date(2027, 3, 1), date(2028, 2, 29), date(2028, 3, 1), date(2027, 12, 31), date(2028, 1, 1)),
    *(date(2028, 12, 31), date(2100, 2, 28), date(2100, 3, 1), date(2099, 12, 31)),
]


@pytest.mark.parametrize("dated", [False, True], ids=["no year", "from 2028 on"])
def test_every_day_of_the_year_returns_when_the_one_definition_says(database: Database, dated: bool) -> None:
    people = tuple(
        Person(
            date(2020, 1, 1),
            dates=(Occasion("birthday", day.month, day.day, day.year if dated else None),),
        )
        for day in LEAP_YEAR
    )
    principal, ids = store(database, Log("UTC", people))
    mine = select(contact.c.id).where(contact.c.workspace_id == principal.workspace_id)
    found = next_dates(replace(PARAMETERS, contact_ids=mine))
    for today in TODAYS:
        at = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
        with database.read() as connection:
            given = parameters(scope_of(connection, principal, at))
            rows = connection.execute(select(found.c.contact_id, found.c.days_to_date), given)
            counted = {row.contact_id: row.days_to_date for row in rows}
        for row_id, day in zip(ids, LEAP_YEAR, strict=True):
            returns = next_return(day.month, day.day, day if dated else None, True, today)
            assert returns is not None
            assert counted[row_id] == (returns - today).days, (today, day)
