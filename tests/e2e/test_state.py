"""State that survives: kill -9 at any moment, a second nablad, files that are not what they should be."""
import os
import random
import shutil
import signal
import subprocess
import threading
import time

import pytest

import daemon
from daemon import NABLAD, eventually

NS = 10**9


def config(state, interval="100ms", more=""):
    return f"state: {{directory: '{state}', interval: {interval}}}\n{more}"


def wait_saved(d):
    """Until a snapshot is on the disk that began after this call."""
    before = d.metric("nablad_state_snapshots_total")
    eventually(lambda: d.metric("nablad_state_snapshots_total") >= before + 2, "a snapshot")


def kill(d):
    d.proc.kill()
    d.proc.wait(30)
    d.stopped = True


def known(d, **params):
    """What is said of each series, without how old it is."""
    return {tuple(sorted(r["metric"].items())): {k: v for k, v in r.items() if k != "age"}
            for r in d.rates(limit=1000000, **params)}


RULES = """
series:
  - {match: 'trended', trend: 1m}
  - {match: 'merged', min_dt: 1s, trend: 10s}
  - {match: 'sorted', late: {reorder: 1m}}
  - {match: 'guarded', max_rate: 100}
  - {match: 'bytes', kind: counter, wrap: 32, max_rate: 1e9}
  - {match: 'broken', on_nan: break}
"""


def some_of_each(now):
    """Samples that leave something of each kind in the table."""
    at = lambda s: int((now + s) * NS)
    lines = [f"{name},n=1 value={v} {at(s)}" for name in
             ("plain", "trended", "merged", "sorted", "guarded", "broken")
             for s, v in ((-9, 1), (-8, 2.5), (-7.5, 2), (-5, 1e6), (-4, 4))]
    lines += [f"bytes value={v} {at(s)}" for s, v in ((-9, 4000000000), (-8, 4200000000), (-7, 100000))]
    lines += [f"large value={2**60 + 7 * i}i {at(i - 9)}" for i in range(6)]
    lines += [f"broken,n=1 value=nan {at(-3)}", f"single value=3 {at(-1)}"]
    return "\n".join(lines) + "\n" + "hits:3|c\nhits:4|c\n"


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_restart_changes_no_answer(nablad, tmp_path, how):
    text = config(tmp_path / "state", more=RULES)
    d = nablad(text)
    d.send(some_of_each(time.time()))
    before = known(d)
    assert len(before) == 10
    if how == "kill":
        wait_saved(d)
        kill(d)
    else:
        d.stop()
    d = nablad(text)
    assert d.events("state_loaded")[0]["series"] == "10"
    assert known(d) == before
    assert d.happened("born") == 0 and d.lines_total() == 0
    d.send("hits:5|c\nplain,n=1 value=8\n")
    assert d.rate("hits")["window"][-1]["value"] == 12
    assert len(known(d)) == 10  # keys lead where they led


def test_silence_counts_while_nobody_is_there(nablad, tmp_path):
    text = config(tmp_path / "state", more="defaults: {stale_after: 2s, expire_after: 1h}")
    d = nablad(text)
    d.send("a value=1\n")
    wait_saved(d)
    kill(d)
    time.sleep(2)
    d = nablad(text)
    assert d.rate("a")["state"] == "stale"


def test_a_gap_over_a_restart(nablad, tmp_path):
    """The irregular formula bridges it, or the window begins anew: max_gap says."""
    text = config(tmp_path / "state", more="defaults: {max_gap: 30s}")
    d = nablad(text)
    now = int(time.time()) - 100
    line = lambda name, t, v: f"{name} value={v} {(now + t) * NS}\n"
    d.send("".join(line(n, t, t * t) for n in ("near", "far") for t in (0, 1, 2)))
    d.stop()
    d = nablad(text)
    d.send(line("near", 20, 400) + line("far", 60, 3600))
    assert d.rate("near")["rate"]["value"] == 4 and d.rate("near")["edge"]["value"] == 22
    assert d.rate("far")["state"] == "warming" and d.happened("gap_restart") == 1


def test_another_template_reads_keys_anew(nablad, tmp_path):
    text = config(tmp_path / "state")
    d = nablad(text)
    d.send("plant.a.flow 1\n")
    d.stop()
    d = nablad(text + "graphite: {templates: ['.site.measurement']}\n")
    d.send("plant.a.flow 2\n")
    assert len(d.rates('flow{site="a"}')) == 1 and len(d.rates('{__name__="plant.a.flow"}')) == 1
    d.stop()


