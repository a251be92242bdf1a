#!/usr/bin/python3
"""./dev soak: generations of series come and go, a million at a time, beside a tenth that stays; connections,
streams and queries come and go with them. Memory and descriptors are read when a generation is all there, and must
be in the end what they were in the beginning.

    soak.py [--minutes 60] [--series 1000000] [--expire 20]
"""
import argparse
import pathlib
import statistics
import sys
import tempfile
import time
from collections import namedtuple

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from daemon import FREED_IS_FREE, Daemon, eventually  # noqa: E402

T0 = 1_700_000_000
NS = 10**9
CHUNK = 20_000  # lines
WARM = 2        # generations, before anything is judged
FLAT = 0.01     # so much more at the end, at most,
ROOM = 8 * 2**20  # or so many bytes, where that is more: huge pages, connections whose end is not yet seen

Seen = namedtuple("Seen", "series resident table descriptors lag")


def config(series, expire_s):
    return (f"{{limits: {{max_series: {series + series // 10 + 1000}}}, defaults: {{stale_after: {expire_s}s,"
            f" expire_after: {expire_s}s}}}}")


class Soak:
    def __init__(self, d, series):
        self.d, self.series, self.generation = d, series, 0
        self.seen = []

    def lines(self, name, n, second):
        for first in range(0, n, CHUNK):
            yield "".join(f"{name},n={i},site=plant-{i % 97} value={i + second} {(T0 + second) * NS}\n"
                          for i in range(first, min(first + CHUNK, n))).encode()

    def send(self, name, n, samples=3):
        """On a connection of its own; those that stay are sent again all the while."""
        second = 10 * self.generation
        before = self.d.lines_total()
        with self.d.connect() as sock:
            for k in range(samples):
                for text in self.lines(name, n, second + k):
                    sock.sendall(text)
        eventually(lambda: self.d.lines_total() >= before + n * samples, "every line", timeout=600)

    def ask(self):
        for path in ("/api/v1/rates?limit=100", "/metrics?match[]=stays", "/api/v1/labels"):
            self.d.get(path)
        with self.d.stream("stays") as stream:
            self.send("stays", min(self.series // 10, 1000))
            stream.wait_points(1)

    def go_on(self):
        """One generation comes, is looked at, and goes. Keeps what was seen if it was all there at once."""
        self.generation += 1
        self.send("stays", self.series // 10)
        self.send(f"comes,gen={self.generation}", self.series)
        self.ask()
        seen = self.look()
        if seen.series >= self.series:
            self.seen.append(seen)
        eventually(lambda: self.d.metric("nablad_series") <= self.series // 10, "the generation's end", timeout=600)
        return seen

    def look(self):
        d = self.d
        return Seen(d.metric("nablad_series"), d.resident_bytes(), d.metric("nablad_table_memory_bytes"),
                    d.metric("process_open_fds"), d.metric("nablad_loop_lag_seconds"))

    def judged(self):
        return self.seen[WARM:]

    def thirds(self, what):
        """What was seen in the first third, and in the last."""
        all_ = [getattr(seen, what) for seen in self.judged()]
        third = max(1, len(all_) // 3)
        return all_[:third], all_[-third:]

    def growth(self, what="resident"):
        """(median at the beginning, by how much that at the end is more)"""
        first, last = map(statistics.median, self.thirds(what))
        return first, last - first

    def judge(self):
        first, grown = self.growth()
        assert grown <= max(FLAT * first, ROOM), f"memory grew by {grown} bytes: {self.seen}"
        first, grown = self.growth("table")
        assert grown <= FLAT * first, f"the table grew by {grown} bytes: {self.seen}"
        first, last = self.thirds("descriptors")  # a stream's end is seen when it is next written to
        assert min(last) <= max(first), f"descriptors grew: {self.seen}"


def main():
    parser = argparse.ArgumentParser(prog="./dev soak")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--series", type=int, default=1_000_000)
    parser.add_argument("--expire", type=int, default=20, help="seconds; longer than a generation's coming")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nabla-soak-") as folder:
        d = Daemon(pathlib.Path(folder), config(options.series, options.expire), env=FREED_IS_FREE)
        soak = Soak(d, options.series)
        end = time.monotonic() + 60 * options.minutes
        print("| generation | series | resident MiB | descriptors | lag, ms |\n| ---: | ---: | ---: | ---: | ---: |")
        while time.monotonic() < end or len(soak.judged()) < 2:
            seen = soak.go_on()
            print(f"| {soak.generation} | {seen.series:,.0f} | {seen.resident / 2**20:.1f} |"
                  f" {seen.descriptors:.0f} | {seen.lag * 1e3:.1f} |", flush=True)
        d.stop()
    soak.judge()
    first, grown = soak.growth()
    print(f"\n{soak.generation} generations; memory {first / 2**20:.1f} MiB, {grown / first:+.2%}")


if __name__ == "__main__":
    main()
