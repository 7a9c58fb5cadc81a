"""The team digest: for whoever asked, once a week, and stopped by a link as the weekly mail is."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from crm.contacts.erasing import erase
from crm.domain.principal import Role
from crm.domain.rules import SHIPPED
from crm.nudges.actions import switch
from crm.nudges.links import STOP_DIGEST
from crm.nudges.sending import into_folder
from crm.rules.actions import save_rule, switch_rule
from crm.storage.tables import outbox, user
from tests.builders import NOW, World
from tests.nudges.mailroom import mail_server, postman, team
from tests.web.site import client

DUE = {"nudge_minute": 720, "created_at": NOW - timedelta(days=90), "digest_on": True}


def head(world: World, role: Role = "viewer", **columns: Any) -> Any:
    """Somebody who asked for the digest, in a team with three key people, one of them met, and two key accounts."""
    boss = world.user("Lena Fischer", role, **{**DUE, **columns})
    north, south = (
        world.organisation(name, tier="key") for name in ("Northgate Logistics", "Southgate Foods")
    )
    known = NOW - timedelta(days=400)
    people = [
        world.contact(name, organisation_id=account, created_at=known, created_on=known.date())
        for name, account in (("Marta Kowalczyk", north), ("Elena Duarte", north), ("Daniel Osei", south))
    ]
    for days in (3, 20, 40, 60):
        world.log("email", days, people[0])
    world.log("lunch", 10, people[2])
    return boss


def digests(world: World) -> list[Any]:
    with world.database.read() as connection:
        found = select(outbox).where(outbox.c.purpose == "digest").order_by(outbox.c.id)
        return list(connection.execute(found).all())


def test_it_counts_coverage_screens_and_accounts_for_a_viewer_too(world: World) -> None:
    head(world)
    with mail_server() as (port, ledger):
        postman(world.database, port=port).work()
    (one,) = digests(world)
    assert one.state == "sent", one.reason
    words = " ".join(one.text.split())
    assert "1 of your 3 key people had a call, a meeting or a note" in words
    assert "One key person is only reached through a screen." in words
    assert "- Marta Kowalczyk: " in words
    assert "At 1 of 2 key accounts, nobody has been met in person for a year." in words
    assert "- Northgate Logistics: 2 people" in words
    assert "too early to say" in words
    for part in ("Marta Kowalczyk", "Northgate Logistics", "2 people"):
        assert part in one.html
    assert [address for address, _ in ledger.taken] == [one.to_address]


def test_one_that_lists_somebody_erased_says_nothing_any_more_whatever_they_are_called(world: World) -> None:
    boss = head(world, "admin")
    sabine = world.contact("Sabine", tier="key", created_at=NOW - timedelta(days=400))
    for days in (3, 20, 40):
        world.log("email", days, sabine)
    with mail_server() as (port, _):
        postman(world.database, port=port).work()
    assert "Sabine" in digests(world)[0].html
    with world.database.write() as connection:
        erase(connection, boss, sabine, world.now)
    (one,) = digests(world)
    assert (one.subject, one.html, one.headers) == (None, None, None)
    assert re.fullmatch(r"/n/\S+", one.text)  # the link that stops it
    assert (one.state, one.sent_at is not None) == ("sent", True)


def test_never_two_a_week_and_none_for_who_did_not_ask(world: World) -> None:
    head(world)
    team(world, 2)
    with mail_server() as (port, ledger):
        for hours in (0, 1, 30, 170):
            postman(world.database, NOW + timedelta(hours=hours), port=port).work()
    assert [one.week for one in digests(world)] == ["2026-W48", "2026-W49"]
    assert sum("lena" in address for address, _ in ledger.taken) == 2


def test_a_missed_one_is_skipped_and_nobody_is_owed_one_from_before_they_asked(world: World) -> None:
    head(world)
    with mail_server() as (port, _):
        postman(world.database, NOW + timedelta(days=2), port=port).work()
        assert digests(world) == []
        postman(world.database, NOW + timedelta(days=7), port=port).work()
        postman(world.database, NOW + timedelta(days=16), port=port).work()
    assert [(one.week, one.state) for one in digests(world)] == [
        ("2026-W49", "sent"),
        ("2026-W50", "skipped"),
    ]


def test_whoever_asks_for_it_again_is_owed_none_from_before(world: World) -> None:
    boss = head(world)
    later = NOW + timedelta(weeks=8, days=2)
    with mail_server() as (port, _):
        postman(world.database, port=port).work()
        for on, at in ((False, NOW + timedelta(days=3)), (True, later)):
            with world.database.write() as connection:
                switch(connection, boss, STOP_DIGEST, on, at)
        postman(world.database, later + timedelta(minutes=1), port=port).work()
        assert [(one.week, one.state) for one in digests(world)] == [("2026-W48", "sent")]
        postman(world.database, later + timedelta(days=5), port=port).work()
    assert [(one.week, one.state) for one in digests(world)] == [("2026-W48", "sent"), ("2027-W04", "sent")]


def test_another_day_makes_no_week_before_the_newest_a_missed_one(world: World) -> None:
    """Asked for on Tuesday, sent on the Monday after, and on Tuesday the day becomes Wednesday."""
    boss = head(world, digest_since=NOW - timedelta(days=6))
    with mail_server() as (port, _):
        postman(world.database, port=port).work()
        with world.database.write() as connection:
            connection.execute(user.update().where(user.c.id == boss.user_id).values(nudge_weekday=2))
        postman(world.database, NOW + timedelta(days=1), port=port).work()
    assert [(one.week, one.state) for one in digests(world)] == [("2026-W48", "sent")]


def test_without_key_people_there_is_nothing_to_tell(world: World) -> None:
    world.user("Lena Fischer", "viewer", **DUE)
    with mail_server() as (port, ledger):
        postman(world.database, port=port).work()
    assert [one.state for one in digests(world)] == ["nothing_due"]
    assert ledger.taken == []


def test_the_link_stops_the_digest_alone_and_takes_it_back(world: World, tmp_path: Path) -> None:
    boss = head(world, "admin", nudge_on=True, nudge_when_empty=True)
    postman(world.database, hand_over=into_folder(tmp_path)).work()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"2026-W48-{boss.user_id}-digest.eml", f"2026-W48-{boss.user_id}.eml"]
    (one,) = digests(world)
    stop = re.search(r"Stop the digest\s+http://testserver(\S+)", one.text)
    assert stop
    assert one.headers["List-Unsubscribe"] == f"<http://testserver{stop[1]}>"
    browser = client(world)
    assert "Stop the team digest?" in browser.get(stop[1]).text
    assert switches(world, boss) == (True, True)
    assert "digest is off" in browser.post(stop[1], data={"List-Unsubscribe": "One-Click"}).text
    assert switches(world, boss) == (True, False)
    browser.post(f"{stop[1]}/undo")
    assert switches(world, boss) == (True, True)


def switches(world: World, boss: Any) -> tuple[bool, bool]:
    with world.database.read() as connection:
        row = connection.execute(select(user).where(user.c.id == boss.user_id)).one()
        return row.nudge_on, row.digest_on


def test_it_is_asked_for_in_the_settings(world: World) -> None:
    lena = world.user("Lena Fischer", "viewer")
    form = {"name": "Lena Fischer", "time_zone": "UTC", "digest_on": "yes"}
    assert client(world, lena).post("/settings", data=form).status_code == 303
    assert switches(world, lena)[1]
    assert 'name="digest_on" value="yes" checked' in client(world, lena).get("/settings").text


def words_of_digest(world: World) -> str:
    with mail_server() as (port, _):
        postman(world.database, port=port).work()
    (one,) = digests(world)
    return " ".join(one.text.split())


def test_whom_only_screens_reach_is_told_though_the_rule_is_off(world: World) -> None:
    boss = head(world, "admin", nudge_on=False)
    with world.database.write() as connection:
        switch_rule(connection, boss, "screen_only", False, NOW)
    words = words_of_digest(world)
    assert "One key person is only reached through a screen." in words
    assert "- Marta Kowalczyk: 4 emails" in words


def test_a_rule_about_others_too_does_not_make_them_key_people(world: World) -> None:
    boss = head(world, "admin", nudge_on=False)
    known = NOW - timedelta(days=400)
    regular = world.contact("Priya Raman", tier="regular", created_at=known, created_on=known.date())
    for days in (3, 20, 40):
        world.log("email", days, regular)
    rule = next(one for one in SHIPPED if one.key == "screen_only")
    with world.database.write() as connection:
        save_rule(connection, boss, replace(rule, tiers=("key", "regular")), NOW)
    words = words_of_digest(world)
    assert "One key person is only reached through a screen." in words
    assert "Priya Raman" not in words


def test_key_accounts_without_people_are_told(world: World) -> None:
    world.user("Lena Fischer", "viewer", **DUE)
    world.contact("Marta Kowalczyk")
    world.organisation("Northgate Logistics", tier="key")
    world.organisation("Southgate Foods", tier="key")
    assert "No key account has people yet." in words_of_digest(world)


def test_key_accounts_without_people_are_told_beside_those_with_some(world: World) -> None:
    head(world)
    world.organisation("Cobalt Metering", tier="key")
    words = words_of_digest(world)
    assert (
        "At 1 of 2 key accounts, nobody has been met in person for a year. One more has no people yet."
        in words
    )


def test_a_digest_that_was_too_late_speaks_of_no_plan(world: World) -> None:
    boss = head(world)
    with mail_server() as (port, _):
        postman(world.database, port=port).work()
    postman(world.database, NOW + timedelta(days=9)).work()
    late = digests(world)[-1]
    assert (late.state, late.reason) == ("skipped", "It could not be sent within a day of its time.")
    page = client(world, boss).get(f"/team/heartbeat/mails/{late.id}").text
    assert "week’s page" not in page
    assert "Open the week" not in page
