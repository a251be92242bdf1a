"""nablad with its default limits in 512 MiB of memory, attacked with everything at once: it lives, known series lose
nothing, and it says that it is healthy. In less it lives, and known series lose nothing."""
import contextlib
import gzip
import http.client
import random
import resource
import socket
import threading
import time

import pytest

from daemon import DEADLINE_S, eventually, is_sanitized

T0 = 1_700_000_000
NS = 1_000_000_000
SECONDS = 20
KNOWN = 10_000
REQUESTS = [
    b"GET /api/v1/rates HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /api/v1/stream HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"x" * 60_000,
    b"POST /api/v1/write HTTP/1.1\r\nHost: a\r\nContent-Length: 30000000\r\nContent-Encoding: snappy\r\n"
    b"Content-Type: application/x-protobuf\r\n\r\n" + b"x" * 1_000_000,
]


class Attack:
    """Threads that go on until the time is over; what becomes of their connections is no matter."""

    def __init__(self, d):
        self.d, self.held, self.number = d, [], 0
        self.random = random.Random(7)
        self.end = time.monotonic() + SECONDS
        self.threads = [threading.Thread(target=self.repeat, args=(what,), daemon=True) for what in (
            self.many_series, self.many_series, self.long_labels, self.hold, self.hold, self.arrays,
            self.bomb, self.half_lines)]
        for thread in self.threads:
            thread.start()

    def repeat(self, what):
        while time.monotonic() < self.end:
            with contextlib.suppress(OSError):
                what()

    def dial(self, address, source):
        return socket.create_connection(address, timeout=5, source_address=(f"127.0.0.{source}", 0))

    def keep(self, sock):
        self.held.append(sock)
        if len(self.held) > 300:
            self.held.pop(0).close()

    def many_series(self):
        with self.dial(self.d.tcp, 2) as sock:
            self.number += 1
            sock.sendall("".join(f"x,a={self.number}-{k},b={'v' * 300} value=1\n"
                                 for k in range(5000)).encode())

    def long_labels(self):
        with self.dial(self.d.tcp, 3) as sock:
            self.number += 1
            sock.sendall("".join(f"y{'n' * 100}{self.number}{k},b={'v' * 4000} value=1\n"
                                 for k in range(300)).encode())

    def hold(self):
        sock = self.dial(self.d.http_address, self.random.randrange(4, 12))
        self.keep(sock)
        sock.sendall(self.random.choice(REQUESTS))

    def arrays(self):
        body = b'{"f":[' + b",".join([b"1.5"] * 1_000_000) + b"]}"
        with self.dial(self.d.http_address, 20) as sock:
            sock.sendall(b"POST /api/v1/gradient HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(body) + body)
            while sock.recv(65536):
                pass

    def bomb(self):
        body = gzip.compress(b"\n" * 60_000_000)
        with self.dial(self.d.http_address, 21) as sock:
            sock.sendall(b"POST /write HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(body) + body)
            sock.recv(1000)

    def half_lines(self):
        sock = self.dial(self.d.tcp, 22)
        self.keep(sock)
        sock.sendall(b"m,a=" + b"x" * 65_000)

    def over(self):
        for thread in self.threads:
            thread.join(DEADLINE_S)
        for sock in self.held:
            sock.close()


def may_have(d, n):
    """Of addresses; None: as many as there are."""
    _, most = resource.prlimit(d.proc.pid, resource.RLIMIT_AS)
    resource.prlimit(d.proc.pid, resource.RLIMIT_AS, (most if n is None else n, most))


def known(value):
    return "".join(f"known,n={n} value={value} {(T0 + value) * NS}\n" for n in range(KNOWN)).encode()


def status_bytes(d, what):
    """A line of /proc/PID/status that counts kB."""
    with open(f"/proc/{d.proc.pid}/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith(what + ":"))


def attacked(d, every_turn):
    """Sends the known series' next value and calls every_turn() until the attack is over; returns the last value."""
    value = 0
    with d.connect() as sock:
        sock.sendall(known(value))
        eventually(lambda: d.metric("nablad_series") == KNOWN, "the known series")
        attack = Attack(d)
        while time.monotonic() < attack.end:
            value += 1
            sock.sendall(known(value))
            assert d.proc.poll() is None, f"nablad ended with {d.proc.returncode}\n{d.log()[-4000:]}"
            every_turn()
        attack.over()
    return value


def is_healthy(d):
    try:
        return d.get("/-/healthy")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def lost_nothing(d, value):
    eventually(lambda: d.get("/metrics")[0] == 200, "room for an answer")
    eventually(lambda: {r["window"][-1]["value"] for r in d.rates("known")} == {value},
               "the last of the known series", timeout=120)
    rates = d.rates("known")
    return len(rates) == KNOWN and {r["rate"]["value"] for r in rates} == {1}


@pytest.mark.skipif(is_sanitized(), reason="a sanitizer's shadow memory is larger than the limit")
def test_all_at_once_in_512_mib(nablad):
    d = nablad()
    untouched = status_bytes(d, "VmSize") - status_bytes(d, "VmRSS")  # stacks and rings: addresses, no memory
    may_have(d, untouched + (512 << 20))

    def asked():
        assert is_healthy(d), d.log()[-4000:]
    value = attacked(d, asked)
    assert lost_nothing(d, value) and status_bytes(d, "VmHWM") < 512 << 20
    d.stop()


@pytest.mark.skipif(is_sanitized(), reason="a sanitizer's shadow memory is larger than the limit")
def test_all_at_once_and_no_memory_is_left(nablad):
    """Its limits are those of a larger machine: it refuses whatever needs memory, and goes on."""
    d = nablad()
    may_have(d, status_bytes(d, "VmSize") + (96 << 20))
    answers = []
    value = attacked(d, lambda: answers.append(is_healthy(d)))
    assert d.proc.poll() is None
    may_have(d, None)
    assert not all(answers) or d.rejected("no_memory") > 0, "there was memory left"
    assert lost_nothing(d, value)
    d.stop()
