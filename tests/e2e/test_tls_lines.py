"""TLS on listeners of lines: real clients, and those that get it wrong, stop halfway or never end."""
import pickle
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import threading

import pytest

from daemon import DEADLINE_S, FREED_IS_FREE, NABLAD, eventually
from pki import Pki, client_context

TLS, MUTUAL, PLAIN = 0, 1, 2  # listeners of `secure`
SANITIZED = re.search(b"__[at]san_init", NABLAD.read_bytes()) is not None


@pytest.fixture
def pki(tmp_path):
    return Pki(tmp_path / "pki")


@pytest.fixture
def secure(nablad, pki):
    """secure(keys): a daemon with listeners for TLS, for mutual TLS and for plain lines; keys of ingest."""
    def start(ingest="threads: 1", listener="", mutual="", **more):
        cert, key = pki.make("server")
        tls = f"address: '127.0.0.1:0', protocol: tcp, cert_file: '{cert}', key_file: '{key}'{listener}"
        return nablad(f"ingest: {{{ingest}, listeners: [{{{tls}}}, {{{tls}, client_ca_file: '{pki.ca}'{mutual}}},"
                      " {address: '127.0.0.1:0', protocol: tcp}]}", **more)
    return start


def connect(d, pki, nth=TLS, client=None, **more):
    return client_context(pki, client, **more).wrap_socket(d.connect(nth), server_hostname="127.0.0.1")


def of_listener(d, what, nth=TLS):
    return d.metric(f"nablad_listener_{what}", listener="tcp://%s:%d" % d.address("tcp", nth))


def refused(d, reason, nth=TLS):
    return d.metric("nablad_listener_refused_total", listener="tcp://%s:%d" % d.address("tcp", nth),
                    reason=reason)


def all_refused(d):
    return d.metric("nablad_listener_refused_total")


def until_the_end(sock):
    """What the peer still says; a reset is an end, too."""
    got = b""
    try:
        while chunk := sock.recv(65536):
            got += chunk
    except OSError:
        pass
    return got


# -- clients that get it right ----------------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_lines_of_a_python_client(secure, pki, version):
    d = secure()
    with connect(d, pki, minimum_version=version, maximum_version=version) as sock:
        assert sock.version() == version.name.replace("_", ".")
        sock.sendall(b"a value=1 1000000000\na value=3 2000000000\n")
        d.wait_lines(2)
        assert of_listener(d, "open_connections") == of_listener(d, "tls_handshakes_total") == 1
    assert len(d.rates("a")) == 1
    eventually(lambda: of_listener(d, "open_connections") == 0, "its end")
    assert all_refused(d) == 0


CLIENTS = {
    "openssl": "openssl s_client -connect {at} -CAfile {ca} -verify_return_error -quiet -no_ign_eof",
    "openssl 1.2": "openssl s_client -tls1_2 -connect {at} -CAfile {ca} -verify_return_error -quiet -no_ign_eof",
    "gnutls": "gnutls-cli --x509cafile={ca} --port={port} 127.0.0.1",
    "socat": "socat - OPENSSL:{at},cafile={ca}",
    "openssl, mutual": "openssl s_client -connect {mutual} -CAfile {ca} -cert {cert} -key {key} -quiet -no_ign_eof",
    "gnutls, mutual": "gnutls-cli --x509cafile={ca} --x509certfile={cert} --x509keyfile={key} "
                      "--port={mutual_port} 127.0.0.1",
    "socat, mutual": "socat - OPENSSL:{mutual},cafile={ca},cert={cert},key={key}",
}


@pytest.mark.parametrize("client", CLIENTS)
def test_lines_of_other_clients(secure, pki, client):
    d = secure()
    cert, key = pki.make("client", use="clientAuth")
    (_, port), (_, mutual) = d.address("tcp", TLS), d.address("tcp", MUTUAL)
    command = CLIENTS[client].format(at=f"127.0.0.1:{port}", port=port, mutual=f"127.0.0.1:{mutual}",
                                     mutual_port=mutual, ca=pki.ca, cert=cert, key=key).split()
    assert shutil.which(command[0]), f"{command[0]} is not installed"
    proc = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        lines = b"".join(b"a value=%d %d\n" % (n, n * 10**9) for n in range(1000))
        proc.stdin.write(lines)
        proc.stdin.flush()
        d.wait_lines(1000)
        said, _ = proc.communicate(timeout=DEADLINE_S)
    finally:
        proc.kill()
        proc.wait()
    assert d.rejected() == 0 and all_refused(d) == 0, said
    assert d.metric("nablad_points_total") == 999


