"""The pages behind a mail's buttons: opening one changes nothing, its one button does what it says."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from crm.domain.spans import capital, count, day_phrase
from crm.errors import Invalid, Refusal
from crm.nudges import actions, link_queries, links
from crm.nudges.calendar import event
from crm.nudges.compose import slot_words
from crm.nudges.link_queries import Addressee
from crm.nudges.links import Gone, Link
from crm.planning.queries import Suggested
from crm.web.routing import Router, Visit

router = Router()

ACT_WORDS = {"call": "phone call", "note": "handwritten note"}


@dataclass(frozen=True)
class Line:
    """One thing that will happen, or has: an icon, words, perhaps set off by a bold line or a link."""

    icon: str
    words: str
    strong: str = ""
    href: str = ""
    label: str = ""


@dataclass(frozen=True)
class Card:
    """One link page. ``button`` presses the link; without it there is nothing left to do. ``undo``: it can be undone."""

    title: str
    lede: str
    note: str
    act: str | None = None
    stamp: str = "planned"
    stamp_day: date | None = None
    lines: tuple[Line, ...] = ()
    button: str | None = None
    asks_until: bool = False
    undo: bool = False
    aside: Line | None = None
    download: str | None = None
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Opened:
    """A link that holds, and what it is about now."""

    token: str
    link: Link
    who: Addressee
    one: Suggested | None
    at: datetime

    @property
    def today(self) -> date:
        """The day where the user is."""
        return self.at.astimezone(self.who.principal.user_zone).date()


def _open(visit: Visit, connection: Connection) -> Opened:
    token = visit.text("token")
    link = links.read(visit.settings.key, token, visit.at)
    who = link_queries.addressee(connection, link)
    one = None
    if link.verb != "unsubscribe":
        one = link_queries.suggestion_of(connection, who, link, visit.at)
    return Opened(token, link, who, one, visit.at)


@router.page("/n/{token}", access="public")
def show(visit: Visit) -> Response:
    """What will happen, and the button; or how it stands, if it has happened."""
    try:
        return _page(visit, _open(visit, visit.connection))
    except Refusal as refusal:
        return _refused(visit, refusal)


@router.action("/n/{token}", access="public")
def press(visit: Visit) -> Response:
    """Do it; also the one-click POST by which a mail program unsubscribes, which carries no cookie."""
    try:
        opened = _open(visit, visit.connection)
        if opened.one is None:
            actions.switch(visit.connection, opened.who.principal, on=False)
        else:
            until = _until(visit, opened) if opened.link.verb == "snooze" else None
            actions.carry_out(visit.connection, opened.who, opened.link, opened.one, until, visit.at)
        return _page(visit, _open(visit, visit.connection), landing=True)
    except Invalid as refusal:
        return _page(visit, opened, errors=refusal.fields, status=422)
    except Refusal as refusal:
        return _refused(visit, refusal)


@router.action("/n/{token}/undo", access="public")
def undo(visit: Visit) -> Response:
    """Take it back."""
    try:
        opened = _open(visit, visit.connection)
        if opened.one is None:
            actions.switch(visit.connection, opened.who.principal, on=True)
        else:
            actions.take_back(visit.connection, opened.who, opened.link, opened.one, visit.at)
        return _page(visit, _open(visit, visit.connection), undone=True)
    except Refusal as refusal:
        return _refused(visit, refusal)


@router.page("/n/{token}/event.ics", access="public")
def calendar_file(visit: Visit) -> Response:
    """The suggestion for a calendar."""
    try:
        opened = _open(visit, visit.connection)
        one = opened.one
        if one is None or opened.link.verb != "calendar" or not (one.slot.day or one.slot.starts_at):
            raise Gone(link_queries.NO_SUGGESTION)
    except Refusal as refusal:
        return _refused(visit, refusal)
    data = event(
        uid=f"suggestion-{one.id}@{visit.settings.url.partition('://')[2]}",
        title=_what(one),
        words=one.reason,
        day=one.slot.day,
        starts_at=one.slot.starts_at,
        minutes=one.slot.minutes,
        at=visit.at,
    )
    headers = {"Content-Disposition": 'attachment; filename="in-person.ics"'}
    return Response(data, media_type="text/calendar; charset=utf-8", headers=headers)


def _until(visit: Visit, opened: Opened) -> date:
    form = visit.form
    return actions.snooze_day(str(form.get("until", "")), str(form.get("day", "")), opened.today)


def _refused(visit: Visit, refusal: Refusal) -> Response:
    return visit.render("nudges/ended.html", {"sentence": refusal.sentence}, status=refusal.status)


def _page(
    visit: Visit,
    opened: Opened,
    *,
    landing: bool = False,
    undone: bool = False,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    card = _card(visit.connection, opened)
    context: dict[str, Any] = {
        "card": card,
        "token": opened.token,
        "landing": landing,
        "undone": undone,
        "errors": errors or {},
        "typed": visit.form,
        "today": opened.today,
    }
    return visit.render("nudges/link.html", context, status=status)


def _card(connection: Connection, opened: Opened) -> Card:
    one = opened.one
    if one is None:
        return _unsubscribe(opened)
    if opened.link.verb == "calendar":
        return _calendar(opened, one)
    if actions.STANDS_AS.get(opened.link.verb) == one.state:
        return _settled(connection, opened, one)
    if opened.link.verb == "swap" and one.act == opened.link.act and one.state == "planned":
        return _swapped(opened, one)
    if one.state in ("done", "contacted") or (one.state != "planned" and opened.link.verb == "swap"):
        return _nothing_left(opened, one)
    if one.state == "not_this_person" and opened.link.verb == "snooze":
        return _nothing_left(opened, one)
    return {"done": _ask_done, "swap": _ask_swap, "snooze": _ask_snooze, "not_this_person": _ask_never}[
        opened.link.verb
    ](connection, opened, one)


def _for_whom(opened: Opened) -> str:
    day = opened.who.mailed_on
    mailed = f", from the mail of {day_phrase(day, opened.today)}" if day else ""
    return f"For {opened.who.name}{mailed}."


def _ends(opened: Opened) -> str:
    day = opened.link.expires_at.astimezone(opened.who.principal.user_zone).date()
    return (
        f"Opening this page changed nothing. The link is yours and ends on {day_phrase(day, opened.today)}."
    )


def _act(act: str) -> str:
    return ACT_WORDS.get(act, act)


def _what(one: Suggested, *, short: bool = False, act: str | None = None) -> str:
    """ "Lunch with Marta Kowalczyk", "Handwritten note to Marta Kowalczyk"."""
    chosen = act or one.act
    name = one.contact.short_name if short else one.contact.name
    return f"{capital(_act(chosen))} {'to' if chosen in ('note', 'gift') else 'with'} {name}"


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def _log_address(one: Suggested) -> str:
    return f"/log?contact={one.contact.id}&channel={link_queries.channel_of(one.act)}&suggestion={one.id}"


def _ask_done(connection: Connection, opened: Opened, one: Suggested) -> Card:
    principal = opened.who.principal
    local = actions.when_done(one, opened.at).astimezone(principal.user_zone)
    direction = link_queries.direction_of(one.act)
    way = link_queries.way_of(connection, principal, one.act)
    lines = [
        Line(
            "calendar" if way is None else _icon(one.act),
            f"{day_phrase(local.date(), opened.today)}, {local:%H:%M}, {direction}",
            strong=_what(one),
        )
    ]
    score = link_queries.foreseen(connection, principal, one, opened.at)
    if score.after is not None:
        told = (
            f"Score {score.before} → {score.after}." if score.before is not None else f"Score {score.after}."
        )
        lines.append(Line("clock", told))
    lines.append(Line("calendar", f"{one.contact.short_name} leaves this week’s plan and rests for 14 days."))
    return Card(
        f"Log {_lower(_what(one, short=True))}?",
        _for_whom(opened),
        _ends(opened),
        one.act,
        lines=tuple(lines),
        button=f"Log the {_act(one.act)}",
        aside=Line("", "", href=_log_address(one), label="It was another day, or something else"),
    )


def _icon(act: str) -> str:
    return {
        "call": "phone",
        "lunch": "utensils",
        "meeting": "users",
        "visit": "map-pin",
        "note": "pen-line",
    }.get(act, "gift")


def _ask_swap(connection: Connection, opened: Opened, one: Suggested) -> Card:
    new = opened.link.act
    return Card(
        f"{capital(_act(new))} instead of a {_act(one.act)}?",
        _for_whom(opened),
        _ends(opened),
        one.act,
        lines=(
            Line(_icon(new), "The week’s plan changes and finds a new moment.", strong=_what(one, act=new)),
            Line("info", one.reason),
        ),
        button=f"Make it a {_act(new)}",
    )


def _ask_snooze(connection: Connection, opened: Opened, one: Suggested) -> Card:
    return Card(
        f"Snooze {one.contact.short_name}?",
        _for_whom(opened),
        _ends(opened),
        one.act,
        lines=(Line("alarm-clock", f"{one.contact.name} is not suggested before the day you choose."),),
        button="Snooze",
        asks_until=True,
    )


def _ask_never(connection: Connection, opened: Opened, one: Suggested) -> Card:
    return Card(
        f"Stop suggesting {one.contact.short_name}?",
        _for_whom(opened),
        _ends(opened),
        one.act,
        lines=(
            Line("ban", f"{one.contact.name} is not suggested to you again, until you undo it."),
            Line("contact", "The person, the log and the score stay as they are."),
        ),
        button="Not this person",
    )


def _settled(connection: Connection, opened: Opened, one: Suggested) -> Card:
    name = one.contact.short_name
    left = link_queries.left_open(connection, opened.who.principal, opened.link.week, opened.at)
    people = f"{capital(count(left, 'person', words=True))} {'is' if left == 1 else 'are'} left in your week."
    again = "Opened twice? A second click changes nothing more."
    if one.state == "done":
        line = Line(
            "pen-line",
            "Did you hear something worth keeping?",
            href=f"/log/{one.interaction_id}" if one.interaction_id else "",
            label="Add a line while it is fresh",
        )
        title = f"{_what(one, short=True)} is logged"
        return Card(title, people, again, one.act, "done", one.state_day, (line,), undo=True)
    if one.state == "snoozed":
        back = day_phrase(one.state_day, opened.today) if one.state_day else "later"
        title = f"{name} is back on {back}"
        return Card(title, people, again, one.act, "snoozed", one.state_day, undo=True)
    return Card(f"{name} is not suggested again", people, again, one.act, "skipped", undo=True)


def _swapped(opened: Opened, one: Suggested) -> Card:
    zone = opened.who.principal.user_zone
    when = slot_words(one.act, one.slot, zone, opened.today, one.place)
    lines = (Line(_icon(one.act), when or "Some time this week", strong=_what(one)),)
    return Card(
        f"It is a {_act(one.act)} now", _for_whom(opened), "Opened twice? A second click changes nothing more.",
        one.act, lines=lines, undo=True,
    )  # fmt: skip


_STANDS = {
    "done": "It is logged already",
    "contacted": "You have been in touch since",
    "snoozed": "This is snoozed",
    "skipped": "This was skipped",
    "not_this_person": "You said not this person",
}


def _nothing_left(opened: Opened, one: Suggested) -> Card:
    state = "done" if one.state in ("done", "contacted") else "skipped"
    lede = f"So nothing is left to do here about {one.contact.name}. The week’s page has the rest."
    return Card(_STANDS[one.state], lede, "Opening this page changed nothing.", one.act, state, one.state_day)


def _calendar(opened: Opened, one: Suggested) -> Card:
    zone = opened.who.principal.user_zone
    when = slot_words(one.act, one.slot, zone, opened.today, one.place)
    if one.slot.day is None and one.slot.starts_at is None:
        lede = "No moment is planned for it, so there is nothing to put into a calendar."
        return Card(_what(one, short=True), lede, "Opening this page changed nothing.", one.act)
    return Card(
        "Add it to your calendar?",
        _for_whom(opened),
        "The file opens in your calendar, which asks before it keeps anything.",
        one.act,
        lines=(Line(_icon(one.act), when, strong=_what(one)),),
        download=f"/n/{opened.token}/event.ics",
    )


def _unsubscribe(opened: Opened) -> Card:
    if opened.who.nudge_on:
        return Card(
            "Stop the weekly mail?",
            f"For {opened.who.name}.",
            "Opening this page changed nothing.",
            lines=(
                Line("mail", "No mail is sent to you any more, from the next one on."),
                Line("calendar", "Your plan is still made each week and waits on its page."),
            ),
            button="Stop the mail",
        )
    return Card(
        "The weekly mail is off",
        f"For {opened.who.name}. Your plan waits on the week’s page.",
        "You can switch it on again in your settings at any time.",
        undo=True,
    )
