"""Rates that can be believed: each signal of tests/data through the rules that suit it, and what must come out
worked out by numpy. What users of other projects asked for is in test_trust_reports.py.
"""
import http.client
import json
import math
import pathlib
import subprocess
import sys

import numpy
import pytest

import daemon

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
T0 = 1_700_000_000_000_000_000
S = 1_000_000_000


def signal(name):
    """[(ns, value)] as they came."""
    rows = [line.split() for line in (DATA / f"{name}.lines").read_text().splitlines()]
    return [(int(t), float(v.removeprefix("value=").rstrip("i"))) for _, v, t in rows]


@pytest.fixture
def replay(run_nablad, tmp_path):
    """replay(name, rules) -> the last word on each time: [(ns, point)] in order."""
    def run(name, rules, text=None):
        path = DATA / f"{name}.lines" if text is None else tmp_path / "lines"
        if text is not None:
            path.write_text(text)
        (tmp_path / "rules.yaml").write_text(f"series: [{{match: '{{__name__=~\".+\"}}', {rules}}}]")
        done = run_nablad("--config", tmp_path / "rules.yaml", "--replay", path)
        assert done.returncode == 0, done.stderr
        words = {}
        for line in done.stdout.splitlines():
            point = json.loads(line)
            if point["metric"]["__name__"] == name:
                words[nanoseconds(point["time"])] = point
        return sorted(words.items())
    return run


def nanoseconds(text):
    whole, fraction = text.rstrip("Z").split(".")
    return int(numpy.datetime64(whole, "s").astype(int)) * S + int(fraction)


def rates(words):
    return numpy.array([p["rate"] for _, p in words])


def gradient(at, per=1):
    t = numpy.array([x - at[0][0] for x, _ in at]) / 1e9
    return numpy.gradient(numpy.array([v for _, v in at]), t) * per


def test_the_signals_are_what_their_script_makes(tmp_path):
    subprocess.run([sys.executable, DATA / "make_signals.py", tmp_path], check=True)
    made = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert made == {p.name: p.read_bytes() for p in DATA.glob("*.lines")}


# ---- steps and noise

def test_heating_knows_its_error(nablad):
    """A thermometer's steps make a rate of zeros and spikes. With its resolution the rate says so itself: the true rate
    lies within its error, and the trend's is ten times smaller."""
    at = signal("heating")
    d = nablad("series: [{match: heating, resolution: 0.1, trend: 2m, per: 1m, max_gap: 1h}]\n"
               "limits: {max_future: 1h}")
    d.send((DATA / "heating.lines").read_text())
    reading = daemon.eventually(lambda: next(
        (r for r in d.rates("heating") if r["edge"] and nanoseconds(r["edge"]["time"]) == at[-1][0]), None))
    true = 60 * 40 / 600 * math.exp(-(at[-2][0] - T0) / S / 600)
    assert abs(reading["rate"]["value"] - true) < 3 * reading["rate"]["error"]
    h = [(a[0] - b[0]) / S for a, b in zip(at[-2:], at[-3:-1])]
    w = [-h[1] / (h[0] * sum(h)), (h[1] - h[0]) / (h[0] * h[1]), h[0] / (h[1] * sum(h))]
    assert reading["rate"]["error"] == pytest.approx(60 * 0.1 / math.sqrt(12) * math.hypot(*w))
    assert abs(reading["trend"]["value"] - true) < 3 * reading["trend"]["error"] + 0.01
    assert reading["trend"]["error"] < reading["rate"]["error"] / 10


def weighted_slope(at, tau):
    t = numpy.array([(x - at[-1][0]) / 1e9 for x, _ in at])
    v = numpy.array([y for _, y in at])
    return numpy.polyfit(t, v, 1, w=numpy.sqrt(numpy.exp(t / tau)))[0]


