"""Making a week's plan, and answering what it suggests. Every answer is a row that can be undone.

Answers are idempotent: the same one given twice, from the page and from the mail, is one.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select

from crm.domain.budgets import GROUPS, Budget
from crm.domain.diary import Slot
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.left_out import LeftOut
from crm.domain.manner import written_for
from crm.domain.principal import Principal
from crm.domain.rules import CHANNELS_OF_ACTS, act_of, direction_of
from crm.domain.weeks import IsoWeek
from crm.errors import Conflict, Invalid, NotFound
from crm.interactions.actions import Entry, delete_interaction, log_interaction
from crm.planning.drafting import Draft, Drafted, another_slot, draft_plan
from crm.planning.home import require_planner
from crm.planning.joining import is_used, joining
from crm.planning.queries import is_plan_of, own_suggestion, plan_of, stored_plan, suggested
from crm.planning.states import State, states_of
from crm.storage.database import new_id, new_ids
from crm.storage.insertion import insert_unless_there
from crm.storage.tables import (
    interaction,
    interaction_contact,
    left_out,
    plan,
    response,
    suggestion,
)

LONGEST_SNOOZE_DAYS = 366


@dataclass(frozen=True)
class Answer:
    """What an answer came to. ``response_id`` is what `undo` takes back; it is missing where nothing had to be done,
    because the contact was reached anyway. ``is_new``: false if the same answer had been given before."""

    response_id: int | None
    interaction_id: int | None = None
    is_new: bool = True


# The plan


def make_plan(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> int:
    """The id of the user's plan of that week, made at ``at`` unless there is one: it stays as it was first made.

    Forbidden for viewers, who have no plan.
    """
    user_id = require_planner(principal)
    found = _plan_id(connection, principal, week)
    if found is not None:
        return found
    with written_for(principal.manner):
        draft = draft_plan(connection, principal, week, at)
    plan_id = new_id(connection)
    row = _plan_values(principal, draft, plan_id, user_id, at)
    if not insert_unless_there(connection, plan, row, ["workspace_id", "user_id", "week"]):
        return _required(_plan_id(connection, principal, week))
    add_suggestions(connection, principal, plan_id, draft, at)
    leave_out(connection, principal, plan_id, draft.left_out)
    return plan_id


def plan_anew(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> int:
    """The same, but a plan that was made before is made again while nobody rests on it: nothing in it was answered, and no
    mail has carried it. For whoever looks at the week before their first run is over.
    """
    found = _locked(connection, principal, week)
    if found is not None:
        _drop_unused(connection, principal, week, found)
    return make_plan(connection, principal, week, at)


def make_or_join(
    connection: Connection, principal: Principal, week: IsoWeek, at: datetime, *, mail_id: int | None = None
) -> int:
    """As `make_plan`; whoever is `joining` a plan that was made before stands behind those who are in it, which stay."""
    is_made = _locked(connection, principal, week) is not None
    made = plan_of(connection, principal, week, at) if is_made else None
    if made is None or made.id is None:
        return make_plan(connection, principal, week, at)
    with written_for(principal.manner):
        more = joining(connection, principal, made, at, mail_id=mail_id)
    if more is not None:
        add_suggestions(connection, principal, made.id, more, at)
        leave_out(connection, principal, made.id, more.left_out)
    return made.id


def _locked(connection: Connection, principal: Principal, week: IsoWeek) -> int | None:
    """The id of that week's plan, which nobody else adds to or drops until the end of the transaction."""
    own = is_plan_of(principal.workspace_id, principal.user_id, str(week))
    found: int | None = connection.execute(
        select(plan.c.id).where(own).with_for_update()
    ).scalar_one_or_none()
    return found


def _drop_unused(connection: Connection, principal: Principal, week: IsoWeek, plan_id: int) -> None:
    """Drop a plan unless it is used, also by an answer that is being given: its suggestion is locked until it is there."""
    mine = (suggestion.c.workspace_id == principal.workspace_id, suggestion.c.plan_id == plan_id)
    connection.execute(select(suggestion.c.id).where(*mine).order_by(suggestion.c.id).with_for_update()).all()
    if not is_used(connection, principal, week, plan_id):
        own = (plan.c.workspace_id == principal.workspace_id, plan.c.id == plan_id)
        connection.execute(plan.delete().where(*own))


