"""Every template compiles, and every template is used."""

import re
from pathlib import Path

from crm.templating import environment
from crm.web.kept import is_secret
from tests.house.places import ROOT, files, named, text

TEMPLATES = ROOT / "templates"
MAIL_PARTS = ("subject.txt", "body.txt", "body.mjml", "sample.json")


def templates() -> list[str]:
    return sorted(path.relative_to(TEMPLATES).as_posix() for path in files() if TEMPLATES in path.parents)


def quoted_in(sources: str, name: str) -> bool:
    """Whether the name stands in quotes somewhere, as it does where a template is rendered or included."""
    return re.search(rf"""["']{re.escape(name)}["']""", sources) is not None


def mail_of(template: str) -> str | None:
    """The mail a part belongs to: those are rendered by the folder's name."""
    parts = Path(template).parts
    return parts[1] if parts[0] == "emails" and len(parts) == 3 and parts[2] in MAIL_PARTS else None


def unused(names: list[str], sources: str) -> list[str]:
    return [name for name in names if not quoted_in(sources, mail_of(name) or name)]


def sources() -> str:
    """All Python and all templates; the tests do not count as users, except for the gallery of components."""
    counted = [path for path in files() if named(path).startswith(("crm/", "templates/", "tools/"))]
    return "\n".join(text(path) or "" for path in counted if path.suffix in (".py", ".html", ".mjml", ".txt"))


def password_fields(template: str) -> list[str]:
    """The names of the fields in which a password is typed, "" where a name cannot be told."""
    found = []
    for one in re.split(r"(?=<input\b|\bfield\()", template):
        if re.search(r"""\btype=["']password["']""", one):
            name = re.search(r"""(?:^<input[^>]*\sname=|^field\()["']([^"'{]+)["']""", one)
            found.append(name[1] if name else "")
    return found


def test_every_template_compiles() -> None:
    env = environment()
    for name in templates():
        if not name.endswith(".json"):
            env.get_template(name)


def test_every_template_is_used() -> None:
    names = [name for name in templates() if name != "components/gallery.html"]
    assert unused(names, sources()) == []


def test_a_password_is_typed_where_it_is_not_shown_again() -> None:
    fields = {name: password_fields((TEMPLATES / name).read_text()) for name in templates()}
    found = {(name, field) for name, those in fields.items() for field in those}
    assert len(found) >= 9
    assert {one for one in found if not is_secret(one[1])} == set()


def test_a_password_that_would_be_shown_again_is_noticed() -> None:
    page = """<input type="password" name="pin">{{ field("current", _("Now"), type="password") }}
        {{ field("email", _("For %(x)s", x=f(1)), type="email") }}<input name="{{ name }}" type='password'>"""
    assert password_fields(page) == ["pin", "current", ""]
    assert not is_secret("current")


def test_an_unused_template_is_noticed() -> None:
    names = ["people/list.html", "people/_row.html", "emails/nudge/body.txt", "emails/lost/body.txt"]
    code = """render("people/list.html"); compose(env, 'nudge')"""
    assert unused(names, code) == ["people/_row.html", "emails/lost/body.txt"]
