"""The configuration of commands that would report well of nothing in a folder that is no one's."""

from __future__ import annotations

import os
from pathlib import Path

from config import environment
from config.load import config_file, load
from config.schema import Configuration
from crawler.cli.output import complain

_PLACES = {("home",), ("collection",), ("database",)}


def load_of_existing() -> Configuration:
    """`load`; a word on standard error where nothing says where the collection is, and no home is.

    Raises ConfigurationError.
    """
    configuration = load()
    home = Path(configuration.home)
    named = config_file() is not None or _PLACES & environment.overrides(os.environ).keys()
    if not named and not home.exists():
        complain(
            f"there is neither a pressmark.yaml nor {home}; go where your pressmark.yaml is, "
            "or name it by PRESSMARK_CONFIG"
        )
    return configuration
