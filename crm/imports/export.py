"""Everything in a workspace as files: the exchange format, vCard and iCalendar.

Importing them into an empty workspace with the same users and exporting again gives the same bytes.
"""

import io
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, true

from crm.domain.principal import Principal
from crm.imports import records as said
from crm.imports.cells import people_meant
from crm.imports.channels import own_channels
from crm.imports.facts import FACTS
from crm.imports.log import kept, own_source_id
from crm.imports.matching import folded_email, numbered
from crm.imports.rule_states import write_rules
from crm.imports.stored import (
    NOBODY_WORD,
    contact_records,
    organisation_records,
    plain_birthdays,
    written_day,
)
from crm.imports.writing import csv_lines, write_calendar, write_vcards
from crm.interactions.private_notes import may_read_note
from crm.interactions.queries import channels
from crm.storage.blocks import blocks
from crm.storage.tables import (
    contact,
    contact_date,
    contact_email,
    interaction,
    interaction_contact,
    interaction_user,
    source_record,
    user,
)

VCARDS = "contacts.vcf"
CALENDAR = "calendar.ics"
RULES = "rules.toml"
CHANNELS_FILE = "channels.csv"
OF_THE_TEAM = (CHANNELS_FILE, "organisations.csv", RULES)
_FACTS_OF = (said.ASKS, said.PROMISES, said.SIGNALS, said.FAVOURS)
ABOUT_PEOPLE = (
    "contacts.csv",
    "interactions.csv",
    *(f"{kind}.csv" for kind in _FACTS_OF),
    "dates.csv",
    VCARDS,
    CALENDAR,
)
"""The names of the files, of the team's own and of those about people; channels only where the team has some."""
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class _Export:
    """What all files of one export share. ``references``: how each person is named in them; ``only``: of one person."""

    connection: Connection
    principal: Principal
    references: dict[int, str]
    owned: set[int]
    sole_user: bool
    only: int | None = None

    def about(self, column: Any) -> ColumnElement[bool]:
        """Rows of the person it is about, or of everybody."""
        theirs: ColumnElement[bool] = column == self.only
        return true() if self.only is None else theirs

    def of_log(self, column: Any) -> ColumnElement[bool]:
        """Interactions of the person it is about, or all."""
        if self.only is None:
            return true()
        table = interaction_contact.c
        mine = (table.workspace_id == self.principal.workspace_id, table.contact_id == self.only)
        theirs: ColumnElement[bool] = column.in_(select(table.interaction_id).where(*mine))
        return theirs


def export_files(connection: Connection, principal: Principal) -> Iterator[tuple[str, bytes]]:
    """Every file by name. A user gets no private notes of others; the command line gets everything."""
    own = own_channels(connection, principal)
    if own:
        yield CHANNELS_FILE, _csv(said.CHANNELS, own)
    yield "organisations.csv", _csv(said.ORGANISATIONS, organisation_records(connection, principal).values())
    yield RULES, write_rules(connection, principal)
    yield from _about_people(_begin(connection, principal))


def files_of(connection: Connection, principal: Principal, contact_id: int) -> Iterator[tuple[str, bytes]]:
    """The same files with one person alone in them; of whoever took part beside them only the number is told."""
    yield from _about_people(_begin(connection, principal, contact_id))


def _about_people(work: _Export) -> Iterator[tuple[str, bytes]]:
    contacts = contact_records(work.connection, work.principal, None if work.only is None else [work.only])
    people = [_with_owner(work, one) for one in contacts.values()]
    yield "contacts.csv", _csv(said.CONTACTS, people)
    interactions = list(_interactions(work))
    yield "interactions.csv", _csv(said.INTERACTIONS, interactions)
    for kind in _FACTS_OF:
        yield f"{kind}.csv", _csv(kind, _facts(work, kind))
    dates = list(_dates(work))
    yield "dates.csv", _csv(said.DATES, [*(one for _, one in dates), *_deaths(work, contacts)])
    yield VCARDS, write_vcards(_cards(work, contacts, dates))
    yield CALENDAR, _calendar(work, contacts, interactions, [one for _, one in dates])


