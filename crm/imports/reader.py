"""The process in which files are read: ``python -m crm.imports.reader FD``, confined before it looks at the first byte.

What is wanted lies as JSON in the open file FD. Standard input is the file, unless that names a folder. Standard output
takes blocks of pickled sightings or records, then what is to be said of the file, then where the blocks end.
"""

import json
import os
import pickle
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from crm.imports.feeds import head_of, open_feed, parsed_feed
from crm.imports.limits import MEMORY_LIMIT, confine, hold
from crm.imports.records import FEEDS, FILE_LIMIT, MAIL, UnknownHeader, UnreadableFile
from crm.imports.sightings import FeedSetting, Notices
from crm.imports.sniff import feed_of, read_file
from crm.imports.tables import columns_to_say

BLOCK = 500
DONE, REFUSED, TOO_BIG = "done", "refused", "too big"
Answer = tuple[Any, ...]
"""How it ended, how many things were read, and the file's report."""


def main() -> None:
    """Read the file that is standard input."""
    with os.fdopen(int(sys.argv[1])) as wanted:
        order = json.load(wanted)
    stream, out = sys.stdin.buffer, sys.stdout.buffer
    confine(order["size"], 2 * MEMORY_LIMIT)
    try:
        answer = _answer(order, stream, out)
    except MemoryError:
        answer = (TOO_BIG, 0, None)
    out.flush()
    ends = out.tell()
    pickle.dump(answer, out)
    out.write(ends.to_bytes(8))
    out.flush()


def _answer(order: dict[str, Any], stream: BinaryIO, out: BinaryIO) -> Answer:
    try:
        kind = MAIL if order["folder"] else feed_of(order["name"], head_of(stream), order["kind"])
        return _feed(kind, order, stream, out) if kind in FEEDS else _whole(order, stream, out)
    except UnreadableFile as refused:
        return (REFUSED, 0, (refused.where, refused.message, ()))


def _feed(kind: str, order: dict[str, Any], stream: BinaryIO, out: BinaryIO) -> Answer:
    hold(MEMORY_LIMIT)
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
    count = _spooled(open_feed(kind, stream, notices, setting), out)
    return (DONE, count, parsed_feed(kind, notices))


def _whole(order: dict[str, Any], stream: BinaryIO, out: BinaryIO) -> Answer:
    data = stream.read(FILE_LIMIT + 1)
    try:
        parsed = read_file(
            order["name"],
            data,
            zone=ZoneInfo(order["zone"]),
            now=datetime.fromisoformat(order["now"]),
            channels=order["channels"],
            kind=order["kind"],
            mappings=order["said"],
        )
    except UnknownHeader as refused:
        return (REFUSED, 0, (refused.where, refused.message, columns_to_say(data)))
    return (DONE, _spooled(parsed.records, out), replace(parsed, records=()))


def _spooled(found: Iterable[Any], out: BinaryIO) -> int:
    count = 0
    for block in _blocks(found):
        pickle.dump(block, out)
        count += len(block)
    return count


def _blocks(found: Iterable[Any]) -> Iterator[list[Any]]:
    stream = iter(found)
    while block := list(islice(stream, BLOCK)):
        yield block


if __name__ == "__main__":
    main()
