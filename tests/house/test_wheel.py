"""The wheel carries what lies outside the package, and serves from where it was unpacked."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from hatchling.builders.wheel import WheelBuilder

from tests.house.places import ROOT, files

FIRST_PAGE = """
import pathlib, crm, crm.app, crm.settings
from fastapi.testclient import TestClient
assert pathlib.Path(crm.__file__).is_relative_to(pathlib.Path.cwd()), crm.__file__
from crm.templating import templates_dir
assert templates_dir().is_relative_to(pathlib.Path.cwd()), templates_dir()
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"]))
    with ZipFile(built) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


def carried(folder: str) -> set[str]:
    """The files of a folder of this repository, by their path below it."""
    below = [path.relative_to(ROOT / folder) for path in files() if ROOT / folder in path.parents]
    return {path.as_posix() for path in below}


@pytest.mark.parametrize(
    ("here", "there"), [("crm", "crm"), ("templates", "crm/_templates"), ("migrations", "crm/_migrations")]
)
def test_it_carries(unpacked: Path, here: str, there: str) -> None:
    assert carried(here)
    missing = {name for name in carried(here) if not (unpacked / there / name).is_file()}
    assert missing == set()


def test_it_carries_nothing_else(unpacked: Path) -> None:
    assert {path.name for path in unpacked.iterdir()} == {"crm", "in_person-0.1.0.dist-info"}


def run(unpacked: Path, data: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run Python on the unpacked wheel alone, far from the checkout."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CRM_")}
    env = {**own, "PYTHONPATH": str(unpacked), "CRM_DATA_DIR": str(data)}
    return subprocess.run(
        [sys.executable, *command], cwd=unpacked, env=env, capture_output=True, text=True, check=False
    )


def test_it_finds_its_own_templates_and_migrations(unpacked: Path, tmp_path: Path) -> None:
    migrated = run(unpacked, tmp_path, "-m", "crm", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    found = run(unpacked, tmp_path, "-c", FIRST_PAGE)
    assert found.returncode == 0, found.stderr
