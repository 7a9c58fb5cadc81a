"""The rules: what each says, whom it flags today, and whether it is on."""

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from crm.domain.prose import rule_sentence
from crm.domain.rules import SHIPPED, Rule
from crm.domain.spans import count
from crm.errors import Invalid
from crm.rules import actions, queries
from crm.storage.stored_metrics import current
from crm.web.routing import Router, Visit

router = Router()


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
    relation = current(visit.principal.workspace_id)
    page = queries.flagged(
        visit.connection, visit.principal, visit.at, relation, chosen, visit.query.get("after") or None
    )
    context: dict[str, Any] = {
        "states": states,
        "chosen": next(state for state in states if state.rule.key == chosen.key),
        "is_asked": asked is not None,
        "counts": queries.flag_counts(visit.connection, visit.principal, relation, SHIPPED),
        "flags": page.flags,
        "next": f"/rules/{chosen.key}?{urlencode({'after': page.next})}" if page.next else None,
        "is_first": not visit.query.get("after"),
        "sentence": rule_sentence,
        "count": count,
    }
    return visit.render("rules/index.html", context, active="rules")
