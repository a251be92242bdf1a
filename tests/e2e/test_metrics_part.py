"""A part of /metrics, by match[] and as /federate; lines that would be equal."""
import subprocess

import pytest

from daemon import eventually, parse_exposition
from peers import prometheus, target

T0 = 1_700_000_000


def lines(key, slope=1):
    return "".join(f"{key} {slope * t} {T0 + t}\n" for t in range(3))


PLANT = (lines("temperature;site=a;sensor-id=1") + lines("temperature;site=b;sensor-id=2", 2) +
         lines("plant-03.level;site=a", 3) + lines("limited;site=a", 4))


@pytest.fixture
def plant(nablad):
    d = nablad("series: [{match: limited, limits: [100], trend: 1m}]\n")
    d.send(PLANT)
    return d


def part(d, *selectors, path="/metrics"):
    status, _, body = d.get(path, {"match[]": selectors})
    assert status == 200
    body = body or ""
    done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, text=True,
                          timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, ""), body
    return parse_exposition(body)


def names(found):
    return sorted({n for n, _, _ in found})


LIMITED = ["limited_per_second", "limited_seconds_to", "limited_trend_per_second"]


@pytest.mark.parametrize("path", ["/metrics", "/federate"])
@pytest.mark.parametrize("selectors, want", [
    (["temperature_per_second"], ["temperature_per_second"]),
    (["temperature"], ["temperature_per_second"]),  # the series itself: all that is told of it
    (["plant_03_level_per_second"], ["plant_03_level_per_second"]),
    (['{__name__="plant-03.level"}'], ["plant_03_level_per_second"]),
    (["limited"], LIMITED),
    (["limited_seconds_to"], ["limited_seconds_to"]),
    (['{limit="100"}'], ["limited_seconds_to"]),
    (['{__name__=~".*_per_second",site="a"}'],
     ["limited_per_second", "limited_trend_per_second", "plant_03_level_per_second",
      "temperature_per_second"]),
    (['{sensor_id="2"}'], ["temperature_per_second"]),
    (['{sensor_id!="2",site=~"a|b",__name__=~"t.*"}'], ["temperature_per_second"]),
    (["nablad_series", "limited_trend_per_second"], ["limited_trend_per_second", "nablad_series"]),
    (['nablad_http_requests_total{handler="/metrics",code="2xx"}'], ["nablad_http_requests_total"]),
    (["nothing"], []),
])
def test_a_part(plant, path, selectors, want):
    assert names(part(plant, *selectors, path=path)) == want


def test_labels_choose_among_a_metrics_lines(plant):
    assert [l for _, l, _ in part(plant, '{sensor_id="2"}')] == [{"site": "b", "sensor_id": "2"}]
    assert [l["sensor_id"] for _, l, _ in part(plant, 'temperature{sensor_id!="2"}')] == ["1"]
    found = part(plant, 'nablad_http_requests_total{handler="/metrics"}')
    assert {l["code"] for _, l, _ in found} == {"2xx", "4xx", "5xx"}


def test_the_parts_are_the_whole(plant):
    whole = [(n, l) for n, l, _ in plant.metrics()]
    assert [(n, l) for n, l, _ in part(plant, '{__name__!=""}')] == whole


def test_extremes_are_chosen_by_their_label(nablad):
    d = nablad("defaults: {extremes: true}\n")
    n = [0]

    def chosen():  # each is told once, and whoever waits for lines to be read is told, too
        n[0] += 1
        d.send(f"edge {n[0] % 3} {T0 + n[0]}\n", wait=False)
        return part(d, '{extreme="highest"}')

    ((name, labels, _),) = eventually(chosen, "an extreme")
    assert (name, labels) == ("edge_per_second_extreme", {"extreme": "highest"})


def test_federate_wants_a_selector(plant):
    status, _, body = plant.get("/federate")
    assert (status, body["error"]) == (400, "no match[] parameter provided")
    assert plant.get("/federate?match[]=%7B")[0] == plant.get("/metrics?match[]=%7B")[0] == 400


def test_prometheus_federates(plant, tmp_path, free_port):
    plant.send(lines("temperature;site=c;job=boiler;instance=x", 5))
    job = {"metrics_path": "/federate", "honor_labels": True,
           "params": {"match[]": ['temperature_per_second', '{__name__=~"plant.*",site="a"}']},
           **target(plant.http_address)}
    with prometheus(tmp_path, free_port(), {"nablad": job}) as p:
        eventually(lambda: len(p.query("temperature_per_second")) == 3, "the rates in Prometheus")
        assert p.query('temperature_per_second{job="boiler",instance="x"}') == [
            ({"__name__": "temperature_per_second", "site": "c", "job": "boiler", "instance": "x"}, 5)]
        assert len(p.query("plant_03_level_per_second")) == 1
        assert p.query("limited_per_second") == p.query("nablad_series") == []
        assert p.targets() == {"nablad": ("up", "")}


# ---- lines that would be equal

def test_labels_that_become_equal_are_exposed_once(nablad):
    """Whichever comes first, in however many lines; the others of their family are all there."""
    d = nablad("defaults: {trend: 1m}\n")
    n = 700  # more than one slice
    d.send("".join(lines(f"twin;a_b={i}", i) for i in range(n)))
    before = d.metric("nablad_exposition_collisions_total")
    for again in ("a-b", "a.b"):
        d.send("".join(lines(f"twin;{again}={i}", -i) for i in range(0, n, 7)))
    d.send(lines("twin;a-b=alone", 9))
    found = [(n, l["a_b"], v) for n, l, v in d.metrics() if n.startswith("twin")]
    for name in ("twin_per_second", "twin_trend_per_second"):
        of_name = {l: v for n, l, v in found if n == name}
        assert len(of_name) == sum(1 for n, _, _ in found if n == name) == n + 1
        assert all(abs(of_name[str(i)] - i) < 1e-6 for i in range(n)), "not the first that came"
    assert d.metric("nablad_exposition_collisions_total") >= before + 2 * 2 * n // 7
    assert d.events("exposition_collision")


def test_clean_labels_cost_no_collision(plant):
    plant.metrics()
    assert plant.metric("nablad_exposition_collisions_total") == 0
