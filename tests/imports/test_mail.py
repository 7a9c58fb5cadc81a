"""Mail in the log: with whom and which way; each mail once, whatever it came by; and what people did stays."""

import itertools
import random
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from crm.accounts.queries import own_words
from crm.contacts.actions import add_contacts
from crm.contacts.drafts import NewContact, Way
from crm.imports.actions import apply
from crm.imports.feeds import read_feed
from crm.imports.reading import Given, Reading, read_all
from crm.imports.records import MAIL, ParsedFile
from crm.imports.report import FileReport
from crm.imports.sightings import FeedSetting
from crm.imports.undoing import undo
from crm.interactions.actions import Entry, delete_interaction, edit_interaction, log_interaction
from crm.rules.queries import flags
from crm.storage.tables import (
    contact,
    contact_email,
    interaction,
    interaction_contact,
    interaction_user,
    user,
)
from tests.builders import NOW, World
from tests.imports.files import bring, count, good, news, rows, summed
from tests.imports.letters import ALICE, DANIEL, MARTA, mail, maildir, mbox, zipped
from tests.web.site import client

OTHERS = [f"p{number}@x.example" for number in range(40)]


def peopled(world: World) -> dict[str, int]:
    """A team of Alice and Bob, with two people they know."""
    world.user()
    world.user("Bob Stone")
    drafts = [
        NewContact(name="Marta Kowalczyk", emails=(Way(MARTA),)),
        NewContact(name="Daniel Osei", emails=(Way(DANIEL),)),
    ]
    with world.database.write() as connection:
        ids = add_contacts(connection, world.principal, drafts, world.now)
    return dict(zip(("marta", "daniel"), ids, strict=True))


@pytest.fixture
def team(world: World) -> World:
    peopled(world)
    return world


def log(world: World) -> list[tuple[str, str, str, str]]:
    """What is in the log: when, which way, what, and with whom."""
    names = {row.id: row.name for row in rows(world, contact)}
    users = {row.id: row.email for row in rows(world, user)}
    took_part: dict[int, list[str]] = {}
    with world.database.read() as connection:
        for table, column, words in (
            (interaction_contact, "contact_id", names),
            (interaction_user, "user_id", users),
        ):
            mine = table.c.workspace_id == world.workspace_id
            for row_id, one in connection.execute(
                select(table.c.interaction_id, table.c[column]).where(mine)
            ):
                took_part.setdefault(row_id, []).append(words[one])
    return sorted(
        (
            f"{row.occurred_at:%m-%d %H:%M}",
            row.direction,
            row.summary or "",
            ", ".join(sorted(took_part[row.id])),
        )
        for row in rows(world, interaction)
        if row.deleted_at is None
    )


def kept(world: World, data: str, *, later: float = 0) -> FileReport:
    """Import an mbox and keep the text."""
    at = world.now + timedelta(days=later)
    parsed = read_feed(
        MAIL, BytesIO(data.encode()), "x.mbox", FeedSetting(ZoneInfo("UTC"), at, keep_text=True)
    )
    (report,) = good(apply(world.database, world.principal, [parsed], at))
    return report


# With whom, and which way.


def test_which_way_a_mail_went_and_with_whom(team: World) -> None:
    mails = [
        mail(1, Cc=DANIEL),
        mail(2, From=ALICE, To=f"{MARTA}, Daniel <{DANIEL}>", Subject="=?utf-8?b?R3LDvMOfZQ==?="),
        mail(3, From=ALICE, To="bob@team.example", Cc=MARTA),
        mail(4, From=ALICE, To="bob@team.example"),
        mail(5, "Delivered-To: bob@team.example", To="sales@team.example"),
        mail(6, To="somebody@else.example"),
    ]
    (report,) = good(bring(team, ("x.mbox", mbox(*mails))))
    assert log(team) == [
        ("11-02 09:00", "inbound", "Review", f"Marta Kowalczyk, {ALICE}"),
        ("11-02 09:00", "inbound", "Review", "Marta Kowalczyk, bob@team.example"),
        ("11-02 09:00", "outbound", "Grüße", f"Daniel Osei, Marta Kowalczyk, {ALICE}"),
        ("11-02 09:00", "outbound", "Review", f"Marta Kowalczyk, {ALICE}, bob@team.example"),
    ]
    assert {row.channel for row in rows(team, interaction)} == {"email"}
    assert [one.why for one in report.skipped] == [
        "1 mail was neither from nor to an address that is known to be yours."
    ]


