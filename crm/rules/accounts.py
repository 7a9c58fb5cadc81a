"""Which organisations the rules about them flag, and the evidence for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Subquery, and_, case, func, select

from crm.domain.flag_facts import FlagFacts
from crm.domain.flag_sentences import flag_sentence
from crm.domain.principal import Principal
from crm.domain.rules import SEVERITIES, Rule
from crm.rules.queries import Number, metrics_of, same_contact, severity_of, told_as
from crm.rules.states import active_rules
from crm.storage.flags import hits, matches
from crm.storage.presence import is_present
from crm.storage.tables import contact, organisation

MET = "in_person_365"
"""The metric that tells whether somebody of an organisation was met."""


@dataclass(frozen=True)
class OrganisationFlag:
    """One rule's match of an organisation: its id and name, and what the rule found, as a contact's flag has it."""

    id: int
    name: str
    rule: str
    severity: str
    sentence: str
    evidence: dict[str, Number]
    suggests: tuple[str, ...]


def organisation_flags(
    connection: Connection,
    principal: Principal,
    at: datetime,
    *,
    rules: Sequence[Rule] | None = None,
    relation: Subquery | None = None,
    organisation_id: int | None = None,
) -> list[OrganisationFlag]:
    """Every flag about an organisation, or about that one, as of ``at``, by name; archived ones have none."""
    chosen = active_rules(connection, principal) if rules is None else rules
    asked = [one for one in chosen if one.about == "organisations"]
    if not asked:
        return []
    metrics, given = metrics_of(connection, principal, at, relation)
    among = accounts(principal, metrics, organisation_id)
    told_like = [told_as(one) for one in asked]
    found = [
        _flag(row, asked[place], told_like[place], is_high)
        for row in connection.execute(matches(among, asked, principal.workspace_id), given)
        for place, is_high in hits(row, asked)
    ]
    return sorted(found, key=lambda flag: (SEVERITIES.index(flag.severity), flag.name, flag.id))


def accounts(principal: Principal, metrics: Subquery, organisation_id: int | None = None) -> Subquery:
    """Organisations, or that one, with how many people they have, and how many of those were met in person in 365 days."""
    met = func.sum(case((metrics.c[MET] > 0, 1), else_=0))
    same = and_(
        organisation.c.workspace_id == contact.c.workspace_id, organisation.c.id == contact.c.organisation_id
    )
    columns = [organisation.c.id, organisation.c.name, organisation.c.tier, organisation.c.kind]
    people = (
        select(*columns, func.count().label("contacts_count"), met.label("met_count"))
        .select_from(
            metrics.join(contact, same_contact(principal.workspace_id, metrics)).join(organisation, same)
        )
        .where(is_present(), organisation.c.archived_at.is_(None))
        .group_by(*columns)
    )
    if organisation_id is not None:
        people = people.where(contact.c.organisation_id == organisation_id)
    return people.subquery()


def _flag(row: Row[Any], one: Rule, told_like: str, raised: bool) -> OrganisationFlag:
    evidence: dict[str, Number] = {name: int(row._mapping[name]) for name in one.evidence_names()}
    sentence = flag_sentence(told_like, evidence, FlagFacts(organisation=row.name))
    return OrganisationFlag(
        row.id, row.name, one.key, severity_of(one, raised), sentence, evidence, one.suggests
    )
