"""The API does what it says of itself, over many made-up requests."""

from collections.abc import Iterator

from crm.storage.database import Database
from tests.builders import World
from tests.campaigns.frame import Asked, Campaign, databases
from tests.web.site import program
from tests.web.test_api_described import described, ids_of, look


def run(asked: Asked) -> Iterator[str]:
    """Every operation, asked what fits its description and what does not."""
    with databases(asked.backend) as fresh:
        database = Database(fresh())
        try:
            world = World.create(database)
            caller = program(world, world.user())
            schema = described(caller)
            look(caller, schema, ids_of(world), asked.times)
            yield f"{asked.times} requests that fit and {asked.times} that do not, for each operation"
        finally:
            database.close()


CAMPAIGN = Campaign(
    "API", "Every answer is one the description allows, and nothing breaks", "requests an operation", 100, run
)
