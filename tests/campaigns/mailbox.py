"""S7: a mailbox of any size needs the memory of one mail: an mbox is made, imported twice, and what it took is measured.

Now and then a mail has 14 MiB; the processes that read and write are the product's own.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.campaigns.frame import Asked, Campaign, databases

PEOPLE = 300
BIG_EVERY = 5_000
READER_MIB, WRITER_MIB = 160, 400
"""What the process that reads, and the one that writes down, may need."""
_RUN = "import resource, sys; from crm.__main__ import run; status = run(sys.argv[1:]); "
_RUN += (
    "kib = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]; "
)
_RUN += "print(*kib, file=sys.stderr); sys.exit(status)"


def made(path: Path, mib: int, chance: random.Random) -> int:
    """Write an mbox of so many MiB; returns how many mails it holds."""
    count = 0
    with path.open("wb") as file:
        while file.tell() < mib * 2**20:
            count += 1
            file.write(_mail(count, chance))
    return count


def _mail(number: int, chance: random.Random) -> bytes:
    person = f"person{chance.randrange(PEOPLE)}@x.example"
    sender, to = (person, "alice@team.example") if number % 2 else ("alice@team.example", person)
    lines = 200_000 if number % BIG_EVERY == 0 else chance.randrange(10, 60)
    head = (
        f"From {sender} Mon Nov  2 10:00:00 2020\nReceived: from mail.x.example by mx.team.example\n"
        f"From: Person <{sender}>\nTo: {to}\nSubject: About {number}\nMessage-ID: <{number}@x.example>\n"
        f"Date: Mon, {1 + number % 28:02} Nov 2020 {number % 24:02}:{number % 60:02}:00 +0000\n\n"
    )
    return (
        head.encode()
        + b"All of this is said and then said again, in words that nobody keeps.\n" * lines
        + b"\n"
    )


def run(asked: Asked) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="crm-mailbox-") as folder, databases(asked.backend) as fresh:
        path, people = Path(folder, "big.mbox"), Path(folder, "people.csv")
        count = made(path, asked.times, asked.chance)
        rows = "".join(f"Person {number},person{number}@x.example\n" for number in range(PEOPLE))
        people.write_text(f"name,email\n{rows}", encoding="utf-8")
        url = fresh()
        _crm(
            url,
            "user",
            "add",
            "alice@team.example",
            "--name",
            "Alice",
            "--role",
            "admin",
            given="a long password 1",
        )
        _crm(url, "import", people)
        for state in ("new", "unchanged"):
            yield _measured(url, path, f"{count} interactions {state}")


def _measured(url: str, path: Path, says: str) -> str:
    begun = time.monotonic()
    said, (writer, reader) = _crm(url, "import", path)
    seconds = time.monotonic() - begun
    assert says in said, said[:300]
    assert reader <= READER_MIB, f"the process that reads took {reader} MiB"
    assert writer <= WRITER_MIB, f"the process that writes took {writer} MiB"
    return f"{says}: {seconds:.0f} s, reader {reader} MiB, writer {writer} MiB"


def _crm(url: str, *arguments: object, given: str = "") -> tuple[str, tuple[int, int]]:
    """What the command says, and the MiB that it and its reader took at most."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CRM_")}
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *map(str, arguments)],
        env={**kept, "CRM_DATABASE_URL": url},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-500:]
    writer, reader = (int(word) // 1024 for word in done.stderr.split()[-2:])
    return done.stdout, (writer, reader)


CAMPAIGN = Campaign(
    "S7",
    "A mailbox of any size needs little memory, and comes in whole",
    "MiB",
    1_024,
    run,
    backends=("sqlite",),
)
