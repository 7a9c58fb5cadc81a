"""Two who write down an organisation of one name at the same moment make one."""

from sqlalchemy import Connection, select

from crm.contacts.organisation_actions import find_or_add_organisation
from crm.storage.database import Database
from crm.storage.tables import organisation
from tests.accounts.test_at_once import beside
from tests.builders import World


def test_one_name_is_one_organisation(database: Database) -> None:
    world = World.create(database)

    def write(connection: Connection) -> int | None:
        return find_or_add_organisation(connection, world.principal, "Haas & Söhne", world.now)

    with beside(database, write, write) as second:
        made = second.result(20)
    with database.read() as connection:
        assert connection.execute(select(organisation.c.id)).scalars().all() == [made]
