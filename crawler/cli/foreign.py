"""The start-up check that our packages are the ones that are imported."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("config", "archive", "pipelines", "crawler")
"""Our top-level packages. Distributions of the same names exist."""

ROOT = Path(__file__).resolve().parents[2]
"""Folder that holds the packages: the checkout, or site-packages."""


def refuse_foreign_packages(root: Path = ROOT) -> None:
    """End the program with one sentence when `import config`, say, would not give ours.

    Raises SystemExit (status 1; the caller need not handle it).
    """
    for name in PACKAGES:
        spec = find_spec(name)
        origin = Path(spec.origin).resolve() if spec and spec.origin else None
        if origin is None or origin.parent.parent != root:
            found = f"{origin.parent} is found" if origin else "none is found"
            raise SystemExit(
                f"pressmark: the package {name!r} should be the one in {root}, but {found}; "
                "uninstall the distribution that brought it, or use an environment of its own"
            )