def test_one_process_at_a_time(nablad, run_nablad, tmp_path):
    d = nablad(config(tmp_path / "state"))
    other = nablad(config(tmp_path / "state"), ready=False)
    assert other.proc.wait(30) == 1
    other.stopped = True
    assert "another process uses it" in other.events("state_taken")[0]["why"]
    d.send("a value=1\n")
    kill(d)
    nablad(config(tmp_path / "state"))  # the kernel gave it back


# ---- kill -9 in the middle of it


class Load(threading.Thread):
    """Rounds of samples: series i has slope(i) from its beginning on."""
    N = 4000

    def __init__(self, d, t0, first):
        super().__init__(daemon=True)
        self.d, self.t0, self.round, self.over = d, t0, first, False

    @staticmethod
    def slope(i):
        return i % 17 - 8

    def lines(self, r):
        t = self.t0 + r
        return "".join(f"load,i={i} value={self.slope(i) * r} {t * NS}\n" for i in range(self.N)).encode()

    def run(self):
        try:
            with self.d.connect() as sock:
                while not self.over:
                    sock.sendall(self.lines(self.round))
                    self.round += 1
                    time.sleep(0.01)
        except OSError:
            pass


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kill_9_in_the_middle_of_saving(nablad, tmp_path, seed):
    chance = random.Random(seed)
    text = config(tmp_path / "state")
    t0 = int(time.time()) - 3000
    d, r = nablad(text), 0
    for _ in range(4):
        load = Load(d, t0, r)
        load.start()
        eventually(lambda: d.lines_total() >= 4 * load.N, "four rounds")
        done = int(d.lines_total() // load.N) - 1 + r  # the last round that was taken whole
        wait_saved(d)
        time.sleep(chance.random() / 4)
        kill(d)
        load.over = True
        load.join()
        d = nablad(text)
        assert d.events("state_loaded")[0]["refused"] == "0" and not d.events("state_damaged")
        back = d.rates("load", limit=load.N + 1, time="unix")
        assert len(back) == load.N
        for one in back:
            slope, window = load.slope(int(one["metric"]["i"])), one["window"]
            rounds = [s["time"] - t0 for s in window]
            assert rounds == [rounds[-1] - 2, rounds[-1] - 1, rounds[-1]] and rounds[-1] >= done
            assert [s["value"] for s in window] == [slope * k for k in rounds]
            assert one["rate"]["value"] == slope and one["accel"] == 0
        r = load.round + 20  # the time that nobody was there: the irregular formula bridges it


def test_series_that_end_do_not_come_back(nablad, tmp_path):
    text = config(tmp_path / "state", more="defaults: {stale_after: 500ms, expire_after: 1s}")
    d = nablad(text)
    d.send("".join(f"a,i={i} value=1\n" for i in range(300)))
    wait_saved(d)
    eventually(lambda: d.metric("nablad_series") == 0, "their end")
    d.send("b value=1\n")
    wait_saved(d)
    kill(d)
    d = nablad(text)
    assert d.events("state_loaded")[0]["series"] == "1"


# ---- files that are not what they should be


def saved_state(nablad, tmp_path, n=500):
    text = config(tmp_path / "state")
    d = nablad(text)
    d.send("".join(f"a,i={i} value={i}\n" for i in range(n)))
    d.stop()
    return text, tmp_path / "state" / "state.mdb"


def damage_value(data):
    at = data.index(b"__name__", len(data) // 2)
    return data[:at] + b"__NAME__" + data[at + 8:]


@pytest.mark.parametrize("change, why", [
    (lambda data: data[:len(data) // 2], "is damaged"),
    (lambda data: b"", "is damaged"),
    (lambda data: b"hello, world\n" * 1000, "is no state of nablad"),
    (lambda data: data[:100] + b"\xff" * 8000 + data[8100:], ""),
    (lambda data: data[:8192] + os.urandom(len(data) - 8192), ""),
    (damage_value, "is damaged in parts"),
], ids=["half", "empty", "foreign", "zeroed", "random", "value"])
def test_a_damaged_file_is_set_aside(nablad, tmp_path, change, why):
    text, path = saved_state(nablad, tmp_path)
    data = change(path.read_bytes())
    path.write_bytes(data)
    d = nablad(text)
    assert why in d.events("state_damaged")[0]["why"]
    assert d.metric("nablad_state_damaged") >= 1
    d.send("b value=1\n")
    wait_saved(d)
    assert path.with_name("state.mdb.damaged").read_bytes() == data
    assert d.events("state_set_aside")[0]["file"] == "state.mdb.damaged"
    if why == "is damaged in parts":  # what is whole is there
        assert 200 < len(d.rates("a", limit=1000)) < 500
    d.stop()
    d = nablad(text)
    assert not d.events("state_damaged") and len(d.rates("b")) == 1


def test_a_file_that_is_taken_away_is_made_anew(nablad, tmp_path):
    text = config(tmp_path / "state")
    d = nablad(text)
    d.send("a value=1\n")
    wait_saved(d)
    (tmp_path / "state" / "state.mdb").unlink()
    eventually((tmp_path / "state" / "state.mdb").exists, "another one")
    wait_saved(d)
    kill(d)
    assert len(nablad(text).rates("a")) == 1


def test_a_process_that_was_stopped_saves_on(nablad, tmp_path):
    d = nablad(config(tmp_path / "state"))
    d.send("a value=1\n")
    d.proc.send_signal(signal.SIGSTOP)
    time.sleep(0.5)
    d.proc.send_signal(signal.SIGCONT)
    wait_saved(d)
    assert d.metric("nablad_state_failures_total") == 0


# ---- points that are kept


def points(d, selector="kept"):
    found = d.data("/api/v1/points", {"match[]": selector, "time": "unix"})
    return [one["points"] for one in found]


def test_kept_points_survive(nablad, tmp_path):
    """Block by block as they come, old ones going, corrections and an end among them."""
    text = config(tmp_path / "state", more="series:\n  - {match: 'kept', keep: 300s}\n")
    d, now = nablad(text), int(time.time()) - 1500
    line = lambda k, t: f"kept,k={k} value={(t * 7) % 31} {(now + t) * NS}\n"
    for begin in range(0, 1000, 100):  # 300 of them are kept
        d.send("".join(line(k, t) for t in range(begin, begin + 100) for k in range(3)))
        d.send(f"kept,k=1 value=99 {(now + begin + 98) * NS}\n")  # a correction
        if begin == 500:
            before = points(d)
            wait_saved(d)
            kill(d)
            d = nablad(text)
            assert points(d) == before and len(before[0]) > 290
        wait_saved(d)
    before = points(d)
    assert {len(p) for p in before} == {301}
    kill(d)
    d = nablad(text)
    assert points(d) == before
    kill(d)  # in its first snapshot, or after it
    d = nablad(text)
    assert points(d) == before
    d.stop()
    d = nablad(config(tmp_path / "state", more="series:\n  - {match: 'kept', keep: 100s}\n"))
    assert points(d) == [p[-101:] for p in before]
    d.stop()
    d = nablad(config(tmp_path / "state"))
    assert points(d) in ([], [[], [], []]) and len(d.rates("kept")) == 3


# ---- nabla state


def test_dump_and_restore(nablad, nabla, tmp_path):
    """All that there is, as text and back: another nablad says the same of it."""
    rules = RULES + "  - {match: 'kept', keep: 1h}\n"
    text = config(tmp_path / "state", more=rules)
    d, now = nablad(text), int(time.time()) - 400
    d.send(some_of_each(time.time()))
    d.send("".join(f"kept,k={k} value={(t * 7) % 31} {(now + t) * NS}\n"
                   for t in range(300) for k in range(2)))
    d.send("odd,who=caf\u00e9\\ \\\"x\\\" value=1e-320\n")
    before, kept = known(d), points(d)
    d.stop()
    verified = nabla("state", "verify", tmp_path / "state")
    assert verified.returncode == 0 and \
        f"{len(before)} series, {sum(map(len, kept))} points" in verified.stdout
    dumped = nabla("state", "dump", tmp_path / "state")
    assert dumped.returncode == 0 and len(dumped.stdout.splitlines()) > len(before)
    other = tmp_path / "other"
    restored = nabla("state", "restore", other, input=dumped.stdout)
    assert (restored.returncode, restored.stdout) == (0, f"{len(before)} series\n"), restored.stderr
    again = nabla("state", "dump", other)
    assert sorted(again.stdout.splitlines()) == sorted(dumped.stdout.splitlines())
    d = nablad(config(other, more=rules))
    assert known(d) == before and points(d) == kept
    d.send("hits:5|c\nplain,n=1 value=8\n")
    assert d.rate("hits")["window"][-1]["value"] == 12 and len(known(d)) == len(before)


def test_what_nabla_state_says(nablad, nabla, tmp_path):
    text, path = saved_state(nablad, tmp_path)
    d = nablad(text)
    busy = nabla("state", "verify", tmp_path / "state")
    assert busy.returncode == 1 and "another process uses it" in busy.stderr
    d.stop()
    full = nabla("state", "restore", tmp_path / "state", input="")
    assert full.returncode == 2 and "--force" in full.stderr
    dumped = nabla("state", "dump", path).stdout
    assert nabla("state", "restore", "--force", tmp_path / "state", input=dumped).returncode == 0
    assert path.with_name("state.mdb.old").exists()
    whole = path.read_bytes()
    path.write_bytes(damage_value(whole))
    spoilt = nabla("state", "verify", path)
    assert spoilt.returncode == 2 and "its sum is wrong" in spoilt.stdout
    assert "is damaged in parts" in spoilt.stdout
    partly = nabla("state", "dump", path)
    assert partly.returncode == 0 and "what is good follows" in partly.stderr
    assert 200 < len(partly.stdout.splitlines()) < 500
    for data, why in ((whole[:9000], "is damaged"), (b"x" * 9000, "no state of nablad")):
        path.write_bytes(data)
        broken = nabla("state", "verify", path)
        assert broken.returncode == 2 and why in broken.stderr
        assert nabla("state", "dump", path).returncode == 2
    assert nabla("state", "verify", tmp_path / "nowhere").returncode == 2


@pytest.mark.parametrize("line, why", [
    ("{", ":2: "),
    ('{"number": 1, "labels": {}, "seen": 0, "window": []}', "numbers grow"),
    ('{"number": 2, "labels": {"a": "b"}, "seen": 0, "window": []}', "labels"),
    ('{"number": 2, "labels": {"__name__": "b"}, "seen": 0, "window": [[2, 1], [1, 1]]}', "do not grow"),
    ('{"number": 2, "labels": {"__name__": "b"}, "seen": 0, "window": [[1]]}', "window"),
    ('{"number": 2, "labels": {"__name__": "b"}, "seen": "x", "window": []}', "seen"),
    ('{"number": 2, "labels": {"__name__": "b"}, "seen": 0, "window": [], "held": [1]}', "beside its window"),
    ('{"series": 7, "points": [[1, 1, 1, 1, 1, 1, 0, 2]]}', "points of no series"),
    ('{"series": 1, "points": [[1, 1, 1]]}', "points is none"),
], ids=lambda v: v[:20])
def test_lines_that_are_wrong_make_no_state(nabla, tmp_path, line, why):
    good = '{"number": 1, "labels": {"__name__": "a"}, "seen": 0, "window": [[1, 2.5]], "keeps": true}\n'
    got = nabla("state", "restore", tmp_path / "new", input=good + line + "\n")
    assert got.returncode == 2 and "-:2: " in got.stderr and why in got.stderr
    assert list((tmp_path / "new").iterdir()) == []


# ---- disks


def test_a_full_disk(nablad, tmp_path):
    """No file may grow past 100 KB; then it may again."""
    text = config(tmp_path / "state")
    many = "".join(f"a,i={i},where=somewhere value=1 {int(time.time()) * NS}\n" for i in range(5000))
    d = nablad(text, command=["prlimit", "--fsize=100000:unlimited", NABLAD])
    wait_saved(d)
    d.send(many)
    eventually(lambda: d.metric("nablad_state_failures_total") >= 3, "failures")
    assert d.events("state_not_saved") and len(d.rates("a", limit=9999)) == 5000
    d.send("b value=1\n")  # ingest goes on
    subprocess.run(["prlimit", "--pid", str(d.proc.pid), "--fsize=unlimited:unlimited"], check=True)
    d.wait_event("state_saved_again")
    wait_saved(d)
    kill(d)
    d = nablad(text)
    assert d.events("state_loaded")[0]["series"] == "5001"


def test_a_directory_that_cannot_be(nablad, tmp_path):
    (tmp_path / "file").write_text("")
    d = nablad(config(tmp_path / "file" / "state"))
    assert "Not a directory" in d.events("state_not_kept")[0]["why"]
    d.send("a value=1\n")
    eventually(lambda: d.metric("nablad_state_failures_total") >= 2, "failures")
    assert len(d.rates("a")) == 1
    (tmp_path / "file").unlink()
    (tmp_path / "file").mkdir()
    d.wait_event("state_saved_again")
    d.stop()
    assert (tmp_path / "file" / "state" / "state.mdb").exists()


# ---- the first format


def test_version_1_is_read_for_ever(nablad, nabla, tmp_path):
    """tests/data/state-1.mdb was written by the first nablad that kept a state; state-1.jsonl says what it held."""
    data = daemon.ROOT / "tests" / "data"
    (tmp_path / "state").mkdir()
    copy = tmp_path / "state" / "state.mdb"
    shutil.copy(data / "state-1.mdb", copy)
    lines = (data / "state-1.jsonl").read_text()
    assert nabla("state", "dump", copy).stdout == lines
    rules = RULES + "  - {match: 'kept', keep: 52w}\n"
    d = nablad(config(tmp_path / "state", more=rules))
    loaded = d.events("state_loaded")[0]
    assert loaded["refused"] == "0" and int(loaded["series"]) == lines.count('"labels"')
    assert not d.events("state_damaged")
