"""nabla send against a real nablad; a plain socket where the bytes themselves are looked at."""
import contextlib
import re
import select
import socket
import subprocess
import time

import pytest

from cli_words import RECORDING, S, T0, is_one_error
import daemon

# -- send -------------------------------------------------------------------------------------------

def url(scheme, address):
    return "%s://%s:%d" % (scheme, *address)


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "recording"
    path.write_text(RECORDING)
    return path


def test_send_over_tcp(nablad, nabla, recording):
    d = nablad()
    done = nabla("send", recording, "--to", url("tcp", d.tcp))
    assert done.returncode == 0 and done.stdout == ""
    assert re.fullmatch(r"sent 12 lines in [\d.e-]+ s\n", done.stderr)
    d.wait_lines(12)
    assert d.rate("temperature")["edge"]["value"] == 0.625
    assert d.rate('{host="c d"}')["rate"]["value"] == 1
    assert d.rate('{__name__="plant.humidity"}')["rate"]["value"] == -1


def test_send_over_udp_and_from_stdin(nablad, nabla):
    d = nablad()
    done = nabla("send", "-", "--to", url("udp", d.udp), "-q", input=RECORDING)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    d.wait_lines(12)
    assert len(d.rates()) == 3


def test_send_host_and_port_is_tcp(nablad, nabla, recording):
    d = nablad()
    assert nabla("send", recording, "--to", "%s:%d" % d.tcp).returncode == 0
    d.wait_lines(12)


def test_send_bad_lines_are_named_and_left_out(nablad, nabla, tmp_path):
    d = nablad()
    path = tmp_path / "mixed"
    path.write_text("# a comment\n" + RECORDING + "\nt value=x 1\n" + "y" * 70000 + " 1 1\n"
                    + "last value=1\n" + '{"metric":\n')
    done = nabla("send", path, "--to", url("tcp", d.tcp))
    assert done.returncode == 2
    sent, first, second, third, error = done.stderr.splitlines()
    assert sent.startswith("sent 13 lines in ")
    assert re.fullmatch(rf"{path}:15:9: .*", first)
    assert re.fullmatch(rf"{path}:16:\d+: .* longer .*", second)
    assert re.fullmatch(rf"{path}:18:\d+: .*", third)
    assert is_one_error(error + "\n") and "3 lines" in error
    d.wait_lines(13)
    assert d.rejected() == 0
    assert len(d.rates()) == 4


def test_send_names_the_first_ten(nablad, nabla):
    d = nablad()
    done = nabla("send", "-", "--to", url("tcp", d.tcp), input="bad\n" * 12)
    assert done.returncode == 2
    assert done.stderr.count(": ") >= 10 and "... and 2 more" in done.stderr
    assert done.stderr.startswith("sent 0 lines")


def test_send_nothing(nablad, nabla):
    d = nablad()
    done = nabla("send", "-", "--to", url("tcp", d.tcp), input="")
    assert done.returncode == 0 and done.stderr.startswith("sent 0 lines")


@pytest.mark.parametrize("scheme", ["tcp", "udp"])
def test_send_nobody_there(nabla, recording, free_port, scheme):
    done = nabla("send", recording, "--to", f"{scheme}://127.0.0.1:{free_port()}")
    assert done.returncode == 1 and is_one_error(done.stderr)


def test_send_a_folder(nablad, nabla, tmp_path):
    d = nablad()
    done = nabla("send", tmp_path, "-q", "--to", url("tcp", d.tcp))
    assert done.returncode == 2 and is_one_error(done.stderr) and "directory" in done.stderr


