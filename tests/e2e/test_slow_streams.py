"""Streams beside ingest at full rate: whoever reads slowly, or not at all, costs points to himself alone."""
import contextlib
import socket

from daemon import eventually

T0 = 1_700_000_000
SERIES = 60
ROUNDS = 4000


def lines(first, rounds):
    return "".join(f"wave,n={k} value={t * (k + 1)} {(T0 + t) * 10**9}\n"
                   for t in range(first, first + rounds) for k in range(SERIES))


@contextlib.contextmanager
def silent(d, query=""):
    """A stream that is opened and never read."""
    with socket.create_connection(d.http_address) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.sendall(f"GET /api/v1/stream?{query} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        yield sock


def test_one_that_stands_still_costs_ingest_no_line(nablad):
    d = nablad("ingest: {threads: 1}")
    with silent(d), d.stream("quick") as quick:
        eventually(lambda: d.metric("nablad_http_streams") == 2, "two streams")
        for first in range(0, ROUNDS, 400):
            d.send(lines(first, 400))
        d.send("".join(f"quick value={t} {(T0 + t) * 10**9}\n" for t in range(3)))
        assert d.metric("nablad_lines_total") == SERIES * ROUNDS + 3
        assert {r["window"][-1]["value"] for r in d.rates("wave")} == \
            {(ROUNDS - 1) * (k + 1) for k in range(SERIES)}
        quick.wait_points(1)
        # a queue holds 256 KiB, some thousand points; all others are lost to the one that reads nothing
        eventually(lambda: d.metric("nablad_feed_lost_total") > SERIES * ROUNDS / 2, "points lost, and counted")


def test_the_newest_alone_is_no_ear_of_the_feed(nablad):
    """However fast samples come, no point waits for it, and none is lost to it; at the end it knows the last."""
    d = nablad("ingest: {threads: 1}")
    with silent(d, "newest=1"), d.stream("wave", newest=1) as reads:
        eventually(lambda: d.metric("nablad_http_streams") == 2, "two streams")
        for first in range(0, ROUNDS, 400):
            d.send(lines(first, 400))
        assert d.metric("nablad_lines_total") == SERIES * ROUNDS
        last = {str(k): (ROUNDS - 2) * (k + 1) for k in range(SERIES)}
        eventually(lambda: {p["metric"]["n"]: p["value"] for p in reads.points()} == last, "the last points")
        assert d.metric("nablad_feed_lost_total") == 0


def test_newest_is_yes_or_no(nablad):
    status, _, body = nablad().get("/api/v1/stream?newest=2")
    assert status == 400 and "newest" in body["error"]
