"""From a mail's three templates to its subject, text and HTML."""

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import mrml
from jinja2 import Environment

from crm.domain.language import gettext as _

COLUMNS = 72
UNBROKEN = 10_000
"""As many columns as any paragraph needs: for a page, whose lines break where the screen ends."""

_ROLE = 'aria-roledescription="email"'
_HTML = mrml.RenderOptions(disable_comments=True, fonts={})

# Control characters and direction overrides: from imported names, and never wanted in a mail.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


@dataclass(frozen=True)
class Rendered:
    """A mail ready to be composed; ``text`` and ``html`` say the same."""

    subject: str
    text: str
    html: str


def render(
    environment: Environment, name: str, context: Mapping[str, object], columns: int = COLUMNS
) -> Rendered:
    """Fill ``emails/<name>/`` (subject.txt, body.txt, body.mjml) with ``context``, as a rule ``{"mail": view}``.

    The text is ``columns`` wide. The environment must escape ``.mjml`` and leave ``.txt`` alone, as crm.templating's does.
    """
    words = {**context, "fill": partial(fill, columns=columns), "column": column}
    subject, text, mjml = (
        _UNWANTED.sub("", environment.get_template(f"emails/{name}/{part}").render(words))
        for part in ("subject.txt", "body.txt", "body.mjml")
    )
    html = mrml.to_html(mjml, render_options=_HTML).content.replace(
        _ROLE, f'aria-roledescription="{_("email")}"', 1
    )
    return Rendered(" ".join(subject.split()), tidy(text), html)


def fill(text: str, indent: int = 0, columns: int = COLUMNS) -> str:
    """``text`` as one paragraph of at most so many columns, ``indent`` from the left; addresses stay in one piece."""
    margin = " " * indent
    return textwrap.fill(
        " ".join(text.split()),
        columns,
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )


def column(label: str, width: int = 20) -> str:
    """``label`` padded to ``width`` columns, with at least two spaces after it."""
    line = " ".join(label.split())
    return line.ljust(width) if len(line) + 2 <= width else f"{line}  "


def tidy(text: str) -> str:
    """Lines without trailing blanks, never more than two empty ones together, one line end at the end."""
    lines = "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")
    return re.sub(r"\n{4,}", "\n\n\n", lines) + "\n"
