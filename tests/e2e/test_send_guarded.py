"""nabla send by TLS and by signed datagrams, to nablad's own listeners: who gets through, and what is said to who does not."""
import os
import re
import socket
import ssl
import threading

import pytest

from cli_words import RECORDING, is_one_error
from daemon import DEADLINE_S, eventually
from pki import Pki
from test_signed import KEY, NEXT, sealed  # noqa: F401
from test_tls_lines import (MUTUAL, PLAIN, TLS, all_refused, of_listener, pki, refused, reload,  # noqa: F401
                            secure)

LINES = 12  # of RECORDING


def at(d, nth=TLS, scheme="tls"):
    return "%s://%s:%d" % (scheme, *d.address("udp" if scheme == "udp" else "tcp", nth))


def shows(pair):
    return ["--cert", pair.cert, "--key", pair.key]


@pytest.fixture
def send(nabla):
    """send(*args): the recording, to whom the arguments say."""
    return lambda *args, text=RECORDING, **more: nabla("send", "-", *args, input=text, **more)


# -- TLS --------------------------------------------------------------------------------------------


def test_lines_by_tls(secure, pki, send):
    d = secure()
    trust = ["--ca-file", pki.ca]
    for n, args in enumerate((["--to", at(d), *trust], ["--to", at(d, scheme="tcp"), "--tls", *trust],
                              ["--to", at(d)[len("tls://"):], "--tls", *trust])):
        done = send(*args)
        assert done.returncode == 0 and re.fullmatch(r"sent 12 lines in \S+ s\n", done.stderr), done.stderr
        assert d.lines_total() == LINES * (n + 1)  # read before nabla ended
    assert of_listener(d, "tls_handshakes_total") == 3 and all_refused(d) == 0


def test_the_environment_says_whom_to_believe(secure, pki, send):
    d = secure()
    pair = pki.make("client", use="clientAuth")
    env = {**os.environ, "NABLA_CA_FILE": str(pki.ca), "NABLA_CERT": str(pair.cert), "NABLA_KEY": str(pair.key)}
    assert send("--to", at(d, MUTUAL), env=env).returncode == 0
    assert send("--to", at(d, PLAIN, "tcp"), env=env).returncode == 0  # where it is of no use, it does no harm
    d.wait_lines(2 * LINES)


def test_much_by_tls(secure, pki, nabla, tmp_path):
    d = secure()
    path = tmp_path / "much"
    path.write_text("".join(f"m,i={i % 100} value={i} {i}\n" for i in range(200_000)))
    assert nabla("send", path, "--to", at(d), "--ca-file", pki.ca).returncode == 0
    assert d.lines_total() == 200_000 and d.rejected() == 0


def test_mutual_tls(secure, pki, send, tmp_path):
    d = secure()
    to = ["--to", at(d, MUTUAL), "--ca-file", pki.ca]
    assert send(*to, *shows(pki.make("client", use="clientAuth"))).returncode == 0
    one_file = tmp_path / "both.pem"
    one_file.write_text("".join(p.read_text() for p in pki.pair("client")))
    assert send(*to, "--cert", one_file).returncode == 0
    assert d.lines_total() == 2 * LINES
    wrong = [pki.make("server-like"), pki.make("ended", use="clientAuth", days=-1),
             Pki(tmp_path / "others").make("stranger", use="clientAuth")]
    for n, pair in enumerate([None, *wrong]):
        done = send(*to, *(shows(pair) if pair else []), text=RECORDING * 5000)
        says = "it refuses the certificate that was shown" if pair else "it wants a certificate, and none was shown"
        assert done.returncode == 1 and is_one_error(done.stderr) and says in done.stderr, done.stderr
        done = send(*to, *(shows(pair) if pair else []), text="one value=1\n")  # sent before the refusal comes
        assert done.returncode == 1 and says in done.stderr, done.stderr
        eventually(lambda: refused(d, "client_certificate", MUTUAL) == 2 * (n + 1), "both refusals")
    assert d.lines_total() == 2 * LINES


def test_a_nablad_that_is_not_to_be_believed(secure, pki, send, tmp_path):
    d = secure()
    def said(*args):
        done = send("--to", at(d), *args)
        assert done.returncode == 1 and is_one_error(done.stderr) and "its certificate is refused" in done.stderr
        return done.stderr
    assert "nobody who is believed here signed it" in said()  # the system's authorities do not know it
    assert "nobody who is believed here signed it" in said("--ca-file", Pki(tmp_path / "others").ca)
    assert "it is for another name" in said("--ca-file", pki.ca, "--server-name", "nabla.example")
    wrong = ({"days": -1}, "it has expired"), ({"use": "clientAuth"}, "it is not made for servers")
    for n, (make, says) in enumerate(wrong):
        pki.make("server", **make)
        reload(d, n + 1)
        assert says in said("--ca-file", pki.ca)
    pki.make("server", common="nabla.example")
    reload(d, len(wrong) + 1)
    assert send("--to", at(d), "--ca-file", pki.ca, "--server-name", "nabla.example").returncode == 0
    assert send("--to", at(d).replace("127.0.0.1", "localhost"), "--ca-file", pki.ca).returncode == 1
    assert d.lines_total() == LINES  # nobody else's came so far


