"""Limits on what one address may have, and on what takes its time: docs/limits.md names them all.

An address is one of 127.0.0.0/8 but 127.0.0.1, which is this machine itself and may have all.
"""
import contextlib
import gzip
import http.client
import select
import socket
import time

import pytest

from daemon import DEADLINE_S, eventually
from pki import Pki, client_context

T0 = 1_700_000_000
NS = 1_000_000_000
STRANGER, ANOTHER = "127.0.0.2", "127.0.0.3"
HEALTHY = b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n"


def dial(address, source="127.0.0.1"):
    return socket.create_connection(address, timeout=DEADLINE_S, source_address=(source, 0))


def limited(d, limit):
    return d.metric("nablad_limited_total", limit=limit)


def closed(sock):
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


def ready(sock):
    """Whether there is something to read, or its end."""
    return bool(select.select([sock], [], [], 0)[0])


def gone(sock):
    """Whether the other side has ended it, by now; what came before that is passed over."""
    try:
        while ready(sock):
            if not sock.recv(65536):
                return True
    except ConnectionResetError:
        return True
    return False


def answered(sock, request=HEALTHY):
    sock.sendall(request)
    return sock.recv(4096).startswith(b"HTTP/1.1 200 ")


# -- of one address -----------------------------------------------------------------------------


def test_connections_of_one_address(nablad):
    """Its fourth is closed at once; another address and this machine have their own."""
    d = nablad("ingest: {max_connections_per_address: 3, threads: 2}")
    with contextlib.ExitStack() as stack:
        def connect(source):
            return stack.enter_context(dial(d.tcp, source))
        mine = [connect(STRANGER) for _ in range(3)]
        for n, sock in enumerate(mine):
            sock.sendall(b"mine%d 1\n" % n)
        d.wait_lines(3)
        assert closed(connect(STRANGER))
        assert limited(d, "ingest.max_connections_per_address") == 1
        assert d.metric("nablad_listener_refused_connections_total") == 1
        for sock in [connect(ANOTHER), *(connect("127.0.0.1") for _ in range(5))]:
            sock.sendall(b"other 1\n")
        d.wait_lines(9)
        mine[0].close()
        eventually(lambda: d.metric("nablad_listener_open_connections",
                                    listener="tcp://%s:%d" % d.tcp) == 8, "its end")
        connect(STRANGER).sendall(b"mine4 1\n")
        d.wait_lines(10)
    assert limited(d, "ingest.max_connections_per_address") == 1


@pytest.fixture(params=["plain", "tls"])
def senders(request, nablad, tmp_path):
    """senders(keys): a daemon with these keys of ingest, and come(source): a connection from there that has brought a
    line; with silent=True one that brings a byte, and no more. All of them are closed afterwards."""
    pki = Pki(tmp_path / "pki") if request.param == "tls" else None
    files = "" if pki is None else ", cert_file: '{}', key_file: '{}'".format(*pki.make("server"))
    with contextlib.ExitStack() as stack:
        def start(keys):
            d = nablad(f"ingest: {{{keys}, listeners: [{{address: '127.0.0.1:0', protocol: tcp{files}}}]}}")

            def come(source, silent=False):
                before = d.metric("nablad_listener_connections_total")
                sock = stack.enter_context(dial(d.tcp, source))
                if silent:
                    sock.sendall(b"\x16")
                    eventually(lambda: d.metric("nablad_listener_connections_total") > before, "its place")
                    return sock
                if pki is not None:
                    sock = stack.enter_context(client_context(pki).wrap_socket(sock, server_hostname="127.0.0.1"))
                bring(d, sock)
                return sock
            return d, come
        yield start


def bring(d, *socks):
    """A line over each of them, one after the other: so they are open."""
    for sock in socks:
        before = d.lines_total()
        sock.sendall(b"m value=1\n")
        d.wait_lines(1, before)


def turned_away(d, source):
    with dial(d.tcp, source) as sock:
        return closed(sock)


