"""What bad senders can do to the others, and to memory: more keys than fit, lines as long as allowed and
longer, bytes one at a time, connections that say nothing or half of something, one that never pauses.

The same at full size, with figures: ./dev bench ingest --only flood, crafted, idle, active.
"""
import contextlib
import resource
import socket
import threading
import time

import pytest

from daemon import DEADLINE_S, FREED_IS_FREE, eventually

T0 = 1_700_000_000
NS = 1_000_000_000
LINE = 65536  # ingest.max_line, the LF not counted


def lines_of(keys, second):
    return "".join(f"{key} value={n} {(T0 + second) * NS}\n" for n, key in enumerate(keys)).encode()


def of_listener(d, what):
    return d.metric(f"nablad_listener_{what}", listener="tcp://%s:%d" % d.tcp)


@contextlib.contextmanager
def sending(d, text):
    """A connection that sends text again and again and waits only for the kernel; yields how often."""
    done, sock = [0], d.connect()

    def send_on():
        with contextlib.suppress(OSError):
            while True:
                sock.sendall(text)
                done[0] += 1

    thread = threading.Thread(target=send_on, daemon=True)
    thread.start()
    try:
        yield done
    finally:
        sock.shutdown(socket.SHUT_RDWR)
        thread.join()
        sock.close()


# -- keys ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
def test_twenty_times_as_many_keys_as_series_may_be(nablad, threads):
    """Memory stays, the known series lose nothing, each stranger is refused and counted."""
    known_n, rounds = 10_000, 19
    d = nablad(f"{{ingest: {{threads: {threads}}}, limits: {{max_series: {known_n}}}}}",
               env=FREED_IS_FREE)
    known = [f"known,n={n}" for n in range(known_n)]
    d.send(lines_of(known, 0))
    d.send(lines_of((f"stranger,n=-{n}" for n in range(known_n)), 0))  # what a first refusal takes
    table, resident = d.metric("nablad_table_memory_bytes"), d.resident_bytes()
    for r in range(1, rounds):
        d.send(lines_of((f"stranger,n={r}-{n}" for n in range(known_n)), r) + lines_of(known, r))
    assert d.rejected("series_limit") == d.rejected() == known_n * rounds
    assert d.metric("nablad_series") == known_n
    assert d.metric("nablad_points_total") == known_n * (rounds - 1)
    assert d.metric("nablad_table_memory_bytes") == table
    assert d.resident_bytes() - resident < 16 * 2**20  # keeping their 190,000 keys would take more


def test_a_place_that_is_free_again_is_given_to_the_next_key(nablad):
    d = nablad("{limits: {max_series: 2}, defaults: {stale_after: 300ms, expire_after: 300ms}}")
    d.send(lines_of(["a", "b", "c"], 0))
    assert d.rejected("series_limit") == 1
    eventually(lambda: d.metric("nablad_series") == 0, "an empty table")
    d.send(lines_of(["c"], 1))
    assert d.metric("nablad_series") == 1 and d.rejected() == 1


# -- lines --------------------------------------------------------------------------------------


def long_line(n, total):
    head, tail = f'long,n={n} text="', f'",value={n} {(T0 + n) * NS}'
    return (head + "x" * (total - len(head) - len(tail)) + tail + "\n").encode()


def test_lines_of_64_kib_between_short_ones(nablad):
    """As long as allowed, a byte longer, a megabyte: each costs itself alone, and none is kept."""
    d = nablad(env=FREED_IS_FREE)
    resident = d.resident_bytes()
    totals = [LINE, LINE + 1, LINE - 1, 1_000_000] * 40
    text = b"".join(long_line(n, total) + b"short 1\n" for n, total in enumerate(totals))
    d.send(text)
    assert d.lines_total() == 2 * len(totals)
    assert d.rejected("line_too_long") == 80 and d.rejected("string_value") == 80
    assert d.metric("nablad_series") == 80 + 1
    assert d.resident_bytes() - resident < 16 * 2**20


def test_half_a_long_line_on_many_connections(nablad):
    """Each may hold a line's worth of memory, and gives it back."""
    d = nablad()
    held = [d.connect() for _ in range(50)]
    for sock in held:
        sock.sendall(b"m,a=" + b"x" * (LINE - 4))
    eventually(lambda: of_listener(d, "bytes_total") == 50 * LINE, "all of it")
    for sock in held[:25]:
        sock.sendall(b"y")  # one byte too long
    eventually(lambda: d.rejected("line_too_long") == 25, "too long lines")
    for sock in held:
        sock.close()
    eventually(lambda: d.rejected("unterminated") == 25, "unterminated lines")
    d.send("m 1\n")
    assert d.rejected() == 50 and len(d.rates("m")) == 1


