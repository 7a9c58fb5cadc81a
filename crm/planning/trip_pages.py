"""A user's trips and days off: the list, one trip with whom it brings into reach, and their forms."""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.responses import Response

from crm.domain.budgets import LARGEST_BUDGET
from crm.domain.language import N_, ngettext
from crm.domain.language import gettext as _
from crm.domain.manner import days_words
from crm.domain.score import ZONES, zone_word
from crm.domain.spans import capital, day_phrase, in_words
from crm.domain.trip_line import read_trip
from crm.errors import Invalid
from crm.planning import covering, journey_actions, journeys, stays, trip_actions
from crm.planning.day_grid import day_grid, to_meet
from crm.planning.diary import busy_around
from crm.planning.home import home_of, require_planner
from crm.planning.journey_forms import DaysOffForm, RoomForm, TripForm
from crm.planning.reach import on_trip
from crm.web import forms
from crm.web.routing import Router, Visit

router = Router()

EXAMPLE = date(2026, 12, 1), date(2026, 12, 4)
"""A trip for the words that say how to write one, in the reader's own manner."""
ZONES_HERE = {"screen_only": N_("Screen-only, first"), "no_record": N_("No record yet")}
"""Zones whose heading on a trip says more than what they are called."""


@router.page("/trips", access="member")
def trips(visit: Visit) -> Response:
    """What is ahead, and the forms for more."""
    return _list(visit, {}, {}, {})


def _list(
    visit: Visit, trip: Mapping[str, Any], off: Mapping[str, Any], errors: Mapping[str, str]
) -> Response:
    require_planner(visit.principal)
    context = {
        "offered": stays.offered(visit.connection, visit.principal, visit.today),
        "trips": journeys.trips(visit.connection, visit.principal, visit.today),
        "time_off": journeys.time_off_ahead(visit.connection, visit.principal, visit.today),
        "colleagues": covering.colleagues(visit.connection, visit.principal),
        "covers": covering.covers(visit.connection, visit.principal),
        "trip": trip,
        "off": off,
        "most": LARGEST_BUDGET,
        "errors": errors,
        "example": days_words(*EXAMPLE, year=False, to="–", long=True),
    }
    return visit.render("planning/trips.html", context, active="week", status=422 if errors else 200)


@router.action("/trips")
def add_trip(visit: Visit) -> Response:
    """A new trip."""
    form = forms.read(TripForm, _in_fields(visit.form, visit.today))
    if isinstance(form, forms.Errors):
        return _again(visit, form)
    trip_id = journey_actions.add_trip(visit.connection, visit.principal, form, visit.at)
    return visit.redirect(f"/trips/{trip_id}", _("The trip to {city} is added.").format(city=form.city))


@router.action("/trips/none")
def no_trip(visit: Visit) -> Response:
    """What the calendar says is no trip."""
    form = forms.read(TripForm, visit.form)
    if isinstance(form, forms.Errors):
        return _again(visit, form)
    trip_id = journey_actions.refuse_trip(visit.connection, visit.principal, form, visit.at)
    return visit.redirect("/trips", _("It will not be offered again."), f"/trips/{trip_id}/restore")


def _in_fields(form: FormData, today: date) -> FormData:
    """Whoever writes "Boston, 1–4 December" into the field of the city has written the days as well."""
    said = read_trip(str(form.get("city", "")), today) if not form.get("first_day") else None
    if said is None:
        return form
    days = {"first_day": said.first_day.isoformat(), "last_day": said.last_day.isoformat()}
    return FormData({**form, "city": said.city, **days})


def _again(visit: Visit, form: forms.Errors) -> Response:
    """The form of a trip with what was typed."""
    return _list(visit, form.typed, {}, _placed(form, "city"))


@router.page("/trips/{trip_id}", access="member", fresh=True)
def trip(visit: Visit) -> Response:
    """Who is in reach, and what the days hold."""
    one = journeys.own_trip(visit.connection, visit.principal, visit.number("trip_id"))
    zone = one.place.zone_or(visit.principal.user_zone)
    found = on_trip(visit.connection, visit.principal, one, visit.at)
    busy = busy_around(visit.connection, visit.principal, one.first_day, one.last_day)
    home = home_of(visit.connection, visit.principal)
    begins = to_meet(found.days, busy, zone, visit.at)
    context = {
        "trip": one,
        "place": one.place,
        "is_home": one.place.near(home.place),
        "found": found,
        "add": _add(begins, visit.principal.user_zone),
        "is_other_clock": begins is not None and _differ(begins, zone, visit.principal.user_zone),
        "grid": day_grid(found.days, busy, zone),
        "has_calendar": bool(busy),
        "usual": home.budget.in_person,
        "most": LARGEST_BUDGET,
        "zone": zone,
        "zone_words": {
            key: _(ZONES_HERE[key]) if key in ZONES_HERE else capital(zone_word(key)) for key in ZONES
        },
        "day_phrase": lambda day: day_phrase(day, visit.today),
    }
    return visit.render("planning/trip.html", context, active="week")


