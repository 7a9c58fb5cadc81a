"""Saying what a reply meant, or that it means nothing; and taking either back."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from crm.domain.channels import by_key
from crm.domain.language import gettext as _
from crm.domain.mail_reply import Listed
from crm.domain.principal import Principal
from crm.domain.quick_line import QuickLine
from crm.domain.told import told_in
from crm.domain.weeks import IsoWeek
from crm.errors import Conflict, Invalid
from crm.inbox import replies
from crm.inbox.forms import ReplyForm
from crm.inbox.queries import own_reply
from crm.interactions.actions import Entry, delete_interaction
from crm.interactions.queries import channels
from crm.planning.actions import DIRECTION_OF
from crm.planning.home import require_planner
from crm.planning.queries import plan_of


def log_reply(
    connection: Connection, principal: Principal, reply_id: int, form: ReplyForm, at: datetime
) -> int:
    """Log what a waiting reply meant; returns the interaction. Invalid says what is missing."""
    row = _waiting(connection, principal, reply_id)
    way = by_key(channels(connection, principal)).get(form.channel)
    today = principal.own_day(at)
    day = form.day or principal.own_day(row.written_at)
    wrong = {}
    if form.contact is None:
        wrong["contact"] = _("Say who it was with.")
    if way is None:
        wrong["channel"] = _("Choose how you were in touch.")
    if day > today:
        wrong["day"] = _("That day is still to come. Choose today or an earlier one.")
    if form.contact is None or way is None or wrong:
        raise Invalid(next(iter(wrong.values())), fields=wrong)
    remark, heard = told_in(form.text, today)
    said = QuickLine(day=day, remark=remark, heard=heard)
    when = replies.moment(principal, replace(said, day=day), row.written_at, at)
    entry = Entry(when, way.key, (form.contact,), DIRECTION_OF.get(way.key, "mutual"), summary=remark or None)
    meant = _suggested(connection, principal, row.week, form.contact, at)
    logged = replies.log(connection, principal, entry, said, meant, at)
    values = {"state": "logged", "contact_id": form.contact, "channel": way.key, "interaction_id": logged}
    replies.change(connection, principal, reply_id, at, **values)
    return logged


def _suggested(
    connection: Connection, principal: Principal, week: str, contact_id: int, at: datetime
) -> list[Listed]:
    """That week's suggestion about this person, unless it is done."""
    plan = plan_of(connection, principal, IsoWeek.parse(week), at)
    return [
        Listed(one.id, contact_id, one.act)
        for one in (plan.suggestions if plan else ())
        if one.id is not None and one.contact.id == contact_id and one.state != "done"
    ]


def drop(connection: Connection, principal: Principal, reply_id: int, at: datetime) -> None:
    """There is nothing to log in it."""
    _waiting(connection, principal, reply_id)
    replies.change(connection, principal, reply_id, at, state="dropped")


def take_back(connection: Connection, principal: Principal, reply_id: int, at: datetime) -> None:
    """It waits again; what it logged leaves the log. Waiting already: nothing happens."""
    require_planner(principal)
    row = own_reply(connection, principal, reply_id)
    if row.interaction_id is not None:
        delete_interaction(connection, principal, row.interaction_id, at)
    replies.change(connection, principal, reply_id, at, state="waiting", interaction_id=None)


def _waiting(connection: Connection, principal: Principal, reply_id: int) -> Row[Any]:
    require_planner(principal)
    row = own_reply(connection, principal, reply_id)
    if row.state != "waiting":
        raise Conflict(_("This reply has already been answered."))
    return row
