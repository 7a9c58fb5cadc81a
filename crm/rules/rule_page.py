"""The page of the rules: all of them in a list, and beside it one as a sentence, whom it flags, and its past.

Whoever may change rules finds the sentence with its fields in it, everybody else as prose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from crm.contacts.listing import kinds
from crm.domain.metrics import WINDOWS
from crm.domain.on_record import FROM_SILENCE
from crm.domain.prose import act_said, rule_sentence
from crm.domain.rule_check import findings
from crm.domain.rule_data import MOST_SUGGESTED, tiers_of
from crm.domain.rules import ACTS, SEVERITIES
from crm.domain.spans import count
from crm.domain.targets import KINDS
from crm.domain.vocabulary import word
from crm.interactions.on_record import why_you_are_asked
from crm.interactions.silence import caution
from crm.rules import begun, editor, queries
from crm.rules.accounts import organisation_flags
from crm.rules.preview import SHOWN, found_today, preview
from crm.rules.states import RuleState, rule_states
from crm.rules.words import unheard, words_to_compare
from crm.storage.stored_metrics import current
from crm.web.routing import Visit


@dataclass(frozen=True)
class Shown:
    """One rule as the page shows it: as it stands (``state``; none for a new one), and as it is being written."""

    state: RuleState | None
    draft: editor.Draft

    @property
    def is_as_it_stands(self) -> bool:
        """Whether nothing in the form differs from the rule in force."""
        return self.state is not None and self.draft.rule == self.state.rule and not self.draft.errors

    @property
    def action(self) -> str:
        """Where the form is sent."""
        return f"/rules/{self.state.rule.key}/edit" if self.state else "/rules/new"


def rule_page(
    visit: Visit,
    shown: Shown,
    status: int = 200,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """Answer with the page; ``more`` is what else it is to show, such as a backtest."""
    where, state, draft = (visit.connection, visit.principal), shown.state, shown.draft
    relation = current(visit.principal.workspace_id)
    states = rule_states(*where)
    rules = [one.rule for one in states]
    accounts = organisation_flags(*where, visit.at, rules=rules, relation=relation)
    context: dict[str, Any] = {
        "states": states,
        "found": found_today(*where, relation, rules, accounts),
        "chosen": state,
        "is_asked": True,
        "draft": draft,
        "action": shown.action,
        "is_as_it_stands": shown.is_as_it_stands,
        "conflict": rule_sentence(state.rule) if status == 409 and state else None,
        **_judged(visit, shown),
        **(_choices(visit, shown) if visit.principal.may_edit else {}),
        **(more or {}),
    }
    return visit.render("rules/index.html", context, active="rules", status=status)


def _judged(visit: Visit, shown: Shown) -> dict[str, Any]:
    """The rule in words, what is wrong with it, and whom it flags: all of them a page at a time, of a draft the first."""
    where, rule = (visit.connection, visit.principal), shown.draft.rule
    if rule is None:
        return {"rule": None, "preview": None, "findings": [], "cautions": []}
    relation = current(visit.principal.workspace_id)
    after = visit.query.get("after") or None if shown.is_as_it_stands else None
    most = queries.PAGE if shown.is_as_it_stands else SHOWN
    seen = preview(*where, rule, visit.at, relation, after, most)
    is_from_silence = shown.is_as_it_stands and rule.key in FROM_SILENCE
    return {
        "rule": rule,
        "sentence": rule_sentence(rule),
        "findings": [*findings(rule), *unheard(*where, rule)],
        "preview": seen,
        "is_first": not after,
        "next": f"/rules/{rule.key}?{urlencode({'after': seen.next})}" if seen.next else None,
        "is_from_silence": is_from_silence,
        "cautions": [caution(*where, visit.at), why_you_are_asked(*where, visit.at)]
        if is_from_silence
        else [],
    }


def _choices(visit: Visit, shown: Shown) -> dict[str, Any]:
    """What the fields of the sentence offer."""
    where, draft = (visit.connection, visit.principal), shown.draft
    compared = (row.value for row in draft.rows if row.metric == "kind" and row.value)
    return {
        "to_add": begun.to_add(draft.about),
        "metrics": begun.names_in_text(draft.about) if draft.toml is not None else [],
        "acts": [(act, act_said(act)) for act in ACTS],
        "places": range(MOST_SUGGESTED),
        "tiers": begun.tier_choices(tiers_of(shown.state.rule.key if shown.state else "")),
        "kinds": [
            (one, word(one)) for one in dict.fromkeys([*KINDS, *kinds(*where), *draft.kinds, *compared])
        ],
        "severities": [(one, word(one)) for one in SEVERITIES],
        "windows": [(days, count(days, "day", "days")) for days in WINDOWS],
        "words": words_to_compare(*where),
    }
