"""nabla rates, once and as a live table, against a real nablad; mocks only for what a real one does not do."""
import codecs
import contextlib
import fcntl
import http.server
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import threading

import pytest

from cli_words import RECORDING, S, T0, harmless, is_one_error
import daemon
from daemon import eventually

# -- rates ------------------------------------------------------------------------------------------

def test_rates_table(nablad, nabla):
    d = nablad()
    d.send(RECORDING)
    done = nabla("rates", "--url", d.http, "--sort", "name")
    assert (done.returncode, done.stderr) == (0, "")
    assert harmless(done.stdout)
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["SERIES", "VALUE", "RATE", "UNIT", "EDGE", "ACCEL", "STATE", "AGE"]
    cells = [re.split(r"  +", row) for row in rows]
    assert [c[:7] for c in cells] == [
        ['load{host="c d"}', "3", "1", "1/s", "1", "0", "ok"],
        ['{__name__="plant.humidity",site="b"}', "47", "-1", "1/s", "-1", "0", "ok"],
        ['temperature{site="a"}', "21.125", "0.5", "1/s", "0.625", "0.25", "ok"]]
    for point in ("21.125", "0.625", "0.25"):  # numbers stand point under point
        at = rows[2].index(point) + point.index(".")
        assert rows[0][at] == " " and rows[0][at - 1].isdigit()


def test_rates_table_is_whole_without_a_terminal(nablad, nabla):
    d = nablad()
    long = "x" * 300
    d.send(f"t,label={long} value=1\n")
    done = nabla("rates", "--url", d.http)
    assert f't{{label="{long}"}}' in done.stdout


def test_rates_selectors_and_options(nablad, nabla):
    d = nablad()
    d.send(RECORDING + "fresh value=1\n")

    def names(*args):
        done = nabla("rates", "--url", d.http + "/", "--json", *args)
        assert (done.returncode, done.stderr) == (0, "")
        return [s["metric"]["__name__"] for s in json.loads(done.stdout)]

    assert names('{host="c d"}') == ["load"]
    assert sorted(names("load", '{site=~"a|x&y=z#"}')) == ["load", "temperature"]
    assert names("--sort", "-rate", "--state", "ok") == ["load", "temperature", "plant.humidity"]
    assert names("--sort=name", "--limit=2") == ["fresh", "load"]
    assert names("--state", "warming") == ["fresh"]
    assert names("nothing") == []


def test_rates_json_is_the_api_in_full(nablad, nabla):
    d = nablad()
    d.send(RECORDING + f"third value=0.1 {T0}000000000\nthird value=0.30000000000000004\n")
    done = nabla("rates", "--url", d.http, "--json", "--sort", "name")
    shown, said = json.loads(done.stdout), d.rates(sort="name")
    for series in shown + said:
        assert series.pop("age") >= 0  # the one thing that changes by itself
    assert shown == said
    assert len(done.stdout.splitlines()) == len(said) + 2  # one series a line


def test_rates_nothing_there(nablad, nabla):
    d = nablad()
    assert nabla("rates", "--url", d.http).stdout.split()[0] == "SERIES"
    assert json.loads(nabla("rates", "--url", d.http, "--json").stdout) == []


def test_rates_bad_selector(nablad, nabla):
    d = nablad()
    done = nabla("rates", "--url", d.http, 'temperature{site=')
    assert done.returncode == 2 and done.stdout == "" and is_one_error(done.stderr)
    status, _, body = d.get("/api/v1/rates", {"match[]": "temperature{site="})
    assert status == 400 and body["error"] in done.stderr