def add_suggestions(
    connection: Connection, principal: Principal, plan_id: int, draft: Draft, at: datetime
) -> None:
    """Write down what was drafted as suggestions of that plan, behind those that stand in it."""
    mine = (suggestion.c.workspace_id == principal.workspace_id, suggestion.c.plan_id == plan_id)
    last = connection.execute(select(func.max(suggestion.c.position)).where(*mine)).scalar_one()
    first = 0 if last is None else last + 1
    ids = new_ids(connection, len(draft.suggestions))
    rows = [
        {
            "workspace_id": principal.workspace_id,
            "id": row_id,
            "plan_id": plan_id,
            "user_id": principal.user_id,
            "monday": draft.week.monday,
            "made_at": at,
            "position": first + place,
            **_suggestion_values(one),
        }
        for place, (row_id, one) in enumerate(zip(ids, draft.suggestions, strict=True))
    ]
    if rows:
        connection.execute(suggestion.insert(), rows)


def leave_out(connection: Connection, principal: Principal, plan_id: int, those: Sequence[LeftOut]) -> None:
    """Write down who found no place in that plan, and why."""
    shared = {
        "workspace_id": principal.workspace_id,
        "plan_id": plan_id,
        "user_id": principal.user_id,
    }
    rows = [{**shared, "contact_id": one.contact_id, "reason": one.reason, "day": one.day} for one in those]
    if rows:
        connection.execute(left_out.insert(), rows)


def _plan_values(
    principal: Principal, draft: Draft, plan_id: int, user_id: int, at: datetime
) -> dict[str, Any]:
    return {
        "workspace_id": principal.workspace_id,
        "id": plan_id,
        "user_id": user_id,
        "week": str(draft.week),
        "monday": draft.week.monday,
        "made_at": at,
        "budget": stored_budget(draft.budget),
    }


def stored_budget(budget: Budget) -> dict[str, Any]:
    """A plan's budget as it is kept; what is left of the quarter is in it already."""
    kept = asdict(budget)
    del kept["in_person_quarter_left"]
    return kept


def _suggestion_values(one: Drafted) -> dict[str, Any]:
    return {
        "contact_id": one.contact_id,
        "act": one.act,
        **_slot_values(one.slot),
        "needs_address": one.needs_address,
        "reason": one.reason,
        "rules": list(one.rules),
        "evidence": dict(one.evidence),
        "need": one.need,
    }


def _required(plan_id: int | None) -> int:
    if plan_id is None:
        raise NotFound
    return plan_id


def _plan_id(connection: Connection, principal: Principal, week: IsoWeek) -> int | None:
    stored = stored_plan(connection, principal, week)
    return None if stored is None else stored.id


def _slot_values(slot: Slot) -> dict[str, Any]:
    return {
        "slot_at": slot.starts_at,
        "slot_day": slot.day,
        "slot_minutes": slot.minutes,
        "slot_note": slot.note or None,
    }


# Answers


def done(
    connection: Connection,
    principal: Principal,
    suggestion_id: int,
    at: datetime,
    *,
    channel: str | None = None,
    when: datetime | None = None,
    note: str | None = None,
    via: str = "page",
) -> Answer:
    """It was done: logs the interaction, by the act's channel and now unless told otherwise.

    Done already, or reached since by another way: nothing is logged again.
    """
    require_planner(principal)
    row, state = _standing(connection, principal, suggestion_id, at)
    if state.state == "done":
        return Answer(state.response_id, state.interaction_id, is_new=False)
    if state.state == "contacted":
        return Answer(None, state.interaction_id, is_new=False)
    way = channel or CHANNELS_OF_ACTS[row.act]
    entry = Entry(when or at, way, (row.contact_id,), direction_of(way), note=note)
    interaction_id = log_interaction(connection, principal, entry, at)
    given = _answer(
        connection, principal, row, "done", at, via, to_act=act_of(way), interaction_id=interaction_id
    )
    return Answer(given, interaction_id)


