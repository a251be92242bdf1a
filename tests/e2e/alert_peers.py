"""Who is told of alerts: a webhook that keeps what it gets, and Debian's Alertmanager."""
import base64
import contextlib
import http.server
import json
import signal
import subprocess
import threading
import time
import urllib.request

import yaml

from daemon import DEADLINE_S, eventually


class Hook(http.server.ThreadingHTTPServer):
    """.got: [(when, body)] of POSTs to any path; .answer: (status, headers), or a list of them, of which each
    serves once and the last for ever."""

    def __init__(self, port=0):
        self.got, self.answer, self.asked = [], (200, {}), []
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.asked.append((self.path, dict(self.headers)))
                answer = hook.answer
                if isinstance(answer, list):
                    answer = answer[0] if len(answer) == 1 else answer.pop(0)
                if answer[0] < 300:
                    hook.got.append((time.time(), body))
                self.send_response(answer[0])
                for name, value in answer[1].items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"so it is")

            def log_message(self, *args):
                pass

        super().__init__(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/alerts"
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    def bodies(self):
        return [body for _, body in list(self.got)]

    def told(self, label="room"):
        """{label's value: [status, ...]} in the order in which they came."""
        out = {}
        for body in self.bodies():
            for alert in body["alerts"]:
                out.setdefault(alert["labels"].get(label), []).append(alert["status"])
        return out

    def close(self):
        self.shutdown()
        self.server_close()
        self.thread.join()


@contextlib.contextmanager
def hook(port=0):
    h = Hook(port)
    try:
        yield h
    finally:
        h.close()


class Alertmanager:
    """On a port of its own; groups by alertname and tells the webhook at once. What it told of is on its disk
    soon after, so that it may be killed when it remembers(). web: what its --web.config.file says; context and
    user are how the test then speaks to it."""

    def __init__(self, folder, port, webhook, web=None, context=None, user=None):
        self.folder = folder / "alertmanager"
        self.folder.mkdir()
        self.url = f"http{'s' if context else ''}://127.0.0.1:{port}"
        self.context, self.user = context, user
        self.argv = ["prometheus-alertmanager", "--config.file=alertmanager.yml", "--storage.path=data",
                     f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
                     "--data.maintenance-interval=100ms"]
        (self.folder / "alertmanager.yml").write_text(yaml.safe_dump({
            "route": {"receiver": "hook", "group_by": ["alertname"], "group_wait": "500ms",
                      "group_interval": "1s", "repeat_interval": "4h"},
            "receivers": [{"name": "hook", "webhook_configs": [{"url": webhook}]}]}))
        if web:
            (self.folder / "web.yml").write_text(yaml.safe_dump(web))
            self.argv.append("--web.config.file=web.yml")
        self.proc = None

    def get(self, path):
        request = urllib.request.Request(self.url + path)
        if self.user:
            request.add_header("Authorization", "Basic " + base64.b64encode(self.user.encode()).decode())
        with urllib.request.urlopen(request, timeout=DEADLINE_S, context=self.context) as answer:
            return answer.read()

    def start(self):
        with open(self.folder / "alertmanager.log", "ab") as log:
            self.proc = subprocess.Popen(self.argv, cwd=self.folder, stdin=subprocess.DEVNULL,
                                         stdout=log, stderr=log)

        def ready():
            assert self.proc.poll() is None, (self.folder / "alertmanager.log").read_text()[-2000:]
            with contextlib.suppress(OSError):
                return self.get("/-/ready")
        eventually(ready, "Alertmanager")

    def remembers(self):
        """Whether it will know after a restart that it told somebody something: of an end it says nothing where
        it does not know that it told of the beginning."""
        log = self.folder / "data" / "nflog"
        return log.exists() and log.stat().st_size > 0

    def kill(self):
        self.proc.send_signal(signal.SIGKILL)
        self.proc.wait()

    def stop(self):
        self.proc.terminate()
        self.proc.wait(DEADLINE_S)

    def alerts(self):
        return json.loads(self.get("/api/v2/alerts"))


@contextlib.contextmanager
def alertmanager(folder, port, webhook, **more):
    a = Alertmanager(folder, port, webhook, **more)
    a.start()
    try:
        yield a
    finally:
        if a.proc.poll() is None:
            a.stop()
