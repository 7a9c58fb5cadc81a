"""How people met, judged from what a calendar says of a meeting. Nothing is guessed: None is *unknown*, to be asked."""

import re

_VIDEO_LINK = re.compile(
    r"zoom\.(?:us|com)/|zoomgov\.com/|teams\.(?:microsoft|live)\.com/|meet\.google\.com/|hangouts\.google\.com/|"
    r"webex\.com/|whereby\.com/|gotomeeting\.com/|gotomeet\.me/|meet\.goto\.com/|meet\.jit\.si/|jitsi|bluejeans\.com/|"
    r"chime\.aws/|join\.skype\.com/|meet\.lync\.com/|facetime\.apple\.com/|bigbluebutton|/bbb/|ringcentral\.com/|"
    r"riverside\.fm/|meet\.ffmuc|gather\.town/|livestorm\.co/|8x8\.vc/",
    re.IGNORECASE,
)
_LINK = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
_NUMBER = re.compile(r"(?:tel:|callto:)?\s*\+?[\d\s()./-]{6,25}(?:[,;#x]+\s*\d+#?)*", re.IGNORECASE)


def _words(*words: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(words) + r")(?!\w)", re.IGNORECASE)


_VIDEO = _words(
    r"video[ -]?(?:call|chat|conference|meeting)?",
    "videocall",
    r"video[ -]?(?:konferenz|anruf|besprechung|telefonat|gespräch)",
    "vidéoconférence",
    "visioconférence",
    "visio",
    "videollamada",
    "videoconferencia",
    "videochiamata",
    "zoom",
    "google meet",
    r"(?:microsoft |ms )?teams(?: meeting|[ -]besprechung)?",
    "microsoft teams[ -]\\w+",
    "webex",
    "skype",
    "facetime",
    "webinar",
    "hangout",
    "huddle",
    "jitsi",
    r"go ?to ?meeting",
)
_PHONE = _words(
    "phone",
    r"phone[ -]?call",
    "telephone",
    "call",
    r"(?:conf|conference)[ -]call",
    r"dial[ -]?in",
    "ring",
    "telefon",
    "telefonat",
    "telefonisch",
    "telko",
    "anruf",
    "anrufen",
    "téléphone",
    "appel",
    "llamada",
    "teléfono",
    "telefonata",
    "chiamata",
    "telefone",
    "bellen",
    "telefonisk",
    "rozmowa telefoniczna",
)
_REMOTE = _words("online", "virtual", "virtuell", "remote", "en ligne", "en línea", "virtuale")
_NOWHERE = _words(
    "tb[acd]",
    "to be (?:announced|confirmed|defined|decided)",
    r"n/a",
    "none",
    "unknown",
    r"\?+",
    "noch offen",
)
_MEAL = _words(
    "lunch",
    "coffee",
    "breakfast",
    "brunch",
    "dinner",
    "drinks?",
    "beers?",
    "tea",
    "mittagessen",
    "mittag",
    "kaffee",
    "frühstück",
    "abendessen",
    "essen",
    "déjeuner",
    "dîner",
    "café",
    "almuerzo",
    "comida",
    "cena",
    "pranzo",
    "caffè",
    "almoço",
    "koffie",
    "frokost",
    "fika",
    "obiad",
    "kawa",
)
_VISIT = _words("visit", r"site[ -]visit", "besuch", "visite", "visita", "bezoek", "wizyta")
_EVENT = _words(
    "conference",
    "fair",
    "trade show",
    "summit",
    "meetup",
    "party",
    "reception",
    "gala",
    "konferenz",
    "messe",
    "kongress",
)
_FACE = _words(
    "in person", "face[ -]to[ -]face", "f2f", "vor ort", "persönlich", "sur place", "en persona", "di persona"
)
_OFF_DAYS = _words(
    "holidays?", "birthdays?", "feiertage?", "geburtstage?", "ferien", "jours fériés", "anniversaires?", "festivos",
    "cumpleaños", "feriados?", "festività", "compleanni", "feestdagen", "verjaardagen", "święta", "urodziny",
    "helgdagar", "helligdage", "helligdager", "pyhäpäivät", "födelsedagar", "fødselsdage", "fødselsdager", "syntymäpäivät",
    "svátky",     "narozeniny", "ünnepnapok", "sărbători", "праздники", "дни рождения", "tatil günleri",
    "祝日", "誕生日", "节假日", "生日", "공휴일", "생일",
)  # fmt: skip
_CALLED_OFF = re.compile(
    r"\s*(?:cancell?ed|abgesagt|annulée?|cancelad[oa]|annullat[oa]|geannuleerd|aflyst|annulleret|avlyst|inställt|avbokat|peruutettu"
    r"|odwołan[eoya]|anulowan[eoya]|zrušeno|zrušené|törölve|lemondva|anulat[ăa]?|отменен[оа]|отменена"
    r"|скасовано|ακυρώθηκε|iptal(?: edildi)?"
    r"|בוטל|تم الإلغاء|ملغى|キャンセル(?:済み)?|取り消し|取消|已取消|취소됨|취소)"
    r"(?: (?:event|termin|événement|evento|invitation))?(?: with note)?\s*[:：]",
    re.IGNORECASE,
)


def is_called_off(summary: str) -> bool:
    """Whether a program has written before the title of a meeting that it was cancelled."""
    return _CALLED_OFF.match(summary) is not None


def is_calendar_of_days(name: str) -> bool:
    """Whether a calendar of this name holds holidays or birthdays, which involve nobody."""
    return _OFF_DAYS.search(name) is not None


def channel_of_meeting(summary: str, location: str, more: str = "") -> str | None:
    """The channel of a meeting, or None where what is written does not tell.

    ``more`` is everything else that may hold a link: description, conference fields. A place *and* a link is
    unknown, unless the summary names a meal, a visit or a face: calendars add links of their own accord.
    """
    face = _in_person_word(summary)
    places, links, numbers = _parts_of(location)
    by_video = bool(links or _VIDEO_LINK.search(more) or _VIDEO.search(summary))
    remote = by_video or bool(numbers) or bool(_REMOTE.search(f"{summary} {location}"))
    if face:
        return None if (remote and not places) else face
    if places:
        return None if remote else "meeting"
    if by_video:
        return "video"
    return "phone" if numbers or _PHONE.search(summary) else None


def _in_person_word(summary: str) -> str | None:
    for pattern, channel in ((_MEAL, "lunch"), (_VISIT, "visit"), (_EVENT, "event"), (_FACE, "meeting")):
        if pattern.search(summary):
            return channel
    return None


def _parts_of(location: str) -> tuple[list[str], list[str], list[str]]:
    """What a location names: places one can go to, ways to see each other, numbers to ring."""
    places, links, numbers = [], [], []
    rest = location
    for link in _LINK.findall(location):
        rest = rest.replace(link, ";")
        links.append(link)
    for part in re.split(r"[;|\n]", rest):
        words = part.strip(" ,.-–()")
        if not words or _NOWHERE.fullmatch(words):
            continue
        if _VIDEO.search(words) or _VIDEO_LINK.search(words) or _REMOTE.search(words):
            links.append(words)
        elif _NUMBER.fullmatch(words) or _PHONE.search(words):
            numbers.append(words)
        else:
            places.append(words)
    return places, links, numbers
