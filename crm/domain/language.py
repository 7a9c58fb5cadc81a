"""The translation layer: every sentence for people is English in the source and goes through here on its way out.

A catalogue is GNU gettext's (``crm/locale/LANGUAGE/LC_MESSAGES/crm.mo``, made by ``./dev texts LANGUAGE``); a sentence that it
lacks stays English. Whom is written for is said once at each edge, with the manner (``crm.domain.manner``).
What programs read, what people typed and what is compared with either is never translated.
"""

import gettext as catalogues
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from pathlib import Path

ENGLISH = "en"
DOMAIN = "crm"
_folder = Path(__file__).resolve().parent.parent / "locale"
_spoken: ContextVar[str] = ContextVar("spoken", default=ENGLISH)


def spoken() -> str:
    """The language of whoever is written for now, as a tag of BCP 47: "en", "pt-BR"."""
    return _spoken.get()


def speak(language: str) -> None:
    """From here on in this context (one request's thread) everything is written in it; English where it is unknown."""
    _spoken.set(language if language in languages() else ENGLISH)


@contextmanager
def spoken_in(language: str) -> Iterator[None]:
    """Everything inside is written in it."""
    before = _spoken.set(language if language in languages() else ENGLISH)
    try:
        yield
    finally:
        _spoken.reset(before)


def gettext(sentence: str) -> str:
    """The sentence in the reader's language."""
    language = _spoken.get()
    return sentence if language == ENGLISH else _catalogue(language).gettext(sentence)


def ngettext(one: str, many: str, number: float) -> str:
    """The one of the two that goes with ``number``, in the reader's language, by that language's own plurals."""
    language = _spoken.get()
    if language == ENGLISH:
        return one if number == 1 else many
    return _catalogue(language).ngettext(one, many, int(number) if number == int(number) else 2)


def pgettext(context: str, sentence: str) -> str:
    """As gettext, for a word that means two things: ``context`` says which."""
    language = _spoken.get()
    return sentence if language == ENGLISH else _catalogue(language).pgettext(context, sentence)


def N_(sentence: str) -> str:  # noqa: N802  what gettext's own tools call it
    """Marks a sentence that stands in a table; whoever shows it translates it then."""
    return sentence


NAME = N_("English")
"""What a language calls itself; each catalogue translates this word."""


def plurals(one: str, many: str) -> tuple[str, str]:
    """As N_, for a noun and its plural."""
    return one, many


@cache
def languages() -> dict[str, str]:
    """Tag → what the language calls itself, English first; a catalogue that cannot be read is left out."""
    found = {ENGLISH: NAME}
    for path in sorted(_folder.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")):
        tag = path.parent.parent.name.replace("_", "-")
        with suppress(OSError, ValueError, struct.error):  # a file cut short, or not a catalogue
            found[tag] = _catalogue(tag).gettext(NAME)
    return found


def accepted(header: str) -> str:
    """The first language of an ``Accept-Language`` header that there is, by its own tag or without its region."""
    weighed = []
    for place, part in enumerate(header[:200].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        with suppress(ValueError):
            weighed.append((-float(weight or 1), place, tag.strip().lower()))
    known = {tag.lower(): tag for tag in languages()}
    for _, _, tag in sorted(one for one in weighed if one[0] < 0):  # nought is a refusal
        for wanted in (tag, tag.partition("-")[0]):
            if wanted in known:
                return known[wanted]
    return ENGLISH


@cache
def _catalogue(tag: str) -> catalogues.NullTranslations:
    return catalogues.translation(DOMAIN, _folder, [tag.replace("-", "_")])


@contextmanager
def catalogues_in(folder: Path) -> Iterator[None]:
    """Catalogues are read from another folder inside: for whoever writes one, and for the tests."""
    global _folder  # noqa: PLW0603
    before, _folder = _folder, folder
    _forget()
    try:
        yield
    finally:
        _folder = before
        _forget()


def _forget() -> None:
    languages.cache_clear()
    _catalogue.cache_clear()
