"""What somebody forwarded to be logged: the mail itself where it is attached, else what the lines above its text say.

Nearly every program writes those lines in its user's language: who wrote, when, to whom, about what. The moment is by
the clock of whoever forwarded.
"""

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from crm.domain.language import N_
from crm.imports.mail_text import whole_words
from crm.imports.spoken_moments import moment_said

_PREFIX = re.compile(
    r"\s*\[?(?:fwd?|wg|tr|rv|i|enc|doorst|vs|vb|vl|pd|továbbítás|fw|yml|ilt|i̇lt"
    r"|пересл|转发|轉寄|转寄|転送|전달|הועבר|إعادة توجيه)\s*[:：]",
    re.IGNORECASE,
)
"""What programs write before the subject of a mail that is passed on."""

_LABELS = {
    "from": "from|von|de|da|van|från|fra|od|от|від|lähettäjä|kimden|gönderen|feladó|odesílatel|από"
    "|מאת|من|发件人|寄件者|差出人|보낸 사람|보낸사람",
    "date": "date|sent|datum|gesendet|gesendet am|fecha|enviado|enviado el|enviada|enviado em|data"
    "|inviato|verzonden|skickat|sendt|dato"
    "|wysłano|envoyé|envoyé le|date d'envoi|päivämäärä|lähetetty|отправлено|дата|відправлено"
    "|gönderildi|tarih|elküldve|dátum|odesláno"
    "|ημερομηνία|תאריך|נשלח|التاريخ|日期|发送时间|發送時間|日時|送信日時|날짜|보낸 날짜",
    "to": "to|an|à|para|a|aan|till|til|do|кому|vastaanottaja|kime|alıcı|címzett|komu|προς|אל|إلى"
    "|收件人|宛先|받는 사람|받는사람",
    "cc": "cc|kopie|copie|copia|kopia|kopi|копия|копія|kopio|bilgi|másolat|抄送|副本|참조",
    "subject": "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|ämne|emne|temat|тема|aihe"
    "|konu|tárgy|předmět|θέμα|נושא|الموضوع|主题|主旨|件名|제목",
}
_NAMES = {word: name for name, words in _LABELS.items() for word in words.split("|")}
_LABELLED = re.compile(r"[>\s*_]*([^\W\d_][^:：*\n]{0,20}?)\s*[*_]*\s*[:：]\s*[*_]*\s*(.*)")
_ONLY_ADDRESSES = re.compile(r"[>\s]*(?:[^<>@:]*<[^<>@\s]+@[^<>\s]+>)+[;,\s]*")
_MAILTO = re.compile(r"[\[<(]?mailto:([^\]>)\s]+)[\]>)]?", re.IGNORECASE)
_LINES = 400
"""How far down the lines are looked for: a note may stand before them."""


@dataclass(frozen=True)
class Original:
    """The head of the mail that was passed on; ``is_whole``: it was attached, with all that tells it from others."""

    head: bytes
    is_whole: bool


class Unclear(Exception):
    """A mail was passed on, and what it was cannot be told for certain; ``pattern`` says why of a *mail*."""

    def __init__(self, pattern: str, date: str = "") -> None:
        super().__init__(pattern)
        self.pattern = pattern
        self.date = date


def is_forward(subject: str) -> bool:
    """Whether a subject says that a mail is passed on."""
    return _PREFIX.match(subject) is not None


def original_of(head: bytes, body: bytes, sent: datetime, zone: ZoneInfo) -> Original | None:
    """The mail that this one passes on; None for one that passes nothing on. Raises Unclear.

    ``sent`` is when it was passed on, by the clock there; ``zone`` where people live, if that clock says nothing else.
    """
    attached = _attached(head, body)
    if attached is not None:
        return Original(attached, is_whole=True)
    said = _block(whole_words(head, body) or "")
    if said is None:
        return None
    moment = moment_said(said["date"], _zone(sent, zone))
    if moment is None:
        raise Unclear(
            N_(
                "{mail} was forwarded here, but its date (“{date}”) could mean several days, or none. "
                "Log it by hand, or forward it again."
            ),
            said["date"][:40],
        )
    lines = [("From", said["from"]), ("To", said.get("to", "")), ("Cc", said.get("cc", ""))]
    lines += [("Date", format_datetime(moment)), ("Subject", said.get("subject", ""))]
    made = "".join(f"{name}: {_plain(value)}\n" for name, value in lines if value)
    return Original(made.encode("utf-8", "replace"), is_whole=False)


def _zone(sent: datetime, zone: ZoneInfo) -> tzinfo:
    """Where whoever passed it on lives: in our zone, if their clock agrees with it; else by the clock of their mail."""
    agrees = sent.utcoffset() == sent.astimezone(zone).utcoffset()
    return zone if agrees or sent.tzinfo is None else sent.tzinfo


def _plain(value: str) -> str:
    return " ".join(_MAILTO.sub(r"<\1>", value).split())


def _attached(head: bytes, body: bytes) -> bytes | None:
    """The head of a mail that lies in this one as a file."""
    if b"multipart/" not in head.lower():
        return None
    mail = message_from_bytes(head + body, policy=policy.default)
    for part in mail.walk():
        if part.get_content_type() == "message/rfc822" and (held := part.get_payload()):
            inner = held[0] if isinstance(held, list) else None
            if isinstance(inner, EmailMessage) and inner["from"]:
                return _written(inner)
    return None


def _written(mail: EmailMessage) -> bytes:
    lines = (f"{name}: {' '.join(str(value).split())}" for name, value in mail.raw_items())
    return "\n".join(lines).encode("utf-8", "surrogateescape") + b"\n"


def _block(text: str) -> dict[str, str] | None:
    """The first lines that stand together and say who wrote and when."""
    said: dict[str, str] = {}
    last = ""
    for line in text.split("\n")[:_LINES]:
        found = _LABELLED.fullmatch(line)
        name = _NAMES.get(" ".join(found[1].casefold().split())) if found else None
        if found and name and name not in said:
            said[name], last = found[2].strip(), name
        elif (last in ("to", "cc") and said[last].endswith((";", ","))) or (
            last and _ONLY_ADDRESSES.fullmatch(line)
        ):
            said[last] = f"{said[last]} {line.lstrip(' >*_')}".strip()  # a long list of people goes on
        elif line.strip(" >") and not name:
            if _is_done(said):
                return said
            said, last = {}, ""
    return said if _is_done(said) else None


def _is_done(said: dict[str, str]) -> bool:
    return bool(said.get("from") and said.get("date") and ("to" in said or "subject" in said))
