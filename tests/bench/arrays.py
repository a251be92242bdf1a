#!/usr/bin/python3
"""./dev bench arrays: what a gradient takes, beside numpy and beside a plain copy of the same bytes.

Every case is one run: bench_arrays measures libnabla and the best copy in turn (input read once, each
output written once), numpy.gradient follows at once, on one thread. A line a number of threads shows

    reused    milliseconds into outputs that are used again; the speed of the gradient in that of the
              copy, with as many threads; how many times faster than numpy.gradient
    asked     of these two, and whether it is reached
    fresh     the same into freshly mapped outputs, as numpy's own always are: huge pages advised, and
    4 KiB     pages of 4 KiB, whose faults are nearly all of it (milliseconds, and times numpy)
    KiB       what a call takes beside input and outputs

Nothing is asserted: each figure is a ratio of this run, on this machine.

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

# What is asked of one thread and of two: percent of the copy, times numpy. FRESH: times numpy, of one.
UNIFORM, UNEVEN, SWEEP = ((90, 5), (90, 9)), ((80, 15), (80, 28)), ((85, 5.5), (85, 10))
IMAGE, IMAGE_F32, CACHED = ((85, 6), (85, 12)), ((85, 12), (85, 24)), ((None, 15), (None, 15))
NOTHING = ((None, None), (None, None))
FRESH, MEMORY, SHORTEST = 2.5, 1 << 20, {5: 100, 100: 150}

SHAPES = [  # label, shape, axes, spacing, what is asked, are both edge orders worth the time
    ("1-d 1e3", "1000", "0", "step", NOTHING, True),
    ("1-d 1e5", "100000", "0", "step", CACHED, True),
    ("1-d 1e7", "10000000", "0", "step", UNIFORM, True),
    ("1-d 1e8", "100000000", "0", "step", UNIFORM, True),
    ("1-d 1e7 uneven", "10000000", "0", "coordinates", UNEVEN, True),
    ("4096^2 both axes", "4096x4096", "0,1", "step", SWEEP, True),
    ("4096^2 axis 0", "4096x4096", "0", "step", UNIFORM, True),
    ("4096^2 axis 1", "4096x4096", "1", "step", UNIFORM, True),
    ("256^3 three axes", "256x256x256", "0,1,2", "step", SWEEP, True),
]
IMAGES = [("u8", "f64"), ("i16", "f64"), ("i32", "f64"), ("u8", "f32"), ("i16", "f32")]


def cases(quick):
    """Label, what is asked, arguments. Quick: float64, edge order 1, two images, no 1e8."""
    for label, shape, axes, spacing, asked, both in SHAPES:
        if quick and "1e8" in label:
            continue
        for kind in ("f64",) if quick else ("f64", "f32"):
            for order in (1, 2) if both and not quick else (1,):
                yield f"{label} {kind} order {order}", asked, (kind, kind, shape, axes, order, spacing)
    for kind, out in IMAGES:
        if not quick or kind == "u8":
            yield (f"image 4096^2 {kind}->{out}", IMAGE if out == "f64" else IMAGE_F32,
                   (kind, out, "4096x4096", "0,1", 1, "step"))


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


def head():
    print(f"arrays; {datetime.date.today()}, {processor()}, {os.cpu_count()} cores, "
          f"Linux {platform.release()}, numpy {numpy.__version__} on one thread")
    print(f"{'':<30} {'':>9} |{'reused':^38}|{'fresh':^23}|{'4 KiB':^17}|")
    print(f"{'':<30} {'numpy ms':>9} | {'ms':>8} {'copy':>5} {'numpy':>6}  {'asked':<14} |"
          f" {'ms':>8} {'copy':>5} {'numpy':>6} | {'ms':>8} {'numpy':>6} | {'KiB':>4}")


def processor():
    with open("/proc/cpuinfo") as f:
        found = re.search(r"^model name\s*: (.*)$", f.read(), re.M)
    return found.group(1) if found else platform.machine()


def judge(copy, times, asked):
    """What was asked, and whether it is reached; a threshold of None is none."""
    missed = [name for name, got, least_ in (("copy", copy, asked[0]), ("numpy", times, asked[1]))
              if least_ is not None and got < least_]
    text = " ".join(f"{a:g}{unit}" for a, unit in zip(asked, "%x") if a is not None)
    return f"{text} {'no' if missed else 'yes'}" if text else "-"


def fresh_columns(figures, numpy_s):
    if figures["fresh"] > 1e8:  # not measured: a small array is not mapped for one call
        return f" {'-':>8} {'-':>5} {'-':>6} | {'-':>8} {'-':>6} |"
    return (f" {figures['fresh'] * 1e3:8.4g} {100 * figures['fresh_copy'] / figures['fresh']:4.0f}% "
            f"{numpy_s / figures['fresh']:5.1f}x | {figures['small'] * 1e3:8.4g} "
            f"{numpy_s / figures['small']:5.1f}x |")


def show(label, row, asked):
    for threads, figures in enumerate(row["threads"], 1):
        copy, times = 100 * figures["copy"] / figures["nabla"], row["numpy"] / figures["nabla"]
        start = f"{label:<30} {row['numpy'] * 1e3:9.4g}" if threads == 1 else f"{'  two threads':<40}"
        figures["asked"] = judge(copy, times, asked[threads - 1])
        print(f"{start} | {figures['nabla'] * 1e3:8.4g} {copy:4.0f}% {times:5.1f}x  "
              f"{figures['asked']:<14} |{fresh_columns(figures, row['numpy'])}"
              f" {figures['memory'] / 1024:4.0f}", flush=True)


def summary(rows):
    """How much of the table is reached."""
    asked = [f["asked"] for row in rows for f in row["threads"] if f["asked"] != "-"]
    fresh = [row["numpy"] / row["threads"][0]["fresh"] >= FRESH for row in rows
             if row["threads"][0]["fresh"] < 1e8]
    small = [f["memory"] <= MEMORY * threads for row in rows for threads, f in enumerate(row["threads"], 1)]
    print(f"reached: {sum(a.endswith('yes') for a in asked)} of {len(asked)} into reused outputs; "
          f"{sum(fresh)} of {len(fresh)} cases {FRESH:g} times numpy into fresh ones; "
          f"{sum(small)} of {len(small)} within 1 MiB a thread")


def show_shortest(build):
    program = os.path.join(build, "tests/bench/bench_arrays")
    done = subprocess.run([program, "shortest"], stdout=subprocess.PIPE, text=True, check=True)
    ours = json.loads(done.stdout)
    for n in (5, 100):
        f = numpy.arange(n) ** 2.0
        theirs = least(lambda f=f: [numpy.gradient(f, 0.1) for _ in range(100)], 0.2) / 100
        print(f"{n} elements, called from C: {ours[str(n)]:.0f} ns; "
              f"asked {SHORTEST[n]}; numpy from Python: {theirs * 1e9:.0f} ns")
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
    for label, asked, case in cases(args.quick):
        if args.only in label:
            rows[label] = measure(args.build, case, 0.1 if args.quick else 0.4)
            show(label, rows[label], asked)
    summary(rows.values())
    rows["shortest"] = show_shortest(args.build)
    if args.json:
        with open(args.json, "w") as f:
            json.dump(rows, f, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
