"""vCards, read into contacts: every card becomes a contact, or a sentence that says why not."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from crm.contacts.drafts import EMAIL_LIMIT, is_email
from crm.domain.language import N_
from crm.domain.lengths import LINE_LIMIT, TEXT_LIMIT
from crm.domain.manner import numeral
from crm.domain.years import FIRST_YEAR, LAST_YEAR
from crm.imports.cards import Card, Property, decode_cards, properties, split_cards, universal
from crm.imports.cells import (
    NO_ANNIVERSARY,
    NO_DATE,
    NOTE_TOO_LONG,
    PHONE_LIMIT,
    PHONE_TOO_LONG,
    clean_phone,
    excerpt,
    fax_note,
    is_time_zone,
    name_of,
    no_email,
    no_person,
    tidy_line,
)
from crm.imports.phrases import both, phrase
from crm.imports.records import (
    FILE_LIMIT,
    VCARD,
    ContactRecord,
    Occasion,
    ParsedFile,
    PostalAddress,
    Question,
    Skipped,
    UnreadableFile,
    refuse_endless,
)

NOTICE_LIMIT = 2_000
CARDS_LIMIT = 100_000
PROPERTIES_LIMIT = 5_000
"""Far more cards in a file, and properties in a card, than honest ones have."""

_BEGIN = re.compile(r"^[ \t]*BEGIN[ \t]*:[ \t]*VCARD", re.IGNORECASE | re.MULTILINE)


@dataclass
class _Notices:
    """What is to be said about a file beside its contacts."""

    file: str
    skipped: list[Skipped] = field(default_factory=list)
    uncertain: list[Question] = field(default_factory=list)

    def place(self, card: Card) -> str:
        return f"{self.file} card {card.number} (line {card.line})"

    def leave_out_card(self, card: Card, why: str, record: ContactRecord | None = None) -> None:
        self.skipped.append(Skipped(self.place(card), why, record))

    def leave_out(self, line: int, why: str) -> None:
        """One property of a card that is otherwise read."""
        if len(self.skipped) < NOTICE_LIMIT:
            self.skipped.append(Skipped(f"{self.file} line {line}", why))

    def ask(self, card: Card, question: str) -> None:
        if len(self.uncertain) < NOTICE_LIMIT:
            self.uncertain.append(Question(self.place(card), question))


def read_vcards(name: str, data: bytes) -> ParsedFile:
    """Read every card of a file; a card that cannot be used is skipped with a sentence, the others are kept.

    The answer holds one ContactRecord or one Skipped named "… card N (line L)" for every line BEGIN:VCARD.
    """
    if len(data) > FILE_LIMIT:
        raise UnreadableFile(
            name,
            phrase(
                "This file is larger than {limit} MiB. Split it and import the parts.",
                limit=FILE_LIMIT // 2**20,
            ),
        )
    notices = _Notices(name)
    records = []
    refuse_endless(name, data)
    text = decode_cards(data)
    if len(_BEGIN.findall(text)) > CARDS_LIMIT:
        raise UnreadableFile(
            name,
            phrase(
                "This file contains more than {limit} cards. Split it and import the parts.",
                limit=numeral(CARDS_LIMIT),
            ),
        )
    for card in split_cards(text):
        record = _contact(card, notices)
        if record is not None:
            records.append(record)
    if not records and not notices.skipped:
        raise UnreadableFile(name, phrase("There is no vCard in this file: no line says BEGIN:VCARD."))
    return ParsedFile(name, VCARD, tuple(records), (), tuple(notices.skipped), tuple(notices.uncertain))


def _contact(card: Card, notices: _Notices) -> ContactRecord | None:
    found: dict[str, list[Property]] = {}
    for count, each in enumerate(properties(card)):
        if count >= PROPERTIES_LIMIT or card.overlong:
            notices.leave_out_card(card, phrase("This card has far more lines than a real card could have."))
            return None
        found.setdefault(each.name, []).append(each)
    if any(_says(found, *mark) for mark in _LISTS):
        notices.leave_out_card(card, phrase("This card is a list of people, not a person."))
        return None
    contact = _named(card, found, notices)
    if contact is None:
        return None
    if not card.whole:
        notices.ask(card, phrase("This card has no end. Is the file complete?"))
    if _says(found, "KIND", "org") or _says(found, "X-ABSHOWAS", "company"):
        notices.ask(
            card,
            phrase("{name} is marked as a company in the file. Is it a person?", name=excerpt(contact.name)),
        )
    return contact


_LISTS = (("KIND", "group"), ("X-ADDRESSBOOKSERVER-KIND", "group"), ("X-EVOLUTION-LIST", "true"))
"""How programs mark a list of people."""


def _says(found: dict[str, list[Property]], name: str, word: str) -> bool:
    return any(each.value.strip().lower() == word for each in found.get(name, ()))


def _named(card: Card, found: dict[str, list[Property]], notices: _Notices) -> ContactRecord | None:
    given, family, full = _names(found)
    organisation = next(
        (tidy_line(each.parts()[0]) for each in found.get("ORG", ()) if each.parts()[0]), None
    )
    emails = _each(found.get("EMAIL", ()), lambda each: _email(each, notices))
    name = full or organisation or next(iter(emails), "")
    if not name:
        notices.leave_out_card(card, phrase("This card has no name, organisation or email."))
        return None
    if max(map(len, (name, given, family, organisation or ""))) > LINE_LIMIT:
        notices.leave_out_card(
            card,
            phrase("This card has a name of more than {limit} characters.", limit=numeral(LINE_LIMIT)),
        )
        return None
    values: dict[str, Any] = {
        "name": name,
        "given_name": given or None,
        "family_name": family or None,
        "emails": emails,
        "organisation": organisation,
        **_details(card, found, notices),
    }
    said = frozenset(key for key, value in values.items() if value)
    labels = _labels(found, calls=[each for each in found.get("TEL", ()) if not _is_fax(each)])
    record = ContactRecord(**values, labels=labels, given=said, where=notices.place(card))
    if record.is_nobody:
        notices.leave_out_card(card, no_person(record.name, record.emails[0]), record)
        return None
    return record


def _names(found: dict[str, list[Property]]) -> tuple[str, str, str]:
    """Given, family and full name; the full one is put together where the card has none, or is a nickname."""
    parts = [*(found["N"][0].parts() if "N" in found else ()), "", ""]
    family, given = tidy_line(parts[0]), tidy_line(parts[1])
    full = next((line for each in found.get("FN", ()) if (line := tidy_line(each.text))), "")
    nick = next((line for each in found.get("NICKNAME", ()) if (line := tidy_line(each.text))), "")
    return given, family, full or name_of(given, family) or nick


def _details(card: Card, found: dict[str, list[Property]], notices: _Notices) -> dict[str, Any]:
    calls = [each for each in found.get("TEL", ()) if not _is_fax(each)]
    places = sorted(found.get("ADR", ()), key=lambda each: each.rank)
    city, country = _city(places)
    return {
        "phones": _each(calls, lambda each: _phone(each, notices)),
        "title": _first_line([*found.get("TITLE", ()), *found.get("ROLE", ())]),
        "tags": _tags(found.get("CATEGORIES", ())),
        "city": city,
        "country": country,
        "time_zone": next(
            (zone for each in found.get("TZ", ()) if is_time_zone(zone := each.text.strip()[:100])), None
        ),
        "addresses": _addresses(places, found.get("LABEL", ())),
        "birthday": _birthday(card, [*found.get("BDAY", ()), *_androids(found, _BORN)], notices),
        "notes": _notes(found, notices),
        "occasions": _occasions(found, notices),
        "deceased_on": _death(found, notices),
        "uid": next(
            (tidy_line(each.text)[:LINE_LIMIT] for each in found.get("UID", ()) if each.text.strip()), None
        ),
    }


def _each(found: Iterable[Property], read: Callable[[Property], str | None]) -> tuple[str, ...]:
    """What can be read, preferred ones first, each once."""
    values = (read(each) for each in sorted(found, key=lambda each: each.rank))
    return tuple(dict.fromkeys(value for value in values if value))


def _email(each: Property, notices: _Notices) -> str | None:
    email = _address_of(each)
    if is_email(email) and len(email) <= EMAIL_LIMIT:
        return email
    if email:
        notices.leave_out(each.line, no_email(email))
    return None


def _address_of(each: Property) -> str:
    email = tidy_line(re.sub(r"^mailto:", "", each.text.strip(), flags=re.IGNORECASE))
    bracketed = re.fullmatch(r"[^<>]*<([^<>]+)>", email)
    return bracketed.group(1).strip() if bracketed else email


def _is_fax(each: Property) -> bool:
    """Whether it is no number to talk on; Roundcube writes “workfax” in one word."""
    return any(word.endswith(("fax", "pager")) for word in each.types)


def _phone(each: Property, notices: _Notices) -> str | None:
    phone = _number(each)
    if len(phone) <= PHONE_LIMIT:
        return phone
    notices.leave_out(each.line, phrase(PHONE_TOO_LONG, phone=excerpt(phone)))
    return None


def _number(each: Property) -> str:
    uri = re.match(r"\s*tel:([^;]*)(?:.*;ext=([\d-]+))?", each.text, re.IGNORECASE)
    return clean_phone(uri.group(1) + (f" ext. {uri.group(2)}" if uri.group(2) else "") if uri else each.text)


_PURPOSES = (("cell", "mobile"), ("iphone", "mobile"), ("work", "work"), ("home", "home"), ("main", "main"))


def _labels(found: dict[str, list[Property]], calls: Iterable[Property]) -> tuple[tuple[str, str], ...]:
    """What the emails and phones are for, in the card's own word or in one of ours."""
    own = {each.group: _apple_word(each) for each in found.get("X-ABLABEL", ()) if each.group}
    said: dict[str, str] = {}
    for each in [*found.get("EMAIL", ()), *calls]:
        word = own.get(each.group) or next((ours for type_, ours in _PURPOSES if type_ in each.types), "")
        value = _number(each) if each.name == "TEL" else _address_of(each)
        if word and value:
            said.setdefault(value, word.casefold() if word.isascii() else word)
    return tuple(sorted(said.items()))


