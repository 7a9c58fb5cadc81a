"""The answer to a POST with an ``Idempotency-Key`` is kept for a day, and given again to the same request.

The key's row is written first, so that of two requests at once one waits for the other, or is told to come again.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, select

from crm.domain.principal import Principal
from crm.errors import Conflict, Invalid, Refusal
from crm.storage.insertion import insert_unless_there
from crm.storage.tables import idempotency_key

HEADER = "Idempotency-Key"
KEPT = timedelta(days=1)
AT_WORK = timedelta(minutes=10)
"""How long a request that has not answered is believed to be at work still."""
KEY_LIMIT = 255


class Erased(Refusal):
    """Somebody was erased since, and what was kept of every key with them."""

    status = 410


@dataclass(frozen=True)
class Kept:
    """An answer as it was given."""

    status: int
    body: str
    location: str | None


@dataclass(frozen=True)
class Once:
    """A request that is to be done once: whose, under which key, and a digest of what was sent."""

    principal: Principal
    key_hash: str
    request_hash: str

    @classmethod
    def of(cls, principal: Principal, key: str, *request: str) -> "Once":
        """Refuses what is no key."""
        if not (0 < len(key) <= KEY_LIMIT and key.isascii() and key.isprintable()):
            sentence = f"A key has 1 to {KEY_LIMIT} plain letters, digits and signs."
            raise Invalid(sentence, fields={HEADER: sentence})
        return cls(principal, _digest(key), _digest(*request))

    def begin(self, connection: Connection, at: datetime) -> Kept | None:
        """Take the key; or the answer that was given before. Refused for another request under the same key."""
        # No row but its own: what is locked here would be waited for while this request waits for its people.
        forget_old(connection, at, *self._this())
        row = {
            "workspace_id": self.principal.workspace_id,
            "user_id": self.principal.user_id,
            "key_hash": self.key_hash,
            "request_hash": self.request_hash,
            "created_at": at,
        }
        key = ["workspace_id", "user_id", "key_hash"]
        is_new = insert_unless_there(connection, idempotency_key, row, key)
        return None if is_new else self._before(connection)

    def _before(self, connection: Connection) -> Kept:
        row = connection.execute(select(idempotency_key).where(*self._this())).one_or_none()
        if row is not None and row.status == Erased.status:
            raise Erased(
                "Somebody was erased since this key came, and all kept answers with them. "
                "See whether what you sent was done before you send it with a new key."
            )
        if row is not None and row.request_hash != self.request_hash:
            sentence = "This key came before with another request. Use a new key for each thing to be done."
            raise Invalid(sentence, fields={HEADER: sentence})
        if row is None or row.status is None:
            raise Conflict("The request with this key is still being worked on. Ask again in a moment.")
        return Kept(row.status, row.body or "", row.location)

    def end(self, connection: Connection, answer: Kept) -> None:
        """Keep the answer, unless somebody was erased meanwhile: it might be about them."""
        connection.execute(
            idempotency_key.update()
            .where(*self._this(), idempotency_key.c.status.is_(None))
            .values(status=answer.status, body=answer.body, location=answer.location)
        )

    def forget(self, connection: Connection) -> None:
        """Nothing was done: the key may be used again."""
        connection.execute(idempotency_key.delete().where(*self._this(), idempotency_key.c.status.is_(None)))

    def _this(self) -> tuple[ColumnElement[bool], ...]:
        table = idempotency_key.c
        return (
            table.workspace_id == self.principal.workspace_id,
            table.user_id == self.principal.user_id,
            table.key_hash == self.key_hash,
        )


def forget_old(connection: Connection, at: datetime, *only: ColumnElement[bool]) -> None:
    """Answers that were kept for their day go, and so do keys whose request never answered."""
    table = idempotency_key.c
    old = (table.created_at <= at - KEPT) | (table.status.is_(None) & (table.created_at <= at - AT_WORK))
    connection.execute(idempotency_key.delete().where(*only, old))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
