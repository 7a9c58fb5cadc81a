"""R6: the same files imported three times, killed at two moments: each thing once, and nothing lost.

At each point a workspace of its own gets the files by processes of their own. The first two are killed at a random
moment, the third may end. After each: whole files, never a part of one, and never less than before. At the end the
workspace says, word for word, what one says whose import nobody disturbed.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from typing import Any

from sqlalchemy import Connection, String, Text, func, select

from crm.domain.principal import Principal
from crm.imports import actions, people, sources
from crm.imports.noticed import Wishes
from crm.imports.reading import Given, read_all, reading_for
from crm.imports.records import ParsedFile
from crm.imports.report import FileReport
from crm.storage.database import Database
from crm.storage.tables import (
    contact,
    contact_email,
    interaction,
    interaction_contact,
    metadata,
    source_record,
)
from tests.builders import NOW, World
from tests.campaigns.frame import Asked, Campaign, databases
from tests.imports.files import EVERYTHING
from tests.imports.letters import mail, mbox

ALICE = "alice@team.example"
HALF, FORGETFUL = "keeps half", "forgets what it brought"
CARDS = 40
_COUNTED = (contact, contact_email, interaction, interaction_contact, source_record)


def files() -> list[Given]:
    """Exchange files that are one transaction, vCards, a calendar and a mailbox, in part about the same people."""
    exchange = [Given(name, text.encode()) for name, text in EVERYTHING.items()]
    card = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:{0}\r\nFN:Person {0}\r\nEMAIL:p{0}@x.example\r\nCATEGORIES:a,b\r\nEND:VCARD\r\n"
    cards = "".join(card.format(number) for number in range(CARDS))
    head = "BEGIN:VEVENT\r\nUID:{0}@cal\r\nSUMMARY:Talk {0}\r\nDTSTART:202611{1:02}T090000Z\r\nDTEND:202611{1:02}T100000Z\r\n"
    event = (
        head
        + "LOCATION:+1 617 555 0100\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:p{0}@x.example\r\nEND:VEVENT\r\n"
    )
    events = "".join(event.format(number, 1 + number % 20) for number in range(CARDS))
    letters = [mail(n, From=f"P <p{n % CARDS}@x.example>", Subject=f"About {n}") for n in range(2 * CARDS)]
    return [
        *exchange,
        Given("people.vcf", cards.encode()),
        Given("calendar.ics", f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n".encode()),
        Given("mail.mbox", mbox(*letters).encode()),
    ]


Read = Sequence[ParsedFile | FileReport]


def read(world: World, given: Sequence[Given]) -> Read:
    """The files, taken apart once for all workspaces."""
    with world.database.read() as connection:
        reading = reading_for(connection, world.principal, NOW)._replace(mine=(ALICE,))
    found = read_all(given, reading)
    assert all(isinstance(one, ParsedFile) and not one.errors for one in found), found
    return found


def bring(database: Database, principal: Principal, parsed: Read) -> None:
    """Import them, as the command line does."""
    for report in actions.apply(database, principal, parsed, NOW, wishes=Wishes(True, (ALICE,))):
        assert not report.errors, report.errors


def content(connection: Connection, principal: Principal) -> list[Any]:
    """What a workspace says, in words instead of ids."""
    ids = select(contact.c.id, contact.c.name).where(contact.c.workspace_id == principal.workspace_id)
    names = {
        row.id: f"{number} {row.name}"
        for number, row in enumerate(connection.execute(ids.order_by(contact.c.id)))
    }
    found: list[Any] = []
    for table in metadata.sorted_tables:
        if "contact_id" not in table.c or table.name == "contact_metrics":
            continue
        words = [one for one in table.c if isinstance(one.type, String | Text) and not one.foreign_keys]
        mine = select(table.c.contact_id, *words).where(table.c.workspace_id == principal.workspace_id)
        found += [(table.name, names[row[0]], *row[1:]) for row in connection.execute(mine)]
    log = select(interaction.c.occurred_at, interaction.c.channel, interaction.c.summary, interaction.c.note)
    rows = connection.execute(log.where(interaction.c.workspace_id == principal.workspace_id))
    return sorted([*found, *(("interaction", *map(str, row)) for row in rows)], key=repr)


def size(connection: Connection, principal: Principal) -> tuple[int, ...]:
    """How much there is; each transaction that ended makes it another."""
    return tuple(
        connection.execute(
            select(func.count()).select_from(one).where(one.c.workspace_id == principal.workspace_id)
        ).scalar_one()
        for one in _COUNTED
    )


def undisturbed(database: Database, parsed: Read) -> tuple[list[tuple[int, ...]], list[Any], float]:
    """The sizes after each transaction, what the workspace says in the end, and the seconds that a process needs."""
    world, sizes = World.create(database, "Undisturbed"), []
    groups: list[Read] = [[one for one in parsed if one.kind in actions.ORDER]]
    groups += [[one] for one in parsed if one.kind not in actions.ORDER]
    for group in ([], *groups):
        bring(database, world.principal, group)
        with database.read() as connection:
            sizes.append(size(connection, world.principal))
    with database.read() as connection:
        said = content(connection, world.principal)
    timed = World.create(database, "Timed").principal
    begun = time.monotonic()
    end(begin(database, timed, parsed, ""))
    return sizes, said, time.monotonic() - begun


def begin(database: Database, principal: Principal, parsed: Read, variant: str) -> int:
    """A process of its own that imports; returns its id."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    with suppress(BaseException):
        break_on_purpose(variant)
        with closing(Database(database.url.render_as_string(hide_password=False))) as own:
            for engine in (own.engine, own._reader):  # statements need not be built at every birth
                engine._compiled_cache = database.engine._compiled_cache
            bring(own, principal, parsed)
        status = 0
    os._exit(status)


