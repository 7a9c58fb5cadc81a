"""What rows of the log name beside people: users, whose private notes are, channels. What is not here is an error."""

from collections.abc import Iterable

from crm.domain.channels import by_key
from crm.domain.file_places import cell_of
from crm.imports.cells import no_channel
from crm.imports.phrases import phrase
from crm.imports.records import InteractionRecord
from crm.imports.report import FileReport
from crm.imports.run import Run, UnknownUser
from crm.interactions.queries import channels


def users_of(run: Run, records: Iterable[InteractionRecord], report: FileReport) -> dict[str, int | None]:
    """Who took part of us, by email; None is nobody."""
    found: dict[str, int | None] = {}
    unknown: dict[str, str] = {}
    for record in records:
        for email in record.users:
            if email in found:
                continue
            if email not in unknown:
                try:
                    found[email] = run.user_id(email)
                    continue
                except UnknownUser as fault:
                    unknown[email] = fault.args[0]
            report.error(cell_of(record.where, "users"), unknown[email])
    return found


def refuse_unknown_channels(run: Run, records: Iterable[InteractionRecord], report: FileReport) -> None:
    """Channels may come in the same import, so that only now can be seen which are there."""
    there = by_key(channels(run.connection, run.principal))
    for record in records:
        if record.channel not in there:
            report.error(cell_of(record.where, "channel"), no_channel(record.channel, there))


def authors_of(run: Run, records: Iterable[InteractionRecord], report: FileReport) -> dict[str, int | None]:
    """Whose private notes are. Users bring in their own alone, the command line everybody's."""
    found: dict[str, int | None] = {}
    for record in records:
        if record.private_to is None or record.private_to in found:
            continue
        try:
            author = run.user_id(record.private_to)
        except UnknownUser as fault:
            report.error(cell_of(record.where, "private_to"), fault.args[0])
            continue
        if run.principal.user_id not in (None, author):
            words = phrase("Private notes can only be imported by whoever wrote them, or with crm import.")
            report.error(cell_of(record.where, "private_to"), words)
        found[record.private_to] = author
    return found
