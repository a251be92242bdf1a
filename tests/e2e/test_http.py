"""HTTP answers: every resource, what selects, what is refused and how, encodings, streams."""
import gzip
import itertools
import json
import socket
import urllib.parse

import pytest

from daemon import DEADLINE_S, eventually, parse_exposition

T0 = 1_700_000_000
PLANT = "".join(
    f"temperature;site=plant-{site};sensor=s{s} {(s + site) * t} {T0 + t}\n"
    for site in (1, 2) for s in (1, 2, 13) for t in range(3)
) + f"pressure;site=plant-1 7 {T0}\n" + f"odd.name 1 {T0}\n"


@pytest.fixture
def plant(nablad):
    d = nablad()
    d.send(PLANT)
    return d


def keys(found):
    return sorted(m["__name__"] + "/" + m.get("site", "")[-1:] + m.get("sensor", "") for m in found)


def rate_keys(d, *selectors, **params):
    return keys(r["metric"] for r in d.data("/api/v1/rates", {"match[]": selectors, **params}))


# -- the resources ------------------------------------------------------------------------------


def test_home_says_what_is_here(nablad):
    status, headers, body = nablad().get("/")
    assert status == 200 and headers["Content-Type"].startswith("text/")
    for path in ("/api/v1/rates", "/metrics", "/-/healthy"):
        assert path in body


def test_health(nablad):
    d = nablad()
    assert d.get("/-/healthy")[0] == 200
    assert d.get("/-/ready")[0] == 200


def test_the_object_of_a_series(nablad):
    d = nablad()
    d.send("".join(f"temperature,site=plant-03,sensor=s17 value={v} {T0 + t}000000000\n"
                   for t, v in ((0, 1), (1, 2), (3, 6))))
    (r,) = d.rates('temperature{site="plant-03"}')
    assert r.pop("age") >= 0  # seconds since its last sample
    assert r == {
        "metric": {"__name__": "temperature", "sensor": "s17", "site": "plant-03"},
        "state": "ok", "unit": "1/s",
        "rate": {"time": "2023-11-14T22:13:21.000000000Z", "value": pytest.approx(4 / 3),
                 "order": 2},
        "edge": {"time": "2023-11-14T22:13:23.000000000Z", "value": 2, "order": 1},
        "accel": pytest.approx(2 / 3),
        "window": [{"time": "2023-11-14T22:13:20.000000000Z", "value": 1},
                   {"time": "2023-11-14T22:13:21.000000000Z", "value": 2},
                   {"time": "2023-11-14T22:13:23.000000000Z", "value": 6}],
    }


def test_series(plant):
    found = plant.data("/api/v1/series", {"match[]": '{__name__!=""}'})
    assert len([f for f in found if not f["__name__"].endswith("_per_second")]) == 8 + 1
    assert "odd_name" in {f["__name__"] for f in found}, "what /api/v1/query knows odd.name by"
    found = plant.data("/api/v1/series", {"match[]": 'temperature{site="plant-1"}'})
    assert keys(found) == ["temperature/1s1", "temperature/1s13", "temperature/1s2"]
    found = plant.data("/api/v1/series", {"match[]": 'temperature_per_second{site="plant-1"}'})
    assert {f["sensor"] for f in found} == {"s1", "s13", "s2"}


def test_labels(plant):
    assert plant.data("/api/v1/labels") == ["__name__", "sensor", "site"]
    assert plant.data("/api/v1/labels", {"match[]": "pressure"}) == ["__name__", "site"]


def test_label_values(plant):
    assert plant.data("/api/v1/label/site/values") == ["plant-1", "plant-2"]
    assert plant.data("/api/v1/label/sensor/values") == ["s1", "s13", "s2"]
    assert plant.data("/api/v1/label/__name__/values") == [
        "odd.name", "odd_name", "pressure", "temperature", "temperature_per_second"]
    assert plant.data("/api/v1/label/site/values", {"match[]": "pressure"}) == ["plant-1"]
    assert plant.data("/api/v1/label/nothing/values") == []


# -- what selects -------------------------------------------------------------------------------

ALL_T = [f"temperature/{site}s{s}" for site in (1, 2) for s in (1, 13, 2)]


