"""/api/v1/query and what belongs to it, asked by promtool and as Grafana asks, compared with numpy and with
/api/v1/points."""
import json
import re
import socket
import subprocess
import time

import numpy
import pytest

S = 1_000_000_000
KEEP = "defaults: {keep: 1h, stale_after: 1h, expire_after: 2h}\n"


def promtool(d, kind, *args):
    """promtool query, its answer parsed where it has a form for that."""
    as_json = [] if kind in ("series", "labels") else ["-o", "json"]
    flags = [a for a in args if a.startswith("--")]
    rest = [a for a in args if not a.startswith("--")]
    argv = ["promtool", "query", kind, *as_json, *flags, d.http, *rest]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, (argv, done.stdout, done.stderr)
    return json.loads(done.stdout) if as_json else done.stdout


class Curve:
    """A series of samples a second apart that ended just now."""

    def __init__(self, n=120, per=1):
        newest = time.time_ns() // S
        self.t = numpy.arange(newest - n + 1, newest + 1)
        x = self.t - self.t[0]
        self.v = 20 + 5 * numpy.sin(x / 9) + x / 50
        self.rate = numpy.gradient(self.v, self.t - self.t[0].astype(float)) * per

    def lines(self, key):
        return "".join(f"{key} {v!r} {t}\n" for t, v in zip(self.t.tolist(), self.v.tolist()))


@pytest.fixture
def kept(nablad):
    d = nablad(KEEP + "series: [{match: '{per=\"m\"}', per: 1m, limits: [100]}]\n")
    d.curve = Curve()
    d.send(d.curve.lines("temperature;site=a;sensor-id=s1"))
    d.send(d.curve.lines("level;per=m"))
    d.send(f"young 7 {d.curve.t[-1]}\n")
    return d


def matrix(result):
    """{name and labels: [(t, value)]}"""
    out = {}
    for element in result:
        values = element["values"] if "values" in element else [element["value"]]
        out[json.dumps(element["metric"], sort_keys=True)] = [(float(t), float(v)) for t, v in values]
    return out


def one(result):
    (points,) = matrix(result).values()
    return points


# ---- promtool

def test_promtool_instant(kept):
    (element,) = promtool(kept, "instant", 'temperature_per_second{site="a"}')
    assert element["metric"] == {"__name__": "temperature_per_second", "site": "a", "sensor_id": "s1"}
    assert float(element["value"][1]) == kept.rate("temperature")["rate"]["value"]
    assert float(element["value"][1]) == pytest.approx(kept.curve.rate[-2], rel=1e-9)
    (element,) = promtool(kept, "instant", "temperature")
    assert float(element["value"][1]) == kept.curve.v[-1]
    assert promtool(kept, "instant", "nothing") == []
    assert promtool(kept, "instant", "1 + 2 * 3")[1] == "7"


def test_promtool_instant_in_the_past_is_a_kept_point(kept):
    at = int(kept.curve.t[40])
    points = one(promtool(kept, "instant", f"--time={at}.4", "temperature_per_second"))
    assert points == [(at + 0.4, pytest.approx(kept.curve.rate[40], rel=1e-9))]
    assert kept.data("/api/v1/query", {"query": "temperature", "time": at - 4000})["result"] == []


def test_promtool_range(kept):
    start, end = int(kept.curve.t[10]), int(kept.curve.t[100])
    got = promtool(kept, "range", f"--start={start}", f"--end={end}", "--step=5s", "temperature_per_second")
    points = one(got)
    assert [t for t, _ in points] == list(range(start, end + 1, 5))
    assert [v for _, v in points] == pytest.approx(list(kept.curve.rate[10:101:5]), rel=1e-9)


