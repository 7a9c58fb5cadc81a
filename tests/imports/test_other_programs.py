# ruff: noqa: E501 (headers as other programs write them)
"""Files as the world's programs write them, in small: what each is, and whom and when it is about."""

import csv
import io
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm.domain.correspondence import reason_of_folder
from crm.imports.lettering import likeliest, text_of
from crm.imports.records import ContactRecord, ParsedFile, UnreadableFile
from crm.imports.sightings import FeedSetting
from crm.imports.sniff import read_file
from crm.imports.written_days import read_day
from tests.imports.letters import mail, mbox, zipped

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def read(name: str, content: str | bytes) -> ParsedFile:
    data = content.encode() if isinstance(content, str) else content
    setting = FeedSetting(BERLIN, NOW, mine=("Alice Doe",), own_zone=BERLIN)
    return read_file(name, data, zone=BERLIN, now=NOW, channels=("email",), feeds=setting)


def person(content: str | bytes, name: str = "book.csv") -> ContactRecord:
    (found,) = read(name, content).records
    assert isinstance(found, ContactRecord)
    return found


def moments(name: str, content: str | bytes) -> list[str]:
    found = sorted(one.occurred_at for one in read(name, content).sightings)
    return [f"{at.astimezone(BERLIN):%Y-%m-%d %H:%M}" for at in found]


# Letters of other countries.

WRITTEN = {
    "cp1252": [
        "Müller",
        "Éric Lefèvre, Café",
        "José Núñez",
        "Sjöberg Ångström",
        "£100, €5 – “said”",
        "Größe\tStraße",
    ],
    "cp1250": ["Łukasz Żak, Łódź", "Paweł Gołąb"],
    "cp1251": ["Иван Петров", "Привет"],
    "koi8-r": ["Совещание в понедельник"],
    "cp1253": ["Όνομα;Επώνυμο;Τηλέφωνο"],
    "cp1255": ["שם פרטי;שם משפחה"],
    "cp1256": ["محمد أحمد القاهرة"],
    "cp932": ["姓,名,メール,会社,電話番号"],
    "euc-kr": ["이름,회사,전화"],
    "gb18030": ["姓名,公司,电话"],
    "big5": ["姓名,公司,電話"],
    "mac-roman": ["Müller Größe"],
}


@pytest.mark.parametrize(("codec", "text"), [(one, text) for one, texts in WRITTEN.items() for text in texts])
def test_old_letters_are_told_by_what_they_say(codec: str, text: str) -> None:
    assert text.encode(codec).decode(likeliest(text.encode(codec))) == text


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_letters_of_today_are_told_for_certain(codec: str) -> None:
    mark = "\ufeff" if codec in ("utf-16-le", "utf-16-be") else ""
    assert text_of(f"{mark}BEGIN Ł".encode(codec)) == text_of("BEGIN Ł".encode(codec)) == "BEGIN Ł"


def test_a_beginning_of_a_file_is_utf_8_though_its_last_sign_is_cut() -> None:
    whole = "١٣/١٠/٢٠٢٦".encode()
    assert [text_of(whole[:-1])[:5], text_of(whole[:-2])[:5]] == ["١٣/١٠"] * 2


# Address books.


def table(*cells: tuple[str, str], delimiter: str = ",") -> str:
    made = io.StringIO(newline="")
    csv.writer(made, delimiter=delimiter).writerows(zip(*cells, strict=True))
    return made.getvalue()


