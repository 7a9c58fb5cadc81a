"""Writing down what machines saw: meetings, mails and chats with people we know, each once, whatever it came by."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from sqlalchemy import select

from crm.contacts.actions import add_contacts
from crm.contacts.drafts import NOBODY, NewContact, Way, is_email
from crm.contacts.queries import people_now
from crm.domain.channels import BROADCAST_DIGITAL, BROADCAST_LIVE, by_key
from crm.domain.language import N_, plurals
from crm.domain.manner import numeral
from crm.imports.acquaintances import Acquaintances, Found
from crm.imports.cells import excerpt
from crm.imports.chat_days import ChatDays
from crm.imports.log import BLOCK, entries_of, found_as, insert_entries, show_participants
from crm.imports.mail_copies import Survey, survey
from crm.imports.matching import folded_email
from crm.imports.meetings import ask_about, ask_no_more, asked
from crm.imports.people import import_contacts
from crm.imports.phrases import both, moment_said, phrase, phrases
from crm.imports.records import CHATS, MAIL, QUESTIONS, ContactRecord, ParsedFile
from crm.imports.report import Change, FileReport, Stranger
from crm.imports.retold import (
    OFF,
    TAKEN,
    Clear,
    addressed,
    is_as_said,
    joined,
    new_state,
    said_of,
    under,
    without_erased,
)
from crm.imports.run import Run
from crm.imports.shown import Shown, shown
from crm.imports.sightings import Party, Sighting
from crm.imports.twins import AllTwins
from crm.interactions.actions import Entry, delete_interaction, edit_interaction, restore_interaction
from crm.interactions.queries import channels
from crm.storage.tables import contact_email, interaction
from crm.storage.types import to_micros

CANDIDATES = 100
"""People who are not here, and are listed."""
CROWD_OF_MEETING, CROWD = BROADCAST_LIVE, BROADCAST_DIGITAL
OWN_SEEN = 3
"""Mails in which an address is, before we ask whether it is one's own."""


@dataclass(frozen=True)
class Wishes:
    """What the person who imports wants: people who are not here brought in, all of them or some, by the email, number
    or name under which they were offered; ``mine`` are their own addresses, ``birthdays`` the marks of those that are
    taken from the file although another stands here; ``who`` says whom names mean, beside what is remembered;
    ``unasked``: nobody waits for the report, what is open is not kept."""

    add_people: bool = False
    mine: tuple[str, ...] = ()
    people: frozenset[str] = frozenset()
    birthdays: frozenset[str] = frozenset()
    unasked: bool = False
    who: tuple[tuple[str, str], ...] = ()


NO_WISHES = Wishes()


def import_sightings(run: Run, parsed: ParsedFile, report: FileReport, wishes: Wishes) -> None:
    """Write down what one calendar or mailbox holds."""
    work = _Noticing(run, report, wishes)
    if parsed.kind == MAIL:
        work.survey = survey(parsed.sightings)
    work.take(parsed.sightings)
    work.tell(parsed.file)
    if wishes.unasked:
        report.forget_open()


