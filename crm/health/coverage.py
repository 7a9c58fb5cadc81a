"""Who has met whom: the people of an organisation against the users who were in touch with them in a year."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select

from crm.domain.channels import Channel, by_key
from crm.domain.principal import Principal
from crm.interactions.queries import channels
from crm.storage.participation import counted, is_in_person
from crm.storage.tables import interaction_contact, interaction_user, user

DAYS = 365
MOST_USERS = 8


@dataclass(frozen=True)
class Cell:
    """The most personal channel one user used with one contact: for personal ones how long ago, else how often."""

    channel: Channel
    days: int
    number: int


@dataclass(frozen=True)
class Matrix:
    """Cells by (contact, user), users by name, and how long ago anybody met each contact in person."""

    users: tuple[tuple[int, str], ...] = ()
    cells: Mapping[tuple[int, int], Cell] = field(default_factory=dict)
    met: Mapping[int, int] = field(default_factory=dict)

    def met_by(self, user_id: int) -> int:
        """How many of the people this user met in person in the year."""
        return sum(cell.channel.in_person for (_, by), cell in self.cells.items() if by == user_id)


def coverage(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], at: datetime
) -> Matrix:
    """The matrix of these people over the past 365 days, with at most eight users, those who did most."""
    if not contact_ids:
        return Matrix()
    today = principal.team_day(at)
    ways = by_key(channels(connection, principal))
    cells: dict[tuple[int, int], Cell] = {}
    names, done = dict[int, str](), dict[int, int]()
    for contact_id, user_id, name, channel, number, day in _with_users(
        connection, principal, contact_ids, at, today
    ):
        way = ways.get(channel) or Channel(channel, channel)
        names[user_id] = name
        done[user_id] = done.get(user_id, 0) + number
        here = Cell(way, (today - day).days, number)
        best = cells.get((contact_id, user_id))
        cells[contact_id, user_id] = here if best is None or _rank(here) > _rank(best) else best
    shown = sorted(done, key=lambda one: (-done[one], names[one], one))[:MOST_USERS]
    users = tuple(sorted(((one, names[one]) for one in shown), key=lambda pair: (pair[1], pair[0])))
    return Matrix(users, cells, _met(connection, principal, contact_ids, at, today))


def _rank(cell: Cell) -> tuple[int, int]:
    """In person before by voice or hand before the screen; then the latest, on a screen the most used."""
    if cell.channel.in_person:
        return 2, -cell.days
    return (1, -cell.days) if cell.channel.personal else (0, cell.number)


def _with_users(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], at: datetime, today: date
) -> list[tuple[int, int, str, str, int, date]]:
    log, took_part = interaction_contact.c, interaction_user.c
    statement = (
        select(log.contact_id, user.c.id, user.c.name, log.channel, func.count(), func.max(log.day))
        .select_from(
            interaction_contact.join(
                interaction_user,
                (took_part.workspace_id == log.workspace_id)
                & (took_part.interaction_id == log.interaction_id),
            ).join(user, (user.c.workspace_id == took_part.workspace_id) & (user.c.id == took_part.user_id))
        )
        .where(
            *counted(principal.workspace_id, contact_ids, at, log),
            log.day > today - timedelta(days=DAYS),
        )
        .group_by(log.contact_id, user.c.id, user.c.name, log.channel)
    )
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in connection.execute(statement)]


def _met(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], at: datetime, today: date
) -> dict[int, int]:
    """Days since anybody met each of them in person, for those who were met in the year."""
    log = interaction_contact.c
    statement = (
        select(log.contact_id, func.max(log.day))
        .where(
            *counted(principal.workspace_id, contact_ids, at, log),
            log.day > today - timedelta(days=DAYS),
            is_in_person(log),
        )
        .group_by(log.contact_id)
    )
    return {row[0]: (today - row[1]).days for row in connection.execute(statement)}
