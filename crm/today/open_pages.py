"""Everything that is open with one's people: to say, owed, and dates ahead."""

from starlette.responses import Response

from crm.domain.spans import day_phrase, short_day
from crm.today.cards import card_words
from crm.today.open_queries import Among, everything_open
from crm.web.routing import Router, Visit

router = Router()


@router.page("/asks")
def index(visit: Visit) -> Response:
    """Asks, promises and dates of the user's own people, overdue ones first; ``whose=all`` shows the team's."""
    whose = "all" if visit.query.get("whose") == "all" or not visit.principal.may_edit else "mine"
    today = visit.team_day
    found = everything_open(visit.connection, visit.principal, today, Among(mine=whose == "mine"))
    context = {
        "found": found,
        "whose": whose,
        "workspace_today": today,
        "card": lambda one: card_words(visit, one.kind, one.day, one.country),
        "day_phrase": lambda day: day_phrase(day, today),
        "short_day": lambda day: short_day(day, today),
    }
    return visit.render("today/asks.html", context, active="people")
