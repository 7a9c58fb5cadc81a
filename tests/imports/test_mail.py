"""Mail: which of it is contact, with whom and which way; each mail once, whatever it came by."""

from collections.abc import Iterable
from datetime import datetime

import pytest
from sqlalchemy import select

from crm.contacts.actions import add_contacts
from crm.contacts.drafts import NewContact, Way
from crm.imports.sniff import feed_of
from crm.storage.tables import interaction, interaction_contact
from tests.builders import World
from tests.imports.files import bring, good, news, rows

MARTA, DANIEL, ALICE = "marta@fernhill.example", "daniel@fernhill.example", "alice@team.example"


def mail(number: object = 1, *more: str, body: str = "Hello.", **said: str) -> str:
    """One mail from Marta to Alice, but for what is said; a header said to be nothing is missing."""
    headers = {
        "From": f"Marta Kowalczyk <{MARTA}>",
        "To": f"Alice <{ALICE}>",
        "Date": "Mon, 02 Nov 2026 10:00:00 +0100",
        "Subject": "Review",
        "Message-ID": f"<{number}@fernhill.example>",
        **{name.replace("_", "-"): value for name, value in said.items()},
    }
    lines = [f"{name}: {value}" for name, value in headers.items() if value]
    return "\n".join([*lines, *more, "", body, ""])


def mbox(*mails: str) -> str:
    """Mails as an mboxrd has them."""
    quoted = ["\n".join(_quoted(one)) for one in mails]
    return "".join(f"From marta@fernhill.example Mon Nov  2 10:00:00 2026\n{one}\n" for one in quoted)


def _quoted(one: str) -> Iterable[str]:
    for line in one.split("\n"):
        yield f">{line}" if line.lstrip(">").startswith("From ") else line


@pytest.fixture
def team(world: World) -> World:
    """A team of Alice, with two people."""
    world.user()
    drafts = [
        NewContact(name="Marta Kowalczyk", emails=(Way(MARTA),)),
        NewContact(name="Daniel Osei", emails=(Way(DANIEL),)),
    ]
    with world.database.write() as connection:
        add_contacts(connection, world.principal, drafts, world.now)
    return world


def log(world: World) -> list[tuple[str, str, str, int]]:
    """What is in the log: when, which way, what, and with how many."""
    with world.database.read() as connection:
        took_part: dict[int, int] = {}
        for (row_id,) in connection.execute(select(interaction_contact.c.interaction_id)):
            took_part[row_id] = took_part.get(row_id, 0) + 1
    live = [row for row in rows(world, interaction) if row.deleted_at is None]
    return sorted(
        (f"{row.occurred_at:%Y-%m-%d %H:%M}", row.direction, row.summary or "", took_part[row.id])
        for row in live
    )


def test_which_way_a_mail_went_and_with_whom(team: World) -> None:
    inbound = mail(1, Cc=DANIEL)
    outbound = mail(2, From=ALICE, To=f"{MARTA}, Daniel <{DANIEL}>", Subject="=?utf-8?b?R3LDvMOfZQ==?=")
    (report,) = good(bring(team, ("x.mbox", mbox(inbound, outbound))))
    assert news([report]) == {"interactions": 2}
    assert log(team) == [
        ("2026-11-02 09:00", "inbound", "Review", 1),
        ("2026-11-02 09:00", "outbound", "Grüße", 2),
    ]
    assert {row.channel for row in rows(team, interaction)} == {"email"}
    assert all(row.note is None for row in rows(team, interaction))


def test_one_mail_by_itself_and_in_an_mbox_is_one_record(team: World) -> None:
    assert feed_of("x.eml", mail().encode()) == "mail"
    assert news(good(bring(team, ("x.eml", mail())))) == {"interactions": 1}
    assert news(good(bring(team, ("x.mbox", mbox(mail(), mail(2))), ("y.mbox", mbox(mail(2), mail()))))) == {
        "interactions": 1
    }
    assert isinstance(rows(team, interaction)[0].occurred_at, datetime)
