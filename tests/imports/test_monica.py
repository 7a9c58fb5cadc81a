"""Monica's export: people, calls, activities and conversations, each once; whatever is not as expected is left out."""

import json
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from crm.imports.monica import begins_as_monica, read_monica
from crm.imports.records import ContactRecord, InteractionRecord, ParsedFile, UnreadableFile
from crm.storage.tables import contact, interaction, interaction_contact
from tests.builders import NOW, World
from tests.imports.files import bring

BERLIN = ZoneInfo("Europe/Berlin")
STAMP = "2021-01-02T03:04:05.000000Z"


def group(kind: str, *values: Any) -> dict[str, Any]:
    return {"count": len(values), "type": kind, "values": list(values)}


def thing(uuid: str = "", **said: Any) -> dict[str, Any]:
    return {**({"uuid": uuid} if uuid else {}), "created_at": STAMP, "updated_at": STAMP, "properties": said}


def person(uuid: str, *groups: dict[str, Any], **said: Any) -> dict[str, Any]:
    return {**thing(uuid, **said), "data": list(groups)}


MARTA = person(
    "u-marta",
    group("contact_field", thing(data="marta@x.example", type="t-mail"), thing(data="+1 617 555 0142", type="t-tel"),
          thing(data="@marta", type="t-chat")),
    group("address", thing(name="home", street="1 Hill", city="Boston", postal_code="02101", country="US")),
    group("note", thing(body="Likes tea")),
    group("call", thing(called_at="2021-05-03", content="About boats", contact_called=True)),
    group("conversation", thing(happened_at="2021-05-04T00:00:00Z", contact_field_type="t-chat", messages=[
        thing(content="Hi", written_by_me=True), thing(content="Hello", written_by_me=False)])),
    group("activity", "a-dinner", "a-walk"),
    group("pet", thing(name="Rex")),
    first_name="Marta", last_name="Ruiz", job="Buyer", company="Acme", tags=["press"], is_dead=False,
    birthdate={"is_age_based": False, "is_year_unknown": True, "date": "1980-02-29T00:00:00.000000Z"},
    description="Met at the fair", first_met_date={"date": "2015-06-01"},
)  # fmt: skip
IVO = person(
    "u-ivo", group("activity", "a-walk"), first_name="Ivo", is_dead=True, deceased_date={"date": "2020-01-05"},
    birthdate={"is_age_based": True, "date": "1950-01-01"},
)  # fmt: skip
ACCOUNT = {
    "uuid": "u-account",
    "data": [
        group("user", thing("u-user")),
        group("contact", MARTA, IVO, person("u-kid", first_name="Kid", is_partial=True), person("u-none")),
        group("activity",
              thing("a-dinner", summary="Dinner", happened_at="2021-05-05", type="y-ate", description="Long"),
              thing("a-walk", summary="Walk", happened_at="2021-05-06"),
              thing("a-ahead", summary="Ahead", happened_at="2031-05-06")),
    ],
    "properties": {},
    "instance": {
        "contact_field_types": [
            thing("t-mail", name="Email", protocol="mailto:", type="email"),
            thing("t-tel", name="Phone", protocol="tel:", type="phone"),
            thing("t-chat", name="Telegram", protocol="telegram:"),
        ],
        "activity_types": [thing("y-ate", translation_key="ate_at_his_place", category="c-food")],
        "activity_type_categories": [thing("c-food", translation_key="food")],
    },
}  # fmt: skip
EXPORT = json.dumps({"version": "1.0-preview.1", "app_version": "4.0.0", "account": ACCOUNT}, indent=4)


def parsed(text: str = EXPORT) -> ParsedFile:
    return read_monica("monica.json", text.encode(), zone=BERLIN, now=NOW)


def test_people_are_read_with_everything_there_is_a_place_for() -> None:
    found = parsed()
    marta, ivo = (one for one in found.records if isinstance(one, ContactRecord))
    assert (marta.name, marta.given_name, marta.title, marta.organisation) == (
        "Marta Ruiz",
        "Marta",
        "Buyer",
        "Acme",
    )
    assert (marta.emails, marta.phones, marta.city) == (("marta@x.example",), ("+1 617 555 0142",), "Boston")
    assert (marta.birthday, marta.tags, marta.uid) == ("--02-29", ("press",), "u-marta")
    assert marta.addresses[0].text == "1 Hill\n02101 Boston\nUS"
    assert marta.notes == "Met at the fair\nTelegram: @marta\nFirst met on 2015-06-01\n2021-01-02: Likes tea"
    assert (ivo.birthday, ivo.deceased_on, marta.deceased_on) == (None, date(2020, 1, 5), None)
    assert [one.why for one in found.skipped] == [
        "This person has no name, so they were left out.",
        "Nobody in the export took part in it, so it was left out.",
        "1 pet and 1 person who is only somebody’s relation left out: In Person has no place for them.",
    ]


