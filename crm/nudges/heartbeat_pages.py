"""The heartbeat: does the weekly mail really go out? And a test mail to oneself."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from crm import clock
from crm.accounts.queries import manner_of, members
from crm.accounts.schedules import gets_mail, user_row
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.mailbox_words import GOOD, SENTENCES, WAITING
from crm.domain.manner import Manner, reader, written_for
from crm.domain.spans import count, day_and_time, join, moment_phrase
from crm.errors import Conflict, Invalid, NotFound, Refusal
from crm.mail.dkim import signing
from crm.mail.kept_words import kept_words
from crm.mail.message import BadAddress, Mailbox, compose, new_message_id
from crm.mail.rendering import render
from crm.mail.smtp_settings import SmtpSettings
from crm.mail.transport import Delivery, DeliveryState, deliver
from crm.mail.views import TestMail
from crm.nudges import actions, mail_pages, queries, returns, sending
from crm.nudges.ahead import next_mail
from crm.nudges.holds import hold
from crm.nudges.mail_words import PURPOSE_WORDS, STATE_WORDS, shown
from crm.nudges.missed import Missed, awaited, is_awaited
from crm.nudges.sending import sender_of
from crm.outgoing.imap_address import ImapAddress
from crm.storage.keyset import read_cursor, write_cursor
from crm.web.routing import Router, Visit

router = Router()
router.routes += mail_pages.router.routes

TEST_SECONDS = 10
NEWS_FOR = timedelta(days=7)
"""How long a failure stands out."""
MOST_NOTICES = 3
BAD_STATES = ("failed", "unknown", "retry")
NOT_SET_UP = N_("Mail is not set up. The person who runs In Person sets CRM_SMTP_URL.")
MARK_WORDS = {
    "sent": N_("sent"),
    "nothing": N_("nothing due"),
    "skipped": N_("skipped"),
    "waiting": N_("waiting"),
    "failed": N_("failed"),
    "unknown": N_("unknown"),
}


@dataclass(frozen=True)
class Figure:
    """One of the four figures at the top."""

    label: str
    words: str
    note: str
    is_bad: bool = False


@router.page("/team/heartbeat")
def heartbeat(visit: Visit) -> Response:
    """Last sent, last failed, next run, the clock, and every mail with its state."""
    return _page(visit)


def _page(visit: Visit) -> Response:
    connection, principal = visit.connection, visit.principal
    which = visit.query.get("state") or None
    if which is not None and which not in queries.FILTERS:
        raise Invalid(_("Choose all, waiting, failed, unknown or skipped."))
    cursor = visit.query.get("after")
    before = read_cursor(cursor, [int])[0] if cursor else None
    mails = queries.mails_before(connection, principal, which, before)
    late = _missed(visit)
    beats = queries.beats(connection, principal, visit.at)
    more = write_cursor([mails[queries.PAGE - 1].id]) if len(mails) > queries.PAGE else None
    context = {
        "stops": returns.stops(connection, principal),
        "returned": returns.returns_of(connection, principal, [one.id for one in mails]),
        "hold": hold(connection, principal.workspace_id),
        "kept_words": kept_words,
        "has_mail": bool(visit.settings.smtp_url),
        "is_awaited": is_awaited(connection, visit.settings),
        "later": _later(visit),
        "figures": _figures(visit, beats),
        "beats": beats,
        "mails": mails[: queries.PAGE],
        "more": more,
        "which": which,
        "counts": queries.counts(connection, principal),
        "state_words": shown(STATE_WORDS),
        "mark_words": shown(MARK_WORDS),
        "moment_words": lambda moment, within=False: moment_words(moment, visit, within=within),
        "weekday_names": [_(name) for name in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")],
        "missed": late[:MOST_NOTICES],
        "more_missed": len(late[MOST_NOTICES:]),
        "purposes": shown(PURPOSE_WORDS),
        "now": visit.at,
        "bad_since": visit.at - NEWS_FOR,
    }
    return visit.render("nudges/heartbeat.html", context, active="team")


@dataclass(frozen=True)
class Notice:
    """A mail that missed its time, in words, and the page of it."""

    who: str
    words: str
    href: str


def _missed(visit: Visit) -> list[Notice]:
    principal = visit.principal
    found = awaited(visit.connection, visit.settings, visit.at, principal.workspace_id)
    if not principal.may_administer:
        found = [one for one in found if one.user_id == principal.user_id]
    return [_notice(one, visit) for one in found]


def _notice(one: Missed, visit: Visit) -> Notice:
    again = (
        _("Next try: {moment}.").format(moment=moment_words(one.next_try_at, visit))
        if one.next_try_at
        else ""
    )
    when = moment_words(one.due_at, visit, within=True)
    return Notice(
        _("{name}’s mail of {when} {outcome}.").format(name=one.name, when=when, outcome=one.outcome),
        f"{one.why} {again}".rstrip(),
        f"/team/heartbeat/mails/{one.id}",
    )


def moment_words(moment: datetime, visit: Visit, *, within: bool = False) -> str:
    """The moment where the visitor is."""
    return moment_phrase(moment, visit.principal.user_zone, visit.today, within=within)


def _later(visit: Visit) -> str:
    """Why the visitor's own next run may bring no mail; of others' days off nothing is said."""
    principal = visit.principal
    if not gets_mail(visit.settings, principal, visit.user):
        return ""
    row = user_row(visit.connection, principal)
    return next_mail(visit.connection, principal, row, visit.at).why_later(principal, visit.at)


def _figures(visit: Visit, beats: list[queries.Beat]) -> list[Figure]:
    sent = [(one.last_sent, _("To {name}").format(name=one.name)) for one in beats if one.last_sent]
    failed = [(one.last_failed, _("To {name}").format(name=one.name)) for one in beats if one.last_failed]
    coming = [(one.next_run, _("To {name}").format(name=one.name)) for one in beats if one.next_run]
    return [
        _figure(visit, _("Last sent"), max(sent, default=None), _("Nothing yet")),
        _figure(visit, _("Last failed"), max(failed, default=None), _("Never"), bad=True),
        _next_run(visit, min(coming, default=None)),
        _clockwork(visit),
        *_mailbox(visit),
    ]


def _next_run(visit: Visit, coming: tuple[datetime, str] | None) -> Figure:
    if is_awaited(visit.connection, visit.settings):
        return _figure(visit, _("Next run"), coming, _("None"))
    note = _("While mail is held back") if visit.settings.smtp_url else ""
    return Figure(_("Next run"), _("None"), note)


def _mailbox(visit: Visit) -> list[Figure]:
    """Whether mail that comes back is read, where that is set up."""
    if not visit.settings.imap_url:
        return []
    address = ImapAddress.parse(visit.settings.imap_url)
    state, read_at = queries.mailbox_of(visit.connection, address.place)
    if state == GOOD and read_at is not None:
        return [
            Figure(_("Mail that came back"), moment_words(read_at, visit), _("When it was last looked for"))
        ]
    sentence = _(SENTENCES[state]).format(host=address.host)
    return [Figure(_("Mail that came back"), _("Not read"), sentence, state != WAITING)]


def _figure(
    visit: Visit, label: str, what: tuple[datetime, str] | None, otherwise: str, *, bad: bool = False
) -> Figure:
    if what is None:
        return Figure(label, otherwise, "")
    return Figure(label, moment_words(what[0], visit), what[1], bad and visit.at - what[0] < NEWS_FOR)


def _clockwork(visit: Visit) -> Figure:
    clock = queries.clock_of(visit.connection, visit.at)
    if clock.seen_at is None:
        return Figure(
            _("Clockwork"), _("Stopped"), _("No process looks for what is due. See CRM_SCHEDULER."), True
        )
    seconds = max(0, int((visit.at - clock.seen_at).total_seconds()))
    if clock.alive == 0:
        return Figure(
            _("Clockwork"),
            _("Stopped"),
            _("The last tick was {moment}.").format(moment=moment_words(clock.seen_at, visit, within=True)),
            True,
        )
    said = _("Last tick {seconds} s ago, on {processes}.")
    note = said.format(seconds=seconds, processes=count(clock.alive, "process", "processes"))
    return Figure(_("Clockwork"), _("Ticking"), note)


@router.action("/team/heartbeat/run", access="admin", own_transactions=True)
def run_now(visit: Visit) -> Response:
    """Look now for what is due, try again what waits, and say what became of it."""
    if not visit.settings.smtp_url:
        return _told(visit, _(NOT_SET_UP))
    with visit.database.write() as connection:
        if hold(connection):
            raise Conflict(_("All mail is held back after a restore. Release it first."))
        actions.bring_forward(connection, visit.principal, visit.at)
    process = f"run now, by user {visit.principal.user_id}"
    outcomes = sending.work_now(
        visit.database,
        visit.settings,
        visit.site.templates,
        clock.now,
        process,
        visit.principal.workspace_id,
        going=lambda: not visit.site.stopping.is_set(),
    )
    if not outcomes:
        return visit.redirect("/team/heartbeat", message=_("Nothing was due."))
    counted = Counter(_(STATE_WORDS[one.state]) for one in outcomes)
    said = join([f"{words}: {number}" for words, number in counted.items()])
    why = next(
        (f" {kept_words(one.reason)}" for one in outcomes if one.state in BAD_STATES and one.reason), ""
    )
    return visit.redirect("/team/heartbeat", message=f"{said}.{why}", kind="error" if why else "done")


@router.action("/team/heartbeat/test", access="viewer", own_transactions=True)
def test_send(visit: Visit) -> Response:
    """Send a test mail to oneself, or as an admin to somebody else, and say what the server said."""
    if not visit.settings.smtp_url:
        return _told(visit, _(NOT_SET_UP))
    name, email, manner = _whom(visit)
    try:
        delivery = _send_test(visit, name, email, manner)
    except BadAddress as fault:
        return _told(visit, _("No mail can be sent to {email}. {fault}").format(email=email, fault=fault))
    except Refusal as refusal:
        return _told(visit, refusal.sentence)
    said = " ".join(filter(None, (str(delivery.code or ""), kept_words(delivery.reply))))
    if delivery.state is DeliveryState.ACCEPTED:
        return visit.redirect(
            "/team/heartbeat",
            message=_("A test is on its way to {email}. The server said: {said}").format(
                email=email, said=said
            ),
        )
    return _told(visit, _("The test was not sent to {email}. {said}").format(email=email, said=said))


def _whom(visit: Visit) -> tuple[str, str, Manner]:
    """Whom the test goes to: name, address, and how it is written; NotFound for strangers, and for members who mean others."""
    asked = str(visit.form.get("user", ""))
    if not asked:
        return visit.user.name, visit.user.email, reader()
    with visit.database.read() as connection:
        found = [one for one in members(connection, visit.principal) if str(one.id) == asked and one.active]
        manner = manner_of(connection, visit.principal.workspace_id, found[0].id) if found else reader()
    if not found or not (visit.principal.may_administer or found[0].id == visit.principal.user_id):
        raise NotFound
    return found[0].name, found[0].email, manner


def _told(visit: Visit, sentence: str) -> Response:
    return visit.redirect("/team/heartbeat", message=sentence, kind="error")


def _send_test(visit: Visit, name: str, email: str, manner: Manner) -> Delivery:
    sender = sender_of(visit.settings)
    local = visit.at.astimezone(visit.principal.user_zone)
    with written_for(manner):
        when = day_and_time(local, visit.today)
        view = TestMail(visit.user.name, visit.user.workspace, when, f"{visit.settings.url}/team/heartbeat")
        mail = render(visit.site.templates, "test_send", {"mail": view})
    message = compose(
        sender=sender,
        to=Mailbox(email, name),
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        message_id=new_message_id(sender.domain),
        date=visit.at,
        headers={},
    )
    server = SmtpSettings.parse(visit.settings.smtp_url)
    return deliver(server, message, timeout=TEST_SECONDS, sign=signing(visit.settings))


@router.action("/team/heartbeat/release", access="admin")
def release(visit: Visit) -> Response:
    """Let mail go out again after a backup was restored."""
    released = actions.release(visit.connection, visit.principal, visit.at)
    said = _("Mail goes out again. Of what was held back, {due} fell due, {skipped} were too old.")
    return visit.redirect("/team/heartbeat", message=said.format(due=released.due, skipped=released.skipped))


@router.action("/team/heartbeat/stops/{stop_id}/lift", access="admin")
def lift(visit: Visit) -> Response:
    """Let mail go to an address again that took none."""
    address = returns.lift(visit.connection, visit.principal, visit.number("stop_id"), visit.at)
    return visit.redirect(
        "/team/heartbeat",
        message=_("Mail goes to {address} again, from the next one on.").format(address=address),
    )