def export_zip(connection: Connection, principal: Principal) -> bytes:
    """All files in one archive."""
    return zipped(export_files(connection, principal))


def zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    """These files in one archive, the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _csv(kind: str, records: Any) -> bytes:
    return "".join(csv_lines(kind, records)).encode("utf-8", "replace")


def _begin(connection: Connection, principal: Principal, only: int | None = None) -> _Export:
    table = contact.c
    rows = connection.execute(
        select(table.id, table.name, table.folded_name, table.owner_id)
        .where(table.workspace_id == principal.workspace_id, true() if only is None else table.id == only)
        .order_by(table.id)
    ).all()
    active = select(user.c.id).where(user.c.workspace_id == principal.workspace_id, user.c.active).limit(2)
    return _Export(
        connection,
        principal,
        _references(rows, _emails(connection, principal)),
        {row.id for row in rows if row.owner_id is not None},
        len(connection.execute(active).all()) == 1,
        only,
    )


def _emails(connection: Connection, principal: Principal) -> dict[int, list[str]]:
    table = contact_email.c
    mine = select(table.contact_id, table.value).where(table.workspace_id == principal.workspace_id)
    found: dict[int, list[str]] = {}
    for row_id, value in connection.execute(mine.order_by(table.contact_id, table.position)):
        found.setdefault(row_id, []).append(value)
    return found


def _references(rows: Any, emails: dict[int, list[str]]) -> dict[int, str]:
    """An email that is theirs alone, else the name, with a number where others have the same."""
    sharing = Counter(email for theirs in emails.values() for email in {folded_email(one) for one in theirs})
    namesakes = Counter(row.folded_name for row in rows)
    met: Counter[str] = Counter()
    found = {}
    for row in rows:
        met[row.folded_name] += 1
        own = (one for one in emails.get(row.id, ()) if sharing[folded_email(one)] == 1)
        alone = namesakes[row.folded_name] == 1 and folded_email(row.name) not in sharing
        alone = alone and people_meant(row.name) == (row.name,)
        found[row.id] = next(own, row.name if alone else numbered(row.name, met[row.folded_name], namesakes))
    return found


def _with_owner(work: _Export, record: said.ContactRecord) -> said.ContactRecord:
    """An empty cell would give them to the only user of the team."""
    return replace(record, owner=record.owner or (NOBODY_WORD if work.sole_user else None))


# The log.


def _interactions(work: _Export) -> Iterator[said.InteractionRecord]:
    mine = interaction.c.workspace_id == work.principal.workspace_id
    identities = _identities(work, "interaction")
    users = _participants(work, interaction_user, interaction_user.c.user_id)
    emails = dict(
        work.connection.execute(
            select(user.c.id, user.c.email).where(user.c.workspace_id == work.principal.workspace_id)
        ).all()
    )
    people = _participants(work, interaction_contact, interaction_contact.c.contact_id)
    rows = work.connection.execute(
        select(interaction)
        .where(mine, work.of_log(interaction.c.id), interaction.c.deleted_at.is_(None))
        .order_by(interaction.c.occurred_at, interaction.c.id)
    )
    for row in rows:
        ids = sorted(set(people.get(row.id, ())) & work.references.keys())
        if not ids:
            continue
        by = tuple(sorted(emails[one] for one in users.get(row.id, ())))
        yield said.InteractionRecord(
            row.occurred_at,
            row.channel,
            tuple(work.references[one] for one in ids),
            row.direction,
            row.outcome,
            by or ((NOBODY_WORD,) if work.owned & set(ids) else ()),
            kept(row.summary),
            kept(row.note) if may_read_note(work.principal, row) else None,
            row.source_id or identities.get(row.id) or own_source_id(row.id, row.created_at),
            _private_to(work.principal, row, emails),
            len({*people[row.id]}) - len(ids) or None,
        )


def _private_to(principal: Principal, row: Any, emails: Mapping[int, str]) -> str | None:
    """Whose a private note is; nothing where it is kept from whoever exports."""
    if not (row.note_private and may_read_note(principal, row)):
        return None
    return emails.get(row.author_id, NOBODY_WORD)


def _identities(work: _Export, record: str, prefix: str = "") -> dict[int, str]:
    """The first source key of each row, of those that begin so."""
    table = source_record.c
    mine = select(table.row_id, table.source_key).where(
        table.workspace_id == work.principal.workspace_id,
        table.record == record,
        work.about(table.row_id) if record == "contact" else work.of_log(table.row_id),
    )
    rows = work.connection.execute(mine.order_by(table.source_key.desc()))
    return {row.row_id: row.source_key for row in rows if row.source_key.startswith(prefix)}


def _participants(work: _Export, table: Any, column: Any) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    mine = select(table.c.interaction_id, column).where(
        table.c.workspace_id == work.principal.workspace_id, work.of_log(table.c.interaction_id)
    )
    for row_id, one in work.connection.execute(mine):
        found.setdefault(row_id, []).append(one)
    return found


# What was asked, promised, heard and received; dates.


def _facts(work: _Export, kind: str) -> Iterator[Any]:
    fact = FACTS[kind]
    records = {
        said.ASKS: said.AskRecord,
        said.PROMISES: said.PromiseRecord,
        said.SIGNALS: said.SignalRecord,
        said.FAVOURS: said.FavourRecord,
    }
    mine = select(fact.table).where(
        fact.table.c.workspace_id == work.principal.workspace_id, work.about(fact.table.c.contact_id)
    )
    for row in work.connection.execute(mine.order_by(fact.table.c.id)):
        if kept(row.text) is None:
            continue
        values = {name: getattr(row, column) for column, name in {**fact.same, **fact.story}.items()}
        yield records[kind](contact=work.references[row.contact_id], **values)


def _dates(work: _Export) -> Iterator[tuple[int, said.DateRecord]]:
    """All dates but the birthdays that contacts.csv shows."""
    table = contact_date.c
    shown: set[int] = set()
    for block in blocks(work.references):
        shown.update(one.id for one in plain_birthdays(work.connection, work.principal, block).values())
    mine = select(contact_date).where(
        table.workspace_id == work.principal.workspace_id, work.about(table.contact_id)
    )
    for row in work.connection.execute(mine.order_by(table.id)):
        if row.id not in shown:
            reference = work.references[row.contact_id]
            yield (
                row.contact_id,
                said.DateRecord(reference, row.kind, written_day(row), row.yearly, row.label),
            )


def _deaths(work: _Export, contacts: dict[int, said.ContactRecord]) -> Iterator[said.DateRecord]:
    for row_id, one in contacts.items():
        if one.deceased_on:
            reference, day = work.references[row_id], one.deceased_on.isoformat()
            yield said.DateRecord(reference, "other", day, False, said.DIED)


# vCard and calendar.


def _cards(
    work: _Export, contacts: dict[int, said.ContactRecord], dates: list[tuple[int, said.DateRecord]]
) -> Iterator[said.ContactRecord]:
    occasions: dict[int, list[said.Occasion]] = {}
    for row_id, one in dates:
        if one.kind == "anniversary" and one.yearly:
            occasions.setdefault(row_id, []).append(said.Occasion(one.kind, one.date, one.label))
    uids = _identities(work, "contact", "uid:")
    made = said.identities(contacts.values())
    for (row_id, record), key in zip(contacts.items(), made, strict=True):
        uid = uids.get(row_id, f"uid:{key}").removeprefix("uid:")
        yield replace(record, uid=uid, occasions=tuple(occasions.get(row_id, ())))


def _calendar(
    work: _Export,
    contacts: dict[int, said.ContactRecord],
    interactions: list[said.InteractionRecord],
    dates: list[said.DateRecord],
) -> bytes:
    birthdays = [
        said.DateRecord(work.references[row_id], "birthday", one.birthday, True)
        for row_id, one in contacts.items()
        if one.birthday
    ]
    stamp = max((one.occurred_at for one in interactions), default=BEGINNING)
    labels = {one.key: one.label for one in channels(work.connection, work.principal)}
    return write_calendar(interactions, [*birthdays, *dates], stamp=stamp, channels=labels)
