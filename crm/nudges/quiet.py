"""A week in which nothing is open: nobody was due, or the week had no room for whoever was."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from crm.domain.language import N_, ngettext
from crm.domain.language import gettext as _
from crm.domain.manner import numeral
from crm.domain.principal import Principal
from crm.domain.spans import capital, count, in_words
from crm.planning.queries import PlanView
from crm.storage.presence import is_present
from crm.storage.stored_metrics import current
from crm.storage.tables import contact, left_out

REASONS = {
    "": N_("Nobody was due that week."),
    "off": N_("You were off that week."),
    "budget": N_("The budget left no room for anybody that week."),
}
"""By the reason for which somebody who was due found no place in the plan; without one, nobody was due."""
TITLES = {
    "": N_("Nobody is waiting for you this week"),
    "off": N_("You are off this week"),
    "budget": N_("Your budget leaves no room this week"),
}


@dataclass(frozen=True)
class Empty:
    """Why a week holds nobody: a key of REASONS, and how many were due all the same."""

    why: str = ""
    people: int = 0

    @property
    def reason(self) -> str:
        """Why no mail went out, as it is kept."""
        return REASONS[self.why]

    @property
    def title(self) -> str:
        """What the short mail is called."""
        return _(TITLES[self.why])

    def sentence(self, connection: Connection, principal: Principal) -> str:
        """What the short mail says; from the stored metrics, which are brought up to date before."""
        return _waiting(self) if self.why else _all_in_touch(connection, principal)


def why_empty(connection: Connection, principal: Principal, plan: PlanView | None) -> Empty:
    """Why nothing is open in this plan. Where something was suggested, what was answered since is all there was."""
    if plan is None or plan.suggestions:
        return Empty()
    same = and_(contact.c.workspace_id == left_out.c.workspace_id, contact.c.id == left_out.c.contact_id)
    rows = connection.execute(
        select(left_out.c.reason, func.count())
        .join(contact, same)
        .where(left_out.c.workspace_id == principal.workspace_id, left_out.c.plan_id == plan.id, is_present())
        .where(left_out.c.reason.in_(REASONS))
        .group_by(left_out.c.reason)
    ).all()
    return max((Empty(*row) for row in rows), default=Empty(), key=lambda one: one.people)


def _waiting(empty: Empty) -> str:
    if empty.why == "off":
        said = ngettext(
            "{many} person has a reason to be reached, and waits until you are back.",
            "{many} people have a reason to be reached, and wait until you are back.",
            empty.people,
        )
    else:
        said = ngettext(
            "{many} person has a reason to be reached, and found no place in the week.",
            "{many} people have a reason to be reached, and found no place in the week.",
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
            metrics.c.tier.in_(("key", "regular")),
        )
        .group_by(metrics.c.zone)
    ).all()
    total = sum(row[1] for row in zones)
    in_touch = sum(number for zone, number in zones if zone == "in_touch")
    if total == 0:
        return _("Nobody of yours is marked key or regular yet.")
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
