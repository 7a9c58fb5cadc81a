"""Who is in the demo: the team, and 150 contacts at 40 organisations, the same for the same seed and day.

One of the people is written down twice, for whoever looks for duplicates.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from crm.contacts.drafts import Occasion
from crm.demo.featured import FEATURED, Featured
from crm.demo.habits import ALL_TIME, Beat
from crm.demo.organisations import COMPANIES, WORKS, Company, plain
from crm.demo.places import CITIES, City, a_name, a_phone, an_address
from crm.domain.principal import Role

MAIL_DOMAIN = "inperson.example"


@dataclass(frozen=True)
class Teammate:
    """A user of the demo."""

    key: str
    name: str
    role: Role
    city: str

    @property
    def email(self) -> str:
        """Where they sign in."""
        return f"{self.key}@{MAIL_DOMAIN}"


TEAM = (
    Teammate("nora", "Nora Lindqvist", "admin", "Boston"),
    Teammate("theo", "Theo Marsh", "member", "London"),
    Teammate("sam", "Sam Okoro", "member", "Chicago"),
    Teammate("hana", "Hana Yoshida", "member", "Tokyo"),
)
NEWCOMER = Teammate("ines", "Ines Novak", "member", "Lisbon")
"""The one who has nothing yet, so that every empty page can be seen."""

ROSTER = {
    "nora": "key: luncher visitor faded fresh; key revived: 3 4; "
    "regular: steady steady steady steady steady chatter chatter only_mail drifting_regular lapsed faded waiting "
    "unanswered unanswered fresh; regular revived: 1 2 4; warm: warm*10; none: passing*8 silent*2",
    "theo": "key: luncher luncher caller caller visitor drift drift screen waiting; key revived: 1 2; "
    "regular: steady*5 chatter*2 lapsed faded waiting unanswered thread; regular revived: 2; warm: warm*8; "
    "none: passing*4",
    "sam": "key: luncher luncher caller visitor drift screen quiet fresh; key revived: 2; "
    "regular: steady*4 chatter only_mail lapsed unanswered fresh; regular revived: 1; warm: warm*5; none: passing*2 silent",
    "hana": "key: luncher luncher caller drift drift screen never_met never_met; key revived: 2; "
    "regular: steady*2 only_mail*2 drifting_regular waiting fresh; warm: warm*5; none: passing*2",
}
"""Beside the featured people: their tiers and habits, and for those revived how many weeks ago."""

UNOWNED = 3
"""People of tier *none* whom nobody looks after."""
OTHER_KINDS = ("influencer", "friend", "colleague", "prospect")


@dataclass(frozen=True)
class Person:
    """A contact to be, with the habit and the story that fill the log. ``known``: days since the first meeting."""

    name: str
    given: str
    family: str
    owner: str
    company: Company | None
    kind: str
    title: str | None
    tier: str
    habit: str
    city: City
    known: int
    weeks: int = 1
    owned: bool = True
    emails: tuple[str, ...] = ()
    phones: tuple[tuple[str, str | None], ...] = ()
    addresses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    dates: tuple[Occasion, ...] = ()
    notes: str | None = None
    life: str = ""
    beats: tuple[Beat, ...] | None = None


@dataclass(frozen=True)
class Place:
    """One line of the roster: a tier, a habit, and weeks."""

    tier: str
    habit: str
    weeks: int = 1


def roster(owner: str) -> list[Place]:
    """The places that ``owner`` has beside the featured people."""
    found = []
    for part in ROSTER[owner].split(";"):
        head, _, words = part.partition(":")
        tier, _, revived = head.strip().partition(" ")
        for word in words.split():
            if revived:
                found.append(Place(tier, "revived", int(word)))
            else:
                habit, _, times = word.partition("*")
                found += [Place(tier, habit)] * int(times or 1)
    return found


def people(rng: Random, today: date) -> list[Person]:
    """Everybody, featured people first."""
    taken = {one.name for listed in FEATURED.values() for one in listed}
    named = [_featured(rng, owner, one) for owner, listed in FEATURED.items() for one in listed]
    others = [one for owner in FEATURED for one in _others(rng, owner, taken)]
    unowned = [one.name for one in others if one.tier == "none" and one.habit != "fresh"][-UNOWNED:]
    everybody = [replace(one, owned=one.name not in unowned) for one in (*named, *others)]
    return _with_dates(rng, everybody, today)


def _featured(rng: Random, owner: str, one: Featured) -> Person:
    company = COMPANIES[one.company]
    city = CITIES[one.city or company.city]
    given, _, family = one.name.partition(" ")
    local = one.email or f"{plain(given)}.{plain(family).replace(' ', '')}"
    usual = rng.randint(190, 230) if one.habit == "screen_never" else rng.randint(620, ALL_TIME)
    first = max((beat.days for beat in one.beats or ()), default=usual)
    return Person(
        name=one.name,
        given=one.given or given,
        family=one.family or family,
        owner=owner,
        company=company,
        kind=company.kind,
        title=one.title,
        tier=one.tier,
        habit=one.habit,
        city=city,
        known=min(ALL_TIME, max(first, 160)),
        weeks=one.weeks,
        emails=(f"{local}@{company.domain}",),
        phones=((a_phone(rng, city), one.phone_label or "mobile"),),
        addresses=(an_address(rng, city),) if one.address else (),
        tags=tuple(sorted({*one.tags, *company.tags})),
        notes=one.notes,
        life=one.facts.get("life") or rng.choice(LIVES),
        beats=one.beats,
    )


def _others(rng: Random, owner: str, taken: set[str]) -> list[Person]:
    open_to = [one for one in COMPANIES.values() if one.owner == owner and not one.closed]
    rng.shuffle(open_to)
    places = roster(owner)
    return [
        _other(rng, owner, place, open_to[number % len(open_to)], taken)
        for number, place in enumerate(places)
    ]


def _other(rng: Random, owner: str, place: Place, company: Company, taken: set[str]) -> Person:
    alone = place.tier in ("warm", "none") and rng.random() < 0.3
    city = CITIES[company.city if rng.random() < 0.85 else rng.choice(_homes(owner))]
    given, family = a_name(rng, city, taken)
    at = company.domain if not alone else "post.example"
    local = f"{plain(given).replace('-', '')}.{plain(family)}"
    return Person(
        name=f"{given} {family}",
        given=given,
        family=family,
        owner=owner,
        company=None if alone else company,
        kind=rng.choice(OTHER_KINDS) if alone else company.kind,
        title=None if alone else rng.choice(WORKS[company.trade].titles),
        tier=place.tier,
        habit=place.habit,
        city=city,
        known=_known(rng, place),
        weeks=place.weeks,
        emails=_emails(rng, local, at),
        phones=_phones(rng, city, place.tier),
        addresses=(an_address(rng, city),) if rng.random() < _HAS_ADDRESS[place.tier] else (),
        tags=_tags(rng, company if not alone else None),
        notes=rng.choice(REMARKS) if rng.random() < 0.25 else None,
        life=rng.choice(LIVES),
    )


_HAS_ADDRESS = {"key": 0.8, "regular": 0.5, "warm": 0.4, "none": 0.15}


def _known(rng: Random, place: Place) -> int:
    if place.habit == "fresh":
        return rng.randint(12, 40)
    if place.habit == "screen_never":
        return rng.randint(160, 330)
    if place.habit in ("faded", "revived", "quiet", "lapsed", "screen", "drift"):
        return rng.randint(620, ALL_TIME)
    return rng.randint(300, ALL_TIME)


def _homes(owner: str) -> list[str]:
    return sorted({one.city for one in COMPANIES.values() if one.owner == owner})


def _emails(rng: Random, local: str, domain: str) -> tuple[str, ...]:
    second = (f"{local.replace('.', '')}@home.example",) if rng.random() < 0.2 else ()
    return (f"{local}@{domain}", *second)


def _phones(rng: Random, city: City, tier: str) -> tuple[tuple[str, str | None], ...]:
    if tier == "none" and rng.random() < 0.6:
        return ()
    labels = ("mobile", "office") if rng.random() < 0.25 else (rng.choice(("mobile", "office", None)),)
    return tuple((a_phone(rng, city), label) for label in labels)


def _tags(rng: Random, company: Company | None) -> tuple[str, ...]:
    own = [
        tag for tag in ("newsletter", "speaker", "fair 2026", "introducer", "reference") if rng.random() < 0.1
    ]
    return tuple(sorted({*own, *(company.tags if company else ())}))


# Dates


def _with_dates(rng: Random, everybody: list[Person], today: date) -> list[Person]:
    """Birthdays and renewals; some fall in the next two weeks, one on 29 February, many without a year."""
    soon = iter((5, 11, 9, 2, 13, 7))
    found = []
    for place, one in enumerate(everybody):
        dates = list(_special_dates(one, today))
        if not dates and one.habit in _BIRTHDAYS_SOON and place % 6 == 0:
            ahead = next(soon, None)
            if ahead is not None:
                dates.append(_birthday(rng, today + timedelta(days=ahead)))
        if not dates and one.tier != "none" and rng.random() < 0.4:
            dates.append(_birthday(rng, today + timedelta(days=rng.randint(20, 350))))
        if (
            one.kind == "customer"
            and one.tier == "key"
            and not any(date_.kind == "renewal" for date_ in dates)
        ):
            dates.append(_renewal(today + timedelta(days=rng.randint(15, 330))))
        found.append(replace(one, dates=tuple(dates)))
    return _with_leap_day(found)


_BIRTHDAYS_SOON = ("luncher", "caller", "visitor", "steady", "chatter", "revived")


def _special_dates(one: Person, today: date) -> list[Occasion]:
    if one.name == "Ruth Abernathy":
        day = today + timedelta(days=9)
        return [Occasion("other", day.month, day.day, day.year, yearly=False, label="Retires after 31 years")]
    if one.name == "Daniel Osei":
        return [_renewal(today + timedelta(days=54))]
    if one.name == "Marta Kowalczyk":
        day = today + timedelta(days=49)
        return [
            Occasion("birthday", 5, 23),
            Occasion("anniversary", day.month, min(day.day, 28), day.year - 5, label="Partners since"),
        ]
    if one.name == "Liam Byrne":
        return [_renewal(today + timedelta(days=38))]
    return []


def _birthday(rng: Random, day: date) -> Occasion:
    year = rng.randint(1961, 1994) if rng.random() < 0.35 else None
    return Occasion("birthday", day.month, min(day.day, 28) if day.month == 2 else day.day, year)


def _renewal(day: date) -> Occasion:
    return Occasion("renewal", day.month, day.day, day.year, yearly=False, label="Contract renewal")


def _with_leap_day(everybody: list[Person]) -> list[Person]:
    """The first of tier *warm* was born on a 29 February."""
    place = next(number for number, one in enumerate(everybody) if one.tier == "warm")
    everybody[place] = replace(everybody[place], dates=(Occasion("birthday", 2, 29, 1976),))
    return everybody


LIVES = (
    "moved house in spring",
    "has twins at primary school",
    "is learning the cello",
    "walks the coast path in stages",
    "bakes sourdough for the office",
    "rides to work whatever the weather",
    "grew up on a dairy farm",
    "mends old radios",
    "has a rescue greyhound",
    "sails at weekends",
    "coaches a rowing crew",
    "is writing a cookbook",
    "plays chess by post",
    "has a daughter starting university",
    "is building a garden shed",
    "never misses the Sunday market",
)
"""What one knows about somebody; no pronouns, so that each fits all."""

REMARKS = (
    "Prefers the telephone to long mails.",
    "Best reached before lunch.",
    "Met through Kwame.",
    "Works four days a week, not on Wednesdays.",
    "Introduced us to half of the trade.",
    "Likes things on one page.",
    "Decides together with the works council.",
)
