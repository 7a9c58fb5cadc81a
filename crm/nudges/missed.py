"""Weekly mails that missed their time: which, since when, and why. One definition for page, doctor, figures and alarm."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, or_, select

from crm.accounts.schedules import is_held
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.mail.kept_words import STOPPED, kept_words
from crm.nudges.due import PURPOSE, TOO_LATE, missing
from crm.nudges.outbox import GIVEN_UP, NOT_IN_TIME, TRIED_ONCE
from crm.settings import Settings
from crm.storage.statements import built_once
from crm.storage.tables import mail_return, outbox, user
from crm.storage.tables.nudges import UNFINISHED

GRACE = timedelta(hours=1)
"""A mail that is not out so long after its time has missed it; until then it is only being tried."""
LOOK_BACK = timedelta(days=7)
MISSES = (TOO_LATE, NOT_IN_TIME, TRIED_ONCE, GIVEN_UP)
"""Reasons that are nobody's wish and say only that its time went by."""
NOBODY_LOOKED = N_("No process has looked for it.")
SAID_FOR_WEEKS = 4
RETURNED = "returned"
"""The state, on the page of its week alone, of a mail that was sent and came back for good."""


@dataclass(frozen=True)
class Missed:
    """One user's mail of ``week``, due at ``due_at``, that was not out in time; since when that is so, and why.

    ``id`` and ``state`` are the mail's in the outbox; ``next_try_at`` is there while it is still tried.
    """

    id: int
    workspace_id: int
    user_id: int
    name: str
    week: str
    due_at: datetime
    since: datetime
    state: str
    reason: str
    next_try_at: datetime | None = None

    @property
    def outcome(self) -> str:
        """What became of it, to follow whose mail it is: "was not sent"."""
        said = {
            "failed": _("was not sent"),
            "skipped": _("was not sent"),
            "unknown": _("is in doubt"),
            RETURNED: _("came back"),
        }
        return said.get(self.state, _("is late"))

    @property
    def why(self) -> str:
        """The reason as a sentence."""
        return f"{kept_words(self.reason).rstrip('.')}."


_SHOWN = (
    *(outbox.c.id, outbox.c.workspace_id, outbox.c.user_id, outbox.c.week, outbox.c.due_at),
    *(outbox.c.state, outbox.c.reason, outbox.c.changed_at, outbox.c.next_try_at),
)
"""What a missed mail is told with; never what it says."""


def missed(connection: Connection, at: datetime, workspace_id: int | None = None) -> list[Missed]:
    """Those of the last week with a row in the outbox, newest first; of every workspace unless one is named."""
    rows = connection.execute(
        select(*_SHOWN, user.c.name)
        .join(user, and_(user.c.workspace_id == outbox.c.workspace_id, user.c.id == outbox.c.user_id))
        .where(outbox.c.purpose == PURPOSE, _has_missed(at))
        .where(outbox.c.workspace_id == workspace_id if workspace_id is not None else user.c.active)
        .order_by(outbox.c.id.desc())
    )
    return [_missed(row) for row in rows]


def _has_missed(at: datetime) -> ColumnElement[bool]:
    lately = and_(outbox.c.changed_at > at - LOOK_BACK, outbox.c.due_at > at - 2 * LOOK_BACK)
    return or_(and_(_ended_badly(), lately), _is_late(at - GRACE))


def _ended_badly() -> ColumnElement[bool]:
    return or_(
        outbox.c.state.in_(("failed", "unknown")),
        and_(outbox.c.state == "skipped", outbox.c.reason.in_(MISSES)),
    )


def _takes_none() -> ColumnElement[bool]:
    """Skipped because its address takes no mail: no miss, as the admins were told of the address."""
    said = STOPPED.partition("{")[0]
    return and_(outbox.c.state == "skipped", outbox.c.reason.startswith(said, autoescape=True))


def _is_late(due_by: Any) -> ColumnElement[bool]:
    """Still tried, and due so early that it has missed its time."""
    return and_(outbox.c.state.in_(UNFINISHED), outbox.c.due_at <= due_by)