@pytest.mark.parametrize("threads", [1, 2])
def test_senders_with_many_connections_make_room(senders, threads):
    """Two strangers have all places: whoever else comes gets in, and the first to go is the one that has been silent
    longest, whichever loop has it, until nobody has two more than who knocks."""
    d, come = senders(f"threads: {threads}, max_connections: 9, idle_timeout: 1h, handshake_timeout: 1h")
    busy = [come(ANOTHER) for _ in range(4)]
    silent = [come(STRANGER, silent=True) for _ in range(5)]
    here = [come("127.0.0.1")]
    assert closed(silent[0])
    time.sleep(3)  # some ticks, however slow: who brings something now is known to be less silent
    bring(d, busy[0])
    time.sleep(1)
    bring(d, busy[2], busy[3])
    here.append(come("127.0.0.1"))  # four and four
    assert closed(busy[1])
    others = [come("127.0.0.4")]
    assert closed(silent[1])
    others += [come("127.0.0.5"), come("127.0.0.5")]
    assert closed(silent[2]) and closed(busy[0])
    assert all(turned_away(d, source) for source in (STRANGER, ANOTHER, "127.0.0.4"))  # nobody has more than two
    others.append(come("127.0.0.6"))
    assert closed(silent[3]) and not gone(silent[4])
    bring(d, busy[2], busy[3], *here, *others)
    assert limited(d, "ingest.max_connections") == 6 + 3
    assert d.metric("nablad_listener_refused_connections_total") == 3
    assert len(d.events("connection_displaced")) == 6
    listener = "tcp://%s:%d" % d.tcp
    eventually(lambda: d.metric("nablad_listener_open_connections", listener=listener) == 9, "the end of the others")


@pytest.mark.parametrize("threads", [1, 2])
def test_a_crowd_gets_in_at_once(nablad, threads):
    """Four strangers have all places, as many as each may have, with a byte on each; then many knock in the same moment."""
    d = nablad(f"ingest: {{threads: {threads}, max_connections: 320, max_connections_per_address: 80}}")
    listener = "tcp://%s:%d" % d.tcp
    full = lambda: d.metric("nablad_listener_open_connections", listener=listener) == 320
    with contextlib.ExitStack() as stack:
        def crowd(sources, word):
            for source in sources:
                stack.enter_context(dial(d.tcp, source)).sendall(word)
        crowd([f"127.0.0.{2 + n % 4}" for n in range(320)], b"x")
        eventually(full, "all of them")
        crowd(["127.0.0.1" if n % 2 else f"127.0.1.{n}" for n in range(200)], b"new value=1\n")
        eventually(lambda: limited(d, "ingest.max_connections") == 200, "places for all")
        eventually(lambda: d.rejected("unterminated") == 200 and d.lines_total() == 400, "the end of as many")
        eventually(full, "as many as before")
    assert d.metric("nablad_listener_refused_connections_total") == 0


@pytest.mark.parametrize("threads", [1, 2])
def test_this_machine_gives_no_sender_up(senders, threads):
    """A stranger is closed, as each is where nobody has two; a place that is given back is anybody's."""
    d, come = senders(f"threads: {threads}, max_connections: 4")
    socks = [come("127.0.0.1") for _ in range(3)] + [come(STRANGER)]
    assert all(turned_away(d, source) for source in (STRANGER, ANOTHER, "127.0.0.1"))
    bring(d, *socks)
    assert limited(d, "ingest.max_connections") == d.metric("nablad_listener_refused_connections_total") == 3
    socks.pop(0).close()
    eventually(lambda: d.metric("nablad_listener_open_connections", listener="tcp://%s:%d" % d.tcp) == 3, "a place")
    bring(d, come(ANOTHER), *socks)


def test_http_connections_of_one_address(nablad):
    d = nablad("http: {max_connections_per_address: 2}")
    with dial(d.http_address, STRANGER) as a, dial(d.http_address, STRANGER) as b:
        assert answered(a) and answered(b)
        with dial(d.http_address, STRANGER) as third:
            assert closed(third)
        assert limited(d, "http.max_connections_per_address") == 1
        with dial(d.http_address, ANOTHER) as other, dial(d.http_address) as x, \
                dial(d.http_address) as y, dial(d.http_address) as z:
            assert all(answered(sock) for sock in (other, x, y, z))

    def free_again():
        with dial(d.http_address, STRANGER) as sock:
            try:
                return answered(sock)
            except OSError:
                return False
    eventually(free_again, "its places")


HALF = b"GET /-/healthy HTTP/1.1\r\nHost:"
STREAM = b"GET /api/v1/stream HTTP/1.1\r\nHost: a\r\n\r\n"


