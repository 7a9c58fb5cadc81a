"""Earlier weeks: the plans as they would have been made then, what became of them, and the mails that carried them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, Row

from crm.accounts.queries import principal_of
from crm.demo.cast import TEAM, Person, Teammate
from crm.demo.habits import CLOSE
from crm.demo.log import Logged
from crm.domain.channels import SHIPPED
from crm.domain.planner import GROUPS
from crm.domain.principal import Principal
from crm.domain.spans import names_and_others
from crm.domain.weeks import IsoWeek, due_instant
from crm.interactions.actions import answer_suggestion
from crm.planning.actions import done, make_plan, not_this_person, skip, snooze, swap
from crm.planning.queries import states_of, suggestions_of
from crm.storage.database import new_id, new_ids
from crm.storage.tables import outbox, outbox_event

WEEKS = {"nora": 6, "theo": 3, "sam": 2, "hana": 2}
"""How many earlier weeks have a plan."""
MONDAY_AT = time(8)
LONG_SNOOZE = timedelta(days=28)
PERSONAL = frozenset(channel.key for channel in SHIPPED if channel.personal)
GREYLISTED = "451 4.7.1 Greylisted, please try again in a few minutes"
FULL = "552 5.2.2 The mailbox is full"


@dataclass
class Past:
    """What the past weeks are made from."""

    connection: Connection
    rng: Random
    people: Mapping[int, Person]
    talks: Mapping[int, Sequence[Logged]]
    today: date

    def plan(self, principal: Principal, week: IsoWeek, at: datetime) -> list[Row[Any]]:
        """The week's plan, made at ``at`` from the log as it stood, and answered."""
        plan_id = make_plan(self.connection, principal, week, at)
        found = suggestions_of(self.connection, principal, plan_id)
        for row in found:
            self._answer(principal, row, week, at)
        return list(found)

    def _answer(self, principal: Principal, row: Row[Any], week: IsoWeek, at: datetime) -> None:
        """As the log has it; people who are close are reached, others put off, so that this week asks for them again."""
        person = self.people[row.contact_id]
        talk = self._talk_of(row.contact_id, week, at)
        later = at + timedelta(days=self.rng.randint(0, 3), minutes=self.rng.randint(30, 360))
        chance = self.rng.random()
        standing = states_of(self.connection, principal, [row], later)[row.id].state
        if talk is not None:
            told = talk.occurred_at + timedelta(hours=2)
            answer_suggestion(self.connection, principal, row.id, talk.id, told)
        elif standing != "planned":
            return
        elif person.habit == "lapsed" and person.owner == "nora":
            not_this_person(self.connection, principal, row.id, later)
        elif person.habit in (*CLOSE, "warm") and chance < 0.85:
            self._do(principal, row, later)
        elif chance < 0.15 and self._is_long_ago(week):
            skip(self.connection, principal, row.id, later)
        else:
            until = min(week.monday + LONG_SNOOZE, IsoWeek.of(self.today).monday)
            snooze(self.connection, principal, row.id, until, later, via=self.rng.choice(("page", "mail")))

    def _do(self, principal: Principal, row: Row[Any], at: datetime) -> None:
        if GROUPS[row.act] == "in_person" and self.rng.random() < 0.4:
            swap(self.connection, principal, row.id, "call", at - timedelta(minutes=5))
        via = self.rng.choice(("page", "page", "mail"))
        done(self.connection, principal, row.id, at, when=at - timedelta(minutes=15), via=via)

    def _talk_of(self, contact_id: int, week: IsoWeek, at: datetime) -> Logged | None:
        """The first personal interaction in what was left of the week."""
        return next(
            (
                one
                for one in self.talks.get(contact_id, ())
                if one.occurred_at > at and one.happening.day <= week.sunday
            ),
            None,
        )

    def _is_long_ago(self, week: IsoWeek) -> bool:
        return self.today - week.monday > timedelta(weeks=4)


def write(
    connection: Connection,
    principal: Principal,
    rng: Random,
    everybody: Sequence[Person],
    logged: Sequence[Logged],
    contacts: Mapping[str, int],
    users: Mapping[str, int],
    today: date,
) -> None:
    """Make the plans of earlier weeks, the oldest first, answer them, and put the sent mails into the outbox."""
    people = {contacts[one.name]: one for one in everybody}
    past = Past(connection, rng, people, _talks(logged, contacts), today)
    this_week = IsoWeek.of(today)
    for back in range(max(WEEKS.values()), 0, -1):
        week = IsoWeek.of(this_week.monday - timedelta(weeks=back))
        for mate in TEAM:
            if WEEKS[mate.key] >= back:
                own = principal_of(connection, principal, users[mate.key])
                at = due_instant(week, 0, MONDAY_AT, own.user_zone)
                found = past.plan(own, week, at)
                names = [people[row.contact_id].given for row in found]
                _mail(connection, own, mate, week, at, names, _trouble(mate, back))


def _talks(logged: Sequence[Logged], contacts: Mapping[str, int]) -> dict[int, list[Logged]]:
    found: dict[int, list[Logged]] = {}
    for one in logged:
        happening = one.happening
        if happening.channel in PERSONAL and happening.outcome == "reached":
            for name in happening.people:
                found.setdefault(contacts[name], []).append(one)
    return found


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
    steps = [(state, None, second) for second, state in enumerate(("due", "claimed", "handing_over"), 2)]
    if not names:
        steps[2:] = [("nothing_due", "Nobody was due that week.", 4)]
    elif trouble == FULL:
        steps.append(("failed", FULL, 5))
    elif trouble:
        steps += [
            ("retry", trouble, 5),
            ("claimed", None, 65),
            ("handing_over", None, 66),
            ("sent", None, 67),
        ]
    else:
        steps.append(("sent", None, 5))
    state, reason, seconds = steps[-1]
    ended = due_at + timedelta(seconds=seconds)
    mail_id = new_id(connection)
    shared = {"workspace_id": principal.workspace_id}
    row = {
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
    connection.execute(outbox.insert(), {**shared, **row})
    events = [
        {
            **shared,
            "id": event_id,
            "outbox_id": mail_id,
            "state": name,
            "reason": why,
            "at": due_at + timedelta(seconds=after),
        }
        for event_id, (name, why, after) in zip(new_ids(connection, len(steps)), steps, strict=True)
    ]
    connection.execute(outbox_event.insert(), events)
