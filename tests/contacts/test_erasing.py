"""Somebody erased is in no text of any table, nor in the file; what others keep stays with the others."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String, Text, inspect, select, type_coerce

from crm.contacts.actions import add_contact
from crm.contacts.drafts import NewContact, Occasion, Way
from crm.contacts.erasing import erase, what_goes
from crm.contacts.merging import merge_contacts
from crm.contacts.queries import person
from crm.contacts.unmerging import undo_merge
from crm.domain.blanking import BLANK, Marks
from crm.domain.channels import by_key
from crm.errors import Forbidden, NotFound
from crm.inbox.queries import own_reply, settled
from crm.interactions.actions import Entry, edit_interaction
from crm.interactions.channel_actions import change_marks
from crm.interactions.queries import channels
from crm.storage.database import Database, new_id
from crm.storage.tables import (
    api_token,
    ask,
    channel,
    contact,
    contact_metrics,
    favour,
    idempotency_key,
    import_batch,
    import_mapping,
    import_trace,
    import_upload,
    interaction,
    interaction_contact,
    left_behind,
    left_out,
    mail_reply,
    mail_return,
    mail_stop,
    metadata,
    open_meeting,
    open_meeting_contact,
    organisation,
    outbox,
    outbox_event,
    plan,
    promise,
    removed_matter,
    response,
    rule,
    saved_view,
    signal,
    source_record,
    suggestion,
    trip,
)
from crm.storage.types import Json
from crm.storage.wiping import wipe
from tests.builders import World
from tests.web.site import client

NAME, EMAIL, PHONE = "Zéphyrine Quixworth", "zephyrine@quixworth.example", "+44 7700 900777"
CANARIES = ("quixworth", "phyrine", "7700 900777", "447700900777", "ailing", "10 downing")
"""The last two are said of the person without the name."""
REPORT = {
    "file": "people.csv",
    "names": [NAME, "Marta Kowalczyk"],
    "changes": [
        ["people.csv line 2", "Zéph (as she was)", "name", "Zéph (as she was)", NAME],
        ["people.csv line 2", "Zéph (as she was)", "addresses", "", ["10 Downing St"]],
        ["people.csv line 3", NAME, "notes", "", "Her mother is ailing"],
        ["people.csv line 4", "Marta Kowalczyk", "title", "", "CTO"],
    ],
    "birthdays": [["7 1980-05-01", "people.csv line 3", NAME, "1 May 1980 (ailing)", "2 May 1980"]],
    "columns": [["Mail", "email", EMAIL], ["Memo", "notes", "Her mother is ailing"]],
    "uncertain": [
        {"where": "people.csv line 3", "question": f"Is this {EMAIL}?"},
        {"where": "people.csv line 3, column birthday", "question": "“31.2.1990, ailing” is not a date."},
        {"where": "people.csv line 4, column birthday", "question": "“30.2.1991” is not a date."},
    ],
    "skipped": [{"where": "people.csv", "why": "Column 9 was left out."}],
}
NAMELESS = {
    *("id_counter", "sign_in_failure", "scheduler_pulse", "mail_hold", "inbox"),  # the machine's own
    *(
        "session",
        "one_time_link",
        "plan_feed",
        "address_change",
    ),  # hashes of secrets, and users' own addresses
    *(
        "workspace",
        "user",
        "organisation_tag",
        "target",
        "time_off",
    ),  # what users say of themselves and of no contact
    *(
        "synced_source",
        "own_calendar",
        "own_mailbox",
        "busy",
        "calendar_stay",
    ),  # users' calendars: sealed, without titles, cities of our table
    *(
        "contact_metrics",
        "cover",
        "interaction_contact",
        "interaction_user",
        "open_meeting_contact",
    ),  # numbers and keys
    *("kept_apart", "left_behind", "left_out"),
}


class Crowd:
    """A world in which one person is written down everywhere."""

    def __init__(self, database: Database) -> None:
        self.world = world = World.create(database)
        self.owner = world.user("Alice Meyer", role="member")
        self.colleague = world.user("Ben Ode", role="member")
        with database.write() as connection:
            self.gone = add_contact(connection, world.principal, someone(self.owner.user_id), world.now)
            twin = NewContact(name=f"{NAME} Senior", emails=(Way("old@quixworth.example"),), owner_id=0)
            other = add_contact(connection, world.principal, twin, world.now)
        self.stays = world.contact(
            "Marta Kowalczyk", notes=f"Introduced by {NAME.upper()}, Quixworth,  Zephyrine"
        )
        self.alone = world.log("lunch", 3, self.gone, note=f"{NAME} likes tea", summary="Lunch")
        self.shared = world.log("phone", 4, self.gone, self.stays, note=f"Zéphyrine and Marta; ring {PHONE}")
        self.named = world.log("email", 5, self.stays, summary=f"About {EMAIL}", note_private=True,
                               note="see Zephyrine Quixworth’s plan, (0)7700-900777")  # fmt: skip
        with database.write() as connection:
            self.put = Rows(connection, world, self)
            self.put.everywhere()
            choices = {"name": "first"}
            merge_contacts(connection, world.principal, self.gone, other, choices, world.now)


def someone(owner: int | None) -> NewContact:
    return NewContact(
        name=NAME, given_name="Zéphyrine", family_name="Quixworth", title="Quixworth heiress", owner_id=owner,
        emails=(Way(EMAIL),), phones=(Way(PHONE, "Quixworth Hall"),), addresses=(Way("1 Quixworth Lane"),),
        tags=("quixworths",), notes="Zéphyrine", dates=(Occasion("other", 5, 1, 2001, True, "Quixworth day"),),
    )  # fmt: skip


def put(connection: Any, world: World, table: Any, **values: Any) -> int:
    """Write one row of any table, past everything that would be asked."""
    row_id = new_id(connection)
    own = {"workspace_id": world.workspace_id, **({"id": row_id} if "id" in table.c else {})}
    connection.execute(table.insert(), own | values)
    return row_id


class Rows:
    """Rows that name the person, one or more of each table that can."""

    def __init__(self, connection: Any, world: World, crowd: Crowd) -> None:
        self.connection, self.world, self.crowd = connection, world, crowd

    def add(self, table: Any, **values: Any) -> int:
        return put(self.connection, self.world, table, **values)

    def everywhere(self) -> None:
        world, crowd = self.world, self.crowd
        today, now, user_id = world.today, world.now, crowd.owner.user_id
        for about in (crowd.gone, crowd.stays):
            said = {"contact_id": about, "text": f"Tell {NAME}", "author_id": user_id}
            self.add(ask, **said, opened_on=today, interaction_id=crowd.alone)
            self.add(promise, **said, by="us", made_on=today)
            self.add(signal, **said, type="praise", heard_on=today, theme=NAME)
            self.add(favour, **said, received_on=today)
            content = {"id": 1, "text": NAME, "contact_id": about}
            self.add(removed_matter, contact_id=about, record="ask", content=content, removed_at=now)
        self.plans(user_id)
        self.files(user_id)
        self.rest(user_id)

    def plans(self, user_id: int | None) -> None:
        world, crowd = self.world, self.crowd
        week = {"week": "2026-W48", "monday": world.today}
        plan_id = self.add(plan, **week, user_id=user_id, made_at=world.now, budget={"of": NAME})
        for contact_id in (crowd.gone, crowd.stays):
            shared = {"user_id": user_id, "contact_id": contact_id}
            self.add(left_out, plan_id=plan_id, **shared, reason="resting")
            row = {"monday": world.today, "position": 1, "act": "call", "reason": f"Ring {NAME}", "need": 1.0}
            told = {"made_at": world.now, "rules": [NAME], "evidence": {NAME: 1}, "slot_note": NAME}
            row_id = self.add(suggestion, plan_id=plan_id, **shared, **row, **told)
            answer = {"verb": "swap", "via": "page", "made_at": world.now, "before": {"note": NAME}}
            self.add(response, suggestion_id=row_id, **shared, **answer)
        mail: dict[str, Any] = {
            "user_id": user_id,
            "message_id": "<1@team>",
            "to_address": "alice@team.example",
            "due_at": world.now,
        }
        text: dict[str, Any] = {
            "subject": f"Ring {NAME}",
            "text": NAME,
            "html": f"<p>{NAME}",
            "headers": {"X": NAME},
        }
        ended: dict[str, Any] = {"state": "sent", "reason": NAME, "changed_at": world.now}
        for key in ("2026-W48", "2026-W40"):
            mail_id = self.add(outbox, purpose="nudge", week=key, **mail, **text, **ended)
            self.add(outbox_event, outbox_id=mail_id, state="sent", reason=NAME, at=world.now)
            came = {"message_key": f"{key} {EMAIL}", "for_good": True, "said": f"550 no {EMAIL}"}
            self.add(mail_return, outbox_id=mail_id, at=world.now, **came)
        words: dict[str, Any] = {"subject": "Zeph", "text": "Zeph is ailing", "html": "", "headers": {}}
        of_colleague = {**mail, **ended, **words, "user_id": crowd.colleague.user_id, "week": "2026-W40"}
        # A promise to them, and a list of people: of neither is a record kept.
        for purpose in ("nudge", "digest"):
            self.add(outbox, purpose=purpose, **{**of_colleague, "reason": "250 ok"})
        reply: dict[str, Any] = {"user_id": user_id, "week": "2026-W48", "part": 0, "text": f"rang {NAME}"}
        times = {"written_at": world.now, "changed_at": world.now}
        unnamed = {**reply, "text": "rang Zeph, who is ailing"}
        for key, whom, said in (("m", None, reply), ("n", self.crowd.gone, unnamed)):
            self.add(mail_reply, **said, **times, message_key=key, state="waiting", contact_id=whom)
        by_log = {"message_key": "o", "state": "logged", "contact_id": self.crowd.stays}
        self.add(mail_reply, **unnamed, **times, **by_log, interaction_id=self.crowd.alone)
        self.add(mail_stop, address="alice@team.example", said=f"550 no {EMAIL}", stopped_at=world.now)

    def files(self, user_id: int | None) -> None:
        world, crowd = self.world, self.crowd
        batch: dict[str, Any] = {"files": [f"{NAME}.vcf"], "counts": {"contacts": 1}}
        batch["report"] = [REPORT]
        batch_id = self.add(import_batch, **batch, applied_at=world.now)
        for row_id, key in ((crowd.gone, f"mine {EMAIL}"), (crowd.stays, f"theirs {EMAIL}")):
            held = {"record": "contact", "row_id": row_id, "batch_id": batch_id}
            self.add(source_record, **held, source_key=key, content_hash=f"a={EMAIL}")
            self.add(import_trace, **held, before={"notes": NAME}, after="1")
        of_removed = {"record": "ask", "row_id": 1, "batch_id": batch_id}
        self.add(source_record, **of_removed, source_key="row:1", content_hash="text=ailing")
        said = {"summary": "Lunch", "note": "Met\nZéphyrine"}
        of_log = {"record": "interaction", "row_id": crowd.shared, "batch_id": batch_id}
        for key, content in (("ical:1", json.dumps(said, ensure_ascii=False)), ("ical:2", "")):
            self.add(source_record, **of_log, source_key=key, content_hash=content)
        file: dict[str, Any] = {
            "user_id": user_id,
            "group_id": 1,
            "name": "x.vcf",
            "content": NAME,
            "created_at": world.now,
        }
        self.add(import_upload, **file)
        self.add(import_mapping, fingerprint=f"who:{EMAIL}", fields=[EMAIL], changed_at=world.now)
        both = (crowd.gone, crowd.stays)
        for who, key, title in (((crowd.gone,), "a", NAME), (both, "b", NAME), (both, "c", "With Zéphyrine")):
            meeting = {
                "source_key": f"{key} {EMAIL}" if key != "c" else key,
                "occurred_at": world.now,
                "summary": title,
                "user_id": user_id,
                "batch_id": batch_id,
            }
            meeting_id = self.add(open_meeting, **meeting)
            for contact_id in who:
                self.add(open_meeting_contact, meeting_id=meeting_id, contact_id=contact_id)

    def rest(self, user_id: int | None) -> None:
        now, today = self.world.now, self.world.today
        self.add(organisation, name="Fernhill", folded_name="fernhill", kind="other", tier="none",
                 search="", notes=f"Ask {NAME}", created_at=now)  # fmt: skip
        said = {"contact_id": self.crowd.gone, "text": "Her mother is ailing"}
        asked = {"request_hash": "of ailing", "status": 201, "body": json.dumps(said), "created_at": now}
        self.add(idempotency_key, user_id=user_id, key_hash="k", **asked)
        query = "q=Z%C3%A9phyrine+Quixworth"
        view = {"page": "people", "name": "Hers", "folded_name": "hers", "query": query}
        self.add(saved_view, user_id=user_id, **view, created_at=now)
        self.add(rule, key="own", enabled=True, position=1, definition={"label": NAME}, changed_at=now)
        self.add(api_token, token_hash="t", user_id=user_id, name=f"For {NAME}", scopes=[], created_at=now)
        self.add(trip, user_id=user_id, city=f"{NAME}'s", first_day=today, last_day=today, created_at=now)
        row = {"key": "own", "label": f"At {NAME}’s", "digital": False, "live": True, "in_person": True}
        self.add(channel, **row, by_hand=False, position=99)
        self.add(
            left_behind, interaction_id=self.crowd.shared, what="written", record="ask", row_id=1, stamp="s"
        )


def naming(world: World) -> set[str]:
    """Every table in which some text holds a canary, read column by column from the metadata."""
    found = set()
    with world.database.read() as connection:
        for table in metadata.sorted_tables:
            texts = [type_coerce(one, Text) for one in table.c if isinstance(one.type, String | Text | Json)]
            rows = connection.execute(select(*texts)).all() if texts else []
            words = "\n".join(str(value) for row in rows for value in row).casefold().replace("%c3%a9", "é")
            if any(canary in words for canary in CANARIES):
                found.add(table.name)
    return found


def erased(crowd: Crowd) -> None:
    with crowd.world.database.write() as connection:
        erase(connection, crowd.owner, crowd.gone, crowd.world.now)


def test_no_text_of_any_table_names_them(database: Database):
    crowd = Crowd(database)
    before = naming(crowd.world)
    undecided = {table.name for table in metadata.sorted_tables} - before - NAMELESS
    assert not undecided, (
        f"Say what erasing does with {undecided}: name the person there, or list it as nameless."
    )
    erased(crowd)
    assert naming(crowd.world) == set()
    schema = set(inspect(database.engine).get_table_names()) - {"alembic_version"}
    assert schema == set(metadata.tables)  # no table escapes the metadata


def test_the_file_holds_nothing_of_them(database: Database):
    crowd = Crowd(database)
    erased(crowd)
    assert wipe(database)
    if database.is_sqlite:
        path = Path(str(database.url.database))
        held = b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*")).lower()
        assert b"fernhill" in held
        assert not [canary for canary in CANARIES if canary.encode() in held]


def test_what_is_shared_stays_with_the_others(database: Database):
    crowd = Crowd(database)
    with database.read() as connection:
        goes = what_goes(connection, crowd.owner, crowd.gone)
    assert (goes.alone, goes.shared, goes.rows["ask"], goes.rows["merge"]) == (1, 1, 1, 1)
    erased(crowd)
    with database.read() as connection:
        log = connection.execute(select(interaction).order_by(interaction.c.id)).all()
        took_part = connection.execute(select(interaction_contact.c.contact_id)).scalars().all()
        hanging = connection.execute(select(ask.c.contact_id, ask.c.interaction_id)).all()
        left = connection.execute(select(left_out.c.contact_id, left_out.c.reason)).all()
        figures = connection.execute(select(contact_metrics)).mappings().one()
        people = connection.execute(select(contact.c.name, contact.c.notes)).all()
    assert [one.id for one in log] == [crowd.shared, crowd.named]
    assert log[0].note == f"{BLANK} and Marta; ring {BLANK}"
    assert (log[1].summary, log[1].note) == (f"About {BLANK}", f"see {BLANK}’s plan, {BLANK}")
    assert set(took_part) == {crowd.stays}
    assert hanging == [(crowd.stays, None)]
    assert left == [(crowd.stays, "resting")]
    assert people == [("Marta Kowalczyk", f"Introduced by {BLANK}, {BLANK}")]
    assert figures["contact_id"] == crowd.stays
    assert (figures["days_since_any"], figures["total_7"]) == (4, 2)


def contacts_counted(world: World) -> set[tuple[bool, bool]]:
    """Whether the one interaction is a broadcast, and whether it counts, for everybody who took part."""
    joined = interaction.join(interaction_contact, interaction.c.id == interaction_contact.c.interaction_id)
    with world.database.read() as connection:
        rows = connection.execute(
            select(interaction.c.broadcast, interaction_contact.c.counts).select_from(joined)
        )
        return {tuple(row) for row in rows}


def test_a_mail_to_many_stays_one_when_somebody_is_erased_whatever_is_done_to_it_later(database: Database):
    world = World.create(database)
    crowd = [world.contact(f"Guest Number{place}") for place in range(14)]
    sent = world.log("email", 3, *crowd[:13])
    with database.write() as connection:
        erase(connection, world.principal, crowd[0], world.now)
    assert contacts_counted(world) == {(True, False)}
    with database.read() as connection:
        assert person(connection, world.principal, crowd[1]).metrics["days_since_any"] is None

    with database.write() as connection:
        merge_id = merge_contacts(
            connection, world.principal, crowd[1], crowd[2], {"name": "first"}, world.now
        )
    assert contacts_counted(world) == {(True, False)}
    with database.write() as connection:
        undo_merge(connection, world.principal, merge_id, world.now)
    assert contacts_counted(world) == {(True, False)}

    entry = Entry(world.now, "email", tuple(crowd[1:13]), note="The programme of the evening")
    with database.write() as connection:
        edit_interaction(connection, world.principal, sent, entry, world.now)
    assert contacts_counted(world) == {(True, False)}

    with database.write() as connection:
        ways = by_key(channels(connection, world.principal))
        change_marks(connection, world.principal, [replace(ways["email"], live=True)], world.now)
    assert contacts_counted(world) == {(True, False)}

    with database.write() as connection:
        edit_interaction(
            connection, world.principal, sent, replace(entry, contact_ids=tuple(crowd[1:12])), world.now
        )
    assert contacts_counted(world) == {(False, True)}


def test_one_word_of_a_former_name_goes_from_what_is_shared_but_for_what_others_there_are_called(
    database: Database,
) -> None:
    world = World.create(database)
    marta, jo = world.contact("Marta Bell"), world.contact("Jo Bell")
    user_id = world.user().user_id
    before = world.contact("M. Halloran", given_name="Martina", family_name="Halloran")
    note = "Halloran will send the contract, Martina too. Quill knows. Bell rang."
    shared = world.log("lunch", 3, marta, jo, note=note)
    elsewhere = world.log("lunch", 2, jo, note="Halloran Street 4")
    with database.write() as connection:
        write = partial(put, connection, world)
        batch_id = write(import_batch, files=["a.csv"], counts={}, applied_at=world.now)
        of_log = {"record": "interaction", "row_id": shared, "batch_id": batch_id}
        write(import_trace, **of_log, before={"note": note, "summary": None}, after="1")
        write(source_record, **of_log, source_key="k", content_hash=json.dumps({"note": note}))
        of_person = {"record": "contact", "row_id": marta, "batch_id": batch_id}
        write(import_trace, **of_person, before={"name": "Marta Quill", "emails": []}, after="1")
        meeting = {"source_key": "m", "occurred_at": world.now, "summary": "Lunch with Halloran and Jo"}
        meeting_id = write(open_meeting, **meeting, batch_id=batch_id, user_id=user_id)
        for contact_id in (marta, jo):
            write(open_meeting_contact, meeting_id=meeting_id, contact_id=contact_id)
        merge_contacts(connection, world.principal, marta, before, {"name": "first"}, world.now)
        erase(connection, world.principal, marta, world.now)
    blanked = f"{BLANK} will send the contract, {BLANK} too. {BLANK} knows. Bell rang."
    with database.read() as connection:
        notes = dict(connection.execute(select(interaction.c.id, interaction.c.note)).all())
        (kept,) = connection.execute(select(import_trace.c.before)).scalars()
        (said,) = connection.execute(select(source_record.c.content_hash)).scalars()
        (title,) = connection.execute(select(open_meeting.c.summary)).scalars()
    assert notes == {shared: blanked, elsewhere: "Halloran Street 4"}
    assert (kept["note"], json.loads(said)["note"]) == (blanked, blanked)
    assert title == f"Lunch with {BLANK} and Jo"


def test_reports_of_imports_keep_what_they_say_of_others(database: Database):
    crowd = Crowd(database)
    erased(crowd)
    with database.read() as connection:
        ((said,),) = connection.execute(select(import_batch.c.report)).scalars()
    assert said["names"] == ["Marta Kowalczyk"]
    assert said["changes"] == [REPORT["changes"][3]]
    assert (said["birthdays"], said["columns"]) == ([], [])
    assert said["uncertain"] == [REPORT["uncertain"][2]]
    assert said["skipped"] == REPORT["skipped"]


def test_somebody_of_one_word_leaves_reports_by_their_whole_name_alone(world: World):
    sabine, other = world.contact("Sabine"), ["a.csv line 3", "Sabine Moll", "notes", "", "Likes tea"]
    said = {"file": "a.csv", "changes": [["a.csv line 2", "Sabine", "notes", "", "Her mother is ill"], other]}
    with world.database.write() as connection:
        batch = {"files": ["a.csv"], "counts": {}, "report": [said], "applied_at": world.now}
        own = {"workspace_id": world.workspace_id, "id": new_id(connection)}
        connection.execute(import_batch.insert(), {**own, **batch})
        erase(connection, world.principal, sabine, world.now)
        assert connection.execute(select(import_batch.c.report)).scalar_one() == [
            {**said, "changes": [other]}
        ]


def test_a_reply_about_them_is_never_taken_again_nor_shown(database: Database):
    crowd = Crowd(database)
    erased(crowd)
    with database.write() as connection:
        left = connection.execute(
            select(mail_reply.c.message_key, mail_reply.c.text, mail_reply.c.state)
        ).all()
        assert sorted(left) == [(key, "", "dropped") for key in "mno"]
        assert settled(connection, crowd.owner) == []
        with pytest.raises(NotFound):
            own_reply(connection, crowd.owner, connection.execute(select(mail_reply.c.id)).scalars().all()[0])


def test_who_may(database: Database):
    crowd = Crowd(database)
    with database.write() as connection, pytest.raises(Forbidden):
        erase(connection, crowd.colleague, crowd.gone, crowd.world.now)
    elsewhere = World.create(database, "Other").principal
    with database.write() as connection, pytest.raises(NotFound):
        erase(connection, elsewhere, crowd.gone, crowd.world.now)


def test_the_page_says_what_goes(database: Database):
    crowd = Crowd(database)
    browser = client(crowd.world, crowd.owner)
    page = browser.get(f"/people/{crowd.gone}/erase")
    assert page.status_code == 200
    assert "1 interaction with nobody else, notes included." in page.text
    assert "3 answers to the weekly mail." in page.text
    assert "The words of 4 mails to your team that may name them" in page.text
    assert "1 file waiting in an import’s preview" in page.text
    assert "1 answer kept for a program" in page.text
    assert f'href="/people/{crowd.gone}/export"' in page.text
    assert f"/people/{crowd.gone}/erase" in browser.get(f"/people/{crowd.gone}").text
    assert (
        f"/people/{crowd.gone}/erase"
        not in client(crowd.world, crowd.colleague).get(f"/people/{crowd.gone}").text
    )
    answer = browser.post(f"/people/{crowd.gone}/erase")
    assert answer.headers["location"] == "/people"
    assert browser.get(f"/people/{crowd.gone}").status_code == 404
    assert naming(crowd.world) == set()


@pytest.mark.parametrize(
    ("name", "text", "left"),
    [
        ("Ann Lee", "Ann Lee, ANN  LEE and Lee, Ann; Joann Lee; Ann Leeds, Annual", None),
        ("Seán O'Brien", "Seán O’Brien; Sean O'Brien’s; O'Brien Sean", f"{BLANK}; {BLANK}’s; {BLANK}"),
        ("王伟", "和王伟吃饭", f"和{BLANK}吃饭"),
        ("Жанна Агузарова", "Звонок: жанна агузарова", f"Звонок: {BLANK}"),
    ],
)
def test_names_are_found_however_they_are_written(name: str, text: str, left: str | None):
    marks = Marks([name])
    expected = left or f"{BLANK}, {BLANK} and {BLANK}; Joann Lee; Ann Leeds, Annual"
    assert marks.blank(text) == expected
    assert not Marks([]).tell_in(text)
