"""A mail handed over to servers that work, refuse, vanish, fall silent or answer too slowly."""

import contextlib
import socket
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.errors import UsageError
from crm.mail.message import BadAddress, Mailbox, compose, new_message_id
from crm.mail.transport import Delivery, DeliveryState, Phase, SmtpSettings, StartTls, deliver
from tests.mail.servers import DROP, SILENCE, TRICKLE, free_port, real_server, scripted_server

# Some of the servers below take a password on an unencrypted connection, on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")

ACCEPTED, REFUSED, TEMPORARY, UNKNOWN = DeliveryState
AT = datetime(2026, 11, 16, 8, tzinfo=UTC)
PASSWORD = "right p@ss/word"


def a_mail(text="Ring Marta.\n.\nMAIL FROM:<x@y>\n..two dots\n"):
    return compose(
        sender=Mailbox("in-person@crm.example.org", "In Person"),
        to=Mailbox("nora@example.org", "Nora Lindqvist"),
        subject="Marta this week",
        text=text,
        html="<p>Ring Marta.</p>",
        message_id=new_message_id("crm.example.org"),
        date=AT,
        headers={},
    )


def at(port, **kwargs):
    return SmtpSettings("127.0.0.1", port, **kwargs)


def send(server, timeout=5, **kwargs) -> Delivery:
    return deliver(at(server.port), a_mail(), timeout=timeout, **kwargs)


# A server that takes it


@pytest.fixture(scope="module")
def server():
    with real_server() as (port, inbox):
        yield port, inbox


def test_a_real_server_gets_one_mail_for_one_person_unchanged(server):
    port, inbox = server
    message = a_mail()
    result = deliver(at(port), message)
    assert (result.state, result.phase, result.code) == (ACCEPTED, Phase.HANDED_OVER, 250)
    assert result.reply == "queued as 17"
    envelope = inbox.envelopes[-1]
    assert (envelope.mail_from, envelope.rcpt_tos) == ("in-person@crm.example.org", ["nora@example.org"])
    assert envelope.content == message.as_bytes()


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet="a.\r\né \0", max_size=100))
def test_no_text_ends_the_mail_early(server, text):
    port, inbox = server
    before, message = len(inbox.envelopes), a_mail(text)
    assert deliver(at(port), message).state is ACCEPTED
    assert [one.content for one in inbox.envelopes[before:]] == [message.as_bytes()]


# Servers that do not


@pytest.mark.parametrize(
    ("phase", "refused"),
    [
        # What is said before sender and recipient are named is about our account, so the mail may be tried again.
        ("greeting", TEMPORARY),
        ("hello", TEMPORARY),
        ("sender", REFUSED),
        ("recipient", REFUSED),
        ("data", REFUSED),
        ("dot", REFUSED),
    ],
)
@pytest.mark.parametrize("code", [421, 451, 550, 554])
def test_a_refusal_is_for_good_or_for_now(phase, refused, code):
    with scripted_server(**{phase: f"{code} no, says {phase}"}) as server:
        result = send(server)
    assert result.state is (refused if code >= 500 else TEMPORARY)
    assert result.phase is phase_of(phase)
    assert (result.code, result.reply) == (code, f"no, says {phase}")


@pytest.mark.parametrize("fault", [DROP, SILENCE, TRICKLE])
@pytest.mark.parametrize("phase", ["greeting", "hello", "sender", "recipient", "data", "dot"])
def test_a_lost_answer_is_unknown_only_after_the_final_dot(phase, fault):
    handed_over = []
    with scripted_server(**{phase: fault}) as server:
        patience = 5 if fault == DROP else 0.6  # a busy machine is slow to connect, too
        result = send(server, timeout=patience, on_handover=lambda: handed_over.append(True))
    assert result.state is (UNKNOWN if phase == "dot" else TEMPORARY)
    assert result.phase is phase_of(phase)
    assert result.code is None
    assert bool(handed_over) is (phase == "dot")
    expected = "closed the connection" if fault == DROP else "did not answer in time"
    assert expected in result.reply


def test_a_server_that_leaves_while_it_takes_the_mail_never_counts_as_one_that_took_it():
    # It may be gone before or after our last bytes are on their way.
    with scripted_server(body=DROP) as server:
        assert send(server).state in (TEMPORARY, UNKNOWN)


@pytest.mark.parametrize("reply", ["hello?", "", "354 more", "250" + "x" * 9000])
def test_an_answer_to_the_dot_that_is_none_leaves_it_unknown(reply):
    with scripted_server(dot=reply or "\0") as server:
        assert send(server, timeout=0.5).state is UNKNOWN


