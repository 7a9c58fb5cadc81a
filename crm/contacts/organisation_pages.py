"""The pages of organisations: the list, and one form for new and known ones."""

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from crm.contacts import forms, listing, organisation_actions, organisations
from crm.contacts.drafts import tags_shown
from crm.contacts.organisations import Organisation
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.spans import ago, count
from crm.domain.targets import KINDS, TIERS
from crm.domain.vocabulary import word
from crm.errors import Conflict, Invalid
from crm.web.forms import Errors, read
from crm.web.routing import Router, Visit

router = Router()


@router.page("/organisations", fresh=True)
def listed(visit: Visit) -> Response:
    """The list by name, a page at a time."""
    text, archived = visit.query.get("q", "").strip()[:200], visit.query.get("archived") == "yes"
    page = organisations.organisations(
        visit.connection, visit.principal, text, visit.query.get("after"), archived=archived
    )
    asked: dict[str, Any] = {"q": text, "archived": "yes" if archived else "", "after": page.next}
    following = urlencode({name: value for name, value in asked.items() if value})
    context = {
        "organisations": page.organisations,
        "next": f"/organisations?{following}" if page.next else None,
        "text": text,
        "archived": archived,
        "ago": ago,
        "count": count,
    }
    return visit.render("contacts/organisations.html", context, active="people")


@router.page("/organisations/new", access="member")
def new(visit: Visit) -> Response:
    """The empty form."""
    return _form(visit, None, {"tier": "regular", "kind": "other"}, {})


@router.action("/organisations/new")
def add(visit: Visit) -> Response:
    """Write a new organisation down."""
    form = read(forms.OrganisationForm, visit.form)
    if isinstance(form, Errors):
        return _form(visit, None, visit.form, form.fields)
    try:
        row_id = organisation_actions.add_organisation(
            visit.connection, visit.principal, form.draft(), visit.at
        )
    except Invalid as refusal:
        return _form(visit, None, visit.form, refusal.fields or {"": refusal.sentence})
    return visit.redirect(f"/organisations/{row_id}", _("{name} is added.").format(name=form.name[:60]))


@router.page("/organisations/{organisation_id}/edit", access="member")
def edit(visit: Visit) -> Response:
    """The form with what is written down."""
    known = _known(visit)
    return _form(visit, known, {**known.__dict__, "tags": tags_shown(known.tags)}, {})


@router.action("/organisations/{organisation_id}/edit")
def save(visit: Visit) -> Response:
    """Replace what is written down."""
    known = _known(visit)
    form = read(forms.OrganisationForm, visit.form)
    if isinstance(form, Errors):
        return _form(visit, known, visit.form, form.fields)
    try:
        organisation_actions.edit_organisation(
            visit.connection, visit.principal, known.id, form.draft(), version=form.version
        )
    except Conflict as refusal:
        return _form(visit, known, visit.form, {"": refusal.sentence}, both=_both(known, visit.form))
    except Invalid as refusal:
        return _form(visit, known, visit.form, refusal.fields or {"": refusal.sentence})
    return visit.redirect(f"/organisations/{known.id}", _("{name} is saved.").format(name=form.name[:60]))


@router.action("/organisations/{organisation_id}/archive")
def archive(visit: Visit) -> Response:
    """Put an organisation away."""
    known = _known(visit)
    goes = organisation_actions.archive_organisation(visit.connection, visit.principal, known.id, visit.at)
    undo = f"/organisations/{known.id}/restore" if goes else None
    return visit.redirect("/organisations", _("{name} is archived.").format(name=known.name[:60]), undo)


@router.action("/organisations/{organisation_id}/restore")
def restore(visit: Visit) -> Response:
    """Bring an organisation back."""
    known = _known(visit)
    organisation_actions.restore_organisation(visit.connection, visit.principal, known.id)
    return visit.redirect(f"/organisations/{known.id}", _("{name} is back.").format(name=known.name[:60]))


def _known(visit: Visit) -> Organisation:
    return organisations.one_organisation(visit.connection, visit.principal, visit.number("organisation_id"))


LABELS = {
    "name": N_("Name"),
    "tier": N_("Tier"),
    "kind": N_("Kind"),
    "domain": N_("Domain"),
    "city": N_("City"),
    "country": N_("Country"),
    "tags": N_("Tags"),
    "notes": N_("Notes"),
}


def _both(known: Organisation, typed: Any) -> list[tuple[str, str, str]]:
    """The label, what is saved and what was typed of every part in which the two differ."""
    saved = {**known.__dict__, "tags": tags_shown(known.tags)}
    rows = [(name, str(saved[name] or ""), str(typed.get(name, ""))) for name in LABELS]
    differing = [row for row in rows if row[1].split() != row[2].split()]
    return [
        (_(LABELS[name]), _in_words(name, before), _in_words(name, now)) for name, before, now in differing
    ]


def _in_words(name: str, said: str) -> str:
    return word(said) if name in ("tier", "kind") else said


def _form(
    visit: Visit,
    known: Organisation | None,
    typed: Any,
    errors: dict[str, str],
    both: list[tuple[str, str, str]] | None = None,
) -> Response:
    used = listing.kinds(visit.connection, visit.principal)
    context = {
        "organisation": known,
        "typed": typed,
        "errors": {} if both is not None else errors,
        "both": both,
        "conflict": errors.get("") if both is not None else None,
        "version": known.version if known and (both is not None or not errors) else typed.get("version"),
        "away": organisation_actions.archived_namesake(
            visit.connection, visit.principal, str(typed.get("name") or "")
        )
        if errors.get("name")
        else None,
        "kinds": [*KINDS, *(kind for kind in used if kind not in KINDS)],
        "tiers": TIERS,
    }
    status = 409 if both is not None else 422 if errors else 200
    return visit.render("contacts/organisation_edit.html", context, active="people", status=status)
