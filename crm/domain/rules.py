"""Rules: a condition over a contact's metrics with the acts it suggests; and those that ship (PRODUCT.md section 5)."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from crm.domain.channels import Direction
from crm.domain.expressions import Condition, Metric, names_in
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.metrics import WORDS
from crm.domain.score import screen_only
from crm.domain.targets import TIERS, TIERS_WITH_TARGETS

ACTS = ("call", "lunch", "meeting", "visit", "note", "gift")
CHANNELS_OF_ACTS = {act: act for act in ACTS} | {"call": "phone"}
"""Act → the key of the channel it is logged by."""
_ONE_WAY = ("note", "gift")
Severity: TypeAlias = Literal["high", "medium", "low"]
SEVERITIES: tuple[str, ...] = get_args(Severity)
_SEVERITIES = (N_("high"), N_("medium"), N_("low"))
EVERYONE = TIERS
KEPT = TIERS_WITH_TARGETS
WRITTEN_DOWN = ("important_ask", "promise_due")
"""The only rules that flag people of tier *none*: things the user wrote down (PRODUCT.md section 3)."""


def act_of(channel: str) -> str | None:
    """The act that is logged by the channel of this key; None where no act is, as with mail."""
    return next((act for act, key in CHANNELS_OF_ACTS.items() if key == channel), None)


def direction_of(channel: str) -> Direction:
    """The direction that an act is logged with by the channel of this key: notes and gifts go out, everything else is mutual."""
    return "outbound" if channel in _ONE_WAY else "mutual"


@dataclass(frozen=True)
class Rule:
    """One rule. ``high_when`` raises the severity to *high* where it holds; ``kinds`` empty means any.

    ``about`` is *people* or *organisations*.
    """

    key: str
    name: str
    tiers: tuple[str, ...]
    when: Condition
    suggests: tuple[str, ...]
    severity: str
    high_when: Condition | None = None
    weekly_limit: int | None = None
    evidence: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    about: str = "people"

    @property
    def title(self) -> str:
        """The name as people read it: translated where it is still the one that ships."""
        return _(self.name) if self.name == _NAMES.get(self.key) else self.name

    def condition(self) -> Condition:
        """Tiers, kinds and condition together: what is compiled."""
        chosen = Metric("tier").one_of(*self.tiers) & self.when
        return Metric("kind").one_of(*self.kinds) & chosen if self.kinds else chosen

    def evidence_names(self) -> tuple[str, ...]:
        """The metrics a flag shows as its numbers: those the condition mentions, then the rule's own extras."""
        mentioned = [name for name in names_in(self.when) if name not in WORDS]
        return tuple(dict.fromkeys([*mentioned, *self.evidence]))


KEY = ("key",)
CLOSE = ("key", "regular")

ASK_IS_NEAR, ASK_IS_OLD = 21, 14
"""Days before an ask falls due, and days that one has been open, from which it is told."""

_m = Metric

