"""What a file says, independent of the database: plain values that reading makes and applying uses.

A record's ``given`` names the fields its file speaks about. A field in ``given`` that holds None or () was
left empty on purpose; a field outside ``given`` was not mentioned and must be left untouched.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from crm.domain.correspondence import is_machine
from crm.domain.manner import numeral
from crm.errors import Invalid
from crm.imports.phrases import phrase

CHANNELS = "channels"
ORGANISATIONS = "organisations"
CONTACTS = "contacts"
INTERACTIONS = "interactions"
ASKS = "asks"
PROMISES = "promises"
SIGNALS = "signals"
FAVOURS = "favours"
DATES = "dates"
RULES = "rules"
QUESTIONS = "questions"
"""What a calendar leaves open, counted beside what comes in."""
VCARD = "vcard"
ADDRESS_BOOK = "addressbook"
CALENDAR = "calendar"
MAIL = "mail"
WHATSAPP = "whatsapp"
PHONE = "phone"
TELEGRAM, SIGNAL, LINKEDIN, X_ARCHIVE = "telegram", "signal", "linkedin", "x"
CHATS = (WHATSAPP, TELEGRAM, SIGNAL, LINKEDIN, X_ARCHIVE)
FEEDS = (CALENDAR, MAIL, PHONE, *CHATS)
"""What machines saw of people: each such file is a transaction of its own."""
EXCHANGE = (CHANNELS, ORGANISATIONS, CONTACTS, INTERACTIONS, ASKS, PROMISES, SIGNALS, FAVOURS, DATES)

FILE_LIMIT = 64 * 1024 * 1024
"""Bytes of one file."""
LINES_LIMIT = 1_000_000
"""Lines of one file."""


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """A postal address as written on an envelope: lines without blank ones between them."""

    text: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Occasion:
    """A date an address book holds beside the birthday; ``date`` is ``YYYY-MM-DD`` or ``--MM-DD``."""

    kind: str
    date: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """One row of channels.csv: a channel of the team's own, or one with other marks than it came with."""

    key: str
    label: str
    digital: bool = False
    live: bool = False
    in_person: bool = False
    by_hand: bool = False
    given: frozenset[str] = frozenset()
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class OrganisationRecord:
    """One row of organisations.csv."""

    name: str
    kind: str | None = None
    tier: str | None = None
    domain: str | None = None
    city: str | None = None
    country: str | None = None
    tags: tuple[str, ...] = ()
    notes: str | None = None
    archived_at: datetime | None = None
    given: frozenset[str] = frozenset()
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ContactRecord:
    """One row of contacts.csv, or one vCard. ``birthday`` is ``YYYY-MM-DD`` or ``--MM-DD``.

    ``occasions``, ``uid`` and ``deceased_on`` come from vCards and other address books; ``labels`` says of emails and phones what
    they are for ("work"), where the file does, and is no difference. ``target_*`` are their own targets in days, 0 for none.
    """

    name: str
    given_name: str | None = None
    family_name: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    organisation: str | None = None
    title: str | None = None
    kind: str | None = None
    tier: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
    city: str | None = None
    country: str | None = None
    time_zone: str | None = None
    addresses: tuple[PostalAddress, ...] = ()
    birthday: str | None = None
    created_on: date | None = None
    notes: str | None = None
    occasions: tuple[Occasion, ...] = ()
    uid: str | None = None
    deceased_on: date | None = None
    target_any: int | None = None
    target_personal: int | None = None
    target_in_person: int | None = None
    archived_at: datetime | None = None
    labels: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    given: frozenset[str] = frozenset()
    where: str = field(default="", compare=False)

    @property
    def is_nobody(self) -> bool:
        """Whether all that is known of them is addresses behind which nobody sits: mail programs gather those as well."""
        reached = self.phones or self.addresses
        known = self.birthday or self.occasions or self.notes or self.title
        sorted_in = self.tags or self.tier or self.kind
        return bool(self.emails) and not (reached or known or sorted_in) and all(map(is_machine, self.emails))


@dataclass(frozen=True, slots=True)
class InteractionRecord:
    """One row of interactions.csv. ``occurred_at`` is aware, in UTC.

    ``on`` is the day as written where the file gave a day and no time; identity rests on it, because the
    moment such a day stands for can depend on when it was read. ``private_to`` is the email of the user whose note it
    is alone, where it is private. ``others`` is how many took part whom one person's export does not name.
    """

    occurred_at: datetime
    channel: str
    contacts: tuple[str, ...]
    direction: str = "mutual"
    outcome: str = "reached"
    users: tuple[str, ...] = ()
    summary: str | None = None
    note: str | None = None
    source_id: str | None = None
    private_to: str | None = None
    others: int | None = None
    on: date | None = None
    given: frozenset[str] = frozenset()
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class AskRecord:
    """One row of asks.csv."""

    contact: str
    text: str
    due: date | None = None
    opened_on: date | None = None
    closed_on: date | None = None
    given: frozenset[str] = frozenset()
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class PromiseRecord:
    """One row of promises.csv; ``by`` is *us* or *them*."""

    contact: str
    by: str
    text: str
    due: date | None = None
    made_on: date | None = None
    kept_on: date | None = None
    given: frozenset[str] = frozenset()
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class SignalRecord:
    """One row of signals.csv; ``type`` is one of ``SIGNAL_TYPES``."""

    contact: str
    type: str
    text: str
    heard_on: date | None = None
    theme: str | None = None
    given: frozenset[str] = frozenset()
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class FavourRecord:
    """One row of favours.csv: something they did for us."""

    contact: str
    text: str
    on: date | None = None
    given: frozenset[str] = frozenset()
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class DateRecord:
    """One row of dates.csv; ``date`` is ``YYYY-MM-DD`` or ``--MM-DD``."""

    contact: str
    kind: str
    date: str
    yearly: bool = False
    label: str | None = None
    given: frozenset[str] = frozenset()
    where: str = field(default="", compare=False)


