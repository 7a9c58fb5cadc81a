"""Under which key a day of a chat with somebody is here already, whatever they were called in the file it came by."""

from collections.abc import Collection, Iterable

from sqlalchemy import select

from crm.imports.run import Run
from crm.storage.blocks import blocks
from crm.storage.tables import interaction, interaction_contact


class ChatDays:
    """The days of chats that are here or came in this import. A key is ``chat:APP:NAME:DAY``."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._read: set[int] = set()
        self._keys: dict[tuple[str, str, int], str] = {}

    def load(self, contact_ids: Iterable[int]) -> None:
        """Read the days of these people."""
        part, log, mine = interaction_contact.c, interaction.c, self._run.principal.workspace_id
        for block in blocks(one for one in dict.fromkeys(contact_ids) if one not in self._read):
            self._read.update(block)
            rows = self._run.connection.execute(
                select(log.source_id, part.contact_id)
                .join(interaction, (log.workspace_id == part.workspace_id) & (log.id == part.interaction_id))
                .where(
                    part.workspace_id == mine,
                    part.contact_id.in_(block),
                    log.source_id.like("chat:%"),
                )
                .order_by(log.source_id)
            )
            for key, contact_id in rows:
                self._keys.setdefault(_place(key, contact_id), key)

    def key_of(self, key: str, contact_ids: Collection[int]) -> str:
        """The key under which this day with this person is here, which is its own if it is new."""
        if not key.startswith("chat:") or len(contact_ids) != 1:
            return key
        return self._keys.setdefault(_place(key, next(iter(contact_ids))), key)


def _place(key: str, contact_id: int) -> tuple[str, str, int]:
    return key.split(":")[1], key.rpartition(":")[2], contact_id
