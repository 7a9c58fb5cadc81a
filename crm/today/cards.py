"""By when a card for a date ahead must leave."""

from datetime import date

from crm.domain.places.whereabouts import whereabouts
from crm.domain.post import last_post, post_words
from crm.web.routing import Visit

AHEAD_DAYS = 60
"""Of farther dates nothing is said yet."""


def card_words(visit: Visit, kind: str, day: date, country: str | None) -> str:
    """ "Post a card by Wed 6 Jan.", from where the visitor lives; empty for a renewal, for today and far ahead."""
    today = visit.today
    if kind == "renewal" or not 0 < (day - today).days <= AHEAD_DAYS:
        return ""
    home = whereabouts(visit.user.city, visit.user.country).country
    return post_words(last_post(day, home, country), today)
