"""Rules against the past year, and the rhythm model against the workspace's own log."""

from starlette.responses import Response

from crm.domain.language import gettext as _
from crm.domain.prose import rule_sentence
from crm.domain.spans import percent
from crm.rules.backtest import has_log
from crm.rules.backtest_view import drawn
from crm.rules.rhythm import HORIZONS, judge_rhythm
from crm.rules.rhythm_view import METHODS, alarm_sentences, calibration, in_100, summary
from crm.rules.states import state_of
from crm.web.routing import Router, Visit

router = Router()


@router.page("/rules/rhythm")
def rhythm(visit: Visit) -> Response:
    """How well the rhythm model foretold, on this workspace's own past, who would stay silent."""
    where = (visit.connection, visit.principal)
    is_empty = not has_log(*where, visit.at)
    judged = [] if is_empty else [judge_rhythm(*where, horizon, visit.at) for horizon in HORIZONS]
    context = {
        "judged": judged,
        "is_empty": is_empty,
        "summary": summary,
        "methods": {key: _(words) for key, words in METHODS.items()},
        "alarms": alarm_sentences,
        "calibration": calibration,
        "in_100": in_100,
        "percent": percent,
    }
    return visit.render("rules/rhythm.html", context, active="rules")


@router.page("/rules/{key}/backtest")
def backtest(visit: Visit) -> Response:
    """One rule against the past year; for htmx the part of the rule's page, else a page of its own."""
    where = (visit.connection, visit.principal)
    rule = state_of(*where, visit.text("key")).rule
    found = drawn(*where, rule, visit.at)
    context = {"rule": rule, "backtest": found, "sentence": rule_sentence}
    template = "rules/_backtest.html" if visit.is_htmx else "rules/backtest.html"
    return visit.render(template, context, active="rules")
