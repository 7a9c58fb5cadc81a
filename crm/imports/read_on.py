"""Places that are read on from where they were: what was not gone through does not count as read."""

from crm.domain.mailbox_words import GOOD, INTERRUPTED, PASSED_OVER, UNREADABLE
from crm.imports import reading
from crm.imports.report import FileReport


def gone_through(report: FileReport, before: str, *, piece_by_piece: bool) -> str:
    """How going through what was fetched ended, as a state; ``before`` is how the last reading ended.

    What is read piece by piece is passed over at the second failure: all that came later waits behind it.
    """
    if not report.errors:
        return GOOD
    if any(one.message == reading.INTERRUPTED for one in report.errors):
        return INTERRUPTED
    return PASSED_OVER if piece_by_piece and before == UNREADABLE else UNREADABLE


def state_to_keep(state: str, before: str, *, from_start: bool) -> str:
    """That something was passed over stays said until all is read from its beginning."""
    return PASSED_OVER if state == GOOD and before == PASSED_OVER and not from_start else state