ANA: dict[str, Any] = {
    "given_name": "Ana",
    "family_name": "Ruiz",
    "emails": ("ana@x.example",),
    "city": "Lugo",
}
BOOKS = {
    "Outlook in French": [("Titre", "Mme"), ("Prénom", "Ana"), ("Nom", "Ruiz"), ("Titre1", "Chef"), ("Ville (bureau)", "Lugo"), ("Téléphone (bureau)", "+33 1 22"), ("Tél. mobile", "+33 6 33"), ("Télécopie (bureau)", "+33 9"), ("Adresse de messagerie", "ana@x.example"), ("Anniversaire", "14/07/1968")],
    "Outlook in Spanish": [("Nombre", "Ana"), ("Apellidos", "Ruiz"), ("Puesto", "Chef"), ("Ciudad de trabajo", "Lugo"), ("Teléfono del trabajo", "+33 1 22"), ("Móvil", "+33 6 33"), ("Dirección de correo electrónico", "ana@x.example"), ("Cumpleaños", "14/07/1968")],
    "Outlook in Italian": [("Nome", "Ana"), ("Cognome", "Ruiz"), ("Posizione", "Chef"), ("Città (uff.)", "Lugo"), ("Ufficio", "+33 1 22"), ("Cellulare", "+33 6 33"), ("Indirizzo posta elettronica", "ana@x.example"), ("Compleanno", "14/07/1968")],
    "Outlook in Dutch": [("Voornaam", "Ana"), ("Achternaam", "Ruiz"), ("Functie", "Chef"), ("Werkadres, plaats", "Lugo"), ("Telefoon op werk", "+33 1 22"), ("Mobiele telefoon", "+33 6 33"), ("E-mailadres", "ana@x.example"), ("Verjaardag", "14-7-1968")],
    "Outlook in Portuguese": [("Nome", "Ana"), ("Sobrenome", "Ruiz"), ("Cargo", "Chef"), ("Cidade do endereço comercial", "Lugo"), ("Telefone comercial", "+33 1 22"), ("Celular", "+33 6 33"), ("Endereço de email", "ana@x.example"), ("Aniversário", "14/07/1968")],
    "Thunderbird in German": [("Vorname", "Ana"), ("Nachname", "Ruiz"), ("Anzeigename", "Ana Ruiz"), ("Primäre E-Mail-Adresse", "ana@x.example"), ("Tel. dienstlich", "+33 1 22"), ("Mobil-Tel.-Nr.", "+33 6 33"), ("Dienstlich: Ort", "Lugo"), ("Arbeitstitel", "Chef"), ("Geburtsjahr", "1968"), ("Geburtsmonat", "7"), ("Geburtstag", "14")],
    "Yahoo": [("First", "Ana"), ("Last", "Ruiz"), ("Email", "ana@x.example"), ("Work", "+33 1 22"), ("Mobile", "+33 6 33"), ("Title", "Chef"), ("Work City", "Lugo"), ("Birthday", "7/14/1968")],
    "some list in Russian": [("Имя", "Ana"), ("Фамилия", "Ruiz"), ("Эл. почта", "ana@x.example"), ("Телефон", "+33 1 22; +33 6 33"), ("Должность", "Chef"), ("Город", "Lugo"), ("Дата рождения", "14.07.1968")],
    "some list in Polish": [("Imię", "Ana"), ("Nazwisko", "Ruiz"), ("E-mail", "ana@x.example"), ("Telefon", "+33 1 22; +33 6 33"), ("Stanowisko", "Chef"), ("Miasto", "Lugo"), ("Urodziny", "14 lip 1968")],
    "some list in Japanese": [("姓", "Ruiz"), ("名", "Ana"), ("メールアドレス", "ana@x.example"), ("電話番号", "+33 1 22; +33 6 33"), ("役職", "Chef"), ("城市", "Lugo"), ("誕生日", "1968/7/14")],
}  # fmt: skip


@pytest.mark.parametrize("program", BOOKS)
@pytest.mark.parametrize(
    ("delimiter", "codec"), [(",", "utf-8"), (";", "utf-16"), ("\t", "utf-8-sig"), ("|", "utf-8")]
)
def test_columns_of_programs_in_many_languages(program: str, delimiter: str, codec: str) -> None:
    cells = BOOKS[program]
    found = person(table(*cells, delimiter=delimiter).encode(codec))
    assert {name: getattr(found, name) for name in ANA} == ANA
    assert (found.title, found.phones) == ("Chef", ("+33 1 22", "+33 6 33"))
    assert found.birthday == "1968-07-14"


@pytest.mark.parametrize(
    ("cell", "emails"),
    [
        ("mailto:ana@x.example", ("ana@x.example",)),
        ("Ana Ruiz <ana@x.example>", ("ana@x.example",)),
        ("ana@x.example, a@y.example", ("ana@x.example", "a@y.example")),
        ("ana@x.example ::: a@y.example", ("ana@x.example", "a@y.example")),
    ],
)
def test_emails_as_people_write_them_into_a_cell(cell: str, emails: tuple[str, ...]) -> None:
    assert person(table(("Full Name", "Ana"), ("Emails", cell))).emails == emails


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("25 December 1980", "1980-12-25"),
        ("Dec 25, 1980", "1980-12-25"),
        ("25. Dez. 1980", "1980-12-25"),
        ("25 de diciembre de 1980", "1980-12-25"),
        ("3 août", "--08-03"),
        ("1985-02-03T00:00:00.000Z", "1985-02-03"),
        ("25.12.85", "--12-25"),
        ("25.12.", "--12-25"),
        ("12/25", "--12-25"),
        ("31 Undecember 1980", None),
        ("December 1980", None),
        ("25 December 1980 or so", None),
    ],
)
def test_days_in_words_and_without_a_year(text: str, day: str | None) -> None:
    assert read_day(text, "") == (day, None)


