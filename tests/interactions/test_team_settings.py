"""Targets, channels and the time zone: an admin changes them, everything follows at once, and the page says what did."""

import re
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from crm import clock
from crm.domain.principal import Principal
from crm.errors import Invalid
from crm.interactions.channel_actions import add_channel, marked
from crm.interactions.queries import channels
from crm.storage.stored_metrics import current, targets_of
from crm.storage.tables import target, workspace
from tests.builders import World
from tests.interactions.test_pages import post
from tests.web.site import signed_in


@pytest.fixture
def alice(world: World) -> Principal:
    world.now = clock.now()
    return world.user()


@pytest.fixture
def site(world: World, alice: Principal) -> TestClient:
    return signed_in(world, alice)


def zone_of(world: World, contact_id: int) -> Any:
    with world.database.read() as connection:
        relation = current(world.workspace_id)
        return connection.execute(
            select(relation.c.zone).where(relation.c.contact_id == contact_id)
        ).scalar_one()


def said(site: TestClient, path: str) -> tuple[str, str]:
    """What the next page says, and the address of its Undo."""
    toast = site.get(path).text.partition('<div class="toast ')[2]
    sentence = re.search(r"<span>(.*?)</span>", toast, re.DOTALL)
    undo = re.search(r'action="([^"]*)"', toast)
    assert sentence
    return sentence[1], undo[1].replace("&amp;", "&") if undo else ""


def screen_only(world: World) -> int:
    one = world.contact()
    for days in (5, 10, 20):
        world.log("video", days, one)
    return one


def test_a_channel_made_personal_and_back(world: World, site: TestClient) -> None:
    one = screen_only(world)
    assert zone_of(world, one) == "screen_only"
    assert post(site, "/settings/channels", **{"side.video": "personal"}).status_code == 303
    assert zone_of(world, one) == "drifting"
    sentence, undo = said(site, "/settings/channels")
    assert sentence == (
        "Video call is now personal, live. 1 person went from screen-only to drifting."
        " The score of 1 person changed."
    )
    post(site, undo)
    assert zone_of(world, one) == "screen_only"
    assert "1 person went from drifting to screen-only." in said(site, "/settings/channels")[0]


def test_crowds_follow_the_marks(world: World, site: TestClient) -> None:
    crowd = [world.contact(f"Person {number}") for number in range(13)]
    world.log("video", 3, *crowd)
    assert zone_of(world, crowd[0]) == "no_record"
    post(site, "/settings/channels", **{"side.video": "personal"})
    assert zone_of(world, crowd[0]) == "drifting"


def test_marks_that_contradict_each_other_change_nothing(world: World, site: TestClient) -> None:
    with world.database.read() as connection:
        before = channels(connection, world.principal)
    wrong: tuple[dict[str, str], ...] = (
        {"side.email": "digital", "way.email": "in_person"},
        {"side.email": "both"},
        {"way.email": "telepathy"},
    )
    for fields in wrong:
        assert post(site, "/settings/channels", **fields).status_code == 422
    assert post(site, "/settings/channels", **{"side.chat": "personal", "seen": "older"}).status_code == 409
    assert post(site, "/settings/channels").status_code == 303
    assert said(site, "/settings/channels")[0] == "Nothing was changed."
    with world.database.read() as connection:
        assert channels(connection, world.principal) == before


def chosen(page: str, key: str) -> tuple[str, str]:
    """The side and the way that the form shows for a channel."""
    side = re.search(rf'name="side.{key}" value="(\w+)" checked', page)
    row = page.partition(f'name="way.{key}"')[2].partition("</select>")[0]
    way = re.search(r'value="(\w+)" selected', row)
    assert side
    assert way
    return side[1], way[1]


def test_a_form_of_channels_that_comes_back_holds_what_was_chosen(site: TestClient) -> None:
    wrong = {"side.video": "personal", "side.meeting": "digital", "side.gift": "digital"}
    page = post(site, "/settings/channels", **wrong).text
    assert chosen(page, "video") == ("personal", "live")
    assert chosen(page, "meeting") == ("digital", "in_person")
    for key, label in (("meeting", "Meeting"), ("gift", "Gift")):
        beside = page.partition(f'id="way.{key}-error"')[2].partition("</p>")[0]
        assert f"{label}: nothing through a screen is" in beside
        assert f'href="#way.{key}"' in page


def test_two_admins_at_once_see_both_what_was_chosen_and_what_is_saved(site: TestClient) -> None:
    seen = re.findall(r'name="seen" value="(\w+)"', site.get("/settings/channels").text)[0]
    post(site, "/settings/channels", **{"side.video": "personal"})
    fields = {"side.video": "digital", "side.chat": "personal", "seen": seen}
    late = post(site, "/settings/channels", **fields)
    assert late.status_code == 409
    assert chosen(late.text, "chat") == ("personal", "written")
    assert "Somebody else changed the channels in the meantime." in late.text
    assert "Saved now: personal, live" in late.text.partition('id="way.video-hint"')[2].partition("</p>")[0]
    again = re.findall(r'name="seen" value="(\w+)"', late.text)[0]
    assert post(site, "/settings/channels", **{**fields, "seen": again}).status_code == 303
    assert chosen(site.get("/settings/channels").text, "video") == ("digital", "live")


