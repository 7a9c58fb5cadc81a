"""The team digest: once a week, for whoever asked for it, through the same outbox as the weekly mail."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from jinja2 import Environment
from sqlalchemy import ColumnElement, Connection, select

from crm.accounts.queries import command_line, principal_of
from crm.domain.fates import ActCount
from crm.domain.language import N_, ngettext
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.domain.spans import capital, count, in_words, week_phrase
from crm.domain.vocabulary import ACTS_COUNTED
from crm.domain.weeks import DAY_NAMES, IsoWeek
from crm.errors import NotFound
from crm.health.shares import Share
from crm.mail.message import unsubscribe_headers
from crm.mail.rendering import render
from crm.mail.views import DigestLine, DigestMail
from crm.nudges import links
from crm.nudges.digest_queries import Accounts, key_accounts, screen_only
from crm.nudges.due import DIGEST, OtherTime, Placed, Recipient, put_all
from crm.nudges.outbox import NOT_IN_TIME, Body, Claim, NoMail
from crm.planning.effects import effects
from crm.rules.queries import Flag
from crm.settings import Settings
from crm.storage.database import Database
from crm.storage.stored_metrics import freshen
from crm.storage.tables import outbox, user, workspace

WEEKS = 13
SINCE_WEEKS = 4
LISTED = 5
SWITCHED_OFF = N_("The digest was switched off, or its user left, before it went out.")
NO_KEY_PEOPLE = N_("Nobody is marked key yet.")


def gets_digests() -> ColumnElement[bool]:
    """Whoever asked for it, whatever their role."""
    return user.c.active & user.c.digest_on


# Falling due


def put_digests(
    database: Database,
    domain: str,
    at: datetime,
    *,
    only: ColumnElement[bool] | None = None,
    other: OtherTime | None = None,
) -> list[Placed]:
    """Put the digests that have fallen due into the outbox, at the day and time of each user's weekly mail.

    One more than a day late is *skipped* where there was one before, and otherwise was never owed. See `put_due`.
    """
    with database.read() as connection:
        found = _missing(connection, domain, at, only, other)
    return put_all(database, found, at, DIGEST)


def _missing(
    connection: Connection,
    domain: str,
    at: datetime,
    only: ColumnElement[bool] | None,
    other: OtherTime | None,
) -> list[Placed]:
    people = select(user).where(gets_digests()).order_by(user.c.workspace_id, user.c.id)
    if only is not None:
        people = people.where(only)
    found = []
    for row in connection.execute(people).all():
        one = Recipient.of(row, DIGEST)
        week = one.newest_week(at)
        known = _weeks(connection, row)
        late = one.is_late(week, at, other)
        owed = one.is_open(week, known, at, other) and one.is_owed(week, at, other)
        if owed and (known or not late):
            found.append(one.placed(week, domain, at, NOT_IN_TIME, other))
    return found


def _weeks(connection: Connection, row: Any) -> set[str]:
    weeks = select(outbox.c.week).where(
        outbox.c.workspace_id == row.workspace_id, outbox.c.user_id == row.id, outbox.c.purpose == DIGEST
    )
    return set(connection.execute(weeks).scalars())


# Writing


def written(
    database: Database, settings: Settings, templates: Environment, claim: Claim, at: datetime
) -> Body:
    """The digest as of now. Raises NoMail where nobody is marked key, or nobody wants it any more."""
    with database.read() as connection:
        principal, person = recipient(connection, claim)
    freshen(database, principal, at)
    with database.read() as connection:
        mail = _mail(connection, settings, principal, person, claim, at)
    rendered = render(templates, "digest", {"mail": mail})
    return Body(
        person.email,
        rendered.subject,
        rendered.text,
        rendered.html,
        unsubscribe_headers(mail.unsubscribe_url),
    )


def recipient(connection: Connection, claim: Claim) -> tuple[Principal, Any]:
    """Whom the digest is for, as principal and row; NoMail where they left or want none any more."""
    row = connection.execute(
        select(user, workspace.c.name.label("team"))
        .join(workspace, workspace.c.id == user.c.workspace_id)
        .where(user.c.workspace_id == claim.workspace_id, user.c.id == claim.user_id, gets_digests())
    ).one_or_none()
    if row is None:
        raise NoMail("skipped", SWITCHED_OFF)
    try:
        return principal_of(connection, command_line(connection, claim.workspace_id), claim.user_id), row
    except NotFound:
        raise NoMail("skipped", SWITCHED_OFF) from None


def _mail(
    connection: Connection, settings: Settings, principal: Principal, person: Any, claim: Claim, at: datetime
) -> DigestMail:
    found = effects(connection, principal, at, WEEKS)
    if not found.shares[-1].people:
        raise NoMail("nothing_due", NO_KEY_PEOPLE)
    screens = screen_only(connection, principal, at, LISTED)
    accounts = key_accounts(connection, principal)
    return DigestMail(
        user_name=person.name,
        workspace=person.team,
        week_label=week_phrase(IsoWeek.parse(claim.week).monday, principal.own_day(at)),
        lead=_lead(found.shares, principal.team_day(at)),
        screen_sentence=_screen_sentence(screens.number),
        screen_only=tuple(_person(one) for one in screens.first),
        account_sentence=_account_sentence(accounts),
        accounts=tuple(
            DigestLine(name, count(people, "person", "people")) for name, people in accounts.unmet[:LISTED]
        ),
        working_sentence=_working_sentence(found.acts),
        acts=tuple(_act(one) for one in found.acts),
        day_name=_(DAY_NAMES[person.nudge_weekday]),
        health_url=f"{settings.url}/health",
        accounts_url=f"{settings.url}/organisations",
        working_url=f"{settings.url}/health/working?weeks={WEEKS}",
        preferences_url=f"{settings.url}/settings",
        unsubscribe_url=links.addresses(settings, principal, claim.week, at)(0, links.STOP_DIGEST),
    )


def _lead(shares: Sequence[Share], today: date) -> str:
    now = shares[-1]
    before = next(one for one in shares if one.day >= today - timedelta(weeks=SINCE_WEEKS))
    said = _("In the last 90 days, {n} of your {people} had a call, a meeting or a note.").format(
        n=now.reached, people=count(now.people, "key person", "key people")
    )
    if not before.people:
        return said
    then = _("Four weeks ago it was {n} of {people}.").format(n=before.reached, people=before.people)
    return f"{said} {then}"


def _screen_sentence(number: int) -> str:
    if not number:
        return _("No key person is only reached through a screen.")
    said = ngettext(
        "{many} key person is only reached through a screen.",
        "{many} key people are only reached through a screen.",
        number,
    )
    return said.format(many=capital(in_words(number)))


def _person(one: Flag) -> DigestLine:
    return DigestLine(one.contact.name, one.sentence)


def _account_sentence(accounts: Accounts) -> str:
    if not accounts.number:
        return _("No key account has people yet.") if accounts.empty else _("No account is marked key yet.")
    if not accounts.empty:
        return _met_sentence(accounts)
    more = ngettext("{many} more has no people yet.", "{many} more have no people yet.", accounts.empty)
    return f"{_met_sentence(accounts)} {more.format(many=capital(in_words(accounts.empty)))}"


def _met_sentence(accounts: Accounts) -> str:
    if accounts.unmet:
        said = _("At {n} of {accounts}, nobody has been met in person for a year.")
        number = count(accounts.number, "key account", "key accounts")
        return said.format(n=len(accounts.unmet), accounts=number)
    if accounts.empty:
        return _("Somebody has been met in person within a year at every key account that has people.")
    return _("Somebody has been met in person at every key account within a year.")


def _working_sentence(acts: Sequence[ActCount]) -> str:
    suggested, acted_on = sum(one.suggested for one in acts), sum(one.acted_on for one in acts)
    if not suggested:
        return _("No week with suggestions is over yet, so it is too early to say.")
    said = _("Of {suggestions} in the last {weeks} weeks, {n} were acted on.")
    return said.format(suggestions=count(suggested, "suggestion", "suggestions"), weeks=WEEKS, n=acted_on)


def _act(one: ActCount) -> DigestLine:
    return DigestLine(
        capital(ngettext(one.act, ACTS_COUNTED[one.act], 2)),
        _("{n} of {all}").format(n=one.acted_on, all=one.suggested),
    )
