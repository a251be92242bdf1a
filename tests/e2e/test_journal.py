"""state.journal: what was acknowledged is there after any kill, and once: what senders send again changes nothing.

The judge is a nablad that was never disturbed and was sent each batch once: windows, rates and trends of all series
must be the same, number by number. Values are noise, and a trend is of all samples: one that is missing or was taken
twice shows. Kept points must be the same where the journal alone brings them back.
"""
import contextlib
import gzip
import http.client
import json
import random
import threading
import time

import pytest
import yaml

import remote_write
from daemon import DEADLINE_S, eventually

T0 = 1700000000
SERIES = 12  # of each sender
SAMPLES = 4  # of each series in a batch
RULES = [{"match": '{kind="trend"}', "trend": "20s"},
         {"match": '{kind="counter"}', "kind": "counter"},
         {"match": '{kind="both"}', "kind": "counter", "trend": "1m"}]
KINDS = ["plain", "trend", "counter", "both"]


def config(folder, **state):
    return yaml.safe_dump({
        "state": {"directory": str(folder), "journal": True, **state},
        "defaults": {"keep": "1w", "stale_after": "1w", "expire_after": "2w"},
        "series": RULES})


def value(kind, sender, series, i):
    rng = random.Random(f"{kind} {sender} {series} {i}")
    return i * 100 + rng.randrange(100) if kind in ("counter", "both") else rng.uniform(-5, 5)


def samples(sender, batch):
    """(kind, series, seconds, value) of a batch, in order of time for each series."""
    for i in range(batch * SAMPLES, (batch + 1) * SAMPLES):
        for series in range(SERIES):
            kind = KINDS[series % len(KINDS)]
            yield kind, series, T0 + i, value(kind, sender, series, i)


def lines(sender, batch):
    return "".join(f"m,sender={sender},n={n},kind={kind} value={v!r} {t}\n"
                   for kind, n, t, v in samples(sender, batch)).encode()


def as_influx(sender, batch):
    return "/write?precision=s", lines(sender, batch), {}


def as_influx2(sender, batch):
    return ("/api/v2/write?precision=s", gzip.compress(lines(sender, batch)),
            {"Content-Encoding": "gzip"})


def as_remote_write(sender, batch):
    of = {}
    for kind, n, t, v in samples(sender, batch):
        of.setdefault((kind, n), []).append((t * 1000, v))
    message = b"".join(
        remote_write.series({"__name__": "m", "sender": sender, "n": str(n), "kind": kind}, s)
        for (kind, n), s in of.items())
    return "/api/v1/write", remote_write.snappy(message), remote_write.HEADERS


def as_json(sender, batch):
    """JSON lines, each second one packed, pinned or not."""
    text = "".join(json.dumps({"metric": "m", "labels": {"sender": sender, "n": str(n), "kind": kind}, "value": v,
                               "time": t}) + "\n" for kind, n, t, v in samples(sender, batch)).encode()
    if batch % 2 == 0:
        return "/api/v1/lines", text, {}
    return "/api/v1/lines?format=json", gzip.compress(text), {"Content-Encoding": "gzip"}


FORMS = {"a": as_influx, "b": as_influx2, "c": as_remote_write, "d": as_json}


class Sender(threading.Thread):
    """Sends its batches one after the other, each until it is acknowledged. where() is nablad's address."""

    def __init__(self, name, where):
        super().__init__(daemon=True)
        self.name, self.where = name, where
        self.acknowledged, self.again = 0, 0
        self.ending = threading.Event()
        self.odd = None

    def post(self, conn, batch):
        path, body, headers = FORMS[self.name](self.name, batch)
        conn.request("POST", path, body, headers)
        answer = conn.getresponse()
        answer.read()
        return answer.status

    def session(self, conn):
        while not self.ending.is_set():
            status = self.post(conn, self.acknowledged)
            if status == 204:
                self.acknowledged += 1
            elif status == 503:
                self.again += 1
                self.ending.wait(0.05)
            else:
                self.odd = status
                return

    def run(self):
        while not self.ending.is_set() and self.odd is None:
            conn = http.client.HTTPConnection(*self.where(), timeout=DEADLINE_S)
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.session(conn)
                continue
            conn.close()
            self.again += 1
            self.ending.wait(0.02)


def points(d, sender):
    """{(n, kind): [[time, value, rate, accel, error, trend], ...]}"""
    found = d.data("/api/v1/points", {"match[]": f'm{{sender="{sender}"}}'})
    return {(f["metric"]["n"], f["metric"]["kind"]): f["points"] for f in found}


