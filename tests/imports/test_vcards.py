"""vCards of every age and temper: each card becomes a contact, or a sentence that says why not."""

from datetime import date

import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from crm.imports.records import ContactRecord, Occasion, ParsedFile, PostalAddress, UnreadableFile
from crm.imports.vcards import read_card_date, read_vcards
from crm.imports.writing import write_vcards


def parsed(*lines: str, version: str = "3.0", newline: str = "\r\n") -> ParsedFile:
    text = newline.join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])
    return read_vcards("friends.vcf", text.encode())


def people(found: ParsedFile) -> list[ContactRecord]:
    return [record for record in found.records if isinstance(record, ContactRecord)]


def card(*lines: str, version: str = "3.0", newline: str = "\r\n") -> ContactRecord:
    (record,) = parsed(*lines, version=version, newline=newline).records
    assert isinstance(record, ContactRecord)
    return record


def test_a_modern_card() -> None:
    marta = card(
        "FN:Marta Ruiz",
        "N:Ruiz;Marta;;;",
        "EMAIL;TYPE=home:m@example.org",
        "EMAIL;PREF=1:marta@example.org",
        'TEL;VALUE=uri;TYPE="voice,cell":tel:+34-600-1;ext=12',
        "ORG:Acme\\, Inc.;Sales",
        "TITLE:Buyer",
        "CATEGORIES:press,Madrid\\, centre",
        'ADR;TYPE=work;LABEL="1 High St^nLeeds":;;1 High St;Leeds;;LS1;UK',
        "BDAY:--0229",
        "ANNIVERSARY:20110113",
        "TZ:Europe/Madrid",
        "NOTE:likes tea\\nand walks\\; long ones",
        "UID:urn:uuid:1",
        version="4.0",
    )
    assert marta == ContactRecord(
        name="Marta Ruiz",
        given_name="Marta",
        family_name="Ruiz",
        emails=("marta@example.org", "m@example.org"),
        phones=("+34-600-1 ext. 12",),
        organisation="Acme, Inc.",
        title="Buyer",
        tags=("press", "Madrid, centre"),
        city="Leeds",
        country="UK",
        time_zone="Europe/Madrid",
        addresses=(PostalAddress("1 High St\nLeeds", "work"),),
        birthday="--02-29",
        notes="likes tea\nand walks; long ones",
        occasions=(Occasion("anniversary", "2011-01-13"),),
        uid="urn:uuid:1",
        given=marta.given,
    )
    assert {"emails", "birthday", "addresses"} <= marta.given
    assert "tier" not in marta.given


def test_an_old_card_in_quoted_printable() -> None:
    jose = card(
        "N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:Mu=F1oz;Jos=E9",
        "NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Gr=C3=BC=C3=9Fe =",
        "aus K=C3=B6ln=0D=0Aund mehr",
        "TEL;HOME;FAX:1",
        "TEL;CELL:+34 2",
        version="2.1",
    )
    assert jose.name == "José Muñoz"
    assert jose.notes == "Grüße aus Köln\nund mehr\nFax 1"
    assert jose.phones == ("+34 2",)


def test_bytes_in_another_character_set() -> None:
    data = "BEGIN:VCARD\nFN;CHARSET=windows-1250:Łukasz\nNOTE:José\nEND:VCARD\n"
    encoded = data.replace("Łukasz", "%").encode("latin-1").replace(b"%", "Łukasz".encode("cp1250"))
    (record,) = people(read_vcards("x.vcf", encoded))
    assert record.name == "Łukasz"
    assert record.notes == "José"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\r\r\n"])
def test_encodings_and_line_endings(encoding: str, newline: str) -> None:
    text = newline.join(["BEGIN:VCARD", "VERSION:3.0", "FN:Zoë", "NOTE:a lo", " ng line", "END:VCARD", ""])
    (record,) = people(read_vcards("x.vcf", text.encode(encoding)))
    assert (record.name, record.notes) == ("Zoë", "a long line")


