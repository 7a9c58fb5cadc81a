"""From drafts to the values of rows: folded for search, checked, ready for Core inserts."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table

from crm.contacts.drafts import (
    EMAIL_LIMIT,
    NewContact,
    NewOrganisation,
    Occasion,
    Way,
    full_day,
    leap_day,
    many_lines,
    one_line,
    the_addresses,
    the_emails,
    the_kind,
    the_name,
    the_tags,
    the_target,
    the_tier,
    the_ways,
    the_zone,
)
from crm.domain.heard import DATE_KINDS
from crm.domain.language import gettext as _
from crm.domain.phones import digits_of
from crm.domain.principal import Principal
from crm.errors import Invalid
from crm.storage.text import fold

SORT_LIMIT = 200
"""Characters of a folded name: enough to sort by, and an index can hold them in any script."""


def folded_name(name: str) -> str:
    """The name as lists are sorted and searched by."""
    return fold(name)[:SORT_LIMIT]


def search_text(
    name: str, organisation: str | None, city: str | None, tags: Iterable[str], emails: Iterable[str]
) -> str:
    """Everything a search looks at, folded."""
    return fold(" ".join(filter(None, (name, organisation, city, *tags, *emails))))


def checked(new: NewContact) -> NewContact:
    """The same, trimmed and in order; refuses what cannot be kept."""
    return replace(
        new,
        name=the_name(new.name),
        given_name=one_line(new.given_name),
        family_name=one_line(new.family_name),
        title=one_line(new.title),
        kind=the_kind(new.kind),
        tier=the_tier(new.tier),
        city=one_line(new.city),
        country=one_line(new.country),
        time_zone=the_zone(new.time_zone),
        notes=many_lines(new.notes),
        emails=the_emails(new.emails),
        phones=the_ways(new.phones),
        addresses=the_addresses(new.addresses),
        tags=the_tags(new.tags),
        dates=tuple(dict.fromkeys(_checked_date(one) for one in new.dates)),
        target_any=the_target(new.target_any),
        target_personal=the_target(new.target_personal),
        target_in_person=the_target(new.target_in_person),
    )


def _checked_date(occasion: Occasion) -> Occasion:
    if occasion.kind not in DATE_KINDS:
        sentence = _("There is no type of date called {kind}.").format(kind=repr(occasion.kind))
        raise Invalid(sentence, fields={"dates": sentence})
    full_day(occasion)
    return replace(occasion, label=one_line(occasion.label))


def contact_values(new: NewContact, organisation: str | None, at: datetime) -> dict[str, Any]:
    """The columns a form or an import may change, of a checked draft; owner and creation are the caller's."""
    return {
        "name": new.name,
        "given_name": new.given_name,
        "family_name": new.family_name,
        "folded_name": folded_name(new.name),
        "title": new.title,
        "organisation_id": new.organisation_id,
        "kind": new.kind,
        "tier": new.tier,
        "city": new.city,
        "country": new.country,
        "time_zone": new.time_zone,
        "notes": new.notes,
        "target_any": new.target_any,
        "target_personal": new.target_personal,
        "target_in_person": new.target_in_person,
        "deceased_on": new.deceased_on,
        "search": search_text(new.name, organisation, new.city, new.tags, (way.value for way in new.emails)),
        "changed_at": at,
    }


def organisation_values(new: NewOrganisation) -> dict[str, Any]:
    """The columns of an organisation."""
    name, city = the_name(new.name), one_line(new.city)
    domain = (one_line(new.domain) or "").casefold() or None
    return {
        "name": name,
        "folded_name": folded_name(name),
        "kind": the_kind(new.kind),
        "tier": the_tier(new.tier),
        "domain": domain,
        "city": city,
        "country": one_line(new.country),
        "notes": many_lines(new.notes),
        "search": search_text(name, domain, city, the_tags(new.tags), ()),
    }


def email_rows(principal: Principal, contact_id: int, ways: Iterable[Way]) -> list[dict[str, Any]]:
    """Rows of ``contact_email``."""
    return [
        {**row, "folded": row["value"].casefold()[:EMAIL_LIMIT]}
        for row in way_rows(principal, contact_id, ways)
    ]


def phone_rows(principal: Principal, contact_id: int, ways: Iterable[Way]) -> list[dict[str, Any]]:
    """Rows of ``contact_phone``."""
    return [{**row, "digits": digits_of(row["value"])} for row in way_rows(principal, contact_id, ways)]


def way_rows(principal: Principal, contact_id: int, ways: Iterable[Way]) -> list[dict[str, Any]]:
    """Rows of ``contact_address``, and what the other two share with it."""
    return [
        {
            "workspace_id": principal.workspace_id,
            "contact_id": contact_id,
            "position": position,
            "value": way.value,
            "label": way.label,
        }
        for position, way in enumerate(ways)
    ]


def tag_rows(principal: Principal, contact_id: int, tags: Iterable[str]) -> list[dict[str, Any]]:
    """Rows of ``contact_tag``."""
    return [{"workspace_id": principal.workspace_id, "contact_id": contact_id, "tag": tag} for tag in tags]


def date_values(occasion: Occasion) -> dict[str, Any]:
    """The columns of a date apart from its ids."""
    return {
        "kind": occasion.kind,
        "year": occasion.year,
        "month": occasion.month,
        "day": occasion.day,
        "on_day": full_day(occasion),
        "leap_day": leap_day(occasion.month, occasion.day),
        "yearly": occasion.yearly,
        "label": occasion.label,
    }


def insert(connection: Connection, table: Table, values: list[dict[str, Any]]) -> None:
    """Insert these rows; none is nothing to do, where SQL would make a row of defaults."""
    if values:
        connection.execute(table.insert(), values)
