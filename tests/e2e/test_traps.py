"""The traps that lie in libmicrohttpd on a libuv loop, each sprung against the real daemon: it must not fall in.

    trap of a library                                         test; u: tests/unit, the others beside this file
    libuv: a timer of 0 ms in its own callback                test_large_answers_starve_nobody, u http/test_pace.c
    libmicrohttpd: half a ClientHello spins                   test_tls.py test_half_a_hello_costs_nothing_and_ends,
                                                              test_tls_lines.py
     at its limit, a freed place is not used                  test_a_freed_place_is_filled_at_once
     a suspended connection has no timeout                    test_a_stream_whose_client_has_gone_is_noticed
     a stop with one aborts                                   test_the_stop_with_suspended_connections
     one that was suspended by its headers hears them twice   test_auth.py test_a_body_behind_a_new_password_is_read
     its timeout is for silence alone                         test_a_request_in_drops_ends
     contradictory lengths are accepted                       test_what_two_readers_read_in_two_ways
     a line of log for each stream that leaves                test_clients_that_leave_do_not_fill_the_log
     without a descriptor it asks for one in a circle         test_who_knocks_where_there_is_no_descriptor_costs_nothing
    libuv: the same of uv_listen                              the same, which needs its listener of lines to rest
    libyaml: second documents, aliases, nesting, duplicates   u conf/test_conf.c
    libcurl: a server that never answers, many that break     u net/test_post.c, test_alerting.py
    LMDB: a map that cannot grow is gone                      u state/test_store.c, u net/test_spool.c
    GMP, libtasn1: no memory is the end                       tests/faults: memory, starved (test_faults.py)
    snappy: the length that a body claims                     test_remote_write.py test_too_long
    Prometheus: 503 comes again, 400 does not                 test_remote_write.py test_a_full_table_stalls_no_real_prometheus
    systemd-analyze: 0 for keys that it does not know         test_systemd.py test_verify_would_have_said_something
"""
import contextlib
import gzip
import json
import os
import resource
import socket
import threading
import time

import pytest

from daemon import DEADLINE_S, eventually

T0 = 1_700_000_000
NEXT = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"  # a 404, if it is read as a request
HEALTHY = b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n"
LARGE = b"GET /api/v1/rates HTTP/1.1\r\nHost: a\r\n\r\n"
STREAM = b"GET /api/v1/stream HTTP/1.1\r\nHost: a\r\n\r\n"


def dial(d, buffer=None):
    sock = socket.socket()
    if buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    sock.settimeout(DEADLINE_S)
    sock.connect(d.http_address)
    return sock


def fill(d, series):
    d.send("".join(f"big,k={k} value=1 {T0}000000000\n" for k in range(series)))


# -- trap: a timer of 0 ms, armed anew in its own callback, starves everything else -----------------


def test_large_answers_starve_nobody(nablad):
    """Four clients that read without a pause: datagrams, short answers, points and the end have their turn."""
    d = nablad()
    fill(d, 20_000)
    enough = threading.Event()

    def read():
        with contextlib.suppress(OSError), dial(d) as sock:
            while not enough.is_set():
                sock.sendall(LARGE)
                while (piece := sock.recv(1 << 20)) and not piece.endswith(b"0\r\n\r\n"):
                    pass
                if not piece:
                    return
    readers = [threading.Thread(target=read, daemon=True) for _ in range(4)]
    for reader in readers:
        reader.start()
    with d.stream("drop") as stream:
        for n in range(20):
            d.send_udp(f"drop value={n} {T0 + n}000000000", wait=False)
            stream.wait_points(n - 1 if n > 1 else 0)
            assert d.get("/-/healthy")[0] == 200
        d.stop()  # while they read
    enough.set()
    for reader in readers:
        reader.join(DEADLINE_S)
        assert not reader.is_alive()


# -- trap: at the limit of connections, a place that is freed is not used until something else happens


