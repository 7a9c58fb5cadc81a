"""When something falls due that comes once a week, also where its day, its time or the zone is changed in between."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from crm.domain.weeks import IsoWeek, due_instant, latest_due_week


@dataclass(frozen=True)
class Schedule:
    """A day (0 is Monday) and a time in a zone. ``not_before``: since when they are these, where by that change a week came to
    lie behind its time that had not come yet: it falls due then."""

    weekday: int
    at: time
    zone: ZoneInfo
    not_before: datetime | None = None

    def due_at(self, week: IsoWeek) -> datetime:
        """The instant, in UTC, at which this week's falls due."""
        own = due_instant(week, self.weekday, self.at, self.zone)
        if (
            self.not_before is None
            or own >= self.not_before
            or week != self._newest_by_the_clock(self.not_before)
        ):
            return own
        return self.not_before

    def newest_week(self, at: datetime) -> IsoWeek:
        """The newest week that is due at ``at``."""
        week = self._newest_by_the_clock(at)
        return week if self.due_at(week) <= at else week.previous()

    def next_week(self, known: Container[str], at: datetime) -> IsoWeek:
        """The week that falls due next after ``at``, where these have theirs: one whose day was moved is over."""
        week = self.newest_week(at).next()
        while str(week) in known:
            week = week.next()
        return week

    def moved_to(self, new: "Schedule", at: datetime) -> datetime | None:
        """The ``not_before`` of what takes the place of this at ``at``, so that no week is lost between the two: one whose new
        time has passed falls due now, or at its old time if that had passed too."""
        week = new._newest_by_the_clock(at)
        old = self.due_at(week)
        return min(old, at) if old > due_instant(week, new.weekday, new.at, new.zone) else None

    def _newest_by_the_clock(self, at: datetime) -> IsoWeek:
        return latest_due_week(at, self.weekday, self.at, self.zone)
