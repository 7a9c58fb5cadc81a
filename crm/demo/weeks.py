"""Earlier weeks: the plans as they would have been made then, what became of them, and the mails that carried them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row

from crm.accounts.queries import principal_of
from crm.demo.cast import TEAM, Person, Teammate
from crm.demo.habits import CLOSE
from crm.demo.log import ZONES
from crm.demo.words import a_note
from crm.domain.budgets import GROUPS, Budget
from crm.domain.left_out import LeftOut
from crm.domain.principal import Principal
from crm.domain.spans import names_and_others
from crm.domain.weeks import IsoWeek, due_instant
from crm.interactions.actions import Entry, log_interaction
from crm.planning.actions import done, leave_out, make_plan, not_this_person, skip, snooze, swap
from crm.planning.queries import suggestions_of
from crm.planning.states import states_of
from crm.storage.database import new_id, new_ids
from crm.storage.tables import outbox, outbox_event, plan, suggestion, user

WEEKS = {"nora": 5, "theo": 2, "sam": 2, "hana": 2}
"""How many earlier weeks have a plan."""
MONDAY_AT = time(8)
LONG_SNOOZE = timedelta(days=28)
BUDGET = Budget()
USUAL = {"call": BUDGET.call, "in_person": BUDGET.in_person, "by_hand": BUDGET.by_hand, "total": BUDGET.total}
ROOMY = {"budget_call": 9, "budget_in_person": 4, "budget_by_hand": 5, "budget_total": 18}
"""While the past is made, plans have more room than usual, so that there is something to choose from."""
WELCOMING = CLOSE | {"warm"}
"""Habits of those who were reached when a plan asked for it."""
GREYLISTED = "451 4.7.1 Greylisted, please try again in a few minutes"
FULL = "552 5.2.2 The mailbox is full"
Step: TypeAlias = tuple[str, str | None, int]
"""A state that a mail went through, the reason, and how many seconds after it was due."""
HANDED_OVER: tuple[Step, ...] = (("due", None, 2), ("claimed", None, 3), ("handing_over", None, 4))
NOBODY_DUE: tuple[Step, ...] = (*HANDED_OVER[:2], ("nothing_due", "Nobody was due that week.", 4))


@dataclass(frozen=True)
class Past:
    """One user and what their past weeks are made from."""

    connection: Connection
    principal: Principal
    rng: Random
    people: Mapping[int, Person]
    today: date

    def plan(self, week: IsoWeek, at: datetime) -> list[Row[Any]]:
        """The week's plan, made at ``at`` from the log as it stood, and answered."""
        plan_id = make_plan(self.connection, self.principal, week, at)
        rows = suggestions_of(self.connection, self.principal, plan_id)
        kept = self._kept(rows, week)
        self._shorten(plan_id, rows, kept)
        for row in kept:
            self._answer(row, week, at)
        self._catch_up(kept, week, at)
        return kept

    def _kept(self, rows: Sequence[Row[Any]], week: IsoWeek) -> list[Row[Any]]:
        """As many as the usual budget has room for; first those that come to something."""
        room = dict(USUAL)
        kept = []
        for row in sorted(rows, key=lambda row: (not self._is_reached(row.contact_id, week), row.position)):
            group = GROUPS[row.act]
            if room[group] > 0:
                room[group] -= 1
                kept.append(row)
        return sorted(kept, key=lambda row: row.position)

    def _is_reached(self, contact_id: int, week: IsoWeek) -> bool:
        person = self.people[contact_id]
        return person.habit in WELCOMING or self._revives(person, week)

    def _revives(self, person: Person, week: IsoWeek) -> bool:
        return person.habit == "revived" and person.weeks == self._weeks_ago(week)

    def _weeks_ago(self, week: IsoWeek) -> int:
        return (IsoWeek.of(self.today).monday - week.monday).days // 7

    def _shorten(self, plan_id: int, rows: Sequence[Row[Any]], kept: Sequence[Row[Any]]) -> None:
        """The plan was made with more room than usual; now it has the usual again."""
        gone = [row for row in rows if row not in kept]
        own = self.principal.workspace_id
        surplus = suggestion.c.id.in_([row.id for row in gone])
        self.connection.execute(suggestion.delete().where(suggestion.c.workspace_id == own, surplus))
        this = (plan.c.workspace_id == own, plan.c.id == plan_id)
        self.connection.execute(plan.update().where(*this).values(budget=USUAL))
        full = [LeftOut(row.contact_id, "budget") for row in gone]
        leave_out(self.connection, self.principal, plan_id, full)

    def _answer(self, row: Row[Any], week: IsoWeek, at: datetime) -> None:
        """Those who are reached, are; others are put off, so that this week asks for them again."""
        person = self.people[row.contact_id]
        later = self._moment(at)
        if states_of(self.connection, self.principal, [row], later)[row.id].state != "planned":
            return
        chance = self.rng.random()
        if self._revives(person, week) or (person.habit in WELCOMING and chance < 0.85):
            self._do(row, person, later, self._weeks_ago(week))
        elif person.habit == "lapsed" and person.owner == "nora":
            not_this_person(self.connection, self.principal, row.id, later)
        elif chance < 0.25 and self._weeks_ago(week) == 4:
            return
        elif chance < 0.5 and self._weeks_ago(week) == 4:
            skip(self.connection, self.principal, row.id, later)
        else:
            until = min(week.monday + LONG_SNOOZE, IsoWeek.of(self.today).monday)
            if person.habit == "revived" and person.weeks < self._weeks_ago(week):
                until = min(until, week.next().monday)
            via = self.rng.choice(("page", "mail"))
            snooze(self.connection, self.principal, row.id, until, later, via=via)

    def _do(self, row: Row[Any], person: Person, at: datetime, weeks_ago: int) -> None:
        """Done as suggested, but three weeks ago, when everything went another way."""
        if weeks_ago == 3:
            other = "note" if row.act == "call" else "call"
            swap(self.connection, self.principal, row.id, other, at - timedelta(minutes=5))
        done(
            self.connection,
            self.principal,
            row.id,
            at,
            when=at - timedelta(minutes=15),
            note=a_note(self.rng, person, at.date()),
            via=self.rng.choice(("page", "page", "mail")),
        )

    def _catch_up(self, kept: Sequence[Row[Any]], week: IsoWeek, at: datetime) -> None:
        """Whoever was to be reached in that week and found no place in its plan is rung all the same."""
        planned = {row.contact_id for row in kept}
        owner = next(mate.key for mate in TEAM if ZONES[mate.key] == self.principal.user_zone)
        for contact_id, person in self.people.items():
            if person.owner == owner and self._revives(person, week) and contact_id not in planned:
                when = self._moment(at)
                note = a_note(self.rng, person, when.date())
                entry = Entry(when, "phone", (contact_id,), summary="Rang without a reason", note=note)
                log_interaction(self.connection, self.principal, entry, when)

    def _moment(self, at: datetime) -> datetime:
        """Some time of a working day from Monday to Thursday."""
        return at + timedelta(days=self.rng.randint(0, 3), minutes=self.rng.randint(70, 480))


