"""Bringing files in: choose, look at what would happen, import, undo; and taking everything out."""

from collections import Counter
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

from crm.accounts.actions import remember_own_words
from crm.contacts.drafts import is_email
from crm.domain.language import gettext as _
from crm.domain.language import plurals
from crm.domain.spans import count, join
from crm.errors import Invalid
from crm.imports import (
    actions,
    calendar_pages,
    left_out_pages,
    mailbox_pages,
    meeting_pages,
    queries,
    source_pages,
    synced,
)
from crm.imports.choices import choose, remember_who
from crm.imports.columns import FIELDS, LEAVE_OUT
from crm.imports.export import export_zip
from crm.imports.meetings import open_count
from crm.imports.noticed import Wishes
from crm.imports.one_person import person_zip
from crm.imports.reading import Given, read_all, reading_for
from crm.imports.records import CALENDAR, FEEDS, FILE_LIMIT, MAIL, Choice, ParsedFile
from crm.imports.report import SORTS, FileReport
from crm.imports.sniff import KIND_WORDS, display_name
from crm.imports.tables import table_of
from crm.imports.undoing import Undone, undo
from crm.web.routing import Router, Visit

router = Router()
router.routes.extend(meeting_pages.router.routes)
router.routes.extend(calendar_pages.router.routes)
router.routes.extend(mailbox_pages.router.routes)
router.routes.extend(source_pages.router.routes)
router.routes.extend(left_out_pages.router.routes)

MOST_FILES = 50
OFFERED = 20
"""Names and numbers of which we ask whose they are, the most frequent first."""
WORDS = {
    "channels": plurals("channel", "channels"),
    "organisations": plurals("organisation", "organisations"),
    "contacts": plurals("person", "people"),
    "interactions": plurals("interaction", "interactions"),
    "asks": plurals("ask", "asks"),
    "promises": plurals("promise", "promises"),
    "signals": plurals("signal", "signals"),
    "favours": plurals("favour", "favours"),
    "dates": plurals("date", "dates"),
    "rules": plurals("rule", "rules"),
    "questions": plurals("question about a meeting", "questions about meetings"),
}


def in_words(counts: dict[str, int]) -> str:
    """Counts by sort as a list for a sentence: "37 people, 9 organisations and 1 ask"; nothing for no counts."""
    return join([count(counts[sort], *WORDS[sort]) for sort in SORTS if counts.get(sort)])


@router.page("/import")
def show(visit: Visit) -> Response:
    """Choose files, and what was imported before."""
    return _start(visit)


def _start(visit: Visit, error: str | None = None) -> Response:
    context = {
        "recent": queries.recent(visit.connection, visit.principal),
        "in_words": in_words,
        "error": error,
        "open_meetings": open_count(visit.connection, visit.principal),
        "sources": _sources(visit),
    }
    return visit.render("imports/start.html", context, active="people", status=422 if error else 200)


def _sources(visit: Visit) -> list[synced.Kept]:
    """What is read again and again, for admins."""
    if not visit.principal.may_administer:
        return []
    return synced.kept(visit.connection, visit.principal, visit.settings.key)


@router.action("/import", own_transactions=True)
def upload(visit: Visit) -> Response:
    """Read the files, try them, and keep them until somebody has looked at what would happen."""
    files = _sent(visit)
    if not files or len(files) > MOST_FILES:
        with visit.database.read() as connection:
            visit.enter(connection)
            if not files:
                return _start(visit, _("Choose a file first."))
            return _start(visit, _("Choose at most {most} files at a time.").format(most=MOST_FILES))
    return _look(visit, files)


def _look(visit: Visit, files: list[tuple[str, bytes]]) -> Response:
    """Try the files, keep them, and on to the page that says what they would do."""
    reports = actions.apply(visit.database, visit.principal, _parse(visit, files), visit.at, dry_run=True)
    with visit.database.write() as connection:
        group_id = actions.keep_uploads(connection, visit.principal, files, reports, visit.at)
    return visit.redirect(f"/import/preview/{group_id}")


def _sent(visit: Visit) -> list[tuple[str, bytes]]:
    return [
        (display_name(file.filename), file.file.read(FILE_LIMIT + 1))
        for file in visit.files.getlist("files")
        if isinstance(file, UploadFile) and file.filename
    ]


def _parse(
    visit: Visit, files: list[tuple[str, bytes]], *, keep_text: bool = False
) -> list[ParsedFile | FileReport]:
    with visit.database.read() as connection:
        reading = reading_for(connection, visit.principal, visit.at, keep_text=keep_text)
    return read_all((Given(name, data) for name, data in files), reading)


@router.page("/import/preview/{upload_id}", access="member")
def preview(visit: Visit) -> Response:
    """What the files would do."""
    return _preview(visit)