def test_one_broken_card_does_not_lose_the_others() -> None:
    text = "BEGIN:VCARD\nFN:Ana\nEND:VCARD\n\nBEGIN:VCARD\nTEL:1\nEND:VCARD\nBEGIN:VCARD\n:;:\nnonsense\nFN:Bo\nEND:VCARD\n"
    found = read_vcards("friends.vcf", text.encode())
    assert [record.name for record in people(found)] == ["Ana", "Bo"]
    (skipped,) = found.skipped
    assert skipped.where == "friends.vcf card 2 (line 5)"
    assert skipped.why == "This card has no name, organisation or email."


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["N:Ruiz;Marta;;;"], "Marta Ruiz"),
        (["FN:", "N:;;;;", "ORG:Acme;Sales"], "Acme"),
        (["EMAIL:a@example.org"], "a@example.org"),
        (["NICKNAME:Bobby"], "Bobby"),
        (["item1.FN:Ana"], "Ana"),
        (['fn;x="open:Ana'], "Ana"),
    ],
)
def test_a_name_is_found_where_there_is_one(lines: list[str], name: str) -> None:
    assert card(*lines).name == name


def test_a_card_without_an_end_is_read_and_asked_about() -> None:
    found = read_vcards("x.vcf", b"BEGIN:VCARD\nFN:Ana\nBEGIN:VCARD\nFN:Bo\nEND:VCARD\nBEGIN:VCARD\nFN:Cy\n")
    assert [record.name for record in people(found)] == ["Ana", "Bo", "Cy"]
    assert [question.where for question in found.uncertain] == [
        "x.vcf card 1 (line 1)",
        "x.vcf card 3 (line 6)",
    ]


def test_an_assistants_card_inside_a_card_is_a_card_of_its_own() -> None:
    found = read_vcards(
        "x.vcf", b"BEGIN:VCARD\nFN:Ana\nAGENT:\nBEGIN:VCARD\nFN:Bo\nEND:VCARD\nTITLE:Boss\nEND:VCARD\n"
    )
    assert {(record.name, record.title) for record in people(found)} == {("Bo", None), ("Ana", "Boss")}
    assert not found.uncertain


def test_an_address_behind_which_nobody_sits_is_no_person() -> None:
    found = parsed("FN:Newsletter", "EMAIL:news@x.example", "EMAIL:no-reply@x.example")
    assert [one.name for one in people(found)] == ["Newsletter"]
    found = parsed("FN:Docs", "EMAIL:comments-noreply@docs.example")
    assert people(found) == []
    assert "nobody reads" in found.skipped[0].why


def test_lists_of_people_are_not_people() -> None:
    assert "list of people" in parsed("FN:Team", "X-ADDRESSBOOKSERVER-KIND:group").skipped[0].why


@pytest.mark.parametrize(
    ("line", "birthday"),
    [
        ("BDAY:1980-03-22", "1980-03-22"),
        ("BDAY:19800322", "1980-03-22"),
        ("BDAY;VALUE=date:1980-03-22", "1980-03-22"),
        ("BDAY:1980-03-22T00:00:00Z", "1980-03-22"),
        ("BDAY:--03-22", "--03-22"),
        ("BDAY:--0322", "--03-22"),
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-03-22", "--03-22"),
        ("BDAY:1604-03-22", "--03-22"),
        ("BDAY:0000-03-22", "--03-22"),
        ("BDAY:--0229", "--02-29"),
    ],
)
def test_birthdays(line: str, birthday: str) -> None:
    assert card("FN:Ana", line).birthday == birthday


@pytest.mark.parametrize("value", ["last spring", "1980-02-30", "1980-03", "9999-99-99", "٣٣٣٣-٠١-٠١"])
def test_a_birthday_that_is_no_day_is_left_out_and_said(value: str) -> None:
    found = parsed("FN:Ana", f"BDAY:{value}")
    assert people(found)[0].birthday is None
    assert found.skipped[0].where == "friends.vcf line 4"


@pytest.mark.parametrize(
    ("days", "kept", "asked"),
    [
        (("19790314", "--0314"), "1979-03-14", 0),
        (("1979-03-14", "19790314"), "1979-03-14", 0),
        (("1979-03-14", "--12-03"), None, 1),
        (("1979-03-14", "1980-03-14"), None, 1),
    ],
)
def test_of_two_birthdays_none_is_chosen_in_silence(days, kept, asked) -> None:
    found = parsed("FN:Ana", *(f"BDAY:{day}" for day in days))
    assert (people(found)[0].birthday, len(found.uncertain)) == (kept, asked)


