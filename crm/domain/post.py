"""The post: what an envelope needs, how long it is under way, and the paper it is printed on at true size."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.places.countries import country_code, country_name
from crm.domain.spans import day_phrase
from crm.domain.working_hours import OFFICE_HOURS, public_holidays

POST_WORKING_DAYS = 5
"""Working days that a card may be under way."""
ABROAD_WORKING_DAYS = 10
"""Working days that a card to another country may be under way."""
EARLIEST_DAYS = 45
"""No card has to leave earlier, wherever it goes."""
CALL_AFTER_DAYS = 7
"""A call is due about a week after a note has arrived."""
_NO_CODES = (
    "AE AG AO BI BJ BO BS BW CD CF CG CI CM DJ ER FJ GA GD GH GM GQ HK IE JM KM KP "
    "LY ML MO MR MW NR PA QA RW SB SC SL SR ST SY TD TG TO TV UG VU YE ZW"
)
WITHOUT_POSTCODES = frozenset(_NO_CODES.split())
"""Countries whose addresses are complete without one."""
PRIVATE_LABELS = frozenset({"home", "private", "privat", "personal"})


@dataclass(frozen=True)
class Paper:
    """A sheet for the printer, with the card and the envelope that belong to it; all in millimetres."""

    key: str
    label: str
    width: float
    height: float
    card: str
    card_width: float
    card_height: float
    envelope: str
    envelope_width: float
    envelope_height: float


PAPERS: Mapping[str, Paper] = {
    "a4": Paper("a4", "A4", 210, 297, "A6", 148, 105, "C6", 162, 114),
    "letter": Paper("letter", N_("Letter"), 215.9, 279.4, "A2", 139.7, 107.95, "A2", 146.05, 111.13),
}
_LETTER = "US CA MX CL CO CR DO GT PA PH PR SV VE"
LETTER_COUNTRIES = frozenset(_LETTER.split())
"""Where the printer holds Letter."""


def usual_paper(country: str | None) -> str:
    """The paper that lies in a printer of that country."""
    return "letter" if country in LETTER_COUNTRIES else "a4"


def post_days(home: str | None, there: str | None) -> int:
    """Working days a card may be under way between two countries; an unknown country counts as the same."""
    abroad = bool(home and there) and home != there
    return ABROAD_WORKING_DAYS if abroad else POST_WORKING_DAYS


def post_by(day: date, working_days: int = POST_WORKING_DAYS, *, holidays: Collection[date] = ()) -> date:
    """The last day to post something so that ``working_days`` pass before it arrives, on ``day`` at the latest."""
    left = working_days
    while not _post_goes(day, holidays):
        day -= timedelta(days=1)
    while left:
        day -= timedelta(days=1)
        left -= _post_goes(day, holidays)
    return day


def _post_goes(day: date, holidays: Collection[date]) -> bool:
    return day.weekday() in OFFICE_HOURS.weekdays and day not in holidays


def last_post(day: date, home: str | None, there: str | None) -> date:
    """The last day to post a card so that it arrives in time: from ``home`` to ``there``, countries of two letters."""
    years = {day.year, (day - timedelta(days=EARLIEST_DAYS)).year}
    holidays = frozenset[date]().union(*(public_holidays(home, year) for year in years)) if home else ()
    return post_by(day, post_days(home, there), holidays=holidays)


def post_words(latest: date, today: date) -> str:
    """ "Post a card by Wed 6 Jan.", "Post a card today.", "A card would arrive too late now." """
    if latest < today:
        return _("A card would arrive too late now.")
    if latest == today:
        return _("Post a card today.")
    return _("Post a card by {day}.").format(day=day_phrase(latest, today))


def arrival(posted: date, working_days: int, *, holidays: Collection[date] = ()) -> date:
    """The day a card posted then is expected: the first for which it would have been in time."""
    day = posted
    while post_by(day, working_days, holidays=holidays) < posted:
        day += timedelta(days=1)
    return day


def call_day(arrives: date) -> date:
    """The day to ring after a note: about a week after it arrived, on a working day."""
    day = arrives + timedelta(days=CALL_AFTER_DAYS)
    while day.weekday() not in OFFICE_HOURS.weekdays:
        day += timedelta(days=1)
    return day


def address_lines(address: str) -> tuple[str, ...]:
    """An address as lines; one that was written in a single line is cut at its commas."""
    lines = address.splitlines()
    if len(lines) == 1:
        lines = lines[0].split(",")
    return tuple(tidied for line in lines if (tidied := " ".join(line.split())))


def missing_parts(lines: Sequence[str], country: str | None) -> tuple[str, ...]:
    """What to ask for before anything is posted there: "the postcode"; nothing where the address looks whole."""
    if not lines:
        return (_("the street and number"), _("the town with its postcode"))
    needs_code = (country or "") not in WITHOUT_POSTCODES
    if len(lines) == 1:
        return (_("the town with its postcode") if needs_code else _("the town"),)
    has_code = any(sign.isdigit() for line in lines[1:] for sign in line)
    return () if has_code or not needs_code else (_("the postcode"),)


def envelope_lines(
    name: str,
    organisation: str | None,
    lines: Sequence[str],
    *,
    label: str | None = None,
    home: str | None = None,
    there: str | None = None,
) -> tuple[str, ...]:
    """What stands on the envelope: the name, the house they work for, the address, and the country if it is another.

    Without the house where the address is a private one, and nothing twice. Countries are two letters.
    """
    folded = {line.casefold() for line in lines}
    office = organisation if organisation and (label or "").casefold() not in PRIVATE_LABELS else None
    top = [one for one in (name, office) if one and one.casefold() not in folded]
    is_named = bool(lines) and country_code(lines[-1]) == there
    country = country_name(there).upper() if there and there != home and not is_named else None
    return (*top, *lines, *([country] if country else []))
