"""``crm health``: everybody's score, parts, zone and metrics."""

from crm.cli_support import AsJson, AsOf, Workspace, desk, print_json
from crm.commands.listing import print_table
from crm.domain.score import ZONE_WORDS
from crm.domain.spans import ago
from crm.health.queries import Standing, standings
from crm.health.shapes import health_shape


def health(as_json: AsJson = False, as_of: AsOf = None, workspace: Workspace = None) -> None:
    """Show everybody's health, lowest score first."""
    with desk(workspace, as_of) as at_desk, at_desk.database.read() as connection:
        found = standings(connection, at_desk.principal, at_desk.at)
    if as_json:
        print_json([health_shape(one) for one in found])
        return
    columns = ("Contact", "Tier", "Kind", "Score", "Zone", "Last contact", "Last personal contact")
    print_table(columns, [_row(one) for one in found], "Nobody is here yet. Bring people in with crm import.")


def _row(one: Standing) -> tuple[str, ...]:
    score = "–" if one.score is None else str(one.score)
    zone = ZONE_WORDS[one.zone] if one.zone else "–"
    clocks = (one.metrics["days_since_any"], one.metrics["days_since_personal"])
    return (one.name, one.tier, one.kind, score, zone, *(_ago(days) for days in clocks))


def _ago(days: float | None) -> str:
    return "never" if days is None else ago(int(days))
