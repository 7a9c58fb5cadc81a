"""What In Person says: exact examples for every rule, and promises that hold for whatever is in the log."""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain import sentences
from crm.domain.channels import Channel
from crm.domain.evidence_words import metrics_sentence
from crm.domain.flag_facts import CHANNEL_NOUNS
from crm.domain.log_sentences import saved_sentence
from crm.domain.metric_words import Evidence
from crm.domain.metrics import METRICS, WINDOW_OF, WINDOWED
from crm.domain.rules import SHIPPED
from crm.domain.score import ZONES
from crm.domain.sentences import FlagFacts, flag_sentence, logged_sentence, reason, rhythm_sentence
from crm.domain.spans import in_tenths, span
from tests.shipped import SHIPPED_KEYS

RULES = (
    *("screen_only", "never_met", "gone_digital", "in_person_overdue", "gone_quiet", "no_record"),
    *("unanswered", "they_wait", "long_thread", "occasion", "important_ask", "promise_due"),
    *("thank_you", "renewal", "fragile_account"),
)
TODAY = date(2026, 11, 16)
FEMALE_OR_MALE = re.compile(r"\b(she|he|her|him|his|hers)\b", re.IGNORECASE)
ONE_OF_MANY = re.compile(
    r"\b(1|one) (other |digital |personal |social media |text |video |phone |handwritten )*"
    r"(emails|chats|messages|calls|contacts|days|weeks|months|years|people|notes|lunches|visits|gifts)\b",
    re.IGNORECASE,
)

