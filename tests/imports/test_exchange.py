"""Reading the exchange files: what is understood, and one clear sentence for everything that is not."""

import io
import zipfile
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain.formulas import is_formula, neutralise, restore
from crm.imports.cells import join_items, split_items
from crm.imports.records import (
    ContactRecord,
    InteractionRecord,
    ParsedFile,
    PostalAddress,
    UnreadableFile,
    identities,
    row_identity,
)
from crm.imports.sheets import SHEETS
from crm.imports.sniff import read_file
from tests.shipped import SHIPPED_KEYS

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)  # 10:30 in Berlin


def read(text: str | bytes, name: str = "anything.csv", kind: str | None = None) -> ParsedFile:
    data = text if isinstance(text, bytes) else text.encode()
    return read_file(name, data, zone=BERLIN, now=NOW, channels=SHIPPED_KEYS, kind=kind)


def people(parsed: ParsedFile) -> list[ContactRecord]:
    return [record for record in parsed.records if isinstance(record, ContactRecord)]


def touches(parsed: ParsedFile) -> list[InteractionRecord]:
    return [record for record in parsed.records if isinstance(record, InteractionRecord)]


def interaction(cells: str, header: str = "occurred_at,channel,contacts") -> InteractionRecord:
    parsed = read(f"{header}\n{cells}\n")
    assert not parsed.errors
    (record,) = parsed.records
    assert isinstance(record, InteractionRecord)
    return record


def outcome(data: bytes) -> str:
    try:
        return f"{len(read(data).records)} records."
    except UnreadableFile as refused:
        return refused.sentence


def refusal(data: str | bytes, name: str = "people.csv", kind: str | None = None) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(data, name, kind)
    return caught.value.sentence


@pytest.mark.parametrize("kind", SHEETS)
def test_each_file_is_told_by_its_full_header_whatever_its_name(kind: str) -> None:
    header = ",".join(column.name for column in SHEETS[kind].columns)
    assert read(header + "\n", "misleading-contacts.csv").kind == kind


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("occurred_at,channel,contacts", "interactions"),
        ("contacts,channel,occurred_at,mood", "interactions"),
        ("name,email", "contacts"),
        ("name,domain", "organisations"),
        ("contact,text", "asks"),
        ("contact,text,on", "favours"),
        ("contact,by,text", "promises"),
        ("contact,type,text", "signals"),
        ("contact,kind,date", "dates"),
        ("Name;E-Mail;Tier", "contacts"),
        ("name\temail", "contacts"),
    ],
)
def test_each_file_is_told_by_its_least_header(header: str, kind: str) -> None:
    assert read(header + "\n").kind == kind


def test_the_line_in_which_excel_names_the_separator_is_no_row() -> None:
    parsed = read("sep=;\r\nname;email;tier\r\nAna Ruiz;ana@x.example;gold\r\n")
    assert parsed.kind == "contacts"
    assert [problem.where for problem in parsed.errors] == ["anything.csv line 3, column tier"]


@pytest.mark.parametrize(
    ("cell", "people"),
    [
        ("Ana Ruiz <ana@x.example>", ("ana@x.example",)),
        ('"Ruiz, Ana <ana@x.example>;ben@x.example"', ("ana@x.example", "ben@x.example")),
        ('"ana@x.example, Ben <ben@x.example>"', ("ana@x.example", "ben@x.example")),
        ('"Ana @ Fernhill, Madrid"', ("Ana @ Fernhill, Madrid",)),
    ],
)
def test_people_as_mail_programs_write_them(cell: str, people: tuple[str, ...]) -> None:
    (record,) = read(f"occurred_at,channel,contacts\n2026-01-01,email,{cell}\n").records
    assert isinstance(record, InteractionRecord)
    assert record.contacts == people


