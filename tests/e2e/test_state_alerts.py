"""Alerts on the disk: kill -9 at any moment, files that are not what they should be, the form of before, nabla state."""
import contextlib
import json
import random
import shutil
import subprocess
import threading
import time

import pytest
import yaml

import daemon
from daemon import NABLAD, eventually

NS = 10**9
T0 = 1700000000
RULES = {"groups": [{"name": "former", "rules": [
    {"alert": "Warm", "match": "temperature", "when": "value > -15", "labels": {"severity": "page"},
     "annotations": {"summary": "{{ $labels.room }} is warm"}},
    {"alert": "Marked", "match": "mark", "when": "value > 0", "for": "1000h"}]}]}
DATA = daemon.ROOT / "tests" / "data"


@pytest.fixture
def text(tmp_path):
    """A configuration with rules and a state."""
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(RULES))
    return yaml.safe_dump({"rules": str(tmp_path / "rules.yaml"),
                           "state": {"directory": str(tmp_path / "state"), "interval": "100ms"}})


def kill(d):
    d.proc.kill()
    d.proc.wait(daemon.DEADLINE_S)
    d.stopped = True


def alerts(d):
    """{(name, room): state}"""
    found = d.data("/api/v1/alerts")["alerts"]
    return {(a["labels"]["alertname"], a["labels"]["room"]): a["state"] for a in found}


def set_rooms(d, values, at):
    d.send("".join(f"temperature,room={room} value={v} {(T0 + at) * NS}\n" for room, v in values.items()))


def test_killed_at_any_moment(nablad, text, tmp_path):
    """What was on the disk for a second is there; nothing is torn, nothing keeps a start."""
    chance, d, at = random.Random(7), nablad(text), 0
    d_state = tmp_path / "state" / "alerts.mdb"
    for round_ in range(6):
        known = {f"r{round_}-{i}": -10 if i % 2 else -20 for i in range(40)}
        set_rooms(d, known, at)
        at += 1
        d.send(f"mark,room=last{round_}x value=1 {(T0 + at) * NS}\n")
        eventually(lambda: d_state.exists() and b"last%dx" % round_ in d_state.read_bytes(), "all on the disk")
        want = alerts(d)
        over = threading.Event()

        def load(d=d, at=at):
            n = 0
            while not over.is_set():  # alerts come and go while it dies
                n += 1
                with contextlib.suppress(OSError):
                    d.send(f"temperature,room=come{n % 50} value={-10 if n % 3 else -20} {(T0 + at + n) * NS}\n",
                           wait=False)

        sender = threading.Thread(target=load, daemon=True)
        sender.start()
        time.sleep(chance.random())
        kill(d)
        over.set()
        sender.join()
        d = nablad(text)
        assert d.events("alerts_restored") and not d.events("alerts_not_restored"), d.log()
        back = alerts(d)
        assert {k: v for k, v in want.items() if not k[1].startswith("come")}.items() <= back.items()
        at += 10**6


def test_the_former_file_is_taken_over(nablad, nabla, text, tmp_path):
    """tests/data/alerts-2 was written by a nablad that had no alerts.mdb; it goes when its alerts are on the disk."""
    state = tmp_path / "state"
    state.mkdir()
    shutil.copy(DATA / "alerts-2", state / "alerts")
    shutil.copy(DATA / "state-1.mdb", state / "state.mdb")
    want = {("Warm", "a"): "firing", ("Warm", "b"): "firing", ("Marked", "last"): "pending"}
    d = nablad(text)
    series = (DATA / "state-1.jsonl").read_text().count('"labels"')
    assert d.events("state_loaded")[0]["series"] == str(series)
    assert d.events("alerts_restored")[0]["firing"] == "2" and alerts(d) == want
    eventually(lambda: not (state / "alerts").exists(), "its end")
    assert (state / "alerts.mdb").exists()
    kill(d)
    d = nablad(text)
    assert alerts(d) == want
    d.stop()
    dumped = nabla("state", "dump", state)
    lines = [json.loads(line) for line in dumped.stdout.splitlines()]
    assert {line["labels"]["room"] for line in lines if "alert" in line} == {"a", "b", "last"}


def test_killed_between_the_two_files(nablad, text, tmp_path):
    """Both are there: the newer counts, and the other goes."""
    state = tmp_path / "state"
    d = nablad(text)
    set_rooms(d, {"c": -10}, 0)
    d.stop()
    shutil.copy(DATA / "alerts-2", state / "alerts")
    d = nablad(text)
    assert alerts(d) == {("Warm", "c"): "firing"}
    eventually(lambda: not (state / "alerts").exists(), "its end")


def test_what_was_there_stays_until_it_is_on_the_disk(nablad, text, tmp_path):
    """The disk is full at the start: the former file stays, and a kill then costs nothing."""
    state = tmp_path / "state"
    state.mkdir()
    shutil.copy(DATA / "alerts-2", state / "alerts")
    d = nablad(text, command=["prlimit", "--fsize=4095:unlimited", NABLAD])
    d.wait_event("alerts_not_saved")
    assert (state / "alerts").read_bytes() == (DATA / "alerts-2").read_bytes()
    assert d.metric("nablad_state_failures_total") > 0
    subprocess.run(["prlimit", "--pid", str(d.proc.pid), "--fsize=unlimited:unlimited"], check=True)
    eventually(lambda: not (state / "alerts").exists(), "its end")
    kill(d)
    assert len(alerts(nablad(text))) == 3