EXAMPLES: list[tuple[str, Evidence, FlagFacts, str]] = [
    (
        "screen_only",
        {"digital_180": 14, "personal_180": 0},
        FlagFacts(
            since_personal={"chat": 3, "email": 14}, days_since_personal=221, last_personal_channel="visit"
        ),
        "14 emails and 3 chats since you last spoke, 7 months ago.",
    ),
    (
        "screen_only",
        {"digital_180": 3},
        FlagFacts(
            since_personal={"email": 1, "video": 1, "sms": 1},
            days_since_personal=365,
            last_personal_channel="event",
        ),
        "1 email, 1 text message and 1 video call since you last met, 1 year ago.",
    ),
    (
        "screen_only",
        {"digital_180": 3},
        FlagFacts(
            since_personal={"social": 2, "email": 2}, days_since_personal=200, last_personal_channel="note"
        ),
        "2 emails and 2 social media messages since the last handwritten note, 6 months ago.",
    ),
    (
        "screen_only",
        {"digital_180": 31},
        FlagFacts(since_personal={"email": 31}),
        "31 emails and no call, meeting or note on record.",
    ),
    (
        "screen_only",
        {"digital_180": 4},
        FlagFacts(since_personal={"email": 2, "video": 2, "zoom": 1}),
        "2 emails, 2 video calls and 1 other digital contact, and no phone call, meeting or note on record.",
    ),
    (
        "screen_only",
        {"digital_streak": 5, "days_since_personal": 190},
        FlagFacts(),
        "5 digital contacts since the last personal contact, 6 months ago.",
    ),
    (
        "screen_only",
        {"digital_180": 3},
        FlagFacts(),
        "3 digital contacts in 180 days and no call, meeting or note on record.",
    ),
    (
        "never_met",
        {"total_365": 31, "known_days": 150},
        FlagFacts(),
        "31 contacts in 5 months and no meeting on record.",
    ),
    (
        "never_met",
        {"total_365": 3, "known_days": 300},
        FlagFacts(),
        "3 contacts in 10 months and no meeting on record.",
    ),
    (
        "never_met",
        {"total_365": 3, "known_days": 299},
        FlagFacts(),
        "3 contacts in 10 months and no meeting on record.",
    ),
    (
        "never_met",
        {"total_365": 3, "known_days": 360},
        FlagFacts(),
        "3 contacts in a year and no meeting on record.",
    ),
    (
        "never_met",
        {"total_365": 1, "known_days": 900},
        FlagFacts(),
        "1 contact in a year and no meeting on record.",
    ),
    (
        "gone_digital",
        {"total_90": 9, "digital_share_90": 8 / 9, "prior_total_365": 14, "prior_personal_365": 9},
        FlagFacts(),
        "8 of 9 contacts in 90 days came through a screen; in the year before, 9 of 14 were personal.",
    ),
    (
        "gone_digital",
        {"total_90": 3, "digital_90": 3, "prior_total_365": 4, "prior_personal_365": 4},
        FlagFacts(),
        "All 3 contacts in 90 days came through a screen; in the year before, all 4 were personal.",
    ),
    (
        "gone_digital",
        {"total_90": 1, "digital_90": 1, "prior_total_365": 2, "prior_personal_365": 1},
        FlagFacts(),
        "The only contact in 90 days came through a screen; in the year before, 1 of 2 was personal.",
    ),
    (
        "in_person_overdue",
        {"days_since_in_person": 98, "overdue_in_person": 98 / 90},
        FlagFacts(),
        "Last met in person 14 weeks ago, 8 days past the target.",
    ),
    (
        "in_person_overdue",
        {"overdue_in_person": 91 / 90},
        FlagFacts(days_since_in_person=91, last_in_person_channel="lunch"),
        "Last met in person 13 weeks ago, over lunch or coffee: 1 day past the target.",
    ),
    (
        "gone_quiet",
        {"days_since_any": 63, "rhythm_days": 19.6},
        FlagFacts(),
        "Usually every 3 weeks, silent for 9.",
    ),
    (
        "gone_quiet",
        {"days_since_any": 40, "rhythm_days": 1.1},
        FlagFacts(),
        "Usually daily, silent for 5 weeks.",
    ),
    (
        "gone_quiet",
        {"days_since_any": 221, "rhythm_days": None, "overdue_any": 221 / 90},
        FlagFacts(),
        "Silent for 7 months, more than twice the target.",
    ),
    (
        "gone_quiet",
        {"days_since_any": 270, "overdue_any": 3.0},
        FlagFacts(),
        "Silent for 9 months, three times the target.",
    ),
    ("gone_quiet", {"days_since_any": 1}, FlagFacts(), "Silent for 1 day."),
    ("no_record", {}, FlagFacts(tier="key"), "Marked key, and no contact on record yet."),
    ("no_record", {"tier": "regular"}, FlagFacts(), "Marked regular, and no contact on record yet."),
    ("no_record", {}, FlagFacts(), "No contact on record yet."),
    (
        "unanswered",
        {"unanswered_days": 12},
        FlagFacts(last_outbound_channel="email"),
        "Your last email, 12 days ago, has had no answer.",
    ),
    ("unanswered", {"unanswered_days": 1}, FlagFacts(), "Your last message, yesterday, has had no answer."),
    ("they_wait", {"waiting_days": 9}, FlagFacts(), "They have waited 9 days for your answer."),
    ("they_wait", {"waiting_days": 1}, FlagFacts(), "They have waited 1 day for your answer."),
    ("they_wait", {"waiting_days": 0}, FlagFacts(), "They wrote today and wait for your answer."),
    (
        "long_thread",
        {"digital_7": 11},
        FlagFacts(),
        "11 messages in 7 days. A thread this long wants a voice.",
    ),
    ("long_thread", {"digital_7": 1}, FlagFacts(), "1 message in 7 days. A thread this long wants a voice."),
    (
        "occasion",
        {"days_to_date": 9},
        FlagFacts(date_kind="birthday", date_on=date(2026, 11, 25), last_year_channel="email"),
        "Birthday on Wed 25 Nov, in 9 days. Around that day last year you wrote by email.",
    ),
    (
        "occasion",
        {"days_to_date": 14},
        FlagFacts(date_kind="birthday", date_on=date(2027, 1, 2)),
        "Birthday on Sat 2 Jan 2027, in 2 weeks.",
    ),
    (
        "occasion",
        {"days_to_date": 0},
        FlagFacts(date_kind="birthday", date_on=TODAY, last_year_channel="wall"),
        "Birthday today. Around that day last year you were in touch through a screen.",
    ),
    (
        "occasion",
        {"days_to_date": 1},
        FlagFacts(date_kind="anniversary", date_label="Partners for five years.", date_on=date(2026, 11, 17)),
        "Partners for five years: tomorrow, Tue 17 Nov.",
    ),
    ("occasion", {"days_to_date": 3}, FlagFacts(date_kind="other"), "A date to remember in 3 days."),
    (
        "important_ask",
        {"days_to_ask": 4, "oldest_ask_days": 30, "open_asks": 3},
        FlagFacts(ask_text="Ask for a reference call with their Hartford team."),
        "Best in person: Ask for a reference call with their Hartford team. "
        "Due in 4 days; two more are open.",
    ),
    (
        "important_ask",
        {"days_to_ask": -1, "open_asks": 2},
        FlagFacts(ask_text="Would they host us?"),
        "Best in person: Would they host us? One day late; one more is open.",
    ),
    (
        "important_ask",
        {"days_to_ask": None, "oldest_ask_days": 30, "open_asks": 1},
        FlagFacts(ask_text="the tablet fix ships in December"),
        "Best in person: the tablet fix ships in December. Open for 4 weeks.",
    ),
    (
        "important_ask",
        {"days_to_ask": 0, "open_asks": 1},
        FlagFacts(),
        "Best in person: one thing you noted. Due today.",
    ),
    (
        "promise_due",
        {"days_to_our_promise": -35},
        FlagFacts(promise_text="introduce Kwame to Theo", promise_due=date(2026, 10, 12)),
        "Promised for 12 Oct: introduce Kwame to Theo. Five weeks late.",
    ),
    (
        "promise_due",
        {"days_to_our_promise": 1},
        FlagFacts(promise_text="a fix for shared tablets", promise_due=date(2026, 11, 17)),
        "Promised for 17 Nov: a fix for shared tablets. Due tomorrow.",
    ),
    ("promise_due", {"days_to_our_promise": -1}, FlagFacts(), "Promised. One day late."),
    (
        "thank_you",
        {"days_since_favour": 5},
        FlagFacts(given_name="Kwame", favour_text="introduced you to Fernhill."),
        "Kwame did you a favour 5 days ago: introduced you to Fernhill. Worth a note of thanks.",
    ),
    (
        "thank_you",
        {"days_since_favour": 0},
        FlagFacts(name="Kwame Mensah", favour_text="introduced you to Fernhill.", favour_days=40),
        "Kwame sent you a gift today. Worth a note of thanks.",
    ),
    (
        "renewal",
        {"days_to_renewal": 56, "personal_90": 0},
        FlagFacts(),
        "Renewal in 8 weeks, and no call, meeting or note on record in 90 days.",
    ),
    (
        "renewal",
        {"days_to_renewal": 56, "personal_90": 0},
        FlagFacts(date_kind="renewal", date_on=date(2027, 1, 11), organisation="Fernhill Foods"),
        "Renewal of Fernhill Foods on Mon 11 Jan 2027, in 8 weeks, "
        "and no call, meeting or note on record in 90 days.",
    ),
    (
        "renewal",
        {"days_to_renewal": 1, "personal_90": 1},
        FlagFacts(date_kind="birthday", date_on=date(2026, 11, 20)),
        "Renewal tomorrow, with 1 personal contact in 90 days.",
    ),
    (
        "fragile_account",
        {},
        FlagFacts(organisation="Fernhill Foods", contacts_count=5, met_count=1),
        "Five people at Fernhill Foods, and meetings with only one of them on record in a year.",
    ),
    (
        "fragile_account",
        {"contacts_count": 13, "met_count": 0},
        FlagFacts(),
        "13 people, and no meeting with any of them on record in a year.",
    ),
    (
        "our_own",
        {"digital_180": 14, "personal_180": 0},
        FlagFacts(),
        "14 digital contacts and no personal contact in 180 days.",
    ),
    (
        "our_own",
        {
            "total_90": 3,
            "digital_30": 1,
            "days_since_personal": None,
            "digital_share_90": 0.825,
            "tier": "key",
        },
        FlagFacts(),
        "3 contacts in 90 days; 1 digital contact in 30 days; no personal contact on record; "
        "83% of all contact through a screen in 90 days; tier: key.",
    ),
    (
        "our_own",
        {"quiet_p": 0.864, "rhythm_days": 19.6, "overdue_any": 1.5, "zone": "gone_quiet", "gaps": 4.0},
        FlagFacts(),
        "Silent for another month about 9 times in 10; usually every 3 weeks; "
        "1.5 times the target without contact of any sort; zone: gone quiet; 4 gaps between contact days.",
    ),
    (
        "our_own",
        {"digital_share_180": 299 / 300, "digital_share_30": 1 / 300, "digital_share_7": 1.0},
        FlagFacts(),
        "99% of all contact through a screen in 180 days; 1% of all contact through a screen in 30 days; "
        "100% of all contact through a screen in 7 days.",
    ),
    (
        "our_own",
        {"days_to_renewal": None, "days_to_date": None},
        FlagFacts(),
        "No renewal ahead; no birthday or other date ahead.",
    ),
    ("our_own", {}, FlagFacts(), "Fits a rule of yours; nothing personal is on record."),
    (
        "our_own",
        {},
        FlagFacts(rule_name="Pilot people.", days_since_personal=221, last_personal_channel="visit"),
        "Fits “Pilot people”; the last visit was 7 months ago.",
    ),
    ("gone_digital", {"total_90": 3}, FlagFacts(), "3 contacts in 90 days."),
]