def write(
    connection: Connection,
    principal: Principal,
    rng: Random,
    everybody: Sequence[Person],
    contacts: Mapping[str, int],
    users: Mapping[str, int],
    today: date,
) -> None:
    """Make the plans of earlier weeks, the oldest first, answer them, and put the sent mails into the outbox.

    From Tuesday on this week has its plan as well, unanswered: made on Monday, like any other.
    """
    people = {contacts[one.name]: one for one in everybody}
    _set_budgets(connection, principal, ROOMY)
    for back in range(max(WEEKS.values()), 0, -1):
        week = IsoWeek.of(IsoWeek.of(today).monday - timedelta(weeks=back))
        for mate in TEAM:
            if WEEKS[mate.key] >= back:
                own = principal_of(connection, principal, users[mate.key])
                at = due_instant(week, 0, MONDAY_AT, own.user_zone)
                found = Past(connection, own, rng, people, today).plan(week, at)
                names = [people[row.contact_id].given for row in found]
                _mail(connection, own, mate, week, at, names, _trouble(mate, back))
    _set_budgets(connection, principal, {f"budget_{name}": value for name, value in USUAL.items()})
    this = IsoWeek.of(today)
    for mate in TEAM if today > this.monday else ():
        own = principal_of(connection, principal, users[mate.key])
        make_plan(connection, own, this, due_instant(this, 0, MONDAY_AT, own.user_zone))


def _set_budgets(connection: Connection, principal: Principal, budgets: Mapping[str, int]) -> None:
    connection.execute(user.update().where(user.c.workspace_id == principal.workspace_id).values(**budgets))


def _trouble(mate: Teammate, back: int) -> str | None:
    """What the mail server said on two of these Mondays."""
    return {("theo", 2): GREYLISTED, ("sam", 2): FULL}.get((mate.key, back))


def _mail(
    connection: Connection,
    principal: Principal,
    mate: Teammate,
    week: IsoWeek,
    due_at: datetime,
    names: Sequence[str],
    trouble: str | None,
) -> None:
    """The nudge of that week with every state it went through."""
    steps = _steps(trouble) if names else NOBODY_DUE
    state, reason, seconds = steps[-1]
    ended = due_at + timedelta(seconds=seconds)
    mail_id = new_id(connection)
    row = {
        "workspace_id": principal.workspace_id,
        "id": mail_id,
        "user_id": principal.user_id,
        "purpose": "nudge",
        "week": str(week),
        "message_id": f"<nudge.{week}.{mate.email}>",
        "to_address": mate.email,
        "subject": f"{names_and_others(names)} this week" if names else None,
        "state": state,
        "reason": reason,
        "due_at": due_at,
        "next_try_at": due_at,
        "fence": 1,
        "attempts": sum(step[0] == "claimed" for step in steps),
        "changed_at": ended,
        "sent_at": ended if state == "sent" else None,
    }
    connection.execute(outbox.insert(), row)
    events = [
        {
            "workspace_id": principal.workspace_id,
            "id": event_id,
            "outbox_id": mail_id,
            "state": name,
            "reason": why,
            "at": due_at + timedelta(seconds=after),
        }
        for event_id, (name, why, after) in zip(new_ids(connection, len(steps)), steps, strict=True)
    ]
    connection.execute(outbox_event.insert(), events)


def _steps(trouble: str | None) -> Sequence[Step]:
    """How a mail went out, or did not, given what the mail server said of it."""
    if trouble is None:
        return (*HANDED_OVER, ("sent", None, 5))
    if trouble == FULL:
        return (*HANDED_OVER, ("failed", FULL, 5))
    again: tuple[Step, ...] = (("claimed", None, 65), ("handing_over", None, 66), ("sent", None, 67))
    return (*HANDED_OVER, ("retry", trouble, 5), *again)
