"""A user's calendars on a CalDAV server (RFC 4791): found from whatever address was typed, and asked for what takes time
in the weeks ahead, without titles; or for the meetings of some time, as they are written.
"""

from datetime import UTC, datetime

from crm.imports.busy import Wanted
from crm.imports.dav import Refused, Server, Sort, beside, first
from crm.imports.dav_xml import CALDAV, NoDav, Resource, resources
from crm.outgoing.client import Answer

MOST_CALENDARS = 30
SORT = Sort(
    CALDAV,
    "calendar-home-set",
    "caldav",
    "<C:supported-calendar-component-set/><C:schedule-calendar-transp/>",
)
_KEPT = (
    "UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "SEQUENCE", "STATUS", "TRANSP",
    "ATTENDEE", "LOCATION", "X-MICROSOFT-CDO-BUSYSTATUS",
)  # fmt: skip


def fetch_all(server: Server, wanted: Wanted) -> bytes:
    """Whatever takes time in the user's calendars, as iCalendar; NoDav where there is no calendar."""
    found = calendars(server)
    if not found:
        raise NoDav
    parts: list[bytes] = []
    for url in found[:MOST_CALENDARS]:
        left = server.limit - sum(map(len, parts))
        parts.append(_of_one(server, url, wanted, left))
    return b"\r\n".join(part for part in parts if part.strip()) or b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


def fetch_meetings(server: Server, begins: datetime, ends: datetime) -> bytes:
    """The events of the user's calendars in that time, as iCalendar; NoDav where there is no calendar."""
    found = calendars(server)
    if not found:
        raise NoDav
    window = _window(begins, ends)
    query = (
        f"<C:calendar-query {SORT.spaces}><prop><C:calendar-data/></prop>"
        f'<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range {window}/>'
        "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
    )
    parts: list[bytes] = []
    for url in found[:MOST_CALENDARS]:
        answer = server.ask("REPORT", url, query, 1, server.limit - sum(map(len, parts)))
        if answer.status != 207:
            raise Refused(answer.status)
        parts.append(_data_of(answer))
    return b"\r\n".join(part for part in parts if part.strip())


def _window(begins: datetime, ends: datetime) -> str:
    first, last = (f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" for moment in (begins, ends))
    return f'start="{first}" end="{last}"'


def calendars(server: Server) -> list[str]:
    """The calendars at the typed address, of whom it belongs to, or of the user who signed in."""
    here = first(server, SORT)
    if _is_calendar(here):
        return [here.href]
    return [one.href for one in beside(server, here, SORT) if _is_calendar(one) and _counts(one)]


def _is_calendar(one: Resource) -> bool:
    return one.has("resourcetype", "calendar", space=CALDAV)


def _counts(one: Resource) -> bool:
    """Whether it holds events that take its user's time: no list of tasks, and none marked as not counting."""
    kinds = one.told.first("supported-calendar-component-set", space=CALDAV)
    holds = {str(each.given.get("name", "")).upper() for each in kinds.holds} if kinds is not None else set()
    return (not holds or "VEVENT" in holds) and not one.has(
        "schedule-calendar-transp", "transparent", space=CALDAV
    )


def _of_one(server: Server, url: str, wanted: Wanted, limit: int) -> bytes:
    """Its events in the window, each occurrence for itself; from a server that will not, when it is busy."""
    window = _window(wanted.begins, wanted.ends)
    props = "".join(f'<C:prop name="{name}"/>' for name in _KEPT)
    data = (
        f'<C:calendar-data><C:comp name="VCALENDAR"><C:comp name="VEVENT">{props}</C:comp>'
        f'<C:comp name="VTIMEZONE"/></C:comp><C:expand {window}/></C:calendar-data>'
    )
    query = (
        f'<C:calendar-query {SORT.spaces}><prop>{data}</prop><C:filter><C:comp-filter name="VCALENDAR">'
        f'<C:comp-filter name="VEVENT"><C:time-range {window}/></C:comp-filter></C:comp-filter></C:filter>'
        "</C:calendar-query>"
    )
    answer = server.ask("REPORT", url, query, 1, limit)
    if answer.status == 207:
        return _data_of(answer)
    free_busy = f"<C:free-busy-query {SORT.spaces}><C:time-range {window}/></C:free-busy-query>"
    answer = server.ask("REPORT", url, free_busy, 1, limit)
    if answer.status != 200:
        raise Refused(answer.status)
    return answer.body


def _data_of(answer: Answer) -> bytes:
    found = (one.told.first("calendar-data", space=CALDAV) for one in resources(answer.body))
    return "\r\n".join(each.text for each in found if each is not None).encode()