@pytest.mark.parametrize("value", [0, 1, 14, None])
@pytest.mark.parametrize("metric", [*METRICS, "score", "contacts_count", "met_count"])
def test_every_figure_is_said_as_a_person_would(metric: str, value: int | None) -> None:
    said = metrics_sentence({metric: value})
    assert said[0].isupper() or said[0].isdigit()
    assert said.endswith(".")
    assert "_" not in said
    is_a_count = value is None and (WINDOW_OF.get(metric, ("",))[0] in WINDOWED or metric in ALWAYS_COUNTED)
    assert (": " in said) == is_a_count
    if value == 1:
        assert not re.search(r"\b1 \w+s\b", said)


ALWAYS_COUNTED = (
    *("digital_streak", "gaps", "prior_total_365", "prior_personal_365", "open_asks", "open_promises"),
    *("contacts_count", "met_count"),
)
"""These are never missing, so there is no way to say that they are."""


@pytest.mark.parametrize(("rule", "evidence", "facts", "sentence"), EXAMPLES)
def test_a_flag_says_exactly(rule: str, evidence: Evidence, facts: FlagFacts, sentence: str) -> None:
    assert flag_sentence(rule, evidence, facts) == sentence


@pytest.mark.parametrize(
    ("rule", "evidence", "facts", "sentence"),
    [
        (
            "screen_only",
            {"digital_180": 17},
            FlagFacts(
                since_personal={"email": 14, "chat": 3},
                days_since_personal=213,
                last_personal_channel="lunch",
            ),
            "14 emails and 3 chats since the last lunch on record, 7 months ago. Have you met since?",
        ),
        (
            "screen_only",
            {"digital_180": 3},
            FlagFacts(since_personal={"email": 3}),
            "3 emails and no call, meeting or note on record. Have you met?",
        ),
        (
            "never_met",
            {"total_365": 31, "known_days": 150},
            FlagFacts(),
            "31 contacts in 5 months and no meeting on record. Have you met?",
        ),
        (
            "gone_digital",
            {"total_90": 9, "digital_90": 8, "prior_total_365": 14, "prior_personal_365": 9},
            FlagFacts(),
            "8 of 9 contacts on record in 90 days came through a screen; in the year before, 9 of 14 were personal."
            " Have you met since?",
        ),
        (
            "in_person_overdue",
            {"overdue_in_person": 91 / 90},
            FlagFacts(days_since_in_person=91, last_in_person_channel="lunch"),
            "The last meeting on record was 13 weeks ago, over lunch or coffee. Have you met since?",
        ),
        (
            "gone_quiet",
            {"days_since_any": 63, "rhythm_days": 19.6},
            FlagFacts(),
            "Usually every 3 weeks, and nothing on record for 9. Have you met since?",
        ),
        (
            "gone_quiet",
            {"days_since_any": 60, "overdue_any": 2.0},
            FlagFacts(),
            "Nothing on record for 8 weeks. Have you met since?",
        ),
        ("no_record", {}, FlagFacts(tier="key"), "Marked key, and no contact on record yet. Have you met?"),
        (
            "renewal",
            {"days_to_renewal": 56, "personal_90": 0},
            FlagFacts(),
            "Renewal in 8 weeks, and no call, meeting or note on record in 90 days. Have you met?",
        ),
        ("they_wait", {"waiting_days": 9}, FlagFacts(), "They have waited 9 days for your answer."),
    ],
)
def test_whoever_logs_little_is_asked_and_told_nothing_for_certain(
    rule: str, evidence: Evidence, facts: FlagFacts, sentence: str
) -> None:
    assert flag_sentence(rule, evidence, replace(facts, is_doubtful=True)) == sentence


