"""Rules at full ingest speed: what they cost, how soon people are told, and what all alerts at once do to others."""
import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

import yaml

from programs import SENDER, SERVER, Load, Nablad, Rounds, median, send
from rows import Row

HERE = os.path.dirname(os.path.abspath(__file__))
MATCH = 'temperature{sensor=~".+"}'
NEVER = {"alert": "Never", "match": MATCH, "when": "rate > 1e12/min and value > 1000", "for": "10s"}
PROBE = {"alert": "Probe", "match": MATCH, "when": "value > 1000", "keep_firing_for": "10m",
         "annotations": {"summary": "{{ $labels.sensor }} is at {{ $value | humanize }}"}}
ALL = {"alert": "All", "match": MATCH, "when": "value > 10", "annotations": dict(PROBE["annotations"])}
PROBES = 300


class Hook:
    """hook.py: .count() says of how many alerts it was told, .end() who was told when."""

    def __enter__(self):
        self.proc = subprocess.Popen([sys.executable, os.path.join(HERE, "hook.py")], text=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = f"http://127.0.0.1:{int(self.proc.stdout.readline())}/"
        return self

    def __exit__(self, *_):
        self.end()

    def count(self):
        self.proc.stdin.write("\n")
        self.proc.stdin.flush()
        return int(self.proc.stdout.readline())

    def end(self):
        if self.proc.poll() is None:
            self.told = json.loads(self.proc.communicate()[0])
        return self.told


class Ruled(Nablad):
    """nablad with rules, which may change, and somebody who is told."""

    def __init__(self, build, rules, cpus=None, hook=None, **sections):
        self.rules = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"nabla-bench-rules-{os.getpid()}.yaml")
        self.write(rules)
        hooks = [{"url": hook.url}] if hook else []
        super().__init__(build, cpus, rules=self.rules, alerting={"webhooks": hooks},
                         limits={"max_series": 2_000_000, "max_alerts": 1_000_000}, **sections)

    def write(self, rules):
        with open(self.rules, "w") as f:
            yaml.safe_dump({"groups": [{"name": "bench", "rules": rules}]}, f)

    def reload(self, rules):
        self.write(rules)
        conn = http.client.HTTPConnection("127.0.0.1", self.ports["http"], timeout=60)
        conn.request("POST", "/-/reload")
        assert conn.getresponse().status == 200
        conn.close()

    def stop(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.rules)
        return super().stop()


def cost(bench, rules, series, rounds, seed):
    """CPU a line and lines a second of series whose windows are full."""
    clock = Rounds(4 + rounds)
    with Ruled(bench.build, rules, SERVER) as d:
        to = f"tcp:{d.ports['tcp']}"
        send(bench.build, to, cpus=SENDER, series=series, rounds=4, start=clock.take(4))
        before = d.settled_cpu()
        sent = send(bench.build, to, cpus=SENDER, series=series, rounds=rounds, seed=seed, start=clock.take(rounds))
        used = d.settled_cpu() - before
    assert d.stop()["lines"] == series * (4 + rounds)
    return {"us": used / sent["lines"] * 1e6, "speed": sent["lines"] / sent["seconds"]}


