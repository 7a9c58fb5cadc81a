"""What a mail's link does when its button is pressed, and how that is taken back."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_

from crm.accounts.actions import mail_switched
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Conflict, Forbidden, Invalid, require_admin
from crm.mail.kept_words import SENT_AGAIN, STOPPED_BY
from crm.nudges import holds, link_queries, queries
from crm.nudges import outbox as mails
from crm.nudges.due import DIGEST, PURPOSE
from crm.nudges.holds import Released
from crm.nudges.link_queries import VIA, Addressee
from crm.nudges.links import STOP_DIGEST, Link
from crm.planning import actions as planning
from crm.planning import met as meetings
from crm.planning.queries import Suggested
from crm.storage.tables import outbox, user

SNOOZES = {"week": 7, "month": 30}
"""Days, as on the week's page."""
STANDS_AS = {"done": "done", "snooze": "snoozed", "not_this_person": "not_this_person"}
"""The state of a suggestion that a link of this verb has led to."""


def carry_out(
    connection: Connection, who: Addressee, link: Link, one: Suggested, until: date | None, at: datetime
) -> None:
    """Do what the link says, once however often it is pressed. ``until`` is for *snooze*."""
    principal = who.principal
    match link.verb:
        case "done":
            planning.done(connection, principal, link.suggestion_id, at, when=when_done(one, at), via=VIA)
        case "met":
            meetings.met(connection, principal, link.suggestion_id, at)
        case "swap" if one.act != link.act:
            planning.swap(connection, principal, link.suggestion_id, link.act, at, via=VIA)
        case "not_this_person":
            planning.not_this_person(connection, principal, link.suggestion_id, at, via=VIA)
        case "snooze":
            if until is None:
                raise Invalid(_("Choose how long."), fields={"until": _("Choose how long.")})
            planning.snooze(connection, principal, link.suggestion_id, until, at, via=VIA)


def when_done(one: Suggested, at: datetime) -> datetime:
    """When it will be said to have happened: at the moment planned for it if that has passed, else now."""
    planned = one.slot.starts_at
    return planned if planned is not None and planned <= at else at


def take_back(connection: Connection, who: Addressee, link: Link, one: Suggested, at: datetime) -> None:
    """Undo what the link did; nothing where it has done nothing."""
    if link.verb == "met":
        meetings.take_back(connection, who.principal, link.suggestion_id, one.contact.id, at)
        return
    response_id = None
    if link.verb == "swap" and one.act == link.act:
        response_id = link_queries.swapped_by(connection, who.principal, link)
    elif STANDS_AS.get(link.verb) == one.state:
        response_id = one.response_id
    if response_id is not None:
        planning.undo(connection, who.principal, response_id, at)


def switch(connection: Connection, principal: Principal, verb: str, on: bool, at: datetime) -> None:
    """Switch the user's own weekly mail, or their team digest, on or off, as the link's ``verb`` says."""
    values = mail_switched(on, at, DIGEST if verb == STOP_DIGEST else PURPOSE)
    connection.execute(
        user.update()
        .where(user.c.workspace_id == principal.workspace_id, user.c.id == principal.user_id)
        .values(**values)
    )


def snooze_day(choice: str, typed: str, today: date) -> date:
    """From the choice on the page (*week*, *month* or *date*) to a day; Invalid says what is wrong with it."""
    if choice in SNOOZES:
        return today + timedelta(days=SNOOZES[choice])
    told = _("Enter the day like 2026-11-30.")
    if choice != "date":
        raise Invalid(_("Choose how long."), fields={"until": _("Choose a week, a month or a day.")})
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        raise Invalid(told, fields={"day": told}) from None


def bring_forward(connection: Connection, principal: Principal, at: datetime) -> None:
    """Whatever of the team waits for its next try is tried now."""
    require_admin(principal, _("Only an admin can run it now."))
    connection.execute(
        outbox.update()
        .where(outbox.c.workspace_id == principal.workspace_id, outbox.c.state == "retry")
        .values(next_try_at=at)
    )


def stop_mail(connection: Connection, principal: Principal, mail_id: int, name: str, at: datetime) -> None:
    """A mail that waits does not go out; ``name`` is who says so. For an admin, or whose it is."""
    if not queries.one_mail(connection, principal, mail_id)[0].may_stop:
        raise Conflict(_("This mail is no longer waiting."))
    mails.move(
        connection, _still(principal, mail_id, ("due", "retry")), "skipped", STOPPED_BY.format(name=name), at
    )


def send_again(connection: Connection, principal: Principal, mail_id: int, name: str, at: datetime) -> None:
    """Somebody decided that a mail is sent after all, with the same words under the same Message-ID."""
    if not queries.one_mail(connection, principal, mail_id)[0].may_go_again(at):
        raise Conflict(
            _(
                "This mail cannot be sent again: it has gone out, is already waiting, or is more than a "
                "day old."
            )
        )
    here = _still(principal, mail_id, ("failed", "unknown", "skipped"))
    moved = mails.move(connection, here, "due", SENT_AGAIN.format(name=name), at)
    if moved:
        connection.execute(
            outbox.update().where(_still(principal, mail_id, ("due",))).values(next_try_at=at, attempts=0)
        )


def _still(principal: Principal, mail_id: int, states: Sequence[str]) -> ColumnElement[bool]:
    here = (outbox.c.workspace_id == principal.workspace_id, outbox.c.id == mail_id)
    return and_(*here, outbox.c.state.in_(states))


def release(connection: Connection, principal: Principal, at: datetime) -> Released:
    """Let mail go out again after an old backup was restored.

    The hold is the whole database's, as the restore was. An admin speaks for one workspace, so where there are
    several, only who runs the server can end it.
    """
    require_admin(principal, _("Only an admin can let mail go out again."))
    on_hold = holds.hold(connection, principal.workspace_id)
    if on_hold and on_hold.shared:
        raise Forbidden(
            _(
                "Several workspaces share this server, and their mail is held together. Whoever runs the "
                "server releases it with `crm nudge --release`."
            )
        )
    return holds.release(connection, at)
