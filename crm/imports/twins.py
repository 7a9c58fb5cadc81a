"""What somebody logged by hand and a machine saw as well: one thing, and one record."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from crm.domain.channels import Channel
from crm.imports.log_mailboxes import FORWARDED
from crm.imports.run import Run
from crm.imports.sightings import Sighting
from crm.interactions.actions import Entry
from crm.storage.tables import interaction, interaction_contact, source_record

CALENDARS, CHATS, CALLS = "ical:", "chat:", "call:"
NEAR = timedelta(hours=2)
"""How far apart two machines may see one thing: a call that the calendar has for ten, and the phone at eleven."""
MAILS = "mail:"
MINUTE = timedelta(minutes=1)
"""The lines above a forwarded mail say the minute in which it was sent."""
FAMILIES = (CALENDARS, CHATS, CALLS, FORWARDED)
"""How the keys of what machines saw begin, of what somebody may have logged as well."""


def ways_of(seen: Sighting, ways: Mapping[str, Channel]) -> list[str]:
    """The channels by which somebody may have logged the same thing: any live one for a meeting, else its own."""
    if seen.outcome != "reached":
        return []
    way = ways.get(seen.channel or "meeting")
    if way is None or not seen.key.startswith(CALENDARS):
        return [] if way is None else [way.key]
    return [key for key, one in ways.items() if one.live] if way.live else []


class AllTwins:
    """The twins of everything in one block of a file."""

    def __init__(
        self, run: Run, ways: Mapping[str, Channel], fresh: Iterable[tuple[Sighting, Entry]]
    ) -> None:
        by_family: dict[str, tuple[list[Entry], set[str]]] = {}
        self._ways = ways
        self._families = (*FAMILIES, MAILS) if _has_forwarded(run) else FAMILIES
        for seen, entry in fresh:
            if (family := self._family(seen)) and (channels := ways_of(seen, ways)):
                entries, keys = by_family.setdefault(family, ([], set()))
                entries.append(entry)
                keys.update(channels)
        self._twins = {family: Twins(run, *both, family) for family, both in by_family.items()}

    def of(self, seen: Sighting, entry: Entry) -> int | None:
        """The row that tells of the same thing; it is found once."""
        family = self._family(seen)
        return (
            self._twins[family].of(seen, entry)
            if family in self._twins and ways_of(seen, self._ways)
            else None
        )

    def _family(self, seen: Sighting) -> str:
        return next((one for one in self._families if seen.key.startswith(one)), "")


def _has_forwarded(run: Run) -> bool:
    """Whether mails were forwarded to this team, of which the mails themselves may come as well."""
    table = source_record.c
    some = select(table.row_id).where(
        table.workspace_id == run.principal.workspace_id,
        table.record == "interaction",
        table.source_key.like(f"{FORWARDED}%"),
    )
    return run.connection.execute(some.limit(1)).first() is not None


@dataclass
class _Logged:
    """Something that is here; ``source`` is its key where a machine saw it."""

    at: datetime
    channel: str
    direction: str
    source: str
    people: set[int] = field(default_factory=set)


class Twins:
    """What somebody logged, to be found again in what machines saw: the same day, with one of the same people.

    ``family`` is how the keys of the machine's things begin, which are no twins of each other; ``ways`` are the
    channels that tell of the same thing.
    """

    def __init__(self, run: Run, entries: list[Entry], ways: Collection[str], family: str) -> None:
        self._run, self._family, self._ways = run, family, ways
        self._by_contact: dict[int, list[int]] = {}
        self._free: dict[int, _Logged] = {}
        if entries:
            self._read(entries)

    def _read(self, entries: list[Entry]) -> None:
        run, part, log = self._run, interaction_contact.c, interaction.c
        ids = sorted({one for entry in entries for one in entry.contact_ids})
        moments = [entry.occurred_at for entry in entries]
        theirs = select(source_record.c.row_id).where(
            source_record.c.workspace_id == run.principal.workspace_id,
            source_record.c.record == "interaction",
            source_record.c.source_key.like(f"{self._family}%"),
        )
        for start in range(0, len(ids), 500):
            rows = run.connection.execute(
                select(
                    part.interaction_id,
                    part.contact_id,
                    part.occurred_at,
                    part.channel,
                    log.direction,
                    log.source_id,
                )
                .join(interaction, (log.workspace_id == part.workspace_id) & (log.id == part.interaction_id))
                .where(
                    part.workspace_id == run.principal.workspace_id,
                    part.contact_id.in_(ids[start : start + 500]),
                    part.occurred_at.between(
                        min(moments) - timedelta(days=2), max(moments) + timedelta(days=2)
                    ),
                    part.channel.in_(self._ways),
                    log.deleted_at.is_(None),
                    log.outcome == "reached",
                    part.interaction_id.not_in(theirs),
                )
            )
            for row in rows:
                logged = _Logged(row.occurred_at, row.channel, row.direction, row.source_id or "")
                self._free.setdefault(row.interaction_id, logged).people.add(row.contact_id)
        for row_id, logged in self._free.items():
            for one in logged.people:
                self._by_contact.setdefault(one, []).append(row_id)

    def of(self, seen: Sighting, entry: Entry) -> int | None:
        """The row that tells of the same thing, nearest in time; it is found once."""
        near = sorted(
            (abs(self._free[row_id].at - entry.occurred_at), row_id)
            for one in entry.contact_ids
            for row_id in self._by_contact.get(one, ())
            if row_id in self._free and self._may_be(self._free[row_id], seen)
        )
        if not near:
            return None
        del self._free[near[0][1]]
        return near[0][1]

    def _may_be(self, logged: "_Logged", seen: Sighting) -> bool:
        """The same day; what another machine saw only by the same channel and near in time."""
        if FORWARDED in (self._family, logged.source[: len(FORWARDED)]):
            same = logged.direction == seen.direction and logged.source.startswith((MAILS, FORWARDED))
            return same and abs(logged.at - seen.occurred_at) < MINUTE
        if self._family == MAILS:
            return False
        if logged.source.startswith(FAMILIES):
            is_near = abs(logged.at - seen.occurred_at) <= NEAR
            return is_near and seen.channel in (None, logged.channel)
        zone = self._run.principal.zone
        return logged.at.astimezone(zone).date() == seen.occurred_at.astimezone(zone).date()
