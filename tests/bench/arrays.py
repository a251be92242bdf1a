#!/usr/bin/python3
"""./dev bench arrays: what a gradient takes, beside numpy and beside a plain copy of the same bytes.

Every row is one run: bench_arrays measures libnabla and the best copy in turn (input read once, each
output written once), numpy.gradient follows at once, on one thread. Shown are milliseconds and

    copy   speed of the gradient in that of the copy, with as many threads: 100 % is the memory's limit
    numpy  how many times faster than numpy.gradient

into outputs that are used again, and into freshly mapped ones, as numpy's own always are. Nothing is
asserted: each figure is a ratio of this run, on this machine.

    bench.py arrays [--quick] [--only TEXT] [--build DIR] [--json FILE]
"""
import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import time

import numpy

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TYPES = {"f64": "float64", "f32": "float32", "u8": "uint8", "i16": "int16", "i32": "int32"}

SHAPES = [  # label, shape, axes, spacing, are both edge orders worth the time
    ("1-d 1e3", "1000", "0", "step", True),
    ("1-d 1e5", "100000", "0", "step", True),
    ("1-d 1e7", "10000000", "0", "step", True),
    ("1-d 1e8", "100000000", "0", "step", False),
    ("1-d 1e7 uneven", "10000000", "0", "coordinates", True),
    ("4096^2 both axes", "4096x4096", "0,1", "step", True),
    ("4096^2 axis 0", "4096x4096", "0", "step", True),
    ("4096^2 axis 1", "4096x4096", "1", "step", True),
    ("256^3 three axes", "256x256x256", "0,1,2", "step", True),
]
IMAGES = [("u8", "f64"), ("i16", "f64"), ("i32", "f64"), ("u8", "f32"), ("i16", "f32")]


def cases(quick):
    for label, shape, axes, spacing, both in SHAPES:
        if quick and shape.startswith("1000000"):
            shape, label = shape[:-1], label.replace("1e7", "1e6").replace("1e8", "1e7")
        for kind in ("f64",) if quick else ("f64", "f32"):
            for order in (1, 2) if both and not quick else (1,):
                yield f"{label} {kind} order {order}", (kind, kind, shape, axes, order, spacing)
    for kind, out in IMAGES[:1] if quick else IMAGES:
        yield f"image 4096^2 {kind}->{out}", (kind, out, "4096x4096", "0,1", 1, "step")


def least(call, seconds):
    """Seconds of one call: the least of at least two, and of as many as there is time for."""
    best, end = float("inf"), time.perf_counter() + seconds
    runs = 0
    while runs < 2 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
        runs += 1
    return best


def numpy_seconds(kind, out, shape, axes, order, spacing, seconds):
    """numpy has no float32 results for integers: it is asked for what it has, float64."""
    lengths = tuple(int(n) for n in shape.split("x"))
    size = int(numpy.prod(lengths))
    pattern = numpy.random.default_rng(1).integers(-100, 100, 1 << 20)
    f = numpy.resize(pattern, size).astype(TYPES[kind]).reshape(lengths)
    at = 0.1
    if spacing == "coordinates":
        i = numpy.arange(size)
        at = (i + i // 5).astype(TYPES[out])
    axis = tuple(int(a) for a in axes.split(","))
    return least(lambda: numpy.gradient(f, at, axis=axis, edge_order=order), seconds)


def measure(build, case, seconds):
    program = os.path.join(build, "tests/bench/bench_arrays")
    done = subprocess.run([program, *map(str, case), str(seconds)], stdout=subprocess.PIPE, text=True,
                          check=True)
    return {"threads": json.loads(done.stdout)["threads"],
            "numpy": numpy_seconds(*case, seconds)}


def columns(figures, numpy_s, ours, copy):
    if figures[ours] > 1e8:  # not measured: a small array is not mapped for one call
        return f"{'-':>9} {'-':>5} {'-':>6}"
    return (f"{figures[ours] * 1e3:9.4g} {100 * figures[copy] / figures[ours]:4.0f}% "
            f"{numpy_s / figures[ours]:5.1f}x")


def head():
    print(f"arrays; {datetime.date.today()}, {processor()}, {os.cpu_count()} cores, "
          f"Linux {platform.release()}, numpy {numpy.__version__} on one thread")
    print(f"{'':<33} {'numpy':>9} |{'one thread, reused':^23}|{'two threads, reused':^23}|"
          f"{'one thread, fresh':^23}|{'two threads, fresh':^23}")
    print(f"{'':<33} {'ms':>9} |" + "|".join([f"{'ms':>9} {'copy':>5} {'numpy':>6} "] * 4))


def processor():
    with open("/proc/cpuinfo") as f:
        found = re.search(r"^model name\s*: (.*)$", f.read(), re.M)
    return found.group(1) if found else platform.machine()


def show(label, row):
    one, two = row["threads"]
    parts = [columns(t, row["numpy"], *pair) for pair in (("nabla", "copy"), ("fresh", "fresh_copy"))
             for t in (one, two)]
    print(f"{label:<33} {row['numpy'] * 1e3:9.4g} |" + " |".join(parts), flush=True)


def show_shortest(build):
    program = os.path.join(build, "tests/bench/bench_arrays")
    done = subprocess.run([program, "shortest"], stdout=subprocess.PIPE, text=True, check=True)
    ours = json.loads(done.stdout)
    for n in (5, 100):
        f = numpy.arange(n) ** 2.0
        theirs = least(lambda f=f: [numpy.gradient(f, 0.1) for _ in range(100)], 0.2) / 100
        print(f"{n} elements, called from C: {ours[str(n)]:.0f} ns; "
              f"numpy from Python: {theirs * 1e9:.0f} ns")
    return ours


def main(argv=None):
    parser = argparse.ArgumentParser(prog="./dev bench arrays", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few cases, briefly")
    parser.add_argument("--only", default="", help="cases whose label contains this")
    parser.add_argument("--build", default=os.environ.get("NABLA_BUILD", os.path.join(ROOT, "build/release")))
    parser.add_argument("--json", help="also write the figures there")
    args = parser.parse_args(argv)
    head()
    rows = {}
    for label, case in cases(args.quick):
        if args.only in label:
            rows[label] = measure(args.build, case, 0.1 if args.quick else 0.4)
            show(label, rows[label])
    rows["shortest"] = show_shortest(args.build)
    if args.json:
        with open(args.json, "w") as f:
            json.dump(rows, f, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
