"""What the same samples cost others, each fed in what it speaks, on this machine, in this run.

    nablad, VictoriaMetrics    Influx lines over TCP
    InfluxDB                   Influx lines over HTTP, 5,000 a body, the next when one is answered
    netdata                    statsd over TCP: gauges without a time, averaged over a second
    collectd                   statsd over UDP at a rate that it can follow; what its socket dropped is not counted

None of the others differentiates what comes in. CPU seconds are a process's own; merging and flushing that
goes on after the last line counts, until the process is quiet (netdata, which never is: for five seconds).
"""
import contextlib
import http.client
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse

from programs import Nablad, Rounds, resident_bytes, send, settle, stop
import rows

CALM_S, MOST_S = 1.5, 20  # quiet for so long: done; and no longer than that


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def opened(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def request(port, method, path, data=None):
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    conn.request(method, path, data, {"Content-Type": "application/x-www-form-urlencoded"})
    response = conn.getresponse()
    body = response.read().decode(errors="replace")
    conn.close()
    return response.status, body


class Peer:
    """A server with a folder of its own. A subclass says how it starts and what it took."""

    form, chunk, rate = "influx", 1 << 18, 0
    most_s = MOST_S

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="nabla-bench-")
        self.port = free_port()
        with open(os.path.join(self.folder, "log"), "w") as log:
            self.proc = subprocess.Popen(self.argv(), stdout=log, stderr=log, cwd=self.folder,
                                         stdin=subprocess.DEVNULL, env={**os.environ, **self.env()})
        self.pid = self.proc.pid
        self.wait()

    def env(self):
        return {}

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def wait(self, port=None):
        end = time.monotonic() + 30
        while not opened(port or self.port):
            if self.proc.poll() is not None or time.monotonic() > end:
                with open(self.path("log")) as f:
                    raise SystemExit(f"bench: {self.name} did not start:\n{f.read()[-2000:]}")
            time.sleep(0.1)

    def to(self):
        return f"tcp:{self.port}"

    def settled(self):
        return settle(self.pid, CALM_S, self.most_s)

    def taken(self):
        """How many samples it says that it took so far; None if it does not say."""
        return None

    def stop(self):
        stop(self.proc, 20)
        shutil.rmtree(self.folder, ignore_errors=True)


class Nabla(Peer):
    name = "nablad"

    def __init__(self, build):
        self.daemon = Nablad(build)
        self.pid, self.port = self.daemon.pid, self.daemon.ports["tcp"]

    def taken(self):
        return int(self.daemon.metric("nablad_samples_total"))

    def stop(self):
        self.daemon.stop()


class Victoria(Peer):
    name, program = "VictoriaMetrics", "victoria-metrics"

    def argv(self):
        self.web = free_port()
        return [self.program, "-storageDataPath", self.path("data"), "-influxListenAddr",
                f"127.0.0.1:{self.port}", "-httpListenAddr", f"127.0.0.1:{self.web}"]

    def taken(self):
        text = request(self.web, "GET", "/metrics")[1]
        return int(re.search(r'^vm_rows_inserted_total\{type="influx"\} (\d+)', text, re.M)[1])


class Influx(Peer):
    name, program, chunk = "InfluxDB", "influxd", 5000 * 76

    def argv(self):
        config = f"""
reporting-disabled = true
bind-address = "127.0.0.1:{free_port()}"
[meta]
  dir = "{self.path('meta')}"
[data]
  dir = "{self.path('data')}"
  wal-dir = "{self.path('wal')}"
  max-series-per-database = 0
  max-values-per-tag = 0
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{self.port}"
  log-enabled = false
"""
        return [self.program, "run", "-config", self.write("influxdb.conf", config)]

    def wait(self, port=None):
        super().wait(port)
        status, body = request(self.port, "POST", "/query", urllib.parse.urlencode({"q": "CREATE DATABASE bench"}))
        assert status == 200, body

    def to(self):
        return f"http:{self.port}:/write?db=bench"

    def taken(self):
        text = request(self.port, "GET", "/debug/vars")[1]
        return int(re.search(r'"pointsWrittenOK":(\d+)', text)[1])


class Netdata(Peer):
    name, program, form = "netdata (statsd)", "netdata", "statsd"
    most_s = 5  # it goes through all of its metrics every second, and never rests

    def argv(self):
        for name in ("cache", "lib", "log.d", "config"):
            os.mkdir(self.path(name))
        off = "\n".join(f"    {p} = no" for p in (
            "proc", "diskspace", "cgroups", "tc", "idlejitter", "timex", "slabinfo", "perf", "apps", "ebpf",
            "python.d", "charts.d", "go.d", "node.d", "nfacct", "ioping", "fping", "freeipmi", "enable running new plugins",
            "netdata monitoring", "profile"))
        config = f"""
[global]
    run as user = root
[directories]
    cache = {self.path('cache')}
    lib = {self.path('lib')}
    log = {self.path('log.d')}
    config = {self.path('config')}
[db]
    mode = none
[health]
    enabled = no
[ml]
    enabled = no
[web]
    bind to = 127.0.0.1:{free_port()}
[statsd]
    enabled = yes
    bind to = tcp:127.0.0.1:{self.port}
[plugins]
{off}
"""
        return [self.program, "-D", "-c", self.write("netdata.conf", config)]


