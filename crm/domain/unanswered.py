"""That nobody answered, as people say it: "but no answer", "got her voicemail", "she didn't pick up"."""

import re
from dataclasses import dataclass

_BEFORE = (
    r"[(\[]?(?:(?:but|and|so|got|went|straight|again|twice|just|only|still|it|she|he|they|there|was|reached|unfortunately|"
    r"her|his|their|the|a|an|to|on|left|him|them|me|us|\w+ times|-+)[\s,.]+){0,8}"
)
_NO_ANSWER = (
    r"no (?:answer|reply|response|luck|pick-?up|one (?:answered|picked up))|nobody (?:answered|picked up)|"
    r"(?:did ?n[o'’]?t|did not|does ?n['’]?t|would ?n['’]?t) (?:answer|reply|respond|pick up)(?: (?:the|her|his) phone)?|"
    r"(?:could ?n['’]?t|could not|can['’]?t|cannot) (?:reach|get hold of|get through)(?: to)?(?: (?:her|him|them))?|"
    r"unanswered|rang out"
)
_MACHINE = r"voice ?mails?|vm|voice message|answering machine|answerphone|mailbox"
_MESSAGE = r"left (?:(?:me|us|her|him|them|a|another|short) )*message"
_STOP = r"$|[,.;:!()\[\]–—]|\s-|(?:and|so|but|again|today|twice|either|at all|will|trying|from (?:her|him|them))\b"
_ABOUT = r"(?:full|yesterday|both|only|is|was|about|saying|asking|for|from|to|that|with|on|at)\b"
_SAID = (
    rf"\b(?:{_NO_ANSWER})\b(?=\s*(?:{_STOP}))|"
    rf"\b(?:(?P<machine>{_MACHINE})|(?P<message>{_MESSAGE}))\b(?=\s*(?:{_STOP}|{_ABOUT}))"
)
_BEGINS = re.compile(_BEFORE + f"(?:{_SAID})", re.IGNORECASE)
_AFTER_A_TOPIC = re.compile(
    rf"about\b[^.!?]*?(?:[,;–—]|\s-(?=\s)|\s(?=but\b))\s*{_BEFORE}(?:{_SAID})", re.IGNORECASE
)
_ANYWHERE = re.compile(
    rf"\b(?:{_NO_ANSWER}|{_MACHINE}|{_MESSAGE}|busy (?:line|signal)|line (?:was )?busy|(?:she|he|they) (?:was|were) busy|"
    r"(?:never|nobody|no one) (?:answer|reply|respon|pick|call|came|show|there|home|in\b)\w*|hung up|no-? ?show|"
    r"call(?:s|ing)? (?:me |us )?back|(?:ring|call|try) again|wrong number|phone (?:was |is )?off|"
    r"missed (?:it|her|his|their|the|each)|fell through|"
    r"(?:did ?n['’]?t|did not) (?:show|come|turn up|happen|work out|take place)|unavailable|"
    r"(?:not|wasn['’]?t|isn['’]?t) (?:there|in|available|at home|at (?:her|his) desk)|"
    r"only reached|(?:spoke (?:to|with)|talked (?:to|with)|reached|got) (?:her|his|their|the) "
    r"(?:assistant|secretary|colleague|office)|"
    r"(?:was|been|got|had to be|is) (?:cancel+ed|postponed|called off))\b|^\W*(?:but )?(?:busy|engaged|n/a)\b",
    re.IGNORECASE,
)

_REACHED_THEN = re.compile(
    r"\b(?:(?:called|rang|phoned|got) (?:(?:me|us) )?back|got (?:her|him|them|hold|through)|reached|spoke|talked)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Unanswered:
    """How many letters say that nobody answered. A machine that did, or a message that was left, was a call."""

    length: int
    has_machine: bool
    has_message: bool


def begins_unanswered(said: str) -> Unanswered | None:
    """Whether that is what the words begin with; "no answer on the price" is not."""
    return _read(_BEGINS.match(said))


def ends_unanswered(said: str) -> bool:
    """Whether they name what it was about, and then say it: "about the pilot, no answer"."""
    return _AFTER_A_TOPIC.match(said) is not None


def may_be_unanswered(said: str) -> bool:
    """Whether anything in the words leaves open that they were reached."""
    return _ANYWHERE.search(said) is not None


def may_be_reached_then(said: str) -> bool:
    """Whether the words tell of what came after nobody had answered: "then she called back"."""
    return _REACHED_THEN.search(said) is not None


def without_it(said: str) -> str:
    """The words but for those that say so."""
    return re.sub(_SAID, " ", said, flags=re.IGNORECASE)


def _read(found: re.Match[str] | None) -> Unanswered | None:
    return Unanswered(found.end(), bool(found["machine"]), bool(found["message"])) if found else None
