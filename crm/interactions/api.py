"""``/api/v1/interactions``; asks, promises and signals stand in ``matter_api``."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field

from crm.accounts.queries import members
from crm.contacts.drafts import many_lines
from crm.domain.channels import Direction, Outcome
from crm.domain.lengths import LINE_LIMIT, TEXT_LIMIT
from crm.errors import Invalid
from crm.interactions import actions, logbook, matter_api, queries
from crm.interactions.actions import Entry
from crm.interactions.forms import PEOPLE_LIMIT, out_of_range
from crm.interactions.logbook import LogPage, WantedEntries
from crm.interactions.queries import Logged
from crm.web.api import ApiRouter, Call, Id, Paged, Sent

router = ApiRouter()
router.routes.extend(matter_api.router.routes)

Ids = Annotated[list[Id], Field(max_length=PEOPLE_LIMIT)]


class InteractionChange(Sent):
    """What may be logged; on a change, what is left out stays."""

    occurred_at: AwareDatetime | None = Field(None, description="If left out of a new one: now.")
    channel: str = Field(default_factory=str, max_length=200)
    contact_ids: Ids = Field(default_factory=list, min_length=1)
    direction: Direction = Field(default_factory=lambda: "mutual")
    outcome: Outcome = Field(default_factory=lambda: "reached")
    user_ids: Ids = Field(default_factory=list, min_length=1)
    summary: str | None = Field(None, max_length=LINE_LIMIT)
    note: str | None = Field(None, max_length=TEXT_LIMIT)
    note_private: bool = False
    version: Id | None = Field(None, description="Refused with 409 if it has since changed.")

    def values(self, call: Call) -> dict[str, Any]:
        """The parts of an entry that were sent."""
        found = {name: getattr(self, name) for name in self.model_fields_set - {"version"}}
        if found.pop("occurred_at", None):
            found["occurred_at"] = _moment(call, self.occurred_at)
        for name in {"summary", "note"} & set(found):
            found[name] = many_lines(found[name])
        for name in {"contact_ids", "user_ids"} & set(found):
            found[name] = tuple(dict.fromkeys(found[name]))
        if not set(self.user_ids) <= {one.id for one in members(*call.where)}:
            raise Invalid("user_ids: Name users of this workspace.", fields={"user_ids": "Nobody's here."})
        return found


class NewInteractionSent(InteractionChange):
    """Something that happened; without a moment, now."""

    channel: str = Field(max_length=200, description="A channel's key, such as `phone`.")
    contact_ids: Ids = Field(min_length=1)
    user_ids: Ids = Field(default_factory=list, description="If left out: you.")


class NamedShape(BaseModel):
    """Somebody by name."""

    id: int
    name: str


class InteractionShape(BaseModel):
    """One interaction. ``note`` is null where it is private to somebody else."""

    id: int
    version: int
    occurred_at: datetime
    channel: str
    direction: Direction
    outcome: Outcome
    broadcast: bool
    summary: str | None
    note: str | None
    note_private: bool
    people: list[NamedShape]
    user_ids: list[int]
    source_id: str | None


class InteractionPage(BaseModel):
    """A page of the log."""

    items: list[InteractionShape]
    next: str | None


class AskedInteractions(Paged):
    """Which interactions."""

    contact: Id | None = None
    channel: str | None = Field(None, max_length=200)
    since: AwareDatetime | None = Field(None, description="From this moment on.")
    before: AwareDatetime | None = Field(None, description="Before this moment.")


@router.get("/interactions", InteractionPage, AskedInteractions)
def listed(call: Call) -> dict[str, Any]:
    """The log, newest first, a page at a time."""
    asked: AskedInteractions = call.query
    wanted = WantedEntries(asked.contact, asked.channel, asked.since, asked.before)
    page: LogPage = logbook.entries(*call.where, wanted, asked.cursor, asked.limit)
    return {"items": page.entries, "next": page.next}


@router.get("/interactions/{interaction_id}", InteractionShape)
def one(call: Call) -> Logged:
    """One interaction."""
    return _known(call)


@router.post("/interactions", InteractionShape, NewInteractionSent, status=201)
def add(call: Call) -> Logged:
    """Log something that happened."""
    entry = Entry(**{"occurred_at": call.at, **call.sent.values(call)})
    row_id = actions.log_interaction(*call.where, entry, call.at)
    return queries.logged(*call.where, row_id)


@router.patch("/interactions/{interaction_id}", InteractionShape, InteractionChange)
def change(call: Call) -> Logged:
    """Change what an interaction says; what is left out stays, and so does a private note of somebody else's.

    Whether a note is private is its author's alone to say.
    """
    known, sent = _known(call), call.sent
    if (
        not known.is_mine
        and "note_private" in sent.model_fields_set
        and sent.note_private != known.note_private
    ):
        sentence = "Whoever logged this says whether its note is private. Leave note_private out."
        raise Invalid(sentence, fields={"note_private": sentence})
    entry = replace(_entry(known), **sent.values(call))
    actions.edit_interaction(*call.where, known.id, entry, call.at, version=sent.version or known.version)
    return _known(call)


@router.delete("/interactions/{interaction_id}")
def delete(call: Call) -> None:
    """Take an interaction out of the log; it can be restored."""
    actions.delete_interaction(*call.where, _known(call).id, call.at)


@router.post("/interactions/{interaction_id}/restore", InteractionShape)
def restore(call: Call) -> Logged:
    """Bring a deleted interaction back."""
    actions.restore_interaction(*call.where, call.number("interaction_id"), call.at)
    return _known(call)


def _known(call: Call) -> Logged:
    return queries.logged(*call.where, call.number("interaction_id"))


def _entry(known: Logged) -> Entry:
    return Entry(
        known.occurred_at,
        known.channel,
        tuple(one.id for one in known.people),
        known.direction,
        known.outcome,
        known.user_ids,
        known.summary,
        known.note,
        known.note_private,
    )


def _moment(call: Call, said: datetime | None) -> datetime:
    moment = said or call.at
    wrong = out_of_range(moment.date(), call.team_day)
    if wrong:
        raise Invalid(f"occurred_at: {wrong}", fields={"occurred_at": wrong})
    return moment.astimezone(UTC)
