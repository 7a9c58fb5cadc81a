"""A catalogue for a test, made of the few sentences that it needs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from crm.domain import language

Said: TypeAlias = str | tuple[str, ...]
"""A sentence, or a noun with its plurals."""


@contextmanager
def german(folder: Path, words: Mapping[Said, Said]) -> Iterator[None]:
    """There is German inside, of these sentences alone; whoever wants it spoken says so."""
    catalogue = Catalog(locale="de")
    for sentence, said in words.items():
        catalogue.add(sentence, said)
    place = folder / "de" / "LC_MESSAGES"
    place.mkdir(parents=True)
    with (place / "crm.mo").open("wb") as file:
        write_mo(file, catalogue)
    with language.catalogues_in(folder):
        yield
