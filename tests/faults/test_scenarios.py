"""Crashes with a story: the harness finds nothing, and finds every planted bug."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.faults import scenarios
from tests.faults.invariants import Violation
from tests.faults.mutants import MUTANTS
from tests.faults.scenarios import FIRST_UPLOAD, LATER_UPLOAD, kills, lost_database, meet
from tests.faults.test_disk import fail
from tests.servers.strace import need_strace

Hunt = Callable[[Path, str], object]

# Early in a life, while nothing is sealed yet, a page comes in that is written in several pieces:
# mostly the seventh call is amid them.
_EARLY = [("write", number) for number in (7, 6, 8, 5, 9, 4, 3)]


def _fail(folder: Path, mutant: str) -> None:
    fail(folder, "fsync", 9, mutant)


HUNTS: dict[str, Hunt] = {
    "skip-truncate": partial(kills, points=_EARLY),
    "truncate-to-index": partial(lost_database, point=FIRST_UPLOAD),
    "trust-index": partial(lost_database, point=FIRST_UPLOAD),
    "forget-text": partial(kills, points=_EARLY),
    "no-lock": meet,
    "index-first": partial(kills, points=_EARLY),
    "acknowledge-first": partial(kills, points=_EARLY),
    "commit-later": partial(kills, points=_EARLY),
    "ignore-errors": _fail,
    "drop-spool-first": partial(kills, points=[FIRST_UPLOAD]),
    "stored-first": partial(kills, points=[FIRST_UPLOAD]),
    "manifest-first": partial(kills, points=[("link", 2), ("link", 3)]),
    "overwrite": scenarios.taken_key,
}


@pytest.fixture(autouse=True)
def strace() -> None:
    """All of these need it."""
    need_strace()


@pytest.mark.parametrize("point", [FIRST_UPLOAD, LATER_UPLOAD], ids=str)
def test_nothing_is_lost_with_the_database(tmp_path: Path, point: tuple[str, int]) -> None:
    lost_database(tmp_path, "", point=point)


def test_nothing_is_overwritten_or_lost_where_a_key_is_taken(tmp_path: Path) -> None:
    scenarios.taken_key(tmp_path, "")


def test_there_is_a_hunt_for_every_mutant() -> None:
    assert set(HUNTS) == set(MUTANTS)


@pytest.mark.unsound_warcs
@pytest.mark.parametrize("mutant", MUTANTS)
def test_every_mutant_is_found(tmp_path: Path, mutant: str) -> None:
    with pytest.raises(Violation) as found:
        HUNTS[mutant](tmp_path / "hunt", mutant)
    print(mutant, found.value)