def _apple_word(label: Property) -> str:
    """``_$!<Mobile>!$_`` is Apple's own word, anything else the person's."""
    return re.sub(r"^_\$!<(.*)>!\$_$", r"\1", tidy_line(label.text))[:80]


def _first_line(found: Iterable[Property]) -> str | None:
    lines = (tidy_line(each.text)[:LINE_LIMIT] for each in sorted(found, key=lambda each: each.rank))
    return next((line for line in lines if line), None)


def _tags(found: Iterable[Property]) -> tuple[str, ...]:
    """Categories as tags; those beginning with an asterisk, and two of Google's, are an address book's own lists."""
    tags = (tidy_line(tag)[:LINE_LIMIT] for each in found for tag in each.parts(","))
    own = ("mycontacts", "starred")
    return tuple(dict.fromkeys(tag for tag in tags if tag and tag[:2] != "* " and tag.casefold() not in own))


def _city(places: list[Property]) -> tuple[str | None, str | None]:
    for place in places:
        parts = [tidy_line(part)[:LINE_LIMIT] for part in [*place.parts(), *[""] * 7]]
        if parts[3] or parts[6]:
            return parts[3] or None, parts[6] or None
    return None, None


def _addresses(places: Iterable[Property], labels: Iterable[Property]) -> tuple[PostalAddress, ...]:
    found = [PostalAddress(text, _label(place)) for place in places if (text := _address(place))]
    if not found:
        found = [
            PostalAddress(text, _label(label))
            for label in labels
            if (text := _tidy_lines(label.text.split("\n")))
        ]
    return tuple(dict.fromkeys(found))


