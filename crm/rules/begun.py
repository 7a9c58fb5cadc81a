"""What a rule and each of its conditions begin as, and the buttons of the form that add and take away."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from crm.domain.bound_words import is_counted, said_known
from crm.domain.expressions import Metric
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.metric_words import metric_label, stem_label
from crm.domain.metrics import WINDOW_OF, WORDS
from crm.domain.open_phrases import Choices, open_phrase
from crm.domain.prose import tiers_said
from crm.domain.rule_data import metrics_about
from crm.domain.rules import CLOSE, Rule
from crm.rules.editor import SHARES, Draft, Row, draft_of, understood

BLANK = Rule(
    key="new",
    name=N_("New rule"),
    tiers=CLOSE,
    when=Metric("personal_90").eq(0),
    suggests=("call",),
    severity="medium",
)
"""What a new rule begins as; its name is for whoever writes it."""
MOST_ROWS = 40
"""How far *Add* goes; a rule written as text or read from a file may have more."""
WINDOW = 90
_WHETHER = "whether:"
_PARTS = ("overdue_any", "overdue_personal", "overdue_in_person")


def blank() -> Draft:
    """A rule without a name, and with one condition."""
    return replace(draft_of(BLANK), name="")


def acted(draft: Draft, key: str, act: str, wanted: str) -> Draft:
    """The form after a button that only changes the form: *add* the condition ``wanted``, or *remove-3*."""
    rows, unwritten = draft.rows, ""
    if act == "add" and len(rows) >= MOST_ROWS:
        said = _("The form takes up to {n} conditions. To use more, edit the rule as text.")
        found = understood(draft, key)
        return replace(found, errors={**found.errors, "add": said.format(n=MOST_ROWS)})
    number = act.removeprefix("remove-")
    if act == "add":
        unwritten = f"value-{len(rows)}"
        rows = (*rows, _begun(wanted))
    elif act.startswith("remove-") and number.isdigit() and len(number) < 4:
        rows = tuple(row for place, row in enumerate(rows) if place != int(number))
    found = understood(replace(draft, rows=rows), key)
    return replace(found, errors={name: said for name, said in found.errors.items() if name != unwritten})


def _begun(wanted: str) -> Row:
    """A condition as it is added: a bound that somebody may mean, to be changed."""
    if wanted.startswith(_WHETHER):
        return Row(metric=wanted.removeprefix(_WHETHER), op="known")
    metric = f"{wanted}_{WINDOW}" if f"{wanted}_{WINDOW}" in WINDOW_OF else wanted
    if metric in (*WORDS, "tag"):
        values = open_phrase(metric, "=").values
        return Row(metric=metric, op="=", value=values[0][0] if values else "")
    op = "<=" if metric.startswith("days_to_") or metric == "days_since_favour" else ">="
    bound = "80%" if metric.startswith(SHARES) else "30"
    return Row(metric=metric, op=op, value="1" if is_counted(metric) or metric in _PARTS else bound)


def to_add(about: str) -> list[tuple[str, Choices]]:
    """What a condition can be about, in groups."""
    metrics = metrics_about(about)
    words = [name for name in metrics if name in (*WORDS, "tag")]
    counted = [name for name in metrics if is_counted(name)]
    lengths = [name for name in metrics if name not in words and name not in counted]
    return [
        (_("How often"), tuple(_stems(counted))),
        (_("How long, how much"), tuple(_stems(lengths))),
        (_("Who it is"), tuple((name, metric_label(name)) for name in words)),
        (_("Whether there is any"), tuple(_whether(metrics))),
    ]


def names_in_text(about: str) -> list[tuple[str, str]]:
    """What a condition written as text may be about, as (name, words); of several windows the one that a row begins with."""
    named = [name for name in metrics_about(about) if WINDOW_OF.get(name, ("", WINDOW))[1] == WINDOW]
    return [
        (name, stem_label(WINDOW_OF[name][0]) if name in WINDOW_OF else metric_label(name)) for name in named
    ]


def _stems(metrics: Sequence[str]) -> Iterator[tuple[str, str]]:
    """One for all windows, whose days are chosen in the sentence."""
    for name in metrics:
        stem, days = WINDOW_OF.get(name, (name, WINDOW))
        if days == WINDOW:
            yield stem, stem_label(stem)


def _whether(metrics: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in metrics:
        said = said_known(name, True) if WINDOW_OF.get(name, ("", WINDOW))[1] == WINDOW else None
        if said:
            yield f"{_WHETHER}{name}", said


def tier_choices(tiers: Sequence[str]) -> Choices:
    """Every choice of some of the tiers, as a form sends and says it."""
    numbers = range(1, len(tiers) + 1)
    return tuple(
        (",".join(some), tiers_said(some)) for number in numbers for some in combinations(tiers, number)
    )