class Collectd(Peer):
    name, program, form, rate = "collectd (statsd)", "collectd", "statsd", 100_000

    def argv(self):
        self.port = free_port(socket.SOCK_DGRAM)
        config = f"""
BaseDir "{self.path()}"
PIDFile "{self.path('pid')}"
TypesDB "/usr/share/collectd/types.db"
Interval 10
LoadPlugin statsd
<Plugin statsd>
  Host "127.0.0.1"
  Port "{self.port}"
</Plugin>
"""
        return ["/usr/sbin/collectd", "-f", "-C", self.write("collectd.conf", config)]

    def wait(self, port=None):
        while not self.socket_row():
            assert self.proc.poll() is None, "collectd ended"
            time.sleep(0.1)

    def socket_row(self):
        """Of the kernel's table of UDP sockets: its last column counts what was dropped."""
        with open("/proc/net/udp") as f:
            return next((l.split() for l in f if f":{self.port:04X} " in l), None)

    def to(self):
        return f"udp:{self.port}"

    def taken(self):
        self.sent = getattr(self, "sent", 0)
        return self.sent - int(self.socket_row()[-1])


PEERS = [Victoria, Influx, Netdata, Collectd]


def feed(bench, peer, series, rounds, clock):
    """CPU seconds, lines and seconds of one load."""
    before, taken = settle(peer.pid, 0.4, 5), peer.taken()
    more = {"datagram": 0} if peer.rate else {}
    sent = send(bench.build, peer.to(), series=series, rounds=rounds, start=clock.take(rounds),
                format=peer.form, chunk=peer.chunk, rate=peer.rate, **more)
    used = peer.settled() - before if peer.name != "nablad" else settle(peer.pid) - before
    lines = sent["lines"]
    if peer.rate:
        peer.sent += lines
    if taken is not None:
        lines = peer.taken() - taken
        assert peer.rate or lines == sent["lines"], (peer.name, lines, sent)
    return used, lines


def measure(bench, make, series, lines):
    rounds = max(1, lines // series)
    clock = Rounds(rounds + 2)
    peer = make()
    try:
        born, first = feed(bench, peer, series, 1, clock)
        used, n = feed(bench, peer, series, rounds, clock)
        resident = resident_bytes(peer.pid)
    finally:
        peer.stop()
    return {"name": peer.name, "series": series, "lines": n, "cpu_s_a_million": used / n * 1e6,
            "births_cpu_s_a_million": born / first * 1e6, "resident": resident / series}


def show(row, ours):
    times = row["cpu_s_a_million"] / ours["cpu_s_a_million"]
    born = f"{row['births_cpu_s_a_million']:>14.2f}" if row["series"] >= 100_000 else f"{'':>14}"
    held = f"{row['resident']:>12.0f}" if row["series"] >= 100_000 else f"{'':>12}"
    print(f"{row['name']:<20} {row['series']:>9,} {row['lines']:>10,} {row['cpu_s_a_million']:>14.3f} "
          f"{times:>7.1f}x {born} {held}", flush=True)


def run(bench):
    rows.head("peers: CPU seconds a million lines, beside nablad in the same run")
    print(f"{'':<20} {'series':>9} {'lines':>10} {'CPU s/million':>14} {'':>8} {'new: s/million':>14} "
          f"{'bytes/series':>12}")
    out = []
    for series in (bench.few, bench.many):
        ours = measure(bench, lambda: Nabla(bench.build), series, bench.lines)
        show(ours, ours)
        out.append(ours)
        for peer in PEERS:
            if shutil.which(peer.program) is None and not os.path.exists("/usr/sbin/" + peer.program):
                raise SystemExit(f"bench: {peer.program} is missing; ./dev bench ingest --peers installs it")
            out.append(measure(bench, peer, series, min(bench.lines, 1_000_000)))
            show(out[-1], ours)
    return out


def markdown(found):
    """What run() returns, as a table for a page; one row a server, ratios against nablad's."""
    ours = {r["series"]: r["cpu_s_a_million"] for r in found if r["name"] == "nablad"}
    few, many = sorted(ours)
    lines = [f"| | {few:,} series | | {many:,} series | | new series | resident |",
             "| --- | --- | --- | --- | --- | --- | --- |",
             "| | CPU s a million lines | times nablad's | CPU s a million lines | times nablad's "
             "| CPU s a million | bytes a series |"]
    for name in dict.fromkeys(r["name"] for r in found):
        a, b = (next(r for r in found if (r["name"], r["series"]) == (name, n)) for n in (few, many))
        lines.append(f"| {name} | {a['cpu_s_a_million']:.2f} | {a['cpu_s_a_million'] / ours[few]:.1f} "
                     f"| {b['cpu_s_a_million']:.2f} | {b['cpu_s_a_million'] / ours[many]:.1f} "
                     f"| {b['births_cpu_s_a_million']:.1f} | {b['resident']:.0f} |")
    return "\n".join(lines) + "\n"
