"""The cells of the exchange format: what each may hold, how it is read, and how it is written.

A reader takes one cell that is not blank and returns its value, or raises ValueError with a sentence that says what is expected.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from crm.contacts.drafts import is_email
from crm.domain.formulas import neutralise, restore
from crm.domain.language import N_
from crm.domain.lengths import LINE_LIMIT
from crm.domain.manner import numeral
from crm.domain.targets import KINDS
from crm.domain.weeks import noon_of
from crm.domain.years import FIRST_LOGGED_YEAR, FIRST_YEAR, LAST_YEAR
from crm.imports.phrases import either, phrase
from crm.imports.records import PostalAddress


@dataclass(frozen=True)
class Setting:
    """What a cell's meaning depends on: the workspace's zone and channel keys, and the moment of reading."""

    zone: ZoneInfo
    now: datetime
    channels: frozenset[str]


# Lists in one cell.

_ITEM = re.compile(r"(?:[^;\\]|\\[;\\]|\\)*")
_ESCAPED = re.compile(r"\\([;\\])")


def split_items(cell: str) -> list[str]:
    """The items of a cell, unescaped but not stripped."""
    if "\\" not in cell:
        return cell.split(";")
    items, at = [], 0
    while True:
        match = _ITEM.match(cell, at)
        assert match is not None  # the pattern matches the empty text
        items.append(_ESCAPED.sub(r"\1", match.group()))
        if match.end() == len(cell):
            return items
        at = match.end() + 1


def join_items(items: Iterable[str]) -> str:
    """One cell that ``split_items`` takes apart again."""
    return ";".join(neutralise(item).replace("\\", "\\\\").replace(";", "\\;") for item in items)


# Readers: one cell that is not blank becomes a value, or ValueError says what is expected.

_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_YEARLESS = re.compile(r"--(\d{2})-(\d{2})", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?([Zz]|[+-]\d{2}(:?\d{2})?))?", re.ASCII
)


def tidy_line(text: str) -> str:
    """Text for one line: line breaks become spaces, the ends are trimmed."""
    return text.strip() if text.isprintable() else _BREAKS.sub(" ", text).strip()


_FAMILY_FIRST = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Kana, Chinese signs and Hangul."""


def name_of(given: str, family: str, middle: str = "") -> str:
    """A name put together of its parts, in the order in which names of these letters are written."""
    parts = (given, middle, family)
    if given and family and all(_FAMILY_FIRST.match(one) for one in parts if one):
        parts = (family, given, middle)
    return " ".join(filter(None, parts))


def read_line(cell: str, _: Setting) -> str:
    """Text on one line."""
    line = tidy_line(restore(cell))
    if len(line) > LINE_LIMIT:
        raise ValueError(too_long(line, LINE_LIMIT))
    return line


def too_long(text: str, limit: int) -> str:
    """What is said of a cell that holds more than fits."""
    return phrase(
        "The cell is {length} characters long; at most {limit} fit.",
        length=numeral(len(text)),
        limit=numeral(limit),
    )


def read_text(cell: str, _: Setting) -> str:
    """Text of any number of lines, kept as it is."""
    return restore(cell)


def read_lines(cell: str, setting: Setting) -> tuple[str, ...]:
    """Items separated by semicolons, each once, in order."""
    lines = (read_line(item, setting) for item in split_items(cell))
    return tuple(dict.fromkeys(line for line in lines if line))


_ADDRESSED = re.compile(r"[^<>]*<([^<>]+)>")


def people_meant(item: str) -> tuple[str, ...]:
    """Whom one item names: of ``Ana <ana@example.org>`` the email; addresses with commas between them are several people."""
    if "@" not in item or is_email(item):
        return (item,)
    parts = tuple(_bare_email(part.strip()) for part in item.split(","))
    whole = _bare_email(item)
    return parts if all(map(is_email, parts)) else (whole if is_email(whole) else item,)


def _bare_email(text: str) -> str:
    match = _ADDRESSED.fullmatch(text)
    return match[1].strip() if match else text


def read_people(cell: str, setting: Setting) -> tuple[str, ...]:
    """Emails, or names where there is no email, separated by semicolons."""
    return tuple(dict.fromkeys(one for item in read_lines(cell, setting) for one in people_meant(item)))


def read_person(cell: str, setting: Setting) -> str:
    """An email, or a name."""
    line = read_line(cell, setting)
    people = people_meant(line)
    return people[0] if len(people) == 1 else line


def read_emails(cell: str, setting: Setting) -> tuple[str, ...]:
    """Email addresses separated by semicolons."""
    emails = read_lines(cell, setting)
    for email in emails:
        if not is_email(email):
            raise ValueError(
                phrase("“{email}” is not an email address such as ana@example.org.", email=excerpt(email))
            )
    return emails


def no_email(text: str) -> str:
    """What is said of an email of another program's that is none."""
    return phrase("“{text}” is not an email address and was left out.", text=excerpt(text))


