"""One line of a log: what is understood, what is left open, and that nothing makes it fail."""

from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain.channels import SHIPPED, Channel
from crm.domain.heard import Heard
from crm.domain.manner import Manner, written_for
from crm.domain.quick_line import QuickLine, Somebody, name_words, read_line
from crm.domain.said_days import due_day
from crm.domain.told import due_doubt
from crm.storage.text import fold

TODAY = date(2026, 11, 23)  # a Monday
MARTA, JONAS, ANA_SOUSA, ANA_LIMA, GRACE, LUKASZ, BELL = range(1, 8)
NAMES = {
    MARTA: "Marta Kowalczyk",
    JONAS: "Jonas Reuter",
    ANA_SOUSA: "Ana Sousa",
    ANA_LIMA: "Ana Lima",
    GRACE: "Grace Note",
    LUKASZ: "Łukasz Nowak",
    BELL: "Call Bell",
}
PEOPLE = [Somebody(key, fold(name)) for key, name in NAMES.items()]


def read(line: str, channels: tuple[Channel, ...] = SHIPPED) -> QuickLine:
    return read_line(line, channels, PEOPLE, TODAY, fold)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "lunch yesterday with Marta and Jonas, pilot moves to Worcester",
            {
                "channel": "lunch",
                "people": (MARTA, JONAS),
                "day": date(2026, 11, 22),
                "remark": "pilot moves to Worcester",
            },
        ),
        ("called Marta", {"channel": "phone", "people": (MARTA,), "direction": "outbound"}),
        (
            "Marta called me today",
            {"channel": "phone", "people": (MARTA,), "direction": "inbound", "day": TODAY},
        ),
        (
            "rang Jonas Reuter, no answer",
            {"channel": "phone", "people": (JONAS,), "direction": "outbound", "outcome": "attempted"},
        ),
        ("coffee w/ Ana: a long talk", {"channel": "lunch", "unclear": ("Ana",), "remark": "a long talk"}),
        ("lunch with ana lima", {"channel": "lunch", "people": (ANA_LIMA,)}),
        (
            "email from Marta about the invoice, call her",
            {
                "channel": "email",
                "people": (MARTA,),
                "direction": "inbound",
                "remark": "the invoice, call her",
            },
        ),
        ("Marta lunch", {"channel": "lunch", "people": (MARTA,)}),
        ("lunch with marta pilot moves", {"channel": "lunch", "people": (MARTA,), "remark": "pilot moves"}),
        ("lunch with jonathan", {"channel": "lunch", "unclear": ("jonathan",)}),
        ("lunch with Jonas Bauer", {"channel": "lunch", "unclear": ("Jonas Bauer",)}),
        ("meeting with Peter Reuter", {"channel": "meeting", "unclear": ("Peter Reuter",)}),
        (
            "phone call to Marta, Jonas 12 Oct at 3pm",
            {
                "channel": "phone",
                "people": (MARTA, JONAS),
                "direction": "outbound",
                "day": date(2026, 10, 12),
                "at": time(15),
            },
        ),
        (
            "video call with Jonas 3 days ago 12:30",
            {"channel": "video", "people": (JONAS,), "day": date(2026, 11, 20), "at": time(12, 30)},
        ),
        ("handwritten note to lukasz", {"channel": "note", "people": (LUKASZ,), "direction": "outbound"}),
        (
            "tomorrow lunch with Grace Note",
            {"channel": "lunch", "people": (GRACE,), "day": date(2026, 11, 24)},
        ),
        ("met Marta last friday", {"channel": "meeting", "people": (MARTA,), "day": date(2026, 11, 20)}),
        ("met Marta monday", {"channel": "meeting", "people": (MARTA,), "day": date(2026, 11, 16)}),
        ("visit Marta 24.12.", {"channel": "visit", "people": (MARTA,), "day": date(2025, 12, 24)}),
        ("gift for Marta 2026-01-31", {"channel": "gift", "people": (MARTA,), "day": date(2026, 1, 31)}),
        (
            "had lunch with Marta. She wants more calls",
            {"channel": "lunch", "people": (MARTA,), "remark": "She wants more calls"},
        ),
        ("call with Call Bell", {"channel": "phone", "people": (BELL,)}),
        ("posted a card", {"channel": "note", "direction": "outbound"}),
        (
            "Sent Marta a card, she was pleased",
            {"channel": "note", "people": (MARTA,), "direction": "outbound", "remark": "she was pleased"},
        ),
        ("gave her a gift", {"channel": "gift", "direction": "outbound"}),
        ("sent flowers to Marta", {"remark": "sent flowers to Marta"}),
        ("Sent her the numbers", {"remark": "Sent her the numbers"}),
        (
            "lunch with Marta, sent her a card",
            {"channel": "lunch", "people": (MARTA,), "remark": "sent her a card"},
        ),
        (
            "left a voicemail for Marta",
            {"channel": "phone", "people": (MARTA,), "direction": "outbound", "outcome": "attempted"},
        ),
        ("spoke to Marta about the pilot", {"people": (MARTA,), "remark": "the pilot"}),
        ("Spoke at length", {"remark": "Spoke at length"}),
        (
            "lunch with marta thu, pilot moves. promise: send sign-on timeline by 2 dec",
            {
                "channel": "lunch",
                "people": (MARTA,),
                "day": date(2026, 11, 19),
                "remark": "pilot moves.",
                "heard": (Heard("promise", "send sign-on timeline", date(2026, 12, 2)),),
            },
        ),
        (
            "called Marta, their promise: a quote by friday; Pain point: labels by hand. ask: who signs by 1 Nov",
            {
                "channel": "phone",
                "people": (MARTA,),
                "direction": "outbound",
                "heard": (
                    Heard("their promise", "a quote", date(2026, 11, 27)),
                    Heard("pain point", "labels by hand"),
                    Heard("ask", "who signs", date(2027, 11, 1)),
                ),
            },
        ),
        (
            "call Marta, ask: for a paper written by Jonas",
            {
                "channel": "phone",
                "people": (MARTA,),
                "heard": (Heard("ask", "for a paper written by Jonas"),),
            },
        ),
        (
            "lunch yesterday with Marta, promised her the roadmap by Friday",
            {
                "channel": "lunch",
                "people": (MARTA,),
                "day": date(2026, 11, 22),
                "heard": (Heard("promise", "the roadmap", date(2026, 11, 27)),),
            },
        ),
        (
            "lunch with Marta, pilot moves. I've promised to send a plan by 2 Dec, she was glad. More soon. ask: who signs",
            {
                "channel": "lunch",
                "people": (MARTA,),
                "remark": "pilot moves. she was glad. More soon.",
                "heard": (Heard("promise", "send a plan", date(2026, 12, 2)), Heard("ask", "who signs")),
            },
        ),
        (
            "called Marta, she promised a quote, a demo and a call but I promised nothing less",
            {
                "channel": "phone",
                "people": (MARTA,),
                "direction": "outbound",
                "heard": (
                    Heard("their promise", "a quote, a demo and a call"),
                    Heard("promise", "nothing less"),
                ),
            },
        ),
        (
            "call with Marta, Jonas promised her a promised land",
            {"channel": "phone", "people": (MARTA,), "remark": "Jonas promised her a promised land"},
        ),
        (
            "call Marta, was promised a pony",
            {"channel": "phone", "people": (MARTA,), "remark": "was promised a pony"},
        ),
        ("call Marta, promise:", {"channel": "phone", "people": (MARTA,), "remark": "promise"}),
        ("sent Marta a lunch invite", {"remark": "sent Marta a lunch invite"}),
        (
            "lunch with Marta - pilot moves",
            {"channel": "lunch", "people": (MARTA,), "remark": "pilot moves"},
        ),
        ("", {}),
        (" , ;: ", {}),
    ],
)
def test_what_a_line_says(line: str, expected: dict[str, Any]) -> None:
    assert read(line) == QuickLine(**expected)


