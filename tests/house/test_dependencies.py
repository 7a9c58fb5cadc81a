"""The list of dependencies is what the project asks for, and the bill of materials is what the lock says."""

import json
import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement

from crm import __version__
from tests.house.places import ROOT
from tests.house.test_repository import locked, offences
from tools.sbom import stated_licence

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DIRECT = {Requirement(words).name for words in PROJECT["dependencies"]}
NOT_HERE = {"colorama"}
"""What only Windows needs: nothing is installed that could state its licence."""
OPTIONAL = {Requirement(words).name for extra in PROJECT["optional-dependencies"].values() for words in extra}


def listed() -> dict[str, str]:
    """The packages of the page with their licences."""
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `([\w-]+)` \| ([^|]+) \| [^|]{10,} \|$", page, re.MULTILINE))


def test_the_page_lists_what_the_project_asks_for() -> None:
    assert set(listed()) == DIRECT


def short(licence: str) -> str:
    """The family of a licence, however a package writes it."""
    families = {
        "mit": "MIT",
        "bsd": "BSD",
        "apache": "Apache",
        "lgpl": "LGPL",
        "unlicense": "Unlicense",
        "zlib": "zlib",
    }
    return next((family for word, family in families.items() if word in licence.lower()), licence)


@pytest.mark.parametrize("name", sorted(DIRECT))
def test_the_licence_is_the_one_the_package_states(name: str) -> None:
    stated = stated_licence(name)
    if stated:
        assert short(listed()[name]) == short(stated)


def test_the_bill_of_materials_holds_the_lock() -> None:
    command = [sys.executable, str(ROOT / "tools" / "sbom.py")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert offences(said) == []
    bill = json.loads(said)
    packages = [one for one in bill["components"] if one["bom-ref"].startswith("pkg:pypi/")]
    assert {one["name"]: one["version"] for one in packages} == locked("runtime.txt")
    assert all(one["hashes"] for one in packages)
    assert {one["name"] for one in packages if "licenses" not in one} <= NOT_HERE
    others = [one for one in bill["components"] if one not in packages]
    assert {one["name"] for one in others} >= {"htmx.org", "lucide-static", "GeoNames"}
    assert all(one["licenses"] and one["components"] for one in others)
    needs = {one["ref"]: one["dependsOn"] for one in bill["dependencies"]}
    direct = {ref.partition("/")[2].partition("@")[0] for ref in needs[f"in-person@{__version__}"]}
    assert direct == DIRECT | OPTIONAL
    refs = {one["bom-ref"] for one in packages}
    assert {ref for wanted in needs.values() for ref in wanted} == refs


def test_the_version_is_said_once_more_and_the_changes_have_a_heading() -> None:
    assert PROJECT["version"] == __version__
    assert re.search(
        rf"^## {re.escape(__version__)}\b", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )
    for name, said in (
        ("compose.yaml", "in-person:{}"),
        ("docs/install.md", "in_person-{}-py3-none-any.whl"),
    ):
        assert said.format(__version__) in (ROOT / name).read_text("utf-8"), name
