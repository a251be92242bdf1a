"""Counters: exact where the source is an integer, however large, and their resets told. The oracle is Python's
integers and fractions, which round nothing."""
import json
import random
from fractions import Fraction

import pytest

import daemon

T0 = 1_700_000_000_000_000_000
S = 1_000_000_000
MOST = 2**64


@pytest.fixture
def replay(run_nablad, tmp_path):
    """replay(lines, rules) -> the last word on each time: {ns: point}."""
    def run(lines, rules):
        (tmp_path / "lines").write_text("".join(lines))
        (tmp_path / "rules.yaml").write_text(f"series: [{{match: '{{__name__=~\".+\"}}', {rules}}}]")
        done = run_nablad("--config", tmp_path / "rules.yaml", "--replay", tmp_path / "lines")
        assert done.returncode == 0, done.stderr
        return {daemon_ns(p["time"]): p for p in map(json.loads, done.stdout.splitlines())}
    return run


def daemon_ns(text):
    from datetime import datetime, timezone
    whole, fraction = text.rstrip("Z").split(".")
    at = datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return int(at.timestamp()) * S + int(fraction)


def influx(t, v):
    return f"m value={v}{'u' if v >= 2**63 else 'i'} {t}\n"


def graphite(t, v):
    return f"m {v} {t // S}.{t % S:09d}\n"


def as_json(t, v):
    return f'{{"metric":"m","time":{t // S}.{t % S:09d},"value":{v}}}\n'


def increases(at, kind, wrap=None):
    out = []
    for (t, v), (u, w) in zip(at, at[1:]):
        step = w - v
        if step < 0 and kind == "counter":
            step = w if wrap is None else step + wrap
        out.append((Fraction(step), Fraction(u - t, S)))
    return out


def gradient(at, kind, wrap=None):
    """numpy.gradient's three points, in fractions."""
    steps = increases(at, kind, wrap)
    slopes = [s / h for s, h in steps]
    inner = [(h2 * a + h1 * b) / (h1 + h2)
             for a, b, (_, h1), (_, h2) in zip(slopes, slopes[1:], steps, steps[1:])]
    return [float(x) for x in [slopes[0], *inner, slopes[-1]]]


def agrees(points, at, kind, wrap=None):
    assert sorted(points) == [t for t, _ in at]
    for (t, v), want in zip(at, gradient(at, kind, wrap)):
        assert points[t]["rate"] == pytest.approx(want, rel=1e-14, abs=0)


def steps_of(seed, n, start, most=1000):
    draw = random.Random(seed)
    t, v = T0, start
    for _ in range(n):
        yield t, v
        t += draw.randrange(1, 3 * S)
        v += draw.randrange(most)


@pytest.mark.parametrize("write", [influx, graphite, as_json])
@pytest.mark.parametrize("start", [2**53 - 400, 2**60, 2**63 - 30_000, 2**64 - 60_000])
def test_a_large_counter_is_exact(replay, write, start):
    at = list(steps_of(start, 100, start))
    points = replay([write(t, v) for t, v in at], "kind: counter")
    agrees(points, at, "counter")
    assert [points[t]["value"] for t, _ in at] == [v for _, v in at]


def test_seven_more_is_seven(replay):
    points = replay([influx(T0, 2**60), influx(T0 + S, 2**60 + 7), influx(T0 + 2 * S, 2**60 + 7)], "kind: counter")
    assert [p["rate"] for _, p in sorted(points.items())] == [7, 3.5, 0]


def test_a_large_gauge_is_exact_too(replay):
    draw = random.Random(5)
    at = [(T0 + k * S, -2**62 + draw.randrange(500)) for k in range(200)]
    agrees(replay([influx(t, v) for t, v in at], "kind: gauge, trend: 1m, resolution: 1"), at, "gauge")


def test_an_influx_number_without_its_letter_is_a_float(replay):
    points = replay([f"m value={2**60 + 7 * k} {T0 + k * S}\n" for k in range(3)], "kind: counter")
    assert [p["rate"] for _, p in sorted(points.items())] == [0, 0, 0]


def test_resets_of_a_large_counter(replay):
    """To zero, and by so little that doubles do not see it."""
    values = [2**60 + k for k in (0, 40, 77)] + [3, 50, 2**60 + 5, 2**60 + 9, 2**60 + 8, 2**60 + 300]
    at = [(T0 + 10 * k * S, v) for k, v in enumerate(values)]
    agrees(replay([influx(t, v) for t, v in at], "kind: counter"), at, "counter")


def test_late_and_corrected_and_twice(replay):
    """Whatever order they come in, with repeats, and values that differ from what stood there by one."""
    draw = random.Random(11)
    at = list(steps_of(3, 200, 2**61 + 1))
    lines = []
    for k in range(1, len(at), 2):
        pair = [at[k], at[k - 1]] if k > 2 else [at[k - 1], at[k]]  # nothing is earlier than the first
        for t, v in pair:
            if draw.random() < 0.3:
                lines.append(influx(t, v - 1))
            lines += [influx(t, v)] * draw.randrange(1, 3)
    points = replay(lines, "kind: counter, max_gap: 1h")
    agrees(points, at, "counter")