def _preview(visit: Visit, **wrong: Any) -> Response:
    """The page; ``wrong``: *error* and the address *typed* that is none, or *who_error* and *who* was named, by name."""
    group_id = visit.number("upload_id")
    reports = queries.previews(visit.connection, visit.principal, group_id, visit.at)
    context = {
        **_summed(reports),
        "upload_id": group_id,
        "in_words": in_words,
        "fields": {field: _(words) for field, words in FIELDS.items()},
        "leave_out": LEAVE_OUT,
        "kind_words": {kind: _(words) for kind, words in KIND_WORDS.items()},
        "feeds": any(report["kind"] in FEEDS for report in reports),
        "is_mail": any(report["kind"] == MAIL for report in reports),
        "maybe_mine": wrong.get("typed")
        or " ".join(filter(None, {report.get("maybe_mine"): 1 for report in reports})),
        "unnamed": [mark for mark, *_ in _strangers(reports) if "@" not in mark][:OFFERED],
        "error": None,
        "who_error": None,
        "who": {},
        **wrong,
    }
    return visit.render("imports/preview.html", context, active="people", status=422 if wrong else 200)


def _refused(visit: Visit, **wrong: Any) -> Response:
    with visit.database.read() as connection:
        visit.enter(connection)
        return _preview(visit, **wrong)


def _waiting(visit: Visit) -> list[tuple[str, bytes]]:
    """The files that were looked at and wait for an answer."""
    with visit.database.read() as connection:
        return queries.uploaded(connection, visit.principal, visit.number("upload_id"), visit.at)


@router.action("/import/preview/{upload_id}/columns", own_transactions=True)
def say_columns(visit: Visit) -> Response:
    """Take what somebody says the columns of a table mean, remember it, and look again."""
    files = _waiting(visit)
    place = str(visit.form.get("file", ""))
    if not (place.isascii() and place.isdigit() and int(place[:4]) < len(files)):
        raise Invalid(_("This file is no longer waiting. Choose it again."))
    table = table_of(files[int(place[:4])][1])
    if table is None:
        raise Invalid(_("This file has no columns to choose from."))
    fields = [str(one) for one in visit.form.getlist("fields")]
    with visit.database.write() as connection:
        actions.remember_columns(connection, visit.principal, table.header, fields, visit.at)
    return _look(visit, files)


@router.action("/import/preview/{upload_id}/answer", own_transactions=True)
def answer(visit: Visit) -> Response:
    """Take the answer to what a file leaves open, remember it, and look again."""
    group_id = visit.number("upload_id")
    with visit.database.read() as connection:
        files = queries.uploaded(connection, visit.principal, group_id, visit.at)
        reports = queries.previews(connection, visit.principal, group_id, visit.at)
    asked = [
        Choice(key, words, tuple(map(tuple, options)))
        for one in reports
        for key, words, options in one.get("choices", ())
    ]
    key = str(visit.form.get("key", ""))
    choice = next((one for one in asked if one.key == key), None)
    if choice is None or "value" not in visit.form:
        raise Invalid(_("Choose one of the answers offered."))
    with visit.database.write() as connection:
        choose(connection, visit.principal, choice, str(visit.form["value"]), visit.at)
    return _look(visit, files)


@router.action("/import/preview/{upload_id}/people", own_transactions=True)
def say_who(visit: Visit) -> Response:
    """Take whom somebody says names of a chat to mean, remember it, and look again."""
    files = _waiting(visit)
    names, people = (list(map(str, visit.form.getlist(field))) for field in ("name", "person"))
    said = {name: person.strip() for name, person in zip(names, people, strict=False) if person.strip()}
    try:
        with visit.database.write() as connection:
            for name, person in said.items():
                remember_who(connection, visit.principal, name, person, visit.at)
    except Invalid as wrong:
        return _refused(visit, who_error=wrong.sentence, who=said)
    return _look(visit, files)


@router.action("/import/preview/{upload_id}/mine", own_transactions=True)
def say_mine(visit: Visit) -> Response:
    """Take what somebody says is their own address in mail, remember it, and look again."""
    files, typed = _waiting(visit), str(visit.form.get("mine", ""))
    said = typed.replace(",", " ").split()
    if not said or not all(map(is_email, said)):
        words = _("Enter your address as it appears in mail, such as ana@example.org.")
        return _refused(visit, error=words, typed=typed)
    with visit.database.write() as connection:
        remember_own_words(connection, visit.principal, visit.user.id, said)
    answer = _look(visit, files)
    with visit.database.write() as connection:
        actions.forget_uploads(connection, visit.principal, visit.number("upload_id"))
    return answer


