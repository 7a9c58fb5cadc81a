"""Who may go where: every route of the running application has a row here, and keeps to it.

A new page or action needs a row in ``ACCESS``: public, viewer, member or admin; what programs may do has one in
``programs.py``. Ids in a path are filled by the name of the parameter from ``foreign_ids``: a room with a new kind of id
adds one row of another workspace there.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from starlette.routing import Route
from starlette.testclient import TestClient

from crm.accounts import tokens
from crm.app import create_app
from crm.contacts.merging import merge_contacts
from crm.domain.principal import Role
from crm.domain.weeks import IsoWeek
from crm.interactions import matters
from crm.interactions.matters import SORTS
from crm.nudges.due import put_due
from crm.planning.actions import make_plan, skip
from crm.planning.journey_actions import add_time_off, add_trip
from crm.planning.journey_forms import TimeOffForm, TripForm
from crm.planning.queries import plan_of
from crm.storage.database import Database, new_id
from crm.storage.tables import (
    import_batch,
    import_upload,
    mail_reply,
    mail_stop,
    metadata,
    organisation,
    outbox,
)
from crm.web.api import ApiRoute
from crm.web.routing import VisitRoute
from tests.builders import World
from tests.web.programs import API
from tests.web.site import client, settings

ACCESS = {
    # the machine's own
    "GET /healthz": "public",
    "GET /metrics": "public",
    "GET /readyz": "public",
    "GET /static/{path:path}": "public",
    # accounts
    "GET /sign-in": "public",
    "POST /sign-in": "public",
    "POST /sign-out": "public",
    "GET /setup": "public",
    "POST /setup": "public",
    "POST /sign-in/link": "public",
    "GET /sign-in/link/{token}": "public",
    "POST /sign-in/link/{token}": "public",
    "GET /forgotten": "public",
    "POST /forgotten": "public",
    "GET /reset/{token}": "public",
    "POST /reset/{token}": "public",
    "GET /welcome/{token}": "public",
    "POST /welcome/{token}": "public",
    "GET /team": "viewer",
    "POST /team/invite": "admin",
    "POST /team/{user_id}/link": "admin",
    "POST /team/{user_id}/role": "admin",
    "POST /team/{user_id}/deactivate": "admin",
    "POST /team/{user_id}/activate": "admin",
    "GET /settings": "viewer",
    "POST /settings": "viewer",
    "GET /settings/tokens": "viewer",
    "POST /settings/tokens": "viewer",
    "GET /settings/tokens/{token_id}/revoke": "viewer",
    "POST /settings/tokens/{token_id}/revoke": "viewer",
    "GET /settings/workspace": "viewer",
    "POST /settings/workspace": "admin",
    "POST /settings/workspace/written": "admin",
    "GET /settings/password": "viewer",
    "POST /settings/password": "viewer",
    "GET /settings/email": "viewer",
    "POST /settings/email": "viewer",
    "POST /settings/email/forget": "viewer",
    "GET /email/{token}": "public",
    "POST /email/{token}": "public",
    # contacts
    "GET /organisations": "viewer",
    "GET /organisations/new": "member",
    "POST /organisations/new": "member",
    "GET /organisations/{organisation_id}/edit": "member",
    "POST /organisations/{organisation_id}/edit": "member",
    "POST /organisations/{organisation_id}/archive": "member",
    "POST /organisations/{organisation_id}/restore": "member",
    "GET /people": "viewer",
    "GET /people/suggest": "viewer",
    "GET /people/find": "viewer",
    "POST /people/tier": "member",
    "POST /people/views": "viewer",
    "POST /people/views/{view_id}/remove": "viewer",
    "POST /people/views/{view_id}/restore": "viewer",
    "POST /people/tier/undo": "member",
    "POST /people/owner/undo": "member",
    "POST /people/owner": "member",
    "POST /people/tags": "member",
    "POST /people/tags/undo": "member",
    "POST /people/archive": "member",
    "POST /people/archive/undo": "member",
    "POST /people/restore": "member",
    "GET /people/duplicates": "viewer",
    "GET /people/{contact_id}/merge": "member",
    "GET /people/{contact_id}/merge/{other_id}": "member",
    "POST /people/{contact_id}/merge/{other_id}": "member",
    "POST /people/{contact_id}/apart/{other_id}": "member",
    "POST /people/{contact_id}/apart/{other_id}/undo": "member",
    "POST /people/merges/{merge_id}/undo": "member",
    "GET /people/{contact_id}/erase": "member",
    "GET /people/{contact_id}/export": "member",
    "POST /people/{contact_id}/erase": "member",
    "GET /people/new": "member",
    "POST /people/new": "member",
    "GET /people/{contact_id}/edit": "member",
    "POST /people/{contact_id}/edit": "member",
    "POST /people/{contact_id}/archive": "member",
    "POST /people/{contact_id}/restore": "member",
    "POST /people/{contact_id}/tier": "member",
    "GET /organisations/{organisation_id}": "viewer",
    "GET /people/{contact_id}": "viewer",
    # interactions
    "GET /log": "member",
    "GET /log/once-saved": "member",
    "GET /log/will-save": "member",
    "POST /log": "member",
    "GET /log/kept": "public",
    "POST /log/kept": "member",
    "POST /log/line": "member",
    "GET /log/{interaction_id}": "member",
    "POST /log/{interaction_id}": "member",
    "POST /log/{interaction_id}/delete": "member",
    "POST /log/{interaction_id}/restore": "member",
    "GET /asks": "viewer",
    "GET /people/{contact_id}/asks/new": "member",
    "POST /people/{contact_id}/asks": "member",
    "GET /asks/{ask_id}/edit": "member",
    "POST /asks/{ask_id}/edit": "member",
    "POST /asks/{ask_id}/delete": "member",
    "POST /asks/{ask_id}/close": "member",
    "POST /asks/{ask_id}/reopen": "member",
    "GET /people/{contact_id}/promises/new": "member",
    "POST /people/{contact_id}/promises": "member",
    "GET /promises/{promise_id}/edit": "member",
    "POST /promises/{promise_id}/edit": "member",
    "POST /promises/{promise_id}/delete": "member",
    "POST /promises/{promise_id}/keep": "member",
    "POST /promises/{promise_id}/reopen": "member",
    "GET /people/{contact_id}/signals/new": "member",
    "POST /people/{contact_id}/signals": "member",
    "GET /signals/{signal_id}/edit": "member",
    "POST /signals/{signal_id}/edit": "member",
    "POST /signals/{signal_id}/delete": "member",
    "GET /people/{contact_id}/favours/new": "member",
    "POST /people/{contact_id}/favours": "member",
    "GET /favours/{favour_id}/edit": "member",
    "POST /favours/{favour_id}/edit": "member",
    "POST /favours/{favour_id}/delete": "member",
    "GET /people/{contact_id}/dates/new": "member",
    "POST /people/{contact_id}/dates": "member",
    "GET /dates/{date_id}/edit": "member",
    "POST /dates/{date_id}/edit": "member",
    "POST /dates/{date_id}/delete": "member",
    "POST /removed/{removed_id}/restore": "member",
    "GET /signals": "viewer",
    "GET /signals/all": "viewer",
    "GET /signals/export": "viewer",
    "GET /settings/channels": "viewer",
    "POST /settings/channels": "admin",
    "POST /settings/channels/new": "admin",
    "POST /settings/channels/{key}/remove": "admin",
    # notes by hand
    "GET /notes": "member",
    "POST /notes/return-address": "member",
    "POST /notes/{interaction_id}/undo": "member",
    "GET /people/{contact_id}/note": "member",
    "GET /people/{contact_id}/note.pdf": "member",
    "GET /people/{contact_id}/note.svg": "member",
    "POST /people/{contact_id}/note/posted": "member",
    # imports
    "GET /import": "viewer",
    "POST /import": "member",
    "GET /import/preview/{upload_id}": "member",
    "GET /import/preview/{upload_id}/left-out": "member",
    "POST /import/preview/{upload_id}/apply": "member",
    "POST /import/preview/{upload_id}/answer": "member",
    "POST /import/preview/{upload_id}/people": "member",
    "POST /import/preview/{upload_id}/cancel": "member",
    "POST /import/preview/{upload_id}/columns": "member",
    "POST /import/preview/{upload_id}/mine": "member",
    "GET /import/sources": "admin",
    "POST /import/sources": "admin",
    "POST /import/sources/{source_id}/check": "admin",
    "POST /import/sources/{source_id}/read": "admin",
    "GET /import/sources/{source_id}/end": "admin",
    "POST /import/sources/{source_id}/end": "admin",
    "GET /import/{batch_id}": "viewer",
    "GET /import/{batch_id}/left-out": "viewer",
    "POST /import/{batch_id}/undo": "member",
    "GET /export": "member",
    "GET /settings/own-calendar": "member",
    "POST /settings/own-calendar": "member",
    "POST /settings/own-calendar/read": "member",
    "POST /settings/own-calendar/end": "member",
    "GET /settings/own-mailbox": "member",
    "POST /settings/own-mailbox": "member",
    "POST /settings/own-mailbox/read": "member",
    "POST /settings/own-mailbox/end": "member",
    "GET /meetings": "member",
    "POST /meetings": "member",
    "POST /meetings/{answer_id}/undo": "member",
    # replies to the mail
    "GET /replies": "member",
    "POST /replies/{reply_id}": "member",
    "POST /replies/{reply_id}/undo": "member",
    # health
    "GET /health": "viewer",
    "GET /health/export": "viewer",
    "POST /health/views": "viewer",
    "POST /health/views/{view_id}/remove": "viewer",
    "POST /health/views/{view_id}/restore": "viewer",
    "GET /plan/suggestions/{suggestion_id}/event.ics": "member",
    "GET /calendar/{token}.ics": "public",
    "GET /settings/mail": "member",
    "GET /settings/calendar": "member",
    "POST /settings/calendar": "member",
    "POST /settings/calendar/end": "member",
    "GET /health/working": "viewer",
    "GET /settings/targets": "viewer",
    "POST /settings/targets": "admin",
    # rules
    "GET /rules": "viewer",
    "GET /rules/rhythm": "viewer",
    "GET /rules/{key}/backtest": "viewer",
    "GET /rules/{key}": "viewer",
    "POST /rules/{key}/switch": "member",
    "GET /rules/new": "member",
    "POST /rules/new/backtest": "member",
    "POST /rules/{key}/backtest": "member",
    "POST /rules/new": "member",
    "GET /rules/{key}/edit": "member",
    "POST /rules/{key}/edit": "member",
    "POST /rules/{key}/delete": "member",
    "POST /rules/{key}/undo": "member",
    "POST /rules/{key}/move": "member",
    # planning
    "POST /plan/suggestions/{suggestion_id}/done": "member",
    "POST /plan/suggestions/{suggestion_id}/swap": "member",
    "POST /plan/suggestions/{suggestion_id}/snooze": "member",
    "POST /plan/suggestions/{suggestion_id}/skip": "member",
    "POST /plan/suggestions/{suggestion_id}/not-this-person": "member",
    "POST /plan/answers/{response_id}/undo": "member",
    "GET /plan/why": "viewer",
    "GET /trips": "member",
    "POST /trips": "member",
    "POST /trips/none": "member",
    "GET /trips/{trip_id}": "member",
    "GET /trips/{trip_id}/edit": "member",
    "POST /trips/{trip_id}/edit": "member",
    "POST /trips/{trip_id}/room": "member",
    "GET /trips/{trip_id}/trip.ics": "member",
    "POST /trips/{trip_id}/delete": "member",
    "POST /trips/{trip_id}/restore": "member",
    "POST /time-off": "member",
    "POST /time-off/{off_id}/delete": "member",
    "POST /time-off/{off_id}/restore": "member",
    # today
    "GET /": "viewer",
    "GET /help": "viewer",
    "GET /week/{week}": "viewer",
    "GET /welcome": "member",
    "POST /welcome": "member",
    # nudges
    "GET /n/{token}": "public",
    "POST /n/{token}": "public",
    "POST /n/{token}/undo": "public",
    "GET /n/{token}/event.ics": "public",
    "GET /team/heartbeat": "viewer",
    "POST /team/heartbeat/test": "viewer",
    "POST /team/heartbeat/release": "admin",
    "POST /team/heartbeat/stops/{stop_id}/lift": "admin",
    "POST /team/heartbeat/run": "admin",
    "GET /team/heartbeat/mails/{mail_id}": "viewer",
    "POST /team/heartbeat/mails/{mail_id}/stop": "viewer",
    "POST /team/heartbeat/mails/{mail_id}/again": "viewer",
}
RANKS = ("public", "viewer", "member", "admin")
MISSING = 987_654_321


def foreign_ids(world: World) -> dict[str, int]:
    """One row of each kind in another workspace, by the name its id has in paths."""
    other = World.create(world.database, "Another team")
    other.principal = other.user("Mallory Fox")
    contact_id = other.contact("Marta Kowalczyk", owner_id=other.principal.user_id)
    twin_id, third_id = other.contact("Marta Kowal"), other.contact("Marta Kowal")
    with world.database.write() as connection:
        organisation_id = new_id(connection)
        row = {
            "name": "Fernhill",
            "folded_name": "fernhill",
            "search": "fernhill",
            "kind": "partner",
            "tier": "key",
        }
        keys = {"workspace_id": other.workspace_id, "id": organisation_id, "created_at": other.now}
        connection.execute(organisation.insert(), row | keys)
        batch_id, upload_id = new_id(connection), new_id(connection)
        stop_id, reply_id = new_id(connection), new_id(connection)
        reply: dict[str, Any] = {
            "user_id": other.principal.user_id,
            "week": "2026-W48",
            "message_key": "m",
            "part": 0,
        }
        reply |= {"written_at": other.now, "changed_at": other.now, "text": "lunch", "state": "waiting"}
        connection.execute(mail_reply.insert(), {"workspace_id": other.workspace_id, "id": reply_id, **reply})
        stopped = {"address": "mallory@team.example", "said": "550 no", "stopped_at": other.now}
        connection.execute(mail_stop.insert(), {"workspace_id": other.workspace_id, "id": stop_id, **stopped})
        batch = {"files": ["people.csv"], "counts": {}, "applied_at": other.now}
        own = {"workspace_id": other.workspace_id}
        connection.execute(import_batch.insert(), {**own, "id": batch_id, **batch})
        upload = {"user_id": other.principal.user_id, "group_id": upload_id, "name": "people.csv"}
        waiting = {**upload, "content": "", "created_at": other.now}
        connection.execute(import_upload.insert(), {**own, "id": upload_id, **waiting})
        week = IsoWeek.of(other.today)
        make_plan(connection, other.principal, week, other.now)
        plan = plan_of(connection, other.principal, week, other.now)
        assert plan
        assert plan.suggestions[0].id
        skipped = skip(connection, other.principal, plan.suggestions[0].id, other.now)
        days = {"first_day": other.today, "last_day": other.today}
        tokens.create_token(
            connection, other.principal, other.principal.user_id or 0, "Till", ["read"], other.now
        )
        token_id = tokens.own_tokens(connection, other.principal)[0].id
        trip_id = add_trip(connection, other.principal, TripForm(city="Boston", **days), other.now)
        off_id = add_time_off(connection, other.principal, TimeOffForm(**days), other.now)
        merge_id = merge_contacts(connection, other.principal, twin_id, third_id, {}, other.now)
    return {
        **foreign_matters(other, contact_id),
        "suggestion_id": plan.suggestions[0].id,
        "trip_id": trip_id,
        "stop_id": stop_id,
        "reply_id": reply_id,
        "token_id": token_id,
        "off_id": off_id,
        "response_id": skipped.response_id or 0,
        "organisation_id": organisation_id,
        "user_id": other.principal.user_id or 0,
        "contact_id": contact_id,
        "other_id": twin_id,
        "merge_id": merge_id,
        "batch_id": batch_id,
        "upload_id": upload_id,
        "interaction_id": other.log("lunch", 3, contact_id),
        "mail_id": foreign_mail(other),
    }


def foreign_mail(other: World) -> int:
    """A mail that waits in the other team's outbox."""
    put_due(other.database, "example.org", other.now + timedelta(days=7))
    with other.database.read() as connection:
        mine = outbox.c.workspace_id == other.workspace_id
        return int(connection.execute(select(func.max(outbox.c.id)).where(mine)).scalar_one())


