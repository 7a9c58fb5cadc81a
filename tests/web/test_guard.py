"""Forms from other sites, headers, host names and log lines."""

import logging

import pytest
from starlette.datastructures import Headers

from crm.errors import Unavailable
from crm.web.addresses import local_path
from crm.web.guard import HEADERS, ONLY_HTTPS, is_foreign
from tests.builders import World
from tests.web.site import client
from tests.web.test_access import ACCESS, ask

OURS, THEIRS = "http://crm.example", "http://evil.example"


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({}, False),
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": ""}, True),
        ({"sec-fetch-site": "cross-site", "origin": OURS}, True),
        ({"origin": OURS}, False),
        ({"origin": "https://public.example"}, False),
        ({"origin": THEIRS}, True),
        ({"origin": "null"}, True),
        ({"origin": ""}, True),
        ({"origin": "http://crm.example:81"}, True),
        ({"origin": "http://crm.example.evil.example"}, True),
    ],
)
def test_a_form_of_another_site_is_foreign(headers: dict[str, str], foreign: bool) -> None:
    given = Headers({"host": "crm.example", **headers})
    assert is_foreign("POST", given, "https://public.example") is foreign
    assert is_foreign("DELETE", given, "https://public.example") is foreign
    assert is_foreign("GET", given, "https://public.example") is False


def test_a_foreign_form_does_nothing(world: World) -> None:
    browser = client(world, world.user())
    data = {"name": "Eve", "email": "eve@evil.example", "role": "admin"}
    answer = browser.post("/team/invite", data=data, headers={"Origin": THEIRS})
    assert answer.status_code == 403
    assert "eve@evil.example" not in browser.get("/team").text


def test_every_answer_is_dressed(world: World) -> None:
    browser = client(world, world.user())
    answers = [ask(browser, name) for name in ACCESS] + [browser.get("/nowhere"), browser.put("/team")]
    for answer in answers:
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert answer.headers["cache-control"] in ("no-store", "public, max-age=31536000, immutable")
        assert len(answer.headers["x-request-id"]) == 12


def test_on_https_alone_browsers_are_told_to_stay_there(world: World) -> None:
    for base_url, said in (("https://crm.example", ONLY_HTTPS), ("http://crm.example", {})):
        answer = client(world, base_url=base_url).get("/sign-in")
        found = {name: answer.headers.get(name) for name in ONLY_HTTPS}
        assert found == (said or dict.fromkeys(ONLY_HTTPS))


def test_a_wrong_host_goes_into_no_address(world: World) -> None:
    browser = client(world, world.user(), base_url="http://crm.example")
    for host in ("evil.example", "crm.example@evil.example"):
        for path in ("/team", "/team/", "/nowhere", "/sign-in"):
            answer = browser.get(path, headers={"Host": host})
            assert "evil" not in answer.text + str(answer.headers)
    link = browser.post(
        "/team/invite", data={"name": "Theo", "email": "theo@team.example"}, headers={"Host": "evil.example"}
    )
    assert "http://crm.example/welcome/" in link.text
    assert "evil" not in link.text


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "",
        None,
        "/ a",
        "/a\nb",
        "people",
        "/" + "a" * 3000,
    ],
)
def test_no_redirect_leads_away(world: World, wanted: str | None) -> None:
    assert local_path(wanted) == "/"
    browser = client(world, world.user())
    assert browser.get("/sign-in", params={"next": wanted or ""}).headers["location"] == "/"


def test_a_redirect_within_is_followed(world: World) -> None:
    assert local_path("/people?q=ma%20rta&x=1") == "/people?q=ma%20rta&x=1"
    answer = client(world, world.user()).get("/sign-in", params={"next": "/team"})
    assert answer.headers["location"] == "/team"
    world.user("Bob Stone")
    assert client(world).get("/settings?a=b").headers["location"] == "/sign-in?next=%2Fsettings%3Fa%3Db"


def test_log_lines_hold_no_names(world: World, caplog: pytest.LogCaptureFixture) -> None:
    browser = client(world, world.user("Secretia Person"))
    with caplog.at_level(logging.INFO, "crm"):
        browser.get("/team?q=canary")
        browser.post("/sign-in", data={"email": "canary@x.example", "password": "canary canary"})
        browser.get("/welcome/1.canary")
    lines = "\n".join(record.getMessage() for record in caplog.records)
    assert "GET /team 200" in lines
    assert "GET /welcome/{token} 404" in lines
    assert "canary" not in lines
    assert "Secretia" not in lines