@contextlib.contextmanager
def held(d, *asked):
    """Connections from (source, request), opened one after the other; nablad knows which are between two requests."""
    with contextlib.ExitStack() as stack:
        socks = []
        for source, request in asked:
            socks.append(stack.enter_context(dial(d.http_address, source)))
            if request is HALF:
                socks[-1].sendall(request)
            else:
                assert answered(socks[-1], request)
        time.sleep(1)  # some ticks
        yield socks


def test_strangers_with_many_connections_make_room(nablad):
    """Two addresses have all places: another gets in, and so does this machine, each for one of theirs. The first to go
    is one between two requests, then one whose request is not whole, then a stream."""
    d = nablad("http: {max_connections: 6, request_timeout: 1h, timeout: 1h}")
    with held(d, *((STRANGER, request) for request in (STREAM, STREAM, HALF, HALF, HEALTHY)), (ANOTHER, HALF)) as socks:
        with contextlib.ExitStack() as others:
            for source, first in (("127.0.0.4", 4), ("127.0.0.1", 2), ("127.0.0.5", 3), ("127.0.0.1", 0)):
                other = others.enter_context(dial(d.http_address, source))
                assert answered(other) and gone(socks[first])
            assert not gone(socks[1]) and not gone(socks[5]) and not gone(other)
    assert limited(d, "http.max_connections") >= 4


def test_who_has_most_connections_gets_no_more(nablad):
    d = nablad("http: {max_connections: 5, request_timeout: 1h, timeout: 1h}")
    with held(d, *[(STRANGER, HALF)] * 4, (ANOTHER, HALF)) as socks:
        with dial(d.http_address, STRANGER) as more:
            assert closed(more)
        with dial(d.http_address, ANOTHER) as second:
            assert answered(second)
            assert [gone(sock) for sock in socks] == [True, False, False, False, False]
            with dial(d.http_address, ANOTHER) as third:  # 3 and 2: nobody has two more than it
                assert closed(third)
            with dial(d.http_address) as here:
                assert answered(here)
            assert [gone(sock) for sock in socks] == [True, True, False, False, False]
    assert d.metric("nablad_listener_refused_connections_total", listener=d.http) == 2


def test_this_machine_gives_no_connection_up(nablad):
    """A stranger waits until one of them ends."""
    d = nablad("http: {max_connections: 3, request_timeout: 1h, timeout: 1h}")
    with dial(d.http_address) as a, dial(d.http_address) as b, dial(d.http_address) as c:
        assert answered(a) and answered(b)
        c.sendall(STREAM)
        assert c.recv(64)
        with dial(d.http_address, STRANGER) as stranger:
            stranger.sendall(HEALTHY)
            time.sleep(0.6)  # two ticks
            assert not any(map(gone, (a, b, c, stranger))) and not ready(stranger)
            a.close()
            assert stranger.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_streams_of_one_address(nablad):
    d = nablad("http: {max_streams: 8, max_streams_per_address: 2}")

    def stream(source):
        conn = http.client.HTTPConnection(*d.http_address, timeout=DEADLINE_S,
                                          source_address=(source, 0))
        conn.request("GET", "/api/v1/stream")
        return conn, conn.getresponse().status
    open_ = [stream(source) for source in
             (STRANGER, STRANGER, STRANGER, ANOTHER, "127.0.0.1", "127.0.0.1", "127.0.0.1")]
    assert [status for _, status in open_] == [200, 200, 503, 200, 200, 200, 200]
    assert limited(d, "http.max_streams_per_address") == 1 and limited(d, "http.max_streams") == 0
    for conn, _ in open_:
        conn.close()


def lines(prefix, numbers, second=0):
    numbers = range(numbers) if isinstance(numbers, int) else numbers
    return "".join(f"{prefix},n={k} value={k} {(T0 + second) * NS}\n" for k in numbers).encode()


def over_tcp(d, source, text):
    with dial(d.tcp, source) as sock:
        sock.sendall(text)


def over_udp(d, source, text):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((source, 0))
        for line in text.splitlines():
            sock.sendto(line, d.udp)


def over_http(d, source, text):
    conn = http.client.HTTPConnection(*d.http_address, timeout=DEADLINE_S, source_address=(source, 0))
    conn.request("POST", "/write", body=text)
    assert conn.getresponse().read() is not None
    conn.close()


