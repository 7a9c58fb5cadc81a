"""The years in which days may lie: the same by every door, so that files take whatever forms and programs took."""

from datetime import date

FIRST_YEAR, LAST_YEAR = 1600, 2200
"""Of birthdays and other days about people."""
FIRST_LOGGED_YEAR = 1900
"""Of what happened, and of what was asked, promised or heard."""
FIRST_DAY, LAST_DAY = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
FIRST_LOGGED_DAY = date(FIRST_LOGGED_YEAR, 1, 1)