@pytest.mark.parametrize(
    ("rule", "evidence", "facts", "sentence"),
    [
        (
            "occasion",
            {"days_to_date": 7},
            FlagFacts(date_kind="birthday", date_on=date(2026, 11, 23), post_by=date(2026, 11, 16)),
            "Birthday on Mon 23 Nov.",
        ),
        (
            "occasion",
            {"days_to_date": 14},
            FlagFacts(date_kind="anniversary", date_on=date(2026, 11, 30)),
            "Anniversary on Mon 30 Nov.",
        ),
        (
            "occasion",
            {"days_to_date": 1},
            FlagFacts(
                date_kind="anniversary", date_label="Partners for five years", date_on=date(2026, 11, 17)
            ),
            "Partners for five years: Tue 17 Nov.",
        ),
        (
            "thank_you",
            {"days_since_favour": 0},
            FlagFacts(given_name="Kwame", favour_text="introduced you to Fernhill."),
            "Kwame did you a favour on Mon 16 Nov: introduced you to Fernhill. Worth a note of thanks.",
        ),
        (
            "renewal",
            {"days_to_renewal": 56, "personal_90": 0},
            FlagFacts(date_kind="renewal", date_on=date(2027, 1, 11)),
            "Renewal on Mon 11 Jan 2027, in 8 weeks, and no call, meeting or note on record in 90 days.",
        ),
        (
            "promise_due",
            {"days_to_our_promise": 1},
            FlagFacts(promise_text="a fix for tablets", promise_due=date(2026, 11, 17)),
            "Promised for Tue 17 Nov: a fix for tablets.",
        ),
        (
            "promise_due",
            {"days_to_our_promise": -35},
            FlagFacts(promise_text="introduce Kwame", promise_due=date(2026, 10, 12)),
            "Promised for 12 Oct: introduce Kwame. Five weeks late.",
        ),
        (
            "important_ask",
            {"days_to_ask": 3},
            FlagFacts(ask_text="Would they host us?"),
            "Best in person: Would they host us? Due Thu 19 Nov.",
        ),
        ("they_wait", {"waiting_days": 9}, FlagFacts(), "They wrote on Sat 7 Nov and wait for your answer."),
        ("they_wait", {"waiting_days": 20}, FlagFacts(), "They have waited 2 weeks for your answer."),
        (
            "unanswered",
            {"unanswered_days": 6},
            FlagFacts(last_outbound_channel="email"),
            "Your last email, on Tue 10 Nov, has had no answer.",
        ),
    ],
)
def test_a_sentence_that_is_kept_names_days_and_counts_none_that_are_near(
    rule: str, evidence: Evidence, facts: FlagFacts, sentence: str
) -> None:
    assert flag_sentence(rule, evidence, replace(facts, kept_on=TODAY)) == sentence