def test_a_header_that_fits_two_files_is_a_question_the_person_can_answer() -> None:
    assert "organisations or contacts" in refusal("name,kind,tier\nAcme,partner,key\n")
    assert read("name,kind,tier\nAcme,partner,key\n", kind="organisations").kind == "organisations"


def test_a_foreign_table_is_refused_by_its_first_words() -> None:
    sentence = refusal("id,colour,size\n1,red,large\n")
    assert "people.csv line 1" in sentence
    assert "id,colour" in sentence


def test_a_row_of_contacts() -> None:
    parsed = read(
        "\ufeffname,email,phone,tags,tier,kind,birthday,created_on,time_zone,notes\r\n"
        'Marta Ruiz,marta@example.org; m@example.org,+34 600 1,"press;Madrid\\; centre",Key,Partner,--02-29,2024-05-01,'
        'Europe/Madrid,"likes ""tea""\nand walks"\r\n'
    )
    assert not parsed.errors
    (marta,) = parsed.records
    assert isinstance(marta, ContactRecord)
    assert marta.emails == ("marta@example.org", "m@example.org")
    assert marta.tags == ("press", "Madrid; centre")
    assert (marta.tier, marta.kind, marta.birthday) == ("key", "partner", "--02-29")
    assert marta.created_on == date(2024, 5, 1)
    assert marta.notes == 'likes "tea"\nand walks'
    assert marta.where == "anything.csv line 2"


def test_an_absent_column_and_an_empty_cell_are_told_apart() -> None:
    (ana,) = people(read("name,email,city\nAna,ana@example.org,\n"))
    assert ana.given == {"name", "emails", "city"}
    assert ana.city is None
    assert ana.title is None


def test_a_name_is_put_together_where_its_cell_is_empty() -> None:
    (ana,) = people(read("name,given_name,family_name\n,Ana,Ruiz\n"))
    assert ana.name == "Ana Ruiz"


def test_missing_columns_of_interactions_take_their_defaults() -> None:
    record = interaction("2026-11-02T12:00:00+01:00,Lunch,Ana; bo@example.org")
    assert (record.direction, record.outcome, record.users) == ("mutual", "reached", ())
    assert record.channel == "lunch"
    assert record.contacts == ("Ana", "bo@example.org")


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-11-02T12:00:00+01:00", "2026-11-02T11:00:00+00:00"),
        ("2026-11-02T12:00:00Z", "2026-11-02T12:00:00+00:00"),
        ("2026-11-02t12:00z", "2026-11-02T12:00:00+00:00"),
        ("2026-11-02 12:00 +0100", "2026-11-02T11:00:00+00:00"),
        ("2026-07-02T12:00", "2026-07-02T10:00:00+00:00"),  # no offset: the workspace's zone, here in summer
        ("2026-03-29T02:30", "2026-03-29T01:30:00+00:00"),  # skipped that night: an hour later by the clock
        ("2026-10-25T02:30", "2026-10-25T00:30:00+00:00"),  # twice that night: the first
        ("2026-11-20", "2026-11-20T11:00:00+00:00"),  # noon in Berlin
        ("2026-11-23", "2026-11-23T09:30:00+00:00"),  # noon is still ahead: now
    ],
)
def test_moments(cell: str, moment: str) -> None:
    assert interaction(f"{cell},phone,Ana").occurred_at == datetime.fromisoformat(moment)
    assert interaction(f"{cell},phone,Ana").occurred_at.tzinfo is UTC