@pytest.mark.parametrize("selector, want", [
    ("temperature", ALL_T),
    ('temperature{site="plant-1",sensor=~"s1.*"}', ["temperature/1s1", "temperature/1s13"]),
    ('temperature{sensor=~"s1"}', ["temperature/1s1", "temperature/2s1"]),
    ('temperature{sensor=~"1"}', []),
    ('temperature{sensor!="s1",sensor!~"s.3",site!="plant-2"}', ["temperature/1s2"]),
    ('{sensor="",site="plant-1"}', ["pressure/1"]),
    ('{sensor!="",site="plant-1",}', ALL_T[:3]),
    ('{__name__="odd.name"}', ["odd.name/"]),
    ('{__name__=~"press.*|odd.*"}', ["odd.name/", "pressure/1"]),
    ("{site='plant-1',sensor=`s2`}", ["temperature/1s2"]),
    ("nothing", []),
])
def test_selectors(plant, selector, want):
    assert rate_keys(plant, selector) == want


def test_several_selectors_are_a_union(plant):
    assert rate_keys(plant, "pressure", 'temperature{sensor="s2"}', 'temperature{site="plant-1"}') \
        == ["pressure/1", "temperature/1s1", "temperature/1s13", "temperature/1s2",
            "temperature/2s2"]


def test_a_costly_expression_ends(nablad):
    """(x+x+)+y is exponential for a matcher that backtracks; its limit makes it no match."""
    d = nablad()
    d.send(f"m;a={'x' * 4000} 1 {T0}\n")
    assert d.rates('{a=~"(x+x+)+y"}') == []
    assert len(d.rates('{a=~"x+"}')) == 1


def test_state_sort_and_limit(plant):
    assert rate_keys(plant, state="warming") == ["odd.name/", "pressure/1"]
    assert rate_keys(plant, state="ok") == ALL_T
    assert rate_keys(plant, state="stale") == []
    rates = [r["rate"]["value"] for r in plant.rates("temperature", sort="rate")]
    assert rates == [2, 3, 3, 4, 14, 15]
    rates = [r["rate"]["value"] for r in plant.rates("temperature", sort="-rate", limit=2)]
    assert rates == [15, 14]
    assert len(plant.rates(limit=3)) == 3


def test_times_as_unix_seconds(plant):
    r = plant.rates('temperature{site="plant-1",sensor="s1"}', time="unix")[0]
    assert r["rate"]["time"] == T0 + 1
    assert [s["time"] for s in r["window"]] == [T0, T0 + 1, T0 + 2]


# -- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/nothing", 404),
    ("GET", "/api/v1/nothing", 404),
    ("GET", "/api/v1/label/site", 404),
    ("DELETE", "/api/v1/rates", 405),
    ("PUT", "/api/v1/series", 405),
    ("POST", "/metrics", 405),
    ("POST", "/", 405),
    ("GET", "/-/reload", 405),
    ("GET", "/api/v1/rates?match[]=%7B", 400),
    ("GET", "/api/v1/rates?match[]=temperature%7Bsite%3D%7D", 400),
    ("GET", "/api/v1/rates?match[]=%7Ba%3D~%22(%22%7D", 400),
    ("GET", "/api/v1/rates?match[]=%7Ba%3D%22%22%7D", 400),
    ("GET", "/api/v1/rates?match[]=", 400),
    ("GET", "/api/v1/rates?state=good", 400),
    ("GET", "/api/v1/rates?sort=colour", 400),
    ("GET", "/api/v1/rates?limit=-1", 400),
    ("GET", "/api/v1/rates?limit=many", 400),
    ("GET", "/api/v1/rates?limit=99999999999999999999", 400),
    ("GET", "/api/v1/rates?time=moon", 400),
    ("GET", "/api/v1/series", 400),  # Prometheus wants a selector here
    ("GET", "/api/v1/series?match[]=%7B", 400),
    ("GET", "/api/v1/labels?match[]=%7B", 400),
    ("GET", "/api/v1/label/site/values?match[]=%7B", 400),
    ("GET", "/api/v1/stream?match[]=%7B", 400),
])
def test_errors_have_the_envelope(plant, method, path, status):
    got, headers, body = plant.get(path, method=method)
    assert got == status
    assert headers["Content-Type"].startswith("application/json")
    assert body["status"] == "error" and body["error"] and body["errorType"]
    if status == 400:
        assert body["errorType"] == "bad_data"
    if status == 405:
        assert headers["Allow"]
    assert len(plant.rates("temperature")) == 6  # and life goes on


def test_parameters_that_nobody_knows_are_ignored(plant):
    """As Prometheus does: Grafana sends some of its own."""
    assert rate_keys(plant, "pressure", start="1", nonce="x") == ["pressure/1"]


def test_a_query_can_be_posted(plant):
    """A selector that is too long for a URL comes as a form."""
    form = urllib.parse.urlencode({"match[]": 'temperature{sensor="s2"}', "limit": 1})
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _, body = plant.get("/api/v1/rates", method="POST", data=form, headers=kind)
    assert status == 200 and len(body["data"]) == 1


