"""The card and the envelope of a note, at true size, as a PDF.

Whatever a person typed goes in as data and is never read as markup. The PDF carries its fonts; a line for which this
machine has no letters becomes a rule to write on by hand, and `without_letters` says which.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from crm.domain.language import gettext as _
from crm.domain.language import spoken
from crm.domain.note_prompts import Prompt
from crm.domain.post import Paper

STANDARD: Final = "a-2b"
"""Archival PDF: every font inside, and no letter without a shape."""
_SOURCE = Path(__file__).with_name("note.typ")
_PROBE = (
    b'#set text(font: "Libertinus Serif")\n#for line in json(bytes(sys.inputs.lines)) [#line #parbreak()]'
)


@dataclass(frozen=True)
class Fact:
    """A fact from the log that lies beside the card, and its day."""

    text: str
    day: str


@dataclass(frozen=True)
class Sheet:
    """What is printed: one sheet with card and envelope, or the envelope alone. ``about`` stands under the ``title``: who
    they are, and what the note is for.
    """

    paper: Paper
    title: str
    post_by: str
    sender: tuple[str, ...]
    address: tuple[str, ...]
    prompts: tuple[Prompt, ...]
    facts: tuple[Fact, ...]
    hints: tuple[Prompt, ...]
    envelope_only: bool = False
    about: str = ""

    @property
    def card_words(self) -> str:
        """What stands under the card."""
        size = _size(self.paper.card_width, self.paper.card_height)
        return _("{card} card at true size, {size}. Cut on the dashes, or copy onto your own card.").format(
            card=self.paper.card, size=size
        )

    @property
    def envelope_words(self) -> str:
        """What stands under the envelope."""
        size = _size(self.paper.envelope_width, self.paper.envelope_height)
        return _(
            "{envelope} envelope at true size, {size}. Feed an envelope, or write the address yourself."
        ).format(envelope=self.paper.envelope, size=size)

    def lines(self) -> tuple[str, ...]:
        """Everything a person typed that is to be printed."""
        if self.envelope_only:
            return (*self.sender, *self.address)
        return (self.title, self.about, *self.sender, *self.address, *(fact.text for fact in self.facts))


def _size(width: float, height: float) -> str:
    return f"{width:.0f} × {height:.0f} mm"


@cache
def _fonts() -> Any:
    import typst  # read when the first sheet is asked for

    return typst.Fonts(include_system_fonts=True)


def without_letters(lines: Sequence[str]) -> frozenset[str]:
    """Those of these lines which no font of this machine can show whole."""
    if _can_show(lines):
        return frozenset()
    return frozenset(line for line in lines if not _can_show([line]))


def _can_show(lines: Sequence[str]) -> bool:
    import typst

    try:
        _compile(_PROBE, {"lines": json.dumps(list(lines))})
    except typst.TypstError:
        return False
    return True


def pdf(sheet: Sheet) -> bytes:
    """The sheet as a PDF of exactly one page."""
    return _compile(_SOURCE.read_bytes(), {"note": _content(sheet)})


def svg(sheet: Sheet) -> bytes:
    """The same page as a picture."""
    return _compile(_SOURCE.read_bytes(), {"note": _content(sheet)}, picture=True)


def _content(sheet: Sheet) -> str:
    missing = without_letters(sheet.lines())
    paper = asdict(sheet.paper)
    content: dict[str, Any] = {
        **paper,
        "title": _shown(sheet.title, missing),
        "about": "" if sheet.about in missing else sheet.about,
        "post_by": sheet.post_by,
        "sender": [_shown(line, missing) for line in sheet.sender],
        "address": [_shown(line, missing) for line in sheet.address],
        "prompts": [asdict(one) for one in sheet.prompts],
        "facts": [{"text": _shown(one.text, missing), "day": one.day} for one in sheet.facts],
        "hints": [asdict(one) for one in sheet.hints],
        "card_words": sheet.card_words,
        "envelope_words": sheet.envelope_words,
        "stamp": _("Stamp"),
        "log_words": _("From your log"),
        "language": spoken().partition("-")[0],
        "envelope_only": sheet.envelope_only,
    }
    return json.dumps(content)


def _shown(line: str, missing: frozenset[str]) -> str | None:
    return None if line in missing else line


def _compile(source: bytes, inputs: dict[str, str], *, picture: bool = False) -> bytes:
    import typst

    compiler = typst.Compiler(source, font_paths=_fonts(), sys_inputs=inputs)
    made = (
        compiler.compile(format="svg") if picture else compiler.compile(format="pdf", pdf_standards=STANDARD)
    )
    assert isinstance(made, bytes)
    return made
