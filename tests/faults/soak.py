#!/usr/bin/python3
"""./dev soak: generations of series with new names come and go, a million at a time, beside a tenth that stays;
connections, streams, queries, snapshots and reloads come and go with them. What nablad holds is read when a
generation is all there, and must be in the end what it was in the beginning.

    soak.py [--minutes 60] [--series 1000000] [--rate LINES_A_SECOND]

A generation lives for as long as it needs, and ends by a reload under which silence is short: however slow the
machine, it is never half there. Of a loop's lag counts what is more than its thread waited for a core, and the
calmest generations of the beginning and of the end are compared, since others on the machine make some of them late.
"""
import argparse
import pathlib
import statistics
import sys
import tempfile
import threading
import time
from collections import namedtuple

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from daemon import FREED_IS_FREE, Daemon, config_yaml, eventually, parse_exposition  # noqa: E402

T0 = 1_700_000_000
NS = 10**9
CHUNK = 10_000   # lines
SAMPLES = 2      # of each series
SAVED = 100_000  # series, of fewer what a snapshot takes now and then is more than the most that memory may grow
ASKED = 100      # of those that stay: what a stream hears
WARM = 3         # generations, before anything is judged
FLAT = 0.01      # so much more at the end, at most,
ROOM = 2**20     # or so many bytes, where that is more
LAG_MAX_S = 0.05  # that a loop may be late in the calmest generations, or twice what it was in the beginning: those
                  # that senders and readers wait for, and main, which a reload holds up

OWN = ["nablad_series", "nablad_lines_total", "nablad_table_memory_bytes", "nablad_loop_lag_seconds",
       "nablad_state_snapshots_total", "nablad_http_streams", "process_open_fds"]

Seen = namedtuple("Seen", "series resident table descriptors lag main")


def config(series, folder, silence):
    state = f"state: {{directory: {folder}/state, interval: 1s}}, " if series >= SAVED else ""
    return (f"{{limits: {{max_series: {2 * series}}}, {state}"
            f" defaults: {{stale_after: {silence}, expire_after: {silence}}},"
            f" series: [{{match: stays, stale_after: 10h, expire_after: 20h}}]}}")


