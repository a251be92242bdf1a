"""nablad's life: start, sockets and words from systemd, the end."""
import os
import signal
import socket

import pytest

from daemon import DEADLINE_S, NABLAD, eventually, is_sanitized

T0 = 1_700_000_000


# -- the end ------------------------------------------------------------------------------------


def test_sigterm_drains_what_was_received(nablad):
    d = nablad()
    n = 200_000
    text = "".join(f"m,k={k % 1000} value={k} {(T0 + k) * 10**9}\n" for k in range(n)).encode()
    with d.connect() as sock:
        sock.sendall(text)
        d.stop()
    last = d.events()[-1]
    assert last["event"] == "stopped" and int(last["lines"]) == n


def test_sigterm_drains_datagrams(nablad):
    d = nablad()
    for k in range(200):
        d.send_udp(f"m,k={k} value=1 {T0}000000000", wait=False)
    d.stop()
    assert int(d.events("stopped")[-1]["lines"]) == 200


def test_sigterm_takes_what_is_whole_of_a_cut_line(nablad):
    d = nablad()
    with d.connect() as sock:
        sock.sendall(f"whole 1 {T0}\nhalf 1 17000".encode())
        d.wait_lines(1)
        d.stop()
    assert int(d.events("stopped")[-1]["lines"]) in (1, 2)  # the half line is counted as refused


def test_sigint_is_sigterm(nablad):
    d = nablad()
    d.proc.send_signal(signal.SIGINT)
    d.finish()
    assert d.events("stopped")


def test_nobody_can_hold_up_the_end(nablad):
    """Silent connections, a stream, half a request, an answer that nobody reads."""
    d = nablad("shutdown_timeout: 2s")
    d.send("".join(f"m,k={k} value=1 {T0}000000000\n" for k in range(50_000)))
    with d.connect(), d.stream("m"), socket.create_connection(d.http_address) as half, \
            socket.create_connection(d.http_address) as deaf:
        half.sendall(b"GET / HT")
        deaf.sendall(b"GET /api/v1/rates HTTP/1.1\r\nHost: a\r\n\r\n")
        assert deaf.recv(10)
        d.stop()


def test_a_second_signal_ends_it_at_once(nablad):
    """For whoever will not wait until the last answer is read."""
    d = nablad("shutdown_timeout: 5m")
    d.send("".join(f"m,k={k} value=1 {T0}000000000\n" for k in range(50_000)))
    with socket.create_connection(d.http_address) as deaf:
        deaf.sendall(b"GET /api/v1/rates HTTP/1.1\r\nHost: a\r\n\r\n")
        assert deaf.recv(10)
        d.proc.send_signal(signal.SIGTERM)
        d.wait_event("stopping")

        def ended():
            d.proc.send_signal(signal.SIGTERM)
            return d.proc.poll() is not None
        eventually(ended, "the end")
    assert d.proc.returncode == -signal.SIGTERM and not d.events("stopped")


# -- the start ----------------------------------------------------------------------------------


def test_version(run_nablad):
    done = run_nablad("--version")
    assert done.returncode == 0 and done.stdout.startswith("nablad ")


@pytest.mark.parametrize("args", [["--nonsense"], ["--config"], ["extra"]])
def test_bad_usage(run_nablad, args):
    done = run_nablad(*args)
    assert done.returncode == 2 and done.stderr


CONFIG = """
ingest: {{threads: {threads}, listeners: [{{address: "127.0.0.1:{tcp}", protocol: tcp}},
                      {{address: "127.0.0.1:{udp}", protocol: udp}}]}}
http: {{listen: "127.0.0.1:{http}"}}
"""


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("taken", ["tcp", "udp", "http"])
def test_a_port_in_use_ends_the_start(nablad, run_nablad, tmp_path, free_port, taken, threads):
    """Another program's, or another nablad's: two of them never share a port."""
    first = nablad(f"ingest: {{threads: {threads}}}")
    ports = {"tcp": free_port(), "udp": free_port(), "http": free_port()}
    ports[taken] = first.address(taken)[1]
    file = tmp_path / "second.yaml"
    file.write_text(CONFIG.format(threads=threads, **ports))
    done = run_nablad("--config", file)
    assert done.returncode == 1, done.stderr
    assert str(ports[taken]) in done.stderr and "in use" in done.stderr.lower()


