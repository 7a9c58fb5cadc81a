"""Reading a mail that somebody sent us, in a process of its own: ``python -m crm.inbox.mail_reader WHAT``, confined before
it looks at the first byte.

Standard input is the mail. Standard output is one line of JSON: what a bounce says, or the text of an answer.
"""

import json
import sys
from typing import Any

from crm.imports.apart import TooMuch, ask
from crm.imports.limits import confine
from crm.imports.mail_text import plain_words
from crm.inbox.bounces import Bounce, taken_apart

READER = "crm.inbox.mail_reader"
BOUNCE, ANSWER = "bounce", "answer"


def bounce_apart(raw: bytes) -> Bounce | None:
    """As `taken_apart`, in a process that can do no harm; TooMuch or Interrupted."""
    said = ask(READER, raw, BOUNCE)
    try:
        return None if said is None else Bounce(str(said["said"]), said["for_good"] is True)
    except (KeyError, TypeError):
        raise TooMuch from None


def text_apart(raw: bytes) -> str:
    """The text of a mail, empty where it has none, read in a process that can do no harm; TooMuch or Interrupted."""
    return str(ask(READER, raw, ANSWER) or "")


def main() -> None:
    """Read the mail that is standard input."""
    confine(0)
    raw = sys.stdin.buffer.read()
    sys.stdout.write(json.dumps(_bounce(raw) if sys.argv[1] == BOUNCE else _text(raw)))


def _bounce(raw: bytes) -> dict[str, Any] | None:
    found = taken_apart(raw)
    return None if found is None else {"said": found.said, "for_good": found.for_good}


def _text(raw: bytes) -> str | None:
    head, blank, body = raw.partition(b"\r\n\r\n")
    return plain_words(head + blank, body)


if __name__ == "__main__":
    main()