def test_a_day_still_ahead_is_taken_as_now_and_asked_about() -> None:
    parsed = read("occurred_at,channel,contacts\n2026-12-03,lunch,Ana\n2026-11-23,phone,Ana\n")
    assert [record.occurred_at for record in touches(parsed)] == [NOW, NOW]
    assert [question.where for question in parsed.uncertain] == ["anything.csv line 2, column occurred_at"]


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("occurred_at,contacts,summary\n2026-11-02,Ana,\n", "line 1, column channel", "no column channel"),
        ("occurred_at,channel,contacts\n02/11/2026,phone,Ana\n", "line 2, column occurred_at", "02/11/2026"),
        ("occurred_at,channel,contacts\n2026-02-30,phone,Ana\n", "line 2, column occurred_at", "2026-02-30"),
        ("occurred_at,channel,contacts\n2026-11-02T25:00Z,phone,Ana\n", "line 2, column occurred_at", "T25"),
        ("occurred_at,channel,contacts\n0001-01-01T00:00Z,phone,Ana\n", "line 2, column occurred_at", "1900"),
        ("occurred_at,channel,contacts\n2026-11-02,,Ana\n", "line 2, column channel", "empty"),
        ("occurred_at,channel,contacts\n2026-11-02,phone,;\n", "line 2, column contacts", "empty"),
        ("occurred_at,channel,contacts\n2026-11-02,phone,Ana,x\n", "line 2", "4 cells"),
        ("occurred_at,channel,contacts\n2026-11-02,phone\n", "line 2", "2 cells"),
        ("occurred_at,channel,contacts,channel\n", "line 1, column channel", "twice"),
        (
            "occurred_at,channel,contacts,direction\n2026-11-02,phone,Ana,up\n",
            "line 2, column direction",
            "outbound",
        ),
        (
            "occurred_at,channel,contacts,outcome\n2026-11-02,phone,Ana,won\n",
            "line 2, column outcome",
            "attempted",
        ),
        ("name,email,tier\nAna,a@b.org,gold\n", "line 2, column tier", "key, regular, warm or none"),
        ("name,email\nAna,nobody\n", "line 2, column email", "nobody"),
        ("name,email\n,a@b.org\n", "line 2, column name", "no name"),
        ("name,domain\n,acme.org\n", "line 2, column name", "empty"),
        ("name,email,birthday\nAna,a@b.org,2023-02-29\n", "line 2, column birthday", "--MM-DD"),
        ("name,email,created_on\nAna,a@b.org,1.5.2024\n", "line 2, column created_on", "YYYY-MM-DD"),
        ("name,email,time_zone\nAna,a@b.org,Mars/Olympus\n", "line 2, column time_zone", "Europe/Berlin"),
        ("name,email,time_zone\nAna,a@b.org,../../etc/passwd\n", "line 2, column time_zone", "Europe/Berlin"),
        ("contact,by,text\nAna,me,Call\n", "line 2, column by", "us or them"),
        ("contact,type,text\nAna,gossip,Hm\n", "line 2, column type", "pain point"),
        ("contact,kind,date\nAna,jubilee,2026-01-01\n", "line 2, column kind", "renewal"),
        ("contact,kind,date,yearly\nAna,other,--05-01,no\n", "line 2, column yearly", "yearly"),
        ('name,email\n"Ana,a@b.org\n', "line 2", "quotation mark"),
        ('name,email\n"Ana"x,a@b.org\n', "line 2", "quotation mark"),
        ('name,email,notes\nBo,,"two\nlines"\nAna,x,\n', "line 4, column email", "x"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, where: str, words: str) -> None:
    errors = read(text, "mine.csv").errors
    assert [error.where for error in errors] == [f"mine.csv {where}"]
    assert words in errors[0].message
    assert errors[0].message.endswith(".")


@pytest.mark.parametrize("size", [100_001, 150_000, 2_000_000])
@pytest.mark.parametrize("quote", ["", '"'])
def test_an_enormous_cell_is_named_by_line_and_column(size: int, quote: str) -> None:
    huge = quote + "x" * size + quote
    (error,) = read(f"name,email,notes\nBo,,\nAna,a@b.org,{huge}\n").errors
    assert error.where == "anything.csv line 3, column notes"
    assert len(error.message) < 200


def test_latin_1_is_refused_with_the_line_and_what_to_do() -> None:
    sentence = refusal("name,email\nAna,a@b.org\nJosé,j@b.org\n".encode("latin-1"))
    assert "people.csv line 3" in sentence
    assert "CSV UTF-8" in sentence


