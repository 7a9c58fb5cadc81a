"""Gathers every sentence of the source into the catalogue of a language: ``./dev texts LANGUAGE`` (de, pt_BR).

Makes ``crm/locale/LANGUAGE/LC_MESSAGES/crm.po``, or renews it and keeps what is translated, then compiles it beside itself.
"""

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LOCALES = ROOT / "crm" / "locale"
PLACE = re.compile(r"\{\w+\}|%\(\w+\)s")
"""Where a value stands in a sentence, of Python or of a template."""


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


@dataclass(frozen=True)
class Renewed:
    """A catalogue that was written: how many sentences it has, how many are translated, and which of these cannot be used."""

    path: Path
    sentences: int
    translated: int
    broken: tuple[Message, ...]


def renew(locale: Locale) -> Renewed:
    """Write the catalogue anew, and compile what of it can be used."""
    path = LOCALES / str(locale) / "LC_MESSAGES" / "crm.po"
    catalog = gathered()
    if path.exists():
        with path.open("rb") as file:
            kept = read_po(file, locale=locale)
        kept.update(catalog, no_fuzzy_matching=True)
        catalog = kept
    else:
        catalog.locale = locale
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=110, include_lineno=False)
    sentences = [message for message in catalog if message.id]
    translated = [
        message
        for message in sentences
        if message.string and all(texts_of(message.string)) and not message.fuzzy
    ]
    broken = tuple(message for message in translated if not can_be_filled_in(message))
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, without(broken, catalog))
    return Renewed(path, len(sentences), len(translated), broken)


def texts_of(said: str | Sequence[str]) -> Sequence[str]:
    """The one text, or those of the plurals."""
    return (said,) if isinstance(said, str) else said


def can_be_filled_in(message: Message) -> bool:
    """Whether a translation has only the places that its sentence has, each written as it has to be.

    Any other would break the page it stands on.
    """
    places = {place for text in texts_of(message.id) for place in PLACE.findall(text)}
    in_template = any(path.startswith("templates") for path, _ in message.locations)
    sign = re.compile("[{}%]" if in_template else "[{}]")  # a template's percent sign is written twice
    return all(
        places.issuperset(PLACE.findall(text)) and not sign.search(PLACE.sub("", text).replace("%%", ""))
        for text in texts_of(message.string)
    )


def without(broken: Sequence[Message], catalog: Catalog) -> Catalog:
    """The catalogue, in which these are not translated."""
    for message in broken:
        message.string = ""
    return catalog


def main(names: list[str]) -> int:
    """Renew one catalogue; 1 where a translation of it cannot be used."""
    if len(names) != 1:
        print("Name one language: ./dev texts de", file=sys.stderr)
        return 2
    try:
        locale = Locale.parse(names[0])
    except (UnknownLocaleError, ValueError):
        print(f"{names[0]} is no language: write it as in de or pt_BR.", file=sys.stderr)
        return 2
    done = renew(locale)
    print(f"{done.path}: {done.translated} of {done.sentences} sentences are translated.")
    for message in done.broken:
        print(f"Stays English, for its translation has other places or signs: {message.id}", file=sys.stderr)
    return int(bool(done.broken))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
