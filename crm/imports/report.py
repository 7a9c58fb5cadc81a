"""What an import did, or would do: one report for each file, for people and as JSON."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.manner import numeral
from crm.imports.cells import excerpt
from crm.imports.phrases import packed, phrase, phrases, place_worded, unpacked, worded
from crm.imports.records import (
    EXCHANGE,
    FEEDS,
    QUESTIONS,
    RULES,
    Choice,
    ColumnSaid,
    ContactRecord,
    ParsedFile,
    Problem,
    Question,
    Skipped,
    UnreadableFile,
)

SORTS = (*EXCHANGE, RULES, QUESTIONS)
SHOWN = 100
"""Changes and names a report keeps for the page; the counts are always whole."""
NOTICE_LIMIT = 1_000
"""Lines left out, questions and errors a report lists; one more says that there are others."""


FIELDS = (
    *(
        N_("name"),
        N_("given name"),
        N_("family name"),
        N_("emails"),
        N_("phones"),
        N_("organisation"),
        N_("title"),
    ),
    *(
        N_("kind"),
        N_("tier"),
        N_("owner"),
        N_("tags"),
        N_("city"),
        N_("country"),
        N_("time zone"),
        N_("addresses"),
    ),
    *(
        N_("address"),
        N_("birthday"),
        N_("created on"),
        N_("deceased on"),
        N_("notes"),
        N_("labels"),
        N_("domain"),
        N_("archived at"),
    ),
    *(
        N_("target any"),
        N_("target personal"),
        N_("target in person"),
        N_("occurred at"),
        N_("channel"),
        N_("users"),
    ),
    *(N_("direction"), N_("outcome"), N_("summary"), N_("note"), N_("due"), N_("closed on"), N_("opened on")),
    *(
        N_("made on"),
        N_("kept on"),
        N_("heard on"),
        N_("theme"),
        N_("type"),
        N_("text"),
        N_("on"),
        N_("label"),
    ),
    *(N_("yearly"), N_("state"), N_("rule"), N_("details"), N_("marks"), N_("contacts"), N_("private to")),
)
"""What may change, as the page says it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value that becomes another: of whom, which of the FIELDS, and both in words, of lists item by item."""

    where: str
    name: str
    field: str
    old: str | tuple[str, ...]
    new: str | tuple[str, ...]


class Stranger(NamedTuple):
    """Somebody whom a file names and who is not here: ``mark`` is an email, a number or a name, whichever is best."""

    mark: str
    name: str
    times: int

    @property
    def question(self) -> Question:
        """What is said of them where nobody can tick them."""
        known = [self.mark] if "@" in self.mark or self.name == self.mark else [self.name, self.mark]
        question = phrases(
            "Seen once, and not among your people. Add them, or bring in everybody who is not here, and import again.",
            "Seen {n} times, and not among your people. Add them, or bring in everybody who is not here, and import "
            "again.",
            self.times,
            n=numeral(self.times),
        )
        return Question(excerpt(" ".join(filter(None, known))), question)


class Clash(NamedTuple):
    """A birthday that speaks against the one here; ``mark`` names whose and which, ``theirs`` and ``ours`` say both."""

    mark: str
    where: str
    name: str
    theirs: str
    ours: str

    @property
    def question(self) -> Question:
        """What is said of it where nobody can choose."""
        words = phrase(
            "{name}’s birthday is {theirs} in the file and {ours} here. What is here stays.",
            name=excerpt(self.name),
            theirs=self.theirs,
            ours=self.ours,
        )
        return Question(self.where, words)


def _as_json(questions: Iterable[Question]) -> list[dict[str, str]]:
    return [{"where": one.where, "question": one.question} for one in questions]


@dataclass
class FileReport:
    """What became of one file. ``kind`` is None where nobody could tell. Counts are by sort of record.

    ``batch_id`` is the import under which it can be undone, where something was written; ``read`` counts what a
    feed held, whoever it was about. ``maybe_mine`` is an address of a mailbox that seems to be one's own.
    It, the ``strangers`` and the ``birthdays`` are among the questions, too.
    """

    file: str
    kind: str | None
    new: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    skipped: list[Skipped] = field(default_factory=list)
    uncertain: list[Question] = field(default_factory=list)
    errors: list[Problem] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    columns: tuple[ColumnSaid, ...] = ()
    choices: tuple[Choice, ...] = ()
    batch_id: int | None = None
    read: int = 0
    maybe_mine: str | None = None
    strangers: list[Stranger] = field(default_factory=list)
    birthdays: list[Clash] = field(default_factory=list)

    @classmethod
    def of(cls, parsed: ParsedFile) -> "FileReport":
        """The beginning of a report: what reading the file turned up."""
        return cls(
            parsed.file,
            parsed.kind,
            skipped=list(parsed.skipped),
            uncertain=list(parsed.uncertain),
            errors=list(parsed.errors),
            columns=parsed.columns,
            choices=parsed.choices,
        )

    @classmethod
    def unreadable(
        cls, file: str, fault: UnreadableFile, columns: tuple[ColumnSaid, ...] = ()
    ) -> "FileReport":
        """A file that could not be taken apart at all; ``columns`` where a person may say what they mean."""
        return cls(file, None, errors=[Problem(fault.where, fault.message)], columns=columns)

    @property
    def may_be_exchange(self) -> bool:
        """Whether a file nobody could read seems to be one of those that are imported together or not at all."""
        return not self.file.lower().endswith(
            (".vcf", ".json", ".ics", ".mbox", ".eml", ".xml", ".txt", ".zip", ".png", ".jpg", ".pdf")
        )

    def taken_anyway(self, marks: Collection[str]) -> list[ContactRecord]:
        """What was left out and is wanted after all, by these marks; it is left out no more."""
        taken = [one.record for one in self.skipped if one.record and one.mark in marks]
        self.skipped = [one for one in self.skipped if one.mark not in marks]
        return taken

    def skip(self, where: str, why: str) -> None:
        """One item is left out."""
        _note(
            self.skipped,
            Skipped(where, why),
            Skipped(self.file, phrase("More was left out than is listed here.")),
        )

    def ask(self, where: str, question: str) -> None:
        """One item was read in one of several possible ways, or waits for an answer."""
        _note(
            self.uncertain,
            Question(where, question),
            Question(self.file, phrase("There are more questions than are listed here.")),
        )

    def error(self, where: str, message: str) -> None:
        """One item makes the file unusable."""
        _note(
            self.errors,
            Problem(where, message),
            Problem(self.file, phrase("There are more errors than are listed here.")),
        )

    def clash(self, birthday: Clash) -> None:
        """A birthday waits for somebody to choose."""
        if len(self.birthdays) < NOTICE_LIMIT:
            self.birthdays.append(birthday)
        self.ask(birthday.where, birthday.question.question)

    def show(self, change: Change) -> None:
        """Keep a change for the page, among the first."""
        if len(self.changes) < SHOWN:
            self.changes.append(change)

    def name(self, name: str) -> None:
        """Keep the name of somebody new for the page, among the first."""
        if len(self.names) < SHOWN:
            self.names.append(name)

    def forget_counts(self) -> None:
        """Nothing of this file was written, because of errors here or in a file given with it."""
        for counts in (self.new, self.changed, self.unchanged):
            counts.clear()
        self.changes.clear()
        self.names.clear()

    def forget_open(self) -> None:
        """Nobody was there to answer: the counts are all that is kept."""
        for notices in (self.skipped, self.uncertain, self.strangers):
            notices.clear()
        self.choices, self.maybe_mine = (), None

    def as_json(self) -> dict[str, Any]:
        """The report as ``crm import --json`` prints it; every sort is there, with 0 where there was none."""
        return {
            "file": self.file,
            "kind": self.kind,
            "new": _whole(self.new),
            "changed": _whole(self.changed),
            "unchanged": _whole(self.unchanged),
            "skipped": [{"where": one.where, "why": one.why} for one in self.skipped],
            "uncertain": _as_json([*self.open_questions(), *self.uncertain]),
            "errors": [{"where": one.where, "message": one.message} for one in self.errors],
        }

    def open_questions(self) -> list[Question]:
        """What has to be answered before this file is read."""
        return [
            Question(self.file, f"{one.question} ({', '.join(words for _, words in one.options)})")
            for one in self.choices
        ]

    def as_page(self) -> dict[str, Any]:
        """The same with what only the page shows, as it is kept; `page_worded` gives it to a reader."""
        shown = [[one.where, one.name, one.field, _kept(one.old), _kept(one.new)] for one in self.changes]
        columns = [[one.name, one.field, one.example] for one in self.columns]
        offered = {one.question for one in self.strangers} | {one.question for one in self.birthdays}
        choices = [
            [one.key, packed(one.question), [[value, packed(words)] for value, words in one.options]]
            for one in self.choices
        ]
        open_ones = (one for one in self.uncertain if one not in offered and one.where != self.maybe_mine)
        return {
            **self.as_json(),
            "skipped": [
                {"where": one.where, "why": packed(one.why), "mark": one.mark} for one in self.skipped
            ],
            "uncertain": [{"where": one.where, "question": packed(one.question)} for one in open_ones],
            "errors": [{"where": one.where, "message": packed(one.message)} for one in self.errors],
            "strangers": [list(one) for one in self.strangers],
            "birthdays": [
                [one.mark, one.where, one.name, packed(one.theirs), packed(one.ours)]
                for one in self.birthdays
            ],
            "choices": choices,
            "changes": shown,
            "names": self.names,
            "columns": columns,
            "maybe_mine": self.maybe_mine,
        }


def _kept(value: str | tuple[str, ...]) -> Any:
    return list(map(packed, value)) if isinstance(value, tuple) else packed(value)


def _said(kept: Any) -> Any:
    """What `_kept` kept, in the reader's language: a text, or a list of them."""
    return list(map(_said, kept)) if isinstance(kept, list) else worded(unpacked(kept))


