"""The weekly mail of one user, made from their plan and rendered once."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from jinja2 import Environment
from sqlalchemy import Connection, select

from crm.accounts.queries import command_line, manner_of, principal_of
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.manner import written_for
from crm.domain.principal import Principal
from crm.domain.sentences import budget_summary, headline, meets
from crm.domain.spans import capital, day_phrase, week_phrase
from crm.domain.vocabulary import word
from crm.domain.weeks import DAY_NAMES, IsoWeek
from crm.errors import NotFound
from crm.interactions.silence import caution
from crm.mail.message import Mailbox, unsubscribe_headers
from crm.mail.rendering import COLUMNS, render
from crm.mail.views import AllInTouchMail, NudgeMail, NudgeSuggestion, promises_to_keep
from crm.nudges import alarms, digest, due, links, missed, notices, returns
from crm.nudges.due import gets_nudges
from crm.nudges.outbox import Body, Claim, NoMail
from crm.nudges.quiet import Empty, why_empty
from crm.nudges.reply_ids import Nudge, reply_id
from crm.planning.actions import make_or_join
from crm.planning.drafting import let_rest
from crm.planning.easing import easing
from crm.planning.joining import is_behind
from crm.planning.queries import PlanView, Suggested, are_proposals, plan_of
from crm.planning.talking import dated
from crm.planning.words import moment_words, planned_on, still
from crm.settings import Settings
from crm.storage.database import Database
from crm.storage.open_matters import is_open
from crm.storage.presence import is_present
from crm.storage.stored_metrics import freshen
from crm.storage.tables import contact, promise, user

MOST_PROMISES = 5
ABOUT = {
    "ask": N_("To say"),
    "promise": N_("We promised"),
    "their promise": N_("They promised"),
    "note": N_("From the log"),
    "request": N_("They asked for"),
}
LONGEST_POINT = 140
ARRANGED = N_("Arranged for {day}.")
TAKEN = N_("Your calendar has since filled that time: the week’s page offers another.")
IN_THE_WAY = {
    "apart": N_("You are no longer there on that day: the week’s page offers something else."),
    "off": N_("You are now off on that day: the week’s page offers another time."),
    "away": N_("You are now away on that day: the week’s page offers another time."),
}
SWITCHED_OFF = N_("The mail was switched off, or its user left, before it went out.")


class NothingDue(NoMail):
    """No mail goes out, since nothing is open in the week; ``empty`` says why."""

    def __init__(self, empty: Empty) -> None:
        super().__init__("nothing_due", empty.reason)
        self.empty = empty


@dataclass(frozen=True)
class Told:
    """Whom a weekly mail is for, with the row of that user, its week, and the user's day on which it goes out."""

    principal: Principal
    person: Any
    week: IsoWeek
    day: date

    @property
    def is_ahead(self) -> bool:
        """Whether the week has not begun that day."""
        return self.week.is_ahead(self.day)


