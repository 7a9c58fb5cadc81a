"""Meetings that are in the log already, because somebody wrote them down by hand."""

from datetime import datetime, timedelta

from sqlalchemy import select

from crm.domain.channels import by_key
from crm.imports.run import Run
from crm.interactions.actions import Entry
from crm.interactions.queries import channels
from crm.storage.tables import interaction, interaction_contact, source_record


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
