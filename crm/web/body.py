"""Reading what a form sends, within limits."""

from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.manner import numeral
from crm.errors import Invalid, Refusal

FORM_BYTES = 2 * 1024 * 1024
UPLOAD_BYTES = 64 * 1024 * 1024
MOST_FIELDS = 20_000
UNKEEPABLE = N_("Something you typed contains a character that cannot be saved. Type it again by hand.")
UNREADABLE = N_("The form could not be read. Go back, reload the page and send it again.")


class TooLarge(Refusal):
    """More was sent than we take."""

    status = 413


class Unread(Exception):
    """A body that was not taken: it is read before anybody knows for whom is written, so the marked sentence is worded later."""

    def __init__(self, kind: type[Refusal], sentence: str, **numbers: int) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.sentence = sentence
        self.numbers = numbers

    @property
    def refusal(self) -> Refusal:
        """The same in the language that is spoken now."""
        numbers = {name: numeral(number) for name, number in self.numbers.items()}
        return self.kind(_(self.sentence).format(**numbers))


@dataclass
class Sent:
    """The fields and files of a form. Files over a megabyte lie on disk until ``close``."""

    fields: FormData = field(default_factory=FormData)
    files: FormData = field(default_factory=FormData)

    async def close(self) -> None:
        """Remove the files."""
        await self.files.close()


def announced(request: Request) -> int | None:
    """How long the body says it is; nothing if it does not say."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 19 else None


def is_small(request: Request) -> bool:
    """Whether the body is surely within the limit of a form without files."""
    length = announced(request)
    return length is not None and length <= FORM_BYTES


async def read(request: Request, limit: int) -> Sent:
    """Read a form of at most ``limit`` bytes; ``Unread`` where it is larger, broken, or holds a NUL."""
    if (announced(request) or 0) > limit:
        raise _too_large(limit)
    limited = Request(request.scope, _limited(request.receive, limit))
    try:
        form = await limited.form(max_files=100, max_fields=MOST_FIELDS, max_part_size=min(limit, FORM_BYTES))
    except HTTPException as fault:
        if "exceeded maximum size" in fault.detail:
            raise _too_large(FORM_BYTES) from None
        raise Unread(Invalid, UNREADABLE) from None
    except (FormParserError, ClientDisconnect, UnicodeError, ValueError):
        raise Unread(Invalid, UNREADABLE) from None
    sent = Sent(
        FormData([(name, value) for name, value in form.multi_items() if isinstance(value, str)]),
        FormData([(name, value) for name, value in form.multi_items() if isinstance(value, UploadFile)]),
    )
    if any("\x00" in name or "\x00" in str(value) for name, value in sent.fields.multi_items()):
        await sent.close()
        raise Unread(Invalid, UNKEEPABLE)
    return sent


async def raw(request: Request, limit: int = FORM_BYTES) -> bytes:
    """A body as it came, of at most ``limit`` bytes; ``Unread`` where it is larger or ends too early."""
    if (announced(request) or 0) > limit:
        raise _too_large(limit)
    try:
        return await Request(request.scope, _limited(request.receive, limit)).body()
    except ClientDisconnect:
        raise Unread(Invalid, N_("The request was cut off before it was complete. Send it again.")) from None


def _limited(receive: Receive, limit: int) -> Receive:
    read = 0

    async def counted() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > limit:
            raise _too_large(limit)
        return message

    return counted


def _too_large(limit: int) -> Unread:
    sentence = N_("That is more than {megabytes} MB, the most we take at once. Send it in parts.")
    return Unread(TooLarge, sentence, megabytes=limit // 1024 // 1024)
