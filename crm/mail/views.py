"""What each mail shows: one frozen view a mail, handed to its templates as ``mail``. Everything is ready to read."""

from dataclasses import dataclass

from crm.domain.budgets import GROUPS
from crm.domain.calling import called
from crm.domain.language import gettext as _
from crm.domain.spans import names_and_others


@dataclass(frozen=True)
class NudgeSuggestion:
    """One person of the week: why, what and when, and the pages its buttons open.

    ``reason`` is a sentence; ``slot`` the moment and what speaks for it, or empty. The stamp says ``act_label``.
    ``address_missing``: a note or a gift is due and there is nowhere to post it, so the mail says "Ask for their address"
    in place of the slot. ``given_name`` is for the subject; without it `called` tells from ``name``.
    ``met_url`` answers a reason that asks "Have you met since?". ``about`` is one thing to talk about, or empty.
    """

    name: str
    organisation: str
    act: str
    act_label: str
    reason: str
    slot: str
    done_url: str
    done_label: str
    swap_url: str | None
    swap_label: str | None
    snooze_url: str
    calendar_url: str | None
    dismiss_url: str
    address_missing: bool = False
    given_name: str | None = None
    met_url: str | None = None
    about: str = ""

    @property
    def moment(self) -> str:
        """The line in bold, empty if there is none."""
        is_posted = GROUPS.get(self.act) == "by_hand"
        return _("Ask for their address") if is_posted and self.address_missing else self.slot

    @property
    def short_name(self) -> str:
        """How the subject calls this person."""
        return called(self.name, self.given_name)


def _why_this_mail(day_name: str, *, has_digest: bool) -> str:
    """Why it came, and how often one comes: whoever asked for the team digest gets that too."""
    said = (
        _("Yes, this is an email. It comes once a week, on {day_name}s, and so does the team digest.")
        if has_digest
        else _("Yes, this is an email. It is the only one we send, on {day_name}s.")
    )
    return said.format(day_name=day_name)


def promises_to_keep(many: int) -> str:
    """What a week is called in which only promises fall due; a mail does not list all of many, so they are not counted."""
    return _("One promise to keep") if many == 1 else _("Promises to keep")


@dataclass(frozen=True)
class NudgeMail:
    """The weekly mail. ``title`` and ``summary`` are domain's headline and budget summary of the suggestions.

    ``week_label`` reads like "Week of Mon 16 Nov"; each of ``promises`` is what follows "You promised", with its
    full stop, and where there are no suggestions there are promises, of which the title speaks.
    ``day_name`` is the day it goes out ("Monday"). The three addresses end the mail.
    ``takes_replies``: an answer to the mail is read and logged. ``proposed``: no calendar of the user's says when they
    are free.
    ``has_digest``: its reader gets the team digest as well.
    ``caution`` says where the plan is half a plan or its reasons may be less sure, in sentences, or is empty.
    """

    user_name: str
    week_label: str
    title: str
    summary: str
    suggestions: tuple[NudgeSuggestion, ...]
    promises: tuple[str, ...]
    day_name: str
    week_url: str
    preferences_url: str
    unsubscribe_url: str
    caution: str = ""
    takes_replies: bool = False
    proposed: bool = False
    has_digest: bool = False
    is_ahead: bool = False

    @property
    def why(self) -> str:
        """Why it came."""
        return _why_this_mail(self.day_name, has_digest=self.has_digest)

    @property
    def foot(self) -> str:
        """What is to be known before one acts: that times are proposals, and that a reply is logged."""
        proposal = _("Times are proposals within working hours.") if self.proposed else ""
        return " ".join(filter(None, (proposal, self.reply_hint)))

    @property
    def reply_hint(self) -> str:
        """That a reply is logged, by an example; empty where none is read."""
        if not self.takes_replies or not self.suggestions:
            return ""
        first = self.suggestions[0].short_name
        return _(
            "Reply to log: “had lunch with {first}, the numbers come on Friday”, one line for each person."
        ).format(first=first)

    @property
    def subject(self) -> str:
        """ "Marta, Elena and four others this week"; whoever shares a short name with another is named in full.

        ``is_ahead``: it goes out before its week has begun.
        """
        short = [one.short_name for one in self.suggestions]
        names = [
            one.name if short.count(word) > 1 else word
            for one, word in zip(self.suggestions, short, strict=True)
        ]
        whom = names_and_others(names) if names else promises_to_keep(len(self.promises))
        if self.is_ahead:
            return _("{whom} in the coming week").format(whom=whom)
        return _("{whom} this week").format(whom=whom)


