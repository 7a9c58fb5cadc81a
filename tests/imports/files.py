"""Files as a test writes them down, and what importing them did."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, func, select

from crm.domain.principal import Principal
from crm.imports.actions import apply
from crm.imports.export import export_files
from crm.imports.noticed import Wishes
from crm.imports.records import ParsedFile, UnreadableFile
from crm.imports.report import FileReport
from crm.imports.sightings import FeedSetting
from crm.imports.sniff import read_file
from tests.builders import World
from tests.shipped import SHIPPED_KEYS

CONTACTS = """\
name,email,organisation,title,kind,tier,city,tags,birthday,created_on,notes
Marta Kowalczyk,marta@fernhill.example;m@home.example,Fernhill,CTO,partner,key,Berlin,vip;wine,1980-03-22,2024-01-02,Likes tea
Daniel Osei,,Fernhill,,vendor,regular,,,--02-29,2024-02-03,
Jan Novák,,,,,,,,,2024-02-04,
"""
INTERACTIONS = """\
occurred_at,channel,direction,outcome,contacts,users,summary,note
2026-11-02T10:00:00+01:00,email,outbound,reached,marta@fernhill.example,,Hello,
2026-11-02T10:00:00+01:00,email,outbound,reached,marta@fernhill.example,,Hello,
2026-11-03,lunch,,,Daniel Osei;marta@fernhill.example,,,Long lunch
2026-11-04,phone,outbound,attempted,new@person.example,,,
2026-11-05,visit,,,Somebody Else,,,
"""
ASKS = """\
contact,text,due,opened_on,closed_on
marta@fernhill.example,Renew?,2026-12-01,2026-10-01,
marta@fernhill.example,Renew?,2026-12-01,2026-10-01,
Daniel Osei,Budget,,,
"""
PROMISES = "contact,by,text,due,made_on,kept_on\nDaniel Osei,us,Send the map,2026-11-30,2026-11-01,\n"
SIGNALS = "contact,type,text,heard_on\nDaniel Osei,pain point,Slow,2026-11-01\n"
FAVOURS = "contact,text,on\nDaniel Osei,Introduced us,2026-11-01\n"
DATES = """\
contact,kind,date,yearly,label
Marta Kowalczyk,anniversary,2019-05-01,,
Marta Kowalczyk,birthday,1980-03-22,,
Fernhill Person,renewal,2027-01-31,no,Licence
"""
ORGANISATIONS = (
    "name,kind,tier,domain,city,country,tags,notes\nFernhill,partner,key,fernhill.example,Berlin,DE,b;a,\n"
)
EVERYTHING = {
    "organisations.csv": ORGANISATIONS,
    "contacts.csv": CONTACTS,
    "interactions.csv": INTERACTIONS,
    "asks.csv": ASKS,
    "promises.csv": PROMISES,
    "signals.csv": SIGNALS,
    "favours.csv": FAVOURS,
    "dates.csv": DATES,
}


def bring(
    world: World,
    *files: str | bytes | tuple[str, str | bytes],
    by: Principal | None = None,
    later: float = 0,
    dry_run: bool = False,
    add_people: bool = False,
    me: str = "",
    keep_text: bool = False,
    mine: Sequence[str] = (),
) -> list[FileReport]:
    """Import files given by content, or by name and content, ``later`` days after the world's now.

    ``me`` is a name, ``mine`` are addresses of whoever imports.
    """
    at = world.now + timedelta(days=later)
    principal = by or world.principal
    setting = FeedSetting(world.zone, at, keep_text, (me,) if me else ())
    parsed = [
        read(world, *_named(file, number), at=at, setting=setting) for number, file in enumerate(files, 1)
    ]
    own = (*mine, me) if me else tuple(mine)
    return apply(world.database, principal, parsed, at, dry_run=dry_run, wishes=Wishes(add_people, own))


def _named(file: Any, number: int) -> tuple[str, bytes]:
    name, content = file if isinstance(file, tuple) else (f"file{number}.csv", file)
    return name, content.encode() if isinstance(content, str) else content


def read(world: World, name: str, data: bytes, at: datetime, setting: FeedSetting) -> ParsedFile | FileReport:
    try:
        return read_file(name, data, zone=world.zone, now=at, channels=SHIPPED_KEYS, feeds=setting)
    except UnreadableFile as fault:
        return FileReport.unreadable(name, fault)


def good(reports: Sequence[FileReport]) -> list[FileReport]:
    """The same, having seen that there are no errors."""
    assert [one for report in reports for one in report.errors] == []
    return list(reports)


def news(reports: Sequence[FileReport]) -> dict[str, int]:
    """What is new, of all files together."""
    return summed(reports, "new")


def summed(reports: Sequence[FileReport], counts: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for report in reports:
        for sort, count in getattr(report, counts).items():
            found[sort] = found.get(sort, 0) + count
    return {sort: count for sort, count in found.items() if count}


def count(world: World, table: Table) -> int:
    with world.database.read() as connection:
        mine = select(func.count()).where(table.c.workspace_id == world.workspace_id)
        return int(connection.execute(mine.select_from(table)).scalar_one())


def rows(world: World, table: Table) -> list[Any]:
    with world.database.read() as connection:
        mine = select(table).where(table.c.workspace_id == world.workspace_id)
        return list(connection.execute(mine.order_by(*table.primary_key)))


def exported(world: World, by: Principal | None = None) -> dict[str, bytes]:
    with world.database.read() as connection:
        return dict(export_files(connection, by or world.principal))
