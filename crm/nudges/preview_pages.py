"""The next weekly mail as it would be written now, for its reader."""

from starlette.responses import Response

from crm.mail.rendering import UNBROKEN
from crm.nudges import links
from crm.nudges.ahead import next_mail
from crm.nudges.compose import NothingDue, Writer, recipient
from crm.nudges.outbox import Body
from crm.planning.asked import plan_as_it_stands
from crm.web.routing import Router, Visit

router = Router()


@router.page("/settings/mail", access="member", fresh=True)
def preview(visit: Visit) -> Response:
    """When it comes, and what it would say. Nothing is planned, marked or sent by looking at it."""
    connection, principal, at = visit.connection, visit.principal, visit.at
    ahead = next_mail(connection, principal, at)
    plan = plan_as_it_stands(connection, principal, ahead.week, at)
    writer = Writer(visit.settings, visit.site.templates, links.withheld, UNBROKEN)
    mail: Body | None = None
    why_none = ""
    try:
        told = recipient(connection, principal, ahead.week, ahead.due_at)
        mail = writer.written(connection, told, plan, at)
    except NothingDue as nothing:
        why_none = nothing.empty.ahead
    has_mail = bool(visit.settings.smtp_url)
    goes_out = has_mail and visit.user.nudge_on
    context = {
        "mail": mail,
        "why_none": why_none,
        "has_mail": has_mail,
        "coming": ahead.words(principal, at) if goes_out else "",
        "why_later": ahead.why_later(principal, at),
    }
    return visit.render("nudges/preview.html", context, active="team")