def test_a_freed_place_is_filled_at_once(nablad):
    """Nothing else wakes the server: there are no other clients, and no timeout for an hour."""
    d = nablad("http: {max_connections: 1, timeout: 1h, request_timeout: 1h}")
    for _ in range(20):
        first, second = dial(d), dial(d)
        with first, second:
            first.sendall(HEALTHY)
            assert first.recv(4096).startswith(b"HTTP/1.1 200 ")
            second.sendall(HEALTHY)
            first.close()
            assert second.recv(4096).startswith(b"HTTP/1.1 200 ")


# -- trap: a suspended connection has no timeout, and the end of its client is not noticed ---------------


def test_a_stream_whose_client_has_gone_is_noticed(nablad):
    """Its kernel says so, and then a heartbeat: no point ever comes."""
    d = nablad("http: {max_streams: 1}")
    with dial(d) as sock:
        sock.sendall(STREAM)
        assert sock.recv(4096).startswith(b"HTTP/1.1 200 ")
    eventually(lambda: d.metric("nablad_http_streams") == 0, "the end of the stream", timeout=120)
    with d.stream("p") as stream:
        assert stream.response.status == 200


# -- trap: stopping libmicrohttpd with a suspended connection aborts the process --------------------------


def suspended_stream(d, held):
    for _ in range(4):
        held.append(dial(d))
        held[-1].sendall(STREAM)
        assert held[-1].recv(4096).startswith(b"HTTP/1.1 200 ")


def suspended_body(d, held):
    """One that unpacks to a thousandfold rests between its turns."""
    body = gzip.compress(b"m value=1\n" * 5_000_000)
    held.append(dial(d))
    held[-1].sendall(b"POST /write HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: %d"
                     b"\r\n\r\n" % len(body) + body)
    d.wait_lines(1000)


def suspended_job(d, held):
    """An answer that is being prepared."""
    fill(d, 50_000)
    for _ in range(8):
        held.append(dial(d))
        held[-1].sendall(b"GET /api/v1/rates?sort=name HTTP/1.1\r\nHost: a\r\n\r\n" * 4)


