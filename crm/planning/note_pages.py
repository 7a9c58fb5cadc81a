"""The desk of notes to write, the sheet for one of them, and its posting."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from crm.domain.language import gettext as _
from crm.domain.note_prompts import OCCASIONS, Prompt, prompts
from crm.domain.post import PAPERS
from crm.domain.spans import day_phrase, join, short_day
from crm.errors import Invalid
from crm.planning import note_actions, notes
from crm.planning.notes import Note, Writer
from crm.planning.stationery import Fact, Sheet, pdf, svg, without_letters
from crm.planning.talking import TalkingPoint, dated
from crm.web.routing import Router, Visit

router = Router()

FACTS_TAKEN = 4
"""How many facts lie beside the card until somebody chooses."""


@dataclass(frozen=True)
class Choice:
    """What was chosen for the sheet: paper, what to print, occasion, which address and which facts."""

    paper: str
    part: str
    occasion: str
    address: int
    facts: tuple[int, ...]

    def query(self) -> str:
        """The same as an address's end; numbers only, no words of anybody's."""
        plain = {"paper": self.paper, "part": self.part, "occasion": self.occasion, "address": self.address}
        return urlencode([*plain.items(), ("chosen", "yes"), *(("fact", one) for one in self.facts)])


@router.page("/notes", access="member")
def desk(visit: Visit) -> Response:
    """Which notes are to be written, and which are under way."""
    return _desk(visit, {}, None)


def _desk(visit: Visit, errors: dict[str, str], typed: str | None) -> Response:
    by = notes.writer(visit.connection, visit.principal)
    context = {
        "desk": notes.desk(visit.connection, visit.principal, visit.at),
        "return_address": by.return_address if typed is None else typed,
        "errors": errors,
        **_words(visit),
    }
    return visit.render("planning/notes.html", context, active="people", status=422 if errors else 200)


@router.action("/notes/return-address")
def save_return_address(visit: Visit) -> Response:
    """What stands as the sender on one's envelopes."""
    typed = str(visit.form.get("return_address", ""))
    try:
        note_actions.save_return_address(visit.connection, visit.principal, typed)
    except Invalid:
        told = _("At most {n} characters.").format(n=note_actions.ADDRESS_LIMIT)
        return _desk(visit, {"return_address": told}, typed)
    return visit.redirect("/notes", _("Your address is saved, and will be on your envelopes."))


@router.page("/people/{contact_id}/note", access="member")
def note(visit: Visit) -> Response:
    """The sheet for one note: what to print, what to think of, and whether the address will do."""
    return _note(visit, {}, visit.today.isoformat(), ring=True)


def _note(visit: Visit, errors: dict[str, str], day: str, *, ring: bool) -> Response:
    found = notes.note_to(visit.connection, visit.principal, visit.number("contact_id"), visit.at)
    by = notes.writer(visit.connection, visit.principal)
    chosen = _choice(visit, found, by)
    sheet = _sheet(visit, found, by, chosen)
    address = found.addresses[chosen.address] if found.addresses else None
    context = {
        "note": found,
        "chosen": chosen,
        "sheet": sheet,
        "address": address,
        "missing": join(list(address.missing if address else found.missing)),
        "by_hand": sorted(without_letters(sheet.lines()), key=sheet.lines().index),
        "has_sender": bool(by.lines),
        "papers": [(paper.key, _(paper.label)) for paper in PAPERS.values()],
        "occasions": [(key, _(label)) for key, label in OCCASIONS.items()],
        "facts": list(enumerate(_facts(visit, found))),
        "errors": errors,
        "day": day,
        "ring": ring,
        **_words(visit),
    }
    return visit.render("planning/note.html", context, active="people", status=422 if errors else 200)


@router.page("/people/{contact_id}/note.pdf", access="member")
def note_pdf(visit: Visit) -> Response:
    """The sheet at true size, for the printer."""
    headers = {"Content-Disposition": 'attachment; filename="note.pdf"', "Cache-Control": "no-store"}
    return Response(pdf(_asked_sheet(visit)), media_type="application/pdf", headers=headers)


@router.page("/people/{contact_id}/note.svg", access="member")
def note_svg(visit: Visit) -> Response:
    """The same sheet to be looked at."""
    return Response(
        svg(_asked_sheet(visit)), media_type="image/svg+xml", headers={"Cache-Control": "no-store"}
    )