def _differ(at: datetime, one: tzinfo, other: tzinfo) -> bool:
    return at.astimezone(one).utcoffset() != at.astimezone(other).utcoffset()


def _add(begins: datetime | None, zone: tzinfo) -> str:
    """Day and time of a meeting in an address of the log form, whose clock is the user's own."""
    own = begins.astimezone(zone) if begins else None
    return urlencode({"when": own.date().isoformat(), "at": f"{own:%H:%M}"}) if own else ""


@router.action("/trips/{trip_id}/room")
def save_room(visit: Visit) -> Response:
    """So many may be met; weeks that are planned already take them in."""
    trip_id = visit.number("trip_id")
    form = forms.read(RoomForm, visit.form)
    if isinstance(form, forms.Errors):
        said = _("Enter how many people you can meet: 0 to {n}.").format(n=LARGEST_BUDGET)
        raise Invalid(said, fields=form.fields)
    added = trip_actions.make_room(visit.connection, visit.principal, trip_id, form.room, visit.at)
    said = _("Each week of this trip now has room for {room} in person.").format(room=form.room)
    if added:
        said = ngettext(
            "{many} suggestion from this trip is now in your week.",
            "{many} suggestions from this trip are now in your week.",
            added,
        ).format(many=capital(in_words(added)))
    return visit.redirect(f"/trips/{trip_id}", said)


@router.page("/trips/{trip_id}/edit", access="member")
def edit_trip(visit: Visit) -> Response:
    """The form for it."""
    one = journeys.own_trip(visit.connection, visit.principal, visit.number("trip_id"))
    return _edit(visit, one, vars(one), {})


@router.action("/trips/{trip_id}/edit")
def save_trip(visit: Visit) -> Response:
    """Other days, another city, more or less room."""
    one = journeys.own_trip(visit.connection, visit.principal, visit.number("trip_id"))
    form = forms.read(TripForm, visit.form)
    if isinstance(form, forms.Errors):
        return _edit(visit, one, form.typed, _placed(form, "city"))
    journey_actions.change_trip(visit.connection, visit.principal, one.id, form)
    return visit.redirect(f"/trips/{one.id}", _("The trip is saved."))


def _edit(visit: Visit, one: journeys.Trip, typed: Mapping[str, Any], errors: Mapping[str, str]) -> Response:
    context = {"trip": one, "typed": typed, "most": LARGEST_BUDGET, "errors": errors}
    return visit.render("planning/trip_edit.html", context, active="week", status=422 if errors else 200)


@router.action("/trips/{trip_id}/delete")
def remove_trip(visit: Visit) -> Response:
    """It does not take place."""
    trip_id = visit.number("trip_id")
    journey_actions.remove_trip(visit.connection, visit.principal, trip_id, visit.at)
    return visit.redirect("/trips", _("The trip is removed."), f"/trips/{trip_id}/restore")


@router.action("/trips/{trip_id}/restore")
def restore_trip(visit: Visit) -> Response:
    """It does."""
    trip_id = visit.number("trip_id")
    journey_actions.restore_trip(visit.connection, visit.principal, trip_id)
    return visit.redirect("/trips", _("The trip is back."))


@router.action("/time-off")
def add_time_off(visit: Visit) -> Response:
    """Days off."""
    form = forms.read(DaysOffForm, visit.form)
    if isinstance(form, forms.Errors):
        found = {f"off-{name}": said for name, said in _placed(form, "last_day").items()}
        return _list(visit, {}, form.typed, found)
    try:
        off_id = journey_actions.add_time_off(visit.connection, visit.principal, form, visit.at)
    except Invalid as refusal:
        wrong = {f"off-{name}": said for name, said in refusal.fields.items()}
        return _list(visit, {}, {**visit.form}, wrong)
    said = _("Plans made from now on leave these days free.")
    return visit.redirect("/trips", said, f"/time-off/{off_id}/delete")


@router.action("/time-off/{off_id}/delete")
def remove_time_off(visit: Visit) -> Response:
    """They are worked after all."""
    off_id = visit.number("off_id")
    journey_actions.remove_time_off(visit.connection, visit.principal, off_id, visit.at)
    return visit.redirect("/trips", _("These days are no longer off."), f"/time-off/{off_id}/restore")


@router.action("/time-off/{off_id}/restore")
def restore_time_off(visit: Visit) -> Response:
    """They are off."""
    journey_actions.restore_time_off(visit.connection, visit.principal, visit.number("off_id"))
    return visit.redirect("/trips", _("These days are off again."))


def _placed(form: forms.Errors, field: str) -> dict[str, str]:
    """What is wrong with the whole is said beside one field."""
    named = {name: said for name, said in form.fields.items() if name}
    return {field: form.fields[""], **named} if "" in form.fields else named
