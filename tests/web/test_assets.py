"""Static files over the wire: found, cached for ever, packed when the browser can unpack."""

import json
import re
import struct

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from crm.web import assets


@pytest.fixture
def client():
    app = Starlette()
    assets.mount(app)
    return TestClient(app)


@pytest.mark.parametrize("name", ["app.css", "js/main.js", "vendor/htmx/4.0.1/htmx.min.js", "mark.svg"])
def test_a_file_comes_whole_packed_or_not(client, name):
    url = assets.load().url(name)
    plain = client.get(url, headers={"Accept-Encoding": "identity"})
    packed = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert plain.status_code == 200
    assert plain.content == packed.content
    assert "immutable" in plain.headers["cache-control"]


@pytest.mark.parametrize("path", ["nothing.css", "../../settings.py", "%2e%2e/%2e%2e/settings.py", "vendor/"])
def test_nothing_else_is_served(client, path):
    assert client.get(f"/static/{path}").status_code == 404


def test_every_module_imports_only_modules_that_are_there():
    folder = assets.STATIC / "js"
    for path in folder.glob("*.js"):
        for name in re.findall(r"""^import .*?["'](.+?)["'];""", path.read_text(), re.MULTILINE):
            assert (folder / name).is_file(), (path.name, name)


def test_a_changed_file_changes_every_address_of_ours_and_none_of_others():
    file = assets.load().find(assets.load().url("app.css").removeprefix("/static/"))
    assert file is not None
    other = assets.Asset(b"changed", "text/css", None)
    before, after = (
        assets.Assets({"app.css": first, "js/a.js": file, "vendor/x/1/x.js": file}) for first in (file, other)
    )
    assert before.url("app.css") != after.url("app.css")
    assert before.url("js/a.js") != after.url("js/a.js")
    assert before.url("vendor/x/1/x.js") == after.url("vendor/x/1/x.js")


def test_the_layers_come_in_their_order_and_every_colour_has_both_themes():
    css = assets.stylesheet(assets.STATIC / "css").decode()
    assert css.startswith("@layer reset, tokens, base, layout, components, pages, print;")
    assert css.count("{") == css.count("}")
    used = set(re.findall(r"var\(--([a-z0-9-]+)\)", css))
    defined = set(re.findall(r"^\s*--([a-z0-9-]+):", css, re.MULTILINE))
    assert used <= defined, used - defined


def test_an_icon_is_decoration_unless_it_has_words():
    assert 'aria-hidden="true"' in assets.icon("phone")
    assert 'aria-label="&#34;Ring&#34; &lt;her&gt;"' in assets.icon("phone", label='"Ring" <her>')
    with pytest.raises(KeyError):
        assets.icon("../../../settings")


def test_the_application_that_is_installed_names_files_that_are_there():
    found = assets.load()
    manifest = json.loads((assets.STATIC / "app.webmanifest").read_text())
    icons = manifest["icons"] + [icon for shortcut in manifest["shortcuts"] for icon in shortcut["icons"]]
    for icon in icons:
        width, height = struct.unpack(">II", (assets.STATIC / icon["src"]).read_bytes()[16:24])
        assert found.url(icon["src"])
        assert icon["sizes"] == f"{width}x{height}"


def test_the_service_worker_alone_may_look_after_every_page(client):
    found = assets.load()
    scopes = {
        name: client.get(found.url(name)).headers.get("service-worker-allowed") for name in found.modules()
    }
    assert set(scopes.values()) == {None}
    assert client.get(found.url(assets.SERVICE_WORKER)).headers["service-worker-allowed"] == "/"
