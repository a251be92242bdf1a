#!/usr/bin/python3
"""./dev bench: what a line costs nablad, beside a sink that only counts the same lines.

Prints ratios of one run, with the raw figures; asserts nothing. CPU seconds are the server
process's own, from the kernel's accounting.

    bench.py [ingest] [--lines N] [--runs N] [--build DIR] [--json FILE]
    bench.py arrays ...     gradients beside numpy and a copy: arrays.py, and its --help
"""
import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

CONFIG = """
ingest:
  listeners:
    - {address: "127.0.0.1:0", protocol: tcp}
http: {listen: "127.0.0.1:0"}
limits: {max_series: 2000000}
"""


def cpu_seconds(pid):
    """Of all threads, to the nanosecond: the scheduler's own account."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat") as f:
            total += int(f.read().split()[0])
    return total / 1e9


def resident_bytes(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return int(re.search(r"^Rss:\s+(\d+) kB", f.read(), re.M).group(1)) * 1024


class Nablad:
    """The daemon under test, on ports of its own choosing."""

    def __init__(self, build, folder):
        config = os.path.join(folder, "nablad.yaml")
        with open(config, "w") as f:
            f.write(CONFIG)
        self.proc = subprocess.Popen([os.path.join(build, "src/daemon/nablad"), "--config", config],
                                     stderr=subprocess.PIPE, text=True)
        self.ports = {}
        for line in self.proc.stderr:
            found = re.search(r"event=listening listener=(\w+)://\S*:(\d+)", line)
            if found:
                self.ports[found.group(1)] = int(found.group(2))
            if "event=ready" in line:
                break
        self.pid = self.proc.pid

    def stop(self):
        self.proc.terminate()
        log = self.proc.stderr.read()
        self.proc.wait(timeout=60)
        found = re.search(r"event=stopped lines=(\d+) samples=(\d+) points=(\d+) series=(\d+)", log)
        return [int(x) for x in found.groups()]


def send(build, port, series, rounds, seed):
    load = os.path.join(build, "tests/bench/bench_load")
    done = subprocess.run([load, str(port), str(series), str(rounds), str(seed)],
                          stderr=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stderr)


def settle(pid):
    """Waits until the process has stopped using CPU; returns its CPU seconds."""
    last, since = cpu_seconds(pid), time.monotonic()
    while time.monotonic() - since < 0.5:
        time.sleep(0.05)
        current = cpu_seconds(pid)
        if current > last + 0.005:  # more than timers take
            last, since = current, time.monotonic()
    return cpu_seconds(pid)


def run_nablad(build, series, rounds, seed):
    """The first round makes the series; the rounds after it are what is measured."""
    with tempfile.TemporaryDirectory() as folder:
        daemon = Nablad(build, folder)
        empty = resident_bytes(daemon.pid)
        send(build, daemon.ports["tcp"], series, 1, seed)
        born = settle(daemon.pid)
        sent = send(build, daemon.ports["tcp"], series, rounds, seed)
        used = settle(daemon.pid) - born
        resident = resident_bytes(daemon.pid)
        lines, samples, points, count = daemon.stop()
    assert lines == sent["lines"] + series and samples == lines and count == series, \
        (lines, samples, count, sent)
    return {"cpu": used, "lines": sent["lines"], "bytes": sent["bytes"], "seconds": sent["seconds"],
            "births_cpu": born, "resident": resident, "empty": empty, "points": points}


def run_sink(build, series, rounds, seed):
    sink = subprocess.Popen([os.path.join(build, "tests/bench/bench_sink")], stdout=subprocess.PIPE,
                            text=True)
    port = int(sink.stdout.readline())
    send(build, port, series, rounds, seed)
    counted = json.loads(sink.stdout.readline())
    sink.kill()
    sink.wait()
    return counted


def median(values):
    return sorted(values)[len(values) // 2]


def measure(build, series, lines, runs):
    rounds = max(1, lines // series)
    ours, sinks = [], []
    for seed in range(1, runs + 1):  # in turns, so that a noisy moment meets both
        sinks.append(run_sink(build, series, rounds, seed))
        ours.append(run_nablad(build, series, rounds, seed))
    us = median([r["cpu"] / r["lines"] for r in ours])
    sink = median([r["cpu_seconds"] / r["lines"] for r in sinks])
    return {"series": series, "lines": ours[0]["lines"], "runs": runs,
            "bytes_a_line": ours[0]["bytes"] / ours[0]["lines"],
            "sink_us_a_line": sink * 1e6, "nablad_us_a_line": us * 1e6, "ratio": us / sink,
            "lines_a_cpu_second": 1 / us,
            "lines_a_second": median([r["lines"] / r["seconds"] for r in ours]),
            "resident_bytes_a_series": median([(r["resident"] - r["empty"]) / series for r in ours]),
            "resident_all_a_series": median([r["resident"] / series for r in ours]),
            "births_a_cpu_second": median([series / max(r["births_cpu"], 0.01) for r in ours])}


def show(rows):
    print(f"ingest, one TCP connection, one ingest thread, Influx lines, HTTP idle; "
          f"{datetime.date.today()}, {platform.machine()}, {os.cpu_count()} cores, "
          f"Linux {platform.release()}")
    print(f"{'series':>9} {'sink us/line':>12} {'nablad us/line':>14} {'ratio':>6} {'Mlines/CPU s':>12} "
          f"{'Mlines/s':>8} {'new series/CPU s':>16} {'resident B/series':>17}")
    for r in rows:
        many = r["series"] >= 100000  # fewer do not outweigh what the process takes by itself
        resident = f"{r['resident_all_a_series']:.0f}" if many else "-"
        births = f"{r['births_a_cpu_second']:.0f}" if many else "-"
        print(f"{r['series']:>9} {r['sink_us_a_line']:>12.4f} {r['nablad_us_a_line']:>14.4f} "
              f"{r['ratio']:>6.1f} {r['lines_a_cpu_second'] / 1e6:>12.2f} "
              f"{r['lines_a_second'] / 1e6:>8.2f} {births:>16} {resident:>17}")


def main():
    if sys.argv[1:2] == ["arrays"]:
        import arrays  # beside this file; needs numpy, which ingest does not
        return arrays.main(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", default="ingest", choices=["ingest", "arrays"])
    parser.add_argument("--lines", type=int, default=4000000, help="lines a run (4,000,000)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each case; medians are shown (3)")
    parser.add_argument("--build", default=os.environ.get("NABLA_BUILD", os.path.join(ROOT, "build/release")))
    parser.add_argument("--json", help="also write the figures there")
    args = parser.parse_args()
    rows = [measure(args.build, series, args.lines, args.runs) for series in (1000, 1000000)]
    show(rows)
    if args.json:
        with open(args.json, "w") as f:
            json.dump(rows, f, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
