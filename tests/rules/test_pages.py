"""The rules' pages: each sentence, whom it flags today, and the switch."""

import html
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from crm.domain.principal import Principal
from crm.domain.prose import rule_sentence
from crm.domain.rules import ALL, SHIPPED
from crm.rules.queries import flags
from crm.rules.states import active_rules
from tests.builders import World
from tests.rules.organisations import account
from tests.rules.test_editing import fields_of
from tests.web.site import client


def plain(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def post(site: TestClient, path: str, **fields: str) -> Any:
    return site.post(path, data=fields, headers={"Sec-Fetch-Site": "same-origin"})


def enabled(world: World) -> set[str]:
    with world.database.read() as connection:
        return {rule.key for rule in active_rules(connection, world.principal)}


def test_every_rule_is_listed_with_whom_it_flags(site: TestClient, world: World, marta: int) -> None:
    page = plain(site.get("/rules"))
    for rule in ALL:
        assert rule.name in page
    assert "1 person today" in page
    assert rule_sentence(SHIPPED[0]) in page


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.key)
def test_a_rule_says_its_sentence(site: TestClient, rule: Any) -> None:
    page = plain(site.get(f"/rules/{rule.key}"))
    assert rule_sentence(rule) in page
    assert "Flags nobody today" in page


def test_a_rule_shows_whom_it_flags_and_why(site: TestClient, world: World, marta: int) -> None:
    answer = site.get("/rules/screen_only")
    with world.database.read() as connection:
        (flag,) = flags(connection, world.principal, world.now, rules=[SHIPPED[0]])
    assert f'href="/people/{marta}"' in answer.text
    assert flag.sentence in plain(answer)


def test_a_rule_that_is_off_flags_nobody_and_says_whom_it_would(
    site: TestClient, world: World, marta: int
) -> None:
    answer = post(site, "/rules/screen_only/switch", enabled="no")
    assert (answer.status_code, answer.headers["location"]) == (303, "/rules/screen_only")
    assert enabled(world) == {rule.key for rule in ALL} - {"screen_only"}
    page = site.get("/rules/screen_only")
    assert "Would flag 1 person today" in plain(page)
    assert "Off. Would flag 1 person." in plain(page)
    (undo,) = re.findall(r'action="(/rules/screen_only/switch\?[^"]+)"', page.text)
    assert post(site, html.unescape(undo)).status_code == 303
    assert enabled(world) == {rule.key for rule in ALL}


def test_switching_twice_is_switching_once(site: TestClient, world: World) -> None:
    for _ in range(2):
        assert post(site, "/rules/renewal/switch", enabled="no").status_code == 303
        assert "renewal" not in enabled(world)
    other = World.create(world.database, "Another team")
    assert "renewal" in enabled(other)


@pytest.mark.parametrize("sent", [{}, {"enabled": "maybe"}])
def test_a_switch_without_a_word_changes_nothing(
    site: TestClient, world: World, sent: dict[str, str]
) -> None:
    assert post(site, "/rules/renewal/switch", **sent).status_code == 422
    assert enabled(world) == {rule.key for rule in ALL}


def test_an_unknown_rule_is_not_found(site: TestClient) -> None:
    assert site.get("/rules/nonsense").status_code == 404
    assert post(site, "/rules/nonsense/switch", enabled="no").status_code == 404


def test_a_viewer_reads_and_cannot_switch(world: World, alice: Principal) -> None:
    vera = client(world, world.user("Vera Void", "viewer"))
    page = vera.get("/rules")
    assert page.status_code == 200
    assert "rule-switch" not in page.text
    assert post(vera, "/rules/renewal/switch", enabled="no").status_code == 403
    assert "renewal" in enabled(world)


def test_an_account_that_hangs_on_one_person_is_listed(site: TestClient, world: World, marta: int) -> None:
    northgate = account(world, "Northgate Logistics")
    world.contact("Liam Byrne", organisation_id=northgate)
    world.contact("Aiko Tanabe", organisation_id=northgate)
    answer = site.get("/rules/fragile_account")
    assert "1 account today" in plain(answer)
    assert f'href="/organisations/{northgate}"' in answer.text
    assert "Two people at Northgate Logistics, and no meeting with any of them on record in a year." in plain(
        answer
    )


def test_who_may_change_a_rule_finds_its_fields_in_it_and_who_may_not_reads_it(
    site: TestClient, world: World, marta: int
) -> None:
    met = f'href="/log?contact={marta}&amp;channel=meeting&amp;when=day'
    page = site.get("/rules/screen_only").text
    assert "Flags 1 person today" in page
    assert met in page
    fields = fields_of(page)
    vera = client(world, world.user("Vera Void", "viewer")).get("/rules/screen_only").text
    assert f'<p class="rule-sentence">{rule_sentence(SHIPPED[0])}</p>' in vera
    assert not any(part in vera for part in ('class="rule-editor', met, "Save rule"))

    changed = {**fields, "value": ["2", *fields["value"][1:]], "act": "preview"}
    preview = site.post("/rules/screen_only/edit", data=changed).text
    assert "Would flag 1 person today" in preview
    assert met not in preview
    assert "at least 2 digital contacts" in preview
    as_it_stands = site.post("/rules/screen_only/edit", data={**fields, "act": "preview"}).text
    assert "Flags 1 person today" in as_it_stands
