"""The sentence editor: a rule as rows of a form, and the form as a rule."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

from starlette.datastructures import FormData

from crm.domain import expressions as tree
from crm.domain.bound_words import is_counted
from crm.domain.expressions import Condition
from crm.domain.language import gettext as _
from crm.domain.metrics import WINDOW_OF
from crm.domain.open_phrases import NONE, OpenPhrase, open_phrase
from crm.domain.prose import phrase
from crm.domain.rule_data import (
    NUMBERS,
    RuleFault,
    condition_data,
    metrics_about,
    read_condition,
    read_rule,
)
from crm.domain.rule_files import NotToml, read_entries, write_rule
from crm.domain.rules import Rule, kept_name
from crm.domain.spans import capital
from crm.domain.targets import TIERS

SHARES = ("digital_share_", "quiet_p")


@dataclass(frozen=True)
class Row:
    """One condition of the form. ``kept`` is the JSON of one that no row can show, ``words`` what it says.

    ``link`` (*and*, *or*) joins it to the row before.
    """

    link: str = "and"
    metric: str = ""
    op: str = ">="
    value: str = ""
    kept: str = ""
    words: str = ""

    @property
    def stem(self) -> str:
        """What is counted, where the days are a choice of their own; else the metric."""
        return WINDOW_OF.get(self.metric, (self.metric,))[0]

    @property
    def window(self) -> int | None:
        """In how many days it is counted."""
        return WINDOW_OF.get(self.metric, ("", None))[1]

    @property
    def phrase(self) -> OpenPhrase:
        """What the row says around its fields."""
        return open_phrase(self.metric, self.op, self.value.strip() == "1")


@dataclass(frozen=True)
class Draft:
    """A rule being written: what stands in the form, the rule it makes (none where it does not yet), and the faults."""

    name: str
    tiers: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: tuple[Row, ...]
    together: str
    suggests: tuple[str, ...]
    severity: str
    weekly_limit: str
    high: str = ""
    about: str = "people"
    evidence: tuple[str, ...] = ()
    stands_in: str = ""
    toml: str | None = None
    rule: Rule | None = None
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def high_words(self) -> str:
        """When the severity is raised, as a verb phrase."""
        return _words_of(self.high, self.about) if self.high else ""


def draft_of(rule: Rule) -> Draft:
    """The form of a rule as it stands."""
    inner, together = _shape(rule.when)
    return Draft(
        name=rule.title,
        tiers=tuple(tier for tier in TIERS if tier in rule.tiers),
        kinds=rule.kinds,
        rows=tuple(_rows(rule.when, inner)),
        together=together,
        suggests=rule.suggests,
        severity=rule.severity,
        weekly_limit=str(rule.weekly_limit or ""),
        high=json.dumps(condition_data(rule.high_when)) if rule.high_when is not None else "",
        about=rule.about,
        evidence=rule.evidence,
        rule=rule,
    )


def with_text(draft: Draft, rule: Rule, enabled: bool) -> Draft:
    """The same as TOML."""
    return replace(draft, toml=write_rule(rule, enabled))


def _shape(when: Condition) -> tuple[str, str]:
    """The word inside groups, and which word's rows stand together."""
    return ("and", "and") if isinstance(when, tree.Any) else ("or", "or")


def _rows(when: Condition, inner: str) -> Iterator[Row]:
    outer, group = (tree.Any, tree.All) if inner == "and" else (tree.All, tree.Any)
    parts = when.parts if isinstance(when, outer) else (when,)
    for part in parts:
        members = part.parts if isinstance(part, group) and part.parts else (part,)
        for place, member in enumerate(members):
            yield replace(_row(member), link=inner if place else "or" if inner == "and" else "and")


def _row(condition: Condition) -> Row:
    data = condition_data(condition)
    value = data.get("value")
    if "metric" in data and not isinstance(value, dict):
        metric, op = data["metric"], data["op"]
        is_none = is_counted(metric) and (op, value) == ("=", 0)
        return Row(metric=metric, op=NONE if is_none else op, value=_shown(metric, value))
    return Row(metric="kept", kept=json.dumps(data), words=phrase(condition))


def _shown(metric: str, value: Any) -> str:
    if metric.startswith(SHARES) and isinstance(value, int | float):
        percent = f"{100 * value:.6g}%"
        return percent if _number(metric, percent) == value else repr(value)
    return "" if value is None else str(value)


# From the form.


def read_form(form: FormData, key: str, stands_in: str = "") -> Draft:
    """What was sent, with the rule it makes or the faults beside their fields.

    ``stands_in``: the name of a rule that has none yet and is only looked at.
    """
    if "toml" in form:
        return _read_text(form, key)
    draft = Draft(
        name=str(form.get("name", "")),
        tiers=tuple(tier for tiers in _all(form, "tier") for tier in tiers.split(",") if tier),
        kinds=_up_to_a_blank(form, "kind"),
        rows=tuple(_sent_rows(form)),
        together="and" if form.get("together") == "and" else "or",
        suggests=_up_to_a_blank(form, "suggest"),
        severity=str(form.get("severity", "medium")),
        weekly_limit=str(form.get("weekly_limit", "")).strip(),
        high=str(form.get("high_when", "")) if form.get("high") else "",
        about="organisations" if form.get("about") == "organisations" else "people",
        evidence=_all(form, "evidence"),
        stands_in=stands_in,
    )
    return understood(draft, key)


def _all(form: FormData, name: str) -> tuple[str, ...]:
    return tuple(str(value) for value in form.getlist(name))


