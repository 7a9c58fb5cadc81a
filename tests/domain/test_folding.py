"""Words are folded alike, however they came to be looked at."""

from hypothesis import given
from hypothesis import strategies as st

from crm.domain.folding import fold


@given(st.text(st.characters(codec="ascii")))
def test_plain_words_are_folded_as_they_are_among_others(words: str) -> None:
    assert fold(f"{words} é") == f"{fold(words)} e".strip()


def test_accents_capitals_and_spaces_make_no_difference() -> None:
    assert fold("  Łódź \t STRAẞE\n") == "lodz strasse"
