"""Who is meant: by any email, else by name, with the organisation or a phone in common. Never a silent guess."""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, or_, select

from crm.contacts.drafts import EMAIL_LIMIT, is_email
from crm.contacts.rows import folded_name
from crm.domain.language import N_
from crm.domain.phones import region_of, same_number
from crm.domain.principal import Principal
from crm.imports.cells import excerpt
from crm.imports.phrases import both, phrase
from crm.imports.records import ContactRecord
from crm.storage.blocks import blocks
from crm.storage.tables import contact, contact_email, contact_phone, organisation
from crm.storage.text import fold

_NUMBERED = re.compile(r"(.+) #+(\d{1,6})")


@dataclass
class Known:
    """Somebody who is here, or about to be: ``row_id`` is negative until they are written."""

    row_id: int
    name: str
    folded: str
    emails: tuple[str, ...]
    organisation: str
    owner_id: int | None
    phones: tuple[str, ...] = ()


@dataclass(frozen=True)
class Match:
    """Who a row is about: ``row_id`` None is somebody new. ``waits``: the question must be answered first."""

    row_id: int | None = None
    question: str | None = None
    waits: bool = False


def numbered(name: str, number: int, taken: Container[str]) -> str:
    """A reference to one of several people of that name; ``taken`` are the folded names that it must not be."""
    marks = "#"
    while folded_name(reference := f"{name} {marks}{number}") in taken and len(marks) < 9:
        marks += "#"
    return reference


class Ambiguous(Exception):
    """Several people are meant; ``question`` says who."""

    def __init__(self, question: str) -> None:
        super().__init__(question)
        self.question = question


def folded_email(email: str) -> str:
    """An address as it is compared."""
    return email.casefold()[:EMAIL_LIMIT]


