"""The alarm: admins are mailed when a weekly mail has missed its time. It waits in the outbox like every other mail."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from jinja2 import Environment
from sqlalchemy import Connection, select

from crm.domain.language import N_, ngettext
from crm.domain.language import gettext as _
from crm.domain.spans import capital, in_words, moment_phrase, week_phrase
from crm.domain.weeks import IsoWeek, calendar_day
from crm.mail.message import new_message_id
from crm.mail.rendering import render
from crm.mail.views import AlarmMail, MissedMail
from crm.nudges import outbox as mails
from crm.nudges.due import zone_of
from crm.nudges.missed import Missed, missed
from crm.nudges.outbox import Body, Claim, NoMail
from crm.settings import Settings
from crm.storage.database import Database
from crm.storage.tables import outbox, user, workspace

ALARM = "alarm"
NEWS_FOR = timedelta(days=1)
"""For how long a missed mail is news."""
SHOWN = 20
ALL_WELL = N_("By then everything had gone out.")


def raise_alarms(database: Database, domain: str, at: datetime) -> int:
    """Put an alarm into the outbox for every admin of a team some of whose mails missed their time; returns how many.

    At most one a day and admin, by the team's days; ``domain`` is what new message ids end in.
    """
    with database.read() as connection:
        days = _days(connection, at)
        owed = [key for key in _owed(connection, days) if not _is_there(connection, key)]
    if not owed:
        return 0
    with database.write() as connection:
        return sum(_put(connection, key, domain, at) for key in owed)


_Key = tuple[int, int, str, str]
"""Workspace, admin, address, day."""


def _days(connection: Connection, at: datetime) -> dict[int, str]:
    """Workspace → the day of the newest mail that missed its time lately."""
    found: dict[int, str] = {}
    news = [one for one in missed(connection, at) if one.since > at - NEWS_FOR]
    for one in news:
        zone = connection.execute(
            select(workspace.c.time_zone).where(workspace.c.id == one.workspace_id)
        ).scalar_one()
        day = str(calendar_day(one.since, ZoneInfo(zone)))
        found[one.workspace_id] = max(day, found.get(one.workspace_id, ""))
    return found


def _owed(connection: Connection, days: dict[int, str]) -> list[_Key]:
    rows = connection.execute(
        select(user.c.workspace_id, user.c.id, user.c.email).where(
            user.c.workspace_id.in_(list(days)), user.c.active, user.c.role == "admin"
        )
    )
    return [(row.workspace_id, row.id, row.email, days[row.workspace_id]) for row in rows]


def _is_there(connection: Connection, key: _Key) -> bool:
    found = select(outbox.c.id).where(
        outbox.c.workspace_id == key[0],
        outbox.c.user_id == key[1],
        outbox.c.purpose == ALARM,
        outbox.c.week == key[3],
    )
    return connection.execute(found).first() is not None


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
    """The alarm as it stands now. Raises NoMail where all is well again, or nobody is an admin any more."""
    with database.read() as connection:
        admin = connection.execute(
            select(user, workspace.c.name.label("team"))
            .join(workspace, workspace.c.id == user.c.workspace_id)
            .where(user.c.workspace_id == claim.workspace_id, user.c.id == claim.user_id)
            .where(user.c.active, user.c.role == "admin")
        ).one_or_none()
        found = missed(connection, at, claim.workspace_id)
    news = [one for one in found if one.since > claim.due_at - NEWS_FOR]
    if admin is None or not news:
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


def _title(many: int) -> str:
    said = capital(in_words(many))
    return ngettext(
        "{many} weekly mail did not go out in time", "{many} weekly mails did not go out in time", many
    ).format(many=said)


def _row(one: Missed, zone: ZoneInfo, at: datetime) -> MissedMail:
    today = calendar_day(at, zone)
    again = (
        _("It is tried again: {moment}.").format(moment=moment_phrase(one.next_try_at, zone, today))
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