def test_a_header_that_is_spelt_like_an_export_is_one_and_any_other_is_an_address_book() -> None:
    assert read("a.csv", "name,email,notes\nA,a@x.example,\n").kind == "contacts"
    assert read("a.csv", "Name,Email,Notes\nA,a@x.example,\n").kind == "addressbook"
    assert read("a.csv", "Name,Email,Tier\nA,a@x.example,key\n").kind == "contacts"
    assert person("Name,Email,Email\nA,a@x.example,b@x.example\n").emails == ("a@x.example", "b@x.example")


def test_a_header_over_two_lines_and_a_nickname_for_a_name() -> None:
    found = person('"First\nname",Nickname,Phone\n,Zizou,"+33 1\u00a022"\n')
    assert (found.name, found.phones) == ("Zizou", ("+33 1 22",))


# vCards.


def test_cards_of_phones_and_of_old_windows() -> None:
    android = "BEGIN:VCARD\nVERSION:2.1\nN:Ruiz;Ana\nX-ANDROID-CUSTOM:vnd.android.cursor.item/contact_event;1968-07-14;3;;;\nX-ANDROID-CUSTOM:vnd.android.cursor.item/contact_event;1990-05-06;1;;;\nNOTE;ENCODING=QUOTED-PRINTABLE:a=0D=0Ab\nEND:VCARD\n"
    found = person(android, "a.vcf")
    assert (found.birthday, found.notes) == ("1968-07-14", "a\nb")
    assert [(one.kind, one.date) for one in found.occasions] == [("anniversary", "1990-05-06")]
    old = "BEGIN:VCARD\nVERSION:2.1\nN:Петров;Иван\nTEL;TYPE=workfax:+7 9\nCATEGORIES:myContacts,Друзья\nEND:VCARD\n"
    found = person(old.encode("cp1251"), "a.vcf")
    assert (found.name, found.phones, found.tags) == ("Иван Петров", (), ("Друзья",))


def test_a_list_of_people_in_evolution_is_nobody() -> None:
    assert not read("a.vcf", "BEGIN:VCARD\nX-EVOLUTION-LIST:TRUE\nFN:All\nEND:VCARD\n").records


def test_names_are_put_together_as_they_are_written_where_they_come_from() -> None:
    assert person("姓,名,メール\n山田,太郎,taro@x.example\n").name == "山田 太郎"
    assert person("BEGIN:VCARD\nVERSION:2.1\nN:김;철수\nEND:VCARD\n", "a.vcf").name == "김 철수"
    assert person("BEGIN:VCARD\nVERSION:2.1\nN:Yamada;Taro\nEND:VCARD\n", "a.vcf").name == "Taro Yamada"


# Archives as Google makes them.


def event(uid: str, start: str, *more: str) -> str:
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", f"DTSTART:{start}", "ATTENDEE:mailto:ana@x.example", *more, "END:VEVENT", ""])  # fmt: skip


def calendar(*events: str, head: str = "") -> str:
    return f"BEGIN:VCALENDAR\n{head}{''.join(events)}END:VCALENDAR\n"


CARD = "BEGIN:VCARD\nVERSION:3.0\nFN:Ana Ruiz\nEND:VCARD\n"


def test_an_archive_of_calendars_is_all_of_them() -> None:
    one, two = calendar(event("1", "20260105T090000Z")), calendar(event("2", "20260106T090000Z"))
    packed = zipped({"me@x.example.ics": one, "b/team.ics": two, "empty.ics": calendar(), "all.vcf": CARD})
    found = read("me.ical.zip", packed)
    assert [one.key for one in found.sightings] == ["ical:2", "ical:1"]
    assert [one.why for one in found.skipped] == [
        "This calendar contains no meetings.",
        "Unpack this archive to import what else is in it: all.vcf.",
    ]


def test_an_archive_of_cards_is_all_of_them() -> None:
    found = read("takeout.zip", zipped({"Contacts/All.vcf": CARD, "Contacts/Mine.vcf": CARD * 2}))
    assert (found.kind, len(found.records)) == ("vcard", 3)


# Calendars.


@pytest.mark.parametrize(
    "title",
    ["Odwołane: Plan", "Отменено: Plan", "キャンセル済み: Plan", "Inställt: Plan", "Canceled event: Plan"],
)
def test_what_a_program_calls_off_in_its_language(title: str) -> None:
    (found,) = read("a.ics", calendar(event("1", "20260105T090000Z", f"SUMMARY:{title}"))).sightings
    assert found.is_off


