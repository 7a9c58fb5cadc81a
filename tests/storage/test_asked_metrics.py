"""A relation asked for a few metrics says of each what the whole one says, whatever it left out."""

import random
from typing import Any

import pytest
from sqlalchemy import select

from crm.domain.metrics import METRICS
from crm.domain.rhythm import FEWEST_GAPS
from crm.storage.database import Database
from crm.storage.frame import frame_of
from crm.storage.metrics import as_of, needs_rhythm, relation
from crm.storage.stored_metrics import scope_of
from tests.storage.test_metrics import Imagined, store


def test_each_metric_asked_for_alone_is_what_all_together_say(database: Database) -> None:
    imagined = Imagined(random.Random(4), people=12, most=10)
    at = imagined.moments()[0]
    principal, _ = store(database, imagined.log())
    with database.read() as connection:
        scope = scope_of(connection, principal, at)
        whole = {row.contact_id: row._mapping for row in connection.execute(select(as_of(scope)))}
        assert any(row["gaps"] >= FEWEST_GAPS for row in whole.values())
        for name in (*METRICS, "score", "zone"):
            asked = select(relation(frame_of(scope), scope.targets, {name}))
            found: dict[int, Any] = {row.contact_id: row._mapping[name] for row in connection.execute(asked)}
            assert found == {one: pytest.approx(row[name]) for one, row in whole.items()}, name
        needing = {name for name in (*METRICS, "score", "zone") if needs_rhythm(scope.targets, {name})}
        assert needing == {"gaps", "rhythm_days", "quiet_p", "zone"}
