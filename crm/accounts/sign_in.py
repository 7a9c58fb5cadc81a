"""Signing in with address and password, and the brake on guessing.

Failures are counted by account and network together, so that nobody can lock somebody else out from elsewhere, and
more generously by network alone. Unknown addresses are counted and cost time like known ones.
"""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from crm.accounts.addresses import normal_email
from crm.accounts.passwords import fits
from crm.domain.language import N_
from crm.storage.database import Database, take_turns
from crm.storage.tables import sign_in_failure, user

WINDOW = timedelta(minutes=15)
FOR_ACCOUNT = 8
FOR_NETWORK = 60
KEPT = timedelta(days=1)
WAIT = N_("Too many attempts from here. Wait 15 minutes, then try again.")


@dataclass(frozen=True)
class Attempt:
    """One try, as it is counted: keyed hashes of account and network, and the moment."""

    subject_hash: str
    address_hash: str
    failed_at: datetime

    @classmethod
    def of(cls, key: bytes, email: str, address: str | None, at: datetime) -> "Attempt":
        """The attempt to sign in as ``email`` from ``address``."""
        return cls(_keyed(key, normal_email(email)), _keyed(key, network(address)), at)


def network(address: str | None) -> str:
    """What counts as one network: an IPv4 address, or the 64 leading bits of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ipaddress.ip_network((parsed, 64), strict=False))
        parsed = parsed.ipv4_mapped
    return str(parsed)


def _keyed(key: bytes, words: str) -> str:
    return hmac.new(key, f"sign-in {words}".encode(), hashlib.sha256).hexdigest()[:32]


def reserve(connection: Connection, attempt: Attempt) -> bool:
    """Count a try before it is made, so that many at once cannot slip through; false: too many, wait."""
    take_turns(connection, f"sign-in from {attempt.address_hash}")
    connection.execute(
        sign_in_failure.delete().where(sign_in_failure.c.failed_at <= attempt.failed_at - KEPT)
    )
    recent = sign_in_failure.c.failed_at > attempt.failed_at - WINDOW
    here = sign_in_failure.c.address_hash == attempt.address_hash
    same = sign_in_failure.c.subject_hash == attempt.subject_hash
    count = select(func.count()).select_from(sign_in_failure)
    if connection.execute(count.where(recent, here, same)).scalar_one() >= FOR_ACCOUNT:
        return False
    if connection.execute(count.where(recent, here)).scalar_one() >= FOR_NETWORK:
        return False
    taken = connection.execute(select(func.max(sign_in_failure.c.failed_at)).where(here, same)).scalar_one()
    moment = (
        attempt.failed_at if taken is None or taken < attempt.failed_at else taken + timedelta(microseconds=1)
    )
    connection.execute(
        sign_in_failure.insert(),
        {"subject_hash": attempt.subject_hash, "address_hash": attempt.address_hash, "failed_at": moment},
    )
    return True


class Known(NamedTuple):
    """Whose password was the right one, and what was kept of it then."""

    workspace_id: int
    user_id: int
    password_hash: str | None


def forget(connection: Connection, attempt: Attempt, known: Known) -> None:
    """The right password: what was counted for this account from here is void.

    Where the address belongs to other teams as well, only this try is: the others may have been guesses at theirs.
    """
    table = sign_in_failure.c
    tries = [table.subject_hash == attempt.subject_hash, table.address_hash == attempt.address_hash]
    this = (user.c.workspace_id == known.workspace_id, user.c.id == known.user_id)
    email = select(user.c.email).where(*this).scalar_subquery()
    same = select(func.count()).select_from(user).where(user.c.email == email, user.c.active)
    if connection.execute(same).scalar_one() > 1:
        newest = select(func.max(table.failed_at)).where(*tries).scalar_subquery()
        tries.append(table.failed_at == newest)
    connection.execute(sign_in_failure.delete().where(*tries))


def who(database: Database, email: str, password: str) -> Known | None:
    """The active user with this address and password.

    An address may belong to several workspaces: the password decides, the oldest workspace first. For every address
    as many passwords are looked at as the one in most teams has, so that the time tells nobody in how many it is known.
    """
    with database.read() as connection:
        rows = connection.execute(
            select(user.c.workspace_id, user.c.id, user.c.password_hash)
            .where(user.c.email == normal_email(email), user.c.active)
            .order_by(user.c.workspace_id)
        ).all()
        teams = select(func.count().label("teams")).where(user.c.active).group_by(user.c.email).subquery()
        most = connection.execute(select(func.max(teams.c.teams))).scalar_one() or 1
    for _one in range(most - len(rows)):
        fits(password, None)
    fitting = [row for row in rows if fits(password, row.password_hash)]
    return Known(*fitting[0]) if fitting else None


def still_holds(connection: Connection, known: Known) -> bool:
    """Whether this is their password yet and they may come in; it stays so until we commit."""
    held = (
        user.c.workspace_id == known.workspace_id,
        user.c.id == known.user_id,
        user.c.password_hash == known.password_hash,
        user.c.active,
    )
    return connection.execute(select(user.c.id).where(*held).with_for_update()).one_or_none() is not None
