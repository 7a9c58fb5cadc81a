"""Two records become one person: nothing is lost. ``crm.contacts.unmerging`` takes it back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select

from crm.contacts import rows
from crm.contacts.derived import reindex
from crm.contacts.drafts import birthdays_before, is_own_birthday, own_birthday
from crm.contacts.may_change import require_editor, require_people
from crm.contacts.merge_fields import columns_of, kept_in_words, settle, side_by_side
from crm.contacts.queries import Person, person
from crm.domain.folding import fold
from crm.domain.language import gettext as _
from crm.domain.lengths import TEXT_LIMIT
from crm.domain.manner import numeral
from crm.domain.phones import region_of, same_number
from crm.domain.principal import Principal
from crm.errors import Conflict, Invalid
from crm.storage import journal
from crm.storage.blocks import blocks
from crm.storage.database import new_id
from crm.storage.insertion import insert_unless_there
from crm.storage.recount import recount_interactions
from crm.storage.stored_metrics import refresh, scope_of
from crm.storage.tables import (
    MATTERS,
    contact,
    contact_address,
    contact_date,
    contact_email,
    contact_phone,
    contact_tag,
    interaction_contact,
    kept_apart,
    left_out,
    mail_reply,
    merge,
    open_meeting_contact,
    removed_matter,
    response,
    source_record,
    suggestion,
)

_MOVED = (*MATTERS, response, mail_reply)
_ABOUT = (
    *_MOVED,
    removed_matter,
    suggestion,
    left_out,
    contact_email,
    contact_phone,
    contact_address,
    contact_tag,
)


def merge_contacts(
    connection: Connection,
    principal: Principal,
    kept_id: int,
    gone_id: int,
    choices: Mapping[str, str],
    at: datetime,
    *,
    versions: tuple[int, int] | None = None,
) -> int:
    """Make two records one, under the first one's id; returns the id of the merge, by which it is undone.

    ``choices``: field of ``side_by_side`` → ``first`` or ``second``, for every field that differs; what is not taken
    is kept in the notes. Raises Invalid where a choice is missing, Conflict where either changed since ``versions``.
    """
    require_editor(principal)
    require_people(connection, principal, sorted((kept_id, gone_id)))
    if kept_id == gone_id:
        raise Invalid(_("That is the same record. Choose somebody else to merge it with."))
    kept, gone = person(connection, principal, kept_id), person(connection, principal, gone_id)
    if versions not in (None, (kept.version, gone.version)):
        raise Conflict(_("Somebody has changed one of these people in the meantime. Look at both again."))
    fields = side_by_side(kept, gone)
    taken = settle(fields, choices)
    return _Merge(connection, principal, kept, gone, at).make(taken, kept_in_words(fields, taken, kept, gone))


class _Merge:
    """One merge being made."""

    def __init__(
        self, connection: Connection, principal: Principal, kept: Person, gone: Person, at: datetime
    ) -> None:
        self.connection, self.principal, self.at = connection, principal, at
        self.kept, self.gone = kept, gone
        self.workspace_id = principal.workspace_id

    def make(self, taken: Mapping[str, str], lost: str) -> int:
        notes = self._notes(lost)
        wanted = self._footprint()
        before = journal.snapshot(self.connection, wanted)
        values = columns_of(self.kept, self.gone, taken)
        self._ways()
        self._tags()
        self._dates(taken.get("birthday"))
        self._suggestions()
        self._left_out()
        for table in _MOVED:
            self._repoint(table)
        self._removed()
        self._others()
        moved, shared = self._interactions()
        self._contact(values, notes)
        changes = journal.changes(before, journal.snapshot(self.connection, wanted))
        people = recount_interactions(self.connection, self.workspace_id, shared, -1) | {self.kept.id}
        refreshed(self.connection, self.principal, people, self.at)
        return self._write({"changes": changes, "moved": moved, "shared": shared})

    def _mine(self, table: Any, contact_id: int) -> ColumnElement[bool]:
        return and_(table.c.workspace_id == self.workspace_id, table.c.contact_id == contact_id)

    def _footprint(self) -> dict[Table, ColumnElement[bool]]:
        """Every row the merge may change, but the log's."""
        both = (self.kept.id, self.gone.id)
        found: dict[Table, ColumnElement[bool]] = {
            table: and_(table.c.workspace_id == self.workspace_id, table.c.contact_id.in_(both))
            for table in (*_ABOUT, open_meeting_contact)
        }
        found[contact] = and_(contact.c.workspace_id == self.workspace_id, contact.c.id.in_(both))
        found[kept_apart] = and_(
            kept_apart.c.workspace_id == self.workspace_id,
            or_(kept_apart.c.contact_id.in_(both), kept_apart.c.other_id.in_(both)),
        )
        dates = self._ids(contact_date, *both)
        sources = source_record.c
        found[source_record] = and_(
            sources.workspace_id == self.workspace_id,
            or_(
                and_(sources.record == "contact", sources.row_id.in_(both)),
                and_(sources.record == "contact_date", sources.row_id.in_(dates)),
            ),
        )
        return found

    def _ids(self, table: Table, *contact_ids: int) -> list[int]:
        theirs = select(table.c.id).where(
            table.c.workspace_id == self.workspace_id, table.c.contact_id.in_(contact_ids)
        )
        return list(self.connection.execute(theirs).scalars())

    def _repoint(self, table: Table) -> None:
        self.connection.execute(
            table.update().where(self._mine(table, self.gone.id)).values(contact_id=self.kept.id)
        )

    def _ways(self) -> None:
        """Every email, phone and address that the kept record does not have comes after its own."""
        zone = self.principal.zone.key
        regions = (region_of(self.gone.country, zone), region_of(self.kept.country, zone))
        for table, same in (
            (contact_email, lambda one, other: one.folded == other.folded),
            (contact_phone, lambda one, other: same_number(one.value, other.value, regions)),
            (contact_address, lambda one, other: one.value == other.value),
        ):
            ordered = select(table).order_by(table.c.position)
            ours = self.connection.execute(ordered.where(self._mine(table, self.kept.id))).all()
            theirs = self.connection.execute(ordered.where(self._mine(table, self.gone.id))).all()
            labels = {row.position: row.label for row in ours}
            place = max(labels, default=-1)
            for row in theirs:
                twin = next((one.position for one in ours if same(row, one)), None)
                if twin is not None:
                    labels[twin] = self._label(table, twin, labels[twin], row.label)
                    continue
                place += 1
                values = {**row._mapping, "contact_id": self.kept.id, "position": place}
                self.connection.execute(table.insert(), values)

    def _label(self, table: Table, position: int, own: str | None, other: str | None) -> str | None:
        """What both have stays once, with the words of both about it, which are returned."""
        said = [] if own is None else own.split(", ")
        if not other or fold(other) in map(fold, [*said, own or ""]):
            return own
        both = ", ".join([*said, other])
        one = and_(self._mine(table, self.kept.id), table.c.position == position)
        self.connection.execute(table.update().where(one).values(label=both))
        return both

    def _tags(self) -> None:
        for tag in self.gone.tags:
            row = {"workspace_id": self.workspace_id, "contact_id": self.kept.id, "tag": tag}
            insert_unless_there(self.connection, contact_tag, row, ["workspace_id", "tag", "contact_id"])

    def _dates(self, birthday_of: str | None) -> None:
        """Dates both have go, and own birthdays that were not taken; what a file knows them by leads to what stays."""
        ordered = select(contact_date).order_by(contact_date.c.id)
        ours = self.connection.execute(ordered.where(self._mine(contact_date, self.kept.id))).all()
        theirs = self.connection.execute(ordered.where(self._mine(contact_date, self.gone.id))).all()
        twins = {row.id: one.id for row in theirs for one in ours if one[3:] == row[3:]}
        for row_id, twin_id in twins.items():
            self._drop_date(row_id, twin_id)
        losing, winning = (ours, theirs) if birthday_of == "second" else (theirs, ours)
        lost, stays = own_birthday(losing), own_birthday(winning)
        if lost is None or stays is None:
            return
        stays_id = twins.get(stays.id, stays.id)
        goes = [lost, *birthdays_before(stays, losing)]
        for row in losing:
            if row.id not in twins and row.id != stays_id and (row in goes or _says_no_more(row, stays)):
                self._drop_date(row.id, stays_id)

    def _drop_date(self, row_id: int, stays: int) -> None:
        self._lead("contact_date", row_id, stays)
        own = (contact_date.c.workspace_id == self.workspace_id, contact_date.c.id == row_id)
        self.connection.execute(contact_date.delete().where(*own))

    def _suggestions(self) -> None:
        """One suggestion a plan: where both have one, the answers to the other move over first."""
        mine = select(suggestion.c.plan_id, suggestion.c.id)
        own_plans = self.connection.execute(mine.where(self._mine(suggestion, self.kept.id)))
        ours = {row.plan_id: row.id for row in own_plans}
        for plan_id, row_id in self.connection.execute(
            mine.where(self._mine(suggestion, self.gone.id))
        ).all():
            own = (suggestion.c.workspace_id == self.workspace_id, suggestion.c.id == row_id)
            if plan_id not in ours:
                self.connection.execute(suggestion.update().where(*own).values(contact_id=self.kept.id))
                continue
            self.connection.execute(
                response.update()
                .where(response.c.workspace_id == self.workspace_id, response.c.suggestion_id == row_id)
                .values(suggestion_id=ours[plan_id])
            )
            self.connection.execute(suggestion.delete().where(*own))

    def _left_out(self) -> None:
        """Whoever was left out of a plan was the person that stays, unless that one is in it, or left out as well."""
        there = [
            left_out.c.plan_id.in_(select(table.c.plan_id).where(self._mine(table, self.kept.id)))
            for table in (suggestion, left_out.alias())
        ]
        gone = left_out.delete().where(self._mine(left_out, self.gone.id), or_(*there))
        self.connection.execute(gone)
        self._repoint(left_out)

    def _removed(self) -> None:
        """What was taken away and may come back comes back to the kept record."""
        for row in self.connection.execute(
            select(removed_matter).where(self._mine(removed_matter, self.gone.id))
        ).all():
            content = {**row.content, "contact_id": self.kept.id}
            own = (removed_matter.c.workspace_id == self.workspace_id, removed_matter.c.id == row.id)
            self.connection.execute(
                removed_matter.update().where(*own).values(contact_id=self.kept.id, content=content)
            )

    def _others(self) -> None:
        """Open meetings, people kept apart, and the items of files that made the record that goes."""
        meetings = select(open_meeting_contact.c.meeting_id).where(
            self._mine(open_meeting_contact, self.gone.id)
        )
        for meeting_id in self.connection.execute(meetings).scalars().all():
            row = {
                "workspace_id": self.workspace_id,
                "contact_id": self.kept.id,
                "meeting_id": meeting_id,
            }
            key = ["workspace_id", "contact_id", "meeting_id"]
            insert_unless_there(self.connection, open_meeting_contact, row, key)
        table = kept_apart.c
        theirs = select(kept_apart).where(
            table.workspace_id == self.workspace_id,
            or_(table.contact_id == self.gone.id, table.other_id == self.gone.id),
        )
        for pair in self.connection.execute(theirs).all():
            other = pair.other_id if pair.contact_id == self.gone.id else pair.contact_id
            if other != self.kept.id:
                low, high = sorted((self.kept.id, other))
                values = {**pair._mapping, "contact_id": low, "other_id": high}
                key = ["workspace_id", "contact_id", "other_id"]
                insert_unless_there(self.connection, kept_apart, values, key)
        self._lead("contact", self.gone.id, self.kept.id)

    def _lead(self, record: str, row_id: int, stays: int) -> None:
        """What a file knows one row by leads to another from now on."""
        sources = source_record.c
        own = (sources.workspace_id == self.workspace_id, sources.record == record, sources.row_id == row_id)
        self.connection.execute(source_record.update().where(*own).values(row_id=stays))

    def _interactions(self) -> tuple[list[int], list[int]]:
        """The log: interactions that move over, and those in which both took part."""
        table = interaction_contact.c
        ours, theirs = (
            set(
                self.connection.execute(
                    select(table.interaction_id).where(self._mine(interaction_contact, one))
                ).scalars()
            )
            for one in (self.kept.id, self.gone.id)
        )
        shared = sorted(ours & theirs)
        for block in blocks(shared):
            mine = (self._mine(interaction_contact, self.gone.id), table.interaction_id.in_(block))
            self.connection.execute(interaction_contact.delete().where(*mine))
        self._repoint(interaction_contact)
        return sorted(theirs - ours), shared

    def _notes(self, lost: str) -> str | None:
        """The notes of both and what was not taken; refuses what no form and no file could hold."""
        kept, gone = self.kept.notes, self.gone.notes
        notes = "\n\n".join(filter(None, (kept, gone if gone != kept else None, lost)))
        if len(notes) > TEXT_LIMIT:
            sentence = _(
                "Together their notes are longer than {limit} characters. Shorten one of them first."
            )
            raise Invalid(sentence.format(limit=numeral(TEXT_LIMIT)))
        return notes or None

    def _contact(self, values: dict[str, Any], notes: str | None) -> None:
        kept, gone = self.kept, self.gone
        both = (kept.archived_at, gone.archived_at)
        values.update(
            folded_name=rows.folded_name(values["name"]),
            notes=notes,
            created_on=min(kept.created_on, gone.created_on),
            archived_at=kept.archived_at if all(both) else None,
            changed_at=self.at,
            version=kept.version + 1,
        )
        own = contact.c.workspace_id == self.workspace_id
        self.connection.execute(contact.update().where(own, contact.c.id == kept.id).values(**values))
        self.connection.execute(contact.delete().where(own, contact.c.id == gone.id))
        reindex(self.connection, self.principal, [kept.id])

    def _write(self, content: dict[str, Any]) -> int:
        row_id = new_id(self.connection)
        row = {
            "workspace_id": self.workspace_id,
            "id": row_id,
            "contact_id": self.kept.id,
            "gone_id": self.gone.id,
            "gone_name": self.gone.name,
            "content": content,
            "merged_by": self.principal.user_id,
            "merged_at": self.at,
        }
        self.connection.execute(merge.insert(), row)
        return row_id


def _says_no_more(row: Any, birthday: Any) -> bool:
    """Whether a date is that birthday again, or the day of it alone."""
    return (
        is_own_birthday(row)
        and (row.month, row.day) == (birthday.month, birthday.day)
        and row.year in (None, birthday.year)
    )


def refreshed(connection: Connection, principal: Principal, people: set[int], at: datetime) -> None:
    """Bring the stored metrics of these people up to date."""
    ids: Sequence[int] = sorted(people)
    refresh(connection, scope_of(connection, principal, at, ids), ids)