def test_a_connection_that_is_long_and_cut_anywhere(secure, pki):
    """Records of every length, bytes of them one by one, lines across records: all lines, each once."""
    d = secure("max_line: 4KiB")
    lines = [b"m,n=%d text=\"%s\",value=%d %d\n" % (n % 7, b"x" * (n * 37 % 3000), n, n * 10**9)
             for n in range(800)]
    text = b"".join(lines)
    with connect(d, pki) as sock:
        at = 0
        for n in range(1, 10**6):
            size = n * n % 16500 + 1
            sock.sendall(text[at:at + size])
            at += size
            if at >= len(text):
                break
        d.wait_lines(800)
    assert d.rejected("string_value") == d.rejected() == 800
    assert d.metric("nablad_samples_total") == 800


def test_ciphertext_that_drips(secure, pki):
    """The client's bytes reach nablad one at a time, the handshake's among them."""
    d = secure()
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context(pki).wrap_bio(into, out, server_hostname="127.0.0.1")
    with d.connect(TLS) as sock:
        def drip():
            for byte in out.read():
                sock.sendall(bytes([byte]))
        while True:
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                drip()
                into.write(sock.recv(65536))
        client.write(b"a value=1\nb value=2\n")
        drip()
        d.wait_lines(2)
    assert d.rejected() == 0 and all_refused(d) == 0


def test_frames_of_pickle(secure, pki):
    d = secure(listener=", format: pickle")
    values = [("a.b", (n, n)) for n in range(1, 5998)]
    frames = [pickle.dumps(values[at:at + 1999], protocol=2) for at in range(0, 5997, 1999)]
    with connect(d, pki) as sock:
        sock.sendall(b"".join(struct.pack("!L", len(frame)) + frame for frame in frames))
        eventually(lambda: d.metric("nablad_samples_total") == 5997, "all values")
    assert d.rejected() == 0


@pytest.mark.parametrize("threads", [1, 2])
def test_many_at_once(secure, pki, threads):
    """Handshakes have their share of each turn, and all come to their end."""
    d = secure(f"threads: {threads}")
    faults = []

    def client(n):
        try:
            with connect(d, pki) as sock:
                for k in range(20):
                    sock.sendall(b"m,n=%d value=%d %d\n" % (n, k, k * 10**9))
        except OSError as fault:
            faults.append(fault)

    clients = [threading.Thread(target=client, args=(n,)) for n in range(60)]
    with d.connect(PLAIN) as plain:
        for c in clients:
            c.start()
        plain.sendall(b"plain 1\n")
        for c in clients:
            c.join()
    d.wait_lines(60 * 20 + 1)
    assert not faults and of_listener(d, "tls_handshakes_total") == 60 and all_refused(d) == 0


# -- who is let in ----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_mutual_tls(secure, pki, tmp_path, version):
    d = secure()
    only = {"minimum_version": version, "maximum_version": version}
    with connect(d, pki, MUTUAL, client=pki.make("client", use="clientAuth"), **only) as sock:
        sock.sendall(b"friend 1\n")
        d.wait_lines(1)
    strangers = [None, pki.make("another"),
                 Pki(tmp_path / "others").make("stranger", use="clientAuth")]
    for n, client in enumerate(strangers):
        with pytest.raises(OSError):
            with connect(d, pki, MUTUAL, client=client, **only) as sock:
                sock.sendall(b"stranger 1\n")
                sock.recv(1)  # by TLS 1.3 the answer comes after the client's last word
                raise OSError("nablad ended it")
        eventually(lambda: refused(d, "client_certificate", MUTUAL) == n + 1, "one more stranger")
    assert d.lines_total() == 1 and all_refused(d) == len(strangers)
    assert "client_ca_file" in d.events("sender_refused")[0]["why"]


