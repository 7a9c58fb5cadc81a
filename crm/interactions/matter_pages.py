"""Asks, promises, signals, favours and dates of one person: forms, settling in one click, and Undo."""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from crm.domain.language import gettext as _
from crm.errors import Invalid, NotFound
from crm.interactions import matters
from crm.interactions.beside import themes
from crm.interactions.matter_forms import read_values, typed_values
from crm.interactions.matter_words import choices
from crm.interactions.matters import SORTS, Sort
from crm.interactions.queries import named
from crm.web.addresses import local_path
from crm.web.forms import Errors
from crm.web.routing import Handler, Router, Visit

router = Router()

PLACE = "#matters"


def _about(contact_id: int) -> str:
    return f"/people/{contact_id}{PLACE}"


def _back(visit: Visit, contact_id: int) -> str:
    """Where one came from, if the form or the address says; else the person."""
    said = visit.sent.get("back")
    return local_path(str(said), _about(contact_id)) if said else _about(contact_id)


def _form(
    visit: Visit,
    sort: Sort,
    contact_id: int,
    typed: Mapping[str, Any],
    errors: Mapping[str, str],
    matter_id: int | None = None,
) -> Response:
    people = named(visit.connection, visit.principal, [contact_id])
    if not people:
        raise NotFound
    where = f"/{sort.key}/{matter_id}/edit" if matter_id else f"/people/{contact_id}/{sort.key}"
    context = {
        "person": people[0],
        "sort": sort,
        "typed": typed,
        "errors": errors,
        "action": where,
        "is_new": matter_id is None,
        "title": _(sort.said.change if matter_id else sort.said.new),
        "back": _back(visit, contact_id),
        "themes": themes(visit.connection, visit.principal) if sort.key == "signals" else [],
        "workspace_today": visit.team_day,
        **choices(),
    }
    return visit.render("interactions/matter.html", context, active="people", status=422 if errors else 200)


def _new(sort: Sort) -> Handler:
    def new(visit: Visit) -> Response:
        """The empty form."""
        return _form(visit, sort, visit.number("contact_id"), {}, {})

    return new


def _add(sort: Sort) -> Handler:
    def add(visit: Visit) -> Response:
        """Write it down."""
        contact_id = visit.number("contact_id")
        values = _read(visit, sort)
        if isinstance(values, Errors):
            return _form(visit, sort, contact_id, visit.form, values.fields)
        try:
            matter_id = matters.add(visit.connection, visit.principal, sort, contact_id, values, visit.at)
        except Invalid as refusal:
            return _form(visit, sort, contact_id, visit.form, {"": refusal.sentence})
        return visit.redirect(
            _back(visit, contact_id), _(sort.said.written), f"/{sort.key}/{matter_id}/delete"
        )

    return add


def _edit(sort: Sort) -> Handler:
    def edit(visit: Visit) -> Response:
        """The form with what is written down."""
        row = _known(visit, sort)
        return _form(visit, sort, row.contact_id, typed_values(row._mapping), {}, row.id)

    return edit


def _save(sort: Sort) -> Handler:
    def save(visit: Visit) -> Response:
        """Replace what is written down."""
        row = _known(visit, sort)
        values = _read(visit, sort)
        if isinstance(values, Errors):
            return _form(visit, sort, row.contact_id, visit.form, values.fields, row.id)
        kept = matters.change(visit.connection, visit.principal, sort, row.id, values, visit.at)
        return visit.redirect(_back(visit, row.contact_id), _(sort.said.changed), _undo(kept))

    return save


def _delete(sort: Sort) -> Handler:
    def delete(visit: Visit) -> Response:
        """Take it away; Undo brings it back."""
        row = _known(visit, sort)
        removed = matters.remove(visit.connection, visit.principal, sort, row.id, visit.at)
        back = _back(visit, row.contact_id)
        return visit.redirect(back, _(sort.said.taken), _undo(removed))

    return delete


def _settle(sort: Sort) -> Handler:
    def settle(visit: Visit) -> Response:
        """It was said, or kept, today."""
        row = _known(visit, sort)
        kept = matters.settle(visit.connection, visit.principal, sort, row.id, visit.at)
        return visit.redirect(_back(visit, row.contact_id), _(sort.said.settled), _undo(kept))

    return settle


def _reopen(sort: Sort) -> Handler:
    def reopen(visit: Visit) -> Response:
        """It is open after all."""
        row = _known(visit, sort)
        kept = matters.reopen(visit.connection, visit.principal, sort, row.id, visit.at)
        return visit.redirect(_back(visit, row.contact_id), _(sort.said.open_again), _undo(kept))

    return reopen


def _undo(removed_id: int | None) -> str | None:
    return f"/removed/{removed_id}/restore" if removed_id else None


def _known(visit: Visit, sort: Sort) -> Any:
    return matters.matter(visit.connection, visit.principal, sort, visit.number(sort.id_name))


def _read(visit: Visit, sort: Sort) -> dict[str, Any] | Errors:
    return read_values(sort.key, visit.form, visit.team_day)


@router.action("/removed/{removed_id}/restore")
def restore(visit: Visit) -> Response:
    """Bring back what was taken away or changed."""
    sort, back = matters.bring_back(visit.connection, visit.principal, visit.number("removed_id"), visit.at)
    said = sort.said.as_before if back.was_changed else sort.said.back
    return visit.redirect(_back(visit, back.contact_id), _(said))


def _routes(sort: Sort) -> None:
    about, one = f"/people/{{contact_id}}/{sort.key}", f"/{sort.key}/{{{sort.id_name}}}"
    router.page(f"{about}/new", access="member")(_new(sort))
    router.action(about)(_add(sort))
    router.page(f"{one}/edit", access="member")(_edit(sort))
    verbs: dict[str, Callable[[Sort], Handler]] = {"edit": _save, "delete": _delete}
    if sort.until:
        verbs |= {sort.settle: _settle, "reopen": _reopen}
    for verb, make in verbs.items():
        router.action(f"{one}/{verb}")(make(sort))


for _sort in SORTS.values():
    _routes(_sort)