def test_promtool_range_of_other_views(kept):
    start, end = int(kept.curve.t[10]), int(kept.curve.t[60])
    got = promtool(kept, "range", f"--start={start}", f"--end={end}", "--step=10s", "level_per_minute")
    assert [v for _, v in one(got)] == pytest.approx(list(60 * kept.curve.rate[10:61:10]), rel=1e-9)
    got = promtool(kept, "range", f"--start={start}", f"--end={end}", "--step=10s", "level")
    assert [v for _, v in one(got)] == list(kept.curve.v[10:61:10])


def test_promtool_series_and_labels(kept):
    got = promtool(kept, "series", '--match={__name__=~"temperature.*"}')
    assert '__name__="temperature_per_second"' in got and 'sensor_id="s1"' in got
    assert promtool(kept, "labels", "site").split() == ["a"]
    names = promtool(kept, "labels", "__name__").split()
    assert names == ["level", "level_per_minute", "level_seconds_to", "temperature",
                     "temperature_per_second", "young"]


# ---- laws

def test_a_range_query_says_what_instant_queries_say(kept):
    """At each step; around the newest sample and past it, too."""
    end = time.time_ns() // S
    for query in ("temperature_per_second", "temperature", "level_per_minute offset 30s",
                  "level_seconds_to", "young", '{site="a"}'):
        want = {}
        for t in range(end - 30, end + 3):
            found = kept.data("/api/v1/query", {"query": query, "time": t})["result"]
            for labels, points in matrix(found).items():
                want.setdefault(labels, []).extend(points)
        got = kept.data("/api/v1/query_range", {"query": query, "start": end - 30, "end": end + 2,
                                                "step": "1s"})["result"]
        assert matrix(got) == want, query
        assert want, query


def test_a_range_selector_gives_the_kept_points_themselves(kept):
    (want,) = kept.data("/api/v1/points", {"match[]": "temperature", "time": "unix"})
    got = kept.data("/api/v1/query", {"query": "temperature_per_second[1h]"})
    assert got["resultType"] == "matrix"
    points = one(got["result"])
    assert points == [(float(p[0]), p[2]) for p in want["points"]]
    assert [t for t, _ in points] == kept.curve.t[:-1].tolist(), "the last one is not final"
    values = one(kept.data("/api/v1/query", {"query": "temperature[1h]"})["result"])
    assert values == list(zip(kept.curve.t.tolist(), kept.curve.v.tolist()))
    some = kept.data("/api/v1/query", {"query": "temperature[10s] offset 1m", "time": int(kept.curve.t[-1])})
    assert [t for t, _ in one(some["result"])] == kept.curve.t[-71:-60].tolist()


def test_offset_and_rfc3339(kept):
    at = int(kept.curve.t[80])
    text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    got = kept.data("/api/v1/query", {"query": "temperature_per_second offset 20s", "time": text})["result"]
    assert one(got) == [(at, pytest.approx(kept.curve.rate[60], rel=1e-9))]


def test_lookback(kept):
    """A point counts for five minutes, or for as long as is asked."""
    d = kept
    old = d.curve.t[0] - 1500
    d.send("".join(f"slow {v} {old + 400 * v}\n" for v in range(3)))
    ask = lambda after, **more: d.data("/api/v1/query", {"query": "slow", "time": int(old + after), **more})
    assert one(ask(299)["result"]) == [(old + 299, 0)]
    assert one(ask(300)["result"]) == [(old + 300, 0)]
    assert ask(301)["result"] == []
    assert one(ask(301, lookback_delta="400s")["result"]) == [(old + 301, 0)]


def test_a_stale_series_is_not_there(nablad):
    d = nablad("defaults: {keep: 1h, stale_after: 1s, expire_after: 1h, max_gap: 1h}\n")
    curve = Curve(10)
    d.send(curve.lines("brief"))
    d.wait_state("brief", "stale")
    assert d.data("/api/v1/query", {"query": "brief_per_second"})["result"] == []
    past = d.data("/api/v1/query", {"query": "brief_per_second", "time": int(curve.t[4])})["result"]
    assert one(past)[0][1] == pytest.approx(curve.rate[4], rel=1e-9)


