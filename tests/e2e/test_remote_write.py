"""POST /api/v1/write: what Prometheus forwards. A real one scrapes a real exporter; what none would send
is written by hand (remote_write.py)."""
import math
import threading

import numpy as np
import pytest

from daemon import DEADLINE_S, eventually, parse_exposition
from peers import fetch, node_exporter, prometheus
from remote_write import END, HEADERS, field, label, sample, series, snappy, varint, write

T0 = 1_700_000_000_000  # ms


def line(name, slope, n=3, **labels):
    return series({"__name__": name, **labels}, [(T0 + 1000 * i, slope * i) for i in range(n)])


def test_series_and_rates(nablad):
    d = nablad()
    assert write(d, line("a", 2.0, x="1") + line("b", -1.0)) == (204, b"")
    assert d.rate("a")["metric"] == {"__name__": "a", "x": "1"}
    assert d.rate("a")["rate"]["value"] == 2 and d.rate("b")["rate"]["value"] == -1
    assert d.rate("a", time="unix")["window"][0] == {"time": T0 / 1000, "value": 0}
    assert d.metric("nablad_samples_total") == 6
    assert d.metric("nablad_http_requests_total", handler="/api/v1/write", code="2xx") == 1
    # the same labels as lines spell them are the same series
    d.send("a,x=1 value=9 1700000003000000000")
    assert len(d.rates("a")) == 1 and d.rate("a")["window"][-1]["value"] == 9


def test_labels_that_do_not_stand_together(nablad):
    d = nablad()
    name, x = label("__name__", "a"), label("x", "1")
    assert write(d, field(1, name + sample(T0, 1.0) + x + sample(T0 + 1000, 2.0)))[0] == 204
    assert write(d, field(1, sample(T0 + 2000, 3.0) + x + name))[0] == 204
    assert d.rate("a")["metric"] == {"__name__": "a", "x": "1"}
    assert [w["value"] for w in d.rate("a")["window"]] == [1, 2, 3]


def test_what_has_no_rate_is_counted(nablad):
    d = nablad()
    metadata = field(3, b"\x08\x01" + field(2, b"a"))
    assert write(d, metadata)[0] == 204
    more = field(3, b"\x11" + bytes(8)), field(4, b""), field(4, b"")
    assert write(d, series({"__name__": "a"}, [(T0, 1.0)], *more) + metadata)[0] == 204
    assert d.rejected("exemplar") == 1 and d.rejected("histogram") == 2
    assert len(d.rates()) == 1


