# ruff: noqa: E501 (headers as other programs write them)
"""Address books of other programs as CSV: read by the names of their columns, or by what a person says they are."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from crm.cli import app
from crm.imports.columns import fingerprint
from crm.imports.records import ContactRecord, Occasion, ParsedFile, PostalAddress, UnreadableFile
from crm.imports.sniff import read_file
from crm.imports.tables import LEFT_OPEN_LIMIT
from crm.storage.tables import contact, import_mapping
from tests.builders import World
from tests.imports.files import bring, count, good, news, rows, summed
from tests.imports.test_import_pages import send
from tests.web.site import client

GOOGLE_OLD = """\
Name,Given Name,Additional Name,Family Name,Yomi Name,Birthday,Notes,Group Membership,E-mail 1 - Type,E-mail 1 - Value,E-mail 2 - Type,E-mail 2 - Value,Phone 1 - Type,Phone 1 - Value,Address 1 - Type,Address 1 - Formatted,Address 1 - Street,Address 1 - City,Address 1 - Postal Code,Address 1 - Country,Organization 1 - Type,Organization 1 - Name,Organization 1 - Title
Liam Byrne,Liam,,Byrne,, --03-14,Rows,* myContacts ::: Rowing,* Home,liam@home.example ::: l@home.example,Work,liam@carrick.example,Mobile,+1 860 555 0119,Home,"1 High St
Hartford, CT 06103",1 High St,Hartford,06103,USA,,Carrick,Head of Claims
"""
GOOGLE_NEW = """\
First Name,Middle Name,Last Name,Birthday,Notes,Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value,Address 1 - Label,Address 1 - Street,Address 1 - City,Address 1 - Postal Code,Address 1 - Country,Organization Name,Organization Title
Liam,,Byrne,1979-03-14,Rows,Rowing ::: * myContacts,* Work,liam@carrick.example,Mobile,+1 860 555 0119,Home,1 High St,Hartford,06103,USA,Carrick,Head of Claims
"""
OUTLOOK = """\
"Title","First Name","Middle Name","Last Name","Company","Job Title","Home Street","Home City","Home Postal Code","Home Country/Region","Business Fax","Business Phone","Mobile Phone","Anniversary","Birthday","Categories","E-mail Address","E-mail Display Name","E-mail 2 Address","Notes"
"Dr.","Jürgen","","Haas","Haas & Söhne","Owner","Weg 1","Köln","50667","Germany","+49 221 1","+49 221 2","+49 170 3","5/20/2001","12/31/1970","VIP;Wine","haas@haas.example","Jürgen","h@home.example","Likes tea"
"","Ana","","Ruiz","","","","","","","","","","0/0/00","0/0/00","","ana@x.example","","",""
"""
LINKEDIN = """\
Notes:
"When exporting your connection data, you may notice that some of the email addresses are missing."

