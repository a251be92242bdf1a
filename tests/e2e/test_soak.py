"""./dev soak, shortened: generations of series come and go, and what nablad holds stays what it was."""
import sys

import pytest

from daemon import FREED_IS_FREE, ROOT

sys.path.append(str(ROOT / "tests" / "faults"))
from soak import WARM, Soak, config  # noqa: E402

SERIES = 20_000
GENERATIONS = WARM + 9


@pytest.mark.slow
def test_generations_come_and_go(nablad, tmp_path):
    folder = tmp_path / "nablad-0"
    soak = Soak(nablad(config(SERIES, folder, "10h"), env=FREED_IS_FREE), SERIES)
    for _ in range(GENERATIONS):
        soak.go_on()
    soak.judge()
