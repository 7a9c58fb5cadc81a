"""The alarm: admins are mailed when a weekly mail has missed its time. It waits in the outbox like every other mail."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment
from sqlalchemy import Connection, func, select

from crm.accounts.schedules import zone_of
from crm.domain.language import N_, ngettext
from crm.domain.language import gettext as _
from crm.domain.spans import capital, in_words, moment_phrase, week_phrase
from crm.domain.weeks import IsoWeek, calendar_day
from crm.mail.message import new_message_id
from crm.mail.rendering import render
from crm.mail.views import AlarmMail, MissedMail
from crm.nudges import outbox as mails
from crm.nudges.missed import Missed, missed
from crm.nudges.outbox import Body, Claim, NoMail
from crm.settings import Settings
from crm.storage.database import Database
from crm.storage.tables import outbox, user, workspace

ALARM = "alarm"
NEWS_FOR = timedelta(days=1)
"""For how long a missed mail is news."""
SHOWN = 20
NO_ADMIN = N_("Whoever was to be told is no longer an admin.")
ALL_WELL = N_("By then everything had gone out.")


def raise_alarms(database: Database, domain: str, at: datetime) -> int:
    """Put an alarm into the outbox for every admin of a team some of whose mails missed their time; returns how many.

    At most one a day and admin, by the team's days; what is news after today's is told tomorrow. ``domain`` is what new
    message ids end in.
    """
    with database.read() as connection:
        owed = _owed(connection, _news(connection, at), at)
    if not owed:
        return 0
    with database.write() as connection:
        return sum(_put(connection, key, domain, at) for key in owed)


_Key = tuple[int, int, str, str]
"""Workspace, admin, address, day."""


def _news(connection: Connection, at: datetime) -> dict[int, datetime]:
    """Workspace → since when the newest of its mails that missed their time lately has done so."""
    found: dict[int, datetime] = {}
    for one in missed(connection, at):
        if one.since > at - NEWS_FOR:
            found[one.workspace_id] = max(one.since, found.get(one.workspace_id, one.since))
    return found


def _owed(connection: Connection, news: dict[int, datetime], at: datetime) -> list[_Key]:
    """The admins who were told nothing since the newest of these, and nothing today."""
    told = _last_told(connection, list(news))
    admins = connection.execute(
        select(user.c.workspace_id, user.c.id, user.c.email, workspace.c.time_zone)
        .join(workspace, workspace.c.id == user.c.workspace_id)
        .where(user.c.workspace_id.in_(list(news)), user.c.active, user.c.role == "admin")
    )
    owed = []
    for row in admins:
        day = str(calendar_day(at, ZoneInfo(row.time_zone)))
        last = told.get((row.workspace_id, row.id))
        if last is None or (last.day < day and last.told_at < news[row.workspace_id]):
            owed.append((row.workspace_id, row.id, row.email, day))
    return owed


def _last_told(connection: Connection, workspace_ids: list[int]) -> dict[tuple[int, int], Any]:
    """Workspace and admin → the day and the moment of their last alarm."""
    rows = connection.execute(
        select(
            outbox.c.workspace_id,
            outbox.c.user_id,
            func.max(outbox.c.week).label("day"),
            func.max(outbox.c.due_at).label("told_at"),
        )
        .where(outbox.c.workspace_id.in_(workspace_ids), outbox.c.purpose == ALARM)
        .group_by(outbox.c.workspace_id, outbox.c.user_id)
    )
    return {(row.workspace_id, row.user_id): row for row in rows}


def _put(connection: Connection, key: _Key, domain: str, at: datetime) -> bool:
    workspace_id, user_id, address, day = key
    return mails.put(
        connection,
        workspace_id=workspace_id,
        user_id=user_id,
        purpose=ALARM,
        week=day,
        to_address=address,
        message_id=new_message_id(domain),
        due_at=at,
        at=at,
    )


def written(
    database: Database, settings: Settings, templates: Environment, claim: Claim, at: datetime
) -> Body:
    """The alarm as it stands now. Raises NoMail where all is well again, or whom it is for is no admin any more."""
    with database.read() as connection:
        admin = recipient(connection, claim)
        found = missed(connection, at, claim.workspace_id)
    news = [one for one in found if one.since > claim.due_at - NEWS_FOR]
    if not news:
        raise NoMail("nothing_due", ALL_WELL)
    zone = zone_of(admin.time_zone)
    mail = AlarmMail(
        user_name=admin.name,
        workspace=admin.team,
        title=_title(len(news)),
        missed=tuple(_row(one, zone, at) for one in news[:SHOWN]),
        more=_("And {n} more.").format(n=len(news[SHOWN:])) if news[SHOWN:] else "",
        heartbeat_url=f"{settings.url}/team/heartbeat",
    )
    rendered = render(templates, "alarm", {"mail": mail})
    return Body(admin.email, rendered.subject, rendered.text, rendered.html, {})


def recipient(connection: Connection, claim: Claim) -> Any:
    """The admin whom the alarm is for, as a row; NoMail where they are none any more."""
    admin = connection.execute(
        select(user, workspace.c.name.label("team"))
        .join(workspace, workspace.c.id == user.c.workspace_id)
        .where(user.c.workspace_id == claim.workspace_id, user.c.id == claim.user_id)
        .where(user.c.active, user.c.role == "admin")
    ).one_or_none()
    if admin is None:
        raise NoMail("skipped", NO_ADMIN)
    return admin


def _title(many: int) -> str:
    said = capital(in_words(many))
    return ngettext(
        "{many} weekly mail did not go out in time", "{many} weekly mails did not go out in time", many
    ).format(many=said)


def _row(one: Missed, zone: ZoneInfo, at: datetime) -> MissedMail:
    today = calendar_day(at, zone)
    again = (
        _("Next try: {moment}.").format(moment=moment_phrase(one.next_try_at, zone, today))
        if one.next_try_at
        else ""
    )
    return MissedMail(
        one.name,
        _("{week}, due {moment}").format(
            week=week_phrase(IsoWeek.parse(one.week).monday, today),
            moment=moment_phrase(one.due_at, zone, today, within=True),
        ),
        one.why,
        again,
    )