def test_a_full_disk_later(nablad, text, tmp_path):
    """Alerts go on; what was on the disk stays, and what came is there when there is room again."""
    state = tmp_path / "state" / "alerts.mdb"
    d = nablad(text)
    set_rooms(d, {"early": -10}, 0)
    eventually(lambda: state.exists() and b"early" in state.read_bytes(), "the first")
    limit = lambda n: subprocess.run(["prlimit", "--pid", str(d.proc.pid), f"--fsize={n}:unlimited"], check=True)
    limit(100000)  # the log has to fit, too
    set_rooms(d, {f"later{i}": -10 for i in range(1500)}, 1)
    eventually(lambda: d.events("alerts_not_saved"), "a failure")
    assert b"early" in state.read_bytes() and len(alerts(d)) == 1501
    limit("unlimited")
    eventually(lambda: b"later1499" in state.read_bytes(), "all of them")
    kill(d)
    assert len(alerts(nablad(text))) == 1501


def test_the_former_file_damaged(nablad, text, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    (state / "alerts").write_bytes(b"no alerts at all")
    d = nablad(text)
    assert "alerts.bad" in d.events("alerts_not_restored")[0]["file"]
    assert (state / "alerts.bad").read_bytes() == b"no alerts at all"
    assert d.metric("nablad_state_damaged") == 1
    eventually((state / "alerts.mdb").exists, "another one")


def saved(nablad, text, tmp_path, n=200):
    d = nablad(text)
    set_rooms(d, {f"room{i:04}": -10 for i in range(n)}, 0)
    eventually(lambda: len(alerts(d)) == n, "all of them")
    d.stop()
    return tmp_path / "state" / "alerts.mdb"


def damage_one(data):
    at = data.index(b"room0077")
    return data[:at] + b"ROOM" + data[at + 4:]


@pytest.mark.parametrize("change, why, left", [
    (damage_one, "is damaged in parts; 1 of 203 values", 199),
    (lambda data: data[:len(data) // 2], "is damaged", 0),
    (lambda data: b"hello, world\n" * 1000, "is no state of nablad", 0),
    (lambda data: b"", "is damaged", 0),
], ids=["record", "half", "foreign", "empty"])
def test_a_damaged_file_is_set_aside(nablad, text, tmp_path, change, why, left):
    path = saved(nablad, text, tmp_path)
    data = change(path.read_bytes())
    path.write_bytes(data)
    path.with_name("state.mdb").unlink()  # or its series begin alerts anew
    d = nablad(text)
    assert why in d.events("alerts_not_restored")[0]["why"]
    assert d.metric("nablad_state_damaged") >= 1
    assert len(alerts(d)) == left
    d.wait_event("alerts_set_aside")
    assert path.with_name("alerts.mdb.damaged").read_bytes() == data
    d.stop()
    d = nablad(text)
    assert not d.events("alerts_not_restored") and len(alerts(d)) == left


def test_verify_dump_and_restore(nablad, nabla, text, tmp_path):
    path = saved(nablad, text, tmp_path, 20)
    state = path.parent
    assert ", 20 alerts" in nabla("state", "verify", state).stdout
    dumped = nabla("state", "dump", state)
    assert dumped.returncode == 0
    full = nabla("state", "restore", state, input="")
    assert full.returncode == 2 and "--force" in full.stderr
    other = tmp_path / "other"
    made = nabla("state", "restore", other, input=dumped.stdout)
    assert (made.returncode, made.stdout) == (0, "20 series, 20 alerts\n"), made.stderr
    assert nabla("state", "dump", other).stdout == dumped.stdout
    d = nablad(text.replace(str(state), str(other)))
    assert d.events("alerts_restored")[0]["firing"] == "20" and len(alerts(d)) == 20
    d.stop()
    path.write_bytes(path.read_bytes().replace(b"room0007", b"ROOM0007"))
    spoilt = nabla("state", "verify", state)
    assert spoilt.returncode == 2 and "its sum is wrong" in spoilt.stdout
    assert len(nabla("state", "dump", state).stdout.splitlines()) == len(dumped.stdout.splitlines()) - 1
    assert nabla("state", "restore", "--force", state, input="").returncode == 0
    assert path.with_name("alerts.mdb.old").exists() and not path.exists()


@pytest.mark.parametrize("change", [
    lambda a: a.pop("labels"), lambda a: a.update(phase="burning"), lambda a: a.update(rule=1),
    lambda a: a.update(facts=[]), lambda a: a.update(told=[[16, True, 1]]), lambda a: a.update(active="now"),
    lambda a: a.update(fired=-1)])
def test_lines_that_are_wrong_make_no_state(nabla, tmp_path, change):
    rule = {"rule": 0, "group": "g", "name": "A", "match": "t", "when": "value > 1", "labels": [], "annotations": []}
    alert = {"alert": 1, "rule": 0, "labels": {"__name__": "t"}, "phase": "firing", "silent": False, "active": 1,
             "firing_since": 1, "clear": 0, "fired": 1, "resolved": 0, "told": [],
             "facts": [[[1, 0]] * 7, 0, 0, 0, 0]}
    lines = json.dumps(rule) + "\n" + json.dumps(alert) + "\n"
    good = nabla("state", "restore", tmp_path / "good", input=lines)
    assert good.returncode == 0, good.stderr
    change(alert)
    bad = nabla("state", "restore", tmp_path / "new", input=json.dumps(rule) + "\n" + json.dumps(alert) + "\n")
    assert bad.returncode == 2 and "-:2: " in bad.stderr
    assert list((tmp_path / "new").iterdir()) == []
