"""Filling an empty workspace with the demo, in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from sqlalchemy import Connection, select

from crm.accounts.actions import NewUser, add_user, change_user
from crm.contacts.actions import add_contacts
from crm.contacts.derived import refresh_metrics
from crm.contacts.drafts import NOBODY, NewContact, NewOrganisation, Way
from crm.contacts.many import archive
from crm.contacts.organisation_actions import add_organisation
from crm.demo import heard, log, weeks
from crm.demo.cast import NEWCOMER, TEAM, Person, Teammate, people
from crm.demo.habits import ALL_TIME
from crm.demo.organisations import COMPANIES, Company
from crm.demo.places import CITIES
from crm.domain.principal import Principal
from crm.errors import Conflict
from crm.storage.tables import contact, user

PASSWORD = "lunch beats another email"  # noqa: S105
"""Everybody's, and no secret: the demo is served to the machine it runs on."""
ARCHIVED = 2
Say = Callable[[str], None]


def is_demo(connection: Connection, principal: Principal) -> bool:
    """Whether this workspace holds the demo already."""
    first = select(user.c.id).where(
        user.c.workspace_id == principal.workspace_id, user.c.email == TEAM[0].email
    )
    return connection.execute(first).first() is not None and _has_contacts(connection, principal)


def _has_contacts(connection: Connection, principal: Principal) -> bool:
    anybody = select(contact.c.id).where(contact.c.workspace_id == principal.workspace_id).limit(1)
    return connection.execute(anybody).first() is not None


def fill(
    connection: Connection, principal: Principal, seed: int, at: datetime, password_hash: str, say: Say
) -> None:
    """Write the demo as of the day of ``at``; a workspace with people in it is refused.

    Every row but the password's hash follows from the seed and that day in the workspace's zone.
    """
    if _has_contacts(connection, principal):
        raise Conflict(
            "There are people in this workspace already, and the demo is for an empty one. "
            "Name an empty folder: CRM_DATA_DIR=demo crm demo."
        )
    today = principal.team_day(at)
    midnight = datetime.combine(today, time(), principal.zone).astimezone(UTC)
    say("Writing down a team of four and the people they know")
    users = _team(connection, principal, password_hash, midnight)
    everybody = people(Random(f"{seed} people"), today)
    contacts = _contacts(connection, principal, everybody, users, today, midnight)
    say("Writing two years of log")
    found = log.happenings(Random(f"{seed} log"), everybody, today)
    logged = log.write(connection, principal, found, contacts, users, midnight)
    _write_down_twice(connection, principal, everybody, contacts, users, midnight)
    rng = Random(f"{seed} heard")
    told = [*heard.written_by_name(today), *heard.by_chance(rng, everybody, logged, today)]
    heard.write(connection, principal, told, logged, everybody, contacts, users, today)
    _put_away(connection, principal, everybody, contacts, midnight)
    say("Looking back at the plans and mails of earlier weeks")
    weeks.write(connection, principal, Random(f"{seed} weeks"), everybody, contacts, users, today)
    refresh_metrics(connection, principal, sorted(contacts.values()), at)


def _team(
    connection: Connection, principal: Principal, password_hash: str, midnight: datetime
) -> dict[str, int]:
    """Everybody who signs in, by key; the newcomer came the other day."""
    came = {mate.key: midnight - timedelta(days=ALL_TIME + 12) for mate in TEAM}
    came[NEWCOMER.key] = midnight - timedelta(days=3)
    return {
        mate.key: _teammate(connection, principal, mate, password_hash, (came[mate.key], midnight))
        for mate in (*TEAM, NEWCOMER)
    }


def _teammate(
    connection: Connection,
    principal: Principal,
    mate: Teammate,
    password_hash: str,
    since: tuple[datetime, datetime],
) -> int:
    """``since``: when they came, and from when on they are owed mail by this server."""
    at, mail_since = since
    city = CITIES[mate.city]
    new = NewUser(mate.email, mate.name, mate.role, city.zone, password_hash)
    user_id = add_user(connection, principal, new, at)
    settled = mate is not NEWCOMER
    place = {"city": city.name, "country": city.country}
    known = {"first_run_done": settled, "nudge_since": mail_since}
    change_user(connection, principal, user_id, at, **place, **known)
    return user_id


def _contacts(
    connection: Connection,
    principal: Principal,
    everybody: Sequence[Person],
    users: Mapping[str, int],
    today: date,
    at: datetime,
) -> dict[str, int]:
    """Ids by name."""
    companies = {
        company.name: add_organisation(connection, principal, _organisation(company), at)
        for company in COMPANIES.values()
    }
    drafts = [_draft(one, users, companies, today) for one in everybody]
    ids = add_contacts(connection, principal, drafts, at)
    return {one.name: row_id for one, row_id in zip(everybody, ids, strict=True)}


def _organisation(company: Company) -> NewOrganisation:
    city = CITIES[company.city]
    return NewOrganisation(
        company.name, company.kind, company.tier, company.domain, city.name, city.country, tags=company.tags
    )


def _draft(one: Person, users: Mapping[str, int], companies: Mapping[str, int], today: date) -> NewContact:
    return NewContact(
        name=one.name,
        given_name=one.given,
        family_name=one.family,
        title=one.title,
        organisation_id=companies[one.company.name] if one.company else None,
        owner_id=users[one.owner] if one.owned else NOBODY,
        kind=one.kind,
        tier=one.tier,
        city=one.city.name,
        country=one.city.country,
        time_zone=one.city.zone,
        notes=one.notes,
        emails=tuple(Way(email) for email in one.emails),
        phones=tuple(Way(number, label) for number, label in one.phones),
        addresses=tuple(Way(address) for address in one.addresses),
        tags=one.tags,
        dates=one.dates,
        created_on=today - timedelta(days=one.known),
    )


def _write_down_twice(
    connection: Connection,
    principal: Principal,
    everybody: Sequence[Person],
    contacts: dict[str, int],
    users: Mapping[str, int],
    midnight: datetime,
) -> None:
    """Liam came again with a colleague's phone, and their call stands with the other record: a pair to merge."""
    liam = next(one for one in everybody if one.name == "Liam Byrne")
    day = principal.team_day(midnight) - timedelta(days=15)
    twin = NewContact(
        name="William Byrne",
        given_name="William",
        family_name="Byrne",
        owner_id=users[liam.owner],
        phones=tuple(Way(number) for number, _ in liam.phones),
        created_on=day,
    )
    contacts[twin.name] = add_contacts(connection, principal, [twin], midnight)[0]
    call = log.Happening(day, time(15), "phone", (twin.name,), (liam.owner,), summary="About the audit")
    log.write(connection, principal, [call], contacts, users, midnight)


def _put_away(
    connection: Connection,
    principal: Principal,
    everybody: Sequence[Person],
    contacts: Mapping[str, int],
    at: datetime,
) -> None:
    """Two who changed their trade are archived."""
    gone = [contacts[one.name] for one in everybody if one.habit == "passing" and one.owned][-ARCHIVED:]
    archive(connection, principal, gone, at)
