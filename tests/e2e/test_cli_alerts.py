"""nabla alerts, against a real nablad."""
import json
import re

from cli_words import harmless, is_one_error
from daemon import eventually

RULES = """groups:
  - name: plant
    rules:
      - alert: Late
        match: 'level{tank="b"}'
        when: value > 1
        for: 1h
      - alert: Full
        match: 'level'
        when: value > 2
        labels: {severity: page}
        annotations: {summary: "{{ $labels.tank }} is at {{ $value }}"}
"""


def alarming(nablad, tmp_path, lines):
    (tmp_path / "rules.yaml").write_text(RULES)
    d = nablad(f"rules: {tmp_path / 'rules.yaml'}\n")
    d.send(lines)
    return d


def table(nabla, d, *args):
    done = nabla("alerts", "--url", d.http, *args)
    assert (done.returncode, done.stderr) == (0, "")
    assert harmless(done.stdout)
    return [re.split(r"  +", line.rstrip()) for line in done.stdout.splitlines()]


def test_alerts_table(nablad, nabla, tmp_path):
    d = alarming(nablad, tmp_path, "level,tank=b value=5\nlevel,tank=a value=3\nlevel,tank=c value=0\n")
    rows = eventually(lambda: len(got := table(nabla, d)) == 4 and got, "three alerts")
    assert rows[0] == ["STATE", "ALERT", "LABELS", "VALUE", "SINCE", "SUMMARY"]
    assert [r[:4] for r in rows[1:]] == [
        ["firing", "Full", '{severity="page",tank="b"}', "5"],
        ["firing", "Full", '{severity="page",tank="a"}', "3"],
        ["pending", "Late", '{tank="b"}', "5"]]
    assert [r[-1] for r in rows[1:]] == ["b is at 5", "a is at 3", "-"]
    assert all(re.fullmatch(r"\d.*s", r[4]) for r in rows[1:])
    assert [r[0] for r in table(nabla, d, "--state", "pending")] == ["STATE", "pending"]
    assert len(table(nabla, d, "--state", "firing")) == 3
    d.send("level,tank=b value=0\n")
    eventually(lambda: len(table(nabla, d)) == 2, "those of b end")


def test_alerts_json_is_the_api(nablad, nabla, tmp_path):
    d = alarming(nablad, tmp_path, "level,tank=a value=3\n")
    eventually(lambda: len(table(nabla, d)) == 2, "an alert")
    done = nabla("alerts", "--url", d.http + "/", "--json")
    shown, said = json.loads(done.stdout), d.get("/api/v1/alerts")[2]["data"]
    assert shown == said
    assert shown["alerts"][0]["labels"] == {"alertname": "Full", "severity": "page", "tank": "a"}


def test_alerts_hostile_label(nablad, nabla, tmp_path):
    d = alarming(nablad, tmp_path, "level,tank=\u202ea\\\\b value=3\n")
    rows = eventually(lambda: len(got := table(nabla, d)) == 2 and got, "an alert")
    assert "\\u202e" in rows[1][2]


def test_alerts_none(nablad, nabla):
    assert len(table(nabla, nablad())) == 1


def test_alerts_refused(nabla):
    for args, code in [(("--state", "sleepy"), 2), (("x",), 2), (("--json", "--state", "firing"), 2),
                       (("--url", "http://127.0.0.1:1"), 1)]:
        done = nabla("alerts", *args)
        assert done.returncode == code, args
        assert done.stdout == "" and is_one_error(done.stderr)
