#!/usr/bin/python3
"""./dev bench gradient-file: nabla gradient of a large .npy file, beside cp of the same file.

Each run copies the file (cp --reflink=never) and differentiates it, in turns that swap, to a target
that is new and to one that is replaced; file and results lie in one folder. Shown are medians, cp's
speed over nabla's, and the memory that nabla had mapped at its peak (VmHWM: its own and the file's
pages together). With --limit each runs under that bound, page cache included: in a scope of systemd's,
or, where cgroups can be written, in one of our own, removed afterwards. Without, the
page cache is as large as the machine lets it be. Nothing is asserted.

    bench.py gradient-file [--gib N] [--runs N] [--threads N] [--limit SIZE] [--folder DIR] [--build DIR] [--json FILE]
"""
import argparse
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time

import numpy

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.append(os.path.join(ROOT, "tests/faults"))
import memory_group  # noqa: E402

BLOCK = 1 << 22  # elements that are made at a time


def make_input(path, gib):
    """Written, not mapped: a child's peak of memory begins with its parent's."""
    n = int(gib * (1 << 27))
    with open(path, "wb") as f:
        numpy.lib.format.write_array_header_1_0(
            f, {"descr": "<f8", "fortran_order": False, "shape": (n,)})
        for lo in range(0, n, BLOCK):
            numpy.sin(numpy.arange(lo, min(n, lo + BLOCK)) * 1e-3).tofile(f)
    os.sync()


class Limit:
    """A bound of memory for commands; none if size is None."""

    def __init__(self, size):
        self.prefix, self.group = [], None
        if size is None:
            return
        if os.path.isdir("/run/systemd/system"):
            self.prefix = ["systemd-run", "--quiet", "--scope", "-p", f"MemoryMax={size}",
                           "-p", "MemorySwapMax=0"]
            return
        self.group = memory_group.make()
        if self.group is None:
            sys.exit("--limit: neither systemd nor a cgroup of memory is here, so nobody limits it")
        self.group.limit(size)

    def enter(self):
        """In the child, before it becomes the command."""
        if self.group is not None:
            self.group.enter()

    def close(self):
        if self.group is not None:
            self.group.close()


def run(command, limit):
    """Seconds, and the peak of resident memory in bytes."""
    start = time.monotonic()
    child = subprocess.Popen(limit.prefix + command, preexec_fn=limit.enter)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{command[0]} failed")
    return time.monotonic() - start, usage.ru_maxrss * 1024


def median(values):
    return sorted(values)[len(values) // 2]


def measure(args, folder, limit):
    source, target = os.path.join(folder, "in.npy"), os.path.join(folder, "out.npy")
    make_input(source, args.gib)
    nabla = os.path.join(args.build, "src/cli/nabla")
    commands = {"cp": ["cp", "--reflink=never", source, target],
                "nabla": [nabla, "gradient", source, "-o", target, "--threads", str(args.threads)]}
    figures = {(target_is, who): [] for target_is in ("new", "replaced") for who in commands}
    peak = 0
    for number in range(args.runs):
        for who in sorted(commands, reverse=number % 2 == 1):
            for target_is in ("new", "replaced"):
                if target_is == "new" and os.path.exists(target):
                    os.remove(target)
                os.sync()
                seconds, resident = run(commands[who], limit)
                figures[target_is, who].append(seconds)
                peak = max(peak, resident) if who == "nabla" else peak
    rows = [{"target": target_is, "cp_s": median(figures[target_is, "cp"]),
             "nabla_s": median(figures[target_is, "nabla"])} for target_is in ("new", "replaced")]
    return {"gib": args.gib, "runs": args.runs, "threads": args.threads, "limit": args.limit,
            "peak_resident": peak, "rows": rows}


def show(result):
    limit = f"memory limited to {result['limit']}" if result["limit"] else "memory not limited"
    print(f"nabla gradient of {result['gib']:g} GiB of float64, {result['threads']} threads, {limit}; "
          f"medians of {result['runs']}; {datetime.date.today()}, {platform.machine()}, "
          f"{os.cpu_count()} cores, Linux {platform.release()}")
    print(f"{'target':>9} {'cp s':>8} {'nabla s':>8} {'of cp’s speed':>14}")
    for row in result["rows"]:
        print(f"{row['target']:>9} {row['cp_s']:>8.2f} {row['nabla_s']:>8.2f} "
              f"{row['cp_s'] / row['nabla_s']:>13.0%}")
    print(f"resident at most, mapped pages of the file included: {result['peak_resident'] >> 20} MiB")


def main(argv):
    parser = argparse.ArgumentParser(prog="./dev bench gradient-file", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gib", type=float, default=2, help="size of the file (2)")
    parser.add_argument("--runs", type=int, default=3, help="of each case; medians are shown (3)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--limit", help="of the memory of each, page cache included, such as 512M")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="where the files are made")
    parser.add_argument("--build", default=os.environ.get("NABLA_BUILD", os.path.join(ROOT, "build/release")))
    parser.add_argument("--json", help="also write the figures there")
    args = parser.parse_args(argv)
    folder = tempfile.mkdtemp(prefix="nabla-bench-", dir=args.folder)
    limit = Limit(args.limit)
    try:
        result = measure(args, folder, limit)
    finally:
        shutil.rmtree(folder)
        limit.close()
    show(result)
    if args.json:
        with open(args.json, "w") as f:
            json.dump(result, f, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
