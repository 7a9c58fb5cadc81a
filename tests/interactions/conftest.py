"""What logging does to the stored figures is a subject here, so they are never left for whoever reads them."""

import pytest

from tests.builders import World


@pytest.fixture
def world(world: World) -> World:
    """The same world, whose stored figures are read as they are."""
    world.is_read_stored = True
    return world