def foreign_matters(other: World, contact_id: int) -> dict[str, int]:
    today = other.today
    written: dict[str, dict[str, Any]] = {
        "asks": {"text": "Ask"},
        "promises": {"by": "us", "text": "Promise"},
        "signals": {"type": "risk", "text": "Heard", "heard_on": today},
        "favours": {"text": "Did", "received_on": today},
        "dates": {"kind": "birthday", "month": 3, "day": 9, "leap_day": 69, "yearly": True},
    }
    with other.database.write() as connection:
        where = (connection, other.principal)
        found = {
            SORTS[key].id_name: matters.add(*where, SORTS[key], contact_id, values, other.now)
            for key, values in written.items()
        }
        gone = matters.add(*where, SORTS["asks"], contact_id, {"text": "Gone"}, other.now)
        found["removed_id"] = matters.remove(*where, SORTS["asks"], gone, other.now)
    return found


def routes(database: Database) -> dict[str, Route]:
    """Every route as ``METHOD /path``."""
    app = create_app(settings(), database)
    found = [route for route in app.router.routes if isinstance(route, Route)]
    assert len(found) == len(app.router.routes), "something is mounted that this test cannot see"
    return {f"{method_of(route)} {route.path}": route for route in found}


def method_of(route: Route) -> str:
    return next(iter((route.methods or set()) - {"HEAD"}), "GET")


