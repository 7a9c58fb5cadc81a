"""Changing workspaces, users and their ways in."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, case, func, literal, select

from crm.accounts import queries
from crm.accounts.addresses import normal_email
from crm.accounts.checks import MOST_OWN_LINES, own_lines
from crm.accounts.forms import Preferences, Profile, SetUp, Written
from crm.accounts.passes import Passes, end_passes
from crm.accounts.schedules import rescheduled
from crm.accounts.workspaces import create_workspace
from crm.domain.budgets import in_all
from crm.domain.language import gettext as _
from crm.domain.manner import CHOICES, LANGUAGE
from crm.domain.principal import Principal, Role
from crm.domain.spans import count
from crm.domain.zone_moves import Upshot
from crm.errors import Conflict, Invalid, NotFound, require_admin
from crm.storage.database import new_id, take_turns
from crm.storage.frame import Scope
from crm.storage.recount import recompute, recount_days
from crm.storage.stored_metrics import scope_of
from crm.storage.tables import address_change, one_time_link, user, workspace
from crm.storage.types import Moment
from crm.web import sessions
from crm.web.addresses import is_id
from crm.web.sessions import hash_token

VALID_FOR = {"sign_in": timedelta(minutes=15), "reset": timedelta(hours=1), "invitation": timedelta(days=7)}
FIRST_PAUSE = timedelta(minutes=2)
"""Between a link that somebody asked for and the next one."""
ASKED_WITHIN = timedelta(days=1)


def ensure_workspace(connection: Connection, name: str, time_zone: str, at: datetime) -> int:
    """The first workspace, made if there is none; returns its id."""
    take_turns(connection, "first workspace")
    found = connection.execute(select(workspace.c.id).order_by(workspace.c.id).limit(1)).scalar_one_or_none()
    return create_workspace(connection, name, time_zone, at) if found is None else found


def setup_token(key: bytes) -> str:
    """What the link for setting up the first admin carries: the same in every process with this key."""
    return hmac.new(key, b"set up the first admin", hashlib.sha256).hexdigest()[:40]


def set_up(connection: Connection, form: SetUp, password_hash: str, at: datetime) -> tuple[int, int]:
    """Name the first workspace and make its first admin; returns both ids. Refused once anybody exists."""
    workspace_id = ensure_workspace(connection, form.team, form.time_zone, at)
    if sessions.anybody(connection):
        raise Conflict(_("In Person is already set up. Sign in."))
    connection.execute(
        workspace.update()
        .where(workspace.c.id == workspace_id)
        .values(name=form.team, time_zone=form.time_zone)
    )
    principal = queries.command_line(connection, workspace_id)
    person = NewUser(form.email, form.name, "admin", form.time_zone, password_hash)
    return workspace_id, add_user(connection, principal, person, at)


@dataclass(frozen=True)
class NewUser:
    """Who is added; without a password hash they come in by an invitation link."""

    email: str
    name: str
    role: Role
    time_zone: str
    password_hash: str | None = None


def add_user(connection: Connection, principal: Principal, person: NewUser, at: datetime) -> int:
    """Add somebody to the workspace; returns the id. Refused if the address is taken."""
    require_admin(principal)
    email = normal_email(person.email)
    require_free(connection, principal.workspace_id, email)
    user_id = new_id(connection)
    connection.execute(
        user.insert(),
        {
            "workspace_id": principal.workspace_id,
            "id": user_id,
            "email": email,
            "name": person.name,
            "role": person.role,
            "time_zone": person.time_zone,
            "password_hash": person.password_hash,
            "created_at": at,
        },
    )
    return user_id


def require_free(connection: Connection, workspace_id: int, email: str) -> None:
    """Conflict if somebody of the workspace has this address, in its normal form; nobody else takes it until we commit."""
    take_turns(connection, f"addresses of {workspace_id}")
    taken = select(user.c.id).where(user.c.workspace_id == workspace_id, user.c.email == email)
    if connection.execute(taken).first() is not None:
        sentence = _("{email} is already a member.").format(email=email)
        raise Conflict(sentence, fields={"email": sentence})


def change_user(
    connection: Connection, principal: Principal, user_id: int, at: datetime, **values: Any
) -> None:
    """Change name, role or time zone of a user; the last admin stays one, and nobody changes their own role.

    A viewer was owed no mail until ``at``.
    """
    require_admin(principal)
    values |= rescheduled(_row(connection, principal, user_id)._mapping, values, at)
    if "role" in values:
        if user_id == principal.user_id:
            raise Conflict(_("You cannot change your own role. Another admin can."))
        values["nudge_since"] = case((user.c.role == "viewer", literal(at, Moment)), else_=user.c.nudge_since)
    _update(connection, principal, user_id, values)
    _require_an_admin(connection, principal)


def deactivate(connection: Connection, principal: Principal, user_id: int, at: datetime) -> Passes:
    """Shut somebody else out at once: sessions, links, tokens and the calendar address end. What they logged stays."""
    require_admin(principal)
    if user_id == principal.user_id:
        raise Conflict(_("You cannot deactivate yourself. Another admin can."))
    _update(connection, principal, user_id, {"active": False})
    _require_an_admin(connection, principal)
    sessions.end_all(connection, principal.workspace_id, user_id)
    void_links(connection, principal.workspace_id, user_id, at)
    return end_passes(connection, principal.workspace_id, user_id, at)


def activate(connection: Connection, principal: Principal, user_id: int, at: datetime) -> None:
    """Let somebody in again, with the password they had and no device signed in. Mails of the time between are not owed."""
    require_admin(principal)
    _update(connection, principal, user_id, {"active": True, "nudge_since": at, "digest_since": at})
    sessions.end_all(connection, principal.workspace_id, user_id)


def _require_an_admin(connection: Connection, principal: Principal) -> None:
    take_turns(
        connection, f"admins of {principal.workspace_id}"
    )  # else two who demote each other see no wrong
    left = select(func.count()).where(
        user.c.workspace_id == principal.workspace_id, user.c.role == "admin", user.c.active
    )
    if connection.execute(left).scalar_one() == 0:
        raise Conflict(_("A team needs an admin. Make somebody else an admin first."))


def _row(connection: Connection, principal: Principal, user_id: int) -> Any:
    """The user as they are, and as they stay until we commit."""
    mine = (user.c.workspace_id == principal.workspace_id, user.c.id == user_id)
    row = connection.execute(select(user).where(*mine).with_for_update()).one_or_none()
    if row is None:
        raise NotFound
    return row


def _update(connection: Connection, principal: Principal, user_id: int, values: dict[str, Any]) -> None:
    where = (user.c.workspace_id == principal.workspace_id, user.c.id == user_id)
    if connection.execute(user.update().where(*where).values(**values)).rowcount == 0:
        raise NotFound


def set_password(
    connection: Connection,
    workspace_id: int,
    user_id: int,
    password_hash: str,
    at: datetime,
    keep: str | None = None,
) -> None:
    """A new password ends every session (but ``keep``) and every open link of its user; ``passes_of`` says what it leaves."""
    where = (user.c.workspace_id == workspace_id, user.c.id == user_id)
    connection.execute(user.update().where(*where).values(password_hash=password_hash))
    sessions.end_all(connection, workspace_id, user_id, keep)
    void_links(connection, workspace_id, user_id, at)


def mail_switched(on: bool, at: datetime, which: str = "nudge") -> dict[str, Any]:
    """Columns of a user whose weekly mail or team digest is switched on or off: those it was off for are not owed."""
    is_on, since = f"{which}_on", f"{which}_since"
    if not on:
        return {is_on: False}
    return {is_on: True, since: case((user.c[is_on], user.c[since]), else_=literal(at, Moment))}


def save_profile(connection: Connection, principal: Principal, form: Profile, at: datetime) -> None:
    """Store one's own settings; the budgets of the acts together are the budget of the week."""
    if principal.user_id is None:
        raise Invalid(_("Only a user has settings."))
    values = form.model_dump(exclude={"nudge_time", "theme", "also_me", *CHOICES, LANGUAGE})
    values["written"] = form.chosen
    before = _row(connection, principal, principal.user_id)
    values["preferences"] = {**(before.preferences or {}), "also_me": own_lines(form.also_me)}
    values |= mail_switched(form.digest_on, at, "digest")
    if isinstance(form, Preferences):
        values["nudge_minute"] = form.nudge_time.hour * 60 + form.nudge_time.minute
        values["budget_total"] = in_all(form.budget_call, form.budget_in_person, form.budget_by_hand)
        values |= mail_switched(form.nudge_on, at)
    values |= rescheduled(before._mapping, values, at)
    _update(connection, principal, principal.user_id, values)


