"""nabla, the command: rates, send and check against a real nablad; mocks only for what a real one
does not do."""
import codecs
import contextlib
import fcntl
import http.server
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

import pytest

import daemon
from daemon import eventually

S = 10**9
T0 = 1700000000
RECORDING = "".join(
    f"temperature,site=a value={20 + i * i / 8} {(T0 + i) * S}\n"
    f"plant.humidity;site=b {50 - i} {T0 + i}.5\n"
    f'{{"metric":"load","labels":{{"host":"c d"}},"value":{i},"time":{T0 + i}}}\n'
    for i in range(4))


def is_one_error(text):
    return re.fullmatch(r"nabla: error: [^\n]+\n", text) is not None


def harmless(text):
    """Line feeds are the only control characters."""
    return not [c for c in text if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160]


# -- the command itself -----------------------------------------------------------------------------

@pytest.mark.parametrize("args", [["--help"], ["rates", "--help"], ["send", "-h"],
                                  ["check", "--help"]])
def test_help(nabla, args):
    done = nabla(*args)
    assert done.returncode == 0 and done.stderr == ""
    assert "Usage: nabla" in done.stdout and "gradient" not in done.stdout
    assert all(len(line) <= 100 for line in done.stdout.splitlines())


def test_version(nabla):
    done = nabla("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"nabla \d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.parametrize("args, says", [
    ([], "nabla --help"),
    (["raets"], "did you mean rates?"),
    (["chek"], "did you mean check?"),
    (["gradients-of-all"], "nabla --help"),
    (["\x1b[2J"], "unknown command \\x1b[2J"),
    (["-x"], "unknown option -x"),
    (["--verison"], "did you mean --version?"),
    (["rates", "--wacth"], "did you mean --watch?"),
    (["rates", "--url"], "--url needs a value"),
    (["rates", "--json=3"], "takes no value"),
    (["rates", "--limit", "0"], "--limit 0"),
    (["rates", "--limit", "many"], "--limit many"),
    (["rates", "--watch=0"], "--watch=0"),
    (["rates", "--watch"], "needs a terminal"),
    (["rates", "--watch", "--json"], "exclude"),
    (["rates", "--url", "ftp://127.0.0.1/"], "ftp"),
    (["send"], "one FILE"),
    (["send", "a", "b"], "one FILE"),
    (["send", "no-such-file"], "No such file"),
    (["send", "-", "--repeat", "2"], "standard input"),
    (["send", "-", "--repeat", "0"], "--repeat 0"),
    (["send", "-", "--speed", "fast"], "--speed fast"),
    (["send", "-", "--to", "http://x"], "--to http://x"),
    (["send", "-", "--precision", "h"], "--precision h"),
    (["check"], "check config"),
    (["check", "rules"], "check config"),
    (["check", "config"], "needs a FILE"),
])
def test_bad_usage(nabla, args, says):
    done = nabla(*args)
    assert done.returncode == 2 and done.stdout == ""
    assert is_one_error(done.stderr) and says in done.stderr


def test_full_disk(nablad, nabla):
    d = nablad()
    d.send(RECORDING)
    with open("/dev/full", "w") as full:
        done = subprocess.run([daemon.NABLA, "rates", "--url", d.http], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 1 and is_one_error(done.stderr), done


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


# -- check ------------------------------------------------------------------------------------------

def test_check_config(nabla, run_nablad, tmp_path):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("limits: {max_series: 10}\n")
    bad.write_text("limits:\n  max_seris: 10\nhttp:\n  listen: nowhere\n")
    done = nabla("check", "config", good)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{good}: ok\n", "")
    done = nabla("check", "config", good, bad)
    assert done.returncode == 2 and done.stdout == f"{good}: ok\n"
    *faults, error = done.stderr.splitlines()
    assert [f.split(" ")[0] for f in faults] == [f"{bad}:2:3:", f"{bad}:4:11:"]
    assert "did you mean" in faults[0] and is_one_error(error + "\n")
    checked = run_nablad("--config", bad, "--check")
    assert checked.returncode != 0
    assert all(fault in checked.stderr for fault in faults)


def test_check_config_shipped(nabla):
    path = daemon.ROOT / "config" / "nablad.yaml"
    assert nabla("check", "config", path).stdout == f"{path}: ok\n"


def test_check_config_missing(nabla):
    done = nabla("check", "config", "no-such-file")
    assert done.returncode == 2 and "no-such-file" in done.stderr


# -- the manual pages -------------------------------------------------------------------------------

MAN = daemon.ROOT / "docs" / "man"


def page_text(name):
    """A page's source with its macros' blanks taken out: Fl - watch is --watch in it."""
    return re.sub(r"(?m)^\.It Fl (\w) , -", r"-\1, --", (MAN / name).read_text()).replace("Fl -", "--")


@pytest.mark.parametrize("command, page", [
    ([daemon.NABLA], "nabla.1"), ([daemon.NABLA, "rates"], "nabla-rates.1"),
    ([daemon.NABLA, "send"], "nabla-send.1"), ([daemon.NABLA, "check"], "nabla-check.1"),
    ([daemon.NABLAD], "nablad.8")])
def test_pages_have_the_options_that_help_has(command, page):
    text = subprocess.run([*command, "--help"], capture_output=True, text=True).stdout
    of_help = set(re.findall(r"(?m)^ +(?:-\w, )?(--[a-z]+)", text))
    of_page = set(re.findall(r"--[a-z]+", page_text(page)))
    assert of_help and of_help == of_page


def test_page_has_the_keys_of_the_configuration():
    """Each key, and the default that the shipped file has for it."""
    import yaml
    page = (MAN / "nablad.yaml.5").read_text()
    defaults = dict(re.findall(r"(?m)^\.It Cm (\w+)(?: Pq (\S+))?$", page))
    conf = yaml.safe_load((daemon.ROOT / "config" / "nablad.yaml").read_text())
    for section, keys in conf.items():
        assert f".Ss {section}\n" in page
        for key, value in keys.items() if isinstance(keys, dict) else ():
            assert key in defaults, f"{section}.{key}"
    assert conf["ingest"]["listeners"][0].keys() <= defaults.keys()
    flat = {**conf["http"], **conf["limits"], **conf["log"], **conf["defaults"],
            "shutdown_timeout": conf["shutdown_timeout"]}
    flat.pop("max_connections")  # of ingest and of http
    for key, value in flat.items():
        assert re.search(rf"(?m)^\.It Cm {key} Pq {re.escape(str(value))}$", page), key
    for section in ("ingest", "http"):
        assert f".It Cm max_connections Pq {conf[section]['max_connections']}\n" in page


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")
def test_pages_are_clean():
    pages = sorted(page.name for page in MAN.iterdir())
    assert len(pages) == 6
    done = subprocess.run(["mandoc", "-T", "lint", *pages], cwd=MAN, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")