def test_a_selector_error_says_where(plant):
    _, _, body = plant.get("/api/v1/rates", {"match[]": 'temperature{site="a"'})
    assert "temperature" in body["error"] or any(c.isdigit() for c in body["error"])


def test_a_body_that_is_too_large(nablad):
    """Sent whole it is answered, announced far too large it is refused before it comes."""
    d = nablad()
    status, _, body = d.get("/-/reload", method="POST", data=b"x" * 200_000)
    assert status == 413 and body["status"] == "error"
    status, _, body = d.get("/-/reload", method="POST", data=iter([b"x" * 50_000] * 4))
    assert status == 413
    with socket.create_connection(d.http_address, timeout=DEADLINE_S) as sock:
        sock.sendall(b"POST /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000000\r\n\r\n")
        assert sock.recv(4096).startswith(b"HTTP/1.1 413 ")
    assert d.get("/-/healthy")[0] == 200


@pytest.mark.parametrize("request_text", [
    b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",  # no Host
    b"POST /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"GARBAGE\r\n\r\n",
])
def test_malformed_requests(nablad, request_text):
    d = nablad("http: {timeout: 2s, request_timeout: 2s}")
    answer = d.raw(request_text)
    assert answer == b"" or b" 400 " in answer.split(b"\r\n")[0], answer[:200]
    assert b" 200 " not in answer
    assert d.get("/-/healthy")[0] == 200


def test_a_request_that_never_ends_is_closed(nablad):
    """A header a moment keeps a connection busy, but not past request_timeout."""
    d = nablad("http: {timeout: 30s, request_timeout: 1s}")
    with socket.create_connection(d.http_address) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n")
        sock.settimeout(0.2)

        def closed():
            try:
                sock.sendall(b"X-Slow: yes\r\n")
                return sock.recv(4096) == b""
            except socket.timeout:
                return False
            except OSError:
                return True
        eventually(closed, "the daemon's patience to end")
    assert d.get("/-/healthy")[0] == 200


def test_a_silent_connection_is_closed(nablad):
    d = nablad("http: {timeout: 1s}")
    assert d.raw(b"") == b""


# -- encodings and methods ----------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/api/v1/rates", "/api/v1/series?match[]=pressure",
                                  "/api/v1/labels", "/metrics", "/-/healthy", "/-/ready"])
def test_head_is_get_without_a_body(plant, path):
    status, headers, body = plant.get(path, method="HEAD")
    assert status == 200 and body == b""
    assert headers["Content-Type"] == plant.get(path)[1]["Content-Type"]


def without_age(answer):
    """Age alone changes from one answer to the next."""
    for r in answer["data"]:
        if isinstance(r, dict):
            r.pop("age", None)
    return answer


@pytest.mark.parametrize("path", ["/api/v1/label/sensor/values", "/api/v1/rates", "/metrics",
                                  "/api/v1/series?match[]=temperature"])
def test_gzip_when_asked(plant, path):
    plain = plant.get(path)[2]
    status, headers, packed = plant.get(path, headers={"Accept-Encoding": "deflate, gzip;q=0.5"})
    assert status == 200 and headers["Content-Encoding"] == "gzip"
    text = gzip.decompress(packed).decode()
    if path == "/metrics":
        assert {(n, str(l)) for n, l, _ in parse_exposition(text)} \
            == {(n, str(l)) for n, l, _ in parse_exposition(plain)}
    else:
        assert without_age(json.loads(text)) == without_age(plain)


@pytest.mark.parametrize("accept", ["", "identity", "gzip;q=0", "br"])
def test_no_gzip_when_not_asked(plant, accept):
    assert "Content-Encoding" not in plant.get("/api/v1/rates", headers={"Accept-Encoding": accept})[1]


OPENMETRICS = "application/openmetrics-text"


@pytest.mark.parametrize("accept, want", [
    (None, "text/plain"),
    ("*/*", "text/plain"),
    ("text/plain;version=0.0.4", "text/plain"),
    ("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
     OPENMETRICS),
    ("application/openmetrics-text;q=0.3,text/plain;q=0.9", "text/plain"),
])
def test_metrics_by_accept(plant, accept, want):
    _, headers, body = plant.get("/metrics", headers={"Accept": accept} if accept else {})
    assert headers["Content-Type"].startswith(want)
    assert body.endswith("# EOF\n") == (want == OPENMETRICS)


def test_connections_are_kept(plant):
    """Two requests in one packet are answered in order on one connection."""
    answer = plant.raw(b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n"
                       b"GET /api/v1/labels HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200") == 2 and b'"sensor"' in answer


