"""What the columns of other programs' address books mean: guessed from their names, or said by a person."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crm.domain.folding import fold
from crm.domain.language import N_
from crm.imports.records import digest

LEAVE_OUT = "leave out"
FIELDS = {
    "name": N_("Name"),
    "given_name": N_("Given name"),
    "middle_name": N_("Middle name"),
    "family_name": N_("Family name"),
    "nickname": N_("Nickname, where there is no name"),
    "email": N_("Email"),
    "phone": N_("Phone"),
    "organisation": N_("Organisation"),
    "title": N_("Title"),
    "kind": N_("Kind"),
    "tier": N_("Tier"),
    "tags": N_("Tags"),
    "address": N_("Postal address"),
    "street": N_("Street"),
    "city": N_("City"),
    "region": N_("Region"),
    "postcode": N_("Postcode"),
    "country": N_("Country"),
    "time_zone": N_("Time zone"),
    "birthday": N_("Birthday"),
    "birthday_day_first": N_("Birthday, days before months"),
    "birthday_month_first": N_("Birthday, months before days"),
    "birth_year": N_("Year of birth"),
    "birth_month": N_("Month of birth"),
    "anniversary": N_("Anniversary"),
    "notes": N_("Notes"),
    LEAVE_OUT: N_("Leave out"),
}
"""What a column may be, and what a person reads."""

_NAMES = {
    "name": "name|full name|display name|anzeigename|contact name|contact|nom complet|vollstandiger name"
    "|nombre completo|nome completo|volledige naam|姓名|氏名|名前|お名前|이름|성명|имя и фамилия|фио|имя полностью"
    "|полное имя|imie i nazwisko|jmeno a prijmeni|ονοματεπωνυμο|שם מלא|الاسم الكامل|ad soyad"
    "|fullstandigt namn|fulde navn|koko nimi",
    "given_name": "first name|given name|firstname|forename|vorname|prenom|nombre|nome|voornaam|imie|fornamn|fornavn"
    "|etunimi|имя|им’я|jmeno|krestni jmeno|keresztnev|prenume|ονομα|שם פרטי|الاسم الاول|ad|adi|名|名字|first",
    "middle_name": "middle name|middle|additional name|zweiter vorname|weitere vornamen|deuxieme prenom|segundo nombre"
    "|secondo nome|segundo nome|middelste naam|отчество",
    "family_name": "last name|family name|lastname|surname|nachname|familienname|nom|nom de famille|apellidos|apellido"
    "|cognome|sobrenome|apelido|achternaam|nazwisko|efternamn|etternavn|efternavn|sukunimi|фамилия"
    "|прізвище|prijmeni|vezeteknev|nume|επωνυμο|שם משפחה|اسم العائلة|soyad|soyadi|姓|姓氏|last",
    "nickname": "nickname|nick name|spitzname|surnom|apodo|soprannome|bijnaam|alias",
    "email": "e mail|email|emails|mail|e mail address|email address|e mail value|e mail adresse|adresse"
    "|email adresse|courriel|correo|adresse de messagerie|adresse e mail|adresse email|correo electronico"
    "|direccion de correo electronico|indirizzo e mail|indirizzo email|indirizzo posta elettronica"
    "|posta elettronica|endereco de e mail|endereco de email|e mailadres|emailadres|alternate email"
    "|эл почта|электронная почта|почта|адрес электронной почты|email адрес|e posta|e posta adresi"
    "|sahkoposti|e postadress|epost|e post|adres e mail|ηλεκτρονικο ταχυδρομειο|דוא ל|דואר אלקטרוני"
    "|البريد الالكتروني|电子邮件|邮箱|邮件地址|電子郵件|メール|メールアドレス|이메일",
    "phone": "phone|phones|phone value|phone number|phone numbers|telephone|telephone number|tel|tel nr|telefon"
    "|telefono|telefonnummer|rufnummer|cell|cell phone|handy|handynummer|mobiltelefon|mobilnummer"
    "|mobilfunknummer|cellulare|telefone|telefones|celular|telemovel|telefoon|telefoonnummer|haupttelefon"
    "|movil|portable|numero de telephone|teleph|ufficio|abitazione|телефон|номер телефона|мобильный"
    "|мобильный телефон|numer telefonu|komorka|puhelin|matkapuhelin|τηλεφωνο|κινητο|טלפון|נייד|هاتف"
    "|الهاتف|رقم الهاتف|cep telefonu|电话|手机|手机号码|電話|電話番号|携帯電話|전화|전화번호|휴대폰|number|",
    "organisation": "company|organization|organisation|organization name|organisation name|company name"
    "|associated company|firma|firmenname|entreprise|societe|empresa|organizacion|account|account name"
    "|employer|unternehmen|organizacao|azienda|societa|bedrijf|компания|организация|foretag|virksomhed"
    "|bedrift|yritys|ceg|companie|εταιρεια|חברה|الشركة|sirket|公司|会社|会社名|회사|회사명",
    "title": "job title|organization title|position|role|jobtitle|berufsbezeichnung|funktion|arbeitstitel|poste"
    "|fonction|titre1|cargo|puesto|posizione|qualifica|functie|должность|stanowisko|titel1|職位|职位|役職|직책"
    "|title",
    "kind": "kind",
    "tier": "tier",
    "tags": "tags|labels|group membership|groups|group|categories|category|lists|kategorien|gruppen|categorie"
    "|categorias|categorieen|groupes|mots cles|stichworter|grupos|группы|метки",
    "address": "address|addresses|address formatted|postal address|mailing address|full address|anschrift|direccion"
    "|indirizzo|endereco|адрес|住所|地址|주소",
    "street": "street|address street|street address|strasse|rue|adresse rue|calle|via|rua|straat|straatnaam|улица"
    "|address street 1",
    "city": "city|town|address city|ort|stadt|wohnort|ville|ciudad|ciudad de residencia|citta|cidade|plaats"
    "|woonplaats|miasto|miejscowosc|город|mesto|varos|by|stad|kaupunki|市区町村|城市|도시",
    "region": "state|region|province|address region|state region|bundesland|bundesland kanton|address state"
    "|state province|dep region|provincia|estado|estado o provincia|county",
    "postcode": "postal code|zip|zip code|zipcode|postcode|post code|address postal code|plz|postleitzahl|code postal"
    "|address zip|zip postal code|codigo postal|cap|cep|kod pocztowy|индекс|почтовый индекс|郵便番号|邮编|우편번호",
    "country": "country|address country|country region|land|land region|pays|pays region|pais|pais region"
    "|pais o region|paese|paese area geografica|kraj|страна|国|国家|국가",
    "time_zone": "time zone|timezone",
    "birthday": "birthday|birth date|birthdate|date of birth|dob|birth day|geburtstag|geburtsdatum|anniversaire"
    "|date de naissance|cumpleanos|fecha de nacimiento|compleanno|data di nascita|aniversario"
    "|data de nascimento|verjaardag|geboortedatum|дата рождения|день рождения|data urodzenia|urodziny"
    "|fodelsedag|fodselsdag|syntymapaiva|誕生日|生日|생일",
    "birth_year": "birth year|geburtsjahr|annee de naissance|ano de nacimiento|anno di nascita|geboortejaar",
    "birth_month": "birth month|geburtsmonat|mois de naissance|mes de nacimiento|mese di nascita|geboortemaand",
    "anniversary": "anniversary|jahrestag|wedding anniversary|event value|anniversaire de mariage ou fete|hochzeitstag",
    "notes": "notes|note|comments|comment|description|background|notizen|anmerkungen|bemerkungen|remarks|remarques"
    "|notas|observacoes|notities|notatki|uwagi|заметки|примечание|メモ|备注|메모",
}
"""What columns are called, by programs in many languages."""
_MEANING = {fold(name): field for field, names in _NAMES.items() for name in names.split("|")}
_FOR = {
    "home": "home privat private personal domicile ab particular residencial residencia thuis huisadres prive domicilio",
    "work": "work business geschaftlich dienstlich bureau uff trabajo comercial werkadres werk office buro beruflich",
    "mobile": "mobile mobil mobiele",
    "main": "main",
    "": "primary secondary primare sekundare mailing person",
    "other": "other",
}
_PURPOSES = {word: purpose for purpose, words in _FOR.items() for word in words.split()}
"""Words that say what the values of a column are for."""
_SMALL = frozenset(["de", "del", "do", "da", "du", "des", "di", "op", "of", "la", "le", "el", "endereco"])
"""Words that join others and mean nothing by themselves."""
_SINGLE = frozenset(
    [
        "name",
        "given_name",
        "middle_name",
        "family_name",
        "title",
        "kind",
        "tier",
        "time_zone",
        "birthday",
        "birth_year",
        "birth_month",
        "nickname",
        "organisation",
    ]
)
_SAYS_WHO = frozenset(["name", "given_name", "family_name", "email"])


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one column is: a key of FIELDS, what its values are for ("work"), and which columns belong together.

    ``label_of`` names the group whose values this column labels, as Google's exports do.
    """

    field: str = LEAVE_OUT
    purpose: str = ""
    group: str = ""
    label_of: str = ""


