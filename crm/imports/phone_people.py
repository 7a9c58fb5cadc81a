"""Whose a phone number is, however it is written: compared in the international form wherever that can be told."""

from sqlalchemy import select

from crm.domain.phones import SHARED_DIGITS, digits_of, international, phone_mark, region_of
from crm.imports.run import Run
from crm.storage.tables import contact, contact_phone


class PhonePeople:
    """The numbers of everybody, read when the first number is asked for."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._by_end: dict[str, list[tuple[str, str | None, int]]] | None = None
        self._added: list[tuple[str, int]] = []

    def add(self, phone: str, row_id: int) -> None:
        """This number is somebody's as well."""
        if self._by_end is None:
            self._added.append((phone, row_id))
        else:
            self._enter(phone, self._region(), row_id)

    def of(self, phone: str) -> list[int]:
        """The people who have this number, dialled from where the user lives."""
        digits = digits_of(phone)
        if len(digits) < SHARED_DIGITS:
            return []
        if self._by_end is None:
            self._read()
        assert self._by_end is not None
        ours = international(phone, self._region())
        same = [
            row_id
            for theirs, region, row_id in self._by_end.get(digits[-SHARED_DIGITS:], ())
            if self._is_same(phone, ours, theirs, region)
        ]
        return list(dict.fromkeys(same))

    def _is_same(self, phone: str, ours: str | None, theirs: str, region: str | None) -> bool:
        other = international(theirs, region)
        return ours == other if ours and other else phone_mark(phone) == phone_mark(theirs)

    def _region(self) -> str | None:
        return region_of(None, self._run.principal.user_zone.key)

    def _read(self) -> None:
        self._by_end = {}
        way = contact_phone.c
        rows = select(way.value, way.contact_id, contact.c.country, contact.c.time_zone).join(
            contact, (contact.c.workspace_id == way.workspace_id) & (contact.c.id == way.contact_id)
        )
        for row in self._run.connection.execute(
            rows.where(way.workspace_id == self._run.principal.workspace_id).order_by(way.contact_id)
        ):
            where = region_of(row.country, row.time_zone) or self._region()
            self._enter(row.value, where, row.contact_id)
        for phone, row_id in self._added:
            self._enter(phone, self._region(), row_id)

    def _enter(self, phone: str, region: str | None, row_id: int) -> None:
        digits = digits_of(phone)
        if self._by_end is not None and len(digits) >= SHARED_DIGITS:
            self._by_end.setdefault(digits[-SHARED_DIGITS:], []).append((phone, region, row_id))