def no_person(name: str, email: str) -> str:
    """What is said of a row of another program's that is no person."""
    if name.casefold() in (email.casefold(), email.partition("@")[0].casefold()):
        return phrase("“{email}” is an address nobody reads, and was left out.", email=excerpt(email))
    return phrase(
        "All the file says of {name} is “{email}”, an address nobody reads, so they were left out.",
        name=excerpt(name),
        email=excerpt(email),
    )


def read_phones(cell: str, setting: Setting) -> tuple[str, ...]:
    """Phone numbers separated by semicolons, without invisible direction marks."""
    phones = (clean_phone(phone) for phone in read_lines(cell, setting))
    return tuple(dict.fromkeys(phone for phone in phones if phone))


PHONE_LIMIT = 100
PHONE_TOO_LONG = N_("“{phone}” is too long for a phone number and was left out.")
NOTE_TOO_LONG = N_("The note is longer than {limit} characters and was left out.")
NO_ANNIVERSARY = N_("“{text}” is not a valid anniversary and was left out.")
NO_DATE = N_("“{text}” is not a valid date and was left out.")
"""What is said of what other programs keep of people and cannot be kept here."""


def fax_note(number: str, *, is_fax: bool) -> str:
    """A number that is not for talking, as a line of the notes."""
    return f"{'Fax' if is_fax else 'Pager'} {number}"


def clean_phone(text: str) -> str:
    """A phone number without the direction marks that copying from a page leaves in it."""
    return tidy_line(_BIDI.sub("", text))


def read_addresses(cell: str, _: Setting) -> tuple[PostalAddress, ...]:
    """Postal addresses separated by an empty line."""
    text = restore(cell).replace("\r\n", "\n").replace("\r", "\n")
    found = (_address(block) for block in re.split(r"\n(?:[^\S\n]*\n)+", text))
    return tuple(dict.fromkeys(address for address in found if address.text))


def _address(block: str) -> PostalAddress:
    first, _, rest = block.strip().partition("\n")
    label = re.fullmatch(r"\[([^\[\]\n]{0,40})\]", first.strip())
    if label and rest.strip():
        return PostalAddress(rest.strip(), label.group(1).strip() or None)
    return PostalAddress(block.strip())


def read_day(cell: str, _: Setting) -> date:
    """A calendar day."""
    match = _DAY.fullmatch(cell.strip())
    try:
        day = date(*map(int, match.groups())) if match else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(
            phrase("“{cell}” is not a date; expected YYYY-MM-DD, such as 2026-11-23.", cell=excerpt(cell))
        )
    return day


def read_recurring_day(cell: str, setting: Setting) -> str:
    """A day as ``YYYY-MM-DD``, or ``--MM-DD`` where the year is not known."""
    text = restore(cell.strip())
    match = _YEARLESS.fullmatch(text)
    try:
        if match:
            date(2000, *map(int, match.groups()))
            return text
        return read_day(text, setting).isoformat()
    except ValueError:
        raise ValueError(
            phrase(
                "“{cell}” is not a date; expected YYYY-MM-DD, or --MM-DD without the year.",
                cell=excerpt(cell),
            )
        ) from None


class Occurred(NamedTuple):
    """A moment in UTC; ``on`` is the day as written where no time was."""

    at: datetime
    on: date | None = None


def read_moment(cell: str, setting: Setting) -> Occurred:
    """An ISO 8601 time, or a day: noon in the workspace's zone, or now where that noon is still ahead."""
    text = cell.strip()
    if not (_MOMENT.fullmatch(text) or _DAY.fullmatch(text)):
        raise ValueError(_no_moment(text))
    if not FIRST_LOGGED_YEAR <= int(text[:4]) <= LAST_YEAR:
        raise ValueError(
            phrase(
                "“{text}” is outside the years {first} to {last}.",
                text=excerpt(text),
                first=FIRST_LOGGED_YEAR,
                last=LAST_YEAR,
            )
        )
    try:
        if len(text) == 10:
            return _noon(date.fromisoformat(text), setting)
        moment = datetime.fromisoformat(text.upper().replace(" ", "T", 1).replace(" ", "").replace(",", "."))
    except ValueError:
        raise ValueError(_no_moment(text)) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=setting.zone)
    return Occurred(moment.astimezone(UTC))


def _no_moment(text: str) -> str:
    return phrase(
        "“{text}” is not a time; expected 2026-11-23T12:30:00+01:00, or a date such as 2026-11-23.",
        text=excerpt(text),
    )


def _noon(day: date, setting: Setting) -> Occurred:
    return Occurred(noon_of(day, setting.zone, setting.now), day)


def read_channel(cell: str, setting: Setting) -> str:
    """The key of one of the workspace's channels, or one that another file may bring: whether it is there is seen later."""
    if cell in setting.channels:
        return cell
    known = {channel.casefold(): channel for channel in setting.channels}
    return known.get(cell.strip().casefold()) or tidy_line(restore(cell))


def no_channel(word: str, channels: Iterable[str]) -> str:
    """What is said of a channel that the workspace has not."""
    return phrase(
        "“{word}” is not a channel here; expected {channels}. "
        "A channel of your own is added under Settings, Channels, or comes with channels.csv.",
        word=excerpt(word),
        channels=either(sorted(channels)),
    )


