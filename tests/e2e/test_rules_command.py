"""nabla test rules: what it says of tests that hold and of those that do not, beside promtool, which
runs the same tests on the same conditions in PromQL."""
import json
import re
import subprocess

import pytest
import yaml

from cli_words import harmless, is_one_error
from daemon import ROOT

RULES = """
groups:
  - name: g
    rules:
      - {alert: High, match: m, when: value > 5, for: 2m, keep_firing_for: 3m, labels: {severity: page},
         annotations: {summary: '{{ $labels.room }} is too high'}}
"""
PROMETHEUS = RULES.replace("match: m, when: value > 5", "expr: m > 5")


def series(**values):
    return [{"series": f'm{{room="{room}"}}', "values": text} for room, text in values.items()]


def check(minutes, *rooms):
    """The rooms whose alert must fire by then."""
    return {"eval_time": f"{minutes}m", "alertname": "High", "exp_alerts": [
        {"exp_labels": {"severity": "page", "room": room},
         "exp_annotations": {"summary": f"{room} is too high"}} for room in rooms]}


def write(folder, name, *tests, rules="rules.yaml"):
    (folder / name).write_text(json.dumps({"rule_files": [rules], "tests": list(tests)}, indent=1))
    return folder / name


def promtool(folder, file):
    return subprocess.run(["promtool", "test", "rules", file], cwd=folder, timeout=60,
                          capture_output=True, text=True)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "prometheus.yaml").write_text(PROMETHEUS)
    return tmp_path