def swap(
    connection: Connection,
    principal: Principal,
    suggestion_id: int,
    act: str,
    at: datetime,
    *,
    via: str = "page",
) -> Answer:
    """Another act for the same person, at a moment of its own; or the same act, where its moment is lost by now."""
    require_planner(principal)
    if act not in GROUPS:
        raise Invalid(
            _("Choose a call, lunch, meeting, visit, note or gift."), fields={"act": _("Choose an act.")}
        )
    row, state = _standing(connection, principal, suggestion_id, at)
    if row.act == act and not suggested(connection, principal, suggestion_id, at).has_lost_its_moment:
        newest = last_swap(connection, principal, suggestion_id)
        return Answer(newest and newest.id, is_new=False)
    _require_open(state)
    slot, needs_address = another_slot(connection, principal, row, act, at)
    before = {
        "slot_at": row.slot_at and row.slot_at.isoformat(),
        "slot_day": row.slot_day and row.slot_day.isoformat(),
        "slot_minutes": row.slot_minutes,
        "slot_note": row.slot_note,
        "needs_address": row.needs_address,
    }
    given = _answer(connection, principal, row, "swap", at, via, from_act=row.act, to_act=act, before=before)
    _change(connection, principal, row.id, act=act, needs_address=needs_address, **_slot_values(slot))
    return Answer(given)


def snooze_days(today: date) -> tuple[str, str]:
    """The first and the last day somebody may be snoozed until, as a date field says them."""
    return (today + timedelta(days=1)).isoformat(), _last_snooze(today).isoformat()


def _last_snooze(today: date) -> date:
    return today + timedelta(days=LONGEST_SNOOZE_DAYS)


def snooze(
    connection: Connection,
    principal: Principal,
    suggestion_id: int,
    until: date,
    at: datetime,
    *,
    via: str = "page",
) -> Answer:
    """Not before that day: the person is suggested again from then on. Another day replaces the first."""
    require_planner(principal)
    today = principal.own_day(at)
    if not today < until <= _last_snooze(today):
        told = (
            _("That day has passed. Choose one from tomorrow on.")
            if until <= today
            else _("Choose a day within a year.")
        )
        raise Invalid(told, fields={"until": told})
    row, state = _standing(connection, principal, suggestion_id, at)
    if state.state == "snoozed" and state.response_id is not None:
        if state.day == until:
            return Answer(state.response_id, is_new=False)
        _take_back(connection, principal, state.response_id, at)
    _require_open(state, allowed=("planned", "snoozed", "skipped"))
    return Answer(_answer(connection, principal, row, "snooze", at, via, until_day=until))


def skip(
    connection: Connection, principal: Principal, suggestion_id: int, at: datetime, *, via: str = "page"
) -> Answer:
    """Not this week."""
    return _dismiss(connection, principal, suggestion_id, "skip", at, via)


def not_this_person(
    connection: Connection, principal: Principal, suggestion_id: int, at: datetime, *, via: str = "page"
) -> Answer:
    """Never suggest this contact to this user, until that is undone."""
    return _dismiss(connection, principal, suggestion_id, "not_this_person", at, via)


def _dismiss(
    connection: Connection, principal: Principal, suggestion_id: int, verb: str, at: datetime, via: str
) -> Answer:
    require_planner(principal)
    row, state = _standing(connection, principal, suggestion_id, at)
    if state.state == {"skip": "skipped"}.get(verb, verb):
        return Answer(state.response_id, is_new=False)
    _require_open(state, allowed=("planned", "snoozed", "skipped", "contacted"))
    return Answer(_answer(connection, principal, row, verb, at, via))


def undo(connection: Connection, principal: Principal, response_id: int, at: datetime) -> None:
    """Take back exactly that answer: the interaction it logged leaves the log, a swap gets its old act and moment.

    Undone already: nothing happens, but that an interaction still in the log leaves it, such as one that was corrected
    to *No answer*. Only one's own answers; others' are not there.
    """
    require_planner(principal)
    given = _own_answer(connection, principal, response_id)
    if given.verb == "done" and given.interaction_id is not None:
        _unlog(connection, principal, given, at)
    if given.undone_at is not None:
        return
    if given.verb == "swap":
        _swap_back(connection, principal, given)
    _take_back(connection, principal, response_id, at)