def _zipped(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "<workbook/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"name,email\nA\0na,a@b.org\n", "line 2"),
        ("name,email\n".encode("utf-16"), "UTF-16"),
        (b"\x89PNG\r\n\x1a\n....", "picture"),
        (b"PK\x03\x04....", "archive is damaged"),
        (_zipped("xl/workbook.xml"), "spreadsheet"),
        (b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", "calendar"),
        (b'[{"name": "Ana"}]', "JSON"),
        (b"<html></html>", "web page"),
        (b"x" * (64 * 1024 * 1024 + 1), "64"),
        (b"name,email\n" + b"\n" * 1_000_001, "lines"),
        (b"BEGIN:VCARD\n" + b"\r" * 1_000_001, "lines"),
    ],
)
def test_hopeless_files_get_one_sentence(data: bytes, words: str) -> None:
    assert words in refusal(data, "friends.vcf")


def test_rules_are_recognised_and_handed_back_as_text() -> None:
    text = '[[rule]]\nkey = "mine"\n'
    assert (read(text, "x.txt").kind, read(text, "x.txt").text) == ("rules", text)
    assert "not valid TOML" in refusal("[[rule]\n", "rules.toml")


def test_unknown_columns_and_blank_rows_are_left_out() -> None:
    parsed = read("name,email,fax,\nAna,a@b.org,1,\n,,,\n\nBo,b@b.org,2,\n")
    assert [record.name for record in people(parsed)] == ["Ana", "Bo"]
    assert ["fax" in each.why for each in parsed.skipped] == [True, False]
    assert not parsed.errors


def test_errors_are_bounded() -> None:
    parsed = read("name,email,tier\n" + "Ana,a@b.org,gold\n" * 5_000)
    assert 100 <= len(parsed.errors) <= 102


def test_a_raw_formula_is_text_and_is_named_with_its_place() -> None:
    parsed = read('name,email,notes\n=cmd(),a@b.org,"\'=1+1"\n')
    (ana,) = people(parsed)
    assert ana.name == "=cmd()"
    assert ana.notes == "=1+1"
    assert [each.where for each in parsed.uncertain] == ["anything.csv line 2, column name"]


def test_a_column_of_formulas_is_told_once() -> None:
    rows = "".join(f'Ana {n},a{n}@b.org,"=""0171{n}""",=1+{n}\n' for n in range(200))
    parsed = read("name,email,phone,notes\n" + rows)
    assert len(parsed.records) == 200
    assert [each.where.partition(" ")[2] for each in parsed.uncertain] == ["line 2, column notes"]


def test_what_a_spreadsheet_keeps_as_text_is_the_text() -> None:
    parsed = read(
        "name,phone,birthday,notes\n"
        '"=""Ana""","=""0171 2345;0171 99""","=""1980-12-03""","=""Says """"hi"""""""\n'
        'Bo,="0049 30 1",="1981-01-02","=""a""&""b"""\n'
    )
    ana, bo = people(parsed)
    assert (ana.name, ana.phones, ana.birthday) == ("Ana", ("0171 2345", "0171 99"), "1980-12-03")
    assert ana.notes == 'Says "hi"'
    assert (bo.phones, bo.birthday, bo.notes) == (("0049 30 1",), "1981-01-02", '="a"&"b"')
    assert [each.where.partition(" ")[2] for each in parsed.uncertain] == ["line 3, column notes"]


@pytest.mark.parametrize(
    ("cell", "is_one"),
    [
        ("=1+1", True),
        ("=HYPERLINK(A1)", True),
        ("+cmd|' /C calc'!A0", True),
        ("@SUM(1+1)*2", True),
        ("-SUM(A1)", True),
        ("+49 30 (1234)", False),
        ("-", False),
        ("- likes tea (green)", False),
        ("@marta", False),
        ("=====", False),
        ("1=1", False),
    ],
)
def test_what_looks_like_a_formula(cell: str, is_one: bool) -> None:
    assert is_formula(cell) is is_one