def test_shipped_example(nabla):
    path = ROOT / "config" / "examples" / "rules" / "cold-chain_test.yaml"
    done = nabla("test", "rules", path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{path}: ok, 3 tests, 7 checks\n"


TESTS = [
    # for: it must have held for two minutes
    (series(a="0 9 9 9 9"), [check(0), check(1), check(2), check(3, "a"), check(4, "a")]),
    (series(a="0 9 9 0 9 9 9"), [check(3), check(5), check(6, "a")]),
    # keep_firing_for: three minutes more, and a return within them counts as one
    (series(a="9 9 9 0 0 0 0 0"), [check(2, "a"), check(5, "a"), check(6), check(7)]),
    (series(a="9 9 9 0 9 0 0 0 0"), [check(4, "a"), check(7, "a"), check(8)]),
    # each series for itself; values that are missing, and values in steps
    (series(a="9x9", b="0x9", c="0+1x9"), [check(7, "a"), check(8, "a", "c"), check(9, "a", "c")]),
    (series(a="6-0.25x3 5.1x9", b="7 _ 7 _ 7"), [check(1), check(2, "a", "b"), check(4, "a", "b")]),
]


@pytest.mark.parametrize("number", range(len(TESTS)))
def test_as_promtool(nabla, folder, number):
    inputs, checks = TESTS[number]
    test = {"interval": "1m", "input_series": inputs, "alert_rule_test": checks}
    theirs = promtool(folder, write(folder, "theirs.yaml", test, rules="prometheus.yaml"))
    ours = nabla("test", "rules", write(folder, "ours.yaml", test))
    assert theirs.returncode == 0, theirs.stdout + theirs.stderr
    assert ours.returncode == 0, ours.stdout + ours.stderr


VALUES = ["0", "1", "999", "1000", "1234567", "0.0123", "-0.0000123", "59.99", "61", "3661.5", "90061",
          "-7322", "123456789", "1700000000", "1700000000.5", "0.12345", "1e-30"]
FUNCTIONS = ["humanize", "humanize1024", "humanizeDuration", "humanizePercentage", "humanizeTimestamp",
             'printf "%.3f"', 'printf "%8.2e|"', 'printf "%-9.4g|"', 'printf "%+f"']


def test_templates_as_prometheus_has_them(nabla, folder):
    """What nabla's templates give is what promtool expects: of numbers and of texts."""
    annotations = {f"f{i}": f"{{{{ $value | {f} }}}}" for i, f in enumerate(FUNCTIONS)}
    annotations["word"] = ('{{- $labels.word | toUpper }} {{ title .Labels.word }} {{ `AB` | toLower -}} '
                           ' |{{ $labels.none }}|{{/* nothing */}}{{ printf "%s %q" $labels.word "x" }}')
    rule = {"alert": "A", "labels": {"n": "{{ $labels.word }}!"}, "annotations": annotations}
    for name, more in (("rules.yaml", {"match": "m", "when": "value > -1e300"}),
                       ("prometheus.yaml", {"expr": "m > -1e300"})):
        (folder / name).write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": [rule | more]}]}))
    words = ["cold store", "a-b c", "x"]
    inputs = [{"series": f'm{{word="{words[i % 3]}",i="{i}"}}', "values": v}
              for i, v in enumerate(VALUES)]
    test = {"interval": "1m", "input_series": inputs,
            "alert_rule_test": [{"eval_time": "0s", "alertname": "A"}]}
    got = nabla("test", "rules", write(folder, "ours.yaml", test)).stdout.split("  got\n")[1]
    pair = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
    expected = []
    for line in got.splitlines():
        labels, told = line.split("} ", 1)
        expected.append({part: {k: yaml.safe_load(f'"{v}"') for k, v in pair.findall(text)}
                         for part, text in (("exp_labels", labels), ("exp_annotations", told))})
    assert len(expected) == len(VALUES)
    test["alert_rule_test"][0]["exp_alerts"] = expected
    theirs = promtool(folder, write(folder, "theirs.yaml", test, rules="prometheus.yaml"))
    assert theirs.returncode == 0, theirs.stdout + theirs.stderr


def test_failures_are_shown(nabla, folder):
    file = write(folder, "t.yaml", {"name": "wrong", "input_series": series(a="9x9"),
                                    "alert_rule_test": [check(1), check(5, "b"), check(6), check(7, "a")]})
    done = nabla("test", "rules", file)
    assert done.returncode == 1 and is_one_error(done.stderr)
    assert "2 of 4 checks failed" in done.stderr
    assert done.stdout.count("FAILED") == 2
    alert = '    {{alertname="High", room="{0}", severity="page"}} summary="{0} is too high"\n'.format
    assert f"FAILED at 5m: High, wrong\n  expected\n{alert('b')}  got\n{alert('a')}" in done.stdout
    assert f"FAILED at 6m: High, wrong\n  expected\n    none\n  got\n{alert('a')}" in done.stdout
    assert re.match(rf"{re.escape(str(file))}:\d+: FAILED", done.stdout)


def test_silence_and_end(nabla, tmp_path):
    """A series that falls silent, and one that is forgotten, at the times that the configuration says."""
    (tmp_path / "nablad.yaml").write_text("defaults: {stale_after: 2m, expire_after: 10m}")
    (tmp_path / "rules.yaml").write_text("\n".join(["groups:", "- name: g", "  rules:"] + [
        f"  - {{alert: {word}, match: m, when: value > 5, no_data: {word}}}"
        for word in ("keep", "resolve", "alert")]))
    high, low = {"exp_labels": {"room": "high"}}, {"exp_labels": {"room": "low"}}
    wanted = {1: ([high], [high], [high]), 2: ([high], [high], [high]), 3: ([high], [], [high, low]),
              10: ([high], [], [high, low]), 11: ([], [], [])}
    checks = [{"eval_time": f"{minute}m1s", "alertname": word, "exp_alerts": alerts}
              for minute, each in wanted.items()
              for word, alerts in zip(("keep", "resolve", "alert"), each)]
    test = {"rule_files": ["rules.yaml"], "config": "nablad.yaml", "tests": [
        {"input_series": series(high="9 9", low="0 0"), "alert_rule_test": checks}]}
    (tmp_path / "t.yaml").write_text(json.dumps(test))
    done = nabla("test", "rules", tmp_path / "t.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("text, says", [
    ("rule_files: [none.yaml]\ntests: [{alert_rule_test: []}]", "none.yaml: cannot be read"),
    ("rule_files: [bad.yaml]\ntests: [{alert_rule_test: []}]", "bad.yaml:1:9: groups must be a list"),
    ("rule_files: []\nconfig: bad.yaml\ntests: [{alert_rule_test: []}]", "bad.yaml:1:1: unknown key"),
    ("rule_files: []\ntest: []", 'did you mean "tests"?'),
])
def test_files_that_cannot_be_used(nabla, tmp_path, text, says):
    (tmp_path / "bad.yaml").write_text("groups: 1")
    (tmp_path / "t.yaml").write_text(text)
    done = nabla("test", "rules", tmp_path / "t.yaml")
    assert done.returncode == 2 and says in done.stderr
    assert done.stderr.endswith("these tests cannot be run\n")


def test_worst_of_several(nabla, folder):
    good = write(folder, "good.yaml", {"alert_rule_test": []})
    done = nabla("test", "rules", good, folder / "none.yaml", good)
    assert done.returncode == 2 and done.stdout.count("ok, 1 test, 0 checks") == 2


def test_strange_names_are_harmless(nabla, folder):
    inputs = [{"series": 'm{room="\\"\u202e\u00e4"}', "values": "9x9"}]
    file = write(folder, "t.yaml", {"name": "\u009b31m", "input_series": inputs,
                                    "alert_rule_test": [check(5)]})
    done = nabla("test", "rules", file)
    assert done.returncode == 1 and "FAILED" in done.stdout
    assert harmless(done.stdout + done.stderr)
