"""The people of the demo who are written down by name, each with a story of their own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from crm.demo.habits import Beat


@dataclass(frozen=True)
class Featured:
    """Somebody with a name and a story. ``beats`` None: the habit's; ``ways``: how much is known to reach them."""

    name: str
    company: str
    title: str
    tier: str
    habit: str
    beats: tuple[Beat, ...] | None = None
    weeks: int = 1
    city: str | None = None
    address: bool = True
    phone_label: str | None = None
    given: str | None = None
    family: str | None = None
    email: str | None = None
    tags: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: str | None = None


def _mails(*days: int, channel: str = "email") -> tuple[Beat, ...]:
    return tuple(Beat(day, channel) for day in days)


MARTA = (
    *_mails(724, 711, 690, 672, 655, 640, 622, 601, 585, 566, 548, 530, 509, 488, 470, 452),
    *_mails(431, 415, 398, 377, 360, 342, 325, 308, 290, 272, 255, 240),
    Beat(
        716,
        "meeting",
        note="First meeting. They run 34 depots and hand over on paper at four in the morning.",
    ),
    Beat(
        598,
        "lunch",
        note="Lunch at the wharf. Wants to sell it with us, not only buy it. Daughter wants to study abroad.",
    ),
    Beat(505, "phone", summary="Terms of the alliance"),
    Beat(420, "visit", summary="Visit to the Chelsea depot"),
    Beat(331, "lunch", note="Agreed the pilot over soup. Two depots first, drivers from both shifts."),
    Beat(276, "meeting", summary="Pilot plan, with their IT"),
    Beat(
        226,
        "visit",
        summary="Visit to the Quincy depot",
        note="Walked the loading floor for an hour. Drivers share six tablets and one password. "
        "Daughter was about to start at McGill. Wants fewer calls, better ones.",
    ),
    *_mails(209, 186, 164, 147, 131, 117, 96, 84, 67, 52, 41),
    Beat(58, "chat", summary="Asked for the tablet release notes"),
    Beat(33, "chat", summary="Asked twice about single sign-on for drivers on shared tablets"),
    Beat(21, "email", "outbound", summary="Invoice and a calendar link"),
    Beat(20, "email", "inbound", summary="The Worcester rollout slipped to January. Sounded stretched."),
    Beat(13, "chat", summary="Tablet release notes, nine messages"),
    Beat(4, "email", summary="Worcester moves to January. “It has been a long autumn.”"),
)

ELENA = (
    *_mails(520, 481, 455, 430, 402, 377, 350, 320, 297, 268, 240, 214, 189, 163, 140, 112, 90, 61, 44),
    Beat(524, "meeting", summary="First meeting with the ward sisters"),
    Beat(390, "visit", summary="A night on ward 4"),
    Beat(244, "meeting", summary="Steering group"),
    Beat(76, "lunch", note="Happy with ward 4. Asked for the checklist library in Portuguese."),
    Beat(31, "phone", summary="Go-live of the second ward"),
    Beat(4, "email", "inbound", summary="Outage on ward 4 this morning, who can look at it?"),
    Beat(4, "email", "outbound", summary="Looking now, logs asked for"),
    Beat(4, "email", "inbound", summary="Logs attached, it happens at every shift change"),
    Beat(3, "email", "outbound", summary="Found the cause, a fix goes out tonight"),
    Beat(3, "email", "inbound", summary="Night staff want to know if they go back to paper"),
    Beat(3, "email", "outbound", summary="Paper for tonight, screens tomorrow"),
    Beat(2, "email", "inbound", summary="Better, but slow at seven"),
    Beat(2, "email", "outbound", summary="Second fix, and an apology"),
    Beat(2, "email", "inbound", summary="The board asks what happened"),
    Beat(1, "email", "outbound", summary="First draft of the report"),
    Beat(1, "email", "inbound", summary="Seven questions about the report"),
)

DANIEL = (
    *_mails(610, 560, 515, 470, 420, 372, 330, 281, 233, 190, 170, 140, 118, 95, 71, 49, 27, 8),
    Beat(612, "visit", summary="Through the cold store"),
    Beat(402, "meeting", summary="Yearly review"),
    Beat(
        252,
        "lunch",
        note="New plant manager starts soon. Likes to be rung before 11, never mailed on Mondays.",
    ),
    Beat(158, "phone", summary="Harvest rota, seasonal staff get their own screens"),
)

PRIYA = (
    *_mails(158, 153, 149, 144, 138, 133, 127, 121, 114, 108, 101, 95, 90, 84, 78, 71, 65, 59, 54, 48),
    *_mails(42, 37, 33, 28, 24, 20, 16, 12, 9, 5),
    Beat(2, "email", summary="Meter data format, version 3 of the draft"),
)