def test_rates_nobody_there(nabla, free_port):
    done = nabla("rates", "--url", f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 1 and is_one_error(done.stderr)


HOSTILE = "\x1b[2J\x1b]0;owned\x07\r\n\u009b1A\u202eabc\u2066\U000e0041\"\\\t\0e\u0301\u6e29"


class Mock(http.server.BaseHTTPRequestHandler):
    """Answers as the server's `status` and `body` say; body may be a function of this handler."""
    protocol_version = "HTTP/1.0"

    def do_GET(self):
        self.send_response(self.server.status)
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            if callable(self.server.body):
                self.server.body(self.wfile)
            else:
                self.wfile.write(self.server.body)

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def mock(body, status=200):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mock) as server:
        server.body = body if callable(body) or isinstance(body, bytes) else json.dumps(body).encode()
        server.status = status
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield "http://127.0.0.1:%d" % server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def success(*series):
    return {"status": "success", "data": list(series)}


def test_rates_hostile_answer(nabla):
    series = {"metric": {"__name__": HOSTILE, HOSTILE.replace("\0", ""): HOSTILE},
              "state": HOSTILE, "unit": HOSTILE, "rate": {"value": "1"}, "edge": 7, "accel": [],
              "window": {"value": 1}, "age": HOSTILE}
    with mock(success(series, 1, None, [], {"metric": 3})) as url:
        done = nabla("rates", "--url", url)
    assert done.returncode == 0 and harmless(done.stdout)
    assert not set("\u202e\u2066\U000e0041") & set(done.stdout)
    assert "\\x1b[2J" in done.stdout and "\u6e29" in done.stdout
    assert len(done.stdout.splitlines()) == 6


@pytest.mark.parametrize("status, body, returncode, says", [
    (400, {"status": "error", "error": f"bad{HOSTILE}"}, 2, "bad\\x1b[2J"),
    (503, {"status": "error", "error": "busy"}, 1, "busy"),
    (500, b"<html>", 1, "500"),
    (404, b"", 1, "404"),
    (302, b"", 1, "302"),
    (200, b"", 1, "no answer as nablad gives it"),
    (200, b'{"status":"success","data":[{"metric"', 1, "no answer as nablad gives it"),
    (200, b"[" * 100000, 1, "no answer as nablad gives it"),
    (200, b'{"status":"success"}', 1, "no answer as nablad gives it"),
])
def test_rates_bad_answer(nabla, status, body, returncode, says):
    with mock(body, status) as url:
        done = nabla("rates", "--url", url)
    assert done.returncode == returncode and done.stdout == ""
    assert is_one_error(done.stderr) and says in done.stderr and harmless(done.stderr)


def test_rates_endless_answer(nabla):
    def endless(out):
        while True:
            out.write(b" " * 2**20)

    with mock(endless) as url:
        done = nabla("rates", "--url", url, timeout=120)
    assert done.returncode == 1 and "longer than 256 MiB" in done.stderr


def test_rates_cut_answer(nabla):
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve():
            conn, _ = server.accept()
            conn.recv(4096)
            conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
            conn.close()

        thread = threading.Thread(target=serve)
        thread.start()
        done = nabla("rates", "--url", "127.0.0.1:%d" % server.getsockname()[1])
        thread.join()
    assert done.returncode == 1 and is_one_error(done.stderr)


# -- rates --watch ----------------------------------------------------------------------------------