DIED = "Died"
"""The label of the row of dates.csv that says when somebody died, for which contacts.csv has no column."""


def is_death(record: DateRecord) -> bool:
    """Whether a row of dates says when somebody died: kind *other*, the whole day, once, with that label."""
    label = (record.label or "").strip().casefold()
    return record.kind == "other" and not record.yearly and label == DIED.casefold()


Record = (
    ChannelRecord
    | OrganisationRecord
    | ContactRecord
    | InteractionRecord
    | AskRecord
    | PromiseRecord
    | SignalRecord
    | FavourRecord
    | DateRecord
)


class UnreadableFile(Invalid):
    """A file that cannot be taken apart at all. ``where`` is the file, and the line if one is to blame."""

    def __init__(self, where: str, sentence: str) -> None:
        super().__init__(f"{where}: {sentence}")
        self.where = where
        self.message = sentence


class UnknownHeader(UnreadableFile):
    """A table whose columns nobody knows yet; a person may say what they mean."""


def refuse_endless(file: str, data: bytes) -> None:
    """Raise UnreadableFile for more lines than can be read in a sensible time."""
    if max(data.count(b"\n"), data.count(b"\r")) > LINES_LIMIT:
        raise UnreadableFile(
            file,
            phrase(
                "This file is longer than {limit} lines. Split it and import the parts.",
                limit=numeral(LINES_LIMIT),
            ),
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that makes an exchange file unusable: ``where`` is file, line and column."""

    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something left out, while the rest of the file was read; ``record`` is what can be brought in anyway."""

    where: str
    why: str
    record: ContactRecord | None = None

    @property
    def mark(self) -> str | None:
        """By what somebody says that it is to be brought in."""
        return next(iter(self.record.emails), self.record.name) if self.record else None


@dataclass(frozen=True, slots=True)
class Question:
    """Something read in one of several possible ways, for a person to look at."""

    where: str
    question: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A question that a person answers before a file can be read: ``key`` is remembered with the value chosen.

    ``options`` are values with their words.
    """

    key: str
    question: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ColumnSaid:
    """One column of another program's table: its name, what it is taken for, and a value of the first row."""

    name: str
    field: str
    example: str = ""


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """Everything one file says. ``text`` is set for rules.toml alone, which the rules read themselves; ``columns``
    for tables of other programs, of which a person may say what they mean.

    ``sightings`` are what a calendar, mailbox or chat holds; they may lie in a file and are iterated again and
    again. ``choices`` have to be made before there are any.
    """

    file: str
    kind: str
    records: tuple[Record, ...] = ()
    errors: tuple[Problem, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    uncertain: tuple[Question, ...] = ()
    text: str | None = None
    columns: tuple[ColumnSaid, ...] = ()
    sightings: Collection[Any] = ()
    choices: tuple[Choice, ...] = ()

    @property
    def items(self) -> int:
        """How many things there are to be written down."""
        return len(self.records) + len(self.sightings)


def digest(text: str) -> str:
    """A short digest; equal texts have equal ones on any day and in any release."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()


def row_identity(record: Record, ordinal: int = 0) -> str:
    """What makes a row itself: its ``source_id``, else its content and its ordinal among equal rows.

    The same on any day and in any release; begins with ``row:`` where it was made here.
    """
    if isinstance(record, InteractionRecord) and record.source_id:
        return record.source_id
    content = json.dumps([type(record).__name__, *_content(record), ordinal], ensure_ascii=True)
    return "row:" + hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


def identities(records: Iterable[Record]) -> list[str]:
    """The identity of each row of one file, in order; equal rows count up."""
    seen: defaultdict[tuple[type, str], int] = defaultdict(int)
    found = []
    for record in records:
        first = row_identity(record)
        key = (type(record), first)
        # A source_id says which row it is; two rows with the same one are the same row.
        repeated = seen[key] and first.startswith("row:") and not getattr(record, "source_id", None)
        found.append(row_identity(record, seen[key]) if repeated else first)
        seen[key] += 1
    return found


def _content(record: Record) -> list[object]:
    """The parts of a row that do not change as its story goes on: no due, closing or keeping dates."""
    match record:
        case ChannelRecord():
            return [record.key]
        case OrganisationRecord():
            return [record.name.casefold()]
        case ContactRecord():
            return [record.name.casefold(), sorted(email.casefold() for email in record.emails)]
        case InteractionRecord():
            return _interaction_content(record)
        case AskRecord():
            return [record.contact.casefold(), record.text, _day(record.opened_on)]
        case PromiseRecord():
            return [record.contact.casefold(), record.by, record.text, _day(record.made_on)]
        case SignalRecord():
            return [record.contact.casefold(), record.type, record.text, _day(record.heard_on)]
        case FavourRecord():
            return [record.contact.casefold(), record.text, _day(record.on)]
        case DateRecord():
            return [record.contact.casefold(), record.kind, record.date, record.label]


def _interaction_content(record: InteractionRecord) -> list[object]:
    return [
        _day(record.on) or record.occurred_at.astimezone(UTC).isoformat(),
        record.channel,
        record.direction,
        record.outcome,
        sorted(contact.casefold() for contact in record.contacts),
        sorted(user.casefold() for user in record.users),
        record.summary,
        record.note,
    ]


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
