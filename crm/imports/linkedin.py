"""Reading LinkedIn's messages.csv, of its data export: with whom was written on which day, and who of them is us."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from crm.domain.language import N_
from crm.domain.lengths import LINE_LIMIT, TEXT_LIMIT
from crm.imports.cells import tidy_line
from crm.imports.chat_people import Cast, cast_of, fingerprint_of, is_one_of, party_of
from crm.imports.chat_threads import Threads
from crm.imports.phrases import phrase
from crm.imports.records import UnreadableFile, refuse_endless
from crm.imports.sightings import FeedSetting, Notices, Sighting, decode_text

APP = "linkedin"
_NEEDED = {"from", "to", "date"}
_ALSO = {"conversation id", "folder", "direction", "sender profile url"}
_FORMS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%m/%d/%y, %I:%M %p",
    "%m/%d/%Y, %I:%M %p",
    "%m/%d/%y %H:%M",
    "%m/%d/%Y %H:%M",
)
_NOBODY = ("linkedin member", "linkedin", "linkedin user")
_ADVERTISING = re.compile(r"class=[\"']?spinmail", re.IGNORECASE)
"""LinkedIn's own markup; the word in a person's mouth is no advertisement."""


def begins_as_linkedin(text: str) -> bool:
    """Whether a text begins with the header of such a table."""
    first = text.lstrip("\ufeff").split("\n", 1)[0][:2_000].replace('"', "")
    names = set(_header(first.split(",")))
    return names >= _NEEDED and bool(names & _ALSO)


def _header(cells: Iterable[str]) -> list[str]:
    return [" ".join(cell.replace("_", " ").casefold().split()) for cell in cells]


def read_linkedin(data: bytes, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    """Each person and day once; LinkedIn writes the time in UTC. People are known by the name they have there."""
    table = _Table(notices, setting)
    refuse_endless(notices.file, data)
    for line, row in _rows(io.StringIO(decode_text(data)), notices):
        table.take(line, row)
    if not table.written:
        raise UnreadableFile(notices.file, phrase("This LinkedIn file contains no messages."))
    cast = table.cast()
    if cast.question is not None:
        notices.choose(cast.question)
        return
    us = {cast.me} if cast.me else set()
    known = (party_of(cast.me),) if cast.me and cast.is_known else ()
    yield from table.threads.sightings(f"chat:{APP}", "social", us, party_of, known)


def _rows(text: io.StringIO, notices: Notices) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each row by the names of its columns, with its line; what is no row is left out."""
    csv.field_size_limit(max(csv.field_size_limit(), TEXT_LIMIT))
    reader = csv.reader(text)
    header: list[str] = []
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            notices.leave_out(notices.line(line), phrase("This row is damaged."))
            continue
        if not header:
            header = _header(cells) if any(cells) else []
        elif any(cells):
            yield line, dict(zip(header, cells, strict=False))


class _Table:
    def __init__(self, notices: Notices, setting: FeedSetting) -> None:
        self.notices, self.setting = notices, setting
        self.threads = Threads(notices, setting)
        self.written: Counter[str] = Counter()

    def take(self, line: int, row: Mapping[str, str]) -> None:
        """One message."""
        sender, others = _name(row.get("from", "")), _recipients(row)
        words = self._passed_over(row, sender)
        if words:
            self.threads.passed[words] += 1
            return
        at = self.threads.moment(_moment(row.get("date", "")))
        if at is None:
            return
        key = row.get("conversation id", "").strip() or " ".join(sorted({sender, *others}))
        thread = self.threads.within(key, [sender, *filter(None, others)], is_group=len(others) > 1)
        self.written[sender] += 1
        self.threads.add(thread, sender, at, line, (sender, _plain(row.get("content", ""))))

    def _passed_over(self, row: Mapping[str, str], sender: str) -> str:
        if row.get("is message draft", "").strip().casefold() in ("yes", "true", "1"):
            return N_("drafts")
        if row.get("folder", "").strip().casefold() == "spam":
            return N_("in the spam folder")
        if _ADVERTISING.search(row.get("content", "")[:500]):
            return N_("advertising")
        if not sender or sender.casefold() in _NOBODY:
            return N_("from accounts that no longer exist, or from LinkedIn itself")
        return ""

    def cast(self) -> Cast:
        """Who is who: we are who our names say, else who is in every conversation, else whoever says so."""
        everybody = {one: self.written[one] for each in self._threads() for one in each}
        words = (*self.setting.mine, *self.setting.ours)
        always = set.intersection(*map(set, self._threads()))
        if len(always) == 1 and len(everybody) > 2 and not any(is_one_of(one, words) for one in everybody):
            (me,) = always
            return Cast(me, tuple(one for one in everybody if one != me))
        return cast_of(everybody, self.notices.file, self.setting, fingerprint_of(APP, sorted(everybody)))

    def _threads(self) -> list[set[str]]:
        return [one.people for one in self.threads.conversations.values()]


def _name(cell: str) -> str:
    return tidy_line(cell)[:LINE_LIMIT]


def _recipients(row: Mapping[str, str]) -> list[str]:
    """To whom: one name for each address of a profile. Of several, names with commas in them are not known."""
    urls = [one for one in re.split(r"[;,\s]+", row.get("recipient profile urls", "")) if one.strip()]
    name = _name(row.get("to", ""))
    if len(urls) < 2:
        return [name] if name and name.casefold() not in _NOBODY else []
    names = [_name(one) for one in re.split("[;,]", name)]
    return names if len(names) == len(urls) else [""] * len(urls)


def _moment(cell: str) -> datetime | None:
    written = cell.strip().removesuffix("UTC").strip()[:40]
    for form in _FORMS:
        try:
            return datetime.strptime(written, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _plain(content: str) -> str:
    return re.sub(r"<[^<>]{1,500}>", " ", content)
