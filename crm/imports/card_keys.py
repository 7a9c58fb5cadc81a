"""Which card of an earlier file a card is: by its identity, and where that is no card's alone, by its name and what it says."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from crm.imports.records import CONTACTS, ContactRecord, identities
from crm.imports.sources import Source, Sources, marks, parse_marks
from crm.imports.stored import cells_of

COMPARED = 50
"""So many earlier cards of one identity and one name a card is compared with, before the first will do."""


def keys_of(sources: Sources, records: Sequence[ContactRecord]) -> list[str]:
    """The key of each: a card's own identity if it has one, else the row's.

    Address books hold the same card twice, and some programs give all cards one identity: those count up, and each is
    known by its name and by what it said, not by its place.
    """
    cards: dict[str, list[ContactRecord]] = {}
    for record in records:
        if record.uid:
            cards.setdefault(record.uid, []).append(record)
    _load(sources, {uid: len(those) for uid, those in cards.items()})
    of_cards = {uid: iter(_of_one_identity(sources, uid, those)) for uid, those in cards.items()}
    rows = identities(records)
    return [next(of_cards[one.uid]) if one.uid else row for one, row in zip(records, rows, strict=True)]


def _key(uid: str, number: int) -> str:
    return f"uid:{uid}" if number == 1 else f"uid:{uid}\t{number}"


def _load(sources: Sources, counts: dict[str, int]) -> None:
    """What is known of these identities, and a free key for each of so many cards."""
    loaded, wanted = Counter[str](), Counter(counts)
    while more := {uid: number for uid, number in wanted.items() if number > loaded[uid]}:
        keys = {uid: [_key(uid, n) for n in range(loaded[uid] + 1, last + 1)] for uid, last in more.items()}
        sources.load("contact", (key for those in keys.values() for key in those))
        for uid, those in keys.items():
            loaded[uid] = wanted[uid]
            wanted[uid] += sum(sources.get("contact", key) is not None for key in those)


def _of_one_identity(sources: Sources, uid: str, cards: Sequence[ContactRecord]) -> list[str]:
    """A known key for whoever is called as it was; where the identity is one person's, also for whoever is called
    otherwise now; a free one for the rest."""
    known: dict[str, Source] = {}
    free: list[str] = []
    number = 0
    while len(free) < len(cards):
        number += 1
        source = sources.get("contact", _key(uid, number))
        if source is None:
            free.append(_key(uid, number))
        else:
            known[_key(uid, number)] = source
    said = [marks(cells_of(CONTACTS, card, card.given)) for card in cards]
    found: dict[int, str] = {}
    _assign(known, said, found, _name)
    if len({source.row_id for source in known.values()}) == 1:
        _assign({key: one for key, one in known.items() if key not in found.values()}, said, found, _anybody)
    rest = iter(free)
    return [found.get(place) or next(rest) for place in range(len(cards))]


def _assign(
    known: dict[str, Source], said: Sequence[str], found: dict[int, str], called: Callable[[str], str]
) -> None:
    """To each card without a key the known one that said most of what it says, among those ``called`` the same."""
    waiting: dict[str, list[str]] = {}
    for key, source in known.items():
        waiting.setdefault(called(source.content), []).append(key)
    for place, content in enumerate(said):
        keys = waiting.get(called(content))
        if place not in found and keys:
            found[place] = _nearest(known, keys[:COMPARED], content)
            keys.remove(found[place])


def _nearest(known: dict[str, Source], keys: Iterable[str], content: str) -> str:
    now = parse_marks(content).items()
    return max(keys, key=lambda key: len(now & parse_marks(known[key].content).items()))


def _name(content: str) -> str:
    return parse_marks(content).get("name", "")


def _anybody(content: str) -> str:
    return ""