def remember_own_words(
    connection: Connection, principal: Principal, user_id: int, words: Iterable[str]
) -> None:
    """What else is this user's in mail, chats and calendars, from now on, beside what they said before.

    Where it becomes too much, what was said longest ago goes.
    """
    mine = (user.c.workspace_id == principal.workspace_id, user.c.id == user_id)
    kept = connection.execute(select(user.c.preferences).where(*mine).with_for_update()).scalar_one() or {}
    known = kept.get("also_me", [])
    folded = {word.casefold() for word in known}
    new = [word for word in own_lines("\n".join(words)) if word.casefold() not in folded]
    if new:
        values = {**kept, "also_me": [*new, *known][:MOST_OWN_LINES]}
        connection.execute(user.update().where(*mine).values(preferences=values))


def asked_lately(connection: Connection, workspace_id: int, user_id: int, purpose: str, at: datetime) -> bool:
    """Whether the next such link has to wait: no stranger can fill an inbox through us.

    The pause doubles with each link of the last day, since the last one that was used, until it is as long as a link
    holds: whoever else asks, one that holds lies in its owner's mail, or they may have the next.
    """
    lately = select(func.count(), func.max(one_time_link.c.created_at)).where(
        *_of_a_kind(workspace_id, user_id, purpose),
        one_time_link.c.used_at.is_(None),
        one_time_link.c.created_at > at - ASKED_WITHIN,
    )
    number, last = connection.execute(lately).one()
    return bool(number) and at < last + _pause(number, VALID_FOR[purpose])