def readings(d, sender):
    """{(n, kind): all that is known, but for how long ago it came}"""
    return {(r["metric"]["n"], r["metric"]["kind"]): {k: v for k, v in r.items() if k != "age"}
            for r in d.rates(f'm{{sender="{sender}"}}')}


def send_once(d, sender, batches):
    conn = http.client.HTTPConnection(*d.http_address, timeout=DEADLINE_S)
    for batch in range(batches):
        path, body, headers = FORMS[sender](sender, batch)
        conn.request("POST", path, body, headers)
        answer = conn.getresponse()
        answer.read()
        assert answer.status == 204
    conn.close()


def expect_same(d, other, sender, batches):
    """d was sent a batch more, perhaps, whose answer was lost: it is sent to both once more."""
    path, body, headers = FORMS[sender](sender, batches)
    for each in (d, other):
        status, _, text = each.get(path, headers=headers, method="POST", data=body)
        assert status == 204, text
    mine, theirs = readings(d, sender), readings(other, sender)
    assert len(mine) == SERIES
    for key, want in theirs.items():
        assert mine[key] == want, f"{sender} {key}"


def killed_under_load(nablad, tmp_path, text, kills, wait):
    """Senders send, wait(d, senders) says when it is time; then nothing that was acknowledged is missing."""
    at = [nablad(text)]
    senders = [Sender(name, lambda: at[0].http_address) for name in FORMS]
    for s in senders:
        s.start()
    for _ in range(kills):
        wait(at[0], senders)
        at[0].proc.kill()
        at[0].proc.wait()
        at[0] = nablad(text)
    for s in senders:
        s.ending.set()
        s.join(DEADLINE_S)
        assert not s.is_alive() and s.odd is None, (s.name, s.odd)
        assert s.acknowledged > 0 and s.again > 0, s.name
    judge = nablad(config(tmp_path / "judge"))
    for s in senders:
        send_once(judge, s.name, s.acknowledged)
        expect_same(at[0], judge, s.name, s.acknowledged)
    assert at[0].metric("nablad_journal_bad_bytes") == 0
    return at[0]


def wait_acknowledged(senders, n):
    more = sum(s.acknowledged for s in senders) + n
    eventually(lambda: sum(s.acknowledged for s in senders) >= more or any(s.odd for s in senders),
               "acknowledgements")


@pytest.mark.parametrize("threads", [1, 2])
def test_killed_at_any_moment(nablad, tmp_path, threads):
    rng = random.Random(20 + threads)
    text = config(tmp_path / "state", interval="100ms") + f"ingest: {{threads: {threads}}}\n"
    killed_under_load(nablad, tmp_path, text, 12,
                      lambda d, senders: wait_acknowledged(senders, rng.randrange(1, 60)))


def catch(probe):
    """As soon as it is true: what it tells of is soon over."""
    end = time.monotonic() + DEADLINE_S
    while not probe():
        assert time.monotonic() < end, "no snapshot"
        time.sleep(0.0005)


BALLAST = 30000  # series, so that a snapshot takes a while


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_in_the_middle_of_a_snapshot(nablad, tmp_path, seed):
    """Each second time in the first, which makes the file anew, else in one that writes into it."""
    rng, folder, kills = random.Random(seed), tmp_path / "state", iter(range(1, 100))
    ballast = "".join(f"ballast,i={i} value=%d {{}}\n" for i in range(BALLAST))

    def heavier(d, t):
        d.send(ballast.replace("%d", str(t % 7)).replace("{}", str((T0 + t) * 10**9)))

    def wait(d, senders):
        n = next(kills)
        if n % 2 == 0:
            catch(lambda: (folder / "state.mdb.new").exists() or d.events("ready"))
        else:
            eventually((folder / "state.mdb").exists, "a whole snapshot")
            before = (folder / "state.mdb").stat().st_mtime_ns
            heavier(d, n)
            wait_acknowledged(senders, 4)
            catch(lambda: (folder / "state.mdb").stat().st_mtime_ns > before)
        time.sleep(rng.random() * 0.03)

    d = killed_under_load(nablad, tmp_path, config(folder, interval="100ms"), 6, wait)
    assert d.metric("nablad_state_damaged") == 0