def fingerprint(header: Sequence[str]) -> str:
    """What a header is remembered by: its words, whatever their capitals and accents."""
    return digest("\x1f".join(map(fold, header)))


def guessed(header: Sequence[str]) -> list[Meaning]:
    """The meaning of each column by its name alone; of two that could be the one title, the plainer name wins."""
    found = [_meaning(name) for name in header]
    if any(
        _is_bare(name, "mobile") for name in header
    ):  # then a bare “Home” is a number as well, as in Yahoo's
        found = [
            Meaning("phone", one.purpose, one.group) if _is_bare(name, "home", "work", "other") else one
            for name, one in zip(header, found, strict=True)
        ]
    for field in _SINGLE:
        places = [place for place, one in enumerate(found) if one.field == field]
        best = min(places, key=lambda place: _rank(header[place], field), default=None)
        for place in places:
            if place != best:
                found[place] = Meaning()
    return found


def chosen(header: Sequence[str], fields: Sequence[str]) -> list[Meaning]:
    """What a person said of the columns; what values are for is still told by the names."""
    named = [_meaning(name) for name in header]
    return [
        Meaning(field, one.purpose, one.group, one.label_of if field == LEAVE_OUT else "")
        for field, one in zip(fields, named, strict=True)
    ]


def says_who(meanings: Sequence[Meaning]) -> bool:
    """Whether some column tells whom a row is about."""
    return any(one.field in _SAYS_WHO for one in meanings)


