"""Whoever only reads, and whoever is no admin, is offered nothing that is refused once it is followed."""

import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select
from starlette.testclient import TestClient

from crm import clock
from crm.app import create_app, routers
from crm.storage.database import Database
from crm.storage.tables import user
from crm.web import sessions
from crm.web.routing import VisitRoute
from tests.browser.places import addresses
from tests.browser.product import MONDAY
from tests.portal import portal
from tests.web.site import settings

RANKS = {"public": 0, "viewer": 1, "member": 2, "admin": 3}
LINK = re.compile(r'\b(?:href|hx-get)="(/[^"#?]*)')
ACTION = re.compile(r'\b(?:formaction|hx-post)="(/[^"#?]*)')
FORM = re.compile(r'<form\b[^>]*\bmethod="post"[^>]*\baction="(/[^"#?]*)[^>]*>(.*?)</form>', re.DOTALL)
BUTTON = re.compile(r"<button\b(?![^>]*\bdisabled)")
KEPT = "/log/kept"
"""One page for everybody, kept on the device before anybody knows who will open it."""


@pytest.fixture(scope="module")
def folder(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    copy = tmp_path_factory.mktemp("offers")
    shutil.copytree(filled, copy, dirs_exist_ok=True)
    with time_machine.travel(datetime.fromisoformat(MONDAY), tick=True):
        yield copy


def offered(page: str) -> set[tuple[str, str]]:
    """Method and path of everything a page leads to."""
    found = {("GET", path) for path in LINK.findall(page)} | {("POST", path) for path in ACTION.findall(page)}
    return found | {("POST", path) for path, body in FORM.findall(page) if BUTTON.search(body)}


def needed(method: str, path: str) -> VisitRoute | None:
    """The route that would answer."""
    for router in routers():
        for route in router.routes:
            if method in (route.methods or ()) and route.path_regex.fullmatch(path):
                return route
    return None


@pytest.mark.parametrize(
    ("email", "role"), [("vera@team.example", "viewer"), ("olive@team.example", "member")]
)
def test_nothing_is_offered_that_is_refused(folder: Path, email: str, role: str) -> None:
    database = Database(f"sqlite:///{folder / 'in-person.sqlite3'}")
    with database.write() as connection:
        one = connection.execute(select(user).where(user.c.email == email)).one()
        cookie = sessions.start(connection, one.workspace_id, one.id, clock.now())
    app = create_app(settings(), database)
    browser = TestClient(app, base_url="http://testserver", headers={"Cookie": f"crm-session={cookie}"})
    browser.portal = portal()
    seen, refused = 0, set()
    for place in (one for one in addresses(folder) if one != KEPT):
        answer = browser.get(place)
        if answer.status_code != 200:
            continue
        for method, path in offered(answer.text):
            route = needed(method, path)
            seen += route is not None
            if route and RANKS[route.access] > RANKS[role]:
                refused.add(f"{place}: {method} {route.path}")
    database.close()
    assert seen > 400
    assert not refused, "\n".join(sorted(refused))
