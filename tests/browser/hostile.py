"""Words that would like to be more than words."""

import json
from pathlib import Path

PAYLOADS = (
    "<script>window.__pwned = 1</script>",
    "</title><script>window.__pwned = 2</script>",
    '"><img src=x onerror="window.__pwned = 3">',
    "'><svg/onload='window.__pwned = 4'>",
    "</textarea><img src=x onerror=window.__pwned=5>",
    "<style>body { display: none }</style>",
    '<iframe srcdoc="<script>parent.__pwned = 6</script>"></iframe>',
    "javascript:window.__pwned=7//",
    "{{ 7 * 191 }}{% raise %}${7 * 191}",
    "]]><!--<a href=//evil.example>here</a>",
    "\u202egnp.exe\u2066\u202d",
    '=HYPERLINK("http://evil.example")',
)
"""Each wants another hole: text, title, attributes, a textarea, a frame, a link, a template, the direction of a line."""

_SUITE = Path(__file__).parents[3] / "shared/data/suites/blns/blns.json"
LONGEST = 80
"""A tag may be no longer."""


def naughty(number: int) -> list[str]:
    """So many further strings of the list of naughty strings with markup in them; none where the list is not there."""
    if not _SUITE.exists():
        return []
    found = [
        one for one in json.loads(_SUITE.read_text(encoding="utf-8")) if "<" in one or "javascript" in one
    ]
    usable = [one.strip() for one in found if one.isprintable() and len(one) <= LONGEST]
    step = max(1, len(usable) // number)
    return usable[::step][:number]
