"""What mails and their states are called on pages."""

from collections.abc import Mapping

from crm.domain.language import N_, gettext
from crm.nudges.returns import NOTICE

STATE_WORDS = {
    "due": N_("Due"),
    "claimed": N_("Being written"),
    "handing_over": N_("Being handed over"),
    "sent": N_("Sent"),
    "retry": N_("Trying again"),
    "failed": N_("Failed"),
    "unknown": N_("Unknown"),
    "held": N_("Held back"),
    "nothing_due": N_("Nothing due"),
    "skipped": N_("Skipped"),
}

PURPOSE_WORDS = {
    "nudge": N_("Weekly mail"),
    "digest": N_("Team digest"),
    "alarm": N_("Alarm"),
    NOTICE: N_("Notice"),
}


def shown(words: Mapping[str, str]) -> dict[str, str]:
    """The table in the reader's language."""
    return {key: gettext(said) for key, said in words.items()}
