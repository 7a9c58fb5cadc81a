"""What the page of a merge shows beside the fields: both records as they stand, what moves over, what it made visible."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from crm.contacts.history import ribbons
from crm.contacts.queries import Person
from crm.domain.language import gettext as _
from crm.domain.language import ngettext, plurals
from crm.domain.manner import numeral
from crm.domain.principal import Principal
from crm.domain.ribbon import Ribbon, ribbon
from crm.domain.score import zone_word
from crm.domain.spans import capital, count, join
from crm.storage.tables import interaction_contact


@dataclass(frozen=True)
class Side:
    """One of the two records with its past year."""

    person: Person
    ribbon: Ribbon


def sides(
    connection: Connection, principal: Principal, first: Person, second: Person, at: datetime
) -> list[Side]:
    """Both, the one that stays first."""
    touches = ribbons(connection, principal, [first.id, second.id], at)
    return [Side(one, ribbon(touches.get(one.id, ()))) for one in (first, second)]


def moves_over(
    connection: Connection, principal: Principal, first: Person, second: Person
) -> list[tuple[str, str]]:
    """Label and words of what becomes one without a choice: ways, tags, the log, what is open."""
    ways = {
        _("Email"): (first.emails, second.emails),
        _("Phone"): (first.phones, second.phones),
        _("Address"): (first.addresses, second.addresses),
    }
    found = [(label, _ways(*both)) for label, both in ways.items()]
    found.append((_("Tags"), join(list(dict.fromkeys((*first.tags, *second.tags))))))
    found.append((_("Log"), _log(connection, principal, first.id, second.id)))
    found.append((_("Open"), _open(second.metrics)))
    return [(label, words) for label, words in found if words]


def _ways(ours: Any, theirs: Any) -> str:
    values = list(dict.fromkeys(way.value for way in (*ours, *theirs)))
    if not values:
        return ""
    same = {way.value for way in ours} == {way.value for way in theirs}
    told = _("The same on both: {values}") if same else _("All stay: {values}")
    return told.format(values=", ".join(values))


def _log(connection: Connection, principal: Principal, first: int, second: int) -> str:
    table = interaction_contact.c
    mine = (table.workspace_id == principal.workspace_id, table.contact_id.in_((first, second)))
    counted = select(table.contact_id, func.count()).where(*mine).group_by(table.contact_id)
    counts: dict[int, int] = {row[0]: row[1] for row in connection.execute(counted)}
    ours, theirs = (counts.get(one, 0) for one in (first, second))
    if not theirs:
        return ""
    other = interaction_contact.alias()
    joined = (other.c.workspace_id == table.workspace_id) & (other.c.interaction_id == table.interaction_id)
    shared = connection.execute(
        select(func.count())
        .select_from(interaction_contact.join(other, joined))
        .where(table.workspace_id == principal.workspace_id, table.contact_id == first)
        .where(other.c.contact_id == second)
    ).scalar_one()
    if not (ours and theirs):
        return count(ours + theirs, "interaction", "interactions")
    become = ngettext(
        "{ours} and {n} interaction become {together}",
        "{ours} and {n} interactions become {together}",
        theirs,
    ).format(ours=numeral(ours), n=numeral(theirs), together=numeral(ours + theirs - shared))
    if not shared:
        return become
    return f"{become}; {ngettext('{n} was on both', '{n} were on both', shared).format(n=numeral(shared))}"


def _open(metrics: Mapping[str, Any]) -> str:
    nouns = {"open_asks": plurals("ask", "asks"), "open_promises": plurals("promise", "promises")}
    numbers = {name: int(metrics[name]) for name in nouns if metrics.get(name)}
    if not numbers:
        return ""
    what = join([count(number, *nouns[name]) for name, number in numbers.items()])
    return ngettext("{what} moves over", "{what} move over", sum(numbers.values())).format(what=what)


def became_sentence(before: Person, after: Person) -> str:
    """ "Score 48 → 79, screen-only → drifting." where the merge changed what is known of them; else empty."""
    parts = []
    was, now = before.metrics, after.metrics
    if was.get("score") != now.get("score") and None not in (was.get("score"), now.get("score")):
        parts.append(_("score {before} → {after}").format(before=was["score"], after=now["score"]))
    if was.get("zone") != now.get("zone") and was.get("zone") and now.get("zone"):
        parts.append(f"{zone_word(was['zone'])} → {zone_word(now['zone'])}")
    return f" {capital(', '.join(parts))}." if parts else ""