def _pause(number: int, longest: timedelta) -> timedelta:
    """After so many links."""
    doubled = FIRST_PAUSE
    for _one in range(number - 1):
        doubled = min(2 * doubled, longest)
    return doubled


def make_link(connection: Connection, workspace_id: int, user_id: int, purpose: str, at: datetime) -> str:
    """A one-time link's token, ``workspace.token``; the database keeps its hash. Of invitations the earlier ones end.

    What anybody may ask for holds its whole time: a stranger who asks takes from nobody what they wait for.
    """
    mine = _of_a_kind(workspace_id, user_id, purpose)
    connection.execute(
        one_time_link.delete().where(
            *mine, one_time_link.c.expires_at <= at, one_time_link.c.created_at <= at - ASKED_WITHIN
        )
    )
    if purpose == "invitation":
        still = one_time_link.c.expires_at > at
        connection.execute(one_time_link.update().where(*mine, still).values(expires_at=at))
    token = secrets.token_urlsafe(32)
    connection.execute(
        one_time_link.insert(),
        {
            "workspace_id": workspace_id,
            "token_hash": hash_token(token),
            "user_id": user_id,
            "purpose": purpose,
            "created_at": at,
            "expires_at": at + VALID_FOR[purpose],
        },
    )
    return f"{workspace_id}.{token}"


def _of_a_kind(workspace_id: int, user_id: int, purpose: str) -> tuple[ColumnElement[bool], ...]:
    """As conditions: a user's links of one purpose."""
    return (
        one_time_link.c.workspace_id == workspace_id,
        one_time_link.c.user_id == user_id,
        one_time_link.c.purpose == purpose,
    )