def test_those_who_do_not_speak_tls(secure, pki, send):
    d = secure()
    for to in (at(d, PLAIN), "tls://%s:%d" % d.http_address):
        done = send("--to", to, "--ca-file", pki.ca)
        assert done.returncode == 1 and is_one_error(done.stderr), done.stderr
    assert refused(d, "tls", PLAIN) == 1
    done = send("--to", at(d, TLS, "tcp"), text=RECORDING)  # and the other way round
    eventually(lambda: refused(d, "not_tls", TLS) == 1, "the refusal of plain lines")
    assert d.lines_total() == 0


def test_a_server_that_breaks_off(pki, send):
    """After the handshake, without a last word: nobody knows how much it has read."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*pki.make("server"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        def serve():
            with listening.accept()[0] as raw:
                raw.settimeout(DEADLINE_S)
                with tls.wrap_socket(raw, server_side=True) as sock:
                    sock.recv(10)
        thread = threading.Thread(target=serve)
        thread.start()
        done = send("--to", "tls://127.0.0.1:%d" % listening.getsockname()[1], "--ca-file", pki.ca)
        thread.join(DEADLINE_S)
    assert done.returncode == 1 and is_one_error(done.stderr) and "it hung up" in done.stderr


# -- signed datagrams -------------------------------------------------------------------------------


def test_signed_datagrams(sealed, send):
    d = sealed()
    for n, args in enumerate((["--to", at(d, 0, "udp")], ["--to", at(d, 0, "udp")[len("udp://"):], "--udp"])):
        done = send(*args, "--hmac-key-file", d.key_file)
        assert done.returncode == 0, done.stderr
        d.wait_lines(LINES * (n + 1))
    much = "".join(f"m value={i}\n" for i in range(2000))  # many datagrams, each within what a network carries
    assert send("--to", at(d, 0, "udp"), "--hmac-key-file", d.key_file, "--speed", "max", text=much).returncode == 0
    eventually(lambda: d.lines_total() > 2 * LINES, "some of them")
    assert all_refused(d) == 0


def test_another_key_is_refused_by_nablad(sealed, send, tmp_path):
    """A datagram has no answer: the counter and the log tell."""
    d = sealed()
    other = tmp_path / "other"
    other.write_bytes(NEXT)
    assert send("--to", at(d, 0, "udp"), "--hmac-key-file", other).returncode == 0
    assert send("--to", at(d, 0, "udp")).returncode == 0
    eventually(lambda: d.metric("nablad_listener_refused_total", reason="bad_signature") == 1, "the wrong key")
    eventually(lambda: d.metric("nablad_listener_refused_total", reason="unsigned") == 1, "no key")
    assert d.lines_total() == 0
    other.write_bytes(KEY + b"\n" + NEXT)  # the first one signs
    assert send("--to", at(d, 0, "udp"), "--hmac-key-file", other).returncode == 0
    d.wait_lines(LINES)


def test_a_line_that_no_signed_datagram_holds(sealed, send):
    d = sealed()
    line = "a,t=%s value=1\n"
    text = line % ("x" * 1200) + line % ("x" * 1300)
    done = send("--to", at(d, 0, "udp"), "--hmac-key-file", d.key_file, text=text)
    assert done.returncode == 2 and "-:2:" in done.stderr and "does not fit a datagram of 1400 bytes" in done.stderr
    d.wait_lines(1)


# -- what cannot be meant ---------------------------------------------------------------------------


@pytest.mark.parametrize("args, says", [
    (["--tls", "--udp"], "exclude each other"),
    (["--tls", "--to", "udp://127.0.0.1:9"], "--tls and the address"),
    (["--udp", "--to", "tls://127.0.0.1:9"], "--udp and the address"),
    (["--udp", "--to", "tcp://127.0.0.1:9"], "--udp and the address"),
    (["--ca-file", "ca.crt"], "--ca-file needs --tls"),
    (["--cert", "x", "--to", "udp://127.0.0.1:9"], "--cert needs --tls"),
    (["--server-name", "x", "--to", "tcp://127.0.0.1:9"], "--server-name needs --tls"),
    (["--tls", "--key", "x"], "--key needs --cert"),
    (["--hmac-key-file", "key"], "--hmac-key-file needs --udp"),
    (["--hmac-key-file", "key", "--tls"], "--hmac-key-file needs --udp"),
    (["--udp", "--hmac-key-file", "gone"], "gone: No such file or directory"),
    (["--udp", "--hmac-key-file", "short"], "short: a key is shorter than 16 bytes"),
    (["--udp", "--hmac-key-file", "."], ".: Is a directory"),
    (["--tls", "--ca-file", "gone"], "gone: No such file or directory"),
    (["--tls", "--ca-file", "short"], "short: no certificate in PEM form"),
    (["--tls", "--ca-file", "ca.crt", "--cert", "gone"], "gone: No such file or directory"),
    (["--tls", "--ca-file", "ca.crt", "--cert", "ca.crt"], "ca.crt: no private key in PEM form"),
    (["--tls", "--ca-file", "ca.crt", "--cert", "ca.crt", "--key", "other.key"], "other.key: not the key of"),
    (["--to", "ssl://127.0.0.1:9"], "tls://HOST:PORT"),
])
def test_what_cannot_be_meant(send, tmp_path, args, says):
    """Told before anybody is called."""
    Pki(tmp_path)
    Pki(tmp_path, "other")
    (tmp_path / "short").write_text("wonderland\n")
    done = send(*args)
    assert done.returncode == 2 and is_one_error(done.stderr) and says in done.stderr, done.stderr
    assert "wonderland" not in done.stderr
