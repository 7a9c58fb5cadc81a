"""P11: the weekly plans of many users with 100 people each, and their mails composed.

Plans have no floor: for ten times the users they may take ten times as long. A mail's floor is what anybody would
write: a Jinja template of the finished HTML, with no MJML in between, and the standard library's EmailMessage. It
renders the same words from the same view.
"""

import html as escaping
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC
from datetime import time as time_of_day
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from jinja2 import Environment, Template
from sqlalchemy import insert, select

from benchmarks.data import Filled, Size, fill
from benchmarks.measure import Figure, in_turn
from benchmarks.people import NOW, YEARS
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek, local_instant
from crm.mail.message import Mailbox, compose, new_message_id, serialise, unsubscribe_headers
from crm.mail.rendering import render
from crm.mail.views import NudgeMail
from crm.nudges.compose import Told, Writer
from crm.nudges.quiet import Empty
from crm.planning.actions import make_plan
from crm.planning.queries import plan_of
from crm.settings import Settings
from crm.storage.database import Database, new_ids
from crm.storage.stored_metrics import freshen
from crm.storage.tables import contact, user
from crm.templating import environment

EACH = 100
A_PERSON = 30
"""Interactions, as in size M."""
WEEK = IsoWeek.of(NOW.date()).next()
MONDAY = local_instant(WEEK.monday, time_of_day(8), UTC)
SENDER = Mailbox("in-person@crm.example.org", "In Person")
MOST_MAILS = 200
ROUNDS = 5
TARGET = 0.8
HEADERS = unsubscribe_headers("https://crm.example.org/n/stop")


def plans(fresh: Callable[[], str], numbers: Sequence[int]) -> Iterator[Figure]:
    """The figures for each number of users, and from one to the next."""
    before: tuple[int, float] | None = None
    for number in numbers:
        database = Database(fresh())
        try:
            principals = _team(database, number)
            seconds = _planned(database, principals)
            yield Figure(f"P11 plans of {number:,} users, each", seconds / number * 1000, None, float("inf"))
            if before is not None:
                name = f"P11 plans, {before[0]:,} to {number:,} users"
                yield Figure(name, seconds * 1000, before[1] * number / before[0] * 1000, 1.2)
            before = number, seconds
            yield _mails(database, principals)
        finally:
            database.close()


def _team(database: Database, number: int) -> list[Principal]:
    filled = fill(database, Size("plans", number * EACH, number * EACH * A_PERSON))
    with database.write() as connection:
        one = dict(connection.execute(select(user)).one()._mapping)
        ids = new_ids(connection, number)
        rows = [{**one, "id": row, "email": f"user{row}@team.example", "name": f"User {row}"} for row in ids]
        connection.execute(insert(user), rows)
        for place, row in enumerate(ids):
            whose = filled.contact_ids[place::number]
            mine = contact.c.workspace_id == filled.principal.workspace_id, contact.c.id.in_(whose)
            connection.execute(contact.update().where(*mine).values(owner_id=row, city="Boston"))
    freshen(database, filled.principal, MONDAY)
    return [_as(filled, row) for row in ids]


def _as(filled: Filled, user_id: int) -> Principal:
    return replace(filled.principal, user_id=user_id)


def _planned(database: Database, principals: Sequence[Principal]) -> float:
    """The seconds in which everybody's plan is made, a transaction each."""
    begun = time.perf_counter()
    for principal in principals:
        with database.write() as connection:
            make_plan(connection, principal, WEEK, MONDAY)
    return time.perf_counter() - begun


def _mails(database: Database, principals: Sequence[Principal]) -> Figure:
    views = _views(database, principals[:MOST_MAILS])
    templates = environment()
    floors = {len(view.suggestions): _floor_templates(templates, view) for view in views}
    ours, floor = in_turn(
        (
            lambda: [_ours(templates, view) for view in views],
            lambda: [_floor(floors[len(view.suggestions)], view) for view in views],
        ),
        ROUNDS,
    )
    return Figure("P11 a mail composed", ours / len(views), floor / len(views), 1 / TARGET)


def _views(database: Database, principals: Sequence[Principal]) -> list[NudgeMail]:
    writer = Writer(Settings(secret_key="benchmark " * 4, base_url="https://crm.example.org"), environment())
    found = []
    for principal in principals:
        with database.read() as connection:
            plan = plan_of(connection, principal, WEEK, MONDAY)
            row = connection.execute(select(user).where(user.c.id == principal.user_id)).one()
        if plan is not None and plan.open:
            told = Told(principal, row, WEEK, principal.own_day(MONDAY))
            found.append(writer._nudge(told, plan, (), Empty(), "", MONDAY, proposed=False))
    assert found, f"nobody has anything to do in {YEARS} years"
    return found


def _ours(templates: Environment, view: NudgeMail) -> bytes:
    mail = render(templates, "nudge", {"mail": view})
    return serialise(
        compose(
            sender=SENDER,
            to=Mailbox("nora@team.example"),
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            message_id=new_message_id("crm.example.org"),
            date=MONDAY,
            headers=HEADERS,
        )
    )


def _floor(templates: tuple[Template, Template], view: NudgeMail) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = str(SENDER.header()), "nora@team.example"
    message["Subject"] = view.subject
    message["Message-ID"] = new_message_id("crm.example.org")
    for name, value in HEADERS.items():
        message[name] = value
    text, html = (template.render(mail=view) for template in templates)
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message.as_bytes()


def _floor_templates(templates: Environment, view: NudgeMail) -> tuple[Template, Template]:
    """What our templates make of a view like this, with the values taken out again and left as expressions."""
    marked, marks = _marked(view)
    mail = render(templates, "nudge", {"mail": marked})
    plain = Environment(autoescape=False)
    return plain.from_string(_unmarked(mail.text, marks)), Environment(autoescape=True).from_string(
        _unmarked(mail.html, marks)
    )


def _marked(view: NudgeMail) -> tuple[NudgeMail, dict[str, str]]:
    marks: dict[str, str] = {}

    def mark(value: Any, where: str) -> Any:
        if not isinstance(value, str) or not value:
            return value
        word = (
            f"https://mark.example/{len(marks):04}/"
            if value.startswith("https://")
            else f"Mark{len(marks):04}"
        )
        marks[word] = where
        return word

    suggestions = tuple(
        replace(one, **{
            field.name: mark(getattr(one, field.name), f"mail.suggestions[{place}].{field.name}")
            for field in fields(one) if field.name != "act"
        })
        for place, one in enumerate(view.suggestions)
    )  # fmt: skip
    whole = {
        name: mark(value, f"mail.{name}") for name, value in asdict(view).items() if isinstance(value, str)
    }
    return replace(view, suggestions=suggestions, **whole), marks


def _unmarked(words: str, marks: dict[str, str]) -> str:
    for word, where in marks.items():
        words = words.replace(escaping.escape(word), "{{ " + where + " }}")
    return words
