"""The import page: nothing is written before somebody looked, and everything can be taken back."""

import csv
import io
import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from crm import clock, jobs
from crm.settings import Settings
from crm.storage.tables import contact, contact_date, import_upload, interaction
from tests.builders import World
from tests.imports.files import CONTACTS, EVERYTHING, INTERACTIONS, count, rows
from tests.web.site import client

NAUGHTY = Path(__file__).parents[3] / "shared" / "data" / "suites" / "blns" / "blns.json"


def send(browser: TestClient, *files: tuple[str, str | bytes]) -> str:
    """Upload files; returns the address of the preview."""
    answer = browser.post("/import", files=[("files", file) for file in files])
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_look_import_and_take_back(world: World) -> None:
    browser = client(world, world.user())
    preview = send(browser, *EVERYTHING.items())
    assert count(world, contact) == 0
    page = browser.get(preview).text
    assert "Before anything is written" in page
    assert "Import 1 organisation, 6 people" in page
    done = browser.post(f"{preview}/apply")
    assert done.headers["location"] == "/"  # the first run goes on
    assert (count(world, contact), count(world, interaction), count(world, import_upload)) == (6, 5, 0)
    start = browser.get("/import").text
    (batch,) = set(re.findall(r'href="(/import/\d+)"', start))
    assert "Undo this import" in browser.get(batch).text
    assert browser.post(f"{batch}/undo").status_code == 303
    assert (count(world, contact), count(world, interaction)) == (0, 0)
    assert "Undone" in browser.get("/import").text
    assert browser.post(f"{batch}/undo").status_code == 409


def test_a_second_look_shows_what_would_change(world: World) -> None:
    browser = client(world, world.user())
    browser.post(send(browser, ("people.csv", CONTACTS)) + "/apply")
    page = browser.get(send(browser, ("people.csv", CONTACTS.replace("CTO", "Head of Operations")))).text
    assert "<del><bdi>CTO</bdi></del>" in page
    assert "<ins><bdi>Head of Operations</bdi></ins>" in page
    page = browser.get(send(browser, ("people.csv", CONTACTS))).text
    assert "Everything in these files is already here." in page


