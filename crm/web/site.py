"""What every request shares: settings, the database, the templates and a few threads."""

import threading
from dataclasses import dataclass, field

import anyio
from jinja2 import Environment

from crm.settings import Settings
from crm.storage.database import THREADS, Database
from crm.web.vitals import Vitals


@dataclass(frozen=True)
class Site:
    """One served product; lies in ``app.state.site``.

    ``threads`` bounds how many requests work at the same moment: a few are faster than many for work in Python.
    ``stopping`` is set once the process is to end: what takes long begins nothing more.
    """

    settings: Settings
    database: Database
    templates: Environment
    threads: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(THREADS))
    vitals: Vitals = field(default_factory=Vitals)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def is_https(self) -> bool:
        """Whether people reach us by https, as the base URL says."""
        return self.settings.url.startswith("https://")