def test_every_rule_has_an_example() -> None:
    assert {rule.key for rule in SHIPPED} <= set(RULES)
    assert set(RULES) <= {rule for rule, *_ in EXAMPLES}


def test_every_metric_has_a_label_and_every_shipped_channel_a_noun() -> None:
    assert set(sentences.METRIC_LABELS) == set(METRICS)
    assert set(CHANNEL_NOUNS) == set(SHIPPED_KEYS)
    assert len(set(sentences.METRIC_LABELS.values())) == len(METRICS)


# Whatever is in the log

DAYS = st.integers(0, 2000)
COUNTS = st.integers(0, 60)
PIECES = ["a", "B", "ł", " ", "  ", ".", "?", "!", "\n", "\t", ",", "…", "'", "<b>", "word "]
TEXTS = st.none() | st.lists(st.sampled_from(PIECES), max_size=90).map("".join)
CHANNELS = st.none() | st.sampled_from([*SHIPPED_KEYS, "our_own"])
RATIOS = st.floats(0, 40, allow_nan=False)
OFTEN_MISSING: dict[str, st.SearchStrategy[int | float | None]] = {
    metric: st.none()
    | (RATIOS if metric.startswith(("overdue", "rhythm", "quiet", "digital_share")) else COUNTS | DAYS)
    for metric in METRICS
}
OFTEN_MISSING["days_to_ask"] = OFTEN_MISSING["days_to_our_promise"] = st.none() | st.integers(-900, 21)
EVIDENCE = st.fixed_dictionaries({}, optional=OFTEN_MISSING)
FACTS = st.builds(
    FlagFacts,
    name=TEXTS.map(lambda text: text or ""),
    given_name=TEXTS.map(lambda text: text or ""),
    organisation=TEXTS.map(lambda text: text or ""),
    tier=st.none() | st.sampled_from(["key", "regular", "warm"]),
    since_personal=st.dictionaries(st.sampled_from([*SHIPPED_KEYS, "our_own", "zoom"]), COUNTS, max_size=6),
    days_since_personal=st.none() | DAYS,
    last_personal_channel=CHANNELS,
    days_since_in_person=st.none() | DAYS,
    last_in_person_channel=CHANNELS,
    last_outbound_channel=CHANNELS,
    ask_text=TEXTS,
    promise_text=TEXTS,
    promise_due=st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    date_kind=st.none() | st.sampled_from(["birthday", "anniversary", "renewal", "other"]),
    date_label=TEXTS,
    date_on=st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    last_year_channel=CHANNELS,
    favour_text=TEXTS,
    contacts_count=st.none() | COUNTS,
    met_count=st.none() | COUNTS,
)