def test_send_now_shifts_all_formats_alike(nablad, nabla, recording):
    d = nablad()
    before = time.time_ns()
    assert nabla("send", recording, "--now", "--to", url("tcp", d.tcp)).returncode == 0
    d.wait_lines(12)
    after = time.time_ns()
    times = {name: [round(float(w["time"]) * S) for w in d.rate(selector, time="unix")["window"]]
             for name, selector in [("temperature", "temperature"), ("load", "load"),
                                    ("humidity", '{__name__="plant.humidity"}')]}
    start = times["temperature"][0] - 1 * S  # the window lacks the first of four
    near = 1000  # of a double of seconds, in nanoseconds
    assert before - near <= start <= after + near
    assert abs(times["load"][0] - times["temperature"][0]) <= near
    assert abs(times["humidity"][0] - times["temperature"][0] - S // 2) <= near
    assert d.rate("temperature")["rate"]["value"] == pytest.approx(0.5, rel=1e-9)


def test_send_now_with_speed_divides_times(nablad, nabla, recording):
    d = nablad()
    assert nabla("send", recording, "--now", "--speed", "1000x",
                 "--to", url("tcp", d.tcp)).returncode == 0
    d.wait_lines(12)
    assert d.rate("load")["rate"]["value"] == pytest.approx(1000, rel=1e-9)


def test_send_repeat_goes_on_with_now(nablad, nabla, recording):
    d = nablad()
    assert nabla("send", recording, "--now", "--repeat", "5",
                 "--to", url("tcp", d.tcp)).returncode == 0
    d.wait_lines(60)
    for event in ("duplicate", "replaced", "late_inserted", "gap_restart"):
        assert d.happened(event) == 0, event
    assert d.rejected() == 0


def test_send_repeat_sends_the_same_without_now(nablad, nabla, recording):
    d = nablad()
    done = nabla("send", recording, "--repeat", "3", "--to", url("tcp", d.tcp))
    assert done.returncode == 0 and "sent 36 lines" in done.stderr
    d.wait_lines(36)
    assert d.happened("duplicate") + d.rejected("late_dropped") == 24


def test_send_precision(nablad, nabla):
    d = nablad()
    done = nabla("send", "-", "--now", "--precision", "s", "--to", url("tcp", d.tcp), "-q",
                 input=f"t value=1 {T0}\nt value=2 {T0 + 1}\n")
    assert done.returncode == 0
    d.wait_lines(2)  # seconds to this nablad's nanoseconds: what is sent keeps the file's unit
    times = [round(float(w["time"]) * S) for w in d.rate("t", time="unix")["window"]]
    assert times[1] - times[0] == 1 and abs(times[0] - time.time()) < 3600


@contextlib.contextmanager
def sink(kind=socket.SOCK_STREAM):
    with socket.socket(type=kind) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(daemon.DEADLINE_S)
        if kind == socket.SOCK_STREAM:
            server.listen()
        yield server


def start_send(server, *args, **more):
    return subprocess.Popen([daemon.NABLA, "send", *map(str, args), "--to",
                             "%s:%d" % server.getsockname()], stderr=subprocess.PIPE, text=True,
                            **more)


def receive(conn, text):
    """Reads until so much has come; returns it."""
    got = b""
    while len(got) < len(text):
        data = conn.recv(65536)
        assert data, got
        got += data
    return got


def test_send_is_paced(tmp_path):
    path = tmp_path / "slow"
    now, later = f"t value=1 {T0 * S}\nu value=1\n", f"t value=2 {(T0 + 10**6) * S}\n"
    path.write_text(now + later)
    with sink() as server:
        proc = start_send(server, path, "--speed", "2x")
        conn, _ = server.accept()
        with conn:
            assert receive(conn, now) == now.encode()
            assert proc.poll() is None  # it waits: the next line is days away
            assert not select.select([conn], [], [], 0.2)[0]
            proc.terminate()
            proc.communicate()


def test_send_passes_on_what_a_pipe_brings():
    with sink() as server:
        proc = start_send(server, "-", stdin=subprocess.PIPE)
        conn, _ = server.accept()
        with conn:
            for line in ("t value=1\n", "t value=2\n"):
                proc.stdin.write(line)
                proc.stdin.flush()
                assert receive(conn, line) == line.encode()
            proc.stdin.write("t value=3")  # no line feed: one is added
            proc.stdin.close()
            assert receive(conn, "t value=3\n") == b"t value=3\n"
            conn.shutdown(socket.SHUT_WR)
            assert proc.wait(daemon.DEADLINE_S) == 0
            proc.stderr.close()


def test_send_without_now_keeps_every_byte(recording):
    odd = "t,b=\\ x  value=1,s=\"# \"  17  \r\n"
    recording.write_text(odd)
    with sink() as server:
        proc = start_send(server, recording, "-q")
        conn, _ = server.accept()
        with conn:
            assert receive(conn, odd) == odd.encode()
        assert proc.wait(daemon.DEADLINE_S) == 0
        proc.stderr.close()


def test_send_peer_hangs_up(tmp_path):
    path = tmp_path / "much"
    path.write_text("t value=1\n" * 2_000_000)
    with sink() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        proc = start_send(server, path)
        conn, _ = server.accept()
        conn.recv(100)
        conn.close()
        _, error = proc.communicate(timeout=daemon.DEADLINE_S)
    assert proc.returncode == 1 and is_one_error(error)


def test_send_datagrams_are_whole_lines(nabla, tmp_path):
    path = tmp_path / "many"
    lines = [f"t,n={'x' * (i * 37 % 500)} value={i}\n" for i in range(100)]
    path.write_text("".join(lines) + f"t,n={'y' * 1400} value=1\n")
    with sink(socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        done = nabla("send", path, "--to", url("udp", server.getsockname()))
        got = []
        while select.select([server], [], [], 0)[0]:
            got.append(server.recv(65536))
    assert b"".join(got).decode() == "".join(lines)
    assert all(len(data) <= 1400 and data.endswith(b"\n") for data in got)
    assert all(len(a) + b.index(b"\n") + 1 > 1400 for a, b in zip(got, got[1:]))  # and full
    assert done.returncode == 2 and ":101:" in done.stderr and "datagram" in done.stderr
