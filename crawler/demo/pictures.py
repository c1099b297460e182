"""Pictures for the demonstration site, drawn anew and the same each time."""

from __future__ import annotations

import math
import struct
import zlib
from hashlib import sha256

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def landscape(name: str, width: int, height: int) -> bytes:
    """A PNG of hills before a sky, in colours that follow from `name`."""
    seed = sha256(name.encode()).digest()
    sky, hill = seed[0:3], bytes(channel // 3 for channel in seed[3:6])
    waves = [math.sin(x / width * 7 + seed[6]) * math.cos(x / width * 3) for x in range(width)]
    ridge = [(0.62 + 0.12 * wave) * height for wave in waves]
    rows = bytearray()
    for y in range(height):
        light = bytes(min(255, 120 + channel // 4 + 90 * y // height) for channel in sky)
        rows.append(0)  # filter type of the row: none
        rows += b"".join([hill if y > top else light for top in ridge])
    return _png(width, height, bytes(rows))


def plain(red: int, green: int, blue: int, side: int) -> bytes:
    """A square PNG of one colour."""
    return _png(side, side, (b"\0" + bytes((red, green, blue)) * side) * side)


def _png(width: int, height: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
