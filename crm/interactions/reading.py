"""Reading the log form: what was sent, and whom it means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AwareDatetime, Field
from starlette.datastructures import FormData

from crm.contacts.drafts import the_name
from crm.domain.channels import Channel, by_key, is_broadcast
from crm.domain.heard import Heard
from crm.domain.language import gettext as _
from crm.domain.log_sentences import broadcast_question
from crm.errors import Invalid
from crm.interactions import drafts, queries
from crm.interactions.actions import Entry
from crm.interactions.drafts import Draft
from crm.interactions.forms import LogForm, moment_of, read_heard, read_log
from crm.interactions.queries import Logged, Person
from crm.web.addresses import local_path
from crm.web.forms import Errors, Form
from crm.web.forms import read as read_form
from crm.web.routing import Visit

HOME = "/"


class Written(Form):
    """When it was written, by the clock of the device that kept it."""

    written_at: Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC))] | None = None


def written_at(visit: Visit) -> datetime:
    """The moment that "today" in the form means: now, unless a device kept it since."""
    said = read_form(Written, visit.form)
    earlier = None if isinstance(said, Errors) else said.written_at
    return min(earlier or visit.at, visit.at)


def typed(visit: Visit) -> Draft:
    """The form as it was sent, whether it fits or not; "today" of an entry that was kept is the day of then."""
    draft = drafts.from_form(visit.connection, visit.principal, visit.form, back_of(visit))
    written = written_at(visit)
    if written == visit.at or draft.day or draft.when == "day":
        return draft
    day, at = drafts.wall(written, visit.principal)
    if draft.when == "yesterday":
        return replace(draft, when="day", day=(day - timedelta(days=1)).isoformat())
    return replace(draft, when="day", day=day.isoformat(), time_of_day=draft.time_of_day or f"{at:%H:%M}")


def back_of(visit: Visit) -> str:
    """Where one came from: said by the form or the address, else the page that led here."""
    said = visit.sent.get("back")
    if said:
        return local_path(str(said))
    came = urlsplit(visit.request.headers.get("referer", ""))
    if came.netloc != visit.request.headers.get("host") or came.path.startswith(("/log", "/sign-in")):
        return HOME
    return local_path(came.path + (f"?{came.query}" if came.query else ""))


@dataclass(frozen=True)
class Problem:
    """Why the form comes back: sentences by field, a question, or somebody else's change."""

    errors: Mapping[str, str]
    draft: Draft
    choices: Sequence[Person] = ()
    strangers: Sequence[str] = ()
    question: str | None = None
    conflict: bool = False
    status: int = 422


@dataclass(frozen=True)
class Sent:
    """A form that can be saved. ``entry`` lacks only the people who are yet to be written down. ``first`` is whoever
    stands first in the form: an id, or the name of somebody new."""

    form: LogForm
    entry: Entry
    way: Channel
    people: Sequence[Person]
    newcomers: Sequence[str]
    first: int | str
    heard: Sequence[Heard]


def read(visit: Visit, before: Logged | None = None) -> Sent | Problem:
    """What can be saved, or why not. ``before``: what is being edited."""
    draft = typed(visit)
    form = read_log(visit.form)
    heard, errors = read_heard(visit.form)
    if isinstance(form, Errors):
        return Problem(_about_people(form.fields) | errors, draft)
    people, who = whom(visit, form, draft)
    draft = replace(draft, people=people, who=form.who if who.errors else "", new_names=who.new_names)
    way = by_key(queries.channels(visit.connection, visit.principal)).get(form.channel)
    when = moment_of(form, written_at(visit), visit.principal)
    if way is None:
        errors["channel"] = _("Choose how you were in touch.")
    if isinstance(when, str):
        errors["day"] = when
    if who.errors or errors or way is None or isinstance(when, str):
        return Problem(_in_order({**who.errors, **errors}), draft, who.choices, who.strangers)
    newcomers = who.new_names
    if is_broadcast(way, len(people) + len(newcomers)) and not (
        form.broadcast or (before and before.broadcast)
    ):
        return Problem({}, draft, question=broadcast_question(way, len(people) + len(newcomers)))
    entry = Entry(
        when,
        way.key,
        tuple(person.id for person in people),
        form.direction,
        form.outcome,
        before.user_ids if before else (),
        form.summary,
        form.note,
        form.note_private,
    )
    first = _first(visit.form, people, newcomers)
    return Sent(form, _same_moment(entry, before, visit), way, people, newcomers, first, heard)