def test_a_counter_of_64_bits_overflows(replay):
    start = MOST - 50_000
    at = [(t, v % MOST) for t, v in steps_of(8, 300, start)]
    assert at[-1][1] < at[0][1]
    points = replay([influx(t, v) for t, v in at], "kind: counter, wrap: 64, max_rate: 1e13, late: insert")
    agrees(points, at, "counter", MOST)


def test_a_restart_is_no_overflow(replay):
    """2^63 to 12 would mean 9e17 a second: the run ends there, and another begins."""
    first = [(T0 + k * S, 2**63 + 7 * k) for k in range(5)]
    second = [(T0 + (5 + k) * S, 12 + 9 * k) for k in range(5)]
    points = replay([influx(t, v) for t, v in first + second], "kind: counter, wrap: 64, max_rate: 1e9")
    assert [points[t]["rate"] for t, _ in first + second] == [7] * 5 + [9] * 5


def test_large_counters_through_the_rules(replay):
    """Sorted, merged, guarded, with a trend: each of them keeps every unit."""
    at = [(T0 + k * 10 * S, 2**60 + 1000 * k) for k in range(60)]
    twins = [(t + 1_000_000, v + 6) for t, v in at]
    merged = [(t + 500_000, v + 3) for t, v in at]
    draw = random.Random(2)
    lines = [x for pair in zip(at, twins) for x in pair]
    for k in range(4, len(lines) - 4, 4):
        lines[k:k + 4] = draw.sample(lines[k:k + 4], 4)
    spike = (T0 + 255 * S, 2**60 + 400_000)
    lines.insert(51, spike)
    rules = "kind: counter, min_dt: 100ms, late: {reorder: 1m}, max_rate: 7000, trend: 2m, keep: 1h"
    points = replay([influx(t, v) for t, v in lines], rules)
    agrees({t: p for t, p in points.items() if t in dict(merged)}, merged, "counter")


# ---- what the daemon shows

def test_resets_are_counted_for_each_series(nablad):
    d = nablad("series: [{match: c, kind: counter, max_gap: 1m},"
               " {match: w, kind: counter, wrap: 32, max_rate: 1e9}, {match: g, kind: gauge}]")
    def send(name, values, spacing=10):
        d.send("".join(f"{name} value={v}i {T0 + k * spacing * S}\n" for k, v in enumerate(values)))
    send("c,s=calm", [1, 2, 3, 4])
    send("c,s=wild", [5, 9, 2, 7, 1, 0, 3])
    send("c,s=gone", [5, 9, 2], spacing=100)  # beyond max_gap: what is lower has begun anew, too
    send("w", [2**32 - 5, 3, 9, 2**32 - 2, 4])
    send("g", [3, 1, 2])
    send("c,s=large", [2**60 + 2, 2**60 + 5, 2**60 + 4])
    want = {"calm": 0, "wild": 3, "gone": 1, "large": 1}
    found = daemon.eventually(lambda: (lambda rows: len(rows) == 4 and rows)(
        {r["metric"]["s"]: r for r in d.rates("c") if r["metric"]["s"] != "large"
         or r["window"][-1]["value"] == 2**60 + 4}))
    assert {s: r["resets"] for s, r in found.items()} == want
    assert [x["value"] for x in found["large"]["window"]] == [2**60 + 2, 2**60 + 5, 2**60 + 4]
    wraps = daemon.eventually(lambda: next((r for r in d.rates("w") if r.get("wraps") == 2), None))
    assert wraps["resets"] == 0
    assert "resets" not in daemon.eventually(lambda: d.rates("g"))[0]


def test_a_late_sample_can_mend_a_reset_or_make_one(nablad):
    d = nablad("series: [{match: c, kind: counter}]")
    resets = lambda: d.rates("c")[0]["resets"]
    d.send("".join(f"c value={v}i {T0 + k * 10 * S}\n" for k, v in enumerate([10, 20, 5, 30])))
    daemon.eventually(lambda: d.rates("c") and resets() == 1)
    d.send(f"c value=25i {T0 + 20 * S}\n")  # it was 25, not 5
    daemon.eventually(lambda: resets() == 0)
    d.send(f"c value=90i {T0 + 25 * S}\n")
    daemon.eventually(lambda: resets() == 1)


def test_points_and_stream_show_all_digits(nablad):
    d = nablad("series: [{match: c, kind: counter, keep: 1h}]")
    d.send("".join(influx(T0 + k * S, 2**60 + 7 * k).replace("m ", "c ") for k in range(5)))
    series = daemon.eventually(lambda: (lambda x: x and len(x[0]["points"]) == 4 and x)(
        d.get("/api/v1/points", {"match[]": "c"})[2]["data"]))
    assert [p[1] for p in series[0]["points"]] == [2**60 + 7 * k for k in range(4)]
    assert [p[2] for p in series[0]["points"]] == [7] * 4
