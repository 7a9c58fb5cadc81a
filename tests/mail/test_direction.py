"""A mail in a language that is written from right to left begins on the right, its words and its columns."""

from pathlib import Path

import pytest

from crm.domain import language
from crm.mail import previews
from crm.templating import environment
from tests.catalogues import german

DIRECTION = "direction of writing\x04ltr"
"""As a catalogue keeps a sentence with its context."""
COLUMN = "font-size:0px;text-align:left;"
"""Around every column, whose texts say for themselves where they begin."""


@pytest.mark.parametrize("name", previews.names())
def test_it_begins_on_the_side_where_one_begins_to_read(name: str, tmp_path: Path) -> None:
    left_to_right = previews.preview(environment(), name).html.replace(COLUMN, "")
    with german(tmp_path, {DIRECTION: "rtl"}), language.spoken_in("de"):
        mail = previews.preview(environment(), name).html.replace(COLUMN, "")
    assert 'dir="rtl"' in mail
    assert "direction:ltr" not in mail
    assert "text-align:left" not in mail
    assert mail.count("text-align:right") == left_to_right.count("text-align:left") > 0
