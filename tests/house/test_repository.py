"""What must never be committed, and what the set-up rests on."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

from tests.house.places import ROOT, files, is_vendored, named, text

# Written in pieces, so that this file does not find itself.
REGISTRIES = ("pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org", "deb.debian" + ".org")
MACHINE = re.compile(r"(?<![\w.$})/-])/(?:" + "work|root|tmp|home" + r")/\w")


def offences(words: str) -> list[str]:
    """Registry hosts and paths of one machine in a text."""
    return [host for host in REGISTRIES if host in words] + MACHINE.findall(words)


def test_no_registry_host_and_no_path_of_one_machine() -> None:
    found = {named(path): offences(text(path) or "") for path in files() if not is_vendored(path)}
    assert {name: seen for name, seen in found.items() if seen} == {}


@pytest.mark.parametrize(
    "words", ["see https://" + REGISTRIES[0] + "/x", "in /ro" + "ot/x", "'/wo" + "rk/main'"]
)
def test_an_offence_is_noticed(words: str) -> None:
    assert offences(words)


@pytest.mark.parametrize(
    "words", ["../shared/data", "https://example.org/work/x", "$HOME/tmp/x", "home/work"]
)
def test_innocent_words_are_let_be(words: str) -> None:
    assert not offences(words)


def locked(name: str) -> dict[str, str]:
    """Versions of a lock file by package; each entry must carry a hash."""
    words = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert "://" not in words
    entries = re.split(r"^(?=\w)", words, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)
    return dict(entry.split(maxsplit=1)[0].split("==") for entry in entries)


def direct(names: list[object]) -> list[Requirement]:
    return [Requirement(name) for name in names if isinstance(name, str)]


def test_the_lock_answers_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = direct(project["project"]["dependencies"])
    groups = {name: direct(group) for name, group in project["dependency-groups"].items()}
    assert len(runtime) <= 20
    for name, wanted in {
        "runtime.txt": runtime,
        "build.txt": groups["build"],
        "dev.txt": runtime + groups["build"] + groups["dev"],
    }.items():
        have = locked(name)
        for requirement in wanted:
            assert requirement.specifier.contains(have[requirement.name]), (name, requirement)


def test_the_locks_agree() -> None:
    everything = locked("dev.txt")
    for name in ("runtime.txt", "build.txt"):
        assert locked(name).items() <= everything.items()


def test_we_run_what_is_locked() -> None:
    have = locked("dev.txt")
    for name in ("starlette", "sqlalchemy", "alembic", "pydantic", "mypy", "ruff"):
        assert version(name) == have[name]


def test_dev_needs_nothing_but_an_old_python_to_complain() -> None:
    tree = ast.parse((ROOT / "dev").read_text(encoding="utf-8"), feature_version=(3, 7))
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    taken_from = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert plain | taken_from <= sys.stdlib_module_names


def test_dev_lists_every_command() -> None:
    shown = subprocess.run([sys.executable, ROOT / "dev"], capture_output=True, text=True, check=True).stdout
    words = (ROOT / "dev").read_text(encoding="utf-8")
    commands = re.findall(r'^    "(\w+)": ', words[words.index("COMMANDS = {") :], re.MULTILINE)
    assert len(commands) > 8
    assert set(re.findall(r"^  (\w+)", shown, re.MULTILINE)) == set(commands)


def test_dev_demo_takes_the_settings_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dev = ModuleType("dev")
    dev.__file__ = str(ROOT / "dev")
    exec(compile((ROOT / "dev").read_text(encoding="utf-8"), ROOT / "dev", "exec"), dev.__dict__)
    env = {name: value for name, value in os.environ.items() if not name.startswith("CRM_")}
    monkeypatch.setattr(dev, "PYTHON", sys.executable)
    assert dev.asked(env) == (("127.0.0.1", 8000), False)
    lines = ["CRM_HOST=0.0.0.0", "CRM_PORT=8123", f"CRM_DATA_DIR={tmp_path}"]
    (tmp_path / "in-person.env").write_text("\n".join(lines))
    assert dev.asked({**env, "CRM_SETTINGS_FILE": str(tmp_path / "in-person.env")}) == (
        ("127.0.0.1", 8123),
        True,
    )
    with pytest.raises(SystemExit, match="2"):
        dev.asked({**env, "CRM_PORT": "many"})


def test_scripts_can_be_run() -> None:
    for name in ("dev", ".ci/run"):
        assert os.access(ROOT / name, os.X_OK)
