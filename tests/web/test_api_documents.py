"""Every example of docs/api.md does what the page says."""

import re
import shlex
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.builders import World
from tests.house.places import ROOT
from tests.web.site import program

EXAMPLES = re.findall(
    r"```sh\n(curl .+?)```", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.DOTALL
)


def run(caller: TestClient, example: str, contact_id: int) -> Any:
    """What curl would send."""
    words = shlex.split(example.replace("\\\n", " ").replace("CONTACT", str(contact_id)))
    assert words.pop(0) == "curl"
    sent: dict[str, Any] = {"headers": {}}
    path = ""
    while words:
        word = words.pop(0)
        if word == "-H":
            name, _, value = words.pop(0).partition(": ")
            sent["headers"][name] = value.replace("Bearer $TOKEN", caller.headers["Authorization"])
        elif word == "-d":
            sent["content"] = words.pop(0)
        elif word == "-F":
            name, _, file = words.pop(0).partition("=@")
            sent["files"] = [(name, (file, b"name,email\nJonas Weber,jonas@x.example\n"))]
        else:
            path = word.removeprefix("$CRM")
    method = "POST" if {"content", "files"} & set(sent) else "GET"
    return caller.request(method, path, **sent)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_example_works(world: World) -> None:
    caller = program(world, world.user())
    contact_id, by_screen = world.contact(), world.contact("Ines Duarte")
    for day in (1, 2, 3):
        world.log("email", day, by_screen)
    assert len(EXAMPLES) == 9
    for example in EXAMPLES:
        answer = run(caller, example, contact_id)
        assert answer.status_code in (200, 201), f"{example}: {answer.text}"
        assert answer.json(), example
