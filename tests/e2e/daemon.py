"""nablad as a test sees it: started in a folder of its own with ports that the system chooses, spoken
to over real sockets, stopped by its process id.

    d = nablad("limits: {max_series: 3}")      # YAML over BASE, see conftest.py
    d.send("speed,car=a value=1 1700000000000000000\\n")
    d.rates('speed{car="a"}')[0]["state"]
"""
import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("NABLA_BUILD", ROOT / "build" / "release")).resolve()
NABLAD = BUILD / "src" / "daemon" / "nablad"
NABLA = BUILD / "src" / "cli" / "nabla"

DEADLINE_S = 180  # how long to wait for what must come: sanitizers, one core, others on it
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:")
# how a process ends by itself that should not
CRASHES = {-n for n in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGSYS)}
LOG_PAIR = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|\S*)')
SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: \S+)?$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')

# The environment of a daemon whose resident memory is judged: what it freed, AddressSanitizer keeps otherwise, up
# to 256 MiB, so as to see whether it is used again.
FREED_IS_FREE = {"ASAN_OPTIONS": ":".join(filter(None, [
    os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=0", "thread_local_quarantine_size_kb=0"]))}

BASE = {
    "ingest": {
        "listeners": [
            {"address": "127.0.0.1:0", "protocol": "tcp"},
            {"address": "127.0.0.1:0", "protocol": "udp"},
        ]
    },
    "http": {"listen": "127.0.0.1:0"},
}


def is_sanitized():
    return "NABLA_SANITIZE:STRING=\n" not in (BUILD / "CMakeCache.txt").read_text()


def eventually(probe, what="what was waited for", timeout=DEADLINE_S):
    """Calls probe until it returns something true, and returns that."""
    end = time.monotonic() + timeout
    while True:
        got = probe()
        if got:
            return got
        assert time.monotonic() < end, f"{what} did not come within {timeout} s (last: {got!r})"
        time.sleep(0.02)


def merge(base, over):
    """Mappings are merged key by key, everything else is replaced."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    both = dict(base)
    for key, value in over.items():
        both[key] = merge(base[key], value) if key in base else value
    return both


def config_yaml(text=None):
    return yaml.safe_dump(merge(BASE, yaml.safe_load(text) or {} if text else {}), sort_keys=False)


def counted_lines(text):
    """How many lines nablad counts: comments and empty ones are none."""
    lines = [line.strip() for line in text.split(b"\n")]
    return sum(1 for line in lines if line and not line.startswith(b"#"))


def host_port(address):
    """'tcp://127.0.0.1:2207' -> ('127.0.0.1', 2207)."""
    host, port = address.split("://")[-1].rsplit(":", 1)
    return host.strip("[]"), int(port)


def parse_exposition(text):
    """Prometheus' text form -> [(name, {label: value}, float)]."""
    out = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            m = SAMPLE.match(line)
            assert m, f"not a line of exposition: {line!r}"
            out.append((m[1], dict(LABEL.findall(m[2] or "")), float(m[3])))
    return out


class Stream:
    """GET /api/v1/stream, read by a thread: .events is [(event, data as JSON or text)]."""

    def __init__(self, daemon, path):
        self.events = []
        self.conn = daemon.http_connection()
        self.conn.request("GET", path, headers=daemon.headers)
        self.response = self.conn.getresponse()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        event, data = "message", []
        with contextlib.suppress(OSError, ValueError, AttributeError, http.client.HTTPException):
            for raw in self.response:
                line = raw.decode().rstrip("\r\n")
                if line.startswith("event:"):
                    event = line[6:].strip()
                elif line.startswith("data:"):
                    data.append(line[5:].strip())
                elif not line and data:
                    text = "\n".join(data)
                    self.events.append((event, json.loads(text) if text[:1] in "{[" else text))
                    event, data = "message", []

    def points(self):
        return [data for _, data in self.events if isinstance(data, dict) and "rate" in data]

    def wait_points(self, n):
        eventually(lambda: len(self.points()) >= n, f"{n} points on the stream")
        return self.points()

    def ended(self):
        return not self.thread.is_alive()

    def close(self):
        with contextlib.suppress(OSError, AttributeError):
            self.conn.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join(DEADLINE_S)
        self.conn.close()


class Daemon:
    def __init__(self, folder, config_text=None, args=(), env=None, command=None, ready=True):
        self.folder = folder
        self.config = folder / "nablad.yaml"
        self.config.write_text(config_yaml(config_text))
        self.log_path = folder / "log"
        self.stopped = False
        self.listeners = []
        self.headers = {}  # of every request
        self.tls = ssl.create_default_context()  # of HTTPS: whoever it is
        self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE
        argv = [str(a) for a in (command or [NABLAD])] + ["--config", str(self.config), *args]
        with open(self.log_path, "wb") as log:
            self.proc = subprocess.Popen(
                argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **(env or {})})
        if ready:
            self.wait_ready()

    # -- what it says of itself -------------------------------------------------------------------

    def log(self):
        return self.log_path.read_text(errors="replace")

    def events(self, name=None):
        """The log as dictionaries, those of one event if it is named."""
        all_ = [{k: v.strip('"') for k, v in LOG_PAIR.findall(l)} for l in self.log().splitlines()]
        return [e for e in all_ if "event" in e and (name is None or e["event"] == name)]

    def wait_event(self, name, n=1):
        def probe():
            assert self.proc.poll() is None or len(self.events(name)) >= n, (
                f"nablad ended with {self.proc.returncode}:\n{self.log()}")
            return len(self.events(name)) >= n
        eventually(probe, f"event={name} in the log")
        return self.events(name)[n - 1]

    def wait_ready(self):
        self.wait_event("ready")
        self.listeners = [e["listener"] for e in self.events("listening")]

    def address(self, scheme, nth=0):
        return host_port([l for l in self.listeners if l.startswith(scheme + "://")][nth])

    def tcp_listeners(self):
        """How many there are, those with TLS among them."""
        return sum(l.startswith("tcp://") for l in self.listeners)

    @property
    def tcp(self):
        return self.address("tcp")

    @property
    def udp(self):
        return self.address("udp")

    @property
    def http_scheme(self):
        return "https" if any(l.startswith("https://") for l in self.listeners) else "http"

    @property
    def http_address(self):
        return self.address(self.http_scheme)

    @property
    def http(self):
        return "%s://%s:%d" % (self.http_scheme, *self.http_address)

    def http_connection(self):
        if self.http_scheme == "http":
            return http.client.HTTPConnection(*self.http_address, timeout=DEADLINE_S)
        return http.client.HTTPSConnection(*self.http_address, timeout=DEADLINE_S, context=self.tls)

    def resident_bytes(self):
        with open(f"/proc/{self.proc.pid}/smaps_rollup") as f:
            return int(re.search(r"^Rss:\s+(\d+) kB", f.read(), re.M)[1]) * 1024

    # -- samples in -------------------------------------------------------------------------------

    def connect(self, nth=0):
        sock = socket.create_connection(self.address("tcp", nth), timeout=DEADLINE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def lines_total(self):
        return self.metric("nablad_lines_total")

    def wait_lines(self, n, since=0):
        eventually(lambda: self.lines_total() >= since + n, f"nablad_lines_total {since} + {n}")

    def send(self, text, nth=0, wait=True):
        """Over TCP; then waits until as many lines were read."""
        text = text.encode() if isinstance(text, str) else text
        text += b"" if text.endswith(b"\n") else b"\n"
        before = self.lines_total() if wait else 0
        with self.connect(nth) as sock:
            sock.sendall(text)
        if wait:
            self.wait_lines(counted_lines(text), before)

    def send_udp(self, text, nth=0, wait=True):
        """As one datagram, just as it is."""
        text = text.encode() if isinstance(text, str) else text
        before = self.lines_total() if wait else 0
        address = self.address("udp", nth)
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.sendto(text, address)
        if wait:
            self.wait_lines(counted_lines(text), before)

    # -- answers out ------------------------------------------------------------------------------

    def get(self, path, params=None, headers=None, method="GET", data=None):
        """(status, headers, body): parsed if it is JSON, text if it is text, else bytes."""
        if params:
            path += "?" + urllib.parse.urlencode(params, doseq=True)
        conn = self.http_connection()
        try:
            conn.request(method, path, body=data, headers={**self.headers, **(headers or {})})
            response = conn.getresponse()
            body = response.read()
        finally:
            conn.close()
        kind = response.headers.get("Content-Type", "")
        if not response.headers.get("Content-Encoding") and body:
            if kind.startswith("application/json"):
                body = json.loads(body)
            elif kind.startswith(("text/", "application/openmetrics-text")):
                body = body.decode()
        return response.status, response.headers, body

    def raw(self, request):
        """Sends bytes to the HTTP port and reads until the daemon closes."""
        with socket.create_connection(self.http_address, timeout=DEADLINE_S) as sock:
            sock.sendall(request)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                while chunk := sock.recv(65536):
                    answer += chunk
        return answer

    def data(self, path, params=None):
        status, _, body = self.get(path, params)
        assert status == 200 and body["status"] == "success", (status, body)
        return body["data"]

    def rates(self, selector=None, **params):
        if selector is not None:
            params["match[]"] = selector
        return self.data("/api/v1/rates", params)

    def rate(self, selector, **params):
        """The one series that matches."""
        found = self.rates(selector, **params)
        assert len(found) == 1, f"{selector}: {len(found)} series"
        return found[0]

    def metrics(self):
        status, _, body = self.get("/metrics", headers={"Accept": "text/plain"})
        assert status == 200
        return parse_exposition(body)

    def metric(self, name, **labels):
        """The sum over all samples of that name which have these labels."""
        of_name = [(l, v) for n, l, v in self.metrics() if n == name]
        assert of_name, f"no metric {name}"
        return sum(v for l, v in of_name if labels.items() <= l.items())

    def rejected(self, reason=None):
        labels = {} if reason is None else {"reason": reason}
        return self.metric("nablad_rejected_total", **labels)

    def happened(self, event):
        return self.metric("nablad_events_total", event=event)

    def wait_state(self, selector, state):
        eventually(lambda: [r["state"] for r in self.rates(selector)] == [state],
                   f"{selector} {state}")

    @contextlib.contextmanager
    def stream(self, *selectors, **params):
        query = urllib.parse.urlencode({"match[]": selectors, **params}, doseq=True)
        stream = Stream(self, "/api/v1/stream" + ("?" + query if query else ""))
        try:
            yield stream
        finally:
            stream.close()

    # -- its end ----------------------------------------------------------------------------------

    def stop(self):
        """SIGTERM: it must end by itself, with 0 and nothing to complain about."""
        self.proc.send_signal(signal.SIGTERM)
        self.finish()

    def finish(self):
        """Waits for the end that something else asked for."""
        self.stopped = True
        status = self.proc.wait(DEADLINE_S)
        log = self.log()
        assert not SANITIZER.search(log), log[-8000:]
        assert status == 0, f"exit status {status}\n{log[-4000:]}"

    def teardown(self):
        try:
            if not self.stopped and self.proc.poll() is None:
                self.stop()
        finally:
            if self.proc.poll() is None:
                self.proc.kill()
                self.proc.wait()
        assert not SANITIZER.search(self.log()), self.log()[-8000:]
        assert self.proc.returncode not in CRASHES, f"ended by {-self.proc.returncode}\n{self.log()[-8000:]}"