def _summed(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """The reports of several files as one page shows them."""
    counts: dict[str, Counter[str]] = {}
    for state in ("new", "changed", "unchanged"):
        counts[state] = Counter()
        for report in reports:
            counts[state].update(report[state])
    lists = {
        name: [one for report in reports for one in report[name]]
        for name in ("skipped", "uncertain", "errors", "changes", "names")
    }
    return {
        "reports": reports,
        **counts,
        **lists,
        "strangers": _strangers(reports),
        "birthdays": [one for report in reports for one in report.get("birthdays", ())],
        "does": +(counts["new"] + counts["changed"]),
        "may_take_more": any(one.get("mark") for one in lists["skipped"]),
    }


def _strangers(reports: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """Who is in the files and not here, most often seen first: the mark, the name, and how often."""
    times: Counter[str] = Counter()
    names: dict[str, str] = {}
    for mark, name, seen in (one for report in reports for one in report.get("strangers", ())):
        times[mark] += seen
        names[mark] = names.get(mark) or name
    return [
        (mark, names[mark], seen) for mark, seen in sorted(times.items(), key=lambda one: (-one[1], one[0]))
    ]


@router.action("/import/preview/{upload_id}/apply", own_transactions=True)
def apply(visit: Visit) -> Response:
    """Import what was looked at."""
    group_id, files = visit.number("upload_id"), _waiting(visit)
    parsed = _parse(visit, files, keep_text="keep_text" in visit.form)
    people, birthdays = (frozenset(map(str, visit.form.getlist(name))) for name in ("people", "birthdays"))
    wishes = Wishes("add_people" in visit.form, people=people, birthdays=birthdays)
    reports = actions.apply(visit.database, visit.principal, parsed, visit.at, wishes=wishes)
    batches = sorted({report.batch_id for report in reports if report.batch_id is not None})
    with visit.database.write() as connection:
        if not batches and any(report.errors for report in reports):
            raise Invalid(_("Nothing was imported: these files now have errors. Choose them again."))
        actions.forget_uploads(connection, visit.principal, group_id)
    new, changed = (
        in_words(sum((getattr(report, state) for report in reports), Counter()))
        for state in ("new", "changed")
    )
    undo_url = f"/import/{batches[0]}/undo" if len(batches) == 1 else None
    onward = "/import" if visit.user.first_run_done else "/"  # the first run goes on with marking them
    if visit.user.first_run_done and any(one.kind == CALENDAR and one.uncertain for one in reports):
        onward = "/meetings"
    return visit.redirect(onward, _brought_words(new, changed), undo=undo_url)


def _brought_words(new: str, changed: str) -> str:
    if new and changed:
        return _("{new} imported; {changed} changed.").format(new=new, changed=changed)
    if new:
        return _("{new} imported.").format(new=new)
    return _("{changed} changed.").format(changed=changed) if changed else _("Nothing was new.")


@router.action("/import/preview/{upload_id}/cancel")
def cancel(visit: Visit) -> Response:
    """Forget the files; nothing was written."""
    group_id = visit.number("upload_id")
    queries.previews(visit.connection, visit.principal, group_id, visit.at)
    actions.forget_uploads(visit.connection, visit.principal, group_id)
    return visit.redirect("/import", _("Nothing was imported."))


@router.page("/import/{batch_id}")
def past(visit: Visit) -> Response:
    """One import, what it did, and the button that takes it back."""
    batch = queries.batch(visit.connection, visit.principal, visit.number("batch_id"))
    context = {**_summed(list(batch.report)), "batch": batch, "in_words": in_words}
    return visit.render("imports/past.html", context, active="people")


@router.action("/import/{batch_id}/undo")
def take_back(visit: Visit) -> Response:
    """Undo an import; what people changed since stays."""
    done = undo(visit.connection, visit.principal, visit.number("batch_id"), visit.at)
    return visit.redirect("/import", _undone_words(done))


def _undone_words(done: Undone) -> str:
    parts = [
        (in_words(done.removed), _("{what} removed")),
        (in_words(done.restored), _("{what} put back as before")),
        (in_words(done.kept), _("{what} kept, because something has been changed or added since")),
    ]
    said = "; ".join(pattern.format(what=what) for what, pattern in parts if what)
    return f"{said}." if said else _("There was nothing left to undo.")


@router.page("/people/{contact_id}/export", access="member")
def export_person(visit: Visit) -> Response:
    """Everything about one person as a zip, without the private notes of others."""
    contact_id = visit.number("contact_id")
    return Response(
        person_zip(visit.connection, visit.principal, contact_id, visit.at),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="person-{contact_id}.zip"'},
    )


@router.page("/export", access="member")
def export(visit: Visit) -> Response:
    """Everything as a zip of exchange files, vCards and a calendar, without the private notes of others."""
    name = f"in-person-{visit.today.isoformat()}.zip"
    return Response(
        export_zip(visit.connection, visit.principal),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
