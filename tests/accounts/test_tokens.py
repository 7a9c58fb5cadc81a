"""One's own tokens: made, shown once, seen in use, revoked."""

import re

import pytest
from sqlalchemy import select

from crm.accounts import tokens
from crm.errors import Invalid
from crm.storage.tables import api_token
from tests.builders import World
from tests.web.site import client

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def made(text: str) -> str:
    found = re.search(r"crm_\d+_[\w-]{43}", text)
    assert found
    return found[0]


def test_a_token_is_shown_once_works_and_is_revoked(world: World) -> None:
    alice = client(world, world.user(role="viewer"))
    page = alice.post("/settings/tokens", data={"name": " The  till ", "scope": "read"})
    token = made(page.text)
    listed = alice.get("/settings/tokens").text
    assert "The till" in listed
    assert "Not used yet" in listed
    assert token not in listed
    till = client(world)
    till.headers["Authorization"] = f"Bearer {token}"
    assert till.get("/api/v1/me").json()["token"]["name"] == "The till"
    assert "Used Mon 23 Nov" in alice.get("/settings/tokens").text
    with world.database.read() as connection:
        row = connection.execute(select(api_token)).one()
    assert token not in repr(row)
    revoke = f"/settings/tokens/{row.id}/revoke"
    assert f'href="{revoke}"' in alice.get("/settings/tokens").text, "first it is asked"
    asked = alice.get(revoke).text
    assert "used this token Mon 23 Nov" in asked
    assert f'method="post" action="{revoke}"' in asked
    assert till.get("/api/v1/me").status_code == 200
    assert alice.post(revoke).status_code == 303
    assert alice.get(revoke).status_code == 404
    assert till.get("/api/v1/me").status_code == 401
    assert "No program acts for you yet." in alice.get("/settings/tokens").text


def test_tokens_of_colleagues_are_neither_seen_nor_revoked(world: World) -> None:
    alice, bob = client(world, world.user()), client(world, world.user("Bob Stone", role="member"))
    token = made(bob.post("/settings/tokens", data={"name": "Bob's phone", "scope": "write"}).text)
    with world.database.read() as connection:
        token_id = connection.execute(select(api_token.c.id)).scalar_one()
    assert "phone" not in alice.get("/settings/tokens").text
    assert alice.get(f"/settings/tokens/{token_id}/revoke").status_code == 404
    assert alice.post(f"/settings/tokens/{token_id}/revoke").status_code == 404
    phone = client(world)
    phone.headers["Authorization"] = f"Bearer {token}"
    assert phone.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize(
    ("sent", "words"), [({"name": ""}, "needed"), ({"name": "x", "scope": "all"}, "list")]
)
def test_what_does_not_fit_comes_back_with_a_sentence(world: World, sent: dict[str, str], words: str) -> None:
    page = client(world, world.user()).post("/settings/tokens", data=sent)
    assert page.status_code == 422
    assert words in page.text


def test_tokens_of_one_name_are_revoked_for_the_user_who_is_named(world: World) -> None:
    emails = ("alice@team.example", "bob@team.example")
    users = [world.user(email.split("@")[0].title(), email=email) for email in emails]
    with world.database.write() as connection:
        for one in users:
            assert one.user_id
            tokens.create_token(connection, world.principal, one.user_id, "Till", ["read"], world.now)
        with pytest.raises(Invalid, match=r"alice@team\.example, bob@team\.example"):
            tokens.revoke_token(connection, world.principal, "Till", world.now)
        assert tokens.revoke_token(connection, world.principal, "Till", world.now, emails[1]) == 1
        assert [one.name for one in tokens.own_tokens(connection, users[0])] == ["Till"]
        assert tokens.own_tokens(connection, users[1]) == []
        assert tokens.revoke_token(connection, world.principal, "Till", world.now) == 1
