"""Working through the outbox: claim a mail, write it, hand it over, and keep what became of it.

No transaction is open while the mail server is spoken to. Any number of processes may work at once.
"""

import logging
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import Environment
from sqlalchemy import ColumnElement, Select, and_, select

from crm.accounts.stopped import kept_stop
from crm.domain.returned import is_for_good
from crm.errors import Unavailable, UsageError
from crm.mail import kept_words
from crm.mail.dkim import signing
from crm.mail.message import BadAddress, BadHeader, Mailbox, compose, serialise
from crm.mail.smtp_settings import SmtpSettings
from crm.mail.transport import Delivery, DeliveryState, Phase, deliver
from crm.nudges import outbox as mails
from crm.nudges import returns
from crm.nudges.alarms import raise_alarms
from crm.nudges.compose import Writer, require_wanted
from crm.nudges.digest import put_digests
from crm.nudges.due import PURPOSE, OtherTime, Placed, put_due
from crm.nudges.outbox import Body, Claim, LostClaim, NoMail
from crm.settings import Settings
from crm.storage.database import Database
from crm.storage.tables import outbox, user

log = logging.getLogger("crm.nudges")

Result = TypeVar("Result")
Now = Callable[[], datetime]
Deliver = Callable[[Claim, EmailMessage, Callable[[], None]], Delivery]
TRIES = 4
TRIES_TO_SETTLE = 20
"""An answer of the mail server that is not kept leaves the mail in doubt, so this is tried for most of the lease."""
PATIENCE = timedelta(seconds=20)
ROUND = timedelta(minutes=1)
"""So long one round of the clock begins mails: then it looks again for what else has fallen due or missed its time."""


@dataclass(frozen=True)
class Outcome:
    """What became of one mail in this run."""

    user: str
    week: str
    state: str
    message_id: str
    reason: str | None


@dataclass(frozen=True)
class Whom:
    """Whose mails are worked on: everybody's, one workspace's, or one user's."""

    workspace_id: int | None = None
    user_id: int | None = None

    def users(self) -> ColumnElement[bool] | None:
        """As a condition on users."""
        return self._chosen(user.c.workspace_id, user.c.id)

    def mails(self) -> ColumnElement[bool] | None:
        """As a condition on mails."""
        return self._chosen(outbox.c.workspace_id, outbox.c.user_id)

    def _chosen(
        self, workspace_id: ColumnElement[int], user_id: ColumnElement[int]
    ) -> ColumnElement[bool] | None:
        if self.workspace_id is None:
            return None
        here = workspace_id == self.workspace_id
        return here if self.user_id is None else and_(here, user_id == self.user_id)


EVERYBODY = Whom()


