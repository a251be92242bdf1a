"""Series that come and go leave nothing behind. An hour with a million at a time: ./dev soak."""
import pathlib
import sys

import pytest

from daemon import FREED_IS_FREE

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
import soak  # noqa: E402

SERIES, JUDGED = 20_000, 4


@pytest.mark.slow
def test_series_that_come_and_go(nablad):
    s = soak.Soak(nablad(soak.config(SERIES, 3), env=FREED_IS_FREE), SERIES)
    while len(s.judged()) < JUDGED:
        s.go_on()
        assert s.generation < 50, f"no generation was all there at once: {s.seen}"
    s.judge()