def _own_answer(connection: Connection, principal: Principal, response_id: int) -> Row[Any]:
    """One's own answer, locked after its suggestion, as whoever answers locks that: no later answer is given meanwhile."""
    own = select(response).where(
        response.c.workspace_id == principal.workspace_id,
        response.c.id == response_id,
        response.c.user_id == principal.user_id,
    )
    found = connection.execute(own).one_or_none()
    if found is not None and found.suggestion_id is not None:
        own_suggestion(connection, principal, found.suggestion_id)
    given = connection.execute(own.with_for_update()).one_or_none()
    if given is None:
        raise NotFound
    return given


def _unlog(connection: Connection, principal: Principal, given: Row[Any], at: datetime) -> None:
    """Delete what the answer logged, unless somebody made it an entry about others since."""
    log, took_part = interaction.c, interaction_contact.c
    this = log.workspace_id == principal.workspace_id, log.id == given.interaction_id
    same = (log.workspace_id == took_part.workspace_id) & (log.id == took_part.interaction_id)
    still = select(took_part.contact_id).join(interaction, same).where(*this, log.deleted_at.is_(None))
    people = connection.execute(still).scalars().all()
    if not people:
        return
    if given.contact_id not in people:
        raise Conflict(_("That has been changed again since, so it cannot be undone."))
    delete_interaction(connection, principal, given.interaction_id, at)


def _swap_back(connection: Connection, principal: Principal, given: Row[Any]) -> None:
    newest = last_swap(connection, principal, given.suggestion_id)
    if newest is None or newest.id != given.id:
        raise Conflict(_("It has been swapped again since. Undo the later swap first."))
    before = given.before
    _change(
        connection,
        principal,
        given.suggestion_id,
        act=given.from_act,
        needs_address=before["needs_address"],
        slot_at=before["slot_at"] and datetime.fromisoformat(before["slot_at"]),
        slot_day=before["slot_day"] and date.fromisoformat(before["slot_day"]),
        slot_minutes=before["slot_minutes"],
        slot_note=before["slot_note"],
    )


def _standing(
    connection: Connection, principal: Principal, suggestion_id: int, at: datetime
) -> tuple[Row[Any], State]:
    """The suggestion, locked, and how it stands."""
    row = own_suggestion(connection, principal, suggestion_id)
    return row, states_of(connection, principal, [row], at)[row.id]


_WHY_NOT = {
    "done": N_("This is already done. Undo that first."),
    "contacted": N_("You have already been in touch, so there is nothing to do here."),
    "not_this_person": N_("You said not this person. Undo that first."),
    "snoozed": N_("This is snoozed. Undo that first."),
    "skipped": N_("This is skipped. Undo that first."),
}


def _require_open(state: State, allowed: tuple[str, ...] = ("planned",)) -> None:
    if state.state not in allowed:
        raise Conflict(_(_WHY_NOT[state.state]))


def _answer(
    connection: Connection,
    principal: Principal,
    row: Row[Any],
    verb: str,
    at: datetime,
    via: str,
    **values: Any,
) -> int:
    response_id = new_id(connection)
    connection.execute(
        response.insert(),
        {
            "workspace_id": principal.workspace_id,
            "id": response_id,
            "suggestion_id": row.id,
            "user_id": row.user_id,
            "contact_id": row.contact_id,
            "verb": verb,
            "via": via,
            "made_at": at,
            **values,
        },
    )
    return response_id


def last_swap(connection: Connection, principal: Principal, suggestion_id: int) -> Row[Any, Any, Any] | None:
    """The newest swap that holds, the only one that `undo` takes back: its ``id``, ``via`` and ``to_act``."""
    return connection.execute(
        select(response.c.id, response.c.via, response.c.to_act)
        .where(
            response.c.workspace_id == principal.workspace_id,
            response.c.suggestion_id == suggestion_id,
            response.c.verb == "swap",
            response.c.undone_at.is_(None),
        )
        .order_by(response.c.made_at.desc(), response.c.id.desc())
        .limit(1)
    ).one_or_none()


def _take_back(connection: Connection, principal: Principal, response_id: int, at: datetime) -> None:
    connection.execute(
        response.update()
        .where(response.c.workspace_id == principal.workspace_id, response.c.id == response_id)
        .values(undone_at=at)
    )


def _change(connection: Connection, principal: Principal, suggestion_id: int, **values: Any) -> None:
    connection.execute(
        suggestion.update()
        .where(suggestion.c.workspace_id == principal.workspace_id, suggestion.c.id == suggestion_id)
        .values(**values)
    )