@dataclass(frozen=True)
class Postman:
    """One process that works on the outbox. ``deliver`` of none: what is due is shown, and nothing is claimed.

    ``now`` is asked before every step; ``going`` says whether to go on with the next mail.
    ``other`` says that another time than now is asked about. ``longest``: for how long mails are begun, if not
    until all are out.
    """

    database: Database
    writer: Writer
    sender: Mailbox
    deliver: Deliver | None
    now: Now
    process: str
    going: Callable[[], bool] = field(default=lambda: True)
    whom: Whom = EVERYBODY
    other: OtherTime | None = None
    longest: timedelta | None = None

    def work(self) -> list[Outcome]:
        """Send what is due, one mail after the other; returns what became of each."""
        patiently(self._sweep)
        placed = patiently(
            lambda: put_due(
                self.database,
                self.sender.domain,
                self.now(),
                only=self.whom.users(),
                other=self.other,
            )
        )
        self._put_others()
        outcomes = [_placed(one) for one in placed if one.state != "due"]
        begun_at = self.now()
        while self.deliver is not None and self.going() and not self._is_over(begun_at):
            claim = patiently(self._claim)
            if claim is None:
                break
            outcome = self._carry_out(claim, self.deliver)
            if outcome is not None:
                outcomes.append(outcome)
        return outcomes

    def _is_over(self, begun_at: datetime) -> bool:
        return self.longest is not None and self.now() >= begun_at + self.longest

    def _sweep(self) -> None:
        at = self.now() if self.other is None else self.other.swept_at(self.now())
        mails.sweep(self.database, at, only=self.whom.mails())

    def _put_others(self) -> None:
        """What goes out beside the weekly mails: digests, and word to the admins of mails that missed their time."""
        domain, now, users = self.sender.domain, self.now(), self.whom.users()
        patiently(lambda: put_digests(self.database, domain, now, only=users, other=self.other))
        if self.other is None and self.deliver is not None:
            patiently(lambda: raise_alarms(self.database, domain, now))

    def _claim(self) -> Claim | None:
        return mails.claim_next(self.database, self.now(), self.process, only=self.whom.mails())

    def _carry_out(self, claim: Claim, hand_over: Deliver) -> Outcome | None:
        """Nothing goes out of here but what the database says of the mail: one user's fault stops nobody else's mail."""
        try:
            state, reason = self._attempt(claim, hand_over)
        except LostClaim:
            return None
        except NoMail as nothing:
            state, reason = nothing.state, nothing.reason
        except Unavailable as fault:
            state, reason = mails.retry_or_give_up(claim, fault.sentence, self.now())
        except (BadAddress, BadHeader) as fault:
            state, reason = "failed", kept_words.NO_ADDRESS.format(fault=fault)
        except Exception as fault:
            _report()
            state = "failed"
            reason = kept_words.BROKE.format(fault=type(fault).__name__)
        return self._settle(claim, state, reason)

    def _attempt(self, claim: Claim, hand_over: Deliver) -> tuple[str, str | None]:
        body = patiently(lambda: self._body(claim))
        self._require_open(claim, body.to_address)
        message = compose(
            sender=self.sender,
            to=Mailbox(body.to_address),
            subject=body.subject,
            text=body.text,
            html=body.html,
            message_id=claim.message_id,
            date=self.now(),
            headers=body.headers,
        )
        delivery = hand_over(
            claim, message, lambda: patiently(lambda: mails.begin_handover(self.database, claim, self.now))
        )
        if delivery.state is DeliveryState.REFUSED:
            patiently(lambda: self._stop_if_for_good(claim, body.to_address, delivery))
        return self._state(claim, delivery)

    def _require_open(self, claim: Claim, address: str) -> None:
        """NoMail where nobody wants it any more, also since it was written; or where that address takes no mail: it was
        refused for good, now or by a mail that came back."""
        with self.database.read() as connection:
            require_wanted(connection, claim)
            stopped = kept_stop(connection, claim.workspace_id, address)
        if stopped:
            raise NoMail("skipped", stopped)

    def _stop_if_for_good(self, claim: Claim, address: str, delivery: Delivery) -> None:
        """Before the mail is settled, so that a stop of the machine between the two loses neither."""
        of_address, said = delivery.phase is Phase.RECIPIENT, _said(delivery)
        if is_for_good(said, about_recipient=of_address):
            domain = self.sender.domain
            with self.database.write() as connection:
                returns.stop(connection, claim.workspace_id, address, said, domain, self.now())

    def _body(self, claim: Claim) -> Body:
        with self.database.read() as connection:
            kept = mails.body_of(connection, claim)
        if kept is not None:
            return kept
        body = self.writer.body(self.database, claim, self.now())
        with self.database.write() as connection:
            mails.keep_body(connection, claim, body)
        return body

    def _state(self, claim: Claim, delivery: Delivery) -> tuple[str, str | None]:
        said = _said(delivery)
        match delivery.state:
            case DeliveryState.ACCEPTED:
                return "sent", said or None
            case DeliveryState.REFUSED:
                return "failed", kept_words.REFUSED.format(said=said)
            case DeliveryState.TEMPORARY:
                return mails.retry_or_give_up(claim, said, self.now())
            case DeliveryState.UNKNOWN:
                return "unknown", kept_words.NO_ANSWER.format(said=said)

    def _settle(self, claim: Claim, state: str, reason: str | None) -> Outcome | None:
        """Keep how it ended. Where the database cannot be reached, sweeping settles the mail later."""
        try:
            kept = lambda: mails.settle(self.database, claim, state, reason, self.now())  # noqa: E731
            if not patiently(kept, TRIES_TO_SETTLE, pause=1):
                return None
            with self.database.read() as connection:
                email = connection.execute(_email(claim)).scalar_one_or_none()
        except Unavailable:
            log.error(
                "what became of a mail could not be kept; it is settled once the database answers again"
            )
            return None
        return Outcome(email or "", claim.week, state, claim.message_id, reason)