First Name,Last Name,URL,Email Address,Company,Position,Connected On
Kwame,Mensah,https://www.linkedin.com/in/kwame,,Accra Foods,Buyer,12 Nov 2026
"""
HUBSPOT = """\
Record ID,First Name,Last Name,Email,Phone Number,Associated Company,Job Title,Lifecycle Stage,City,Create Date
1,Ruth,Abernathy,ruth@lowell.example,(860) 555-0123,Lowell,CFO,lead,Lowell,2026-01-02 10:00
"""
GERMAN = "Vollständiger Name;E-Mail;Firma;Geburtstag;Ort\nAna Ruiz;ana@x.example;Fernhill;27.07.1980;Madrid\n"
ODD = "Person;Post\nAna Ruiz;ana@x.example\nBen Ode;ben@x.example\n"


def read(text: str | bytes, **options: Any) -> ParsedFile:
    data = text if isinstance(text, bytes) else text.encode()
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return read_file("book.csv", data, zone=ZoneInfo("UTC"), now=at, channels=("email",), **options)


def people(text: str | bytes, **options: Any) -> list[ContactRecord]:
    return [one for one in read(text, **options).records if isinstance(one, ContactRecord)]


def test_google_in_its_old_and_its_new_header() -> None:
    (old,), (new,) = people(GOOGLE_OLD), people(GOOGLE_NEW)
    for one in (old, new):
        assert (one.name, one.given_name, one.family_name) == ("Liam Byrne", "Liam", "Byrne")
        assert (one.organisation, one.title, one.tags) == ("Carrick", "Head of Claims", ("Rowing",))
        assert (one.city, one.country, one.phones) == ("Hartford", "USA", ("+1 860 555 0119",))
        assert dict(one.labels)["liam@carrick.example"] == "work"
        assert dict(one.labels)["+1 860 555 0119"] == "mobile"
    assert old.emails == ("liam@home.example", "l@home.example", "liam@carrick.example")
    assert (old.birthday, new.birthday) == ("--03-14", "1979-03-14")
    assert old.addresses == (PostalAddress("1 High St\nHartford, CT 06103", "home"),)
    assert new.addresses == (PostalAddress("1 High St\nHartford 06103\nUSA", "home"),)


def test_outlook_in_the_letters_of_western_windows() -> None:
    haas, ana = people(OUTLOOK.encode("cp1252"))
    assert (haas.name, haas.title, haas.organisation) == ("Jürgen Haas", "Owner", "Haas & Söhne")
    assert (haas.birthday, haas.occasions) == ("1970-12-31", (Occasion("anniversary", "2001-05-20"),))
    assert haas.phones == ("+49 221 2", "+49 170 3")
    assert (haas.emails, haas.tags) == (("haas@haas.example", "h@home.example"), ("VIP", "Wine"))
    assert (ana.birthday, ana.occasions) == (None, ())
    assert "Business Fax" in read(OUTLOOK).skipped[0].why


def test_linkedin_with_its_notes_before_the_header() -> None:
    (kwame,) = people(LINKEDIN)
    assert (kwame.name, kwame.organisation, kwame.title) == ("Kwame Mensah", "Accra Foods", "Buyer")
    assert kwame.where == "book.csv line 5"


def test_hubspot_and_a_german_one() -> None:
    (ruth,) = people(HUBSPOT)
    assert (ruth.name, ruth.emails, ruth.organisation) == (
        "Ruth Abernathy",
        ("ruth@lowell.example",),
        "Lowell",
    )
    (ana,) = people(GERMAN)
    assert (ana.name, ana.organisation, ana.birthday, ana.city) == (
        "Ana Ruiz",
        "Fernhill",
        "1980-07-27",
        "Madrid",
    )


@pytest.mark.parametrize(
    "book",
    [
        "Titre;Prénom;Nom;Société;Rue (bureau);Ville (bureau);Code postal (bureau);Pays/Région (bureau);Téléphone (bureau)"
        ";Adresse de messagerie\nM.;Ana;Ruiz;Fernhill;Rue 1;Paris;75001;France;01 23;ana@x.example\n",
        "Vorname,Nachname,Firma,Straße geschäftlich,Ort geschäftlich,Postleitzahl geschäftlich,Land/Region geschäftlich,"
        "Mobiltelefon,E-Mail-Adresse\nAna,Ruiz,Fernhill,Rue 1,Paris,75001,France,01 23,ana@x.example\n",
        "First Name,Last Name,Account Name,Mailing Street,Mailing City,Mailing Zip/Postal Code,Mailing Country,Phone,Email\n"
        "Ana,Ruiz,Fernhill,Rue 1,Paris,75001,France,01 23,ana@x.example\n",
        "Nome;Cognome;Azienda;Via (uff.);Città (uff.);CAP (uff.);Paese (uff.);Cellulare;Indirizzo posta elettronica\n"
        "Ana;Ruiz;Fernhill;Rue 1;Paris;75001;France;01 23;ana@x.example\n",
    ],
    ids=["French Outlook", "German Outlook", "Salesforce", "Italian Outlook"],
)
def test_columns_of_other_languages_and_programs(book: str) -> None:
    (one,) = people(book)
    assert (one.name, one.organisation, one.city, one.country) == ("Ana Ruiz", "Fernhill", "Paris", "France")
    assert (one.emails, one.phones) == (("ana@x.example",), ("01 23",))
    assert [address.text for address in one.addresses] == ["Rue 1\nParis 75001\nFrance"]


def test_events_of_google_keep_what_they_are() -> None:
    head = "First Name,Event 1 - Label,Event 1 - Value,Event 2 - Label,Event 2 - Value"
    (one,) = people(f"{head}\nAna,Anniversary,2010-06-07,First order,2019-02-03\n")
    assert one.occasions == (
        Occasion("anniversary", "2010-06-07"),
        Occasion("other", "2019-02-03", "first order"),
    )


MACHINES = """\
Name,E-mail,Phone
,no-reply@helpline.example,
Docs,comments-noreply@docs.example,
Ana Ruiz,ana@x.example,
Till,no-reply@till.example,+1 860 555 0123
"""


def test_an_address_behind_which_nobody_sits_is_no_person() -> None:
    assert [one.name for one in people(MACHINES)] == ["Ana Ruiz", "Till"]
    assert [(one.where, one.why) for one in read(MACHINES).skipped] == [
        (
            "book.csv line 2",
            "“no-reply@helpline.example” is an address nobody reads, and was left out.",
        ),
        (
            "book.csv line 3",
            "All the file says of Docs is “comments-noreply@docs.example”, an address nobody reads, so they were left "
            "out.",
        ),
    ]


NAMELESS = """\
First name,Last name,Email,Company,Phone
,,orphan@nowhere.example,Nowhere,
,,,Pizzeria Roma,+1 860 555 0123
,,,,+1 860 555 0199
Ana,Ruiz,,Fernhill,12
"""


def test_an_organisation_is_not_the_name_of_a_person(world: World) -> None:
    found = read(NAMELESS)
    assert [one.name for one in people(NAMELESS)] == ["orphan@nowhere.example", "Ana Ruiz"]
    assert [(one.where, one.why) for one in found.skipped] == [
        ("book.csv line 3", "No name and no email, only “Pizzeria Roma”."),
        ("book.csv line 4", "No name and no email. There is nobody to keep."),
    ]
    assert [(one.where, one.question) for one in found.uncertain] == [
        ("book.csv line 5", "“12” is kept as a phone number. Is it one?")
    ]
    browser = client(world, world.user())
    preview = send(browser, ("book.csv", NAMELESS))
    assert "Bring it in anyway: Pizzeria Roma" in browser.get(preview).text
    browser.post(f"{preview}/apply", data={"people": "Pizzeria Roma"})
    assert {row.name for row in rows(world, contact)} == {
        "orphan@nowhere.example",
        "Ana Ruiz",
        "Pizzeria Roma",
    }


TIERED = """Full Name,E-mail,Tier,Kind
Ana Ruiz,ana@x.example,KEY,Customer
Ben Ode,ben@x.example,gold,
Cy Dee,cy@x.example,,
"""


def test_a_column_may_say_the_tier(world: World) -> None:
    found = read(TIERED)
    assert [(one.where, one.why) for one in found.skipped] == [
        ("book.csv line 3", "“gold” is not a tier and was left out; expected key, regular, warm or none.")
    ]
    bring(world, ("book.csv", TIERED))
    kept = {row.name: (row.tier, row.kind) for row in rows(world, contact)}
    assert kept == {
        "Ana Ruiz": ("key", "customer"),
        "Ben Ode": ("none", "other"),
        "Cy Dee": ("none", "other"),
    }


def test_a_day_that_may_be_two_is_asked_about_unless_another_tells() -> None:
    rows_ = ["First Name,Last Name,Birthday", "A,B,3/12/1979"]
    found = read("\n".join(rows_))
    assert "1979-12-03 or 1979-03-12" in found.uncertain[0].question
    assert found.records[0].birthday is None  # type: ignore[union-attr]
    assert people("\n".join([*rows_, "C,D,13/12/1979"]))[0].birthday == "1979-12-03"
    assert people("\n".join([*rows_, "C,D,12/13/1979"]))[0].birthday == "1979-03-12"


def test_anniversaries_are_asked_about_and_listed_as_birthdays_are() -> None:
    found = read("First Name,Anniversary\nAna,3/12/2001\nBen,some day\nCleo,0/0/00\nDora,2001-12-03\n")
    assert [one.occasions for one in found.records if isinstance(one, ContactRecord)] == [
        (),
        (),
        (),
        (Occasion("anniversary", "2001-12-03"),),
    ]
    assert [(one.where, "2001-12-03 or 2001-03-12" in one.question) for one in found.uncertain] == [
        ("book.csv line 2", True)
    ]
    assert [(one.where, one.why) for one in found.skipped] == [
        ("book.csv line 3", "“some day” is not a valid anniversary and was left out.")
    ]


def test_which_number_comes_first_in_birthdays_holds_for_anniversaries() -> None:
    book = "Name,E-mail,Birthday,Anniversary\nAna,ana@x.example,1/2/1980,3/12/2001\n"
    fields = ["name", "email", "birthday_day_first", "anniversary"]
    header = ("Name", "E-mail", "Birthday", "Anniversary")
    (one,) = people(book, mappings={fingerprint(header): fields})
    assert (one.birthday, one.occasions) == ("1980-02-01", (Occasion("anniversary", "2001-12-03"),))


def test_a_fax_is_a_note_and_a_number_that_is_too_long_is_told_alone() -> None:
    head = "First Name,Phone 1 - Type,Phone 1 - Value,Phone 2 - Type,Phone 2 - Value,Notes"
    found = read(f"{head}\nAna,Work Fax,12 ::: +49 30 5,Mobile,{'9' * 101},Likes tea\n")
    (ana,) = (one for one in found.records if isinstance(one, ContactRecord))
    assert (ana.phones, ana.notes) == ((), "Likes tea\nFax 12\nFax +49 30 5")
    assert found.uncertain == ()
    assert ["too long for a phone number" in one.why for one in found.skipped] == [True]


def test_what_is_too_long_or_unknown_is_left_out_and_told() -> None:
    head = "Name,E-mail,Notes,Address,City,Kind,Tags,Time Zone"
    long = [size * "x" for size in (100_001, 1_001, 1_001, 41, 81)]
    found = read(f"{head}\nAna,ana@x.example,{','.join(long)};short,Mars/Olympus\n")
    (ana,) = (one for one in found.records if isinstance(one, ContactRecord))
    assert (ana.notes, ana.addresses, ana.city, ana.kind, ana.tags, ana.time_zone) == (
        None,
        (),
        None,
        None,
        ("short",),
        None,
    )
    told = sorted(one.why.partition(" ")[2] if one.why[0] == "“" else one.why for one in found.skipped)
    assert told == [
        "The note is longer than 100,000 characters and was left out.",
        "is longer than 1,000 characters and was left out.",
        "is longer than 1,000 characters and was left out.",
        "is longer than 40 characters and was left out.",
        "is longer than 80 characters and was left out.",
        "is not a time zone such as Europe/Berlin, and was left out.",
    ]


def test_a_formula_is_text_and_is_named_with_its_line() -> None:
    found = read("First Name,E-mail Address,Notes\nAna,a@b.org,=1+1\nBo,b@b.org,+49 30\nCy,c@b.org,=2\n")
    assert [record.notes for record in found.records if isinstance(record, ContactRecord)] == [
        "=1+1",
        "+49 30",
        "=2",
    ]
    assert [each.where.partition(" ")[2] for each in found.uncertain] == ["line 2"]


def test_what_a_spreadsheet_keeps_as_text_is_the_text() -> None:
    found = read(
        '="First Name","=""E-mail Address""",="Phone 1 - Value"\n="Ana",a@b.org,="0171 2345"\nBo,b@b.org,"=""0171 ::: 0172"""\n'
    )
    ana, bo = (record for record in found.records if isinstance(record, ContactRecord))
    assert (ana.name, ana.phones, bo.phones) == ("Ana", ("0171 2345",), ("0171", "0172"))
    assert found.uncertain == ()


