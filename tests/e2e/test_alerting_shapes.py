"""What is shown of rules and alerts, beside what Debian's Prometheus shows of rules of the same shape; and what an
operator meets on the way."""
import json

import yaml

from daemon import config_yaml, eventually
from peers import fetch, prometheus
from test_alerting import config, send

TEXTS = {"labels": {"severity": "page"}, "annotations": {"summary": "{{ $labels.room }} is at {{ $value }}"}}
RULES = json.loads(json.dumps({"groups": [  # no two are one, which YAML would say with an anchor
    {"name": "cold", "rules": [
        {"alert": "Warm", "match": "temperature", "when": "value > 10", **TEXTS},
        {"alert": "WarmForLong", "match": "temperature", "when": "value > 10", "for": "1h", **TEXTS},
        {"alert": "Absent", "match": "nowhere", "when": "value > 10", **TEXTS}]},
    {"name": "none", "rules": [{"alert": "Cool", "match": "temperature", "when": "value < -50"}]}]}))
VALUE = 'label_replace(vector(12.5), "room", "a", "", "")'
THEIRS = [
    {"name": "cold", "interval": "1s", "rules": [
        {"alert": "Warm", "expr": f"{VALUE} > 10", **TEXTS},
        {"alert": "WarmForLong", "expr": f"{VALUE} > 10", "for": "1h", **TEXTS},
        {"alert": "Absent", "expr": "nowhere > 10", **TEXTS}]},
    {"name": "none", "rules": [{"alert": "Cool", "expr": f"{VALUE} < -50"}]}]


def shape(x):
    """The same tree with types for leaves; of a list, its first."""
    if isinstance(x, dict):
        return {k: shape(v) for k, v in x.items()}
    if isinstance(x, list):
        return [shape(v) for v in x]
    return "number" if isinstance(x, (int, float)) else type(x).__name__


def has_all(ours, theirs, at=""):
    """What Prometheus has we have, in the same shape; there may be more."""
    if isinstance(theirs, dict):
        for key, value in theirs.items():
            assert key in ours, f"{at}.{key} is missing"
            has_all(ours[key], value, f"{at}.{key}")
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs), (at, ours)
        for i, value in enumerate(theirs):
            has_all(ours[i], value, f"{at}[{i}]")
    else:
        assert ours == theirs, (at, ours, theirs)


def rules_of(answer):
    return [(g["name"], r["name"], r["state"], r["type"], r["health"], r["duration"], r["labels"], r["annotations"],
             [(a["labels"], a["annotations"], a["state"], float(a["value"])) for a in r["alerts"]])
            for g in answer["data"]["groups"] for r in g["rules"]]


def test_shapes_are_those_of_prometheus(nablad, tmp_path, free_port):
    folder = tmp_path / "prometheus"
    folder.mkdir()
    with prometheus(folder, free_port(), {}, groups=THEIRS) as p:
        d = nablad(config(tmp_path, RULES))
        send(d, "a", [12.5])

        def ask(path):
            return d.get(path)[2], json.loads(fetch(p.url + path))
        eventually(lambda: len(ask("/api/v1/alerts")[1]["data"]["alerts"]) == 2, "Prometheus' alerts")
        for path in ("/api/v1/rules", "/api/v1/rules?type=alert", "/api/v1/rules?type=record", "/api/v1/alerts"):
            ours, theirs = ask(path)
            has_all(shape(ours), shape(theirs), path)
        eventually(lambda: all(r[4] == "ok" for r in rules_of(ask("/api/v1/rules")[1])), "its having judged all")
        ours, theirs = ask("/api/v1/rules")
        assert rules_of(ours) == rules_of(theirs)


def test_a_broken_file_changes_nothing(nablad, tmp_path):
    d = nablad(config(tmp_path, RULES))
    d.send("".join(f"temperature,room=r{i} value=12\n" for i in range(1000)))
    eventually(lambda: d.metric("nablad_alerts", state="firing") == 1000, "all of them")
    broken = {"groups": [{"name": "g", "rules": [{"alert": "A", "match": "t{", "when": "value > 1"}]}]}
    for bad, why in ((broken, "match"), ({"groups": [{**RULES["groups"][0], "rules": [
            {"alert": "A", "match": "t", "when": "value > 1", "annotations": {"a": "{{ $nothing }}"}}]}]}, "$nothing")):
        (tmp_path / "rules.yaml").write_text(yaml.safe_dump(bad))
        status, _, body = d.get("/-/reload", method="POST")
        assert status == 400 and "rules.yaml:" in str(body) and why in str(body), body
    assert d.metric("nablad_alerts", state="firing") == d.metric("nablad_alerts", state="pending") == 1000
    assert len(d.data("/api/v1/alerts")["alerts"]) == 2000
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(RULES))
    d.config.write_text(config_yaml(config(tmp_path, RULES)))
    assert d.get("/-/reload", method="POST")[0] == 200
    assert d.metric("nablad_alerts", state="firing") == 1000
    assert d.metric("nablad_alerts_fired_total") == 1000  # they have gone on
