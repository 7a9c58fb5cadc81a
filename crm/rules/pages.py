"""The rules: what each says, whom it flags today, and whether it is on."""

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from crm.domain.on_record import FROM_SILENCE
from crm.domain.prose import flagged_sentence, rule_sentence
from crm.domain.rule_check import findings
from crm.domain.rules import Rule
from crm.errors import Invalid
from crm.interactions.silence import caution
from crm.rules import actions, backtest_pages, edit_pages, queries
from crm.rules.accounts import organisation_flags
from crm.rules.preview import flagged_number, found_today
from crm.rules.words import unheard
from crm.storage.stored_metrics import current, refresh_stale, scope_of
from crm.web.routing import Router, Visit

router = Router()
router.routes += [*backtest_pages.router.routes, *edit_pages.router.routes]


@router.page("/rules", fresh=True)
def rules(visit: Visit) -> Response:
    """Every rule with whom it flags today, and the first one in full."""
    return _page(visit, None)


@router.page("/rules/{key}", fresh=True)
def show(visit: Visit) -> Response:
    """One rule in full, beside the others."""
    return _page(visit, visit.text("key"))


@router.action("/rules/{key}/switch")
def switch(visit: Visit) -> Response:
    """Switch a rule on or off; ``enabled`` is *yes* or *no*, in the form or, for undo, in the address."""
    found = queries.state_of(visit.connection, visit.principal, visit.text("key")).rule
    wanted = str(visit.form.get("enabled") or visit.query.get("enabled", ""))
    if wanted not in ("yes", "no"):
        raise Invalid("Say whether the rule is to be on (yes) or off (no).")
    actions.switch_rule(visit.connection, visit.principal, found.key, wanted == "yes", visit.at)
    other = "no" if wanted == "yes" else "yes"
    return visit.redirect(
        f"/rules/{found.key}",
        message=f"“{found.name}” is {'on' if wanted == 'yes' else 'off'}. {_flags(visit, found, wanted == 'yes')}",
        undo=f"/rules/{found.key}/switch?enabled={other}",
    )


def _flags(visit: Visit, rule: Rule, is_on: bool) -> str:
    """ "It flags 8 people today."; of a rule that is off, whom it would flag."""
    refresh_stale(visit.connection, scope_of(visit.connection, visit.principal, visit.at))
    relation = current(visit.principal.workspace_id)
    number = flagged_number(visit.connection, visit.principal, rule, visit.at, relation)
    said = flagged_sentence(number, None, "account" if rule.about == "organisations" else "person")
    return said if is_on else said.replace("It flags", "It would flag", 1)


def _page(visit: Visit, asked: str | None) -> Response:
    where = (visit.connection, visit.principal)
    states = queries.rule_states(*where)
    chosen = states[0] if asked is None else queries.state_of(*where, asked)
    about_accounts = chosen.rule.about == "organisations"
    after = visit.query.get("after") or None
    relation = current(visit.principal.workspace_id)
    page = (
        queries.FlagPage((), None)
        if about_accounts
        else queries.flagged(*where, visit.at, relation, chosen.rule, after)
    )
    rules = [state.rule for state in states]
    accounts = organisation_flags(*where, visit.at, rules=rules, relation=relation)
    context: dict[str, Any] = {
        "states": states,
        "chosen": chosen,
        "backtest_key": chosen.rule.key,
        "is_asked": asked is not None,
        "found": found_today(*where, relation, rules, accounts),
        "flags": page.flags,
        "accounts": [flag for flag in accounts if flag.rule == chosen.rule.key],
        "next": f"/rules/{chosen.rule.key}?{urlencode({'after': page.next})}" if page.next else None,
        "is_first": after is None,
        "chosen_is_account": about_accounts,
        "is_from_silence": chosen.rule.key in FROM_SILENCE,
        "sentence": rule_sentence,
        "findings": [*findings(chosen.rule), *unheard(*where, chosen.rule)],
        "caution": caution(*where, visit.at),
    }
    return visit.render("rules/index.html", context, active="rules")
