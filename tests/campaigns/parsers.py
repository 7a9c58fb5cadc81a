"""S7: files of every sort, spoiled at random, end in records or in one sentence: no fault, no hang, no growth.

The files are those of the tests, and real ones where they are at hand (``../shared/data``). Each is cut, has bytes
flipped, lines doubled and moved, is written in other letters, or joined to another; what comes of it is read as the
product reads it, in a process of its own.
"""

import random
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from unittest.mock import patch
from zoneinfo import ZoneInfo

from crm.imports.reading import Given, Reading, read_all
from crm.imports.records import ParsedFile
from crm.imports.report import FileReport
from crm.imports.sniff import read_file
from crm.imports.vcards import read_vcards
from tests.campaigns.frame import Asked, Campaign
from tests.campaigns.imports import files
from tests.imports.letters import mail, zipped
from tests.imports.messengers import ALONE, ME, WHOLE, Message
from tests.shipped import SHIPPED_KEYS

DATA = Path(__file__).parents[3] / "shared" / "data"
BIGGEST = 2 * 2**20
LONGEST = 5.0
"""Seconds of processor time for one file, whatever was done to it; its process needs some of them to start."""
PROCESSES = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
"""This one, and those it waited for, in which files are read."""
MOST_MIB = 1_024
Spoil = Callable[[bytes, random.Random], bytes]


def seeds() -> list[tuple[str, bytes]]:
    """Every file to begin with, by name."""
    own = [(one.name, one.content) for one in files() if isinstance(one.content, bytes)]
    chat = "".join(f"{1 + day:02}/11/2026, 10:{day:02} - Marta: Hello {day}\n" for day in range(28)).encode()
    texts = "".join(
        f'<sms address="+1555010{n:04}" date="17000000{n:05}" type="1" body="x"/>' for n in range(30)
    )
    phone = f"<?xml version='1.0'?><smses count=\"30\">{texts}</smses>".encode()
    packed = zipped({"a.eml": mail(1), "b.eml": mail(2), "_chat.txt": chat})
    own += [
        ("chat.txt", chat),
        ("sms.xml", phone),
        ("mail.zip", packed),
        ("chat.zip", zipped({"_chat.txt": chat})),
    ]
    talk = [
        Message("Marta Kowalczyk", datetime(2026, 11, day, 9, tzinfo=UTC), who)
        for day in range(1, 20)
        for who in (ME, "Marta Kowalczyk")
    ]
    own += [(f"{app}.json", write(talk)) for app, write in WHOLE.items()]
    own += [(name, write(talk)) for name, write in ALONE.values()]
    real = [path for path in sorted(DATA.glob("*/**/*")) if path.is_file() and path.stat().st_size < BIGGEST]
    return own + [(path.name, path.read_bytes()) for path in real]


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def flip(data: bytes, chance: random.Random) -> bytes:
    spoiled = bytearray(data)
    for _ in range(chance.choice((1, 1, 3, 30)) if data else 0):
        spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
    return bytes(spoiled)


