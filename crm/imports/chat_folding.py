"""Messages folded: everything written with one person on one day is one thing that happened (decision 11)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from crm.domain.language import N_, plurals
from crm.domain.lengths import TEXT_LIMIT
from crm.imports.chat_people import identity
from crm.imports.sightings import FeedSetting, Notices, Party, Sighting

DAYS = plurals("{n} day was left out: {why}.", "{n} days were left out: {why}.")


@dataclass(slots=True)
class Said:
    """What one side wrote on one day: where in the file, the first moment (in UTC), and its lines, if they are kept."""

    where: int
    at: datetime
    lines: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class Folding:
    """How the days of one source become sightings; counts the days that are no contact.

    ``key`` begins the keys (``chat:APP``), ``us`` is us where the source names us, ``place`` says where something
    stands.
    """

    key: str
    channel: str
    setting: FeedSetting
    place: Callable[[int], str]
    us: tuple[Party, ...] = ()
    alone: int = 0
    crowds: int = 0

    def key_of(self, party: Party, day: date) -> str:
        """The key of a day with somebody: by their number or email, else by their name."""
        return f"{self.key}:{identity(party.phone or party.email or party.name)}:{day.isoformat()}"

    def day(self, day: date, party: Party, mine: Said | None, theirs: Said | None) -> Sighting:
        """A day with one person; at least one side wrote."""
        pieces = [one for one in (mine, theirs) if one is not None]
        lines = sorted(line for one in pieces for line in one.lines)
        return Sighting(
            self.key_of(party, day),
            min(self.setting.now, *(one.at for one in pieces)),
            self.channel,
            (party, *self.us),
            note="\n".join(text for _, text in lines)[:TEXT_LIMIT] or None,
            where=self.place(min(one.where for one in pieces)),
            direction="mutual" if len(pieces) == 2 else "outbound" if theirs is None else "inbound",
        )

    def tell(self, notices: Notices) -> None:
        """Say which days were no contact."""
        alone = N_("in a group where only one side wrote, which does not count as contact")
        crowd = N_("with too many people to count as contact with any of them")
        notices.leave_out_all(DAYS, self.alone, alone)
        notices.leave_out_all(DAYS, self.crowds, crowd)
