"""Which kind of file it is, told by its content: the one door to every reader of files."""

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import PurePath
from zoneinfo import ZoneInfo

from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.rule_files import NotToml, read_entries
from crm.imports.addressbooks import read_address_book
from crm.imports.archives import all_of, others
from crm.imports.cards import decode_cards
from crm.imports.exchange import begins_as_exchange, decode, read_exchange
from crm.imports.feeds import CARDS, feed_kind, head_of, packs_cards, read_feed
from crm.imports.lettering import LIKELY, codec_of
from crm.imports.monica import MONICA, begins_as_monica, read_monica
from crm.imports.phrases import phrase
from crm.imports.records import (
    ADDRESS_BOOK,
    ASKS,
    CALENDAR,
    CHANNELS,
    CONTACTS,
    DATES,
    EXCHANGE,
    FAVOURS,
    FEEDS,
    FILE_LIMIT,
    INTERACTIONS,
    LINKEDIN,
    MAIL,
    ORGANISATIONS,
    PHONE,
    PROMISES,
    RULES,
    SIGNAL,
    SIGNALS,
    TELEGRAM,
    VCARD,
    WHATSAPP,
    X_ARCHIVE,
    ParsedFile,
    Skipped,
    UnreadableFile,
)
from crm.imports.sheets import SHEETS
from crm.imports.sightings import FeedSetting, decode_text
from crm.imports.tables import Remembered, Table, is_remembered, knows_more, require_table, table_of
from crm.imports.vcards import read_vcards

KIND_WORDS = {
    CHANNELS: N_("channels"),
    ORGANISATIONS: N_("organisations"),
    CONTACTS: N_("contacts"),
    INTERACTIONS: N_("interactions"),
    ASKS: N_("asks"),
    PROMISES: N_("promises"),
    SIGNALS: N_("signals"),
    FAVOURS: N_("favours"),
    DATES: N_("dates"),
    RULES: N_("rules"),
    VCARD: N_("vCards"),
    ADDRESS_BOOK: N_("an address book"),
    MONICA: N_("a Monica export"),
    CALENDAR: N_("a calendar"),
    MAIL: N_("mail"),
    WHATSAPP: N_("a WhatsApp chat"),
    PHONE: N_("a phone backup"),
    TELEGRAM: N_("a Telegram export"),
    SIGNAL: N_("a Signal chat"),
    LINKEDIN: N_("LinkedIn messages"),
    X_ARCHIVE: N_("X direct messages"),
}
"""Every kind of file, as people call it."""
KINDS = tuple(KIND_WORDS)
RULES_LIMIT = 1024 * 1024

SUPPORTED = N_(
    "In Person reads the CSV files of its exchange format, address books as CSV, rules.toml, "
    "vCards (.vcf), calendars (.ics), mail (.eml, mbox), chats from WhatsApp (.txt or .zip), "
    "Telegram (result.json), Signal, LinkedIn (messages.csv) and X (direct-messages.js), "
    "backups from SMS Backup & Restore (.xml) and Monica’s export (.json)."
)