def page_worded(kept: Mapping[str, Any]) -> dict[str, Any]:
    """What `FileReport.as_page` kept, in the reader's language."""
    lists = {
        name: [
            {**one, "where": place_worded(one["where"]), word: worded(unpacked(one[word]))}
            for one in kept[name]
        ]
        for name, word in (("skipped", "why"), ("uncertain", "question"), ("errors", "message"))
    }
    choices = [
        [key, worded(unpacked(question)), [[value, worded(unpacked(words))] for value, words in options]]
        for key, question, options in kept.get("choices", ())
    ]
    changes = [
        [place_worded(where), name, _(field), _said(old), _said(new)]
        for where, name, field, old, new in kept["changes"]
    ]
    birthdays = [
        [mark, place_worded(where), name, _said(theirs), _said(ours)]
        for mark, where, name, theirs, ours in kept.get("birthdays", ())
    ]
    return {**kept, **lists, "choices": choices, "changes": changes, "birthdays": birthdays}


def counts_alone(kept: Mapping[str, Any]) -> dict[str, Any]:
    """What all may read of a report that was kept: of a calendar, a mailbox or a chat no word of what it left open."""
    return {**kept, **_NOTHING_OPEN} if kept.get("kind") in FEEDS else dict(kept)


_NOTHING_OPEN: dict[str, Any] = {
    **{name: [] for name in ("skipped", "uncertain", "errors", "strangers", "choices")},
    "maybe_mine": None,
}


