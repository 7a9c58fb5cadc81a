"""The pages of people: the list, and one form for new and known ones.

The page of one person is made from other rooms too and stands in ``crm.today.people``.
"""

from dataclasses import dataclass, replace
from typing import Any, get_args
from urllib.parse import urlencode

from starlette.responses import Response

from crm.accounts import saved_views
from crm.accounts.queries import time_zones
from crm.accounts.view_routes import view_routes
from crm.contacts import (
    actions,
    both_wrote,
    erase_pages,
    followed,
    forms,
    listing,
    many_pages,
    merge_pages,
    organisation_actions,
    organisation_pages,
    organisations,
    queries,
    searching,
)
from crm.contacts.drafts import tags_shown
from crm.contacts.listing import Filter, Sort
from crm.contacts.many_pages import short
from crm.contacts.organisations import Organisation
from crm.contacts.queries import Person
from crm.domain.folding import fold
from crm.domain.heard import DATE_KINDS
from crm.domain.language import gettext as _
from crm.domain.ribbon import ribbon
from crm.domain.spans import ago, count, short_day
from crm.domain.targets import KINDS, TIERS
from crm.domain.vocabulary import within
from crm.domain.weeks import MONTHS
from crm.errors import Conflict, Invalid, Refusal
from crm.web.addresses import is_id
from crm.web.routing import Router, Visit

router = Router()
router.routes.extend(organisation_pages.router.routes)
router.routes.extend(many_pages.router.routes)
router.routes.extend(merge_pages.router.routes)
router.routes.extend(erase_pages.router.routes)

ZONES = ("in_touch", "drifting", "screen_only", "gone_quiet", "no_record")
FILTERS = ("q", "kind", "tier", "owner", "tag", "city", "organisation", "zone", "archived", "sort")


router.routes.extend(view_routes("people", FILTERS).routes)

# The list


@router.page("/people", fresh=True)
def people(visit: Visit) -> Response:
    """The list, a page at a time; every filter stands in the address."""
    wanted = _filter(visit)
    found = listing.people(visit.connection, visit.principal, wanted, visit.query.get("after"), at=visit.at)
    context = {
        "people": found.people,
        "next": _address(visit, after=found.next) if found.next else None,
        "counts": listing.counts(visit.connection, visit.principal, wanted),
        "wanted": wanted,
        "kept": {name: visit.query[name] for name in FILTERS if visit.query.get(name)},
        "cities": sorted({one.city for one in found.people if one.city}, key=fold),
        "account": _account(visit, wanted),
        "address": lambda **changes: _address(visit, **changes),
        "is_filtered": any(visit.query.get(name) for name in FILTERS if name != "sort"),
        "is_first": not visit.query.get("after"),
        "here": _address(visit),
        "view_query": _address(visit).removeprefix("/people").removeprefix("?"),
        "saved": saved_views.views(visit.connection, visit.principal, "people"),
        "tags_shown": tags_shown,
        "ribbon": ribbon,
        "ago": ago,
        "count": count,
        "short_day": lambda day: short_day(day, visit.today),
        "zones": ZONES,
        "tiers": TIERS,
        **_choices(visit),
        "all_owners": listing.owners(visit.connection, visit.principal, wanted.owner),
    }
    return visit.render("contacts/list.html", context, active="people")


def _account(visit: Visit, wanted: Filter) -> Organisation | None:
    if wanted.organisation is None:
        return None
    return organisations.one_organisation(visit.connection, visit.principal, wanted.organisation)


def _choices(visit: Visit, owner: int | None = None) -> dict[str, Any]:
    used = listing.kinds(visit.connection, visit.principal)
    return {
        "kinds": [*KINDS, *(kind for kind in used if kind not in KINDS)],
        "owners": listing.owners(visit.connection, visit.principal, owner),
        "tags": listing.tags(visit.connection, visit.principal),
    }


def _filter(visit: Visit) -> Filter:
    """What the address asks for; words that mean nothing are as good as none."""
    asked = {name: visit.query.get(name, "").strip() for name in FILTERS}
    owner, city = asked["owner"], asked["city"][:200] or None
    sort: Sort = next((one for one in get_args(Sort) if one == asked["sort"]), "personal")
    return Filter(
        text=asked["q"][:200],
        kind=asked["kind"] or None,
        tier=asked["tier"] if asked["tier"] in TIERS else None,
        zone=asked["zone"] if asked["zone"] in ZONES else None,
        owner=visit.principal.user_id if owner == "me" else int(owner) if is_id(owner) else None,
        tag=asked["tag"] or None,
        city=city,
        cities=listing.spellings(visit.connection, visit.principal, city),
        organisation=int(asked["organisation"]) if is_id(asked["organisation"]) else None,
        archived=asked["archived"] == "yes",
        sort=sort,
    )


def _address(visit: Visit, **changes: Any) -> str:
    """This list with some filters changed (None takes one away), from its first page on."""
    kept: dict[str, Any] = {name: visit.query.get(name) for name in FILTERS} | changes
    asked = urlencode({name: value for name, value in kept.items() if value not in (None, "")})
    return f"/people?{asked}" if asked else "/people"


@router.page("/people/find", fresh=True)
def find(visit: Visit) -> Response:
    """Whoever is clearly meant by what was typed, else the list of all who match."""
    text = visit.query.get("q", "")[:200]
    one = searching.clearly(visit.connection, visit.principal, text, visit.at)
    return visit.redirect(f"/people?{urlencode({'q': text})}" if one is None else f"/people/{one}")