@pytest.mark.slow
def test_a_million_writes_of_a_byte(nablad):
    d = nablad()
    line = b"slowly,a=b value=1.25 %d\n"
    text = b"".join(line % ((T0 + n) * NS) for n in range(1_000_000 // len(line % (T0 * NS))))
    with d.connect() as sock:
        for n in range(len(text)):
            sock.send(text[n:n + 1])
    d.wait_lines(text.count(b"\n"))
    assert len(text) > 999_000 and d.rejected() == 0
    assert d.metric("nablad_points_total") == text.count(b"\n") - 1


# -- connections --------------------------------------------------------------------------------


def test_connections_that_say_nothing_are_closed(nablad):
    """And those that never come to the end of a line; whoever speaks stays."""
    d = nablad("ingest: {idle_timeout: 1s, max_connections: 4}")
    speaker, silent, dripping, once = (d.connect() for _ in range(4))
    once.sendall(b"once 1\n")

    def speak():
        speaker.sendall(b"spoken 1\n")
        with contextlib.suppress(OSError):
            dripping.sendall(b"x")
        return of_listener(d, "idle_closed_total") >= 3

    eventually(speak, "the end of three silent connections")
    for sock in (silent, dripping, once):
        sock.settimeout(DEADLINE_S)
        with contextlib.suppress(ConnectionResetError):  # what it dripped after the end was too late
            assert sock.recv(1) == b""
    assert d.rejected("unterminated") == 1 and d.rejected() == 1
    assert of_listener(d, "open_connections") == 1 and len(d.events("connection_idle")) == 3
    before = d.lines_total()
    speaker.sendall(b"spoken 2\n")
    d.wait_lines(1, before)
    d.send(lines_of(["after"], 0))  # their places are free
    assert of_listener(d, "refused_connections_total") == 0


@pytest.mark.parametrize("key", ["idle_timeout: never", "idle_timeout: 1h", "max_line: 256"])
def test_a_pause_that_is_allowed(nablad, key):
    """The default is an hour: a sender may pause for a minute without a thought."""
    d = nablad(f"ingest: {{{key}}}")
    with d.connect() as sock:
        time.sleep(1.5)
        sock.sendall(b"late 1\n")
        d.wait_lines(1)
    assert of_listener(d, "idle_closed_total") == 0


def test_an_empty_line_keeps_a_connection(nablad):
    d = nablad("ingest: {idle_timeout: 1s}")
    with d.connect() as kept, d.connect():
        def keep():
            kept.sendall(b"\n")
            return of_listener(d, "idle_closed_total") == 1
        eventually(keep, "the end of the other")
        assert of_listener(d, "open_connections") == 1 and d.lines_total() == 0


def test_half_closed_connections(nablad):
    """A sender that has said all shuts its side: what came counts, and the connection ends."""
    d = nablad()
    for text in (b"", b"whole 1\n", b"whole 1\nhalf 2"):
        with d.connect() as sock:
            sock.sendall(text)
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(1) == b""
    assert d.lines_total() == 3 and d.rejected("unterminated") == d.rejected() == 1
    with d.connect() as sock:  # the other half: nablad has nothing to say to it
        sock.shutdown(socket.SHUT_RD)
        sock.sendall(b"whole 2\n")
        d.wait_lines(4)
    eventually(lambda: of_listener(d, "open_connections") == 0, "the end of all")


def test_a_busy_connection_does_not_starve_the_others(nablad):
    """Two that never pause; a slow one, datagrams, a newcomer and HTTP have their turns all the while."""
    d = nablad()
    flood = lines_of((f"flood,n={n}" for n in range(20_000)), 0)
    with sending(d, flood) as one, sending(d, flood) as two, d.connect() as slow:
        eventually(lambda: one[0] > 2 and two[0] > 2, "the flood")
        before = one[0], two[0]
        for n in range(10):
            slow.sendall(b"slow,n=%d value=1\n" % n)
            d.send_udp(f"datagram,n={n} value=1\n", wait=False)
            with d.connect() as newcomer:
                newcomer.sendall(b"newcomer,n=%d value=1\n" % n)
            for name in ("slow", "datagram", "newcomer"):
                eventually(lambda: len(d.rates(f'{name}{{n="{n}"}}')) == 1, f"{name} {n}")
        eventually(lambda: one[0] > before[0] and two[0] > before[1], "the flood, still on")
    assert d.rejected("unterminated") <= 2 and d.metric("nablad_series") == 20_000 + 30


def test_descriptors_that_strangers_held_come_back(nablad):
    """More connections than descriptors; when they go, all is as before, though there are no more of them."""
    d = nablad()
    d.send(lines_of(["before"], 0))
    _, hard = resource.prlimit(d.proc.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(d.proc.pid, resource.RLIMIT_NOFILE, (int(d.metric("process_open_fds")) + 20, hard))
    with contextlib.ExitStack() as held:
        for _ in range(60):
            held.enter_context(socket.create_connection(d.tcp, timeout=DEADLINE_S))
        d.wait_event("accept_failed")
    d.send(lines_of(["after"], 0))
    assert len(d.rates()) == 2
    with contextlib.ExitStack() as held:
        for _ in range(60):
            held.enter_context(socket.create_connection(d.tcp, timeout=DEADLINE_S))
        d.wait_event("accept_failed", 2)
        d.stop()
