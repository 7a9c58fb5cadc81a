"""Saving what the log form said: the entry, the people who are new, and what was heard."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from crm.contacts.actions import create_people
from crm.domain.heard import Heard
from crm.domain.language import gettext as _
from crm.interactions import actions, queries
from crm.interactions.actions import Entry
from crm.interactions.forms import SPEAK_AGAIN, LogForm
from crm.interactions.heard import close_asks, keep_heard
from crm.interactions.once import once_key
from crm.interactions.reading import Sent
from crm.interactions.saying import said_of
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


def save(visit: Visit, sent: Sent, once: str | None = None) -> Saved:
    """Log it; ``once`` is remembered with it for good, so that ``once.already`` finds it."""
    entry, heard = with_newcomers(visit, sent)
    entry = replace(entry, source_id=once_key(once) if once else None)
    logged = actions.log_through(visit.connection, visit.principal, entry, sent.way, visit.at)
    keep_the_rest(visit, sent.form, entry, logged.id, heard)
    new = queries.named(visit.connection, visit.principal, entry.contact_ids[len(sent.people) :])
    return Saved(logged.id, said_of(visit, sent.way, entry, [*sent.people, *new], logged))


def with_newcomers(visit: Visit, sent: Sent) -> tuple[Entry, Sequence[Heard]]:
    """The entry with everybody in it: people who are new are written down."""
    ids = create_people(visit.connection, visit.principal, sent.newcomers, visit.at) if sent.newcomers else []
    entry = sent.entry
    return replace(entry, contact_ids=tuple(dict.fromkeys((*entry.contact_ids, *ids)))), sent.heard


def keep_the_rest(
    visit: Visit, form: LogForm, entry: Entry, interaction_id: int, heard: Sequence[Heard]
) -> None:
    """What was heard and is to be asked belongs to the first person named."""
    connection, principal, at = visit.connection, visit.principal, visit.at
    today = principal.team_day(at)
    day = min(today, principal.team_day(entry.occurred_at))
    again = SPEAK_AGAIN.get(form.again)
    asks = [Heard("ask", _("Speak again"), today + timedelta(days=again))] if again else []
    keep_heard(connection, principal, entry.contact_ids[0], interaction_id, [*heard, *asks], day, at)
    close_asks(connection, principal, form.closed_asks, entry.contact_ids, interaction_id, at)
    if form.suggestion and entry.outcome == "reached":
        actions.answer_suggestion(connection, principal, form.suggestion, interaction_id, at)