def test_the_exchange_format_stays_itself() -> None:
    assert read("name,email,phone\nAna,a@x.example,1\n").kind == "contacts"
    assert read("contact,kind,date,yearly,label\nAna,birthday,1980-01-02,,\n").kind == "dates"
    with pytest.raises(UnreadableFile, match="contacts need the column name"):
        read(ODD)


def test_one_person_from_two_address_books_in_either_order(world: World) -> None:
    bring(world, ("old.csv", GOOGLE_OLD), ("new.csv", GOOGLE_NEW))
    other = World.create(world.database, "Another team")
    bring(other, ("new.csv", GOOGLE_NEW), ("old.csv", GOOGLE_OLD))
    for team in (world, other):
        again = good(bring(team, ("old.csv", GOOGLE_OLD), ("new.csv", GOOGLE_NEW)))
        assert (news(again), summed(again, "changed"), count(team, contact)) == ({}, {}, 1)
    left, right = (
        {(row.name, row.title, row.city) for row in rows(team, contact)} for team in (world, other)
    )
    assert left == right


def test_what_columns_mean_is_said_once_and_remembered(world: World) -> None:
    browser = client(world, world.user())
    preview = send(browser, ("odd.csv", ODD))
    page = browser.get(preview).text
    assert "Person" in page
    assert "Read it this way" in page
    answer = browser.post(f"{preview}/columns", data={"file": "0", "fields": ["name", "email"]})
    assert answer.status_code == 303
    assert "Import 2 people" in browser.get(answer.headers["location"]).text
    browser.post(answer.headers["location"] + "/apply")
    assert count(world, contact) == 2
    assert "Everything in these files is already here." in browser.get(send(browser, ("odd.csv", ODD))).text
    for bad in ({"file": "7", "fields": ["name", "email"]}, {"file": "0", "fields": ["name"]}):
        preview = send(browser, ("odd.csv", ODD))
        assert browser.post(f"{preview}/columns", data=bad).status_code == 422


