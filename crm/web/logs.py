"""Log lines for people or for machines, without anybody's data."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime


class _Lines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record with its facts; the message only where there are none."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        facts = getattr(record, "facts", None) or {"message": record.getMessage()}
        line = {"at": moment, "level": record.levelname.lower(), "logger": record.name, **facts}
        return json.dumps(line, ensure_ascii=False)


def _is_said_already(record: logging.LogRecord) -> bool:
    """The server repeats faults with their messages, which may hold what people wrote; the guard has logged them."""
    return not record.getMessage().startswith("Exception in ASGI application")


def report(log: logging.Logger, where: str) -> None:
    """What just broke: its kind and the lines of code, without the message. Messages of databases hold what people wrote."""
    kind, _, trace = sys.exc_info()
    frames = "".join(traceback.format_tb(trace))
    log.error("%s in %s\n%s", kind.__name__ if kind else "fault", where, frames)


def configure(log_format: str) -> None:
    """Send our lines, and the server's warnings, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Lines()
        if log_format == "json"
        else logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S")
    )
    handler.addFilter(_is_said_already)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("crm").setLevel(logging.INFO)
