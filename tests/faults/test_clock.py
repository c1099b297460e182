"""A clock that is set while segments are open: names stay unique, nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.trial import Trial

HOUR, DAY = 3600, 86400


@pytest.mark.parametrize("step", [-HOUR, DAY])
def test_nothing_is_lost_when_the_clock_is_set(tmp_path: Path, step: int) -> None:
    trial = Trial(tmp_path)
    for _ in range(2):
        assert trial.run("capture", f"--clock={step}").returncode == 0
        trial.check_crash()
        trial.check()
    # The clock was set indeed: later names are earlier, or of another day.
    moments = [ack.filename.split("-")[1] for ack in trial.acks if ack.kind == "spooled"]
    if step < 0:
        assert moments != sorted(moments)
    else:
        assert len({moment[:8] for moment in moments}) > 1


def test_names_differ_when_the_clock_stands_still(tmp_path: Path) -> None:
    trial = Trial(tmp_path)
    for _ in range(2):
        assert trial.run("capture", "--frozen").returncode == 0
        trial.check_crash()
        trial.check()
    names = {stored.key.rpartition("/")[2] for stored in trial.store.list("warc/")}
    assert len(names) > 2
    assert len({name.split("-")[1] for name in names}) == 1