def one_of(*choices: str) -> Callable[[str, Setting], str]:
    """A reader of one word out of a few; capitals do not matter, nor do spaces, hyphens and underscores."""
    known = {choice.replace("_", " "): choice for choice in choices}

    def read(cell: str, _: Setting) -> str:
        word = cell if cell in choices else known.get(re.sub(r"[\s_-]+", " ", cell.strip().casefold()))
        if word is None:
            raise ValueError(
                phrase(
                    "“{cell}” is not known; expected {words}.", cell=excerpt(cell), words=either(list(known))
                )
            )
        return word

    return read


def read_kind(cell: str, setting: Setting) -> str:
    """A kind: one of the four shipped ones, or a workspace's own in its own spelling."""
    kind = read_line(cell, setting)
    return kind.casefold() if kind.casefold() in KINDS else kind


@lru_cache(maxsize=1024)
def is_time_zone(name: str) -> bool:
    """Whether the time zone database knows the name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def read_time_zone(cell: str, _: Setting) -> str:
    """A name of the time zone database."""
    name = cell.strip()
    if len(name) > 100 or not is_time_zone(name):
        raise ValueError(
            phrase("“{name}” is not a time zone; expected a name such as Europe/Berlin.", name=excerpt(name))
        )
    return name


def read_yes(cell: str, _: Setting) -> bool:
    """Yes or no."""
    word = cell.strip().casefold()
    if word not in ("yes", "no", "true", "false", "1", "0"):
        raise ValueError(phrase("“{cell}” is neither yes nor no.", cell=excerpt(cell)))
    return word in ("yes", "true", "1")


_PLAIN_EQUALS, _EQUALS_ESCAPED = re.compile(r"([\\=])"), r"\\\1"
_LABELLED = re.compile(r"((?:[^\\=]|\\.)+)=(.+)", re.DOTALL)


def read_labels(cell: str, setting: Setting) -> tuple[tuple[str, str], ...]:
    """What emails and phones are for: ``+49 30 1=work``, separated by semicolons."""
    found = {}
    for item in (tidy_line(restore(one)) for one in split_items(cell)):
        match = _LABELLED.fullmatch(item)
        if match is None:
            raise ValueError(
                phrase("“{item}” does not say what for; expected +49 30 123=work.", item=excerpt(item))
            )
        found[re.sub(r"\\(.)", r"\1", match[1])] = match[2]
    return tuple(sorted(found.items()))


def read_count(cell: str, _: Setting) -> int:
    """A whole number of at most six figures."""
    if not re.fullmatch(r"\d{1,6}", cell.strip(), re.ASCII):
        raise ValueError(phrase("“{cell}” is not a number of days such as 30.", cell=excerpt(cell)))
    return int(cell)


def read_heads(cell: str, _: Setting) -> int | None:
    """How many people; none is nothing to say."""
    if not re.fullmatch(r"\d{1,6}", cell.strip(), re.ASCII):
        raise ValueError(phrase("“{cell}” is not a number of people such as 3.", cell=excerpt(cell)))
    return int(cell) or None


def read_archived(cell: str, setting: Setting) -> datetime:
    """When somebody was put away."""
    return read_moment(cell, setting).at


def read_key(cell: str, _: Setting) -> str:
    """The key of a channel."""
    if not re.fullmatch(r"[a-z0-9_]{1,40}", cell.strip()):
        raise ValueError(
            phrase(
                "“{cell}” is not a valid key; expected lower-case letters, digits and _, such as trade_fair.",
                cell=excerpt(cell),
            )
        )
    return cell.strip()


def excerpt(text: str) -> str:
    """A stranger's text, short and on one line, to be quoted in a sentence."""
    line = "".join(letter for letter in tidy_line(text[:200]) if letter.isprintable())
    return line if len(line) <= 40 else line[:39] + "…"


# Writers: a value that is not empty becomes a cell.


def write_day(value: date) -> str:
    """A day as ``YYYY-MM-DD``."""
    return value.isoformat()


def write_moment(value: datetime) -> str:
    """A moment as ISO 8601 in UTC."""
    return value.astimezone(UTC).isoformat()


def write_words(value: str) -> str:
    """A key as the words people read."""
    return value.replace("_", " ")


def write_yes(value: bool) -> str:
    """Yes or no."""
    return "yes" if value else "no"


def write_labels(value: Iterable[tuple[str, str]]) -> str:
    """What emails and phones are for: ``+49 30 1=work``."""
    return join_items(f"{_PLAIN_EQUALS.sub(_EQUALS_ESCAPED, way)}={word}" for way, word in value)


def write_addresses(value: Iterable[PostalAddress]) -> str:
    """Addresses separated by an empty line."""
    return neutralise("\n\n".join(_written(address) for address in value))


def _written(address: PostalAddress) -> str:
    text = re.sub(r"\n\s*\n", "\n", re.sub(r"\r\n?", "\n", address.text)).strip()
    labelled = address.label or re.match(r"\s*\[[^\[\]\n]{0,40}\]\s*\n", text)
    return f"[{address.label or ''}]\n{text}" if labelled else text
