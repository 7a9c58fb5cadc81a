"""The rules: what each says, whom it flags today, and whether it is on."""

from starlette.responses import Response

from crm.domain.language import gettext as _
from crm.domain.prose import flagged_sentence
from crm.domain.rules import Rule
from crm.errors import Invalid
from crm.rules import actions, backtest_pages, edit_pages
from crm.rules.editor import draft_of
from crm.rules.preview import flagged_number
from crm.rules.rule_page import Shown, rule_page
from crm.rules.states import rule_states, state_of
from crm.storage.stored_metrics import current
from crm.web.routing import Router, Visit

router = Router()
router.routes += [*backtest_pages.router.routes, *edit_pages.router.routes]


@router.page("/rules", fresh=True)
def rules(visit: Visit) -> Response:
    """Every rule with whom it flags today, and the first one in full."""
    first = rule_states(visit.connection, visit.principal)[0]
    return rule_page(visit, Shown(first, draft_of(first.rule)), more={"is_asked": False})


@router.page("/rules/{key}", fresh=True)
def show(visit: Visit) -> Response:
    """One rule in full, beside the others."""
    state = state_of(visit.connection, visit.principal, visit.text("key"))
    return rule_page(visit, Shown(state, draft_of(state.rule)))


@router.action("/rules/{key}/switch", fresh=True)
def switch(visit: Visit) -> Response:
    """Switch a rule on or off; ``enabled`` is *yes* or *no*, in the form or, for undo, in the address."""
    found = state_of(visit.connection, visit.principal, visit.text("key")).rule
    wanted = str(visit.sent.get("enabled", ""))
    if wanted not in ("yes", "no"):
        raise Invalid(_("Say whether the rule is to be on (yes) or off (no)."))
    actions.switch_rule(visit.connection, visit.principal, found.key, wanted == "yes", visit.at)
    other = "no" if wanted == "yes" else "yes"
    said = _("“{rule}” is on.") if wanted == "yes" else _("“{rule}” is off.")
    return visit.redirect(
        f"/rules/{found.key}",
        message=f"{said.format(rule=found.title)} {_flags(visit, found, wanted == 'yes')}",
        undo=f"/rules/{found.key}/switch?enabled={other}",
    )


def _flags(visit: Visit, rule: Rule, is_on: bool) -> str:
    """ "It flags 8 people today."; of a rule that is off, whom it would flag."""
    relation = current(visit.principal.workspace_id)
    number = flagged_number(visit.connection, visit.principal, rule, visit.at, relation)
    return flagged_sentence(number, None, rule.about, is_on=is_on)