def rules(bench):
    series = bench.many // 10
    rounds = max(1, bench.lines // series)
    found = {0: [], 1: [], 5: []}
    for seed in range(1, bench.runs + 1):
        for n, runs in found.items():
            named = [{**NEVER, "alert": f"Never{i}"} for i in range(n)]
            runs.append(cost(bench, named, series, rounds, seed))
    us, speed = ({n: median([r[key] for r in runs]) for n, runs in found.items()} for key in ("us", "speed"))
    for n in (1, 5):
        yield Row(f"{series:,} series under {n} rule{'s' * (n > 1)}: speed of ingest in that without",
                  100 * speed[n] / speed[0], "%", raw=f"{speed[n] / 1e6:.2f} and {speed[0] / 1e6:.2f} million lines a "
                  f"second; {us[n]:.3f} and {us[0]:.3f} us of CPU a line")


class Flow(threading.Thread):
    """Loads one after another, as fast as they are taken, until it is told to end."""

    def __init__(self, bench, d, series, clock):
        super().__init__()
        self.bench, self.to, self.series, self.clock = bench, f"tcp:{d.ports['tcp']}", series, clock
        self.over, self.lines, self.seconds, self.begun = False, 0, 0.0, threading.Event()
        self.rounds = max(1, bench.lines // series)

    def run(self):
        while not self.over:
            load = Load(self.bench.build, self.to, SENDER, series=self.series, rounds=self.rounds,
                        start=self.clock.take(self.rounds))
            self.begun.set()
            sent = load.go().wait()
            self.lines += sent["lines"]
            self.seconds += sent["seconds"]

    def __enter__(self):
        self.start()
        self.begun.wait()
        return self

    def __exit__(self, *_):
        self.over = True
        self.join()


def probe(d, hook, names):
    """From when a line was sent to when its alert was told, in milliseconds, in order."""
    sent = {}
    with socket.create_connection(("127.0.0.1", d.ports["tcp"])) as sock:
        for name in names:
            sent[name] = time.time()
            sock.sendall(f"temperature,site=probe,sensor={name} value=5000 {int(time.time()) * 10**9}\n".encode())
            time.sleep(0.01)
        count, end = -1, time.monotonic() + 30
        while count != hook.count() and time.monotonic() < end:
            count = hook.count()
            time.sleep(0.5)
    return sent


def latencies(sent, told):
    lost = [name for name in sent if name not in told]
    assert not lost, f"{len(lost)} of {len(sent)} alerts were never told"
    return sorted((told[name][0][0] - when) * 1e3 for name, when in sent.items())


def spread(took):
    return f"median {median(took):.1f} ms, 90 % {took[len(took) * 9 // 10]:.1f} ms, worst {took[-1]:.1f} ms of {len(took)}"


def told(bench):
    """From sample to notification while ingest is at its limit."""
    series = bench.many // 10
    for n in (1, 5):
        named = [PROBE] + [{**NEVER, "alert": f"Never{i}"} for i in range(n - 1)]
        clock = Rounds(100 * max(1, bench.lines // series))
        with Hook() as hook, Ruled(bench.build, named, SERVER, hook) as d:
            with Flow(bench, d, series, clock) as flow:
                sent = probe(d, hook, [f"p{i}" for i in range(PROBES)])
            took = latencies(sent, hook.end())
        yield Row(f"{series:,} series under {n} rule{'s' * (n > 1)}: sample to notification, 99 %",
                  took[len(took) * 99 // 100], "ms", most=50,
                  raw=f"{spread(took)}, at {flow.lines / flow.seconds / 1e6:.2f} million lines a second")


class Asker(threading.Thread):
    """How long /-/healthy and a single rate take, over and over."""

    def __init__(self, d):
        super().__init__()
        self.port, self.over, self.took = d.ports["http"], False, []

    def run(self):
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        while not self.over:
            begun = time.perf_counter()
            conn.request("GET", "/api/v1/series?match[]=temperature%7Bsensor=%22s00000007%22%7D")
            conn.getresponse().read()
            self.took.append((time.perf_counter() - begun) * 1e3)
            time.sleep(0.005)
        conn.close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.join()
        self.took.sort()


def until_told(hook, n, most_s=300):
    end = time.monotonic() + most_s
    while hook.count() < n and time.monotonic() < end:
        time.sleep(0.05)
    return hook.count()


def storm(bench):
    """A rule that holds for every series comes into force while ingest is at its limit."""
    series = bench.many // 10
    clock = Rounds(200 * max(1, bench.lines // series))
    with tempfile.TemporaryDirectory() as folder, Hook() as hook, \
            Ruled(bench.build, [PROBE, NEVER], SERVER, hook, state={"directory": folder}) as d:
        send(bench.build, f"tcp:{d.ports['tcp']}", cpus=SENDER, series=series, rounds=4, start=clock.take(4))
        with Flow(bench, d, series, clock) as before:
            time.sleep(2 * bench.seconds)
        d.settled_cpu()
        d.reload([PROBE, ALL])
        begun, cpu = time.monotonic(), d.cpu()
        with Flow(bench, d, series, clock) as flow, Asker(d) as asker:
            n = until_told(hook, series)
            drained, used = time.monotonic() - begun, d.cpu() - cpu
        fired = d.metric("nablad_alerts_fired_total")
        with Flow(bench, d, series, clock) as steady:
            sent = probe(d, hook, [f"q{i}" for i in range(PROBES)])
        before_end, known = time.monotonic(), hook.count()
        d.reload([PROBE, NEVER])
        with Flow(bench, d, series, clock) as ending:
            until_told(hook, known + series)
            ended = time.monotonic() - before_end
        took = latencies(sent, hook.end())
        over = sum(statuses[-1][1] == "resolved" for statuses in hook.told.values())
    speeds = [f.lines / f.seconds / 1e6 for f in (before, flow, steady, ending)]
    yield Row(f"{series:,} alerts at once: until all are told", drained, "s",
              raw=f"{n:,} told, {fired:,.0f} fired; {used:.1f} s of CPU meanwhile")
    yield Row("the same: speed of ingest in that before", 100 * speeds[1] / speeds[0], "%", least=70,
              raw=f"{speeds[1]:.2f} and {speeds[0]:.2f} million lines a second")
    yield Row("the same: one series asked for by HTTP, 99 %", asker.took[len(asker.took) * 99 // 100], "ms",
              most=50, raw=spread(asker.took))
    yield Row(f"beside {series:,} that fire: sample to notification, 99 %", took[len(took) * 99 // 100], "ms",
              most=50, raw=f"{spread(took)}, at {speeds[2]:.2f} million lines a second")
    yield Row(f"{series:,} alerts end at once, their rule being gone: until all are told", ended, "s",
              raw=f"{over:,} told, at {speeds[3]:.2f} million lines a second")
