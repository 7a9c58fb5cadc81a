"""The product with bare handlers beside it, in one process: ``python -m benchmarks.server DATABASE_URL PORT``.

The floors below ``/floor`` do what cannot be left out. A page's floor renders the same bytes by the same templates from
rows that lie ready; the log's parses the same form and commits one bare insert; the search's runs one plain query.
"""

import sys
import threading
from dataclasses import replace
from typing import Any, cast

import uvicorn
from jinja2 import Environment, Template
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from crm import clock
from crm.app import create_app
from crm.commands.serve import settle_memory
from crm.settings import Settings
from crm.storage.database import Database, new_ids
from crm.storage.text import BY_BYTES, LAST_LETTER
from crm.storage.types import to_micros

MOST_LOGS = 10_000
INSERT = """
INSERT INTO interaction (workspace_id, id, occurred_at, day, channel, direction, outcome, broadcast, summary,
  note_private, author_id, created_at, changed_at, version)
VALUES (:workspace, :id, :at, :day, :channel, 'mutual', 'reached', false, :summary, false, NULL, :at, :at, 1)
"""
SEARCH = """
SELECT c.id, c.name, o.name, m.days_since_live, m.days_since_any FROM contact c
LEFT JOIN organisation o ON o.workspace_id = c.workspace_id AND o.id = c.organisation_id
LEFT JOIN contact_metrics m ON m.workspace_id = c.workspace_id AND m.contact_id = c.id
WHERE c.workspace_id = :workspace AND c.folded_name {at_least} :words AND c.folded_name {below} :beyond
  AND c.archived_at IS NULL
ORDER BY m.days_since_any, c.folded_name, c.id LIMIT 8
"""


class Ready:
    """The templates of the pages; remembers what a page was made of, so that it can be rendered again from that alone."""

    def __init__(self, templates: Environment) -> None:
        self._templates = templates
        self._now = threading.local()
        self._last: tuple[Template, dict[str, Any]] | None = None
        self._kept: dict[str, tuple[Template, dict[str, Any]] | None] = {}

    def get_template(self, name: str) -> "Ready":
        """What a page asks for; ``render`` comes next, in the same thread."""
        self._now.template = self._templates.get_template(name)
        return self

    def render(self, words: dict[str, Any]) -> str:
        """Render the page, and remember it."""
        self._last = (self._now.template, words)
        return str(self._now.template.render(words))

    def keep(self, request: Request) -> Response:
        """Keep what the last page was made of under a name."""
        self._kept[request.path_params["name"]] = self._last
        return Response()

    def show(self, request: Request) -> Response:
        """Render it again."""
        kept = self._kept[request.path_params["name"]]
        assert kept is not None
        return HTMLResponse(kept[0].render(kept[1]))


class Bare:
    """Handlers with plain SQL and nothing else."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.write() as connection:
            self._ids = iter(new_ids(connection, MOST_LOGS))

    async def log(self, request: Request) -> Response:
        """Parse the form, commit one insert, lead on."""
        form = await request.form()
        await run_in_threadpool(self._insert, {name: str(value) for name, value in form.items()})
        return RedirectResponse("/", 303)

    def _insert(self, sent: dict[str, str]) -> None:
        at = clock.now()
        with self.database.write() as connection:
            values = {
                "workspace": int(sent["workspace"]),
                "id": next(self._ids),
                "at": to_micros(at),
                "day": at.date().toordinal(),
                "channel": sent["channel"],
                "summary": sent["summary"],
            }
            connection.execute(text(INSERT), values)

    def search(self, request: Request) -> Response:
        """One query along the index of names; a LIKE would walk through everybody."""
        words = request.query_params["q"]
        whose = int(request.query_params["workspace"])
        asked = {"workspace": whose, "words": words, "beyond": words + LAST_LETTER}
        with self.database.read() as connection:
            at_least, below = BY_BYTES[connection.dialect.name]
            rows = connection.execute(text(SEARCH.format(at_least=at_least, below=below)), asked).all()
        return JSONResponse([{"id": row[0], "name": row[1], "detail": f"{row[2]} {row[3]}"} for row in rows])


def beside_floors(database: Database, port: int = 8000) -> Starlette:
    """The product's application with the floors beside it."""
    app = create_app(Settings(secret_key="benchmark " * 4, port=port), database)
    ready, bare = Ready(app.state.site.templates), Bare(database)
    app.state.site = replace(app.state.site, templates=cast(Environment, ready))
    floors = Mount(
        "/floor",
        routes=[
            Route("/keep/{name}", ready.keep),
            Route("/show/{name}", ready.show),
            Route("/log", bare.log, methods=["POST"]),
            Route("/search", bare.search),
        ],
    )
    return Starlette(routes=[floors, Mount("/", app)])


def main(url: str, port: int) -> None:
    """Serve until told to stop."""
    both = beside_floors(Database(url), port)
    settle_memory()
    uvicorn.run(both, port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
