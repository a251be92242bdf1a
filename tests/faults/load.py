"""What nablad is asked while things fail, and what must hold of the answers: what it acknowledged is there.

    writers ──/write──► 204: kept in mind as acknowledged      senders ──TCP, UDP──► no answer, no promise
    askers ──rates, metrics, gradient, stream, reload──► any answer, in time

Each runs until stop(); all that a sender may see of a failing server (a reset, a refusal, 503) it takes for a no.
"""
import contextlib
import http.client
import json
import random
import socket
import threading
import time
import urllib.parse

from daemon import DEADLINE_S, eventually

T0 = 1_700_000_000
NS = 10**9
SERIES = 40  # of a writer, in each batch
BORN = 1     # new ones in each batch
FAILED = (OSError, http.client.HTTPException, ValueError)


class Load:
    def __init__(self, writers=2):
        self.writers = writers
        self.acked = {w: [] for w in range(writers)}  # numbers of batches
        self.refused, self.asked, self.hung = 0, 0, []
        self.life = 0  # of the daemon's; a label of what is born in it
        self.daemon = None
        self.done = threading.Event()
        self.threads = []

    def start(self, d):
        """Against this daemon from now on, which may be another than before."""
        self.daemon = d
        if self.threads:
            return
        calls = [(self.write, w) for w in range(self.writers)]
        calls += [(self.send_tcp,), (self.send_udp,), (self.ask,), (self.watch,)]
        self.threads = [threading.Thread(target=call, args=args, daemon=True) for call, *args in calls]
        for thread in self.threads:
            thread.start()

    def forget(self):
        """Another life begins: what was acknowledged until now is not asked for."""
        self.life += 1
        for acked in self.acked.values():
            acked.clear()

    def stop(self):
        self.done.set()
        for thread in self.threads:
            thread.join(2 * DEADLINE_S)
            assert not thread.is_alive(), "a request was never answered"
        assert not self.hung, self.hung

    # -- requests -----------------------------------------------------------------------------------

    def request(self, method, path, body=None, headers=None):
        """The status, or None: there was no answer. One that takes for ever is a fault of nablad's."""
        conn = http.client.HTTPConnection(*self.daemon.http_address, timeout=DEADLINE_S)
        try:
            conn.request(method, path, body=body, headers=headers or {})
            answer = conn.getresponse()
            answer.read()
            return answer.status
        except TimeoutError:
            self.hung.append(f"{method} {path}")
        except FAILED:
            return None
        finally:
            conn.close()

    def batch(self, w, n):
        # squares: the rate of a point that is derived again after a restart is another
        lines = [f"acked,w={w},n={i} value={n * n} {(T0 + n) * NS}" for i in range(SERIES)]
        return "\n".join(lines + [f"born,life={self.life},w={w},batch={n},n={i} value=1 {T0 * NS}"
                                  for i in range(BORN)])

    def write(self, w):
        n = 0
        while not self.done.is_set():
            n += 1
            life, body = self.life, self.batch(w, n)
            if self.request("POST", "/write?db=x", body) != 204:
                self.refused += 1
            elif life == self.life:
                self.acked[w].append(n)

    def send_tcp(self):
        n = 0
        while not self.done.is_set():
            with contextlib.suppress(OSError), self.daemon.connect() as sock:
                for _ in range(20):
                    n += 1
                    sock.sendall(b"".join(b"tcp,n=%d value=%d\n" % (i, n) for i in range(200)))
            time.sleep(0.002)

    def send_udp(self):
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            while not self.done.is_set():
                with contextlib.suppress(OSError):
                    sock.sendto(b"udp,n=1 value=1\nudp,n=2 value=2\n", self.daemon.udp)
                time.sleep(0.002)

    def ask(self):
        chance = random.Random(1)
        rates = "/api/v1/rates?" + urllib.parse.urlencode({"match[]": 'acked{n=~"1.*"}'})
        array = json.dumps({"f": [[float(i * k) for i in range(50)] for k in range(50)]})
        questions = [("GET", rates), ("GET", "/metrics"), ("GET", "/api/v1/labels"), ("GET", "/"),
                     ("GET", "/api/v1/series?match[]=tcp"), ("POST", "/-/reload"),
                     ("GET", "/api/v1/query?query=acked"), ("POST", "/api/v1/gradient", array)]
        while not self.done.is_set():
            method, path, *body = chance.choice(questions)
            self.request(method, path, *body, {"Content-Type": "application/json"} if body else {})
            self.asked += 1

    def watch(self):
        """Opens streams, reads a little of each, goes away."""
        while not self.done.is_set():
            with contextlib.suppress(OSError), \
                    socket.create_connection(self.daemon.http_address, timeout=0.2) as sock:
                sock.sendall(b"GET /api/v1/stream?match[]=acked HTTP/1.1\r\nHost: x\r\n\r\n")
                for _ in range(5):
                    sock.recv(65536)
            time.sleep(0.01)

    # -- what must hold -----------------------------------------------------------------------------

    def acked_samples(self):
        return sum(map(len, self.acked.values())) * (SERIES + BORN)

    def check(self, d, acked_of=None, life=None):
        """Every acknowledged series is there, with the newest acknowledged sample in its window; returns how many
        samples that were acknowledged are lost."""
        acked_of = acked_of or self.acked
        newest = {}
        for r in d.rates("acked", time="unix"):
            newest[r["metric"]["w"], r["metric"]["n"]] = r["window"][-1]["time"]
        lost = sum(newest.get((str(w), str(i)), 0) < T0 + acked[-1]
                   for w, acked in acked_of.items() if acked for i in range(SERIES))
        born = {(r["metric"]["w"], r["metric"]["batch"], r["metric"]["n"])
                for r in d.rates('born{life="%d"}' % (self.life if life is None else life))}
        return lost + sum((str(w), str(n), str(i)) not in born
                          for w, acked in acked_of.items() for n in acked for i in range(BORN))

    def wait_acked(self, more):
        """Until so many more batches were acknowledged: it works."""
        before = sum(map(len, self.acked.values()))
        eventually(lambda: sum(map(len, self.acked.values())) >= before + more,
                   f"{more} acknowledged batches", timeout=2 * DEADLINE_S)