def test_kept_points_come_back(nablad, tmp_path):
    text = config(tmp_path / "state", interval="1h")
    d = nablad(text)
    eventually(lambda: d.metric("nablad_state_snapshots_total") == 1, "the first snapshot")
    for sender in FORMS:
        send_once(d, sender, 5)
    want = {sender: points(d, sender) for sender in FORMS}
    d.proc.kill()
    d.proc.wait()
    d = nablad(text)
    assert {sender: points(d, sender) for sender in FORMS} == want
    times = [p[0] for p in want["a"]["0", "plain"]]
    assert len(set(times)) == len(times) == 5 * SAMPLES - 1


def test_a_snapshot_lets_the_journal_go(nablad, tmp_path):
    text = config(tmp_path / "state", interval="100ms")
    d = nablad(text)
    send_once(d, "a", 20)
    eventually(lambda: d.metric("nablad_journal_segments") == 0, "an empty journal")
    before = readings(d, "a")
    d.proc.kill()
    d.proc.wait()
    d = nablad(text)
    assert d.wait_event("journal_replayed")["entries"] == "0"
    assert readings(d, "a") == before


def test_a_batch_sent_again_changes_nothing(nablad, tmp_path):
    d = nablad(config(tmp_path / "state"))
    for sender in FORMS:
        send_once(d, sender, 3)
        before = points(d, sender), readings(d, sender)
        for batch in (2, 1, 0, 2):
            path, body, headers = FORMS[sender](sender, batch)
            assert d.get(path, headers=headers, method="POST", data=body)[0] == 204
        assert (points(d, sender), readings(d, sender)) == before, sender


AGAIN = {"min_dt": {"min_dt": "2s", "trend": "20s"},
         "max_rate": {"max_rate": 50, "trend": "20s"},
         "wrap": {"kind": "counter", "wrap": 32, "max_rate": 1e6},
         "reorder": {"late": {"reorder": "10ms"}, "trend": "20s"},
         "late": {"trend": "20s"},
         "late_drop": {"late": "drop"},
         "gaps": {"max_gap": "3s", "trend": "20s", "kind": "counter"},
         "nan": {"on_nan": "break", "trend": "20s"}}


def unruly(rule, seed):
    """(milliseconds, value): what the rule is for happens often."""
    rng = random.Random(f"{rule} {seed}")
    t, count = T0 * 1000, 0
    for _ in range(60):
        t += rng.choice([500, 5000]) if rule == "gaps" else rng.choice([300, 700, 1000, 1500])
        v = rng.uniform(-5, 5) + (1e4 if rule == "max_rate" and rng.random() < 0.1 else 0)
        if rule in ("gaps", "wrap"):
            count = 0 if rng.random() < 0.05 else count + rng.randrange(1000)
            v = count * 3000000 % 2**32 if rule == "wrap" else count
        if rule == "nan" and rng.random() < 0.1:
            v = "NaN"
        late = rule in ("late", "late_drop", "reorder") and rng.random() < 0.2
        yield t - (rng.choice([250, 650]) if late else 0), v


@pytest.mark.parametrize("rule", AGAIN)
def test_a_batch_sent_again_changes_nothing_under_rules(nablad, rule):
    d = nablad(yaml.safe_dump({"defaults": {"keep": "1w", "stale_after": "1w", "expire_after": "2w",
                                            **AGAIN[rule]}}))

    def known():
        reading = [{k: v for k, v in r.items() if k != "age"} for r in d.rates("m")]
        return reading, d.data("/api/v1/points", {"match[]": "m"})

    def settled(last):
        """Nothing is held back to be sorted any more."""
        window = d.rate("m", time="unix")["window"]
        return rule != "reorder" or [x["time"] for x in window][-1:] == [last / 1000]

    sent = list(unruly(rule, 1))
    bodies = ["".join(f"m,s=1 value={v} {t}\n" for t, v in sent[at:at + 6]) for at in range(0, 60, 6)]
    for at, body in enumerate(bodies):
        newest = max(t for t, _ in sent[:6 * (at + 1)])
        assert d.get("/write?precision=ms", method="POST", data=body)[0] == 204
        eventually(lambda: settled(newest), "what is held back")
        before = known()
        for again in (body, *bodies[:at + 1]):
            assert d.get("/write?precision=ms", method="POST", data=again)[0] == 204
        if rule == "reorder":
            eventually(lambda: known() == before, "no change")
        assert known() == before, at


