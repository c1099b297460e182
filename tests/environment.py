"""The environment of commands that tests start."""

from __future__ import annotations

import os


def inherited() -> dict[str, str]:
    """Our own without what configures Pressmark."""
    ours = ("PRESSMARK_", "AWS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