def test_targets_of_two_admins_at_once(world: World, site: TestClient) -> None:
    world.contact(kind="press")
    seen = re.findall(r'name="seen" value="(\w+)"', site.get("/settings/targets?kind=press").text)[0]
    post(site, "/settings/targets", **{"key.vendor.any": "40"})
    fields = {"key.vendor.any": "45", "key.press.any": "21", "key.partner.any": "soon", "seen": seen}
    late = post(site, "/settings/targets", **fields)
    assert late.status_code == 409
    for name in ("key.vendor.any", "key.press.any", "key.partner.any"):
        assert re.search(rf'name="{re.escape(name)}"[^>]* value="{fields[name]}"', late.text)
    assert re.search(r'href="#key.vendor.any">[^<]*: 40<', late.text)
    assert 'href="#key.partner.any">Enter 1 to' in late.text
    again = re.findall(r'name="seen" value="(\w+)"', late.text)[0]
    assert (
        post(site, "/settings/targets", **fields | {"seen": again, "key.partner.any": "30"}).status_code
        == 303
    )


def test_a_channel_of_ones_own_can_be_logged(world: World, site: TestClient) -> None:
    one = screen_only(world)
    for label in ("Trade fair", "Jahrmarkt & Messe"):
        answer = post(site, "/settings/channels/new", label=label, side="personal", way="in_person")
        assert answer.status_code == 303
    with world.database.read() as connection:
        keys = [channel.key for channel in channels(connection, world.principal)]
    assert keys[-2:] == ["trade_fair", "jahrmarkt_messe"]
    world.log("trade_fair", 1, one)
    assert zone_of(world, one) == "in_touch"
    wrong: tuple[dict[str, str], ...] = (
        {"label": "trade FAIR"},
        {"label": " "},
        {"label": "Scan", "side": "digital", "way": "by_hand"},
    )
    for fields in wrong:
        assert post(site, "/settings/channels/new", **fields).status_code == 422


def labels(world: World) -> list[str]:
    with world.database.read() as connection:
        return [one.label for one in channels(connection, world.principal)]


def test_a_channel_of_ones_own_is_taken_away_and_back(world: World, site: TestClient) -> None:
    shipped = labels(world)
    for label in ("Trade fair", "Site walk"):
        post(site, "/settings/channels/new", label=label, side="personal", way="in_person")
    sentence, undo = said(site, "/settings/channels")
    assert sentence.startswith("Site walk is now a channel.")
    post(site, undo)
    assert labels(world) == [*shipped, "Trade fair"]
    post(site, "/settings/channels/new", label="Workshop", side="personal", way="live")
    assert 'action="/settings/channels/trade_fair/remove"' in site.get("/settings/channels").text
    post(site, "/settings/channels/trade_fair/remove")
    sentence, undo = said(site, "/settings/channels")
    assert sentence == "Trade fair is removed."
    post(site, undo)
    assert labels(world) == [*shipped, "Workshop", "Trade fair"]
    assert chosen(site.get("/settings/channels").text, "trade_fair") == ("personal", "in_person")


def test_a_channel_that_is_in_the_log_or_ships_stays(world: World, site: TestClient) -> None:
    post(site, "/settings/channels/new", label="Trade fair", side="personal", way="in_person")
    world.log("trade_fair", 1, world.contact())
    kept = labels(world)
    assert "Not used yet" not in site.get("/settings/channels").text
    assert post(site, "/settings/channels/trade_fair/remove").status_code == 303
    assert "Trade fair cannot be removed: the log uses it." in site.get("/settings/channels").text
    for key in ("gift", "pigeon"):
        assert post(site, f"/settings/channels/{key}/remove").status_code == 404
    assert labels(world) == kept


def test_an_error_about_digital_or_personal_leads_there(site: TestClient) -> None:
    page = post(site, "/settings/channels/new", label="Scan", side="digital", way="by_hand").text
    assert 'href="#side"' in page
    assert '<fieldset id="side"' in page


def test_keys_of_channels_differ_and_marks_are_checked(world: World, alice: Principal) -> None:
    with world.database.write() as connection:
        first = add_channel(connection, alice, "茶会", False, "in_person")
        second = add_channel(connection, alice, "電話", False, "live")
        assert len({first.key, second.key}) == 2
        with pytest.raises(Invalid):
            marked(first, True, "in_person")


def test_many_targets_of_many_kinds_are_taken_back_in_one_go(world: World, site: TestClient) -> None:
    own = [f"поставщик услуг {number}" for number in range(6)]
    for kind in own:
        world.contact(kind=kind)
    with world.database.read() as connection:
        before = targets_of(connection, world.workspace_id)
    kinds = ("partner", "customer", "vendor", *own)
    fields = {f"{tier}.{kind}.personal": "77" for tier in ("key", "regular", "warm") for kind in kinds}
    assert post(site, "/settings/targets", **fields).status_code == 303
    sentence, undo = said(site, "/settings/targets")
    assert sentence.startswith("27 targets changed.")
    assert len(undo) > 2_000
    assert post(site, undo).status_code == 303
    with world.database.read() as connection:
        assert targets_of(connection, world.workspace_id) == before


