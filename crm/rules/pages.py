"""The rules: what each says, whom it flags today, and whether it is on."""

from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Subquery
from starlette.responses import Response

from crm.domain.prose import rule_sentence
from crm.domain.rules import ABOUT_ORGANISATIONS, SHIPPED, Rule
from crm.domain.spans import count
from crm.errors import Invalid
from crm.rules import actions, backtest_pages, queries
from crm.storage.stored_metrics import current
from crm.web.routing import Router, Visit

router = Router()
router.routes += backtest_pages.router.routes


@router.page("/rules", fresh=True)
def rules(visit: Visit) -> Response:
    """Every rule with whom it flags today, and the first one in full."""
    return _page(visit, None)


@router.page("/rules/{key}", fresh=True)
def show(visit: Visit) -> Response:
    """One rule in full, beside the others."""
    return _page(visit, queries.one_rule(visit.text("key")))


@router.action("/rules/{key}/switch")
def switch(visit: Visit) -> Response:
    """Switch a rule on or off; ``enabled`` is *yes* or *no*, in the form or, for undo, in the address."""
    found = queries.one_rule(visit.text("key"))
    wanted = str(visit.form.get("enabled") or visit.query.get("enabled", ""))
    if wanted not in ("yes", "no"):
        raise Invalid("Say whether the rule is to be on (yes) or off (no).")
    actions.switch_rule(visit.connection, visit.principal, found.key, wanted == "yes", visit.at)
    other = "no" if wanted == "yes" else "yes"
    return visit.redirect(
        f"/rules/{found.key}",
        message=f"“{found.name}” is {'on' if wanted == 'yes' else 'off'}.",
        undo=f"/rules/{found.key}/switch?enabled={other}",
    )


def _page(visit: Visit, asked: Rule | None) -> Response:
    states = queries.rule_states(visit.connection, visit.principal)
    chosen = asked or states[0].rule
    after = visit.query.get("after") or None
    relation = current(visit.principal.workspace_id)
    where = (visit.connection, visit.principal, visit.at)
    page = (
        queries.FlagPage((), None)
        if chosen in ABOUT_ORGANISATIONS
        else queries.flagged(*where, relation, chosen, after)
    )
    accounts = queries.organisation_flags(*where, rules=ABOUT_ORGANISATIONS, relation=relation)
    context: dict[str, Any] = {
        "states": states,
        "chosen": next(state for state in states if state.rule.key == chosen.key),
        "is_asked": asked is not None,
        "found": _found(visit, relation, accounts),
        "flags": page.flags,
        "accounts": [flag for flag in accounts if flag.rule == chosen.key],
        "next": f"/rules/{chosen.key}?{urlencode({'after': page.next})}" if page.next else None,
        "is_first": after is None,
        "chosen_is_account": chosen in ABOUT_ORGANISATIONS,
        "sentence": rule_sentence,
    }
    return visit.render("rules/index.html", context, active="rules")


def _found(visit: Visit, relation: Subquery, accounts: list[queries.OrganisationFlag]) -> dict[str, str]:
    """How many people or accounts each rule flags today, in words; empty for nobody."""
    people = queries.flag_counts(visit.connection, visit.principal, relation, SHIPPED)
    about = {rule.key: sum(flag.rule == rule.key for flag in accounts) for rule in ABOUT_ORGANISATIONS}
    said = {key: count(number, "person") if number else "" for key, number in people.items()}
    return said | {key: count(number, "account") if number else "" for key, number in about.items()}