@pytest.mark.parametrize("send", [over_tcp, over_udp, over_http])
@pytest.mark.parametrize("threads", [1, 2])
def test_series_of_one_sender(nablad, send, threads):
    """A stranger takes what it may have; what it has goes on, and everybody else has room."""
    d = nablad(f"{{ingest: {{threads: {threads}}}, "
               "limits: {max_series: 1000, max_series_per_source: 20}}")

    def sent(source, text):
        before = d.lines_total()
        send(d, source, text)
        d.wait_lines(text.count(b"\n"), before)
    sent(STRANGER, lines("flood", 50))
    assert d.rejected("source_limit") == d.rejected() == 30 and d.metric("nablad_series") == 20
    of_flood = [int(r["metric"]["n"]) for r in d.rates("flood")]
    sent(STRANGER, lines("flood", of_flood, 1))
    sent(ANOTHER, lines("another", 20))
    sent(ANOTHER, lines("flood", of_flood, 2))  # another's series: no birth
    sent("127.0.0.1", lines("here", 100))
    assert d.rejected() == 30 and d.metric("nablad_series") == 140
    assert d.metric("nablad_points_total") >= 20


def test_what_expires_makes_room_for_its_sender(nablad):
    """Series and other spellings of labels."""
    d = nablad("{limits: {max_series_per_source: 2}, defaults: {stale_after: 300ms, expire_after: 300ms}}")
    for n in range(3):
        before = d.lines_total()
        over_tcp(d, STRANGER, b"r%d,a=1,b=2 value=1\nr%d,b=2,a=1 value=2\n" % (n, n))
        d.wait_lines(2, before)
        assert d.happened("born") == n + 1 and d.rejected() == 0
        eventually(lambda: d.metric("nablad_series") == 0, "the end of all")


def test_spellings_of_one_sender(nablad):
    """They count, too: past the limit each is read anew, and is right; who has them all has no series more."""
    d = nablad("limits: {max_series_per_source: 10}")
    spellings = [f'{{"metric":"m","labels":{{{" " * k}"a":"b"}},"time":{T0 + k},"value":{k}}}\n'
                 for k in range(1, 41)]
    over_tcp(d, STRANGER, "".join(spellings).encode())
    d.wait_lines(40)
    over_tcp(d, STRANGER, lines("more", 1))
    d.wait_lines(41)
    assert d.rejected("source_limit") == d.rejected() == 1 and d.metric("nablad_series") == 1
    assert d.rate("m")["rate"]["value"] == 1 and d.metric("nablad_points_total") >= 39


def test_the_limit_of_senders_by_reload(nablad):
    d = nablad("limits: {max_series_per_source: 5}")
    over_tcp(d, STRANGER, lines("a", 10))
    d.wait_lines(10)
    d.config.write_text(d.config.read_text().replace("max_series_per_source: 5",
                                                     "max_series_per_source: 8"))
    assert d.get("/-/reload", method="POST")[0] == 200
    over_tcp(d, STRANGER, lines("a", 10))
    d.wait_lines(20)
    assert d.metric("nablad_series") == 8 and d.rejected("source_limit") == 5 + 2


# -- what takes its time ------------------------------------------------------------------------


def test_an_answer_taken_in_drops(nablad):
    """Never silent, and never done: its memory is not its own for ever."""
    d = nablad("http: {timeout: 30s, answer_timeout: 1s}")
    d.send("".join(f"big,k={k} value=1 {T0}000000000\n" for k in range(20_000)))
    with socket.socket() as sock, d.stream("other") as stream:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(DEADLINE_S)
        sock.connect(d.http_address)
        sock.sendall(b"GET /api/v1/rates HTTP/1.1\r\nHost: a\r\n\r\n")
        assert sock.recv(64).startswith(b"HTTP/1.1 200")

        def cut_off():
            with contextlib.suppress(OSError):
                sock.recv(64)
            return limited(d, "http.answer_timeout") == 1
        eventually(cut_off, "the end of its patience")
        rest = b""
        with contextlib.suppress(OSError):
            while piece := sock.recv(65536):
                rest += piece
        assert not rest.endswith(b"]}\n\r\n0\r\n\r\n")
        assert not stream.ended()  # which has no end, and may take its time
    assert len(d.rates("big")) == 20_000


