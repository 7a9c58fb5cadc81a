"""What this machine knows of the time besides its clock."""

import ctypes
from datetime import UTC, datetime, timedelta
from pathlib import Path

HARDWARE = Path("/sys/class/rtc/rtc0/since_epoch")
HARDWARE_TOLERANCE = timedelta(hours=26)
"""Some machines keep the hardware clock in local time."""
_NOT_KEPT = 5


def hardware_clock() -> datetime | None:
    """What the clock with the battery says; none in most containers."""
    try:
        return datetime.fromtimestamp(int(HARDWARE.read_text()), UTC)
    except (OSError, ValueError):
        return None


def is_kept() -> bool:
    """Whether a time service keeps the clock, as the kernel says; yes where it cannot be asked."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (AttributeError, OSError, TypeError):
        return True
    return bool(state != _NOT_KEPT)
