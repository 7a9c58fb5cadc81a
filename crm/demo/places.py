"""Where the people of the demo live, and what they are called: all invented, and every telephone leads nowhere."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class City:
    """A city with its zone, how its telephones look (# is a figure), its streets, post codes and who lives there."""

    name: str
    country: str
    zone: str
    phone: str
    streets: tuple[str, ...]
    post: str
    cultures: tuple[str, ...]


_CITIES = """\
Boston | US | America/New_York | +1 617 555 01## | {} Dorchester Avenue, {} Congress Street, {} Atlantic Wharf | Boston MA 021## | english polish irish italian ghanaian portuguese indian
Worcester | US | America/New_York | +1 508 555 01## | {} Shrewsbury Street, {} Canal Row | Worcester MA 016## | english ghanaian vietnamese
Lowell | US | America/New_York | +1 978 555 01## | {} Mill Row, {} Merrimack Lane | Lowell MA 018## | english irish portuguese
New York | US | America/New_York | +1 212 555 01## | {} Water Street, {} Hudson Walk | New York NY 100## | english italian hispanic korean
Montréal | CA | America/Toronto | +1 514 555 01## | {} rue des Tilleuls, {} avenue du Quai | Montréal QC H2X 1A# | french arabic
Chicago | US | America/Chicago | +1 312 555 01## | {} Wacker Court, {} Lakeside Drive | Chicago IL 606## | english polish nigerian hispanic
Milwaukee | US | America/Chicago | +1 414 555 01## | {} Foundry Street, {} Third Ward Row | Milwaukee WI 532## | english german polish
Denver | US | America/Denver | +1 303 555 01## | {} Larimer Row, {} Platte Street | Denver CO 802## | english hispanic
London | GB | Europe/London | +44 20 7946 0### | {} Rope Walk, {} Tanner Row, {} Candle Yard | London SE1 #AB | english indian nigerian irish
Bristol | GB | Europe/London | +44 117 496 0### | {} Paper Quay, {} Welsh Back | Bristol BS1 #QT | english welsh
Manchester | GB | Europe/London | +44 161 496 0### | {} Loom Street, {} Canal Side | Manchester M1 #FR | english indian polish
Edinburgh | GB | Europe/London | +44 131 496 0### | {} Lantern Close, {} Wynd Terrace | Edinburgh EH1 #BD | english irish
Dublin | IE | Europe/Dublin | +353 20 915 #### | {} Cooper Lane, {} Grand Quay | Dublin D02 X2## | irish english polish
Bergen | NO | Europe/Oslo | +47 00 00 00 ## | Fjordgaten {}, Bryggekaien {} | 50## Bergen | nordic
Copenhagen | DK | Europe/Copenhagen | +45 00 00 00 ## | Vandværksvej {}, Havnegangen {} | 21## København | nordic
Rotterdam | NL | Europe/Amsterdam | +31 10 000 00 ## | Touwslagersweg {}, Oude Haven {} | 30## AB Rotterdam | dutch
Stuttgart | DE | Europe/Berlin | +49 711 000 00 ## | Weberstiege {}, Am Neckarhang {} | 701## Stuttgart | german turkish
Lisbon | PT | Europe/Lisbon | +351 21 000 00 ## | Rua das Oliveiras {}, Largo do Farol {} | 12##-001 Lisboa | portuguese
Bergamo | IT | Europe/Rome | +39 035 000 0## | Via dei Fonditori {}, Vicolo Alto {} | 241## Bergamo BG | italian
Lagos | NG | Africa/Lagos | +234 1 000 00 ## | {} Marina Close, {} Palm Road | Lagos 1012## | nigerian
Nairobi | KE | Africa/Nairobi | +254 20 000 00 ## | {} Acacia Lane, {} Ridge Road | Nairobi 001## | kenyan indian
Pune | IN | Asia/Kolkata | +91 20 0000 00## | {} Mango Lane, {} Riverside Road | Pune 4110## | indian
Tokyo | JP | Asia/Tokyo | +81 3 0000 00## | {} Minato-dori, {} Kawabata Street | Tokyo 105-00## | japanese
Osaka | JP | Asia/Tokyo | +81 6 0000 00## | {} Sakura-dori, {} Hashimoto Street | Osaka 530-00## | japanese
Singapore | SG | Asia/Singapore | +65 0000 00## | {} Quayside Road, {} Nutmeg Walk | Singapore 0491## | chinese indian
Melbourne | AU | Australia/Melbourne | +61 3 7010 #### | {} Wattle Lane, {} Harbour Parade | Melbourne VIC 30## | english vietnamese
Hanoi | VN | Asia/Ho_Chi_Minh | +84 24 0000 00## | {} Silk Lane, {} Lotus Street | Hà Nội 1000## | vietnamese
Seoul | KR | Asia/Seoul | +82 2 0000 00## | {} Namsan Lane, {} Brush Street | Seoul 045## | korean
Taipei | TW | Asia/Taipei | +886 2 0000 00## | {} Camphor Road, {} Harbour Lane | Taipei 1000# | chinese
"""


def _city(line: str) -> City:
    name, country, zone, phone, streets, post, cultures = (part.strip() for part in line.split(" | "))
    return City(name, country, zone, phone, tuple(streets.split(", ")), post, tuple(cultures.split()))


CITIES = {city.name: city for city in map(_city, _CITIES.splitlines())}

GIVEN = {
    "english": "Alice Rupert Harriet Nathan Imogen Walter Judith Miles Rosalind Clive Beatrix Owen",
    "irish": "Niamh Declan Aoife Ciarán Sinéad Fergus Orla",
    "welsh": "Carys Emrys Gwen Rhys",
    "polish": "Zofia Tomasz Agnieszka Paweł Halina Marek",
    "italian": "Giulia Lorenzo Chiara Matteo Bianca Dario",
    "portuguese": "Beatriz Tiago Leonor Duarte Inês Rui",
    "hispanic": "Lucía Andrés Marisol Joaquín Ximena",
    "french": "Camille Étienne Maëlle Bastien Solène",
    "german": "Katrin Ulrich Heike Matthias Anneliese Volker",
    "turkish": "Defne Emre Selin",
    "dutch": "Femke Joris Saskia Bram",
    "nordic": "Astrid Henrik Solveig Lars Ingrid Mikkel Freja",
    "nigerian": "Chidinma Tunde Folake Emeka Yetunde",
    "ghanaian": "Abena Kofi Esi Yaw",
    "kenyan": "Wanjiru Kamau Achieng Otieno",
    "arabic": "Leïla Karim Salma Yasser",
    "indian": "Ananya Vikram Meera Arjun Kavita Sanjay Divya",
    "japanese": "Yuki Kenji Haruka Daichi Mio Satoshi Emi",
    "korean": "Ji-woo Min-jun Seo-yeon Hyun-woo",
    "chinese": "Mei-ling Wei-han Xin-yi Jun-jie Hui-fen",
    "vietnamese": "Linh Minh Thảo Quân Hạnh",
}
"""Given names of many cultures."""

FAMILY = {
    "english": "Ashdown Penhallow Whitlock Fairbairn Underhill Garside Larkin Thornbury Oakes Merriweather Blythe",
    "irish": "Gallagher Tierney Corrigan Mulvaney Keane",
    "welsh": "Prosser Bevan Llewellyn",
    "polish": "Wrona Sikora Bielak Kania Szulc",
    "italian": "Bellandi Cattaneo Ferraris Moroni Valsecchi",
    "portuguese": "Teixeira Falcão Moreira Quintela Bragança",
    "hispanic": "Olivares Cervantes Montalvo Escobedo",
    "french": "Delorme Lachance Beaupré Marchand Tessier",
    "german": "Brandner Weissmann Kessler Oberholz Rademacher",
    "turkish": "Aydın Korkmaz Yalçın",
    "dutch": "Verhoeven Dijkgraaf Oosterling",
    "nordic": "Halvorsen Bjerregaard Strandgaard Lindholm Nygård Thorsen",
    "nigerian": "Okonkwo Balogun Adewale Nwosu",
    "ghanaian": "Boateng Asante Owusu",
    "kenyan": "Mwangi Odhiambo Njoroge",
    "arabic": "Haddad Benali Mansour",
    "indian": "Kulkarni Bhattacharya Menon Joshi Chaudhari Iyer",
    "japanese": "Kobayashi Hoshino Nakagawa Matsuda Fujimori Ueda",
    "korean": "Seong Bae Hwang Noh",
    "chinese": "Chua Liang Hsieh Koh Tseng",
    "vietnamese": "Phan Đặng Bùi Trịnh",
}
"""Family names of many cultures."""


def a_name(rng: Random, city: City, taken: set[str]) -> tuple[str, str]:
    """A given and a family name that nobody bears yet; ``taken`` learns it. Some people live far from home."""
    while True:
        culture = rng.choice(city.cultures if rng.random() < 0.85 else tuple(GIVEN))
        given, family = rng.choice(GIVEN[culture].split()), rng.choice(FAMILY[culture].split())
        name = f"{given} {family}"
        if name not in taken:
            taken.add(name)
            return given, family


def a_phone(rng: Random, city: City) -> str:
    """A telephone number that nobody has."""
    return _figures(rng, city.phone)


def an_address(rng: Random, city: City) -> str:
    """A postal address on several lines."""
    street = rng.choice(city.streets).format(rng.randint(1, 180))
    return f"{street}\n{_figures(rng, city.post)}"


def _figures(rng: Random, pattern: str) -> str:
    return "".join(str(rng.randint(0, 9)) if sign == "#" else sign for sign in pattern)