def _label(place: Property) -> str | None:
    return next((word for word in ("home", "work") if word in place.types), None)


def _address(place: Property) -> str:
    """The address as lines: its own label in vCard 4.0, else street, town and country; a town alone is none."""
    box, extended, street, city, region, code, country = [*place.parts(), *[""] * 7][:7]
    label = place.parameters.get("LABEL", [""])[0]
    if label != street:  # which our own cards say once more, where a break of lines is one already
        label = label.replace("\\n", "\n")
    if label.strip():
        return _tidy_lines(label.split("\n"))
    if not (box or extended or street or code):
        return ""
    town = " ".join(part for part in (city, region, code) if part)
    return _tidy_lines("\n".join((box, street, extended, town, country)).split("\n"))


def _tidy_lines(lines: Iterable[str]) -> str:
    tidy = (tidy_line(line).rstrip(",") for line in lines)
    return "\n".join(line for line in tidy if line)[:TEXT_LIMIT]


_DATES = (
    re.compile(r"(?P<year>\d{4})-?(?P<month>\d{2})-?(?P<day>\d{2})(?:[T ].*)?", re.DOTALL | re.ASCII),
    re.compile(r"--(?P<month>\d{2})-?(?P<day>\d{2})", re.ASCII),
    re.compile(r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})", re.ASCII),
)


def read_card_date(text: str, *, without: str = "") -> str | None:
    """A date as ``YYYY-MM-DD`` or ``--MM-DD``, or None; ``without`` is a year that stands for no year."""
    match = next((found for pattern in _DATES if (found := pattern.fullmatch(text.strip()))), None)
    if match is None:
        return None
    parts = match.groupdict()
    year = parts.get("year")
    yearless = year is None or year in (without, "0000")
    try:
        day = date(2000 if yearless else int(parts["year"]), int(parts["month"]), int(parts["day"]))
    except ValueError:
        return None
    if yearless:
        return f"--{day:%m-%d}"
    return day.isoformat() if FIRST_YEAR <= day.year <= LAST_YEAR else None


