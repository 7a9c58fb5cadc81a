"""One mail of the outbox: every state it came to, with time and reason, and what somebody may decide about it."""

from starlette.responses import Response

from crm.domain.language import gettext as _
from crm.mail.kept_words import kept_words
from crm.nudges import actions, queries
from crm.nudges.due import PURPOSE
from crm.nudges.mail_words import PURPOSE_WORDS, STATE_WORDS, shown
from crm.web.routing import Router, Visit

router = Router()


@router.page("/team/heartbeat/mails/{mail_id}")
def show(visit: Visit) -> Response:
    """Its steps; its words for its own user alone."""
    mail, steps = queries.one_mail(visit.connection, visit.principal, visit.number("mail_id"))
    context = {
        "mail": mail,
        "steps": steps,
        "state_words": shown(STATE_WORDS),
        "kept_words": kept_words,
        "what": _(PURPOSE_WORDS[mail.purpose]),
        "zone": visit.principal.user_zone,
        "may_go_again": mail.may_go_again(visit.at),
        "may_decide": visit.principal.may_administer or mail.user_id == visit.principal.user_id,
        "has_plan": mail.purpose == PURPOSE and mail.user_id == visit.principal.user_id,
    }
    return visit.render("nudges/mail.html", context, active="team")


@router.action("/team/heartbeat/mails/{mail_id}/stop", access="viewer")
def stop(visit: Visit) -> Response:
    """It does not go out."""
    mail_id = visit.number("mail_id")
    actions.stop_mail(visit.connection, visit.principal, mail_id, visit.user.name, visit.at)
    return _back(visit, mail_id, _("It does not go out."))


@router.action("/team/heartbeat/mails/{mail_id}/again", access="viewer")
def again(visit: Visit) -> Response:
    """It is sent after all, within half a minute."""
    mail_id = visit.number("mail_id")
    actions.send_again(visit.connection, visit.principal, mail_id, visit.user.name, visit.at)
    return _back(visit, mail_id, _("It goes out within half a minute, where a clock ticks."))


def _back(visit: Visit, mail_id: int, said: str) -> Response:
    return visit.redirect(f"/team/heartbeat/mails/{mail_id}", said)