def test_a_mail_to_many_is_contact_with_none_and_a_broadcast_where_all_are_known(team: World) -> None:
    many = ", ".join(OTHERS)
    crowd = [
        mail(1, From=ALICE, To=f"{MARTA}, {many}"),
        mail(2, Cc=many),
        mail(3, To=f"{ALICE}, {', '.join(OTHERS[:11])}"),
    ]
    (report,) = good(bring(team, ("x.mbox", mbox(*crowd)), add_people=True))
    assert (news([report]), [who for *_, who in log(team)]) == (
        {"interactions": 1},
        [f"Marta Kowalczyk, {ALICE}"],
    )
    assert "2 mails had too many people" in report.skipped[0].why
    with team.database.write() as connection:
        add_contacts(
            connection, team.principal, [NewContact(name=one, emails=(Way(one),)) for one in OTHERS], NOW
        )
    assert news(good(bring(team, ("x.mbox", mbox(*crowd)), later=1))) == {"interactions": 1}
    assert [row.broadcast for row in rows(team, interaction)] == [False, True]
    with team.database.read() as connection:
        counts = connection.execute(
            select(interaction_contact.c.counts, interaction_contact.c.contact_id)
        ).all()
    assert sum(counted for counted, _ in counts) == 1


def test_people_not_here_are_offered_by_how_often_and_brought_in_on_request(team: World) -> None:
    mails = [mail(number, From="New One <new@x.example>") for number in range(3)] + [
        mail(9, From=ALICE, To="b@x.example")
    ]
    (report,) = good(bring(team, ("x.mbox", mbox(*mails))))
    assert news([report]) == {}
    assert [(one.where, one.question.split(",")[0]) for one in report.uncertain] == [
        ("new@x.example", "Seen 3 times"),
        ("b@x.example", "Seen once"),
    ]
    (report,) = good(bring(team, ("x.mbox", mbox(*mails)), add_people=True))
    assert (news([report]), report.names) == ({"contacts": 2, "interactions": 4}, ["New One", "b@x.example"])
    brought = [row for row in rows(team, contact) if row.name == "New One"]
    assert [(row.kind, row.tier) for row in brought] == [("other", "none")]


def test_the_page_lets_people_be_ticked_one_by_one(team: World) -> None:
    browser = client(team, team.user("Carol Ames"))
    mails = [
        mail(1, From="New One <new@x.example>"),
        mail(2, From="N <new@x.example>"),
        mail(3, From="New One <new@x.example>"),
    ]
    data = mbox(*mails, mail(4, From="other@x.example"), mail(5))
    preview = browser.post("/import", files=[("files", ("x.mbox", data))]).headers["location"]
    page = browser.get(preview).text
    assert "Two people not among yours" in page
    assert page.index("New One") < page.index("other@x.example")
    assert "<h2" in page
    assert browser.post(f"{preview}/apply", data={"people": "new@x.example"}).status_code == 303
    assert [row.name for row in rows(team, contact)] == ["Marta Kowalczyk", "Daniel Osei", "New One"]
    assert count(team, interaction) == 4


# Whose mail it is.


def test_an_address_nobody_said_is_theirs_is_asked_about_and_then_known(team: World) -> None:
    old = "alice@old.example"
    data = mbox(*(mail(number, To=old) for number in range(4)), mail(8, From=old, To=MARTA))
    (report,) = good(bring(team, ("x.mbox", data)))
    assert (news([report]), report.maybe_mine) == ({}, old)
    assert "Is this address yours? It is in 5 of those 5 mails." in report.uncertain[0].question
    reports = good(bring(team, ("x.mbox", data), mine=[old]))
    assert (news(reports), {way for _, way, *_ in log(team)}) == (
        {"interactions": 5},
        {"inbound", "outbound"},
    )


def test_the_page_asks_whose_address_it_is_and_remembers(team: World) -> None:
    browser = client(team, team.user("Carol Ames"))
    data = mbox(*(mail(number, To="carol@old.example") for number in range(4)))
    sent = browser.post("/import", files=[("files", ("x.mbox", data))])
    preview = sent.headers["location"]
    page = browser.get(preview).text
    assert "Is this address yours?" in page
    assert 'value="carol@old.example"' in page
    assert "First say whether the address above is yours." in page
    assert "already here" not in page
    assert browser.post(f"{preview}/mine", data={"mine": "nonsense"}).status_code == 422
    again = browser.post(f"{preview}/mine", data={"mine": "carol@old.example"})
    assert again.status_code == 303
    assert "Import 4 interactions" in browser.get(again.headers["location"]).text
    with team.database.read() as connection:
        assert ["carol@old.example"] in [
            words[2:] for words in own_words(connection, team.principal).values()
        ]
    assert browser.get(preview).status_code == 404


