"""What our modules say on a page: handed to them with the page, since they know no catalogue (``static/js/words.js``)."""

from datetime import date, timedelta

from crm.domain.language import gettext as _
from crm.domain.language import ngettext, plurals
from crm.domain.manner import month_name, weekday_name

Said = str | list[str] | dict[str, str]

SAMPLES = (0, 1, 2, 3, 5, 6, 11, 100)
"""Numbers that among them need every plural a language may have; ``words.js`` finds the one that is like its own."""
_MONDAY = date(2024, 1, 1)


def script_words() -> dict[str, Said]:
    """Sentences by name in the reader's language; one with a number is a sentence for each sample that differs from others."""
    return {
        "offline": _(
            "You are offline, so nothing was sent. What you typed stays here: send it again once you "
            "are back online."
        ),
        "offlineKeeps": _("You are offline. Keep logging; entries wait on this device."),
        "offlineKept": _counted(
            plurals(
                "You are offline. Keep logging; one entry waits on this device.",
                "You are offline. Keep logging; {n} entries wait on this device.",
            )
        ),
        "refused": _counted(
            plurals(
                "One entry on this device needs a word from you.",
                "{n} entries on this device need a word from you.",
            )
        ),
        "waiting": _counted(
            plurals(
                "One entry waits on this device to be sent.", "{n} entries wait on this device to be sent."
            )
        ),
        "unsaved": _counted(
            plurals(
                "One entry on this device is not saved yet.", "{n} entries on this device are not saved yet."
            )
        ),
        "back": _("Back online. {words}"),
        "something": _("Something"),
        "withWhom": _("{way} with {who}"),
        "mayNotLog": _("You can read everything here, but not log. Ask an admin to make you a member."),
        "strange": _("This could not be saved as it is."),
        "takeOff": _("Remove: {label}"),
        "selected": _counted(plurals("{n} selected", "{n} selected")),
        "people": _("People"),
        "newPerson": _("Add “{name}” as a new person"),
        "searchFor": _("Everybody with “{name}”"),
        "chosen": _("{name}, chosen"),
        "show": _("Show"),
        "hide": _("Hide"),
        "copied": _("Copied."),
        "copyThis": _("It is selected: copy it from there."),
        "light": _("Light colours"),
        "dark": _("Dark colours"),
        "today": _("Today"),
        "am": _("AM"),
        "pm": _("PM"),
        "days": [weekday_name(_MONDAY + timedelta(days=day)) for day in range(7)],
        "months": [month_name(date(2024, month, 1)) for month in range(1, 13)],
    }


def _counted(sentences: tuple[str, str]) -> dict[str, str]:
    found = {str(number): ngettext(*sentences, number) for number in SAMPLES}
    usual = found[str(SAMPLES[-1])]
    return {"other": usual} | {number: said for number, said in found.items() if said != usual}
