"""What forms and the command line both ask of an address and a time zone."""

from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email

from crm.accounts.addresses import normal_email
from crm.domain.language import gettext as _
from crm.domain.places.countries import country_code

MOST_OWN_LINES = 50


def known_zone(name: str) -> str:
    """The name of a time zone, or a ``ValueError`` with a sentence."""
    if name not in available_timezones():
        raise ValueError(_("Choose a time zone from the list, such as Europe/Berlin."))
    return name


def plausible_email(text: str) -> str:
    """An address in its normal form, or a ``ValueError`` with a sentence."""
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise ValueError(_("Enter an address like nora@example.org.")) from None
    return normal_email(found.normalized)


def known_country(words: str) -> str:
    """A country's name or code as it was written, or a ``ValueError`` with a sentence."""
    if country_code(words) is None:
        raise ValueError(
            _("There is no country of that name. Enter its English name, or its two-letter code, such as DE.")
        )
    return words


def own_lines(text: str | None) -> list[str]:
    """The addresses, numbers and names of a form, one a line."""
    lines = (" ".join(line.split()) for line in (text or "").splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def few_own_lines(text: str) -> str:
    """Such lines as they were typed, or a ``ValueError`` with a sentence where they are more than are kept."""
    number = len(own_lines(text))
    if number > MOST_OWN_LINES:
        said = _("That is {number} lines. Keep the {most} that matter most.")
        raise ValueError(said.format(number=number, most=MOST_OWN_LINES))
    return text
