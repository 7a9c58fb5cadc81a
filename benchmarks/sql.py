"""P1 and P2: all metrics from the log, all rules on stored metrics, against SQL written by hand; and a rule over a year."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, select, text

from benchmarks import floor
from benchmarks.data import Filled
from benchmarks.measure import Figure, in_turn
from benchmarks.people import NOW
from crm.domain.rules import SHIPPED
from crm.rules.backtest import backtest
from crm.storage.database import Database
from crm.storage.flags import matches
from crm.storage.metrics import Scope, as_of
from crm.storage.stored_metrics import current, refresh_stale, scope_of

ROUNDS = 7
Rows: TypeAlias = Sequence[Any]


def metrics_of(connection: Connection, filled: Filled) -> Callable[[], Rows]:
    """Every metric of everybody, worked out from the log."""
    scope = Scope(filled.principal.workspace_id, NOW, filled.principal.zone)
    return lambda: connection.execute(select(as_of(scope))).all()


def rules_of(connection: Connection, filled: Filled) -> Callable[[], Rows]:
    """Whom the shipped rules match, by stored metrics, and which."""
    whose = filled.principal.workspace_id
    found = matches(current(whose), SHIPPED, whose).subquery()
    statement = select(found.c.contact_id, found.c.rule_mask)
    return lambda: connection.execute(statement).all()


def bring_up_to_date(database: Database, filled: Filled) -> None:
    """Store everybody's metrics as of now."""
    with database.write() as connection:
        refresh_stale(connection, scope_of(connection, filled.principal, NOW))


def all_metrics(database: Database, filled: Filled) -> Iterator[Figure]:
    """P1, which runs on SQLite's form of the plain statement and on PostgreSQL's."""
    scope = Scope(filled.principal.workspace_id, NOW, filled.principal.zone)
    with database.read() as connection:
        rows, plain_rows = (
            metrics_of(connection, filled),
            lambda: connection.execute(
                text(floor.all_metrics(database.is_sqlite)), floor.parameters(scope)
            ).all(),
        )
        floor.agree(rows(), plain_rows())
        ours, plain = in_turn((rows, plain_rows), ROUNDS)
    yield Figure("P1 all metrics from the log", ours, plain, 1.3)


def all_rules(database: Database, filled: Filled) -> Iterator[Figure]:
    """P2: ids and reasons."""
    bring_up_to_date(database, filled)
    whose = {"workspace": filled.principal.workspace_id}
    with database.read() as connection:
        rules, plain_rules = (
            rules_of(connection, filled),
            lambda: connection.execute(text(floor.ALL_RULES), whose).all(),
        )
        assert dict(map(tuple, rules())) == dict(map(tuple, plain_rules())), (
            "other people, or for other reasons"
        )
        ours, plain = in_turn((rules, plain_rules), ROUNDS * 3)
    yield Figure("P2 all rules on stored metrics", ours, plain, 1.5)


def one_year(database: Database, filled: Filled) -> Iterator[Figure]:
    """The backtest of the rule that asks for most: seconds, not minutes."""
    with database.read() as connection:
        begun = time.perf_counter()
        backtest(connection, filled.principal, next(one for one in SHIPPED if one.key == "gone_quiet"), NOW)
        yield Figure("Backtest of gone_quiet over a year", time.perf_counter() - begun, None, 20, "s")
