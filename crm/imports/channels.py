"""A team's own channels in files: those it added, and the marks it gave others than they came with."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from crm.domain.channels import SHIPPED, Channel, by_key
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Forbidden, Invalid
from crm.imports.phrases import listed, phrase
from crm.imports.records import CHANNELS, ChannelRecord
from crm.imports.report import Change, FileReport
from crm.imports.run import Run, sentence_of
from crm.interactions.channel_actions import (
    WAYS,
    bring_channel,
    change_marks,
    forget_unused,
    marked,
    way_of,
)
from crm.interactions.queries import channels


def own_channels(connection: Connection, principal: Principal) -> list[ChannelRecord]:
    """The channels that are not as every workspace has them from the beginning, in their order."""
    shipped = by_key(SHIPPED)
    own = (one for one in channels(connection, principal) if shipped.get(one.key) != one)
    return [ChannelRecord(**asdict(one)) for one in own]


def import_channels(run: Run, records: Sequence[ChannelRecord], report: FileReport) -> None:
    """Add the channels that are not here, and give the others their marks; the name of one that is here stays."""
    before = channels_before(run.connection, run.principal)
    for record in records:
        try:
            _import(run, record, report)
        except Forbidden as refusal:
            report.error(record.where, refusal.sentence)
        except Invalid as refusal:
            report.error(record.where, sentence_of(refusal))
        run.progress(1)
    if report.new[CHANNELS] or report.changed[CHANNELS]:
        run.traces.changed(CHANNELS, run.principal.workspace_id, {"rows": before})


def _import(run: Run, record: ChannelRecord, report: FileReport) -> None:
    here = by_key(channels(run.connection, run.principal)).get(record.key)
    way = next((name for name, marks in WAYS.items() if marks == _marks(record)), None)
    if way is None:
        raise Invalid(_("A channel is written, live, live and in person, or by hand."))
    new = marked(here or Channel(record.key, record.label), record.digital, way)
    if here is None:
        bring_channel(run.connection, run.principal, new)
        report.new[CHANNELS] += 1
    elif new == here:
        report.unchanged[CHANNELS] += 1
    else:
        change_marks(run.connection, run.principal, [new], run.at)
        report.changed[CHANNELS] += 1
        report.show(Change(record.where, here.label, "marks", _shown(here), _shown(new)))


def _marks(one: ChannelRecord) -> tuple[bool, bool, bool]:
    return one.live, one.in_person, one.by_hand


def _shown(one: Channel) -> str:
    digital = phrase("digital") if one.digital else phrase("personal")
    return listed([digital, phrase(_WAYS[way_of(one)])])


_WAYS = {
    "written": N_("written"),
    "live": N_("live"),
    "in_person": N_("in person"),
    "by_hand": N_("by hand"),
}


def channels_before(connection: Connection, principal: Principal) -> list[dict[str, Any]]:
    """All channels as a trace keeps them."""
    return [asdict(one) for one in channels(connection, principal)]


def put_back(
    connection: Connection, principal: Principal, before: Sequence[dict[str, Any]], at: datetime
) -> tuple[int, int]:
    """Channels as they were: how many were put back or taken away, and how many stay, as they are used by now.

    They are the whole team's: whoever is no admin leaves them as they are.
    """
    then = {row["key"]: Channel(**row) for row in before}
    now = by_key(channels(connection, principal))
    other = [key for key, one in now.items() if then.get(key) != one]
    if not principal.may_administer:
        return 0, len(other)
    marks = [then[key] for key in other if key in then]
    change_marks(connection, principal, marks, at)
    gone = [forget_unused(connection, principal, key) for key in other if key not in then]
    return len(marks) + sum(gone), len(gone) - sum(gone)
