"""A week in which nothing is open: nobody was due, everything is answered, or the week had no room for whoever was."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from crm.domain.language import N_, ngettext
from crm.domain.language import gettext as _
from crm.domain.manner import numeral
from crm.domain.principal import Principal
from crm.domain.rules import CLOSE
from crm.domain.spans import capital, count, in_words
from crm.planning.queries import PlanView
from crm.planning.waiting import NotPlanned, not_planned
from crm.storage.presence import is_present
from crm.storage.stored_metrics import current
from crm.storage.tables import contact

REASONS = {
    "": N_("Nobody was due that week."),
    "answered": N_("Everything planned for that week was answered."),
    "off": N_("You were off that week."),
    "few_days": N_("That week had too few working days."),
    "budget": N_("The budget left no room for anybody that week."),
    "no_place": N_("There was no place that week for whoever was due."),
}
"""By why nothing is open, as it is kept; without a key, nobody was due."""
AHEAD = {
    "": N_("Nobody is due in that week."),
    "answered": N_("Everything planned for that week is answered."),
    "off": N_("You are off that week."),
    "few_days": N_("That week has too few working days."),
    "budget": N_("Your budget leaves no room for anybody that week."),
    "no_place": N_("There is no place that week for whoever is due."),
}
"""The same of a week whose mail is still to come."""
TITLES = {
    "": N_("Nobody is waiting for you this week"),
    "answered": N_("Everything planned is answered"),
    "off": N_("You are off this week"),
    "few_days": N_("Too few working days this week"),
    "budget": N_("Your budget leaves no room this week"),
    "no_place": N_("Nothing is planned this week"),
}
NO_ROOM = ("off", "few_days", "budget")
"""Reasons for which a week had no room, whoever was due; they hold for all of it."""
NOT_DUE = ("muted", "snoozed", "arranged", "nothing_due")
"""Reasons for which somebody with a flag is not waiting: the user let them rest, or meets them anyway."""


@dataclass(frozen=True)
class Empty:
    """Why nothing is open in a week: a key of REASONS, and how many people are due all the same. ``is_ahead``: for whom it is
    said, the week has not begun.
    """

    why: str = ""
    people: int = 0
    is_ahead: bool = False

    @property
    def reason(self) -> str:
        """Why no mail went out, as it is kept."""
        return REASONS[self.why]

    @property
    def ahead(self) -> str:
        """Why none would go out, of a mail that is still to come."""
        return _(AHEAD[self.why])

    @property
    def title(self) -> str:
        """What the short mail is called."""
        if self.is_ahead and self.why != "answered":
            return _("Nothing is planned for the coming week")
        return _(TITLES[self.why])

    @property
    def beside_promises(self) -> str:
        """What a mail that holds promises alone says of the rest of the week."""
        return _("{said}.").format(said=self.title) if self.why else _("Nothing else is planned.")

    def sentence(self, connection: Connection, principal: Principal) -> str:
        """What the short mail says; from the stored metrics, which are brought up to date before."""
        return _waiting(self) if self.people else _all_in_touch(connection, principal)


def why_empty(
    connection: Connection, principal: Principal, plan: PlanView | None, at: datetime, *, is_ahead: bool
) -> Empty:
    """Why nothing is open in this plan, and who of those it left out is due now, as the page of why not says it.

    ``is_ahead`` is as of `Empty`. From the stored metrics, which are brought up to date before.
    """
    if plan is None:
        return Empty(is_ahead=is_ahead)
    left = [one for one in not_planned(connection, principal, plan.week, at, plan.left_out) if _is_due(one)]
    if plan.suggestions:
        return Empty("answered", len(left), is_ahead)
    if not left:
        return Empty(is_ahead=is_ahead)
    reasons = {one.reason for one in left}
    why = next((one for one in NO_ROOM if one in reasons), "no_place")
    return Empty(why, len(left), is_ahead)


def _is_due(one: NotPlanned) -> bool:
    return one.flagged is not None and one.reason not in NOT_DUE


def _waiting(empty: Empty) -> str:
    if empty.why == "off":
        said = ngettext(
            "{many} person has a reason to be reached, and will wait until you are back.",
            "{many} people have a reason to be reached, and will wait until you are back.",
            empty.people,
        )
    else:
        said = ngettext(
            "{many} person has a reason to be reached, but there was no place in the week.",
            "{many} people have a reason to be reached, but there was no place in the week.",
            empty.people,
        )
    return said.format(many=capital(in_words(empty.people)))


def _all_in_touch(connection: Connection, principal: Principal) -> str:
    metrics = current(principal.workspace_id)
    zones = connection.execute(
        select(metrics.c.zone, func.count())
        .join(
            contact,
            (contact.c.workspace_id == principal.workspace_id) & (contact.c.id == metrics.c.contact_id),
        )
        .where(
            contact.c.owner_id == principal.user_id,
            is_present(),
            metrics.c.tier.in_(CLOSE),
        )
        .group_by(metrics.c.zone)
    ).all()
    total = sum(row[1] for row in zones)
    in_touch = sum(number for zone, number in zones if zone == "in_touch")
    if total == 0:
        return _("None of your people is marked key or regular yet.")
    if in_touch == total:
        return ngettext(
            "Your {n} key or regular person is in touch.",
            "Your {n} key or regular people are all in touch.",
            total,
        ).format(n=numeral(total))
    people = count(total, "key or regular person", "key or regular people")
    said = ngettext(
        "Of your {people}, {n} is in touch, and nobody else is due this week.",
        "Of your {people}, {n} are in touch, and nobody else is due this week.",
        in_touch,
    )
    return said.format(people=people, n=in_touch)
