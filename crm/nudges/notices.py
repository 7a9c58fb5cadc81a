"""The mail that tells an admin that an address takes no mail."""

from typing import Any

from jinja2 import Environment
from sqlalchemy import Connection, select

from crm.domain.language import N_
from crm.mail.kept_words import kept_words
from crm.mail.rendering import render
from crm.mail.views import AddressStoppedMail
from crm.nudges.outbox import Body, Claim, NoMail
from crm.nudges.returns import of_user
from crm.storage.tables import mail_stop, user

LIFTED = N_(
    "Mail goes to that address again, nobody on the team has it any more, or whoever was to be told is no longer an admin."
)


def written(connection: Connection, claim: Claim, url: str, templates: Environment) -> Body:
    """The mail about the address whose stop is ``claim.week``. Raises NoMail where there is nothing to tell any more."""
    admin, found = recipient(connection, claim)
    mail = AddressStoppedMail(
        admin.name, found.name, found.address, kept_words(found.said), f"{url}/team/heartbeat"
    )
    rendered = render(templates, "address_stopped", {"mail": mail})
    return Body(admin.email, rendered.subject, rendered.text, rendered.html, {})


def recipient(connection: Connection, claim: Claim) -> tuple[Any, Any]:
    """The admin who is told, and the stop; NoMail where either is that no more, or it is nobody's address."""
    admin = connection.execute(_admin(claim)).one_or_none()
    found = connection.execute(_stopped(claim)).one_or_none()
    if admin is None or found is None:
        raise NoMail("skipped", LIFTED)
    return admin, found


def _admin(claim: Claim) -> Any:
    mine = (user.c.workspace_id == claim.workspace_id, user.c.id == claim.user_id)
    return select(user.c.name, user.c.email).where(*mine, user.c.active, user.c.role == "admin")


def _stopped(claim: Claim) -> Any:
    this = (mail_stop.c.workspace_id == claim.workspace_id, mail_stop.c.id == int(claim.week))
    held = mail_stop.c.lifted_at.is_(None)
    return select(mail_stop, user.c.name).join(user, of_user()).where(*this, held)
