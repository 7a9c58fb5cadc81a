"""What this process tells a monitor about the requests it served: counts and times, by the template of their route."""

import bisect
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Seconds; the last column of a histogram has no bound."""
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

Labels: TypeAlias = dict[str, str]
Sample: TypeAlias = tuple[str, Labels, float]
"""What follows the family's name (``_bucket`` or nothing), labels, value."""


def family(name: str, kind: str, sentence: str, samples: Iterable[Sample]) -> Iterator[str]:
    """The lines of one family in the text format of Prometheus."""
    yield f"# HELP {name} {sentence}"
    yield f"# TYPE {name} {kind}"
    for suffix, labels, value in samples:
        inside = ",".join(f'{key}="{_escaped(word)}"' for key, word in labels.items())
        number = str(int(value)) if value == int(value) else repr(value)
        yield f"{name}{suffix}{'{' + inside + '}' if inside else ''} {number}"


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


@dataclass
class _Times:
    """How long the requests of one route took."""

    columns: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0

    def samples(self, route: str) -> Iterator[Sample]:
        so_far = 0
        for bound, number in zip((*map(str, BOUNDS), "+Inf"), self.columns, strict=True):
            so_far += number
            yield "_bucket", {"route": route, "le": bound}, so_far
        yield "_sum", {"route": route}, round(self.seconds, 6)
        yield "_count", {"route": route}, so_far


class Vitals:
    """The requests of this process since its start. Labels come from our routes and from fixed words alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[tuple[str, str, int], int] = {}
        self._times: dict[str, _Times] = {}

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """One request was answered; status 0 is a visitor who left before the answer."""
        key = (route, method if method in METHODS else "other", status)
        with self._lock:
            self._answers[key] = self._answers.get(key, 0) + 1
            times = self._times.setdefault(route, _Times())
            times.columns[bisect.bisect_left(BOUNDS, seconds)] += 1
            times.seconds += seconds

    def lines(self) -> list[str]:
        """Both families as text."""
        with self._lock:
            answers: list[Sample] = [
                ("", {"route": route, "method": method, "status": str(status)}, number)
                for (route, method, status), number in sorted(self._answers.items())
            ]
            times = [sample for route in sorted(self._times) for sample in self._times[route].samples(route)]
        return [
            *family(
                "crm_requests_total", "counter", "Requests answered, by route, method and status.", answers
            ),
            *family("crm_request_seconds", "histogram", "Time from request to answer, by route.", times),
        ]