@pytest.mark.parametrize("rule", AGAIN)
def test_a_batch_sent_again_after_a_restart_changes_nothing(nablad, tmp_path, rule):
    """What the snapshot has, the journal need not: a batch that was taken, saved and not answered comes once more."""
    text = yaml.safe_dump({"state": {"directory": str(tmp_path / "state"), "interval": "100ms"},
                           "defaults": {"keep": "1w", "stale_after": "1w", "expire_after": "2w", **AGAIN[rule]}})
    d, sent = nablad(text), list(unruly(rule, 2))

    def known():
        reading = [{k: v for k, v in r.items() if k != "age"} for r in d.rates("m")]
        return reading, d.data("/api/v1/points", {"match[]": "m"})

    def settled(last):
        window = d.rate("m", time="unix")["window"]
        return rule != "reorder" or [x["time"] for x in window][-1:] == [last / 1000]

    for at in range(0, 60, 6):
        body = "".join(f"m,s=1 value={v} {t}\n" for t, v in sent[at:at + 6])
        newest = max(t for t, _ in sent[:at + 6])
        assert d.get("/write?precision=ms", method="POST", data=body)[0] == 204
        eventually(lambda: settled(newest), "what is held back")
        before, snapshots = known(), d.metric("nablad_state_snapshots_total")
        eventually(lambda: d.metric("nablad_state_snapshots_total") >= snapshots + 2, "a snapshot")
        d.proc.kill()
        d.proc.wait()
        d = nablad(text)
        assert known() == before, at
        assert d.get("/write?precision=ms", method="POST", data=body)[0] == 204
        if rule == "reorder":
            eventually(lambda: known() == before, "no change")
        assert known() == before, at


def test_samples_without_a_time_keep_theirs(nablad, tmp_path):
    text = config(tmp_path / "state")
    d = nablad(text)
    for _ in range(4):
        assert d.get("/write", method="POST", data=b"now,a=1 value=1\nnow,a=2 value=2")[0] == 204
    want = {s: d.rate(f'now{{a="{s}"}}')["window"] for s in "12"}
    assert len(want["1"]) == 3
    d.proc.kill()
    d.proc.wait()
    d = nablad(text)
    assert {s: d.rate(f'now{{a="{s}"}}')["window"] for s in "12"} == want


def test_a_snapshot_comes_early_where_the_journal_fills(nablad, tmp_path):
    d = nablad(config(tmp_path / "state", journal_max="1MiB", interval="1h"))
    eventually(lambda: d.metric("nablad_state_snapshots_total") == 1, "the first snapshot")
    path, body, more = FORMS["a"]("a", 0)
    for snapshots in range(2, 6):
        while d.metric("nablad_journal_bytes") <= 512 * 1024 and d.metric("nablad_state_snapshots_total") < snapshots:
            status, _, answer = d.get(path, method="POST", data=body * 10, headers=more)
            assert status == 204, answer
        eventually(lambda: d.metric("nablad_state_snapshots_total") >= snapshots, "a snapshot")
        eventually(lambda: d.metric("nablad_journal_bytes") <= 512 * 1024, "room")
    assert d.metric("nablad_journal_refused_total", reason="full") == 0


def test_full_is_said(nablad, tmp_path):
    """No snapshot makes room: there is a folder where its file would be."""
    d = nablad(config(tmp_path / "state", journal_max="1MiB", interval="1h"))
    eventually(lambda: d.metric("nablad_state_snapshots_total") == 1, "the first snapshot")
    (tmp_path / "state" / "state.mdb").unlink()
    (tmp_path / "state" / "state.mdb.new").mkdir()
    for sender in "ac":
        path, body, more = FORMS[sender](sender, 0)
        body = body * 20 if sender == "a" else body
        status = 204
        while status == 204:
            status, headers, answer = d.get(path, method="POST", data=body, headers=more)
        assert status == 503 and headers["Retry-After"] == "1", answer
        assert "state.journal_max" in answer["error"]
    assert d.metric("nablad_journal_refused_total", reason="full") >= 2
    assert d.metric("nablad_journal_bytes") <= d.metric("nablad_journal_max_bytes")
    d.wait_event("journal_refused")
    d.send("other,a=1 value=1 1700000000000000000")  # by TCP it goes on
    assert len(d.rates("other")) == 1


def test_a_journal_needs_a_folder(run_nablad, tmp_path):
    (tmp_path / "c.yaml").write_text("state: {journal: true}\n")
    done = run_nablad("--config", tmp_path / "c.yaml", "--check")
    assert done.returncode == 2
    assert "c.yaml:1:18: state.journal: it needs state.directory to lie in" in done.stderr
