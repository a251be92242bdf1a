"""What Prometheus' questions cost at a million series, and what relabelling costs a scrape."""
import http.client
import threading
import time
import urllib.parse

from cases_answers import grown
from programs import Nablad, Rounds, forget_peak, median, peak_bytes, send
from rows import Row

CHUNK = 256 * 1024
RULES = (
    ("one of include", {"include": ['{__name__=~"temperature.*"}']}, 2),
    ("one of exclude", {"exclude": ['{sensor="s00012345"}']}, 2),
    ("keep", [{"source_labels": ["site"], "regex": "plant-.*", "action": "keep"}], 2),
    ("labeldrop", [{"action": "labeldrop", "regex": "nothing"}], 2.5),
    ("replace", [{"source_labels": ["site"], "regex": "plant-(.+)", "target_label": "plant"}], 2.5),
    ("a new name", [{"source_labels": ["__name__"], "regex": "(.*)_per_second", "target_label": "__name__",
                     "replacement": "${1}:rate"}], None),
)


def take(d, path):
    """Reads an answer and forgets it; its bytes."""
    conn = http.client.HTTPConnection("127.0.0.1", d.ports["http"], timeout=300)
    conn.request("GET", path)
    response, n = conn.getresponse(), 0
    assert response.status == 200, (path, response.status, response.read(300))
    while chunk := response.read(CHUNK):
        n += len(chunk)
    conn.close()
    return n


def cost(d, path):
    cpu = d.cpu()
    n = take(d, path)
    return d.settled_cpu() - cpu, n


class Neighbour(threading.Thread):
    """Somebody who asks for next to nothing all the time: .worst_ms of its answers."""

    def __init__(self, d):
        super().__init__()
        self.d, self.end, self.worst_ms = d, threading.Event(), 0

    def run(self):
        conn = http.client.HTTPConnection("127.0.0.1", self.d.ports["http"], timeout=60)
        while not self.end.is_set():
            start = time.perf_counter()
            conn.request("GET", "/-/healthy")
            conn.getresponse().read()
            self.worst_ms = max(self.worst_ms, (time.perf_counter() - start) * 1e3)
            time.sleep(0.002)
        conn.close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.join()


def queries(bench):
    now = int(time.time())
    q = {"query": "temperature_per_second"}
    window = {"start": now - 60, "end": now, "step": 15}
    some = {"query": 'temperature_per_second{sensor=~".*999"}'}
    one = {"query": 'temperature_per_second{sensor="s00012345"}'}
    cases = (("/api/v1/query, all", "query", q), ("/api/v1/query, one in a thousand by =~", "query", some),
             ("/api/v1/query, one by =", "query", one), ("/api/v1/query_range, all at 5 times", "query_range", {**q, **window}),
             ("/api/v1/query_range, one at 5 times", "query_range", {**one, **window}),
             ("/api/v1/series, all", "series", {"match[]": '{__name__=~".+"}'}), ("/api/v1/labels", "labels", {}),
             ("/api/v1/label/site/values", "label/site/values", {}), ("/api/v1/metadata", "metadata", {}),
             ("/federate, all", "/federate", {"match[]": '{__name__=~".+"}'}))
    d, _ = grown(bench, 0)
    with d:
        for what, name, params in cases:
            path = (name if name[0] == "/" else "/api/v1/" + name) + "?" + urllib.parse.urlencode(params)
            take(d, path)  # makes the columns of its labels
            d.settled_cpu()
            before = d.resident()
            forget_peak(d.pid)
            took, n = zip(*(cost(d, path) for _ in range(bench.runs)))
            peak = peak_bytes(d.pid) - before
            with Neighbour(d) as beside:
                take(d, path)
            yield Row(what, 1e3 * median(took), "ms of CPU",
                      raw=f"{n[0] / 1e6:.3g} MB; memory grew by {max(0, peak) / 2**20:.0f} MiB; "
                          f"another client waited {beside.worst_ms:.1f} ms at most")


def scrape_seconds(bench, exposure):
    clock = Rounds(6)
    with Nablad(bench.build, metrics=exposure) as d:
        send(bench.build, f"tcp:{d.ports['tcp']}", series=bench.many, rounds=3, start=clock.take(3))
        d.settled_cpu()
        return min(cost(d, "/metrics")[0] for _ in range(max(2, bench.runs)))


def relabel(bench):
    plain = scrape_seconds(bench, {})
    for what, rules, most in RULES:
        seconds = scrape_seconds(bench, rules if isinstance(rules, dict) else {"relabel": rules})
        yield Row(f"/metrics with {what}: CPU in that without", seconds / plain, most=most,
                  raw=f"{seconds:.3f} s, without {plain:.3f} s")
