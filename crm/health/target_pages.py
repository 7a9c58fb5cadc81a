"""The team's targets: the longest each clock should run, by tier and kind."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from crm.contacts.drafts import TARGET_LIMIT
from crm.contacts.listing import kinds
from crm.domain.language import N_, ngettext
from crm.domain.language import gettext as _
from crm.domain.manner import numeral
from crm.domain.targets import CLOCKS, EVERY_OTHER_KIND, TIERS_WITH_TARGETS, Target, Targets
from crm.domain.zone_moves import upshot_sentence
from crm.health.target_actions import Key, change_targets, effective
from crm.storage.stored_metrics import targets_of
from crm.web.flashes import LONGEST_UNDO
from crm.web.forms import fingerprint
from crm.web.routing import Router, Visit

router = Router()

COLUMNS = ("partner", "customer", "vendor")
"""The named kinds in the order of the table: partners and customers are shipped with the same targets."""
MOST_KINDS = 12
MEANWHILE = N_("Somebody else changed the targets in the meantime.")
CLOCK_WORDS = {"any": N_("any contact"), "personal": N_("personal"), "in_person": N_("in person")}


@router.page("/settings/targets")
def show(visit: Visit) -> Response:
    """Every target; ``kind`` in the address adds a column for a kind of the team's own."""
    return _page(visit, {}, {})


@router.action("/settings/targets", access="admin")
def save(visit: Visit) -> Response:
    """Set targets; what is not sent, in the form or in the address of Undo, stays as it is."""
    targets = targets_of(visit.connection, visit.principal.workspace_id)
    seen = fingerprint(sorted(targets.table().items()))
    wanted, errors = _sent(visit, targets)
    is_late = visit.form.get("seen", seen) != seen
    if errors or is_late:
        return _page(visit, visit.form, errors, meanwhile=_(MEANWHILE) if is_late else None)
    before, found = change_targets(visit.connection, visit.principal, wanted, visit.at)
    if not before:
        return visit.redirect("/settings/targets", _("Nothing was changed."))
    changed = ngettext("{n} target changed.", "{n} targets changed.", len(before))
    said = f"{changed.format(n=numeral(len(before)))} {upshot_sentence(found)}"
    undo = f"/settings/targets?{urlencode(_as_before(before, wanted))}"
    if len(undo) >= LONGEST_UNDO:
        return visit.redirect("/settings/targets", f"{said} {_('A change this large cannot be undone.')}")
    return visit.redirect("/settings/targets", said, undo)


def _as_before(before: Mapping[Key, Target], wanted: Mapping[Key, Target]) -> list[tuple[str, str]]:
    """The fields that set back what was changed, and nothing else."""
    changed = [
        (key, clock) for key in before for clock in CLOCKS if before[key].of(clock) != wanted[key].of(clock)
    ]
    return [(_name(key, clock), _shown(before[key].of(clock))) for key, clock in changed]


def _name(key: Key, clock: str) -> str:
    return f"{key[0]}.{key[1]}.{clock}"


def _shown(days: int | None) -> str:
    return "" if days is None else str(days)


def _sent(visit: Visit, targets: Targets) -> tuple[dict[Key, Target], dict[str, str]]:
    wanted, errors = {}, {}
    for tier in TIERS_WITH_TARGETS:
        for kind in _kinds(visit, targets, everything=True):
            key = (tier, kind)
            days = {}
            for clock in CLOCKS:
                name = _name(key, clock)
                typed = _typed(visit, name)
                try:
                    days[clock] = effective(targets, *key).of(clock) if typed is None else _days(typed)
                except ValueError:
                    sentence = _("Enter 1 to {most} days, or leave it empty for no target.")
                    errors[name] = sentence.format(most=numeral(TARGET_LIMIT))
            if len(days) == len(CLOCKS) and any(
                _typed(visit, _name(key, clock)) is not None for clock in CLOCKS
            ):
                wanted[key] = Target(**days)
    return wanted, errors


def _typed(visit: Visit, name: str) -> str | None:
    found = visit.sent.get(name)
    return None if found is None else str(found)


def _days(typed: str) -> int | None:
    words = typed.strip()
    if words in ("", "–", "-"):
        return None
    if not (words.isascii() and words.isdigit() and len(words) < 6 and 1 <= int(words) <= TARGET_LIMIT):
        raise ValueError(typed)
    return int(words)


def _kinds(visit: Visit, targets: Targets, *, everything: bool = False) -> list[str]:
    """Kinds with a column: the shipped ones, those with a target of their own, those asked for or sent, every other."""
    used = kinds(visit.connection, visit.principal)
    own = sorted({kind for _, kind in targets.changes} - {*COLUMNS, EVERY_OTHER_KIND})
    asked = str(visit.sent.get("kind", ""))
    others = [kind for kind in used if kind not in (*COLUMNS, *own)]
    more = [kind for kind in others if everything or kind == asked or _is_sent(visit, kind)]
    return [*COLUMNS, *own, *more, EVERY_OTHER_KIND]


def _is_sent(visit: Visit, kind: str) -> bool:
    return any(_name((tier, kind), clock) in visit.form for tier in TIERS_WITH_TARGETS for clock in CLOCKS)


def _page(
    visit: Visit, typed: Mapping[str, Any], errors: Mapping[str, str], *, meanwhile: str | None = None
) -> Response:
    """``meanwhile``: why what was typed is shown again beside what is saved now."""
    targets = targets_of(visit.connection, visit.principal.workspace_id)
    shown = _kinds(visit, targets)
    values = {
        _name((tier, kind), clock): _shown(effective(targets, tier, kind).of(clock))
        for tier in TIERS_WITH_TARGETS
        for kind in shown
        for clock in CLOCKS
    }
    shown_values = {name: str(typed.get(name, value)) for name, value in values.items()}
    context = {
        "tiers": TIERS_WITH_TARGETS,
        "kinds": shown,
        "other_kinds": [
            kind for kind in kinds(visit.connection, visit.principal) if kind not in shown and kind != "other"
        ][:MOST_KINDS],
        "clocks": [(clock, _(words)) for clock, words in CLOCK_WORDS.items()],
        "values": shown_values,
        "saved": {name: value for name, value in values.items() if shown_values[name].strip() != value},
        "meanwhile": meanwhile,
        "errors": errors,
        "seen": fingerprint(sorted(targets.table().items())),
        "asked": visit.query.get("kind", ""),
    }
    status = 409 if meanwhile else 422 if errors else 200
    return visit.render("health/targets.html", context, active="team", status=status)