@pytest.mark.parametrize(
    ("line", "remark"),
    [
        ("rang Marta but no answer", ""),
        ("called Marta and left a voicemail", ""),
        ("called Marta, got her voicemail", ""),
        ("phoned Marta - no answer", ""),
        ("Called Marta. No answer.", ""),
        ("Rang Marta twice, no answer", ""),
        ("called Marta, she didn’t pick up, will try again", "will try again"),
        ("called Marta, couldn't reach her", ""),
        ("called Marta, left her a message about the pilot", "the pilot"),
        ("called Marta (no answer)", ""),
        ("called Marta, straight to VM", ""),
        ("called Marta about the pilot, no answer", "the pilot, no answer"),
        ("called Marta about the pilot but no answer", "the pilot but no answer"),
    ],
)
def test_a_call_nobody_answered_is_an_attempt(line: str, remark: str) -> None:
    said = read(line)
    assert (said.channel, said.people, said.direction) == ("phone", (MARTA,), "outbound")
    assert (said.outcome, said.remark) == ("attempted", remark)


@pytest.mark.parametrize(
    "line",
    [
        "called Marta, no answer on the price yet",
        "called Marta, no reply needed",
        "called Marta, she didn't answer the question about the price",
        "emailed Marta, no reply yet",
        "emailed Marta, no reply",
        "called Marta, Jonas did not answer",
        "no reply from Marta to my email",
        "lunch with Marta, she left a message for Jonas on the voicemail",
    ],
)
def test_what_only_sounds_like_no_answer_is_none(line: str) -> None:
    assert read(line).outcome == "reached"


