"""What a link's page says: before its button is pressed, after it, and where nothing is left to do."""

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection

from crm.domain.language import N_, ngettext
from crm.domain.language import gettext as _
from crm.domain.spans import capital, day_and_time, day_phrase, in_words
from crm.domain.vocabulary import within, word
from crm.domain.weeks import IsoWeek
from crm.nudges import actions, link_queries
from crm.nudges.compose import cut, slot_words
from crm.nudges.link_queries import Addressee
from crm.nudges.links import STOP_DIGEST, Link
from crm.planning.met import meeting_of
from crm.planning.queries import Suggested
from crm.planning.words import still

ACT_WORDS = {"call": N_("phone call"), "note": N_("handwritten note")}


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
        return self.who.principal.own_day(self.at)

    @property
    def week(self) -> IsoWeek:
        """The week of the mail, in whose plan its links do what they do."""
        return IsoWeek.parse(self.link.week)

    @property
    def is_over(self) -> bool:
        """Whether that week has passed: links hold for 30 days."""
        return self.week < IsoWeek.of(self.today)

    @property
    def is_ahead(self) -> bool:
        """Whether that week has not begun: the mail of a weekend is that of the coming one."""
        return self.week.is_ahead(self.today)


def card_of(connection: Connection, opened: Opened) -> Card:
    """What the page of this link says now."""
    one = opened.one
    if one is None:
        return _stop_digest(opened) if opened.link.verb == STOP_DIGEST else _unsubscribe(opened)
    if opened.link.verb == "calendar":
        return _calendar(opened, one)
    if opened.link.verb == "met" and (
        logged := meeting_of(connection, opened.who.principal, opened.link.suggestion_id, one.contact.id)
    ):
        return _met(opened, one, logged)
    if actions.STANDS_AS.get(opened.link.verb) == one.state:
        return _settled(connection, opened, one)
    if opened.link.verb == "swap" and one.act == opened.link.act and one.state == "planned":
        return _swapped(connection, opened, one)
    if one.state in ("done", "contacted") or (one.state != "planned" and opened.link.verb == "swap"):
        return _nothing_left(opened, one)
    if one.state == "not_this_person" and opened.link.verb == "snooze":
        return _nothing_left(opened, one)
    return _ASKED[opened.link.verb](connection, opened, one)


def _for_whom(opened: Opened) -> str:
    day, name = opened.who.mailed_on, opened.who.name
    if day is None:
        return _("For {name}.").format(name=name)
    return _("For {name}, from the mail of {day}.").format(name=name, day=day_phrase(day, opened.today))


def _ends(opened: Opened) -> str:
    day = opened.who.principal.own_day(opened.link.expires_at)
    said = _("Opening this page changed nothing. The link is yours and ends on {day}.")
    return said.format(day=day_phrase(day, opened.today))


def _act(act: str) -> str:
    return word(ACT_WORDS.get(act, act))


def what_words(one: Suggested, *, short: bool = False, act: str | None = None) -> str:
    """ "Lunch with Marta Kowalczyk", "Handwritten note to Marta Kowalczyk"."""
    return act_with(act or one.act, one.contact.short_name if short else one.contact.name)


def act_with(act: str, name: str) -> str:
    """ "Lunch with Marta Kowalczyk"; also for channels that are no act."""
    said = _("{act} to {name}") if act in ("note", "gift") else _("{act} with {name}")
    return said.format(act=capital(_act(act)), name=name)


def _log_address(one: Suggested, channel: str = "") -> str:
    chosen = channel or link_queries.channel_of(one.act)
    return f"/log?contact={one.contact.id}&channel={chosen}&suggestion={one.id}"


def _score_words(before: int | None, after: int) -> str:
    if before is None:
        return _("Score {after}.").format(after=after)
    if before == after:
        return _("The score stays {after}.").format(after=after)
    return _("Score {before} → {after}.").format(before=before, after=after)


def _ask_done(connection: Connection, opened: Opened, one: Suggested) -> Card:
    principal = opened.who.principal
    local = actions.when_done(one, opened.at).astimezone(one.zone)
    direction = link_queries.direction_of(one.act)
    way = link_queries.way_of(connection, principal, one.act)
    lines = [
        Line(
            "calendar" if way is None else _icon(one.act),
            f"{day_and_time(local, opened.today)}, {_(direction)}",
            strong=what_words(one),
        )
    ]
    score = link_queries.foreseen(connection, principal, one, opened.at)
    if score.after is not None:
        lines.append(Line("clock", _score_words(score.before, score.after)))
    lines.append(Line("calendar", _rests(opened, one.contact.short_name)))
    return Card(
        _("Log {what}?").format(what=within(what_words(one, short=True))),
        _for_whom(opened),
        _ends(opened),
        one.act,
        lines=tuple(lines),
        button=_("Log the {act}").format(act=_act(one.act)),
        aside=Line("", "", href=_log_address(one), label=_("It was another day, or something else")),
    )