def filled(path: str, ids: dict[str, int]) -> str:
    for part in [part for part in path.split("/") if part.startswith("{")]:
        name = part.strip("{}").split(":")[0]
        path = path.replace(part, str(ids.get(name, MISSING)))
    return path


def ask(browser: TestClient, name: str, ids: dict[str, int] | None = None) -> Any:
    method, path = name.split(" ", 1)
    return browser.request(method, filled(path, ids or {}), data={} if method == "POST" else None)


def everything(database: Database) -> dict[str, list[Any]]:
    with database.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in metadata.sorted_tables
        }


def test_every_route_has_a_row(world: World) -> None:
    found = routes(world.database)
    declared = {name: route.access for name, route in found.items() if isinstance(route, VisitRoute)}
    assert declared == {name: level for name, level in ACCESS.items() if name in declared}
    operations = {name: route.operation.scope for name, route in found.items() if isinstance(route, ApiRoute)}
    assert operations == {name: scope for name, scope in API.items() if name in operations}
    assert set(ACCESS) | set(API) == set(found)


def closed_to(rank: str) -> list[str]:
    return [name for name, level in ACCESS.items() if RANKS.index(level) > RANKS.index(rank)]


def test_strangers_are_led_to_the_sign_in_and_change_nothing(world: World) -> None:
    world.user()
    browser, before = client(world), everything(world.database)
    wrong = {}
    for name in closed_to("public"):
        answer = ask(browser, name)
        fits = (
            answer.status_code == 401
            if name.startswith("POST") or " /api/" in name
            else answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
        )
        if not fits:
            wrong[name] = answer.status_code
    assert wrong == {}
    assert everything(world.database) == before


