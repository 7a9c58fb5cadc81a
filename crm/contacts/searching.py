"""Finding people by words: the search of a list, and suggestions while typing."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, case, func, select

from crm.contacts.queries import people_joined
from crm.domain.language import gettext as _
from crm.domain.language import ngettext
from crm.domain.manner import month_words
from crm.domain.principal import Principal
from crm.storage.presence import is_present
from crm.storage.statements import built_once
from crm.storage.stored_metrics import NEVER
from crm.storage.tables import contact, contact_metrics, organisation
from crm.storage.text import escape_like, fold

MOST_WORDS = 10


def search_words(text: str) -> list[str]:
    """The folded words of a search; all of them must be found."""
    return fold(text.replace("\x00", " ")).split()[:MOST_WORDS]


def matches(word: str) -> ColumnElement[bool]:
    """People whose search column holds a folded word anywhere."""
    return _holds(_anywhere(word))


def _holds(pattern: Any) -> ColumnElement[bool]:
    return contact.c.search.like(pattern, escape="\\")


def _anywhere(word: str) -> str:
    return f"%{escape_like(word)}%"


@dataclass(frozen=True)
class Suggested:
    """One person offered while typing; ``detail`` tells two of the same name apart."""

    id: int
    name: str
    detail: str


def suggest(
    connection: Connection, principal: Principal, text: str, at: datetime, limit: int = 8
) -> list[Suggested]:
    """People whose name, organisation, city, tag or email holds the words; those lately in contact first."""
    words, today = search_words(text), principal.team_day(at)
    statement, values = _suggested(
        principal.workspace_id, f"{escape_like(' '.join(words))}%", limit=limit, words=len(words)
    )
    values |= {f"word_{place}": _anywhere(word) for place, word in enumerate(words)}
    return [
        Suggested(row.id, row.name, _detail(row.organisation, row.days_since_live, row.days_since_any, today))
        for row in connection.execute(statement, values)
    ]


def clearly(connection: Connection, principal: Principal, text: str, at: datetime) -> Suggested | None:
    """The one person whom the words find, if it is by their name; of several, the only one who is called just so."""
    words = search_words(text)
    found = suggest(connection, principal, text, at) if words else []
    if len(found) == 1:
        return found[0] if all(word in fold(found[0].name) for word in words) else None
    called = [one for one in found if fold(one.name).split() == words]
    return called[0] if len(called) == 1 else None


@built_once
def _suggested(whose: Any, begins: Any, *, limit: int, words: int) -> Select[Any]:
    """The words are ``word_0`` and so on."""
    metrics = contact_metrics.c
    begun = case((contact.c.folded_name.like(begins, escape="\\"), 0), else_=1)
    holds = [_holds(bindparam(f"word_{place}")) for place in range(words)]
    return (
        select(
            contact.c.id,
            contact.c.name,
            organisation.c.name.label("organisation"),
            metrics.days_since_live,
            metrics.days_since_any,
        )
        .select_from(people_joined())
        .where(contact.c.workspace_id == whose, is_present(), *holds)
        .order_by(
            *([begun] if words else []),
            func.coalesce(metrics.days_since_any, NEVER),
            contact.c.folded_name,
            contact.c.id,
        )
        .limit(limit)
    )


def _detail(organisation_name: str | None, live: int | None, any_sort: int | None, today: date) -> str:
    """ "Fernhill Foods · last spoke in June"."""
    return " · ".join(filter(None, (organisation_name, _spoke(live, any_sort, today))))


def _spoke(live: int | None, any_sort: int | None, today: date) -> str:
    if live is None:
        return _("no contact on record yet") if any_sort is None else _("not spoken yet")
    if live < 2:
        return _("last spoke yesterday") if live else _("last spoke today")
    day = today - timedelta(days=live)
    if live < 14:
        return ngettext("last spoke {n} day ago", "last spoke {n} days ago", live).format(n=live)
    return _("last spoke in {month}").format(month=month_words(day, year=live >= 330))
