"""What nablad is asked while things fail, and what must hold of the answers: what it acknowledged is there.

    writers ──/write──► 204: kept in mind as acknowledged      senders ──TCP, TLS, UDP──► no answer, no promise
    askers ──rates, metrics, gradient, stream, reload──► any answer, in time

Each runs until stop(); all that a sender may see of a failing server (a reset, a refusal, 503) it takes for a no.
All of it speaks TLS and says its password where the daemon asks for that.
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


class Client:
    """Requests over one connection, and over another after REQUESTS, or after one that failed."""
    REQUESTS = 10

    def __init__(self, load):
        self.load, self.conn, self.left = load, None, 0

    def close(self):
        if self.conn:
            self.conn.close()
        self.conn = None

    def request(self, method, path, body=None, headers=None):
        """The status, or None: there was no answer. One that takes for ever is a fault of nablad's."""
        d = self.load.daemon
        if not self.conn:
            self.conn, self.left = d.http_connection(), self.REQUESTS
        try:
            self.conn.request(method, path, body=body, headers={**d.headers, **(headers or {})})
            answer = self.conn.getresponse()
            answer.read()
            self.left -= 1
            if self.left == 0:
                self.close()
            return answer.status
        except TimeoutError:
            self.load.hung.append(f"{method} {path}")
        except FAILED:
            pass
        self.close()
        return None


class Load:
    def __init__(self, writers=2):
        self.writers = writers
        self.lives = [self.nobody()]  # of the daemon's: {writer: [number of each batch that was acknowledged]}
        self.living = [0] * writers   # in which of them a writer began its last request
        self.refused, self.asked, self.hung = 0, 0, []
        self.daemon = None
        self.done = threading.Event()
        self.threads = []

    def nobody(self):
        return {w: [] for w in range(self.writers)}

    @property
    def life(self):
        return len(self.lives) - 1

    @property
    def acked(self):
        """Of this life."""
        return self.lives[-1]

    def start(self, d):
        """Against this daemon from now on, which may be another than before."""
        self.daemon = d
        if self.threads:
            return
        calls = [(self.write, w) for w in range(self.writers)]
        calls += [(self.send_tcp, nth) for nth in range(d.tcp_listeners())]
        calls += [(self.send_udp,), (self.ask,), (self.watch,)]
        self.threads = [threading.Thread(target=call, args=args, daemon=True) for call, *args in calls]
        for thread in self.threads:
            thread.start()

    def next_life(self):
        """The daemon is dead. Returns when every answer of its has come: what it acknowledged is known then."""
        self.lives.append(self.nobody())
        eventually(lambda: min(self.living) == self.life, "the end of all requests", timeout=2 * DEADLINE_S)

    def stop(self):
        self.done.set()
        for thread in self.threads:
            thread.join(2 * DEADLINE_S)
            assert not thread.is_alive(), "a request was never answered"
        assert not self.hung, self.hung

    # -- requests -----------------------------------------------------------------------------------

    def batch(self, w, n, life):
        # squares: the rate of a point that is derived again after a restart is another
        lines = [f"acked,w={w},n={i} value={n * n} {(T0 + n) * NS}" for i in range(SERIES)]
        return "\n".join(lines + [f"born,life={life},w={w},batch={n},n={i} value=1 {T0 * NS}"
                                  for i in range(BORN)])

    def write(self, w):
        n, client = 0, Client(self)
        while not self.done.is_set():
            n += 1
            life = self.living[w] = self.life
            if client.request("POST", "/write?db=x", self.batch(w, n, life)) == 204:
                self.lives[life][w].append(n)
            else:
                self.refused += 1
                time.sleep(0.001)
        client.close()

    def send_tcp(self, nth):
        n = 0
        while not self.done.is_set():
            with contextlib.suppress(OSError), self.daemon.connect(nth) as plain, \
                    self.secured(plain, nth > 0) as sock:
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
        client = Client(self)
        while not self.done.is_set():
            method, path, *body = chance.choice(questions)
            client.request(method, path, *body, headers={"Content-Type": "application/json"} if body else {})
            self.asked += 1
        client.close()

    def secured(self, sock, tls):
        return self.daemon.tls.wrap_socket(sock) if tls else contextlib.nullcontext(sock)

    def watch(self):
        """Opens streams, reads a little of each, goes away."""
        while not self.done.is_set():
            d = self.daemon
            head = "".join(f"{name}: {value}\r\n" for name, value in d.headers.items())
            with contextlib.suppress(OSError), socket.create_connection(d.http_address, timeout=0.2) as plain, \
                    self.secured(plain, d.http_scheme == "https") as sock:
                sock.sendall(f"GET /api/v1/stream?match[]=acked HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
                for _ in range(5):
                    sock.recv(65536)
            time.sleep(0.01)

    # -- what must hold -----------------------------------------------------------------------------

    def count_acked(self):
        return sum(map(len, self.acked.values()))

    def check(self, d, life=None, promised=None):
        """While nobody writes: every series that was acknowledged in that life is there, and each of the samples that
        its window reaches back to. Returns how many samples that were acknowledged are lost. promised: what was
        acknowledged, if not all is asked for."""
        life = self.life if life is None else life
        promised = promised or self.lives[life]
        windows = {(r["metric"]["w"], r["metric"]["n"]): [int(s["time"]) - T0 for s in r["window"]]
                   for r in d.rates("acked", time="unix")}
        lost = 0
        for w, acked in promised.items():
            for i in range(SERIES):
                window = windows.get((str(w), str(i)), [0])
                lost += sum(n >= window[0] and n not in window for n in acked)
        born = {(r["metric"]["w"], r["metric"]["batch"], r["metric"]["n"])
                for r in d.rates('born{life="%d"}' % life)}
        return lost + sum((str(w), str(n), str(i)) not in born
                          for w, acked in promised.items() for n in acked for i in range(BORN))

    def wait_acked(self, more):
        """Until so many more batches were acknowledged: it works."""
        before = self.count_acked()
        eventually(lambda: self.count_acked() >= before + more, f"{more} acknowledged batches",
                   timeout=2 * DEADLINE_S)