class _Noticing:
    """One file on its way into the log."""

    def __init__(self, run: Run, report: FileReport, wishes: Wishes) -> None:
        self.run, self.report, self.wishes = run, report, wishes
        self.who = Acquaintances(run, wishes.mine, wishes.who)
        self.chats = ChatDays(run)
        self.ways = by_key(channels(run.connection, run.principal))
        self.met: set[str] = set()
        self.strangers: dict[Party, int] = {}
        self.passed: Counter[str] = Counter()
        self.survey = Survey()
        self.strange_mail: Counter[str] = Counter()

    def take(self, sightings: Iterable[Sighting]) -> None:
        """All of them, in blocks."""
        stream = iter(sightings)
        while block := list(islice(stream, BLOCK)):
            self._block(block)
            self.run.progress(len(block))

    def _block(self, block: list[Sighting]) -> None:
        run = self.run
        clear: dict[str, Clear] = {}
        for sighting in self._that_say_something(block):
            self.report.read += 1
            if sighting.key not in self.met and (found := self._clear(self.survey.whole(sighting))):
                self.met.add(sighting.key)
                clear[sighting.key] = found
        clear = self._days(clear)
        run.sources.load("interaction", clear)
        known = {key: source for key in clear if (source := run.sources.get("interaction", key))}
        stored = entries_of(run, [source.row_id for source in known.values()])
        fresh: list[Clear] = []
        off: list[Clear] = []
        for key, one in clear.items():
            source = known.get(key)
            if source and (source.row_id == 0 or source.row_id in stored):
                self._again(one, source.row_id, source.content, stored.get(source.row_id))
            elif not one.sighting.took_place:
                run.sources.remember("interaction", key, 0, one.bare)
                off.append(one)
            else:
                fresh.append(one)
        self._ask_no_more(off)
        self._fresh(self._by_source_id(fresh))
        run.sources.flush()

    def _that_say_something(self, block: list[Sighting]) -> list[Sighting]:
        """All but what is still to come and is neither in the log nor asked about: of what is it says that it was put off."""
        ahead = [one.key for one in block if one.is_ahead]
        self.run.sources.load("interaction", ahead)
        known = {key for key in ahead if self.run.sources.get("interaction", key)} | asked(
            self.run, ahead
        ).keys()
        return [one for one in block if not one.is_ahead or one.key in known]

    def _days(self, clear: dict[str, Clear]) -> dict[str, Clear]:
        """The same, with each day of a chat under the key it has here, whatever the person was called then."""
        self.chats.load(one for seen in clear.values() for one in seen.entry.contact_ids)
        found: dict[str, Clear] = {}
        for one in clear.values():
            key = self.chats.key_of(one.sighting.key, one.entry.contact_ids)
            known = under(one, key)
            found[key] = joined(known, said_of(found[key].content)) if key in found else known
        return found

    # Who, and whether it is contact at all.

    def _clear(self, seen: Sighting) -> Clear | None:
        found = {party: self.who.who(party) for party in (*seen.parties, *seen.declined, *seen.delivered)}
        if self._is_ours_declined(seen, found):
            seen = replace(seen, is_off=True)
        if seen.sender is not None and not any(one.is_ours for one in found.values()):
            self._not_ours(seen, found)
            return None
        ours, theirs = self._sides(seen, found)
        if self._is_crowd(seen, theirs):
            return None
        seen, others = addressed(seen, theirs)
        ids = self._known(seen, others)
        if not ids:
            return None
        users = ours or [owner for one in ids if (owner := self.who.owners.get(one)) is not None]
        entry = Entry(
            seen.occurred_at,
            seen.channel or "meeting",
            tuple(sorted(ids)),
            seen.direction,
            seen.outcome,
            tuple(dict.fromkeys(users)),
            seen.summary,
            seen.note,
            source_id=seen.key,
        )
        return Clear(seen, entry)

    def _is_ours_declined(self, seen: Sighting, found: dict[Party, Found]) -> bool:
        """Whether each of us who was asked said no."""
        ours = [party for party in seen.parties if found[party].is_ours]
        return not ours and any(found[party].is_ours for party in seen.declined)

    def _not_ours(self, seen: Sighting, found: dict[Party, Found]) -> None:
        """A mail neither from nor to one of us; one of its addresses may be ours all the same."""
        self.passed["not ours"] += 1
        self.strange_mail.update(
            {party.email for party, one in found.items() if one.contact_id is None and party.email}
        )

    def _sides(self, seen: Sighting, found: dict[Party, Found]) -> tuple[list[int], list[Party]]:
        """Our users, and the others."""
        ours = [
            found[one].user_id or self.run.default_owner
            for one in (*seen.parties, *seen.delivered)
            if found[one].is_ours
        ] or [self.run.default_owner]
        theirs = [one for one in seen.parties if not found[one].is_ours]
        return list(dict.fromkeys(one for one in ours if one is not None)), theirs

    def _known(self, seen: Sighting, others: list[Party]) -> list[int]:
        ids = dict.fromkeys(self.who.named_in(seen.labels)) if seen.labels else {}
        for party in others:
            found = self.who.who(party)
            if found.contact_id is not None:
                ids[found.contact_id] = None
            elif found.several:
                self.report.ask(
                    seen.where,
                    phrase(
                        "{party} could be {people}. Tell them apart by email or phone, and import again.",
                        party=excerpt(party.name or party.email or party.phone),
                        people=both([excerpt(one) for one in found.several]),
                    ),
                )
            elif not found.is_ours and seen.took_place:
                self._stranger(party, ids)
        return list(ids)

    def _stranger(self, party: Party, ids: dict[int, None]) -> None:
        if not self.wishes.add_people and _mark(party) not in self.wishes.people:
            named = replace(party, name="") if party.email else party
            self.strangers[named] = self.strangers.get(named, 0) + 1
            return
        run, name = self.run, self.survey.called(party) or _mark(party)
        is_namesake = bool(party.email) and self.who.is_called(name)
        row_id = self._known_by_name(party, name) if is_namesake else self._new(party, name)
        self.who.add(row_id, name, party, run.default_owner)
        ids[row_id] = None

    def _known_by_name(self, party: Party, name: str) -> int:
        """Somebody of that name is here: it is them if no email speaks against it, as with a card that says so."""
        record = ContactRecord(
            name, emails=(party.email,), given=frozenset(["name", "emails"]), where=party.email
        )
        import_contacts(self.run, [record], self.report, fills=True)
        table = contact_email.c
        found = select(table.contact_id).where(
            table.workspace_id == self.run.principal.workspace_id, table.folded == folded_email(party.email)
        )
        row_id = self.run.connection.execute(found.limit(1)).scalar_one_or_none()
        return self._new(party, name) if row_id is None else int(row_id)

    def _new(self, party: Party, name: str) -> int:
        run = self.run
        draft = NewContact(
            name=name,
            emails=(Way(party.email),) if is_email(party.email) else (),
            phones=(Way(party.phone),) if party.phone else (),
            owner_id=run.default_owner or NOBODY,
        )
        (row_id,) = add_contacts(run.connection, run.principal, [draft], run.at)
        run.traces.made("contact", [row_id])
        run.touched.add(row_id)
        self.report.new["contacts"] += 1
        self.report.name(name)
        return row_id

    def _is_crowd(self, seen: Sighting, others: list[Party]) -> bool:
        """Whether it was for so many that it is contact with none; what is a broadcast anyway is logged as one."""
        way = self.ways.get(seen.channel or "meeting")
        limit = CROWD if way is None or way.digital else CROWD_OF_MEETING
        if len(others) <= limit:
            return False
        known = {self.who.who(party).contact_id for party in others} - {None}
        if len(known) > limit and seen.sender not in others:
            return False
        self.passed["crowd"] += 1
        return True

    # What is new.

    def _by_source_id(self, fresh: list[Clear]) -> list[Clear]:
        """Those that no export brought here under the key they have in their source."""
        keys = [one.sighting.key for one in fresh]
        rows = {}
        if keys:
            table = interaction.c
            mine = select(table.source_id, table.id).where(
                table.workspace_id == self.run.principal.workspace_id, table.source_id.in_(keys)
            )
            rows = {row.source_id: row.id for row in self.run.connection.execute(mine)}
        left = []
        for one in fresh:
            if one.sighting.key in rows:
                self.run.sources.remember(
                    "interaction", one.sighting.key, rows[one.sighting.key], one.content
                )
                self.report.unchanged["interactions"] += 1
            else:
                left.append(one)
        return left

    def _fresh(self, fresh: list[Clear]) -> None:
        run, report = self.run, self.report
        answers = asked(run, [one.sighting.key for one in fresh])
        unanswered = [one for one in fresh if not answers.get(one.sighting.key)]
        report.unchanged["interactions"] += len(fresh) - len(unanswered)
        twins = AllTwins(run, self.ways, [(one.sighting, one.entry) for one in unanswered])
        new: list[Clear] = []
        here: list[Clear] = []
        for one in unanswered:
            twin = twins.of(one.sighting, one.entry)
            if twin is not None:
                run.sources.remember("interaction", one.sighting.key, twin, one.content)
                here.append(one)
            elif one.sighting.channel is None:
                self._ask(one)
            elif one.sighting.channel in self.ways:
                new.append(one)
        report.unchanged["interactions"] += len(here)
        insert_entries(run, [(one.sighting.key, one.content, one.entry) for one in new], report)
        self._ask_no_more([one for one in (*here, *new) if one.sighting.key in answers])

    def _ask(self, one: Clear) -> None:
        local = one.entry.occurred_at.astimezone(self.run.principal.user_zone)
        title = ask_about(self.run, one.sighting.key, one.entry)
        meeting = f"“{excerpt(title)}”" if title else phrase("A meeting")
        question = phrase(
            "{meeting} with {people}, {when}: did this happen, and where?",
            meeting=meeting,
            people=self.who.names(one.entry.contact_ids),
            when=moment_said(local),
        )
        self.report.ask(one.sighting.where, question)

    # What is here already.

    def _again(self, one: Clear, row_id: int, before: str, stored: tuple[Any, Entry] | None) -> None:
        run, report, key = self.run, self.report, one.sighting.key
        said = said_of(before)
        one = without_erased(joined(one, said), said)
        one = one._replace(taken_at=None if one.sighting.took_place else said.get(TAKEN))
        content = one.content if row_id else one.bare
        if content == before or one.sighting.revision < said.get("revision", ""):
            report.unchanged["interactions"] += 1
            return
        run.sources.remember("interaction", key, row_id, content)
        if stored is None:
            self._risen(one)
            return
        row, entry = stored
        if _was_taken(row, said) and one.sighting.took_place:
            self._brought_back(one, row, entry, said)
        elif row.deleted_at is not None or row.source_id != key:
            report.unchanged["interactions"] += 1
        elif not one.sighting.took_place:
            self._called_off(one, row, entry, said)
        else:
            self._changed(one, row, entry, new_state(entry, one, said))

    def _risen(self, one: Clear) -> None:
        """It had been called off or put off, and took place after all, or is called off or put off once more."""
        if one.sighting.took_place:
            self._fresh([one])
        elif not self._ask_no_more([one]):
            self.report.unchanged["interactions"] += 1

    def _ask_no_more(self, settled: list[Clear]) -> set[str]:
        """Whether these happened is not asked any more; returns the keys of those that were asked about."""
        taken = ask_no_more(self.run, [one.sighting.key for one in settled])
        for one in settled:
            if one.sighting.key in taken:
                self.report.changed[QUESTIONS] += 1
                now = (
                    phrase("took place") if one.sighting.took_place else _instead(is_off=one.sighting.is_off)
                )
                self._show(one, "state", phrase("asked about"), now)
        return taken

    def _called_off(self, one: Clear, row: Any, entry: Entry, said: dict[str, Any]) -> None:
        run = self.run
        if not _is_untouched(row, entry, self._of_now(said)):
            self.report.unchanged["interactions"] += 1
            self.report.skip(one.sighting.where, _stays(one, self.who.names(one.entry.contact_ids), run))
            return
        run.traces.changed("interaction", row.id, {**found_as(row, entry), "deleted": True})
        run.touched.update(entry.contact_ids)
        delete_interaction(run.connection, run.principal, row.id, run.at)
        taken = one._replace(taken_at=to_micros(run.at))
        run.sources.remember("interaction", row.source_id, row.id, taken.content)
        self.report.changed["interactions"] += 1
        self._show(one, "state", phrase("took place"), _instead(is_off=one.sighting.is_off))

    def _of_now(self, said: dict[str, Any]) -> dict[str, Any]:
        """The same with those whom it named as the records that they are now; who was merged or erased was not taken out."""
        if "who" not in said:
            return said
        now = people_now(self.run.connection, self.run.principal, said["who"])
        return {**said, "who": sorted({*now.values()})}

    def _brought_back(self, one: Clear, row: Any, entry: Entry, said: dict[str, Any]) -> None:
        """It had been called off or put off, and has taken place now."""
        run, new = self.run, one.entry
        is_the_sources = not entry.note_private and entry.note in (None, said.get("note"))
        after = replace(
            new,
            channel=one.sighting.channel or entry.channel,
            note=(new.note if is_the_sources else None) or entry.note,
            note_private=entry.note_private,
        )
        run.traces.changed("interaction", row.id, {**found_as(row, entry), "restored": True})
        run.touched.update((*entry.contact_ids, *after.contact_ids))
        restore_interaction(run.connection, run.principal, row.id, run.at)
        edit_interaction(run.connection, run.principal, row.id, after, run.at)
        self.report.changed["interactions"] += 1
        self._show(one, "state", _instead(is_off=OFF in said), phrase("took place"))

    def _changed(self, one: Clear, row: Any, before: Entry, after: Entry) -> None:
        run = self.run
        if after == before:
            self.report.unchanged["interactions"] += 1
            return
        self.report.changed["interactions"] += 1
        for field in ("occurred_at", "channel", "direction", "summary"):
            old, new = getattr(before, field), getattr(after, field)
            if old != new:
                was, now = (shown(field, value, run.principal.user_zone) for value in (old, new))
                self._show(one, field.replace("_", " "), was, now)
        show_participants(
            run, self.report, one.sighting.where, self.who.names(one.entry.contact_ids), before, after
        )
        run.traces.changed("interaction", row.id, found_as(row, before))
        run.touched.update((*before.contact_ids, *after.contact_ids))
        edit_interaction(run.connection, run.principal, row.id, after, run.at)

    def _show(self, one: Clear, field: str, old: Shown, new: Shown) -> None:
        self.report.show(Change(one.sighting.where, self.who.names(one.entry.contact_ids), field, old, new))

    # The end.

    def tell(self, file: str) -> None:
        """Say whom we do not know, and what was for too many."""
        kind = self.report.kind
        if crowd := self.passed["crowd"]:
            words = _MAIL_CROWDS if kind == MAIL else _CHAT_CROWDS if kind in CHATS else _MEETING_CROWDS
            self.report.skip(file, phrases(*words, crowd, n=numeral(crowd)))
        self._tell_not_ours(file)
        ranked = sorted(self.strangers.items(), key=lambda pair: (-pair[1], _mark(pair[0]), pair[0].name))
        for party, count in ranked[:CANDIDATES]:
            one = Stranger(_mark(party), self.survey.called(party), count)
            self.report.strangers.append(one)
            self.report.ask(one.question.where, one.question.question)
        if len(ranked) > CANDIDATES:
            more = numeral(len(ranked) - CANDIDATES)
            self.report.ask(file, phrase("{n} more people are not among yours.", n=more))

    def _tell_not_ours(self, file: str) -> None:
        count = self.passed["not ours"]
        if not count:
            return
        not_ours = phrases(
            "{n} mail was neither from nor to an address that is known to be yours.",
            "{n} mails were neither from nor to an address that is known to be yours.",
            count,
            n=numeral(count),
        )
        self.report.skip(file, not_ours)
        ((email, times),) = self.strange_mail.most_common(1) or (("", 0),)
        if times >= OWN_SEEN and times >= count / 2:
            self.report.maybe_mine = email
            self.report.ask(
                email,
                phrase(
                    "Is this address yours? It is in {times} of those {mails} mails. If so, say so (--mine, "
                    "or under Also you in your settings), and import again.",
                    times=numeral(times),
                    mails=numeral(count),
                ),
            )