_MAGIC = (
    (b"\x89PNG", N_("This looks like a picture (PNG). {supported}")),
    (b"\xff\xd8\xff", N_("This looks like a picture (JPEG). {supported}")),
    (b"GIF8", N_("This looks like a picture (GIF). {supported}")),
    (b"%PDF", N_("This looks like a PDF. {supported}")),
    (
        b"PK\x03\x04",
        N_(
            "This looks like a spreadsheet or another zipped file; save a spreadsheet as “CSV UTF-8” first. {supported}"
        ),
    ),
    (b"\x1f\x8b", N_("This looks like a compressed file; unpack it first. {supported}")),
    (b"SQLite format 3", N_("This looks like a database. {supported}")),
    (
        b"!BDN",
        N_(
            "This looks like an Outlook data file (.pst); connect the mailbox over IMAP instead, or "
            "export its folders as mbox. {supported}"
        ),
    ),
    (
        b"\xd0\xcf\x11\xe0",
        N_(
            "This looks like an old Office document, or a mail that Outlook saved; save a spreadsheet as “CSV UTF-8”, and "
            "a mail as .eml, first. {supported}"
        ),
    ),
)
_TEXTS = (
    (re.compile(r"\s*BEGIN:VCALENDAR", re.IGNORECASE), N_("This looks like a calendar. {supported}")),
    (
        re.compile(r"\s*BEGIN:V(?!CARD)", re.IGNORECASE),
        N_("This looks like part of a calendar; export the whole calendar. {supported}"),
    ),
    (
        re.compile(r"\s*(version: *1\s+)?dn::? ?\S", re.IGNORECASE),
        N_("This looks like an address book in LDIF format; export it as vCards or CSV instead. {supported}"),
    ),
    (re.compile(r"\s*<(!doctype html|html)", re.IGNORECASE), N_("This looks like a web page. {supported}")),
    (re.compile(r"\s*<"), N_("This looks like an XML file. {supported}")),
    (re.compile(r"\s*[\[{]\s*[\]}{\"]"), N_("This looks like a JSON file. {supported}")),
    (
        re.compile(r"From .+\d\d:\d\d|(Return-Path|Received|Message-ID|Delivered-To): ", re.IGNORECASE),
        N_("This looks like mail. {supported}"),
    ),
)
_OWN_CALENDAR = re.compile(rb"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//In Person//")
_OWN_RULES = re.compile(rb"(?:[ \t]*+(?:#[^\n]*+)?\r?\n)*+\[\[ *rule\b")
_SAID_ALREADY = N_("In Person wrote this calendar. What it shows is in the CSV files, so it was left out.")
_CARD = re.compile(r"^[ \t]*BEGIN[ \t]*:[ \t]*VCARD[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


def read_file(
    path: str,
    data: bytes,
    *,
    zone: ZoneInfo,
    now: datetime,
    channels: Collection[str],
    kind: str | None = None,
    mappings: Remembered | None = None,
    feeds: FeedSetting | None = None,
) -> ParsedFile:
    """Read one file, whatever it is; its name only appears in sentences.

    ``zone`` is the workspace's, ``now`` the aware moment of reading, ``channels`` the keys of its channels,
    ``kind`` (one of KINDS) what the person says it is, ``mappings`` what the team said of the columns of other
    programs' tables, ``feeds`` what else reading a feed depends on. Raises UnreadableFile where nothing can be read.
    """
    name = display_name(path)
    _require_kind(name, kind)
    head = head_of(BytesIO(data))
    _refuse_hopeless(name, data, head)
    if kind in (None, VCARD) and packs_cards(head):
        return _packed_cards(name, data)
    if kind == VCARD or (kind is None and _holds_cards(data)):
        return read_vcards(name, data)
    if kind == MONICA or (kind is None and begins_as_monica(head)):
        return read_monica(name, data, zone=zone, now=now)
    if kind is None and _OWN_CALENDAR.match(data[:200]):
        return ParsedFile(name, CALENDAR, skipped=(Skipped(name, phrase(_SAID_ALREADY)),))
    if feed := feed_of(name, head, kind):
        return read_feed(feed, BytesIO(data), name, feeds or FeedSetting(zone, now))
    _refuse_foreign(name, data)
    if kind == RULES or (kind is None and _holds_rules(name, data)):
        return ParsedFile(name, RULES, text=_toml(name, data))
    table = _address_book(name, data, kind, mappings)
    if table is not None:
        return read_address_book(name, data, table)
    return read_exchange(name, data, zone=zone, now=now, channels=channels, kind=kind)


def _require_kind(name: str, kind: str | None) -> None:
    if kind is None or kind in KINDS:
        return
    said = "“{kind}” is no kind of file here; expected one of {kinds}."
    raise UnreadableFile(name, phrase(said, kind=kind[:40], kinds=", ".join(KINDS)))


def _packed_cards(name: str, data: bytes) -> ParsedFile:
    """The vCards of an archive, all of them as one file."""
    cards = b"\n".join(content for content, _ in all_of(BytesIO(data), name, CARDS))
    found = read_vcards(name, cards)
    more = others(BytesIO(data), name, CARDS)
    return replace(found, skipped=(*found.skipped, Skipped(name, more))) if more else found


def _address_book(name: str, data: bytes, kind: str | None, mappings: Remembered | None) -> Table | None:
    """The file as another program's address book, if it is one, or is said to be."""
    if kind == ADDRESS_BOOK:
        return require_table(name, data, mappings)
    table = table_of(data, mappings) if kind is None else None
    if table is None or (table.line > 1 and begins_as_exchange(data)):  # a row such as "…,email,…,Birthday"
        return None
    said = is_remembered(table, mappings)
    return table if said or all(knows_more(table, one.names) for one in SHEETS.values()) else None


def own_kind(head: bytes, kind: str | None = None, mappings: Remembered | None = None) -> str | None:
    """Which file of our own format begins so, or is said to be one; None for every other."""
    if kind is not None:
        return kind if kind in (*EXCHANGE, RULES) else None
    if _OWN_RULES.match(head):
        return RULES
    sheet = begins_as_exchange(head)
    return sheet if sheet and _address_book("", head, None, mappings) is None else None


def feed_of(name: str, head: bytes, kind: str | None = None) -> str | None:
    """Which feed a file is that begins so; None for every other file."""
    _refuse_magic(name, head)
    if kind is not None:
        return kind if kind in FEEDS else None
    return None if _OWN_CALENDAR.match(head) else feed_kind(head)


def display_name(path: str) -> str:
    """The last part of a path, printable, for sentences."""
    name = PurePath(path.replace("\\", "/")).name
    return "".join(letter for letter in name if letter.isprintable())[:120] or _("the file")


def _with_supported(pattern: str) -> str:
    return phrase(pattern, supported=phrase(SUPPORTED))


def _refuse_hopeless(name: str, data: bytes, head: bytes) -> None:
    if not data.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise UnreadableFile(name, _with_supported(N_("This file is empty. {supported}")))
    if len(data) > FILE_LIMIT:
        limit = FILE_LIMIT // 2**20
        raise UnreadableFile(
            name, phrase("This file is larger than {limit} MiB. Split it and import the parts.", limit=limit)
        )
    _refuse_magic(name, head)


def _refuse_magic(name: str, head: bytes) -> None:
    for magic, what in _MAGIC:
        if head.startswith(magic) and feed_kind(head) is None and not packs_cards(head):
            raise UnreadableFile(name, _with_supported(what))


def _holds_cards(data: bytes) -> bool:
    """Whether a line BEGIN:VCARD comes first, or at least before anything that looks like a table."""
    match = _CARD.search(decode_cards(data[:200_000]))
    if match is None:
        return False
    before = match.string[: match.start()]
    return not before.strip("\ufeff \t\r\n") or not re.search(r"[,;\t]", before)


def _refuse_foreign(name: str, data: bytes) -> None:
    head = decode_text(data[:2_000])
    for pattern, what in _TEXTS:
        if pattern.match(head):
            raise UnreadableFile(name, _with_supported(what))
    if name.lower().endswith((".eml", ".mbox")):
        raise UnreadableFile(
            name,
            phrase(
                "This is not a mail: it does not begin with headers such as From and Date. Export it again."
            ),
        )
    first = head.lstrip().partition("\n")[0]
    if _is_no_text(first) or (_CONTROL.search(head) and not _is_plain(data[:2_000])):
        raise UnreadableFile(name, _with_supported(N_("This is not a text file. {supported}")))


_CONTROL = re.compile("[\x01-\x08\x0b\x0e-\x19\x1b-\x1f\x7f]")


def _is_no_text(line: str) -> bool:
    return sum(letter.isprintable() or letter == "\t" for letter in line) < 0.8 * len(line)


def _is_plain(head: bytes) -> bool:
    """Whether it is UTF-8 or UTF-16: of these control characters are forgiven, as anything reads as old letters."""
    return codec_of(head) not in LIKELY


def _holds_rules(name: str, data: bytes) -> bool:
    if name.lower().endswith(".toml"):
        return True
    return re.search(rb"^[ \t]*\[+[ \t]*rules?\b", data[:100_000], re.MULTILINE) is not None


def _toml(name: str, data: bytes) -> str:
    if len(data) > RULES_LIMIT:
        raise UnreadableFile(name, phrase("This file is larger than a list of rules can be (1 MiB)."))
    text = decode(name, data)
    try:
        read_entries(text)
    except NotToml as fault:
        raise UnreadableFile(f"{name} line {fault.line}" if fault.line else name, str(fault)) from None
    return text