class People:
    """The people of a workspace by email and name, read as far as a file needs them."""

    def __init__(self, connection: Connection, principal: Principal) -> None:
        self._connection = connection
        self._principal = principal
        self.known: dict[int, Known] = {}
        self._by_email: dict[str, list[int]] = {}
        self._by_name: dict[str, list[int]] = {}
        self._asked: set[str] = set()

    def load(self, emails: Iterable[str], names: Iterable[str]) -> None:
        """Read everybody who has one of these emails or names."""
        wanted = {f"@{folded_email(email)}" for email in emails} | {f"={folded_name(name)}" for name in names}
        new = sorted(wanted - self._asked)
        self._asked.update(new)
        for block in blocks(one[1:] for one in new if one.startswith("@")):
            theirs = select(contact_email.c.contact_id).where(
                contact_email.c.workspace_id == self._principal.workspace_id,
                contact_email.c.folded.in_(block),
            )
            self._read(contact.c.id.in_(theirs))
        for block in blocks(one[1:] for one in new if one.startswith("=")):
            self._read(contact.c.folded_name.in_(block))

    def load_references(self, references: Iterable[str]) -> None:
        """Read everybody these references may mean."""
        names = set(references)
        bases = {match.group(1) for name in names if (match := _NUMBERED.fullmatch(name))}
        self.load(filter(is_email, names), names | bases)

    def _read(self, condition: ColumnElement[bool]) -> None:
        mine = self._principal.workspace_id
        joined = contact.outerjoin(
            organisation,
            (organisation.c.workspace_id == contact.c.workspace_id)
            & (organisation.c.id == contact.c.organisation_id),
        )
        found = self._connection.execute(
            select(contact.c.id, contact.c.name, contact.c.owner_id, organisation.c.name.label("at"))
            .select_from(joined)
            .where(contact.c.workspace_id == mine, or_(condition))
            .order_by(contact.c.id)
        ).all()
        new = [row for row in found if row.id not in self.known]
        emails = self._ways(contact_email, contact_email.c.folded, [row.id for row in new])
        phones = self._ways(contact_phone, contact_phone.c.value, [row.id for row in new])
        for row in new:
            theirs = emails.get(row.id, ())
            self.add(row.id, row.name, theirs, row.at, row.owner_id, phones.get(row.id, ()))

    def _ways(self, table: Table, column: ColumnElement[str], ids: list[int]) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for block in blocks(ids):
            theirs = select(table.c.contact_id, column).where(
                table.c.workspace_id == self._principal.workspace_id, table.c.contact_id.in_(block)
            )
            for row_id, value in self._connection.execute(theirs):
                found.setdefault(row_id, []).append(value)
        return found

    def add(
        self,
        row_id: int,
        name: str,
        emails: Iterable[str],
        organisation_name: str | None,
        owner_id: int | None,
        phones: Iterable[str] = (),
    ) -> None:
        """Somebody is here, or is known by other words from now on."""
        if row_id in self.known:
            self._forget(row_id)
        known = Known(
            row_id,
            name,
            folded_name(name),
            tuple(map(folded_email, emails)),
            fold(organisation_name or ""),
            owner_id,
            tuple(phones),
        )
        self.known[row_id] = known
        for email in known.emails:
            _enter(self._by_email, email, row_id)
        _enter(self._by_name, known.folded, row_id)

    def _forget(self, row_id: int) -> None:
        known = self.known.pop(row_id)
        for email in known.emails:
            self._by_email[email] = [one for one in self._by_email[email] if one != row_id]
        self._by_name[known.folded] = [one for one in self._by_name[known.folded] if one != row_id]

    def rename(self, ids: dict[int, int]) -> None:
        """People who were about to be written have their ids now."""
        for before, now in ids.items():
            known = self.known[before]
            self._forget(before)
            self.add(now, known.name, known.emails, known.organisation, known.owner_id, known.phones)

    # Rows about people.

    def find(self, record: ContactRecord, claimed: set[int], *, may_be_again: bool = False) -> Match:
        """Who this row is about; ``claimed`` are those whom other rows of the same file are about. ``may_be_again``: two
        rows with a name and a phone number in common are about one person."""
        folded = folded_name(record.name)
        by_email = list(
            dict.fromkeys(
                row_id for email in record.emails for row_id in self._by_email.get(folded_email(email), ())
            )
        )
        if by_email:
            return self._with_email(record, folded, by_email, claimed)
        again = self._again(record, folded) if may_be_again else None
        if again is not None:
            return Match(again)
        return self._with_name(record, folded, claimed)

    def _with_email(self, record: ContactRecord, folded: str, found: list[int], claimed: set[int]) -> Match:
        emails = set(map(folded_email, record.emails))
        named_so = [
            row_id
            for row_id in found
            if self.known[row_id].folded == folded
            and (row_id not in claimed or set(self.known[row_id].emails) == emails)
        ]
        free = [row_id for row_id in found if row_id not in claimed]
        for choice in (named_so, free):
            if len(choice) == 1:
                return Match(choice[0])
            if len(choice) > 1:
                return Match(None, self._several(choice, _SHARE), waits=True)
        other = self.known[found[0]].name
        return Match(
            None,
            phrase(
                "{name} and {other} have the same email in this file. They were treated as two people; "
                "if they are one, merge them.",
                name=excerpt(record.name),
                other=excerpt(other),
            ),
        )

    def _again(self, record: ContactRecord, folded: str) -> int | None:
        """The only one of that name who has one of the numbers."""
        at = fold(record.organisation or "")
        found = [
            row_id
            for row_id in self._by_name.get(folded, ())
            if not self._elsewhere(row_id, at) and self._share_a_phone(record, self.known[row_id])
        ]
        return found[0] if len(found) == 1 else None

    def _with_name(self, record: ContactRecord, folded: str, claimed: set[int]) -> Match:
        at = fold(record.organisation or "")
        namesakes = [
            self.known[row_id]
            for row_id in self._by_name.get(folded, ())
            if row_id not in claimed and not self._elsewhere(row_id, at)
        ]
        sure = [
            one
            for one in namesakes
            if not (record.emails and one.emails)
            or (at and one.organisation)
            or self._share_a_phone(record, one)
        ]
        if len(sure) == 1:
            return Match(sure[0].row_id)
        if sure:
            return Match(None, self._several([one.row_id for one in sure], _CALLED_SO), waits=True)
        if namesakes:
            return Match(
                None,
                phrase(
                    "Somebody else called {name} is here as {email}. They were treated as two people; if "
                    "they are one, merge them.",
                    name=excerpt(record.name),
                    email=namesakes[0].emails[0],
                ),
            )
        return Match()

    def _share_a_phone(self, record: ContactRecord, one: Known) -> bool:
        region = region_of(record.country, self._principal.zone.key)
        return any(
            same_number(ours, theirs, (region, region)) for ours in record.phones for theirs in one.phones
        )

    def _elsewhere(self, row_id: int, at: str) -> bool:
        theirs = self.known[row_id].organisation
        return bool(at and theirs and at != theirs)

    def _several(self, row_ids: list[int], pattern: str, **values: str) -> str:
        shown = [self._called(row_id) for row_id in row_ids[:3]]
        return phrase(pattern, n=len(row_ids), people=both(shown), **values)

    def _called(self, row_id: int) -> str:
        known = self.known[row_id]
        return f"{excerpt(known.name)} ({known.emails[0]})" if known.emails else excerpt(known.name)

    # References: an email, a name, or the name with a number among namesakes.

    def refer(self, reference: str) -> int | None:
        """Who is meant by a reference; None is somebody who is not here. Raises Ambiguous, also for a number beyond those
        of that name."""
        found = self._by_email.get(folded_email(reference), []) if is_email(reference) else []
        found = found or self._by_name.get(folded_name(reference), [])
        if not found and (match := _NUMBERED.fullmatch(reference)):
            namesakes = sorted(self._by_name.get(folded_name(match.group(1)), ()))
            number = int(match.group(2))
            found = namesakes[number - 1 : number] if number else []
            if namesakes and not found:
                raise Ambiguous(phrase(_NOT_SO_MANY, reference=excerpt(reference)))
        if len(found) > 1:
            raise Ambiguous(self._several(found, _MEANT, reference=excerpt(reference)))
        return found[0] if found else None


_SHARE = N_(
    "{n} people share an email with this row: {people}. Which one is meant? The row was left "
    "out; add an email, or an organisation, that tells them apart."
)
_CALLED_SO = N_(
    "{n} people here have that name: {people}. Which one is meant? The row was left out; add "
    "an email, or an organisation, that tells them apart."
)
_MEANT = N_(
    "“{reference}” could be any of {n} people: {people}. Which one is meant? The row was "
    "left out; add an email, or an organisation, that tells them apart."
)


_NOT_SO_MANY = N_(
    "“{reference}” is one of several people with that name, and fewer are here. Which one is "
    "meant? The row was left out; name them by email."
)


def _enter(index: dict[str, list[int]], key: str, row_id: int) -> None:
    ids = index.setdefault(key, [])
    if row_id not in ids:
        ids.append(row_id)