@pytest.mark.parametrize(
    ("line", "channel", "direction"),
    [
        ("Marta emailed about the pilot", "email", "inbound"),
        ("Marta rang", "phone", "inbound"),
        ("Marta visited", "visit", "inbound"),
        ("Marta wrote a letter", "note", "inbound"),
        ("Marta texted, wants a call", "sms", "inbound"),
        ("Marta, Jonas and Łukasz visited", "visit", "inbound"),
        ("yesterday Marta called to say hi", "phone", "inbound"),
        ("Marta emailed to ask about the pilot", "email", "inbound"),
        ("Marta sent me a card", "note", "inbound"),
        ("Marta left a voicemail", "phone", "inbound"),
        ("voicemail from Marta", "phone", "inbound"),
        ("email to me from Marta", "email", "inbound"),
        ("Marta and I met", "meeting", "mutual"),
        ("Marta met", "meeting", "mutual"),
        ("Marta and I emailed", "email", "outbound"),
        ("I called Marta", "phone", "outbound"),
        ("I’ve just called Marta", "phone", "outbound"),
        ("with Marta called", "phone", "outbound"),
        ("Marta was called", "phone", "outbound"),
        ("Marta: called, no answer", "phone", "outbound"),
        ("email to Marta", "email", "outbound"),
        ("wrote Marta an email", "email", "outbound"),
        ("wrote to Marta", None, "mutual"),
    ],
)
def test_who_did_it(line: str, channel: str | None, direction: str) -> None:
    said = read(line)
    assert MARTA in said.people
    assert not said.unclear
    assert (said.channel, said.direction) == (channel, direction)


@pytest.mark.parametrize(
    ("line", "unclear"), [("Marta called Jonas", ("Jonas",)), ("Ok called Marta", ("Ok",))]
)
def test_whom_somebody_else_called_is_asked(line: str, unclear: tuple[str, ...]) -> None:
    said = read(line)
    assert (said.people, said.unclear) == ((MARTA,), unclear)