def is_awaited(connection: Connection, settings: Settings) -> bool:
    """Whether weekly mails go out as things are: mail is set up, and not all of it is held back after a restore."""
    return bool(settings.smtp_url) and not is_held(connection)


def awaited(
    connection: Connection, settings: Settings, at: datetime, workspace_id: int | None = None
) -> list[Missed]:
    """Those that `missed` finds, but for what only let its time go by where no mail is awaited."""
    found = missed(connection, at, workspace_id)
    if not found or is_awaited(connection, settings):
        return found
    return [one for one in found if not _let_time_go_by(one.state, one.reason)]


def _let_time_go_by(state: str, reason: str | None) -> bool:
    """Nobody has refused it, and it has not been lost: it was not sent in its time."""
    return state in UNFINISHED or (state == "skipped" and reason in MISSES)


def of_week(
    connection: Connection, principal: Principal, week: IsoWeek, at: datetime, settings: Settings
) -> Missed | None:
    """The user's own mail of that week, if it missed its time, came back, or their address takes none, however long ago:
    for the page of the week."""
    own = (principal.workspace_id, principal.user_id, str(week))
    row = connection.execute(*_of_week(*own, at - GRACE)).one_or_none()
    if row is None or (_let_time_go_by(row.state, row.reason) and not is_awaited(connection, settings)):
        return None
    found = _missed(row)
    return replace(found, state=RETURNED, reason=row.came_back) if row.state == "sent" else found


@built_once
def _of_week(whose: Any, user_id: Any, week: Any, due_by: Any) -> Select[Any]:
    mine = (outbox.c.workspace_id == whose, outbox.c.user_id == user_id)
    came_back = (
        select(mail_return.c.said)
        .where(mail_return.c.workspace_id == outbox.c.workspace_id, mail_return.c.outbox_id == outbox.c.id)
        .where(mail_return.c.for_good)
        .limit(1)
        .scalar_subquery()
    )
    return select(*_SHOWN, literal("").label("name"), came_back.label("came_back")).where(
        *mine,
        outbox.c.purpose == PURPOSE,
        outbox.c.week == week,
        or_(_ended_badly(), _takes_none(), _is_late(due_by), came_back.is_not(None)),
    )


def _missed(row: Any) -> Missed:
    is_tried = row.state in UNFINISHED
    return Missed(
        row.id,
        row.workspace_id,
        row.user_id,
        row.name,
        row.week,
        row.due_at,
        row.due_at + GRACE if is_tried else row.changed_at,
        row.state,
        row.reason or NOBODY_LOOKED,
        row.next_try_at if row.state == "retry" else None,
    )


def number_missed(connection: Connection, settings: Settings, at: datetime) -> int:
    """How many of the last week there are, with those that no process has looked for at all; none where none is awaited."""
    if not is_awaited(connection, settings):
        return 0
    unseen = sum(at - LOOK_BACK < one.due_at <= at - GRACE for one in missing(connection, "localhost", at))
    rows = select(func.count()).select_from(outbox).where(outbox.c.purpose == PURPOSE, _has_missed(at))
    return unseen + int(connection.execute(rows).scalar_one())


def said_to(connection: Connection, principal: Principal, week: IsoWeek) -> str:
    """For the mail of that week: that the one before it did not arrive, and why. Empty where it did."""
    oldest = week
    for _week in range(SAID_FOR_WEEKS):
        oldest = oldest.previous()
    row = connection.execute(
        select(outbox.c.week, outbox.c.state, outbox.c.reason)
        .where(
            outbox.c.workspace_id == principal.workspace_id,
            outbox.c.user_id == principal.user_id,
            outbox.c.purpose == PURPOSE,
            outbox.c.week < str(week),
            outbox.c.week >= str(oldest),
        )
        .order_by(outbox.c.week.desc())
        .limit(1)
    ).one_or_none()
    if row is None or not (row.state == "failed" or row.reason in MISSES):
        return ""
    why = "" if row.reason in MISSES else f" {kept_words(str(row.reason))}"
    if row.week == str(week.previous()):
        return _("Last week’s mail did not reach you.") + why
    return _("The mail of {week} did not reach you.").format(week=row.week) + why
