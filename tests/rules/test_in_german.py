"""A rule in a language that puts its words in another order: its sentence, its form, and the name it ships with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm.domain import language
from crm.domain.expressions import Metric
from crm.domain.open_phrases import open_phrase
from crm.domain.prose import phrase
from crm.domain.rules import SHIPPED, kept_name
from crm.rules.editor import draft_of, understood
from crm.rules.states import state_of
from crm.storage.tables import user
from tests import catalogues
from tests.builders import World
from tests.catalogues import Said
from tests.rules.test_editing import fields_of, post
from tests.web.site import client

SCREEN_ONLY = SHIPPED[0]
TITLE = "Nur über den Bildschirm"
GERMAN: dict[Said, Said] = {
    "has had {bound} in {window}": "hatte in {window} {bound}",
    "has a usual gap of {bound}": "hat eine übliche Lücke",
    "at least {value}": "mindestens {value}",
    "is owned by {word}": "gehört {word}",
    "{is} owned by {value}": "{is} {value} anvertraut",
    "{words} and {last}": "{words} und {last}",
    SCREEN_ONLY.name: TITLE,
    ("digital contact", "digital contacts"): ("Kontakt am Bildschirm", "Kontakte am Bildschirm"),
    ("day", "days"): ("Tag", "Tagen"),
}


@pytest.fixture(autouse=True)
def german(tmp_path: Path) -> Iterator[None]:
    """A catalogue of these sentences, spoken."""
    with catalogues.german(tmp_path / "locale", GERMAN), language.spoken_in("de"):
        yield


def test_clauses_are_in_the_order_of_the_language() -> None:
    said = phrase(Metric("digital_180").ge(3) & Metric("owner").eq("nora@team.example"))
    assert said == "hatte in 180 Tagen mindestens 3 Kontakte am Bildschirm und gehört nora@team.example"


def test_fields_stand_where_the_language_has_them() -> None:
    counted = open_phrase("digital_180", ">=")
    assert counted.pieces == (
        ("words", "hatte in"),
        ("window", ""),
        ("op", ""),
        ("value", ""),
        ("sort", ""),
    )
    assert dict(counted.sorts)["digital"] == "Kontakte am Bildschirm"
    assert dict(open_phrase("digital_180", ">=", is_one=True).sorts)["digital"] == "Kontakt am Bildschirm"
    assert open_phrase("owner", "=").pieces == (("op", ""), ("value", ""), ("words", "anvertraut"))


def test_a_place_that_a_translation_forgot_is_there_all_the_same() -> None:
    pieces = open_phrase("rhythm_days", ">=").pieces
    assert [place for place, _said in pieces if place != "words"] == ["op", "value"]


def test_the_name_that_ships_is_translated_and_kept_as_it_ships() -> None:
    draft = draft_of(SCREEN_ONLY)
    assert draft.name == TITLE
    assert understood(draft, SCREEN_ONLY.key).rule == SCREEN_ONLY
    assert kept_name(SCREEN_ONLY.key, f" {TITLE} ") == SCREEN_ONLY.name
    assert kept_name(SCREEN_ONLY.key, "Mein Name") == "Mein Name"
    assert kept_name("mine", TITLE) == TITLE


def test_a_rule_saved_as_it_is_shown_stays_as_it_shipped(world: World) -> None:
    alice = world.user("Alice")
    with world.database.write() as connection:
        connection.execute(user.update().where(user.c.id == alice.user_id).values(written={"language": "de"}))
    site = client(world, alice)
    page = site.get(f"/rules/{SCREEN_ONLY.key}").text
    assert TITLE in page
    sent = {**fields_of(page), "act": "save"}
    assert post(site, f"/rules/{SCREEN_ONLY.key}/edit", sent).status_code == 303
    with world.database.read() as connection:
        assert not state_of(connection, alice, SCREEN_ONLY.key).is_changed
    refused = post(site, "/rules/new", {**sent, "version": "0"})
    assert refused.status_code == 422
    assert f"“{TITLE}”" in refused.text
