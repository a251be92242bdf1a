"""metrics.relabel against a real Prometheus that relabels what it scrapes from a nablad without rules: the same
series must come out. And metrics.include and exclude."""
import json
import subprocess

import pytest
import yaml

from daemon import BASE, eventually, merge, parse_exposition
from peers import prometheus, target

T0 = 1_700_000_000


def lines(key, slope=1):
    return "".join(f"{key} {slope * t} {T0 + t}\n" for t in range(3))


PLANT = "".join(lines(f"{name};site=plant-{site};sensor=s{s};Room=R{s % 2}", 10 * site + s)
                for name in ("temperature", "pressure_total") for site in (1, 2, 3) for s in range(4))
PLANT += lines("odd.name;a-b=x;empty=e", 7) + lines("wanted;x=aXb;y=aXb") + lines("wanted;x=aXb;y=other", 2)
RULES = "series: [{match: temperature, trend: 1m, limits: [1000, 2000]}]\n"

# each a list of rules, as both programs read them
CASES = {
    "defaults": [{"source_labels": ["site"], "target_label": "place"}],
    "replace": [{"source_labels": ["site"], "regex": "plant-(.*)", "target_label": "plant"}],
    "replacement": [{"source_labels": ["site", "sensor"], "regex": "plant-(1|2);s(?P<n>.)",
                     "target_label": "key", "replacement": "${n}.$1-$$-$nothing-$1x"}],
    "separator": [{"source_labels": ["site", "missing", "sensor"], "separator": "", "target_label": "j"}],
    "constant": [{"target_label": "region", "replacement": "north"}],
    "to nothing": [{"source_labels": ["site"], "regex": "plant-1", "target_label": "site", "replacement": ""}],
    "not anchored by accident": [{"source_labels": ["site"], "regex": "plant|lant-1", "target_label": "bad",
                                  "replacement": "x"}],
    "keep": [{"source_labels": ["__name__", "sensor"], "regex": "temperature.*;s[12]", "action": "keep"}],
    "drop": [{"source_labels": ["sensor"], "regex": "s0|s3", "action": "drop"}],
    "rename": [{"source_labels": ["__name__"], "regex": "(.+)_per_second", "target_label": "__name__",
                "replacement": "rate:${1}"}],
    "a name from labels": [{"source_labels": ["__name__", "site"], "regex": "(temp.*);plant-(.)",
                            "target_label": "__name__", "replacement": "${1}_$2"}],
    "all to one name": [{"target_label": "__name__", "replacement": "everything"},
                        {"source_labels": ["Room"], "regex": "", "action": "drop"}],
    "variable target": [{"source_labels": ["sensor", "site"], "regex": "(s.);(.*)", "target_label": "of_$1",
                         "replacement": "$2"}],
    "a target that is none": [{"source_labels": ["site"], "regex": "(plant-1)", "target_label": "${1}",
                               "replacement": "x"}],
    "labelmap": [{"action": "labelmap", "regex": "s(.+)", "replacement": "my_$1"}],
    "labelmap onto another": [{"action": "labelmap", "regex": "s.*", "replacement": "Room"}],
    "labeldrop": [{"action": "labeldrop", "regex": "sens.*|Room"}],
    "labelkeep": [{"action": "labelkeep", "regex": "__name__|sensor|le|instance|job"}],
    "lowercase": [{"source_labels": ["Room"], "target_label": "room", "action": "lowercase"}],
    "uppercase": [{"source_labels": ["site", "Room"], "target_label": "up", "action": "UPPERCASE"}],
    "hashmod": [{"source_labels": ["site", "sensor"], "modulus": 7, "target_label": "shard",
                 "action": "hashmod"},
                {"source_labels": ["shard"], "regex": "[0-3]", "action": "keep"}],
    "keepequal": [{"source_labels": ["x"], "target_label": "y", "action": "keepequal"}],
    "dropequal": [{"source_labels": ["x"], "target_label": "y", "action": "dropequal"}],
    "a chain": [{"source_labels": ["__name__"], "regex": "(nablad|process|go)_.*", "action": "drop"},
                {"source_labels": ["site"], "regex": "plant-(.)", "target_label": "n"},
                {"source_labels": ["n"], "regex": "3", "action": "drop"},
                {"action": "labelmap", "regex": "(n)", "replacement": "${1}${1}"},
                {"action": "labeldrop", "regex": "n|site"},
                {"source_labels": ["sensor", "nn"], "target_label": "sensor"}],
    "lines that become equal": [{"action": "labeldrop", "regex": "site|y"}],
    "limits": [{"source_labels": ["limit"], "regex": "2(.*)", "target_label": "limit", "replacement": "two$1"},
               {"source_labels": ["limit"], "regex": "1000", "action": "drop"}],
}

OWN = ("nablad_", "process_")


def identity(labels):
    return json.dumps({k: v for k, v in labels.items() if k not in ("job", "instance")}, sort_keys=True)


