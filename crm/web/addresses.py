"""Addresses: where a redirect may lead, and the names of cookies."""

import re

_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def local_path(wanted: str | None, otherwise: str = "/", longest: int = 2_000) -> str:
    """``wanted`` if it is a path of this site (``/people?q=x``), else ``otherwise``: no redirect leads away."""
    return wanted if wanted and len(wanted) < longest and _LOCAL.fullmatch(wanted) else otherwise


def is_id(text: str) -> bool:
    """Whether this may be the id of a row: European figures that fit into 64 bits."""
    return text.isascii() and text.isdigit() and len(text) < 19


def cookie_name(name: str, is_https: bool) -> str:
    """On https the ``__Host-`` name, which no neighbour domain and no plain-http page can set."""
    return f"__Host-{name}" if is_https else name
