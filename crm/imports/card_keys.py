"""Which card of an earlier file a card is: by its identity, and where that is no card's alone, by its name and what it says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count

from sqlalchemy import select

from crm.contacts.drafts import one_line
from crm.domain.folding import fold
from crm.domain.formulas import neutralise
from crm.errors import Invalid
from crm.imports.records import CONTACTS, ContactRecord, digest, identities
from crm.imports.run import Run
from crm.imports.sources import Source, Sources, marks, parse_marks
from crm.imports.stored import cells_of
from crm.storage.blocks import blocks
from crm.storage.tables import contact

COMPARED = 50
"""So many earlier cards of one identity and one name a card is compared with, before the first will do."""


def keys_of(run: Run, records: Sequence[ContactRecord]) -> list[str]:
    """The key of each: a card's own identity if it has one, else the row's.

    Address books hold the same card twice, and some programs give all cards one identity: those count up, and each is
    known by its name and by what it said, not by its place.
    """
    cards: dict[str, list[ContactRecord]] = {}
    for record in records:
        if record.uid:
            cards.setdefault(record.uid, []).append(record)
    known = _known(run.sources, {uid: len(those) for uid, those in cards.items()})
    called = _called(run, [one for those in known.values() for one in those.values()])
    of_cards = {uid: iter(_of_one_identity(uid, those, known[uid], called)) for uid, those in cards.items()}
    rows = identities(records)
    return [next(of_cards[one.uid]) if one.uid else row for one, row in zip(records, rows, strict=True)]


def _key(uid: str, number: int) -> str:
    return f"uid:{uid}" if number == 1 else f"uid:{uid}\t{number}"


def _known(sources: Sources, counts: dict[str, int]) -> dict[str, dict[str, Source]]:
    """What is known of these identities by key, as far as a free key is among the first of each for each of so many cards."""
    found: dict[str, dict[str, Source]] = {uid: {} for uid in counts}
    ranges = {uid: range(1, wanted + 1) for uid, wanted in counts.items()}
    while ranges:
        keys = {uid: [_key(uid, number) for number in those] for uid, those in ranges.items()}
        sources.load("contact", (key for those in keys.values() for key in those))
        for uid, those in keys.items():
            found[uid] |= {key: source for key in those if (source := sources.get("contact", key))}
        ranges = {
            uid: range(those.stop, 2 * those.stop)
            for uid, those in ranges.items()
            if those.stop - 1 - len(found[uid]) < counts[uid]
        }
    return found


def _called(run: Run, sources: Iterable[Source]) -> dict[int, str]:
    """The mark of the name of each person of whom nothing is kept of what a card said."""
    found: dict[int, str] = {}
    for block in blocks(one.row_id for one in sources if not one.content):
        mine = (contact.c.workspace_id == run.principal.workspace_id, contact.c.id.in_(block))
        rows = run.connection.execute(select(contact.c.id, contact.c.name).where(*mine))
        found.update({row.id: digest(neutralise(row.name)) for row in rows})
    return found


def _of_one_identity(
    uid: str, cards: Sequence[ContactRecord], known: dict[str, Source], called: Mapping[int, str]
) -> list[str]:
    """A known key for whoever is called as it was; where the identity is one person's, also for whoever is called
    otherwise now; a free one for the rest.

    It is one person's where all that is known of it is about them, and all its cards here are called alike.
    """
    cards = [_on_one_line(card) for card in cards]
    said = [marks(cells_of(CONTACTS, card, card.given)) for card in cards]
    names = {key: _name(source.content) or called.get(source.row_id, "") for key, source in known.items()}
    found: dict[int, str] = {}
    _assign(known, names, said, [_name(one) for one in said], found)
    is_one_persons = len({source.row_id for source in known.values()}) == 1
    if is_one_persons and _are_alike([card.name for card in cards]):
        left = {key: source for key, source in known.items() if key not in found.values()}
        _assign(left, dict.fromkeys(left, ""), said, [""] * len(said), found)
    rest = (key for number in count(1) if (key := _key(uid, number)) not in known)
    return [found.get(place) or next(rest) for place in range(len(cards))]


def _are_alike(names: Iterable[str]) -> bool:
    """Whether none of these names has a word that the longest has not: Ana may be Ana Ruiz, and is not Ben."""
    words = [{*fold(name).split()} for name in names]
    longest = max(words, key=len)
    return all(one <= longest for one in words)


def _on_one_line(card: ContactRecord) -> ContactRecord:
    """The card with its name as it is kept; one that cannot be kept is refused later."""
    try:
        return replace(card, name=one_line(card.name) or "")
    except Invalid:
        return card


def _assign(
    known: Mapping[str, Source],
    names: Mapping[str, str],
    said: Sequence[str],
    called: Sequence[str],
    found: dict[int, str],
) -> None:
    """To each card without a key the known one that said most of what it says, among those ``called`` the same."""
    waiting: dict[str, list[str]] = {}
    for key in known:
        waiting.setdefault(names[key], []).append(key)
    for place, content in enumerate(said):
        keys = waiting.get(called[place])
        if place not in found and keys:
            found[place] = _nearest(known, keys[:COMPARED], content)
            keys.remove(found[place])


def _nearest(known: Mapping[str, Source], keys: Iterable[str], content: str) -> str:
    now = parse_marks(content).items()
    return max(keys, key=lambda key: len(now & parse_marks(known[key].content).items()))


def _name(content: str) -> str:
    return parse_marks(content).get("name", "")