def test_a_file_waits_for_a_day(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = World.create(world.database, "Another team")
    browser = client(world, world.user())
    preview = send(browser, ("people.csv", CONTACTS))
    send(client(other, other.user()), ("people.csv", CONTACTS))
    work = jobs.Clockwork(world.database, Settings(data_dir=tmp_path), "here:1", world.now)
    sent = clock.now()
    for hours, status, waiting in ((23, 200, 1), (25, 404, 0)):
        monkeypatch.setattr(clock, "now", lambda at=sent + timedelta(hours=hours): at)
        assert browser.get(preview).status_code == status
        work.tidy()
        assert (count(world, import_upload), count(other, import_upload)) == (waiting, waiting)


BEFORE = """\
name,email,phone,tags,birthday,tier,address
Ana Ruiz,ana@x.example;ruiz@x.example,+49 30 1,alpha;beta,1980-03-14,key,
"""
AFTER = """\
name,email,phone,tags,birthday,tier,address
Ana Ruiz,ana@x.example;ruiz@x.example;a.ruiz@x.example,+49 30 1;+49 30 2,gamma,--12-03,warm,"1 Main St
Lowell"
"""


def test_what_would_change_is_in_words_and_a_list_shows_what_is_added(world: World) -> None:
    browser = client(world, world.user(written={"dates": "month_day"}))
    browser.post(send(browser, ("people.csv", BEFORE)) + "/apply")
    page = re.sub(r"</?(bdi|strong)>", "", browser.get(send(browser, ("people.csv", AFTER))).text)
    assert "emails: ana@x.example, ruiz@x.example and <ins>a.ruiz@x.example</ins></span>" in page
    assert "phones: +49 30 1 and <ins>+49 30 2</ins></span>" in page
    assert "tags: <del>alpha</del> and <del>beta</del> → <ins>gamma</ins></span>" in page
    assert "birthday: <del>March 14, 1980</del> → <ins>December 3</ins></span>" in page
    assert "tier: <del>key</del> → <ins>warm</ins></span>" in page
    assert "addresses: <ins>1 Main St, Lowell</ins></span>" in page
    gone = AFTER.replace("gamma", "")
    browser.post(send(browser, ("people.csv", AFTER)) + "/apply")
    page = re.sub(r"</?(bdi|strong)>", "", browser.get(send(browser, ("people.csv", gone))).text)
    assert "tags: <del>gamma</del> → <ins>nothing</ins></span>" in page


def test_a_moment_that_changes_is_by_the_clock_of_whoever_looks(world: World) -> None:
    browser = client(world, world.user())
    log = "occurred_at,channel,contacts,source_id\n{},lunch,Ana Ruiz,one\n"
    browser.post(send(browser, ("log.csv", log.format("2026-10-01T12:30:00Z"))) + "/apply")
    changed = log.format("2026-10-02T12:30:00Z").replace("lunch", "phone")
    page = browser.get(send(browser, ("log.csv", changed))).text
    assert "channel: <del><bdi>Lunch or coffee</bdi></del> → <ins><bdi>Phone call</bdi></ins>" in page
    assert re.search(
        r"<del><bdi>1 Oct 2026, \d\d:30</bdi></del> → <ins><bdi>2 Oct 2026, \d\d:30</bdi></ins>", page
    )


MACHINE_CARD = "BEGIN:VCARD\nVERSION:3.0\nFN:Docs\nEMAIL:comments-noreply@docs.example\nEND:VCARD\n"


@pytest.mark.parametrize(
    ("file", "mark", "name"),
    [
        (
            ("a.csv", "Full Name,E-Mail\nno-reply,no-reply@till.example\n"),
            "no-reply@till.example",
            "no-reply",
        ),
        (("a.vcf", MACHINE_CARD), "comments-noreply@docs.example", "Docs"),
    ],
)
def test_an_address_of_a_machine_is_brought_in_where_somebody_wants_it(
    world: World, file: tuple[str, str], mark: str, name: str
) -> None:
    browser = client(world, world.user(first_run_done=True))
    preview = send(browser, file)
    page = browser.get(preview).text
    assert f'name="people" value="{mark}" form="apply"' in page
    assert f'action="{preview}/apply"' in page
    assert f"“{mark}”" in page
    browser.post(f"{preview}/apply")
    assert count(world, contact) == 0
    browser.post(f"{send(browser, file)}/apply", data={"people": [mark, "somebody@else.example"]})
    assert [row.name for row in rows(world, contact)] == [name]
    batch = re.findall(r'href="(/import/\d+)"', browser.get("/import").text)[0]
    assert "left out</h2>" not in browser.get(batch).text
    browser.post(f"{batch}/undo")
    assert count(world, contact) == 0


@pytest.mark.parametrize(("ticked", "day"), [(False, 14), (True, 3)])
def test_a_birthday_that_clashes_is_asked_about(world: World, ticked: bool, day: int) -> None:
    browser = client(world, world.user(first_run_done=True))
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:Hugo Lind\nBDAY:{}\nEND:VCARD\n"
    browser.post(send(browser, ("a.vcf", card.format("1979-03-14"))) + "/apply")
    preview = send(browser, ("b.vcf", card.format("1979-12-03")))
    page = browser.get(preview).text
    (mark,) = re.findall(r'name="birthdays" value="([^"]+)"', page)
    assert "Hugo Lind</bdi></strong>: 3 December 1979" in page
    done = browser.post(f"{preview}/apply", data={"birthdays": [mark]} if ticked else {})
    (kept,) = rows(world, contact_date)
    assert (kept.day, kept.year, done.headers["location"]) == (day, 1979, "/import")
    batch = re.findall(r'href="(/import/\d+)"', browser.get("/import").text)[0]
    assert ("14 March 1979 here stayed" in browser.get(batch).text) is not ticked
    browser.post(f"{batch}/undo")
    (kept,) = rows(world, contact_date)
    assert kept.day == 14


def test_errors_name_their_line_and_nothing_can_be_imported(world: World) -> None:
    browser = client(world, world.user())
    preview = send(browser, ("people.csv", CONTACTS), ("log.csv", INTERACTIONS.replace("lunch", "pigeon")))
    page = browser.get(preview).text
    assert "log.csv line 4, column channel" in page
    assert f"{preview}/apply" not in page
    assert browser.post(f"{preview}/apply").status_code == 422
    assert (count(world, contact), count(world, import_upload)) == (0, 2)


def test_what_was_left_out_is_had_as_a_table_before_and_after(world: World) -> None:
    browser = client(world, world.user(first_run_done=True))
    cards = "BEGIN:VCARD\nVERSION:3.0\nFN:Marta\nEMAIL:=odd\nEND:VCARD\nBEGIN:VCARD\nNOTE:x\nEND:VCARD\n"
    preview = send(browser, ("=a.vcf", cards))
    assert f'href="{preview}/left-out"' in browser.get(preview).text
    answer = browser.get(f"{preview}/left-out")
    browser.post(f"{preview}/apply")
    (batch,) = set(re.findall(r'href="(/import/\d+)"', browser.get("/import").text))
    assert browser.get(f"{batch}/left-out").content == answer.content
    assert "attachment" in answer.headers["content-disposition"]
    table = list(csv.reader(answer.text.removeprefix("\ufeff").splitlines()))
    assert table == [
        ["what", "where", "why"],
        ["left out", "'=a.vcf line 4", "“=odd” is not an email address and was left out."],
        ["left out", "'=a.vcf card 2 (line 6)", "This card has no name, organisation or email."],
    ]


def test_cancel_forgets_the_files(world: World) -> None:
    browser = client(world, world.user())
    preview = send(browser, ("people.csv", CONTACTS))
    browser.post(f"{preview}/cancel")
    assert count(world, import_upload) == 0
    assert browser.get(preview).status_code == 404


def test_a_colleague_does_not_see_what_waits(world: World) -> None:
    preview = send(client(world, world.user()), ("people.csv", CONTACTS))
    colleague = client(world, world.user("Bob Stone"))
    assert colleague.get(preview).status_code == 404
    assert colleague.post(f"{preview}/apply").status_code == 404
    assert count(world, contact) == 0


def test_no_file_is_said_and_too_much_is_refused(world: World) -> None:
    browser = client(world, world.user())
    answer = browser.post("/import", files=[("files", ("", b""))])
    assert answer.status_code == 422
    assert "Choose a file first." in answer.text
    large = browser.post("/import", files=[("files", ("big.csv", b"x" * (64 * 2**20 + 1)))])
    assert large.status_code == 413
    assert "64 MB" in large.text
    assert 'href="/import"' in large.text


def test_viewers_see_what_was_imported_and_bring_nothing(world: World) -> None:
    browser = client(world, world.user(role="viewer"))
    assert "enctype" not in browser.get("/import").text
    assert browser.post("/import", files=[("files", ("a.csv", CONTACTS))]).status_code == 403


PRIVATE = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//t//EN
BEGIN:VEVENT
UID:1
DTSTART:20261109T090000Z
SUMMARY:Biopsy results
ATTENDEE:mailto:marta@northgate.example
ATTENDEE:mailto:oncologist@clinic.example
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART:20261110T120000Z
SUMMARY:Lunch
LOCATION:Cafe
ATTENDEE:mailto:marta@northgate.example
END:VEVENT
END:VCALENDAR
"""


def test_what_a_calendar_left_open_is_told_to_whoever_brought_it_alone(world: World) -> None:
    own = client(world, world.user(role="member", first_run_done=True))
    preview = send(own, ("people.csv", "name,email\nMarta Kowalczyk,marta@northgate.example\n"))
    own.post(f"{preview}/apply")
    own.post(f"{send(own, ('work.ics', PRIVATE))}/apply")
    numbers = re.findall(r'href="/import/(\d+)"', own.get("/import").text)
    batch = f"/import/{max(map(int, numbers))}"
    assert "Biopsy results" in own.get(batch).text
    assert "oncologist@clinic.example" in own.get(batch).text
    assert "Biopsy results" in own.get(f"{batch}/left-out").text
    for role in ("viewer", "member", "admin"):
        other = client(world, world.user(f"{role} One", role=role))
        page, table = other.get(batch), other.get(f"{batch}/left-out")
        assert "1 interaction" in page.text
        assert "What these files left open is shown only to" in page.text
        assert (page.status_code, table.status_code) == (200, 200)
        assert not [one for one in ("Biopsy", "oncologist") if one in page.text + table.text]


def test_what_a_table_left_open_is_told_to_all(world: World) -> None:
    own = client(world, world.user(first_run_done=True))
    cards = "BEGIN:VCARD\nVERSION:3.0\nFN:Marta\nEMAIL:odd\nEND:VCARD\n"
    own.post(f"{send(own, ('a.vcf', cards))}/apply")
    (batch,) = set(re.findall(r'href="(/import/\d+)"', own.get("/import").text))
    page = client(world, world.user("Vera Lang", role="viewer")).get(batch).text
    assert "is not an email address" in page
    assert "shown only to" not in page


def test_the_export_button_gives_every_file(world: World) -> None:
    browser = client(world, world.user())
    browser.post(send(browser, *EVERYTHING.items()) + "/apply")
    answer = browser.get("/export")
    assert "in-person-" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert set(archive.namelist()) == {*EVERYTHING, "rules.toml", "contacts.vcf", "calendar.ics"}


HOSTILE = ['<script>alert("x")</script>', "{{ 7*7 }}", '"><img src=x onerror=alert(1)>', "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_words_stay_words(world: World, name: str) -> None:
    browser = client(world, world.user())
    cell = '"' + name.replace('"', '""') + '"'
    preview = send(browser, (f"{name}.csv", f"name,title\n{cell},{cell}\n"))
    page = browser.get(preview).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    browser.post(f"{preview}/apply")
    assert [row.name for row in rows(world, contact)] == [name]


def test_naughty_strings_reach_the_page_escaped_and_become_names(world: World) -> None:
    if not NAUGHTY.exists():
        pytest.skip("the shared data are not here")
    lines = [one.replace("\0", "") for one in json.loads(NAUGHTY.read_text(encoding="utf-8")) if one.strip()]
    browser = client(world, world.user())
    page = browser.get(send(browser, ("naughty.csv", _table(lines)))).text
    assert "<script>alert" not in page
    invisible = {
        int(line) - 2 for line in re.findall(r"naughty\.csv line (\d+)</bdi></span>.*Enter a name\.", page)
    }
    assert 0 < len(invisible) < 5
    named = [one for place, one in enumerate(lines) if place not in invisible]
    preview = send(browser, ("naughty.csv", _table(named)))
    assert browser.post(f"{preview}/apply").status_code == 303
    kept, given = {row.name for row in rows(world, contact)}, {" ".join(one.split()) for one in named}
    assert len(kept & given) > 0.9 * len(given)


def _table(names: list[str]) -> bytes:
    quoted = ('"{}"'.format(one.replace('"', '""')) for one in names)
    return ("name,title\n" + "".join(f"{one},{one}\n" for one in quoted)).encode("utf-8", "replace")


def test_a_byte_wrong_anywhere_is_never_a_fault_of_ours(world: World) -> None:
    browser = client(world, world.user())
    data = bytearray(INTERACTIONS.encode())
    for at in range(0, len(data), 23):
        broken = bytes(data[:at]) + bytes([data[at] ^ 0x5A]) + bytes(data[at + 1 :])
        for sent in (broken, bytes(data[:at])):
            answer = browser.post("/import", files=[("files", ("log.csv", sent))])
            assert answer.status_code in (303, 422)
            if answer.status_code == 303:
                assert browser.get(answer.headers["location"]).status_code == 200
