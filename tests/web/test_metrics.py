"""What a monitor is told: counts that agree with what was asked, nobody's name, and only to whom it is for."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from crm.app import create_app
from crm.storage.database import Database
from crm.web.vitals import Vitals, family
from tests.builders import World
from tests.web.site import client, settings

SAMPLE = re.compile(
    r'([a-z_]+)((?:\{[a-z]+="(?:[^"\\\n]|\\.)*"(?:,[a-z]+="(?:[^"\\\n]|\\.)*")*\})?) ([-+0-9.e]+)'
)


def samples(text: str) -> dict[str, float]:
    """Every sample by its name and labels; each line must be one, or say what follows."""
    lines = [line for line in text.splitlines() if not re.match(r"# (HELP|TYPE) [a-z_]+ .+", line)]
    found = [SAMPLE.fullmatch(line) for line in lines]
    assert all(found), [line for line, match in zip(lines, found, strict=True) if not match]
    return {match[1] + match[2]: float(match[3]) for match in found if match}


def here(database: Database, **values: str) -> TestClient:
    """A program on the same machine."""
    return TestClient(create_app(settings(**values), database), client=("127.0.0.1", 5000))


def test_requests_are_counted_by_route_and_nobody_is_named(world: World) -> None:
    browser = client(world, world.user("Secretia Person"))
    for _ in range(3):
        browser.get("/people?q=canary")
    browser.get("/canary")
    browser.request("CANARY", "/people")
    text = TestClient(browser.app, client=("127.0.0.1", 5000)).get("/metrics").text
    found = samples(text)
    assert found['crm_requests_total{route="/people",method="GET",status="200"}'] == 3
    assert found['crm_request_seconds_count{route="/people"}'] == 3
    assert found['crm_request_seconds_bucket{route="/people",le="+Inf"}'] == 3
    assert found["crm_database_up"] == 1
    assert found['crm_mails{state="sent"}'] == 0
    assert "canary" not in text.lower()
    assert "Secretia" not in text


def test_columns_of_a_histogram_add_up() -> None:
    vitals = Vitals()
    for seconds in (0.01, 0.011, 0.3, 99):
        vitals.count("/log", "POST", 303, seconds)
    found = samples("\n".join(vitals.lines()))
    heights = [
        found[f'crm_request_seconds_bucket{{route="/log",le="{le}"}}']
        for le in ("0.01", "0.025", "0.5", "10.0", "+Inf")
    ]
    assert heights == [1, 2, 3, 3, 4]


def test_labels_cannot_break_a_line() -> None:
    (line,) = list(family("x", "gauge", "Said.", [("", {"word": 'a"b\\c\nd'}, 1)]))[2:]
    assert SAMPLE.fullmatch(line)


@pytest.mark.parametrize(
    ("where", "headers", "allowed"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("::ffff:127.0.0.1", {}, True),
        ("192.0.2.7", {}, False),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, False),
        ("127.0.0.1", {"Via": "1.1 proxy"}, False),
        ("127.0.0.1", {"Authorization": "Bearer guess"}, True),
    ],
)
def test_without_a_token_only_this_machine_may_read(
    world: World, where: str, headers: dict[str, str], allowed: bool
) -> None:
    browser = TestClient(create_app(settings(), world.database), client=(where, 5000))
    answer = browser.get("/metrics", headers=headers)
    assert answer.status_code == (200 if allowed else 403)
    assert allowed == ("crm_info" in answer.text)


@pytest.mark.parametrize(
    ("given", "status"), [("Bearer right", 200), ("Bearer wröng", 403), ("right", 403), ("", 403)]
)
def test_with_a_token_only_who_has_it_may_read(world: World, given: str, status: int) -> None:
    browser = here(world.database, metrics_token="right")
    assert browser.get("/metrics", headers=[(b"Authorization", given.encode())]).status_code == status


def test_where_no_scheduler_runs_its_alarm_has_a_figure_to_look_at(world: World) -> None:
    found = samples(here(world.database).get("/metrics").text)
    assert found["crm_scheduler_seen_seconds"] == 0
    assert found["crm_time_seconds"] - found["crm_scheduler_seen_seconds"] > 300


def test_a_database_of_a_newer_version_is_not_ready_and_not_sent_to_migrate(world: World) -> None:
    assert here(world.database).get("/readyz").json() == {"ready": True, "reason": None}
    with world.database.write() as connection:
        before = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(text("UPDATE alembic_version SET version_num = 'of_tomorrow'"))
    try:
        answer = here(world.database).get("/readyz")
    finally:
        with world.database.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": before})
    assert answer.status_code == 503
    assert "newer version of In Person. Install that version" in answer.json()["reason"]
    assert "migrate" not in answer.json()["reason"]


def test_a_database_that_does_not_answer_is_a_figure(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite3").write_bytes(b"no database at all, " * 100)
    found = samples(here(Database(f"sqlite:///{tmp_path / 'x.sqlite3'}")).get("/metrics").text)
    assert found["crm_database_up"] == 0
    assert 'crm_mails{state="sent"}' not in found
