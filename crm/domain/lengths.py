"""How long what people write may be: the same by every door, so that what one lets in the others can show and change."""

LINE_LIMIT = 1_000
"""Characters of what stands on one line: a name, a title, a label, what an interaction was about."""
TEXT_LIMIT = 100_000
"""Characters of a note, an ask, a promise, a signal or a favour, and of a whole cell of a file."""
