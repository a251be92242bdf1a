"""What a door costs: signatures of datagrams, TLS of lines and of HTTP, passwords and tokens. Figures are by nablad's
own CPU seconds, user and system, of one thread: what one core would do a second if it did nothing else. The clients
are this process, in Python, and cost nothing of it."""
import hashlib
import hmac
import http.client
import os
import socket
import ssl
import sys
import tempfile
import time

from programs import Nablad, median
from rows import Row

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
import doors  # noqa: E402
from pki import Pki  # noqa: E402

KEY = b"a key that is long enough"
LINES = 36  # of a datagram
BURST = 100  # datagrams that its buffer holds for sure
BODY = b"".join(b"doors,host=h%02d,site=north value=%d\n" % (i, i) for i in range(LINES))
TOKEN = "a-token-that-nobody-guesses"


def sign(n):
    """The n-th: no two are the same, which would be a replay."""
    body = b"%d\n%s" % (time.time_ns() + n, BODY)
    return b"#hmac-sha256 %s %s" % (hmac.new(KEY, body, hashlib.sha256).hexdigest().encode(), body)


def lenient():
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    return tls


def spent(d, work, count):
    """CPU seconds for each of what work() did, by count()."""
    before, cpu = count(), d.settled_cpu()
    work()
    used = d.settled_cpu() - cpu
    done = count() - before
    assert done > 0
    return used / done


def each(bench, d, works, count):
    """In turns; {name: the median of CPU seconds for one}."""
    runs = {name: [] for name in works}
    for _ in range(bench.runs):
        for name, work in works.items():
            runs[name].append(spent(d, work, count))
    return {name: median(of) for name, of in runs.items()}


# -- lines ------------------------------------------------------------------------------------------------


def datagrams(port, n, make):
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        for begun in range(0, n, BURST):
            for k in range(begun, begun + BURST):
                sock.sendto(make(k), ("127.0.0.1", port))
            time.sleep(0.01)


def bulk(port, n, tls=None):
    text = BODY * 100
    with socket.create_connection(("127.0.0.1", port)) as plain:
        sock = tls.wrap_socket(plain) if tls else plain
        for _ in range(n // (100 * LINES)):
            sock.sendall(text)
        if tls:
            sock.unwrap().close()


def shake(port, n, resumed=None):
    """New connections. resumed: the sessions that were taken up again are counted there."""
    tls, session = lenient(), None
    for _ in range(n):
        with socket.create_connection(("127.0.0.1", port)) as plain, \
                tls.wrap_socket(plain, session=session) as sock:
            if resumed is not None:
                session = sock.session
                resumed.append(sock.session_reused)


def per_second(what, costs, plain, door):
    yield Row(f"{what}, {plain}: of a core", 1 / costs[plain], "a second", raw=f"{costs[plain] * 1e6:.3g} us each")
    yield Row(f"{what}, {door}: of a core", 1 / costs[door], "a second",
              raw=f"{costs[door] * 1e6:.3g} us each, {costs[door] / costs[plain]:.2f} times {plain}")


def of_lines(bench, pki, folder):
    key_file = os.path.join(folder, "key")
    with open(key_file, "wb") as f:
        f.write(KEY)
    cert, key = map(str, pki.pair("server"))
    at = {"address": "127.0.0.1:0"}
    listeners = [{**at, "protocol": "udp"}, {**at, "protocol": "udp", "hmac_key_file": key_file},
                 {**at, "protocol": "tcp"}, {**at, "protocol": "tcp", "cert_file": cert, "key_file": key}]
    n = 4000 * bench.seconds
    with Nablad(bench.build, ingest={"listeners": listeners}) as d:
        udp, sealed, tcp, tls = (port for scheme, port in d.listening if scheme != "http")
        costs = each(bench, d, {"unsigned": lambda: datagrams(udp, n, lambda _: BODY),
                                "signed": lambda: datagrams(sealed, n, sign)},
                     lambda: d.metric("nablad_lines_total"))
        yield from per_second("lines by UDP, 36 a datagram", costs, "unsigned", "signed")
        costs = each(bench, d, {"plain": lambda: bulk(tcp, bench.lines),
                                "TLS": lambda: bulk(tls, bench.lines, lenient())},
                     lambda: d.metric("nablad_lines_total"))
        yield from per_second("lines by TCP", costs, "plain", "TLS")
        yield from handshakes(bench, d, tls, "a listener of lines")


# -- connections ------------------------------------------------------------------------------------------


def handshakes(bench, d, port, of):
    n, again = 100 * bench.seconds, []
    done = [0]

    def work():
        shake(port, n)
        done[0] += n
    cost = each(bench, d, {"full": work}, lambda: done[0])["full"]
    shake(port, 20, again)
    yield Row(f"TLS 1.3 handshakes of {of}: of a core", 1 / cost, "a second",
              raw=f"{cost * 1e6:.0f} us each, connection and all; resumed {sum(again)} of {len(again)} that asked")


def requests(port, n, headers, tls=None):
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    if tls:
        conn = http.client.HTTPSConnection("127.0.0.1", port, timeout=120, context=tls)
    for _ in range(n):
        conn.request("GET", "/api/v1/labels", headers=headers)
        answer = conn.getresponse()
        answer.read()
        assert answer.status == 200
    conn.close()


def logins(bench, folder, pki):
    """Beside the same requests to one that asks nobody who it is."""
    cert, key = map(str, pki.pair("server"))
    tls_pair = {"tls_server_config": {"cert_file": cert, "key_file": key}}
    web = {**tls_pair, "basic_auth_users": {"alice": doors.bcrypt("wonder", 10)},
           "bearer_tokens": [{"name": "bob", "sha256": hashlib.sha256(TOKEN.encode()).hexdigest(), "rights": ["read"]}]}
    n, done, tls = 1000 * bench.seconds, [0], lenient()

    def asking(d, headers):
        def work():
            requests(d.ports["https"], n, headers, tls)
            done[0] += n
        return work
    insecure = {"listen": "127.0.0.1:0", **doors.web_yml(folder, tls_pair)}
    with Nablad(bench.build, http=insecure) as d:
        costs = each(bench, d, {"anybody": asking(d, {})}, lambda: done[0])
    with Nablad(bench.build, http={"listen": "127.0.0.1:0", **doors.web_yml(folder, web)}) as d:
        known = doors.basic("alice", "wonder")
        requests(d.ports["https"], 1, known, tls)  # bcrypt's time, once
        costs |= each(bench, d, {"a known password": asking(d, known), "a token": asking(d, doors.bearer(TOKEN))},
                      lambda: done[0])
        for who, cost in costs.items():
            yield Row(f"GET /api/v1/labels by HTTPS, {who}: of a core", 1 / cost, "a second",
                      raw=f"{cost * 1e6:.3g} us each, {cost / costs['anybody']:.2f} times anybody")
        yield from handshakes(bench, d, d.ports["https"], "HTTP")


def cases(bench):
    with tempfile.TemporaryDirectory(prefix="nabla-bench-") as folder:
        pki = Pki(os.path.join(folder, "pki"))
        pki.make("server")
        yield from of_lines(bench, pki, folder)
        yield from logins(bench, folder, pki)
