"""The secret key of the data directory."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crm import settings
from crm.errors import UsageError
from crm.settings import Settings


def test_many_who_start_at_once_have_one_whole_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: Settings(data_dir=tmp_path / "data").key, range(24)))
    assert len(keys) == 1
    assert len(keys.pop()) >= settings.LEAST_KEY
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret_key"]
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_key_has_its_name_once_it_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the power went while the key was written."""

    def fail(handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UsageError, match="cannot be kept"):
        assert Settings(data_dir=tmp_path).key
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("left", [b"", b"x" * 31])
def test_a_key_that_was_not_kept_whole_signs_nothing(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "secret_key").write_bytes(left)
    with pytest.raises(UsageError, match=f"has {len(left)} of at least 32 characters"):
        assert Settings(data_dir=tmp_path).key


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("fd00::1", "http://[fd00::1]:8000"),
        ("crm.lan", "http://crm.lan:8000"),
    ],
)
def test_without_a_base_url_links_name_a_host_a_browser_can_go_to(host: str, url: str) -> None:
    assert Settings(host=host, port=8000).url == url
