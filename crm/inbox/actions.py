"""Saying what a reply meant, or that it means nothing; and taking either back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from crm.domain.channels import Channel, by_key
from crm.domain.language import gettext as _
from crm.domain.mail_reply import Listed, Meant
from crm.domain.principal import Principal
from crm.domain.quick_line import QuickLine
from crm.domain.told import heard_in
from crm.errors import Conflict, Invalid
from crm.inbox import replies
from crm.inbox.forms import ReplyForm
from crm.inbox.queries import outcome_of, own_reply, said_by, suggested_in
from crm.interactions.actions import delete_interaction
from crm.interactions.queries import channels
from crm.planning.home import require_planner
from crm.planning.queries import Suggested


def log_reply(
    connection: Connection, principal: Principal, reply_id: int, form: ReplyForm, at: datetime
) -> int:
    """Log what a waiting reply meant: what it says, but for what the form says otherwise. Returns the interaction; Invalid
    says what is missing."""
    row = _waiting(connection, principal, reply_id)
    way = by_key(channels(connection, principal)).get(form.channel)
    suggested = suggested_in(connection, principal, row.week, at)
    said = said_by(connection, principal, row, {one.contact.id for one in suggested})
    day = form.day or said.day or principal.own_day(row.written_at)
    outcome = form.outcome or outcome_of(row, said)
    today = principal.own_day(at)
    wrong = {}
    if form.contact is None:
        wrong["contact"] = _("Say who it was with.")
    if way is None:
        wrong["channel"] = _("Choose how you were in touch.")
    if day > today:
        wrong["day"] = _("That day is still to come. Choose today or an earlier one.")
    if outcome is None:
        wrong["outcome"] = _("Choose whether you reached them.")
    if form.contact is None or way is None or outcome is None or wrong:
        raise Invalid(next(iter(wrong.values())), fields=wrong)
    people = tuple(dict.fromkeys((form.contact, *form.also)))
    remark, heard = heard_in(form.text, today)
    said = replace(_by(way, said), day=day, outcome=outcome, remark=remark, heard=heard)
    told = Meant(None, people, _about(people, suggested), way.key)
    logged = replies.log(connection, principal, said, told, row.written_at, at)
    values = {"state": "logged", "contact_id": form.contact, "channel": way.key, "interaction_id": logged}
    replies.change(connection, principal, reply_id, at, **values)
    return logged


def _by(way: Channel, said: QuickLine) -> QuickLine:
    """The same by another channel than it says: then who reached out is not said either."""
    return said if said.channel in (None, way.key) else replace(said, direction="mutual")


def _about(people: tuple[int, ...], suggested: Sequence[Suggested]) -> tuple[Listed, ...]:
    """The suggestions about these people that are not done."""
    return tuple(
        Listed(one.id, one.contact.id, one.act)
        for one in suggested
        if one.id is not None and one.contact.id in people and one.state != "done"
    )


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