def valid_words(purpose: str) -> str:
    """For how long a link holds: "15 minutes", "an hour", "7 days"."""
    lasts = VALID_FOR[purpose]
    if lasts == timedelta(hours=1):
        return _("an hour")
    if lasts.days:
        return count(lasts.days, "day", "days")
    return count(lasts // timedelta(minutes=1), "minute", "minutes")


def link_of(connection: Connection, token: str, purposes: Sequence[str], at: datetime) -> Any:
    """The row of a link that still holds, with its user's name, email, team, and whether they have a password; NotFound for
    any other."""
    number, _dot, secret = token.partition(".")
    if not (is_id(number) and secret):
        raise _spent()
    row = connection.execute(
        select(
            one_time_link,
            user.c.name,
            user.c.email,
            user.c.password_hash.is_not(None).label("has_password"),
            workspace.c.name.label("team"),
        )
        .join(
            user,
            (user.c.workspace_id == one_time_link.c.workspace_id) & (user.c.id == one_time_link.c.user_id),
        )
        .join(workspace, workspace.c.id == one_time_link.c.workspace_id)
        .where(
            one_time_link.c.workspace_id == int(number),
            one_time_link.c.token_hash == hash_token(secret),
            one_time_link.c.purpose.in_(purposes),
            one_time_link.c.used_at.is_(None),
            one_time_link.c.expires_at > at,
            user.c.active,
        )
    ).one_or_none()
    if row is None:
        raise _spent()
    return row


def use_link(connection: Connection, token: str, purposes: Sequence[str], at: datetime) -> Any:
    """Spend a link, and others of its kind with it: of two who use it at the same moment, one gets in. Returns its row."""
    row = link_of(connection, token, purposes, at)
    spent = connection.execute(
        one_time_link.update()
        .where(
            one_time_link.c.workspace_id == row.workspace_id,
            one_time_link.c.token_hash == row.token_hash,
            one_time_link.c.used_at.is_(None),
        )
        .values(used_at=at)
    )
    if spent.rowcount == 0:
        raise _spent()
    others = _of_a_kind(row.workspace_id, row.user_id, row.purpose)
    connection.execute(
        one_time_link.update().where(*others, one_time_link.c.used_at.is_(None)).values(used_at=at)
    )
    return row


def _spent() -> NotFound:
    return NotFound(_("This link has already been used or has expired. Ask for a new one."))


def void_links(connection: Connection, workspace_id: int, user_id: int, at: datetime) -> None:
    """End every open link of a user, also the one that waits at a new address."""
    connection.execute(
        one_time_link.update()
        .where(
            one_time_link.c.workspace_id == workspace_id,
            one_time_link.c.user_id == user_id,
            one_time_link.c.used_at.is_(None),
        )
        .values(used_at=at)
    )
    mine = (address_change.c.workspace_id == workspace_id, address_change.c.user_id == user_id)
    connection.execute(address_change.delete().where(*mine))


def write_as(connection: Connection, principal: Principal, form: Written) -> None:
    """How dates and numbers are written for everybody who chose nothing themselves."""
    require_admin(principal)
    mine = workspace.c.id == principal.workspace_id
    connection.execute(workspace.update().where(mine).values(written=form.chosen))


def move_to_zone(connection: Connection, principal: Principal, zone: ZoneInfo, at: datetime) -> Upshot:
    """Count every day of the workspace in another time zone; returns what it did to people."""
    require_admin(principal)

    def change() -> Scope:
        mine = workspace.c.id == principal.workspace_id
        connection.execute(workspace.update().where(mine).values(time_zone=str(zone)))
        recount_days(connection, principal.workspace_id, zone)
        return scope_of(connection, replace(principal, zone=zone), at)

    return recompute(connection, scope_of(connection, principal, at), change)