def test_times_without_a_zone_are_those_of_the_calendar() -> None:
    made = calendar(event("1", "20260105T090000"), head="X-WR-TIMEZONE:America/New_York\n")
    assert moments("a.ics", made) == ["2026-01-05 15:00"]


# Mail.


def test_a_mail_as_apple_keeps_it() -> None:
    said = mail(1).encode()
    assert (
        len(read("1.emlx", b"%d      \n%s<?xml version='1.0'?>\n<plist/>\n" % (len(said), said)).sightings)
        == 1
    )


ASKED = 'Content-Type: multipart/alternative; boundary="b"'
PARTS = '--b\nContent-Type: text/plain\n\nhi\n--b\nContent-Type: text/calendar; charset="utf-8";\n method=REQUEST\n\nBEGIN:VCALENDAR\n--b--\n'


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (mail(1, ASKED, body=PARTS), "invitations"),
        (mail(1, "Sender: Google Calendar <calendar-notification@google.com>"), "invitations"),
        (
            mail(1, From="Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@x.example>"),
            "bounces",
        ),
        (mail(1, Subject="Automatiskt svar: Hej"), "machine"),
        (mail(1, "X-Gmail-Labels: Черновики"), "drafts"),
        (mail(1, "X-Gmail-Labels: =?UTF-8?Q?Courrier_ind=C3=A9sirable?="), "spam"),
    ],
)
def test_what_is_no_contact_in_other_programs_and_languages(said: str, why: str) -> None:
    found = read("a.mbox", mbox(said, mail(2)))
    assert len(found.sightings) == 1
    assert why in found.skipped[0].why


def test_a_calendar_sent_along_is_no_invitation() -> None:
    along = PARTS.replace(";\n method=REQUEST", "").replace('; charset="utf-8"', "")
    assert len(read("a.eml", mail(1, ASKED, body=along)).sightings) == 1


@pytest.mark.parametrize(
    "written",
    ["Di, 13 Okt 2026 09:05:00 +0200", "mar., 13 oct. 2026 09:05:00 +0200", "Tue, 13 Oct 2026 07:05:00 GMT"],
)
def test_dates_that_a_program_wrote_in_its_own_language(written: str) -> None:
    assert moments("a.eml", mail(1, Date=written)) == ["2026-10-13 09:05"]


def test_recipients_parted_by_semicolons() -> None:
    (found,) = read("a.eml", mail(1, To="alice@team.example; Ben <ben@x.example>; c@x.example")).sightings
    assert {"ben@x.example", "c@x.example"} <= {one.email for one in found.parties}


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("Kladder", "draft"),
        ("INBOX.Wersje robocze", "draft"),
        ("Posta indesiderata", "spam"),
        ("Planung", None),
    ],
)
def test_folders_in_other_languages(folder: str, reason: str | None) -> None:
    assert reason_of_folder(folder) == reason


def test_what_outlook_saves_by_itself_is_told_apart() -> None:

    with pytest.raises(UnreadableFile, match="a mail that Outlook saved"):
        read("a.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500))
    with pytest.raises(UnreadableFile, match="IMAP"):
        read("a.pst", b"!BDN" + bytes(range(256)))
    with pytest.raises(UnreadableFile, match="not a text file"):
        read("noise.vcf", bytes(range(256)) * 8)


# Chats.


@pytest.mark.parametrize(
    ("morning", "evening"),
    [("முற்பகல்", "பிற்பகல்"), ("ਪੂ.ਦੁ.", "ਬਾ.ਦੁ."), ("ಪೂರ್ವಾಹ್ನ", "ಅಪರಾಹ್ನ"), ("e paradites", "e pasdites")],
)
def test_halves_of_the_day_in_more_languages(morning: str, evening: str) -> None:
    chat = f"13/10/26, 9:05 {morning} - Marta: a\n13/10/26, 9:07 {morning} - Alice Doe: b\n14/10/26, 9:07 {evening} - Marta: c\n"
    assert moments("chat.txt", chat) == ["2026-10-13 09:05", "2026-10-14 21:07"]


@pytest.mark.parametrize("begins", ["dn: cn=Marta,mail=m@x.example", "version: 1\n\ndn:: Y249TWFydGE="])
def test_an_address_book_of_a_directory_is_told_what_to_do(begins: str) -> None:
    with pytest.raises(UnreadableFile, match="in LDIF format; export it as vCards or CSV"):
        read("book.ldif", f"{begins}\nobjectclass: person\ncn: Marta\n")
