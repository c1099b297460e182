"""What is sent to S3: one object, whole or in parts, and the digests that tell whether it came."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from archive.store.content import pieces, reading
from archive.store.s3_options import S3Options

_MOST_PARTS = 10_000  # S3 accepts no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One object on its way: what is sent, and the ETag that tells whether it arrived."""

    source: bytes | Path
    size: int  #: bytes
    sha256: str  #: 64 hex digits
    in_parts: bool  #: whether it goes as a multipart upload
    part_size: int  #: bytes of every part but the last one
    md5s: tuple[bytes, ...]  #: 16 bytes for each part, or for the one piece

    @classmethod
    def of(cls, source: bytes | Path, options: S3Options) -> Upload:
        """Reads the source once. Raises StoreError when it cannot be read."""
        with reading(source) as file:
            size = file.seek(0, 2)
            file.seek(0)
            in_parts = size > options.multipart_threshold
            part_size = max(options.multipart_chunk, -(-size // _MOST_PARTS)) if in_parts else size
            sha256, md5s = hashlib.sha256(), []
            for _ in range(0, max(size, 1), max(part_size, 1)):
                md5 = hashlib.md5(usedforsecurity=False)
                for piece in pieces(file, part_size):
                    sha256.update(piece)
                    md5.update(piece)
                md5s.append(md5.digest())
        return cls(
            source=source,
            size=size,
            sha256=sha256.hexdigest(),
            in_parts=in_parts,
            part_size=part_size,
            md5s=tuple(md5s),
        )

    def has_part(self, number: int, size: int, etag: str) -> bool:
        """Whether a part that a server has is one of this object's."""
        last = len(self.md5s)
        if not 1 <= number <= last:
            return False
        expected = self.size - (last - 1) * self.part_size if number == last else self.part_size
        return size == expected and etag.strip('"') == self.md5s[number - 1].hex()

    @property
    def etag(self) -> str:
        """What most servers give as ETag: the MD5, or that of the parts' MD5s and their number."""
        if not self.in_parts:
            return self.md5s[0].hex()
        joined = hashlib.md5(b"".join(self.md5s), usedforsecurity=False).hexdigest()
        return f"{joined}-{len(self.md5s)}"


def base64_md5(md5: bytes) -> str:
    """16 bytes as Content-MD5 has them (RFC 1864)."""
    return base64.b64encode(md5).decode()
