"""Programs of others that nablad works with, each in a folder of its own, listening on 127.0.0.1
alone, and ended by its process id."""
import contextlib
import http.server
import json
import subprocess
import threading
import urllib.parse
import urllib.request

import yaml

from daemon import DEADLINE_S, eventually


@contextlib.contextmanager
def running(argv, folder, **more):
    """A process from here to the end of the block; what it says is in folder/NAME.log."""
    with open(folder / (argv[0].rsplit("/", 1)[-1] + ".log"), "ab") as log:
        proc = subprocess.Popen(argv, cwd=folder, stdin=more.pop("stdin", subprocess.DEVNULL),
                                stdout=log, stderr=log, **more)
    try:
        yield proc
    finally:
        proc.terminate()
        try:
            proc.wait(60)
        except subprocess.TimeoutExpired:
            proc.kill()
            proc.wait()


def fetch(url, **params):
    if params:
        url += "?" + urllib.parse.urlencode(params)
    with urllib.request.urlopen(url, timeout=DEADLINE_S) as answer:
        return answer.read()


class Prometheus:
    def __init__(self, url):
        self.url = url

    def query(self, expression):
        """[(labels, value)] of an instant query."""
        answer = json.loads(fetch(self.url + "/api/v1/query", query=expression))
        assert answer["status"] == "success", answer
        return [(r["metric"], float(r["value"][1])) for r in answer["data"]["result"]]

    def series(self, *selectors):
        """The labels of every series that matches."""
        answer = json.loads(fetch(self.url + "/api/v1/series?" + urllib.parse.urlencode(
            {"match[]": selectors}, doseq=True)))
        assert answer["status"] == "success", answer
        return answer["data"]

    def samples(self, selector, span="5m"):
        """[(labels, [(time, value)])]: the samples themselves, as they are stored."""
        answer = json.loads(fetch(self.url + "/api/v1/query", query=f"{selector}[{span}]"))
        assert answer["status"] == "success", answer
        return [(r["metric"], [(t, float(v)) for t, v in r["values"]])
                for r in answer["data"]["result"]]

    def targets(self):
        """{job: health}."""
        answer = json.loads(fetch(self.url + "/api/v1/targets"))
        return {t["labels"]["job"]: (t["health"], t["lastError"])
                for t in answer["data"]["activeTargets"]}


def target(address):
    return {"static_configs": [{"targets": ["%s:%d" % address]}]}


@contextlib.contextmanager
def prometheus(folder, port, jobs, write_to=None, more=(), groups=None):
    """Scrapes jobs, {name: (host, port)} or {name: more of a scrape_config}, every two seconds; forwards all to
    write_to, a URL or more of a remote_write. more: of its arguments; groups: of rules."""
    config = {
        "global": {"scrape_interval": "2s", "scrape_timeout": "2s"},
        "scrape_configs": [{"job_name": name, **(job if isinstance(job, dict) else target(job))}
                           for name, job in jobs.items()],
    }
    if write_to is not None:
        write_to = write_to if isinstance(write_to, dict) else {"url": write_to}
        config["remote_write"] = [{
            **write_to, "metadata_config": {"send_interval": "1s"},
            "queue_config": {"batch_send_deadline": "500ms", "min_backoff": "100ms"}}]
    if groups is not None:
        (folder / "rules.yml").write_text(yaml.safe_dump({"groups": groups}))
        config["rule_files"] = ["rules.yml"]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    url = f"http://127.0.0.1:{port}"
    argv = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn", *more]
    with running(argv, folder) as proc:
        def ready():
            assert proc.poll() is None, (folder / "prometheus.log").read_text()
            with contextlib.suppress(OSError):
                return fetch(url + "/-/ready")
        eventually(ready, "prometheus")
        yield Prometheus(url)


@contextlib.contextmanager
def serving(server):
    """Answers by a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def scrape_proxy(target, accept=None):
    """Hands GET on to target (host, port), with this Accept instead of the client's, and remembers
    the types of the answers in .types."""
    types = set()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            request = urllib.request.Request("http://%s:%d%s" % (*target, self.path), headers={
                "Accept": accept or self.headers["Accept"],
                "Accept-Encoding": self.headers["Accept-Encoding"]})
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
                body = answer.read()
                types.add(answer.headers["Content-Type"])
                self.send_response(answer.status)
                for name in ("Content-Type", "Content-Encoding"):
                    if name in answer.headers:
                        self.send_header(name, answer.headers[name])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.types = types
    with serving(server):
        yield server


@contextlib.contextmanager
def node_exporter(folder, port):
    """Prometheus' own exporter of this machine's readings."""
    argv = ["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{port}"]
    with running(argv, folder) as proc:
        def ready():
            assert proc.poll() is None, (folder / "prometheus-node-exporter.log").read_text()
            with contextlib.suppress(OSError):
                return fetch(f"http://127.0.0.1:{port}/")
        eventually(ready, "prometheus-node-exporter")
        yield proc


COLLECTD = """
Hostname "plant-03"
FQDNLookup false
Interval 1
BaseDir "{folder}"
PIDFile "{folder}/collectd.pid"
TypesDB "/usr/share/collectd/types.db"
LoadPlugin logfile
<Plugin logfile>
  LogLevel info
  File STDERR
</Plugin>
LoadPlugin load
LoadPlugin memory
LoadPlugin cpu
<Plugin cpu>
  ReportByState true
  ReportByCpu true
</Plugin>
LoadPlugin write_graphite
<Plugin write_graphite>
  <Node "nablad">
    Host "{host}"
    Port "{port}"
    Protocol "{protocol}"
    Prefix "collectd."
    UseTags {tags}
  </Node>
</Plugin>
"""


@contextlib.contextmanager
def collectd(folder, address, protocol="tcp", tags=False):
    """Sends load, memory and CPU once a second."""
    host, port = address
    (folder / "collectd.conf").write_text(COLLECTD.format(
        folder=folder, host=host, port=port, protocol=protocol, tags=str(tags).lower()))
    with running(["/usr/sbin/collectd", "-f", "-C", "collectd.conf"], folder) as proc:
        yield proc
