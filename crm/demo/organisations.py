"""The forty organisations of the demo: who they are, who of the team looks after them, and what is talked about."""

import re
import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """What a trade talks about: what is under way, subjects, and the titles people have."""

    projects: tuple[str, ...]
    topics: tuple[str, ...]
    titles: tuple[str, ...]


@dataclass(frozen=True)
class Company:
    """An organisation; ``closed`` ones have only the people that are written down by name."""

    name: str
    owner: str
    kind: str
    city: str
    trade: str
    tier: str
    tags: tuple[str, ...]
    closed: bool = False

    @property
    def domain(self) -> str:
        """Its mail domain, which no one can register."""
        return re.sub(r"[^a-z0-9]+", "", plain(self.name)) + ".example"


def plain(words: str) -> str:
    """The words in small Latin letters without accents; other scripts fall away."""
    return (
        unicodedata.normalize("NFKD", words.replace("ø", "o").replace("ı", "i").replace("ł", "l"))
        .encode("ascii", "ignore")
        .decode()
        .lower()
    )


def _work(projects: str, topics: str, titles: str) -> Work:
    return Work(*(tuple(part.strip() for part in words.split(";")) for words in (projects, topics, titles)))


WORKS = {
    "transport": _work(
        "the depot rollout; the handover screens; the winter timetable; the driver app",
        "shared tablets in the cab; sign-on for drivers; the night shift; late handovers; the depot printers",
        "Operations Director; Fleet Manager; Depot Manager; Head of Planning; VP Alliances",
    ),
    "health": _work(
        "the ward pilot; the checklist library; the move to the new wing; the audit trail",
        "handover at shift change; consent forms; the outage in spring; training for agency staff",
        "COO; Head of Nursing; Clinical Systems Lead; Quality Manager; Procurement Lead",
    ),
    "food": _work(
        "the cold-store checklists; the second line; the allergen audit; the harvest rota",
        "seasonal staff; temperature records; labels in four languages; the weekend shift",
        "Head of Operations; Plant Manager; Quality Lead; Buyer; Site Manager",
    ),
    "learning": _work(
        "the reading-room rota; the new branch; the records project; the summer school",
        "volunteers; opening hours; the grant report; accessibility; the old catalogue",
        "Director; Deputy Director; Head of Services; Registrar; Facilities Manager",
    ),
    "technology": _work(
        "the shared roadmap; the connector; the reseller agreement; the data bridge; version 4",
        "rate limits; the sandbox; pricing for small sites; the security review; who answers support at night",
        "CTO; Founder; Partner Manager; Solutions Architect; Head of Product; Account Manager",
    ),
    "industry": _work(
        "the tooling order; the press shop; the maintenance rounds; the spare-parts list",
        "lead times; the new alloy; drawings that arrive late; the apprentices; packaging",
        "Managing Director; Works Manager; Head of Sales; Account Manager; Quality Engineer",
    ),
    "print": _work(
        "the wall charts; the card stock; the reprint; the shift calendars",
        "paper prices; delivery before the holidays; colour proofs; recycled stock",
        "Account Manager; Production Lead; Managing Director; Head of Estimates",
    ),
    "finance": _work(
        "the claims desk; the audit checklist; the branch pilot; the renewal paper",
        "data retention; the new regulator's form; the call centre; who signs off",
        "Head of Claims; Operations Lead; Partner; Principal; Chief Risk Officer",
    ),
    "utilities": _work(
        "the field crews' app; the meter rollout; the storm plan; the permit screens",
        "patchy reception; works permits; standby rotas; map data; the unions",
        "Field Operations Manager; Network Director; Head of Safety; Programme Manager",
    ),
    "hospitality": _work(
        "the housekeeping boards; the opening in the harbour; the rota swap; the summer team",
        "turnover of staff; the front desk at night; languages; breakfast counts",
        "General Manager; Head Housekeeper; Director of Operations; HR Lead",
    ),
    "press": _work(
        "the piece about shift work; the podcast; the yearly survey; the supplement",
        "embargoes; who can be quoted; figures by sector; photographs",
        "Editor; Reporter; Producer; Commissioning Editor",
    ),
    "trade": _work(
        "the distribution agreement; the showroom; the spring fair; the price list",
        "translations; customs papers; demo units; margins; the exhibition stand",
        "Sales Director; Partner Manager; Founder; Head of Trade; Buyer",
    ),
}

