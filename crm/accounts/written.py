"""The choices of how dates, times and numbers are written, each shown by an example."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any

from crm.domain.language import N_, languages, spoken
from crm.domain.language import gettext as _
from crm.domain.manner import CHOICES, LANGUAGE, Manner, clock_words, numeral, written_for
from crm.domain.spans import day_phrase

LABELS = {"dates": N_("Dates"), "hours": N_("Times"), "numbers": N_("Numbers")}


def example(manner: Manner, name: str, at: datetime) -> str:
    """A day, a time or a number in this manner; ``at`` is in the reader's zone."""
    evening = at.replace(hour=18, minute=30)
    with written_for(replace(manner, language=spoken())):
        return {
            "dates": day_phrase(at.date(), at.date()),
            "hours": clock_words(evening),
            "numbers": numeral(1234.5),
        }[name]


def fields(at: datetime, zone: tzinfo, team: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """For a form: name, label and options, the first of them that of the ``team`` where a user chooses."""
    local = at.astimezone(zone)
    found = []
    for name, known in CHOICES.items():
        manners = [(one, Manner.of({name: one})) for one in known]
        options = [(one, example(manner, name, local)) for one, manner in manners]
        if team is not None:
            options.insert(0, ("", _as_the_team(example(Manner.of(team), name, local))))
        found.append({"name": name, "label": _(LABELS[name]), "options": options})
    return [*found, *_language(team)]


def _language(team: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Nothing while there is one only."""
    if len(languages()) == 1:
        return []
    options = list(languages().items())
    if team is not None:
        options.insert(0, ("", _as_the_team(languages()[Manner.of(team).language])))
    return [{"name": LANGUAGE, "label": _("Language"), "options": options}]


def _as_the_team(choice: str) -> str:
    return _("Same as the team: {choice}").format(choice=choice)
