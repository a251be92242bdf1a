"""nablad --replay: recorded lines through the table, time being theirs; numpy is the oracle."""
import json
import os
import pathlib
import random
import subprocess
import tty

import numpy
import pytest

import daemon

T0 = 1_700_000_000_000_000_000
S = 1_000_000_000


@pytest.fixture
def replay(tmp_path, run_nablad):
    """replay(text, config=None) -> (points, log events, bytes as they came)."""
    def run(text, config="", timeout=daemon.DEADLINE_S):
        (tmp_path / "lines").write_bytes(text if isinstance(text, bytes) else text.encode())
        (tmp_path / "rules.yaml").write_text(config)
        args = ("--config", tmp_path / "rules.yaml") if config else ()
        done = run_nablad(*args, "--replay", tmp_path / "lines", timeout=timeout)
        assert done.returncode == 0, done.stderr
        log = [dict(daemon.LOG_PAIR.findall(line)) for line in done.stderr.splitlines()]
        return [json.loads(line) for line in done.stdout.splitlines()], log, done.stdout
    return run


def last_words(points):
    """{name: [(ns, rate), ...] in order of time}, later words replacing earlier ones."""
    by_name = {}
    for p in points:
        by_name.setdefault(p["metric"]["__name__"], {})[p["time"]] = p["rate"]
    return {name: [rate for _, rate in sorted(words.items())] for name, words in by_name.items()}


def random_series(seed, n):
    draw = random.Random(seed)
    t, v, at = T0, 20.0, []
    for _ in range(n):
        t += draw.randrange(1, 3 * S)
        v += draw.gauss(0, 0.3)
        at.append((t, v))
    return at


def as_lines(series):
    """{name: [(t, v), ...]} as one recording, in order of time."""
    rows = sorted((t, name, v) for name, at in series.items() for t, v in at)
    return "".join(f"{name} value={v!r} {t}\n" for t, name, v in rows)


def differs(rates, at, order):
    t = numpy.array([x for x, _ in at], dtype=object) - at[0][0]
    want = numpy.gradient(numpy.array([v for _, v in at]), t.astype(float) / 1e9, edge_order=order)
    return numpy.max(numpy.abs(numpy.array(rates) - want) / numpy.maximum(1, numpy.abs(want)))


@pytest.mark.parametrize("order", [1, 2])
def test_every_point_is_numpys(replay, order):
    series = {f"m{k}": random_series(k, 700) for k in range(5)}
    points, log, _ = replay(as_lines(series), f"defaults: {{edge_order: {order}}}")
    words = last_words(points)
    for name, at in series.items():
        assert len(words[name]) == len(at)
        assert differs(words[name], at, order) < 1e-5  # numpy's own noise at gaps of nanoseconds
    end = log[-1]
    assert (end["event"], end["lines"], end["samples"]) == ("replayed", "3500", "3500")


def test_the_command_agrees(replay, nabla, tmp_path):
    at = random_series(7, 300)
    points, _, _ = replay(as_lines({"m": at}))
    (tmp_path / "m.csv").write_text("t,v\n" + "".join(f"{(t - T0) / S!r},{v!r}\n" for t, v in at))
    done = nabla("gradient", "m.csv", "--x", "t", "--y", "v")
    assert done.returncode == 0, done.stderr
    theirs = [float(line.split(",")[-1]) for line in done.stdout.splitlines()[1:]]
    numpy.testing.assert_allclose(last_words(points)["m"], theirs, rtol=1e-4, atol=1e-6)


def test_the_same_bytes_on_any_number_of_threads(replay):
    text = as_lines({f"m{k}": random_series(k, 60) for k in range(200)})
    outputs = {replay(text, f"ingest: {{threads: {n}}}")[2] for n in (1, 1, 2, 8)}
    assert len(outputs) == 1


