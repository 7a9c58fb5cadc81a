"""What programs get: shapes as the command line has them, pages, problems, and requests that are done once."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from crm import clock, jobs
from crm.contacts.erasing import erase
from crm.domain.weeks import IsoWeek
from crm.health.queries import standings
from crm.health.shapes import health_shape
from crm.imports.actions import apply
from crm.imports.reading import Given, Reading, read_all
from crm.interactions.queries import channels
from crm.planning.asked import plan_for
from crm.planning.shapes import plan_shape
from crm.rules.queries import flags
from crm.rules.shapes import flag_shape
from crm.settings import Settings
from crm.storage.tables import idempotency_key
from crm.web.idempotency import Erased, Kept, Once
from tests.builders import World
from tests.web.site import program

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CSV = b"name,email,tier\nMarta Kowalczyk,marta@northgate.example,key\n"
NAUGHTY = (
    "\u202eevil",
    "<script>alert(1)</script>",
    "'; DROP TABLE contact; --",
    "Ⱥ" * 900,
    "%_\\",
    "😀\u200d",
)


def walked(caller: TestClient, path: str, **asked: Any) -> Iterator[list[Any]]:
    """Every page of a list."""
    cursor: str | None = None
    for _ in range(50):
        page = caller.get(path, params={**asked, **({"cursor": cursor} if cursor else {})}).json()
        yield page["items"]
        cursor = page["next"]
        if cursor is None:
            return
    raise AssertionError("the list never ends")


def test_every_list_is_walked_once_from_end_to_end(world: World) -> None:
    caller = program(world, world.user())
    people = [world.contact(f"Person {number % 3}") for number in range(7)]
    for number in range(7):
        world.organisation(f"Firm {number}")
        world.log("phone", number % 2, *people[: number + 1])
    with_first = {"contact": people[0]}
    for sort in ("asks", "promises", "signals"):
        for number in range(7):
            made = caller.post(f"/api/v1/{sort}", json={"contact_id": people[0], "text": f"Thing {number}"})
            assert made.status_code == 201, made.text
    for number in range(3):
        files = [("files", ("people.csv", f"name,email\nSomebody,s{number}@x.example\n".encode()))]
        assert caller.post("/api/v1/imports", files=files).json()[0]["new"]["contacts"] == 1
    expected = {"contacts": 10, "organisations": 7, "interactions": 7, "asks": 7, "promises": 7, "signals": 7}
    for path, number in {**expected, "imports": 3}.items():
        pages = list(walked(caller, f"/api/v1/{path}", limit=2))
        ids = [one["id"] for page in pages for one in page]
        assert len(ids) == len(set(ids)) == number, path
        assert all(len(page) == 2 for page in pages[:-1]), path
    for order in ("personal", "score", "name"):
        assert sum(map(len, walked(caller, "/api/v1/contacts", limit=3, sort=order))) == 10
    last = {"contact": people[-1]}
    assert sum(map(len, walked(caller, "/api/v1/interactions", limit=2, **with_first))) == 7
    assert sum(map(len, walked(caller, "/api/v1/interactions", limit=2, **last))) == 1


@sqlite_only
def test_computations_are_what_the_command_line_says(world: World) -> None:
    alice = world.user()
    caller = program(world, alice)
    contact_id = world.contact("Marta Kowalczyk", owner_id=alice.user_id)
    for day in range(1, 60, 7):
        world.log("email", day, contact_id)
    then = world.now - timedelta(days=30)
    with world.database.read() as connection:
        health = [health_shape(one) for one in standings(connection, world.principal, then)]
        flagged = [flag_shape(one) for one in flags(connection, world.principal, world.now)]
    week = IsoWeek.of(world.today).previous()
    view = plan_for(world.database, alice, week, world.now, None)
    plan = plan_shape(view, "alice@team.example")
    assert caller.get("/api/v1/health", params={"as_of": then.isoformat()}).json() == plainly(health)
    assert caller.get("/api/v1/flags", params={"as_of": world.now.isoformat()}).json() == plainly(flagged)
    assert flagged
    assert caller.get("/api/v1/plan", params={"week": str(week)}).json() == plainly(plan)
    assert plan["suggestions"]


def plainly(value: Any) -> Any:
    return json.loads(json.dumps(value))


@sqlite_only
def test_an_import_says_what_the_command_line_says_and_can_be_taken_back(world: World) -> None:
    caller = program(world, world.user())
    with world.database.read() as connection:
        keys = [one.key for one in channels(connection, world.principal)]
    parsed = read_all([Given("people.csv", CSV)], Reading(world.zone, world.now, keys))
    expected = [
        one.as_json() for one in apply(world.database, world.principal, parsed, world.now, dry_run=True)
    ]
    sent: dict[str, Any] = {"files": [("files", ("people.csv", CSV))]}
    tried = caller.post("/api/v1/imports", params={"dry_run": "true"}, **sent)
    assert tried.json() == expected
    assert caller.get("/api/v1/contacts").json()["items"] == []
    assert caller.post("/api/v1/imports", **sent).json() == expected
    assert [one["name"] for one in caller.get("/api/v1/contacts").json()["items"]] == ["Marta Kowalczyk"]
    batch = caller.get("/api/v1/imports").json()["items"][0]
    assert caller.post(f"/api/v1/imports/{batch['id']}/undo").json()["undone_at"].endswith("Z")
    assert caller.get("/api/v1/contacts").json()["items"] == []


@sqlite_only
def test_a_person_is_written_down_changed_and_put_away(world: World) -> None:
    caller = program(world, world.user())
    sent: dict[str, Any] = {
        "name": "Marta Kowalczyk",
        "organisation": "Northgate Logistics",
        "tier": "key",
        "emails": [{"value": "marta@northgate.example", "label": "work"}],
        "dates": [{"kind": "birthday", "month": 2, "day": 29}],
    }
    for wrong in ({"dates": [{**sent["dates"][0], "year": 1579}]}, {"deceased_on": "0079-08-24"}):
        assert caller.post("/api/v1/contacts", json={**sent, **wrong}).status_code == 422
    made = caller.post("/api/v1/contacts", json=sent)
    assert made.status_code == 201
    marta = caller.get(made.headers["location"]).json()
    assert marta == made.json()
    assert (marta["kind"], marta["owner"], marta["dates"][0]["year"]) == ("other", "Alice Meyer", None)
    changed = caller.patch(
        f"/api/v1/contacts/{marta['id']}", json={"city": "Leeds", "owner_id": None, "version": 1}
    )
    kept = {name: value for name, value in changed.json().items() if name not in ("changed_at", "version")}
    differs = {"city": "Leeds", "owner_id": None, "owner": None}
    assert kept == {name: value for name, value in marta.items() if name in kept} | differs
    assert (
        caller.patch(f"/api/v1/contacts/{marta['id']}", json={"city": "York", "version": 1}).status_code
        == 409
    )
    assert caller.post(f"/api/v1/contacts/{marta['id']}/archive").json()["archived_at"].endswith("Z")
    assert caller.get("/api/v1/contacts").json()["items"] == []


@sqlite_only
def test_what_is_logged_counts_and_a_private_note_is_its_authors(world: World) -> None:
    alice, bob = program(world, world.user()), program(world, world.user("Bob Stone", role="member"))
    contact_id = world.contact()
    sent = {"channel": "lunch", "contact_ids": [contact_id], "occurred_at": "2026-11-20T13:00:00+02:00"}
    made = alice.post("/api/v1/interactions", json={**sent, "note": "Hush.", "note_private": True}).json()
    assert (made["occurred_at"], made["note"]) == ("2026-11-20T11:00:00Z", "Hush.")
    path = f"/api/v1/interactions/{made['id']}"
    assert bob.get(path).json()["note"] is bob.get("/api/v1/interactions").json()["items"][0]["note"] is None
    assert bob.patch(path, json={"summary": "Lunch", "note": "Mine"}).json()["summary"] == "Lunch"
    assert alice.get(path).json()["note"] == "Hush."
    assert bob.get("/api/v1/health").json()[0]["metrics"]["days_since_in_person"] == 3
    assert alice.delete(path).status_code == 204
    assert alice.get(path).status_code == 404
    assert alice.post(f"{path}/restore").status_code == 200


@sqlite_only
def test_asks_and_promises_come_to_an_end(world: World) -> None:
    caller, contact_id = program(world, world.user()), world.contact()
    ask = caller.post(
        "/api/v1/asks", json={"contact_id": contact_id, "text": "Renew?", "due": "2026-12-01"}
    ).json()
    path = f"/api/v1/asks/{ask['id']}"
    assert caller.patch(path, json={"text": "Renew early?"}).json() == {**ask, "text": "Renew early?"}
    assert caller.post(f"{path}/close").json()["closed_on"] == "2026-11-23"
    assert caller.get("/api/v1/asks", params={"open": "true"}).json()["items"] == []
    assert caller.post(f"{path}/reopen").json()["closed_on"] is None
    assert caller.delete(path).status_code == 204
    assert caller.get(path).status_code == 404


@sqlite_only
def test_a_rule_is_switched_off_and_flags_nobody(world: World) -> None:
    caller = program(world, world.user())
    assert caller.patch("/api/v1/rules/never_met", json={"enabled": False}).json()["enabled"] is False
    listed = {one["key"]: one["enabled"] for one in caller.get("/api/v1/rules").json()["items"]}
    assert (listed["never_met"], listed["screen_only"]) == (False, True)


@sqlite_only
def test_people_are_asked_for_by_their_city(world: World) -> None:
    world.contact("Marta Kowalczyk", city="Boston")
    world.contact("Ana Ruiz", city="Lyon")
    found = program(world, world.user()).get("/api/v1/contacts?city=boston").json()["items"]
    assert [one["name"] for one in found] == ["Marta Kowalczyk"]


PROBLEMS: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("GET", "/api/v1/contacts?limit=0", {}, 422, "limit"),
    ("GET", "/api/v1/contacts?what=1", {}, 422, "what"),
    ("GET", "/api/v1/contacts?limit=1&limit=2", {}, 422, "limit"),
    ("GET", "/api/v1/contacts?cursor=nonsense", {}, 422, ""),
    ("GET", "/api/v1/health?as_of=soon", {}, 422, "as_of"),
    ("GET", "/api/v1/plan?week=2026-W99", {}, 422, "week"),
    ("GET", "/api/v1/flags?rule=nothing", {}, 404, ""),
    ("GET", "/api/v1/nothing", {}, 404, ""),
    ("GET", "/api/v1/contacts/0", {}, 404, ""),
    ("PUT", "/api/v1/contacts", {}, 405, ""),
    ("POST", "/api/v1/contacts", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, ""),
    ("POST", "/api/v1/contacts", {"content": b"name=Marta"}, 415, ""),
    ("POST", "/api/v1/contacts", {"json": {"nme": "Marta"}}, 422, "name"),
    ("POST", "/api/v1/contacts", {"json": {"name": "a\x00b"}}, 422, ""),
    ("POST", "/api/v1/contacts", {"json": {"name": 7}}, 422, "name"),
    ("POST", "/api/v1/contacts", {"json": {"name": "Marta", "time_zone": "Mars"}}, 422, "time_zone"),
    ("POST", "/api/v1/contacts", {"json": {"name": "x" * 2_100_000}}, 413, ""),
    ("POST", "/api/v1/contacts", {"json": {"name": "Marta"}, "headers": {"Idempotency-Key": "x" * 300}}, 422,
     "Idempotency-Key"),
    ("POST", "/api/v1/imports", {"json": {}}, 415, ""),
    ("POST", "/api/v1/imports?as=novel", {"files": [("files", ("a.csv", b"name\n"))]}, 422, "as"),
]  # fmt: skip


@sqlite_only
def test_an_id_of_too_many_figures_is_nobodys(world: World) -> None:
    marta = world.contact()
    caller = program(world, world.user())
    assert caller.get(f"/api/v1/contacts/{marta}").status_code == 200
    for number in (f"{marta:019d}999", f"{marta:019d}", "9" * 40, "²"):
        assert caller.get(f"/api/v1/contacts/{number}").status_code == 404


def test_every_error_is_a_problem_with_a_sentence_and_the_field(world: World) -> None:
    caller = program(world, world.user())
    for method, path, sent, status, field in PROBLEMS:
        answer = caller.request(method, path, **sent)
        where = f"{method} {path} {answer.text[:200]}"
        assert answer.status_code == status, where
        assert answer.headers["content-type"] == "application/problem+json", where
        assert answer.headers["cache-control"] == "no-store", where
        problem = answer.json()
        assert (problem["status"], problem["detail"][-1]) == (status, "."), where
        assert not field or field in problem["errors"], where
    assert caller.put("/api/v1/contacts").headers["allow"] == "GET, HEAD, POST"


@sqlite_only
def test_a_fault_of_ours_says_nothing_of_what_was_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> None:
        raise RuntimeError("Marta Kowalczyk")

    caller = program(world, world.user())
    monkeypatch.setattr("crm.contacts.listing.people", broken)
    quiet = TestClient(caller.app, raise_server_exceptions=False, headers=dict(caller.headers))
    answer = quiet.get("/api/v1/contacts")
    assert (answer.status_code, answer.json()["title"]) == (500, "Internal Server Error")
    assert "Marta" not in answer.text


@sqlite_only
def test_naughty_words_come_back_as_they_were_sent(world: World) -> None:
    caller = program(world, world.user())
    for words in NAUGHTY:
        made = caller.post("/api/v1/contacts", json={"name": f"x{words}", "notes": words})
        assert (made.status_code, made.json()["notes"]) == (201, words.strip())
        assert caller.get("/api/v1/contacts", params={"q": words[:50]}).status_code == 200


def test_a_request_with_a_key_is_done_once(world: World) -> None:
    caller, other = program(world, world.user()), program(world, world.user("Bob Stone"))
    once = {"Idempotency-Key": "4711"}
    first = caller.post("/api/v1/contacts", json={"name": "Marta"}, headers=once)
    again = caller.post("/api/v1/contacts", json={"name": "Marta"}, headers=once)
    assert (first.status_code, first.text) == (again.status_code, again.text) == (201, first.text)
    assert again.headers["location"] == first.headers["location"]
    unlike = caller.post("/api/v1/contacts", json={"name": "Jonas"}, headers=once)
    assert (unlike.status_code, list(unlike.json()["errors"])) == (422, ["Idempotency-Key"])
    assert other.post("/api/v1/contacts", json={"name": "Jonas"}, headers=once).status_code == 201
    assert len(caller.get("/api/v1/contacts").json()["items"]) == 2
    refused = {"Idempotency-Key": "4712"}
    assert caller.post("/api/v1/contacts", json={"name": ""}, headers=refused).status_code == 422
    assert caller.post("/api/v1/contacts", json={"name": "Ines"}, headers=refused).status_code == 201
    files: dict[str, Any] = {
        "files": [("files", ("people.csv", CSV))],
        "headers": {"Idempotency-Key": "4713"},
    }
    bodies = [caller.post("/api/v1/imports", **files).text for _ in range(2)]
    assert bodies[0] == bodies[1]
    assert json.loads(bodies[0])[0]["new"]["contacts"] == 1


def test_of_two_requests_at_once_with_one_key_one_is_done(world: World) -> None:
    caller, together = program(world, world.user()), Barrier(4)

    def post(_: int) -> tuple[int, str]:
        together.wait()
        headers = {"Idempotency-Key": "at once"}
        answer = caller.post("/api/v1/contacts", json={"name": "Marta"}, headers=headers)
        return answer.status_code, answer.text

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(post, range(4)))
    assert len(answers) == 1
    assert answers.pop()[0] == 201
    assert len(caller.get("/api/v1/contacts").json()["items"]) == 1


def test_a_trial_sent_as_a_field_is_refused_and_so_is_a_file_by_another_name(world: World) -> None:
    caller = program(world, world.user())
    card = ("contacts.csv", b"name,email\nMarta,marta@x.example\n")
    for files, data, named in (
        ({"files": card}, {"dry_run": "true"}, "dry_run"),
        ({"files": card, "file": card}, {}, "file"),
    ):
        refused = caller.post("/api/v1/imports", files=files, data=data)
        assert (refused.status_code, f"{named}:" in refused.text) == (422, True), refused.text
    assert caller.get("/api/v1/imports").json()["items"] == []


@sqlite_only
def test_a_body_where_none_is_taken_is_refused_by_its_field(world: World) -> None:
    caller, contact_id = program(world, world.user()), world.contact()
    ask = caller.post("/api/v1/asks", json={"contact_id": contact_id, "text": "Renew?"}).json()
    path = f"/api/v1/asks/{ask['id']}"
    for method, where in (("POST", f"{path}/close"), ("DELETE", path)):
        refused = caller.request(method, where, json={"closed_on": "2026-11-02"})
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["closed_on"])
        assert caller.request(method, where, json=[1]).status_code == 422
        assert caller.request(method, where, content=b"closed_on=2026-11-02").status_code == 415
    assert caller.get(path).json()["closed_on"] is None
    assert caller.post(f"{path}/close", json={}).json()["closed_on"] == "2026-11-23"
    assert caller.post(f"{path}/reopen", content=b"").json()["closed_on"] is None
    assert caller.delete(path).status_code == 204


def test_a_key_whose_answer_named_somebody_erased_is_told_as_a_problem(world: World) -> None:
    caller, once = program(world, world.user()), {"Idempotency-Key": "4715"}
    sent = {"name": "Marta Kowalczyk"}
    made = caller.post("/api/v1/contacts", json=sent, headers=once).json()
    with world.database.write() as connection:
        erase(connection, world.principal, made["id"], world.now)
    gone = caller.post("/api/v1/contacts", json=sent, headers=once)
    assert gone.headers["content-type"] == "application/problem+json"
    assert gone.json() == {
        "type": "about:blank",
        "title": "Gone",
        "status": 410,
        "detail": "Somebody was erased since this key came, and all kept answers with them. "
        "See whether what you sent was done before you send it with a new key.",
    }
    assert caller.get("/api/v1/contacts").json()["items"] == []


def test_what_was_said_of_somebody_erased_without_their_name_is_kept_for_no_program(world: World) -> None:
    caller = program(world, world.user())
    gone, stays = world.contact("Sabine"), world.contact("Marta Kowalczyk")
    log = {"occurred_at": world.now.isoformat(), "channel": "phone", "note": "Sabine waits"}
    sent: list[tuple[str, dict[str, Any]]] = [
        ("asks", {"contact_id": gone, "text": "Whether her mother is well"}),
        ("interactions", {**log, "contact_ids": [gone, stays]}),
    ]
    for path, body in sent:
        made = caller.post(f"/api/v1/{path}", json=body, headers={"Idempotency-Key": path})
        assert made.status_code == 201, made.text
    with world.database.write() as connection:
        erase(connection, world.principal, gone, world.now)
        kept = connection.execute(select(idempotency_key.c.body, idempotency_key.c.request_hash)).all()
    assert kept == [(None, ""), (None, "")]
    for path, body in sent:
        again = caller.post(f"/api/v1/{path}", json=body, headers={"Idempotency-Key": path})
        assert again.status_code == 410


def test_an_answer_that_comes_after_somebody_was_erased_is_not_kept(world: World) -> None:
    user, once = world.user(), Once.of(world.user("Ben Ode"), "4719", "POST", "/api/v1/imports")
    gone = world.contact("Sabine")
    with world.database.write() as connection:
        assert once.begin(connection, world.now) is None
        erase(connection, user, gone, world.now)
        once.end(connection, Kept(200, "Sabine", None))
        with pytest.raises(Erased):
            once.begin(connection, world.now)
        assert connection.execute(select(idempotency_key.c.body)).scalar_one() is None


def test_after_its_day_a_key_may_be_used_again_before_anybody_tidied(world: World) -> None:
    once, later = Once.of(world.user(), "4720", "POST", "/api/v1/asks"), world.now + timedelta(days=1)
    with world.database.write() as connection:
        assert once.begin(connection, world.now) is None
        once.end(connection, Kept(201, "{}", None))
        assert once.begin(connection, later - timedelta(minutes=1)) == Kept(201, "{}", None)
        assert once.begin(connection, later) is None


def test_an_answer_is_kept_for_a_day_also_where_nothing_more_is_sent(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    caller = program(world, world.user())
    caller.post("/api/v1/contacts", json={"name": "Marta"}, headers={"Idempotency-Key": "4716"})
    work = jobs.Clockwork(world.database, Settings(data_dir=tmp_path), "here:1", world.now)

    def kept_after(passed: timedelta) -> int:
        monkeypatch.setattr(clock, "now", lambda: world.now + passed)
        work.tidy()
        with world.database.read() as connection:
            return len(connection.execute(select(idempotency_key.c.body)).all())

    assert kept_after(timedelta(hours=23)) == 1
    assert kept_after(timedelta(hours=25)) == 0


@sqlite_only
def test_an_import_that_breaks_gives_its_key_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any, **named: Any) -> None:
        raise RuntimeError

    caller = program(world, world.user())
    quiet = TestClient(caller.app, raise_server_exceptions=False, headers=dict(caller.headers))
    once: dict[str, Any] = {"Idempotency-Key": "4717"}
    files = [("files", ("people.csv", CSV))]
    with monkeypatch.context() as patched:
        patched.setattr("crm.imports.api.actions.apply", broken)
        assert quiet.post("/api/v1/imports", files=files, headers=once).status_code == 500
    assert quiet.post("/api/v1/imports", files=files, headers=once).json()[0]["new"]["contacts"] == 1


@sqlite_only
def test_what_is_archived_already_is_left_as_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = program(world, world.user())
    for path in (f"/api/v1/contacts/{world.contact()}", f"/api/v1/organisations/{world.organisation()}"):
        for step in ("archive", "restore"):
            first = caller.post(f"{path}/{step}").json()
            with monkeypatch.context() as later:
                later.setattr(clock, "now", lambda: world.now + timedelta(hours=1))
                again = caller.post(f"{path}/{step}").json()
            assert again == first, (path, step)


@sqlite_only
def test_only_an_author_says_whether_a_note_is_private(world: World) -> None:
    alice, bob = program(world, world.user()), program(world, world.user("Bob Stone", role="member"))
    sent = {"channel": "lunch", "contact_ids": [world.contact()], "note": "Hush."}
    for private in (False, True):
        made = alice.post("/api/v1/interactions", json={**sent, "note_private": private}).json()
        path = f"/api/v1/interactions/{made['id']}"
        refused = bob.patch(path, json={"note": "Mine", "note_private": not private})
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["note_private"])
        assert alice.get(path).json() == made
        assert bob.patch(path, json={"summary": "L", "note_private": private}).status_code == 200
        assert alice.patch(path, json={"note_private": not private}).json()["note_private"] is not private


@sqlite_only
def test_a_change_names_somebody_or_leaves_them_out(world: World) -> None:
    caller, contact_id = program(world, world.user()), world.contact()
    made = caller.post("/api/v1/interactions", json={"channel": "lunch", "contact_ids": [contact_id]}).json()
    path = f"/api/v1/interactions/{made['id']}"
    assert list(caller.patch(path, json={"user_ids": []}).json()["errors"]) == ["user_ids"]
    assert caller.get(path).json()["user_ids"] == made["user_ids"] != []
    for answer in (
        caller.patch(f"/api/v1/contacts/{contact_id}", json={"owner_id": 999_999}),
        caller.post("/api/v1/contacts", json={"name": "Ines", "owner_id": 999_999}),
    ):
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["owner_id"])