def test_the_deactivated_are_strangers(world: World) -> None:
    world.user("Bob Stone")
    browser = client(world, world.user(active=False))
    assert {ask(browser, name).status_code for name in closed_to("public")} <= {401, 303}


def test_viewers_and_members_are_refused_what_is_above_them(world: World) -> None:
    roles: tuple[Role, ...] = ("viewer", "member")
    for role in roles:
        browser = client(world, world.user(f"{role} One", role=role))
        before = everything(world.database)
        answers = {name: ask(browser, name).status_code for name in closed_to(role)}
        assert answers == dict.fromkeys(closed_to(role), 403)
        assert everything(world.database) == before


def test_whoever_may_gets_an_answer(world: World) -> None:
    roles: tuple[Role, ...] = ("viewer", "member", "admin")
    for role in roles:
        browser = client(world, world.user(f"{role} One", role=role))
        open_to = [name for name in ACCESS if name not in closed_to(role) and ACCESS[name] != "public"]
        answers = {name: ask(browser, name).status_code for name in open_to}
        assert {
            name: status for name, status in answers.items() if status in (401, 403, 405) or status >= 500
        } == {}


def test_what_belongs_to_others_looks_like_what_is_not_there(world: World) -> None:
    ids = foreign_ids(world)
    browser, before = client(world, world.user()), everything(world.database)
    seen = {}
    for name in ACCESS:
        if not any(f"{{{key}" in name for key in ids):
            continue
        foreign, missing = ask(browser, name, ids), ask(browser, name)
        assert foreign.status_code == missing.status_code, name
        seen[name] = foreign.status_code
    assert seen
    assert {name: status for name, status in seen.items() if status not in (404, 422)} == {}
    assert everything(world.database) == before
