"""``crm serve`` for ``soak.py``, whole or broken on purpose: ``python -m tests.campaigns.soak_server [VARIANT]``."""

import sys
from pathlib import Path
from typing import Any

from starlette.responses import Response

from crm.cli import app
from crm.web.routing import Visit

render = Visit.render
kept: list[Any] = []


def keeps_pages(visit: Visit, *arguments: Any, **more: Any) -> Response:
    """A broken build: a cache of pages that is never emptied."""
    page = render(visit, *arguments, **more)
    kept.append(bytes(page.body) + b".")
    return page


def leaves_files_open(visit: Visit, *arguments: Any, **more: Any) -> Response:
    """A broken build: a file is opened for each page and forgotten."""
    kept.append(Path(__file__).open(encoding="utf-8"))  # noqa: SIM115
    return render(visit, *arguments, **more)


BROKEN = {"keeps pages": keeps_pages, "leaves files open": leaves_files_open}

if __name__ == "__main__":
    Visit.render = BROKEN.get(sys.argv[1], render)  # type: ignore[assignment, method-assign]
    app(["serve"])
