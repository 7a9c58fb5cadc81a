"""What In Person says in words; this is the module to import from.

Flags and reasons are written in `flag_sentences`, metrics in `metric_words`; here are rhythm,
the log's answer and the week. Sentences end in a full stop, labels do not. Nothing guesses a gender.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from crm.domain.budgets import GROUPS
from crm.domain.evidence_words import metrics_sentence
from crm.domain.flag_facts import FlagFacts
from crm.domain.flag_sentences import flag_sentence
from crm.domain.language import N_, ngettext
from crm.domain.language import gettext as _
from crm.domain.metric_words import METRIC_LABELS, Evidence, metric_label, metric_value
from crm.domain.prose import act_said
from crm.domain.reasons import OVERLAPS, reason
from crm.domain.rules import ACTS
from crm.domain.spans import ago, beside, capital, count, every, in_tenths, join, names_and_others
from crm.domain.vocabulary import ACTS_COUNTED

__all__ = [
    "METRIC_LABELS",
    "OVERLAPS",
    "Evidence",
    "FlagFacts",
    "back_in_touch_sentence",
    "budget_summary",
    "flag_sentence",
    "habit_sentence",
    "headline",
    "logged_sentence",
    "meets",
    "metric_label",
    "metric_value",
    "metrics_sentence",
    "reason",
    "rhythm_sentence",
    "screen_rhythm_sentence",
]


def rhythm_sentence(
    rhythm_days: float | None, days_since_any: int | None, quiet_p: float | None, gaps: int
) -> str:
    """ "Usually every 3 weeks, now 9; a silence like this goes on for another month about 9 times in 10." """
    if rhythm_days is None or days_since_any is None or gaps < 3:
        return _("Too early to know a rhythm.")
    if quiet_p is None:
        said = (
            _("Usually {every}, now {span}.")
            if days_since_any
            else _("Usually {every}, the last time today.")
        )
    elif days_since_any:
        said = _("Usually {every}, now {span}; a silence like this goes on for another month {chance}.")
    else:
        said = _("Usually {every}, the last time today; from here a month of silence follows {chance}.")
    return said.format(
        every=every(rhythm_days),
        span=beside(days_since_any, rhythm_days) if days_since_any else "",
        chance="" if quiet_p is None else in_tenths(quiet_p),
    )


def screen_rhythm_sentence(days_since_personal: int | None) -> str:
    """What to add to the rhythm of a screen-only contact, whose rhythm is kept by messages alone."""
    if days_since_personal is None:
        return _("Only the screen keeps this rhythm: nothing personal is on record.")
    said = _("Only the screen keeps this rhythm: the last personal contact was {ago}.")
    return said.format(ago=ago(days_since_personal))


_SWAPPED: Mapping[str, str] = {
    "call": N_("{act}, since you swapped the call before."),
    "lunch": N_("{act}, since you swapped lunch before."),
    "meeting": N_("{act}, since you swapped the meeting before."),
    "visit": N_("{act}, since you swapped the visit before."),
    "note": N_("{act}, since you swapped the note before."),
    "gift": N_("{act}, since you swapped the gift before."),
}


def habit_sentence(act: str, instead_of: str | None, was_chosen: bool) -> str:
    """Why it is this act, where only the user's earlier answers made it so: "A call, as you chose before." Else empty."""
    if instead_of is None:
        return ""
    said = N_("{act}, as you chose before.") if was_chosen else _SWAPPED[instead_of]
    return _(said).format(act=capital(act_said(act)))


# The log's answer

_WORST_FIRST = ("gone_quiet", "screen_only", "drifting", "in_touch")


def logged_sentence(
    channel_label: str,
    names: Sequence[str],
    zone_before: str | None = None,
    zone_after: str | None = None,
    *,
    by_hand: bool = False,
) -> str:
    """ "Lunch with Marta logged. Marta is back in touch."

    `names` are given names. The zones before and after are told where one person was there; for several, add
    `back_in_touch_sentence` with those who came back.
    """
    label = channel_label.partition(" (")[0]
    if not names:
        said = _("{channel} logged.")
    elif by_hand:
        said = _("{channel} logged for {names}.")
    else:
        said = _("{channel} with {names} logged.")
    logged = said.format(channel=label, names=names_and_others(names))
    moved = _moved(names[0], zone_before, zone_after) if len(names) == 1 else None
    return f"{logged} {moved}" if moved else logged


def back_in_touch_sentence(names: Sequence[str]) -> str:
    """ "Marta is back in touch.", "Graham Pike and Sofia Marchetti are back in touch." """
    said = ngettext("{names} is back in touch.", "{names} are back in touch.", len(names))
    return said.format(names=names_and_others(names, shown=3))


def _moved(name: str, before: str | None, after: str | None) -> str | None:
    """Only a move for the better is worth a sentence."""
    if before == "no_record" and after == "in_touch":
        return _("{name} is in touch.").format(name=name)
    if before not in _WORST_FIRST or after not in _WORST_FIRST:
        return None
    if _WORST_FIRST.index(after) <= _WORST_FIRST.index(before):
        return None
    if after == "in_touch":
        return back_in_touch_sentence([name])
    said = (
        _("{name} is no longer screen-only.")
        if before == "screen_only"
        else _("The silence with {name} is over.")
    )
    return said.format(name=name)


# The week


def meets(acts: Iterable[str]) -> bool:
    """Whether one of them is in person."""
    return any(GROUPS[act] == "in_person" for act in acts)


def headline(people: int, *, meets: bool = True) -> str:
    """The week's title, without a full stop: "Six people to reach in person"; ``meets``: whether any is met."""
    if people == 0:
        return _("Nobody is waiting for you")
    said = _("{people} to reach in person") if meets else _("{people} to reach")
    return said.format(people=capital(count(people, "person", "people", words=True)))


def budget_summary(acts: Sequence[str]) -> str:
    """The week's acts in one line: "Three calls, one lunch and two notes." """
    planned = Counter(acts)
    said = [count(planned[act], act, ACTS_COUNTED[act], words=True) for act in ACTS if planned[act]]
    return f"{capital(join(said))}." if said else _("Nothing is planned.")
