"""``crm health`` and ``crm flags``: the shapes programs rely on, as of any day, and lines for people."""

import json
from datetime import timedelta
from typing import Any

import pytest

from crm.__main__ import run
from crm.domain.metrics import COUNTED, METRICS
from crm.domain.rules import ALL, SEVERITIES
from tests.builders import World
from tests.rules.organisations import account

AT = "2026-11-23T12:00+00:00"
ZONES = {"no record", "gone quiet", "screen-only", "drifting", "in touch", None}


@pytest.fixture
def crm(world: World, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    """Run a command on the world's database; gives exit status, standard output and standard error."""
    monkeypatch.setenv("CRM_DATABASE_URL", database_url)

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = run(arguments)
        out, err = capsys.readouterr()
        return status, out, err

    return call


def data(answer: tuple[int, str, str]) -> Any:
    status, out, err = answer
    assert (status, err) == (0, "")
    return json.loads(out)


@pytest.fixture
def people(world: World) -> dict[str, int]:
    ids = {
        "screen": world.contact("Marta Kowalczyk"),
        "touch": world.contact("Graham Pike", kind="vendor"),
        "blank": world.contact("Rob Tanner"),
        "none": world.contact("Nobody Special", tier="none", kind="other"),
        "gone": world.contact("Archie Ved", archived_at=world.now),
    }
    for days in (2, 9, 30):
        world.log("email", days, ids["screen"], ids["none"], ids["gone"])
    world.log("visit", 221, ids["screen"])
    world.log("lunch", 3, ids["touch"])
    return ids


def test_health_as_json(crm: Any, people: dict[str, int]) -> None:
    found = data(crm("health", "--json", "--as-of", AT))
    assert [one["contact"]["id"] for one in found] == [
        people[name] for name in ("screen", "touch", "none", "blank")
    ]
    for one in found:
        assert set(one) == {"contact", "score", "parts", "zone", "metrics"}
        assert set(one["contact"]) == {"id", "name", "email", "kind", "tier"}
        assert set(one["parts"]) == {"any", "personal", "in_person", "balance"}
        assert set(one["metrics"]) == set(METRICS)
        assert all(type(one["metrics"][name]) in (int, type(None)) for name in COUNTED)
        assert one["zone"] in ZONES
    screen, touch, none, blank = found
    assert screen["zone"] == "screen-only"
    assert screen["metrics"]["days_since_personal"] == 221
    assert screen["metrics"]["digital_share_365"] == 0.75
    assert touch["zone"] == "in touch"
    assert (none["zone"], none["score"], none["parts"]["any"]) == (None, None, None)
    assert (blank["zone"], blank["score"], blank["metrics"]["days_since_any"]) == ("no record", None, None)


def test_health_as_of_a_past_day(crm: Any, people: dict[str, int], world: World) -> None:
    day = world.today - timedelta(days=200)
    found = {one["contact"]["id"]: one for one in data(crm("health", "--json", "--as-of", day.isoformat()))}
    assert found[people["screen"]]["zone"] == "in touch"
    assert found[people["screen"]]["metrics"]["days_since_personal"] == 21
    assert found[people["touch"]]["zone"] == "no record"
    assert data(crm("health", "--json", "--as-of", "2020-01-01")) == []


def test_flags_as_json(crm: Any, people: dict[str, int]) -> None:
    found = data(crm("flags", "--json", "--as-of", AT))
    assert [SEVERITIES.index(one["severity"]) for one in found] == sorted(
        SEVERITIES.index(one["severity"]) for one in found
    )
    for one in found:
        assert set(one) == {"contact", "rule", "severity", "sentence", "evidence", "suggests"}
        assert set(one["contact"]) == {"id", "name", "email", "kind", "tier"}
    said = {(one["contact"]["id"], one["rule"]) for one in found}
    assert (people["screen"], "screen_only") in said
    assert (people["blank"], "no_record") in said
    assert people["gone"] not in {contact for contact, _ in said}
    (only,) = data(crm("flags", "--rule", "screen_only", "--json", "--as-of", AT))
    assert only["sentence"] == "3 emails since you last spoke, 7 months ago."
    assert only["evidence"]["digital_180"] == 3
    assert only["suggests"] == ["lunch", "call", "note"]


def test_a_flag_of_an_organisation(crm: Any, world: World) -> None:
    northgate = account(world, "Northgate Logistics")
    for name in ("Ada", "Bo"):
        world.contact(name, organisation_id=northgate)
    for asked in ([], ["--rule", "fragile_account"]):
        found = data(crm("flags", *asked, "--json", "--as-of", AT))
        (flag,) = [one for one in found if one["contact"] is None]
        assert flag["organisation"] == {"id": northgate, "name": "Northgate Logistics"}
        assert set(flag) == {
            "contact",
            "organisation",
            *("rule", "severity", "sentence", "evidence", "suggests"),
        }


def test_an_unknown_rule_is_refused_with_the_list(crm: Any) -> None:
    status, out, err = crm("flags", "--rule", "nonsense")
    assert status in (1, 2)
    assert out == ""
    assert err.count("\n") == 1
    assert all(rule.key in err for rule in ALL)


def test_tables_for_people(crm: Any, people: dict[str, int], world: World) -> None:
    world.contact("Evil \x1b[31mname [red]")
    status, out, _ = crm("health", "--as-of", AT)
    assert status == 0
    assert "Marta Kowalczyk" in out
    assert "screen-only" in out
    assert "\x1b" not in out
    assert "[red]" in out
    status, out, _ = crm("flags", "--as-of", AT)
    assert status == 0
    assert "3 emails since you last spoke, 7 months ago." in out


def test_an_empty_workspace(crm: Any) -> None:
    for command in ("health", "flags"):
        assert data(crm(command, "--json")) == []
        status, out, _ = crm(command)
        assert status == 0
        assert out.count("\n") == 1
