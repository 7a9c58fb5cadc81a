"""Whose week it is: where the user lives and works, and what they take on."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, select

from crm.domain.budgets import LARGEST_BUDGET, Budget
from crm.domain.places.whereabouts import Whereabouts, whereabouts
from crm.domain.principal import Principal
from crm.domain.slots import public_holidays
from crm.domain.weeks import IsoWeek
from crm.errors import Forbidden, NotFound
from crm.storage.tables import user


@dataclass(frozen=True)
class Home:
    """Where the user lives and works, and what they take on in a week."""

    place: Whereabouts
    budget: Budget


def require_planner(principal: Principal) -> int:
    """The user's id; Forbidden for viewers and for the command line, who have no plan."""
    if principal.user_id is None or not principal.may_edit:
        raise Forbidden("Only members and admins have a plan. Ask an admin for the role of member.")
    return principal.user_id


def home_of(connection: Connection, principal: Principal) -> Home:
    """The user's place and budget."""
    row = connection.execute(
        select(user).where(user.c.workspace_id == principal.workspace_id, user.c.id == principal.user_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    amounts = (row.budget_call, row.budget_in_person, row.budget_by_hand, row.budget_total)
    return Home(
        whereabouts(row.city, row.country), Budget(*(max(0, min(LARGEST_BUDGET, one)) for one in amounts))
    )


def holidays_in(country: str | None, week: IsoWeek) -> frozenset[date]:
    """The public holidays of a country (ISO 3166 code) around that week; none where the country is not known."""
    if not country:
        return frozenset()
    years = {week.monday.year, (week.monday + timedelta(days=28)).year}
    return frozenset().union(*(public_holidays(country, year) for year in sorted(years)))
