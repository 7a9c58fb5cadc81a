"""An answer to the weekly mail: what its writer wrote, by whom it is about, and never more than it says."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain.channels import SHIPPED
from crm.domain.mail_reply import Listed, Part, meant, parts, written
from crm.domain.quick_line import Somebody, read_line
from crm.storage.text import fold

TODAY = date(2026, 11, 25)
PEOPLE = [Somebody(1, "marta kowalczyk"), Somebody(2, "elena duarte"), Somebody(3, "jonas bauer")]
LISTED = [Listed(11, 1, "lunch"), Listed(12, 2, "call")]
MAIL = """Six people to reach in person

1. Lunch: Marta Kowalczyk, Northgate Logistics
"""
QUOTED = [
    "On Mon, Nov 23, 2026 at 8:00 AM In Person <crm@example.org> wrote:\n> " + MAIL,
    "On Mon, Nov 23, 2026 at 8:00 AM In Person\n<crm@example.org> wrote:\n\n" + MAIL,
    "Am Mo., 23. Nov. 2026 um 08:00 Uhr schrieb In Person <crm@example.org>:\n\n" + MAIL,
    "Le lun. 23 nov. 2026 à 08:00, In Person <crm@example.org> a écrit :\n" + MAIL,
    "El lun, 23 nov 2026 a las 8:00, In Person (<crm@example.org>) escribió:\n" + MAIL,
    "-----Original Message-----\nFrom: In Person\n" + MAIL,
    "________________________________\nFrom: In Person <crm@example.org>\n" + MAIL,
    "From: In Person <crm@example.org>\nSent: Monday, 23 November 2026 08:00\n" + MAIL,
    "Von: In Person <crm@example.org>\nGesendet: Montag\n" + MAIL,
    "Sent from my iPhone\n\n> On 23 Nov 2026, at 08:00, In Person <crm@example.org> wrote:\n> \n> " + MAIL,
    "Get Outlook for iOS\n" + MAIL,
    "Von meinem iPhone gesendet\n" + MAIL,
    "-- \nNora Lindqvist\nHead of partners\n",
    "--\nNora\n",
    "Thanks,\nNora\n\nOn Mon, 23 Nov 2026, In Person <crm@example.org> wrote:\n> " + MAIL,
]


@pytest.mark.parametrize("quoted", QUOTED)
def test_what_is_quoted_and_signed_is_cut(quoted: str) -> None:
    said = "Had lunch, she will send the numbers by Friday."
    assert written(f"Hi,\n\n{said}\n\n{quoted}") == said
    assert written(f"{said}\n{quoted}") == said


def test_what_only_looks_like_a_quotation_stays() -> None:
    text = "Called Marta: wrote her a card, too.\nOn Friday we go on."
    assert written(text) == text


@given(st.text(max_size=200))
def test_nothing_is_made_up_and_nothing_breaks(text: str) -> None:
    kept = written(text)
    assert all(line.strip() in text for line in kept.split("\n"))
    for one in parts(kept):
        meant(one, read(one.line), LISTED, TODAY)


def test_parts() -> None:
    assert parts(
        "had lunch with Marta, she sends the numbers, and we agreed that the\npilot moves to Worcester"
    ) == [
        Part("had lunch with Marta, she sends the numbers, and we agreed that the pilot moves to Worcester")
    ]
    assert parts("1. had lunch\n2) rang, no answer\n#3 sent a note") == [
        Part("had lunch", 1), Part("rang, no answer", 2), Part("sent a note", 3),
    ]  # fmt: skip
    assert parts("Had lunch with Marta.\nCalled Elena.\n\nMet Jonas") == [
        Part("Had lunch with Marta."), Part("Called Elena."), Part("Met Jonas"),
    ]  # fmt: skip
    assert parts("15 people came to lunch") == [Part("15 people came to lunch")]


def read(text: str):
    return read_line(text, SHIPPED, PEOPLE, TODAY, fold)


def told(text: str, listed=LISTED):
    (part,) = parts(text)
    found = meant(part, read(part.line), listed, TODAY)
    return found.why or (found.contact_ids, [one.suggestion_id for one in found.suggestions], found.channel)


ONE = LISTED[:1]


@pytest.mark.parametrize(
    ("text", "listed", "expected"),
    [
        ("had lunch, she will send the numbers", ONE, ((1,), [11], "lunch")),
        ("Had lunch. She will send the numbers.", ONE, ((1,), [11], "lunch")),
        ("had lunch, she will send the numbers", LISTED, "who"),
        ("had lunch with Marta, she will send the numbers", LISTED, ((1,), [11], "lunch")),
        ("1. had lunch, she cannot come in May", LISTED, ((1,), [11], "lunch")),
        ("2. rang, no answer", LISTED, ((2,), [12], "phone")),
        ("2. rang Marta", LISTED, "who"),
        ("7. rang", LISTED, "who"),
        ("lunch yesterday with Marta Kowalczyk: pilot moves", LISTED, ((1,), [11], "lunch")),
        ("met Marta and Elena", LISTED, ((1, 2), [11, 12], "meeting")),
        ("called Jonas about the fair", LISTED, ((3,), [], "phone")),
        ("called Jonas Meier", LISTED, "who"),
        ("done", ONE, ((1,), [11], None)),
        ("Done, thanks", ONE, ((1,), [11], None)),
        ("2: done", LISTED, ((2,), [12], None)),
        ("done", LISTED, "who"),
        ("Marta is on leave", LISTED, "how"),
        ("thanks!", ONE, "how"),
        ("please stop sending these", ONE, "how"),
        ("lunch with Marta cancelled", LISTED, "whether"),
        ("called off lunch with Marta", LISTED, "who"),
        ("lunch with Marta on Friday", LISTED, "whether"),
        ("lunch with Marta tomorrow", LISTED, "when"),
        ("did not have lunch with Marta", LISTED, "who"),
        ("no lunch with Marta this week", LISTED, "who"),
        ("Lunch with Marta? She never answers", LISTED, "whether"),
        ("lunch with Marta moved to January", LISTED, "whether"),
        ("call Marta next week", LISTED, "whether"),
        ("had lunch with Marta on Friday", LISTED, ((1,), [11], "lunch")),
        ("will call Marta", LISTED, "who"),
        ("lunch with Marta, could not have been nicer", LISTED, "whether"),
        ("had lunch with Marta, could not have been nicer", LISTED, ((1,), [11], "lunch")),
        ("rang Marta but no answer", LISTED, ((1,), [11], "phone")),
        ("called Marta, she didn't pick up, will try again", LISTED, ((1,), [11], "phone")),
        ("called Marta about the pilot, no answer", LISTED, ((1,), [11], "phone")),
        ("called Marta, no answer on the price yet", LISTED, "whether"),
        ("called Marta, no answer, then she called back, all good", LISTED, "whether"),
        ("called Marta, spoke to her assistant", LISTED, "whether"),
        ("called Marta, asked Jonas, then her voicemail", LISTED, "whether"),
        ("called Marta but she was busy", LISTED, "whether"),
        ("met Marta, she didn't show up", LISTED, "whether"),
        ("sent Marta a lunch invite", LISTED, "who"),
        ("wrote to Marta", LISTED, "how"),
        ("lunch with Marta 12.10", LISTED, "when"),
        ("lunch with Marta 11/25", LISTED, ((1,), [11], "lunch")),
        ("lunch with Marta 4 Dec", LISTED, "when"),
        ("met Marta last month", LISTED, "when"),
        ("met Marta last week, all good", LISTED, "when"),
        ("met Marta on 31 November", LISTED, "when"),
        ("met Marta 9/10 happy", LISTED, "when"),
        ("met Marta 20 November 2025", LISTED, ((1,), [11], "meeting")),
        ("lunch with Marta is on Tuesday", LISTED, "whether"),
        ("lunch with Marta booked for Tuesday", LISTED, "whether"),
        ("lunch with Marta in two weeks", LISTED, "whether"),
        ("lunch with Marta, she sends numbers by Friday", LISTED, ((1,), [11], "lunch")),
        ("rang Marta, will ring again", LISTED, "whether"),
        ("called Marta: busy", LISTED, "whether"),
        ("Marta called, I missed it", LISTED, "whether"),
        ("Marta called Elena", LISTED, "who"),
        ("called Marta 1.5 hours", LISTED, ((1,), [11], "phone")),
    ],
)  # fmt: skip
def test_what_is_meant(text: str, listed: list[Listed], expected: object) -> None:
    assert told(text, listed) == expected