def is_ours(labels):
    """A series of the plant: a daemon's own differ from another's."""
    name = labels["__name__"]
    return not name.startswith((*OWN, "up", "scrape_")) and (name != "everything" or "Room" in labels)


def scraped(p, job):
    """{labels: value} of what a job has scraped."""
    return {identity(l): v for l, v in p.query("{job=%s}" % json.dumps(job)) if is_ours(l)}


def shown(d):
    found = [({"__name__": n, **l}, v) for n, l, v in parse_exposition(d.get("/metrics")[2] or "")]
    ours = {identity(l): v for l, v in found if is_ours(l)}
    assert len(ours) == sum(1 for l, _ in found if is_ours(l)), "a line twice"
    names = [l["__name__"] for l, _ in found]
    assert len(set(names)) == sum(1 for a, b in zip([None, *names], names) if a != b), "a family in pieces"
    return ours


def configure(d, metrics, more=RULES):
    d.config.write_text(yaml.safe_dump(merge(merge(BASE, yaml.safe_load(more)), {"metrics": metrics})))
    status, _, body = d.get("/-/reload", method="POST")
    assert status == 200, body


def test_the_same_rules_in_prometheus_give_the_same_series(nablad, tmp_path, free_port):
    plain, own = nablad(RULES), nablad(RULES)
    plain.send(PLANT)
    own.send(PLANT)
    jobs = {name: {**target(plain.http_address), "metric_relabel_configs": rules}
            for name, rules in CASES.items()}
    with prometheus(tmp_path, free_port(), jobs) as p:
        eventually(lambda: len(p.targets()) == len(CASES) and
                   all(health != "unknown" for health, _ in p.targets().values()), "every scrape", timeout=90)
        assert {name: t for name, t in p.targets().items() if t != ("up", "")} == {}
        want = {name: scraped(p, name) for name in CASES}
    assert len(want["defaults"]) == 12 * 4 + 12 + 3
    for name, rules in CASES.items():
        configure(own, {"relabel": rules})
        assert shown(own) == want[name], name
        assert own.data("/api/v1/rates", {"limit": 1}), "rates are as they were"
    collisions = own.events("exposition_collision")
    assert collisions and collisions[0]["metric"] == "everything"


def test_what_has_no_name_is_left_out_and_counted(nablad):
    d = nablad(RULES)
    d.send(PLANT)
    configure(d, {"relabel": [
        {"source_labels": ["__name__", "sensor"], "regex": "temperature_per_second;s1", "target_label": "__name__",
         "replacement": "not a name"},
        {"source_labels": ["__name__"], "regex": "pressure.*", "target_label": "__name__", "replacement": ""},
        {"action": "labelmap", "regex": "x(.*)", "replacement": "$1"}]})
    found = [json.loads(l) for l in shown(d)]
    assert {l["__name__"] for l in found} == {
        "odd_name_per_second", "temperature_per_second", "temperature_trend_per_second", "temperature_seconds_to"}
    assert not [l for l in found if l["__name__"] == "temperature_per_second" and l["sensor"] == "s1"]
    configure(d, {"relabel": [{"target_label": "big", "replacement": "x" * 4000},
                              {"source_labels": ["big", "big"], "target_label": "big"},
                              {"source_labels": ["big", "big", "big"], "target_label": "big"}]})
    assert shown(d) == {}
    configure(d, {})
    assert d.metric("nablad_exposition_unfit_total") > 20
    assert "no valid name" in d.events("exposition_unfit")[0]["reason"]


def test_include_and_exclude(nablad):
    d = nablad(RULES)
    d.send(PLANT)
    whole = shown(d)
    configure(d, {"include": ["temperature", "nablad_series", 'wanted_per_second{y="other"}']})
    names = {n for n, _, _ in d.metrics()}
    assert names == {"temperature_per_second", "temperature_trend_per_second", "temperature_seconds_to",
                     "wanted_per_second", "nablad_series"}
    configure(d, {"exclude": ['{__name__=~"(nablad|process)_.*"}', "temperature_seconds_to", '{sensor="s0"}']})
    assert shown(d) == {k: v for k, v in whole.items()
                        if "seconds_to" not in k and '"sensor": "s0"' not in k}
    assert not [n for n, _, _ in d.metrics() if n.startswith(OWN)]
    configure(d, {"include": ["temperature"], "exclude": ["temperature_per_second"],
                  "relabel": [{"action": "labeldrop", "regex": "Room"}]})
    assert {n for n, _, _ in d.metrics()} == {"temperature_trend_per_second", "temperature_seconds_to"}
    part = d.get("/federate", {"match[]": 'temperature_trend_per_second{sensor="s1"}'})[2]
    assert all("sensor=" in l and "Room" not in l for l in part.splitlines() if not l.startswith("#")) and part


