"""``crm backtest``: a rule, or the rhythm model, against the past."""

from typing import Annotated, Any

import typer

from crm.cli_support import AsJson, AsOf, Desk, Workspace, desk, print_json
from crm.commands.flags import RuleKey
from crm.commands.listing import print_table
from crm.commands.progress import bar
from crm.domain.manner import numeral
from crm.domain.rules import Rule
from crm.domain.spans import percent
from crm.errors import UsageError
from crm.rules.backtest import WEEKS, Week, backtest, has_log
from crm.rules.backtest_view import EMPTY_LOG, finding
from crm.rules.rhythm import CUTOFFS, HORIZONS, Judged, judge_rhythm
from crm.rules.rhythm_view import METHODS, alarm_sentences, summary
from crm.rules.states import active_rules, state_of

Rhythm = Annotated[bool, typer.Option("--rhythm", help="Judge the rhythm model on this log's own past.")]
Horizon = Annotated[
    int | None,
    typer.Option("--horizon", metavar="30|60", help="With --rhythm: days ahead; both if left out."),
]
COLUMNS = ("Week", "As of", "Flagged", "In personal contact within 14 days", "Silent for a quarter")


def backtest_command(
    rule: RuleKey = None,
    rhythm: Rhythm = False,
    horizon: Horizon = None,
    as_json: AsJson = False,
    as_of: AsOf = None,
    workspace: Workspace = None,
) -> None:
    """Show what a rule (or, without --rule, each that is on) would have flagged in the past year, and what came after."""
    if rhythm and rule is not None:
        raise UsageError("Say what to try: either --rule KEY or --rhythm.")
    if horizon is not None and (not rhythm or horizon not in HORIZONS):
        raise UsageError("--horizon is 30 or 60, and goes with --rhythm.")
    with desk(workspace, as_of) as at_desk:
        chosen = None if rule is None else _chosen(at_desk, rule)
        is_empty = _is_empty(at_desk)
        if is_empty:
            typer.echo(EMPTY_LOG, err=as_json)
        if is_empty and not as_json:
            return
        if rhythm:
            _try_rhythm(at_desk, HORIZONS if horizon is None else (horizon,), as_json)
        elif chosen is None:
            _try_rules(at_desk, as_json)
        else:
            _try_rule(at_desk, chosen, as_json)


def _chosen(at_desk: Desk, key: str) -> Rule:
    with at_desk.database.read() as connection:
        return state_of(connection, at_desk.principal, key).rule


def _is_empty(at_desk: Desk) -> bool:
    with at_desk.database.read() as connection:
        return not has_log(connection, at_desk.principal, at_desk.at)


def _try_rule(at_desk: Desk, rule: Rule, as_json: bool) -> None:
    with at_desk.database.read() as connection, bar(WEEKS, "Weeks") as told:
        weeks = backtest(connection, at_desk.principal, rule, at_desk.at, told)
    if as_json:
        print_json({"rule": rule.key, "weeks": weeks})
    else:
        print_table(COLUMNS, [_row(week) for week in weeks], "There are no weeks.")
        typer.echo(finding(weeks))


def _try_rules(at_desk: Desk, as_json: bool) -> None:
    with at_desk.database.read() as connection:
        rules = active_rules(connection, at_desk.principal)
        with bar(WEEKS * len(rules), "Weeks") as told:
            found = [
                (rule.key, backtest(connection, at_desk.principal, rule, at_desk.at, told)) for rule in rules
            ]
    if as_json:
        print_json([{"rule": key, "weeks": weeks} for key, weeks in found])
    else:
        rows = [
            (key, f"{numeral(sum(week.flagged for week in weeks))}", finding(weeks)) for key, weeks in found
        ]
        print_table(("Rule", "Flags in 52 weeks", "What came after"), rows, "Every rule is switched off.")


def _row(week: Week) -> tuple[str, ...]:
    told = (
        "–" if number is None else f"{numeral(number)}"
        for number in (week.in_touch_anyway, week.silent_quarter)
    )
    return (week.week, week.as_of.date().isoformat(), f"{numeral(week.flagged)}", *told)


def _try_rhythm(at_desk: Desk, horizons: tuple[int, ...], as_json: bool) -> None:
    with (
        at_desk.database.read() as connection,
        bar(CUTOFFS * len(horizons), "Days looked back at") as told,
    ):
        found = [
            judge_rhythm(connection, at_desk.principal, horizon, at_desk.at, told) for horizon in horizons
        ]
    if as_json:
        print_json({"horizons": [_as_json(one) for one in found]})
        return
    for one in found:
        _print(one)


def _as_json(judged: Judged) -> dict[str, Any]:
    verdict = judged.verdict
    return {
        "horizon": verdict.horizon,
        "cutoffs": judged.cutoffs,
        "people": verdict.people,
        "cases": verdict.cases,
        "silent": verdict.silent,
        "enough": verdict.enough,
        "average_log_loss": verdict.average_log_loss,
        "methods": verdict.methods,
        "calibration": verdict.tenths,
        "alarms": verdict.alarms,
        "lead": verdict.lead,
        "gain": verdict.gain,
    }


def _print(judged: Judged) -> None:
    typer.echo(" ".join(summary(judged)))
    verdict = judged.verdict
    if not verdict.enough:
        return
    ranks = [
        (METHODS[one.key], f"{one.auc:.2f}", "–" if one.log_loss is None else f"{one.log_loss:.2f}")
        for one in verdict.methods
        if one.auc is not None
    ]
    print_table(("Who stays silent?", "AUC", "Log-loss"), ranks, "")
    said = [
        (
            f"{percent(one.low)} to {percent(one.high)}",
            f"{numeral(one.cases)}",
            percent(one.said),
            percent(one.happened),
        )
        for one in verdict.tenths
    ]
    print_table(("Chance", "Cases", "Said", "Happened"), said, "")
    for sentence in alarm_sentences(verdict):
        typer.echo(sentence)