def test_a_noisy_ramp_has_a_trend(nablad):
    """The difference of two noisy samples says nothing; the slope over the last ten minutes does, and equals numpy's
    weighted fit."""
    at = signal("ramp")
    d = nablad("series: [{match: ramp, trend: 10m}]")
    d.send((DATA / "ramp.lines").read_text())
    reading = daemon.eventually(lambda: next(
        (r for r in d.rates("ramp") if r["edge"] and nanoseconds(r["edge"]["time"]) == at[-1][0]), None))
    assert reading["trend"]["value"] == pytest.approx(weighted_slope(at, 600), rel=1e-9)
    assert abs(reading["trend"]["value"] - 0.01) < 3 * reading["trend"]["error"] < 0.0005
    assert numpy.abs(gradient(at)).max() > 0.5  # what a two-point difference would have said


# ---- silence

def test_a_reporter_on_change_falls_to_zero(nablad):
    """A meter that reports only changes has, when nothing changes, a rate of 0, not the last one for ever."""
    d = nablad("series: [{match: flow, max_gap: 1h, stale_after: 300ms, expire_after: 1h, on_silence: zero},"
               " {match: held, max_gap: 1h, stale_after: 300ms, expire_after: 1h, on_silence: hold},"
               " {match: gone, max_gap: 1h, stale_after: 300ms, expire_after: 1h}]")
    for name in ("flow", "held", "gone"):
        d.send("".join(f"{name} value={i / 2} {T0 + i * 10 * S}\n" for i in range(5)))
    daemon.eventually(lambda: d.rates("gone") and d.rates("gone")[0]["state"] == "stale")
    flow, held = daemon.eventually(lambda: (lambda f, h: f.get("silent") and h.get("silent") and (f, h))(
        d.rates("flow")[0], d.rates("held")[0]))
    assert (flow["state"], flow["rate"]["value"], flow["edge"]["value"]) == ("ok", 0, 0)
    assert (held["state"], held["rate"]["value"]) == ("ok", 0.05)
    metrics = d.get("/metrics")[2]
    assert "\nflow_per_second 0\n" in metrics and "\nheld_per_second 0.05\n" in metrics
    assert "\ngone_per_second" not in metrics


def test_no_rate_is_diluted_across_an_outage(replay):
    """After three hours of silence the first new sample makes no rate with the last old one."""
    at = signal("onchange")
    words = replay("onchange", "stale_after: 5m")
    assert len(words) == len(at)
    numpy.testing.assert_allclose(rates(words)[:40], gradient(at[:40]), rtol=1e-9)
    numpy.testing.assert_allclose(rates(words)[40:], gradient(at[40:]), rtol=1e-9)


def test_what_was_buffered_is_put_in_order(replay):
    """A batch after an outage, in no order. Held back for long enough it is sorted, and the rates are those of the
    samples as they were measured."""
    at = sorted(signal("outage"))
    words = replay("outage", "late: {reorder: 1h}, stale_after: 2h, expire_after: 3h")
    assert [t for t, _ in words] == [t for t, _ in at]
    numpy.testing.assert_allclose(rates(words), gradient(at), atol=1e-12)
    assert not any(p["corrected"] for _, p in words)


def test_late_samples_can_be_dropped(replay):
    at = signal("outage")
    words = replay("outage", "late: drop, stale_after: 2h, expire_after: 3h")
    newest, kept = -1, []
    for t, v in at:
        if t > newest:
            kept, newest = kept + [(t, v)], t
    numpy.testing.assert_allclose(rates(words), gradient(kept), atol=1e-12)


# ---- what cannot be

