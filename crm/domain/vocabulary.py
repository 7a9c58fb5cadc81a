"""Words that are stored and compared as they are here, and shown to people: marked for the catalogues, once."""

from crm.domain.language import ENGLISH, N_, gettext, plurals, spoken

_ROLES = (N_("admin"), N_("member"), N_("viewer"))
_TIERS = (N_("key"), N_("regular"), N_("warm"), N_("none"))
_KINDS = (N_("partner"), N_("vendor"), N_("customer"), N_("other"))
KINDS_COUNTED = dict(
    (plurals("partner", "partners"), plurals("vendor", "vendors"), plurals("customer", "customers"))
)
"""Kind that ships → several of it."""
_CERTAINTIES = (N_("almost certain"), N_("likely"), N_("possible"))
_ACTS = (N_("call"), N_("lunch"), N_("meeting"), N_("visit"), N_("note"), N_("gift"))
ACTS_COUNTED = dict(
    (
        *(plurals("call", "calls"), plurals("lunch", "lunches"), plurals("meeting", "meetings")),
        *(plurals("visit", "visits"), plurals("note", "notes"), plurals("gift", "gifts")),
    )
)
"""Act → several of it."""
SIGNALS_COUNTED = dict(
    (
        *(
            plurals("pain point", "pain points"),
            plurals("competitor", "competitors"),
            plurals("request", "requests"),
        ),
        *(plurals("praise", "praises"), plurals("risk", "risks")),
    )
)
"""Signal → several of it."""
_POINTS = (
    N_("ask"),
    N_("promise"),
    N_("their promise"),
    N_("favour"),
    N_("email"),
    N_("chat"),
    N_("sms"),
    N_("social"),
)
_LIVE = (N_("video"), N_("phone"), N_("event"))
_DIRECTIONS = (N_("outbound"), N_("inbound"), N_("mutual"))
_STATES = (N_("planned"), N_("done"), N_("swapped"), N_("snoozed"), N_("skipped"), N_("declined"))
_SIGNALS = (N_("pain point"), N_("competitor"), N_("request"), N_("praise"), N_("risk"))
_DATES = (N_("birthday"), N_("anniversary"), N_("renewal"), N_("other"))

_FIELDS = (
    *(N_("address"), N_("city"), N_("current"), N_("day"), N_("email"), N_("first day"), N_("label")),
    *(N_("last day"), N_("month"), N_("name"), N_("owner"), N_("password"), N_("role"), N_("team")),
    *(N_("text"), N_("time zone"), N_("budget by hand"), N_("budget call"), N_("budget in person")),
    *(N_("nudge time"), N_("nudge weekday"), N_("notes"), N_("note"), N_("title"), N_("kind"), N_("tags")),
    *(N_("country"), N_("organisation"), N_("domain"), N_("given name"), N_("family name"), N_("tier")),
)
"""What must be filled in or put right, as a summary of it names it."""
_CALLED = {
    "summary": N_("In a line"),
    "email_value": N_("Email"),
    "phone_value": N_("Phone"),
    "address_value": N_("Postal address"),
    "date_day": N_("Birthday and other dates"),
    "target_any": N_("Any contact every … days"),
    "target_personal": N_("Personal every … days"),
    "target_in_person": N_("In person every … days"),
}
"""Fields that people know by other words than programs do."""


def word(stored: str) -> str:
    """A stored word in the reader's language; one of a person's own stays as it is."""
    return gettext(stored) if stored else stored


def field_word(name: str) -> str:
    """What a summary of what is wrong calls a field; nothing where people know it by no word of its own."""
    plain = name.replace("_", " ")
    return gettext(_CALLED.get(name) or plain) if name in _CALLED or plain in _FIELDS else ""


def within(words: str) -> str:
    """A label or a sentence inside another: English begins it small there, other languages as their catalogues have it."""
    return words[:1].lower() + words[1:] if spoken() == ENGLISH else words
