"""The requests of Grafana's Prometheus data source, byte by byte as its backend sends them (a Go client: its headers,
forms by POST, gzip accepted), since Grafana itself cannot be started here. What each is for stands beside it."""
import gzip
import json
import socket
import time

import pytest

S = 1_000_000_000
NOW = time.time_ns() // S


def ask(d, method, target, form=None, more=""):
    """(status, headers, JSON) of one request as Grafana's backend writes it."""
    body = (form or "").encode()
    head = f"{method} {target} HTTP/1.1\r\nHost: nablad:9207\r\nUser-Agent: Grafana/11.3.0\r\n"
    if method == "POST":
        head += f"Content-Length: {len(body)}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    head += f"X-Grafana-Referer: http://grafana/d/abc\r\nX-Dashboard-Uid: abc\r\nX-Panel-Id: 1\r\n{more}"
    with socket.create_connection(d.http_address, timeout=60) as s:
        s.sendall(head.encode() + b"Accept-Encoding: gzip\r\nConnection: close\r\n\r\n" + body)
        raw = b"".join(iter(lambda: s.recv(65536), b""))
    top, _, rest = raw.partition(b"\r\n\r\n")
    lines = top.decode().split("\r\n")
    headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}
    if headers.get("transfer-encoding") == "chunked":
        parts = []
        while True:
            size, _, rest = rest.partition(b"\r\n")
            n = int(size, 16)
            if n == 0:
                break
            parts.append(rest[:n])
            rest = rest[n + 2:]
        rest = b"".join(parts)
    if headers.get("content-encoding") == "gzip":
        rest = gzip.decompress(rest)
    return int(lines[0].split()[1]), headers, json.loads(rest)


def data(d, method, target, form=None):
    status, headers, body = ask(d, method, target, form)
    assert status == 200, (target, body)
    assert headers["content-type"].startswith("application/json")
    assert body["status"] == "success"
    return body["data"]


@pytest.fixture
def d(nablad):
    d = nablad("defaults: {keep: 1h, stale_after: 1h, expire_after: 2h}\n")
    d.send("".join(f"temperature;site={site} {slope * (t - NOW)} {t}\n"
                   for t in range(NOW - 59, NOW + 1) for site, slope in (("a", 1), ("b", 2))))
    return d


def test_save_and_test(d):
    """The health check: 1+1 at the fourth second of 1970, by the method that is set; then what it is."""
    for method, target, form in (("POST", "/api/v1/query", "query=1%2B1&time=4"),
                                 ("GET", "/api/v1/query?query=1%2B1&time=4", None)):
        assert data(d, method, target, form) == {"resultType": "scalar", "result": [4, "2"]}
    info = data(d, "GET", "/api/v1/status/buildinfo")
    assert int(info["version"].split(".")[0]) == 2 and not info.get("features")  # else it is taken for a Mimir


def test_a_panel(d):
    """A graph: times in whole seconds, aligned to the step; a timeout if one is set. A table: now, to the ms."""
    start = NOW - 30
    form = f"end={NOW}&query=temperature_per_second&start={start}&step=15"
    for method, target, body in (("POST", "/api/v1/query_range", form), ("GET", f"/api/v1/query_range?{form}", None),
                                 ("POST", "/api/v1/query_range", form + "&timeout=60s")):
        found = data(d, method, target, body)
        assert found["resultType"] == "matrix"
        assert {e["metric"]["site"]: {v for _, v in e["values"]} for e in found["result"]} == {"a": {"1"}, "b": {"2"}}
        assert all(e["metric"]["__name__"] == "temperature_per_second" and e["values"][0][0] == start
                   for e in found["result"])
    query = "query=temperature_per_second%7Bsite%3D%22b%22%7D+"  # as the editor leaves it
    found = data(d, "POST", "/api/v1/query", f"{query}&time={NOW}.123")
    assert found == {"resultType": "vector", "result": [
        {"metric": {"__name__": "temperature_per_second", "site": "b"}, "value": [NOW + 0.123, "2"]}]}
    assert data(d, "POST", "/api/v1/query_exemplars", f"end={NOW}&query=temperature_per_second&start={start}") == []


def test_what_the_editor_offers(d):
    """Names of metrics and labels, values, series: POST where it can, GET where Prometheus has only that."""
    span = f"end={NOW}&start={NOW - 3600}"
    every = "%7B__name__%21%3D%22%22%7D"  # {__name__!=""}
    temperature = "%7B__name__%3D%22temperature_per_second%22%7D"
    names = ["temperature", "temperature_per_second"]
    assert data(d, "GET", f"/api/v1/label/__name__/values?{span}&limit=40000") == names
    assert data(d, "GET", f"/api/v1/label/__name__/values?{span}") == names
    assert data(d, "GET", f"/api/v1/label/site/values?{span}&limit=40000&match%5B%5D={temperature}") == ["a", "b"]
    for form in (f"{span}&limit=40000", f"{span}&limit=40000&match%5B%5D={temperature}", span, ""):
        assert data(d, "POST", "/api/v1/labels", form) == ["__name__", "site"]
        assert data(d, "GET", "/api/v1/labels" + ("?" + form if form else "")) == ["__name__", "site"]
    assert data(d, "POST", f"/api/v1/labels?{span}") == ["__name__", "site"]  # its body is empty
    for form in (f"{span}&limit=40000&match%5B%5D={every}", f"{span}&match%5B%5D={every}&limit=0"):
        assert {(l["__name__"], l["site"]) for l in data(d, "POST", "/api/v1/series", form)} == {
            (name, site) for name in names for site in "ab"}
    (one,) = data(d, "POST", "/api/v1/series", f"{span}&limit=1&match%5B%5D={temperature}")
    assert one["__name__"] == "temperature_per_second"
    metadata = data(d, "GET", "/api/v1/metadata?limit=40000")
    assert metadata["temperature_per_second"][0]["type"] == "gauge"


def test_variables_and_annotations(d):
    """label_values(name, label), query_result(selector), a series by a filter of the dashboard."""
    assert data(d, "GET", f"/api/v1/label/site/values?end={NOW}&match%5B%5D=temperature&start={NOW - 60}") == ["a", "b"]
    found = data(d, "GET", f"/api/v1/query?query=temperature%7Bsite%3D~%22a%7Cc%22%7D&time={NOW}.5")
    assert [(e["metric"]["site"], e["value"]) for e in found["result"]] == [("a", [NOW + 0.5, "0"])]
    found = data(d, "POST", "/api/v1/query",
                 f"query=%7B__name__%3D%22temperature%22%2C+site%21~%22a%22%7D&time={NOW}")
    assert [e["metric"]["site"] for e in found["result"]] == ["b"]


def test_what_is_not_there(d):
    """A 400 by POST is asked again by GET: both say why, in Prometheus' shape. Alerting's lists."""
    for method, target, form in (("POST", "/api/v1/query", "query=rate%28temperature%5B5m%5D%29&time=4"),
                                 ("GET", "/api/v1/query?query=rate%28temperature%5B5m%5D%29&time=4", None)):
        status, _, body = ask(d, method, target, form)
        assert (status, body["status"], body["errorType"]) == (400, "error", "bad_data")
        assert 'found "rate("' in body["error"]
    assert data(d, "GET", "/api/v1/rules") == {"groups": []}
    assert data(d, "GET", "/api/v1/alerts") == {"alerts": []}
