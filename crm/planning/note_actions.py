"""Posting a note: the log keeps the day, never the words."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection, and_, select

from crm.contacts.drafts import many_lines
from crm.domain.language import gettext as _
from crm.domain.post import arrival, call_day, post_days
from crm.domain.principal import Principal
from crm.domain.rules import direction_of
from crm.domain.spans import day_phrase
from crm.domain.weeks import end_of, local_instant, noon_of
from crm.errors import Invalid, NotFound
from crm.interactions import matters
from crm.interactions.actions import Entry, delete_interaction, log_interaction
from crm.planning import actions
from crm.planning.home import require_planner
from crm.planning.notes import Writer, note_to, writer
from crm.storage.tables import interaction, interaction_contact, response, user

EARLIEST_DAYS = 60
"""A note that was posted longer ago is logged on the form of the log."""
ADDRESS_LIMIT = 500


@dataclass(frozen=True)
class Posting:
    """The note in the log; ``is_new``: false if one to the same person on the same day stood there before."""

    interaction_id: int
    is_new: bool = True


def posted(
    connection: Connection, principal: Principal, contact_id: int, day: date, at: datetime, *, ring: bool
) -> Posting:
    """Log a note as posted on that day, and answer the week's suggestion with it.

    ``ring``: the writer means to ring about a week after it has arrived, which is kept as a promise of ours. Posted to
    the same person on the same day already: nothing is logged again.
    """
    by = writer(connection, principal)
    when = _moment(principal, day, at)
    note = note_to(connection, principal, contact_id, at)
    known = _known(connection, principal, contact_id, day)
    if known is not None:
        return Posting(known, is_new=False)
    if note.suggestion is not None and note.suggestion.id is not None:
        answer = actions.done(connection, principal, note.suggestion.id, at, when=when)
        interaction_id = answer.interaction_id
    else:
        entry = Entry(when, "note", (contact_id,), direction_of("note"))
        interaction_id = log_interaction(connection, principal, entry, at)
    if interaction_id is None:
        raise NotFound
    if ring:
        _promise_to_ring(connection, principal, by, note.country, contact_id, interaction_id, day, at)
    return Posting(interaction_id)


def _moment(principal: Principal, day: date, at: datetime) -> datetime:
    """The day is the writer's own: the team's noon of it, as far as that is within it where the writer is."""
    today = principal.own_day(at)
    if day > today:
        told = _("That day is still to come. Choose the day you posted it.")
    elif day < today - timedelta(days=EARLIEST_DAYS):
        told = _("That is too long ago. Choose a day within the last 60 days, or log it by hand.")
    else:
        return at if day == today else _noon_within(day, principal, at)
    raise Invalid(told, fields={"day": told})


def _noon_within(day: date, principal: Principal, at: datetime) -> datetime:
    begins, ends = local_instant(day, time(), principal.user_zone), end_of(day, principal.user_zone)
    return max(begins, min(noon_of(day, principal.zone, at), ends))


def _known(connection: Connection, principal: Principal, contact_id: int, day: date) -> int | None:
    """A note of this user to the contact on the same day: where the user is, or as it was dated by its day alone."""
    log = interaction_contact.c
    rows = connection.execute(
        select(interaction.c.id, interaction.c.occurred_at, log.day)
        .join(
            interaction_contact,
            and_(log.workspace_id == interaction.c.workspace_id, log.interaction_id == interaction.c.id),
        )
        .where(
            log.workspace_id == principal.workspace_id,
            log.contact_id == contact_id,
            log.channel == "note",
            log.counts,
            log.day.between(day - timedelta(days=1), day + timedelta(days=1)),
            interaction.c.author_id == principal.user_id,
        )
    )
    return next((row.id for row in rows if _dated(row.occurred_at, row.day, principal) == day), None)


def _dated(occurred_at: datetime, team_day: date, principal: Principal) -> date:
    """The day that whoever logged it meant: noon where the team is stands for the whole day."""
    is_by_day = occurred_at == local_instant(team_day, time(12), principal.zone)
    return team_day if is_by_day else principal.own_day(occurred_at)


def _promise_to_ring(
    connection: Connection,
    principal: Principal,
    by: Writer,
    country: str | None,
    contact_id: int,
    interaction_id: int,
    day: date,
    at: datetime,
) -> None:
    arrives = arrival(day, post_days(by.country, country), holidays=by.holidays(day))
    values = {
        "by": "us",
        "text": _("Ring about the note posted on {day}").format(day=day_phrase(day, day)),
        "due": call_day(arrives),
        "interaction_id": interaction_id,
    }
    matters.add(connection, principal, matters.SORTS["promises"], contact_id, values, at)


def take_back(connection: Connection, principal: Principal, interaction_id: int, at: datetime) -> None:
    """It was not posted: the note leaves the log, the suggestion waits again, and the call is not promised any more."""
    require_planner(principal)
    mine = (
        interaction.c.workspace_id == principal.workspace_id,
        interaction.c.id == interaction_id,
        interaction.c.channel == "note",
        interaction.c.author_id == principal.user_id,
    )
    row = connection.execute(select(interaction.c.deleted_at).where(*mine)).one_or_none()
    if row is None:
        raise NotFound
    if row.deleted_at is not None:
        return
    answer = connection.execute(
        select(response.c.id).where(
            response.c.workspace_id == principal.workspace_id,
            response.c.interaction_id == interaction_id,
            response.c.user_id == principal.user_id,
            response.c.undone_at.is_(None),
        )
    ).scalar_one_or_none()
    if answer is not None:
        actions.undo(connection, principal, answer, at)
    else:
        delete_interaction(connection, principal, interaction_id, at)


def save_return_address(connection: Connection, principal: Principal, address: str) -> None:
    """What stands as the sender on the user's envelopes; empty for none."""
    user_id = require_planner(principal)
    kept = many_lines(address, ADDRESS_LIMIT) or ""
    mine = (user.c.workspace_id == principal.workspace_id, user.c.id == user_id)
    known = connection.execute(select(user.c.preferences).where(*mine).with_for_update()).scalar_one() or {}
    connection.execute(user.update().where(*mine).values(preferences={**known, "return_address": kept}))
