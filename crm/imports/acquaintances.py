"""Who is who in what machines saw: which of the people in a calendar, mail or chat are ours, and which we know."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from crm.accounts.queries import own_words
from crm.contacts.rows import folded_name
from crm.domain.phones import phone_mark
from crm.imports.chat_people import identity
from crm.imports.choices import NAMES_WHO
from crm.imports.matching import folded_email
from crm.imports.phone_people import PhonePeople
from crm.imports.phrases import both, phrase
from crm.imports.run import Run
from crm.imports.sightings import Party
from crm.storage.tables import contact, contact_email, import_mapping
from crm.storage.text import fold

NAME_WORDS = 5
NAMED_ONLY = Party()


@dataclass(frozen=True)
class Found:
    """Who a party is: one of us, somebody known, or several of whom one may be meant.

    ``user_id`` is None for an address of ours that no user in particular has.
    """

    user_id: int | None = None
    is_ours: bool = False
    contact_id: int | None = None
    several: tuple[str, ...] = ()


class Acquaintances:
    """The team and its people by email, phone and name."""

    def __init__(self, run: Run, mine: Iterable[str] = (), said: Iterable[tuple[str, str]] = ()) -> None:
        """``mine`` are addresses of whoever imports, and ``said`` whom names mean, beside what is written down."""
        self._run = run
        self._ours: dict[str, int | None] = dict.fromkeys(marks_of(mine), run.default_owner)
        self._ours |= {
            mark: user_id
            for user_id, words in own_words(run.connection, run.principal).items()
            for mark in marks_of(words)
        }
        self._names: dict[int, str] = {}
        self.owners: dict[int, int | None] = {}
        self._by: dict[str, list[int]] = {}
        self._phones = PhonePeople(run)
        self._found: dict[Party, Found] = {}
        self._read()
        self._said.update(said)

    def _read(self) -> None:
        mine = self._run.principal.workspace_id
        people = select(contact.c.id, contact.c.name, contact.c.owner_id, contact.c.folded_name)
        for row in self._run.connection.execute(
            people.where(contact.c.workspace_id == mine).order_by(contact.c.id)
        ):
            self.add(row.id, row.name, owner_id=row.owner_id)
        said = select(import_mapping.c.fingerprint, import_mapping.c.fields).where(
            import_mapping.c.workspace_id == mine, import_mapping.c.fingerprint.like(f"{NAMES_WHO}%")
        )
        self._said = {row.fingerprint: row.fields[0] for row in self._run.connection.execute(said)}
        emails = select(contact_email.c.contact_id, contact_email.c.folded)
        for row_id, email in self._run.connection.execute(emails.where(contact_email.c.workspace_id == mine)):
            self._enter(f"@{email}", row_id)

    def add(self, row_id: int, name: str, party: Party = NAMED_ONLY, owner_id: int | None = None) -> None:
        """Somebody is here."""
        self._names[row_id], self.owners[row_id] = name, owner_id
        self._enter(f"={folded_name(name)}", row_id)
        if party.email:
            self._enter(f"@{folded_email(party.email)}", row_id)
        if party.phone:
            self._phones.add(party.phone, row_id)
        self._found.clear()

    def _enter(self, mark: str, row_id: int) -> None:
        ids = self._by.setdefault(mark, [])
        if row_id not in ids:
            ids.append(row_id)

    def who(self, party: Party) -> Found:
        """Who this is."""
        found = self._found.get(party)
        if found is None:
            found = self._found[party] = self._look_up(party)
        return found

    def _look_up(self, party: Party) -> Found:
        marks = _marks(party)
        for mark in marks:
            if mark in self._ours:
                return Found(self._ours[mark], is_ours=True)
        if (person := self._said_to_be(party)) is not None:
            return Found(contact_id=person)
        for mark in marks:
            ids = self._phones.of(party.phone) if mark.startswith("+") else self._by.get(mark, [])
            named = [one for one in ids if folded_name(self._names[one]) == folded_name(party.name)]
            choice = named if len(ids) > 1 and len(named) == 1 else ids
            if len(choice) == 1:
                return Found(contact_id=choice[0])
            if choice:
                return Found(several=tuple(self._names[one] for one in choice[:3]))
        return Found()

    def _said_to_be(self, party: Party) -> int | None:
        """Whom somebody said to be meant by this name or number, if that is one person still."""
        called = party.phone or party.name
        reference = self._said.get(NAMES_WHO + identity(called)) if called and not party.email else None
        if reference is None:
            return None
        ids = self._by.get(f"@{folded_email(reference)}") or self._by.get(f"={folded_name(reference)}") or []
        return ids[0] if len(ids) == 1 else None

    def named_in(self, words: str) -> list[int]:
        """The people whose whole name stands in these words, of those whose name is theirs alone."""
        pieces = [fold(piece) for piece in re.findall(r"[^\W\d_][\w'’.-]*", words)][:60]
        found = []
        for size in range(2, NAME_WORDS + 1):
            for start in range(len(pieces) - size + 1):
                ids = self._by.get("=" + " ".join(pieces[start : start + size]), [])
                if len(ids) == 1 and ids[0] not in found:
                    found.append(ids[0])
        return found

    def is_called(self, name: str) -> bool:
        """Whether somebody here is called so."""
        return f"={folded_name(name)}" in self._by

    def names(self, ids: Iterable[int]) -> str:
        """These people in a sentence, the first three by name."""
        named = [self._names[one] for one in ids]
        more = [phrase("{n} others", n=len(named) - 3)] if len(named) > 4 else named[3:]
        return both([*named[:3], *more])


def _marks(party: Party) -> list[str]:
    """What somebody may be known by, best first. A name counts where there is nothing better, or beside a number:
    a phone's address book calls people as we do.
    """
    if party.email:
        return [f"@{folded_email(party.email)}"]
    mark = phone_mark(party.phone)
    return [*([f"+{mark}"] if mark else []), *([f"={folded_name(party.name)}"] if party.name.strip() else [])]


def marks_of(words: Iterable[str]) -> list[str]:
    """The marks of emails, phone numbers and names, as a user lists what else is theirs."""
    found = []
    for word in words:
        if "@" in word:
            found += _marks(Party(email=word))
        elif re.fullmatch(r"[+()\d\s./-]{7,}", word):
            found += _marks(Party(phone=word))
        else:
            found += _marks(Party(name=word))
    return found