def _up_to_a_blank(form: FormData, name: str) -> tuple[str, ...]:
    """What was chosen one after the other; what stands behind a blank is not shown."""
    return tuple(dict.fromkeys(takewhile(bool, _all(form, name))))


def _sent_rows(form: FormData) -> Iterator[Row]:
    columns = [_all(form, name) for name in ("link", "metric", "window", "op", "value", "kept")]
    for link, metric, window, op, value, kept in zip(*columns, strict=False):
        is_kept = metric == "kept"
        about = str(form.get("about", "people"))
        yield Row(
            link="or" if link == "or" else "and",
            metric=f"{metric}_{window}" if window and not is_kept else metric,
            op=op,
            value=value.strip(),
            kept=kept if is_kept else "",
            words=_words_of(kept, about) if is_kept else "",
        )


def _words_of(kept: str, about: str) -> str:
    try:
        return phrase(read_condition(_loaded(kept), "when", metrics_about(about)))
    except RuleFault:
        return ""


def _loaded(kept: str) -> Any:
    try:
        return json.loads(kept)
    except (ValueError, RecursionError):
        raise RuleFault(_("This condition can no longer be read; remove it."), "when") from None


def understood(draft: Draft, key: str) -> Draft:
    """The draft with the rule that stands in its fields, or with the faults beside them."""
    draft = replace(draft, rule=None, errors={})
    errors: dict[str, str] = {}
    read: list[tuple[str, Any]] = []
    for place, row in enumerate(draft.rows):
        try:
            data = _loaded(row.kept) if row.metric == "kept" else _data(row)
            read_condition(data, "when", metrics_about(draft.about))
            read.append((row.link, data))
        except RuleFault as fault:
            errors[f"value-{place}"] = fault.sentence
    if not read and not errors:
        errors["add"] = _("Add at least one condition.")
    if errors:
        return replace(draft, errors=errors)
    try:
        return replace(draft, rule=read_rule(key, _whole(draft, key, read)))
    except RuleFault as fault:
        return replace(draft, errors={_beside(fault.field): fault.sentence})


def _beside(name: str) -> str:
    return {"suggests": "suggest-0", "tiers": "tier", "kinds": "kind-0", "when": "add"}.get(name, name)


def _whole(draft: Draft, key: str, read: list[tuple[str, Any]]) -> dict[str, Any]:
    limit = draft.weekly_limit
    if limit and not (limit.isascii() and limit.isdigit() and len(limit) < 5):
        raise RuleFault(_("Enter a whole number from 1 to 99, or leave it empty."), "weekly_limit")
    data: dict[str, Any] = {
        "name": kept_name(key, draft.name.strip()) or draft.stands_in,
        "about": draft.about,
        "tiers": list(draft.tiers),
        "kinds": list(draft.kinds),
        "when": _joined(read, draft.together),
        "suggests": list(draft.suggests),
        "severity": draft.severity,
        "weekly_limit": int(limit or 0),
        "evidence": list(draft.evidence),
    }
    return {**data, "high_when": _loaded(draft.high)} if draft.high else data


def _joined(read: list[tuple[str, Any]], together: str) -> Any:
    """One condition of the rows: those that ``together`` joins to the row before make a group with it."""
    groups: list[list[Any]] = []
    for link, data in read:
        if groups and link == together:
            groups[-1].append(data)
        else:
            groups.append([data])
    inner, outer = ("all", "any") if together == "and" else ("any", "all")
    parts = [group[0] if len(group) == 1 else {inner: group} for group in groups]
    return parts[0] if len(parts) == 1 else {outer: parts}


def _data(row: Row) -> dict[str, Any]:
    if row.op in ("known", "missing"):
        return {"metric": row.metric, "op": row.op}
    if row.op == NONE:
        return {"metric": row.metric, "op": "=", "value": 0}
    if not row.value:
        raise RuleFault(_("Enter what to compare it with."), "when")
    number = _number(row.metric, row.value)
    if number is None:
        value = row.value.lower().replace(" ", "_") if row.metric in ("zone", "tier") else row.value
        return {"metric": row.metric, "op": row.op, "value": value}
    return {"metric": row.metric, "op": row.op, "value": number}


def _number(metric: str, text: str) -> int | float | None:
    """The number that was written; None for words. 80% is 0.8."""
    if metric not in (*NUMBERS, "contacts_count", "met_count"):
        return None
    plain = text.removesuffix("%").strip()
    try:
        number = float(plain)
    except ValueError:
        raise RuleFault(_("Enter a number, not “{typed}”.").format(typed=text[:40]), "when") from None
    if text.endswith("%"):
        return round(number / 100, 6)
    return int(plain) if plain.lstrip("-").isdigit() and len(plain) < 12 else number


def _read_text(form: FormData, key: str) -> Draft:
    text = str(form.get("toml", ""))
    blank = Draft("", (), (), (), "or", (), "medium", "", toml=text)
    try:
        entries = read_entries(text)
    except NotToml as fault:
        said = _("Line {line}: {fault}").format(line=fault.line, fault=fault) if fault.line else str(fault)
        return replace(blank, errors={"toml": said})
    if len(entries) != 1 or not isinstance(entries[0].data, dict):
        return replace(blank, errors={"toml": _("Enter one rule: one [[rule]] and what belongs to it.")})
    data = {name: value for name, value in entries[0].data.items() if name not in ("key", "enabled")}
    try:
        return replace(draft_of(read_rule(key, data)), toml=text)
    except RuleFault as fault:
        where = capital(entries[0].where(fault))
        return replace(blank, errors={"toml": f"{where}: {fault.sentence}"})
