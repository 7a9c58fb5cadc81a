"""The next weekly mail as it would be written now, for its reader."""

from starlette.responses import Response

from crm.accounts.schedules import due_words, gets_mail, is_held, user_row
from crm.mail.rendering import UNBROKEN
from crm.nudges import links
from crm.nudges.ahead import next_mail
from crm.nudges.compose import NothingDue, Told, Writer
from crm.nudges.outbox import Body
from crm.planning.asked import plan_as_it_stands
from crm.web.routing import Router, Visit

router = Router()


@router.page("/settings/mail", access="member", fresh=True)
def preview(visit: Visit) -> Response:
    """When it comes, and what it would say. Nothing is planned, marked or sent by looking at it."""
    connection, principal, at = visit.connection, visit.principal, visit.at
    person = user_row(connection, principal)
    ahead = next_mail(connection, principal, person, at)
    plan = plan_as_it_stands(connection, principal, ahead.week, at)
    writer = Writer(visit.settings, visit.site.templates, links.withheld, UNBROKEN)
    mail: Body | None = None
    why_none = ""
    try:
        told = Told(principal, person, ahead.week, principal.own_day(ahead.due_at))
        mail = writer.written(connection, told, plan, at)
    except NothingDue as nothing:
        why_none = nothing.empty.ahead
    held = is_held(connection)
    goes_out = gets_mail(visit.settings, principal, person) and not held
    context = {
        "mail": mail,
        "why_none": why_none,
        "has_mail": bool(visit.settings.smtp_url),
        "is_held": held,
        "coming": due_words(ahead.due_at, principal, at) if goes_out else "",
        "why_later": ahead.why_later(principal, at),
    }
    return visit.render("nudges/preview.html", context, active="team")