@pytest.mark.parametrize(
    ("line", "day", "at", "remark"),
    [
        ("lunch with Marta at 12.10", None, time(12, 10), ""),
        ("lunch with Marta at 12.10.", None, time(12, 10), ""),
        ("call with Marta yesterday at 9.10am", date(2026, 11, 22), time(9, 10), ""),
        ("met Marta at 8.30 pm", None, time(20, 30), ""),
        ("coffee Marta @ 10.15", None, time(10, 15), ""),
        ("call Marta 1.5 hours", None, None, "1.5 hours"),
        ("lunch with Marta 12.10", None, None, "12.10"),
        ("lunch with Marta 12.10.", date(2026, 10, 12), None, ""),
        ("lunch with Marta on 12.10", date(2026, 10, 12), None, ""),
        ("lunch with Marta 12.10.2025", date(2025, 10, 12), None, ""),
        ("met Marta two weeks ago", date(2026, 11, 9), None, ""),
        ("rang Marta just now", date(2026, 11, 23), None, ""),
        ("rang Marta right now, all good", date(2026, 11, 23), None, "all good"),
        ("rang Marta, now it moves", None, None, "now it moves"),
        ("met Marta Friday 13 November", date(2026, 11, 13), None, ""),
        ("met Marta on Friday 13 November at 9.30", date(2026, 11, 13), time(9, 30), ""),
        ("met Marta Nov 20", date(2026, 11, 20), None, ""),
        ("dinner with Marta last night", date(2026, 11, 22), None, ""),
        ("met Marta on friday last week", date(2026, 11, 20), None, ""),
        ("met Marta last week on friday, a walk", date(2026, 11, 20), None, "a walk"),
        ("met Marta monday of last week", date(2026, 11, 16), None, ""),
        ("meeting with Marta wed this week", date(2026, 11, 25), None, ""),
        ("meeting with Marta 19/11", date(2026, 11, 19), None, ""),
        ("meeting on 5/11 with Marta", date(2026, 11, 5), None, ""),
        ("meeting with Marta 11/19", date(2026, 11, 19), None, ""),
        ("meeting with Marta 19/11/25 at 9.30", date(2025, 11, 19), time(9, 30), ""),
        ("meeting with Marta 1/12/2025", date(2025, 12, 1), None, ""),
        ("met Marta Nov 20 2025", date(2025, 11, 20), None, ""),
        ("call with Marta 24/7 support", None, None, "24/7 support"),
        ("call with Marta, half of it, 50/50", None, None, "half of it, 50/50"),
        ("call with Marta 1/2 hour", None, None, "1/2 hour"),
        ("call with Marta 2/3 of the budget", None, None, "2/3 of the budget"),
        ("call with Marta 2/3 of the call was small talk", None, None, "2/3 of the call was small talk"),
        ("call with Marta 9/10 happy", None, None, "9/10 happy"),
        ("call with Marta 9/10, happy", date(2026, 10, 9), None, "happy"),
        ("call with Marta 9/10 about prices", date(2026, 10, 9), None, "prices"),
        ("call with Marta on 9/10 happy", date(2026, 10, 9), None, "happy"),
        ("call with Marta 19/11 happy", date(2026, 11, 19), None, "happy"),
        ("call with Marta 1/2/26 happy", date(2026, 2, 1), None, "happy"),
        ("call with Marta 9/10 at 9:30 happy", date(2026, 10, 9), time(9, 30), "happy"),
        ("call with Marta 9/10 9:30", date(2026, 10, 9), time(9, 30), ""),
        ("9/10 call with Marta", date(2026, 10, 9), None, ""),
        ("call 9/10 Marta", date(2026, 10, 9), None, ""),
        ("9/10 I called Marta", date(2026, 10, 9), None, ""),
        ("9/10 Marta rang", date(2026, 10, 9), None, ""),
        ("call 9/10 with Marta, no answer", date(2026, 10, 9), None, ""),
        ("called Marta 9/10 no answer", date(2026, 10, 9), None, ""),
        ("met Marta in May 12", date(2026, 5, 12), None, ""),
        ("met Marta in May 12 2025 happy", date(2025, 5, 12), None, "happy"),
    ],
)
def test_days_and_times_as_people_write_them(
    line: str, day: date | None, at: time | None, remark: str
) -> None:
    said = read(line)
    assert (said.people, said.day, said.at, said.remark) == ((MARTA,), day, at, remark)


def test_the_order_of_day_and_month_is_the_readers() -> None:
    with written_for(Manner(dates="month_day")):
        assert read("meeting with Marta 5/11").day == date(2026, 5, 11)
        assert read("meeting with Marta 19/11").day == date(2026, 11, 19)
        assert due_day(["2/12"], TODAY) == date(2027, 2, 12)
        assert read("lunch with Marta 2/31").no_day == "There is no February 31."
    assert due_day(["2/12"], TODAY) == date(2026, 12, 2)


@pytest.mark.parametrize(
    ("line", "doubt", "remark"),
    [
        ("lunch with Marta on 31 february, pilot moves", "There is no 31 February.", "pilot moves"),
        ("lunch on Feb 30th with Marta", "There is no 30 February.", ""),
        ("lunch with Marta 29 february 2027", "There is no 29 February 2027.", ""),
        ("lunch with Marta 31/2", "There is no 31 February.", ""),
        ("lunch with Marta 31.4.", "There is no 31 April.", ""),
        ("lunch with Marta 2026-02-31", "There is no 31 February 2026.", ""),
        ("met Marta last week, she moves", "Say which day you mean by “last week”.", "she moves"),
        ("met Marta in october 2025", "Say which day you mean by “in October 2025”.", ""),
        ("lunch with Marta 29 feb", None, ""),
        ("call with Marta, last week she moved", None, "last week she moved"),
        ("call with Marta 100 march tickets", None, "100 march tickets"),
        ("email Marta last week report", None, "last week report"),
        ("email Marta last week the report", None, "last week the report"),
        ("call with Marta this week plan", None, "this week plan"),
        ("call Marta last month invoice is missing", None, "last month invoice is missing"),
        ("call Marta this month numbers look bad", None, "this month numbers look bad"),
        ("call Marta last month and this month look bad", None, "last month and this month look bad"),
        ("call Marta last week Jonas was ill", None, "last week Jonas was ill"),
        ("lunch with Marta april 35 tickets", None, "april 35 tickets"),
        ("met Marta last week 31/2", "Say which day you mean by “last week”.", "31/2"),
        ("met Marta last week about the report", "Say which day you mean by “last week”.", "the report"),
        ("met Marta last week at 9:30", "Say which day you mean by “last week”.", ""),
        ("last week I had lunch with Marta", "Say which day you mean by “last week”.", ""),
        ("last week Marta rang", "Say which day you mean by “last week”.", ""),
        ("this week met Marta 19 nov", None, ""),
    ],
)
def test_a_day_that_there_is_not_is_said(line: str, doubt: str | None, remark: str) -> None:
    said = read(line)
    assert (said.no_day, said.remark) == (doubt, remark)
    assert said.people == (MARTA,)
    assert doubt is None or said.day is None