def test_a_client_has_to_have_a_name_of_the_list(secure, pki):
    d = secure(mutual=", client_allowed_sans: [plant-03, 'urn:nabla:sender', 10.0.0.7]")
    good = pki.make("good", use="clientAuth", common="plant-03")
    with connect(d, pki, MUTUAL, client=good) as sock:
        sock.sendall(b"friend 1\n")
        d.wait_lines(1)
    for n, name in enumerate(("plant-04", "plant-03.example", "plant-0", "localhost")):
        stranger = pki.make("bad", use="clientAuth", common=name)
        with pytest.raises(OSError):
            with connect(d, pki, MUTUAL, client=stranger) as sock:
                sock.sendall(b"stranger 1\n")
                sock.recv(1)
                raise OSError("nablad ended it")
        eventually(lambda: refused(d, "client_certificate", MUTUAL) == n + 1, "one more stranger")
    assert d.lines_total() == 1
    assert "client_allowed_sans" in d.events("sender_refused")[0]["why"]


def test_plain_lines_to_tls_and_tls_to_plain_lines(secure, pki):
    d = secure()
    with d.connect(TLS) as sock:
        sock.sendall(b"temperature value=21.5\n" * 100)
        until_the_end(sock)
    with pytest.raises(OSError):
        connect(d, pki, PLAIN)
    eventually(lambda: refused(d, "not_tls", TLS) == refused(d, "tls", PLAIN) == 1, "both")
    assert d.lines_total() == 0 and d.rejected() == 0
    not_tls, tls = d.events("sender_refused")
    assert not_tls["detail"].startswith("temperature value=21.5") and "plain lines?" in not_tls["why"]
    assert tls["reason"] == "tls" and "cert_file" in tls["why"]
    with connect(d, pki) as sock:
        sock.sendall(b"a 1\n")
        d.wait_lines(1)