REFUSED = {
    "not snappy": (400, {"packed": b"\xff\xff\xff\xff\xff\xff"}),
    "snappy of nothing": (400, {"packed": b""}),
    "snappy, cut": (400, {"packed": snappy(line("a", 1.0))[:-1]}),
    "not protobuf": (400, {"message": b"\xff\xff\xff\xff\xff\xff"}),
    "protobuf, cut": (400, {"message": line("a", 1.0)[:-1]}),
    "too much once unpacked": (413, {"packed": varint(1 << 28) + b"\x00"}),
    "version 2": (415, {"headers": {
        **HEADERS, "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}}),
    "another type": (415, {"headers": {**HEADERS, "Content-Type": "application/json"}}),
    "another coding": (415, {"headers": {**HEADERS, "Content-Encoding": "zstd"}}),
    "no coding": (415, {"headers": {"Content-Type": "application/x-protobuf"}}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(nablad, what):
    d = nablad()
    status, more = REFUSED[what]
    got, body = write(d, **{"message": line("a", 1.0), **more})
    assert got == status and body["status"] == "error" and body["error"], body
    assert d.metric("nablad_http_requests_total", handler="/api/v1/write", code="4xx") == 1
    assert write(d, line("a", 1.0))[0] == 204


def test_version_1_said_aloud(nablad):
    d = nablad()
    headers = {**HEADERS, "Content-Type": "application/x-protobuf;proto=prometheus.WriteRequest"}
    assert write(d, line("a", 1.0), headers)[0] == 204


def test_too_long(nablad):
    d = nablad("http: {max_body: 64KiB, max_decompressed: 100KiB}")
    status, body = write(d, b"", packed=bytes(65537))
    assert status == 413 and "http.max_body" in body["error"]
    status, body = write(d, b"", packed=varint(100 * 1024 + 1) + b"\x00")
    assert status == 413 and "http.max_decompressed" in body["error"]


def test_the_limit_of_series_stalls_nobody(nablad):
    """New series get 400, which a sender gives up on; those that are known go on in the same request."""
    d = nablad("limits: {max_series: 2}")
    assert write(d, line("a", 1.0) + line("b", 1.0))[0] == 204
    later = [(T0 + 3000, 9.0)]
    status, body = write(d, series({"__name__": "c"}, later) + series({"__name__": "a"}, later))
    assert status == 400 and "1 samples were refused, the others taken" in body["error"]
    assert d.rate("a")["window"][-1]["value"] == 9 and d.rejected("series_limit") == 1


def test_what_comes_again_is_no_error(nablad):
    d = nablad()
    for _ in range(2):
        assert write(d, line("a", 1.0, n=20))[0] == 204
    assert d.happened("duplicate") + d.rejected("late_dropped") == 20


def test_a_series_ends(nablad):
    d = nablad()
    with d.stream() as stream:
        write(d, line("a", 2.0) + line("b", 1.0))
        stream.wait_points(4)
        assert write(d, series({"__name__": "a"}, [(T0 + 3000, END)]))[0] == 204
        assert d.rate("a")["state"] == "stale" and d.rate("b")["state"] == "ok"
        assert stream.wait_points(5)[-1]["metric"] == {"__name__": "a"}
    assert "a_per_second" not in {n for n, _, _ in d.metrics()}
    assert d.happened("staled") == 1
    write(d, series({"__name__": "a"}, [(T0 + 3000, END)]))
    write(d, series({"__name__": "b"}, [(T0 + 1500, END)]))  # late: it goes on
    assert d.happened("staled") == 1 and d.rate("b")["state"] == "ok"
    write(d, series({"__name__": "nobody"}, [(T0, END)]))
    assert len(d.rates()) == 2
    write(d, series({"__name__": "a"}, [(T0 + 4000, 1.0)]))  # and comes back
    assert d.rate("a")["state"] == "warming"


def test_other_answers_come_meanwhile(nablad):
    """A body of hundreds of batches."""
    d = nablad("http: {request_timeout: 5m}")
    body = b"".join(line("a", 1.0, n=50, x=str(i)) for i in range(5000))
    done = []
    post = threading.Thread(target=lambda: done.append(write(d, body)[0]))
    post.start()
    answered = 0
    while post.is_alive() or answered == 0:
        assert d.get("/-/healthy")[0] == 200
        answered += 1
    post.join()
    assert done == [204] and d.metric("nablad_samples_total") == 250_000


@pytest.mark.slow
def test_a_full_table_stalls_no_real_prometheus(nablad, tmp_path, free_port):
    """It gives up what is new, sends nothing twice, and goes on with what is known."""
    d = nablad("limits: {max_series: 100}")
    port = free_port()
    with node_exporter(tmp_path, port):
        with prometheus(tmp_path, free_port(), {"node": ("127.0.0.1", port)},
                        write_to=d.http + "/api/v1/write") as prom:
            eventually(lambda: d.rejected("series_limit") > 500, "refusals")
            before = {str(r["metric"]): r["window"][-1]["time"] for r in d.rates(time="unix")}
            assert len(before) == 100
            eventually(lambda: all(r["window"][-1]["time"] > before[str(r["metric"])] + 3
                                   for r in d.rates(time="unix")), "every known series to go on")
            own = {n: v for n, _, v in parse_exposition(fetch(prom.url + "/metrics").decode())}
            assert own["prometheus_remote_storage_samples_failed_total"] > 0
            assert own["prometheus_remote_storage_samples_retried_total"] == 0


@pytest.mark.slow
def test_a_real_prometheus(nablad, tmp_path, free_port):
    """Every series that it stored is here, and the rates are numpy's of the samples that it stored."""
    d = nablad()
    port = free_port()
    with node_exporter(tmp_path, port) as node:
        jobs = {"node": ("127.0.0.1", port), "nablad": d.http_address}
        with prometheus(tmp_path, free_port(), jobs, write_to=d.http + "/api/v1/write") as prom:
            eventually(lambda: prom.query('count_over_time(node_load1[1m]) > 8'), "some scrapes")
            theirs = {frozenset(s.items()) for s in prom.series('{__name__=~".+"}')}
            assert len(theirs) > 300

            def here():
                return {frozenset(r["metric"].items()) for r in d.rates()} >= theirs
            eventually(here, "every series")
            compare_with_numpy(d, prom)
            node.terminate()
            node.wait(DEADLINE_S)
            eventually(lambda: all(r["state"] == "stale" for r in d.rates('{job="node",__name__!~"up|scrape_.+"}')),
                       "the target's series to end")
            assert d.rate('up{job="node"}')["state"] == "ok"
            assert not any(l.get("job") == "node" and n.startswith("node_")
                           for n, l, _ in d.metrics())
    assert d.metric("nablad_http_requests_total", handler="/api/v1/write", code="4xx") == 0


def compare_with_numpy(d, prom):
    stored = {frozenset(labels.items()): samples
              for labels, samples in prom.samples('{job="node"}', "10m")}
    compared = 0
    for r in d.rates('{job="node"}', time="unix"):
        samples = stored.get(frozenset(r["metric"].items()), [])
        times = [round(t, 3) for t, _ in samples]
        if r["rate"] is None or round(r["rate"]["time"], 3) not in times:
            continue
        t, v = np.array(samples).T
        if len(t) < 3 or not np.isfinite(v).all():
            continue
        want = np.gradient(v, t - t[0])[times.index(round(r["rate"]["time"], 3))]
        # epoch seconds in float64 are coarse to a fifth of a microsecond, values to their last bit
        allowed = 1e-6 * (abs(want) + np.abs(np.gradient(v)).max()) + 4e-16 * np.abs(v).max()
        assert math.isclose(r["rate"]["value"], want, abs_tol=allowed), r["metric"]
        compared += 1
    assert compared > 300
