"""Imports go down only: wiring, rooms in their order, web and mail, storage, domain."""

import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from tests.house.places import ROOT

ROOMS = ("accounts", "contacts", "interactions", "health", "rules", "planning", "nudges", "imports", "today")
WIRING = {"crm.__main__", "crm.app", "crm.cli", "crm.jobs"}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as c; c()",
        "--no-cache",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def wrong_doors(graph: grimp.ImportGraph) -> set[str]:
    """Imports of a room's pages, api or forms by anybody but itself; the wiring may see pages and api."""
    wrong = set()
    for room in ROOMS:
        for door in ("pages", "api", "forms"):
            module = f"crm.{room}.{door}"
            if module not in graph.modules:
                continue
            for importer in graph.find_modules_that_directly_import(module):
                of_this_room = importer.startswith(f"crm.{room}.")
                if not of_this_room and not (importer in WIRING and door != "forms"):
                    wrong.add(f"{importer} -> {module}")
    return wrong


def test_the_contracts_hold() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("crm/domain/channels.py", "import crm.clock"),
        ("crm/domain/channels.py", "import sqlalchemy"),
        ("crm/storage/__init__.py", "import crm.mail"),
        ("crm/web/__init__.py", "import crm.accounts"),
        ("crm/mail/__init__.py", "import crm.web"),
        ("crm/contacts/__init__.py", "import crm.interactions"),
        ("crm/health/queries.py", "import crm.health.pages"),
        ("crm/helpers.py", "import crm.clock"),
    ],
)
def test_a_wrong_import_is_noticed(tmp_path: Path, file: str, line: str) -> None:
    shutil.copytree(ROOT / "crm", tmp_path / "crm", ignore=shutil.ignore_patterns("static", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "crm/health/pages.py").touch()
    with (tmp_path / file).open("a", encoding="utf-8") as module:
        module.write(f"\n{line}\n")
    result = lint_imports(tmp_path)
    assert result.returncode != 0
    assert "BROKEN" in result.stdout or "helpers" in result.stdout + result.stderr


def test_pages_api_and_forms_are_used_by_their_own_room() -> None:
    graph = grimp.build_graph("crm", cache_dir=None)
    assert wrong_doors(graph) == set()


def test_a_wrong_door_is_noticed() -> None:
    graph = grimp.ImportGraph()
    for importer, imported in [
        ("crm.app", "crm.today.pages"),
        ("crm.today.pages", "crm.today.forms"),
        ("crm.today.pages", "crm.health.pages"),
        ("crm.app", "crm.health.forms"),
    ]:
        graph.add_import(importer=importer, imported=imported)
    assert wrong_doors(graph) == {"crm.today.pages -> crm.health.pages", "crm.app -> crm.health.forms"}
