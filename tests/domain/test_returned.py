"""Whether an address takes no mail for good."""

import pytest

from crm.domain.returned import is_for_good

GOOD = [
    "550 5.1.1 <nora@team.example>: Recipient address rejected: User unknown",
    "550 no such mailbox",
    "551 User not local",
    "553 5.1.3 not a valid address",
    "550-5.1.1 The email account that you tried to reach does not exist. https://support.example/?p=NoSuchUser",
    "5.1.10 RESOLVER.ADR.RecipientNotFound; not found",
    "554 5.4.4 Host or domain name not found",
    "550 5.4.1 Recipient address rejected: Access denied",
    "550 5.2.1 The email account that you tried to reach is disabled",
    "host mx.example[192.0.2.4] said: 550 user unknown",
    "Sorry, no mailbox here by that name. (#5.1.1)",
    "This user doesn't have a yahoo.example account",
    "Unrouteable address",
]
NOT = [
    "552 5.2.2 Mailbox full",
    "550 User account is overquota",
    "550 5.7.1 Message rejected as spam by content filtering",
    "554 5.7.1 Relay access denied",
    "554 transaction failed",
    "552 too large",
    "552 5.3.4 Message size exceeds limit",
    "550 5.1.8 Sender address rejected: Domain not found",
    "550 5.6.0 malformed",
    "450 4.1.1 greylisted, user unknown for now",
    "451 try again later",
    "421 4.7.0 [192.0.2.1] try again",
    "4.4.7 delivery time expired",
    "5.1.1.2 is a version, and 15.1.1 another",
    "no reason given",
    "",
]


@pytest.mark.parametrize("words", GOOD)
def test_an_address_that_takes_no_mail(words: str) -> None:
    assert is_for_good(words)


@pytest.mark.parametrize("words", NOT)
def test_what_may_pass_or_is_not_about_the_address(words: str) -> None:
    assert not is_for_good(words)


def test_words_count_before_the_status_of_a_report() -> None:
    assert is_for_good("host said: 550 User unknown", "5.0.0")
    assert not is_for_good("host said: 552 over quota", "5.0.0")
    assert not is_for_good("550 5.7.1 blocked", "5.1.1")
    assert is_for_good("", "5.0.0")
    assert is_for_good("", "5.1.1")
    assert not is_for_good("", "4.0.0")


def test_a_plain_code_that_does_not_answer_the_recipient_says_nothing_of_them() -> None:
    assert not is_for_good("550 we do not like this text", about_recipient=False)
    assert is_for_good("550 5.1.1 no such user", about_recipient=False)