SHIPPED = (
    Rule(
        key="screen_only",
        name=N_("Key people we reach only by screen"),
        tiers=KEY,
        when=screen_only(),
        suggests=("lunch", "call", "note"),
        severity="high",
        evidence=("digital_streak", "days_since_personal"),
    ),
    Rule(
        key="never_met",
        name=N_("Key people with no meeting on record"),
        tiers=KEY,
        when=~_m("overdue_in_person").missing()
        & _m("known_days").ge(90)
        & _m("days_since_in_person").missing()
        & _m("total_365").ge(1),
        suggests=("lunch", "visit"),
        severity="medium",
    ),
    Rule(
        key="gone_digital",
        name=N_("Once in person, now all digital"),
        tiers=CLOSE,
        when=_m("total_90").ge(3)
        & _m("digital_share_90").ge(0.8)
        & _m("prior_total_365").ge(4)
        & _m("prior_personal_365").ge(_m("prior_total_365") / 2.0),
        suggests=("lunch", "call"),
        severity="medium",
        evidence=("digital_90",),
    ),
    Rule(
        key="in_person_overdue",
        name=N_("In-person contact is overdue"),
        tiers=KEY,
        when=_m("overdue_in_person").gt(1) & ~_m("days_since_in_person").missing(),
        suggests=("lunch", "meeting"),
        severity="medium",
    ),
    Rule(
        key="gone_quiet",
        name=N_("Gone quiet for longer than is usual"),
        tiers=CLOSE,
        when=_m("zone").eq("gone_quiet"),
        suggests=("call", "note", "lunch"),
        severity="medium",
        high_when=_m("quiet_p").ge(0.8) | _m("overdue_any").ge(3),
        evidence=("days_since_any", "rhythm_days", "quiet_p", "overdue_any", "gaps"),
    ),
    Rule(
        key="no_record",
        name=N_("Marked, and no contact on record yet"),
        tiers=CLOSE,
        when=_m("zone").eq("no_record"),
        suggests=("call", "note"),
        severity="low",
        weekly_limit=2,
        evidence=("known_days",),
    ),
    Rule(
        key="unanswered",
        name=N_("No answer to our mail for 5 days"),
        tiers=CLOSE,
        when=_m("unanswered_days").between(5, 60),
        suggests=("call", "visit"),
        severity="low",
    ),
    Rule(
        key="they_wait",
        name=N_("They wait for our answer"),
        tiers=CLOSE,
        when=_m("waiting_days").between(5, 60),
        suggests=("call",),
        severity="medium",
    ),
    Rule(
        key="long_thread",
        name=N_("A long thread wants a voice"),
        tiers=CLOSE,
        when=_m("digital_7").ge(8) & _m("live_7").eq(0),
        suggests=("call", "meeting"),
        severity="medium",
    ),
    Rule(
        key="occasion",
        name=N_("Birthdays and dates, in time for the post"),
        tiers=CLOSE,
        when=_m("days_to_date").le(14),
        suggests=("call", "note"),
        severity="medium",
    ),
    Rule(
        key="important_ask",
        name=N_("Something important to say or ask"),
        tiers=EVERYONE,
        when=_m("days_to_ask").le(ASK_IS_NEAR) | _m("oldest_ask_days").ge(ASK_IS_OLD),
        suggests=("lunch", "meeting", "call"),
        severity="high",
        evidence=("open_asks",),
    ),
    Rule(
        key="promise_due",
        name=N_("A promise of ours falls due"),
        tiers=EVERYONE,
        when=_m("days_to_our_promise").le(3),
        suggests=("call",),
        severity="high",
    ),
    Rule(
        key="thank_you",
        name=N_("A favour, not yet thanked for"),
        tiers=KEPT,
        when=_m("days_since_favour").le(7),
        suggests=("note",),
        severity="medium",
    ),
    Rule(
        key="renewal",
        name=N_("A renewal nobody has talked about"),
        tiers=CLOSE,
        when=_m("days_to_renewal").le(60) & _m("personal_90").eq(0),
        suggests=("lunch", "meeting"),
        severity="high",
    ),
)
"""The rules about contacts, in the order of PRODUCT.md section 5."""

FRAGILE_ACCOUNT = Rule(
    key="fragile_account",
    name=N_("Accounts that hang on one person"),
    tiers=KEY,
    when=_m("contacts_count").ge(2) & _m("met_count").le(1),
    suggests=("meeting", "visit"),
    severity="medium",
    about="organisations",
)
ABOUT_ORGANISATIONS = (FRAGILE_ACCOUNT,)
"""Rules about organisations: their tier, ``contacts_count`` people, of whom ``met_count`` were met in person in 365 days."""

ALL = (*SHIPPED, *ABOUT_ORGANISATIONS)
_NAMES = {one.key: one.name for one in ALL}


def kept_name(key: str, typed: str) -> str:
    """The name to keep for what somebody typed: a shipped rule's own name, where its title was left as it is read."""
    shipped = _NAMES.get(key)
    return shipped if shipped and " ".join(typed.split()) == _(shipped) else typed
