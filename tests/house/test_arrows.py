"""Imports go down only: wiring, rooms in their order, web and mail, storage, domain."""

import shutil
import subprocess
import sys
from pathlib import Path

import grimp

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


WRONG = (
    ("crm.domain.channels", "crm.clock"),
    ("crm.domain.channels", "sqlalchemy"),
    ("crm.storage", "crm.mail"),
    ("crm.web", "crm.accounts"),
    ("crm.mail", "crm.web"),
    ("crm.contacts", "crm.interactions"),
    ("crm.health.queries", "crm.health.pages"),
    ("crm.imports.limits", "pydantic"),
)


def house_with(folder: Path, *imports: tuple[str, str]) -> Path:
    """A copy of the product in which these modules import those."""
    shutil.copytree(ROOT / "crm", folder / "crm", ignore=shutil.ignore_patterns("static", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for importer, imported in imports:
        path = folder / importer.replace(".", "/")
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        with file.open("a", encoding="utf-8") as module:
            module.write(f"\nimport {imported}\n")
    return folder


def test_each_wrong_import_is_named(tmp_path: Path) -> None:
    (house_with(tmp_path, *WRONG) / "crm/health/pages.py").touch()
    result = lint_imports(tmp_path)
    assert result.returncode != 0
    chains = " ".join(result.stdout.split())
    assert [one for one in WRONG if " -> ".join(one) not in chains] == []


def test_a_module_of_no_floor_is_noticed(tmp_path: Path) -> None:
    result = lint_imports(house_with(tmp_path, ("crm.helpers", "crm.clock")))
    assert result.returncode != 0
    assert "helpers" in result.stdout + result.stderr


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
