"""HTTP beside ingest, and what answers about all series cost."""
import http.client
import os
import subprocess
import sys
import time

from programs import Load, Nablad, Rounds, forget_peak, median, peak_bytes, send
from rows import Row

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENTS = 4


class Scrapers:
    """Clients that ask for the whole /metrics again and again, in a process of their own."""

    def __init__(self, port):
        argv = [sys.executable, os.path.join(HERE, "scrapers.py"), str(port), str(CLIENTS)]
        self.proc = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.proc.stdout.readline()  # all of them are being answered

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answers = int(self.proc.communicate("end\n")[0])


def grown(bench, rounds):
    """A daemon with all series alive and their windows full, and the clock of its samples."""
    clock = Rounds(rounds + 3)
    d = Nablad(bench.build)
    send(bench.build, f"tcp:{d.ports['tcp']}", series=bench.many, rounds=3, start=clock.take(3))
    d.settled_cpu()
    return d, clock


def lines_a_second(bench, d, clock, rounds):
    """By the clock: until the last line was taken over from the socket."""
    load = Load(bench.build, f"tcp:{d.ports['tcp']}", series=bench.many, rounds=rounds,
                start=clock.take(rounds))
    sent = load.go().wait()
    return sent["lines"] / sent["seconds"]


def latencies_ms(d, seconds, many):
    """Of single rates, one after another over one connection; of one at least."""
    conn = http.client.HTTPConnection("127.0.0.1", d.ports["http"], timeout=60)
    took, end = [], time.monotonic() + seconds
    while not took or time.monotonic() < end:
        n = len(took) * 7919 % many
        path = f"/api/v1/rates?match[]=temperature%7Bsite=%22plant-{n % 100:02d}%22,sensor=%22s{n:08d}%22%7D"
        start = time.perf_counter()
        conn.request("GET", path)
        body = conn.getresponse().read()
        took.append((time.perf_counter() - start) * 1e3)
        assert body.count(b'"metric"') == 1, body
        time.sleep(0.002)
    conn.close()
    return sorted(took)


def beside(bench):
    """What ingest and single answers are like while four clients take everything there is."""
    rounds = max(2, bench.lines // bench.many)
    udp_rounds = max(1, 1_000_000 * bench.seconds // bench.many)
    d, clock = grown(bench, 2 * rounds * bench.runs + udp_rounds)
    with d:
        free, shared = [], []
        for _ in range(bench.runs):
            free.append(lines_a_second(bench, d, clock, rounds))
            d.settled_cpu()
            with Scrapers(d.ports["http"]):
                shared.append(lines_a_second(bench, d, clock, rounds))
            d.settled_cpu()
        alone, crowded = median(free), median(shared)
        load = Load(bench.build, f"udp:{d.ports['udp']}", series=bench.many, rounds=udp_rounds,
                    start=clock.take(udp_rounds), rate=1_000_000)
        with Scrapers(d.ports["http"]) as scrapers:
            first_ms = latencies_ms(d, 0, bench.many)[0]  # makes the columns of its labels
            load.go()
            took = latencies_ms(d, bench.seconds, bench.many)
            sent = load.wait()
        d.settled_cpu()
        received = d.metric("nablad_listener_datagrams_total")
    yield Row(f"{CLIENTS} clients stream /metrics: speed of ingest in that alone", 100 * crowded / alone,
              "%", least=70, raw=f"{crowded / 1e6:.2f} and {alone / 1e6:.2f} million lines a second")
    yield Row("the same: datagrams lost at 1 million lines/s", sent["datagrams"] - received, "", most=0,
              raw=f"{sent['lines'] / sent['seconds'] / 1e6:.2f} million lines a second, {sent['datagrams']:,}"
                  f" datagrams; {scrapers.answers} whole answers meanwhile")
    yield Row("the same: a rate by exact labels, 99th percentile", took[len(took) * 99 // 100], "ms",
              most=5, raw=f"median {median(took):.2f} ms, worst {took[-1]:.1f} ms of {len(took):,}; "
                          f"the first by these labels {first_ms:.0f} ms")


def metrics(bench):
    d, _ = grown(bench, 0)
    with d:
        before, costs = d.resident(), []
        forget_peak(d.pid)
        for _ in range(max(2, bench.runs)):
            cpu = d.cpu()
            assert d.get("/metrics", count=b"_per_second{") == bench.many
            costs.append(d.settled_cpu() - cpu)
        peak = peak_bytes(d.pid) - before
    yield Row(f"/metrics of {bench.many:,} live series: series a CPU second",
              bench.many / median(costs) / 1e6, "million", least=1.5, raw=f"{median(costs):.3f} s of CPU")
    yield Row("the same: growth of memory", peak / 2**20, "MiB", most=16)


def query_ms(d, selector, runs):
    costs = []
    for _ in range(runs):
        cpu = d.cpu()
        found = d.get("/api/v1/series?match[]=" + selector).count(b'"__name__"')
        costs.append((d.settled_cpu() - cpu) * 1e3)
    return median(costs), found


def selectors(bench):
    d, _ = grown(bench, 0)
    with d:
        for what, selector, most in (
                ("=~ that must look at all", "temperature%7Bsensor=~%22s.*123.5%22%7D", 150),
                ("!= and =~", "temperature%7Bsite!=%22plant-00%22,sensor=~%22.*999%22%7D", 150),
                ("= of one series", "temperature%7Bsensor=%22s00012345%22%7D", 150),
                ("= of one in a hundred", "temperature%7Bsite=%22plant-07%22%7D", 150)):
            took, found = query_ms(d, selector, bench.runs)
            yield Row(f"a selector over {bench.many:,} series: {what}", took, "ms of CPU", most=most,
                      raw=f"{found:,} match")
