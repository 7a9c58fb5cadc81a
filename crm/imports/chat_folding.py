"""Messages folded: everything written with one person on one day is one thing that happened (decision 11)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from crm.domain.channels import BROADCAST_DIGITAL
from crm.domain.lengths import TEXT_LIMIT
from crm.domain.manner import numeral
from crm.imports.chat_people import identity
from crm.imports.sightings import FeedSetting, Notices, Party, Sighting


@dataclass(slots=True)
class Said:
    """What one side wrote on one day: where in the file, the first moment (in UTC), and its lines, if they are kept."""

    where: int
    at: datetime
    lines: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class Folding:
    """How the days of one source become sightings; counts the days that are no contact.

    ``key`` begins the keys (``chat:APP``), ``party`` is who a name is, ``us`` is us where the source names us,
    ``place`` says where something stands.
    """

    key: str
    channel: str
    party: Callable[[str], Party]
    setting: FeedSetting
    place: Callable[[int], str]
    us: tuple[Party, ...] = ()
    alone: int = 0
    crowds: int = 0

    def group_day(self, day: date, mine: Said | None, them: dict[str, Said]) -> Iterator[Sighting]:
        """A day of a group: contact with those who wrote, if we wrote as well."""
        if mine is None or not them:
            self.alone += 1
        elif len(them) > BROADCAST_DIGITAL:
            self.crowds += 1
        else:
            for name, theirs in them.items():
                yield self.day(day, name, mine, theirs)

    def day(self, day: date, name: str, mine: Said | None, theirs: Said | None) -> Sighting:
        """A day with one person; at least one side wrote."""
        pieces = [one for one in (mine, theirs) if one is not None]
        lines = sorted(line for one in pieces for line in one.lines)
        return Sighting(
            f"{self.key}:{identity(name)}:{day.isoformat()}",
            min(self.setting.now, *(one.at for one in pieces)),
            self.channel,
            (self.party(name), *self.us),
            note="\n".join(text for _, text in lines)[:TEXT_LIMIT] or None,
            where=self.place(min(one.where for one in pieces)),
            direction="mutual" if len(pieces) == 2 else "outbound" if theirs is None else "inbound",
        )

    def tell(self, notices: Notices) -> None:
        """Say which days were no contact."""
        tell_days(notices, self.alone, "in a group in which only one side wrote, which is no contact")
        tell_days(
            notices,
            self.crowds,
            "of more people than can be in touch at once, and no contact with any of them",
        )


def tell_days(notices: Notices, count: int, words: str) -> None:
    """Say that so many days were left out, if any."""
    if count:
        days = "1 day was" if count == 1 else f"{numeral(count)} days were"
        notices.leave_out(notices.file, f"{days} left out: {words}.")
