"""A weekly mail that misses its time is said everywhere: to the admins by mail, by the doctor, by a figure, on the page."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select
from starlette.testclient import TestClient

from crm.accounts.actions import mail_switched
from crm.app import create_app
from crm.care import weekly_mails
from crm.nudges.missed import missed, number_missed
from crm.nudges.returns import Returned, keep_return
from crm.storage.tables import mail_hold, outbox, user
from tests.builders import NOW, World
from tests.mail.servers import free_port, scripted_server
from tests.nudges.mailroom import mail_server, member, postman, team
from tests.web.site import client, settings

HOUR = timedelta(hours=1)


def alarms(world: World) -> list[tuple[str, str, str | None]]:
    """Day, state and words of every alarm."""
    with world.database.read() as connection:
        rows = connection.execute(
            select(outbox).where(outbox.c.purpose == "alarm").order_by(outbox.c.id)
        ).all()
    return [(row.week, row.state, row.text) for row in rows]


def test_a_server_that_was_down_is_told_to_the_admins_once(world: World) -> None:
    member(world, nudge_on=False)
    team(world, 2)
    back = NOW + timedelta(days=2)
    with mail_server() as (port, ledger):
        postman(world.database, back, port=port).work()
        postman(world.database, back + HOUR, port=port).work()
    (alarm,) = alarms(world)
    assert alarm[:2] == ("2026-11-25", "sent")
    assert "Two weekly mails did not go out in time" in str(alarm[2])
    assert "the server was not running then" in str(alarm[2])
    assert [address for address, _ in ledger.taken] == ["alice@team.example"]


def test_a_server_that_takes_no_mail_is_told_once_it_takes_one_again(world: World) -> None:
    member(world, nudge_on=False)
    team(world, 1)
    port = free_port()
    for minutes in (0, 2, 61, 65):
        postman(world.database, NOW + timedelta(minutes=minutes), port=port).work()
    assert [state for _, state, _ in alarms(world)] == ["retry"]
    with mail_server() as (well, _):
        postman(world.database, NOW + 3 * HOUR, port=well).work()
    (alarm,) = alarms(world)
    assert alarm[1] == "sent"
    assert "The mail server refused the connection." in str(alarm[2])
    assert "Next try: Today, 1" in str(alarm[2])


def test_one_refused_mail_names_whose_and_what_the_server_said(world: World) -> None:
    member(world, nudge_on=False)
    team(world, 1)
    with scripted_server(0, recipient="550 no such mailbox") as server:
        postman(world.database, port=server.port).work()
        postman(world.database, NOW + timedelta(minutes=1), port=server.port).work()
    (alarm,) = alarms(world)
    assert alarm[1] == "sent"
    assert "550 no such mailbox" in str(alarm[2])


def test_a_second_miss_of_the_day_is_told_on_the_next(world: World) -> None:
    member(world, nudge_on=False)
    eight = NOW.replace(hour=8)
    (ann,) = team(world, 1, nudge_minute=480, created_at=eight - HOUR)
    (ben,) = team(world, 1, nudge_minute=900, created_at=eight - HOUR)
    with scripted_server(dot="554 looks like spam") as server:
        postman(world.database, eight, port=server.port).work()
    with mail_server() as (port, _):
        postman(world.database, eight + HOUR, port=port).work()
    with scripted_server(dot="554 looks like spam") as server:
        postman(world.database, eight + 7 * HOUR, port=server.port).work()
    with mail_server() as (port, _):
        for hours in (8, 15, 17, 18, 40):
            postman(world.database, eight + hours * HOUR, port=port).work()
    first, second = alarms(world)
    assert (first[:2], second[:2]) == (("2026-11-23", "sent"), ("2026-11-24", "sent"))
    assert f"User {ann}" in str(first[2])
    assert f"User {ben}" not in str(first[2])
    assert f"User {ben}" in str(second[2])


def test_where_no_mail_is_awaited_none_is_late(world: World) -> None:
    """Mail is not set up, or all of it is held: no page says that a mail is late, on the day itself and after it."""
    admin = member(world)
    for hours in (0, 2, 26):
        at = NOW + hours * HOUR
        postman(world.database, at).work()
        with time_machine.travel(at, tick=False):
            for path in ("/week/2026-W48", "/team/heartbeat", "/"):
                said = [
                    "mail is late" in page or "was not sent" in page or "is late." in page
                    for page in (
                        client(world, admin).get(path).text,
                        client(world, admin, smtp_url="smtp://127.0.0.1:1").get(path).text,
                    )
                ]
                assert said == [False, hours > 0], (path, hours)
    with world.database.write() as connection:
        connection.execute(mail_hold.insert(), {"held_at": NOW, "reason": "Restored"})
    with time_machine.travel(NOW + 2 * HOUR, tick=False):
        page = client(world, admin, smtp_url="smtp://127.0.0.1:1").get("/week/2026-W48").text
    assert "This week’s mail" not in page


def test_on_time_or_unwanted_is_no_alarm(world: World) -> None:
    quiet = member(world)
    (off,) = team(world, 1)
    chosen = settings(smtp_url="smtp://127.0.0.1:1")
    with mail_server() as (port, _):
        postman(world.database, port=port).work()
        with world.database.write() as connection:
            gone = user.update().where(user.c.id == off)
            connection.execute(gone.values(**mail_switched(False, NOW)))
        later = NOW + timedelta(days=25)
        with world.database.write() as connection:
            connection.execute(gone.values(**mail_switched(True, later)))
        for days in (7, 14, 21, 25):
            at = NOW + timedelta(days=days)
            postman(world.database, at, port=port).work()
            with world.database.read() as connection:
                assert missed(connection, at) == []
                assert number_missed(connection, chosen, at + 2 * HOUR) == 0
    assert alarms(world) == []
    assert quiet.may_administer


def test_doctor_and_figure_notice_what_no_process_has_looked_for(world: World, tmp_path: Path) -> None:
    team(world, 2)
    chosen = settings(smtp_url="smtp://127.0.0.1:1", data_dir=tmp_path)
    assert [one.state for one in weekly_mails.check(chosen, world.database, NOW)] == ["good"]
    (found,) = weekly_mails.check(chosen, world.database, NOW + 2 * HOUR)
    assert found.state == "wrong"
    assert found.sentence.startswith("2 weekly mail(s)")
    assert "next is due 2026-11-30 12:00" in found.sentence
    without = settings(data_dir=tmp_path)
    assert [one.state for one in weekly_mails.check(without, world.database, NOW + 2 * HOUR)] == ["good"]
    with world.database.write() as connection:
        connection.execute(mail_hold.insert(), {"held_at": NOW, "reason": "Restored"})
    assert [one.state for one in weekly_mails.check(chosen, world.database, NOW + 2 * HOUR)] == ["good"]


def test_metrics_count_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    team(world, 3)
    monkeypatch.setattr("crm.clock.now", lambda: NOW + 2 * HOUR)

    def figure(**values: str) -> str:
        app = create_app(settings(**values), world.database)
        text = TestClient(app, client=("127.0.0.1", 5000)).get("/metrics").text
        return next(line for line in text.splitlines() if line.startswith("crm_nudges_missed"))

    assert figure(smtp_url="smtp://127.0.0.1:1") == "crm_nudges_missed 3"
    assert figure() == "crm_nudges_missed 0", "no mail is set up"
    with world.database.write() as connection:
        connection.execute(mail_hold.insert(), {"held_at": NOW, "reason": "Restored"})
    assert figure(smtp_url="smtp://127.0.0.1:1") == "crm_nudges_missed 0", "all of it is held"


def test_the_page_says_it_and_the_next_mail_too(world: World) -> None:
    admin = member(world)
    with scripted_server(dot="554 looks like spam") as server:
        postman(world.database, port=server.port).work()
    page = client(world, admin).get("/team/heartbeat").text
    assert "554 looks like spam" in page
    assert "Show the mail" in page
    week = client(world, admin).get("/week/2026-W48").text
    assert "The server refused it: 554 looks like spam." in week
    assert "/team/heartbeat/mails/" in week
    with mail_server() as (port, _):
        postman(world.database, NOW + timedelta(days=7), port=port).work()
    with world.database.read() as connection:
        next_one = select(outbox.c.text).where(outbox.c.week == "2026-W49", outbox.c.purpose == "nudge")
        words = " ".join(str(connection.execute(next_one).scalar_one()).split())
    assert "Last week’s mail did not reach you. The server refused it: 554 looks like spam" in words


def test_the_page_of_the_week_says_that_ones_address_takes_no_mail(world: World) -> None:
    admin = member(world)
    with scripted_server(recipient="550 5.1.1 no such user") as server:
        postman(world.database, port=server.port).work()
    with mail_server() as (port, _):
        postman(world.database, NOW + timedelta(days=7), port=port).work()
    week = client(world, admin).get("/week/2026-W49").text
    assert "The mail of this week was not sent. Nothing is sent to this address" in week
    assert "550 5.1.1 no such user" in week
    with world.database.read() as connection:
        assert [one.week for one in missed(connection, NOW + timedelta(days=7))] == []


def test_the_page_of_the_week_says_that_ones_mail_came_back(world: World) -> None:
    admin = member(world)
    with mail_server() as (port, _):
        postman(world.database, port=port).work()
    week = client(world, admin)
    assert "came back" not in week.get("/week/2026-W48").text
    with world.database.write() as connection:
        mail = connection.execute(select(outbox).where(outbox.c.purpose == "nudge")).one()
        said = Returned("<one@mx.example>", "550 5.1.1 no such mailbox", for_good=True)
        assert keep_return(connection, mail, said, "team.example", NOW + HOUR)
    assert "The mail of this week came back. 550 5.1.1 no such mailbox." in week.get("/week/2026-W48").text
