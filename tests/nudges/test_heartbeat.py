"""The heartbeat page, the test mail, and the clock of a serving process."""

import re
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from starlette.testclient import TestClient

from crm import clock, jobs
from crm.nudges import pulse
from crm.nudges.holds import hold
from crm.storage.database import new_ids
from crm.storage.tables import mail_hold, outbox, scheduler_pulse
from tests.builders import NOW, World
from tests.mail.servers import SILENCE, scripted_server
from tests.nudges.mailroom import mail_server, member, postman, states, team
from tests.web.site import client, settings


def sent_mails(world: World) -> Any:
    admin = member(world)
    team(world, 2)
    with mail_server() as (port, _):
        postman(world.database, port=port).work()
    return admin


def test_an_admin_sees_everybodys_mail_but_reads_only_their_own(world: World) -> None:
    admin = sent_mails(world)
    with world.database.write() as connection:
        connection.execute(
            outbox.update().where(outbox.c.user_id != admin.user_id).values(subject="Not yours")
        )
    page = client(world, admin).get("/team/heartbeat").text
    assert page.count("mail-state-sent") == 3
    assert "Marta" in page
    assert "Not yours" not in page
    assert page.count("@example.org&gt;") == 3


def test_members_see_their_own(world: World) -> None:
    sent_mails(world)
    bob = world.user("Bob Stone", "member", created_at=NOW - timedelta(days=9))
    page = client(world, bob).get("/team/heartbeat").text
    assert "Your mail" in page
    assert "Bob Stone" in page
    assert "Alice Meyer" not in page
    assert "mail-state-sent" not in page


def test_older_mails_are_pages_away(world: World) -> None:
    admin = member(world)
    with world.database.write() as connection:
        row = {
            "workspace_id": world.workspace_id, "user_id": admin.user_id, "purpose": "nudge", "message_id": "<a@b.c>",
            "to_address": "alice@team.example", "state": "sent", "due_at": NOW, "changed_at": NOW, "fence": 1,
            "attempts": 1,
        }  # fmt: skip
        ids = new_ids(connection, 65)
        connection.execute(insert(outbox), [{**row, "id": one, "week": f"k{one}"} for one in ids])
    browser, path, seen = client(world, admin), "/team/heartbeat?state=", []
    path = "/team/heartbeat"
    while path:
        page = browser.get(path).text
        seen += re.findall(r" (k\d+)</td>", page)
        more = re.search(r'href="([^"]+)" rel="next"', page)
        path = more[1] if more else ""
    assert seen == [f"k{one}" for one in reversed(ids)]
    assert browser.get("/team/heartbeat?state=failed").status_code == 200
    assert browser.get("/team/heartbeat?state=odd").status_code == 422
    assert browser.get("/team/heartbeat?after=odd").status_code == 422


def test_the_page_says_that_mail_is_not_set_up_and_whether_the_clock_ticks(world: World) -> None:
    admin = world.user()
    browser = client(world, admin)
    page = browser.get("/team/heartbeat").text
    assert "Mail is not set up" in page
    assert "Stopped" in page
    with world.database.write() as connection:
        pulse.beat(connection, "one", clock.now(), clock.now())
    assert "on 1 process." in browser.get("/team/heartbeat").text


def told(browser: TestClient) -> str:
    """What the page says after asking for a test mail."""
    answer = browser.post("/team/heartbeat/test")
    assert answer.status_code == 303
    both = f"{browser.headers['Cookie']}; crm-flash={answer.cookies['crm-flash']}"
    return browser.get("/team/heartbeat", headers={"Cookie": both}).text


def test_a_test_mail_says_what_the_server_said(world: World) -> None:
    admin = world.user()
    with mail_server() as (port, ledger):
        assert "The server said: 250 queued" in told(
            client(world, admin, smtp_url=f"smtp://127.0.0.1:{port}")
        )
    assert [address for address, _ in ledger.taken] == ["alice@team.example"]
    with scripted_server(recipient="550 no such mailbox") as server:
        browser = client(world, admin, smtp_url=f"smtp://127.0.0.1:{server.port}")
        assert "550 no such mailbox" in told(browser)
    assert "Mail is not set up" in told(client(world, admin))


def said(browser: TestClient, path: str, **fields: Any) -> str:
    """What the heartbeat page says after a button was pressed."""
    answer = browser.post(path, data=fields)
    assert answer.status_code == 303, answer.text
    both = f"{browser.headers['Cookie']}; crm-flash={answer.cookies['crm-flash']}"
    return browser.get("/team/heartbeat", headers={"Cookie": both}).text