def test_without_keep_the_window_answers(nablad):
    d = nablad()
    curve = Curve(20)
    d.send(curve.lines("plain"))
    assert one(d.data("/api/v1/query", {"query": "plain_per_second"})["result"])[0][1] == \
        d.rate("plain")["rate"]["value"]
    assert [t for t, _ in one(d.data("/api/v1/query", {"query": "plain[1h]"})["result"])] == \
        curve.t[-3:].tolist()
    assert d.data("/api/v1/query", {"query": "plain", "time": int(curve.t[5])})["result"] == []


def test_seconds_to_has_its_limit(kept):
    got = kept.data("/api/v1/query", {"query": 'level_seconds_to{limit="100"}'})["result"]
    (eta,) = kept.rate("level")["eta"]
    if eta["seconds"] is None:
        assert got == []
    else:
        assert one(got)[0][1] == eta["seconds"]


# ---- as Grafana asks

def test_what_grafana_asks_when_a_source_is_added(kept):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _, body = kept.get("/api/v1/query", method="POST", headers=form, data="query=1%2B1&time=4")
    assert (status, body["data"]) == (200, {"resultType": "scalar", "result": [4, "2"]})
    info = kept.data("/api/v1/status/buildinfo")
    assert re.fullmatch(r"2\.\d+\.\d+", info["version"])
    metadata = kept.data("/api/v1/metadata")
    assert metadata["temperature_per_second"] == [{
        "type": "gauge", "unit": "",
        "help": "Rate of change of temperature per second, at the middle of three samples."}]
    assert set(kept.data("/api/v1/metadata", {"metric": "level_per_minute"})) == {"level_per_minute"}
    assert len(kept.data("/api/v1/metadata", {"limit": 2})) == 2
    assert kept.data("/api/v1/query_exemplars", {"query": "up"}) == []
    status, _, body = kept.get("/api/v1/query_range", method="POST", headers=form,
                               data="query=1%2B1&start=0&end=30&step=15")
    assert body["data"] == {"resultType": "matrix", "result": [
        {"metric": {}, "values": [[0, "2"], [15, "2"], [30, "2"]]}]}
    assert kept.data("/api/v1/query", {"query": '"a\\tb"', "time": 1.5}) == {
        "resultType": "string", "result": [1.5, "a\tb"]}


@pytest.mark.parametrize("query, column, found", [
    ("rate(temperature[5m])", 1, '"rate("'),
    ("sum by (site) (temperature)", 5, '"by"'),
    ("temperature + 1", 13, '"+"'),
    ("1 + temperature", 5, '"temperature"'),
    ("temperature[5m:1m]", 15, '":1m"'),
    ("temperature @ 5", 13, '"@"'),
    ("(temperature)", 2, '"temperature"'),
    ("1 > 2", 3, '">"'),
    ("", 1, "its end"),
    ("1 +", 4, "its end"),
    ("temperature{site=a}", 18, "a value in quotes"),
    ("temperature[]", 13, "a duration"),
    ("temperature[0s]", 15, "longer than nothing"),
    ("{}", 1, "everything"),
    ('"a', 1, "closing"),
    ("-" * 3 + "(" * 70 + "1" + ")" * 70, 68, "levels"),
])
def test_more_than_a_selector_is_refused_and_says_what(kept, query, column, found):
    status, _, body = kept.get("/api/v1/query", {"query": query})
    assert (status, body["errorType"]) == (400, "bad_data")
    assert f"column {column}: " in body["error"] and found in body["error"], body["error"]


@pytest.mark.parametrize("query, value", [
    ("1", "1"), ("-1", "-1"), ("2 ^ 3 ^ 2", "512"), ("-2 ^ 2", "-4"), ("7 % 4 - 8 / 2", "-1"),
    ("(1 + 2) * 3", "9"), ("0x10 # sixteen", "16"), ("1e3", "1000"), ("inf", "+Inf"), ("-Inf", "-Inf"),
    ("NaN", "NaN"), ("1 / 0", "+Inf"), (".5 * --4", "2"),
])
def test_arithmetic(kept, query, value):
    assert kept.data("/api/v1/query", {"query": query, "time": 0})["result"] == [0, value]


