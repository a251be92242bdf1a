"""What a bench starts and watches: nablad, the counting sink, the load generator.

CPU seconds and memory are a process's own, from the kernel's accounting. Everything runs on 127.0.0.1
in folders of its own and is stopped by process id.
"""
import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import tempfile
import time

import yaml

LISTENERS = [{"address": "127.0.0.1:0", "protocol": "tcp"}, {"address": "127.0.0.1:0", "protocol": "udp"}]
NS = 1_000_000_000
CPUS = sorted(os.sched_getaffinity(0))
# Where a figure is one thread's: the sender stands for another machine, and must not take the server's CPU
SENDER, SERVER = (CPUS[:1], CPUS[1:]) if len(CPUS) > 1 else (CPUS, CPUS)


def start(argv, cpus=None, **more):
    """Popen, on these CPUs."""
    os.sched_setaffinity(0, cpus or CPUS)  # inherited
    try:
        return subprocess.Popen(argv, text=True, **more)
    finally:
        os.sched_setaffinity(0, CPUS)


def cpu_seconds(pid):
    """Of all threads, to the nanosecond: the scheduler's own account."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/task/{task}/schedstat") as f:
            total += int(f.read().split()[0])
    return total / 1e9


def settle(pid, quiet_s=0.4, most_s=30):
    """Waits until the process has stopped using CPU; returns its CPU seconds."""
    end = time.monotonic() + most_s
    last, since = cpu_seconds(pid), time.monotonic()
    while time.monotonic() < min(since + quiet_s, end):
        time.sleep(0.05)
        current = cpu_seconds(pid)
        if current > last + 0.005:  # more than timers take
            last, since = current, time.monotonic()
    return cpu_seconds(pid)


def resident_bytes(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return int(re.search(r"^Rss:\s+(\d+) kB", f.read(), re.M).group(1)) * 1024


def forget_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w") as f:
        f.write("5")


def peak_bytes(pid):
    """Resident, the most since forget_peak."""
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"^VmHWM:\s+(\d+) kB", f.read(), re.M).group(1)) * 1024


def stop(proc, timeout=60):
    if proc.poll() is None:
        proc.send_signal(signal.SIGTERM)
    try:
        return proc.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        proc.kill()
        return proc.communicate()


class Nablad:
    """The daemon under test, on ports of its own choosing."""

    def __init__(self, build, cpus=None, **sections):
        self.folder = tempfile.TemporaryDirectory(prefix="nabla-bench-")
        config = {"http": {"listen": "127.0.0.1:0"}, "limits": {"max_series": 2_000_000}, **sections}
        config["ingest"] = {"listeners": LISTENERS, **config.get("ingest", {})}
        path = os.path.join(self.folder.name, "nablad.yaml")
        with open(path, "w") as f:
            yaml.safe_dump(config, f)
        self.proc = start([os.path.join(build, "src/daemon/nablad"), "--config", path], cpus,
                          stderr=subprocess.PIPE)
        self.pid, self.ports, self.totals = self.proc.pid, {}, None
        self.listening = []  # (scheme, port) of each, in the order of the configuration
        said = []
        for line in self.proc.stderr:
            said.append(line)
            found = re.search(r"event=listening listener=(\w+)://\S*:(\d+)", line)
            if found:
                self.ports[found[1]] = int(found[2])
                self.listening.append((found[1], int(found[2])))
            if "event=ready" in line:
                return
        raise SystemExit("bench: nablad did not start:\n" + "".join(said))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def cpu(self):
        return cpu_seconds(self.pid)

    def settled_cpu(self):
        return settle(self.pid)

    def resident(self):
        return resident_bytes(self.pid)

    def get(self, path, count=None):
        """The body, or how often `count` is in it (without keeping it)."""
        conn = http.client.HTTPConnection("127.0.0.1", self.ports["http"], timeout=120)
        conn.request("GET", path)
        response = conn.getresponse()
        if count is None:
            body = response.read()
        else:
            body = sum(chunk.count(count) for chunk in response)  # by lines: no one is cut
        conn.close()
        assert response.status == 200, (path, response.status)
        return body

    def metric(self, name, **labels):
        """The sum over the samples of that name with these labels."""
        text = self.get("/metrics").decode()
        total = 0
        for found in re.finditer(rf"^{name}(\{{.*\}})? (\S+)$", text, re.M):
            if all(f'{k}="{v}"' in (found[1] or "") for k, v in labels.items()):
                total += float(found[2])
        return total

    def stop(self):
        """What it counted, from its last words: lines, samples, points, series."""
        if self.totals is None:
            log = stop(self.proc)[1]
            self.folder.cleanup()
            found = re.search(r"event=stopped lines=(\d+) samples=(\d+) points=(\d+) series=(\d+)", log)
            if not found:
                raise SystemExit("bench: nablad did not stop in order:\n" + log)
            self.totals = dict(zip(("lines", "samples", "points", "series"), map(int, found.groups())))
        return self.totals


class Load:
    """bench_load, its bytes made: .go() lets it send, .wait() says what was sent."""

    def __init__(self, build, to, cpus=None, **options):
        argv = [os.path.join(build, "tests/bench/bench_load"), f"to={to}"]
        argv += [f"{k}={v}" for k, v in options.items()]
        self.proc = start(argv, cpus, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.proc.stdout.readline() != "ready\n":
            raise SystemExit(f"bench: {' '.join(argv)} failed")

    def go(self):
        self.proc.stdin.write("go\n")
        self.proc.stdin.flush()
        return self

    def wait(self):
        out = self.proc.communicate()[0]
        if self.proc.returncode != 0:
            raise SystemExit("bench: bench_load failed")
        return json.loads(out)


class Rounds:
    """Times for loads that follow each other: no sample is late, none from the future."""

    def __init__(self, rounds):
        self.next_ns = (int(time.time()) - rounds - 10) * NS

    def take(self, rounds):
        start = self.next_ns
        self.next_ns += rounds * NS
        return start


def send(build, to, **options):
    return Load(build, to, **options).go().wait()


def run_sink(build, **options):
    """Lines and CPU seconds of the program that only counts lines."""
    sink = start([os.path.join(build, "tests/bench/bench_sink")], SERVER, stdout=subprocess.PIPE)
    try:
        sent = send(build, f"tcp:{int(sink.stdout.readline())}", cpus=SENDER, **options)
        counted = json.loads(sink.stdout.readline())
    finally:
        sink.kill()
        sink.communicate()
    assert counted["lines"] == sent["lines"], (counted, sent)
    return counted


def run_tool(build, name, *args):
    """One of the bench's programs that says a JSON object."""
    argv = [os.path.join(build, "tests/bench", name), *map(str, args)]
    return json.loads(subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout)


def run_tools_at_once(build, n, name, *args):
    """So many of them side by side: what the machine gives to those that share nothing."""
    argv = [os.path.join(build, "tests/bench", name), *map(str, args)]
    procs = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(n)]
    out = [json.loads(p.communicate()[0]) for p in procs]
    assert not any(p.returncode for p in procs), argv
    return out


def median(values):
    return sorted(values)[len(values) // 2]
