"""Changing the log. Every change brings the metrics of the people concerned up to date in the same transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, Select, and_, case, func, literal, null, select

from crm.contacts.may_change import require_editor
from crm.domain.channels import Channel, by_key, has_reached, is_broadcast, is_contact, tally
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.domain.rules import act_of
from crm.errors import Conflict, Invalid, NotFound
from crm.interactions.left_behind import Along, bring_along, part, settle_anew, take_along
from crm.interactions.private_notes import is_authors, may_read_note
from crm.interactions.queries import channels, contact_ids_of
from crm.storage.database import new_id
from crm.storage.statements import built_once
from crm.storage.stored_metrics import refresh, scope_of
from crm.storage.tables import (
    contact,
    contact_metrics,
    interaction,
    interaction_contact,
    interaction_user,
    response,
    suggestion,
)

_INTERACTION, _PARTICIPATION, _TOOK_PART = (
    interaction.insert(),
    interaction_contact.insert(),
    interaction_user.insert(),
)


@dataclass(frozen=True)
class Entry:
    """What is logged: an instant, one channel, contacts and users. ``user_ids`` empty: the principal's own user."""

    occurred_at: datetime
    channel: str
    contact_ids: tuple[int, ...]
    direction: str = "mutual"
    outcome: str = "reached"
    user_ids: tuple[int, ...] = ()
    summary: str | None = None
    note: str | None = None
    note_private: bool = False
    source_id: str | None = None


Zone: TypeAlias = str | None


@dataclass(frozen=True)
class Logged:
    """What was logged: its id, and each person's zone before and after."""

    id: int
    zones: Mapping[int, tuple[Zone, Zone]]


def log_interaction(connection: Connection, principal: Principal, entry: Entry, at: datetime) -> int:
    """Log one interaction; returns its id. Refuses unknown channels and contacts of nobody or of another workspace."""
    return log_through(connection, principal, entry, _channel(connection, principal, entry.channel), at).id


def log_through(
    connection: Connection, principal: Principal, entry: Entry, way: Channel, at: datetime
) -> Logged:
    """The same where the entry's channel was read already."""
    require_editor(principal)
    before = _require_contacts(connection, principal, entry.contact_ids)
    if not entry.user_ids and principal.user_id is not None:
        entry = replace(entry, user_ids=(principal.user_id,))
    row_id = new_id(connection)
    values = {"id": row_id, "created_at": at, **interaction_values(principal, entry, way, at)}
    connection.execute(_INTERACTION, values)
    _write_participants(connection, row_id, values, entry, way)
    after = refresh_people(connection, principal, entry.contact_ids, at, changed_on=values["day"])
    return Logged(row_id, {one: (zone, after.get(one)) for one, zone in before.items()})


def interaction_values(principal: Principal, entry: Entry, way: Channel, at: datetime) -> dict[str, Any]:
    """The column values of an interaction apart from its id and creation."""
    return {
        "workspace_id": principal.workspace_id,
        "occurred_at": entry.occurred_at,
        "day": principal.team_day(entry.occurred_at),
        "channel": entry.channel,
        "direction": entry.direction,
        "outcome": entry.outcome,
        "broadcast": is_broadcast(way, len(set(entry.contact_ids))),
        "summary": entry.summary,
        "note": entry.note,
        "note_private": entry.note_private,
        "author_id": principal.user_id,
        "source_id": entry.source_id,
        "changed_at": at,
    }


def participation_rows(
    interaction_id: int,
    values: Mapping[str, Any],
    contact_ids: Iterable[int],
    way: Channel,
    *,
    deleted: bool = False,
) -> list[dict[str, Any]]:
    """One row of ``interaction_contact`` for each contact, with what the metrics count.

    ``values`` are those of the interaction (``interaction_values``).
    """
    counted = tally(way, values["direction"])
    counts = is_contact(values["outcome"], deleted=deleted, broadcast=values["broadcast"])
    return [
        {
            "workspace_id": values["workspace_id"],
            "contact_id": contact_id,
            "interaction_id": interaction_id,
            "occurred_at": values["occurred_at"],
            "day": values["day"],
            "counts": counts,
            "reach": counted.reach,
            "flow": counted.flow,
            "channel": values["channel"],
            "direction": values["direction"],
        }
        for contact_id in dict.fromkeys(contact_ids)
    ]


def refresh_people(
    connection: Connection,
    principal: Principal,
    contact_ids: Iterable[int],
    at: datetime,
    *,
    changed_on: date = date.min,
) -> dict[int, Zone]:
    """Bring the stored metrics of these contacts up to date; returns their zones.

    ``changed_on`` is the first day whose log may have changed.
    """
    ids = tuple(contact_ids)
    return refresh(connection, scope_of(connection, principal, at, ids), ids, changed_on=changed_on)


