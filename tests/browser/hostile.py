"""Words that would like to be more than words, and a database in which everything free to write holds them."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, String, Table, Text, func, update

from crm.storage.tables import metadata
from crm.storage.types import Json

PAYLOADS = (
    "<script>window.__pwned = 1</script>",
    "</title><script>window.__pwned = 2</script>",
    '"><img src=x onerror="window.__pwned = 3">',
    "'><svg/onload='window.__pwned = 4'>",
    "</textarea><img src=x onerror=window.__pwned=5>",
    "<style>body { display: none }</style>",
    '<iframe srcdoc="<script>parent.__pwned = 6</script>"></iframe>',
    "javascript:window.__pwned=7//",
    "{{ 7 * 191 }}{% raise %}${7 * 191}",
    "]]><!--<a href=//evil.example>here</a>",
    "\u202egnp.exe\u2066\u202d",
    '=HYPERLINK("http://evil.example")',
)
"""Each wants another hole: text, title, attributes, a textarea, a frame, a link, a template, the direction of a line."""

_SUITE = Path(__file__).parents[3] / "shared/data/suites/blns/blns.json"
LONGEST = 80
"""A tag may be no longer."""


def naughty(number: int) -> list[str]:
    """So many further strings of the list of naughty strings with markup in them; none where the list is not there."""
    if not _SUITE.exists():
        return []
    found = [
        one for one in json.loads(_SUITE.read_text(encoding="utf-8")) if "<" in one or "javascript" in one
    ]
    usable = [one.strip() for one in found if one.isprintable() and len(one) <= LONGEST]
    step = max(1, len(usable) // number)
    return usable[::step][:number]


POISON = """ "'></title></textarea><script>window.__pwned = 1</script><img src=x onerror="window.__pwned = 2">\
<style>body { display: none }</style><a href="//evil.example">here</a>{{ 7 * 191 }}"""


def words_of(text: str) -> frozenset[str]:
    """The words of a list that is easier to read without quotes."""
    return frozenset(text.split())


FREE = words_of("""
    api_token.name ask.text channel.label contact.city contact.family_name contact.given_name contact.kind contact.name
    contact.notes contact.title contact_address.label contact_address.value contact_date.label contact_email.label
    contact_email.value contact_phone.label contact_phone.value contact_tag.tag favour.text import_batch.files
    import_batch.report import_upload.content import_upload.name import_upload.report interaction.note
    interaction.summary mail_reply.text mail_return.said mail_stop.said merge.content merge.gone_name
    open_meeting.summary organisation.city organisation.domain organisation.kind organisation.name organisation.notes
    organisation_tag.tag outbox.reason outbox.subject outbox.text outbox.to_address outbox_event.reason
    own_calendar.notes promise.text removed_matter.content rule.definition saved_view.name signal.text signal.theme
    suggestion.reason suggestion.slot_note synced_source.name trip.city user.city user.name workspace.name
""")
"""Every column that holds what somebody wrote, or what another program sent."""
OURS = words_of("""
    act address address_hash after before body budget by channel claimed_by content_hash counts country digits direction domain
    email etag evidence fields fingerprint folded folded_name from_act headers host html key key_hash kind
    location message_id message_key modified outcome page password_hash place preferences process purpose query reason
    record request_hash role rules scopes sealed search seen source_id source_key stamp state subject_hash then_zone tier
    time_zone to_act token_hash type verb via week what why written zone answer city
""")
"""Names of columns whose words are ours: chosen from a list, folded, hashed, sealed, or checked when they came in."""


def written_columns() -> list[tuple[Table, Column[Any]]]:
    """Every column of the database that can hold words."""
    return [
        (table, column)
        for table in metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, String | Text | Json)
    ]


def mark(table: Table, column: Column[Any]) -> str:
    """What shows that a page showed this column."""
    return f"[{table.name}.{column.name}]"


def poison(connection: Connection) -> None:
    """Add to everything that is free to write what should never be more than words."""
    for table, column in written_columns():
        if f"{table.name}.{column.name}" not in FREE:
            continue
        if isinstance(column.type, Json):
            _poison_within(connection, table, column)
        else:
            connection.execute(
                update(table).values({column: func.coalesce(column, "") + POISON + mark(table, column)})
            )


def _poison_within(connection: Connection, table: Table, column: Column[Any]) -> None:
    keys = list(table.primary_key)
    for *ids, value in connection.execute(table.select().with_only_columns(*keys, column)).all():
        this = [key == one for key, one in zip(keys, ids, strict=True)]
        poisoned = _poisoned(value, POISON + mark(table, column))
        connection.execute(update(table).where(*this).values({column: poisoned}))


PATTERNS = ("phrase", "many")
"""Of a sentence kept with its values: the program's own words, in which the values have their places."""


def _poisoned(value: Any, with_this: str) -> Any:
    """Words of several are poisoned; a single one may be a name that the program looks up, and patterns are its own."""
    if isinstance(value, dict):
        return {key: one if key in PATTERNS else _poisoned(one, with_this) for key, one in value.items()}
    if isinstance(value, list):
        return [_poisoned(one, with_this) for one in value]
    return value + with_this if isinstance(value, str) and " " in value else value