def test_a_fault_of_ours_says_so_and_keeps_what_people_wrote_to_itself(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = client(world, world.user())

    word = "can" + "ary"

    def broken(*_: object) -> None:
        raise ValueError(word)

    monkeypatch.setattr("crm.accounts.queries.members", broken)
    browser._transport.raise_server_exceptions = False  # type: ignore[attr-defined]
    answer = browser.get("/team")
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.text
    assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
    assert "canary" not in answer.text + caplog.text
    assert "ValueError" in caplog.text


def test_errors_below_api_are_problems(world: World) -> None:
    answer = client(world).get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


def test_what_goes_wrong_with_a_part_of_a_page_is_no_page_within_the_page(world: World) -> None:
    member = world.user()
    for browser, path, status in (
        (client(world), "/log/once-saved", 401),
        (client(world, world.user("Vera Blum", "viewer")), "/log/once-saved", 403),
        (client(world, member), "/people/1234567", 404),
    ):
        part = browser.get(path, headers={"HX-Request": "true"})
        assert part.status_code == status
        assert 'role="alert"' in part.text
        assert "<html" not in part.text
        assert part.headers["HX-Reselect"] == "[role=alert]"
    whole = browser.get(path, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in whole.text


@pytest.mark.parametrize(
    ("path", "title", "onward"),
    [
        ("/people/999999", "Nobody lives here", 'href="/people">Find someone<'),
        ("/organisations/999999", "No such account", 'href="/organisations">See the accounts<'),
        ("/rules/nope", "No such rule", 'href="/rules">See the rules<'),
        ("/log/999999", "Not in the log", 'href="/people">Find the person<'),
        ("/trips/999999", "No such trip", 'href="/trips">See your trips<'),
        ("/import/preview/999999", "No such import", 'href="/import">See the imports<'),
        ("/nowhere", "Nothing here", 'href="/">Go to this week<'),
    ],
)
def test_a_page_that_is_not_there_says_where_to_go_on(
    world: World, path: str, title: str, onward: str
) -> None:
    answer = client(world, world.user()).get(path)
    assert answer.status_code == 404
    assert f"<h1>{title}</h1>" in answer.text
    assert onward in answer.text
    assert 'aria-label="Main"' in answer.text
    assert "screen_only" not in answer.text
    assert 'aria-label="Main"' not in client(world).get("/nowhere").text


def test_whoever_pressed_a_button_in_vain_goes_back_to_where_it_was(world: World) -> None:
    viewer = client(world, world.user("Vera Blum", "viewer"), base_url="http://crm.example")
    for referer, onward in (
        ("http://crm.example/people/7?show=personal", 'href="/people/7?show=personal">Back<'),
        ("http://crm.example/people/tier", 'href="/">Go to this week<'),
        ("http://evil.example/people/7", 'href="/">Go to this week<'),
        ("http://crm.example//evil.example", 'href="/">Go to this week<'),
        ("http://[", 'href="/">Go to this week<'),
    ):
        refused = viewer.post("/people/tier", headers={"Referer": referer})
        assert refused.status_code == 403
        assert onward in refused.text


@pytest.mark.parametrize(
    ("fault", "status"), [(Unavailable("The disk is full, so nothing was saved."), 503), (KeyError("x"), 500)]
)
def test_what_was_written_comes_back_where_it_could_not_be_saved(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int
) -> None:
    browser, person = client(world, world.user()), world.contact()
    browser._transport.raise_server_exceptions = False  # type: ignore[attr-defined]
    path, note = f"/people/{person}/asks", "She <b>likes</b> the harbour"

    def broken(*_: object) -> int:
        raise fault

    with monkeypatch.context() as patched:
        patched.setattr("crm.interactions.matters.add", broken)
        refused = browser.post(path, data={"text": note})
    assert refused.status_code == status
    assert f'<form class="cluster" method="post" action="{path}">' in refused.text
    assert '<input type="hidden" name="text" value="She &lt;b&gt;likes' in refused.text
    assert note not in refused.text
    with monkeypatch.context() as patched:
        patched.setattr("crm.web.routing.Endpoint._act", broken)
        for where, also in (("password", {"password": "x" * 20}), ("email", {"email": "new@team.example"})):
            secret = {"current_password": "another lighthouse keeper", **also}
            kept_back = browser.post(f"/settings/{where}", data=secret)
            assert kept_back.status_code == status
            assert "lighthouse" not in kept_back.text
    assert browser.post(path, data={"text": note}).status_code == 303
