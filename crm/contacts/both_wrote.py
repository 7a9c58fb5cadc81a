"""Two people change one person at the same time: what only one of them changed is joined, the rest is shown."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from crm.contacts.drafts import tags_in, tags_shown
from crm.contacts.forms import WAYS, Written
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.vocabulary import word

LABELS = {
    "name": N_("Name"),
    "given_name": N_("Given name"),
    "family_name": N_("Family name"),
    "title": N_("Title"),
    "organisation": N_("Organisation"),
    "owner": N_("Who looks after them"),
    "kind": N_("Kind"),
    "tier": N_("Tier"),
    "city": N_("City"),
    "country": N_("Country"),
    "time_zone": N_("Time zone"),
    "tags": N_("Tags"),
    "notes": N_("Notes"),
    "target_any": N_("Target, any contact"),
    "target_personal": N_("Target, personal"),
    "target_in_person": N_("Target, in person"),
    "deceased_on": N_("Died on"),
    "email": N_("Emails"),
    "phone": N_("Phones"),
    "address": N_("Addresses"),
    "dates": N_("Dates"),
}


TAKE = "take."
"""Before the name of a part: whose words to keep of it."""
THEIRS, ONE_AFTER_THE_OTHER = "theirs", "both"


@dataclass(frozen=True)
class Joined:
    """What both forms make together. ``both`` are the parts both changed, where ``written`` has what was typed;
    ``theirs`` those only the other one changed."""

    written: Written
    both: tuple[str, ...]
    theirs: tuple[str, ...]


def marks(written: Written) -> str:
    """A short mark of every part of a form, to tell later which of them were changed; one word without spaces."""
    return json.dumps({name: _mark(_text(written, name)) for name in LABELS}, separators=(",", ":"))


def joined(saved: Written, typed: Written, base: str) -> Joined:
    """Join a form that was typed on older words with what is saved now. ``base`` are the `marks` of the older words.

    Where they cannot be read, every difference counts as changed by both.
    """
    was = _read_marks(base)
    differing = [name for name in LABELS if _text(saved, name) != _text(typed, name)]
    theirs = tuple(name for name in differing if was.get(name) == _mark(_text(typed, name)))
    both = tuple(
        name for name in differing if name not in theirs and was.get(name) != _mark(_text(saved, name))
    )
    return Joined(_with(typed, saved, theirs), both, theirs)


@dataclass(frozen=True)
class Choice:
    """A part that both changed, in words for people to choose between."""

    name: str
    label: str
    saved: str
    typed: str

    @property
    def may_be_both(self) -> bool:
        """Notes can stand one after the other."""
        return self.name == "notes" and bool(self.saved and self.typed)


def choices(
    saved: Written, typed: Written, names: tuple[str, ...], owners: Mapping[int, str]
) -> list[Choice]:
    """What is saved and what was typed of some parts."""
    return [
        Choice(name, _(LABELS[name]), *(_said(one, name, owners) for one in (saved, typed))) for name in names
    ]


def chosen(saved: Written, typed: Written) -> Written:
    """A form that came back with choices, where the other's words replace the own or stand before them."""
    wanted = {name: typed.get(TAKE + name) for name in LABELS}
    own = {name: value for name, value in typed.fields.items() if not name.startswith(TAKE)}
    typed = replace(typed, fields=own)
    if wanted["notes"] == ONE_AFTER_THE_OTHER:
        notes = "\n".join((str(saved.get("notes")), str(typed.get("notes"))))
        typed = replace(typed, fields={**typed.fields, "notes": notes})
    return _with(typed, saved, tuple(name for name, whose in wanted.items() if whose == THEIRS))


def _with(typed: Written, saved: Written, names: tuple[str, ...]) -> Written:
    fields = {**typed.fields, **{name: saved.get(name) for name in names if name not in (*WAYS, "dates")}}
    ways = {**typed.ways, **{name: saved.ways.get(name, ()) for name in names if name in WAYS}}
    return replace(typed, fields=fields, ways=ways, dates=saved.dates if "dates" in names else typed.dates)


def _text(written: Written, name: str) -> str:
    """One part as plain text, the same for what was typed and what is stored of it."""
    if name in WAYS:
        return json.dumps([[" ".join(part.split()) for part in pair] for pair in written.ways.get(name, ())])
    if name == "dates":
        return json.dumps(
            [sorted((key, value.strip()) for key, value in row.items()) for row in written.dates]
        )
    if name == "tags":
        return tags_shown(filter(None, tags_in(str(written.get(name)))))
    return " ".join(str(written.get(name)).split())


def _said(written: Written, name: str, owners: Mapping[int, str]) -> str:
    if name in WAYS:
        return ", ".join(value for value, _label in written.ways.get(name, ()))
    if name == "dates":
        return ", ".join(
            " ".join(filter(None, (row["label"] or word(row["kind"]), row["day"], row["month"], row["year"])))
            for row in written.dates
        )
    text = _text(written, name)
    if name in ("tier", "kind"):
        return word(text)
    return owners.get(int(text), _("Nobody")) if name == "owner" and text.isdecimal() else text


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read_marks(base: str) -> dict[str, str]:
    try:
        read = json.loads(base)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