def _first(form: FormData, people: Sequence[Person], newcomers: Sequence[str]) -> int | str:
    """Whoever comes first in what was sent, whose order is that of the page; names that were typed come last."""
    ids = {str(person.id): person.id for person in people}
    for field, value in form.multi_items():
        if field == "contact_ids" and str(value) in ids:
            return ids[str(value)]
        if field == "new_names" and str(value).strip():
            return the_name(str(value))
    return people[0].id if people else newcomers[0]


def _about_people(fields: Mapping[str, str]) -> dict[str, str]:
    return {"who" if name in ("contact_ids", "new_names") else name: words for name, words in fields.items()}


def _same_moment(entry: Entry, before: Logged | None, visit: Visit) -> Entry:
    """The form shows minutes: where day and time were left alone, the moment stays to the second."""
    if before is None:
        return entry
    shown = (drafts.wall(one.occurred_at, visit.principal) for one in (entry, before))
    return replace(entry, occurred_at=before.occurred_at) if len(set(shown)) == 1 else entry


@dataclass(frozen=True)
class Whom:
    """Whom else a form names, and what is to be asked: ``unclear`` are names as typed that are nobody's or several
    people's."""

    new_names: Sequence[str]
    errors: Mapping[str, str]
    choices: Sequence[Person] = ()
    strangers: Sequence[str] = ()
    unclear: Sequence[str] = ()


def whom(visit: Visit, form: LogForm, draft: Draft) -> tuple[list[Person], Whom]:
    """The chosen people, with those whose whole name was typed; a name that is nobody's or several people's is asked about."""
    people = list(draft.people)
    errors: dict[str, str] = {}
    if len(people) < len(set(form.contact_ids)):
        errors["who"] = _("One of these people is no longer here. Choose again.")
    choices: list[Person] = []
    strangers: list[str] = []
    unclear: list[str] = []
    for name in _typed_names(visit, form.who):
        found = _called(visit, name)
        if form.who == form.asked_who and _is_answered(name, found, form):
            continue
        if len(found) == 1 and found[0].name.casefold() == name.casefold():
            people.append(found[0])
            continue
        unclear.append(name)
        choices += found
        if not any(one.name.casefold() == name.casefold() for one in found):
            strangers.append(name)
    newcomers, fault = _newcomers(draft.new_names)
    if fault:
        errors["who"] = fault
    if choices or strangers:
        errors["who"] = _unclear(choices, strangers)
    if not people and not newcomers and not errors:
        errors["who"] = _("Say who it was with.")
    unique = list({person.id: person for person in people}.values())
    return unique, Whom(newcomers, errors, list(dict.fromkeys(choices)), strangers, unclear)


def _is_answered(name: str, found: Sequence[Person], form: LogForm) -> bool:
    """The form asked whom a name means, and one of its answers is ticked."""
    added = {one.casefold() for one in form.new_names}
    return name.casefold() in added or any(one.id in form.contact_ids for one in found)


def _typed_names(visit: Visit, who: str) -> list[str]:
    """What was typed and not chosen: one name, or several between commas."""
    if not who or _called_exactly(visit, who):
        return [who] if who else []
    return list(dict.fromkeys(filter(None, (name.strip() for name in who.replace(";", ",").split(",")))))[:20]


def _called(visit: Visit, name: str) -> list[Person]:
    return queries.called(visit.connection, visit.principal, name)


def _called_exactly(visit: Visit, name: str) -> bool:
    return any(one.name.casefold() == name.casefold() for one in _called(visit, name))


def _unclear(choices: Sequence[Person], strangers: Sequence[str]) -> str:
    if choices:
        return _("Choose whom you mean.")
    if len(strangers) == 1:
        said = _("Nobody here is called “{name}”. Choose somebody, or add them as a new person.")
        return said.format(name=strangers[0][:80])
    return _("Nobody here has some of these names. Choose somebody, or add them as a new person.")


def _newcomers(names: Sequence[str]) -> tuple[list[str], str | None]:
    try:
        return list(dict.fromkeys(the_name(name) for name in names)), None
    except Invalid as fault:
        return list(names), fault.sentence


def _in_order(errors: Mapping[str, str]) -> dict[str, str]:
    order = ("who", "channel", "day")
    return {name: errors[name] for name in (*(one for one in order if one in errors), *errors)}
