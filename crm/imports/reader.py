"""The process in which feeds are read: ``python -m crm.imports.reader``, confined before it looks at the first byte.

Standard input is the file, unless the order names a folder. Standard output takes blocks of pickled sightings,
then what is to be said of the file, then where the blocks end.
"""

import json
import pickle
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from crm.imports.feeds import open_feed, parsed_feed
from crm.imports.limits import confine
from crm.imports.records import UnreadableFile
from crm.imports.sightings import FeedSetting, Notices

BLOCK = 500
DONE, REFUSED, TOO_BIG = "done", "refused", "too big"


def main() -> None:
    """Read the file that is standard input."""
    import recurring_ical_events  # noqa: F401  while the process may still read what it likes

    order = json.loads(sys.argv[1])
    stream, out = sys.stdin.buffer, sys.stdout.buffer
    confine(order["size"])
    try:
        answer = _answer(order, stream, out)
    except MemoryError:
        answer = (TOO_BIG, 0, None)
    out.flush()
    ends = out.tell()
    pickle.dump(answer, out)
    out.write(ends.to_bytes(8))
    out.flush()


def _answer(order: dict[str, Any], stream: BinaryIO, out: BinaryIO) -> tuple[Any, ...]:
    """How it ended, how many things were read, and the file's report."""
    notices = Notices(order["name"])
    setting = FeedSetting(
        ZoneInfo(order["zone"]),
        datetime.fromisoformat(order["now"]),
        order["keep_text"],
        tuple(order["mine"]),
        tuple(order["ours"]),
        ZoneInfo(order["own_zone"]),
        order["said"],
        Path(order["folder"]) if order["folder"] else None,
        order["log_mailbox"],
        datetime.fromisoformat(order["since"]) if order["since"] else None,
    )
    count = 0
    try:
        for block in _blocks(open_feed(order["kind"], stream, notices, setting)):
            pickle.dump(block, out)
            count += len(block)
    except UnreadableFile as refused:
        return (REFUSED, 0, (refused.where, refused.message))
    return (DONE, count, parsed_feed(order["kind"], notices))


def _blocks(found: Iterable[Any]) -> Iterator[list[Any]]:
    stream = iter(found)
    while block := list(islice(stream, BLOCK)):
        yield block


if __name__ == "__main__":
    main()
