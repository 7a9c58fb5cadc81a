"""Counting statements."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from crm.storage.database import Database


@pytest.fixture
def statements(database: Database) -> Callable[[Callable[[], Any]], int]:
    """How many statements a function sends to the database."""

    def number(what: Callable[[], Any]) -> int:
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            sent.append(statement)

        event.listen(database.engine, "before_cursor_execute", note)
        try:
            what()
        finally:
            event.remove(database.engine, "before_cursor_execute", note)
        return len(sent)

    return number
