"""The page of one person and the page of one organisation, which are made from several rooms."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from starlette.responses import Response

from crm.contacts import history, listing, organisations, queries
from crm.contacts.drafts import Occasion, full_day
from crm.contacts.duplicates import merged_lately
from crm.contacts.erasing import may_erase
from crm.contacts.listing import Filter
from crm.contacts.queries import Person
from crm.domain.channels import Channel, by_key
from crm.domain.heard import SIGNAL_TYPES
from crm.domain.language import gettext as _
from crm.domain.places.whereabouts import whereabouts
from crm.domain.spans import ago, ahead, count, day_phrase, join, short_day
from crm.domain.yearly import next_return
from crm.errors import NotFound
from crm.health import contact as health
from crm.health.coverage import coverage
from crm.health.mix import channel_mix, twelve_months
from crm.interactions.beside import KnownDate, beside, themes
from crm.interactions.happenings import Whose
from crm.interactions.matter_words import choices
from crm.interactions.queries import channels
from crm.interactions.signals import Wanted, told
from crm.interactions.timeline import EARLIER, PAGE, timeline, year_by_month
from crm.planning.actions import snooze_days
from crm.planning.queries import suggestion_for
from crm.planning.waiting import why_waiting
from crm.planning.words import beside_moment, moment_words, still
from crm.rules.accounts import OrganisationFlag, organisation_flags
from crm.storage.stored_metrics import current, targets_of
from crm.today.cards import card_words
from crm.today.open_queries import Among, everything_open
from crm.web.routing import Router, Visit

router = Router()

SIGNALS = 5
"""What an organisation's people told us: the newest so many."""
MERGES = 5
"""Of whom somebody was merged together: the latest so many."""


@router.page("/people/{contact_id}", fresh=True)
def person(visit: Visit) -> Response:
    """Everything about one person: score, year, log, and what is open."""
    try:
        found = queries.person(visit.connection, visit.principal, visit.number("contact_id"))
    except NotFound:
        return _to_whom_they_became(visit)
    context = {"person": found, **_log(visit, Whose(contact_id=found.id)), **_words(visit)}
    if visit.is_htmx and visit.query.get("before"):
        return visit.render("contacts/_timeline.html", context)
    context |= _health(visit, found)
    open_with = beside(visit.connection, visit.principal, found.id, visit.team_day)
    country = whereabouts(found.city, found.country, found.time_zone).country
    context |= {
        "beside": open_with,
        "coming": _coming(open_with.dates, visit.team_day),
        "card": lambda kind, day: card_words(visit, kind, day, country),
        "merges": merged_lately(visit.connection, visit.principal, MERGES, contact_id=found.id),
        "may_erase": may_erase(visit.principal, found.owner_id),
        "themes": themes(visit.connection, visit.principal) if visit.principal.may_edit else [],
        **choices(),
    }
    context |= _suggestion(visit, found)
    return visit.render("contacts/show.html", context, active="people")


def _to_whom_they_became(visit: Visit) -> Response:
    """An old link to a record that was merged leads to the person it is part of now."""
    living = queries.became(visit.connection, visit.principal, visit.number("contact_id"))
    if living is None:
        raise NotFound
    return visit.redirect(f"/people/{living}")


def _log(visit: Visit, whose: Whose) -> dict[str, Any]:
    """A page of the log, as the address asks for it."""
    before, personal_only = visit.query.get("before"), visit.query.get("show") == "personal"
    page = timeline(
        visit.connection,
        visit.principal,
        whose,
        before,
        at=visit.at,
        personal_only=personal_only,
        limit=EARLIER if before else PAGE,
    )
    place = f"/people/{whose.contact_id}" if whose.contact_id else f"/organisations/{whose.organisation_id}"
    return {"timeline": page, "personal_only": personal_only, "is_newest": not before, "here": place}


def _suggestion(visit: Visit, found: Person) -> dict[str, Any]:
    """What this week's plan of the visitor says of this person, and its moment in words."""
    one = suggestion_for(visit.connection, visit.principal, found.id, visit.at)
    if one is None:
        return {
            "suggestion": None,
            "why_waiting": why_waiting(visit.connection, visit.principal, found.id, visit.at),
        }
    now = replace(one, slot=still(one.slot, visit.today)) if one.is_open else one
    in_plan = _("In the coming week’s plan") if one.week.is_ahead(visit.today) else _("In this week’s plan")
    return {
        "suggestion": one,
        "suggestion_moment": moment_words(now, visit.today),
        "suggestion_beside": beside_moment(now.slot, one.place, one.needs_address) or in_plan,
        "snooze_days": snooze_days(visit.today),
    }