def suspended_gradient(d, held):
    """An array that a thread of the pool works on."""
    body = json.dumps({"f": [float(n % 7) for n in range(300_000)]}).encode()
    for _ in range(4):
        held.append(dial(d))
        held[-1].sendall(b"POST /api/v1/gradient HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(body) + body)


def deaf_reader(d, held):
    """A stream and an answer that nobody reads, with all buffers full."""
    fill(d, 50_000)
    for request in (STREAM, LARGE):
        held.append(dial(d, buffer=4096))
        held[-1].sendall(request)
        assert held[-1].recv(64)
    d.send("".join(f"m,k={k % 100} value=1 {(T0 + k // 100) * 10**9}\n" for k in range(100_000)))


@pytest.mark.parametrize("suspend", [suspended_stream, suspended_body, suspended_job, suspended_gradient,
                                     deaf_reader])
@pytest.mark.parametrize("patience", ["100ms", "2s"])
def test_the_stop_with_suspended_connections(nablad, suspend, patience):
    d = nablad(f"{{shutdown_timeout: {patience}, http: {{max_decompressed: 1GiB}}}}")
    held = []
    try:
        suspend(d, held)
        d.stop()  # status 0, and nothing to complain about
    finally:
        for sock in held:
            sock.close()


# -- trap: libmicrohttpd's timeout is for silence; a byte now and then lives for ever ------------------------


@pytest.mark.parametrize("start, drop", [
    (b"", b"G"),
    (b"GET / HTTP/1.1\r\nHost: a\r\n", b"X-Slow: yes\r\n"),
    (b"POST /api/v1/labels HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n", b"a"),
    (b"POST /write HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n#\r\n"),
    (HEALTHY, b"X"),  # the second of its connection
])
def test_a_request_in_drops_ends(nablad, start, drop):
    d = nablad("http: {timeout: 1h, request_timeout: 1s}")
    with dial(d) as sock:
        sock.sendall(start)

        def ended():
            with contextlib.suppress(OSError):
                sock.sendall(drop)
            return d.metric("nablad_limited_total", limit="http.request_timeout") == 1
        eventually(ended, "the end of its patience")
        rest = b""
        with contextlib.suppress(OSError):
            while piece := sock.recv(65536):
                rest += piece
    assert d.get("/-/healthy")[0] == 200


# -- trap: lengths that contradict each other are accepted, even when it is asked to be strict ---------------

POST = b"POST /api/v1/labels HTTP/1.1\r\nHost: a\r\n"
EMPTY = b"0\r\n\r\n"  # of a chunked body: its end; of any other: five bytes


@pytest.mark.parametrize("head, body", [
    # which of two lengths?
    (POST + b"Content-Length: 0\r\nContent-Length: %d\r\n" % len(NEXT), b""),
    (POST + b"Content-Length: 0, %d\r\n" % len(NEXT), b""),
    (POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", EMPTY),
    (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", EMPTY),
    (b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", EMPTY),
    # a length that is none
    (POST + b"Content-Length: +5\r\n", EMPTY),
    (POST + b"Content-Length: -1\r\n", b""),
    (POST + b"Content-Length: 0x5\r\n", EMPTY),
    (POST + b"Content-Length: 5 5\r\n", EMPTY),
    (POST + b"Content-Length:\r\n", b""),
    (POST + b"Content-Length: 18446744073709551621\r\n", EMPTY),
    # a coding that others read otherwise
    (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", EMPTY),
    (POST + b"Transfer-Encoding: gzip, chunked\r\n", EMPTY),
    (POST + b"Transfer-Encoding: identity\r\nContent-Length: 5\r\n", EMPTY),
    (POST + b"Transfer-Encoding: \x0bchunked\r\nContent-Length: 5\r\n", EMPTY),
    (POST.replace(b"1.1", b"1.0") + b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n", EMPTY),
    # a name that is another header to us, and this one to others
    (POST + b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n", EMPTY),
    (POST + b"Content-Length : %d\r\n" % len(NEXT), b""),
    (POST + b"Transfer-Encoding\t: chunked\r\n", EMPTY),
    # folded lines, which libmicrohttpd adds to the name
    (POST + b"Content-Length:\r\n %d\r\n" % len(NEXT), b""),
    (POST + b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n", EMPTY),
    (POST + b"X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", EMPTY),
    (b"POST /api/v1/labels HTTP/1.1\r\n Content-Length: 5\r\nHost: a\r\n", b""),
    # whose request is it?
    (b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nHost: b\r\n", b""),
    (b"GET /-/healthy HTTP/1.1\r\n", b""),
    (b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nno colon\r\n", b""),
    # chunks that are none
    (POST + b"Transfer-Encoding: chunked\r\n", b"0x0\r\n\r\n"),
    (POST + b"Transfer-Encoding: chunked\r\n", b"-1\r\n\r\n"),
    (POST + b"Transfer-Encoding: chunked\r\n", b"\r\n\r\n"),
    (POST + b"Transfer-Encoding: chunked\r\n", b"fffffffffffffffff\r\n\r\n"),
    (POST + b"Transfer-Encoding: chunked\r\n", b"3\r\na=bXX0\r\n\r\n"),
])
def test_what_two_readers_read_in_two_ways(nablad, head, body):
    """Refused, its connection closed, and what follows is nobody's request."""
    d = nablad()
    answer = d.raw(head + b"\r\n" + body + NEXT)
    assert answer[:13] in (b"HTTP/1.1 400 ", b"HTTP/1.1 413 ", b"HTTP/1.0 400 "), answer[:200]
    assert b" 404 " not in answer and b" 200 " not in answer
    assert d.metric("nablad_http_requests_total", handler="other", code="2xx") == 0
    assert d.get("/-/healthy")[0] == 200


@pytest.mark.parametrize("head, body", [
    (POST + b"Content-Length: 0\r\nContent-Length: 0\r\n", b""),
    (POST + b"Transfer-Encoding: Chunked\r\n", b"0;a=b\r\n\r\n"),
    (POST + b"transfer-encoding: chunked\r\n", b"0\r\nContent-Length: %d\r\n\r\n" % len(NEXT)),
    (b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n" % len(NEXT), NEXT),
    (b"GET http://a/-/healthy HTTP/1.1\r\nHost: a\r\n", b""),
])
def test_what_can_be_read_in_one_way_only(nablad, head, body):
    """The first is answered, and then what stands behind it."""
    d = nablad()
    answer = d.raw(head + b"\r\n" + body + NEXT.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert answer.count(b"HTTP/1.1 200 ") == 1 and answer.count(b"HTTP/1.1 404 ") == 1


# -- trap: a line in the log for each client of a stream that leaves -----------------------------------------


def test_clients_that_leave_do_not_fill_the_log(nablad):
    d = nablad("http: {max_connections: 300}")
    began = time.monotonic()
    for n in range(300):
        with dial(d) as sock:
            sock.sendall(STREAM)
            assert sock.recv(64)
        d.send_udp(f"p value=1 {T0 + n}000000000", wait=False)
    eventually(lambda: d.metric("nablad_http_streams") == 0, "the end of all", timeout=120)
    allowed = 10 + 1 + (time.monotonic() - began)  # LOG_BURST, LOG_PER_S
    assert len(d.events("http_library")) <= allowed


# -- trap: without a descriptor libmicrohttpd asks for one without a pause, if it has no connection that could end --


def cpu_s(d):
    with open(f"/proc/{d.proc.pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def take_all_descriptors(d, held):
    """Connections that bring lines have them all; how many there may be is where it was in the end."""
    most = max(int(n) for n in os.listdir(f"/proc/{d.proc.pid}/fd"))
    before = resource.prlimit(d.proc.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(d.proc.pid, resource.RLIMIT_NOFILE, (most + 1, before[1]))

    def gone():
        held.append(socket.create_connection(d.tcp, timeout=DEADLINE_S))
        return d.events("accept_failed")
    eventually(gone, "a want of descriptors")
    return before


def test_who_knocks_where_there_is_no_descriptor_costs_nothing(nablad):
    """Over so many tries of the listener of lines, which looks four times a second whether there is one again."""
    tries = 8
    d = nablad()
    with contextlib.ExitStack() as stack:
        held = []
        stack.callback(lambda: [sock.close() for sock in held])
        before = take_all_descriptors(d, held)
        knocking = [stack.enter_context(dial(d)) for _ in range(3)]
        for sock in knocking:
            sock.sendall(HEALTHY)
        began, tried = cpu_s(d), len(d.events("accept_failed"))
        eventually(lambda: len(d.events("accept_failed")) >= tried + tries, "tries")
        spent = cpu_s(d) - began
        resource.prlimit(d.proc.pid, resource.RLIMIT_NOFILE, before)
        for sock in knocking:  # and nobody had to knock again
            assert sock.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert spent < 0.05 * tries, f"{spent} s"


# -- more that clients do --------------------------------------------------------------------------------


def test_clients_that_reset_in_the_middle_of_everything(nablad):
    """With a RST instead of an end, at each point of a request's life."""
    d = nablad()
    fill(d, 20_000)
    requests = [b"", b"GET /api/v1/rat", LARGE, STREAM, LARGE * 8,
                b"GET /api/v1/rates?sort=name HTTP/1.1\r\nHost: a\r\n\r\n",
                b"POST /write HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nm value=1\nm val",
                b"POST /api/v1/gradient HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                b"Content-Length: 14\r\n\r\n{\"f\": [1,2,4]}"]
    for n in range(80):
        with dial(d) as sock:
            sock.sendall(requests[n % len(requests)])
            if n % 3 == 0 and n % len(requests) > 1 and n % len(requests) != 6:
                sock.recv(100)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    eventually(lambda: d.metric("nablad_http_open_connections") <= 1 + d.metric("nablad_http_streams"),
               "their ends")
    assert d.get("/-/healthy")[0] == 200


def test_a_thousand_requests_in_one_write(nablad):
    """Each is answered once, in order."""
    d = nablad()
    answer = d.raw(HEALTHY * 999 + HEALTHY.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert answer.count(b"HTTP/1.1 200 ") == 1000
    assert d.metric("nablad_http_requests_total", handler="/-/healthy") == 1000