def _rests(opened: Opened, name: str) -> str:
    if opened.is_over:
        return _("{name} rests for 14 days.").format(name=name)
    if opened.is_ahead:
        return _("{name} leaves the coming week’s plan and rests for 14 days.").format(name=name)
    return _("{name} leaves this week’s plan and rests for 14 days.").format(name=name)


def _icon(act: str) -> str:
    return {
        "call": "phone",
        "lunch": "utensils",
        "meeting": "users",
        "visit": "map-pin",
        "note": "pen-line",
    }.get(act, "gift")


def _ask_met(connection: Connection, opened: Opened, one: Suggested) -> Card:
    local = opened.at.astimezone(opened.who.principal.user_zone)
    meeting = Line(
        "users",
        _("{moment}, mutual").format(moment=day_and_time(local, opened.today)),
        strong=what_words(one, act="meeting"),
    )
    leaves = (
        _("{name} leaves the coming week’s plan.")
        if opened.is_ahead
        else _("{name} leaves this week’s plan.")
    )
    left = Line("calendar", leaves.format(name=one.contact.short_name))
    return Card(
        _("Log a meeting with {name}?").format(name=one.contact.short_name),
        _for_whom(opened),
        _ends(opened),
        "meeting",
        lines=(meeting,) if opened.is_over else (meeting, left),
        button=_("We did meet"),
        aside=Line(
            "", "", href=_log_address(one, "meeting"), label=_("It was another day, or something else")
        ),
    )


def _met(opened: Opened, one: Suggested, logged: int) -> Card:
    line = Line(
        "pen-line",
        _("Was it another day, or is there more to say?"),
        href=f"/log/{logged}",
        label=_("Change it"),
    )
    return Card(
        _("A meeting with {name} is logged").format(name=one.contact.short_name),
        _for_whom(opened),
        _("Opened twice? A second click changes nothing more."),
        "meeting",
        "done",
        opened.today,
        (line,),
        undo=True,
    )


def _ask_swap(connection: Connection, opened: Opened, one: Suggested) -> Card:
    new = opened.link.act
    return Card(
        _("{new} instead of a {act}?").format(new=capital(_act(new)), act=_act(one.act)),
        _for_whom(opened),
        _ends(opened),
        one.act,
        lines=(
            Line(
                _icon(new),
                _("The week’s plan changes and finds a new moment."),
                strong=what_words(one, act=new),
            ),
            Line("info", one.reason),
        ),
        button=_("Make it a {act}").format(act=_act(new)),
    )


def _ask_snooze(connection: Connection, opened: Opened, one: Suggested) -> Card:
    return Card(
        _("Snooze {name}?").format(name=one.contact.short_name),
        _for_whom(opened),
        _ends(opened),
        one.act,
        lines=(
            Line(
                "alarm-clock",
                _("{name} will not be suggested before the day you choose.").format(name=one.contact.name),
            ),
        ),
        button=_("Snooze"),
        asks_until=True,
    )


def _ask_never(connection: Connection, opened: Opened, one: Suggested) -> Card:
    return Card(
        _("Stop suggesting {name}?").format(name=one.contact.short_name),
        _for_whom(opened),
        _ends(opened),
        one.act,
        lines=(
            Line(
                "ban",
                _("{name} will not be suggested to you again, unless you undo this.").format(
                    name=one.contact.name
                ),
            ),
            Line("contact", _("The person, the log and the score stay as they are.")),
        ),
        button=_("Not this person"),
    )


_ASKED = {
    "done": _ask_done,
    "met": _ask_met,
    "swap": _ask_swap,
    "snooze": _ask_snooze,
    "not_this_person": _ask_never,
}


def _left(many: int, *, is_ahead: bool) -> str:
    if is_ahead:
        none = _("No people are left in the coming week’s plan.")
        said = ngettext(
            "{many} person is left in the coming week’s plan.",
            "{many} people are left in the coming week’s plan.",
            many,
        )
    else:
        none = _("No people are left in your week.")
        said = ngettext("{many} person is left in your week.", "{many} people are left in your week.", many)
    return said.format(many=capital(in_words(many))) if many else none