def patiently(step: Callable[[], Result], tries: int = TRIES, pause: float = 0) -> Result:
    """Do a step in the database; where many processes write at once, it may be busy for longer than one wait."""
    for _ in range(tries - 1):
        try:
            return step()
        except Unavailable:
            time.sleep(pause)
    return step()


def _said(delivery: Delivery) -> str:
    return " ".join(filter(None, (str(delivery.code or ""), delivery.reply)))


def _email(claim: Claim) -> Select[Any]:
    return select(user.c.email).where(user.c.workspace_id == claim.workspace_id, user.c.id == claim.user_id)


def _placed(one: Placed) -> Outcome:
    return Outcome(one.email, one.week, one.state, one.message_id, one.reason)


def _report() -> None:
    """Where it broke and of what kind, without the message: messages hold what people wrote."""
    kind, _, trace = sys.exc_info()
    log.error(
        "%s while writing a mail\n%s", kind.__name__ if kind else "fault", "".join(traceback.format_tb(trace))
    )


def sender_of(settings: Settings) -> Mailbox:
    """CRM_MAIL_FROM as a mailbox; UsageError if no mail can be sent from it."""
    try:
        return Mailbox.parse(settings.mail_from)
    except BadAddress as fault:
        raise UsageError(f"CRM_MAIL_FROM names no address that mail can be sent from. {fault}") from None


def by_smtp(settings: Settings, timeout: float = 30) -> Deliver | None:
    """Delivery by the server of CRM_SMTP_URL; none where mail is not set up. ``timeout``: seconds for each step."""
    if not settings.smtp_url:
        return None
    server, sign = SmtpSettings.parse(settings.smtp_url), signing(settings)
    return lambda _, message, begin: deliver(server, message, timeout=timeout, on_handover=begin, sign=sign)


def into_folder(folder: Path) -> Deliver:
    """Delivery into ``folder``, one file a mail: ``2026-W48-17.eml`` is the weekly one of the user with the id 17,
    ``2026-W48-17-digest.eml`` their team digest."""

    def write(claim: Claim, message: EmailMessage, begin: Callable[[], None]) -> Delivery:
        data = serialise(message)
        begin()
        name = f"{claim.week}-{claim.user_id}" + (f"-{claim.purpose}" if claim.purpose != PURPOSE else "")
        path = folder / f"{name}.eml"
        draft = folder / f".{name}.{claim.fence}.part"
        try:
            draft.write_bytes(data)
            draft.replace(path)
        except OSError as fault:
            why = fault.strerror or type(fault).__name__
            return Delivery(
                DeliveryState.TEMPORARY, Phase.HANDED_OVER, kept_words.NOT_WRITTEN.format(fault=why)
            )
        return Delivery(DeliveryState.ACCEPTED, Phase.HANDED_OVER, kept_words.WRITTEN.format(file=path.name))

    return write


def work_now(
    database: Database,
    settings: Settings,
    templates: Environment,
    now: Now,
    process: str,
    workspace_id: int,
    going: Callable[[], bool],
) -> list[Outcome]:
    """One round for one team while somebody waits for it: no mail is begun after `PATIENCE`, or once it is to stop."""
    return Postman(
        database,
        Writer(settings, templates),
        sender_of(settings),
        by_smtp(settings, timeout=10),
        now,
        process,
        going=going,
        whom=Whom(workspace_id),
        longest=PATIENCE,
    ).work()


def work(
    database: Database,
    settings: Settings,
    templates: Environment,
    now: Now,
    process: str,
    going: Callable[[], bool] = lambda: True,
) -> list[Outcome]:
    """One round for everybody, by SMTP: what the clock does every half minute."""
    return Postman(
        database,
        Writer(settings, templates),
        sender_of(settings),
        by_smtp(settings),
        now,
        process,
        going,
        longest=ROUND,
    ).work()