@dataclass(frozen=True)
class Writer:
    """What writing a mail needs beside the claim: the templates, the settings for the key, where its buttons lead, and how
    wide its text is."""

    settings: Settings
    templates: Environment
    addresses: Callable[..., Callable[..., str]] = links.addresses
    columns: int = COLUMNS

    def body(self, database: Database, claim: Claim, at: datetime) -> Body:
        """Write what the mail is for, dates and numbers as its reader wants them. Raises NoMail."""
        with database.read() as connection:
            manner = manner_of(connection, claim.workspace_id, claim.user_id)
        with written_for(manner):
            return self._body(database, claim, at)

    def _body(self, database: Database, claim: Claim, at: datetime) -> Body:
        match claim.purpose:
            case due.DIGEST:
                return digest.written(database, self.settings, self.templates, claim, at)
            case alarms.ALARM:
                return alarms.written(database, self.settings, self.templates, claim, at)
            case returns.NOTICE:
                return self._notice(database, claim)
        return self._weekly(database, claim, at)

    def _notice(self, database: Database, claim: Claim) -> Body:
        with database.read() as connection:
            return notices.written(connection, claim, self.settings.url, self.templates)

    def _weekly(self, database: Database, claim: Claim, at: datetime) -> Body:
        """Make the week's plan unless it is there, and write the mail about what is open in it."""
        week = IsoWeek.parse(claim.week)
        with database.read() as connection:
            principal, person = _recipient(connection, claim)
            made = plan_of(connection, principal, week, at)
            has_more = is_behind(connection, principal, made, at, mail_id=claim.id)
        if has_more:
            with database.write() as connection:
                make_or_join(connection, principal, week, at, mail_id=claim.id)
        with database.read() as connection:
            plan = plan_of(connection, principal, week, at)
        if plan is None or not plan.open:
            freshen(database, principal, at)
        with database.read() as connection:
            told = Told(principal, person, week, principal.own_day(at))
            return self.written(connection, told, plan, at)

    def written(self, connection: Connection, told: Told, plan: PlanView | None, at: datetime) -> Body:
        """The mail about what is open in this plan; for a week with nothing open, from the stored metrics. Raises NoMail."""
        principal, is_open = told.principal, bool(plan and plan.open)
        empty = Empty() if is_open else why_empty(connection, principal, plan, at, is_ahead=told.is_ahead)
        promises = _promises(connection, principal, told.week, at)
        if plan is None or not (is_open or promises):
            return self._quiet(connection, told, empty, at)
        said = [missed.said_to(connection, principal, told.week)]
        if is_open:
            said.append(planned_on(plan.open, principal.own_day(at), principal.user_zone))
            said += [easing(plan.budget), caution(connection, principal, at)]
        proposed = are_proposals(connection, principal, plan)
        cautions = " ".join(filter(None, said))
        mail = self._nudge(told, plan, promises, empty, cautions, at, proposed=proposed)
        return self._rendered("nudge", mail, told)

    def _quiet(self, connection: Connection, told: Told, empty: Empty, at: datetime) -> Body:
        """The short mail of a week with nothing open: nobody was due, or whoever was found no place."""
        person, principal = told.person, told.principal
        if not person.nudge_when_empty:
            raise NothingDue(empty)
        sentence = empty.sentence(connection, principal)
        mail = AllInTouchMail(
            person.name,
            week_phrase(told.week.monday, principal.own_day(at)),
            empty.title,
            sentence,
            _(DAY_NAMES[person.nudge_weekday]),
            f"{self.settings.url}/",
            f"{self.settings.url}/settings",
            self._addresses(told, at)(0, links.STOP_MAIL),
            person.digest_on,
        )
        return self._rendered("all_in_touch", mail, told)

    def _addresses(self, told: Told, at: datetime) -> Callable[..., str]:
        """Where the mail's buttons lead, by suggestion and verb."""
        return self.addresses(self.settings, told.principal, str(told.week), at)

    def _rendered(self, name: str, mail: NudgeMail | AllInTouchMail, told: Told) -> Body:
        rendered = render(self.templates, name, {"mail": mail}, self.columns)
        stop = unsubscribe_headers(mail.unsubscribe_url)
        headers = {**stop, **self._answerable(told.principal, str(told.week))}
        return Body(told.person.email, rendered.subject, rendered.text, rendered.html, headers)

    def _answerable(self, principal: Principal, week: str) -> dict[str, str]:
        """What tells a reply that it answers this mail, where replies are read."""
        if not self.settings.imap_url or principal.user_id is None:
            return {}
        nudge = Nudge(principal.workspace_id, principal.user_id, week)
        domain = Mailbox.parse(self.settings.mail_from).domain
        return {"References": reply_id(self.settings.key, nudge, domain)}

    def _nudge(
        self,
        told: Told,
        plan: PlanView,
        promises: tuple[str, ...],
        empty: Empty,
        caution: str,
        at: datetime,
        *,
        proposed: bool,
    ) -> NudgeMail:
        person, address = told.person, self._addresses(told, at)
        today, acts = told.principal.own_day(at), [one.act for one in plan.open]
        return NudgeMail(
            user_name=person.name,
            week_label=week_phrase(plan.week.monday, today),
            title=headline(len(acts), meets=meets(acts)) if acts else promises_to_keep(len(promises)),
            summary=budget_summary(acts) if acts else empty.beside_promises,
            suggestions=tuple(_shown(one, address, today) for one in plan.open),
            promises=promises,
            day_name=_(DAY_NAMES[person.nudge_weekday]),
            week_url=f"{self.settings.url}/",
            preferences_url=f"{self.settings.url}/settings",
            unsubscribe_url=address(0, links.STOP_MAIL),
            caution=caution,
            takes_replies=bool(self.settings.imap_url),
            proposed=proposed,
            has_digest=person.digest_on,
            is_ahead=told.is_ahead,
        )


def require_wanted(connection: Connection, claim: Claim) -> None:
    """NoMail where whoever the mail is for was shut out, has switched it off, or may not have it any more."""
    match claim.purpose:
        case due.DIGEST:
            digest.recipient(connection, claim)
        case alarms.ALARM:
            alarms.recipient(connection, claim)
        case returns.NOTICE:
            notices.recipient(connection, claim)
        case _:
            _recipient(connection, claim)