def shuffle(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    for _ in range(chance.randrange(1, 6)):
        here, there = chance.randrange(len(lines)), chance.randrange(len(lines))
        lines.insert(there, lines[here])
    return b"\n".join(lines)


def repeat(data: bytes, chance: random.Random) -> bytes:
    begins = chance.randrange(len(data) + 1)
    part = data[begins : begins + chance.randrange(1, 200)]
    return data[:begins] + part * chance.choice((2, 100, 5_000)) + data[begins:]


def recode(data: bytes, chance: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(chance.choice(("utf-16", "utf-16-be", "latin-1", "utf-7", "utf-32")), "replace")


SPOILS: tuple[Spoil, ...] = (cut, flip, flip, shuffle, repeat, recode)


def spoiled(known: list[tuple[str, bytes]], chance: random.Random) -> Given:
    """One file, spoiled once or more; sometimes under the name of another, or with another behind it."""
    name, data = chance.choice(known)
    for _ in range(chance.choice((1, 1, 2, 3))):
        data = chance.choice(SPOILS)(data, chance)
    other, more = chance.choice(known)
    if chance.random() < 0.1:
        data += more
    return Given(other if chance.random() < 0.1 else name, data[: 2 * BIGGEST])


def one(given: Given, reading: Reading) -> tuple[bool, float]:
    """Read it; whether it was read at all, and the seconds it took."""
    begun = _seconds()
    (found,) = read_all([given], reading)
    took = _seconds() - begun
    if isinstance(found, ParsedFile):
        list(found.sightings)
        told = [*(each.why for each in found.skipped), *(each.message for each in found.errors)]
    else:
        told = [each.message for each in found.errors]
        assert told, "refused without a word"
    assert all(words.endswith((".", "”", ")")) for words in told), told
    assert took < LONGEST, f"{took:.1f} s"
    return isinstance(found, ParsedFile), took


def _seconds() -> float:
    """Processor time: a busy machine is no hang."""
    return sum(resource.getrusage(who).ru_utime + resource.getrusage(who).ru_stime for who in PROCESSES)


def _raises(data: bytes) -> str:
    return data.decode()


def _without_a_word(name: str, *_: object) -> FileReport:
    return FileReport(name, "")


def _burns(name: str, data: bytes) -> ParsedFile:
    begun = time.process_time()
    while data.count(b"BEGIN:VCARD") != data.count(b"END:VCARD") and time.process_time() < begun + LONGEST:
        pass
    return read_vcards(name, data)


VARIANTS: dict[str, tuple[str, Callable[..., object]]] = {
    "old letters": ("crm.imports.sniff.decode_text", _raises),
    "without a word": ("crm.imports.reading.FileReport.unreadable", _without_a_word),
    "takes its time": ("crm.imports.sniff.read_vcards", _burns),
}
"""Broken builds: one that takes everything for UTF-8, one that refuses and does not say why, one that never gives up."""


def _in_this_process(stream: BinaryIO, _: int, name: str, reading: Reading) -> ParsedFile:
    """As files are read apart, where a broken build can be had."""
    channels, kind, mappings = reading.channels, reading.kind, reading.mappings
    data = stream.read()
    return read_file(
        name, data, zone=reading.zone, now=reading.now, channels=channels, kind=kind, mappings=mappings
    )


def run(asked: Asked) -> Iterator[str]:
    with ExitStack() as broken:
        if asked.variant:
            broken.enter_context(patch(*VARIANTS[asked.variant]))
            broken.enter_context(patch("crm.imports.reading._read_apart", _in_this_process))
        yield from _run(asked)


def _run(asked: Asked) -> Iterator[str]:
    known = seeds()
    reading = Reading(ZoneInfo("Europe/Berlin"), datetime(2026, 11, 23, tzinfo=UTC), SHIPPED_KEYS)
    counted, longest, begun = 0, 0.0, time.monotonic()
    for number in range(1, asked.times + 1):
        given = spoiled(known, asked.chance)
        try:
            is_read, took = one(given, reading)
        except Exception as fault:
            if asked.variant:
                raise AssertionError(f"{given.name}: {type(fault).__name__}: {fault}") from fault
            kept = Path(f"spoiled-{number}-{given.name}")
            kept.write_bytes(given.content if isinstance(given.content, bytes) else b"")
            raise AssertionError(f"{kept}: {type(fault).__name__}: {fault}") from fault
        counted, longest = counted + is_read, max(longest, took)
        if number % 100 == 0 or number == asked.times:
            mib = max(resource.getrusage(who).ru_maxrss for who in PROCESSES) // 1024
            assert mib < MOST_MIB, f"{mib} MiB"
            minutes = (time.monotonic() - begun) / 60
            yield f"{number} files, {counted} read; at most {longest:.1f} s and {mib} MiB; {minutes:.0f} minutes"


CAMPAIGN = Campaign(
    "S7",
    "Spoiled files of every sort end in records or in one sentence",
    "files",
    20_000,
    run,
    tuple(VARIANTS),
    backends=("sqlite",),
)
