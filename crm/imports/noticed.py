"""Writing down what machines saw: meetings of people we know, each once, whatever it came by."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import select

from crm.contacts.actions import add_contacts
from crm.contacts.drafts import NOBODY, NewContact, Way
from crm.domain.channels import Channel, by_key
from crm.imports.acquaintances import Acquaintances, Found
from crm.imports.cells import excerpt, is_email
from crm.imports.log import BLOCK, entries_of, insert_entries, plain_entry
from crm.imports.meetings import ask_about, asked
from crm.imports.records import ParsedFile
from crm.imports.report import Change, FileReport
from crm.imports.run import Run
from crm.imports.sightings import Party, Sighting
from crm.interactions.actions import Entry, delete_interaction, edit_interaction
from crm.interactions.queries import channels
from crm.storage.tables import interaction, interaction_contact, source_record
from crm.storage.types import from_micros, to_micros

CANDIDATES = 100
"""People who are not here, and are listed."""
CROWD_OF_MEETING, CROWD = 50, 12


@dataclass(frozen=True)
class Wishes:
    """What the person who imports wants: people who are not here brought in, too."""

    add_people: bool = False


NO_WISHES = Wishes()


class _Clear(NamedTuple):
    """A sighting of people we know: what is to be logged, but for the channel, which may be unknown."""

    sighting: Sighting
    entry: Entry

    @property
    def content(self) -> str:
        """What the source says now, kept to tell its changes from ours."""
        entry, seen = self.entry, self.sighting
        said = {
            "at": to_micros(entry.occurred_at),
            "channel": seen.channel,
            "direction": entry.direction,
            "outcome": entry.outcome,
            "summary": entry.summary,
            "note": entry.note,
            "who": sorted(entry.contact_ids),
            "revision": seen.revision,
        }
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def import_sightings(run: Run, parsed: ParsedFile, report: FileReport, wishes: Wishes) -> None:
    """Write down what one calendar holds."""
    work = _Noticing(run, report, wishes)
    work.take(parsed.sightings)
    work.tell(parsed.file)


class _Noticing:
    """One file on its way into the log."""

    def __init__(self, run: Run, report: FileReport, wishes: Wishes) -> None:
        self.run, self.report, self.wishes = run, report, wishes
        self.who = Acquaintances(run)
        self.ways = by_key(channels(run.connection, run.principal))
        self.met: set[str] = set()
        self.strangers: dict[Party, int] = {}
        self.passed: Counter[str] = Counter()

    def take(self, sightings: Iterable[Sighting]) -> None:
        """All of them, in blocks."""
        stream = iter(sightings)
        while block := list(islice(stream, BLOCK)):
            self._block(block)
            self.run.progress(len(block))

    def _block(self, block: list[Sighting]) -> None:
        run = self.run
        run.sources.load("interaction", (one.key for one in block))
        clear: dict[str, _Clear] = {}
        for sighting in block:
            self.report.read += 1
            if sighting.key not in self.met and (found := self._clear(sighting)):
                self.met.add(sighting.key)
                clear[sighting.key] = found
        known = {key: source for key in clear if (source := run.sources.get("interaction", key))}
        stored = entries_of(run, [source.row_id for source in known.values()])
        fresh = []
        for key, one in clear.items():
            source = known.get(key)
            if source and (source.row_id == 0 or source.row_id in stored):
                self._again(one, source.row_id, source.content, stored.get(source.row_id))
            elif one.sighting.is_off:
                run.sources.remember("interaction", key, 0, one.content)
            else:
                fresh.append(one)
        self._fresh(self._by_source_id(fresh))
        run.sources.flush()

    # Who, and whether it is contact at all.

    def _clear(self, seen: Sighting) -> _Clear | None:
        found = {party: self.who.who(party) for party in (*seen.parties, *seen.declined)}
        if self._is_ours_declined(seen, found):
            seen = replace(seen, is_off=True)
        ours, theirs = self._sides(seen, found)
        ids = self._known(seen, theirs)
        if not ids or self._is_crowd(seen, len(ids)):
            return None
        users = ours or [owner for one in ids if (owner := self.who.owners.get(one)) is not None]
        entry = Entry(
            seen.occurred_at,
            seen.channel or "meeting",
            tuple(sorted(ids)),
            seen.direction,
            seen.outcome,
            tuple(dict.fromkeys(users)),
            seen.summary,
            seen.note,
            source_id=seen.key,
        )
        return _Clear(seen, entry)

    def _is_ours_declined(self, seen: Sighting, found: dict[Party, Found]) -> bool:
        """Whether each of us who was asked said no."""
        ours = [party for party in seen.parties if found[party].user_id is not None]
        return not ours and any(found[party].user_id is not None for party in seen.declined)

    def _sides(self, seen: Sighting, found: dict[Party, Found]) -> tuple[list[int], list[Party]]:
        """Our users, and the others."""
        ours = [one.user_id for party in seen.parties if (one := found[party]).user_id is not None]
        if not ours and self.run.default_owner is not None:
            ours = [self.run.default_owner]
        return list(dict.fromkeys(ours)), [one for one in seen.parties if found[one].user_id is None]

    def _known(self, seen: Sighting, others: list[Party]) -> list[int]:
        ids = dict.fromkeys(self.who.named_in(seen.labels)) if seen.labels else {}
        for party in others:
            found = self.who.who(party)
            if found.contact_id is not None:
                ids[found.contact_id] = None
            elif found.several:
                several = " and ".join(map(excerpt, found.several))
                self.report.ask(
                    seen.where,
                    f"{excerpt(party.name or party.email or party.phone)} may be {several}. Tell them "
                    "apart by email or phone, and import again.",
                )
            elif found.user_id is None and not seen.is_off:
                self._stranger(party, ids)
        return list(ids)

    def _stranger(self, party: Party, ids: dict[int, None]) -> None:
        if not self.wishes.add_people:
            named = replace(party, name="") if party.email or party.phone else party
            self.strangers[named] = self.strangers.get(named, 0) + 1
            return
        run, name = self.run, party.name or party.email or party.phone
        draft = NewContact(
            name=name,
            emails=(Way(party.email),) if is_email(party.email) else (),
            phones=(Way(party.phone),) if party.phone else (),
            owner_id=run.default_owner or NOBODY,
        )
        (row_id,) = add_contacts(run.connection, run.principal, [draft], run.at)
        run.traces.made("contact", [row_id])
        run.touched.add(row_id)
        self.who.add(row_id, name, party, run.default_owner)
        self.report.new["contacts"] += 1
        self.report.name(name)
        ids[row_id] = None

    def _is_crowd(self, seen: Sighting, known: int) -> bool:
        """Whether it was for so many that it is contact with none; what is a broadcast anyway is logged as one."""
        way = self.ways.get(seen.channel or "meeting")
        limit = CROWD if way is None or way.digital else CROWD_OF_MEETING
        if len(seen.parties) <= limit or known > limit:
            return False
        self.passed["crowd"] += 1
        return True

    # What is new.

    def _by_source_id(self, fresh: list[_Clear]) -> list[_Clear]:
        """Those that no export brought here under the key they have in their source."""
        keys = [one.sighting.key for one in fresh]
        rows = {}
        if keys:
            table = interaction.c
            mine = select(table.source_id, table.id).where(
                table.workspace_id == self.run.principal.workspace_id, table.source_id.in_(keys)
            )
            rows = {row.source_id: row.id for row in self.run.connection.execute(mine)}
        left = []
        for one in fresh:
            if one.sighting.key in rows:
                self.run.sources.remember(
                    "interaction", one.sighting.key, rows[one.sighting.key], one.content
                )
                self.report.unchanged["interactions"] += 1
            else:
                left.append(one)
        return left

    def _fresh(self, fresh: list[_Clear]) -> None:
        run, report = self.run, self.report
        twins = Twins(run, [one.entry for one in fresh if self._is_live(one.sighting)])
        new: list[tuple[str, str, Entry]] = []
        answers = asked(run, [one.sighting.key for one in fresh])
        for one in fresh:
            key = one.sighting.key
            twin = twins.of(one.entry) if self._is_live(one.sighting) else None
            if twin is not None:
                run.sources.remember("interaction", key, twin, one.content)
                report.unchanged["interactions"] += 1
            elif one.sighting.channel is None:
                self._ask(one, answers.get(key))
            elif one.sighting.channel in self.ways:
                new.append((key, one.content, one.entry))
        insert_entries(run, new, report)

    def _is_live(self, seen: Sighting) -> bool:
        way: Channel | None = self.ways.get(seen.channel or "meeting")
        return way is not None and way.live and seen.key.startswith("ical:")

    def _ask(self, one: _Clear, answered: bool | None) -> None:
        if answered:
            self.report.unchanged["interactions"] += 1
            return
        when = f"{one.entry.occurred_at.astimezone(self.run.principal.user_zone):%-d %b %Y, %H:%M}"
        said = f"“{excerpt(one.entry.summary)}”" if one.entry.summary else "A meeting"
        names = self.who.names(one.entry.contact_ids)
        self.report.ask(one.sighting.where, f"{said} with {names}, {when}: did this happen, and where?")
        ask_about(self.run, one.sighting.key, one.entry)

    # What is here already.

    def _again(self, one: _Clear, row_id: int, before: str, stored: tuple[Any, Entry] | None) -> None:
        run, report, key = self.run, self.report, one.sighting.key
        said = _said(before)
        one = _joined(one, said)
        if one.content == before or one.sighting.revision < said.get("revision", ""):
            report.unchanged["interactions"] += 1
            return
        run.sources.remember("interaction", key, row_id, one.content)
        if stored is None:
            self._risen(one)
            return
        row, entry = stored
        if row.deleted_at is not None or row.source_id != key:
            report.unchanged["interactions"] += 1
        elif one.sighting.is_off:
            self._called_off(one, row_id, row, entry)
        else:
            self._changed(one, row_id, entry, _new_state(entry, one, said))

    def _risen(self, one: _Clear) -> None:
        """It had been called off, and took place after all."""
        if one.sighting.is_off:
            self.report.unchanged["interactions"] += 1
        else:
            self._fresh([one])

    def _called_off(self, one: _Clear, row_id: int, row: Any, entry: Entry) -> None:
        run = self.run
        if row.version > 1:
            self.report.unchanged["interactions"] += 1
            return
        run.traces.changed("interaction", row_id, {**plain_entry(entry), "deleted": True})
        run.touched.update(entry.contact_ids)
        delete_interaction(run.connection, run.principal, row_id, run.at)
        self.report.changed["interactions"] += 1
        self._show(one, "state", "took place", "called off")

    def _changed(self, one: _Clear, row_id: int, before: Entry, after: Entry) -> None:
        run = self.run
        if after == before:
            self.report.unchanged["interactions"] += 1
            return
        self.report.changed["interactions"] += 1
        for field in ("occurred_at", "channel", "direction", "summary"):
            old, new = getattr(before, field), getattr(after, field)
            if old != new:
                self._show(one, field.replace("_", " "), _plain(old), _plain(new))
        run.traces.changed("interaction", row_id, plain_entry(before))
        run.touched.update((*before.contact_ids, *after.contact_ids))
        edit_interaction(run.connection, run.principal, row_id, after, run.at)

    def _show(self, one: _Clear, field: str, old: str, new: str) -> None:
        self.report.show(Change(one.sighting.where, self.who.names(one.entry.contact_ids), field, old, new))

    # The end.

    def tell(self, file: str) -> None:
        """Say whom we do not know, and what was for too many."""
        if crowd := self.passed["crowd"]:
            meetings = "1 meeting was" if crowd == 1 else f"{crowd:,} meetings were"
            self.report.skip(
                file,
                f"{meetings} of more people than can be in touch at once, and no contact with any of them.",
            )
        ranked = sorted(self.strangers.items(), key=lambda pair: (-pair[1], pair[0].email, pair[0].name))
        for party, count in ranked[:CANDIDATES]:
            times = "once" if count == 1 else f"{count:,} times"
            self.report.ask(
                excerpt(party.email or party.phone or party.name),
                f"Seen {times}, and not among your people. Add them, or bring in everybody who is not here, and "
                "import again.",
            )
        if len(ranked) > CANDIDATES:
            self.report.ask(file, f"{len(ranked) - CANDIDATES:,} more people are not among yours.")


def _said(content: str) -> dict[str, Any]:
    try:
        said = json.loads(content)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _joined(one: _Clear, said: dict[str, Any]) -> _Clear:
    """Two accounts of one day of a chat together: since the earlier one, and what either saw."""
    if not one.sighting.key.startswith("chat:") or "at" not in said:
        return one
    entry = one.entry
    same = said["direction"] == entry.direction
    note = max(filter(None, (entry.note, said.get("note"))), key=lambda text: (len(text), text), default=None)
    return _Clear(
        one.sighting,
        replace(
            entry,
            occurred_at=min(entry.occurred_at, from_micros(said["at"])),
            direction=entry.direction if same else "mutual",
            note=note,
        ),
    )


def _new_state(stored: Entry, one: _Clear, said: dict[str, Any]) -> Entry:
    """What is here, with what changed in the source since, but for what somebody changed here."""
    new, values = one.entry, dict[str, Any]()
    for name in ("channel", "direction", "outcome", "summary", "note"):
        if name == "channel" and one.sighting.channel is None:
            continue
        now, last = getattr(new, name), said.get(name)
        if now != last and getattr(stored, name) == last:
            values[name] = now
    if to_micros(new.occurred_at) != said.get("at") == to_micros(stored.occurred_at):
        values["occurred_at"] = new.occurred_at
    joined = set(new.contact_ids) - set(said.get("who", ()))
    return replace(stored, **values, contact_ids=tuple(sorted({*stored.contact_ids, *joined})))


def _plain(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value or "")[:200]


class Twins:
    """Meetings somebody logged, to be found again in the calendar: the same day, live, with one of the same people."""

    def __init__(self, run: Run, entries: list[Entry]) -> None:
        self._run = run
        self._free: dict[int, tuple[datetime, set[int]]] = {}
        if entries:
            self._read(entries)

    def _read(self, entries: list[Entry]) -> None:
        run, part, log = self._run, interaction_contact.c, interaction.c
        live = [key for key, way in by_key(channels(run.connection, run.principal)).items() if way.live]
        ids = sorted({one for entry in entries for one in entry.contact_ids})
        moments = [entry.occurred_at for entry in entries]
        calendar = select(source_record.c.row_id).where(
            source_record.c.workspace_id == run.principal.workspace_id,
            source_record.c.record == "interaction",
            source_record.c.source_key.like("ical:%"),
        )
        for start in range(0, len(ids), 500):
            rows = run.connection.execute(
                select(part.interaction_id, part.contact_id, part.occurred_at)
                .join(interaction, (log.workspace_id == part.workspace_id) & (log.id == part.interaction_id))
                .where(
                    part.workspace_id == run.principal.workspace_id,
                    part.contact_id.in_(ids[start : start + 500]),
                    part.occurred_at.between(
                        min(moments) - timedelta(days=2), max(moments) + timedelta(days=2)
                    ),
                    part.channel.in_(live),
                    log.deleted_at.is_(None),
                    log.outcome == "reached",
                    part.interaction_id.not_in(calendar),
                )
            )
            for row in rows:
                self._free.setdefault(row.interaction_id, (row.occurred_at, set()))[1].add(row.contact_id)
        self._by_contact: dict[int, list[int]] = {}
        for row_id, (_, people) in self._free.items():
            for one in people:
                self._by_contact.setdefault(one, []).append(row_id)

    def of(self, entry: Entry) -> int | None:
        """The row that tells of the same meeting, nearest in time; it is found once."""
        zone = self._run.principal.zone
        day = entry.occurred_at.astimezone(zone).date()
        near = sorted(
            (abs(self._free[row_id][0] - entry.occurred_at), row_id)
            for one in entry.contact_ids
            for row_id in (self._by_contact.get(one, ()) if self._free else ())
            if row_id in self._free and self._free[row_id][0].astimezone(zone).date() == day
        )
        if not near:
            return None
        del self._free[near[0][1]]
        return near[0][1]
