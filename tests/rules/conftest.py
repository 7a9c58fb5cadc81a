"""Alice signed in, and Marta whom she only mails: what the tests of the rules' pages begin with."""

import pytest
from starlette.testclient import TestClient

from crm import clock
from crm.domain.principal import Principal
from tests.builders import World
from tests.web.site import client, cookie


@pytest.fixture
def alice(world: World) -> Principal:
    world.now = clock.now()
    return world.user()


@pytest.fixture
def site(world: World, alice: Principal) -> TestClient:
    browser = client(world)
    name, _, value = cookie(world, alice).partition("=")
    browser.cookies.set(name, value)
    return browser


@pytest.fixture
def marta(world: World, alice: Principal) -> int:
    one = world.contact()
    for days in (2, 9, 30):
        world.log("email", days, one)
    return one