class Screen:
    """A terminal of the few sequences that nabla may use. Any other fails the test, and so does
    text past an edge."""

    def __init__(self, columns, rows):
        self.alternate, self.cursor, self.wraps = False, True, True
        self.decode = codecs.getincrementaldecoder("utf-8")().decode
        self.rest = ""  # the beginning of a sequence
        self.resize(columns, rows)

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines = [""] * rows
        self.x = self.y = 0
        self.frames = 0  # begun since; one of the old size may still be on its way
        self.faults = []

    def feed(self, data):
        text = self.rest + self.decode(data)
        self.rest = re.search(r"(\x1b(\[\??[0-9;]*)?|\r+)?$", text)[0]
        text = text[:len(text) - len(self.rest)]
        for part in re.findall(r"\x1b\[\??[0-9;]*[A-Za-z]|\r+\n|[^\x1b\r\n]+|[\s\S]", text):
            self.take(part)

    def take(self, part):
        modes = {"\x1b[?1049": "alternate", "\x1b[?25": "cursor", "\x1b[?7": "wraps"}
        if part[:-1] in modes and part[-1] in "hl":
            setattr(self, modes[part[:-1]], part[-1] == "h")
        elif part == "\x1b[H":
            assert self.frames < 2 or not self.faults, self.faults
            self.x = self.y = 0
            self.frames += 1
            self.faults = []
        elif part == "\x1b[2J":
            self.lines = [""] * self.rows
        elif part == "\x1b[K":
            self.lines[self.y] = self.lines[self.y][:self.x]
        elif part == "\x1b[J":
            self.lines[self.y + 1:] = [""] * (self.rows - self.y - 1)
        elif part.endswith("\r\n"):  # the terminal's driver makes two returns of one
            self.x, self.y = 0, self.y + 1
            if self.y >= self.rows:
                self.faults.append("scrolled")
                self.y -= 1
        elif part == "\r":  # a write that the terminal took in two pieces
            self.x = 0
        elif not re.fullmatch(r"\x1b\[\d*m", part):
            assert part.isprintable(), repr(part)
            self.lines[self.y] = self.lines[self.y][:self.x] + part
            self.x += len(part)
            if self.x > self.columns:
                self.faults.append(part)