def test_an_answer_that_takes_too_long(nablad):
    """To be prepared: sorting a million names waits for its turns, and not for ever."""
    d = nablad("http: {query_timeout: 100ms}\n"  # which holds for /metrics, too: it shows nablad's own lines alone
               "metrics: {include: ['{__name__=~\"nablad_.*\"}']}")
    value = "x" * 200
    d.send("".join(f"big,k={k}{value} value=1 {T0}000000000\n" for k in range(100_000)), wait=False)
    selectors = [f'{{k=~"(x|y)*{n}"}}' for n in range(32)]  # no series, and each is asked

    def too_late():
        status, _, body = d.get("/api/v1/rates", {"match[]": selectors})
        return status == 503 and "http.query_timeout" in body["error"]
    eventually(too_late, "a 503")
    eventually(lambda: d.get("/metrics")[0] == 200, "metrics in time")
    assert limited(d, "http.query_timeout") >= 1
    assert d.get("/-/healthy")[0] == 200


# -- sizes --------------------------------------------------------------------------------------


def test_heads(nablad):
    """A first line or headers without end: refused by libmicrohttpd itself, and counted."""
    d = nablad()
    long = [b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a: b\r\n" * 50_000 + b"\r\n"]
    for n, request in enumerate(long, 1):
        with dial(d.http_address) as sock:
            with contextlib.suppress(OSError):
                sock.sendall(request)
            with contextlib.suppress(OSError):
                assert sock.recv(4096)[:13] in (b"HTTP/1.1 414 ", b"HTTP/1.1 431 ", b"")
        eventually(lambda: limited(d, "CONNECTION_MEMORY") == n, f"the count of request {n}")
    assert d.metric("nablad_http_requests_total", handler="other", code="4xx") == len(long)


def test_labels(nablad):
    """One too many, as many as may be; a name and a value too long, all of them together."""
    d = nablad()
    tags = lambda n: "".join(f",t{k}=v" for k in range(n))
    d.send(f"m{tags(63)} value=1\nm{tags(64)} value=1\n" + f"{'n' * 257} value=1\n"
           + f"m,a={'v' * 4097} value=1\n"
           + "m" + "".join(f",t{k}={'v' * 4000}" for k in range(5)) + " value=1\n")
    assert d.rejected("too_many_labels") == 1 and d.rejected("bad_name") == 1
    assert d.rejected("label_too_long") == 2 and d.metric("nablad_series") == 1


def test_memory_of_labels(nablad):
    """A million series may be small; long labels are what fills the memory. What is there goes on."""
    d = nablad("limits: {label_memory: 1MiB}")
    long = lambda k, second: "big,k=%d%s value=1 %d\n" % (k, ",t=" + "v" * 4000, (T0 + second) * NS)
    d.send("".join(long(k, 0) for k in range(400)))
    n = d.metric("nablad_series")
    assert 200 < n <= 262 and d.rejected("label_memory") == d.rejected() == 400 - n
    for second in (1, 2):
        d.send("".join(long(int(r["metric"]["k"]), second) for r in d.rates("big")))
    assert d.rejected() == 400 - n and d.metric("nablad_points_total") == 2 * n
    d.send("".join(f"{'n' * 200}{k} value=1\n" for k in range(100)))
    assert d.rejected("label_memory") > 400 - n  # names count, too


def test_labels_of_one_sender(nablad):
    """Values and names: what it adds. Others have their own, and this machine may have all."""
    d = nablad("limits: {label_memory_per_source: 256KiB}")

    def sent(source, text):
        before = d.lines_total()
        over_tcp(d, source, text.encode())
        d.wait_lines(text.count("\n"), before)
    values = lambda name: "".join(f"{name},n={k},t={'v' * 4000} value=1\n" for k in range(100))
    names = lambda name: "".join(f"{name}{k}{'n' * 200} value=1\n" for k in range(2000))
    sent(STRANGER, values("a"))
    refused = d.rejected("source_label_memory")
    assert refused == d.rejected() and 30 <= refused <= 40
    sent(STRANGER, values("a"))  # those that are there go on, the others do not
    assert d.rejected() == 2 * refused and d.metric("nablad_series") == 100 - refused
    sent(ANOTHER, names("b"))
    by_names = d.rejected() - 2 * refused
    assert d.rejected("source_label_memory") == d.rejected() and 500 < by_names < 1900
    sent("127.0.0.1", values("c"))
    assert d.rejected() == 2 * refused + by_names


def test_labels_that_end_make_room(nablad):
    """For their sender: each time as many as it may have, names that it alone has among them."""
    d = nablad("{limits: {label_memory_per_source: 256KiB}, defaults: {stale_after: 300ms, expire_after: 300ms}}")
    for n in range(4):
        before = d.lines_total()
        over_tcp(d, STRANGER, "".join(f"m{n}{'n' * 200}{k},t={'v' * 4000} value=1\n" for k in range(55)).encode())
        d.wait_lines(55, before)
        assert d.rejected() == 0
        eventually(lambda: d.metric("nablad_series") == 0, "the end of all")


def test_names_that_are_too_many(nablad):
    """To be sorted by, and to be told apart: more bytes than there may be are a 400, and part of them is an answer."""
    d = nablad()
    for first in range(0, 18_000, 3000):
        d.send("".join(f"big,k={k},t={k}{'v' * 4000} value=1\n" for k in range(first, first + 3000)))
    assert d.metric("nablad_series") == 18_000
    status, _, body = d.get("/api/v1/rates", {"sort": "name"})
    assert status == 400 and "too many to sort by name" in body["error"]
    status, _, body = d.get("/api/v1/label/t/values")
    assert status == 400 and "distinct texts" in body["error"]
    assert d.get("/api/v1/rates", {"sort": "name", "limit": 10})[0] == 200
    assert d.get("/api/v1/label/k/values")[0] == 200


def test_the_future(nablad):
    d = nablad("limits: {max_future: 1m}")
    now = int(time.time())
    d.send(f"m value=1 {(now + 3600) * NS}\nm value=1 {now * NS}\n")
    assert d.rejected("future") == d.rejected() == 1 and d.metric("nablad_series") == 1


@pytest.mark.parametrize("line", [b"", b"m value=1\n"])
def test_a_bomb(nablad, line):
    """A thousandfold: of lines those before the limit are taken, of blanks there is nothing to take."""
    d = nablad("http: {max_decompressed: 64KiB}")
    body = gzip.compress(line + b"\n" * 50_000_000)
    status = d.get("/write", method="POST", data=body, headers={"Content-Encoding": "gzip"})[0]
    assert status == 413 and limited(d, "http.max_decompressed") == 1
    assert d.metric("nablad_series") == (1 if line else 0)


def test_regular_expressions(nablad):
    """How many a selector, and a request, may have; and that dear ones, in streams too, hold up nobody."""
    d = nablad()
    regex = lambda n: "{" + ",".join(f't{k}=~"(x|x)*y|(x+x+)+y"' for k in range(n)) + ',a=~".+"}'
    status = lambda *selectors: d.get("/api/v1/rates", {"match[]": selectors})[0]
    assert status(regex(15)) == 200 and status(regex(16)) == 400
    assert status(regex(15), regex(15)) == 200 and status(regex(15), regex(15), '{a=~"b"}') == 400
    assert d.get("/api/v1/query", {"query": regex(16)})[0] == 400
    tags = ",a=b" + "".join(f",t{k}=" + "x" * 900 + "yx" for k in range(15))
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(d.stream(regex(15))) for _ in range(4)]
        d.send("".join(f"dear{tags},n={k} value={t} {(T0 + t) * NS}\n" for t in range(3) for k in range(300)))
        assert status(regex(15)) == 200 and d.get("/-/healthy")[0] == 200
        assert all(stream.points() == [] for stream in streams)
    assert d.rejected() == 0


DEAR = '{__name__=~".+",t=~"(x|x)*y|x+"}'  # gives up on forty letters, and says no


def test_expressions_that_give_up(nablad):
    """A thousand values of a request; others are answered meanwhile, and afterwards."""
    d = nablad()
    d.send("".join(f"dear,t={'x' * 40}z,n={k} value={t} {(T0 + t) * NS}\n" for t in range(3) for k in range(1100)))
    ways = [("/api/v1/rates", "match[]"), ("/api/v1/series", "match[]"), ("/api/v1/query", "query"),
            ("/api/v1/labels", "match[]"), ("/api/v1/points", "match[]"), ("/federate", "match[]")]
    for n, (path, name) in enumerate(ways, 1):
        status, _, body = d.get(path, {name: DEAR})
        assert status == 422 and body["errorType"] == "execution", path
        assert limited(d, "OVERRUNS_MAX") == n and d.get("/-/healthy")[0] == 200
    assert d.get("/api/v1/rates", {"match[]": '{n=~"[0-9]{1,2}",' + DEAR[1:]})[0] == 200
    assert limited(d, "OVERRUNS_MAX") == len(ways)
