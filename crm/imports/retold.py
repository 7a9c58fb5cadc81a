"""What a source says of a thing, joined with what it, or another copy of it, said before."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from crm.domain.blanking import BLANK, FINAL
from crm.domain.lengths import TEXT_LIMIT
from crm.imports.chat_people import joined_notes
from crm.imports.mail_copies import fuller, plainer
from crm.imports.sightings import Party, Sighting
from crm.imports.twins import CHATS
from crm.interactions.actions import Entry
from crm.storage.types import from_micros, to_micros

OFF, AHEAD, TAKEN = "off", "ahead", "taken"
"""In what is kept of an account: it was called off, or is still to come, and when it was taken out of the log for that."""


class Clear(NamedTuple):
    """A sighting of people we know: what is to be logged, but for the channel, which may be unknown."""

    sighting: Sighting
    entry: Entry
    earlier: tuple[int, ...] = ()
    """People whom earlier accounts of it named."""
    is_final: bool = False
    """Somebody who took part was erased: no text of the source is taken any more, since it may name them."""
    taken_at: int | None = None
    """When it was taken out of the log by us, called off or put off: what is out of it since then may come back."""

    @property
    def bare(self) -> str:
        """What is kept of it where nothing is in the log: which account it was, and of whom or what not a word."""
        seen = self.sighting
        return written({"revision": seen.revision, **_state(seen)})

    @property
    def content(self) -> str:
        """What the source says now, kept to tell its changes from ours."""
        entry, seen = self.entry, self.sighting
        said = {
            **account_of(entry, seen.channel, seen.revision),
            "who": sorted({*entry.contact_ids, *self.earlier}),
            **({FINAL: True} if self.is_final else {}),
            **_state(seen),
            **({} if self.taken_at is None else {TAKEN: self.taken_at}),
        }
        return written(said)


def account_of(entry: Entry, channel: str | None, revision: str = "") -> dict[str, Any]:
    """What a source said of an entry: ``channel`` None where it did not say how."""
    return {
        "at": to_micros(entry.occurred_at),
        "channel": channel,
        "direction": entry.direction,
        "outcome": entry.outcome,
        "summary": entry.summary,
        "note": None if entry.note_private else entry.note,
        "who": sorted(entry.contact_ids),
        "users": sorted(entry.user_ids),
        "revision": revision,
    }


def written(said: Mapping[str, Any]) -> str:
    """An account as it is kept."""
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _state(seen: Sighting) -> dict[str, bool]:
    return {**({OFF: True} if seen.is_off else {}), **({AHEAD: True} if seen.is_ahead else {})}


def addressed(seen: Sighting, theirs: list[Party]) -> tuple[Sighting, list[Party]]:
    """Which way it went, and with whom it was contact: with whoever wrote to us, or with all to whom we wrote."""
    if seen.sender is None:
        return seen, theirs
    if seen.sender in theirs:
        return replace(seen, direction="inbound"), [seen.sender]
    return replace(seen, direction="outbound"), theirs


def under(one: Clear, key: str) -> Clear:
    """The same under another key."""
    return one._replace(sighting=replace(one.sighting, key=key), entry=replace(one.entry, source_id=key))


def said_of(content: str) -> dict[str, Any]:
    """What a source said the last time, as ``Clear.content`` kept it; nothing where that is no account."""
    try:
        said = json.loads(content)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def joined(one: Clear, said: dict[str, Any]) -> Clear:
    """Two accounts of one mail or one day of a chat together: what either saw, and of a chat since the earlier one."""
    if one.sighting.sender is not None and "at" in said:
        return _copies_joined(one, said)
    if not one.sighting.key.startswith(CHATS) or "at" not in said:
        return one
    entry = one.entry
    same = said["direction"] == entry.direction
    notes = [text for text in (entry.note, said.get("note")) if text]
    note = joined_notes(*notes)[:TEXT_LIMIT] if len(notes) == 2 else next(iter(notes), None)
    return Clear(
        one.sighting,
        replace(
            entry,
            occurred_at=min(entry.occurred_at, from_micros(said["at"])),
            direction=entry.direction if same else "mutual",
            note=note,
        ),
    )


def _copies_joined(one: Clear, said: dict[str, Any]) -> Clear:
    entry = replace(
        one.entry,
        occurred_at=min(one.entry.occurred_at, from_micros(said["at"])),
        summary=plainer(one.entry.summary, said.get("summary")),
        note=fuller(one.entry.note, said.get("note")),
    )
    return Clear(one.sighting, entry, tuple(said.get("who", ())))


def without_erased(one: Clear, said: dict[str, Any]) -> Clear:
    """The same with the texts that are known already, where somebody erased was taken out of them."""
    is_final = bool(said.get(FINAL))
    kept: dict[str, Any] = {
        name: said.get(name) for name in ("summary", "note") if is_final or BLANK in str(said.get(name) or "")
    }
    return one._replace(entry=replace(one.entry, **kept), is_final=is_final)


def is_as_said(stored: Entry, said: dict[str, Any]) -> bool:
    """Whether nobody here changed what the source said last; a channel that it did not say was answered here, and what is
    private was made so here."""
    return (
        not stored.note_private
        and to_micros(stored.occurred_at) == said.get("at")
        and sorted(stored.contact_ids) == said.get("who")
        and said.get("channel") in (None, stored.channel)
        and all(
            getattr(stored, name) == said.get(name) for name in ("direction", "outcome", "summary", "note")
        )
    )


def new_state(stored: Entry, one: Clear, said: dict[str, Any]) -> Entry:
    """What is here, with what changed in the source since, but for what somebody changed here; of what it said nothing is
    known of, nothing is taken for changed."""
    new, values = one.entry, dict[str, Any]()
    for name in ("channel", "direction", "outcome", "summary", "note"):
        if name == "channel" and one.sighting.channel is None:
            continue
        now = getattr(new, name)
        last = said.get(name, now)
        if now != last and getattr(stored, name) == last:
            values[name] = now
    if to_micros(new.occurred_at) != said.get("at") == to_micros(stored.occurred_at):
        values["occurred_at"] = new.occurred_at
    ours, theirs = set(stored.user_ids), set(stored.contact_ids)
    people = {*theirs, *new.contact_ids} - (set(said.get("who", new.contact_ids)) - theirs)
    users = {*ours, *new.user_ids} - (set(said.get("users", new.user_ids)) - ours)
    return replace(stored, **values, contact_ids=tuple(sorted(people)), user_ids=tuple(sorted(users)))


def said_before(said: Mapping[str, Any], after: Entry, before: Entry) -> dict[str, Any]:
    """What a source had said until an import made ``after`` of ``before``, to go by once that is undone: what it says
    now, but for what the import changed."""
    now, then = account_of(after, after.channel), account_of(before, before.channel)
    told = ("at", "channel", "direction", "outcome", "summary", "note")
    kept = {name: value for name, value in said.items() if name not in (OFF, AHEAD, TAKEN)}
    kept |= {name: then[name] for name in told if then[name] != now[name]}
    for name in ("who", "users"):
        kept[name] = sorted(set(said.get(name, ())) - (set(now[name]) - set(then[name])))
    return {**kept, "revision": ""}


def said_while_in_log(said: Mapping[str, Any], entry: Entry, taken_at: datetime | None) -> dict[str, Any]:
    """What a source had said of an entry that was in the log as it said, until it called it off or put it off: out of it
    since ``taken_at``."""
    channel = entry.channel if said.get("channel") == entry.channel else None
    return {
        **account_of(entry, channel),
        **({FINAL: True} if said.get(FINAL) else {}),
        **({} if taken_at is None else {TAKEN: to_micros(taken_at)}),
    }
