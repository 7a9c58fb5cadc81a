"""A mailbox as a source: read over IMAP, folder by folder, on from where it was read last. Nothing is changed there.

What comes out is an mbox of heads, which the reader of mail files reads: so the same mail in a file and in a mailbox is
one record. Texts and attachments are not fetched, but for the beginnings of mails that were forwarded to be logged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from crm.domain.correspondence import reason_of_folder
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.mailbox_words import GOOD
from crm.errors import Invalid
from crm.imports.busy_fetch import Source
from crm.imports.log_mailboxes import may_be_forwarded
from crm.outgoing.failures import Failed, Failure
from crm.outgoing.imap import Refused, Session, opened
from crm.outgoing.imap_address import INBOX, ImapAddress
from crm.outgoing.wire import Network

MOST = 10_000
"""Mails of one reading; the next goes on behind them."""
HEADS = 100
"""Heads that are fetched at once."""
FOLDERS = 500
BEGINNING = 128 * 1024
"""Bytes of a mail that was forwarded: the lines that say what it was stand at its beginning."""
WHOLE = 1_000
"""So many of those in one visit; the next goes on behind them."""
SECONDS = 600.0
TRYING_SECONDS = 20.0
_PORTS = {"imaps": 993, "imap": 143}
_BETWEEN = b"From mailbox@localhost Thu Jan  1 00:00:00 1970\n"
LIKE = N_(
    "The address of a mailbox looks like imaps://mail.example.com, or imaps://mail.example.com/INBOX for one folder."
)


@dataclass(frozen=True)
class Mails:
    """The heads of the mails that came since, as an mbox; ``seen`` is how far each folder was read by it, as
    (UIDVALIDITY, UID). ``more``: others wait for the next reading."""

    content: bytes
    seen: Mapping[str, tuple[int, int]]
    more: bool


def address_of(access: Source) -> ImapAddress:
    """Where the mailbox is; Invalid for an address that is none. Without a folder: all of them."""
    try:
        parts = urlsplit(access.address)
        host = (parts.hostname or "").encode("idna").decode("ascii").lower()
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise Invalid(_(LIKE)) from None
    folder = unquote(parts.path.strip("/"))
    if not host or parts.username is not None or not folder.isprintable():
        raise Invalid(_(LIKE))
    if parts.query not in ("", "starttls=require", "starttls=never"):
        raise Invalid(_("The address of a mailbox may only be followed by ?starttls=require or never."))
    if not access.name or not access.password or not (access.name + access.password).isprintable():
        raise Invalid(_("A mailbox needs the name and password used to sign in there."))
    tls = parts.scheme == "imaps"
    starttls = not tls and parts.query != "starttls=never"
    return ImapAddress(host, port, access.name, access.password, folder, tls, starttls)


def fetch_mails(
    access: Source,
    network: Network,
    seen: Mapping[str, Any],
    most: int | None = None,
    *,
    with_forwarded: bool = False,
) -> Mails:
    """What came into the mailbox since it was ``seen``; Failed or Refused where that comes to nothing.

    ``with_forwarded``: of mails that may have been forwarded there to be logged their beginning is
    fetched as well. A password goes unencrypted only to a host that whoever runs the server named.
    """
    address = address_of(access)
    if not address.is_encrypted and not network.is_named(address.host, address.port):
        raise Failed(Failure.FORBIDDEN)
    with opened(address, network, SECONDS) as session:
        fetch = _Fetch(session, access.name.casefold() if with_forwarded else None, most or MOST)
        return fetch.mails(address.folder, seen)


def try_out(access: Source, network: Network) -> str:
    """How signing in there ends, as a state of ``mailbox_words``; nothing is read."""
    address = address_of(access)
    if not address.is_encrypted and not network.is_named(address.host, address.port):
        return str(Failure.FORBIDDEN)
    try:
        with opened(address, network, TRYING_SECONDS) as session:
            session.examine(address.folder or INBOX)
    except Failed as failed:
        return str(failed.failure)
    except Refused as refused:
        return refused.state
    return GOOD


class _Fetch:
    """One visit: the heads of at most so many mails, and the beginnings of those that were forwarded to ``log``."""

    def __init__(self, session: Session, log: str | None, most: int) -> None:
        self._session, self._log, self._most = session, log, most
        self._parts: list[bytes] = []
        self._whole = 0

    def mails(self, folder: str, seen: Mapping[str, Any]) -> Mails:
        """What came since, of one folder or of all."""
        session = self._session
        names = [folder] if folder else [one for one in session.folders() if reason_of_folder(one) is None]
        reached = {name: (int(seen[name][0]), int(seen[name][1])) for name in seen}
        for name in names[:FOLDERS]:
            try:
                found = session.examine(name)
            except Refused:
                if folder:
                    raise
                continue  # it went away, or may not be read; the others may
            validity, last = reached.get(name, (0, 0))
            uids = session.after(last if validity == found.uidvalidity else 0)
            done = self._take(uids)
            if uids:
                before = last if validity == found.uidvalidity else 0
                reached[name] = (found.uidvalidity, uids[done - 1] if done else before)
            if done < len(uids):
                return Mails(b"".join(self._parts), reached, True)
        return Mails(b"".join(self._parts), reached, False)

    def _take(self, uids: list[int]) -> int:
        """Fetch them in order; how many, before it was enough for one visit."""
        done = 0
        while done < len(uids) and len(self._parts) < self._most and self._whole < WHOLE:
            block = uids[done : done + min(HEADS, self._most - len(self._parts))]
            heads = self._session.heads(block)
            self._parts += [_BETWEEN + self._mail(uid, heads[uid]) for uid in sorted(heads)]
            done += len(block)
        return done

    def _mail(self, uid: int, head: bytes) -> bytes:
        if self._log is None or not may_be_forwarded(head, self._log):
            return _whole(head)
        self._whole += 1
        begun = self._session.mail(uid, BEGINNING)
        return _whole(head) if begun is None else _unparted(begun) + b"\n\n"


def _unparted(mail: bytes) -> bytes:
    """Without a line that could be taken for the beginning of another mail."""
    return mail.replace(b"\r\n", b"\n").strip(b"\n").replace(b"\nFrom ", b"\n>From ")


def _whole(head: bytes) -> bytes:
    """A head with its blank line."""
    return _unparted(head) + b"\n\n"
