"""One import under way: what its steps share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection, select

from crm.accounts.addresses import normal_email
from crm.contacts.actions import add_contacts
from crm.contacts.drafts import EMAIL_LIMIT, NOBODY, NewContact, Way, is_email, one_line
from crm.domain.principal import Principal
from crm.errors import Invalid
from crm.imports.cells import excerpt
from crm.imports.matching import Ambiguous, People
from crm.imports.phrases import phrase
from crm.imports.report import FileReport
from crm.imports.sources import Sources, Traces
from crm.imports.stored import NOBODY_WORD
from crm.storage.tables import user
from crm.storage.text import fold

Progress = Callable[[int], None]
"""Told how many records more are done."""


class UnknownUser(Exception):
    """No user of the team has this email."""


@dataclass
class Run:
    """One transaction of an import. ``touched`` are the people whose metrics have to follow."""

    connection: Connection
    principal: Principal
    at: datetime
    batch_id: int
    progress: Progress
    sources: Sources = field(init=False)
    people: People = field(init=False)
    traces: Traces = field(default_factory=Traces)
    touched: set[int] = field(default_factory=set)
    users: dict[str, int] = field(init=False)
    sole_user: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.sources = Sources(self.connection, self.principal, self.batch_id)
        self.people = People(self.connection, self.principal)
        rows = self.connection.execute(
            select(user.c.id, user.c.email, user.c.active).where(
                user.c.workspace_id == self.principal.workspace_id
            )
        ).all()
        self.users = {row.email: row.id for row in rows}
        active = [row.id for row in rows if row.active]
        self.sole_user = active[0] if len(active) == 1 else None

    @property
    def today(self) -> date:
        """The day of the import where the workspace is."""
        return self.principal.team_day(self.at)

    @property
    def default_owner(self) -> int | None:
        """Who keeps whoever is new: the importing user, on the command line the only active one, else nobody."""
        return self.sole_user if self.principal.user_id is None else self.principal.user_id

    def user_id(self, email: str) -> int | None:
        """The user of that email; None for the word that means nobody. Raises UnknownUser."""
        if email.casefold() == NOBODY_WORD:
            return None
        found = self.users.get(normal_email(email))
        if found is None:
            raise UnknownUser(
                phrase(
                    "“{email}” is not a user here. Add them first (crm user add), or leave the cell empty.",
                    email=excerpt(email),
                )
            )
        return found

    # People named by records about them.

    def doubts(self, references: Iterable[str]) -> dict[str, str]:
        """The references that may mean several people, each with its question."""
        wanted = list(dict.fromkeys(references))
        self.people.load_references(wanted)
        found: dict[str, str] = {}
        for reference in wanted:
            if one_line(reference) is None or (is_email(reference) and len(reference) > EMAIL_LIMIT):
                found[reference] = phrase(
                    "“{name}” cannot be anybody's name or email. The row was left out.",
                    name=excerpt(reference),
                )
                continue
            try:
                self.people.refer(reference)
            except Ambiguous as several:
                found[reference] = several.question
        return found

    def settle(self, references: Iterable[str], report: FileReport) -> dict[str, int]:
        """Whom each reference means; whoever is not here is written down as *other*, *none*. ``doubts`` comes first."""
        found: dict[str, int] = {}
        fresh: dict[str, list[str]] = {}
        for reference in dict.fromkeys(references):
            row_id = self.people.refer(reference)
            if row_id is None:
                fresh.setdefault(fold(reference), []).append(reference)
            else:
                found[reference] = row_id
        for same, row_id in zip(fresh.values(), self._write_down(fresh, report), strict=True):
            found.update(dict.fromkeys(same, row_id))
        return found

    def _write_down(self, fresh: dict[str, list[str]], report: FileReport) -> list[int]:
        names = [references[0] for references in fresh.values()]
        drafts = [
            NewContact(
                name=name,
                emails=(Way(name),) if is_email(name) else (),
                owner_id=self.default_owner or NOBODY,
            )
            for name in names
        ]
        ids = add_contacts(self.connection, self.principal, drafts, self.at) if drafts else []
        for row_id, name in zip(ids, names, strict=True):
            self.people.add(row_id, name, (name,) if is_email(name) else (), None, self.default_owner)
            report.name(name)
        self.traces.made("contact", ids)
        self.touched.update(ids)
        report.new["contacts"] += len(ids)
        return ids


def sentence_of(refusal: Invalid) -> str:
    """What a refused draft says, in one line."""
    return " ".join(dict.fromkeys([refusal.sentence, *refusal.fields.values()]))