def _settled(connection: Connection, opened: Opened, one: Suggested) -> Card:
    name = one.contact.short_name
    people = _for_whom(opened)
    if not opened.is_over:
        many = link_queries.left_open(connection, opened.who.principal, opened.link.week, opened.at)
        people = _left(many, is_ahead=opened.is_ahead)
    again = _("Opened twice? A second click changes nothing more.")
    if one.state == "done":
        line = Line(
            "pen-line",
            _("Did you hear something worth keeping?"),
            href=f"/log/{one.interaction_id}" if one.interaction_id else "",
            label=_("Add a line while it is fresh"),
        )
        title = _("{what} is logged").format(what=what_words(one, short=True))
        lines = (line, *_meant_to_say(one))
        return Card(title, people, again, one.act, "done", one.state_day, lines, undo=True)
    if one.state == "snoozed":
        back = day_phrase(one.state_day, opened.today) if one.state_day else _("later")
        title = _("{name} is back on {back}").format(name=name, back=back)
        return Card(title, people, again, one.act, "snoozed", one.state_day, undo=True)
    return Card(
        _("{name} is not suggested again").format(name=name), people, again, one.act, "skipped", undo=True
    )


def _meant_to_say(one: Suggested) -> list[Line]:
    """The first open ask of the person: now it may have been said. It is closed where one is signed in."""
    asks = [point.text for point in one.talking_points if point.kind == "ask"]
    page = f"/people/{one.contact.id}"
    return [
        Line("megaphone", _("You meant to say: {text}").format(text=cut(text)), href=page, label=_("Said it"))
        for text in asks[:1]
    ]


def _swapped(connection: Connection, opened: Opened, one: Suggested) -> Card:
    when = slot_words(one, opened.today)
    by_link = link_queries.swapped_by(connection, opened.who.principal, opened.link)
    lines = (Line(_icon(one.act), when, strong=what_words(one)),)
    return Card(
        _("It is a {act} now").format(act=_act(one.act)),
        _for_whom(opened),
        _("Opened twice? A second click changes nothing more."),
        one.act,
        lines=lines,
        undo=by_link is not None,
    )


_STANDS = {
    "done": N_("It is already logged"),
    "contacted": N_("You have already been in touch"),
    "snoozed": N_("This is snoozed"),
    "skipped": N_("This was skipped"),
    "not_this_person": N_("You said not this person"),
}


def _nothing_left(opened: Opened, one: Suggested) -> Card:
    state = "done" if one.state in ("done", "contacted") else "skipped"
    lede = _("So there is nothing left to do here about {name}. The week’s page has the rest.").format(
        name=one.contact.name
    )
    return Card(
        _(_STANDS[one.state]), lede, _("Opening this page changed nothing."), one.act, state, one.state_day
    )


def _calendar(opened: Opened, one: Suggested) -> Card:
    if still(one.slot, opened.today).day is None:
        lede = (
            _("No time is planned for it, so there is nothing to add to a calendar.")
            if one.slot.day is None
            else _("Its day has passed, so there is nothing to add to a calendar.")
        )
        return Card(what_words(one, short=True), lede, _("Opening this page changed nothing."), one.act)
    return Card(
        _("Add it to your calendar?"),
        _for_whom(opened),
        _("The file opens in your calendar, which asks before it saves anything."),
        one.act,
        lines=(Line(_icon(one.act), slot_words(one, opened.today), strong=what_words(one)),),
        download=f"/n/{opened.token}/event.ics",
    )


def _unsubscribe(opened: Opened) -> Card:
    return _switch(
        opened,
        _("weekly mail"),
        "mail",
        Line("calendar", _("Your plan is still made each week and waits on its page.")),
        _("Your plan waits on the week’s page."),
        is_on=opened.who.nudge_on,
    )


def _stop_digest(opened: Opened) -> Card:
    return _switch(
        opened,
        _("team digest"),
        "digest",
        Line("users", _("Health and Is it working show the same at any time.")),
        _("Health shows the same at any time."),
        is_on=opened.who.digest_on,
    )


def _switch(opened: Opened, name: str, short: str, instead: Line, once_off: str, *, is_on: bool) -> Card:
    """Whether to stop a mail that comes each week; once it is off, what is there ``instead``."""
    if is_on:
        return Card(
            _("Stop the {name}?").format(name=name),
            _("For {name}.").format(name=opened.who.name),
            _("Opening this page changed nothing."),
            lines=(
                Line(
                    "mail",
                    _("You will no longer be sent the {short}, starting with the next one.").format(
                        short=short
                    ),
                ),
                instead,
            ),
            button=_("Stop the {short}").format(short=short),
        )
    return Card(
        _("The {name} is off").format(name=name),
        _("For {name}. {once_off}").format(name=opened.who.name, once_off=once_off),
        _("You can switch it on again in your settings at any time."),
        undo=True,
    )
