"""Every page of the running application, and where in the office of the tests it can be seen.

A new page needs a row here: ``test_every_page.py`` compares these with the application's own routes.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.browser.worlds import MARTA

PLACES: dict[str, tuple[str, ...]] = {
    "/": ("/",),
    "/week/{week}": ("/week/2026-W48",),
    "/welcome": ("/welcome",),
    "/plan/why": ("/plan/why",),
    "/trips": ("/trips",),
    "/trips/{trip_id}": ("/trips/{trip}",),
    "/trips/{trip_id}/edit": ("/trips/{trip}/edit",),
    "/help": ("/help",),
    "/people": ("/people", "/people?q=nobody+is+called+so", "/people?tier=key"),
    "/people/new": ("/people/new",),
    "/people/{contact_id}": ("/people/{contact}", "/people/{stranger}"),
    "/people/{contact_id}/edit": ("/people/{contact}/edit",),
    "/people/duplicates": ("/people/duplicates",),
    "/people/{contact_id}/merge": ("/people/{contact}/merge",),
    "/people/{contact_id}/merge/{other_id}": ("/people/{contact}/merge/{stranger}",),
    "/people/{contact_id}/erase": ("/people/{contact}/erase",),
    "/people/{contact_id}/note": ("/people/{contact}/note", "/people/{stranger}/note?part=envelope"),
    "/notes": ("/notes",),
    "/organisations": ("/organisations",),
    "/organisations/new": ("/organisations/new",),
    "/organisations/{organisation_id}": ("/organisations/{organisation}",),
    "/organisations/{organisation_id}/edit": ("/organisations/{organisation}/edit",),
    "/people/{contact_id}/asks/new": ("/people/{contact}/asks/new",),
    "/people/{contact_id}/promises/new": ("/people/{contact}/promises/new",),
    "/people/{contact_id}/signals/new": ("/people/{contact}/signals/new",),
    "/people/{contact_id}/favours/new": ("/people/{contact}/favours/new",),
    "/people/{contact_id}/dates/new": ("/people/{contact}/dates/new",),
    "/asks/{ask_id}/edit": ("/asks/{ask}/edit",),
    "/promises/{promise_id}/edit": ("/promises/{promise}/edit",),
    "/signals/{signal_id}/edit": ("/signals/{signal}/edit",),
    "/favours/{favour_id}/edit": ("/favours/{favour}/edit",),
    "/dates/{date_id}/edit": ("/dates/{date}/edit",),
    "/asks": ("/asks",),
    "/signals": ("/signals",),
    "/signals/all": ("/signals/all",),
    "/log": ("/log", "/log?contact_ids={contact}&channel=lunch"),
    "/log/kept": ("/log/kept",),
    "/log/{interaction_id}": ("/log/{interaction}",),
    "/health": ("/health", "/health?kind=vendor&by=organisation&sort=share&as_of=2026-09-01"),
    "/health/working": ("/health/working", "/health/working?who=me&weeks=13"),
    "/rules": ("/rules",),
    "/rules/{key}": ("/rules/screen_only",),
    "/rules/{key}/backtest": ("/rules/screen_only/backtest",),
    "/rules/{key}/edit": ("/rules/screen_only/edit",),
    "/rules/new": ("/rules/new",),
    "/rules/rhythm": ("/rules/rhythm",),
    "/team": ("/team",),
    "/team/heartbeat": ("/team/heartbeat",),
    "/team/heartbeat/mails/{mail_id}": ("/team/heartbeat/mails/{mail}",),
    "/settings": ("/settings",),
    "/settings/mail": ("/settings/mail",),
    "/settings/password": ("/settings/password",),
    "/settings/email": ("/settings/email",),
    "/settings/tokens": ("/settings/tokens",),
    "/settings/calendar": ("/settings/calendar",),
    "/settings/own-calendar": ("/settings/own-calendar",),
    "/settings/own-mailbox": ("/settings/own-mailbox",),
    "/settings/channels": ("/settings/channels",),
    "/settings/targets": ("/settings/targets",),
    "/settings/workspace": ("/settings/workspace",),
    "/import": ("/import",),
    "/import/sources": ("/import/sources",),
    "/import/{batch_id}": ("/import/{batch}",),
    "/meetings": ("/meetings",),
    "/replies": ("/replies",),
}
"""Pages a signed-in user sees at an address of their own."""

ELSEWHERE = {
    "/sign-in": "signed out",
    "/forgotten": "signed out",
    "/setup": "first run",
    "/import/preview/{upload_id}": "after choosing a file",
    "/settings/tokens/{token_id}/revoke": "after making a token; the same page as that before a source ends",
    "/import/sources/{source_id}/end": "after adding a source, which needs a server",
    "/welcome/{token}": "by an invitation",
    "/n/{token}": "by a mail",
    "/sign-in/link/{token}": "by a mail; the same page as an invitation that is used up",
    "/email/{token}": "by a mail; the same page as an invitation",
    "/reset/{token}": "by a mail; the same page as an invitation",
}
"""Pages that are reached otherwise, and how."""

NOT_PAGES = {
    "/people/suggest",
    "/people/find",
    "/log/once-saved",
    "/log/will-save",
    "/export",
    "/people/{contact_id}/export",
    "/health/export",
    "/signals/export",
    "/import/preview/{upload_id}/left-out",
    "/import/{batch_id}/left-out",
    "/n/{token}/event.ics",
    "/plan/suggestions/{suggestion_id}/event.ics",
    "/trips/{trip_id}/trip.ics",
    "/calendar/{token}.ics",
} | {f"/people/{{contact_id}}/note.{kind}" for kind in ("pdf", "svg")}
"""Data, a part of a page, downloads."""


def addresses(folder: Path) -> list[str]:
    """The rows of ``PLACES``, with ids that are there."""
    with closing(sqlite3.connect(folder / "in-person.sqlite3")) as database:

        def one(query: str, *values: str) -> int:
            return int(database.execute(query, values).fetchone()[0])

        marta = "SELECT id FROM contact WHERE name = ?"
        ids = {
            "contact": one(marta, MARTA),
            "stranger": one(marta, "Kwame Mensah"),
            "organisation": one("SELECT organisation_id FROM contact WHERE name = ?", MARTA),
            "interaction": one("SELECT max(id) FROM interaction"),
            "ask": one("SELECT max(id) FROM ask"),
            "promise": one("SELECT max(id) FROM promise"),
            "signal": one("SELECT max(id) FROM signal"),
            "favour": one("SELECT max(id) FROM favour"),
            "date": one("SELECT max(id) FROM contact_date"),
            "trip": one("SELECT max(id) FROM trip"),
            "mail": one("SELECT max(id) FROM outbox"),
            "batch": one("SELECT max(id) FROM import_batch"),
        }
    return [path.format(**ids) for paths in PLACES.values() for path in paths]