def test_emails_and_phones_keep_what_they_are_for() -> None:
    ana = card(
        "FN:Ana",
        "TEL;TYPE=CELL:+34 600 000 001",
        "item1.TEL:+34 600 000 002",
        "item1.X-ABLabel:_$!<Main>!$_",
        "item2.EMAIL;TYPE=INTERNET:a@b.example",
        "item2.X-ABLabel:Boat",
        "EMAIL;TYPE=WORK:w@b.example",
    )
    assert dict(ana.labels) == {
        "+34 600 000 001": "mobile",
        "+34 600 000 002": "main",
        "a@b.example": "boat",
        "w@b.example": "work",
    }
    (again,) = people(read_vcards("back.vcf", write_vcards([ana])))
    assert (again.labels, again) == (ana.labels, ana)


def test_only_addresses_are_emails() -> None:
    found = parsed("FN:Ana", "EMAIL:call me", "EMAIL:mailto:a@example.org", "EMAIL:Ana <b@example.org>")
    assert people(found)[0].emails == ("a@example.org", "b@example.org")
    assert "call me" in found.skipped[0].why


def test_pictures_and_direction_marks_leave_no_trace() -> None:
    ana = card(
        "FN:Ana",
        "PHOTO;ENCODING=b;TYPE=JPEG:" + "QUJD" * 100_000,
        " QUJD",
        "TEL:\u202a+49 30\u202c",
        "NOTE:x\\",
    )
    assert ana.phones == ("+49 30",)
    assert ana.notes == "x\\"


def test_labelled_dates_of_apple_cards() -> None:
    ana = card(
        "FN:Ana",
        "item1.X-ABDATE:1990-04-30",
        "item1.X-ABLabel:_$!<Anniversary>!$_",
        "item2.X-ABDATE:2000-09-12",
        "item2.X-ABLabel:First deal",
    )
    assert ana.occasions == (
        Occasion("anniversary", "1990-04-30"),
        Occasion("other", "2000-09-12", "First deal"),
    )


def test_nothing_in_it_is_said() -> None:
    with pytest.raises(UnreadableFile, match="no vCard"):
        read_vcards("x.vcf", b"hello")


hostile = st.text("BEGIN:VCARD\nEND:;=\"'\\\t ,.FNTEL^nQUOTED-PRINTABLE\udc80\udcff0", max_size=200)


@given(hostile)
def test_no_card_crashes_the_reader(text: str) -> None:
    data = b"BEGIN:VCARD\n" + text.encode("utf-8", "surrogateescape") + b"\nEND:VCARD\n"
    found = read_vcards("x.vcf", data)
    for record in found.records:
        str(record).encode()  # no half characters


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    found = read_vcards("x.vcf", b"BEGIN:VCARD\nN;ENCODING=QUOTED-PRINTABLE;CHARSET=shift_jis:" + data)
    assert len(found.records) + sum("card" in each.where for each in found.skipped) >= 1


@given(st.text(max_size=12))
def test_card_dates_are_days_or_nothing(text: str) -> None:
    found = read_card_date(text)
    assert found is None or len(found) in (7, 10)


words = st.text(
    st.characters(categories=["L", "N", "P", "Zs"], exclude_characters="\x85"), min_size=1, max_size=20
)


@given(words.map(str.strip).filter(bool), words, words)
def test_sound_cards_read_as_vobject_reads_them(full: str, family: str, note: str) -> None:
    theirs = vobject.vCard()
    theirs.add("fn").value = full
    theirs.add("n").value = vobject.vcard.Name(family=family, given="Ana")
    theirs.add("note").value = note
    (ours,) = read_vcards("x.vcf", theirs.serialize().encode()).records
    assert isinstance(ours, ContactRecord)
    assert ours.name == full
    assert ours.family_name == (family.strip() or None)
    assert ours.notes == (note.strip() or None)


def test_the_day_somebody_died() -> None:
    assert card("FN:Ada", "DEATHDATE:18521127", version="4.0").deceased_on == date(1852, 11, 27)
    assert card("FN:Ada", "DEATHDATE:--1127", version="4.0").deceased_on is None
    assert card("FN:Ada", "DEATHDATE;VALUE=text:circa 1852", version="4.0").deceased_on is None
    written = write_vcards([ContactRecord("Ada", deceased_on=date(1852, 11, 27))])
    assert b"DEATHDATE:18521127\r\n" in written
