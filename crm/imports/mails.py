"""One mail as a sighting: who wrote to whom, when, about what, and whether that is contact at all.

What stays unreadable is left out with a reason.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from crm.contacts.drafts import one_line
from crm.domain.correspondence import OLDEST, REASONS, is_machine, reason_of_mail
from crm.domain.language import plurals
from crm.imports.forwarded import Unclear
from crm.imports.limits import TooLong, at_most
from crm.imports.log_mailboxes import LogMailbox
from crm.imports.mail_heads import DELIVERED, Headers, addresses, key_of, moment_of, sender_of, subject_of
from crm.imports.mail_text import plain_words
from crm.imports.mailboxes import BODY_LIMIT, RawMail
from crm.imports.phrases import phrase
from crm.imports.sightings import Notices, Party, Sighting

MAIL_SECONDS = 2.0
_MAILS = plurals("{n} mail left out: {why}.", "{n} mails left out: {why}.")


class MailReader:
    """The mails of one source on their way to sightings; counts what is no contact."""

    def __init__(
        self, notices: Notices, now: datetime, *, keep_text: bool = False, log: LogMailbox | None = None
    ) -> None:
        """``log``: the mailbox is one to which mails are forwarded to be logged."""
        self._notices, self._now, self._keep_text, self._log = notices, now, keep_text, log
        self._passed: Counter[str] = Counter()
        self._seen: set[bytes] = set()

    @property
    def body(self) -> int:
        """How many bytes of each body are needed."""
        return BODY_LIMIT if self._keep_text or self._log else 0

    def sightings(self, mails: Iterator[RawMail]) -> Iterator[Sighting]:
        """Those that are contact. The same mail in two folders is told once, unless the two differ in whom they name."""
        for mail in mails:
            found = self._sighting(mail)
            if found is not None and not self._is_told(found):
                yield found

    def tell(self) -> None:
        """Say what was passed over, and why."""
        for reason, words in REASONS.items():
            self._notices.leave_out_all(_MAILS, self._passed[reason], words)

    def _is_told(self, found: Sighting) -> bool:
        who = sorted({*found.parties, *found.delivered}, key=lambda one: one.email)
        emails = [one.email for one in who]
        said = repr([found.key, found.sender, emails, found.occurred_at, found.summary, found.note])
        mark = hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=8).digest()
        if mark in self._seen:
            return True
        self._seen.add(mark)
        return False

    def _sighting(self, mail: RawMail) -> Sighting | None:
        try:
            with at_most(MAIL_SECONDS):
                return self._read(mail)
        except TooLong:
            self._notices.leave_out(mail.where, phrase("This mail takes too long to read, and was left out."))
        except Exception:  # whatever a broken mail makes of a parser, the others go on
            self._notices.leave_out(mail.where, phrase("This mail is malformed, and was left out."))
        return None

    def _read(self, mail: RawMail) -> Sighting | None:
        headers = Headers(bytes(mail.head))
        sender = sender_of(headers)
        reason = mail.reason or reason_of_mail(headers.first, sender.email if sender else "")
        if reason is not None:
            self._passed[reason] += 1
            return None
        moment = moment_of(headers.first("date"))
        fault = _fault(headers, sender, moment)
        if fault is not None or sender is None or moment is None:
            self._notices.leave_out(mail.where, fault or "")
            return None
        if moment > self._now:
            self._passed["ahead"] += 1
            return None
        if self._log and self._log.is_for_it(headers, sender):
            return self._forwarded(headers, mail, sender, moment)
        note = plain_words(bytes(mail.head), bytes(mail.body)) if self._keep_text else None
        return _seen(headers, sender, moment, mail.where, note)

    def _forwarded(self, headers: Headers, mail: RawMail, sender: Party, moment: datetime) -> Sighting | None:
        """What one of us forwarded to be logged, which is that mail and not this one."""
        assert self._log is not None
        try:
            original = self._log.original(headers, mail)
        except Unclear as why:
            self._notices.ask(mail.where, phrase(why.pattern, mail=_named(headers), date=why.date))
            return None
        if original is None:
            return _seen(headers, sender, moment, mail.where, None)
        author, reason = original.sender, reason_of_mail(original.headers.first, original.sender.email)
        if reason is not None:
            self._passed[reason] += 1
            return None
        if original.moment > self._now:
            self._passed["ahead"] += 1
            return None
        seen = _seen(original.headers, author, original.moment, mail.where, None)
        parties = tuple(dict.fromkeys((author, *seen.parties, *original.named)))
        delivered = () if sender.email in {one.email for one in parties} else (sender,)
        return replace(seen, key=original.key, parties=parties, delivered=delivered)


def _seen(headers: Headers, sender: Party, moment: datetime, where: str, note: str | None) -> Sighting:
    """A mail that is contact, whoever turns out to be one of us."""
    named = [one for name in ("to", "cc", "bcc") for one in addresses(headers, name)]
    parties = {one.email: one for one in (sender, *named) if one == sender or not is_machine(one.email)}
    delivered = {one.email: one for name in DELIVERED for one in addresses(headers, name)}
    private = headers.first("sensitivity").strip().casefold() in (
        "private",
        "personal",
        "company-confidential",
    )
    return Sighting(
        key_of(headers, sender),
        moment,
        "email",
        tuple(parties.values()),
        summary=None if private else subject_of(headers.first("subject")),
        note=None if private else note,
        where=where,
        sender=sender,
        delivered=tuple(one for email, one in delivered.items() if email not in parties),
    )


def _fault(headers: Headers, sender: Party | None, moment: datetime | None) -> str | None:
    mail, written = _named(headers), headers.first("date")
    if sender is None:
        return phrase("{mail} does not say who wrote it, and was left out.", mail=mail)
    if moment is None and written.strip():
        date = (one_line(written[:200]) or "")[:40]
        return phrase(
            "{mail} has a date that cannot be read (“{date}”), and was left out.", mail=mail, date=date
        )
    if moment is None:
        return phrase("{mail} has no date, and was left out.", mail=mail)
    if moment < OLDEST:
        return phrase(
            "{mail} is dated {date}, so the sender’s clock must have been wrong; it was left out.",
            mail=mail,
            date=moment.date().isoformat(),
        )
    return None


def _named(headers: Headers) -> str:
    subject = subject_of(headers.first("subject")) or ""
    return f"“{subject[:60]}{'…' if len(subject) > 60 else ''}”" if subject else phrase("This mail")