CHLOE = (
    *_mails(700, 655, 610, 560, 520, 470, 425, 380, 330, 287, 240, 195, 150, 104, 80, 62, 38, 17, 6),
    Beat(702, "event", summary="Met at the partner day"),
    Beat(545, "lunch", summary="Lunch in the old port"),
    Beat(398, "visit", summary="Two days in Montréal"),
    Beat(
        197,
        "lunch",
        note="Wants us in their marketplace by spring. Prefers to settle things at a table. Restores a wooden boat.",
    ),
    Beat(43, "phone", summary="Marketplace listing, three things open on our side"),
)

RUTH = (
    *_mails(690, 640, 580, 520, 466, 410, 350, 295, 240, 180, 130, 77, 40, 12),
    Beat(700, "visit", summary="Tour of the reading room"),
    Beat(500, "lunch", summary="Lunch by the canal"),
    Beat(320, "meeting", summary="Rota of the volunteers"),
    Beat(
        84,
        "visit",
        note="Showed me the card catalogue they kept for its drawers. Retires this winter after 31 years.",
    ),
    Beat(52, "phone", summary="Who takes over in spring"),
)

FEATURED = {
    "nora": (
        Featured(
            "Marta Kowalczyk",
            "Northgate Logistics",
            "VP Alliances",
            "key",
            "screen",
            MARTA,
            phone_label="mobile, before 9",
            tags=("alliance", "pilot"),
            facts={"life": "has a daughter at McGill"},
            notes="In Boston on Tuesdays and Thursdays.",
        ),
        Featured(
            "Elena Duarte",
            "Brightwater Clinics",
            "COO",
            "key",
            "thread",
            ELENA,
            facts={"life": "sings in a choir"},
            tags=("board",),
        ),
        Featured(
            "Daniel Osei",
            "Fernhill Foods",
            "Head of Operations",
            "key",
            "drift",
            DANIEL,
            phone_label="usually picks up before 11",
            facts={"life": "coaches under-tens football"},
        ),
        Featured(
            "Priya Raman",
            "Cobalt Metering",
            "CTO",
            "key",
            "screen_never",
            PRIYA,
            address=False,
            facts={"life": "runs marathons"},
        ),
        Featured(
            "Rohit Deshpande",
            "Cobalt Metering",
            "Solutions Architect",
            "regular",
            "only_mail",
            address=False,
        ),
        Featured("Kwame Mensah", "Tidewater Data", "Founder", "key", "caller", tags=("introducer",)),
        Featured(
            "Ruth Abernathy",
            "Lowell Reading Rooms",
            "Director",
            "key",
            "steady",
            RUTH,
            facts={"life": "has spent 31 years at the library"},
        ),
        Featured(
            "Chloé Fontaine",
            "Meridian Cloud",
            "Head of Partnerships",
            "key",
            "drift",
            CHLOE,
            facts={"life": "restores a wooden boat"},
        ),
        Featured(
            "Jürgen Haas",
            "Haas Systemtechnik",
            "Managing Director",
            "key",
            "quiet",
            facts={"life": "keeps bees"},
        ),
        Featured("Graham Pike", "Pike & Larch", "Managing Director", "key", "revived", weeks=1),
        Featured("Sofia Marchetti", "Marchetti Stampi", "Head of Sales", "key", "revived", weeks=1),
        Featured("Hannah Voss", "Harborlight Capital", "Partner", "key", "luncher", tags=("board",)),
    ),
    "theo": (
        Featured(
            "Dana Whitcombe",
            "Whitcombe Papers",
            "Managing Director",
            "key",
            "screen_never",
            facts={"life": "swims in the sea all year"},
        ),
        Featured("Rob Tanner", "Tanner & Vale", "Works Manager", "regular", "only_mail"),
    ),
    "sam": (
        Featured(
            "Ben Adeyemi",
            "Larkspur Energy",
            "Field Operations Manager",
            "key",
            "quiet",
            facts={"life": "plays the bass"},
        ),
    ),
    "hana": (
        Featured(
            "Liam Byrne",
            "Carrick Assurance",
            "Head of Claims",
            "key",
            "screen",
            facts={"life": "has a new allotment"},
        ),
        Featured(
            "Aiko Tanabe", "Minato Print", "Production Lead", "key", "screen", facts={"life": "paints kites"}
        ),
        Featured(
            "陳怡君",
            "Camphor Tools",
            "Account Manager",
            "regular",
            "steady",
            given="怡君",
            family="陳",
            email="yijun.chen",
        ),
        Featured(
            "ليلى حداد",
            "Harbour Nine Hotels",
            "Director of Operations",
            "regular",
            "chatter",
            given="ليلى",
            family="حداد",
            email="layla.haddad",
        ),
    ),
}
"""By the user who looks after them."""