class Soak:
    """Of a daemon that was started in folder with config(series, folder, "10h")."""

    def __init__(self, d, series, rate=None):
        self.d, self.series, self.rate = d, series, rate
        self.stay = series // 10
        self.generation, self.second = 0, 0
        self.lag, self.main = 0, 0
        self.seen = []

    def answer(self, path, params=None):
        """One that was not prepared in time, as happens while others have the machine, is asked for again."""
        def probe():
            status, _, body = self.d.get(path, params)
            assert status in (200, 503), (path, body)
            return status == 200 and (body,)
        return eventually(probe, path, timeout=600)[0]

    def own(self):
        """What nablad says of itself: {(name, label, ..): value}."""
        body = self.answer("/metrics", {"match[]": OWN})
        return {(name, *labels.values()): value for name, labels, value in parse_exposition(body)}

    def metric(self, name):
        return self.own()[name,]

    # -- a generation ---------------------------------------------------------------------------

    def lines_of(self, name, first, n):
        time_ns = (T0 + self.second) * NS
        return "".join(f"{name}n={i},site=plant-{i % 97} value={i + self.second} {time_ns}\n"
                       for i in range(first, first + n))

    def lines_of_names(self, name, first, n):
        """Each with a name of its own."""
        return "".join(f"{name}.plant-{i % 97}.n{i} {i + self.second} {T0 + self.second}\n"
                       for i in range(first, first + n))

    def send(self, make, name, n, samples=SAMPLES):
        """On a connection of its own."""
        began, sent, before = time.monotonic(), 0, self.metric("nablad_lines_total")
        with self.d.connect() as sock:
            for _ in range(samples):
                self.second += 1
                for first in range(0, n, CHUNK):
                    sock.sendall(make(name, first, min(CHUNK, n - first)).encode())
                    sent += CHUNK
                    if self.rate:
                        time.sleep(max(0, began + sent / self.rate - time.monotonic()))
        eventually(lambda: self.metric("nablad_lines_total") >= before + n * samples, "every line", timeout=600)

    def ask(self):
        for path in ("/api/v1/rates?limit=100", "/metrics", "/api/v1/labels",
                     '/api/v1/series?match[]={n="7"}', '/api/v1/query?query=comes{n%3D~"1.?"}'):
            self.answer(path)
        with self.d.stream("stays") as stream:
            self.send(self.lines_of, "stays,", min(self.stay, ASKED))
            stream.wait_points(ASKED)

    def reload(self, silence):
        self.d.config.write_text(config_yaml(config(self.series, self.d.folder, silence)))
        assert self.d.get("/-/reload", method="POST")[0] == 200

    def waited_s(self):
        """How long each loop's thread has waited for a core: {loop: seconds}. A thread is named as its loop."""
        waited = {}
        for task in pathlib.Path(f"/proc/{self.d.proc.pid}/task").glob("*"):
            try:
                name = (task / "comm").read_text().strip()
                seconds = int((task / "schedstat").read_text().split()[1]) / 1e9
            except OSError:  # it has ended
                continue
            if task.name == str(self.d.proc.pid):
                name = "main"
            waited[name] = seconds
        return waited

    def watch_lag(self, over):
        """The worst while a generation comes and goes, less what others' load explains: of main, and of the latest of
        the other loops. What a loop says is of the last second, in which its thread waited for a core so long."""
        waits = [self.waited_s()]
        while not over.wait(0.5):
            lags = {k[1]: v for k, v in self.own().items() if k[0] == "nablad_loop_lag_seconds"}
            waits = [*waits[-3:], self.waited_s()]
            late = {loop: lag - (waits[-1][loop] - waits[0][loop]) for loop, lag in lags.items()}
            self.main = max(self.main, late.pop("main"))
            self.lag = max([self.lag, *late.values()])

    def come_and_go(self):
        self.generation += 1
        self.send(self.lines_of, "stays,", self.stay)
        self.send(self.lines_of, f"comes,gen={self.generation},", self.series - self.stay)
        self.send(self.lines_of_names, f"g{self.generation}", self.stay)
        self.ask()
        seen = self.look()
        assert seen.series == self.series + self.stay
        self.reload("100ms")
        eventually(lambda: self.metric("nablad_series") == self.stay, "the generation's end", timeout=600)
        self.reload("10h")
        return seen

    def go_on(self):
        over, self.lag, self.main = threading.Event(), 0, 0
        watch = threading.Thread(target=self.watch_lag, args=(over,))
        watch.start()
        try:
            seen = self.come_and_go()
        finally:
            over.set()
            watch.join()
        self.seen.append(seen._replace(lag=self.lag, main=self.main))
        return self.seen[-1]

    def settle(self):
        """Streams are over, which nablad finds out by itself, and all series are in one snapshot: a reload, too,
        changes each of them."""
        self.reload("10h")
        eventually(lambda: self.metric("nablad_http_streams") == 0, "the end of streams")
        if self.series >= SAVED:
            snapshots = self.metric("nablad_state_snapshots_total")
            eventually(lambda: self.metric("nablad_state_snapshots_total") >= snapshots + 2, "a snapshot",
                       timeout=600)

    def look(self):
        self.settle()
        own = self.own()
        return Seen(own["nablad_series",], self.d.resident_bytes(), own["nablad_table_memory_bytes",],
                    own["process_open_fds",], 0, 0)

    # -- and what is to be said of all ------------------------------------------------------------

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
        for what in ("resident", "table"):
            first, grown = self.growth(what)
            assert grown <= max(FLAT * first, ROOM), f"{what} grew by {grown} bytes: {self.seen}"
        first, last = self.thirds("descriptors")  # of which one may be of who watches the lag
        assert min(last) <= max(first) + 1, f"descriptors grew: {self.seen}"
        for what in ("lag", "main"):
            first, last = map(min, self.thirds(what))
            assert last <= max(LAG_MAX_S, 2 * first), f"loops lag: {self.seen}"


def report(soak):
    print("\n| | beginning | end | most |\n| --- | ---: | ---: | ---: |")
    units = {"resident": (2**20, 1), "table": (2**20, 1), "descriptors": (1, 0), "lag": (1e-3, 1), "main": (1e-3, 1)}
    for what, (unit, digits) in units.items():
        first, last = ([v / unit for v in third] for third in soak.thirds(what))
        most = max(getattr(seen, what) / unit for seen in soak.judged())
        print(f"| {what} | {statistics.median(first):.{digits}f} | {statistics.median(last):.{digits}f} |"
              f" {most:.{digits}f} |")
    first, grown = soak.growth()
    print(f"\n{soak.generation} generations; memory {grown / first:+.2%}", flush=True)


def soak_for(soak, minutes):
    end = time.monotonic() + 60 * minutes
    print("| generation | series | resident MiB | table MiB | descriptors | lag, ms | of main |\n"
          "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    while time.monotonic() < end or len(soak.judged()) < 2:
        seen = soak.go_on()
        print(f"| {soak.generation} | {seen.series:,.0f} | {seen.resident / 2**20:.1f} |"
              f" {seen.table / 2**20:.1f} | {seen.descriptors:.0f} | {seen.lag * 1e3:.1f} |"
              f" {seen.main * 1e3:.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="./dev soak")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--series", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, help="lines a second; as fast as they go unless told")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nabla-soak-") as folder:
        folder = pathlib.Path(folder)
        d = Daemon(folder, config(options.series, folder, "10h"), env=FREED_IS_FREE)
        soak = Soak(d, options.series, options.rate)
        try:
            soak_for(soak, options.minutes)
            d.stop()
        finally:
            d.teardown()
    report(soak)
    soak.judge()


if __name__ == "__main__":
    main()