def _note(notices: list[Any], notice: Any, more: Any) -> None:
    if len(notices) < NOTICE_LIMIT:
        notices.append(notice)
    elif notices[-1] != more:
        notices.append(more)


def _whole(counts: Counter[str]) -> dict[str, int]:
    return {sort: counts[sort] for sort in SORTS}


def has_errors(reports: Iterable[FileReport]) -> bool:
    """Whether any file could not be used."""
    return any(report.errors for report in reports)


def is_held_back(reports: Sequence[FileReport]) -> bool:
    """Whether exchange files without a fault were not imported because of another one: they go together or not at all."""
    faulty = [one for one in reports if one.errors]
    stops = any(one.kind in SORTS or (one.kind is None and one.may_be_exchange) for one in faulty)
    return stops and any(one.kind in SORTS and not one.errors for one in reports)


def is_anything_usable(reports: Iterable[FileReport]) -> bool:
    """Whether anything was read, or there was nothing to read: False if all there was had to be left out."""
    found = list(reports)
    return any(one.read or +(one.new + one.changed + one.unchanged) for one in found) or not any(
        one.skipped for one in found
    )


def total(reports: Iterable[FileReport], counts: str) -> Counter[str]:
    """The ``new``, ``changed`` or ``unchanged`` of several files together, without zeros."""
    together: Counter[str] = Counter()
    for report in reports:
        together.update(getattr(report, counts))
    return +together
