"""What nablad promises while things fail: no crash, no hang, nothing acknowledged lost, recovery without help. The
same a hundred times longer: ./dev faults. By HTTPS with passwords and a journal, or without."""
import pathlib
import sys
import warnings

import pytest

from daemon import is_sanitized

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
import memory_group  # noqa: E402
import preloaded  # noqa: E402
import scenarios  # noqa: E402
from world import World  # noqa: E402


@pytest.mark.slow
@pytest.mark.skipif(is_sanitized(), reason="a sanitizer has a malloc of its own")
@pytest.mark.parametrize("doors", ["guarded", "plain"])
@pytest.mark.parametrize("name", [*scenarios.FAILING, *scenarios.OTHERS])
def test_what_fails(tmp_path, name, doors):
    assert preloaded.LIBRARY.exists(), "not built"
    group = memory_group.make() if name == "cgroup" else None
    if name == "cgroup" and group is None:
        warnings.warn("no cgroup can be made here: RLIMIT_AS instead")
    world = World(tmp_path, silent=name == "silent", guarded=doors == "guarded", group=group)
    try:
        tried, lost = scenarios.run(world, name)
    finally:
        world.close()
        if group:
            group.close()
    assert tried > 0 and lost == 0
