"""A served product for tests: the real application over a real database."""

import re
from dataclasses import replace
from html import unescape
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from crm.accounts.tokens import create_token
from crm.app import create_app
from crm.domain.principal import Principal
from crm.settings import Settings
from crm.web import sessions
from tests.builders import World
from tests.portal import portal

PASSWORD = "an old lighthouse keeper"
KEY = "a key for tests only"


def settings(**values: Any) -> Settings:
    """Settings that touch nothing of this machine."""
    return Settings(**{"secret_key": KEY, "base_url": "http://testserver", "scheduler": "off", **values})


def client(world: World, principal: Principal | None = None, **values: Any) -> TestClient:
    """A browser at the product, signed in as a user of ``world.user(...)`` if one is given; redirects are not followed."""
    app = create_app(settings(**values), world.database)
    browser = TestClient(app, base_url=app.state.site.settings.url, follow_redirects=False)
    browser.portal = portal()
    if principal is not None:
        browser.headers["Cookie"] = cookie(world, principal)
    return browser


def program(world: World, principal: Principal, *scopes: str) -> TestClient:
    """A program with a token that acts for a user of ``world.user(...)``; scopes are read and write unless given."""
    assert principal.user_id is not None
    with world.database.write() as connection:
        admin = replace(principal, user_id=None, role="admin")
        wanted = scopes or ("read", "write")
        token = create_token(connection, admin, principal.user_id, "Till", wanted, world.now)
    caller = client(world)
    caller.headers["Authorization"] = f"Bearer {token}"
    return caller


def signed_in(world: World, principal: Principal) -> TestClient:
    """A browser whose cookies live in a jar, so that toasts reach the next page."""
    browser = client(world)
    name, _, value = cookie(world, principal).partition("=")
    browser.cookies.set(name, value)
    return browser


def press_undo(browser: TestClient, page: str) -> Response:
    """Press Undo in the toast of a page (its HTML), with the fields that a browser sends."""
    form = re.search(
        r'action="([^"]+)"><button class="link-button">Undo</button>(.*?)</form>', page, re.DOTALL
    )
    assert form
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[2])
    return browser.post(unescape(form[1]), data={name: unescape(value) for name, value in fields})


def cookie(world: World, principal: Principal) -> str:
    """The Cookie header of a fresh session."""
    from crm import clock

    assert principal.user_id is not None
    with world.database.write() as connection:
        value = sessions.start(connection, principal.workspace_id, principal.user_id, clock.now())
    return f"crm-session={value}"