def edit_interaction(
    connection: Connection,
    principal: Principal,
    interaction_id: int,
    entry: Entry,
    at: datetime,
    *,
    version: int | None = None,
) -> Along:
    """Replace what an interaction says; its author and source stay. Asks that it settled are open again while it reaches
    nobody they are about. Returns how many, and who was new with it and is archived, since they take part no longer and
    nothing else is known of them.

    ``version`` is the one the change was made on: Conflict where somebody changed it since. A private note is its
    author's alone: others neither change it nor make a note private.
    """
    require_editor(principal)
    way = _channel(connection, principal, entry.channel)
    _require_contacts(connection, principal, entry.contact_ids)
    stored = _lock(connection, principal, interaction_id)
    if version is not None and stored.version != version:
        raise Conflict(_("Somebody else changed this while you were writing."))
    before = contact_ids_of(connection, principal, interaction_id)
    values = interaction_values(principal, _with_note_of(principal, stored, entry), way, at)
    if stored.channel == entry.channel and {*before} == {*entry.contact_ids}:
        values["broadcast"] = stored.broadcast  # whoever was erased is missing among the heads
    kept = {name: value for name, value in values.items() if name not in ("author_id", "source_id")}
    connection.execute(
        interaction.update()
        .where(*_this(principal, interaction_id))
        .values(**kept, version=interaction.c.version + 1)
    )
    _remove_participants(connection, principal, interaction_id)
    _write_participants(connection, interaction_id, values, entry, way)
    went = _settled_anew(connection, principal, stored, before, entry, at)
    away = part(connection, principal, interaction_id, entry.contact_ids, at)
    refresh_people(connection, principal, went.about.union(before, entry.contact_ids), at)
    return replace(went, away=away)


def _settled_anew(
    connection: Connection,
    principal: Principal,
    stored: Row[Any],
    before: Sequence[int],
    entry: Entry,
    at: datetime,
) -> Along:
    """A suggestion it did and asks it settled are done where it now reaches their people, and open where it does not."""
    otherwise = stored.outcome != entry.outcome or {*before} != {*entry.contact_ids}
    if otherwise:
        _settle_answers(connection, principal, stored.id, at)
    if otherwise or stored.occurred_at != entry.occurred_at:
        return settle_anew(connection, principal, stored.id, _reached(entry, entry.contact_ids, at))
    return Along()


def _reached(said: Entry | Row[Any], contact_ids: Sequence[int], at: datetime) -> Sequence[int]:
    """Whom it reached by now."""
    return contact_ids if has_reached(said.outcome, said.occurred_at, at) else ()