def end(pid: int) -> None:
    """Wait for it to end well."""
    assert os.waitpid(pid, 0)[1] == 0, "an import that nobody disturbed failed"


def kill(pid: int) -> None:
    """Kill it, where it is not done already."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def break_on_purpose(variant: str) -> None:
    """A build that is to be found out."""
    if variant == FORGETFUL:
        sources.Sources.flush = lambda self: None  # type: ignore[method-assign]
    if variant == HALF:
        whole = people.import_contacts
        actions.people.import_contacts = _then_kept(whole)  # type: ignore[attr-defined]


def _then_kept(whole: Callable[..., None]) -> Callable[..., None]:
    def kept(run: Any, *rest: Any, **more: Any) -> None:
        whole(run, *rest, **more)
        for words in ("COMMIT", "BEGIN IMMEDIATE" if run.connection.dialect.name == "sqlite" else "BEGIN"):
            run.connection.exec_driver_sql(words)
        time.sleep(0.05)

    return kept


def point(
    world: World,
    parsed: Read,
    sizes: Sequence[tuple[int, ...]],
    said: Sequence[Any],
    seconds: float,
    chance: random.Random,
    variant: str,
) -> int:
    """One workspace, three imports; returns how many transactions the kills left to be done."""
    before = 0
    for _ in range(2):
        pid = begin(world.database, world.principal, parsed, variant)
        time.sleep(chance.uniform(0, seconds))
        kill(pid)
        with world.database.read() as connection:
            now = size(connection, world.principal)
        assert now in sizes, f"a part of a file is here: {now}, and whole files are {sizes}"
        assert sizes.index(now) >= before, f"lost: {now} after {sizes[before]}"
        before = sizes.index(now)
    end(begin(world.database, world.principal, parsed, variant))
    with world.database.read() as connection:
        found = content(connection, world.principal)
    missing = [one for one in said if one not in found]
    assert not missing, f"lost: {missing[:3]}"
    assert len(found) == len(said), (
        f"there twice: {[one for one in found if found.count(one) > said.count(one)][:3]}"
    )
    return len(sizes) - 1 - before


def points(
    database: Database, given: Sequence[Given], times: int, chance: random.Random, variant: str = ""
) -> Iterator[str]:
    """So many points on one database, each in a workspace of its own."""
    parsed = read(World.create(database, "Reading"), given)
    sizes, said, seconds = undisturbed(database, parsed)
    assert len(set(sizes)) == len(sizes), sizes
    cut = 0
    for number in range(1, times + 1):
        world = World.create(database, f"Point {number}")
        cut += point(world, parsed, sizes, said, seconds, chance, variant) > 0
        if number % 25 == 0 or number == times:
            yield f"{number} points, {cut} of them with something left to be done after two kills"


def run(asked: Asked) -> Iterator[str]:
    with databases(asked.backend) as fresh, closing(Database(fresh())) as database:
        yield from points(database, files(), asked.times, asked.chance, asked.variant)


CAMPAIGN = Campaign(
    "R6",
    "The same files imported three times, killed anywhere, are here once and whole",
    "points",
    200,
    run,
    (HALF, FORGETFUL),
)