@pytest.mark.parametrize("params, message", [
    ({"query": "a", "start": 10, "end": 0, "step": 1}, "before start"),
    ({"query": "a", "start": 0, "end": 11002, "step": 1}, "11000 points"),
    ({"query": "a", "start": 0, "end": 1, "step": 0}, "step"),
    ({"query": "a", "start": 0, "end": 1, "step": "-5"}, "step"),
    ({"query": "a", "start": 0, "end": 1}, "step"),
    ({"query": "a", "start": "x", "end": 1, "step": 1}, "start"),
    ({"query": "a", "end": 1, "step": 1}, "start"),
    ({"query": "a", "start": 0, "end": "9e12", "step": 1}, "end"),
    ({"query": "a[5m]", "start": 0, "end": 1, "step": 1}, "range"),
    ({"query": "'a'", "start": 0, "end": 1, "step": 1}, "string"),
    ({"start": 0, "end": 1, "step": 1}, "no query"),
    ({"query": "a", "start": 0, "end": 1, "step": 1, "timeout": "soon"}, "timeout"),
])
def test_bad_times_are_refused(kept, params, message):
    status, _, body = kept.get("/api/v1/query_range", params)
    assert (status, body["errorType"]) == (400, "bad_data")
    assert message in body["error"], body["error"]


def test_11000_points_a_series_are_answered(kept):
    end = int(kept.curve.t[-1])
    got = kept.data("/api/v1/query_range", {"query": "temperature", "start": end - 110, "end": end,
                                            "step": "10ms"})["result"]
    assert len(one(got)) == 11001


def test_all_kept_points_are_found_however_many(nablad):
    """More than are copied in one turn; each once, and those of any part of the time."""
    d = nablad("defaults: {keep: 4h, stale_after: 4h, expire_after: 4h}\n")
    c = Curve(10000)
    d.send(c.lines("long"))
    end = int(c.t[-1])
    for back, n in ((4096, 4096), (4097, 4097), (9000, 9000), (10000, 10000), (14000, 10000)):
        (points,) = matrix(d.data("/api/v1/query", {"query": f"long[{back}s]", "time": end + 0.5})["result"]).values()
        assert points == list(zip(c.t[-n:].tolist(), c.v[-n:].tolist()))
    points = one(d.data("/api/v1/query_range", {"query": "long", "start": int(c.t[0]), "end": end, "step": 1})["result"])
    assert [v for _, v in points] == c.v.tolist()


def test_too_many_samples_are_refused(nablad):
    d = nablad()
    n = 5000
    d.send("".join(f"many;n={i} 1\n" for i in range(n)))
    status, _, body = d.get("/api/v1/query_range", {"query": "many", "start": 0, "end": 11000, "step": 1})
    assert (status, body["errorType"]) == (422, "execution")
    assert len(d.data("/api/v1/query", {"query": "many"})["result"]) == n


def test_while_a_large_answer_is_written_others_are_answered(nablad):
    """A matrix of everything, read slowly, holds nobody up."""
    d = nablad(KEEP)
    d.send("".join(Curve(100).lines(f"wide;n={i}") for i in range(300)))
    with socket.create_connection(d.http_address, timeout=30) as slow:
        slow.sendall(b"GET /api/v1/query?query=wide[1h] HTTP/1.1\r\nHost: a\r\n\r\n")
        assert slow.recv(100)
        for _ in range(20):
            assert d.get("/-/healthy")[0] == 200
    whole = d.data("/api/v1/query", {"query": "wide[1h]"})["result"]
    assert len(whole) == 300 and all(len(e["values"]) == 100 for e in whole)
