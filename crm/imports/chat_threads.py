"""The conversations of one app or phone, gathered by day, on their way to one sighting for each person and day."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from crm.domain.channels import BROADCAST_DIGITAL
from crm.domain.language import N_, plurals
from crm.imports.chat_folding import Folding, Said
from crm.imports.sightings import FeedSetting, Notices, Party, Sighting

_ITEMS = plurals("{n} item was left out: {why}.", "{n} items were left out: {why}.")
_SECONDS_BEFORE = 100_000_000_000
"""Smaller numbers are seconds since 1970, larger ones milliseconds."""
_LAST = 253_402_300_799
EARLIEST = datetime(2003, 1, 1, tzinfo=UTC)
"""No app of this sort is older."""
US = ""
"""As a sender: we, where the source names us no further."""


@dataclass
class Conversation:
    """Who is in it, as far as the source says, and what each wrote on each day."""

    people: set[str] = field(default_factory=set)
    is_group: bool = False
    days: dict[date, dict[str, Said]] = field(default_factory=dict)


class Threads:
    """All conversations of one source; counts what is passed over."""

    def __init__(self, notices: Notices, setting: FeedSetting, earliest: datetime = EARLIEST) -> None:
        self.notices, self.setting, self.earliest = notices, setting, earliest
        self.zone = setting.own_zone or setting.zone
        self.passed: Counter[str] = Counter()
        self.conversations: dict[Hashable, Conversation] = {}

    def moment(self, at: datetime | float | None) -> datetime | None:
        """When it was, of seconds or milliseconds since 1970, or as it is; None, counted, where that cannot be."""
        if isinstance(at, int | float):
            seconds = at if abs(at) < _SECONDS_BEFORE else at / 1000
            at = datetime.fromtimestamp(seconds, UTC) if 0 <= seconds <= _LAST else None
        if at is None or not self.earliest <= at <= self.setting.now + timedelta(hours=1):
            self.passed[N_("dated in the future, long ago or not at all")] += 1
            return None
        return min(at, self.setting.now)

    def within(
        self, conversation: Hashable, people: Iterable[str] = (), *, is_group: bool = False
    ) -> Conversation:
        """This conversation, in which these people are."""
        found = self.conversations.setdefault(conversation, Conversation())
        found.people.update(people)
        found.is_group = found.is_group or is_group
        return found

    def add(
        self, thread: Conversation, sender: str, at: datetime, line: int, words: tuple[str, str] = ("", "")
    ) -> None:
        """One message; ``words`` are the sender's name and the text, of which only whoever keeps text keeps anything."""
        local = at.astimezone(self.zone)
        thread.people.add(sender)
        start = at.replace(second=0, microsecond=0)
        said = thread.days.setdefault(local.date(), {}).setdefault(sender, Said(line, start))
        said.at, said.where = min(said.at, start), min(said.where, line)
        name, text = words
        if self.setting.keep_text and text:
            written = " / ".join(one.strip() for one in text.splitlines() if one.strip())
            said.lines.append((int(at.timestamp() * 1000), f"{local:%H:%M} {name}: {written}"))

    def sightings(
        self,
        key: str,
        channel: str,
        us: Collection[str],
        party: Callable[[str], Party],
        known: Iterable[Party] = (),
    ) -> Iterator[Sighting]:
        """Each person and day once, in order; ``us`` are our senders, ``known`` is us where the team knows us by that."""
        folding = Folding(key, channel, self.setting, self.notices.line, tuple(known))
        found: dict[tuple[date, str], tuple[Party, list[Said], list[Said]]] = {}
        for thread in self.conversations.values():
            for day, who, mine, theirs in self._contacts(thread, us, folding):
                other = party(who)
                entry = found.setdefault((day, folding.key_of(other, day)), (other, [], []))
                entry[1].extend(mine)
                entry[2].extend(theirs)
        in_order = sorted(
            found.items(), key=lambda one: (one[0][0], _first(one[1][2] or one[1][1]), one[0][1])
        )
        for (day, _), (other, mine, theirs) in in_order:
            yield folding.day(day, other, joined(mine), joined(theirs))
        folding.tell(self.notices)
        self.tell()

    def _contacts(
        self, thread: Conversation, us: Collection[str], folding: Folding
    ) -> Iterator[tuple[date, str, list[Said], list[Said]]]:
        """With whom there was contact on which day."""
        others = thread.people.difference(us)
        for day, sides in thread.days.items():
            mine = [said for who, said in sides.items() if who in us]
            them = {who: said for who, said in sides.items() if who not in us}
            if thread.is_group or len(others) > 1:
                if not mine or not them:
                    folding.alone += 1
                elif len(them) > BROADCAST_DIGITAL:
                    folding.crowds += 1
                else:
                    yield from ((day, who, mine, [said]) for who, said in them.items())
            elif others:
                (who,) = others
                yield day, who, mine, list(them.values())

    def tell(self) -> None:
        """Say what was passed over."""
        for words, number in self.passed.items():
            self.notices.leave_out_all(_ITEMS, number, words)


def _first(pieces: Iterable[Said]) -> int:
    return min(one.where for one in pieces)


def joined(pieces: list[Said]) -> Said | None:
    """What one side wrote on one day, in one conversation or several; None for nothing."""
    if not pieces:
        return None
    lines = {line: None for one in pieces for line in one.lines}
    return Said(_first(pieces), min(one.at for one in pieces), list(lines))