def known(meanings: Sequence[Meaning]) -> int:
    """How many different meanings its columns have: the same thing said twice is not known better."""
    return len({one for one in meanings if one.field != LEAVE_OUT})


def _meaning(name: str) -> Meaning:
    label = re.fullmatch(r"(.+\d) - (?:type|label)", name.strip(), re.IGNORECASE)
    if label:
        return Meaning(label_of=fold(label.group(1)))
    words = re.sub(r"[\s_\-/.,:()\"]+", " ", fold(name)).strip().split()
    purpose = next((_PURPOSES[word] for word in words if word in _PURPOSES), "")
    field = _field_of(words)
    numbered = re.match(r"(.+\d) - ", name.strip())
    return Meaning(field, purpose, fold(numbered.group(1)) if numbered else purpose)


def _field_of(words: Sequence[str]) -> str:
    """What a column of these words is: by all of them, else by those that do not only say what it is for."""
    bare = [word for word in words if word not in _PURPOSES and not word.isdigit()]
    if not bare:
        return "phone" if set(words) & {"mobile", "mobil"} else LEAVE_OUT
    plainer = [word for word in bare if word not in _SMALL]
    tries = (" ".join(words), " ".join(bare), " ".join(plainer))
    return next((_MEANING[one] for one in tries if one in _MEANING), LEAVE_OUT)


def _is_bare(name: str, *purposes: str) -> bool:
    """Whether a column says only what it is for."""
    return _PURPOSES.get(fold(name).strip()) in purposes


def _rank(name: str, field: str) -> int:
    bare = re.sub(r"[\s_\-/.:()\d]+", " ", fold(name)).strip()
    return _NAMES[field].split("|").index(bare) if bare in _NAMES[field].split("|") else 99