def _words(visit: Visit) -> dict[str, Any]:
    """The functions templates say days and counts with."""
    today = visit.team_day
    return {
        "ago": ago,
        "ahead": ahead,
        "count": count,
        "join": join,
        "short_day": lambda day: short_day(day, today),
        "day_phrase": lambda day: day_phrase(day, today),
        "workspace_today": today,
    }


def _health(visit: Visit, found: Person) -> dict[str, Any]:
    ways, today = channels(visit.connection, visit.principal), visit.team_day
    targets = targets_of(visit.connection, visit.principal.workspace_id)
    months = twelve_months(today)
    uses = year_by_month(visit.connection, visit.principal, found.id, months, visit.at, ways)
    silent = found.metrics.get("days_since_personal")
    mix = channel_mix(uses, today, int(silent) if isinstance(silent, int | float) else None)
    return {
        "standing": health.standing(found.metrics, targets, ways, today, _was(visit, found, ways)),
        "mix": mix,
        "small_mix": mix.sized(left=0, step=27),
    }


def _was(visit: Visit, found: Person, ways: Sequence[Channel]) -> str | None:
    """What the score was after the last personal contact."""
    last = history.last_personal(visit.connection, visit.principal, [found.id], visit.at).get(found.id)
    if last is None or found.metrics.get("score") is None or health.is_near(last.day, visit.team_day):
        return None
    way = by_key(ways).get(last.channel)
    before = health.score_on(visit.connection, visit.principal, found.id, last.day, visit.at)
    return health.was_sentence(found.metrics, before, way, last.day, visit.team_day) if way else None


def _coming(dates: Sequence[KnownDate], today: date) -> list[tuple[KnownDate, date, int]]:
    """Dates that are still to come, the next first: the date, its next day, and the days until then."""
    coming = [(one, _next_day(one.occasion, today)) for one in dates]
    return sorted(
        ((one, day, (day - today).days) for one, day in coming if day is not None),
        key=lambda row: (row[1], row[0].occasion.kind),
    )


def _next_day(occasion: Occasion, today: date) -> date | None:
    return next_return(occasion.month, occasion.day, full_day(occasion), occasion.yearly, today)


@router.page("/organisations/{organisation_id}", fresh=True)
def organisation(visit: Visit) -> Response:
    """One organisation: its people, and who of us has met whom."""
    found = organisations.one_organisation(visit.connection, visit.principal, visit.number("organisation_id"))
    context = {"organisation": found, **_log(visit, Whose(organisation_id=found.id)), **_words(visit)}
    if visit.is_htmx and visit.query.get("before"):
        return visit.render("contacts/_timeline.html", context)
    wanted = Filter(organisation=found.id, sort="personal")
    people = listing.people(visit.connection, visit.principal, wanted, at=visit.at)
    ids = [one.id for one in people.people]
    today = visit.team_day
    context |= {
        "people": people.people,
        "more": people.next is not None,
        "total": listing.counts(visit.connection, visit.principal, wanted).total,
        "owners": _owners(people.people),
        "coverage": coverage(visit.connection, visit.principal, ids, visit.at),
        "flags": _account_flags(visit, found.id),
        "open": everything_open(visit.connection, visit.principal, today, Among(organisation_id=found.id)),
        "signals": told(
            visit.connection, visit.principal, Wanted(SIGNAL_TYPES, organisation=found.id), limit=SIGNALS
        ).told,
    }
    return visit.render("contacts/organisation.html", context, active="people")


def _owners(people: Sequence[listing.Listed]) -> list[str]:
    """Who looks after the people there, whoever has most of them first."""
    return [name for name, _number in Counter(one.owner for one in people if one.owner).most_common()]


def _account_flags(visit: Visit, organisation_id: int) -> list[OrganisationFlag]:
    relation = current(visit.principal.workspace_id)
    return organisation_flags(
        visit.connection, visit.principal, visit.at, relation=relation, organisation_id=organisation_id
    )
