"""We did meet: one click logs a meeting that was not on record."""

from starlette.responses import Response

from crm.domain.channels import by_key
from crm.errors import NotFound
from crm.interactions import queries
from crm.interactions.actions import Entry, log_through
from crm.interactions.saving import undo_of
from crm.interactions.saying import said_of
from crm.web.addresses import local_path
from crm.web.routing import Router, Visit

router = Router()


@router.action("/people/{contact_id}/met")
def met(visit: Visit) -> Response:
    """A meeting, today; Undo takes it out again, and the log's form says another day."""
    contact_id = visit.number("contact_id")
    people = queries.named(visit.connection, visit.principal, [contact_id])
    if not people:
        raise NotFound
    way = by_key(queries.channels(visit.connection, visit.principal))["meeting"]
    entry = Entry(visit.at, way.key, (contact_id,))
    logged = log_through(visit.connection, visit.principal, entry, way, visit.at)
    back = local_path(str(visit.form.get("back", "")), f"/people/{contact_id}")
    return visit.redirect(back, said_of(visit, way, entry, people, logged), undo_of(logged.id))