@router.action("/people/{contact_id}/note/posted")
def posted(visit: Visit) -> Response:
    """It is in the post."""
    contact_id, typed, ring = visit.number("contact_id"), str(visit.form.get("day", "")), "ring" in visit.form
    try:
        day = _day(typed)
        note = note_actions.posted(visit.connection, visit.principal, contact_id, day, visit.at, ring=ring)
    except Invalid as refusal:
        if not refusal.fields:
            raise
        return _note(visit, refusal.fields, typed, ring=ring)
    found = notes.note_to(visit.connection, visit.principal, contact_id, visit.at)
    words = {"name": found.person.called, "day": day_phrase(day, visit.today)}
    if not note.is_new:
        said = _("A note to {name} posted {day} is already in your log, so nothing was logged twice.")
        return visit.redirect("/notes", said.format(**words))
    said = _("Note to {name} logged, posted {day}.")
    return visit.redirect("/notes", said.format(**words), f"/notes/{note.interaction_id}/undo")


@router.action("/notes/{interaction_id}/undo")
def take_back(visit: Visit) -> Response:
    """It was not posted after all."""
    note_actions.take_back(visit.connection, visit.principal, visit.number("interaction_id"), visit.at)
    return visit.redirect("/notes", _("Undone. Everything is as it was."))


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        told = _("Enter the day you posted it like 2026-11-23.")
        raise Invalid(told, fields={"day": told}) from None


def _asked_sheet(visit: Visit) -> Sheet:
    found = notes.note_to(visit.connection, visit.principal, visit.number("contact_id"), visit.at)
    by = notes.writer(visit.connection, visit.principal)
    return _sheet(visit, found, by, _choice(visit, found, by))


def _choice(visit: Visit, found: Note, by: Writer) -> Choice:
    """What the address asks for; what means nothing is as good as left out."""
    asked = visit.query
    paper, occasion = asked.get("paper", ""), asked.get("occasion", "")
    whole = range(len(found.addresses))
    usual = next((place for place in whole if not found.addresses[place].missing), 0)
    facts = [_number(one) for one in asked.getlist("fact")] if asked.get("chosen") else range(FACTS_TAKEN)
    address = _number(asked.get("address", ""))
    return Choice(
        paper if paper in PAPERS else by.paper,
        "envelope" if asked.get("part") == "envelope" else "both",
        occasion if occasion in OCCASIONS else found.occasion,
        address if address in whole else usual,
        tuple(one for one in range(len(found.points)) if one in facts),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1


def _facts(visit: Visit, found: Note) -> list[Fact]:
    """Facts with where they come from: "phone, 3 Jun"."""
    kinds = {
        "note": "",
        "promise": _("you promised"),
        "their promise": _("they promised"),
        "ask": _("to ask"),
    }
    return [
        Fact(point.text, ", ".join(filter(None, (_source(point, kinds), dated(point, visit.today)))))
        for point in found.points
    ]


def _source(point: TalkingPoint, kinds: dict[str, str]) -> str:
    if point.kind in ("birthday", "anniversary", "renewal", "other"):
        return ""
    return point.channel or kinds.get(point.kind, point.kind)


def _sheet(visit: Visit, found: Note, by: Writer, chosen: Choice) -> Sheet:
    facts = _facts(visit, found)
    sheet = Sheet(
        paper=PAPERS[chosen.paper],
        title=found.person.name,
        about=found.about,
        post_by=_post_by(found.post_by, visit.today),
        sender=by.lines,
        address=found.addresses[chosen.address].envelope if found.addresses else (found.person.name,),
        prompts=prompts(chosen.occasion),
        facts=tuple(facts[one] for one in chosen.facts),
        hints=(
            Prompt(_("Before you seal it"), _("Read it aloud. Cross out what you would have said by email.")),
            Prompt(_("Before you post it"), f"{_posted_today(visit, found)}."),
            Prompt(_("After"), _("Mark it posted. We keep the day, never the words.")),
        ),
    )
    return replace(sheet, envelope_only=chosen.part == "envelope")


def _post_by(day: date | None, today: date) -> str:
    if day is None:
        return ""
    return _("Post today") if day <= today else _("Post by {day}").format(day=day_phrase(day, today))


def _posted_today(visit: Visit, found: Note) -> str:
    return _("Posted today, it arrives about {day}").format(day=day_phrase(found.arrives, visit.today))


def _words(visit: Visit) -> dict[str, Any]:
    return {
        "day_phrase": lambda day: day_phrase(day, visit.today),
        "short_day": lambda day: short_day(day, visit.today),
    }
