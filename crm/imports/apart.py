"""Asking a reader of our own that runs as a process of its own, so that nothing it reads can do harm here."""

import json
import signal
import subprocess
import sys
from typing import Any

LONGEST_SECONDS = 60
"""By the clock on the wall; of the processor it has 30."""


class TooMuch(Exception):
    """Reading took more time or memory than anything real does, or what came of it makes no sense."""


class Interrupted(Exception):
    """Somebody else ended the reader: In Person is being stopped, or the machine has no memory left."""


def is_by_others(returncode: int) -> bool:
    """Whether a process ended by a signal that neither its limits nor a crash of its own sends."""
    return -returncode in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGKILL)


def ask(module: str, sent: bytes, *words: str) -> Any:
    """What the reader says, as JSON, of what it is sent; TooMuch or Interrupted. It is not trusted more than what it read."""
    try:
        ended = subprocess.run(  # noqa: S603 (our own reader)
            [sys.executable, "-m", module, *words],
            input=sent,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=LONGEST_SECONDS,
            check=True,
            start_new_session=True,  # Ctrl+C is for us: what is being read is read to its end
        )
        return json.loads(ended.stdout)
    except subprocess.CalledProcessError as fault:
        raise (Interrupted if is_by_others(fault.returncode) else TooMuch) from None
    except (subprocess.SubprocessError, ValueError):
        raise TooMuch from None
