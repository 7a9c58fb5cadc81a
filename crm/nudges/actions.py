"""What a mail's link does when its button is pressed, and how that is taken back."""

from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from crm.domain.principal import Principal
from crm.errors import Forbidden, Invalid
from crm.nudges import holds
from crm.nudges.holds import Released
from crm.nudges.link_queries import Addressee
from crm.nudges.links import Link
from crm.planning import actions as planning
from crm.planning import met as meetings
from crm.planning.queries import Suggested
from crm.storage.tables import user

VIA = "mail"
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
        case "swap":
            planning.swap(connection, principal, link.suggestion_id, link.act, at, via=VIA)
        case "not_this_person":
            planning.not_this_person(connection, principal, link.suggestion_id, at, via=VIA)
        case "snooze":
            if until is None:
                raise Invalid("Choose until when.", fields={"until": "Choose until when."})
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
        # Swapping to the act it has already changes nothing, and says by which answer it got it.
        response_id = planning.swap(
            connection, who.principal, link.suggestion_id, link.act, at, via=VIA
        ).response_id
    elif STANDS_AS.get(link.verb) == one.state:
        response_id = one.response_id
    if response_id is not None:
        planning.undo(connection, who.principal, response_id, at)


def switch(connection: Connection, principal: Principal, on: bool) -> None:
    """Switch the user's own weekly mail on or off."""
    connection.execute(
        user.update()
        .where(user.c.workspace_id == principal.workspace_id, user.c.id == principal.user_id)
        .values(nudge_on=on)
    )


def snooze_day(choice: str, typed: str, today: date) -> date:
    """From the choice on the page (*week*, *month* or *date*) to a day; Invalid says what is wrong with it."""
    if choice in SNOOZES:
        return today + timedelta(days=SNOOZES[choice])
    told = "Write the day like 2026-11-30."
    if choice != "date":
        raise Invalid("Choose until when.", fields={"until": "Choose a week, a month or a day."})
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        raise Invalid(told, fields={"day": told}) from None


def release(connection: Connection, principal: Principal, at: datetime) -> Released:
    """Let mail go out again after an old backup was restored.

    The hold is the whole database's, as the restore was. An admin speaks for one workspace, so where there are
    several, only who runs the server can end it.
    """
    if not principal.may_administer:
        raise Forbidden("Only an admin can let mail go out again.")
    on_hold = holds.hold(connection, principal.workspace_id)
    if on_hold and on_hold.shared:
        raise Forbidden(
            "Several workspaces share this server, and their mail is held together. "
            "Whoever runs the server lets it go out again by `crm nudge --release`."
        )
    return holds.release(connection, at)