def check_is_plain_english(sentence: str) -> None:
    assert sentence.strip() == sentence != ""
    assert re.search(r"[^.]\.$", sentence)
    assert not re.search(r"  |\n|None|\bnan\b", sentence), sentence
    assert not ONE_OF_MANY.search(sentence), sentence
    assert not FEMALE_OR_MALE.search(sentence)
    assert not re.search(r"\d\.\d{2}", sentence)


@given(st.sampled_from([*RULES, "our_own"]), EVIDENCE, FACTS)
def test_every_flag_speaks_plain_english(rule: str, evidence: Evidence, facts: FlagFacts) -> None:
    check_is_plain_english(flag_sentence(rule, evidence, facts))


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_is_told_nothing_still_says_something(rule: str) -> None:
    check_is_plain_english(flag_sentence(rule, {}, FlagFacts()))


@given(st.dictionaries(st.sampled_from(["email", "chat", "sms", "social", "video", "x", "y"]), COUNTS), DAYS)
def test_no_digital_contact_is_lost_in_the_counts(since: dict[str, int], days: int) -> None:
    facts = FlagFacts(since_personal=since, days_since_personal=days, last_personal_channel="phone")
    sentence = flag_sentence("screen_only", {"digital_180": 3}, facts)
    said = sentence.split(" since ")[0]
    if sum(since.values()):
        assert sum(int(number) for number in re.findall(r"\d+", said)) == sum(since.values())


@given(st.integers(1, 3000), st.integers(1, 1000))
def test_the_days_past_the_target_are_worked_out_exactly(past: int, target: int) -> None:
    days = target + past
    sentence = flag_sentence(
        "in_person_overdue", {"days_since_in_person": days, "overdue_in_person": days / target}, FlagFacts()
    )
    assert sentence.endswith(f", {span(past)} past the target.")


def test_a_long_ask_is_cut_at_a_word() -> None:
    sentence = flag_sentence("important_ask", {"days_to_ask": 3}, FlagFacts(ask_text="tell them why " * 40))
    assert len(sentence) < 220
    assert re.search(r" (tell|them|why) … Due in 3 days\.$", sentence)


# Why a contact is suggested


@dataclass(frozen=True)
class Flag:
    rule: str
    severity: str
    sentence: str
    suggests: tuple[str, ...] = ("call",)
    is_edited: bool = False

    @property
    def told_as(self) -> str:
        return "" if self.is_edited else self.rule


SCREEN = Flag("screen_only", "high", "14 emails since you last spoke, 7 months ago.")
OVERDUE = Flag("in_person_overdue", "medium", "Last met in person 7 months ago, 4 months past the target.")
QUIET = Flag("gone_quiet", "medium", "Usually every 3 weeks, silent for 9.")
UNANSWERED = Flag("unanswered", "low", "Your last email, 9 weeks ago, has had no answer.")
BIRTHDAY = Flag("occasion", "medium", "Birthday today.")
PROMISE = Flag("promise_due", "high", "Promised: a quote. Due today.")
OURS = Flag("ours", "high", "Open asks: 3.")


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        ([SCREEN], SCREEN.sentence),
        ([OVERDUE, SCREEN], SCREEN.sentence),
        ([OVERDUE, SCREEN, QUIET], f"{SCREEN.sentence} {QUIET.sentence}"),
        ([UNANSWERED, QUIET], QUIET.sentence),
        ([UNANSWERED, QUIET, BIRTHDAY, OVERDUE], f"{QUIET.sentence} {BIRTHDAY.sentence}"),
        ([OURS, SCREEN, PROMISE], f"{PROMISE.sentence} {SCREEN.sentence}"),
        ([OURS, OURS], OURS.sentence),
        ([UNANSWERED, OURS], f"{OURS.sentence} {UNANSWERED.sentence}"),
    ],
)
def test_a_reason_is_the_strongest_flag_and_one_that_says_something_else(
    flags: list[Flag], text: str
) -> None:
    assert reason(flags, "call") == text
    assert reason(flags[::-1], "call") == text


@given(st.lists(st.sampled_from([SCREEN, OVERDUE, QUIET, UNANSWERED, BIRTHDAY, PROMISE, OURS]), min_size=1))
def test_a_reason_never_says_one_thing_twice(flags: list[Flag]) -> None:
    told = [flag.rule for flag in {*flags} if flag.sentence in reason(flags, "call")]
    assert 1 <= len(told) <= 2
    assert not any(len(group.intersection(told)) > 1 for group in sentences.OVERLAPS)