def test_a_target_changed_and_back(world: World, site: TestClient) -> None:
    one = world.contact(kind="vendor")
    world.log("lunch", 100, one)
    world.log("email", 3, one)
    assert zone_of(world, one) == "drifting"
    answer = post(site, "/settings/targets", **{"key.vendor.personal": "120"})
    assert answer.status_code == 303
    assert zone_of(world, one) == "in_touch"
    sentence, undo = said(site, "/settings/targets")
    assert sentence == (
        "1 target changed. 1 person went from drifting to in touch. The score of 1 person changed."
    )
    with world.database.read() as connection:
        rows = connection.execute(select(target).where(target.c.workspace_id == world.workspace_id)).all()
    assert [(row.tier, row.kind, row.any, row.personal, row.in_person) for row in rows] == [
        ("key", "vendor", 45, 120, 180)
    ]
    post(site, undo)
    assert zone_of(world, one) == "drifting"
    with world.database.read() as connection:
        assert connection.execute(select(target)).all() == []


def test_no_target_is_an_empty_field_and_other_kinds_follow(world: World, site: TestClient) -> None:
    one = world.contact(kind="press")
    world.log("lunch", 300, one)
    world.log("email", 3, one)
    assert zone_of(world, one) == "drifting"
    fields = {f"key.*.{clock}": "" for clock in ("any", "personal", "in_person")}
    post(site, "/settings/targets", **fields)
    assert zone_of(world, one) == "in_touch"
    shown = site.get("/settings/targets?kind=press").text
    assert 'name="key.press.any"' in shown
    post(site, "/settings/targets", **{"key.press.in_person": "90"})
    assert zone_of(world, one) == "drifting"


def test_targets_that_are_no_days_are_refused(world: World, site: TestClient) -> None:
    for wrong in ("soon", "0", "-3", "3651", "99999999999", "1.5", "³"):
        answer = post(site, "/settings/targets", **{"key.vendor.any": wrong})
        assert answer.status_code == 422, wrong
        assert "or leave it empty for no target" in answer.text
    assert post(site, "/settings/targets", seen="older").status_code == 409


def test_the_day_follows_the_zone(world: World, site: TestClient) -> None:
    one = world.contact()
    midnight = world.now.replace(hour=0, minute=30)
    world.log("lunch", None, one, occurred_at=midnight)

    def days() -> Any:
        with world.database.read() as connection:
            relation = current(world.workspace_id)
            return connection.execute(select(relation.c.days_since_any)).scalar_one()

    assert days() == 0
    assert post(site, "/settings/workspace", time_zone="Pacific/Honolulu").status_code == 303
    expected = (world.now.hour >= 10) * 1
    assert days() == expected
    sentence, undo = said(site, "/settings/workspace")
    assert sentence.startswith("Days are now counted in Pacific/Honolulu. ")
    post(site, undo)
    assert days() == 0
    assert post(site, "/settings/workspace", time_zone="Mars/Olympus").status_code == 422
    with world.database.read() as connection:
        assert connection.execute(select(workspace.c.time_zone)).scalars().all() == ["UTC"]


@pytest.mark.parametrize("zone", ["US/Eastern", "CET", "Etc/GMT+5"])
def test_undo_leads_back_to_every_zone_a_team_may_have(
    world: World, alice: Principal, site: TestClient, zone: str
) -> None:
    def kept() -> Any:
        with world.database.read() as connection:
            return connection.execute(select(workspace.c.time_zone)).scalar_one()

    with world.database.write() as connection:
        connection.execute(workspace.update().values(time_zone=zone))
    post(site, "/settings/workspace", time_zone="Europe/Berlin")
    assert kept() == "Europe/Berlin"
    assert post(site, said(site, "/settings/workspace")[1]).status_code == 303
    assert kept() == zone


def test_members_and_viewers_see_and_do_not_change(world: World, alice: Principal) -> None:
    for role in ("member", "viewer"):
        site = signed_in(world, world.user(f"{role} One", role=role))
        for path in ("/settings/targets", "/settings/channels", "/settings/workspace"):
            shown = site.get(path)
            assert shown.status_code == 200
            assert "An admin can change" in shown.text
            assert post(site, path).status_code == 403


def test_another_team_keeps_its_own(world: World, site: TestClient) -> None:
    other = World.create(world.database, "Another team")
    other.now, other.is_read_stored = world.now, True
    theirs = screen_only(other)
    post(site, "/settings/channels", **{"side.video": "personal"})
    post(site, "/settings/targets", **{"key.partner.any": "1"})
    post(site, "/settings/workspace", time_zone="Asia/Tokyo")
    assert zone_of(other, theirs) == "screen_only"