def test_a_day_that_there_is_not_is_said_of_what_is_due() -> None:
    (one,) = read("call Marta. promise: send the plan by 31 feb").heard
    assert (one.text, one.due, due_doubt(one)) == (
        "send the plan by 31 feb",
        None,
        "There is no 31 February.",
    )
    (one,) = read("call Marta. promise: send the plan by 2 dec").heard
    assert due_doubt(one) is None


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("monday", date(2026, 11, 30)),
        ("next tue", date(2026, 11, 24)),
        ("today", TODAY),
        ("dec 2", date(2026, 12, 2)),
        ("2.12.", date(2026, 12, 2)),
        ("1.11.", date(2027, 11, 1)),
        ("2027-01-05", date(2027, 1, 5)),
        ("2 december 2028", date(2028, 12, 2)),
        ("29 feb", date(2028, 2, 29)),
        ("2025-01-05", None),
        ("yesterday", None),
        ("30 feb", None),
        ("the manager", None),
        ("", None),
    ],
)
def test_what_is_due_lies_ahead(words: str, due: date | None) -> None:
    assert due_day(words.split(), TODAY) == due


def test_a_workspace_reads_its_own_channels_and_not_those_it_lacks() -> None:
    sauna = Channel("sauna", "Sauna", live=True, in_person=True)
    assert read("sauna with Marta", (sauna,)).channel == "sauna"
    assert read("lunch with Marta", (sauna,)).channel is None


WORDS = st.sampled_from(
    [
        *(
            "lunch",
            "called",
            "me",
            "yesterday",
            "with",
            "and",
            "Marta",
            "Ana",
            "Jonas",
            ",",
            ":",
            ".",
            "12",
            "Oct",
        ),
        *("3pm", "31.2.", "99:99", "no", "answer", "about", "ago", "3", "days", "—", "’", "Ω"),
    ]
)


@given(st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=25).map(" ".join)))
def test_nothing_makes_it_fail_and_nothing_is_invented(line: str) -> None:
    said = read(line)
    assert set(said.people) <= set(NAMES)
    assert said.channel is None or said.channel in {channel.key for channel in SHIPPED}
    assert said.remark in line
    assert all(name in line for name in said.unclear)
    for person in said.people:
        assert any(word in fold(line) for word in fold(NAMES[person]).split())
    assert name_words(line) == list(dict.fromkeys(name_words(line)))


@pytest.mark.parametrize("head", ["call with Marta", "lunch with Marta and Jonas", "Marta rang"])
@pytest.mark.parametrize(
    "phrase",
    ["last week", "this month", "in may 2025", "april 35", "31/2", "1/2", "9/10", "30 feb", "on 30 feb"],
)
@pytest.mark.parametrize("rest", ["report", "is missing", "of the budget", "the report", "Jonas was ill"])
def test_no_word_is_taken_for_a_day_and_lost(head: str, phrase: str, rest: str) -> None:
    """Every word is in some field or in the remark, small ones that only join aside."""
    bare = phrase.removeprefix("on ").removeprefix("in ")
    said = read(f"{head} {phrase} {rest}")
    assert (said.day, said.no_day, said.remark) == (None, None, f"{bare} {rest}")
    asked = read(f"{head} {phrase}, {rest}")
    assert asked.day or asked.no_day
    assert asked.remark == rest


@given(st.dates(), st.lists(WORDS, max_size=10).map(" ".join))
def test_every_day_of_every_year_can_be_today(today: date, line: str) -> None:
    read_line(line, SHIPPED, PEOPLE, today, fold)


@given(st.sampled_from(sorted(NAMES)), st.sampled_from(["lunch", "phone call", "visit", "email"]))
def test_a_whole_name_is_that_person(person: int, way: str) -> None:
    assert read(f"{way} with {NAMES[person]}").people == (person,)
