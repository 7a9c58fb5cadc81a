"""Every template compiles, names icons and files that exist, and keeps to the content security policy."""

import re
from datetime import date
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from jinja2 import UndefinedError

from crm.templating import environment, templates_dir
from crm.web import assets

ENVIRONMENT = environment()
TEMPLATES = sorted(
    name for name in ENVIRONMENT.list_templates() if name.endswith(".html") and not name.startswith("emails/")
)
REQUEST = SimpleNamespace(cookies={})
NORA = SimpleNamespace(name="Nora Lindqvist", initials="NL", role="Admin", owner="1.1")


class Page(HTMLParser):
    """Collects what the tests ask about: tags with attributes, and ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def ids(self) -> list[str]:
        return [name for _, attrs in self.tags if (name := attrs.get("id"))]


def gallery(**changes):
    flash = {"message": "<b>Saved</b>", "undo_url": "/undo/1", "kind": "done"}
    context = {
        "request": REQUEST,
        "user": NORA,
        "active": "health",
        "flashes": [flash],
        "today": date(2026, 11, 16),
    }
    return ENVIRONMENT.get_template("components/gallery.html").render(context | changes)


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_compiles(name):
    ENVIRONMENT.get_template(name)


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_names_icons_and_files_that_exist(name):
    source = (templates_dir() / name).read_text()
    for icon in re.findall(r"\bicon\(\s*\"([^\"]+)\"", source):
        assets.icon(icon)
    for path in re.findall(r"\basset\(\s*['\"]([^'\"]+)['\"]", source):
        assets.load().url(path)


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_holds_no_inline_script_or_style(name):
    source = (templates_dir() / name).read_text()
    assert not re.search(r"<style\b|\sstyle\s*=|\son(?!ce\b)[a-z]+\s*=\s*[\"']|javascript:", source)
    assert not re.search(r"<script(?![^>]*\bsrc=)", source)


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_keeps_the_capitals_of_a_translation(name):
    """ "E-Mail" begins large and goes on so: ``capital`` and ``within`` change the first letter alone."""
    source = (templates_dir() / name).read_text()
    assert not re.search(r"\|\s*(capitalize|lower|title)\b", source)


def test_the_gallery_renders_every_macro():
    macros = set()
    for path in (templates_dir() / "components").glob("*.html"):
        macros |= set(re.findall(r"\{% macro ([a-z]\w*)\(", path.read_text()))
    shown = (templates_dir() / "components" / "gallery.html").read_text()
    inner = {"field_error", "described", "label_for", "zone_icon", "zone_words", "act_word", "toasts"}
    inner |= {"channel_option", "person_token", "bar", "hatch", "stripes", "dots", "stamp_face", "postmark"}
    assert {name for name in macros - inner if f"{name}(" not in shown} == set()


def test_ids_are_unique_and_references_point_somewhere():
    page = Page(gallery())
    ids = page.ids()
    repeated = {name for name in ids if ids.count(name) > 1}
    assert repeated == set()
    for _, attrs in page.tags:
        for key in ("for", "aria-describedby", "aria-labelledby", "list"):
            assert set((attrs.get(key) or "").split()) <= set(ids), attrs


def test_the_current_part_is_marked_and_what_people_type_is_text():
    text = gallery()
    current = [
        attrs.get("href") for tag, attrs in Page(text).tags if tag == "a" and attrs.get("aria-current")
    ]
    assert "/health" in current
    assert "/people" not in current
    assert "&lt;b&gt;Saved&lt;/b&gt;" in text


def test_only_the_two_themes_of_the_cookie_are_believed():
    page = gallery(request=SimpleNamespace(cookies={"theme": "dark"}))
    assert '<html lang="en" dir="ltr" data-theme="dark"' in page
    hostile = SimpleNamespace(cookies={"theme": '"><script>'})
    assert '<html lang="en" dir="ltr" data-dates=' in gallery(request=hostile)


@pytest.mark.parametrize("user", [NORA, None])
def test_an_error_page_needs_neither_a_user_nor_a_next_step(user):
    context = {
        "request": REQUEST,
        "user": user,
        "active": None,
        "title": "Nobody lives here",
        "sentence": "Old.",
    }
    text = ENVIRONMENT.get_template("errors/error.html").render(context)
    assert "<h1>Nobody lives here</h1>" in text
    assert ("Main" in text) == (user is not None)


def test_a_missing_value_is_an_error_not_a_gap():
    with pytest.raises(UndefinedError):
        ENVIRONMENT.from_string("{{ nobody }}").render()
