"""Fetch the third-party files we serve, pinned by version, and write the manifest of their hashes.

Run ``python tools/vendor.py`` after changing a version or an icon below; it needs npm. The result lies under
``crm/web/static/vendor/<name>/<version>/`` with each package's licence, and is committed.
"""

import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "crm" / "web" / "static" / "vendor"

ICONS = (  # noqa: SIM905
    "activity alarm-clock archive arrow-down arrow-left arrow-left-right arrow-right arrow-up at-sign ban bell "
    "book-open building-2 cake calendar calendar-check calendar-plus car check chevron-down chevron-left "
    "chevron-right chevron-up circle circle-alert circle-check circle-dashed circle-question-mark circle-user "
    "circle-x clipboard clock contact copy corner-down-left download ellipsis external-link eye eye-off file-text "
    "flag funnel gift globe handshake hand-heart heart history house image inbox info key key-round link "
    "list-filter list-todo loader lock log-out mail mail-check map map-pin megaphone menu message-circle "
    "message-square minus monitor moon pause pen-line pencil phone phone-off plane play plug plus printer quote "
    "refresh-cw rotate-ccw save scissors search send settings share-2 shield smartphone sparkles square-pen star sun "
    "sun-moon tag ticket trash-2 triangle-alert undo-2 upload user user-plus users utensils video wifi-off x"
).split()


@dataclass(frozen=True)
class Package:
    """One npm package: where its files go, and which of them (path in the package -> path here)."""

    npm: str
    version: str
    folder: str
    licence: str
    files: dict[str, str]


def fontsource(npm: str, folder: str, stem: str) -> Package:
    """A variable roman of fontsource, in the two Latin subsets."""
    names = [stem.format(subset) for subset in ("latin", "latin-ext")]
    files = {f"files/{name}": name for name in names} | {"LICENSE": "LICENSE"}
    return Package(npm, "5.3.0", folder, "OFL-1.1", files)


PACKAGES = (
    fontsource("@fontsource-variable/literata", "literata", "literata-{}-opsz-normal.woff2"),
    fontsource(
        "@fontsource-variable/hanken-grotesk", "hanken-grotesk", "hanken-grotesk-{}-wght-normal.woff2"
    ),
    Package("htmx.org", "4.0.1", "htmx", "0BSD", {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "LICENSE"}),
    Package(
        "lucide-static",
        "1.62.0",
        "lucide",
        "ISC",
        {f"icons/{name}.svg": f"icons/{name}.svg" for name in ICONS} | {"LICENSE": "LICENSE"},
    ),
)


def unpack(package: Package, scratch: Path) -> Path:
    """Download one package with npm and return the folder with its contents."""
    name = f"{package.npm}@{package.version}"
    packed = subprocess.run(
        ["npm", "pack", name, "--json", "--silent"], cwd=scratch, check=True, capture_output=True, text=True
    )
    answer = json.loads(packed.stdout)
    entry = answer[0] if isinstance(answer, list) else next(iter(answer.values()))
    target = scratch / package.folder
    with tarfile.open(scratch / entry["filename"].replace("@", "").replace("/", "-")) as archive:
        archive.extractall(target, filter="data")
    return target / "package"


def place(package: Package, source: Path) -> dict[str, str]:
    """Copy the wanted files and return their SHA-256 by path below the vendor folder."""
    hashes: dict[str, str] = {}
    shutil.rmtree(VENDOR / package.folder, ignore_errors=True)
    for there, here in sorted(package.files.items()):
        path = VENDOR / package.folder / package.version / here
        path.parent.mkdir(parents=True, exist_ok=True)
        content = (source / there).read_bytes()
        path.write_bytes(content)
        hashes[path.relative_to(VENDOR).as_posix()] = hashlib.sha256(content).hexdigest()
    return hashes


def main() -> None:
    """Fetch everything and rewrite ``manifest.json``."""
    manifest = []
    for package in PACKAGES:
        with tempfile.TemporaryDirectory() as folder:
            files = place(package, unpack(package, Path(folder)))
        manifest.append(
            {
                "name": package.npm,
                "folder": package.folder,
                "version": package.version,
                "licence": package.licence,
                "files": files,
            }
        )
        print(f"{package.npm} {package.version}: {len(files)} files")
    (VENDOR / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
