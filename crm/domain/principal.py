"""Who is asking: the one door for access. Every query and action takes a principal first."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo

from crm.domain.manner import AS_IT_SHIPS, Manner
from crm.domain.weeks import calendar_day
from crm.domain.working_hours import first_day_left

Role: TypeAlias = Literal["admin", "member", "viewer"]
ROLES: tuple[str, ...] = get_args(Role)
EDITORS: tuple[str, ...] = ("admin", "member")
"""Who edits, has a plan, and gets the weekly mail."""


@dataclass(frozen=True)
class Principal:
    """A user in a workspace, or the command line (no user, all rights).

    ``zone`` is the workspace's time zone, in which calendar days are counted; ``user_zone`` is the user's own.
    ``manner`` is how the user wants days, times and numbers written.
    """

    workspace_id: int
    user_id: int | None
    role: Role
    zone: ZoneInfo
    user_zone: ZoneInfo
    manner: Manner = AS_IT_SHIPS

    def team_day(self, at: datetime) -> date:
        """The calendar day of a moment where the team is: what everything that is kept is counted in."""
        return calendar_day(at, self.zone)

    def own_day(self, at: datetime) -> date:
        """The calendar day of a moment where the user is: their plan, their mail, the day they type."""
        return calendar_day(at, self.user_zone)

    def day_left(self, at: datetime) -> date:
        """The first day on which the user can still do something: that day, or the next once its working hours are over."""
        return first_day_left(at, self.user_zone)

    @property
    def may_edit(self) -> bool:
        """Contacts, the log and rules may be changed by members and admins."""
        return self.role in EDITORS

    @property
    def has_plan(self) -> bool:
        """Whether a plan is made for this user; viewers have none."""
        return self.role in EDITORS

    @property
    def may_administer(self) -> bool:
        """Users, channels and targets may be changed by admins."""
        return self.role == "admin"