def test_large_answers_come_whole(nablad):
    d = nablad()
    n = 20_000
    d.send("".join(f"big,k={k} value={k * t} {T0 + t}000000000\n" for t in range(3)
                   for k in range(n)))
    rates = d.rates("big")
    assert {int(r["metric"]["k"]): r["rate"]["value"] for r in rates} == {k: k for k in range(n)}
    assert len(d.data("/api/v1/series", {"match[]": "big"})) == n
    exposed = [m for m in d.metrics() if m[0] == "big_per_second"]
    assert {int(l["k"]): v for _, l, v in exposed} == {k: k for k in range(n)}
    assert len(d.data("/api/v1/label/k/values")) == n
    packed = d.get("/metrics", headers={"Accept-Encoding": "gzip"})[2]
    assert gzip.decompress(packed).count(b"big_per_second{") == n


def test_a_client_that_leaves_in_the_middle_of_a_large_answer(nablad):
    d = nablad()
    d.send("".join(f"big,k={k} value={k} {T0}000000000\n" for k in range(20_000)))
    for _ in range(5):
        with socket.create_connection(d.http_address) as sock:
            sock.sendall(b"GET /api/v1/rates HTTP/1.1\r\nHost: a\r\n\r\n")
            assert sock.recv(1000).startswith(b"HTTP/1.1 200")
    assert d.get("/-/healthy")[0] == 200


def test_queries_while_samples_come(nablad):
    """Every answer is whole JSON, whatever ingest does meanwhile."""
    d = nablad()
    with d.connect() as sock:
        for round_ in range(20):
            sock.sendall("".join(f"m,k={k} value={round_} {T0 + round_}000000000\n"
                                 for k in range(2000)).encode())
            for r in d.rates("m"):
                assert len(r["window"]) <= 3
    d.wait_lines(40_000)
    assert len(d.rates("m")) == 2000


# -- streams ------------------------------------------------------------------------------------


def test_points_of_a_parabola_arrive(nablad):
    d = nablad()
    with d.stream("p", time="unix") as s, d.stream("other") as none:
        assert s.response.status == 200
        assert s.response.headers["Content-Type"].startswith("text/event-stream")
        d.send("".join(f"p,k=v value={t * t} {T0 + t}000000000\n" for t in range(10)))
        points = s.wait_points(9)
        assert none.points() == []
    first, *rest = points
    assert first["metric"] == {"__name__": "p", "k": "v"} and first["unit"] == "1/s"
    assert (first["time"], first["value"], first["rate"], first["order"]) == (T0, 0, 1, 1)
    assert [p["rate"] for p in rest] == [2 * t for t in range(1, 9)]
    assert {p["order"] for p in rest} == {2} and {p["accel"] for p in rest} == {2}
    assert {p["corrected"] for p in points} == {False}


def test_a_stream_of_everything(nablad):
    d = nablad()
    with d.stream() as s:
        d.send("".join(f"{m} {t} {T0 + t}\n" for t in range(3) for m in "ab"))
        assert {p["metric"]["__name__"] for p in s.wait_points(4)} == {"a", "b"}


def test_the_limit_of_streams(nablad):
    d = nablad("http: {max_streams: 1}")
    with d.stream("p"):
        status, _, body = d.get("/api/v1/stream?match[]=p")
        assert status == 503 and body["status"] == "error"
    times = itertools.count(T0)

    def free_again():  # a reader that left is noticed when there is something to tell it
        d.send(f"p 1 {next(times)}\n", wait=False)
        with d.stream("p") as s:
            return s.response.status == 200
    eventually(free_again, "the place of the stream that ended")


def test_a_slow_reader_loses_points_and_slows_nobody(nablad):
    d = nablad()
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with sock:
        sock.connect(d.http_address)
        sock.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: a\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 200")
        for round_ in range(3):  # and reads no more
            d.send("".join(f"m,k={k % 100} value=1 {(T0 + round_ * 1000 + k // 100) * 10**9}\n"
                           for k in range(100_000)))
        assert d.metric("nablad_points_total") > 200_000
        eventually(lambda: d.metric("nablad_feed_lost_total") > 0, "lost points counted")


def test_streams_end_with_the_daemon(nablad):
    d = nablad()
    with d.stream("p") as s:
        d.stop()
        eventually(s.ended, "the stream's end")


# -- what it counts -----------------------------------------------------------------------------


def test_requests_are_counted_by_handler_and_class(nablad):
    d = nablad()
    d.get("/api/v1/rates")
    d.get("/api/v1/rates?state=bad")
    d.get("/nothing")
    of = lambda **labels: d.metric("nablad_http_requests_total", **labels)
    assert of(handler="/api/v1/rates", code="2xx") == 1
    assert of(handler="/api/v1/rates", code="4xx") == 1
    assert of(handler="other", code="4xx") == 1
