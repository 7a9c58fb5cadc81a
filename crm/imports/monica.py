"""Monica's export of an account as JSON (Settings → Export, version 4): people, calls, activities and conversations.

Everything in it lies in groups: ``{"count": 2, "type": "contact", "values": [...]}``. Whatever is not as expected is
left out; nothing is looked up or fetched.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm.contacts.drafts import EMAIL_LIMIT, is_email
from crm.domain.language import plurals
from crm.domain.lengths import LINE_LIMIT, TEXT_LIMIT
from crm.domain.manner import numeral
from crm.domain.weeks import noon_of
from crm.domain.years import FIRST_DAY, FIRST_LOGGED_DAY, LAST_DAY
from crm.imports.cells import excerpt, tidy_line
from crm.imports.phrases import both, phrase, phrases
from crm.imports.records import (
    ContactRecord,
    InteractionRecord,
    ParsedFile,
    PostalAddress,
    Skipped,
    UnreadableFile,
)

MONICA = "monica"
LIMIT = 32 * 2**20
_HEAD = re.compile(rb'\s*\{\s*"(version|app_version|export_date|url_schema|account)"\s*:')
_MEALS = ("food", "ate", "restaurant", "bar", "picnic", "coffee", "lunch", "dinner")
_RELATION = "relation"
_LEFT = {
    "debt": plurals("{n} debt", "{n} debts"),
    "gift": plurals("{n} gift", "{n} gifts"),
    "reminder": plurals("{n} reminder", "{n} reminders"),
    "task": plurals("{n} task", "{n} tasks"),
    "pet": plurals("{n} pet", "{n} pets"),
    "life_event": plurals("{n} life event", "{n} life events"),
    _RELATION: plurals(
        "{n} person who is only somebody’s relation", "{n} people who are only somebody’s relations"
    ),
}
"""What has no place here, counted so that nobody misses it unawares: groups of a person, and people nobody met."""


def begins_as_monica(head: bytes) -> bool:
    """Whether a file that begins so may be an export of Monica."""
    return _HEAD.match(head[:500]) is not None and b'"account"' in head


def read_monica(name: str, data: bytes, *, zone: ZoneInfo, now: datetime) -> ParsedFile:
    """The people, and what happened with them. Days are of ``zone``; what is ahead of ``now`` is left out.

    Raises UnreadableFile for what is no such export.
    """
    if len(data) > LIMIT:
        raise UnreadableFile(name, phrase("This export is larger than {limit} MiB.", limit=LIMIT // 2**20))
    try:
        account = json.loads(data)["account"]
        people = list(_group(account, "contact"))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UnreadableFile(
            name, phrase("This is a JSON file, but not a complete Monica export. Export it again.")
        ) from None
    return _Reader(name, account, zone, now).read(people)


def _group(held: Any, kind: str) -> Iterator[dict[str, Any]]:
    """The values of the groups of one type."""
    for group in _list(_get(held, "data")):
        if _get(group, "type") == kind:
            yield from (one for one in _list(_get(group, "values")) if isinstance(one, dict))


def _get(held: Any, *path: str) -> Any:
    for name in path:
        held = held.get(name) if isinstance(held, dict) else None
    return held


def _list(held: Any) -> list[Any]:
    return held if isinstance(held, list) else []


def _line(held: Any) -> str:
    return tidy_line(held)[:LINE_LIMIT] if isinstance(held, str) else ""


def _text(held: Any) -> str:
    return held.strip()[:TEXT_LIMIT] if isinstance(held, str) else ""


def _day(held: Any) -> date | None:
    try:
        return date.fromisoformat(held[:10]) if isinstance(held, str) else None
    except ValueError:
        return None


@dataclass
class _Reader:
    """One export on its way to records. ``met``: who took part in an activity, by its uuid."""

    file: str
    account: dict[str, Any]
    zone: ZoneInfo
    now: datetime
    skipped: list[Skipped] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)
    met: dict[str, list[str]] = field(default_factory=dict)

    def read(self, people: list[dict[str, Any]]) -> ParsedFile:
        fields = {
            str(one.get("uuid")): _get(one, "properties") for one in self._instance("contact_field_types")
        }
        contacts: list[ContactRecord] = []
        log: list[InteractionRecord] = []
        for number, one in enumerate(people, 1):
            contact = self._contact(one, number, fields)
            if contact is None:
                continue
            contacts.append(contact)
            reference = contact.emails[0] if contact.emails else contact.name
            for group in _list(_get(one, "data")):
                if _get(group, "type") == "activity":
                    for uuid in _list(_get(group, "values")):
                        self.met.setdefault(str(uuid), []).append(reference)
            log += self._with_one(one, reference, contact.where, fields)
        log += self._activities()
        if self.left:
            words = both(
                [phrases(*_LEFT[what], number, n=numeral(number)) for what, number in self.left.items()]
            )
            left_out = phrase("{what} left out: In Person has no place for them.", what=words)
            self.skipped.append(Skipped(self.file, left_out))
        return ParsedFile(self.file, MONICA, (*contacts, *log), skipped=tuple(self.skipped))

    def _instance(self, name: str) -> list[dict[str, Any]]:
        return [one for one in _list(_get(self.account, "instance", name)) if isinstance(one, dict)]

    # People.

    def _contact(self, one: dict[str, Any], number: int, fields: dict[str, Any]) -> ContactRecord | None:
        said, where = _get(one, "properties"), f"{self.file} person {number}"
        given, family = _line(_get(said, "first_name")), _line(_get(said, "last_name"))
        parts = (given, _line(_get(said, "middle_name")), family)
        name = " ".join(filter(None, parts)) or _line(_get(said, "nickname"))
        if _get(said, "is_partial"):
            self.left[_RELATION] += 1
            return None
        if not name:
            self.skipped.append(Skipped(where, phrase("This person has no name, so they were left out.")))
            return None
        self.left.update(kind for kind in _LEFT if kind != _RELATION for _ in _group(one, kind))
        ways = self._ways(one, fields)
        values: dict[str, Any] = {
            "name": name[:LINE_LIMIT],
            "given_name": given,
            "family_name": family,
            "emails": tuple(dict.fromkeys(ways["email"])),
            "phones": tuple(dict.fromkeys(ways["phone"])),
            "organisation": _line(_get(said, "company")),
            "title": _line(_get(said, "job")),
            "tags": tuple(filter(None, (_line(tag)[:80] for tag in _list(_get(said, "tags"))))),
            "addresses": tuple(self._addresses(one)),
            "city": next(
                (city for a in _group(one, "address") if (city := _line(_get(a, "properties", "city")))), ""
            ),
            "birthday": _special(_get(said, "birthdate")),
            "deceased_on": _day(_get(said, "deceased_date", "date")) if _get(said, "is_dead") else None,
            "notes": self._notes(one, said, ways["other"]),
            "uid": _line(one.get("uuid"))[:200],
        }
        values = {key: value or None if isinstance(value, str) else value for key, value in values.items()}
        return ContactRecord(
            **values, given=frozenset(key for key, value in values.items() if value), where=where
        )

    def _ways(self, one: dict[str, Any], fields: dict[str, Any]) -> dict[str, list[str]]:
        """Emails, phones, and the rest as lines for the notes."""
        found: dict[str, list[str]] = {"email": [], "phone": [], "other": []}
        for each in _group(one, "contact_field"):
            value, kind = (
                _line(_get(each, "properties", "data")),
                fields.get(str(_get(each, "properties", "type"))),
            )
            sort = _sort_of(kind)
            if sort == "email" and not (is_email(value) and len(value) <= EMAIL_LIMIT):
                sort = "other"
            if value:
                label = _line(_get(kind, "name"))
                found[sort].append(value if sort != "other" or not label else f"{label}: {value}")
        return found

    def _addresses(self, one: dict[str, Any]) -> Iterator[PostalAddress]:
        for each in _group(one, "address"):
            said = _get(each, "properties")
            town = " ".join(filter(None, (_line(_get(said, "postal_code")), _line(_get(said, "city")))))
            lines = (
                _line(_get(said, "street")),
                town,
                _line(_get(said, "province")),
                _line(_get(said, "country")),
            )
            text = "\n".join(filter(None, lines))[:LINE_LIMIT]
            if text:
                yield PostalAddress(text, _line(_get(said, "name")) or None)

    def _notes(self, one: dict[str, Any], said: Any, other: list[str]) -> str:
        first_met = _day(_get(said, "first_met_date", "date"))
        pieces = [_text(_get(said, "description")), *other]
        if food := _text(_get(said, "food_preferences")):
            pieces.append(f"Food: {food}")
        if first_met:
            pieces.append(f"First met on {first_met.isoformat()}")
        for each in _group(one, "note"):
            written = _day(each.get("created_at"))
            body = _text(_get(each, "properties", "body"))
            pieces.append(f"{written.isoformat()}: {body}" if written and body else body)
        return "\n".join(filter(None, pieces))[:TEXT_LIMIT]

    # What happened.

    def _with_one(
        self, one: dict[str, Any], reference: str, where: str, fields: dict[str, Any]
    ) -> Iterator[InteractionRecord]:
        for each in _group(one, "call"):
            way = "inbound" if _get(each, "properties", "contact_called") else "outbound"
            said = {"direction": way, "note": _text(_get(each, "properties", "content")) or None}
            yield from self._happened(each, "called_at", "phone", (reference,), where, **said)
        for each in _group(one, "conversation"):
            kind = fields.get(str(_get(each, "properties", "contact_field_type")))
            channel = {"email": "email", "phone": "sms"}.get(_sort_of(kind), "chat")
            said = {"direction": _direction(_list(_get(each, "properties", "messages")))}
            yield from self._happened(each, "happened_at", channel, (reference,), where, **said)

    def _activities(self) -> Iterator[InteractionRecord]:
        types = {str(one.get("uuid")): _get(one, "properties") for one in self._instance("activity_types")}
        sorts = {
            str(one.get("uuid")): _get(one, "properties")
            for one in self._instance("activity_type_categories")
        }
        for number, each in enumerate(_group(self.account, "activity"), 1):
            said, who = _get(each, "properties"), self.met.get(str(each.get("uuid")), [])
            kind = types.get(str(_get(said, "type")))
            channel = _channel_of(kind, sorts.get(str(_get(kind, "category"))))
            where = f"{self.file} activity {number}"
            if not who:
                self.skipped.append(
                    Skipped(where, phrase("Nobody in the export took part in it, so it was left out."))
                )
                continue
            more = {
                "summary": _line(_get(said, "summary")) or None,
                "note": _text(_get(said, "description")) or None,
            }
            yield from self._happened(each, "happened_at", channel, tuple(dict.fromkeys(who)), where, **more)

    def _happened(
        self, each: dict[str, Any], when: str, channel: str, who: tuple[str, ...], where: str, **said: Any
    ) -> Iterator[InteractionRecord]:
        told = _get(each, "properties", when)
        day = _day(told)
        at = _moment(told, self.zone, self.now) if day and day >= FIRST_LOGGED_DAY else None
        if at is None or at > self.now:
            name = excerpt(who[0])
            why = (
                phrase("Something about {name} has no readable date, so it was left out.", name=name)
                if at is None
                else phrase("Something about {name} has a date in the future, so it was left out.", name=name)
            )
            self.skipped.append(Skipped(where, why))
            return
        key = (
            _line(each.get("uuid"))
            or hashlib.blake2b(
                json.dumps([who, channel, told, said], default=str).encode(), digest_size=12
            ).hexdigest()
        )
        on = day if len(str(told)) == 10 else None
        given = frozenset(
            ["occurred_at", "channel", "contacts", *(name for name, value in said.items() if value)]
        )
        yield InteractionRecord(
            at, channel, who, source_id=f"monica:{key[:200]}", on=on, given=given, where=where, **said
        )


def _channel_of(*named: Any) -> str:
    """How people met, by the type of an activity and its category: over a meal, or else in person somehow."""
    words = (_line(_get(one, name)).lower() for one in named for name in ("translation_key", "name"))
    spoken = " ".join(words).replace("_", " ")
    return "lunch" if any(re.search(rf"\b{meal}", spoken) for meal in _MEALS) else "meeting"


def _sort_of(kind: Any) -> str:
    protocol, sort = _line(_get(kind, "protocol")), _line(_get(kind, "type"))
    if sort == "email" or protocol == "mailto:":
        return "email"
    return "phone" if sort == "phone" or protocol == "tel:" else "other"


def _special(held: Any) -> str | None:
    """A birthday; one guessed from an age is none."""
    day = _day(_get(held, "date"))
    if day is None or not FIRST_DAY <= day <= LAST_DAY or _get(held, "is_age_based"):
        return None
    return f"--{day:%m-%d}" if _get(held, "is_year_unknown") else day.isoformat()


def _direction(messages: list[Any]) -> str:
    ours = {bool(_get(one, "properties", "written_by_me")) for one in messages}
    return "mutual" if len(ours) != 1 else "outbound" if ours == {True} else "inbound"


def _moment(told: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The instant; of a day alone its noon where the team is."""
    try:
        if len(told) == 10:
            day = date.fromisoformat(told)
            return (
                noon_of(day, zone, now)
                if day <= now.astimezone(zone).date()
                else datetime.max.replace(tzinfo=UTC)
            )
        at = datetime.fromisoformat(told.replace(" ", "T"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
