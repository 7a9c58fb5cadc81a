"""What helps to begin a note. Prompts are questions to the writer; none of them is a sentence to copy."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Prompt:
    """A heading, and what to think of."""

    title: str
    words: str


OCCASIONS: Mapping[str, str] = {
    "hello": "Hello",
    "thank_you": "Thank you",
    "birthday": "Birthday",
    "well_done": "Well done",
    "farewell": "Farewell",
    "sorry": "Sorry",
    "invitation": "Invitation",
}

_BEGIN = Prompt("Begin with their name", "And nothing formal after it.")
_SIGN = Prompt("Sign by hand", "First name. No title.")
_MIDDLE: Mapping[str, tuple[Prompt, ...]] = {
    "hello": (
        Prompt("One thing you saw", "What made you think of them?"),
        Prompt("What it changed", "What have you done differently since?"),
        Prompt("Look ahead", "When will you next be in one room?"),
    ),
    "thank_you": (
        Prompt("Name what they did", "The thing itself, not “your help”."),
        Prompt("What it changed", "What went better because of it?"),
        Prompt("Stop there", "Ask for nothing. A thank-you is no errand."),
    ),
    "birthday": (
        Prompt("One thing from their year", "What did you see them do?"),
        Prompt("A wish that fits only them", "What are they looking forward to?"),
        Prompt("Stop there", "No business on a birthday."),
    ),
    "well_done": (
        Prompt("Name what they did", "What exactly, and when did you hear of it?"),
        Prompt("What was hard about it", "What do you know that others do not see?"),
        Prompt("Look ahead", "What do you hope they do with it?"),
    ),
    "farewell": (
        Prompt("One thing you saw", "Which day with them comes to mind first?"),
        Prompt("What it changed", "What have you done differently since?"),
        Prompt("Look ahead", "Where are they going, and how do you stay in touch?"),
    ),
    "sorry": (
        Prompt("Name what went wrong", "In one plain sentence, without “if”."),
        Prompt("What it cost them", "What did they have to do because of it?"),
        Prompt("What you do now", "And by when?"),
    ),
    "invitation": (
        Prompt("Why them", "What would be missing without them?"),
        Prompt("What, where and when", "So that they can say yes with one word."),
        Prompt("How to answer", "Your number. Not a link."),
    ),
}


def prompts(occasion: str) -> tuple[Prompt, ...]:
    """What to think of from the first word to the name, for one of `OCCASIONS`."""
    return (_BEGIN, *_MIDDLE[occasion], _SIGN)


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
