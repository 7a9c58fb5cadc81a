"""Bounces as servers write them, and what is none."""

import os
import select
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.imports import apart
from crm.inbox.bounces import Bounce, our_ids, taken_apart
from crm.inbox.mail_reader import bounce_apart, text_apart
from tests.inbox.letters import OURS, away, encoded, exim, qmail, report


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (report(), Bounce("550 5.1.1 <alice@team.example>: Recipient address rejected: User unknown", True)),
        (report("5.0.0", "smtp; 550 user unknown"), Bounce("550 user unknown", True)),
        (report("5.2.2", "smtp; 552 5.2.2 Over quota"), Bounce("552 5.2.2 Over quota", False)),
        (report("4.4.1", "smtp; connect timed out", "delayed"), Bounce("4.4.1 connect timed out", False)),
        (report("5.1.1", "x-unix; 67", "failed (no such user)"), Bounce("5.1.1 67", True)),
        (report(action="delivered"), None),
        (report(action="relayed"), None),
        (exim(), Bounce("550 5.1.1 no such user here", True)),
        (exim(words="450 4.2.1 try later"), Bounce("450 4.2.1 try later", False)),
        (qmail(), Bounce("Sorry, no mailbox here by that name. vpopmail (#5.1.1)", True)),
        (encoded(), Bounce("550 5.1.1 User unknown", True)),
        (report().replace(b"delivery-status; b", b"disposition-notification; b"), None),
        (report().replace(b"delivery-status; b", b"feedback-report; b"), None),
    ],
)  # fmt: skip
def test_what_a_bounce_says(raw: bytes, expected: Bounce | None) -> None:
    assert taken_apart(raw) == expected
    assert taken_apart(raw.replace(b"\n", b"\r\n")) == expected
    assert our_ids(raw.replace(b"\n", b"\r\n")) == [OURS]


@given(st.binary(max_size=300), st.integers(0, 900))
def test_whatever_is_made_of_a_bounce_something_or_nothing_is_said(noise: bytes, at: int) -> None:
    whole = report()
    for raw in (whole[:at], whole[:at] + noise + whole[at:], noise):
        found = taken_apart(raw)
        assert found is None or found.said
        our_ids(raw)


def test_a_process_of_its_own_says_the_same_and_its_end_is_no_end_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for raw in (report(), report(action="delivered"), exim(), b"", b"\xff\x00"):
        assert bounce_apart(raw) == taken_apart(raw)
    words = "Subject: Re\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhad lunch with Zoë\r\n> quoted\r\n"
    assert text_apart(words.encode()) == "had lunch with Zoë"
    assert text_apart(b"") == ""
    monkeypatch.setattr(apart, "LONGEST_SECONDS", 0)
    with pytest.raises(apart.TooMuch):
        bounce_apart(report())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_reader_does_not_outlive_who_asked_it() -> None:
    read_end, write_end = os.pipe()
    reader = "from crm.imports.limits import confine; confine(0); print('reading', flush=True); input()"
    asker = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]], start_new_session=True,"
        f" pass_fds=[{write_end}]).wait()"
    )
    with (
        os.fdopen(read_end, "rb") as held,
        subprocess.Popen(
            [sys.executable, "-c", asker, reader],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[write_end],
        ) as process,
    ):
        os.close(write_end)
        assert process.stdout is not None
        assert process.stdout.readline() == b"reading\n"
        process.kill()
        assert select.select([held], [], [], 20)[0], "the reader still holds the pipe"
        assert held.read() == b""


def test_an_id_is_ours_only_where_it_looks_like_one() -> None:
    assert our_ids(b"<abc@example.org> <" + b"g" * 32 + b"@example.org>") == []
    assert our_ids(away()) == [OURS]