@router.page("/people/suggest", fresh=True)
def suggest(visit: Visit) -> Response:
    """People for the field that asks who, as JSON: ``id``, ``name``, ``detail``."""
    found = searching.suggest(visit.connection, visit.principal, visit.query.get("q", "")[:200], visit.at)
    return visit.json([{"id": one.id, "name": one.name, "detail": one.detail} for one in found])


# One person, to be written down


@router.page("/people/new", access="member")
def new_person(visit: Visit) -> Response:
    """The empty form; the tier is regular, and whoever asks looks after them."""
    asked = {name: visit.query.get(name, "")[:200] for name in ("name", "organisation")}
    usual = {"tier": "regular", "owner": visit.principal.user_id}
    return _form(visit, None, forms.Written({**asked, **usual}), {})


@router.action("/people/new")
def add_person(visit: Visit) -> Response:
    """Write a new person down."""
    read = forms.read_contact(visit.form)
    if isinstance(read, dict):
        return _form(visit, None, forms.sent(visit.form), read)
    try:
        draft = replace(read.draft, organisation_id=_organisation(visit, read.organisation))
        row_id = actions.add_contact(visit.connection, visit.principal, draft, visit.at)
    except Invalid as refusal:
        return _form(visit, None, forms.sent(visit.form), refusal.fields or {"": refusal.sentence})
    where = "/people/new" if visit.form.get("then") == "another" else f"/people/{row_id}"
    return visit.redirect(where, _("{name} is added.").format(name=short(draft.name)))


@router.page("/people/{contact_id}/edit", access="member")
def edit_person(visit: Visit) -> Response:
    """The form with what is written down."""
    person = queries.person(visit.connection, visit.principal, visit.number("contact_id"))
    return _form(visit, person, forms.written(person), {})


@router.action("/people/{contact_id}/edit")
def save_person(visit: Visit) -> Response:
    """Replace what is written down; where somebody else did too, show both."""
    person = queries.person(visit.connection, visit.principal, visit.number("contact_id"))
    saved = forms.written(person)
    typed = both_wrote.chosen(saved, forms.sent(visit.form))
    read = forms.read_contact(forms.as_sent(typed), saved)
    if isinstance(read, dict):
        return _form(visit, person, typed, read)
    try:
        moved = _save(visit, person, read, read.version)
    except Conflict as refusal:
        return _joined(visit, person, typed, refusal)
    except Invalid as refusal:
        return _form(visit, person, typed, refusal.fields or {"": refusal.sentence})
    told = _("{name} is saved.").format(name=short(read.draft.name))
    return visit.redirect(f"/people/{person.id}", f"{told} {moved}".strip())


def _save(visit: Visit, person: Person, read: forms.ContactSent, version: int) -> str:
    """Save, and say what became of zone and score: tier, kind and own targets stand in the form."""
    draft = replace(read.draft, organisation_id=_organisation(visit, read.organisation))
    where = (visit.connection, visit.principal, person.id)
    return followed.for_one(*where, visit.at, lambda: actions.edit_contact(*where, version, draft, visit.at))


def _joined(visit: Visit, person: Person, typed: forms.Written, refusal: Refusal) -> Response:
    """Where both changed different things, all of it is saved; what both changed is shown and chosen."""
    saved = forms.written(person)
    found = both_wrote.joined(saved, typed, str(typed.get("was")))
    read = forms.read_contact(forms.as_sent(found.written), saved)
    if found.both or isinstance(read, dict):
        return _form(visit, person, found.written, {}, Meeting(refusal, found))
    moved = _save(visit, person, read, person.version)
    kept = ", ".join(within(_(both_wrote.LABELS[name])) for name in found.theirs)
    sentence = (
        _("{name} is saved, with what others changed in the meantime: {what}.")
        if kept
        else _("{name} is saved.")
    )
    told = sentence.format(name=short(read.draft.name), what=kept)
    return visit.redirect(f"/people/{person.id}", f"{told} {moved}".strip())


def _organisation(visit: Visit, name: str | None) -> int | None:
    return organisation_actions.find_or_add_organisation(visit.connection, visit.principal, name, visit.at)


@dataclass(frozen=True)
class Meeting:
    """Two people's words on one person: why the later were not simply saved, and what both make together."""

    refusal: Refusal
    found: both_wrote.Joined


def _form(
    visit: Visit,
    person: Person | None,
    written: forms.Written,
    errors: dict[str, str],
    meeting: Meeting | None = None,
) -> Response:
    choices = _choices(visit, person.owner_id if person else None)
    saved = forms.written(person) if person else forms.Written()
    context = {
        "person": person,
        "written": written,
        "errors": errors,
        "meeting": meeting,
        "both": both_wrote.choices(saved, written, meeting.found.both, dict(choices["owners"]))
        if meeting
        else (),
        "was": both_wrote.marks(saved) if meeting or not written.get("was") else written.get("was"),
        "labels": {name: within(_(label)) for name, label in both_wrote.LABELS.items()},
        "organisations": organisations.names(visit.connection, visit.principal),
        "time_zones": time_zones(),
        "months": [_(name) for name in MONTHS],
        "date_kinds": DATE_KINDS,
        "tiers": TIERS,
        **choices,
    }
    status = meeting.refusal.status if meeting else 422 if errors else 200
    return visit.render("contacts/edit.html", context, active="people", status=status)
