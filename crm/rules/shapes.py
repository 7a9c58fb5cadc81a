"""Flags and rules as JSON gives them, on the command line and in the API."""

from typing import Any

from pydantic import BaseModel, Field

from crm.contacts.shapes import PersonShape, person
from crm.domain.prose import rule_sentence
from crm.domain.rule_check import findings
from crm.domain.rule_data import rule_data
from crm.domain.rules import SEVERITIES, Severity
from crm.rules.accounts import OrganisationFlag
from crm.rules.queries import Flag
from crm.rules.states import RuleState


class AccountShape(BaseModel):
    """An organisation by name."""

    id: int
    name: str


class FlagShape(BaseModel):
    """One flag; where it is about an organisation, the contact is null and the organisation is there."""

    contact: PersonShape | None
    organisation: AccountShape = Field(default_factory=lambda: AccountShape(id=0, name=""))
    rule: str
    severity: Severity
    sentence: str
    evidence: dict[str, int | float | None]
    suggests: list[str]


class RuleShape(BaseModel):
    """A rule as it stands here, its data as in ``rules.toml``, in words, and what is wrong with it."""

    key: str
    enabled: bool
    own: bool
    changed: bool
    name: str
    about: str = "people"
    tiers: list[str]
    kinds: list[str] = []
    when: dict[str, Any]
    suggests: list[str]
    severity: Severity
    high_when: dict[str, Any] = {}
    weekly_limit: int = 0
    evidence: list[str] = []
    sentence: str
    findings: list[str]


def strongest_first(people: list[Flag], accounts: list[OrganisationFlag]) -> list[Flag | OrganisationFlag]:
    """Flags about people and about organisations in one list."""
    return sorted([*people, *accounts], key=lambda flag: SEVERITIES.index(flag.severity))


def flag_shape(flag: Flag | OrganisationFlag) -> dict[str, Any]:
    """One flag."""
    about: dict[str, Any] = (
        {"contact": person(flag.contact)}
        if isinstance(flag, Flag)
        else {"contact": None, "organisation": {"id": flag.id, "name": flag.name}}
    )
    return {
        **about,
        "rule": flag.rule,
        "severity": flag.severity,
        "sentence": flag.sentence,
        "evidence": flag.evidence,
        "suggests": list(flag.suggests),
    }


def rule_shape(state: RuleState) -> dict[str, Any]:
    """One rule."""
    return {
        "key": state.rule.key,
        "enabled": state.enabled,
        "own": state.is_own,
        "changed": state.is_changed,
        **rule_data(state.rule),
        "sentence": rule_sentence(state.rule),
        "findings": findings(state.rule),
    }
