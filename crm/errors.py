"""Refusals with words and a status. One place (web and command line) turns them into pages, problems and exit codes."""

from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.principal import Principal

ONLY_AN_ADMIN = N_("Only an admin can do this. Ask one on your team.")
NOTHING_HERE = N_("There is nothing at this address, or it is not yours to see.")


class Refusal(Exception):
    """Something the product will not do, with a sentence a person can act on.

    ``status`` is the HTTP status of the answer; ``fields`` maps form fields to their sentence.
    """

    status = 400

    def __init__(self, sentence: str, *, fields: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self._sentence = sentence
        self.fields = fields or {}

    @property
    def sentence(self) -> str:
        """What a person reads."""
        return self._sentence


class NotFound(Refusal):
    """No such row, or one that belongs to somebody else: the two look alike."""

    status = 404

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(_(NOTHING_HERE) if sentence is None else sentence)


class Forbidden(Refusal):
    """The principal may see it, but not do this."""

    status = 403


class Invalid(Refusal):
    """What was sent does not fit; ``fields`` says where."""

    status = 422


class Conflict(Refusal):
    """Somebody else changed the same thing first."""

    status = 409


class Unavailable(Refusal):
    """The database or another needed part cannot serve right now.

    It may come before anybody knows for whom is written, so a marked sentence is worded when it is read.
    """

    status = 503

    @property
    def sentence(self) -> str:
        """In the language that is spoken now."""
        return _(self._sentence)


class UsageError(Refusal):
    """The command line was used wrongly: exit status 2."""

    status = 400


def require_admin(principal: Principal, sentence: str | None = None) -> None:
    """Forbidden, with this sentence, for everybody but an admin."""
    if not principal.may_administer:
        raise Forbidden(_(ONLY_AN_ADMIN) if sentence is None else sentence)