@pytest.mark.parametrize("phase", ["greeting", "hello", "sender", "data"])
def test_nonsense_before_the_dot_may_be_tried_again(phase):
    with scripted_server(**{phase: "¿qué?"}) as server:
        assert send(server, timeout=0.5).state is TEMPORARY


def test_nobody_listens():
    result = deliver(at(free_port()), a_mail())
    assert (result.state, result.phase, result.code) == (TEMPORARY, Phase.CONNECT, None)
    assert result.reply == "The mail server refused the connection."


def test_a_name_that_leads_nowhere():
    result = deliver(SmtpSettings("no such host", 25), a_mail(), timeout=2)
    assert (result.state, result.phase) == (TEMPORARY, Phase.CONNECT)


def test_a_server_that_never_completes_the_connection():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        result = deliver(at(port), a_mail(), timeout=0.2)
        for one in waiting:
            one.close()
    assert (result.state, result.phase) == (TEMPORARY, Phase.CONNECT)


def test_a_reply_is_shown_without_its_control_characters():
    with scripted_server(recipient="550 no\x1b[31m \x07such\u202e user" + "!" * 600) as server:
        reply = send(server).reply
    assert reply.startswith("no [31m such user!!")
    assert len(reply) <= 300


# The moment of handing over


def test_handing_over_is_announced_when_only_the_dot_is_missing():
    dots = []
    with scripted_server() as server:
        assert send(server, on_handover=lambda: dots.append(server.dots)).state is ACCEPTED
        assert (dots, server.dots) == ([0], 1)
        assert server.body.endswith(b"--\r\n")


@pytest.mark.parametrize("fault", [RuntimeError, OSError, ValueError])
def test_who_may_not_hand_over_delivers_nothing(fault):
    def lost_the_claim():
        raise fault("somebody else has it")

    with scripted_server() as server:
        with pytest.raises(fault, match="somebody else has it"):
            send(server, on_handover=lost_the_claim)
        assert server.left.wait(5)
    assert server.dots == 0
    assert server.body.endswith(b"--\r\n")


def test_a_mail_without_one_recipient_is_not_sent():
    message = a_mail()
    del message["To"]
    with scripted_server() as server:
        with pytest.raises(BadAddress):
            deliver(at(server.port), message)
        assert server.seen == []


# Encryption and signing in


def test_starttls_required_of_a_server_that_has_none(server):
    port, inbox = server
    before = len(inbox.envelopes)
    result = deliver(at(port, starttls=StartTls.REQUIRE), a_mail())
    assert (result.state, result.phase, result.code) == (TEMPORARY, Phase.STARTTLS, None)
    assert result.reply == "The mail server offers no STARTTLS, and the settings require it."
    assert len(inbox.envelopes) == before


@pytest.mark.parametrize("starttls", [StartTls.REQUIRE, StartTls.AUTO])
def test_starttls_with_a_trusted_certificate(tls, trusted, starttls):
    with real_server(tls) as (port, inbox):
        assert deliver(at(port, starttls=starttls), a_mail()).state is ACCEPTED
    assert inbox.encrypted == [True]


def test_a_certificate_nobody_vouches_for_is_refused_where_encryption_is_required(tls):
    with real_server(tls) as (port, inbox):
        result = deliver(at(port, starttls=StartTls.REQUIRE), a_mail())
    assert (result.state, result.phase) == (TEMPORARY, Phase.STARTTLS)
    assert "certificate is not trusted" in result.reply
    assert inbox.envelopes == []


def test_without_a_password_auto_takes_any_encryption_and_never_takes_none(tls):
    with real_server(tls) as (port, inbox):
        deliver(at(port, starttls=StartTls.AUTO), a_mail())
        deliver(at(port, starttls=StartTls.NEVER), a_mail())
    assert inbox.encrypted == [True, False]


@pytest.mark.parametrize("fault", [DROP, SILENCE, TRICKLE, "220 but this is no TLS"])
def test_an_encrypted_connection_that_never_comes_about(fault):
    with scripted_server(greeting=fault) as server:
        result = deliver(at(server.port, tls=True), a_mail(), timeout=0.2)
    assert (result.state, result.phase) == (TEMPORARY, Phase.CONNECT)


