"""Words that rules are about: those there are, and those a rule asks for and nobody has, written in another way."""

import difflib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from crm.domain import expressions as tree
from crm.domain.expressions import Compare, Condition, Constant, Metric, Tagged
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.domain.prose import phrase
from crm.domain.rules import Rule
from crm.domain.targets import KINDS
from crm.storage.tables import contact, contact_tag, organisation, user
from crm.storage.text import fold

OFFERED = 200
"""Words of each sort that a field offers."""
LOOKED_THROUGH = 1_000
"""Words among which a similar one is looked for."""
_KEPT: dict[str, ColumnElement[Any]] = {
    "tag": contact_tag.c.tag,
    "city": contact.c.city,
    "organisation": organisation.c.name,
    "owner": user.c.email,
    "kind": contact.c.kind,
}


def words_to_compare(connection: Connection, principal: Principal) -> dict[str, list[str]]:
    """What somebody may be compared with, by attribute: the tags, owners, organisations and cities that there are."""
    return {name: _kept(connection, principal, name, OFFERED) for name in _KEPT if name != "kind"}


def unheard(connection: Connection, principal: Principal, rule: Rule) -> list[str]:
    """ "Nobody is in boston; perhaps Boston is meant." One sentence for each word that the workspace does not know."""
    if rule.about != "people":
        return []
    return [
        _nobody(part, _near(connection, principal, name, word))
        for name, word, part in dict.fromkeys(_words(rule))
        if not _is_known(connection, principal, name, word)
    ]


def _nobody(part: Condition, near: str) -> str:
    if not near:
        return _("Nobody {clause}.").format(clause=phrase(part))
    return _("Nobody {clause}; perhaps {word} is meant.").format(clause=phrase(part), word=near)


def _words(rule: Rule) -> Iterator[tuple[str, str, Condition]]:
    yield from (("kind", kind, Metric("kind").eq(kind)) for kind in rule.kinds)
    yield from _asked(rule.when)


def _asked(condition: Condition) -> Iterator[tuple[str, str, Condition]]:
    match condition:
        case Tagged(tag):
            yield "tag", tag, condition
        case Compare(_, Metric(name), Constant(str(word))) if name in _KEPT:
            yield name, word, Metric(name).eq(word)
        case tree.All(parts) | tree.Any(parts):
            for part in parts:
                yield from _asked(part)
        case tree.Not(part):
            yield from _asked(part)


def _is_known(connection: Connection, principal: Principal, name: str, word: str) -> bool:
    if name == "kind" and word in KINDS:
        return True
    column = _KEPT[name]
    found = select(func.count()).where(column.table.c.workspace_id == principal.workspace_id, column == word)
    return connection.execute(found).scalar_one() > 0


def _near(connection: Connection, principal: Principal, name: str, word: str) -> str:
    """The word that may be meant instead; empty where none is like it."""
    words = _kept(connection, principal, name, LOOKED_THROUGH)
    alike = [one for one in words if fold(one) == fold(word)]
    near = alike or difflib.get_close_matches(word[:100], words, n=1)
    return near[0] if near else ""


def _kept(connection: Connection, principal: Principal, name: str, most: int) -> list[str]:
    column = _KEPT[name]
    kept = select(column).where(column.table.c.workspace_id == principal.workspace_id, column.is_not(None))
    return list(connection.execute(kept.distinct().order_by(column).limit(most)).scalars())
