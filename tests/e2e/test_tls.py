"""HTTPS with real peers: versions, client certificates, reload, and what half a handshake costs."""
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from daemon import DEADLINE_S, eventually
from doors import basic, bcrypt, https_config, mutual, web_yml
from pki import RSA, Pki


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    pki = Pki(tmp_path_factory.mktemp("pki"))
    pki.make("server")
    pki.make("next", common="next.example")
    pki.make("ended", days=-1)
    pki.make("rsa", algorithm=RSA)
    pki.make("client", use="clientAuth", common="prometheus")
    pki.make("wrong-use", common="prometheus")
    return pki


@pytest.fixture(scope="module")
def strangers(tmp_path_factory):
    pki = Pki(tmp_path_factory.mktemp("strangers"), "other")
    pki.make("client", use="clientAuth", common="prometheus")
    return pki


def curl(d, path, *args):
    done = subprocess.run(["curl", "-sS", "--max-time", "60", "-o", "answer", "-w", "%{http_code}", *map(str, args),
                           "https://localhost:%d%s" % (d.http_address[1], path)],
                          cwd=d.folder, capture_output=True, text=True, timeout=90)
    return done.returncode, done.stdout, done.stderr


def test_curl_trusts_the_ca_and_nobody_else(nablad, tmp_path, pki, strangers):
    d = nablad(https_config(tmp_path, pki))
    assert d.http.startswith("https://")
    assert curl(d, "/metrics", "--cacert", pki.ca)[:2] == (0, "200")
    assert "nablad_certificate_end_seconds" in (d.folder / "answer").read_text()
    assert curl(d, "/metrics", "--cacert", strangers.ca)[0] == 60
    assert d.get("/-/healthy")[0] == 200
    plain = socket.create_connection(d.http_address, timeout=DEADLINE_S)
    with plain:
        plain.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"HTTP/1.1 200" not in plain.recv(4096)