APPLES_NO_YEAR = "1604"
"""What Apple writes where there is no year; other programs pass it on without saying so."""


def _date(each: Property, notices: _Notices, no_day: str) -> str | None:
    text = each.text.strip()
    omitted = each.parameters.get("X-APPLE-OMIT-YEAR", [APPLES_NO_YEAR])[0].strip()
    found = read_card_date(text, without=omitted)
    if found is None and text:
        notices.leave_out(each.line, phrase(no_day, text=excerpt(text)))
    return found


_NO_BIRTHDAY = N_("“{text}” is not a valid birthday and was left out.")
_NO_DEATH = N_("“{text}” is not a valid date of death and was left out.")


def _birthday(card: Card, found: Iterable[Property], notices: _Notices) -> str | None:
    """The one birthday; of two that do not go together neither is kept, and somebody is asked."""
    days = list(dict.fromkeys(day for each in found if (day := _date(each, notices, _NO_BIRTHDAY))))
    whole = next((day for day in days if not day.startswith("--")), "")
    if whole and all(day in (whole, f"--{whole[5:]}") for day in days):
        return whole
    if len(days) > 1:
        several = phrase(
            "This card has {n} birthdays: {days}. None was imported; add the right one.",
            n=len(days),
            days=both(days[:3]),
        )
        notices.ask(card, several)
        return None
    return next(iter(days), None)


def _death(found: dict[str, list[Property]], notices: _Notices) -> date | None:
    """The day somebody died (RFC 6474); without its year, or still to come, it is no day to keep."""
    days = (_date(each, notices, _NO_DEATH) for each in found.get("DEATHDATE", ()))
    whole = next((day for day in days if day and not day.startswith("--")), None)
    return date.fromisoformat(whole) if whole else None


def _occasions(found: dict[str, list[Property]], notices: _Notices) -> tuple[Occasion, ...]:
    occasions = []
    for name in ("ANNIVERSARY", "X-ANNIVERSARY", "X-MS-ANNIVERSARY", "X-EVOLUTION-ANNIVERSARY", "X-ABDATE"):
        for each in found.get(name, ()):
            day = _date(each, notices, NO_ANNIVERSARY if name != "X-ABDATE" else NO_DATE)
            if day:
                occasions.append(_occasion(each, day, found.get("X-ABLABEL", ())))
    wed = (_date(each, notices, NO_ANNIVERSARY) for each in _androids(found, _WED))
    occasions.extend(Occasion("anniversary", day) for day in wed if day)
    return tuple(dict.fromkeys(occasions))


_BORN, _WED = "3", "1"
_ANDROIDS = re.compile(r"vnd\.android\.cursor\.item/contact_event;([^;]*);(\d)(?:;.*)?", re.DOTALL)


def _androids(found: dict[str, list[Property]], kind: str) -> list[Property]:
    """The days that Android keeps in a property of its own: its ``kind`` 1 is an anniversary, 3 a birthday."""
    said = ((each, _ANDROIDS.fullmatch(each.value)) for each in found.get("X-ANDROID-CUSTOM", ()))
    return [replace(each, value=match[1]) for each, match in said if match and match[2] == kind]


def _occasion(each: Property, day: str, labels: Iterable[Property]) -> Occasion:
    if each.name != "X-ABDATE":
        return Occasion("anniversary", day)
    words = (_apple_word(label) for label in labels if label.group == each.group)
    label = next(words, "")[:LINE_LIMIT] if each.group else ""
    if label.casefold() == "anniversary":
        return Occasion("anniversary", day)
    return Occasion("other", day, label or None)


def _note(each: Property) -> str:
    """Its text; the line breaks of vCard 2.1 are written as those of Windows."""
    return universal(each.text) if each.version == "2.1" else each.text


def _notes(found: dict[str, list[Property]], notices: _Notices) -> str | None:
    """Notes, then fax and pager numbers: a contact's phones are for talking."""
    pieces = [_note(each).strip() for each in found.get("NOTE", ())]
    for each in filter(_is_fax, found.get("TEL", ())):
        phone = _phone(each, notices)
        if phone:
            pieces.append(fax_note(phone, is_fax="fax" in each.types))
    text = "\n".join(piece for piece in pieces if piece)
    if len(text) > TEXT_LIMIT:
        notices.leave_out(found["NOTE"][0].line, phrase(NOTE_TOO_LONG, limit=numeral(TEXT_LIMIT)))
        return None
    return text or None
