"""The secret key of the data directory, addresses, and where settings are read from."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from crm import settings
from crm.errors import UsageError
from crm.settings import Settings
from tests.house.places import ROOT


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


@pytest.mark.parametrize(
    "url",
    [
        "crm.example.org",
        "https://",
        "https://crm.example.org/below",
        "https://crm example.org",
        "https://crm.exa\nmple.org",
        "https://crm.example.org:99999",
        "https://nora:secret@crm.example.org",
        "https://crm.example.org?x=1",
        "https://crm.example.org\\@evil.example",
        "ftp://crm.example.org",
    ],
)
def test_a_base_url_is_a_host_and_no_more(url: str) -> None:
    with pytest.raises(ValueError, match="must look like"):
        Settings(base_url=url)


@pytest.mark.parametrize(
    "url",
    ["https://crm.example.org", "http://10.0.0.5:8080", "http://[fd00::1]:8000", "https://büro.example"],
)
def test_a_base_url_loses_its_last_slash(url: str) -> None:
    assert Settings(base_url=f"{url}/").url == url


@pytest.mark.parametrize(
    "url", ["HTTPS://CRM.example.org", " https://crm.example.org", "https://crm.example.org/\n"]
)
def test_a_base_url_is_as_browsers_write_it(url: str) -> None:
    assert Settings(base_url=url).url == "https://crm.example.org"


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite://relative.db", "sqlite:////x?mode=ro"]
)
def test_a_sqlite_database_is_a_file(url: str) -> None:
    with pytest.raises(UsageError, match="must look like"):
        assert Settings(database_url=url).database


def test_a_proxy_is_an_address_or_a_network() -> None:
    named = ["10.0.0.5", "172.16.0.0/12", "fd00::/8"]
    assert Settings(proxies=", ".join(named)).trusted_proxies[:3] == named
    for wrong in ("*", "proxy.lan", "10.0.0.5/8"):
        with pytest.raises(ValueError, match="must be addresses or networks"):
            Settings(proxies=wrong)


@pytest.mark.parametrize(
    "passed_on_by", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "172.20.0.3", "::ffff:172.20.0.3"]
)
def test_a_proxy_is_known_also_by_a_socket_that_takes_both_sorts_of_addresses(passed_on_by: str) -> None:
    """``CRM_HOST=::`` sees who comes by IPv4 as ``::ffff:127.0.0.1``."""
    trusted = Settings(proxies="127.0.0.1, ::1, 172.16.0.0/12").trusted_proxies
    for where, seen in ((passed_on_by, "203.0.113.7"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1")):
        assert asked_from(where, "203.0.113.7", trusted) == seen


@pytest.mark.parametrize(
    ("passed_on_by", "seen"),
    [("172.30.97.1", "192.168.1.20"), ("192.168.1.20", "192.168.1.20"), ("172.30.97.3", "172.30.97.3")],
)
def test_in_its_containers_nobody_of_the_office_can_claim_another_address(
    passed_on_by: str, seen: str
) -> None:
    """Neither through a proxy that appends to what it was sent, nor past it."""
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    proxies, gateway = (
        "".join(re.findall(rf"{name}: (\S+)", compose)) for name in ("CRM_PROXIES", "gateway")
    )
    assert proxies == gateway

    claimed = f"198.51.100.7, {seen}" if passed_on_by == gateway else "198.51.100.7"
    assert asked_from(passed_on_by, claimed, Settings(proxies=proxies).trusted_proxies) == seen


def asked_from(passed_on_by: str, forwarded_for: str, trusted: list[str]) -> str:
    """Who asks, as In Person sees it."""

    def show(request: Request) -> PlainTextResponse:
        assert request.client
        return PlainTextResponse(request.client.host)

    app = ProxyHeadersMiddleware(Starlette(routes=[Route("/", show)]), trusted)  # type: ignore[arg-type]
    browser = TestClient(app, client=(passed_on_by, 5000))  # type: ignore[arg-type]
    return browser.get("/", headers={"X-Forwarded-For": forwarded_for}).text


def test_keys_before_the_newest_are_known(tmp_path: Path) -> None:
    key = Settings(data_dir=tmp_path, secret_key="n" * 40, secret_key_before=f"{'o' * 40}, {'p' * 40},").key
    assert (key, key.former) == (b"n" * 40, (b"o" * 40, b"p" * 40))
    assert Settings(data_dir=tmp_path, secret_key="n" * 40).key.former == ()


def test_space_around_a_kept_key_is_no_part_of_it_and_what_it_signed_so_holds_on(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_bytes(b"k" * 40 + b"\n")
    key = Settings(data_dir=tmp_path).key
    assert (key, key.former) == (b"k" * 40, (b"k" * 40 + b"\n",))
    (tmp_path / "secret_key").write_bytes(b"k" * 31 + b"\n")
    with pytest.raises(UsageError, match="has 31 of at least 32 characters"):
        assert Settings(data_dir=tmp_path).key


def test_a_key_with_a_comma_is_borne_and_carried_over_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, older = f"x,{'o' * 40}", "p" * 40
    assert Settings(secret_key=old).key == old.encode()
    monkeypatch.setenv("CRM_SECRET_KEY", "n" * 40)
    (tmp_path / "before").write_text(f"{old}\n")
    monkeypatch.setenv("CRM_SECRET_KEY_BEFORE_FILE", str(tmp_path / "before"))
    assert settings.load().key.former == (old.encode(),)
    (tmp_path / "before").write_text(f"{old}\n{older}\n")
    assert settings.load().key.former == (old.encode(), older.encode())
    assert not settings.load().has_short_key
    (tmp_path / "before").write_text(f"{older},{'q' * 40}\n")
    assert {older.encode(), b"q" * 40} < set(settings.load().key.former)


@pytest.mark.parametrize(
    ("keys", "is_short"),
    [
        ({}, False),
        ({"secret_key": "n" * 31}, True),
        ({"secret_key": "n" * 32}, False),
        ({"secret_key_before": f"{'o' * 40}, half"}, True),
    ],
)
def test_a_key_that_can_be_guessed_is_known(keys: dict[str, Any], is_short: bool) -> None:
    assert Settings(**keys).has_short_key is is_short


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment in which nothing is set yet."""
    for name in [name for name in os.environ if name.startswith("CRM_")]:
        monkeypatch.delenv(name)
    return monkeypatch