def test_direction_marks_leave_phone_numbers() -> None:
    (ana,) = people(read("name,phone\nAna,\u202a+49 30 1\u202c\n"))
    assert ana.phones == ("+49 30 1",)


def test_several_addresses_in_a_cell() -> None:
    (ana,) = people(read('name,email,address\nAna,,"[work]\n1 High St\nLeeds\n\n2 Low St"\n'))
    assert ana.addresses == (PostalAddress("1 High St\nLeeds", "work"), PostalAddress("2 Low St"))


begins_oddly = st.builds(
    "{}{}".format, st.text("'=+-@\t\r\n", max_size=4), st.text(st.characters(codec="utf-8"), max_size=10)
)


@given(begins_oddly)
def test_neutralised_cells_come_back_and_no_spreadsheet_runs_them(cell: str) -> None:
    written = neutralise(cell)
    assert not written.startswith(tuple("=+-@\t\r\n"))
    assert restore(written) == cell


@given(st.lists(st.text(st.characters(codec="utf-8") | st.sampled_from("\\;'="), min_size=1), min_size=1))
def test_lists_come_back_from_one_cell(items: list[str]) -> None:
    assert [restore(item) for item in split_items(join_items(items))] == items


def test_identity_of_rows_counts_equal_ones_and_rests_on_what_was_written() -> None:
    header = "occurred_at,channel,contacts\n"
    row = "2026-11-02T12:00:00+01:00,lunch,Ana\n"
    same = "2026-11-02T11:00:00Z,lunch,ana\n"
    first, second, third = identities(read(header + row + same + row).records)
    assert len({first, second, third}) == 3
    assert identities(read(header + row).records) == [first]
    assert identities(read(header + row + row).records) == [first, second]
    (today,) = touches(read(header + "2026-11-23,lunch,Ana\n"))
    later = read_file(
        "x",
        (header + "2026-11-23,lunch,Ana\n").encode(),
        zone=BERLIN,
        now=NOW.replace(hour=20),
        channels=SHIPPED_KEYS,
    )
    assert today.occurred_at != touches(later)[0].occurred_at
    assert row_identity(today) == row_identity(later.records[0])


def test_a_source_id_is_the_identity() -> None:
    header = "occurred_at,channel,contacts,source_id\n"
    rows = "2026-11-02,lunch,Ana,crm-7\n2026-11-03,lunch,Bo,crm-7\n"
    assert identities(read(header + rows).records) == ["crm-7", "crm-7"]


def test_identity_is_the_same_in_every_release() -> None:
    record = InteractionRecord(datetime(2026, 11, 2, 11, tzinfo=UTC), "lunch", ("Ana",))
    assert row_identity(record) == FIXED


FIXED = "row:02ae0e41b9b93945699e31f485fab141"


@given(st.binary(max_size=300) | st.text("name,email\n;\"'\\\t=0-:TZ", max_size=80).map(str.encode))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    for start in (
        b"",
        b"name,email,notes\n",
        b"occurred_at,channel,contacts\n",
        b"contact,kind,date,yearly\n",
    ):
        assert outcome(start + data).endswith(".")


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30), min_size=9, max_size=9
    )
)
def test_any_cells_are_read_or_refused_by_column(cells: list[str]) -> None:
    header = ",".join(column.name for column in SHEETS["interactions"].columns)
    row = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    try:
        parsed = read(f"{header}\n{row}\n")
    except UnreadableFile:
        assert "\0" in row
        return
    blank = not any(cell.strip() for cell in cells)
    assert parsed.records or blank or all("line 2" in error.where for error in parsed.errors)
    assert len(parsed.records) + bool(parsed.errors) == (not blank)
