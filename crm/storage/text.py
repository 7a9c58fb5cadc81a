"""Words in queries: folded once in Python so that both databases agree, and harmless in a pattern."""

from crm.domain.folding import fold

__all__ = ["escape_like", "fold"]


def escape_like(words: str) -> str:
    """Text for a LIKE pattern with ``escape='\\\\'``: its own % and _ mean themselves."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


LAST_LETTER = "\U0010ffff"
"""No name has it, and none comes after it."""
BY_BYTES = {"sqlite": (">=", "<"), "postgresql": ("~>=~", "~<~")}
"""Not before, and before: letters in the order of their codes, whatever the language of the database."""