def test_settings_may_stand_in_a_file(tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("of the monitor\n")
    lines = [
        "# what people type",
        "",
        "CRM_BASE_URL=https://crm.example.org  # no slash",
        "CRM_MAIL_FROM=In Person <crm@example.org>",
        'CRM_WORKSPACE = "Team #1"',
        "export CRM_SMTP_URL='smtp://u:p#w@mail.example.org'",
        "CRM_PORT=8001",
        "CRM_TIME_ZONE=",
        f"CRM_METRICS_TOKEN_FILE={tmp_path / 'token'}",
    ]
    (tmp_path / "in-person.env").write_text("\n".join(lines))
    bare.setenv(settings.FILE, str(tmp_path / "in-person.env"))
    bare.setenv("CRM_PORT", "8002")
    bare.setenv("CRM_HOST", "")
    found = settings.load()
    assert (found.url, found.mail_from, found.workspace) == (
        "https://crm.example.org",
        "In Person <crm@example.org>",
        "Team #1",
    )
    assert found.smtp_url == "smtp://u:p#w@mail.example.org"
    assert (found.host, found.port, found.time_zone) == ("127.0.0.1", 8002, "UTC")
    assert found.metrics_token == "of the monitor"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("CRM_BASEURL=https://crm.example.org", r"Line 2 of .* no setting\. Is CRM_BASE_URL meant\?"),
        ("CRM_SMTP_URL smtp://u:canary@h", r"Line 2 of .* is no setting\."),
        ("CRM_PORT=many", r"CRM_PORT: "),
        ('CRM_WORKSPACE="Team', r"Line 2 of .*: a quote is opened and not closed\."),
        ("CRM_WORKSPACE='Team # ours", r"Line 2 of .*: a quote is opened and not closed\."),
    ],
)
def test_a_file_with_a_slip_is_refused_by_its_line(
    tmp_path: Path, bare: pytest.MonkeyPatch, line: str, words: str
) -> None:
    (tmp_path / "in-person.env").write_text(f"CRM_HOST=127.0.0.1\n{line}\n")
    bare.setenv(settings.FILE, str(tmp_path / "in-person.env"))
    with pytest.raises(UsageError, match=words) as refused:
        settings.load()
    assert "canary" not in refused.value.sentence


def test_a_quote_inside_a_value_is_a_part_of_it(tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    (tmp_path / "in-person.env").write_text(
        'CRM_MAIL_FROM="In Person" <crm@example.org>\nCRM_WORKSPACE=Team 7"\n'
    )
    bare.setenv(settings.FILE, str(tmp_path / "in-person.env"))
    found = settings.load()
    assert (found.mail_from, found.workspace) == ('"In Person" <crm@example.org>', 'Team 7"')


def test_the_environment_counts_before_a_secret_that_the_file_names(
    tmp_path: Path, bare: pytest.MonkeyPatch
) -> None:
    (tmp_path / "url").write_text("postgresql://crm@prod/crm\n")
    (tmp_path / "in-person.env").write_text(
        f"CRM_DATABASE_URL_FILE={tmp_path / 'url'}\nCRM_METRICS_TOKEN=of the file\n"
    )
    bare.setenv(settings.FILE, str(tmp_path / "in-person.env"))
    assert settings.load().database_url == "postgresql://crm@prod/crm"
    bare.setenv("CRM_DATABASE_URL", "postgresql://crm@scratch/crm")
    bare.setenv("CRM_METRICS_TOKEN_FILE", str(tmp_path / "url"))
    found = settings.load()
    assert found.database_url == "postgresql://crm@scratch/crm"
    assert found.metrics_token == "postgresql://crm@prod/crm"


def test_a_file_that_is_not_there_is_told(tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    bare.setenv(settings.FILE, str(tmp_path / "none.env"))
    with pytest.raises(UsageError, match=r"CRM_SETTINGS_FILE names .* cannot be read"):
        settings.load()


@pytest.mark.parametrize("name", settings.SECRETS)
@pytest.mark.parametrize("content", ["", " \n"])
def test_a_secret_whose_file_is_empty_is_not_taken_as_not_set(
    name: str, content: str, tmp_path: Path, bare: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text(content)
    bare.setenv(f"CRM_{name.upper()}_FILE", str(tmp_path / "secret"))
    with pytest.raises(UsageError, match=f"CRM_{name.upper()}_FILE names .*secret, which is empty"):
        settings.load()


def test_what_nothing_reads_is_named(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("CRM_BASEURL", "https://crm.example.org")
    bare.setenv("CRM_TEST_TIMES", "2")
    assert settings.unknown_settings() == [
        "CRM_BASEURL is no setting, so nothing reads it. Is CRM_BASE_URL meant?"
    ]
