"""What they told us: pain points, competitors and the rest, by month, theme and account; listed, and as a file."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from crm.contacts.drafts import KIND_LIMIT
from crm.contacts.listing import kinds
from crm.domain.channels import by_key
from crm.domain.formulas import neutralise
from crm.domain.heard import SIGNAL_TYPES
from crm.domain.language import N_, ngettext, plurals
from crm.domain.language import gettext as _
from crm.domain.manner import month_name, numeral
from crm.domain.spans import capital, count, short_day
from crm.domain.vocabulary import word
from crm.errors import Invalid
from crm.interactions import signals
from crm.interactions.beside import themes
from crm.interactions.queries import channels
from crm.interactions.signals import FEATURED, Summary, Wanted
from crm.web.addresses import is_id
from crm.web.routing import Router, Visit
from crm.web.spreadsheets import csv_answer

router = Router()

QUOTED = 5
BOX_HEIGHT, BOX_WIDTH, STEP, LEFT = 17, 36, 64, 8
MOST_BOXES = 12
"""Boxes in a column; a month with more shows its number alone above a full column."""
ALL_TIME = "all"
MOST_LETTERS = 100
"""Letters of the words looked for."""
FILTERS = ("q", "type", "since", "theme", "organisation", "contact", "kind", "heard_by")
NO_THEME = "none"
WORDS = {
    FEATURED: plurals("pain point or competitor", "pain points and competitors"),
    SIGNAL_TYPES: plurals("signal", "signals"),
    ("pain point",): plurals("pain point", "pain points"),
    ("competitor",): plurals("competitor", "competitors"),
    ("request",): plurals("request", "requests"),
    ("praise",): plurals("word of praise", "words of praise"),
    ("risk",): plurals("risk", "risks"),
}
"""What is counted, once and more often."""
SEVERAL = {
    "pain point": N_("Pain points"),
    "competitor": N_("Competitors"),
    "request": N_("Requests"),
    "praise": N_("Praise"),
    "risk": N_("Risks"),
}
"""Each type as a heading of several."""
COLUMNS = ("heard_on", "type", "theme", "text", "contact", "email", "organisation", "channel", "heard_by")


@router.page("/signals")
def index(visit: Visit) -> Response:
    """Counted by month, theme and account."""
    wanted, today = _wanted(visit), visit.team_day
    found = signals.summary(visit.connection, visit.principal, wanted, today)
    quoted = signals.told(visit.connection, visit.principal, wanted, limit=QUOTED)
    context = {
        **_shared(visit, wanted),
        "found": found,
        "quoted": quoted.told,
        "tellers": signals.tellers(visit.connection, visit.principal, wanted),
        "lede": lede(found, wanted),
        "chart": _chart(found),
        "is_any": bool(found.total) or signals.is_any(visit.connection, visit.principal),
    }
    return visit.render("interactions/signals.html", context, active="people")


@router.page("/signals/all")
def listed(visit: Visit) -> Response:
    """One by one, newest first."""
    wanted = _wanted(visit)
    page = signals.told(visit.connection, visit.principal, wanted, visit.query.get("after") or None)
    shared = _shared(visit, wanted)
    address = shared["address"]
    context = {
        **shared,
        "told": page.told,
        "next": address("/signals/all", after=page.next) if page.next else None,
        "is_first": not visit.query.get("after"),
    }
    return visit.render("interactions/signals_all.html", context, active="people")


@router.page("/signals/export")
def export(visit: Visit) -> Response:
    """The same as a table file; no cell of it is a formula to a spreadsheet."""
    wanted = _wanted(visit)
    ways = by_key(channels(visit.connection, visit.principal))
    rows = []
    for one in signals.everything_told(visit.connection, visit.principal, wanted):
        way = ways[one.channel].label if one.channel and one.channel in ways else one.channel
        cells = (one.type, one.theme, one.text, one.name, one.email, one.organisation, way, one.heard_by)
        rows.append([one.day.isoformat(), *(neutralise(cell or "") for cell in cells)])
    return csv_answer(f"signals-{visit.team_day.isoformat()}.csv", COLUMNS, rows)


def lede(found: Summary, wanted: Wanted) -> str:
    """ "46 pain points and competitors in 12 months, from 16 accounts. 37 were heard in person, by voice or by hand." """
    if not found.total:
        return _("Nothing was noted that matches these filters.")
    whom = count(found.people, "person", "people")
    if found.account_number:
        accounts = count(found.account_number, "account", "accounts")
        whom = _("{people} at {accounts}").format(people=whom, accounts=accounts)
    a_year = wanted.since and wanted.since == found.months[0].first
    said = _("{signals} in 12 months, from {people}.") if a_year else _("{signals}, from {people}.")
    said = said.format(signals=count(found.total, *WORDS[wanted.types]), people=whom)
    if found.personally:
        also = ngettext(
            "{n} was heard in person, by voice or by hand.",
            "{n} were heard in person, by voice or by hand.",
            found.personally,
        )
        said = f"{said} {also.format(n=numeral(found.personally))}"
    return said


def _wanted(visit: Visit) -> Wanted:
    """The filters in the address; a filter that is none is refused."""
    query, today = visit.query, visit.team_day
    kind = query.get("type", "")
    if kind not in ("", "any", *SIGNAL_TYPES):
        raise Invalid(_("There is no type of signal called {kind}.").format(kind=repr(kind[:40])))
    types = {"": FEATURED, "any": SIGNAL_TYPES}.get(kind, (kind,))
    theme = query.get("theme") or None
    filters = Wanted(
        types,
        _since(query.get("since", ""), today),
        "" if theme == NO_THEME else theme,
        _id(query.get("organisation", "")),
        _id(query.get("contact", "")),
        _kind(query.get("kind", "")),
        _id(query.get("heard_by", "")),
        _words(query.get("q", "")),
    )
    return signals.with_words(visit.connection, visit.principal, filters)


def _words(said: str) -> tuple[str, ...]:
    if len(said) > MOST_LETTERS:
        raise Invalid(_("Search for at most {most} characters.").format(most=MOST_LETTERS))
    return tuple(said.split())


def _kind(said: str) -> str | None:
    if len(said) > KIND_LIMIT:
        raise Invalid(_("A kind has at most {most} characters.").format(most=KIND_LIMIT))
    return said or None


def _since(said: str, today: date) -> date | None:
    if said == ALL_TIME:
        return None
    if not said:
        return date(today.year - 1, today.month % 12 + 1, 1) if today.month < 12 else date(today.year, 1, 1)
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise Invalid(_("Enter the day like 2026-11-23.")) from None


def _since_choices(since: date | None, said: str, today: date) -> list[tuple[str, str]]:
    """Times to choose from, as (value, words); a day that is none of them stands among them by itself."""
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    choices = {
        "": _("12 months"),
        quarter.isoformat(): _("This quarter"),
        today.replace(month=1, day=1).isoformat(): _("This year"),
        ALL_TIME: _("All time"),
    }
    if since and said:
        choices.setdefault(said, _("Since {day}").format(day=short_day(since, today)))
    return list(choices.items())


def _id(said: str) -> int | None:
    if not said:
        return None
    if not is_id(said):
        raise Invalid(_("There is no such person or account."))
    return int(said)


def _shared(visit: Visit, wanted: Wanted) -> dict[str, Any]:
    kept = {name: visit.query.get(name, "") for name in FILTERS}

    def address(path: str, **changes: str | None) -> str:
        values = {name: value for name, value in {**kept, **changes}.items() if value}
        return f"{path}?{urlencode(values)}" if values else path

    today = visit.team_day
    several = {kind: _(words) for kind, words in SEVERAL.items()}
    counts = signals.type_counts(visit.connection, visit.principal, wanted)
    return {
        "wanted": wanted,
        "kept": kept,
        "address": address,
        "counts": counts,
        "since_choices": _since_choices(wanted.since, visit.query.get("since", ""), today),
        "types": [(kind, several[kind]) for kind in SIGNAL_TYPES],
        "several": several,
        "choices": {
            "theme": [(one, one) for one in themes(visit.connection, visit.principal)],
            "organisation": signals.accounts_heard(visit.connection, visit.principal),
            "kind": [(one, capital(word(one))) for one in kinds(visit.connection, visit.principal)],
            "heard_by": signals.listeners(visit.connection, visit.principal),
        },
        "ways": by_key(channels(visit.connection, visit.principal)),
        "short_day": lambda day: short_day(day, today),
        "count": count,
    }


def _chart(found: Summary) -> dict[str, Any]:
    """Columns of boxes, one a signal: competitors in outline, the others filled."""
    columns = []
    highest = max((min(month.total, MOST_BOXES) for month in found.months), default=0)
    base = 30 + max(highest, 3) * BOX_HEIGHT
    for place, month in enumerate(found.months):
        x = LEFT + place * STEP
        boxes = sorted(month.counts.elements(), key=SIGNAL_TYPES.index)[:MOST_BOXES]
        columns.append(
            {
                "first": month.first,
                "x": x,
                "middle": x + BOX_WIDTH / 2,
                "boxes": [(kind, base - (level + 1) * BOX_HEIGHT + 2) for level, kind in enumerate(boxes)],
                "top": base - len(boxes) * BOX_HEIGHT - 8,
                "total": month.total,
                "counts": month.counts,
            }
        )
    said = ", ".join(
        f"{month_name(month.first, long=True)} {month.total}" for month in found.months if month.total
    )
    sentence = _("Nothing was heard in these twelve months.")
    if said:
        sentence = _("Heard by month: {months}.").format(months=said)
    return {
        "sentence": sentence,
        "columns": columns,
        "base": base,
        "width": LEFT + len(columns) * STEP,
        "height": base + 26,
    }
