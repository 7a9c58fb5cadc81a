"""Finding people by words: the search of a list, and suggestions while typing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, case, func, select

from crm.contacts.queries import people_joined
from crm.domain.language import gettext as _
from crm.domain.language import ngettext
from crm.domain.manner import month_words
from crm.domain.principal import Principal
from crm.storage.presence import is_present
from crm.storage.statements import built_once
from crm.storage.stored_metrics import NEVER
from crm.storage.tables import contact, contact_metrics, organisation
from crm.storage.text import begins, end_of, escape_like, fold

MOST_WORDS = 10


def search_words(text: str) -> list[str]:
    """The folded words of a search; all of them must be found."""
    return fold(text.replace("\x00", " ")).split()[:MOST_WORDS]


def matches(workspace_id: Any, words: Sequence[str]) -> ColumnElement[bool]:
    """People whose search column holds all of these folded words, each anywhere."""
    return _holding(workspace_id, map(_anywhere, words))


def _holding(whose: Any, patterns: Iterable[Any]) -> ColumnElement[bool]:
    """SQLite reads the words of everybody off their index (ix_contact_workspace_id_search) and no row of anybody else."""
    named = contact.alias().c
    holds = [named.search.like(pattern, escape="\\") for pattern in patterns]
    return contact.c.id.in_(select(named.id).where(named.workspace_id == whose, *holds))


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
    beginning = " ".join(words)
    found = _begun(connection, principal, beginning, limit) if words else []
    if len(found) < limit:
        patterns = {f"word_{place}": _anywhere(word) for place, word in enumerate(words)}
        statement, values = _suggested(
            principal.workspace_id, f"{escape_like(beginning)}%", limit=limit, words=len(words)
        )
        found = connection.execute(statement, {**values, **patterns}).all()
    return [
        Suggested(row.id, row.name, _detail(row.organisation, row.days_since_live, row.days_since_any, today))
        for row in found
    ]


def clearly(connection: Connection, principal: Principal, text: str, at: datetime) -> int | None:
    """The one person whom the words find, if it is by their name; of several, the only one who is called just so."""
    words = search_words(text)
    if not words:
        return None
    called = connection.execute(*_called(principal.workspace_id, " ".join(words), limit=2)).all()
    if called:
        return called[0].id if len(called) == 1 else None
    found = suggest(connection, principal, text, at, limit=2)
    is_by_name = len(found) == 1 and all(word in fold(found[0].name) for word in words)
    return found[0].id if is_by_name else None


@built_once
def _called(whose: Any, name: Any, *, limit: int) -> Select[Any]:
    return _offered(whose).where(contact.c.folded_name == name).limit(limit)


def _begun(connection: Connection, principal: Principal, beginning: str, limit: int) -> Sequence[Row[Any]]:
    """Those whose names begin so, who come first, along the index of names: often nobody else is asked for."""
    where = (principal.workspace_id, beginning, end_of(beginning))
    return connection.execute(*_named(*where, limit=limit, dialect=connection.dialect.name)).all()


@built_once
def _named(whose: Any, beginning: Any, end: Any, *, limit: int, dialect: str) -> Select[Any]:
    begun = begins(contact.c.folded_name, beginning, end, dialect)
    return _offered(whose).where(begun).order_by(*_LATELY).limit(limit)


@built_once
def _suggested(whose: Any, pattern: Any, *, limit: int, words: int) -> Select[Any]:
    """The words are ``word_0`` and so on; without any, everybody is asked for."""
    if not words:
        return _offered(whose).order_by(*_LATELY).limit(limit)
    begun = case((contact.c.folded_name.like(pattern, escape="\\"), 0), else_=1)
    holding = _holding(whose, [bindparam(f"word_{place}") for place in range(words)])
    return _offered(whose).where(holding).order_by(begun, *_LATELY).limit(limit)


def _offered(whose: Any) -> Select[Any]:
    return (
        select(
            contact.c.id,
            contact.c.name,
            organisation.c.name.label("organisation"),
            contact_metrics.c.days_since_live,
            contact_metrics.c.days_since_any,
        )
        .select_from(people_joined())
        .where(contact.c.workspace_id == whose, is_present())
    )


_LATELY = (
    func.coalesce(contact_metrics.c.days_since_any, NEVER),
    contact.c.folded_name,
    contact.c.id,
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
