"""Targets that points are pushed to: sinks that keep what comes, and real databases that can be killed and
started again on the same data."""
import contextlib
import json
import signal
import socket
import socketserver
import subprocess
import threading
import urllib.parse
import urllib.request

import daemon
from peers import fetch

INFLUX_CONF = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  wal-fsync-delay = "0s"
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
[monitor]
  store-enabled = false
[continuous_queries]
  enabled = false
"""


class Database:
    """A program that holds its data in a folder: start, kill, start."""

    def __init__(self, folder, free_port):
        self.folder = folder / self.program
        self.folder.mkdir()
        self.port = free_port()
        self.proc = None
        self.prepare(free_port)

    def prepare(self, free_port):
        pass

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        log = self.folder / "log"
        with open(log, "ab") as out:
            self.proc = subprocess.Popen(self.argv(), cwd=self.folder, stdin=subprocess.DEVNULL,
                                         stdout=out, stderr=out)

        def ready():
            assert self.proc.poll() is None, log.read_text()
            with contextlib.suppress(OSError):
                fetch(self.url + self.health)
                return True
        daemon.eventually(ready, self.program)

    def end(self, how=signal.SIGTERM):
        if self.proc is not None and self.proc.poll() is None:
            self.proc.send_signal(how)
            try:
                self.proc.wait(60)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()


class VictoriaMetrics(Database):
    program, health = "victoria-metrics", "/health"

    def argv(self):
        # equal samples that come twice are one, as its manual recommends for senders that repeat
        return ["victoria-metrics", f"-httpListenAddr=127.0.0.1:{self.port}",
                f"-storageDataPath={self.folder}/data", "-retentionPeriod=100y",
                "-dedup.minScrapeInterval=1ms", "-search.latencyOffset=0s",
                "-inmemoryDataFlushInterval=1s"][:-1]

    def series(self, selector):
        """{labels as a tuple: {milliseconds: value}}."""
        fetch(self.url + "/internal/force_flush")
        text = fetch(self.url + "/api/v1/export", **{"match[]": selector, "reduce_mem_usage": 0})
        out = {}
        for line in text.splitlines():
            row = json.loads(line)
            points = out.setdefault(tuple(sorted(row["metric"].items())), {})
            for t, v in zip(row["timestamps"], row["values"]):
                assert t not in points, f"{row['metric']} has {t} twice"
                points[t] = v
        return out


class Influx(Database):
    program, health = "influxd", "/ping"

    def prepare(self, free_port):
        (self.folder / "influxdb.conf").write_text(
            INFLUX_CONF.format(folder=self.folder, port=self.port, rpc=free_port()))

    def argv(self):
        return ["influxd", "run", "-config", str(self.folder / "influxdb.conf")]

    def query(self, q, post=False):
        params = {"db": "nabla", "q": q, "epoch": "ns"}
        if post:
            urllib.request.urlopen(self.url + "/query",
                                   data=urllib.parse.urlencode(params).encode(), timeout=daemon.DEADLINE_S).read()
            return None
        return json.loads(fetch(self.url + "/query", **params))

    def series(self, measurement, field, tag):
        """{tag's value: {nanoseconds: value}}."""
        got = self.query(f'SELECT "{field}" FROM "{measurement}" GROUP BY "{tag}"')
        out = {}
        for s in got["results"][0].get("series", []):
            points = dict(s["values"])
            assert len(points) == len(s["values"])
            out[s["tags"][tag]] = points
        return out


class Sink:
    """Takes connections and keeps the lines that come; .port (0: any) stays over close() and open()."""

    def __init__(self, port, reads=True):
        self.port, self.reads = port, reads
        self.lines, self.connections = [], []
        self.server = None
        self.open()

    def open(self):
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                sink.connections.append(self.request)
                if not sink.reads:
                    sink.closing.wait()
                    return
                with contextlib.suppress(OSError):
                    for line in self.rfile:
                        sink.lines.append(line.decode())

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.closing = threading.Event()
        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.connections.clear()
        self.thread.join()