def hello_of_tls_1_0():
    """By hand: the libraries here do not send one any more."""
    body = b"\x03\x01" + bytes(32) + b"\x00" + b"\x00\x04\x00\x2f\x00\x35" + b"\x01\x00"
    hello = b"\x01" + struct.pack("!I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack("!H", len(hello)) + hello


JUNK = {
    "an old version": hello_of_tls_1_0(),
    "junk in a record": b"\x16\x03\x01\x00\x10" + bytes(16),
    "a record longer than may be": b"\x16\x03\x01\xff\xff" + bytes(70000),
    "a hello longer than may be": b"\x16\x03\x01\x40\x00\x01\x7f\xff\xff" + bytes(0x4000 - 4)
                                  + (b"\x16\x03\x01\x40\x00" + bytes(0x4000)) * 4,
    "an alert inside": b"\x16\x03\x01\x00\x04\x02\x00\x00\x00",
}


@pytest.mark.parametrize("what", JUNK)
def test_what_is_no_handshake_is_refused(secure, pki, what):
    d = secure()
    with d.connect(TLS) as sock:
        try:
            sock.sendall(JUNK[what])
        except OSError:
            pass
        assert until_the_end(sock)[:1] in (b"\x15", b"")  # an alert, unless a reset was faster
    eventually(lambda: refused(d, "tls_handshake") == 1, "the refusal")
    assert d.events("sender_refused")[0]["detail"]
    with connect(d, pki) as sock:
        sock.sendall(b"a 1\n")
        d.wait_lines(1)


# -- those that stop, break and never end -------------------------------------------------------------


def hello(pki):
    """The first bytes of a good client."""
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context(pki).wrap_bio(into, out, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return out.read()


def cpu_seconds(d):
    return d.metric("process_cpu_seconds_total")


def test_handshakes_that_stall_are_given_up(secure, pki):
    """Nothing, a byte, half a hello, a whole one and no more: closed in time, none of them busy meanwhile."""
    d = secure("handshake_timeout: 2s, max_connections: 8")
    first = hello(pki)
    stalled = [d.connect(TLS) for _ in range(4)]
    before = cpu_seconds(d)
    for sock, text in zip(stalled, (b"", first[:1], first[:len(first) // 2], first)):
        sock.sendall(text)
    with connect(d, pki) as sock:  # a friend comes in meanwhile, and stays
        sock.sendall(b"a 1\n")
        d.wait_lines(1)
        eventually(lambda: refused(d, "tls_timeout") == 4, "four that are given up")
        for one in stalled:
            until_the_end(one)
            one.close()
        assert cpu_seconds(d) - before < 1
        sock.sendall(b"a 2\n")
        d.wait_lines(2)
        eventually(lambda: of_listener(d, "open_connections") == 1, "the others' places")
    assert all_refused(d) == 4
    assert d.events("sender_refused")[0]["reason"] == "tls_timeout"


def test_a_client_that_does_not_read(secure, pki):
    """It shakes hands again and again with a window that is shut: nothing grows, and its time runs out."""
    d = secure("handshake_timeout: 2s")
    first = hello(pki)
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        sock.connect(d.address("tcp", TLS))
        sock.sendall(first)
        eventually(lambda: refused(d, "tls_timeout") == 1, "its end")
    assert all_refused(d) == 1


def test_the_peer_is_killed_in_the_middle(secure, pki):
    """Of a line, of a record: the whole lines before count."""
    d = secure()
    script = ("import socket, ssl, sys, time\n"
              "c = ssl.create_default_context(cafile=sys.argv[1])\n"
              "s = c.wrap_socket(socket.create_connection(('127.0.0.1', int(sys.argv[2]))),"
              " server_hostname='127.0.0.1')\n"
              "s.sendall(b'a value=1\\na value=2\\na val')\nprint('sent', flush=True)\ntime.sleep(600)\n")
    proc = subprocess.Popen(["/usr/bin/python3", "-c", script, str(pki.ca), str(d.address("tcp", TLS)[1])],
                            stdout=subprocess.PIPE)
    try:
        assert proc.stdout.readline() == b"sent\n"
        d.wait_lines(2)
    finally:
        proc.send_signal(signal.SIGKILL)
        proc.wait()
    eventually(lambda: d.rejected("unterminated") == 1, "the end of half a line")
    eventually(lambda: of_listener(d, "open_connections") == 0, "the end")
    assert all_refused(d) == 0


class Tampered:
    """A connection whose ciphertext the test has in its hands."""

    def __init__(self, d, pki, **more):
        self.into, self.out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = client_context(pki, **more).wrap_bio(self.into, self.out, server_hostname="127.0.0.1")
        self.sock = d.connect(TLS)
        while True:
            try:
                self.client.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.sock.sendall(self.out.read())
                self.into.write(self.sock.recv(65536))
        self.sock.sendall(self.out.read())

    def record(self, text):
        self.client.write(text)
        return self.out.read()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("how", ["a bit", "twice", "plain", "length"])
def test_records_that_were_tampered_with(secure, pki, version, how):
    d = secure()
    t = Tampered(d, pki, minimum_version=version, maximum_version=version)
    t.sock.sendall(t.record(b"good 1\n"))
    d.wait_lines(1)
    bad = bytearray(t.record(b"bad 1\n"))
    if how == "a bit":
        bad[-1] ^= 1
    elif how == "length":
        bad[3:5] = b"\xff\xff"
        bad += bytes(65536)
    t.sock.sendall({"twice": bytes(bad) * 2, "plain": b"bad value=1\n" * 10}.get(how, bytes(bad)))
    eventually(lambda: refused(d, "tls_broken") == 1, "the refusal")
    until_the_end(t.sock)
    t.sock.close()
    assert d.lines_total() == (2 if how == "twice" else 1)
    assert all_refused(d) == 1


def test_renegotiation_is_refused(secure, pki):
    d = secure()
    at = "127.0.0.1:%d" % d.address("tcp", TLS)[1]
    proc = subprocess.Popen(["openssl", "s_client", "-tls1_2", "-connect", at, "-CAfile", str(pki.ca)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        proc.stdin.write(b"a value=1\n")
        proc.stdin.flush()
        d.wait_lines(1)
        proc.stdin.write(b"R\n")  # s_client's word for it
        proc.stdin.flush()
        eventually(lambda: refused(d, "tls_broken") == 1, "the refusal")
    finally:
        proc.kill()
        proc.wait()
    assert "handshake" in d.events("sender_refused")[0]["detail"].lower()
    assert d.lines_total() == 1


def test_new_keys_within_a_session(secure, pki):
    """TLS 1.3 lets a client change keys at any time."""
    d = secure()
    at = "127.0.0.1:%d" % d.address("tcp", TLS)[1]
    proc = subprocess.Popen(["openssl", "s_client", "-tls1_3", "-connect", at, "-CAfile", str(pki.ca)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def say(text):
        proc.stdin.write(text)
        proc.stdin.flush()

    try:
        for n, command in enumerate((b"K\n", b"k\n", b"K\n")):  # with an answer, without one
            say(b"a value=%d\n" % n)
            d.wait_lines(n + 1)
            say(command)  # alone in a write, or it is no command
            while b"KEYUPDATE" not in (line := proc.stdout.readline()):
                assert line, "openssl ended"
        say(b"a value=9\n")
        d.wait_lines(4)
    finally:
        proc.kill()
        proc.wait()
    assert all_refused(d) == 0


def test_both_ways_to_end(secure, pki):
    """With close_notify, which is answered, and without."""
    d = secure()
    with connect(d, pki) as sock:
        sock.sendall(b"a 1\n")
        assert sock.unwrap() is not None  # it has come back
    with connect(d, pki) as sock:
        sock.sendall(b"a 2\nhalf")
        sock.shutdown(socket.SHUT_WR)  # of TCP
    d.wait_lines(3)
    eventually(lambda: of_listener(d, "open_connections") == 0, "the end of both")
    assert d.rejected("unterminated") == d.rejected() == 1 and all_refused(d) == 0


def test_nablad_says_that_it_ends(secure, pki):
    d = secure()
    with connect(d, pki, suppress_ragged_eofs=False) as sock:
        sock.sendall(b"a 1\n")
        d.wait_lines(1)
        d.stop()
        assert sock.recv(1) == b""  # without close_notify Python raises SSLEOFError


def test_idle_sessions_are_closed(secure, pki):
    d = secure("idle_timeout: 1s")
    with connect(d, pki) as sock:
        assert sock.recv(1) == b""
    eventually(lambda: of_listener(d, "idle_closed_total") == 1, "the count")


# -- certificates ---------------------------------------------------------------------------------


def serial(sock):
    return sock.getpeercert()["serialNumber"]


def reload(d, n, event="reloaded"):
    d.proc.send_signal(signal.SIGHUP)
    d.wait_event(event, n)


def test_certificates_are_read_again_and_sessions_live_on(secure, pki):
    d = secure()
    old = connect(d, pki)
    pki.make("server")
    with connect(d, pki) as before:
        assert serial(before) == serial(old)
    reload(d, 1)
    with connect(d, pki) as new:
        assert serial(new) != serial(old)
        for sock in (old, new):
            sock.sendall(b"a 1\n")
        d.wait_lines(2)
    for n in range(2, 12):
        reload(d, n)
    with old:
        old.sendall(b"a 3\n")
        d.wait_lines(3)
    assert all_refused(d) == 0


@pytest.mark.parametrize("fault", ["gone", "empty", "another key", "no PEM"])
def test_a_certificate_that_cannot_be_used_changes_nothing(secure, pki, fault):
    d = secure()
    cert, key = pki.pair("server")
    if fault == "gone":
        key.unlink()
    elif fault == "empty":
        cert.write_text("")
    elif fault == "another key":
        key.write_text(pki.make("other")[1].read_text())
    else:
        cert.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    reload(d, 1, "reload_failed")
    why = d.events("config_error")[0]["why"]
    assert why.startswith("tcp://127.0.0.1:") and str(pki.folder) in why, why
    with connect(d, pki) as sock:
        sock.sendall(b"a 1\n")
        d.wait_lines(1)
    pki.make("server")
    reload(d, 1)


def test_a_listener_without_its_files_does_not_start(run_nablad, nabla, pki, tmp_path):
    path = tmp_path / "nablad.yaml"
    cert, key = pki.make("server")
    listener = "{address: '127.0.0.1:0', protocol: tcp, cert_file: '%s', key_file: '%s'}"
    path.write_text(f"ingest: {{listeners: [{listener % (cert, tmp_path / 'none.key')}]}}\n"
                    "http: {listen: '127.0.0.1:0'}\n")
    done = run_nablad("--config", path)
    assert done.returncode != 0
    assert "event=listen_refused" in done.stderr and f"{tmp_path}/none.key: No such file" in done.stderr


def test_memory_of_many_sessions(secure, pki):
    """A thousand that are open and silent; and after them, no more than before them."""
    d = secure("max_connections: 2000", env=FREED_IS_FREE)
    n = 1000
    with connect(d, pki) as sock:  # what the first one takes
        sock.sendall(b"a 1\n")
        d.wait_lines(1)
    before = d.resident_bytes()
    held = [connect(d, pki) for _ in range(n)]
    for sock in held:
        sock.sendall(b"a 1\n")
    d.wait_lines(n + 1)
    each = (d.resident_bytes() - before) / n
    print(f"{each:.0f} bytes a session")
    for sock in held:
        sock.close()
    eventually(lambda: of_listener(d, "open_connections") == 0, "the end of all")
    assert each < (512 if SANITIZED else 32) * 1024  # a sanitizer surrounds each of some 200 small blocks
