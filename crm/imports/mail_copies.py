"""What a mailbox says as a whole, before any of it is written down: copies of a mail that differ, and people's names."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from crm.imports.sightings import Party, Sighting


@dataclass
class Survey:
    """``twice`` holds all copies of a mail but the first as one, ``names`` what most mails call somebody, by email."""

    twice: dict[str, Sighting] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def whole(self, seen: Sighting) -> Sighting:
        """A mail with what its other copies say."""
        return together(seen, self.twice[seen.key]) if seen.key in self.twice else seen

    def called(self, party: Party) -> str:
        """What somebody is called; nothing where no mail says it."""
        return self.names.get(party.email) or party.name


def survey(found: Iterable[Sighting]) -> Survey:
    """Look through a mailbox once."""
    seen: set[str] = set()
    names: dict[str, Counter[str]] = {}
    done = Survey()
    for one in found:
        if one.key in done.twice:
            done.twice[one.key] = together(done.twice[one.key], one)
        elif one.key in seen:
            done.twice[one.key] = one
        seen.add(one.key)
        for party in one.parties:
            if party.name:
                names.setdefault(party.email, Counter())[party.name] += 1
    done.names = {
        email: max(said, key=lambda name: (said[name], len(name), name)) for email, said in names.items()
    }
    return done


def together(one: Sighting, other: Sighting) -> Sighting:
    """Two copies of a mail as one, whichever came first: with whoever either names, and with what both agree on."""
    parties = tuple({party.email: party for party in (*other.parties, *one.parties)}.values())
    delivered = tuple({party.email: party for party in (*other.delivered, *one.delivered)}.values())
    return replace(
        one,
        parties=parties,
        delivered=delivered,
        occurred_at=min(one.occurred_at, other.occurred_at),
        summary=plainer(one.summary, other.summary),
        note=fuller(one.note, other.note),
    )


def plainer(one: str | None, other: str | None) -> str | None:
    """The subject of two copies of a mail: servers on the way put “[extern]” before it, and one copy may be private."""
    return None if one is None or other is None else min(one, other, key=lambda text: (len(text), text))


def fuller(one: str | None, other: str | None) -> str | None:
    """The text of two copies of a mail, of which one may have been kept without."""
    return max(one or "", other or "", key=lambda text: (len(text), text)) or None
