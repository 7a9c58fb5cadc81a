"""A workspace's channels: their marks changed, and channels of its own. Everything derived follows at once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select

from crm.domain.channels import SHIPPED, Channel, by_key
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.domain.zone_moves import NOTHING, Upshot
from crm.errors import Invalid, NotFound, require_admin
from crm.interactions.queries import channels
from crm.storage.frame import Scope
from crm.storage.recount import recompute, recount_channel
from crm.storage.stored_metrics import scope_of
from crm.storage.tables import channel, interaction
from crm.storage.text import fold

MOST_CHANNELS = 40
WAYS: Mapping[str, tuple[bool, bool, bool]] = {
    "written": (False, False, False),
    "live": (True, False, False),
    "in_person": (True, True, False),
    "by_hand": (False, False, True),
}
"""What a channel is, as (live, in person, by hand)."""
IN_PERSON = N_("{channel}: nothing through a screen is in person. Make it personal, or choose another way.")
BY_HAND = N_("{channel}: nothing through a screen is by hand. Make it personal, or choose another way.")


def way_of(one: Channel) -> str:
    """Which of ``WAYS`` a channel is."""
    if one.by_hand:
        return "by_hand"
    return "in_person" if one.in_person else "live" if one.live else "written"


def marked(one: Channel, digital: bool, way: str) -> Channel:
    """The channel with these marks. Refuses what is through a screen and yet in person or by hand."""
    live, in_person, by_hand = WAYS[way]
    if digital and (in_person or by_hand):
        said = IN_PERSON if in_person else BY_HAND
        raise Invalid(_(said).format(channel=_(one.label)))
    if (digital, way) == (one.digital, way_of(one)):
        return one
    return replace(one, digital=digital, live=live, in_person=in_person, by_hand=by_hand)


def change_marks(
    connection: Connection, principal: Principal, wanted: Sequence[Channel], at: datetime
) -> tuple[list[Channel], Upshot]:
    """Give channels their new marks; returns those that changed, as they were, and what it did to people."""
    _require_admin(principal)
    known = by_key(channels(connection, principal))
    changed = [one for one in wanted if known[one.key] != one]
    if not changed:
        return [], NOTHING

    def change() -> Scope:
        for one in changed:
            connection.execute(
                channel.update()
                .where(channel.c.workspace_id == principal.workspace_id, channel.c.key == one.key)
                .values(digital=one.digital, live=one.live, in_person=one.in_person, by_hand=one.by_hand)
            )
            recount_channel(connection, principal.workspace_id, known[one.key], one)
        return scope_of(connection, principal, at)

    found = recompute(connection, scope_of(connection, principal, at), change)
    return [known[one.key] for one in changed], found


def add_channel(connection: Connection, principal: Principal, label: str, digital: bool, way: str) -> Channel:
    """A channel of the workspace's own; its key is made from the label."""
    taken = {one.key for one in channels(connection, principal)}
    new = marked(Channel(_key(label, taken), label), digital, way)
    bring_channel(connection, principal, new)
    return new


def bring_channel(connection: Connection, principal: Principal, new: Channel) -> None:
    """A channel under a key that is free; refuses a name that another has, and too many."""
    _require_admin(principal)
    there = channels(connection, principal)
    if any(fold(one.label) == fold(new.label) for one in there):
        sentence = _("There is already a channel of that name.")
        raise Invalid(sentence, fields={"label": sentence})
    if len(there) >= MOST_CHANNELS:
        sentence = _("A team can have at most {number} channels.").format(number=MOST_CHANNELS)
        raise Invalid(sentence, fields={"label": sentence})
    row = {
        "workspace_id": principal.workspace_id,
        "key": new.key,
        "label": new.label,
        "digital": new.digital,
        "live": new.live,
        "in_person": new.in_person,
        "by_hand": new.by_hand,
    }
    last = func.coalesce(func.max(channel.c.position), -1)
    place = select(last + 1).where(channel.c.workspace_id == principal.workspace_id).scalar_subquery()
    connection.execute(channel.insert().values(**row, position=place))


def unused(connection: Connection, principal: Principal) -> list[Channel]:
    """The workspace's own channels by which nothing ever happened, not even what is out of the log again."""
    own = [one for one in channels(connection, principal) if one.key not in by_key(SHIPPED)]
    if not own:
        return []
    table = channel.c
    found = select(table.key).where(table.workspace_id == principal.workspace_id, ~_is_used(table.key))
    keys = set(connection.execute(found.where(table.key.in_([one.key for one in own]))).scalars())
    return [one for one in own if one.key in keys]


def take_away(connection: Connection, principal: Principal, key: str) -> Channel:
    """Take away a channel of the workspace's own that was never used; returns it."""
    _require_admin(principal)
    known = by_key(channels(connection, principal)).get(key)
    if known is None or key in by_key(SHIPPED):
        raise NotFound
    if not forget_unused(connection, principal, key):
        raise Invalid(_("{channel} cannot be removed: the log uses it.").format(channel=known.label))
    return known


def forget_unused(connection: Connection, principal: Principal, key: str) -> bool:
    """Take away a channel by which nothing ever happened; false where something did, and it stays."""
    _require_admin(principal)
    table = channel.c
    mine = (table.workspace_id == principal.workspace_id, table.key == key)
    return connection.execute(channel.delete().where(*mine, ~_is_used(key))).rowcount > 0


def _is_used(key: Any) -> ColumnElement[bool]:
    """Whether the log has anything by this channel of the workspace of the row that is looked at."""
    return exists().where(interaction.c.workspace_id == channel.c.workspace_id, interaction.c.channel == key)


def _key(label: str, taken: set[str]) -> str:
    stem = re.sub(r"[^a-z0-9]+", "_", fold(label)).strip("_")[:30] or "channel"
    return next(key for key in (stem, *(f"{stem}_{number}" for number in range(2, 99))) if key not in taken)


def _require_admin(principal: Principal) -> None:
    require_admin(principal, _("Channels apply to the whole team. Ask an admin to change them."))