def _recipient(connection: Connection, claim: Claim) -> tuple[Principal, Any]:
    row = connection.execute(
        select(user).where(
            user.c.workspace_id == claim.workspace_id, user.c.id == claim.user_id, gets_nudges()
        )
    ).one_or_none()
    if row is None:
        raise NoMail("skipped", SWITCHED_OFF)
    try:
        team = command_line(connection, claim.workspace_id)
        return principal_of(connection, team, claim.user_id), row
    except NotFound:
        raise NoMail("skipped", SWITCHED_OFF) from None


def _shown(one: Suggested, address: Callable[..., str], today: date) -> NudgeSuggestion:
    swap = one.swaps[0] if one.swaps else None
    return NudgeSuggestion(
        name=one.contact.name,
        organisation=one.contact.organisation or "",
        act=one.act,
        act_label=capital(word(one.act)),
        reason=one.reason,
        slot=_moment(one, today),
        done_url=address(one.id, "done"),
        done_label=_("Done & log"),
        met_url=address(one.id, "met") if one.may_be_unrecorded else None,
        swap_url=address(one.id, "swap", swap) if swap else None,
        swap_label=_("{swap} instead").format(swap=capital(word(swap))) if swap else None,
        snooze_url=address(one.id, "snooze"),
        calendar_url=address(one.id, "calendar") if still(one.slot, today).day else None,
        dismiss_url=address(one.id, "not_this_person"),
        address_missing=one.needs_address,
        given_name=one.contact.given_name,
        about=about(one, today),
    )


def _moment(one: Suggested, today: date) -> str:
    """When, for a call by which number, whether it is arranged already, and whether something has come into the way."""
    words = slot_words(one, today, dated=True)
    number = one.contact.phone if one.act == "call" else None
    day = one.arranged_for and day_phrase(one.arranged_for, today)
    arranged = _(ARRANGED).format(day=day) if day else ""
    lost = IN_THE_WAY.get(one.absent) or (TAKEN if one.is_taken else "")
    parts = [part for part in (words, number, arranged, lost and _(lost)) if part]
    return ". ".join(part.rstrip(".") for part in parts[:-1]) + (f". {parts[-1]}" if parts[1:] else words)


def about(one: Suggested, today: date) -> str:
    """The first thing to talk about that the reason does not say already, with its day; empty if there is none."""
    for point in one.talking_points:
        if point.kind in ABOUT and point.text not in one.reason:
            said = dated(point, today)
            day = f" ({said})" if said else ""
            return f"{_(ABOUT[point.kind])}: {cut(point.text)}{day}"
    return ""


def cut(words: str) -> str:
    """At most so many letters, whole words."""
    line = " ".join(words.split())
    return textwrap.shorten(line, LONGEST_POINT, placeholder=" …")


def slot_words(one: Suggested, today: date, *, dated: bool = False) -> str:
    """When, and what speaks for it: "Thu 19 Nov, 12:30. Both in Boston." Once its day is over, any other will do.

    ``dated``: also today's date is said, since a mail may be read tomorrow.
    """
    as_of_now = replace(one, slot=still(one.slot, today))
    parts = [moment_words(as_of_now, today, dated=dated), one.place or "", as_of_now.slot.note]
    said = [part.rstrip(".") for part in parts if part]
    return said[0] if len(said) == 1 else "".join(f"{part}. " for part in said).rstrip()


def _promises(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> tuple[str, ...]:
    """What this user's people were promised by the end of the week, the oldest first; whom they let rest, rests."""
    rows = connection.execute(
        select(promise.c.text, promise.c.due, contact.c.name)
        .join(
            contact,
            (contact.c.workspace_id == promise.c.workspace_id) & (contact.c.id == promise.c.contact_id),
        )
        .where(
            promise.c.workspace_id == principal.workspace_id,
            contact.c.owner_id == principal.user_id,
            is_present(),
            ~let_rest(week.sunday),
            promise.c.by == "us",
            is_open(promise, principal.team_day(at)),
            promise.c.due <= week.sunday,
        )
        .order_by(promise.c.due, promise.c.id)
        .limit(MOST_PROMISES)
    )
    today = principal.own_day(at)
    return tuple(f"{row.name}: {_promised(row.text, row.due, today)}" for row in rows)


def _promised(text: str, due: date, today: date) -> str:
    words = " ".join(text.split()).rstrip(".!")
    day = day_phrase(due, today)
    if due >= today:
        return _("{words}, by {day}.").format(words=words, day=day)
    return _("{words}, by {day}. That day has passed, so tell them yourself.").format(words=words, day=day)
