"""The pages of records that may be one person: the pairs, two side by side, one again and two again."""

from typing import Any

from starlette.responses import Response

from crm.contacts import duplicates, listing, merging, queries, searching, unmerging
from crm.contacts.merge_fields import side_by_side
from crm.contacts.merge_view import became_sentence, moves_over, sides
from crm.domain.language import gettext as _
from crm.domain.spans import count, short_day
from crm.errors import Invalid
from crm.web.addresses import is_id
from crm.web.routing import Router, Visit

router = Router()
SHOWN = 50


@router.page("/people/duplicates", access="viewer")
def pairs(visit: Visit) -> Response:
    """Pairs that look like one person, most certain first, and what was decided lately."""
    found = duplicates.suspected(visit.connection, visit.principal)
    context = {
        "pairs": found[:SHOWN],
        "total": len(found),
        "looked_at": duplicates.LOOKED_AT,
        "is_partial": listing.counts(visit.connection, visit.principal, listing.Filter()).total
        > duplicates.LOOKED_AT,
        "count": count,
        **_decided(visit, 20),
    }
    return visit.render("contacts/duplicates.html", context, active="people")


def _decided(visit: Visit, most: int) -> dict[str, Any]:
    """What was decided lately, for both pages."""
    return {
        "merges": duplicates.merged_lately(visit.connection, visit.principal, most),
        "apart": duplicates.apart_lately(visit.connection, visit.principal, most),
        "short_day": lambda at: short_day(visit.principal.own_day(at), visit.today),
    }


@router.page("/people/{contact_id}/merge", access="member")
def merge_with(visit: Visit) -> Response:
    """Choose whom to merge somebody with."""
    contact_id = visit.number("contact_id")
    _id, name = queries.contact_named(visit.connection, visit.principal, contact_id)
    asked = visit.query.get("q", "").strip()[:200]
    found = searching.suggest(visit.connection, visit.principal, asked, visit.at) if asked else []
    context = {
        "id": contact_id,
        "name": name,
        "text": asked,
        "people": [one for one in found if one.id != contact_id],
    }
    return visit.render("contacts/merge_with.html", context, active="people")


@router.page("/people/{contact_id}/merge/{other_id}", access="member", fresh=True)
def compare(visit: Visit) -> Response:
    """Two records side by side."""
    return _compare(visit, {}, {})


def _compare(visit: Visit, chosen: dict[str, str], errors: dict[str, str]) -> Response:
    first, second = (
        queries.person(visit.connection, visit.principal, visit.number(name))
        for name in ("contact_id", "other_id")
    )
    if first.id == second.id:
        raise Invalid(_("That is the same record. Choose somebody else to merge it with."))
    rows = side_by_side(first, second)
    context = {
        "kept": first,
        "gone": second,
        "rows": rows,
        "chosen": {row.field: chosen.get(row.field) or row.usual for row in rows},
        "errors": errors,
        "both": moves_over(visit.connection, visit.principal, first, second),
        "sides": sides(visit.connection, visit.principal, first, second, visit.at),
        **_decided(visit, 3),
    }
    return visit.render("contacts/merge.html", context, active="people", status=422 if errors else 200)


@router.action("/people/{contact_id}/merge/{other_id}")
def merge(visit: Visit) -> Response:
    """Make them one."""
    sent: dict[str, Any] = {name: str(value) for name, value in visit.form.items()}
    versions = tuple(sent.get(name, "") for name in ("first_version", "second_version"))
    if not all(is_id(one) for one in versions):
        raise Invalid(_("Part of the form was missing. Open the page again."))
    kept, gone = visit.number("contact_id"), visit.number("other_id")
    before = queries.person(visit.connection, visit.principal, kept)
    try:
        made = merging.merge_contacts(
            visit.connection,
            visit.principal,
            kept,
            gone,
            sent,
            visit.at,
            versions=(int(versions[0]), int(versions[1])),
        )
    except Invalid as refusal:
        if not refusal.fields:
            raise
        return _compare(visit, sent, refusal.fields)
    became = became_sentence(before, queries.person(visit.connection, visit.principal, kept))
    return visit.redirect(
        f"/people/{kept}", f"{_('They are now one person.')}{became}", f"/people/merges/{made}/undo"
    )


@router.action("/people/{contact_id}/apart/{other_id}")
def keep_apart(visit: Visit) -> Response:
    """Remember that they are two people."""
    one, other = visit.number("contact_id"), visit.number("other_id")
    duplicates.keep_apart(visit.connection, visit.principal, one, other, visit.at)
    return visit.redirect(
        "/people/duplicates",
        _("They stay two people. You will not be asked again."),
        f"/people/{one}/apart/{other}/undo",
    )


@router.action("/people/{contact_id}/apart/{other_id}/undo")
def ask_again(visit: Visit) -> Response:
    """Ask about them again."""
    duplicates.ask_again(
        visit.connection, visit.principal, visit.number("contact_id"), visit.number("other_id")
    )
    return visit.redirect("/people/duplicates", _("You will be asked about them again."))


@router.action("/people/merges/{merge_id}/undo")
def undo(visit: Visit) -> Response:
    """Two records again."""
    first, _second = unmerging.undo_merge(
        visit.connection, visit.principal, visit.number("merge_id"), visit.at
    )
    return visit.redirect(f"/people/{first}", _("They are two people again, as before the merge."))