def test_columns_are_said_on_the_command_line(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CRM_DATA_DIR", str(tmp_path))
    (tmp_path / "odd.csv").write_text(ODD)
    run = CliRunner().invoke
    refused = run(app, ["import", str(tmp_path / "odd.csv"), "--map", "Person=boss"])
    assert refused.exit_code != 0
    first = run(app, ["import", str(tmp_path / "odd.csv"), "--map", "person=name", "--map", "Post=email"])
    assert (first.exit_code, "2 contacts new" in first.output) == (0, True)
    again = run(app, ["import", str(tmp_path / "odd.csv")])
    assert (again.exit_code, "2 contacts unchanged" in again.output) == (0, True)


def test_another_team_remembers_for_itself(world: World) -> None:
    browser = client(world, world.user())
    preview = send(browser, ("odd.csv", ODD))
    browser.post(f"{preview}/columns", data={"file": "0", "fields": ["name", "email"]})
    assert (count(world, import_mapping), count(World.create(world.database, "B"), import_mapping)) == (1, 0)


def test_an_open_quotation_mark_keeps_what_came_before() -> None:
    text = 'First Name,Last Name\nA,B\nC,"' + "x" * 200_000
    found = read(text)
    assert (len(found.records), "left open" in found.skipped[0].why) == (1, True)


BOOKS = [
    one.encode(code) for one in (GOOGLE_OLD, OUTLOOK, LINKEDIN) for code in ("utf-8-sig", "utf-16", "cp1252")
]


def sentences(raw: bytes) -> list[str]:
    """Whatever is said about a file that may be damaged."""
    try:
        found = read(raw)
    except UnreadableFile as refused:
        return [refused.sentence]
    return [one.why for one in found.skipped] + [one.message for one in found.errors]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(BOOKS), st.integers(0, 10_000), st.integers(0, 255), st.integers(1, 3))
