"""A tick of the clock that breaks."""

import logging
from pathlib import Path

import pytest

from crm import jobs
from crm.settings import Settings
from crm.storage.database import Database
from tests.builders import NOW


def test_a_broken_tick_says_where_and_nothing_of_what_people_wrote(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    work = jobs.Clockwork(database, Settings(data_dir=tmp_path), "here:1", NOW)
    word = "can" + "ary"

    def breaks() -> None:
        raise ValueError(word)

    with caplog.at_level(logging.ERROR, "crm"):
        work.guarded(breaks)
    database.close()
    assert "ValueError in a tick of the clock" in caplog.text
    assert "in breaks" in caplog.text
    assert "canary" not in caplog.text
