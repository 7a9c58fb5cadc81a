"""What helps to begin a note. Prompts are questions to the writer; none of them is a sentence to copy."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from crm.domain.language import N_
from crm.domain.language import gettext as _


@dataclass(frozen=True)
class Prompt:
    """A heading, and what to think of."""

    title: str
    words: str


OCCASIONS: Mapping[str, str] = {
    "hello": N_("Hello"),
    "thank_you": N_("Thank you"),
    "birthday": N_("Birthday"),
    "well_done": N_("Well done"),
    "farewell": N_("Farewell"),
    "sorry": N_("Sorry"),
    "invitation": N_("Invitation"),
}

_BEGIN = Prompt(N_("Begin with their name"), N_("And nothing formal after it."))
_SIGN = Prompt(N_("Sign by hand"), N_("First name. No title."))
_MIDDLE: Mapping[str, tuple[Prompt, ...]] = {
    "hello": (
        Prompt(N_("One thing you saw"), N_("What made you think of them?")),
        Prompt(N_("What it changed"), N_("What have you done differently since?")),
        Prompt(N_("Look ahead"), N_("When will you next be in one room?")),
    ),
    "thank_you": (
        Prompt(N_("Name what they did"), N_("The thing itself, not “your help”.")),
        Prompt(N_("What it changed"), N_("What went better because of it?")),
        Prompt(N_("Stop there"), N_("Ask for nothing. A thank-you is no errand.")),
    ),
    "birthday": (
        Prompt(N_("One thing from their year"), N_("What did you see them do?")),
        Prompt(N_("A wish that fits only them"), N_("What are they looking forward to?")),
        Prompt(N_("Stop there"), N_("No business on a birthday.")),
    ),
    "well_done": (
        Prompt(N_("Name what they did"), N_("What exactly, and when did you hear of it?")),
        Prompt(N_("What was hard about it"), N_("What do you know that others do not see?")),
        Prompt(N_("Look ahead"), N_("What do you hope they do with it?")),
    ),
    "farewell": (
        Prompt(N_("One thing you saw"), N_("Which day with them comes to mind first?")),
        Prompt(N_("What it changed"), N_("What have you done differently since?")),
        Prompt(N_("Look ahead"), N_("Where are they going, and how do you stay in touch?")),
    ),
    "sorry": (
        Prompt(N_("Name what went wrong"), N_("In one plain sentence, without “if”.")),
        Prompt(N_("What it cost them"), N_("What did they have to do because of it?")),
        Prompt(N_("What you do now"), N_("And by when?")),
    ),
    "invitation": (
        Prompt(N_("Why them"), N_("What would be missing without them?")),
        Prompt(N_("What, where and when"), N_("So that they can say yes with one word.")),
        Prompt(N_("How to answer"), N_("Your number. Not a link.")),
    ),
}


def prompts(occasion: str) -> tuple[Prompt, ...]:
    """What to think of from the first word to the name, for one of `OCCASIONS`."""
    return tuple(Prompt(_(one.title), _(one.words)) for one in (_BEGIN, *_MIDDLE[occasion], _SIGN))


_LEAVES = re.compile(r"\b(?:retir\w+|farewell|leaves|leaving|last (?:working )?day)\b", re.IGNORECASE)


def usual_occasion(rules: Collection[str], date_kinds: Collection[str], labels: Collection[str] = ()) -> str:
    """The occasion a note is most likely for, by the rules that suggest it and the dates that come up, with their labels."""
    if "thank_you" in rules:
        return "thank_you"
    if "birthday" in date_kinds:
        return "birthday"
    if any(_LEAVES.search(label) for label in labels):
        return "farewell"
    return "well_done" if "anniversary" in date_kinds else "hello"