# -- systemd ------------------------------------------------------------------------------------


@pytest.fixture
def notify_socket(tmp_path):
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(path))
        sock.settimeout(30)
        yield path, lambda: sock.recv(4096).decode()


def until(receive, word):
    while word not in (got := receive()).split("\n"):
        pass
    return got


def test_notify_and_watchdog(nablad, notify_socket):
    path, receive = notify_socket
    d = nablad(env={"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "3000000"})
    until(receive, "READY=1")
    until(receive, "WATCHDOG=1")
    until(receive, "WATCHDOG=1")
    d.proc.send_signal(signal.SIGTERM)
    until(receive, "STOPPING=1")
    d.finish()


def test_socket_activation(nablad, free_port):
    """The sockets that systemd holds are used: ingest and HTTP, told apart by their addresses."""
    ports = {"tcp": free_port(), "udp": free_port(), "http": free_port()}
    command = ["systemd-socket-activate", "-l", f"127.0.0.1:{ports['tcp']}",
               "-l", f"127.0.0.1:{ports['http']}", NABLAD]
    d = nablad(CONFIG.format(threads=1, **ports), command=command, ready=False)

    def connect():
        try:
            return socket.create_connection(("127.0.0.1", ports["tcp"]))
        except ConnectionRefusedError:
            return None
    with eventually(connect, "systemd's socket") as sock:
        sock.sendall(f"m 1 {T0}\n".encode())
        d.wait_ready()
        d.wait_lines(1)
    assert d.tcp[1] == ports["tcp"] and d.http_address[1] == ports["http"]
    assert len(d.rates("m")) == 1
    d.send(f"m 2 {T0 + 1}\n")
    d.send_udp(f"u 2 {T0 + 1}\n")
    d.stop()


def test_socket_activation_by_a_datagram(nablad, free_port):
    ports = {"tcp": free_port(), "udp": free_port(), "http": free_port()}
    command = ["systemd-socket-activate", "-d", "-l", f"127.0.0.1:{ports['udp']}", NABLAD]
    d = nablad(CONFIG.format(threads=1, **ports), command=command, ready=False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", ports["udp"]))

        def started():
            try:
                sock.send(f"m 1 {T0}\n".encode())
            except ConnectionRefusedError:
                return False
            return d.events("ready")
        eventually(started, "the daemon")
    d.wait_ready()
    d.wait_lines(1)
    assert len(d.rates("m")) == 1


def test_no_descriptor_is_left_behind_by_clients(nablad):
    d = nablad()

    def open_files():
        return len(os.listdir(f"/proc/{d.proc.pid}/fd"))
    d.send(f"m 1 {T0}\n")
    before = open_files()
    for _ in range(50):
        with d.connect() as sock:
            sock.sendall(f"m 1 {T0}\n".encode())
        d.get("/api/v1/rates")
    eventually(lambda: open_files() <= before + 1, "the descriptors closed")


@pytest.mark.skipif(is_sanitized(), reason="a sanitizer's shadow memory is larger than the limit")
def test_a_start_without_memory_says_so(nablad):
    """However little there is: libuv and others would end the process by a signal."""
    def start(mib):
        d = nablad(command=["prlimit", f"--as={mib << 20}", NABLAD], ready=False)
        eventually(lambda: d.proc.poll() is not None or d.events("ready"), "the end, or readiness")
        return d
    ended = [d for d in map(start, range(64, 272, 16)) if not d.events("ready")]
    assert len(ended) >= 4, "64 MiB of addresses and more were enough"
    for d in ended:
        assert d.proc.wait(DEADLINE_S) == 1, d.log()
        assert d.events("start_failed")[0]["why"] == "not enough memory"
