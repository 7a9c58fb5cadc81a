"""A user's address books on a CardDAV server (RFC 6352): found from whatever address was typed, and read whole."""

from xml.sax.saxutils import escape

from crm.imports.dav import Refused, Server, Sort, beside, first
from crm.imports.dav_xml import CARDDAV, NoDav, Resource, resources
from crm.outgoing.client import Answer

MOST_BOOKS = 30
AT_ONCE = 200
"""Cards asked for in one request of a server that gives them only by name."""
SORT = Sort(CARDDAV, "addressbook-home-set", "carddav")


def fetch_cards(server: Server) -> bytes:
    """Every vCard of the user's address books, one after the other; NoDav where there is no address book."""
    parts: list[bytes] = []
    for book in find_books(server)[:MOST_BOOKS]:
        parts += _of_one(server, book.href, server.limit - sum(map(len, parts)))
    return b"\r\n".join(parts)


def find_books(server: Server) -> list[Resource]:
    """The user's address books; NoDav where there is none."""
    here = first(server, SORT)
    books = [here] if _is_book(here) else [one for one in beside(server, here, SORT) if _is_book(one)]
    if not books:
        raise NoDav
    return books


def _is_book(one: Resource) -> bool:
    return one.has("resourcetype", "addressbook", space=CARDDAV)


def _of_one(server: Server, url: str, limit: int) -> list[bytes]:
    query = (
        f"<C:addressbook-query {SORT.spaces}><prop><C:address-data/></prop><C:filter/></C:addressbook-query>"
    )
    answer = server.ask("REPORT", url, query, 1, limit)
    if answer.status == 207:
        return _cards(answer)
    if answer.status in (401, 403):
        raise Refused(answer.status)
    return _by_name(server, url, limit)


def _by_name(server: Server, url: str, limit: int) -> list[bytes]:
    """From a server that knows no query: what is there, and then each card by its name."""
    there = server.find(url, f"<propfind {SORT.spaces}><prop><resourcetype/></prop></propfind>", 1)
    names = [one.href for one in there if one.told.first("resourcetype", "collection") is None]
    found: list[bytes] = []
    for start in range(0, len(names), AT_ONCE):
        hrefs = "".join(f"<href>{escape(name)}</href>" for name in names[start : start + AT_ONCE])
        asked = f"<prop><C:address-data/></prop>{hrefs}"
        query = f"<C:addressbook-multiget {SORT.spaces}>{asked}</C:addressbook-multiget>"
        answer = server.ask("REPORT", url, query, 1, limit - sum(map(len, found)))
        if answer.status != 207:
            raise Refused(answer.status)
        found += _cards(answer)
    return found


def _cards(answer: Answer) -> list[bytes]:
    found = (one.told.first("address-data", space=CARDDAV) for one in resources(answer.body))
    return [each.text.encode() for each in found if each is not None and each.text]