@dataclass(frozen=True)
class AllInTouchMail:
    """The short mail of a week with nothing to do, for users who asked for it. ``title``, its subject too, says why that
    is so: nobody waits, all is answered, or the week has no room; ``sentence`` gives the counts."""

    user_name: str
    week_label: str
    title: str
    sentence: str
    day_name: str
    week_url: str
    preferences_url: str
    unsubscribe_url: str
    has_digest: bool = False

    @property
    def why(self) -> str:
        """Why it came, though nothing is to be done."""
        why = _why_this_mail(self.day_name, has_digest=self.has_digest)
        return f"{why} {_('You asked for it in quiet weeks too.')}"


@dataclass(frozen=True)
class AddressStoppedMail:
    """For an admin: no mail reaches ``whose`` address, and ``said`` is what its mail server answered."""

    user_name: str
    whose: str
    address: str
    said: str
    heartbeat_url: str


@dataclass(frozen=True)
class MissedMail:
    """One weekly mail that missed its time: whose, which, why, and when it is tried again (or empty)."""

    name: str
    which: str
    reason: str
    again: str


@dataclass(frozen=True)
class AlarmMail:
    """For an admin: weekly mails missed their time. ``more`` says how many are not listed, or is empty."""

    user_name: str
    workspace: str
    title: str
    missed: tuple[MissedMail, ...]
    more: str
    heartbeat_url: str


@dataclass(frozen=True)
class DigestLine:
    """One person or account of the digest: the name, and what there is to say."""

    name: str
    words: str


@dataclass(frozen=True)
class DigestMail:
    """The team digest, weekly. ``lead`` is the coverage; each list comes with a sentence that counts, and ``acts`` says
    what became of suggestions. Names are those everybody in the team can read."""

    user_name: str
    workspace: str
    week_label: str
    lead: str
    screen_sentence: str
    screen_only: tuple[DigestLine, ...]
    account_sentence: str
    accounts: tuple[DigestLine, ...]
    working_sentence: str
    acts: tuple[DigestLine, ...]
    day_name: str
    health_url: str
    accounts_url: str
    working_url: str
    preferences_url: str
    unsubscribe_url: str


@dataclass(frozen=True)
class SignInLinkMail:
    """A link that signs in once. ``valid_for`` reads like "15 minutes"."""

    user_name: str
    workspace: str
    url: str
    valid_for: str


@dataclass(frozen=True)
class PasswordResetMail:
    """A link to choose a new password. ``valid_for`` reads like "an hour"."""

    user_name: str
    workspace: str
    url: str
    valid_for: str


@dataclass(frozen=True)
class InvitationMail:
    """The first mail somebody gets from us: ``invited_by`` asks them into ``workspace``."""

    user_name: str
    invited_by: str
    workspace: str
    url: str
    valid_for: str


@dataclass(frozen=True)
class AddressChangeMail:
    """To the address that a user wants: a link that takes it in place of ``old``. ``valid_for`` reads like "a day"."""

    user_name: str
    old: str
    new: str
    workspace: str
    url: str
    valid_for: str


@dataclass(frozen=True)
class AddressChangedMail:
    """To the address that a user had: that ``new`` is theirs now."""

    user_name: str
    old: str
    new: str
    workspace: str
    url: str


@dataclass(frozen=True)
class TestMail:
    """What the test button of the heartbeat page sends. ``sent_at`` reads like "Mon 16 Nov, 08:00"."""

    # Not a test case, whatever its name says to pytest.
    __test__ = False

    user_name: str
    workspace: str
    sent_at: str
    heartbeat_url: str


MailView = (
    NudgeMail
    | AllInTouchMail
    | AddressStoppedMail
    | DigestMail
    | AlarmMail
    | SignInLinkMail
    | PasswordResetMail
    | InvitationMail
    | AddressChangeMail
    | AddressChangedMail
    | TestMail
)

# Each mail's folder below templates/emails and the view its templates read.
MAILS: dict[str, type[MailView]] = {
    "nudge": NudgeMail,
    "all_in_touch": AllInTouchMail,
    "address_stopped": AddressStoppedMail,
    "digest": DigestMail,
    "alarm": AlarmMail,
    "sign_in_link": SignInLinkMail,
    "password_reset": PasswordResetMail,
    "invitation": InvitationMail,
    "address_change": AddressChangeMail,
    "address_changed": AddressChangedMail,
    "test_send": TestMail,
}