def random_lines(seed, n, names):
    """n lines of names series: times that move by nanoseconds to minutes, some late, some refused, silences."""
    draw, t, lines = random.Random(seed), T0, []
    for _ in range(n):
        t += draw.choice((0, 1, 1000, S // 100, S // 1000))
        t += 100 * S if draw.random() < 0.0005 else 0
        at = t - draw.randrange(3 * S) if draw.random() < 0.05 else t
        value = draw.choice((f"{draw.gauss(0, 1e3)!r}", f"{draw.randrange(2**62)}i", f"{draw.randrange(100)}"))
        lines.append(f'm{draw.randrange(names)},site=a\\ "{draw.randrange(3)}" value={value} {at}\n')
    return "".join(lines) + "no line\n"


def test_a_large_random_file_gives_the_same_bytes(replay):
    """Many pieces for each thread, and series that end and come back while their points wait to be written; the
    last word on each time is the same whichever thread wrote it."""
    text = random_lines(42, 60_000, 500)
    rules = "{match: '{__name__=~\"m1.*\"}', trend: 2m, resolution: 1, stale_after: 1m, expire_after: 2m}"
    outputs = []
    for n in (1, 2, 4, 8, 2):
        _, log, out = replay(text, f"ingest: {{threads: {n}}}\nseries: [{rules}]")
        assert int(log[-1]["points"]) == out.count("\n") > 30_000
        outputs.append(out)
    assert all(out == outputs[0] for out in outputs)


@pytest.mark.parametrize("path", sorted((pathlib.Path(__file__).parents[1] / "data").glob("*.lines")),
                         ids=lambda path: path.stem)
def test_a_recording_through_rules_gives_the_same_bytes(replay, path):
    rules = "{match: '{__name__=~\".+\"}', trend: 2m, resolution: 0.1, min_dt: 100ms, late: {reorder: 30s}}"
    outputs = {replay(path.read_text(), f"ingest: {{threads: {n}}}\nseries: [{rules}]")[2] for n in (1, 2, 4)}
    assert len(outputs) == 1 and outputs.pop()


def test_silence_is_judged_by_the_recordings_time(replay):
    """m falls silent for an hour while n goes on: m's run ends by itself, at n's time, and what comes
    after is a run of its own, with no rate across the gap."""
    m = [(T0 + i * S, float(i)) for i in range(10)]
    again = [(T0 + 3600 * S + i * S, 500.0 - i) for i in range(10)]
    n = [(T0 + i * 10 * S, 1.0) for i in range(400)]
    points, _, _ = replay(as_lines({"m": m + again, "n": n}), "defaults: {stale_after: 1m}")
    assert last_words(points)["m"] == pytest.approx([1.0] * 10 + [-1.0] * 10)
    order = [(p["metric"]["__name__"], p["time"]) for p in points]
    last_of_run = order.index(("m", "2023-11-14T22:13:29.000000000Z"))
    assert last_of_run < order.index(("n", "2023-11-14T22:20:00.000000000Z"))


def test_late_samples_correct_points(replay):
    at = random_series(3, 50)
    swapped = at[:2] + [at[i ^ 1] for i in range(2, 50)]  # nothing is earlier than the first
    points, _, _ = replay("".join(f"m value={v!r} {t}\n" for t, v in swapped))
    assert any(p["corrected"] for p in points)
    assert differs(last_words(points)["m"], at, 1) < 1e-6


def test_rules_hold(replay):
    text = "".join(f"c,s={s} value={v} {T0 + i * S}\n"
                   for s in "ab" for i, v in enumerate([0, 10, 20, 5, 15]))
    config = """
        series:
          - {match: 'c{s="a"}', kind: counter, per: 1m}
    """
    points, _, _ = replay(text, config)
    rates = {s: [p["rate"] for p in points if p["metric"]["s"] == s] for s in "ab"}
    assert rates["a"] == [600, 600, 450, 450, 600]
    assert rates["b"] == [10, 10, -2.5, -2.5, 10]
    assert {p["unit"] for p in points if p["metric"]["s"] == "a"} == {"1/min"}


def test_error_and_trend_come_with_each_point(replay):
    """As known when the point became final: the error by the stencil's weights, the trend by numpy's weighted
    fit of all samples up to the next one. A series whose rule asks for neither has neither."""
    at = random_series(9, 200)
    points, _, _ = replay(as_lines({"m": at, "plain": at}), """
        series:
          - {match: m, resolution: 0.1, trend: 1m, per: 1m}
    """)
    assert not any({"error", "trend"} & p.keys() for p in points if p["metric"]["__name__"] == "plain")
    mine = [p for p in points if p["metric"]["__name__"] == "m"]
    t = (numpy.array([x for x, _ in at], dtype=object) - at[0][0]).astype(float) / 1e9
    v = numpy.array([y for _, y in at])
    for k in range(3, len(at) - 1):
        hs, hd = t[k] - t[k - 1], t[k + 1] - t[k]
        weights = [-hd / (hs * (hs + hd)), (hd - hs) / (hs * hd), hs / (hd * (hs + hd))]
        assert mine[k]["error"] == pytest.approx(60 * 0.1 / 12**0.5 * numpy.linalg.norm(weights), rel=1e-9)
        w = numpy.exp((t[:k + 2] - t[k + 1]) / 60)
        slope = numpy.polyfit(t[:k + 2] - t[k + 1], v[:k + 2], 1, w=numpy.sqrt(w))[0]
        assert mine[k]["trend"] == pytest.approx(60 * slope, rel=1e-7, abs=1e-9)


def test_bad_lines_cost_nothing_else(replay):
    good = as_lines({"m": random_series(1, 20)}).splitlines(keepends=True)
    long = "m" * 3_000_000 + " value=1\n"
    points, log, _ = replay("nonsense\n" + "".join(good[:10]) + long + "".join(good[10:])[:-1])
    assert len(points) == 20
    assert [e["reason"] for e in log if e["event"] == "line_refused"] == ["syntax", "line_too_long"]
    assert log[-1]["lines"] == "22"


def test_standard_input_and_an_empty_one(tmp_path):
    for text, points in ((as_lines({"m": random_series(1, 5)}), 5), ("", 0)):
        done = subprocess.run([daemon.NABLAD, "--replay", "-"], input=text, capture_output=True,
                              text=True, timeout=daemon.DEADLINE_S, cwd=tmp_path)
        assert (done.returncode, len(done.stdout.splitlines())) == (0, points), done.stderr


def test_what_cannot_be_read_or_written(run_nablad, tmp_path):
    (tmp_path / "lines").write_text(as_lines({"m": random_series(1, 5)}))
    for path, why in (("missing", "No such file"), (".", "Is a directory")):
        done = run_nablad("--replay", path)
        assert done.returncode == 1 and why in done.stderr and done.stdout == ""
    with open("/dev/full", "w") as full:
        done = subprocess.run([daemon.NABLAD, "--replay", "lines"], stdout=full, cwd=tmp_path,
                              stderr=subprocess.PIPE, text=True, timeout=daemon.DEADLINE_S)
    assert done.returncode == 1 and "No space left" in done.stderr


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_what_was_final_is_written_before_an_error(tmp_path, threads):
    """The slave's end of a terminal is closed: after what it wrote, reading its master is an error."""
    (tmp_path / "t.yaml").write_text(f"ingest: {{threads: {threads}}}")
    command = [daemon.NABLAD, "--config", "t.yaml", "--replay"]
    text = as_lines({"m": random_series(2, 3000), "n": random_series(3, 3000)})
    (tmp_path / "lines").write_text(text)
    whole = subprocess.run([*command, "lines"], capture_output=True, text=True, cwd=tmp_path,
                           timeout=daemon.DEADLINE_S).stdout
    master, slave = os.openpty()
    tty.setraw(slave)
    with open(tmp_path / "out", "w") as to:  # a pipe would be full before all lines are written
        process = subprocess.Popen([*command, "-"], stdin=master, stdout=to, cwd=tmp_path,
                                   stderr=subprocess.PIPE, text=True)
    with open(slave, "w") as lines:
        lines.write(text)
    err = process.communicate(timeout=daemon.DEADLINE_S)[1]
    os.close(master)
    out = (tmp_path / "out").read_text()
    assert process.returncode == 1 and "Input/output error" in err and "event=replayed" not in err
    assert whole.startswith(out) and out.count("\n") == whole.count("\n") - 2  # both runs have not ended


def test_a_reader_that_goes_ends_it(tmp_path):
    """| head -1: no endless work for nobody."""
    (tmp_path / "lines").write_text(as_lines({"m": random_series(1, 20000)}))
    ours, theirs = os.pipe()
    process = subprocess.Popen([daemon.NABLAD, "--replay", "lines"], stdout=theirs, cwd=tmp_path,
                               stderr=subprocess.PIPE, text=True)
    os.close(theirs)
    os.read(ours, 10)
    os.close(ours)
    err = process.communicate(timeout=daemon.DEADLINE_S)[1]
    assert process.returncode != 0 and not daemon.SANITIZER.search(err)
