"""Draw the icons of the installed application from our own mark: two halves of a disc on paper.

Run ``python tools/icons.py``; the result lies under ``crm/web/static/icons/`` and is committed.
"""

import struct
import zlib
from pathlib import Path

ICONS = Path(__file__).resolve().parent.parent / "crm" / "web" / "static" / "icons"
PAPER, PEN, HONEY = (0xFF, 0xFE, 0xFB), (0x23, 0x43, 0x79), (0xED, 0xBB, 0x56)
SIZES = {"180": (180, 0.72), "192": (192, 0.72), "512": (512, 0.72), "maskable-512": (512, 0.58)}
"""Name, pixels, and how much of the width the disc takes: less where a system cuts the corners off."""
GAP = 2.4 / 22
"""Between the halves, as a share of the disc, as in ``mark.svg``."""


def pixel(x: float, y: float, radius: float) -> tuple[int, int, int]:
    """The colour at a point, from the middle; an edge is blended over one pixel."""
    inside = min(radius - (x * x + y * y) ** 0.5, abs(x) - GAP * radius)
    share = max(0.0, min(1.0, inside + 0.5))
    ground, colour = PAPER, PEN if x < 0 else HONEY
    return tuple(round(a + (b - a) * share) for a, b in zip(ground, colour, strict=True))


def png(size: int, width: float) -> bytes:
    """A PNG of the mark; ``width`` is the share of the picture that the disc takes."""
    middle, radius = size / 2, size * width / 2
    rows = bytearray()
    for y in range(size):
        rows.append(0)
        for x in range(size):
            rows.extend(pixel(x + 0.5 - middle, y + 0.5 - middle, radius))
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


if __name__ == "__main__":
    ICONS.mkdir(exist_ok=True)
    for name, (size, width) in SIZES.items():
        (ICONS / f"{name}.png").write_bytes(png(size, width))
