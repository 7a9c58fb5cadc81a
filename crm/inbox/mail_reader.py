"""Reading a mail that somebody sent us, in a process of its own: ``python -m crm.inbox.mail_reader WHAT``, confined before
it looks at the first byte.

Standard input is the mail. Standard output is one line of JSON: what a bounce says, or the text of an answer.
"""

import json
import subprocess
import sys
from typing import Any

from crm.imports.limits import confine
from crm.imports.mail_text import plain_words
from crm.inbox.bounces import Bounce, taken_apart

BOUNCE, ANSWER = "bounce", "answer"
LONGEST_SECONDS = 60
"""By the clock on the wall; of the processor it has 30."""


class Unread(ValueError):
    """The mail took more time or memory than any real one does."""


def bounce_apart(raw: bytes) -> Bounce | None:
    """As `taken_apart`, in a process that can do no harm; Unread."""
    said = _asked(BOUNCE, raw)
    try:
        return None if said is None else Bounce(str(said["said"]), said["for_good"] is True)
    except (KeyError, TypeError):  # it is not trusted more than what it read
        raise Unread from None


def text_apart(raw: bytes) -> str:
    """The text of a mail, empty where it has none, read in a process that can do no harm; Unread."""
    return str(_asked(ANSWER, raw) or "")


def _asked(what: str, raw: bytes) -> Any:
    try:
        ended = subprocess.run(  # noqa: S603 (our own reader)
            [sys.executable, "-m", "crm.inbox.mail_reader", what],
            input=raw,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unread from None
    if ended.returncode != 0:
        raise Unread
    return json.loads(ended.stdout)


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
