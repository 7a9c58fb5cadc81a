"""The plan as a calendar: one suggestion to add, and an address to subscribe to."""

from starlette.responses import Response

from crm.accounts.proof import Proof, password_hash_of, proven, require_still
from crm.accounts.queries import manner_of
from crm.domain.language import gettext as _
from crm.domain.manner import write_for
from crm.domain.own_calendar import own_event
from crm.domain.weeks import IsoWeek
from crm.errors import Conflict, NotFound
from crm.nudges import feeds
from crm.nudges.calendar import Event, calendar
from crm.nudges.link_cards import act_with
from crm.planning.home import require_planner
from crm.planning.journeys import Trip, own_trip
from crm.planning.queries import Suggested, plan_of, suggested
from crm.planning.reach import Meeting, on_trip
from crm.web import forms
from crm.web.routing import Router, Visit

router = Router()

SHOWN = ("planned", "done")
"""What stays in a subscribed calendar; whatever was put off or settled otherwise leaves it."""


def event_of(one: Suggested, url: str) -> Event:
    """A suggestion as an event; ``url`` is the product's own address."""
    return Event(
        uid=own_event(one.id, url),
        title=act_with(one.act, one.contact.name),
        words=f"{one.reason}\n{url}/people/{one.contact.id}",
        day=one.slot.day,
        starts_at=one.slot.starts_at,
        minutes=one.slot.minutes,
    )


def calendar_answer(data: bytes) -> Response:
    """A calendar file to download or subscribe to."""
    headers = {"Content-Disposition": 'attachment; filename="in-person.ics"'}
    return Response(data, media_type="text/calendar; charset=utf-8", headers=headers)


@router.page("/plan/suggestions/{suggestion_id}/event.ics", access="member")
def one_event(visit: Visit) -> Response:
    """One's own suggestion for a calendar."""
    one = suggested(visit.connection, visit.principal, visit.number("suggestion_id"), visit.at)
    if one.slot.day is None:
        raise NotFound(_("This suggestion has no day, so there is nothing to add to a calendar."))
    return calendar_answer(calendar([event_of(one, visit.settings.url)], visit.at))


@router.page("/trips/{trip_id}/trip.ics", access="member", fresh=True)
def trip_events(visit: Visit) -> Response:
    """What is arranged and suggested on a trip, for a calendar."""
    trip = own_trip(visit.connection, visit.principal, visit.number("trip_id"))
    found = on_trip(visit.connection, visit.principal, trip, visit.at)
    events = [_met_on(trip, one, visit.settings.url) for one in found.meetings if one.at is not None]
    if not events:
        raise NotFound(_("Nothing is planned on this trip yet, so there is nothing to add to a calendar."))
    return calendar_answer(calendar(events, visit.at))


def _met_on(trip: Trip, one: Meeting, url: str) -> Event:
    """By the same identity whenever it is copied, so that a calendar holds it once; a suggestion says that it is one."""
    known = str(one.suggestion_id) if one.suggestion_id is not None else f"trip-{trip.id}-{one.contact.id}"
    title = act_with(one.act, one.contact.name)
    return Event(
        uid=own_event(known, url),
        title=title if one.arranged else _("{title} (suggested)").format(title=title),
        words=f"{trip.city}\n{url}/people/{one.contact.id}",
        day=None,
        starts_at=one.at,
        minutes=one.minutes,
    )


@router.page("/calendar/{token}.ics", access="public")
def feed(visit: Visit) -> Response:
    """What a calendar program reads: the suggestions of last week, this one and the next, as far as their plans are made."""
    reader = feeds.reader_of(visit.connection, visit.text("token"))
    week = IsoWeek.of(reader.own_day(visit.at))
    views = [plan_of(visit.connection, reader, one, visit.at) for one in (week.previous(), week, week.next())]
    if reader.user_id is not None:
        write_for(manner_of(visit.connection, reader.workspace_id, reader.user_id))
    events = [
        event_of(one, visit.settings.url)
        for view in views
        if view is not None
        for one in view.suggestions
        if one.state in SHOWN and one.slot.day is not None
    ]
    return calendar_answer(calendar(events, visit.at, "In Person"))


@router.page("/settings/calendar", access="member")
def settings(visit: Visit) -> Response:
    """Whether there is an address, and the buttons to make, replace and end it."""
    return _page(visit)


@router.action("/settings/calendar", own_transactions=True)
def make(visit: Visit) -> Response:
    """A new address, shown this once; an earlier one ends. It outlasts a new password, so that a device left open makes none."""
    form = forms.read(Proof, visit.form)
    if isinstance(form, forms.Errors):
        return _page(visit, errors=form.fields)
    try:
        known = proven(visit, form.current_password)
        with visit.database.write() as connection:
            require_still(connection, known)
            token = feeds.make_feed(connection, visit.principal, visit.at)
    except Conflict as refusal:
        return _page(visit, errors=refusal.fields)
    return _page(visit, f"{visit.settings.url}/calendar/{token}.ics")


@router.action("/settings/calendar/end")
def end(visit: Visit) -> Response:
    """End the address."""
    feeds.end_feed(visit.connection, visit.principal)
    return visit.redirect(
        "/settings/calendar",
        _("The calendar address is revoked. Calendars that used it no longer get anything."),
    )


def _page(visit: Visit, address: str | None = None, errors: dict[str, str] | None = None) -> Response:
    require_planner(visit.principal)
    with visit.database.read() as connection:
        context = {
            "address": address,
            "since": feeds.feed_since(connection, visit.principal),
            "has_password": password_hash_of(connection, visit) is not None,
            "errors": errors or {},
        }
    return visit.render("nudges/calendar.html", context, active="team", status=422 if errors else 200)
