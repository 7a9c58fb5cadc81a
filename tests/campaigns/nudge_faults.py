"""R5: a mail server misbehaves in every way at one of three recipients, with the time limits of the real thing.

That mail ends in its documented state, the other two arrive, and no delivery takes a minute. Then the server is well
again: what is tried again arrives once, and what was refused or is in doubt is left alone.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from crm.mail.smtp_settings import SmtpSettings
from crm.mail.transport import Delivery, DeliveryState, deliver
from crm.nudges import sending
from crm.storage.database import Database
from tests.builders import NOW, World
from tests.campaigns.frame import Asked, Campaign, databases
from tests.mail.servers import TRICKLE, scripted_server
from tests.nudges.mailroom import mail_server, postman, states, team
from tests.nudges.smtp_faults import FAULTS, MORE_FAULTS

ALL = [*FAULTS, *MORE_FAULTS]
USERS = 3
LIMIT_SECONDS = 60
CRAWL = 1.0
"""Seconds for each byte of an answer that never ends in time."""


def by_smtp(port: int, took: list[float], *, signs_in: bool) -> sending.Deliver:
    """Delivery as the product's own, with its own time limits; how many seconds each one took is noted."""
    server = SmtpSettings("127.0.0.1", port, *(("nora", "secret") if signs_in else ()))

    def timed(_: Any, message: EmailMessage, begin: Callable[[], None]) -> Delivery:
        begun = time.monotonic()
        try:
            return deliver(server, message, on_handover=begin)
        finally:
            took.append(time.monotonic() - begun)

    return timed


def fault(database: Database, script: dict[str, str], state: str, hit: int) -> float:
    """One fault, and the recovery after it; returns the seconds of the longest delivery."""
    users = team(World.create(database), USERS)
    signs_in, took = "auth" in script, list[float]()
    expected = dict.fromkeys(users, "retry" if signs_in else "sent") | {users[hit]: state}
    with scripted_server(hit, CRAWL, **script) as server:
        postman(database, hand_over=by_smtp(server.port, took, signs_in=signs_in)).work()
    assert (found := states(database)) == expected, f"{script}: {list(found.values())}, not {state}"
    assert max(took) < LIMIT_SECONDS, f"{script}: a worker was busy for {max(took):.0f} s"
    with mail_server() as (port, ledger):
        postman(database, NOW + timedelta(minutes=2), port=port, timeout=LIMIT_SECONDS).work()
    again = Counter(address for address, _ in ledger.taken)
    owed = Counter(f"user{one}@team.example" for one, was in expected.items() if was == "retry")
    assert again == owed, f"{script}: afterwards {dict(again)} instead of {dict(owed)}"
    return max(took)


@contextlib.contextmanager
def broken(variant: str) -> Iterator[None]:
    """A build that sends again what is in doubt, or one that drops what is tried again."""
    kept = sending.Postman._state
    wrong = {"sends again": DeliveryState.UNKNOWN, "gives up": DeliveryState.TEMPORARY}.get(variant)

    def state(self: sending.Postman, claim: Any, delivery: Any) -> tuple[str, str | None]:
        if delivery.state is not wrong:
            return kept(self, claim, delivery)
        return ("retry", "again") if wrong is DeliveryState.UNKNOWN else ("failed", "no more")

    sending.Postman._state = state  # type: ignore[method-assign]
    try:
        yield
    finally:
        sending.Postman._state = kept  # type: ignore[method-assign]


def run(asked: Asked) -> Iterator[str]:
    longest = 0.0
    with databases(asked.backend) as fresh, broken(asked.variant):
        for number, (script, state) in enumerate(ALL[: asked.times], 1):
            database = Database(fresh())
            try:
                took = fault(database, script, state, asked.chance.randrange(USERS))
            finally:
                database.close()
            longest = max(longest, took)
            words = ", ".join(f"{phase}: {said!r}" for phase, said in script.items())
            crawls = ", a byte a second" if TRICKLE in script.values() else ""
            yield f"{number} of {len(ALL[: asked.times])}: {words}{crawls}: {state} after {took:.0f} s; longest {longest:.0f} s"


CAMPAIGN = Campaign(
    "R5",
    "Whatever the mail server does, each mail ends in its documented state, and others are unaffected",
    "faults",
    len(ALL),
    run,
    ("sends again", "gives up"),
)