class Watch:
    """nabla rates --watch on a terminal."""

    def __init__(self, *args, columns=80, rows=24):
        self.master, slave = pty.openpty()
        self.screen = Screen(columns, rows)
        self.set_size(columns, rows)
        self.before = termios.tcgetattr(slave)
        self.proc = subprocess.Popen(
            [daemon.NABLA, "rates", "--watch=0.1", *args], stdin=slave, stdout=slave,
            stderr=subprocess.PIPE, text=True, env={**os.environ, "TERM": "xterm"},
            preexec_fn=self.take_terminal)
        self.slave = slave

    @staticmethod
    def take_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def set_size(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        self.pump()
        self.screen.resize(columns, rows)
        self.set_size(columns, rows)
        eventually(lambda: self.pump() or self.screen.frames > 2, "frames of the new size")

    def pump(self):
        while select.select([self.master], [], [], 0)[0]:
            data = os.read(self.master, 65536)
            self.screen.feed(data)
            if not data:
                break

    def wait(self, pattern):
        """Until the screen shows it; returns the screen's lines."""
        def probe():
            self.pump()
            assert self.proc.poll() is None, self.proc.stderr.read()
            return re.search(pattern, "\n".join(self.screen.lines))
        eventually(probe, f"{pattern} on the screen")
        return list(self.screen.lines)

    def end(self, returncode=0):
        def probe():
            self.pump()
            return self.proc.poll() is not None
        eventually(probe, "the end of nabla")
        self.pump()
        assert self.proc.returncode == returncode
        assert not self.screen.alternate and self.screen.cursor and self.screen.wraps
        after = termios.tcgetattr(self.slave)
        assert after == self.before
        return self.proc.stderr.read()

    def press(self, keys):
        os.write(self.master, keys)

    def close(self):
        if self.proc.poll() is None:
            self.proc.kill()
            self.proc.wait()
        self.proc.stderr.close()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def watch():
    running = []

    def start(*args, **more):
        running.append(Watch(*args, **more))
        return running[-1]

    yield start
    for w in running:
        w.close()


def test_watch_sorts_by_speed_and_lives(nablad, watch):
    d = nablad()
    d.send(RECORDING)
    w = watch("--url", d.http)
    lines = w.wait(r"temperature")
    assert w.screen.alternate and not w.screen.cursor
    assert re.match(rf"nabla rates  {re.escape(d.http)}  3 series  \d\d:\d\d:\d\d$", lines[0])
    assert lines[2].split()[:3] == ["SERIES", "VALUE", "RATE"]
    speeds = [abs(float(re.split("  +", line)[2])) for line in lines[3:6]]
    assert speeds == sorted(speeds, reverse=True) and set(lines[6:]) == {""}
    d.send("".join(f"sprinter value={i * 1000} {(T0 + i) * S}\n" for i in range(3)))
    assert w.wait("sprinter")[3].startswith("sprinter")
    w.press(b"q")
    assert w.end() == ""


def test_watch_fits_the_terminal(nablad, watch):
    d = nablad()
    d.send("".join(f"temperature,site=plant-{n:02},sensor=s17 value={i * n} {(T0 + i) * S}\n"
                   for n in range(50) for i in range(3)))
    w = watch("--url", d.http, columns=100, rows=20)
    lines = w.wait("50 series")
    assert len(re.findall("temperature", "\n".join(lines))) == 17
    assert "plant-49" in lines[3]
    for columns, rows in [(40, 10), (200, 60), (30, 3), (12, 2), (8, 1), (120, 30)]:
        w.resize(columns, rows)
        w.wait("^nabla ra")  # drawn anew; Screen sees to it that all fits
    lines = w.wait("AGE")
    assert "\n".join(lines).count("temperature{") == 27
    w.press(b"\x03")
    assert w.end() == ""


def test_watch_with_sort_lets_nablad_choose(nablad, watch):
    d = nablad()
    d.send("".join(f"t{n:03} value={i * n} {(T0 + i) * S}\n" for n in range(100) for i in range(3)))
    w = watch("--url", d.http, "--sort", "rate", rows=10)
    lines = w.wait("first 10 series")
    assert [line.split()[0] for line in lines[3:]] == [f"t{n:03}" for n in range(7)]
    w.press(b"q")
    w.end()


def test_watch_daemon_goes_and_comes(nablad, watch, free_port):
    config = f"http: {{listen: '127.0.0.1:{free_port()}'}}"
    d = nablad(config)
    d.send(RECORDING)
    w = watch("--url", d.http)
    w.wait("temperature")
    d.stop()
    lines = w.wait(r"no answer since \d\d:\d\d:\d\d: ")
    assert "temperature" in "\n".join(lines)  # what was seen last stays
    d = nablad(config)
    d.send("newcomer value=1\n")
    lines = w.wait("newcomer")
    assert "no answer" not in "\n".join(lines) and lines[1] == ""
    w.proc.send_signal(signal.SIGTERM)
    assert w.end() == ""


def test_watch_starts_before_the_daemon(nablad, watch, free_port):
    port = free_port()
    w = watch("--url", f"http://127.0.0.1:{port}")
    w.wait("connect")
    d = nablad(f"http: {{listen: '127.0.0.1:{port}'}}")
    d.send("newcomer value=1\n")
    w.wait("newcomer")
    w.press(b"q")
    w.end()


def test_watch_bad_selector_ends_it(nablad, watch):
    d = nablad()
    w = watch("--url", d.http, "temperature{")
    error = w.end(2)
    assert is_one_error(error) and "match[]" in error


def test_watch_is_suspended_and_goes_on(nablad, watch):
    d = nablad()
    d.send(RECORDING)
    w = watch("--url", d.http)
    w.wait("temperature")
    w.proc.send_signal(signal.SIGTSTP)
    eventually(lambda: w.pump() or not w.screen.alternate, "the terminal given back")
    eventually(lambda: open(f"/proc/{w.proc.pid}/stat").read().rsplit(")")[-1].split()[0] == "T",
               "the stop")
    w.proc.send_signal(signal.SIGCONT)
    eventually(lambda: w.pump() or w.screen.alternate, "the terminal taken again")
    w.wait("temperature")
    w.press(b"q")
    w.end()


def test_watch_hostile_labels(watch):
    series = {"metric": {"__name__": "t", "s": HOSTILE}, "state": HOSTILE, "rate": {"value": 1}}
    with mock(success(series)) as url:
        w = watch("--url", url, columns=200)
        lines = w.wait("1 series")
        w.press(b"q")
        w.end()
    assert lines[3].startswith('t{s="\\x1b[2J')
