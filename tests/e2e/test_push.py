"""Points pushed to others: what arrives is what was derived, over restarts of either side."""
import contextlib
import http.server
import signal
import socket

import numpy
import pytest
import yaml

from daemon import DEADLINE_S, eventually
from peers import serving
from push_peers import Influx, Sink, VictoriaMetrics

T0 = 1700000000
NS = 10**9


def samples(series, first, last, step_s=10):
    """Lines of some series for the times first..last-1, in seconds over T0 by step_s."""
    return "".join(f"temperature,sensor=s{s} value={value(s, i)} {(T0 + i * step_s) * NS}\n"
                   for i in range(first, last) for s in range(series))


def value(s, i):
    return float(numpy.sin(i / 7 + s) * 10 + 20)


def rates(series, last, step_s=10):
    """{sensor: {seconds: rate}} of all final points of these samples: all but the newest."""
    out = {}
    for s in range(series):
        v = numpy.array([value(s, i) for i in range(last)])
        r = numpy.gradient(v, step_s)[:-1]
        out[f"s{s}"] = {T0 + i * step_s: r[i] for i in range(last - 1)}
    return out


def same_rates(got, want):
    """True once all are there; fails at once for a wrong one."""
    for sensor, points in got.items():
        for t, rate in points.items():
            assert t in want[sensor], f"{sensor} {t}"
            assert rate == pytest.approx(want[sensor][t], rel=1e-9, abs=1e-12), f"{sensor} {t}"
    return {s: len(p) for s, p in got.items()} == {s: len(p) for s, p in want.items()}


def config(*targets, directory=None, **more):
    """Targets have a minute for an answer, so that a slow machine makes no retry."""
    conf = {"push": [{"flush": "50ms", "timeout": "1m", **t} for t in targets], **more}
    if directory:
        conf["state"] = {"directory": str(directory)}
    return yaml.safe_dump(conf)


def pushed(d, what, target):
    return d.metric(f"nablad_push_{what}", target=target)


def wait_pushed(d, what, n, target):
    eventually(lambda: pushed(d, what, target) >= n, f"{n} {what} of {target}")


def graphite_points(lines):
    """{sensor: {seconds: rate}}; the same point twice is one."""
    out = {}
    for line in lines:
        key, rate, t = line.split()
        name, _, tag = key.partition(";")
        assert name == "temperature_per_second" and tag.startswith("sensor="), line
        out.setdefault(tag[7:], {})[float(t)] = float(rate)
    return out


@pytest.fixture
def sink(free_port):
    made = []

    def make(**more):
        made.append(Sink(free_port(), **more))
        return made[-1]
    yield make
    for s in made:
        s.close()


@pytest.fixture
def database(tmp_path, free_port):
    made = []

    def make(kind):
        made.append(kind(tmp_path, free_port))
        made[-1].start()
        return made[-1]
    yield make
    for d in made:
        d.end()


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers each POST with the next of server.answers, (status, headers), the last one for ever."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answers = self.server.answers
        status, headers = answers.pop(0) if len(answers) > 1 else answers[0]
        self.server.bodies.append((status, self.path, dict(self.headers), body))
        self.send_response(status)
        for pair in headers.items():
            self.send_header(*pair)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"said\n")

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def answering(*answers):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.answers, server.bodies = list(answers), []
    with serving(server):
        yield server


# -- lines by TCP and UDP ---------------------------------------------------------------------------


@pytest.mark.parametrize("durable", [False, True], ids=["memory", "disk"])
def test_graphite_by_tcp(nablad, sink, tmp_path, durable):
    s = sink()
    d = nablad(config({"url": f"tcp://127.0.0.1:{s.port}", "format": "graphite", "batch": 100},
                      directory=tmp_path / "state" if durable else None))
    d.send(samples(5, 0, 100))
    want = rates(5, 100)
    eventually(lambda: same_rates(graphite_points(s.lines), want), "all points")
    target = f"tcp://127.0.0.1:{s.port}"
    wait_pushed(d, "sent_points_total", 495, target)
    for what, n in (("queued", 495), ("sent", 495), ("retried", 0), ("dropped", 0), ("refused", 0)):
        assert pushed(d, f"{what}_points_total", target) == n, what
    eventually(lambda: pushed(d, "buffered_points", target) == 0)
    assert pushed(d, "buffer_bytes", target) == pushed(d, "buffer_age_seconds", target) == 0
    assert len(s.lines) == 495