def test_a_damaged_address_book_ends_in_a_report_or_a_sentence(raw, place, byte, share) -> None:
    flipped = bytearray(raw)
    flipped[place % len(raw)] = byte
    assert all(one.endswith(".") for one in sentences(bytes(flipped[: len(raw) // share])))


@pytest.mark.parametrize("rest", ["", "Cleo,cleo@x.example,x\n" * 8_000], ids=["short", "longer than a cell"])
def test_a_quotation_mark_left_open_takes_no_other_row_with_it(rest: str) -> None:
    ana, bob = 'Ana,ana@x.example,"two\nlines"\n', 'Bob,bob@x.example,"open\n'
    found = read(f"Name,E-mail,Notes\n{ana}{bob}Dora,dora@x.example,y\n{rest}")
    names = [one.name for one in found.records if isinstance(one, ContactRecord)]
    assert (names[:2], len(names)) == (["Ana", "Dora"], 2 + rest.count("\n"))
    (left_out,) = found.skipped
    assert (left_out.where, "this row was left out" in left_out.why) == ("book.csv line 4", True)


def test_a_cell_that_is_too_long_is_said_to_be_so_and_is_no_row() -> None:
    note = "\n".join(["Eve,eve@x.example,evil"] * 6_000)
    rest = 'Dora,dora@x.example,"said ""yes"""\n'
    found = read(f'Name,E-mail,Notes\nAna,ana@x.example,"{note}"\n{rest}')
    assert [one.name for one in found.records if isinstance(one, ContactRecord)] == ["Dora"]
    assert [(one.where, one.why) for one in found.skipped] == [
        (
            "book.csv line 2",
            "A cell here is longer than 100,000 characters, so this row was left out. Shorten it and import again.",
        )
    ]
    assert found.records[0].where == "book.csv line 6002"


def test_what_is_left_open_again_and_again_ends_the_reading() -> None:
    found = read("Name,E-mail\n" + f'Bob,"{"n" * 140_000}\n' * (LEFT_OPEN_LIMIT + 10))
    assert len(found.skipped) == LEFT_OPEN_LIMIT
    assert "nothing after this line" in found.skipped[-1].why
