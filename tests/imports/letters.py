"""Mails as tests write them, and mailboxes that hold them."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from crm.imports.mailboxes import mails_in
from crm.imports.mails import MailReader
from crm.imports.sightings import Notices, Sighting
from tests.builders import NOW

MARTA, DANIEL, ALICE = "marta@fernhill.example", "daniel@fernhill.example", "alice@team.example"


def mail(number: object = 1, *more: str, body: str = "Hello.", **said: str) -> str:
    """One mail from Marta to Alice, but for what is said; a header said to be nothing is missing."""
    headers = {
        "From": f"Marta Kowalczyk <{MARTA}>",
        "To": f"Alice <{ALICE}>",
        "Date": "Mon, 02 Nov 2026 10:00:00 +0100",
        "Subject": "Review",
        "Message-ID": f"<{number}@fernhill.example>",
        **{name.replace("_", "-"): value for name, value in said.items()},
    }
    lines = [f"{name}: {value}" for name, value in headers.items() if value]
    return "\n".join([*lines, *more, "", body, ""])


def mbox(*mails: str, line: str = "From marta@fernhill.example Mon Nov  2 10:00:00 2026") -> str:
    """Mails as an mboxrd has them."""
    return "".join(f"{line}\n" + "\n".join(_quoted(one)) + "\n" for one in mails)


def _quoted(one: str) -> Iterable[str]:
    for line in one.split("\n"):
        yield f">{line}" if line.lstrip(">").startswith("From ") else line


def maildir(folder: Path, mails: Sequence[str]) -> Path:
    """Mails as a Maildir has them, seen and new ones, and one below for every third."""
    for number, one in enumerate(mails):
        inner = folder / (".Clients" if number % 3 == 0 else "") / ("new" if number % 2 else "cur")
        inner.mkdir(parents=True, exist_ok=True)
        name = f"1700000{number}.M1P1.host" + ("" if number % 2 else ":2,S")
        (inner / name).write_bytes(one.replace("\n", "\r\n" if number % 2 else "\n").encode())
    return folder


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """An archive of these files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def read(
    data: str | bytes, *, name: str = "x.mbox", now: datetime = NOW, keep_text: bool = False
) -> tuple[list[Sighting], Notices]:
    """What a file holds, and what is said of it."""
    notices = Notices(name)
    reader = MailReader(notices, now, keep_text=keep_text)
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    found = list(reader.sightings(mails_in(stream, notices, body=reader.body)))
    reader.tell()
    return found, notices