_MAIL_CROWDS = plurals(
    "{n} mail had too many people to count as contact with any of them.",
    "{n} mails had too many people to count as contact with any of them.",
)
_CHAT_CROWDS = plurals(
    "{n} chat had too many people to count as contact with any of them.",
    "{n} chats had too many people to count as contact with any of them.",
)
_MEETING_CROWDS = plurals(
    "{n} meeting had too many people to count as contact with any of them.",
    "{n} meetings had too many people to count as contact with any of them.",
)


_CALLED_OFF = N_(
    "The meeting with {people}, {when}, was called off. It was changed here, so it stays in the log."
)
_PUT_OFF = N_("The meeting with {people} was put off to {when}. It was changed here, so it stays in the log.")


def _was_taken(row: Any, said: dict[str, Any]) -> bool:
    """Whether it is out of the log because its calendar called it off or put it off, and not by somebody's hand since."""
    return row.deleted_at is not None and to_micros(row.deleted_at) == said.get(TAKEN)


def _is_untouched(row: Any, entry: Entry, said: dict[str, Any]) -> bool:
    """Whether it may go with its calendar: nobody here changed or wrote anything in it, as far as is known."""
    if "at" in said:
        return is_as_said(entry, said)
    return row.version == 1 and entry.note is None


def _stays(one: Clear, names: str, run: Run) -> str:
    """What is said of a meeting that its calendar takes away, and that somebody changed here."""
    when = moment_said(one.entry.occurred_at.astimezone(run.principal.user_zone))
    words = _CALLED_OFF if one.sighting.is_off else _PUT_OFF
    return phrase(words, people=names, when=when)


def _instead(*, is_off: bool) -> str:
    """Of a meeting that did not take place, or not yet, what it is instead."""
    return phrase("called off") if is_off else phrase("still to come")


def _mark(party: Party) -> str:
    return party.email or party.phone or party.name