def test_signing_in(server):
    with real_server(signs_in=True) as (port, inbox):
        assert deliver(at(port, user="nora", password=PASSWORD), a_mail()).state is ACCEPTED
        assert inbox.user == b"nora"
        wrong = deliver(at(port, user="nora", password="wrong"), a_mail())
        none = deliver(at(port), a_mail())
    assert (wrong.state, wrong.phase, wrong.code) == (TEMPORARY, Phase.SIGN_IN, 535)
    assert (none.state, none.phase, none.code) == (REFUSED, Phase.SENDER, 530)
    assert len(inbox.envelopes) == 1
    nobody = deliver(at(server[0], user="nora", password=PASSWORD), a_mail())
    assert (nobody.state, nobody.phase) == (TEMPORARY, Phase.SIGN_IN)


def test_a_password_needs_a_trusted_certificate(tls):
    with real_server(tls, signs_in=True) as (port, inbox):
        result = deliver(at(port, user="nora", password=PASSWORD), a_mail())
    assert (result.state, result.phase, inbox.user) == (TEMPORARY, Phase.STARTTLS, None)


def test_a_password_does_not_travel_in_the_clear_to_another_machine(monkeypatch, server):
    # The only pretence here: that the server's address is not our own machine.
    monkeypatch.setattr("crm.mail.smtp_session._is_loopback", lambda sock: False)
    with real_server(signs_in=True) as (port, inbox):
        result = deliver(at(port, user="nora", password=PASSWORD), a_mail())
        assert (result.state, result.phase, inbox.user) == (TEMPORARY, Phase.SIGN_IN, None)
        assert "unencrypted" in result.reply
        allowed = at(port, user="nora", password=PASSWORD, starttls=StartTls.NEVER)
        assert deliver(allowed, a_mail()).state is ACCEPTED


# CRM_SMTP_URL


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://localhost", SmtpSettings("localhost", 25)),
        ("smtp://localhost:2525/", SmtpSettings("localhost", 2525)),
        ("smtp://u:p@mail.example.org", SmtpSettings("mail.example.org", 587, "u", "p")),
        ("smtps://u:p@mail.example.org", SmtpSettings("mail.example.org", 465, "u", "p", True, StartTls.NEVER)),
        ("smtp://a%40b.org:p%2F%3A%40%23@h:26?starttls=require",
         SmtpSettings("h", 26, "a@b.org", "p/:@#", False, StartTls.REQUIRE)),
        ("smtp://[::1]:25?starttls=never", SmtpSettings("::1", 25, starttls=StartTls.NEVER)),
    ],
)  # fmt: skip
def test_the_setting_is_read(url, expected):
    assert SmtpSettings.parse(url) == expected


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "smtp:// or smtps://"),
        ("mail.example.org", "smtp:// or smtps://"),
        ("http://u:CANARY@mail.example.org", "smtp:// or smtps://"),
        ("smtp://", "no host"),
        ("smtp://h:0", "no host"),
        ("smtp://u:CANARY@h:99999", "host or port"),
        ("smtp://u:CANARY/x@h:25", "%2F"),
        ("smtp://u:CANARY#x@h", "%23"),
        ("smtp://u:25#CANARY@h", "%23"),
        ("smtp://u:CANARY@[h", "host or port"),
        ("smtp://u:CANARY@h/inbox", "only ?starttls"),
        ("smtp://:CANARY@h", "belong together"),
        ("smtp://u@h", "belong together"),
        ("smtp://u:CANARY%0d%0a@h", "control characters"),
        ("smtp://u:CANARY@h?starttls=perhaps", "require, auto or never"),
        ("smtp://u:CANARY@h?tls=1", "?starttls="),
        ("smtp://u:CANARY@h?starttls=auto&starttls=never", "?starttls="),
        ("smtps://u:CANARY@h?starttls=require", "encrypted from the start"),
    ],
)
def test_a_wrong_setting_is_named_without_its_password(url, says):
    with pytest.raises(UsageError) as fault:
        SmtpSettings.parse(url)
    assert says in fault.value.sentence
    assert fault.value.sentence.startswith("CRM_SMTP_URL: ")
    assert "CANARY" not in fault.value.sentence


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_setting_is_read_or_refused_kindly(text):
    with contextlib.suppress(UsageError):
        SmtpSettings.parse(f"smtp://u:{text}@h:25")


def test_the_password_is_not_in_the_repr():
    assert "CANARY" not in repr(SmtpSettings("h", 25, "u", "CANARY"))


def phase_of(step: str) -> Phase:
    return {"greeting": Phase.CONNECT, "dot": Phase.HANDED_OVER}.get(step) or Phase(step)
