"""Changing a workspace's targets. Every score and zone follows at once."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from crm.contacts.drafts import the_target
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.domain.targets import DEFAULTS, EVERY_OTHER_KIND, NO_TARGET, TIERS_WITH_TARGETS, Target, Targets
from crm.domain.zone_moves import NOTHING, Upshot
from crm.errors import Invalid, require_admin
from crm.storage.frame import Scope
from crm.storage.recount import recompute
from crm.storage.stored_metrics import scope_of, targets_of
from crm.storage.tables import target

Key = tuple[str, str]


def effective(targets: Targets, tier: str, kind: str) -> Target:
    """The target of a tier and kind: its own, or that of every other kind."""
    table = targets.table()
    return table.get((tier, kind)) or table.get((tier, EVERY_OTHER_KIND), NO_TARGET)


def change_targets(
    connection: Connection, principal: Principal, wanted: Mapping[Key, Target], at: datetime
) -> tuple[dict[Key, Target], Upshot]:
    """Set the targets of these tiers and kinds; returns those that changed, as they were, and what it did to people."""
    require_admin(principal, _("Targets apply to the whole team. Ask an admin to change them."))
    before = targets_of(connection, principal.workspace_id)
    for (tier, _kind), one in wanted.items():
        if tier not in TIERS_WITH_TARGETS:
            raise Invalid(_("Only key, regular and warm have targets."))
        for days in (one.any, one.personal, one.in_person):
            the_target(days)
    shown = {key: effective(before, *key) for key in wanted}
    changed = {key: shown[key] for key, one in wanted.items() if one != shown[key]}
    if not changed:
        return {}, NOTHING

    def change() -> Scope:
        _write(connection, principal, before, {**shown, **wanted})
        return scope_of(connection, principal, at)

    return changed, recompute(connection, scope_of(connection, principal, at), change)


def _write(
    connection: Connection, principal: Principal, before: Targets, wanted: Mapping[Key, Target]
) -> None:
    """Keep only what differs from the shipped targets; a kind that is like every other follows those."""
    kept = dict(before.changes)
    others = [key for key in wanted if key[1] == EVERY_OTHER_KIND]
    for key in (*others, *(key for key in wanted if key not in others)):
        kept.pop(key, None)
        if effective(Targets(kept), *key) != wanted[key]:
            kept[key] = wanted[key]
    connection.execute(target.delete().where(target.c.workspace_id == principal.workspace_id))
    rows = [
        {
            "workspace_id": principal.workspace_id,
            "tier": tier,
            "kind": kind,
            "any": one.any,
            "personal": one.personal,
            "in_person": one.in_person,
        }
        for (tier, kind), one in kept.items()
        if DEFAULTS.get((tier, kind)) != one
    ]
    if rows:
        connection.execute(target.insert(), rows)
