"""Every long form can be found and run by one command, and a broken promise is an exit status."""

import random
from collections.abc import Iterator

import pytest

from tests.campaigns.__main__ import campaigns, main, run
from tests.campaigns.frame import Asked, Campaign


def test_every_campaign_is_listed_with_its_promise(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    for name, campaign in campaigns().items():
        assert f"{name} " in shown
        assert f" {campaign.promise} " in shown
    assert "nudge-kill" in shown


def test_a_broken_promise_ends_with_status_1_and_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(asked: Asked) -> Iterator[str]:
        yield "one round"
        raise AssertionError("row 7 is lost")

    campaign = Campaign("R1", "Nothing is lost", "kills", 3, broken)
    assert run("kill", campaign, Asked(3, random.Random(1), "sqlite")) == 1
    assert "BROKEN" in (said := capsys.readouterr().out)
    assert "row 7 is lost" in said


def test_a_variant_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["nudge-kill", "--variant", "nonsense"])
    assert refused.value.code == 2
    assert "sends again" in capsys.readouterr().err
