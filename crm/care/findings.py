"""What the doctor finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from crm.settings import Settings
from crm.storage.database import Database

State: TypeAlias = Literal["good", "note", "wrong"]


@dataclass(frozen=True)
class Finding:
    """One question's answer. ``remedy`` is None where nothing is to be done."""

    check: str
    state: State
    sentence: str
    remedy: str | None = None


Check: TypeAlias = Callable[[Settings, Database, datetime], Iterator[Finding]]