def test_influx_by_udp_and_selectors(nablad):
    with socket.socket(type=socket.SOCK_DGRAM) as all_, socket.socket(type=socket.SOCK_DGRAM) as one:
        for sock in (all_, one):
            sock.bind(("127.0.0.1", 0))
            sock.settimeout(DEADLINE_S)
        port = [sock.getsockname()[1] for sock in (all_, one)]
        d = nablad(config(
            {"url": f"udp://127.0.0.1:{port[0]}", "format": "influx"},
            {"url": f"udp://127.0.0.1:{port[1]}", "format": "influx", "name": "one",
             "match": ['temperature{sensor="s3"}', "pressure"]}))
        d.send(samples(6, 0, 30))

        def lines(sock, n):
            out = []
            while len(out) < n:
                datagram = sock.recv(65536)
                assert len(datagram) <= 1400 and datagram.endswith(b"\n")
                out += datagram.decode().splitlines()
            return out
        got = lines(all_, 6 * 29)
        assert len(got) == 6 * 29
        assert lines(one, 29) == [line for line in got if ",sensor=s3 " in line]
        assert got[0].split(" ")[0] == "temperature,sensor=s0"
        assert got[0].split(" ")[1].startswith("per_second=") and got[0].endswith(f" {T0 * NS}")
        eventually(lambda: pushed(d, "sent_points_total", "one") == 29)


def test_target_that_comes_and_goes(nablad, sink, tmp_path):
    """A sink that is closed in the middle: all points come, though some may come twice."""
    s = sink()
    target = f"tcp://127.0.0.1:{s.port}"
    d = nablad(config({"url": target, "format": "graphite"}, directory=tmp_path / "state"))
    d.send(samples(3, 0, 50))
    want = rates(3, 50)
    eventually(lambda: same_rates(graphite_points(s.lines), want))
    wait_pushed(d, "sent_points_total", 3 * 49, target)
    s.close()
    d.send(samples(3, 50, 120))
    wait_pushed(d, "queued_points_total", 3 * 119, target)
    wait_pushed(d, "retried_points_total", 1, target)
    assert pushed(d, "buffered_points", target) == 3 * 70
    assert pushed(d, "buffer_bytes", target) > 3 * 70 * 20
    eventually(lambda: pushed(d, "buffer_age_seconds", target) > 0.1)
    assert d.events("push_failed")
    s.open()
    eventually(lambda: same_rates(graphite_points(s.lines), rates(3, 120)), "all points")
    d.wait_event("push_recovered")
    eventually(lambda: pushed(d, "buffered_points", target) == 0)
    assert pushed(d, "dropped_points_total", target) == 0


def test_target_that_never_reads(nablad, sink, tmp_path):
    """What it takes is bounded by its system's buffers; the rest waits, and the daemon ends in time."""
    s = sink(reads=False)
    target = f"tcp://127.0.0.1:{s.port}"
    d = nablad(config({"url": target, "format": "influx", "timeout": "500ms", "batch": 100000},
                      directory=tmp_path / "state", shutdown_timeout="2s"))
    d.send(samples(300, 0, 1000))
    n = 300 * 999
    wait_pushed(d, "queued_points_total", n, target)
    wait_pushed(d, "retried_points_total", 1, target)
    assert any("timeout" in e["why"] for e in d.events("push_failed"))
    assert pushed(d, "buffered_points", target) > 0
    assert d.rate('temperature{sensor="s7"}')["state"] == "ok"
    d.stop()
    assert int(d.wait_event("push_kept")["points"]) > 0


# -- HTTP: what each answer means -------------------------------------------------------------------


def test_answers(nablad, tmp_path):
    (tmp_path / "token").write_text("s3cret\n")
    with answering((503, {"Retry-After": "1"}), (429, {}), (400, {}), (204, {})) as server:
        target = f"http://127.0.0.1:{server.server_port}/write?db=nabla"
        d = nablad(config({"url": target, "format": "influx", "name": "db",
                           "bearer_token_file": str(tmp_path / "token")}))
        d.send(samples(2, 0, 10))
        wait_pushed(d, "refused_points_total", 18, "db")
        d.send(samples(2, 10, 20))
        wait_pushed(d, "sent_points_total", 20, "db")
        assert [status for status, *_ in server.bodies] == [503, 429, 400, 204]
        assert len({body for *_, body in server.bodies[:3]}) == 1
        _, path, headers, _ = server.bodies[0]
        assert path == "/write?db=nabla" and headers["Authorization"] == "Bearer s3cret"
        assert pushed(d, "retried_points_total", "db") == 36
        assert pushed(d, "dropped_points_total", "db") == 0
        refused = d.events("push_refused")
        assert [(e["status"], e["points"]) for e in refused] == [("400", "18")]
        assert "said" in refused[0]["answer"]


