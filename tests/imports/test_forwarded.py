# ruff: noqa: E501 (lines as other programs write them)
"""Mails that were forwarded to be logged: what they were, in the lines of every program, and that they are logged once."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from crm.imports.actions import apply
from crm.imports.forwarded import is_forward
from crm.imports.records import ParsedFile
from crm.imports.report import FileReport
from crm.imports.sightings import FeedSetting
from crm.imports.sniff import read_file
from crm.imports.spoken_moments import moment_said
from tests.builders import NOW, World
from tests.imports.files import good
from tests.imports.letters import ALICE, MARTA, mail, mbox
from tests.imports.test_mail import log, peopled

LOG = "log@team.example"
BERLIN = ZoneInfo("Europe/Berlin")
WRITTEN = {
    "Gmail": "For the log\n\n---------- Forwarded message ---------\nFrom: Marta <{m}>\nDate: Tue, Oct 13, 2026 at 9:05\u202fAM\nSubject: Plan\nTo: Alice <{a}>\n\nHi\nFrom: x@y.example\n",
    "Gmail in German": "---------- Forwarded message ---------\nVon: Marta <{m}>\nDate: Di., 13. Okt. 2026 um 09:05 Uhr\nSubject: Plan\nTo: <{a}>\n\nHi\n",
    "Gmail in Portuguese": "---------- Forwarded message ---------\nDe: Marta <{m}>\nDate: ter., 13 de out. de 2026 às 09:05\nSubject: Plan\nTo: <{a}>\n\nHi\n",
    "Gmail in Japanese": "---------- Forwarded message ---------\nFrom: Marta <{m}>\nDate: 2026年10月13日(火) 9:05\nSubject: Plan\nTo: <{a}>\n\nHi\n",
    "Apple": "Begin forwarded message:\n\n> From: Marta <{m}>\n> Subject: Plan\n> Date: October 13, 2026 at 9:05:00 AM GMT+2\n> To: Alice <{a}>\n>\n> Hi\n",
    "Apple in German": "Anfang der weitergeleiteten Nachricht:\n\nVon: Marta <{m}>\nBetreff: Plan\nDatum: 13. Oktober 2026 um 09:05:00 MESZ\nAn: {a}\n\nHi\n",
    "Outlook of old": "-----Original Message-----\nFrom: Marta [mailto:{m}]\nSent: Tuesday, October 13, 2026 9:05 AM\nTo: Alice\nCc: Somebody Else\nSubject: Plan\n\nHi\n",
    "Outlook": "________________________________\nFrom: Marta <{m}>\nSent: Tuesday, October 13, 2026 9:05:00 AM\nTo: Alice <{a}>; Bo\n <bo@team.example>\nSubject: Plan\n\nHi\n",
    "Outlook in French": "De : Marta <{m}>\nEnvoyé : mardi 13 octobre 2026 09:05\nÀ : Alice <{a}>\nObjet : Plan\n\nHi\n",
    "Outlook in Polish": "Od: Marta <{m}>\nWysłano: wtorek, 13 października 2026 09:05\nDo: Alice <{a}>\nTemat: Plan\n\nHi\n",
    "in bold": "*From:* Marta <{m}>\n*Sent:* Tuesday, October 13, 2026 9:05 AM\n*To:* Alice <{a}>\n*Subject:* Plan\n\nHi\n",
    "Thunderbird": "-------- Forwarded Message --------\nSubject: \tPlan\nDate: \tTue, 13 Oct 2026 09:05:00 +0200\nFrom: \tMarta <{m}>\nTo: \t{a}\n\nHi\n",
    "Russian": "От: Marta <{m}>\nОтправлено: вторник, 13 октября 2026 г. 9:05\nКому: Alice <{a}>\nТема: Plan\n\nHi\n",
    "Chinese": "发件人: Marta <{m}>\n发送时间: 2026年10月13日 9:05\n收件人: Alice <{a}>\n主题: Plan\n\nHi\n",
}  # fmt: skip
PAGE = "<div><b>From: </b>Marta &lt;{m}&gt;<br></div><div><b>Date: </b>October 13, 2026 at 9:05:00 AM GMT+2</div><div><b>To: </b>{a}</div><div><b>Subject: </b>Plan</div>"


@pytest.fixture
def team(world: World) -> World:
    peopled(world)
    return world


def passed_on(text: str, *more: str, number: int = 1, **said: str) -> str:
    """A mail in which Alice forwards something to the log, from a clock in Berlin."""
    headers = {
        "From": f"Alice <{ALICE}>",
        "To": LOG,
        "Subject": "Fwd: Plan",
        "Date": "Mon, 16 Nov 2026 10:00:00 +0100",
    }
    return mail(f"f{number}", *more, body=text.format(m=MARTA, a=ALICE), **{**headers, **said})


def read(*mails: str, to_log: bool = True) -> ParsedFile:
    setting = FeedSetting(BERLIN, NOW, mine=(ALICE, "Alice"), own_zone=BERLIN, log_mailbox=LOG * to_log)
    data = mbox(*mails).encode()
    return read_file("Log.mbox", data, zone=BERLIN, now=NOW, channels=("email",), feeds=setting)


def bring(world: World, *mails: str, to_log: bool = True) -> FileReport:
    (report,) = apply(world.database, world.principal, [read(*mails, to_log=to_log)], NOW)
    return report


PLAN = ("10-13 07:05", "inbound", "Plan", f"Marta Kowalczyk, {ALICE}")


@pytest.mark.parametrize("program", WRITTEN)
def test_what_was_forwarded_is_told_by_the_lines_above_it(program: str) -> None:
    (seen,) = read(passed_on(WRITTEN[program])).sightings
    assert (seen.sender.email if seen.sender else "", seen.summary) == (MARTA, "Plan")
    assert f"{seen.occurred_at:%m-%d %H:%M}" == "10-13 07:05"
    assert (
        {ALICE, MARTA}
        <= {one.email for one in (*seen.parties, *seen.delivered)}
        <= {ALICE, MARTA, "bo@team.example", ""}
    )


def test_a_page_and_a_mail_that_is_attached(team: World) -> None:
    bring(team, passed_on(PAGE, "Content-Type: text/html; charset=utf-8"))
    held = mail("held", Date="Wed, 14 Oct 2026 09:05:43 +0200", Subject="Held")
    parts = f"--b\nContent-Type: text/plain\n\nlook\n--b\nContent-Type: message/rfc822\n\n{held}\n--b--\n"
    bring(team, passed_on(parts, 'Content-Type: multipart/mixed; boundary="b"', number=2))
    bring(team, held, to_log=False)
    assert log(team) == [PLAN, ("10-14 07:05", "inbound", "Held", f"Marta Kowalczyk, {ALICE}")]


def test_what_we_wrote_and_forward_is_ours(team: World) -> None:
    ours = f"From: Alice <{ALICE}>\nSent: Tuesday, October 13, 2026 9:05 AM\nTo: Kowalczyk, Marta\nSubject: Offer\n\n"
    bring(team, passed_on(ours))
    assert log(team) == [("10-13 07:05", "outbound", "Offer", f"Marta Kowalczyk, {ALICE}")]


@pytest.mark.parametrize("forward_first", [True, False])
def test_forwarded_twice_and_in_a_mailbox_as_well_is_one_record(team: World, forward_first: bool) -> None:
    itself = mail("plan", Date="Tue, 13 Oct 2026 09:05:43 +0200", Subject="Plan", From=f"Marta <{MARTA}>")
    other = mail("other", Date="Tue, 13 Oct 2026 09:08:00 +0200", Subject="Other", From=f"Marta <{MARTA}>")
    steps = [
        lambda: bring(team, passed_on(WRITTEN["Gmail"])),
        lambda: bring(team, itself, other, to_log=False),
    ]
    for step in steps if forward_first else reversed(steps):
        good([step()])
    good([bring(team, passed_on(WRITTEN["Outlook"], number=2)), bring(team, itself, other, to_log=False)])
    assert [row[2] for row in log(team)] == ["Plan", "Other"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "From: Marta <{m}>\nSent: 3/4/2026 9:05 AM\nTo: Alice <{a}>\nSubject: Plan\n\n",
            "could mean several days",
        ),
        ("Marta wrote this to me yesterday.", "and when are missing"),
    ],
)
def test_what_does_not_tell_is_asked_about_and_not_logged(team: World, text: str, why: str) -> None:
    report = bring(team, passed_on(text))
    assert log(team) == []
    assert why in report.uncertain[0].question


def test_what_is_no_contact_stays_none_by_being_forwarded(team: World) -> None:
    bring(team, passed_on(WRITTEN["Gmail"].replace("{m}", "no-reply@x.example")))
    bring(team, passed_on(WRITTEN["Gmail"].replace("Oct 13, 2026", "Oct 13, 2029"), number=2))
    assert log(team) == []


def test_a_stranger_forwards_nothing_into_the_log(team: World) -> None:
    bring(team, passed_on(WRITTEN["Gmail"], From="Mallory <m@evil.example>"))
    assert log(team) == []


def test_a_forward_to_somebody_else_is_a_mail_to_them(team: World) -> None:
    bring(team, passed_on(WRITTEN["Gmail"].replace("{m}", "bo@x.example"), To=f"Marta <{MARTA}>"))
    assert log(team) == [("11-16 09:00", "outbound", "Fwd: Plan", f"Marta Kowalczyk, {ALICE}")]


def test_a_forward_in_any_other_mailbox_is_a_mail(team: World) -> None:
    report = bring(team, passed_on(WRITTEN["Gmail"]), to_log=False)
    assert (log(team), [one.why for one in report.skipped]) == ([], [])


@pytest.mark.parametrize(
    "subject",
    [
        "Fwd: x",
        "FW: x",
        "WG: x",
        "TR : x",
        "RV: x",
        "ENC: x",
        "Doorst: x",
        "VB: x",
        "PD: x",
        "转发: x",
        "[Fwd: x]",
    ],
)
def test_forwards_are_told_by_their_subject(subject: str) -> None:
    assert is_forward(subject)
    assert not is_forward(f"Re: {subject[5:]}")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Tuesday, October 13, 2026 9:05 PM", "19:05"),
        ("October 13th, 2026 at 12:05 AM", "22:05"),
        ("13 October 2026 at 09:05:00 BST", "08:05"),
        ("2026-10-13 09:05", "07:05"),
        ("13.10.2026 9:05", "07:05"),
        ("Tue, 13 Oct 2026 09:05:00 -0400", "13:05"),
        ("10/13/2026 9:05 AM", "07:05"),
        ("3/4/2026 9:05 AM", None),
        ("Tuesday 9:05", None),
        ("31 February 2026 09:05", None),
        ("13 October 2026", None),
    ],
)
def test_moments_that_were_written_for_people(text: str, moment: str | None) -> None:
    found = moment_said(text, BERLIN)
    assert (f"{found.astimezone(UTC):%H:%M}" if found else None) == moment
    assert found is None or found.date() in {datetime(2026, 10, day, tzinfo=UTC).date() for day in (12, 13)}
