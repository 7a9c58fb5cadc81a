"""The XML of WebDAV as servers answer it: what is at which address. Nothing in it is looked up or expanded."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

DAV = "DAV:"
CALDAV = "urn:ietf:params:xml:ns:caldav"
CARDDAV = "urn:ietf:params:xml:ns:carddav"
DEEPEST = 40
MOST = 200_000
"""Elements of one answer."""


class NoDav(Exception):
    """The answer is not one of WebDAV."""


@dataclass
class Node:
    """An element: its namespace and name, its attributes, the words in it, and what it holds."""

    space: str
    name: str
    given: dict[str, str] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    holds: list["Node"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The words, without space around them."""
        return "".join(self.words).strip()

    def all(self, name: str, space: str = DAV) -> Iterator["Node"]:
        """The children of that name."""
        return (one for one in self.holds if (one.space, one.name) == (space, name))

    def first(self, *path: str, space: str = DAV) -> "Node | None":
        """The first along a path of names of one namespace."""
        node: Node | None = self
        for name in path:
            node = next(node.all(name, space), None) if node is not None else None
        return node


@dataclass(frozen=True)
class Resource:
    """One thing at an address, with what the server told of it."""

    href: str
    told: Node

    def href_of(self, name: str, space: str = DAV) -> str | None:
        """The address that a property holds."""
        held = self.told.first(name, space=space)
        found = held.first("href") if held is not None else None
        return found.text if found is not None and found.text else None

    def has(self, holder: str, name: str, *, space: str) -> bool:
        """Whether a property holds an element of that name and namespace."""
        return any(True for held in self.told.holds if held.name == holder for _ in held.all(name, space))


def resources(data: bytes) -> list[Resource]:
    """What a multistatus answer tells; NoDav for anything else."""
    root = _tree(data)
    if (root.space, root.name) != (DAV, "multistatus"):
        raise NoDav
    return [_resource(one) for one in root.all("response")]


def _resource(response: Node) -> Resource:
    href = response.first("href")
    told = Node(DAV, "prop")
    for part in response.all("propstat"):
        status, prop = part.first("status"), part.first("prop")
        if prop is not None and (status is None or " 200" in status.text):
            told.holds += prop.holds
    return Resource(href.text if href is not None else "", told)


def _tree(data: bytes) -> Node:
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.words
    parser.StartDoctypeDeclHandler = builder.refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        raise NoDav from None
    if builder.root is None:
        raise NoDav
    return builder.root


class _Builder:
    """Puts elements together as they are read."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.open: list[Node] = []
        self.number = 0

    def start(self, name: str, given: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        node = Node(space, local, given)
        self.number += 1
        if len(self.open) >= DEEPEST or self.number > MOST:
            raise NoDav
        if self.open:
            self.open[-1].holds.append(node)
        else:
            self.root = node
        self.open.append(node)

    def end(self, name: str) -> None:
        self.open.pop()

    def words(self, words: str) -> None:
        self.open[-1].words.append(words)

    def refuse(self, *_: object) -> None:
        """A document type can define words that grow without end; no server sends one."""
        raise NoDav
