"""Imports go down only: wiring, rooms in their order, web and mail, storage, domain."""

import shutil
import subprocess
import sys
import tomllib
from itertools import combinations
from pathlib import Path

import grimp

from tests.house.places import ROOT

CONTRACTS = {
    one["id"]: one
    for one in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
}
ROOMS = CONTRACTS["doors"]["containers"]
DOORS = (("pages", "api"), ("actions",), ("queries",), ("forms",))
"""From the highest: a module is what its name is or ends with, such as ``pages`` and ``trip_pages``."""
WIRING = {"crm.__main__", "crm.app", "crm.cli", "crm.jobs"}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as c; c()",
        "--no-cache",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def door(module: str) -> str:
    return module.rpartition(".")[2].rpartition("_")[2]


def room_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def doors(graph: grimp.ImportGraph, *kinds: str) -> list[str]:
    """The rooms' modules of these kinds."""
    return sorted(one for one in graph.modules if room_of(one) in ROOMS and door(one) in kinds)


def wrong_doors(graph: grimp.ImportGraph) -> set[str]:
    """Imports of a room's pages, api or forms by anybody but itself; the wiring may see pages and api."""
    return {
        f"{importer} -> {module}"
        for module in doors(graph, "pages", "api", "forms")
        for importer in graph.find_modules_that_directly_import(module)
        if room_of(importer) != room_of(module) and not (importer in WIRING and door(module) != "forms")
    }


def wrong_ways(graph: grimp.ImportGraph) -> set[str]:
    """Inside a room: those that reach, also by way of others, a module that stands higher, or pages an api and an api pages."""
    wrong = [(lower, higher) for higher, lower in combinations(DOORS, 2)]
    wrong += [(("pages",), ("api",)), (("api",), ("pages",))]
    return {
        f"{importer} -> {module}"
        for importers, modules in wrong
        for importer in doors(graph, *importers)
        for module in doors(graph, *modules)
        if room_of(importer) == room_of(module) and graph.chain_exists(importer, module)
    }


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


def test_inside_a_room_arrows_go_down_by_whatever_subject() -> None:
    assert wrong_ways(grimp.build_graph("crm", cache_dir=None)) == set()


def test_a_wrong_door_is_noticed() -> None:
    graph = grimp.ImportGraph()
    for importer, imported in [
        ("crm.app", "crm.today.pages"),
        ("crm.today.pages", "crm.today.first_forms"),
        ("crm.today.pages", "crm.health.target_pages"),
        ("crm.today.people", "crm.inbox.forms"),
        ("crm.app", "crm.health.forms"),
    ]:
        graph.add_import(importer=importer, imported=imported)
    assert wrong_doors(graph) == {
        "crm.today.pages -> crm.health.target_pages",
        "crm.today.people -> crm.inbox.forms",
        "crm.app -> crm.health.forms",
    }


def test_a_wrong_way_inside_a_room_is_noticed() -> None:
    graph = grimp.ImportGraph()
    for importer, imported in [
        ("crm.planning.trip_pages", "crm.planning.trip_actions"),
        ("crm.planning.trip_actions", "crm.planning.words"),
        ("crm.planning.words", "crm.planning.note_pages"),
        ("crm.planning.api", "crm.planning.pages"),
    ]:
        graph.add_import(importer=importer, imported=imported)
    assert wrong_ways(graph) == {
        "crm.planning.trip_actions -> crm.planning.note_pages",
        "crm.planning.api -> crm.planning.pages",
    }
