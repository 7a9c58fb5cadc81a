"""What machines saw of people: the meetings of a calendar, the mails of a mailbox. Plain values that readers of feeds make.

A sighting says who took part in the words of its source; who of them is one of us, and who somebody we know,
is decided where it is written down.
"""

import os
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from crm.domain.manner import numeral
from crm.imports.cards import universal
from crm.imports.lettering import text_of
from crm.imports.phrases import phrase, phrases
from crm.imports.records import Choice, Question, Skipped

NOTICES = 1_000


def decode_text(data: bytes) -> str:
    """Text of a file with every line ending as one newline."""
    return universal(text_of(data))


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody as a source names them: by email, by phone, or by name alone."""

    email: str = ""
    phone: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One meeting or mail. ``key`` is its identity within everything that is ever imported.

    ``channel`` None: the source does not say how. ``direction`` and ``outcome`` are words of the log. ``labels`` are
    words in which people may be named in full. ``revision`` orders what several files say of the same thing;
    ``is_off``: it was called off, ``is_ahead``: it is still to come. ``sender``: who wrote it, where it is mail;
    ``delivered`` are addresses it came to beside those it names.
    """

    key: str
    occurred_at: datetime
    channel: str | None
    parties: tuple[Party, ...]
    summary: str | None = None
    note: str | None = None
    declined: tuple[Party, ...] = ()
    labels: str = ""
    revision: str = ""
    is_off: bool = False
    is_ahead: bool = False
    where: str = ""
    direction: str = "mutual"
    outcome: str = "reached"
    sender: Party | None = None
    delivered: tuple[Party, ...] = ()

    @property
    def took_place(self) -> bool:
        """Whether it was neither called off nor is still to come."""
        return not (self.is_off or self.is_ahead)


@dataclass(frozen=True)
class FeedSetting:
    """What reading depends on: the workspace's zone, the moment, and whether what people wrote is kept.

    ``mine`` are the addresses, numbers and names of whoever brings the file in, ``ours`` those of the rest of the
    team; ``own_zone`` is where times without a zone were lived, ``said`` what people said of files that read in
    several ways, ``folder`` what is to be read where it is one. ``log_mailbox`` is the name by which one signs in to
    the mailbox that is read, where mails may be forwarded to it to be logged. What a calendar has from before ``since``
    was read already.
    """

    zone: ZoneInfo
    now: datetime
    keep_text: bool = False
    mine: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    own_zone: ZoneInfo | None = None
    said: Mapping[str, Sequence[str]] = field(default_factory=dict)
    folder: Path | None = None
    log_mailbox: str = ""
    since: datetime | None = None


@dataclass
class Notices:
    """What a reader of feeds has to say besides, bounded."""

    file: str
    skipped: list[Skipped] = field(default_factory=list)
    uncertain: list[Question] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)

    def line(self, number: int) -> str:
        """Where something stands in the file."""
        return f"{self.file} line {number}"

    def leave_out(self, where: str, why: str) -> None:
        """One item is left out."""
        if len(self.skipped) < NOTICES:
            self.skipped.append(Skipped(where, why))

    def leave_out_all(self, sentences: tuple[str, str], number: int, why: str) -> None:
        """So many of a sort are left out, if any; the sentences, for one and for more, have places for ``n`` and ``why``."""
        if number:
            said = phrases(*sentences, number, n=numeral(number), why=phrase(why))
            self.leave_out(self.file, said)

    def broke_off(self, line: int) -> None:
        """From this line on nothing can be read."""
        self.leave_out(
            self.line(line),
            phrase("The file breaks off here, or is damaged. Everything before this was read."),
        )

    def ask(self, where: str, question: str) -> None:
        """One thing a person has to look at."""
        if len(self.uncertain) < NOTICES:
            self.uncertain.append(Question(where, question))

    def choose(self, choice: Choice) -> None:
        """One thing a person has to say before the file can be read."""
        self.choices.append(choice)


class Spool:
    """A file in which a reader leaves blocks of sightings or records, and its answer behind them.

    The blocks are read again and again: all of a feed need not fit into memory.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self._ends = self._count = 0

    def __del__(self) -> None:
        self.file.close()

    def answer(self) -> tuple[str, Any]:
        """How the reader ended, and what it says."""
        self.file.seek(-8, os.SEEK_END)
        self._ends = int.from_bytes(self.file.read(8))
        self.file.seek(self._ends)
        ended, self._count, said = pickle.load(self.file)  # noqa: S301 (written by our own reader)
        return ended, said

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Any]:
        place = 0
        while place < self._ends:
            self.file.seek(place)
            block = pickle.load(self.file)  # noqa: S301 (written by our own reader)
            place = self.file.tell()
            yield from block