def _lock(connection: Connection, principal: Principal, interaction_id: int) -> Row[Any]:
    """The row as it is, held until the end of the transaction."""
    row = connection.execute(
        select(interaction).where(*_this(principal, interaction_id)).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def _with_note_of(principal: Principal, stored: Row[Any], entry: Entry) -> Entry:
    if is_authors(principal, stored):
        return entry
    if not may_read_note(principal, stored):
        return replace(entry, note=stored.note, note_private=True)
    return replace(entry, note_private=False)


def delete_interaction(
    connection: Connection, principal: Principal, interaction_id: int, at: datetime
) -> Along:
    """Take an interaction out of the log; ``restore_interaction`` brings it back whole.

    What was written down with it goes too, asks it settled are open again, and people who were new with it are archived,
    unless somebody changed them since. Returns what went along.
    """
    require_editor(principal)
    return _set_deleted(connection, principal, interaction_id, at, deleted_at=at)


def restore_interaction(
    connection: Connection, principal: Principal, interaction_id: int, at: datetime
) -> None:
    """Undo a deletion."""
    require_editor(principal)
    _set_deleted(connection, principal, interaction_id, at, deleted_at=None)


def _set_deleted(
    connection: Connection,
    principal: Principal,
    interaction_id: int,
    at: datetime,
    *,
    deleted_at: datetime | None,
) -> Along:
    where = (interaction.c.workspace_id == principal.workspace_id, interaction.c.id == interaction_id)
    row = connection.execute(select(interaction).where(*where).with_for_update()).one_or_none()
    if row is None:
        raise NotFound
    if (row.deleted_at is None) == (deleted_at is None):
        return Along()
    connection.execute(
        interaction.update()
        .where(*where)
        .values(deleted_at=deleted_at, changed_at=at, version=interaction.c.version + 1)
    )
    counts = is_contact(row.outcome, deleted=deleted_at is not None, broadcast=row.broadcast)
    mine = (
        interaction_contact.c.workspace_id == principal.workspace_id,
        interaction_contact.c.interaction_id == interaction_id,
    )
    connection.execute(interaction_contact.update().where(*mine).values(counts=counts))
    _settle_answers(connection, principal, interaction_id, at)
    people = contact_ids_of(connection, principal, interaction_id)
    if deleted_at is None:
        reached = _reached(row, people, at)
        went = Along(about=frozenset(bring_along(connection, principal, interaction_id, reached, at)))
    else:
        went = take_along(connection, principal, interaction_id, at)
    refresh_people(connection, principal, went.about.union(people), at)
    return went


def answer_suggestion(
    connection: Connection,
    principal: Principal,
    suggestion_id: int,
    interaction_id: int,
    at: datetime,
    *,
    via: str = "log",
) -> None:
    """The interaction did what this suggestion of the user's own plan suggested; anything else is left alone."""
    require_editor(principal)
    mine = select(suggestion).where(
        suggestion.c.workspace_id == principal.workspace_id,
        suggestion.c.id == suggestion_id,
        suggestion.c.user_id == principal.user_id,
        suggestion.c.contact_id.in_(contact_ids_of(connection, principal, interaction_id)),
    )
    row = connection.execute(mine).one_or_none()
    if row is None:
        return
    logged = interaction.c.workspace_id == principal.workspace_id, interaction.c.id == interaction_id
    way = connection.execute(select(interaction.c.channel).where(*logged)).scalar_one()
    connection.execute(
        response.insert(),
        {
            "workspace_id": principal.workspace_id,
            "id": new_id(connection),
            "suggestion_id": row.id,
            "user_id": row.user_id,
            "contact_id": row.contact_id,
            "verb": "done",
            "to_act": act_of(way),
            "interaction_id": interaction_id,
            "via": via,
            "made_at": at,
        },
    )


def _settle_answers(connection: Connection, principal: Principal, interaction_id: int, at: datetime) -> None:
    """What this interaction did is done while it is in the log, reached somebody, and they take part in it."""
    log, took_part, undone_at = interaction.c, interaction_contact.c, response.c.undone_at
    same = (log.workspace_id == took_part.workspace_id) & (log.id == took_part.interaction_id)
    reached = (
        select(log.id)
        .join(interaction_contact, same)
        .where(
            *_this(principal, interaction_id),
            log.outcome == "reached",
            took_part.contact_id == response.c.contact_id,
        )
        .exists()
    )
    connection.execute(
        response.update()
        .where(
            response.c.workspace_id == principal.workspace_id,
            response.c.interaction_id == interaction_id,
            response.c.verb == "done",
        )
        .values(
            undone_at=case((reached, null()), else_=func.coalesce(undone_at, literal(at, undone_at.type)))
        )
    )


def _this(principal: Principal, interaction_id: int) -> tuple[Any, ...]:
    table = interaction.c
    return (
        table.workspace_id == principal.workspace_id,
        table.id == interaction_id,
        table.deleted_at.is_(None),
    )


def _write_participants(
    connection: Connection, interaction_id: int, values: Mapping[str, Any], entry: Entry, way: Channel
) -> None:
    connection.execute(_PARTICIPATION, participation_rows(interaction_id, values, entry.contact_ids, way))
    users = [
        {"workspace_id": values["workspace_id"], "interaction_id": interaction_id, "user_id": user_id}
        for user_id in dict.fromkeys(entry.user_ids)
    ]
    if users:
        connection.execute(_TOOK_PART, users)


def _remove_participants(connection: Connection, principal: Principal, interaction_id: int) -> None:
    for table in (interaction_contact, interaction_user):
        connection.execute(
            table.delete().where(
                table.c.workspace_id == principal.workspace_id, table.c.interaction_id == interaction_id
            )
        )


def _channel(connection: Connection, principal: Principal, key: str) -> Channel:
    found = by_key(channels(connection, principal)).get(key)
    if found is None:
        said = _("There is no channel called {key}.").format(key=repr(key))
        raise Invalid(said, fields={"channel": _("Choose how you were in touch.")})
    return found


def _require_contacts(
    connection: Connection, principal: Principal, contact_ids: Sequence[int]
) -> dict[int, Zone]:
    """The stored zone of each; refuses a contact of nobody or of another workspace."""
    wanted = set(contact_ids)
    if not wanted:
        said = _("An interaction needs at least one person.")
        raise Invalid(said, fields={"who": _("Say who it was with.")})
    rows = connection.execute(*_these(principal.workspace_id, list(wanted)))
    found: dict[int, Zone] = {row.id: row.zone for row in rows}
    if len(found) < len(wanted):
        raise NotFound(_("One of these people is no longer in your workspace."))
    return found


@built_once
def _these(whose: Any, ids: Any) -> Select[Any]:
    stored = contact_metrics.c
    same = and_(stored.workspace_id == contact.c.workspace_id, stored.contact_id == contact.c.id)
    return (
        select(contact.c.id, stored.zone)
        .outerjoin(contact_metrics, same)
        .where(contact.c.workspace_id == whose, contact.c.id.in_(ids))
        .with_for_update(read=True, key_share=True, of=contact)  # whoever is being erased is waited for
    )
