"""The digest that travels with an object as user metadata: checksum headers are not portable."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = "sha256"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def with_sha256(sha256: str) -> dict[str, str]:
    """Metadata of an object with this digest (64 hex digits)."""
    return {_NAME: sha256}


def noted_sha256(metadata: Mapping[str, str]) -> str | None:
    """The digest that a server tells; None where it tells none, or something else."""
    # Some servers change the case of the names.
    noted = next((value for name, value in metadata.items() if name.lower() == _NAME), "")
    return noted if _SHA256.fullmatch(noted) else None