@pytest.mark.parametrize("durable", [False, True], ids=["memory", "disk"])
def test_full_buffer_drops_the_oldest(nablad, tmp_path, durable):
    with answering((503, {})) as server:
        target = f"http://127.0.0.1:{server.server_port}/write"
        d = nablad(config({"url": target, "format": "influx", "buffer": "64KiB", "batch": 100},
                          directory=tmp_path / "state" if durable else None))
        d.send(samples(10, 0, 400))
        n = 10 * 399
        wait_pushed(d, "queued_points_total", n, target)
        eventually(lambda: pushed(d, "buffer_bytes", target) <= 66000 + 64)
        dropped, buffered = (pushed(d, w, target)
                             for w in ("dropped_points_total", "buffered_points"))
        assert dropped > 0 and dropped + buffered == n
        server.answers[:] = [(204, {})]
        wait_pushed(d, "sent_points_total", buffered, target)
        newest = f" {(T0 + 398 * 10) * NS}".encode()
        assert any(newest in body for status, *_, body in server.bodies if status == 204)
        assert pushed(d, "sent_points_total", target) + dropped == n


# -- databases, killed and started again ------------------------------------------------------------


def influx_rates(db):
    return {s: {t // NS: r for t, r in p.items()}
            for s, p in db.series("temperature", "per_second", "sensor").items()}


def victoria_rates(db):
    return {dict(labels)["sensor"]: {t // 1000: r for t, r in p.items()}
            for labels, p in db.series("temperature_per_second").items()}


def influx(database):
    db = database(Influx)
    db.query("CREATE DATABASE nabla", post=True)
    return db, {"url": f"{db.url}/write?db=nabla", "format": "influx"}, influx_rates


def victoria(database):
    db = database(VictoriaMetrics)
    return db, {"url": f"{db.url}/api/v1/write", "format": "remote_write"}, victoria_rates


def victoria_by_influx(database):
    """The same names as by remote write."""
    db = database(VictoriaMetrics)
    return db, {"url": f"{db.url}/write", "format": "influx"}, victoria_rates


@pytest.mark.parametrize("kind", [influx, victoria, victoria_by_influx], ids=lambda k: k.__name__)
def test_database_killed_in_the_middle(nablad, database, tmp_path, kind):
    db, target, read = kind(database)
    d = nablad(config({**target, "name": "db", "batch": 200}, directory=tmp_path / "state"))
    d.send(samples(20, 0, 100))
    wait_pushed(d, "sent_points_total", 20 * 99, "db")
    db.end(signal.SIGTERM)  # its own promise for kill -9 is another matter
    d.send(samples(20, 100, 200))
    wait_pushed(d, "queued_points_total", 20 * 199, "db")
    wait_pushed(d, "retried_points_total", 1, "db")
    db.start()
    wait_pushed(d, "sent_points_total", 20 * 199, "db")
    want = rates(20, 200)
    eventually(lambda: same_rates(read(db), want), "every point, once")
    assert pushed(d, "dropped_points_total", "db") == pushed(d, "refused_points_total", "db") == 0


@pytest.mark.parametrize("kind", [influx, victoria], ids=lambda k: k.__name__)
def test_nablad_killed_in_the_middle(nablad, database, tmp_path, kind):
    """What was in the buffer outlives kill -9, and a batch that is sent twice is there once. The series
    begin anew afterwards: other times."""
    db, target, read = kind(database)
    conf = config({**target, "name": "db", "batch": 50}, directory=tmp_path / "state")
    db.end(signal.SIGKILL)
    d = nablad(conf)
    d.send(samples(20, 0, 100))
    wait_pushed(d, "queued_points_total", 20 * 99, "db")
    d.proc.kill()
    d.proc.wait()
    again = nablad(conf)
    wait_pushed(again, "queued_points_total", 1980, "db")
    assert pushed(again, "buffered_points", "db") == 1980
    db.start()
    eventually(lambda: pushed(again, "sent_points_total", "db") > 0)
    again.proc.kill()  # in the middle of sending, or nearly so
    again.proc.wait()
    third = nablad(conf)
    eventually(lambda: pushed(third, "buffered_points", "db") == 0)
    want = rates(20, 100)
    eventually(lambda: same_rates(read(db), want), "every point, once")


# -- stop and reload --------------------------------------------------------------------------------


def test_stop_keeps_what_waits(nablad, sink, tmp_path, free_port):
    """Points that were being gathered are on the disk after SIGTERM."""
    port = free_port()
    conf = config({"url": f"tcp://127.0.0.1:{port}", "format": "graphite", "flush": "1h"},
                  directory=tmp_path / "state")
    d = nablad(conf)
    d.send(samples(4, 0, 25))
    d.stop()
    assert d.wait_event("push_kept")["points"] == "96"
    s = Sink(port)
    again = nablad(conf)
    eventually(lambda: same_rates(graphite_points(s.lines), rates(4, 25)))
    again.stop()
    assert not again.events("push_kept")
    s.close()


def test_stop_sends_what_waits(nablad, sink):
    s = sink()
    d = nablad(config({"url": f"tcp://127.0.0.1:{s.port}", "format": "graphite", "flush": "1h"}))
    d.send(samples(4, 0, 25))
    d.stop()
    eventually(lambda: same_rates(graphite_points(s.lines), rates(4, 25)))
    assert not d.events("push_lost")


def reload(d, text):
    from daemon import config_yaml, merge
    conf = merge(yaml.safe_load(config_yaml(text)), {})
    d.config.write_text(yaml.safe_dump(conf))
    before = len(d.events("reloaded"))
    d.proc.send_signal(signal.SIGHUP)
    d.wait_event("reloaded", before + 1)


@pytest.mark.parametrize("durable", [False, True], ids=["memory", "disk"])
def test_reload_adds_and_removes(nablad, sink, tmp_path, durable):
    a, b = sink(), sink()
    directory = tmp_path / "state" if durable else None
    to_a = {"url": f"tcp://127.0.0.1:{a.port}", "format": "graphite", "name": "a"}
    to_b = {"url": f"tcp://127.0.0.1:{b.port}", "format": "graphite", "name": "b"}
    d = nablad(config(directory=directory))
    d.send(samples(2, 0, 10))
    reload(d, config(to_a, directory=directory))
    d.wait_event("push_to")
    d.send(samples(2, 10, 20))
    eventually(lambda: len(a.lines) == 20)
    reload(d, config(to_a, to_b, directory=directory))
    d.wait_event("push_to", 2)
    d.send(samples(2, 20, 30))
    eventually(lambda: len(a.lines) == 40 and len(b.lines) == 20)
    a.close()
    d.send(samples(2, 30, 40))
    eventually(lambda: len(b.lines) == 40)
    wait_pushed(d, "queued_points_total", 60, "a")
    reload(d, config(to_b, directory=directory))
    assert d.wait_event("push_removed")["points_dropped"] == "20"
    eventually(lambda: [l["target"] for n, l, _ in d.metrics()
                        if n == "nablad_push_sent_points_total"] == ["b"])
    reload(d, config(to_a, to_b, directory=directory))
    a.open()
    d.wait_event("push_to", 3)
    d.send(samples(2, 40, 50))
    eventually(lambda: len(b.lines) == 60 and len(a.lines) == 60)  # none of those that were dropped
    wait_pushed(d, "sent_points_total", 20, "a")
    assert pushed(d, "queued_points_total", "a") == 20


def test_reloads_in_the_middle_lose_nothing(nablad, sink):
    s = sink()
    conf = config({"url": f"tcp://127.0.0.1:{s.port}", "format": "graphite"})
    d = nablad(conf)
    with d.connect() as sock:
        for at in range(0, 2000, 50):
            sock.sendall(samples(20, at, at + 50).encode())
            assert d.get("/-/reload", method="POST")[0] == 200
    eventually(lambda: same_rates(graphite_points(s.lines), rates(20, 2000)), "all points")


def test_directory_for_one_at_a_time(nablad, run_nablad, tmp_path):
    conf = config({"url": "udp://127.0.0.1:9", "format": "influx"}, directory=tmp_path / "state")
    d = nablad(conf)
    other = run_nablad("--config", d.config)
    assert other.returncode == 1 and "another process uses it" in other.stderr


def test_damaged_file_is_set_aside(nablad, sink, tmp_path):
    s = sink()
    state = tmp_path / "state"
    state.mkdir()
    (state / "push.mdb").write_bytes(b"no database" * 1000)
    d = nablad(config({"url": f"tcp://127.0.0.1:{s.port}", "format": "graphite"}, directory=state))
    assert "push.mdb.damaged" in d.wait_event("push_disk_failed")["why"]
    d.send(samples(2, 0, 10))
    eventually(lambda: len(s.lines) == 18)
    assert (state / "push.mdb.damaged").exists()
