"""R5: whatever the mail server does, each mail ends in its documented state, and the next one is not held up."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crm.domain.weeks import IsoWeek
from crm.nudges import outbox as mails
from crm.nudges.actions import send_again
from crm.nudges.alarms import ALARM
from crm.nudges.due import DIGEST
from crm.nudges.returns import NOTICE
from crm.nudges.sending import into_folder
from crm.storage.database import Database
from crm.storage.tables import outbox, outbox_event, user
from tests.builders import NOW, World
from tests.mail.servers import free_port, scripted_server
from tests.nudges.mailroom import mail_server, member, only, postman, states, team
from tests.nudges.smtp_faults import FAULTS


@pytest.mark.parametrize(("script", "state"), FAULTS, ids=[str(fault) for fault, _ in FAULTS])
def test_each_fault_ends_in_its_state(world: World, script: dict[str, str], state: str) -> None:
    team(world, 2)
    with scripted_server(**script) as server:
        outcomes = postman(world.database, port=server.port).work()
    assert [one.state for one in outcomes] == [state, state]
    assert all(one.reason for one in outcomes)


def test_nobody_listens(world: World) -> None:
    team(world, 1)
    assert only(postman(world.database, port=free_port()).work()).state == "retry"


def test_a_retry_carries_the_same_words_under_the_same_id(world: World) -> None:
    member(world)
    with scripted_server(dot="451 not now") as server:
        first = only(postman(world.database, port=server.port).work())
        refused = server.body
    with mail_server() as (port, ledger):
        assert postman(world.database, NOW + timedelta(seconds=30), port=port).work() == []
        second = only(postman(world.database, NOW + timedelta(minutes=2), port=port).work())
    assert (first.state, second.state) == ("retry", "sent")
    assert ledger.taken == [("alice@team.example", first.message_id)]
    assert first.message_id.encode() in refused


def test_a_server_that_stays_away_is_given_up_after_a_day(world: World) -> None:
    team(world, 1)
    at, port = NOW, free_port()
    while at < NOW + timedelta(days=2):
        postman(world.database, at, port=port).work()
        at += timedelta(minutes=30)
    assert list(states(world.database).values()) == ["failed"]


def test_one_user_with_an_impossible_address_stops_nobody(world: World) -> None:
    users = team(world, 3)
    with world.database.write() as connection:
        connection.execute(user.update().where(user.c.id == users[0]).values(email="näh@team.example"))
    with mail_server() as (port, ledger):
        postman(world.database, port=port).work()
    assert states(world.database) == dict(zip(users, ["failed", "sent", "sent"], strict=True))
    assert len(ledger.taken) == 2


def test_one_user_whose_mail_cannot_be_written_stops_nobody(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    broken, *_ = team(world, 3)
    postman(world.database).work()
    with world.database.write() as connection:
        connection.execute(outbox.update().where(outbox.c.user_id == broken).values(headers=[1]))
        connection.execute(
            outbox.update().where(outbox.c.user_id == broken).values(html="x", text="x", subject="x")
        )
    with mail_server() as (port, ledger):
        outcomes = postman(world.database, port=port).work()
    assert sorted(one.state for one in outcomes) == ["failed", "sent", "sent"]
    assert len(ledger.taken) == 2
    assert "while writing a mail" in caplog.text
    assert f"user{broken}@" not in caplog.text


def test_without_a_mail_server_nothing_is_claimed(world: World) -> None:
    team(world, 2)
    assert postman(world.database).work() == []
    assert set(states(world.database).values()) == {"due"}


def test_whoever_left_or_switched_it_off_meanwhile_gets_none(world: World) -> None:
    users = team(world, 2)
    postman(world.database).work()
    with world.database.write() as connection:
        connection.execute(user.update().where(user.c.id == users[0]).values(nudge_on=False))
        connection.execute(user.update().where(user.c.id == users[1]).values(active=False))
    with mail_server() as (port, ledger):
        postman(world.database, port=port).work()
    assert set(states(world.database).values()) == {"skipped"}
    assert ledger.taken == []


GONE = ({"nudge_on": False}, {"active": False}, {"role": "viewer"})


@pytest.mark.parametrize("gone", GONE, ids=str)
def test_whoever_left_or_switched_it_off_between_two_attempts_gets_none(
    world: World, gone: dict[str, Any]
) -> None:
    users = team(world, 2)
    with scripted_server(recipient="450 mailbox busy") as server:
        postman(world.database, port=server.port).work()
    assert set(states(world.database).values()) == {"retry"}
    with world.database.write() as connection:
        connection.execute(user.update().where(user.c.id == users[0]).values(**gone))
    with mail_server() as (port, ledger):
        postman(world.database, NOW + timedelta(minutes=2), port=port).work()
    assert states(world.database) == dict(zip(users, ["skipped", "sent"], strict=True))
    assert len(ledger.taken) == 1


def test_what_somebody_sends_again_does_not_go_to_whoever_left(world: World) -> None:
    admin = world.user(nudge_on=False)
    (gone,) = team(world, 1)
    with scripted_server(dot="554 looks like spam") as server:
        postman(world.database, port=server.port).work()
    with world.database.write() as connection:
        connection.execute(user.update().where(user.c.id == gone).values(active=False))
        failed = connection.execute(select(outbox.c.id).where(outbox.c.user_id == gone)).scalar_one()
        send_again(connection, admin, failed, "Alice Meyer", NOW)
    with mail_server() as (port, ledger):
        postman(world.database, NOW + timedelta(minutes=1), port=port).work()
    assert states(world.database)[gone] == "skipped"
    assert not any(address.startswith("user") for address, _ in ledger.taken)


@pytest.mark.parametrize("purpose", [DIGEST, ALARM, NOTICE])
def test_no_digest_alarm_or_notice_goes_to_whom_it_is_not_for_any_more(world: World, purpose: str) -> None:
    """All of it was written before, and an attempt was in vain."""
    boss = world.user(nudge_on=False, digest_on=True)
    written = {"subject": "Words", "text": "Words", "html": "<p>Words</p>", "headers": {}}
    with world.database.write() as connection:
        mails.put(
            connection,
            workspace_id=world.workspace_id,
            user_id=boss.user_id or 0,
            purpose=purpose,
            week="2026-W48" if purpose == DIGEST else "1",
            to_address="alice@team.example",
            message_id=f"<{purpose.replace(' ', '.')}@example.org>",
            due_at=NOW,
            at=NOW,
        )
        connection.execute(outbox.update().values(**written))
        connection.execute(user.update().values(digest_on=False, role="member"))
    with mail_server() as (port, ledger):
        postman(world.database, port=port).work()
    assert states(world.database) == {boss.user_id: "skipped"}
    assert ledger.taken == []


def test_nobody_due_is_no_mail_unless_one_is_wanted(world: World) -> None:
    quiet, wanting = team(world, 2)
    with world.database.write() as connection:
        connection.execute(user.update().where(user.c.id == quiet).values(nudge_when_empty=False))
    with mail_server() as (port, _):
        postman(world.database, port=port).work()
    assert states(world.database) == {quiet: "nothing_due", wanting: "sent"}


def test_a_claim_left_by_a_crash_is_not_sent_weeks_later(world: World) -> None:
    team(world, 1)
    postman(world.database).work()
    assert mails.claim_next(world.database, NOW, "crashes") is not None
    with mail_server() as (port, ledger):
        postman(world.database, NOW + timedelta(weeks=3), port=port).work()
        later = {str(IsoWeek(2026, week)) for week in (48, 49, 50, 51)}
    with world.database.read() as connection:
        rows = connection.execute(
            select(outbox.c.week, outbox.c.state, outbox.c.reason).order_by(outbox.c.week)
        ).all()
    assert [(row.week, row.state) for row in rows] == [
        ("2026-W48", "failed"), ("2026-W49", "skipped"), ("2026-W50", "skipped"), ("2026-W51", "sent"),
    ]  # fmt: skip
    assert {row.week for row in rows} == later
    assert "despite one attempt" in str(rows[0].reason)
    assert len(ledger.taken) == 1


def test_a_folder_that_cannot_be_written_is_tried_again(world: World, tmp_path: Path) -> None:
    team(world, 1)
    gone = tmp_path / "gone"
    outcome = only(postman(world.database, hand_over=into_folder(gone)).work())
    assert outcome.state == "retry"
    gone.mkdir()
    outcome = only(postman(world.database, NOW + timedelta(minutes=2), into_folder(gone)).work())
    assert outcome.state == "sent"
    assert len(list(gone.iterdir())) == 1


def test_every_step_is_kept_with_its_time(world: World) -> None:
    team(world, 1)
    with mail_server() as (port, _):
        postman(world.database, port=port).work()
    assert history(world.database) == ["due", "claimed", "handing_over", "sent"]


def history(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(outbox_event.c.state).order_by(outbox_event.c.id)).scalars())