def test_what_happened_is_in_the_log() -> None:
    log = [one for one in parsed().records if isinstance(one, InteractionRecord)]
    assert [(one.channel, one.direction, one.contacts, one.summary) for one in log] == [
        ("phone", "inbound", ("marta@x.example",), None),
        ("chat", "mutual", ("marta@x.example",), None),
        ("lunch", "mutual", ("marta@x.example",), "Dinner"),
        ("meeting", "mutual", ("marta@x.example", "Ivo"), "Walk"),
    ]
    assert log[0].occurred_at == datetime(2021, 5, 3, 10, tzinfo=UTC)  # noon in Berlin
    assert (log[0].note, log[1].note) == ("About boats", None)


def test_days_that_no_export_could_write_are_left_out() -> None:
    old = EXPORT.replace("2021-05-03", "0021-05-03").replace("1980-02-29", "0980-02-29")
    found = parsed(old)
    assert "no readable date" in found.skipped[0].why
    assert [one.channel for one in found.records if isinstance(one, InteractionRecord)].count("phone") == 0
    assert [one.birthday for one in found.records if isinstance(one, ContactRecord)] == [None, None]


def test_a_day_that_was_moved_there_is_moved_here(world: World) -> None:
    bring(world, ("monica.json", EXPORT))
    bring(world, ("monica.json", EXPORT.replace("2021-05-05", "2021-05-06")))
    with world.database.read() as connection:
        meals = select(interaction.c.occurred_at).where(interaction.c.channel == "lunch")
        assert [f"{one:%Y-%m-%d}" for one in connection.execute(meals).scalars()] == ["2021-05-06"]


def test_twice_is_once_and_it_can_be_undone_with_one_number(world: World) -> None:
    (first,) = bring(world, ("monica.json", EXPORT))
    assert (first.new["contacts"], first.new["interactions"]) == (2, 4)
    (again,) = bring(world, ("monica.json", EXPORT))
    assert not +again.new
    assert again.unchanged["interactions"] == 4
    with world.database.read() as connection:
        names = dict(connection.execute(select(contact.c.name, contact.c.deceased_on)).all())
        walk = select(interaction.c.id).where(interaction.c.summary == "Walk")
        took_part = select(interaction_contact.c.contact_id).where(
            interaction_contact.c.interaction_id.in_(walk)
        )
        assert len(connection.execute(took_part).all()) == 2
    assert names == {"Marta Ruiz": None, "Ivo": date(2020, 1, 5)}
    (card,) = bring(world, "BEGIN:VCARD\nVERSION:4.0\nUID:u-marta\nFN:Marta Ruiz\nEND:VCARD\n")
    assert not +card.new


@pytest.mark.parametrize("text", [EXPORT[: len(EXPORT) // 2], "[" * 100_000, "{}", '{"account": {"data": 3'])
def test_what_is_no_whole_export_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(UnreadableFile, match="not a complete Monica export"):
        parsed(text)
    assert parsed('{"account": 3}').records == ()


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from([STAMP, "2021-05-05", "u-marta"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "type", "values", "properties", "date", "first_name"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(st.lists(st.tuples(st.integers(0, 400), VALUES), min_size=1, max_size=4))
def test_whatever_stands_anywhere_in_it_never_breaks_it(spoiled: list[tuple[int, Any]]) -> None:
    account = json.loads(json.dumps(ACCOUNT))
    for place, value in spoiled:
        holders = list(_holders(account))
        holder = holders[place % len(holders)]
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if keys:
            holder[keys[place % len(keys)]] = value
    found = parsed(json.dumps({"account": account}))
    assert all(one.why.endswith(".") for one in found.skipped)


def _holders(held: Any) -> Any:
    if isinstance(held, dict | list):
        yield held
        for one in held.values() if isinstance(held, dict) else held:
            yield from _holders(one)


def test_it_is_told_from_other_json() -> None:
    assert begins_as_monica(EXPORT.encode())
    assert begins_as_monica(b'{"account":{"uuid":"x"}}')
    assert not begins_as_monica(b'{"version": "1", "contacts": []}')
    assert not begins_as_monica(b"name,email\n")