def test_an_edited_rule_is_weighed_by_what_it_says() -> None:
    edited = replace(SCREEN, sentence="No contact in person in 180 days.", is_edited=True)
    assert reason([edited, OVERDUE], "call") == f"{edited.sentence} {OVERDUE.sentence}"
    assert reason([edited, replace(edited, severity="medium")], "call") == edited.sentence
    assert reason([edited, BIRTHDAY], "call") == f"{edited.sentence} {BIRTHDAY.sentence}"
    ours = replace(OURS, is_edited=True)
    assert reason([edited, ours], "call") == f"{edited.sentence} {ours.sentence}"


def test_a_reason_is_read_at_a_glance() -> None:
    long = replace(QUIET, sentence=f"Usually {'very ' * 20}often, silent for 9.")
    assert reason([SCREEN, long], "call") == SCREEN.sentence
    assert reason([SCREEN, long, BIRTHDAY], "call") == f"{SCREEN.sentence} {BIRTHDAY.sentence}"
    assert reason([long], "call") == long.sentence


def test_a_reason_asks_once_and_at_its_end() -> None:
    screen, quiet = (replace(one, sentence=f"{one.sentence} Have you met since?") for one in (SCREEN, QUIET))
    assert reason([screen, quiet], "call") == f"{SCREEN.sentence} {quiet.sentence}"
    assert reason([screen, BIRTHDAY], "call") == f"{screen.sentence} {BIRTHDAY.sentence}"


def test_a_reason_begins_with_what_the_act_answers() -> None:
    screen = replace(SCREEN, severity="medium", suggests=("lunch", "note"))
    ask = Flag("important_ask", "high", "Best in person: Would they host us? Due today.", ("lunch", "call"))
    assert reason([ask, screen], "lunch") == f"{ask.sentence} {screen.sentence}"
    assert reason([ask, screen, PROMISE], "note") == f"{screen.sentence} {PROMISE.sentence}"
    assert reason([ask, screen], "note") == screen.sentence, "the ask speaks against a note"
    assert reason([ask], "note") == ask.sentence


def test_there_is_no_reason_without_a_flag() -> None:
    with pytest.raises(ValueError, match="flag"):
        reason([], "call")


# Rhythm


@pytest.mark.parametrize(
    ("rhythm", "days", "quiet_p", "gaps", "sentence"),
    [
        (
            *(19.6, 63, 0.864, 7),
            "Usually every 3 weeks, now 9; "
            "a silence like this goes on for another month about 9 times in 10.",
        ),
        (
            *(17.0, 4, 0.3, 12),
            "Usually every 17 days, now 4; "
            "a silence like this goes on for another month about 3 times in 10.",
        ),
        (
            *(1.0, 14, 0.362, 90),
            "Usually daily, now 2 weeks; a silence like this goes on for another month about 4 times in 10.",
        ),
        (
            *(5.0, 1, 0.04, 90),
            "Usually every 5 days, now 1; "
            "a silence like this goes on for another month less than once in 10.",
        ),
        (
            *(30.0, 900, 0.97, 4),
            "Usually every 4 weeks, now 2 years; "
            "a silence like this goes on for another month nearly always.",
        ),
        (
            *(7.0, 0, 0.12, 20),
            "Usually every week, the last time today; from here a month of silence follows about once in 10.",
        ),
        (None, 20, 0.681, 2, "Too early to know a rhythm."),
        (None, None, None, 0, "Too early to know a rhythm."),
        (20.0, 20, 0.5, 2, "Too early to know a rhythm."),
    ],
)
def test_a_rhythm_in_words(
    rhythm: float | None, days: int | None, quiet_p: float | None, gaps: int, sentence: str
) -> None:
    assert rhythm_sentence(rhythm, days, quiet_p, gaps) == sentence


@given(st.none() | st.floats(0.5, 900), st.none() | DAYS, st.none() | st.floats(0, 1), st.integers(0, 400))
def test_every_rhythm_speaks_plain_english_without_decimals(
    rhythm: float | None, days: int | None, quiet_p: float | None, gaps: int
) -> None:
    sentence = rhythm_sentence(rhythm, days, quiet_p, gaps)
    check_is_plain_english(sentence)
    assert not re.search(r"\d\.\d", sentence)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_greater_chance_never_sounds_smaller(one: float, other: float) -> None:
    order = ["less than once in 10", "about once in 10"]
    order += [f"about {n} times in 10" for n in range(2, 10)] + ["nearly always"]
    low, high = sorted((one, other))
    assert order.index(in_tenths(low)) <= order.index(in_tenths(high))


