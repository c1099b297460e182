"""The real command, with every promise noted: `python -m tests.faults.crawl ACKS ARGUMENT...`

The variable MUTANT plants a bug, see tests/faults/mutants.py.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from crawler.cli.main import main
from tests.faults import acks, mutants


def run() -> None:
    """Run `pressmark` with the arguments behind the first."""
    mutants.plant(os.environ.get("MUTANT"))
    acks.attach(acks.AckLog(Path(sys.argv[1])))
    sys.argv = ["pressmark", *sys.argv[2:]]
    main()


if __name__ == "__main__":
    run()
