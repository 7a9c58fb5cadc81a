"""Gathers every sentence of the source into the catalogue of a language: ``./dev texts LANGUAGE`` (de, pt_BR).

Makes ``crm/locale/LANGUAGE/LC_MESSAGES/crm.po``, or renews it and keeps what is translated, then compiles it beside itself.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LOCALES = ROOT / "crm" / "locale"


def of_python(file: IO[bytes], keywords: Any, _tags: Any, options: Any) -> Iterator[tuple[Any, ...]]:
    """Every call of a keyword with its texts, None for what is none: also within another call and within an f-string, which
    Babel's own reader passes over."""
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Call) and (name := _called(node.func)) in keywords:
            yield node.lineno, name, tuple(map(_text, node.args)), []


def _called(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _text(argument: ast.expr) -> str | None:
    is_text = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    return argument.value if is_text else None


METHODS = [("crm/**.py", of_python), ("templates/**", "jinja2")]
OPTIONS = {
    "templates/**": {
        "extensions": "jinja2.ext.i18n",
        "trimmed": "true",
        "trim_blocks": "true",
        "lstrip_blocks": "true",
        "silent": "false",
    }
}
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "count": (2, 3),
    "count_words": (2, 3),
    "plurals": (1, 2),
    "phrase": None,
    "phrases": (1, 2),
}
"""``count`` takes a number, a noun and its plural; of `crm.imports.phrases` are the last two."""


def gathered() -> Catalog:
    """Every sentence that goes through ``crm.domain.language``, with the files it stands in."""
    catalog = Catalog(project="In Person", charset="utf-8", fuzzy=False)
    found = extract_from_dir(
        ROOT, METHODS, OPTIONS, KEYWORDS, directory_filter=lambda path: Path(path).name in WALKED
    )
    for name, _, sentence, comments, context in found:
        catalog.add(sentence, None, [(name, 0)], auto_comments=comments, context=context)
    return catalog


WALKED = {
    "crm",
    "templates",
    *(path.name for top in ("crm", "templates") for path in (ROOT / top).rglob("*/")),
} - {
    "static",
    "demo",
    "__pycache__",
}
"""Not the demo: what its people write is what people write."""


def renew(language: str) -> tuple[Path, int, int]:
    """Write the catalogue anew: where it is, how many sentences it has, and how many are translated."""
    locale = Locale.parse(language)
    path = LOCALES / str(locale) / "LC_MESSAGES" / "crm.po"
    catalog = gathered()
    if path.exists():
        kept = read_po(path.open("rb"), locale=locale)
        kept.update(catalog, no_fuzzy_matching=True)
        catalog = kept
    else:
        catalog.locale = locale
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=110, ignore_obsolete=True, include_lineno=False)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)
    sentences = [message for message in catalog if message.id]
    return path, len(sentences), sum(bool(message.string and all(message.string)) for message in sentences)


def main(names: list[str]) -> int:
    """Renew one catalogue."""
    if len(names) != 1:
        print("Name one language: ./dev texts de", file=sys.stderr)
        return 2
    try:
        path, many, translated = renew(names[0])
    except (UnknownLocaleError, ValueError):
        print(f"{names[0]} is no language: write it as in de or pt_BR.", file=sys.stderr)
        return 2
    print(f"{path.relative_to(ROOT)}: {translated} of {many} sentences are translated.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
