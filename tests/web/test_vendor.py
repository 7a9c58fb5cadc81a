"""The third-party files we serve are exactly those the manifest names, with their licences."""

import hashlib
import json
import re

import pytest

from crm.web import assets

VENDOR = assets.STATIC / "vendor"
PACKAGES = json.loads((VENDOR / "manifest.json").read_text())


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: str(package["folder"]))
def test_every_file_has_the_hash_of_the_manifest(package):
    for name, digest in package["files"].items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name


def test_nothing_lies_there_that_the_manifest_does_not_name():
    there = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert there - {"manifest.json"} == {name for package in PACKAGES for name in package["files"]}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: str(package["folder"]))
def test_each_package_lies_under_its_version_and_brings_its_licence(package):
    prefix = f"{package['folder']}/{package['version']}/"
    assert all(name.startswith(prefix) for name in package["files"])
    assert (VENDOR / prefix / "LICENSE").stat().st_size > 200


def test_styles_and_templates_name_only_files_that_are_there():
    named = re.findall(r"vendor/([^\"')]+)", assets.stylesheet(assets.STATIC / "css").decode())
    assert named
    assert all((VENDOR / name).is_file() for name in named)
