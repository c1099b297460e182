"""The configuration of commands that only look, or maintain: in a folder that is no one's there is
nothing for them, and what they would make there hides that."""

from __future__ import annotations

import os
from pathlib import Path

from config import environment
from config.errors import ConfigurationError
from config.load import config_file, load
from config.schema import Configuration

_PLACES = {("home",), ("collection",), ("database",)}


def load_of_existing() -> Configuration:
    """`load`. Raises ConfigurationError also where nothing says where the collection is, and no
    home is.
    """
    configuration = load()
    home = Path(configuration.home)
    named = config_file() is not None or _PLACES & environment.overrides(os.environ).keys()
    if not named and not home.exists():
        raise ConfigurationError(
            f"there is neither a pressmark.yaml nor {home}: go where your pressmark.yaml is, "
            "name it by PRESSMARK_CONFIG, or write one with `pressmark init`"
        )
    return configuration
