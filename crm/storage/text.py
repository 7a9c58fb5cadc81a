"""Words in queries: folded once in Python so that both databases agree, and harmless in a pattern."""

from typing import Any

from crm.domain.folding import fold

__all__ = ["begins", "end_of", "escape_like", "fold"]


def escape_like(words: str) -> str:
    """Text for a LIKE pattern with ``escape='\\\\'``: its own % and _ mean themselves."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


LAST_LETTER = "\U0010ffff"
"""No name has it, and none comes after it."""
BY_BYTES = {"sqlite": (">=", "<"), "postgresql": ("~>=~", "~<~")}
"""Not before, and before: letters in the order of their codes, whatever the language of the database."""


def end_of(words: str) -> str:
    """Where the names that begin so end."""
    return words + LAST_LETTER


def begins(column: Any, words: Any, end: Any, dialect: str) -> Any:
    """The condition that a folded name begins with these words, along its index; ``end`` is their ``end_of``.

    Without SQLAlchemy's own names: the confined readers fold with this module and know no database.
    """
    at_least, below = BY_BYTES[dialect]
    return column.bool_op(at_least)(words) & column.bool_op(below)(end)
