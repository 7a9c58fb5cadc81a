"""A sealed file is not believed either: whatever is wrong inside it is one sentence, and nothing is restored."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from crm.care import archive
from crm.care.archive import opened
from crm.care.backup import back_up
from crm.care.restore import restore
from crm.errors import Invalid, Refusal
from crm.storage.database import Database
from crm.storage.tables import contact
from tests.builders import NOW, World

Said = dict[str, Any]

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def put(*path: str, value: Any) -> Callable[[Said], Said]:
    def change(said: Said) -> Said:
        inner = said
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = value
        return said

    return change


def without(*path: str) -> Callable[[Said], Said]:
    def change(said: Said) -> Said:
        inner = said
        for name in path[:-1]:
            inner = inner[name]
        del inner[path[-1]]
        return said

    return change


MANIFESTS: dict[str, bytes | Callable[[Said], Any]] = {
    "empty": b"",
    "no text": b"\xff\xfe\x00",
    "half": b'{"format": 1, "ver',
    "deep": b"[" * 100_000,
    "a list": lambda said: [said],
    "nothing": lambda said: None,
    "a format in words": put("format", value="one"),
    "no format": without("format"),
    "no revision": without("revision"),
    "a revision that is none": put("revision", value=None),
    "an unknown revision": put("revision", value="../../x"),
    "a day for a moment": put("made_at", value="yesterday"),
    "no zone": put("newest_change", value="2026-11-26T10:00:00"),
    "an id too large": put("last_id", value=2**70),
    "an id in words": put("last_id", value="7"),
    "tables as a list": put("tables", value=[]),
    "no tables": put("tables", value={}),
    "a table missing": without("tables", "contact"),
    "a table too many": put("tables", "sqlite_master", value={"columns": ["name"], "rows": 0}),
    "columns as words": put("tables", "contact", "columns", value="id"),
    "an unknown column": put(
        "tables", "contact", "columns", value=["workspace_id", "id", "x); DROP TABLE contact"]
    ),
    "a count too low": put("tables", "contact", "rows", value=0),
    "a count below nothing": put("tables", "contact", "rows", value=-1),
}

CONTACTS = "tables/contact.jsonl"
ROWS: dict[str, bytes | None] = {
    "no JSON": b"{]\n",
    "no list": b'"abc"\n',
    "too short": b"[1, 2]\n",
    "no text": b"\xff\n",
    "none": b"",
}


def resealed(path: Path, changed: dict[str, bytes | None]) -> Path:
    """The archive with other members, sealed as if it were ours; None takes a member away."""
    other = path.with_suffix(".other")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = changed.get(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
        new.comment = old.comment
    archive.seal(other)
    return other


@pytest.fixture
def whole(world: World, tmp_path: Path) -> Path:
    world.log("email", 3, world.contact("Marta Kowalczyk"))
    back_up(world.database, tmp_path / "whole.backup", NOW)
    return tmp_path / "whole.backup"


def people(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(contact)).scalar_one()


def refusal(database: Database, path: Path, replace: bool = True) -> str:
    """The sentence by which an archive is refused; nothing may have changed."""
    with pytest.raises(Refusal) as refused:
        restore(database, path, NOW, replace=replace)
    assert people(database) == 1
    assert "\n" not in refused.value.sentence
    return refused.value.sentence


@on_sqlite
def test_a_manifest_that_makes_no_sense_is_a_sentence(world: World, whole: Path) -> None:
    with zipfile.ZipFile(whole) as found:
        said = found.read("manifest.json")
    for name, wrong in MANIFESTS.items():
        data = wrong if isinstance(wrong, bytes) else json.dumps(wrong(json.loads(said))).encode()
        sentence = refusal(world.database, resealed(whole, {"manifest.json": data}))
        assert ("Use another backup" in sentence) != (name == "an unknown revision"), (name, sentence)
    assert "does not say" in refusal(world.database, resealed(whole, {"manifest.json": None}), replace=False)


@on_sqlite
def test_rows_that_are_none_are_a_sentence(whole: Path) -> None:
    for name, data in {**ROWS, "no member": None}.items():
        with opened(resealed(whole, {CONTACTS: data})) as found, pytest.raises(Invalid) as refused:
            list(found.rows("contact"))
        assert "its table contact does not match" in refused.value.sentence, name


def test_rows_the_database_does_not_take_are_a_sentence(world: World, whole: Path) -> None:
    with zipfile.ZipFile(whole) as found:
        first = json.loads(found.read(CONTACTS))
    for values in ([{"a": 1}, *first[1:]], [2**70, *first[1:]], [None] * len(first)):
        data = json.dumps(values).encode() + b"\n"
        assert "its table contact does not match" in refusal(
            world.database, resealed(whole, {CONTACTS: data})
        )


@on_sqlite
def test_the_same_members_sealed_again_are_restored(world: World, whole: Path) -> None:
    restore(world.database, resealed(whole, {}), NOW, replace=True)
    assert people(world.database) == 1
