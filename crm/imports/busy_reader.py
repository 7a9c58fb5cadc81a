"""Reading a stranger's calendar in a process of its own: ``python -m crm.imports.busy_reader``, confined before it looks
at the first byte.

Standard input is one line of JSON, what is wanted, and then the calendar. Standard output is one line of JSON.
"""

import json
import sys
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm.domain.diary import Interval
from crm.imports.apart import TooMuch, ask
from crm.imports.busy import Busy, NoCalendar, Stay, Wanted, read_busy
from crm.imports.limits import confine
from crm.imports.phrases import packed, unpacked
from crm.imports.records import UnreadableFile


def read_apart(data: bytes, wanted: Wanted) -> Busy:
    """As `read_busy`, in a process that can do no harm; NoCalendar, TooMuch or Interrupted."""
    order = {
        "begins": wanted.begins.isoformat(),
        "ends": wanted.ends.isoformat(),
        "zone": str(wanted.zone),
        "mine": sorted(wanted.mine),
        "ours": wanted.ours,
    }
    answer = ask("crm.imports.busy_reader", json.dumps(order).encode() + b"\n" + data)
    try:
        return _said(answer)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise TooMuch from None


def _said(answer: dict[str, Any]) -> Busy:
    if answer["state"] == "not_a_calendar":
        raise NoCalendar
    if answer["state"] != "good":
        raise TooMuch
    taken = [Interval(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in answer["busy"]]
    stays = [
        Stay(date.fromisoformat(a), date.fromisoformat(b), str(where)) for a, b, where in answer["stays"]
    ]
    return Busy(taken, list(map(unpacked, answer["notes"])), stays)


def main() -> None:
    """Read the calendar that is standard input."""
    import recurring_ical_events  # noqa: F401  while the process may still read what it likes

    stream = sys.stdin.buffer
    order = json.loads(stream.readline())
    confine(0)
    try:
        said = _answer(stream.read(), order)
    except NoCalendar:
        said = {"state": "not_a_calendar"}
    except (UnreadableFile, MemoryError):
        said = {"state": "too_much"}
    sys.stdout.write(json.dumps(said))


def _answer(data: bytes, order: dict[str, Any]) -> dict[str, Any]:
    wanted = Wanted(
        datetime.fromisoformat(order["begins"]),
        datetime.fromisoformat(order["ends"]),
        ZoneInfo(order["zone"]),
        frozenset(order["mine"]),
        order["ours"],
    )
    found = read_busy(data, wanted)
    pairs = [[one.starts_at.isoformat(), one.ends_at.isoformat()] for one in found.intervals]
    stays = [[str(one.first_day), str(one.last_day), one.location] for one in found.stays]
    return {"state": "good", "busy": pairs, "notes": list(map(packed, found.notes)), "stays": stays}


if __name__ == "__main__":
    main()