# (what the server says, what curl may speak, does it work)
@pytest.mark.parametrize("tls,args,works", [
    ({}, ["--tlsv1.2", "--tls-max", "1.2"], True),
    ({}, ["--tlsv1.3"], True),
    ({}, ["--tls-max", "1.1", "--tlsv1.0", "--ciphers", "DEFAULT@SECLEVEL=0"], False),
    ({"min_version": "TLS13"}, ["--tls-max", "1.2"], False),
    ({"min_version": "TLS13"}, ["--tlsv1.3"], True),
    ({"max_version": "TLS12"}, ["--tlsv1.3"], False),
    ({"max_version": "TLS12"}, ["--tlsv1.2"], True),
    ({"cipher_suites": ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"]},
     ["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"], False),
    ({"cipher_suites": ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"]},
     ["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384"], True),
    ({"curve_preferences": ["CurveP384"]}, ["--curves", "X25519"], False),
    ({"curve_preferences": ["CurveP384"]}, ["--curves", "secp384r1"], True),
])
def test_versions_ciphers_and_curves(nablad, tmp_path, pki, tls, args, works):
    d = nablad(https_config(tmp_path, pki, **tls))
    code, status, said = curl(d, "/-/healthy", "--cacert", pki.ca, *args)
    assert (code == 0 and status == "200") == works, said


def test_openssl_and_gnutls_see_what_is_spoken(nablad, tmp_path, pki):
    d = nablad(https_config(tmp_path, pki, "rsa"))
    at = "%s:%d" % d.http_address
    ca = str(pki.ca)
    for option, spoken in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
        said = subprocess.run(["openssl", "s_client", option, "-connect", at, "-CAfile", ca,
                               "-verify_return_error"], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60)
        assert spoken in said.stdout and "Verify return code: 0" in said.stdout, said.stderr
    for version, spoken in (("TLS1.2", "TLS1.2"), ("TLS1.3", "TLS1.3")):
        said = subprocess.run(["gnutls-cli", "--x509cafile", ca, "--priority", f"NORMAL:-VERS-ALL:+VERS-{version}",
                               "-p", str(d.http_address[1]), "localhost"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
        assert "Handshake was completed" in said.stdout and spoken in said.stdout, said.stdout
    # renegotiation, which a client could ask for without end
    said = subprocess.run(["openssl", "s_client", "-tls1_2", "-connect", at, "-CAfile", ca], input="R\nR\n",
                          capture_output=True, text=True, timeout=60)
    assert d.get("/-/healthy")[0] == 200


@pytest.mark.parametrize("version", ["--tlsv1.3", "--tls-max=1.2"])
def test_client_certificates(nablad, tmp_path, pki, strangers, version):
    d = nablad(https_config(tmp_path, pki, **mutual(pki)))
    version = version.split("=")
    def ask(*pair):
        args = ["--cert", pair[0], "--key", pair[1]] if pair else []
        return curl(d, "/-/healthy", "--cacert", pki.ca, *version, *args)
    assert ask(*pki.pair("client"))[:2] == (0, "200")
    assert ask()[0] != 0
    assert ask(*strangers.pair("client"))[0] != 0
    assert ask(*pki.pair("wrong-use"))[0] != 0


def test_a_client_has_to_have_a_name_of_the_list(nablad, tmp_path, pki):
    d = nablad(https_config(tmp_path, pki, client_allowed_sans=["grafana"], **mutual(pki)))
    pair = ["--cert", pki.path("client.crt"), "--key", pki.path("client.key"), "--cacert", pki.ca]
    assert curl(d, "/-/healthy", *pair)[0] != 0
    text = (tmp_path / "web.yml").read_text()
    (tmp_path / "web.yml").write_text(text.replace("grafana", "prometheus"))
    d.proc.send_signal(signal.SIGHUP)
    d.wait_event("reloaded")
    assert curl(d, "/-/healthy", *pair)[:2] == (0, "200")


def shown(d):
    """The name in the certificate that a new connection is shown."""
    said = subprocess.run(["openssl", "s_client", "-connect", "%s:%d" % d.http_address],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return re.search(r"subject=CN = (\S+)", said.stdout)[1]


@pytest.mark.parametrize("ask", ["hup", "post"])
def test_reload_while_connections_live(nablad, tmp_path, pki, ask):
    pki.copy("server", "live")
    d = nablad(https_config(tmp_path, pki, "live", more={"basic_auth_users": {"alice": bcrypt("wonder")}}))
    d.headers = basic("alice", "wonder")
    old = d.http_connection()
    old.request("GET", "/-/healthy", headers=d.headers)
    assert old.getresponse().read() == b"nablad is healthy.\n" and shown(d) == "localhost"

    def reload():
        if ask == "hup":
            d.proc.send_signal(signal.SIGHUP)
        else:
            d.get("/-/reload", method="POST")

    with d.stream("m") as stream:
        pki.copy("next", "live")
        reload()
        d.wait_event("reloaded")
        assert shown(d) == "next.example"
        pki.path("live.key").write_text(pki.path("server.key").read_text())  # another's
        reload()
        d.wait_event("reload_failed")
        assert "live.key: not the key of the certificate in" in d.log()
        assert shown(d) == "next.example"
        pki.path("live.key").unlink()
        reload()
        d.wait_event("reload_failed", 2)
        assert "live.key: No such file or directory" in d.log()
        d.send("m 0 1\nm 1 2\nm 2 3\nm 3 4\n")
        stream.wait_points(2)  # by the connection that began with the first certificate
    old.request("GET", "/-/healthy", headers=d.headers)
    assert old.getresponse().read() == b"nablad is healthy.\n"
    assert d.metric("nablad_config_reloads_total", result="failed") == 2


def test_a_certificate_that_has_ended_is_said(nablad, tmp_path, pki):
    d = nablad(https_config(tmp_path, pki, "ended"))
    assert re.search(r"ended.crt: the certificate ended on 20", d.wait_event("certificate")["why"])


def test_tls_does_not_go_by_a_reload(nablad, tmp_path, pki):
    d = nablad(https_config(tmp_path, pki))
    web_yml(tmp_path, {"basic_auth_users": {"alice": bcrypt("wonder")}})
    d.proc.send_signal(signal.SIGHUP)
    assert "tls_server_config" in d.wait_event("restart_needed")["keys"]
    d.wait_event("reloaded")
    assert d.get("/metrics")[0] == 401 and shown(d) == "localhost"
    assert d.get("/metrics", headers=basic("alice", "wonder"))[0] == 200


# ---- the traps of TLS

HELLO = bytes.fromhex("1603010200010001fc0303") + bytes(32)  # the first of 517 bytes


def cpu_s(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_half_a_hello_costs_nothing_and_ends(nablad, tmp_path, pki):
    """libmicrohttpd alone would spend a whole processor on each second of it."""
    d = nablad(https_config(tmp_path, pki, http={"request_timeout": "3s"}))
    socks = [socket.create_connection(d.http_address, timeout=DEADLINE_S) for _ in range(8)]
    for sock in socks:
        sock.sendall(HELLO)
    before, began = cpu_s(d.proc.pid), time.monotonic()
    for sock in socks:  # until the daemon has had enough of it
        assert sock.recv(100) == b""
        sock.close()
    spent, took = cpu_s(d.proc.pid) - before, time.monotonic() - began
    assert spent < took / 2, f"{spent} s of CPU in {took} s"
    assert d.metric("nablad_limited_total", limit="http.request_timeout") == 8


def test_a_hello_in_drops_ends_in_time(nablad, tmp_path, pki):
    d = nablad(https_config(tmp_path, pki, http={"request_timeout": "2s"}))
    with socket.create_connection(d.http_address, timeout=DEADLINE_S) as sock:
        sock.settimeout(0.2)
        def ended():
            try:
                sock.send(b"\x16" if not sent else b"\x03" if len(sent) == 1 else b"\x01")
                sent.append(1)
                return sock.recv(100) == b""
            except socket.timeout:
                return False
            except OSError:
                return True
        sent = []
        eventually(ended, "the end of a handshake in drops")
    assert d.get("/-/healthy")[0] == 200


def test_handshakes_that_hang_hold_nobody_up(nablad, tmp_path, pki):
    d = nablad(https_config(tmp_path, pki))
    socks = [socket.create_connection(d.http_address, timeout=DEADLINE_S) for _ in range(40)]
    for sock in socks[::2]:
        sock.sendall(HELLO)
    for _ in range(20):
        assert d.get("/metrics")[0] == 200
    for sock in socks:
        sock.close()
    eventually(lambda: d.metric("nablad_http_open_connections") == 1, "the connections' end")


def test_lengths_that_do_not_agree(nablad, tmp_path, pki):
    d = nablad(https_config(tmp_path, pki))
    for headers in ("Content-Length: 4\r\nContent-Length: 5\r\n",
                    "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"):
        with socket.create_connection(d.http_address, timeout=DEADLINE_S) as raw:
            with d.tls.wrap_socket(raw) as sock:
                sock.sendall(f"POST /write HTTP/1.1\r\nHost: a\r\n{headers}\r\nm 1\n".encode())
                assert sock.recv(4096).startswith(b"HTTP/1.1 400")


def test_streams_and_large_bodies_at_the_stop(nablad, tmp_path, pki):
    d = nablad(https_config(tmp_path, pki))
    body = b"".join(b"m,i=%d value=1 1\n" % i for i in range(100_000))
    assert d.get("/write", method="POST", data=body)[0] == 204
    assert d.metric("nablad_series") == 100_000
    status, _, answer = d.get("/api/v1/rates")
    assert status == 200 and len(answer["data"]) == 100_000
    slow = d.http_connection()
    slow.request("GET", "/api/v1/rates")  # never read
    with d.stream("m") as one, d.stream("m") as two:
        d.stop()
        eventually(lambda: one.ended() and two.ended(), "the streams' end")
    slow.close()


def test_a_client_that_vanishes_in_the_middle(nablad, tmp_path, pki):
    d = nablad(https_config(tmp_path, pki))
    d.get("/write", method="POST", data=b"".join(b"m,i=%d value=1 1\n" % i for i in range(20_000)))
    for _ in range(10):
        conn = d.http_connection()
        conn.request("GET", "/api/v1/rates")
        conn.getresponse().read(1000)
        conn.sock.close()
    eventually(lambda: d.metric("nablad_http_open_connections") == 1, "their connections' end")