# Each mail once.

MAILS = [
    mail(1),
    mail(2, From=ALICE, To=MARTA, Cc=DANIEL),
    mail("", Message_ID="", Subject="No id", body="From the start\n\n>From quoted\nHi"),
    mail("", Message_ID="", From=DANIEL, Subject="=?utf-8?q?Gr=C3=BC=C3=9Fe?="),
    mail(5, "List-Id: <x>"),
    mail(6, Date="yesterday"),
    mail(7, From=ALICE, To=MARTA),
    mail(7, f"Bcc: {DANIEL}", From=ALICE, To=MARTA, Subject="[extern] Review"),
    mail(8, From="new@x.example"),
    mail(9, Cc=", ".join(OTHERS)),
]


def test_the_same_mails_by_any_way_and_in_any_order_end_in_the_same_log(world: World, tmp_path: Path) -> None:
    order = random.Random(3).sample(MAILS, len(MAILS))
    ways: list[list[tuple[str, str | bytes | Path]]] = [
        [("a.mbox", mbox(*MAILS))],
        [("a.mbox", mbox(*reversed(MAILS)).replace("\n", "\r\n"))],
        [("Maildir", maildir(tmp_path / "Maildir", order))],
        [("m.zip", zipped({f"{number}.eml": one for number, one in enumerate(order)}))],
        [
            *((f"{number}.eml", one) for number, one in enumerate(order[:4])),
            ("r.mbox", mbox(*MAILS[2:])),
            ("s.mbox", mbox(*MAILS[:6])),
        ],
    ]  # fmt: skip
    found = []
    for number, files in enumerate(ways):
        team = World.create(world.database, f"Team {number}")
        with world.database.write() as connection:  # an address is one user's, whichever team it is
            connection.execute(user.update().values(email=user.c.email + f".{number}"))
        peopled(team)
        parsed = [_read(*file) for file in files]
        reports = good(apply(team.database, team.principal, parsed, NOW))
        assert summed(reports, "new") == {"interactions": 5}
        again = good(apply(team.database, team.principal, parsed[::-1], NOW))
        assert summed(again, "new") == summed(again, "changed") == {}
        found.append(log(team))
    assert all(one == found[0] for one in found[1:])
    assert ("11-02 09:00", "outbound", "Review", f"Daniel Osei, Marta Kowalczyk, {ALICE}") in found[0]


def _read(name: str, content: str | bytes | Path) -> ParsedFile:
    folder = content if isinstance(content, Path) else None
    data = content.encode() if isinstance(content, str) else content if isinstance(content, bytes) else b""
    return read_feed(MAIL, BytesIO(data), name, FeedSetting(ZoneInfo("UTC"), NOW, folder=folder))


def test_a_folder_is_read_in_a_process_of_its_own(team: World, tmp_path: Path) -> None:
    folder = maildir(tmp_path / "Maildir", MAILS)
    reading = Reading(team.zone, NOW, ("email", "meeting"))
    (report,) = good(apply(team.database, team.principal, read_all([Given("Maildir", folder)], reading), NOW))
    assert (report.kind, news([report])) == ("mail", {"interactions": 5})
    empty = tmp_path / "empty"
    empty.mkdir()
    (refused,) = read_all([Given("empty", empty)], reading)
    assert isinstance(refused, FileReport)
    assert refused.errors[0].message == "There is no mail in this folder. Give the files in it instead."


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_copies_that_differ_are_one_mail_in_any_order_of_files(team: World, order: tuple[int, ...]) -> None:
    copies = [
        mail(7, From=ALICE, To=MARTA),
        mail(7, f"Bcc: {DANIEL}", From=ALICE, To=MARTA),
        mail(7, From=ALICE, To=MARTA, Subject="[extern] Review"),
    ]
    for number in order:
        bring(team, (f"{number}.eml", copies[number]))
    assert log(team) == [("11-02 09:00", "outbound", "Review", f"Daniel Osei, Marta Kowalczyk, {ALICE}")]


