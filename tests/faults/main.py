#!/usr/bin/python3
"""./dev faults: each scenario at length, and a table of what was tried and what was lost.

    main.py [--quick] [--plain] [NAME...]
"""
import argparse
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import memory_group  # noqa: E402
import scenarios  # noqa: E402
from world import World  # noqa: E402

TRIED = {
    **{kind: f"one {name} of {scenarios.FAILING[kind].every} fails" for kind, name in (
        ("malloc", "malloc, calloc, realloc or mmap"), ("read", "read"), ("write", "write to a socket"),
        ("disk", "write to a file"),
        ("accept", "accept"), ("sync", "fsync, fdatasync or msync"), ("open", "open or socket"))},
    "descriptors": "RLIMIT_NOFILE 20 above what is open, 100 connections",
    "memory": "RLIMIT_AS 1 MiB above what is used, new series until there is no more",
    "cgroup": "a cgroup 1 MiB above what is used, new series until the kernel ends nablad, and a start on what it left",
    "starved": "every malloc fails for a moment, 40 connections come",
    "stopped": "SIGSTOP, 50 ms to 1 s, SIGCONT",
    "clock": "the clock set by seconds, hours, 1 and 60 years, back and forth",
    "killed": "kill -9 and a start on what it left",
    "forgetful": "an fsync or fdatasync fails and what it was for is gone, once or one of 2 to 5, then kill -9",
    "slow-disk": "each open, write and sync of the state takes 1 ms to 1 s, then kill -9",
    "silent": "targets of push and alerts accept and never answer",
}


def play(name, long, guarded):
    """(tried, lost, seconds); lost is a text where it did not come to its end."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"nabla-faults-{name}-"))
    began, world = time.monotonic(), None
    group = memory_group.make() if name == "cgroup" else None
    try:
        world = World(folder, silent=name == "silent", guarded=guarded, group=group)
        tried, lost = scenarios.run(world, name, long)
    except (AssertionError, OSError):
        traceback.print_exc()
        tried, lost = 0, f"FAILED, see {folder}"
    finally:
        if world:
            world.close()
        if group:
            group.close()
    if lost == 0:
        shutil.rmtree(folder)
    return tried, lost, time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(prog="./dev faults")
    parser.add_argument("--quick", action="store_true", help="the short ones, as ./dev test has them")
    parser.add_argument("--plain", action="store_true", help="without TLS, passwords and a journal")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(TRIED))
    options = parser.parse_args()
    if unknown := set(options.names) - set(TRIED):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    print("| what was done | how often | lost | seconds |\n| --- | ---: | ---: | ---: |", flush=True)
    good = True
    if not memory_group.can_be():
        TRIED["cgroup"] = "no cgroup can be made here, so again: " + TRIED["memory"]
    for name in options.names or TRIED:
        tried, lost, seconds = play(name, not options.quick, not options.plain)
        good = good and lost == 0
        print(f"| {TRIED[name]} | {tried:,} | {lost} | {seconds:.0f} |", flush=True)
    return 0 if good else 1


sys.exit(main())
