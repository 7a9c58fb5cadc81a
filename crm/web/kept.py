"""What was being written when a session ended: the sign-in form carries it along, so it is neither stored nor lost."""

from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request

from crm.web.addresses import local_path

ADDRESS = "kept_for"
PREFIX = "kept:"
SECRET = "password"  # noqa: S105 (a part of the names of fields)


@dataclass(frozen=True)
class Kept:
    """The fields of a form that was sent without a session, and the path of ours it was sent to."""

    address: str
    fields: tuple[tuple[str, str], ...]

    @property
    def words(self) -> tuple[str, ...]:
        """What a person typed: every value of more than two words (choices have fewer)."""
        return tuple(value for _, value in self.fields if len(value.split()) > 2)

    @property
    def inputs(self) -> tuple[tuple[str, str], ...]:
        """Names and values for the hidden fields of the sign-in form."""
        return ((ADDRESS, self.address), *((PREFIX + name, value) for name, value in self.fields))


def sent(request: Request, form: FormData) -> Kept | None:
    """What was sent now; None where nothing was written, or a secret."""
    fields = tuple((name, str(value)) for name, value in form.multi_items())
    if not any(value.strip() for _, value in fields) or any(is_secret(name) for name, _ in fields):
        return None
    return Kept(local_path(request.url.path), fields)


def is_secret(name: str) -> bool:
    """Whether what is typed into this field is never shown again: every field of a password is named so."""
    return SECRET in name


def carried(form: FormData) -> Kept | None:
    """What the sign-in form carries."""
    address = str(form.get(ADDRESS, ""))
    fields = tuple(
        (name.removeprefix(PREFIX), str(value))
        for name, value in form.multi_items()
        if name.startswith(PREFIX)
    )
    return Kept(address, fields) if fields and local_path(address) == address else None
