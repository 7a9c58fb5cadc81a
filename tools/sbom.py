"""What the product is made of, as CycloneDX JSON: ``./dev sbom [FILE]``. Made of the lock and of what lies in the
repository, the same each time.

Licences are those that the installed packages state, else those of docs/dependencies.md.
"""

import hashlib
import json
import re
import sys
import tomllib
import uuid
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
VENDORED = ROOT / "crm" / "web" / "static" / "vendor" / "manifest.json"
PLACES = ROOT / "crm" / "domain" / "places"
LISTED = re.compile(r"^\| `([\w-]+)` \| ([^|]+) \|", re.MULTILINE)
ENTRY = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)", re.MULTILINE)


def locked(text: str) -> dict[str, dict[str, Any]]:
    """Each package of a lock: its version, the hashes of its files, and who asks for it."""
    found = {}
    for entry in re.split(r"^(?=\w)", text, flags=re.MULTILINE):
        if head := ENTRY.match(entry):
            asked_by = re.findall(
                r"^    #(?: via)? +([\w.-]+)(?: \(pyproject\.toml\))?$", entry, re.MULTILINE
            )
            found[head["name"]] = {
                "version": head["version"],
                "hashes": sorted(set(re.findall(r"sha256:([0-9a-f]{64})", entry))),
                "asked_by": [name for name in asked_by if name != "via"],
            }
    return found


def bill(project: dict[str, Any], text: str) -> dict[str, Any]:
    """The whole document."""
    packages = locked(text)
    us = f"{project['name']}@{project['version']}"
    references = {name: f"pkg:pypi/{name}@{one['version']}" for name, one in packages.items()}
    needs: dict[str, list[str]] = defaultdict(list)
    for name, one in packages.items():
        for asker in one["asked_by"]:
            needs[us if asker == project["name"] else references[asker]].append(references[name])
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(hashlib.sha256(text.encode()).hexdigest()[:32])}",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": us, "name": project["name"],
                                   "version": project["version"], **licence(project["license"])}},
        "components": [
            *(component(name, one, references[name]) for name, one in packages.items()),
            *map(vendored, json.loads(VENDORED.read_text(encoding="utf-8"))),
            cities(),
        ],
        "dependencies": [{"ref": ref, "dependsOn": sorted(needs[ref])} for ref in (us, *references.values())],
    }  # fmt: skip


def vendored(package: dict[str, Any]) -> dict[str, Any]:
    """One package of what browsers get, with the files that we took of it."""
    purl = f"pkg:npm/{package['name'].replace('@', '%40')}@{package['version']}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": package["name"],
        "version": package["version"],
        "purl": purl,
        **licence(package["licence"]),
        "components": [file(name, digest) for name, digest in package["files"].items()],
    }


def cities() -> dict[str, Any]:
    """The tables of places."""
    tables = sorted(PLACES.glob("*.tsv"))
    return {
        "type": "data",
        "bom-ref": "geonames",
        "name": "GeoNames",
        **licence("CC-BY-4.0"),
        "components": [file(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in tables],
    }


def file(name: str, digest: str) -> dict[str, Any]:
    """One file of a component."""
    return {"type": "file", "name": name, "hashes": [{"alg": "SHA-256", "content": digest}]}


def component(name: str, one: dict[str, Any], reference: str) -> dict[str, Any]:
    """One package."""
    return {
        "type": "library",
        "bom-ref": reference,
        "name": name,
        "version": one["version"],
        "purl": reference,
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in one["hashes"]],
        **licence(stated_licence(name) or listed().get(name, "")),
    }


def listed() -> dict[str, str]:
    """The direct dependencies with their licences, as the page has them."""
    return dict(LISTED.findall((ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")))


def stated_licence(name: str) -> str:
    """What the package says of itself, if it is installed here."""
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return ""
    classes = [
        one.rpartition(" :: ")[2] for one in said.get_all("Classifier") or [] if one.startswith("License ::")
    ]
    short = said.get("License") or ""
    return said.get("License-Expression") or (short if "\n" not in short else "") or " and ".join(classes)


def licence(words: str) -> dict[str, Any]:
    """As CycloneDX puts it; nothing where nothing is known."""
    return {"licenses": [{"license": {"name": words}}]} if words else {}


def main(arguments: list[str]) -> int:
    """Write it to the file that is named, else print it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    words = json.dumps(bill(project, text), indent=2) + "\n"
    if arguments:
        Path(arguments[0]).write_text(words, encoding="utf-8")
    else:
        sys.stdout.write(words)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
