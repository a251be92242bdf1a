"""Who may send lines: lists of networks by listener, and addresses that nobody listens at by accident.

Loopback has sixteen million addresses: 127.0.0.1 is a friend here, 127.0.0.9 a stranger.
"""
import shutil
import socket
import subprocess

import pytest

from daemon import DEADLINE_S, NABLAD, eventually

FRIEND, STRANGER = "127.0.0.1", "127.0.0.9"

ALLOW = """
ingest:
  threads: %d
  listeners:
    - {address: "0.0.0.0:0", protocol: tcp, allow: [10.0.0.0/8, 127.0.0.1]}
    - {address: "0.0.0.0:0", protocol: udp, allow: [10.0.0.0/8, 127.0.0.1]}
    - {address: "[::]:0", protocol: tcp, allow: ["::1"]}
    - {address: "[::]:0", protocol: udp, allow: ["fd00::/8"]}
    - {address: "127.0.0.1:0", protocol: tcp}
"""


def refused(d, listener, reason="network"):
    return d.metric("nablad_listener_refused_total", listener=listener, reason=reason)


def port(listener):
    return int(listener.rsplit(":", 1)[1])


def connect(source, address):
    return socket.create_connection(address, timeout=DEADLINE_S, source_address=(source, 0))


def datagram(source, address, text):
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.bind((source, 0))
        sock.sendto(text, address)


def sees_the_end(sock):
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("threads", [1, 3])
def test_strangers_are_turned_away_and_friends_are_not(nablad, threads):
    d = nablad(ALLOW % threads)
    tcp, udp, tcp6, udp6, plain = d.listeners[:5]
    for n in range(12):
        with connect(STRANGER, (FRIEND, port(tcp))) as sock:
            sock.sendall(b"stranger 1\n")
            assert sees_the_end(sock)
        datagram(STRANGER, (FRIEND, port(udp)), b"stranger 1\n")
    datagram("::1", ("::1", port(udp6)), b"stranger 1\n")
    eventually(lambda: refused(d, udp) == 12, "twelve refused datagrams")
    eventually(lambda: refused(d, udp6) == 1, "one refused datagram of IPv6")
    assert refused(d, tcp) == 12 and refused(d, tcp6) == refused(d, plain) == 0
    assert d.metric("nablad_listener_connections_total", listener=tcp) == 0
    assert d.lines_total() == 0 and d.metric("nablad_listener_bytes_total", listener=udp) == 0

    datagram(FRIEND, (FRIEND, port(udp)), b"udp 1\n")
    for source, address in ((FRIEND, (FRIEND, port(tcp))), ("::1", ("::1", port(tcp6))),
                            (STRANGER, (FRIEND, port(plain)))):
        with connect(source, address) as sock:
            sock.sendall(b"tcp 1\n")
    d.wait_lines(4)
    assert refused(d, tcp) == refused(d, udp) == 12


def test_the_log_names_who_was_refused_and_does_not_flow_over(nablad):
    d = nablad(ALLOW % 1)
    tcp, udp = d.listeners[:2]
    for n in range(200):
        datagram(STRANGER, (FRIEND, port(udp)), b"x" * 2000 + b'"\n')
    eventually(lambda: refused(d, udp) == 200, "200 refused datagrams")
    said = d.events("sender_refused")
    assert said[0] == {**said[0], "level": "warn", "listener": udp, "from": STRANGER, "reason": "network"}
    assert "allow" in said[0]["why"] and said[0]["detail"].startswith("xxx") and len(said[0]["detail"]) < 300
    assert len(said) < 50 and d.metric("nablad_log_suppressed_total") > 0


def test_refused_connections_take_no_place(nablad):
    d = nablad(ALLOW.replace("threads: %d", "max_connections: 1"))
    tcp = d.listeners[0]
    with connect(FRIEND, (FRIEND, port(tcp))) as friend:
        friend.sendall(b"a 1\n")
        d.wait_lines(1)
        for _ in range(5):
            with connect(STRANGER, (FRIEND, port(tcp))) as sock:
                assert sees_the_end(sock)
        friend.sendall(b"a 2\n")
        d.wait_lines(2)
    assert refused(d, tcp) == 5
    assert d.metric("nablad_listener_refused_connections_total", listener=tcp) == 0


# -- nobody listens to the world by accident ------------------------------------------------------


def listeners_yaml(folder, keys):
    path = folder / "nablad.yaml"
    path.write_text("ingest: {listeners: [{address: '0.0.0.0:0', protocol: udp%s}]}\n"
                    "http: {listen: '127.0.0.1:0'}\n" % keys)
    return path


def test_an_open_listener_must_be_meant(nablad, run_nablad, nabla, tmp_path):
    path = listeners_yaml(tmp_path, "")
    for done in (run_nablad("--config", path), nabla("check", "config", path)):
        assert done.returncode != 0
        assert (f"{path}:1:32: ingest.listeners[].address: others than this machine can reach 0.0.0.0, and "
                "nothing keeps strangers out: give it allow") in done.stderr + done.stdout
        assert "insecure: true" in done.stderr + done.stdout
    for keys in (", insecure: true", ", allow: [127.0.0.0/8]"):
        assert nabla("check", "config", listeners_yaml(tmp_path, keys)).returncode == 0
    d = nablad("ingest: {listeners: [{address: '0.0.0.0:0', protocol: tcp, insecure: true}]}")
    with connect(STRANGER, (FRIEND, port(d.listeners[0]))) as sock:
        sock.sendall(b"anybody 1\n")
    d.wait_lines(1)


def activated(folder, addresses, config):
    """nablad with sockets that it was given, until it is ready or has ended: what it said."""
    activate = shutil.which("systemd-socket-activate")
    assert activate, "systemd is not installed"
    path = folder / "activated.yaml"
    path.write_text(config)
    command = [activate, "-d", *(f"--listen={a}" for a in addresses), NABLAD, "--config", path]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


@pytest.mark.parametrize("keys, ready", [("", False), (", allow: [127.0.0.1]", True),
                                         (", insecure: true", True)])
def test_a_socket_from_systemd_is_judged_too(tmp_path, free_port, keys, ready):
    """A socket that the configuration has no listener for has no allow."""
    at = f"0.0.0.0:{free_port()}"
    listeners = f"[{{address: '{at}', protocol: udp{keys}}}]" if keys else "[]"
    proc = activated(tmp_path, [at], f"ingest: {{listeners: {listeners}}}\nhttp: {{listen: '127.0.0.1:0'}}\n")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:  # what starts it
            seen = []

            def said():
                sock.sendto(b"a 1\n", (FRIEND, int(at.rsplit(":", 1)[1])))
                line = proc.stderr.readline()
                seen.append(line)
                return "event=ready" in line or "event=listen_refused" in line
            eventually(said, "nablad's word")
        assert ("event=ready" in seen[-1]) == ready, seen
        assert ready or "insecure: true" in seen[-1]
    finally:
        proc.terminate()
        proc.stderr.read()
        assert (proc.wait(DEADLINE_S) == 0) == ready