def test_run_now_sends_what_is_due_and_tries_again_what_waits(world: World) -> None:
    admin = world.user(nudge_on=False)
    users = due_now(world)
    with scripted_server(0, recipient="452 mailbox full") as server:
        browser = client(world, admin, smtp_url=f"smtp://127.0.0.1:{server.port}")
        page = said(browser, "/team/heartbeat/run")
        assert "Trying again: 1" in page
        assert "452 mailbox full" in page
        assert "Sent: 1." in said(browser, "/team/heartbeat/run")
        assert "Nothing was due." in said(browser, "/team/heartbeat/run")
    assert states(world.database) == dict.fromkeys(users, "sent")
    assert "Mail is not set up" in said(client(world, admin), "/team/heartbeat/run")


def test_run_now_begins_no_mail_once_the_server_is_to_stop(world: World) -> None:
    admin = world.user(nudge_on=False)
    users = due_now(world)
    with mail_server() as (port, ledger):
        browser = client(world, admin, smtp_url=f"smtp://127.0.0.1:{port}")
        browser.app.state.site.stopping.set()  # type: ignore[attr-defined]
        assert browser.post("/team/heartbeat/run").status_code == 303
    assert ledger.taken == []
    assert states(world.database) == dict.fromkeys(users, "due")


def test_an_admin_sends_a_test_to_anybody_of_the_team_and_others_only_to_themselves(world: World) -> None:
    admin, bob = world.user(), world.user("Bob Stone", "member")
    mallory = World.create(world.database, "Another team").user("Mallory Fox")
    with mail_server() as (port, ledger):
        url = f"smtp://127.0.0.1:{port}"
        page = said(client(world, admin, smtp_url=url), "/team/heartbeat/test", user=bob.user_id)
        assert "on its way to bob@team.example" in page
        for who, whom in ((bob, admin), (admin, mallory)):
            refused = client(world, who, smtp_url=url).post(
                "/team/heartbeat/test", data={"user": whom.user_id}
            )
            assert refused.status_code == 404
    assert [address for address, _ in ledger.taken] == ["bob@team.example"]


def mail_of(world: World, user_id: Any) -> str:
    with world.database.read() as connection:
        one = connection.execute(select(outbox.c.id).where(outbox.c.user_id == user_id)).scalar_one()
    return f"/team/heartbeat/mails/{one}"


def test_a_mail_shows_its_steps_and_only_its_user_reads_it(world: World) -> None:
    admin = sent_mails(world)
    bob = world.user("Bob Stone", "member")
    own = client(world, admin).get(mail_of(world, admin.user_id)).text
    for words in ("Due", "Being written", "Being handed over", "250 queued", "Marta"):
        assert words in own
    with world.database.read() as connection:
        other = connection.execute(
            select(outbox.c.user_id).where(outbox.c.user_id != admin.user_id).limit(1)
        ).scalar_one()
    assert "What it says" not in client(world, admin).get(mail_of(world, other)).text
    assert client(world, bob).get(mail_of(world, admin.user_id)).status_code == 404


def test_what_waits_can_be_stopped_and_what_is_in_doubt_sent_again_by_a_persons_decision(
    world: World,
) -> None:
    admin = member(world, nudge_minute=clock_minute(), nudge_weekday=clock.now().weekday())
    with scripted_server(dot="drop") as server:
        postman(world.database, clock.now(), port=server.port).work()
    path, browser = mail_of(world, admin.user_id), client(world, admin)
    assert "may have arrived" in browser.get(path).text
    assert browser.post(f"{path}/stop").status_code == 409
    browser.post(f"{path}/again")
    assert list(states(world.database).values()) == ["due"]
    assert browser.post(f"{path}/again").status_code == 409
    browser.post(f"{path}/stop")
    assert list(states(world.database).values()) == ["skipped"]
    assert "Stopped by Alice Meyer." in browser.get(path).text
    browser.post(f"{path}/again")
    with mail_server() as (port, ledger):
        postman(world.database, clock.now(), port=port).work()
    assert list(states(world.database).values()) == ["sent"]
    with world.database.read() as connection:
        kept = connection.execute(select(outbox.c.message_id)).scalar_one()
    assert ledger.taken == [("alice@team.example", kept)]


def clock_minute() -> int:
    return clock.now().hour * 60 + clock.now().minute


def test_an_admin_releases_held_mail(world: World) -> None:
    admin, other = world.user(), world.user("Bob Stone", "member")
    with world.database.write() as connection:
        connection.execute(mail_hold.insert(), {"held_at": NOW, "reason": "Restored from an old backup"})
    assert "Restored from an old backup" in client(world, other).get("/team/heartbeat").text
    assert client(world, other).post("/team/heartbeat/release").status_code == 403
    browser = client(world, admin)
    assert "Release" in browser.get("/team/heartbeat").text
    browser.post("/team/heartbeat/release")
    with world.database.read() as connection:
        assert hold(connection) is None