def test_a_rhythm_kept_by_screen_alone() -> None:
    assert sentences.screen_rhythm_sentence(221).endswith("the last personal contact was 7 months ago.")
    assert sentences.screen_rhythm_sentence(None).endswith("nothing personal is on record.")


# The log's answer and the week


@pytest.mark.parametrize(
    ("label", "names", "before", "after", "sentence"),
    [
        ("Lunch", ["Marta"], "screen_only", "in_touch", "Lunch with Marta logged. Marta is back in touch."),
        (
            "Phone call",
            ["Jo"],
            "screen_only",
            "drifting",
            "Phone call with Jo logged. Jo is no longer screen-only.",
        ),
        ("Email", ["Jo"], "gone_quiet", "screen_only", "Email with Jo logged. The silence with Jo is over."),
        ("Lunch", ["Jo"], "no_record", "in_touch", "Lunch with Jo logged. Jo is in touch."),
        ("Email", ["Jo"], "in_touch", "in_touch", "Email with Jo logged."),
        ("Email", ["Jo"], "drifting", "screen_only", "Email with Jo logged."),
        ("Email", ["Jo"], None, None, "Email with Jo logged."),
        ("Chat (Slack, Teams, WhatsApp …)", ["Jo", "Al"], None, None, "Chat with Jo and Al logged."),
        ("Event", ["Jo", "Al", "Bea", "Cy"], None, None, "Event with Jo, Al and two others logged."),
        ("Lunch", [], None, None, "Lunch logged."),
    ],
)
def test_what_is_said_after_logging(
    label: str, names: list[str], before: str | None, after: str | None, sentence: str
) -> None:
    assert logged_sentence(label, names, before, after) == sentence


def test_what_goes_by_hand_is_logged_for_somebody_whatever_it_is_called() -> None:
    assert (
        saved_sentence(Channel("note", "Handwritten note", by_hand=True), ["Ruth"])
        == "Handwritten note logged for Ruth."
    )
    assert saved_sentence(Channel("card", "Postcard", by_hand=True), ["Ruth"]) == "Postcard logged for Ruth."
    assert (
        saved_sentence(Channel("note", "Note of the call"), ["Ruth"]) == "Note of the call with Ruth logged."
    )


@given(st.sampled_from([None, *ZONES]), st.sampled_from([None, *ZONES]), st.integers(0, 6))
def test_logging_never_says_that_things_got_worse(before: str | None, after: str | None, people: int) -> None:
    sentence = logged_sentence("Visit", ["Ana", "Ben", "Cem", "Dot", "Eli", "Fay"][:people], before, after)
    check_is_plain_english(sentence)
    assert ("back in touch" in sentence) == (
        people == 1 and after == "in_touch" and before in ("drifting", "screen_only", "gone_quiet")
    )


def test_several_who_came_back() -> None:
    both = sentences.back_in_touch_sentence(["Graham Pike", "Sofia Marchetti"])
    assert both == "Graham Pike and Sofia Marchetti are back in touch."


def test_the_headline_counts_people() -> None:
    assert sentences.headline(6) == "Six people to reach in person"
    assert sentences.headline(1) == "One person to reach in person"
    assert sentences.headline(13) == "13 people to reach in person"
    assert sentences.headline(2, meets=sentences.meets(["call", "note"])) == "Two people to reach"
    assert sentences.headline(2, meets=sentences.meets(["call", "lunch"])) == "Two people to reach in person"
    assert sentences.headline(0) == "Nobody is waiting for you"


@pytest.mark.parametrize(
    ("acts", "sentence"),
    [
        (["note", "call", "lunch", "call", "note", "call"], "Three calls, one lunch and two notes."),
        (["visit"], "One visit."),
        (["gift", "meeting"], "One meeting and one gift."),
        ([], "Nothing is planned."),
    ],
)
def test_the_budget_in_one_line(acts: list[str], sentence: str) -> None:
    assert sentences.budget_summary(acts) == sentence


def test_no_example_guesses_what_it_cannot_know() -> None:
    for _, _, _, sentence in EXAMPLES:
        check_is_plain_english(sentence)
        assert not re.search(r"never (met|spoke)", sentence)


def test_a_day_said_is_the_day_the_evidence_means() -> None:
    for days in range(15):
        facts = FlagFacts(date_kind="birthday", date_on=TODAY + timedelta(days=days))
        sentence = flag_sentence("occasion", {"days_to_date": days}, facts)
        assert "2026" not in sentence
