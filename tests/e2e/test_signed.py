"""Signed datagrams: who has the key is read, once; nobody else is, and nothing twice."""
import hashlib
import hmac
import signal
import socket
import subprocess
import time

import pytest

from daemon import ROOT, eventually

KEY, NEXT = b"a key that is long enough", b"another key that is long enough"
HEAD = 13 + 64 + 1  # bytes before the time
S = 1_000_000_000


def sign(lines, key=KEY, t_ns=None):
    body = b"%d\n%s" % (time.time_ns() if t_ns is None else t_ns, lines)
    return b"#hmac-sha256 %s %s" % (hmac.new(key, body, hashlib.sha256).hexdigest().encode(), body)


@pytest.fixture
def sealed(nablad, tmp_path):
    """sealed(): a daemon with a listener for signed datagrams, the key's file in its .key_file."""
    def start(threads=1, **more):
        path = tmp_path / "key"
        path.write_bytes(KEY + b"\n")
        d = nablad(f"ingest: {{threads: {threads}, listeners: [{{address: '127.0.0.1:0', protocol: udp, "
                   f"hmac_key_file: '{path}'}}, {{address: '127.0.0.1:0', protocol: udp}}]}}", **more)
        d.key_file = path
        return d
    return start


def send(d, *datagrams, nth=0):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for datagram in datagrams:
            sock.sendto(datagram, d.address("udp", nth))


def refused(d, reason=None):
    labels = {"reason": reason} if reason else {}
    return d.metric("nablad_listener_refused_total", **labels)


def test_lines_of_who_has_the_key(sealed):
    d = sealed()
    assert int(open(f"/proc/{d.proc.pid}/coredump_filter").read(), 16) == 0  # the key is in no core dump
    send(d, sign(b"a value=1\nb value=2\n"), sign(b"c value=3"), sign(b""))
    d.wait_lines(3)
    assert {s["metric"]["__name__"] for s in d.rates()} == {"a", "b", "c"}
    assert d.rejected() == 0 and refused(d) == 0


def test_what_is_not_signed_is_refused(sealed):
    d = sealed()
    good = sign(b"a value=1\n")
    send(d, b"a value=1\n", b"", good[:HEAD], good[1:], good.replace(b" ", b"  ", 1), b"\x00" * 1000)
    eventually(lambda: refused(d, "unsigned") == 6, "six that are not signed")
    send(d, good)
    d.wait_lines(1)
    assert refused(d) == 6 and d.rejected() == 0
    said = d.events("sender_refused")[0]
    assert said["reason"] == "unsigned" and said["from"] == "127.0.0.1" and said["detail"].startswith("a value=1")


def test_every_byte_that_is_changed(sealed):
    d = sealed()
    good = sign(b"temperature,site=a value=1\n")
    changed = [good[:n] + bytes([good[n] ^ 1]) + good[n + 1:] for n in range(len(good))]
    for datagram in changed:
        send(d, datagram)
    eventually(lambda: refused(d) == len(good), "all of them")
    assert refused(d, "bad_signature") + refused(d, "unsigned") == len(good)
    assert refused(d, "bad_signature") >= len(good) - HEAD and d.lines_total() == 0
    send(d, sign(b"a value=1\n", key=NEXT))
    eventually(lambda: refused(d) == len(good) + 1, "the wrong key")


@pytest.mark.parametrize("threads", [1, 3])
def test_nothing_is_taken_twice(sealed, threads):
    """From whatever port it comes again, so on whatever thread."""
    d = sealed(threads)
    good = sign(b"a value=1\n")
    for _ in range(20):
        send(d, good)
    eventually(lambda: refused(d, "replayed") == 19, "nineteen replays")
    assert d.lines_total() == 1
    send(d, sign(b"a value=1\n"))  # the same lines, signed anew
    d.wait_lines(2)


def test_old_and_future_ones(sealed):
    d = sealed()
    now = time.time_ns()
    send(d, sign(b"a 1\n", t_ns=now - 3600 * S), sign(b"a 1\n", t_ns=0))
    eventually(lambda: refused(d, "signature_old") == 2, "two old ones")
    send(d, sign(b"a 1\n", t_ns=now + 3600 * S), sign(b"a 1\n", t_ns=2**63 - 1))
    eventually(lambda: refused(d, "signature_future") == 2, "two of the future")
    assert d.lines_total() == 0


def test_what_came_before_a_restart_is_not_taken_after_it(sealed, nablad):
    before = sign(b"a value=1\n")
    d = sealed()
    send(d, before)
    eventually(lambda: refused(d, "signature_old") == 1, "the refusal")


def test_keys_change_without_a_gap(sealed):
    d = sealed()
    for n, (keys, good, bad) in enumerate((((NEXT, KEY), (KEY, NEXT), ()), ((NEXT,), (NEXT,), (KEY,)))):
        d.key_file.write_bytes(b"\n".join(keys))
        d.proc.send_signal(signal.SIGHUP)
        d.wait_event("reloaded", n + 1)
        lines, refusals = d.lines_total(), refused(d)
        send(d, *(sign(b"a value=1\n", key=key) for key in good))
        d.wait_lines(len(good), lines)
        send(d, *(sign(b"a value=1\n", key=key) for key in bad))
        eventually(lambda: refused(d, "bad_signature") == refusals + len(bad), "the other key's refusal")
    d.key_file.write_bytes(b"short\n")
    d.proc.send_signal(signal.SIGHUP)
    d.wait_event("reload_failed")
    assert "shorter than 16 bytes" in d.events("config_error")[0]["why"]
    assert b"short\n" not in d.log_path.read_bytes().replace(b"shorter", b"")
    send(d, sign(b"a value=1\n", key=NEXT))
    d.wait_lines(4)


def test_the_head_is_a_comment_to_others(sealed):
    d = sealed()
    send(d, sign(b"a value=1\n"), nth=1)
    d.wait_lines(1)
    assert d.rejected() == 0 and refused(d) == 0


def test_a_listener_without_its_key_does_not_start(run_nablad, tmp_path):
    path = tmp_path / "nablad.yaml"
    path.write_text("ingest: {listeners: [{address: '127.0.0.1:0', protocol: udp, "
                    f"hmac_key_file: '{tmp_path}/none'}}]}}\nhttp: {{listen: '127.0.0.1:0'}}\n")
    done = run_nablad("--config", path)
    assert done.returncode != 0
    assert "event=listen_refused" in done.stderr and f"{tmp_path}/none: No such file" in done.stderr


def test_the_example_of_the_page(sealed, tmp_path):
    page = (ROOT / "docs" / "security.md").read_text()
    code = page.split("```python send_signed.py\n")[1].split("```")[0]
    assert "2217" in code and code.count("\n") == 5
    d = sealed()
    (tmp_path / "nabla.key").write_bytes(KEY + b"\n")
    subprocess.run(["/usr/bin/python3", "-c", code.replace("2217", str(d.address("udp")[1]))], cwd=tmp_path,
                   check=True)
    d.wait_lines(1)
    assert d.rates()[0]["metric"]["__name__"] == "temperature"
