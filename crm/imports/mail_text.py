"""The text of a mail, where somebody asked for it to be kept: what was written, without what it quotes."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from html.parser import HTMLParser

from crm.contacts.drafts import many_lines
from crm.domain.lengths import TEXT_LIMIT
from crm.imports.lettering import text_of

_SILENT = ("script", "style", "title", "template")
"""Not *head*: its end may be left out, and then it would hold the whole letter."""
_BREAKS = ("p", "div", "br", "li", "tr", "h1", "h2", "h3", "blockquote", "table")
_QUOTE = re.compile(r"^[ \t]*>.*$\n?", re.MULTILINE)
_EMPTY = re.compile(r"\n[ \t\u00a0]*(?:\n[ \t\u00a0]*)+")


def plain_words(head: bytes, body: bytes) -> str | None:
    """The plain text of a mail, else that of its page, without what it quotes; None where neither can be read."""
    text = whole_words(head, body)
    return None if text is None else many_lines(_EMPTY.sub("\n\n", _QUOTE.sub("", text)).strip()[:TEXT_LIMIT])


def whole_words(head: bytes, body: bytes) -> str | None:
    """The plain text of a mail, else that of its page, with what it quotes."""
    try:
        mail = message_from_bytes(head + body, policy=policy.default)
        part = mail.get_body(("plain", "html")) if isinstance(mail, EmailMessage) else None
        if part is None:
            return None
        text = _content(part)
        if part.get_content_subtype() == "html":
            text = _words_of(text)
    except Exception:  # a body that no parser reads is kept by none
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _content(part: MIMEPart) -> str:
    """The text of a part, in its own charset, else in whatever it seems to be written in."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        return data.decode(part.get_content_charset() or "utf-8")
    except (LookupError, ValueError):  # some names of codecs are refused with the latter, "undefined" is one
        return text_of(data)


class _Words(HTMLParser):
    """The words of a page, with a line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        if tag in _BREAKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT and self._silent > 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(" ".join(data.split("\n")))


def _words_of(page: str) -> str:
    reader = _Words()
    reader.feed(page)
    reader.close()
    return "\n".join(" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
