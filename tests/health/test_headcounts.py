"""People counted along the index of the stored metrics are those counted one by one."""

import random
from collections import Counter

from sqlalchemy import select

from crm.contacts import listing
from crm.contacts.many import set_owner
from crm.health.queries import Filter, headcounts
from crm.storage.stored_metrics import current, refresh_stale, scope_of
from crm.storage.tables import contact, contact_metrics, contact_tag
from tests.builders import World

KINDS = ("partner", "vendor", "mentor")
TIERS = ("key", "regular", "warm", "none")


def filled(world: World, chance: random.Random) -> list[int | None]:
    """Forty people, some of them gone; returns who may look after somebody, nobody among them."""
    users: list[int | None] = [world.user().user_id, world.user("Bob Stone").user_id, None]
    for number in range(40):
        one = world.contact(
            f"Person {number}",
            kind=chance.choice(KINDS),
            tier=chance.choice(TIERS),
            owner_id=chance.choice(users),
            archived_at=world.now if chance.random() < 0.2 else None,
            deceased_on=world.today if chance.random() < 0.1 else None,
        )
        for _ in range(chance.randint(0, 4)):
            world.log(chance.choice(("email", "lunch")), chance.randint(0, 500), one)
        if chance.random() < 0.3:
            with world.database.write() as connection:
                own = {"workspace_id": world.workspace_id, "contact_id": one, "tag": "beta"}
                connection.execute(contact_tag.insert(), own)
    return users


def test_headcounts_are_those_of_each_person(world: World) -> None:
    chance = random.Random(5)
    users = filled(world, chance)
    with world.database.write() as connection:
        refresh_stale(connection, scope_of(connection, world.principal, world.now))
        some = select(contact.c.id).where(contact.c.archived_at.is_(None)).limit(8)
        set_owner(connection, world.principal, list(connection.execute(some).scalars()), users[1], world.now)
    joined = select(contact, contact_metrics.c.zone).join(
        contact_metrics, contact_metrics.c.contact_id == contact.c.id
    )
    with world.database.read() as connection:
        people = [row for row in connection.execute(joined) if not row.archived_at and not row.deceased_on]
        tagged = set(connection.execute(select(contact_tag.c.contact_id)).scalars())
        for tier in (None, "key", "warm"):
            for owner in (None, 0, users[1]):
                for wanted in (Filter(tier, None, owner), Filter(tier, "vendor", owner, "beta")):
                    told = Counter[tuple[int | None, str, str]]()
                    for one in people:
                        told[one.owner_id, one.kind, one.zone] += (
                            one.zone is not None
                            and wanted.tier in (None, one.tier)
                            and wanted.kind in (None, one.kind)
                            and (wanted.owner is None or (one.owner_id or 0) == wanted.owner)
                            and (wanted.tag is None or one.id in tagged)
                        )
                    found = headcounts(connection, world.principal, current(world.workspace_id), wanted)
                    assert {(row.group_id, row.kind, row.zone): row.people for row in found} == +told, wanted
                    assert all((row.group is None) == (row.group_id is None) for row in found)
        counts = listing.counts(connection, world.principal, listing.Filter())
        assert counts.total == len(people)
        assert counts.zones == +Counter(one.zone for one in people if one.zone)
        assert (counts.key, counts.none) == tuple(
            sum(one.tier == tier for one in people) for tier in ("key", "none")
        )


def test_kinds_and_tags_in_use_are_found_one_after_the_other(world: World) -> None:
    with world.database.read() as connection:
        assert listing.kinds(connection, world.principal) == []
    other = World.create(world.database, "Others")
    other.contact("Theirs", kind="patron")
    filled(world, random.Random(7))
    with world.database.read() as connection:
        assert listing.kinds(connection, world.principal) == sorted(KINDS)
        assert listing.tags(connection, world.principal) == ["beta"]