def test_no_workspace_releases_the_mail_of_another(world: World) -> None:
    admin = world.user()
    World.create(world.database, "Another team")
    with world.database.write() as connection:
        connection.execute(mail_hold.insert(), {"held_at": NOW, "reason": "Restored from an old backup"})
    browser = client(world, admin)
    page = browser.get("/team/heartbeat").text
    assert "/team/heartbeat/release" not in page
    assert "crm nudge --release" in page
    answer = browser.post("/team/heartbeat/release")
    assert answer.status_code == 403
    assert "Several workspaces share this server" in answer.text
    with world.database.read() as connection:
        assert hold(connection) is not None


def due_now(world: World) -> list[int]:
    """Members whose mail fell due a minute ago by the real clock."""
    at = clock.now() - timedelta(minutes=1)
    return team(
        world,
        2,
        nudge_weekday=at.weekday(),
        nudge_minute=at.hour * 60 + at.minute,
        created_at=at - timedelta(days=30),
    )


def wait_for(what: Any) -> None:
    for _ in range(1500):
        if what():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def test_the_clock_sends_what_is_due_and_leaves_no_pulse_behind(world: World) -> None:
    users = due_now(world)
    with mail_server() as (port, ledger):
        stop = jobs.start(world.database, settings(smtp_url=f"smtp://127.0.0.1:{port}")).stop
        wait_for(lambda: states(world.database) == dict.fromkeys(users, "sent"))
        with world.database.read() as connection:
            assert len(connection.execute(select(scheduler_pulse)).all()) == 1
        stop()
    assert len(ledger.taken) == 2
    with world.database.read() as connection:
        assert connection.execute(select(scheduler_pulse)).all() == []


def test_stopping_waits_for_the_delivery_in_progress_and_begins_no_other(world: World) -> None:
    due_now(world)
    arrived, go_on = threading.Event(), threading.Event()
    with mail_server() as (port, ledger):

        def pause(phase: str) -> None:
            if phase == "data":
                arrived.set()
                go_on.wait(5)

        ledger.at = pause
        stop = jobs.start(world.database, settings(smtp_url=f"smtp://127.0.0.1:{port}")).stop
        assert arrived.wait(30)
        stopping = threading.Thread(target=stop)
        stopping.start()
        assert stopping.is_alive()
        go_on.set()
        stopping.join(8)
        assert not stopping.is_alive()
    assert sorted(states(world.database).values()) == ["due", "sent"]
    assert len(ledger.taken) == 1


def test_stopping_does_not_wait_for_ever(world: World) -> None:
    due_now(world)
    with scripted_server(greeting=SILENCE) as server:
        stop = jobs.start(world.database, settings(smtp_url=f"smtp://127.0.0.1:{server.port}")).stop
        wait_for(lambda: "claimed" in states(world.database).values())
        stopping = threading.Thread(target=stop)
        stopping.start()
        stopping.join(jobs.GRACE_SECONDS + 5)
        assert not stopping.is_alive()
        server.over.set()
        wait_for(lambda: "claimed" not in states(world.database).values())
        time.sleep(0.2)


def test_a_slow_mail_server_does_not_stop_the_clock_and_holds_up_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each mail takes 50 seconds; another one falls due after a minute."""
    now = [NOW]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    users, other = team(world, 6), team(world, 1, nudge_minute=721, created_at=NOW)[0]
    with mail_server() as (port, ledger):

        def slowly(phase: str) -> None:
            if phase == "data":
                now[0] += timedelta(seconds=50)

        ledger.at = slowly
        work = jobs.Clockwork(world.database, settings(smtp_url=f"smtp://127.0.0.1:{port}"), "here:1", NOW)
        while len(ledger.taken) < 7:
            work.send()
            with world.database.read() as connection:
                seen_at = connection.execute(select(scheduler_pulse.c.seen_at)).scalar_one()
            assert now[0] - seen_at < timedelta(minutes=1)
            if len(ledger.taken) == 4:
                assert other in states(world.database)
    assert states(world.database) == dict.fromkeys([*users, other], "sent")


def test_no_next_run_is_foretold_while_mail_is_held(world: World) -> None:
    admin = member(world)
    browser = client(world, admin, smtp_url="smtp://127.0.0.1:9")
    assert '<td data-label="Next run">–</td>' not in browser.get("/team/heartbeat").text
    with world.database.write() as connection:
        connection.execute(mail_hold.insert(), {"held_at": NOW, "reason": "Restored from an old backup"})
    page = browser.get("/team/heartbeat").text
    assert "While mail is held back" in page
    assert '<td data-label="Next run">–</td>' in page
    assert "None goes out until mail is released." in page