def test_a_relabelled_exposition_is_a_good_one(nablad):
    d = nablad(RULES + "metrics: {relabel: [{source_labels: [__name__], regex: '(.*)_per_second', "
                       "target_label: __name__, replacement: 'rate_of_$1'}]}\n")
    d.send("".join(lines(f"temperature;site={s}", s) for s in range(3)) + lines("level"))
    for accept in ("text/plain", "application/openmetrics-text"):
        body = d.get("/metrics", headers={"Accept": accept})[2]
        done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, text=True,
                              timeout=60)
        if accept == "text/plain":
            assert (done.returncode, done.stdout + done.stderr) == (0, ""), body
        assert "# TYPE rate_of_temperature gauge\n" in body
        assert "# TYPE nablad_series gauge\n" in body
    assert body.endswith("# EOF\n")


def test_many_series_are_relabelled_in_order(nablad):
    """More lines than a slice, from several families into one name, and back to names of their own."""
    d = nablad()
    n = 1500
    d.send("".join(lines(f"{m};n={i:04}", i) for m in ("left", "right") for i in range(n)))
    configure(d, {"relabel": [{"source_labels": ["__name__"], "regex": "((left|right)_.*)", "target_label": "side"},
                              {"source_labels": ["side"], "regex": ".+", "target_label": "__name__",
                               "replacement": "both"}]}, more="{}")
    found = [(l["side"], l["n"], v) for name, l, v in parse_exposition(d.get("/metrics")[2]) if name == "both"]
    assert found == [(f"{m}_per_second", f"{i:04}", i) for m in ("left", "right") for i in range(n)]


def test_rules_that_leave_names_alone_reach_every_line(nablad):
    """nablad's own lines too; lines that become equal are told, of its own as well."""
    d = nablad()
    d.send("".join(lines(f"level;n={i};odd={i % 2}", i) for i in range(1000)))
    configure(d, {"relabel": [{"target_label": "region", "replacement": "north"}]}, more="{}")
    found = d.metrics()
    assert {l.get("region") for _, l, _ in found} == {"north"} and len(found) > 1050
    configure(d, {"relabel": [{"source_labels": ["odd"], "regex": "1", "action": "drop"},
                              {"source_labels": ["__name__"], "regex": "nablad_lines.*", "action": "drop"}]}, more="{}")
    found = d.metrics()
    assert len([1 for n, l, _ in found if n == "level_per_second" and l["odd"] == "0"]) == 500
    names = {n for n, _, _ in found}
    assert "nablad_series" in names and not [n for n in names if n.startswith("nablad_lines")]
    text = d.get("/metrics")[2]
    assert "nablad_lines" not in text and "# TYPE nablad_series gauge\nnablad_series" in text
    configure(d, {"relabel": [{"action": "labeldrop", "regex": "n|listener"}]}, more="{}")
    found = [(n, l) for n, l, _ in d.metrics()]
    assert [l for n, l in found if n == "level_per_second"] == [{"odd": "0"}, {"odd": "1"}]
    assert len({(n, str(l)) for n, l in found}) == len(found)
    configure(d, {}, more="{}")
    assert d.metric("nablad_exposition_collisions_total") >= 998


@pytest.mark.parametrize("metrics, at, message", [
    ("{include: ['a{']}", "1:24", "metrics.include: expected a label name"),
    ("{exclude: temperature}", "1:20", "metrics.exclude"),
    ("{relabel: [{regex: '(', target_label: a}]}", "1:20", "bad regular expression, at byte 1"),
    ("{relabel: [{action: throw}]}", "1:29", '"throw" is not one of replace'),
    ("{relabel: [{action: replace}]}", "1:20", "action replace needs target_label"),
    ("{relabel: [{action: hashmod, target_label: a}]}", "1:20", "needs a modulus"),
    ("{relabel: [{target_label: a-b}]}", "1:20", 'target_label "a-b" is no label\'s name'),
    ("{relabel: [{target_label: '$'}]}", "1:20", "is no label's name"),
    ("{relabel: [{action: labeldrop, source_labels: [a]}]}", "1:20", "labeldrop takes only regex"),
    ("{relabel: [{action: labelmap, replacement: 'a b'}]}", "1:20", "makes no label's name"),
    ("{relabel: [{action: keepequal, target_label: a, regex: b}]}", "1:20", "only source_labels and target_label"),
    ("{relabel: [{action: lowercase, target_label: a, replacement: b}]}", "1:20", "takes no replacement"),
    ("{relabel: [{source_labels: [a-b], target_label: c}]}", "1:20", 'source_labels: "a-b"'),
    ("{relabel: [{targetlabel: a}]}", "1:21", 'did you mean "target_label"'),
    ("{relabel: [{modulus: x, action: hashmod, target_label: a}]}", "1:30", "modulus must be a whole number"),
])
def test_bad_rules_are_refused_where_they_stand(run_nablad, tmp_path, metrics, at, message):
    (tmp_path / "c.yaml").write_text(f"metrics: {metrics}\n")
    done = run_nablad("--config", "c.yaml", "--check")
    assert done.returncode != 0 and message in done.stderr + done.stdout, done.stderr + done.stdout