_COMPANIES = """\
Northgate Logistics  | nora | partner  | Boston     | transport   | key     | alliance
Brightwater Clinics  | nora | customer | Boston     | health      | key     | pilot 2025
Fernhill Foods       | nora | customer | Worcester  | food        | key     |
Lowell Reading Rooms | nora | customer | Lowell     | learning    | regular | public sector
Cobalt Metering      | nora | vendor   | Pune       | utilities   | key     | closed
Tidewater Data       | nora | partner  | Boston     | technology  | key     | alliance
Meridian Cloud       | nora | partner  | Montréal   | technology  | key     | alliance, reseller
Haas Systemtechnik   | nora | partner  | Stuttgart  | technology  | key     | reseller
Pike & Larch         | nora | customer | Boston     | industry    | regular |
Marchetti Stampi     | nora | vendor   | Bergamo    | industry    | regular | tooling
Harborlight Capital  | nora | investor | Boston     | finance     | regular | board
The Ledger Weekly    | nora | press    | New York   | press       | warm    |
Quayside Ferries     | nora | customer | Boston     | transport   | key     |
Saltmarsh Robotics   | nora | vendor   | Boston     | technology  | regular |
Carrow Rail          | theo | customer | London     | transport   | key     | framework
Whitcombe Papers     | theo | vendor   | Bristol    | print       | regular |
Tanner & Vale        | theo | customer | London     | industry    | regular |
Fjordline Freight    | theo | partner  | Bergen     | transport   | key     | reseller
Aldermoor College    | theo | customer | Manchester | learning    | regular | public sector
Bramblewood Hotels   | theo | customer | Edinburgh  | hospitality | key     |
Oost & Zoon          | theo | vendor   | Rotterdam  | industry    | warm    |
Kestrel & Quill      | theo | press    | London     | press       | warm    |
Verdance Studio      | theo | partner  | Lisbon     | trade       | regular | design
Nordhavn Water       | theo | customer | Copenhagen | utilities   | key     |
Clementine Larder    | theo | prospect | Dublin     | food        | regular | fair 2026
Larkspur Energy      | sam  | customer | Chicago    | utilities   | key     |
Prairie Hearth Mutual| sam  | customer | Chicago    | finance     | key     |
Lakeshore Transit    | sam  | partner  | Chicago    | transport   | regular | alliance
Ember Foundry Works  | sam  | vendor   | Milwaukee  | industry    | regular | tooling
Tallgrass Health     | sam  | customer | Denver     | health      | key     | pilot 2025
Acacia Mobile Care   | sam  | partner  | Nairobi    | health      | regular | reseller
Kola Packaging       | sam  | vendor   | Lagos      | industry    | warm    |
Minato Print         | hana | vendor   | Tokyo      | print       | key     |
Carrick Assurance    | hana | customer | Dublin     | finance     | key     | framework
Sakura-dori Trading  | hana | partner  | Osaka      | trade       | key     | reseller
Harbour Nine Hotels  | hana | customer | Singapore  | hospitality | key     |
Wattle Fleet         | hana | customer | Melbourne  | transport   | regular |
Lotus Thread Works   | hana | vendor   | Hanoi      | industry    | warm    |
Brush & Stone        | hana | partner  | Seoul      | trade       | regular | design
Camphor Tools        | hana | vendor   | Taipei     | industry    | regular | tooling
"""


def _company(line: str) -> Company:
    name, owner, kind, city, trade, tier, words = (part.strip() for part in line.split("|"))
    tags = tuple(word.strip() for word in words.split(",") if word.strip() and word.strip() != "closed")
    return Company(name, owner, kind, city, trade, tier, tags, closed="closed" in words)


COMPANIES = {company.name: company for company in map(_company, _COMPANIES.splitlines())}