def test_twins_are_one_sample(replay):
    """0.1 K in a millisecond is not 100 K/s: two readings within min_dt are one, of their mean time and value."""
    at = signal("twins")
    merged = [((a[0] + b[0]) // 2, (a[1] + b[1]) / 2) for a, b in zip(at[::2], at[1::2])]
    words = replay("twins", "min_dt: 100ms")
    by_time = dict(words)
    mine = [by_time[t]["rate"] for t, _ in merged]
    numpy.testing.assert_allclose(mine, gradient(merged), rtol=1e-6, atol=1e-9)
    assert numpy.abs(mine).max() < 0.01
    assert numpy.abs(rates(replay("twins", "min_dt: off"))).max() > 90


def test_spikes_are_held_back_and_a_step_is_not(replay):
    """Readings of a bad contact are dropped; a true step, which the next sample confirms, is taken."""
    at = signal("spikes")
    good = [x for k, x in enumerate(at) if k not in (20, 45, 46)]
    words = replay("spikes", "max_rate: 0.3")
    numpy.testing.assert_allclose(rates(words), gradient(good), atol=1e-12)


def test_a_clock_set_back_and_right_again(replay):
    """Half the samples come with times of an hour ago: they are late, and nothing is made of them."""
    at = signal("clock")
    good = at[:30] + at[60:]
    words = replay("clock", "max_gap: 1h, stale_after: 1h")
    numpy.testing.assert_allclose(rates(words), gradient(good), atol=1e-12)


# ---- counters

def counted(at, bits=32, most=math.inf):
    """Increases as they were: [(run, ns, count)], a new run where nothing is known of the time between."""
    runs, total = [[(at[0][0], 0.0)]], 0.0
    for (t, v), (u, w) in zip(at, at[1:]):
        step = w - v
        if step < 0 and (step + 2**bits) / ((u - t) / S) <= most:
            step += 2**bits
        if step < 0:
            runs.append([])
        total += max(step, 0)
        runs[-1].append((u, total))
    return runs


def test_a_counter_wraps_where_that_can_be(replay):
    """A restart at zero must not look like an overflow of a billion a second, nor an overflow like a restart: max_rate
    tells them apart."""
    at = signal("counter")
    runs = counted(at, 32, 2000)
    assert [len(r) for r in runs] == [41, 19]
    words = replay("counter", "kind: counter, wrap: 32, max_rate: 2000")
    want = numpy.concatenate([gradient(r) for r in runs if len(r) > 1])
    lone = [r[0][0] for r in runs if len(r) == 1]
    mine = numpy.array([p["rate"] for t, p in words if t not in lone])
    numpy.testing.assert_allclose(mine, want, rtol=1e-9)
    assert mine.min() > 0 and mine.max() < 2000


def test_a_counter_without_wrap_counts_from_zero(replay):
    """What was counted between two samples is what the rate says, neither extrapolated nor lost at a reset."""
    values = [100, 160, 220, 30, 90, 150]
    text = "".join(f"requests value={v}i {T0 + 10 * S * k}\n" for k, v in enumerate(values))
    words = replay("requests", "kind: counter", text)
    secants = [6, 6, 3, 6, 6]
    want = [6] + [(a + b) / 2 for a, b in zip(secants, secants[1:])] + [6]
    numpy.testing.assert_allclose(rates(words), want, rtol=1e-12)


# ---- what comes next

def test_when_will_it_get_there(nablad):
    d = nablad("series: [{match: freezer, limits: [-15, -30], per: 1h},"
               " {match: oven, limits: [200], resolution: 0.01}]")
    for k in range(4):
        d.send(f"freezer value={-18 + 0.25 * k} {T0 + 60 * S * k}\n")
        d.send(f"oven value={20 + 2 * k + k * k} {T0 + 10 * S * k}\n")
    freezer = daemon.eventually(lambda: next(
        (r for r in d.rates("freezer") if r["window"][-1]["value"] == -17.25), None))
    there, never = freezer["eta"]
    assert there == {"limit": -15, "seconds": pytest.approx(2.25 / 0.25 * 60),
                     "time": there["time"]}
    assert nanoseconds(there["time"]) == pytest.approx(T0 + 180 * S + 540 * S, abs=10)
    assert never == {"limit": -30, "seconds": None, "time": None}
    oven = daemon.eventually(lambda: next(
        (r for r in d.rates("oven") if r["window"][-1]["value"] == 35), None))
    # the newest slope, of order 1, is that of the last ten seconds: 0.7 a second; the bend is 0.02
    t = oven["eta"][0]["seconds"]
    assert 35 + 0.7 * t + 0.01 * t * t == pytest.approx(200)


# ---- recent points

def ask_points(d, **params):
    status, _, body = d.get("/api/v1/points", {"time": "unix", **params})
    assert status == 200, body
    return body["data"]


def test_recent_points(nablad):
    at = signal("heating")
    d = nablad("series: [{match: heating, keep: 30m, resolution: 0.1, trend: 2m, per: 1m, max_gap: 1h}]")
    d.send((DATA / "heating.lines").read_text())
    newest = at[-2][0]  # the last whose rate is final
    series = daemon.eventually(lambda: (lambda x: x and x[0]["points"] and
                                        abs(x[0]["points"][-1][0] - newest / 1e9) < 1e-6 and x)(
        ask_points(d, **{"match[]": "heating"})))[0]
    assert series["columns"] == ["time", "value", "rate", "accel", "error", "trend"]
    assert series["metric"] == {"__name__": "heating"} and series["unit"] == "1/min"
    kept = [x for x in at if newest - 1800 * S <= x[0] <= newest]
    columns = numpy.array(series["points"], dtype=float)
    assert [p[0] for p in series["points"]] == pytest.approx([t / 1e9 for t, _ in kept], abs=1e-6)
    want = dict(zip([t for t, _ in at], gradient(at, 60)))
    numpy.testing.assert_allclose(columns[:, 2], [want[t] for t, _ in kept], atol=1e-9)
    mid = ask_points(d, **{"match[]": "heating", "start": f"{at[-20][0]}"[:10] + "." + f"{at[-20][0]}"[10:],
                         "end": f"{at[-10][0]}"[:10] + "." + f"{at[-10][0]}"[10:]})[0]
    assert len(mid["points"]) == 11
    assert mid["points"][0][5] == pytest.approx(
        60 * weighted_slope(at[:-18], 120), rel=1e-9)  # as known when the point was final
    assert mid["points"][0][4] > 0


def test_thinned_points_keep_spikes(nablad):
    d = nablad("series: [{match: m, keep: 1d, max_gap: 1d}]")
    d.send("".join(f"m value={i % 3 / 10 + (40 if i == 617 else 0)} {T0 + i * S}\n" for i in range(1000)))
    daemon.eventually(lambda: (lambda x: x and len(x[0]["points"]) == 999)(
        ask_points(d, **{"match[]": "m"})))
    thin = ask_points(d, **{"match[]": "m", "max_points": 20})[0]["points"]
    assert len(thin) == 20 and max(abs(p[2]) for p in thin) > 19
    by_value = ask_points(d, **{"match[]": "m", "max_points": 20, "by": "value"})[0]["points"]
    assert len(by_value) == 20 and max(p[1] for p in by_value) > 39


def test_the_memory_of_points_is_bounded(nablad):
    d = nablad("limits: {keep_memory: 16KiB}\nseries: [{match: 'm', keep: 1d, max_gap: 1d}]")
    d.send("".join(f"m,k={k} value={i} {T0 + i * S}\n" for i in range(200) for k in range(10)))
    daemon.eventually(lambda: d.metric("nablad_events_total", event="keep_refused") > 1000)
    assert d.metric("nablad_kept_bytes") <= 16384
    assert d.events("keep_refused")[0]["limit_bytes"] == "16384"
    series = ask_points(d, **{"match[]": "m"})
    assert len(series) == 10 and 0 < sum(len(x["points"]) for x in series) <= 16384 // 56
    assert all(x["points"][-1][0] == T0 / S + 198 for x in series if x["points"])


def test_points_that_cannot_be_asked_for(nablad):
    d = nablad()
    for params, why in (({}, "no match"), ({"match[]": "m", "start": "soon"}, "start"),
                        ({"match[]": "m", "max_points": "1"}, "max_points"),
                        ({"match[]": "m", "by": "name"}, "by")):
        status, _, body = d.get("/api/v1/points", params)
        assert status == 400 and why in body["error"]
    assert ask_points(d, **{"match[]": "m"}) == []


# ---- what scrapers see

def scrape(d, source):
    """/metrics as the scraper at that address gets it."""
    conn = http.client.HTTPConnection(*d.http_address, timeout=daemon.DEADLINE_S,
                                      source_address=(source, 0))
    conn.request("GET", "/metrics", headers={"Accept": "text/plain"})
    text = conn.getresponse().read().decode()
    conn.close()
    return text


def test_metrics_tell_trend_forecast_and_extremes(nablad):
    d = nablad("series: [{match: m, trend: 1m, limits: [100, -5], extremes: true, per: 1m, max_gap: 1h}]")
    d.send("".join(f"m,k=a value={v} {T0 + i * 10 * S}\n" for i, v in enumerate([0, 1, 2, 9, 4, 5])))
    daemon.eventually(lambda: d.rates("m") and d.rates("m")[0]["window"][-1]["value"] == 5)
    text = scrape(d, "127.0.0.2")
    mine = [line for line in text.splitlines() if line.startswith("m_")]
    rates = gradient([(T0 + i * 10 * S, v) for i, v in enumerate([0, 1, 2, 9, 4, 5])], 60)[:-1]
    extremes = [f'm_per_minute_extreme{{k="a",extreme="lowest"}} {rates.min():g}',
                f'm_per_minute_extreme{{k="a",extreme="highest"}} {rates.max():g}']
    assert mine[0] == 'm_per_minute{k="a"} -12'
    assert mine[1].startswith('m_trend_per_minute{k="a"} ')
    assert mine[2:4] == extremes
    assert mine[4].startswith('m_seconds_to{k="a",limit="100"} ') and len(mine) == 5
    assert 'extreme="' not in scrape(d, "127.0.0.2")  # nothing new since this scraper came
    assert "\n".join(extremes) in scrape(d, "127.0.0.3")  # another hears of them, too
    d.send(f"m,k=a value=5 {T0 + 60 * S}\n")
    daemon.eventually(lambda: d.rates("m")[0]["window"][-1]["time"].startswith("2023-11-14T22:14:20"))
    assert 'm_per_minute_extreme{k="a",extreme="highest"} 3\n' in scrape(d, "127.0.0.2")
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True)
    assert checked.returncode == 0 and not checked.stderr, checked.stderr


def test_a_fifth_scraper_begins_anew(nablad):
    """Four are told apart; another takes the place of who came least recently, and hears of nothing before it."""
    d = nablad("series: [{match: m, extremes: true, max_gap: 1h}]")
    told = lambda source: 'extreme="highest"' in scrape(d, source)  # noqa: E731
    d.send("".join(f"m value={i * i} {T0 + i * S}\n" for i in range(6)))
    daemon.eventually(lambda: d.metric("nablad_points_total") == 5)
    assert [told(f"127.0.0.{k}") for k in (2, 3, 4)] == [True] * 3  # the first is the test itself
    assert d.metric("nablad_scrapers_replaced_total") == 0
    assert not told("127.0.0.5") and d.metric("nablad_scrapers_replaced_total") == 1
    d.send(f"m value=0 {T0 + 6 * S}\n")
    daemon.eventually(lambda: d.metric("nablad_points_total") == 6)
    assert told("127.0.0.5") and told("127.0.0.3") and not told("127.0.0.2")


def test_what_became_of_odd_samples(nablad):
    d = nablad("series: [{match: m, keep: 1d, min_dt: 100ms, max_rate: 50}]")
    at = ((0, 1), (1, 2), (2, 3), (3, 900), (4, 5), (4.05, 6), (5, 6), (3.5, 4), (6, 7), (7, 8), (8, 9), (0.5, 1))
    d.send("".join(f"m value={v} {T0 + int(t * S)}\n" for t, v in at))
    series = daemon.eventually(lambda: (lambda x: x and len(x[0]["marks"]) == 5 and x)(
        ask_points(d, **{"match[]": "m", "marks": "1"})))[0]
    assert [(m["what"], m["time"] - T0 / S, m["value"]) for m in series["marks"]] == [
        ("held", 3, 900), ("spike", 3, 900), ("merged", pytest.approx(4.05), 6), ("late_inserted", 3.5, 4),
        ("late_dropped", 0.5, 1)]
    assert all(m["came"] > T0 / S for m in series["marks"])
    late = ask_points(d, **{"match[]": "m", "marks": "1", "start": str(T0 // S + 4)})[0]["marks"]
    assert [m["what"] for m in late] == ["merged"]
    assert "marks" not in ask_points(d, **{"match[]": "m"})[0]