def test_text_once_kept_is_not_lost_by_an_import_without(team: World) -> None:
    bring(team, ("x.mbox", mbox(mail(1))))
    kept(team, mbox(mail(1, body="Long words")), later=1)
    bring(team, ("x.mbox", mbox(mail(1))), later=2)
    assert [row.note for row in rows(team, interaction)] == ["Long words"]


# What people did stays; and all of it can be taken back.


def test_what_somebody_changed_or_deleted_here_survives(team: World) -> None:
    bring(team, ("x.mbox", mbox(mail(1, Cc=DANIEL), mail(2))))
    first, second = rows(team, interaction)
    marta = next(row.id for row in rows(team, contact) if row.name.startswith("Marta"))
    mine = Entry(first.occurred_at, "email", (marta,), "mutual", summary="Ours")
    with team.database.write() as connection:
        edit_interaction(connection, team.principal, first.id, mine, NOW)
        delete_interaction(connection, team.principal, second.id, NOW)
    again = good(bring(team, ("x.mbox", mbox(mail(2), mail(1, Cc=DANIEL))), later=1))
    assert (news(again), [entry[:3] for entry in log(team)]) == ({}, [("11-02 09:00", "mutual", "Ours")])


def test_undo_takes_everything_back_but_what_was_added_to(team: World) -> None:
    data = mbox(mail(1), mail(2, From="new@x.example"), mail(3, From="other@x.example"))
    (report,) = good(bring(team, ("x.mbox", data), add_people=True))
    assert (news([report]), report.batch_id) == ({"contacts": 2, "interactions": 3}, report.batch_id)
    other = next(row.id for row in rows(team, contact) if row.name == "other@x.example")
    with team.database.write() as connection:
        log_interaction(connection, team.principal, Entry(NOW, "phone", (other,)), NOW)
        undo(connection, team.principal, report.batch_id or 0, NOW)
    assert ([row.channel for row in rows(team, interaction)], count(team, contact)) == (["phone"], 3)
    assert news(good(bring(team, ("x.mbox", data), later=1))) == {"interactions": 2}


def test_trying_writes_nothing(team: World) -> None:
    (report,) = good(bring(team, ("x.mbox", mbox(mail(1))), dry_run=True))
    assert (news([report]), count(team, interaction)) == ({"interactions": 1}, 0)


def test_mail_of_somebody_who_died_is_history_and_suggests_nothing(team: World) -> None:
    died = datetime(2026, 11, 10).date()
    with team.database.write() as connection:
        connection.execute(
            contact.update()
            .where(contact.c.name == "Marta Kowalczyk")
            .values(deceased_on=died, tier="key", kind="partner")
        )
    bring(
        team,
        (
            "x.mbox",
            mbox(*(mail(number, Date=f"Mon, {number:02} Oct 2026 10:00:00 +0000") for number in range(1, 9))),
        ),
    )
    assert count(team, interaction) == 8
    with team.database.read() as connection:
        assert flags(connection, team.principal, NOW) == []


def test_a_mailbox_that_is_only_written_to_by_bcc_logs_who_wrote_and_to_whom(team: World) -> None:
    sent = mail(1, From=f"Alice <{ALICE}>", To=f"Marta <{MARTA}>", Delivered_To="log@team.example")
    good(bring(team, ("Log.mbox", mbox(sent))))
    assert log(team) == [("11-02 09:00", "outbound", "Review", f"Marta Kowalczyk, {ALICE}")]


def test_whoever_is_here_by_name_alone_gets_the_email_and_is_no_second_person(world: World) -> None:
    """A phone's address book has the number, the mailbox the address."""
    world.user()
    hugo = world.contact("Hugo Sato")
    named = mail(1, From="Hugo Sato <hugo@x.example>")
    (report,) = good(bring(world, ("a.mbox", mbox(named)), add_people=True))
    assert (news([report]), report.changed["contacts"]) == ({"interactions": 1}, 1)
    assert [(row.contact_id, row.value) for row in rows(world, contact_email)] == [(hugo, "hugo@x.example")]
    with world.database.write() as connection:
        undo(connection, world.principal, report.batch_id or 0, NOW)
    assert (count(world, contact), rows(world, contact_email)) == (1, [])


def test_whoever_has_another_email_is_somebody_else_of_that_name(world: World) -> None:
    world.user()
    for number, email in enumerate(("hugo@x.example", "other@y.example")):
        good(bring(world, ("a.mbox", mbox(mail(number, From=f"Hugo Sato <{email}>"))), add_people=True))
    assert [row.name for row in rows(world, contact)] == ["Hugo Sato", "Hugo Sato"]
