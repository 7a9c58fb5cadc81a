"""Saving what the log form said: the entry, the people who are new, and what was heard."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from crm.contacts.actions import create_people
from crm.domain.channels import has_reached
from crm.domain.heard import Heard
from crm.domain.language import gettext as _
from crm.interactions import actions, queries
from crm.interactions.actions import Entry
from crm.interactions.forms import SPEAK_AGAIN
from crm.interactions.heard import any_open, close_asks, keep_heard
from crm.interactions.left_behind import mark_anew, new_and_untouched, wrote
from crm.interactions.once import once_key
from crm.interactions.reading import Sent
from crm.interactions.saying import said_of
from crm.storage.tables import contact
from crm.web.routing import Visit


@dataclass(frozen=True)
class Saved:
    """A new interaction, and the sentence that says so."""

    id: int
    words: str

    @property
    def undo(self) -> str:
        """Where its Undo is posted to."""
        return undo_of(self.id)


def undo_of(interaction_id: int) -> str:
    """Where the Undo of a logged interaction is posted to."""
    return f"/log/{interaction_id}/delete"


@dataclass(frozen=True)
class Whole:
    """An entry with everybody in it, the ids of those of them who are new, and of whoever stands first in the form."""

    entry: Entry
    new: Sequence[int]
    first: int


def save(visit: Visit, sent: Sent, once: str | None = None) -> Saved:
    """Log it; ``once`` is remembered with it for good, so that ``once.already`` finds it."""
    whole = with_newcomers(visit, sent)
    entry = replace(whole.entry, source_id=once_key(once) if once else None)
    logged = actions.log_through(visit.connection, visit.principal, entry, sent.way, visit.at)
    stays = keep_the_rest(visit, sent, whole, logged.id)
    new = queries.named(visit.connection, visit.principal, whole.new)
    said = said_of(visit, sent.way, entry, [*sent.people, *new], logged)
    return Saved(logged.id, " ".join([said, *stays]))


def with_newcomers(visit: Visit, sent: Sent) -> Whole:
    """The entry with everybody in it: people who are new are written down."""
    ids = create_people(visit.connection, visit.principal, sent.newcomers, visit.at) if sent.newcomers else []
    entry = sent.entry
    entry = replace(entry, contact_ids=tuple(dict.fromkeys((*entry.contact_ids, *ids))))
    by_name = dict(zip(sent.newcomers, ids, strict=True))
    first = sent.first if isinstance(sent.first, int) else by_name[sent.first]
    return Whole(entry, ids, first)


def keep_the_rest(visit: Visit, sent: Sent, whole: Whole, interaction_id: int) -> list[str]:
    """What was heard and is to be asked belongs to the first person named; who is new goes with the entry.

    What was to be brought up is settled where somebody was reached; returns what is to be said where nobody was yet.
    """
    connection, principal, at = visit.connection, visit.principal, visit.at
    form, entry = sent.form, whole.entry
    today = principal.team_day(at)
    day = min(today, principal.team_day(entry.occurred_at))
    again = SPEAK_AGAIN.get(form.again)
    asks = [Heard("ask", _("Speak again"), today + timedelta(days=again))] if again else []
    if told := [*sent.heard, *asks]:
        untouched = new_and_untouched(connection, principal, interaction_id)
        keep_heard(connection, principal, whole.first, interaction_id, told, day, at)
        mark_anew(connection, principal, untouched)
    asked = (connection, principal, form.closed_asks, entry.contact_ids)
    reached = has_reached(entry.outcome, entry.occurred_at, at)
    stays = [] if reached or not any_open(*asked, at) else [_("What you meant to bring up stays open.")]
    if reached:
        close_asks(*asked, interaction_id, at)
    if form.suggestion and entry.outcome == "reached":
        actions.answer_suggestion(connection, principal, form.suggestion, interaction_id, at)
    for one in whole.new:
        wrote(connection, principal, interaction_id, contact, one)
    return stays
