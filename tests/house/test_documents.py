"""The documentation names every setting, command and shipped rule, and nothing that is gone."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm.domain import rules
from crm.settings import FILE, SECRETS, Settings
from tests.house.places import ROOT, files, is_vendored, named

SETTING = re.compile(r"CRM_[A-Z_]*[A-Z]")
FOR_TESTS = {"CRM_CHROMIUM", "CRM_TEST_DATABASE_URL", "CRM_TEST_LAG", "CRM_TEST_TIMES"}


def read(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def settings() -> set[str]:
    names = {FILE} | {f"CRM_{field.upper()}" for field in Settings.model_fields}
    return names | {f"CRM_{name.upper()}_FILE" for name in SECRETS}


def rows(page: str) -> dict[str, list[str]]:
    """The table rows of a page by their first cell, which is code."""
    found = re.findall(r"^\| `([^`|]+)` \|(.+)\|$", page, re.MULTILINE)
    return {first: [cell.strip() for cell in rest.split(" | ")] for first, rest in found}


def test_every_setting_is_described_and_none_that_is_gone() -> None:
    assert set(rows(read("settings.md"))) == settings()


def test_no_page_speaks_of_a_setting_that_does_not_exist() -> None:
    for page in markdown():
        mentioned = set(SETTING.findall(page.read_text(encoding="utf-8")))
        assert mentioned <= settings() | FOR_TESTS, named(page)


def test_no_example_sets_what_does_not_exist() -> None:
    examples = [path for path in files() if "docs/examples" in named(path)]
    assert examples
    for path in [*examples, ROOT / "compose.yaml", ROOT / "Dockerfile"]:
        assert set(SETTING.findall(path.read_text(encoding="utf-8"))) <= settings(), named(path)


def test_plain_defaults_are_the_documented_ones() -> None:
    described = rows(read("settings.md"))
    for name, field in Settings.model_fields.items():
        if name != "data_dir" and field.default not in ("", None):
            assert described[f"CRM_{name.upper()}"][0] == f"`{field.default}`", name


def commands() -> set[str]:
    """Every command of `crm`, groups by their members."""
    cli = pytest.importorskip("crm.cli")
    import typer.main

    def walk(command: Any, path: str) -> Iterator[str]:
        members = getattr(command, "commands", None)
        if members is None:
            yield path
            return
        for name, member in members.items():
            if not member.hidden:
                yield from walk(member, f"{path} {name}")

    return set(walk(typer.main.get_command(cli.app), "crm"))


def test_every_command_is_described_and_none_that_is_gone() -> None:
    assert set(re.findall(r"^## (crm .+)$", read("commands.md"), re.MULTILINE)) == commands()


def rule_facts(rule: rules.Rule) -> str:
    """The line of the page that a program can check."""
    tiers = "anyone" if set(rule.tiers) == set(rules.EVERYONE) else ", ".join(rule.tiers)
    high = " or high" if rule.high_when is not None else ""
    return f"For {tiers}. Suggests {', '.join(rule.suggests)}. Severity {rule.severity}{high}."


def test_every_shipped_rule_is_described_as_it_is() -> None:
    described = re.findall(r"^### `(\w+)`: (.+)\n\n(For .+)$", read("rules.md"), re.MULTILINE)
    assert described == [(rule.key, rule.name, rule_facts(rule)) for rule in rules.ALL]


def markdown() -> list[Path]:
    return [path for path in files() if path.suffix == ".md" and not is_vendored(path)]


def test_every_link_leads_somewhere() -> None:
    lost = []
    for page in markdown():
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            if "://" in target or target.startswith("mailto:"):
                continue
            path, _, place = target.partition("#")
            there = page.parent / path if path else page
            if not there.exists() or (place and place not in places(there)):
                lost.append(f"{named(page)}: {target}")
    assert lost == []


def places(page: Path) -> set[str]:
    """The anchors of a page's headings, as the forges make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {one.replace(" ", "-") for one in words}
