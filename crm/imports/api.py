"""``/api/v1/imports``: bringing files in, and taking an import back."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile

from crm.errors import Invalid
from crm.imports import actions, queries
from crm.imports.noticed import Wishes
from crm.imports.queries import Batch
from crm.imports.reading import Given, read_all, reading_for
from crm.imports.records import FILE_LIMIT
from crm.imports.sniff import KINDS, display_name
from crm.imports.undoing import undo
from crm.web.api import ApiRouter, Asked, Call, Paged

router = ApiRouter()

MOST_FILES = 50


class AskedImport(Asked):
    """How files are to be brought in."""

    dry_run: bool = Field(False, description="Say what would happen, without writing anything.")
    kind: str | None = Field(
        None, alias="as", json_schema_extra={"enum": list(KINDS)}, description="What the files are."
    )
    add_people: bool = Field(
        False, description="Bring in people from calendars, mail and chats who are not here yet."
    )
    keep_text: bool = Field(False, description="Keep the text, as the note of each interaction.")


class SkippedShape(BaseModel):
    """What was left out."""

    where: str
    why: str


class QuestionShape(BaseModel):
    """What could be read in more than one way."""

    where: str
    question: str


class ErrorShape(BaseModel):
    """What makes a file unusable."""

    where: str
    message: str


class ReportShape(BaseModel):
    """What became of one file, or would."""

    file: str
    kind: str | None
    new: dict[str, int]
    changed: dict[str, int]
    unchanged: dict[str, int]
    skipped: list[SkippedShape]
    uncertain: list[QuestionShape]
    errors: list[ErrorShape]


class BatchShape(BaseModel):
    """One import that was applied; ``undone_at`` once it was taken back."""

    id: int
    files: list[str]
    by: str | None
    applied_at: datetime
    undone_at: datetime | None
    new: dict[str, int]
    changed: dict[str, int]


class BatchPage(BaseModel):
    """A page of imports."""

    items: list[BatchShape]
    next: str | None


@router.get("/imports", BatchPage, Paged)
def listed(call: Call) -> dict[str, Any]:
    """Past imports, newest first, a page at a time."""
    asked: Paged = call.query
    batches, following = queries.batches(*call.where, asked.cursor, asked.limit)
    return {"items": batches, "next": following}


@router.get("/imports/{batch_id}", BatchShape)
def one(call: Call) -> Batch:
    """One import."""
    return queries.batch(*call.where, call.number("batch_id"))


@router.post("/imports", list[ReportShape], asks=AskedImport, files=True, own_transactions=True)
def bring_in(call: Call) -> list[dict[str, Any]]:
    """Import files; the same ones again change nothing. Says of each file what `crm import --json` says."""
    asked: AskedImport = call.query
    if asked.kind is not None and asked.kind not in KINDS:
        words = f"Choose one of {', '.join(KINDS)}."
        raise Invalid(f"as: {words}", fields={"as": words})
    with call.database.read() as connection:
        reading = reading_for(connection, call.principal, call.at, kind=asked.kind, keep_text=asked.keep_text)
    parsed = read_all(_given(call), reading)
    reports = actions.apply(
        call.database,
        call.principal,
        parsed,
        call.at,
        dry_run=asked.dry_run,
        wishes=Wishes(asked.add_people),
    )
    return [report.as_json() for report in reports]


def _given(call: Call) -> list[Given]:
    for name in call.files:
        if name != "files":
            words = "Call every part with a file in it files, as curl -F files=@NAME does."
            raise Invalid(f"{name}: {words}", fields={name: words})
    files = [file for _, file in call.files.multi_items() if isinstance(file, UploadFile) and file.filename]
    if not 1 <= len(files) <= MOST_FILES:
        words = f"Send 1 to {MOST_FILES} files, each with its name."
        raise Invalid(f"files: {words}", fields={"files": words})
    return [Given(display_name(file.filename or ""), file.file.read(FILE_LIMIT + 1)) for file in files]


@router.post("/imports/{batch_id}/undo", BatchShape)
def take_back(call: Call) -> Batch:
    """Take an import back; what people changed since stays."""
    undo(*call.where, call.number("batch_id"), call.at)
    return queries.batch(*call.where, call.number("batch_id"))
