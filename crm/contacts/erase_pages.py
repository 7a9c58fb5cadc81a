"""The page before somebody is erased, which says what goes, and the erasing."""

import logging

from starlette.responses import Response

from crm.contacts import erasing
from crm.domain.language import gettext as _
from crm.errors import Unavailable
from crm.storage.wiping import wipe
from crm.web.routing import Router, Visit

router = Router()
log = logging.getLogger("crm.contacts")


@router.page("/people/{contact_id}/erase", access="member")
def ask_before(visit: Visit) -> Response:
    """What goes, before anything does."""
    contact_id = visit.number("contact_id")
    goes = erasing.what_goes(visit.connection, visit.principal, contact_id)
    return visit.render("contacts/erase.html", {"id": contact_id, "goes": goes}, active="people")


@router.action("/people/{contact_id}/erase")
def erase(visit: Visit) -> Response:
    """Erase somebody for good; what is said afterwards names nobody."""
    erasing.erase(visit.connection, visit.principal, visit.number("contact_id"), visit.at)
    visit.after_commit(lambda: _clean(visit))
    return visit.redirect("/people", _("They have been erased. Earlier backups still contain them."))


def _clean(visit: Visit) -> None:
    """They are erased whether or not the file can be written anew right now."""
    try:
        is_clean = wipe(visit.database)
    except Unavailable:
        is_clean = False
    if not is_clean:
        log.warning(
            "The file of the database could not be cleaned after an erasure. Run `crm erase --clean`."
        )
