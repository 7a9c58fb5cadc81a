"""What the columns of other programs' address books mean: guessed from their names, or said by a person."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crm.imports.sources import digest
from crm.storage.text import fold

LEAVE_OUT = "leave out"
FIELDS = {
    "name": "Name",
    "given_name": "Given name",
    "middle_name": "Middle name",
    "family_name": "Family name",
    "email": "Email",
    "phone": "Phone",
    "organisation": "Organisation",
    "title": "Title",
    "kind": "Kind",
    "tags": "Tags",
    "address": "Postal address",
    "street": "Street",
    "city": "City",
    "region": "Region",
    "postcode": "Postcode",
    "country": "Country",
    "time_zone": "Time zone",
    "birthday": "Birthday",
    "birthday_day_first": "Birthday, days before months",
    "birthday_month_first": "Birthday, months before days",
    "anniversary": "Anniversary",
    "notes": "Notes",
    LEAVE_OUT: "Leave out",
}
"""What a column may be, and what a person reads."""

_NAMES = {
    "name": "name|full name|display name|contact name|contact|nom complet|vollstandiger name|nombre completo"
    "|nome completo|volledige naam|姓名|氏名|名前|이름",
    "given_name": "first name|given name|firstname|forename|vorname|prenom|nombre|nome|voornaam|imie|fornamn|first",
    "middle_name": "middle name|middle|additional name|zweiter vorname|deuxieme prenom|segundo nombre",
    "family_name": "last name|family name|lastname|surname|nachname|nom|nom de famille|apellidos|apellido|cognome|sobrenome"
    "|apelido|achternaam|nazwisko|efternamn|last",
    "email": "e mail|email|emails|e mail address|email address|e mail value|e mail adresse|mail|courriel|correo"
    "|adresse de messagerie|adresse e mail|correo electronico|direccion de correo electronico|indirizzo e mail"
    "|indirizzo posta elettronica|endereco de e mail|e mailadres|电子邮件|邮箱|電子郵件|メール|이메일",
    "phone": "phone|phone value|phone number|telephone|tel|telefon|telefono|rufnummer|cell|handy|mobiltelefon|cellulare"
    "|telefone|celular|telefoon|电话|手机|電話|電話番号|전화|number|",
    "organisation": "company|organization|organisation|organization name|company name|associated company|firma"
    "|entreprise|societe|empresa|account|account name|employer|unternehmen|organizacion"
    "|azienda|societa|bedrijf|公司|会社|회사",
    "title": "job title|organization title|position|role|jobtitle|funktion|poste|fonction|cargo|puesto|posizione"
    "|functie|title",
    "kind": "kind",
    "tags": "tags|labels|group membership|groups|categories|category|lists|kategorien|categories|mots cles",
    "address": "address|address formatted|postal address|mailing address|adresse|anschrift|direccion|indirizzo",
    "street": "street|address street|street address|strasse|rue|calle|via|address street 1",
    "city": "city|town|address city|ort|stadt|ville|ciudad|citta|cidade|plaats",
    "region": "state|region|province|address region|state region|bundesland|address state|state province",
    "postcode": "postal code|zip|zip code|postcode|address postal code|plz|postleitzahl|code postal|address zip"
    "|zip postal code|codigo postal|cap",
    "country": "country|address country|country region|land|land region|pays|pays region|pais|paese",
    "time_zone": "time zone|timezone",
    "birthday": "birthday|birth date|birthdate|date of birth|dob|geburtstag|geburtsdatum|anniversaire|cumpleanos"
    "|compleanno|aniversario|verjaardag",
    "anniversary": "anniversary|jahrestag|wedding anniversary|event value",
    "notes": "notes|note|comments|comment|description|background|notizen|remarks|bemerkungen|remarques|notas",
}
_MEANING = {name: field for field, names in _NAMES.items() for name in names.split("|")}
_PURPOSES = {
    "home": "home",
    "privat": "home",
    "personal": "home",
    "work": "work",
    "business": "work",
    "geschaftlich": "work",
    "bureau": "work",
    "uff": "work",
    "domicile": "home",
    "mobile": "mobile",
    "mobil": "mobile",
    "main": "main",
    "primary": "",
    "mailing": "",
    "other": "other",
}
_SINGLE = frozenset(
    [
        "name",
        "given_name",
        "middle_name",
        "family_name",
        "title",
        "kind",
        "time_zone",
        "birthday",
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
    words = re.sub(r"[\s_\-/.:()]+", " ", fold(name)).strip().split()
    purpose = next((_PURPOSES[word] for word in words if word in _PURPOSES), "")
    bare = " ".join(word for word in words if word not in _PURPOSES and not word.isdigit())
    field = _MEANING.get(bare, LEAVE_OUT) if words else LEAVE_OUT
    if not bare and not set(words) & {"mobile", "mobil"}:
        field = LEAVE_OUT
    numbered = re.match(r"(.+\d) - ", name.strip())
    return Meaning(field, purpose, fold(numbered.group(1)) if numbered else purpose)


def _rank(name: str, field: str) -> int:
    bare = re.sub(r"[\s_\-/.:()\d]+", " ", fold(name)).strip()
    return _NAMES[field].split("|").index(bare) if bare in _NAMES[field].split("|") else 99
