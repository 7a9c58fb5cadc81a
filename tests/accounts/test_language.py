"""Who chooses a language reads it from the answer on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import catalogues
from tests.accounts.test_team import PREFERENCES
from tests.builders import World
from tests.web.site import client

SAVED = "Deine Einstellungen sind gespeichert."
WRITTEN = "Tage und Zahlen stehen jetzt so da."


@pytest.fixture(autouse=True)
def german(tmp_path: Path) -> Iterator[None]:
    """A catalogue of the two answers."""
    words: dict[catalogues.Said, catalogues.Said] = {
        "Your settings are saved.": SAVED,
        "Dates and numbers are now written this way.": WRITTEN,
    }
    with catalogues.german(tmp_path / "locale", words):
        yield


@pytest.mark.parametrize(
    ("place", "sent_to", "answer"),
    [("/settings", "/settings", SAVED), ("/settings/workspace", "/settings/workspace/written", WRITTEN)],
)
def test_the_answer_to_the_choice_is_in_the_language_chosen(
    world: World, place: str, sent_to: str, answer: str
) -> None:
    admin = client(world, world.user("Alice", role="admin"))
    assert answer not in admin.get(place).text
    sent = admin.post(sent_to, data={**PREFERENCES, "language": "de"})
    assert sent.status_code == 303
    flash = {"Cookie": f"{admin.headers['Cookie']}; crm-flash={sent.cookies['crm-flash']}"}
    page = admin.get(place, headers=flash).text
    assert answer in page
    assert '<html lang="de" dir="ltr"' in page
